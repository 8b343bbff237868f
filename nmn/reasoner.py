"""The facade: ask a question of an image or a scene, or run a layout on it, and get the answer with its trace."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from nmn.assembler.execute import Run, execute
from nmn.assembler.plan import plan
from nmn.assembler.trace import Trace, Value, answer_text, answers, trace
from nmn.errors import ConfigError
from nmn.language import Reading, grammar_names, read
from nmn.layout import Kind, Layout, parse_layout
from nmn.lexicon import Lexicon, load_lexicon
from nmn.modules.exact import encode, exact_library
from nmn.modules.library import check_words
from nmn.resources import WEIGHTS
from nmn.scene import SceneGraph, read_scene

if TYPE_CHECKING:
    from nmn.models.build import Network
    from nmn.vision.image import ImageSource
    from nmn.vision.nlvr_reader import NlvrReader
    from nmn.vision.view import View

DEFAULT_WEIGHTS = "world"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out: ``value`` is True or False, a number, a value's name (a tuple of names where there are several,
    None where nothing was there to describe), or the numbers of the objects or panels referred to.

    ``problems`` are presuppositions that failed ("the red circle" where there are two), a sentence each; the value then
    follows the stated meaning of the modules, and rests on something the question got wrong. ``reading`` is the text
    that was read, with its repairs; None for a layout built by hand. ``distribution`` are the chances of the answers in
    words that are not negligible, ``confidence`` that of ``value``; for what points at several things, which has no
    such list, the chance that each is in or out as said. ``view`` is the image with its regions, None for a scene.
    """

    value: Value
    kind: Kind
    layout: Layout
    trace: Trace
    reading: Reading | None = None
    confidence: float = 1.0
    distribution: Mapping[str, float] = field(default_factory=dict)
    view: "View | None" = None

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
            "confidence": self.confidence,
            "distribution": dict(self.distribution),
            "layout": str(self.layout),
            "problems": list(self.problems),
            "trace": self.trace.to_json(),
        }
        if self.view:
            data["regions"] = [[round(side, 2) for side in box] for box in self.view.boxes.tolist()]
        if self.reading:
            data["reading"] = self.reading.to_json()
        return data


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
    return answer_of(finished, 0, reading, scene=scene)


def answer_of(
    run: Run,
    example: int,
    reading: Reading | None = None,
    view: "View | None" = None,
    scene: SceneGraph | None = None,
) -> Answer:
    """Return the answer that a run gives to one of its examples, with its trace; of an image or of a scene.

    An attribute's answer is its most probable value, where no value or several are more likely than not: the
    distribution says how sure that is, and ``problems`` what was taken for granted.
    """
    layout, seen = run.plan.layouts[example], trace(run, example, view or scene)
    value, raw = seen.root.value, torch.tensor(seen.root.raw)
    if layout.kind is Kind.TRUTH:
        chances = {"yes": float(raw[0]), "no": 1 - float(raw[0])}
    elif layout.kind is Kind.NUMBER:
        chances = {str(number): float(chance) for number, chance in enumerate(raw)}
    elif layout.kind is Kind.ATTRIBUTE and layout.argument:
        total = float(raw.sum()) or 1.0
        chances = {
            name: float(part) / total for name, part in zip(run.library.values[layout.argument], raw, strict=True)
        }
        if view is not None and not isinstance(value, str):
            value = likeliest(raw, run.library.values[layout.argument]) or value
    else:
        sure = float(torch.maximum(raw, 1 - raw).prod())
        return Answer(value, layout.kind, layout, seen, reading, sure, {}, view)
    listed = {name: chance for name, chance in chances.items() if chance > NEGLIGIBLE}
    confidence = chances.get(answer_text(value, layout.kind), float(raw.prod()) if raw.numel() else 0.0)
    return Answer(value, layout.kind, layout, seen, reading, confidence, listed, view)


def texts_of(run: Run) -> list[str]:
    """Return the answer to every example of a run on images, in words, as ``answer_of`` takes it."""
    texts, rows = [], run.plan.roots().tolist()
    for layout, found, row in zip(run.plan.layouts, answers(run), rows, strict=True):
        sure = layout.kind is not Kind.ATTRIBUTE or layout.argument is None or isinstance(found, str)
        best = None if sure else likeliest(run.values[layout.kind][row], run.library.values[str(layout.argument)])
        texts.append(answer_text(found if best is None else best, layout.kind))
    return texts


def likeliest(truths: torch.Tensor, names: Sequence[str]) -> str | None:
    """Return the most probable of an attribute's values, None where every one is out of the question."""
    truths = truths[: len(names)]
    return names[int(truths.argmax())] if float(truths.max()) > NEGLIGIBLE else None


NEGLIGIBLE = 1e-3


class Ran(NamedTuple):
    """A batch that was run: for each of its examples, the number of the question, and the view of its image."""

    run: Run
    asked: list[int]
    views: "list[View]"


