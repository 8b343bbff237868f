"""Plain backgrounds that a network was not trained on, exchanged for one that it was.

What a picture's border shows most is its paper. Where that is plain and unlike every paper of training, it is painted
in a paper of training, so that a drawing on white is read as one on slate. Pixels of soft edges and thin strokes show
both ink and paper, mixed (Porter and Duff, "Compositing Digital Images", SIGGRAPH 1984): how much of either is found
from the purest ink near by. Other pictures stay as they are, bit for bit.
"""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn.functional import max_pool2d

Pixels = Float[Tensor, "batch 3 height width"]

# papers of the preset "varied"; the first is what others are exchanged for
PAPERS = ((59, 61, 87), (59, 87, 61), (45, 75, 70), (90, 70, 85), (200, 190, 160))
BORDER_PX = 2
PLAIN, ALIKE, KNOWN = 0.6, 40, 30  # share of the border that is alike, within how many grey levels; near a known paper
NEAR_PX = 9  # side of the square about a pixel in which its ink is looked for
FADE = 32.0  # grey levels from the paper under which even the purest ink near by is paper in part
NOISE = 4.0  # added to FADE, of the median by which the border is unlike the paper
MIXED = 48.0  # grey levels that a mixture of ink and paper may be from the line between the two


def repapered(images: UInt8[Tensor, "batch 3 height width"]) -> UInt8[Tensor, "batch 3 height width"]:
    """Return images whose paper is one of training, or that have no plain paper."""
    rows = torch.cat([images[..., :BORDER_PX, :], images[..., -BORDER_PX:, :]], -2).flatten(2)
    columns = torch.cat([images[..., :BORDER_PX], images[..., -BORDER_PX:]], -1).flatten(2)
    border = torch.cat([rows, columns], -1).float()
    paper = border.median(-1, keepdim=True).values
    unlike = (border - paper).abs().amax(1)
    plain = (unlike <= ALIKE).float().mean(-1) >= PLAIN
    papers = paper.new_tensor(PAPERS)
    known = (paper.squeeze(-1).unsqueeze(1) - papers).abs().amax(-1).amin(-1) <= KNOWN
    strange = plain & ~known
    if not bool(strange.any()):
        return images
    pixels, paper = images[strange].float(), paper[strange].unsqueeze(-1)
    fade = FADE + NOISE * unlike[strange].median(-1).values.view(-1, 1, 1, 1)
    exchanged = images.clone()
    exchanged[strange] = _painted(pixels, paper, papers[0].view(3, 1, 1), fade).round().clamp(0, 255).to(torch.uint8)
    return exchanged


def _painted(
    pixels: Pixels,
    paper: Float[Tensor, "batch 3 1 1"],
    another: Float[Tensor, "3 1 1"],
    fade: Float[Tensor, "batch 1 1 1"],
) -> Pixels:
    """Return pixels with another paper: of each, as much as it showed of its own.

    A pixel that no mixture of its paper and the purest ink near by explains is an ink of its own, and stays.
    """
    ink = pixels - paper
    places = max_pool2d(ink.abs().amax(1, keepdim=True), NEAR_PX, 1, NEAR_PX // 2, return_indices=True)[1]
    purest = ink.flatten(2).gather(2, places.flatten(2).expand(-1, 3, -1)).view_as(ink)
    share = (ink * purest).sum(1, keepdim=True) / purest.square().sum(1, keepdim=True).maximum(fade**2)
    explained = (ink - share * purest).abs().amax(1, keepdim=True) <= MIXED
    return torch.where(explained, torch.lerp(another, paper + purest, share.clamp(0, 1)), pixels)
