"""The neural library: modules that are learned from answers, over the features and boxes of regions.

Everything that a call may ask of an image is worked out once and for all words, as tables (``ReadRegions``); a call
then only gathers. The tables are

- find: ``sigmoid(e_w . f_i + b_w)``, an embedding for each word against the features of each region;
- relate, superlative: rates ``r_ji`` of pairs, of their relative geometry alone and so translation-invariant; a pair
  holds with ``1 - exp(-r_ji)``. On a grid a table of offsets between cells, between objects a small network of boxes;
- scene, where regions are cells that may be empty: the truth that a cell holds a thing, which gates all else;
- same, describe, agree: of the truths of find, so that they have no parameters of their own;
- at_side, near_side: a small network of a box's distances from its panel's sides; of a cell, which lies where it lies
  whatever is in it, of its features too.

"Is there a red shape left of a circle?": find[red], find[circle], relate[left_of].
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmn.errors import CheckpointError
from nmn.layout import SIDES, Argument, Layout, signature_of
from nmn.lexicon import Lexicon
from nmn.modules import logic
from nmn.modules.grid import GridTables, between_cells, cells_by_distance, counts_from, shared_by_another, totals
from nmn.modules.group import Group
from nmn.modules.learned_pairs import HIDDEN, BoxPairs, GridPairs
from nmn.modules.library import Library, build_library
from nmn.modules.pairs import between, by_distance, opposite
from nmn.modules.read_regions import ReadRegions
from nmn.modules.sources import OfPairs
from nmn.regions import Regions

SPARSE = -2.0  # few cells hold something
# Distances of proposed boxes that differ by less than twice this are unsure: of 2,666 centres of our world, seen at 128
# pixels, half are off by more than 0.13 px, one in ten by more than 0.34 (the proposals that ship, 2026-12-01).
UNSURE_PX = 0.25
MOST = 16  # of numbers on a grid, which has hundreds of cells and of whose objects fewer are asked


@dataclass(frozen=True)
class Vocabulary:
    """The words that a network has learned, in the order of its parameters; ``attributes``: values of each.

    ``sides``, ``near_sides``: that it has learned what touches a side, and what comes near one.
    """

    attributes: Mapping[str, tuple[str, ...]]
    relations: tuple[str, ...]
    superlatives: tuple[str, ...]
    sides: bool = False
    near_sides: bool = False

    @property
    def values(self) -> tuple[str, ...]:
        """Every value of every attribute."""
        return tuple(value for values in self.attributes.values() for value in values)

    def to_json(self) -> dict[str, Any]:
        """Return the vocabulary as plain JSON data."""
        listed = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in listed.items()
            if key != "attributes"
        } | {"attributes": {name: list(values) for name, values in self.attributes.items()}}


def vocabulary_from_json(data: Any) -> Vocabulary:
    """Build a vocabulary from what ``Vocabulary.to_json`` gave; raise CheckpointError where it is none."""
    try:
        attributes = {str(name): tuple(map(str, values)) for name, values in data["attributes"].items()}
        words = [tuple(map(str, data[name])) for name in ("relations", "superlatives")]
        sides = bool(data["sides"])
        return Vocabulary(attributes, words[0], words[1], sides, bool(data.get("near_sides", sides)))
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"its vocabulary is malformed: {error!r}") from None


def vocabulary_of(
    layouts: Sequence[Layout], lexicon: Lexicon, shown: Callable[[str], Sequence[str]] | None = None
) -> Vocabulary:
    """Return the words that layouts use, in the lexicon's order: what a network can learn from them.

    Modules of an attribute, such as ``describe``, use every value of it that objects may have: those that ``shown``
    returns for its name, by default all.
    """
    calls = {(call.module, call.argument) for layout in layouts for call in layout.calls if call.argument}
    used = {argument for _, argument in calls}
    spread = {argument for module, argument in calls if signature_of(module).argument is Argument.ATTRIBUTE}
    attributes = {
        name: tuple(
            value
            for value in attribute.values
            if value in used or (name in spread and (shown is None or value in shown(name)))
        )
        for name, attribute in lexicon.attributes.items()
    }
    return Vocabulary(
        {name: values for name, values in attributes.items() if values},
        tuple(name for name in lexicon.relations if name in used),
        tuple(name for name in lexicon.superlatives if name in used),
        *(any(module == name for module, _ in calls) for name in ("at_side", "near_side")),
    )


class NeuralModules(nn.Module):
    """Parameters of the modules for one vocabulary, over features of so many channels.

    ``grid``: rows and columns, in each panel, where regions are cells; None where they are objects. ``units``: how many
    units of length a panel's longer side has; relations turn on differences of about one. ``empty``: regions may be
    empty.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        channels: int,
        grid: tuple[int, int] | None = None,
        units: float = 64.0,
        bias: float = -1.0,
        panels: int = 1,
        empty: bool = False,
    ) -> None:
        super().__init__()
        self.vocabulary, self.units = vocabulary, units
        self.words = nn.Embedding(len(vocabulary.values), channels)
        nn.init.normal_(self.words.weight, std=channels**-0.5)
        self.biases = nn.Parameter(torch.full((len(vocabulary.values),), bias))
        pairs = max(1, len(vocabulary.relations) + len(vocabulary.superlatives))
        self.pairs = GridPairs(pairs, *grid, panels) if grid else BoxPairs(pairs)
        told = 8 + channels if grid else 8
        touched = nn.Sequential(nn.Linear(told, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, 2 * len(SIDES)))
        self.sides = touched if vocabulary.sides or vocabulary.near_sides else None
        self.things = nn.Linear(channels, 1) if empty else None
        if self.things is not None:
            nn.init.constant_(self.things.bias, SPARSE)
        self.library = neural_library(vocabulary, grid, panels)

    def forward(self, regions: Regions) -> ReadRegions:
        """Return the regions with the tables of all words."""
        words = nn.functional.pad(self.words.weight, (0, 0, 0, 1)).expand(len(regions.features), -1, -1)
        biases = nn.functional.pad(self.biases, (0, 1), value=-torch.inf).unsqueeze(1)  # no region has the last value
        logits = torch.baddbmm(biases, words, regions.features.transpose(1, 2))
        things = regions.mask.to(logits.dtype)
        if self.things is not None:
            things = things * torch.sigmoid(self.things(regions.features).squeeze(-1))
        panels = regions.panels.boxes
        unit = ((panels[..., 2:] - panels[..., :2]).amax((1, 2)) / self.units)[:, None, None]
        on_grid = isinstance(self.pairs, GridPairs)
        rates = self.pairs() if isinstance(self.pairs, GridPairs) else self._of_boxes(self.pairs, regions, unit)
        return ReadRegions(
            *(regions.features, regions.boxes, regions.mask, regions.panels),
            logits=logits,
            by_image=None if on_grid else rates,
            by_offset=GridTables(rates) if on_grid else None,
            sides=self._sides(regions, unit) * things.unsqueeze(1),
            panel_pairs=self._panel_pairs(panels),
            things=things,
        )

    def _of_boxes(self, pairs: BoxPairs, regions: Regions, unit: Tensor) -> Tensor:
        """Return the rates of pairs of objects: relations hold within a panel, superlatives order objects of all."""
        rates: Tensor = pairs(regions.boxes / unit)
        related = len(self.vocabulary.relations)
        there = (regions.mask.unsqueeze(2) & regions.mask.unsqueeze(1)).unsqueeze(1)
        return torch.cat([rates[:, :related] * _together(regions), rates[:, related:] * there], 1)

    def _panel_pairs(self, panels: Float[Tensor, "batch panels 4"]) -> Float[Tensor, "batch words others panels"]:
        """Return pairs of panels: by place, or as boxes like others, in a picture as long as a panel is else."""
        if isinstance(self.pairs, GridPairs):
            return self.pairs.of_panels().unsqueeze(0).expand(len(panels), -1, -1, -1)
        whole = (panels[..., 2:].amax(1) - panels[..., :2].amin(1)).amax(-1)[:, None, None]
        found: Tensor = -torch.expm1(-self.pairs(panels * self.units / whole))
        return found

    def _sides(self, regions: Regions, unit: Tensor) -> Tensor:
        """Return that regions touch each side, and come near it, from their distances to the sides of their panel."""
        if self.sides is None:
            return regions.boxes.new_zeros(len(regions.boxes), 2 * len(SIDES), regions.boxes.shape[1])
        around = torch.einsum("bpr,bpc->brc", regions.panels.members.to(regions.boxes), regions.panels.boxes)
        apart = (regions.boxes - around) * regions.boxes.new_tensor([1, 1, -1, -1]) / unit
        told = [apart / 16, torch.tanh(apart)] + ([regions.features] if isinstance(self.pairs, GridPairs) else [])
        truths = torch.sigmoid(self.sides(torch.cat(told, -1)))
        return truths.transpose(1, 2)


