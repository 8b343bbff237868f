"""An answer as the page shows it: the graph with its places, every call in words, and the exact calls beside them."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch

from nmn.app.pictures import Seen, picture_json, regions_json
from nmn.app.runs import Said, scene_boxes
from nmn.assembler.trace import TracedCall, answer_text
from nmn.evaluation.generated import SAME, overlap
from nmn.layout import Kind, Layout, call_label
from nmn.reasoner import Answer
from nmn.visualisation.layers import Bend, Layers, layered

PICTURE_SIDE, WIDEST, WORDS_HEIGHT, NARROWEST = 108.0, 1.6, 62.0, 96.0
LETTER, PADDING = 9.0, 8.0  # of a label
COLUMN_GAP, ROW_GAP, PORT = 40.0, 16.0, 12.0


def answer_json(said: Said, seen: Seen, exact: Answer | None) -> dict[str, Any]:
    """Return an answer with its picture, its graph and its calls as plain JSON data.

    ``exact`` is the exact answer where the scene is known; every call then says whether it agrees with the exact one.
    """
    answer = said.answer
    neural = answer.view is not None
    scale = seen.shown.shape[2] / said.view.pixels.shape[2], seen.shown.shape[1] / said.view.pixels.shape[1]
    beside = _beside(said, seen, exact)
    calls = [_call_json(call, answer, true) for call, true in zip(answer.trace.calls, beside, strict=True)]
    return {
        "answer": str(answer),
        "kind": str(answer.kind),
        "neural": neural,
        "confidence": answer.confidence if neural else None,
        "distribution": dict(answer.distribution) if neural else {},
        "layout": str(answer.layout),
        "problems": list(answer.problems),
        "reading": answer.reading.to_json() if answer.reading else None,
        "picture": picture_json(seen.shown),
        "regions": regions_json(said.view, scale),
        "panels": _panels(said, seen),
        "calls": calls,
        "graph": graph_json(answer.layout, seen.shown.shape[2] / seen.shown.shape[1]),
        "exact": None if beside[-1] is None or exact is None else {
            "answer": str(exact), "agrees": beside[-1]["agrees"],
            "every_call": all(one is not None and one["agrees"] for one in beside),
        },
    }  # fmt: skip


def _call_json(call: TracedCall, answer: Answer, exact: dict[str, Any] | None) -> dict[str, Any]:
    members = call.value if call.kind in (Kind.ATTENTION, Kind.PANELS) else ()
    failed = call.presupposition is not None and not call.presupposition.holds
    root = call is answer.trace.root
    return {
        "label": call_label(call.module, call.argument),
        "module": call.module,
        "argument": call.argument,
        "kind": str(call.kind),
        "operands": list(call.operands),
        "value": str(answer) if root and not call.picked else value_text(call),
        "in_panels": [answer_text(value, call.kind) for value in call.in_panels if call.value is call.in_panels],
        "members": list(members) if isinstance(members, tuple) else [],
        "raw": [round(part, 5) for part in call.raw],
        "confidence": call.confidence if answer.view is not None else None,
        "problem": f"presupposes {call.presupposition.wanted}" if failed and call.presupposition else None,
        "exact": exact,
    }


def value_text(call: TracedCall) -> str:
    """Return a call's value in a few words.

    Regions and panels by their numbers, what is asked of each panel as a list.
    """
    if call.in_panels and call.value is call.in_panels:
        return "; ".join(f"panel {at}: {answer_text(value, call.kind)}" for at, value in enumerate(call.in_panels))
    if call.kind in (Kind.ATTENTION, Kind.PANELS):
        assert isinstance(call.value, tuple)
        return ", ".join(map(str, call.value)) or "none"
    return answer_text(call.value, call.kind)


def _beside(said: Said, seen: Seen, exact: Answer | None) -> list[dict[str, Any] | None]:
    """Return for each call the exact one: its value, the boxes of its objects, and whether the call says the same."""
    calls = said.answer.trace.calls
    if exact is None or exact.layout != said.answer.layout or said.scene is seen.scene:
        return [None] * len(calls)
    assert seen.scene is not None
    match, names = _matched(said, seen), [str(thing) for thing in seen.scene.objects]
    boxes = scene_boxes(seen, seen.scene).boxes.tolist()
    found: list[dict[str, Any] | None] = []
    for ours, theirs in zip(calls, exact.trace.calls, strict=True):
        if ours.kind is Kind.ATTENTION:
            agrees = {match[region] for region in ours.picked} == set(theirs.picked)
            text = ", ".join(names[number] for number in theirs.picked) or "none"
        else:
            value = said.answer.value if ours is said.answer.trace.root else ours.value
            agrees, text = value == theirs.value, value_text(theirs)
        found.append({"text": text, "agrees": agrees, "boxes": [boxes[number] for number in theirs.picked]})
    return found


def _matched(said: Said, seen: Seen) -> list[int]:
    """Return the object of the scene that each region is, -1 for none."""
    scene, view = seen.scene, said.view
    assert scene is not None
    if not len(view.boxes) or not scene.objects:
        return [-1] * len(view.boxes)
    rows, columns = view.pixels.shape[1:]
    boxes = torch.tensor([thing.box for thing in scene.objects]) * torch.tensor(
        [columns / scene.width, rows / scene.height] * 2
    )
    shared = overlap(view.boxes, boxes)
    match = [-1] * len(view.boxes)
    while float(shared.max()) >= SAME:
        region, thing = divmod(int(shared.argmax()), shared.shape[1])
        match[region] = thing
        shared[region], shared[:, thing] = 0, 0
    return match


def _panels(said: Said, seen: Seen) -> list[list[float]]:
    """Return the boxes of the panels in the picture shown; one for an image that is not made of several."""
    height, width = seen.shown.shape[1:]
    scene = said.scene
    if scene is None or not scene.panels:
        return [[0.0, 0.0, float(width), float(height)]]
    across, down = width / scene.width, height / scene.height
    return [[left * across, top * down, right * across, bottom * down] for left, top, right, bottom in scene.panels]


@lru_cache(maxsize=256)
def graph_json(layout: Layout, aspect: float) -> dict[str, Any]:
    """Return where each call of a layout stands, leaves left and the root right, and how the edges run.

    ``aspect`` is the picture's width by its height. Places are pixels from the top left corner.
    """
    calls = layout.calls
    picture = min(PICTURE_SIDE, PICTURE_SIDE * WIDEST / aspect)
    pictured = [call.kind in (Kind.ATTENTION, Kind.PANELS) for call in calls]
    sizes = [WORDS_HEIGHT + picture if one else WORDS_HEIGHT for one in pictured]
    layers = layered([call.operands for call in calls], sizes, ROW_GAP)
    wanted = [
        max(len(call_label(call.module, call.argument)) * LETTER, picture * aspect if one else NARROWEST) + 2 * PADDING
        for call, one in zip(calls, pictured, strict=True)
    ]
    widths = [max([0.0, *(wanted[at] for at in column if isinstance(at, int))]) for column in layers.columns]
    lefts = [sum(widths[:rank]) + COLUMN_GAP * rank for rank in range(len(widths))]
    rank_of = {place: rank for rank, column in enumerate(layers.columns) for place in column}
    nodes = [
        {"x": lefts[rank_of[at]], "y": layers.heights[at] - sizes[at] / 2, "width": widths[rank_of[at]],
         "height": sizes[at], "picture": [picture * aspect, picture] if pictured[at] else None}
        for at in range(len(calls))
    ]  # fmt: skip
    tall = max(layers.heights[at] + sizes[at] / 2 for at in range(len(calls)))
    return {"width": lefts[-1] + widths[-1], "height": tall, "nodes": nodes,
            "edges": _edges(layout, layers, lefts, widths)}  # fmt: skip


def _edges(layout: Layout, layers: Layers, lefts: Sequence[float], widths: Sequence[float]) -> list[dict[str, Any]]:
    rank_of = {place: rank for rank, column in enumerate(layers.columns) for place in column}
    edges: list[dict[str, Any]] = []
    for target, call in enumerate(layout.calls):
        entering = sorted(dict.fromkeys(call.operands), key=lambda one: layers.heights[layers.paths[one, target][-2]])
        for port, source in enumerate(entering):
            points = [(lefts[rank_of[source]] + widths[rank_of[source]], layers.heights[source])]
            for bend in layers.paths[source, target][1:-1]:
                assert isinstance(bend, Bend)
                height, left = layers.heights[bend], lefts[bend.rank]
                points += [(left, height), (left + widths[bend.rank], height)]
            end = layers.heights[target] + (port - (len(entering) - 1) / 2) * PORT
            edges.append({"source": source, "target": target, "points": [*points, (lefts[rank_of[target]], end)]})
    return edges
