import pytest
import torch

from craft_core.errors import CraftError, ShapeError
from craft_core.stability import choose_n_concepts, match_concepts, nmf_stability


@pytest.fixture
def planted(generator):
    """600 sparse mixes of five concepts, with noise."""
    W = torch.rand(5, 60, generator=generator) ** 4
    A = torch.rand(600, 5, generator=generator) ** 4 @ W
    return A + 0.02 * torch.rand(A.shape, generator=generator), W


def test_permuted_concepts_are_matched(generator):
    W = torch.rand(6, 20, generator=generator)
    order = torch.randperm(6, generator=generator)
    match, cosines = match_concepts(W, 3 * W[order])
    assert order[match].tolist() == list(range(6))
    torch.testing.assert_close(cosines, torch.ones(6))


def test_match_is_the_best_over_all_permutations(generator):
    from itertools import permutations

    W, other = (torch.rand(4, 7, generator=generator) for _ in range(2))
    table = torch.nn.functional.normalize(W) @ torch.nn.functional.normalize(other).T
    best = max(float(table[range(4), list(p)].sum()) for p in permutations(range(4)))
    assert float(match_concepts(W, other)[1].sum()) == pytest.approx(best, rel=1e-6)


def test_smaller_bank_is_matched_in_a_larger_one(generator):
    W = torch.rand(6, 20, generator=generator)
    match, _ = match_concepts(W[[4, 1]], W)
    assert match.tolist() == [4, 1]


def test_planted_concepts_are_stable_and_more_are_not(planted, generator):
    A, _ = planted
    right = nmf_stability(A, 5, generator=generator)
    more = nmf_stability(A, 8, generator=generator)
    assert right.mean > 0.99 > 0.97 > more.mean
    assert more.error < right.error < 0.01
    assert right.cosines.shape == (4, 5) and right.cosines.min() > 0.99


def test_bank_of_the_best_run_holds_the_planted_concepts(planted, generator):
    A, W = planted
    found = nmf_stability(A, 5, generator=generator).W
    assert match_concepts(found, W)[1].min() > 0.9


def test_planted_number_is_chosen(planted, generator):
    choice = choose_n_concepts(planted[0], [8, 2, 5, 3, 12], generator=generator)
    assert choice.chosen == 5
    assert choice.candidates == (2, 3, 5, 8, 12)
    assert list(choice.errors) == sorted(choice.errors, reverse=True)


def test_where_none_is_stable_the_most_stable_is_chosen(generator):
    noise = torch.rand(60, 40, generator=generator)
    choice = choose_n_concepts(noise, [9, 10], generator=generator, n_runs=3, least_stability=1.0)
    assert choice.chosen == choice.candidates[choice.stabilities.index(max(choice.stabilities))]


def test_same_seed_same_curves(planted):
    curves = [
        choose_n_concepts(planted[0], [3, 5], generator=torch.Generator().manual_seed(7))
        for _ in range(2)
    ]
    assert curves[0].errors == curves[1].errors
    assert curves[0].stabilities == curves[1].stabilities


def test_fewer_concepts_on_the_other_side_are_refused():
    with pytest.raises(CraftError, match=r"of the other bank must be at least 3; got 2"):
        match_concepts(torch.eye(3), torch.eye(3)[:2])


def test_banks_must_be_over_the_same_features():
    with pytest.raises(ShapeError, match=r"other must have shape \(s, p=3\); got \(4, 4\)"):
        match_concepts(torch.eye(3), torch.eye(4))


def test_bad_arguments_are_named(planted, generator):
    with pytest.raises(CraftError, match=r"candidates must be at least 1; got \[\]"):
        choose_n_concepts(planted[0], [], generator=generator)
    with pytest.raises(CraftError, match=r"n_runs must be at least 2; got 1"):
        nmf_stability(planted[0], 5, generator=generator, n_runs=1)
    with pytest.raises(CraftError, match=r"least_stability must be in \(0, 1\]; got 97"):
        choose_n_concepts(planted[0], [5], generator=generator, least_stability=97)
