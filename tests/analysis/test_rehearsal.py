"""What is put into simulated participants must come back from export to Utility."""

import re

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from analysis.accuracy import accuracy_differences
from analysis.contrasts import Contrast
from analysis.exclusions import decide
from analysis.figures import draw_all, save_figures
from analysis.odds import marginal_odds_ratios
from analysis.report import write_results
from analysis.responses import read_export, select_population
from analysis.scoring import scored_trials, session_accuracies
from analysis.simulated import item_table
from analysis.utility import utility_scores

N_STUDIES = 150
CONTRAST = Contrast(condition="craft", reference="baseline", family="planned")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("baseline", "craft"),
    [
        pytest.param(0.65, 0.65, id="null"),
        pytest.param(0.6, 0.85, id="gain"),
        pytest.param(0.7, 0.55, id="harm"),
    ],
)
def test_injected_effects_come_back_without_bias_and_are_covered(injected, baseline, craft):
    rng = np.random.default_rng(0)
    odds = [share / (1 - share) for share in (craft, baseline)]
    truths = np.array([craft / baseline, craft - baseline, odds[0] / odds[1]])
    estimates, covered = [], np.zeros(3)
    for _ in range(N_STUDIES):
        export = select_population(
            read_export(injected(baseline, craft, rng=rng, n=30)), "simulated"
        )
        decisions = decide(export)
        names = decisions.loc[decisions["rule"].isna(), "participant"]
        trials = scored_trials(export, names)
        accuracies = session_accuracies(trials)
        found = [
            utility_scores(accuracies).iloc[0],
            accuracy_differences(accuracies, "baseline").iloc[0],
            marginal_odds_ratios(trials, [CONTRAST]).iloc[0],
        ]
        columns = ("utility", "difference", "odds_ratio")
        estimates.append([row[name] for row, name in zip(found, columns, strict=True)])
        bounds = [(row["ci_low"], row["ci_high"]) for row in found]
        covered += [low <= truth <= high for (low, high), truth in zip(bounds, truths, strict=True)]
    values = np.array(estimates)
    values[:, 2], truths[2] = np.log(values[:, 2]), np.log(truths[2])
    error = values.std(axis=0, ddof=1) / N_STUDIES**0.5
    own = [0.02 * truths[0], 0.0, 0.02]  # a ratio's mean lies above the ratio of means
    assert (np.abs(values.mean(axis=0) - truths) < 3 * error + own).all()
    assert (covered / N_STUDIES >= 0.93 - 2 * (0.05 * 0.95 / N_STUDIES) ** 0.5).all()


def test_rehearsal_says_so_wherever_a_number_may_be_copied_from(rehearsed, tmp_path):
    out = write_results(rehearsed, tmp_path / "out").parent
    page = BeautifulSoup((out / "report.html").read_text("utf-8"), "html.parser")
    assert page.h1.text.startswith("Rehearsal: ") and page.title.text.startswith("Rehearsal: ")
    said = [each.text for each in page.select("h2:not(#source), p.caption, figcaption, .cards li")]
    assert len(said) > 40
    assert [text for text in said if "rehearsal" not in text.lower()] == []
    assert all("Rehearsal" in image["alt"] for image in page.find_all("img"))
    for file in (out / "latex").iterdir():
        assert r"\caption{Rehearsal. " in file.read_text("utf-8"), file.name
    assert not re.search(r"predicted\s+utility", page.text, re.IGNORECASE)


def test_figures_of_a_rehearsal_carry_a_line_that_says_so(rehearsed, tmp_path):
    plain, marked = tmp_path / "plain", tmp_path / "marked"
    sizes = []
    for folder, note in ((plain, ""), (marked, "Rehearsal")):
        folder.mkdir()
        figures = {"utility": draw_all(rehearsed.tables)["utility"]}
        save_figures(figures, folder, note=note)
        sizes.append(figures["utility"].get_figheight())
        assert [text.get_text() for text in figures["utility"].texts] == ([note] if note else [])
    assert sizes[1] > sizes[0]


def test_trials_that_all_or_none_answer_right_are_named():
    rows = [("t1", "craft", f"p{i}", True) for i in range(5)]
    rows += [("t2", "craft", f"p{i}", False) for i in range(5)] + [("t3", "craft", "p1", True)]
    trials = pd.DataFrame(rows, columns=["trial", "condition", "participant", "correct"])
    table = item_table(trials.assign(tie="kept")).set_index("trial")
    assert table["is_ceiling"].to_dict() == {"t1": True, "t2": False, "t3": False}
    assert table["is_floor"].to_dict() == {"t1": False, "t2": True, "t3": False}
    assert table["accuracy"].to_dict() == {"t1": 1.0, "t2": 0.0, "t3": 1.0}
