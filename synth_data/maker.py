"""Texts with scenes for them: drawn together until every text has a scene in which it is surely so.

For every text that is true or false there must be, among the scenes drawn for it and for its twin, one in which only
the text is true and one in which only the twin is; of these four cells one is taken by chance. So every text is
contingent, every false one is false for a named reason, and no text tells its answer.
"""

import random
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nmn.errors import ConfigError, did_you_mean
from nmn.modules.exact import SceneRegions, encode_arrays, exact_library
from nmn.scene import SceneGraph
from synth_data.captions import minimal
from synth_data.claims import Text, draw_pair, superlatives
from synth_data.config import SynthConfig
from synth_data.contrast import edits, joined
from synth_data.drawn import Drawn, arrays_of, scene_graph
from synth_data.label import judge
from synth_data.panel_statements import PANEL_CLAIMS
from synth_data.phrases import Words
from synth_data.questions import QUESTIONS, question
from synth_data.sample import Sampler
from synth_data.statements import CLAIMS

Integers = NDArray[np.int64]
TRIES = 300  # times that scenes are drawn for an example before its family is given up
PATIENCE = 2  # times that scenes are drawn for a text before another one is drawn
AT_ONCE = 1500  # scenes drawn together at least, so that the last few texts of a block do not take many rounds
MOST_DRAWS = 60
MOST_PAIRS = 2_000_000  # pairs of objects judged at once, which bounds the memory
ALL_CLAIMS = {**CLAIMS, **PANEL_CLAIMS}
ALL_FAMILIES = (*ALL_CLAIMS, *QUESTIONS)
DIRECTIONS = {"left_of": (0, -1), "right_of": (0, 1), "above": (1, -1), "below": (1, 1)}  # axis and sign
ORDERED = ("query_ordinal", "tower_end")  # families that speak of the sides of a scene
# made only where they are asked for by name: seldom true of a scene, or in a language of their own
BY_NAME = ("between", "cells", *PANEL_CLAIMS)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A text with the scene that was chosen for it, before labelling."""

    text: Text
    scene: SceneGraph
    way: str
    group: int = -1


@dataclass(slots=True)
class Wanted:
    """An example in the making: its family, the number to aim at, and what was found for its text so far.

    ``found``: a row of drawn scenes in which the text alone is true (or has its answer), and one for its twin alone.
    """

    family: str
    target: float  # in [0, 1): which of the family's numbers; drawn once, so that no text is dropped for its answer
    text: Text | None = None
    twin: Text | None = None
    found: list[tuple[Drawn, int] | None] = field(default_factory=lambda: [None, None])
    age: int = 0

    @property
    def texts(self) -> tuple[Text, ...]:
        """The text and its twin, if it has one."""
        assert self.text is not None
        return (self.text,) if self.twin is None else (self.text, self.twin)

    @property
    def settled(self) -> bool:
        """Whether every text has its scene."""
        return self.text is not None and None not in self.found[: len(self.texts)]


class Maker:
    """What a configuration says of texts and scenes, worked out once."""

    def __init__(self, config: SynthConfig) -> None:
        self.config, self.sampler = config, Sampler(config)
        self.codes = self.sampler.codes
        self.library = exact_library(self.codes.lexicon)
        self.families = families(config)
        extremes = (
            superlatives(Words(config, random.Random())) if any("superl" in name for name in self.families) else []
        )
        sides = ["leftmost", "rightmost", "topmost", "bottommost"] if set(ORDERED) & set(self.families) else []
        stacks = ["on", "under"] if any(name.startswith("tower") for name in self.families) else []
        self.words_used = {*config.relations, *extremes, *sides, *stacks}

    def choose(self, size: int, rng: np.random.Generator, texts: random.Random) -> list[Chosen]:
        """Return that many texts with scenes; raise ConfigError naming a family for which none are found."""
        words = Words(self.config, texts)
        first = texts.randrange(len(self.families))  # so that small blocks have every family too
        if self.config.contrast:
            claims = [name for name in self.families if name in ALL_CLAIMS]
            if not claims:
                raise ConfigError("families: contrast takes texts that are true or false, of which there is none")
            names = [claims[(first + place) % len(claims)] for place in range(-(-size // 4))]
            return self._contrasts(names, words, rng)[:size]
        names = [self.families[(first + place) % len(self.families)] for place in range(size)]
        texts.shuffle(names)
        wanted = [Wanted(name, texts.random()) for name in names]
        pending = wanted
        for _ in range(TRIES):
            for item in pending:
                self._ensure_text(item, words)
            self._search(pending, rng)
            pending = [item for item in pending if not item.settled]
            if not pending:
                return [self._chosen(item, texts) for item in wanted]
        raise ConfigError(
            f'family "{pending[0].family}": in {TRIES} tries no scene of {self.config.min_objects} to '
            f"{self.config.max_objects} objects was found in which its texts are sure, both true and false; raise "
            "max_objects or draws, or leave it out of families"
        )

    def _ensure_text(self, item: Wanted, words: Words) -> None:
        """Give an example its text, or another one where no scenes were found for long."""
        item.age += 1
        if item.text is not None and item.age < PATIENCE:
            return
        item.age, item.found = 1, [None, None]
        if item.family in ALL_CLAIMS:
            item.text, item.twin = draw_pair(item.family, ALL_CLAIMS[item.family], words)
        else:
            item.text = question(item.family, words, item.target)

    def _chosen(self, item: Wanted, texts: random.Random) -> Chosen:
        """Take, by chance, one of the four: the text or its twin, where it is true or where the other is."""
        assert item.text is not None
        cell = texts.randrange(4) if item.twin else 0
        text, found = item.texts[cell % 2], item.found[cell // 2]
        assert found is not None
        true = cell % 2 == cell // 2
        return Chosen(text, scene_graph(*found, self.codes), "" if true else text.way)

    def _contrasts(self, names: list[str], words: Words, rng: np.random.Generator) -> list[Chosen]:
        """Return four examples for each name of a family: two texts, and two scenes that differ in one object."""
        wanted = [Wanted(name, 0.0) for name in names]
        groups: dict[int, list[Chosen]] = {}
        for _ in range(TRIES):
            pending = [place for place in range(len(wanted)) if place not in groups]
            if not pending:
                return [example for place in range(len(wanted)) for example in groups[place]]
            for place in pending:
                wanted[place].age = PATIENCE  # another text after each failure
                self._ensure_text(wanted[place], words)
            self._search([wanted[place] for place in pending], rng)
            groups |= self._edit({place: wanted[place] for place in pending if wanted[place].found[0]}, rng)
        raise ConfigError(f'family "{wanted[pending[0]].family}": no contrast pair was found in {TRIES} tries')

    def _edit(self, items: dict[int, Wanted], rng: np.random.Generator) -> dict[int, list[Chosen]]:
        """Return four examples, a text, its twin, a scene and an edit of it, wherever an edit turns both texts."""
        edited = {}
        for place, item in items.items():
            assert item.found[0] is not None
            wishes = [wish for text in item.texts for wish in text.wishes]
            edited[place] = edits(*item.found[0], wishes, self.codes, rng)
        if not edited:
            return {}
        regions = self._regions(joined(list(edited.values())))
        turned = self._turned([(item, len(edited[place].mask)) for place, item in items.items()], regions)
        groups = {}
        for (place, item), fits in zip(items.items(), turned, strict=True):
            if len(fits):
                groups[place] = self._group(item, edited[place], int(fits[0]), place)
        return groups

    def _turned(self, items: list[tuple[Wanted, int]], regions: SceneRegions) -> list[Integers]:
        """Return, for each text and its number of edits, those in which it is false and its twin true."""
        sizes = [copies for _, copies in items]
        images = np.arange(sum(sizes))
        (first, sure), (second, twin_sure) = (
            judge(
                [item.texts[place].layout for item, copies in items for _ in range(copies)],
                images,
                regions,
                self.library,
            )
            for place in (0, 1)
        )
        fits = sure & twin_sure & (first == 0) & (second == 1)
        return [np.flatnonzero(part) for part in np.split(fits, np.cumsum(sizes)[:-1])]

    def _group(self, item: Wanted, edited: Drawn, row: int, group: int) -> list[Chosen]:
        assert item.found[0] is not None
        scenes = scene_graph(*item.found[0], self.codes), scene_graph(edited, row, self.codes)
        return [
            Chosen(one, scene, "" if place == other else one.way, group)
            for other, scene in enumerate(scenes)
            for place, one in enumerate(item.texts)
        ]

    # ---- scenes for texts ------------------------------------------------------------------------------------------

    def _search(self, pending: list[Wanted], rng: np.random.Generator) -> None:
        """Draw scenes for every text and its twin, judge both on all of them, and note what is found."""
        draws = max(self.config.draws, min(MOST_DRAWS, AT_ONCE // len(pending)))
        most = max(1, MOST_PAIRS // (draws * (self.config.panels * self.config.max_objects) ** 2))
        for start in range(0, len(pending), most):
            self._search_some(pending[start : start + most], draws, rng)

    def _search_some(self, pending: list[Wanted], draws: int, rng: np.random.Generator) -> None:
        drawn = self.draw(pending, draws, rng)
        regions = self._regions(drawn)
        rows = np.arange(len(pending) * draws).reshape(len(pending), draws)
        paired = np.array([item.twin is not None for item in pending])
        first, sure = self._judge([item.texts[0] for item in pending], rows, regions)
        second, second_sure = self._judge([item.texts[1] for item in pending if item.twin], rows[paired], regions)
        sure[paired] &= second_sure
        targets = np.array([item.texts[0].target for item in pending])[:, None]
        fits = sure & ((first == targets) | (targets < 0))
        fits[paired] = sure[paired] & (first[paired] == 1) & (second == 0)
        fits_twin = np.zeros_like(fits)
        fits_twin[paired] = sure[paired] & (first[paired] == 0) & (second == 1)
        for place, has in enumerate((fits, fits_twin)):
            for index in np.flatnonzero(has.any(1)).tolist():
                row = int(rows[index, has[index].argmax()])
                if pending[index].found[place] is None and self._minimal(pending[index], drawn, row):
                    pending[index].found[place] = drawn, row

    def _regions(self, drawn: Drawn) -> SceneRegions:
        arrays = arrays_of(drawn, self.config)
        return encode_arrays(arrays, self.codes.lexicon, self.config.unsure_px, self.words_used)

    def _minimal(self, item: Wanted, drawn: Drawn, row: int) -> bool:
        """Whether the text of a referring expression has no word too many."""
        return item.family != "refer" or minimal(item.texts[0].wishes[0], scene_graph(drawn, row, self.codes))

    def _judge(self, texts: list[Text], rows: Integers, regions: SceneRegions) -> tuple[Integers, NDArray[np.bool_]]:
        """Return the answers of each text on its rows [texts draws] and which of them are sure."""
        if not texts:
            return np.zeros(rows.shape, np.int64), np.zeros(rows.shape, bool)
        layouts = [text.layout for text in texts for _ in range(rows.shape[1])]
        answers, sure = judge(layouts, rows.ravel(), regions, self.library)
        return answers.reshape(rows.shape), sure.reshape(rows.shape)

    def draw(self, pending: list[Wanted], draws: int, rng: np.random.Generator) -> Drawn:
        """Draw scenes for each text: for its own wishes and, in turn, for its twin's."""
        config = self.config
        most = max(1, *(len(text.wishes) for item in pending for text in item.texts))
        wishes = np.full((len(pending), draws, most, len(self.codes.attributes)), -1)
        for place, item in enumerate(pending):
            wishes[place] = self._wish_codes(item.texts[0], most)
            if item.twin is not None:
                wishes[place, 1::2] = self._wish_codes(item.twin, most)
        needed = np.array([min(len(item.texts[0].wishes), config.max_objects) for item in pending])
        low = np.repeat(np.maximum(needed, config.min_objects), draws)
        if config.placement == "grid":
            objects = np.clip(rng.binomial(config.grid**2, config.fill, len(low)), low, config.max_objects)
        else:
            objects = rng.integers(low, config.max_objects + 1)
        miss = np.repeat([item.texts[0].miss for item in pending], draws)
        links = self._links(pending, draws)
        stack = np.repeat([item.texts[0].stack for item in pending], draws)
        return self.sampler.draw(rng, wishes.reshape(-1, most, wishes.shape[-1]), objects, miss, stack, links)

    def _links(self, pending: list[Wanted], draws: int) -> Integers:
        """Return the links that each scene should meet: those of the text and of its twin in turn."""
        most = max(len(text.links) for item in pending for text in item.texts)
        links = np.zeros((len(pending), draws, most, 4), np.int64)
        for place, item in enumerate(pending):
            for turn, text in enumerate(item.texts):
                for row, (one, name, other) in enumerate(text.links):
                    if name in DIRECTIONS:
                        links[place, turn :: len(item.texts), row] = (one, other, *DIRECTIONS[name])
        return links.reshape(len(pending) * draws, most, 4)

    def _wish_codes(self, text: Text, most: int) -> Integers:
        codes = np.full((most, len(self.codes.attributes)), -1)
        for row, wish in enumerate(text.wishes):
            for attribute, value in wish.items():
                codes[row, self.codes.place(attribute)] = self.codes.of[value]
        return codes


def families(config: SynthConfig) -> tuple[str, ...]:
    """Return the families of texts that a configuration asks for; raise ConfigError for an unknown one."""
    for name in config.families:
        if name not in ALL_FAMILIES:
            raise ConfigError(f'families: unknown family "{name}"{did_you_mean(name, ALL_FAMILIES)}')
    return config.families or tuple(name for name in ALL_FAMILIES if name not in BY_NAME)
