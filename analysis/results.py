"""From a checked export to every table of the report."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from analysis.accuracy import accuracy_by, accuracy_differences
from analysis.audience import with_groups
from analysis.checks import check_share
from analysis.errors import (
    AnalysisWarning,
    BaselineError,
    EmptyConditionWarning,
    NoComparisonWarning,
)
from analysis.exclusions import ADMISSION, Rule, decide, exclusion_table
from analysis.flow import flow_table
from analysis.historical import EarlierStudy, with_earlier
from analysis.inference import Tables, between_conditions, contrasts_of, relative_to_baseline
from analysis.plan import Plan, planned_rules, with_thresholds
from analysis.primary_test import check_group, check_primary, with_primary
from analysis.questions import questions_of
from analysis.recursivity_sensitivity import sensitivity_of_findings
from analysis.recursivity_tables import recursivity_tables
from analysis.replies import reply_numbers, reply_shares, reply_texts
from analysis.reservoir import reservoir_use
from analysis.responses import Export, Population, select_population
from analysis.scoring import scored_trials, session_accuracies, tie_accuracies
from analysis.screening import screening_figures
from analysis.sensitivity import sensitivity
from analysis.simulated import GROUP, item_table, kind_effects, kind_means, kind_table
from analysis.table_one import table_one
from analysis.timing import reaction_times
from analysis.utility import utility_scores
from analysis.verdicts import verdict_table
from analysis.withdrawals import withdrawn

UNFINISHED: Final = (*(rule.name for rule in ADMISSION), "practice", "quiz", "unfinished")


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
    plan
        What was decided beforehand.
    seed
        Of the bootstrap and of Dunnett's integral.
    rules
        Of exclusion, in the order applied.
    tables
        Name -> table, in the order of the report; each is written as ``tables/NAME.csv``.
    """

    export: Export
    population: Population
    level: float
    plan: Plan
    seed: int
    rules: tuple[Rule, ...]
    tables: dict[str, pd.DataFrame]


def analyse(
    export: Export,
    population: Population,
    *,
    level: float = 0.95,
    plan: Plan | None = None,
    seed: int = 0,
    earlier: Sequence[EarlierStudy] = (),
) -> Results:
    """Exclude, score and compare the participants of one population.

    Parameters
    ----------
    export
        As from `responses.read_export`.
    population
        ``people`` or ``simulated``; never both.
    level
        Coverage of all intervals, in (0, 1).
    plan
        What was decided beforehand; the study's own rules unless given.
    seed
        Of the bootstrap and of Dunnett's integral.
    earlier
        Studies whose arms stand in Table 1, without p-values.

    Returns
    -------
    Results
        With a table for each part of the report; one that cannot be computed is empty, or, of
        tests, left out.

    Raises
    ------
    PopulationError
        If the export has nobody of that population.
    PlanError
        If the plan does not fit the study.
    HistoricalError
        If an earlier study is of another scenario or population.
    AnalysisError
        If `level` is not a share.

    Warns
    -----
    EmptyConditionWarning
        For each condition to which people were assigned and in which nobody is analysed.
    NoComparisonWarning
        If nobody is left, nobody is in the baseline, or a test cannot be computed.
    AnalysisWarning
        As the functions that make the tables do.
    """
    check_share("level", level)
    followed = plan or Plan()
    check_primary(followed, export.study)
    chosen = with_groups(select_population(export, population), followed)
    check_group(followed, chosen)
    chosen = with_thresholds(chosen, followed)
    rules = planned_rules(followed, chosen.study)
    decisions = decide(chosen, rules)
    analysed = decisions.loc[decisions["rule"].isna(), "participant"]
    if analysed.empty:
        message = f"analysed participants must be one or more; got 0 of {len(decisions)}."
        warnings.warn(message, NoComparisonWarning, stacklevel=2)
    else:
        _warn_of_emptied(decisions, chosen.study.conditions)
    results = Results(
        export=chosen,
        population=population,
        level=level,
        plan=followed,
        seed=seed,
        rules=rules,
        tables={
            "flow": flow_table(
                decisions, chosen.study.conditions, rules, withdrawn=withdrawn(chosen)
            ),
            "exclusions": exclusion_table(decisions),
            "verdicts": verdict_table(chosen, decisions),
        },
    )
    results.tables.update(_scored(results, analysed))
    if "table_1" in results.tables:
        own = results.tables["table_1"]
        results.tables["table_1"] = with_earlier(own, earlier, population=population)
    if population == "simulated":
        results.tables.update(_by_kind(results, decisions))
    return results


def _warn_of_emptied(decisions: pd.DataFrame, conditions: Sequence[str]) -> None:
    analysed = set(decisions.loc[decisions["rule"].isna(), "condition"])
    assigned = decisions["condition"].value_counts()
    for name in conditions:
        if name in assigned and name not in analysed:
            warnings.warn(
                f"condition {name} must have analysed participants; got 0 of {assigned[name]} "
                "assigned to it.",
                EmptyConditionWarning,
                stacklevel=3,
            )


