"""Lists of noun phrases and modifiers that conjunctions join: what sentences and questions share.

What follows a list is said of the last of it ("a circle and a square left of the star"), of all where they have one
determiner or are counted alike: "a circle or a square that is red", "two circles and two squares left of the star".
"""

from collections.abc import Sequence
from dataclasses import replace

from lark import Token, Tree

from nmn.language.syntax.attach import attach_modifier, attach_phrase, right_edge, with_last
from nmn.language.syntax.phrases import LISTED, Joined, Phrase, is_other, with_nouns, with_rest_of
from nmn.language.syntax.reader import Reader
from nmn.language.trees import ATTRIBUTES, Node, is_token, name_of, rule, tokens_of, trees_of, words_of
from nmn.layout import QUANTIFIERS

# determiners of what is taken to be there, so that nothing says "there is" of it
KNOWN = ("the", "every", "both")


def conjunction_of(tree: Node) -> str:
    """Return "and", "or" or "but" of a ``conj``."""
    (token,) = words_of(tree)
    if is_token(token, "OR"):
        return "or"
    return "but" if name_of(token) == "but" else "and"


def phrases_of(tree: Tree[Token], reader: Reader, plural: bool | None = None) -> list[Joined]:
    """Read a noun phrase, a list of them, or "both ... and", "either ... or", "neither ... nor"."""
    if rule(tree) == "nps":
        return joined_phrases(tree, reader, plural)
    if not rule(tree).startswith("pair_"):
        return [Joined("and", reader.noun_phrase(tree))]
    first, second = (reader.noun_phrase(part) for part in trees_of(tree, "np"))
    first = reader.noted(with_rest_of(first, second, reader.lexicon))
    return [Joined("and", first), Joined("and" if rule(tree) == "pair_and" else "or", second)]


def join_modifiers(phrase: Phrase, tree: Tree[Token], conjunction: str, reader: Reader) -> Phrase:
    """Attach a modifier that a conjunction joins, and the modifiers after it."""
    first, *others = (part for part in tree.children if not is_token(part, "BE"))
    simple = first is tree.children[0] and isinstance(first, Tree) and rule(first) == "simple"
    verbless = simple and not tokens_of(first, "HAVE", "NOT")
    said = phrase.span == (0, 0)  # of a clause's subject
    with reader.at(inside=said or reader.is_topic(phrase), subject=reader.here.subject if said else phrase.span):
        modifier = replace(reader.modifier(first, conjunction), verbless=verbless)
    return reader.attached(attach_modifier(phrase, modifier, reader.choices), others)


def joined_phrases(
    tree: Tree[Token], reader: Reader, plural: bool | None = None, counted: bool = False
) -> list[Joined]:
    """Read an ``nps``: noun phrases joined, with modifiers joined to them.

    ``plural``: the number of the verb that they are the subject of; ``counted``: how many there are is asked.
    """
    first, *rest = trees_of(tree)
    phrases = [Joined("and", reader.noun_phrase(first))]
    conjunction = "and"
    for child in rest:
        if rule(child) == "conj":
            conjunction = conjunction_of(child)
        elif rule(child) == "np":
            phrase, modifiers = reader.head(child)
            joined = Joined(conjunction, phrase)
            check_between(phrases[-1].phrase, joined, reader)
            known = counted and phrase.determiner.name in (*KNOWN, "some")  # of which nothing is counted
            nearest = False if has_like(phrases, modifiers) else known or goes_with_nearest(phrases, joined, plural)
            phrases = attach_phrase(phrases, joined, reader.choices, nearest)
            phrases = with_last(phrases, reader.attached(reader.noted(phrases[-1].phrase), modifiers))
        else:
            phrases = with_last(phrases, join_modifiers(phrases[-1].phrase, child, conjunction, reader))
    return phrases


def check_between(before: Phrase, joined: Joined, reader: Reader) -> None:
    """Raise QuestionError for "between the square, the star and the heart"."""
    for phrase in right_edge(before):
        last = phrase.modifiers[-1] if phrase.modifiers else None
        two = last.operands if last is not None and last.kind == "between_two" and joined.conjunction == "and" else ()
        if two and all(one.determiner.name == "the" for one in (*two, joined.phrase)):
            raise reader.error(joined.phrase, '"between" is read of two things')


