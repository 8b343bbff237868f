"""A training run from its settings to a network in a folder: data, proposals, modules, each kept once it is done.

The folder holds ``config.json`` (the settings as they were resolved), ``log.jsonl``, ``state.safetensors`` (what an
interrupted run goes on from), with ``looks`` ``best.safetensors``, and at the end ``network.safetensors``. What is
trained before the rest, proposals or a system on captions, has a folder of its own with a log and a state, and becomes
``proposals.safetensors`` or ``pretrained.safetensors``.
"""

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from nmn.assembler.plan import plan
from nmn.atomic import write_atomically
from nmn.checkpoint import NETWORK, read_checkpoint
from nmn.config import build_settings, parse_overrides, read_object, read_settings, settings_json, with_usual
from nmn.errors import ArgumentError, ConfigError, listed
from nmn.layout import Layout
from nmn.lexicon import load_lexicon, whole_text
from nmn.models.baselines import kind_of, save_baseline
from nmn.models.build import (
    MODULES,
    PATCH,
    Network,
    NetworkSettings,
    build_network,
    cell_vision,
    object_vision,
    save_network,
)
from nmn.modules.library import check_words
from nmn.modules.neural import vocabulary_of
from nmn.training.attentions import teacher
from nmn.training.best import Best
from nmn.training.data import (
    Generated,
    Memory,
    Questions,
    asked_shapes,
    prepared,
    questions_of,
    seen_of,
)
from nmn.training.loop import Progress, fit, spent
from nmn.training.loss import answer_losses, placed
from nmn.training.naming import gold_panels, share_read, train_detector
from nmn.training.pairs import over_pairs
from nmn.training.perception import load_proposals
from nmn.training.settings import LoopSettings, TrainSettings, resumable
from nmn.training.systems import fit_system, shown
from nmn.training.systems import share_right as share_right_of
from nmn.vision.cells import CellVision
from nmn.vision.matching import MATCHES
from nmn.vision.nlvr_reader import save_detector
from nmn.vision.objects import ObjectVision
from synth_data.config import SynthConfig, load_config
from synth_data.drawn import image_size, panel_gap_px
from synth_data.maker import answered_families
from synth_data.splits import split_settings

CONFIG = "config.json"
OWN_THREADS = torch.get_num_threads()  # OMP_NUM_THREADS, or the cores
ANSWERED_AT_ONCE = 256
TOLD = {field.name for field in fields(TrainSettings)}
OF_THE_RUN = {"seed": "give seed=", "size": "give images=", "preset": "give preset="}  # not among synth=
HELD_BACK_SEED = 1_000_003  # added to the seed, for questions that are not trained on


class Watcher(Protocol):
    """Is told how far each part of a run is."""

    def __call__(self, part: str, done: int, of: int, note: str = "") -> None:
        """Note that ``done`` ``of`` so many steps of a part are done."""


def is_first() -> bool:
    """Whether this is the only process, or the first of those that torchrun started."""
    return os.environ.get("RANK", "0") == "0"


def silent(part: str, done: int, of: int, note: str = "") -> None:
    """Watch nothing."""


@dataclass(frozen=True)
class Outcome:
    """A finished run: the share of held-back questions that it answers right (of boxes: reads right), and its time.

    The time of a run that was interrupted is that of its training before, up to the last save, and all since.
    """

    accuracy: float | None
    seconds: float


def load_settings(source: str | Path, overrides: Sequence[str] = ()) -> TrainSettings:
    """Return the settings of a TOML file with changes, ``key=value`` each."""
    return build_settings(TrainSettings, read_settings(source, TrainSettings), parse_overrides(overrides))


def synth_config(settings: TrainSettings, size: int, seed: int, further: tuple[str, ...] = ()) -> SynthConfig:
    """Return the generator's configuration for questions of a run: all families that have an answer in words."""
    chosen = parse_overrides((*settings.synth, *further), OF_THE_RUN)
    if settings.split_side:
        chosen |= split_settings(settings.split_side)
    config = load_config(settings.preset, **chosen, size=size, seed=seed)
    if not (answered := answered_families(config)):
        raise ConfigError("families: those of refer point at objects and have no answer in words to learn from")
    if settings.model != MODULES and kind_of(settings.model).reads_captions:
        config = replace(config, captions=settings.captions)
    return replace(config, families=answered)


