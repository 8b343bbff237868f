"""Training of the compared systems: texts and images of a generated world to a fitted system."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.utils.data import DataLoader

from nmn.checkpoint import PRETRAINED, PRETRAINING
from nmn.config import settings_json
from nmn.models.baselines import Baseline, build_baseline, kind_of, save_baseline
from nmn.models.build import NetworkSettings
from nmn.models.coattention import Coattention
from nmn.models.protocol import Answerer, Batch, System
from nmn.models.tokens import words_of
from nmn.training.best import Best
from nmn.training.data import Generated, seen_of
from nmn.training.loop import Progress, fit_batches, places_of
from nmn.training.settings import LoopSettings, TrainSettings
from nmn.training.texts import Told, captions_told, questions_told
from synth_data.example import Example

ANSWERED_AT_ONCE = 256
Measure = Callable[[Any, Batch], tuple[Tensor, Tensor]]  # of a system: mean loss, share that is right


@dataclass(frozen=True)
class Shown:
    """Generated examples with the images of their scenes, numbered as the examples say."""

    examples: tuple[Example, ...]
    images: UInt8[Tensor, "images 3 height width"]

    def told(self, learns: str, shard_size: int) -> Told:
        """Return the questions, or the captions, of the examples."""
        return captions_told(self.examples, shard_size) if learns == "captions" else questions_told(self.examples)


def shown(data: Generated, workers: int, watch: Callable[[int], None]) -> Shown:
    """Return generated examples and images, while ``workers`` processes generate; ``watch`` is told how many."""
    examples: list[Example] = []
    images: list[Tensor] = []
    for made, drawn in DataLoader(data, batch_size=None, num_workers=workers):
        examples += made
        images.append(drawn)
        watch(sum(map(len, images)))
    return Shown(tuple(examples), torch.cat(images))


def fit_system(
    network: NetworkSettings,
    settings: TrainSettings,
    learned: Shown,
    held: Shown,
    shard_size: int,
    folder: Path,
    watch: Callable[[Progress], None],
) -> Baseline:
    """Return a system trained on what was shown; an interrupted run in ``folder`` goes on.

    ``held`` is what it is looked at by meanwhile, if the settings say so.

    One that is trained on captions first is kept as it is after those, as PRETRAINED, since it judges statements.
    """
    kind = kind_of(network.model)
    told = learned.told(kind.learns, shard_size)
    first = captions_told(learned.examples, shard_size) if kind.pretrained and settings.pretraining_steps else None
    torch.manual_seed(settings.seed)
    words, answers = told.vocabulary()
    baseline = build_baseline(network, words if first is None else words_of([*told.texts, *first.texts]), answers)
    if settings.cache:
        baseline.model.vision.keep(settings.cache)
    seen = seen_by(baseline.model, learned.images)
    if first is not None:
        before = replace(settings, steps=settings.pretraining_steps, schedule=0)
        batch = first.batch(baseline.words, (), seen)
        train_on(baseline.model, pretraining_of, batch, before, folder / PRETRAINING, watch)
        if not (folder / PRETRAINED).exists():
            save_baseline(folder / PRETRAINED, baseline, {"settings": settings_json(before)})
    batch = told.batch(baseline.words, baseline.answers, seen)
    best = None
    if settings.looks:
        best = Best(folder, settings, partial(share_of, baseline, asked_of(baseline, held, shard_size)))
    train_on(baseline.model, losses_of, batch, settings, folder, watch, best)
    return baseline


class Watched(nn.Module):
    """A system with its loss, as one module."""

    def __init__(self, system: System, measure: Measure) -> None:
        super().__init__()
        self.system, self.measure = system, measure

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the mean loss of a batch and the share that is right."""
        return self.measure(self.system, batch)


def train_on(
    system: System,
    measure: Measure,
    batch: Batch,
    settings: LoopSettings,
    folder: Path,
    watch: Callable[[Progress], None],
    best: Best | None = None,
) -> None:
    """Train a system in place; a step works on all texts about some of the images."""

    def batch_at(step: int, rank: int, processes: int) -> Batch:
        places = places_of(len(batch.of_images), settings, step, rank, processes)
        return batch.about(places).trimmed()  # on the processor, where to look for padding costs no waiting

    fit_batches(system, Watched(system, measure), batch_at, settings, folder, watch, best)


def pretraining_of(system: Coattention, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the mean loss of captions, and the share of them that are told to be of their image or not."""
    return system.pretraining(batch).means()


def losses_of(system: System, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return a system's mean loss of a batch and the share that is right."""
    return system.losses(batch).means()


def seen_by(system: System, images: UInt8[Tensor, "images 3 height width"]) -> dict[str, Tensor]:
    """Return what a system works out once per image."""
    system.eval()
    return seen_of(system.prepare, images)


def share_right(baseline: Baseline, asked: Shown, shard_size: int) -> float:
    """Return the share of questions answered right, or of captions whose image is the nearest of its batch."""
    return share_of(baseline, asked_of(baseline, asked, shard_size))


def asked_of(baseline: Baseline, asked: Shown, shard_size: int) -> Batch:
    """Return what a system is asked of what was shown, as numbers."""
    told = asked.told(baseline.learns, shard_size)
    return told.batch(baseline.words, baseline.answers, seen_by(baseline.model, asked.images))


def share_of(baseline: Baseline, batch: Batch) -> float:
    """Return the share of a batch's questions, or captions, that a system gets right."""
    return float(rights_of(baseline, batch).double().sum()) / max(1, len(batch))


def rights_of(baseline: Baseline, batch: Batch) -> Float[Tensor, " examples"]:
    """Return how right a system is, 0 to 1, about each question of a batch, or each caption."""
    system, device = baseline.model, next(baseline.model.parameters()).device
    right = [torch.zeros(0)]
    with torch.inference_mode():
        for start in range(0, len(batch), ANSWERED_AT_ONCE):
            part = batch.take(range(start, min(start + ANSWERED_AT_ONCE, len(batch)))).trimmed().to(device)
            answers = isinstance(system, Answerer)
            found = system(part).logits.argmax(1) == part.targets if answers else system.losses(part).right
            right.append(found.float().cpu())
    return torch.cat(right)
