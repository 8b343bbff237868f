"""Real CLIP weights (Radford et al. 2021) through transformers, behind the contract that our own dual encoder has too.

Weights are a directory that transformers saved, or a name such as "openai/clip-vit-base-patch32", which transformers
fetches where there is a network.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn.functional import normalize

from nmn.errors import CheckpointError
from nmn.vision.torchvision_loading import load_torchvision

DENIAL = "it is not the case that "  # before a text, its contradiction


class Clip:
    """A CLIP model with its tokenizer and its way of preparing images."""

    def __init__(self, model: Any, tokenizer: Any, images: Any) -> None:
        self.model, self.tokenizer, self.images = model.eval(), tokenizer, images

    @property
    def scale(self) -> float:
        """The inverse of the temperature that was learned."""
        return float(self.model.logit_scale.detach().exp())

    def image_features(self, images: UInt8[Tensor, "images 3 height width"]) -> Float[Tensor, "images hidden"]:
        """Return what the vision transformer makes of images of any one size, before they are projected."""
        pixels = self.images(list(images), return_tensors="pt")["pixel_values"]
        with torch.inference_mode():
            features: Tensor = self.model.vision_model(pixel_values=pixels).pooler_output
        return features

    def embed_images(self, images: UInt8[Tensor, "images 3 height width"]) -> Float[Tensor, "images embed"]:
        """Return the vectors of images of any one size."""
        with torch.inference_mode():
            return normalize(self.model.visual_projection(self.image_features(images)), dim=1)

    def embed_texts(self, texts: Sequence[str], denied: bool = False) -> Float[Tensor, "texts embed"]:
        """Return the vectors of texts; of their contradictions as DENIAL words them, where they are denied."""
        said = [DENIAL + text if denied else text for text in texts]
        tokens = self.tokenizer(said, padding=True, truncation=True, return_tensors="pt")
        with torch.inference_mode():
            known = {key: tokens[key] for key in ("input_ids", "attention_mask")}
            return normalize(self.model.text_projection(self.model.text_model(**known).pooler_output), dim=1)


def load_clip(weights: str | Path) -> Clip:
    """Load real CLIP weights; raise CheckpointError where transformers is missing or they cannot be had."""
    load_torchvision()
    try:
        from transformers import AutoTokenizer, CLIPImageProcessor, CLIPModel
    except ImportError:
        raise CheckpointError(f"{weights}: needs transformers: pip install 'nmn-reasoner[vl]'") from None
    try:
        parts = [kind.from_pretrained(str(weights)) for kind in (CLIPModel, AutoTokenizer, CLIPImageProcessor)]
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"{weights}: no CLIP that transformers can load; give a directory that it saved, or a name such as"
            f" openai/clip-vit-base-patch32 where there is a network: {str(error).splitlines()[0]}"
        ) from None
    return Clip(*parts)
