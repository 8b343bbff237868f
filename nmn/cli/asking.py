"""What is asked on the command line, answered: images by a network, scenes exactly, NLVR's images by their reader."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nmn.errors import CheckpointError, ConfigError, SceneError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from nmn.answer import Answer
    from nmn.layout import Layout
    from nmn.lexicon import Lexicon
    from nmn.visualisation.explanation import Explanation


class Otherwise(NamedTuple):
    """Another reading of a question, and the answer that it has, in words."""

    layout: "Layout"
    text: str


@dataclass(frozen=True)
class Asked:
    """An answer; ``pixels`` is the image of which its scene was read, ``lexicon`` what the words mean of a scene.

    ``cells``: a network answered whose regions are the cells of a grid. ``rerun`` answers other layouts of what was
    asked; None where none can be.
    """

    answer: "Answer"
    pixels: "Tensor | None" = None
    lexicon: "Lexicon | str | None" = None
    cells: bool = False
    rerun: "Callable[[list[Layout]], list[Answer]] | None" = None

    def otherwise(self) -> "list[Otherwise]":
        """Return the other answers that the question can have, each with the first reading that gives it."""
        from nmn.explaining import other_readings

        layouts = other_readings(self.answer)[0]
        if self.rerun is None or not layouts:
            return []
        found: dict[str, Otherwise] = {}
        for layout, answer in zip(layouts, self.rerun(layouts), strict=True):
            found.setdefault(str(answer), Otherwise(layout, answer.named))
        return [one for text, one in found.items() if text != str(self.answer)]

    def explained(self, scene: Path | None = None) -> "Explanation":
        """Return the answer explained, beside what is exactly so of a known scene."""
        from nmn.explaining import explain

        return explain(self.answer, scene=scene, lexicon=self.lexicon, pixels=self.pixels, cells=self.cells)


def asked(
    source: Path, question: str, model: str | None, grammar: str | None, lexicon: str | None, repair: bool
) -> Asked:
    """Answer a question about an image or a scene; with the grammar nlvr the image is one of NLVR's."""
    from nmn.reasoner import Reasoner, ask_scene, load, nlvr_reader

    if is_scene(source):
        if model is not None:
            raise ConfigError("--model is for images; a scene is answered exactly, by no model")
        try:
            answer = ask_scene(source, question, grammar=grammar, lexicon=lexicon, repair=repair)
        except SceneError as error:
            if source.suffix.lower() == ".json":
                raise
            raise SceneError(f'{error}; it begins with "{{", so it is no picture and was read as a scene') from None
        return Asked(answer, lexicon=lexicon, rerun=exactly(answer, lexicon or grammar))
    if grammar == "nlvr":
        from nmn.vision.image import load_image

        pixels = load_image(source)
        try:
            reader = nlvr_reader(model)
        except CheckpointError as error:
            raise CheckpointError(
                f"{error}; a network is asked without --grammar nlvr" if model else str(error)
            ) from None
        try:
            scene = reader(pixels.permute(1, 2, 0).numpy()[None])[0]
        except SceneError as error:
            raise SceneError(f"{source}: {error}") from None
        answer = ask_scene(scene, question, grammar=grammar, lexicon=lexicon, repair=repair)
        return Asked(answer, pixels, lexicon or grammar, rerun=exactly(answer, lexicon or grammar))
    if lexicon is not None:
        raise ConfigError("--lexicon is for scenes; what words mean of an image is in the model")
    from nmn.models.build import Network

    reasoner = load(model)
    answer = reasoner.ask(source, question, grammar=grammar, repair=repair)
    network = reasoner.network
    spoken = network.lexicon if isinstance(network, Network) else None
    many = reasoner.run_many if isinstance(reasoner, Reasoner) else None
    rerun = (lambda layouts: many([source] * len(layouts), layouts)) if many else None
    return Asked(answer, lexicon=spoken, cells=network.settings.regions == "cells", rerun=rerun)


def exactly(answer: "Answer", lexicon: "Lexicon | str | None") -> "Callable[[list[Layout]], list[Answer]]":
    """Return what answers other layouts of the scene that an answer is of."""
    from nmn.reasoner import run
    from nmn.scene import SceneGraph

    scene = answer.trace.seen
    assert isinstance(scene, SceneGraph)
    return lambda layouts: [run(one, scene, lexicon=lexicon) for one in layouts]


def is_scene(path: Path) -> bool:
    """Return whether a file is, by its name or its first character, JSON; a scene then, else an image."""
    try:
        with path.open("rb") as file:
            start = file.read(64).lstrip() if path.is_file() else b""
    except (OSError, ValueError):
        start = b""
    return path.suffix.lower() == ".json" or start.startswith(b"{")
