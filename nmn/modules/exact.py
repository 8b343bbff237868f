"""The exact library: modules that read scene graphs, so that every value is 0 or 1.

What a relation or an order means comes from the lexicon alone. Matrices over pairs of objects are computed once when
scenes are encoded, in float64 and then kept as 0.0 and 1.0, and 0.5 where ``unsure_px`` makes truth three-valued (see
``geometry.py``). The soft logic then yields 0 or 1 only where no unsure pair could change the value, so that a value in
between marks what a picture leaves open.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Shaped
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from nmn.errors import SceneError, did_you_mean
from nmn.layout import SIDES, Argument
from nmn.lexicon import MEASURES, Given, Lexicon, Order
from nmn.modules import logic
from nmn.modules.geometry import (
    Array,
    PanelBoxes,
    SceneArrays,
    at_sides,
    encode_panels,
    filled,
    given_pairs,
    measure,
    ordered,
    related,
    together,
)
from nmn.modules.group import Group
from nmn.modules.library import Library, build_library
from nmn.modules.pairs import Matrices, between, by_distance, opposite, stacked, surely_opposite
from nmn.modules.sources import OfPairs
from nmn.regions import Panels, Regions
from nmn.scene import SceneGraph

MAX_OPPOSITE = 2**26  # entries kept, a byte each


@dataclass(frozen=True)
class SceneRegions(Regions):
    """Objects of a batch of scenes as regions; ``features`` are 1.0 where an object has a value of the lexicon.

    ``codes``: the index of each attribute's value among all values, -1 for none. ``relations`` and ``orders`` hold
    [other, object] matrices for each relation and superlative that is encoded; ``ranked`` says which objects a
    superlative can order at all (None: each of them all); ``missing`` where a relation that the scene itself must give
    is not given. ``sides`` are 1.0 where an object touches each of SIDES, ``near_sides`` where it comes near;
    ``panel_orders`` are ``orders`` of panels, [other, panel], with 1.0 on the diagonal where no panel has a place in
    the order, so that none is first.
    """

    lexicon: Lexicon
    codes: Int[Tensor, "batch attributes regions"]
    relations: Matrices
    orders: Matrices
    centres: Float[Tensor, "batch regions 2"]
    ranked: Float[Tensor, "batch superlatives regions"] | None
    missing: tuple[tuple[int, str], ...]
    sides: Float[Tensor, "batch sides regions"]
    near_sides: Float[Tensor, "batch sides regions"]
    panel_orders: Matrices
    unsure_px: float = 0.0

    @cached_property
    def by_value(self) -> Float[Tensor, "rows regions"]:
        """``features`` as a row for each image and value, and a row of zeros after each image's values."""
        return pad(self.features.transpose(1, 2), (0, 0, 0, 1)).flatten(0, 1)

    @cached_property
    def alike(self) -> Float[Tensor, "batch attributes others regions"]:
        """1.0 where two different objects have the attribute with equal value."""
        one, other = self.codes.unsqueeze(3), self.codes.unsqueeze(2)
        different = ~torch.eye(self.codes.shape[2], dtype=torch.bool, device=self.codes.device)
        return ((one == other) & (one >= 0) & different).to(self.features.dtype)

    @cached_property
    def together(self) -> Bool[Tensor, "batch others regions"]:
        """Whether two objects, or an object and itself, lie in one panel."""
        return (self.panels.members.unsqueeze(3) & self.panels.members.unsqueeze(2)).any(1)

    @cached_property
    def _opposite(self) -> Shaped[Tensor, "rows regions others"] | None:
        """A row for each image and region j, as ``opposite`` gives them; None where they would fill MAX_OPPOSITE."""
        batch, count, _ = self.centres.shape
        if batch * count**3 > MAX_OPPOSITE:
            return None
        every = torch.arange(batch, device=self.centres.device)
        return self._opposed(every, torch.arange(count, device=self.centres.device)).flatten(0, 1)

    def opposite(
        self, image: Int[Tensor, " calls"], some: Int[Tensor, " some"]
    ) -> Shaped[Tensor, "calls some regions others"]:
        """Return ``opposite`` within one panel for the images of some calls, looked up or, of very many, worked out."""
        if self._opposite is None:
            return self._opposed(image, some)
        return self._opposite[image.unsqueeze(1) * self.centres.shape[1] + some]

    def _opposed(
        self, image: Int[Tensor, " calls"], some: Int[Tensor, " some"]
    ) -> Shaped[Tensor, "calls some regions others"]:
        apart: Tensor = opposite(self.centres[image], some)
        if self.unsure_px:
            apart = surely_opposite(self.centres[image], some, self.unsure_px).to(self.features.dtype)
        if self.panels.count == 1:
            return apart
        together = self.together[image]
        return apart * (together[:, some].unsqueeze(3) & together.unsqueeze(1))


