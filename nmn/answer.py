"""What came out of a question: its value, how sure that is, what it rests on, and the view of the image."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from nmn.assembler.execute import Run
from nmn.assembler.trace import Trace, TracedCall, Value, answer_text, answers, trace
from nmn.language import Reading
from nmn.layout import Kind, Layout
from nmn.notebook import html_of, show
from nmn.scene import SceneGraph

if TYPE_CHECKING:
    from nmn.models.protocol import Prediction
    from nmn.vision.view import View


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out: ``value`` is True or False, a number, a value's name (a tuple of names where there are several,
    None where nothing was there to describe), or the numbers of the objects or panels referred to.

    ``problems`` are presuppositions that failed ("the red circle" where there are two), a sentence each; the value
    then follows the stated meaning of the modules, and rests on something the question got wrong. One more says that
    as many things are seen as can be, one that these hardly look like what the network learned to see. ``layout`` is
    None where a system without modules answered. ``reading`` is the text that was read, with its repairs; None for a
    layout built by hand. ``distribution`` are the chances of the answers in words that are not negligible,
    ``confidence`` that of ``value``; for what points at several things, which has no such list, the chance that each is
    in or out as said. ``view`` is the image with its regions, None for a scene; answers are compared without it.
    ``question`` is what was asked of a system that reads words alone.
    """

    value: Value
    kind: Kind
    layout: Layout | None
    trace: Trace
    reading: Reading | None = None
    confidence: float = 1.0
    distribution: Mapping[str, float] = field(default_factory=dict)
    view: "View | None" = field(default=None, compare=False)
    question: str = ""

    @property
    def problems(self) -> tuple[str, ...]:
        """What the question presupposed and the scene does not bear out, and what speaks against what was seen."""
        told = list(self.trace.failures)
        if self.view is not None and self.view.full:
            told.append(f"{len(self.view.boxes)} things are seen, as many as can be; there may be more")
        if self.view is not None and self.view.strange:
            told.append("what is seen hardly looks like what the network learned to see, so all of it may be wrong")
        return tuple(told)

    @property
    def things(self) -> tuple[str, ...]:
        """What the objects referred to are, in words: by their scene, or what the network takes them for; else none."""
        named = self.trace.names if self.view is None else self.view.taken_for
        return tuple(named[number] or "unknown" for number in self.trace.root.picked) if named else ()

    @property
    def named(self) -> str:
        """The answer in words, with what the objects are that it points at: object 2 (blue circle small)."""
        return f"{self} ({'; '.join(self.things)})" if self.things else str(self)

    def __str__(self) -> str:
        return answer_text(self.value, self.kind)

    def __repr__(self) -> str:
        return f"<Answer {str(self)!r}, {100 * self.confidence:.1f} %: {self.layout or self.question}>"

    def __hash__(self) -> int:
        return hash((self.value, self.kind, self.layout, self.question))

    def __bool__(self) -> bool:
        raise TypeError("an Answer is neither true nor false: its value is, answer.value")

    def show(self) -> Path | None:
        """Show the trace under its question: in a notebook below its cell, elsewhere as a page in the browser."""
        return show(self)

    def _repr_html_(self) -> str:
        return html_of(self)

    def to_json(self) -> dict[str, Any]:
        """Return the answer, its layout, reading and trace as plain JSON data.

        Of an image also what its regions cover, once for all calls: its size, the boxes and ``View.owner_rows``. With
        the ``raw`` of an attention they make its heat map, as ``View.heat`` says.
        """
        data: dict[str, Any] = {
            "answer": list(self.value) if isinstance(self.value, tuple) else self.value,
            "text": str(self),
            "kind": str(self.kind),
            "confidence": self.confidence,
            "distribution": dict(self.distribution),
            "layout": str(self.layout) if self.layout else None,
            "problems": list(self.problems),
            "trace": self.trace.to_json(),
        }
        if self.things:
            data["things"] = list(self.things)
        if self.view:
            height, width = self.view.pixels.shape[1:]
            data["image"] = {"width": width, "height": height}
            data["regions"], data["owner_rows"] = self.view.places, self.view.owner_rows
        if self.reading:
            data["reading"] = self.reading.to_json()
        return data


