"""A library of modules: for every name in SIGNATURES a function on a group of calls.

The exact and the neural library differ only in their ``Sources``: where the values of regions, and the matrices over
pairs of regions, come from. Everything else is ``logic.py`` for both.
"""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from nmn.errors import ArgumentError, did_you_mean
from nmn.layout import COMPARISONS, QUANTIFIERS, SIDES, Argument, Kind, Layout, call_label, signature_of
from nmn.modules import logic
from nmn.modules.custom import CUSTOM
from nmn.modules.group import Group, Module
from nmn.modules.sources import Sources


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
            label = call_label(call.module, call.argument)
            raise ArgumentError(f'{label}: nothing that the network was trained on uses "{call.module}"')
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
        "difference": lambda group: logic.difference(*group.operands),
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
