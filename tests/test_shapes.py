"""SHAPES: images back to scenes, wrong files, and every recorded answer of the real files."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nmn.data.shapes import CELL_PX, COLORS, SHAPES, SIDE_PX, SPLITS, decode_images, read_questions, read_shapes
from nmn.errors import DataError
from nmn.evaluation.exact import evaluate_exact


def covered(shape: str, radius: float, x: float, y: float) -> bool:
    """Whether a shape of half-width ``radius`` at the origin covers a point."""
    inside = {
        "square": abs(x) <= radius and abs(y) <= radius,
        "circle": x * x + y * y <= radius * radius,
        "triangle": -radius <= y <= radius and abs(x) <= (y + radius) / 2,
    }
    return inside[shape]


def draw_cell(shape: str, color: str, radius: float, rng: random.Random) -> NDArray[np.uint8]:
    """Draw one cell, 4x4 points a pixel, with the noise on the colour that SHAPES has."""
    points = [(place + 0.5) / 4 - CELL_PX / 2 for place in range(CELL_PX * 4)]
    mask = np.array([[covered(shape, radius, x, y) for x in points] for y in points], float)
    share = mask.reshape(CELL_PX, 4, CELL_PX, 4).mean((1, 3))
    own = [rng.uniform(204, 255) if channel == color else rng.uniform(0, 51) for channel in COLORS]
    return np.asarray(np.round(share[..., None] * np.array(own)), np.uint8)


@given(st.randoms(use_true_random=False))
def test_a_drawn_image_is_decoded_to_what_was_drawn(rng: random.Random) -> None:
    image = np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
    drawn: list[dict[str, str]] = []
    widths: list[float] = []
    for cell in range(9):
        shape, color, radius = rng.choice(SHAPES), rng.choice(COLORS), rng.choice((2.5, 3.75)) * rng.uniform(0.9, 1.1)
        filled = rng.random() < 0.8
        widths.append(2 * radius if filled else CELL_PX)
        drawn.append({"color": color, "shape": shape} if filled else {})
        if filled:
            row, column = (CELL_PX * place for place in divmod(cell, 3))
            image[row : row + CELL_PX, column : column + CELL_PX] = draw_cell(shape, color, radius, rng)
    (scene,) = decode_images(image[None])
    assert [dict(thing.attributes) for thing in scene.objects] == drawn
    assert [thing.box[2] - thing.box[0] for thing in scene.objects] == pytest.approx(widths, abs=0.5)


def test_boxes_lie_in_the_middle_of_their_cells_in_reading_order() -> None:
    (scene,) = decode_images(np.zeros((1, SIDE_PX, SIDE_PX, 3), np.uint8))
    centres = [((left + right) / 2, (top + bottom) / 2) for left, top, right, bottom in (o.box for o in scene.objects)]
    assert centres == [(5, 5), (15, 5), (25, 5), (5, 15), (15, 15), (25, 15), (5, 25), (15, 25), (25, 25)]


def test_an_image_that_is_no_shapes_image_is_refused(tmp_path: Path) -> None:
    write_split(tmp_path, 2, 2, 2)
    images = np.random.default_rng(0).integers(0, 256, (2, SIDE_PX, SIDE_PX, 3), np.uint8)
    np.save(tmp_path / "val.input.npy", images)
    with pytest.raises(DataError, match=r"val\.input\.npy: image 0, cell 0: no square, circle or triangle fits"):
        read_shapes(tmp_path, "val")


def write_split(folder: Path, questions: int, images: int, answers: int) -> None:
    (folder / "val.query_str.txt").write_text("is a circle red\n" * questions, encoding="utf-8")
    (folder / "val.output").write_text("false\n" * answers, encoding="utf-8")
    np.save(folder / "val.input.npy", np.zeros((images, SIDE_PX, SIDE_PX, 3), np.uint8))


def test_a_split_without_recorded_answers_is_read_without(tmp_path: Path) -> None:
    write_split(tmp_path, 2, 2, 2)
    (tmp_path / "val.output").unlink()
    examples = read_shapes(tmp_path, "val")
    assert [example.answer for example in examples] == [None, None]
    assert [record.predicted for record in evaluate_exact(examples, "shapes").records] == ["no", "no"]


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ((2, 3, 2), r"val\.input\.npy: 3 entries for 2 questions"),
        ((2, 2, 1), r"val\.output: 1 entries for 2 questions"),
    ],
)
def test_files_that_do_not_fit_each_other_are_named(tmp_path: Path, counts: tuple[int, int, int], message: str) -> None:
    write_split(tmp_path, *counts)
    with pytest.raises(DataError, match=message):
        read_shapes(tmp_path, "val")
    if counts[0] != counts[2]:  # what is trained on has no images
        with pytest.raises(DataError, match=message):
            read_questions(tmp_path, "val")


def test_the_last_line_counts_without_a_newline_at_its_end(tmp_path: Path) -> None:
    write_split(tmp_path, 2, 2, 2)
    for name in ("query_str.txt", "output"):
        path = tmp_path / f"val.{name}"
        path.write_text(path.read_text(encoding="utf-8").removesuffix("\n"), encoding="utf-8")
    assert [example.answer for example in read_shapes(tmp_path, "val")] == ["false", "false"]


def test_an_empty_split_has_no_examples(tmp_path: Path) -> None:
    write_split(tmp_path, 0, 0, 0)
    assert read_shapes(tmp_path, "val") == []


def test_an_answer_that_is_neither_true_nor_false_is_named_with_its_line(tmp_path: Path) -> None:
    write_split(tmp_path, 2, 2, 2)
    (tmp_path / "val.output").write_text("true\nmaybe\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"val\.output: line 2: expected true or false, got 'maybe'"):
        read_shapes(tmp_path, "val")


def test_an_archive_of_arrays_is_refused(tmp_path: Path) -> None:
    write_split(tmp_path, 2, 2, 2)
    with (tmp_path / "val.input.npy").open("wb") as file:
        np.savez(file, images=np.zeros((2, SIDE_PX, SIDE_PX, 3), np.uint8))
    with pytest.raises(DataError, match=r"val\.input\.npy: expected one array"):
        read_shapes(tmp_path, "val")


def test_a_header_that_promises_a_trillion_images_is_refused(tmp_path: Path) -> None:
    write_split(tmp_path, 2, 2, 2)
    whole = (tmp_path / "val.input.npy").read_bytes()
    padded = whole.replace(b"(2, 30, 30, 3), }" + b" " * 12, b"(2000000000000, 30, 30, 3), }")
    assert len(padded) == len(whole) and padded != whole
    (tmp_path / "val.input.npy").write_bytes(padded)
    with pytest.raises(DataError, match=r"val\.input\.npy: not a whole \.npy file"):
        read_shapes(tmp_path, "val")


def test_missing_truncated_and_foreign_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"val\.query_str\.txt: cannot be read"):
        read_shapes(tmp_path, "val")
    write_split(tmp_path, 2, 2, 2)
    whole = (tmp_path / "val.input.npy").read_bytes()
    (tmp_path / "val.input.npy").write_bytes(whole[:-100])
    with pytest.raises(DataError, match=r"val\.input\.npy: not a whole \.npy file"):
        read_shapes(tmp_path, "val")
    np.save(tmp_path / "val.input.npy", np.zeros((2, 30, 30), np.float32))
    with pytest.raises(DataError, match=r"expected uint8 images \[N, 30, 30, 3\], got float32 \[2, 30, 30\]"):
        read_shapes(tmp_path, "val")


@pytest.mark.parametrize("split", SPLITS)
def test_every_recorded_answer_is_right(shapes_folder: Path, split: str) -> None:
    total = evaluate_exact(read_shapes(shapes_folder, split), "shapes").rows()[-1]
    assert (total.examples, total.right, total.unread) == (
        {"val": 1024, "train.small": 640, "train.tiny": 64}[split],
    ) * 2 + (0,)


def test_every_string_of_the_data_is_read(shapes_folder: Path) -> None:
    from nmn.language import parse

    strings = {line for file in shapes_folder.glob("*.query_str.txt") for line in file.read_text().splitlines()}
    assert len(strings) == 228
    assert all(parse(string, "shapes").kind == "truth" for string in strings)
