"""torchvision, imported also where its compiled part does not fit torch.

Beside a CPU build of torch, torchvision's extension, which is linked to CUDA, does not load; the import then fails, as
does that of timm and torchmetrics, since two operators that it registers do not exist. Everything else of it works, so
that the two are declared (they still cannot be called) where, and only where, the extension does not bring them: a
second declaration would abort the process.
"""

import importlib
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[torch.library.Library] = []  # an operator is there for as long as the library that declares it


def load_torchvision() -> ModuleType:
    """Import torchvision; call this before anything that imports it (timm, torchmetrics)."""
    if "torchvision" not in sys.modules and not _declared and not _extension_loads():
        library: Any = torch.library
        fragment = library.Library("torchvision", "FRAGMENT")
        for schema in SCHEMAS:
            fragment.define(schema)
        _declared.append(fragment)
    return importlib.import_module("torchvision")


def _extension_loads() -> bool:
    operators: Any = torch.ops
    spec = find_spec("torchvision")
    for folder in (spec and spec.submodule_search_locations) or ():
        for pattern in ("_C*.so", "_C*.pyd"):
            for path in Path(folder).glob(pattern):
                with suppress(ImportError, OSError):
                    operators.load_library(path)
    return hasattr(operators.torchvision, "nms")