def _scored(results: Results, analysed: pd.Series) -> Tables:
    """Return what is computed from the answers of those who are analysed."""
    export, level = results.export, results.level
    conditions, baseline = export.study.conditions, export.study.baseline
    trials = _in_order(scored_trials(export, analysed), conditions)
    accuracies = _in_order(session_accuracies(trials), conditions)
    by_tie = _in_order(tie_accuracies(trials), conditions)
    tables = {
        "session_accuracies": accuracies,
        "accuracy_by_session": accuracy_by(accuracies, ["condition", "session"], level=level),
        "accuracy_by_condition": accuracy_by(accuracies, ["condition"], level=level),
        "accuracy_differences": _compared(accuracy_differences, accuracies, baseline, level),
        "utility": _compared(_utility, accuracies, baseline, level),
        "tie_accuracies": by_tie,
        "accuracy_by_tie": accuracy_by(by_tie, ["condition", "tie"], level=level),
        "screening": screening_figures(export),
        "reaction_times": _in_order(reaction_times(trials), conditions),
        "reservoir": _in_order(reservoir_use(export.events, accuracies), conditions),
    }
    questions = questions_of(export)
    for describe in (reply_shares, reply_numbers, reply_texts):
        tables[describe.__name__] = describe(export, analysed, questions)
    tables |= with_primary(recursivity_tables(export, analysed, level=level), results.plan)
    if analysed.empty:
        return tables
    if not export.study.has_utility:
        return tables | _rules_left_out(results)
    rng = np.random.default_rng(results.seed)
    if len(tables["utility"]):
        tables |= _relative(results, accuracies, rng)
    tables |= _tested(results, trials, accuracies, rng)
    if len(tables["utility"]):
        means = tables["accuracy_by_session"].assign(scenario=export.study.scenario)
        tables["table_1"] = table_one(
            means, tables["utility"], historical=results.plan.historical.arms
        )
    return tables


def _utility(accuracies: pd.DataFrame, baseline: str, *, level: float) -> pd.DataFrame:
    """Score Utility, with Fieller's interval of 1954 beside the default one."""
    scores = utility_scores(accuracies, baseline, level=level)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AnalysisWarning)  # those of the default one were shown
        classic = utility_scores(accuracies, baseline, level=level, interval="fieller_t")
    return scores.assign(fieller_low=classic["ci_low"], fieller_high=classic["ci_high"])


def _relative(results: Results, accuracies: pd.DataFrame, rng: np.random.Generator) -> Tables:
    """Return what stands beside Utility, of randomised arms."""
    return relative_to_baseline(
        accuracies[~accuracies["condition"].isin(results.plan.historical.arms)],
        baseline=results.export.study.baseline,
        margin=results.plan.equivalence.margin,
        level=results.level,
        rng=rng,
    )


def _tested(
    results: Results, trials: pd.DataFrame, accuracies: pd.DataFrame, rng: np.random.Generator
) -> Tables:
    """Return the tests between randomised arms, and what exclusions do to the figures."""
    study, plan, level = results.export.study, results.plan, results.level
    arms = plan.historical.arms
    contrasts = contrasts_of(plan, study.conditions, study.baseline)
    tables = between_conditions(
        trials[~trials["condition"].isin(arms)],
        accuracies[~accuracies["condition"].isin(arms)],
        contrasts=contrasts,
        baseline=study.baseline,
        level=level,
        rng=rng,
    )
    tables["sensitivity"] = sensitivity(
        results.export,
        _left_out_in_turn(results),
        baseline=study.baseline,
        primary=contrasts[0] if contrasts else None,
        level=level,
    )
    return tables


def _rules_left_out(results: Results) -> Tables:
    """Return a recursivity study's tests without each rule in turn, where there are any."""
    table = sensitivity_of_findings(results.export, _left_out_in_turn(results), level=results.level)
    return {"sensitivity_of_findings": table} if len(table) else {}


def _left_out_in_turn(results: Results) -> list[Rule]:
    return [rule for rule in results.rules if rule not in ADMISSION]


def _by_kind(results: Results, decisions: pd.DataFrame) -> Tables:
    """Return what became of each kind of simulated participant, before the catch trials."""
    export, level = results.export, results.level
    conditions = export.study.conditions
    finished = decisions.loc[~decisions["rule"].isin(UNFINISHED)]
    analysed = decisions.loc[decisions["rule"].isna(), "participant"]
    answered = scored_trials(export, finished["participant"])
    answers = _in_order(session_accuracies(answered), conditions)
    ties = _in_order(tie_accuracies(answered), conditions)
    return {
        "simulated_kinds": kind_table(decisions, answers, rules=results.rules, level=level),
        "simulated_effects": kind_effects(answers, export.study.baseline, level=level),
        "simulated_ties": kind_means(ties, [*GROUP, "tie"], level=level),
        "rehearsal_items": item_table(scored_trials(export, analysed)),
    }


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
