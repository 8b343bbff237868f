"""Small networks with random weights and what they look at, for the tests of the neural side; sizes are primes."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

import torch
from torch import Tensor

from nmn.assembler.execute import Run, execute
from nmn.assembler.plan import plan
from nmn.bench.samples import PANEL_MODULES, random_layout
from nmn.layout import Kind, Layout
from nmn.lexicon import Lexicon, load_lexicon
from nmn.models.build import Network, NetworkSettings, build_network
from nmn.modules.neural import NeuralModules, Vocabulary
from nmn.regions import Panels, Regions
from nmn.vision.cells import CellVision, PatchCNN
from nmn.vision.objects import ObjectEncoder, ObjectVision
from nmn.vision.proposals import Proposer

CELL_PX = 5
CHANNELS, ROWS, COLUMNS = 11, 3, 5
OBJECTS = 7


def _small(lexicon: Lexicon) -> Lexicon:
    return replace(
        lexicon,
        attributes={
            name: replace(lexicon.attributes[name], values=dict(islice(lexicon.attributes[name].values.items(), most)))
            for name, most in (("color", 3), ("shape", 2))
        },
        relations={name: lexicon.relations[name] for name in ("left_of", "above", "near")},
        superlatives=dict(islice(lexicon.superlatives.items(), 2)),
    )


LEXICON = _small(load_lexicon("world"))
VOCABULARY = Vocabulary(
    {name: tuple(attribute.values) for name, attribute in LEXICON.attributes.items()},
    tuple(LEXICON.relations),
    tuple(LEXICON.superlatives),
    sides=True,
)


def layouts(seed: int, count: int, panels: bool = False) -> list[Layout]:
    """Return random layouts of all kinds over the small vocabulary."""
    rng, without = random.Random(seed), frozenset[str]() if panels else PANEL_MODULES - {"at_side"}
    return [
        random_layout(rng, LEXICON, rng.choice(list(Kind)), rng.randint(1, 5), without=without) for _ in range(count)
    ]


def modules(grid: bool, seed: int = 0, vocabulary: Vocabulary = VOCABULARY) -> NeuralModules:
    """Return modules with random parameters, those of pairs on a grid included."""
    torch.manual_seed(seed)
    made = NeuralModules(vocabulary, CHANNELS, (ROWS, COLUMNS) if grid else None)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return made


def regions(images: int, grid: bool, seed: int = 0) -> Regions:
    """Return random regions; objects are of one panel or two, of the image's number + 1 in all, in turn up to seven."""
    generator = torch.Generator().manual_seed(seed)
    count = ROWS * COLUMNS if grid else OBJECTS
    features = torch.randn(images, count, CHANNELS, generator=generator)
    low = torch.rand(images, count, 2, generator=generator) * 40
    boxes = torch.cat([low, low + 5 + torch.rand(images, count, 2, generator=generator) * 20], -1)
    if grid:
        mask = torch.ones(images, count, dtype=torch.bool)
        whole = torch.tensor([0.0, 0, 64, 64]).expand(images, 1, 4)
        return Regions(features, boxes, mask, Panels(whole, mask[:, :1], mask.unsqueeze(1)))
    mask = torch.arange(count) < 1 + torch.arange(images).unsqueeze(1) % count
    panel = torch.rand(images, count, generator=generator) < 0.5
    members = torch.stack([panel, ~panel], 1) & mask.unsqueeze(1)
    halves = torch.tensor([[0.0, 0, 30, 64], [34, 0, 64, 64]]).expand(images, 2, 4)
    return Regions(features, boxes, mask, Panels(halves, torch.ones(images, 2, dtype=torch.bool), members))


def one_of(some: Regions, image: int) -> Regions:
    """Return the regions of one image alone, without padding."""
    count = int(some.mask[image].sum())
    at, panels = slice(image, image + 1), some.panels
    return Regions(
        some.features[at, :count], some.boxes[at, :count], some.mask[at, :count],
        Panels(panels.boxes[at], panels.mask[at], panels.members[at, :, :count]),
    )  # fmt: skip


