"""Adversarial perturbations: where they go is worked out by hand, how far is bounded, and the loss goes up."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from nmn.evaluation.attacks import fgsm, pgd

EPSILON = 8 / 255
IMAGES = torch.rand(5, 3, 7, 11, generator=torch.Generator().manual_seed(1))
TARGETS = torch.tensor([0, 1, 2, 1, 0])


def curved(images: Tensor) -> Tensor:
    """Return logits of three classes that bend, so that several small steps find more than one large one."""
    weights = torch.randn(3 * 7 * 11, 13, generator=torch.Generator().manual_seed(2))
    hidden = torch.sin(0.1 * images.flatten(1) @ weights)
    return hidden @ torch.randn(13, 3, generator=torch.Generator().manual_seed(3))


def loss(images: Tensor) -> float:
    return float(cross_entropy(curved(images), TARGETS))


def brightness(images: Tensor) -> Tensor:
    """Return logits of which the second is the first channel's brightness, the first 0."""
    bright = images[:, 0].sum((1, 2))
    return torch.stack([torch.zeros_like(bright), bright], 1)


def test_fgsm_moves_each_value_epsilon_away_from_the_right_class() -> None:
    images, right = torch.full((2, 3, 2, 2), 0.5), torch.tensor([1, 0])
    moved = fgsm(brightness, images, right, 0.1)
    assert torch.allclose(moved[0, 0], torch.tensor(0.4)) and torch.allclose(moved[1, 0], torch.tensor(0.6))
    assert torch.equal(moved[:, 1:], images[:, 1:])  # what no logit depends on has no gradient, and stays


@pytest.mark.parametrize("attack", [fgsm, pgd])
def test_an_attack_raises_the_loss_and_stays_within_epsilon(attack: Callable[..., Tensor]) -> None:
    moved = attack(curved, IMAGES, TARGETS, EPSILON)
    assert loss(moved) > loss(IMAGES) + 0.1
    assert float((moved - IMAGES).abs().max()) <= EPSILON + 1e-6
    assert float(moved.min()) >= 0 and float(moved.max()) <= 1
    assert not moved.requires_grad


def test_several_steps_find_more_than_one() -> None:
    generator = torch.Generator().manual_seed(4)
    assert loss(pgd(curved, IMAGES, TARGETS, EPSILON, 20, generator)) > loss(fgsm(curved, IMAGES, TARGETS, EPSILON))


def test_pgd_uses_all_of_epsilon_where_the_slope_is_constant() -> None:
    images, right = torch.full((1, 3, 2, 2), 0.5), torch.tensor([1])
    assert torch.allclose(pgd(brightness, images, right, 0.1)[0, 0], torch.tensor(0.4))


def test_the_steps_go_up_the_cross_entropy() -> None:
    varied = IMAGES.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(cross_entropy(curved(varied), TARGETS, reduction="sum"), varied)
    expected = (IMAGES + EPSILON * gradient.sign()).clamp(0, 1)
    assert float((fgsm(curved, IMAGES, TARGETS, EPSILON) == expected).float().mean()) > 0.999  # but for rounding


def test_a_model_that_is_all_too_sure_is_attacked_too() -> None:
    images, right = torch.full((1, 3, 2, 2), 0.5), torch.tensor([1])
    moved = fgsm(lambda given: 1e4 * brightness(given), images, right, 0.1)
    assert torch.allclose(moved[:, 0], torch.tensor(0.4))  # where the cross-entropy and its gradient are rounded to 0


def test_values_at_the_edge_of_the_range_are_cut_off() -> None:
    dark = torch.zeros(1, 3, 2, 2)
    assert torch.equal(fgsm(brightness, dark, torch.tensor([1]), 0.1), dark)
    assert torch.equal(pgd(brightness, dark, torch.tensor([1]), 0.1)[:, 0], dark[:, 0])


def test_pgd_is_a_function_of_its_generator() -> None:
    one, same, other = (
        pgd(curved, IMAGES, TARGETS, EPSILON, 2, torch.Generator().manual_seed(seed)) for seed in (5, 5, 6)
    )
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_an_attack_leaves_the_images_as_they_are() -> None:
    before = IMAGES.clone()
    with torch.no_grad():
        fgsm(curved, IMAGES, TARGETS, EPSILON)
    assert torch.equal(IMAGES, before) and IMAGES.grad is None


@pytest.mark.parametrize("attack", [fgsm, pgd])
def test_without_epsilon_nothing_moves(attack: Callable[..., Tensor]) -> None:
    assert torch.equal(attack(curved, IMAGES, TARGETS, 0.0), IMAGES)
