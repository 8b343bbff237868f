"""Datasets that were damaged: one clear error that names the file, whatever was done to it."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nmn.errors import DataError
from synth_data.config import load_config
from synth_data.dataset import read_dataset
from synth_data.verify import check, verify
from synth_data.write import write_dataset

CONFIG = load_config("world", size=20, shard_size=10, families=["existence", "count", "query"], captions=1, seed=4)
Damage = Callable[[Path], None]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole dataset that no test changes."""
    root = tmp_path_factory.mktemp("written") / "data"
    write_dataset(CONFIG, root)
    return root


@pytest.fixture
def data(written: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may damage."""
    return Path(shutil.copytree(written, tmp_path / "data"))


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def put_line(path: Path, place: int, line: str) -> None:
    changed = lines(path)
    changed[place] = line
    path.write_text("\n".join(changed) + "\n", encoding="utf-8")


def edit(path: Path, place: int, **changes: Any) -> dict[str, Any]:
    """Change fields of one example of a file; return what it was."""
    old: dict[str, Any] = json.loads(lines(path)[place])
    put_line(path, place, json.dumps({**old, **changes}))
    return old


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"number": 3', "JSONDecodeError"),
        ("", "JSONDecodeError"),
        ("[]", "TypeError"),
        ("null", "TypeError"),
        ("{}", "KeyError: 'answer'"),
        ('{"answer": true, "number": 3}', "KeyError"),
    ],
)
def test_a_corrupted_line_is_named_by_file_and_line(data: Path, line: str, reason: str) -> None:
    put_line(data / "00001.jsonl", 3, line)
    with pytest.raises(DataError, match=rf"00001\.jsonl, line 4: corrupted: {reason}"):
        read_dataset(data).examples(1)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("layout", "exists(fnd[red])", "fnd"),
        ("layout", "exists(find[red]", 'expected "\\)" here'),
        ("scene", 3, "scene: expected an object"),
        ("scene", {"objects": [], "width": -1, "height": 2}, "width is a positive number"),
        ("trace", 3, "TypeError"),
        ("captions", 3, "TypeError"),
    ],
)
def test_a_wrong_field_is_named_by_file_and_line(data: Path, field: str, value: object, reason: str) -> None:
    edit(data / "00000.jsonl", 0, **{field: value})
    with pytest.raises(DataError, match=rf"00000\.jsonl, line 1: corrupted: .*{reason}"):
        read_dataset(data).examples(0)


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_file_cut_in_half_has_too_few_examples(data: Path) -> None:
    cut_in_half(data / "00001.jsonl")
    with pytest.raises(DataError, match=r"00001\.jsonl: corrupted: \d examples, expected 10"):
        read_dataset(data).examples(1)


def test_a_file_with_an_example_too_many_is_corrupted(data: Path) -> None:
    path = data / "00001.jsonl"
    path.write_text(path.read_text() + lines(path)[0] + "\n")
    with pytest.raises(DataError, match=r"00001\.jsonl: corrupted: 11 examples, expected 10"):
        read_dataset(data).examples(1)


def test_a_file_that_is_no_text_is_corrupted(data: Path) -> None:
    (data / "00000.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"00000\.jsonl: corrupted: not UTF-8 text"):
        read_dataset(data).examples(0)


def test_going_through_a_dataset_stops_at_the_damage(data: Path) -> None:
    (data / "00001.jsonl").unlink()
    seen = []
    with pytest.raises(DataError, match=r"00001\.jsonl: cannot be read: No such file"):
        for example in read_dataset(data):
            seen.append(example.number)
    assert seen == list(range(10))


@pytest.mark.parametrize("content", [b"garbage", b"\x93NUMPY"], ids=["garbage", "header"])
def test_images_that_are_no_array_are_refused(data: Path, content: bytes) -> None:
    (data / "00000.npy").write_bytes(content)
    with pytest.raises(DataError, match="images of shard 0 cannot be read"):
        read_dataset(data).images(0)


@pytest.mark.parametrize("damage", [cut_in_half, Path.unlink], ids=["cut", "gone"])
def test_images_cut_or_gone_are_refused(data: Path, damage: Damage) -> None:
    damage(data / "00001.npy")
    with pytest.raises(DataError, match="images of shard 1 cannot be read"):
        read_dataset(data).images(1)


def test_a_dataset_without_masks_says_how_to_get_them(data: Path) -> None:
    with pytest.raises(DataError, match="no masks of shard 0; generate with masks=true"):
        read_dataset(data).masks(0)


@pytest.mark.parametrize("name", ["00000.jsonl", "00001.npy"])
def test_one_changed_bit_is_found_by_the_checksum_of_its_file(data: Path, name: str) -> None:
    flip(data / name, -3)
    with pytest.raises(DataError, match=rf"{name}: corrupted or missing: its checksum is not the one in {name[:5]}"):
        verify(data)


@pytest.mark.parametrize("name", ["00000.jsonl", "00001.npy", "00001.sha256"])
def test_a_missing_file_is_named_by_verify(data: Path, name: str) -> None:
    (data / name).unlink()
    with pytest.raises(DataError, match=rf"{name}: .*missing"):
        verify(data)


def test_a_dataset_with_words_of_ones_own_is_read_without_their_file(tmp_path: Path) -> None:
    words = tmp_path / "mine.toml"
    words.write_text('name = "mine"\nextends = "world"\n[attributes.color.values]\nred = ["crimson"]\n')
    config = load_config("world", size=12, lexicon=str(words), families=["existence"], colors=["red", "blue"])
    write_dataset(config, tmp_path / "a")
    with pytest.raises(DataError, match=r"another configuration \(lexicon mine, not world\)"):
        write_dataset(replace(config, lexicon="world"), tmp_path / "a")
    words.unlink()
    shutil.move(tmp_path / "a", tmp_path / "b")
    assert verify(tmp_path / "b") == []
    read = read_dataset(tmp_path / "b")
    assert any("crimson" in example.text for example in read.examples(0))


# ---- manifests ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"generator": "0"}, "written by generator version 0, format 1; this one is version 3"),
        ({"format": 7}, "written by generator version 3, format 7; this one is version 3"),
        ({"config": {}}, "not a readable manifest: 'size'"),
        ({"config": [1]}, "not a readable manifest"),
    ],
)
@pytest.mark.parametrize("use", [read_dataset, verify, lambda root: write_dataset(CONFIG, root)])
def test_a_manifest_that_does_not_fit_is_named(
    data: Path, changes: dict[str, Any], message: str, use: Callable[[Path], object]
) -> None:
    path = data / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(DataError, match=rf"manifest\.json: {message}"):
        use(data)


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "{}"])
def test_a_manifest_that_is_no_manifest_is_named(data: Path, content: str) -> None:
    (data / "manifest.json").write_text(content)
    with pytest.raises(DataError, match=r"manifest\.json: not a readable manifest"):
        read_dataset(data)


def test_a_directory_without_a_manifest_holds_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no dataset here: manifest\.json is missing"):
        read_dataset(tmp_path)


# ---- faults ---------------------------------------------------------------------------------------------------------


def faults(root: Path) -> list[tuple[int, str]]:
    """Return what verify finds once the checksums are those of the damaged files."""
    for sums in root.glob("*.sha256"):
        names = [line.split("  ")[1] for line in lines(sums)]
        found = [hashlib.sha256((root / name).read_bytes()).hexdigest() for name in names]
        sums.write_text("".join(f"{checksum}  {name}\n" for checksum, name in zip(found, names, strict=True)))
    return [(fault.number, fault.what) for fault in verify(root)]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_dataset_as_it_was_written_has_no_faults(written: Path, workers: int) -> None:
    reported: list[int] = []
    assert verify(written, workers, reported.append) == []
    assert reported == [10, 10]


def family_of(root: Path, shard: int, family: str) -> tuple[Path, int, dict[str, Any]]:
    """Return file, place and data of a shard's first example of a family."""
    path = root / f"{shard:05d}.jsonl"
    for place, line in enumerate(lines(path)):
        if (found := json.loads(line))["family"] == family:
            return path, place, found
    raise AssertionError(family)


@pytest.mark.parametrize("family", ["existence", "count", "query"])
def test_a_wrong_label_is_found(data: Path, family: str) -> None:
    path, place, example = family_of(data, 1, family)
    wrong = {"existence": not example["answer"], "query": "nothing", "count": 99}[family]
    edit(path, place, answer=wrong)
    expected = f'"{example["text"]}": labelled {wrong!r}, the reference says {example["answer"]!r}'
    assert faults(data) == [(example["number"], expected)]


def test_a_label_of_the_wrong_type_is_found(data: Path) -> None:
    """1 == True, and is no truth."""
    path, place, example = family_of(data, 0, "existence")
    edit(path, place, answer=int(example["answer"]))
    assert [number for number, _ in faults(data)] == [example["number"]]


def test_a_wrong_layout_is_found(data: Path) -> None:
    path, place, example = family_of(data, 0, "count")
    edit(path, place, layout=example["layout"].replace("count(", "count(and(scene, ") + ")")
    found = faults(data)
    assert {number for number, _ in found} == {example["number"]}
    assert found[0][1].startswith(f'"{example["text"]}": is read as {example["layout"]}, its layout is')


def test_a_text_that_cannot_be_read_is_found(data: Path) -> None:
    path, place, example = family_of(data, 0, "count")
    edit(path, place, text="how many flurbs are there?")
    assert [(number, '"how many flurbs are there?": cannot be read' in what) for number, what in faults(data)] == [
        (example["number"], True)
    ]


def test_a_wrong_trace_is_found_and_the_call_named(data: Path) -> None:
    path, place, example = family_of(data, 1, "count")
    edit(path, place, trace=[*example["trace"][:-1], 99])
    assert faults(data) == [
        (example["number"], f"the trace says 99 of {example['layout']}, the reference {example['answer']}")
    ]


def test_a_trace_of_too_few_values_is_found(data: Path) -> None:
    path, place, example = family_of(data, 1, "count")
    edit(path, place, trace=example["trace"][1:])
    calls = len(example["trace"])
    assert faults(data) == [(example["number"], f"the trace has {calls - 1} values, the layout {calls} calls")]


@pytest.mark.parametrize(
    ("caption", "fault"),
    [
        ("there are exactly twenty circles.", 'caption "there are exactly twenty circles." is not true'),
        ("there is a zebra.", 'caption "there is a zebra.": cannot be read: unknown word "zebra"'),
    ],
)
def test_a_caption_that_is_not_true_or_cannot_be_read_is_found(data: Path, caption: str, fault: str) -> None:
    path, place, example = family_of(data, 0, "count")
    edit(path, place, captions=[caption])
    assert faults(data) == [(example["number"], fault)]


def test_a_scene_that_was_changed_makes_labels_wrong(data: Path) -> None:
    path, place, example = family_of(data, 0, "existence")
    edit(path, place, scene={**example["scene"], "objects": [], "relations": {}})
    assert {number for number, _ in faults(data)} == {example["number"]}


def test_examples_in_another_order_are_found(data: Path) -> None:
    path = data / "00001.jsonl"
    first, second = lines(path)[:2]
    put_line(path, 0, second)
    put_line(path, 1, first)
    assert faults(data) == [(11, "numbered 11, expected 10"), (10, "numbered 10, expected 11")]


def test_an_example_as_it_was_generated_has_no_fault(written: Path) -> None:
    assert [list(check(example, CONFIG)) for example in read_dataset(written)] == [[]] * 20
