"""Every number of a comparison; ``configs/compare/sizes/*.toml`` give them by name, the same for every system."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nmn.compare.courses import course_of
from nmn.config import build_settings, parse_overrides, read_settings
from nmn.errors import ConfigError, did_you_mean
from nmn.resources import CONFIGS

SIZES = CONFIGS / "compare" / "sizes"
GROWING = ("seeds", "courses", "curve", "threads", "nlvr")  # what a comparison that goes on may have more of


@dataclass(frozen=True)
class CompareSettings:
    """What each system is given.

    Tuning is the same for all: the first ``tuning_steps`` of a run with the first seed at each of ``rates``; the one
    that gets most of the held-back questions right then (of captioners: words foreseen) is used in every course and
    with every seed. A shorter run, whole, would favour rates too high for a long one, as its own falls sooner; of
    pretraining, which comes before those steps, it is a shorter one.
    """

    seeds: int = 1
    courses: tuple[str, ...] = ("world", "held", "nlvr")
    images: int = 500  # of training, each with up to
    each: int = 8  # questions, and three captions and as many that are denied
    steps: int = 400
    looks: int = 8  # at held-back questions in a run, of which the best is kept
    passes: int = 100  # over the images, at most: of a learning curve's few images, fewer steps
    pretraining_steps: int = 200  # of systems that are trained on captions first
    batch: int = 16  # images a step, with all that is asked of them
    rates: tuple[float, ...] = (3e-3, 1e-3)
    tuning_steps: int = 100
    held_back: int = 300  # images, by whose questions rates, steps and thresholds are chosen, and nothing else
    questions: int = 400  # of each test, each about an image of its own
    curve: tuple[int, ...] = ()  # numbers of images, for learning curves with the first seed on the course "world"
    cell_scenes: int = 2_000  # that the backbone of all systems over cells learns from, before it is frozen
    cell_steps: int = 600
    timed: int = 64  # questions that are asked from pixels and texts to see how many a second are answered
    nlvr: str = ""  # the folder of NLVR's splits; without one the course "nlvr" is left out
    threads: int = 1

    def __post_init__(self) -> None:
        for name, low, high in (
            ("seeds", 1, 1000), ("images", 4, 10**7), ("each", 1, 100), ("steps", 1, 10**7), ("passes", 1, 10**6),
            ("looks", 0, 10**6), ("batch", 1, 65536), ("pretraining_steps", 1, 10**7), ("tuning_steps", 1, 10**7),
            ("held_back", 4, 10**6), ("timed", 1, 10**6), ("questions", 16, 10**6), ("cell_scenes", 4, 10**7),
            ("cell_steps", 1, 10**7), ("threads", 0, 1024),
        ):  # fmt: skip
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"{name}: expected {low:,} to {high:,}, got {getattr(self, name)}")
        if not self.rates or min(self.rates) <= 0:
            raise ConfigError(f"rates: expected one or more above 0, got {list(self.rates)}")
        if any(number < 4 for number in self.curve):
            raise ConfigError(f"curve: expected numbers of images, 4 or more, got {list(self.curve)}")
        for name in self.courses:
            course_of(name)


def size_settings(size: str, changes: Sequence[str] = ()) -> CompareSettings:
    """Return the settings of a size that ships, or of a TOML file, with changes, ``key=value`` each.

    >>> size_settings("small", ["seeds=2"]).seeds
    2
    """
    path = Path(size) if size.endswith(".toml") else SIZES / f"{size}.toml"
    if not path.is_file():
        known = sorted(file.stem for file in SIZES.glob("*.toml"))
        raise ConfigError(f'no size "{size}"; there are {", ".join(known)}{did_you_mean(size, known)}')
    return build_settings(CompareSettings, read_settings(path, CompareSettings), parse_overrides(changes))
