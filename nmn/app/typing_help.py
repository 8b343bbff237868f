"""Help while a question is typed: its layout, or what is wrong with which word, and what may come next."""

from contextlib import suppress
from typing import Any

from nmn.app.asked import Parse
from nmn.app.runs import Runs
from nmn.errors import QuestionError
from nmn.language import grammar_names, read_all
from nmn.language.complete import Completion, completions
from nmn.language.diagnose import OPEN_CLASSES
from nmn.language.grammar import load_grammar

MOST = 40
GROUPS = tuple(dict.fromkeys(OPEN_CLASSES.values()))


def help_json(asked: Parse, runs: Runs) -> dict[str, Any]:
    """Return the readings of a question, what is wrong with it, and its completions, as plain JSON data.

    A question may have both: then the readings are those with its misspelt words repaired. ``complete``: the question
    may end where it ends now.
    """
    grammar = asked.grammar if asked.run is None else runs.get(asked.run).grammar
    if grammar not in grammar_names():
        raise QuestionError("", 0, 0, f"no such grammar; there are {', '.join(grammar_names())}")
    found, complete = completions(asked.question, load_grammar(grammar))
    listed = sorted(found, key=_rank)[:MOST]
    data: dict[str, Any] = {
        "grammar": grammar,
        "complete": complete,
        "completions": [{"text": one.text, "start": one.start, "group": one.group} for one in listed],
        "readings": [],
        "problem": None,
    }
    try:
        data["readings"] = [reading.to_json() for reading in read_all(asked.question, grammar).readings]
    except QuestionError as error:
        data["problem"] = {"message": error.reason, "start": error.start, "end": error.end,
                           "expected": list(error.expected), "suggestion": error.suggestion}  # fmt: skip
        with suppress(QuestionError):
            data["readings"] = [one.to_json() for one in read_all(asked.question, grammar, repair=True).readings]
    return data


def _rank(one: Completion) -> tuple[int, int]:
    """What is half typed first, then things and their properties, then the words between them."""
    return one.start, GROUPS.index(one.group) if one.group in GROUPS else len(GROUPS)
