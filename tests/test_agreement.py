"""The batched exact executor against the independent reference, on random layouts and scenes of every world."""

import random
from dataclasses import dataclass
from functools import cache

import pytest

from nmn.assembler.execute import Run, execute
from nmn.assembler.plan import plan
from nmn.assembler.trace import answers, trace
from nmn.bench.samples import random_layout, random_scene
from nmn.layout import SIGNATURES, Argument, Kind, Layout, asked
from nmn.modules.exact import encode, exact_library
from nmn.scene import SceneGraph
from synth_data.reference import evaluate
from tests.strategies import LEXICONS, draw_pairs

SEEDS = {"world": 1, "shapes": 2, "clevr": 3, "ordered": 4, "ranked": 5, "panels": 8}
PAIRS = {"world": 3_500, "shapes": 3_500, "clevr": 3_500, "ordered": 2_000, "ranked": 1_500, "panels": 5_250}
BATCH = 1_750


@dataclass(frozen=True)
class Sample:
    """Layouts and scenes of a world, and the runs of their batches."""

    world: str
    layouts: list[Layout]
    scenes: list[SceneGraph]
    runs: list[Run]


@cache
def sample(world: str) -> Sample:
    layouts, scenes = draw_pairs(world, PAIRS[world], SEEDS[world])
    batches = [slice(start, start + BATCH) for start in range(0, len(layouts), BATCH)]
    return Sample(world, layouts, scenes, [run(world, layouts[batch], scenes[batch]) for batch in batches])


def run(world: str, layouts: list[Layout], scenes: list[SceneGraph]) -> Run:
    lexicon = LEXICONS[world]
    regions = encode(scenes, lexicon)
    return execute(plan(layouts, panels=regions.panels.count), exact_library(lexicon), regions)


def differences(world: str, layouts: list[Layout], scenes: list[SceneGraph], found: list[object]) -> list[str]:
    """Return, shortest layout first, where an answer is not the reference's; 1 and True are different answers."""
    wrong = []
    for layout, scene, answer in zip(layouts, scenes, found, strict=True):
        expected = evaluate(layout, scene, LEXICONS[world])
        if type(answer) is not type(expected) or answer != expected:
            wrong.append(f"{layout}: executor {answer!r}, reference {expected!r}, scene {scene.to_json()}")
    return sorted(wrong, key=len)


@pytest.mark.parametrize("world", ["world", "shapes", "clevr", "ordered", "ranked", "panels"])
def test_executor_and_reference_give_the_same_answers(world: str) -> None:
    drawn = sample(world)
    found = [answer for one in drawn.runs for answer in answers(one)]
    wrong = differences(world, drawn.layouts, drawn.scenes, list(found))
    assert not wrong, f"{len(wrong)} of {PAIRS[world]} differ, first: {wrong[:3]}"


@pytest.mark.parametrize("world", ["world", "shapes", "clevr", "ordered", "ranked", "panels"])
def test_every_call_of_a_trace_is_what_the_reference_says(world: str) -> None:
    drawn, lexicon = sample(world), LEXICONS[world]
    for example in range(200):
        layout, scene = drawn.layouts[example], drawn.scenes[example]
        built: list[Layout] = []
        for call in layout.calls:
            built.append(Layout(call.module, call.argument, tuple(built[operand] for operand in call.operands)))
        seen = trace(drawn.runs[0], example).calls
        for part, traced, (outside, inside) in zip(built, seen, asked(layout), strict=True):
            if outside:
                assert not differences(world, [part], [scene], [traced.value])
            alone = range(max(1, len(scene.panels))) if inside else ()
            assert [evaluate(part, scene, lexicon, panel) for panel in alone] == list(traced.in_panels)


@pytest.mark.parametrize("world", ["world", "shapes", "clevr", "panels"])
def test_many_layouts_on_one_shared_image_agree_too(world: str) -> None:
    layouts, scenes = draw_pairs(world, 300, seed=6)
    lexicon, images = LEXICONS[world], [index % 7 for index in range(300)]
    regions = encode(scenes[:7], lexicon)
    shared = execute(plan(layouts, images, regions.panels.count), exact_library(lexicon), regions)
    assert not differences(world, layouts, [scenes[image] for image in images], list(answers(shared)))


def test_the_benchmarks_own_samples_agree_too() -> None:
    rng, lexicon = random.Random(7), LEXICONS["world"]
    kinds = [kind for kind in Kind if kind is not Kind.PANELS]
    layouts = [random_layout(rng, lexicon, rng.choice(kinds), rng.randint(1, 6)) for _ in range(BATCH)]
    scenes = [random_scene(rng, lexicon, rng.randint(0, 9), sparse=True) for _ in range(BATCH)]
    found = answers(run("world", layouts, scenes))
    assert not differences("world", layouts, scenes, list(found))


@pytest.mark.parametrize("world", ["world", "ordered", "panels"])
def test_the_sample_reaches_every_module_and_every_word(world: str) -> None:
    called = {(call.module, call.argument) for layout in sample(world).layouts for call in layout.calls}
    words = {
        Argument.RELATION: LEXICONS[world].relations,
        Argument.SUPERLATIVE: LEXICONS[world].superlatives,
        Argument.ATTRIBUTE: LEXICONS[world].attributes,
    }
    wanted = {
        (name, word)
        for name, signature in SIGNATURES.items()
        if signature.argument in words
        for word in words[signature.argument]
    }
    assert {module for module, _ in called} >= set(SIGNATURES) and called >= wanted


@pytest.mark.parametrize("world", ["panels"])
def test_no_kind_of_answer_is_nearly_always_the_same(world: str) -> None:
    drawn = sample(world)
    answered: dict[Kind, list[object]] = {kind: [] for kind in Kind}
    for layout, scene in zip(drawn.layouts[:BATCH], drawn.scenes[:BATCH], strict=True):
        answered[layout.kind].append(evaluate(layout, scene, LEXICONS[world]))
    for kind, found in answered.items():
        assert max(found.count(answer) for answer in found) < 0.75 * len(found), kind
