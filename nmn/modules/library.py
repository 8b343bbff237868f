"""A library of modules: for every name in SIGNATURES a function on a group of calls.

The exact and the neural library differ only in their ``Sources``: where the values of regions, and the matrices over
pairs of regions, come from. Everything else is ``logic.py`` for both.
"""

from abc import ABC, abstractmethod
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmn.errors import ArgumentError, LayoutError, did_you_mean
from nmn.layout import (
    COMPARISONS,
    OWN_NAMES,
    QUANTIFIERS,
    SIDES,
    Argument,
    Kind,
    Layout,
    Signature,
    register_signature,
    signature_of,
    unregister_signature,
)
from nmn.modules import logic
from nmn.regions import Regions


@dataclass(frozen=True, slots=True)
class Group:
    """The calls of one step: image, view and argument of each, and the values of their operands.

    ``view``: 0 for the whole image, 1 + p for its panel p alone; None where all are 0.

    ``argument`` is what ``Library.resolve`` made of the word: an index into the library's values, relations, ..., or
    the number itself. ``width`` is the length of every number's distribution in this run. ``kind`` is that of the
    calls' values. ``words`` and ``sizes``: see ``Step``.
    """

    regions: Regions
    image: Int[Tensor, " calls"]
    view: Int[Tensor, " calls"] | None
    argument: Int[Tensor, " calls"]
    operands: tuple[Tensor, ...]
    width: int
    kind: Kind
    words: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()

    @property
    def mask(self) -> Float[Tensor, "calls regions"]:
        """The truth that there is something in each region of what each call sees; 0 for the others and for padding."""
        if self.view is None:
            return self.regions.presence[self.image]
        return self.regions.seen[self.image, self.view]

    @property
    def panel_mask(self) -> Float[Tensor, "calls panels"]:
        """1 for each panel of what each call sees, 0 for the others and for padding."""
        return self.regions.seen_panels[self.image, 0 if self.view is None else self.view]

    @property
    def members(self) -> Float[Tensor, "calls panels regions"]:
        """1 for each region of each panel of each call's image."""
        return self.regions.panels.members[self.image].to(self.regions.features.dtype)


Module = Callable[[Group], Tensor]


