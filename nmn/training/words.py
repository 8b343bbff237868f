"""Learning a word from a few examples, with everything else as it is.

A word is an embedding and a bias of find. A new one is appended to its attribute's values, starts as the mean of these
and alone is trained on questions that use it, from their answers, kept near to where it started. As a region has one
value of an attribute, it is also kept off regions of which the network knows a value: so a few examples are enough to
tell what is meant. What the network knew stays bit for bit.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.data.text_file import text_lines
from nmn.errors import ConfigError, DataError, LexiconError, did_you_mean
from nmn.language import read
from nmn.layout import Layout
from nmn.lexicon import Lexicon
from nmn.models.build import Network, restored
from nmn.modules.neural import Vocabulary
from nmn.regions import Regions
from nmn.training.data import TRAINED_ON, joined
from nmn.training.loss import answer_losses, log_truth, target_of
from nmn.vision.image import ImageSource, load_image
from nmn.vision.view import brought

STEPS, RATE = 300, 0.03
EXPECTED = '{"image": ..., "question": ..., "answer": ...}'
NEAR, ONE_VALUE = 0.003, 1.0  # weights of staying near the start, and of one value a region


@dataclass(frozen=True, slots=True)
class Taught:
    """A question about an image with its answer in words."""

    image: ImageSource
    question: str
    answer: str


def read_taught(path: str | Path) -> list[Taught]:
    """Read examples, a JSON object a line with "image" (a file, beside this one), "question" and "answer".

    Raises DataError naming the line at fault.
    """
    path = Path(path)
    lines = text_lines(path)
    taught = []
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            image, question, answer = (entry[name] for name in ("image", "question", "answer"))
        except ValueError as error:
            raise DataError(f"{path}, line {number}: not JSON: {error}") from None
        except (KeyError, TypeError):
            raise DataError(f"{path}, line {number}: expected {EXPECTED}") from None
        if not isinstance(image, str):
            raise DataError(f"{path}, line {number}: image is the path of a file, got {image!r}")
        taught.append(Taught(path.parent / image, str(question), str(answer)))
    if not taught:
        raise DataError(f"{path}: no examples")
    return taught


def learn_word(network: Network, lexicon: Lexicon, word: str, taught: Sequence[Taught]) -> Network:
    """Return a network that knows one more value of an attribute; ``lexicon`` says what it is called in questions.

    Raises LexiconError where the lexicon has no such value or the network knows it, DataError where no question has it.
    """
    grown = _grown(network, lexicon, word)
    layouts = [read(one.question, network.settings.grammar, lexicon=lexicon).layout for one in taught]
    if not any(call.argument == word for layout in layouts for call in layout.calls):
        raise DataError(f'none of the {len(taught)} questions uses "{word}"')
    values = grown.vocabulary.attributes
    targets = torch.tensor([target_of(layout, one.answer, values) for layout, one in zip(layouts, taught, strict=True)])
    _train_row(grown, _regions(network, taught), layouts, targets, grown.vocabulary.values.index(word))
    return grown


def _grown(network: Network, lexicon: Lexicon, word: str) -> Network:
    """Return a copy of a network with one more word, which finds nothing yet."""
    attribute = lexicon.attribute_of.get(word)
    if attribute is None:
        raise LexiconError(
            f'the lexicon {lexicon.name} has no value "{word}"{did_you_mean(word, lexicon.attribute_of)}'
        )
    if network.settings.panels > 1:
        raise ConfigError("a word is learned by networks over images, not over pictures of several panels")
    old = network.vocabulary
    if word in old.values:
        raise LexiconError(f'the network knows "{word}" already')
    attributes = {**old.attributes, attribute: (*old.attributes.get(attribute, ()), word)}
    vocabulary = replace(old, attributes=attributes)
    grown = restored(network.settings, vocabulary)
    state = dict(network.model.state_dict())
    places = torch.tensor([old.values.index(value) for value in vocabulary.values if value != word])
    kept = torch.tensor([value != word for value in vocabulary.values])
    siblings = torch.tensor([old.values.index(value) for value in old.attributes.get(attribute, ())], dtype=torch.long)
    for name in ("reasoning.words.weight", "reasoning.biases"):
        start = state[name][siblings] if len(siblings) else state[name]
        rows = start.mean(0, keepdim=True).repeat(len(kept), *[1] * (state[name].ndim - 1))
        rows[kept] = state[name][places]
        state[name] = rows
    grown.model.load_state_dict(state)
    grown.model.eval()
    return replace(grown, card=network.card)


def _regions(network: Network, taught: Sequence[Taught]) -> Regions:
    """Return the regions of the examples' images."""
    settings = network.settings
    with torch.no_grad():
        seen = [
            network.model.prepare(
                brought(load_image(one.image), settings.pixels, settings.regions == "cells").pixels.unsqueeze(0)
            )
            for one in taught
        ]
        trained_on = [{name: part for name, part in one.items() if name in TRAINED_ON} for one in seen]
        return network.model.vision(joined(trained_on))  # type: ignore[no-any-return]


def _train_row(network: Network, regions: Regions, layouts: Sequence[Layout], targets: Tensor, row: int) -> None:
    """Train one word's embedding and bias in place, on all examples at once."""
    reasoning = network.model.reasoning
    weights = (reasoning.words.weight, reasoning.biases)
    before = [weight.detach().clone() for weight in weights]
    others = torch.arange(len(before[1])) != row
    optimizer = torch.optim.Adam(weights, RATE)
    planned = plan(layouts)
    siblings = _siblings(network.vocabulary, row)
    for _ in range(STEPS):
        seen = reasoning(regions)
        loss = answer_losses(execute(planned, reasoning.library, seen), targets).loss.mean()
        loss = loss + NEAR * (weights[0][row] - before[0][row]).square().sum()
        if siblings:
            both = seen.truths[:, row] * seen.truths[:, siblings].amax(1).detach()
            loss = loss - ONE_VALUE * log_truth(1 - both)[regions.mask].mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        with torch.no_grad():
            for weight, old in zip(weights, before, strict=True):
                weight[others] = old[others]


def _siblings(vocabulary: Vocabulary, row: int) -> list[int]:
    """Return the rows of the other values of a value's attribute."""
    word = vocabulary.values[row]
    listed = next(values for values in vocabulary.attributes.values() if word in values)
    return [vocabulary.values.index(value) for value in listed if value != word]
