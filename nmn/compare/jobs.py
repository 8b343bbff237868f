"""What there is to run: the systems of a comparison, and every run of each."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from nmn.compare.courses import NLVR, STANDARD, course_of
from nmn.compare.files import PLAN, RESULTS, not_results, place_of, read_json
from nmn.compare.settings import CompareSettings
from nmn.config import build_settings
from nmn.errors import ConfigError
from nmn.models.baselines import kind_of
from nmn.models.build import MODULES
from nmn.training.run import load_settings
from nmn.training.settings import TrainSettings

TUNED_ON = "world"


class Job(NamedTuple):
    """A run of a system: on so many images of a course, with a seed."""

    system: str
    course: str
    images: int
    seed: int

    @property
    def place(self) -> str:
        """Its folder under ``runs``."""
        return place_of(self._asdict())


def systems_of(paths: Sequence[Path]) -> dict[str, TrainSettings]:
    """Return the systems of configuration files by name; raise ConfigError for two of a name, or what is no system."""
    systems: dict[str, TrainSettings] = {}
    for path in paths:
        settings = load_settings(path)
        if settings.name in systems:
            raise ConfigError(f"{path}: there is a system {settings.name} already; give it another name")
        if settings.data != "generated":
            raise ConfigError(f'{path}: systems are compared on data="generated", got {settings.data!r}')
        if settings.model != MODULES:
            kind_of(settings.model)
        systems[settings.name] = settings
    return systems


def systems_there(folder: Path) -> dict[str, TrainSettings]:
    """Return the systems that a comparison in a folder is of; {} where there is none. Raises ConfigError if damaged."""
    path = next((path for name in (PLAN, RESULTS) if (path := folder / name).exists()), None)
    if path is None:
        return {}
    try:
        return {name: build_settings(TrainSettings, one) for name, one in read_json(path)["systems"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise not_results(path, error) from None


def learns_answers(one: TrainSettings) -> bool:
    """Whether a system is trained on questions and answers, not on captions alone."""
    return one.model == MODULES or kind_of(one.model).learns == "answers"


def takes(one: TrainSettings, course: str) -> bool:
    """Whether a course has something to ask a system: of captions, STANDARD alone; of NLVR's panels, over cells."""
    about = course_of(course)
    return (learns_answers(one) or STANDARD in about.tests) and (not about.vision or one.regions == "cells")


def jobs_of(systems: Mapping[str, TrainSettings], settings: CompareSettings) -> Iterator[Job]:
    """Yield all runs: every course with the first seed, with the others, then learning curves."""
    courses = [course for course in settings.courses if course != NLVR or settings.nlvr]
    for seed in range(settings.seeds):
        for course in courses:
            yield from (Job(name, course, settings.images, seed) for name, one in systems.items() if takes(one, course))
    if TUNED_ON in settings.courses:
        sizes = [images for images in settings.curve if images < settings.images]
        answering = [name for name, one in systems.items() if learns_answers(one)]
        yield from (Job(name, TUNED_ON, images, 0) for images in sizes for name in answering)
