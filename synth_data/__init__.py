"""Shape worlds: scenes, images, texts with gold layouts, labels, and the reference semantics that check them."""

from synth_data.config import SynthConfig, load_config, preset_names
from synth_data.example import Example
from synth_data.generate import generate

__all__ = ["Example", "SynthConfig", "generate", "load_config", "preset_names"]
