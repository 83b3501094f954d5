"""How alike the concepts of several factorisations are, and how many concepts to take.

Letters are those of the CRAFT paper (Fel et al. 2023, arXiv:2211.10154):

    A  (n, p)  activations of n crops over p features, >= 0
    W  (r, p)  concept bank, one concept of unit length per row

The paper leaves the number of concepts open and takes 25 (section 4). A factorisation is not unique
(appendix A.1): here it is run from several random starts, and the runs' concepts are matched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from craft_core.checks import check_at_least, check_shapes, check_share
from craft_core.errors import CraftError
from craft_core.nmf import fit_nmf

LEAST_STABILITY = 0.97  # what tells 8 planted concepts from 9; see docs/decisions.md


@dataclass(frozen=True, eq=False, kw_only=True)
class Stability:
    """How alike the runs of one factorisation are.

    Attributes
    ----------
    W
        (r, p). The bank of the run that fits best.
    cosines
        (runs - 1, r). Of each of its concepts with its match in every other run, in [0, 1].
    mean
        Of the matched cosines of all pairs of runs, in [0, 1].
    error
        Mean over the runs of ``||A - U W||^2 / ||A||^2``, in [0, 1].
    """

    W: Tensor
    cosines: Tensor
    mean: float
    error: float


@dataclass(frozen=True, eq=False, kw_only=True)
class NumberOfConcepts:
    """The number that was chosen, and the curves it was chosen from.

    Attributes
    ----------
    chosen
        One of `candidates`.
    candidates
        In rising order.
    errors, stabilities
        For each candidate; see `Stability`.
    least_stability
        Which the choice must reach.
    """

    chosen: int
    candidates: tuple[int, ...]
    errors: tuple[float, ...]
    stabilities: tuple[float, ...]
    least_stability: float


def match_concepts(W: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Pair the concepts of two banks so that the sum of their cosines is largest.

    Parameters
    ----------
    W
        (r, p). One bank.
    other
        (s, p), with s >= r. Another.

    Returns
    -------
    tuple[Tensor, Tensor]
        The match of each concept of `W` in `other`, (r,), integer; and their cosines, (r,).

    Raises
    ------
    ShapeError
        If the banks are no matrices over the same features.
    CraftError
        If the other bank has fewer concepts.

    Examples
    --------
    >>> match_concepts(torch.eye(2), torch.eye(2).flip(0))
    (tensor([1, 0]), tensor([1., 1.]))
    """
    from scipy import optimize  # loads for a second

    sizes = check_shapes(W=(W, "r p"), other=(other, "s p"))
    check_at_least("number of concepts of the other bank", sizes["s"], sizes["r"])
    cosines = _unit(W) @ _unit(other).T  # (r, s)
    rows, columns = optimize.linear_sum_assignment(-cosines.double().cpu().numpy())
    match = torch.from_numpy(columns).to(W.device)
    return match, cosines[torch.from_numpy(rows).to(W.device), match]


def nmf_stability(
    A: Tensor, n_concepts: int, *, generator: torch.Generator, n_runs: int = 5, tol: float = 3e-4
) -> Stability:
    """Factorise from several random starts and compare the concepts.

    Parameters
    ----------
    A
        (n, p), >= 0, finite. Activations.
    n_concepts
        r.
    generator
        Draws the starts.
    n_runs
        At least 2.
    tol
        Of `craft_core.nmf.fit_nmf`.

    Returns
    -------
    Stability
        Of the concepts, and how well they fit.
    """
    check_at_least("n_runs", n_runs, 2)
    banks, errors = [], []
    squares = A.square().sum()
    for _ in range(n_runs):
        U, W = fit_nmf(A, n_concepts, generator=generator, init="random", tol=tol)
        banks.append(W)
        errors.append((A - U @ W).square().sum() / squares)
    cosines = {
        pair: match_concepts(banks[pair[0]], banks[pair[1]])[1]
        for pair in combinations(range(n_runs), 2)
    }
    best = int(torch.stack(errors).argmin())
    return Stability(
        W=banks[best],
        cosines=torch.stack(
            [match_concepts(banks[best], bank)[1] for bank in banks if bank is not banks[best]]
        ),
        mean=float(torch.stack(list(cosines.values())).mean()),
        error=float(torch.stack(errors).mean()),
    )


def choose_n_concepts(
    A: Tensor,
    candidates: Sequence[int],
    *,
    generator: torch.Generator,
    n_runs: int = 5,
    least_stability: float = LEAST_STABILITY,
    tol: float = 3e-4,
) -> NumberOfConcepts:
    """Take as many concepts as come out alike from different starts.

    The error falls with every concept; more concepts than the activations determine differ from run
    to run. The choice is the largest candidate whose concepts are stable; where none is, the most
    stable one.

    Parameters
    ----------
    A
        (n, p), >= 0, finite. Activations.
    candidates
        Numbers of concepts.
    generator
        Draws the starts.
    n_runs
        Starts of each candidate, at least 2.
    least_stability
        In (0, 1]. Mean cosine of matched concepts that counts as stable.
    tol
        Of `craft_core.nmf.fit_nmf`.

    Returns
    -------
    NumberOfConcepts
        With both curves; `craft_core.figures.number_of_concepts_figure` draws them.

    Raises
    ------
    CraftError
        If there is no candidate, or an argument is out of range.
    """
    numbers = sorted(set(candidates))
    if not numbers:
        raise CraftError("candidates must be at least 1; got [].")
    check_share("least_stability", least_stability)
    found = [
        nmf_stability(A, number, generator=generator, n_runs=n_runs, tol=tol) for number in numbers
    ]
    stable = [n for n, run in zip(numbers, found, strict=True) if run.mean >= least_stability]
    most_stable = max(zip(numbers, found, strict=True), key=lambda pair: pair[1].mean)[0]
    return NumberOfConcepts(
        chosen=max(stable, default=most_stable),
        candidates=tuple(numbers),
        errors=tuple(run.error for run in found),
        stabilities=tuple(run.mean for run in found),
        least_stability=least_stability,
    )


def _unit(W: Tensor) -> Tensor:
    lengths = W.norm(dim=1, keepdim=True)
    return W / torch.where(lengths == 0, 1.0, lengths)