def answer_of(
    run: Run,
    example: int,
    reading: Reading | None = None,
    view: "View | None" = None,
    scene: SceneGraph | None = None,
) -> Answer:
    """Return the answer that a run gives to one of its examples, with its trace; of an image or of a scene.

    An attribute's answer is its most probable value, where no value is more likely than not, or several are of what
    the question says is one thing: the distribution says how sure that is, and ``problems`` what was taken for granted.
    """
    layout, seen = run.plan.layouts[example], trace(run, example, view or scene)
    value, raw = seen.root.value, torch.tensor(seen.root.raw)
    if layout.kind is Kind.TRUTH:
        chances = {"yes": float(raw[0]), "no": 1 - float(raw[0])}
    elif layout.kind is Kind.NUMBER:
        chances = {str(number): float(chance) for number, chance in enumerate(raw)}
    elif layout.kind is Kind.ATTRIBUTE and layout.argument:
        total = float(raw.sum()) or 1.0
        chances = {
            name: float(part) / total for name, part in zip(run.library.values[layout.argument], raw, strict=True)
        }
        if view is not None:
            value = _due(layout, value, raw, run.library.values[layout.argument])
    else:
        sure = float(torch.maximum(raw, 1 - raw).prod())
        return Answer(value, layout.kind, layout, seen, reading, sure, {}, view)
    listed = {name: chance for name, chance in chances.items() if chance > NEGLIGIBLE}
    confidence = chances.get(answer_text(value, layout.kind), _chance_of_set(value, chances, raw))
    return Answer(value, layout.kind, layout, seen, reading, confidence, listed, view)


def _chance_of_set(value: Value, names: Iterable[str], truths: torch.Tensor) -> float:
    """Return the chance that of an attribute's values just those hold that an answer names, several or none."""
    named = value if isinstance(value, tuple) else ()
    return math.prod(float(part if name in named else 1 - part) for name, part in zip(names, truths, strict=False))


def texts_of(run: Run) -> list[str]:
    """Return the answer to every example of a run on images, in words, as ``answer_of`` takes it."""
    texts, rows = [], run.plan.roots().tolist()
    for layout, found, row in zip(run.plan.layouts, answers(run), rows, strict=True):
        value = found
        if layout.kind is Kind.ATTRIBUTE and layout.argument:
            value = _due(layout, found, run.values[layout.kind][row], run.library.values[layout.argument])
        texts.append(answer_text(value, layout.kind))
    return texts


def _due(layout: Layout, value: Value, truths: torch.Tensor, names: Sequence[str]) -> Value:
    """Return the likeliest value where one is due of an attribute, and none is likely or several are.

    No single one is due of "what colors are there", and the most common value of nothing is none: then it is not
    likely either that some value is.
    """
    one = bool(layout.operands) and layout.operands[0].module == "unique"
    none = value is None and (layout.module == "describe" or float(truths.sum()) > LIKELY)
    guessed = none or (one and isinstance(value, tuple))
    return (likeliest(truths, names) or value) if guessed else value


def likeliest(truths: torch.Tensor, names: Sequence[str]) -> str | None:
    """Return the most probable of an attribute's values, None where every one is out of the question."""
    truths = truths[: len(names)]
    return names[int(truths.argmax())] if float(truths.max()) > NEGLIGIBLE else None


NEGLIGIBLE, LIKELY = 1e-3, 0.5


def attended_answer(
    prediction: "Prediction", example: int, known: Sequence[str], view: "View", question: str
) -> Answer:
    """Return the answer of a system without modules, one of those that it knows, to one of its examples.

    Its trace are the attentions, hop by hop, each relative to the cell that is attended most, and the answer.
    """
    chances = prediction.logits[example].float().softmax(0).tolist()
    best = max(range(len(known)), key=chances.__getitem__)
    word, calls = known[best], []
    attended = prediction.attention
    hops = () if attended is None else attended[example].float().cpu().unbind(0)
    for hop, weights in enumerate(hops):
        relative = weights / weights.max()
        picked = tuple(torch.nonzero(relative > 0.5).flatten().tolist())
        below = (hop - 1,) if hop else ()
        calls.append(TracedCall("attend", None, Kind.ATTENTION, below, picked, tuple(relative.tolist()), None))
    value: bool | int | str = int(word) if word.isdecimal() else {"yes": True, "no": False}.get(word, word)
    kind = {bool: Kind.TRUTH, int: Kind.NUMBER, str: Kind.ATTRIBUTE}[type(value)]
    raw = tuple(chances)
    if isinstance(value, bool):
        raw = (chances[best] if value else 1 - chances[best],)
    elif isinstance(value, int):
        raw = (*[0.0] * value, chances[best])
    below = (len(calls) - 1,) if calls else ()
    calls.append(TracedCall("answer", None, kind, below, value, raw, None))
    listed = {name: chance for name, chance in zip(known, chances, strict=True) if chance > NEGLIGIBLE}
    return Answer(value, kind, None, Trace(tuple(calls), view), None, chances[best], listed, view, question)
