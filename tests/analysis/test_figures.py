import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from analysis.figures import (
    MANY_DOTS,
    draw_accuracies,
    draw_all,
    draw_flow,
    draw_utility,
    save_figures,
)
from analysis.responses import read_export
from analysis.results import analyse


@pytest.fixture
def tables(export_folder):
    return analyse(read_export(export_folder), "simulated").tables


def _texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_means_are_printed_and_each_participant_is_a_dot(tables):
    means = tables["accuracy_by_session"]
    figure = draw_accuracies(tables["session_accuracies"], means, "session")
    assert _texts(figure) == [f"{100 * value:.0f}\u00a0%" for value in means["accuracy"]]
    n_dots = sum(
        len(line.get_xdata())
        for axes in figure.axes
        for line in axes.lines
        if line.get_marker() == "o" and line.get_alpha()
    )
    assert n_dots == len(tables["session_accuracies"])


def test_flow_prints_its_counts(tables):
    shown = " ".join(_texts(draw_flow(tables["flow"])))
    flow = tables["flow"]
    for row in flow[flow["stage"].isin(["started", "assigned", "analysed"])].itertuples():
        if row.condition or row.stage != "analysed":
            assert str(row.participants) in shown


def test_interval_without_bounds_can_be_drawn():
    table = pd.DataFrame(
        {
            "condition": ["craft", "ace"],
            "utility": [1.2, 1.1],
            "ci_low": [-np.inf, np.nan],
            "ci_high": [np.inf, np.nan],
        }
    )
    assert "1.20 [−∞, ∞]" in _texts(draw_utility(table))


def test_many_conditions_get_a_panel_each():
    names = [f"method_{i}" for i in range(11)]
    means = pd.DataFrame(
        {"condition": names, "session": 1, "n_participants": 5, "accuracy": 0.6,
         "ci_low": 0.5, "ci_high": 0.7}
    )  # fmt: skip
    each = pd.DataFrame({"condition": names, "session": 1, "accuracy": 0.6})
    assert len(draw_accuracies(each, means, "session").axes) == 12


def test_thousands_of_dots_are_drawn_as_pixels():
    n = MANY_DOTS + 1
    each = pd.DataFrame({"condition": "craft", "session": 1, "accuracy": np.linspace(0, 1, n)})
    means = pd.DataFrame(
        {"condition": ["craft"], "session": 1, "n_participants": n, "accuracy": 0.5,
         "ci_low": 0.4, "ci_high": 0.6}
    )  # fmt: skip
    dots = draw_accuracies(each, means, "session").axes[0].lines[0]
    assert dots.get_rasterized()


def test_same_tables_give_the_same_bytes(tables, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        save_figures(draw_all(tables), tmp_path / name)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()
        assert b"<dc:date>" not in file.read_bytes()


def test_tables_without_rows_are_not_drawn(tables):
    empty = {name: table.iloc[:0] for name, table in tables.items()}
    assert list(draw_all({**empty, "flow": tables["flow"]})) == ["flow"]


def test_drawing_leaves_matplotlibs_settings_alone(tables):
    before = dict(mpl.rcParams)
    draw_all(tables)
    assert dict(mpl.rcParams) == before
