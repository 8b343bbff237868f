"""Random typed layouts and random scenes, from a seeded generator: what benchmarks run on and tests compare on."""

import random
from collections.abc import Sequence

from nmn.layout import COMPARISONS, QUANTIFIERS, SIDES, SIGNATURES, Argument, Kind, Layout, Signature, of_panels
from nmn.lexicon import Given, Lexicon
from nmn.scene import SceneGraph, SceneObject

# how much more often than once in the uniform choice, so that layouts look like questions: CLEVR's mix, roughly
WEIGHTS = {"find": 6, "and": 6, "relate": 5, "unique": 2, "exists": 3, "count": 3, "compare": 2, "describe": 2}
LEAVES = {Kind.ATTENTION: "find", Kind.PANELS: "panels", Kind.NUMBER: "number"}
CONNECTIVE_KINDS = (Kind.ATTENTION, Kind.PANELS, Kind.TRUTH)
PANEL_MODULES = frozenset({"inside", "at_side", "near_side", "panels", "panel", "where", "as_many", "alike"})


def random_layout(
    rng: random.Random,
    lexicon: Lexicon,
    kind: Kind,
    depth: int,
    weighted: bool = False,
    without: frozenset[str] = PANEL_MODULES,
) -> Layout:
    """Return a well-typed layout of a kind, at most about ``depth`` calls deep, by a walk over SIGNATURES.

    ``without`` are modules that it does not have, by default those for images of several panels.
    """
    names = [name for name, signature in SIGNATURES.items() if _fits(signature, kind, lexicon) and name not in without]
    if depth <= 0 and kind in LEAVES:
        names = [LEAVES[kind]]
    elif depth <= 1 and kind not in LEAVES:
        names = [name for name in names if SIGNATURES[name].output is not None]
    weights = [WEIGHTS.get(name, 1) if weighted else 1 for name in names]
    name = rng.choices(names, weights)[0]
    signature = SIGNATURES[name]
    kinds = (kind,) * len(signature.operands) if signature.output is None else signature.operands
    if signature.of_panels and "panels" not in without and rng.random() < 0.3:
        kinds = of_panels(signature)
    below = without | {"where"} if name == "where" else without
    operands = tuple(random_layout(rng, lexicon, operand, depth - 1, weighted, below) for operand in kinds)
    return Layout(name, _random_argument(rng, lexicon, signature.argument), operands)


def _fits(signature: Signature, kind: Kind, lexicon: Lexicon) -> bool:
    words = {Argument.RELATION: lexicon.relations, Argument.SUPERLATIVE: lexicon.superlatives}
    if signature.argument in words and not words[signature.argument]:
        return False
    return signature.output is kind or (signature.output is None and kind in CONNECTIVE_KINDS)


def _random_argument(rng: random.Random, lexicon: Lexicon, argument: Argument | None) -> str | None:
    choices: dict[Argument, Sequence[str]] = {
        Argument.VALUE: list(lexicon.attribute_of),
        Argument.ATTRIBUTE: list(lexicon.attributes),
        Argument.RELATION: list(lexicon.relations),
        Argument.SUPERLATIVE: list(lexicon.superlatives),
        Argument.COMPARISON: COMPARISONS,
        Argument.QUANTIFIER: QUANTIFIERS,
        Argument.SIDE: SIDES,
        Argument.NUMBER: ["0", "1", "2", "3"],
    }
    return None if argument is None else rng.choice(choices[argument])


def random_question_layout(rng: random.Random, lexicon: Lexicon) -> Layout:
    """Return a layout of 5 to 20 calls that yields a number, an attribute or a truth, as CLEVR's questions do."""
    while True:
        kind = rng.choice([Kind.TRUTH, Kind.NUMBER, Kind.ATTRIBUTE])
        layout = random_layout(rng, lexicon, kind, rng.randint(4, 8), weighted=True)
        if 5 <= len(layout.calls) <= 20:
            return layout


def random_scene(rng: random.Random, lexicon: Lexicon, objects: int, sparse: bool = False) -> SceneGraph:
    """Return a scene with some objects on a coarse grid of positions and sizes, so that ties are frequent.

    ``sparse``: an attribute is missing here and there.
    """
    things = []
    cell = lexicon.unit_px or 8.0
    for _ in range(objects):
        attributes = {
            name: rng.choice(list(attribute.values))
            for name, attribute in lexicon.attributes.items()
            if not (sparse and rng.random() < 0.1)
        }
        width, height = (cell * rng.choice((0.5, 0.75, 1.0)) for _ in range(2))
        x, y = (cell * (rng.randrange(3 if lexicon.unit_px else 8) + 0.5) for _ in range(2))
        things.append(SceneObject(attributes, (x - width / 2, y - height / 2, x + width / 2, y + height / 2)))
    given = {
        relation.meaning.name: [[other for other in range(objects) if rng.random() < 0.4] for _ in range(objects)]
        for relation in lexicon.relations.values()
        if isinstance(relation.meaning, Given)
    }
    given = {
        name: [[other for other in row if other != thing] for thing, row in enumerate(rows)]
        for name, rows in given.items()
    }
    side = cell * (3 if lexicon.unit_px else 8)
    return SceneGraph(tuple(things), side, side, lexicon.name, given)
