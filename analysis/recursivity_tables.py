"""The recursivity study's tests of an export's answers."""

import warnings
from collections.abc import Callable
from typing import Final

import pandas as pd

from analysis.errors import ConvergenceError, DesignError, NoComparisonWarning
from analysis.recursivity import binary_choice, intruder
from analysis.responses import Export

TESTS: Final[dict[str, Callable[..., pd.DataFrame]]] = {
    "intruder": intruder,
    "binary_choice": binary_choice,
}


def recursivity_tables(
    export: Export,
    participants: pd.Series,
    *,
    level: float = 0.95,
    has_alternatives: bool = True,
) -> dict[str, pd.DataFrame]:
    """Test the intruder trials and the binary choices of some participants.

    Parameters
    ----------
    export
        Of one population.
    participants
        Who is analysed.
    level
        Coverage of all intervals, in (0, 1).
    has_alternatives
        Whether tests that are not the default are made too.

    Returns
    -------
    dict[str, pd.DataFrame]
        ``intruder`` and ``binary_choice``, those of which there are answers; empty for studies of
        Utility.

    Warns
    -----
    NoComparisonWarning
        If the answers of a task cannot be tested, with the reason.
    AnalysisWarning
        As the tests do.
    """
    responses = export.responses
    if "task" not in responses:
        return {}
    is_scored = (responses["phase"] == "test") & ~responses["is_catch"]
    scored = responses[is_scored.astype(bool) & responses["participant"].isin(participants)]
    tables = {}
    for task, test in TESTS.items():
        rows = scored[(scored["task"] == task).fillna(False).astype(bool)]
        if rows.empty:
            continue
        try:
            tables[task] = test(rows, level=level, has_alternatives=has_alternatives)
        except (ConvergenceError, DesignError) as error:
            warnings.warn(f"{task} cannot be tested: {error}", NoComparisonWarning, stacklevel=2)
    return tables
