"""Drawings as SVG: one file with its pictures and its font inside, in light and dark as the reader's screen is.

Text is set in the font that widths were measured with, and held to those widths where that font is refused.
"""

import base64
import io
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from PIL import Image

from nmn.visualisation.drawing import ARROW, Drawing, Edge, Node, draw
from nmn.visualisation.explanation import ExplainedCall, Explanation, Rectangle
from nmn.visualisation.header import Mark
from nmn.visualisation.heat import heat_map, resized
from nmn.visualisation.lettering import Text, printable
from nmn.visualisation.palette import DARK, LIGHT, css, fill_and_border, tone_color
from nmn.visualisation.png import BOLD, LIGHTER, ROUND, font_bytes, measure, numbered

HEAT_PX, INPUT_PX = 320, 640  # longer side of pictures inside
ASCENT = 0.76  # of the font: from the top of a line to its base, in sizes
STYLE = Path(__file__).parent / "drawing.css"


def svg_file(explanation: Explanation) -> str:
    """Return an explanation as an SVG file."""
    drawing = draw(explanation, measure, with_tree=True)
    body = [*_header(drawing), *graph(explanation, drawing, None), *_tree(drawing)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(drawing.width)} {_n(drawing.height)}" '
        f'width="{_n(drawing.width)}" height="{_n(drawing.height)}" role="img" '
        f"aria-label={quoteattr(summary(explanation))}>\n<style>{styles()}</style>\n"
        f'<rect class="page" width="100%" height="100%"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def graph_element(explanation: Explanation, drawing: Drawing, prefix: str = "") -> str:
    """Return the image with its graph, without what stands over it, as an element of a page; anchors with a prefix."""
    top, height = drawing.top - 6, drawing.height - drawing.top
    return (
        f'<svg class="graph" viewBox="0 {_n(top)} {_n(drawing.width)} {_n(height)}" '
        f'width="{_n(drawing.width)}" height="{_n(height)}" role="group" aria-label="the graph of calls">\n'
        + "\n".join(graph(explanation, drawing, prefix))
        + "\n</svg>"
    )


def styles() -> str:
    """Return the style of drawings: the font itself, the colours, and what has which."""
    font = base64.b64encode(font_bytes()).decode()
    face = f"@font-face{{font-family:nmn;src:url(data:font/ttf;base64,{font})}}"
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{color-scheme:dark;{css(DARK)}}}}}"
    return f"{face}:root{{color-scheme:light;{css(LIGHT)}}}{dark}\n{STYLE.read_text(encoding='utf-8')}"


def summary(explanation: Explanation) -> str:
    """Return an explanation in a sentence."""
    answer = f" Answer: {explanation.answer}." if explanation.answer else ""
    return printable(f"{explanation.question}{answer} {len(explanation.calls)} calls.")


def spoken(call: ExplainedCall) -> str:
    """Return a call in words, for those who do not see it."""
    said = f", from the words {', '.join(call.words)}" if call.words else ""
    exact = "" if call.exact is None else ", exactly the same" if call.exact.agrees else f", exactly {call.exact.text}"
    changed = f", {call.change}" if call.change else ""
    return printable(f"{call.label}{said}: {call.value}{exact}{changed}")


def graph(explanation: Explanation, drawing: Drawing, prefix: str | None) -> Iterator[str]:
    """Yield the elements of the image, the edges and the nodes.

    The nodes are links to their calls on the page, whose anchors have the prefix; without one they lead nowhere.
    """
    if explanation.view is not None and drawing.input is not None:
        image = numbered(resized(explanation.view, *_size(drawing.input, INPUT_PX)), explanation.picked)
        yield _image(drawing.input, data_uri(image), "the image")
    for edge in drawing.edges:
        yield _edge(edge)
    for node in drawing.nodes:
        yield _node(explanation, node, node.call == len(drawing.nodes) - 1, prefix)


def heat_uri(explanation: Explanation, number: int) -> str:
    """Return the heat map of a call as a data URI."""
    call = explanation.calls[number]
    view = explanation.view_of(call)
    height, width = view.pixels.shape[1:]
    view = resized(view, *_size((0, 0, width, height), HEAT_PX))
    return data_uri(Image.fromarray(heat_map(view, call.raw)))


