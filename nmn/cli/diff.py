"""``nmn diff``: two questions about one image, or one about two images, with what is different marked."""

from pathlib import Path
from typing import Annotated

import typer

from nmn.cli.asking import asked
from nmn.cli.options import (
    MODEL_HELP,
    AskedGrammarOption,
    JsonOption,
    RepairOption,
    SceneLexiconOption,
    SourceArgument,
)
from nmn.errors import ConfigError
from nmn.exits import clear_errors


@clear_errors
def diff(
    source: SourceArgument,
    question: Annotated[str, typer.Argument(help="What to ask.")],
    other_question: Annotated[str | None, typer.Option("--question", help="The other question.")] = None,
    other_source: Annotated[Path | None, typer.Option("--image", help="The other image, or scene.")] = None,
    out: Annotated[
        list[Path] | None, typer.Option(help="A file to write: .html, .png or .json; may be repeated.")
    ] = None,
    model: Annotated[str | None, typer.Option(help=f"{MODEL_HELP} For images; by default the world's.")] = None,
    grammar: AskedGrammarOption = None,
    lexicon: SceneLexiconOption = None,
    as_json: JsonOption = False,
    repair: RepairOption = True,
) -> None:
    """Compare two questions about one image (--question), or one question about two images (--image)."""
    from nmn.atomic import check_place
    from nmn.terminal import print_json
    from nmn.visualisation.comparison import compare
    from nmn.visualisation.comparison_files import FORMATS, write_comparison
    from nmn.visualisation.files import format_of

    if other_question is None and other_source is None:
        raise ConfigError("give what to compare with: --question OTHER or --image OTHER")
    for path in out or ():
        format_of(path, FORMATS)
        check_place(path, ConfigError)
    sources = (source, question), (other_source or source, other_question or question)
    first, second = (asked(one, text, model, grammar, lexicon, repair).explained() for one, text in sources)
    comparison = compare(first, second)
    for path in out or ():
        write_comparison(path, comparison)
    if as_json:
        print_json(comparison.to_json())
        return
    typer.echo(f"answers: {comparison.first.answer}, then {comparison.second.answer}")
    for pair in comparison.changes:
        at, calls = (pair.first, first.calls) if pair.second is None else (pair.second, second.calls)
        typer.echo(f"{calls[at or 0].label}: {pair.note}")
    if not comparison.changes:
        typer.echo("nothing is different")
    for path in out or ():
        typer.echo(f"written: {path}")
