"""How large objects of a scene are and how they are turned: as their values say, and as relations of sizes need."""

import numpy as np
from numpy.typing import NDArray

from synth_data.codes import Codes, Floats, Integers

FULL = 0.42  # part of a panel beyond which objects find no room at random
AREA = 2  # the axis of links that compare areas
TURNS = 6  # times that objects are turned and measured again for their links


class Sizer:
    """Gives objects their sizes and rotations."""

    def __init__(self, codes: Codes) -> None:
        self.codes, self.config = codes, codes.config
        self._has_size = "size" in codes.attributes
        self._step = self.config.step_px * (2 if self.config.placement == "free" and not codes.exact else 0.25)

    @property
    def largest(self) -> float:
        """The longest side that a box may have, in pixels."""
        codes, place = self.codes, self.codes.place
        diameters = codes.diameters[codes.values[place("size")]] if self._has_size else np.array(self.config.size_px)
        extents = codes.extents[codes.values[place("shape")]]
        return float(diameters.max() * (1 + self.config.size_jitter) * extents.max())

    def measure(
        self, rng: np.random.Generator, codes: Integers, mask: NDArray[np.bool_], links: Integers
    ) -> tuple[Integers, Floats]:
        """Return degrees [scenes objects] and width and height of boxes in pixels, multiples of a step.

        Changes sizes among ``codes`` [scenes objects attributes] where a scene would be too full.
        """
        degrees = self._degrees(rng, mask.shape)
        scene, link = np.nonzero((links[..., 3] != 0) & (links[..., 2] == AREA))
        one, other, _, sign = links[scene, link].T
        larger, smaller = np.where(sign > 0, one, other), np.where(sign > 0, other, one)
        if self.config.placement == "free" and self._has_size:
            linked = np.zeros(mask.shape, bool)
            linked[scene, larger] = linked[scene, smaller] = True
            self._shrink(rng, codes, degrees, mask, linked)
        sides = self._sides(rng, codes, degrees)
        for _ in range(TURNS if len(scene) else 0):
            areas = sides.prod(-1)
            wrong = areas[scene, larger] - areas[scene, smaller] <= self._margin(areas, scene, larger, smaller)
            if not wrong.any():
                break
            again = np.concatenate([scene[wrong]] * 2), np.concatenate([larger[wrong], smaller[wrong]])
            degrees[again] = self._degrees(rng, again[0].shape)
            sides[again] = self._sides(rng, codes[again], degrees[again])
        return degrees, sides

    def _margin(self, areas: Floats, scene: Integers, one: Integers, other: Integers) -> Floats:
        """Return by how much areas must differ for a relation of sizes to be sure."""
        return np.asarray(self.config.unsure_px * (np.sqrt(areas[scene, one]) + np.sqrt(areas[scene, other])))

    def _degrees(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Integers:
        return rng.integers(0, 360, size=shape) if self.config.rotate else np.zeros(shape, np.int64)

    def _shrink(
        self,
        rng: np.random.Generator,
        codes: Integers,
        degrees: Integers,
        mask: NDArray[np.bool_],
        linked: NDArray[np.bool_],
    ) -> None:
        """Make objects smaller, one at a time, in scenes that are too full to place them at random.

        Those that a relation of sizes speaks of come last.
        """
        place = self.codes.place("size")
        sizes = sorted(self.codes.values[place].tolist(), key=lambda code: float(self.codes.diameters[code]))
        smaller = np.arange(len(self.codes.of))
        smaller[sizes[1:]] = sizes[:-1]
        room = FULL * self.config.width * self.config.height
        reach = self.codes.extents[codes[..., self.codes.place("shape")], degrees].max(-1) * (
            1 + self.config.size_jitter / 2
        )
        rows = np.arange(len(mask))
        for _ in range(2 * mask.shape[1]):
            areas = mask[rows] * (self.codes.diameters[codes[rows, :, place]] * reach[rows] + self.config.gap_px) ** 2
            full = areas.sum(1) > room
            rows, areas = rows[full], areas[full]
            if not len(rows):
                return
            fixed = linked[rows] | (codes[rows, :, place] == sizes[0])
            largest = np.argmax(areas - room * fixed + rng.random(areas.shape), axis=1)
            codes[rows, largest, place] = smaller[codes[rows, largest, place]]

    def _sides(self, rng: np.random.Generator, codes: Integers, degrees: Integers) -> Floats:
        """Return the sides of boxes for the values [... attributes] of objects."""
        if self._has_size:
            diameter = self.codes.diameters[codes[..., self.codes.place("size")]]
        else:
            diameter = np.array(self.config.size_px)[rng.integers(len(self.config.size_px), size=codes.shape[:-1])]
        diameter = diameter * (1 + self.config.size_jitter * rng.uniform(-1, 1, diameter.shape))
        sides = diameter[..., None] * self.codes.extents[codes[..., self.codes.place("shape")], degrees]
        return np.maximum(np.round(sides / self._step) * self._step, self._step)
