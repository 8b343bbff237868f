"""One example of a dataset."""

from dataclasses import dataclass

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
