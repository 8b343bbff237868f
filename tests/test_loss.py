"""What answers cost, worked out by hand."""

import math
from dataclasses import replace

import pytest
import torch

from nmn.assembler.execute import Run, execute
from nmn.assembler.plan import plan
from nmn.errors import DataError
from nmn.layout import Kind, parse_layout
from nmn.lexicon import load_lexicon
from nmn.modules.neural import Vocabulary
from nmn.training.loss import FLOOR, MEASURES, answer_losses, placed, target_of
from tests.networks import VOCABULARY, layouts, modules, regions, run

VALUES = VOCABULARY.attributes


def log(chance: float) -> float:
    """Return the logarithm of a chance that is kept from 0 and 1, as the losses take it."""
    return math.log(chance * (1 - 2 * FLOOR) + FLOOR)


def measured(kind: Kind, values: list[list[float]] | list[float], targets: list[int]) -> tuple[list[float], list[bool]]:
    loss, right = MEASURES[kind](torch.tensor(values), torch.tensor(targets))
    return loss.tolist(), right.tolist()


def test_a_truth_costs_its_cross_entropy() -> None:
    loss, right = measured(Kind.TRUTH, [0.9, 0.9, 0.2, 0.2], [1, 0, 1, 0])
    assert loss == pytest.approx([-log(0.9), -log(0.1), -log(0.2), -log(0.8)], abs=1e-6)
    assert right == [True, False, False, True]


def test_a_number_costs_the_logarithm_of_its_chance() -> None:
    loss, right = measured(Kind.NUMBER, [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2], [0.1, 0.7, 0.2]], [1, 2, 9])
    assert loss == pytest.approx([-log(0.7), -log(0.2), -log(0)], abs=1e-6)
    assert right == [True, False, False]


def test_an_attribute_costs_every_value_that_is_wrongly_in_or_out() -> None:
    loss, right = measured(Kind.ATTRIBUTE, [[0.8, 0.3, 0.0], [0.2, 0.3, 0.0]], [0, 2])
    wanted = [-log(0.8) - log(0.7) - log(1), -log(0.8) - log(0.7) - log(0)]
    assert loss == pytest.approx(wanted, abs=1e-5)
    assert right == [True, False]


@pytest.mark.parametrize("kind", MEASURES)
@pytest.mark.parametrize("truth", [0.0, 1.0, 1 + 1e-6])
@pytest.mark.parametrize("target", [0, 1])
def test_a_loss_and_its_gradient_are_finite_however_sure_and_wrong(kind: Kind, truth: float, target: int) -> None:
    values = torch.full((2,) if kind is Kind.TRUTH else (2, 3), truth, requires_grad=True)
    loss, _ = MEASURES[kind](values, torch.tensor([target, target]))
    loss.sum().backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(loss).all() and values.grad is not None and torch.isfinite(values.grad).all()


def test_a_batch_of_all_kinds_costs_what_each_example_costs_alone() -> None:
    made, some = modules(grid=False), regions(7, grid=False)
    asked = [layout for layout in layouts(3, 60) if layout.kind in MEASURES]
    assert {layout.kind for layout in asked} == set(MEASURES)
    targets = torch.arange(len(asked)) % 2
    together = answer_losses(run(made, asked, [place % 7 for place in range(len(asked))], some), targets)
    alone = [
        answer_losses(run(made, [layout], [place % 7], some), targets[place : place + 1])
        for place, layout in enumerate(asked)
    ]
    assert together.loss.tolist() == pytest.approx([losses.loss.item() for losses in alone], abs=1e-4)
    assert together.right.tolist() == [losses.right.item() for losses in alone]


def test_the_right_answer_costs_least() -> None:
    made, some = modules(grid=False), regions(1, grid=False)
    finished = run(made, [parse_layout("count(find[red])")], [0], some)
    costs = [answer_losses(finished, torch.tensor([number])).loss.item() for number in range(3)]
    best = finished.values[Kind.NUMBER][0].argmax().item()
    assert min(range(3), key=costs.__getitem__) == best


