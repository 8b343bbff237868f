"""Every number of the generator in one frozen dataclass, and the presets: one TOML file each, beside this file."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from nmn.config import build_settings, read_settings
from nmn.errors import ConfigError, SceneError, did_you_mean, listed
from nmn.language.grammar import grammar_names
from nmn.lexicon import Lexicon, load_lexicon, whole_text
from synth_data.outlines import SHAPES
from synth_data.style import COLORS, Style

PRESETS = Path(__file__).parent / "presets"
PLACEMENTS = ("free", "grid")
IMAGES = ("npy", "png", "none")
STYLES = ("world", "shapes", "nlvr")
MAX_SCENE_OBJECTS = 20
VALUE_FIELDS = {"shapes": "shape", "colors": "color", "sizes": "size", "textures": "texture", "shades": "shade"}


@dataclass(frozen=True)
class SynthConfig:
    """What is generated; a dataset is a function of this, ``size`` and ``seed`` among it.

    Lengths are pixels of the scene, ``width`` x ``height`` of one panel; the longer side of an image has ``pixels``
    pixels. Empty lists of values mean all that the lexicon has. ``unsure_px`` is the margin of three-valued truth.
    """

    preset: str = "world"
    size: int = 1000
    seed: int = 0
    # scenes
    lexicon: str = "world"
    grammar: str = "world"
    width: int = 64
    height: int = 64
    panels: int = 1
    panel_gap: int = 0  # pixels between panels
    placement: str = "free"
    grid: int = 3
    fill: float = 0.8  # of the cells of a grid
    empty_cells: bool = False  # cells without an object are things of the scene too, which have no attributes
    min_objects: int = 3  # in a panel
    max_objects: int = 8
    gap_px: float = 2.5  # least distance between two objects that do not touch
    touching: float = 0.0  # chance that an object is put against another
    contact_px: float = 0.0  # distance of two objects that touch
    walls: float = 0.0  # chance that an object is put against a wall of its panel
    step_px: float = 0.25  # coordinates are multiples of it
    overlap: float = 0.0  # chance that an object is put over another; what hides what is then part of the scene
    likeness: float = 0.0  # chance that an object takes a value from its scene's first, where no text wishes otherwise
    shapes: tuple[str, ...] = ()
    colors: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    textures: tuple[str, ...] = ()
    shades: tuple[str, ...] = ()
    size_px: tuple[float, ...] = (9.0, 13.0, 18.0)  # longest side of the values of size, in the lexicon's order
    size_jitter: float = 0.1  # part of it, up or down
    rotate: bool = False
    held_out: tuple[str, ...] = ()  # such as "red circle": pairs of a colour and a shape that no object has
    required: tuple[str, ...] = ()  # pairs of which every scene has one
    # texts
    families: tuple[str, ...] = ()
    relations: tuple[str, ...] = ("left_of", "right_of", "above", "below")
    max_hops: int = 2
    min_hops: int = 1
    max_count: int = 5
    min_count: int = 0
    held_out_relations: tuple[str, ...] = ()  # such as "above square": pairs of a relation and the noun after it
    required_relations: tuple[str, ...] = ()  # pairs of which every text has one
    draws: int = 8  # scenes drawn for a text at once, among which the answers are found
    unsure_px: float = 1.5
    contrast: bool = False  # four examples a text: two texts that differ in one word, two scenes in one object
    captions: int = 0  # captions of every image
    # images
    style: str = "world"
    pixels: int = 64
    images: str = "npy"
    masks: bool = False
    background: str = "slate"
    backgrounds: tuple[str, ...] = ()  # one of these for each picture, by chance, instead of ``background``
    noise_sigma: float = 0.0
    blur_px: float = 0.0
    hue_shift_degrees: float = 0.0
    texture: str = ""  # drawn instead of the objects' own; "textured": any
    scale: float = 1.0
    jpeg: tuple[int, ...] = ()  # one of these qualities for each picture, by chance, to be stored at; 0: not as a JPEG
    # files
    shard_size: int = 1000

    def __post_init__(self) -> None:
        for name, known in (("placement", PLACEMENTS), ("images", IMAGES), ("style", STYLES)):
            if (value := getattr(self, name)) not in known:
                raise ConfigError(f"{name}: expected one of {', '.join(known)}; got {value!r}")
        self._check_numbers()
        try:
            _ = self.drawings
        except SceneError as error:
            raise ConfigError(str(error)) from None
        lexicon = load_lexicon(self.lexicon)
        for key, attribute in VALUE_FIELDS.items():
            known_values: Any = lexicon.attributes[attribute].values if attribute in lexicon.attributes else {}
            for value in getattr(self, key):
                if value not in known_values:
                    raise ConfigError(
                        f'{key}: the lexicon {lexicon.name} has no {attribute} "{value}"{_nearest(value, known_values)}'
                    )
            if len(set(getattr(self, key))) < len(getattr(self, key)):
                raise ConfigError(f"{key}: a value stands there twice")
        self._check_shown(lexicon)
        self._check_pairs(lexicon)
        for value in self.relations:
            if value not in lexicon.relations:
                raise ConfigError(f'relations: unknown relation "{value}"{_nearest(value, lexicon.relations)}')
            if not lexicon.relations[value].words:
                raise ConfigError(f'relations: "{value}" has verbs alone; give it words too, such as "next to"')

    def _check_shown(self, lexicon: Lexicon) -> None:
        """Raise ConfigError for attributes and values that no picture shows, or that texts have no word for."""
        if strange := set(lexicon.attributes) - set(VALUE_FIELDS.values()):
            raise ConfigError(
                f"lexicon: {lexicon.name} has attributes that no picture shows: {listed(sorted(strange))}"
            )
        drawn = {"color": COLORS, "shape": SHAPES} if self.style == "world" else {}
        for name, attribute in lexicon.attributes.items():
            for value in self.values(name):
                if value not in (known := drawn.get(name, attribute.values)):
                    raise ConfigError(
                        f'{name}s: no {name} "{value}" can be drawn{did_you_mean(value, known)}; leave it out by'
                        f" {name}s=, or give it one of the names {', '.join(known)}"
                    )
                if all(" " in word for word in attribute.values[value]):
                    raise ConfigError(f'lexicon: {name} "{value}" has no word of one part, which texts are made of')

    def _check_pairs(self, lexicon: Lexicon) -> None:
        for key in ("held_out", "required"):
            for pair in getattr(self, key):
                words = pair.split()
                if [lexicon.attribute_of.get(word) for word in words] != ["color", "shape"]:
                    raise ConfigError(f'{key}: expected pairs such as "red circle", got {pair!r}')
                if key == "required" and (words[0] not in self.values("color") or words[1] not in self.values("shape")):
                    raise ConfigError(f"required: no object can be a {pair}: it is not among colors and shapes")
        if both := set(self.held_out) & set(self.required):
            raise ConfigError(f"required: {min(both)} is held_out too")
        for key in ("held_out_relations", "required_relations"):
            for pair in getattr(self, key):
                words = pair.split()
                if len(words) != 2 or words[0] not in lexicon.relations or words[1] not in lexicon.attribute_of:
                    raise ConfigError(f'{key}: expected pairs such as "above square", got {pair!r}')

    @cached_property
    def drawings(self) -> tuple[Style, ...]:
        """The styles that pictures are drawn in, each by the same chance."""
        return tuple(
            Style(
                background=background, noise_sigma=self.noise_sigma, blur_px=self.blur_px,
                hue_shift_degrees=self.hue_shift_degrees, texture=self.texture or None, scale=self.scale,
                jpeg=quality,
            )
            for background in self.backgrounds or (self.background,)
            for quality in self.jpeg or (0,)
        )  # fmt: skip

    def _check_numbers(self) -> None:
        ranges: dict[str, tuple[float, float]] = {
            "size": (1, 10**9), "width": (16, 1024), "height": (16, 1024), "panels": (1, 9), "panel_gap": (0, 512),
            "grid": (2, 16), "fill": (0.05, 1), "min_objects": (1, MAX_SCENE_OBJECTS),
            "max_objects": (1, MAX_SCENE_OBJECTS), "gap_px": (0, 64), "contact_px": (0, 8), "walls": (0, 1),
            "step_px": (0.03125, 4), "touching": (0, 1), "overlap": (0, 1), "likeness": (0, 1), "size_jitter": (0, 0.5),
            "max_hops": (1, 8), "min_hops": (1, 8), "max_count": (1, MAX_SCENE_OBJECTS),
            "min_count": (0, MAX_SCENE_OBJECTS), "draws": (2, 256), "unsure_px": (0, 16), "captions": (0, 10),
            "pixels": (30, 512), "shard_size": (4, 10**6), "seed": (0, 2**63),
        }  # fmt: skip
        for name, (low, high) in ranges.items():
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"{name}: expected {low} to {high}, got {getattr(self, name)}")
        if not self.size_px or not all(0.5 <= size <= max(self.width, self.height) for size in self.size_px):
            raise ConfigError(f"size_px: expected lengths of 0.5 px to the side of a panel, got {list(self.size_px)}")
        if self.grammar not in grammar_names():
            raise ConfigError(f'grammar: unknown grammar "{self.grammar}"{_nearest(self.grammar, grammar_names())}')
        if self.min_count > self.max_objects:
            raise ConfigError(f"min_count {self.min_count} is above max_objects {self.max_objects}")
        if self.contrast and (self.overlap or self.placement == "grid" or self.required):
            raise ConfigError(
                "contrast: objects are changed one by one, so overlap, a grid and required pairs do not go with it"
            )
        if self.empty_cells and self.placement != "grid":
            raise ConfigError(f"empty_cells: cells are those of a grid; got placement={self.placement}")
        if self.placement == "grid" and self.max_objects > self.grid**2:
            cells = f"a grid of {self.grid} x {self.grid} cells holds {self.grid**2} objects at most"
            raise ConfigError(f"max_objects: {cells}, got {self.max_objects}")
        if self.contrast and self.shard_size % 4:
            raise ConfigError(f"shard_size: contrast makes groups of four, so a multiple of 4; got {self.shard_size}")
        for low_name, high_name in (
            ("min_objects", "max_objects"),
            ("min_hops", "max_hops"),
            ("min_count", "max_count"),
        ):
            if getattr(self, low_name) > getattr(self, high_name):
                raise ConfigError(
                    f"{low_name} {getattr(self, low_name)} is above {high_name} {getattr(self, high_name)}"
                )

    @property
    def words(self) -> Lexicon:
        """The lexicon that it names."""
        return load_lexicon(self.lexicon)

    def values(self, attribute: str) -> tuple[str, ...]:
        """Return the values of an attribute that objects may have."""
        key = next((key for key, name in VALUE_FIELDS.items() if name == attribute), None)
        return (getattr(self, key) if key else ()) or tuple(self.words.attributes[attribute].values)


def preset_names() -> list[str]:
    """Return the names of the presets."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def load_config(preset: str = "world", **settings: Any) -> SynthConfig:
    """Return a preset's settings with changes; raise ConfigError for an unknown preset, key or value.

    ``preset`` may also be the path of a TOML file, which may name another preset to start from. Of a lexicon
    that is a file, what it says is kept: what is made with it can be read without the file.
    """
    config = build_settings(SynthConfig, *_layers(preset), settings)
    return replace(config, lexicon=whole_text(config.lexicon))


def _layers(preset: str) -> list[Mapping[str, Any]]:
    if preset.endswith(".toml"):
        settings = read_settings(preset, SynthConfig)
        return [*_layers(str(settings.get("preset", "world"))), settings]
    if preset not in preset_names():
        known = preset_names()
        raise ConfigError(f'no preset "{preset}"; there are {", ".join(known)}{did_you_mean(preset, known)}')
    return [{"preset": preset}, read_settings(PRESETS / f"{preset}.toml", SynthConfig)]


def _nearest(word: str, known: Any) -> str:
    return did_you_mean(word, known) or ("; there are " + ", ".join(known) if known else "")
