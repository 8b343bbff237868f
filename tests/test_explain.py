"""nmn explain: one description, every format made of it, exact values beside others."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

import nmn
from nmn.answer import Answer
from nmn.cli import app
from nmn.reasoner import ask_scene, load
from nmn.resources import SCENES
from nmn.scene import SceneGraph, SceneObject, read_scene
from nmn.visualisation.explanation import Explanation
from nmn.visualisation.files import FORMATS, write_explanation
from nmn.visualisation.html import html_file, pieces
from nmn.visualisation.svg import svg_file

DEMO = read_scene(SCENES / "demo.json")
QUESTION = "What color is the large shape left of the star?"
runner = CliRunner()


@pytest.fixture(scope="module")
def seen() -> Answer:
    """The answer of the weights that ship to the demo's image."""
    return load(device="cpu").ask(SCENES / "demo.png", QUESTION)


def recoloured(number: int, color: str) -> SceneGraph:
    things = list(DEMO.objects)
    things[number] = replace(things[number], attributes={**things[number].attributes, "color": color})
    return replace(DEMO, objects=tuple(things))


class Page(HTMLParser):
    """What a page refers to, its anchors, and the words beside its pictures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.pictures: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.links += [str(told[name]) for name in ("href", "src", "action", "srcset") if name in told]
        self.anchors += [str(told["id"])] if "id" in told else []
        if tag in ("img", "image"):
            self.pictures.append(told.get("alt") or told.get("aria-label"))


def test_every_format_is_written_by_one_command(tmp_path: Path) -> None:
    paths = [tmp_path / f"demo{suffix}" for suffix in FORMATS]
    outs = [part for path in paths for part in ("--out", str(path))]
    result = runner.invoke(app, ["explain", str(SCENES / "demo.json"), QUESTION, *outs])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("answer: blue\n 1. find[large] ('large') = 1: square blue large solid")
    assert all(path.stat().st_size > 100 for path in paths)
    with Image.open(tmp_path / "demo.png") as picture:
        assert picture.size[0] > 1000
    data = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))
    assert data["answer"] == "blue" and [call["module"] for call in data["calls"]][-1] == "describe"
    assert len(data["drawing"]["nodes"]) == len(data["calls"]) and data["parse_tree"]["label"] == "describe"
    assert 'label="find[star]\\n2: star yellow small solid"' in (tmp_path / "demo.dot").read_text(encoding="utf-8")
    assert 'n1["find[star]<br/>2: star yellow small solid"]' in (tmp_path / "demo.mmd").read_text(encoding="utf-8")


def test_a_name_of_no_format_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    arguments = ["explain", "gone.png", QUESTION, "--out", str(tmp_path / "a.html"), "--out", "b.pgn"]
    result = runner.invoke(app, arguments)
    assert (
        result.exit_code == 2
        and "ends in one of .html, .png" in result.stderr
        and 'did you mean ".png"' in result.stderr
    )
    assert not list(tmp_path.iterdir())
    with pytest.raises(nmn.NmnError, match="cannot be written"):
        write_explanation(tmp_path / "gone" / "a.dot", nmn.explain(ask_scene(DEMO, QUESTION)))


def test_a_page_asks_for_nothing_and_its_links_lead_somewhere(seen: Answer) -> None:
    text = html_file(nmn.explain(seen, scene=DEMO))
    page = Page(text)
    assert {link.split(":")[0] for link in page.links if not link.startswith("#")} == {"data"}
    assert all(link[1:] in page.anchors for link in page.links if link.startswith("#"))
    assert len(set(page.anchors)) == len(page.anchors)
    assert page.pictures and all(page.pictures)
    assert not re.search(r"https?://(?!www\.w3\.org)", text) and "default-src 'none'" in text


def test_a_page_says_everything_in_words(seen: Answer) -> None:
    explained = nmn.explain(seen, scene=DEMO)
    text = html_file(explained)
    for call in explained.calls:
        assert call.label in text and all(f'"{word}"' in text for word in call.words)
    assert "the known scene agrees" in text and "VALUE_NOUN" in text and str(explained.layout) in text
    assert "".join(piece["words"] for piece in pieces(explained)) == QUESTION


def test_markup_in_a_question_stays_words() -> None:
    """No question that can be read has any, so one is put in its place."""
    explained = replace(
        nmn.explain(ask_scene(DEMO, "is there a star")), question="<script>alert(1)</script>", mentions=()
    )
    for text in (html_file(explained), svg_file(explained)):
        assert "<script>alert" not in text and "&lt;script&gt;alert" in text


def test_objects_that_are_points_are_shown_and_are_themselves() -> None:
    scene = SceneGraph((SceneObject({"shape": "cube"}, (240, 160, 240, 160)),), 480, 320, "clevr")
    for pixels in (None, torch.zeros(3, 32, 48, dtype=torch.uint8)):
        explained = nmn.explain(nmn.run("find[cube]", scene), scene=scene, pixels=pixels)
        assert explained.view is not None and explained.view.heat([1.0]).any()
        assert explained.exact is not None and explained.exact.agrees


def test_an_svg_of_a_question_with_control_characters_is_well_formed() -> None:
    answer = nmn.ask_scene(SCENES / "demo.json", "Is the star left\x0bof a\x1cred circle?")
    assert "left of" in ElementTree.fromstring(svg_file(nmn.explain(answer))).attrib["aria-label"]


def test_an_svg_is_well_formed_and_has_a_text_for_every_word_drawn(seen: Answer) -> None:
    root = ElementTree.fromstring(svg_file(nmn.explain(seen)))
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert QUESTION in words and "describe[color]" in words and '"What color"' in words
    assert not list(root.iter("{http://www.w3.org/2000/svg}a"))  # there is nothing to lead to
    assert all(element.get("textLength") for element in root.iter("{http://www.w3.org/2000/svg}text"))


def test_exact_values_stand_beside_those_of_a_network(seen: Answer) -> None:
    explained = nmn.explain(seen, scene=DEMO)
    assert all(call.exact and call.exact.agrees for call in explained.calls)
    assert explained.exact and explained.exact.agrees
    large = explained.calls[0].exact
    assert large and large.text == "square blue large solid, triangle green large solid" and len(large.boxes) == 2


def test_what_is_not_as_the_known_scene_says_is_marked(seen: Answer) -> None:
    """The square is said to be red: only the last call differs."""
    explained = nmn.explain(seen, scene=recoloured(1, "red"))
    assert [bool(call.exact and call.exact.agrees) for call in explained.calls] == [True] * 6 + [False]
    assert explained.exact and (explained.exact.text, explained.exact.agrees) == ("red", False)
    text = html_file(explained)
    assert '<p class="differs">exactly, by the known scene: red</p>' in text and "var(--differs)" in svg_file(explained)


def test_attention_to_what_is_no_object_differs(seen: Answer) -> None:
    explained = nmn.explain(seen, scene=replace(DEMO, objects=DEMO.objects[:2]))
    found = {call.label: call.exact for call in explained.calls}
    assert found["find[star]"] and (found["find[star]"].text, found["find[star]"].agrees) == ("none", False)


def test_only_answers_of_the_same_layout_are_compared(seen: Answer) -> None:
    from nmn.visualisation.explanation import explain

    with pytest.raises(ValueError, match="same layout"):
        explain(seen, exact=ask_scene(DEMO, "is there a star"))


def test_other_readings_and_repairs_are_said() -> None:
    explained = nmn.explain(ask_scene(DEMO, "is the cirlce left of a square above a star", repair=True))
    assert explained.reading == "is the circle left of a square above a star" and explained.others
    text = html_file(explained)
    assert "read as: is the circle left" in text and "could also mean: <code>" in text


def test_readings_that_mean_the_same_are_not_told() -> None:
    """This statement is also read as exists(... count(and(scene, find[black])) ...)."""
    scene = read_scene(SCENES / "demo.json")
    towers = replace(scene, world="nlvr", objects=(), panels=((0, 0, 100, 100),))
    assert nmn.explain(ask_scene(towers, "There is a tower with two black blocks.")).others == ()


def test_an_image_of_nlvr_is_explained_with_its_own_pixels(tmp_path: Path) -> None:
    out = tmp_path / "towers.json"
    sentence = "There is a tower with two black blokcs."
    arguments = ["explain", str(SCENES / "towers.png"), sentence, "--grammar", "nlvr", "--out", str(out)]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "read as: There is a tower with two black blocks." in result.stdout
    data = json.loads(out.read_text(encoding="utf-8"))
    assert data["image"] == {"width": 400, "height": 100} and len(data["panels"]) == 3
    where = data["calls"][4]
    assert (where["module"], where["members"], where["words"]) == ("where", [1], ["tower"])
    assert data["calls"][1]["in_panels"] == ["1", "2", "0"] and data["parse_tree"]["label"] == "start"


def test_a_layout_without_a_question_is_explained_too() -> None:
    explained = nmn.explain(nmn.run("count(find[circle])", DEMO))
    assert explained.question == "count(find[circle])" and not explained.mentions
    assert "parse tree" not in html_file(explained)


def test_a_system_without_modules_has_no_layout_to_show() -> None:
    explained = replace(nmn.explain(ask_scene(DEMO, QUESTION)), layout=None)
    assert "layout:" not in html_file(explained)
    with pytest.raises(nmn.NmnError, match="no layout to write"):
        FORMATS[".dot"](explained)


def test_a_fuzzy_set_says_how_sure_its_presupposition_is(seen: Answer) -> None:
    from nmn.assembler.trace import Presupposition

    assert Presupposition("exactly one", 0.42, 1).failure == "exactly one in its set, which is 42.0 % sure"
    assert Presupposition("exactly one", 0.0, 2).failure == "exactly one in its set, there are 2"
    assert Presupposition("at least one", 0.0, 0).failure == "at least one in its set, there are 0"


def test_chances_in_pictures_are_those_of_the_text(seen: Answer) -> None:
    """Both say how sure each member is, not the whole set."""
    from nmn.visualisation.drawing import draw
    from nmn.visualisation.png import measure

    result = runner.invoke(app, ["ask", str(SCENES / "demo.png"), QUESTION])
    shares = re.findall(r"relate\[left_of\] = (.*)", result.stdout)[0]
    explained: Explanation = nmn.explain(seen)
    at = [call.label for call in explained.calls].index("relate[left_of]")
    words = [text.words for text in draw(explained, measure).nodes[at].texts][2:]
    assert re.findall(r"(\d+): box [\d ]+, ([\d.]+ %)", shares) == [tuple(line.split(": ")) for line in words]


@pytest.mark.parametrize("question", ["What color are the circles?", "What color is the hexagon?"])
def test_the_last_call_is_as_sure_as_the_answer(question: str) -> None:
    explained = nmn.explain(load(device="cpu").ask(SCENES / "demo.png", question))
    assert explained.calls[-1].confidence == explained.confidence
    result = runner.invoke(app, ["ask", str(SCENES / "demo.png"), question])
    sure = re.findall(r"(?:confidence: |describe\[color\] = (?:\w+, )+)(.*)", result.stdout)
    assert len(sure) == 2 and sure[0] == sure[1]


def test_a_picture_of_nothing_known_is_said_to_be_one() -> None:
    rng = np.random.default_rng(0)
    noise, asked = rng.integers(0, 256, (300, 300, 3), dtype=np.uint8), "How many shapes are there?"
    strange = [" ".join(load(device="cpu").ask(image, asked).problems) for image in (noise, SCENES / "demo.png")]
    assert ["hardly looks like" in problems for problems in strange] == [True, False]


def test_what_is_hardly_nearer_than_another_is_not_sure() -> None:
    """By its scene the demo's blue circle is 64.1 px from the star and the ring 64.4, the red circle far from it."""
    answer = load(device="cpu").ask(SCENES / "demo.png", "What is nearest to the star?")
    assert answer.distribution["circle"] == pytest.approx(0.5, abs=0.01) == answer.distribution["ring"]
    assert load(device="cpu").ask(SCENES / "demo.png", "Which circle is nearest to the star?").confidence > 0.99
