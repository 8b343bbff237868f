"""Learning a word from a few examples: it is found afterwards, and nothing else has changed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from nmn.cli import app
from nmn.data.shapes import read_images, read_questions
from nmn.errors import DataError, LexiconError
from nmn.evaluation.words import learned_again, pool_of
from nmn.lexicon import load_lexicon
from nmn.models.build import Network, NetworkSettings, build_network, load_network, save_network
from nmn.modules.neural import Vocabulary
from nmn.reasoner import Reasoner, load
from nmn.resources import WEIGHTS
from nmn.training.words import Taught, forgotten, learn_word, read_taught
from synth_data.config import load_config

SHAPES = load_lexicon("shapes")
TAUGHT = 32


@pytest.fixture(scope="module")
def unlearned(shapes_run: Path) -> Network:
    """A network of SHAPES that does not know circles."""
    return forgotten(load_network(shapes_run / "network.safetensors"), "circle")


@pytest.fixture(scope="module")
def taught(made_shapes: Path) -> list[Taught]:
    """Questions about circles, with images and answers."""
    questions, answers = read_questions(made_shapes, "val")
    pictures = read_images(made_shapes, "val")[..., ::-1]
    assert answers is not None
    chosen = [place for place, question in enumerate(questions) if "circle" in question]
    return [Taught(np.ascontiguousarray(pictures[place]), questions[place], answers[place]) for place in chosen]


def test_a_word_is_learned_from_a_few_questions(unlearned: Network, taught: list[Taught]) -> None:
    lesson, exam = taught[:TAUGHT], taught[TAUGHT:]
    grown = learn_word(unlearned, SHAPES, "circle", lesson)
    answers = Reasoner(grown, "cpu").ask_many([one.image for one in exam], [one.question for one in exam])
    right = [
        str(answer) == {"true": "yes", "false": "no"}[one.answer] for answer, one in zip(answers, exam, strict=True)
    ]
    assert len(exam) >= 30 and np.mean(right) > 0.9


def test_what_was_known_stays_bit_for_bit(unlearned: Network, taught: list[Taught]) -> None:
    grown = learn_word(unlearned, SHAPES, "circle", taught[:8])
    before, after = unlearned.model.state_dict(), grown.model.state_dict()
    kept = torch.tensor([value != "circle" for value in grown.vocabulary.values])
    for name, weights in before.items():
        found = after[name][kept] if name in ("reasoning.words.weight", "reasoning.biases") else after[name]
        assert torch.equal(found, weights), name


def test_a_network_with_a_new_word_comes_back_from_its_file(
    unlearned: Network, taught: list[Taught], tmp_path: Path
) -> None:
    grown = learn_word(unlearned, SHAPES, "circle", taught[:8])
    save_network(tmp_path / "grown.safetensors", grown, {})
    assert load_network(tmp_path / "grown.safetensors").vocabulary == grown.vocabulary


@pytest.mark.parametrize(
    ("word", "error", "message"),
    [
        ("circel", LexiconError, 'has no value "circel"; did you mean "circle"'),
        ("square", LexiconError, 'knows "square" already'),
    ],
)
def test_a_word_that_cannot_be_learned_is_named(
    unlearned: Network, taught: list[Taught], word: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        learn_word(unlearned, SHAPES, word, taught[:2])


@pytest.mark.parametrize("lost", ["square", "red", "left_of"])
def test_a_lexicon_that_lacks_what_the_network_knows_is_refused(
    unlearned: Network, taught: list[Taught], lost: str, tmp_path: Path
) -> None:
    attribute = SHAPES.attribute_of.get(lost)
    table = f"attributes.{attribute}.values" if attribute else "relations"
    (tmp_path / "less.toml").write_text(f'extends = "shapes"\n[{table}]\n{lost} = false\n')
    with pytest.raises(LexiconError, match=f'has not all that the network knows, such as "{lost}"'):
        learn_word(unlearned, load_lexicon(tmp_path / "less.toml"), "circle", taught[:2])


def test_a_word_that_is_not_known_cannot_be_forgotten(unlearned: Network) -> None:
    with pytest.raises(LexiconError, match='does not know "circle"'):
        forgotten(unlearned, "circle")


def test_a_word_is_taken_out_and_learned_again() -> None:
    network, seen = load_network(WEIGHTS / "world.safetensors"), list[int]()
    pool = pool_of(network, load_config("varied", size=60, seed=5), seen.append)
    assert len(pool) == sum(seen) == 60
    learned = learned_again(network, "red", [8], 1, 20, pool, seen.append)
    assert learned.known == 1 and learned.exam == 20 and min(learned.lessons[0].right) >= 0.95
    again = learned_again(forgotten(network, "red"), "red", [8], 1, 20, pool, seen.append)
    assert again.known is None and again.lessons == learned.lessons
    with pytest.raises(
        DataError, match=r"red: 80 examples and an exam of 20 need 50 images with it; there are \d\d among 60"
    ):
        learned_again(network, "red", [80], 1, 20, pool, seen.append)
    with pytest.raises(DataError, match="their number is even; got 5"):
        learned_again(network, "red", [4, 5], 1, 20, pool, seen.append)
    with pytest.raises(LexiconError, match='no value "reed"; did you mean "red"'):
        learned_again(network, "reed", [2], 1, 20, pool, seen.append)


def test_an_unknown_word_is_refused_before_images_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nmn.evaluation.words.pool_of", lambda *_: pytest.fail("images were made"))
    result = CliRunner().invoke(app, ["evaluate", "words", "heart", "hart"])
    assert result.exit_code == 2, repr(result.exception)
    assert 'has no value "hart"; did you mean "heart"?' in result.stderr


def test_pictures_of_shapes_are_shown_in_their_colours(shapes_run: Path) -> None:
    network = load_network(shapes_run / "network.safetensors")
    pool = pool_of(network, load_config("shapes", size=200, seed=5, fill=0.3, min_objects=1), lambda more: None)
    assert learned_again(network, "red", [2], 1, 40, pool, lambda more: None).known == 1


def test_questions_that_do_not_use_the_word_are_refused(unlearned: Network, taught: list[Taught]) -> None:
    other = Taught(taught[0].image, "is a red shape above a square", "true")
    with pytest.raises(DataError, match='none of the 1 questions uses "circle"'):
        learn_word(unlearned, SHAPES, "circle", [other])


@pytest.mark.parametrize(
    ("question", "answer", "message"),
    [
        ("is a rde shape", "true", r"my\.jsonl, line 3: "),
        ("is a red shape a circle", "blue", r"my\.jsonl, line 3: 'blue' is no answer to "),
    ],
)
def test_a_question_that_teaches_nothing_is_named_by_its_place(
    unlearned: Network, taught: list[Taught], question: str, answer: str, message: str
) -> None:
    lesson = [*taught[:2], Taught(taught[0].image, question, answer, where="my.jsonl, line 3")]
    with pytest.raises(DataError, match=message):
        learn_word(unlearned, SHAPES, "circle", lesson)


def test_examples_are_read_from_lines_of_json(tmp_path: Path) -> None:
    Image.new("RGB", (30, 30)).save(tmp_path / "a.png")
    line = {"image": "a.png", "question": "is a red shape a circle", "answer": "true"}
    path = tmp_path / "examples.jsonl"
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    assert read_taught(path) == [Taught(tmp_path / "a.png", line["question"], "true")]
    assert read_taught(path)[0].where == f"{path}, line 1"
    path.write_text(json.dumps(line) + '\n{"image": "a.png"}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"examples.jsonl, line 2: expected"):
        read_taught(path)
    path.write_text('{"image": 3, "question": "is there a star", "answer": "yes"}', encoding="utf-8")
    with pytest.raises(DataError, match="line 1: image is the path of a file, got 3"):
        read_taught(path)
    path.write_text(json.dumps(line | {"answer": True}), encoding="utf-8")
    assert [one.answer for one in read_taught(path)] == ["true"]
    path.write_text("\ufeff" + json.dumps(line) + "\n\n" + json.dumps(line) + "\n\n", encoding="utf-8")
    assert [one.where for one in read_taught(path)] == [f"{path}, line 1", f"{path}, line 3"]
    path.write_text(json.dumps(line) + "\n" + json.dumps(line | {"answer": "false"}), encoding="utf-8")
    with pytest.raises(DataError, match=r'line 2: the answer is "false", of the same question in .*line 1 "true"'):
        read_taught(path)
    path.write_text(json.dumps(line | {"anwser": "no"}), encoding="utf-8")
    with pytest.raises(DataError, match=r'line 1: unknown key "anwser"; did you mean "answer"'):
        read_taught(path)
    path.write_text("image", encoding="utf-8")
    with pytest.raises(DataError, match="line 1: not JSON"):
        read_taught(path)


def test_a_grown_network_keeps_what_it_knows_of_sides() -> None:
    known = Vocabulary({"color": ("red",)}, (), (), sides=False, near_sides=True)
    settings = NetworkSettings(regions="cells", lexicon="shapes", pixels=30, patch_px=10, channels=5)
    grown = learn_word(build_network(settings, known), SHAPES, "green", [taught_green(), taught_green()])
    assert grown.vocabulary == replace(known, attributes={"color": ("red", "green")})


def taught_green() -> Taught:
    """A question about a picture of one colour."""
    return Taught(np.full((30, 30, 3), (0, 200, 0), np.uint8), "is a shape green", "true")


def test_images_in_which_nothing_is_seen_teach_nothing(tmp_path: Path) -> None:
    network = forgotten(load_network(WEIGHTS / "world.safetensors"), "heart")
    blank = np.full((64, 64, 3), 255, np.uint8)
    with pytest.raises(DataError, match="sees no object in any of the 2 images"):
        learn_word(network, network.lexicon, "heart", [Taught(blank, "is there a heart?", "no")] * 2)


TEAL, CYAN = (0, 128, 128), (0, 208, 216)
OTHERS = ((220, 40, 40), (40, 60, 220), (240, 200, 40))


def lesson_of(color: tuple[int, int, int], folder: Path) -> list[str]:
    """Write four pictures, two of them with a circle of a color called teal; return the command that learns it."""
    lines = []
    for number in range(4):
        image = Image.new("RGB", (128, 128), "white")
        draw, left = ImageDraw.Draw(image), 10 + 13 * number
        draw.ellipse((left, 20, left + 36, 56), color if number < 2 else OTHERS[number - 2])
        draw.rectangle((75, 80, 111, 116), OTHERS[2])
        image.save(folder / f"{number}.png")
        answer = "yes" if number < 2 else "no"
        lines.append(json.dumps({"image": f"{number}.png", "question": "Is there a teal circle?", "answer": answer}))
    (folder / "lesson.jsonl").write_text("\n".join(lines), encoding="utf-8")
    text = 'extends = "world"\nname = "mine"\n[attributes.color.values]\nteal = ["teal"]\n'
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    options = {"--lexicon": "mine.toml", "--examples": "lesson.jsonl", "--out": "grown.safetensors"}
    return ["learn-word", "teal", *(part for key, name in options.items() for part in (key, str(folder / name)))]


def test_the_command_teaches_a_word_and_its_file_needs_no_other(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, lesson_of(TEAL, tmp_path))
    grown = tmp_path / "grown.safetensors"
    assert result.exit_code == 0 and not result.stderr, result.output
    assert result.stdout == f'"teal" learned from 4 examples, 100 % of them answered right: {grown}\n'
    (tmp_path / "mine.toml").unlink()
    reasoner = load(grown, "cpu")
    assert [str(reasoner.ask(tmp_path / f"{number}.png", "is a circle teal")) for number in (0, 3)] == ["yes", "no"]
    assert isinstance(reasoner, Reasoner) and reasoner.network.lexicon.name == "mine"


def test_a_word_whose_things_a_known_value_claims_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [*lesson_of(CYAN, tmp_path), "--json"])
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert (told["right"], told["like"], told["examples"]) == (0.5, "cyan", 4)
    assert result.stderr == (
        'careful: 50.0 % of the examples are answered right: its things are taken for "cyan"; give more examples, or a'
        " value that is less like cyan\n"
    )
