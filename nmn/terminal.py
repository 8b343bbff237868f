"""What every command writes alike: its version, JSON on stdout, and on stderr bars that show how far long work is."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.progress import Progress


PACKAGE = "nmn-reasoner"


def version_option(program: str) -> Any:
    """Return the option --version of a program of this package."""

    def tell(asked: bool) -> None:
        if asked:
            from importlib.metadata import version

            typer.echo(f"{program} {version(PACKAGE)}")
            raise typer.Exit

    return typer.Option("--version", is_eager=True, callback=tell, help="Print the version and leave.")


def print_json(data: Any) -> None:
    """Print data as JSON, one object."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def bars(elapsed: bool = False, quiet: bool = False) -> "Progress":
    """Return bars, each with a ``note`` and the time that remains, or the time that has passed."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn() if elapsed else TimeRemainingColumn(), TextColumn("{task.fields[note]}"),
    )  # fmt: skip
    return Progress(*columns, console=Console(stderr=True), disable=quiet)


@contextmanager
def advancing(what: str, total: int, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Show a bar while something is done, none where stderr is no terminal; yield what is told how much more of it is.

    >>> with advancing("drawing", 2) as told:
    ...     told(1)
    """
    with bars(quiet=quiet or not sys.stderr.isatty()) as progress:
        task = progress.add_task(what, total=total, note="")
        yield lambda count: progress.advance(task, count)
