"""What stands over a graph: the question with the words that calls come from, the answer, what to be careful about."""

from dataclasses import dataclass

from nmn.assembler.trace import percent
from nmn.layout import Kind
from nmn.visualisation.explanation import Explanation, Rectangle, shares
from nmn.visualisation.lettering import (
    HEADING,
    LINE,
    SUB_HEADING,
    WORDS,
    Measure,
    Point,
    Text,
    line_spans,
    printable,
    wrapped,
)

LIKELIEST = 5  # answers that are listed
MOST_READINGS = 3
BELOW, THICK, APART = 1.14, 3.0, 1.0  # of a mark: how far below the letters' top in sizes, its height and gaps in units


@dataclass(frozen=True)
class Mark:
    """A line under words of the question, and the calls that come from them."""

    box: Rectangle
    kind: Kind
    calls: tuple[int, ...]


@dataclass(frozen=True)
class Header:
    """Lines over a graph, and where they end."""

    texts: tuple[Text, ...]
    marks: tuple[Mark, ...]
    bottom: float


def header(explanation: Explanation, at: Point, width: float, measure: Measure) -> Header:
    """Place the lines over a graph from a point on, no wider than ``width``."""
    question = printable(explanation.question)
    left, top = at
    texts, marks = [], []
    for start, end in line_spans(question, HEADING, width, measure):
        texts.append(Text(question[start:end], (left, top), HEADING, "strong"))
        marks += _marks(explanation, question, (start, end), (left, top), measure)
        top += HEADING * LINE + THICK
    for words, size, tone in _lines(explanation):
        for line in wrapped(words, size, width, measure):
            texts.append(Text(line, (left, top), size, tone))
            top += size * LINE
    return Header(tuple(texts), tuple(marks), top)


def _marks(explanation: Explanation, question: str, line: tuple[int, int], at: Point, measure: Measure) -> list[Mark]:
    """Return the lines under those words of a line that calls come from."""
    found = []
    nothing = measure("", HEADING)  # what a measure adds around words
    for mention in explanation.mentions:
        start, end = max(mention.start, line[0]), min(mention.end, line[1])
        if start < end and question[start:end].strip():
            end = start + len(question[start:end].rstrip())
            left = at[0] + (measure(question[line[0] : start], HEADING) - nothing)
            right = at[0] + measure(question[line[0] : end], HEADING) - nothing
            down = at[1] + HEADING * BELOW
            kind = explanation.calls[mention.calls[-1]].kind
            found.append(Mark((left + APART, down, right - APART, down + THICK), kind, mention.calls))
    return found


def _lines(explanation: Explanation) -> list[tuple[str, float, str]]:
    """Return what is said under the question: words, size and tone."""
    lines = [(f"read as: {explanation.reading}", SUB_HEADING, "careful")] if explanation.reading else []
    sure = f"  ({percent(explanation.confidence)} sure)" if explanation.neural else ""
    if explanation.answer:
        lines.append((f"answer: {explanation.answer}{sure}", HEADING, "answer"))
    if chances := shares(explanation, LIKELIEST):
        listed = ",  ".join(f"{word}: {percent(chance)}" for word, chance in chances.items())
        lines.append((listed, WORDS, "plain"))
    if explanation.exact:
        agrees = explanation.exact.agrees
        words = "the known scene agrees" if agrees else f"exactly, by the known scene: {explanation.exact.text}"
        lines.append((words, SUB_HEADING, "agrees" if agrees else "differs"))
    lines += [(f"careful: {problem}", SUB_HEADING, "careful") for problem in explanation.problems]
    shown = explanation.others[:MOST_READINGS]
    lines += [(f"could also mean: {layout}", WORDS, "plain") for layout in shown]
    if len(explanation.others) > len(shown) or explanation.more_readings:
        lines.append((f"... and more readings than these {len(shown)}", WORDS, "plain"))
    return lines
