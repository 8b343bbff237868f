"""What a configuration says of objects: the values that they may have, as codes, and how large they are drawn."""

from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from nmn.errors import ConfigError
from synth_data.config import SynthConfig
from synth_data.outlines import extent

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
CONFUSED = ("outlined", "circle")  # what looks like a ring


class Codes:
    """Values by code, a position among all values of the lexicon, and what goes with them."""

    def __init__(self, config: SynthConfig) -> None:
        self.config, self.lexicon = config, config.words
        self.attributes = tuple(self.lexicon.attributes)
        self.names = tuple(self.lexicon.attribute_of)
        self.of = {value: code for code, value in enumerate(self.names)}
        self.values = [self._values_of(name) for name in self.attributes]
        self._attributes: dict[tuple[int, ...], MappingProxyType[str, str]] = {}
        self.allowed = self._allowed()
        if not self.allowed.any():
            raise ConfigError("held_out: no pair of a colour and a shape is left")

    def _values_of(self, attribute: str) -> Integers:
        """Return the codes of an attribute's values; where every object has the normal shade none is noted."""
        values = self.config.values(attribute)
        return np.array([-1] if values == ("normal",) else [self.of[value] for value in values])

    @property
    def exact(self) -> bool:
        """Whether every outline fills a square box, as in SHAPES and NLVR."""
        return self.config.style in ("shapes", "nlvr")

    def is_confusing(self, values: Integers) -> bool:
        """Whether an object with these value codes, one for each attribute, would look like another shape."""
        return set(CONFUSED) <= {self.names[code] for code in values if code >= 0}

    def attributes_of(self, codes: tuple[int, ...]) -> MappingProxyType[str, str]:
        """Return the attributes that value codes stand for."""
        found = self._attributes.get(codes)
        if found is None:
            pairs = zip(self.attributes, codes, strict=True)
            named = {name: self.names[code] for name, code in pairs if code >= 0}
            found = self._attributes[codes] = MappingProxyType(named)
        return found

    def place(self, attribute: str) -> int:
        """Return the position of an attribute."""
        return self.attributes.index(attribute)

    def _allowed(self) -> NDArray[np.bool_]:
        """Return [colour code, shape code]: whether an object may have both."""
        count = len(self.of)
        allowed = np.zeros((count, count), bool)
        colors, shapes = self.values[self.place("color")], self.values[self.place("shape")]
        allowed[np.ix_(colors, shapes)] = True
        for pair in self.config.held_out:
            one, other = (self.of[word] for word in pair.split())
            allowed[one, other] = allowed[other, one] = False
        return allowed

    @cached_property
    def extents(self) -> Floats:
        """Return [shape code, degrees]: width and height of an outline whose longest side is 1, turned."""
        table = np.ones((len(self.of), 360, 2))
        if self.exact:
            return table
        for shape in self.config.values("shape"):
            for degrees in range(360) if self.config.rotate else (0,):
                table[self.of[shape], degrees] = extent(shape, float(degrees))
        return table

    @cached_property
    def diameters(self) -> Floats:
        """Return the longest side in pixels by code of size."""
        table = np.full(len(self.of), self.config.size_px[len(self.config.size_px) // 2])
        if "size" in self.attributes:
            names = tuple(self.lexicon.attributes["size"].values)
            if len(names) != len(self.config.size_px):
                raise ConfigError(f"size_px: expected {len(names)} numbers, for {', '.join(names)}")
            for name, pixels in zip(names, self.config.size_px, strict=True):
                table[self.of[name]] = pixels
        return table
