"""What a recursivity study's tests would find if a rule of exclusion were left out."""

import warnings
from collections.abc import Sequence
from typing import Final

import pandas as pd

from analysis.errors import AnalysisWarning
from analysis.exclusions import Rule
from analysis.recursivity_tables import recursivity_tables
from analysis.responses import Export
from analysis.sensitivity import NONE, without_each_rule

KEYS: Final = ["task", "test", "group", "quantity"]
NUMBERS: Final = ["method", "n_participants", "estimate", "ci_low", "ci_high", "p", "p_holm"]


def sensitivity_of_findings(
    export: Export, rules: Sequence[Rule], *, level: float = 0.95
) -> pd.DataFrame:
    """Make the tests to quote without each rule in turn, and without any.

    Parameters
    ----------
    export
        Of one population, of a study of recursivity.
    rules
        In the order applied.
    level
        Coverage of all intervals, in (0, 1).

    Returns
    -------
    pd.DataFrame
        One row per set of rules and test: ``left_out`` (``none``, the name of a rule, or ``all``),
        ``task``, ``test``, ``group``, ``quantity``, ``method``, ``n_participants``, ``change``
        (of them, to ``none``; missing where that has no such test), ``estimate``, ``ci_low``,
        ``ci_high``, ``p``, ``p_holm`` (over pairs of three groups or more); empty where nothing
        can be tested. What cannot be tested without a rule has no row there; warnings of sets of
        rules other than the study's own are not shown.
    """
    table = without_each_rule(export, rules, lambda names: _quoted(export, names, level))
    own = table[table["left_out"] == NONE].set_index(KEYS)["n_participants"]
    before = own.reindex(pd.MultiIndex.from_frame(table[KEYS])).set_axis(table.index)
    change = table["n_participants"].astype("Int64") - before.astype("Int64")
    columns = ["left_out", *KEYS, "method", "n_participants", "change", *NUMBERS[2:]]
    return table.assign(change=change)[columns]


def _quoted(export: Export, names: pd.Series, level: float) -> pd.DataFrame:
    """Return the tests to quote, one row each."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AnalysisWarning)  # the study's own rules warned before
        tables = recursivity_tables(export, names, level=level, has_alternatives=False)
    empty = pd.DataFrame(columns=[*KEYS, *NUMBERS])
    found = [
        table[table["is_default"]].assign(task=task)[list(empty)] for task, table in tables.items()
    ]
    return pd.concat(found, ignore_index=True) if found else empty
