"""A CLIP-style dual encoder (Radford et al. 2021): images and texts in one space, learned from pairs of both.

``image_text.py`` says what can be done with any such pair of encoders, ours or real CLIP weights (``clip.py``).
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn
from torch.nn.functional import normalize

from nmn.models.encoders import TextReader, look
from nmn.models.protocol import Batch, Losses, System
from nmn.models.tokens import Words
from nmn.vision.cells import CellVision

WARMEST = math.log(100.0)  # of the learned logarithm of the inverse temperature, as in the paper


class DualEncoder(System):
    """``logits_ij = exp(t) <image_i, text_j>``; cross-entropy of the right text for each image and of the right image
    for each text, halved.

    A batch may have several texts of an image: a text is compared with each image once, an image with each of its texts
    in turn, among all those of the other images. ``image`` makes one vector of ``hidden`` numbers of an image's cells.
    """

    def __init__(self, vision: CellVision, image: nn.Module, reader: TextReader, words: Words, hidden: int) -> None:
        super().__init__(vision)
        self.image, self.reader, self.words = image, reader, words
        self.image_head, self.text_head = nn.Linear(hidden, hidden, bias=False), nn.Linear(hidden, hidden, bias=False)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    @property
    def scale(self) -> float:
        """The inverse of the temperature."""
        return float(self.log_scale.detach().clamp(max=WARMEST).exp())

    def image_features(self, images: UInt8[Tensor, "images 3 height width"]) -> Float[Tensor, "images hidden"]:
        """Return what it makes of images of the size that it was trained on, before they are projected."""
        device = self.log_scale.device
        none = torch.zeros(0, dtype=torch.long, device=device)
        seen = {name: part.to(device) for name, part in self.prepare(images.to(device)).items()}
        features: Tensor = self.image(look(self.vision, Batch(none, seen, none.unsqueeze(1), none)))
        return features

    def embed_images(self, images: UInt8[Tensor, "images 3 height width"]) -> Float[Tensor, "images embed"]:
        """Return the vectors of images of the size that it was trained on."""
        return self._projected(self.image_features(images))

    def embed_texts(self, texts: Sequence[str], denied: bool = False) -> Float[Tensor, "texts embed"]:
        """Return the vectors of texts, or of their contradictions."""
        return self.texts(self.words.encode_all(texts, [denied] * len(texts)).to(self.log_scale.device))

    def image_vectors(self, batch: Batch) -> Float[Tensor, "images embed"]:
        """Return the vectors of the images of a batch; gradients go through."""
        return self._projected(self.image(look(self.vision, batch)))

    def _projected(self, features: Float[Tensor, "images hidden"]) -> Float[Tensor, "images embed"]:
        vectors: Tensor = self.image_head(features)
        return normalize(vectors.float(), dim=1)

    def texts(self, words: Int[Tensor, "texts tokens"]) -> Float[Tensor, "texts embed"]:
        """Return the vectors of numbered texts."""
        vectors: Tensor = self.text_head(self.reader(words))
        return normalize(vectors.float(), dim=1)

    def forward(self, batch: Batch) -> Float[Tensor, " examples"]:
        """Return the cosine of each text and its image."""
        return (batch.of_each(self.image_vectors(batch)) * self.texts(batch.words)).sum(1)

    def fits(self, batch: Batch) -> Float[Tensor, " examples"]:
        """Return the cosine of each text and its image."""
        return self(batch)  # type: ignore[no-any-return]

    def losses(self, batch: Batch) -> Losses:
        """Return the symmetric contrastive loss of each text, and whether its image is the nearest of the batch."""
        images, texts = self.image_vectors(batch), self.texts(batch.words)
        own = batch.images.to(images.device)
        logits = self.log_scale.clamp(max=WARMEST).exp() * images @ texts.T  # [images texts]
        of_texts = nn.functional.cross_entropy(logits.T, own, reduction="none")
        # of an image's texts each is the right one in turn, among those of the other images
        others = own.unsqueeze(0) != torch.arange(len(images), device=own.device).unsqueeze(1)
        rest = logits.masked_fill(~others, -math.inf).logsumexp(1)
        right = logits.gather(0, own.unsqueeze(0)).squeeze(0)
        of_images = torch.logaddexp(right, rest[own]) - right
        return Losses((of_texts + of_images) / 2, logits.argmax(0) == own)
