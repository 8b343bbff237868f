"""The command line: arguments in, text or JSON out. Each command imports what it needs when it runs."""

from typing import Annotated

import typer

from nmn.cli import classify, evaluate
from nmn.cli.ask import ask, parse
from nmn.cli.bench import bench
from nmn.cli.caption import caption
from nmn.cli.compare import compare
from nmn.cli.diff import diff
from nmn.cli.errors import errors
from nmn.cli.explain import explain
from nmn.cli.kernels import kernels
from nmn.cli.serve import serve
from nmn.cli.train import train
from nmn.cli.words import learn_word
from nmn.terminal import version_option

app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False)
app.command()(parse)
app.command()(ask)
app.command()(explain)
app.command()(diff)
app.command()(errors)
app.command()(train)
app.command()(bench)
app.command()(compare)
app.command()(learn_word)
app.command()(kernels)
app.command()(serve)
app.command()(caption)
evaluate_app = typer.Typer(no_args_is_help=True, help="Answer every question of a dataset and report accuracy.")
evaluate_app.command()(evaluate.shapes)
evaluate_app.command()(evaluate.clevr)
evaluate_app.command()(evaluate.vqa)
evaluate_app.command()(evaluate.nlvr)
evaluate_app.command()(evaluate.pairs)
evaluate_app.command()(evaluate.generated)
evaluate_app.command()(evaluate.words)
app.add_typer(evaluate_app, name="evaluate")
classify_app = typer.Typer(no_args_is_help=True, help="Classify whole images, and compare how under shifts.")
classify_app.command()(classify.train)
classify_app.command()(classify.image)
classify_app.command()(classify.probe)
classify_app.command()(classify.shifts)
app.add_typer(classify_app, name="classify")


@app.callback()
def begin(version: Annotated[bool, version_option("nmn")] = False) -> None:
    """Visual reasoning."""


def main() -> None:
    """Run the command line."""
    app()
