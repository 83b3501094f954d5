"""What is put into simulated participants must come back from export to Utility."""

import numpy as np
import pytest

from analysis.exclusions import decide
from analysis.responses import read_export, select_population
from analysis.scoring import scored_trials, session_accuracies
from analysis.utility import utility_scores

N_STUDIES = 150


@pytest.mark.slow
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
    truth, estimates, covered = craft / baseline, [], 0
    for _ in range(N_STUDIES):
        export = select_population(
            read_export(injected(baseline, craft, rng=rng, n=30)), "simulated"
        )
        decisions = decide(export)
        names = decisions.loc[decisions["rule"].isna(), "participant"]
        row = utility_scores(session_accuracies(scored_trials(export, names))).iloc[0]
        estimates.append(row["utility"])
        covered += row["ci_low"] <= truth <= row["ci_high"]
    error = np.std(estimates, ddof=1) / N_STUDIES**0.5
    ratio_bias = truth * 0.02  # a ratio's mean lies a little above the ratio of means
    assert abs(np.mean(estimates) - truth) < 3 * error + ratio_bias
    assert covered / N_STUDIES >= 0.93 - 2 * (0.05 * 0.95 / N_STUDIES) ** 0.5
