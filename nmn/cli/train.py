"""``nmn train``: a run from its configuration to a network in a folder, watched and resumed."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nmn.cli.options import JsonOption
from nmn.cli.printing import stopped
from nmn.exits import clear_errors
from nmn.terminal import bars, print_json

if TYPE_CHECKING:
    from rich.progress import TaskID

    from nmn.training.settings import TrainSettings

QUIET_SECONDS = 20


@clear_errors
def train(
    config: Annotated[
        str, typer.Argument(help="A TOML file, or one that ships: shapes, world, ...; a wrong name lists all.")
    ],
    changes: Annotated[list[str] | None, typer.Argument(help="Settings to change, key=value each.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The run's folder, by default runs/NAME by the setting name; a run that is in it already goes on."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train a network from questions and answers; run the command again to go on after an interruption."""
    from nmn.assembler.trace import percent
    from nmn.checkpoint import NETWORK
    from nmn.config import config_file
    from nmn.training.run import is_first, load_settings, silent
    from nmn.training.run import train as train_network

    settings = load_settings(config_file(config), changes or [])
    out, bars = out or Path("runs", settings.name), Bars()
    try:
        with bars:
            outcome = train_network(settings, out, bars if is_first() else silent)
    except KeyboardInterrupt:
        raise stopped(bars.place, out) from None
    if not is_first():
        return
    file = out / NETWORK
    if as_json:
        print_json({
            "name": settings.name, "seconds": outcome.seconds, "held_back": outcome.accuracy,
            "network": str(file), "bytes": file.stat().st_size, "parts": bars.notes,
        })  # fmt: skip
        return
    typer.echo(f"trained {settings.name} in {outcome.seconds:.1f} s")
    for part, note in bars.notes.items():
        typer.echo(f"{part}: {note}")
    if outcome.accuracy is not None:
        typer.echo(f"held-back {_held_back(settings)}: {percent(outcome.accuracy)} right")
    typer.echo(f"network: {file}, {file.stat().st_size / 1e6:.2f} MB")
    typer.echo(f"{_use_of(settings)} {out}")


def _held_back(settings: "TrainSettings") -> str:
    """Return what the share of a finished run is of."""
    if settings.data == "nlvr":
        return "boxes"
    return "captions" if _learns_captions(settings) else "questions"


def _learns_captions(settings: "TrainSettings") -> bool:
    from nmn.models.baselines import MODELS
    from nmn.models.build import MODULES

    return settings.model != MODULES and MODELS[settings.model].learns == "captions"


def _use_of(settings: "TrainSettings") -> str:
    """Return the command that uses what was trained, but for its folder."""
    if settings.data == "nlvr":
        return 'ask it: nmn ask IMAGE "STATEMENT" --grammar nlvr --model'
    if _learns_captions(settings):
        if settings.model == "dual_encoder":
            return "try it: nmn classify image IMAGE --label TEXT --label TEXT --weights"
        return "try it: nmn caption IMAGE --model"
    return 'ask it: nmn ask IMAGE "QUESTION" --model'


class Bars:
    """Watches a run: a bar on stderr for each of its parts. ``notes`` are the last of each part that gave any."""

    def __init__(self) -> None:
        self.progress = bars()
        self.tasks: dict[str, TaskID] = {}
        self.notes: dict[str, str] = {}
        self.place, self.said = "", time.monotonic()

    def __enter__(self) -> "Bars":
        return self

    def __exit__(self, *_: object) -> None:
        if self.tasks:
            self.progress.stop()

    def __call__(self, part: str, done: int, of: int, note: str = "") -> None:
        """Note that ``done`` ``of`` so many steps of a part are done."""
        if not self.progress.console.is_terminal:
            self._say(part, done, of, note)
            return
        self.progress.start()
        if part not in self.tasks:
            self.tasks[part] = self.progress.add_task(part, total=of, note=note)
        self.progress.update(self.tasks[part], completed=done, total=of, note=note)
        self._note(part, done, of, note)

    def _note(self, part: str, done: int, of: int, note: str) -> None:
        self.place = f" at {part} {done:,} of {of:,}"
        if note:
            self.notes[part] = note

    def _say(self, part: str, done: int, of: int, note: str) -> None:
        """Print a line now and then, where there is no terminal to draw a bar on."""
        self._note(part, done, of, note)
        if done == of or time.monotonic() - self.said > QUIET_SECONDS:
            self.said = time.monotonic()
            typer.echo(f"{part}: {done:,} of {of:,} {note}".rstrip(), err=True)
