"""The exact library: modules that read scene graphs, so that every value is 0 or 1.

What a relation or an order means comes from the lexicon alone. Matrices over pairs of objects are computed once when
scenes are encoded, in float64 and then kept as 0.0 and 1.0.

With ``unsure_px`` above 0 truth has three values (ShapeWorld's agreement, Kuhnle and Copestake 2017, section 3): a pair
that lies within so many pixels of a relation's margin gets 0.5. The soft logic then yields 0 or 1 only where no such
pair could change the value, so that a value in between marks what a picture leaves open.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Shaped
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from nmn.errors import SceneError, did_you_mean
from nmn.layout import Argument
from nmn.lexicon import BETWEEN_DEGREES, Given, Lexicon, Meaning, Offset, Order
from nmn.modules.library import Group, Library, build_library
from nmn.regions import Regions
from nmn.scene import SceneGraph

Array = NDArray[np.float64]
UNSURE_DEGREES = 10.0  # of "between", where truth has three values
MAX_OPPOSITE = 2**26  # entries kept, a byte each
BETWEEN_AT_ONCE = 2**18  # entries of one step of the product, 4 bytes each


@dataclass(frozen=True)
class SceneRegions(Regions):
    """Objects of a batch of scenes as regions; ``features`` are 1.0 where an object has a value of the lexicon.

    ``codes``: the index of each attribute's value among all values, -1 for none. ``relations`` and ``orders`` hold
    [other, object] matrices for each relation and superlative; ``ranked`` says which objects a superlative can order at
    all (None: each of them all); ``missing`` where a relation that the scene itself must give is not given.
    """

    lexicon: Lexicon
    codes: Int[Tensor, "batch attributes regions"]
    relations: Float[Tensor, "batch relations others regions"]
    orders: Float[Tensor, "batch superlatives others regions"]
    centres: Float[Tensor, "batch regions 2"]
    ranked: Float[Tensor, "batch superlatives regions"] | None
    missing: tuple[tuple[int, str], ...]
    unsure_degrees: float = 0.0

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
    def _opposite(self) -> Shaped[Tensor, "rows regions others"] | None:
        """A row for each image and region j, as ``opposite`` gives them; None where they would fill MAX_OPPOSITE."""
        batch, count, _ = self.centres.shape
        if batch * count**3 > MAX_OPPOSITE:
            return None
        return self._seen(self.centres, torch.arange(count, device=self.centres.device)).flatten(0, 1)

    def opposite(
        self, image: Int[Tensor, " calls"], some: Int[Tensor, " some"]
    ) -> Shaped[Tensor, "calls some regions others"]:
        """Return ``opposite`` for the images of some calls, looked up or, in a very large batch, worked out."""
        if self._opposite is None:
            return self._seen(self.centres[image], some)
        return self._opposite[image.unsqueeze(1) * self.centres.shape[1] + some]

    def _seen(
        self, centres: Float[Tensor, "calls regions 2"], some: Int[Tensor, " some"]
    ) -> Shaped[Tensor, "calls some regions others"]:
        if not self.unsure_degrees:
            return opposite(centres, some)
        sides = [opposite(centres, some, BETWEEN_DEGREES + sign * self.unsure_degrees) for sign in (-1, 1)]
        return (sides[0].to(self.features.dtype) + sides[1]) / 2


def opposite(
    centres: Float[Tensor, "calls regions 2"], some: Int[Tensor, " some"], degrees: float = BETWEEN_DEGREES
) -> Bool[Tensor, "calls some regions others"]:
    """Return [j, i, k]: seen from region i, the regions j (of ``some``) and k are at least ``degrees`` apart."""
    apart = centres.unsqueeze(1) - centres.unsqueeze(2)  # [calls, i, k]: from i to k
    length = apart.square().sum(-1).sqrt()
    towards, distance = apart[:, :, some].transpose(1, 2), length[:, :, some].transpose(1, 2).unsqueeze(3)
    product = distance * length.unsqueeze(1)
    cosine = (towards.unsqueeze(3) * apart.unsqueeze(1)).sum(-1)
    return (cosine <= math.cos(math.radians(degrees)) * product) & (product > 0)


@dataclass(frozen=True, slots=True)
class SceneArrays:
    """A batch of scenes as arrays, padded to the same number of objects: what a generator draws, and encoding reads.

    ``codes`` [batch attributes objects] as in SceneRegions, ``boxes`` [batch objects 4] in pixels, ``mask`` [batch
    objects], ``sides`` [batch] the longer side of each image; ``given`` holds [batch object other] for the relations
    that scenes give, ``missing`` which of them which scene does not give.
    """

    codes: NDArray[np.int64]
    boxes: Array
    mask: NDArray[np.bool_]
    sides: Array
    given: Mapping[str, NDArray[np.bool_]]
    missing: tuple[tuple[int, str], ...] = ()


def encode(scenes: Sequence[SceneGraph], lexicon: Lexicon, unsure_px: float = 0.0) -> SceneRegions:
    """Encode scenes for the exact library, padded to the largest number of objects.

    Raises SceneError where an object has an attribute or value that the lexicon does not know.
    """
    return encode_arrays(scene_arrays(scenes, lexicon), lexicon, unsure_px)


def scene_arrays(scenes: Sequence[SceneGraph], lexicon: Lexicon) -> SceneArrays:
    """Return scenes as arrays; raise SceneError where one has an attribute or value that the lexicon does not know."""
    count = max([1, *(len(scene.objects) for scene in scenes)])
    boxes, mask = _boxes(scenes, count)
    named = [
        (name, entry.meaning.name) for name, entry in lexicon.relations.items() if isinstance(entry.meaning, Given)
    ]
    return SceneArrays(
        codes=_codes(scenes, lexicon, count),
        boxes=boxes,
        mask=mask,
        sides=np.array([max(scene.width, scene.height) for scene in scenes], np.float64),
        given={pairs: _given(pairs, scenes, (len(scenes), count, count)) for _, pairs in named},
        missing=tuple(
            (index, name) for name, pairs in named for index, scene in enumerate(scenes) if pairs not in scene.relations
        ),
    )


def encode_arrays(
    arrays: SceneArrays, lexicon: Lexicon, unsure_px: float = 0.0, words: Collection[str] | None = None
) -> SceneRegions:
    """Encode scenes that are arrays already; of relations and superlatives only ``words``, by default all of them."""
    boxes, codes, mask = arrays.boxes, arrays.codes, arrays.mask
    batch, count = mask.shape
    units = np.full(batch, lexicon.unit_px) if lexicon.unit_px else arrays.sides
    measures = _measures(boxes, codes, lexicon)
    pairs = mask[:, :, None] & mask[:, None, :] & ~np.eye(count, dtype=bool)
    relations = {
        name: _related(entry.meaning, arrays, measures, units, unsure_px) * pairs
        for name, entry in lexicon.relations.items()
        if words is None or name in words
    }
    exceeds = {
        name: (_ordered(entry.order, measures, units, unsure_px) * pairs).swapaxes(1, 2)
        for name, entry in lexicon.superlatives.items()
        if words is None or name in words
    }
    return SceneRegions(
        features=_features(codes, len(lexicon.attribute_of)),
        boxes=torch.from_numpy(boxes).float(),
        mask=torch.from_numpy(mask),
        lexicon=lexicon,
        codes=torch.from_numpy(codes),
        relations=_stack([relations.get(name) for name in lexicon.relations], batch, count),
        orders=_stack([exceeds.get(name) for name in lexicon.superlatives], batch, count),
        centres=torch.from_numpy(np.stack([measures["x"], measures["y"]], -1)),
        ranked=_ranked(lexicon, measures),
        missing=arrays.missing,
        unsure_degrees=UNSURE_DEGREES if unsure_px else 0.0,
    )


def exact_library(lexicon: Lexicon) -> Library:
    """Return the library that reads encoded scenes of a lexicon's world."""
    words = {
        Argument.VALUE: tuple(lexicon.attribute_of),
        Argument.ATTRIBUTE: tuple(lexicon.attributes),
        Argument.RELATION: tuple(lexicon.relations),
        Argument.SUPERLATIVE: tuple(lexicon.superlatives),
    }
    width = max([1, *(len(attribute.values) for attribute in lexicon.attributes.values())])
    return build_library(_Scenes(lexicon, width), words, width)