class Sources(Protocol):
    """What a library must know of the world; each function takes the group with its arguments."""

    def find(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return which regions have the value that the argument names."""

    def relate(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return which regions stand in the relation to at least one region of the operand."""

    def relate_every(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return which regions stand in the relation to every other region of the operand."""

    def relate_count(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return which regions stand in the relation to at least as many of the operand as the number says."""

    def same(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return which regions share the attribute's value with another of the operand."""

    def superlative(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return the members of the operand that none of them comes before."""

    def ordinal(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return the members of the operand with the rank that the number says."""

    def between(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return which regions lie between a region of the first operand and another of the second."""

    def by_distance(self, group: Group, sign: int) -> Float[Tensor, "calls regions"]:
        """Return the members of the first operand nearest to (1), farthest from (-1) some region of the second."""

    def side(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return which regions touch the side of their panel that the argument names."""

    def near_side(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return which regions come near the side of their panel that the argument names."""

    def panel(self, group: Group) -> Float[Tensor, "calls panels"]:
        """Return which of the panels that a call sees are extreme in the order of the superlative."""

    def values(self, group: Group) -> Float[Tensor, "calls values regions"]:
        """Return which regions have each value of the attribute, zeros beyond its last value."""


class OfPairs(ABC):
    """The modules of Sources that a matrix of pairs for each call makes."""

    @abstractmethod
    def relation(self, group: Group) -> Float[Tensor, "calls others regions"]:
        """Return which regions stand in the relation to which others."""

    @abstractmethod
    def before(self, group: Group) -> Float[Tensor, "calls others regions"]:
        """Return which others come before which regions in the order of the superlative."""

    @abstractmethod
    def alike(self, group: Group) -> Float[Tensor, "calls others regions"]:
        """Return which others share the attribute's value with which regions; 0 on the diagonal."""

    def ranked(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return the first operand less the regions that have no place in the order of the superlative."""
        return group.operands[0]

    def relate_every(self, group: Group) -> Tensor:
        """Return ``logic.relate_every``."""
        return logic.relate_every(self.relation(group), group.operands[0], group.mask)

    def relate_count(self, group: Group) -> Tensor:
        """Return ``logic.relate_count``."""
        return logic.relate_count(self.relation(group), group.mask, *group.operands)

    def same(self, group: Group) -> Tensor:
        """Return ``logic.relate`` of regions that are alike."""
        return logic.relate(self.alike(group), *group.operands)

    def superlative(self, group: Group) -> Tensor:
        """Return ``logic.superlative``."""
        return logic.superlative(self.before(group), self.ranked(group))

    def ordinal(self, group: Group) -> Tensor:
        """Return ``logic.ordinal``."""
        return logic.ordinal(self.before(group), self.ranked(group), group.operands[1])


@dataclass(frozen=True)
class Library:
    """Functions by module name, and the words that each kind of argument may be, in the order of their indices.

    ``values`` are those of each attribute, in the order in which they are told apart. ``most``: numbers from this on
    count as one, where there are more regions than anything is asked of; None: every number counts. ``learned``: the
    words are those that a network was trained on; ``unlearned``: the modules that it has no parameters for;
    ``by_panel``: those that ask each panel alone, so that they are read within ``where`` only.
    """

    modules: Mapping[str, Module]
    words: Mapping[Argument, tuple[str, ...]]
    values: Mapping[str, tuple[str, ...]]
    most: int | None = None
    learned: bool = False
    unlearned: frozenset[str] = frozenset()
    by_panel: frozenset[str] = frozenset()

    @property
    def value_width(self) -> int:
        """The largest number of values of an attribute, at least 1."""
        return max([1, *(len(values) for values in self.values.values())])

    def resolve(self, argument: Argument, word: str) -> int:
        """Return the index of a word (a number: itself); raise ArgumentError naming the nearest known one."""
        if argument is Argument.NUMBER:
            if self.most is not None and int(word) > self.most:
                raise ArgumentError(f"number {word}: cells are counted up to {self.most} only")
            return int(word)
        words = self.words[argument]
        if word not in words:
            listed = ", ".join(words) or "none"
            if self.learned:
                raise ArgumentError(f'unknown {argument} "{word}"; the network has learned {listed}')
            raise ArgumentError(f'unknown {argument} "{word}"{did_you_mean(word, words) or f"; there are {listed}"}')
        return words.index(word)


def check_words(layout: Layout, library: Library) -> None:
    """Raise ArgumentError for the first module or word of a layout that a library does not know."""
    for call in layout.calls:
        if call.module in library.unlearned:
            told = f"{call.module}[{call.argument}]" if call.argument else call.module
            raise ArgumentError(f'module "{told}": nothing that the network was trained on uses it')
        argument = signature_of(call.module).argument
        if argument is not None and call.argument is not None:
            library.resolve(argument, call.argument)
    if library.by_panel:
        _check_asked_by_panel(layout, library)


def _check_asked_by_panel(layout: Layout, library: Library) -> None:
    if layout.module in library.by_panel:
        raise ArgumentError(
            f'module "{layout.label}": over the cells of several panels it is asked of each panel alone, as in "the'
            ' topmost block of a box"; objects are compared across panels'
        )
    for operand in layout.operands if layout.module != "where" else ():
        _check_asked_by_panel(operand, library)


def build_library(
    sources: Sources,
    words: Mapping[Argument, tuple[str, ...]],
    values: Mapping[str, tuple[str, ...]],
    most: int | None = None,
) -> Library:
    """Return the library over some sources, for the words of relations and superlatives, and attributes' values."""
    named = {
        Argument.VALUE: tuple(value for listed in values.values() for value in listed),
        Argument.ATTRIBUTE: tuple(values),
    }
    closed = {Argument.COMPARISON: COMPARISONS, Argument.QUANTIFIER: QUANTIFIERS, Argument.SIDE: SIDES}
    modules = ChainMap(_shared_modules(sources), CUSTOM)
    return Library(modules, {**named, **closed, **words}, values, most)


def _shared_modules(sources: Sources) -> dict[str, Module]:
    def first(group: Group) -> Tensor:
        return group.operands[0]

    def complement(group: Group) -> Tensor:
        if group.kind is Kind.TRUTH:
            return 1 - first(group)
        whole = group.mask if group.kind is Kind.ATTENTION else group.panel_mask
        return (whole - first(group)).clamp(min=0)  # where a region may be empty, "or" can exceed its mask

    def in_panels(group: Group) -> Tensor:
        return first(group).unsqueeze(1) * group.members

    def alike(group: Group) -> Tensor:
        values, held = sources.values(group), in_panels(group)
        shown = [logic.presence(panel, values) for panel in held.unbind(1)]
        return logic.panels_sharing(logic.alike(torch.stack(shown, 1)), group.panel_mask)

    return {
        "scene": lambda group: group.mask,
        "find": sources.find,
        "relate": sources.relate,
        "relate_every": sources.relate_every,
        "relate_count": sources.relate_count,
        "between": sources.between,
        "nearest": lambda group: sources.by_distance(group, 1),
        "farthest": lambda group: sources.by_distance(group, -1),
        "same": sources.same,
        "superlative": sources.superlative,
        "ordinal": sources.ordinal,
        "unique": first,
        "inside": lambda group: torch.einsum("cp,cpr->cr", first(group), group.members) * group.mask,
        "at_side": sources.side,
        "near_side": sources.near_side,
        "panels": lambda group: group.panel_mask,
        "panel": sources.panel,
        "where": lambda group: torch.stack(group.operands, 1) * group.panel_mask,
        "as_many": lambda group: logic.panels_sharing(
            logic.as_many(logic.poisson_binomial(in_panels(group), group.width)), group.panel_mask
        ),
        "alike": alike,
        "and": lambda group: logic.both(*group.operands),
        "or": lambda group: logic.either(*group.operands),
        "not": complement,
        "count": lambda group: logic.poisson_binomial(first(group), group.width),
        "distinct": lambda group: logic.poisson_binomial(
            logic.presence(first(group), sources.values(group)), group.width
        ),
        "number": lambda group: torch.nn.functional.one_hot(group.argument, group.width).to(
            group.regions.features.dtype
        ),
        "exists": lambda group: logic.exists(first(group)),
        "compare": lambda group: logic.compare(logic.COUNTED.to(first(group))[group.argument], *group.operands),
        "within": lambda group: logic.within(*group.operands),
        "quantify": lambda group: logic.quantify(group.argument, group.words, *group.operands),
        "agree": lambda group: logic.agree(
            *(logic.presence(operand, sources.values(group)) for operand in group.operands)
        ),
        "describe": lambda group: logic.presence(first(group), sources.values(group)),
        "commonest": lambda group: logic.commonest(logic.numbers(first(group), sources.values(group), group.width)),
        "rarest": lambda group: logic.rarest(logic.numbers(first(group), sources.values(group), group.width)),
    }


CUSTOM: dict[str, Module] = {}
ROUNDING = 0.01  # by which a chance may be off in bfloat16


def register_module(name: str, signature: Signature, function: Module) -> None:
    """Add a module of one's own to SIGNATURES and to every library, also to those of networks that are loaded.

    ``function`` takes a Group and returns a tensor with one row a call: [calls regions] for an attention, [calls] for
    a truth, [calls width] for a number, all between 0 and 1; a run in which it returns something else raises
    LayoutError. Raises LayoutError if the name is taken by another signature; by an equal one, the function takes its
    place.

    Boxes are in pixels of the image as the network sees it (its longer side has 128 with the weights that ship), of a
    scene in its own units; those of ``group.regions.panels`` are the sides of the whole.

    >>> from nmn.layout import Kind
    >>> left_half = Signature((Kind.ATTENTION,), Kind.ATTENTION, None, "members in the left half")
    >>> def run_left_half(group: Group) -> Tensor:
    ...     regions = group.regions
    ...     right_edges, middle = regions.boxes[..., 2], regions.panels.boxes[:, :1, [0, 2]].mean(-1)
    ...     return group.operands[0] * (right_edges <= middle)[group.image]
    >>> register_module("left_half", left_half, run_left_half)
    >>> unregister_module("left_half")
    """
    if name in OWN_NAMES:
        raise LayoutError(f"module {name!r} is one of the language's own")
    if not callable(function) or not isinstance(signature, Signature):
        raise LayoutError(f"module {name!r}: expected a Signature and a function of a Group")
    if signature.output is Kind.ATTRIBUTE and signature.argument is not Argument.ATTRIBUTE:
        raise LayoutError(f"module {name!r}: its argument must name the attribute whose values it yields")
    register_signature(name, signature)
    CUSTOM[name] = partial(_checked, name, function)


def _checked(name: str, function: Module, group: Group) -> Tensor:
    """Return what a module of one's own gives; raise LayoutError where its shape is not its kind's, or it no chance."""
    calls, regions = len(group.image), group.regions.features.shape[1]
    panels = group.regions.panels.count
    rows = {Kind.ATTENTION: (calls, regions), Kind.PANELS: (calls, panels), Kind.NUMBER: (calls, group.width)}
    value: Any = function(group)
    fits = isinstance(value, Tensor) and (
        value.ndim == 2 and len(value) == calls
        if group.kind is Kind.ATTRIBUTE
        else value.shape == rows.get(group.kind, (calls,))
    )
    if not fits:
        got = f"a tensor {list(value.shape)}" if isinstance(value, Tensor) else repr(value)[:60]
        wanted = "[calls values]" if group.kind is Kind.ATTRIBUTE else str(list(rows.get(group.kind, (calls,))))
        raise LayoutError(f"module {name!r}: expected a tensor {wanted} for {group.kind}, one row a call; got {got}")
    seen = value[group.mask > 0] if group.kind is Kind.ATTENTION else value  # what is padded may be anything
    if not bool(((seen >= -ROUNDING) & (seen <= 1 + ROUNDING)).all()):  # of NaN neither is true; waits for a GPU
        low, high = float(seen.min()), float(seen.max())
        raise LayoutError(f"module {name!r}: expected chances between 0 and 1; got {low:.3g} to {high:.3g}")
    return value  # type: ignore[no-any-return]


def unregister_module(name: str) -> None:
    """Take a module of one's own out of the language again."""
    unregister_signature(name)
    CUSTOM.pop(name, None)
