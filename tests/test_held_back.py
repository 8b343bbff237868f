"""What a system learns from, is looked at by and is tested with: scenes of which none is in two of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch

import nmn.training.run as running
import nmn.training.systems as compared
from nmn.compare.answers import asked_in
from nmn.compare.courses import COURSES, STANDARD, config_of
from nmn.compare.run import Comparison
from nmn.compare.settings import CompareSettings
from nmn.errors import ConfigError
from nmn.models.protocol import AboutImages
from nmn.training.best import Best
from nmn.training.data import Memory
from nmn.training.run import HELD_BACK_SEED, synth_config, train
from nmn.training.settings import TrainSettings
from synth_data.config import SynthConfig
from synth_data.generate import generate

IMAGES = 16  # of each: sets of other sizes would not be the same scenes, whatever their seeds
COURSE = replace(COURSES["world"], synth=("pixels=64", "captions=1"))
SIZE = CompareSettings(held_back=IMAGES, questions=IMAGES)
Pictures = set[bytes]


@dataclass
class Noted:
    """The pictures that a run was given: to learn from, each time it learned, and to be examined by."""

    learned: list[Pictures] = field(default_factory=list)
    examined: list[Pictures] = field(default_factory=list)

    def learn(self, given: AboutImages, best: Best | None) -> None:
        """Note what is learned from; look once, as the loop does."""
        self.learned.append(pictures(given.seen["images"]))
        if best is not None:
            best.examine()

    def examine(self, system: object, given: AboutImages) -> float:
        """Note what a system is examined by."""
        self.examined.append(pictures(given.seen["images"]))
        return 0.0


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Noted]:
    """Stand in for every loop, and for every count of right answers."""
    made, threads = Noted(), torch.get_num_threads()

    def fit(network: object, questions: AboutImages, *rest: Any) -> None:
        made.learn(questions, rest[-1])

    def train_on(system: object, measure: object, batch: AboutImages, *rest: Any) -> None:
        made.learn(batch, rest[3] if len(rest) > 3 else None)

    monkeypatch.setattr(running, "fit", fit)
    monkeypatch.setattr(running, "share_right", made.examine)
    monkeypatch.setattr(compared, "train_on", train_on)
    monkeypatch.setattr(compared, "share_of", made.examine)
    yield made
    torch.set_num_threads(threads)


def pictures(images: torch.Tensor) -> Pictures:
    return {image.numpy().tobytes() for image in images}


@pytest.mark.parametrize("model", ["modules", "question_only", "dual_encoder"])  # learn calls, answers, captions
def test_what_is_learned_is_neither_looked_at_nor_tested_with(model: str, noted: Noted, tmp_path: Path) -> None:
    told = TrainSettings(
        model=model, regions="cells", images=IMAGES, held_back=IMAGES, each=2, steps=1, batch=2, threads=1, looks=1,
        synth=COURSE.synth, captions=1,
    )  # fmt: skip
    train(told, tmp_path, memory=Memory())
    (learned,), (held, last) = noted.learned, noted.examined
    assert held == last  # what is looked at meanwhile, and in the end
    comparison = Comparison({}, SIZE, tmp_path, None)  # type: ignore[arg-type]
    thresholds = pictures(comparison._held(told).shown.images)
    tested = pictures(asked_in(COURSE, STANDARD, SIZE, Memory()).shown.images)
    assert {len(part) for part in (learned, held, thresholds, tested)} == {IMAGES}
    assert thresholds == held
    assert learned.isdisjoint(held) and learned.isdisjoint(tested) and held.isdisjoint(tested)


def scenes(config: SynthConfig) -> set[str]:
    return {str(example.scene.to_json()) for example in generate(config)}


@pytest.mark.parametrize("name", [name for name, course in COURSES.items() if not course.split])
def test_no_test_of_a_course_has_a_scene_that_is_learned_or_held_back(name: str) -> None:
    course = COURSES[name]
    told = TrainSettings(preset=course.preset, synth=course.synth, split_side=course.split_side)
    seeds = (0, 1, HELD_BACK_SEED, 1 + HELD_BACK_SEED)
    used = {scene for seed in seeds for scene in scenes(synth_config(told, IMAGES, seed))}
    assert len(used) == 4 * IMAGES
    for test in course.tests:
        assert scenes(config_of(course, test, IMAGES)).isdisjoint(used), test


def test_no_seed_of_a_comparison_is_that_of_held_back_scenes_or_of_tests() -> None:
    seeds = set(range(1000))  # as many as CompareSettings lets a comparison have
    held = {seed + HELD_BACK_SEED for seed in seeds}
    tests = {config_of(course, test, IMAGES).seed for course in COURSES.values() for test in course.tests}
    assert seeds.isdisjoint(held) and tests.isdisjoint(seeds | held)
    with pytest.raises(ConfigError, match="seeds: expected 1 to 1,000"):
        CompareSettings(seeds=1001)
