"""``nmn caption``: what a trained captioner says of an image, and where it looked for each word."""

from pathlib import Path
from typing import Annotated

import typer

from nmn.cli.options import JsonOption
from nmn.exits import clear_errors
from nmn.terminal import print_json


@clear_errors
def caption(
    image: Annotated[Path, typer.Argument(help="An image.")],
    model: Annotated[str, typer.Option(help="A trained captioner: a run's folder or a file.")],
    way: Annotated[str, typer.Option(help="How the words are found: greedy, beam or sampled.")] = "beam",
    width: Annotated[int, typer.Option(min=1, max=1000, help="Of the beam.")] = 3,
    seed: Annotated[int, typer.Option(help="Of what is drawn.")] = 0,
    picture: Annotated[Path | None, typer.Option(help="Draw the attention of each word, a PNG file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what an image shows, by a captioner that `nmn train captioner` or `attention_captioner` made."""
    from nmn.captioning import Captions

    said = Captions(model).caption(image, way, width, seed)
    if as_json:
        print_json(said.to_json())
    else:
        typer.echo(said.text)
    if picture:
        from nmn.visualisation.captioned import caption_picture
        from nmn.visualisation.png import write_picture

        write_picture(picture, caption_picture(said))