def train(settings: TrainSettings, folder: Path, watch: Watcher = silent, memory: Memory | None = None) -> Outcome:
    """Train a network and write it to ``folder``; an interrupted run goes on where it stopped, a finished one does not.

    ``memory`` keeps generated data, and the objects in it, for other runs of this process, where it is then made too.

    Raises ConfigError where the folder holds a run of other settings.
    """
    start = time.monotonic()
    _check(settings)
    use_threads(settings)
    claim(settings, folder)
    if (done := finished(folder)) is not None:
        return done
    start -= spent(folder)
    if settings.data == "nlvr":
        return _train_detector(settings, folder, watch, start)
    if settings.model != MODULES:
        return _train_compared(settings, folder, watch, start, memory)
    if settings.data == "shapes":
        asked, images = asked_shapes(settings)
        lexicon = load_lexicon("shapes")
        network_settings = _network_settings(settings, "shapes", "shapes", images.shape[-1])
        torch.manual_seed(settings.seed)
        network = build_network(network_settings, vocabulary_of(asked.layouts, lexicon))
        if isinstance(network.model.vision, CellVision) and settings.cache:
            network.model.vision.keep(settings.cache)
        seen = seen_of(network.model.prepare, images)
        questions, held_back = questions_of(asked, seen, lexicon, settings.attentions > 0), None
    elif settings.data == "pairs":
        words = whole_text(settings.pair_lexicon)
        pair = replace(_network_settings(settings, "world", words, settings.pair_px), panels=2)
        (network, questions), held_back = over_pairs(settings, pair, partial(watch, "pairs")), None
    else:
        network, questions, held_back = _over_generated(settings, folder, watch, memory)
    teach = None
    if settings.attentions:
        teach = teacher(network.lexicon, settings.attentions, MATCHES[settings.regions])
    best = Best(folder, settings, partial(share_right, network, held_back)) if settings.looks and held_back else None
    fit(network.model, questions, settings, folder, _training(watch), teach, best)
    accuracy = None if held_back is None else share_right(network, held_back)
    outcome = Outcome(accuracy, time.monotonic() - start)
    if is_first():
        save_network(folder / NETWORK, network, card(settings, outcome))
    return outcome


def finished(folder: Path) -> Outcome | None:
    """Return what came of the run in a folder, as its network's card says; None while there is none."""
    path = folder / NETWORK
    if not path.exists():
        return None
    told = read_checkpoint(path)[1].get("card")
    if not isinstance(told, dict) or not {"held_back", "seconds"} <= told.keys():
        return None
    return Outcome(told["held_back"], told["seconds"])


def _check(settings: TrainSettings) -> None:
    """Raise ConfigError for settings that do not go together."""
    if settings.data in ("shapes", "pairs") and settings.regions != "cells":
        name = {"shapes": "SHAPES", "pairs": "NLVR2"}[settings.data]
        raise ConfigError(f'regions: {name} is trained over cells; give regions="cells"')
    if settings.data == "pairs" and settings.attentions:
        raise ConfigError("attentions: nobody knows those of photographs; leave them out")
    if settings.model != MODULES:
        kind_of(settings.model)
        if settings.attentions:
            raise ConfigError(f"attentions: {settings.model} has none of calls to learn; leave them out")
        if settings.data != "generated" or settings.regions != "cells":
            raise ConfigError(f'model: {settings.model} is trained on data="generated" over regions="cells"')
    if settings.data == "generated":
        _check_pictures(settings, synth_config(settings, 1, 0))
    if settings.looks and settings.data != "generated":
        raise ConfigError(f'looks: data="{settings.data}" holds no questions back; leave it out')
    if settings.proposals and settings.proposal_start:
        raise ConfigError("proposal_start: proposals= uses trained ones as they are; give one of the two")
    idle = [name for name in ("frozen", "layer", "weights") if getattr(settings, name)]
    if settings.regions == "cells" and settings.backbone == PATCH and idle:
        raise ConfigError(f"{idle[0]}: of other backbones; {PATCH} is trained from its first weights on")
    if settings.cache and not (settings.regions == "cells" and settings.frozen):
        raise ConfigError("cache: only the features of a frozen backbone's cells can be kept; set frozen=true")


