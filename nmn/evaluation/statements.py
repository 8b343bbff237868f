"""Judging statements by how well they fit an image: against their contradictions, by a threshold from validation."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from nmn.errors import ConfigError
from nmn.models.baselines import Baseline
from nmn.models.protocol import Batch, Judge

JUDGED_AT_ONCE = 256


class Judgement(NamedTuple):
    """The share of statements judged right, and the threshold that was taken from others."""

    right: float
    threshold: float
    statements: int


def margins(baseline: Baseline, texts: Sequence[str], images: Sequence[int], seen: dict[str, Tensor]) -> Tensor:
    """Return how much better each text fits its image than its contradiction does.

    Raises ConfigError for a system that does not judge.
    """
    judge, fits = baseline.model, []
    if not isinstance(judge, Judge):
        raise ConfigError(f"{baseline.settings.model} answers questions and judges no statements")
    with torch.inference_mode():
        for denied in (False, True):
            words = baseline.words.encode_all(texts, [denied] * len(texts))
            whole = Batch(torch.tensor(images), seen, words, torch.full((len(texts),), -1))
            parts = [
                judge.fits(whole.take(range(start, min(start + JUDGED_AT_ONCE, len(texts)))))
                for start in range(0, len(texts), JUDGED_AT_ONCE)
            ]
            fits.append(torch.cat(parts).float())
    return fits[0] - fits[1]


def best_threshold(values: Float[Tensor, " statements"], truths: Bool[Tensor, " statements"]) -> float:
    """Return the threshold above which most values are of true statements and below of false ones.

    >>> best_threshold(torch.tensor([0.0, 1.0, 2.0, 3.0]), torch.tensor([False, False, True, True]))
    1.5
    """
    order = values.argsort()
    true = truths[order].long()
    right = torch.cat([true.sum()[None], true.sum() - true.cumsum(0) + (1 - true).cumsum(0)])
    ordered = values[order]
    right[1:-1][ordered[1:] == ordered[:-1]] = -1  # no threshold parts equal values
    best = int(right.argmax())
    if best in (0, len(values)):
        return float(ordered[0] - 1 if best == 0 else ordered[-1] + 1)
    return float((ordered[best - 1] + ordered[best]) / 2)


def judged(values: Tensor, truths: Tensor, threshold: float) -> Judgement:
    """Return how many statements a threshold judges right."""
    return Judgement(float(((values > threshold) == truths).float().mean()), threshold, len(values))
