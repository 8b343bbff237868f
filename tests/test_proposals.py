"""Proposals on maps made by hand, and objects cut out of an image composed by hand."""

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from nmn.training.perception import Scenes, soften
from nmn.vision.objects import CROP, ObjectVision, cut_out
from nmn.vision.proposals import (
    AT_ONCE,
    COARSE_PX,
    FINE_PX,
    UNIT_PX,
    Maps,
    Proposals,
    Proposer,
    absolute,
    cell_centres,
    decode,
    owners,
    peaks,
    proposal_loss,
    targets,
)
from nmn.vision.turns import WAYS, turned
from tests.networks import object_network, seen_objects

ROWS, COLUMNS = 5, 7  # coarse cells, of an image of 20 x 28 pixels
LEFT, RIGHT = (4.0, 4.0, 12.0, 16.0), (12.0, 8.0, 22.0, 18.0)  # boxes that touch


def gold(*boxes: tuple[float, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """Return boxes, mask and owners of fine cells of one image; a later box hides an earlier one."""
    owner = torch.zeros(1, ROWS * 2, COLUMNS * 2, dtype=torch.uint8)
    at = cell_centres(ROWS * 2, COLUMNS * 2, FINE_PX, torch.device("cpu"))
    for place, (left, top, right, bottom) in enumerate(boxes):
        x, y = at.unbind(-1)
        owner[0][(x > left) & (x < right) & (y > top) & (y < bottom)] = place + 1
    return torch.tensor([boxes], dtype=torch.float32), torch.ones(1, len(boxes), dtype=torch.bool), owner


def maps_of(boxes: Tensor, mask: Tensor, owner: Tensor) -> Maps:
    """Return the maps that are right for gold objects."""
    wanted = targets(boxes, mask, owner)

    def distances(around: Tensor, side_px: int) -> Tensor:
        at = cell_centres(around.shape[1], around.shape[2], side_px, around.device)
        return torch.cat([at - around[..., :2], around[..., 2:] - at], -1).permute(0, 3, 1, 2) / UNIT_PX

    peaked = torch.where(wanted.heat > 0.999, 9.0, -9.0)
    return Maps(peaked, distances(wanted.boxes, COARSE_PX), wanted.shown * 18.0 - 9, distances(wanted.votes, FINE_PX))


def test_distances_amount_to_boxes_about_the_cells_centres() -> None:
    found = absolute(torch.tensor([0.25, 0.5, 1.0, 0.0]).view(1, 4, 1, 1).expand(1, 4, 2, 3), COARSE_PX)
    assert found[0, 1, 2].tolist() == [10 - 4, 6 - 8, 10 + 16, 6]


def test_boxes_and_owners_of_touching_objects_are_read_off_maps() -> None:
    boxes, mask, owner = gold(LEFT, RIGHT)
    found = decode(maps_of(boxes, mask, owner), most=3)
    assert found.mask.tolist() == [[True, True]]
    order = found.boxes[0, :, 0].argsort()
    assert torch.allclose(found.boxes[0][order], boxes[0], atol=1e-5)
    number = torch.cat([torch.tensor([0]), 1 + order.argsort()])  # of gold object i, among those found
    assert torch.equal(found.owners, number[owner.long()].to(torch.uint8))


def test_owners_goes_by_the_vote_and_not_by_where_a_pixel_lies() -> None:
    """All pixels lie inside both boxes; the upper half votes for the second."""
    boxes, mask = torch.tensor([[[0.0, 0, 28, 20], [0, 0, 20, 20]]]), torch.tensor([[True, True]])
    owner = torch.ones(1, ROWS * 2, COLUMNS * 2, dtype=torch.uint8)
    owner[:, :ROWS] = 2
    maps = maps_of(boxes, mask, owner)
    assert torch.equal(owners(maps, boxes, mask), owner)
    dark = maps._replace(shown=torch.full_like(maps.shown, -1.0))
    assert not owners(dark, boxes, mask).any()


def test_padding_owns_nothing() -> None:
    boxes, mask, owner = gold(LEFT, RIGHT)
    maps = maps_of(boxes, mask, owner)
    mask[0, 1] = False
    assert set(owners(maps, boxes, mask).flatten().tolist()) == {0, 1}
    assert not owners(maps, boxes, torch.zeros_like(mask)).any()


def test_the_surest_objects_come_first_and_no_more_than_asked_for() -> None:
    boxes, mask, owner = gold((2, 2, 6, 6), (14, 2, 18, 6), (14, 14, 18, 18))
    maps = maps_of(boxes, mask, owner)
    heat = maps.centres.clone()
    heat[0, 1, 1], heat[0, 1, 4], heat[0, 4, 4] = 1.0, 3.0, 2.0
    assert decode(maps._replace(centres=heat), most=2).boxes[0].tolist() == [[14, 2, 18, 6], [14, 14, 18, 18]]


def test_equal_neighbours_are_one_peak_the_first() -> None:
    heat = torch.full((1, ROWS, COLUMNS), -9.0)
    heat[0, 1, 2:4], heat[0, 3:5, 6], heat[0, 3, 1] = 3.0, 2.0, 1.0  # the middle of two objects is between two cells
    scores, places = peaks(heat, most=5)
    assert places[0, :3].tolist() == [1 * COLUMNS + 2, 3 * COLUMNS + 6, 3 * COLUMNS + 1]
    assert scores[0, 3:].amax() < 0.001


def test_a_peak_that_no_pixel_votes_for_is_no_object_and_the_others_move_up() -> None:
    boxes, mask, owner = gold((2, 2, 6, 6), (14, 2, 18, 6), (14, 14, 18, 18))
    maps = maps_of(boxes, mask, torch.where(owner == 2, 0, owner))
    shown = maps.shown.clone()
    shown[0, 1:3, 7:9] = -9.0  # where the second is
    heat = maps.centres.clone()
    heat[0, 1, 1], heat[0, 1, 4], heat[0, 4, 4] = 1.0, 3.0, 2.0
    found = decode(maps._replace(centres=heat, shown=shown), most=5)
    assert found.boxes[0].tolist() == [[14, 14, 18, 18], [2, 2, 6, 6]] and found.mask.all()
    assert found.owners[0, 7:9, 7:9].eq(1).all() and found.owners[0, 1:3, 1:3].eq(2).all()
    assert set(found.owners.flatten().tolist()) == {0, 1, 2}


def test_an_object_beyond_the_most_takes_the_place_of_one_that_no_pixel_votes_for() -> None:
    boxes, mask, owner = gold((2, 2, 6, 6), (14, 2, 18, 6), (14, 14, 18, 18))
    heat = maps_of(boxes, mask, owner).centres.clone()
    heat[0, 1, 1], heat[0, 1, 4], heat[0, 4, 4] = 1.0, 3.0, 2.0
    unowned = maps_of(boxes, mask, torch.where(owner == 2, 0, owner))
    found = decode(unowned._replace(centres=heat), most=2)
    assert found.boxes[0].tolist() == [[14, 14, 18, 18], [2, 2, 6, 6]]
    found = decode(maps_of(boxes, mask, owner)._replace(centres=heat), most=2)
    assert not found.owners[0, 1:3, 1:3].any() and set(found.owners.flatten().tolist()) == {0, 1, 2}


def test_images_are_padded_to_the_most_objects_and_to_one_at_least() -> None:
    two, one = maps_of(*gold(LEFT, RIGHT)), maps_of(*gold(LEFT))
    none = one._replace(centres=torch.full_like(one.centres, -9.0))
    together = decode(Maps(*(torch.cat(parts) for parts in zip(two, one, none, strict=True))), most=5)
    assert together.mask.tolist() == [[True, True], [True, False], [False, False]]
    assert not together.boxes[~together.mask].any() and not together.scores[~together.mask].any()
    assert decode(none, most=5).mask.tolist() == [[False]]


def test_targets_have_a_peak_in_the_cell_of_each_centre_and_its_box_around_it() -> None:
    wanted = targets(*gold(LEFT, RIGHT))
    assert (wanted.heat[0] == 1).nonzero().tolist() == [[2, 2], [3, 4]]  # centres (8, 10) and (17, 13), cells of 4 px
    assert wanted.boxes[0, 2, 2].tolist() == list(LEFT) and wanted.boxes[0, 3, 4].tolist() == list(RIGHT)
    assert wanted.heat[0, 0, 6] < 0.01 and not wanted.near[0, 0, 6]
    assert wanted.shown.sum() == 4 * 6 + 5 * 5


def test_an_image_without_objects_has_no_peak() -> None:
    boxes, _, owner = gold(LEFT)
    wanted = targets(boxes, torch.zeros(1, 1, dtype=torch.bool), torch.zeros_like(owner))
    assert not wanted.heat.any() and not wanted.near.any() and not wanted.shown.any()
    assert torch.isfinite(proposal_loss(maps_of(*gold(LEFT)), wanted))


def test_the_loss_is_least_at_the_gold_and_grows_with_each_error() -> None:
    objects = gold(LEFT, RIGHT)
    maps, wanted = maps_of(*objects), targets(*objects)
    best = proposal_loss(maps, wanted).item()
    assert 0 <= best < 0.01
    for name, change in (("centres", 4.0), ("boxes", 0.25), ("shown", 4.0), ("votes", 0.25)):
        part = getattr(maps, name)
        losses = [
            proposal_loss(maps._replace(**{name: part * (1 - share) if change > 1 else part + share * change}), wanted)
            for share in (0, 0.5, 1)
        ]
        assert all(less < more for less, more in pairwise(losses)), name
    # boxes that are a quarter of a unit too long on each of four sides cost one
    assert proposal_loss(maps._replace(boxes=maps.boxes + 0.25), wanted).item() == pytest.approx(best + 1, abs=1e-4)


def test_losses_reach_every_parameter_of_a_proposer() -> None:
    torch.manual_seed(0)
    net = Proposer(6, 3)
    wanted = targets(*gold(LEFT, RIGHT))
    proposal_loss(net(torch.rand(1, 3, ROWS * COARSE_PX, COLUMNS * COARSE_PX)), wanted).backward()  # type: ignore[no-untyped-call]
    assert all(part.grad is not None and part.grad.abs().sum() > 0 for part in net.parameters())


INK, PAPER = torch.tensor([0.9, 0.2, 0.1]), torch.tensor([0.3, 0.4, 0.5])


def composed(coverage: Tensor) -> Tensor:
    """Return an image [1 3 height width] of ink that covers paper so much."""
    return (INK.view(3, 1, 1) * coverage + PAPER.view(3, 1, 1) * (1 - coverage)).unsqueeze(0)


def test_ink_and_coverage_come_back_from_an_image_composed_of_them() -> None:
    coverage = torch.zeros(40, 48)
    coverage[10:30, 16:36] = 1
    coverage[10:30, 16:20] = 0.5  # four columns that are covered by a half
    boxes, mask = torch.tensor([[[16.0, 10, 36, 30]]]), torch.tensor([[True]])
    owner = (coverage > 0).to(torch.uint8)[::FINE_PX, ::FINE_PX].unsqueeze(0)
    cut = cut_out(composed(coverage), Proposals(boxes, mask, mask.float(), owner))
    assert torch.allclose(cut.colours[0, 0, :6], torch.cat([INK, PAPER]), atol=0.01)
    found, own, other = cut.coverage[0, 0].float() / 255
    # the cut-out is 2 * (20 * 1.25 / 2 + 1) = 27 pixels wide about (26, 20), 1.125 a cell
    at = 26 - 13.5 + (torch.arange(CROP) + 0.5) * 27 / CROP
    half, full, none = (at > 17.2) & (at < 18.8), (at > 21.2) & (at < 34.8), (at < 14.8) | (at > 37.2)
    assert half.any() and full.any() and none.any()
    middle = found[CROP // 2]
    assert torch.allclose(middle[half], torch.tensor(0.5), atol=0.02)
    assert torch.allclose(middle[full], torch.tensor(1.0), atol=0.01)
    assert not middle[none].any()
    assert own[CROP // 2][full].min() == 1 and not other.any()


def test_another_objects_ink_is_none_of_its_own_coverage() -> None:
    coverage = torch.zeros(40, 40)
    coverage[10:30, 10:30] = 1
    image = composed(coverage)
    image[:, :, 10:30, 20:30] = torch.tensor([0.1, 0.9, 0.6]).view(3, 1, 1)
    boxes = torch.tensor([[[10.0, 10, 30, 30], [20, 10, 30, 30]]])
    mask = torch.tensor([[True, True]])
    owner = torch.zeros(1, 20, 20, dtype=torch.uint8)
    owner[0, 5:15, 5:10], owner[0, 5:15, 10:15] = 1, 2
    first, second = cut_out(image, Proposals(boxes, mask, mask.float(), owner)).coverage[0]
    seen, own, other = first.float() / 255
    assert not seen[(other == 1) & (own == 0)].any() and seen[own == 1].mean() > 0.9
    assert float(other.sum()) == pytest.approx(float(own.sum()), rel=0.15)
    assert second[1].any()


def test_padding_is_cut_out_as_a_number() -> None:
    boxes, mask = torch.zeros(1, 2, 4), torch.zeros(1, 2, dtype=torch.bool)
    cut = cut_out(
        torch.rand(1, 3, 8, 12), Proposals(boxes, mask, mask.float(), torch.zeros(1, 4, 6, dtype=torch.uint8))
    )
    assert torch.isfinite(cut.colours).all() and not cut.coverage[:, :, 1].any()


@pytest.mark.parametrize("which", range(WAYS))
def test_boxes_and_owners_turn_with_their_image(which: int) -> None:
    shown = torch.zeros(1, 8, 8, dtype=torch.uint8)
    shown[0, 1:3, 2:7] = 1
    boxes, mask = torch.tensor([[[2.0, 1, 7, 3]]]), torch.ones(1, 1, dtype=torch.bool)
    scene = Scenes(shown.unsqueeze(1).expand(-1, 3, -1, -1), boxes, mask, shown).turned(which)
    y, x = scene.images[0, 0].nonzero().unbind(-1)
    assert scene.boxes[0, 0].tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]
    assert torch.equal(scene.owners, scene.images[:, 0])


def test_a_softened_image_keeps_what_is_coarse_and_loses_what_is_fine() -> None:
    stripes = (torch.arange(32) % 2).float().expand(1, 3, 32, 32)
    halves = (torch.arange(32) >= 16).float().expand(1, 3, 32, 32)
    assert soften(stripes, 0.5).std() < 0.1 and stripes.std() > 0.45
    assert (soften(halves, 0.5) - halves).abs().mean() < 0.03
    assert soften(stripes, 0.45).shape == stripes.shape


def test_objects_seen_all_eight_ways_have_the_features_of_each_way_in_the_mean() -> None:
    vision = object_network().model.vision
    assert isinstance(vision, ObjectVision)
    seen = seen_objects(3)
    once = [vision({**seen, "coverage": turned(seen["coverage"], way)}).features for way in range(WAYS)]
    vision.turn = True
    assert torch.allclose(vision(seen).features, torch.stack(once).mean(0), atol=1e-6)
    assert not torch.allclose(vision(seen).features, once[0], atol=1e-3)
    assert torch.allclose(vision(seen).features, vision({**seen, "coverage": turned(seen["coverage"], 5)}).features)


def test_many_images_are_looked_at_by_parts_and_give_what_each_gives_alone() -> None:
    vision = object_network().model.vision
    assert isinstance(vision, ObjectVision)
    proposer = vision.proposer.eval()
    images = torch.rand(AT_ONCE + 3, 3, 20, 28, generator=torch.Generator().manual_seed(0))
    looked = proposer._by_parts(images)
    assert len(looked.centres) == len(images)
    for number, image in enumerate(images):
        for whole, alone in zip(looked, proposer(image.unsqueeze(0)), strict=True):
            assert torch.allclose(whole[number], alone[0], atol=1e-5)


def test_a_mirrored_image_gives_the_same_objects_mirrored() -> None:
    torch.manual_seed(3)
    net = Proposer(6, 3).eval()
    for head in ("coarse", "fine"):  # objects everywhere
        torch.nn.init.constant_(net.get_parameter(f"{head}.1.bias")[:1], 1.0)
    images = torch.rand(2, 3, 20, 28)
    found, mirrored = net.propose(images), net.propose(images.flip(-1))
    assert found.mask.any()
    there = torch.stack(
        [28 - found.boxes[..., 2], found.boxes[..., 1], 28 - found.boxes[..., 0], found.boxes[..., 3]], -1
    )
    assert torch.allclose(mirrored.boxes[mirrored.mask], there[found.mask], atol=1e-4)
