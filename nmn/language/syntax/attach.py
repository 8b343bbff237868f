"""Which noun a modifier attaches to: the one place where that is decided, and where other readings come from.

The grammars keep modifiers in flat lists, so attachment is a choice among the phrases on the right edge of what was
read so far. The decisions, in order of preference (Kimball 1973, "right association"):

1. A modifier attaches to the nearest noun: in "the circle left of the square above the star" the square is above the
   star.
2. A modifier joined by "and" or "or" continues the last open relative clause, or else the outermost noun: in "a circle
   left of a square and above a star" the circle is above the star, in "a circle left of a square that is red and
   large" the square is large.
3. A noun phrase joined by "and" stands beside the outermost one ("there is a circle left of a square and a star": there
   is a star), but after a verb beside the nearest ("the circle is left of a square and a star"), and after an exception
   it is left out too ("everything but the square and the star"). By "or", or where what is said is denied, in a
   relative clause, or without an article of its own, it goes with the nearest of its like ("no circle near a square or
   a star", "a circle that touches a square and a star", "larger than all circles and squares"); before a verb as the
   verb's number has it ("the circle left of the square and the star is red").
4. In an inverted question a comparison, what is denied, and what follows a relative clause, is the predicate, so it
   attaches to the outermost noun: "is the circle left of the square the same size as the star".
5. An exception is one of several of its kind: in "how many shapes are left of the star other than the ring" the ring is
   no star, so it is left out of the shapes.

``Choices`` (``choices.py``) replays the lowering with other picks, so every reading is made by the same code.
"""

from collections.abc import Callable
from dataclasses import replace

from nmn.language.connect import either
from nmn.language.syntax.choices import Choices
from nmn.language.syntax.phrases import (
    COMPARISONS,
    EACH,
    FROM_SIDE,
    LISTED,
    Determiner,
    Joined,
    Modifier,
    Phrase,
    Premodifier,
    is_extreme,
    with_nouns,
)
from nmn.language.trees import SCENE


def attach_modifier(phrase: Phrase, modifier: Modifier, choices: Choices, inverted: bool = False) -> Phrase:
    """Attach a modifier to a phrase on the right edge of a phrase (decisions 1, 2 and 4).

    ``inverted``: the phrase is the subject of "is the circle ...", so that a comparison may be its predicate.
    """
    edge = right_edge(phrase)
    if len(edge) > 1 and not inverted and (denied := _not_this(edge, modifier)) is not None:
        return _modified_at(phrase, len(edge) - 2, denied)
    levels = list(range(len(edge) - 1, -1, -1))
    if not modifier.relative and (modifier.kind == "nominal" or (inverted and _asks(edge[0], modifier))):
        levels.sort(key=lambda level: level > 0)
    elif modifier.kind == "in_panel":  # no relation reaches from panel to panel, so the outermost noun is in it too
        if not any(phrase.modifiers[-1].kind in COMPARISONS for phrase in edge[:-1]):
            levels.reverse()
    elif modifier.joined:
        levels.sort(key=lambda level: (0, -level) if _goes_on(edge[level], modifier) else (1, level > 0))
    elif modifier.kind == "other_than":
        levels.sort(key=lambda level: _unlikely(edge[level], modifier))
    elif len(edge) > 1 and (_is_all_there_is(edge[-2], modifier) or _is_no_kind(edge[-2], modifier)):
        levels.sort(key=lambda level: level != len(edge) - 2)
    elif modifier.plural is not None:
        levels.sort(key=lambda level: edge[level].plural != modifier.plural)
    elif modifier.kind == FROM_SIDE:
        levels = [level for level in levels if edge[level].has("ordinal")] or levels
    asked = inverted and not modifier.relative and _asks(edge[0], modifier)  # what follows may say which other one
    levels.sort(key=lambda level: _of_itself(edge[level], modifier) and not (asked and level == 0))
    return _modified_at(phrase, choices.pick(levels), modifier)


