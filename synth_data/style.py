"""How scenes look: colours, backgrounds, and what a style shift changes (outline only, textured, noisy, ...)."""

import colorsys
import re
from dataclasses import dataclass
from functools import lru_cache

from nmn.errors import ConfigError, did_you_mean
from synth_data.config import SynthConfig

Rgb = tuple[int, int, int]
COLORS: dict[str, Rgb] = {
    "red": (222, 36, 38), "green": (22, 150, 52), "blue": (28, 72, 226), "yellow": (250, 226, 32),
    "orange": (255, 134, 0), "purple": (116, 36, 168), "pink": (255, 158, 196), "brown": (122, 66, 24),
    "black": (0, 0, 0), "white": (255, 255, 255), "gray": (104, 104, 104), "cyan": (40, 216, 232),
    "magenta": (236, 20, 190),
}  # fmt: skip
BACKGROUND: Rgb = (186, 193, 202)
GAP: Rgb = (128, 128, 128)  # between panels
BACKGROUNDS = ("default", "gradient")
DARK, LIGHT = 0.55, 0.45  # a dark shade keeps that part of the colour; a light one goes that part of the way to white


@dataclass(frozen=True)
class Style:
    """How to draw: background (a name of BACKGROUNDS or COLORS, or #rrggbb), noise in grey levels, blur in pixels, ...

    ``outline_only`` and ``random_textures`` draw objects with another texture than they have. ``rescale`` below 1 draws
    a smaller picture and enlarges it.
    """

    background: str = "default"
    noise_sigma: float = 0.0
    blur_px: float = 0.0
    hue_shift: float = 0.0
    outline_only: bool = False
    random_textures: bool = False
    rescale: float = 1.0

    def __post_init__(self) -> None:
        background_color(self.background)

    @property
    def random(self) -> bool:
        """Whether drawing takes a generator."""
        return self.noise_sigma > 0 or self.random_textures


def style_of(config: SynthConfig) -> Style:
    """Return the style that a configuration asks for."""
    return Style(
        config.background, config.noise_sigma, config.blur_px, config.hue_shift, config.outline_only,
        config.random_textures, config.rescale,
    )  # fmt: skip


def background_color(name: str) -> Rgb:
    """Return the colour of a background; raise ConfigError for an unknown one."""
    if name in BACKGROUNDS:
        return BACKGROUND
    if name in COLORS:
        return COLORS[name]
    if re.fullmatch(r"#[0-9a-fA-F]{6}", name):
        return int(name[1:3], 16), int(name[3:5], 16), int(name[5:7], 16)
    known = (*BACKGROUNDS, *COLORS)
    raise ConfigError(
        f'background: expected a colour, #rrggbb or {" or ".join(BACKGROUNDS)}; got "{name}"{did_you_mean(name, known)}'
    )


@lru_cache(maxsize=1000)
def object_color(color: str, shade: str = "normal", hue_shift: float = 0.0) -> Rgb:
    """Return what an object's colour and shade look like, its hue turned by some degrees; an unknown colour is gray."""
    red, green, blue = (part / 255 for part in COLORS.get(color, COLORS["gray"]))
    if shade == "dark":
        red, green, blue = red * DARK, green * DARK, blue * DARK
    elif shade == "light":
        red, green, blue = (part + (1 - part) * LIGHT for part in (red, green, blue))
    if hue_shift:
        hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
        red, green, blue = colorsys.hsv_to_rgb((hue + hue_shift / 360) % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)
