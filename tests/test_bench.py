"""The benchmark of networks: what holds of its figures whatever the speed."""

import math
from functools import partial

import pytest
import torch

from nmn.assembler.plan import plan
from nmn.bench import network
from nmn.bench.figure import Figure
from nmn.bench.timing import median_seconds, paired_seconds
from nmn.layout import parse_layout
from nmn.lexicon import load_lexicon

SMALL = {
    "BATCHES": (1, 2, 5),
    "BATCH": 2,
    "ASKED": 4,
    "SAMPLE": 2,
    "MADE": 40,
    "WINDOWS": 1,
    "OBJECTS": (3, 7),
    "SQUARE": 37,
    "THREADS": 1,
}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SMALL.items():
        monkeypatch.setattr(network, name, value)
    for timed in (paired_seconds, median_seconds):
        monkeypatch.setattr(network, timed.__name__, partial(timed, windows=1))


def bench_of(*texts: str) -> network.Bench:
    return network._bench(tuple(map(parse_layout, texts)), load_lexicon("world"), 0)


def assert_measured(figures: list[Figure]) -> None:
    assert all(math.isfinite(figure.value) and figure.value > 0 for figure in figures), figures


def test_the_benchmark_compares_every_size_with_one_at_a_time_and_with_identical_layouts() -> None:
    threads = torch.get_num_threads()
    figures = network.bench_network()
    assert torch.get_num_threads() == threads
    assert_measured(figures)
    for direction, target in (("forward", 5_000), ("forward and backward", 1_500)):
        for size in network.BATCHES:
            at = next(at for at, figure in enumerate(figures) if figure.name == f"{direction}, batches of {size}")
            speed, faster, share = figures[at : at + 3]
            assert [speed.at_least, faster.at_least] == ([target, 10] if size == 2 else [None, None])
            assert (faster.unit, share.unit, share.at_least) == ("x", "x", 0.8)
    assert [(figure.name, figure.target) for figure in figures[-2:]] == [
        (f"nmn.load().ask of an image of 128 x 128 with {objects} objects, warm", "<= 30") for objects in (3, 7)
    ]


def test_batches_run_every_layout_once_on_the_image_of_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[tuple[str, ...], int]] = []
    monkeypatch.setattr(
        network.Bench, "run", lambda _, layouts, first, __: ran.append((tuple(map(str, layouts)), first))
    )
    texts = ("count(find[red])", "exists(find[circle])", "count(find[circle])")
    bench_of(*texts).in_batches(tuple(map(parse_layout, texts)), 2)
    assert ran == [(texts[:2], 0), (texts[2:], 2)]


def test_the_floor_is_what_can_be_counted_by_hand() -> None:
    """Two images of 196 cells of 64 channels, two words; on each 4 attentions written, 4 read and a call over pairs."""
    text = "count(and(find[red], relate[left_of](find[circle])))"
    bench = bench_of(text, text)
    moved, operations = network.floor(plan(bench.layouts), bench.modules, 2)
    assert moved == 2 * 4 * (196 * (64 + 2) + (4 + 4) * 196) == 116_032
    assert operations == 2 * (2 * 196 * 64 * 2 + 2 * 196 * 196) == 254_016


def test_utilisation_is_a_part_of_the_time_that_a_batch_took() -> None:
    figures = network._utilisation(bench_of("count(relate[left_of](find[red]))", "exists(find[red])"))
    assert_measured(figures)
    assert [figure.unit for figure in figures] == ["%", "%"]
