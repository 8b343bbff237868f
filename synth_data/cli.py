"""The command line of the shape worlds: generate, look at, measure, export and verify datasets."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nmn.exits import FAULTY, clear_errors
from nmn.terminal import advancing, print_json, version_option

if TYPE_CHECKING:
    from synth_data.stats import Stats

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Shape worlds.")

DirectoryArgument = Annotated[Path, typer.Argument(help="A generated dataset's directory.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
WorkersOption = Annotated[int, typer.Option(min=0, help="Processes; 0: one for each core.")]


@app.callback()
def begin(version: Annotated[bool, version_option("synth-data")] = False) -> None:
    """Shape worlds: scenes, images and texts with their layouts and answers."""


@app.command()
@clear_errors
def generate(
    out: Annotated[Path, typer.Option(help="The directory to write, new, empty or of the same dataset.")],
    settings: Annotated[list[str] | None, typer.Argument(help="key=value, changes to the preset.")] = None,
    preset: Annotated[str, typer.Option(help="A preset's name, or a TOML file of settings.")] = "world",
    size: Annotated[int | None, typer.Option(help="Number of examples.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed; the same one gives the same bytes.")] = None,
    split: Annotated[str | None, typer.Option(help="A generalisation split and its side, such as cogent:test.")] = None,
    workers: WorkersOption = 0,
    engine: Annotated[str, typer.Option(help="local, or ray for a cluster.")] = "local",
    as_json: JsonOption = False,
) -> None:
    """Generate a dataset, or what is missing of it."""
    from nmn.config import parse_overrides
    from synth_data.config import load_config
    from synth_data.splits import split_settings
    from synth_data.write import write_dataset

    given = {key: value for key, value in (("size", size), ("seed", seed)) if value is not None}
    changes = split_settings(split) if split else {}
    config = load_config(preset, **{**changes, **parse_overrides(settings or []), **given})
    try:
        with advancing("generating", config.size, as_json) as report:
            write_dataset(config, out, workers or os.cpu_count() or 1, engine, report)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("interrupted; the same command goes on from the shards that are finished") from None
    if as_json:
        print_json({"directory": str(out), "examples": config.size, "preset": config.preset, "seed": config.seed})
    else:
        typer.echo(f"{config.size:,} examples in {out}")


@app.command()
@clear_errors
def preview(
    directory: DirectoryArgument,
    out: Annotated[Path, typer.Option(help="The picture to write, .png or .jpg.")] = Path("sheet.png"),
    rows: Annotated[int, typer.Option(min=1, max=50)] = 4,
    columns: Annotated[int, typer.Option(min=1, max=12)] = 5,
    as_json: JsonOption = False,
) -> None:
    """Write a contact sheet: pictures with their texts and answers."""
    from synth_data.dataset import read_dataset
    from synth_data.preview import sheet

    sheet(read_dataset(directory), out, rows, columns)
    if as_json:
        print_json({"out": str(out)})
    else:
        typer.echo(str(out))


@app.command()
@clear_errors
def stats(
    directory: DirectoryArgument,
    plot: Annotated[Path | None, typer.Option(help="Write a plot too (extra plots).")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show families, answers, lengths, what goes together, and what the text alone gives away."""
    from synth_data.dataset import read_dataset
    from synth_data.stats import collect

    found = collect(read_dataset(directory))
    if plot:
        from synth_data.plot import plot_stats

        plot_stats(found, plot)
    if as_json:
        print_json(found.to_json())
    else:
        print_stats(found)


@app.command()
@clear_errors
def export(
    directory: DirectoryArgument,
    out: Annotated[Path, typer.Option(help="The directory to write, new or empty.")],
    format: Annotated[str, typer.Option(help="nlvr, pairs, shapes, clevr, coco or parquet.")],
    split: Annotated[str, typer.Option(help="The split's name in the files.")] = "train",
    as_json: JsonOption = False,
) -> None:
    """Write a dataset in another format."""
    from synth_data.dataset import read_dataset
    from synth_data.export import export_dataset

    dataset = read_dataset(directory)
    with advancing("exporting", dataset.config.size, as_json) as report:
        written = export_dataset(dataset, out, format, split, report)
    if as_json:
        print_json({"examples": written, "out": str(out)})
    else:
        typer.echo(f"{written:,} examples in {out}")


