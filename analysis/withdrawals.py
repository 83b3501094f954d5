"""Those of whom nothing is left but the arm they were in, as arms.csv counts them."""

import pandas as pd

from analysis.responses import Export

KEYS = ["simulated", "condition"]


def withdrawn(export: Export) -> dict[str, int]:
    """Count who withdrew, by arm.

    Parameters
    ----------
    export
        Of one population.

    Returns
    -------
    dict[str, int]
        Condition -> participations; the empty string stands for those who never got one.
    """
    counts = export.arms.assign(condition=export.arms["condition"].fillna(""))
    sums = counts.groupby("condition", sort=False)["withdrawn"].sum()
    return {str(name): int(n) for name, n in sums.items() if n}


def added_arms(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Add up the arms of several servers.

    Parameters
    ----------
    parts
        Tables as arms.csv, one a server.

    Returns
    -------
    pd.DataFrame
        One row an arm.
    """
    rows = pd.concat(parts, ignore_index=True)
    return rows.groupby(KEYS, dropna=False, sort=False).sum().reset_index()


def subtracted_arms(arms: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Take an earlier count of the same server from a later one.

    Parameters
    ----------
    arms
        As arms.csv.
    others
        Likewise; what has more of it than `arms` leaves 0.

    Returns
    -------
    pd.DataFrame
        One row an arm of `arms`.
    """
    known = arms.set_index(KEYS)
    earlier = others.set_index(KEYS).reindex(known.index).fillna(0).astype("int64")
    return (known - earlier).clip(lower=0).reset_index()[list(arms)]
