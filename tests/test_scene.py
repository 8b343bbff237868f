"""Scenes: JSON round trip, and what a wrong file is told."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from nmn.errors import SceneError
from nmn.scene import SceneGraph, SceneObject, read_scene, scene_from_json

CIRCLE: dict[str, Any] = {"attributes": {"shape": "circle"}, "box": [1, 2, 3, 4]}
SCENE: dict[str, Any] = {"width": 64, "height": 64, "objects": [CIRCLE]}


def test_json_and_pickle_round_trip() -> None:
    things = (SceneObject({"shape": "circle"}, (1, 2, 3, 4)), SceneObject({}, (0, 0, 1, 1)))
    scene = SceneGraph(things, 64, 48, "clevr", {"left": [[1], []]})
    assert scene_from_json(json.loads(json.dumps(scene.to_json()))) == scene
    assert pickle.loads(pickle.dumps(scene)) == scene


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "scene: expected an object with objects, width, height, got list"),
        ({"width": 64, "height": 64}, 'scene: field "objects" is missing'),
        ({**SCENE, "widht": 3}, 'unknown field "widht"; did you mean "width"'),
        ({**SCENE, "width": "64"}, "scene.width: expected number, got str"),
        ({**SCENE, "width": True}, "scene.width: expected number, got bool"),
        ({**SCENE, "height": -1}, "height is a positive number of pixels, got -1"),
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
    ],
)
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "scene.json"
    path.write_bytes(content)
    with pytest.raises(SceneError, match=message) as caught:
        read_scene(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"gone\.json: cannot be read: No such file"):
        read_scene(tmp_path / "gone.json")