def _of_itself(phrase: Phrase, modifier: Modifier) -> bool:
    """Whether a modifier would relate a thing to itself: "a star above the square that is larger than the square"."""
    operand = modifier.operands[-1] if modifier.operands and modifier.kind in LISTED else None
    if operand is None or operand.determiner != Determiner("the") or operand.modifiers:
        return False
    if not (modifier.comparing or modifier.kind in COMPARISONS):
        return False  # "left of the square left of the square": in a chain another is meant
    same = (operand.noun, operand.premodifiers, operand.plural) == (phrase.noun, phrase.premodifiers, phrase.plural)
    return same and phrase.determiner == operand.determiner


def _not_this(edge: list[Phrase], modifier: Modifier) -> Modifier | None:
    """Return "not left of the star" of "left of the square, not the star"; None for any other modifier."""
    if modifier.kind != "nominal" or not modifier.negated or modifier.joined or modifier.relative:
        return None
    last, known = edge[-2].modifiers[-1], modifier.operands[0].determiner.name == "the"
    if last.kind not in LISTED or not (known or edge[-2].noun != SCENE):
        return None
    return replace(last, operands=modifier.operands, operand_joins=(), negated=not last.negated, joined="and")


def _asks(subject: Phrase, modifier: Modifier) -> bool:
    """Whether a modifier in an inverted question is its predicate: a comparison, "not red", what follows a clause."""
    last = subject.modifiers[-1] if subject.modifiers else None
    closed = last is not None and (last.kind == "other_than" or last.relative)
    denied = modifier.negated and not modifier.joined
    if modifier.kind in COMPARISONS or modifier.comparing or denied:
        return True
    return closed and modifier.kind != "other_than" and not modifier.joined


def attach_phrase(phrases: list[Joined], joined: Joined, choices: Choices, nearest: bool | None = None) -> list[Joined]:
    """Attach a joined noun phrase beside a phrase on the right edge (decision 3).

    ``nearest``: whether beside the nearest rather than the outermost; None where their determiners decide.
    """
    edge = right_edge(phrases[-1].phrase)
    several = [level for level, phrase in enumerate(edge[1:], 1) if _is_of_all(phrase) and leaves_out(phrase, joined)]
    left = several[-1] if several else 0 if leaves_out(edge[0], joined) else None
    if left is not None:
        exception = Modifier("other_than", operands=(joined.phrase,))
        return with_last(phrases, _modified_at(phrases[-1].phrase, left, exception))
    if (place := _nominal_level(edge, joined, bool(nearest))) is not None:
        nominal = Modifier(
            "nominal", operands=(joined.phrase,), verbless=True, relative=True, joined=joined.conjunction
        )
        return with_last(phrases, _modified_at(phrases[-1].phrase, place, nominal))
    levels = [0] + [level for level in range(len(edge) - 1, 0, -1) if edge[level - 1].modifiers[-1].kind in LISTED]
    if nearest is None:
        nearest = len(levels) > 1 and _goes_with(edge, edge[levels[1]], joined)
    if nearest:
        levels = levels[1:] + levels[:1]
    excepting = [level for level in range(len(edge) - 1, 0, -1) if _left_out(edge[level - 1], joined.phrase)]
    level = choices.pick(excepting[:1] + levels)
    if level == 0:
        return [*phrases, joined]
    return with_last(phrases, _edit(phrases[-1].phrase, level - 1, lambda phrase: widened(phrase, joined)))


def _goes_with(edge: list[Phrase], reached: Phrase, joined: Joined) -> bool:
    """Whether a joined phrase goes with what a relation reaches, not with the outermost, by their determiners."""
    name, like, outer = joined.phrase.determiner.name, reached.determiner.name, edge[0].determiner.name
    if name == "bare":  # it shares that of the nearest: "larger than all circles and squares"
        return (like != "bare" or joined.conjunction == "or") and joined.phrase.plural == reached.plural
    clause = any(phrase.modifiers and phrase.modifiers[-1].relative for phrase in edge)
    if joined.conjunction == "or":
        return clause or name == like or name != outer
    return name == like and joined.conjunction == "and" and (clause or outer == "no")


def right_edge(phrase: Phrase) -> list[Phrase]:
    """Return the phrase, the last operand of its last modifier, and so on inwards."""
    edge = [phrase]
    while len(phrase.modifiers) > phrase.sealed:
        last = phrase.modifiers[-1]
        if not last.operands or last.kind in ("joint", "reached"):  # after whose verb nothing goes on with its noun
            break
        phrase = last.operands[-1]
        edge.append(phrase)
    return edge


