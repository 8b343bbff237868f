"""How pairs of regions are related, learned: cells by a table of offsets, boxes by a small network."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmn.modules.grid import windows

HIDDEN = 48
WAVES = (4, 8, 16, 32, 64)  # units of length
GEOMETRY = 16 + 6 * len(WAVES)  # numbers of a pair


class GridPairs(nn.Module):
    """Rates of pairs of cells by their offset: ``r_ji = softplus(theta_w[cell_i - cell_j])``.

    Mass may fall off the grid, so that a border cell may have no cell on its left. Each of several panels has such a
    grid; how the panels themselves are paired is learned by their places, ``order``.
    """

    def __init__(self, words: int, rows: int, columns: int, panels: int = 1, bias: float = -2.0) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.full((words, 2 * rows - 1, 2 * columns - 1), bias))
        self.order = nn.Parameter(torch.full((words, 1, 2 * panels - 1), bias)) if panels > 1 else None

    def forward(self) -> Float[Tensor, "words offsets_down offsets_right"]:
        """Return the rates by offset, the same for every image."""
        return nn.functional.softplus(self.theta)

    def of_panels(self) -> Float[Tensor, "words others panels"]:
        """Return that pairs of panels hold, ``[j, i]`` by the places of i and j."""
        if self.order is None:
            return self.theta.new_zeros(len(self.theta), 1, 1)
        return -torch.expm1(-windows(nn.functional.softplus(self.order)))


class BoxPairs(nn.Module):
    """Rates of pairs of boxes: ``r_ji = softplus(MLP(relative geometry of i and j))``, none of a box with itself."""

    def __init__(self, words: int, bias: float = -1.0) -> None:
        super().__init__()
        last = nn.Linear(HIDDEN, words)
        nn.init.constant_(last.bias, bias)
        self.net = nn.Sequential(nn.Linear(GEOMETRY, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN), nn.SiLU(), last)

    def forward(self, boxes: Float[Tensor, "batch regions 4"]) -> Float[Tensor, "batch words others regions"]:
        """Return the rates of pairs of boxes, in units of the image."""
        rates = nn.functional.softplus(self.net(pair_geometry(boxes))).permute(0, 3, 1, 2)
        return rates * (1 - torch.eye(rates.shape[-1], device=rates.device))


def pair_geometry(boxes: Float[Tensor, "batch regions 4"]) -> Float[Tensor, "batch others regions numbers"]:
    """Return, for [j, i], how box i lies to box j: differences of centres, sides, areas, and gaps; coarse, fine.

    Of gaps also as waves, or a limit far from 0, as "near" has one, stays blurred: few answers turn on pairs that are
    close to it (Tancik et al. 2020, section 3).
    """
    low, high = boxes[..., :2], boxes[..., 2:]
    side = high - low
    area = side.prod(-1, keepdim=True).clamp(min=1e-6).log()
    centre, wide, large = (one.unsqueeze(1) - one.unsqueeze(2) for one in ((low + high) / 2, side, area))
    gap = torch.maximum(low.unsqueeze(1) - high.unsqueeze(2), low.unsqueeze(2) - high.unsqueeze(1))
    widest = gap.amax(-1, keepdim=True)
    coarse = [centre / 16, wide / 8, large, gap / 8, widest / 8]
    fine = [torch.tanh(part / 2) for part in (centre, wide, 16 * large, gap, widest)]
    phases = [2 * torch.pi / wave * torch.cat([gap, widest], -1) for wave in WAVES]
    waves = [part for phase in phases for part in (torch.sin(phase), torch.cos(phase))]
    return torch.cat([*coarse, *fine, *waves], -1)
