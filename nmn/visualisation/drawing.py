"""An answer as a drawing: every box, word and line with its place, in units that are pixels at scale 1.

Nothing is painted here. The width of words is asked of a ``Measure``, so that any format can be drawn from it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nmn.assembler.trace import TracedCall, answer_text, percent
from nmn.layout import Kind, call_label
from nmn.vision.view import View
from nmn.visualisation.layers import Bend, Layers, layered

if TYPE_CHECKING:
    from nmn.reasoner import Answer

Measure = Callable[[str, float], float]  # the width of words at a size
Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]  # left, top, right, bottom

TITLE, WORDS, VALUE, HEADING, SUB_HEADING = 15.0, 12.5, 20.0, 24.0, 17.0  # sizes of text
LINE = 1.3  # height of a line, in sizes
PADDING, ROW_GAP, COLUMN_GAP, MARGIN = 8.0, 18.0, 46.0, 24.0
PICTURES = (136.0, 112.0, 92.0, 76.0, 60.0)  # sides of a node's picture, the largest that fits the page is taken
WIDEST = 1.7  # a picture's width to that side
PAGE = (1600.0, 900.0)
INPUT = (200.0, 300.0)  # the least and the most of the input's sides; its width may be half as much again
NAMED = 100.0  # side of a picture under which there is room for names, not only numbers
PORT = 16.0  # between the ends of edges
ARROW = 8.0  # length
CAPTION_LINES, NARROWEST = 3, 96.0  # of what an attention picked, under its picture
ORDERED = ("compare", "within", "quantify")  # which operand is which matters and cannot be seen


@dataclass(frozen=True)
class Text:
    """A line of words: ``at`` is its left end and top, ``tone`` what it is for."""

    words: str
    at: Point
    size: float
    tone: str = "plain"


@dataclass(frozen=True)
class Node:
    """A call: its box, the place of its picture, and its words."""

    call: int
    kind: Kind
    box: Rectangle
    picture: Rectangle | None
    texts: tuple[Text, ...]


@dataclass(frozen=True)
class Edge:
    """Data from one call to another, level at every point; ``number`` of the operand where that matters."""

    source: int
    target: int
    points: tuple[Point, ...]
    number: Text | None


@dataclass(frozen=True)
class Drawing:
    """A whole picture; ``input`` is the place of the image itself."""

    width: float
    height: float
    texts: tuple[Text, ...]
    input: Rectangle
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def draw_answer(answer: "Answer", question: str, names: Sequence[str], view: View, measure: Measure) -> Drawing:
    """Place an answer with its trace; ``names`` are the regions' in words, empty where their numbers do."""
    for side in PICTURES:
        drawing = _drawing(answer, question, names, view, measure, side)
        if drawing.width <= PAGE[0] and drawing.height <= PAGE[1]:
            break
    return drawing


@dataclass(frozen=True)
class _Content:
    """What is in a node, with its size."""

    title: str
    picture: tuple[float, float] | None
    lines: tuple[tuple[str, float, str], ...]  # words, size, tone
    width: float
    height: float


def _drawing(
    answer: "Answer", question: str, names: Sequence[str], view: View, measure: Measure, side: float
) -> Drawing:
    height, width = view.pixels.shape[1:]
    picture = fitted(width, height, (side * WIDEST, side))
    names = names if side >= NAMED else ()
    root = len(answer.trace.calls) - 1
    contents = [
        _content(call, str(answer) if number == root else None, answer.view is not None, names, picture, measure)
        for number, call in enumerate(answer.trace.calls)
    ]
    layers = layered([call.operands for call in answer.trace.calls], [content.height for content in contents], ROW_GAP)
    widths = [
        max([0.0, *(contents[node].width for node in column if isinstance(node, int))]) for column in layers.columns
    ]
    graph = sum(widths) + COLUMN_GAP * (len(widths) - 1)
    tall = max(layers.heights[node] + contents[node].height / 2 for node in range(len(contents)))
    room = PAGE[0] - 2 * MARGIN - COLUMN_GAP - graph
    shown = fitted(width, height, (_clamp(room, INPUT, 1.5), _clamp(tall, INPUT, 1.0)))
    whole = max(shown[0] + COLUMN_GAP + graph, 560.0)
    texts, top = _header(answer, question, whole, measure)
    most = max(tall, shown[1] + WORDS * LINE)
    left = MARGIN + shown[0] + COLUMN_GAP
    lefts = [left + sum(widths[:at]) + COLUMN_GAP * at for at in range(len(widths))]
    down = top + (most - tall) / 2
    nodes = _nodes(answer, layers, contents, lefts, widths, down)
    above = top + (most - shown[1]) / 2
    return Drawing(
        whole + 2 * MARGIN, top + most + MARGIN, tuple(texts), (MARGIN, above, MARGIN + shown[0], above + shown[1]),
        nodes, _edges(answer, layers, nodes, lefts, widths, down),
    )  # fmt: skip