class Reasoner:
    """A trained network that answers questions about images.

    ``device``: "auto" (a GPU where there is one), "cpu", "cuda", ... ``cache``: a folder where the features that a
    frozen backbone makes of images are kept.
    """

    def __init__(self, network: "Network", device: str = "auto", cache: str | Path | None = None) -> None:
        chosen = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self.network, self.device = network, torch.device(chosen)
        network.model.to(self.device).eval()
        if cache is not None:
            keep_features(network, cache)

    def ask(self, image: "ImageSource", question: str, *, grammar: str | None = None, repair: bool = False) -> Answer:
        """Answer a question about an image: a path, bytes, a Pillow image, an array or a tensor (see ``load_image``).

        Raises QuestionError, ImageError, and ArgumentError for a word that the network has not learned.
        """
        return self.ask_many([image], [question], grammar=grammar, repair=repair)[0]

    def ask_many(
        self,
        images: Sequence["ImageSource"],
        questions: Sequence[str],
        *,
        grammar: str | None = None,
        repair: bool = False,
    ) -> list[Answer]:
        """Answer ``questions[i]`` about ``images[i]``, a batch for each size of image; one given twice is read once."""
        readings = [self.read(question, grammar=grammar, repair=repair) for question in questions]
        return self._answers(images, [reading.layout for reading in readings], readings)

    def read(self, question: str, *, grammar: str | None = None, repair: bool = False) -> Reading:
        """Return the reading of a question in the network's language.

        Raises QuestionError, and ArgumentError for a word that the network has not learned.
        """
        grammar = grammar or self.network.settings.grammar
        reading = read(question, grammar, lexicon=self.network.lexicon, repair=repair)
        check_words(reading.layout, self.network.model.reasoning.library)
        return reading

    def run(self, image: "ImageSource", layout: Layout | str) -> Answer:
        """Run a layout, or its text, on an image."""
        return self._answers([image], [parse_layout(layout) if isinstance(layout, str) else layout], [None])[0]

    def runs(self, images: Sequence["ImageSource"], layouts: Sequence[Layout]) -> Iterator[Ran]:
        """Run ``layouts[i]`` on ``images[i]``, one batch for each size of image; equal images are read once."""
        from nmn.vision.image import load_image
        from nmn.vision.view import brought, view_of

        if len(images) != len(layouts):
            raise ValueError(f"{len(layouts)} questions need as many images, got {len(images)}")
        model = self.network.model
        pictures = {key: load_image(image) for key, image in {id(image): image for image in images}.items()}
        settings = self.network.settings
        square = settings.regions == "cells"
        fitted = {key: brought(picture, settings.pixels, square) for key, picture in pictures.items()}
        by_size: dict[tuple[int, ...], list[int]] = {}
        for at, image in enumerate(images):
            by_size.setdefault(tuple(fitted[id(image)].pixels.shape), []).append(at)
        for asked in by_size.values():
            keys = [id(images[at]) for at in asked]
            rows = {key: row for row, key in enumerate(dict.fromkeys(keys))}
            with torch.inference_mode():
                seen = model.prepare(torch.stack([fitted[key].pixels for key in rows]).to(self.device))
                regions = model.read(seen)
                planned = plan([layouts[at] for at in asked], [rows[key] for key in keys], regions.panels.count)
                finished = execute(planned, model.reasoning.library, regions)
            views = {key: view_of(pictures[key], fitted[key], seen, regions, row) for key, row in rows.items()}
            yield Ran(finished, asked, [views[key] for key in keys])

    def _answers(
        self, images: Sequence["ImageSource"], layouts: Sequence[Layout], readings: Sequence[Reading | None]
    ) -> list[Answer]:
        answered: dict[int, Answer] = {}
        for ran in self.runs(images, layouts):
            for example, (at, view) in enumerate(zip(ran.asked, ran.views, strict=True)):
                answered[at] = answer_of(ran.run, example, readings[at], view)
        return [answered[at] for at in range(len(images))]


def load(path: str | Path | None = None, device: str = "auto", *, cache: str | Path | None = None) -> Reasoner:
    """Load a trained network: a file, the folder of a run, or the name of bundled weights; by default "world"'s.

    Raises CheckpointError naming the file and what is wrong with it.
    """
    from nmn.models.build import load_network

    return Reasoner(load_network(weights_file(path)), device, cache)


def keep_features(network: "Network", folder: str | Path) -> None:
    """Keep the features of a network's frozen backbone in a folder; raise ConfigError where it has none."""
    from nmn.vision.cells import CellVision

    vision = network.model.vision
    if not isinstance(vision, CellVision):
        raise ConfigError("cache: the network proposes objects and has no frozen backbone whose features could be kept")
    vision.keep(folder)


def nlvr_reader(path: str | Path = "nlvr") -> "NlvrReader":
    """Load a trained reader of NLVR's images: a file, a run's folder, or the name of bundled weights.

    Called with images [batch 100 400 3] it returns their scenes. Raises CheckpointError.
    """
    from nmn.vision.nlvr_reader import NlvrReader, load_detector

    return NlvrReader(load_detector(weights_file(path)))


def weights_file(path: str | Path | None) -> Path:
    """Return the file that a path, a run's folder or the name of bundled weights means."""
    bundled = WEIGHTS / f"{path or DEFAULT_WEIGHTS}.safetensors"
    if path is None or (bundled.is_file() and not Path(path).exists()):
        return bundled
    return Path(path) / "network.safetensors" if Path(path).is_dir() else Path(path)
