"""An answer explained: one description, as data, of which every picture, page and file is made.

What is said here is read off an answer and its trace; nothing is computed a second time. Where things are drawn is
decided in ``drawing.py``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from nmn.answer import Answer
from nmn.assembler.trace import TracedCall, Value, answer_text, call_text
from nmn.language import Reading
from nmn.language.parse_tree import ParseTree
from nmn.language.wording import Mention, wording
from nmn.layout import Kind, Layout, call_label
from nmn.scene import SceneGraph
from nmn.vision.matching import by_middle, by_overlap
from nmn.vision.view import View
from nmn.visualisation.scene import object_boxes, panel_boxes, scene_view

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Exact:
    """The exact value of a call, in words; of an attention also the boxes of its objects, in pixels of the image."""

    text: str
    agrees: bool
    boxes: tuple[Rectangle, ...] = ()


@dataclass(frozen=True)
class ExplainedCall:
    """One call: ``operands`` are positions of others, ``words`` those of the question that it comes from.

    ``value`` is in words; ``members`` are the regions or panels that are in its set; ``raw`` the attention over all of
    them, or the chances of every value. ``confidence`` is None of what is exact, and of values panel by panel, which
    ``in_panels`` holds in words. ``change``: what is different in another explanation that it is compared with.
    """

    module: str
    argument: str | None
    kind: Kind
    operands: tuple[int, ...]
    words: tuple[str, ...]
    value: str
    members: tuple[int, ...]
    raw: tuple[float, ...]
    confidence: float | None
    in_panels: tuple[str, ...]
    problem: str | None
    exact: Exact | None
    change: str | None = None

    @property
    def label(self) -> str:
        """The module with its argument, as in a layout's text."""
        return call_label(self.module, self.argument)

    @property
    def mark(self) -> str | None:
        """The colour that its node stands out in, if it does."""
        if self.exact is not None and not self.exact.agrees:
            return "differs"
        return "careful" if self.change else None

    @property
    def is_set(self) -> bool:
        """Whether its value is a set of regions or panels, so that it can be shown on the image."""
        return self.kind in (Kind.ATTENTION, Kind.PANELS)


@dataclass(frozen=True)
class Explanation:
    """Everything that is shown of an answer.

    ``reading`` is the text that was read where it differs from the question. ``names`` are the regions' in words;
    ``panels`` the boxes of panels, in pixels of ``view``. ``neural``: a network said so, and knows how sure it is.
    ``layout`` is None where a system without modules answered. ``exact``: the answer of a known scene beside that of a
    network; ``others``: other readings, as layouts. Without a ``view``, as of a layout alone, there is nothing to show
    attention on.
    """

    question: str
    reading: str | None
    mentions: tuple[Mention, ...]
    tree: ParseTree | None
    layout: Layout | None
    calls: tuple[ExplainedCall, ...]
    answer: str
    neural: bool
    confidence: float
    distribution: tuple[tuple[str, float], ...]
    problems: tuple[str, ...]
    others: tuple[str, ...]
    more_readings: bool
    exact: Exact | None
    view: View | None = field(compare=False)
    names: tuple[str, ...]
    panels: tuple[Rectangle, ...]

    @property
    def picked(self) -> frozenset[int]:
        """The regions that some call picks."""
        return frozenset(member for call in self.calls if call.kind is Kind.ATTENTION for member in call.members)

    def view_of(self, call: ExplainedCall) -> View:
        """Return the image with what a set ranges over: its regions, or its panels."""
        assert self.view is not None
        if call.kind is not Kind.PANELS:
            return self.view
        return View(self.view.pixels, torch.tensor(self.panels), None)

    def to_json(self) -> dict[str, Any]:
        """Return the explanation as plain JSON data, without the image itself."""
        boxes = [] if self.view is None else self.view.boxes.tolist()
        size = None if self.view is None else self.view.pixels.shape[1:]
        return {
            "question": self.question,
            "reading": self.reading,
            "mentions": [mention._asdict() for mention in self.mentions],
            "parse_tree": self.tree.to_json() if self.tree else None,
            "layout": str(self.layout) if self.layout else None,
            "answer": self.answer,
            "neural": self.neural,
            "confidence": self.confidence if self.neural else None,
            "distribution": dict(self.distribution) if self.neural else {},
            "problems": list(self.problems),
            "other_readings": list(self.others),
            "more_readings": self.more_readings,
            "exact": _exact_json(self.exact),
            "image": None if size is None else {"width": size[1], "height": size[0]},
            "regions": [
                {"box": [round(side, 2) for side in box], "name": name}
                for box, name in zip(boxes, self.names, strict=True)
            ],
            "panels": [list(box) for box in self.panels],
            "calls": [_call_json(call) for call in self.calls],
        }


