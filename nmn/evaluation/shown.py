"""What a command does with the report of a split: predictions to a file, figures to the screen, an exit code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from nmn.atomic import check_place, write_file
from nmn.errors import DataError

Evaluate = Callable[[Callable[[int], None]], "SplitReport"]


class SplitReport(Protocol):
    """The figures of a split."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Which images were missing."""

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON data."""

    def tables(self) -> list[Any]:
        """Return the figures as tables to print."""

    def lines(self) -> str:
        """Return the predictions in the official form."""


def show(
    title: str,
    total: int,
    evaluate: Evaluate,
    predictions: Path | None,
    as_json: bool,
    print_json: Callable[[Any], None],
) -> int:
    """Evaluate a split under a progress bar, show the outcome, return the exit code, 1 where images were missing."""
    from rich.console import Console
    from rich.progress import Progress

    check_place(predictions, DataError)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total)
        found = evaluate(lambda count: progress.advance(task, count))
    if predictions:
        write_file(predictions, found.lines(), DataError)
    if as_json:
        print_json(found.to_json())
    else:
        console = Console(highlight=False, soft_wrap=True)
        for table in found.tables():
            console.print(table)
    for problem in found.problems:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"error: {problem}", markup=False)
    return 1 if found.problems else 0
