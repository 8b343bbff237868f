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