def fitted(width: float, height: float, room: tuple[float, float]) -> tuple[float, float]:
    """Return the size of a picture, its proportions kept, that fills the width or the height of a room."""
    scale = min(room[0] / width, room[1] / height)
    return max(1.0, width * scale), max(1.0, height * scale)


def _clamp(length: float, bounds: tuple[float, float], times: float) -> float:
    return min(max(length, bounds[0]), bounds[1] * times)


def _header(answer: "Answer", question: str, width: float, measure: Measure) -> tuple[list[Text], float]:
    """Return the words over the graph, and where the graph starts."""
    lines = [(words, HEADING, "strong") for words in wrapped(question, HEADING, width, measure)]
    if answer.reading and answer.reading.repairs:
        lines += [
            (words, SUB_HEADING, "careful")
            for words in wrapped(f"read as: {answer.reading.text}", SUB_HEADING, width, measure)
        ]
    sure = f"  ({percent(answer.confidence)} sure)" if answer.view is not None else ""
    lines += [(words, HEADING, "answer") for words in wrapped(f"answer: {answer}{sure}", HEADING, width, measure)]
    for problem in answer.problems:
        lines += [
            (words, SUB_HEADING, "careful") for words in wrapped(f"careful: {problem}", SUB_HEADING, width, measure)
        ]
    texts, top = [], MARGIN
    for words, size, tone in lines:
        texts.append(Text(words, (MARGIN, top), size, tone))
        top += size * LINE
    return texts, top + ROW_GAP


def _content(
    call: TracedCall, answer: str | None, neural: bool, names: Sequence[str], picture: tuple[float, float],
    measure: Measure,
) -> _Content:  # fmt: skip
    title = call_label(call.module, call.argument)
    sure = percent(call.confidence) if neural and call.confidence is not None else ""
    pictured = call.kind in (Kind.ATTENTION, Kind.PANELS)
    width = max(measure(title, TITLE), picture[0] if pictured else 0.0)
    if pictured:
        words = [(line, WORDS, "plain") for line in _caption(call, names, sure, max(width, NARROWEST), measure)]
    else:
        value = answer if answer is not None else answer_text(call.value, call.kind)
        if call.in_panels and call.value is call.in_panels:
            words = [
                (f"panel {panel}: {answer_text(part, call.kind)}", WORDS, "plain")
                for panel, part in enumerate(call.in_panels)
            ]
        else:
            words = [(line, VALUE, "value") for line in wrapped(value, VALUE, max(width, 150.0), measure)]
            words += [(sure, WORDS, "plain")] if sure else []
    width = max([width, *(measure(line, size) for line, size, _ in words)])
    height = TITLE * LINE + sum(size * LINE for _, size, _ in words) + (picture[1] + PADDING if pictured else 0.0)
    outer = width + 2 * PADDING + _indent(call)
    return _Content(title, picture if pictured else None, tuple(words), outer, height + 2 * PADDING)


def _indent(call: TracedCall) -> float:
    """Return the room for the operands' numbers at a node's left side."""
    return WORDS if call.module in ORDERED and len(set(call.operands)) > 1 else 0.0


