"""Networks on generated datasets: which region is which object, edits that are followed, cells over any backbone."""

import json
from dataclasses import replace
from pathlib import Path
from shutil import copyfile

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from nmn.assembler.trace import answer_text
from nmn.cli import app
from nmn.errors import ArgumentError, ConfigError
from nmn.evaluation.faithfulness import Faithfulness
from nmn.evaluation.generated import (
    Counterfactual,
    counterfactual,
    image_examples,
)
from nmn.evaluation.neural import evaluate_neural
from nmn.layout import parse_layout
from nmn.lexicon import load_lexicon
from nmn.models.build import NetworkSettings, build_network, load_network, save_network
from nmn.modules.exact import encode
from nmn.modules.neural import vocabulary_of
from nmn.reasoner import Reasoner, keep_features, load
from nmn.scene import SceneGraph, SceneObject
from nmn.training.run import load_settings, train
from nmn.vision.cells import CellVision
from nmn.vision.grid import grid_regions
from nmn.vision.matching import SAME, match_cells, match_objects, overlap
from synth_data.config import load_config
from synth_data.dataset import read_dataset
from synth_data.example import Example
from synth_data.generate import generate
from synth_data.picture import picture
from synth_data.render import masks
from synth_data.scenes import draw_scenes
from synth_data.write import write_dataset

WORLD = load_lexicon("world")
RED = parse_layout("exists(find[red])")


def scene(*boxes: tuple[float, float, float, float]) -> SceneGraph:
    return SceneGraph(tuple(SceneObject({"color": "red", "shape": "circle"}, box) for box in boxes), 64, 64)


def test_overlap_is_intersection_over_union() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]])
    assert overlap(boxes[:1], boxes)[0].tolist() == pytest.approx([1, 50 / 150, 0])


def test_regions_are_the_objects_that_their_boxes_cover_best() -> None:
    """Regions of the exact library stand for proposals: those of one scene are matched with objects of another."""
    seen = encode([scene((0, 0, 10, 10), (30, 30, 40, 40), (50, 50, 60, 60))], WORLD)
    gold = scene((31, 30, 41, 40), (1, 0, 11, 10), (0, 1, 10, 11))
    match = match_objects(seen, [gold])[0].tolist()
    assert match[1] == 0 and match[0] in (1, 2) and match[2] == -1  # no object twice, none where nothing is


def test_regions_are_the_same_objects_by_what_is_seen_of_both() -> None:
    """By the pixels that each region owns and those that show each object, instead of by boxes."""
    config, rng = load_config("varied"), np.random.default_rng(17)
    scenes = draw_scenes(config, 100, rng)
    images = [Image.fromarray(picture(scene, config, rng)) for scene in scenes]
    reasoner, regions, alike = load("world", device="cpu"), 0, 0
    assert isinstance(reasoner, Reasoner)
    for ran in reasoner.runs(images, [RED] * len(images)):
        by_box = match_objects(ran.run.regions, [scenes[at] for at in ran.asked]).tolist()
        for at, view, found in zip(ran.asked, ran.views, by_box, strict=True):
            assert view.owners is not None
            owned = view.owners == torch.arange(1, len(view.boxes) + 1).view(-1, 1, 1)
            shown = torch.from_numpy(masks(scenes[at], config.pixels))
            shared, total = (of(owned[:, None], shown).sum((2, 3)) for of in (torch.logical_and, torch.logical_or))
            for region, objects in enumerate(shared / total.clamp(min=1)):
                alike += int(objects.argmax()) == found[region] if objects.max() >= SAME else found[region] < 0
                regions += 1
    assert regions > 500 and alike >= 0.995 * regions


def test_a_network_of_shapes_files_answers_a_generated_dataset_of_them(shapes_run: Path, tmp_path: Path) -> None:
    write_dataset(load_config("shapes", size=200, relations=["above", "left_of"]), tmp_path)
    examples = [example for _, example in image_examples(read_dataset(tmp_path))]
    report = evaluate_neural(load(shapes_run), examples)
    assert sum(record.right for record in report.records) > 170  # with red and blue exchanged some 125


def test_cells_are_the_object_that_their_middle_is_in() -> None:
    cells = grid_regions(torch.zeros(1, 3, 2, 2), 128, 128)  # twice as fine as the scene
    assert match_cells(cells, [scene((0, 0, 20, 20), (40, 10, 60, 60))])[0].tolist() == [0, 1, -1, 1]