def _together(regions: Regions) -> Bool[Tensor, "batch 1 others regions"]:
    """Return which pairs are real regions of one panel."""
    members = regions.panels.members
    return (members.unsqueeze(3) & members.unsqueeze(2)).any(1, keepdim=True)


def neural_library(vocabulary: Vocabulary, grid: tuple[int, int] | None = None, panels: int = 1) -> Library:
    """Return the library that runs on ``ReadRegions`` of a vocabulary.

    On a grid, numbers from MOST on count as one, and cells of several ``panels`` are put in order in each alone.
    """
    words = {
        Argument.RELATION: vocabulary.relations,
        Argument.SUPERLATIVE: vocabulary.superlatives,
        Argument.SIDE: SIDES if vocabulary.sides or vocabulary.near_sides else (),
    }
    unlearned = {
        name for name, known in (("at_side", vocabulary.sides), ("near_side", vocabulary.near_sides)) if not known
    }
    if grid:
        made = build_library(_LearnedOnGrid(vocabulary, grid), words, vocabulary.attributes, MOST)
    else:
        made = build_library(_Learned(vocabulary), words, vocabulary.attributes)
    by_panel = frozenset(("superlative", "ordinal") if grid and panels > 1 else ())
    return replace(made, learned=True, unlearned=frozenset(unlearned), by_panel=by_panel)


