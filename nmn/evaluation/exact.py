"""Reading and exact execution of a dataset: what is right, by family, and what could not be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.assembler.trace import Value, answers
from nmn.data.example import Example
from nmn.errors import QuestionError
from nmn.language import read
from nmn.layout import Layout
from nmn.lexicon import Lexicon, load_lexicon
from nmn.modules.exact import encode, exact_library
from nmn.reasoner import answer_text
from nmn.scene import SceneGraph

BATCH = 4_096
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
    """The figures of one family."""

    family: str
    examples: int
    answered: int
    right: int
    unread: int

    @property
    def accuracy(self) -> float | None:
        """Share of the examples with a recorded answer that are right; unread ones count as wrong."""
        return self.right / self.answered if self.answered else None

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


def evaluate_exact(examples: Sequence[Example], grammar: str, lexicon: Lexicon | None = None) -> Report:
    """Read every distinct question once and answer all examples exactly, in batches."""
    lexicon = lexicon or load_lexicon(grammar)
    layouts: dict[str, Layout] = {}
    errors: dict[str, str] = {}
    for question in dict.fromkeys(example.question for example in examples):
        try:
            layouts[question] = read(question, grammar, lexicon=lexicon).layout
        except QuestionError as error:
            errors[question] = str(error)
    readable = [example for example in examples if example.question in layouts]
    predicted = iter(_answers([layouts[example.question] for example in readable], readable, lexicon))
    return Report(
        tuple(
            Record(
                example.question,
                example.family,
                example.answer,
                next(predicted) if example.question in layouts else None,
                errors.get(example.question),
            )
            for example in examples
        )
    )


def _answers(layouts: Sequence[Layout], examples: Sequence[Example], lexicon: Lexicon) -> list[str]:
    library, texts = exact_library(lexicon), []
    for start in range(0, len(layouts), BATCH):
        batch = layouts[start : start + BATCH]
        places: dict[int, int] = {}
        scenes: list[SceneGraph] = []
        images: list[int] = []
        for example in examples[start : start + BATCH]:
            if id(example.scene) not in places:
                places[id(example.scene)] = len(scenes)
                scenes.append(example.scene)
            images.append(places[id(example.scene)])
        regions = encode(scenes, lexicon)
        values: list[Value] = answers(execute(plan(batch, images, regions.panels.count), library, regions))
        texts += [answer_text(value, layout.kind) for value, layout in zip(values, batch, strict=True)]
    return texts


def _row(family: str, records: Sequence[Record]) -> Row:
    answered = sum(record.answer is not None for record in records)
    right = sum(record.right for record in records)
    return Row(family, len(records), answered, right, sum(record.error is not None for record in records))
