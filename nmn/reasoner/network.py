"""Ask questions of images, or run layouts on them, with a network of modules."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

from nmn.answer import LIKELY, Answer, answer_of
from nmn.assembler.execute import Run, execute
from nmn.assembler.plan import plan
from nmn.language import Reading, read
from nmn.layout import Argument, Layout, parse_layout
from nmn.modules.library import check_words
from nmn.modules.read_regions import ReadRegions
from nmn.reasoner.asking import AsksImages
from nmn.reasoner.batches import by_size, check_paired
from nmn.reasoner.named import named

if TYPE_CHECKING:
    from nmn.models.build import Network
    from nmn.vision.image import ImageSource
    from nmn.vision.view import View


class Ran(NamedTuple):
    """A batch that was run: for each of its examples, the number of the question, and the view of its image."""

    run: Run
    asked: list[int]
    views: "list[View]"


class Reasoner(AsksImages):
    """A trained network of modules that answers questions about images, each with the trace of its calls."""

    network: "Network"

    def __init__(self, network: "Network", device: str = "auto", cache: str | Path | None = None) -> None:
        super().__init__(network, device, cache)

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
        return self.run_many([image], [parse_layout(layout) if isinstance(layout, str) else layout])[0]

    def run_many(self, images: Sequence["ImageSource"], layouts: Sequence[Layout]) -> list[Answer]:
        """Run ``layouts[i]`` on ``images[i]``, in batches as ``ask_many`` does."""
        check_paired(images, layouts)
        for layout in layouts:
            check_words(layout, self.network.model.reasoning.library)
        return self._answers(images, layouts, [None] * len(layouts))

    def runs(self, images: Sequence["ImageSource"], layouts: Sequence[Layout]) -> Iterator[Ran]:
        """Run ``layouts[i]`` on ``images[i]``, in batches of one size of image; equal images are read once."""
        from nmn.vision.objects import ObjectVision
        from nmn.vision.view import view_of

        check_paired(images, layouts)
        images = list(images)
        model, settings = self.network.model, self.network.settings
        most = model.vision.proposer.most if isinstance(model.vision, ObjectVision) else None
        one_panel = settings.panels == 1
        longest = settings.panels * settings.pixels + (settings.panels - 1) * settings.gap_px
        for fitted in by_size(images, longest, one_panel and settings.regions == "cells"):
            with torch.inference_mode(), named(images[fitted.asked[0]]):
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
            views = _with_names(run, ran.views)
            for example, (at, view) in enumerate(zip(ran.asked, views, strict=True)):
                answered[at] = answer_of(run, example, readings[at], view)
        return [answered[at] for at in range(len(images))]


def _with_names(run: Run, views: "Sequence[View]") -> "list[View]":
    """Return the views of a run's examples with what their regions are taken for, unless these are cells."""
    if any(view.owners is None for view in views):
        return list(views)
    said, rows = taken_for(run), run.plan.example_images
    return [replace(view, taken_for=said[int(row)][: len(view.boxes)]) for view, row in zip(views, rows, strict=True)]


def taken_for(run: Run) -> list[tuple[str, ...]]:
    """Return what each region of each image is taken for: of every attribute the likeliest value, if it is likely."""
    library, regions = run.library, run.regions
    assert isinstance(regions, ReadRegions)
    truths = regions.truths.transpose(1, 2).cpu()
    said: list[list[list[str]]] = [[[] for _ in image] for image in truths]
    for names in library.values.values():
        chances, best = truths[..., [library.resolve(Argument.VALUE, name) for name in names]].max(-1)
        for image, region in (chances > LIKELY).nonzero().tolist():
            said[image][region].append(names[int(best[image, region])])
    return [tuple(" ".join(words) for words in image) for image in said]
