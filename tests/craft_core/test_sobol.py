import numpy as np
import pytest
import torch
from SALib.analyze import sobol as salib_analyze
from SALib.sample import sobol as salib_sample

from craft_core.designs import SobolDesign, sobol_design
from craft_core.errors import CraftError, ShapeError
from craft_core.importance import shares_of_variance
from craft_core.sobol import total_sobol_indices


def evaluate(function, design):
    return function(design.masks)


def linear(coefficients):
    return lambda masks: masks @ torch.tensor(coefficients, dtype=torch.float64)


def ishigami(masks):
    first, second, third = (np.pi * (2 * masks - 1)).unbind(dim=-1)
    return first.sin() + 7 * second.sin() ** 2 + 0.1 * third**4 * first.sin()


def g_function(a):
    """Sobol's g function and its total indices in closed form (Saltelli et al. 2010, Eq. 33)."""
    a = torch.tensor(a, dtype=torch.float64)

    def function(masks):
        return (((4 * masks - 2).abs() + a) / (1 + a)).prod(dim=-1)

    partial = 1 / (3 * (1 + a) ** 2)
    whole = (1 + partial).prod() - 1
    return function, partial * ((1 + partial).prod() / (1 + partial)) / whole, partial / whole


def test_ishigami_function_has_its_known_indices(generator):
    """a=7, b=0.1: total 0.5576, 0.4424, 0.2437; first order 0.3139, 0.4424, 0 (Sobol 1993)."""
    design = sobol_design(3, generator=generator, n_points=2048, first_order=True)
    found = total_sobol_indices(evaluate(ishigami, design), design)
    expected = torch.tensor([0.5576, 0.4424, 0.2437], dtype=torch.float64)
    torch.testing.assert_close(found.total, expected, rtol=0.02, atol=0)
    assert ((found.low <= expected + 5e-4) & (expected - 5e-4 <= found.high)).all()
    expected = torch.tensor([0.3139, 0.4424, 0.0], dtype=torch.float64)
    torch.testing.assert_close(found.first, expected, rtol=0, atol=0.01)
    assert ((found.first_low <= found.first) & (found.first <= found.first_high)).all()


def test_g_function_has_its_closed_form_at_25_concepts(generator):
    function, expected, first = g_function([0.0, 0.5, 1, 2, 4, 9] + [99.0] * 19)
    design = sobol_design(25, generator=generator, n_points=1024, first_order=True)
    found = total_sobol_indices(evaluate(function, design), design)
    torch.testing.assert_close(found.total, expected, rtol=0.03, atol=1e-4)
    torch.testing.assert_close(found.first, first, rtol=0, atol=0.02)


def test_agrees_with_salib_on_its_own_sample():
    """One sample of theirs through both; their first order is Saltelli's, their total Jansen's."""
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0, 1]] * 3}
    points = salib_sample.sample(problem, 4096, calc_second_order=False, seed=1)
    outputs = ishigami(torch.from_numpy(points))
    theirs = salib_analyze.analyze(problem, outputs.numpy(), calc_second_order=False, seed=1)
    # SALib orders A, A with each column of B, B, point by point
    blocks = torch.from_numpy(points).reshape(4096, 5, 3).permute(1, 0, 2)[None]
    design = SobolDesign(masks=blocks.repeat(8, 1, 1, 1))
    ours = total_sobol_indices(ishigami(design.masks), design)
    torch.testing.assert_close(ours.total, torch.from_numpy(theirs["ST"]), rtol=5e-3, atol=0)
    torch.testing.assert_close(ours.first, torch.from_numpy(theirs["S1"]), rtol=0, atol=5e-3)


def test_linear_head_has_its_closed_form_at_25_concepts(generator):
    design = sobol_design(25, generator=generator, n_points=256)
    coefficients = torch.rand(25, generator=generator).double()
    found = total_sobol_indices(evaluate(linear(coefficients.tolist()), design), design)
    expected = coefficients.square() / coefficients.square().sum()
    torch.testing.assert_close(found.total, expected, rtol=0, atol=0.01)


