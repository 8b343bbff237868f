"""Asking images: every form that an image comes in, one or many, of one size or several."""

import copy
import json
import pickle
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

import nmn
from nmn.answer import Answer
from nmn.app.runs import Runs
from nmn.checkpoint import shipped, weights_file
from nmn.errors import ArgumentError, CheckpointError, ConfigError, ImageError, QuestionError, SceneError
from nmn.layout import Kind
from nmn.models.baselines import save_baseline
from nmn.models.build import save_network
from nmn.models.classifier import ClassifierSettings, build_classifier, load_classifier, save_classifier
from nmn.reasoner import Reasoner, load, nlvr_reader
from tests.networks import cell_network, object_network
from tests.systems import small

QUESTIONS = ("Is there a red square?", "How many blue shapes are there?", "What color is the square?", "the red square")


def reasoner(objects: bool) -> Reasoner:
    network = object_network() if objects else cell_network()
    settings = replace(network.settings, lexicon="world", grammar="world", pixels=64 if objects else 35)
    if objects:  # so that there are proposals, a peak wherever the random map has one
        for head in ("coarse", "fine"):  # objects everywhere
            torch.nn.init.constant_(network.model.get_parameter(f"vision.proposer.{head}.1.bias"), 1.0)
    return Reasoner(replace(network, settings=settings), device="cpu")


def image(seed: int = 0, height: int = 35, width: int = 35) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (3, height, width), generator=generator, dtype=torch.uint8)


def assert_same(one: Answer, other: Answer) -> None:
    assert (one.value, one.kind, one.layout, one.reading) == (other.value, other.kind, other.layout, other.reading)
    assert one.confidence == pytest.approx(other.confidence, abs=1e-5)
    assert one.distribution == pytest.approx(other.distribution, abs=1e-5)
    for first, second in zip(one.trace.calls, other.trace.calls, strict=True):
        assert first.raw == pytest.approx(second.raw, abs=1e-5)
    assert one.view is not None and other.view is not None
    assert torch.allclose(one.view.boxes, other.view.boxes, atol=1e-3)


@pytest.mark.parametrize("objects", [False, True])
def test_an_image_gives_the_same_answer_in_every_form(tmp_path: Path, objects: bool) -> None:
    asked, pixels = reasoner(objects), image(height=64, width=64)
    array = pixels.permute(1, 2, 0).numpy()
    Image.fromarray(array).save(tmp_path / "a.png")
    forms = (
        pixels, array, Image.fromarray(array), tmp_path / "a.png", str(tmp_path / "a.png"),
        (tmp_path / "a.png").read_bytes(), pixels.float() / 255, array.astype(np.float64) / 255,
    )  # fmt: skip
    for question in QUESTIONS:
        first, *others = [asked.ask(form, question) for form in forms]
        for other in others:
            assert_same(first, other)


@pytest.mark.parametrize("objects", [False, True])
def test_images_of_several_sizes_are_asked_together_as_one_by_one(objects: bool) -> None:
    asked = reasoner(objects)
    side = 64 if objects else 35
    sizes = [(side, side), (side * 2, side * 2), (side, side), (3 * side, 3 * side)]
    if objects:
        sizes += [(30, 64), (64, 30), (61, 120)]
    images = [image(seed, *size) for seed, size in enumerate(sizes)]
    chosen = [place * 3 % len(images) for place in range(17)]
    questions = [QUESTIONS[place % len(QUESTIONS)] for place in range(17)]
    together = asked.ask_many([images[place] for place in chosen], questions)
    for answer, place, question in zip(together, chosen, questions, strict=True):
        assert_same(answer, asked.ask(images[place], question))
        assert answer.view is not None and torch.equal(answer.view.pixels, images[place])
        assert answer.view.boxes.shape[0] >= 1


