"""Where in a sentence a phrase is read."""

from typing import NamedTuple

from nmn.language.syntax.phrases import Phrase
from nmn.layout import Layout


class Here(NamedTuple):
    """What the words around a phrase that is read make of its pronouns, its determiners and of nouns left out."""

    relating: bool = False  # to what a phrase names, which is never the thing itself
    among: Layout | None = None  # the things of which "which circle is the second largest" asks for one
    predicating: bool = False  # what a subject is, so that "the largest" may be of another kind than it
    antecedent: Phrase | None = (
        None  # of "one": "the red circle is near the star and the blue one is not", "more red squares than blue ones"
    )
    excepting: bool = False  # so that "one" is one of several that were mentioned
    of_all: Phrase | None = None  # of which something is said, each of them: compared with one of them, all others
    of_none: bool = False  # of what is said, so that "the squares" are any of them: "no circle touches the squares"
    else_than: Layout | None = None  # several subjects, which "everything else" of their predicate leaves out
    reaching: str = ""  # the relation whose object is read
    subject: tuple[int, int] = (0, 0)  # of which something is said, so that "it" is another thing
    inside: bool = False  # the clause that is about the topic, so that "it" is another thing there


NOWHERE = Here()
