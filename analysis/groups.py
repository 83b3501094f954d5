"""Groups of participants, such as experts and laymen, who answered the same items.

That one group's test is significant and another's is not says nothing of their difference, which
is tested here: of two groups once, of more for each pair. Columns of the answers as in
`analysis.levels`, and ``group``.
"""

import dataclasses
import itertools
import math
import warnings
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from analysis.checks import check_answers, check_outcome, check_single
from analysis.equivalence import holm
from analysis.errors import AnalysisError, ConvergenceError, DesignError, NoComparisonWarning
from analysis.findings import Fields, Finding, counts
from analysis.levels import KINDS, MIXED, Kinds, odds_ratio_fields
from analysis.regression.mixed_logit import Grouping, fit_mixed_logit
from analysis.regression.separation import separated_cells

GROUPS: Final = "group against group"
DIFFERENCES: Final = "difference of the differences"


def between_groups(
    answers: pd.DataFrame, *, level: float = 0.95, kinds: Kinds = KINDS
) -> list[Finding]:
    """Compare groups: their odds of a right answer, and how far the kinds differ in each.

    Each pair of groups by a mixed logit of their answers with participants' intercepts and slopes
    and random items, which both groups answered, and Student's t with two degrees of freedom less
    than participants.

    Parameters
    ----------
    answers
        One row an answer: ``participant``, ``item``, ``right`` (0 or 1), ``treated`` (bool), and
        ``group`` where groups are told apart.
    level
        Coverage of the intervals, in (0, 1); they are not adjusted.
    kinds
        What items are called that are treated, and that are not.

    Returns
    -------
    list[Finding]
        Empty but for two groups or more. Of each pair ``group against group``: a conditional odds
        ratio, of an average item; and where there are two kinds of items, ``difference of the
        differences``: the ratio of the two groups' odds ratios between kinds. Of three groups or
        more, ``p_holm`` is p adjusted over the pairs, for each of the two questions.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    DesignError
        If a participant is in two groups or answered an item twice, a value is missing or not one
        of two, or no pair can be compared, a group having one participant.
    ConvergenceError
        If no pair can be compared, the first because the mixed model does not come to an end.

    Warns
    -----
    NoComparisonWarning
        For each pair of three groups or more that cannot be compared; the others stand.
    SeparationWarning
        If all answers of a cell are right, or all wrong; the tests are missing then.
    UnboundedIntervalWarning
        If a bound is beyond the numbers of the computer; it is zero or infinite.
    """
    names = group_names(answers)
    if len(names) < 2:
        return []
    check_answers(answers, ["right", "treated"])
    answers = answers.assign(right=check_outcome(answers, "right"))
    check_single(answers, "participant", "group")
    findings: list[Finding] = []
    errors: list[tuple[str, AnalysisError]] = []
    for pair in itertools.combinations(names, 2):
        try:
            findings += _compared(answers[answers["group"].isin(pair)], pair, level, kinds=kinds)
        except (DesignError, ConvergenceError) as error:
            errors.append((" - ".join(pair), error))
    if errors and not findings:
        raise errors[0][1]
    for name, reason in errors:
        message = f"{name} cannot be compared: {reason}"
        warnings.warn(message, NoComparisonWarning, stacklevel=2)
    return _adjusted(findings) if len(names) > 2 else findings


def _compared(
    answers: pd.DataFrame, pair: Sequence[str], level: float, *, kinds: Kinds
) -> list[Finding]:
    """Compare two groups."""
    sizes = answers.groupby("group")["participant"].nunique()
    if sizes.min() < 2:
        raise DesignError(
            f"groups must have 2 participants or more to be compared; got {sizes.to_dict()}."
        )
    has_kinds = answers["treated"].nunique() == 2
    tests = [GROUPS, DIFFERENCES] if has_kinds else [GROUPS]
    quantities = ["conditional odds ratio", "ratio of conditional odds ratios"]
    shared: Fields = {
        "group": " - ".join(pair),
        "method": "mixed_logit",
        "is_default": True,
        "null": 1.0,
        "assumes": MIXED,
        **counts(answers),
    }
    named = answers.assign(kind=np.where(answers["treated"], *kinds))
    if len(separated_cells(named, ["group", "kind"][: 1 + has_kinds], right="right")):
        missing: Fields = dict.fromkeys(("estimate", "ci_low", "ci_high", "p"), math.nan)
        fields = [missing] * len(tests)
    else:
        fields = _fitted(answers, pair, level, has_kinds=has_kinds)
    return [
        Finding(test=test, quantity=quantity, **shared, **found)
        for test, quantity, found in zip(tests, quantities, fields, strict=False)
    ]


def _adjusted(findings: Sequence[Finding]) -> list[Finding]:
    """Adjust p over pairs of groups, for each question."""
    table = pd.DataFrame([(each.test, each.p) for each in findings], columns=["test", "p"])
    p_holm = table.groupby("test")["p"].transform(holm)
    return [
        dataclasses.replace(each, p_holm=float(p)) for each, p in zip(findings, p_holm, strict=True)
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


def _fitted(
    answers: pd.DataFrame, pair: Sequence[str], level: float, *, has_kinds: bool
) -> list[Fields]:
    is_first = (answers["group"] == pair[0]).to_numpy(float) - 0.5
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
        odds_ratio_fields(
            fit.coefficients[place], fit.covariance[place, place], df, level, name=" - ".join(pair)
        )
        for place in places
    ]
