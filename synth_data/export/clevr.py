"""CLEVR_v1.0's layout (Johnson et al. 2017); our texture stands for its material.

Scenes keep the values, and questions the words, of the dataset's lexicon, which are not CLEVR's: from the images a
network that knows them answers (``nmn evaluate clevr --images``), but as scenes of CLEVR they are refused.

::

    images/SPLIT/CLEVR_SPLIT_000000.png
    scenes/CLEVR_SPLIT_scenes.json
    questions/CLEVR_SPLIT_questions.json    with gold programs, where CLEVR's functions can say it

Depth is our y axis: what is below is in front. Which pairs are left, right, in front and behind is what the dataset's
lexicon says of left_of, right_of, below and above, its margin included, so that a program gives the recorded answer.
"""

from itertools import chain
from pathlib import Path
from typing import Any

from nmn.errors import ConfigError
from nmn.scene import SceneObject
from synth_data.dataset import Dataset
from synth_data.example import Answer, Example
from synth_data.export.files import Shards, json_lists, png_bytes
from synth_data.export.programs import RELATIONS, program
from synth_data.maker import ALL_FAMILIES
from synth_data.picture import Pixels
from synth_data.reference import World

ATTRIBUTES = {"size": "size", "color": "color", "texture": "material", "shape": "shape", "shade": "shade"}
NEEDED = ("size", "color", "texture", "shape")
DIRECTIONS = {"left": [-1, 0, 0], "right": [1, 0, 0], "front": [0, 1, 0], "behind": [0, -1, 0]}


def write_clevr(dataset: Dataset, root: Path, split: str, shards: Shards) -> int:
    """Write the examples that are answered by a word, a number, yes or no; return how many.

    Raises ConfigError where objects lack an attribute that CLEVR's have, or the lexicon a relation.
    """
    _check(dataset)
    (root / "images" / split).mkdir(parents=True)
    info = {"split": split, "license": "none", "version": "1.0", "date": "", "families": list(ALL_FAMILIES)}
    written = 0
    with (
        json_lists(root / "scenes" / f"CLEVR_{split}_scenes.json", "scenes", info=info) as add_scene,
        json_lists(root / "questions" / f"CLEVR_{split}_questions.json", "questions", info=info) as add_question,
    ):
        for example, pixels in chain.from_iterable(shards):
            if isinstance(example.answer, tuple):
                continue
            name = f"CLEVR_{split}_{written:06d}.png"
            (root / "images" / split / name).write_bytes(png_bytes(pixels))
            image = {"split": split, "image_index": written, "image_filename": name}
            add_scene("scenes", image | _scene(example, pixels, dataset))
            add_question("questions", image | {"question_index": written} | _question(example, dataset))
            written += 1
    return written


def _check(dataset: Dataset) -> None:
    words = dataset.config.words
    lacking = [name for name in NEEDED if name not in words.attributes]
    lacking += [name for name in RELATIONS if name not in words.relations]
    if lacking:
        raise ConfigError(f"clevr: the lexicon {words.name} has no {', '.join(lacking)}, which CLEVR's scenes need")


def _scene(example: Example, pixels: Pixels, dataset: Dataset) -> dict[str, Any]:
    world = World(example.scene, dataset.config.words)
    things = range(len(example.scene.objects))
    relationships = {
        theirs: [[other for other in things if world.related(other, ours, thing)] for thing in things]
        for ours, theirs in RELATIONS.items()
    }
    scale = pixels.shape[1] / example.scene.width
    objects = [_object(thing, scale) for thing in example.scene.objects]
    return {"objects": objects, "relationships": relationships, "directions": DIRECTIONS}


def _object(thing: SceneObject, scale: float) -> dict[str, Any]:
    left, top, right, bottom = thing.box
    x, y = (left + right) / 2, (top + bottom) / 2
    place = {"pixel_coords": [x * scale, y * scale, 0.0], "3d_coords": [x, y, 0.0], "rotation": thing.rotation}
    values = {theirs: thing.attributes[ours] for ours, theirs in ATTRIBUTES.items() if ours in thing.attributes}
    return {**values, **place}


def _question(example: Example, dataset: Dataset) -> dict[str, Any]:
    gold = program(example.layout, dataset.config.words)
    return {
        "question": example.text,
        "answer": _answer(example.answer),
        "question_family_index": ALL_FAMILIES.index(example.family),
        **({"program": gold} if gold else {}),
    }


def _answer(answer: Answer) -> str:
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return str(answer)
