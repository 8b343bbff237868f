"""Explanations as files: the ending of a name says which format."""

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from nmn.atomic import write_file
from nmn.errors import ConfigError, did_you_mean
from nmn.layout import Layout, to_dot, to_mermaid
from nmn.visualisation.drawing import draw
from nmn.visualisation.explanation import Explanation
from nmn.visualisation.html import html_file
from nmn.visualisation.png import explained_picture, measure
from nmn.visualisation.svg import svg_file


def json_file(explanation: Explanation) -> str:
    """Return an explanation as JSON, with the place of everything in ``drawing``."""
    data = {**explanation.to_json(), "drawing": draw(explanation, measure, with_tree=True).to_json()}
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def png_file(explanation: Explanation) -> bytes:
    """Return the picture of an explanation."""
    content = io.BytesIO()
    explained_picture(explanation, with_tree=True).save(content, "PNG", optimize=True)
    return content.getvalue()


def dot_file(explanation: Explanation) -> str:
    """Return the graph of calls with their values for Graphviz."""
    return to_dot(_layout(explanation), [call.value for call in explanation.calls])


def mermaid_file(explanation: Explanation) -> str:
    """Return the graph of calls with their values for Mermaid."""
    return to_mermaid(_layout(explanation), [call.value for call in explanation.calls])


FORMATS: Mapping[str, Callable[[Explanation], str | bytes]] = {
    ".html": html_file, ".png": png_file, ".svg": svg_file, ".json": json_file, ".dot": dot_file, ".mmd": mermaid_file,
}  # fmt: skip


def _layout(explanation: Explanation) -> Layout:
    if explanation.layout is None:
        raise ConfigError("a system without modules answered: there is no layout to write as a graph")
    return explanation.layout


def format_of(path: Path, known: Mapping[str, object] = FORMATS) -> str:
    """Return the ending that says a file's format; raise ConfigError where it is none that is written."""
    suffix = path.suffix.lower()
    if suffix not in known:
        listed = ", ".join(known)
        raise ConfigError(f"{path}: give a name that ends in one of {listed}{did_you_mean(suffix, known)}")
    return suffix


def write_explanation(path: str | Path, explanation: Explanation) -> None:
    """Write an explanation in the format that the name's ending says; raise ConfigError where it cannot."""
    write_file(Path(path), FORMATS[format_of(Path(path))](explanation), ConfigError)
