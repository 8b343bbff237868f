"""Parse trees that name panels and their sides, to phrases and modifiers, and the sets that they mean."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lark import Token, Tree

from nmn.language.connect import conj, exists, negate
from nmn.language.syntax.determiners import determiner_of
from nmn.language.syntax.phrases import Determiner, Modifier, Phrase, Premodifier
from nmn.language.syntax.premodifiers import premodifier
from nmn.language.trees import PANELS, SCENE, Node, is_plural, is_token, name_of, rule, span_of, trees_of
from nmn.layout import Layout
from nmn.lexicon import Gap

if TYPE_CHECKING:
    from nmn.language.syntax.reader import Reader

SIDE_OF = {("x", -1): "left", ("x", 1): "right", ("y", -1): "top", ("y", 1): "bottom"}
UNCOUNTED = ("the", "bare", "some")  # "in the boxes": in one of them; of each, the clause would have to be asked


def panel_phrase(tree: Node, reader: "Reader") -> Phrase:
    """Read "two boxes", "the left image": determiner and what stands before the noun."""
    determiner, plural = Determiner("bare"), False
    premodifiers: list[Premodifier] = []
    for part in _parts(tree):
        if isinstance(part, Tree) and rule(part) == "det":
            determiner = determiner_of(part, reader)
        elif is_token(part, "PANEL"):
            plural = is_plural(part)
        elif is_token(part, "EITHER"):
            determiner = Determiner("some")
        elif is_token(part, "ONE"):
            continue  # "in the right one"
        else:
            premodifiers.append(premodifier(part, reader.lexicon))
    if determiner.name == "another":
        raise reader.error(tree, '"another" than which is not read of panels: say "the left one", "the right one"')
    return Phrase(determiner, PANELS, plural, tuple(premodifiers), span=span_of(tree))


def _parts(tree: Node) -> list[Node]:
    assert isinstance(tree, Tree)
    heads = trees_of(tree, "panel_head")
    return [child for child in tree.children if child not in heads] + [part for head in heads for part in head.children]


def panel_named(superlative: str) -> Phrase:
    """Return the phrase of "the left image"."""
    return Phrase(Determiner("the"), PANELS, premodifiers=(Premodifier("superlative", name=superlative),))


def is_other_panel(phrase: Phrase) -> bool:
    """Whether a phrase is "the other image", of which nothing but what was said before says which."""
    return phrase.determiner == Determiner("the") and phrase.premodifiers == (Premodifier("other"),)


def panel_set(phrase: Phrase, reader: "Reader") -> Layout:
    """Return the panels that a phrase names, its determiner left out."""
    found = PANELS
    for kind, layout, name in reversed(phrase.premodifiers):
        if kind == "superlative" and found == PANELS:
            found = Layout("panel", name)
        elif kind == "but":
            found = Layout("and", None, (found, negate(layout)))
        elif kind == "set":
            such = conj(exists(SCENE), Layout("quantify", "every", (SCENE, layout)))
            where = Layout("where", None, (such,))
            found = where if found == PANELS else Layout("and", None, (where, found))
        else:
            if is_other_panel(phrase):
                raise reader.error(phrase, "other than which? Say it in a clause of its own, after one about a panel")
            raise reader.error(phrase, "of panels, only colours and the like, and sides such as the left one are read")
    return found


def in_panel(panel: Phrase, joined: str | None = None) -> Modifier:
    """Return the modifier "in the left image": inside one of those panels."""
    return Modifier("in_panel", panel=panel, joined=joined)


def inside(modifier: Modifier, reader: "Reader") -> Layout:
    """Return the set of what is in the panels; raise QuestionError where they would have to be counted."""
    assert modifier.panel is not None
    if modifier.panel.determiner.name not in UNCOUNTED:
        raise reader.error(modifier.panel, 'panels are counted after "there is" alone, or as what has something')
    return Layout("inside", None, (panel_set(modifier.panel, reader),))


def at_side(relation: Node, parts: Sequence[Node], reader: "Reader") -> Modifier:
    """Return the modifier "touching the wall"; "touching no wall" is negated."""
    place = parts[-1]
    _check_touching(relation, reader)
    determiner = next((determiner_of(part, reader).name for part in parts if isinstance(part, Tree)), "the")
    if determiner not in ("the", "some", "no"):
        raise reader.error(place, f'"{determiner}" is not read before a side')
    name = name_of(place)
    side = name if is_token(place, "SIDE") else side_of(name, reader)
    if side is None:
        raise reader.error(place, f'"{name}" names no side')
    return Modifier("is", layout=Layout("at_side", side), negated=determiner == "no")


def _check_touching(relation: Node, reader: "Reader") -> None:
    """Refuse "left of the wall": of the relations, only the one with the least gap is read of a side."""
    if not is_token(relation, "AT") and touching(reader) != name_of(relation):
        raise reader.error(relation, "of the sides of a panel, only touching them is read")


def touching(reader: "Reader") -> str | None:
    """Return the relation that means touching: the one with the least gap; None where the lexicon has no gap."""
    gaps = {
        name: entry.meaning.at_most
        for name, entry in reader.lexicon.relations.items()
        if isinstance(entry.meaning, Gap)
    }
    return min(gaps, key=lambda name: gaps[name], default=None)


def side_of(superlative: str, reader: "Reader") -> str | None:
    """Return the side that "the top", "the left" name after "touching"."""
    order = reader.lexicon.superlatives[superlative].order
    return SIDE_OF.get((order.by, order.sign))


def touched_side(modifier: Modifier, phrase: Phrase, tokens: list[Token], reader: "Reader") -> Modifier | None:
    """Return "touching the bottom" as of a side; None where it is about things."""
    if modifier.kind != "related" or phrase.determiner.name != "the":
        return None
    if [token.type for token in tokens] != ["THE", "SUPERLATIVE_PLACE"]:
        return None
    if modifier.name != touching(reader):
        raise reader.error(phrase, 'of a side of the image, only touching it is read; of a thing, "the topmost shape"')
    side = side_of(name_of(tokens[-1]), reader)
    return replace(modifier, kind="is", name="", operands=(), layout=Layout("at_side", side)) if side else None
