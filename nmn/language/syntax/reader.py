"""Parse trees of noun phrases and modifiers to ``Phrase`` and ``Modifier``: what was said, before what it means."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from lark import Token, Tree

from nmn.errors import QuestionError
from nmn.language.syntax.antecedents import (
    ANOTHER_FOR_EACH,
    ONE_OR_ANOTHER,
    adjectives_alone,
    anything_such,
    is_like,
    it,
    noun_left_out,
    of_them,
)
from nmn.language.syntax.attach import attach_modifier, right_edge
from nmn.language.syntax.choices import Choices
from nmn.language.syntax.determiners import DETERMINERS, determiner_of
from nmn.language.syntax.here import NOWHERE, Here
from nmn.language.syntax.modifiers import read_modifier
from nmn.language.syntax.phrases import COMPARISONS, Determiner, Modifier, Phrase, Premodifier, is_extreme
from nmn.language.syntax.premodifiers import grouped, premodifier
from nmn.language.trees import SCENE, Node, is_plural, is_token, name_of, rule, span_of, trees_of, words_of
from nmn.layout import Layout
from nmn.lexicon import Lexicon

Span = tuple[int, int]  # offsets into the question
DENIED = re.compile(r"\b(no|not|nothing|none|neither|nor|without|cannot)\b|n['\u2019]t\b")  # before "any": not one
ASKED_ANY = re.compile(r"(is|are|do|does)\b.*\bany")  # "is any circle larger than any square": than one of them


@dataclass
class Reader:
    """Reads the phrases of one question; remembers what "it" (the topic), "one" and "another" can stand for."""

    question: str
    lexicon: Lexicon
    choices: Choices
    mentioned: list[Phrase] = field(default_factory=list)
    claimed: Layout | None = None  # in which something was said to be last
    topic: Phrase | None = None
    named: Sequence[Phrase] = ()  # by the clause before, its subject first: "the blue one" is another of one of these
    said: dict[tuple[int, int], Callable[[], Phrase]] = field(default_factory=dict)  # by span, with what is said of it
    told: dict[tuple[int, int], Callable[[], Phrase]] = field(default_factory=dict)  # of subjects, parts too
    brought_in: set[tuple[int, int]] = field(default_factory=set)  # of what a clause says that there is, or is about
    one_for_each: set[tuple[int, int]] = field(default_factory=set)  # of what there is of each: "a star left of each"
    stands_for: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)  # of "it", that of what it means
    kept: bool = False  # "it" was the topic in the clause that is read, so that it is the topic in the next one, too
    together: Callable[[], Layout] | None = None  # what "they" are after "there is a circle and a square"
    besides: bool = False  # something is said to have another thing beside it
    free: bool = False  # "any" means every one
    landmarks: list[tuple[str, Phrase]] = field(default_factory=list)  # "the ..." that relations reached, with those
    here: Here = NOWHERE

    def error(self, node: Node | Phrase | Span, reason: str) -> QuestionError:
        """Build the error that points at a part of the question."""
        start, end = _span(node)
        return QuestionError(self.question, start, end, reason, self.question[:start].strip())

    def noun_phrase(self, tree: Node, inverted: bool = False) -> Phrase:
        """Read an ``np``: a core and its modifiers, attached."""
        first = self.topic is None
        head, modifiers = self.head(tree)
        if inverted and trees_of(tree, "distant_core"):  # "is the nearest circle to the star above the square"
            head = replace(head, sealed=len(head.modifiers))
        subject = head if inverted else None
        phrase = self.attached(head, modifiers[:1], subject)
        if head.determiner.name == "the":  # "is the circle larger than the shape to the left of it"
            self.topic = self.topic or head
        compared = bool(modifiers) and self._compares(modifiers[0])  # and so not what tells the subject apart
        phrase = self.attached(phrase, modifiers[1:], subject, compared)
        if first and not (inverted and self.is_topic(phrase)):
            self.topic = head if inverted and head.determiner.name == "the" else phrase
        return phrase

    def head(self, tree: Node) -> tuple[Phrase, list[Node]]:
        """Read the core of an ``np``; return it and the trees of its modifiers."""
        assert isinstance(tree, Tree)
        if is_token(tree.children[0], "BOTH"):
            _, core, *modifiers = tree.children
            return replace(self.core(core), determiner=Determiner("both")), modifiers
        core, *modifiers = tree.children
        if self.besides and modifiers and _ends_in_it(modifiers[0]):  # "a star to its left and a square to its right"
            raise self.error(tree, "what is beside what? Say each in a clause of its own")
        return self.core(core), modifiers

    def attached(
        self, phrase: Phrase, modifiers: Iterable[Node], subject: Phrase | None = None, compared: bool = False
    ) -> Phrase:
        """Attach modifiers, in the order of the text, to a phrase.

        ``subject``: that of an inverted question; ``compared``: it was said to be larger than something, or alike.
        """
        for tree in modifiers:
            asked = subject is not None and self._compares(tree)
            like = subject if asked and is_like(tree) else self.here.antecedent
            beyond = asked and bool(phrase.modifiers)  # "is the star near the circle larger than it": than the circle
            with self.at(antecedent=like, inside=self.here.inside or beyond):  # "... larger than the one near a square"
                modifier = self.modifier(tree)
            if not beyond:
                self._check_itself(phrase, modifier)
            if subject is not None and phrase.modifiers and not (compared or modifier.relative):
                self._check_which(subject, modifier)
            phrase = self.noted(attach_modifier(phrase, modifier, self.choices, subject is not None))
        return phrase

    def _compares(self, node: Node) -> bool:
        """Whether a modifier compares: "larger than ...", "the same color as ..."."""
        trees = [rule(tree) for tree in node.iter_subtrees()] if isinstance(node, Tree) else []
        return "than" in self.text(node).split() or not COMPARISONS.isdisjoint(trees)

    def _check_itself(self, phrase: Phrase, modifier: Modifier) -> None:
        """Raise QuestionError for "touches a square that is larger than it", where "it" would be that square."""
        *outer, nearest = right_edge(phrase)
        for operand in modifier.operands:
            if outer and self.stands_for.get(operand.span) == nearest.span:
                raise self.error(operand, ANOTHER_FOR_EACH)

    def _check_which(self, subject: Phrase, modifier: Modifier) -> None:
        """Raise QuestionError for "is the circle touching the star left of it": it is one or the other."""
        for operand in modifier.operands:
            if self.stands_for.get(operand.span) == subject.span:
                raise self.error(operand, ONE_OR_ANOTHER)

    def noted(self, phrase: Phrase) -> Phrase:
        """Remember a phrase as it is now, with all that was attached to it."""
        for inner in right_edge(phrase):
            self.mentioned = [inner if inner.span == one.span else one for one in self.mentioned]
            if self.is_topic(inner):
                self.topic = inner
        return phrase

    def core(self, node: Node) -> Phrase:
        """Read a noun with what stands before it."""
        assert isinstance(node, Tree)
        if rule(node) in NOUNLESS:
            return NOUNLESS[rule(node)](self, node)
        if is_token(node.children[0], "SOMETHING", "EVERYTHING", "NOTHING"):
            return anything_such(self, node)
        determiner, noun, plural = Determiner("bare"), SCENE, False
        premodifiers: list[Premodifier] = []
        for child in node.children:
            if isinstance(child, Token) and child.type in DETERMINERS:
                determiner = Determiner(DETERMINERS[child.type])
            elif isinstance(child, Token) or rule(child) == "not_premodifier":
                premodifiers.append(premodifier(child, self.lexicon))
            elif rule(child) == "det":
                determiner = determiner_of(child, self)
            elif rule(child) == "noun":
                noun, plural = self.noun(child)
            else:  # a head, or "of the circles" with one
                *before, last = child.children if rule(child) == "head" else self._of_the(child)
                premodifiers += [premodifier(part, self.lexicon) for part in before]
                noun, plural = self.noun(last)
                extreme = bool(before) and premodifiers[-1].kind == "superlative"
                if extreme and self.mentioned and is_token(words_of(last)[0], "ONE"):
                    noun = self._elided(premodifiers)  # "the rightmost one"
                plural = plural and rule(child) == "head"
        self._check_place(node, determiner, plural)
        premodifiers = grouped(premodifiers, self.lexicon)
        last = node.children[-1]
        elided = is_token(last, "SUPERLATIVE", "SUPERLATIVE_PLACE", "PLACE")
        if is_token(last, "OTHER", "OTHERS", "ANOTHER"):  # "the other is blue", "others are blue"
            noun, plural = self._noun_of_others(), is_token(last, "OTHERS")
            determiner = Determiner("some") if determiner.name == "bare" else determiner
        elif elided:
            noun = self.here.among or self._elided(premodifiers)
        plural = plural or (determiner.name == "the" and (determiner.low or 1) > 1)
        phrase = Phrase(determiner, noun, plural, tuple(premodifiers), span=span_of(node), elided=elided)
        return self.remember(phrase)

    def placed(self, node: Tree[Token]) -> Phrase:
        """Read "the circle on the left", which is the left circle."""
        determiner, head, place = node.children
        return self.core(Tree("core", [determiner, place, head]))

    def distant(self, node: Tree[Token]) -> Phrase:
        """Read "the nearest circle to the star", which is the circle nearest to it; "the nearest to the star"."""
        determiner, distance, *head, thing = node.children
        if head:
            phrase = self.core(Tree("core", [determiner, *head]))
        else:
            phrase = Phrase(determiner_of(determiner, self), self.here.among or SCENE, span=span_of(node))  # type: ignore[arg-type]
        nearest = self.modifier(Tree("by_distance", [distance, thing]))
        return replace(phrase, modifiers=(*phrase.modifiers, nearest))

    def _check_place(self, node: Tree[Token], determiner: Determiner, plural: bool) -> None:
        """Refuse "a left circle" and "the left circles", of which nothing says how many they are."""
        placed = any(is_token(child, "PLACE", "SUPERLATIVE_PLACE") for child in node.children[:-1])
        if placed and (determiner.name != "the" or (plural and determiner.low is None)):
            raise self.error(node, 'which, or how many? Say, for instance, "the left circle", "the two left circles"')

    def _of_the(self, tree: Tree[Token]) -> list[Node]:
        """Return the head of "the largest of the circles"."""
        det, head = tree.children
        assert isinstance(det, Tree) and isinstance(head, Tree)
        determiner = determiner_of(det, self)
        if determiner.name not in ("the", "every") or determiner.low is not None:
            raise self.error(det, '"of the" is read after a superlative, or "of all"')
        return head.children

    def _elided(self, premodifiers: list[Premodifier]) -> Layout:
        """Return the noun of "all red circles except the largest", and add its adjectives."""
        extreme = next((one for one in reversed(self.mentioned) if is_extreme(one)), None)
        subject = extreme or (self.mentioned[0] if self.mentioned else None)
        if self.here.predicating:  # "the red circle is the largest circle and the blue circle is the smallest"
            before = [one for one in self.mentioned if one.span[1] <= self.here.subject[0]]
            subject = next((one for one in reversed(before) if is_extreme(one) and not one.elided), None)
        if subject is None:
            return SCENE
        parallel = any(one.kind != "set" for one in subject.premodifiers)
        if not (self.here.predicating or subject.plural or subject.determiner.name in ("every", "no") or parallel):
            return SCENE
        premodifiers += [part for part in subject.premodifiers if part.kind == "set"]
        return subject.noun

    def remember(self, phrase: Phrase) -> Phrase:
        """Resolve "it" to the topic, the first noun phrase, and note any other phrase as mentioned."""
        if phrase.determiner.name == "it":
            return it(self, phrase.span)
        if not (self.here.predicating and phrase.determiner.name in ("some", "bare")):  # "a circle" of "is a circle"
            self.mentioned.append(phrase)
        return phrase

    def is_topic(self, phrase: Phrase) -> bool:
        """Whether a phrase, with whatever was attached to it, is the one that "it" stands for."""
        return self.topic is not None and self.topic.span == phrase.span

    @contextmanager
    def at(self, **changes: object) -> Iterator[None]:
        """Read something where ``Here`` is another."""
        before = self.here
        self.here = before._replace(**changes)  # type: ignore[arg-type]
        try:
            yield
        finally:
            self.here = before

    def noun(self, node: Node) -> tuple[Layout, bool]:
        """Return the set that a noun names and whether it is plural."""
        token, *_, last = words_of(node) * 2
        plural = is_plural(last) or token.type == "ONES"
        if token.type == "VALUE_NOUN":
            return Layout("find", name_of(token)), plural
        return self._noun_again(plural) if token.type in ("ONE", "ONES") else SCENE, plural

    def _noun_again(self, plural: bool = False) -> Layout:
        """Return the noun that "one" takes, the one mentioned last."""
        if not self.mentioned:
            return SCENE
        several = [one for one in self.mentioned if one.plural or one.determiner.name in ("every", "no")]
        among = several if several and (plural or self.here.excepting) else self.mentioned
        return (self.here.antecedent or among[-1]).noun

    def _noun_of_others(self) -> Layout:
        """Return the noun that "the others" takes; after "the star", which has no like, they are any shapes."""
        alone = all(
            one.determiner.name == "the" and not (one.plural or one.premodifiers or one.modifiers)
            for one in self.mentioned
        )
        return SCENE if alone else self._noun_again()

    def modifier(self, node: Node, joined: str | None = None) -> Modifier:
        """Read one modifier or predicate; ``joined``: the conjunction before it."""
        return read_modifier(node, self, joined)

    def text(self, node: Node | Phrase) -> str:
        """Return the words of a part of the question, in lower case."""
        start, end = _span(node)
        return self.question[start:end].lower()

    def is_free(self, node: Node | Phrase) -> bool:
        """Whether a noun phrase begins with "any" and nothing before denies it: every one, as in "larger than any"."""
        start, _ = _span(node)
        before = self.question[:start].lower()
        return self.text(node).startswith("any") and not DENIED.search(before) and not ASKED_ANY.match(before)


NOUNLESS: dict[str, Callable[[Reader, Tree[Token]], Phrase]] = {
    "core_of_them": of_them,
    "placed_core": Reader.placed,
    "distant_core": Reader.distant,
    "those_core": noun_left_out,
    "so_many_core": noun_left_out,
    "alike_core": adjectives_alone,
}


def _ends_in_it(node: Node) -> bool:
    return any(is_token(word, "IT") for word in words_of(node)[-1:])


def _span(node: Node | Phrase | Span) -> Span:
    if isinstance(node, tuple):
        return node
    return node.span if isinstance(node, Phrase) else span_of(node)
