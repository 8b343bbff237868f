"""Faithfulness: does a network do what its layout says? Its calls against the exact ones, on the same plan.

Attentions are compared as sets, the regions attended by more than a half against the objects of the exact value
(Subramanian et al. 2020, section 3), other values as what they amount to. An answer may be right by luck or by
compensating faults; it is faithful where every call below it is right too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from nmn.answer import likeliest
from nmn.assembler.execute import Run, execute
from nmn.assembler.plan import Step
from nmn.assembler.trace import SETS, decode
from nmn.errors import DataError
from nmn.evaluation.report import Record
from nmn.layout import Kind, call_label
from nmn.lexicon import Lexicon
from nmn.modules.exact import encode, exact_library
from nmn.scene import SceneGraph
from nmn.vision.matching import Matcher

# for every image, the exact object that each region is, -1 for none
Match = Int[Tensor, "images regions"]


class Tally(NamedTuple):
    """Of the calls of one sort: how many, how many exactly right, and their regions: hits, spurious and missed ones."""

    calls: int = 0
    right: int = 0
    hits: int = 0
    spurious: int = 0
    missed: int = 0

    @property
    def precision(self) -> float | None:
        """The share of attended regions that the exact call attends too; None where none is attended."""
        return self.hits / (self.hits + self.spurious) if self.hits + self.spurious else None

    @property
    def recall(self) -> float | None:
        """The share of the exact call's objects that are attended; None where it has none."""
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both; None where there was nothing to attend and nothing attended."""
        total = 2 * self.hits + self.spurious + self.missed
        return 2 * self.hits / total if total else None

    def plus(self, other: "Tally") -> "Tally":
        """Return the tally of both."""
        return Tally(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def to_json(self) -> dict[str, Any]:
        """Return counts and figures as plain JSON data."""
        return {**self._asdict(), "precision": self.precision, "recall": self.recall, "f1": self.f1}


@dataclass(frozen=True)
class Agreement:
    """How a run agrees with the exact one: tallies by call, such as "find[red]", and by example the wrong calls.

    ``wrong`` are positions in the layout's calls, operands before what takes them: the first has right operands.
    """

    tallies: Mapping[str, Tally]
    wrong: tuple[tuple[int, ...], ...]

    @property
    def faithful(self) -> tuple[bool, ...]:
        """Whether every call of an example is right."""
        return tuple(not calls for calls in self.wrong)


def agreement(run: Run, exact: Run, match: Match | None = None) -> Agreement:
    """Compare a run with the exact run of the same plan.

    ``match``: for every image the object that each region is, -1 for none (a box about nothing); by default region i
    is object i, as cells are. An attended region that is no object is spurious, an object that no region is, missed.
    """
    if run.plan is not exact.plan:
        raise ValueError("runs are compared call by call, so both must be of one plan")
    right = {kind: torch.zeros(size, dtype=torch.bool) for kind, size in run.plan.sizes.items()}
    tallies: dict[str, Tally] = {}
    for step in run.plan.steps:
        compared = _compared(run, exact, step, match)
        right[step.kind][step.rows] = compared.right
        numbers = run.plan.arguments[step.start : step.stop]
        for number in set(numbers.tolist()):
            label = call_label(step.module, run.plan.names[number][1] if number >= 0 else None)
            of_word = torch.from_numpy(numbers == number)
            tally = Tally(int(of_word.sum()), *(int(column[of_word].sum()) for column in compared))
            tallies[label] = tallies.get(label, Tally()).plus(tally)
    rows = [run.plan.rows(example) for example in range(len(run.plan.layouts))]
    wrong = tuple(
        tuple(
            at
            for at, (call, views) in enumerate(zip(layout.calls, own, strict=True))
            if not bool(right[call.kind][list(views)].all())
        )
        for layout, own in zip(run.plan.layouts, rows, strict=True)
    )
    return Agreement(tallies, wrong)


class _Compared(NamedTuple):
    right: Bool[Tensor, " calls"]
    hits: Int[Tensor, " calls"]
    spurious: Int[Tensor, " calls"]
    missed: Int[Tensor, " calls"]


def _compared(run: Run, exact: Run, step: Step, match: Match | None) -> _Compared:
    ours, theirs = (one.values[step.kind][step.rows].detach().cpu() for one in (run, exact))
    none = torch.zeros(len(ours), dtype=torch.long)
    if step.kind in SETS:
        images = torch.from_numpy(run.plan.images[step.start : step.stop])
        masks = [
            (one.regions if step.kind is Kind.ATTENTION else one.regions.panels).mask.cpu() for one in (run, exact)
        ]
        ours, theirs = (values * mask[images] > 0.5 for values, mask in zip((ours, theirs), masks, strict=True))
        found, nothing = (ours, none) if match is None or step.kind is Kind.PANELS else _as_objects(
            ours, match[images], theirs.shape[1]
        )  # fmt: skip
        hits, missed = (found & theirs).sum(1), (theirs & ~found).sum(1)
        spurious = (found & ~theirs).sum(1) + nothing
        right = (spurious == 0) & (missed == 0)
        # panels are no regions of the image, so they count as right or wrong only
        return (
            _Compared(right, hits, spurious, missed) if step.kind is Kind.ATTENTION else _Compared(right, *[none] * 3)
        )
    if step.kind is Kind.TRUTH:
        right = (ours > 0.5) == (theirs > 0.5)
    elif step.kind is Kind.NUMBER:
        right = ours.argmax(1) == theirs.argmax(1)
    else:
        right = _same_values(run, exact, step, ours, theirs)
    return _Compared(right, none, none, none)


def _as_objects(
    attended: Bool[Tensor, "calls regions"], match: Int[Tensor, "calls regions"], objects: int
) -> tuple[Bool[Tensor, "calls objects"], Int[Tensor, " calls"]]:
    """Return which objects are attended, and how many attended regions are none."""
    found = attended.new_zeros(len(attended), objects + 1, dtype=torch.long)
    found.scatter_reduce_(1, match.masked_fill(match < 0, objects), attended.long(), "amax")
    return found[:, :objects] > 0, (attended & (match < 0)).sum(1)


def _same_values(
    run: Run, exact: Run, step: Step, ours: Float[Tensor, "calls ..."], theirs: Float[Tensor, "calls ..."]
) -> Bool[Tensor, " calls"]:
    """Return which attributes are the same; the libraries may know different values of one."""
    same = []
    numbers = run.plan.arguments[step.start : step.stop].tolist()
    for number, own, true in zip(numbers, ours, theirs, strict=True):
        word = run.plan.names[number][1]
        names = exact.library.values[word]
        same.append((likeliest(own, run.library.values[word]) or None) == decode(step.kind, true[: len(names)], names))
    return torch.tensor(same)


@dataclass
class Faithfulness:
    """Scores batches as they are run (see ``evaluate_neural``) against the exact execution on their scenes.

    ``scenes``: of every example; ``match``: as for ``agreement``, from the regions and the scenes of a run's images.
    """

    scenes: Sequence[SceneGraph]
    lexicon: Lexicon
    match: Matcher | None = None
    tallies: dict[str, Tally] = field(default_factory=dict)
    faithful: dict[int, bool] = field(default_factory=dict)

    def __call__(self, run: Run, places: Sequence[int]) -> None:
        """Score a run of the examples at ``places``."""
        self.score(run, places)

    def score(self, run: Run, places: Sequence[int]) -> tuple[Agreement, Run, Match | None]:
        """Score a run; return how it agrees with the exact run, that run, and which region is which object."""
        by_image = dict(zip(run.plan.example_images.tolist(), places, strict=True))
        scenes = [self.scenes[by_image[image]] for image in range(len(run.regions.mask))]
        regions = encode(scenes, self.lexicon)
        match = None if self.match is None else self.match(run.regions, scenes)
        if match is None and regions.mask.shape != run.regions.mask.shape:
            raise DataError(
                f"the network has {run.regions.mask.shape[1]} regions for the scenes' {regions.mask.shape[1]} objects;"
                " faithfulness needs a network whose regions are the dataset's cells"
            )
        exact = execute(run.plan, exact_library(self.lexicon), regions)
        found = agreement(run, exact, match)
        for label, tally in found.tallies.items():
            self.tallies[label] = self.tallies.get(label, Tally()).plus(tally)
        self.faithful.update(zip(places, found.faithful, strict=True))
        return found, exact, match

    @property
    def total(self) -> Tally:
        """All calls together."""
        whole = Tally()
        for tally in self.tallies.values():
            whole = whole.plus(tally)
        return whole

    def shares(self, records: Sequence[Record]) -> dict[str, float | None]:
        """Return the share of questions with every call right, and with the right answer and every call right.

        Questions that could not be read count as wrong; the second share is of those with a recorded answer.
        """
        every = [self.faithful.get(place, False) for place in range(len(records))]
        both = [one and record.right for one, record in zip(every, records, strict=True) if record.answer is not None]
        return {"every_call_right": _share(every), "right_and_every_call_right": _share(both)}

    def to_json(self, records: Sequence[Record]) -> dict[str, Any]:
        """Return the figures as plain JSON data."""
        calls = {label: tally.to_json() for label, tally in sorted(self.tallies.items())}
        return {"total": self.total.to_json(), **self.shares(records), "calls": calls}


def _share(outcomes: Sequence[bool]) -> float | None:
    return sum(outcomes) / len(outcomes) if outcomes else None
