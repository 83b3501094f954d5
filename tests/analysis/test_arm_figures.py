import numpy as np
import pandas as pd
import pytest

from analysis.accuracy import accuracy_by
from analysis.arm_figures import draw_odds_ratios, draw_raincloud


@pytest.fixture
def accuracies():
    rng = np.random.default_rng(0)
    rows = [
        (f"{arm}-{i}", arm, session, rng.integers(0, 8) / 7)
        for arm, n in (("baseline", 20), ("craft", 3))
        for i in range(n)
        for session in (1, 2, 3)
    ]
    return pd.DataFrame(rows, columns=["participant", "condition", "session", "accuracy"])


def test_every_participant_is_a_dot_and_small_arms_have_no_density(accuracies):
    figure = draw_raincloud(accuracies, accuracy_by(accuracies, ["condition"]))
    (axes,) = figure.axes
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in dots] == [20, 3]
    assert len(axes.collections) == 1  # one density
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        "Baseline\nn = 20", "CRAFT\nn = 3",
    ]  # fmt: skip


def test_unbounded_ratio_ends_in_an_arrow():
    odds = pd.DataFrame({
        "condition": ["craft", "ace", "control"], "reference": "baseline",
        "odds_ratio": [2.0, np.inf, np.nan], "ci_low": [1.2, 3.0, np.nan],
        "ci_high": [3.4, np.inf, np.nan], "p": [0.01, 0.001, np.nan],
    })  # fmt: skip
    (axes,) = draw_odds_ratios(odds).axes
    markers = [line.get_marker() for line in axes.lines]
    assert markers.count(">") == 1 and markers.count("<") == 0 and markers.count("s") == 1
    assert axes.get_xscale() == "log" and len(axes.get_yticks()) == 2
