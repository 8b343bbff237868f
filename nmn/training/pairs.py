"""Training on pairs of photographs in NLVR2's files: statements and labels, over the cells of each image."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nmn.data.pairs import PairExample, read_pairs
from nmn.errors import ConfigError, QuestionError
from nmn.language import read
from nmn.layout import Kind, Layout
from nmn.lexicon import load_lexicon
from nmn.models.build import Network, NetworkSettings, build_network
from nmn.modules.neural import MOST, vocabulary_of
from nmn.training.data import Asked, Questions, joined, questions_of, trained_on
from nmn.training.settings import TrainSettings
from nmn.vision.cells import CellVision
from nmn.vision.image import load_image
from nmn.vision.view import brought

AT_ONCE = 16  # pairs


def over_pairs(
    settings: TrainSettings, network_settings: NetworkSettings, watch: Callable[[int, int, str], None]
) -> tuple[Network, Questions]:
    """Return a network with fresh weights and the labelled statements of a split that the grammar reads.

    ``settings.part`` takes that part of the examples, spread evenly; a note says how many statements could not be read,
    those among them that name a number which cells are not counted up to.
    Raises ConfigError where none can be, DataError for files that are none of NLVR2's, ImageError for broken images.
    """
    examples = [one for one in read_pairs(settings.folder, settings.split) if one.label is not None and not one.missing]
    kept = np.unique(np.linspace(0, len(examples) - 1, max(1, round(settings.part * len(examples))), dtype=int))
    lexicon = load_lexicon(network_settings.lexicon)
    chosen: list[PairExample] = []
    layouts: list[Layout] = []
    for example in [examples[place] for place in kept] if examples else []:
        try:
            layout = read(example.sentence, network_settings.grammar, lexicon=lexicon, repair=True).layout
        except QuestionError:
            continue
        if layout.kind is Kind.TRUTH and _largest_number(layout) <= MOST:
            chosen.append(example)
            layouts.append(layout)
    if not chosen:
        raise ConfigError(f"folder: none of the {len(kept):,} statements of {settings.split} with images can be read")
    torch.manual_seed(settings.seed)
    network = build_network(network_settings, vocabulary_of(layouts, lexicon))
    if settings.cache and isinstance(network.model.vision, CellVision):
        network.model.vision.keep(settings.cache)
    seen = []
    for start in range(0, len(chosen), AT_ONCE):
        found = network.model.prepare(_images(chosen[start : start + AT_ONCE], network_settings.pixels))
        seen.append(trained_on(found))
        done = min(start + AT_ONCE, len(chosen))
        watch(done, len(chosen), f"of {len(kept):,} statements {len(kept) - len(chosen):,} cannot be read")
    answers = tuple("true" if one.label else "false" for one in chosen)
    asked = Asked(tuple(layouts), answers, (settings.split,) * len(chosen), ())
    return network, questions_of(asked, joined(seen), lexicon)


def _largest_number(layout: Layout) -> int:
    return max((int(call.argument) for call in layout.calls if call.module == "number" and call.argument), default=0)


def _images(examples: list[PairExample], pixels: int) -> Tensor:
    """Return pairs of images [pairs 2 3 pixels pixels], uint8."""
    paths = [path for one in examples for path in one.images if path is not None]
    images = {path: brought(load_image(path), pixels, square=True).pixels for path in dict.fromkeys(map(Path, paths))}
    every = torch.stack([images[path] for path in paths])
    return every.view(-1, 2, *every.shape[1:])
