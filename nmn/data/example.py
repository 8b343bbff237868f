"""One example of a dataset: of a scene that is known, or of an image that has to be looked at."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmn.scene import SceneGraph


@dataclass(frozen=True, slots=True)
class Example:
    """A question about a scene; ``answer`` in the dataset's own words ("true", "3", "red"), None where not recorded.

    ``family`` groups examples in reports: a split, a question family.
    """

    question: str
    scene: SceneGraph
    answer: str | None
    family: str


@dataclass(frozen=True, slots=True)
class ImageExample:
    """A question about an image: a file, or pixels [height width 3], red, green, blue.

    ``scene`` is what the image shows, where the dataset says it.
    """

    question: str
    image: Path | NDArray[np.uint8]
    answer: str | None
    family: str
    scene: SceneGraph | None = None
