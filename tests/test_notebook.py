"""What notebooks show, and the trace as a graph and as a table."""

import base64
import sys
import tempfile
import webbrowser
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import networkx
import pytest

import nmn
from nmn.reasoner import ask_scene
from nmn.resources import SCENES
from nmn.scene import read_scene

DEMO = read_scene(SCENES / "demo.json")
ANSWER = ask_scene(DEMO, "how many circles are there")


def words_of(html: str) -> list[str | None]:
    """Return the words drawn in the SVG that an image holds."""
    svg = base64.b64decode(html.split("data:image/svg+xml;base64,")[1].split('"', maxsplit=1)[0])
    return [text.text for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_an_answer_is_shown_under_its_question() -> None:
    html = ANSWER._repr_html_()
    assert html.startswith('<img alt="how many circles are there Answer: 2. 2 calls."')
    assert {"how many circles are there", "answer: 2", "find[circle]", "count"} <= set(words_of(html))


def test_a_trace_is_shown_without_its_question() -> None:
    words = words_of(ANSWER.trace._repr_html_())
    assert {"count(find[circle])", "answer: 2"} <= set(words) and "how many circles are there" not in words


def test_a_layout_is_shown_as_its_graph() -> None:
    words = words_of(nmn.parse("is there a red circle")._repr_html_())
    assert words == ["exists(and(find[red], find[circle]))", "find[red]", "find[circle]", "and", "exists"]


def test_a_scene_is_shown_with_a_table_of_its_objects() -> None:
    html = DEMO._repr_html_()
    assert html.startswith('<img alt="a scene of 6 objects" src="data:image/png;base64,')
    assert html.count("<tr>") == 7 and "<th>color</th>" in html and "<td>triangle</td>" in html


def test_markup_in_attributes_stays_words() -> None:
    thing = nmn.SceneObject({"shape": "<b>circle"}, (0, 0, 4, 4))
    assert "&lt;b&gt;circle" in nmn.SceneGraph((thing,), 9, 9)._repr_html_()


def test_a_trace_whose_image_was_not_kept_is_shown_all_the_same() -> None:
    assert "count" in words_of(replace(ANSWER.trace, seen=None)._repr_html_())


def test_show_opens_a_page_outside_of_notebooks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for thing in (ANSWER, ANSWER.trace):
        path = thing.show()
        assert path and path.parent == tmp_path and opened.pop() == path.as_uri()
        assert "answer: 2" in path.read_text(encoding="utf-8")


def test_show_displays_in_notebooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for IPython, which the project does not need."""
    shown: list[str] = []
    display = ModuleType("IPython.display")
    display.HTML, display.display = str, shown.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    assert ANSWER.show() is None and shown == [ANSWER._repr_html_()]


def test_a_trace_is_a_graph_and_a_table() -> None:
    graph, rows = ANSWER.trace.graph, ANSWER.trace.table()
    assert networkx.is_directed_acyclic_graph(graph) and list(graph.edges) == [(0, 1)]
    assert graph.nodes[1] == {"module": "count", "argument": None, "kind": "number", "value": 2}
    assert [row["call"] for row in rows] == ["find[circle]", "count"] and rows[1]["operands"] == (0,)
    assert rows[0]["value"] == "0: circle red small solid; 4: circle blue small solid" and rows[1]["value"] == "2"


def test_a_traces_layout_is_the_one_that_was_run() -> None:
    assert ANSWER.trace.layout == ANSWER.layout
