import pytest

from analysis.errors import AnalysisError
from analysis.pooled import pooled_tests


def test_two_shares_agree_with_r():
    # x <- matrix(c(404, 379, 136, 161), 2)
    # summary(glm(x ~ c(1, 0), binomial))$coefficients[2, 4]; prop.test(x, correct = FALSE)$p.value
    # prop.test(x)$p.value; fisher.test(x)$p.value
    found = pooled_tests(379, 404, 540)
    assert found["logit"] == pytest.approx(0.0887269, abs=1e-6)
    assert found["z"] == pytest.approx(0.0884374, abs=1e-6)
    assert found["yates"] == pytest.approx(0.1019337, abs=1e-6)
    assert found["fisher"] == pytest.approx(0.1018446, abs=1e-6)
    assert found["logit_one_sided"] == found["logit"] / 2


def test_order_does_not_matter():
    assert pooled_tests(3, 9, 12) == pytest.approx(pooled_tests(9, 3, 12))


def test_all_right_in_both_tells_nothing():
    found = pooled_tests(12, 12, 12)
    assert found["z"] == found["yates"] == found["fisher"] == 1


def test_count_beyond_the_answers_is_an_error():
    with pytest.raises(AnalysisError, match=r"n_right_other must be in \[0, 5\]; got 6"):
        pooled_tests(3, 6, 5)
