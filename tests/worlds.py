"""Small generated datasets that several tests look at: each is made once a session and only read."""

import random
from functools import cache
from typing import Any

from synth_data.config import SynthConfig, load_config
from synth_data.example import Example
from synth_data.generate import generate
from synth_data.phrases import Words


def settings(preset: str = "world", **changes: Any) -> SynthConfig:
    """Return a configuration without images."""
    return load_config(preset, **{"images": "none", "shard_size": 100, **changes})


@cache
def examples(config: SynthConfig) -> tuple[Example, ...]:
    """Return the examples of a configuration."""
    return tuple(generate(config))


def words(config: SynthConfig, seed: int = 0) -> Words:
    """Return what draws parts of texts."""
    return Words(config, random.Random(seed))
