"""Other people's formats: what is written is read back, by our own readers where there are any."""

import io
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nmn.data.clevr import read_clevr, read_clevr_images
from nmn.data.coco import read_coco_captions
from nmn.data.shapes import read_shapes
from nmn.errors import ConfigError, DataError
from nmn.layout import parse_layout
from nmn.lexicon import load_lexicon
from nmn.scene import SceneGraph, SceneObject, scene_from_json
from nmn.vision.image import load_image
from synth_data.config import load_config
from synth_data.dataset import Dataset, read_dataset
from synth_data.example import Example
from synth_data.export import FORMATS, export_dataset
from synth_data.export.nlvr import PERMUTATIONS, orders
from synth_data.export.parquet import hugging_face_features
from synth_data.reference import evaluate
from synth_data.write import write_dataset

Node = dict[str, Any]


def made(folder: Path, preset: str = "world", **settings: Any) -> Dataset:
    config = load_config(preset, **{"size": 24, "shard_size": 10, **settings})
    write_dataset(config, folder)
    return read_dataset(folder)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    families = ["existence", "relation", "query", "count_same", "refer"]
    return made(tmp_path_factory.mktemp("world"), families=families, captions=1)


def pixels(path: Path) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(path))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# ---- all formats ----------------------------------------------------------------------------------------------------


def test_an_unknown_format_names_the_nearest(world: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'no format "cocoo"; there are nlvr.*; did you mean "coco"'):
        export_dataset(world, tmp_path, "cocoo")


@pytest.mark.parametrize("split", ["", "../up", ".hidden"])
def test_a_split_is_a_part_of_a_name(world: Dataset, tmp_path: Path, split: str) -> None:
    with pytest.raises(ConfigError, match="split: expected letters"):
        export_dataset(world, tmp_path, "coco", split)


