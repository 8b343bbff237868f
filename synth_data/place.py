"""Where objects of a scene go: anywhere with gaps between them, in the cells of a grid, or in a tower.

Placement is bounded: each object in turn tries some places at once, within what the text's relations ask of it; a scene
that finds no room is drawn again, a few times, and then the error says what does not fit.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nmn.errors import ConfigError
from nmn.lexicon import Order
from synth_data.codes import Codes, Floats, Integers
from synth_data.drawn import Drawn, image_size
from synth_data.overlap import hidden
from synth_data.sizes import AREA, Sizer

PLACES = (3, 6, 8, 10, 12, 16)  # tried at once for the first object, the second, ...; the last for all others
OVER = (0.5, 0.8)  # distance of two objects that overlap, over the one at which their boxes would just touch
ROUNDS = 100  # times that a scene without room is drawn again
CHAIN = 2  # links that are looked along
LINKED = 3  # of which so many for its links; some texts want what cannot be
AT_ONCE, COPIES = 400, 8  # of scenes without room some copies are drawn at once, so that the last ones take few rounds
EDGE_PX = 4  # of objects from walls that they do not touch


class Placer:
    """Gives objects their places."""

    def __init__(self, codes: Codes) -> None:
        self.codes, self.config, self.lexicon = codes, codes.config, codes.lexicon
        self.sizer = Sizer(codes)
        if self.config.placement == "grid":
            self._check_cells()

    def _check_cells(self) -> None:
        """Raise ConfigError where an object may be larger than its cell."""
        grid, largest = self.config.grid, self.sizer.largest
        cell = self.config.width / grid, self.config.height / grid
        if largest > min(cell):
            raise ConfigError(
                f"grid: objects of up to {largest:.1f} px do not fit into cells of {cell[0]:.1f} x {cell[1]:.1f} px:"
                f" lower grid={grid}, size_px or size_jitter, raise width and height"
                f"{', or give rotate=false' if self.config.rotate else ''}"
            )

    def place(
        self,
        rng: np.random.Generator,
        codes: Integers,
        mask: NDArray[np.bool_],
        stack: NDArray[np.bool_],
        links: Integers,
    ) -> Drawn:
        """Give objects with values [scenes objects attributes] their sizes, rotations and places."""
        scenes, width = mask.shape
        degrees, sides = self.sizer.measure(rng, codes, mask, links)
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

    def _tower(self, blocks: int) -> Floats:
        """Return the boxes of a tower's blocks, the lowest first, as NLVR stacks them: 1 px apart, in the middle."""
        side = float(self.codes.diameters[self.codes.of["medium"]])
        left = (self.config.width - side) / 2
        tops = self.config.height - side - np.arange(blocks) * (side + 1)
        return np.stack([np.full(blocks, left), tops, np.full(blocks, left + side), tops + side], -1)

    def _cells(self, rng: np.random.Generator, mask: NDArray[np.bool_]) -> Floats:
        """Return the centres of different cells of a grid."""
        grid = self.config.grid
        cells = np.argsort(rng.random((len(mask), grid**2)), axis=1)[:, : mask.shape[1]]
        steps = np.array([self.config.width / grid, self.config.height / grid])
        return np.asarray((np.stack([cells % grid, cells // grid], -1) + 0.5) * steps)

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
        links, counts = relinked(links, order[..., 0], mask), mask.sum(1)
        boxes = np.zeros((*mask.shape, 4))
        front = np.zeros((*mask.shape, mask.shape[1]), bool)
        todo, waiting = np.argsort(-counts, kind="stable"), np.ones(len(counts), bool)
        for round_ in range(ROUNDS):
            some = np.repeat(todo, min(COPIES, max(1, AT_ONCE // len(todo))))
            placed, done, linked = self._throw(rng, large_first[some], counts[some], links[some])
            done &= linked | (round_ >= LINKED)
            back = np.empty_like(placed)
            np.put_along_axis(back, order[some], placed, 1)
            if self.config.overlap:
                hides, clear = hidden(self.codes, codes[some], back, degrees[some], mask[some])
                done &= clear
                front[some[done]] = hides[done]
            boxes[some[done]] = back[done]
            waiting[some[done]] = False
            todo = todo[waiting[todo]]
            if not len(todo):
                return boxes, front if self._is_deep else None
        raise ConfigError(self._no_room(sides[todo], mask[todo]))

    @property
    def _leans(self) -> bool:
        """Whether objects may be put against or over others."""
        return bool(self.config.touching or self.config.overlap)

    @cached_property
    def _is_deep(self) -> bool:
        """Whether scenes say what lies in front of what."""
        return self.config.overlap > 0 or bool({"in_front_of", "behind"} & set(self.config.relations))

    def _throw(
        self, rng: np.random.Generator, sides: Floats, counts: Integers, links: Integers
    ) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
        """Try PLACES places for each object in turn; return the boxes, which scenes are complete, which as linked.

        The scenes come with those of most objects first. All arrays have them last, so that every operation runs over
        long rows, of those scenes that have so many objects.
        """
        scenes, width, _ = sides.shape
        half = np.ascontiguousarray(sides.transpose(1, 2, 0)) / 2  # [objects, axis, scenes]
        room = np.array([self.config.width, self.config.height])[:, None, None]
        centres = np.zeros((width, 2, scenes))
        done, linked = np.ones((2, scenes), bool)
        columns, before = np.arange(scenes), _before(links)
        ends = self._ends(half)
        free = ends.copy()
        self._look_ahead(ends, before)
        for place in range(int(counts.max(initial=0))):
            some = columns[: int((counts > place).sum())]
            mine, others = half[place, :, None, : len(some)], half[:place, :, None, : len(some)]
            can = ends[0, place, :, : len(some)] <= ends[1, place, :, : len(some)]
            linked[some] &= can.all(0)
            low, high = np.where(can, ends[:, place, :, : len(some)], free[:, place, :, : len(some)])
            places = PLACES[-1] if self._leans else PLACES[min(place, len(PLACES) - 1)]
            tried = low[:, None] + rng.random((2, places, len(some))) * (high - low)[:, None]
            if self.config.walls:
                self._against_wall(rng, tried, mine, room)
            if place and self._leans:
                self._lean(rng, tried, mine, centres[:place, :, : len(some)], others[:, :, 0])
            tried = np.round((tried - mine) / self.config.step_px) * self.config.step_px + mine
            fits = np.all((tried >= mine) & (tried <= room - mine), axis=0)
            fits &= self._clear(tried, centres[:place, :, None, : len(some)], others + mine).all(0)
            best = fits.argmax(0)
            done[some] &= fits[best, some]
            centres[place, :, some] = tried[:, best, some].T
            self._narrow(ends, before, place, centres[place])
        corners = np.stack([centres - half, centres + half], 1)  # [objects, 2, axis, scenes]
        return corners.transpose(3, 0, 1, 2).reshape(scenes, width, 4), done, linked

    def _ends(self, half: Floats) -> Floats:
        """Return the least and the largest centre of each object [ends objects axis scenes]."""
        edge = EDGE_PX if self.config.walls else 1
        least, most = edge + half, np.array([self.config.width, self.config.height])[:, None] - edge - half
        return np.stack([least, np.maximum(least, most)])

    def _look_ahead(self, ends: Floats, before: Integers) -> None:
        """Leave room, along chains of links, for what is to lie before or after an object."""
        lower, upper, axis, scene = before
        least, most = ends
        for _ in range(CHAIN):
            np.maximum.at(least, (upper, axis, scene), least[lower, axis, scene] + self._clear_px)
            np.minimum.at(most, (lower, axis, scene), most[upper, axis, scene] - self._clear_px)

    def _narrow(self, ends: Floats, before: Integers, place: int, centres: Floats) -> None:
        """Narrow the ends of what is linked to an object that was placed."""
        lower, upper, axis, scene = before[:, (before[:2] == place).any(0)]
        least, most = ends
        centre = centres[axis, scene]
        np.maximum.at(least, (upper, axis, scene), np.where(lower == place, centre + self._clear_px, -np.inf))
        np.minimum.at(most, (lower, axis, scene), np.where(upper == place, centre - self._clear_px, np.inf))

    @cached_property
    def _clear_px(self) -> float:
        """How far apart centres must be for a relation to be sure."""
        margins = [
            entry.meaning.margin for entry in self.lexicon.relations.values() if isinstance(entry.meaning, Order)
        ]
        unit = self.lexicon.unit_px or max(image_size(self.config))
        return max(margins, default=0.0) * unit + self.config.unsure_px + self.config.step_px

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

    def _clear(self, tried: Floats, others: Floats, reach: Floats) -> NDArray[np.bool_]:
        """Whether tried places keep their distance to each of the others, or touch it, or may lie over it."""
        apart = tried - others
        np.abs(apart, out=apart)
        fine = np.any(apart >= reach + self.config.gap_px, axis=1)
        if self.config.touching:
            fine |= np.abs((apart - reach).max(1) - self.config.contact_px) < 0.01
        if self.config.overlap:
            far = (apart / reach).max(1)
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


def _before(links: Integers) -> Integers:
    """Return links as rows: an object, another one whose centre should lie after its own, the axis, the scene."""
    scene, link = np.nonzero((links[..., 3] != 0) & (links[..., 2] < AREA))
    one, other, axis, sign = links[scene, link].T
    return np.stack([np.where(sign < 0, one, other), np.where(sign < 0, other, one), axis, scene])


def relinked(links: Integers, order: Integers, mask: NDArray[np.bool_]) -> Integers:
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
