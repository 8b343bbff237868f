"""Statements about panels, as people wrote them of NLVR's boxes and towers and of NLVR2's pairs of images.

A statement says of how many panels (one, exactly two, each, the left image, ...) something holds: a *content*, which is
asked of each panel alone. Both are parts, so that a twin may have the wrong quantifier, number, attribute or side.
"""

from collections.abc import Callable

from nmn.language.lexer import NUMERALS
from nmn.layout import Layout
from synth_data.claims import VARY, Claim, Part, Parts, Said, nouns_of, part
from synth_data.phrases import SCENE, Noun, Surface, Wish, Words, both, call, numeral
from synth_data.statements import draw_two

PANELS = Layout("panels")
BOX_QUANTIFIERS = ("a", "exactly", "at_least", "every", "no")
PAIR_QUANTIFIERS = ("left", "right", "both", "neither", "exactly")
SIDES = {"wall": "the wall", "bottom": "the bottom wall", "top": "the top wall", "left": "the left wall",
         "right": "the right wall", "corner": "a corner"}  # fmt: skip
ENDS = ("top", "base")
SAID_BOUNDS = {"exactly": ("exactly", "equal"), "at_least": ("at least", "at_least")}  # in words, and as a comparison
COUNTS = tuple(SAID_BOUNDS)


# ---- how many panels ------------------------------------------------------------------------------------------------


def _draw_quantifier(words: Words) -> Part:
    names = PAIR_QUANTIFIERS if words.config.panels == 2 else BOX_QUANTIFIERS
    return Part("panel_quantifier", words.rng.choice(names), 1 + (words.rng.random() < 0.4))


def _other_quantifier(old: Part, words: Words) -> tuple[Part, str]:
    names = PAIR_QUANTIFIERS if words.config.panels == 2 else BOX_QUANTIFIERS
    if old.name in ("left", "right") and words.rng.random() < 0.5:
        return old._replace(name="right" if old.name == "left" else "left"), "wrong panel"
    if old.name in COUNTS and words.rng.random() < 0.5:
        return old._replace(number=3 - old.number), "off by one"
    return old._replace(name=words.rng.choice([name for name in names if name != old.name])), "wrong quantifier"


def _said_of_panels(quantifier: Part, content: Said, panel: str, surface: Surface, words: Words) -> Said:
    """Say of how many panels a content holds."""
    text, truth = content
    held = call("where", truth)
    many, number = words.plural_of(panel), quantifier.number
    one = number == 1
    subject = f"{NUMERALS[number]} {panel if one else many}"
    contain = surface.of("contains" if one else "contain", "has" if one else "have")
    name = quantifier.name
    if name == "a":
        if text.startswith(("more ", "fewer ")):  # "with more ... than" is not English
            return f"a {panel} {surface.of('contains', 'has')} {text}.", call("exists", held)
        return surface.of(f"there is a {panel} with {text}.", f"a {panel} has {text}."), call("exists", held)
    if name in COUNTS:
        spoken, comparison = SAID_BOUNDS[name]
        return f"{spoken} {subject} {contain} {text}.", call(
            "compare", call("count", held), numeral(number), of=comparison
        )
    single = surface.of("contains", "has")
    if name == "every":
        return f"{surface.of('each', 'every')} {panel} {single} {text}.", call("quantify", PANELS, held, of="every")
    if name == "no":
        return f"no {panel} {single} {text}.", call("not", call("exists", held))
    if name == "both":
        return f"both {many} {surface.of('contain', 'have')} {text}.", call("quantify", PANELS, held, of="both")
    if name == "neither":
        return f"neither {panel} {single} {text}.", call("quantify", PANELS, held, of="neither")
    chosen = call("panel", of=f"{name}most")
    return f"the {name} {panel} {single} {text}.", call("exists", Layout("and", None, (chosen, held)))


# ---- contents -------------------------------------------------------------------------------------------------------


def _one(parts: Parts, surface: Surface, words: Words) -> Said:
    noun = nouns_of(parts)[0]
    return noun.a, call("exists", noun.layout)


def _counted(parts: Parts, surface: Surface, words: Words) -> Said:
    noun, bound = nouns_of(parts)[0], part(parts, "panel_bound")
    spoken, comparison = SAID_BOUNDS[bound.name]
    counted = call("compare", call("count", noun.layout), numeral(bound.number), of=comparison)
    return f"{spoken} {noun.count(bound.number)}", counted


