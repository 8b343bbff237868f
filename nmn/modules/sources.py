"""What a library must know of the world: the values of regions, and the matrices over pairs of regions."""

from abc import ABC, abstractmethod
from typing import Protocol

from jaxtyping import Float
from torch import Tensor

from nmn.modules import logic
from nmn.modules.group import Group


class Sources(Protocol):
    """What a library must know of the world; each function takes the group with its arguments."""

    def find(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return which regions have the value that the argument names."""

    def relate(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return which regions stand in the relation to at least one region of the operand."""

    def relate_every(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return which regions stand in the relation to every other region of the operand."""

    def relate_count(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return which regions stand in the relation to at least as many of the operand as the number says."""

    def same(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return which regions share the attribute's value with another of the operand."""

    def superlative(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return the members of the operand that none of them comes before."""

    def ordinal(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return the members of the operand with the rank that the number says."""

    def between(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return which regions lie between a region of the first operand and another of the second."""

    def by_distance(self, group: Group, sign: int) -> Float[Tensor, "calls regions"]:
        """Return the members of the first operand nearest to (1), farthest from (-1) some region of the second."""

    def side(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return which regions touch the side of their panel that the argument names."""

    def near_side(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return which regions come near the side of their panel that the argument names."""

    def panel(self, group: Group) -> Float[Tensor, "calls panels"]:
        """Return which of the panels that a call sees are extreme in the order of the superlative."""

    def values(self, group: Group) -> Float[Tensor, "calls values regions"]:
        """Return which regions have each value of the attribute, zeros beyond its last value."""


class OfPairs(ABC):
    """The modules of Sources that a matrix of pairs for each call makes."""

    @abstractmethod
    def relation(self, group: Group) -> Float[Tensor, "calls others regions"]:
        """Return which regions stand in the relation to which others."""

    @abstractmethod
    def before(self, group: Group) -> Float[Tensor, "calls others regions"]:
        """Return which others come before which regions in the order of the superlative."""

    @abstractmethod
    def alike(self, group: Group) -> Float[Tensor, "calls others regions"]:
        """Return which others share the attribute's value with which regions; 0 on the diagonal."""

    def ranked(self, group: Group) -> Float[Tensor, "calls regions"]:
        """Return the first operand less the regions that have no place in the order of the superlative."""
        return group.operands[0]

    def relate_every(self, group: Group) -> Tensor:
        """Return ``logic.relate_every``."""
        return logic.relate_every(self.relation(group), group.operands[0], group.mask)

    def relate_count(self, group: Group) -> Tensor:
        """Return ``logic.relate_count``."""
        return logic.relate_count(self.relation(group), group.mask, *group.operands)

    def same(self, group: Group) -> Tensor:
        """Return ``logic.relate`` of regions that are alike."""
        return logic.relate(self.alike(group), *group.operands)

    def superlative(self, group: Group) -> Tensor:
        """Return ``logic.superlative``."""
        return logic.superlative(self.before(group), self.ranked(group))

    def ordinal(self, group: Group) -> Tensor:
        """Return ``logic.ordinal``."""
        return logic.ordinal(self.before(group), self.ranked(group), group.operands[1])
