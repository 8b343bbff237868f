"""Terminals that the words about a word make of it: "and" of "the same color and size", "touching" without an object.

The parser sees one word ahead; what only words further on tell stands here, told before it parses.
"""

from collections.abc import Callable, Collection, Sequence
from itertools import pairwise

from lark import Token

from nmn.language.trees import ATTRIBUTES

AND_ATTRIBUTE = "_AND_ATTRIBUTE"  # in "the same color and size", which goes on otherwise than "and a star is red"
BEFORE_ALIKE = {"AND": "AND_A", "OR": "OR_A"}  # in "a red and a blue circle", whose first noun is the second
DETERMINED = ("A", "THE", "ONE", "NUMBER")  # "a red and a blue circle", "two red and three blue circles"
BOUNDS = ("AT_LEAST", "AT_MOST", "EXACTLY", "MORE_THAN", "FEWER_THAN")  # before a number
PARTICIPLE, REACHING = "PARTICIPLE", "REACHING"  # "touching" without an object: are touching, is the star touching
SUBJECTS = ("IT", "EVERY", "BOTH", "NO")  # what else a thing that touches others may begin with
QUESTION_WORDS = ("WHAT", "WHICH", "WHICH_KIND", "HOW_MANY")
CLOSING = ("BE", "DO", "HAVE", "THAT", "THEN", "NOR", "IN", "VISIBLE", "_SEMICOLON")  # after "two circles touching"
AS, EQUALLY = "_AS", "EQUALLY"  # "as large as" is "equally large as"
SUBJECT_ENDS = ("VALUE_NOUN", "THING", "THING_ATTRIBUTE", "ONE", "ONES", "IT")


def tell_apart(question: str, tokens: Sequence[Token], verbs: Collection[str]) -> None:
    """Give tokens the terminals that those about them make of them; ``verbs``: the relations that have a verb."""
    for place, token in enumerate(tokens):
        ending = token.type == "RELATION" and question[: token.end_pos].endswith("ing")
        if ending and str(token.value) in verbs:
            token.type = _participle(tokens[:place], tokens[place + 1 :])
    for place, token in enumerate(tokens):
        before, here = tokens[:place], tokens[place:]
        told = (other for old, other, fits in TOLD_APART if token.type == old and here[1:] and fits(before, here))
        token.type = next(told, token.type)


def _participle(before: Sequence[Token], after: Sequence[Token]) -> str:
    """Return the terminal of "touching": with an object after it, or without, of things or of what they reach."""
    pairs = [(one.type, other.type) for one, other in pairwise(before)]
    verbs = [follows for token, follows in pairs if token == "BE"]
    clauses = [follows for token, follows in pairs if token in ("THAT", "WHICH", "WHAT")]
    said = bool(before) and before[-1].type == "BE"
    if said and clauses and clauses[-1] in ("A", "THE"):
        return REACHING  # "that the star is touching"
    following = [token.type for token in after[:2]]
    joins = following[:1] in (["AND"], ["OR"]) and following[1:] != ["RELATION"]
    if following and not joins and following[0] not in CLOSING:
        return "RELATION"
    starts = [place + 1 for place, token in enumerate(before) if token.type == "_SEMICOLON"]
    question = before[starts[-1] if starts else 0 :]
    asked = (
        bool(verbs and question)
        and not said
        and question[0].type in QUESTION_WORDS
        and verbs[-1] in (*DETERMINED, *SUBJECTS)
    )
    return REACHING if asked else PARTICIPLE  # "what is the star touching", "two circles are touching"


def lacks_noun(tokens: Sequence[Token]) -> bool:
    """Whether some tokens end in "a red", without a noun."""
    first = len(tokens) - 1
    while first > 0 and tokens[first].type == "ADJECTIVE":
        first -= 1
    return 0 <= first < len(tokens) - 1 and tokens[first].type in DETERMINED


def _is_alike(tokens: Sequence[Token]) -> bool:
    """Whether some tokens begin with "a blue", "three blue", "at least three blue", as "a red and" goes on."""
    first = 1 if tokens and tokens[0].type in BOUNDS else 0
    determiner, adjective = ([token.type for token in tokens[first : first + 2]] + ["", ""])[:2]
    return determiner in DETERMINED and adjective == "ADJECTIVE"


def _is_kinds(tokens: Sequence[Token]) -> bool:
    """Whether some tokens begin with a plural, "red circles", and "nor" comes after it."""
    noun = next((token for token in tokens if token.type != "ADJECTIVE"), None)
    return noun is not None and getattr(noun.value, "plural", False) and any(token.type == "NOR" for token in tokens)


def _is_said_of(before: Sequence[Token]) -> bool:
    """Whether a subject with its verb comes before: "the shapes are", "are the shapes", not "are" or "there are"."""
    if len(before) < 2:
        return False
    if before[-1].type == "BE":
        return before[-2].type not in ("THERE", "AND", "OR", "_SEMICOLON")
    return before[0].type == "BE" and before[1].type != "THERE" and before[-1].type in SUBJECT_ENDS


def _says_of_each(before: Sequence[Token], after: Sequence[Token]) -> bool:
    """Whether "both" in "they are both red" is "all": no noun's, and not of "both red and large"."""
    predicate = after[0].type in ("ADJECTIVE", "RELATION", "SAME") and all(token.type != "AND" for token in after)
    return predicate and _is_said_of(before)


def _joins_attributes(before: Sequence[Token], here: Sequence[Token]) -> bool:
    """Whether "and" stands in "the same color and size"."""
    after = here[1]
    return bool(before) and before[-1].type in ATTRIBUTES and (after.type == "SAME" or _is_attribute(after))


def _is_attribute(token: Token) -> bool:
    return token.type in ATTRIBUTES and not (token.type == "THING_ATTRIBUTE" and token.value.plural)


# terminals that the words around them tell apart: the one that a phrase has, the one that it is read as, and where: by
# the tokens before it and by those from it on
TOLD_APART: tuple[tuple[str, str, Callable[[Sequence[Token], Sequence[Token]], bool]], ...] = (
    ("AND", AND_ATTRIBUTE, _joins_attributes),
    *((old, new, lambda before, here: lacks_noun(before) and _is_alike(here[1:])) for old, new in BEFORE_ALIKE.items()),
    (AS, EQUALLY, lambda _, here: [token.type for token in here[1:3]] == ["ADJECTIVE", AS]),  # "as large as"
    ("EQUAL_TO", "SAME", lambda _, here: str(here[0].value) == "equal" and here[1].type in ATTRIBUTES),  # "equal size"
    ("NEITHER", "NEITHER_OF_KINDS", lambda before, here: _is_kinds(here[1:]) and _is_said_of(before)),
    ("NEITHER", "NEITHER_KIND", lambda _, here: _is_kinds(here[1:])),
    ("BOTH", "EVERY", lambda before, here: _says_of_each(before, here[1:])),
)
