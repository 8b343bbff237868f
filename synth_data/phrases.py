"""The parts that texts are made of: nouns with what they mean and wish for, relations, numbers, and their words.

Every part carries its words and its layout together, so that a text and its gold layout are built in one step and are
never parsed. What a scene should hold for a part to mean something is its *wish*: values by attribute.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from nmn.errors import ConfigError
from nmn.language.lexer import NUMERALS, plural
from nmn.layout import Layout
from nmn.layout.graph import Call
from nmn.lexicon import Lexicon
from synth_data.config import SynthConfig

Wish = Mapping[str, str]
SCENE = Layout("scene")
ADJECTIVE_ORDER = ("size", "shade", "texture", "color")
NAMED = {"shape": 0.75, "color": 0.6, "size": 0.25, "texture": 0.25, "shade": 0.15}  # chance to be mentioned
OPPOSITE = {
    "left_of": "right_of", "right_of": "left_of", "above": "below", "below": "above", "larger": "smaller",
    "smaller": "larger", "darker": "lighter", "lighter": "darker", "in_front_of": "behind", "behind": "in_front_of",
    "on": "under", "under": "on",
}  # fmt: skip
# relations and superlatives that go by an attribute
MEASURED = {
    "larger": "size", "smaller": "size", "largest": "size", "smallest": "size", "darker": "shade", "lighter": "shade",
}  # fmt: skip


@cache
def find(value: str) -> Layout:
    """Return ``find[value]``."""
    return Layout("find", value)


def both(first: Layout, second: Layout) -> Layout:
    """Return what is in both sets, the set of everything left out."""
    if first is SCENE:
        return second
    return first if second is SCENE else Layout("and", None, (first, second))


def call(module: str, *operands: Layout, of: str | None = None) -> Layout:
    """Return a call: operands first, its argument by name."""
    return Layout(module, of, operands)


@cache
def numeral(value: int) -> Layout:
    """Return the layout of a number."""
    return Layout("number", str(value))


def relation_nouns(layout: Layout) -> set[str]:
    """Return the pairs of a relation and a value of the noun after it, such as ``"left_of square"``."""
    calls = layout.calls
    return {
        f"{call.argument} {noun}"
        for call in calls
        if call.module == "relate"
        for noun in _nouns(calls, call.operands[0])
    }


def _nouns(calls: Sequence[Call], place: int) -> set[str]:
    """Return the values that a set's own noun names: not those below another relation."""
    call = calls[place]
    if call.module == "find" and call.argument is not None:
        return {call.argument}
    if call.module in ("and", "unique"):
        return {noun for operand in call.operands for noun in _nouns(calls, operand)}
    return set()


