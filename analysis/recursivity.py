"""The recursivity study (Table 2): do sub-concepts hang together better than concepts?

Intruder trials ask which of several pictures does not belong, binary choices ask whether an image
belongs to a concept or to its sub-concept. Participants and items are both samples: other people
and other pictures should give the same answer. So the defaults count both, in tests against chance
by two crossed clusters (`analysis.two_way`), in tests between levels by a mixed logit with
participants' slopes and random items (`analysis.levels`). A paired t test does not know of items:
since the blocks always hold different pictures, it finds a difference in 17 to 40 % of studies in
which there is none. It is there as a labelled alternative, and so is the naive binomial test, which
takes all answers as independent.

Each test is one row, of the columns `ROW`.
"""

from typing import Final

import pandas as pd

from analysis.chance import against_chance
from analysis.checks import check_columns, check_share
from analysis.levels import between_groups, between_levels
from analysis.rows import Row

N_CHOICES: Final = 5  # pictures of an intruder trial


def intruder(
    responses: pd.DataFrame, *, level: float = 0.95, has_alternatives: bool = True
) -> pd.DataFrame:
    """Test intruder trials: against chance, between levels, and between groups.

    Parameters
    ----------
    responses
        One row an answer: ``participant``, ``item``, ``level`` (``concept`` or ``sub_concept``)
        and ``correct`` (bool); ``n_choices`` where it is not 5; and ``group`` (such as ``expert``
        and ``layman``) where groups are told apart. Rows of another ``task`` are left out.
    level
        Coverage of the intervals, in (0, 1).
    has_alternatives
        Whether tests that are not the default are computed too.

    Returns
    -------
    pd.DataFrame
        One row per test; see `rows.ROW` for the columns. ``test`` is ``against chance`` (of each
        level), ``sub-concept against concept``, or, of two groups, ``group against group`` (the
        odds of a right answer) and ``difference of the differences``.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    DesignError
        If a level is unknown or absent, the number of choices is not the same in all rows, or
        there are not two participants and two items.
    ConvergenceError
        If a mixed model does not come to an end.
    AnalysisError
        If `level` is not a share.

    Warns
    -----
    UnpairedRowsWarning
        If participants lack a level: a paired test leaves them out, and says so.
    SeparationWarning
        If all answers of a cell are right, or all wrong.
    ZeroVarianceWarning
        If participants and items are all alike in a cell.
    """
    rows = _of_task(responses, "intruder")
    check_columns(rows, ["participant", "item", "level", "correct"])
    check_share("level", level)
    _check_levels(rows)
    answers = rows.assign(right=rows["correct"].astype(float))
    chance = 1 / _n_choices(answers)
    options = {"level": level, "has_alternatives": has_alternatives}
    tests: list[Row] = []
    for group, part in _groups(answers):
        for name, label in (("concept", "concept"), ("sub_concept", "sub-concept")):
            cell = part[part["level"] == name]
            tests += against_chance(cell, chance, test=f"{label} against chance", group=group,
                                    **options)  # fmt: skip
        coded = part.assign(treated=part["level"] == "sub_concept")
        tests += between_levels(coded, test="sub-concept against concept", group=group, **options)
    coded = answers.assign(treated=answers["level"] == "sub_concept")
    tests += between_groups(coded, level=level)
    return _as_table(tests, "intruder")


def binary_choice(
    responses: pd.DataFrame, *, level: float = 0.95, has_alternatives: bool = True
) -> pd.DataFrame:
    """Test binary choices: against one half, against sham sub-clusters, and between groups.

    Parameters
    ----------
    responses
        One row an answer: ``participant``, ``item`` and ``chose_sub`` (bool); ``is_sham`` (bool)
        where some sub-clusters were made at random; ``group`` where groups are told apart. Rows
        of another ``task`` are left out.
    level
        Coverage of the intervals, in (0, 1).
    has_alternatives
        Whether tests that are not the default are computed too.

    Returns
    -------
    pd.DataFrame
        One row per test; see `rows.ROW` for the columns. ``test`` is ``sub-concept against one
        half`` (recursive sub-clusters; as a share, and as odds p / (1 - p), which are not an odds
        ratio), ``recursive against sham`` and, of two groups, ``group against group``, and with
        sham ``difference of the differences``.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    DesignError
        If there are not two participants and two items.
    ConvergenceError
        If a mixed model does not come to an end.
    AnalysisError
        If `level` is not a share.

    Warns
    -----
    UnpairedRowsWarning
        If participants saw no sham or only sham: a paired test leaves them out, and says so.
    SeparationWarning
        If all chose the one, or the other, in a cell.
    ZeroVarianceWarning
        If participants and items are all alike in a cell.
    """
    rows = _of_task(responses, "binary_choice")
    check_columns(rows, ["participant", "item", "chose_sub"])
    check_share("level", level)
    sham = rows["is_sham"].astype(bool) if "is_sham" in rows else pd.Series(False, index=rows.index)
    answers = rows.assign(right=rows["chose_sub"].astype(float), treated=~sham)
    options = {"level": level, "has_alternatives": has_alternatives}
    tests: list[Row] = []
    for group, part in _groups(answers):
        recursive = part[part["treated"]]
        tests += against_chance(recursive, 0.5, test="sub-concept against one half", group=group,
                                has_odds=True, **options)  # fmt: skip
        if not part["treated"].all():
            tests += between_levels(part, test="recursive against sham", group=group, **options)
    tests += between_groups(answers, level=level)
    return _as_table(tests, "binary_choice")
