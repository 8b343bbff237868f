"""Answers of a trained network to the questions of a dataset, from the pixels of its images alone."""

from collections.abc import Callable, Sequence

from nmn.answer import texts_of
from nmn.assembler.execute import Run
from nmn.data.example import ImageExample
from nmn.errors import ArgumentError, ConfigError, QuestionError
from nmn.evaluation.report import Record, Report
from nmn.layout import Layout
from nmn.reasoner import Reasoner, SystemReasoner

BATCH = 256

# is told of each batch: its run, and the positions of its examples in the dataset
Watch = Callable[[Run, Sequence[int]], None]
Told = Callable[[int], None]  # is told how many more examples are answered


def evaluate_neural(
    reasoner: Reasoner | SystemReasoner,
    examples: Sequence[ImageExample],
    watch: Watch | None = None,
    *,
    grammar: str | None = None,
    repair: bool = False,
    told: Told = lambda _: None,
) -> Report:
    """Read every distinct question once and answer all examples in batches; recorded answers and scenes are not used.

    Questions are read by the network's own grammar unless another is given.

    A question with a word that the network has not learned counts as one that cannot be read; a system without modules
    reads any. Raises ImageError, and ConfigError where such a system is to be watched.
    """
    if isinstance(reasoner, SystemReasoner):
        if watch is not None:
            raise ConfigError(f"{reasoner.network.settings.model} has no modules, so no calls to compare")
        return _of_system(reasoner, examples, told)
    layouts: dict[str, Layout] = {}
    errors: dict[str, str] = {}
    for question in dict.fromkeys(example.question for example in examples):
        try:
            layouts[question] = reasoner.read(question, grammar=grammar, repair=repair).layout
        except (QuestionError, ArgumentError) as error:
            errors[question] = str(error)
    readable = [place for place, example in enumerate(examples) if example.question in layouts]
    told(len(examples) - len(readable))
    predicted: dict[int, str] = {}
    for start in range(0, len(readable), BATCH):
        places = readable[start : start + BATCH]
        asked = [examples[place] for place in places]
        for ran in reasoner.runs([one.image for one in asked], [layouts[one.question] for one in asked]):
            own = [places[at] for at in ran.asked]
            predicted.update(zip(own, texts_of(ran.run), strict=True))
            if watch is not None:
                watch(ran.run, own)
            told(len(own))
    return Report(
        tuple(
            Record(
                example.question, example.family, example.answer, predicted.get(place), errors.get(example.question)
            )
            for place, example in enumerate(examples)
        )
    )  # fmt: skip


def check_panels(reasoner: Reasoner | SystemReasoner, panels: int, of: str) -> None:
    """Raise ConfigError where pictures have another number of panels than those that a network sees."""
    seen = reasoner.network.settings.panels
    if panels != seen:
        raise ConfigError(
            f"{of}: its scenes have {panels} panel{'s' * (panels > 1)}, the network sees {seen}; --model nlvr_cells"
            " sees NLVR's three, and what synth-data export writes of nlvr and pairs is for nmn evaluate nlvr and pairs"
        )


def _of_system(reasoner: SystemReasoner, examples: Sequence[ImageExample], told: Told) -> Report:
    said: list[str] = []
    for start in range(0, len(examples), BATCH):
        asked = examples[start : start + BATCH]
        said += reasoner.texts([one.image for one in asked], [one.question for one in asked])
        told(len(asked))
    return Report(
        tuple(
            Record(one.question, one.family, one.answer, text, None) for one, text in zip(examples, said, strict=True)
        )
    )