class _Scenes:
    """The Sources of the exact library."""

    def __init__(self, lexicon: Lexicon, width: int) -> None:
        self.relation_names = tuple(lexicon.relations)
        values = {value: index for index, value in enumerate(lexicon.attribute_of)}
        rows = [[values[value] for value in attribute.values] for attribute in lexicon.attributes.values()]
        self.value_count = len(values)
        self.attribute_values = torch.tensor([row + [len(values)] * (width - len(row)) for row in rows])

    def find(self, group: Group) -> Tensor:
        return _scenes(group).by_value.index_select(0, group.image * (self.value_count + 1) + group.argument)

    def relation(self, group: Group) -> Tensor:
        regions = _scenes(group)
        if regions.missing:
            self._check_given(group, regions)
        return _gather(regions.relations, group)

    def before(self, group: Group) -> Tensor:
        return _gather(_scenes(group).orders, group)

    def ranked(self, group: Group) -> Tensor:
        regions, attention = _scenes(group), group.operands[0]
        if regions.ranked is None:
            return attention
        return attention * regions.ranked[group.image, group.argument]

    def same(self, group: Group) -> Tensor:
        return _gather(_scenes(group).alike, group)

    def between(self, group: Group) -> Tensor:
        """Return ``1 - prod_jk(1 - a_j b_k B_ijk)``, some regions j of the first set at a time."""
        regions, (first, second) = _scenes(group), group.operands
        calls, count = first.shape
        distinct = 1 - torch.eye(count, device=first.device)
        outside = torch.ones_like(first)
        at_once = max(1, BETWEEN_AT_ONCE // (max(1, calls) * count**2))
        for some in torch.split(torch.arange(count, device=first.device), at_once):
            pairs = first[:, some, None] * second.unsqueeze(1) * distinct[some]
            outside = outside * (1 - pairs.unsqueeze(2) * regions.opposite(group.image, some)).prod(-1).prod(1)
        return (1 - outside) * group.mask

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


def _gather(matrices: Tensor, group: Group) -> Tensor:
    batch, kinds, size, _ = matrices.shape
    return matrices.view(batch * kinds, size, size).index_select(0, group.image * kinds + group.argument)


def _stack(matrices: Sequence[Array | None], batch: int, count: int) -> Tensor:
    """Return matrices [batch, region, other] as one tensor [batch, kind, other, region]; None is a matrix of zeros."""
    stacked = torch.zeros(batch, max(1, len(matrices)), count, count)
    for kind, matrix in enumerate(matrices):
        if matrix is not None:
            stacked[:, kind] = torch.from_numpy(matrix).transpose(1, 2)
    return stacked


def _boxes(scenes: Sequence[SceneGraph], count: int) -> tuple[Array, NDArray[np.bool_]]:
    sizes = np.array([len(scene.objects) for scene in scenes], np.int64)
    mask = np.arange(count) < sizes[:, None]
    boxes = np.zeros((len(scenes), count, 4))
    boxes[mask] = np.array([thing.box for scene in scenes for thing in scene.objects]).reshape(-1, 4)
    return boxes, mask


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
                    raise _unknown_value(index, number, item, lexicon)
                codes[index, places[item[0]], number] = code
    return codes


def _unknown_value(scene: int, thing: int, item: tuple[str, str], lexicon: Lexicon) -> SceneError:
    name, value = item
    place = f"scene {scene}, objects[{thing}].attributes"
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


def _measures(boxes: Array, codes: NDArray[np.int64], lexicon: Lexicon) -> dict[str, Array]:
    """Return each measure of every object in pixels (areas in square pixels, attributes as ranks, NaN for none)."""
    left, top, right, bottom = np.moveaxis(boxes, -1, 0)
    width, height = right - left, bottom - top
    measures = {"x": (left + right) / 2, "y": (top + bottom) / 2, "width": width, "height": height}
    measures["area"] = width * height
    for place, name in enumerate(lexicon.attributes):
        measures.setdefault(name, np.where(codes[:, place] < 0, np.nan, codes[:, place]))
    return measures


def _ordered(order: Order, measures: dict[str, Array], units: Array, unsure_px: float) -> Array:
    """Return [batch, region, other]: the region exceeds the other, in the order's sense, by more than its margin.

    Equal measures are surely equal; else less than ``unsure_px`` from the margin is unsure (of an area: as much as its
    sides change it; of an attribute's rank: never).
    """
    measure = measures[order.by]
    power = {"area": 2, "x": 1, "y": 1, "width": 1, "height": 1}.get(order.by, 0)
    difference = (measure[:, :, None] - measure[:, None, :]) * order.sign
    beyond = difference - (order.margin * units**power)[:, None, None]
    if not unsure_px or not power:
        return np.asarray(beyond > 0, np.float64)
    tolerance: float | Array = unsure_px
    if order.by == "area":
        sides = np.sqrt(measure)
        tolerance = unsure_px * (sides[:, :, None] + sides[:, None, :])
    unsure = (np.abs(beyond) <= tolerance) & (difference != 0)
    return np.where(unsure, 0.5, beyond > 0)


def _ranked(lexicon: Lexicon, measures: dict[str, Array]) -> Tensor | None:
    """Return 1.0 where an object has the measure that a superlative goes by, None if every object has every one."""
    known = [~np.isnan(measures[entry.order.by]) for entry in lexicon.superlatives.values()]
    if all(measure.all() for measure in known):
        return None
    return torch.from_numpy(np.stack(known, 1)).float()


def _related(
    meaning: Meaning, arrays: SceneArrays, measures: dict[str, Array], units: Array, unsure_px: float
) -> Array:
    """Return [batch, region, other]: the region stands in the relation to the other; 0.5 where that is unsure."""
    if isinstance(meaning, Order):
        return _ordered(meaning, measures, units, unsure_px)
    if isinstance(meaning, Offset):
        return _offset(meaning, measures, units)
    if isinstance(meaning, Given):
        return arrays.given[meaning.name].astype(np.float64)
    gap, most = _gap(arrays.boxes), (meaning.at_most * units)[:, None, None]
    sure = gap <= np.maximum(most - unsure_px, most / 2 if unsure_px else most)
    return (sure.astype(np.float64) + (gap <= most + unsure_px)) / 2


def _offset(meaning: Offset, measures: dict[str, Array], units: Array) -> Array:
    unit = units[:, None, None]
    off = [
        np.abs(measures[axis][:, :, None] - measures[axis][:, None, :] - step * unit) <= unit / 2
        for axis, step in (("x", meaning.dx), ("y", meaning.dy))
    ]
    return np.asarray(off[0] & off[1], np.float64)


def _gap(boxes: Array) -> Array:
    """Return [batch, region, other]: the larger of horizontal and vertical distance between two boxes, at least 0."""
    low, high = boxes[..., :2], boxes[..., 2:]
    apart = np.maximum(low[:, :, None] - high[:, None, :], low[:, None, :] - high[:, :, None])
    return np.asarray(np.maximum(apart.max(-1), 0))


def _given(name: str, scenes: Sequence[SceneGraph], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    holds = np.zeros(shape, bool)
    for index, scene in enumerate(scenes):
        for other, things in enumerate(scene.relations.get(name, ())):
            holds[index, list(things), other] = True
    return holds
