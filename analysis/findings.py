"""One test as one row: what was tested, how, what came out, and what the method takes for granted.

test         what is asked
group        whose answers; empty where there is one group
method       how it is answered
is_default   whether this is the answer to quote
quantity     what `estimate` is: accuracy, share, odds, odds ratio, difference, ...
estimate, ci_low, ci_high    the estimate with its interval
null         its value if there is nothing to find
statistic, df, p             t, z, W or a count of right answers; two-sided p, not adjusted
p_holm                       p adjusted by Holm, of comparisons of three groups or more
n_participants, n_items, n_answers
assumes      what the method takes for granted
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

Fields = dict[str, Any]  # some of the fields of a `Finding`


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One row of a table of tests.

    Attributes
    ----------
    test, group, method, quantity, assumes
        In words; see the module.
    is_default
        Whether this is the answer to quote.
    estimate, ci_low, ci_high, null
        NaN where there is none.
    statistic, df, p, p_holm
        NaN where there is none.
    n_participants, n_items, n_answers
        What it rests on.
    """

    test: str
    group: str
    method: str
    is_default: bool
    quantity: str
    estimate: float
    ci_low: float
    ci_high: float
    null: float
    statistic: float = math.nan
    df: float = math.nan
    p: float
    p_holm: float = math.nan
    n_participants: int
    n_items: int
    n_answers: int
    assumes: str


def counts(answers: pd.DataFrame) -> Fields:
    """Count what a finding rests on.

    Parameters
    ----------
    answers
        One row an answer: ``participant``, ``item``.

    Returns
    -------
    Fields
        ``n_participants``, ``n_items``, ``n_answers``.
    """
    return {
        "n_participants": answers["participant"].nunique(),
        "n_items": answers["item"].nunique(),
        "n_answers": len(answers),
    }


def as_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Put findings into a table.

    Parameters
    ----------
    findings
        Any number.

    Returns
    -------
    pd.DataFrame
        One row each, with the fields of `Finding` as columns.
    """
    names = [field.name for field in dataclasses.fields(Finding)]
    return pd.DataFrame([dataclasses.asdict(finding) for finding in findings], columns=names)


def quoted_shares(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the shares against chance among the tests to quote.

    Parameters
    ----------
    tables
        Of results; ``intruder`` and ``binary_choice`` where there are.

    Returns
    -------
    pd.DataFrame
        As from `as_table`; empty where there are none.
    """
    parts = [tables[name] for name in ("intruder", "binary_choice") if name in tables]
    if not parts:
        return pd.DataFrame()
    table = pd.concat(parts, ignore_index=True)
    return table[table["is_default"] & (table["quantity"] == "share")]
