"""Rankings against the brute force: where Sobol's is the best, and where it is not."""

from itertools import permutations

import pytest
import torch

from craft_core.errors import CraftError
from craft_core.fidelity import curve_areas, curve_masks, image_curves
from craft_core.importance import concept_importance
from craft_core.masked_logits import masked_logits
from craft_core.rankings import (
    MOST_CONCEPTS,
    Ranked,
    _gradient_input,
    best_ranking,
    lowest_paths,
    rank_concepts,
)
from tests.craft_core.additive_network import additive_bank, noise_images

LAYERS = ["1", "0.1"]


def areas(bank, images, ranking, kind):
    return curve_areas(image_curves(bank, images, 0, ranking, kind))


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("kind", ["deletion", "insertion"])
def test_best_and_worst_are_those_of_all_orders(layer, kind, generator):
    bank = additive_bank(signed=True, n_concepts=4, layer=layer)
    images = noise_images(3, generator)
    orders = torch.tensor(list(permutations(range(4))))
    masks = curve_masks(orders, kind).flatten(0, 1)  # (24 * 5, 4)
    heights = masked_logits(bank, images, 0, masks).reshape(len(images), 24, 5)
    every = curve_areas(heights).T  # (24, n)
    least = every.min(dim=0).values
    most = every.max(dim=0).values
    best, worst = (least, most) if kind == "deletion" else (most, least)
    found = best_ranking(bank, images, 0, kind, per_image=True)
    torch.testing.assert_close(areas(bank, images, found, kind), best, rtol=1e-6, atol=1e-6)
    found = best_ranking(bank, images, 0, kind, per_image=True, worst=True)
    torch.testing.assert_close(areas(bank, images, found, kind), worst, rtol=1e-6, atol=1e-6)
    of_class = best_ranking(bank, images, 0, kind)
    means = every.mean(dim=1)
    expected = means.min() if kind == "deletion" else means.max()
    mean = areas(bank, images, of_class, kind).mean()
    torch.testing.assert_close(mean, expected, rtol=1e-6, atol=1e-6)


def test_sobol_reaches_the_best_order_image_by_image_where_contributions_add_up(generator):
    bank = additive_bank(signed=False, n_concepts=6)
    images = noise_images(12, generator)
    ours = rank_concepts(bank, images, 0, "sobol", generator=generator, per_image=True)
    for kind in ("deletion", "insertion"):
        best = best_ranking(bank, images, 0, kind, per_image=True)
        torch.testing.assert_close(
            areas(bank, images, ours, kind), areas(bank, images, best, kind), rtol=0, atol=1e-9
        )


def test_sobol_is_blind_to_sign_and_gradient_input_is_not(generator):
    bank = additive_bank(signed=True, n_concepts=6)
    images = noise_images(12, generator)
    ranked = {
        method: rank_concepts(bank, images, 0, method, generator=generator, per_image=True)
        for method in ("sobol", "gradient_input")
    }
    for kind, sign in (("deletion", 1), ("insertion", -1)):
        best = areas(bank, images, best_ranking(bank, images, 0, kind, per_image=True), kind)
        loss = {m: sign * (areas(bank, images, r, kind) - best) for m, r in ranked.items()}
        assert loss["gradient_input"].abs().max() < 1e-9
        assert loss["sobol"].min() > -1e-9
        assert (loss["sobol"] > 1e-3).sum() >= 10  # of 12 images


def test_gradient_input_of_a_nonlinear_head_is_the_derivative_at_the_whole(generator):
    bank = additive_bank(signed=True, layer="0.1")
    images = noise_images(2, generator)
    step = 1e-3
    around = torch.cat([1 + step * torch.eye(5), 1 - step * torch.eye(5)])
    logits = masked_logits(bank, images, 0, around).reshape(2, 2, 5)
    differences = (logits[:, 0] - logits[:, 1]) / (2 * step)
    what = Ranked(bank=bank, images=images, class_id=0, additive=None)
    found = _gradient_input(what, generator).double()
    torch.testing.assert_close(found, differences, rtol=5e-3, atol=5e-3)


def test_sampled_sobol_indices_rank_as_the_class_importance_does(generator):
    bank = additive_bank(signed=True, layer="0.1")
    images = noise_images(2, generator)
    ours = rank_concepts(
        bank, images, 0, "sobol", generator=torch.Generator().manual_seed(1)
    ).tolist()
    importance = concept_importance(bank, images, 0, generator=torch.Generator().manual_seed(1))
    assert ours == importance.ranking


def test_tcav_ranks_risers_first_and_breaks_ties_at_random(generator):
    bank = additive_bank(signed=True, n_concepts=6)
    images = noise_images(3, generator)
    rises = bank.W @ bank.backbone.linear_head.weight[0] > 0
    n_rising = int(rises.sum())
    assert 0 < n_rising < 6
    orders = {
        tuple(rank_concepts(bank, images, 0, "tcav", generator=generator).tolist())
        for _ in range(10)
    }
    assert len(orders) > 1
    assert all(rises[list(order[:n_rising])].all() for order in orders)


def test_same_generator_same_order(generator):
    bank = additive_bank(signed=True)
    images = noise_images(3, generator)
    first, again = (
        rank_concepts(
            bank, images, 0, "random", generator=torch.Generator().manual_seed(4), per_image=True
        )
        for _ in range(2)
    )
    assert torch.equal(first, again) and first.shape == (3, 5)
    assert torch.equal(first.sort(dim=1).values, torch.arange(5).expand(3, -1))


def test_cheapest_path_of_known_sets():
    heights = torch.tensor([[0.0, 5, 1, 0]])  # {}, {0}, {1}, {0, 1}
    assert lowest_paths(heights).tolist() == [[1, 0]]


def test_brute_force_says_its_limit(generator):
    bank = additive_bank(signed=False, n_concepts=MOST_CONCEPTS + 1)
    message = r"n_concepts must be at most 12 for the best ranking .*; got 13\."
    with pytest.raises(CraftError, match=message):
        best_ranking(bank, noise_images(1, generator), 0, "deletion")


def test_unknown_ranking_is_named(generator):
    message = r"ranking must be one of \['sobol', 'tcav', 'gradient_input', 'random'\]; got 'x'\."
    with pytest.raises(CraftError, match=message):
        rank_concepts(
            additive_bank(signed=False), noise_images(1, generator), 0, "x", generator=generator
        )
