"""Who judges NLVR's statements: perception and exact execution, or a module network over the cells of the three boxes.

Both read sentences by the same grammar; a network may lack what a layout asks for, since it learns from generated
statements alone.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.assembler.trace import answers
from nmn.errors import ArgumentError, ConfigError, SceneError
from nmn.language.crowd.read import read_statement
from nmn.layout import Layout
from nmn.lexicon import load_lexicon
from nmn.models.build import Network
from nmn.modules.exact import encode, exact_library
from nmn.modules.library import check_words
from nmn.scene import SceneGraph
from nmn.vision.nlvr_format import NLVR_PANELS

Images = NDArray[np.uint8]  # [batch 100 400 3]
Perceive = Callable[[Images], list[SceneGraph]]  # to scenes of the world "nlvr"
AT_ONCE = 64  # images that a network looks at


class Verdict(NamedTuple):
    """The truth of a statement, None where nothing could be seen; the scene that it rests on, where there is one.

    ``how`` says where the verdict does not rest on the sentence's layout.
    """

    truth: bool | None
    scene: SceneGraph | None = None
    how: str = ""


Judge = Callable[[Images, Sequence[str]], list[Verdict]]


def by_scenes(perceive: Perceive) -> Judge:
    """Return the judge that reads the scenes of images and executes layouts on them exactly."""

    def judge(images: Images, sentences: Sequence[str]) -> list[Verdict]:
        scenes = _scenes(images, perceive)
        pairs = [(read_statement(text).layout, scene) for text, scene in zip(sentences, scenes, strict=True) if scene]
        truths = iter(run_layouts([layout for layout, _ in pairs], [scene for _, scene in pairs]))
        return [Verdict(None if scene is None else next(truths), scene) for scene in scenes]

    return judge


def _scenes(images: Images, perceive: Perceive) -> list[SceneGraph | None]:
    """Return the scenes of images, None where one cannot be read; one by one where a batch cannot."""
    try:
        return list(perceive(images))
    except SceneError:
        if len(images) == 1:
            return [None]
        return [scene for image in images for scene in _scenes(image[None], perceive)]


def run_layouts(layouts: Sequence[Layout], scenes: Sequence[SceneGraph]) -> list[bool]:
    """Return the truth of ``layouts[i]`` of ``scenes[i]``, in one batch."""
    if not layouts:
        return []
    lexicon = load_lexicon("nlvr")
    regions = encode(scenes, lexicon)
    found = answers(execute(plan(layouts, panels=regions.panels.count), exact_library(lexicon), regions))
    return [value is True for value in found]


def by_network(network: Network) -> Judge:
    """Return the judge that runs layouts on what a network makes of the boxes' cells.

    A statement that asks for what the network has not learned is called true, as most of NLVR's are; ``how`` names it.
    Raises ConfigError for a network of other pictures.
    """
    settings, panels = network.settings, len(NLVR_PANELS)
    if settings.panels != panels or settings.lexicon != "nlvr":
        raise ConfigError(
            f"the network was trained on pictures of {settings.panels} panels with the lexicon {network.lexicon.name};"
            f" NLVR's have {panels} and the lexicon nlvr"
        )

    @torch.inference_mode()
    def judge(images: Images, sentences: Sequence[str]) -> list[Verdict]:
        verdicts = [Verdict(True, None, _unlearned(network, read_statement(text).layout)) for text in sentences]
        due = [place for place, verdict in enumerate(verdicts) if not verdict.how]
        for start in range(0, len(due), AT_ONCE):
            some = due[start : start + AT_ONCE]
            pictures = torch.from_numpy(images[some]).permute(0, 3, 1, 2)
            regions = network.model.read(network.model.prepare(pictures))
            planned = plan([read_statement(sentences[place]).layout for place in some], panels=panels)
            values = answers(execute(planned, network.model.reasoning.library, regions))
            for place, value in zip(some, values, strict=True):
                verdicts[place] = Verdict(value is True)
        return verdicts

    return judge


def _unlearned(network: Network, layout: Layout) -> str:
    """Return what a layout asks for that a network has not learned, "" for nothing."""
    try:
        check_words(layout, network.model.reasoning.library)
    except ArgumentError as error:
        return f"not learned: {str(error).split(';')[0]}"
    return ""
