"""What a network trains on: prepared images, questions as layouts, answers as integers."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from jaxtyping import Int, UInt8
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from nmn.assembler.trace import answer_text
from nmn.checkpoint import state_digest
from nmn.data.shapes import read_questions
from nmn.errors import ConfigError
from nmn.language import read
from nmn.layout import Layout
from nmn.lexicon import Lexicon
from nmn.models.protocol import AboutImages
from nmn.scene import SceneGraph
from nmn.training.crowd import crowd_statements
from nmn.training.loss import target_of
from nmn.training.settings import TrainSettings
from nmn.vision.cells import CellVision
from nmn.vision.objects import ObjectVision
from nmn.vision.panels import cut, prepare
from synth_data.config import SynthConfig
from synth_data.drawn import panel_gap_px
from synth_data.example import Example
from synth_data.generate import blocks, generate_block
from synth_data.house_styles import render_shapes
from synth_data.picture import draw_block
from synth_data.reask import reask
from synth_data.scenes import scenes_for_answers
from synth_data.splits import leaks

PREPARED_AT_ONCE = 16  # images: cells and cut-outs of more do not stay in the cache of a processor
CROWD_SPLIT = "train1000"
Made = TypeVar("Made")


@dataclass(frozen=True)
class Questions(AboutImages):
    """Layouts about images with their answers as ``target_of`` gives them."""

    layouts: tuple[Layout, ...]
    targets: Int[Tensor, " questions"]
    families: tuple[str, ...]


@dataclass(frozen=True)
class TaughtQuestions(Questions):
    """Questions with the scene that each is about, for a run that learns more of it than the answer."""

    scenes: tuple[SceneGraph, ...]


@dataclass(frozen=True)
class Asked:
    """Questions before their images were prepared: layouts, answers in words, families, scenes; one image each."""

    layouts: tuple[Layout, ...]
    answers: tuple[str, ...]
    families: tuple[str, ...]
    scenes: tuple[SceneGraph, ...]


def joined(parts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Join prepared batches; where their second axis, objects, differs, the shorter ones are padded with zeros."""
    together = {}
    for name in parts[0]:
        tensors = [part[name] for part in parts]
        if tensors[0].ndim > 1 and name in RAGGED:
            most = max(tensor.shape[1] for tensor in tensors)
            tensors = [_widened(tensor, most) for tensor in tensors]
        together[name] = torch.cat(tensors)
    return together


def seen_of(
    prepare: Callable[[Tensor], Mapping[str, Tensor]],
    images: UInt8[Tensor, "images *panels 3 height width"],
    watch: Callable[[int], None] = lambda done: None,
    before: int = 0,
) -> dict[str, Tensor]:
    """Return what is worked out once per image, of it what is trained on.

    ``watch`` is told how many images are done, ``before`` of them already.
    """
    parts: list[dict[str, Tensor]] = []
    for place, few in enumerate(torch.split(images, PREPARED_AT_ONCE)):
        parts.append(trained_on(prepare(few)))
        watch(before + place * PREPARED_AT_ONCE + len(few))
    return joined(parts)


