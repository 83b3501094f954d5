"""The one test that a recursivity study stands on, as its plan names it.

Studies of Utility name a condition instead; see `inference.primary_contrast`.
"""

from typing import Final

import pandas as pd

from analysis.apa import finding_sentence, p_text
from analysis.equivalence import holm
from analysis.errors import PlanError
from analysis.inference import Tables
from analysis.plan import Plan
from analysis.responses import Export
from analysis.study_file import Study

TESTS: Final[dict[str, tuple[str, ...]]] = {  # task -> its tests of one group
    "intruder": (
        "sub-concept against concept",
        "concept against chance",
        "sub-concept against chance",
    ),
    "binary_choice": ("sub-concept against one half", "recursive against sham"),
}


def check_primary(plan: Plan, study: Study) -> None:
    """Require a primary comparison of the study's own kind.

    Parameters
    ----------
    plan
        What was decided beforehand.
    study
        As read.

    Raises
    ------
    PlanError
        If a study of Utility names a test, another study a condition, or a test that is not of
        its task.
    """
    if plan.primary is None:
        return
    named, task = plan.primary, study.task
    if study.has_utility and named.test is not None:
        raise PlanError(
            f"primary must name a condition in a study of the task {task}; got the test "
            f"{named.test!r}."
        )
    if study.has_utility:
        return
    tests = TESTS.get(task, tuple(test for tests in TESTS.values() for test in tests))
    if named.test not in tests:
        got = f"the condition {named.condition!r}" if named.test is None else repr(named.test)
        raise PlanError(
            f"primary must name a test of {list(tests)} in a study of the task {task}; got {got}."
        )


def check_group(plan: Plan, export: Export) -> None:
    """Require the primary test's group to be one of the study's.

    Parameters
    ----------
    plan
        What was decided beforehand.
    export
        As from `audience.with_groups`.

    Raises
    ------
    PlanError
        If there is no such group.
    """
    if plan.primary is None or not plan.primary.group:
        return
    known = export.participants["group"] if "group" in export.participants else pd.Series()
    names = sorted(known.dropna().unique())
    if plan.primary.group not in names:
        raise PlanError(f"primary group must be of {names}; got {plan.primary.group!r}.")


def with_primary(tables: Tables, plan: Plan) -> Tables:
    """Mark the rows of the test that the plan names.

    Parameters
    ----------
    tables
        As from `recursivity_tables.recursivity_tables`.
    plan
        What was decided beforehand.

    Returns
    -------
    Tables
        With ``is_primary`` after ``is_default``: true of the rows to quote of the test, of its
        group or, where the plan names none, of each group.
    """
    return {name: _marked(table, plan) for name, table in tables.items()}


def primary_sentences(findings: pd.DataFrame, plan: Plan, *, level: float) -> str:
    """Say what the primary test found.

    Parameters
    ----------
    findings
        As from `with_primary`, of all tasks.
    plan
        What was decided beforehand.
    level
        Coverage of its interval.

    Returns
    -------
    str
        Sentences; that there is none where no plan names one, or that it could not be made. Of
        several groups, p is adjusted by Holm as well.
    """
    if plan.primary is None or plan.primary.test is None:
        return (
            "No plan names a primary test, and none of these is adjusted for several comparisons."
        )
    rows = findings[findings["is_primary"]] if len(findings) else findings
    if rows.empty:
        return f"The primary test that the plan names, {plan.primary.test}, could not be made."
    said = [finding_sentence(row, level=level) for row in rows.to_dict("records")]
    by_group = rows.drop_duplicates("group")
    if len(by_group) > 1:
        pairs = zip(by_group["group"], holm(by_group["p"]), strict=True)
        adjusted = "; ".join(f"{group} {p_text(p)}" for group, p in pairs)
        said.append(f"Adjusted by Holm over these groups: {adjusted}.")
    return f"Primary test, named beforehand in the plan. {' '.join(said)}"


def _marked(table: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    is_primary = pd.Series(False, index=table.index)
    if plan.primary is not None and plan.primary.test is not None:
        is_primary = table["is_default"].astype(bool) & (table["test"] == plan.primary.test)
        if plan.primary.group:
            is_primary &= table["group"] == plan.primary.group
    marked = table.copy()
    marked.insert(list(marked.columns).index("is_default") + 1, "is_primary", is_primary)
    return marked
