"""What systems answer in tests: each question right or wrong, and statements judged.

Images are prepared once for all systems that see alike, such as those over cells, which share a frozen backbone. A word
that a system never read is an unknown one to those that learn words from texts, and they answer all the same; module
networks know what they have a module for, and what they have none for counts as wrong.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from nmn.assembler.trace import answer_text
from nmn.captioning import say
from nmn.checkpoint import state_digest
from nmn.compare.courses import Course, config_of
from nmn.compare.settings import CompareSettings
from nmn.data.example import ImageExample
from nmn.evaluation.captions import caption_scores
from nmn.evaluation.neural import evaluate_neural
from nmn.evaluation.statements import best_threshold, judged, margins
from nmn.language import read
from nmn.lexicon import load_lexicon
from nmn.models.baselines import Baseline
from nmn.models.build import Network
from nmn.models.captioner import Teller
from nmn.models.protocol import Answerer, Batch, Judge
from nmn.reasoner import Reasoner, SystemReasoner
from nmn.training.crowd import crowd_statements
from nmn.training.data import Generated, Memory, asked_of, questions_of, seen_of
from nmn.training.run import knows, rights
from nmn.training.systems import Shown, rights_of, shown
from nmn.training.texts import captions_told, questions_told
from nmn.vision.objects import ObjectVision

Tallies = dict[str, list[int]]  # by family: how many are right, of how many
STATEMENT = "statement"


@dataclass
class Asked:
    """Examples and images of a test, and what each kind of vision made of the images."""

    shown: Shown
    shard_size: int
    prepared: dict[str, dict[str, Tensor]] = field(default_factory=dict)

    def seen_by(self, system: Network | Baseline, watch: Callable[[int, int], None]) -> dict[str, Tensor]:
        """Return what a system's vision prepares, worked out for the first system that sees alike."""
        vision, panels = system.model.vision, getattr(system.model, "panels", 1)  # into which pictures are cut
        eyes = vision.proposer if isinstance(vision, ObjectVision) else vision.backbone
        regions = f"{system.settings.regions} {panels} {state_digest(eyes.state_dict())}"
        if regions not in self.prepared:
            images = self.shown.images
            self.prepared[regions] = seen_of(system.model.prepare, images, lambda done: watch(done, len(images)))
        return self.prepared[regions]

    @cached_property
    def statements(self) -> Shown:
        """The captions of the scenes as questions for yes or no: a caption of its own scene, or false of it."""
        told = captions_told(self.shown.examples, self.shard_size)
        scenes = {example.number: example for example in self.shown.examples}
        made = [
            replace(scenes[image], text=text, layout=read(text).layout, answer=not denied, family=STATEMENT, trace=())
            for text, image, denied in zip(told.texts, told.images, told.denied, strict=True)
        ]
        return replace(self.shown, examples=tuple(made))


def asked_in(course: Course, name: str, settings: CompareSettings, memory: Memory) -> Asked:
    """Return the questions of a test."""
    test = course.tests[name]
    if course.split:
        return Asked(Shown(*crowd_statements(settings.nlvr, course.split)), 1)
    config = config_of(course, name, settings.questions)
    side = f"{test.split}:test" if test.split else ""
    return Asked(shown(Generated(config, split=side, memory=memory), 0, lambda done: None), config.shard_size)


def answered(system: Network | Baseline, asked: Shown, seen: dict[str, Tensor], guess: bool = False) -> Tallies:
    """Return how many questions of each family a system answers right.

    If it is to ``guess``, a module network says of what it has no module for that it is true, as most of NLVR's
    statements are.
    """
    told = questions_told(asked.examples)
    if isinstance(system, Network):
        questions = questions_of(asked_of(asked.examples), seen, system.lexicon)
        right = rights(system, replace(questions, images=torch.tensor(told.images)))
        if guess:
            right = [
                one or (example.answer is True and not knows(system, example.layout))
                for one, example in zip(right, asked.examples, strict=True)
            ]
    else:
        right = rights_of(system, told.batch(system.words, system.answers, seen)).tolist()
    of, ones = Counter(told.families), Counter(family for family, one in zip(told.families, right, strict=True) if one)
    return {family: [ones[family], of[family]] for family in sorted(of)}


def answers_questions(system: Network | Baseline) -> bool:
    """Whether a system answers questions, not only judges statements."""
    return isinstance(system, Network) or isinstance(system.model, Answerer)


def judges(system: Network | Baseline, held: Asked, asked: Asked) -> dict[str, Any]:
    """Return how many statements a judge says right, by a threshold from held-back ones; {} for no judge.

    Each statement is weighed against its contradiction.
    """
    if isinstance(system, Network) or not isinstance(system.model, Judge):
        return {}
    fits, truths = [], []
    for one in (held, asked):
        told = captions_told(one.shown.examples, one.shard_size)
        fits.append(margins(system, told.texts, told.images, one.seen_by(system, lambda done, of: None)))
        truths.append(~torch.tensor(told.denied))
    found = judged(fits[1], truths[1], best_threshold(fits[0], truths[0]))
    return {"right": round(found.right * found.statements), "of": found.statements, "threshold": found.threshold}


def captions_said(system: Network | Baseline, asked: Asked) -> dict[str, Any]:
    """Return what greedy captions of a test's images are worth; {} for a system that says none."""
    if isinstance(system, Network) or not isinstance(system.model, Teller):
        return {}
    none = torch.zeros(0, dtype=torch.long)
    said = say(system, Batch(none, asked.seen_by(system, lambda done, of: None), none.unsqueeze(1), none))
    scenes = {example.number: example for example in asked.shown.examples}
    scores = caption_scores(
        [system.words.decode(said[number].words) for number in scenes],
        [example.captions for example in scenes.values()], [example.scene for example in scenes.values()],
        load_lexicon(system.settings.lexicon),
    )  # fmt: skip
    return scores.to_json()


def questions_a_second(system: Network | Baseline, asked: Shown, most: int) -> float:
    """Return how many questions a second are answered, each about an image of its own, from pixels and text."""
    firsts = list({example.number: example for example in asked.examples}.values())[:most]
    pixels = [asked.images[example.number].permute(1, 2, 0).numpy() for example in firsts]
    examples = [
        ImageExample(one.text, image, answer_text(one.answer, one.layout.kind), one.family)
        for one, image in zip(firsts, pixels, strict=True)
    ]
    reasoner = Reasoner(system, "cpu") if isinstance(system, Network) else SystemReasoner(system, "cpu")
    start = time.perf_counter()
    evaluate_neural(reasoner, examples)
    return len(examples) / (time.perf_counter() - start)
