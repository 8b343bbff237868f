"""A figure of several runs or draws, as its mean and its spread."""

from dataclasses import dataclass
from statistics import mean, stdev

MISSING = "-"


@dataclass(frozen=True)
class Spread:
    """The values of a figure, in percent, one a run.

    >>> str(Spread((50.0, 52.0))), str(Spread((7.25,))), str(Spread(()))
    ('51.0 ± 1.4', '7.2', '-')
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Their mean; of none, nan."""
        return mean(self.values) if self.values else float("nan")

    @property
    def deviation(self) -> float:
        """Their standard deviation, of a sample; of one, 0."""
        return stdev(self.values) if len(self.values) > 1 else 0.0

    def __str__(self) -> str:
        if not self.values:
            return MISSING
        return f"{self.mean:.1f} ± {self.deviation:.1f}" if len(self.values) > 1 else f"{self.mean:.1f}"