def _check_pictures(settings: TrainSettings, made: SynthConfig) -> None:
    """Raise ConfigError for generated pictures that the settings cannot be trained on."""
    if settings.regions != "cells" and made.panels > 1:
        raise ConfigError('panels: pictures of several are for the module network over cells; give regions="cells"')
    nlvr = load_config("nlvr")
    if settings.folder and (made.lexicon, made.panels, made.pixels) != (nlvr.lexicon, nlvr.panels, nlvr.pixels):
        raise ConfigError('folder: NLVR\'s statements are learned from beside generated ones; give preset="nlvr"')


def _train_compared(
    settings: TrainSettings, folder: Path, watch: Watcher, start: float, memory: Memory | None
) -> Outcome:
    """Train one of the systems that the module network is compared with."""
    config = synth_config(settings, settings.images, settings.seed)
    held_config = replace(config, size=settings.held_back, seed=settings.seed + HELD_BACK_SEED)
    network_settings = _network_settings(settings, config.grammar, config.lexicon, config.pixels)
    workers = torch.get_num_threads() if memory is None else 0
    data = Generated(config, settings.each, settings.split_side, True, settings.folder, memory)
    learned = shown(data, workers, lambda done: watch("images", done, config.size))
    asked = Generated(held_config, settings.each, settings.split_side, True, memory=memory)
    held = shown(asked, workers, lambda done: watch("held-back images", done, held_config.size))
    system = fit_system(network_settings, settings, learned, held, config.shard_size, folder, _training(watch))
    outcome = Outcome(share_right_of(system, held, config.shard_size), time.monotonic() - start)
    if is_first():
        save_baseline(folder / NETWORK, system, card(settings, outcome))
    return outcome


def _training(watch: Watcher, part: str = "training") -> Callable[[Progress], None]:
    """Return what tells a watcher how far the loop is."""
    return lambda now: watch(part, now.step, now.steps, f"loss {now.loss:.4f}, {100 * now.accuracy:.2f} % right")


def _train_detector(settings: TrainSettings, folder: Path, watch: Watcher, start: float) -> Outcome:
    """Train the perception of a world whose scenes are read, not asked."""
    config = load_config(settings.preset, **parse_overrides(settings.synth, OF_THE_RUN))
    if config.pixels != max(image_size(config)):
        raise ConfigError(f"pixels: a detector is trained on pictures of their scenes' size, {max(image_size(config))}")
    detector = train_detector(settings, config, folder, _training(watch, "detector"))
    held = gold_panels(
        config, detector.attributes, settings.held_back, np.random.default_rng([settings.seed + HELD_BACK_SEED, 8])
    )
    outcome = Outcome(share_read(detector, held), time.monotonic() - start)
    if is_first():
        save_detector(folder / NETWORK, detector, card(settings, outcome))
    return outcome


def use_threads(settings: LoopSettings) -> None:
    """Let torch use as many threads as the settings say, with 0 as many as it takes by itself."""
    torch.set_num_threads(settings.threads or OWN_THREADS)


def card(settings: LoopSettings, outcome: Outcome) -> dict[str, Any]:
    """Return what a network's file says of how it came to be."""
    return {
        "settings": settings_json(settings), "seconds": round(outcome.seconds, 1), "held_back": outcome.accuracy,
        "date": time.strftime("%Y-%m-%d"), "torch": torch.__version__, "threads": torch.get_num_threads(),
    }  # fmt: skip


def share_right(network: Network, questions: Questions) -> float:
    """Return the share of questions that a network answers right; one with a word that it has not learned is not."""
    return sum(rights(network, questions)) / max(1, len(questions))


