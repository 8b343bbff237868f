"""``nmn parse`` and ``nmn ask``: what a question means, and its answer with the trace."""

from pathlib import Path
from typing import Annotated

import typer

from nmn.cli.options import GrammarOption, JsonOption, LexiconOption, RepairOption, clear_errors
from nmn.cli.printing import layout_tree, print_answer, print_json, print_rich, say_ambiguity, say_repairs


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
