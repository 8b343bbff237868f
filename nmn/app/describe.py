"""What runs that learned from captions say of a picture: how near a text is to it, and whether it is true of it.

They answer no questions: a dual encoder (CLIP's kind) compares a text with the picture, and with its contradiction.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import torch

from nmn.app.pictures import Seen
from nmn.errors import ArgumentError, ConfigError, did_you_mean
from nmn.models.baselines import Baseline, load_baseline
from nmn.models.dual_encoder import ImageText
from nmn.vision.view import brought

Describer = Callable[[Seen, str], dict[str, Any]]


def describer(path: Path) -> Describer:
    """Return who describes pictures by a file; raise CheckpointError, and ConfigError for what does not do so."""
    baseline = load_baseline(path)
    does = DOES.get(baseline.settings.model)
    if does is None:
        raise ConfigError(f"{baseline.settings.model}: answers questions; it does not describe pictures")
    return lambda seen, text: DESCRIBERS[does](baseline, seen, text)


def _similarity(baseline: Baseline, seen: Seen, text: str) -> dict[str, Any]:
    """Return the cosine of a text and a picture, and the chance that the text is true rather than its contradiction."""
    if unknown := baseline.words.unknown(text):
        known = baseline.words.words
        raise ArgumentError(f'unknown word "{unknown[0][:40]}"{did_you_mean(unknown[0], known)}')
    encoders = cast(ImageText, baseline.model)
    pixels = brought(seen.pixels, baseline.settings.pixels, False).pixels
    with torch.inference_mode():
        image = encoders.embed_images(pixels.unsqueeze(0))
        texts = torch.cat([encoders.embed_texts([text]), encoders.embed_texts([text], denied=True)])
        cosines = (texts @ image.T).flatten()
    chance = float((encoders.scale * cosines).softmax(0)[0])
    return {"similarity": float(cosines[0]), "denied": float(cosines[1]), "chance": chance}


# what a system does that answers no questions, by its name
DOES: dict[str, str] = {"dual_encoder": "similarity"}
DESCRIBERS: dict[str, Callable[[Baseline, Seen, str], dict[str, Any]]] = {"similarity": _similarity}
