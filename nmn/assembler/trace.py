"""What a run saw: for one example, every call with its value, the objects it picked and what it presupposed.

A trace is read off the run that gave the answer; nothing is computed a second time.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nmn.assembler.execute import Run
from nmn.layout import SIGNATURES, Kind, Layout, asked, call_label
from nmn.modules.logic import poisson_binomial
from nmn.notebook import html_of, show
from nmn.scene import SceneGraph

if TYPE_CHECKING:
    import networkx

    from nmn.vision.view import View

Part = bool | int | str | tuple[str, ...] | None
Value = Part | tuple[Part, ...]
SETS = (Kind.ATTENTION, Kind.PANELS)

# what a module presupposes of its first operand: how many members, as (lowest, highest) with None for no bound
PRESUPPOSITIONS: dict[tuple[str, str | None], tuple[int, int | None]] = {
    ("unique", None): (1, 1),
    ("quantify", "every"): (1, None),
    ("quantify", "most"): (1, None),
    ("quantify", "half"): (1, None),
    ("quantify", "both"): (2, 2),
    ("quantify", "neither"): (2, 2),
    ("describe", None): (1, None),
    ("commonest", None): (1, None),
    ("rarest", None): (1, None),
    ("superlative", None): (1, None),
    ("relate_every", None): (1, None),
}
OPEN = 0.25  # the truth of a presupposition that fails, above which numbers say too little of how
BOUNDS = {(1, 1): "exactly one", (1, None): "at least one", (2, 2): "exactly two"}


@dataclass(frozen=True, slots=True)
class Presupposition:
    """What a call takes for granted of its first operand, how true that was and how many members there were."""

    wanted: str
    truth: float
    found: int

    @property
    def holds(self) -> bool:
        """Whether it was more true than not."""
        return self.truth > 0.5

    @property
    def failure(self) -> str:
        """What was taken for granted and how that failed.

        Of a fuzzy set the members may be as many as wanted and yet too unsure, or it is open which they are: then how
        sure that is.
        """
        low, high = next(bounds for bounds, words in BOUNDS.items() if words == self.wanted)
        if (low <= self.found and (high is None or self.found <= high)) or self.truth > OPEN:
            return f"{self.wanted} in its set, which is {percent(self.truth)} sure"
        return f"{self.wanted} in its set, there {'is' if self.found == 1 else 'are'} {self.found}"


@dataclass(frozen=True, slots=True)
class TracedCall:
    """One call: ``operands`` are positions in ``Trace.calls``; ``raw`` is its row of the buffer as plain numbers.

    ``picked`` are the regions that an attention attends to by more than a half, else empty. ``in_panels`` are the
    values of a call below a ``where``, asked of each panel alone; its ``value`` is that of the whole image if it is
    asked there too, else the union over the panels of an attention or of panels, and ``in_panels`` of another kind.
    """

    module: str
    argument: str | None
    kind: Kind
    operands: tuple[int, ...]
    value: Value
    raw: tuple[float, ...]
    presupposition: Presupposition | None
    in_panels: tuple[Value, ...] = ()

    @property
    def picked(self) -> tuple[int, ...]:
        """The regions that an attention picks."""
        return self.value if self.kind is Kind.ATTENTION else ()  # type: ignore[return-value]

    @property
    def confidence(self) -> float | None:
        """The chance of its value; of a set, that every member is in or out as said. None for values panel by panel.

        Several values of an attribute, or none, are such a set.
        """
        if self.in_panels and self.value is self.in_panels:
            return None
        if self.kind is Kind.NUMBER:
            return self.raw[self.value]  # type: ignore[index]
        if self.kind is Kind.ATTRIBUTE and isinstance(self.value, str):
            return max(self.raw) / (sum(self.raw) or 1.0)
        return math.prod((max(part, 1 - part) for part in self.raw), start=1.0)

    def to_json(self) -> dict[str, Any]:
        """Return the call as plain JSON data."""
        data: dict[str, Any] = {
            "module": self.module,
            "argument": self.argument,
            "kind": str(self.kind),
            "operands": list(self.operands),
            "value": _plain(self.value),
            "raw": list(self.raw),
        }
        if self.in_panels:
            data["in_panels"] = [_plain(value) for value in self.in_panels]
        if self.presupposition:
            wanted, truth, found = self.presupposition.wanted, self.presupposition.truth, self.presupposition.found
            data["presupposition"] = {"wanted": wanted, "truth": truth, "found": found}
        return data


@dataclass(frozen=True, slots=True)
class Trace:
    """Every call of one example's layout, operands before the calls that use them, the root last.

    ``seen``: what was looked at, an image with its regions or a known scene, where that was kept.
    """

    calls: tuple[TracedCall, ...]
    seen: "SceneGraph | View | None" = field(default=None, repr=False, compare=False)

    @property
    def root(self) -> TracedCall:
        """The call whose value is the answer."""
        return self.calls[-1]

    @property
    def failures(self) -> tuple[str, ...]:
        """What was presupposed and did not hold, a sentence each."""
        return tuple(
            f"{call_label(call.module, call.argument)} presupposes {call.presupposition.failure}"
            for call in self.calls
            if call.presupposition and not call.presupposition.holds
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The regions that were looked at, in words: the objects of a scene, the boxes of an image."""
        if isinstance(self.seen, SceneGraph):
            return tuple(str(thing) for thing in self.seen.objects)
        return tuple(map(box_name, self.seen.boxes.tolist())) if self.seen is not None else ()

    def to_json(self) -> list[dict[str, Any]]:
        """Return the calls as plain JSON data."""
        return [call.to_json() for call in self.calls]

    @property
    def layout(self) -> Layout | None:
        """The layout whose calls these are; None where a system without modules answered."""
        if any(call.module not in SIGNATURES for call in self.calls):
            return None
        made: list[Layout] = []
        for call in self.calls:
            made.append(Layout(call.module, call.argument, tuple(made[operand] for operand in call.operands)))
        return made[-1]

    def table(self) -> list[dict[str, Any]]:
        """Return a row for each call, as pandas' DataFrame takes them; values are in words, operands positions."""
        return [
            {
                "call": call_label(call.module, call.argument),
                "operands": call.operands,
                "kind": str(call.kind),
                "value": call_text(call, self.names),
                "confidence": call.confidence,
            }
            for call in self.calls
        ]

    def show(self) -> Path | None:
        """Show the calls on what was looked at: in a notebook below its cell, elsewhere as a page in the browser.

        Returns where that page is.
        """
        return show(self)

    def _repr_html_(self) -> str:
        return html_of(self)

    @property
    def graph(self) -> "networkx.DiGraph[int]":
        """The graph of calls with ``module``, ``argument``, ``kind`` and ``value`` on the nodes.

        A call whose value is an attention also has ``attention`` [regions], and where an image was looked at ``heat``
        [height width], the same as a map over it; both are float32 from 0 to 1. The maps are made here, each time anew.
        For JSON, which has no arrays, there is ``to_json``.
        """
        import networkx

        graph: networkx.DiGraph[int] = networkx.DiGraph()
        for position, call in enumerate(self.calls):
            said = {"module": call.module, "argument": call.argument, "kind": str(call.kind), "value": call.value}
            graph.add_node(position, **said, **self._attended(call))
            graph.add_edges_from((operand, position) for operand in call.operands)
        return graph

    def _attended(self, call: TracedCall) -> dict[str, NDArray[np.float32]]:
        if call.kind is not Kind.ATTENTION:
            return {}
        attended = {"attention": np.array(call.raw, np.float32)}
        if self.seen is not None and not isinstance(self.seen, SceneGraph):
            attended["heat"] = self.seen.heat(call.raw).numpy()
        return attended


