"""NLVR from pixels: statements and images to predictions, and what measures them.

``predict`` sees sentences and pixels alone. Labels, identifiers and ``structured_rep`` come in afterwards, in
``nlvr_metrics``: they say what is right, and why what is wrong is wrong.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nmn.data.nlvr import NlvrSplit, read_nlvr, read_pixels
from nmn.errors import DataError
from nmn.evaluation.nlvr_judges import Judge, run_layouts
from nmn.evaluation.nlvr_metrics import NlvrReport, Outcome, report
from nmn.language.crowd.read import read_statement, read_statements
from nmn.scene import SceneGraph
from nmn.vision.nlvr_format import nlvr_scene

BATCH = 256
Watch = Callable[[int], None]


class Prediction(NamedTuple):
    """The truth of a statement about an image, None where the image was not there (``problem`` says why).

    ``scene`` and ``how``: see ``Verdict``.
    """

    name: str
    truth: bool | None
    problem: str | None = None
    scene: SceneGraph | None = None
    how: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a prediction rests on: a sentence and an image's file; ``name`` only names the prediction."""

    name: str
    sentence: str
    path: Path | None


def statements(split: NlvrSplit) -> list[Statement]:
    """Return every image of a split with its sentence, and nothing else of it."""
    return [
        Statement(image.name, example.sentence, image.path) for example in split.examples for image in example.images
    ]


def predict(asked: Sequence[Statement], judge: Judge, watch: Watch = lambda _: None) -> list[Prediction]:
    """Judge each statement of its image; ``watch`` is told how many images each batch had."""
    predictions: list[Prediction] = []
    for start in range(0, len(asked), BATCH):
        batch = asked[start : start + BATCH]
        pixels = [_pixels(statement) for statement in batch]
        there = [image for image in pixels if not isinstance(image, str)]
        sentences = [one.sentence for one, image in zip(batch, pixels, strict=True) if not isinstance(image, str)]
        verdicts = iter(judge(np.stack(there), sentences) if there else ())
        for statement, image in zip(batch, pixels, strict=True):
            if isinstance(image, str):
                predictions.append(Prediction(statement.name, None, image))
                continue
            truth, scene, how = next(verdicts)
            blind = f"{statement.name}: no objects of NLVR could be read from it" if truth is None else None
            predictions.append(Prediction(statement.name, truth, blind, scene, how))
        watch(len(batch))
    return predictions


def _pixels(statement: Statement) -> NDArray[np.uint8] | str:
    """Return the pixels of a statement's image, or what is wrong with it."""
    if statement.path is None:
        return f"{statement.name}: the image is missing"
    try:
        return read_pixels(statement.path)
    except DataError as error:
        return str(error)


def evaluate_nlvr(data: Path, split: str, judge: Judge, watch: Watch = lambda _: None) -> NlvrReport:
    """Predict every image of a split and measure the predictions.

    Raises DataError for files that are no split of NLVR; images that are missing are named in the report.
    """
    found = read_nlvr(data, split)
    predictions = predict(statements(found), judge, watch)
    outcomes = []
    place = iter(predictions)
    for example in found.examples:
        reading = read_statement(example.sentence)
        outcomes += [
            Outcome(
                example.identifier, order, example.sentence, reading, prediction.truth, example.label, prediction.how
            )
            for order, prediction in enumerate(next(place) for _ in example.images)
        ]
    causes = _causes(found, outcomes, predictions)
    names = [(prediction.name, prediction.truth) for prediction in predictions]
    return report(split, outcomes, causes, names, [it.problem for it in predictions if it.problem])


def _causes(found: NlvrSplit, outcomes: Sequence[Outcome], predictions: Sequence[Prediction]) -> dict[int, str]:
    """Return why each wrong outcome is wrong: what was seen, another reading that is right, or neither."""
    scenes = {example.identifier: example.structured_rep for example in found.examples}
    causes = {}
    for place, (outcome, prediction) in enumerate(zip(outcomes, predictions, strict=True)):
        if outcome.right is not False:
            continue
        if prediction.scene is None:
            causes[place] = prediction.how or "the network"
            continue
        boxes = scenes[outcome.identifier]
        if (
            boxes
            and outcome.order == 0
            and run_layouts([outcome.reading.layout], [nlvr_scene(boxes)])[0] == outcome.label
        ):
            causes[place] = "perception"
            continue
        others = [reading.layout for reading in read_statements(outcome.sentence)[1:]]
        truths = run_layouts(others, [prediction.scene] * len(others))
        causes[place] = f"{outcome.reading.how}, " + (
            "another reading is right" if outcome.label in truths else "no reading is right"
        )
    return causes
