"""Texts with scenes for them: drawn together until every text has a scene in which it is surely so.

For every text that is true or false there must be, among the scenes drawn for it and for its twin, one in which only
the text is true and one in which only the twin is; of these four cells one is taken by chance. So every text is
contingent, every false one is false for a named reason, and no text tells its answer.
"""

import random
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nmn.errors import ConfigError, QuestionError, did_you_mean
from nmn.language.grammar import load_grammar
from nmn.language.parse import read_fresh
from nmn.layout import SIDES
from nmn.lexicon import Gap
from nmn.modules.exact import SceneRegions
from nmn.vision.nlvr_format import NLVR_PX
from synth_data.claims import Text, draw_pair, superlatives
from synth_data.config import SynthConfig, load_config, preset_names
from synth_data.contrast import edits
from synth_data.drawn import Drawn, image_size, joined
from synth_data.house_styles import SHAPES_PX
from synth_data.label import judge
from synth_data.panel_statements import PANEL_CLAIMS
from synth_data.phrases import Words
from synth_data.questions import POINTING, QUESTIONS, question
from synth_data.search import Search, Sought
from synth_data.statements import CLAIMS

Integers = NDArray[np.int64]
TRIES = 300  # times that texts are drawn for an example before its family is given up
AT_ONCE = 64  # texts drawn together at least, so that the last few texts of a block do not take many rounds
MOST_TEXTS = 8  # drawn at once for an example
# relations of things that are put against or over each other, and the chances of which one at least puts some so
NEEDED = {"touching": ("touching", "overlap"), "in_front_of": ("overlap",), "behind": ("overlap",)}
ALL_CLAIMS = {**CLAIMS, **PANEL_CLAIMS}
ALL_FAMILIES = (*ALL_CLAIMS, *QUESTIONS)
ORDERED = ("query_ordinal", "tower_end")  # families that speak of the sides of a scene
# made only where they are asked for by name: seldom true of a scene, or in a language of their own
BY_NAME = ("between", "cells", *PANEL_CLAIMS)
OWN = "world"  # the grammar that all other families were written for
HOUSE_PIXELS = {"shapes": SHAPES_PX, "nlvr": NLVR_PX[0]}  # of pictures drawn as another dataset's
# settings that such pictures do not follow
UNSHOWN = ("pixels", "rotate", "background", "backgrounds", "noise_sigma", "blur_px", "hue_shift_degrees", "texture",
           "scale", "jpeg")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chosen:
    """A text with the scene that was chosen for it, a row of a batch, before labelling."""

    text: Text
    found: tuple[Drawn, int]
    way: str
    group: int = -1


