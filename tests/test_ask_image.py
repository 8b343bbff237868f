"""``nmn ask`` of an image: the answer with its trace, how sure it is, and what cannot be asked."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nmn.cli import app
from nmn.data.shapes import decode_images
from nmn.reasoner import Reasoner, load
from nmn.resources import SCENES

runner = CliRunner()
TRUE = "is a red shape above a green shape"


@pytest.fixture
def picture(shapes_picture: Path) -> Path:
    """An image of which TRUE is true."""
    return shapes_picture


def ask(*arguments: object, code: int = 0) -> str:
    result = runner.invoke(app, ["ask", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def test_the_answer_comes_with_its_confidence_and_the_picked_regions(picture: Path, shapes_run: Path) -> None:
    lines = ask(picture, TRUE, "--model", shapes_run).splitlines()
    assert lines[0] == "answer: yes" and lines[1].startswith("confidence: ")
    assert lines[2].startswith("exists = yes, ") and lines[2].endswith(" %")
    (scene,) = decode_images(np.asarray(Image.open(picture))[None, ..., ::-1])
    red = [place for place, thing in enumerate(scene.objects) if thing.attributes.get("color") == "red"]
    boxes = [
        f"{place}: box {place % 3 * 10} {place // 3 * 10} {place % 3 * 10 + 10} {place // 3 * 10 + 10}, "
        for place in red
    ]
    (line,) = [line for line in lines if "find[red] = " in line]
    assert red and all(box in line for box in boxes)


def test_json_of_an_image_has_the_regions(picture: Path, shapes_run: Path) -> None:
    data = json.loads(ask(picture, TRUE, "--model", shapes_run / "network.safetensors", "--json"))
    assert data["answer"] is True and len(data["regions"]) == 9 and data["regions"][4] == [10, 10, 20, 20]
    assert data["confidence"] == data["distribution"]["yes"]


def test_repairs_are_said_and_can_be_refused(picture: Path, shapes_run: Path) -> None:
    text = ask(picture, "is a red shpe above a green shape", "--model", shapes_run)
    assert text.startswith(f"read as: {TRUE}\nanswer: yes\n")
    refused = ask(picture, "is a red shpe above a green shape", "--model", shapes_run, "--no-repair", code=2)
    assert 'unknown word "shpe"' in refused


def test_low_confidence_is_said(picture: Path, shapes_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nmn.cli.printing.UNSURE", 1.1)
    assert "careful: not sure: yes " in ask(picture, TRUE, "--model", shapes_run)


def test_a_file_is_a_scene_by_its_name_or_by_what_is_in_it(tmp_path: Path, shapes_run: Path) -> None:
    scene = tmp_path / "scene.txt"
    scene.write_text('{"objects": [], "width": 9, "height": 9}', encoding="utf-8")
    assert ask(scene, "is there a circle").startswith("answer: no")


def test_a_scene_that_is_called_as_a_picture_is_told_to_be_none(tmp_path: Path) -> None:
    told = tmp_path / "told.png"
    told.write_text('{"width": 9, "height": 9}', encoding="utf-8")
    text = ask(told, "is there a circle", code=2)
    assert text.startswith(
        f'error: {told}: scene: field "objects" is missing; it begins with "{{", so it is no picture'
    )
    shutil.move(told, tmp_path / "told.json")
    assert "no picture" not in ask(tmp_path / "told.json", "is there a circle", code=2)


def test_a_place_that_cannot_be_written_is_told_before_anything_is_answered(tmp_path: Path) -> None:
    out, source = tmp_path / "gone" / "t.png", str(SCENES / "demo.json")
    commands = [
        ["ask", source, "is there a circle", "--trace"],
        ["explain", source, "is there a circle", "--out"],
        ["diff", source, "is there a circle", "--question", "is there a star", "--out"],
    ]
    for command in commands:
        result = runner.invoke(app, [*command, str(out)])
        assert result.exit_code == 2 and not result.stdout
        assert f"{out}: cannot be written: there is no folder {out.parent}" in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.png", None, "gone.png: cannot be opened: No such file or directory; give the path of a picture"),
        ("empty.png", b"", "empty.png: empty, 0 bytes"),
        ("text.png", b"hello there", "text.png: not a picture: text"),
        ("cut.png", b"cut", "cut.png: damaged or cut short"),
    ],
)
def test_an_image_that_cannot_be_read_is_one_message(
    name: str, content: bytes | None, message: str, picture: Path, shapes_run: Path, tmp_path: Path
) -> None:
    if content is not None:
        whole = picture.read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2] if content == b"cut" else content)
    text = ask(tmp_path / name, TRUE, "--model", shapes_run, code=2)
    assert text.startswith("error: ") and message in text and "Traceback" not in text


def test_a_word_that_was_not_learned_is_refused_by_name(shapes_run: Path, picture: Path) -> None:
    reasoner = load(shapes_run, "cpu")
    assert isinstance(reasoner, Reasoner)
    with pytest.raises(ValueError, match='unknown relation "near"'):
        reasoner.run(picture, "relate[near](find[red])")


def test_a_run_is_named_by_its_folder_and_one_that_is_not_finished_is_refused(picture: Path, tmp_path: Path) -> None:
    assert "no network.safetensors there: it holds no run" in ask(picture, TRUE, "--model", tmp_path, code=2)
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    assert "its run is not finished; the command that began it" in ask(picture, TRUE, "--model", tmp_path, code=2)
