"""``nmn parse`` and ``nmn ask``: what a question means, and its answer with the trace."""

from pathlib import Path
from typing import Annotated

import typer

from nmn.cli.options import MODEL_HELP, GrammarOption, JsonOption, LexiconOption, RepairOption, clear_errors
from nmn.cli.printing import box_name, layout_tree, print_answer, print_json, print_rich, say_ambiguity, say_repairs
from nmn.errors import ConfigError


@clear_errors
def parse(
    question: Annotated[str, typer.Argument(help="A question, statement, caption or referring expression.")],
    grammar: GrammarOption = "world",
    lexicon: LexiconOption = None,
    as_json: JsonOption = False,
    dot: Annotated[bool, typer.Option("--dot", help="Print a Graphviz digraph.")] = False,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Print a Mermaid flowchart.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Print every reading, the preferred first.")] = False,
    repair: RepairOption = True,
) -> None:
    """Show the layout of a question, as text and as a tree."""
    from nmn.language import read_all
    from nmn.layout import to_dot, to_mermaid

    found = read_all(question, grammar, lexicon=lexicon, repair=repair)
    shown = found.readings if every else found.readings[:1]
    if as_json:
        readings = [reading.to_json() for reading in shown]
        print_json({"question": question, "readings": readings, "ambiguous": len(found.readings) > 1, "cut": found.cut})
    elif dot or mermaid:
        typer.echo("\n".join((to_dot if dot else to_mermaid)(reading.layout) for reading in shown), nl=False)
    else:
        say_repairs(found.readings[0])
        for reading in shown:
            typer.echo(str(reading.layout))
            print_rich(layout_tree(reading.layout))
        say_ambiguity(found, every)


@clear_errors
def ask(
    source: Annotated[Path, typer.Argument(help="An image, or a scene's JSON file.")],
    question: Annotated[str, typer.Argument(help="What to ask.")],
    model: Annotated[str | None, typer.Option(help=f"{MODEL_HELP} For images; by default the world's.")] = None,
    grammar: Annotated[
        str | None, typer.Option(help="The question language; by default the scene's or model's.")
    ] = None,
    lexicon: Annotated[str | None, typer.Option(help="Of a scene: a lexicon's name or TOML file.")] = None,
    trace: Annotated[Path | None, typer.Option(help="Write a picture of the trace, a PNG file.")] = None,
    as_json: JsonOption = False,
    repair: RepairOption = True,
) -> None:
    """Answer a question about an image with a trained network, or about a scene exactly, and show the trace.

    With --grammar nlvr the image is one of NLVR's: a detector reads its scene, and the statement is judged exactly.
    """
    scene = None
    if _is_scene(source):
        from nmn.reasoner import ask_scene
        from nmn.scene import read_scene

        if model is not None:
            raise ConfigError("--model is for images; a scene is answered exactly, by no model")
        scene = read_scene(source)
        answer = ask_scene(scene, question, grammar=grammar, lexicon=lexicon, repair=repair)
        names = [str(thing) for thing in scene.objects]
    elif grammar == "nlvr":
        from nmn.reasoner import ask_scene, nlvr_reader
        from nmn.vision.image import load_image

        pixels = load_image(source).permute(1, 2, 0).numpy()
        scene = nlvr_reader(model or "nlvr")(pixels[None])[0]
        answer = ask_scene(scene, question, grammar=grammar, lexicon=lexicon, repair=repair)
        names = [str(thing) for thing in scene.objects]
    else:
        from nmn.reasoner import load

        if lexicon is not None:
            raise ConfigError("--lexicon is for scenes; what words mean of an image is in the model")
        answer = load(model).ask(source, question, grammar=grammar, repair=repair)
        assert answer.view is not None
        names = [box_name(box) for box in answer.view.boxes.tolist()]
    if as_json:
        print_json({"question": question, **answer.to_json()})
    else:
        print_answer(answer, names)
    if trace:
        from nmn.visualisation.png import answer_picture, write_picture

        write_picture(trace, answer_picture(answer, question, scene))


def _is_scene(path: Path) -> bool:
    """Return whether a file is, by its name or its first character, JSON; a scene then, else an image."""
    try:
        with path.open("rb") as file:
            start = file.read(64).lstrip() if path.is_file() else b""
    except (OSError, ValueError):
        start = b""
    return path.suffix.lower() == ".json" or start.startswith(b"{")
