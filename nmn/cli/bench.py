"""``nmn bench``: speed, each figure beside its target."""

from typing import Annotated

import typer

from nmn.cli.options import JsonOption
from nmn.cli.printing import print_rich
from nmn.errors import NmnError
from nmn.exits import clear_errors
from nmn.terminal import print_json


@clear_errors
def bench(
    parts: Annotated[list[str], typer.Argument(help="What to measure: language, executor, generate, network, serve.")],
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
