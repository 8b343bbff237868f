"""Options that commands share."""

from pathlib import Path
from typing import Annotated

import typer

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
