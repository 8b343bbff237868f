"""``nmn compare``: every system trained and asked on the same data, with the same budget, and one table of it."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nmn.cli.options import JsonOption
from nmn.cli.printing import stopped
from nmn.cli.train import QUIET_SECONDS
from nmn.exits import FAULTY, clear_errors
from nmn.terminal import bars, print_json

if TYPE_CHECKING:
    from rich.progress import TaskID

    from nmn.compare.settings import CompareSettings

TABLES = "results.md"


@clear_errors
def compare(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            help="Systems, by names of configurations that ship or TOML files of your own; by default those of --out,"
            " else all that ship. And settings to change, key=value each."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder; a comparison that is in it already goes on.")] = None,
    size: Annotated[str, typer.Option(help="small, full, or a TOML file of settings.")] = "small",
    show: Annotated[
        Path | None, typer.Option(help="Print the tables of a folder again, and write them and the plots into it.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train and ask every system, with the same data and budget; run the command again to go on after an interruption.

    Exit code 1 where a system failed: the others are in the tables all the same.
    """
    from nmn.compare.files import RESULTS, read_json
    from nmn.errors import ConfigError

    if (out is None) == (show is None):
        raise ConfigError("give --out DIR to compare systems, or --show DIR to see what came of it")
    if show is not None:
        if what:
            raise ConfigError("--show prints what is there; leave out the systems")
        if not (show / RESULTS).exists():
            raise ConfigError(f"{show}: no results of a comparison here ({RESULTS}); nmn compare --out makes them")
        _show(show, read_json(show / RESULTS), as_json)
        return
    assert out is not None
    results = _run(what or [], out, size)
    _show(out, results, as_json)
    if results["failed"]:
        raise typer.Exit(FAULTY)


def _run(what: list[str], out: Path, size: str) -> dict[str, Any]:
    from nmn.compare.jobs import systems_of, systems_there
    from nmn.compare.run import Comparison
    from nmn.compare.settings import size_settings
    from nmn.config import config_file
    from nmn.resources import CONFIGS

    changes = [part for part in what if "=" in part]
    settings: CompareSettings = size_settings(size, changes)
    named = [config_file(part) for part in what if "=" not in part]
    known = {} if named else systems_there(out)
    systems = known or systems_of(named or sorted((CONFIGS / "compare").glob("*.toml")))
    board = Bars()
    try:
        with board:
            return Comparison(systems, settings, out.resolve(), board).run()
    except KeyboardInterrupt:
        raise stopped(f" at {board.place}", out) from None


def _show(folder: Path, results: dict[str, Any], as_json: bool) -> None:
    from nmn.atomic import write_file
    from nmn.compare.files import RESULTS, not_results
    from nmn.compare.plots import write_plots
    from nmn.compare.tables import markdown
    from nmn.errors import ConfigError

    try:
        tables = markdown(results)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise not_results(folder / RESULTS, error) from None
    write_file(folder / TABLES, tables, ConfigError, folder=True)
    try:
        plots = write_plots(results, folder)
    except ConfigError as error:
        plots = []
        typer.echo(f"no plots: {error}", err=True)
    if as_json:
        print_json(results)
        return
    typer.echo(tables)
    typer.echo(f"results: {', '.join(str(path) for path in (folder / RESULTS, folder / TABLES, *plots))}")


class Bars:
    """Watches a comparison: a bar on stderr for each system; lines, where there is no terminal."""

    def __init__(self) -> None:
        self.progress = bars(elapsed=True)
        self.tasks: dict[str, TaskID] = {}
        self.place, self.said = "the beginning", time.monotonic()

    def __enter__(self) -> "Bars":
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def begin(self, system: str, jobs: int) -> None:
        """Note how many jobs a system has."""
        self.tasks[system] = self.progress.add_task(system, total=jobs, note="", start=False)
        if self.progress.console.is_terminal:
            self.progress.start()

    def part(self, system: str, what: str, done: int, of: int) -> None:
        """Note how far a job of a system is."""
        self.place = what
        self.progress.start_task(self.tasks[system])
        self.progress.update(self.tasks[system], note=f"{what} {done:,} of {of:,}")
        if not self.progress.console.is_terminal and time.monotonic() - self.said > QUIET_SECONDS:
            self.said = time.monotonic()
            typer.echo(f"{system}: {what} {done:,} of {of:,}", err=True)

    def end(self, system: str, what: str, outcome: str) -> None:
        """Note that a job of a system is done, or failed."""
        self.place = f"the end of {what}"
        self.progress.update(self.tasks[system], advance=1, note=f"{what}: {outcome}")
        if not self.progress.console.is_terminal:
            typer.echo(f"{system}: {what}: {outcome}", err=True)