def encode(scenes: Sequence[SceneGraph], lexicon: Lexicon, unsure_px: float = 0.0) -> SceneRegions:
    """Encode scenes for the exact library, padded to the largest number of objects.

    Raises SceneError where an object has an attribute or value that the lexicon does not know.
    """
    return encode_arrays(scene_arrays(scenes, lexicon), lexicon, unsure_px)


def scene_arrays(scenes: Sequence[SceneGraph], lexicon: Lexicon) -> SceneArrays:
    """Return scenes as arrays; raise SceneError where one has an attribute or value that the lexicon does not know."""
    count = max([1, *(len(scene.objects) for scene in scenes)])
    mask = np.arange(count) < np.array([len(scene.objects) for scene in scenes], np.int64)[:, None]
    named = [
        (name, entry.meaning.name) for name, entry in lexicon.relations.items() if isinstance(entry.meaning, Given)
    ]
    return SceneArrays(
        codes=_codes(scenes, lexicon, count),
        boxes=filled([thing.box for scene in scenes for thing in scene.objects], mask),
        mask=mask,
        panels=encode_panels(scenes, mask),
        longest=np.array([max(scene.width, scene.height) for scene in scenes], np.float64),
        given={pairs: given_pairs(pairs, scenes, count) for _, pairs in named},
        missing=tuple(
            (index, name) for name, pairs in named for index, scene in enumerate(scenes) if pairs not in scene.relations
        ),
    )


def encode_arrays(
    arrays: SceneArrays, lexicon: Lexicon, unsure_px: float = 0.0, words: Collection[str] | None = None
) -> SceneRegions:
    """Encode scenes that are arrays already; of relations, superlatives and sides only ``words``, by default all."""
    boxes, codes, mask, panels = arrays.boxes, arrays.codes, arrays.mask, arrays.panels
    batch, count = mask.shape
    units = np.full(batch, lexicon.unit_px) if lexicon.unit_px else arrays.longest
    measures = measure(boxes.astype(np.float32) if unsure_px else boxes, codes, lexicon)
    pairs = mask[:, :, None] & mask[:, None, :] & ~np.eye(count, dtype=bool)
    found = _orders(lexicon, words, measures, units, unsure_px)
    relations: dict[str, Array] = {}
    for name, entry in lexicon.relations.items():
        if _is_used(name, words):
            relations[name] = (
                found[entry.meaning]
                if isinstance(entry.meaning, Order)
                else related(entry.meaning, arrays, measures, units, unsure_px)
            )
    orders = {name: found[entry.order] for name, entry in lexicon.superlatives.items() if _is_used(name, words)}
    touching: Array = np.zeros((batch, len(SIDES), count))
    near = touching
    if words is None or not set(SIDES).isdisjoint(words):
        gap, corner_gap, near_gap = (
            length * units for length in (lexicon.side_gap, lexicon.corner_gap, lexicon.near_side_gap)
        )
        touching = at_sides(arrays, gap, corner_gap, unsure_px)
        near = at_sides(arrays, near_gap, near_gap, unsure_px)
    return SceneRegions(
        features=_features(codes, len(lexicon.attribute_of)),
        boxes=torch.from_numpy(boxes).float(),
        mask=torch.from_numpy(mask),
        panels=Panels(*map(torch.from_numpy, (panels.boxes.astype(np.float32), panels.mask, panels.members))),
        lexicon=lexicon,
        codes=torch.from_numpy(codes),
        relations=stacked([relations.get(name) for name in lexicon.relations], pairs & together(panels.members)),
        orders=stacked([_before(orders.get(name)) for name in lexicon.superlatives], pairs),
        centres=torch.from_numpy(np.stack([measures["x"], measures["y"]], -1)),
        ranked=_ranked(lexicon, measures),
        missing=arrays.missing,
        sides=torch.from_numpy(touching).float(),
        near_sides=torch.from_numpy(near).float(),
        panel_orders=_panel_orders(panels, lexicon, units),
        unsure_px=unsure_px,
    )


