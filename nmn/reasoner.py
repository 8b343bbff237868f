"""The facade: ask a question of an image or a scene, or run a layout on it, and get the answer with its trace."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from nmn.answer import Answer, answer_of, attended_answer
from nmn.assembler.execute import Run, execute
from nmn.assembler.plan import plan
from nmn.assembler.trace import Value, answers
from nmn.checkpoint import shipped, weights_file
from nmn.errors import ArgumentError, ConfigError, ImageError, LexiconError, SceneError, did_you_mean
from nmn.language import Reading, grammar_names, read
from nmn.layout import Layout, parse_layout
from nmn.lexicon import Lexicon, load_lexicon
from nmn.modules.exact import encode, exact_library
from nmn.modules.library import check_words
from nmn.scene import SceneGraph, read_scene

if TYPE_CHECKING:
    from nmn.models.baselines import Baseline
    from nmn.models.build import Network
    from nmn.models.protocol import Prediction
    from nmn.vision.fit import Fitted as FittedImage
    from nmn.vision.image import ImageSource
    from nmn.vision.nlvr_reader import NlvrReader
    from nmn.vision.view import View

NLVR_WEIGHTS = "nlvr"
ASKED_AT_ONCE = 256  # questions


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
    with _named(source):
        return _answer(reading.layout, scene, lexicon or grammar, reading)


@contextmanager
def _named(source: Any) -> Iterator[None]:
    """Name the file of a scene that is not of the world it is asked in, or of an image that the network cannot see."""
    try:
        yield
    except (SceneError, ImageError) as error:
        raise type(error)(f"{source}: {error}") if isinstance(source, str | Path) else error from None


def _world_of(scene: SceneGraph, source: SceneGraph | str | Path) -> str:
    """Return the name of a scene's world; raise SceneError where no lexicon has it."""
    try:
        load_lexicon(scene.world)
    except LexiconError as error:
        with _named(source):
            raise SceneError(f"world: {error}") from None
    return scene.world


def run(layout: Layout | str, scene: SceneGraph | str | Path, *, lexicon: Lexicon | str | Path | None = None) -> Answer:
    """Run a layout, or its text, on a scene exactly; the lexicon is by default the one of the scene's world."""
    layout = parse_layout(layout) if isinstance(layout, str) else layout
    source, scene = scene, scene if isinstance(scene, SceneGraph) else read_scene(scene)
    lexicon = lexicon or _world_of(scene, source)
    with _named(source):
        return _answer(layout, scene, lexicon, None)


def run_many(layouts: Sequence[Layout], scenes: Sequence[SceneGraph], lexicon: Lexicon) -> list[Value]:
    """Run ``layouts[i]`` on ``scenes[i]`` in one batch and return the answers' values."""
    regions = encode(scenes, lexicon)
    return answers(execute(plan(layouts, panels=regions.panels.count), exact_library(lexicon), regions))


def _answer(layout: Layout, scene: SceneGraph, lexicon: Lexicon | str | Path, reading: Reading | None) -> Answer:
    loaded = lexicon if isinstance(lexicon, Lexicon) else load_lexicon(lexicon)
    regions = encode([scene], loaded)
    finished = execute(plan([layout], panels=regions.panels.count), exact_library(loaded), regions)
    return answer_of(finished, 0, reading, scene=scene)


def device_of(name: str) -> torch.device:
    """Return a device by name, "auto" for a GPU where there is one; raise ConfigError for one that is not there."""
    try:
        device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ConfigError(f'device "{name}": {str(error).splitlines()[0]}; give "auto", "cpu" or "cuda"') from None
    return device