def run(made: NeuralModules, asked: Sequence[Layout], images: Sequence[int], some: Regions) -> Run:
    """Run layouts on images of some regions."""
    return execute(plan(asked, images, some.panels.count), made.library, made(some))


def root_values(finished: Run) -> list[Tensor]:
    """Return the value of each example's root, without what pads it."""
    found = []
    for layout, row in zip(finished.plan.layouts, finished.plan.roots().tolist(), strict=True):
        value = finished.values[layout.kind][row].reshape(-1)
        kept = value.detach().abs().gt(1e-9).nonzero().flatten()
        found.append(value[: int(kept[-1]) + 1 if len(kept) else 0])
    return found


def assert_equal(found: Sequence[Tensor], wanted: Sequence[Tensor], within: float = 1e-5) -> None:
    """Check values of roots against each other; zeros at their ends may lack."""
    assert len(found) == len(wanted)
    for place, (one, other) in enumerate(zip(found, wanted, strict=True)):
        most = max(len(one), len(other))
        first, second = (torch.nn.functional.pad(value.detach(), (0, most - len(value))) for value in (one, other))
        assert torch.allclose(first, second, rtol=0, atol=within), f"example {place}"


def cell_network(seed: int = 0, vocabulary: Vocabulary = VOCABULARY) -> Network:
    """Return a network over the 7 x 7 cells of images of 35 pixels."""
    torch.manual_seed(seed)
    settings = NetworkSettings(regions="cells", pixels=35, patch_px=CELL_PX, channels=CHANNELS)
    network = build_network(settings, vocabulary, CellVision(PatchCNN(CHANNELS, CELL_PX)))
    network.model.eval()
    return network


def object_network(seed: int = 0, vocabulary: Vocabulary = VOCABULARY) -> Network:
    """Return a network over objects, its proposals as random as all else, with statistics of its norms."""
    torch.manual_seed(seed)
    vision = ObjectVision(Proposer(6, OBJECTS), ObjectEncoder(5, 3, 2))
    network = build_network(NetworkSettings(pixels=64), vocabulary, vision)
    network.model.eval()
    return network


def seen_objects(images: int, seed: int = 0) -> dict[str, Tensor]:
    """Return random prepared images as ``ObjectVision.prepare`` gives them: image i has 1 + i % 7 objects."""
    some, generator = regions(images, grid=False, seed=seed), torch.Generator().manual_seed(seed)
    shown = some.mask[..., None, None, None].to(torch.uint8)
    return {
        "boxes": some.boxes * some.mask.unsqueeze(-1),
        "mask": some.mask,
        "scores": some.mask.float(),
        "owners": torch.zeros(images, 32, 32, dtype=torch.uint8),
        "coverage": torch.randint(0, 256, (images, OBJECTS, 3, 24, 24), generator=generator, dtype=torch.uint8) * shown,
        "colours": torch.rand(images, OBJECTS, 9, generator=generator) * some.mask.unsqueeze(-1),
        "size": torch.full((images, 2), 64.0),
    }


def of_image(seen: Mapping[str, Tensor], image: int) -> dict[str, Tensor]:
    """Return what was seen of one image alone, without padding."""
    one = {name: part[image : image + 1] for name, part in seen.items()}
    if "mask" not in one:
        return one
    count = int(one["mask"].sum())
    return {name: part if name in ("owners", "size") else part[:, :count] for name, part in one.items()}


def moved(some: Regions, device: str) -> Regions:
    """Return regions on a device."""
    panels = Panels(*(part.to(device) for part in (some.panels.boxes, some.panels.mask, some.panels.members)))
    return Regions(some.features.to(device), some.boxes.to(device), some.mask.to(device), panels)
