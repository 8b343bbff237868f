"""Where a network goes wrong, as a page or as data."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from markupsafe import Markup

from nmn.atomic import write_file
from nmn.errors import ConfigError
from nmn.evaluation.errors import Errors
from nmn.visualisation.files import format_of
from nmn.visualisation.html import page, section, templates


def html_file(errors: Errors, name: str) -> str:
    """Return a page about the errors of a network of that name."""
    shown = [(worst, Markup(section(worst.explanation, f"worst{at}-"))) for at, worst in enumerate(errors.worst)]
    body = templates().get_template("errors.html").render(it=errors, name=name, sections=shown)
    return page(f"Where {name} goes wrong", body)


def json_file(errors: Errors, name: str) -> str:
    """Return the errors of a network of that name as JSON."""
    return json.dumps({"model": name, **errors.to_json()}, indent=1, ensure_ascii=False) + "\n"


FORMATS: Mapping[str, Callable[[Errors, str], str]] = {".html": html_file, ".json": json_file}


def write_errors(path: Path, errors: Errors, name: str) -> None:
    """Write errors in the format that the name's ending says; raise ConfigError where it cannot."""
    write_file(path, FORMATS[format_of(path, FORMATS)](errors, name), ConfigError)
