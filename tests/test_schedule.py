"""When calls run: after their operands, and together where one of them can wait."""

from types import SimpleNamespace

import torch
from hypothesis import given
from hypothesis import strategies as st

from nmn.assembler.plan import plan
from nmn.assembler.schedule import PASSING
from nmn.layout import Kind, Layout, parse_layout
from nmn.lexicon import load_lexicon
from nmn.modules.exact import exact_library
from nmn.modules.neural import Vocabulary, neural_library
from tests.strategies import layouts


def _steps(module: str, *texts: str) -> int:
    return sum(step.module == module for step in plan([parse_layout(text) for text in texts]).steps)


def test_a_count_waits_for_one_that_is_deeper() -> None:
    assert _steps("count", "count(find[red])", "count(and(find[red], relate[left_of](find[circle])))") == 1


def test_what_is_unique_is_read_where_it_stands_and_checked_at_the_end() -> None:
    texts = (
        "exists(relate[above](unique(relate[left_of](unique(find[red])))))",
        "count(same[color](unique(find[blue])))",
    )
    planned = plan([parse_layout(text) for text in texts])
    assert [step.module for step in planned.steps].count("unique") == 1 and planned.steps[-1].module == "unique"
    related = next(step for step in planned.steps if step.module == "relate")
    found = planned.steps[0]
    assert found.module == "find" and planned.operands[0][related.start] < found.rows.stop


def test_what_is_read_past_is_its_operand() -> None:
    attention = torch.rand(2, 5)
    for library in (exact_library(load_lexicon("world")), neural_library(Vocabulary({}, (), ()))):
        for name in PASSING:
            assert library.modules[name](SimpleNamespace(operands=(attention,))) is attention  # type: ignore[arg-type]


def test_truths_and_numbers_wait_for_deeper_ones() -> None:
    shallow = ("exists(find[red])", "exists(find[blue])", "exists(find[circle])")
    assert _steps("exists", *shallow, "exists(relate[above](relate[left_of](find[red])))") == 1


def test_calls_that_need_each_other_run_one_after_the_other() -> None:
    assert _steps("relate", "exists(relate[left_of](relate[above](find[circle])))", "exists(relate[above](scene))") == 2


@given(st.lists(layouts(), min_size=1, max_size=5))
def test_every_operand_is_there_when_it_is_asked_for(chosen: list[Layout]) -> None:
    planned = plan(chosen)
    written = dict.fromkeys(Kind, 0)
    for step in planned.steps:
        for kind, rows in zip(step.operand_kinds, planned.operands, strict=False):
            assert rows[step.start : step.stop].max() < written[kind]
        written[step.kind] = step.rows.stop
