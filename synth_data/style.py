"""How a picture of a scene looks: its colours, background, textures and disturbances.

The same scene in other styles is a test of what a model has learnt: ``Style(noise_sigma=20)``, ``Style(blur_px=1)``,
``Style(hue_shift_degrees=25)``, ``Style(outline_only=True)``. Neither renderer holds a colour or a length of its own.

Distances between any two of the 13 colours, each in its three shades, and the background are at least 20 in CIELAB
(about ten just noticeable differences); ``tests/test_render.py`` measures it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from nmn.errors import SceneError, did_you_mean

RGB = tuple[int, int, int]
SHADES = ("dark", "normal", "light")
TEXTURES = ("solid", "striped", "dotted", "outlined")
ANY_TEXTURE = "textured"
# in the shades dark, normal, light
COLORS: dict[str, tuple[RGB, RGB, RGB]] = {
    "red": ((150, 8, 20), (224, 24, 34), (255, 92, 88)),
    "green": ((8, 98, 24), (24, 158, 44), (118, 212, 112)),
    "blue": ((10, 24, 150), (30, 66, 238), (100, 142, 255)),
    "yellow": ((178, 156, 0), (248, 222, 12), (255, 244, 130)),
    "orange": ((200, 90, 0), (255, 138, 10), (255, 184, 96)),
    "purple": ((78, 14, 121), (130, 40, 190), (172, 112, 232)),
    "pink": ((214, 120, 150), (255, 160, 190), (255, 204, 223)),
    "brown": ((72, 36, 10), (124, 70, 26), (168, 118, 72)),
    "black": ((0, 0, 0), (21, 21, 21), (35, 35, 35)),
    "white": ((219, 219, 219), (237, 237, 237), (255, 255, 255)),
    "gray": ((92, 92, 92), (127, 127, 127), (163, 163, 163)),
    "cyan": ((0, 140, 150), (0, 208, 216), (150, 242, 244)),
    "magenta": ((156, 0, 120), (230, 0, 180), (248, 96, 222)),
}
SLATE: RGB = (59, 61, 87)
# backgrounds with names of their own, at least 20 in CIELAB from every colour in its normal shade
PAPERS: dict[str, RGB] = {
    "slate": SLATE,
    "moss": (59, 87, 61),
    "pine": (45, 75, 70),
    "plum": (90, 70, 85),
    "sand": (200, 190, 160),
}
BETWEEN_PANELS: RGB = (128, 132, 148)
PATTERNS = ("noise", "gradient")  # backgrounds that are no single colour; about SLATE
PATTERN_SIGMA = 16.0  # grey levels, of the background "noise"
GRADIENT = 0.35  # the background "gradient" goes from 1 - this to 1 + this times SLATE, top to bottom
MAX_BLUR_PX, MAX_SIGMA, MAX_ANTIALIAS = 16.0, 128.0, 8
SCALES = (0.125, 4.0)

# lengths of a texture: so many pixels of an image of 64, or so large a part of the object's longer side if that is more
RIM = {"outlined": (0.8, 0.075), "striped": (0.45, 0.045), "dotted": (0.45, 0.045)}
PITCH = {"striped": (4.6, 0.28), "dotted": (3.3, 0.25)}  # along a row of pixels
DOT = 0.32  # a dot's radius, of the pitch


@dataclass(frozen=True, slots=True)
class Style:
    """One way to draw scenes.

    ``background`` is one of PAPERS, the name of a colour, (red, green, blue), "noise" or "gradient"; ``gap`` is what
    lies between panels. ``noise_sigma`` is in grey levels; ``blur_px`` is a Gaussian's sigma, in pixels of the picture;
    ``hue_shift_degrees`` turns the hue of every object's colour. ``texture`` is given to every object instead of its
    own, "textured" gives each one at random; ``outline_only`` is the same as texture "outlined". With ``scale``, the
    picture is drawn at so many times its size and resized to it, as one that was stored smaller (or larger). ``jpeg``
    is the quality, 1 to 100, of a JPEG that the picture is stored as and read from again; 0: of none.
    ``antialias`` is the number of samples per pixel and axis. Raises SceneError for values out of range.
    """

    background: str | RGB = "slate"
    gap: RGB = BETWEEN_PANELS
    noise_sigma: float = 0.0
    blur_px: float = 0.0
    hue_shift_degrees: float = 0.0
    outline_only: bool = False
    texture: str | None = None
    scale: float = 1.0
    jpeg: int = 0
    antialias: int = 4

    def __post_init__(self) -> None:
        if isinstance(self.background, str):
            known = (*PAPERS, *PATTERNS, *COLORS)
            _check(self.background in known, f'no background "{self.background}"', did_you_mean(self.background, known))
        else:
            object.__setattr__(self, "background", _rgb("background", self.background))
        object.__setattr__(self, "gap", _rgb("gap", self.gap))
        for name, low, high in (
            ("noise_sigma", 0.0, MAX_SIGMA),
            ("blur_px", 0.0, MAX_BLUR_PX),
            ("hue_shift_degrees", -360.0, 360.0),
            ("scale", *SCALES),
        ):
            value = getattr(self, name)
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            _check(is_number and low <= value <= high, f"{name} is a number from {low:g} to {high:g}, got {value!r}")
        for name, least, most in (("antialias", 1, MAX_ANTIALIAS), ("jpeg", 0, 100)):
            value = getattr(self, name)
            is_whole = type(value) is int and least <= value <= most
            _check(is_whole, f"{name} is a whole number from {least} to {most}, got {value!r}")
        textures = (*TEXTURES, ANY_TEXTURE)
        if self.texture is not None:
            _check(self.texture in textures, f'no texture "{self.texture}"', did_you_mean(str(self.texture), textures))
        _check(not (self.outline_only and self.texture), "outline_only is a texture: give only one of the two")

    @property
    def random(self) -> bool:
        """Whether a picture differs from draw to draw, so that drawing one needs a random generator."""
        return self.noise_sigma > 0 or self.background == "noise" or self.texture == ANY_TEXTURE

    @property
    def paper(self) -> RGB:
        """The background's (mean) colour, which also fills what a texture leaves open."""
        if not isinstance(self.background, str):
            return self.background
        return COLORS[self.background][1] if self.background in COLORS else PAPERS.get(self.background, SLATE)

    def ink(self, attributes: Mapping[str, str]) -> RGB:
        """Return the colour of an object with these attributes; raise SceneError for one that is not known."""
        color, shade = attributes.get("color"), attributes.get("shade", "normal")
        if color not in COLORS or shade not in SHADES:
            raise SceneError(_unknown(color, shade))
        return inks(self.hue_shift_degrees)[color, shade]

    def texture_of(self, attributes: Mapping[str, str]) -> str:
        """Return the texture of an object: its own, unless the style gives one ("textured": left to the caller)."""
        texture = "outlined" if self.outline_only else self.texture or attributes.get("texture", "solid")
        if texture not in TEXTURES and texture != ANY_TEXTURE:
            raise SceneError(f'no texture "{texture}"{did_you_mean(texture, TEXTURES)}')
        return texture


