"""Pictures of a comparison: accuracy by family, the gap of each split and style, and accuracy by number of examples."""

from pathlib import Path
from typing import Any

import numpy as np

from nmn.atomic import write_figure
from nmn.compare.courses import COURSES, SEEN, STANDARD
from nmn.compare.tables import SPLITS_COURSE, STYLES_COURSE, Results, by_family, curve, gap, ranked, runs_of
from nmn.errors import ConfigError

FAMILIES, CURVES = "families.png", "curves.png"
# by the course of its tests, and what they are compared with
GAPS = {
    "splits.png": (SPLITS_COURSE, "without what was held out"),
    "styles.png": (STYLES_COURSE, "in the default style"),
}
MARKS = "osD^vP*X<>hd8p"


def write_plots(results: Results, folder: Path) -> list[Path]:
    """Write the plots that the results are enough for; raise ConfigError where matplotlib is not installed."""
    systems = ranked(results) or ranked(results, SPLITS_COURSE, SEEN)
    gaps = {name: _gaps(results, systems, *told) for name, told in GAPS.items()}
    drawn = {FAMILIES: _families(results, systems), **gaps, CURVES: _curves(results, systems)}
    written = []
    for name, plot in drawn.items():
        if plot is not None:
            path = folder / name
            write_figure(path, plot, 90, ConfigError)
            written.append(path)
    return written


def _figure(width: float, height: float) -> Any:
    try:
        from matplotlib.figure import Figure  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise ConfigError('plots need matplotlib: pip install "nmn-reasoner[plots]"') from None
    return Figure(figsize=(width, height), layout="constrained")


def _heat(values: Any, rows: list[str], columns: list[str], title: str, **colours: Any) -> Any:
    """Return a table of numbers as colours, each with its number."""
    plot = _figure(2.6 + 0.62 * len(columns), 1.9 + 0.34 * len(rows))
    axes = plot.subplots()
    axes.imshow(values, aspect="auto", **colours)
    axes.set_xticks(range(len(columns)), columns, rotation=40, ha="right")
    axes.set_yticks(range(len(rows)), rows)
    low, high = colours["vmin"], colours["vmax"]
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            dark = not 0.25 < (value - low) / (high - low) < 0.75 if low < 0 else (value - low) / (high - low) < 0.5
            axes.text(
                column, row, f"{round(value)}", ha="center", va="center", color="white" if dark else "black", size=8
            )
    axes.set_title(title, size=10)
    return plot


def _families(results: Results, systems: list[str]) -> Any:
    told = {name: by_family(runs_of(results, name, STYLES_COURSE), STANDARD) for name in reversed(systems)}
    families = sorted({family for one in told.values() for family in one})
    if not families:
        return None
    values = np.array([[one[family].mean if family in one else np.nan for family in families] for one in told.values()])
    title = f"percentage right by family, the default world, {_steps(results)}"
    return _heat(values, list(told), families, title, vmin=0, vmax=100, cmap="viridis")


def _gaps(results: Results, systems: list[str], course: str, beside: str) -> Any:
    tests = [name for name, test in COURSES[course].tests.items() if test.beside]
    told = {name: runs_of(results, name, course) for name in reversed(systems)}
    values = np.array([[gap(runs, course, name).mean for name in tests] for runs in told.values()])
    asked = np.isfinite(values).any(0)
    if not asked.any():
        return None
    columns = [name for name, there in zip(tests, asked, strict=True) if there]
    title = f"points above (below: -) the same questions\n{beside}, {_steps(results)}"
    return _heat(values[:, asked], list(told), columns, title, vmin=-50, vmax=50, cmap="RdBu")


def _curves(results: Results, systems: list[str]) -> Any:
    told = {name: curve(results, name) for name in reversed(systems)}
    if max((len(points) for points in told.values()), default=0) < 2:
        return None
    plot = _figure(8.5, 5)
    from matplotlib import colormaps  # type: ignore[import-not-found,unused-ignore]

    colours = [colormaps["tab20"](place) for place in (*range(0, 20, 2), *range(1, 20, 2))]  # the dark ones first
    axes = plot.subplots()
    for number, (name, points) in enumerate(told.items()):
        axes.plot(*zip(*points, strict=True), marker=MARKS[number % len(MARKS)], color=colours[number % len(colours)],
                  label=name, clip_on=False, zorder=3)  # fmt: skip
    axes.set(xscale="log", xlabel="questions learned from, at most", ylabel="% right, default world, first seed")
    axes.set_title(f"{_steps(results)} at most", size=10)
    axes.set_ylim(0, 100)
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=9)
    return plot


def _steps(results: Results) -> str:
    return f"{results['settings']['steps']:,} steps"