@pytest.mark.parametrize("sure", [-100.0, 100.0])
def test_losses_of_a_network_that_is_all_too_sure_are_finite(sure: float) -> None:
    made, some = modules(grid=True), regions(3, grid=True)
    torch.nn.init.constant_(made.biases, sure)
    asked = [layout for layout in layouts(11, 80) if layout.kind in MEASURES]
    finished = run(made, asked, [place % 3 for place in range(len(asked))], some)
    loss = answer_losses(finished, torch.ones(len(asked), dtype=torch.long)).loss
    loss.mean().backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(loss).all()
    for parameter in made.parameters():
        assert parameter.grad is None or torch.isfinite(parameter.grad).all()


@pytest.mark.parametrize(
    ("layout", "answer", "target"),
    [("exists(scene)", "true", 1), ("exists(scene)", "no", 0), ("count(scene)", "12", 12)]
    + [("describe[color](scene)", value, place) for place, value in enumerate(VALUES["color"])],
)
def test_answers_in_words_are_integers(layout: str, answer: str, target: int) -> None:
    assert target_of(parse_layout(layout), answer, VALUES) == target


@pytest.mark.parametrize(
    ("layout", "answer"),
    [("exists(scene)", "3"), ("count(scene)", "yes"), ("count(scene)", "-1"), ("describe[color](scene)", "square"),
     ("describe[size](scene)", "small"), ("find[red]", "red")],
)  # fmt: skip
def test_an_answer_that_a_layout_cannot_have_is_refused(layout: str, answer: str) -> None:
    with pytest.raises(DataError, match=f"'{answer}' is no answer to "):
        target_of(parse_layout(layout), answer, VALUES)


def halves(layout: str) -> Run:
    """Run a layout on three objects that are of each value by a half."""
    made, some = modules(grid=False), regions(3, grid=False)
    read = made(some)
    soft = torch.zeros_like(read.logits)
    soft[:, -1] = -torch.inf
    return execute(plan([parse_layout(layout)], [2], some.panels.count), made.library, replace(read, logits=soft))


def test_a_whole_run_costs_what_is_worked_out_by_hand() -> None:
    """Three objects, each red by a half: none is with 1/8, one with 3/8."""
    for layout, target, chance in (
        ("exists(find[red])", 0, 1 / 8), ("exists(find[red])", 1, 7 / 8), ("count(find[red])", 1, 3 / 8),
        ("quantify[every](scene, find[red])", 1, 1 / 8), ("quantify[most](scene, find[red])", 1, 1 / 2),
    ):  # fmt: skip
        assert answer_losses(halves(layout), torch.tensor([target])).loss.item() == pytest.approx(
            -log(chance), abs=1e-5
        )


def test_values_are_found_where_a_network_has_them() -> None:
    """A lexicon numbers red, green, blue; the network has learned blue, then red, and never green."""
    asked = [parse_layout(text) for text in ("describe[color](scene)",) * 3 + ("count(scene)",)]
    lexicon, learned = load_lexicon("shapes"), Vocabulary({"color": ("blue", "red")}, (), ())
    order = list(lexicon.attributes["color"].values)
    targets = torch.tensor([*(order.index(name) for name in ("red", "green", "blue")), 7])
    assert placed(targets, asked, lexicon, learned).tolist() == [1, -1, 0, 7]


def test_a_value_that_a_network_lacks_is_never_its_answer() -> None:
    values = torch.tensor([[0.9, 0.1, 0.0], [0.9, 0.1, 0.0], [0.0, 0.0, 0.0]])
    loss, right = MEASURES[Kind.ATTRIBUTE](values, torch.tensor([-1, 0, 5]))
    assert right.tolist() == [False, True, False] and torch.isfinite(loss).all()
