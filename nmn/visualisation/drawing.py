"""An explanation as a drawing: every box, word and line with its place, in units that are pixels at scale 1.

Nothing is painted here. The width of words is asked of a ``Measure``, so that any format can be drawn from it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from nmn.layout import Kind
from nmn.visualisation.content import PADDING, Content, content_of, indent
from nmn.visualisation.explanation import ExplainedCall, Explanation, Rectangle
from nmn.visualisation.header import Mark, header
from nmn.visualisation.layers import Bend, Layers, layered
from nmn.visualisation.lettering import LINE, WORDS, Measure, Point, Text, printable
from nmn.visualisation.tree import DrawnTree, drawn_tree, moved

ROW_GAP, COLUMN_GAP, MARGIN = 18.0, 46.0, 24.0
PICTURES = (136.0, 112.0, 92.0, 76.0, 60.0, 44.0)  # sides of a node's picture, the largest that fits the page is taken
WIDEST = 1.7  # a picture's width to that side
PAGE = (1600.0, 900.0)
INPUT = (200.0, 300.0)  # the least and the most of the input's sides; its width may be half as much again
NARROW = 560.0  # the least width of the header
PORT = 16.0  # between the ends of edges
ARROW = 8.0  # length


@dataclass(frozen=True)
class Node:
    """A call: its box, the place of its picture, in that the objects of the exact value, and its words."""

    call: int
    kind: Kind
    box: Rectangle
    picture: Rectangle | None
    outlines: tuple[Rectangle, ...]
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
    """A whole picture: ``input`` is the place of the image itself, if any; the graph with it begins at ``top``.

    ``tree``: the parse tree under the graph, if it is drawn.
    """

    width: float
    height: float
    texts: tuple[Text, ...]
    marks: tuple[Mark, ...]
    top: float
    input: Rectangle | None
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    tree: DrawnTree | None = None

    def to_json(self) -> dict[str, Any]:
        """Return every place as plain JSON data."""
        return asdict(self)


def draw(explanation: Explanation, measure: Measure, with_tree: bool = False) -> Drawing:
    """Place an explanation on a page, and its parse tree under that where it has one and that is wanted."""
    tree = None
    if with_tree and explanation.tree:
        width = PAGE[0] - 2 * MARGIN
        tree = drawn_tree(explanation.tree, printable(explanation.question), (MARGIN, 0.0), width, measure)
    for side in PICTURES:
        drawing = _drawing(explanation, measure, side)
        if drawing.width <= PAGE[0] and drawing.height <= PAGE[1]:
            break
    return drawing if tree is None else _over(drawing, tree)


def _over(drawing: Drawing, tree: DrawnTree) -> Drawing:
    """Return a drawing with a tree under it."""
    width = max(drawing.width, tree.width + 2 * MARGIN)
    height = drawing.height + tree.height + ROW_GAP
    return replace(drawing, width=width, height=height, tree=moved(tree, drawing.height - MARGIN + ROW_GAP))


def _drawing(explanation: Explanation, measure: Measure, side: float) -> Drawing:
    calls = explanation.calls
    height, width = (1, 1) if explanation.view is None else explanation.view.pixels.shape[1:]
    picture = fitted(width, height, (side * WIDEST, side))
    contents = [content_of(explanation, call, picture, side, measure) for call in calls]
    layers = layered([call.operands for call in calls], [content.height for content in contents], ROW_GAP)
    widths = [
        max([0.0, *(contents[node].width for node in column if isinstance(node, int))]) for column in layers.columns
    ]
    graph = sum(widths) + COLUMN_GAP * (len(widths) - 1)
    tall = max(layers.heights[node] + contents[node].height / 2 for node in range(len(contents)))
    room = PAGE[0] - 2 * MARGIN - COLUMN_GAP - graph
    shown = fitted(width, height, (_clamp(room, INPUT, 1.5), _clamp(tall, INPUT, 1.0)))
    if explanation.view is None:
        shown = (-COLUMN_GAP, 0.0)
    whole = max(shown[0] + COLUMN_GAP + graph, NARROW)
    over = header(explanation, (MARGIN, MARGIN), whole, measure)
    top = over.bottom + ROW_GAP
    most = max(tall, shown[1] + WORDS * LINE)
    left = MARGIN + shown[0] + COLUMN_GAP
    lefts = [left + sum(widths[:at]) + COLUMN_GAP * at for at in range(len(widths))]
    down = top + (most - tall) / 2
    nodes = _nodes(explanation, layers, contents, lefts, widths, down)
    above = top + (most - shown[1]) / 2
    return Drawing(
        whole + 2 * MARGIN, top + most + MARGIN, over.texts, over.marks, top,
        None if explanation.view is None else (MARGIN, above, MARGIN + shown[0], above + shown[1]),
        nodes, _edges(calls, layers, nodes, lefts, widths, down),
    )  # fmt: skip


def fitted(width: float, height: float, room: tuple[float, float]) -> tuple[float, float]:
    """Return the size of a picture, its proportions kept, that fills the width or the height of a room."""
    scale = min(room[0] / width, room[1] / height)
    return max(1.0, width * scale), max(1.0, height * scale)


def _clamp(length: float, bounds: tuple[float, float], times: float) -> float:
    return min(max(length, bounds[0]), bounds[1] * times)


def _nodes(
    explanation: Explanation, layers: Layers, contents: Sequence[Content], lefts: Sequence[float],
    widths: Sequence[float], down: float,
) -> tuple[Node, ...]:  # fmt: skip
    column_of = {node: at for at, column in enumerate(layers.columns) for node in column}
    nodes = []
    for number, (call, content) in enumerate(zip(explanation.calls, contents, strict=True)):
        at = column_of[number]
        left = lefts[at] + (widths[at] - content.width) / 2
        top = down + layers.heights[number] - content.height / 2
        box = (left, top, left + content.width, top + content.height)
        nodes.append(_node(explanation, number, call, content, box))
    return tuple(nodes)


def _node(explanation: Explanation, number: int, call: ExplainedCall, content: Content, box: Rectangle) -> Node:
    inner, below = box[0] + PADDING + indent(call), box[1] + PADDING
    texts = []
    for words, size, tone in content.above:
        texts.append(Text(words, (inner, below), size, tone))
        below += size * LINE
    picture = None
    if content.picture:
        width, height = content.picture
        start = box[0] + (content.width - width) / 2
        picture = (start, below + PADDING / 2, start + width, below + PADDING / 2 + height)
        below += height + PADDING
    for words, size, tone in content.below:
        texts.append(Text(words, (inner, below), size, tone))
        below += size * LINE
    exact = call.exact.boxes if call.exact and picture else ()
    outlines = tuple(_placed(one, explanation, picture) for one in exact if picture)
    return Node(number, call.kind, box, picture, outlines, tuple(texts))


def _placed(box: Rectangle, explanation: Explanation, picture: Rectangle) -> Rectangle:
    """Return a box of the image in a picture of it."""
    assert explanation.view is not None
    height, width = explanation.view.pixels.shape[1:]
    across, down = (picture[2] - picture[0]) / width, (picture[3] - picture[1]) / height
    left, top, right, bottom = box
    return picture[0] + left * across, picture[1] + top * down, picture[0] + right * across, picture[1] + bottom * down


def _edges(
    calls: Sequence[ExplainedCall], layers: Layers, nodes: Sequence[Node], lefts: Sequence[float],
    widths: Sequence[float], down: float,
) -> tuple[Edge, ...]:  # fmt: skip
    edges = []
    rank_of = {node: rank for rank, column in enumerate(layers.columns) for node in column}
    for target, call in enumerate(calls):
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
            if indent(call):
                which = str(1 + call.operands.index(source))
                number = Text(which, (box[0] + PADDING / 2, end[1] - WORDS * LINE / 2), WORDS, "plain")
            edges.append(Edge(source, target, (*points, end), number))
    return tuple(edges)
