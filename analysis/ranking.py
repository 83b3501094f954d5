"""The ranking of Utility scores as a table prints them: ties share a place."""

from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

from analysis.checks import check_columns


def printed_value(value: float, digits: int) -> Decimal:
    """Round a number as a table prints it, halves away from zero.

    Parameters
    ----------
    value
        Finite.
    digits
        After the point.

    Returns
    -------
    Decimal
        With that many digits. What floating point adds to a half is taken away first: 1.125 stored
        as 1.12499999999999989 rounds to 1.13.

    Examples
    --------
    >>> printed_value(1.125 - 2e-16, 2)
    Decimal('1.13')
    """
    return Decimal(repr(round(value, 12))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def utility_ranks(scores: pd.DataFrame, *, digits: int = 2) -> pd.DataFrame:
    """Rank the scores of each scenario at the precision they are printed with.

    Equal printed scores share a place and the next one follows at once, so that two conditions may
    be second best (in the paper's second scenario, Saliency and SmoothGrad are).

    Parameters
    ----------
    scores
        ``scenario``, ``condition``, ``utility``.
    digits
        After the point.

    Returns
    -------
    pd.DataFrame
        In the order of `scores`: ``scenario``, ``condition``, ``utility``, ``place`` (from 1),
        ``is_best`` and ``is_second``: the first and the second place, if above 1 as printed; no
        condition is best in a scenario where none is above the baseline.

    Raises
    ------
    MissingColumnError
        If a column is absent.

    Examples
    --------
    >>> ranks = utility_ranks(pd.DataFrame({"scenario": "leaves", "condition": list("abc"),
    ...     "utility": [1.148, 1.127, 1.132]}))
    >>> ranks["place"].tolist()
    [1, 2, 2]
    """
    check_columns(scores, ["scenario", "condition", "utility"])
    printed = scores["utility"].map(lambda value: float(printed_value(value, digits)))
    places = printed.groupby(scores["scenario"]).rank(method="dense", ascending=False).astype(int)
    is_above = printed > 1
    return scores[["scenario", "condition", "utility"]].assign(
        place=places, is_best=is_above & (places == 1), is_second=is_above & (places == 2)
    )
