"""Gold attentions as a teacher: what the loss is of runs that attend as the exact one does, and of others."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from nmn.assembler.execute import Run, execute
from nmn.assembler.plan import plan
from nmn.errors import ConfigError
from nmn.layout import Kind, parse_layout
from nmn.lexicon import load_lexicon
from nmn.modules.exact import encode, exact_library
from nmn.scene import SceneGraph, SceneObject
from nmn.training.attentions import attention_loss, teacher
from nmn.training.data import TaughtQuestions
from nmn.training.loss import FLOOR
from nmn.training.run import load_settings, train
from nmn.vision.matching import MATCHES, match_objects

WORLD = load_lexicon("world")
SCENE = SceneGraph(
    (
        SceneObject({"color": "red", "shape": "circle"}, (0, 0, 10, 10)),
        SceneObject({"color": "blue", "shape": "star"}, (40, 40, 60, 60)),
    ),
    64, 64,
)  # fmt: skip


def run(scene: SceneGraph) -> Run:
    """Return the exact run of a layout with three attentions, find[red], find[circle] and both."""
    planned = plan([parse_layout("exists(and(find[red], find[circle]))")])
    return execute(planned, exact_library(WORLD), encode([scene], WORLD))


def test_attending_as_the_exact_calls_do_costs_next_to_nothing() -> None:
    assert attention_loss(run(SCENE), [SCENE], WORLD, match_objects).item() == pytest.approx(FLOOR, rel=0.1)


def test_every_wrong_region_of_every_call_costs() -> None:
    right = run(SCENE)
    attended = right.values[Kind.ATTENTION].clone()
    attended[:, 1] = 0.5  # of three calls, on one of two regions
    wrong = replace(right, values={**right.values, Kind.ATTENTION: attended})
    assert attention_loss(wrong, [SCENE], WORLD, match_objects).item() == pytest.approx(0.5 * 0.693, rel=0.01)


def test_a_region_that_is_no_object_should_not_be_attended() -> None:
    elsewhere = replace(SCENE, objects=(replace(SCENE.objects[0], box=(20, 20, 30, 30)), SCENE.objects[1]))
    loss = attention_loss(run(SCENE), [elsewhere], WORLD, match_objects)
    assert loss.item() == pytest.approx(0.5 * -torch.tensor(FLOOR).log().item(), rel=0.01)


@pytest.mark.parametrize("regions", sorted(MATCHES))
def test_a_teacher_weighs_its_loss_and_matches_what_the_regions_are(regions: str) -> None:
    """The scene's circle lies within the region but fills a part of it alone: a match for cells, for objects none."""
    attended = run(SCENE)
    within = replace(SCENE, objects=(replace(SCENE.objects[0], box=(2, 2, 7, 7)), SCENE.objects[1]))
    layouts = attended.plan.layouts
    asked = TaughtQuestions(torch.tensor([0]), {}, layouts, torch.tensor([1]), ("",), (within,))
    loss = teacher(WORLD, 2.5, MATCHES[regions])(attended, asked)
    by_match = {name: attention_loss(attended, [within], WORLD, match) for name, match in MATCHES.items()}
    assert by_match["objects"] > 10 * by_match["cells"]
    assert loss.item() == pytest.approx(2.5 * by_match[regions].item())


def test_gold_attentions_are_for_module_networks_alone(tmp_path: Path) -> None:
    settings = load_settings("configs/world.toml", ["model=cnn_rnn", "regions=cells", "attentions=1"])
    with pytest.raises(ConfigError, match="attentions: cnn_rnn has none"):
        train(settings, tmp_path / "run")
