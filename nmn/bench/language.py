"""How fast questions are read: fresh, repeated, longer and longer, and in all their readings."""

import subprocess
import sys
import time

from nmn.bench.figure import Figure
from nmn.bench.timing import median_seconds
from nmn.language import read, read_all
from nmn.language.grammar import load_grammar
from nmn.language.parse import read_fresh

# about ten words each, one of every family that the grammar covers
QUESTIONS = (
    "Is there a small red circle left of a blue square?",
    "How many large yellow triangles are there above the green star?",
    "What color is the small circle to the left of the cross?",
    "Are there more red circles than blue squares above the ring?",
    "Is the large green triangle the same color as the small heart?",
    "Does the red circle have the same shape as the blue one?",
    "Every small circle that is red is left of a large square.",
    "There are at least two striped hexagons touching a dotted ring.",
    "Is the leftmost pentagon above the second largest square?",
    "Most of the shapes are red and no shape is large.",
    "Is there a star between the red circle and the blue square?",
    "How many things are either small red circles or large blue squares?",
)
CHAIN = "left of a red square"


def bench_language() -> list[Figure]:
    """Return the figures of the language, on one core."""
    grammar = load_grammar("world")
    words = sum(len(question.split()) for question in QUESTIONS) / len(QUESTIONS)
    fresh = median_seconds(lambda: [read_fresh(question, grammar) for question in QUESTIONS * 20])
    repeated = median_seconds(lambda: [read(question) for question in QUESTIONS * 1_000])
    return [
        Figure(f"fresh questions of {words:.1f} words", len(QUESTIONS) * 20 / fresh, "questions/s", at_least=1_000),
        Figure("repeated questions", len(QUESTIONS) * 1_000 / repeated, "questions/s", at_least=100_000),
        *_lengths(),
        *_readings(),
        Figure("nmn parse, whole process", _cold_seconds(), "s", at_most=0.5),
    ]


def _lengths() -> list[Figure]:
    """Time a chain of relations, the longest question there is, against its length."""
    grammar = load_grammar("world")
    figures, first = [], 0.0
    for hops in (0, 1, 3, 5, 8, 11):
        question = "is there a red circle " + " ".join([CHAIN] * hops)
        count = len(question.split())
        each = median_seconds(lambda text=question: [read_fresh(text, grammar) for _ in range(20)]) / 20 / count  # type: ignore[misc]
        figures.append(Figure(f"{count} words, a word", each * 1e6, "us"))
        first = first or each
    return [*figures, Figure("a word of the longest against one of the shortest", each / first, "x", at_most=2)]


def _readings() -> list[Figure]:
    question = "is there a red circle " + " ".join([CHAIN] * 11)
    start = time.perf_counter()
    found = read_all(question)
    seconds = time.perf_counter() - start
    name = f"first {len(found.readings)} readings of {len(question.split())} words"
    return [Figure(name, seconds * 1e3, "ms", at_most=100)]


def _cold_seconds() -> float:
    command = [sys.executable, "-m", "nmn", "parse", QUESTIONS[0]]
    return median_seconds(lambda: subprocess.run(command, check=True, capture_output=True))
