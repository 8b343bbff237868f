"""Help while a question is typed: its layout, or what is wrong with which word, and what may come next."""

from contextlib import suppress
from typing import Any

from nmn.app.asked import Parse
from nmn.app.runs import WORLD, Run, Runs
from nmn.errors import ConfigError, QuestionError
from nmn.language import grammar_names, read_all
from nmn.language.complete import FUNCTION, Completion, completions
from nmn.language.diagnose import OPEN_CLASSES
from nmn.language.grammar import load_grammar
from nmn.lexicon import Lexicon, load_lexicon

MOST = 40
GROUPS = tuple(dict.fromkeys(OPEN_CLASSES.values()))


def help_json(asked: Parse, runs: Runs) -> dict[str, Any]:
    """Return the readings of a question, what is wrong with it, and its completions, as plain JSON data.

    A question may have both: then the readings are those with its misspelt words repaired. ``complete``: the question
    may end where it ends now. A completion is not ``known`` whose word the run has never learned.
    """
    run = None if asked.run is None else runs.get(asked.run)
    grammar = asked.grammar or (WORLD if run is None else run.grammar)
    if grammar not in grammar_names():
        raise ConfigError(f"no such grammar; there are {', '.join(grammar_names())}")
    lexicon = load_lexicon(grammar if run is None or run.lexicon is None or asked.grammar else run.lexicon)
    found, complete = completions(asked.question, load_grammar(grammar, lexicon))
    known = {one: run is None or knows(run, one, lexicon) for one in found}
    listed = sorted(found, key=lambda one: _rank(one, known[one]))[:MOST]
    data: dict[str, Any] = {
        "grammar": grammar,
        "complete": complete,
        "completions": [
            {"text": one.text, "start": one.start, "group": one.group, "known": known[one]} for one in listed
        ],
        "readings": [],
        "problem": None,
    }
    try:
        readings = read_all(asked.question, grammar, lexicon=lexicon).readings
        data["readings"] = [reading.to_json() for reading in readings]
    except QuestionError as error:
        data["problem"] = {"message": error.reason, **mistake(error)}
        with suppress(QuestionError):
            repaired = read_all(asked.question, grammar, lexicon=lexicon, repair=True).readings
            data["readings"] = [reading.to_json() for reading in repaired]
    return data


def mistake(error: QuestionError) -> dict[str, Any]:
    """Return where a question is wrong, as offsets for a caret, and what could stand there instead."""
    return {"start": error.start, "end": error.end, "expected": list(error.expected), "suggestion": error.suggestion}


def knows(run: Run, one: Completion, lexicon: Lexicon) -> bool:
    """Whether a run has learned the words of a completion; what only grammar needs, every module network knows."""
    if run.words is not None:
        return not run.words.unknown(one.text)
    if run.names is None or one.group == FUNCTION or one.name in run.names:
        return True
    learnable = (*lexicon.attributes, *lexicon.attribute_of, *lexicon.relations, *lexicon.superlatives, *lexicon.sides)
    return one.name not in learnable


def _rank(one: Completion, known: bool) -> tuple[bool, int, int]:
    """What was learned, of that what is half typed, then things and their properties, then the words between them."""
    return not known, one.start, GROUPS.index(one.group) if one.group in GROUPS else len(GROUPS)