def _exact_json(exact: Exact | None) -> dict[str, Any] | None:
    if exact is None:
        return None
    return {"text": exact.text, "agrees": exact.agrees, "boxes": [list(box) for box in exact.boxes]}


def _call_json(call: ExplainedCall) -> dict[str, Any]:
    return {
        "module": call.module,
        "argument": call.argument,
        "kind": str(call.kind),
        "operands": list(call.operands),
        "words": list(call.words),
        "value": call.value,
        "members": list(call.members),
        "raw": list(call.raw),
        "confidence": call.confidence,
        "in_panels": list(call.in_panels),
        "problem": call.problem,
        "exact": _exact_json(call.exact),
        "change": call.change,
    }


def explain(
    answer: Answer,
    *,
    others: Sequence[Layout] = (),
    more_readings: bool = False,
    exact: Answer | None = None,
    pixels: Tensor | None = None,
    names: Sequence[str] | None = None,
    cells: bool = False,
) -> Explanation:
    """Explain an answer.

    ``others``: layouts of other readings. ``exact``: the answer of the same layout on the known scene; ``cells``: the
    network's regions are cells of a grid, so that several may be one object. ``pixels`` [3 height width]: the image
    that a scene was read from, by default the scene is drawn. ``names``: of the regions, in words.
    """
    seen = answer.trace.seen
    scene = seen if isinstance(seen, SceneGraph) else None
    view = _view(answer, pixels)
    named = answer.trace.names if names is None else tuple(names)
    calls = answer.trace.calls
    worded = _worded(answer.reading, len(calls))
    exacts = _exacts(answer, exact, view, cells)
    texts = [
        str(answer) if number == len(calls) - 1 and not call.picked else call_text(call, named)
        for number, call in enumerate(calls)
    ]
    sure = [*(call.confidence for call in calls[:-1]), answer.confidence]
    explained = tuple(
        _explained(call, text, words, true, chance if answer.view is not None else None)
        for call, text, words, true, chance in zip(calls, texts, worded.words, exacts, sure, strict=True)
    )
    reading = answer.reading
    chances = sorted(answer.distribution.items(), key=lambda pair: -pair[1])
    return Explanation(
        question=reading.question if reading else str(answer.layout or answer.question),
        reading=reading.text if reading and reading.repairs else None,
        mentions=worded.mentions,
        tree=worded.tree,
        layout=answer.layout,
        calls=explained,
        answer=str(answer),
        neural=answer.view is not None,
        confidence=answer.confidence,
        distribution=tuple(chances),
        problems=answer.problems,
        others=tuple(str(layout) for layout in others if layout != answer.layout),
        more_readings=more_readings,
        exact=None if exact is None else Exact(str(exact), exacts[-1] is not None and exacts[-1].agrees),
        view=view,
        names=named,
        panels=() if view is None else panel_boxes(view, scene),
    )


