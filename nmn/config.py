"""Settings as frozen dataclasses: read from TOML, changed by ``key=value``, written back as they were resolved.

A setting is a field of a dataclass; its annotation says what it may be (bool, int, float, str or a tuple of str, int
or float). Unknown keys and wrong types are errors that name the key and the nearest known one.
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from nmn.errors import ConfigError, NmnError, did_you_mean
from nmn.resources import CONFIGS

Settings = TypeVar("Settings")


def config_file(name: str | Path) -> Path:
    """Return the file that a path, or the name of a configuration that ships, means.

    >>> config_file("shapes").name
    'shapes.toml'
    """
    path = Path(name)
    if path.is_file():
        return path
    for folder in (CONFIGS, CONFIGS / "compare"):
        shipped = folder / f"{name}.toml"
        if shipped.parent == folder and shipped.is_file():
            return shipped
    known = sorted(file.stem for pattern in ("*.toml", "compare/*.toml") for file in CONFIGS.glob(pattern))
    named = ", ".join(known) + did_you_mean(str(name), known)
    raise ConfigError(f"{name}: no such file, and no configuration that ships; those are {named}")


def read_settings(path: str | Path, cls: type[Any]) -> dict[str, Any]:
    """Read settings of a dataclass from a TOML file; raise ConfigError naming the file, and the key at fault."""
    found = read_toml(path, ConfigError)
    if not found:
        raise ConfigError(f"{path}: no setting in it, so it says nothing; {_listed(_names(cls))}")
    try:
        return _merged(cls, [found])
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def read_toml(path: str | Path, refused: type[NmnError]) -> dict[str, Any]:
    """Return the tables of a TOML file; raise ``refused`` naming it where that cannot be read."""
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:  # ValueError: of UTF-8, of TOML, of too long an integer
        raise refused(f"{path}: not a readable TOML file: {error}") from None


def read_object(path: Path, what: str, advice: str = "") -> dict[str, Any]:
    """Return the object of a JSON file that we wrote; raise ConfigError where it is not ``what`` it should be."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: not {what}: {error}{advice}") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: not {what}{advice}")
    return found


def parse_overrides(pairs: Sequence[str], elsewhere: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """Return ``["size=10", "name=a", "tags=b,c"]`` as settings; a value that is no TOML is text.

    ``elsewhere``: keys that are not set here, and what is given instead. Raises ConfigError.

    >>> parse_overrides(["size=10", "colors=red,blue", "shapes=[]"])
    {'size': 10, 'colors': 'red,blue', 'shapes': []}
    """
    settings: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"expected key=value, got {pair!r}")
        if instead := elsewhere.get(key.strip()):
            raise ConfigError(f"{pair}: is not set here; {instead}")
        try:
            settings[key.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            settings[key.strip()] = value.strip()
    return settings


def build_settings(cls: type[Settings], *layers: Mapping[str, Any]) -> Settings:
    """Build the dataclass from layers of settings, later ones over earlier ones; raise ConfigError naming the key."""
    return cls(**_merged(cls, layers))


def settings_json(settings: Any) -> dict[str, Any]:
    """Return the resolved settings as plain JSON data, which ``build_settings`` reads back."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(settings).items()}


def with_usual(known: Mapping[str, Any], cls: type[Any]) -> dict[str, Any]:
    """Return settings that were written as JSON data, with the defaults of those that there are since then."""
    return settings_json(cls()) | dict(known)


def _merged(cls: type[Any], layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    hints, known = get_type_hints(cls), _names(cls)
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            if key not in known:
                raise ConfigError(f'unknown setting "{key}"{did_you_mean(key, known) or "; " + _listed(known)}')
            merged[key] = _converted(key, value, hints[key])
    return merged


def _names(cls: type[Any]) -> list[str]:
    return [entry.name for entry in fields(cls)]


def _listed(names: Sequence[str]) -> str:
    return "there are " + ", ".join(names)


def _converted(key: str, value: Any, wanted: Any) -> Any:
    if get_origin(wanted) is tuple:
        inner = get_args(wanted)[0]
        listed = [part for part in value.split(",") if part] if isinstance(value, str) else value
        listed = listed if isinstance(listed, (list, tuple)) else [listed]
        return tuple(_converted(key, part.strip() if isinstance(part, str) else part, inner) for part in listed)
    if wanted in (int, float) and isinstance(value, str):
        value = _number(value)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, wanted) or (wanted is not bool and isinstance(value, bool)):
        names = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
        raise ConfigError(f"{key}: expected {names[wanted]}, got {value!r}")
    return value


def _number(text: str) -> Any:
    """Return the number that a text is, or the text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
