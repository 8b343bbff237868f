"""Texts as numbers: the words that a system has learned, and the marks around them."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

PAD, UNKNOWN, START, DENY, END, MASK = range(6)
MARKS = ("<pad>", "<unknown>", "<start>", "<deny>", "<end>", "<mask>")
WORD = re.compile(r"[a-z0-9]+(?:[-'][a-z0-9]+)*|;")
LONGEST = 60  # words that are read of a text
RARE = 2  # words that occur less often in training are read as unknown, so that there is something to learn of those


@dataclass(frozen=True)
class Words:
    """A list of words; a text is numbered from START, or from DENY where it is denied, to END.

    A denied text is the contradiction of the text itself: "it is not the case that ..." in one mark.
    """

    words: tuple[str, ...]

    def __len__(self) -> int:
        return len(MARKS) + len(self.words)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words, len(MARKS))}

    def encode(self, text: str, denied: bool = False) -> list[int]:
        """Return a text's numbers.

        >>> Words(("is", "red")).encode("Is it red?")
        [2, 6, 1, 7, 4]
        """
        numbers = [self._numbers.get(word, UNKNOWN) for word in split(text)[:LONGEST]]
        return [DENY if denied else START, *numbers, END]

    def encode_all(self, texts: Sequence[str], denied: Sequence[bool] = ()) -> Int[Tensor, "texts tokens"]:
        """Return the numbers of texts, padded with 0; equal texts are numbered once."""
        keys = list(zip(texts, denied or [False] * len(texts), strict=True))
        known = {key: torch.tensor(self.encode(*key)) for key in dict.fromkeys(keys)}
        return pad_sequence([known[key] for key in keys], batch_first=True) if keys else torch.zeros(0, 2).long()

    def decode(self, numbers: Iterable[int]) -> str:
        """Return the words of numbers up to END, marks left out."""
        said = []
        for number in numbers:
            if number == END:
                break
            if number >= len(MARKS):
                said.append(self.words[number - len(MARKS)])
        return " ".join(said)

    def unknown(self, text: str) -> list[str]:
        """Return the words of a text that are not known."""
        return [word for word in split(text) if word not in self._numbers]


def split(text: str) -> list[str]:
    """Return the words of a text, in lower case.

    >>> split("There's a medium-sized, red circle.")
    ["there's", 'a', 'medium-sized', 'red', 'circle']
    """
    return WORD.findall(text.lower())


def words_of(texts: Iterable[str]) -> Words:
    """Return the words that texts use, without rare ones, in the order of the alphabet."""
    counts = Counter(word for text in texts for word in split(text))
    return Words(tuple(sorted(word for word, count in counts.items() if count >= RARE)))
