"""Arms and cells whose answers are all right, or all wrong: their odds are infinite, or zero."""

import warnings
from collections.abc import Sequence

import pandas as pd

from analysis.checks import check_columns
from analysis.errors import SeparationWarning


def separated_cells(answers: pd.DataFrame, by: Sequence[str], *, right: str) -> pd.DataFrame:
    """Find the cells in which logistic regression has no finite estimate.

    Parameters
    ----------
    answers
        One row an answer: `right` (bool) and the columns of `by`.
    by
        Columns that make a cell.
    right
        Column of what is predicted.

    Returns
    -------
    pd.DataFrame
        One row per cell without both kinds of answers: the columns of `by`, ``n_answers`` and
        ``is_right`` (all right, or all wrong).

    Raises
    ------
    MissingColumnError
        If a column is absent.

    Warns
    -----
    SeparationWarning
        For each such cell.
    """
    check_columns(answers, [*by, right])
    groups = answers.astype({right: float}).groupby(list(by), sort=True)[right]
    counts = groups.agg(n_answers="size", share="mean").reset_index()
    cells = counts[counts["share"].isin([0.0, 1.0])].reset_index(drop=True)
    for row in cells.to_dict("records"):
        name = ", ".join(str(row[column]) for column in by)
        kind = "right" if row["share"] else "wrong"
        warnings.warn(
            f"answers of {name} must be both right and wrong for odds that are finite; "
            f"got all {row['n_answers']} {kind}. Its bounds are one-sided.",
            SeparationWarning,
            stacklevel=2,
        )
    cells["is_right"] = cells.pop("share") == 1
    return cells
