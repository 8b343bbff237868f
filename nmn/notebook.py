"""What notebooks show of layouts, scenes, traces and answers.

IPython asks an object itself for HTML, and what draws it stands far above most of these objects. So this one place
looks the drawing up by name, when it is first asked for; the lower layers know of nothing above them.
"""

import importlib
from pathlib import Path


def html_of(thing: object) -> str:
    """Return a layout, scene, trace or answer as HTML for a notebook, styles of its own kept inside."""
    return str(importlib.import_module("nmn.visualisation.notebook").html_of(thing))


def show(thing: object) -> Path | None:
    """Show a trace or answer: in a notebook below its cell, elsewhere as a page in the browser; return that page."""
    shown: Path | None = importlib.import_module("nmn.visualisation.notebook").show(thing)
    return shown
