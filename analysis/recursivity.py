"""The recursivity study (Table 2): whether sub-concepts hang together better than concepts.

Intruder trials ask which of several pictures does not belong, binary choices ask whether an image
belongs to a concept or to its sub-concept. Participants and items are both samples: other people
and other pictures should give the same answer. So the defaults count both, in tests against chance
by two crossed clusters (`analysis.two_way`), in tests between levels by a mixed logit with
participants' slopes and random items (`analysis.levels`). A paired t test does not know of items:
since the blocks always hold different pictures, it finds a difference in 21 to 41 % of studies in
which there is none. It is there as a labelled alternative, and so is the naive binomial test, which
takes all answers as independent.

Each test is one row, of the columns of `findings.Finding`.
"""

import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

import pandas as pd

from analysis.chance import against_chance, as_odds
from analysis.checks import (
    check_answers,
    check_columns,
    check_given,
    check_outcome,
    check_share,
    check_single,
)
from analysis.errors import AnalysisError, ConvergenceError, DesignError, NoComparisonWarning
from analysis.findings import Fields, Finding, as_table
from analysis.groups import GROUPS, between_groups, group_names
from analysis.levels import between_levels

Test = partial[list[Finding]]

N_CHOICES: Final = 5  # pictures of an intruder trial
CHOICE: Final = "sub-concept against one half"
LEVELS: Final = {"concept": "concept", "sub_concept": "sub-concept"}
LEVEL_KINDS: Final = ("sub-concept", "concept")
SHAM_KINDS: Final = ("recursive", "sham")


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
        One row per test; see `analysis.findings` for the columns. ``test`` is ``concept against
        chance``, ``sub-concept against chance``, ``sub-concept against concept``, or, of each
        pair of groups, ``group against group`` (the odds of a right answer) and ``difference of
        the differences``.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    DesignError
        If there are no answers, a value is missing or not one of two, a participant answered an
        item twice or is in two groups, a level is unknown or absent, the number of choices is not
        the same in all rows, a group is given for some participants only, or no test can be made,
        there not being two participants and two items.
    ConvergenceError
        If no test can be made, the first because a model does not come to an end.
    AnalysisError
        If `level` is not a share.

    Warns
    -----
    NoComparisonWarning
        For each test that cannot be made, as of a group of one participant; the others stand.
    UnpairedRowsWarning
        If participants lack a level: a paired test leaves them out, and says so.
    SeparationWarning
        If all answers of a cell are right, or all wrong.
    ZeroVarianceWarning
        If participants and items are all alike in a cell.
    """
    rows = _of_task(responses, "intruder", ["level", "correct"])
    check_share("level", level)
    _check_levels(rows)
    right = check_outcome(rows, "correct")
    answers = rows.assign(right=right, treated=rows["level"] == "sub_concept")
    chance = 1 / _n_choices(answers)
    tests: list[Test] = []
    for group, part in _groups(answers):
        asked: Fields = {"group": group, "level": level, "has_alternatives": has_alternatives}
        tests += [
            partial(
                against_chance,
                part[part["level"] == name],
                chance,
                test=f"{label} against chance",
                **asked,
            )
            for name, label in LEVELS.items()
        ]
        asked["kinds"] = LEVEL_KINDS
        tests.append(partial(between_levels, part, test="sub-concept against concept", **asked))
    of_groups = partial(between_groups, answers, level=level, kinds=LEVEL_KINDS)
    return as_table(_made([*tests, of_groups]))


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
        One row per test; see `analysis.findings` for the columns. ``test`` is ``sub-concept
        against one half`` (recursive sub-clusters; as a share, and as odds p / (1 - p), which are
        not an odds ratio), ``recursive against sham`` and, of each pair of groups, ``group
        against group``, and with sham ``difference of the differences``.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    DesignError
        If there are no answers, a value is missing or not one of two, a participant answered an
        item twice or is in two groups, a group is given for some participants only, or no test can
        be made, there not being two participants and two items.
    ConvergenceError
        If no test can be made, the first because a model does not come to an end.
    AnalysisError
        If `level` is not a share.

    Warns
    -----
    UnpairedRowsWarning
        If participants saw no sham or only sham: a paired test leaves them out, and says so.
    NoComparisonWarning
        For each test that cannot be made, as where there are too few shams; the others stand.
    SeparationWarning
        If all chose the one, or the other, in a cell.
    ZeroVarianceWarning
        If participants and items are all alike in a cell.
    """
    rows = _of_task(responses, "binary_choice", ["chose_sub"])
    check_share("level", level)
    right = check_outcome(rows, "chose_sub")
    treated = check_outcome(rows, "is_sham") == 0 if "is_sham" in rows else True
    answers = rows.assign(right=right, treated=treated)
    tests: list[Test] = []
    for group, part in _groups(answers):
        asked: Fields = {"group": group, "level": level, "has_alternatives": has_alternatives}
        tests.append(partial(_choices, part[part["treated"]], **asked))
        if not part["treated"].all():
            asked["kinds"] = SHAM_KINDS
            tests.append(partial(between_levels, part, test="recursive against sham", **asked))
    of_groups = partial(between_groups, answers, level=level, kinds=SHAM_KINDS)
    return as_table(_made([*tests, of_groups]))


