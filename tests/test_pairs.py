"""Pairs of images in NLVR2's files: read, exported, judged from pixels, and the official figures."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nmn.checkpoint import weights_file
from nmn.cli import app
from nmn.data.pairs import read_pairs
from nmn.errors import ConfigError, DataError
from nmn.evaluation.pairs import Pair, evaluate_pairs, predict, readings
from nmn.layout import parse_layout
from nmn.models.build import Network, load_network
from nmn.scene import SceneGraph
from nmn.training.run import train
from nmn.training.settings import TrainSettings
from synth_data.config import load_config
from synth_data.dataset import read_dataset
from synth_data.example import Example
from synth_data.export import export_dataset
from synth_data.export.pairs import Places
from synth_data.write import write_dataset
from tests.networks import cell_network

SIZE = 24


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    write_dataset(load_config("pairs", size=SIZE, seed=3), folder / "data")
    export_dataset(read_dataset(folder / "data"), folder / "out", "pairs", "dev")
    return folder / "out"


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network(weights_file("world")).speaking("pairs")


def lines(root: Path, split: str = "dev") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (root / "data" / f"{split}.json").read_text(encoding="utf-8").splitlines()]


def write(root: Path, entries: list[dict[str, Any]], images: Mapping[str, Image.Image]) -> Path:
    """Write a split "dev" of some examples and images."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "dev.json").write_text("\n".join(map(json.dumps, entries)) + "\n", encoding="utf-8")
    for name, image in images.items():
        image.save(root / name)
    return root


def shown(color: str, x: int = 20) -> Image.Image:
    """Return an image of 64 px with one square on the paper of generated pictures."""
    image = Image.new("RGB", (64, 64), (70, 78, 86))
    image.paste(color, (x, 24, x + 15, 39))
    return image


# ---- files


def test_generated_pairs_are_read_back_from_nlvr2s_files(exported: Path) -> None:
    examples = read_pairs(exported, "dev")
    made = list(read_dataset(exported.parent / "data"))
    assert [(one.sentence, one.label) for one in examples] == [(one.text, one.answer) for one in made]
    assert [one.identifier for one in examples] == [f"dev-{one.number}-0-0" for one in made]
    pixels = read_dataset(exported.parent / "data").images(0)[5]
    for side, path in enumerate(examples[5].images):
        assert path is not None and path.name == f"dev-5-0-img{side}.png"
        assert np.array_equal(np.asarray(Image.open(path)), pixels[:, 72 * side : 72 * side + 64])


def test_the_scenes_of_a_group_are_the_pairs_of_a_set_and_its_texts_the_sentences() -> None:
    one, other = (SceneGraph((), 136, 64, panels=((0, 0, 64, 64), (72, 0, 136, 64)), world=name) for name in ("a", "b"))
    red, blue = parse_layout("exists(find[red])"), parse_layout("exists(find[blue])")
    made = [
        (red, one, 4),
        (blue, one, 4),
        (red, other, 4),
        (blue, other, 4),
        (red, one, 8),
        (red, one, -1),
        (red, one, -1),
    ]
    places, found = Places(), []
    for number, (layout, scene, group) in enumerate(made):
        found.append(places.of(Example(number, "existence", "", layout, True, scene, (), group=group)))
    assert found == [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (4, 0, 0), (5, 0, 0), (6, 0, 0)]


def test_pictures_of_one_panel_are_no_pairs(tmp_path: Path) -> None:
    write_dataset(load_config("world", size=4, shard_size=4, families=["existence"]), tmp_path / "data")
    with pytest.raises(ConfigError, match="pairs are pictures of two panels"):
        export_dataset(read_dataset(tmp_path / "data"), tmp_path / "out", "pairs")


