"""Where the files that ship with the package lie: inside it when installed from a wheel, beside it in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_INSIDE = _PACKAGE / "grammars"

GRAMMARS = _INSIDE if _INSIDE.is_dir() else _PACKAGE.parent / "grammars"
SCENES = _PACKAGE / "scenes"
WEIGHTS = _PACKAGE / "weights"
