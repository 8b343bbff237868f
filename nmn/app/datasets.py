"""A dataset to browse: its examples, asked one by one behind the page's back, and a table of what came of them.

Every example is asked exactly as the page asks it, so that a cell of the table and what opens from it cannot differ.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from nmn.app.answers import answer_json, every_call_agrees
from nmn.app.limits import UNEXPECTED, log
from nmn.app.pictures import Seen, planes
from nmn.app.runs import NLVR, Runs, exact_answer
from nmn.app.scenes import grammar_of, style_of
from nmn.assembler.trace import answer_text
from nmn.data.nlvr import read_nlvr, read_pixels
from nmn.errors import DataError, NmnError
from nmn.layout import Kind
from nmn.vision.image import load_image
from nmn.vision.nlvr_format import has_nlvr_size, nlvr_family, nlvr_scene
from synth_data.config import preset_names
from synth_data.dataset import Dataset, read_dataset
from synth_data.write import MANIFEST

OUTCOMES = ("right", "wrong", "unread", "disagree")
PAGE = 50
TRUTHS = {True: "yes", False: "no", None: None}


@dataclass
class Item:
    """An example: what is asked, how to get its picture, and what came of it once it was asked.

    ``agrees``: every call of the run that was asked is as the exact one; None where nothing exact is known.
    """

    question: str
    family: str
    answer: str | None
    open: Callable[[], Seen]
    said: str | None = None
    exact: str | None = None
    right: bool | None = None
    agrees: bool | None = None
    error: str | None = None

    @property
    def outcome(self) -> str | None:
        """Right, wrong or unread; None where it was not asked yet or no answer is recorded."""
        if self.error is not None:
            return "unread"
        return None if self.right is None else "right" if self.right else "wrong"

    def fits(self, family: str | None, outcome: str | None) -> bool:
        """Whether it is of a family and an outcome, where these are given."""
        if family is not None and family != self.family:
            return False
        return outcome is None or (self.agrees is False if outcome == "disagree" else self.outcome == outcome)

    def to_json(self, number: int) -> dict[str, Any]:
        """Return it as plain JSON data."""
        names = ("question", "family", "answer", "said", "exact", "agrees", "error", "outcome")
        return {"number": number, **{name: getattr(self, name) for name in names}}


@dataclass
class Browsed:
    """A dataset's examples and how many of them were asked."""

    title: str
    run: str
    items: Sequence[Item]
    asked: int = 0

    def ask_next(self, runs: Runs) -> bool:
        """Ask the next example; return whether there was one. What goes wrong is noted, so that the next can follow."""
        if self.asked >= len(self.items):
            return False
        item = self.items[self.asked]
        try:
            seen = item.open()
            exact = None if seen.scene is None else exact_answer(seen, item.question)
            said = runs.ask(self.run, seen, item.question)
            shown = answer_json(said, seen, exact)
            item.said, item.exact = shown["answer"], None if exact is None else str(exact)
            item.agrees = every_call_agrees(shown)
            item.right = None if item.answer is None else item.said == item.answer
            if (
                shown["calls"][-1]["kind"] == Kind.ATTENTION and exact is not None
            ):  # it points at things, which have no one name
                item.right = shown["exact"] is None or shown["exact"]["agrees"]
                item.said = item.answer if item.right else "something else"
        except NmnError as error:
            item.error = str(error).splitlines()[0]
        except Exception:
            log.exception("unexpected error in example %d of %s", self.asked, self.title)
            item.error = UNEXPECTED
        self.asked += 1
        return True

    def table(self) -> dict[str, Any]:
        """Return how many examples of each family came out how, as plain JSON data."""
        rows = []
        for family in dict.fromkeys(item.family for item in self.items):
            own = [item for item in self.items if item.family == family]
            counts = {outcome: sum(item.fits(None, outcome) for item in own) for outcome in OUTCOMES}
            rows.append({"family": family, "examples": len(own), **counts})
        return {"title": self.title, "run": self.run, "examples": len(self.items), "asked": self.asked, "rows": rows}

    def listed(self, family: str | None, outcome: str | None, offset: int) -> dict[str, Any]:
        """Return a page of the examples of a family and an outcome as plain JSON data."""
        found = [(number, item) for number, item in enumerate(self.items) if item.fits(family, outcome)]
        page = [item.to_json(number) for number, item in found[offset : offset + PAGE]]
        return {"total": len(found), "offset": offset, "examples": page}


def browse(directory: Path, run: str | None, most: int) -> Browsed:
    """Open a generated dataset, or a split of NLVR; raise DataError where it is neither.

    ``run``: who is asked, by default what ships for such pictures.
    """
    if (directory / MANIFEST).is_file():
        dataset = read_dataset(directory)
        default = {"world": "world", "nlvr": NLVR}.get(dataset.config.lexicon, "exact")
        items = list(islice(_generated(dataset), most))
        return Browsed(f"{directory.name}: generated, {dataset.config.preset}", run or default, items)
    if (directory / f"{directory.name}.json").is_file() or list(directory.glob("*.json")):
        return Browsed(f"{directory.name}: NLVR", run or NLVR, list(islice(_nlvr(directory), most)))
    raise DataError(
        f"{directory}: no dataset: expected {MANIFEST} of a generated one, or the folder of one of NLVR's splits"
    )


def _generated(dataset: Dataset) -> Iterator[Item]:
    lexicon = dataset.config.lexicon
    preset = dataset.config.preset if dataset.config.preset in preset_names() else style_of(lexicon)
    for shard in dataset.shards:
        images = dataset.images(shard)
        for row, example in enumerate(dataset.examples(shard)):

            def seen(pixels: Any = images[row], scene: Any = example.scene) -> Seen:
                picture = planes(np.asarray(pixels))
                return Seen(picture, picture, scene, lexicon, grammar_of(lexicon), preset)

            yield Item(example.text, example.family, answer_text(example.answer, example.layout.kind), seen)


def _nlvr(folder: Path) -> Iterator[Item]:
    for example in read_nlvr(folder.parent, folder.name).examples:
        path = next((image.path for image in example.images if image.path), None)
        if path is None:
            continue
        known = example.structured_rep if path == example.images[0].path else None  # the others have other orders

        def seen(path: Path = path, structured: Any = known) -> Seen:
            picture = load_image(path)
            if not has_nlvr_size(picture.shape):
                read_pixels(path)  # says which size it should have
            scene = nlvr_scene(structured) if structured else None
            return Seen(picture, picture, scene, NLVR, NLVR, NLVR)

        yield Item(example.sentence, nlvr_family(example.structured_rep), TRUTHS[example.label], seen)
