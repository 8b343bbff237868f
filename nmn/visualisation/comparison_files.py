"""Comparisons as files: pages, pictures and data of two explanations at once."""

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from markupsafe import Markup
from PIL import Image

from nmn.atomic import write_file
from nmn.errors import ConfigError
from nmn.visualisation.comparison import Comparison
from nmn.visualisation.files import format_of
from nmn.visualisation.html import page, section, templates
from nmn.visualisation.png import SCALE, WHITE, explained_picture

WIDE_PX = 1920 * SCALE  # pictures that are wider together stand one above the other


def html_file(comparison: Comparison) -> str:
    """Return a comparison as an HTML file."""
    title = f"{comparison.first.question} - {comparison.second.question}"
    sections = [Markup(section(comparison.first, "first-")), Markup(section(comparison.second, "second-"))]
    body = templates().get_template("comparison.html").render(it=comparison, sections=sections)
    return page(title, body)


def png_file(comparison: Comparison) -> bytes:
    """Return a comparison as a picture: side by side where there is room, else one above the other."""
    pictures = [explained_picture(one) for one in (comparison.first, comparison.second)]
    widths, heights = [picture.width for picture in pictures], [picture.height for picture in pictures]
    beside = sum(widths) <= WIDE_PX
    size = (sum(widths), max(heights)) if beside else (max(widths), sum(heights))
    whole = Image.new("RGB", size, WHITE)
    whole.paste(pictures[0], (0, 0))
    whole.paste(pictures[1], (widths[0], 0) if beside else (0, heights[0]))
    content = io.BytesIO()
    whole.save(content, "PNG", optimize=True)
    return content.getvalue()


def json_file(comparison: Comparison) -> str:
    """Return a comparison as JSON."""
    return json.dumps(comparison.to_json(), indent=1, ensure_ascii=False) + "\n"


FORMATS: Mapping[str, Callable[[Comparison], str | bytes]] = {".html": html_file, ".png": png_file, ".json": json_file}


def write_comparison(path: str | Path, comparison: Comparison) -> None:
    """Write a comparison in the format that the name's ending says; raise ConfigError where it cannot."""
    write_file(Path(path), FORMATS[format_of(Path(path), FORMATS)](comparison), ConfigError)
