"""Two groups of participants, such as experts and laymen, who answered the same items.

That one group's test is significant and the other's is not says nothing of their difference, which
is tested here. Columns of the answers as in `analysis.levels`, and ``group``.
"""

import math

import numpy as np
import pandas as pd

from analysis.errors import DesignError
from analysis.findings import Fields, Finding, counts
from analysis.levels import MIXED, odds_ratio_fields
from analysis.regression.mixed_logit import Grouping, fit_mixed_logit
from analysis.regression.separation import separated_cells


def between_groups(answers: pd.DataFrame, *, level: float = 0.95) -> list[Finding]:
    """Compare two groups: their odds of a right answer, and how far the kinds differ in each.

    A mixed logit with participants' intercepts and slopes and random items, which both groups
    answered, and Student's t with two degrees of freedom less than participants.

    Parameters
    ----------
    answers
        One row an answer: ``participant``, ``item``, ``right`` (0 or 1), ``treated`` (bool), and
        ``group`` where groups are told apart.
    level
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    list[Finding]
        Empty but for two groups. ``group against group``: a conditional odds ratio, of an average
        item; and where there are two kinds of items, ``difference of the differences``: the
        ratio of the two groups' odds ratios between kinds.

    Raises
    ------
    DesignError
        If a group has one participant.
    ConvergenceError
        If the mixed model does not come to an end.

    Warns
    -----
    SeparationWarning
        If all answers of a cell are right, or all wrong; the tests are missing then.
    """
    names = group_names(answers)
    if len(names) != 2:
        return []
    sizes = answers.groupby("group")["participant"].nunique()
    if sizes.min() < 2:
        raise DesignError(
            f"groups must have 2 participants or more to be compared; got {sizes.to_dict()}."
        )
    has_kinds = answers["treated"].nunique() == 2
    cells = ["group", "treated"] if has_kinds else ["group"]
    tests = ["group against group", *(["difference of the differences"] if has_kinds else [])]
    quantities = ["conditional odds ratio", "ratio of conditional odds ratios"]
    shared: Fields = {
        "group": f"{names[0]} - {names[1]}",
        "method": "mixed_logit",
        "is_default": True,
        "null": 1.0,
        "assumes": MIXED,
        **counts(answers),
    }
    if len(separated_cells(answers, cells, right="right")):
        missing: Fields = dict.fromkeys(("estimate", "ci_low", "ci_high", "p"), math.nan)
        fields = [missing] * len(tests)
    else:
        fields = _fitted(answers, names[0], level, has_kinds=has_kinds)
    return [
        Finding(test=test, quantity=quantity, **shared, **found)
        for test, quantity, found in zip(tests, quantities, fields, strict=False)
    ]


def group_names(answers: pd.DataFrame) -> list[str]:
    """Return the names of groups in order.

    Parameters
    ----------
    answers
        One row an answer, with ``group`` where groups are told apart.

    Returns
    -------
    list[str]
        Sorted; empty where there is no such column, or it is empty.
    """
    return sorted(answers["group"].dropna().unique()) if "group" in answers else []


def _fitted(answers: pd.DataFrame, first: str, level: float, *, has_kinds: bool) -> list[Fields]:
    is_first = (answers["group"] == first).to_numpy(float) - 0.5
    ones, kind = np.ones(len(answers)), answers["treated"].to_numpy(float) - 0.5
    columns = [ones, is_first, kind, is_first * kind] if has_kinds else [ones, is_first]
    slopes = np.column_stack([ones, kind]) if has_kinds else ones[:, None]
    fit = fit_mixed_logit(
        answers["right"].to_numpy(float),
        np.column_stack(columns),
        Grouping(codes=pd.factorize(answers["participant"])[0], design=slopes),
        Grouping(codes=pd.factorize(answers["item"])[0], design=ones[:, None]),
    )
    df = answers["participant"].nunique() - 2
    places = [1, 3] if has_kinds else [1]
    return [
        odds_ratio_fields(fit.coefficients[place], fit.covariance[place, place], df, level)
        for place in places
    ]
