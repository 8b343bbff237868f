"""The whole language of reasoning on one screen: kinds, arguments and the table of modules.

``SIGNATURES`` is the contract between the grammars, the exact modules, the neural modules, the reference evaluator
and the drawings. Names follow Andreas et al. 2016 (find, relate, describe, ...) and CLEVR's functions (unique, same,
...; Johnson et al. 2017, table 1 of the supplement). The meaning of each name is one sentence here; its computation
stands in ``nmn/modules``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from nmn.errors import LayoutError, did_you_mean


class Kind(StrEnum):
    """The type of the value that a call yields."""

    ATTENTION = "attention"  # truth in [0, 1] of each region: a fuzzy set of regions
    PANELS = "panels"  # truth in [0, 1] of each panel of the image: a fuzzy set of panels
    NUMBER = "number"  # distribution over 0, 1, 2, ...
    ATTRIBUTE = "attribute"  # truth in [0, 1] of each value of one attribute
    TRUTH = "truth"  # truth in [0, 1]

    __hash__ = str.__hash__  # as str, whose equality it has: kinds are keys in hot loops, and Enum's hash is slow


class Argument(StrEnum):
    """What the argument of a module, in square brackets, names."""

    VALUE = "value"  # red, circle, small: a value of some attribute, in the lexicon
    ATTRIBUTE = "attribute"  # color, shape, size: in the lexicon
    RELATION = "relation"  # left_of, near: in the lexicon
    SUPERLATIVE = "superlative"  # leftmost, largest: in the lexicon
    COMPARISON = "comparison"  # one of COMPARISONS
    QUANTIFIER = "quantifier"  # one of QUANTIFIERS
    SIDE = "side"  # one of SIDES
    NUMBER = "number"  # a decimal numeral, 0 to MAX_NUMBER


COMPARISONS = ("equal", "fewer", "more", "at_most", "at_least")
QUANTIFIERS = ("every", "most", "half", "both", "neither")
SIDES = ("wall", "left", "right", "top", "bottom", "corner")
MAX_NUMBER = 999


@dataclass(frozen=True, slots=True)
class Signature:
    """Kinds of a module's operands, kind of its output and what its argument names.

    ``output=None`` marks the connectives: their operands are all attentions, all panels or all truths, and the output
    is of the same kind. ``of_panels``: all its attentions may be panels instead.
    """

    operands: tuple[Kind, ...]
    output: Kind | None
    argument: Argument | None
    meaning: str
    of_panels: bool = False


def of_panels(signature: Signature) -> tuple[Kind, ...]:
    """Return a signature's operands with panels for its attentions."""
    return tuple([Kind.PANELS if kind is Kind.ATTENTION else kind for kind in signature.operands])


A, P, N, T = Kind.ATTENTION, Kind.PANELS, Kind.NUMBER, Kind.TRUTH