def _edit(phrase: Phrase, level: int, change: Callable[[Phrase], Phrase]) -> Phrase:
    """Return the phrase with the one ``level`` steps down its right edge changed."""
    if level == 0:
        return change(phrase)
    last = phrase.modifiers[-1]
    inner = _edit(last.operands[-1], level - 1, change)
    last = replace(last, operands=(*last.operands[:-1], inner))
    return replace(phrase, modifiers=(*phrase.modifiers[:-1], last))


def _modified_at(phrase: Phrase, level: int, modifier: Modifier) -> Phrase:
    return _edit(phrase, level, lambda one: _modified(one, modifier))


def _modified(phrase: Phrase, modifier: Modifier) -> Phrase:
    while phrase.modifiers and (kinds := _either_kind(phrase.modifiers[-1], modifier)) is not None:
        phrase, modifier = replace(phrase, modifiers=phrase.modifiers[:-1]), kinds
    last = phrase.modifiers[-1] if phrase.modifiers else None
    if last is not None and last.kind in EACH.values() and modifier.kind in EACH and modifier.joined:
        modifier = replace(  # "the same color as the cube and the same size"
            modifier, kind=EACH[modifier.kind], operands=last.operands, operand_joins=last.operand_joins
        )
    if last is None:
        modifier = replace(modifier, joined=None)
    elif modifier.joined == "or" and modifier.verbless and _denied(last):
        modifier = replace(modifier, joined="and", negated=True)  # "not red or yellow": neither of the two
    return replace(phrase, modifiers=(*phrase.modifiers, modifier))


def _either_kind(before: Modifier, modifier: Modifier) -> Modifier | None:
    """Return "red or blue circles" of "red" and "or blue circles"; None for what is no such list of adjectives."""
    if modifier.kind != "nominal" or modifier.joined != "or" or before.kind != "is" or before.layout is None:
        return None
    operand = modifier.operands[0]
    first = operand.premodifiers[0] if operand.premodifiers else None
    if operand.determiner.name != "bare" or not operand.plural or first is None or first.kind != "set":
        return None
    kinds = replace(
        operand, premodifiers=(Premodifier("set", either(before.layout, first.layout)), *operand.premodifiers[1:])
    )
    return replace(before, kind="nominal", layout=None, operands=(kinds,))


def _denied(modifier: Modifier) -> bool:
    """Whether a modifier says "not ..." or "no circle"."""
    return modifier.negated or (modifier.kind == "nominal" and modifier.operands[0].determiner.name == "no")


def leaves_out(phrase: Phrase, joined: Joined) -> bool:
    """Whether a joined phrase is an exception, one of what it is left out of: "every circle but the red one"."""
    before, after, noun = phrase.determiner.name, joined.phrase.determiner.name, joined.phrase.noun
    if joined.conjunction != "but" or (before == "the" and not phrase.plural and not is_extreme(phrase)):
        return False  # but of "the biggest shape but the star"
    if after == "the":
        return SCENE in (phrase.noun, noun) or noun == phrase.noun
    one_of_them = (noun == phrase.noun != SCENE and not phrase.premodifiers) or (phrase.noun == SCENE != noun)
    any_thing = after == "bare" and phrase.noun == SCENE
    if before == "every" and after == "numeral" and noun == phrase.noun == SCENE:
        return True  # "all shapes but two"
    if phrase.noun == SCENE and before == "some" and after in ("bare", "some"):
        return True  # "is there anything below the star but circles"
    one = after == "bare" and not joined.phrase.plural  # "every circle but one"
    return before in ("every", "no") and one_of_them and (after in ("some", "numeral") or any_thing or one)


def _is_of_all(phrase: Phrase) -> bool:
    name, anything = phrase.determiner.name, phrase.noun == SCENE and phrase.determiner.name == "some"
    return name in ("every", "no", "both") or (phrase.plural and name == "the") or anything