class Maker:
    """What a configuration says of texts and scenes, worked out once."""

    def __init__(self, config: SynthConfig) -> None:
        self.config, self.families = config, families(config)
        self._check_pictures()
        self._check_relations()
        self._check_language()
        self.search = Search(config, frozenset(self._words_used()))
        self.codes = self.search.codes

    def _words_used(self) -> set[str]:
        """Return the relations, superlatives and sides that the families may speak of."""
        extremes = (
            superlatives(Words(self.config, random.Random())) if any("superl" in name for name in self.families) else []
        )
        ends = ["leftmost", "rightmost", "topmost", "bottommost"] if set(ORDERED) & set(self.families) else []
        of_panels = ["on", "under", *SIDES] if set(PANEL_CLAIMS) & set(self.families) else []
        return {*self.config.relations, *extremes, *ends, *of_panels}

    def _check_pictures(self) -> None:
        """Raise ConfigError for settings that pictures do not follow, or with which they do not show what is asked."""
        config, style = self.config, self.config.style
        drawn = replace(SynthConfig(), pixels=HOUSE_PIXELS.get(style, config.pixels))
        for name in UNSHOWN if style in HOUSE_PIXELS else ():
            given, only = getattr(config, name), getattr(drawn, name)
            if given != only:
                raise ConfigError(
                    f'{name}: pictures in the style "{style}" are drawn as those of its dataset are, with {name}='
                    f"{only!r}; got {given!r}, which takes style=world"
                )
        if config.texture and "texture" in config.words.attributes and len(config.values("texture")) > 1:
            raise ConfigError(
                f'texture: with "{config.texture}" no picture shows the textures that objects have, of which texts'
                " speak; let them have one, such as textures=solid"
            )
        for one in config.backgrounds or (config.background,):
            if one in config.values("color"):
                raise ConfigError(f'background: what is {one} is not seen on "{one}"; leave it out by colors=')

    def _check_relations(self) -> None:
        """Raise ConfigError for a relation that objects never have, as they are put."""
        config, lexicon = self.config, self.config.words
        unit = lexicon.unit_px or max(image_size(config))
        for relation, causes in NEEDED.items() if config.placement == "free" else ():
            if relation in config.relations and not any(getattr(config, cause) for cause in causes):
                meaning = lexicon.relations[relation].meaning
                if isinstance(meaning, Gap) and config.gap_px <= meaning.at_most * unit:
                    continue  # things may come as near by chance
                none = " and ".join(f"{cause}=0" for cause in causes)
                raise ConfigError(
                    f'relations: nothing is ever "{relation}" with {none}; raise {" or ".join(causes)}, or leave'
                    f" {relation} out of relations"
                )

    def _check_language(self) -> None:
        """Raise ConfigError for a family whose texts the grammar does not read as they are meant."""
        words = Words(self.config, random.Random(0))
        for family in self.families:
            if family not in BY_NAME and self.config.grammar == OWN:
                continue
            why = "its lexicon has no word for a panel"
            if family not in PANEL_CLAIMS or self.config.words.panels:
                texts = self._texts(family, 0.5, words).texts
                why = next((why for text in texts if (why := misread(text, self.config))), "")
            if why:
                raise ConfigError(
                    f'families: "{family}" is not in the language of grammar "{self.config.grammar}": {why}; leave it'
                    f" out{_presets_with(family)}"
                )

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
        # which of its family's numbers each text aims at: drawn once, so that no text is dropped for its answer
        wanted = {place: (name, texts.random()) for place, name in enumerate(names)}
        settled: dict[int, Sought] = {}
        for _ in range(TRIES):
            pending = [place for place in wanted if place not in settled]
            if not pending:
                return [self._chosen(settled[place], texts) for place in range(size)]
            settled |= self._settle({place: wanted[place] for place in pending}, words, rng)
        raise ConfigError(
            f'family "{names[pending[0]]}": in {TRIES} tries no scene of {self.config.min_objects} to '
            f"{self.config.max_objects} objects was found in which its texts are sure, both true and false; raise "
            "max_objects or draws, or leave it out of families"
        )

    def _settle(
        self, wanted: dict[int, tuple[str, float]], words: Words, rng: np.random.Generator
    ) -> dict[int, Sought]:
        """Draw a text for each that is wanted, of few some at once; return the first of each that has its scenes."""
        each = max(1, min(MOST_TEXTS, AT_ONCE // len(wanted)))
        sought = {place: [self._texts(*item, words) for _ in range(each)] for place, item in wanted.items()}
        self.search.find([item for items in sought.values() for item in items], rng)
        return {
            place: next(item for item in items if item.settled)
            for place, items in sought.items()
            if any(item.settled for item in items)
        }

    def _texts(self, family: str, aim: float, words: Words) -> Sought:
        """Draw a text of a family, and its twin if it is true or false."""
        if family in ALL_CLAIMS:
            return Sought(draw_pair(family, ALL_CLAIMS[family], words))
        return Sought((question(family, words, aim),))

    def _chosen(self, item: Sought, texts: random.Random) -> Chosen:
        """Take, by chance, one of the four: the text or its twin, where it is true or where the other is."""
        cell = texts.randrange(4) if len(item.texts) == 2 else 0
        text, found = item.texts[cell % 2], item.found[cell // 2]
        assert found is not None
        true = cell % 2 == cell // 2
        return Chosen(text, found, "" if true else text.way)

    def _contrasts(self, names: list[str], words: Words, rng: np.random.Generator) -> list[Chosen]:
        """Return four examples for each name of a family: two texts, and two scenes that differ in one object."""
        groups: dict[int, list[Chosen]] = {}
        for _ in range(TRIES):
            pending = [place for place in range(len(names)) if place not in groups]
            if not pending:
                return [example for place in range(len(names)) for example in groups[place]]
            sought = {place: self._texts(names[place], 0.0, words) for place in pending}
            self.search.find(list(sought.values()), rng)
            groups |= self._edit({place: item for place, item in sought.items() if item.found[0]}, rng)
        raise ConfigError(f'family "{names[pending[0]]}": no contrast pair was found in {TRIES} tries')

    def _edit(self, items: dict[int, Sought], rng: np.random.Generator) -> dict[int, list[Chosen]]:
        """Return four examples, a text, its twin, a scene and an edit of it, wherever an edit turns both texts."""
        edited = {}
        for place, item in items.items():
            assert item.found[0] is not None
            wishes = [wish for text in item.texts for wish in text.wishes]
            edited[place] = edits(*item.found[0], wishes, self.codes, rng)
        if not edited:
            return {}
        regions = self.search.regions(joined(list(edited.values())), self.config.unsure_px)
        turned = self._turned([(item, len(edited[place].mask)) for place, item in items.items()], regions)
        groups = {}
        for (place, item), fits in zip(items.items(), turned, strict=True):
            if len(fits):
                groups[place] = self._group(item, edited[place], int(fits[0]), place)
        return groups

    def _turned(self, items: list[tuple[Sought, int]], regions: SceneRegions) -> list[Integers]:
        """Return, for each text and its number of edits, those in which it is false and its twin true."""
        sizes = [copies for _, copies in items]
        images = np.arange(sum(sizes))
        (first, sure), (second, twin_sure) = (
            judge(
                [item.texts[place].layout for item, copies in items for _ in range(copies)],
                images,
                regions,
                self.search.library,
            )
            for place in (0, 1)
        )
        fits = sure & twin_sure & (first == 0) & (second == 1)
        return [np.flatnonzero(part) for part in np.split(fits, np.cumsum(sizes)[:-1])]

    def _group(self, item: Sought, edited: Drawn, row: int, group: int) -> list[Chosen]:
        assert item.found[0] is not None
        return [
            Chosen(one, found, "" if place == other else one.way, group)
            for other, found in enumerate((item.found[0], (edited, row)))
            for place, one in enumerate(item.texts)
        ]


def misread(text: Text, config: SynthConfig) -> str:
    """Return why the configuration's grammar does not read a text as it is meant; nothing where it does."""
    try:
        read = read_fresh(text.text, load_grammar(config.grammar, config.words)).layout
    except QuestionError as error:
        return error.expecting(()).reason
    return "" if read == text.layout else f'it reads "{text.text}" otherwise'


def _presets_with(family: str) -> str:
    named = [name for name in preset_names() if family in load_config(name).families]
    return f", or take the preset {' or '.join(named)}" if named else ""


def answered_families(config: SynthConfig) -> tuple[str, ...]:
    """Return the families that a configuration asks for, without those whose answer is no word; may be empty."""
    return tuple(name for name in families(config) if name not in POINTING)


def families(config: SynthConfig) -> tuple[str, ...]:
    """Return the families of texts that a configuration asks for; raise ConfigError for an unknown one."""
    for name in config.families:
        if name not in ALL_FAMILIES:
            raise ConfigError(f'families: unknown family "{name}"{did_you_mean(name, ALL_FAMILIES)}')
    return config.families or tuple(name for name in ALL_FAMILIES if name not in BY_NAME)