class Lazy(Sequence[Tensor]):
    """Images that are made whenever they are asked for."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, at: Any) -> Any:
        if at >= 3:
            raise IndexError
        return image(seed=at)


@pytest.mark.parametrize("form", ["array", "tensor", "lazy"])
def test_images_that_are_made_anew_each_time_are_not_taken_for_each_other(form: str) -> None:
    asked, images = reasoner(objects=False), [image(seed=seed) for seed in range(3)]
    batch: Any = Lazy()
    if form != "lazy":
        batch = torch.stack(images) if form == "tensor" else torch.stack(images).permute(0, 2, 3, 1).numpy()
    for one, picture in zip(asked.ask_many(batch, QUESTIONS[:3]), images, strict=True):
        assert one.view is not None and torch.equal(one.view.pixels, picture)


def test_many_questions_are_asked_in_batches_of_a_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, images = reasoner(objects=False), [image(seed, 35, 35) for seed in range(5)]
    many = [images[place * 3 % 5] for place in range(17)]
    questions = [QUESTIONS[place % len(QUESTIONS)] for place in range(17)]
    whole = asked.ask_many(many, questions)
    monkeypatch.setattr("nmn.reasoner.batches.ASKED_AT_ONCE", 4)
    for one, other in zip(whole, asked.ask_many(many, questions), strict=True):
        assert_same(one, other)
    layouts = [asked.read(question).layout for question in questions]
    batches = [ran.asked for ran in asked.runs(many, layouts)]
    assert [len(batch) for batch in batches] == [4, 4, 4, 4, 1]
    assert sorted(at for batch in batches for at in batch) == list(range(17))
    assert max(len({id(many[at]) for at in batch}) for batch in batches) <= 2  # an image's questions stay together


def test_an_answer_says_what_it_is_and_how_sure() -> None:
    asked = reasoner(objects=False)
    truth, number, value, referred = (asked.ask(image(), question) for question in QUESTIONS)
    assert [answer.kind for answer in (truth, number, value, referred)] == [
        Kind.TRUTH, Kind.NUMBER, Kind.ATTRIBUTE, Kind.ATTENTION
    ]  # fmt: skip
    assert truth.value in (True, False) and truth.distribution.keys() <= {"yes", "no"}
    assert isinstance(number.value, int) and number.distribution[str(number.value)] == number.confidence
    assert value.value in ("red", "green", "blue")
    assert max(value.distribution, key=value.distribution.__getitem__) == value.value
    assert sum(value.distribution.values()) == pytest.approx(1, abs=0.01)
    assert isinstance(referred.value, tuple) and not referred.distribution
    for answer in (truth, number, value, referred):
        assert 0 <= answer.confidence <= 1 and answer.to_json()["regions"]


def test_a_layout_is_run_as_the_question_that_means_it() -> None:
    asked = reasoner(objects=False)
    answer = asked.ask(image(), QUESTIONS[0])
    assert answer.layout is not None
    for layout in (answer.layout, str(answer.layout)):
        run = asked.run(image(), layout)
        assert run.value == answer.value and run.reading is None
        assert run.confidence == pytest.approx(answer.confidence)


def test_attention_is_shown_where_the_regions_are() -> None:
    asked = reasoner(objects=False)
    answer = asked.run(image(height=70, width=70), "find[red]")
    assert answer.view is not None
    heat = answer.view.heat(answer.trace.root.raw)
    assert heat.shape == (70, 70)
    assert heat[::10, ::10].flatten().tolist() == pytest.approx(list(answer.trace.root.raw))


def rebuilt(data: dict[str, Any], attention: Sequence[float]) -> Any:
    """Return an attention as a heat map [height width], from nothing but an answer's JSON."""
    size = data["image"]["height"], data["image"]["width"]
    if data["owner_rows"] is not None:
        rows = [np.repeat(runs[::2], runs[1::2]) for _, *runs in data["owner_rows"]]
        owners = np.repeat(rows, [count for count, *_ in data["owner_rows"]], axis=0)
        assert owners.shape == size
        return np.array([0.0, *attention], np.float32)[owners]
    heat = np.zeros(size, np.float32)
    for truth, box in sorted(zip(attention, data["regions"], strict=True)):
        left, top, right, bottom = (max(0, round(side)) for side in box)
        heat[top:bottom, left:right] = truth
    return heat


@pytest.mark.parametrize(("objects", "size"), [
    (True, (256, 256)), (True, (90, 131)), (False, (35, 35)), (False, (50, 71)), (False, (71, 50)),
])  # fmt: skip
def test_every_attention_is_a_heat_map_of_the_graph_and_of_the_json(objects: bool, size: tuple[int, int]) -> None:
    """The weights that ship see objects; the small network sees the cells of a grid, here under a border too."""
    shown = Image.open("nmn/scenes/demo.png").convert("RGB").resize(size[::-1])
    asked = load(device="cpu") if objects else reasoner(objects=False)
    answer = asked.ask(shown, "What color is the square left of a red shape?")
    data, nodes = json.loads(json.dumps(answer.to_json())), answer.trace.graph.nodes
    assert {call["module"] for call in data["trace"]} == {"find", "relate", "and", "unique", "describe"}
    for number, call in enumerate(data["trace"]):
        if call["kind"] != "attention":
            assert nodes[number].keys() == {"module", "argument", "kind", "value"}
            continue
        attention, heat = nodes[number]["attention"], nodes[number]["heat"]
        assert attention.dtype == heat.dtype == np.float32
        assert attention.shape == (len(data["regions"]),) and attention.tolist() == call["raw"]
        assert heat.shape == size and heat.min() >= 0 and 0 < heat.max() <= 1
        assert np.array_equal(rebuilt(data, call["raw"]), heat)


