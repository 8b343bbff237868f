"""Questions for something else than yes or no: a number, an attribute, the things themselves.

Each rule of a grammar that is such a question has one entry in ``QUERIES``; rules of one name mean the same in every
grammar.
"""

from collections.abc import Callable
from dataclasses import replace

from lark import Token, Tree

from nmn.language.connect import conj, count_of, exists, fold, negate
from nmn.language.semantics.asked import after_be, choice, chosen, most_of, offers, predicate_set, superlative_said
from nmn.language.semantics.claims import existences
from nmn.language.semantics.comparisons import compared_clause
from nmn.language.semantics.panel_comparisons import compared_within
from nmn.language.semantics.panels import contents, panels_such
from nmn.language.semantics.sets import members, referent, restriction, union
from nmn.language.syntax.antecedents import it
from nmn.language.syntax.joined import (
    attribute_of_tree,
    conjunction_of,
    joined_phrases,
    phrases_of,
    shared_modifiers,
)
from nmn.language.syntax.panel_phrases import in_panel, inside, panel_phrase
from nmn.language.syntax.phrases import Joined, Phrase, Premodifier, anything, is_other
from nmn.language.syntax.reader import Reader
from nmn.language.trees import (
    ATTRIBUTES,
    SCENE,
    is_plural,
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

Query = Callable[[Tree[Token], Reader], Layout]


def _how_many(tree: Tree[Token], reader: Reader) -> Layout:
    phrases = joined_phrases(trees_of(tree, "nps")[0], reader, counted=True)
    own = reader.is_topic(phrases[0].phrase)
    of_all = rule(tree) == "how_many_are" or (rule(tree) == "how_many_there" and len(phrases) > 1)
    if rule(tree) == "how_many_there" and not of_all:
        phrases = [Joined("and", reader.attached(phrases[0].phrase, after_be(tree)))]

    def counted() -> Layout:
        return fold(["or"] * len(phrases), [members(joined.phrase, reader) for joined in shared_modifiers(phrases)])

    mutual = any(rule(part) in ("mutual", "each_other") for part in tree.iter_subtrees())
    with reader.at(inside=own, among=counted() if mutual else None):
        predicate = predicate_set(after_be(tree), reader, several=True) if of_all and after_be(tree) else SCENE
    return count_of(conj(counted(), predicate))


def _how_many_more(tree: Tree[Token], reader: Reader) -> Layout:
    """Return by how much one number is above another: "how many more circles than squares are there?"."""
    truth = compared_clause(tree, reader)
    if truth.module != "compare" or truth.argument not in ("more", "fewer"):
        raise reader.error(tree, 'how many is read of "more" and "fewer"')
    return Layout("difference", None, truth.operands if truth.argument == "more" else truth.operands[::-1])


def _how_many_held(tree: Tree[Token], reader: Reader) -> Layout:
    """Return how many things a panel holds: "how many circles does the left image contain?"."""
    counted = union(joined_phrases(trees_of(tree, "nps")[0], reader, counted=True), reader)
    panel = panel_phrase(trees_of(tree, "panel_core")[0], reader)
    if panel.determiner.name not in ("the", "bare") or panel.plural:
        raise reader.error(panel, 'in which panel? Say, for instance, "the left image"')
    return count_of(conj(counted, inside(in_panel(panel), reader)))


def _how_many_values(tree: Tree[Token], reader: Reader) -> Layout:
    things = _asked(tree, reader) if trees_of(tree, "nps") else SCENE
    return Layout("distinct", attribute_of_tree(tree), (things,))


def _asked(tree: Tree[Token], reader: Reader) -> Layout:
    """Return the set that a question is about: of its noun phrase, or its list of them."""
    (things,) = trees_of(tree, "np", "nps")
    phrases = phrases_of(things, reader, plural_verb(tree.children, reader.question))
    for _, phrase in phrases:
        if phrase.determiner.name in ("no", "neither", "most", "half", "only", "numeral", "number"):
            raise reader.error(phrase, "this says of how many something holds, and names nothing to ask about")
    return union(phrases, reader)


def _describe(tree: Tree[Token], reader: Reader) -> Layout:
    """Return the attribute of things; "which shapes are circles?" asks for the things themselves."""
    asked, (things,) = _asked(tree, reader), trees_of(tree, "np", "nps")
    known = any(is_token(one, "THE", "IT") for one in words_of(things))
    if (
        plural_verb(tree.children, reader.question)
        and not known
        and any(map(is_plural, tokens_of(tree, "THING_ATTRIBUTE")))
    ):
        return asked
    return Layout("describe", attribute_of_tree(tree), (asked,))


def _by_number(tree: Tree[Token], reader: Reader) -> Layout:
    """Return the attribute's value that most of the things have, or fewest: "what is the most common color?"."""
    things = _asked(tree, reader) if trees_of(tree, "nps") else SCENE
    module = "rarest" if tokens_of(tree, "RAREST") else "commonest"
    return Layout(module, attribute_of_tree(tree), (things,))


def _more_of(tree: Tree[Token], reader: Reader) -> Layout:
    """Return of which things there are more: "are there more circles or squares?"."""
    phrases = [reader.noun_phrase(part) for part in trees_of(tree, "np")]
    if len(phrases) == 1:
        phrases = _alternatives(phrases[0])
    if len(phrases) == 1 or any(conjunction_of(part) != "or" for part in trees_of(tree, "conj")):
        raise reader.error(tree, 'more than what? Say, for instance, "more circles than squares"')
    if any(phrase.determiner.name != "bare" or is_other(phrase) for phrase in phrases):
        raise reader.error(tree, 'more of what? Say, for instance, "more circles or squares"')
    sets = [members(joined.phrase, reader) for joined in shared_modifiers([Joined("or", one) for one in phrases])]
    known = [_values_of(one, reader) for one in sets]
    told_by = [name for name in known[0] if len({values.get(name, "") for values in known} - {""}) == len(known)]
    if len(told_by) != 1:
        raise reader.error(tree, "these are not told apart by one attribute alone; compare two of them with than")
    return Layout("commonest", told_by[0], (fold(["or"] * len(sets), sets),))


def _alternatives(phrase: Phrase) -> list[Phrase]:
    """Return "red circles" and "blue circles" of "red or blue circles"; a phrase with no "or", or several, alone."""
    before = phrase.premodifiers
    places = [place for place, one in enumerate(before) if one.kind == "set" and one.layout.module == "or"]
    if len(places) != 1:
        return [phrase]
    (place,) = places
    sets = [Premodifier("set", part) for part in _joined_by_or(before[place].layout)]
    return [replace(phrase, premodifiers=(*before[:place], one, *before[place + 1 :])) for one in sets]


def _joined_by_or(layout: Layout) -> list[Layout]:
    return [part for side in layout.operands for part in _joined_by_or(side)] if layout.module == "or" else [layout]


def _values_of(things: Layout, reader: Reader) -> dict[str, str]:
    """Return the values that all of a set have by its own words, by attribute."""
    if things.module == "and":
        return {name: value for part in things.operands for name, value in _values_of(part, reader).items()}
    if things.module != "find" or things.argument is None:
        return {}
    return {reader.lexicon.attribute_of[things.argument]: things.argument}


def _describe_all(tree: Tree[Token], reader: Reader) -> Layout:
    """Return what there is of an attribute: "which colors are there?", "what is there?"."""
    kinds = rule(tree) == "describe_all_kinds"
    return Layout("describe", _kind(tree, reader) if kinds else attribute_of_tree(tree), (SCENE,))


def _describe_such(tree: Tree[Token], reader: Reader) -> Layout:
    """Return the attribute of what a predicate holds of; "which shapes are ..." asks for the things themselves."""
    (asked,) = tokens_of(tree, *ATTRIBUTES)
    several = is_plural(asked)
    if is_token(asked, "THING_ATTRIBUTE") and offers(after_be(tree), reader):
        return most_of(*chosen(tree, reader), reader)
    with reader.at(among=SCENE if several else None):
        predicate = predicate_set(after_be(tree), reader, several)
    if is_token(asked, "THING_ATTRIBUTE") and several:
        return predicate
    return Layout("describe", attribute_of_tree(tree), (predicate,))


def _describe_how(tree: Tree[Token], reader: Reader) -> Layout:
    attribute = reader.lexicon.attribute_of[name_of(tokens_of(tree, "ADJECTIVE")[0])]
    return Layout("describe", attribute, (_asked(tree, reader),))


def _describe_its(tree: Tree[Token], reader: Reader) -> Layout:
    return Layout("describe", attribute_of_tree(tree), (referent(it(reader, span_of(tree)), reader),))


def _kind(tree: Tree[Token], reader: Reader) -> str:
    """Return the attribute that "what is it" asks for: the one whose values are nouns; "made of": its material."""
    if is_token(words_of(tree)[-1], "MADE_OF"):
        if "material" not in reader.lexicon.attributes:
            raise reader.error(tree, 'this lexicon has no attribute "material", so nothing is made of something')
        return "material"
    for name, attribute in reader.lexicon.attributes.items():
        if attribute.noun:
            return name
    raise reader.error(tree, "no attribute of this lexicon has nouns for values, so ask for one by name")


def _describe_kind(tree: Tree[Token], reader: Reader) -> Layout:
    return Layout("describe", _kind(tree, reader), (_asked(tree, reader),))


def _describe_kind_such(tree: Tree[Token], reader: Reader) -> Layout:
    if offers(after_be(tree), reader):
        return most_of(*chosen(tree, reader), reader)
    return Layout("describe", _kind(tree, reader), (predicate_set(after_be(tree), reader),))


def _which_are(tree: Tree[Token], reader: Reader) -> Layout:
    things = trees_of(tree, "np")[0]
    named = bool(words_of(things))
    phrase = reader.noun_phrase(things) if named else None
    if phrase is not None and is_token(tree.children[0], "WHAT") and phrase.determiner.name == "the":
        raise reader.error(tree, 'ask it as a question: "what does the star touch?"')
    if offers(after_be(tree), reader):
        kind = phrase or anything()
        said, among = chosen(tree, reader)
        return most_of(said, conj(members(kind, reader), among), reader)
    if not named and is_token(tree.children[0], "WHAT"):  # "what touches the star?"
        return Layout("describe", _kind(tree, reader), (predicate_set(after_be(tree), reader),))
    phrase = phrase or reader.noun_phrase(things)
    if (extreme := superlative_said(after_be(tree))) is not None:
        return Layout("superlative", extreme, (members(phrase, reader),))
    own = reader.is_topic(phrase)
    known = None if is_other(phrase) else members(phrase, reader)  # others than what comes next
    with reader.at(inside=own, among=known):
        predicate = predicate_set(after_be(tree), reader, phrase.plural)
    asked = words_of(things)
    if len(asked) == 1 and is_token(asked[0], "THING_ATTRIBUTE") and not is_plural(asked[0]):
        return Layout("describe", name_of(asked[0]), (predicate,))  # "what shape touches ...": which of the shapes
    return conj(members(phrase, reader), predicate)


def _which_such(tree: Tree[Token], reader: Reader) -> Layout:
    """Return the things of which a predicate holds: "which are red?"."""
    said, among = choice(after_be(tree), reader)
    if among is not None:
        return most_of(said, among, reader)
    return conj(members(reader.core(Tree("those_core", [])), reader), predicate_set(said, reader))


def _which_more(tree: Tree[Token], reader: Reader) -> Layout:
    """Return which of things is more so than all others of them: "which is larger, the circle or the square?".

    Closer to a thing than the others is what is nearest to it.
    """
    asked, offered = tree.children[1], trees_of(tree, "conj")
    of_them = any(is_token(word, "IT") for word in words_of(asked)) and bool(offered)  # of those that are named next
    kind = reader.noun_phrase(asked) if rule(asked) == "np" and not of_them else None
    if offered:
        with reader.at(antecedent=kind):  # "which circle is larger, the red one or the blue one?"
            _, among = chosen(tree, reader)
    else:  # "which square is larger?"
        among = members(kind, reader) if kind else SCENE
    if distance := tokens_of(tree, "CLOSER_TO", "FARTHER_FROM"):
        thing = tree.children[tree.children.index(distance[0]) + 1]
        with reader.at(among=among):
            found = restriction([reader.modifier(Tree("by_distance", [*distance, thing]))], reader)
    else:
        found = conj(among, Layout("relate_every", name_of(tokens_of(tree, "COMPARATIVE")[0]), (among,)))
    attributes = tokens_of(tree, *ATTRIBUTES)
    return Layout("describe", name_of(attributes[0]), (found,)) if attributes else found


def _refer(tree: Tree[Token], reader: Reader) -> Layout:
    """Return the things that are to be found; "which is the largest, the circle or the square" is one of those."""
    if is_token(tree.children[0], "WHICH"):
        first, *others = trees_of(tree, "nps")[0].children
        extreme, (_, among) = superlative_said([first]), choice(others, reader)
        if extreme is not None and among is not None:
            return Layout("superlative", extreme, (among,))
        if among is not None and reader.text(others[0]) == ",":
            if any(is_token(word, "ONE") for word in words_of(first)):
                raise reader.error(first, "which of them? Ask which of them is so")
            with reader.at(among=among):
                return conj(among, referent(reader.noun_phrase(first), reader))
    return _asked(tree, reader)


def _is_related(tree: Tree[Token], reader: Reader) -> Layout:
    """Return SHAPES' only sentence: the first set and the chain of relations to the second overlap."""
    subject, *relations, last = tree.children[1:]
    assert isinstance(subject, Tree)
    reached = members(reader.core(last), reader) if isinstance(last, Tree) else Layout("find", name_of(last))
    for relation in reversed(relations):
        reached = Layout("relate", name_of(relation), (reached,))
    return exists(conj(members(reader.core(subject), reader), reached))


def _panels(tree: Tree[Token], reader: Reader) -> Layout:
    """Return the panels that "which boxes contain ..." and "how many boxes are there with ..." ask for."""
    (head,) = trees_of(tree, "panel_head")
    predicate = None
    for part in trees_of(tree, "content", "lack", "nps"):
        held = joined_phrases(part, reader) if rule(part) == "nps" else contents(part, reader)
        truth = existences(held, reader, alone=True)
        lacks = rule(part) == "lack" or bool(tokens_of(tree, "NOT"))
        found = Layout("where", None, (negate(truth) if lacks else truth,))
        predicate = found if predicate is None else conj(predicate, found)
    return panels_such(panel_phrase(head, reader), predicate, reader)


def _panels_comparing(tree: Tree[Token], reader: Reader) -> Layout:
    """Return the panels that "which image contains more circles than squares" asks for."""
    head, comparison = trees_of(tree)
    phrase, truth = panel_phrase(head, reader), compared_within(comparison, reader)
    if truth is None:
        raise reader.error(comparison, 'than what in it? Say, for instance, "more circles than squares"')
    return panels_such(phrase, Layout("where", None, (truth,)), reader)


def _counted(query: Query) -> Query:
    """Return the question for how many there are of what another asks for."""
    return lambda tree, reader: count_of(query(tree, reader))


def _asked_politely(tree: Tree[Token], reader: Reader) -> Layout:
    """Return what "tell me which shape is red" asks for."""
    query = tree.children[-1]
    assert isinstance(query, Tree)
    return QUERIES[rule(query)](query, reader)


QUERIES: dict[str, Query] = {
    "how_many": _how_many,
    "how_many_there": _how_many,
    "how_many_are": _how_many,
    "how_many_held": _how_many_held,
    "how_many_values": _how_many_values,
    "how_many_more": _how_many_more,
    "describe": _describe,
    "describe_possessor": _describe,
    "by_number": _by_number,
    "more_of": _more_of,
    "describe_all": _describe_all,
    "describe_all_kinds": _describe_all,
    "describe_such": _describe_such,
    "describe_how": _describe_how,
    "describe_its": _describe_its,
    "describe_kind": _describe_kind,
    "describe_kind_such": _describe_kind_such,
    "asked_politely": _asked_politely,
    "which_are": _which_are,
    "which_such": _which_such,
    "which_more": _which_more,
    "refer": _refer,
    "is_related": _is_related,
    "how_many_panels": _counted(_panels),
    "which_panels": _panels,
    "how_many_panels_compare": _counted(_panels_comparing),
    "which_panels_compare": _panels_comparing,
}
