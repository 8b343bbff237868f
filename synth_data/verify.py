"""Checking a dataset: every label, trace, layout and checksum, against the reference semantics and the parser."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nmn.errors import DataError, QuestionError
from nmn.language.grammar import load_grammar
from nmn.language.parse import read_fresh
from nmn.layout import Kind, Layout, asked
from nmn.lexicon import Lexicon
from synth_data.captions import GRAMMAR
from synth_data.config import SynthConfig
from synth_data.dataset import Dataset, read_dataset
from synth_data.example import Example
from synth_data.reference import evaluate
from synth_data.workers import worker_pool

Report = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one example."""

    number: int
    what: str


def verify(directory: str | Path, workers: int = 1, report: Report | None = None) -> list[Fault]:
    """Re-derive every label of a dataset; return what is wrong, nothing where all is right.

    Raises DataError where a file is missing or is not what was written.
    """
    dataset = read_dataset(directory)
    faults: list[Fault] = []
    for found, examples in _checked(dataset, workers):
        faults += found
        if report:
            report(examples)
    return faults


def _checked(dataset: Dataset, workers: int) -> Iterator[tuple[list[Fault], int]]:
    tasks = [(str(dataset.root), shard) for shard in dataset.shards]
    if workers <= 1 or len(tasks) == 1:
        yield from map(check_shard, tasks)
    else:
        with worker_pool(min(workers, len(tasks))) as pool:
            yield from pool.map(check_shard, tasks)


def check_shard(task: tuple[str, int]) -> tuple[list[Fault], int]:
    """Check one shard's files and examples; return the faults and the number of examples."""
    dataset, shard = read_dataset(task[0]), task[1]
    dataset.check_sums(shard)
    examples = dataset.examples(shard)
    if dataset.config.images != "none" and len(dataset.images(shard)) != len(examples):
        raise DataError(
            f"{dataset.root}: shard {shard} has {len(dataset.images(shard))} images, {len(examples)} examples"
        )
    first = shard * dataset.config.shard_size
    faults = [
        Fault(example.number, what)
        for place, example in enumerate(examples)
        for what in [*_number(example, first + place), *check(example, dataset.config)]
    ]
    return faults, len(examples)


def _number(example: Example, expected: int) -> Iterator[str]:
    if example.number != expected:
        yield f"numbered {example.number}, expected {expected}"


def check(example: Example, config: SynthConfig) -> Iterator[str]:
    """Yield what is wrong with an example: its layout, its answer, its trace or its captions."""
    lexicon, grammar = config.words, config.grammar
    expected = evaluate(example.layout, example.scene, lexicon)
    if type(expected) is not type(example.answer) or expected != example.answer:
        yield f'"{example.text}": labelled {example.answer!r}, the reference says {expected!r}'
    try:
        parsed = read_fresh(example.text, load_grammar(grammar, lexicon)).layout
        if parsed != example.layout:
            yield f'"{example.text}": is read as {parsed}, its layout is {example.layout}'
    except QuestionError as error:
        yield f'"{example.text}": cannot be read: {str(error).splitlines()[0]}'
    yield from _check_trace(example, lexicon)
    for caption in example.captions:
        try:
            layout = read_fresh(caption, load_grammar(GRAMMAR, lexicon)).layout
        except QuestionError as error:
            yield f'caption "{caption}": cannot be read: {str(error).splitlines()[0]}'
            continue
        if evaluate(layout, example.scene, lexicon) is not True:
            yield f'caption "{caption}" is not true'


def _check_trace(example: Example, lexicon: Lexicon) -> Iterator[str]:
    built: list[Layout] = []
    calls, panels = example.layout.calls, range(max(1, len(example.scene.panels)))
    if len(calls) != len(example.trace):
        yield f"the trace has {len(example.trace)} values, the layout {len(calls)} calls"
        return
    for call, value, (whole, alone) in zip(calls, example.trace, asked(example.layout), strict=True):
        layout = Layout(call.module, call.argument, tuple(built[operand] for operand in call.operands))
        built.append(layout)
        views = [*([None] if whole else []), *(panels if alone else [])]
        values = [_plain(evaluate(layout, example.scene, lexicon, view), layout, lexicon) for view in views]
        expected = values[0] if len(views) == 1 else _joined(values, layout)
        if expected != value:
            yield f"the trace says {value!r} of {layout}, the reference {expected!r}"


def _joined(values: list[Any], layout: Layout) -> Any:
    """Return what a trace notes of a call that is asked of several panels."""
    if layout.kind not in (Kind.ATTENTION, Kind.PANELS):
        return values
    return sorted({member for value in values for member in value})


def _plain(value: object, layout: Layout, lexicon: Lexicon) -> object:
    """Return a reference value as traces note it."""
    if layout.kind is Kind.ATTRIBUTE and layout.argument is not None:
        names = list(lexicon.attributes[layout.argument].values)
        found = () if value is None else value if isinstance(value, tuple) else (value,)
        return sorted(names.index(str(name)) for name in found)
    return list(value) if isinstance(value, tuple) else value
