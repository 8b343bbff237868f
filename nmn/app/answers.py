"""An answer as the page shows it: its explanation, the picture, who is where in it, and where each call stands.

The explanation is the one of ``nmn explain``. Its places are worked out here from the layout alone, so that the graph
stands still while an edit changes what its calls say.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from nmn.answer import Answer
from nmn.app.pictures import Seen, owners_json, picture_json
from nmn.app.runs import Said
from nmn.layout import call_label
from nmn.visualisation.explanation import Explanation, explain
from nmn.visualisation.layers import Bend, Layers, layered

PICTURE_SIDE, WIDEST, WORDS_HEIGHT, NARROWEST = 108.0, 1.6, 66.0, 96.0
LETTER, PADDING = 9.0, 8.0  # of a label
COLUMN_GAP, ROW_GAP, PORT = 40.0, 16.0, 12.0
Shape = tuple[str, bool, tuple[int, ...]]  # of a call: its label, whether it is a set, its operands


def answer_json(said: Said, seen: Seen, exact: Answer | None) -> dict[str, Any]:
    """Return an answer with its picture, its graph and its calls as plain JSON data.

    ``exact`` is the exact answer where the scene is known; every call of the same layout then says whether it agrees.
    """
    answer = said.answer
    same = exact if exact is not None and exact.layout == answer.layout and not said.exact else None
    explanation = explain(answer, exact=same, pixels=seen.shown, cells=said.cells)
    data = explanation.to_json()
    del data["parse_tree"]
    for call, explained in zip(data["calls"], explanation.calls, strict=True):
        call["label"] = explained.label
        call["raw"] = [round(part, 5) for part in explained.raw]
    if same is None and exact is not None and not said.exact:
        data["exact"] = {"text": str(exact), "agrees": str(exact) == str(answer), "boxes": []}
    view = explanation.view
    assert view is not None, "an answer about a picture or a scene has a view"
    graph = graph_json(_shapes(explanation), view.pixels.shape[2] / view.pixels.shape[1])
    return {**data, "picture": picture_json(seen.shown), "owners": owners_json(view), "graph": graph}


def every_call_agrees(data: dict[str, Any]) -> bool | None:
    """Return whether every call of an answer is as the exact one; None where nothing exact stands beside them."""
    beside = [call["exact"] for call in data["calls"]]
    return None if any(one is None for one in beside) else all(one["agrees"] for one in beside)


def _shapes(explanation: Explanation) -> tuple[Shape, ...]:
    return tuple((call_label(call.module, call.argument), call.is_set, call.operands) for call in explanation.calls)


@lru_cache(maxsize=256)
def graph_json(calls: tuple[Shape, ...], aspect: float) -> dict[str, Any]:
    """Return where each call of a layout stands, leaves left and the root right, and how the edges run.

    ``aspect`` is the picture's width by its height. Places are pixels from the top left corner.
    """
    picture = min(PICTURE_SIDE, PICTURE_SIDE * WIDEST / aspect)
    sizes = [WORDS_HEIGHT + picture if is_set else WORDS_HEIGHT for _, is_set, _ in calls]
    layers = layered([operands for *_, operands in calls], sizes, ROW_GAP)
    wanted = [
        max(len(label) * LETTER, picture * aspect if is_set else NARROWEST) + 2 * PADDING for label, is_set, _ in calls
    ]
    widths = [max([0.0, *(wanted[at] for at in column if isinstance(at, int))]) for column in layers.columns]
    lefts = [sum(widths[:rank]) + COLUMN_GAP * rank for rank in range(len(widths))]
    rank_of = {place: rank for rank, column in enumerate(layers.columns) for place in column}
    nodes = [
        {"x": lefts[rank_of[at]], "y": layers.heights[at] - sizes[at] / 2, "width": widths[rank_of[at]],
         "height": sizes[at], "picture": [picture * aspect, picture] if is_set else None}
        for at, (_, is_set, _) in enumerate(calls)
    ]  # fmt: skip
    tall = max(layers.heights[at] + sizes[at] / 2 for at in range(len(calls)))
    edges = _edges(calls, layers, lefts, widths)
    return {"width": lefts[-1] + widths[-1], "height": tall, "nodes": nodes, "edges": edges}


def _edges(
    calls: Sequence[Shape], layers: Layers, lefts: Sequence[float], widths: Sequence[float]
) -> list[dict[str, Any]]:
    rank_of = {place: rank for rank, column in enumerate(layers.columns) for place in column}
    edges: list[dict[str, Any]] = []
    for target, (*_, operands) in enumerate(calls):
        entering = sorted(dict.fromkeys(operands), key=lambda one: layers.heights[layers.paths[one, target][-2]])
        for port, source in enumerate(entering):
            points = [(lefts[rank_of[source]] + widths[rank_of[source]], layers.heights[source])]
            for bend in layers.paths[source, target][1:-1]:
                assert isinstance(bend, Bend)
                height, left = layers.heights[bend], lefts[bend.rank]
                points += [(left, height), (left + widths[bend.rank], height)]
            end = layers.heights[target] + (port - (len(entering) - 1) / 2) * PORT
            edges.append({"source": source, "target": target, "points": [*points, (lefts[rank_of[target]], end)]})
    return edges