def test_equal_concepts_have_equal_indices(generator):
    """The public code's unscrambled Halton sequence spreads them over a factor of 17."""
    design = sobol_design(25, generator=generator)
    found = total_sobol_indices(evaluate(linear([1.0] * 25), design), design)
    assert found.total.max() / found.total.min() < 1.6
    assert ((found.low < 1 / 25) & (found.high > 1 / 25)).double().mean() > 0.8


def test_permuted_concepts_have_permuted_indices(generator):
    """Of the estimate itself, with the design permuted alike."""
    design = sobol_design(6, generator=generator)
    order = torch.randperm(6, generator=generator)
    blocks = torch.cat([torch.zeros(1, dtype=torch.long), 1 + order])
    permuted = SobolDesign(masks=design.masks[:, blocks][..., order])
    coefficients = torch.rand(6, generator=generator, dtype=torch.float64)
    plain = total_sobol_indices(design.masks @ coefficients, design)
    other = total_sobol_indices(permuted.masks @ coefficients[order], permuted)
    torch.testing.assert_close(other.total, plain.total[order])
    torch.testing.assert_close(other.effect, plain.effect[order])


def test_closed_form_is_known_by_hand():
    c = torch.tensor([[3.0, -4.0, 0.0], [0.0, 0.0, 0.0]], dtype=torch.float64)
    expected = torch.tensor([[0.36, 0.64, 0.0], [0.0, 0.0, 0.0]], dtype=torch.float64)
    torch.testing.assert_close(shares_of_variance(c), expected)


def test_effect_of_a_linear_output_is_its_coefficient(generator):
    design = sobol_design(4, generator=generator)
    coefficients = [3.0, -2.0, 0.0, 0.5]
    found = total_sobol_indices(evaluate(linear(coefficients), design), design)
    torch.testing.assert_close(found.effect, torch.tensor(coefficients, dtype=torch.float64))


def test_sign_tells_what_the_index_does_not(generator):
    design = sobol_design(2, generator=generator)
    found = total_sobol_indices(evaluate(linear([2.0, -2.0]), design), design)
    torch.testing.assert_close(found.total[0], found.total[1], rtol=0.1, atol=0)
    assert found.effect[0] > 0 > found.effect[1]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("value", [0.0, 7.0, 1e4])
def test_constant_output_has_zero_indices(value, dtype, generator):
    """Also where it is constant but for its rounding errors."""
    design = sobol_design(4, generator=generator, first_order=True)
    noise = torch.rand(design.masks.shape[:3], generator=generator, dtype=dtype)
    outputs = value * (1 + torch.finfo(dtype).eps * noise)
    found = total_sobol_indices(outputs, design)
    for index in (found.total, found.high, found.first):
        assert (index == 0).all()


def test_small_variation_on_a_large_output_is_seen(generator):
    design = sobol_design(3, generator=generator)
    outputs = 1e6 + evaluate(linear([1e-3, 0.0, 2e-3]), design)
    found = total_sobol_indices(outputs, design)
    torch.testing.assert_close(
        found.total, torch.tensor([0.2, 0.0, 0.8], dtype=torch.float64), rtol=0.1, atol=1e-6
    )


def test_unused_concept_has_index_zero(generator):
    design = sobol_design(3, generator=generator)
    found = total_sobol_indices(evaluate(linear([1.0, 0.0, 2.0]), design), design)
    assert found.total[1] == 0


def test_several_outputs_are_the_single_ones(generator):
    design = sobol_design(3, generator=generator)
    outputs = [evaluate(linear(c), design) for c in ([1.0, 2.0, 3.0], [3.0, 0.0, 1.0])]
    both = total_sobol_indices(torch.stack(outputs, dim=-1), design)
    for index, output in enumerate(outputs):
        alone = total_sobol_indices(output, design)
        torch.testing.assert_close(both.total[index], alone.total)
        torch.testing.assert_close(both.effect[index], alone.effect)