def data_uri(image: Image.Image) -> str:
    """Return an image as the URI that holds it."""
    content = io.BytesIO()
    image.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(content, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"


@lru_cache(maxsize=4096)
def _length(words: str, size: float) -> float:
    return measure(words, size) - 2 * BOLD


def _header(drawing: Drawing) -> Iterator[str]:
    for mark in drawing.marks:
        yield _mark(mark)
    yield from map(_text, drawing.texts)


def _tree(drawing: Drawing) -> Iterator[str]:
    """Yield the parse tree; its words are texts, which are read out as they stand."""
    if drawing.tree is None:
        return
    lines = "".join(f"M{_n(one[0])} {_n(one[1])}L{_n(end[0])} {_n(end[1])}" for one, end in drawing.tree.lines)
    yield f'<path class="branch" aria-hidden="true" d="{lines}"/>'
    yield from map(_text, drawing.tree.texts)


def _mark(mark: Mark) -> str:
    return f'<rect {_rectangle(mark.box)} fill="var(--{fill_and_border(mark.kind)[1]})"/>'


def _rectangle(box: Rectangle) -> str:
    left, top, right, bottom = box
    return f'x="{_n(left)}" y="{_n(top)}" width="{_n(max(0.0, right - left))}" height="{_n(max(0.0, bottom - top))}"'


def _text(text: Text) -> str:
    x, y = text.at
    weight = "" if text.tone in LIGHTER else ' class="strong"'
    color = tone_color(text.tone)
    length = _n(_length(text.words, text.size))
    return (
        f'<text x="{_n(x + BOLD)}" y="{_n(y + ASCENT * text.size)}" font-size="{_n(text.size)}" fill="var(--{color})"'
        f'{weight} stroke="var(--{color})" textLength="{length}" lengthAdjust="spacingAndGlyphs">'
        f"{escape(text.words)}</text>"
    )


def _image(box: Rectangle, uri: str, words: str) -> str:
    return (
        f'<image {_rectangle(box)} preserveAspectRatio="none" href="{uri}" role="img" aria-label={quoteattr(words)}/>'
    )


def _edge(edge: Edge) -> str:
    end = edge.points[-1]
    points = [*edge.points[:-1], (end[0] - ARROW, end[1])]
    path = f"M{_n(points[0][0])} {_n(points[0][1])}" + "".join(
        f"C{_n((one[0] + other[0]) / 2)} {_n(one[1])} {_n((one[0] + other[0]) / 2)} {_n(other[1])} "
        f"{_n(other[0])} {_n(other[1])}"
        for one, other in pairwise(points)
    )
    tip = f"M{_n(end[0])} {_n(end[1])}l{-ARROW - 1} {-ARROW / 2}v{ARROW}z"
    number = _text(edge.number) if edge.number else ""
    return f'<g class="edge" aria-hidden="true"><path d="{path}"/><path class="tip" d="{tip}"/>{number}</g>'


def _node(explanation: Explanation, node: Node, root: bool, prefix: str | None) -> str:
    call = explanation.calls[node.call]
    fill, border = fill_and_border(node.kind)
    stroke = f'stroke="var(--{call.mark or border})" stroke-width="{3 if root or call.mark else 1.2}"'
    inner = [f'<rect {_rectangle(node.box)} rx="{_n(ROUND)}" fill="var(--{fill})" {stroke}/>']
    if node.picture:
        inner.append(_image(node.picture, heat_uri(explanation, node.call), "where it attends"))
    inner += [_outline(box) for box in node.outlines]
    inner += map(_text, node.texts)
    if prefix is None:
        return f'<g role="img" aria-label={quoteattr(spoken(call))}>{"".join(inner)}</g>'
    return (
        f'<a class="node" id="{prefix}node-{node.call}" href="#{prefix}call-{node.call}" data-calls="{node.call}" '
        f"aria-label={quoteattr(spoken(call))}>{''.join(inner)}</a>"
    )


def _outline(box: Rectangle) -> str:
    return f'<rect class="outline" {_rectangle(box)}/>'


def _size(box: Rectangle, most: int) -> tuple[int, int]:
    """Return the pixels of a picture for a box, its longer side at most so many."""
    width, height = box[2] - box[0], box[3] - box[1]
    scale = most / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _n(number: float) -> str:
    """Return a length as short as two decimals allow."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