def _is_used(word: str, words: Collection[str] | None) -> bool:
    return words is None or word in words


def _before(order: Array | None) -> Array | None:
    """Return [batch, region, other] of what comes before what, from what exceeds what."""
    return None if order is None else order.swapaxes(1, 2)


def _orders(
    lexicon: Lexicon, words: Collection[str] | None, measures: dict[str, Array], units: Array, unsure_px: float
) -> dict[Order, Array]:
    """Return [batch, region, other] of the orders of relations and superlatives, opposites worked out once."""
    meanings = [(name, entry.meaning) for name, entry in lexicon.relations.items()]
    meanings += [(name, entry.order) for name, entry in lexicon.superlatives.items()]
    upwards: dict[Order, Array] = {}
    found = {}
    for name, meaning in meanings:
        if isinstance(meaning, Order) and _is_used(name, words):
            up = replace(meaning, sign=1)
            if up not in upwards:
                upwards[up] = ordered(up, measures, units, unsure_px)
            found[meaning] = upwards[up] if meaning.sign > 0 else upwards[up].swapaxes(1, 2)
    return found


def _panel_orders(panels: PanelBoxes, lexicon: Lexicon, units: Array) -> Matrices:
    batch, count = panels.mask.shape
    measures = measure(panels.boxes, np.full((batch, max(1, len(lexicon.attributes)), count), -1), lexicon)
    orders = [
        ordered(entry.order, measures, units).swapaxes(1, 2)
        if entry.order.by in MEASURES
        else np.tile(np.eye(count), (batch, 1, 1))
        for entry in lexicon.superlatives.values()
    ]
    return stacked(orders, np.ones((batch, count, count), bool))


def exact_library(lexicon: Lexicon) -> Library:
    """Return the library that reads encoded scenes of a lexicon's world."""
    words = {Argument.RELATION: tuple(lexicon.relations), Argument.SUPERLATIVE: tuple(lexicon.superlatives)}
    values = {name: tuple(attribute.values) for name, attribute in lexicon.attributes.items()}
    return build_library(_Scenes(lexicon), words, values)


