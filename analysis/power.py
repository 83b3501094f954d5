"""How many participants a study needs, by simulating it with the model that it will be analysed by.

Each simulated study recruits, loses some to drop-out and exclusion, draws answers from a mixed
logit with participants and crossed items, and is tested as `analysis.results` tests it. Where there
is a closed form it stands beside (`analysis.closed_form`).
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Final, Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis.checks import check_choice
from analysis.closed_form import difference_power, equivalence_power, share_power
from analysis.design import Design, check_design
from analysis.drawn_studies import finds_choice, finds_difference, finds_equivalence, finds_levels
from analysis.errors import AnalysisError, AnalysisWarning, ConvergenceError

Question = Literal["difference", "equivalence", "levels", "choice"]
QUESTIONS: Final = ("difference", "equivalence", "levels", "choice")
COLUMNS: Final = ("per_arm", "recruited", "analysed", "power", "ci_low", "ci_high", "closed_form",
                  "cost")  # fmt: skip


def power_curve(
    design: Design,
    sizes: Sequence[int],
    question: Question = "difference",
    *,
    n_studies: int = 500,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Simulate studies of several sizes and count how often they find what is there.

    Parameters
    ----------
    design
        What is believed.
    sizes
        Participants to recruit in each arm, 3 or more.
    question
        ``difference``: the marginal odds ratio against the baseline (`odds.marginal_odds_ratios`).
        ``equivalence``: TOST of Utility (`equivalence.utility_equivalence`). ``levels`` and
        ``choice``: the two stages of a recursivity study, sub-concepts against concepts
        (`levels.between_levels`) and choices against guessing (`chance.against_chance`).
    n_studies
        Studies of each size, 100 or more.
    rng
        Draws the studies.

    Returns
    -------
    pd.DataFrame
        One row per size: ``per_arm`` (recruited), ``recruited`` (in all arms), ``analysed`` (in an
        arm, on average), ``power`` with ``ci_low`` and ``ci_high`` (95 %, Wilson's, of the
        simulation), ``closed_form`` (missing where there is none) and ``cost`` (pay of all who
        finish, the excluded included).

    Raises
    ------
    AnalysisError
        If a share is out of range, a size below 3, or `n_studies` below 100.
    """
    check_design(design)
    check_choice("question", question, QUESTIONS)
    if not sizes or min(sizes) < 3:
        raise AnalysisError(f"sizes must be 3 or more; got {list(sizes)}.")
    if n_studies < 100:
        raise AnalysisError(f"n_studies must be 100 or more; got {n_studies}.")
    rows = []
    for size in sizes:
        kept, hits = [], 0
        for _ in range(n_studies):
            found, n = _study(question, design, size, rng)
            hits += found
            kept.append(n)
        bounds = stats.binomtest(hits, n_studies).proportion_ci(0.95, method="wilson")
        recruited = size * (design.n_arms if question in ("difference", "equivalence") else 1)
        cost = recruited * (1 - design.dropout) * design.pay
        n_kept = size * (1 - design.dropout) * (1 - design.excluded)
        rows.append([
            size, recruited, float(np.mean(kept)), hits / n_studies, float(bounds.low),
            float(bounds.high), _closed_form(question, design, n_kept), cost,
        ])  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def least_size(curve: pd.DataFrame, power: float = 0.8) -> int | None:
    """Return the smallest size whose power is surely enough.

    Parameters
    ----------
    curve
        As from `power_curve`.
    power
        Asked for, in (0, 1).

    Returns
    -------
    int | None
        ``per_arm`` of the first size from which on the lower bound of the simulated power is never
        below `power` less two per cent; None where none is.
    """
    is_enough = (curve.sort_values("per_arm")["ci_low"] >= power - 0.02).to_numpy()
    from_here = np.logical_and.accumulate(is_enough[::-1])[::-1]
    sizes = np.sort(curve["per_arm"].to_numpy())
    return int(sizes[from_here.argmax()]) if from_here.any() else None


def _study(
    question: Question, design: Design, size: int, rng: np.random.Generator
) -> tuple[bool, float]:
    """Return whether one study finds what is there, and how many it keeps in an arm."""
    kept = [_kept(design, size, rng) for _ in range(2)]
    if min(kept) < 2:
        return False, float(np.mean(kept))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AnalysisWarning)
        try:
            return TESTS[question](design, kept, rng), float(np.mean(kept))
        except ConvergenceError:
            return False, float(np.mean(kept))


def _closed_form(question: Question, design: Design, n: float) -> float:
    return CLOSED_FORMS[question](design, n) if question in CLOSED_FORMS else float("nan")


def _kept(design: Design, size: int, rng: np.random.Generator) -> int:
    return int(rng.binomial(size, (1 - design.dropout) * (1 - design.excluded)))


TESTS: Final[dict[str, Callable[[Design, list[int], np.random.Generator], bool]]] = {
    "difference": finds_difference,
    "equivalence": finds_equivalence,
    "levels": finds_levels,
    "choice": finds_choice,
}
CLOSED_FORMS: Final[dict[str, Callable[[Design, float], float]]] = {
    "difference": difference_power,
    "equivalence": equivalence_power,
    "choice": share_power,
}
