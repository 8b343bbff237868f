"""Networks from pixels to answers: batches, gradients, learning 32 examples by heart, files."""

import json
import pickle
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from nmn.assembler.plan import plan
from nmn.assembler.trace import answer_text
from nmn.checkpoint import read_checkpoint, save_checkpoint
from nmn.errors import CheckpointError
from nmn.layout import Kind
from nmn.lexicon import load_lexicon
from nmn.models.build import Network, NetworkSettings, build_network, load_network, save_network
from nmn.modules.neural import vocabulary_of
from nmn.training.data import Asked, Questions, questions_of
from nmn.training.loss import answer_losses
from nmn.vision.cells import CellVision, PatchCNN
from nmn.vision.objects import ObjectEncoder, ObjectVision, cut_out
from nmn.vision.proposals import FINE_PX, Proposals, Proposer
from synth_data.house_styles import render_shapes
from synth_data.picture import index_mask, picture
from synth_data.scenes import scenes_for_answers
from tests.networks import (
    OBJECTS,
    assert_equal,
    cell_network,
    layouts,
    object_network,
    of_image,
    root_values,
    seen_objects,
)
from tests.worlds import examples, settings

IMAGES = 11


def seen_cells() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(3)
    return {"images": torch.randint(0, 256, (IMAGES, 3, 35, 35), generator=generator, dtype=torch.uint8)}


