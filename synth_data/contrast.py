"""Contrast pairs: two texts that differ in one part, two scenes that differ in one object, true crosswise.

After Gardner et al. 2020 (contrast sets) and Winoground (Thrush et al. 2022): four examples, of which neither the text
nor the image alone tells the answer.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synth_data.codes import Codes
from synth_data.drawn import Drawn, panel_boxes, taken
from synth_data.phrases import Wish

MOVES = 24  # places tried for an object that is moved


def edits(drawn: Drawn, row: int, wishes: Sequence[Wish], known: Codes, rng: np.random.Generator) -> Drawn:
    """Return copies of one scene with one object changed each: in a value that the texts or others have, or its place.

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
    return taken(edited, np.flatnonzero(_clear(edited, known)))


def _value_changes(
    drawn: Drawn, row: int, count: int, wishes: Sequence[Wish], known: Codes
) -> list[tuple[int, int, int]]:
    """Return (object, attribute, code) of changes of one value, those to what the texts speak of first."""
    codes = drawn.codes[row, :, :count]
    spoken = {(known.place(name), known.of[value]) for wish in wishes for name, value in wish.items()}
    present = {(attribute, int(code)) for attribute in range(len(codes)) for code in codes[attribute] if code >= 0}
    color, shape, changes = known.place("color"), known.place("shape"), []
    for attribute, code in [*sorted(spoken), *sorted(present - spoken)]:
        for thing in np.flatnonzero(codes[attribute] != code).tolist():
            changed = codes[:, thing].copy()
            changed[attribute] = code
            if known.allowed[changed[color], changed[shape]] and not known.is_confusing(changed):
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
    left, top, _, _ = panel_boxes(known.config)[edited.panel[copy, thing]]
    room, step = np.array([known.config.width, known.config.height]) - 2 - side, known.config.step_px
    corner = np.round((1 + rng.random(2) * room) / step) * step + (left, top)
    edited.boxes[copy, thing] = [*corner, *(corner + side)]


def _clear(edited: Drawn, known: Codes) -> NDArray[np.bool_]:
    """Return [copies]: whether all objects lie inside their panels and keep their distance there."""
    low, high = edited.boxes[..., :2], edited.boxes[..., 2:]
    around = np.array(panel_boxes(known.config))[edited.panel]
    inside = (low >= around[..., :2]).all((1, 2)) & (high <= around[..., 2:]).all((1, 2))
    apart = np.maximum(low[:, :, None] - high[:, None], low[:, None] - high[:, :, None]).max(-1)
    apart[:, np.eye(apart.shape[1], dtype=bool)] = np.inf
    apart[edited.panel[:, :, None] != edited.panel[:, None]] = np.inf
    return np.asarray(inside & (apart.min((1, 2)) >= known.config.gap_px))
