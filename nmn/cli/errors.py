"""``nmn errors``: where a network goes wrong."""

from pathlib import Path
from typing import Annotated

import typer

from nmn.cli.options import MODEL_HELP, JsonOption
from nmn.errors import ConfigError
from nmn.exits import clear_errors

CONFUSED = 10  # things taken for others that are shown


@clear_errors
def errors(
    model: Annotated[str, typer.Argument(metavar="RUN", help=MODEL_HELP)],
    data: Annotated[list[Path], typer.Option(help="A generated dataset, one a split; SHAPES' folder; NLVR's.")],
    out: Annotated[list[Path] | None, typer.Option(help="A file to write: .html or .json; may be repeated.")] = None,
    worst: Annotated[int, typer.Option(min=0, help="How many of the worst examples are shown.")] = 8,
    as_json: JsonOption = False,
) -> None:
    """Say where a network goes wrong: by family and split the first wrong call, what was taken for what, the worst."""
    from rich.table import Table

    from nmn.atomic import check_place
    from nmn.cli.printing import plain, print_rich
    from nmn.evaluation.errors import find_errors
    from nmn.evaluation.errors_page import FORMATS, write_errors
    from nmn.evaluation.known import Known, read_known
    from nmn.reasoner import load
    from nmn.terminal import advancing, print_json
    from nmn.visualisation.files import format_of

    for path in out or ():
        format_of(path, FORMATS)
        check_place(path, ConfigError)
    datasets: dict[str, Known] = {}
    for path in data:
        found_there = read_known(path)
        if twice := sorted(datasets.keys() & found_there.keys()):
            raise ConfigError(f"{path}: splits are told apart by their names, and another is {twice[0]!r} too")
        datasets.update(found_there)
    with advancing("answering", sum(len(known.examples) for known in datasets.values())) as told:
        found = find_errors(load(model), datasets, worst, told)
    for path in out or ():
        write_errors(path, found, model)
    if as_json:
        print_json(found.to_json())
        return
    table = Table("split", "family", "examples", "wrong", "unread", "with a wrong call", "first wrong call")
    for row in found.rows:
        first = ", ".join(f"{label} {times}" for label, times in list(row.first.items())[:3])
        counts = (row.examples, row.wrong, row.unread, row.unfaithful)
        table.add_row(row.split, row.family, *(f"{count:,}" for count in counts), plain(first))
    print_rich(table)
    table = Table("call", "what it is", "taken for", "times")
    confused = [(label, *pair, times) for label, pairs in found.confusions.items() for pair, times in pairs.items()]
    for label, thing, taken, times in sorted(confused, key=lambda one: -one[-1])[:CONFUSED]:
        table.add_row(plain(label), plain(thing), plain(taken), f"{times:,}")
    if table.rows:
        print_rich(table)
    if len(confused) > CONFUSED:
        typer.echo(f"... and {len(confused) - CONFUSED:,} more; --json or --out has them all, and the worst examples")
    for path in out or ():
        typer.echo(f"written: {path}")
