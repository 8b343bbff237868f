"""Whether a word was learned: its lesson's own questions, asked of the network that learned it."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.layout import Layout
from nmn.lexicon import Lexicon
from nmn.models.build import Network
from nmn.training.loss import answer_losses, target_of
from nmn.training.words import Taught, regions_of, understood


@dataclass(frozen=True, slots=True)
class Lesson:
    """The share of a lesson's questions that is right; ``like`` is the known value that answers more of them.

    In the word's place, that is: what the word means, the network takes for things of that value. None where none does.
    """

    right: float
    like: str | None


@torch.no_grad()
def asked_again(grown: Network, lexicon: Lexicon, word: str, taught: Sequence[Taught]) -> Lesson:
    """Ask a network the questions that it learned a word from, and again with each sibling in the word's place."""
    seen = grown.model.reasoning(regions_of(grown, [one.image for one in taught]))
    layouts = [understood(grown, lexicon, one)[0] for one in taught]
    values = grown.vocabulary.attributes

    def right_of(value: str) -> float:
        asked = [_with(layout, word, value) for layout in layouts]
        answers = [value if one.answer == word else one.answer for one in taught]
        targets = [target_of(layout, answer, values) for layout, answer in zip(asked, answers, strict=True)]
        run = execute(plan(asked), grown.model.reasoning.library, seen)
        return float(answer_losses(run, torch.tensor(targets)).right.float().mean())

    right = right_of(word)
    shares = {value: right_of(value) for value in values[lexicon.attribute_of[word]] if value != word}
    like = max(shares, key=lambda value: shares[value], default=None)
    return Lesson(right, like if like is not None and shares[like] > right else None)


def _with(layout: Layout, word: str, value: str) -> Layout:
    """Return a layout with another value in the place of a word."""
    argument = value if layout.argument == word else layout.argument
    return Layout(layout.module, argument, tuple(_with(operand, word, value) for operand in layout.operands))
