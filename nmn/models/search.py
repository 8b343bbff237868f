"""Sentences from a model of the next word: drawn, greedy, or the likeliest that a beam finds, until END."""

from typing import NamedTuple, Protocol

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmn.models.tokens import DENY, END, MASK, PAD, START, UNKNOWN

LONGEST = 30  # words of a sentence, END among them
UNSAID = (PAD, UNKNOWN, START, DENY, MASK)
State = tuple[Tensor, ...]  # rows are sentences


class Step(NamedTuple):
    """The log-probability of each next word, what is remembered, and what was attended, where something was."""

    words: Float[Tensor, "sentences words"]
    state: State
    attention: Float[Tensor, "sentences cells"] | None


class Speaker(Protocol):
    """A model of the next word."""

    def step(self, state: State, words: Int[Tensor, " sentences"]) -> Step:
        """Read the last word of each sentence."""


class Said(NamedTuple):
    """A sentence: its words' numbers without marks, its log-probability, and what was attended for each word."""

    words: tuple[int, ...]
    log_probability: float
    attention: tuple[tuple[float, ...], ...]


def greedy(speaker: Speaker, state: State) -> list[Said]:
    """Return, for each row of a state, the sentence whose every word is the likeliest."""
    return _one_by_one(speaker, state, None, 1.0)


def sampled(speaker: Speaker, state: State, generator: torch.Generator, temperature: float = 1.0) -> list[Said]:
    """Return a sentence drawn for each row of a state; a temperature below 1 draws likely words more often."""
    return _one_by_one(speaker, state, generator, temperature)


def _one_by_one(speaker: Speaker, state: State, generator: torch.Generator | None, temperature: float) -> list[Said]:
    rows = len(state[0])
    words = torch.full((rows,), START)
    chosen: list[list[int]] = [[] for _ in range(rows)]
    attended: list[list[tuple[float, ...]]] = [[] for _ in range(rows)]
    totals = [0.0] * rows
    open_rows = set(range(rows))
    for _ in range(LONGEST):
        step = speaker.step(state, words.to(state[0].device))
        scores, state = _sayable(step.words), step.state
        if generator is None:
            words = scores.argmax(1)
        else:
            words = torch.multinomial((scores / temperature).softmax(1), 1, generator=generator).squeeze(1)
        for row in sorted(open_rows):
            word = int(words[row])
            totals[row] += float(scores[row, word])
            if word == END:
                open_rows.discard(row)
                continue
            chosen[row].append(word)
            if step.attention is not None:
                attended[row].append(tuple(step.attention[row].tolist()))
        if not open_rows:
            break
    return [Said(tuple(row), total, tuple(seen)) for row, total, seen in zip(chosen, totals, attended, strict=True)]


def beam(speaker: Speaker, state: State, width: int) -> Said:
    """Return the likeliest sentence that a beam finds for a state of one row.

    Of all continuations of the ``width`` best beginnings the best are kept; as a probability only falls with every
    word, the search ends when no beginning is likelier than the best sentence that is finished.
    """
    begun = [Said((), 0.0, ())]
    words = torch.tensor([START])
    best: Said | None = None
    for _ in range(LONGEST):
        step = speaker.step(state, words.to(state[0].device))
        totals = _sayable(step.words) + torch.tensor([said.log_probability for said in begun]).unsqueeze(1)
        values, places = totals.flatten().topk(min(2 * width, totals.numel()))
        grown: list[Said] = []
        rows: list[int] = []
        for value, place in zip(values.tolist(), places.tolist(), strict=True):
            row, word = divmod(place, totals.shape[1])
            if word == END:
                if best is None or value > best.log_probability:
                    best = Said(begun[row].words, value, begun[row].attention)
            elif len(grown) < width and value > -torch.inf:
                seen = () if step.attention is None else (tuple(step.attention[row].tolist()),)
                grown.append(Said((*begun[row].words, word), value, begun[row].attention + seen))
                rows.append(row)
        begun = [said for said in grown if best is None or said.log_probability > best.log_probability]
        if not begun:
            break
        kept = torch.tensor(rows[: len(begun)], device=state[0].device)
        state = tuple(part.index_select(0, kept) for part in step.state)
        words = torch.tensor([said.words[-1] for said in begun])
    return best or begun[0]


def _sayable(scores: Float[Tensor, "sentences words"]) -> Tensor:
    """Return scores, on the processor, in which no mark but END can be said."""
    scores = scores.float().cpu().clone()
    scores[:, list(UNSAID)] = -torch.inf
    return scores
