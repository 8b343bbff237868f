"""Shape checks and one Hypothesis profile for every test."""

import os
from pathlib import Path

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

CHECKED = [
    "nmn.assembler.execute",
    "nmn.assembler.trace",
    "nmn.modules.exact",
    "nmn.modules.grid",
    "nmn.modules.logic",
    "nmn.modules.neural",
    "nmn.regions",
    "nmn.training.loss",
    "nmn.vision.backbone",
    "nmn.vision.cache",
    "nmn.vision.cells",
    "nmn.vision.grid",
    "nmn.vision.objects",
    "nmn.vision.pretrained",
    "nmn.vision.proposals",
    "nmn.vision.view",
]
install_import_hook(CHECKED, "beartype.beartype")

settings.register_profile("fixed", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("fixed")


@pytest.fixture
def shapes_folder() -> Path:
    """The real SHAPES files, where the environment variable NMN_DATA names a folder that has them."""
    folder = Path(os.environ.get("NMN_DATA", "")) / "shapes"
    if not (folder / "val.input.npy").exists():
        pytest.skip("SHAPES' files are not here: set NMN_DATA to the folder that holds shapes/")
    return folder


@pytest.fixture(scope="session")
def made_shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in the format of SHAPES' files, of our own making: train.large without images, and val with them."""
    import numpy as np

    from nmn.language import read
    from synth_data.house_styles import render_shapes
    from synth_data.scenes import scenes_for_answers

    folder = tmp_path_factory.mktemp("shapes")
    nouns = ["red shape", "green shape", "blue shape", "circle", "square", "triangle"]
    sides = ["above", "below", "left of", "right of"]
    texts = [f"is a {one} {side} a {other}" for one in nouns for side in sides for other in nouns]
    for split, rounds in (("train.large", 6), ("val", 1)):
        asked = [(text, answer) for text in texts for answer in (True, False)] * rounds
        words = "\n".join(text for text, _ in asked) + "\n"
        (folder / f"{split}.query_str.txt").write_text(words, encoding="utf-8")
        recorded = "\n".join("true" if answer else "false" for _, answer in asked) + "\n"
        (folder / f"{split}.output").write_text(recorded, encoding="utf-8")
        if split == "val":
            layouts = [read(text, "shapes").layout for text, _ in asked]
            scenes = scenes_for_answers(layouts, [answer for _, answer in asked], 7)
            rng = np.random.default_rng(7)
            np.save(folder / "val.input.npy", np.stack([render_shapes(scene, rng) for scene in scenes])[..., ::-1])
    return folder


@pytest.fixture(scope="session")
def shapes_run(made_shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that learned our SHAPES from answers, in a few seconds."""
    from nmn.training.run import load_settings, train

    folder = tmp_path_factory.mktemp("runs") / "shapes"
    changes = [f"folder={made_shapes}", "threads=1", "steps=400"]
    train(load_settings(Path(__file__).parent.parent / "configs" / "shapes.toml", changes), folder)
    return folder


@pytest.fixture(scope="session")
def shapes_picture(made_shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image of our SHAPES, of which "is a red shape above a green shape" is true."""
    import numpy as np
    from PIL import Image

    from nmn.data.shapes import read_questions

    questions, answers = read_questions(made_shapes, "val")
    place = list(zip(questions, answers or [], strict=True)).index(("is a red shape above a green shape", "true"))
    path = tmp_path_factory.mktemp("pictures") / "shapes.png"
    Image.fromarray(np.load(made_shapes / "val.input.npy")[place][..., ::-1]).save(path)
    return path
