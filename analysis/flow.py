"""Count who came how far, and check that the counts add up.

started = left by a screening rule + withdrew or left unassigned + assigned
assigned in a condition = withdrew + left by each rule + analysed

Whoever was assigned stands in an arm: those who withdrew, of whom nothing else is left, and those
who were let through a screening that they had not passed.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from analysis.errors import FlowError
from analysis.exclusions import RULES, Rule


def flow_table(
    decisions: pd.DataFrame,
    conditions: Sequence[str],
    rules: Sequence[Rule] = RULES,
    *,
    withdrawn: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """Count participants by stage and condition.

    Parameters
    ----------
    decisions
        As from `exclusions.decide`, with the same rules.
    conditions
        All arms of the study, in order; an empty one stays in the table.
    rules
        In the order applied.
    withdrawn
        Condition, or an empty string, -> how many withdrew; they are in no row of `decisions`.

    Returns
    -------
    pd.DataFrame
        ``stage`` (``started``, the name of a rule, ``withdrawn``, ``unassigned``, ``assigned`` or
        ``analysed``), ``condition``
        (empty where it is of all) and ``participants``, in the order of the study.

    Raises
    ------
    FlowError
        If the counts do not add up.
    """
    deleted = dict(withdrawn or {})
    screening = [rule.name for rule in rules if rule.is_screening]
    later = [rule.name for rule in rules if not rule.is_screening]
    before = decisions[decisions["condition"].isna()]
    assigned = decisions[decisions["condition"].notna()]
    n_deleted = sum(deleted.values()) - deleted.get("", 0)
    rows: list[tuple[str, str, int]] = [("started", "", len(decisions) + sum(deleted.values()))]
    rows += [(name, "", int((before["rule"] == name).sum())) for name in screening]
    n_unassigned = int((~before["rule"].isin(screening)).sum())
    rows += [("withdrawn", "", deleted.get("", 0)), ("unassigned", "", n_unassigned)]
    rows.append(("assigned", "", len(assigned) + n_deleted))
    for condition in conditions:
        arm = assigned.loc[assigned["condition"] == condition, "rule"]
        n = deleted.get(condition, 0)
        rows += [("assigned", condition, len(arm) + n), ("withdrawn", condition, n)]
        let_through = [name for name in screening if (arm == name).any()]
        rows += [(name, condition, int((arm == name).sum())) for name in [*let_through, *later]]
        rows.append(("analysed", condition, int(arm.isna().sum())))
    n_analysed = int(assigned["rule"].isna().sum())
    rows.append(("analysed", "", n_analysed))
    flow = pd.DataFrame(rows, columns=["stage", "condition", "participants"])
    check_flow(flow)
    return flow


def check_flow(flow: pd.DataFrame) -> None:
    """Require that nobody is lost or counted twice.

    Parameters
    ----------
    flow
        As from `flow_table`.

    Raises
    ------
    FlowError
        If a sum is not what its parts give.
    """
    overall = flow[flow["condition"] == ""].set_index("stage")["participants"]
    before = overall.drop(["started", "analysed"]).sum()
    _require_sum("started", int(overall["started"]), int(before))
    arms = flow[flow["condition"] != ""]
    for stage in ("assigned", "analysed"):
        parts = arms.loc[arms["stage"] == stage, "participants"].sum()
        _require_sum(stage, int(overall[stage]), int(parts))
    for condition, arm in arms.groupby("condition", sort=False):
        counts = arm.set_index("stage")["participants"]
        parts = counts.drop("assigned").sum()
        _require_sum(f"assigned to {condition}", int(counts["assigned"]), int(parts))


def _require_sum(name: str, whole: int, parts: int) -> None:
    if whole != parts:
        raise FlowError(f"flow stage {name!r} must be the sum of its parts, {parts}; got {whole}.")
