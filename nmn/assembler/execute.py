"""A plan to values: one batched tensor call per step, no decision, no loop over examples, no host synchronisation."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nmn.assembler.buffers import Buffers
from nmn.assembler.plan import Plan
from nmn.layout import Kind
from nmn.modules.group import Group
from nmn.modules.library import Library
from nmn.regions import Regions


@dataclass(frozen=True)
class Run:
    """The value of every call of a plan, so that a trace needs no second run.

    ``values``: attentions [rows regions], numbers [rows width], attributes [rows values], truths [rows].
    """

    plan: Plan
    regions: Regions
    library: Library
    values: dict[Kind, Tensor]


def execute(plan: Plan, library: Library, regions: Regions) -> Run:
    """Run a plan on the regions of its images.

    Differentiable where the regions' features are. Raises ArgumentError for a word that the library does not know, and
    ValueError where the plan's panels are not those of the regions.
    """
    device = regions.features.device
    if plan.panels not in (0, regions.panels.count):
        raise ValueError(f"the plan asks each of {plan.panels} panels, the regions have {regions.panels.count}")
    counted = regions.features.shape[1]
    if library.most is not None:
        counted = min(counted, library.most)
    width = max(counted, regions.panels.count, library.value_width, plan.largest_number) + 2
    buffers = Buffers(plan, _widths(regions, library, width), regions.features)
    sizes = [step.stop - step.start for step in plan.steps]
    images = torch.split(torch.from_numpy(plan.images).to(device), sizes)
    views = torch.split(torch.from_numpy(plan.views).to(device), sizes) if plan.panels else None
    arguments = torch.split(_resolved(plan, library).to(device), sizes)
    operands = list(
        zip(*(torch.split(torch.from_numpy(rows).to(device), sizes) for rows in plan.operands), strict=True)
    )
    for index, step in enumerate(plan.steps):
        gathered = buffers.exchange(index, operands[index])
        view = None if views is None else views[index]
        group = Group(
            regions, images[index], view, arguments[index], gathered, width, step.kind, step.words, step.sizes
        )
        value = library.modules[step.module](group)
        if view is not None and step.kind is Kind.ATTENTION:
            value = value * regions.views[images[index], view]  # nothing outside of the view is attended
        buffers.put(index, value)
    return Run(plan, regions, library, buffers.close())


def _widths(regions: Regions, library: Library, width: int) -> dict[Kind, int | None]:
    return {
        Kind.ATTENTION: regions.features.shape[1],
        Kind.PANELS: regions.panels.count,
        Kind.NUMBER: width,
        Kind.ATTRIBUTE: library.value_width,
        Kind.TRUTH: None,
    }


def _resolved(plan: Plan, library: Library) -> Tensor:
    """Return the library's index of every call's argument, 0 where it has none."""
    indices = [library.resolve(argument, word) for argument, word in plan.names]
    return torch.tensor([*indices, 0])[torch.from_numpy(plan.arguments)]
