import math
import warnings

import pytest

from analysis.errors import UnboundedIntervalWarning
from analysis.log_odds import odds_ratio, odds_ratio_interval


def test_ratio_is_the_exponential():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = odds_ratio_interval(0.5, -0.1, 1.1, name="a against b")
    assert (found.value, found.ci_low, found.ci_high) == tuple(map(math.exp, (0.5, -0.1, 1.1)))


def test_ratio_beyond_numbers_is_infinite_or_zero():
    assert odds_ratio(709.7) < math.inf and odds_ratio(709.8) == math.inf
    assert odds_ratio(-1e6) == 0


def test_bounds_beyond_numbers_are_said():
    message = r"of a against b must be within ±710 for a bounded interval; got -900 to 1001\."
    with pytest.warns(UnboundedIntervalWarning, match=message):
        found = odds_ratio_interval(50.5, -900.0, 1001.0, name="a against b")
    assert (found.ci_low, found.ci_high) == (0, math.inf)
