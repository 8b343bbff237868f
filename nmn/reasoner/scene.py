"""Ask a question of a scene, or run a layout on it, exactly."""

from collections.abc import Sequence
from pathlib import Path

from nmn.answer import Answer, answer_of
from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.assembler.trace import Value, answers
from nmn.errors import LexiconError, SceneError
from nmn.language import Reading, grammar_names, read
from nmn.layout import Layout, parse_layout
from nmn.lexicon import Lexicon, load_lexicon
from nmn.modules.exact import encode, exact_library
from nmn.reasoner.named import named
from nmn.scene import SceneGraph, read_scene


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
    relations mean, is that of the scene's world too, or of a grammar that is given. Raises QuestionError, LexiconError
    and SceneError.

    >>> import nmn
    >>> circle = nmn.SceneObject({"shape": "circle", "color": "red"}, (2, 2, 12, 12))
    >>> str(nmn.ask_scene(nmn.SceneGraph((circle,), 64, 64), "What color is the circle?"))
    'red'
    """
    source, scene = scene, scene if isinstance(scene, SceneGraph) else read_scene(scene)
    if grammar is None:
        grammar = scene.world if scene.world in grammar_names() else "world"
        lexicon = lexicon or (None if grammar == scene.world else _world_of(scene, source))
    reading = read(question, grammar, lexicon=lexicon, repair=repair)
    with named(source):
        return _answer(reading.layout, scene, lexicon or grammar, reading)


def run(layout: Layout | str, scene: SceneGraph | str | Path, *, lexicon: Lexicon | str | Path | None = None) -> Answer:
    """Run a layout, or its text, on a scene exactly; the lexicon is by default the one of the scene's world."""
    layout = parse_layout(layout) if isinstance(layout, str) else layout
    source, scene = scene, scene if isinstance(scene, SceneGraph) else read_scene(scene)
    lexicon = lexicon or _world_of(scene, source)
    with named(source):
        return _answer(layout, scene, lexicon, None)


def run_many(layouts: Sequence[Layout], scenes: Sequence[SceneGraph], lexicon: Lexicon) -> list[Value]:
    """Run ``layouts[i]`` on ``scenes[i]`` in one batch and return the answers' values."""
    regions = encode(scenes, lexicon)
    return answers(execute(plan(layouts, panels=regions.panels.count), exact_library(lexicon), regions))


def _world_of(scene: SceneGraph, source: SceneGraph | str | Path) -> str:
    """Return the name of a scene's world; raise SceneError where no lexicon has it."""
    try:
        load_lexicon(scene.world)
    except LexiconError as error:
        with named(source):
            raise SceneError(f"world: {error}") from None
    return scene.world


def _answer(layout: Layout, scene: SceneGraph, lexicon: Lexicon | str | Path, reading: Reading | None) -> Answer:
    loaded = lexicon if isinstance(lexicon, Lexicon) else load_lexicon(lexicon)
    regions = encode([scene], loaded)
    finished = execute(plan([layout], panels=regions.panels.count), exact_library(loaded), regions)
    return answer_of(finished, 0, reading, scene=scene)
