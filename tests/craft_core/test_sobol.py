import numpy as np
import pytest
import torch

from craft_core.designs import sobol_design
from craft_core.errors import ShapeError
from craft_core.importance import linear_total_indices
from craft_core.sobol import total_sobol_indices


def evaluate(function, design):
    return function(design.masks)


def linear(coefficients):
    return lambda masks: masks @ torch.tensor(coefficients, dtype=torch.float64)


def test_ishigami_function_has_its_known_indices(generator):
    """Total indices of the Ishigami function, a=7, b=0.1: 0.5576, 0.4424, 0.2437 (Sobol 1993)."""
    design = sobol_design(3, generator=generator, n_points=2048)

    def ishigami(masks):
        x = np.pi * (2 * masks - 1)
        first, second, third = x.unbind(dim=-1)
        return first.sin() + 7 * second.sin() ** 2 + 0.1 * third**4 * first.sin()

    found = total_sobol_indices(evaluate(ishigami, design), design)
    expected = torch.tensor([0.5576, 0.4424, 0.2437], dtype=torch.float64)
    torch.testing.assert_close(found.total, expected, rtol=0.02, atol=0)
    assert ((found.low <= expected) & (expected <= found.high)).all()


def test_linear_head_has_its_closed_form_at_25_concepts(generator):
    design = sobol_design(25, generator=generator, n_points=256)
    coefficients = torch.rand(25, generator=generator).double()
    found = total_sobol_indices(evaluate(linear(coefficients.tolist()), design), design)
    expected = coefficients.square() / coefficients.square().sum()
    torch.testing.assert_close(found.total, expected, rtol=0, atol=0.01)


def test_equal_concepts_have_equal_indices(generator):
    design = sobol_design(25, generator=generator, n_points=128)
    found = total_sobol_indices(evaluate(linear([1.0] * 25), design), design)
    assert found.total.max() / found.total.min() < 1.5


def test_permuted_concepts_have_permuted_closed_forms(generator):
    U, W = torch.rand(4, 6, generator=generator), torch.rand(6, 9, generator=generator)
    weight = torch.randn(9, generator=generator)
    order = torch.randperm(6, generator=generator)
    torch.testing.assert_close(
        linear_total_indices(U[:, order], W[order], weight),
        linear_total_indices(U, W, weight)[:, order],
    )


def test_constant_output_has_zero_indices(generator):
    design = sobol_design(4, generator=generator)
    found = total_sobol_indices(torch.full(design.masks.shape[:3], 7.0), design)
    assert (found.total == 0).all() and (found.high == 0).all()


def test_unused_concept_has_index_zero(generator):
    design = sobol_design(3, generator=generator)
    found = total_sobol_indices(evaluate(linear([1.0, 0.0, 2.0]), design), design)
    assert found.total[1] == 0


def test_several_outputs_are_the_single_ones(generator):
    design = sobol_design(3, generator=generator)
    outputs = [evaluate(linear(c), design) for c in ([1.0, 2.0, 3.0], [3.0, 0.0, 1.0])]
    both = total_sobol_indices(torch.stack(outputs, dim=-1), design)
    for index, output in enumerate(outputs):
        torch.testing.assert_close(both.total[index], total_sobol_indices(output, design).total)


def test_block_b_is_never_evaluated(generator):
    assert sobol_design(5, generator=generator, n_points=16).masks.shape == (8, 6, 16, 5)


def test_scramblings_differ_and_seeds_repeat():
    runs = [sobol_design(3, generator=torch.Generator().manual_seed(1)).masks for _ in range(2)]
    torch.testing.assert_close(*runs, rtol=0, atol=0)
    assert not torch.equal(runs[0][0], runs[0][1])


def test_outputs_must_fit_the_design(generator):
    design = sobol_design(3, generator=generator)
    with pytest.raises(
        ShapeError, match=r"outputs must have shape \(S=8, r\+1=4, N=32\).*got \(8, 4, 31\)"
    ):
        total_sobol_indices(torch.zeros(8, 4, 31), design)


@pytest.mark.slow
def test_intervals_cover_the_closed_form():
    """95 % intervals of 200 designs, over 6 concepts, cover in 0.92 to 0.98 of cases."""
    coefficients = torch.tensor([1.0, 0.8, 0.6, 0.4, 0.2, 0.1], dtype=torch.float64)
    expected = coefficients.square() / coefficients.square().sum()
    covered = []
    for seed in range(200):
        design = sobol_design(6, generator=torch.Generator().manual_seed(seed), n_points=64)
        found = total_sobol_indices(design.masks @ coefficients, design)
        covered.append((found.low <= expected) & (expected <= found.high))
    share = torch.stack(covered).double().mean()
    assert 0.92 <= share <= 0.98