@lru_cache(maxsize=20_000)
def noun_values(layout: Layout) -> tuple[str, ...]:
    """Return the values of a set that is a noun alone; of any other set, none."""
    if layout.module == "find" and layout.argument is not None:
        return (layout.argument,)
    parts = [noun_values(operand) for operand in layout.operands] if layout.module == "and" else []
    return sum(parts, ()) if all(parts) else ()


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun with its adjectives: ``small red circle``, its set, and the values that it names by attribute."""

    words: str
    plural: str
    layout: Layout
    wish: Wish

    @property
    def a(self) -> str:
        """The noun with its indefinite article."""
        return f"{'an' if self.words[0] in 'aeiou' else 'a'} {self.words}"

    def count(self, number: int) -> str:
        """Return ``one red circle`` or ``two red circles``."""
        return f"{NUMERALS[number]} {self.words if number == 1 else self.plural}"


@lru_cache(maxsize=20_000)
def _noun_set(values: tuple[str, ...]) -> Layout:
    """Return the set of what has all of some values."""
    if not values:
        return SCENE
    return find(values[0]) if len(values) == 1 else Layout("and", None, (find(values[0]), _noun_set(values[1:])))


_plural = cache(plural)


@dataclass(slots=True)
class Surface:
    """Picks among ways to say the same, the same picks in the same order for a text and its twin."""

    state: int

    def of(self, *options: str) -> str:
        """Return one of the options."""
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return options[(self.state >> 33) % len(options)]


@dataclass
class Words:
    """Draws parts of texts from what a configuration lets objects be; ``rng`` is the only source of chance."""

    config: SynthConfig
    rng: random.Random
    lexicon: Lexicon = field(init=False)
    values: dict[str, tuple[str, ...]] = field(init=False)
    nouns_held_out: frozenset[frozenset[str]] = field(init=False)
    things: list[str] = field(init=False)
    spoken: dict[tuple[str, str], list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.lexicon = self.config.words
        self.values = {
            name: self.config.values(name)
            for name in self.lexicon.attributes
            if len(self.config.values(name)) > 1 or name == "shape"
        }
        self.things = [noun for noun in self.lexicon.nouns[:4] if " " not in noun]
        self.spoken = {
            (name, value): [word for word in words if " " not in word]
            for name, entry in self.lexicon.attributes.items()
            for value, words in entry.values.items()
        }
        self.nouns_held_out = frozenset(frozenset(pair.split()) for pair in self.config.held_out)

    def asked(self) -> list[str]:
        """Return the attributes that can be asked for, those with two values or more; raise ConfigError for none."""
        names = [name for name, values in self.values.items() if len(values) > 1]
        if not names:
            raise ConfigError(
                "no attribute has two values, so none can be asked for; let objects have more colors or shapes"
            )
        return names

    def noun(self, without: Sequence[str] = (), unlike: Wish | None = None, bare: bool = False) -> Noun:
        """Draw a noun that names none of some attributes; ``unlike`` a wish, which neither implies the other.

        ``bare``: "thing", with no adjective, may come too.
        """
        for _ in range(200):
            names = [n for n in self.values if n not in without and self.rng.random() < NAMED.get(n, 0.2)]
            wish = {name: self.rng.choice(self.values[name]) for name in names}
            if (wish or bare) and self._may(wish) and not (unlike is not None and _implied(wish, unlike)):
                return self.named(wish)
        raise ConfigError("no noun can be made of these values; let objects have more shapes or colors")

    def _may(self, wish: Wish) -> bool:
        return not (self.nouns_held_out and any(pair <= set(wish.values()) for pair in self.nouns_held_out))

    def named(self, wish: Wish, head: str = "") -> Noun:
        """Return the noun for a wish; ``head`` is the word for what has no shape named."""
        spoken = {value: self._word(name, value) for name, value in wish.items()}
        ordered = [wish[name] for name in ADJECTIVE_ORDER if name in wish]
        head = spoken[wish["shape"]] if "shape" in wish else head or self.rng.choice(self.things)
        before = "".join([spoken[value] + " " for value in ordered])
        return Noun(before + head, before + self.plural_of(head), self.layout_of(wish), wish)

    def layout_of(self, wish: Wish) -> Layout:
        """Return the set of what has all the values of a wish."""
        return _noun_set(tuple([wish[name] for name in (*ADJECTIVE_ORDER, "shape") if name in wish]))

    def _word(self, attribute: str, value: str) -> str:
        words = self.spoken[attribute, value]
        return words[0] if len(words) == 1 or self.rng.random() < 0.8 else self.rng.choice(words[1:])

    def plural_of(self, word: str) -> str:
        """Return the plural of a noun."""
        return self.lexicon.plurals.get(word) or _plural(word)

    def changed(self, noun: Noun) -> Noun:
        """Return the noun with one of its values changed for another: the wrong attribute."""
        for _ in range(50 if noun.wish else 0):
            name = self.rng.choice(list(noun.wish))
            if len(self.values[name]) == 1:
                continue
            value = self.rng.choice([value for value in self.values[name] if value != noun.wish[name]])
            wish = {**noun.wish, name: value}
            if self._may(wish):
                return self._renamed(noun, name, value, wish)
        return noun

    def _renamed(self, noun: Noun, name: str, value: str, wish: Wish) -> Noun:
        """Keep every other word of the noun as it was."""
        old = next(word for word in self.lexicon.attributes[name].values[noun.wish[name]] if word in noun.words.split())
        new = self._word(name, value)
        words = " ".join(new if word == old else word for word in noun.words.split())
        plurals = {old: new, self.plural_of(old): self.plural_of(new)}
        many = " ".join(plurals.get(word, word) for word in noun.plural.split())
        return Noun(words, many, self.layout_of(wish), wish)

    def value(self, without: Sequence[str] = ()) -> tuple[str, str]:
        """Draw an attribute and one of its values."""
        name = self.rng.choice([name for name in self.asked() if name not in without] or self.asked())
        return name, self.rng.choice(self.values[name])

    def relation(self, rng: random.Random | None = None, without: str = "") -> str:
        """Draw a relation, if there is another not one of an attribute; raise ConfigError where there is none."""
        if not self.config.relations:
            raise ConfigError("relations: the families ask for one, and there is none")
        others = [name for name in self.config.relations if not without or MEASURED.get(name) != without]
        return (rng or self.rng).choice(others or self.config.relations)

    def relation_words(self, name: str, surface: Surface) -> str:
        """Return the words of a relation."""
        words = self.lexicon.relations[name].words
        return surface.of(*words[:3])

    def admits(self, layout: Layout) -> bool:
        """Whether a text keeps to the pairs of a relation and a noun that are held out or required."""
        held, required = set(self.config.held_out_relations), set(self.config.required_relations)
        if not held and not required:
            return True
        pairs = relation_nouns(layout)
        return not pairs & held and (not required or bool(pairs & required))

    def surface(self) -> Surface:
        """Draw the picks of a text."""
        return Surface(self.rng.getrandbits(60))


def _implied(wish: Wish, other: Wish) -> bool:
    return set(wish.items()) <= set(other.items()) or set(other.items()) <= set(wish.items())


def is_are(number: int) -> str:
    """Return the verb."""
    return "is" if number == 1 else "are"
