"""What every system is given and gives: ``Batch -> Prediction``, so that one loop trains them all."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, NamedTuple, Protocol, Self, runtime_checkable

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn

from nmn.regions import Regions
from nmn.vision.cells import CellVision


@dataclass(frozen=True)
class AboutImages:
    """Examples, of each of which ``images`` says the number of its image; ``seen`` is what was prepared, by image.

    Every other field of a subclass has one entry for each example: a tensor's row, a tuple's member.
    """

    images: Int[Tensor, " examples"]
    seen: Mapping[str, Tensor]

    def __len__(self) -> int:
        return len(self.images)

    @cached_property
    def of_images(self) -> list[list[int]]:
        """The examples about each image that has some."""
        listed: list[list[int]] = [[] for _ in next(iter(self.seen.values()))]
        for example, image in enumerate(self.images.tolist()):
            listed[image].append(example)
        return [examples for examples in listed if examples]

    def about(self, images: Sequence[int]) -> Self:
        """Return all examples about some of the images of ``of_images``."""
        return self.take([example for image in images for example in self.of_images[image]])

    def take(self, places: Sequence[int]) -> Self:
        """Return some of the examples, with their images alone."""
        chosen = torch.as_tensor(places, dtype=torch.long)
        images, numbers = torch.unique(self.images[chosen], return_inverse=True)
        own = {name: _taken(getattr(self, name), chosen) for name in self._own()}
        return replace(self, images=numbers, seen={name: part[images] for name, part in self.seen.items()}, **own)

    def to(self, device: torch.device) -> Self:
        """Return the examples on a device; the numbers of images stay, as plans are made of them."""
        own = {name: getattr(self, name) for name in self._own()}
        moved = {name: part.to(device, non_blocking=True) for name, part in own.items() if isinstance(part, Tensor)}
        seen = {name: part.to(device, non_blocking=True) for name, part in self.seen.items()}
        return replace(self, seen=seen, **moved)

    def of_each(self, part: Float[Tensor, "images ..."]) -> Float[Tensor, "examples ..."]:
        """Return what each example's image has of something that all images have; gradients add up faster than through
        ``part[images]``.
        """
        return part.index_select(0, self.images.to(part.device))

    def _own(self) -> list[str]:
        return [field.name for field in fields(self) if field.name not in ("images", "seen")]


def _taken(part: Any, chosen: Tensor) -> Any:
    return part[chosen] if isinstance(part, Tensor) else tuple(part[place] for place in chosen.tolist())


@dataclass(frozen=True)
class Batch(AboutImages):
    """Texts about images: ``words`` as ``Words.encode`` numbers them, padded with 0, and the right answers' numbers.

    A target is -1 where the answer is none of those that the system knows; no answer is learned from it.
    """

    words: Int[Tensor, "examples tokens"]
    targets: Int[Tensor, " examples"]

    def trimmed(self) -> "Batch":
        """Return the batch without columns of padding alone."""
        used = int((self.words > 0).sum(1).amax()) if len(self.words) else 0
        return replace(self, words=self.words[:, :used])


class Prediction(NamedTuple):
    """The logits of each answer; what was attended, hop by hop, and the regions attended, where a system does so."""

    logits: Float[Tensor, "examples answers"]
    attention: Float[Tensor, "examples hops regions"] | None = None
    regions: Regions | None = None


class Losses(NamedTuple):
    """The loss of each example, and how right its prediction is, 0 to 1."""

    loss: Float[Tensor, " examples"]
    right: Float[Tensor, " examples"]

    def means(self) -> tuple[Tensor, Tensor]:
        """Return the mean loss and the share that is right."""
        return self.loss.mean(), self.right.float().mean()


class System(nn.Module):
    """A system over the cells of a CNN."""

    def __init__(self, vision: CellVision) -> None:
        super().__init__()
        self.vision = vision

    def prepare(self, images: UInt8[Tensor, "batch 3 height width"]) -> dict[str, Tensor]:
        """Return what is worked out once per image, without gradients."""
        return self.vision.prepare(images)

    @abstractmethod
    def losses(self, batch: Batch) -> Losses:
        """Return what training makes small."""


@runtime_checkable
class Judge(Protocol):
    """A system that says how well a text fits an image."""

    def fits(self, batch: Batch) -> Float[Tensor, " examples"]:
        """Return how well each text fits its image; of a denied text, how well its contradiction does."""


class Answerer(System):
    """A system that gives one of a list of answers."""

    @abstractmethod
    def forward(self, batch: Batch) -> Prediction:
        """Return the logits of every example's answers."""

    def losses(self, batch: Batch) -> Losses:
        """Return the negative log-likelihood of the right answers, 0 where the right one is not known."""
        return answer_losses(self(batch).logits, batch.targets)


def answer_losses(logits: Float[Tensor, "examples answers"], targets: Int[Tensor, " examples"]) -> Losses:
    """Return the negative log-likelihood of the targets; those that are -1 cost nothing and are never right."""
    losses = nn.functional.cross_entropy(logits.float(), targets, reduction="none", ignore_index=-1)
    return Losses(losses, logits.argmax(1) == targets)