def _nominal_level(edge: list[Phrase], joined: Joined, nearest: bool) -> int | None:
    """Return where on the edge a noun goes on with a relative clause: "that are not circles or squares".

    After "a shape that is red", which says nothing of its kind, "and a circle" says it; so does "and not a circle".
    """
    name, noun = joined.phrase.determiner.name, joined.phrase.noun
    for level in range(len(edge) - 1, -1, -1):
        last = edge[level].modifiers[-1] if edge[level].modifiers else None
        if last is None or not last.relative:
            continue
        kind_of_it = name == "some" and edge[level].noun == SCENE != noun and last.kind == "is"
        listed = name in ("bare", "some") or (name == "the" and nearest)
        adjectives = last.kind == "is" and name == "bare" and bool(joined.phrase.premodifiers)
        one_of_kinds = joined.conjunction == "or" and listed and (last.kind == "nominal" or adjectives)
        if kind_of_it or one_of_kinds:
            return level
    return None


def _left_out(outer: Phrase, phrase: Phrase) -> bool:
    """Whether "and ..." after a phrase that ends in an exception ("everything but a circle") is a part of that."""
    if not outer.modifiers or outer.modifiers[-1].kind != "other_than":
        return False
    name, excepted = phrase.determiner.name, outer.modifiers[-1].operands[-1].determiner.name
    anything, every = outer.noun == SCENE, outer.determiner.name in ("every", "no")
    if name == excepted:
        return anything or every or outer.determiner.name == "bare"
    return name == "bare" or (anything and every and name in ("the", "some"))


def widened(phrase: Phrase, joined: Joined) -> Phrase:
    """Return the phrase whose last modifier takes one more operand."""
    last = phrase.modifiers[-1]
    *before, one = last.operands
    operands = (*before, *with_nouns(one, joined.phrase))
    last = replace(last, operands=operands, operand_joins=(*last.operand_joins, joined.conjunction))
    return replace(phrase, modifiers=(*phrase.modifiers[:-1], last))


def with_last(phrases: list[Joined], phrase: Phrase) -> list[Joined]:
    """Return phrases with another one in the place of the last."""
    return [*phrases[:-1], Joined(phrases[-1].conjunction, phrase)]


def _is_all_there_is(phrase: Phrase, modifier: Modifier) -> bool:
    """Whether a phrase is "nothing but circles", of which what follows says where."""
    last = phrase.modifiers[-1]
    if last.kind != "other_than" or phrase.determiner.name == "every":
        return False
    left_out = last.operands[-1]
    if phrase.determiner.name == "bare" and left_out.determiner.name == "the":  # "are red except the circle, which ..."
        return False
    return left_out.determiner.name in ("bare", "some") or (modifier.relative and phrase.noun == SCENE)


def _is_no_kind(phrase: Phrase, modifier: Modifier) -> bool:
    """Whether a phrase is "shapes that are not circles", of which what follows says where: no kind lies anywhere.

    "Not the circle", and "circles that are not circles", name which ones, so that what follows says which.
    """
    last = phrase.modifiers[-1]
    if last.kind != "nominal" or not (last.relative and last.negated) or modifier.relative or modifier.joined:
        return False
    kind = last.operands[-1]
    return kind.determiner.name in ("bare", "some") and kind.noun not in (SCENE, phrase.noun)


def _unlikely(phrase: Phrase, exception: Modifier) -> int:
    """Return how unlikely an exception is from a phrase: 1 from one thing, 2 from another kind."""
    noun, name = exception.operands[0].noun, phrase.determiner.name
    if phrase.noun == SCENE and name == "some":  # "anything except the star"
        return 0
    if SCENE not in (noun, phrase.noun) and noun != phrase.noun:
        return 2
    if exception.name.startswith("except"):
        several = phrase.plural or name in ("every", "no", "bare")
    else:
        several = name != "the" or phrase.plural or noun == phrase.noun != SCENE
    return 0 if several else 1


def _goes_on(phrase: Phrase, modifier: Modifier) -> bool:
    """Whether a joined modifier continues what a phrase ends in: a relative clause, or "something small and blue"."""
    if not phrase.modifiers:
        return False
    last = phrase.modifiers[-1]
    return last.relative or (phrase.noun == SCENE and last.kind == modifier.kind == "is" and len(phrase.modifiers) == 1)
