"""Captions: statements about what a scene shows, true of it for sure and false of another scene of the same block."""

import random
from collections.abc import Sequence

import numpy as np

from nmn.layout import Layout
from nmn.modules.exact import encode, exact_library
from nmn.scene import SceneGraph, SceneObject
from synth_data.config import SynthConfig
from synth_data.label import judge
from synth_data.phrases import Noun, Wish, Words, both, call, numeral

GRAMMAR = "world"  # that captions are read with, whatever the language of the texts
CANDIDATES = 6  # drawn for each caption that is wanted


def captions(scenes: Sequence[SceneGraph], config: SynthConfig, rng: random.Random) -> list[tuple[str, ...]]:
    """Return ``config.captions`` captions for each scene, fewer where no more true and telling ones were found."""
    if not config.captions:
        return [()] * len(scenes)
    words, lexicon = Words(config, rng), config.words
    drawn = [[_draw(scene, words) for _ in range(CANDIDATES * config.captions)] for scene in scenes]
    each = CANDIDATES * config.captions
    layouts = [layout for row in drawn for _, layout in row]
    regions, library = encode(scenes, lexicon, config.unsure_px), exact_library(lexicon)
    images = np.repeat(np.arange(len(scenes)), each)
    true, sure = (array.reshape(-1, each) for array in judge(layouts, images, regions, library))
    elsewhere, known = (
        array.reshape(-1, each) for array in judge(layouts, (images + 1) % len(scenes), regions, library)
    )
    admitted = np.array([words.admits(layout) for layout in layouts]).reshape(-1, each)
    telling = admitted & (true == 1) & sure & ((known & (elsewhere == 0)) | (len(scenes) == 1))
    return [_first([text for text, _ in row], telling[place], config.captions) for place, row in enumerate(drawn)]


def _first(texts: list[str], fits: Sequence[bool], count: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text, fit in zip(texts, fits, strict=True) if fit))[:count]


def _draw(scene: SceneGraph, words: Words) -> tuple[str, Layout]:
    """Draw a statement that speaks of objects of the scene, and so is often true of it."""
    rng, seen = words.rng, scene.filled
    chosen = rng.sample(seen, min(2, len(seen)))
    noun = describe(chosen[0], words)
    kind = rng.random()
    if len(chosen) == 2 and kind < 0.6 and words.config.relations:
        other, relation, surface = describe(chosen[1], words), words.relation(), words.surface()
        spoken = words.relation_words(relation, surface)
        return (
            f"{noun.a} is {spoken} {other.a}.",
            call("exists", both(noun.layout, call("relate", other.layout, of=relation))),
        )
    if kind < 0.8:
        held = sum(noun.wish.items() <= thing.attributes.items() for thing in scene.objects)
        text = f"there {'is' if held == 1 else 'are'} exactly {noun.count(held)}."
        return text, call("compare", call("count", noun.layout), numeral(held), of="equal")
    return f"there is {noun.a}.", call("exists", noun.layout)


def describe(thing: SceneObject, words: Words) -> Noun:
    """Return a noun that names an object by its shape or colour, and by more now and then."""
    known = {name: value for name, value in thing.attributes.items() if name in words.values}
    names = [name for name in known if words.rng.random() < {"shape": 0.95, "color": 0.85}.get(name, 0.3)]
    if not {"shape", "color"} & set(names):
        names.append("shape")
    return words.named({name: known[name] for name in known if name in names})


def minimal(wish: Wish, scene: SceneGraph) -> bool:
    """Whether no word of a referring expression could be left out: without any one of its values it names several."""
    for left_out in wish:
        rest = {name: value for name, value in wish.items() if name != left_out}.items()
        if sum(rest <= thing.attributes.items() for thing in scene.objects) < 2:
            return False
    return True
