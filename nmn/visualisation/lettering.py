"""Words in drawings: sizes, lines, and the width that a format's letters have."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

Measure = Callable[[str, float], float]  # the width of words at a size
Point = tuple[float, float]

TITLE, WORDS, VALUE, HEADING, SUB_HEADING = 15.0, 12.5, 20.0, 24.0, 17.0  # sizes of text
LINE = 1.3  # height of a line, in sizes


@dataclass(frozen=True)
class Text:
    """A line of words: ``at`` is its left end and top, ``tone`` what it is for."""

    words: str
    at: Point
    size: float
    tone: str = "plain"


def wrapped(words: str, size: float, width: float, measure: Measure) -> list[str]:
    """Return words on lines no wider than ``width``; a single word that is wider is parted."""
    return [" ".join(words[start:end].split()) for start, end in line_spans(printable(words), size, width, measure)]


def printable(words: str) -> str:
    """Return words with spaces for what cannot be printed."""
    return "".join(letter if letter.isprintable() else " " for letter in words)


def line_spans(words: str, size: float, width: float, measure: Measure) -> list[tuple[int, int]]:
    """Return the offsets of lines no wider than ``width``; a single word that is wider is parted."""
    lines: list[tuple[int, int]] = []
    for start, end in _pieces(words, size, width, measure):
        if lines and lines[-1][1] < start and measure(words[lines[-1][0] : end], size) <= width:
            lines[-1] = lines[-1][0], end
        else:
            lines.append((start, end))
    return lines


def _pieces(words: str, size: float, width: float, measure: Measure) -> Iterator[tuple[int, int]]:
    """Yield the offsets of every word, and of the parts of one that is too wide."""
    end = 0
    for word in words.split():
        start = words.index(word, end)
        end = start + len(word)
        while measure(words[start:end], size) > width and end - start > 1:
            fits = (cut for cut in range(end - 1, start, -1) if measure(words[start:cut], size) <= width)
            cut = next(fits, start + 1)
            yield start, cut
            start = cut
        yield start, end
