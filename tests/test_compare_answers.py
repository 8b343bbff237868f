"""Statements of a comparison: answered as their scenes answer them, judged by a threshold from held-back ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

import nmn
import nmn.compare.answers as answering
from nmn.compare.answers import Asked, judges
from nmn.layout import parse_layout
from nmn.models.baselines import Baseline
from nmn.models.build import Network
from nmn.scene import SceneGraph
from nmn.training.systems import Shown
from synth_data.example import Example
from tests.systems import small
from tests.worlds import examples, settings

LAYOUT = parse_layout("exists(find[circle])")
NO_IMAGES = torch.zeros(0, 3, 5, 5, dtype=torch.uint8)


@dataclass
class Weighed(Asked):
    """Statements about two scenes: how well each fits is known beforehand."""

    fits: tuple[float, ...] = ()

    def seen_by(self, system: Network | Baseline, watch: Callable[[int, int], None]) -> dict[str, Tensor]:
        """Return nothing but how well the statements fit."""
        return {"fits": torch.tensor(self.fits)}


def weighed(first: str, second: str, *fits: float) -> Weighed:
    """Return a caption of each of two scenes: told of the first, denied of it, told of the second, denied of it."""
    scene = SceneGraph((), 64, 64)
    made = [Example(place, "existence", "", LAYOUT, True, scene, (), captions=(text,)) for place, text in
            enumerate((first, second))]  # fmt: skip
    return Weighed(Shown(tuple(made), NO_IMAGES), 2, fits=fits)


@pytest.fixture(autouse=True)
def _known_margins(monkeypatch: pytest.MonkeyPatch) -> None:
    def margins(system: Baseline, texts: Sequence[str], images: Sequence[int], seen: dict[str, Tensor]) -> Tensor:
        assert (len(texts), list(images)) == (4, [0, 0, 1, 1])
        return seen["fits"]

    monkeypatch.setattr(answering, "margins", margins)


def test_a_judge_is_given_the_threshold_that_parts_held_back_statements() -> None:
    """Held-back ones are parted at 2, those of the test at 0: by the former, one that is true there is judged false."""
    held = weighed("a red circle", "a blue square", 3.0, 1.0, 4.0, 0.0)
    asked = weighed("a green ring", "a grey star", 2.5, -1.0, 1.0, -3.0)
    assert judges(small("dual_encoder"), held, asked) == {"right": 3, "of": 4, "threshold": 2.0}
    assert judges(small("dual_encoder"), asked, held) == {"right": 3, "of": 4, "threshold": 0.0}


def test_what_answers_but_does_not_judge_is_asked_no_statements() -> None:
    asked = weighed("a red circle", "a blue square", 0.0, 0.0, 0.0, 0.0)
    assert judges(small("film"), asked, asked) == {}


def test_a_statement_is_answered_as_its_scene_answers_it() -> None:
    made = examples(settings(size=20, shard_size=20, captions=2, families=("existence",)))
    asked = Asked(Shown(made, NO_IMAGES), 20).statements.examples
    assert {one.answer for one in asked} == {True, False}
    for one in asked:
        assert nmn.run(one.layout, one.scene).value is one.answer, (one.text, one.number)
