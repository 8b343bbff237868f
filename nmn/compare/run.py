"""A comparison from its systems to a result of each (system, course, images, seed), each written once it is there.

``DIR`` holds ``compare.json`` (settings and systems as they were resolved), ``backbone.safetensors`` (what all systems
over cells see through; ``backbone-COURSE.safetensors`` in a course that sees other pictures), the features of that in
``cache``, ``tuning/SYSTEM.json`` beside a run of each rate in ``tuning/SYSTEM/RATE/``,
``runs/SYSTEM/COURSE-IMAGES-SEED/`` with a network and its ``result.json``, and ``results.json``, all of them together.
What is there is not made again; ``results.json`` alone is enough to go on from.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from shutil import rmtree
from traceback import extract_tb
from typing import Any, Protocol

import torch

from nmn.checkpoint import BEST, NETWORK, PRETRAINED, read_checkpoint
from nmn.compare.answers import (
    Asked,
    answered,
    answers_questions,
    asked_in,
    captions_said,
    judges,
    questions_a_second,
)
from nmn.compare.courses import COURSES, NLVR, STANDARD, course_of
from nmn.compare.files import (
    PLAN,
    RESULT,
    learned_parameters,
    loop_seconds,
    read_json,
    unpack_results,
    write_json,
    write_results,
)
from nmn.compare.jobs import TUNED_ON, Job, jobs_of
from nmn.compare.settings import GROWING, CompareSettings
from nmn.compare.tables import share
from nmn.config import settings_json, with_usual
from nmn.errors import ConfigError, NmnError, TrainingError, listed
from nmn.models.baselines import Baseline, kind_of, load_system
from nmn.models.build import MODULES, Network
from nmn.training.data import Generated, Memory
from nmn.training.run import CONFIG, HELD_BACK_SEED, Outcome, synth_config, train, use_threads
from nmn.training.settings import LoopSettings, TrainSettings
from nmn.training.shared_cells import train_cells
from nmn.training.systems import shown

BACKBONE = "backbone.safetensors"
PACKAGE = Path(__file__).parent.parent
PLACES = ("weights", "cache", "folder")  # settings of a run that say where files are


class Board(Protocol):
    """Is told how far a comparison is."""

    def begin(self, system: str, jobs: int) -> None:
        """Note how many jobs a system has, its tuning among them."""

    def part(self, system: str, what: str, done: int, of: int) -> None:
        """Note how far a job of a system is."""

    def end(self, system: str, what: str, outcome: str) -> None:
        """Note that a job of a system is done, or failed."""


@dataclass
class Comparison:
    """What the runs of a comparison share."""

    systems: Mapping[str, TrainSettings]
    settings: CompareSettings
    folder: Path
    board: Board

    def __post_init__(self) -> None:
        self.folder = self.folder.resolve()  # which runs name: the same from wherever it is called
        self.memory = Memory(most=64)
        self.asked: dict[tuple[str, str], Asked] = {}
        self.failed: dict[str, str] = {}
        self.blind: dict[str, Exception] = {}  # why a course has no backbone

    def run(self) -> dict[str, Any]:
        """Run what is not done yet and return all results; a system that fails is left out, and noted in ``failed``."""
        self._claim()
        jobs = list(jobs_of(self.systems, self.settings))
        for name in self.systems:
            self.board.begin(name, 1 + sum(job.system == name for job in jobs))
        left = [job.course for job in jobs if not (self.folder / "runs" / job.place / RESULT).exists()]
        if not all(self._tuned(name).exists() for name in self.systems):
            left.insert(0, TUNED_ON)
        if NLVR in left and not (splits := Path(self.settings.nlvr, course_of(NLVR).split)).is_dir():
            raise ConfigError(
                f"nlvr: there is no folder {splits}; give the one that holds the folders of NLVR's splits"
            )
        for course in dict.fromkeys(left):
            self._check_alike(course)
        for name in self.systems:
            self._guarded(name, "tuning", partial(self._tune, name))
        for job in jobs:
            if job.system not in self.failed:
                self._guarded(job.system, job.place, partial(self._job, job))
        return write_results(self.folder, self.failed)

    def _guarded(self, system: str, what: str, work: Callable[[], str]) -> None:
        """Do a part of a comparison; one that fails, for whatever reason, fails its system alone."""
        try:
            outcome = work()
        except Exception as error:
            self.failed[system] = f"{what}: {reason_of(error)}"
            outcome = f"failed: {self.failed[system]}"
        self.board.end(system, what, outcome)

    def _claim(self) -> None:
        """Note settings and systems; raise ConfigError where the folder holds another comparison."""
        unpack_results(self.folder)
        path = self.folder / PLAN
        wanted = {
            "settings": settings_json(self.settings),
            "systems": {name: settings_json(one) for name, one in self.systems.items()},
        }
        if path.exists():
            known = read_json(path)
            told = with_usual(known.get("settings", {}), CompareSettings)
            for key, value in wanted["settings"].items():
                if key not in GROWING and told[key] != value:
                    raise ConfigError(f"{self.folder}: holds a comparison with another {key}; give another --out")
            systems = {name: with_usual(one, TrainSettings) for name, one in known.get("systems", {}).items()}
            if changed := [name for name, one in wanted["systems"].items() if systems.get(name, one) != one]:
                raise ConfigError(f"{self.folder}: holds another {listed(changed)}; give another --out")
            wanted["systems"] = {**systems, **wanted["systems"]}
            wanted["settings"] |= grown(told, wanted["settings"])
        elif self.folder.is_file() or (self.folder.exists() and any(self.folder.iterdir())):
            raise ConfigError(f"{self.folder}: holds something else than a comparison; give another --out")
        write_json(path, wanted)

    def _backbone(self, course: str) -> Path:
        """Return the file of the backbone that systems over cells share in a course; it saw what they may see alone."""
        about = course_of(course)
        return self.folder / (f"backbone-{course}.safetensors" if about.vision or about.split_side else BACKBONE)

    def _check_alike(self, course: str) -> None:
        """Raise ConfigError where systems over cells cannot share one backbone."""
        told = [self._told(one, course, 0) for one in self.systems.values() if one.regions == "cells"]
        sizes = {(one.widths, one.strides) for one in told}
        if len(sizes) > 1 and not self._backbone(course).exists():
            raise ConfigError(f"systems over cells share one backbone; widths and strides differ: {sorted(sizes)}")

    def _see(self, system: str, course: str) -> None:
        """Train the backbone that systems over cells share in a course, if a system is one and there is none yet."""
        path, size, one = self._backbone(course), self.settings, self._told(self.systems[system], course, 0)
        if one.regions != "cells" or path.exists():
            return
        if course in self.blind:
            raise self.blind[course]
        use_threads(one)
        loop = LoopSettings(
            steps=size.cell_steps, batch=32, rate=3e-3, cosine=True, warm_up=20, bf16=True, weight_decay=0.01,
            threads=size.threads, seed=HELD_BACK_SEED,
        )  # fmt: skip
        try:
            train_cells(
                synth_config(one, size.cell_scenes, 0), size.cell_scenes, (one.widths, one.strides), loop,
                self.folder / path.stem, path,
                lambda now: self.board.part(system, f"backbone, {100 * now.accuracy:.1f} %", now.step, now.steps),
            )  # fmt: skip
        except Exception as error:
            self.blind[course] = error  # of every system that would see through it
            raise

    def _told(self, one: TrainSettings, course: str, seed: int, images: int | None = None) -> TrainSettings:
        """Return a system's settings with the comparison's numbers, or with fewer images, seen ``passes`` times."""
        size, about = self.settings, course_of(course)
        images = images or size.images
        most = size.passes * -(-images // size.batch)
        steps, before = min(size.steps, most), min(size.pretraining_steps, most)
        sees: dict[str, Any] = {}
        if one.regions == "cells":
            sees = {
                **(about.vision or {}),
                "weights": str(self._backbone(course)),
                "frozen": True,
                "cache": str(self.folder / "cache"),
            }
        # captions hold relations that the generalisation splits hold out
        captioned = not about.split and not about.split_side
        pretrained = captioned and one.model != MODULES and kind_of(one.model).pretrained
        return replace(
            one, preset=about.preset, synth=about.synth, split_side=about.split_side, seed=seed, images=images,
            each=size.each, steps=steps, batch=size.batch, held_back=size.held_back, threads=size.threads,
            warm_up=max(1, steps // 20), cosine=True, save_every=max(50, steps // 4), looks=size.looks,
            pretraining_steps=before if pretrained else 0, folder=str(Path(size.nlvr).resolve()) if about.split else "",
            **sees,
        )  # fmt: skip

    def _tuned(self, name: str) -> Path:
        """Return the file of a system's tuning."""
        return self.folder / "tuning" / f"{name}.json"

    def _tune(self, name: str) -> str:
        """Choose a system's rate; return it in words."""
        path = self._tuned(name)
        if not path.exists():
            self._see(name, TUNED_ON)
            shares: dict[str, float] = {}
            diverged: TrainingError | None = None
            for rate in self.settings.rates:
                steps = self.settings.tuning_steps
                told = self._told(self.systems[name], TUNED_ON, 0)
                before = told.pretraining_steps * steps // told.steps
                whole = max(steps, told.steps)
                told = replace(told, rate=rate, steps=steps, schedule=whole, pretraining_steps=before)
                folder = self.folder / "tuning" / name / repr(rate)
                try:
                    outcome = self._trained(name, told, folder, f"tuning, rate {rate}")
                    shares[repr(rate)] = outcome.accuracy or 0.0
                except TrainingError as error:
                    shares[repr(rate)], diverged = 0.0, error
            if not any(shares.values()) and diverged:
                raise diverged
            best = max(shares, key=lambda rate: shares[rate])
            write_json(path, {"held_back": shares, "rate": float(best)})
        return f"rate {read_json(path)['rate']}"

    def _trained(self, system: str, told: TrainSettings, folder: Path, what: str) -> Outcome:
        """Train a system in a folder, where that is not done yet, and tell the board how far it is."""
        clear_moved(told, folder)
        return train(
            told, folder, lambda part, done, of, note="": self.board.part(system, f"{what}: {part}", done, of),
            self.memory,
        )  # fmt: skip

    def _job(self, job: Job) -> str:
        """Train and examine a system, if that is not done yet; return how it does, in words."""
        folder = self.folder / "runs" / job.place
        if not (folder / RESULT).exists():
            self._see(job.system, job.course)
            told = replace(
                self._told(self.systems[job.system], job.course, job.seed, job.images),
                rate=read_json(self._tuned(job.system))["rate"],
            )
            self._trained(job.system, told, folder, job.place)
            write_json(folder / RESULT, {**job._asdict(), **self._examined(job, told, folder)})
            write_results(self.folder, self.failed)
        return summary(read_json(folder / RESULT))

    def _examined(self, job: Job, told: TrainSettings, folder: Path) -> dict[str, Any]:
        """Return what a trained system knows."""
        system = load_system(folder / NETWORK)
        found: dict[str, Any] = {
            "model": told.model, "regions": told.regions, "rate": told.rate, "date": time.strftime("%Y-%m-%d"),
            "seconds": round(loop_seconds(folder), 1), "parameters": learned_parameters(folder), "tests": {},
        }  # fmt: skip
        if (folder / BEST).exists():
            best = read_checkpoint(folder / BEST)[1]
            found["best"] = {"step": int(best["step"]), "held_back": float(best["right"])}
        tests = [STANDARD] if job.images < self.settings.images else list(course_of(job.course).tests)
        for name in tests:
            asked = self._asked(job.course, name)
            self.board.part(job.system, f"{job.place}: asking {name}", tests.index(name), len(tests))
            seen = asked.seen_by(system, self._seeing(job))
            if answers_questions(system):
                found["tests"][name] = answered(system, asked.shown, seen, guess=bool(course_of(job.course).split))
            if name == STANDARD:
                found |= self._judged(system, self._held(told), asked, seen, folder)
        return found

    def _judged(
        self, system: Network | Baseline, held: Asked, asked: Asked, seen: dict[str, torch.Tensor], folder: Path
    ) -> dict[str, Any]:
        """Return what it makes of statements and captions, and how fast it answers."""
        found: dict[str, Any] = {}
        judge = load_system(folder / PRETRAINED) if (folder / PRETRAINED).exists() else system
        if fits := judges(judge, held, asked):
            found["judged"] = fits
        if said := captions_said(system, asked):
            found["captions"] = said
        if answers_questions(system):
            tallies = answered(system, asked.statements, seen)
            found["statements"] = [sum(column) for column in zip(*tallies.values(), strict=True)]
            found["a_second"] = round(questions_a_second(system, asked.shown, self.settings.timed), 1)
        return found

    def _seeing(self, job: Job) -> Callable[[int, int], None]:
        return lambda done, of: self.board.part(job.system, f"{job.place}: seeing", done, of)

    def _asked(self, course: str, name: str) -> Asked:
        if (course, name) not in self.asked:
            self.asked[course, name] = asked_in(COURSES[course], name, self.settings, self.memory)
        return self.asked[course, name]

    def _held(self, told: TrainSettings) -> Asked:
        """Return held-back questions of a run's course, which thresholds are taken from."""
        config = synth_config(told, told.held_back, told.seed + HELD_BACK_SEED)
        data = Generated(config, told.each, told.split_side, True, memory=self.memory)
        return Asked(shown(data, 0, lambda done: None), config.shard_size)