def _only(parts: Parts, surface: Surface, words: Words) -> Said:
    noun = nouns_of(parts)[0]
    every = call("quantify", SCENE, noun.layout, of="every")
    return f"only {noun.plural}", call("and", call("exists", noun.layout), every)


def _two(parts: Parts, surface: Surface, words: Words) -> Said:
    (first, second), name = nouns_of(parts), part(parts, "joined").name
    one, other = call("exists", first.layout), call("exists", second.layout)
    if name == "and":
        return f"{first.a} and {second.a}", call("and", one, other)
    return f"{first.a} and no {second.words}", call("and", one, call("not", other))


def _more(parts: Parts, surface: Surface, words: Words) -> Said:
    (first, second), name = nouns_of(parts), part(parts, "more_fewer").name
    counts = call("count", first.layout), call("count", second.layout)
    return f"{name} {first.plural} than {second.plural}", call("compare", *counts, of=name)


def _related(parts: Parts, surface: Surface, words: Words) -> Said:
    (first, second), name = nouns_of(parts), part(parts, "relation").name
    spoken = words.relation_words(name, surface)
    reached = call("relate", second.layout, of=name)
    return f"{first.a} {spoken} {second.a}", call("exists", both(first.layout, reached))


def _at_end(parts: Parts, surface: Surface, words: Words) -> Said:
    noun, name = nouns_of(parts)[0], part(parts, "end").name
    end = call("superlative", SCENE, of="topmost") if name == "top" else call("at_side", of="bottom")
    return f"{noun.a} at the {name}", call("exists", both(noun.layout, end))


def _at_side(parts: Parts, surface: Surface, words: Words) -> Said:
    noun, name = nouns_of(parts)[0], part(parts, "side").name
    layout = call("exists", both(noun.layout, call("at_side", of=name)))
    return f"{noun.a} touching {SIDES[name]}", layout


def _say_in_panels(content: Callable[[Parts, Surface, Words], Said], stacked: bool = False) -> Callable[..., Said]:
    def say(parts: Parts, surface: Surface, words: Words) -> Said:
        panel = "tower" if stacked else words.lexicon.panels[0]
        quantifier = part(parts, "panel_quantifier")
        return _said_of_panels(quantifier, content(parts, surface, words), panel, surface, words)

    return say


def _say_wall(parts: Parts, surface: Surface, words: Words) -> Said:
    """Say of the whole image how many things touch a side of their panels."""
    noun, bound, name = nouns_of(parts)[0], part(parts, "panel_bound"), part(parts, "side").name
    spoken, comparison = SAID_BOUNDS[bound.name]
    layout = both(noun.layout, call("at_side", of=name))
    counted = call("compare", call("count", layout), numeral(bound.number), of=comparison)
    verb = "is" if bound.number == 1 else "are"
    return f"there {verb} {spoken} {noun.count(bound.number)} touching {SIDES[name]}.", counted


def _say_compare_panels(parts: Parts, surface: Surface, words: Words) -> Said:
    """Compare how many things of a kind two images contain."""
    noun, name, side = nouns_of(parts)[0], part(parts, "more_fewer").name, part(parts, "left_right").name
    other = "right" if side == "left" else "left"
    panel = words.lexicon.panels[0]
    counts = [
        call("count", both(noun.layout, call("inside", call("panel", of=f"{place}most")))) for place in (side, other)
    ]
    text = surface.of(
        f"the {side} {panel} contains {name} {noun.plural} than the {other} {panel}.",
        f"there are {name} {noun.plural} in the {side} {panel} than in the {other} {panel}.",
    )
    return text, call("compare", *counts, of=name)


def _say_counted_in(parts: Parts, surface: Surface, words: Words) -> Said:
    """Say how many things of a kind are in one of two images."""
    noun, bound, side = nouns_of(parts)[0], part(parts, "panel_bound"), part(parts, "left_right").name
    spoken, comparison = SAID_BOUNDS[bound.name]
    inside = both(noun.layout, call("inside", call("panel", of=f"{side}most")))
    verb, panel = "is" if bound.number == 1 else "are", words.lexicon.panels[0]
    text = f"there {verb} {spoken} {noun.count(bound.number)} in the {side} {panel}."
    return text, call("compare", call("count", inside), numeral(bound.number), of=comparison)


