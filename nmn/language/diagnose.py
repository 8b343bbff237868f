"""Why a question cannot be read: a table of explanations, each with broken questions that produce it.

The table is read by ``explain`` when the parser stops at a token and by the test that parses the broken questions.
The first entry that fits wins; the last fits everything.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lark import Token
from lark.exceptions import UnexpectedInput, UnexpectedToken

from nmn.errors import QuestionError
from nmn.language.grammar import Grammar
from nmn.language.lexer import read_so_far

END = "$END"
NOUNS = frozenset({"VALUE_NOUN", "THING", "THING_ATTRIBUTE", "ONE", "ONES", "PANEL"})
STARTERS = frozenset({"BE", "DO", "WHAT", "WHICH", "HOW", "HOW_MANY", "FIND", "IF", "THERE", "WHETHER", "DOES_CONTAIN"})
ARTICLES = frozenset(
    {"A", "THE", "NO", "EVERY", "MOST", "HALF", "BOTH", "NEITHER", "ONLY", "SEVERAL", "ANOTHER", "SINGLE"}
)
VERBS = frozenset({"BE", "THERE", "DO", "HAVE"})
RELATIONS = frozenset({"RELATION", "VERB", "BETWEEN", "NEAREST", "NEAREST_TO", "FARTHEST_FROM"})
ANY: frozenset[str] = frozenset()


class Explanation(NamedTuple):
    """What is wrong when one of ``token`` follows one of ``after`` (empty: any) and one of ``expected`` was due."""

    token: frozenset[str]
    after: frozenset[str]
    expected: frozenset[str]
    reason: str
    broken: tuple[str, ...]


EXPLANATIONS: tuple[Explanation, ...] = (
    Explanation(frozenset({END}), RELATIONS, ANY, "the question stops after a relation; the noun it relates to is due",
                ("is the red circle left of", "is there a circle above", "is there a circle between")),
    Explanation(frozenset({END}), VERBS, ANY, "the question stops after a verb; what is asked or said is due",
                ("is there", "the red circle is", "what color is")),
    Explanation(frozenset({END}), ANY, NOUNS, "the question stops where a noun is due",
                ("is there a red", "how many", "are there more circles than")),
    Explanation(frozenset({END}), ANY, ANY, "the question stops before it is complete",
                ("if there is a circle", "are there as many circles")),
    Explanation(STARTERS, ANY, frozenset({END}), "a second question seems to start here; ask one at a time",
                ("is there a red circle how many squares are there", "how many circles are there is there a square")),
    Explanation(frozenset({"ADJECTIVE"}), NOUNS, ANY, "an adjective stands before its noun, or after \"that is\"",
                ("is there a circle red", "how many circles red are there")),
    Explanation(NOUNS, NOUNS, ANY, "two nouns stand side by side; a relation or \"and\" is missing between them",
                ("is there a circle square", "there is a circle triangle left of a square")),
    Explanation(ARTICLES, ARTICLES, ANY, "two determiners stand side by side",
                ("is there a the circle", "is there every a circle")),
    Explanation(ARTICLES, NOUNS, ANY, "a second noun phrase starts here; a relation or \"and\" is missing before it",
                ("is there a circle a square", "how many circles the square")),
    Explanation(RELATIONS, RELATIONS, ANY, "two relations stand side by side; a noun is missing between them",
                ("is there a circle left of above a square", "is the circle between left of a square")),
    Explanation(RELATIONS, ANY, NOUNS, "a relation stands where a noun is due",
                ("is there a left of a square", "is there a red above a circle")),
    Explanation(frozenset({"_ON_THE"}), ANY, ANY,
                "where in an image something lies is not read: say what it is left of, or \"the leftmost\" of what",
                ("what is on the left", "which shape is on the right", "the star is on the left")),
    Explanation(frozenset({"AND", "OR", "NOR"}), ANY, ANY, "there is nothing before this that it could join",
                ("and is there a circle", "is there and a circle")),
    Explanation(ANY, ANY, ANY, "this word cannot come here",
                ("is there a circle than a square", "how many there", "circle of what is the color")),
)  # fmt: skip

OPEN_CLASSES = {
    "VALUE_NOUN": "a noun", "THING": "a noun", "ADJECTIVE": "an adjective", "RELATION": "a relation", "VERB": "a verb",
    "ATTRIBUTE": "an attribute", "THING_ATTRIBUTE": "an attribute", "SUPERLATIVE": "a superlative", "PLACE": "a side",
    "SUPERLATIVE_PLACE": "a superlative", "NUMBER": "a number", "PANEL": "a panel", "SIDE": "a side of a panel",
    "COMPARATIVE": "a comparative",
}  # fmt: skip
MAX_EXPECTED = 12


def explain(question: str, tokens: Sequence[Token], error: UnexpectedToken, grammar: Grammar) -> QuestionError:
    """Return the error that says why the parser stopped at a token."""
    place = next((index for index, token in enumerate(tokens) if token is error.token), len(tokens))
    wanted = frozenset(error.accepts or error.expected)
    failing = tokens[place].type if place < len(tokens) else END
    before = tokens[place - 1].type if place else ""
    reason = find_explanation(failing, before, wanted).reason
    length = len(question.rstrip(" ?.!"))
    start, end = (tokens[place].start_pos, tokens[place].end_pos) if place < len(tokens) else (length, length)
    read = read_so_far(question, tokens[:place])
    return QuestionError(question, start or 0, end or 0, reason, read, expected_words(wanted, grammar))


def accepted(tokens: list[Token], grammar: Grammar) -> frozenset[str]:
    """Return the terminals that may come after tokens; none after what cannot be read."""
    try:
        state = grammar.parser.parse_interactive(tokens)
        state.exhaust_lexer()
    except UnexpectedInput:
        return frozenset()
    return frozenset(map(str, state.accepts()))  # type: ignore[no-untyped-call]


def find_explanation(token: str, after: str, expected: frozenset[str]) -> Explanation:
    """Return the first entry of the table that fits."""
    return next(
        entry
        for entry in EXPLANATIONS
        if (not entry.token or token in entry.token)
        and (not entry.after or after in entry.after)
        and (not entry.expected or expected & entry.expected)
    )


def expected_words(terminals: Iterable[str], grammar: Grammar) -> tuple[str, ...]:
    """Return what could come, in words: open classes with an example first, then function words."""
    examples: dict[str, str] = {}
    for phrase, sense in grammar.vocabulary.senses.items():
        shortest = examples.get(sense.terminal)
        if shortest is None or (sense.terminal not in OPEN_CLASSES and len(" ".join(phrase)) < len(shortest)):
            examples[sense.terminal] = " ".join(phrase)
    terminals = sorted(set(terminals))
    opened = {OPEN_CLASSES[name]: examples[name] for name in terminals if name in OPEN_CLASSES and name in examples}
    closed = [f'"{examples[name]}"' for name in terminals if name not in OPEN_CLASSES and name in examples]
    end = ["the end"] if END in terminals else []
    words = [f'{group} ("{example}")' for group, example in opened.items()] + end + closed
    return tuple(words[:MAX_EXPECTED]) + (("...",) if len(words) > MAX_EXPECTED else ())