NETWORKS: dict[str, tuple[Callable[[], Network], Callable[[], dict[str, Tensor]]]] = {
    "cells": (cell_network, seen_cells),
    "objects": (object_network, lambda: seen_objects(IMAGES)),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_batch_gives_the_same_as_one_by_one_in_any_order_and_with_repeated_images(kind: str) -> None:
    model, seen = NETWORKS[kind][0]().model, NETWORKS[kind][1]()
    asked = layouts(2, 47)
    images = [place * 5 % 7 for place in range(len(asked))]  # images 7 to 10 are asked nothing
    together = root_values(model(seen, plan(asked, images)))
    alone = [
        root_values(model(of_image(seen, image), plan([layout], [0])))[0]
        for layout, image in zip(asked, images, strict=True)
    ]
    assert_equal(together, alone)
    backwards = root_values(model(seen, plan(asked[::-1], images[::-1])))
    assert_equal(backwards, together[::-1])


@pytest.mark.parametrize("kind", NETWORKS)
def test_gradients_reach_every_parameter_but_those_of_proposals(kind: str) -> None:
    model, seen = NETWORKS[kind][0]().model, NETWORKS[kind][1]()
    asked = layouts(4, 400)
    finished = model(seen, plan(asked, [place % IMAGES for place in range(len(asked))]))
    sum(value.square().sum() for value in root_values(finished)).backward()  # type: ignore[union-attr]
    without = {name for name, part in model.named_parameters() if part.grad is None or not part.grad.abs().sum() > 0}
    assert without == {name for name, _ in model.named_parameters() if name.startswith("vision.proposer")}


def learn(network: Network, questions: Questions, steps: int, rate: float) -> float:
    """Train on all questions at once; return the share that is answered right."""
    network.model.train()
    trained = [parameter for parameter in network.model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=rate, weight_decay=0)
    planned = plan(questions.layouts, questions.images.tolist())
    right = 0.0
    for _ in range(steps):
        losses = answer_losses(network.model(questions.seen, planned), questions.targets)
        optimizer.zero_grad()
        losses.loss.mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        right = losses.right.float().mean().item()
        if right == 1:
            break
    return right


def test_a_network_over_cells_learns_32_examples_by_heart() -> None:
    lexicon = load_lexicon("shapes")
    asked = examples(settings("shapes", size=32))
    answers = [bool(example.answer) for example in asked]
    scenes = scenes_for_answers([example.layout for example in asked], answers, seed=1)
    rng = np.random.default_rng(1)
    pictures = np.stack([render_shapes(scene, rng).transpose(2, 0, 1) for scene in scenes])
    words = vocabulary_of([example.layout for example in asked], lexicon)
    torch.manual_seed(1)
    network = build_network(
        NetworkSettings(regions="cells", grammar="shapes", lexicon="shapes", pixels=30, channels=23, units=3.0),
        words, CellVision(PatchCNN(23, 10)),
    )  # fmt: skip
    together = Asked(
        tuple(example.layout for example in asked),
        tuple(answer_text(answer, Kind.TRUTH) for answer in answers),
        ("",) * 32,
        tuple(scenes),
    )
    questions = questions_of(together, network.model.prepare(torch.from_numpy(pictures)), lexicon)
    assert learn(network, questions, steps=300, rate=0.01) == 1


def test_a_network_over_objects_learns_32_examples_by_heart() -> None:
    config = settings(
        size=32, families=["existence", "count", "query", "compare_counts"], pixels=64, min_objects=2, max_objects=3,
        shapes=["circle", "square", "star"], colors=["red", "green", "blue", "white"], textures=["solid"],
    )  # fmt: skip
    asked = examples(config)
    rng = np.random.default_rng(1)
    images = torch.from_numpy(np.stack([picture(example.scene, config, rng).transpose(2, 0, 1) for example in asked]))
    fine = replace(config, pixels=64 // FINE_PX)
    owners = torch.from_numpy(np.stack([index_mask(example.scene, fine) for example in asked]))
    most = max(len(example.scene.objects) for example in asked)
    boxes, mask = torch.zeros(32, most, 4), torch.zeros(32, most, dtype=torch.bool)
    for row, example in enumerate(asked):
        gold = torch.tensor([thing.box for thing in example.scene.objects])
        boxes[row, : len(gold)], mask[row, : len(gold)] = gold, True
    cut = cut_out(images / 255, Proposals(boxes, mask, mask.float(), owners))
    seen = {"boxes": boxes, "mask": mask, "scores": mask.float(), "owners": owners, **cut._asdict()}
    seen["size"] = torch.full((32, 2), 64.0)
    torch.manual_seed(1)
    vision = ObjectVision(Proposer(6, OBJECTS), ObjectEncoder(17, 13, 5))
    network = build_network(NetworkSettings(pixels=64), vocabulary_of([e.layout for e in asked], config.words), vision)
    together = Asked(
        tuple(e.layout for e in asked),
        tuple(answer_text(e.answer, e.layout.kind) for e in asked),
        tuple(e.family for e in asked),
        tuple(e.scene for e in asked),
    )
    assert learn(network, questions_of(together, seen, config.words), steps=400, rate=0.003) == 1


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, Network]:
    network = build_network(
        NetworkSettings(regions="cells", pixels=35, patch_px=5, channels=11), cell_network().vocabulary
    )
    network.model.eval()
    save_network(tmp_path / "a.safetensors", network, {"score": 0.5})
    return tmp_path / "a.safetensors", network


def test_a_network_from_a_file_gives_identical_answers(saved: tuple[Path, Network]) -> None:
    path, network = saved
    loaded = load_network(path)
    assert (loaded.settings, loaded.vocabulary, loaded.card) == (network.settings, network.vocabulary, {"score": 0.5})
    asked, seen = layouts(6, 31), seen_cells()
    planned = plan(asked, [place % IMAGES for place in range(31)])
    for one, other in zip(
        root_values(network.model(seen, planned)), root_values(loaded.model(seen, planned)), strict=True
    ):
        assert torch.equal(one, other)
    assert not loaded.model.training


def changed(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """Write a network again with other metadata."""
    state, about = read_checkpoint(path)
    change(about)
    save_checkpoint(path, state, about)
    return path


@pytest.mark.parametrize("kept", [0, 7, 100, -1])
def test_a_file_that_was_cut_short_is_refused(saved: tuple[Path, Network], kept: int) -> None:
    path, _ = saved
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=r"a\.safetensors: "):
        load_network(path)


def rewritten(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the JSON block of a file in place, as an editor would, and nothing else."""
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    block = json.loads(header["__metadata__"]["nmn"])
    change(block)
    header["__metadata__"]["nmn"] = json.dumps(block)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length :])


def test_a_file_of_another_version_is_refused(saved: tuple[Path, Network]) -> None:
    path, _ = saved
    rewritten(path, lambda block: block.update(version=99))
    with pytest.raises(CheckpointError, match="format 99; this nmn reads format 1: update nmn"):
        load_network(path)


def test_a_file_of_other_words_than_its_lexicon_has_is_refused(saved: tuple[Path, Network]) -> None:
    def rename(about: dict[str, Any]) -> None:
        about["vocabulary"]["attributes"]["color"] = ["red", "green", "mauve"]

    with pytest.raises(CheckpointError, match=r"its values of color are not those expected: .*has also mauve"):
        load_network(changed(saved[0], rename))


def test_words_that_changed_places_in_the_file_are_noticed(saved: tuple[Path, Network], tmp_path: Path) -> None:
    path = Path(copyfile(saved[0], tmp_path / "swapped.safetensors"))
    rewritten(path, lambda block: block["meta"]["vocabulary"]["attributes"]["color"].reverse())
    with pytest.raises(CheckpointError, match=r"swapped\.safetensors: its settings or words are not those"):
        load_network(path)
    rewritten(path, lambda block: block["meta"]["vocabulary"]["attributes"]["color"].reverse())
    assert load_network(path).vocabulary == saved[1].vocabulary


def test_a_file_of_fewer_words_than_its_weights_is_refused(saved: tuple[Path, Network]) -> None:
    def drop(about: dict[str, Any]) -> None:
        about["vocabulary"]["attributes"]["color"].pop()

    with pytest.raises(CheckpointError, match=r"has shape \[5\], this ModuleNetwork wants \[4\]|has shape \[5, 11\]"):
        load_network(changed(saved[0], drop))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda about: about.pop("network"), "no network: its metadata lacks 'network'"),
        (lambda about: about.update(detector={}), "holds a reader of NLVR's images, which has no modules"),
        (lambda about: about["network"].update(regions="boxes"), "regions: expected one of cells, objects"),
        (lambda about: about["network"].update(lexicon="mars"), "mars"),
        (lambda about: about["network"].update(chanels=3), 'unknown setting "chanels"; did you mean "channels"'),
        (lambda about: about.update(vocabulary=[]), "its vocabulary is malformed"),
        (
            lambda about: about["vocabulary"]["attributes"].update(taste=["sweet"]),
            "its values of taste are not those expected",
        ),
    ],
)
def test_a_file_whose_metadata_are_not_a_networks_is_refused(
    saved: tuple[Path, Network], change: Callable[[dict[str, Any]], None], reason: str
) -> None:
    with pytest.raises(CheckpointError, match=f"a.safetensors: .*{reason}"):
        load_network(changed(saved[0], change))


def test_a_pickle_is_refused_and_not_opened(tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "harm",))

    (tmp_path / "a").write_bytes(pickle.dumps(Harm()))
    with pytest.raises(CheckpointError, match="a pickle"):
        load_network(tmp_path / "a")
    assert not (tmp_path / "harm").exists()


def test_patches_reach_the_edge_of_an_image_that_they_do_not_divide() -> None:
    patches, image = PatchCNN(5, 10), torch.rand(1, 3, 25, 34)
    found = patches(image)
    assert found.shape == (1, 5, 3, 4)
    assert torch.allclose(found[..., :2, :3], patches(image[..., :20, :30]), atol=1e-6)
    changed = image.clone()
    changed[..., 24, 33] += 0.5
    assert not torch.equal(patches(changed)[..., 2, 3], found[..., 2, 3])
