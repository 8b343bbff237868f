"""The command line of the shape worlds: the reference evaluator, for a scene and a layout at hand."""

import json
from pathlib import Path
from typing import Annotated

import typer

from nmn.errors import NmnError
from nmn.layout import parse_layout
from nmn.lexicon import load_lexicon
from nmn.scene import read_scene
from synth_data.reference import evaluate as evaluate_layout

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Shape worlds.")


@app.callback()
def main_options() -> None:
    """Shape worlds and the reference evaluator that checks their labels."""


@app.command()
def evaluate(
    scene: Annotated[Path, typer.Argument(help="A scene's JSON file.")],
    layout: Annotated[str, typer.Argument(help="A layout's text, such as count(find[red]).")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Evaluate a layout on a scene by the slow reference semantics, without the executor."""
    try:
        graph = read_scene(scene)
        value = evaluate_layout(parse_layout(layout), graph, load_lexicon(graph.world))
    except NmnError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(json.dumps({"answer": value}) if as_json else str(value))


def main() -> None:
    """Run the command line."""
    app()
