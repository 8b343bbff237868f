"""``nmn explain``: an answer as pictures, pages and data."""

from pathlib import Path
from typing import Annotated

import typer

from nmn.cli.asking import asked
from nmn.cli.options import (
    MODEL_HELP,
    AskedGrammarOption,
    JsonOption,
    RepairOption,
    SceneLexiconOption,
    SourceArgument,
)
from nmn.errors import ConfigError
from nmn.exits import clear_errors

SceneOption = Annotated[
    Path | None, typer.Option(help="The JSON file of what is known to be in the image: exact values beside the others.")
]
OutOption = Annotated[
    list[Path] | None, typer.Option(help="A file to write: .html, .png, .svg, .json, .dot or .mmd; may be repeated.")
]


@clear_errors
def explain(
    source: SourceArgument,
    question: Annotated[str, typer.Argument(help="What to ask.")],
    out: OutOption = None,
    scene: SceneOption = None,
    model: Annotated[str | None, typer.Option(help=f"{MODEL_HELP} For images; by default the world's.")] = None,
    grammar: AskedGrammarOption = None,
    lexicon: SceneLexiconOption = None,
    as_json: JsonOption = False,
    repair: RepairOption = True,
) -> None:
    """Explain an answer: which words became which call, what each call saw, and what follows.

    Writes pages, pictures and data to the files of --out, and prints what each call is worth.
    """
    from nmn.atomic import check_place
    from nmn.cli.printing import explanation_lines
    from nmn.terminal import print_json
    from nmn.visualisation.files import format_of, write_explanation

    for path in out or ():
        format_of(path)
        check_place(path, ConfigError)
    explanation = asked(source, question, model, grammar, lexicon, repair).explained(scene)
    for path in out or ():
        write_explanation(path, explanation)
    if as_json:
        print_json(explanation.to_json())
    else:
        typer.echo("\n".join([*explanation_lines(explanation), *(f"written: {path}" for path in out or ())]))