def has_like(phrases: Sequence[Joined], modifiers: Sequence[Node]) -> bool:
    """Whether a joined phrase has what the last one has, so that it stands beside that: "a star near a square"."""
    before = phrases[-1].phrase.modifiers
    if not before or not modifiers or not isinstance(modifiers[0], Tree) or before[-1].kind not in LISTED:
        return False
    clause = rule(modifiers[0]) in ("relative", "not_relative")
    return clause == before[-1].relative and any(rule(part) in LISTED for part in modifiers[0].iter_subtrees())


def goes_with_nearest(subjects: Sequence[Joined], joined: Joined, plural: bool | None) -> bool | None:
    """Whether a verb's number says that a joined phrase is no subject of its own, but goes with the noun before it.

    None where it does not tell.

    "The circle left of the square and the star is red", "all shapes near the circle or the square are red".
    """
    first, own = subjects[0].phrase, joined.phrase
    if plural is None or (len(subjects) > 1 and joined.conjunction == "or"):
        return None
    if len(subjects) > 1:
        return False
    counted = own.determiner.name in (*QUANTIFIERS, "no")
    together = own.plural == plural if joined.conjunction == "or" else plural or counted
    alone = first.plural == plural
    if together and alone:
        return True if own.determiner.name != first.determiner.name and not counted else None
    return alone


def attribute_of_tree(tree: Tree[Token]) -> str:
    """Return the attribute that a clause or question names."""
    return name_of(tokens_of(tree, *ATTRIBUTES)[0])


def shared_modifiers(phrases: Sequence[Joined]) -> list[Joined]:
    """Return phrases, with what follows the last of "circles or squares left of the star" after each of them.

    So has "the largest" of "the largest and the smallest circle" the noun of the next.
    """
    found = list(phrases)
    for place in range(len(found) - 1, 0, -1):
        (first, before), (_, phrase) = found[place - 1 : place + 1]
        found[place - 1] = Joined(first, with_nouns(before, phrase)[0])
    for place in range(len(found) - 1, 0, -1):
        (first, before), (_, phrase) = found[place - 1 : place + 1]
        alike = before.plural == phrase.plural and (
            phrase.determiner.name == "bare" or _said_of_either(before, found[place])
        )
        both = found[place].conjunction == "and" and not phrase.plural and _are_said_of(phrase)
        if before.modifiers or not (alike or both):
            break
        found[place - 1] = Joined(first, replace(before, modifiers=phrase.modifiers))
    return found


def _said_of_either(before: Phrase, joined: Joined) -> bool:
    """Whether what follows is said of both: "a circle or a square that is red", "no circle and no square near it"."""
    name, own = before.determiner.name, joined.phrase.determiner.name
    reached = [operand.noun for modifier in joined.phrase.modifiers for operand in modifier.operands]
    if before.premodifiers or before.noun in reached:  # "a red circle or a square that is blue", "... left of it"
        return False
    counted = before.plural and {name, own} <= {"numeral", "number", "several"}
    return name == own == "no" or counted or (joined.conjunction == "or" and name == own == "some")


def _are_said_of(phrase: Phrase) -> bool:
    """Whether a relative clause with a plural verb follows one thing: "a circle and a star that are blue"."""
    return any(modifier.relative and modifier.plural for modifier in phrase.modifiers[:1])


def shared_determiners(phrases: Sequence[Joined]) -> list[Joined]:
    """Return phrases, with "any" and "all" of "any circles or squares" before each, as far as they are all alike."""
    found = list(phrases[:1])
    for conjunction, phrase in phrases[1:]:
        determiner, plural = found[-1].phrase.determiner, found[-1].phrase.plural
        alike = plural == phrase.plural and determiner.low is None and not is_other(phrase)
        each = determiner.name == "the" or (plural and determiner.name == "some")
        each = each or (plural and determiner.name == "every" and conjunction == "and")
        shared = alike and each and phrase.determiner.name == "bare"
        found.append(Joined(conjunction, replace(phrase, determiner=determiner) if shared else phrase))
    return found
