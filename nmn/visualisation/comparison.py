"""Two explanations compared: which calls correspond, and what is different of each.

Two questions about one image differ in their layouts, one question about two images in values; both are marked in the
explanations themselves, so that every format shows them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch

from nmn.errors import ConfigError
from nmn.layout import Layout
from nmn.vision.matching import by_overlap
from nmn.visualisation.explanation import ExplainedCall, Explanation

Change = Literal["same", "value", "argument", "module", "gone", "new"]


@dataclass(frozen=True)
class Pair:
    """A call of the first explanation, the one of the second that corresponds (None for none), and what is different.

    ``note`` says that in words, of the second where there is one.
    """

    first: int | None
    second: int | None
    change: Change
    note: str


@dataclass(frozen=True)
class Comparison:
    """Two explanations, whose calls say what is different in the other, and the pairs of their calls."""

    first: Explanation
    second: Explanation
    pairs: tuple[Pair, ...]

    @property
    def changes(self) -> tuple[Pair, ...]:
        """The pairs that are not the same."""
        return tuple(pair for pair in self.pairs if pair.change != "same")

    def to_json(self) -> dict[str, Any]:
        """Return both explanations and the pairs as plain JSON data."""
        pairs = [
            {"first": pair.first, "second": pair.second, "change": pair.change, "note": pair.note}
            for pair in self.pairs
        ]
        return {"first": self.first.to_json(), "second": self.second.to_json(), "pairs": pairs}


def compare(first: Explanation, second: Explanation) -> Comparison:
    """Compare two explanations; raise ConfigError where a system without modules answered."""
    if first.layout is None or second.layout is None:
        raise ConfigError("a system without modules answered: there are no calls to compare")
    partners = corresponding(_layouts(first), _layouts(second))
    regions = _regions(first, second)
    of_second = {theirs: ours for ours, theirs in partners.items()}
    pairs = [_pair(first, second, of_second.get(at), at, regions) for at in range(len(second.calls))]
    pairs += [Pair(at, None, "gone", "gone") for at in range(len(first.calls)) if at not in partners]
    return Comparison(
        _marked(first, {pair.first: _backwards(first, second, pair) for pair in pairs}),
        _marked(second, {pair.second: pair.note for pair in pairs}),
        tuple(pairs),
    )


def corresponding(first: Sequence[Layout], second: Sequence[Layout]) -> dict[int, int]:
    """Return which call of a layout corresponds to which of another; both are lists of every call's layout.

    Equal sub-layouts correspond. Of the others those do that stand in the same place below calls that do, from the
    roots on: of operands first those of one module, then those of one kind.
    """
    places = {layout: at for at, layout in enumerate(second)}
    partners = {at: places[layout] for at, layout in enumerate(first) if layout in places}
    own = {layout: at for at, layout in enumerate(first)}

    def pair(one: Layout, other: Layout) -> None:
        free = own[one] not in partners and places[other] not in partners.values()
        if one == other or not free:
            return
        partners[own[one]] = places[other]
        rest = [operand for operand in other.operands if operand not in own]
        for trait in ("module", "kind"):
            for operand in one.operands:
                if own[operand] in partners:
                    continue
                wanted = getattr(operand, trait)
                found = next((candidate for candidate in rest if getattr(candidate, trait) == wanted), None)
                if found is not None:
                    rest.remove(found)
                    pair(operand, found)

    pair(first[-1], second[-1])
    return partners


def _layouts(explanation: Explanation) -> list[Layout]:
    """Return the layout of each call."""
    made: list[Layout] = []
    for call in explanation.calls:
        made.append(Layout(call.module, call.argument, tuple(made[operand] for operand in call.operands)))
    return made


def _regions(first: Explanation, second: Explanation) -> Mapping[int, int]:
    """Return which region of the first image is which of the second, by their boxes in parts of the image's sides."""
    if first.view is None or second.view is None:
        return {}
    ours, theirs = (view.boxes / torch.tensor([*view.pixels.shape[:0:-1]] * 2) for view in (first.view, second.view))
    match = by_overlap(ours, theirs)
    return {ours: theirs for ours, theirs in enumerate(match) if theirs >= 0}


def _pair(first: Explanation, second: Explanation, partner: int | None, at: int, regions: Mapping[int, int]) -> Pair:
    if partner is None:
        return Pair(None, at, "new", "new")
    one, other = first.calls[partner], second.calls[at]
    if one.module != other.module:
        return Pair(partner, at, "module", f"was {one.label}")
    if one.argument != other.argument:
        return Pair(partner, at, "argument", f"was {one.label}")
    note = _changed(one, other, regions, first.names)
    return Pair(partner, at, "value" if note else "same", note)


def _changed(one: ExplainedCall, other: ExplainedCall, regions: Mapping[int, int], names: Sequence[str]) -> str:
    """Return in words how a value is different, an empty text where it is not."""
    if not other.is_set:
        return "" if one.value == other.value else f"was {one.value}"
    own = regions if one.kind == "attention" else {member: member for member in one.members}
    lost = [member for member in one.members if own.get(member, -1) not in other.members]
    kept = {own[member] for member in one.members if member in own}
    gained = [member for member in other.members if member not in kept]
    parts = [f"gained {', '.join(map(str, gained))}"] if gained else []
    if lost:
        parts.append("lost " + ", ".join(_name(member, own, names) for member in lost))
    return "; ".join(parts)


def _name(member: int, own: Mapping[int, int], names: Sequence[str]) -> str:
    """Return a region of the first image by its number in the second, by its name where it is not in that."""
    return str(own[member]) if member in own or not names else names[member]


def _backwards(first: Explanation, second: Explanation, pair: Pair) -> str:
    """Return what the first explanation says of a pair."""
    if pair.change in ("same", "gone", "new") or pair.second is None:
        return pair.note
    other = second.calls[pair.second]
    if pair.change in ("module", "argument"):
        return f"becomes {other.label}"
    return "changes" if other.is_set else f"becomes {other.value}"


def _marked(explanation: Explanation, notes: Mapping[int | None, str]) -> Explanation:
    calls = tuple(replace(call, change=notes.get(at) or None) for at, call in enumerate(explanation.calls))
    return replace(explanation, calls=calls)
