"""``nmn parse`` and ``nmn ask``: what a question means, and its answer with the trace."""

from pathlib import Path
from typing import Annotated

import typer

from nmn.cli.asking import asked
from nmn.cli.options import (
    MODEL_HELP,
    AskedGrammarOption,
    GrammarOption,
    JsonOption,
    LexiconOption,
    RepairOption,
    SceneLexiconOption,
    SourceArgument,
)
from nmn.cli.printing import layout_tree, print_answer, print_rich, say_ambiguity, say_repairs
from nmn.errors import ConfigError
from nmn.exits import clear_errors
from nmn.terminal import print_json


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
    source: SourceArgument,
    question: Annotated[str, typer.Argument(help="What to ask.")],
    model: Annotated[str | None, typer.Option(help=f"{MODEL_HELP} For images; by default the world's.")] = None,
    grammar: AskedGrammarOption = None,
    lexicon: SceneLexiconOption = None,
    trace: Annotated[Path | None, typer.Option(help="Write a picture of the trace, a PNG file.")] = None,
    as_json: JsonOption = False,
    repair: RepairOption = True,
) -> None:
    """Answer a question about an image with a trained network, or about a scene exactly, and show the trace.

    With --grammar nlvr the image is one of NLVR's: a detector reads its scene, and the statement is judged exactly.
    """
    if trace:
        from nmn.atomic import check_place
        from nmn.visualisation.png import check_name, explained_picture, write_picture

        check_name(trace)
        check_place(trace, ConfigError)
    found = asked(source, question, model, grammar, lexicon, repair)
    if as_json:
        otherwise = [{"layout": str(one.layout), "text": one.text} for one in found.otherwise()]
        print_json({"question": question, **found.answer.to_json(), "otherwise": otherwise})
    else:
        print_answer(found.answer, found.otherwise())
    if trace:
        write_picture(trace, explained_picture(found.explained()))
