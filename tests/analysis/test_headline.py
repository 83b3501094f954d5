import dataclasses

import numpy as np
import pandas as pd
import pytest

from analysis.headline import headlines, kind_sentences, tie_sentences, verdict
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
    assert "In this rehearsal, the explanation helped: +" in said
    assert "simulated participants" in said


def test_people_are_not_called_simulated(exported, tmp_path):
    export = read_export(exported(tmp_path / "export", mix={}, n_people=30))
    (said,) = headlines(analyse(export, "people"))
    assert "simulated" not in said and "In this study" in said


@pytest.mark.parametrize(
    ("low", "high", "expected", "words"),
    [
        (0.01, 0.2, "helped", "the explanation helped"),
        (-0.2, -0.01, "hurt", "the explanation did harm"),
        (-0.1, 0.1, "open", "not shown that the explanation helped"),
        (np.nan, np.nan, "open", "too few participants"),
    ],
)
def test_verdict_follows_the_interval(results, low, high, expected, words):
    assert verdict(low, high) == expected
    changed = _with(results, "accuracy_differences", ci_low=low, ci_high=high)
    assert words in headlines(changed)[0]


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
