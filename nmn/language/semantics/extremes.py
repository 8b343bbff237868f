"""Superlatives and ordinals before a noun, and in "that is the largest": which of a set they take."""

from nmn.language.connect import conj, fold, number
from nmn.language.syntax.phrases import Modifier, Phrase, Premodifier, is_extreme
from nmn.language.syntax.reader import Reader
from nmn.layout import Layout


def extreme_of(modifier: Modifier) -> str | None:
    """Return the superlative that a relative clause such as "that is the largest" consists of."""
    if not modifier.relative and modifier.name != "at_place":
        return None
    if modifier.layout is not None:
        return modifier.layout.argument if modifier.layout.module == "superlative" else None
    operand = modifier.operands[0] if modifier.kind == "nominal" else None
    if operand is None or not operand.elided or operand.modifiers or len(operand.premodifiers) != 1:
        return None
    return operand.premodifiers[0].name if is_extreme(operand) else None


def apply_before(before: list[Premodifier], inner: Layout, side: str | None, phrase: Phrase, reader: Reader) -> Layout:
    """Put the last of what stands before a noun on the set that follows it; ``side``: from where it is counted."""
    kind, layout, name = before.pop()
    if kind in ("set", "each"):
        return conj(layout, inner)
    if kind == "superlative":
        if before and before[-1].kind == "ordinal":
            return Layout("ordinal", name, (inner, Layout("number", before.pop().name)))
        first = Layout("superlative", name, (inner,))
        ranks = range(2, 1 + _how_many_extremes(phrase, reader))
        return fold(
            ["or"] * (1 + len(ranks)),
            [first, *(Layout("ordinal", name, (inner, number(rank))) for rank in ranks)],
        )
    if kind == "comparative":  # "the larger circle": larger than every other one
        if phrase.determiner.name != "the":
            raise reader.error(phrase, "than what? Say, for instance, 'larger than the star'")
        nouns = {one.noun for one in reader.mentioned if one.determiner.name == "some" and not one.plural}
        if reader.text(phrase).endswith(" one") and len(nouns) > 1:
            raise reader.error(phrase, "which of them? Say it of each, as in 'larger than the star'")
        return conj(inner, Layout("relate_every", name, (inner,)))
    if kind == "ordinal":
        if side is None:
            raise reader.error(phrase, 'an order is missing: say, for instance, "the second circle from the left"')
        return Layout("ordinal", side, (inner, Layout("number", name)))
    return inner


def _how_many_extremes(phrase: Phrase, reader: Reader) -> int:
    """Return how many "the two largest circles" are."""
    name, low, high, of = phrase.determiner
    if name == "both" or of is not None:
        return of or 2
    counted = name == "the" or (name == "numeral" and low == high and not partitive(phrase, reader))
    return low if counted and low else 1


def partitive(phrase: Phrase, reader: Reader) -> bool:
    """Whether a phrase is "one of the circles", "two of the circles"."""
    return phrase.determiner.name in ("numeral", "number") and " of the " in reader.text(phrase)


def is_the_only(phrase: Phrase, reader: Reader) -> bool:
    """Whether a phrase is "the only circle", so that there is no other."""
    return reader.text(phrase).startswith("the only")
