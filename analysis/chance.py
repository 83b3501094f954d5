"""A share of answers against chance: accuracy against one in five, a choice against one half."""

import dataclasses
from typing import Final

import pandas as pd
from scipy import stats

from analysis.checks import check_answers, check_outcome
from analysis.findings import Fields, Finding, counts
from analysis.intervals import mean_interval
from analysis.inversion import p_above, two_sided
from analysis.shares import wilson_limits
from analysis.two_way import two_way_share

TWO_WAY: Final = "participants and items are two crossed samples"
ALIKE: Final = "participants and items are all alike, and answers independent"
NAIVE: Final = "all answers are independent, which they are not"


def against_chance(
    answers: pd.DataFrame,
    chance: float,
    *,
    test: str,
    group: str = "",
    level: float = 0.95,
    has_alternatives: bool = True,
) -> list[Finding]:
    """Test a share of answers against the share by guessing.

    The interval is Wilson's for participants and items as crossed clusters (`two_way`), and p is
    the level at which its limit reaches chance.

    Parameters
    ----------
    answers
        One row an answer: ``participant``, ``item``, ``right`` (0 or 1).
    chance
        In (0, 1).
    test
        What is asked, in words.
    group
        Whose answers these are.
    level
        Coverage of the intervals, in (0, 1).
    has_alternatives
        Whether the naive binomial test is computed too.

    Returns
    -------
    list[Finding]
        The default first.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    DesignError
        If there are not two participants and two items, a participant answered an item twice,
        or a value is missing or not one of two.

    Warns
    -----
    ZeroVarianceWarning
        If all answers are the same.
    """
    check_answers(answers, ["right"])
    answers = answers.assign(right=check_outcome(answers, "right"))
    share = two_way_share(answers, "right", name=f"{test}{f' ({group})' if group else ''}")
    estimate = mean_interval(share, level=level)
    p = two_sided(
        p_above(lambda tail: wilson_limits(share, tail=tail, has_floor=True), share.value, chance)
    )
    default = Finding(
        test=test,
        group=group,
        method="two_way",
        is_default=True,
        quantity="share",
        estimate=estimate.value,
        ci_low=estimate.ci_low,
        ci_high=estimate.ci_high,
        null=chance,
        df=share.degrees,
        p=p,
        assumes=TWO_WAY if share.squared_error else ALIKE,
        **counts(answers),
    )
    if not has_alternatives:
        return [default]
    n_right = int(answers["right"].sum())
    naive = stats.binomtest(n_right, len(answers), chance)
    bounds = naive.proportion_ci(level, method="wilson")
    found: Fields = {
        "method": "naive_binomial",
        "is_default": False,
        "ci_low": float(bounds.low),
        "ci_high": float(bounds.high),
        "statistic": n_right,
        "df": float("nan"),
        "p": float(naive.pvalue),
        "assumes": NAIVE,
    }
    return [default, dataclasses.replace(default, **found)]


def as_odds(finding: Finding) -> Finding:
    """Say a share as odds, p / (1 - p), which are not an odds ratio.

    Parameters
    ----------
    finding
        Of a share.

    Returns
    -------
    Finding
        With the same p.
    """
    odds: Fields = {
        name: _odds(getattr(finding, name)) for name in ("estimate", "ci_low", "ci_high", "null")
    }
    return dataclasses.replace(finding, quantity="odds", **odds)


def _odds(share: float) -> float:
    return share / (1 - share) if share < 1 else float("inf")
