"""A graph of calls in columns, in the direction in which data flows: leaves left, the root on the right.

Layered drawing (Sugiyama, Tagawa and Toda 1981): ranks, an order in each rank with few crossings, then coordinates.
Edges over several ranks get a *bend* in every rank between, which takes its place in the order as a node does. Heights
are the least-squares ones for the order: every node as near as may be to the mean of its neighbours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import networkx

ORDERINGS, SWEEPS = 12, 60
BEND_HEIGHT = 6.0


class Bend(NamedTuple):
    """Where an edge passes through a rank."""

    source: int
    target: int
    rank: int


Place = int | Bend
Paths = Mapping[tuple[int, int], tuple[Place, ...]]


@dataclass(frozen=True)
class Layers:
    """``columns`` hold nodes and bends from top to bottom; ``heights`` are the middles of them.

    ``paths`` are, for each edge (from, to), its ends and the bends between them.
    """

    columns: tuple[tuple[Place, ...], ...]
    heights: Mapping[Place, float]
    paths: Paths


def layered(operands: Sequence[Sequence[int]], sizes: Sequence[float], gap: float) -> Layers:
    """Lay out a graph whose node i takes ``operands[i]`` and is ``sizes[i]`` high; its last node is the root.

    Nodes of a column are ``gap`` apart or more.

    >>> layered([[], [], [0, 1]], [10, 10, 10], 4).columns
    ((0, 1), (2,))
    """
    ranks = _ranks(operands)
    paths: Paths = {
        (one, user): (one, *(Bend(one, user, rank) for rank in range(ranks[one] + 1, ranks[user])), user)
        for user, below in enumerate(operands)
        for one in dict.fromkeys(below)
    }
    columns = _ordered(_first_order(operands, ranks, paths), paths)
    return Layers(tuple(map(tuple, columns)), _heights(columns, paths, sizes, gap), paths)


def _ranks(operands: Sequence[Sequence[int]]) -> list[int]:
    """Return the column of each node: as far right as its users allow."""
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(len(operands)))
    graph.add_edges_from((user, one) for user, below in enumerate(operands) for one in below)
    generations = list(networkx.topological_generations(graph))
    ranks = [0] * len(operands)
    for distance, nodes in enumerate(generations):
        for node in nodes:
            ranks[node] = len(generations) - 1 - distance
    return ranks


def _first_order(operands: Sequence[Sequence[int]], ranks: Sequence[int], paths: Paths) -> list[list[Place]]:
    """Return the columns in the order in which a walk from the root meets their nodes: without crossings for a tree."""
    columns: list[list[Place]] = [[] for _ in range(max(ranks) + 1)]
    met = set()

    def visit(node: int) -> None:
        met.add(node)
        columns[ranks[node]].append(node)
        for one in dict.fromkeys(operands[node]):
            for bend in paths[one, node][1:-1]:
                assert isinstance(bend, Bend)
                columns[bend.rank].append(bend)
            if one not in met:
                visit(one)

    visit(len(operands) - 1)
    return columns


def _ordered(columns: list[list[Place]], paths: Paths) -> list[list[Place]]:
    """Return the columns in an order with fewer crossings: each sorted by the mean place of its neighbours, in turn."""
    links = _links(paths)
    best, fewest = columns, _crossings(columns, links)
    for sweep in range(ORDERINGS):
        if fewest == 0:
            break
        columns = [list(column) for column in columns]
        rightwards = sweep % 2 == 0
        for at in range(1, len(columns)) if rightwards else range(len(columns) - 2, -1, -1):
            other = columns[at - 1 if rightwards else at + 1]
            places = {node: place for place, node in enumerate(other)}
            means = {}
            for place, node in enumerate(columns[at]):
                near = [places[end] for end in links[node] if end in places]
                means[node] = sum(near) / len(near) if near else float(place)
            columns[at].sort(key=means.__getitem__)
        if (found := _crossings(columns, links)) < fewest:
            best, fewest = columns, found
    return best


def _links(paths: Paths) -> dict[Place, list[Place]]:
    """Return the neighbours of every node and bend."""
    links: dict[Place, list[Place]] = {path[-1]: [] for path in paths.values()}
    for path in paths.values():
        for one, other in pairwise(path):
            links.setdefault(one, []).append(other)
            links.setdefault(other, []).append(one)
    return links


def _crossings(columns: Sequence[Sequence[Place]], links: Mapping[Place, Sequence[Place]]) -> int:
    crossings = 0
    for left, right in pairwise(columns):
        places = {node: place for place, node in enumerate(right)}
        ends = [(at, places[end]) for at, node in enumerate(left) for end in links[node] if end in places]
        crossings += sum(
            (one[0] - other[0]) * (one[1] - other[1]) < 0 for at, one in enumerate(ends) for other in ends[:at]
        )
    return crossings


def _heights(
    columns: Sequence[Sequence[Place]], paths: Paths, sizes: Sequence[float], gap: float
) -> dict[Place, float]:
    links = _links(paths)
    size = {node: sizes[node] if isinstance(node, int) else BEND_HEIGHT for column in columns for node in column}
    heights: dict[Place, float] = {}
    for column in columns:
        top = 0.0
        for node in column:
            heights[node] = top + size[node] / 2
            top += size[node] + gap
    order = range(len(columns))
    rank_of = {node: at for at in order for node in columns[at]}
    for sweep in range(SWEEPS + 1):
        for at in order if sweep % 2 == 0 else reversed(order):
            column = columns[at]
            near = [links.get(node, []) for node in column]
            if sweep == SWEEPS:  # at last every node goes level with what flows into it, so that chains are straight
                near = [[end for end in ends if rank_of[end] < at] for ends in near]
            wanted = [
                _mean([heights[end] for end in ends] or [heights[node]])
                for node, ends in zip(column, near, strict=True)
            ]
            apart = [(size[one] + size[other]) / 2 + gap for one, other in pairwise(column)]
            heights.update(zip(column, nearest_apart(wanted, apart), strict=True))
    top = min(heights[node] - size[node] / 2 for node in heights)
    return {node: height - top for node, height in heights.items()}


def nearest_apart(wanted: Sequence[float], apart: Sequence[float]) -> list[float]:
    """Return the places nearest to those wanted, by squares, of which each is so far apart from the next or more.

    Pools adjacent violators (Ayer et al. 1955) of the places less the distances that must lie before them.

    >>> nearest_apart([0.0, 0.0], [4.0])
    [-2.0, 2.0]
    """
    before = [0.0]
    for distance in apart:
        before.append(before[-1] + distance)
    pools: list[tuple[float, int]] = []
    for place, offset in zip(wanted, before, strict=True):
        mean, count = place - offset, 1
        while pools and pools[-1][0] > mean:
            other, members = pools.pop()
            mean, count = (other * members + mean * count) / (members + count), members + count
        pools.append((mean, count))
    pooled = [mean for mean, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(pooled, before, strict=True)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