def _plain(value: object) -> object:
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def trace(run: Run, example: int, seen: "View | SceneGraph | None" = None) -> Trace:
    """Return what the run saw of one of its examples; ``seen``: what that was, to be shown with it."""
    layout = run.plan.layouts[example]
    image = int(run.plan.example_images[example])
    sizes = {Kind.ATTENTION: int(run.regions.mask[image].sum()), Kind.PANELS: int(run.regions.panels.mask[image].sum())}
    rows = [
        run.values[call.kind][list(views)].detach().cpu()
        for call, views in zip(layout.calls, run.plan.rows(example), strict=True)
    ]
    rows = [
        row[:, : sizes[call.kind]] if call.kind in SETS else row for call, row in zip(layout.calls, rows, strict=True)
    ]
    calls = []
    for call, views, (outside, inside) in zip(layout.calls, rows, asked(layout), strict=True):
        names = _value_names(call.module, call.argument, run)
        whole, presupposed = views[0], None
        if outside:
            operand = rows[call.operands[0]][0] if call.operands else whole
            presupposed = _presupposition(call.module, call.argument, operand)
        elif call.kind in SETS:
            whole = views.amax(0)
        else:
            whole = views[: sizes[Kind.PANELS]]
        alone = views[int(outside) :][: sizes[Kind.PANELS]] if inside else views[:0]
        in_panels: tuple[Any, ...] = tuple(decode(call.kind, row, names) for row in alone)
        value = decode(call.kind, whole, names) if outside or call.kind in SETS else in_panels
        raw = tuple(whole.reshape(-1).tolist()[: len(names) or None])
        calls.append(
            TracedCall(*(call.module, call.argument, call.kind, call.operands), value, raw, presupposed, in_panels)
        )
    return Trace(tuple(calls), seen)


