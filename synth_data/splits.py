"""Generalisation splits: what is held out of training and is all that the test side has, each with its reason.

A split is two sets of changes to a configuration. ``train`` never shows what ``test`` is made of; ``leaks`` says of one
example whether it belongs on the other side, and is what the tests and users check a dataset with.
"""

import operator
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nmn.errors import ConfigError, did_you_mean
from synth_data.example import Example
from synth_data.phrases import relation_nouns

SIDES = ("train", "test")
HELD_OUT = tuple(f"{color} {shape}" for color, shape in (
    ("red", "square"), ("blue", "circle"), ("green", "triangle"), ("yellow", "cross"), ("purple", "star"),
    ("orange", "ring"), ("cyan", "heart"), ("brown", "pentagon"),
))  # fmt: skip
RELATION_NOUNS = ("left_of square", "right_of circle", "above triangle", "below cross", "left_of star", "above ring")
CLOSURE_HELD_OUT = ("query_same", "count_same", "existence_related", "count_related")
CLOSURE_SEEN = ("existence", "count", "query", "query_related", "same", "relation", "attribute", "superlative",
                "compare_counts", "quantified", "boolean")  # fmt: skip


@dataclass(frozen=True)
class Split:
    """A split: why it is a test of generalisation, the settings of its sides, and what only its test side may show."""

    why: str
    train: Mapping[str, Any]
    test: Mapping[str, Any]
    is_test: Callable[[Example], bool]


def _pairs(example: Example) -> set[str]:
    return {f"{thing.attributes['color']} {thing.attributes['shape']}" for thing in example.scene.objects}


def _most_objects(example: Example) -> int:
    """Return how many objects the fullest panel has, empty cells left out."""
    panels = Counter(thing.panel for thing in example.scene.filled)
    return max(panels.values(), default=0)


def hops(example: Example) -> int:
    """Return the longest chain of relations in an example's layout."""
    depths: list[int] = []
    for call in example.layout.calls:
        below = max([depths[operand] for operand in call.operands], default=0)
        depths.append(below + (call.module == "relate"))
    return max(depths)


CHAINS = {"families": ("existence_related", "count_related", "query_related")}
# others do not chain: three sizes are no four steps, and few things touch or are near each other four times on
ORDERS = {"relations": ("left_of", "right_of", "above", "below")}
SPLITS: dict[str, Split] = {
    "cogent": Split(
        "pairs of a colour and a shape that were never seen together (CLEVR-CoGenT, Johnson et al. 2017, section 4.7)",
        {"held_out": HELD_OUT}, {"required": HELD_OUT}, lambda example: bool(_pairs(example) & set(HELD_OUT)),
    ),
    "sqoop": Split(
        "pairs of a relation and the noun after it that were never read together (SQOOP, Bahdanau et al. 2019)",
        {**CHAINS, "held_out_relations": RELATION_NOUNS}, {**CHAINS, "required_relations": RELATION_NOUNS},
        lambda example: bool(relation_nouns(example.layout) & set(RELATION_NOUNS)),
    ),
    "closure": Split(
        "families of texts whose parts were seen but never so composed (CLOSURE, Bahdanau et al. 2019)",
        {"families": CLOSURE_SEEN}, {"families": CLOSURE_HELD_OUT},
        lambda example: example.family in CLOSURE_HELD_OUT,
    ),
    "chains": Split(
        "longer chains of relations than any in training (productivity, Hupkes et al. 2020)",
        {**CHAINS, **ORDERS, "max_hops": 2}, {**CHAINS, **ORDERS, "min_hops": 3, "max_hops": 4},
        lambda example: hops(example) > 2,
    ),
    "objects": Split(
        "more objects in a scene than in any of training",
        {"min_objects": 3, "max_objects": 6}, {"min_objects": 7, "max_objects": 10},
        lambda example: _most_objects(example) > 6,
    ),
    "counts": Split(
        "larger numbers as answers than any in training, in scenes of the same sizes",
        {"families": ("count",), "max_count": 4, "min_objects": 8, "max_objects": 10},
        {"families": ("count",), "min_count": 5, "max_count": 8, "min_objects": 8, "max_objects": 10},
        lambda example: type(example.answer) is int and example.answer > 4,
    ),
}  # fmt: skip
# what only pictures differ in: the same texts and scenes drawn otherwise (robustness, Hendrycks and Dietterich 2019);
# of a texture that no picture shows nothing is asked
PLAIN: dict[str, Any] = {"textures": ("solid",)}
STYLES: dict[str, Mapping[str, Any]] = {
    "outline": {**PLAIN, "texture": "outlined"},
    "textured": {**PLAIN, "texture": "textured"},
    "noisy": {"noise_sigma": 28.0},
    "hue": {"hue_shift_degrees": 25.0},
    "blurred": {"blur_px": 1.2},
    "rescaled": {"scale": 0.5},
    "background": {"background": "gradient"},
    "jpeg": {"jpeg": (75,)},
}


# what a train side holds out, and how the settings of several are joined; their families are not part of it
HOLDING: Mapping[str, Callable[[Any, Any], Any]] = {
    "held_out": operator.add, "held_out_relations": operator.add, "max_hops": min, "max_count": min, "max_objects": min,
}  # fmt: skip


def split_settings(name: str) -> dict[str, Any]:
    """Return the settings of ``"cogent:train"`` or, of a style, ``"noisy"``; raise ConfigError for an unknown one.

    Of the train sides of several splits, ``"cogent:train,chains:train"``: what each holds out, in all families.
    """
    if "," in name:
        joined: dict[str, Any] = {}
        for one in name.split(","):
            if not one.endswith(":train"):
                raise ConfigError(f'only train sides can be joined, got "{one}"')
            for key, value in split_settings(one).items():
                if key in HOLDING:
                    joined[key] = HOLDING[key](joined[key], value) if key in joined else value
        return joined
    split, _, side = name.partition(":")
    if split in STYLES and not side:
        return dict(STYLES[split])
    if split in STYLES:
        raise ConfigError(f'"{split}" is a style, which has no sides; got "{name}"')
    if split not in SPLITS:
        known = (*SPLITS, *STYLES)
        raise ConfigError(f'no split "{split}"; there are {", ".join(known)}{did_you_mean(split, known)}')
    if side not in SIDES:
        raise ConfigError(f'split "{split}" has the sides {split}:train and {split}:test; got "{name}"')
    return dict(SPLITS[split].train if side == "train" else SPLITS[split].test)


def leaks(example: Example, name: str) -> bool:
    """Whether an example of ``"cogent:train"``, ... belongs on the other side of its split, or of one of several."""
    if "," in name:
        return any(leaks(example, one) for one in name.split(","))
    split, _, side = name.partition(":")
    split_settings(name)
    return SPLITS[split].is_test(example) == (side == "train")
