import math

import pytest

from analysis.labels import bare_percent, condition_label, interval, percent, points, ratio, seconds


@pytest.mark.parametrize("form", [bare_percent, percent, points, ratio, seconds])
def test_missing_number_is_a_dash(form):
    assert form(math.nan) == "–"


def test_numbers_are_written_as_people_read_them():
    assert percent(0.5714) == "57.1\u00a0%"
    assert bare_percent(1.0) == "100.0"
    assert points(0.201) == "+20.1" and points(-0.05) == "−5.0"
    assert ratio(-math.inf) == "−∞" and ratio(1.3514) == "1.35"
    assert percent(-math.inf) == "−∞\u00a0%" and bare_percent(-math.inf) == "−∞"
    assert ratio(-1.26e200) == "−1.3e200" and ratio(999999.0) == "999999.00"
    assert interval("–", "–") == "no interval"


def test_unknown_condition_is_spelled_out():
    assert condition_label("grad_cam") == "Grad-CAM"
    assert condition_label("my_new_method") == "My new method"
