"""The search for scenes: some are drawn for each text and its twin, and both are judged on all of them.

Few scenes are drawn at first, since most texts need no more, then as many again for the texts that are left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from nmn.modules.exact import SceneRegions, encode_arrays, exact_library
from synth_data.captions import minimal
from synth_data.claims import Text
from synth_data.codes import Integers
from synth_data.config import SynthConfig
from synth_data.drawn import Drawn, arrays_of, scene_graph
from synth_data.label import judge
from synth_data.sample import Sampler
from synth_data.sizes import AREA
from synth_data.wishes import Link

FEW = 2  # scenes drawn for a text at first: one that follows its wishes, one that follows its twin's
AT_ONCE = 400  # scenes drawn together at least
MOST_PAIRS = 2_000_000  # pairs of objects judged at once, which bounds the memory
SIDES = {"left_of": (0, -1), "right_of": (0, 1), "above": (1, -1), "below": (1, 1)}  # axis and sign
LINKED = {**SIDES, "larger": (AREA, 1), "smaller": (AREA, -1)}


@dataclass(slots=True)
class Sought:
    """A text, with its twin if it has one, and the scenes found so far.

    ``found``: a row of drawn scenes in which the text alone is true (or has its answer), and one for its twin alone.
    """

    texts: tuple[Text, ...]
    found: list[tuple[Drawn, int] | None] = field(default_factory=lambda: [None, None])

    @property
    def settled(self) -> bool:
        """Whether every text has its scene."""
        return None not in self.found[: len(self.texts)]


class Search:
    """Finds scenes of a configuration."""

    def __init__(self, config: SynthConfig, words_used: frozenset[str]) -> None:
        self.config, self.words_used = config, words_used
        self.sampler = Sampler(config)
        self.codes = self.sampler.codes
        owners = self.codes.lexicon.attribute_of
        self._places = {value: (self.codes.place(owners[value]), code) for value, code in self.codes.of.items()}
        self.library = exact_library(self.codes.lexicon)

    def find(self, sought: Sequence[Sought], rng: np.random.Generator) -> None:
        """Draw up to ``draws`` scenes for each text, and note those that are found."""
        most = max(1, MOST_PAIRS // (self.config.draws * (self.config.panels * self.config.max_objects) ** 2))
        for start in range(0, len(sought), most):
            left, drawn = sought[start : start + most], 0
            while left and drawn < self.config.draws:
                draws = min(max(FEW, drawn, AT_ONCE // len(left)), self.config.draws - drawn)
                self._try(left, draws, rng)
                left, drawn = [item for item in left if not item.settled], drawn + draws

    def _try(self, sought: Sequence[Sought], draws: int, rng: np.random.Generator) -> None:
        """Draw some scenes for each text, which follow its own wishes and its twin's in turn."""
        texts = [text for item in sought for text in item.texts]
        sizes = np.array([len(item.texts) for item in sought])
        firsts = np.cumsum(sizes) - sizes
        followed = firsts[:, None] + np.arange(draws) % sizes[:, None]
        drawn = self._draw(texts, followed, firsts, rng)
        rows = np.arange(len(sought) * draws).reshape(-1, draws)
        answers, sure = self._judge(texts, np.repeat(rows, sizes, 0), self.regions(drawn, self.config.unsure_px))
        first, last, paired = answers[firsts], answers[firsts + sizes - 1], (sizes == 2)[:, None]
        sure = sure[firsts] & sure[firsts + sizes - 1]
        targets = np.array([item.texts[0].target for item in sought])[:, None]
        fits = sure & np.where(paired, (first == 1) & (last == 0), (first == targets) | (targets < 0))
        fits_twin = sure & paired & (first == 0) & (last == 1)
        for place, has in enumerate((fits, fits_twin)):
            for index in np.flatnonzero(has.any(1)).tolist():
                row = int(rows[index, has[index].argmax()])
                if sought[index].found[place] is None and self._minimal(sought[index], drawn, row):
                    sought[index].found[place] = drawn, row

    def regions(self, drawn: Drawn, unsure_px: float) -> SceneRegions:
        """Encode scenes, with as much as texts may speak of."""
        return encode_arrays(arrays_of(drawn, self.config), self.codes.lexicon, unsure_px, self.words_used)

    def _judge(self, texts: list[Text], rows: Integers, regions: SceneRegions) -> tuple[Integers, NDArray[np.bool_]]:
        """Return the answers of each text on its rows [texts draws] and which of them are sure."""
        layouts = [text.layout for text in texts for _ in range(rows.shape[1])]
        answers, sure = judge(layouts, rows.ravel(), regions, self.library)
        return answers.reshape(rows.shape), sure.reshape(rows.shape)

    def _minimal(self, item: Sought, drawn: Drawn, row: int) -> bool:
        """Whether the text of a referring expression has no word too many."""
        text = item.texts[0]
        return text.family != "refer" or minimal(text.wishes[0], scene_graph(drawn, row, self.codes))

    # ---- what scenes should be like ----------------------------------------------------------------------------------

    def _draw(self, texts: list[Text], followed: Integers, firsts: Integers, rng: np.random.Generator) -> Drawn:
        """Draw scenes for the wishes of the texts ``followed`` [sought draws]; ``firsts`` are those that have twins."""
        config = self.config
        needed = np.array([min(len(text.wishes), config.max_objects) for text in texts])[firsts]
        low = np.repeat(np.maximum(needed, config.min_objects), followed.shape[1])
        followed = followed.ravel()
        objects = self.sampler.draw_counts(rng, low, len(low))
        miss = np.array([text.miss for text in texts])[followed]
        stack = np.array([text.stack for text in texts])[followed]
        wishes = self._coded([[tuple(wish.values()) for wish in text.wishes] for text in texts])
        links = _links([text.links for text in texts])
        return self.sampler.draw(
            rng, wishes[followed], objects, miss, stack, links[followed], self._single(texts)[followed]
        )

    def _single(self, texts: list[Text]) -> Integers:
        """Return of what there must be one [texts nouns attributes + 3]: values, and other thing, axis, sign."""
        kept = [[one for one in text.single if not one.relation or one.relation in SIDES] for text in texts]
        values = self._coded([[one.values for one in single] for single in kept])
        links = [[(place, one.relation, one.other) for place, one in enumerate(single)] for single in kept]
        return np.concatenate([values, _links(links, values.shape[1])[..., 1:]], -1)

    def _coded(self, values: list[list[tuple[str, ...]]]) -> Integers:
        """Return values [rows things] as codes [rows things attributes], -1 where anything goes."""
        places, known = self._places, self.codes
        coded = np.full((len(values), max(1, *map(len, values)), len(known.attributes)), -1)
        named = [
            (row, thing, *places[value])
            for row, things in enumerate(values)
            for thing, names in enumerate(things)
            for value in names
        ]
        row, thing, attribute, code = np.fromiter(chain.from_iterable(named), np.int64, 4 * len(named)).reshape(-1, 4).T
        coded[row, thing, attribute] = code
        return coded


def _links(links: Sequence[Sequence[Link]], most: int = 0) -> Integers:
    """Return links of texts [texts links 4]: one thing, the other, axis, sign; sign 0 for none."""
    coded = np.zeros((len(links), max(most, *map(len, links)), 4), np.int64)
    named = [
        (text, place, one, other, *LINKED[name])
        for text, own in enumerate(links)
        for place, (one, name, other) in enumerate(own)
        if name in LINKED
    ]
    table = np.fromiter(chain.from_iterable(named), np.int64, 6 * len(named)).reshape(-1, 6)
    coded[table[:, 0], table[:, 1]] = table[:, 2:]
    return coded
