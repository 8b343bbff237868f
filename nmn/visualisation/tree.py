"""The parse tree under a graph: rules over the words that they cover, the words in the order of the question.

Every rule has a strip of the width to itself, down to its words, so that neither words nor lines can meet those of
another. Rules that have one part stand in one label with it. A tree that is wider than the page is drawn in rows: parts
of it are cut out, numbered, and drawn by themselves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from nmn.language.parse_tree import ParseTree
from nmn.visualisation.lettering import LINE, WORDS, Measure, Point, Text, wrapped

APART, BRANCH, ROW = 14.0, 14.0, 16.0  # between neighbours, over a label, between rows
HEADLINE = "parse tree"


@dataclass(frozen=True)
class DrawnTree:
    """A tree's words and lines, and the size of it all."""

    texts: tuple[Text, ...]
    lines: tuple[tuple[Point, Point], ...]
    width: float
    height: float


@dataclass(frozen=True)
class _Branch:
    """A rule with its parts, or words of the question with what they were taken for: lines of text, and their room."""

    lines: tuple[str, ...]
    own: float
    parts: tuple["_Branch", ...] = ()

    @cached_property
    def width(self) -> float:
        """Room for it and for all that is under it."""
        return max(self.own, _side_by_side(self.parts))

    @cached_property
    def height(self) -> float:
        """From the top of its label to the lowest label under it."""
        return self.tall + max([BRANCH + part.height for part in self.parts], default=0.0)

    @property
    def tall(self) -> float:
        """The height of its own lines."""
        return len(self.lines) * WORDS * LINE


def drawn_tree(tree: ParseTree, question: str, at: Point, width: float, measure: Measure) -> DrawnTree:
    """Place a tree over the words of its question, from a point on; no wider than ``width`` if words allow."""
    texts = [Text(HEADLINE, at, WORDS, "strong")]
    lines: list[tuple[Point, Point]] = []
    widest, top = measure(HEADLINE, WORDS), at[1] + WORDS * LINE + BRANCH / 2
    for root in _rows(_branch(tree, question, measure), width, measure):
        _place(root, at[0], top, top + root.height, texts, lines, measure)
        widest, top = max(widest, root.width), top + root.height + ROW
    return DrawnTree(tuple(texts), tuple(lines), widest, top - ROW - at[1])


def moved(tree: DrawnTree, down: float) -> DrawnTree:
    """Return a tree further down."""
    texts = tuple(replace(text, at=(text.at[0], text.at[1] + down)) for text in tree.texts)
    lines = tuple(((one[0], one[1] + down), (end[0], end[1] + down)) for one, end in tree.lines)
    return replace(tree, texts=texts, lines=lines)


def _branch(tree: ParseTree, question: str, measure: Measure) -> _Branch:
    names = [tree.label]
    while len(tree.children) == 1 and tree.children[0].children:
        (tree,) = tree.children
        names.append(tree.label)
    if not tree.children:
        return _leaf(tree, question, measure)
    parts = tuple(_branch(child, question, measure) for child in tree.children)
    room = max(_side_by_side(parts), *(measure(f"{name} /", WORDS) for name in names))
    return _labelled(tuple(wrapped(" / ".join(names), WORDS, room, measure)), parts, measure)


def _leaf(tree: ParseTree, question: str, measure: Measure) -> _Branch:
    return _labelled((tree.label, f'"{question[tree.start : tree.end]}"'), (), measure)


def _labelled(lines: tuple[str, ...], parts: tuple[_Branch, ...], measure: Measure) -> _Branch:
    return _Branch(lines, max(measure(line, WORDS) for line in lines), parts)


def _side_by_side(parts: Sequence[_Branch]) -> float:
    return sum(part.width for part in parts) + APART * max(0, len(parts) - 1)


def _rows(root: _Branch, width: float, measure: Measure) -> Iterator[_Branch]:
    """Yield the tree, or what is left of it once the largest parts that fit are cut out, then those parts."""
    cut: list[_Branch] = []
    while root.width > width:
        fitting = [one for one in _below(root) if one.parts and one.width <= width]
        if not fitting:
            break
        largest = max(fitting, key=lambda one: one.width)
        name = f"({len(cut) + 1})"
        root = _without(root, largest, _labelled((largest.lines[0], name), (), measure))
        lines = (f"{name} {largest.lines[0]}", *largest.lines[1:])
        cut.append(_labelled(lines, largest.parts, measure))
    yield root
    yield from cut


def _below(branch: _Branch) -> Iterator[_Branch]:
    for part in branch.parts:
        yield part
        yield from _below(part)


def _without(branch: _Branch, old: _Branch, new: _Branch) -> _Branch:
    if branch is old:
        return new
    return replace(branch, parts=tuple(_without(part, old, new) for part in branch.parts)) if branch.parts else branch


def _place(
    branch: _Branch, left: float, top: float, bottom: float, texts: list[Text], lines: list[tuple[Point, Point]],
    measure: Measure,
) -> float:  # fmt: skip
    """Place a branch in its strip, words at the bottom; return the middle of its label."""
    start = left + (branch.width - _side_by_side(branch.parts)) / 2
    under = top + branch.tall
    middles, middle = [], left + branch.width / 2
    for part in branch.parts:
        below = under + BRANCH if part.parts else bottom - part.tall
        middles.append(_place(part, start, below, bottom, texts, lines, measure))
        lines.append(((middles[-1], under + BRANCH / 2), (middles[-1], below)))
        start += part.width + APART
    if middles:
        half = branch.own / 2
        middle = min(max((middles[0] + middles[-1]) / 2, left + half), left + branch.width - half)
        lines.append(((middle, under), (middle, under + BRANCH / 2)))
        lines.append(((min(middle, *middles), under + BRANCH / 2), (max(middle, *middles), under + BRANCH / 2)))
    for number, line in enumerate(branch.lines):
        word = not branch.parts and number == len(branch.lines) - 1
        at = (middle - measure(line, WORDS) / 2, top + number * WORDS * LINE)
        texts.append(Text(line, at, WORDS, "strong" if word else "words"))
    return middle