class _Learned(OfPairs):
    """The Sources of the neural library."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        width = max([1, *(len(values) for values in vocabulary.attributes.values())])
        places = {value: place for place, value in enumerate(vocabulary.values)}
        self.none = len(places)
        rows = [[places[value] for value in values] for values in vocabulary.attributes.values()] or [[]]
        self.attribute_values = torch.tensor([row + [self.none] * (width - len(row)) for row in rows])
        self.relations = len(vocabulary.relations)

    def find(self, group: Group) -> Tensor:
        return _read(group).truth(group.image, group.argument)

    def relate(self, group: Group) -> Tensor:
        """Return ``1 - exp(-sum_j a_j r_ji)``: at 0 and 1 the product over pairs of logic.relate."""
        rates = _read(group).rate(group.image, group.argument)
        total = torch.bmm(group.operands[0].unsqueeze(1), rates).squeeze(1)
        return -torch.expm1(-total) * group.mask

    def relation(self, group: Group) -> Tensor:
        return _read(group).pair(group.image, group.argument)

    def before(self, group: Group) -> Tensor:
        return _read(group).pair(group.image, group.argument + self.relations)

    def alike(self, group: Group) -> Tensor:
        values = self.values(group)
        different = 1 - torch.eye(values.shape[-1], device=values.device)
        return torch.einsum("cvj,cvi->cji", values, values).clamp(max=1) * different

    def between(self, group: Group) -> Tensor:
        centres, together = _centres(group), _together(group.regions)[group.image, 0]
        one_panel = together.unsqueeze(1)
        return between(group, lambda some: opposite(centres, some) & together[:, some].unsqueeze(3) & one_panel)

    def by_distance(self, group: Group, sign: int) -> Tensor:
        return by_distance(group, _centres(group), _together(group.regions)[group.image, 0], sign, UNSURE_PX)

    def side(self, group: Group) -> Tensor:
        return _read(group).sides[group.image, group.argument]

    def near_side(self, group: Group) -> Tensor:
        return _read(group).sides[group.image, group.argument + len(SIDES)]

    def panel(self, group: Group) -> Tensor:
        panels = _read(group).panel_pairs[group.image, group.argument + self.relations]
        return logic.superlative(panels, group.panel_mask)

    def values(self, group: Group) -> Tensor:
        return _read(group).truth(group.image, self.attribute_values.to(group.image.device)[group.argument])


class _LearnedOnGrid(_Learned):
    """The Sources of cells, whose pairs are the same in all images: see ``grid.py``."""

    def __init__(self, vocabulary: Vocabulary, grid: tuple[int, int]) -> None:
        super().__init__(vocabulary)
        self.grid = grid
        self.related = {word: place for place, word in enumerate(vocabulary.relations)}
        self.ordered = {word: place for place, word in enumerate(vocabulary.superlatives, self.relations)}

    def relate(self, group: Group) -> Tensor:
        """Return ``1 - exp(-sum_j a_j r_ji)``, as in ``_Learned``."""
        return -torch.expm1(-totals(group, group.operands[0], "rate", _tables(group), self.related)) * group.mask

    def relate_every(self, group: Group) -> Tensor:
        """Return ``prod_{j != i} K_ji ^ a_j``."""
        return torch.exp(-totals(group, group.operands[0], "against", _tables(group), self.related)) * group.mask

    def relate_count(self, group: Group) -> Tensor:
        attention, number = group.operands
        chances = counts_from(group, attention, _tables(group), self.related)
        return torch.einsum("crw,cw->cr", chances, number) * group.mask

    def same(self, group: Group) -> Tensor:
        return shared_by_another(group.operands[0], self.values(group))

    def superlative(self, group: Group) -> Tensor:
        """Return ``a_i exp(-sum_j a_j r_ji)``: the members that none of the members comes before."""
        attention = group.operands[0]
        return attention * torch.exp(-totals(group, attention, "rate", _tables(group), self.ordered))

    def ordinal(self, group: Group) -> Tensor:
        attention, number = group.operands
        chances = counts_from(group, attention, _tables(group), self.ordered)
        ahead = (chances[..., :-1] - chances[..., 1:]).clamp(min=0)  # as many as the rank less 1
        return attention * torch.einsum("crw,cw->cr", ahead, number[:, 1:])

    def between(self, group: Group) -> Tensor:
        return between_cells(group, *self.grid, otherwise=super().between) * group.mask

    def by_distance(self, group: Group, sign: int) -> Tensor:
        return cells_by_distance(group, *self.grid, sign)


def _tables(group: Group) -> GridTables:
    tables = _read(group).by_offset
    assert tables is not None
    return tables


def _centres(group: Group) -> Float[Tensor, "calls regions 2"]:
    boxes = group.regions.boxes[group.image]
    return (boxes[..., :2] + boxes[..., 2:]) / 2


def _read(group: Group) -> ReadRegions:
    assert isinstance(group.regions, ReadRegions), "the neural library runs on regions that NeuralModules has read"
    return group.regions
