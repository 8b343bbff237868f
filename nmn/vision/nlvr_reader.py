"""NLVR's images to scenes with a trained detector: each box is looked at alone, and equal boxes once.

An object's place is the whole pixel nearest to what the detector says, its side that of the size it names.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nmn.checkpoint import load_into, nothing_drawn, read_checkpoint, save_checkpoint
from nmn.errors import CheckpointError
from nmn.scene import SceneGraph
from nmn.vision.detector import Detector, Named
from nmn.vision.nlvr_format import NLVR_PANELS, NLVR_SIZES, nlvr_boxes, nlvr_image, nlvr_object

Images = NDArray[np.uint8]
Thing = tuple[str, str, int, int, int]  # shape, color, side, left and top in the box, in pixels
AT_ONCE = 128  # boxes
REMEMBERED = 20_000  # boxes; the six orders of an image's boxes hold the same three
SIDE = NLVR_PANELS[0][2]
SAME_PX = 4.0  # boxes whose sides are nearer are of one object


def steadied(found: Named, mirrored: Named) -> Named:
    """Return objects with their boxes moved to the mean of what was said of a box of NLVR and of its mirror image.

    Errors of half a pixel to one side come out the other way in the mirror, and half a pixel decides what touches.
    """
    turned = mirrored.boxes[..., [2, 1, 0, 3]] * mirrored.boxes.new_tensor([-1, 1, -1, 1])
    turned = turned + turned.new_tensor([SIDE, 0, SIDE, 0])
    apart = (found.boxes.unsqueeze(2) - turned.unsqueeze(1)).abs().amax(-1)
    apart = apart.masked_fill(~mirrored.mask.unsqueeze(1), torch.inf)
    distance, nearest = apart.min(2)
    other = turned.gather(1, nearest.unsqueeze(-1).expand(-1, -1, 4))
    same = (distance < SAME_PX).unsqueeze(-1)
    return found._replace(boxes=torch.where(same, (found.boxes + other) / 2, found.boxes))


class NlvrReader:
    """Reads images with a detector; remembers the boxes that it has read."""

    def __init__(self, detector: Detector) -> None:
        self.detector = detector.eval()
        self.sides = {name: side for side, name in NLVR_SIZES.items()}
        self.known: dict[bytes, list[Thing]] = {}

    def __call__(self, images: Sequence[Images] | Images) -> list[SceneGraph]:
        """Return the scenes of images of NLVR [batch 100 400 3 or more channels]; objects from the left, then the top.

        Raises SceneError for an image of another size.
        """
        boxes = nlvr_boxes(images)
        keys = [box.tobytes() for box in boxes]
        if len(self.known) > REMEMBERED:
            self.known.clear()
        new = {key: place for place, key in enumerate(keys) if key not in self.known}
        self._read(boxes[list(new.values())], list(new))
        panels = len(NLVR_PANELS)
        return [
            nlvr_image(
                [
                    nlvr_object(panel, *thing)
                    for panel in range(panels)
                    for thing in self.known[keys[row * panels + panel]]
                ]
            )
            for row in range(len(keys) // panels)
        ]

    def _read(self, boxes: Images, keys: Sequence[bytes]) -> None:
        pixels = torch.from_numpy(boxes).permute(0, 3, 1, 2)
        places = [list(self.detector.attributes).index(name) for name in ("shape", "color", "size")]
        names = [list(self.detector.attributes.values())[place] for place in places]
        for start in range(0, len(boxes), AT_ONCE):
            part = pixels[start : start + AT_ONCE].float().div(255).contiguous(memory_format=torch.channels_last)
            found = steadied(self.detector.detect(part), self.detector.detect(part.flip(-1)))
            rows = zip(found.boxes.tolist(), found.mask.tolist(), found.values.tolist(), strict=True)
            for key, (placed, real, values) in zip(keys[start:], rows, strict=False):
                things = [
                    self._thing(box, [listed[told[place]] for listed, place in zip(names, places, strict=True)])
                    for box, there, told in zip(placed, real, values, strict=True)
                    if there
                ]
                self.known[key] = sorted(things, key=lambda thing: thing[3:])

    def _thing(self, box: Sequence[float], named: Sequence[str]) -> Thing:
        shape, color, size = named
        side = self.sides[size]
        left, top = (
            min(SIDE - side, max(0, round((low + high - side) / 2)))
            for low, high in ((box[0], box[2]), (box[1], box[3]))
        )
        return shape, color, side, left, top


def save_detector(path: str | Path, detector: Detector, card: Mapping[str, Any]) -> None:
    """Write a detector and how it was trained as one file."""
    about = {name: list(values) for name, values in detector.attributes.items()}
    channels = detector.proposer.channels
    save_checkpoint(
        path, detector.state_dict(), {"detector": {"attributes": about, "channels": channels}, "card": dict(card)}
    )


def load_detector(path: str | Path) -> Detector:
    """Build the detector that a file holds; raise CheckpointError where it holds none."""
    state, about = read_checkpoint(path)
    try:
        attributes = {name: tuple(values) for name, values in about["detector"]["attributes"].items()}
        with nothing_drawn():
            detector = Detector(attributes, about["detector"]["channels"])
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{path}: no detector of the objects in NLVR's images: its metadata lacks {error}"
        ) from None
    load_into(detector, state, path)
    return detector.eval()
