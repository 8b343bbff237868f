"""The table of distribution shifts: systems that differ in what they learn from and in what they see, over seeds.

A supervised CNN learns classes, a contrastive pair of encoders captions, and is then asked by label texts that it was
never trained on as classes (zero-shot). Each is trained on plain pictures and on varied ones, since what makes CLIP
robust may be how it learns or what it has seen (Fang et al. 2022). All have the same backbone, images and rate; who
learns from captions has CAPTION_STEPS times the steps, since it is slower to tell what a caption is about.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from nmn.atomic import write_figure, write_file
from nmn.config import settings_json
from nmn.errors import ConfigError, DataError
from nmn.evaluation.shift_samples import sample_picture
from nmn.evaluation.shifts import COLUMNS, EPSILON, SEED, Scorer, accuracies
from nmn.evaluation.spread import Spread
from nmn.models.classifier import load_classifier
from nmn.training.captioned import label_texts, load_encoder, train_encoder
from nmn.training.classify import ClassifySettings, class_names, one_object, train_classifier
from nmn.training.run import Watcher, silent
from nmn.visualisation.png import write_picture

RESULTS, TABLE, PLOT, TOLD = "results.json", "table.md", "shifts.png", "accuracies.json"
# what a varied world adds to the pictures of training, as CLIP's photographs did to ImageNet's
VARIED = ("textures=solid,striped,dotted,outlined", "backgrounds=slate,moss,pine,plum,sand,noise,gradient")

CAPTION_STEPS = 3
SAMPLES = 4  # scenes of a picture


class System(NamedTuple):
    """What is compared: what it learns from, and whether its pictures are varied."""

    learns: str
    varied: bool


SYSTEMS = {
    "CNN, plain pictures": System("classes", False),
    "CNN, varied pictures": System("classes", True),
    "contrastive zero-shot, plain pictures": System("captions", False),
    "contrastive zero-shot, varied pictures": System("captions", True),
}


@dataclass(frozen=True)
class Row:
    """A trained system under every shift; ``seconds`` are those of its training."""

    system: str
    seed: int
    accuracies: Mapping[str, float]
    seconds: float


@dataclass(frozen=True)
class ShiftTable:
    """The rows of a comparison, and what it was run with."""

    rows: tuple[Row, ...]
    about: Mapping[str, Any]

    def cell(self, system: str, column: str) -> Spread:
        """Return what the seeds of a system have right."""
        return Spread(tuple(100 * row.accuracies[column] for row in self.rows if row.system == system))

    @property
    def systems(self) -> list[str]:
        """The systems that were compared."""
        return list(dict.fromkeys(row.system for row in self.rows))

    def lines(self) -> list[list[str]]:
        """Return the table as text, the heading first."""
        lines = [["system", *COLUMNS]]
        for system in self.systems:
            lines.append([system, *(str(self.cell(system, column)) for column in COLUMNS)])
        return lines

    def markdown(self) -> str:
        """Return the table as Markdown."""
        head, *rest = ["| " + " | ".join(line) + " |" for line in self.lines()]
        return "\n".join([head, "|---" * (1 + len(COLUMNS)) + "|", *rest]) + "\n"

    def to_json(self) -> dict[str, Any]:
        """Return the table as JSON data."""
        rows = [
            {"system": row.system, "seed": row.seed, "accuracies": dict(row.accuracies), "seconds": row.seconds}
            for row in self.rows
        ]
        return {**self.about, "rows": rows}


def compare_shifts(
    settings: ClassifySettings,
    folder: Path,
    seeds: int = 3,
    count: int = 1_000,
    epsilon: float = EPSILON,
    watch: Watcher = silent,
) -> ShiftTable:
    """Train every system with every seed, or take what ``folder`` holds of it, and judge it under every shift.

    ``count``: images under each shift. Writes ``results.json`` and ``table.md``. Raises ConfigError where the folder
    holds runs of other settings.
    """
    if settings.regime != "scratch":
        raise ConfigError(f"regime: systems are compared from scratch, got {settings.regime}")
    if "texture" in settings.classes:
        raise ConfigError("classes: some of the shifts draw other textures, so texture cannot be asked; leave it out")
    if not (1 <= seeds <= 1000 and 1 <= count <= 10**6 and 0 <= epsilon <= 1):
        raise ConfigError("expected 1 to 1,000 seeds, 1 to 1,000,000 images and an epsilon of 0 to 1")
    rows = []
    for place, (name, seed) in enumerate([(name, seed) for seed in range(seeds) for name in SYSTEMS]):
        watch("systems", place, seeds * len(SYSTEMS), f"{name}, seed {settings.seed + seed}")
        own = replace(settings, seed=settings.seed + seed)
        rows.append(_row(name, own, folder, count, epsilon, watch))
    watch("systems", len(rows), len(rows))
    about = {
        "settings": settings_json(settings), "varied": list(VARIED), "seeds": seeds, "images": count,
        "epsilon": epsilon, "classes": len(class_names(one_object(settings), settings.classes)),
        "date": time.strftime("%Y-%m-%d"),
    }  # fmt: skip
    table = ShiftTable(tuple(rows), about)
    write_file(folder / RESULTS, json.dumps(table.to_json(), indent=2), DataError, folder=True)
    write_file(folder / TABLE, table.markdown(), DataError, folder=True)
    return table


def _row(name: str, settings: ClassifySettings, folder: Path, count: int, epsilon: float, watch: Watcher) -> Row:
    """Return one system with one seed, trained and judged unless the folder has both."""
    run = _run(name, settings, folder)
    seconds, score = _trained(SYSTEMS[name].learns, _seen(name, settings), run, watch)
    wanted = {"images": count, "epsilon": epsilon}
    known = _known(run / TOLD)
    if known is None or {key: known[key] for key in wanted} != wanted:
        found = accuracies(score, one_object(settings), settings.classes, count, settings.seed + SEED, epsilon)
        known = {**wanted, "accuracies": found}
        write_file(run / TOLD, json.dumps(known), DataError, folder=True)
    return Row(name, settings.seed, known["accuracies"], seconds)


def draw_samples(settings: ClassifySettings, folder: Path, epsilon: float) -> None:
    """Write a picture for each system of a finished comparison, of its first seed: what it says under each shift."""
    for name, system in SYSTEMS.items():
        _, score = _trained(system.learns, _seen(name, settings), _run(name, settings, folder), silent)
        picture = sample_picture(score, one_object(settings), settings.classes, SAMPLES, settings.seed + SEED, epsilon)
        write_picture(_run(name, settings, folder).with_suffix(".png"), picture)


def _run(name: str, settings: ClassifySettings, folder: Path) -> Path:
    return folder / f"{name.replace(', ', '-').replace(' ', '-').lower()}-{settings.seed}"


def _seen(name: str, settings: ClassifySettings) -> ClassifySettings:
    """Return the settings that a system is trained with."""
    longer = CAPTION_STEPS if SYSTEMS[name].learns == "captions" else 1
    varied = VARIED if SYSTEMS[name].varied else ()
    return replace(settings, steps=longer * settings.steps, synth=(*settings.synth, *varied))


def _trained(learns: str, settings: ClassifySettings, run: Path, watch: Watcher) -> tuple[float, Scorer]:
    """Return the seconds that a system was trained, and its logits."""
    if learns == "captions":
        outcome = train_encoder(settings, run, watch)
        return outcome.seconds, label_texts(settings, load_encoder(run))
    outcome = train_classifier(settings, run, watch)
    return outcome.seconds, load_classifier(run).model


def _known(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found if {"images", "epsilon", "accuracies"} <= found.keys() else None
    except (OSError, ValueError, AttributeError):
        return None


def plot_shifts(table: ShiftTable, path: Path) -> None:
    """Write the table as bars with standard deviations; raise ConfigError where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise ConfigError('plots need matplotlib: pip install "nmn-reasoner[plots]"') from None
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    axes = figure.subplots()
    systems: Sequence[str] = table.systems
    wide = 0.84 / len(systems)
    for place, system in enumerate(systems):
        cells = [table.cell(system, column) for column in COLUMNS]
        at = [column + (place - (len(systems) - 1) / 2) * wide for column in range(len(COLUMNS))]
        means, spreads = [cell.mean for cell in cells], [cell.deviation for cell in cells]
        axes.bar(at, means, wide * 0.92, yerr=spreads, capsize=2, label=system, color=f"C{place}")
    classes = table.about.get("classes")
    if classes:
        axes.axhline(100 / classes, color="grey", linewidth=0.8, linestyle=":", label="chance")
    axes.set_xticks(range(len(COLUMNS)), COLUMNS)
    axes.set(ylabel="right, %", ylim=(0, 100))
    axes.legend(loc="upper right", fontsize=9)
    write_figure(path, figure, 120, DataError)
