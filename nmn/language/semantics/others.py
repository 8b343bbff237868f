"""What "the other circles", "others" and "another" leave out: what was mentioned before, or else is mentioned next."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from nmn.language.connect import any_of, conj, includes, negate, unique
from nmn.language.syntax.antecedents import COUNTING
from nmn.language.syntax.phrases import FROM_SIDE, OF_EACH, Determiner, Phrase, is_other
from nmn.language.syntax.reader import Reader
from nmn.language.trees import SCENE
from nmn.layout import QUANTIFIERS, Layout

OF_THOSE_LEFT = ("numeral", "number", "several")  # determiners of "two others are blue", "one of the others is blue"
Members = Callable[[Phrase, Reader], Layout]  # of a phrase, the set that it names (``sets.py``)


def without_mentioned(inner: Layout, phrase: Phrase, reader: Reader, members: Members) -> Layout:
    """Leave out of "the other circles" what was mentioned before, else what is mentioned next; or several subjects."""
    if reader.here.else_than is not None and reader.here.relating and phrase.determiner.name in OF_EACH:
        return conj(inner, negate(reader.here.else_than))
    return _without_named(inner, phrase, reader, members)


def _without_named(inner: Layout, phrase: Phrase, reader: Reader, members: Members) -> Layout:
    earlier = [other for other in reader.mentioned if other.span[1] <= phrase.span[0]]
    later = [other for other in reader.mentioned if other.span[0] >= phrase.span[1]]
    if not earlier and len(reader.mentioned) < 2:
        _check_of_all(phrase, reader)
        return inner  # "what is above everything else": no relation holds of a thing to itself
    name = phrase.determiner.name
    of_those_left = name == "the" or (name in OF_THOSE_LEFT and not reader.here.relating)
    if of_those_left and (counted := _counted_before(earlier, phrase, reader, members)) is not None:
        named, said = counted
        short = reader.text(phrase) in ("the other", "the others", "the other one", "the other ones")
        return conj(named if short else inner, negate(said))
    if not earlier:
        known = [other for other in later if other.determiner.name == "the" and not is_other(other)]
        if not known or not (name in QUANTIFIERS or (name == "the" and phrase.plural)):
            return inner  # no relation holds of a thing to itself
    introduced = [other for other in _unrelated(earlier) if other.determiner.name == "the"]
    if len(introduced) > 1 and phrase.plural and name in ("some", "bare") and not reader.here.relating:
        return _without_all(inner, introduced, phrase, reader, members)
    alike = [other for other in earlier if other.noun == phrase.noun != SCENE]
    meant = (_unrelated(alike) or alike or _unrelated(earlier) or earlier)[-1] if earlier else known[0]
    if reader.here.relating and name == "the" and not phrase.plural and meant.determiner.name in ("some", "numeral"):
        raise reader.error(phrase, '"the other" than which? Say it of each by what it is')
    if reader.here.relating and _is_another_anyway(meant, phrase):
        return inner
    if earlier and not reader.here.relating and (name in ("every", "no") or (name == "the" and phrase.plural)):
        return _without_all(inner, _unrelated(earlier), phrase, reader, members)
    if meant.determiner.name in ("the", "every", "bare"):
        mentioned = _mentioned_set(meant, phrase, reader, members)
        one = meant.determiner.name == "the" and not meant.plural
        if includes(mentioned, inner) and not (one and phrase.plural and not reader.here.relating):
            if meant.determiner.name == "the" and meant.plural and not reader.here.relating:
                raise reader.error(phrase, '"other" than which? All of these were mentioned')
            return inner
        return conj(inner, negate(unique(mentioned) if one else mentioned))
    if name == "the" and not (reader.here.relating and phrase.plural):
        raise reader.error(phrase, '"the other" than which? Not one thing alone was mentioned, such as "the circle"')
    return inner


def _check_of_all(phrase: Phrase, reader: Reader) -> None:
    """Raise QuestionError for "everything else is red", where nothing says what is left out."""
    if not (reader.here.relating and phrase.determiner.name == "every"):
        raise reader.error(phrase, '"other" than what? Nothing else is mentioned')


def _is_another_anyway(meant: Phrase, phrase: Phrase) -> bool:
    """Whether what a relation reaches is another thing of itself: "every circle touches two other shapes"."""
    if not (meant.determiner.name == "the" or (phrase.plural and _are_several(meant))):
        return True
    of_all = phrase.determiner.name == "every" and meant.determiner.name == "the" and not meant.plural
    return of_all or (meant.determiner.name in ("every", "no") and phrase.determiner.name in COUNTING)


def _counted_before(
    earlier: Sequence[Phrase], phrase: Phrase, reader: Reader, members: Members
) -> tuple[Layout, Layout] | None:
    """Return the circles and the red ones for "the others" after "some circles are red"; None where none are counted.

    Of "the other" exactly so many must have been named, so that there is one more.
    """
    counted = [one for one in earlier if one.span in reader.told and one.noun == phrase.noun]
    told = [_told(one, phrase, reader) for one in counted]
    exact = all(one.determiner.low == one.determiner.high is not None for one in told)
    if not told or not (phrase.plural or exact):
        return None
    bare = [[replace(one, determiner=Determiner("bare")) for one in phrases] for phrases in (counted, told)]
    named, said = (list(dict.fromkeys(members(one, reader) for one in phrases)) for phrases in bare)
    return any_of(named), any_of(said)


def _told(one: Phrase, other: Phrase, reader: Reader) -> Phrase:
    """Return a phrase with what was said of it; raise QuestionError where that says something of the other ones."""
    said = reader.told[one.span]

    def loops() -> Phrase:
        raise reader.error(other, "the other of which? Say it of each by what it is")

    reader.told[one.span] = loops
    found = said()
    reader.told[one.span] = said
    return found


def _mentioned_set(mentioned: Phrase, phrase: Phrase, reader: Reader, members: Members) -> Layout:
    """Return what was mentioned, before "the other star" as it was named: "the star near the circle"."""
    others = any(is_other(operand) for modifier in mentioned.modifiers for operand in modifier.operands)
    if phrase.determiner.name == "the" and not others:
        return members(mentioned, reader)
    places = tuple(modifier for modifier in mentioned.modifiers if modifier.kind == FROM_SIDE)
    return members(replace(mentioned, modifiers=places), reader)


def _unrelated(phrases: Sequence[Phrase]) -> list[Phrase]:
    """Return those phrases that no relation of another one reaches."""
    reached = {operand.span for one in phrases for modifier in one.modifiers for operand in modifier.operands}
    return [one for one in phrases if one.span not in reached]


def _without_all(
    inner: Layout, mentioned: Sequence[Phrase], phrase: Phrase, reader: Reader, members: Members
) -> Layout:
    """Leave all that was mentioned out of "everything else"; raise QuestionError where that would be everything."""
    sets = [_mentioned_set(one, phrase, reader, members) for one in mentioned]
    left_out = any_of(sets)
    if any(includes(one, inner) for one in sets):
        raise reader.error(phrase, "other than which? What was mentioned may be any of them: say which by its noun")
    return conj(inner, negate(left_out))


def _are_several(phrase: Phrase) -> bool:
    return phrase.plural or phrase.determiner.name in ("every", "no")
