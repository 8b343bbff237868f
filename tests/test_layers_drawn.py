"""Layered positions: columns in the direction of data, few crossings, least squares; in numbers known by hand."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmn.visualisation.layers import Bend, layered, nearest_apart


def test_a_node_stands_just_before_its_first_user() -> None:
    """0 and 2 feed 3, 0 is fed by nothing and 2 by 1."""
    layers = layered([[], [], [1], [0, 2]], [10] * 4, 4)
    assert [set(column) for column in layers.columns] == [{1}, {0, 2}, {3}]


def test_a_chain_is_level() -> None:
    heights = layered([[], [0], [1], [2]], [10, 30, 20, 8], 4).heights
    assert len({round(heights[node], 6) for node in range(4)}) == 1


def test_an_edge_over_several_columns_bends_in_each_between() -> None:
    layers = layered([[], [0], [1], [0, 2]], [10] * 4, 4)
    assert layers.paths[0, 3] == (0, Bend(0, 3, 1), Bend(0, 3, 2), 3)
    assert Bend(0, 3, 1) in layers.columns[1] and Bend(0, 3, 2) in layers.columns[2]


def test_operands_that_cross_are_put_in_order() -> None:
    """Nodes 2 and 3 take 0 and 1; a walk from the root meets them as 3, 2."""
    layers = layered([[], [], [0], [1], [3, 2, 0]], [10] * 5, 4)
    second = [node for node in layers.columns[1] if isinstance(node, int)]
    first = [node for node in layers.columns[0] if isinstance(node, int)]
    assert [{2: 0, 3: 1}[node] for node in second] == first


def test_one_operand_twice_is_one_edge() -> None:
    assert list(layered([[], [0, 0]], [10, 10], 4).paths) == [(0, 1)]


@pytest.mark.parametrize(
    ("wanted", "apart", "places"),
    [
        ([5.0], [], [5.0]),
        ([0.0, 10.0], [4.0], [0.0, 10.0]),
        ([0.0, 0.0, 0.0], [3.0, 3.0], [-3.0, 0.0, 3.0]),
        ([10.0, 0.0], [2.0], [4.0, 6.0]),
        ([0.0, 1.0, 100.0], [3.0, 3.0], [-1.0, 2.0, 100.0]),
    ],
)
def test_places_nearest_to_those_wanted(wanted: list[float], apart: list[float], places: list[float]) -> None:
    assert nearest_apart(wanted, apart) == pytest.approx(places)


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(0, 100)), min_size=1, max_size=12))
def test_places_are_apart(pairs: list[tuple[float, float]]) -> None:
    apart = [distance for _, distance in pairs[1:]]
    places = nearest_apart([place for place, _ in pairs], apart)
    gaps = [other - one for one, other in pairwise(places)]
    assert all(gap >= wanted - 1e-6 for gap, wanted in zip(gaps, apart, strict=True))
