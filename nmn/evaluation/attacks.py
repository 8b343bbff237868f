"""Adversarial perturbations: the images nearby, no channel of any pixel more than epsilon away, that mislead a model.

FGSM takes one step along the sign of the loss's gradient (Goodfellow et al. 2015, equation 2 and above); PGD several
smaller ones from a random start, each followed by a projection back (Madry et al. 2018, section 2.1). Both know the
model that they attack, and the right answers.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

Images = Float[Tensor, "batch 3 height width"]
Logits = Callable[[Tensor], Tensor]  # of images in 0..1: [batch classes]
STEPS, STRIDE = 10, 2.5  # of PGD: steps, and how far they reach together, in epsilons


def fgsm(logits: Logits, images: Images, targets: Int[Tensor, " batch"], epsilon: float) -> Images:
    """Return images in 0..1, each value epsilon up or down, whichever raises the loss by its first derivative."""
    return (images + epsilon * _uphill(logits, images, targets).sign()).clamp(0, 1)


def pgd(
    logits: Logits,
    images: Images,
    targets: Int[Tensor, " batch"],
    epsilon: float,
    steps: int = STEPS,
    generator: torch.Generator | None = None,
) -> Images:
    """Return images in 0..1, no value more than epsilon from its own, after ``steps`` steps from a random start."""
    noise = torch.rand(images.shape, generator=generator).to(images) * 2 - 1
    moved = (images + epsilon * noise).clamp(0, 1)
    for _ in range(steps):
        moved = moved + STRIDE * epsilon / steps * _uphill(logits, moved, targets).sign()
        moved = torch.minimum(torch.maximum(moved, images - epsilon), images + epsilon).clamp(0, 1)
    return moved


def _uphill(logits: Logits, images: Images, targets: Int[Tensor, " batch"]) -> Images:
    """Return the gradient of the summed cross-entropy with respect to the images."""
    with torch.enable_grad():
        varied = images.detach().clone().requires_grad_(True)
        loss = cross_entropy(logits(varied).float(), targets, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, varied)
    return gradient
