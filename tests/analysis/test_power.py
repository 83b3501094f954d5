import numpy as np
import pandas as pd
import pytest

from analysis.design import Design
from analysis.errors import AnalysisError
from analysis.power import least_size, power_curve


def curve(design, sizes, question="difference", n_studies=200):
    return power_curve(design, sizes, question, n_studies=n_studies, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("design", "sizes", "question"),
    [
        (Design(reference=0.62, accuracy=0.75), [12, 25], "difference"),
        (Design(reference=0.6, accuracy=0.6, margin=0.12), [60], "equivalence"),
        (Design(reference=0.5, accuracy=0.65, n_items=15, n_arms=1), [8, 20], "choice"),
    ],
)
def test_simulation_agrees_with_the_closed_form(design, sizes, question):
    table = curve(design, sizes, question)
    assert np.abs(table["power"] - table["closed_form"]).max() < 0.1


def test_no_difference_is_found_at_half_the_level():  # only what has the right sign counts
    assert curve(Design(reference=0.7, accuracy=0.7), [15], n_studies=400).loc[0, "power"] < 0.06


@pytest.mark.slow
def test_levels_have_no_closed_form_and_grow_with_the_sample():
    design = Design(reference=0.5, accuracy=0.75, n_items=10, item_sd=0.2)
    table = curve(design, [5, 20], "levels", n_studies=100)
    assert table["closed_form"].isna().all() and table["power"].is_monotonic_increasing


def test_losses_and_cost_are_counted():
    design = Design(reference=0.5, accuracy=0.9, n_arms=4, dropout=0.2, excluded=0.25, pay=2.0)
    row = curve(design, [30], n_studies=100).iloc[0]
    assert row["recruited"] == 120 and row["cost"] == pytest.approx(120 * 0.8 * 2)
    assert row["analysed"] == pytest.approx(30 * 0.8 * 0.75, rel=0.05)


def test_least_size_asks_for_enough_from_there_on():
    table = pd.DataFrame({"per_arm": [10, 20, 30, 40], "ci_low": [0.5, 0.8, 0.7, 0.9]})
    assert least_size(table) == 40
    assert least_size(table.head(3)) is None


def test_same_seed_gives_the_same_curve():
    design = Design(reference=0.62, accuracy=0.75)
    pd.testing.assert_frame_equal(
        curve(design, [8], n_studies=100), curve(design, [8], n_studies=100)
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"accuracy": 75}, r"accuracy must be in \(0, 1\); got 75. Give a share"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\); got 1.0"),
        ({"item_sd": -1}, r"item_sd must be in \[0, 5\]; got -1"),
        ({"participant_sd": 1000.0}, r"participant_sd must be in \[0, 5\]; got 1000"),
        ({"slope_sd": float("nan")}, r"slope_sd must be in \[0, 5\]; got nan"),
        ({"alpha": 0.9}, r"alpha must be in \(0, 0.5\); got 0.9"),
        ({"n_items": 1}, "n_items must be 2 or more; got 1"),
    ],
)
def test_odd_designs_are_errors(changes, message):
    with pytest.raises(AnalysisError, match=message):
        curve(Design(**({"reference": 0.5, "accuracy": 0.6} | changes)), [10])


def test_odd_sizes_and_numbers_are_errors():
    design = Design(reference=0.5, accuracy=0.6)
    with pytest.raises(AnalysisError, match=r"sizes must be 3 or more; got \[2\]"):
        curve(design, [2])
    with pytest.raises(AnalysisError, match="n_studies must be 100 or more; got 5"):
        curve(design, [10], n_studies=5)
    with pytest.raises(AnalysisError, match="question must be one of"):
        curve(design, [10], "harm")