def explain_layout(layout: Layout, reading: Reading | None = None) -> Explanation:
    """Explain what a question means, before anything is known of an image: no call has a value."""
    worded = _worded(reading, len(layout.calls))
    calls = tuple(
        ExplainedCall(*call[:2], call.kind, call.operands, words, "", (), (), None, (), None, None)
        for call, words in zip(layout.calls, worded.words, strict=True)
    )
    return Explanation(
        question=reading.question if reading else str(layout),
        reading=reading.text if reading and reading.repairs else None,
        mentions=worded.mentions,
        tree=worded.tree,
        layout=layout,
        calls=calls,
        answer="",
        neural=False,
        confidence=0.0,
        distribution=(),
        problems=(),
        others=(),
        more_readings=False,
        exact=None,
        view=None,
        names=(),
        panels=(),
    )


def _view(answer: Answer, pixels: Tensor | None) -> View | None:
    seen = answer.trace.seen
    if answer.view is not None:
        return answer.view
    if not isinstance(seen, SceneGraph):
        return None
    if pixels is None:
        return scene_view(seen)
    return View(pixels, object_boxes(seen, pixels.shape[2], pixels.shape[1]), None)


@dataclass(frozen=True)
class _Worded:
    mentions: tuple[Mention, ...]
    tree: ParseTree | None
    words: Sequence[tuple[str, ...]]


def _worded(reading: Reading | None, calls: int) -> _Worded:
    """Return the words of each call; none for a layout that was built by hand."""
    if reading is None or not reading.question:
        return _Worded((), None, [()] * calls)
    found = wording(reading)
    words = [tuple(reading.question[start:end] for start, end in spans) for spans in found.spans]
    return _Worded(found.mentions, found.tree, [tuple(dict.fromkeys(part)) for part in words])


def _explained(
    call: TracedCall, text: str, words: tuple[str, ...], exact: Exact | None, confidence: float | None
) -> ExplainedCall:
    members: tuple[int, ...] = call.value if call.kind in (Kind.ATTENTION, Kind.PANELS) else ()  # type: ignore[assignment]
    by_panel = call.in_panels if call.value is call.in_panels else ()
    failed = call.presupposition is not None and not call.presupposition.holds
    return ExplainedCall(
        *(call.module, call.argument, call.kind, call.operands, words, text, members, call.raw),
        confidence,
        tuple(answer_text(value, call.kind) for value in by_panel),
        f"presupposes {call.presupposition.failure}" if failed and call.presupposition else None,
        exact,
    )


def _exacts(answer: Answer, exact: Answer | None, view: View | None, cells: bool) -> list[Exact | None]:
    """Return the exact value of each call with whether the answer's own agrees."""
    if exact is None or view is None:
        return [None] * len(answer.trace.calls)
    scene = exact.trace.seen
    if exact.layout != answer.layout or not isinstance(scene, SceneGraph):
        raise ValueError("an answer is compared with that of the same layout on a known scene")
    height, width = view.pixels.shape[1:]
    boxes = object_boxes(scene, width, height)
    match = by_middle(view.boxes, boxes) if cells else by_overlap(view.boxes, boxes)
    names = [str(thing) for thing in scene.objects]
    found: list[Exact | None] = []
    for ours, theirs in zip(answer.trace.calls, exact.trace.calls, strict=True):
        if ours.kind is Kind.ATTENTION:
            objects = {match[region] for region in ours.picked}
            agrees = objects == set(theirs.picked)
            listed = ", ".join(names[number] for number in theirs.picked) or "none"
            found.append(Exact(listed, agrees, tuple(_rectangle(boxes[number]) for number in theirs.picked)))
        else:
            value: Value = answer.value if ours is answer.trace.root else ours.value
            found.append(Exact(call_text(theirs, names), value == theirs.value))
    return found


def _rectangle(box: Tensor) -> Rectangle:
    left, top, right, bottom = box.tolist()
    return left, top, right, bottom


def shares(explanation: Explanation, most: int) -> Mapping[str, float]:
    """Return the likeliest answers with their chances, where there is more than one."""
    listed = dict(explanation.distribution[:most])
    return listed if explanation.neural and len(listed) > 1 else {}
