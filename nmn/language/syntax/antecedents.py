"""What pronouns and nouns that are left out stand for: "it", "them", "two of them", "how many are red".

The decisions: "it" is the topic, the first noun phrase, where the clause is not about that ("the star is above the
circle and it touches it"), and what both mirrored relations are about in "a circle left of the star and a square right
of it". "They" are the things that a clause says there are: after "two circles are red" those that are red. A noun that
is left out takes the things that were named alone: after "two circles are red", "two are blue" is of the circles.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from lark import Token, Tree

from nmn.language.syntax.determiners import DETERMINERS, determiner_of
from nmn.language.syntax.phrases import Determiner, Modifier, Phrase
from nmn.language.syntax.premodifiers import grouped, premodifier
from nmn.language.trees import SCENE, Node, is_token, name_of, rule, span_of, tokens_of, trees_of
from nmn.lexicon import Order

if TYPE_CHECKING:
    from nmn.language.syntax.reader import Reader

ANOTHER_FOR_EACH = 'this may be another for each of them: say it of one thing, such as "the circle"'
ONE_OR_ANOTHER = "this may be one or another of the things that there are: say which"
COUNTING = ("some", "several", "number", "numeral")  # determiners that say of how many of a kind something holds
MANY = ("they", "them", "their", "which")  # "there are two circles, which are red"


def it(reader: "Reader", span: tuple[int, int]) -> Phrase:
    """Return what "it" and "they" stand for, the topic or another, as "the ..." with what was said of it."""
    meant = _antecedent(reader, span, reader.question[slice(*span)].lower() in MANY)
    reader.kept = reader.kept or (reader.is_topic(meant) and not meant.plural)
    reader.stands_for[span] = meant.span
    subject = reader.here.subject
    if meant.span in reader.one_for_each:
        raise reader.error(span, ANOTHER_FOR_EACH)
    in_this_clause = bool(subject[1]) and meant.span[0] >= subject[0] and meant.determiner.name != "the"
    if in_this_clause or beside_each(meant, reader) is not None:
        raise reader.error(span, ANOTHER_FOR_EACH)
    if meant.span in reader.said:
        several = [one for one in reader.mentioned if one.plural and one.span in reader.said]
        if meant.plural and len(several) > 1:
            raise reader.error(several[-1], '"they" may be these or others: say which')
        meant = as_said(meant, reader)
    name = "every" if meant.determiner.name in ("every", "both", "neither") else "the"
    return named_again(meant, Determiner(name), span)


def beside_each(phrase: Phrase, reader: "Reader") -> Modifier | None:
    """Return "next to each square" of "a star next to each square", where each has one; None where nothing is so."""
    modifier = phrase.modifiers[0] if len(phrase.modifiers) == 1 else None
    if modifier is None or modifier.kind != "related" or modifier.negated or modifier.relative:
        return None
    each = [one.determiner.name == "every" and reader.text(one).startswith("each") for one in modifier.operands]
    of_each = all(each) and "or" not in modifier.operand_joins
    return modifier if of_each and phrase.determiner.name in ("bare", *COUNTING) else None


def as_said(phrase: Phrase, reader: "Reader") -> Phrase:
    """Return a phrase with what a clause said of it."""
    return reader.said[phrase.span]() if phrase.span in reader.said else phrase


def named_again(phrase: Phrase, determiner: Determiner, span: tuple[int, int]) -> Phrase:
    """Return what a phrase means as named at another place of the question, so that nothing attaches inside it."""
    return replace(phrase, determiner=determiner, span=span, sealed=len(phrase.modifiers))


def _antecedent(reader: "Reader", span: tuple[int, int], many: bool) -> Phrase:
    """Return the phrase that is meant at a place of the question; raise QuestionError where there is none."""
    if reader.topic is None or reader.topic.span[0] > span[0]:
        before = [one for one in reader.mentioned if one.span[1] <= span[0] and one.plural == many]
        if len(before) == 1 and before[0].determiner.name == "the":  # "what is left of the star and above it"
            return before[0]
        pronoun = reader.question[slice(*span)].lower()
        raise reader.error(span, f'"{pronoun}" stands for nothing mentioned before')
    mirrored = _landmark(reader)
    if mirrored is not None and not (many or reader.here.inside):
        if not _is_contrasted(reader, mirrored):  # "the star is left of the circle and the square is right of it"
            raise reader.error(span, ONE_OR_ANOTHER)
        return mirrored
    denied = reader.topic.determiner.name in ("no", "neither") and not many
    before = [phrase for phrase in reader.mentioned if phrase.span[0] < span[0]]
    known = [phrase for phrase in before if many or phrase.determiner.name != "no"]
    apart = (reader.topic.span, reader.here.subject)
    others = [phrase for phrase in known if phrase.plural == many and phrase.span not in apart]
    if not others and (reader.here.inside or denied):
        raise reader.error(span, "this stands for nothing mentioned before")
    if many and reader.together is not None:
        return Phrase(Determiner("the"), reader.together(), plural=True, span=span)
    if many and not others and not reader.topic.plural and len(reader.mentioned) > 1:
        raise reader.error(reader.mentioned[-1], '"they" may be these or others: say which')
    if not many and not others and reader.topic.plural:
        raise reader.error(span, '"it" is one thing, and several were mentioned: say which')
    _check_one(reader, span, many)
    each = reader.topic.determiner.name == "every" and not reader.topic.plural
    if each and not (many or reader.here.inside) and any(one.determiner.name != "the" for one in others):
        raise reader.error(span, ANOTHER_FOR_EACH)
    excepting = each and any(modifier.kind == "other_than" for modifier in reader.topic.modifiers)
    other = reader.here.inside or denied or excepting or (reader.topic.plural != many and not each)
    return others[-1] if others and other else reader.topic


def _check_one(reader: "Reader", span: tuple[int, int], many: bool) -> None:
    """Raise QuestionError where "it" may be one or another of the things that were introduced: a star and a circle."""
    topic = reader.topic
    assert topic is not None
    known = [one for one in reader.mentioned if one.span in reader.brought_in and not one.plural]
    others = [one for one in known if one.span != topic.span and not _is_again(one, topic)]
    is_it = not topic.plural and topic.determiner.name not in ("no", "neither")
    if not many and not reader.here.inside and len(others) > (0 if is_it else 1):
        raise reader.error(span, ONE_OR_ANOTHER)


def _is_again(phrase: Phrase, topic: Phrase) -> bool:
    """Whether a phrase names the topic once more: "the star" after "there is a star"."""
    alike = (phrase.noun, phrase.premodifiers) == (topic.noun, topic.premodifiers)
    return alike and phrase.determiner.name == "the" and not phrase.modifiers


def _landmark(reader: "Reader") -> Phrase | None:
    """Return the star for "it" in "a circle left of the star and a square right of it"."""
    own = reader.mentioned[-1].noun if reader.mentioned and reader.mentioned[-1].determiner.name == "the" else None
    found = [phrase for name, phrase in reader.landmarks if _mirrors(reader, name) and phrase.noun != own]
    return found[-1] if found else None


def _is_contrasted(reader: "Reader", landmark: Phrase) -> bool:
    """Whether "it" is what the topic is beside: "the star left of the circle is larger than the star right of it"."""
    topic = reader.topic
    if topic is None or topic.determiner.name != "the":
        return True
    own = [modifier for one in reader.mentioned if one.span == topic.span for modifier in one.modifiers]
    beside = [operand.span for modifier in own for operand in modifier.operands]
    return reader.mentioned[-1].noun == topic.noun and landmark.span in beside


def _mirrors(reader: "Reader", name: str) -> bool:
    """Whether the relation whose object is read is the converse of another: "left of the star ... right of it"."""
    relations = reader.lexicon.relations
    if not {reader.here.reaching, name} <= relations.keys():
        return False
    here, there = relations[reader.here.reaching].meaning, relations[name].meaning
    return isinstance(here, Order) and isinstance(there, Order) and (here.by, here.sign) == (there.by, -there.sign)


def of_them(reader: "Reader", tree: Tree[Token]) -> Phrase:
    """Read "two of them", "none of them": so many of what "they" are."""
    (of,), (them,) = trees_of(tree), tokens_of(tree, "IT")
    before = of.children[-1]
    if is_token(before, "A", "NO", "MOST", "HALF") and not name_of(before).endswith(" of"):
        raise reader.error(of, 'before "them" an "of" is due')
    if reader.text(them) == "it":
        raise reader.error(tree, '"of it" is not read; of several things it is "of them"')
    return replace(it(reader, span_of(them)), determiner=determiner_of(of, reader), plural=True, span=span_of(tree))


def is_like(node: Node) -> bool:
    """Whether "one" is another like the subject: "the star near a circle is larger than the one near a square"."""
    nouns = [tree for tree in node.iter_subtrees() if rule(tree) == "noun"] if isinstance(node, Tree) else []
    return bool(nouns) and is_token(min(nouns, key=span_of).children[0], "ONE", "ONES")


def noun_left_out(reader: "Reader", tree: Tree[Token]) -> Phrase:
    """Read "two are red", "how many are red", without a noun: of the last ones that were named, or of all."""
    determiner, span = determiner_of(tree, reader) if tree.children else Determiner("bare"), span_of(tree)
    if tree.children and (reader.topic is None or reader.text(tree) in ("a", "an")):
        raise reader.error(tree, "of what? Say it with a noun, or after what it is of")
    several = reader.together is not None or any(phrase.plural for phrase in reader.mentioned)
    if reader.topic is None or not several:
        if tree.children:
            raise reader.error(tree, "of which? Several things have to be named before")
        return Phrase(determiner, SCENE, plural=True)
    at = span if tree.children else (len(reader.question),) * 2
    meant = _antecedent(reader, at, many=True)
    contrasted = meant.span in reader.told and determiner.name not in ("both", "neither")
    if not contrasted:  # "two circles are red and both are large"
        meant = as_said(meant, reader)
    return replace(named_again(meant, determiner, span), plural=True)


def anything_such(reader: "Reader", tree: Tree[Token]) -> Phrase:
    """Read "something red", "nothing else": anything, with the adjectives after it."""
    pronoun, *such = tree.children
    assert isinstance(pronoun, Token)
    if reader.here.reaching and is_token(pronoun, "EVERYTHING") and len(such) > 1 and is_token(such[0], "OTHER"):
        raise reader.error(tree, f'say it as "every other {reader.text(such[1])} shape", or in a clause of its own')
    before = tuple(premodifier(part, reader.lexicon) for part in such if is_token(part, "OTHER"))
    after = tuple(reader.modifier(part) for part in such if not is_token(part, "OTHER"))
    return reader.remember(Phrase(Determiner(DETERMINERS[pronoun.type]), SCENE, False, before, after, span_of(tree)))


def adjectives_alone(reader: "Reader", tree: Tree[Token]) -> Phrase:
    """Read "a red" and "red", whose nouns come later: "a red and a blue circle", "more red than blue circles"."""
    dets = trees_of(tree, "det")
    adjectives = [premodifier(part, reader.lexicon) for part in tree.children[len(dets) :]]
    determiner = determiner_of(dets[0], reader) if dets else Determiner("bare")
    before = tuple(grouped(adjectives, reader.lexicon))
    return reader.remember(Phrase(determiner, SCENE, False, before, (), span_of(tree), elided=True))