@lru_cache(maxsize=32)
def inks(hue_shift_degrees: float) -> dict[tuple[str, str], RGB]:
    """Return the colour of every (color, shade), its hue turned about the grey axis."""
    return {
        (color, shade): _turned(rgb, hue_shift_degrees)
        for color, shades in COLORS.items()
        for shade, rgb in zip(SHADES, shades, strict=True)
    }


def length_px(rule: tuple[float, float], side_px: float, unit_px: float) -> float:
    """Return a texture's length in pixels for an object of ``side_px`` where ``unit_px`` is 1/64 of the image."""
    return max(rule[0] * unit_px, rule[1] * side_px)


def dot_row_px(pitch_px: float) -> float:
    """Return the distance between rows of dots, 7/8 of that within a row, in whole quarters of a pixel."""
    return round(3.5 * pitch_px) / 4


def _turned(rgb: RGB, degrees: float) -> RGB:
    """Turn a colour about the axis from black to white, by Rodrigues' formula."""
    if not degrees:
        return rgb
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    red, green, blue = rgb
    along = (red + green + blue) / 3 * (1 - cos)
    cross = (blue - green, red - blue, green - red)
    values = [cos * own + sin * other / math.sqrt(3) + along for own, other in zip(rgb, cross, strict=True)]
    red, green, blue = (round(min(255, max(0, value))) for value in values)
    return red, green, blue


def _rgb(name: str, value: object) -> RGB:
    numbers = list(value) if isinstance(value, (tuple, list)) else []
    is_rgb = len(numbers) == 3 and all(type(number) is int and 0 <= number <= 255 for number in numbers)
    _check(is_rgb, f"{name} is (red, green, blue), whole numbers from 0 to 255; got {value!r}")
    return numbers[0], numbers[1], numbers[2]


def _check(fine: bool, message: str, hint: str = "") -> None:
    if not fine:
        raise SceneError(f"style: {message}{hint}")


def _unknown(color: str | None, shade: str) -> str:
    if color is None:
        return "no color is given"
    if color not in COLORS:
        return f'no color "{color}"{did_you_mean(color, COLORS)}'
    return f'no shade "{shade}"{did_you_mean(shade, SHADES)}'
