"""Who can be asked: what ships, exact execution where the scene is known, and every trained run found in a folder.

A run is found once, when the server starts, and named by its place in the folder; a request names one of these names,
never a file. Networks are loaded when they are first asked and the few that were asked last are kept.
"""

import json
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, cast

from nmn.answer import Answer
from nmn.app.describe import DESCRIBERS, DOES, Describer
from nmn.app.pictures import Seen
from nmn.checkpoint import BEST, KEY, NETWORK, PRETRAINED, PROPOSALS, STATE, read_header, shipped
from nmn.errors import CheckpointError, ConfigError, ImageError, did_you_mean
from nmn.layout.signature import SIDES
from nmn.models.build import MODULES
from nmn.models.tokens import Words
from nmn.modules.neural import Vocabulary, vocabulary_from_json
from nmn.reasoner import ask_scene, load, nlvr_reader
from nmn.vision.nlvr_format import has_nlvr_size

EXACT, WORLD, NLVR = "exact", "world", "nlvr"
CLIP, CLIP_WEIGHTS = "clip", "model.safetensors"  # as transformers names them
KEPT = 16  # networks in memory
SHOWN = ("about", "date", "held_back", "seconds")  # of a run's card
MOST = 200  # runs in a folder
# of a run's folder, and no networks
INTERNAL = (PROPOSALS, STATE, PRETRAINED, BEST)
COMPARISON, ITS_RUNS = "compare.json", "runs"  # of nmn compare: its settings, and the folder of what it trained


class Said(NamedTuple):
    """An answer; ``cells``: its regions are cells of a grid; ``exact``: it is itself the exact one."""

    answer: Answer
    cells: bool = False
    exact: bool = False


Asker = Callable[[Seen, str, bool], Said]


