"""One generated example: an image's scene, a text about it, its layout, its answer and its trace."""

from dataclasses import dataclass, field
from typing import Any

from nmn.layout import Layout, parse_layout
from nmn.scene import SceneGraph, scene_from_json

Answer = bool | int | str | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """An example of a dataset; ``number`` counts from 0 through all shards.

    ``answer``: a bool, an int, a value's name or the objects that a referring expression names. ``way``: how a false
    text is false, "" for others. ``group``: examples that belong together share it (contrast pairs). ``trace``: the
    value of each of ``layout.calls`` as ``label.traces`` gives it.
    """

    number: int
    family: str
    text: str
    layout: Layout
    answer: Answer
    scene: SceneGraph
    trace: tuple[Any, ...]
    way: str = ""
    group: int = -1
    captions: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return the example as plain JSON data."""
        return {
            "number": self.number,
            "family": self.family,
            "text": self.text,
            "layout": str(self.layout),
            "answer": list(self.answer) if isinstance(self.answer, tuple) else self.answer,
            **({"way": self.way} if self.way else {}),
            **({"group": self.group} if self.group >= 0 else {}),
            **({"captions": list(self.captions)} if self.captions else {}),
            "trace": list(self.trace),
            "scene": self.scene.to_json(),
        }


def example_from_json(data: dict[str, Any]) -> Example:
    """Build an example from what ``Example.to_json`` gave."""
    answer = data["answer"]
    for name, kinds in (
        ("number", int),
        ("family", str),
        ("text", str),
        ("layout", str),
        ("answer", (bool, int, str, list)),
    ):
        if not isinstance(data[name], kinds):
            raise TypeError(f"{name} is {data[name]!r}")
    return Example(
        data["number"], data["family"], data["text"], parse_layout(data["layout"]),
        tuple(answer) if isinstance(answer, list) else answer, scene_from_json(data["scene"]), tuple(data["trace"]),
        data.get("way", ""), data.get("group", -1), tuple(data.get("captions", ())),
    )  # fmt: skip
