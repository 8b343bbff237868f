"""Plain backgrounds that a network was not trained on, exchanged for one that it was.

What a picture's border shows most is its paper. Where that is plain and unlike every paper of training, pixels that are
near it are painted in a paper of training, so that a drawing on white is read as one on slate. Other pictures stay as
they are, bit for bit.
"""

import torch
from jaxtyping import UInt8
from torch import Tensor

# papers of the preset "varied"; the first is what others are exchanged for
PAPERS = ((59, 61, 87), (59, 87, 61), (45, 75, 70), (90, 70, 85), (200, 190, 160))
BORDER_PX = 2
PLAIN, ALIKE, KNOWN = 0.6, 12, 30  # share of the border that is alike, within how many grey levels; near a known paper
FADE = 32.0  # grey levels from the paper over which a pixel goes from paper to ink


def repapered(images: UInt8[Tensor, "batch 3 height width"]) -> UInt8[Tensor, "batch 3 height width"]:
    """Return images whose paper is one of training, or that have no plain paper."""
    rows = torch.cat([images[..., :BORDER_PX, :], images[..., -BORDER_PX:, :]], -2).flatten(2)
    columns = torch.cat([images[..., :BORDER_PX], images[..., -BORDER_PX:]], -1).flatten(2)
    border = torch.cat([rows, columns], -1).float()
    paper = border.median(-1, keepdim=True).values
    plain = ((border - paper).abs().amax(1) <= ALIKE).float().mean(-1) >= PLAIN
    papers = paper.new_tensor(PAPERS)
    known = (paper.squeeze(-1).unsqueeze(1) - papers).abs().amax(-1).amin(-1) <= KNOWN
    strange = plain & ~known
    if not bool(strange.any()):
        return images
    pixels = images[strange].float()
    ink = ((pixels - paper[strange].unsqueeze(-1)).abs().amax(1, keepdim=True) / FADE).clamp(max=1)
    exchanged = images.clone()
    exchanged[strange] = (ink * pixels + (1 - ink) * papers[0].view(3, 1, 1)).round().to(torch.uint8)
    return exchanged
