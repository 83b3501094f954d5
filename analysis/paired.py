"""Paired tests over participants' shares, which take the items as given.

They hold for these very pictures. Where the two kinds hold different pictures, as in a recursivity
study, they find differences between pictures and call them differences between kinds.
"""

import warnings

import numpy as np
import pandas as pd
from scipy import stats

from analysis.checks import check_columns, check_given
from analysis.errors import DesignError, UnpairedRowsWarning
from analysis.findings import Fields

ASSUMES = "items are the same for both kinds, or all there are"


def paired_shares(answers: pd.DataFrame) -> pd.DataFrame:
    """Average each participant's answers to both kinds of items.

    Parameters
    ----------
    answers
        One row an answer: ``participant``, ``right`` (0 or 1), ``treated`` (bool).

    Returns
    -------
    pd.DataFrame
        One row a participant who answered both: columns False and True.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    DesignError
        If there are fewer than two such participants, or a value is missing.

    Warns
    -----
    UnpairedRowsWarning
        If a participant answered one kind only, and is left out.
    """
    columns = ["participant", "right", "treated"]
    check_columns(answers, columns)
    check_given(answers, columns)
    means = answers.pivot_table(index="participant", columns="treated", values="right")
    paired = means.reindex(columns=[False, True]).dropna()
    n_lost = len(means) - len(paired)
    if n_lost:
        warnings.warn(
            f"participants must have answered both kinds for a paired test; got {n_lost} of "
            f"{len(means)} who did not, and are left out of it.",
            UnpairedRowsWarning,
            stacklevel=2,
        )
    if len(paired) < 2:
        raise DesignError(
            f"participants must be 2 or more who answered both kinds; got {len(paired)}."
        )
    return paired


def paired_t(shares: pd.DataFrame, *, level: float) -> Fields:
    """Student's paired t test of participants' shares.

    Parameters
    ----------
    shares
        As from `paired_shares`.
    level
        Coverage of the interval, in (0, 1).

    Returns
    -------
    Fields
        Of a `findings.Finding`; without an interval where all differences are the same.
    """
    differences = (shares[True] - shares[False]).to_numpy(float)
    found: Fields = {
        "method": "paired_t",
        "quantity": "difference",
        "estimate": float(differences.mean()),
        "n_participants": len(differences),
        "assumes": ASSUMES,
    }
    if np.ptp(differences) < 1e-12:
        nothing = float("nan")
        return found | {"ci_low": nothing, "ci_high": nothing, "p": nothing}
    test = stats.ttest_1samp(differences, 0.0)
    bounds = test.confidence_interval(level)
    return found | {
        "ci_low": float(bounds.low),
        "ci_high": float(bounds.high),
        "statistic": float(test.statistic),
        "df": float(test.df),
        "p": float(test.pvalue),
    }


def wilcoxon(shares: pd.DataFrame) -> Fields:
    """Wilcoxon's signed-rank test of participants' shares, those without a difference left out.

    Parameters
    ----------
    shares
        As from `paired_shares`.

    Returns
    -------
    Fields
        Of a `findings.Finding`; the estimate is the median of the differences, without an
        interval.
    """
    differences = (shares[True] - shares[False]).to_numpy(float)
    found: Fields = {
        "method": "wilcoxon",
        "quantity": "median difference",
        "estimate": float(np.median(differences)),
        "ci_low": float("nan"),
        "ci_high": float("nan"),
        "n_participants": len(differences),
        "assumes": ASSUMES + "; differences are symmetric",
        "p": float("nan"),
    }
    if (np.abs(differences) < 1e-12).all():
        return found
    test = stats.wilcoxon(differences.round(12), method="approx", correction=True)
    return found | {"statistic": float(test.statistic), "p": float(test.pvalue)}
