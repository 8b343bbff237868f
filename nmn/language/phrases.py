"""Parse trees of noun phrases and modifiers to ``Phrase`` and ``Modifier``: what was said, before what it means."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from lark import Token, Tree

from nmn.errors import QuestionError
from nmn.language.antecedents import adjectives_alone, it, noun_left_out, of_them
from nmn.language.attach import (
    EACH,
    Determiner,
    Joined,
    Modifier,
    Phrase,
    alike,
    attach_modifier,
    right_edge,
    with_nouns,
)
from nmn.language.choices import Choices
from nmn.language.determiners import DETERMINERS, determiner_of
from nmn.language.here import NOWHERE, Here
from nmn.language.panel_phrases import at_side, in_panel, panel_phrase, touched_side
from nmn.language.premodifiers import grouped, premodifier
from nmn.language.trees import SCENE, Node, is_token, name_of, rule, span_of
from nmn.layout import Layout
from nmn.lexicon import Lexicon

FROM_PLACE = "from_side"
DENIED = re.compile(r"\b(no|not|nothing|none|neither|nor|without|cannot)\b|n['\u2019]t\b")  # before "any": not one
ASKED_ANY = re.compile(r"(is|are|do|does)\b.*\bany")  # "is any circle larger than any square": than one of them
PLURAL_VERBS, SINGULAR_VERBS = ("are", "were", "do", "have"), ("is", "was", "does", "has")


@dataclass
class Reader:
    """Reads the phrases of one question; remembers what "it" (the topic), "one" and "another" can stand for.

    ``claimed``: sets in which something is said to be.
    """

    question: str
    lexicon: Lexicon
    choices: Choices
    mentioned: list[Phrase] = field(default_factory=list)
    claimed: list[Layout] = field(default_factory=list)
    topic: Phrase | None = None
    said: dict[tuple[int, int], Callable[[], Phrase]] = field(default_factory=dict)  # by span, with what is said of it
    predicated: set[tuple[int, int]] = field(default_factory=set)  # of those, the subjects of predicates
    together: Callable[[], Layout] | None = None  # what "they" are after "there is a circle and a square"
    free: bool = False  # "any" means every one
    landmarks: list[tuple[str, Phrase]] = field(default_factory=list)  # "the ..." that relations reached, with those
    here: Here = NOWHERE

    def error(self, node: Node | Phrase, reason: str) -> QuestionError:
        """Build the error that points at a part of the question."""
        start, end = _span(node)
        return QuestionError(self.question, start, end, reason, self.question[:start].strip())

    def noun_phrase(self, tree: Tree[Token], inverted: bool = False) -> list[Joined]:
        """Read an ``np``: a core and its modifiers, attached."""
        phrase, modifiers = self.head(tree)
        phrases = self.attached([Joined("and", phrase)], modifiers[:1], inverted)
        if phrase.determiner.name == "the":  # "is the circle larger than the shape to the left of it"
            self.topic = self.topic or phrase
        phrases = self.attached(phrases, modifiers[1:], inverted)
        self.topic = self.topic or phrases[0].phrase
        return phrases

    def head(self, tree: Tree[Token]) -> tuple[Phrase, list[Node]]:
        """Read the core of an ``np``; return it and the trees of its modifiers."""
        if is_token(tree.children[0], "BOTH"):
            _, core, *modifiers = tree.children
            return replace(self.core(core), determiner=Determiner("both")), modifiers
        core, *modifiers = tree.children
        return self.core(core), modifiers

    def attached(self, phrases: list[Joined], modifiers: Iterable[Node], inverted: bool = False) -> list[Joined]:
        """Attach modifiers, in the order of the text, to the right edge of the last phrase."""
        for tree in modifiers:
            phrases = self.noted(attach_modifier(phrases, self.modifier(tree), self.choices, inverted))
        return phrases

    def noted(self, phrases: list[Joined]) -> list[Joined]:
        """Remember the last of some phrases as it is now, with all that was attached to it."""
        for phrase in right_edge(phrases[-1].phrase):
            self.mentioned = [phrase if phrase.span == one.span else one for one in self.mentioned]
            if self.is_topic(phrase):
                self.topic = phrase
        return phrases

    def core(self, node: Node) -> Phrase:
        """Read a noun with what stands before it."""
        assert isinstance(node, Tree)
        if rule(node) in ("nominal", "object"):
            return self.core(node.children[0])
        if rule(node) in NOUNLESS:
            return NOUNLESS[rule(node)](self, node)
        determiner, noun, plural = Determiner("bare"), SCENE, False
        premodifiers: list[tuple[str, object]] = []
        after: list[Modifier] = []
        pronoun = is_token(node.children[0], "SOMETHING", "EVERYTHING", "NOTHING")
        for child in node.children:
            if isinstance(child, Token) and child.type in DETERMINERS:
                determiner = Determiner(DETERMINERS[child.type])
            elif pronoun and (is_token(child, "ADJECTIVE") or isinstance(child, Tree)):
                after.append(self.modifier(child))
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
                extreme = bool(premodifiers) and premodifiers[-1][0] == "superlative"
                if extreme and self.mentioned and is_token(next(iter(last.scan_values(bool))), "ONE"):  # type: ignore[union-attr]
                    noun = self._elided(premodifiers)  # "the rightmost one"
                plural = plural and rule(child) == "head"
        premodifiers = grouped(premodifiers, self.lexicon)
        last = node.children[-1]
        elided = is_token(last, "SUPERLATIVE", "SUPERLATIVE_PLACE", "PLACE") and not pronoun
        if is_token(last, "OTHER", "OTHERS", "ANOTHER") and not pronoun:  # "the other is blue", "others are blue"
            noun, plural = self._noun_again(), is_token(last, "OTHERS")
            determiner = Determiner("some") if determiner.name == "bare" else determiner
        elif elided:
            noun = self.here.among or self._elided(premodifiers)
        plural = plural or (determiner.name == "the" and (determiner.low or 1) > 1)
        phrase = Phrase(determiner, noun, plural, tuple(premodifiers), tuple(after), span_of(node), elided=elided)
        return self.remember(phrase)

    def _of_the(self, tree: Tree[Token]) -> list[Node]:
        """Return the head of "the largest of the circles"."""
        det, head = tree.children
        assert isinstance(det, Tree) and isinstance(head, Tree)
        determiner = determiner_of(det, self)
        if determiner.name not in ("the", "every") or determiner.low is not None:
            raise self.error(det, '"of the" is read after a superlative, or "of all"')
        return head.children

    def _elided(self, premodifiers: list[tuple[str, object]]) -> Layout:
        """Return the noun of "all red circles except the largest", and add its adjectives."""
        subject = self.mentioned[0] if self.mentioned else None
        if subject is None or self.here.predicating:
            return SCENE
        parallel = any(one != "set" for one, _ in subject.premodifiers)
        if not (subject.plural or subject.determiner.name in ("every", "no") or parallel):
            return SCENE
        premodifiers += [part for part in subject.premodifiers if part[0] == "set"]
        return subject.noun

    def remember(self, phrase: Phrase) -> Phrase:
        """Resolve "it" to the topic, the first noun phrase, and note any other phrase as mentioned."""
        if phrase.determiner.name == "it":
            return it(self, phrase.span)
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
        yield
        self.here = before

    def noun(self, node: Node) -> tuple[Layout, bool]:
        """Return the set that a noun names and whether it is plural."""
        assert isinstance(node, Tree)
        token = node.children[0]
        assert isinstance(token, Token)
        last = node.children[-1]
        plural = bool(last.value.plural) or token.type == "ONES"  # type: ignore[union-attr]
        if token.type == "VALUE_NOUN":
            return Layout("find", name_of(token)), plural
        return self._noun_again(plural) if token.type in ("ONE", "ONES") else SCENE, plural

    def _noun_again(self, plural: bool = False) -> Layout:
        """Return the noun that "one" takes, the one mentioned last."""
        if not self.mentioned:
            return SCENE
        several = [one for one in self.mentioned if one.plural or one.determiner.name in ("every", "no")]
        among = several if several and (plural or self.here.excepting) else self.mentioned
        return (self.here.compared or self.here.antecedent or among[-1]).noun

    def modifier(self, node: Node, joined: str | None = None) -> Modifier:
        """Read one modifier or predicate."""
        if isinstance(node, Token):
            return self._token_modifier(node, joined)
        kind = rule(node)
        negated = any(is_token(child, "NOT") for child in node.children)
        parts = [
            child
            for child in node.children
            if not is_token(child, "NOT", "WITH", "HAVE", "BE", "DO", "THAT", "WHICH", "EVERY", "MADE_OF")
        ]
        if kind == "not_premodifier":
            return replace(self.modifier(parts[0], joined), negated=True)
        if kind in ("relative", "not_relative"):
            modifier = self.modifier(parts[0], joined)
            negated = modifier.negated or kind == "not_relative"
            return replace(modifier, relative=True, plural=plural_verb(node.children, self.question), negated=negated)
        if is_token(node.children[0], "EITHER") and kind == "complete":
            sides = tuple(self.noun_phrase(part)[-1].phrase for part in parts if isinstance(part, Tree))
            return Modifier("joint", "or", sides, joined=joined)
        if kind in ("plain_modifier", "simple", "complete", "bare_predicate", "have_same"):
            modifier = self.modifier(parts[0], joined)
            return replace(modifier, negated=modifier.negated != negated)
        return self._compound(kind, node, parts, joined)

    def _token_modifier(self, token: Token, joined: str | None) -> Modifier:
        if token.type == "ADJECTIVE":
            return Modifier("is", layout=Layout("find", name_of(token)), joined=joined)
        if token.type == "VISIBLE":
            return Modifier("is", layout=SCENE, joined=joined)
        if token.type == "VERB":
            raise self.error(token, f'"{name_of(token)}" needs a noun after it')
        return Modifier("is", layout=Layout("superlative", name_of(token), (SCENE,)), joined=joined)

    def _compound(self, kind: str, tree: Tree[Token], parts: list[Node], joined: str | None) -> Modifier:
        first = parts[0] if parts else tree
        if kind in ("related", "related_all", "related_any", "between_two", "between_some", "other_than"):
            return self._related(kind, parts, joined)
        if kind in ("same_as", "different_from"):
            return self._same(kind, parts, joined)
        if kind == "in_panel":
            return in_panel(panel_phrase(parts[-1], self), joined)  # type: ignore[arg-type]
        if kind == "at_side":
            return at_side(first, parts[1:], joined, self)  # type: ignore[arg-type]
        if kind == "at_place":
            extreme = Layout("superlative", name_of(parts[-1]), (SCENE,))  # type: ignore[arg-type]
            return Modifier("is", "at_place", layout=extreme, joined=joined)
        if kind in ("same_each", "different_each"):
            return self._same(kind, parts, joined)
        if kind == "beside":
            return self._beside(parts, joined)
        if kind == "visible":
            return Modifier("is", layout=SCENE, joined=joined)
        if kind == FROM_PLACE:
            return Modifier(FROM_PLACE, name_of(parts[-1]), joined=joined)  # type: ignore[arg-type]
        if kind in ("nominal", "not_nominal"):
            with self.at(predicating=True, antecedent=self.here.antecedent or self.topic):
                operand = self.core(first)
            return Modifier("nominal", operands=(operand,), negated=kind == "not_nominal", joined=joined)
        if kind in ("joint_and", "joint_or", "joint_nor"):
            return self._joint(kind, parts, joined)
        if kind == "whose":
            return self._whose(tree, joined)
        assert kind == "whose_same", kind
        return self._whose_same(tree, parts, joined)

    def _related(self, kind: str, parts: list[Node], joined: str | None) -> Modifier:
        operands, joins = [], []
        objects = [part for part in parts if isinstance(part, Tree)]
        relations = [part for part in parts if is_token(part, "RELATION", "VERB", "OTHER_THAN")]
        names = [name_of(part) for part in relations]  # type: ignore[arg-type]
        with self.at(excepting=kind == "other_than", reaching=names[0] if kind == "related" else ""):
            for tree in objects:
                for phrase, join in self.object(tree):
                    operands.append(phrase)
                    joins.append(join)
        self.landmarks += [(names[0], one) for one in operands if kind == "related" and one.determiner.name == "the"]
        if kind == "between_two":
            operands = list(with_nouns(operands[0], operands[1]))
        comparing = kind != "other_than" and bool(relations) and self.text(relations[-1]).endswith("than")
        if comparing and self.is_free(objects[-1]):
            operands = [replace(phrase, determiner=Determiner("every")) for phrase in operands]
        elif comparing:  # "circles are larger than squares"
            kinds = [one.plural and one.determiner.name == "bare" for one in operands]
            every = Determiner("every")
            operands = [
                replace(one, determiner=every) if kind else one for one, kind in zip(operands, kinds, strict=True)
            ]
        modifier = Modifier(
            kind, " ".join(names), tuple(operands), tuple(joins[1:]), comparing=comparing, joined=joined
        )
        if kind == "related" and len(operands) == 1:
            tokens = [token for token in objects[0].scan_values(lambda _: True) if isinstance(token, Token)]
            return touched_side(modifier, operands[0], tokens, self) or modifier
        return modifier

    def text(self, node: Node | Phrase) -> str:
        """Return the words of a part of the question, in lower case."""
        start, end = _span(node)
        return self.question[start:end].lower()

    def is_free(self, node: Node | Phrase) -> bool:
        """Whether a noun phrase begins with "any" and nothing before denies it: every one, as in "larger than any"."""
        start, _ = _span(node)
        before = self.question[:start].lower()
        return self.text(node).startswith("any") and not DENIED.search(before) and not ASKED_ANY.match(before)

    def object(self, tree: Tree[Token]) -> list[tuple[Phrase, str]]:
        """Read the noun phrases after a relation, each with the conjunction before it."""
        kind = rule(tree)
        if kind == "each_other":
            return [(Phrase(Determiner(kind), SCENE, plural=True, span=span_of(tree)), "and")]
        if kind in ("object_and", "object_or"):
            first, second = (self.core(child) for child in tree.children if isinstance(child, Tree))
            (_, first), *_ = self.noted([Joined("and", alike(first, second))])
            return [(phrase, kind.removeprefix("object_")) for phrase in (first, second)]
        if kind == "object_both":
            return [(replace(self.core(tree.children[-1]), determiner=Determiner("both")), "and")]
        return [(self.core(tree.children[0] if kind == "object" else tree), "and")]

    def _beside(self, parts: list[Node], joined: str | None) -> Modifier:
        """Read "has a star to its left" as being right of a star."""
        core, relation, _ = parts
        name = self.lexicon.converse(name_of(relation))  # type: ignore[arg-type]
        if name is None:
            raise self.error(relation, "no relation is the other way round: say it of the other thing")
        phrase = self.core(core)
        if phrase.determiner.name == "numeral":  # "has two stars to its left": so many, as "there are two stars"
            phrase = replace(phrase, determiner=phrase.determiner._replace(name="number"))
        return Modifier("related", name, (phrase,), joined=joined)

    def _same(self, kind: str, parts: list[Node], joined: str | None) -> Modifier:
        attributes = [name_of(part) for part in parts if is_token(part, "ATTRIBUTE", "THING_ATTRIBUTE")]  # type: ignore[arg-type]
        attributes += [self.lexicon.attribute_of[name_of(part)] for part in parts if is_token(part, "ADJECTIVE")]  # type: ignore[arg-type]
        objects = [pair for part in parts if isinstance(part, Tree) for pair in self.object(part)]
        operands = tuple(phrase for phrase, _ in objects)
        if any(phrase.determiner.name == "each_other" for phrase in operands):  # "the same color as each other"
            each = next(name for name, one in EACH.items() if kind in (name, one))
            return Modifier(each, " ".join(attributes), joined=joined)
        return Modifier(kind, " ".join(attributes), operands, tuple(join for _, join in objects[1:]), joined=joined)

    def _joint(self, kind: str, parts: list[Node], joined: str | None) -> Modifier:
        """Read "both A and B": each side is a set of things on its own, with its own modifiers."""
        sides: list[list[Node]] = [[]]
        for part in parts:
            if is_token(part, "AND", "OR", "NOR"):
                sides.append([])
            elif not is_token(part, "BOTH", "EITHER", "NEITHER"):
                sides[-1].append(part)
        phrases = tuple(self.attached([Joined("and", anything())], side)[-1].phrase for side in sides)
        return Modifier("joint", kind.removeprefix("joint_"), phrases, joined=joined)

    def _whose(self, tree: Tree[Token], joined: str | None) -> Modifier:
        return replace(self.value_of(tree), relative=True, joined=joined)

    def value_of(self, tree: Tree[Token]) -> Modifier:
        """Read "colour ... is red" as a predicate; raise QuestionError where that attribute has no such value."""
        attribute = next(child for child in tree.children if is_token(child, "ATTRIBUTE", "THING_ATTRIBUTE"))
        value = tree.children[-1]
        assert isinstance(attribute, Token) and isinstance(value, Token)
        owner = self.lexicon.attribute_of[name_of(value)]
        if owner != name_of(attribute):
            raise self.error(value, f'"{name_of(value)}" is a {owner}, not a {name_of(attribute)}')
        negated = any(is_token(child, "NOT") for child in tree.children)
        found = Layout("find", name_of(value))
        return Modifier("is", layout=found, negated=negated)

    def _whose_same(self, tree: Tree[Token], parts: list[Node], joined: str | None) -> Modifier:
        kind = "different_from" if any(is_token(part, "DIFFERENT") for part in parts) else "same_as"
        return replace(self._same(kind, parts, joined), relative=True)


NOUNLESS: dict[str, Callable[[Reader, Tree[Token]], Phrase]] = {
    "core_of_them": of_them,
    "those_core": noun_left_out,
    "so_many_core": noun_left_out,
    "alike_core": adjectives_alone,
}


def plural_verb(nodes: Iterable[Node], question: str) -> bool | None:
    """Return whether the verb among some nodes is plural, None where it does not say."""
    for node in nodes:
        inner = node.children[0] if isinstance(node, Tree) and rule(node) in ("simple", "related") else node
        if not is_token(inner, "BE", "DO", "HAVE", "VERB"):
            continue
        start, end = span_of(inner)
        verb = question[start:end].lower().split()[0]
        if is_token(inner, "VERB"):
            return False if verb.endswith("s") else None if verb.endswith("ing") else True
        if verb in PLURAL_VERBS + SINGULAR_VERBS:
            return verb in PLURAL_VERBS
    return None


def _span(node: Node | Phrase) -> tuple[int, int]:
    return node.span if isinstance(node, Phrase) else span_of(node)


def anything() -> Phrase:
    """Return the phrase for any thing at all, to hang a predicate on."""
    return Phrase(Determiner("bare"), SCENE)
