"""Scenes alone, without texts: what perception trains on, and images for questions that come from elsewhere."""

from collections.abc import Sequence

import numpy as np

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.errors import DataError
from nmn.layout import Kind, Layout
from nmn.modules.exact import encode, exact_library
from nmn.scene import SceneGraph
from synth_data.config import SynthConfig, load_config
from synth_data.drawn import scene_graph
from synth_data.sample import Sampler

AT_ONCE = 500  # scenes drawn in one go where many are wanted
ROUND, ROUNDS = 2048, 60  # scenes drawn at once for recorded answers, and how often


def many_scenes(config: SynthConfig, count: int, rng: np.random.Generator) -> list[SceneGraph]:
    """Return random scenes as ``draw_scenes`` does, some at a time."""
    scenes: list[SceneGraph] = []
    while len(scenes) < count:
        scenes += draw_scenes(config, min(AT_ONCE, count - len(scenes)), rng)
    return scenes


def draw_scenes(config: SynthConfig, count: int, rng: np.random.Generator) -> list[SceneGraph]:
    """Return random scenes of a configuration; raise ConfigError where there is no room for the objects."""
    sampler = Sampler(config)
    wishes = np.full((count, 1, len(sampler.codes.attributes)), -1)
    objects = sampler.draw_counts(rng, config.min_objects, count)
    towers = np.zeros(count, bool)
    if any(name.startswith("tower") for name in config.families):
        towers = rng.random(count) < 0.5
    drawn = sampler.draw(rng, wishes, objects, np.zeros(count), towers)
    return [scene_graph(drawn, row, sampler.codes) for row in range(count)]


def scenes_for_answers(layouts: Sequence[Layout], answers: Sequence[bool], seed: int) -> list[SceneGraph]:
    """Return, for each layout, a scene in SHAPES' style in which it has its recorded answer.

    SHAPES' train.large and train.med are published as questions and answers without images. Scenes are drawn as theirs
    were, each question is asked of all scenes of a round, exactly, and its examples take the next scenes that fit, none
    of them twice. Raises DataError naming a layout for which too few scenes were found.
    """
    config, rng = load_config("shapes"), np.random.default_rng([seed, 2])
    library, lexicon = exact_library(config.words), config.words
    waiting: dict[tuple[Layout, bool], list[int]] = {}
    for place, key in enumerate(zip(layouts, answers, strict=True)):
        waiting.setdefault(key, []).append(place)
    found: dict[int, SceneGraph] = {}
    for _ in range(ROUNDS):
        asked = list(dict.fromkeys(layout for layout, _ in waiting))
        scenes = draw_scenes(config, ROUND, rng)
        images = [image for _ in asked for image in range(ROUND)]
        run = execute(
            plan([layout for layout in asked for _ in range(ROUND)], images), library, encode(scenes, lexicon)
        )
        truths = run.values[Kind.TRUTH].numpy()[run.plan.roots()].reshape(len(asked), ROUND) > 0.5
        for (layout, answer), places in list(waiting.items()):
            fits = np.flatnonzero(truths[asked.index(layout)] == answer)
            fits = rng.permutation(fits)[: len(places)].tolist()
            found.update(zip(places, (scenes[row] for row in fits), strict=False))
            waiting[layout, answer] = places[len(fits) :]
        waiting = {key: places for key, places in waiting.items() if places}
        if not waiting:
            return [found[place] for place in range(len(layouts))]
    (layout, answer), _ = next(iter(waiting.items()))
    raise DataError(f"no scene of SHAPES was found in which {layout} is {answer}")
