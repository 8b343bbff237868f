"""Errors that name the file they are about."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nmn.errors import ImageError, SceneError


@contextmanager
def named(source: Any) -> Iterator[None]:
    """Name the file of a scene that is not of the world it is asked in, or of an image that the network cannot see."""
    try:
        yield
    except (SceneError, ImageError) as error:
        raise type(error)(f"{source}: {error}") if isinstance(source, str | Path) else error from None