def trained_on(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return of what vision prepares what training uses."""
    return {name: value for name, value in found.items() if name in TRAINED_ON}


RAGGED = ("boxes", "mask", "coverage", "colours")
TRAINED_ON = ("boxes", "mask", "coverage", "colours", "size", "images", "features", "frame")


def _widened(tensor: Tensor, most: int) -> Tensor:
    if tensor.shape[1] == most:
        return tensor
    return torch.cat([tensor, tensor.new_zeros(len(tensor), most - tensor.shape[1], *tensor.shape[2:])], 1)


def questions_of(asked: Asked, seen: Mapping[str, Tensor], lexicon: Lexicon, taught: bool = False) -> Questions:
    """Return questions on prepared images, ``taught`` with their scenes.

    Raises DataError for an answer that its layout cannot have.
    """
    values = {name: tuple(attribute.values) for name, attribute in lexicon.attributes.items()}
    targets = [target_of(layout, answer, values) for layout, answer in zip(asked.layouts, asked.answers, strict=True)]
    given = torch.arange(len(targets)), seen, asked.layouts, torch.tensor(targets), asked.families
    return TaughtQuestions(*given, asked.scenes) if taught else Questions(*given)


def asked_shapes(settings: TrainSettings) -> tuple[Asked, UInt8[Tensor, "images 3 30 30"]]:
    """Return SHAPES' questions with recorded answers, and an image regenerated for each (see ``scenes_for_answers``).

    ``settings.part`` takes that part of them, spread evenly over the file.
    """
    if not settings.folder:
        raise ConfigError('folder: give the folder of SHAPES\' files, such as folder="data/shapes"')
    questions, answers = read_questions(Path(settings.folder), settings.split)
    if answers is None:
        raise ConfigError(f"split: {settings.split} has no recorded answers to train on")
    kept = np.unique(np.linspace(0, len(questions) - 1, max(1, round(settings.part * len(questions))), dtype=int))
    layouts = tuple(read(questions[place], "shapes").layout for place in kept)
    chosen = tuple(answers[place] for place in kept)
    scenes = scenes_for_answers(layouts, [answer == "true" for answer in chosen], settings.seed)
    rng = np.random.default_rng([settings.seed, 3])
    pictures = np.stack([render_shapes(scene, rng) for scene in scenes])
    images = torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)))
    return Asked(layouts, chosen, (settings.split,) * len(layouts), tuple(scenes)), images


class Memory:
    """What was generated, and seen, last, for several runs on the same data in one process."""

    def __init__(self, most: int = 24) -> None:
        self.most = most
        self.kept: OrderedDict[Any, Any] = OrderedDict()

    def recall(self, key: Any, make: Callable[[], Made]) -> Made:
        """Return what is kept by a key, or make and keep it; what was not asked for longest is dropped."""
        if key not in self.kept:
            self.kept[key] = make()
        self.kept.move_to_end(key)
        while len(self.kept) > self.most:
            self.kept.popitem(last=False)
        made: Made = self.kept[key]
        return made


@dataclass(frozen=True)
class Generated(Dataset[tuple[list[Example], Tensor]]):
    """Blocks of generated examples with their images; each scene is asked up to ``each`` questions (see ``reask``).

    ``split``: a generalisation split and its side, whose other side is kept out of the questions that are added.
    ``whole``: pictures of several panels are not cut into those. ``crowd``: the folder of NLVR, whose training
    statements come last. ``memory``: where blocks are kept for who comes next.
    """

    config: SynthConfig
    each: int = 1
    split: str = ""
    whole: bool = False
    crowd: str = ""
    memory: Memory | None = field(default=None, compare=False)

    def __len__(self) -> int:
        return blocks(self.config) + bool(self.crowd)

    def __getitem__(self, block: int) -> tuple[list[Example], UInt8[Tensor, "images *panels 3 height width"]]:
        if self.memory is None:
            return self._made(block)
        return self.memory.recall((replace(self, memory=None), block), lambda: self._made(block))

    def _made(self, block: int) -> tuple[list[Example], Tensor]:
        if block == blocks(self.config):
            written, shown = crowd_statements(self.crowd, CROWD_SPLIT)
            after = [replace(example, number=self.config.size + example.number) for example in written]
            return after, self._cut(shown)
        examples = generate_block(self.config, block)
        images = self._cut(torch.from_numpy(draw_block(examples, self.config, block)).permute(0, 3, 1, 2).contiguous())
        asked = reask(examples, self.config, self.each, np.random.default_rng([self.config.seed, block, 2]))
        if self.split:
            asked = [example for example in asked if not leaks(example, self.split)]
        return asked, images

    def _cut(self, images: UInt8[Tensor, "images 3 height width"]) -> UInt8[Tensor, "images *panels 3 height width"]:
        alone = self.config.panels > 1 and not self.whole
        return cut(images, self.config.panels, panel_gap_px(self.config)) if alone else images


def prepared(
    data: Generated,
    vision: CellVision | ObjectVision,
    workers: int,
    watch: Callable[[int], None],
    taught: bool = False,
) -> Questions:
    """Return generated questions on prepared images, ``taught`` with their scenes; ``workers`` processes generate.

    ``watch`` is told how many images are prepared. With a memory, objects are looked for once, however many runs ask.
    """
    if data.memory is None or not isinstance(vision, ObjectVision):
        return _prepared(data, vision, workers, watch, taught)
    key = replace(data, memory=None), state_digest(vision.proposer.state_dict()), taught
    return data.memory.recall(key, lambda: _prepared(data, vision, workers, watch, taught))


def _prepared(
    data: Generated, vision: CellVision | ObjectVision, workers: int, watch: Callable[[int], None], taught: bool
) -> Questions:
    asked: list[Example] = []
    seen: list[dict[str, Tensor]] = []
    done = 0
    for examples, images in DataLoader(data, batch_size=None, num_workers=workers):
        asked += examples
        seen.append(seen_of(partial(prepare, vision), images, watch, done))
        done += len(images)
    questions = questions_of(asked_of(asked), joined(seen), data.config.words, taught)
    return replace(questions, images=torch.tensor([example.number for example in asked]))


def asked_of(examples: Sequence[Example]) -> Asked:
    """Return generated examples, which all have an answer in words, as questions."""
    return Asked(
        tuple(example.layout for example in examples),
        tuple(answer_text(example.answer, example.layout.kind) for example in examples),
        tuple(example.family for example in examples),
        tuple(example.scene for example in examples),
    )
