"""Learning a word from a few examples, with everything else as it is.

A word is an embedding and a bias of find. A new one is appended to its attribute's values and alone is trained on
questions that use it, from their answers. What it may be is known from its siblings, the attribute's other values, in
two ways, so that a few examples are enough to tell what is meant. Its row is Gaussian a priori, with their mean and
spread: an estimate of the highest posterior (MacKay 1992), with an empirical prior. And a region has one value of an
attribute, so that it is kept off regions of which the network knows one.

Answers say that something is there, not what it is: many rows explain a few of them badly, and the descent ends at the
nearest. So it starts from what is likeliest meant: the row that parts all regions that no sibling claims from the
others, a convex problem, as alternations between meaning and row begin (mi-SVM; Andrews, Tsochantaridis and Hofmann
2003). It starts from the siblings' mean too, and the better end is taken. What the network knew stays bit for bit.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.data.text_file import text_lines
from nmn.errors import ConfigError, DataError, LexiconError, NmnError, did_you_mean
from nmn.language import read
from nmn.layout import Layout
from nmn.lexicon import Lexicon
from nmn.models.build import Network, restored
from nmn.modules.library import check_words
from nmn.modules.neural import Vocabulary
from nmn.modules.read_regions import ReadRegions
from nmn.regions import Regions
from nmn.training.data import joined, trained_on
from nmn.training.loss import answer_losses, log_truth, target_of
from nmn.vision.image import ImageSource, load_image
from nmn.vision.view import brought

STEPS, FIRST_STEPS, RATE = 300, 100, 0.05
WIDER = 1.8  # the prior's spread, in that of the siblings: a new value is none of them
KEYS = ("image", "question", "answer")
EXPECTED = '{"image": ..., "question": ..., "answer": ...}'
ONE_VALUE = 1.0  # weight of one value a region


@dataclass(frozen=True, slots=True)
class Taught:
    """A question about an image with its answer in words; ``where`` is the place it was read from."""

    image: ImageSource
    question: str
    answer: str
    where: str = field(default="", compare=False)


def read_taught(path: str | Path) -> list[Taught]:
    """Read examples, a JSON object a line with "image" (a file, beside this one), "question" and "answer".

    Raises DataError naming the line at fault.
    """
    path = Path(path)
    lines = text_lines(path)
    taught: list[Taught] = []
    asked: dict[tuple[Path, str], Taught] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            entry = json.loads(line)
            image, question, answer = (entry[name] for name in KEYS)
        except ValueError as error:
            raise DataError(f"{where}: not JSON: {error}") from None
        except (KeyError, TypeError):
            raise DataError(f"{where}: expected {EXPECTED}") from None
        if not isinstance(image, str):
            raise DataError(f"{where}: image is the path of a file, got {image!r}")
        if unknown := next((name for name in entry if name not in KEYS), None):
            raise DataError(f'{where}: unknown key "{unknown}"{did_you_mean(unknown, KEYS)}; expected {EXPECTED}')
        said = str(answer).lower() if isinstance(answer, bool) else str(answer)  # as JSON writes true
        one = Taught(path.parent / image, str(question), said, where)
        first = asked.setdefault((path.parent / image, one.question), one)
        if first.answer != said:
            raise DataError(f'{where}: the answer is "{said}", of the same question in {first.where} "{first.answer}"')
        taught.append(one)
    if not taught:
        raise DataError(f"{path}: no examples")
    return taught


def learn_word(network: Network, lexicon: Lexicon, word: str, taught: Sequence[Taught]) -> Network:
    """Return a network that knows one more value of an attribute; ``lexicon`` says what it is called in questions.

    Raises LexiconError where the lexicon has no such value or the network knows it, DataError naming the place of a
    question that cannot be read or whose answer is none, or where no question has the word or nothing is seen.
    """
    grown = _grown(network, lexicon, word)
    asked = [understood(grown, lexicon, one) for one in taught]
    layouts, targets = [layout for layout, _ in asked], [target for _, target in asked]
    if not any(call.argument == word for layout in layouts for call in layout.calls):
        raise DataError(f'none of the {len(taught)} questions uses "{word}"')
    regions = regions_of(network, [one.image for one in taught])
    if not regions.mask.any():
        raise DataError(f"the network sees no object in any of the {len(taught)} images")
    return _taught(grown, word, layouts, targets, regions)


def understood(grown: Network, lexicon: Lexicon, one: Taught) -> tuple[Layout, int]:
    """Return what an example asks and the number of its answer; raise DataError naming its place."""
    try:
        layout = read(one.question, grown.settings.grammar, lexicon=lexicon).layout
        return layout, _target(grown, layout, one.answer)
    except NmnError as error:
        raise DataError(f"{one.where or one.question}: {error}") from None


def learn_from_regions(
    network: Network, lexicon: Lexicon, word: str, layouts: Sequence[Layout], answers: Sequence[str], regions: Regions
) -> Network:
    """Return a network that knows one more value, as ``learn_word`` does, from layouts, each about an image."""
    grown = _grown(network, lexicon, word)
    targets = [_target(grown, layout, answer) for layout, answer in zip(layouts, answers, strict=True)]
    return _taught(grown, word, layouts, targets, regions)


def _target(grown: Network, layout: Layout, answer: str) -> int:
    """Return an answer's number; raise ArgumentError for a word that the network has not learned."""
    check_words(layout, grown.model.reasoning.library)
    return target_of(layout, answer, grown.vocabulary.attributes)