def test_edits_are_followed_where_both_answers_are_right() -> None:
    layout, other = RED, parse_layout("exists(find[blue])")
    drawn = scene((0, 0, 9, 9))
    examples = [
        Example(number, "existence", "", asked, answer, drawn, (), "", number // 4)
        for number, (asked, answer) in enumerate(
            [(layout, True), (other, False), (layout, False), (other, True)] * 2
        )
    ]  # fmt: skip
    right = [True, True, True, False, True, True, True, True]
    faithful = [True] * 6 + [False, True]
    assert counterfactual(examples, right, faithful) == Counterfactual(pairs=4, answers=3, calls=2)
    assert Counterfactual(4, 3, 2).to_json() == {"pairs": 4, "answers": 0.75, "calls": 0.5}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small dataset with images."""
    folder = tmp_path_factory.mktemp("data") / "varied"
    write_dataset(load_config("varied", size=24, seed=3, shard_size=12, families=["count", "query", "refer"]), folder)
    return folder


def test_predictions_do_not_rest_on_answers_or_scenes(dataset: Path) -> None:
    made, examples = zip(*image_examples(read_dataset(dataset)), strict=True)
    assert {example.family for example in examples} == {"count", "query"}  # a pointing answer is no word
    network = build_network(NetworkSettings(), vocabulary_of([one.layout for one in made], WORLD))
    reasoner, scores = Reasoner(network, "cpu"), Faithfulness([one.scene for one in made], WORLD, match_objects)
    report = evaluate_neural(reasoner, examples, scores)
    stripped = evaluate_neural(reasoner, [replace(one, answer=None, scene=None) for one in examples])
    assert [one.predicted for one in report.records] == [one.predicted for one in stripped.records]
    assert scores.total.calls == sum(len(one.layout.calls) for one in made)


def test_predictions_are_lines_of_json_by_the_numbers_of_the_examples(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    command = ["evaluate", "generated", "--data", str(dataset), "--predictions", str(out)]
    result = CliRunner().invoke(app, command)
    made = [example for example, _ in image_examples(read_dataset(dataset))]
    assert result.exit_code == 0 and f"{len(made)} predictions written to {out}" in result.output
    pointing = len(read_dataset(dataset)) - len(made)
    assert pointing > 0 and f"left out: {pointing} that point at objects" in result.output
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [(line["number"], line["question"]) for line in lines] == [(one.number, one.text) for one in made]
    texts = [answer_text(one.answer, one.layout.kind) for one in made]
    assert sum(line["predicted"] == text for line, text in zip(lines, texts, strict=True)) > 0.9 * len(made)
    gone = CliRunner().invoke(app, [*command[:-1], str(tmp_path / "gone" / "out.jsonl")])
    assert gone.exit_code == 2 and "gone" in gone.stderr and "cannot be written" in gone.stderr


def cells(**settings: object) -> NetworkSettings:
    return NetworkSettings(regions="cells", channels=5, **settings)  # type: ignore[arg-type]


def test_a_frozen_backbone_reads_each_image_once_and_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = build_network(cells(backbone="small", frozen=True, pixels=32), vocabulary_of([RED], WORLD))
    image = torch.randint(0, 256, (3, 32, 32), dtype=torch.uint8)
    plain = Reasoner(network, "cpu").run(image, RED)
    keep_features(network.model, tmp_path)
    first = Reasoner(network, "cpu").run(image, RED)
    vision = network.model.vision
    assert isinstance(vision, CellVision)
    monkeypatch.setattr(vision.backbone, "forward", None)  # whoever calls it now fails
    again = Reasoner(network, "cpu").run(image, RED)
    assert again.confidence == first.confidence == pytest.approx(plain.confidence, abs=1e-6)


def test_features_that_training_changes_are_not_kept(tmp_path: Path) -> None:
    for settings, message in (
        (cells(backbone="small", pixels=32), "cannot be kept"),
        (cells(patch_px=8, pixels=32), "cannot be kept"),
        (NetworkSettings(), "no cells of a frozen backbone"),
    ):
        with pytest.raises(ConfigError, match=message):
            keep_features(build_network(settings, vocabulary_of([RED], WORLD)).model, tmp_path)


def test_cells_of_a_frozen_backbone_are_trained_on_generated_questions(tmp_path: Path) -> None:
    changes = [
        "regions=cells", "backbone=small", "frozen=true", "channels=7", "images=16", "held_back=8", "each=2", "steps=3",
        "batch=4", "threads=1", f"cache={tmp_path / 'cache'}",
    ]  # fmt: skip
    source = Path(__file__).parent.parent / "configs" / "world.toml"
    outcome = train(load_settings(source, changes), tmp_path / "run")
    assert outcome.accuracy is not None and 0 <= outcome.accuracy <= 1
    assert list((tmp_path / "cache").rglob("*.safetensors"))


def test_words_of_sides_that_were_not_learned_are_refused() -> None:
    reasoner = Reasoner(build_network(NetworkSettings(), vocabulary_of([RED], WORLD)), "cpu")
    with pytest.raises(ArgumentError, match=r"at_side\[wall\]: nothing that the network was trained on uses"):
        reasoner.ask(torch.zeros(3, 32, 32, dtype=torch.uint8), "is a red thing touching a wall?")


def test_a_network_over_a_pretrained_backbone_needs_no_other_file(tmp_path: Path) -> None:
    random = build_network(cells(backbone="resnet18", pixels=64), vocabulary_of([RED], WORLD))
    pretrained = replace(random, settings=replace(random.settings, weights=str(tmp_path / "gone.safetensors")))
    save_network(tmp_path / "network.safetensors", pretrained, {})
    loaded = load_network(tmp_path / "network.safetensors")
    assert loaded.settings == pretrained.settings
    image = torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8)
    answers = [Reasoner(one, "cpu").run(image, RED).confidence for one in (random, loaded)]
    assert answers[0] == answers[1]


def test_a_run_with_proposals_goes_on_as_if_it_had_trained_them(tmp_path: Path) -> None:
    changes = ["images=8", "held_back=4", "each=2", "steps=2", "batch=4", "threads=1"]
    changes += ["proposal_scenes=32", "proposal_steps=2", "proposal_batch=4"]
    settings = load_settings(Path(__file__).parent.parent / "configs" / "world.toml", changes)
    train(settings, tmp_path / "whole")
    (tmp_path / "stopped").mkdir()
    copyfile(tmp_path / "whole" / "proposals.safetensors", tmp_path / "stopped" / "proposals.safetensors")
    train(settings, tmp_path / "stopped")
    one, other = (
        load_network(tmp_path / name / "network.safetensors").model.state_dict() for name in ("whole", "stopped")
    )
    assert all(torch.equal(weights, other[name]) for name, weights in one.items())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["data=shapes", "regions=objects"], "SHAPES is trained over cells"),
        (["cache=somewhere"], "only the features of a frozen backbone"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(changes: list[str], message: str, tmp_path: Path) -> None:
    source = Path(__file__).parent.parent / "configs" / "world.toml"
    with pytest.raises(ConfigError, match=message):
        train(load_settings(source, changes), tmp_path / "run")


def test_generated_texts_are_read_by_the_networks_grammar() -> None:
    config = load_config("varied", size=4, seed=1, families=["count"])
    examples = list(generate(config))
    network = build_network(NetworkSettings(), vocabulary_of([one.layout for one in examples], WORLD))
    assert [Reasoner(network, "cpu").read(one.text).layout for one in examples] == [one.layout for one in examples]


def test_a_dataset_of_panels_is_refused_by_a_network_of_whole_images(tmp_path: Path) -> None:
    write_dataset(load_config("pairs", size=2), tmp_path)
    result = CliRunner().invoke(app, ["evaluate", "generated", "--data", str(tmp_path)])
    assert result.exit_code == 2 and "its scenes have 2 panels, the network sees 1" in result.output


@pytest.mark.parametrize(("seed", "warned"), [(0, True), (5, False)])
def test_a_dataset_with_the_seed_of_the_training_is_pointed_out(tmp_path: Path, seed: int, warned: bool) -> None:
    write_dataset(load_config("nlvr", size=2, seed=seed, families=["number"]), tmp_path)
    result = CliRunner().invoke(app, ["evaluate", "generated", "--data", str(tmp_path), "--model", "nlvr_cells"])
    assert result.exit_code == 0 and ("has the preset and the seed" in result.stderr) is warned