def check_paired(images: Sequence["ImageSource"], questions: Sequence[str] | Sequence[Layout]) -> None:
    """Raise ValueError unless every question has its image; a text alone is no list of questions."""
    if isinstance(questions, str):
        raise ValueError("questions: expected a list of texts, got one text")
    if len(images) != len(questions):
        raise ValueError(f"{len(questions)} questions need as many images, got {len(images)}")


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
        self.network, self.device = network, device_of(device)
        network.model.to(self.device).eval()
        if cache is not None:
            keep_features(network.model, cache)

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
        """Answer ``questions[i]`` about ``images[i]``, in batches of one size; an image given twice is read once.

        All images are held together, and each answer keeps its own, as large as it came: of thousands of photographs
        ask a few hundred at a time.
        """
        check_paired(images, questions)
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
        """Run a layout, or its text, on an image; raise ArgumentError for a word that the network has not learned."""
        layout = parse_layout(layout) if isinstance(layout, str) else layout
        check_words(layout, self.network.model.reasoning.library)
        return self._answers([image], [layout], [None])[0]

    def runs(self, images: Sequence["ImageSource"], layouts: Sequence[Layout]) -> Iterator[Ran]:
        """Run ``layouts[i]`` on ``images[i]``, in batches of one size of image; equal images are read once."""
        from nmn.vision.objects import ObjectVision
        from nmn.vision.view import view_of

        check_paired(images, layouts)
        model, settings = self.network.model, self.network.settings
        most = model.vision.proposer.most if isinstance(model.vision, ObjectVision) else None
        one_panel = settings.panels == 1
        longest = settings.panels * settings.pixels + (settings.panels - 1) * settings.gap_px
        for fitted in by_size(images, longest, one_panel and settings.regions == "cells"):
            with torch.inference_mode(), _named(images[fitted.asked[0]]):
                seen = model.prepare(fitted.pixels.to(self.device))
                regions = model.read(seen)
                planned = plan([layouts[at] for at in fitted.asked], fitted.rows, regions.panels.count)
                finished = execute(planned, model.reasoning.library, regions)
            views = [view_of(*image, seen, regions, row, most) for row, image in enumerate(fitted.images)]
            yield Ran(finished, fitted.asked, [views[row] for row in fitted.rows])

    def _answers(
        self, images: Sequence["ImageSource"], layouts: Sequence[Layout], readings: Sequence[Reading | None]
    ) -> list[Answer]:
        answered: dict[int, Answer] = {}
        for ran in self.runs(images, layouts):
            values = {kind: value.cpu() for kind, value in ran.run.values.items()}  # at once, not call by call
            run = replace(ran.run, values=values)
            for example, (at, view) in enumerate(zip(ran.asked, ran.views, strict=True)):
                answered[at] = answer_of(run, example, readings[at], view)
        return [answered[at] for at in range(len(images))]


class SystemReasoner:
    """A trained system without modules that answers questions about images; what it attended is its trace.

    It reads words, not grammar: any question of words that it has learned gets one of the answers that it knows.
    """

    def __init__(self, network: "Baseline", device: str = "auto", cache: str | Path | None = None) -> None:
        if not network.answers:
            raise ConfigError(f"{network.settings.model}: learns from captions and answers no questions")
        self.network, self.device = network, device_of(device)
        network.model.to(self.device).eval()
        if cache is not None:
            keep_features(network.model, cache)

    def ask(self, image: "ImageSource", question: str, *, grammar: str | None = None, repair: bool = False) -> Answer:
        """Answer a question about an image; raise ArgumentError for a word that was not learned, and ImageError."""
        return self.ask_many([image], [question], grammar=grammar, repair=repair)[0]

    def ask_many(
        self,
        images: Sequence["ImageSource"],
        questions: Sequence[str],
        *,
        grammar: str | None = None,
        repair: bool = False,
    ) -> list[Answer]:
        """Answer ``questions[i]`` about ``images[i]``; words are not repaired, and there is no grammar to choose."""
        if grammar not in (None, self.network.settings.grammar):
            raise ConfigError(f"{self.network.settings.model}: was trained on {self.network.settings.grammar}")
        check_paired(images, questions)
        known = self.network.words.words
        for question in questions:
            if unknown := self.network.words.unknown(question):
                raise ArgumentError(f'unknown word "{unknown[0]}"{did_you_mean(unknown[0], known)}')
        answered: dict[int, Answer] = {}
        for guessed in self.guesses(images, questions):
            for row, (at, view) in enumerate(zip(guessed.asked, guessed.views, strict=True)):
                answered[at] = attended_answer(guessed.prediction, row, self.network.answers, view, questions[at])
        return [answered[at] for at in range(len(images))]

    def texts(self, images: Sequence["ImageSource"], questions: Sequence[str]) -> list[str]:
        """Return the answers in words alone; words that were not learned are read as unknown ones."""
        said: dict[int, str] = {}
        for guessed in self.guesses(images, questions):
            best = guessed.prediction.logits.argmax(1).tolist()
            said.update((at, self.network.answers[number]) for at, number in zip(guessed.asked, best, strict=True))
        return [said[at] for at in range(len(images))]

    def guesses(self, images: Sequence["ImageSource"], questions: Sequence[str]) -> Iterator["Guessed"]:
        """Answer ``questions[i]`` about ``images[i]``, in batches of one size of image; equal images are read once."""
        from nmn.models.protocol import Answerer, Batch
        from nmn.vision.view import View

        check_paired(images, questions)
        model, words = self.network.model, self.network.words
        assert isinstance(model, Answerer)
        for fitted in by_size(images, self.network.settings.pixels, square=False):
            asked = words.encode_all([questions[at] for at in fitted.asked]).to(self.device)
            with torch.inference_mode():
                seen = model.prepare(fitted.pixels.to(self.device))
                none = torch.full((len(asked),), -1, device=self.device)
                prediction = model(Batch(torch.tensor(fitted.rows), seen, asked, none))
            regions, views = prediction.regions, []
            for row, image in enumerate(fitted.images):
                boxes = torch.zeros(0, 4) if regions is None else regions.boxes[row].cpu()
                views.append(View(image.picture, image.fitted.on_original(boxes), None))
            yield Guessed(prediction, fitted.asked, [views[row] for row in fitted.rows])


