"""Scenes to look at and to edit: drawn by a preset and a seed, changed on the page, painted again.

What the page may name is in tables here; a scene from outside names a world, and only a world of the table has words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from nmn.app.limits import Limits
from nmn.app.pictures import Picture, Seen, planes
from nmn.errors import ConfigError, SceneError, did_you_mean
from nmn.language import grammar_names
from nmn.lexicon import load_lexicon
from nmn.modules.exact import unknown_value
from nmn.scene import SceneGraph, scene_from_json
from nmn.visualisation.scene import scene_view
from synth_data.config import VALUE_FIELDS, SynthConfig, load_config, preset_names
from synth_data.example import Example
from synth_data.generate import generate_block
from synth_data.overlap import CLEAR
from synth_data.picture import picture
from synth_data.render import masks

ASKED_PX, SHOWN_PX = 128, 256
DRAWN = 4  # examples, of which the first one's scene is shown
MAX_SEED = 2**31 - 1
LEXICONS = ("world", "shapes", "clevr", "nlvr", "pairs")
HIDING = ("in_front_of", "behind")
MAX_SIDE = 4096


@dataclass(frozen=True)
class Drawn:
    """A drawn scene with the question that it was drawn for."""

    scene: SceneGraph
    question: str
    family: str


def presets_json() -> list[dict[str, Any]]:
    """Return the presets with what their objects may be, for the page to offer."""
    return [_preset_json(name) for name in preset_names()]


def _preset_json(name: str) -> dict[str, Any]:
    config = load_config(name)
    known = config.words.attributes
    values = {attribute: list(config.values(attribute)) for attribute in VALUE_FIELDS.values() if attribute in known}
    return {"name": name, "lexicon": config.lexicon, "grammar": grammar_of(config.lexicon), "values": values,
            "size_px": dict(zip(values.get("size", []), config.size_px, strict=False))}  # fmt: skip


def draw(preset: str, seed: int) -> Drawn:
    """Return the scene of a preset and a seed; raise ConfigError for an unknown preset or a seed out of range."""
    if not 0 <= seed <= MAX_SEED:
        raise ConfigError(f"seed: expected 0 to {MAX_SEED:,}, got {seed}")
    first = _examples(preset, seed)[0]
    return Drawn(first.scene, first.text, first.family)


@lru_cache(maxsize=16)
def _examples(preset: str, seed: int) -> list[Example]:
    return generate_block(replace(config_of(preset), size=DRAWN, shard_size=DRAWN, seed=seed), 0)


def config_of(preset: str) -> SynthConfig:
    """Return a preset's configuration; raise ConfigError naming those that there are."""
    if preset not in preset_names():
        known = preset_names()
        raise ConfigError(f'no preset "{preset[:40]}"; there are {", ".join(known)}{did_you_mean(preset, known)}')
    return _config(preset)


@lru_cache(maxsize=32)
def _config(preset: str) -> SynthConfig:
    return load_config(preset)


def style_of(world: str) -> str | None:
    """Return the preset whose style a world's scenes are painted in where nothing else is said."""
    return world if world in preset_names() else None


def grammar_of(lexicon: str) -> str:
    """Return the question language for a world's words: its own where there is one."""
    return lexicon if lexicon in grammar_names() else "world"


def read(data: Mapping[str, Any], limits: Limits) -> SceneGraph:
    """Return a scene from a request; raise SceneError for what is none, too large or of no world of ours."""
    scene = scene_from_json(data)
    if len(scene.objects) > limits.objects:
        raise SceneError(f"scene.objects: at most {limits.objects} objects here, got {len(scene.objects)}")
    if scene.world not in LEXICONS:
        raise SceneError(f'scene.world: no world "{scene.world[:40]}"; there are {", ".join(LEXICONS)}')
    if not (1 <= scene.width <= MAX_SIDE and 1 <= scene.height <= MAX_SIDE):
        raise SceneError(f"scene: its sides are 1 to {MAX_SIDE} px, got {scene.width:g} x {scene.height:g}")
    lexicon = load_lexicon(scene.world)
    for number, thing in enumerate(scene.objects):
        for name, value in thing.attributes.items():
            if lexicon.attribute_of.get(value) != name:
                raise unknown_value("scene", number, (name, value), lexicon)
    return scene if set(scene.relations) - set(HIDING) else hiding_seen(scene)


def seen(scene: SceneGraph, preset: str | None, seed: int) -> Seen:
    """Return a scene's picture, in the style of a preset where one is named: the same for the same seed."""
    if preset is None:
        shown = asked = scene_view(scene).pixels
    else:
        config = config_of(preset)
        asked = _painted(scene, replace(config, pixels=max(ASKED_PX, config.pixels)), seed)
        shown = asked if config.style != "world" else _painted(scene, replace(config, pixels=SHOWN_PX), seed)
    return Seen(asked, shown, scene, scene.world, grammar_of(scene.world), preset)


def _painted(scene: SceneGraph, config: SynthConfig, seed: int) -> Picture:
    return planes(picture(scene, config, np.random.default_rng([seed, 1])))


def hiding_seen(scene: SceneGraph) -> SceneGraph:
    """Return a scene with its relations of hiding as they are seen: what lies over a good part of what is behind it.

    A scene whose objects were moved would else keep the pairs of where they lay before.
    """
    count = len(scene.objects)
    if not scene.relations or not count:
        return replace(scene, relations={})
    alone = [masks(replace(scene, objects=(thing,), relations={}), ASKED_PX)[0] for thing in scene.objects]
    front = np.zeros((count, count), bool)
    for later in range(count):
        for earlier in range(later):
            shared = np.logical_and(alone[later], alone[earlier]).sum()
            front[later, earlier] = shared >= CLEAR[0] * max(1, alone[earlier].sum())
    pairs = {"in_front_of": front, "behind": front.T}
    listed = {name: [np.flatnonzero(pair[:, one]).tolist() for one in range(count)] for name, pair in pairs.items()}
    return replace(scene, relations={name: listed[name] for name in scene.relations})
