"""What is said of panels, the parts of an image: "each box has a circle", "in the left image", "touching the wall".

A panel's phrase is a ``Phrase`` whose noun is ``panels``. The decisions:

- "a box with A and B": ``where`` both are there, in that box alone. "with two circles": exactly two, as everywhere.
- "with only black items": some item of it is black, and every item is; "only circles" outside of panels may be none.
- "a black tower": a panel that holds something, all of it black.
- "the left image": the panel that is leftmost. What it contains is asked of it by ``where``; a noun phrase "in the left
  image" is restricted by ``inside``, which lets a comparison count in two panels.
- "there is a circle in each box": each box has one. "in a box", after "there are": some box has them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from lark import Token, Tree

from nmn.language.connect import conj, fold, negate
from nmn.language.semantics.claims import bounds_of, existences, there_are
from nmn.language.semantics.claims import holds as holds_of
from nmn.language.semantics.clause import Clause
from nmn.language.syntax.joined import phrases_of
from nmn.language.syntax.panel_phrases import is_other_panel, panel_named, panel_phrase, panel_set
from nmn.language.syntax.phrases import EXACTLY_ONE, Determiner, Joined, Modifier, Phrase, Premodifier
from nmn.language.syntax.reader import Reader
from nmn.language.trees import PANELS, is_token, rule, tokens_of, trees_of
from nmn.layout import QUANTIFIERS, Layout

TOTAL = re.compile(r"\b(in total|altogether)\b")
OTHER_THAN_WHICH = 'other than which? Say it after "the left image ..." or "one image ..."'
LISTS = ("panel_list", "sides", "either_side", "neither_side")  # rules of the panels of a clause
EXTREMES = ("leftmost", "rightmost")  # of two panels, the one and the other


@dataclass(frozen=True)
class Scope:
    """The panels that a clause is about; ``there``: it says that such panels exist, else that they have something.

    ``joined``: "or" of "either the left or the right image", which is denied of "neither the left nor the right image".
    """

    phrases: tuple[Phrase, ...]
    there: bool = False
    negated: bool = False
    joined: str = "and"

    def of(self, truth: Layout, reader: Reader) -> Layout:
        """Return that the truth holds of the panels, by their determiner."""
        if truth.asks_panels:
            raise reader.error(self.phrases[0], "panels inside of panels are not read")
        if any(call.module == "inside" for call in truth.calls):
            raise reader.error(self.phrases[0], "nothing is in two panels, and relations are read of things in one")
        predicate = Layout("where", None, (truth,))
        claim = existence if self.there else holds
        layout = fold([self.joined] * len(self.phrases), [claim(phrase, predicate, reader) for phrase in self.phrases])
        return negate(layout) if self.negated else layout


def panels_such(phrase: Phrase, predicate: Layout | None, reader: Reader) -> Layout:
    """Return the panels that a phrase names and of which a predicate, if there is one, holds."""
    panels = panel_set(phrase, reader)
    return panels if predicate is None else conj(panels, predicate)


def existence(phrase: Phrase, predicate: Layout | None, reader: Reader) -> Layout:
    """Return that there are such panels: "there are two boxes with ..."."""
    found = panels_such(phrase, predicate, reader)
    if phrase.determiner.name == "only":
        return Layout("quantify", "every", (PANELS, found))
    if phrase.determiner.name in QUANTIFIERS and phrase.determiner.name not in ("both", "neither"):
        raise reader.error(phrase, "say of how many it holds: '... have ...'")
    return there_are(found, phrase)


def holds(phrase: Phrase, predicate: Layout, reader: Reader) -> Layout:
    """Return that a predicate holds of panels: "each box has ...", "the left image contains ..."."""
    return holds_of(phrase, panel_set(phrase, reader), predicate)


def and_other(
    panel: Phrase, first: Callable[[Phrase], Layout], second: Callable[[Phrase], Layout], other: Phrase, reader: Reader
) -> Layout:
    """Return that something holds of a panel and something of the other one: of two, in "one ... and the other ...".

    ``first`` and ``second`` make the truths, each of a panel that it is given.
    """
    if panel.determiner == EXACTLY_ONE and not panel.premodifiers:
        if not reader.lexicon.superlatives.keys() >= set(EXTREMES):
            raise reader.error(other, "this lexicon has no two panels, a left one and a right one")
        left, right = map(panel_named, EXTREMES)
        ways = [Layout("and", None, (first(one), second(rest))) for one, rest in ((left, right), (right, left))]
        return Layout("or", None, tuple(ways))
    if not is_one_panel(panel) or is_other_panel(panel):
        raise reader.error(other, OTHER_THAN_WHICH)
    rest = replace(panel_named(""), premodifiers=(Premodifier("but", panel_set(panel, reader)),), span=other.span)
    return Layout("and", None, (first(panel), second(rest)))


# ---- clauses --------------------------------------------------------------------------------------------------------


def contents(tree: Tree[Token], reader: Reader) -> list[Joined]:
    """Read what a panel holds: "with two circles", "that contains a star"."""
    return [Joined("and", reader.noun_phrase(trees_of(tree, "np")[0]))]


def listed(tree: Tree[Token], reader: Reader) -> Scope:
    """Read "the left image and the right image", the panels of a clause; "either the left or the right image"."""
    (panels,) = trees_of(tree, *LISTS)
    if rule(panels) == "panel_list":
        return Scope(tuple(panel_phrase(part, reader) for part in trees_of(panels)))
    sides, det, noun = tokens_of(panels, "PLACE"), trees_of(panels)[0], panels.children[-1]
    each = tuple(panel_phrase(Tree("panel_core", [det, side, noun]), reader) for side in sides)
    return Scope(each, negated=rule(panels) == "neither_side", joined="and" if rule(panels) == "sides" else "or")


# ---- "in each box" after a noun -------------------------------------------------------------------------------------


def split_panel(phrase: Phrase) -> tuple[Modifier | None, Phrase]:
    """Return the "in the left image" of a phrase and the phrase without it; None where it has none of its own."""
    for place, modifier in enumerate(phrase.modifiers):
        following = phrase.modifiers[place + 1 : place + 2]
        alone = modifier.joined != "or"
        if (
            modifier.kind == "in_panel"
            and alone
            and not modifier.negated
            and not any(it.joined == "or" for it in following)
        ):
            others = (*phrase.modifiers[:place], *phrase.modifiers[place + 1 :])
            if place == 0 and others:
                others = (replace(others[0], joined=None), *others[1:])
            return modifier, replace(phrase, modifiers=others)
    return None, phrase


def placed(phrase: Phrase, modifier: Modifier | None) -> Phrase:
    """Return a phrase with where it is, which is said apart from it."""
    if modifier is None:
        return phrase
    joined = "and" if phrase.modifiers else None
    return replace(phrase, modifiers=(*phrase.modifiers, replace(modifier, joined=joined)))


def scoped_existences(subjects: Sequence[Joined], reader: Reader, alone: bool = False) -> Layout:
    """Return that all of a list are there, each in the panels that it, or the next one that names some, is in."""
    if len(subjects) == 1 and (lacking := _here_not_there(subjects[0].phrase, reader)) is not None:
        return lacking
    joins: list[str] = []
    truths: list[Layout] = []
    group: list[Joined] = []
    before: tuple[list[Joined], Phrase] | None = None
    for joined in subjects:
        place, phrase = split_panel(joined.phrase)
        group.append(Joined(joined.conjunction, phrase))
        if place is None or place.panel is None:
            continue
        if is_other_panel(place.panel) and before is not None and group[0].conjunction != "or":
            first, second = (partial(_scoped, part, reader) for part in (before[0], group))
            truths[-1] = and_other(before[1], first, second, place.panel, reader)
        else:
            joins.append(group[0].conjunction)
            truths.append(_in_their_panels(group, place, reader))
        before, group = (group, place.panel), []
    if group:
        joins.append(group[0].conjunction)
        truths.append(existences(group, reader, alone))
    return fold(joins, truths)


def _here_not_there(phrase: Phrase, reader: Reader) -> Layout | None:
    """Return the truth of "a circle in the left image but not in the right one"; None of what lacks nowhere."""
    places = [modifier for modifier in phrase.modifiers if modifier.panel is not None]
    joined_by_or = any(modifier.joined == "or" for modifier in phrase.modifiers)
    if [modifier.negated for modifier in places] != [False, True] or joined_by_or:
        return None
    here, there = places
    assert here.panel is not None and there.panel is not None
    others = tuple(modifier for modifier in phrase.modifiers if modifier.panel is None)
    others = tuple(
        replace(modifier, joined=modifier.joined if place else None) for place, modifier in enumerate(others)
    )
    held = [Joined("and", replace(phrase, modifiers=others))]

    def lacks(panel: Phrase) -> Layout:
        return negate(_scoped(held, reader, panel))

    if is_other_panel(there.panel):
        return and_other(here.panel, partial(_scoped, held, reader), lacks, there.panel, reader)
    return Layout("and", None, (_scoped(held, reader, here.panel), lacks(there.panel)))


def _in_their_panels(group: Sequence[Joined], place: Modifier, reader: Reader) -> Layout:
    assert place.panel is not None
    if is_one_panel(place.panel):
        return existences([Joined(join, placed(phrase, place)) for join, phrase in group], reader)
    return _scoped(group, reader, place.panel)


def _scoped(group: Sequence[Joined], reader: Reader, panel: Phrase) -> Layout:
    """Return that there are things in panels; "no circles in any image": in none of them."""
    counted = any(bounds_of(phrase) is not None for _, phrase in group)
    if counted and panel.of_all:
        raise reader.error(panel, 'so many in each of them, or together? Say "in each ..."')
    if _are_all([panel]) and _is_total(reader):
        return existences(group, reader)
    if reader.text(panel).startswith(("any", "either")) and all(phrase.determiner.name == "no" for _, phrase in group):
        some = [Joined("or", replace(phrase, determiner=Determiner("some"))) for _, phrase in group]
        return negate(Scope((panel,)).of(existences(some, reader, alone=True), reader))
    return Scope((panel,)).of(existences(group, reader, alone=True), reader)


def in_their_panels(subjects: Sequence[Joined], predicate: Modifier, reader: Reader) -> Layout | None:
    """Return "a circle is in each box" as of each box; None of a predicate that is about one panel, or about none."""
    if predicate.panel is None or predicate.negated or is_one_panel(predicate.panel):
        return None
    for _, phrase in subjects:
        if phrase.determiner.name in (*QUANTIFIERS, "the", "only") or (
            phrase.plural and phrase.determiner.name == "bare"
        ):
            raise reader.error(predicate.panel, 'say it of the panels: "each box has ..."')
    return _scoped(subjects, reader, predicate.panel)


def _is_total(reader: Reader) -> bool:
    """Whether a sentence says "in total", so that what is in all panels is counted together."""
    return TOTAL.search(reader.question.lower()) is not None


def _are_all(panels: Sequence[Phrase]) -> bool:
    return all(not panel.premodifiers and panel.determiner.name in ("the", "bare", "both") for panel in panels)


def is_one_panel(panel: Phrase) -> bool:
    return panel.determiner.name == "the" and not panel.plural


# ---- pieces of a sentence -------------------------------------------------------------------------------------------


def _panel_there(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "there is a box with ...", "there is no box"."""
    (panel, *held), denied = trees_of(tree), rule(tree) == "panel_there_not"
    phrase = panel_phrase(panel, reader)
    if held:
        scope, lacks = Scope((phrase,), there=True, negated=denied), rule(held[0]) == "lack"
        clauses.append(Clause("there", conjunction, contents(held[0], reader), negated=lacks, scope=scope))
    else:
        clauses.append(Clause("closed", conjunction, truth=existence(phrase, None, reader), negated=denied))


def _panel_has(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    existent = tree.children[-1]
    assert isinstance(existent, Tree)
    held, negated = phrases_of(existent, reader), rule(tree) == "panel_has_not" or rule(existent) == "pair_nor"
    untrue = is_token(tree.children[0], "NOT")  # "not every image contains a circle"
    panels = listed(tree, reader)
    scope = (
        None if _are_all(panels.phrases) and _is_total(reader) else replace(panels, negated=panels.negated or untrue)
    )
    clauses.append(Clause("there", conjunction, held, negated=negated and not untrue, scope=scope))


def _panel_gapped(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "... and the other a square", which leaves out "contains"."""
    before = clauses[-1]
    if before.scope is None or before.kind != "there" or before.negated:
        raise reader.error(tree, "what is said of this? Say it in full")
    _panel_has(clauses, tree, conjunction, reader)


PANEL_PIECES: dict[str, Callable[[list[Clause], Tree[Token], str, Reader], None]] = {
    "panel_there": _panel_there,
    "panel_there_not": _panel_there,
    "panel_has": _panel_has,
    "panel_has_not": _panel_has,
    "panel_gapped": _panel_gapped,
}
