"""The loop: one batch, one backward pass; of module networks, batches of different layouts, one plan each.

What a step sees, how it is turned and what a network draws by chance is a function of (seed, step, which process of how
many) alone, so a run that was interrupted goes on bit for bit. Accelerate gives device and processes, of which several
share each batch; not precision, since its own is one for all the runs of a process.
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from torch import Tensor, nn

from nmn.assembler.execute import Run
from nmn.assembler.plan import plan
from nmn.atomic import write_atomically
from nmn.checkpoint import PRETRAINING, PROPOSING, STATE, load_into, read_checkpoint, save_checkpoint
from nmn.config import with_usual
from nmn.errors import CheckpointError, TrainingError, listed
from nmn.models.network import ModuleNetwork
from nmn.training.best import Best
from nmn.training.data import Questions
from nmn.training.loss import answer_losses
from nmn.training.settings import LoopSettings, TrainSettings, resumable, warm_cosine
from nmn.vision.turns import WAYS, turned

LOG = "log.jsonl"
LARGEST = 2**62 - 1  # of a seed
FLUSH = 20  # steps between looks at the losses, which wait for the device


class Watched(nn.Module):
    """A network with its loss, as one module, so that several processes agree on gradients.

    ``teach`` gives what is added to the loss of the answers.
    """

    def __init__(self, network: ModuleNetwork, teach: Callable[[Run, Questions], Tensor] | None = None) -> None:
        super().__init__()
        self.network, self.teach = network, teach

    def forward(self, batch: Questions) -> tuple[Tensor, Tensor]:
        """Return the mean loss of a batch and the share of right answers."""
        planned = plan(batch.layouts, batch.images.tolist(), self.network.panels)
        run = self.network(batch.seen, planned)
        losses = answer_losses(run, batch.targets)
        loss = losses.loss.mean() if self.teach is None else losses.loss.mean() + self.teach(run, batch)
        return loss, losses.right.float().mean()


@dataclass
class Progress:
    """What a watcher is told: the step, of how many, and the last mean loss and accuracy."""

    step: int
    steps: int
    loss: float
    accuracy: float


class OnDevice(Protocol):
    """A batch: whatever the watched network takes, as long as it can be moved to a device."""

    @property
    def images(self) -> Tensor:
        """Of each example that the batch's loss is the mean of, the image or its number."""

    def to(self, device: torch.device) -> "OnDevice":
        """Return the batch with its tensors on a device."""


def fit(
    network: ModuleNetwork,
    questions: Questions,
    settings: TrainSettings,
    folder: Path,
    watch: Callable[[Progress], None] = lambda progress: None,
    teach: Callable[[Run, Questions], Tensor] | None = None,
    best: Best | None = None,
) -> None:
    """Train a module network in place on questions, as ``fit_batches`` does; ``teach``: see ``Watched``."""

    def batch(step: int, rank: int, processes: int) -> Questions:
        return batch_of(questions, settings, step, rank, processes)

    fit_batches(network, Watched(network, teach), batch, settings, folder, watch, best)


