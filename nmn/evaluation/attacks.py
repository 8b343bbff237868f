"""Adversarial perturbations: the images nearby, no channel of any pixel more than epsilon away, that mislead a model.

FGSM takes one step along the sign of the loss's gradient (Goodfellow et al. 2015, equation 2 and above); PGD several
smaller ones from a random start, each followed by a projection back (Madry et al. 2018, section 2.1). Both know the
model that they attack, and the right answers.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

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
    """Return a gradient with respect to the images that has the sign of the cross-entropy's everywhere.

    The cross-entropy is softplus(m) of the margin m = log sum exp (other logits) - right logit, which grows with it;
    the margin's own gradient does not vanish where a model is so sure that the cross-entropy's is rounded to 0.
    """
    with torch.enable_grad():
        varied = images.detach().clone().requires_grad_(True)
        found = logits(varied).float()
        right = targets.unsqueeze(1)
        others = found.scatter(1, right, -torch.inf).logsumexp(1)
        (gradient,) = torch.autograd.grad((others - found.gather(1, right).squeeze(1)).sum(), varied)
    return gradient