def test_heat_is_where_the_thing_is() -> None:
    found = load(device="cpu").ask("nmn/scenes/demo.png", "Is there a star?").trace.graph.nodes[0]
    star = nmn.read_scene("nmn/scenes/demo.json").objects[2]
    left, top, right, bottom = (round(side * 4) for side in star.box)  # the picture is the scene's, four times as large
    assert found["heat"][(top + bottom) // 2, (left + right) // 2] == found["attention"].max() > 0.9
    found["heat"][top - 2 : bottom + 2, left - 2 : right + 2] = 0
    assert found["heat"].max() < 0.1


def test_what_cannot_be_asked_is_refused() -> None:
    asked = reasoner(objects=False)
    with pytest.raises(ArgumentError, match='unknown value "purple"'):
        asked.ask(image(), "Is there a purple square?")
    with pytest.raises(QuestionError):
        asked.ask(image(), "Is there a rde square?")
    assert asked.run(image(), "at_side[left]").kind is Kind.ATTENTION
    with pytest.raises(ArgumentError, match=r"near_side\[left\]: nothing that the network was trained on uses"):
        asked.run(image(), "near_side[left]")
    with pytest.raises(ImageError):
        asked.ask(Path("nowhere.png"), QUESTIONS[0])
    with pytest.raises(ConfigError, match="as many images as questions are needed, got 2 and 1"):
        asked.ask_many([image(), image()], QUESTIONS[:1])
    with pytest.raises(ValueError, match="questions: expected a list, one for each, got str"):
        asked.ask_many([image()], "?")
    with pytest.raises(ImageError, match="an empty path"):
        asked.ask("", QUESTIONS[0])
    assert asked.ask_many([], []) == []


def test_an_answer_keeps_its_picture_when_the_memory_it_came_in_holds_another() -> None:
    asked, frame = reasoner(objects=False), image()
    before, answer = frame.clone(), asked.ask(frame, QUESTIONS[0])
    frame.zero_()
    assert answer.view is not None and torch.equal(answer.view.pixels, before)


def test_answers_and_what_explains_them_can_be_compared() -> None:
    asked = reasoner(objects=False)
    one, again, other = (asked.ask(image(), question) for question in (*QUESTIONS[:1] * 2, QUESTIONS[1]))
    assert one == again and one != other and copy.deepcopy(one) == one
    assert nmn.explain(one) == nmn.explain(again) != nmn.explain(other)
    scene = nmn.SceneGraph((nmn.SceneObject({"shape": "circle", "color": "red"}, (2, 2, 12, 12)),), 64, 64)
    exact = nmn.ask_scene(scene, QUESTIONS[0])
    assert pickle.loads(pickle.dumps(exact)) == exact


def test_a_trained_network_is_loaded_from_its_file_or_folder(tmp_path: Path) -> None:
    from nmn.models.build import NetworkSettings, build_network

    network = build_network(
        NetworkSettings(regions="cells", pixels=35, patch_px=5, channels=11), cell_network().vocabulary
    )
    save_network(tmp_path / "network.safetensors", network, {})
    first, second = (
        load(path, device="cpu").ask(image(), QUESTIONS[1]) for path in (tmp_path, tmp_path / "network.safetensors")
    )
    assert_same(first, second)


def test_weights_that_ship_are_meant_whatever_else_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ours = weights_file(None)
    for name in ("world", "nlvr"):
        Path(name).mkdir()
    assert weights_file("world") == ours == shipped("world")
    assert list(Runs().by_name) == ["exact", "world", "nlvr"]
    for name in ("world", "nlvr"):
        (Path(name) / "network.safetensors").write_bytes(b"no network")
    assert weights_file("world") == Path("world/network.safetensors")  # a run that is named
    assert weights_file(None) == ours
    assert list(Runs().by_name) == ["exact", "world", "nlvr"]
    assert nlvr_reader().detector is not None
    (tmp_path / "run.safetensors").write_bytes(b"")
    (tmp_path / "run").mkdir()
    with pytest.raises(CheckpointError, match="it holds no run"):
        weights_file(tmp_path / "run")  # and not the file beside it


@pytest.mark.parametrize(("text", "value", "confidence"), [
    ("describe[color](find[circle])", ("red", "blue"), 1.0), ("describe[color](find[heart])", None, 1.0),
])  # fmt: skip
def test_several_values_and_none_are_sure_where_all_of_them_are(text: str, value: object, confidence: float) -> None:
    answer = nmn.run(text, "nmn/scenes/demo.json")
    assert (answer.value, answer.confidence) == (value, confidence)


def test_more_things_than_can_be_seen_are_no_silent_sixteen() -> None:
    image = torch.tensor((59, 61, 87), dtype=torch.uint8).view(3, 1, 1).repeat(1, 256, 256)
    for place in range(20):
        top, left = 8 + 50 * (place // 4), 8 + 60 * (place % 4)
        image[:, top : top + 36, left : left + 36] = torch.tensor((224, 24, 34)).view(3, 1, 1)
    answers = load(device="cpu").ask_many([image, "nmn/scenes/demo.png"], ["how many squares are there?"] * 2)
    assert [str(answer) for answer in answers] == ["16", "1"]
    assert [answer.problems for answer in answers] == [
        ("16 things are seen, as many as can be; there may be more",),
        (),
    ]


def test_loading_draws_no_number_of_the_callers(tmp_path: Path) -> None:
    save_baseline(tmp_path / "film.safetensors", small("film"), {})
    classes = ("circle", "square")
    save_classifier(tmp_path / "classes.safetensors", build_classifier(ClassifierSettings(pixels=32), classes), {})
    loaders: tuple[Callable[[], object], ...] = (
        lambda: load("world", device="cpu"), lambda: load(tmp_path / "film.safetensors", device="cpu"), nlvr_reader,
        lambda: load_classifier(tmp_path / "classes.safetensors"),
    )  # fmt: skip
    for loads in loaders:
        torch.manual_seed(0)
        expected = torch.rand(3)
        torch.manual_seed(0)
        loads()
        assert torch.equal(torch.rand(3), expected)


def test_what_is_no_path_is_no_file() -> None:
    with pytest.raises(CheckpointError, match="expected a path, or the name of weights that ship, got 5"):
        load(5)  # type: ignore[arg-type]
    with pytest.raises(SceneError, match="got dict; scene_from_json takes data"):
        nmn.read_scene({"objects": []})


def test_one_image_is_no_list_of_images() -> None:
    asked, one = reasoner(objects=False), "nmn/scenes/demo.png"
    for images, questions in ((one, QUESTIONS[:1]), (Path(one), QUESTIONS[:1]), ([one], QUESTIONS[0])):
        with pytest.raises(ConfigError, match=r"expected a list, one for each, got (str|PosixPath)"):
            asked.ask_many(images, questions)  # type: ignore[arg-type]
    assert asked.ask_many({"a": one}.values(), QUESTIONS[:1])[0].value is not None  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="got generator"):
        asked.ask_many((one for _ in range(1)), QUESTIONS[:1])  # type: ignore[arg-type]


def test_an_answer_can_be_a_key_and_is_no_truth_value_itself() -> None:
    answers = [nmn.run("exists(find[heart])", "nmn/scenes/demo.json") for _ in range(2)]
    assert answers[0].value is False and len(set(answers)) == 1
    assert repr(answers[0]) == "<Answer 'no', 100.0 %: exists(find[heart])>"
    with pytest.raises(TypeError, match=r"answer\.value"):
        bool(answers[0])


def test_a_file_at_fault_is_named(tmp_path: Path) -> None:
    square, mars = tmp_path / "square.png", tmp_path / "mars.json"
    Image.new("RGB", (64, 64)).save(square)
    mars.write_text(Path("nmn/scenes/demo.json").read_text().replace('"world": "world"', '"world": "mars"'))
    with pytest.raises(ImageError, match=f"^{square}: a picture of 3 square panels"):
        load("nlvr_cells", device="cpu").ask(square, "there is a circle")
    with pytest.raises(SceneError, match=f"^{mars}: world: no lexicon 'mars'"):
        nmn.ask_scene(mars, "is there a circle?")
    with pytest.raises(SceneError, match=f"^{mars}: world: no lexicon 'mars'"):
        nmn.run("exists(find[red])", mars)


def test_the_shipped_weights_see_the_bundled_image_as_its_scene_says() -> None:
    things = ("red circle", "blue square", "star", "triangle", "blue circle", "ring")
    relations = ("left of", "right of", "above", "below", "larger than", "smaller than", "near", "touching")
    values = ("small", "medium", "large", "red", "blue", "solid", "a circle", "a square", "the leftmost thing")
    asked = [f"is the {one} {how} the {other}?" for one, other in permutations(things, 2) for how in relations]
    asked += [f"is the {thing} {value}?" for thing in things for value in values]
    seen = load(device="cpu").ask_many(["nmn/scenes/demo.png"] * len(asked), asked)
    known = [nmn.ask_scene("nmn/scenes/demo.json", question) for question in asked]
    assert [str(answer) for answer in seen] == [str(answer) for answer in known]
