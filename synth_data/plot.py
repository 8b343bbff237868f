"""A picture of a dataset's statistics: answers by family, sizes of scenes, shapes and colours, text-only accuracy."""

from pathlib import Path

import numpy as np

from nmn.atomic import write_figure
from nmn.errors import ConfigError, DataError
from synth_data.stats import Stats


def plot_stats(stats: Stats, path: str | Path) -> None:
    """Write the plot; raise ConfigError where matplotlib (extra ``plots``) is not installed."""
    try:
        from matplotlib.figure import Figure  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise ConfigError('plots need matplotlib: pip install "nmn-reasoner[plots]"') from None
    figure = Figure(figsize=(13, 9), layout="constrained")
    answers, scenes, pairs, texts = figure.subplots(2, 2).ravel()
    _answers(answers, stats)
    scenes.bar(list(stats.objects), list(stats.objects.values()), color="#2456b8")
    scenes.set(title="objects a scene", xlabel="objects", ylabel="examples")
    _pairs(pairs, stats)
    _texts(texts, stats)
    write_figure(Path(path), figure, 110, DataError)


def _answers(axes: object, stats: Stats) -> None:
    names = [row.family for row in stats.families]
    left = np.zeros(len(names))
    ranked = [sorted(row.answers.values(), reverse=True) for row in stats.families]
    for place in range(max(map(len, ranked))):
        width = np.array([row[place] if place < len(row) else 0 for row in ranked])
        axes.barh(names, width, left=left, color=f"C{place % 10}")  # type: ignore[attr-defined]
        left += width
    axes.set(title="answers by family, the most frequent first", xlabel="examples")  # type: ignore[attr-defined]


def _pairs(axes: object, stats: Stats) -> None:
    shapes, colors = (sorted({pair[place] for pair in stats.together}) for place in (0, 1))
    counts = np.array([[stats.together.get((shape, color), 0) for color in colors] for shape in shapes])
    axes.imshow(counts, vmin=0, aspect="auto")  # type: ignore[attr-defined]
    axes.set(title="shape and colour together")  # type: ignore[attr-defined]
    axes.set_xticks(range(len(colors)), colors, rotation=60)  # type: ignore[attr-defined]
    axes.set_yticks(range(len(shapes)), shapes)  # type: ignore[attr-defined]


def _texts(axes: object, stats: Stats) -> None:
    names = [row.group for row in stats.text_only]
    places = np.arange(len(names))
    axes.barh(places + 0.2, [row.accuracy for row in stats.text_only], 0.4, label="text only")  # type: ignore[attr-defined]
    axes.barh(places - 0.2, [row.majority for row in stats.text_only], 0.4, label="majority")  # type: ignore[attr-defined]
    axes.set_yticks(places, names)  # type: ignore[attr-defined]
    axes.set(title="what the text alone gives away, held out", xlim=(0, 1))  # type: ignore[attr-defined]
    axes.legend()  # type: ignore[attr-defined]
