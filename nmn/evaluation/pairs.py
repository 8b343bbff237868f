"""NLVR2 from pixels: statements about two images, judged by a network that sees the images as two panels.

A network over objects may have been trained on single images: what is in a panel it sees as in an image alone, and the
panels themselves are boxes like any other to it. One over cells must have been trained on pictures of two panels.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.assembler.trace import answers
from nmn.data.pairs import PairExample, read_pairs
from nmn.errors import ArgumentError, ConfigError, ImageError, QuestionError
from nmn.evaluation.nlvr_metrics import Figure, figure, grouped
from nmn.language import read
from nmn.layout import Kind, Layout
from nmn.models.build import Network
from nmn.modules.library import check_words
from nmn.regions import Regions, joined, side_by_side, taken
from nmn.vision.image import load_image
from nmn.vision.view import brought

BATCH = 64  # pairs
GRAMMAR = "world"
Watch = Callable[[int], None]


class Pair(NamedTuple):
    """What a prediction rests on."""

    sentence: str
    images: tuple[Path | None, Path | None]


class Reading(NamedTuple):
    """How a sentence was read: its layout, or None, and "read", "repaired", "unread" or "unlearned"; ``why`` not."""

    layout: Layout | None
    how: str
    why: str = ""


class Judged(NamedTuple):
    """The truth of a statement, None where an image was not there (``problem`` says why)."""

    truth: bool | None
    reading: Reading
    problem: str = ""


def two_panels(network: Network) -> None:
    """Raise ConfigError for a network that cannot look at two images as one picture."""
    settings = network.settings
    if settings.panels != 2 and (settings.regions == "cells" or settings.panels != 1):
        raise ConfigError(
            f"the network was trained over {settings.regions} of pictures of {settings.panels} panels; pairs ask for"
            " one over objects, or one trained on pictures of two panels"
        )


def readings(network: Network, sentences: Sequence[str]) -> dict[str, Reading]:
    """Read every distinct sentence."""
    found = {}
    for sentence in dict.fromkeys(sentences):
        try:
            reading = read(sentence, GRAMMAR, lexicon=network.lexicon, repair=True)
            if reading.layout.kind is not Kind.TRUTH:
                found[sentence] = Reading(None, "unread", "it is no statement")
                continue
            check_words(reading.layout, network.model.reasoning.library)
            found[sentence] = Reading(reading.layout, "repaired" if reading.repairs else "read")
        except QuestionError as error:
            found[sentence] = Reading(None, "unread", str(error).splitlines()[0])
        except ArgumentError as error:
            found[sentence] = Reading(None, "unlearned", str(error))
    return found


def predict(network: Network, asked: Sequence[Pair], watch: Watch = lambda _: None) -> list[Judged]:
    """Judge each statement of its pair; one that cannot be read, or asks for what was not learned, is called true.

    ``watch`` is told how many pairs each batch had. Raises ConfigError as ``two_panels`` does.
    """
    two_panels(network)
    known = readings(network, [pair.sentence for pair in asked])
    judged: list[Judged] = []
    for start in range(0, len(asked), BATCH):
        batch = asked[start : start + BATCH]
        pictures, problems = _loaded(network, [path for pair in batch for path in pair.images])
        found = []
        for pair in batch:
            trouble = next(
                (problems.get(path, "an image is missing") for path in pair.images if path not in pictures), ""
            )
            found.append(Judged(None if trouble else True, known[pair.sentence], trouble))
        due = [place for place, one in enumerate(found) if one.truth and one.reading.layout is not None]
        truths = _run(
            network, pictures, [batch[place] for place in due], [found[place].reading.layout for place in due]
        )
        for place, truth in zip(due, truths, strict=True):
            found[place] = found[place]._replace(truth=truth)
        judged += found
        watch(len(batch))
    return judged


def _loaded(network: Network, paths: Sequence[Path | None]) -> tuple[dict[Path | None, torch.Tensor], dict[Any, str]]:
    """Return the images that can be read, brought to the size that the network knows, and what is wrong with others."""
    settings = network.settings
    pictures: dict[Path | None, torch.Tensor] = {}
    problems: dict[Any, str] = {}
    for path in dict.fromkeys(paths):
        if path is None:
            continue
        try:
            pictures[path] = brought(load_image(path), settings.pixels, settings.regions == "cells").pixels
        except ImageError as error:
            problems[path] = str(error)
    return pictures, problems


@torch.inference_mode()
def _run(
    network: Network,
    pictures: Mapping[Path | None, torch.Tensor],
    pairs: Sequence[Pair],
    layouts: Sequence[Layout | None],
) -> list[bool]:
    """Return the truth of ``layouts[i]`` of ``pairs[i]``."""
    if not pairs:
        return []
    images = list(dict.fromkeys(path for pair in pairs for path in pair.images))
    seen = _regions(network, [pictures[path] for path in images])
    shown = list(dict.fromkeys(pair.images for pair in pairs))
    places = {path: place for place, path in enumerate(images)}
    rows = torch.tensor([places[path] for both in shown for path in both])
    read_regions = network.model.reasoning(side_by_side(taken(seen, rows), 2, network.settings.gap_px))
    planned = plan([one for one in layouts if one], [shown.index(pair.images) for pair in pairs], 2)
    return [value is True for value in answers(execute(planned, network.model.reasoning.library, read_regions))]


def _regions(network: Network, images: Sequence[torch.Tensor]) -> Regions:
    """Return the regions of images of any sizes, in their order."""
    by_size: dict[tuple[int, ...], list[int]] = {}
    for place, image in enumerate(images):
        by_size.setdefault(tuple(image.shape), []).append(place)
    vision = network.model.vision
    parts = [vision(vision.prepare(torch.stack([images[place] for place in some]))) for some in by_size.values()]
    order = torch.tensor([place for some in by_size.values() for place in some])
    return taken(joined(parts), order.argsort())


@dataclass(frozen=True, slots=True)
class PairsReport:
    """The figures of a split; ``problems`` say which images were missing, ``unread`` why sentences were not judged."""

    split: str
    figures: Mapping[str, Figure]
    by_reading: Mapping[str, Figure]
    unread: Mapping[str, str]
    predictions: tuple[tuple[str, bool | None], ...]
    problems: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON data."""
        return {
            "split": self.split, **{name: it.to_json() for name, it in self.figures.items()},
            "by_reading": {name: it.to_json() for name, it in self.by_reading.items()},
            "unread": dict(self.unread), "problems": list(self.problems),
        }  # fmt: skip

    def lines(self) -> str:
        """Return the official lines, ``dev-0-0-1,True``; pairs without an image have none."""
        return "".join(f"{name},{truth}\n" for name, truth in self.predictions if truth is not None)

    def tables(self) -> list[Any]:
        """Return the figures as tables to print."""
        from rich.table import Table

        tables = []
        for title, figures in ((f"pairs {self.split}", self.figures), ("how it was read", self.by_reading)):
            table = Table(title, "right", "of", "share")
            for name, it in figures.items():
                table.add_row(name, f"{it.right:,}", f"{it.total:,}", str(it))
            tables.append(table)
        if self.unread:
            table = Table("why a sentence was called true", "sentences")
            for why, count in Counter(self.unread.values()).most_common(10):
                table.add_row(why, f"{count:,}")
            tables.append(table)
        return tables