@dataclass(frozen=True)
class Run:
    """What is known of a run before it is loaded.

    ``lexicon``: what its words mean, None for its grammar's own. ``names``: what a module network has learned of the
    lexicon; ``words``: those of a system without modules. Where both are None it knows every word.
    """

    name: str
    kind: str  # exact, detector, network, clip, or the name of a system without modules
    grammar: str
    path: Path | None = None
    card: Mapping[str, Any] = field(default_factory=dict)
    names: frozenset[str] | None = None
    words: Words | None = None
    lexicon: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the run as plain JSON data, without its place on the disk."""
        does = DOES.get(self.kind, "answer")
        return {"name": self.name, "kind": self.kind, "does": does, "grammar": self.grammar, "card": dict(self.card)}


class Runs:
    """The runs by name, and those that are loaded."""

    def __init__(self, folder: Path | None = None) -> None:
        ours = [
            Run(EXACT, "exact", "world", card={"about": "exact execution on the known scene"}),
            *(_described(name, shipped(name)) for name in (WORLD, NLVR)),
        ]
        found = [] if folder is None else list(_found(folder))
        self.by_name = {run.name: run for run in (*ours, *found) if run is not None}
        self._loaded: OrderedDict[str, Asker | Describer] = OrderedDict()
        self._lock, self._loading = Lock(), Lock()

    def default(self, seen: Seen) -> str:
        """Return the run that is asked about a picture where none is named."""
        if seen.scene is not None and seen.scene.world not in (WORLD, NLVR):
            return EXACT
        is_nlvr = seen.grammar == NLVR or has_nlvr_size(seen.pixels.shape)
        return NLVR if is_nlvr else WORLD

    def get(self, name: str) -> Run:
        """Return a run by its name; raise ConfigError naming the nearest."""
        if name not in self.by_name:
            raise ConfigError(f'no run "{name[:80]}"{did_you_mean(name[:80], self.by_name)}')
        return self.by_name[name]

    def ask(self, name: str, seen: Seen, question: str, repair: bool = True) -> Said:
        """Ask a run; raise QuestionError, ArgumentError, SceneError, ImageError or CheckpointError."""
        run = self.get(name)
        if run.kind in DOES:
            raise ConfigError(f"{name}: answers no questions; it gives a {DOES[run.kind]} of a picture")
        return cast(Asker, self._kept(run, ASKERS.get(run.kind, _network)))(seen, question, repair)

    def describe(self, name: str, seen: Seen, text: str) -> dict[str, Any]:
        """Return what a run that answers no questions says of a picture; raise ConfigError for one that does."""
        run = self.get(name)
        if run.kind not in DOES or run.path is None:
            raise ConfigError(f"{name}: answers questions; it does not describe pictures")
        path = run.path
        return cast(Describer, self._kept(run, lambda _: DESCRIBERS[run.kind][1](path)))(seen, text)

    def _kept(self, run: Run, loaded: Callable[[Run], Asker | Describer]) -> Asker | Describer:
        """Return who answers for a run: loaded now, or kept since it was asked before.

        One is loaded at a time, since some libraries that loading imports cannot be imported by two threads at once.
        """
        kept = self._remembered(run.name)
        if kept is None:
            with self._loading:
                kept = self._remembered(run.name) or loaded(run)
                with self._lock:
                    self._loaded[run.name] = kept
                    while len(self._loaded) > KEPT:
                        self._loaded.popitem(last=False)
        return kept

    def _remembered(self, name: str) -> Asker | Describer | None:
        with self._lock:
            if name in self._loaded:
                self._loaded.move_to_end(name)
            return self._loaded.get(name)


def _found(folder: Path) -> Iterator[Run | None]:
    """Yield the runs in a folder, in the order of their names; raise ConfigError where there is no such folder."""
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder; --runs names one with trained runs")
    comparisons = [path.parent for path in folder.rglob(COMPARISON)]
    paths = [path for path in sorted(folder.rglob("*.safetensors")) if path.name not in INTERNAL]
    places = ((path, _place(path, folder, comparisons)) for path in paths)
    for path, place in islice(((path, place) for path, place in places if place is not None), MOST):
        if path.name == CLIP_WEIGHTS and _is_clip(path.parent):
            yield Run(f"runs/{place.parent if len(place.parts) > 1 else folder.name}", CLIP, WORLD, path.parent)
            continue
        name = str(place.parent if path.name == NETWORK and len(place.parts) > 1 else place)
        yield _described(f"runs/{name}", path)


def _place(path: Path, folder: Path, comparisons: Sequence[Path]) -> Path | None:
    """Return a file's place in a folder, of a comparison's without "runs"; None for what that tried or sees through."""
    for comparison in comparisons:
        if path.is_relative_to(comparison):
            first, *rest = path.relative_to(comparison).parts
            return comparison.relative_to(folder).joinpath(*rest) if first == ITS_RUNS else None
    return path.relative_to(folder)


def _is_clip(folder: Path) -> bool:
    """Whether a folder holds CLIP as transformers saves it."""
    try:
        return bool(json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"] == CLIP)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _described(name: str, path: Path) -> Run | None:
    """Return what a file says of itself, None where it is no run that can be asked."""
    try:
        header, _ = read_header(path)
        meta = json.loads(header["__metadata__"][KEY])["meta"]
        card = {key: value for key, value in (meta.get("card") or {}).items() if _is_plain(key, value)}
        if "network" in meta:
            kind, grammar = meta["network"].get("model", MODULES), meta["network"].get("grammar", WORLD)
            if kind == MODULES:
                names, lexicon = _names(vocabulary_from_json(meta["vocabulary"])), meta["network"].get("lexicon")
                return Run(name, "network", str(grammar), path, card, names, lexicon=lexicon)
            return Run(name, str(kind), str(grammar), path, card, words=Words(tuple(map(str, meta["words"]))))
        if "detector" in meta:
            return Run(name, "detector", NLVR, path, card)
    except (CheckpointError, KeyError, TypeError, ValueError, AttributeError):
        return None
    return None


def _names(learned: Vocabulary) -> frozenset[str]:
    """Return the names that a network has learned, as the lexicon has them."""
    sides = SIDES if learned.sides else ()
    return frozenset((*learned.attributes, *learned.values, *learned.relations, *learned.superlatives, *sides))


def _is_plain(key: str, value: object) -> bool:
    """Whether a line of a card is shown: a date, a time, a share."""
    return key in SHOWN and (isinstance(value, str) or (isinstance(value, (int, float)) and math.isfinite(value)))


def _exact(_: Run) -> Asker:
    def ask(seen: Seen, question: str, repair: bool) -> Said:
        if seen.scene is None:
            raise ConfigError("exact: what is in this picture is not known; ask a network, or generate a scene")
        return Said(exact_answer(seen, question, repair), exact=True)

    return ask


def exact_answer(seen: Seen, question: str, repair: bool = True) -> Answer:
    """Return the exact answer about a picture's scene, with the words of its world."""
    assert seen.scene is not None
    lexicon = None if seen.lexicon == seen.grammar else seen.lexicon  # None: the reading may be kept
    return ask_scene(seen.scene, question, grammar=seen.grammar, lexicon=lexicon, repair=repair)


def _network(run: Run) -> Asker:
    reasoner = load(run.path, device="cpu")
    cells = reasoner.network.settings.regions == "cells"

    def ask(seen: Seen, question: str, repair: bool) -> Said:
        return Said(reasoner.ask(seen.pixels, question, repair=repair), cells)

    return ask


def _detector(run: Run) -> Asker:
    assert run.path is not None
    reader = nlvr_reader(run.path)
    one_at_a_time = Lock()  # it remembers boxes that it has read

    def ask(seen: Seen, question: str, repair: bool) -> Said:
        if not has_nlvr_size(seen.pixels.shape):
            height, width = seen.pixels.shape[1:]
            raise ImageError(f"it reads NLVR's images alone, of 400 x 100 pixels; this one has {width} x {height}")
        with one_at_a_time:
            scene = reader(seen.pixels.permute(1, 2, 0).numpy()[None])[0]
        return Said(ask_scene(scene, question, grammar=NLVR, repair=repair))

    return ask


ASKERS: dict[str, Callable[[Run], Asker]] = {"exact": _exact, "detector": _detector}  # others are networks
