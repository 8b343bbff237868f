"""The calls of one step, which a module answers together."""

from collections.abc import Callable
from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from nmn.layout import Kind
from nmn.regions import Regions


@dataclass(frozen=True, slots=True)
class Group:
    """The calls of one step: image, view and argument of each, and the values of their operands.

    ``view``: 0 for the whole image, 1 + p for its panel p alone; None where all are 0.

    ``argument`` is what ``Library.resolve`` made of the word: an index into the library's values, relations, ..., or
    the number itself. ``width`` is the length of every number's distribution in this run. ``kind`` is that of the
    calls' values. ``words`` and ``sizes``: see ``Step``.
    """

    regions: Regions
    image: Int[Tensor, " calls"]
    view: Int[Tensor, " calls"] | None
    argument: Int[Tensor, " calls"]
    operands: tuple[Tensor, ...]
    width: int
    kind: Kind
    words: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()

    @property
    def mask(self) -> Float[Tensor, "calls regions"]:
        """The truth that there is something in each region of what each call sees; 0 for the others and for padding."""
        if self.view is None:
            return self.regions.presence[self.image]
        return self.regions.seen[self.image, self.view]

    @property
    def panel_mask(self) -> Float[Tensor, "calls panels"]:
        """1 for each panel of what each call sees, 0 for the others and for padding."""
        return self.regions.seen_panels[self.image, 0 if self.view is None else self.view]

    @property
    def members(self) -> Float[Tensor, "calls panels regions"]:
        """1 for each region of each panel of each call's image."""
        return self.regions.panels.members[self.image].to(self.regions.features.dtype)


Module = Callable[[Group], Tensor]