def _caption(call: TracedCall, names: Sequence[str], sure: str, width: float, measure: Measure) -> list[str]:
    """Return what an attention picked, in words, on a few lines."""
    picked: tuple[int, ...] = call.value  # type: ignore[assignment]
    listed = ", ".join(map(str, picked)) or "none"
    if call.kind is Kind.PANELS and picked:
        listed = f"panel{'s' if len(picked) > 1 else ''} {listed}"
    if names and call.kind is Kind.ATTENTION and picked:
        lines = [line for number in picked for line in wrapped(f"{number}: {names[number]}", WORDS, width, measure)]
    else:
        lines = wrapped(listed + (f"  ({sure})" if sure else ""), WORDS, width, measure)
    if len(lines) > CAPTION_LINES:
        lines = wrapped(listed, WORDS, width, measure)
    if len(lines) > CAPTION_LINES:
        lines = [f"{len(picked)} of {len(call.raw)}"]
    return lines


def wrapped(words: str, size: float, width: float, measure: Measure) -> list[str]:
    """Return words on lines no wider than ``width``; a single word that is wider is parted."""
    lines: list[str] = []
    for word in "".join(letter if letter.isprintable() else " " for letter in words).split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and measure(joined, size) <= width:
            lines[-1] = joined
            continue
        while measure(word, size) > width and len(word) > 1:
            fits = next(end for end in range(len(word) - 1, 0, -1) if end == 1 or measure(word[:end], size) <= width)
            lines.append(word[:fits])
            word = word[fits:]  # noqa: PLW2901
        lines.append(word)
    return lines


def _nodes(
    answer: "Answer", layers: Layers, contents: Sequence[_Content], lefts: Sequence[float], widths: Sequence[float],
    down: float,
) -> tuple[Node, ...]:  # fmt: skip
    column_of = {node: at for at, column in enumerate(layers.columns) for node in column}
    nodes = []
    for number, (call, content) in enumerate(zip(answer.trace.calls, contents, strict=True)):
        at = column_of[number]
        left = lefts[at] + (widths[at] - content.width) / 2
        inner = left + PADDING + _indent(call)
        top = down + layers.heights[number] - content.height / 2
        box = (left, top, left + content.width, top + content.height)
        texts, below = (
            [Text(content.title, (inner, top + PADDING), TITLE, "strong")],
            top + PADDING + TITLE * LINE,
        )
        picture = None
        if content.picture:
            width, height = content.picture
            start = left + (content.width - width) / 2
            picture = (start, below + PADDING / 2, start + width, below + PADDING / 2 + height)
            below += height + PADDING
        for words, size, tone in content.lines:
            texts.append(Text(words, (inner, below), size, tone))
            below += size * LINE
        nodes.append(Node(number, call.kind, box, picture, tuple(texts)))
    return tuple(nodes)


def _edges(
    answer: "Answer", layers: Layers, nodes: Sequence[Node], lefts: Sequence[float], widths: Sequence[float],
    down: float,
) -> tuple[Edge, ...]:  # fmt: skip
    edges = []
    rank_of = {node: rank for rank, column in enumerate(layers.columns) for node in column}
    for target, call in enumerate(answer.trace.calls):
        entering = sorted(dict.fromkeys(call.operands), key=lambda one: layers.heights[layers.paths[one, target][-2]])
        box = nodes[target].box
        for port, source in enumerate(entering):
            start = nodes[source].box
            level, rank = (start[1] + start[3]) / 2, rank_of[source]
            points = [(start[2], level), (lefts[rank] + widths[rank], level)]
            for bend in layers.paths[source, target][1:-1]:
                assert isinstance(bend, Bend)
                height, left = layers.heights[bend] + down, lefts[bend.rank]
                points += [(left, height), (left + widths[bend.rank], height)]
            end = (box[0], (box[1] + box[3]) / 2 + (port - (len(entering) - 1) / 2) * PORT)
            points.append((lefts[rank_of[target]] - ARROW, end[1]))
            number = None
            if _indent(call):
                which = str(1 + call.operands.index(source))
                number = Text(which, (box[0] + PADDING / 2, end[1] - WORDS * LINE / 2), WORDS, "plain")
            edges.append(Edge(source, target, (*points, end), number))
    return tuple(edges)