# ---- parts and their changes ----------------------------------------------------------------------------------------


def _swap_name(one: str, other: str, way: str) -> Callable[[Part, Words], tuple[Part, str]]:
    return lambda old, words: (old._replace(name=other if old.name == one else one), way)


def _other_bound(old: Part, words: Words) -> tuple[Part, str]:
    if words.rng.random() < 0.3:
        return old._replace(name="exactly" if old.name == "at_least" else "at_least"), "wrong quantifier"
    step = words.rng.choice((-1, 1)) if old.number > 1 else 1
    return old._replace(number=old.number + step), "off by one"


def _other_side(old: Part, words: Words) -> tuple[Part, str]:
    return old._replace(name=words.rng.choice([name for name in SIDES if name != old.name])), "wrong side"


VARY |= {
    "panel_quantifier": _other_quantifier,
    "panel_bound": _other_bound,
    "joined": _swap_name("and", "and_no", "wrong connective"),
    "more_fewer": _swap_name("more", "fewer", "wrong quantifier"),
    "end": _swap_name("top", "base", "wrong position"),
    "side": _other_side,
    "left_right": _swap_name("left", "right", "wrong panel"),
}


def _bound(words: Words, most: int = 3) -> Part:
    return Part("panel_bound", words.rng.choice(COUNTS), words.rng.randint(1, most))


def _block(words: Words) -> Noun:
    """Draw the noun of a tower's block, of which only the colour differs."""
    color = words.rng.choice(words.values["color"])
    return words.named({"color": color}, "block")


def _pick(kind: str, *names: str) -> Callable[[Words], Part]:
    return lambda words: Part(kind, words.rng.choice(names))


def _nouns_wished(parts: Parts) -> list[Wish]:
    found = [item for item in parts if isinstance(item, Part) and item.kind == "panel_bound"]
    copies = found[0].number if found else 1
    return [noun.wish for noun in nouns_of(parts)] * copies


def _claim(
    draw: Callable[[Words], Parts], content: Callable[..., Said], swap: bool = False, stack: bool = False
) -> Claim:
    """Return the claim that a content holds of some number of panels."""
    return Claim(
        lambda words: (_draw_quantifier(words), *draw(words)), _say_in_panels(content, stack), _nouns_wished, swap,
        stack=stack,
    )  # fmt: skip


MORE_FEWER, LEFT_RIGHT = _pick("more_fewer", "more", "fewer"), _pick("left_right", "left", "right")
PANEL_CLAIMS: dict[str, Claim] = {
    "panel_existence": _claim(lambda words: (words.noun(),), _one),
    "panel_count": _claim(lambda words: (_bound(words), words.noun()), _counted),
    "panel_only": _claim(lambda words: (words.noun(),), _only),
    "panel_two": _claim(lambda words: (_pick("joined", "and", "and_no")(words), *draw_two(words)), _two, swap=True),
    "panel_more": _claim(lambda words: (MORE_FEWER(words), *draw_two(words)), _more, swap=True),
    "panel_relation": _claim(
        lambda words: (words.noun(), Part("relation", words.relation()), words.noun()), _related, swap=True
    ),
    "panel_side": _claim(lambda words: (words.noun(), _pick("side", *SIDES)(words)), _at_side),
    "side_count": Claim(
        lambda words: (_bound(words), words.noun(), _pick("side", *SIDES)(words)), _say_wall, _nouns_wished
    ),
    "tower_on": _claim(
        lambda words: (_block(words), Part("relation", words.rng.choice(("on", "under"))), _block(words)), _related,
        swap=True, stack=True,
    ),
    "tower_end": _claim(lambda words: (_block(words), _pick("end", *ENDS)(words)), _at_end, stack=True),
    "tower_count": _claim(lambda words: (_bound(words), _block(words)), _counted, stack=True),
    "tower_only": _claim(lambda words: (_block(words),), _only, stack=True),
    "tower_height": _claim(
        lambda words: (_bound(words, 4), words.named({}, "block")), _counted, stack=True
    ),
    "pair_more": Claim(
        lambda words: (LEFT_RIGHT(words), MORE_FEWER(words), words.noun()), _say_compare_panels, _nouns_wished
    ),
    "pair_count": Claim(
        lambda words: (LEFT_RIGHT(words), _bound(words), words.noun()), _say_counted_in, _nouns_wished
    ),
}  # fmt: skip