def test_scale_and_offset_of_the_output_play_no_part(generator):
    design = sobol_design(3, generator=generator)
    outputs = evaluate(linear([1.0, 2.0, 3.0]), design)
    plain, other = (
        total_sobol_indices(outputs, design),
        total_sobol_indices(5 - 7 * outputs, design),
    )
    torch.testing.assert_close(other.total, plain.total)
    torch.testing.assert_close(other.effect, -7 * plain.effect)


def test_scramblings_differ_and_seeds_repeat():
    runs = [sobol_design(3, generator=torch.Generator().manual_seed(1)).masks for _ in range(2)]
    torch.testing.assert_close(*runs, rtol=0, atol=0)
    assert not torch.equal(runs[0][0], runs[0][1])


def test_outputs_must_fit_the_design(generator):
    design = sobol_design(3, generator=generator)
    with pytest.raises(
        ShapeError, match=r"outputs must have shape \(S=8, blocks=4, N=32\).*got \(8, 4, 31\)"
    ):
        total_sobol_indices(torch.zeros(8, 4, 31), design)


def test_no_outputs_have_no_indices(generator):
    design = sobol_design(3, generator=generator)
    assert total_sobol_indices(torch.zeros(8, 4, 32, 0), design).total.shape == (0, 3)


def test_outputs_must_be_finite(generator):
    design = sobol_design(3, generator=generator)
    outputs = torch.zeros(8, 4, 32)
    outputs[0, 1, 2] = float("nan")
    with pytest.raises(CraftError, match=r"outputs must be finite; got 1 others"):
        total_sobol_indices(outputs, design)


def test_level_must_be_a_share(generator):
    design = sobol_design(3, generator=generator)
    with pytest.raises(CraftError, match=r"level must be in \(0, 1\); got 95"):
        total_sobol_indices(torch.zeros(8, 4, 32), design, level=95)


@pytest.mark.slow
@pytest.mark.parametrize("n_points", [32, 64])
@pytest.mark.parametrize("kind", ["linear", "g"])
def test_intervals_cover_the_closed_form(kind, n_points):
    """95 % intervals of 300 designs at the default size cover in 0.92 to 0.98 of cases."""
    coefficients = [1.0, 0.8, 0.6, 0.4, 0.2, 0.1]
    if kind == "linear":
        c = torch.tensor(coefficients, dtype=torch.float64)
        function, expected = linear(coefficients), c.square() / c.square().sum()
    else:
        function, expected, _ = g_function([1.0, 1.5, 2, 3, 5, 9])
    covered = []
    for seed in range(300):
        generator = torch.Generator().manual_seed(seed)
        design = sobol_design(6, generator=generator, n_points=n_points)
        found = total_sobol_indices(evaluate(function, design), design)
        covered.append((found.low <= expected) & (expected <= found.high))
    share = torch.stack(covered).double().mean()
    assert 0.92 <= share <= 0.98


@pytest.mark.slow
def test_bootstrap_of_a_designs_rows_is_several_times_too_wide():
    """Why intervals rest on scramblings: the points of one are not independent of each other."""
    generator = torch.Generator().manual_seed(0)
    coefficients = torch.tensor([1.0, 0.8, 0.6, 0.4, 0.2, 0.1], dtype=torch.float64)
    estimates, spreads = [], []
    for _ in range(100):
        design = sobol_design(6, generator=generator, n_points=256)
        outputs = (design.masks @ coefficients)[0]  # one scrambling, (7, 256)
        draws = torch.randint(256, (200, 256), generator=generator)
        resampled = outputs[:, draws]  # (7, 200, 256)
        indices = [
            (block[0] - block[1:]).square().mean(dim=-1) / (2 * block.var(dim=-1).mean(dim=0))
            for block in (outputs[:, None], resampled)
        ]
        estimates.append(indices[0][:, 0])
        spreads.append(indices[1].std(dim=1))
    true_spread = torch.stack(estimates).std(dim=0)
    assert (torch.stack(spreads).mean(dim=0) / true_spread)[:3].min() > 2
