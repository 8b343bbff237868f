"""Contact sheets: every text whole, and the object that a referring expression names in a frame."""

from dataclasses import replace

import numpy as np

from synth_data.example import Example
from synth_data.preview import LINE_PX, PAPER, draw_sheet
from tests.worlds import examples, settings

GRAY = np.full((64, 64, 3), 90, np.uint8)


def one(family: str) -> Example:
    return examples(settings(families=[family], size=1))[0]


def test_a_sheet_grows_by_a_line_for_each_line_of_its_longest_text() -> None:
    example = one("existence")
    heights = [
        draw_sheet([replace(example, text=" ".join(["w" * 30] * lines))], [GRAY], 1).height for lines in (1, 2, 7)
    ]
    assert np.diff(heights).tolist() == [LINE_PX, 5 * LINE_PX]


def test_the_object_that_is_the_answer_is_framed_and_nothing_else_is() -> None:
    white = tuple(int(PAPER[place : place + 2], 16) for place in (1, 3, 5))
    tiles = [np.asarray(draw_sheet([one(family)], [GRAY], 1))[14:230, 14:230] for family in ("refer", "count")]
    assert [bool((tile == white).all(-1).any()) for tile in tiles] == [True, False]