def forgotten(network: Network, word: str) -> Network:
    """Return a network that does not know a value of an attribute; raise LexiconError where this one does not."""
    old = network.vocabulary
    if word not in old.values:
        raise LexiconError(f'the network does not know "{word}"{did_you_mean(word, old.values)}')
    attributes = {name: tuple(one for one in values if one != word) for name, values in old.attributes.items()}
    vocabulary = replace(old, attributes={name: values for name, values in attributes.items() if values})
    return _with_rows(network, vocabulary, torch.tensor([old.values.index(value) for value in vocabulary.values]))


def _taught(grown: Network, word: str, layouts: Sequence[Layout], targets: Sequence[int], regions: Regions) -> Network:
    """Give a grown network the row of its new word."""
    with torch.no_grad():
        seen = grown.model.reasoning(regions)
    row = grown.vocabulary.values.index(word)
    _write_row(grown, row, _learned_row(grown, seen, layouts, torch.tensor(targets), row))
    return grown


def _grown(network: Network, lexicon: Lexicon, word: str) -> Network:
    """Return a copy of a network with one more word, whose row is 0."""
    attribute = lexicon.attribute_of.get(word)
    if attribute is None:
        raise LexiconError(f'the lexicon has no value "{word}"{did_you_mean(word, lexicon.attribute_of)}')
    if network.settings.panels > 1:
        raise ConfigError("a word is learned by networks over images, not over pictures of several panels")
    old = network.vocabulary
    if word in old.values:
        raise LexiconError(f'the network knows "{word}" already')
    _check_has(lexicon, old)
    attributes = {**old.attributes, attribute: (*old.attributes.get(attribute, ()), word)}
    vocabulary = replace(old, attributes=attributes)
    places = [old.values.index(value) if value in old.values else -1 for value in vocabulary.values]
    return _with_rows(network, vocabulary, torch.tensor(places))


def _check_has(lexicon: Lexicon, known: Vocabulary) -> None:
    """Raise LexiconError for a word of a network that a lexicon has not, or under another attribute."""
    owned = [(value, name) for name, values in known.attributes.items() for value in values]
    lost = [value for value, name in owned if lexicon.attribute_of.get(value) != name]
    lost += [name for name in known.relations if name not in lexicon.relations]
    lost += [name for name in known.superlatives if name not in lexicon.superlatives]
    if lost:
        raise LexiconError(
            f'the lexicon {lexicon.name} has not all that the network knows, such as "{lost[0]}"; add to'
            " the network's own with extends"
        )


def _with_rows(network: Network, vocabulary: Vocabulary, places: Tensor) -> Network:
    """Return a network of another vocabulary whose words have the rows of these places, -1 for a row of zeros."""
    changed = restored(network.settings, vocabulary)
    state = dict(network.model.state_dict())
    for name in ("reasoning.words.weight", "reasoning.biases"):
        rows = state[name][places]
        rows[places < 0] = 0
        state[name] = rows
    changed.model.load_state_dict(state)
    changed.model.eval()
    return replace(changed, card=network.card)


