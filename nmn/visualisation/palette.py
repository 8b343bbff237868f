"""Colours, by what they are for, in light and dark; of every kind of value its fill and its border."""

from collections.abc import Mapping

from nmn.layout import Kind

Color = tuple[int, int, int]

LIGHT: Mapping[str, Color] = {
    "page": (255, 255, 255), "ink": (28, 32, 40), "quiet": (84, 90, 101), "line": (112, 118, 130),
    "answer": (0, 84, 156), "careful": (168, 62, 0), "differs": (182, 20, 44), "agrees": (22, 104, 56),
    "attention": (248, 249, 251), "attention-border": (150, 158, 174),
    "panels": (240, 248, 248), "panels-border": (70, 146, 152),
    "number": (245, 241, 252), "number-border": (138, 108, 198),
    "attribute": (253, 245, 234), "attribute-border": (200, 138, 52),
    "truth": (238, 247, 239), "truth-border": (84, 152, 94),
}  # fmt: skip
DARK: Mapping[str, Color] = {
    "page": (22, 24, 29), "ink": (234, 237, 242), "quiet": (172, 179, 191), "line": (132, 139, 152),
    "answer": (122, 190, 255), "careful": (255, 170, 104), "differs": (255, 138, 148), "agrees": (130, 214, 150),
    "attention": (33, 36, 43), "attention-border": (112, 119, 134),
    "panels": (26, 42, 44), "panels-border": (86, 164, 170),
    "number": (39, 34, 54), "number-border": (158, 132, 216),
    "attribute": (50, 40, 26), "attribute-border": (216, 160, 84),
    "truth": (28, 44, 32), "truth-border": (104, 172, 114),
}  # fmt: skip
TONES = {"plain": "quiet", "words": "quiet", "strong": "ink", "value": "ink"}  # of texts whose tone is no colour's name


def tone_color(tone: str) -> str:
    """Return the name of the colour that words of a tone have."""
    return TONES.get(tone, tone)


def fill_and_border(kind: Kind) -> tuple[str, str]:
    """Return the names of the colours of a node of a kind."""
    return str(kind), f"{kind}-border"


def css(colors: Mapping[str, Color]) -> str:
    """Return colours as custom properties of CSS."""
    return "".join(f"--{name}:rgb({red} {green} {blue});" for name, (red, green, blue) in colors.items())
