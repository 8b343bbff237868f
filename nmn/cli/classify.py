"""``nmn classify``: whole images to classes, trained in three regimes, asked, and compared under shifts."""

from pathlib import Path
from typing import Annotated

import typer

from nmn.cli.options import JsonOption
from nmn.cli.printing import print_table, stopped
from nmn.cli.train import Bars
from nmn.errors import ConfigError
from nmn.exits import clear_errors
from nmn.terminal import print_json

ChangesArgument = Annotated[list[str] | None, typer.Argument(help="Settings, key=value each, such as steps=400.")]


@clear_errors
def train(
    out: Annotated[Path, typer.Option(help="The run's folder; a run that is in it already goes on.")],
    changes: ChangesArgument = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file of settings.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Train a classifier on generated images of one shape each.

    regime=scratch: everything is trained, from random weights.

    regime=linear: a linear layer over a backbone that stays as its weights= are.

    regime=finetune: everything, from weights= on.

    backbone=small, alexnet, vgg11 ... vgg19, resnet18 ... resnet152,
    efficientnet_lite0 or timm/NAME; weights= is what it takes, or another
    run's folder. classes=shape, or classes=color,shape.
    """
    from nmn.assembler.trace import percent
    from nmn.checkpoint import NETWORK
    from nmn.training.classify import load_classify_settings, train_classifier
    from nmn.training.run import is_first, silent

    settings = load_classify_settings(config, changes or [])
    bars = Bars()
    try:
        with bars:
            outcome = train_classifier(settings, out, bars if is_first() else silent)
    except KeyboardInterrupt:
        raise stopped(bars.place, out) from None
    if not is_first():
        return
    if as_json:
        print_json({
            "name": settings.name, "regime": settings.regime, "backbone": settings.backbone, "images": settings.images,
            "seconds": outcome.seconds, "held_back": outcome.accuracy, "network": str(out / NETWORK),
            "parts": bars.notes,
        })  # fmt: skip
        return
    typer.echo(f"trained {settings.backbone}, {settings.regime}, in {outcome.seconds:.1f} s")
    for part, note in bars.notes.items():
        typer.echo(f"{part}: {note}")
    assert outcome.accuracy is not None
    typer.echo(f"held-back images: {percent(outcome.accuracy)} right")
    typer.echo(f"ask it: nmn classify image IMAGE --model {out}")


@clear_errors
def image(
    source: Annotated[Path, typer.Argument(metavar="IMAGE", help="An image.")],
    model: Annotated[Path | None, typer.Option(help="A run of nmn classify train: its folder, or its file.")] = None,
    weights: Annotated[
        str, typer.Option(help="CLIP's folder, or name such as openai/clip-vit-base-patch32; or a dual encoder's run.")
    ] = "",
    label: Annotated[list[str] | None, typer.Option(help="The text of a class; with --weights, two or more.")] = None,
    top: Annotated[int, typer.Option(min=1, help="How many classes to show.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Say which classes an image is most probably of.

    By a classifier of ours (--model), or by how near the texts of classes are
    to it, without any training for them (--weights and --label).
    """
    from nmn.assembler.trace import percent
    from nmn.models.classifier import load_classifier
    from nmn.models.image_text import load_image_text, zero_shot
    from nmn.vision.fit import fit
    from nmn.vision.image import load_image

    if (model is None) == (not weights) or bool(weights) != bool(label) or len(label or ()) == 1:
        raise ConfigError("give --model RUN, or --weights with two or more --label TEXT")
    pixels, classes = load_image(source), tuple(label or ())
    if model is None:
        chances = zero_shot(load_image_text(weights), pixels[None], classes)[0]
    else:
        classifier = load_classifier(model)
        side, classes = classifier.settings.pixels, classifier.classes
        chances = classifier.chances(fit(pixels, side, side).pixels[None] / 255)[0]
    likeliest = chances.topk(min(top, len(classes)))
    named = [
        (classes[place], chance)
        for place, chance in zip(likeliest.indices.tolist(), likeliest.values.tolist(), strict=True)
    ]
    if as_json:
        print_json({"image": str(source), "classes": [{"class": name, "chance": chance} for name, chance in named]})
        return
    for name, chance in named:
        typer.echo(f"{name} {percent(chance)}")


@clear_errors
def probe(
    weights: Annotated[
        str,
        typer.Argument(help="CLIP's folder, or name such as openai/clip-vit-base-patch32; or a dual encoder's run."),
    ],
    changes: ChangesArgument = None,
    shots: Annotated[
        list[int] | None, typer.Option(min=1, help="Images of each class to learn from; several may be given.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many draws of images.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Say what an image encoder knows of classes: by texts alone, and by a linear layer over its features.

    Images are generated, of one shape each; the encoder is not changed. Of
    the settings of nmn classify train those of images count: images= to learn
    from, held_back= to ask, as many more to choose the penalty by, classes=,
    pixels=, preset=, synth=, seed=.
    """
    from nmn.evaluation.probe import SHOTS, probe
    from nmn.models.image_text import load_image_text
    from nmn.training.classify import load_classify_settings

    settings, bars = load_classify_settings(None, changes or []), Bars()
    with bars:
        found = probe(
            load_image_text(weights), settings, shots or SHOTS, seeds, lambda at, of: bars("draw", at, of, "")
        )
    if as_json:
        print_json({"weights": weights, **found.to_json()})
        return
    print_table(found.lines())
    typer.echo(f"{found.classes} classes, {settings.held_back:,} held-back images, {seeds} draws: mean and deviation")


@clear_errors
def shifts(
    out: Annotated[Path, typer.Option(help="The folder of the runs; what is in it already is not run again.")],
    changes: ChangesArgument = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.")] = 3,
    count: Annotated[int, typer.Option(min=1, help="Images under each shift.")] = 1_000,
    epsilon: Annotated[float, typer.Option(help="Of the attacks, of values in 0..1; by default 8/255.")] = 8 / 255,
    samples: Annotated[bool, typer.Option("--samples", help="Draw what each system says of some scenes, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare classifiers under shifts: redrawn, outline, textured, noisy, and attacked by FGSM and PGD."""
    from importlib.util import find_spec

    from nmn.evaluation.shift_table import PLOT, RESULTS, TABLE, compare_shifts, draw_samples, plot_shifts
    from nmn.training.classify import load_classify_settings

    bars, settings = Bars(), load_classify_settings(None, changes or [])
    try:
        with bars:
            table = compare_shifts(settings, out, seeds, count, epsilon, bars)
    except KeyboardInterrupt:
        raise stopped(bars.place, out) from None
    if samples:
        draw_samples(settings, out, epsilon)
    drawn = find_spec("matplotlib") is not None
    if drawn:
        plot_shifts(table, out / PLOT)
    if as_json:
        print_json(table.to_json())
        return
    print_table(table.lines())
    typer.echo(f"right, in percent; mean and standard deviation of {seeds} seeds, {count:,} images each")
    written = ", ".join(str(out / name) for name in (RESULTS, TABLE, *([PLOT] if drawn else [])))
    typer.echo(f"written: {written}")
    if not drawn:
        typer.echo('for a plot as well: pip install "nmn-reasoner[plots]"')
