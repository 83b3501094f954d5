import numpy as np
import pandas as pd

from analysis.page import condition_name, percent_interval, printed, text

TABLE = pd.DataFrame(
    {"condition": ["craft", None], "n": [3, 4], "ci_low": [0.25, np.nan], "ci_high": [0.5, np.nan]}
)


def test_cells_are_printed_column_by_column():
    columns = {"Condition": condition_name, "n": text("n"), "Interval": percent_interval}
    part = printed(TABLE, caption="Means.", columns=columns)
    assert part.header == ("Condition", "n", "Interval")
    assert part.rows == (("CRAFT", "3", "[25.0, 50.0]"), ("none", "4", "no interval"))
    assert part.text_columns == (0,) and not part.is_folded


def test_table_with_a_summary_is_folded():
    assert printed(TABLE, caption="", columns={}, summary="All").is_folded


def test_table_without_rows_has_its_header():
    part = printed(TABLE.iloc[:0], caption="", columns={"n": text("n")})
    assert part.header == ("n",) and part.rows == ()


def test_missing_value_is_a_dash():
    assert text("x")({"x": pd.NA}) == "–"
