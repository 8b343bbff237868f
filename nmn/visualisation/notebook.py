"""Layouts, scenes, traces and answers in notebooks: pictures as images, so that no style leaks into the notebook."""

import base64
import sys
import tempfile
import webbrowser
from html import escape
from pathlib import Path

from PIL import Image

from nmn.answer import Answer
from nmn.assembler.trace import Trace
from nmn.layout import Layout
from nmn.scene import SceneGraph
from nmn.vision.view import View
from nmn.visualisation.explanation import Explanation, explain, explain_layout
from nmn.visualisation.html import html_file
from nmn.visualisation.png import numbered
from nmn.visualisation.scene import scene_view
from nmn.visualisation.svg import data_uri, summary, svg_file


def explanation_of(thing: Layout | Trace | Answer) -> Explanation:
    """Return the explanation of a trace or answer, or that of a layout, which has no values."""
    if isinstance(thing, Layout):
        return explain_layout(thing)
    if isinstance(thing, Trace):
        root = thing.root
        view = thing.seen if isinstance(thing.seen, View) else None
        thing = Answer(root.value, root.kind, thing.layout, thing, confidence=root.confidence or 0.0, view=view)
    return explain(thing)


def html_of(thing: Layout | SceneGraph | Trace | Answer) -> str:
    """Return a layout, scene, trace or answer as HTML: a picture, and what it shows in words."""
    if isinstance(thing, SceneGraph):
        return _scene_html(thing)
    explanation = explanation_of(thing)
    uri = "data:image/svg+xml;base64," + base64.b64encode(svg_file(explanation).encode()).decode()
    return _image(uri, summary(explanation))


def show(thing: Trace | Answer) -> Path | None:
    """Show a trace or answer below the cell of a notebook, else as a page in the browser; return that page's path."""
    if "ipykernel" in sys.modules:
        from IPython.display import HTML, display

        display(HTML(html_of(thing)))
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".html", prefix="nmn-", delete=False, encoding="utf-8") as file:
        file.write(html_file(explanation_of(thing)))
    webbrowser.open(Path(file.name).as_uri())
    return Path(file.name)


def _scene_html(scene: SceneGraph) -> str:
    names = list(dict.fromkeys(name for thing in scene.objects for name in thing.attributes))
    rows = [
        [str(number), *(thing.attributes.get(name, "") for name in names), " ".join(f"{side:g}" for side in thing.box)]
        for number, thing in enumerate(scene.objects)
    ]
    head = "".join(f"<th>{escape(name)}</th>" for name in ("", *names, "box"))
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    picture: Image.Image = numbered(scene_view(scene))
    words = f"a scene of {len(rows)} objects"
    return f"{_image(data_uri(picture), words)}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _image(uri: str, words: str) -> str:
    return f'<img alt="{escape(words)}" src="{uri}" style="max-width:100%">'