def decode(kind: Kind, row: Tensor, names: tuple[str, ...] = ()) -> Value:
    """Return the answer that a value amounts to.

    A truth is a bool, a number an int, an attention or panels the tuple of the members above a half; an attribute the
    name of the one value above a half (of ``names``), a tuple of names where there are several, None where there is
    none.
    """
    if kind is Kind.TRUTH:
        return bool(row > 0.5)
    if kind is Kind.NUMBER:
        return int(row.argmax())
    picked = torch.nonzero(row > 0.5).flatten().tolist()
    if kind in SETS:
        return tuple(picked)
    found = tuple(names[index] for index in picked)
    return found[0] if len(found) == 1 else found or None


def answer_text(value: Value, kind: Kind) -> str:
    """Return an answer in words: yes, 3, red, "red, blue", "none", "objects 0, 2"."""
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        listed = ", ".join(str(part) for part in value)
        named = {Kind.ATTENTION: "object", Kind.PANELS: "panel"}.get(kind)
        return f"{named}{'s' if len(value) > 1 else ''} {listed}" if named else listed
    return str(value)


def call_text(call: TracedCall, names: Sequence[str]) -> str:
    """Return a call's value in words; an attention as the regions it picked, what is asked of each panel as a list."""
    if call.picked:
        return "; ".join(f"{number}: {names[number]}" if names else str(number) for number in call.picked)
    if call.in_panels and call.value is call.in_panels:
        listed = (answer_text(value, call.kind) for value in call.in_panels)
        return "; ".join(f"panel {panel}: {text}" for panel, text in enumerate(listed))
    return answer_text(call.value, call.kind)


def box_name(box: Sequence[float]) -> str:
    """Return a region of an image by its box: left, top, right and bottom, in pixels.

    >>> box_name([0.0, 10.2, 9.9, 20.0])
    'box 0 10 10 20'
    """
    return "box " + " ".join(str(round(side)) for side in box)


def percent(share: float) -> str:
    """Return a share as a percentage, cut after one decimal, so that only certainty is 100.

    >>> percent(0.99996), percent(1.0), percent(0.42)
    ('99.9 %', '100 %', '42.0 %')
    """
    return "100 %" if share >= 1 else f"{int(share * 1000 + 1e-9) / 10:.1f} %"


def answers(run: Run) -> list[Value]:
    """Return the decoded answer of every example of a run."""
    layouts = run.plan.layouts
    decoded = []
    values = {kind: run.values[kind].detach().cpu() for kind in {layout.kind for layout in layouts}}
    masks = {Kind.ATTENTION: run.regions.mask.cpu(), Kind.PANELS: run.regions.panels.mask.cpu()}
    for layout, image, row in zip(layouts, run.plan.example_images.tolist(), run.plan.roots().tolist(), strict=True):
        names = _value_names(layout.module, layout.argument, run)
        value = values[layout.kind][row]
        if layout.kind in SETS:
            value = value * masks[layout.kind][image]
        decoded.append(decode(layout.kind, value, names))
    return decoded


def _value_names(module: str, argument: str | None, run: Run) -> tuple[str, ...]:
    if argument is None or SIGNATURES[module].output is not Kind.ATTRIBUTE:
        return ()
    return run.library.values[argument]


def _presupposition(module: str, argument: str | None, operand: Tensor) -> Presupposition | None:
    bounds = PRESUPPOSITIONS.get((module, argument)) or PRESUPPOSITIONS.get((module, None))
    if bounds is None:
        return None
    counts = poisson_binomial(operand, len(operand) + 3)
    low, high = bounds
    truth = counts[low:].sum() if high is None else counts[low : high + 1].sum()
    return Presupposition(BOUNDS[bounds], float(truth), int((operand > 0.5).sum()))
