"""Question text to words: lower case, plain quotes, contractions opened, offsets into the original kept.

Commas are decided here, since they only ever stand for another word: before a conjunction or a relative clause, or
between two adjectives, a comma is dropped; in a list it stands for the conjunction that ends the list; after an
if-clause it stands for "then".
"""

import re
import unicodedata
from typing import NamedTuple

from nmn.errors import QuestionError

MAX_WORDS = 200
MAX_CHARACTERS = 2_000
CONTRACTIONS = {"can't": ("can", "not"), "cannot": ("can", "not"), "won't": ("will", "not"), "ain't": ("is", "not")}
PIECE = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)|[^\W_]+(?:[-'][^\W_]+)*|[;,?!.:()\"]|\S")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
ORDINAL = re.compile("([1-9]|10)(st|nd|rd|th)")
SILENT = frozenset('?!.:()"')
EXCEPTED = ("everything", "nothing", "anything", "all")  # before "but", which then leaves out
QUOTES = str.maketrans("\u2019\u2018\u02bc\u201c\u201d\u2010\u2011", "'''\"\"--")


class Word(NamedTuple):
    """A word in lower case and its place in the question: offsets of its first and after its last letter."""

    text: str
    start: int
    end: int


def normalise(question: str) -> list[Word]:
    """Return the words of one question; raise QuestionError for what cannot be one.

    >>> [word.text for word in normalise("Isn't there a red, small circle?")]
    ['is', 'not', 'there', 'a', 'red', 'small', 'circle']
    """
    check_length(question)
    text = question.translate(QUOTES)
    words: list[Word] = []
    for match in PIECE.finditer(text):
        piece = match[0].lower()
        if piece in SILENT:
            if piece in "?!.":
                _check_single(question, text, match.end(), piece)
            continue
        if not (piece[0].isalnum() or piece in ";,"):
            raise QuestionError(question, match.start(), match.end(), _strange(piece))
        if piece[0].isdigit():
            piece = piece.replace(",", "")
        words += _open_contraction(piece, match.start(), match.end())
    if len(words) > MAX_WORDS:
        raise QuestionError(
            question,
            words[MAX_WORDS].start,
            words[MAX_WORDS].end,
            f"the question has {len(words)} words; at most {MAX_WORDS} are read",
        )
    words = _excepting(_resolve_commas(_afterthought(_beside_it(words))))
    if not words:
        raise QuestionError(question, 0, 0, "the question is empty")
    return words


def _beside_it(words: list[Word]) -> list[Word]:
    """Read "to its left", "on their right side" as "to the left of it"."""
    found: list[Word] = []
    place = 0
    while place < len(words):
        texts = [word.text for word in words[place : place + 4]]
        if texts[:1] in (["to"], ["on"]) and texts[1:2] in (["its"], ["their"]) and texts[2:3] in (["left"], ["right"]):
            first, its, side = words[place : place + 3]
            place += 4 if texts[3:] == ["side"] else 3
            pronoun = its._replace(text="it" if its.text == "its" else "them")
            found += [first._replace(text="to"), its._replace(text="the"), side, side._replace(text="of"), pronoun]
        else:
            found.append(words[place])
            place += 1
    return found


def _excepting(words: list[Word]) -> list[Word]:
    """Put "except" for the "but" of "everything but ..."."""
    before = ["", *(word.text for word in words)]
    return [
        word._replace(text="except") if word.text == "but" and last in EXCEPTED else word
        for word, last in zip(words, before, strict=False)
    ]


def check_length(question: str) -> None:
    """Raise QuestionError for a text that is too long to be a question, TypeError for what is no text."""
    if not isinstance(question, str):
        raise TypeError(f"a question is a text, got {type(question).__name__}")
    if len(question) > MAX_CHARACTERS:
        raise QuestionError(
            question[:80] + "...",
            80,
            83,
            f"the question has {len(question.split()):,} words and {len(question):,} characters; "
            f"at most {MAX_WORDS} words and {MAX_CHARACTERS:,} characters are read",
        )


def _check_single(question: str, text: str, end: int, mark: str) -> None:
    """Refuse words after a closing mark: two questions at once."""
    rest = re.search(r"\w", text[end:])
    if rest:
        start = end + rest.start()
        raise QuestionError(
            question, start, len(question.rstrip()), f'a second sentence starts after "{mark}"; ask one at a time'
        )


def _strange(piece: str) -> str:
    code = f"U+{ord(piece):04X}"
    kind = "control character" if unicodedata.category(piece).startswith("C") else "character"
    name = unicodedata.name(piece, "without a name").lower()
    return f"the {kind} {code} ({name}) does not belong in a question"


def _open_contraction(piece: str, start: int, end: int) -> list[Word]:
    if piece in CONTRACTIONS:
        return [Word(part, start, end) for part in CONTRACTIONS[piece]]
    if ordinal := ORDINAL.fullmatch(piece):
        return [Word(ORDINALS[int(ordinal[1]) - 1], start, end)]
    if (parts := piece.split("-"))[0] in ORDINALS and len(parts) == 2:
        return [Word(parts[0], start, start + len(parts[0])), Word(parts[1], end - len(parts[1]), end)]
    if piece.startswith("non-"):
        return [Word("non", start, start + 4), Word(piece[4:], start + 4, end)]
    if piece.endswith("n't"):
        return [Word(piece[:-3], start, end - 3), Word("not", end - 3, end)]
    if piece.endswith("'s"):
        stem = piece[:-2]
        verb = stem in ("what", "there", "it", "that", "where", "which", "who")
        return [Word(stem, start, end - 2), Word("is" if verb else "'s", end - 2, end)]
    if piece.endswith("'re"):
        return [Word(piece[:-3], start, end - 3), Word("are", end - 3, end)]
    return [Word(piece, start, end)]


def _afterthought(words: list[Word]) -> list[Word]:
    """Read "there are two circles, which are red" as "and they are red", "two of which" as "and two of them".

    So is a plain noun followed alone; after more than that, the words do not say what is meant.
    """
    commas = [place for place, word in enumerate(words) if word.text == ","]
    texts = [word.text for word in words]
    if len(commas) != 1 or texts[:2] != ["there", "are"] or commas[0] > 6 or {"and", "or", "near"} & set(texts):
        return words
    (comma,) = commas
    place = next((place for place in range(comma + 1, len(words) - 1) if texts[place] == "which"), len(words))
    partitive = place < comma + 6 and texts[place - 1] == "of"
    if not partitive and not (place == comma + 1 and texts[place + 1] in ("are", "were", "have", "do")):
        return words
    joined = list(words)
    joined[comma] = Word("and", words[comma].start, words[comma].end)
    joined[place] = Word("them" if partitive else "they", words[place].start, words[place].end)
    return joined


def _resolve_commas(words: list[Word]) -> list[Word]:
    """Replace each comma by the word it stands for, or drop it."""
    if not any(word.text == "," for word in words):
        return words
    resolved: list[Word] = []
    conditional = words[0].text == "if" and all(word.text != "then" for word in words)
    fronted = words[0].text == "in"  # "in the left image, there is a circle and a square"
    conjunction = ""
    for position in range(len(words) - 1, -1, -1):
        word = words[position]
        following = words[position + 1].text if position + 1 < len(words) else ""
        if word.text in ("and", "or", "nor"):
            conjunction = word.text
        if word.text != ",":
            resolved.append(word)
        elif conditional and all(other.text != "," for other in words[:position]):
            resolved.append(Word("then", word.start, word.end))
        elif fronted and all(other.text != "," for other in words[:position]):
            continue
        elif conjunction and following not in ("and", "or", "nor", "which", "that", "but", "then", "what", "how", "is"):
            resolved.append(Word(conjunction, word.start, word.end))
    return resolved[::-1]