def regions_of(network: Network, images: Sequence[ImageSource]) -> Regions:
    """Return the regions of images, as many objects of each as there are of the richest."""
    settings = network.settings
    with torch.no_grad():
        seen = [
            network.model.prepare(
                brought(load_image(one), settings.pixels, settings.regions == "cells").pixels.unsqueeze(0)
            )
            for one in images
        ]
        return network.model.vision(joined([trained_on(one) for one in seen]))  # type: ignore[no-any-return]


def _learned_row(
    network: Network, seen: ReadRegions, layouts: Sequence[Layout], targets: Tensor, row: int
) -> Float[Tensor, " weights"]:
    """Return the embedding of a word with its bias at the end, trained on all examples at once."""
    features = functional.pad(seen.features, (0, 1), value=1.0)
    mean, spread, claimed = _prior(network, seen, row)
    run, library = plan(layouts), network.model.reasoning.library

    def found_by(offset: Tensor) -> Tensor:
        """Return a row's logits [batch regions]; ``offset`` is in spreads from the mean."""
        return features @ (mean + spread * offset)

    def unlikely(offset: Tensor) -> Tensor:
        """Return an example's part of the negative log-prior."""
        return offset.square().sum() / (2 * len(layouts))

    def loss_of(offset: Tensor) -> Tensor:
        """Return the negative log-posterior, an example's part of it."""
        logits = seen.logits.index_copy(1, torch.tensor([row]), found_by(offset).unsqueeze(1))
        read = replace(seen, logits=logits)
        both = (torch.sigmoid(logits[:, row]) * seen.things * claimed)[seen.mask]
        answers = answer_losses(execute(run, library, read), targets).loss.mean()
        return answers - ONE_VALUE * log_truth(1 - both).mean() + unlikely(offset)

    unclaimed = (seen.things * (1 - claimed))[seen.mask]

    def first_loss_of(offset: Tensor) -> Tensor:
        """Return the same where every region that no sibling claims is said to be meant, and no other."""
        told = functional.binary_cross_entropy_with_logits(found_by(offset)[seen.mask], unclaimed)
        return told + unlikely(offset)

    usual = torch.zeros_like(mean)
    starts = (usual, _descended(usual, first_loss_of, FIRST_STEPS))
    ends = [_descended(start, loss_of, STEPS) for start in starts]
    best = min(ends, key=lambda end: float(loss_of(end)))
    return mean + spread * best


def _prior(network: Network, seen: ReadRegions, row: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the mean and spread of a word's siblings, and what they claim of regions.

    Where it has fewer than two, those of all words; where there are fewer than two, 0 and 1. What is claimed [batch
    regions]: the truth of the sibling that fits a region best, 0 without any.
    """
    reasoning = network.model.reasoning
    known = torch.cat([reasoning.words.weight, reasoning.biases.unsqueeze(1)], 1).detach()
    siblings = _siblings(network.vocabulary, row)
    claimed = seen.truths[:, siblings].amax(1) if siblings else torch.zeros_like(seen.things)
    others = siblings if len(siblings) > 1 else [place for place in range(len(known)) if place != row]
    if len(others) < 2:
        return torch.zeros_like(known[0]), torch.ones_like(known[0]), claimed
    return known[others].mean(0), WIDER * known[others].std(0) + 1e-3, claimed


def _descended(start: Tensor, loss_of: Callable[[Tensor], Tensor], steps: int) -> Tensor:
    offset = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([offset], RATE)
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(offset).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return offset.detach()


def _write_row(network: Network, row: int, learned: Tensor) -> None:
    reasoning = network.model.reasoning
    with torch.no_grad():
        reasoning.words.weight[row], reasoning.biases[row] = learned[:-1], learned[-1]


def _siblings(vocabulary: Vocabulary, row: int) -> list[int]:
    """Return the rows of the other values of a value's attribute."""
    word = vocabulary.values[row]
    listed = next(values for values in vocabulary.attributes.values() if word in values)
    return [vocabulary.values.index(value) for value in listed if value != word]
