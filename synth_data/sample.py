"""Scenes as arrays: many at once, drawn so that some objects are what a text speaks of and the others nearly that.

A *wish* is a row of value codes, -1 where anything goes. The first objects of a scene follow the wishes, each with a
chance to miss one value, so that scenes in which a text is true and scenes in which it is false look alike. Placement
is bounded: a scene that finds no room is drawn again, a few times, and then the error says what does not fit.
"""

import numpy as np
from numpy.typing import NDArray

from nmn.errors import ConfigError
from synth_data.codes import CONFUSED, Codes, Floats, Integers
from synth_data.config import SynthConfig
from synth_data.drawn import Drawn, panel_boxes
from synth_data.place import Placer, relinked

TOWER = 4  # blocks at most
BLOCK = {"shape": "square", "size": "medium"}


class Sampler:
    """Draws scenes of a configuration."""

    def __init__(self, config: SynthConfig) -> None:
        self.config, self.codes = config, Codes(config)
        self.placer = Placer(self.codes)
        if any(name.startswith("tower") for name in config.families):
            self._check_towers()

    def _check_towers(self) -> None:
        """Raise ConfigError where the blocks of towers are no objects of the configuration."""
        known = self.codes
        fine = all(name in known.attributes and value in self.config.values(name) for name, value in BLOCK.items())
        if not fine or self.config.required or not known.allowed[:, known.of["square"]].any():
            raise ConfigError(
                "families: towers are of medium squares, which shapes, sizes, held_out or required leave no room for;"
                " leave out the families tower_..."
            )

    def draw_counts(self, rng: np.random.Generator, low: int | Integers, scenes: int) -> Integers:
        """Draw how many objects a panel of each scene has: ``low`` at least, a number or [scenes]."""
        most = self.config.max_objects
        if self.config.placement == "grid":
            return np.clip(rng.binomial(self.config.grid**2, self.config.fill, scenes), low, most)
        return rng.integers(low, most + 1, scenes)

    def draw(
        self,
        rng: np.random.Generator,
        wishes: Integers,
        objects: Integers,
        miss: Floats,
        stack: NDArray[np.bool_] | None = None,
        links: Integers | None = None,
        single: Integers | None = None,
    ) -> Drawn:
        """Draw a scene for each row of ``wishes`` [scenes wishes attributes], ``objects`` [scenes] objects in a panel.

        ``miss`` [scenes]: the chance that an object misses one value of its wish. ``stack`` [scenes]: whether objects
        stand in a tower. ``links`` [scenes links 4]: (wish, other wish, axis, sign) where the centre of one wish's
        object should lie beyond that of the other's, or its area be larger; sign 0 for none. ``single`` [scenes nouns
        attributes + 3]: value codes of which there must be one object; where the sign that follows is not 0, one whose
        centre lies beyond that of another wish's object (other wish, axis, sign). Each panel is drawn alone, for the
        same wishes.
        """
        panels = self.config.panels
        if panels > 1:
            objects = rng.integers(self.config.min_objects, np.repeat(objects, panels) + 1)
        if links is None:
            links = np.zeros((len(wishes), 0, 4), np.int64)
        if single is None:
            single = np.zeros((len(wishes), 0, wishes.shape[-1] + 3), np.int64)
        wishes, links, single = (np.repeat(array, panels, 0) for array in (wishes, links, single))
        miss = np.repeat(miss, panels)
        stacked = np.zeros(len(wishes), bool) if stack is None else np.repeat(stack, panels)
        objects = np.where(stacked, np.minimum(objects, TOWER), objects)
        drawn = self._draw_panels(rng, wishes, objects, miss, stacked, links, single)
        return drawn if panels == 1 else self._side_by_side(drawn)

    def _draw_panels(
        self,
        rng: np.random.Generator,
        wishes: Integers,
        objects: Integers,
        miss: Floats,
        stack: NDArray[np.bool_],
        links: Integers,
        single: Integers,
    ) -> Drawn:
        """Draw scenes of one panel each."""
        scenes, width = len(wishes), self.config.grid**2 if self.config.empty_cells else int(objects.max())
        mask = np.arange(width) < objects[:, None]
        codes, rivals = self._values(rng, wishes, objects, miss, width, single)
        links = np.concatenate([links, rivals], 1)
        order = np.argsort(rng.random((scenes, width)) + ~mask, axis=1)  # so that no place tells what was wished
        codes = np.take_along_axis(codes, order[:, :, None], axis=1)
        if stack.any():
            blocks = np.zeros(codes.shape, bool)
            for name, value in BLOCK.items():
                codes[stack, :, self.codes.place(name)] = self.codes.of[value]
                blocks[stack, :, self.codes.place(name)] = True
            self._respect_allowed(rng, codes, blocks)
        return self.placer.place(rng, codes, mask, stack, relinked(links, order, mask))

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
        front = None if drawn.in_front is None else _side_by_side(drawn.in_front, panels, order)
        joined = np.take_along_axis(boxes.reshape(scenes, -1, 4), order[..., None], 1) * mask[..., None]
        return Drawn(
            np.take_along_axis(codes, order[:, None], 2), joined, mask,
            np.take_along_axis(drawn.degrees.reshape(scenes, -1), order, 1), np.take_along_axis(panel, order, 1), front,
        )  # fmt: skip

    def _values(
        self,
        rng: np.random.Generator,
        wishes: Integers,
        objects: Integers,
        miss: Floats,
        width: int,
        single: Integers,
    ) -> tuple[Integers, Integers]:
        """Return value codes [scenes objects attributes], and links for objects that are like others by chance."""
        scenes, wished, attributes = wishes.shape
        codes = np.empty((scenes, width, attributes), np.int64)
        for place, values in enumerate(self.codes.values):
            codes[..., place] = values[rng.integers(len(values), size=(scenes, width))]
        if self.config.likeness:
            codes = np.where(rng.random(codes.shape) < self.config.likeness, codes[:, :1], codes)
        wished = min(wished, width)
        asked = wishes[:, :wished] >= 0
        chance = rng.random(asked.shape) + 2.0 * ~asked
        missed = (chance == chance.min(-1, keepdims=True)) & (rng.random((scenes, wished, 1)) < miss[:, None, None])
        fixed = np.zeros(codes.shape, bool)
        fixed[:, :wished] = asked & ~missed
        codes[:, :wished] = np.where(fixed[:, :wished], wishes[:, :wished], codes[:, :wished])
        rivals = self._rivals(rng, codes, fixed, single)
        self._respect_allowed(rng, codes, fixed)
        self._require(rng, codes, objects)
        self._avoid_confusion(rng, codes)
        return codes, rivals

    def _rivals(
        self, rng: np.random.Generator, codes: Integers, fixed: NDArray[np.bool_], single: Integers
    ) -> Integers:
        """Find objects without a wish that are, by chance, what there must be one of.

        Give them another value; or, where it is one for what it stands beside, return links to the opposite side.
        """
        free, count = ~fixed.any(-1), codes.shape[-1]
        rows = [np.empty((0, 5), np.int64)]
        for nouns in single.swapaxes(0, 1):
            values, beside = nouns[:, :count], nouns[:, count:]
            same = free & (values >= 0).any(1)[:, None]
            for attribute, wanted in enumerate(values.T[..., None]):
                same &= (codes[..., attribute] == wanted) | (wanted < 0)
            scene, thing = np.nonzero(same)
            alone = beside[scene, 2] == 0
            self._revalue(rng, codes, scene[alone], thing[alone], values)
            scene, thing = scene[~alone], thing[~alone]
            rows.append(np.column_stack([scene, thing, beside[scene] * [1, 1, -1]]))
        return _by_scene(np.concatenate(rows), len(codes))

    def _revalue(
        self, rng: np.random.Generator, codes: Integers, scene: Integers, thing: Integers, nouns: Integers
    ) -> None:
        """Give objects another value of one of the attributes that their scene's noun names."""
        changed = (rng.random((len(scene), nouns.shape[1])) * (nouns[scene] >= 0)).argmax(-1)
        for attribute, values in enumerate(self.codes.values):
            some = np.flatnonzero((changed == attribute) & (len(values) > 1))
            rows = scene[some]
            others = values[rng.integers(max(1, len(values) - 1), size=len(rows))]
            codes[rows, thing[some], attribute] = np.where(others == nouns[rows, attribute], values[-1], others)

    def _require(self, rng: np.random.Generator, codes: Integers, objects: Integers) -> None:
        """Give the last object of every scene one of the pairs of a colour and a shape that are required."""
        if not self.config.required:
            return
        pairs = np.array([[self.codes.of[word] for word in pair.split()] for pair in self.config.required])
        chosen, rows = pairs[rng.integers(len(pairs), size=len(codes))], np.arange(len(codes))
        for column, attribute in enumerate(("color", "shape")):
            codes[rows, objects - 1, self.codes.place(attribute)] = chosen[:, column]

    def _avoid_confusion(self, rng: np.random.Generator, codes: Integers) -> None:
        """Give objects that would look like another shape another texture."""
        if not set(CONFUSED) <= set(self.codes.of):
            return
        texture, shape = self.codes.place("texture"), self.codes.place("shape")
        outlined, circle = (self.codes.of[value] for value in CONFUSED)
        wrong = (codes[..., texture] == outlined) & (codes[..., shape] == circle)
        others = self.codes.values[texture][self.codes.values[texture] != outlined]
        codes[wrong, texture] = others[rng.integers(len(others), size=int(wrong.sum()))] if len(others) else outlined

    def _respect_allowed(self, rng: np.random.Generator, codes: Integers, fixed: NDArray[np.bool_]) -> None:
        """Redraw the colour, or where that is fixed the shape, of objects whose pair is held out."""
        color, shape = self.codes.place("color"), self.codes.place("shape")
        wrong = ~self.codes.allowed[codes[..., color], codes[..., shape]]
        if not wrong.any():
            return
        keep_color = wrong & fixed[..., color] & ~fixed[..., shape] & self.codes.allowed[codes[..., color]].any(-1)
        keep_shape = wrong & ~keep_color & self.codes.allowed.T[codes[..., shape]].any(-1)
        for keep, kept, changed, table in (
            (keep_color, color, shape, self.codes.allowed),
            (keep_shape, shape, color, self.codes.allowed.T),
        ):
            rows = table[codes[keep][:, kept]]
            picks = np.argmax(rows * rng.random(rows.shape), axis=1) if len(rows) else np.empty(0, np.int64)
            codes[keep, changed] = picks
        pairs = np.argwhere(self.codes.allowed)
        left = ~self.codes.allowed[codes[..., color], codes[..., shape]]
        codes[left, color], codes[left, shape] = pairs[rng.integers(len(pairs), size=int(left.sum()))].T


def _side_by_side(front: NDArray[np.bool_], panels: int, order: Integers) -> NDArray[np.bool_]:
    """Return pairs of panels drawn one after another [panel object other] as pairs of images [scene object other]."""
    scenes, width = len(front) // panels, front.shape[1]
    pairs = np.zeros((scenes, panels, width, panels, width), bool)
    for place in range(panels):
        pairs[:, place, :, place] = front[place::panels]
    whole = pairs.reshape(scenes, panels * width, panels * width)
    return np.take_along_axis(np.take_along_axis(whole, order[..., None], 1), order[:, None], 2)


def _by_scene(rows: Integers, scenes: int) -> Integers:
    """Return rows (scene, ...) as links [scenes links ...], zeros where a scene has fewer."""
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    places = np.arange(len(rows)) - np.searchsorted(rows[:, 0], rows[:, 0])
    links = np.zeros((scenes, int(places.max(initial=-1)) + 1, rows.shape[1] - 1), np.int64)
    links[rows[:, 0], places] = rows[:, 1:]
    return links
