"""NLVR from pixels: statements and images to predictions, and the command that measures them.

``predict`` sees sentences and pixels alone. Labels, identifiers and ``structured_rep`` come in afterwards, in
``nlvr_metrics``: they say what is right, and why what is wrong is wrong.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.assembler.trace import answers
from nmn.data.nlvr import NlvrSplit, read_nlvr, read_pixels
from nmn.errors import DataError, SceneError
from nmn.evaluation.nlvr_metrics import NlvrReport, Outcome, report
from nmn.language.crowd.read import StatementReading, read_statement, read_statements
from nmn.layout import Layout
from nmn.lexicon import load_lexicon
from nmn.modules.exact import encode, exact_library
from nmn.scene import SceneGraph
from nmn.vision.components import read_components
from nmn.vision.nlvr_format import nlvr_scene

BATCH = 256
Perceive = Callable[[NDArray[np.uint8]], list[SceneGraph]]  # [batch 100 400 3] -> scenes of the world "nlvr"
Watch = Callable[[int], None]


class Prediction(NamedTuple):
    """The truth of a statement about an image, None where the image was not there (``problem`` says why)."""

    name: str
    truth: bool | None
    problem: str | None = None
    scene: SceneGraph | None = None


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


def predict(asked: Sequence[Statement], perceive: Perceive, watch: Watch = lambda _: None) -> list[Prediction]:
    """Judge each statement of its image; ``watch`` is told how many images each batch had."""
    predictions: list[Prediction] = []
    for start in range(0, len(asked), BATCH):
        batch = asked[start : start + BATCH]
        seen = list(_perceived(batch, perceive))
        scenes = [scene for scene, _ in seen if scene is not None]
        layouts = [
            read_statement(statement.sentence).layout
            for statement, (scene, _) in zip(batch, seen, strict=True)
            if scene is not None
        ]
        truths = iter(run_layouts(layouts, scenes))
        predictions += [
            Prediction(statement.name, None if scene is None else next(truths), problem, scene)
            for statement, (scene, problem) in zip(batch, seen, strict=True)
        ]
        watch(len(batch))
    return predictions


def _perceived(batch: Sequence[Statement], perceive: Perceive) -> Iterator[tuple[SceneGraph | None, str | None]]:
    """Yield (scene, None) of each image, or (None, what is wrong with it)."""
    pixels: list[NDArray[np.uint8] | None] = []
    problems: list[str | None] = []
    for statement in batch:
        try:
            if statement.path is None:
                raise DataError(f"{statement.name}: the image is missing")
            pixels.append(read_pixels(statement.path))
            problems.append(None)
        except DataError as error:
            pixels.append(None)
            problems.append(str(error))
    there = [image for image in pixels if image is not None]
    scenes = iter(_scenes(there, perceive))
    for image, problem, statement in zip(pixels, problems, batch, strict=True):
        scene = next(scenes) if image is not None else None
        yield scene, problem or (f"{statement.name}: no objects of NLVR could be read from it" if not scene else None)


def _scenes(images: Sequence[NDArray[np.uint8]], perceive: Perceive) -> list[SceneGraph | None]:
    """Return the scenes of images, None where one cannot be read; one by one where a batch cannot."""
    if not images:
        return []
    try:
        return list(perceive(np.stack(images)))
    except SceneError:
        if len(images) == 1:
            return [None]
        return [scene for image in images for scene in _scenes([image], perceive)]


def run_layouts(layouts: Sequence[Layout], scenes: Sequence[SceneGraph]) -> list[bool]:
    """Return the truth of ``layouts[i]`` of ``scenes[i]``, in one batch."""
    if not layouts:
        return []
    lexicon = load_lexicon("nlvr")
    regions = encode(scenes, lexicon)
    finished = execute(plan(layouts, panels=regions.panels.count), exact_library(lexicon), regions)
    return [value is True for value in answers(finished)]


def judge(
    image: Path, sentence: str, perceive: Perceive = read_components
) -> tuple[bool, StatementReading, SceneGraph]:
    """Return whether a statement is true of an image of NLVR, how it was read and what was seen.

    Raises DataError for an image that cannot be read or has another size, SceneError for one that shows anything else.
    """
    reading = read_statement(sentence)
    scene = perceive(read_pixels(image)[None])[0]
    return run_layouts([reading.layout], [scene])[0], reading, scene


def evaluate_nlvr(
    data: Path, split: str, perceive: Perceive = read_components, watch: Watch = lambda _: None
) -> NlvrReport:
    """Predict every image of a split and measure the predictions.

    Raises DataError for files that are no split of NLVR; images that are missing are named in the report.
    """
    found = read_nlvr(data, split)
    predictions = predict(statements(found), perceive, watch)
    outcomes = []
    place = iter(predictions)
    for example in found.examples:
        reading = read_statement(example.sentence)
        outcomes += [
            Outcome(example.identifier, order, example.sentence, reading, prediction.truth, example.label)
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
        if outcome.right is not False or prediction.scene is None:
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


def write_predictions(found: NlvrReport, path: Path) -> None:
    """Write the official lines ``dev-1572-0-3.png,true``; images that were missing have none."""
    lines = [f"{name},{'true' if truth else 'false'}\n" for name, truth in found.predictions if truth is not None]
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror}") from None


def command(data: Path, split: str, predictions: Path | None, as_json: bool, print_json: Callable[[Any], None]) -> int:
    """Run ``nmn evaluate nlvr`` and return its exit code: 1 where images were missing."""
    from rich.console import Console
    from rich.progress import Progress

    total = len(statements(read_nlvr(data, split)))
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"NLVR {split}", total=total)
        found = evaluate_nlvr(data, split, watch=lambda count: progress.advance(task, count))
    if predictions:
        write_predictions(found, predictions)
    if as_json:
        print_json(found.to_json())
    else:
        console = Console(highlight=False, soft_wrap=True)
        for table in found.tables():
            console.print(table)
    for problem in found.problems:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"error: {problem}", markup=False)
    return 1 if found.problems else 0