_SIGNATURES: dict[str, Signature] = {
    # sets of regions
    "scene": Signature((), A, None, "every region"),
    "find": Signature((), A, Argument.VALUE, "regions that have the value"),
    "relate": Signature((A,), A, Argument.RELATION, "regions in the relation to at least one region of the set"),
    "relate_every": Signature((A,), A, Argument.RELATION, "regions in the relation to every region of the set"),
    "relate_count": Signature((A, N), A, Argument.RELATION, "regions in the relation to at least that many of the set"),
    "between": Signature((A, A), A, None, "regions between some region of the first set and another of the second"),
    "nearest": Signature((A, A), A, None, "members of the first set nearest to some region of the second, by centres"),
    "farthest": Signature((A, A), A, None, "members of the first set farthest from some region of the second"),
    "same": Signature((A,), A, Argument.ATTRIBUTE, "regions that share the attribute's value with another of the set"),
    "superlative": Signature((A,), A, Argument.SUPERLATIVE, "the extreme members of the set; all of them in a tie"),
    "ordinal": Signature((A, N), A, Argument.SUPERLATIVE, "members with that rank; a rank is 1 + how many come before"),
    "unique": Signature((A,), A, None, "the set itself, presupposed to hold exactly one region"),
    "inside": Signature((P,), A, None, "regions inside one of the panels"),
    "at_side": Signature((), A, Argument.SIDE, "regions that touch that side of their panel; wall: any, corner: two"),
    "near_side": Signature((), A, Argument.SIDE, "regions that come near that side of their panel, touching or not"),
    # sets of panels: the parts of an image that is made of several
    "panels": Signature((), P, None, "every panel"),
    "panel": Signature((), P, Argument.SUPERLATIVE, "the extreme panels; all of them in a tie"),
    "where": Signature((T,), P, None, "panels of which the truth holds, asked of that panel alone"),
    "as_many": Signature((A,), P, None, "panels that hold as many members of the set as another panel does"),
    "alike": Signature((A,), P, Argument.ATTRIBUTE, "panels whose members of the set show another panel's values"),
    # connectives, on attentions, on panels or on truths
    "and": Signature((A, A), None, None, "both"),
    "or": Signature((A, A), None, None, "either or both"),
    "not": Signature((A,), None, None, "complement"),
    # numbers
    "count": Signature((A,), N, None, "how many members the set holds", of_panels=True),
    "distinct": Signature((A,), N, Argument.ATTRIBUTE, "how many values of the attribute occur in the set"),
    "difference": Signature((N, N), N, None, "by how much the first number is above the second, 0 where it is not"),
    "number": Signature((), N, Argument.NUMBER, "a numeral"),
    # truths
    "exists": Signature((A,), T, None, "the set holds at least one member", of_panels=True),
    "compare": Signature((N, N), T, Argument.COMPARISON, "the first number is more, fewer, ... than the second"),
    "within": Signature((N, N, N), T, None, "the first number is at least the second and at most the third"),
    "quantify": Signature(
        (A, A), T, Argument.QUANTIFIER, "every, most, ... of the first set are in the second", of_panels=True
    ),
    "agree": Signature((A, A), T, Argument.ATTRIBUTE, "some value of the attribute occurs in both sets"),
    # attributes
    "describe": Signature(
        (A,), Kind.ATTRIBUTE, Argument.ATTRIBUTE, "the values of the attribute that occur in the set"
    ),
    "commonest": Signature(
        (A,), Kind.ATTRIBUTE, Argument.ATTRIBUTE, "the value that most members of the set have; all of them in a tie"
    ),
    "rarest": Signature(
        (A,), Kind.ATTRIBUTE, Argument.ATTRIBUTE, "the value that fewest members have, of those that occur in the set"
    ),
}

SIGNATURES: Mapping[str, Signature] = MappingProxyType(_SIGNATURES)
OWN_NAMES = frozenset(_SIGNATURES)


def signature_of(module: str) -> Signature:
    """Return a module's signature; raise LayoutError where there is none of the name."""
    if module not in _SIGNATURES:
        raise LayoutError(f"unknown module {module!r}{did_you_mean(module, _SIGNATURES)}")
    return _SIGNATURES[module]


def register_signature(name: str, signature: Signature) -> None:
    """Add a module of the user's own to SIGNATURES.

    Raises LayoutError if the name is not a lower-case identifier or is taken by another signature.
    """
    if not (name.isidentifier() and name == name.lower()):
        raise LayoutError(f"a module's name is a lower-case identifier, got {name!r}")
    if _SIGNATURES.setdefault(name, signature) != signature:
        raise LayoutError(f"module {name!r} exists already, with the signature {_SIGNATURES[name]}")


def unregister_signature(name: str) -> None:
    """Take a module of the user's own out of SIGNATURES again."""
    if name in OWN_NAMES:
        raise LayoutError(f"module {name!r} is one of the language's own")
    _SIGNATURES.pop(name, None)
