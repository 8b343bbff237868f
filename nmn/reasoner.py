"""The facade: ask a question of a scene, or run a layout on it, and get the answer with its trace."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.assembler.trace import Trace, Value, answers, trace
from nmn.language import Reading, grammar_names, read
from nmn.layout import Kind, Layout, parse_layout
from nmn.lexicon import Lexicon, load_lexicon
from nmn.modules.exact import encode, exact_library
from nmn.scene import SceneGraph, read_scene


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out: ``value`` is True or False, a number, a value's name (a tuple of names where there are several,
    None where nothing was there to describe), or the numbers of the objects or panels referred to.

    ``problems`` are presuppositions that failed ("the red circle" where there are two), a sentence each; the value then
    follows the stated meaning of the modules, and rests on something the question got wrong. ``reading`` is the text
    that was read, with its repairs; None for a layout built by hand.
    """

    value: Value
    kind: Kind
    layout: Layout
    trace: Trace
    reading: Reading | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """What the question presupposed and the scene does not bear out."""
        return self.trace.failures

    def __str__(self) -> str:
        return answer_text(self.value, self.kind)

    def to_json(self) -> dict[str, Any]:
        """Return the answer, its layout, reading and trace as plain JSON data."""
        data: dict[str, Any] = {
            "answer": list(self.value) if isinstance(self.value, tuple) else self.value,
            "text": str(self),
            "kind": str(self.kind),
            "layout": str(self.layout),
            "problems": list(self.problems),
            "trace": self.trace.to_json(),
        }
        if self.reading:
            data["reading"] = self.reading.to_json()
        return data


def answer_text(value: Value, kind: Kind) -> str:
    """Return an answer in words: yes, 3, red, "red, blue", "none", "objects 0, 2"."""
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        listed = ", ".join(str(part) for part in value)
        named = {Kind.ATTENTION: "object", Kind.PANELS: "panel"}.get(kind)
        return f"{named}{'s' if len(value) > 1 else ''} {listed}" if named else listed
    return str(value)


def ask_scene(
    scene: SceneGraph | str | Path,
    question: str,
    *,
    grammar: str | None = None,
    lexicon: Lexicon | str | Path | None = None,
    repair: bool = False,
) -> Answer:
    """Answer a question about a scene (or a scene's JSON file) exactly.

    The grammar is by default the one of the scene's world, else "world"; the lexicon, which says what the words and
    relations mean, the grammar's own. Raises QuestionError and SceneError.

    >>> import nmn
    >>> circle = nmn.SceneObject({"shape": "circle", "color": "red"}, (2, 2, 12, 12))
    >>> str(nmn.ask_scene(nmn.SceneGraph((circle,), 64, 64), "What color is the circle?"))
    'red'
    """
    scene = scene if isinstance(scene, SceneGraph) else read_scene(scene)
    if grammar is None:
        grammar = scene.world if scene.world in grammar_names() else "world"
    reading = read(question, grammar, lexicon=lexicon, repair=repair)
    return _answer(reading.layout, scene, lexicon or grammar, reading)


def run(layout: Layout | str, scene: SceneGraph | str | Path, *, lexicon: Lexicon | str | Path | None = None) -> Answer:
    """Run a layout, or its text, on a scene exactly; the lexicon is by default the one of the scene's world."""
    scene = scene if isinstance(scene, SceneGraph) else read_scene(scene)
    layout = parse_layout(layout) if isinstance(layout, str) else layout
    return _answer(layout, scene, lexicon or scene.world, None)


def run_many(layouts: Sequence[Layout], scenes: Sequence[SceneGraph], lexicon: Lexicon) -> list[Value]:
    """Run ``layouts[i]`` on ``scenes[i]`` in one batch and return the answers' values."""
    regions = encode(scenes, lexicon)
    return answers(execute(plan(layouts, panels=regions.panels.count), exact_library(lexicon), regions))


def _answer(layout: Layout, scene: SceneGraph, lexicon: Lexicon | str | Path, reading: Reading | None) -> Answer:
    loaded = lexicon if isinstance(lexicon, Lexicon) else load_lexicon(lexicon)
    regions = encode([scene], loaded)
    finished = execute(plan([layout], panels=regions.panels.count), exact_library(loaded), regions)
    seen = trace(finished, 0)
    return Answer(seen.root.value, layout.kind, layout, seen, reading)
