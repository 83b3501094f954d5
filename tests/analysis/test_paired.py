import numpy as np
import pytest

from analysis.errors import DesignError, UnpairedRowsWarning
from analysis.paired import paired_shares, paired_t, wilcoxon

# In R: a <- with(VerbAgg, tapply(r2 == "Y", list(id, mode), mean))
#       d <- round(a[, "do"] - a[, "want"], 12)


def test_paired_t_agrees_with_r(aggression):
    found = paired_t(paired_shares(aggression), level=0.95)  # t.test(d)
    assert found["estimate"] == pytest.approx(-0.1120781, abs=1e-7)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((-0.13728893, -0.08686718))
    assert found["p"] == pytest.approx(1.3452385e-16, rel=1e-6) and found["df"] == 315


def test_wilcoxon_agrees_with_r(aggression):
    found = wilcoxon(paired_shares(aggression))  # wilcox.test(d, correct = TRUE, exact = FALSE)
    assert found["statistic"] == 6403
    assert found["p"] == pytest.approx(3.4867942e-16, rel=1e-6)
    assert found["estimate"] == pytest.approx(-1 / 12)


def test_participants_of_one_kind_are_counted_and_left_out(aggression):
    lacking = aggression[(aggression["participant"] > 1) | aggression["treated"]]
    with pytest.warns(UnpairedRowsWarning, match="got 2 of 316 who did not"):
        shares = paired_shares(lacking)
    assert len(shares) == 314


def test_nobody_paired_is_an_error(aggression):
    half = aggression["participant"] % 2 == 0
    apart = aggression[half == aggression["treated"]]
    with (
        pytest.raises(DesignError, match="2 or more who answered both kinds; got 0"),
        pytest.warns(UnpairedRowsWarning),
    ):
        paired_shares(apart)


def test_same_difference_of_all_has_no_test(aggression):
    shares = paired_shares(aggression)
    alike = shares.assign(**{})
    alike[True] = alike[False] + 0.1
    found = paired_t(alike, level=0.95)
    assert np.isnan(found["p"]) and found["estimate"] == pytest.approx(0.1)
    alike[True] = alike[False]
    assert np.isnan(wilcoxon(alike)["p"])


def test_missing_participant_is_an_error(aggression):
    wrong = aggression.astype({"participant": object})
    wrong.loc[0, "participant"] = None
    with pytest.raises(DesignError, match=r"\['participant'\] must be given in every row; got 1"):
        paired_shares(wrong)
