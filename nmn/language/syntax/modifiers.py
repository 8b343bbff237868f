"""Parse trees of what follows a noun, and of predicates, to ``Modifier``: relations, comparisons, adjectives, nouns.

Each rule of a grammar that is a modifier has one entry in ``MODIFIERS``.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lark import Token, Tree

from nmn.language.syntax.panel_phrases import at_side, in_panel, panel_phrase, touched_side
from nmn.language.syntax.phrases import (
    EACH,
    FROM_SIDE,
    Determiner,
    Modifier,
    Phrase,
    anything,
    with_nouns,
    with_rest_of,
)
from nmn.language.trees import (
    ATTRIBUTES,
    SCENE,
    Node,
    is_token,
    name_of,
    plural_verb,
    rule,
    span_of,
    tokens_of,
    trees_of,
    words_of,
)
from nmn.layout import Layout

if TYPE_CHECKING:
    from nmn.language.syntax.reader import Reader

PASSED_OVER = ("NOT", "WITH", "HAVE", "BE", "DO", "THAT", "WHICH", "EVERY", "MADE_OF")


def read_modifier(node: Node, reader: "Reader", joined: str | None = None) -> Modifier:
    """Read one modifier or predicate; ``joined``: the conjunction before it."""
    if isinstance(node, Token):
        return replace(_word(node), joined=joined)
    kind, negated = rule(node), bool(tokens_of(node, "NOT"))
    parts = [child for child in node.children if not is_token(child, *PASSED_OVER)]
    if kind == "not_premodifier":
        return replace(read_modifier(parts[0], reader, joined), negated=True)
    if kind in ("relative", "not_relative"):
        modifier = read_modifier(parts[0], reader, joined)
        negated = modifier.negated or kind == "not_relative"
        return replace(modifier, relative=True, plural=plural_verb(node.children, reader.question), negated=negated)
    if is_token(node.children[0], "EITHER") and kind == "complete":
        sides = tuple(reader.noun_phrase(part) for part in parts if isinstance(part, Tree))
        return Modifier("joint", "or", sides, joined=joined)
    if kind in ("plain_modifier", "simple", "complete", "bare_predicate", "have_same"):
        modifier = read_modifier(parts[0], reader, joined)
        if negated and modifier.kind == "related_all" and " but " in reader.text(node):  # "not above but below"
            raise reader.error(node, "which of these does not hold? Say each in a clause of its own")
        return replace(modifier, negated=modifier.negated != negated)
    return replace(MODIFIERS[kind](node, parts, reader), joined=joined)


def value_of(tree: Tree[Token], reader: "Reader") -> Modifier:
    """Read "colour ... is red" as a predicate; raise QuestionError where that attribute has no such value."""
    (attribute,), value = tokens_of(tree, *ATTRIBUTES), tree.children[-1]
    owner = reader.lexicon.attribute_of[name_of(value)]
    if owner != name_of(attribute):
        raise reader.error(value, f'"{name_of(value)}" is a {owner}, not a {name_of(attribute)}')
    return Modifier("is", layout=Layout("find", name_of(value)), negated=bool(tokens_of(tree, "NOT")))


def _word(token: Token) -> Modifier:
    if token.type == "ADJECTIVE":
        return Modifier("is", layout=Layout("find", name_of(token)))
    if token.type == "VISIBLE":
        return Modifier("is", layout=SCENE)
    return Modifier("is", layout=Layout("superlative", name_of(token), (SCENE,)))


def _related(tree: Tree[Token], parts: Sequence[Node], reader: "Reader") -> Modifier:
    kind, operands, joins = rule(tree), list[Phrase](), list[str]()
    objects = [part for part in parts if isinstance(part, Tree)]
    relations = [part for part in parts if is_token(part, "RELATION", "VERB", "OTHER_THAN")]
    names = [name_of(part) for part in relations]
    with reader.at(excepting=kind == "other_than", reaching=names[0] if kind == "related" else ""):
        for part in objects:
            for phrase, join in _objects(part, reader):
                operands.append(phrase)
                joins.append(join)
    reader.landmarks += [(names[0], one) for one in operands if kind == "related" and one.determiner.name == "the"]
    if kind == "between_some" and len(operands) == 2:  # "between the red and the blue circle"
        kind = "between_two"
    if kind == "between_two":
        operands = list(with_nouns(operands[0], operands[1]))
    comparing = kind != "other_than" and bool(relations) and reader.text(relations[-1]).endswith("than")
    every = Determiner("every")
    if comparing and reader.is_free(objects[-1]):
        operands = [replace(phrase, determiner=every) for phrase in operands]
    elif comparing:  # "circles are larger than squares"
        kinds = [one.plural and one.determiner.name == "bare" for one in operands]
        operands = [replace(one, determiner=every) if kind else one for one, kind in zip(operands, kinds, strict=True)]
    modifier = Modifier(kind, " ".join(names), tuple(operands), tuple(joins[1:]), comparing=comparing)
    if kind == "related" and len(operands) == 1:
        return touched_side(modifier, operands[0], words_of(objects[0]), reader) or modifier
    return modifier


def _objects(tree: Tree[Token], reader: "Reader") -> list[tuple[Phrase, str]]:
    """Read the noun phrases after a relation, each with the conjunction before it."""
    kind = rule(tree)
    if kind == "each_other":
        return [(Phrase(Determiner(kind), SCENE, plural=True, span=span_of(tree)), "and")]
    if kind in ("object_and", "object_or"):
        first, second = map(reader.core, trees_of(tree))
        first = reader.noted(with_rest_of(first, second, reader.lexicon))
        return [(phrase, kind.removeprefix("object_")) for phrase in (first, second)]
    if kind == "object_both":
        return [(replace(reader.core(tree.children[-1]), determiner=Determiner("both")), "and")]
    return [(reader.core(tree.children[0]), "and")]


def _mutual(tree: Tree[Token], parts: Sequence[Node], reader: "Reader") -> Modifier:
    """Read "touch" of "two circles touch", which is to touch each other."""
    others = Phrase(Determiner("each_other"), SCENE, plural=True, span=span_of(tree))
    return Modifier("related", name_of(parts[-1]), (others,))


def _reached(tree: Tree[Token], parts: Sequence[Node], reader: "Reader") -> Modifier:
    """Read "that the star touches", "does the star touch", which is said of what the star touches."""
    things, verb = parts
    modifier = beside(name_of(verb), reader.noun_phrase(things), reader)
    return replace(modifier, kind="reached", relative=True)


def _beside(tree: Tree[Token], parts: Sequence[Node], reader: "Reader") -> Modifier:
    """Read "has a star to its left" as being right of a star."""
    core, relation, _ = parts
    reader.besides = True
    return beside(name_of(relation), reader.core(core), reader)


def beside(relation: str, phrase: Phrase, reader: "Reader") -> Modifier:
    """Return what holds of a thing that something is in a relation to: that it is in the converse one to that."""
    name = reader.lexicon.converse(relation)
    if name is None:
        raise reader.error(phrase, "no relation is the other way round: say it of the other thing")
    if phrase.determiner.name == "numeral":  # "has two stars to its left": so many, as "there are two stars"
        phrase = replace(phrase, determiner=phrase.determiner._replace(name="number"))
    return Modifier("related", name, (phrase,))


def _by_distance(tree: Tree[Token], parts: Sequence[Node], reader: "Reader") -> Modifier:
    distance, thing = parts
    kind = "nearest" if is_token(distance, "NEAREST", "NEAREST_TO", "CLOSER_TO") else "farthest"
    assert isinstance(thing, Tree)
    (operand, _), *others = _objects(thing, reader)
    if others:
        raise reader.error(thing, "distances from one thing are read: say it of each")
    return Modifier(kind, operands=(operand,))


def _same(tree: Tree[Token], parts: Sequence[Node], reader: "Reader", kind: str = "") -> Modifier:
    kind = kind or rule(tree)
    attributes = [name_of(part) for part in parts if is_token(part, *ATTRIBUTES)]
    attributes += [reader.lexicon.attribute_of[name_of(part)] for part in parts if is_token(part, "ADJECTIVE")]
    objects = [pair for part in parts if isinstance(part, Tree) for pair in _objects(part, reader)]
    operands = tuple(phrase for phrase, _ in objects)
    if any(phrase.determiner.name == "each_other" for phrase in operands):  # "the same color as each other"
        return Modifier(next(name for name, one in EACH.items() if kind in (name, one)), " ".join(attributes))
    return Modifier(kind, " ".join(attributes), operands, tuple(join for _, join in objects[1:]))


def _nominal(tree: Tree[Token], parts: Sequence[Node], reader: "Reader") -> Modifier:
    with reader.at(predicating=True, antecedent=reader.here.antecedent or reader.topic):
        operand = reader.core(parts[0])
    return Modifier("nominal", operands=(operand,), negated=rule(tree) == "not_nominal")


def _joint(tree: Tree[Token], parts: Sequence[Node], reader: "Reader") -> Modifier:
    """Read "both A and B": each side is a set of things on its own, with its own modifiers."""
    sides: list[list[Node]] = [[]]
    for part in parts:
        if is_token(part, "AND", "OR", "NOR"):
            sides.append([])
        elif not is_token(part, "BOTH", "EITHER", "NEITHER", "NEITHER_OF_KINDS"):
            sides[-1].append(part)
    first, last = sides
    for after in last[1:] if len(first) == 1 else ():
        if not reader.modifier(after).relative:  # "neither red nor blue left of the star"
            raise reader.error(
                after, 'of the last alone, or of both? Say "that is ..." of the last, or where they are first'
            )
    phrases = tuple(reader.attached(anything(), side) for side in sides)
    return Modifier("joint", rule(tree).removeprefix("joint_"), phrases)


def _whose_same(tree: Tree[Token], parts: Sequence[Node], reader: "Reader") -> Modifier:
    return replace(
        _same(tree, parts, reader, "different_from" if tokens_of(tree, "DIFFERENT") else "same_as"), relative=True
    )


def _at_place(tree: Tree[Token], parts: Sequence[Node], reader: "Reader") -> Modifier:
    extreme = Layout("superlative", name_of(parts[-1]), (SCENE,))
    return Modifier("is", "at_place", layout=extreme)


MODIFIERS: dict[str, Callable[[Tree[Token], Sequence[Node], "Reader"], Modifier]] = {
    **dict.fromkeys(("related", "related_all", "related_any", "between_two", "between_some", "other_than"), _related),
    **dict.fromkeys(("same_as", "different_from", "same_each", "different_each"), _same),
    **dict.fromkeys(("nominal", "not_nominal"), _nominal),
    **dict.fromkeys(("joint_and", "joint_or", "joint_nor"), _joint),
    "mutual": _mutual,
    "by_distance": _by_distance,
    "reached": _reached,
    "beside": _beside,
    "in_panel": lambda tree, parts, reader: in_panel(panel_phrase(parts[-1], reader)),
    "at_side": lambda tree, parts, reader: at_side(parts[0], parts[1:], reader),
    "at_place": _at_place,
    FROM_SIDE: lambda tree, parts, reader: Modifier(FROM_SIDE, name_of(parts[-1])),
    "visible": lambda tree, parts, reader: Modifier("is", layout=SCENE),
    "whose": lambda tree, parts, reader: replace(value_of(tree, reader), relative=True),
    "whose_same": _whose_same,
}
