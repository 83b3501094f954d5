"""From a checked export to every table of the report."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pandas as pd

from analysis.accuracy import accuracy_by, accuracy_differences
from analysis.checks import check_share
from analysis.errors import AnalysisWarning, BaselineError, NoComparisonWarning
from analysis.exclusions import decide, exclusion_table
from analysis.flow import flow_table
from analysis.reservoir import reservoir_use
from analysis.responses import Export, Population, select_population
from analysis.scoring import scored_trials, session_accuracies, tie_accuracies
from analysis.screening import screening_figures
from analysis.simulated import GROUP, kind_effects, kind_means, kind_table
from analysis.timing import reaction_times
from analysis.utility import utility_scores


@dataclass(frozen=True, kw_only=True)
class Results:
    """Everything that a report shows.

    Attributes
    ----------
    export
        Of one population.
    population
        Whose answers were analysed.
    level
        Coverage of all intervals.
    tables
        Name -> table, in the order of the report; each is written as ``tables/NAME.csv``.
    """

    export: Export
    population: Population
    level: float
    tables: dict[str, pd.DataFrame]


def analyse(export: Export, population: Population, *, level: float = 0.95) -> Results:
    """Exclude, score and compare the participants of one population.

    Parameters
    ----------
    export
        As from `responses.read_export`.
    population
        ``people`` or ``simulated``; never both.
    level
        Coverage of all intervals, in (0, 1).

    Returns
    -------
    Results
        With a table for each part of the report; one that cannot be computed is empty.

    Raises
    ------
    PopulationError
        If the export has nobody of that population.
    AnalysisError
        If `level` is not a share.

    Warns
    -----
    NoComparisonWarning
        If nobody is left, or nobody in the baseline.
    AnalysisWarning
        As the functions that make the tables do.
    """
    check_share("level", level)
    chosen = select_population(export, population)
    decisions = decide(chosen)
    conditions, baseline = chosen.study.conditions, chosen.study.baseline
    analysed = decisions.loc[decisions["rule"].isna(), "participant"]
    if analysed.empty:
        message = f"analysed participants must be one or more; got 0 of {len(decisions)}."
        warnings.warn(message, NoComparisonWarning, stacklevel=2)
    trials = scored_trials(chosen, analysed)
    accuracies = _in_order(session_accuracies(trials), conditions)
    by_tie = _in_order(tie_accuracies(trials), conditions)
    tables = {
        "flow": flow_table(decisions, conditions),
        "exclusions": exclusion_table(decisions),
        "session_accuracies": accuracies,
        "accuracy_by_session": accuracy_by(accuracies, ["condition", "session"], level=level),
        "accuracy_by_condition": accuracy_by(accuracies, ["condition"], level=level),
        "accuracy_differences": _compared(accuracy_differences, accuracies, baseline, level),
        "utility": _compared(utility_scores, accuracies, baseline, level),
        "tie_accuracies": by_tie,
        "accuracy_by_tie": accuracy_by(by_tie, ["condition", "tie"], level=level),
        "screening": screening_figures(chosen),
        "reaction_times": _in_order(reaction_times(trials), conditions),
        "reservoir": _in_order(reservoir_use(chosen.events, accuracies), conditions),
    }
    if population == "simulated":
        finished = decisions.loc[~decisions["rule"].isin(["practice", "quiz", "unfinished"])]
        answered = scored_trials(chosen, finished["participant"])
        answers = _in_order(session_accuracies(answered), conditions)
        tables["simulated_kinds"] = kind_table(decisions, answers, level=level)
        tables["simulated_effects"] = kind_effects(answers, baseline, level=level)
        ties = _in_order(tie_accuracies(answered), conditions)
        tables["simulated_ties"] = kind_means(ties, [*GROUP, "tie"], level=level)
    return Results(export=chosen, population=population, level=level, tables=tables)


@contextmanager
def noted_warnings() -> Iterator[list[str]]:
    """Collect the messages of this package's warnings, each once, instead of showing them.

    Yields
    ------
    list[str]
        Filled when the block ends; other packages' warnings are shown then.
    """
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", AnalysisWarning)
        yield notes
    for warning in caught:
        if not issubclass(warning.category, AnalysisWarning):
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
        elif str(warning.message) not in notes:
            notes.append(str(warning.message))


def _in_order(table: pd.DataFrame, conditions: tuple[str, ...]) -> pd.DataFrame:
    """Sort by condition, in the study's order, and leave the rest as it is."""
    place = {name: i for i, name in enumerate(conditions)}
    return table.sort_values(
        "condition", key=lambda column: column.map(place), kind="stable", ignore_index=True
    )


def _compared(
    compare: Callable[..., pd.DataFrame], accuracies: pd.DataFrame, baseline: str, level: float
) -> pd.DataFrame:
    """Compare with the baseline, or warn and return an empty table if it has nobody."""
    try:
        return compare(accuracies, baseline, level=level)
    except BaselineError as error:
        warnings.warn(str(error), NoComparisonWarning, stacklevel=3)
        return compare(accuracies.iloc[:0], baseline, level=level)