class _Scenes(OfPairs):
    """The Sources of the exact library."""

    def __init__(self, lexicon: Lexicon) -> None:
        width = max([1, *(len(attribute.values) for attribute in lexicon.attributes.values())])
        self.relation_names = tuple(lexicon.relations)
        values = {value: index for index, value in enumerate(lexicon.attribute_of)}
        rows = [[values[value] for value in attribute.values] for attribute in lexicon.attributes.values()]
        self.value_count = len(values)
        self.attribute_values = torch.tensor([row + [len(values)] * (width - len(row)) for row in rows])

    def find(self, group: Group) -> Tensor:
        return _scenes(group).by_value.index_select(0, group.image * (self.value_count + 1) + group.argument)

    def relate(self, group: Group) -> Tensor:
        return logic.relate(self.relation(group), *group.operands)

    def relation(self, group: Group) -> Tensor:
        regions = _scenes(group)
        if regions.missing:
            self._check_given(group, regions)
        return regions.relations.of(group)

    def before(self, group: Group) -> Tensor:
        return _scenes(group).orders.of(group)

    def ranked(self, group: Group) -> Tensor:
        regions, attention = _scenes(group), group.operands[0]
        if regions.ranked is None:
            return attention
        return attention * regions.ranked[group.image, group.argument]

    def alike(self, group: Group) -> Tensor:
        return _scenes(group).alike[group.image, group.argument]

    def between(self, group: Group) -> Tensor:
        regions = _scenes(group)
        return between(group, lambda some: regions.opposite(group.image, some))

    def by_distance(self, group: Group, sign: int) -> Tensor:
        regions, image = _scenes(group), group.image
        return by_distance(group, regions.centres[image], regions.together[image], sign, regions.unsure_px)

    def side(self, group: Group) -> Tensor:
        return _scenes(group).sides[group.image, group.argument]

    def near_side(self, group: Group) -> Tensor:
        return _scenes(group).near_sides[group.image, group.argument]

    def panel(self, group: Group) -> Tensor:
        return logic.superlative(_scenes(group).panel_orders.of(group), group.panel_mask)

    def values(self, group: Group) -> Tensor:
        values = self.attribute_values.to(group.image.device)[group.argument]
        rows = group.image.unsqueeze(1) * (self.value_count + 1) + values
        return _scenes(group).by_value[rows]

    def _check_given(self, group: Group, regions: SceneRegions) -> None:
        used = set(zip(group.image.tolist(), group.argument.tolist(), strict=True))
        for image, name in regions.missing:
            if (image, self.relation_names.index(name)) in used:
                raise SceneError(f'scene {image} gives no relation for "{name}"; its file must list the pairs')


def _scenes(group: Group) -> SceneRegions:
    assert isinstance(group.regions, SceneRegions), "the exact library runs on encoded scenes"
    return group.regions


def _codes(scenes: Sequence[SceneGraph], lexicon: Lexicon, count: int) -> NDArray[np.int64]:
    values = {value: index for index, value in enumerate(lexicon.attribute_of)}
    known = {(name, value): values[value] for value, name in lexicon.attribute_of.items()}
    places = {name: index for index, name in enumerate(lexicon.attributes)}
    codes = np.full((len(scenes), max(1, len(places)), count), -1, np.int64)
    for index, scene in enumerate(scenes):
        for number, thing in enumerate(scene.objects):
            for item in thing.attributes.items():
                code = known.get(item)
                if code is None:
                    raise unknown_value(f"scene {index}", number, item, lexicon)
                codes[index, places[item[0]], number] = code
    return codes


def unknown_value(scene: str, thing: int, item: tuple[str, str], lexicon: Lexicon) -> SceneError:
    """Return what is wrong with an attribute (name, value) of a scene's object, which the lexicon does not have."""
    name, value = item
    place = f"{scene}, objects[{thing}].attributes"
    if name not in lexicon.attributes:
        return SceneError(f'{place}: unknown attribute "{name}"{did_you_mean(name, lexicon.attributes)}')
    known = lexicon.attributes[name].values
    return SceneError(
        f'{place}.{name}: unknown value "{value}"{did_you_mean(value, known) or "; there are " + ", ".join(known)}'
    )


def _features(codes: NDArray[np.int64], values: int) -> Tensor:
    batch, _, count = codes.shape
    features = np.zeros((batch, count, values + 1), np.float32)
    scene, thing = np.ogrid[:batch, :count]
    for attribute in range(codes.shape[1]):
        features[scene, thing, codes[:, attribute]] = 1
    return torch.from_numpy(np.ascontiguousarray(features[..., :values]))


def _ranked(lexicon: Lexicon, measures: dict[str, Array]) -> Tensor | None:
    """Return 1.0 where an object has the measure that a superlative goes by, None if every object has every one."""
    known = [~np.isnan(measures[entry.order.by]) for entry in lexicon.superlatives.values()]
    if all(measure.all() for measure in known):
        return None
    return torch.from_numpy(np.stack(known, 1)).float()
