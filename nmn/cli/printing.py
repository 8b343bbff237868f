"""Printing: tables and trees, answers with their traces."""

import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.tree import Tree

    from nmn.answer import Answer
    from nmn.assembler.trace import TracedCall
    from nmn.cli.asking import Otherwise
    from nmn.evaluation.faithfulness import Faithfulness
    from nmn.evaluation.report import Record, Report
    from nmn.evaluation.words import LearnedWord
    from nmn.language import Reading, Readings
    from nmn.layout import Layout
    from nmn.visualisation.explanation import Explanation

SHOWN = 10  # unread questions
UNSURE = 0.8  # confidences below it are remarked on, with as many of the chances:
LIKELIEST = 3


def print_rich(thing: object) -> None:
    """Print a table or tree of rich's, as wide as it needs to be where the output is no terminal."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 140, soft_wrap=False, highlight=False).print(thing)


def print_table(lines: "Sequence[Sequence[str]]") -> None:
    """Print rows of text as a table, the heading first."""
    from rich.table import Table

    head, *rows = lines
    table = Table(*head)
    for row in rows:
        table.add_row(*row)
    print_rich(table)


def stopped(place: str, out: "Path") -> KeyboardInterrupt:
    """Return an interruption that says where a run stopped, and whether something of it is kept."""
    kept = any(out.rglob("*.safetensors"))
    goes_on = f"goes on from what is saved in {out}" if kept else "begins again: nothing is saved yet (save_every=)"
    return KeyboardInterrupt(f"stopped{place}; the same command {goes_on}")


def say_repairs(reading: "Reading") -> None:
    """Say what was read where it is not what was asked."""
    if reading.repairs:
        typer.echo(f"read as: {reading.text}")


def say_ambiguity(found: "Readings", every: bool) -> None:
    """Say how many readings there are, where there is more than one."""
    count = len(found.readings)
    if count > 1:
        more = "at least " if found.cut else ""
        hint = "" if every else "; --all shows them, this is the preferred one"
        typer.echo(f"ambiguous: {more}{count} readings{hint}")


def layout_tree(layout: "Layout") -> "Tree":
    """Return a layout as a tree, the root on top."""
    from rich.tree import Tree

    tree = Tree(f"{plain(layout.label)} [dim]{layout.kind}[/dim]")
    for operand in layout.operands:
        tree.add(layout_tree(operand))
    return tree


def plain(text: str) -> str:
    """Escape the brackets that rich would take for markup."""
    from rich.markup import escape

    return escape(text)


def print_answer(answer: "Answer", otherwise: "Sequence[Otherwise]" = ()) -> None:
    """Print an answer, how sure it is (of an image), what it rests on, what it is by other readings, and its trace."""
    if answer.reading:
        say_repairs(answer.reading)
    typer.echo(f"answer: {answer.named}")
    if answer.view is not None:
        chances = sorted(answer.distribution.items(), key=lambda pair: -pair[1])
        typer.echo("\n".join(_confidence_lines(answer.confidence, chances)))
    for problem in answer.problems:
        typer.echo(f"careful: {problem}")
    for other in otherwise:
        typer.echo(f"careful: read otherwise, the answer is {other.text}: {other.layout}")
    print_rich(trace_tree(answer, len(answer.trace.calls) - 1, answer.trace.names))


def _confidence_lines(confidence: float, chances: "Sequence[tuple[str, float]]") -> list[str]:
    """Return how sure an answer is and, where that is little, the likeliest ones; ``chances`` the greatest first."""
    from nmn.assembler.trace import percent

    lines = [f"confidence: {percent(confidence)}"]
    if confidence < UNSURE:
        listed = (
            ": " + ", ".join(f"{word} {percent(chance)}" for word, chance in chances[:LIKELIEST]) if chances else ""
        )
        lines.append(f"careful: not sure{listed}")
    return lines


def explanation_lines(explanation: "Explanation") -> list[str]:
    """Return an explanation in lines: the answer, and each call with its words, its value and the exact one."""
    lines = [f"read as: {explanation.reading}"] if explanation.reading else []
    lines.append(f"answer: {explanation.answer}")
    if explanation.neural:
        lines += _confidence_lines(explanation.confidence, explanation.distribution)
    if explanation.exact and not explanation.exact.agrees:
        lines.append(f"exactly, by the known scene: {explanation.exact.text}")
    lines += [f"careful: {problem}" for problem in explanation.problems]
    for number, call in enumerate(explanation.calls, 1):
        said = f" ({', '.join(repr(word) for word in call.words)})" if call.words else ""
        exact = "" if call.exact is None or call.exact.agrees else f"; exactly {call.exact.text}"
        lines.append(f"{number:2}. {call.label}{said} = {call.value}{exact}")
    lines += [f"could also mean: {other}" for other in explanation.others]
    return lines


def trace_tree(answer: "Answer", position: int, names: "Sequence[str]") -> "Tree":
    """Return a trace as a tree: every call with its value, and under each attention the regions it picked."""
    from rich.tree import Tree

    from nmn.assembler.trace import call_text
    from nmn.layout import call_label

    call = answer.trace.calls[position]
    value = str(answer) if call is answer.trace.root and not call.picked else call_text(call, names)
    if answer.view is not None:
        sure = answer.confidence if call is answer.trace.root else call.confidence
        value = _with_chances(call, value, sure, names)
    tree = Tree(f"{plain(call_label(call.module, call.argument))} = {plain(value)}")
    for operand in call.operands:
        tree.add(trace_tree(answer, operand, names))
    return tree


def _with_chances(call: "TracedCall", value: str, sure: float | None, names: "Sequence[str]") -> str:
    """Return a neural value with its chance; of an attention, with that of each region."""
    from nmn.assembler.trace import percent

    if call.picked:
        return "; ".join(f"{number}: {names[number]}, {percent(call.raw[number])}" for number in call.picked)
    return value if sure is None else f"{value}, {percent(sure)}"


def print_report(report: "Report") -> None:
    """Print accuracy by family and what could not be read."""
    lines = [["family", "examples", "right", "accuracy", "unread"]]
    for row in report.rows():
        right = f"{row.right:,}" if row.recorded else "-"
        lines.append([row.family, f"{row.examples:,}", right, row.accuracy_text, f"{row.unread:,}"])
    print_table(lines)
    if report.unrecorded:
        typer.echo(f"no answers are recorded for {', '.join(report.unrecorded)}, so there is no accuracy")
    for question, error in list(report.unread.items())[:SHOWN]:
        typer.echo(f"unread: {question}\n  {error.splitlines()[0]}")
    if len(report.unread) > SHOWN:
        typer.echo(f"... and {len(report.unread) - SHOWN:,} more questions; --json lists them all")


def print_words(learned: "Sequence[LearnedWord]") -> None:
    """Print how much of an exam is right after lessons of so many examples."""
    from nmn.assembler.trace import percent

    lines = [["word", "known before", *(f"{one.examples} examples" for one in learned[0].lessons)]]
    for word in learned:
        known = "no" if word.known is None else percent(word.known)
        lines.append([word.word, known, *(f"{one.spread} %" for one in word.lessons)])
    print_table(lines)
    typer.echo(f"right of {learned[0].exam} questions, half of them about images without the word's things")


def print_faithfulness(faithfulness: "Faithfulness", records: "Sequence[Record]") -> None:
    """Print how the network's calls agree with the exact ones, by call."""
    lines = [["call", "calls", "right", "precision", "recall", "F1"]]
    for label, tally in [*sorted(faithfulness.tallies.items()), ("total", faithfulness.total)]:
        figures = ["-" if part is None else f"{part:.4f}" for part in (tally.precision, tally.recall, tally.f1)]
        lines.append([plain(label), f"{tally.calls:,}", f"{tally.right:,}", *figures])
    print_table(lines)
    for name, share in faithfulness.shares(records).items():
        typer.echo(f"{name.replace('_', ' ')}: {'-' if share is None else f'{100 * share:.2f} %'}")