def reason_of(error: Exception) -> str:
    """Return what an error says in a line; of one that nobody foresaw also its kind and where in nmn it came from."""
    said = next(iter(str(error).splitlines()), "")
    if isinstance(error, NmnError) and said:
        return said
    frames = extract_tb(error.__traceback__)
    own = [frame for frame in frames if PACKAGE in Path(frame.filename).parents] or frames
    where = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    return f"{type(error).__name__}{': ' if said else ''}{said}{where}"


def grown(known: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of GROWING that tables go by: what any command on the folder has asked for.

    >>> grown({"seeds": 3, "courses": ["world"], "curve": [13]}, {"seeds": 1, "courses": ["held"], "curve": [125, 13]})
    {'seeds': 3, 'courses': ['world', 'held'], 'curve': [13, 125]}
    """
    courses = dict.fromkeys([*known["courses"], *asked["courses"]])
    return {
        "seeds": max(known["seeds"], asked["seeds"]), "courses": list(courses),
        "curve": sorted({*known["curve"], *asked["curve"]}),
    }  # fmt: skip


def clear_moved(told: TrainSettings, folder: Path) -> None:
    """Remove a run that was begun where the comparison, or NLVR, lay before it was moved: it is begun again."""
    path = folder / CONFIG
    if path.exists():
        begun = read_json(path)
        if any(name in begun and begun[name] != getattr(told, name) for name in PLACES):
            rmtree(folder)


def summary(result: Mapping[str, Any]) -> str:
    """Return a result in a few words."""
    words = []
    for name, tallies in list(result["tests"].items())[:1]:
        words.append(f"{name} {share(tallies):.1f} %")
    if "judged" in result:
        words.append(f"statements {100 * result['judged']['right'] / result['judged']['of']:.1f} %")
    return ", ".join([*words, f"{result['seconds']:.0f} s"])