def evaluate_pairs(network: Network, data: Path, split: str, watch: Watch = lambda _: None) -> PairsReport:
    """Predict every example of a split and measure the predictions, as ``nlvr2/eval/metrics.py`` does.

    Consistency is the share of sentences, each of a set of images, that are judged rightly of every pair of the set.
    """
    examples = read_pairs(data, split)
    judged = predict(network, [Pair(example.sentence, example.images) for example in examples], watch)
    rights = [_right(example, one) for example, one in zip(examples, judged, strict=True)]
    hows = dict.fromkeys(one.reading.how for one in judged)
    by_reading = {
        how: figure(right for right, one in zip(rights, judged, strict=True) if one.reading.how == how) for how in hows
    }
    labelled = [(example, right) for example, right in zip(examples, rights, strict=True) if example.label is not None]
    figures = {
        "accuracy": figure(rights),
        "consistency": grouped((_sentence(example.identifier), bool(right)) for example, right in labelled),
    }
    problems = [
        f"{example.identifier}: {', '.join(example.missing) + ' is missing' if example.missing else one.problem}"
        for example, one in zip(examples, judged, strict=True)
        if one.problem
    ]
    unread = {
        example.sentence: one.reading.why for example, one in zip(examples, judged, strict=True) if one.reading.why
    }
    names = tuple((example.identifier, one.truth) for example, one in zip(examples, judged, strict=True))
    return PairsReport(split, figures, by_reading, unread, names, tuple(problems))


def _right(example: PairExample, judged: Judged) -> bool | None:
    return None if judged.truth is None or example.label is None else judged.truth == example.label


def _sentence(identifier: str) -> str:
    """Return what the examples of a sentence share: split, set and sentence, whatever the pair."""
    split, number, _, sentence = identifier.rsplit("-", 3)
    return f"{split}-{number}--{sentence}"
