"""Every error that this package raises on purpose, drawn as a tree.

::

    NmnError
    ├── LayoutError      a layout, or its text form, that is ill-typed or malformed
    ├── LexiconError     a lexicon file that is missing, malformed, clashing or cyclic
    ├── ConfigError      settings with an unknown key, a wrong type or a request that cannot be met
    ├── SceneError       a scene (or its JSON) with a missing field, a wrong type or a wrong value
    ├── DataError        a dataset's file that is missing, truncated or inconsistent
    ├── ImageError       a picture that is missing, damaged, too large or of a shape or range that is none
    ├── CheckpointError  weights that are missing, damaged, of another version, shape or vocabulary, or a pickle
    ├── TrainingError    a run that cannot go on: its loss is no number any more
    ├── CacheError       a cache of features that cannot be written
    ├── QuestionError    a question that cannot be read; carries the caret and what could have come
    └── ArgumentError    a layout names a word that the module library at hand does not know

Each message says what was wrong, where, and what would have been right. All derive from ``ValueError``, so that a
caller who does not know this package catches them as bad input.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

READ_SHOWN = 80  # letters of what was read before a mistake


class NmnError(ValueError):
    """Base of every error raised on purpose by ``nmn`` and ``synth_data``."""


class LayoutError(NmnError):
    """A layout, or its text form, is ill-typed or malformed."""


class LexiconError(NmnError):
    """A lexicon file is missing, malformed, clashing or cyclic."""


class ConfigError(NmnError):
    """Settings have an unknown key, a wrong type or value, or ask for what cannot be."""


class SceneError(NmnError):
    """A scene or its JSON has a missing field, a wrong type or a wrong value."""


class DataError(NmnError):
    """A dataset's file is missing, truncated or inconsistent."""


class ImageError(NmnError):
    """A picture is missing, damaged, too large, or not of a shape and range that pictures have."""


class CheckpointError(NmnError):
    """A file of weights is missing, damaged, of another version, shape or vocabulary, or a pickle."""


class TrainingError(NmnError):
    """A training run cannot go on."""


class CacheError(NmnError):
    """A cache of features cannot be written."""


class QuestionError(NmnError):
    """A question cannot be read.

    ``start`` and ``end`` are offsets into ``question`` of the words at fault, ``reason`` says what is wrong with them,
    ``read`` what was read before them, ``expected`` what could have come instead and ``suggestion`` the question with
    the nearest known word in place, or None. The message shows all of it, with carets under the words.
    """

    def __init__(
        self,
        question: str,
        start: int,
        end: int,
        reason: str,
        read: str = "",
        expected: tuple[str, ...] = (),
        suggestion: str | None = None,
    ) -> None:
        self.question, self.start, self.end, self.reason = question, start, end, reason
        self.read, self.expected, self.suggestion = read, expected, suggestion
        super().__init__(self._message())

    def expecting(self, expected: tuple[str, ...]) -> "QuestionError":
        """Return the error with what could come instead of a nearest word that would make no sense either."""
        reason = self.reason.partition("; did you mean ")[0]
        return QuestionError(self.question, self.start, self.end, reason, self.read, expected)

    def _message(self) -> str:
        first = max(0, self.start - 60)
        last = min(self.end, self.start + 60) + 20
        shown = "".join(letter if letter.isprintable() else " " for letter in self.question[first:last])
        carets = " " * (self.start - first) + "^" * max(1, min(self.end - self.start, 60))
        lines = [self.reason, f"  {shown}", f"  {carets}"] if shown.strip() else [self.reason]
        if self.read:
            cut = "... " if len(self.read) > READ_SHOWN else ""
            lines.append(f"read so far: {cut}{self.read[-READ_SHOWN:]}")
        if self.expected:
            lines.append(f"what could come here: {', '.join(self.expected)}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        fields = (self.question, self.start, self.end, self.reason, self.read, self.expected, self.suggestion)
        return QuestionError, fields


class ArgumentError(NmnError):
    """A layout names a value, relation, attribute or superlative that the library at hand does not know."""


def listed(words: Sequence[str], shown: int = 5) -> str:
    """Return the first words of a list, and how many more there are.

    >>> listed(["a", "b", "c"], shown=2)
    'a, b and 1 more'
    """
    more = f" and {len(words) - shown} more" if len(words) > shown else ""
    return ", ".join(words[:shown]) + more


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word nearest in spelling to ``word``, or None where none is near.

    >>> nearest("purpel", ["red", "purple"])
    'purple'
    """
    matches = get_close_matches(word, list(known), n=1, cutoff=0.7)
    return matches[0] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``'; did you mean "purple"?'``, or an empty string where no known word is near."""
    match = nearest(word, known)
    return f'; did you mean "{match}"?' if match else ""
