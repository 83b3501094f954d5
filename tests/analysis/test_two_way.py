import numpy as np
import pandas as pd
import pytest

from analysis.errors import DesignError, MissingColumnError
from analysis.two_way import two_way_difference, two_way_share


def test_balanced_share_has_the_error_of_lme4(aggression):
    # w <- subset(VerbAgg, mode == "do"); lmer(y ~ 1 + (1 | id) + (1 | item), w)
    share = two_way_share(aggression[aggression["treated"]], "right", name="do")
    assert share.value == pytest.approx(0.420094937)
    assert share.squared_error**0.5 == pytest.approx(0.0595004032, abs=1e-6)


def test_balanced_difference_has_the_error_of_lme4(aggression):
    # do <- (mode == "do") - .5; lmer(y ~ do + (1 + do || id) + (1 | item), VerbAgg)
    difference, squared_error, df = two_way_difference(aggression, "right", kind="treated")
    assert difference == pytest.approx(-0.11207806)
    assert squared_error**0.5 == pytest.approx(0.076086898, abs=1e-6)
    assert 21 < df < 22  # 24 items of two kinds leave 22


def test_error_is_no_smaller_than_that_of_participants_alone():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"participant": np.repeat(np.arange(20), 6), "item": np.tile(range(6), 20)})
    rows["right"] = (rng.random(20) < 0.5)[rows["participant"]]
    share = two_way_share(rows, "right", name="all or nothing")
    of_participants = rows.groupby("participant")["right"].mean().var(ddof=1) / 20
    assert share.squared_error == pytest.approx(of_participants)


def test_order_of_rows_does_not_matter(aggression):
    shuffled = aggression.sample(frac=1, random_state=0)
    expected = two_way_difference(aggression, "right", kind="treated")
    assert two_way_difference(shuffled, "right", kind="treated") == pytest.approx(expected)


def test_one_participant_or_item_is_an_error(aggression):
    alone = aggression[aggression["participant"] == 3]
    with pytest.raises(DesignError, match=r"2 participants to 2 items or more; got 1 and 24"):
        two_way_share(alone, "right", name="p")
    with pytest.raises(DesignError, match="got 1 participants, 12 and 12 items"):
        two_way_difference(alone, "right", kind="treated")


def test_missing_column_is_an_error(aggression):
    with pytest.raises(MissingColumnError, match=r"\['item'\] must be present"):
        two_way_share(aggression.drop(columns="item"), "right", name="p")
