import pytest

from analysis.errors import AnalysisError
from analysis.grim import decimals, half_unit, possible_counts, possible_sizes


def test_every_count_is_found_from_its_own_percentage():
    for n in (7, 154, 224, 540):
        for count in range(n + 1):
            assert count in possible_counts(f"{100 * count / n:.2f}", n)


def test_published_example_is_impossible():
    # Brown & Heathers (2017): a mean of 3.45 of 20 whole numbers is possible, and 3.48 is not
    assert possible_counts("0.45", 20, unit="share") == [9]
    assert possible_counts("0.48", 20, unit="share") == []


def test_halves_may_be_rounded_either_way():
    assert possible_counts("12.5", 8) == [1]
    assert possible_counts("0.12", 8, unit="share") == possible_counts("0.13", 8, unit="share")


def test_coarse_percentages_leave_several_counts():
    assert possible_counts("50", 400) == [198, 199, 200, 201, 202]


def test_counts_stay_among_the_answers():
    assert possible_counts("100.0", 20) == [20] and possible_counts("0.0", 20) == [0]


def test_sizes_are_those_at_which_all_shares_are_possible():
    assert possible_sizes(["68.8", "71.4", "72.7"], range(5, 30), n_each=7) == [11, 22]


def test_digits_are_those_printed():
    assert [decimals(text) for text in ("76", "76.10", "-0.5")] == [0, 2, 1]
    assert str(half_unit("2.99")) == "0.005"


def test_wrong_arguments_are_errors():
    with pytest.raises(AnalysisError, match="printed value must be a number; got 'n.a.'"):
        possible_counts("n.a.", 3)
    with pytest.raises(AnalysisError, match="n must be 1 or more; got 0"):
        possible_counts("50", 0)
    with pytest.raises(AnalysisError, match="unit must be one of"):
        possible_counts("50", 3, unit="permille")


@pytest.mark.parametrize("printed", ["5\u00b2", "+-50", "\u0665", "1e3", "", ".", "5,0", "1_0"])
def test_only_plain_decimals_are_numbers(printed):
    with pytest.raises(AnalysisError, match="printed value must be a number; got"):
        decimals(printed)