def test_a_directory_that_is_not_empty_is_refused(world: Dataset, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(DataError, match="not an empty directory"):
        export_dataset(world, tmp_path, "coco")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_stays_of_an_export_that_failed(world: Dataset, tmp_path: Path) -> None:
    def fail(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_dataset(world, tmp_path, "coco", "train", fail)
    assert not list(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        export_dataset(world, tmp_path / "new", "coco", "train", fail)
    assert not (tmp_path / "new").exists()


def test_what_is_done_is_reported_by_shards(world: Dataset, tmp_path: Path) -> None:
    told: list[int] = []
    export_dataset(world, tmp_path, "coco", "train", told.append)
    assert told == [10, 10, 4]


def test_pictures_that_are_not_stored_are_drawn_as_they_would_be_stored(tmp_path: Path) -> None:
    for images in ("npy", "none"):
        dataset = made(tmp_path / images, families=["existence"], size=4, noise_sigma=9.0, images=images)
        export_dataset(dataset, tmp_path / f"{images} out", "coco")
    first, second = (tmp_path / f"{images} out/train/000000000003.png" for images in ("npy", "none"))
    assert first.read_bytes() == second.read_bytes()


# ---- NLVR -----------------------------------------------------------------------------------------------------------


def test_nlvr_holds_the_true_and_false_texts_line_by_line(
    world: Dataset, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    export_dataset(world, tmp_path, "nlvr", "dev")
    kept = [example for example in world if isinstance(example.answer, bool)]
    assert 0 < len(kept) < 24 and f"{24 - len(kept)} of 24 examples left out: nlvr holds" in caplog.text
    for entry, example in zip(lines(tmp_path / "dev/dev.json"), kept, strict=True):
        assert list(entry) == ["sentence", "label", "identifier", "directory", "evals", "structured_rep"]
        assert (entry["sentence"], entry["label"]) == (example.text, "true" if example.answer else "false")
        (box,) = entry["structured_rep"]
        assert [item["type"] for item in box] == [thing.attributes["shape"] for thing in example.scene.objects]
        assert all(set(item) == {"y_loc", "type", "color", "x_loc", "size"} for item in box)
        path = tmp_path / "dev/images" / entry["directory"] / f"dev-{entry['identifier']}-0.png"
        stored = world.images(example.number // 10)[example.number % 10]
        assert np.array_equal(pixels(path), stored)
    assert len(list(tmp_path.rglob("*.png"))) == len(kept)


def test_nlvr_shows_three_boxes_in_every_order(tmp_path: Path) -> None:
    dataset = made(tmp_path / "data", "nlvr", size=6, families=["panel_existence", "number"])
    export_dataset(dataset, tmp_path / "out", "nlvr", "dev")
    for entry, example in zip(lines(tmp_path / "out/dev/dev.json"), dataset, strict=True):
        items = [item for box in entry["structured_rep"] for item in box]
        assert [item["x_loc"] for item in items] == [int(it.box[0]) % 150 for it in example.scene.objects]
        assert {item["color"] for item in items} <= {"Yellow", "Black", "#0099ff"}
        assert {item["size"] for item in items} <= {10, 20, 30}
        stem = tmp_path / "out/dev/images" / entry["directory"] / f"dev-{entry['identifier']}"
        first = pixels(stem.with_name(f"{stem.name}-0.png"))
        boxes = [first[:, left : left + 100] for left in (0, 150, 300)]
        for place, order in enumerate(PERMUTATIONS):
            shown = pixels(stem.with_name(f"{stem.name}-{place}.png"))
            assert all(np.array_equal(shown[:, 150 * at : 150 * at + 100], boxes[box]) for at, box in enumerate(order))


def test_nlvr_shows_one_order_where_the_answer_depends_on_it() -> None:
    square = SceneObject({"shape": "square", "color": "black"}, (10, 10, 30, 30))
    scene = SceneGraph((square,), 400, 100, "nlvr", panels=((0, 0, 100, 100), (150, 0, 250, 100), (300, 0, 400, 100)))
    for text, shown in (("exists(find[black])", 6), ("exists(and(find[black], inside(panel[leftmost])))", 1)):
        example = Example(0, "existence", "", parse_layout(text), True, scene, ())
        assert len(orders(example, load_lexicon("nlvr"))) == shown


def test_nlvr_lists_no_empty_cells_as_items(tmp_path: Path) -> None:
    dataset = made(tmp_path / "data", "shapes")
    export_dataset(dataset, tmp_path / "out", "nlvr")
    items = [len(entry["structured_rep"][0]) for entry in lines(tmp_path / "out/train/train.json")]
    assert items == [sum(bool(thing.attributes) for thing in example.scene.objects) for example in dataset]


def test_nlvr_counts_the_images_of_a_sentence(tmp_path: Path) -> None:
    dataset = made(tmp_path / "data", "contrast", families=["existence"], size=8, shard_size=8)
    export_dataset(dataset, tmp_path / "out", "nlvr")
    entries = lines(tmp_path / "out/train/train.json")
    assert [entry["identifier"] for entry in entries] == ["0-0", "1-0", "0-1", "1-1", "4-0", "5-0", "4-1", "5-1"]
    assert len({(entry["identifier"].split("-")[0], entry["sentence"]) for entry in entries}) == 4


def test_nlvr_refuses_a_dataset_without_true_or_false_texts(tmp_path: Path) -> None:
    dataset = made(tmp_path / "data", families=["count"], size=4)
    with pytest.raises(ConfigError, match="nlvr holds texts that are true or false"):
        export_dataset(dataset, tmp_path / "out", "nlvr")


# ---- SHAPES ---------------------------------------------------------------------------------------------------------


def test_shapes_is_read_back_with_the_same_answers(tmp_path: Path) -> None:
    dataset = made(tmp_path / "data", "shapes", size=40)
    export_dataset(dataset, tmp_path / "out", "shapes", "val")
    examples = read_shapes(tmp_path / "out", "val")
    assert len(examples) > 30
    for example in examples:
        original = next(one for one in dataset if one.text == example.question)
        assert example.answer == str(evaluate(original.layout, example.scene, load_lexicon("shapes"))).lower()
    queries = (tmp_path / "out/val.query").read_text().splitlines()
    assert len(queries) == len(examples) and all(line.startswith("(is ") for line in queries)


def test_shapes_refuses_another_world(world: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='expected a dataset with lexicon, grammar and style "shapes"'):
        export_dataset(world, tmp_path, "shapes")


@pytest.mark.parametrize("changes", [{"grid": 2, "max_objects": 4}, {"size_px": [3.0, 4.0]}])
def test_shapes_refuses_pictures_that_its_readers_cannot_read(changes: dict[str, Any], tmp_path: Path) -> None:
    dataset = made(tmp_path / "data", "shapes", **changes)
    with pytest.raises(
        ConfigError, match=r"no image of SHAPES; generate with the sizes and the grid of --preset shapes"
    ):
        export_dataset(dataset, tmp_path / "out", "shapes")


# ---- CLEVR ----------------------------------------------------------------------------------------------------------


def test_clevr_is_read_back_by_our_reader(world: Dataset, tmp_path: Path) -> None:
    export_dataset(world, tmp_path, "clevr", "val")
    read = read_clevr(tmp_path / "scenes/CLEVR_val_scenes.json", tmp_path / "questions/CLEVR_val_questions.json")
    kept = [example for example in world if not isinstance(example.answer, tuple)]
    for example, original in zip(read, kept, strict=True):
        wanted = {True: "yes", False: "no"}.get(original.answer, original.answer)  # type: ignore[arg-type]
        wanted = wanted if isinstance(original.answer, bool) else str(original.answer)
        assert (example.question, example.answer) == (original.text, wanted)
        for thing, other in zip(example.scene.objects, original.scene.objects, strict=True):
            assert (thing.attributes["shape"], thing.attributes["material"]) == (
                other.attributes["shape"],
                other.attributes["texture"],
            )
    assert pixels(tmp_path / "images/val/CLEVR_val_000000.png").shape == (64, 64, 3)


def test_clevrs_images_are_read_back_by_our_reader(world: Dataset, tmp_path: Path) -> None:
    export_dataset(world, tmp_path, "clevr", "val")
    questions, scenes = tmp_path / "questions/CLEVR_val_questions.json", tmp_path / "scenes/CLEVR_val_scenes.json"
    read = read_clevr_images(questions, tmp_path / "images", scenes)
    for example, known in zip(read, read_clevr(scenes, questions), strict=True):
        assert load_image(example.image).shape == (3, 64, 64)
        assert (example.question, example.scene, example.answer, example.family) == (
            known.question,
            known.scene,
            known.answer,
            known.family,
        )


def test_clevr_programs_give_the_recorded_answers(tmp_path: Path) -> None:
    dataset = made(tmp_path / "data", "clevr2d", size=60, shard_size=60, images="none")
    export_dataset(dataset, tmp_path / "out", "clevr")
    scenes = json.loads((tmp_path / "out/scenes/CLEVR_train_scenes.json").read_bytes())["scenes"]
    questions = json.loads((tmp_path / "out/questions/CLEVR_train_questions.json").read_bytes())["questions"]
    gold = [question for question in questions if "program" in question]
    assert len(gold) > 30
    for question in gold:
        assert run_program(question["program"], scenes[question["image_index"]]) == question["answer"]


def run_program(nodes: list[Node], scene: dict[str, Any]) -> str:
    """Run a program as CLEVR's question engine does."""
    values: list[Any] = []
    for node in nodes:
        name, _, attribute = node["function"].partition("_")
        inputs = [values[place] for place in node["inputs"]]
        argument = node["value_inputs"][0] if node["value_inputs"] else ""
        values.append(FUNCTIONS[name](scene, attribute, argument, *inputs))
    value = values[-1]
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def unique(scene: Any, _: str, __: str, things: set[int]) -> int:
    (thing,) = things
    return thing


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "scene": lambda scene, _, __: set(range(len(scene["objects"]))),
    "filter": lambda scene, name, value, things: {one for one in things if scene["objects"][one][name] == value},
    "unique": unique,
    "relate": lambda scene, _, name, thing: set(scene["relationships"][name][thing]),
    "same": lambda scene, name, _, thing: {
        other
        for other, values in enumerate(scene["objects"])
        if other != thing and values[name] == scene["objects"][thing][name]
    },
    "intersect": lambda _, __, ___, first, second: first & second,
    "union": lambda _, __, ___, first, second: first | second,
    "count": lambda _, __, ___, things: len(things),
    "exist": lambda _, __, ___, things: bool(things),
    "query": lambda scene, name, _, thing: scene["objects"][thing][name],
    "equal": lambda _, __, ___, first, second: first == second,
    "less": lambda _, __, ___, first, second: first < second,
    "greater": lambda _, __, ___, first, second: first > second,
}


def test_clevr_refuses_a_world_without_materials(tmp_path: Path) -> None:
    dataset = made(tmp_path / "data", "shapes", size=4, images="none")
    with pytest.raises(ConfigError, match="the lexicon shapes has no size, texture"):
        export_dataset(dataset, tmp_path / "out", "clevr")


# ---- COCO -----------------------------------------------------------------------------------------------------------


def test_coco_captions_are_the_captions_and_the_true_statements(world: Dataset, tmp_path: Path) -> None:
    export_dataset(world, tmp_path, "coco", "val")
    data = json.loads((tmp_path / "annotations/captions_val.json").read_bytes())
    assert {"info", "licenses", "images", "annotations"} == set(data)
    assert [image["id"] for image in data["images"]] == list(range(24))
    for example in world:
        said = [one["caption"] for one in data["annotations"] if one["image_id"] == example.number]
        own = [example.text] if example.answer is True and not example.text.endswith("?") else []
        assert said == list(dict.fromkeys([*example.captions, *own]))
    assert len({one["id"] for one in data["annotations"]}) == len(data["annotations"])
    read = read_coco_captions(tmp_path / "annotations/captions_val.json", tmp_path / "val")
    assert [one.question for one in read] == [one["caption"] for one in data["annotations"]]
    assert load_image(read[7].image).shape == (3, 64, 64)


def test_coco_takes_no_question_of_shapes_for_a_caption(tmp_path: Path) -> None:
    dataset = made(tmp_path / "data", "shapes")
    assert any(example.answer is True for example in dataset)
    export_dataset(dataset, tmp_path / "out", "coco", "val")
    assert json.loads((tmp_path / "out/annotations/captions_val.json").read_bytes())["annotations"] == []


def test_coco_instances_have_boxes_that_hold_their_masks(world: Dataset, tmp_path: Path) -> None:
    export_dataset(world, tmp_path, "coco", "val")
    data = json.loads((tmp_path / "annotations/instances_val.json").read_bytes())
    names = {one["id"]: one["name"] for one in data["categories"]}
    scenes = [example.scene for example in world]
    assert len(data["annotations"]) == sum(len(scene.objects) for scene in scenes)
    for one in data["annotations"]:
        assert any(names[one["category_id"]] == it.attributes["shape"] for it in scenes[one["image_id"]].objects)
        counts = one["segmentation"]["counts"]
        mask = np.repeat(np.arange(len(counts)) % 2, counts).reshape(one["segmentation"]["size"][::-1]).T
        rows, columns = np.nonzero(mask)
        left, top, width, height = one["bbox"]
        assert one["area"] == mask.sum() and one["iscrowd"] == 0
        assert left - 1 <= columns.min() and columns.max() <= left + width
        assert top - 1 <= rows.min() and rows.max() <= top + height


# ---- Parquet --------------------------------------------------------------------------------------------------------


def test_parquet_rows_are_the_examples(world: Dataset, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: extra data")
    export_dataset(world, tmp_path, "parquet")
    paths = sorted((tmp_path / "data").iterdir())
    assert [path.name for path in paths] == [f"train-{shard:05d}-of-00003.parquet" for shard in range(3)]
    schema = parquet.read_schema(paths[0])
    assert json.loads(schema.metadata[b"huggingface"]) == {"info": {"features": hugging_face_features()}}
    rows = [row for path in paths for row in parquet.read_table(path).to_pylist()]
    for row, example in zip(rows, world, strict=True):
        assert list(row) == list(hugging_face_features())
        assert (row["number"], row["text"], row["layout"]) == (example.number, example.text, str(example.layout))
        assert scene_from_json(json.loads(row["scene"])) == example.scene
        stored = world.images(example.number // 10)[example.number % 10]
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(row["image"]["bytes"]))), stored)


def test_parquet_features_are_written_as_hugging_face_writes_them() -> None:
    features = hugging_face_features()
    assert features["image"] == {"_type": "Image"}
    assert features["number"] == {"dtype": "int64", "_type": "Value"}


def test_parquet_without_pyarrow_names_the_install_command(
    world: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r'pip install "nmn-reasoner\[data\]"'):
        export_dataset(world, tmp_path, "parquet")


@pytest.mark.parametrize("format", [name for name in FORMATS if name not in ("shapes", "parquet", "pairs")])
def test_the_same_dataset_gives_the_same_bytes(
    world: Dataset, tmp_path: Path, format: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        export_dataset(world, folder, format)
    first, second = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in folders
    )
    assert first == second
