"""The command line: arguments in, text or JSON out. Each command imports what it needs when it runs."""

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from nmn.errors import NmnError, QuestionError

if TYPE_CHECKING:
    from rich.tree import Tree

    from nmn.assembler.trace import Trace, TracedCall
    from nmn.evaluation.exact import Report
    from nmn.language import Reading, Readings
    from nmn.layout import Layout
    from nmn.reasoner import Answer
    from nmn.scene import SceneGraph

BAD_INPUT = 2
app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, help="Visual reasoning.")
evaluate_app = typer.Typer(no_args_is_help=True, help="Answer every question of a dataset and report accuracy.")
app.add_typer(evaluate_app, name="evaluate")

Parameters = ParamSpec("Parameters")
GrammarOption = Annotated[str, typer.Option(help="The question language: world, shapes, clevr or nlvr.")]
LexiconOption = Annotated[str | None, typer.Option(help="A lexicon's name or TOML file; by default the grammar's own.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
RepairOption = Annotated[bool, typer.Option(help="Read misspelt words as the nearest known ones, and say so.")]


def main() -> None:
    """Run the command line."""
    app()


def clear_errors(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Turn this package's errors into one message on stderr and exit code 2."""

    @wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except NmnError as error:
            typer.echo(f"error: {error}", err=True)
            if isinstance(error, QuestionError) and error.suggestion:
                typer.echo(f"try: {error.suggestion}", err=True)
            raise typer.Exit(BAD_INPUT) from None

    return run


@app.command()
@clear_errors
def parse(
    question: Annotated[str, typer.Argument(help="A question, statement, caption or referring expression.")],
    grammar: GrammarOption = "world",
    lexicon: LexiconOption = None,
    as_json: JsonOption = False,
    dot: Annotated[bool, typer.Option("--dot", help="Print a Graphviz digraph.")] = False,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Print a Mermaid flowchart.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Print every reading, the preferred first.")] = False,
    repair: RepairOption = True,
) -> None:
    """Show the layout of a question, as text and as a tree."""
    from nmn.language import read_all
    from nmn.layout import to_dot, to_mermaid

    found = read_all(question, grammar, lexicon=lexicon, repair=repair)
    shown = found.readings if every else found.readings[:1]
    if as_json:
        readings = [reading.to_json() for reading in shown]
        print_json({"question": question, "readings": readings, "ambiguous": len(found.readings) > 1, "cut": found.cut})
    elif dot or mermaid:
        typer.echo("\n".join((to_dot if dot else to_mermaid)(reading.layout) for reading in shown), nl=False)
    else:
        say_repairs(found.readings[0])
        for reading in shown:
            typer.echo(str(reading.layout))
            print_rich(layout_tree(reading.layout))
        say_ambiguity(found, every)


@app.command()
@clear_errors
def ask(
    source: Annotated[Path, typer.Argument(help="A scene's JSON file.")],
    question: Annotated[str, typer.Argument(help="What to ask.")],
    grammar: Annotated[str | None, typer.Option(help="The question language; by default the scene's world's.")] = None,
    lexicon: LexiconOption = None,
    as_json: JsonOption = False,
    repair: RepairOption = True,
) -> None:
    """Answer a question about a scene exactly, with the trace of what every module saw."""
    from nmn.reasoner import ask_scene
    from nmn.scene import read_scene

    scene = read_scene(source)
    answer = ask_scene(scene, question, grammar=grammar, lexicon=lexicon, repair=repair)
    if as_json:
        print_json({"question": question, **answer.to_json()})
    else:
        print_answer(answer, scene)


@evaluate_app.command("shapes")
@clear_errors
def evaluate_shapes(
    data: Annotated[Path, typer.Option(help="The folder of SHAPES' files.")],
    split: Annotated[list[str] | None, typer.Option(help="A split; may be given several times.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Decode SHAPES' images to scenes and answer every question exactly."""
    from nmn.data.shapes import SPLITS, read_shapes
    from nmn.evaluation.exact import evaluate_exact

    examples = [example for name in split or SPLITS for example in read_shapes(data, name)]
    print_report(evaluate_exact(examples, "shapes"), as_json)


@evaluate_app.command("clevr")
@clear_errors
def evaluate_clevr(
    scenes: Annotated[Path, typer.Option(help="CLEVR's scenes.json.")],
    questions: Annotated[Path, typer.Option(help="CLEVR's questions.json.")],
    as_json: JsonOption = False,
) -> None:
    """Answer CLEVR's questions exactly from their text and the scene files."""
    from nmn.data.clevr import read_clevr
    from nmn.evaluation.exact import evaluate_exact

    print_report(evaluate_exact(read_clevr(scenes, questions), "clevr"), as_json)


@evaluate_app.command("nlvr")
@clear_errors
def evaluate_nlvr(
    data: Annotated[Path, typer.Option(help="The folder that holds the folders of NLVR's splits.")],
    split: Annotated[str, typer.Option(help="A split: dev, test, ...")] = "dev",
    predictions: Annotated[
        Path | None, typer.Option(help="Write the official lines: image,true or image,false.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Judge NLVR's statements of its images, from pixels."""
    from nmn.evaluation.nlvr import command

    if code := command(data, split, predictions, as_json, print_json):
        raise typer.Exit(code)


@app.command()
@clear_errors
def bench(
    parts: Annotated[list[str], typer.Argument(help="What to measure: language, executor, generate.")],
    as_json: JsonOption = False,
) -> None:
    """Measure speed, each figure beside its target."""
    from nmn.bench import BENCHES

    unknown = [part for part in parts if part not in BENCHES]
    if unknown:
        raise NmnError(f"no benchmark {unknown[0]!r}; there are {', '.join(BENCHES)}")
    figures = {part: BENCHES[part]() for part in parts}
    if as_json:
        print_json({part: [figure.to_json() for figure in found] for part, found in figures.items()})
        return
    from rich.table import Table

    table = Table("part", "figure", "value", "unit", "target", "met")
    for part, found in figures.items():
        for figure in found:
            value = f"{figure.value:,.0f}" if figure.value >= 1000 else f"{figure.value:,.2f}"
            met = ("yes" if figure.met else "NO") if figure.target else ""
            table.add_row(part, figure.name, value, figure.unit, figure.target, met)
    print_rich(table)


# ---- printing -------------------------------------------------------------------------------------------------------


def print_json(data: Any) -> None:
    """Print data as JSON, one object."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def print_rich(thing: object) -> None:
    """Print a table or tree of rich's, as wide as it needs to be where the output is no terminal."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 140, soft_wrap=False, highlight=False).print(thing)


def say_repairs(reading: "Reading") -> None:
    """Say what was read where it is not what was asked."""
    if reading.repairs:
        typer.echo(f"read as: {reading.text}")


def say_ambiguity(found: "Readings", every: bool) -> None:
    """Say how many readings there are, where there is more than one."""
    count = len(found.readings)
    if count > 1:
        more = "at least " if found.cut else ""
        hint = "" if every else "; --all shows them, this is the preferred one"
        typer.echo(f"ambiguous: {more}{count} readings{hint}")


def layout_tree(layout: "Layout") -> "Tree":
    """Return a layout as a tree, the root on top."""
    from rich.tree import Tree

    tree = Tree(f"{plain(layout.label)} [dim]{layout.kind}[/dim]")
    for operand in layout.operands:
        tree.add(layout_tree(operand))
    return tree


def plain(text: str) -> str:
    """Escape the brackets that rich would take for markup."""
    from rich.markup import escape

    return escape(text)


def print_answer(answer: "Answer", scene: "SceneGraph") -> None:
    """Print an answer, what it rests on and its trace."""
    if answer.reading:
        say_repairs(answer.reading)
    typer.echo(f"answer: {answer}")
    for problem in answer.problems:
        typer.echo(f"careful: {problem}")
    print_rich(trace_tree(answer.trace, len(answer.trace.calls) - 1, scene))


def trace_tree(trace: "Trace", position: int, scene: "SceneGraph") -> "Tree":
    """Return a trace as a tree: every call with its value, and under each attention the objects it picked."""
    from rich.tree import Tree

    from nmn.layout import call_label

    call = trace.calls[position]
    tree = Tree(f"{plain(call_label(call.module, call.argument))} = {plain(value_text(call, scene))}")
    for operand in call.operands:
        tree.add(trace_tree(trace, operand, scene))
    return tree


def value_text(call: "TracedCall", scene: "SceneGraph") -> str:
    """Return a call's value in words; an attention as the objects it picked, what is asked of each panel as a list."""
    from nmn.reasoner import answer_text

    if call.picked:
        return "; ".join(f"{number}: {scene.objects[number]}" for number in call.picked)
    if call.value is call.in_panels:
        return "; ".join(
            f"panel {panel}: {answer_text(value, call.kind)}" for panel, value in enumerate(call.in_panels)
        )
    return answer_text(call.value, call.kind)


def print_report(report: "Report", as_json: bool) -> None:
    """Print accuracy by family and what could not be read."""
    if as_json:
        print_json(report.to_json())
        return
    from rich.table import Table

    table = Table("family", "examples", "right", "accuracy", "unread")
    for row in report.rows():
        table.add_row(row.family, f"{row.examples:,}", f"{row.right:,}", row.accuracy_text, f"{row.unread:,}")
    print_rich(table)
    for question, error in list(report.unread.items())[:10]:
        typer.echo(f"unread: {question}\n  {error.splitlines()[0]}")
    if len(report.unread) > 10:
        typer.echo(f"... and {len(report.unread) - 10:,} more questions; --json lists them all")
