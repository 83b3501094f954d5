import pandas as pd
import pytest

from analysis.checks import check_choice, check_columns, check_share, check_shares
from analysis.errors import AnalysisError, MissingColumnError


def test_what_fits_passes():
    check_columns(pd.DataFrame(columns=["a", "b"]), ["a"])
    check_share("level", 0.95)
    check_shares(pd.DataFrame({"accuracy": [0.0, 1.0]}), "accuracy")
    check_choice("population", "people", ["people", "simulated"])


def test_missing_columns_are_named_beside_those_there():
    with pytest.raises(MissingColumnError, match=r"columns \['b'\] must be present; got \['a'\]\."):
        check_columns(pd.DataFrame(columns=["a"]), ["a", "b"])


@pytest.mark.parametrize("value", [0, 1, -0.1, float("nan")])
def test_share_must_lie_inside(value):
    with pytest.raises(AnalysisError, match=rf"level must be in \(0, 1\); got {value}"):
        check_share("level", value)


def test_percentage_is_told_from_a_share():
    with pytest.raises(AnalysisError, match=r"got 95\. Give a share, not a percentage\."):
        check_share("level", 95)
    with pytest.raises(AnalysisError, match=r"accuracy must be in \[0, 1\]; got 55\.7\. Give sha"):
        check_shares(pd.DataFrame({"accuracy": [0.5, 55.7]}), "accuracy")


def test_choice_must_be_known():
    with pytest.raises(AnalysisError, match=r"must be one of \['people'\]; got 'persons'\."):
        check_choice("population", "persons", ["people"])
