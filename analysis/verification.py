"""Hold the numbers of a published table against each other.

Each check is one row of the columns `CHECK`: what was printed, what the table's other numbers give,
between which bounds these allow it (they are rounded themselves), and a verdict:

reproduced        equal at the digits printed
within_rounding   possible, as the other numbers are rounded
inconsistent      cannot follow from the other numbers
not_reproduced    followed from by none of the usual tests
unchecked         not to be computed from the other numbers, the note says why
possible          a share that some count of answers gives
impossible        a share that no count of answers gives
"""

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import pandas as pd

from analysis.errors import PublishedTableError
from analysis.grim import decimals, half_unit, possible_counts, possible_sizes
from analysis.published import Check, PublishedTable
from analysis.published_p import check_p_values
from analysis.ranking import printed_value

CHECK: Final = ("check", "row", "printed", "computed", "low", "high", "verdict", "note")
SIZES: Final = range(5, 101)  # numbers of participants that are tried where a share is impossible
FLAGS: Final = ("inconsistent", "not_reproduced", "impossible")

VERDICTS: Final = {
    "reproduced": "reproduced",
    "within_rounding": "within rounding",
    "inconsistent": "inconsistent",
    "not_reproduced": "not reproduced",
    "unchecked": "cannot be checked",
    "possible": "possible",
    "impossible": "impossible",
}


def verify(
    table: PublishedTable, *, baseline: str = "baseline", n_each: int | None = None
) -> pd.DataFrame:
    """Check a published table against itself.

    Parameters
    ----------
    table
        As from `published.read_published`.
    baseline
        The condition that Utility is relative to.
    n_each
        Answers of a participant to each printed share (7 in a session of the paper's Table 1, 15 in
        a block of its Table 2); without it, shares are not checked.

    Returns
    -------
    pd.DataFrame
        One row a check, with the columns `CHECK`.

    Raises
    ------
    PublishedTableError
        If a scenario has no baseline or no total, or `n_each` is below 1.

    Examples
    --------
    >>> rows = pd.DataFrame({"scenario": "leaves", "condition": ["baseline", "craft"],
    ...     "session_1": ["70.1", "86.2"], "utility": ["", "1.30"]})
    >>> table = PublishedTable(name="table.csv", layout="utility", rows=rows)
    >>> verify(table)[["row", "printed", "computed", "verdict"]].round(4).values.tolist()
    [['leaves, craft', '1.30', 1.2297, 'inconsistent']]
    """
    if n_each is not None and n_each < 1:
        raise PublishedTableError(f"answers of a participant must be 1 or more; got {n_each}.")
    checks: list[Check] = []
    if table.layout == "utility":
        checks += _utilities(table, baseline)
        checks += _session_shares(table, n_each) if n_each and "n" in table.rows else []
    elif table.layout == "recursivity":
        for column, (group, n) in table.groups.items():
            checks += _recursivity(table.rows, column, group, n * n_each if n_each else None)
    else:
        checks += _sums(table.rows)
    return pd.DataFrame(checks, columns=list(CHECK))


def verification_summary(checks: pd.DataFrame) -> pd.DataFrame:
    """Count the verdicts of each check.

    Parameters
    ----------
    checks
        As from `verify`.

    Returns
    -------
    pd.DataFrame
        ``check``, ``verdict``, ``rows``, in order of appearance.
    """
    return checks.groupby(["check", "verdict"], sort=False).size().rename("rows").reset_index()


def _utilities(table: PublishedTable, baseline: str) -> Iterator[Check]:
    for scenario, rows in table.rows.groupby("scenario", sort=False):
        reference = rows[rows["condition"] == baseline]
        if len(reference) != 1:
            raise PublishedTableError(
                f"{table.name} must have one row of the condition {baseline} in scenario "
                f"{scenario}; got {len(reference)}."
            )
        divisor = _sum(list(reference[table.sessions].iloc[0]))
        for row in rows.to_dict("records"):
            name = f"{scenario}, {row['condition']}"
            if row["utility"] and divisor[0] <= 0:
                note = "the baseline's accuracy may be 0 as it is rounded"
                yield _unchecked("utility", name, row["utility"], note)
            elif row["utility"]:
                of_sum = _sum([row[name] for name in table.sessions])
                bounds = of_sum[0] / divisor[1], of_sum[1] / divisor[0]
                value = (of_sum[0] + of_sum[1]) / (divisor[0] + divisor[1])
                yield _compared("utility", name, row["utility"], (value, *bounds))


def _unchecked(check: str, row: str, printed: str, note: str) -> Check:
    return check, row, printed, math.nan, math.nan, math.nan, "unchecked", note


