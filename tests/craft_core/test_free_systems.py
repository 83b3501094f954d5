import pytest
import torch

from craft_core.free_systems import (
    factorise,
    gram,
    parts_of_rows,
    pseudo_inverse,
    rank_tolerance,
    solve_free,
    solve_once,
    unit_concepts,
)


@pytest.fixture
def systems(generator):
    """A Gram matrix, right-hand sides, and which coefficients are free; a row has none."""
    W = torch.rand(6, 20, generator=generator, dtype=torch.float64)
    free = torch.rand(30, 6, generator=generator) < 0.5
    free[3] = False
    T = torch.randn(30, 6, generator=generator, dtype=torch.float64)
    return gram(unit_concepts(W)[0]), T, free


def dense(G, T, free):
    rows = []
    for t, is_free in zip(T, free, strict=True):
        x = torch.zeros(len(G), dtype=T.dtype)
        if is_free.any():
            x[is_free] = torch.linalg.solve(G[is_free][:, is_free], t[is_free])
        rows.append(x)
    return torch.stack(rows)


def test_agrees_with_a_dense_solve_row_by_row(systems):
    G, T, free = systems
    torch.testing.assert_close(factorise(G, free).solve(T), dense(G, T, free))
    torch.testing.assert_close(solve_once(G, T, free), dense(G, T, free))


def test_parts_do_not_change_the_answer(systems, monkeypatch):
    monkeypatch.setattr("craft_core.free_systems.ENTRIES_ON_CPU", 4 * 36)
    G, T, free = systems
    parts = parts_of_rows(G, free)
    assert [len(rows) for rows, _ in parts] == [4] * 7 + [2]
    assert [width for _, width in parts] == sorted(width for _, width in parts)
    torch.testing.assert_close(factorise(G, free).solve(T), dense(G, T, free))


def test_pseudo_inverses_agree_with_torchs(systems):
    G, T, free = systems
    G = G.clone()
    G[:, 1], G[1, :] = G[:, 0].clone(), G[0, :].clone()  # concept 1 is concept 0
    G[1, 1] = 1
    x = factorise(G, free, rank_tol=1e-12).solve(T @ G)
    for found, t, is_free in zip(x, T @ G, free, strict=True):
        block = G[is_free][:, is_free]
        expected = torch.linalg.pinv(block, hermitian=True, rtol=1e-10) @ t[is_free]
        torch.testing.assert_close(found[is_free], expected, rtol=1e-8, atol=1e-10)


def test_pseudo_inverse_of_zero_is_zero():
    assert (pseudo_inverse(torch.zeros(2, 3, 3), rank_tol=1e-12) == 0).all()


def test_derivatives_agree_with_finite_differences(systems):
    G, T, free = systems
    factors = factorise(G, free)

    def solve(gram_matrix, right_hand_sides):
        symmetric = (gram_matrix + gram_matrix.T) / 2
        return solve_free(symmetric, right_hand_sides, factorise(symmetric.detach(), free))

    assert torch.autograd.gradcheck(solve, (G.requires_grad_(), T.requires_grad_()))
    assert (solve_free(G, T, factors)[~free] == 0).all()


def test_unit_concepts_have_length_one_at_any_scale(generator):
    W = torch.rand(4, 9, generator=generator, dtype=torch.float64)
    W = W * torch.tensor([[1e-250], [1.0], [1e200], [0.0]], dtype=torch.float64)
    unit, lengths = unit_concepts(W)
    torch.testing.assert_close(unit.norm(dim=1), torch.tensor([1.0, 1, 1, 0]).double())
    torch.testing.assert_close(unit * lengths[:, None], W)
    torch.testing.assert_close(gram(unit).diagonal(), torch.ones(4).double())


def test_rank_tolerance_follows_the_banks_precision():
    assert rank_tolerance(torch.zeros(10, 3)) == pytest.approx(40 * torch.finfo().eps ** 2)
    assert rank_tolerance(torch.zeros(10, 3).double()) == pytest.approx(40 * 2.0**-52)


def test_no_rows_have_no_parts(systems):
    G, T, free = systems
    assert factorise(G, free[:0]).solve(T[:0]).shape == (0, 6)