class Guessed(NamedTuple):
    """A batch that a system answered: for each of its examples, the number of the question, and its image's view."""

    prediction: "Prediction"
    asked: list[int]
    views: "list[View]"


class Fitted(NamedTuple):
    """Images of one size: which questions are about them, and about which one each; the distinct ones."""

    asked: list[int]
    rows: list[int]
    images: "list[Brought]"

    @property
    def pixels(self) -> torch.Tensor:
        """The distinct images as one batch."""
        return torch.stack([image.fitted.pixels for image in self.images])


class Brought(NamedTuple):
    """An image as it came, and as it is looked at."""

    picture: torch.Tensor
    fitted: "FittedImage"


def by_size(images: Sequence["ImageSource"], pixels: int, square: bool) -> Iterator[Fitted]:
    """Yield images brought to a longer side of so many pixels, those of one size together, at most ASKED_AT_ONCE
    questions; an image that is given again is read once.
    """
    from nmn.vision.image import load_image
    from nmn.vision.view import brought

    images = list(images)  # held, so that no two have one identity: an array makes its rows anew, each time
    # a tensor's answers keep a copy: its own memory may hold another picture soon, as a camera's does
    given = {id(image): image.clone() if isinstance(image, torch.Tensor) else image for image in images}
    pictures = {key: load_image(image) for key, image in given.items()}
    all_brought = {key: Brought(picture, brought(picture, pixels, square)) for key, picture in pictures.items()}
    sizes: dict[tuple[int, ...], list[int]] = {}
    for at, image in enumerate(images):
        sizes.setdefault(tuple(all_brought[id(image)].fitted.pixels.shape), []).append(at)
    for same in sizes.values():
        of_image: dict[int, list[int]] = {}
        for at in same:
            of_image.setdefault(id(images[at]), []).append(at)
        together = [at for places in of_image.values() for at in places]  # so that an image is mostly in one batch
        for start in range(0, len(together), ASKED_AT_ONCE):
            asked = together[start : start + ASKED_AT_ONCE]
            keys = [id(images[at]) for at in asked]
            rows = {key: row for row, key in enumerate(dict.fromkeys(keys))}
            yield Fitted(asked, [rows[key] for key in keys], [all_brought[key] for key in rows])


def load(
    path: str | Path | None = None, device: str = "auto", *, cache: str | Path | None = None
) -> Reasoner | SystemReasoner:
    """Load a trained network: a file, the folder of a run, or the name of bundled weights; by default "world"'s.

    Raises CheckpointError naming the file and what is wrong with it.
    """
    from nmn.models.baselines import load_system
    from nmn.models.build import Network

    loaded = load_system(weights_file(path))
    return Reasoner(loaded, device, cache) if isinstance(loaded, Network) else SystemReasoner(loaded, device, cache)


def keep_features(model: torch.nn.Module, folder: str | Path) -> None:
    """Keep the features of a model's frozen backbone in a folder; raise ConfigError where it has none."""
    from nmn.vision.cells import CellVision

    vision = getattr(model, "vision", None)
    if not isinstance(vision, CellVision):
        raise ConfigError("cache: the network has no cells of a frozen backbone whose features could be kept")
    vision.keep(folder)


def nlvr_reader(path: str | Path | None = None) -> "NlvrReader":
    """Load a trained reader of NLVR's images: a file, a run's folder, or the name of weights that ship; "nlvr"'s.

    Called with images [batch 100 400 3] it returns their scenes. Raises CheckpointError.
    """
    from nmn.vision.nlvr_reader import NlvrReader, load_detector

    return NlvrReader(load_detector(shipped(NLVR_WEIGHTS) if path is None else weights_file(path)))