def _sum(printed: list[str]) -> tuple[Decimal, Decimal]:
    """Return between what the sum of rounded numbers lies."""
    value, half = sum(map(Decimal, printed)), sum(map(half_unit, printed))
    return Decimal(value - half), Decimal(value + half)


def _compared(
    check: str, row: str, printed: str, found: tuple[Decimal, Decimal, Decimal], note: str = ""
) -> Check:
    """Judge a printed number by its value and bounds from the other numbers."""
    value, low, high = found
    half = half_unit(printed)
    if printed_value(float(value), decimals(printed)) == Decimal(printed):
        verdict = "reproduced"
    elif low <= Decimal(printed) + half and high >= Decimal(printed) - half:
        verdict = "within_rounding"
    else:
        verdict = "inconsistent"
    return check, row, printed, float(value), float(low), float(high), verdict, note


def _session_shares(table: PublishedTable, n_each: int) -> Iterator[Check]:
    for row in table.rows.to_dict("records"):
        if not row["n"]:
            continue
        n = int(row["n"]) * n_each
        printed = [row[name] for name in table.sessions]
        sizes = possible_sizes(printed, SIZES, n_each=n_each, unit=table.unit)
        known = ", ".join(str(size) for size in sizes) or "none"
        for name, value in zip(table.sessions, printed, strict=True):
            where = f"{row['scenario']}, {row['condition']}, {name}"
            note = f"all of its sessions are possible at n = {known} of {SIZES[0]} to {SIZES[-1]}"
            yield _share(where, value, n, unit=table.unit, note=note)


def _share(row: str, printed: str, n: int, *, unit: str, note: str = "") -> Check:
    """Judge whether a share is one of those that n answers can have."""
    whole = 100 if unit == "percent" else 1
    counts = possible_counts(printed, n, unit=unit)
    nearest = round(float(printed) * n / whole)
    shares = [whole * count / n for count in (counts or [nearest])]
    verdict = "possible" if counts else "impossible"
    said = f"{counts[0] if counts else nearest} of {n} answers"
    text = said if counts else f"nearest is {said}; {note}" if note else f"nearest is {said}"
    return "grim", row, printed, shares[0], shares[0], shares[-1], verdict, text


def _recursivity(
    rows: pd.DataFrame, column: str, group: str, n_answers: int | None
) -> Iterator[Check]:
    printed = {
        (row["task"], row["measure"]): row[column] for row in rows.to_dict("records") if row[column]
    }
    for (task, measure), value in printed.items():
        if measure.endswith("_percent") and n_answers:
            yield _share(f"{task}, {measure}, {group}", value, n_answers, unit="percent")
    chosen = printed.get(("binary_choice", "sub_concept_chosen_percent"))
    odds = printed.get(("binary_choice", "odds_ratio"))
    if chosen and odds:
        note = "odds p / (1 - p) of the printed share; no odds ratio, there being one share"
        found = _odds(chosen, n_answers)
        yield (
            _unchecked("odds", f"binary_choice, {group}", odds, "odds of all are infinite")
            if found is None
            else _compared("odds", f"binary_choice, {group}", odds, found, note)
        )
    if n_answers:
        yield from check_p_values(printed, group, n_answers)


def _odds(printed: str, n_answers: int | None) -> tuple[Decimal, Decimal, Decimal] | None:
    """Return the odds of a share or its count, and their bounds; none where it may be all."""
    value, half = Decimal(printed), half_unit(printed)
    shares = [value, value - half, value + half]
    counts = possible_counts(printed, n_answers) if n_answers else []
    if n_answers and counts:
        ends = [Decimal(100 * count) / n_answers for count in (counts[0], counts[-1])]
        shares = [sum(ends) / Decimal(2), *ends]
    if max(shares) >= 100:
        return None
    odds = [share / (100 - share) for share in shares]
    return odds[0], odds[1], odds[2]


def _sums(rows: pd.DataFrame) -> Iterator[Check]:
    for scenario, part in rows.groupby("scenario", sort=False):
        is_total = part["condition"] == "total"
        if is_total.sum() != 1:
            raise PublishedTableError(
                f"scenario {scenario} must have one row of the condition total; "
                f"got {is_total.sum()}."
            )
        counts = part.loc[~is_total, "n"]
        if counts.empty:  # `unchecked.not_checked` says so
            continue
        printed = part.loc[is_total, "n"].iloc[0]
        total = sum(int(count) for count in counts)
        verdict = "reproduced" if total == int(printed) else "inconsistent"
        note = f"{' + '.join(counts)} = {total}"
        yield "sum", str(scenario), printed, total, total, total, verdict, note
