"""Faithfulness: what a run's calls are compared with, in numbers that can be worked out by hand."""

from dataclasses import replace

import pytest
import torch

from nmn.assembler.execute import Run, execute
from nmn.assembler.plan import plan
from nmn.evaluation.faithfulness import Faithfulness, Tally, agreement
from nmn.evaluation.report import Record
from nmn.layout import Kind, parse_layout
from nmn.lexicon import load_lexicon
from nmn.modules.exact import encode, exact_library
from nmn.scene import SceneGraph, SceneObject
from nmn.vision.grid import grid_regions
from nmn.vision.matching import match_cells

WORLD = load_lexicon("world")
COLORS = ("red", "red", "blue", "green")
ROW = SceneGraph(
    tuple(
        SceneObject({"shape": "circle", "color": color}, (9.0 * place, 0, 9.0 * place + 4, 4))
        for place, color in enumerate(COLORS)
    ),
    64,
    64,
)


def exact_run(*layouts: str) -> Run:
    """Run layouts on the same scene: red, red, blue and green circles in a row."""
    planned = plan([parse_layout(text) for text in layouts], [0] * len(layouts))
    return execute(planned, exact_library(WORLD), encode([ROW], WORLD))


def changed(run: Run, kind: Kind, values: list[list[float]] | list[float]) -> Run:
    """The run with other values of one kind."""
    return replace(run, values={**run.values, kind: torch.tensor(values)})


def test_a_run_agrees_with_itself() -> None:
    run = exact_run("exists(and(find[red], find[circle]))", "count(find[red])", "describe[color](find[blue])")
    found = agreement(run, run)
    assert found.faithful == (True, True, True)
    assert found.tallies["find[red]"] == Tally(calls=1, right=1, hits=2)
    assert found.tallies["describe[color]"] == found.tallies["exists"] == Tally(calls=1, right=1)


def test_hits_spurious_and_missed_regions_are_counted() -> None:
    exact = exact_run("find[red]", "find[circle]")
    rows = exact.values[Kind.ATTENTION].sum(1)
    wrong = [[0.9, 0.4, 0.8, 0.0] if total == 2 else [1.0, 1.0, 1.0, 0.51] for total in rows.tolist()]
    found = agreement(changed(exact, Kind.ATTENTION, wrong), exact)
    assert found.tallies["find[red]"] == Tally(calls=1, right=0, hits=1, spurious=1, missed=1)
    assert found.tallies["find[circle]"] == Tally(calls=1, right=1, hits=4)
    assert found.faithful == (False, True)


def test_precision_recall_and_f1() -> None:
    tally = Tally(calls=3, right=1, hits=6, spurious=2, missed=4)
    assert (tally.precision, tally.recall, tally.f1) == (0.75, 0.6, 12 / 18)
    assert (Tally().precision, Tally().recall, Tally().f1) == (None, None, None)


def test_a_right_answer_from_a_wrong_call_is_not_faithful() -> None:
    exact = exact_run("exists(find[red])")
    found = agreement(changed(exact, Kind.ATTENTION, [[0.0, 0.0, 1.0, 0.0]]), exact)
    assert found.tallies["exists"].right == 1 and found.faithful == (False,)


@pytest.mark.parametrize(("value", "right"), [(0.51, 1), (0.49, 0)])
def test_truths_are_compared_at_a_half(value: float, right: int) -> None:
    exact = exact_run("exists(find[red])")
    assert agreement(changed(exact, Kind.TRUTH, [value]), exact).tallies["exists"].right == right


def test_numbers_are_compared_by_the_likeliest() -> None:
    exact = exact_run("count(find[red])")
    width = exact.values[Kind.NUMBER].shape[1]
    close = [[0.1, 0.4, 0.5] + [0.0] * (width - 3)]
    off = [[0.1, 0.5, 0.4] + [0.0] * (width - 3)]
    assert [agreement(changed(exact, Kind.NUMBER, row), exact).tallies["count"].right for row in (close, off)] == [1, 0]


def test_regions_in_another_order_are_matched_to_objects() -> None:
    """Region 0 is object 3, region 1 is nothing, region 2 is object 0; objects 1 and 2 were not found."""
    exact = exact_run("find[red]", "find[green]")
    order = {"find[red]": [0.0, 1.0, 1.0, 0.0], "find[green]": [1.0, 0.0, 0.0, 0.0]}
    places = {2: "find[red]", 1: "find[green]"}
    values = [order[places[int(total)]] for total in exact.values[Kind.ATTENTION].sum(1)]
    match = torch.tensor([[3, -1, 0, -1]])
    found = agreement(changed(exact, Kind.ATTENTION, values), exact, match)
    assert found.tallies["find[red]"] == Tally(calls=1, right=0, hits=1, spurious=1, missed=1)
    assert found.tallies["find[green]"] == Tally(calls=1, right=1, hits=1)


def test_more_or_fewer_regions_than_objects_can_be_matched() -> None:
    exact = exact_run("find[red]")
    for values, match, tally in (
        ([1.0, 0.0, 0.0, 0.0, 0.0, 1.0], [0, 2, 3, -1, -1, 1], Tally(1, 1, 2)),
        ([1.0, 0.0], [0, 2], Tally(1, 0, 1, 0, 1)),
    ):
        regions = grid_regions(torch.zeros(1, 1, 1, len(values)), 64, 64)
        own = replace(changed(exact, Kind.ATTENTION, [values]), regions=regions)
        assert agreement(own, exact, torch.tensor([match])).tallies["find[red]"] == tally


def test_cells_of_a_wide_picture_lie_where_its_border_leaves_it() -> None:
    """A picture of 80 x 40 in the middle of 8 x 8 cells of 10: the thing is in its upper left."""
    thing = SceneObject({}, (0, 0, 10, 10))
    cells = grid_regions(torch.zeros(1, 1, 8, 8), 80, 80)
    match = match_cells(cells, [SceneGraph((thing,), 80.0, 40.0)]).view(8, 8)
    assert match.eq(0).nonzero().tolist() == [[2, 0]]


def test_runs_of_different_plans_are_refused() -> None:
    with pytest.raises(ValueError, match="of one plan"):
        agreement(exact_run("find[red]"), exact_run("find[red]"))


def test_shares_are_over_all_questions_and_over_those_with_an_answer() -> None:
    score = Faithfulness([ROW] * 4, WORLD)
    score.faithful.update({0: True, 1: True, 2: False})
    records = [Record("", "one", answer, "yes", None) for answer in ("yes", "no", "yes")]
    records.append(Record("", "one", None, None, "unread"))
    shares = score.shares(records)
    assert shares == {"every_call_right": 2 / 4, "right_and_every_call_right": 1 / 3}


def test_without_answers_there_is_no_share_of_right_ones() -> None:
    score = Faithfulness([ROW], WORLD, faithful={0: True})
    shares = score.shares([Record("", "one", None, "yes", None)])
    assert shares == {"every_call_right": 1.0, "right_and_every_call_right": None}
