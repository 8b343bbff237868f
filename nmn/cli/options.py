"""What commands share: options, and errors as one message."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec

import typer

from nmn.errors import NmnError, QuestionError

BAD_INPUT = 2
Parameters = ParamSpec("Parameters")
GrammarOption = Annotated[str, typer.Option(help="The question language: world, shapes, clevr or nlvr.")]
LexiconOption = Annotated[str | None, typer.Option(help="A lexicon's name or TOML file; by default the grammar's own.")]
SourceArgument = Annotated[Path, typer.Argument(help="An image, or a scene's JSON file.")]
AskedGrammarOption = Annotated[
    str | None, typer.Option(help="The question language; by default the scene's or model's.")
]
SceneLexiconOption = Annotated[str | None, typer.Option(help="Of a scene: a lexicon's name or TOML file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
RepairOption = Annotated[bool, typer.Option(help="Read misspelt words as the nearest known ones, and say so.")]
MODEL_HELP = "A trained network: a run's folder, a file, or the name of weights that ship."


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
