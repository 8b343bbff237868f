"""Contrast pairs: two texts that differ in one part, two scenes that differ in one object, true crosswise.

After Gardner et al. 2020 (contrast sets) and Winoground (Thrush et al. 2022): four examples, of which neither the text
nor the image alone tells the answer.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synth_data.codes import Codes
from synth_data.drawn import Drawn
from synth_data.phrases import Wish

MOVES = 24  # places tried for an object that is moved


def edits(drawn: Drawn, row: int, wishes: Sequence[Wish], known: Codes, rng: np.random.Generator) -> Drawn:
    """Return copies of one scene with one object changed each: values that the texts speak of first, then places.

    A changed object keeps its centre; copies in which it would come too near to another are left out.
    """
    count = int(drawn.mask[row].sum())
    changes = _value_changes(drawn, row, count, wishes, known)
    moves = [thing for thing in range(count) for _ in range(MOVES // count + 1)]
    copies = len(changes) + len(moves)
    edited = _copies(drawn, row, count, copies)
    for copy, (thing, attribute, code) in enumerate(changes):
        edited.codes[copy, attribute, thing] = code
        if known.attributes[attribute] in ("shape", "size"):
            _refit(edited, copy, thing, known)
    for copy, thing in enumerate(moves, len(changes)):
        _move(edited, copy, thing, known, rng)
    clear = [_is_clear(edited.boxes[copy], known) for copy in range(copies)]
    kept = np.flatnonzero(clear)
    return replace(
        edited, codes=edited.codes[kept], boxes=edited.boxes[kept], mask=edited.mask[kept],
        degrees=edited.degrees[kept], panel=edited.panel[kept],
        in_front=None if edited.in_front is None else edited.in_front[kept],
    )  # fmt: skip


def _value_changes(
    drawn: Drawn, row: int, count: int, wishes: Sequence[Wish], known: Codes
) -> list[tuple[int, int, int]]:
    """Return (object, attribute, code) of every change of one value to one that the texts speak of."""
    spoken = {(known.place(name), known.of[value]) for wish in wishes for name, value in wish.items()}
    codes = drawn.codes[row]
    changes = []
    for thing in range(count):
        for attribute, code in sorted(spoken):
            pair = codes[:, thing].copy()
            pair[attribute] = code
            allowed = known.allowed[pair[known.place("color")], pair[known.place("shape")]]
            if code != codes[attribute, thing] and allowed and not known.is_confusing(pair):
                changes.append((thing, attribute, code))
    return changes


def _copies(drawn: Drawn, row: int, count: int, copies: int) -> Drawn:
    def repeated(array: NDArray[Any]) -> NDArray[Any]:
        return np.repeat(array[None], copies, axis=0)

    front = None if drawn.in_front is None else repeated(drawn.in_front[row, :count, :count])
    return Drawn(
        repeated(drawn.codes[row, :, :count]), repeated(drawn.boxes[row, :count]), repeated(drawn.mask[row, :count]),
        repeated(drawn.degrees[row, :count]), repeated(drawn.panel[row, :count]), front,
    )  # fmt: skip


def _refit(edited: Drawn, copy: int, thing: int, known: Codes) -> None:
    """Fit an object's box to its shape and size again, about the same centre."""
    shape = edited.codes[copy, known.place("shape"), thing]
    size = edited.codes[copy, known.place("size"), thing] if "size" in known.attributes else 0
    box = edited.boxes[copy, thing]
    sides = known.diameters[size] * known.extents[shape, edited.degrees[copy, thing]]
    sides = np.round(sides * 2) / 2
    centre = (box[:2] + box[2:]) / 2
    edited.boxes[copy, thing] = [*(centre - sides / 2), *(centre + sides / 2)]


def _move(edited: Drawn, copy: int, thing: int, known: Codes, rng: np.random.Generator) -> None:
    box = edited.boxes[copy, thing]
    side = box[2:] - box[:2]
    room = np.array([known.config.width, known.config.height]) - 2 - side
    corner = np.round((1 + rng.random(2) * room) * 4) / 4
    edited.boxes[copy, thing] = [*corner, *(corner + side)]


def _is_clear(boxes: NDArray[np.float64], known: Codes) -> bool:
    """Whether all objects lie inside the image and keep their distance."""
    room = np.array([known.config.width, known.config.height])
    if (boxes[:, :2] < 0).any() or (boxes[:, 2:] > room).any():
        return False
    apart = np.maximum(boxes[:, None, :2] - boxes[None, :, 2:], boxes[None, :, :2] - boxes[:, None, 2:]).max(-1)
    return bool((apart[~np.eye(len(boxes), dtype=bool)] >= known.config.gap_px).all())