BAD = [
    ("{", "line 1: not JSON"),
    ('{"sentence": "a", "identifier": "dev-1"}', "identifier 'dev-1': expected split-set-pair-sentence"),
    ('{"sentence": "a", "identifier": "dev-1-0-0", "label": "maybe"}', "line 1: label is"),
    ('{"sentence": "a", "identifier": "d-1-0-0"}\n{"sentence": "b", "identifier": "d-1-0-0"}', "line 1 already"),
    ('{"sentence": "a", "identifier": "dev-1-0-0"}', "no image of this split; expected files such as dev-1-0-img0.png"),
    ("", "no example in it"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_bad_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "dev.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_pairs(tmp_path, "dev")


def test_a_folder_without_the_split_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected dev\.json in it, or in its folder data or dev"):
        read_pairs(tmp_path, "dev")


# ---- predictions


def test_generated_pairs_are_judged_rightly_from_their_pixels(exported: Path, network: Network) -> None:
    found = evaluate_pairs(network, exported, "dev")
    assert found.figures["accuracy"].total == SIZE
    assert found.figures["accuracy"].right >= SIZE - 1


def test_predictions_need_nothing_but_sentence_and_pixels(exported: Path, network: Network, tmp_path: Path) -> None:
    """Labels and all other fields stripped, identifiers renamed: the same truths."""
    entries = lines(exported)[:12]
    bare = [{"sentence": entry["sentence"], "identifier": f"x-{90 - at}-3-1"} for at, entry in enumerate(entries)]
    images = {
        f"x-{90 - at}-3-img{side}.png": Image.open(next(exported.rglob(f"dev-{at}-0-img{side}.png")))
        for at in range(12)
        for side in (0, 1)
    }
    stripped = evaluate_pairs(network, write(tmp_path, bare, images), "dev")
    whole = evaluate_pairs(network, exported, "dev")
    assert [truth for _, truth in stripped.predictions] == [truth for _, truth in whole.predictions[:12]]


def test_left_and_right_are_the_places_of_the_images(tmp_path: Path, network: Network) -> None:
    write(tmp_path, [], {"red.png": shown("red"), "blue.png": shown("blue")})
    red, blue = tmp_path / "red.png", tmp_path / "blue.png"
    left, right = "there is a red square in the left image", "the right image contains a red square"
    asked = [Pair(text, images) for text in (left, right) for images in ((red, blue), (blue, red))]
    assert [one.truth for one in predict(network, asked)] == [True, False, False, True]


def test_images_of_other_sizes_stand_side_by_side(tmp_path: Path, network: Network) -> None:
    wide = Image.new("RGB", (200, 100), (70, 78, 86))
    wide.paste(shown("red").resize((90, 90)), (5, 5))
    write(tmp_path, [], {"wide.jpg": wide, "small.png": shown("red")})
    asked = [Pair("both images contain a red square", (tmp_path / "wide.jpg", tmp_path / "small.png"))]
    assert [one.truth for one in predict(network, asked)] == [True]


def test_what_cannot_be_read_or_was_not_learned_is_called_true_and_says_so(network: Network) -> None:
    texts = ["two dogs are running", "is", "a square touches the wall", "the left image contains a square"]
    hows = {text: one.how for text, one in readings(network, texts).items()}
    assert hows == {texts[0]: "unread", texts[1]: "unread", texts[2]: "unlearned", texts[3]: "read"}
    few = cell_network()
    assert readings(few, ["there is a pink heart"])["there is a pink heart"].how == "unlearned"


def test_a_network_over_the_cells_of_single_images_is_refused() -> None:
    with pytest.raises(ConfigError, match="over cells of pictures of 1 panels; pairs ask for one over objects"):
        predict(cell_network(), [])


# ---- figures and the command


def test_consistency_asks_for_every_pair_of_a_sentence(tmp_path: Path, network: Network) -> None:
    """Set 1: sentence 0 right of both pairs, sentence 1 of one; set 2: the one example right."""
    red, blue = shown("red"), shown("blue")
    images = {f"dev-{name}-img{side}.png": red for name in ("1-0", "2-0") for side in (0, 1)}
    images |= {f"dev-1-1-img{side}.png": blue for side in (0, 1)}
    said = "both images contain a red square"
    entries = [
        {"sentence": said, "label": "True", "identifier": "dev-1-0-0"},
        {"sentence": said, "label": "False", "identifier": "dev-1-1-0"},
        {"sentence": said, "label": "True", "identifier": "dev-1-0-1"},
        {"sentence": said, "label": "True", "identifier": "dev-1-1-1"},
        {"sentence": said, "label": "true", "identifier": "dev-2-0-0"},
    ]
    figures = evaluate_pairs(network, write(tmp_path, entries, images), "dev").figures
    assert figures["accuracy"] == (4, 5) and figures["consistency"] == (2, 3)


def test_missing_and_broken_images_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    entries = [
        {"sentence": "both images contain a red square", "identifier": f"dev-{place}-0-0", "label": "True"}
        for place in range(3)
    ]
    images = {f"dev-{place}-0-img{side}.png": shown("red") for place in range(3) for side in (0, 1)}
    root = write(tmp_path / "pairs", entries, images)
    (root / "dev-0-0-img1.png").unlink()
    (root / "dev-1-0-img0.png").write_bytes(b"no image")
    out = tmp_path / "out.csv"
    result = CliRunner().invoke(app, ["evaluate", "pairs", "--data", str(root), "--predictions", str(out), "--json"])
    assert result.exit_code == 1
    assert "dev-0-0-0: dev-0-0-img1.png is missing" in result.stderr
    assert "dev-1-0-0" in result.stderr and "dev-1-0-img0.png" in result.stderr
    assert out.read_text() == "dev-2-0-0,True\n"
    data = json.loads(result.stdout)
    assert data["accuracy"] == {"right": 1, "total": 1, "share": 1.0} and data["consistency"]["total"] == 3


# ---- training


def test_a_network_is_trained_on_pairs_of_photographs_and_judges_them(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = TrainSettings(
        data="pairs", folder=str(exported), split="dev", regions="cells", patch_px=8, pair_px=32, channels=7, steps=3,
        batch=8, threads=1,
    )  # fmt: skip
    told: list[str] = []
    train(settings, tmp_path, lambda part, done, of, note="": told.append(f"{part} {done} {of} {note}"))
    assert told[1] == f"pairs {SIZE} {SIZE} of {SIZE} statements 0 cannot be read"
    trained = load_network(tmp_path / "network.safetensors")
    assert (trained.settings.panels, trained.settings.lexicon) == (2, "pairs")
    assert evaluate_pairs(trained, exported, "dev").figures["accuracy"].total == SIZE
    monkeypatch.setattr(Network, "speaking", lambda *_: pytest.fail("its own words mean what they meant in training"))
    command = ["evaluate", "pairs", "--data", str(exported), "--model", str(tmp_path), "--json"]
    assert CliRunner().invoke(app, command).exit_code == 0


def test_statements_of_numbers_that_cells_are_not_counted_up_to_are_left_out_of_training(tmp_path: Path) -> None:
    sentences = ("there are at least 20 circles", "there are at least 16 circles")
    entries = [
        {"sentence": text, "identifier": f"dev-{number}-0-0", "label": "False"} for number, text in enumerate(sentences)
    ]
    images = {f"dev-{number}-0-img{side}.png": shown("red") for number in (0, 1) for side in (0, 1)}
    settings = TrainSettings(
        data="pairs", folder=str(write(tmp_path / "in", entries, images)), split="dev", regions="cells", patch_px=8,
        pair_px=32, channels=7, steps=1, threads=1,
    )  # fmt: skip
    told: list[str] = []
    train(settings, tmp_path / "out", lambda part, done, of, note="": told.append(note))
    assert told[0] == "of 2 statements 1 cannot be read"


def test_words_of_ones_own_are_kept_by_the_network(exported: Path, tmp_path: Path) -> None:
    words = tmp_path / "mine.toml"
    words.write_text('extends = "pairs"\n', encoding="utf-8")
    settings = TrainSettings(
        data="pairs", folder=str(exported), split="dev", regions="cells", patch_px=8, pair_px=32, channels=7, steps=3,
        batch=8, threads=1, pair_lexicon=str(words),
    )  # fmt: skip
    train(settings, tmp_path / "run", lambda *_: None)
    words.unlink()
    assert load_network(tmp_path / "run/network.safetensors").lexicon.panels[0] == "image"


def test_pairs_none_of_whose_statements_can_be_read_are_refused(tmp_path: Path) -> None:
    entries = [{"sentence": "two dogs run", "identifier": "train-0-0-0", "label": "True"}]
    write(tmp_path / "in", entries, {f"train-0-0-img{side}.png": shown("red") for side in (0, 1)})
    settings = TrainSettings(data="pairs", folder=str(tmp_path / "in"), split="dev", regions="cells")
    with pytest.raises(ConfigError, match="none of the 1 statements of dev with images can be read"):
        train(settings, tmp_path / "out")
