"""What an answer asks of the value of a layout's root."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from nmn.assembler.execute import Run
from nmn.errors import DataError
from nmn.layout import Kind, Layout
from nmn.lexicon import Lexicon
from nmn.modules.neural import Vocabulary

FLOOR = 1e-4  # truths are taken as this much less extreme, so that every gradient is finite and none is zero
TRUTHS = {"true": 1, "yes": 1, "false": 0, "no": 0}


def target_of(layout: Layout, answer: str, values: Mapping[str, Sequence[str]]) -> int:
    """Return an answer in a dataset's words as an integer: 0 or 1, a number, the position of an attribute's value.

    Raises DataError where the answer is none that the layout can have.
    """
    if layout.kind is Kind.TRUTH and answer in TRUTHS:
        return TRUTHS[answer]
    if layout.kind is Kind.NUMBER and answer.isdecimal():
        return int(answer)
    if layout.kind is Kind.ATTRIBUTE and layout.argument and answer in values.get(layout.argument, ()):
        return list(values[layout.argument]).index(answer)
    raise DataError(f"{answer!r} is no answer to {layout}, which yields a value of kind {layout.kind}")


def placed(targets: Tensor, layouts: Sequence[Layout], lexicon: Lexicon, vocabulary: Vocabulary) -> Tensor:
    """Return targets whose values a lexicon numbers by their places in a vocabulary, -1 for one that it lacks."""
    places = {
        name: [learned.index(value) if value in learned else -1 for value in attribute.values]
        for name, attribute in lexicon.attributes.items()
        for learned in [vocabulary.attributes.get(name, ())]
    }
    moved = [
        places[layout.argument][target] if layout.kind is Kind.ATTRIBUTE and layout.argument else target
        for layout, target in zip(layouts, targets.tolist(), strict=True)
    ]
    return torch.tensor(moved, device=targets.device)


@dataclass(frozen=True, slots=True)
class Losses:
    """The loss of each example, and whether its most probable answer is the right one."""

    loss: Float[Tensor, " examples"]
    right: Tensor


def answer_losses(run: Run, targets: Tensor) -> Losses:
    """Return the negative log-likelihood of every example's answer, and whether it would be given.

    A truth: binary cross-entropy. A number: of its distribution. An attribute: binary cross-entropy of every value,
    of which one is due, so that a second value that shines through costs as well.
    """
    kinds = np.array([layout.kind for layout in run.plan.layouts])
    roots = run.plan.roots()
    loss = torch.zeros(len(kinds), device=targets.device)
    right = torch.zeros(len(kinds), dtype=torch.bool, device=targets.device)
    for kind, measure in MEASURES.items():
        chosen = np.flatnonzero(kinds == kind)
        if len(chosen):
            rows = torch.from_numpy(roots[chosen]).to(targets.device)
            places = torch.from_numpy(chosen).to(targets.device)
            each, fits = measure(run.values[kind].index_select(0, rows).float(), targets[places])
            loss = loss.index_copy(0, places, each)
            right[places] = fits
    return Losses(loss, right)


def log_truth(truth: Tensor) -> Tensor:
    """Return the logarithm of truths, kept from 0."""
    return torch.log(truth * (1 - 2 * FLOOR) + FLOOR)


def _truth(values: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    chance = torch.where(targets > 0, values, 1 - values)
    return -log_truth(chance), chance > 0.5


def _number(values: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    known = targets.clamp(max=values.shape[1] - 1)
    chance = values.gather(1, known.unsqueeze(1)).squeeze(1) * (known == targets)
    return -log_truth(chance), values.argmax(1) == targets


def _attribute(values: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    due = targets.unsqueeze(1) == torch.arange(values.shape[1], device=values.device)
    return -log_truth(torch.where(due, values, 1 - values)).sum(1), values.argmax(1) == targets


MEASURES = {Kind.TRUTH: _truth, Kind.NUMBER: _number, Kind.ATTRIBUTE: _attribute}