def _choices(
    answers: pd.DataFrame, *, group: str, level: float, has_alternatives: bool
) -> list[Finding]:
    """Test choices of recursive sub-clusters, as a share and as odds."""
    shares = against_chance(
        answers,
        0.5,
        test=CHOICE,
        group=group,
        level=level,
        has_alternatives=has_alternatives,
    )
    return [shares[0], as_odds(shares[0]), *shares[1:]]


def _made(tests: Sequence[Test]) -> list[Finding]:
    """Make each test, and warn of those that cannot be made; raise where none can."""
    findings: list[Finding] = []
    errors: list[AnalysisError] = []
    for test in tests:
        try:
            findings += test()
        except (DesignError, ConvergenceError) as error:
            errors.append(error)
            asked = test.keywords.get("test", CHOICE if test.func is _choices else GROUPS)
            group = test.keywords.get("group")
            name = f"{asked} ({group})" if group else asked
            message = f"{name} cannot be tested: {error}"
            warnings.warn(message, NoComparisonWarning, stacklevel=3)
    if errors and not findings:
        raise errors[0]
    return findings


def _of_task(responses: pd.DataFrame, task: str, columns: list[str]) -> pd.DataFrame:
    """Return the rows of a task, whose columns are checked."""
    rows = responses[responses["task"] == task] if "task" in responses else responses
    check_columns(rows, ["participant", "item", *columns])
    if rows.empty:
        raise DesignError(f"responses must hold answers of the task {task}; got none.")
    check_answers(rows, columns)
    has_group = "group" in rows and rows["group"].notna().any()
    if has_group and rows["group"].isna().any():
        n = rows.loc[rows["group"].isna(), "participant"].nunique()
        raise DesignError(
            f"group must be given for every participant or for none; got {n} without."
        )
    if has_group:
        check_single(rows, "participant", "group")
    return rows.reset_index(drop=True)


def _check_levels(rows: pd.DataFrame) -> None:
    found = sorted(rows["level"].unique())
    if found != sorted(LEVELS):
        raise DesignError(f"level must be each of {list(LEVELS)}; got {found}.")


def _n_choices(rows: pd.DataFrame) -> int:
    if "n_choices" in rows:
        check_given(rows, ["n_choices"])
    counts = sorted(rows["n_choices"].unique()) if "n_choices" in rows else [N_CHOICES]
    if len(counts) > 1 or counts[0] < 2:
        raise DesignError(
            "n_choices must be one number of 2 or more in all rows; "
            f"got {[int(count) for count in counts]}."
        )
    return int(counts[0])


def _groups(answers: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Walk over the groups by name; over all at once where none are told apart."""
    names = group_names(answers)
    if not names:
        yield "", answers
    for name in names:
        yield name, answers[answers["group"] == name]
