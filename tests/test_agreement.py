"""The batched exact executor against the independent reference, on random layouts and scenes of every world."""

import random

import pytest

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.assembler.trace import answers, trace
from nmn.bench.samples import random_layout, random_scene
from nmn.layout import SIGNATURES, Kind, Layout
from nmn.lexicon import Lexicon, load_lexicon
from nmn.modules.exact import encode, exact_library
from nmn.scene import SceneGraph
from synth_data.reference import evaluate

PAIRS = 4_000


def sample(world: str, count: int, seed: int) -> tuple[Lexicon, list[Layout], list[SceneGraph]]:
    rng, lexicon = random.Random(seed), load_lexicon(world)
    layouts = [random_layout(rng, lexicon, rng.choice(list(Kind)), rng.randint(1, 6)) for _ in range(count)]
    scenes = [random_scene(rng, lexicon, rng.randint(0, 9), sparse=True) for _ in range(count)]
    return lexicon, layouts, scenes


@pytest.mark.parametrize(("world", "seed"), [("world", 1), ("shapes", 2), ("clevr", 3)])
def test_executor_and_reference_give_the_same_answers(world: str, seed: int) -> None:
    lexicon, layouts, scenes = sample(world, PAIRS, seed)
    run = execute(plan(layouts), exact_library(lexicon), encode(scenes, lexicon))
    expected = [evaluate(layout, scene, lexicon) for layout, scene in zip(layouts, scenes, strict=True)]
    found = answers(run, lexicon)
    wrong = [(str(layouts[i]), found[i], expected[i]) for i in range(PAIRS) if found[i] != expected[i]]
    assert not wrong, f"{len(wrong)} of {PAIRS} differ, first: {wrong[:3]}"


@pytest.mark.parametrize("world", ["world", "shapes", "clevr"])
def test_every_call_of_a_trace_is_what_the_reference_says(world: str) -> None:
    lexicon, layouts, scenes = sample(world, 150, seed=4)
    run = execute(plan(layouts), exact_library(lexicon), encode(scenes, lexicon))
    for example, (layout, scene) in enumerate(zip(layouts, scenes, strict=True)):
        built: list[Layout] = []
        for call, traced in zip(layout.calls, trace(run, example, lexicon).calls, strict=True):
            built.append(Layout(call.module, call.argument, tuple(built[operand] for operand in call.operands)))
            assert traced.value == evaluate(built[-1], scene, lexicon), str(built[-1])


def test_the_sample_reaches_every_module() -> None:
    _, layouts, _ = sample("world", PAIRS, seed=1)
    assert {call.module for layout in layouts for call in layout.calls} >= set(SIGNATURES)
