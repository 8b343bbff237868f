"""Where the files that ship with the package lie: inside it when installed from a wheel, beside it in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def _folder(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


GRAMMARS = _folder("grammars")
CONFIGS = _folder("configs")
SCENES = _PACKAGE / "scenes"
WEIGHTS = _PACKAGE / "weights"
