"""What is written in the node of a call, and how much room it takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from nmn.assembler.trace import percent
from nmn.layout import Kind
from nmn.visualisation.explanation import ExplainedCall, Explanation
from nmn.visualisation.lettering import LINE, TITLE, VALUE, WORDS, Measure, wrapped

Line = tuple[str, float, str]  # words, size, tone
PADDING = 8.0
CAPTION_LINES, NARROWEST, WIDE = 3, 96.0, 150.0  # of what an attention picked, under its picture; of other values
EXACT_LINES = 2
NAMED = 100.0  # side of a picture under which there is room for names, not only numbers
ORDERED = ("compare", "within", "quantify")  # which operand is which matters and cannot be seen


@dataclass(frozen=True)
class Content:
    """What is in a node, with its size: lines over the picture and under it."""

    above: tuple[Line, ...]
    picture: tuple[float, float] | None
    below: tuple[Line, ...]
    width: float
    height: float


def content_of(
    explanation: Explanation, call: ExplainedCall, picture: tuple[float, float], side: float, measure: Measure
) -> Content:
    """Return what is in the node of a call, whose picture of an attention has that size."""
    pictured = call.is_set and explanation.view is not None
    widest = max(measure(call.label, TITLE), picture[0] if pictured else 0.0, NARROWEST)
    above: list[Line] = [(call.label, TITLE, "strong")]
    if call.words:
        said = ", ".join(f'"{word}"' for word in call.words)
        above += [(line, WORDS, "words") for line in wrapped(said, WORDS, widest, measure)[:EXACT_LINES]]
    below: list[Line] = []
    if call.value and call.is_set:
        below = [(line, WORDS, "plain") for line in _caption(explanation, call, side, widest, measure)]
    elif call.value:
        below = _value_lines(call, widest, measure)
    if call.exact is not None:
        tone = "agrees" if call.exact.agrees else "differs"
        words = "exact: the same" if call.exact.agrees else f"exact: {call.exact.text}"
        lines = wrapped(words, WORDS, max(widest, WIDE if not call.is_set else 0.0), measure)
        if len(lines) > CAPTION_LINES:
            lines = [*lines[: CAPTION_LINES - 1], "..."]
        below += [(line, WORDS, tone) for line in lines]
    if call.change:
        lines = wrapped(call.change, WORDS, max(widest, WIDE if not call.is_set else 0.0), measure)
        below += [(line, WORDS, "careful") for line in lines[:CAPTION_LINES]]
    every = [*above, *below]
    width = max([widest if pictured else 0.0, *(measure(line, size) for line, size, _ in every)])
    height = sum(size * LINE for _, size, _ in every) + (picture[1] + PADDING if pictured else 0.0)
    shown = picture if pictured else None
    return Content(tuple(above), shown, tuple(below), width + 2 * PADDING + indent(call), height + 2 * PADDING)


def indent(call: ExplainedCall) -> float:
    """Return the room for the operands' numbers at a node's left side."""
    return WORDS if call.module in ORDERED and len(set(call.operands)) > 1 else 0.0


def _value_lines(call: ExplainedCall, widest: float, measure: Measure) -> list[Line]:
    if call.in_panels:
        return [(f"panel {panel}: {text}", WORDS, "plain") for panel, text in enumerate(call.in_panels)]
    lines = [(line, VALUE, "value") for line in wrapped(call.value, VALUE, max(widest, WIDE), measure)]
    return lines + ([(percent(call.confidence), WORDS, "plain")] if call.confidence is not None else [])


def _caption(explanation: Explanation, call: ExplainedCall, side: float, width: float, measure: Measure) -> list[str]:
    """Return what a set holds, in words, on a few lines: with chances, with names, with numbers, or only how many.

    The chances are those of each member, as in the text of a trace.
    """
    attention = call.kind is Kind.ATTENTION
    if not call.members:
        return wrapped(_with_chance("none", call.confidence), WORDS, width, measure)
    listed = ", ".join(map(str, call.members))
    if not attention:
        return wrapped(_with_chance(_panels(call.members), call.confidence), WORDS, width, measure)
    options: list[Sequence[str]] = []
    if explanation.neural:
        options.append([f"{number}: {percent(call.raw[number])}" for number in call.members])
        options.append(_joined(options[0], width, measure))
    elif side >= NAMED and explanation.names:
        options.append([f"{number}: {explanation.names[number]}" for number in call.members])
    options.append([listed])
    for option in options:
        lines = [line for words in option for line in wrapped(words, WORDS, width, measure)]
        if len(lines) <= CAPTION_LINES:
            return lines
    return [f"{len(call.members)} of {len(call.raw)}"]


def _joined(items: Sequence[str], width: float, measure: Measure) -> list[str]:
    """Return items on lines, several on one where they fit, none parted from its chance."""
    lines: list[str] = []
    for item in items:
        if lines and measure(f"{lines[-1]},  {item}", WORDS) <= width:
            lines[-1] += f",  {item}"
        else:
            lines.append(item)
    return lines


def _panels(members: Sequence[int]) -> str:
    return f"panel{'s' if len(members) > 1 else ''} {', '.join(map(str, members))}"


def _with_chance(words: str, chance: float | None) -> str:
    return words if chance is None else f"{words}  ({percent(chance)})"
