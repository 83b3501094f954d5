import numpy as np
import pytest
from scipy import integrate, special, stats

from analysis.regression.averaging import averaged_share, log_odds_of_share


@pytest.mark.parametrize(("log_odds", "sd"), [(0.4, 0.45), (2.5, 1.0), (-1.0, 1.4)])
def test_average_agrees_with_quadrature(log_odds, sd):
    expected = integrate.quad(
        lambda z: special.expit(log_odds + sd * z) * stats.norm.pdf(z), -10, 10
    )[0]
    assert averaged_share(np.array(log_odds), sd**2) == pytest.approx(expected, abs=1e-9)


def test_log_odds_and_share_are_inverse():
    for share in (0.2, 0.5, 0.97):
        assert averaged_share(np.array(log_odds_of_share(share, 1.3)), 1.3) == pytest.approx(share)


def test_averages_are_nearer_to_one_half():
    log_odds = np.array([[-2.0, 0.0], [1.0, 3.0]])
    shares = averaged_share(log_odds, 1.0)
    assert shares.shape == (2, 2)
    assert (abs(shares - 0.5) <= abs(special.expit(log_odds) - 0.5) + 1e-12).all()
