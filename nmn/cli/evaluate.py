"""``nmn evaluate``: every question of a dataset answered, and what was right."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nmn.cli.options import MODEL_HELP, JsonOption
from nmn.cli.printing import print_faithfulness, print_report, print_words
from nmn.errors import ConfigError, DataError, SceneError
from nmn.exits import clear_errors
from nmn.terminal import advancing, bars, print_json

PredictionsOption = Annotated[
    Path | None, typer.Option(help="Write what was answered, a line of JSON for each question.")
]
CacheOption = Annotated[
    Path | None, typer.Option(help="Keep the features of a frozen backbone in this folder, and take them from there.")
]

SOURCE = ("data", "preset", "seed")  # settings that say what a network was trained on

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nmn.data.example import ImageExample
    from nmn.evaluation.faithfulness import Faithfulness
    from nmn.evaluation.nlvr_metrics import NlvrReport
    from nmn.evaluation.pairs import PairsReport
    from nmn.evaluation.report import Report


@clear_errors
def shapes(
    data: Annotated[Path, typer.Option(help="The folder of SHAPES' files.")],
    split: Annotated[list[str] | None, typer.Option(help="A split; may be given several times.")] = None,
    model: Annotated[str | None, typer.Option(help=f"{MODEL_HELP} Without one, exact execution.")] = None,
    predictions: Annotated[Path | None, typer.Option(help="Write true or false, a line for each question.")] = None,
    faithful: Annotated[
        bool, typer.Option("--faithful", help="Compare the network's calls with the exact ones too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Answer SHAPES' questions: with a network from pixels, without one exactly on the decoded scenes."""
    from nmn.atomic import check_place, write_file
    from nmn.data.shapes import SPLITS
    from nmn.evaluation.report import truth_lines

    splits = split or list(SPLITS)
    if predictions and len(splits) != 1:
        raise ConfigError("--predictions is the file of one split: give one --split")
    if faithful and model is None:
        raise ConfigError("--faithful compares a network with exact execution: give --model")
    check_place(predictions, DataError)
    report, faithfulness = _exact(data, splits) if model is None else _neural(data, splits, model, faithful)
    if predictions:
        write_file(predictions, truth_lines(report.records), DataError)
    if as_json:
        scores = {"faithfulness": faithfulness.to_json(report.records)} if faithfulness else {}
        print_json({**report.to_json(), **scores})
        return
    print_report(report)
    if faithfulness:
        print_faithfulness(faithfulness, report.records)
    _tell_written(report, predictions)


def _exact(data: Path, splits: list[str]) -> "tuple[Report, Faithfulness | None]":
    from nmn.data.shapes import read_shapes
    from nmn.evaluation.exact import evaluate_exact

    return evaluate_exact([example for name in splits for example in read_shapes(data, name)], "shapes"), None


def _neural(data: Path, splits: list[str], model: str, faithful: bool) -> "tuple[Report, Faithfulness | None]":
    from nmn.data.shapes import read_pictures
    from nmn.evaluation.faithfulness import Faithfulness
    from nmn.evaluation.neural import evaluate_neural
    from nmn.lexicon import load_lexicon
    from nmn.reasoner import load

    examples = [example for name in splits for example in read_pictures(data, name, scenes=faithful)]
    scenes = [example.scene for example in examples if example.scene]
    score = Faithfulness(scenes, load_lexicon("shapes")) if faithful else None
    reasoner = load(model)
    with advancing("answering", len(examples)) as told:
        return evaluate_neural(reasoner, examples, score, told=told), score


