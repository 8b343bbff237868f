"""Scenes as arrays: many at once, drawn so that some objects are what a text speaks of and the others nearly that.

A *wish* is a row of value codes, -1 where anything goes. The first objects of a scene follow the wishes, each with a
chance to miss one value, so that scenes in which a text is true and scenes in which it is false look alike. Placement
is bounded: a scene that finds no room is drawn again, a few times, and then the error says what does not fit.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nmn.errors import ConfigError
from nmn.lexicon import Order
from nmn.modules.geometry import PanelBoxes, SceneArrays
from nmn.scene import Box, SceneGraph, SceneObject
from synth_data.config import SynthConfig
from synth_data.outlines import extent
from synth_data.overlap import hidden

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
PLACES = 16  # tried at once for each object
FULL = 0.42  # part of a panel beyond which objects find no room at random
OVER = (0.5, 0.8)  # distance of two objects that overlap, over the one at which their boxes would just touch
ROUNDS = 100  # times that a scene without room is drawn again
EDGE_PX = 4  # of objects from walls that they do not touch
TOWER = 4  # blocks at most
CONFUSED = ("outlined", "circle")  # what looks like a ring


@dataclass(frozen=True)
class Drawn:
    """A batch of scenes: codes [scenes attributes objects], boxes [scenes objects 4], degrees and panel of objects."""

    codes: Integers
    boxes: Floats
    mask: NDArray[np.bool_]
    degrees: Integers
    panel: Integers
    in_front: NDArray[np.bool_] | None  # [scene object other]


class Sampler:
    """What a configuration says of scenes, worked out once: which values objects may have, and how large they are."""

    def __init__(self, config: SynthConfig) -> None:
        self.config, self.lexicon = config, config.words
        self.attributes = tuple(self.lexicon.attributes)
        self.names = tuple(self.lexicon.attribute_of)
        self.codes = {value: code for code, value in enumerate(self.names)}
        self.values = [self._values_of(name) for name in self.attributes]
        self._attributes: dict[tuple[int, ...], dict[str, str]] = {}
        self.allowed = self._allowed()
        if not self.allowed.any():
            raise ConfigError("held_out: no pair of a colour and a shape is left")

    def _values_of(self, attribute: str) -> Integers:
        """Return the codes of an attribute's values; where every object has the normal shade none is noted."""
        values = self.config.values(attribute)
        return np.array([-1] if values == ("normal",) else [self.codes[value] for value in values])

    @property
    def _exact(self) -> bool:
        """Whether every outline fills a square box, as in SHAPES and NLVR."""
        return self.config.style in ("shapes", "nlvr")

    def attributes_of(self, codes: tuple[int, ...]) -> dict[str, str]:
        """Return the attributes that value codes stand for."""
        found = self._attributes.get(codes)
        if found is None:
            pairs = zip(self.attributes, codes, strict=True)
            found = self._attributes[codes] = {name: self.names[code] for name, code in pairs if code >= 0}
        return found

    def place(self, attribute: str) -> int:
        """Return the position of an attribute."""
        return self.attributes.index(attribute)

    def _allowed(self) -> NDArray[np.bool_]:
        """Return [colour code, shape code]: whether an object may have both."""
        count = len(self.codes)
        allowed = np.zeros((count, count), bool)
        colors, shapes = self.values[self.place("color")], self.values[self.place("shape")]
        allowed[np.ix_(colors, shapes)] = True
        for pair in self.config.held_out:
            one, other = (self.codes[word] for word in pair.split())
            allowed[one, other] = allowed[other, one] = False
        return allowed

    @cached_property
    def extents(self) -> Floats:
        """Return [shape code, degrees]: width and height of an outline whose longest side is 1, turned."""
        table = np.ones((len(self.codes), 360, 2))
        if self._exact:
            return table
        for shape in self.lexicon.attributes["shape"].values:
            for degrees in range(360) if self.config.rotate else (0,):
                table[self.codes[shape], degrees] = extent(shape, float(degrees))
        return table

    @cached_property
    def diameters(self) -> Floats:
        """Return the longest side in pixels by code of size."""
        table = np.full(len(self.codes), self.config.size_px[len(self.config.size_px) // 2])
        if "size" in self.attributes:
            names = tuple(self.lexicon.attributes["size"].values)
            if len(names) != len(self.config.size_px):
                raise ConfigError(f"size_px: expected {len(names)} numbers, for {', '.join(names)}")
            for name, pixels in zip(names, self.config.size_px, strict=True):
                table[self.codes[name]] = pixels
        return table

    # ---- attributes ------------------------------------------------------------------------------------------------

    def draw(
        self,
        rng: np.random.Generator,
        wishes: Integers,
        objects: Integers,
        miss: Floats,
        stack: NDArray[np.bool_] | None = None,
        links: Integers | None = None,
    ) -> Drawn:
        """Draw a scene for each row of ``wishes`` [scenes wishes attributes], ``objects`` [scenes] objects in a panel.

        ``miss`` [scenes]: the chance that an object misses one value of its wish. ``stack`` [scenes]: whether objects
        stand in a tower. ``links`` [scenes links 4]: (wish, other wish, axis, sign) where the centre of one wish's
        object should lie beyond that of the other's, sign 0 for none. Each panel is drawn alone, for the same wishes.
        """
        panels = self.config.panels
        if panels > 1:
            objects = rng.integers(self.config.min_objects, np.repeat(objects, panels) + 1)
        if links is None:
            links = np.zeros((len(wishes), 0, 4), np.int64)
        wishes, miss, links = (np.repeat(array, panels, axis=0) for array in (wishes, miss, links))
        stacked = np.zeros(len(wishes), bool) if stack is None else np.repeat(stack, panels)
        objects = np.where(stacked, np.minimum(objects, TOWER), objects)
        drawn = self._draw_panels(rng, wishes, objects, miss, stacked, links)
        return drawn if panels == 1 else self._side_by_side(drawn)

    def _draw_panels(
        self,
        rng: np.random.Generator,
        wishes: Integers,
        objects: Integers,
        miss: Floats,
        stack: NDArray[np.bool_],
        links: Integers,
    ) -> Drawn:
        """Draw scenes of one panel each."""
        scenes, width = len(wishes), self.config.grid**2 if self.config.empty_cells else int(objects.max())
        mask = np.arange(width) < objects[:, None]
        codes = self._values(rng, wishes, objects, miss, width)
        order = np.argsort(rng.random((scenes, width)) + ~mask, axis=1)  # so that no place tells what was wished
        codes = np.take_along_axis(codes, order[:, :, None], axis=1)
        if stack.any():
            codes[stack, :, self.place("shape")] = self.codes["square"]
            codes[stack, :, self.place("size")] = self.codes["medium"]
        return self.place_objects(rng, codes, mask, stack, _relinked(links, order, mask))

    def _side_by_side(self, drawn: Drawn) -> Drawn:
        """Join the panels of each image, drawn one after another, to one scene, real objects first."""
        panels, (_, attributes, width) = self.config.panels, drawn.codes.shape
        shift = np.array(panel_boxes(self.config))[:, 0]
        scenes = len(drawn.mask) // panels
        boxes = drawn.boxes.reshape(scenes, panels, width, 4) + shift[:, None, None] * [1, 0, 1, 0]
        panel = np.broadcast_to(np.arange(panels)[:, None], (scenes, panels, width)).reshape(scenes, -1)
        mask = drawn.mask.reshape(scenes, -1)
        order = np.argsort(~mask, axis=1, kind="stable")[:, : int(mask.sum(1).max())]
        codes = drawn.codes.reshape(scenes, panels, attributes, width).swapaxes(1, 2).reshape(scenes, attributes, -1)
        mask = np.take_along_axis(mask, order, 1)
        front = None if drawn.in_front is None else np.zeros((*mask.shape, mask.shape[1]), bool)
        joined = np.take_along_axis(boxes.reshape(scenes, -1, 4), order[..., None], 1) * mask[..., None]
        return Drawn(
            np.take_along_axis(codes, order[:, None], 2), joined, mask,
            np.take_along_axis(drawn.degrees.reshape(scenes, -1), order, 1), np.take_along_axis(panel, order, 1), front,
        )  # fmt: skip

    def _values(
        self, rng: np.random.Generator, wishes: Integers, objects: Integers, miss: Floats, width: int
    ) -> Integers:
        """Return value codes [scenes objects attributes]."""
        scenes, wished, attributes = wishes.shape
        codes = np.empty((scenes, width, attributes), np.int64)
        for place, values in enumerate(self.values):
            codes[..., place] = values[rng.integers(len(values), size=(scenes, width))]
        wished = min(wished, width)
        asked = wishes[:, :wished] >= 0
        chance = rng.random(asked.shape) + 2.0 * ~asked
        missed = (chance == chance.min(-1, keepdims=True)) & (rng.random((scenes, wished, 1)) < miss[:, None, None])
        fixed = np.zeros(codes.shape, bool)
        fixed[:, :wished] = asked & ~missed
        codes[:, :wished] = np.where(fixed[:, :wished], wishes[:, :wished], codes[:, :wished])
        self._respect_allowed(rng, codes, fixed)
        self._require(rng, codes, objects)
        self._avoid_confusion(rng, codes)
        return codes

    def _require(self, rng: np.random.Generator, codes: Integers, objects: Integers) -> None:
        """Give the last object of every scene one of the pairs of a colour and a shape that are required."""
        if not self.config.required:
            return
        pairs = np.array([[self.codes[word] for word in pair.split()] for pair in self.config.required])
        chosen, rows = pairs[rng.integers(len(pairs), size=len(codes))], np.arange(len(codes))
        for column, attribute in enumerate(("color", "shape")):
            codes[rows, objects - 1, self.place(attribute)] = chosen[:, column]

    def _avoid_confusion(self, rng: np.random.Generator, codes: Integers) -> None:
        """Give objects that would look like another shape another texture."""
        if not set(CONFUSED) <= set(self.codes):
            return
        texture, shape = self.place("texture"), self.place("shape")
        outlined, circle = (self.codes[value] for value in CONFUSED)
        wrong = (codes[..., texture] == outlined) & (codes[..., shape] == circle)
        others = self.values[texture][self.values[texture] != outlined]
        codes[wrong, texture] = others[rng.integers(len(others), size=int(wrong.sum()))] if len(others) else outlined

    def _respect_allowed(self, rng: np.random.Generator, codes: Integers, fixed: NDArray[np.bool_]) -> None:
        """Redraw the colour, or where that is fixed the shape, of objects whose pair is held out."""
        color, shape = self.place("color"), self.place("shape")
        wrong = ~self.allowed[codes[..., color], codes[..., shape]]
        if not wrong.any():
            return
        keep_color = wrong & fixed[..., color] & ~fixed[..., shape] & self.allowed[codes[..., color]].any(-1)
        keep_shape = wrong & ~keep_color & self.allowed.T[codes[..., shape]].any(-1)
        for keep, kept, changed, table in (
            (keep_color, color, shape, self.allowed),
            (keep_shape, shape, color, self.allowed.T),
        ):
            rows = table[codes[keep][:, kept]]
            picks = np.argmax(rows * rng.random(rows.shape), axis=1) if len(rows) else np.empty(0, np.int64)
            codes[keep, changed] = picks
        pairs = np.argwhere(self.allowed)
        left = ~self.allowed[codes[..., color], codes[..., shape]]
        codes[left, color], codes[left, shape] = pairs[rng.integers(len(pairs), size=int(left.sum()))].T

    # ---- places ----------------------------------------------------------------------------------------------------

    def place_objects(
        self,
        rng: np.random.Generator,
        codes: Integers,
        mask: NDArray[np.bool_],
        stack: NDArray[np.bool_],
        links: Integers,
    ) -> Drawn:
        """Give objects with values [scenes objects attributes] their sizes, rotations and places."""
        scenes, width = mask.shape
        degrees = np.zeros((scenes, width), np.int64)
        if self.config.rotate:
            degrees = rng.integers(0, 360, size=(scenes, width))
        if self.config.placement == "free" and "size" in self.attributes:
            self._shrink(rng, codes, degrees, mask)
        sides = self._sides(rng, codes, degrees)
        if self.config.placement == "grid":
            centres = self._cells(rng, mask)
            boxes, front = np.concatenate([centres - sides / 2, centres + sides / 2], -1), None
        else:
            boxes, front = self._free(rng, codes, sides, degrees, mask, links)
        if stack.any():
            boxes[stack] = self._tower(mask.shape[1])
        boxes[~mask] = 0
        codes[~mask] = -1
        if self.config.empty_cells:
            mask = self._fill_cells(centres, boxes, mask)
        panel = np.zeros((scenes, width), np.int64)
        return Drawn(np.ascontiguousarray(codes.swapaxes(1, 2)), boxes, mask, degrees, panel, front)

    def _fill_cells(self, centres: Floats, boxes: Floats, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Make things of the cells without an object; return which things there are, all of them."""
        half = np.array([self.config.width, self.config.height]) / self.config.grid / 2
        cells = np.concatenate([centres - half, centres + half], -1)
        np.copyto(boxes, cells, where=~mask[..., None])
        return np.ones_like(mask)

    def _shrink(self, rng: np.random.Generator, codes: Integers, degrees: Integers, mask: NDArray[np.bool_]) -> None:
        """Make objects smaller, one at a time, in scenes that are too full to place them at random."""
        place = self.place("size")
        sizes = sorted(self.values[place].tolist(), key=lambda code: float(self.diameters[code]))
        smaller = np.arange(len(self.codes))
        smaller[sizes[1:]] = sizes[:-1]
        room = FULL * self.config.width * self.config.height
        reach = self.extents[codes[..., self.place("shape")], degrees].max(-1) * (1 + self.config.size_jitter / 2)
        for _ in range(2 * mask.shape[1]):
            areas = mask * (self.diameters[codes[..., place]] * reach + self.config.gap_px) ** 2
            rows = np.flatnonzero(areas.sum(1) > room)
            if not len(rows):
                return
            largest = np.argmax(areas[rows] + rng.random((len(rows), mask.shape[1])), axis=1)
            codes[rows, largest, place] = smaller[codes[rows, largest, place]]

    def _sides(self, rng: np.random.Generator, codes: Integers, degrees: Integers) -> Floats:
        """Return width and height of every object's box in pixels, multiples of STEP_PX."""
        if "size" in self.attributes:
            diameter = self.diameters[codes[..., self.place("size")]]
        else:
            diameter = np.array(self.config.size_px)[rng.integers(len(self.config.size_px), size=codes.shape[:2])]
        diameter = diameter * (1 + self.config.size_jitter * rng.uniform(-1, 1, diameter.shape))
        sides = diameter[..., None] * self.extents[codes[..., self.place("shape")], degrees]
        step = self.config.step_px * (2 if self.config.placement == "free" and not self._exact else 0.25)
        return np.maximum(np.round(sides / step) * step, step)

    def _tower(self, blocks: int) -> Floats:
        """Return the boxes of a tower's blocks, the lowest first, as NLVR stacks them: 1 px apart, in the middle."""
        side = float(self.diameters[self.codes["medium"]])
        left = (self.config.width - side) / 2
        tops = self.config.height - side - np.arange(blocks) * (side + 1)
        return np.stack([np.full(blocks, left), tops, np.full(blocks, left + side), tops + side], -1)

    def _cells(self, rng: np.random.Generator, mask: NDArray[np.bool_]) -> Floats:
        """Return the centres of different cells of a grid."""
        grid = self.config.grid
        if mask.shape[1] > grid**2:
            raise ConfigError(f"max_objects: a grid of {grid} x {grid} cells holds {grid**2} objects at most")
        cells = np.argsort(rng.random((len(mask), grid**2)), axis=1)[:, : mask.shape[1]]
        steps = np.array([self.config.width / grid, self.config.height / grid])
        return (np.stack([cells % grid, cells // grid], -1) + 0.5) * steps

    def _free(
        self,
        rng: np.random.Generator,
        codes: Integers,
        sides: Floats,
        degrees: Integers,
        mask: NDArray[np.bool_],
        links: Integers,
    ) -> tuple[Floats, NDArray[np.bool_] | None]:
        """Put objects anywhere, one after the other, the large ones first; redo the scenes that have no room left."""
        order = np.argsort(-sides.max(-1) * mask, axis=1)[:, :, None]
        large_first = np.take_along_axis(sides, order, 1)
        links, counts = _relinked(links, order[..., 0], mask), mask.sum(1)
        boxes = np.zeros((*mask.shape, 4))
        front = np.zeros((*mask.shape, mask.shape[1]), bool)
        todo = np.arange(len(mask))
        for _ in range(ROUNDS):
            placed, done = self._throw(rng, large_first[todo], counts[todo], links[todo])
            back = np.empty_like(placed)
            np.put_along_axis(back, order[todo], placed, 1)
            if self.config.overlap:
                hides, clear = hidden(self, codes[todo], back, degrees[todo], mask[todo])
                done &= clear
                front[todo[done]] = hides[done]
            boxes[todo[done]] = back[done]
            todo = todo[~done]
            if not len(todo):
                return boxes, front if "in_front_of" in self.lexicon.relations else None
        raise ConfigError(self._no_room(sides[todo], mask[todo]))

    def _throw(
        self, rng: np.random.Generator, sides: Floats, counts: Integers, links: Integers
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """Try PLACES places for each object in turn, within its links; return the boxes and which scenes are complete.

        All arrays have the scenes last, so that every operation runs over long rows.
        """
        scenes, width, _ = sides.shape
        half = np.ascontiguousarray(sides.transpose(1, 2, 0)) / 2  # [objects, axis, scenes]
        room = np.array([self.config.width, self.config.height])[:, None, None]
        centres = np.zeros((width, 2, scenes))
        done = np.ones(scenes, bool)
        columns = np.arange(scenes)
        for place in range(width):
            mine = half[place][:, None]
            low, high = self._bounds(place, half[place], centres, links)
            tried = low[:, None] + rng.random((2, PLACES, scenes)) * (high - low)[:, None]
            if self.config.walls:
                self._against_wall(rng, tried, mine, room)
            if place and (self.config.touching or self.config.overlap):
                self._lean(rng, tried, mine, centres[:place], half[:place])
            tried = np.round((tried - mine) / self.config.step_px) * self.config.step_px + mine
            fits = ((tried >= mine) & (tried <= room - mine)).all(0)
            for earlier in range(place):
                fits &= self._clear(tried, centres[earlier][:, None], half[earlier][:, None] + mine)
            best = fits.argmax(0)
            done &= fits[best, columns] | (place >= counts)
            centres[place] = tried[:, best, columns]
        corners = np.stack([centres - half, centres + half], 1)  # [objects, 2, axis, scenes]
        return corners.transpose(3, 0, 1, 2).reshape(scenes, width, 4), done

    def _bounds(self, place: int, mine: Floats, centres: Floats, links: Integers) -> tuple[Floats, Floats]:
        """Return the least and largest centre [axis scenes] that an object's links to those before it leave it."""
        edge = EDGE_PX if self.config.walls else 1
        least = edge + mine
        most = np.array([self.config.width, self.config.height])[:, None] - edge - mine
        low, high = least.copy(), most.copy()
        for one, other, axis, sign in links.transpose(1, 2, 0):
            for me, partner, side in ((one, other, sign), (other, one, -sign)):
                rows = np.flatnonzero((me == place) & (partner < place) & (sign != 0))
                bound = centres[partner[rows], axis[rows], rows] + side[rows] * self._clear_px
                beyond = side[rows] > 0
                low[axis[rows][beyond], rows[beyond]] = np.maximum(low[axis[rows], rows], bound)[beyond]
                high[axis[rows][~beyond], rows[~beyond]] = np.minimum(high[axis[rows], rows], bound)[~beyond]
        fits = low <= high
        return np.where(fits, low, least), np.where(fits, high, np.maximum(most, least))

    @cached_property
    def _clear_px(self) -> float:
        """How far apart centres must be for a relation to be sure."""
        margins = [
            entry.meaning.margin for entry in self.lexicon.relations.values() if isinstance(entry.meaning, Order)
        ]
        unit = self.lexicon.unit_px or max(image_size(self.config))
        return max(margins) * unit + self.config.unsure_px + self.config.step_px

    def _against_wall(self, rng: np.random.Generator, tried: Floats, mine: Floats, room: NDArray[np.int64]) -> None:
        """Move some of the tried places against a wall of the panel, now and then into a corner."""
        ends = np.where(rng.random(tried.shape) < 0.5, np.broadcast_to(mine, tried.shape), room - mine)
        to_wall = rng.random(tried.shape) < self.config.walls / 2
        np.copyto(tried, ends, where=to_wall)

    def _lean(self, rng: np.random.Generator, tried: Floats, mine: Floats, centres: Floats, half: Floats) -> None:
        """Move some of the tried places, of some of the scenes, against or over an earlier object."""
        _, places, scenes = tried.shape
        chosen = rng.integers(len(centres), size=(places, scenes)), slice(None), np.arange(scenes)
        other, reach = (np.moveaxis(array[chosen], -1, 0) for array in (centres, half))
        axis = rng.integers(2, size=(places, scenes))
        axis = np.stack([axis == 0, axis == 1])
        side = np.where(rng.random((places, scenes)) < 0.5, 1, -1)
        against = (
            other
            + axis * side * (mine + reach + self.config.contact_px)
            + ~axis * (rng.random(tried.shape) - 0.5) * 0.6 * mine
        )
        np.copyto(tried, against, where=rng.random(scenes) < self.config.touching)
        far = rng.uniform(*OVER, (places, scenes))
        aside = rng.uniform(-1, 1, tried.shape) * far
        over = other + np.where(axis, side * far, aside) * (mine + reach)
        np.copyto(tried, over, where=rng.random(scenes) < self.config.overlap)

    def _clear(self, tried: Floats, other: Floats, reach: Floats) -> NDArray[np.bool_]:
        """Whether tried places keep their distance to another object, or touch it, or may lie over it."""
        apart = np.abs(tried - other)
        gap = (apart - reach).max(0)
        fine = gap >= self.config.gap_px
        if self.config.touching:
            fine |= np.abs(gap - self.config.contact_px) < 0.01
        if self.config.overlap:
            far = (apart / reach).max(0)
            fine |= (far > OVER[0]) & (far < OVER[1])
        return np.asarray(fine)

    def _no_room(self, sides: Floats, mask: NDArray[np.bool_]) -> str:
        config = self.config
        fewest = int(mask.sum(1).min())
        largest = float(sides.max())
        return (
            f"no room for {fewest} objects of up to {largest:.0f} px, gap_px={config.gap_px} apart, in "
            f"{config.width} x {config.height} px after {ROUNDS} tries: lower max_objects={config.max_objects}, "
            f"size_px or gap_px, or raise width and height"
        )


def _relinked(links: Integers, order: Integers, mask: NDArray[np.bool_]) -> Integers:
    """Return links whose objects were put into another order; those to objects that a scene lacks are dropped."""
    if not links.shape[1]:
        return links
    places = np.argsort(order, axis=1)
    moved = links.copy()
    for side in (0, 1):
        known = np.minimum(links[..., side], places.shape[1] - 1)
        moved[..., side] = np.take_along_axis(places, known, 1)
        moved[..., 3] *= (links[..., side] < places.shape[1]) & (moved[..., side] < mask.sum(1)[:, None])
    return moved


def arrays_of(drawn: Drawn, config: SynthConfig) -> SceneArrays:
    """Return drawn scenes as the exact library reads them."""
    scenes = len(drawn.mask)
    given = {}
    if drawn.in_front is not None:
        given = {"in_front_of": drawn.in_front, "behind": drawn.in_front.swapaxes(1, 2)}
    boxes = np.array(panel_boxes(config))
    members = (drawn.panel[:, None] == np.arange(len(boxes))[:, None]) & drawn.mask[:, None]
    panels = PanelBoxes(np.tile(boxes, (scenes, 1, 1)), np.ones((scenes, len(boxes)), bool), members)
    longest = np.full(scenes, float(max(image_size(config))))
    return SceneArrays(drawn.codes, drawn.boxes, drawn.mask, panels, longest, given)


def panel_boxes(config: SynthConfig) -> list[Box]:
    """Return the boxes of an image's panels, side by side with gaps between them."""
    step = config.width + config.panel_gap
    return [
        (float(place * step), 0.0, float(place * step + config.width), float(config.height))
        for place in range(config.panels)
    ]


def image_size(config: SynthConfig) -> tuple[int, int]:
    """Return width and height of an image, all panels together, in pixels of the scene."""
    return config.panels * config.width + (config.panels - 1) * config.panel_gap, config.height


def scene_graph(drawn: Drawn, row: int, sampler: Sampler) -> SceneGraph:
    """Return one drawn scene as a scene graph."""
    count = int(drawn.mask[row].sum())
    codes, boxes = drawn.codes[row].T.tolist(), drawn.boxes[row].tolist()
    degrees, panel = drawn.degrees[row].tolist(), drawn.panel[row].tolist()
    objects = tuple(
        [
            SceneObject(
                sampler.attributes_of(tuple(codes[place])), tuple(boxes[place]), float(degrees[place]), panel[place]
            )
            for place in range(count)
        ]
    )
    relations: dict[str, list[list[int]]] = {}
    if drawn.in_front is not None:
        front = drawn.in_front[row, :count, :count]
        relations = {"in_front_of": _listed(front), "behind": _listed(front.T)}
    width, height = image_size(sampler.config)
    panels = tuple(panel_boxes(sampler.config)) if sampler.config.panels > 1 else ()
    return SceneGraph(objects, float(width), float(height), sampler.lexicon.name, relations, panels)


def _listed(pairs: NDArray[np.bool_]) -> list[list[int]]:
    """Return, for each object, those that stand in the relation to it."""
    if not pairs.any():
        return [[] for _ in pairs]
    return [np.flatnonzero(row).tolist() for row in pairs.T]
