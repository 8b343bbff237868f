"""Numbers of things compared within panels and between them: "the left image contains more circles than the right"."""

from collections.abc import Sequence

from lark import Token, Tree

from nmn.language.connect import conj, count_of, negate, number
from nmn.language.semantics.panels import EXTREMES, Scope, is_one_panel, listed, placed, split_panel
from nmn.language.semantics.sets import referent
from nmn.language.syntax.panel_phrases import in_panel, is_other_panel, panel_phrase, panel_set
from nmn.language.syntax.phrases import EXACTLY_ONE, Determiner, Phrase, with_rest_of
from nmn.language.syntax.reader import Reader
from nmn.language.trees import rule, trees_of
from nmn.layout import Layout

UNEQUAL = ("more", "fewer")  # which one of two panels contains than the other


def panel_compares(tree: Tree[Token], reader: Reader) -> Layout:
    """Read "the left image contains more circles than the right image" and its kin."""
    scope, comparison = listed(tree, reader), tree.children[-1]
    assert isinstance(comparison, Tree)
    if (within := compared_within(comparison, reader)) is not None:
        return scope.of(within, reader)
    phrases, kind = scope.phrases, rule(comparison)
    first, *second = trees_of(comparison)
    things = referent(reader.noun_phrase(first), reader)
    if kind == "same_number":
        return _same_number(tree, phrases, things, reader)
    sides = (*phrases, panel_phrase(second[0], reader))
    if len(sides) == 2 and sides[0].determiner == EXACTLY_ONE and is_other_panel(sides[1]) and kind in UNEQUAL:
        return negate(Layout("compare", "equal", tuple(_counted(things, Layout("panel", one)) for one in EXTREMES)))
    for phrase in sides:
        if phrase.determiner.name != "the" or phrase.plural:
            raise reader.error(phrase, 'numbers are compared between two panels, such as "the left image"')
    if len(sides) > 2:
        raise reader.error(tree, "numbers are compared between two panels, here are more")
    return Layout("compare", kind, tuple(_counted(things, panel_set(phrase, reader)) for phrase in sides))


def compared_within(comparison: Tree[Token], reader: Reader) -> Layout | None:
    """Return "more circles than squares" of one panel; None of what compares it with another one."""
    if not rule(comparison).endswith("_inside"):
        return None
    sides = [referent(reader.noun_phrase(child), reader) for child in trees_of(comparison)]
    counts = tuple(count_of(side) for side in sides)
    return Layout("compare", rule(comparison).removesuffix("_inside"), counts)


def _counted(things: Layout, panels: Layout) -> Layout:
    return count_of(conj(things, Layout("inside", None, (panels,))))


def _same_number(tree: Tree[Token], phrases: Sequence[Phrase], things: Layout, reader: Reader) -> Layout:
    sets = [panel_set(phrase, reader) for phrase in phrases]
    two = len(sets) == 1 and phrases[0].determiner in (Determiner("both"), Determiner("the", 2))
    if two and reader.lexicon.superlatives.keys() >= set(EXTREMES):
        sets = [Layout("panel", name) for name in EXTREMES]
    if len(sets) != 2:
        raise reader.error(tree, 'the same number as what? Two panels are due, such as "both images"')
    return Layout("compare", "equal", tuple(_counted(things, panels) for panels in sets))


def compared_in_panels(tree: Tree[Token], reader: Reader) -> Layout:
    """Read "more circles than squares", in the panels that the last of the two names if it names some."""
    if rule(tree).endswith("_in"):
        return _elsewhere(tree, reader)
    one, other = trees_of(tree)
    first = reader.noun_phrase(one)
    with reader.at(antecedent=first):
        second = reader.noun_phrase(other)
    if rule(one.children[0]) == "alike_core":
        first = reader.noted(with_rest_of(first, second, reader.lexicon))
    if reader.text(second).startswith("any other"):
        raise reader.error(other, "more than all the others, or than each kind of them? Say than which")
    (place, phrase), (here, _) = split_panel(second), split_panel(first)
    if place is None and here is not None and here.panel is not None and is_one_panel(here.panel):
        # "more stars in the left image than circles"
        second = placed(second, here)
    if place is None or here is not None:
        return _comparison(rule(tree), first, second, reader)
    assert place.panel is not None
    if is_one_panel(place.panel):
        return _comparison(rule(tree), placed(first, place), placed(phrase, place), reader)
    return Scope((place.panel,)).of(_comparison(rule(tree), first, phrase, reader), reader)


def _comparison(name: str, first: Phrase, second: Phrase, reader: Reader) -> Layout:
    than_one = reader.text(second) == "one"  # "more circles than one"
    one = number(1) if than_one else count_of(referent(second, reader))
    return Layout("compare", name, (count_of(referent(first, reader)), one))


def _elsewhere(tree: Tree[Token], reader: Reader) -> Layout:
    """Read "more circles in the left image than in the right image"."""
    first, second = trees_of(tree)
    here, things = split_panel(reader.noun_phrase(first))
    if here is None:
        raise reader.error(first, 'in which panel? Say, for instance, "more circles in the left image than in ..."')
    there = in_panel(panel_phrase(second, reader))
    counts = tuple(count_of(referent(placed(things, place), reader)) for place in (here, there))
    return Layout("compare", rule(tree).removesuffix("_in"), counts)