@clear_errors
def nlvr(
    data: Annotated[Path, typer.Option(help="The folder that holds the folders of NLVR's splits.")],
    split: Annotated[str, typer.Option(help="A split: dev, test, ...")] = "dev",
    predictions: Annotated[
        Path | None, typer.Option(help="Write the official lines: image,true or image,false.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="A detector: a run's folder, a file, or weights that ship, as are nlvr by default."),
    ] = None,
    classical: Annotated[
        bool, typer.Option("--classical", help="See by connected components instead, an independent check.")
    ] = False,
    network: Annotated[
        str | None, typer.Option(help="Judge end to end by a network over cells, such as nlvr_cells, instead.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Judge NLVR's statements of its images, from pixels."""
    from nmn.checkpoint import weights_file
    from nmn.data.nlvr import read_nlvr
    from nmn.evaluation.nlvr import evaluate_nlvr, statements
    from nmn.evaluation.nlvr_judges import by_network, by_scenes
    from nmn.evaluation.shown import show
    from nmn.models.build import load_network
    from nmn.reasoner import nlvr_reader
    from nmn.vision.components import read_components

    if sum([network is not None, classical, model is not None]) > 1:
        raise ConfigError("--network, --model and --classical: give one of them, they are different eyes")
    if network is not None:
        judge = by_network(load_network(weights_file(network)))
    else:
        judge = by_scenes(read_components if classical else nlvr_reader(model))
    total = len(statements(read_nlvr(data, split)))

    def run(watch: "Callable[[int], None]") -> "NlvrReport":
        return evaluate_nlvr(data, split, judge, watch)

    if code := show(f"NLVR {split}", total, run, predictions, as_json, print_json):
        raise typer.Exit(code)


@clear_errors
def pairs(
    data: Annotated[Path, typer.Option(help="The folder that holds NLVR2's files and images.")],
    split: Annotated[str, typer.Option(help="A split: dev, test1, ...")] = "dev",
    model: Annotated[str | None, typer.Option(help=f"{MODEL_HELP} By default the world's.")] = None,
    lexicon: Annotated[
        str | None,
        typer.Option(
            help="A lexicon's name or TOML file, whose panels are images: what words mean; by default the network's"
            " own, or pairs where that is of single images."
        ),
    ] = None,
    predictions: Annotated[Path | None, typer.Option(help="Write the official lines: identifier,True.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Judge statements about two images, in the files of NLVR2, from pixels."""
    from nmn.checkpoint import weights_file
    from nmn.data.pairs import read_pairs
    from nmn.evaluation.pairs import evaluate_pairs
    from nmn.evaluation.shown import show
    from nmn.models.build import load_network

    network = load_network(weights_file(model))
    if lexicon is not None or network.settings.panels == 1:
        network = network.speaking(lexicon or "pairs")
    total = len(read_pairs(data, split))

    def run(watch: "Callable[[int], None]") -> "PairsReport":
        return evaluate_pairs(network, data, split, watch)

    if code := show(f"pairs {split}", total, run, predictions, as_json, print_json):
        raise typer.Exit(code)


@clear_errors
def generated(
    data: Annotated[Path, typer.Option(help="The directory of a generated dataset, with images.")],
    model: Annotated[str | None, typer.Option(help=MODEL_HELP)] = None,
    predictions: PredictionsOption = None,
    faithful: Annotated[bool, typer.Option("--faithful", help="Compare every call with the exact one too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Answer a generated dataset's questions from its images; those that point at objects have no answer in words."""
    from nmn.assembler.trace import percent
    from nmn.atomic import check_place, write_file
    from nmn.evaluation.faithfulness import Faithfulness
    from nmn.evaluation.generated import counterfactual, image_examples
    from nmn.evaluation.neural import check_panels, evaluate_neural
    from nmn.evaluation.report import answer_lines
    from nmn.reasoner import load
    from nmn.vision.matching import MATCHES
    from synth_data.dataset import read_dataset

    check_place(predictions, DataError)
    dataset, reasoner = read_dataset(data), load(model)
    check_panels(reasoner, dataset.config.panels, str(data))
    trained = reasoner.network.card.get("settings", {})
    if [trained.get(key) for key in SOURCE] == ["generated", dataset.config.preset, dataset.config.seed]:
        typer.echo(f"careful: {data} has the preset and the seed of the network's training, and so perhaps questions of"
                   " it; generate with another --seed", err=True)  # fmt: skip
    pairs = list(image_examples(dataset))
    if not pairs:
        raise DataError(f"{data}: no question has an answer in words; those of the families refer point at objects")
    made, examples = zip(*pairs, strict=True)
    match = MATCHES[reasoner.network.settings.regions]
    scenes = [example.scene for example in examples if example.scene]
    score = Faithfulness(scenes, dataset.config.words, match) if faithful else None
    with advancing("answering", len(examples)) as told:
        report = evaluate_neural(reasoner, examples, score, told=told)
    scores: dict[str, Any] = {"faithfulness": score.to_json(report.records)} if score else {}
    followed = None
    if score and dataset.config.contrast:
        faithful_ones = [score.faithful.get(place, False) for place in range(len(made))]
        followed = counterfactual(made, [record.right for record in report.records], faithful_ones)
        scores["counterfactual"] = followed.to_json()
    if predictions:
        write_file(predictions, answer_lines(report.records, [example.number for example in made]), DataError)
    left_out = len(dataset) - len(pairs)
    if as_json:
        print_json({**report.to_json(), **scores, "left_out": left_out})
        return
    print_report(report)
    if left_out:
        typer.echo(f"left out: {left_out:,} that point at objects (the families refer), whose answers are no words")
    if score:
        print_faithfulness(score, report.records)
    if followed and followed.pairs:
        answers, calls = (percent(count / followed.pairs) for count in (followed.answers, followed.calls))
        followed_in = f"both answers are right in {answers}, every call of both in {calls}"
        typer.echo(f"of {followed.pairs:,} pairs of a scene and its edit {followed_in}")
    _tell_written(report, predictions)


def _tell_written(report: "Report", predictions: Path | None) -> None:
    if predictions:
        typer.echo(f"{len(report.records):,} predictions written to {predictions}")


@clear_errors
def clevr(
    data: Annotated[Path | None, typer.Option(help="CLEVR's folder as it is unpacked.")] = None,
    split: Annotated[str | None, typer.Option(help="A split of it: train, val, ...; by default val.")] = None,
    questions: Annotated[Path | None, typer.Option(help="Without --data: questions.json.")] = None,
    scenes: Annotated[Path | None, typer.Option(help="Without --data: scenes.json, for exact execution.")] = None,
    images: Annotated[Path | None, typer.Option(help="Without --data: the images' folder, for a network.")] = None,
    model: Annotated[str | None, typer.Option(help=MODEL_HELP)] = None,
    cache: CacheOption = None,
    predictions: PredictionsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer CLEVR's questions: with a network (--model) from the images, or else exactly on the scene files."""
    from nmn.atomic import check_place, write_file
    from nmn.data.clevr import read_clevr, read_clevr_images
    from nmn.evaluation.exact import evaluate_exact
    from nmn.evaluation.report import answer_lines

    if data is not None:
        questions, scenes, images = _unpacked(data, split, (questions, scenes, images), model is None)
    elif split is not None or questions is None or (scenes is None) == (images is None):
        raise ConfigError(
            "give --data (and --split), or --questions with --scenes for exact execution or --images (with --model)"
            " for a network"
        )
    if scenes is not None and (model is not None or cache is not None):
        raise ConfigError(
            "questions are executed on the scenes, so by no --model and without --cache; a network takes --images, or"
            " --data with --model"
        )
    check_place(predictions, DataError)
    if images is not None:
        report = _of_images(read_clevr_images(questions, images), model, cache)
    else:
        assert scenes is not None
        try:
            report = evaluate_exact(read_clevr(scenes, questions), "clevr")
        except SceneError as error:  # such as of values that are not CLEVR's, as drawn scenes have
            instead = "--images" if data is None else "--model"
            raise SceneError(f"{scenes}: {error}; {instead} lets a network that knows them answer") from None
    if predictions:
        write_file(predictions, answer_lines(report.records), DataError)
    _show(report, as_json)
    if not as_json:
        _tell_written(report, predictions)


def _unpacked(
    data: Path, split: str | None, given: tuple[Path | None, ...], exact: bool
) -> tuple[Path, Path | None, Path | None]:
    """Return the questions of CLEVR's folder with its scenes or its images."""
    from nmn.data.clevr import clevr_files

    if any(given):
        raise ConfigError("--data has the questions, scenes and images in it; give it or --questions and the others")
    files = clevr_files(data, split or "val")
    return files.questions, files.scenes if exact else None, None if exact else files.images


@clear_errors
def words(
    word: Annotated[list[str], typer.Argument(help="Values of attributes, such as heart or cyan.")],
    model: Annotated[str | None, typer.Option(help=MODEL_HELP)] = None,
    examples: Annotated[
        list[int] | None,
        typer.Option(min=2, help="Images of a lesson; may be given several times. By default 4, 8, 16."),
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="Lessons of each number.")] = 3,
    exam: Annotated[int, typer.Option(min=2, help="Images that are asked about after a lesson.")] = 300,
    preset: Annotated[str, typer.Option(help="The preset that images are generated by.")] = "varied",
    images: Annotated[
        int, typer.Option(min=4, help="Images in all, which lessons and the exam are taken from.")
    ] = 1600,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the images.")] = 77,
    as_json: JsonOption = False,
) -> None:
    """Take words out of a network and learn them again from a few generated images: how many does a word take?"""
    from nmn.checkpoint import weights_file
    from nmn.evaluation.words import check_lessons, learned_again, pool_of
    from nmn.models.build import load_network
    from synth_data.config import load_config

    network = load_network(weights_file(model))
    counts = examples or [4, 8, 16]
    check_lessons(network, word, counts, exam)
    config = load_config(preset, size=images, seed=seed)
    with bars() as progress:
        seen = progress.add_task("images", total=images, note="")
        lessons = progress.add_task("lessons", total=len(word) * len(counts) * draws, note="")
        pool = pool_of(network, config, lambda count: progress.advance(seen, count))
        learned = [
            learned_again(network, one, counts, draws, exam, pool, lambda count: progress.advance(lessons, count))
            for one in word
        ]
    if as_json:
        print_json({"preset": preset, "images": images, "seed": seed, "words": [one.to_json() for one in learned]})
    else:
        print_words(learned)


@clear_errors
def vqa(
    questions: Annotated[Path, typer.Option(help="Questions as JSON, as VQA v2 has them.")],
    images: Annotated[Path, typer.Option(help="The folder of the images.")],
    annotations: Annotated[Path | None, typer.Option(help="Their answers, as VQA v2 has them.")] = None,
    pattern: Annotated[
        str, typer.Option(help="An image's file name by its number, such as {image_id}.png; by default COCO's.")
    ] = "",
    predictions: Annotated[Path | None, typer.Option(help="Write the answers, as VQA v2 takes them.")] = None,
    model: Annotated[str | None, typer.Option(help=MODEL_HELP)] = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer questions about images of your own, in the files of VQA v2."""
    from nmn.atomic import check_place, write_file
    from nmn.data.vqa import question_ids, read_vqa, results

    check_place(predictions, DataError)
    examples = read_vqa(questions, images, annotations, pattern)
    asked = question_ids(questions) if predictions else []  # before answering: one may lack its number
    report = _of_images(examples, model, cache)
    if predictions:
        answers = results(asked, [record.predicted for record in report.records])
        write_file(predictions, json.dumps(answers, indent=1) + "\n", DataError)
    _show(report, as_json)
    if not as_json and (predictions or annotations is None):
        typer.echo(
            f"{len(examples):,} answers written to {predictions}" if predictions else "--predictions writes them"
        )


def _of_images(examples: "Sequence[ImageExample]", model: str | None, cache: Path | None) -> "Report":
    from nmn.evaluation.neural import evaluate_neural
    from nmn.reasoner import load

    reasoner = load(model, cache=cache)
    with advancing("answering", len(examples)) as told:
        return evaluate_neural(reasoner, examples, told=told)


def _show(report: "Report", as_json: bool) -> None:
    if as_json:
        print_json(report.to_json())
    else:
        print_report(report)
