"""The figures of NLVR: accuracy and its two official consistencies, and accuracy by construction and by reading.

Consistency (Suhr et al. 2017; the official scripts ``metrics_structured_rep.py`` and ``metrics_images.py``) is the
share of sentence groups of which everything is right; a group is what shares the first part of its identifier. By scene
an example counts once, here by the picture of order 0; by image each of its six pictures counts.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from nmn.language.crowd.read import StatementReading
from nmn.layout import Layout


class Outcome(NamedTuple):
    """One picture of an example: what was predicted (None: no image), and the label (None: not known)."""

    identifier: str
    order: int
    sentence: str
    reading: StatementReading
    predicted: bool | None
    label: bool | None
    instead: str = ""  # what the prediction rests on, where that is not the reading

    @property
    def how(self) -> str:
        """How the sentence was read, or what its prediction rests on instead."""
        return self.instead or str(self.reading.how)

    @property
    def right(self) -> bool | None:
        """Whether the prediction is the label; None where either is not there."""
        return None if self.predicted is None or self.label is None else self.predicted == self.label


def _has(*modules: str, **arguments: Sequence[str]) -> Callable[[Layout], bool]:
    """Return whether a layout has a call of one of the modules, or of a module with one of the arguments."""

    def test(layout: Layout) -> bool:
        return any(call.module in modules or call.argument in arguments.get(call.module, ()) for call in layout.calls)

    return test


CONSTRUCTIONS: Mapping[str, Callable[[Layout], bool]] = {
    "box or tower": _has("where", "as_many", "alike"),
    "things of the image": lambda layout: not _has("where", "as_many", "alike")(layout),
    "number": _has("number"),
    "every, only": _has("quantify"),
    "not, no": lambda layout: any(
        call.module == "not" and layout.calls[call.operands[0]].argument not in ("higher", "lower")
        for call in layout.calls
    ),
    "and": lambda layout: any(call.module == "and" and call.kind == "truth" for call in layout.calls),
    "wall or corner": _has("at_side", "near_side"),
    "top, base, second": _has(relate=("higher", "lower"), relate_count=("higher", "lower")),
    "above, on, below, touching": _has("between", relate=("above", "below", "on", "under", "touching", "near")),
    "colours counted": _has("distinct"),
    "alike": _has("as_many", "alike"),
}


class Figure(NamedTuple):
    """How many of some outcomes are right."""

    right: int
    total: int

    @property
    def share(self) -> float | None:
        """The share that is right."""
        return self.right / self.total if self.total else None

    def to_json(self) -> dict[str, Any]:
        """Return the counts and the share as plain JSON data."""
        return {**self._asdict(), "share": self.share}

    def __str__(self) -> str:
        return f"{100 * self.right / self.total:.2f} %" if self.total else "-"


def figure(rights: Iterable[bool | None]) -> Figure:
    """Count what is right among what has a label and an image."""
    known = [right for right in rights if right is not None]
    return Figure(sum(known), len(known))


def consistency(outcomes: Iterable[Outcome]) -> Figure:
    """Count the sentence groups of which every outcome is right; one without an image is not."""
    return grouped((it.identifier.split("-")[0], bool(it.right)) for it in outcomes if it.label is not None)


def grouped(rights: Iterable[tuple[str, bool]]) -> Figure:
    """Count the groups of which everything is right."""
    groups: dict[str, bool] = {}
    for group, right in rights:
        groups[group] = groups.get(group, True) and right
    return Figure(sum(groups.values()), len(groups))


@dataclass(frozen=True, slots=True)
class NlvrReport:
    """The figures of a split; ``predictions`` in the order of the files, ``problems`` say which images were missing."""

    split: str
    figures: Mapping[str, Figure]
    by_reading: Mapping[str, Figure]
    by_construction: Mapping[str, Figure]
    failures: tuple[tuple[str, str, str], ...]  # cause, name of the picture, sentence
    predictions: tuple[tuple[str, bool | None], ...]
    problems: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the figures and failures as plain JSON data."""

        def table(figures: Mapping[str, Figure]) -> dict[str, Any]:
            return {name: it.to_json() for name, it in figures.items()}

        causes = Counter(cause for cause, _, _ in self.failures)
        return {
            "split": self.split,
            **table(self.figures),
            "by_reading": table(self.by_reading),
            "by_construction": table(self.by_construction),
            "causes": dict(causes.most_common()),
            "failures": [dict(zip(("cause", "image", "sentence"), row, strict=True)) for row in self.failures],
            "problems": list(self.problems),
        }

    def lines(self) -> str:
        """Return the official lines, ``dev-1572-0-3.png,true``; images that were missing have none."""
        told = [(name, "true" if truth else "false") for name, truth in self.predictions if truth is not None]
        return "".join(f"{name},{truth}\n" for name, truth in told)

    def tables(self) -> list[Any]:
        """Return the figures as tables to print."""
        from rich.table import Table

        tables = []
        for title, figures in (
            (f"NLVR {self.split}", self.figures),
            ("how the sentence was read", self.by_reading),
            ("construction", self.by_construction),
        ):
            table = Table(title, "right", "of", "share")
            for name, it in figures.items():
                table.add_row(name, f"{it.right:,}", f"{it.total:,}", str(it))
            tables.append(table)
        if self.failures:
            table = Table("cause", "images wrong", "sentences", "for instance")
            for cause, count in Counter(cause for cause, _, _ in self.failures).most_common():
                wrong = [(name, sentence) for why, name, sentence in self.failures if why == cause]
                sentences = dict.fromkeys(sentence for _, sentence in wrong)
                table.add_row(cause, f"{count:,}", f"{len(sentences):,}", f"{wrong[0][0]}: {wrong[0][1].strip()}")
            tables.append(table)
        return tables


def report(
    split: str,
    outcomes: Sequence[Outcome],
    causes: Mapping[int, str],
    predictions: Sequence[tuple[str, bool | None]],
    problems: Sequence[str],
) -> NlvrReport:
    """Work out the figures of a split's outcomes."""
    scenes = [outcome for outcome in outcomes if outcome.order == 0]
    figures = {
        "accuracy by image": figure(outcome.right for outcome in outcomes),
        "accuracy by scene": figure(outcome.right for outcome in scenes),
        "consistency by image": consistency(outcomes),
        "consistency by scene": consistency(scenes),
    }
    by_reading = {
        how: figure(it.right for it in outcomes if it.how == how) for how in dict.fromkeys(it.how for it in outcomes)
    }
    kinds = {layout: _kinds(layout) for layout in {outcome.reading.layout for outcome in outcomes}}
    by_construction = {
        name: figure(it.right for it in outcomes if name in kinds[it.reading.layout]) for name in CONSTRUCTIONS
    }
    often = Counter(causes.values())
    failures = sorted(
        ((cause, predictions[place][0], outcomes[place].sentence) for place, cause in causes.items()),
        key=lambda row: (-often[row[0]], row[0]),
    )
    return NlvrReport(split, figures, by_reading, by_construction, tuple(failures), tuple(predictions), tuple(problems))


def _kinds(layout: Layout) -> set[str]:
    return {name for name, test in CONSTRUCTIONS.items() if test(layout)}
