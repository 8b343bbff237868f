"""What systems are trained on and then asked: courses, each a training set with its tests.

All generalisation splits are trained for at once, in one course that holds out what each of them does, so that one run
is asked about all of them. ``beside`` is the test on the train side that a test is compared with: it differs from it in
what was held out alone, as far as the splits can be taken apart. Where its families are others, each of them is set
against one whose answers are of the same kind (``alike``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from nmn.config import parse_overrides
from nmn.errors import ConfigError, did_you_mean
from synth_data.config import SynthConfig, load_config
from synth_data.maker import answered_families
from synth_data.splits import CLOSURE_HELD_OUT, CLOSURE_SEEN, ORDERS, PLAIN, SPLITS, STYLES, split_settings

HELD = ",".join(f"{name}:train" for name in ("cogent", "sqoop", "chains", "objects", "counts"))
STANDARD, SEEN, SOLID = "standard", "seen", "solid"
SYNTH = ("pixels=128", "captions=3")  # the size that the proposals that ship know; all systems get the same images
TEST_SEED = 2_000_003  # of tests, which are the same for every system and seed
CHAINED = ("query_related",)  # the family of chains of relations that closure does not hold out
NLVR = "nlvr"
ALIKE = {
    "existence_related": "relation", "query_same": "query", "count_same": "count", "count_related": "count"
}  # fmt: skip
CROWDED = {"families": ("count",), "min_objects": 7, "max_objects": 10}


class Test(NamedTuple):
    """Settings of the generator beside the course's; ``split``: whose test side every example is on.

    ``alike``: for each family the one of the test ``beside`` that it is compared with, where that is another.
    Each question has an image of its own, as it was generated: the text tells nothing of its answer.
    """

    settings: Mapping[str, Any]
    beside: str = ""
    split: str = ""
    alike: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Course:
    """A training set, by its generator's settings, and its tests; ``why`` says what it is for."""

    why: str
    tests: Mapping[str, Test]
    split_side: str = ""
    preset: str = "world"
    synth: tuple[str, ...] = SYNTH
    vision: Mapping[str, Any] | None = None  # changes to systems over cells, of which alone such a course is
    split: str = ""  # of NLVR, whose folder the settings name: its tests' statements


def _held_tests() -> dict[str, Test]:
    seen = {**split_settings(HELD), "families": CLOSURE_SEEN}
    chained = {**seen, **ORDERS, "families": CHAINED}
    allowed = {name: {key: value for key, value in seen.items() if key != name} for name in seen}
    return {
        SEEN: Test(seen),
        "seen chains": Test(chained),
        "seen counts": Test({**seen, **CROWDED}),
        "cogent": Test({**allowed["held_out"], **SPLITS["cogent"].test}, SEEN, "cogent"),
        "sqoop": Test(
            {**allowed["held_out_relations"], **SPLITS["sqoop"].test, **ORDERS, "families": CHAINED},
            "seen chains",
            "sqoop",
        ),
        "chains": Test({**seen, **SPLITS["chains"].test, "families": CHAINED}, "seen chains", "chains"),
        "closure": Test({**seen, "families": CLOSURE_HELD_OUT}, SEEN, "closure", ALIKE),
        "objects": Test({**seen, **SPLITS["objects"].test}, SEEN, "objects"),
        "counts": Test({**seen, **SPLITS["counts"].test, **CROWDED}, "seen counts", "counts"),
    }


COURSES: Mapping[str, Course] = {
    "world": Course(
        "the default world, and the same scenes drawn in other styles",
        {
            STANDARD: Test({}),
            SOLID: Test(PLAIN),
            **{name: Test(style, SOLID if "texture" in style else STANDARD) for name, style in STYLES.items()},
        },
    ),
    "held": Course(
        "six generalisation splits, all held out at once: "
        + "; ".join(f"{name}, {split.why}" for name, split in SPLITS.items()),
        _held_tests(), HELD, synth=(*SYNTH, f"families={','.join(CLOSURE_SEEN)}"),
    ),
    NLVR: Course(
        "NLVR's statements, learned from generated ones and from train1000, and judged on dev",
        {"dev": Test({})}, preset="nlvr", split="dev",
        synth=('relations=["touching", "above", "below", "higher", "lower"]',),
        vision={"widths": (32, 48, 48, 48), "strides": (5, 2, 1, 1), "empty": True, "units": 10.0},
    ),
}  # fmt: skip


def course_of(name: str) -> Course:
    """Return a course; raise ConfigError where there is none of the name."""
    if name not in COURSES:
        raise ConfigError(f'no course "{name}"; there are {", ".join(COURSES)}{did_you_mean(name, COURSES)}')
    return COURSES[name]


def config_of(course: Course, name: str, images: int) -> SynthConfig:
    """Return the generator's configuration for the images of a test."""
    settings = {**parse_overrides(course.synth), **course.tests[name].settings}
    config = load_config(course.preset, **settings, size=images, seed=TEST_SEED)
    return replace(config, families=answered_families(config))