def fit_batches(
    network: nn.Module,
    watched: nn.Module,
    batch_at: Callable[[int, int, int], OnDevice],
    settings: LoopSettings,
    folder: Path,
    watch: Callable[[Progress], None] = lambda progress: None,
    best: Best | None = None,
) -> None:
    """Train a network in place; ``folder`` holds the log and the state that an interrupted run goes on from.

    ``watched(batch)`` gives the network's mean loss on a batch and the share of right answers; ``batch_at(step, rank,
    processes)`` the batch of a step that one of several processes works on. The network ends as its ``best``, else as
    it was after the last step. Raises TrainingError where the loss is no number any more, and CheckpointError where the
    state is of another run.
    """
    accelerator = Accelerator(
        cpu=not torch.cuda.is_available(),
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )
    optimizer = _optimizer(network, settings)
    start, before = _resume(network, optimizer, settings, folder / STATE)
    began = time.monotonic() - before
    model, optimizer = accelerator.prepare(watched, optimizer)
    model.train()
    with _log_from(folder / LOG, start, accelerator.is_main_process) as log:
        waiting: list[tuple[int, Tensor, Tensor, Tensor, float]] = []
        for step in range(start, settings.steps):
            batch = batch_at(step, accelerator.process_index, accelerator.num_processes)
            torch.manual_seed(hash((settings.seed, step, accelerator.process_index)) & LARGEST)
            rate = rate_at(step, settings)
            for group in optimizer.param_groups:
                group["lr"] = rate
            with torch.autocast(accelerator.device.type, torch.bfloat16, enabled=settings.bf16):
                loss, right = model(batch.to(accelerator.device))
            share = _share(batch, accelerator)
            loss, right = loss * share, right * share
            optimizer.zero_grad()
            accelerator.backward(loss)
            norm = accelerator.clip_grad_norm_(model.parameters(), settings.clip or math.inf)
            optimizer.step()
            waiting.append((step, loss.detach(), right, norm, rate))
            last = step + 1 == settings.steps
            if len(waiting) == FLUSH or last or (step + 1) % settings.save_every == 0:
                watch(_flush(waiting, accelerator, log, settings.steps))
                waiting.clear()
            if best is not None and accelerator.is_main_process:
                best.look(network, step + 1)
            if accelerator.is_main_process and (last or (step + 1) % settings.save_every == 0):
                _save(network, optimizer, step + 1, time.monotonic() - began, settings, folder / STATE)
    accelerator.wait_for_everyone()
    network.to("cpu").eval()
    if best is not None:
        best.restore(network)


def _share(batch: OnDevice, accelerator: Accelerator) -> Tensor | float:
    """Return how many examples of a step a process has, against the mean of all: their losses are averaged as equals.

    Images have different numbers of questions; so the step's loss, and its gradient, are those of one process.
    """
    if accelerator.num_processes == 1:
        return 1.0
    own = torch.tensor(float(len(batch.images)), device=accelerator.device)
    mean: Tensor = accelerator.reduce(own.clone(), "mean")
    return own / mean


def batch_of(questions: Questions, settings: TrainSettings, step: int, rank: int, processes: int) -> Questions:
    """Return the questions of a step that one of several processes works on, turned if the settings say so.

    A step has ``settings.batch`` images with all their questions.
    """
    batch = questions.about(places_of(len(questions.of_images), settings, step, rank, processes))
    if settings.turn and "coverage" in batch.seen:
        way = int(np.random.default_rng([settings.seed, 5, step]).integers(WAYS))
        return replace(batch, seen={**batch.seen, "coverage": turned(batch.seen["coverage"], way)})
    return batch


