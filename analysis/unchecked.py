"""What of a published table `verification.verify` does not check, and why."""

from collections.abc import Iterator
from typing import Final

from analysis.published import P_VALUES, PublishedTable
from analysis.published_p import SHARES

KNOWN: Final = {
    "intruder": (*SHARES["intruder"], *P_VALUES),
    "binary_choice": (*SHARES["binary_choice"], *P_VALUES, "odds_ratio"),
}
NEEDS: Final = "the number of answers of a participant (--answers)"


def not_checked(
    table: PublishedTable, *, baseline: str = "baseline", n_each: int | None = None
) -> list[str]:
    """Say what is passed over, and whether units seem to differ.

    Parameters
    ----------
    table
        As from `published.read_published`.
    baseline
        The condition that Utility is relative to.
    n_each
        As for `verification.verify`.

    Returns
    -------
    list[str]
        One line each, of what, and why; empty where everything is checked.
    """
    if table.layout == "utility":
        return [*_units(table), *_utility(table, baseline, n_each)]
    if table.layout == "recursivity":
        return [*_units(table), *_measures(table, n_each), *_tests(table, n_each)]
    parts = table.rows[table.rows["condition"] != "total"]
    alone = [name for name in table.rows["scenario"].unique() if name not in set(parts["scenario"])]
    return [f"sum of {name}: a total without parts" for name in alone]


def _units(table: PublishedTable) -> Iterator[str]:
    if table.has_two_units:
        small = [cell for cell in table.shares if 0 < float(cell) <= 1]
        yield (
            f"units: percentages and shares seem mixed; got {', '.join(small[:3])} beside numbers "
            "above 1. All were taken as percentages"
        )
    elif table.layout == "recursivity" and table.shares and table.unit == "share":
        yield "units: percentages are all 1 or below; were shares meant? Taken as percentages"


def _utility(table: PublishedTable, baseline: str, n_each: int | None) -> Iterator[str]:
    others = table.rows[table.rows["condition"] != baseline]
    n_empty = int((others["utility"] == "").sum())
    if n_empty:
        yield f"utility: empty in {n_empty} of {len(others)} conditions other than {baseline}"
    if "n" not in table.rows:
        if n_each:
            yield "accuracies against counts of answers: there is no column n"
        return
    n_without = int((table.rows["n"] == "").sum())
    if not n_each:
        yield f"accuracies against counts of answers: they need {NEEDS}"
    elif n_without:
        yield f"accuracies against counts of answers: n is empty in {n_without} rows"


def _measures(table: PublishedTable, n_each: int | None) -> Iterator[str]:
    for row in table.rows.to_dict("records"):
        task, measure = row["task"], row["measure"]
        but = " but against counts" if n_each and measure.endswith("_percent") else ""
        if task not in KNOWN:
            yield f"{task}, {measure}{but}: the task is none of {', '.join(KNOWN)}"
        elif measure not in KNOWN[task]:
            yield f"{task}, {measure}{but}: the measure is none of {', '.join(KNOWN[task])}"


def _tests(table: PublishedTable, n_each: int | None) -> Iterator[str]:
    """Name p-values and odds that have nothing to be held against."""
    for column, (group, _) in table.groups.items():
        cells = zip(table.rows["task"], table.rows["measure"], table.rows[column], strict=True)
        filled = {(task, measure) for task, measure, cell in cells if cell}
        for task, measures in SHARES.items():
            missing = [name for name in measures if (task, name) not in filled]
            for name in (*P_VALUES, "odds_ratio"):
                if missing and name in KNOWN[task] and (task, name) in filled:
                    yield f"{task}, {name}, {group}: it needs {' and '.join(missing)}"
    if not n_each:
        yield f"percentages and p-values: they need {NEEDS}"
