"""How far are gradients, indices and coefficients from answers known from elsewhere?"""

import warnings

import numpy as np
import torch
from scipy.optimize import nnls as scipy_nnls

from benchmarks.factorisation import planted, violation
from craft_core.designs import sobol_design
from craft_core.implicit_nmf import factor_changes, nmf_block
from craft_core.nmf import fit_nmf
from craft_core.nnls import nnls
from craft_core.sobol import total_sobol_indices


def main() -> None:
    """Print one table."""
    warnings.simplefilter("ignore")
    print("\nlargest error, relative to the largest entry of the known answer")
    for name, value in (*coefficients(), *gradients(), *indices()):
        print(f"{name:78s} {value:8.1e}")


def coefficients() -> list[tuple[str, float]]:
    """Compare the NNLS with SciPy's, which solves one row at a time."""
    A, W = planted(300, 128, 25)
    wide_A, wide_W = A.double(), W.double()
    expected = np.stack([scipy_nnls(wide_W.T.numpy(), a.numpy())[0] for a in wide_A])
    found = []
    for dtype in (torch.float64, torch.float32):
        U = nnls(A.to(dtype), W.to(dtype))
        name = str(dtype).removeprefix("torch.")
        error = relative(U, torch.from_numpy(expected))
        found.append((f"coefficients, r = 25, {name}: against scipy.optimize.nnls", error))
        off = violation(A, W, U)
        found.append((f"coefficients, r = 25, {name}: relative optimality violation", off))
    A, W = nearly_opposite()
    for dtype in (torch.float64, torch.float32):
        name = str(dtype).removeprefix("torch.")
        off = violation(A.to(dtype), W.to(dtype), nnls(A.to(dtype), W.to(dtype)))
        found.append((f"two nearly opposite concepts, condition 1e6, {name}: violation", off))
    return found


def nearly_opposite() -> tuple[torch.Tensor, torch.Tensor]:
    """A signed bank that needs coefficients far larger than what they explain."""
    generator = torch.Generator().manual_seed(0)
    A = torch.randn(500, 100, generator=generator, dtype=torch.float64)
    side, other = torch.linalg.qr(torch.randn(100, 2, generator=generator, dtype=A.dtype))[0].T
    return A, torch.stack([side, 1e-3 * 2 * other - side])


def gradients() -> list[tuple[str, float]]:
    """Compare derivatives with central differences, and with an unrolled solver."""
    generator = torch.Generator().manual_seed(1)
    W = torch.rand(5, 12, generator=generator, dtype=torch.float64)
    A = torch.rand(30, 5, generator=generator, dtype=torch.float64) @ W
    A = (A + 0.3 * torch.randn(30, 12, generator=generator, dtype=torch.float64)).requires_grad_()
    weights = torch.randn(30, 5, generator=generator, dtype=torch.float64)
    (slope,) = torch.autograd.grad((nnls(A, W) * weights).sum(), A)
    expected = differences(lambda a: (nnls(a, W) * weights).sum(), A.detach())
    (unrolled,) = torch.autograd.grad((multiplicative(A, W) * weights).sum(), A)
    found = [
        ("dU/dA: implicit, against central differences", relative(slope, expected)),
        ("dU/dA: 200 unrolled multiplicative updates, the same", relative(unrolled, expected)),
    ]
    bank = torch.rand(3, 25, generator=generator, dtype=torch.float64)
    U = torch.rand(40, 3, generator=generator, dtype=torch.float64)
    bank[bank < 0.4], U[U < 0.4] = 0, 0
    whole = U @ bank + 0.1 * torch.rand(40, 25, generator=generator, dtype=torch.float64)
    direction = torch.randn(40, 25, generator=generator, dtype=torch.float64)
    start = refit(whole, 3)
    dU, dW = factor_changes(nmf_block(whole, *start), direction)
    ahead, behind = (refit(whole + step * direction, 3, start) for step in (1e-5, -1e-5))
    for name, change, a, b in zip(("dU", "dW"), (dU, dW), ahead, behind, strict=True):
        error = relative(change, (a - b) / 2e-5)
        found.append((f"{name} of the whole NMF along a direction: against refitting", error))
    return found


def indices() -> list[tuple[str, float]]:
    """Compare Sobol indices with closed forms at the default size of a design."""
    generator = torch.Generator().manual_seed(0)
    found = []
    for r in (10, 25):
        c = torch.rand(r, generator=generator, dtype=torch.float64)
        expected = c.square() / c.square().sum()
        for n_points in (32, 256):
            design = sobol_design(r, generator=generator, n_points=n_points)
            total = total_sobol_indices(design.masks @ c, design).total
            name = f"total indices of a linear output, r = {r}, 8 scramblings of {n_points} points"
            found.append((name, relative(total, expected)))
    a = torch.tensor([0.0, 0.5, 1, 2, 4, 9] + [99.0] * 19, dtype=torch.float64)
    partial = 1 / (3 * (1 + a) ** 2)
    expected = partial * (1 + partial).prod() / (1 + partial) / ((1 + partial).prod() - 1)
    design = sobol_design(25, generator=generator, n_points=256)
    outputs = (((4 * design.masks - 2).abs() + a) / (1 + a)).prod(dim=-1)
    total = total_sobol_indices(outputs, design).total
    name = "total indices of Sobol's g function, r = 25, 8 scramblings of 256 points"
    return [*found, (name, relative(total, expected))]


def relative(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Largest error over the largest entry."""
    return float((found.double() - expected.double()).abs().max() / expected.abs().max())


def differences(function, at: torch.Tensor, step: float = 1e-6) -> torch.Tensor:  # noqa: ANN001
    """Central differences, entry by entry."""
    slopes = torch.zeros_like(at)
    for index in np.ndindex(*at.shape):
        move = torch.zeros_like(at)
        move[index] = step
        slopes[index] = (function(at + move) - function(at - move)) / (2 * step)
    return slopes


def multiplicative(A: torch.Tensor, W: torch.Tensor, n_steps: int = 200) -> torch.Tensor:
    """Solve by multiplicative updates that automatic differentiation goes through."""
    positive = A.clamp_min(0) @ W.T
    U = torch.full_like(positive, 0.5)
    for _ in range(n_steps):
        U = U * positive / (U @ (W @ W.T) + (-A).clamp_min(0) @ W.T + 1e-12)
    return U


def refit(
    A: torch.Tensor, r: int, start: tuple[torch.Tensor, torch.Tensor] | str = "nndsvd"
) -> tuple[torch.Tensor, torch.Tensor]:
    """Fit to rounding errors."""
    generator = torch.Generator().manual_seed(0)
    return fit_nmf(A, r, generator=generator, init=start, tol=1e-15, max_rounds=50_000)
