"""When calls run: after their operands, and together where one of them can wait."""

from hypothesis import given
from hypothesis import strategies as st

from nmn.assembler.plan import plan
from nmn.layout import Kind, Layout, parse_layout
from tests.strategies import layouts


def _steps(module: str, *texts: str) -> int:
    return sum(step.module == module for step in plan([parse_layout(text) for text in texts]).steps)


def test_a_count_waits_for_one_that_is_deeper() -> None:
    assert _steps("count", "count(find[red])", "count(and(find[red], relate[left_of](find[circle])))") == 1


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
