"""What came of every example of a dataset, and figures from it: accuracy by family, what could not be read."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from nmn.errors import DataError

TRUTHS = {"true": "yes", "false": "no"}


class Record(NamedTuple):
    """One example's outcome; ``predicted`` is None where the question could not be read (``error`` says why)."""

    question: str
    family: str
    answer: str | None
    predicted: str | None
    error: str | None

    @property
    def right(self) -> bool:
        """Whether the prediction is the recorded answer; "true" and "yes" are the same."""
        return self.predicted is not None and self.predicted == TRUTHS.get(str(self.answer), self.answer)


class Row(NamedTuple):
    """The figures of one family; ``recorded``: how many examples have an answer to compare with."""

    family: str
    examples: int
    recorded: int
    right: int
    unread: int

    @property
    def accuracy(self) -> float | None:
        """Share of the examples with a recorded answer that are right; unread ones count as wrong."""
        return self.right / self.recorded if self.recorded else None

    @property
    def accuracy_text(self) -> str:
        """The accuracy as a percentage, two decimals."""
        return "-" if self.accuracy is None else f"{100 * self.accuracy:.2f} %"


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of every example."""

    records: tuple[Record, ...]

    @property
    def unread(self) -> dict[str, str]:
        """Each question that could not be read, with its diagnostic."""
        return {record.question: record.error for record in self.records if record.error}

    @property
    def unrecorded(self) -> tuple[str, ...]:
        """The families none of whose examples has a recorded answer, so that there is no accuracy."""
        return tuple(row.family for row in self.rows()[:-1] if row.examples and not row.recorded)

    def rows(self) -> list[Row]:
        """Return the figures by family, in the order of appearance, and over all."""
        families = list(dict.fromkeys(record.family for record in self.records))
        rows = [_row(family, [record for record in self.records if record.family == family]) for family in families]
        return [*rows, _row("total", self.records)]

    def to_json(self) -> dict[str, Any]:
        """Return figures, unread questions and wrong answers as plain JSON data."""
        rows = [{**row._asdict(), "accuracy": row.accuracy} for row in self.rows()]
        wrong = [
            record._asdict()
            for record in self.records
            if record.answer is not None and not record.right and not record.error
        ]
        return {"families": rows[:-1], "total": rows[-1], "unread": self.unread, "wrong": wrong}


def truth_lines(records: Sequence[Record]) -> str:
    """Return the predictions as lines of "true" or "false", in the order of the examples.

    Raises DataError where one is neither, since a guess in its place would be no prediction.
    """
    words = {predicted: recorded for recorded, predicted in TRUTHS.items()}
    lines = []
    for number, record in enumerate(records, 1):
        if record.predicted not in words:
            reason = f"answered {record.predicted}" if record.error is None else record.error.splitlines()[0]
            raise DataError(f"question {number}, {record.question!r}, has no prediction of true or false: {reason}")
        lines.append(words[record.predicted] + "\n")
    return "".join(lines)


def answer_lines(records: Sequence[Record], numbers: Iterable[int] | None = None) -> str:
    """Return the predictions as lines of JSON, in the order of the examples, whose numbers are 0, 1, ... unless given.

    A question without a prediction has null in its place and the reason as ``error``.
    """
    lines = []
    for number, record in zip(range(len(records)) if numbers is None else numbers, records, strict=True):
        entry = {"number": number, "question": record.question, "predicted": record.predicted}
        lines.append(json.dumps({**entry, **({"error": record.error} if record.error else {})}) + "\n")
    return "".join(lines)


def _row(family: str, records: Sequence[Record]) -> Row:
    recorded = sum(record.answer is not None for record in records)
    right = sum(record.right for record in records)
    return Row(family, len(records), recorded, right, sum(record.error is not None for record in records))
