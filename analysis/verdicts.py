"""What the server's rules and researchers decided, beside what the analysis does."""

import warnings

import pandas as pd

from analysis.errors import CounterWarning
from analysis.responses import Export


def verdict_table(export: Export, decisions: pd.DataFrame) -> pd.DataFrame:
    """Count the last verdicts on participations, and who of them is analysed.

    Parameters
    ----------
    export
        Of one population.
    decisions
        As from `exclusions.decide`.

    Returns
    -------
    pd.DataFrame
        ``verdict`` (``undecided`` where there is none), ``decided_by``, ``reasons``,
        ``participants``, ``analysed``; the most frequent first.

    Warns
    -----
    CounterWarning
        If somebody is analysed whom the server's rules left out, or left out though a researcher
        decided to include them.
    """
    keys = ["verdict", "decided_by", "reasons"]
    last = export.decisions.drop_duplicates("participant", keep="last")
    told = export.participants[["participant", "verdict"]].merge(
        last[["participant", "decided_by", "reasons"]],
        on="participant",
        how="left",
    )
    told = told.merge(decisions[["participant", "rule"]], on="participant", how="left")
    told["verdict"] = told["verdict"].fillna("undecided")
    told = told.fillna({"decided_by": "", "reasons": ""}).assign(is_in=told["rule"].isna())
    _compare(told)
    counts = told.groupby(keys, sort=True).agg(
        participants=("is_in", "size"), analysed=("is_in", "sum")
    )
    table = counts.reset_index().sort_values("participants", ascending=False, kind="stable")
    return table.astype({"analysed": int}).reset_index(drop=True)


def _compare(told: pd.DataFrame) -> None:
    by_rules = (told["verdict"] == "exclude") & (told["decided_by"] == "rules") & told["is_in"]
    is_wanted = (told["verdict"] == "include") & (told["decided_by"] == "researcher")
    cases = {
        "excluded by the server's rules must be left out here": by_rules,
        "included by a researcher must be analysed here": is_wanted & ~told["is_in"],
    }
    for rule, is_case in cases.items():
        if is_case.any():
            first = told.loc[is_case, "participant"].tolist()[:3]
            warnings.warn(
                f"participants {rule}; got {int(is_case.sum())} that are not, {first} first. The "
                "raw answers and the plan decided.",
                CounterWarning,
                stacklevel=3,
            )
