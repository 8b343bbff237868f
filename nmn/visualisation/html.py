"""Explanations as one page that asks nothing of any network: style, script, font and pictures are inside."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from nmn.assembler.trace import percent
from nmn.visualisation.drawing import draw
from nmn.visualisation.explanation import Explanation, shares
from nmn.visualisation.header import LIKELIEST
from nmn.visualisation.png import measure
from nmn.visualisation.svg import graph_element, heat_uri, styles

FOLDER = Path(__file__).parent


def html_file(explanation: Explanation) -> str:
    """Return an explanation as an HTML file."""
    return page(f"{explanation.question} - {explanation.answer}", section(explanation))


def page(title: str, body: str) -> str:
    """Return a whole page around what is in it."""
    style = styles() + (FOLDER / "page.css").read_text(encoding="utf-8")
    return templates().get_template("page.html").render(title=title, styles=Markup(style), body=Markup(body))


def section(explanation: Explanation, prefix: str = "") -> str:
    """Return an explanation as part of a page, its anchors with a prefix."""
    graph = graph_element(explanation, draw(explanation, measure), prefix)
    heats = {
        number: heat_uri(explanation, number)
        for number, call in enumerate(explanation.calls)
        if call.is_set and explanation.view
    }
    return (
        templates()
        .get_template("explanation.html")
        .render(
            it=explanation,
            prefix=prefix,
            question=explanation.question,
            pieces=list(pieces(explanation)),
            chances=shares(explanation, LIKELIEST),
            kinds=list(dict.fromkeys(str(call.kind) for call in explanation.calls)),
            heats=heats,
            graph=Markup(graph),
        )
    )


def pieces(explanation: Explanation) -> list[dict[str, Any]]:
    """Return the question in pieces: words, the calls that come from them, and the kind of the last of those."""
    found: list[dict[str, Any]] = []
    at = 0
    for mention in explanation.mentions:
        if mention.start > at:
            found.append({"words": explanation.question[at : mention.start], "calls": ()})
        words = explanation.question[mention.start : mention.end]
        found.append({"words": words, "calls": mention.calls, "kind": explanation.calls[mention.calls[-1]].kind})
        at = mention.end
    found.append({"words": explanation.question[at:], "calls": ()})
    return found


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Return the templates, in which every value is escaped."""
    found = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["percent"] = percent
    return found
