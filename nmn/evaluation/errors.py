"""Where a network goes wrong: the first wrong call of every example, what was taken for what, and the worst examples.

The first wrong call has right operands, so that the fault is its own; what follows from it is not counted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nmn.answer import Answer, answer_of
from nmn.assembler.execute import Run
from nmn.assembler.trace import TracedCall, answer_text, trace
from nmn.data.example import ImageExample
from nmn.errors import ConfigError
from nmn.evaluation.faithfulness import Faithfulness, Tally
from nmn.evaluation.known import Known
from nmn.evaluation.neural import Told, check_panels, evaluate_neural
from nmn.evaluation.report import Record
from nmn.layout import Kind, call_label
from nmn.lexicon import Lexicon
from nmn.reasoner import Reasoner, SystemReasoner, run
from nmn.scene import SceneGraph
from nmn.vision.matching import MATCHES
from nmn.visualisation.explanation import Explanation, explain

WORST = 8  # examples that are shown
NOTHING, LEFT_OUT = "no object", "left out"
Confusion = tuple[str, str]  # what it is, what it was taken for


@dataclass(frozen=True)
class Row:
    """The figures of one family of one split; ``first``: how often each call was the first wrong one."""

    split: str
    family: str
    examples: int
    unread: int
    wrong: int
    unfaithful: int
    first: Mapping[str, int]


@dataclass(frozen=True)
class Worst:
    """A wrong answer with its explanation; ``recorded`` is the right one."""

    split: str
    family: str
    recorded: str
    first: str
    explanation: Explanation


@dataclass(frozen=True)
class Errors:
    """Where a network goes wrong: rows by split and family, by call its tally and what was taken for what."""

    rows: tuple[Row, ...]
    tallies: Mapping[str, Tally]
    confusions: Mapping[str, Mapping[Confusion, int]]
    worst: tuple[Worst, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON data, of the worst examples the questions and answers."""
        return {
            "rows": [{**vars(row), "first": dict(row.first)} for row in self.rows],
            "calls": {label: tally.to_json() for label, tally in sorted(self.tallies.items())},
            "confusions": {
                label: [{"is": true, "taken_for": said, "times": times} for (true, said), times in pairs.items()]
                for label, pairs in self.confusions.items()
            },
            "worst": [
                {"split": one.split, "family": one.family, "recorded": one.recorded, "first_wrong": one.first,
                 "question": one.explanation.question, "answer": one.explanation.answer}
                for one in self.worst
            ],
        }  # fmt: skip


@dataclass
class _Watcher:
    """Watches runs: the first wrong call of each example, how sure each answer is, and the confusions."""

    score: Faithfulness
    first: dict[int, str] = field(default_factory=dict)
    sure: dict[int, float] = field(default_factory=dict)
    confusions: dict[str, Counter[Confusion]] = field(default_factory=dict)

    def __call__(self, ran: Run, places: Sequence[int]) -> None:
        found, exact, match = self.score.score(ran, places)
        images = ran.plan.example_images.tolist()
        for example, (place, wrong) in enumerate(zip(places, found.wrong, strict=True)):
            self.sure[place] = answer_of(ran, example).confidence
            if not wrong:
                continue
            ours, theirs = trace(ran, example).calls[wrong[0]], trace(exact, example).calls[wrong[0]]
            label = call_label(ours.module, ours.argument)
            self.first[place] = label
            objects = None if match is None else match[images[example]].tolist()
            pairs = confused(ours, theirs, objects, self.score.scenes[place], self.score.lexicon)
            self.confusions.setdefault(label, Counter()).update(pairs)


def confused(
    ours: TracedCall, theirs: TracedCall, match: Sequence[int] | None, scene: SceneGraph, lexicon: Lexicon
) -> Iterable[Confusion]:
    """Return what a wrong call took for what: its value for another, or of a set what is too many and what is missing.

    Objects are named by the attribute that the argument is a value of ("yellow" taken for "orange"), else in full.
    """
    if ours.kind is not Kind.ATTENTION:
        return [(answer_text(theirs.value, theirs.kind), answer_text(ours.value, ours.kind))]
    attribute = lexicon.attribute_of.get(ours.argument or "") if ours.module == "find" else None

    def name(number: int) -> str:
        if number < 0:
            return NOTHING
        thing = scene.objects[number]
        return thing.attributes.get(attribute, "?") if attribute else str(thing)

    found = {region if match is None else match[region] for region in ours.picked}
    said = ours.argument or ours.module
    pairs = [(name(number), said) for number in sorted(found - set(theirs.picked))]
    return pairs + [(name(number), LEFT_OUT) for number in sorted(set(theirs.picked) - found)]


def find_errors(
    reasoner: Reasoner | SystemReasoner, datasets: Mapping[str, Known], worst: int = WORST, told: Told = lambda _: None
) -> Errors:
    """Answer datasets whose scenes are known, by the name of their split, and say where answers go wrong.

    Raises ConfigError for a system without modules, and for a network of pictures with other panels.
    """
    if isinstance(reasoner, SystemReasoner):
        raise ConfigError(f"{reasoner.network.settings.model} has no modules, so no calls that could be wrong")
    rows: list[Row] = []
    tallies: dict[str, Tally] = {}
    confusions: dict[str, Counter[Confusion]] = {}
    candidates: list[tuple[float, str, str, ImageExample, Record]] = []
    for split, (examples, lexicon, grammar, repair) in datasets.items():
        match = MATCHES[reasoner.network.settings.regions]
        scenes = [example.scene for example in examples if example.scene]
        check_panels(reasoner, max([1, *(len(scene.panels) for scene in scenes)]), split)
        watcher = _Watcher(Faithfulness(scenes, lexicon, match))
        records = evaluate_neural(reasoner, examples, watcher, grammar=grammar, repair=repair, told=told).records
        rows += _rows(split, records, watcher)
        for label, tally in watcher.score.tallies.items():
            tallies[label] = tallies.get(label, Tally()).plus(tally)
        for label, pairs in watcher.confusions.items():
            confusions.setdefault(label, Counter()).update(pairs)
        candidates += [
            (watcher.sure[place], split, watcher.first.get(place, "none"), examples[place], record)
            for place, record in enumerate(records)
            if place in watcher.sure and not record.right
        ]
    candidates.sort(key=lambda one: -one[0])
    shown = tuple(_worst(reasoner, *one[1:], datasets[one[1]]) for one in candidates[:worst])
    ordered = {label: dict(pairs.most_common()) for label, pairs in sorted(confusions.items())}
    return Errors(tuple(rows), tallies, ordered, shown)


def _rows(split: str, records: Sequence[Record], watcher: _Watcher) -> list[Row]:
    found = []
    for family in dict.fromkeys(record.family for record in records):
        places = [place for place, record in enumerate(records) if record.family == family]
        first = Counter(watcher.first[place] for place in places if place in watcher.first)
        unread = sum(records[place].error is not None for place in places)
        wrong = sum(not records[place].right for place in places) - unread
        found.append(Row(split, family, len(places), unread, wrong, first.total(), dict(first.most_common())))
    return found


def _worst(reasoner: Reasoner, split: str, first: str, example: ImageExample, record: Record, known: Known) -> Worst:
    answer: Answer = reasoner.ask(example.image, example.question, grammar=known.grammar, repair=known.repair)
    assert example.scene is not None and answer.layout is not None
    exact = run(answer.layout, example.scene, lexicon=known.lexicon)
    explained = explain(answer, exact=exact, cells=reasoner.network.settings.regions == "cells")
    return Worst(split, record.family, str(record.answer), first, explained)
