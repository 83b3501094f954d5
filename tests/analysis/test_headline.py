import dataclasses

import numpy as np
import pandas as pd
import pytest

from analysis.headline import (
    headlines,
    kind_sentences,
    summary_sentence,
    tie_sentences,
    verdict,
)
from analysis.plan import Plan, Primary
from analysis.responses import read_export
from analysis.results import analyse


@pytest.fixture
def results(rehearsed):
    return rehearsed


def _with(results, name, **values):
    table = results.tables[name].assign(**values)
    return dataclasses.replace(results, tables={**results.tables, name: table})


def test_headline_holds_the_numbers_of_the_tables(results):
    (said,) = headlines(results)
    means = results.tables["accuracy_by_condition"].set_index("condition")["accuracy"]
    assert f"{100 * means['craft']:.1f}\u00a0%" in said
    assert f"without an explanation (Baseline), in {100 * means['baseline']:.1f}\u00a0%" in said
    assert f"Utility {results.tables['utility'].loc[0, 'utility']:.2f} [" in said
    primary = results.tables["primary"].iloc[0]
    by = "by the primary test, which no plan names (OR = "
    assert f"In this rehearsal, the explanation helped, {by}{primary['odds_ratio']:.2f}, 95" in said
    assert "p < .001): +" in said
    assert "simulated participants" in said


def test_people_are_not_called_simulated(exported, tmp_path):
    export = read_export(exported(tmp_path / "export", mix={}, n_people=30))
    (said,) = headlines(analyse(export, "people"))
    assert "simulated" not in said and "In this study" in said


@pytest.mark.parametrize(
    ("odds_ratio", "p", "expected", "words"),
    [
        (1.8, 0.049, "helped", "the explanation helped, by the primary test"),
        (0.5, 0.049, "hurt", "the explanation did harm, by the primary test"),
        (1.8, 0.052, "open", "not shown that the explanation helped, by the primary test"),
        (np.nan, np.nan, "open", "too few participants"),
    ],
)
def test_verdict_follows_the_primary_test(results, odds_ratio, p, expected, words):
    assert verdict(odds_ratio, p, alpha=0.05) == expected
    changed = _with(results, "primary", odds_ratio=odds_ratio, p=p)
    assert words in headlines(changed)[0]


def test_interval_that_disagrees_with_the_test_does_not_decide(results):
    said = headlines(_with(results, "primary", p=0.052))[0]
    assert "p = .052): +" in said
    assert said.endswith("]; the test decides, not this interval, which is made otherwise.")
    assert "decides" not in headlines(results)[0]


def test_other_conditions_are_judged_by_adjusted_tests(results):
    tables = dict(results.tables)
    for name in ("accuracy_by_condition", "accuracy_differences", "utility", "odds_ratios"):
        other = tables[name].query("condition == 'craft'").assign(condition="ace")
        tables[name] = pd.concat([tables[name], other], ignore_index=True)
    table = tables["odds_ratios"]
    tables["odds_ratios"] = table.assign(
        p=np.where(table["condition"] == "ace", 0.03, table["p"]),
        p_holm=np.where(table["condition"] == "ace", 0.06, table["p_holm"]),
    )
    changed = dataclasses.replace(results, tables=tables)
    said = headlines(changed, only="ace")[0]
    assert "it is not shown that the explanation helped, by the test against the baseline" in said
    assert "p = .060 adjusted by Holm over 2 tests): +" in said
    summary = summary_sentence(changed)
    assert "adjusted by Holm (CRAFT: by the primary test, which no plan names), accuracy" in summary
    assert summary.endswith("above the baseline: CRAFT; not told from it: ACE.")
    tables["odds_ratios"] = tables["odds_ratios"].assign(p_holm=0.04)
    assert "], an interval that is not adjusted." in headlines(changed, only="ace")[0]


def test_primary_test_against_another_condition_is_said_beside(results):
    plan = Plan(primary=Primary(condition="craft", reference="control"))
    tables = results.tables | {"primary": results.tables["primary"].assign(reference="control")}
    (said,) = headlines(dataclasses.replace(results, tables=tables, plan=plan))
    assert "helped, by the test against the baseline (OR = " in said
    assert ". The primary test, against Control: OR = " in said


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.6, 0.8, "real rule, also"), (0.1, 0.3, "followed the tie"), (0.4, 0.6, "guessing")],
)
def test_rule_learned_follows_the_broken_tie(results, low, high, words):
    changed = _with(results, "accuracy_by_tie", ci_low=low, ci_high=high)
    assert all(words in sentence for sentence in tie_sentences(changed))


def test_kinds_are_counted(results):
    said = {sentence.split(":")[0]: sentence for sentence in kind_sentences(results)}
    assert set(said) == {"confused", "guesser", "inattentive", "learner", "leaver"}
    assert "learner: 30 began, 30 analysed; accuracy" in said["learner"]
    assert said["leaver"] == "leaver: 5 began, 5 did not finish, 0 analysed."


def test_nothing_to_compare_gives_no_headline(results):
    tables = {name: table.iloc[:0] for name, table in results.tables.items()}
    empty = dataclasses.replace(results, tables=tables)
    assert headlines(empty) == tie_sentences(empty) == []


def test_unknown_tie_gives_no_sentence(results):
    kept = results.tables["accuracy_by_tie"].query("tie == 'kept'")
    tables = {**results.tables, "accuracy_by_tie": pd.DataFrame(kept)}
    assert tie_sentences(dataclasses.replace(results, tables=tables)) == []
