"""Where the files that ship with the package lie: inside it when installed from a wheel, beside it in a checkout."""

from pathlib import Path

_INSIDE = Path(__file__).parent / "grammars"

GRAMMARS = _INSIDE if _INSIDE.is_dir() else Path(__file__).parent.parent / "grammars"
