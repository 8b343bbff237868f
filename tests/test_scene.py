"""Scenes: JSON round trip, and what a wrong file is told."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmn.errors import SceneError
from nmn.scene import SceneGraph, SceneObject, read_scene, scene_from_json
from tests.strategies import SCENES, scenes

CIRCLE: dict[str, Any] = {"attributes": {"shape": "circle"}, "box": [1, 2, 3, 4]}
SCENE: dict[str, Any] = {"width": 64, "height": 64, "objects": [CIRCLE]}


@given(st.sampled_from(sorted(SCENES)).flatmap(scenes))
def test_any_scene_round_trips_through_json_text(scene: SceneGraph) -> None:
    assert scene_from_json(json.loads(json.dumps(scene.to_json()))) == scene


@given(st.sampled_from(sorted(SCENES)).flatmap(scenes))
def test_any_scene_round_trips_through_pickle(scene: SceneGraph) -> None:
    assert pickle.loads(pickle.dumps(scene)) == scene


@given(st.sampled_from(sorted(SCENES)).flatmap(scenes))
def test_equal_scenes_have_one_hash(scene: SceneGraph) -> None:
    assert {scene: 1}[pickle.loads(pickle.dumps(scene))] == 1
    assert len({*scene.objects, *pickle.loads(pickle.dumps(scene.objects))}) == len(set(scene.objects))


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64])
def test_numbers_of_numpy_are_numbers(kind: type) -> None:
    """As detectors return them; what is kept is plain, so that it can be written as JSON."""
    box: Any = np.array([1, 2, 3, 4], kind)
    scene = SceneGraph((SceneObject({"shape": "circle"}, box, kind(5)),), kind(64), kind(48))
    assert scene == SceneGraph((SceneObject({"shape": "circle"}, (1, 2, 3, 4), 5),), 64, 48)
    assert scene_from_json(json.loads(json.dumps(scene.to_json()))) == scene
    numbers: tuple[Any, ...] = (kind(0), np.float32("nan"), np.bool_(1))
    for wrong in numbers:
        with pytest.raises(SceneError, match="width is a positive number"):
            SceneGraph((), wrong, 48)


def test_a_scene_file_is_read_back_as_it_was(tmp_path: Path) -> None:
    scene = SceneGraph((SceneObject({"shape": "étoile"}, (0.1, 0.2, 0.3, 0.4)),), 64, 48.5)
    path = tmp_path / "scene.json"
    for encoding in ("utf-8", "utf-8-sig"):  # with the mark that some editors begin a file with
        path.write_text(json.dumps(scene.to_json(), ensure_ascii=False), encoding=encoding)
        assert read_scene(path) == scene


def test_attributes_and_relations_cannot_be_changed() -> None:
    scene = SceneGraph((SceneObject({"shape": "circle"}, (1, 2, 3, 4)),), 64, 48, "clevr", {"left": [[]]})
    with pytest.raises(TypeError):
        scene.objects[0].attributes["shape"] = "square"  # type: ignore[index]
    with pytest.raises(TypeError):
        scene.relations["left"] = []  # type: ignore[index]


def test_json_and_pickle_round_trip() -> None:
    things = (SceneObject({"shape": "circle"}, (1, 2, 3, 4)), SceneObject({}, (0, 0, 1, 1)))
    scene = SceneGraph(things, 64, 48, "clevr", {"left": [[1], []]})
    assert scene_from_json(json.loads(json.dumps(scene.to_json()))) == scene
    assert pickle.loads(pickle.dumps(scene)) == scene


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "scene: expected an object with objects, width, height, got NoneType"),
        ({"height": 64, "objects": []}, 'scene: field "width" is missing'),
        ({**SCENE, "world": 3}, "scene.world: expected text, got int"),
        ({**SCENE, "relations": None}, "scene.relations: expected object, got NoneType"),
        ({**SCENE, "width": float("nan")}, "width is a positive number of pixels, got nan"),
        ({**SCENE, "width": float("inf")}, "width is a positive number of pixels, got inf"),
        ({**SCENE, "width": 10**400}, "width is a positive number of pixels"),
        ({**SCENE, "height": 0}, "height is a positive number of pixels, got 0"),
        ({**SCENE, "objects": [3]}, r"objects\[0\]: expected an object with attributes, box, got int"),
        ({**SCENE, "objects": [{**CIRCLE, "boxx": []}]}, r'objects\[0\]: unknown field "boxx"; did you mean "box"'),
        ({**SCENE, "objects": [{**CIRCLE, "box": "1234"}]}, r"objects\[0\].box: expected array, got str"),
        ({**SCENE, "objects": [{**CIRCLE, "box": [1, 2, 3, 10**400]}]}, "box is four finite numbers"),
        ({**SCENE, "objects": [{**CIRCLE, "box": [1, 2, 3, 1e300]}]}, "box is four finite numbers"),
        ({**SCENE, "objects": [{**CIRCLE, "box": [1, 2, 3, float("-inf")]}]}, "box is four finite numbers"),
        ({**SCENE, "objects": [{**CIRCLE, "box": [1, 2, 3, True]}]}, "box is four finite numbers"),
        ({**SCENE, "objects": [{**CIRCLE, "box": [1, 5, 3, 4]}]}, "top <= bottom"),
        ({**SCENE, "objects": [{**CIRCLE, "attributes": {"shape": ""}}]}, "both non-empty text"),
        ({**SCENE, "objects": [{**CIRCLE, "attributes": {"": "circle"}}]}, "both non-empty text"),
        ({**SCENE, "objects": [{**CIRCLE, "attributes": {"shape": ["circle"]}}]}, "attributes map names to values"),
        ({**SCENE, "relations": {"left": "a"}}, "relations.left: expected 1 arrays"),
        ({**SCENE, "relations": {"left": [""]}}, "relations.left: expected 1 arrays"),
        ({**SCENE, "relations": {"left": [[0.0]]}}, "relations.left: expected 1 arrays"),
        ({**SCENE, "relations": {"left": [[False]]}}, "relations.left: expected 1 arrays"),
        ({**SCENE, "relations": {"left": [[-1]]}}, "relations.left: expected 1 arrays"),
        ({**SCENE, "relations": {"left": {"0": []}}}, "relations.left: expected 1 arrays"),
        ([], "scene: expected an object with objects, width, height, got list"),
        ({"width": 64, "height": 64}, 'scene: field "objects" is missing'),
        ({**SCENE, "widht": 3}, 'unknown field "widht"; did you mean "width"'),
        ({**SCENE, "width": "64"}, "scene.width: expected number, got str"),
        ({**SCENE, "width": True}, "scene.width: expected number, got bool"),
        ({**SCENE, "height": -1}, "height is a positive number of pixels, got -1"),
        ({**SCENE, "world": "../secret.toml"}, "world is the name of a lexicon"),
        ({**SCENE, "objects": {}}, "scene.objects: expected array, got dict"),
        ({**SCENE, "objects": [CIRCLE, {"box": [1, 2, 3, 4]}]}, r'objects\[1\]: field "attributes" is missing'),
        ({**SCENE, "objects": [{**CIRCLE, "box": [1, 2, 3]}]}, r"objects\[0\]: box is four finite numbers"),
        ({**SCENE, "objects": [{**CIRCLE, "box": [1, 2, 3, float("nan")]}]}, "box is four finite numbers"),
        ({**SCENE, "objects": [{**CIRCLE, "box": [1, 2, 3, "4"]}]}, "box is four finite numbers"),
        ({**SCENE, "objects": [{**CIRCLE, "box": [5, 2, 3, 4]}]}, "with left <= right"),
        ({**SCENE, "objects": [{**CIRCLE, "attributes": {"shape": 3}}]}, "attributes map names to values"),
        ({**SCENE, "objects": [CIRCLE] * 100_000}, "at most 256 objects, got 100000"),
        ({**SCENE, "relations": {"left": [[], []]}}, "relations.left: expected 1 arrays"),
        ({**SCENE, "relations": {"left": [[1]]}}, "relations.left: expected 1 arrays of object numbers from 0 to 0"),
    ],
)
def test_wrong_data_is_refused_with_its_place(data: Any, message: str) -> None:
    with pytest.raises(SceneError, match=message):
        scene_from_json(data)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b'{"width": 64, "height": 64, "objects": [{"attributes": {}, "box": [NaN, 0, 1, 1]}]}', "four finite numbers"),
        (b"[" * 100_000, "not JSON"),
        (b"", "not JSON"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "not UTF-8"),
        (b"\x00\x01\x02", "not JSON"),
        (b'{"width": 1' + b"0" * 5_000 + b', "height": 64, "objects": []}', "not JSON: Exceeds the limit"),
        (b'{"width": Infinity, "height": 64, "objects": []}', "width is a positive number of pixels, got inf"),
        (b'{"width": 1e999, "height": 64, "objects": []}', "width is a positive number of pixels, got inf"),
        (b"null", "scene: expected an object"),
    ],
)
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "scene.json"
    path.write_bytes(content)
    with pytest.raises(SceneError, match=message) as caught:
        read_scene(path)
    assert str(path) in str(caught.value)


def test_a_folder_is_no_scene_file(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="cannot be read: Is a directory"):
        read_scene(tmp_path)


def test_the_largest_scene_is_allowed_and_one_object_more_is_not() -> None:
    assert len(scene_from_json({**SCENE, "objects": [CIRCLE] * 256}).objects) == 256
    with pytest.raises(SceneError, match="at most 256 objects"):
        scene_from_json({**SCENE, "objects": [CIRCLE] * 257})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"gone\.json: cannot be read: No such file"):
        read_scene(tmp_path / "gone.json")