def rights(network: Network, questions: Questions) -> list[bool]:
    """Return whether a network answers each question right."""
    right, device = [False] * len(questions), next(network.model.parameters()).device
    known = [place for place, layout in enumerate(questions.layouts) if knows(network, layout)]
    with torch.inference_mode():
        for start in range(0, len(known), ANSWERED_AT_ONCE):
            places = known[start : start + ANSWERED_AT_ONCE]
            batch = questions.take(places).to(device)
            targets = placed(batch.targets, batch.layouts, network.lexicon, network.vocabulary)
            run = network.model(batch.seen, plan(batch.layouts, batch.images.tolist(), network.model.panels))
            for place, said in zip(places, answer_losses(run, targets).right.tolist(), strict=True):
                right[place] = bool(said)
    return right


def knows(network: Network, layout: Layout) -> bool:
    """Whether a network has learned every word of a layout."""
    try:
        check_words(layout, network.model.reasoning.library)
    except ArgumentError:
        return False
    return True


def claim(settings: LoopSettings, folder: Path) -> None:
    """Note the settings in the folder; raise ConfigError where it holds more of another run than its settings."""
    path, text = folder / CONFIG, json.dumps(settings_json(settings), indent=2)
    if (folder / NETWORK).exists() and not path.exists():
        raise ConfigError(f"{folder}: holds a network without the settings of its run ({CONFIG}); give another --out")
    if path.exists() and any(other.name != CONFIG for other in folder.iterdir()):
        known = with_usual(read_object(path, "the settings of a run", "; give another --out"), type(settings))
        if changed := sorted(key for key, value in resumable(settings).items() if known[key] != value):
            raise ConfigError(f"{folder}: holds a run of other settings ({listed(changed)}); give another --out")
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode())
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error.strerror}") from None


def _network_settings(settings: TrainSettings, grammar: str, lexicon: str, pixels: int) -> NetworkSettings:
    shared = {field.name: getattr(settings, field.name) for field in fields(NetworkSettings) if field.name in TOLD}
    return NetworkSettings(**shared, grammar=grammar, lexicon=lexicon, pixels=pixels)


def _over_generated(
    settings: TrainSettings, folder: Path, watch: Watcher, memory: Memory | None
) -> tuple[Network, Questions, Questions]:
    config = synth_config(settings, settings.images, settings.seed)
    if settings.regions == "cells" and config.width != config.height:
        raise ConfigError(f"width: cells are those of square pictures; got {config.width} x {config.height}")
    panel = (config.pixels - (config.panels - 1) * panel_gap_px(config)) // config.panels
    network_settings = replace(
        _network_settings(settings, config.grammar, config.lexicon, panel if config.panels > 1 else config.pixels),
        panels=config.panels, gap_px=panel_gap_px(config),
    )  # fmt: skip
    torch.manual_seed(settings.seed)
    vision = cell_vision(network_settings) if settings.regions == "cells" else object_vision(network_settings)
    if isinstance(vision, CellVision) and settings.cache:
        vision.keep(settings.cache)
    if isinstance(vision, ObjectVision):
        drawn = synth_config(settings, settings.proposal_scenes, settings.seed, settings.proposal_synth)
        load_proposals(vision.proposer, settings, drawn, folder, _training(watch, "proposals"))
    vision.eval()
    data = Generated(config, settings.each, settings.split_side, crowd=settings.folder, memory=memory)
    held_config = replace(config, size=settings.held_back, seed=settings.seed + HELD_BACK_SEED)
    held = Generated(held_config, settings.each, settings.split_side, memory=memory)
    workers = torch.get_num_threads() if memory is None else 0
    questions = prepared(
        data, vision, workers, lambda done: watch("images", done, config.size), settings.attentions > 0
    )
    held_back = prepared(held, vision, workers, lambda done: watch("held-back images", done, settings.held_back))
    torch.manual_seed(settings.seed)  # again: proposals may have been trained or loaded meanwhile
    vocabulary = vocabulary_of(questions.layouts, config.words, config.values)
    network = build_network(network_settings, vocabulary, vision)
    targets = placed(questions.targets, questions.layouts, config.words, vocabulary)
    return network, replace(questions, targets=targets), held_back
