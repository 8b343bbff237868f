"""What runs that learned from captions say of a picture: a caption, or how near a text is to it.

They answer no questions. A captioner says a sentence, with where it looked for each word if it has attention; a dual
encoder, ours or real CLIP weights, compares a text with the picture, and with its contradiction.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from nmn.app.pictures import Picture, Seen, picture_json
from nmn.captioning import Captions
from nmn.models.image_text import ImageText, load_image_text

Describer = Callable[[Seen, str], dict[str, Any]]


def _similar(path: Path) -> Describer:
    """Return who says how near a text is to a picture, by a dual encoder of ours or by real CLIP weights."""
    encoders = load_image_text(path)
    return lambda seen, text: _similarity(encoders, seen.pixels, text)


def _similarity(encoders: ImageText, pixels: Picture, text: str) -> dict[str, Any]:
    """Return the cosine of a text and a picture, that of its contradiction, and the chance that the text is true."""
    with torch.inference_mode():
        image = encoders.embed_images(pixels.unsqueeze(0))
        texts = torch.cat([encoders.embed_texts([text]), encoders.embed_texts([text], denied=True)])
        cosines = (texts @ image.T).flatten()
        chance = float((encoders.scale * cosines).softmax(0)[0])
    return {"similarity": float(cosines[0]), "denied": float(cosines[1]), "chance": chance}


def _caption(path: Path) -> Describer:
    """Return who says the likeliest caption of a picture, and what was attended for each of its words."""
    captions = Captions(path)

    def describe(seen: Seen, _: str) -> dict[str, Any]:
        said = captions.caption(seen.pixels, "beam")
        height, width = seen.pixels.shape[1:]
        return {
            "caption": said.text,
            "log_probability": said.log_probability,
            "words": said.text.split(),
            "attention": [[round(part, 5) for part in word] for word in said.attention],
            "regions": [{"box": [round(side, 2) for side in box]} for box in said.view.boxes.tolist()],
            "image": {"width": width, "height": height},
            "picture": picture_json(seen.shown),
        }

    return describe


# what systems do that answer no questions, by their names, and how they are loaded for it
DESCRIBERS: dict[str, tuple[str, Callable[[Path], Describer]]] = {
    "dual_encoder": ("similarity", _similar), "clip": ("similarity", _similar),
    "captioner": ("caption", _caption), "attention_captioner": ("caption", _caption),
}  # fmt: skip
DOES = {name: does for name, (does, _) in DESCRIBERS.items()}
