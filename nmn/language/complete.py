"""What a grammar lets come next in a question that is being typed: completions, for an editor to offer.

The parser itself says which terminals it would take after the words before; the phrases of those terminals that start
with what is half typed are offered. So a completion never leads to where the parser stops.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nmn.errors import QuestionError
from nmn.language.diagnose import OPEN_CLASSES, accepted
from nmn.language.grammar import Grammar
from nmn.language.lexer import FILLER, Sense
from nmn.language.normalise import Word, check_length, normalise
from nmn.language.told_apart import AND_ATTRIBUTE, AS, BEFORE_ALIKE, DETERMINED, EQUALLY, PARTICIPLE, lacks_noun
from nmn.language.trees import ATTRIBUTES

FUNCTION = "a function word"
# What the lexer tells a word to be by those after it, of which these are typed so far and those may come: "a red and",
# "a red and a", "is as", "is as large", "the same color and", "is touching", after which anything may come.
RETOLD: tuple[tuple[Mapping[str, str], tuple[str, ...], tuple[str, ...]], ...] = (
    (BEFORE_ALIKE, (), DETERMINED),
    (BEFORE_ALIKE, DETERMINED, ("ADJECTIVE",)),
    ({AS: EQUALLY}, (), ("ADJECTIVE",)),
    ({AS: EQUALLY}, ("ADJECTIVE",), (AS,)),
    ({"AND": AND_ATTRIBUTE}, (), ("SAME", *ATTRIBUTES)),
    ({PARTICIPLE: "RELATION"}, (), ()),
)


@dataclass(frozen=True, slots=True)
class Completion:
    """A phrase that may come: ``start`` is where it begins in the question, before what is typed of it already.

    ``group`` says what it is ("a noun"); ``name`` is what the lexicon calls it ("circle"), its own text otherwise.
    """

    text: str
    start: int
    group: str
    name: str


def completions(question: str, grammar: Grammar) -> tuple[tuple[Completion, ...], bool]:
    """Return what may come at the end of a question, and whether the question may also end there.

    Phrases that continue what is half typed come first, longer typed parts before shorter ones. Nothing may come after
    words that cannot be read.

    >>> from nmn.language.grammar import load_grammar
    >>> found, _ = completions("is there a red ci", load_grammar("world"))
    >>> [one.text for one in found], found[0].start
    (['circle', 'circles', 'circular'], 15)
    """
    try:
        check_length(question)
        words = normalise(question) if question.strip() else []
    except QuestionError:
        return (), False
    fresh = not words or not question[-1].isalnum()  # nothing is half typed
    found: dict[str, Completion] = {}
    complete = False
    longest = max(grammar.vocabulary.longest.values())
    for typed in range(min(longest, len(words)), -1, -1):
        if typed == 0 and not fresh:
            break
        due = _due(question, words[: len(words) - typed], grammar)
        if typed == 0:
            complete = "$END" in due
        for one in _phrases(question, words[len(words) - typed :], due, fresh, grammar):
            found.setdefault(one.text, one)
    if not fresh:
        complete = "$END" in _due(question, words, grammar)
    return tuple(found.values()), complete


def _due(question: str, words: list[Word], grammar: Grammar) -> frozenset[str]:
    """Return the terminals that may come after some words; none after words that cannot be read."""
    try:
        tokens = grammar.vocabulary.tokens(question, words)
    except QuestionError:
        return frozenset()
    due = accepted(tokens, grammar)
    for retold, after, wanted in RETOLD:
        place = len(tokens) - 1 - bool(after)
        told = tokens[place].type if place >= 0 else ""
        begun = told in retold and (not after or tokens[-1].type in after)
        if begun and (retold is not BEFORE_ALIKE or lacks_noun(tokens[:place])):
            tokens[place].type = retold[told]
            due |= {one for one in accepted(tokens, grammar) if not wanted or one in wanted}
            tokens[place].type = told
    return due


def _phrases(
    question: str, typed: list[Word], due: frozenset[str], fresh: bool, grammar: Grammar
) -> Iterator[Completion]:
    """Yield the phrases of the terminals that are due which go on from the typed words, in the vocabulary's order."""
    words = [word.text for word in typed]
    start = typed[0].start if typed else len(question)
    for phrase, sense in grammar.vocabulary.senses.items():
        if sense.terminal in due and sense.terminal != FILLER and _goes_on(phrase, words, fresh):
            text = " ".join(phrase)
            if _stands_alone(f"{question[:start]} {text}", start + 1, grammar):
                yield Completion(text, start, _group(sense), str(sense))


def _goes_on(phrase: tuple[str, ...], typed: list[str], fresh: bool) -> bool:
    """Whether a phrase starts with the typed words, the last of them perhaps half typed, and is more than they are."""
    if not typed:
        return True
    if fresh:
        return len(phrase) > len(typed) and list(phrase[: len(typed)]) == typed
    whole, part = typed[:-1], typed[-1]
    begins = len(phrase) >= len(typed) and list(phrase[: len(whole)]) == whole
    return begins and phrase[len(whole)].startswith(part) and (len(phrase) > len(typed) or phrase[-1] != part)


def _stands_alone(text: str, start: int, grammar: Grammar) -> bool:
    """Whether the phrase at the end of a text is read as one, and not as part of a longer one that starts before it."""
    try:
        last = grammar.vocabulary.tokens(text, normalise(text))[-1]
    except (QuestionError, IndexError):
        return False
    return bool(last.start_pos == start)


def _group(sense: Sense) -> str:
    return OPEN_CLASSES.get(sense.terminal, FUNCTION)
