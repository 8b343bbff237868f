"""Which of an image's regions is which object of its scene, where the scene is known."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmn.regions import Regions
from nmn.scene import SceneGraph

SAME = 0.5  # intersection over union from which a box is about an object


Matcher = Callable[[Regions, Sequence[SceneGraph]], Int[Tensor, "images regions"]]


def match_objects(regions: Regions, scenes: Sequence[SceneGraph]) -> Int[Tensor, "images regions"]:
    """Return, for every image, the object that each region is by its box, -1 for none; no object twice."""
    return _matched(regions, scenes, by_overlap)


def match_cells(regions: Regions, scenes: Sequence[SceneGraph]) -> Int[Tensor, "images regions"]:
    """Return, for every image, the object whose box holds the middle of each cell, -1 for none; the last drawn wins."""
    return _matched(regions, scenes, by_middle)


MATCHES = {"objects": match_objects, "cells": match_cells}  # by what the regions are


def _matched(
    regions: Regions, scenes: Sequence[SceneGraph], match_one: Callable[[Tensor, Tensor], list[int]]
) -> Int[Tensor, "images regions"]:
    whole = regions.panels.boxes[..., 2:].amax(1).cpu()
    match = torch.full(regions.mask.shape, -1, dtype=torch.long)
    for image, scene in enumerate(scenes):
        count = int(regions.mask[image].sum())
        boxes = torch.tensor([thing.box for thing in scene.objects]).reshape(-1, 4)
        size = torch.tensor([scene.width, scene.height])
        scale = (whole[image] / size).min()  # a picture keeps its proportions, in the middle of what is looked at
        boxes = boxes * scale + ((whole[image] - size * scale) / 2).repeat(2)
        match[image, :count] = torch.tensor(match_one(regions.boxes[image, :count].cpu(), boxes), dtype=torch.long)
    return match


def by_overlap(boxes: Float[Tensor, "regions 4"], things: Float[Tensor, "objects 4"]) -> list[int]:
    """Return the object that each region is, -1 for none; no object twice.

    A region is the object whose box it covers best, by at least SAME of intersection over union.
    """
    match = [-1] * len(boxes)
    shared = overlap(boxes, things)
    while shared.numel() and float(shared.max()) >= SAME:
        region, thing = divmod(int(shared.argmax()), shared.shape[1])
        match[region] = thing
        shared[region], shared[:, thing] = 0, 0
    return match


def by_middle(boxes: Float[Tensor, "regions 4"], things: Float[Tensor, "objects 4"]) -> list[int]:
    """Return the object whose box holds the middle of each region, -1 for none; the last drawn wins."""
    x, y = ((boxes[:, :2] + boxes[:, 2:]) / 2).unbind(-1)
    match = torch.full((len(boxes),), -1)
    for number, (left, top, right, bottom) in enumerate(things.tolist()):
        match[(left <= x) & (x <= right) & (top <= y) & (y <= bottom)] = number
    found: list[int] = match.tolist()
    return found


def overlap(one: Float[Tensor, "some 4"], other: Float[Tensor, "others 4"]) -> Float[Tensor, "some others"]:
    """Return the intersection over union of any two boxes."""
    low = torch.maximum(one[:, None, :2], other[None, :, :2])
    high = torch.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(-1) for boxes in (one, other)]
    return shared / (areas[0].unsqueeze(1) + areas[1] - shared).clamp(min=1e-9)