@app.command()
@clear_errors
def verify(directory: DirectoryArgument, workers: WorkersOption = 0, as_json: JsonOption = False) -> None:
    """Re-derive every label by the reference semantics; check layouts, traces and checksums; exit 1 for faults."""
    from synth_data.dataset import read_dataset
    from synth_data.verify import verify as find_faults

    total = read_dataset(directory).config.size
    with advancing("verifying", total, as_json) as report:
        faults = find_faults(directory, workers or os.cpu_count() or 1, report)
    if as_json:
        print_json({"examples": total, "faults": [{"number": fault.number, "what": fault.what} for fault in faults]})
    else:
        for fault in faults[:20]:
            typer.echo(f"example {fault.number}: {fault.what}")
        typer.echo(f"{total:,} examples, {len(faults):,} faults")
    if faults:
        raise typer.Exit(FAULTY)


@app.command()
@clear_errors
def evaluate(
    scene: Annotated[Path, typer.Argument(help="A scene's JSON file.")],
    layout: Annotated[str, typer.Argument(help="A layout's text, such as count(find\\[red]).")],
    as_json: JsonOption = False,
) -> None:
    """Evaluate a layout on a scene by the slow reference semantics, without the executor."""
    from nmn.layout import parse_layout
    from nmn.lexicon import load_lexicon
    from nmn.scene import read_scene
    from synth_data.reference import evaluate as evaluate_layout

    graph = read_scene(scene)
    value = evaluate_layout(parse_layout(layout), graph, load_lexicon(graph.world))
    typer.echo(json.dumps({"answer": value}) if as_json else str(value))


def print_stats(found: "Stats") -> None:
    """Print the tables of a dataset's statistics."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title=f"{found.examples:,} examples")
    for name in ("family", "examples", "words", "calls", "majority"):
        table.add_column(name, no_wrap=True)  # so that what is too wide for a terminal is the answers
    table.add_column("answers", overflow="fold")
    for row in found.families:
        answers = ", ".join(f"{answer} {count}" for answer, count in list(row.answers.items())[:6])
        more = ", ..." if len(row.answers) > 6 else ""
        numbers = f"{row.examples:,}", f"{row.words:.1f}", f"{row.calls:.1f}", f"{100 * row.majority:.1f} %"
        table.add_row(row.family, *numbers, answers + more)
    console.print(table)
    table = Table("answer by the text alone", "held out", "accuracy", "majority", "gain in points")
    for known in found.text_only:
        percents = f"{100 * known.accuracy:.1f} %", f"{100 * known.majority:.1f} %", f"{known.gain:+.1f}"
        table.add_row(known.group, f"{known.held_out:,}", *percents)
    console.print(table)
    shapes, colors = (sorted({pair[place] for pair in found.together}) for place in (0, 1))
    widest = 3 + max([len(name) for name in (*shapes, *colors)], default=0)  # a column with its border
    fitting = max(1, (console.width - widest - 1) // widest)
    for start in range(0, len(colors), fitting):
        some = colors[start : start + fitting]
        table = Table(title="shape and colour together")
        for name in ("objects", *some):
            table.add_column(name, overflow="fold")
        for shape in shapes:
            table.add_row(shape, *(f"{found.together.get((shape, color), 0):,}" for color in some))
        console.print(table)
    if found.ways:
        console.print("false texts: " + ", ".join(f"{way} {count:,}" for way, count in sorted(found.ways.items())))
    console.print("objects a scene: " + ", ".join(f"{count}: {scenes:,}" for count, scenes in found.objects.items()))


def main() -> None:
    """Run the command line."""
    app()
