"""``nmn learn-word``: one more word for a trained network, from a few examples."""

from pathlib import Path
from typing import Annotated

import typer

from nmn.cli.options import MODEL_HELP, JsonOption
from nmn.errors import ConfigError
from nmn.exits import clear_errors
from nmn.terminal import print_json

KNOWN = 0.9  # below this share of the examples that are answered right, a word counts as not learned


@clear_errors
def learn_word(
    word: Annotated[str, typer.Argument(help="The value's name in the lexicon.")],
    examples: Annotated[
        Path, typer.Option(help='A JSON object a line: {"image": FILE, "question": ..., "answer": ...}.')
    ],
    lexicon: Annotated[Path, typer.Option(help='A TOML file that has the word; start it with extends = "world".')],
    out: Annotated[Path, typer.Option(help="The file of the network that knows it, .safetensors.")],
    model: Annotated[str | None, typer.Option(help=MODEL_HELP)] = None,
    as_json: JsonOption = False,
) -> None:
    """Teach a trained network a value (a shape, a colour, ...) by questions about a few images."""
    from nmn.assembler.trace import percent
    from nmn.atomic import check_place
    from nmn.checkpoint import weights_file
    from nmn.evaluation.lesson import asked_again
    from nmn.lexicon import load_lexicon, whole_text
    from nmn.models.build import load_network, save_network
    from nmn.training.words import learn_word as learn
    from nmn.training.words import read_taught

    if out.suffix != ".safetensors":
        raise ConfigError(f"--out {out}: expected the name of a file that ends in .safetensors")
    check_place(out, ConfigError)
    taught, words = read_taught(examples), load_lexicon(lexicon)
    grown = learn(load_network(weights_file(model)), words, word, taught)
    lesson = asked_again(grown, words, word, taught)
    named = grown.speaking(whole_text(lexicon))
    save_network(out, named, {**grown.card, "taught": {"word": word, "examples": len(taught)}})
    if as_json:
        told = {"right": lesson.right, "like": lesson.like}
        print_json({"word": word, "examples": len(taught), **told, "network": str(out)})
    else:
        typer.echo(
            f'"{word}" learned from {len(taught)} examples, {percent(lesson.right)} of them answered right: {out}'
        )
    if lesson.right < KNOWN:
        taken = f': its things are taken for "{lesson.like}"' if lesson.like else ""
        less = f", or a value that is less like {lesson.like}" if lesson.like else ""
        typer.echo(
            f"careful: {percent(lesson.right)} of the examples are answered right{taken}; give more examples{less}",
            err=True,
        )
    if len(answers := {one.answer for one in taught}) == 1:
        typer.echo(
            f'careful: every answer is "{answers.pop()}": what is not meant is guessed from the other words alone;'
            " add images without it",
            err=True,
        )
