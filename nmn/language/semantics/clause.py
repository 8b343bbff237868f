"""One clause in the making, as the pieces of a sentence fill it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nmn.language.syntax.phrases import Joined, Modifier, Phrase
from nmn.layout import Layout

if TYPE_CHECKING:
    from nmn.language.semantics.panels import Scope


@dataclass
class Clause:
    """One clause in the making: its subjects, its predicate (a phrase for anything, with modifiers) or its truth.

    ``scope``: the panels that it is asked of; ``place``: where all its subjects are, said before them; ``plural``: the
    number of its verb, of an inverted clause; ``either``: its subjects are "a red or a blue circle", joined as one.
    """

    kind: str
    conjunction: str = "and"
    subjects: list[Joined] = field(default_factory=list)
    predicate: Phrase | None = None
    negated: bool = False
    truth: Layout | None = None
    scope: "Scope | None" = None
    place: Modifier | None = None
    plural: bool | None = None
    either: bool = False

    @property
    def last(self) -> Phrase:
        """What a joined piece goes on with: the predicate, or else the last of the subjects."""
        return self.subjects[-1].phrase if self.predicate is None else self.predicate

    @last.setter
    def last(self, phrase: Phrase) -> None:
        if self.predicate is None:
            self.subjects[-1] = Joined(self.subjects[-1].conjunction, phrase)
        else:
            self.predicate = phrase
