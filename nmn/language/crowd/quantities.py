"""Actions of the rules about quantities: of things, of boxes and of colours.

"labels 7-0" cites the examples of the development split that side with a reading, and with its alternative, where the
answer differs; train labels come from one person each (docs/nlvr.md).
"""

from typing import Any

from nmn.language.crowd.meanings import BOTH, EVERY, NO, SOME, THE, VALUES, Quant, ValueCount, action

MULTIPLE, MANY = 3, 4  # at least; train labels 1-0 and 1-0 against 2


@action()
def number_(sense: Any) -> int:
    """A numeral."""
    return 1 if sense.terminal == "ONE" else int(sense.name)


@action()
def exactly(amount: int) -> Quant:
    """A bare number means exactly that many: "N towers" 3-0, "1 tower" 6-0, inner "with N blocks" 13-0."""
    return Quant("count", amount, amount)


@action()
def exactly_said(_: Any, amount: int) -> Quant:
    """Exactly or only N."""
    return Quant("count", amount, amount, True)


@action()
def exactly_one(*_: Any) -> Quant:
    """A single one."""
    return Quant("count", 1, 1, True)


@action()
def at_least(_: Any, amount: int) -> Quant:
    """At least N."""
    return Quant("count", amount, None)


@action()
def at_least_one(*_: Any) -> Quant:
    """At least a."""
    return Quant("count", 1, None)


@action()
def at_most(_: Any, amount: int) -> Quant:
    """At most N."""
    return Quant("count", None, amount)


@action()
def more_than(_: Any, amount: int) -> Quant:
    """More than N."""
    return Quant("count", amount + 1, None)


@action()
def fewer_than(_: Any, amount: int) -> Quant:
    """Fewer than N."""
    return Quant("count", None, max(0, amount - 1))


@action()
def number_or_more(amount: int, _: Any) -> Quant:
    """N or more."""
    return Quant("count", amount, None)


@action()
def number_or(first: int, second: int) -> Quant | None:
    """Two or three."""
    return Quant("count", first, second) if second == first + 1 else None


@action()
def multiple(_: Any) -> Quant:
    """Multiple, several."""
    return Quant("count", MULTIPLE, None)


@action()
def many(_: Any) -> Quant:
    """Many, a lot of."""
    return Quant("count", MANY, None)


@action(cost=0.3)
def a_exactly(_: Any, __: Any, amount: int) -> Quant:
    """A slip: "a exactly two"."""
    return Quant("count", amount, amount, True)


@action(cost=0.3)
def a_number(_: Any, amount: int) -> Quant:
    """A slip: "a two squares"."""
    return Quant("count", amount, amount)


@action()
def some(_: Any) -> Quant:
    """A, an, any: at least one, labels 7-0."""
    return SOME


@action()
def none(*_: Any) -> Quant:
    """No, none of the."""
    return NO


@action()
def not_quantity(_: Any, quant: Quant) -> Quant | None:
    """Not at least two: fewer."""
    if quant.high is None and quant.low:
        return Quant("count", None, quant.low - 1)
    return None


@action()
def every_(_: Any) -> Quant:
    """Each, every, all."""
    return EVERY


@action()
def the() -> Quant:
    """The."""
    return THE


@action()
def both_of(_: Any) -> Quant:
    """Both."""
    return BOTH


@action()
def the_number(amount: int) -> Quant:
    """The two squares."""
    return Quant("the", amount, amount)


@action()
def every_number(_: Any, amount: int) -> Quant:
    """All three."""
    return Quant("every", amount, amount)


@action()
def not_every(*_: Any) -> Quant:
    """Not all."""
    return Quant("not every")


@action()
def no_two(_: Any, amount: int) -> Quant:
    """No two of them."""
    return Quant("count", None, max(0, amount - 1))


@action()
def attribute_(sense: Any) -> str:
    """The name of an attribute."""
    return {"COLOR_WORD": "color", "SHAPE_WORD": "shape", "SIZE_WORD": "size"}[sense.terminal]


@action()
def value_count(quant: Quant, attribute: str) -> ValueCount:
    """2 different colours, a single colour, at least two shapes."""
    return ValueCount(attribute, quant)


@action()
def value_count_at_most(quant: Quant, attribute: str, _: Any) -> ValueCount:
    """2 colours at most."""
    return ValueCount(attribute, quant._replace(low=None))


@action(cost=0.05)
def values_all(*parts: Any) -> ValueCount:
    """All 3 colours."""
    return ValueCount(parts[-1], Quant("count", len(VALUES[parts[-1]])))


@action()
def values_not_all(*parts: Any) -> ValueCount:
    """Not all 3 colours."""
    return ValueCount(parts[-1], Quant("count", None, len(VALUES[parts[-1]]) - 1))
