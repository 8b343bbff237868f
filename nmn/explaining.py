"""Explain an answer: its other readings, and what is exactly so, beside it."""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from nmn.answer import Answer
from nmn.errors import ConfigError
from nmn.language import read_all
from nmn.layout import Layout
from nmn.lexicon import Lexicon
from nmn.reasoner import run
from nmn.scene import SceneGraph
from nmn.visualisation.explanation import Explanation
from nmn.visualisation.explanation import explain as described


def explain(
    answer: Answer,
    *,
    scene: SceneGraph | str | Path | None = None,
    lexicon: Lexicon | str | Path | None = None,
    pixels: Tensor | None = None,
    names: Sequence[str] | None = None,
    cells: bool = False,
) -> Explanation:
    """Explain an answer.

    ``scene``: what is known of the image, by which every call is run exactly too, with the meanings of ``lexicon`` (by
    default the one of the scene's world). ``pixels`` [3 height width]: the image that the answer's own scene was read
    from. ``names``: of the regions, in words. ``cells``: the network's regions are cells of a grid.

    >>> import nmn
    >>> circle = nmn.SceneObject({"shape": "circle", "color": "red"}, (2, 2, 12, 12))
    >>> explained = nmn.explain(nmn.ask_scene(nmn.SceneGraph((circle,), 64, 64), "What color is the circle?"))
    >>> [(call.label, call.words, call.value) for call in explained.calls][-1]
    ('describe[color]', ('What color',), 'red')
    """
    if scene is not None and answer.layout is None:
        raise ConfigError("a system without modules answered: there are no calls to compare with what is exactly so")
    exact = run(answer.layout, scene, lexicon=lexicon) if scene is not None and answer.layout else None
    others, cut = other_readings(answer)
    return described(answer, others=others, more_readings=cut, exact=exact, pixels=pixels, names=names, cells=cells)


def other_readings(answer: Answer) -> tuple[list[Layout], bool]:
    """Return what else the question can mean that was answered, and whether there are more readings than these."""
    reading = answer.reading
    if reading is None or not reading.question:
        return [], False
    found = read_all(reading.question, reading.grammar, lexicon=reading.lexicon, repair=True)
    meant = _without_scene(answer.layout) if answer.layout else None
    return [other.layout for other in found.readings if _without_scene(other.layout) != meant], found.cut


def _without_scene(layout: Layout) -> Layout:
    """Return a layout that means the same without ``and(scene, ...)``: a reading that differs by it is no other one."""
    operands = tuple(_without_scene(operand) for operand in layout.operands)
    if layout.module == "and" and Layout("scene") in operands:
        return operands[1] if operands[0] == Layout("scene") else operands[0]
    return Layout(layout.module, layout.argument, operands)