def places_of(count: int, settings: LoopSettings, step: int, rank: int = 0, processes: int = 1) -> list[int]:
    """Return which of ``count`` things a step works on: each once an epoch, but for a remainder, in an order of chance.

    >>> [places_of(5, LoopSettings(batch=2), step) for step in range(3)]
    [[2, 1], [0, 4], [2, 3]]
    """
    size = min(settings.batch, count)
    epoch, place = divmod(step, max(1, count // size))
    order = _order(settings.seed, epoch, count)[place * size : (place + 1) * size]
    chosen: list[int] = order[rank::processes].tolist()
    return chosen


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, size: int) -> Any:
    return np.random.default_rng([seed, 4, epoch]).permutation(size)


def rate_at(step: int, settings: LoopSettings) -> float:
    """Return the learning rate of a step."""
    if settings.cosine or step < settings.warm_up:
        return settings.rate * warm_cosine(step, settings.schedule or settings.steps, settings.warm_up)
    return settings.rate


def _optimizer(network: nn.Module, settings: LoopSettings) -> torch.optim.AdamW:
    """Return AdamW; only matrices decay, not biases and norms."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    matrices, vectors = ([p for p in trained if (p.ndim > 1) == wide] for wide in (True, False))
    groups = [{"params": matrices, "weight_decay": settings.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings.rate)


def _flush(
    waiting: list[tuple[int, Tensor, Tensor, Tensor, float]], accelerator: Accelerator, log: IO[str] | None, steps: int
) -> Progress:
    """Write the steps since the last look to the log; raise TrainingError where a loss is no number."""
    losses, rights, norms = (torch.stack(list(column)) for column in list(zip(*waiting, strict=True))[1:4])
    numbers = accelerator.reduce(torch.stack([losses, rights.to(losses), norms.to(losses)]), "mean").cpu()
    for (step, *_, rate), (loss, right, norm) in zip(waiting, numbers.T.tolist(), strict=True):
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise TrainingError(
                f"step {step}: the loss is {loss}, its gradient {norm}; lower rate={rate:g} or set clip=1, with"
                " another --out; what was saved last is as it was"
            )
        if log is not None:
            entry = {"step": step, "loss": loss, "accuracy": right, "gradient": norm, "rate": rate, "time": time.time()}
            log.write(json.dumps(entry) + "\n")
    if log is not None:
        log.flush()
    return Progress(waiting[-1][0] + 1, steps, float(numbers[0].mean()), float(numbers[1].mean()))


class _log_from:
    """The log, without lines of steps that are done again; None for processes that write none."""

    def __init__(self, path: Path, start: int, is_main: bool) -> None:
        self.file: IO[str] | None = None
        if is_main:
            path.parent.mkdir(parents=True, exist_ok=True)
            kept = path.read_text(encoding="utf-8").splitlines()[:start] if path.exists() else []
            write_atomically(path, "".join(line + "\n" for line in kept).encode(), durable=False)
            self.file = path.open("a", encoding="utf-8")

    def __enter__(self) -> IO[str] | None:
        return self.file

    def __exit__(self, *_: object) -> None:
        if self.file is not None:
            self.file.close()


def spent(folder: Path) -> float:
    """Return the seconds of training that a run's folder holds so far, those of its parts included.

    Other runs in folders of their own beside those are not counted.
    """
    states = [path for part in ("", PROPOSING, PRETRAINING) if (path := folder / part / STATE).exists()]
    return sum(float(read_checkpoint(path)[1].get("seconds", 0.0)) for path in states)


def _save(network: nn.Module, optimizer: Any, step: int, seconds: float, settings: LoopSettings, path: Path) -> None:
    moments: dict[str, Tensor] = {}
    for number, state in optimizer.state_dict()["state"].items():
        moments |= {f"optimizer.{number}.{name}": torch.as_tensor(value) for name, value in state.items()}
    weights = {f"network.{name}": value for name, value in network.state_dict().items()}
    save_checkpoint(path, weights | moments, {"step": step, "seconds": seconds, "settings": resumable(settings)})


def _resume(
    network: nn.Module, optimizer: torch.optim.Optimizer, settings: LoopSettings, path: Path
) -> tuple[int, float]:
    """Load the state of an interrupted run, if there is one; return the step to go on with and the seconds so far."""
    if not path.exists():
        return 0, 0.0
    state, meta = read_checkpoint(path)
    if "settings" not in meta:
        raise CheckpointError(f"{path}: no state of a run; give another folder")
    known = with_usual(meta["settings"], type(settings))
    if changed := sorted(key for key, value in resumable(settings).items() if known[key] != value):
        raise CheckpointError(f"{path}: of a run with other settings ({listed(changed)}); give another folder")
    prefix = "network."
    load_into(
        network, {name.removeprefix(prefix): part for name, part in state.items() if name.startswith(prefix)}, path
    )
    moments: dict[int, dict[str, Tensor]] = {}
    for name, part in state.items():
        if name.startswith("optimizer."):
            _, number, field = name.split(".")
            moments.setdefault(int(number), {})[field] = part
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    return int(meta["step"]), float(meta.get("seconds", 0.0))
