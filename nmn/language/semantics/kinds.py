"""What is said of several things at once: "the circles are red and blue", "the shapes are circles and squares"."""

from collections.abc import Sequence
from dataclasses import replace

from nmn.language.connect import either
from nmn.language.syntax.phrases import Modifier, Premodifier
from nmn.language.syntax.reader import Reader
from nmn.layout import Layout


def kinds_joined(modifiers: Sequence[Modifier], reader: Reader) -> list[Modifier]:
    """Return modifiers, "red" and "and blue" as one that says either, "red" and "and blue circles" as one kind."""
    found = list(modifiers[:1])
    for modifier in modifiers[1:]:
        before, kinds = found[-1], None
        if modifier.joined == "and" and not modifier.negated:
            kinds = _either(before, modifier, reader)
        if kinds is None:
            found.append(modifier)
        else:
            found[-1] = replace(kinds, negated=before.negated, joined=before.joined, relative=before.relative)
    return found


def _either(before: Modifier, modifier: Modifier, reader: Reader) -> Modifier | None:
    """Return the modifier that says of each of several things that it has one or another value of an attribute."""
    operand = modifier.operands[0] if modifier.kind == "nominal" else None
    adjective = operand is not None and before.kind == "is" and bool(operand.premodifiers)
    one = before.layout if before.kind == "is" else _noun_of(before)
    other = modifier.layout if modifier.kind == "is" else _noun_of(modifier)
    if adjective:
        assert operand is not None
        first = operand.premodifiers[0]
        other = first.layout if first.kind == "set" else None
    if one is None or other is None or _owner(one, reader) != _owner(other, reader) or _owner(one, reader) is None:
        return None
    if adjective:
        assert operand is not None
        before_noun = (Premodifier("set", either(one, other)), *operand.premodifiers[1:])
        return replace(modifier, operands=(replace(operand, premodifiers=before_noun),))
    if before.kind == "is" and modifier.kind == "is":
        return Modifier("is", layout=either(one, other))
    if "is" in (before.kind, modifier.kind):  # "round and squares"
        plain = all(part.kind == "is" or _is_plain(part) for part in (before, modifier))
        return Modifier("is", layout=either(one, other)) if plain else None
    return Modifier("joint", "or", (*before.operands, *modifier.operands))


def _is_plain(modifier: Modifier) -> bool:
    """Whether a noun says all that a predicate does."""
    return len(modifier.operands) == 1 and not (modifier.operands[0].premodifiers or modifier.operands[0].modifiers)


def _noun_of(modifier: Modifier) -> Layout | None:
    if modifier.kind == "joint" and modifier.name == "or":
        return modifier.operands[-1].noun
    if modifier.kind != "nominal" or modifier.operands[0].determiner.name not in ("bare", "some", "the"):
        return None
    return modifier.operands[0].noun


def _owner(layout: Layout, reader: Reader) -> str | None:
    """Return the attribute of which all that a layout finds are values."""
    if layout.module == "or":
        owners = {_owner(part, reader) for part in layout.operands}
        return owners.pop() if len(owners) == 1 else None
    return reader.lexicon.attribute_of.get(str(layout.argument)) if layout.module == "find" else None
