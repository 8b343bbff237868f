"""Plans: which calls are shared, where values lie, and which batches are refused."""

from collections.abc import Sequence

import numpy as np
import pytest

from nmn.assembler.plan import plan
from nmn.layout import Kind, parse_layout


def rows_of(text: str, images: Sequence[int]) -> list[list[tuple[int, ...]]]:
    planned = plan([parse_layout(text)] * len(images), images)
    return [planned.rows(example) for example in range(len(images))]


def test_an_empty_batch_has_no_steps() -> None:
    planned = plan([])
    assert planned.steps == () and planned.calls == 0 and planned.roots().tolist() == []


@pytest.mark.parametrize("images", [[-1], [0.7], ["0"], [True]])
def test_images_are_numbered_by_integers_from_zero(images: list[int]) -> None:
    with pytest.raises(ValueError, match="images are numbered by integers from 0"):
        plan([parse_layout("scene")], images)


def test_the_same_layout_on_the_same_image_is_computed_once() -> None:
    assert plan([parse_layout("count(find[red])")] * 5, [0] * 5).calls == 2


def test_the_same_layout_on_other_images_is_computed_for_each() -> None:
    assert plan([parse_layout("count(find[red])")] * 5).calls == 10


def test_a_call_used_twice_in_one_layout_has_one_row() -> None:
    assert plan([parse_layout("quantify[most](find[red], find[red])")]).calls == 2


def test_a_call_of_another_argument_is_another_call() -> None:
    assert plan([parse_layout("and(find[red], find[blue])")]).calls == 3


def test_examples_that_share_an_image_share_all_their_rows() -> None:
    first, second, third = rows_of("exists(and(find[red], find[circle]))", [3, 5, 3])
    assert first == third != second


def test_the_root_is_the_last_of_an_examples_rows() -> None:
    layouts = [parse_layout(text) for text in ("count(find[red])", "exists(find[red])", "find[blue]")]
    planned = plan(layouts, [0, 0, 1])
    assert [planned.rows(example)[-1] for example in range(3)] == [(row,) for row in planned.roots().tolist()]


def test_rows_of_a_kind_are_counted_from_zero_without_gaps() -> None:
    planned = plan([parse_layout("compare[more](count(find[red]), number[2])")] * 3)
    for kind in Kind:
        rows = [row for step in planned.steps if step.kind is kind for row in range(step.rows.start, step.rows.stop)]
        assert rows == list(range(planned.sizes[kind]))


def test_every_call_lies_in_exactly_one_step() -> None:
    planned = plan([parse_layout("and(exists(find[red]), not(exists(scene)))")] * 4)
    covered = np.concatenate([np.arange(step.start, step.stop) for step in planned.steps])
    assert covered.tolist() == list(range(planned.calls))


def test_a_call_knows_its_image() -> None:
    assert plan([parse_layout("scene")] * 3, [7, 2, 7]).images.tolist() == [2, 7]


def test_a_step_of_quantifiers_names_those_that_occur() -> None:
    layouts = [parse_layout(f"quantify[{word}](find[red], scene)") for word in ("most", "both", "most")]
    assert sorted(plan(layouts).steps[-1].words) == ["both", "most"]


def test_what_where_asks_is_one_call_for_each_panel() -> None:
    planned = plan([parse_layout("exists(where(exists(find[red])))")] * 2, panels=3)
    assert planned.calls == 2 * (3 + 3 + 1 + 1)
    assert [len(rows) for rows in planned.rows(1)] == [3, 3, 1, 1]


def test_a_call_asked_of_the_image_and_of_its_panels_has_rows_for_both() -> None:
    planned = plan([parse_layout("and(exists(find[red]), exists(where(exists(find[red]))))")], panels=2)
    assert [len(rows) for rows in planned.rows(0)] == [3, 3, 1, 1, 1]
    assert planned.views[np.isin(planned.images, [0])].max() == 2


def test_where_no_panel_is_asked_alone_every_view_is_the_whole_image() -> None:
    planned = plan([parse_layout("count(inside(panel[leftmost]))")], panels=3)
    assert planned.panels == 0 and not planned.views.any()


def test_counts_of_regions_and_of_panels_are_different_steps() -> None:
    steps = plan([parse_layout("count(scene)"), parse_layout("count(panels)")]).steps
    assert [step.operand_kinds for step in steps if step.module == "count"] == [(Kind.ATTENTION,), (Kind.PANELS,)]
