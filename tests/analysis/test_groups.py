import math

import numpy as np
import pandas as pd
import pytest

from analysis.equivalence import holm
from analysis.errors import DesignError, NoComparisonWarning, SeparationWarning
from analysis.groups import between_groups, group_names


def test_two_groups_agree_with_lme4(aggression):
    # s is 1/2 for the first 158 persons and -1/2 for the others, do as in test_levels:
    # glmer(y ~ s * do + (1 + do | id) + (1 | item), VerbAgg, binomial)
    group, interaction = between_groups(aggression)
    assert group.group == "expert - layman"
    assert math.log(group.estimate) == pytest.approx(-0.2789821557, abs=2e-4)
    assert math.log(group.estimate) / group.statistic == pytest.approx(0.1739256930, rel=2e-3)
    assert interaction.test == "difference of the differences"
    assert math.log(interaction.estimate) == pytest.approx(0.2032672292, abs=2e-4)
    error = math.log(interaction.estimate) / interaction.statistic
    assert error == pytest.approx(0.1666732451, rel=2e-3)
    assert group.df == interaction.df == 314


def test_one_kind_leaves_one_test(aggression):
    found = between_groups(aggression[aggression["treated"]])
    assert [f.test for f in found] == ["group against group"]


def _three(aggression):
    """Every fourth participant; experts and laymen, and students among both."""
    few = aggression[aggression["participant"] % 4 == 0]
    return few.assign(group=few["group"].where(few["participant"] % 3 > 0, "student"))


def test_three_groups_are_compared_in_pairs_and_adjusted(aggression):
    few = _three(aggression)
    found = between_groups(few)
    pairs = ["expert - layman", "expert - student", "layman - student"]
    assert [f.group for f in found[::2]] == [f.group for f in found[1::2]] == pairs
    assert [f.test for f in found[:2]] == ["group against group", "difference of the differences"]
    for test in (found[::2], found[1::2]):
        expected = holm(pd.Series([f.p for f in test]))
        assert [f.p_holm for f in test] == expected.tolist() and (expected >= 0).all()
    alone = between_groups(few[few["group"] != "student"])
    assert math.isnan(alone[0].p_holm)
    assert (alone[0].estimate, alone[0].p) == (found[0].estimate, found[0].p)


def test_pair_that_cannot_be_compared_leaves_the_others(aggression):
    few = _three(aggression)
    one = few[(few["group"] != "student") | (few["participant"] == 0)]
    message = r"expert - student cannot be compared: groups must have 2 .* 'student': 1\}\."
    with (
        pytest.warns(NoComparisonWarning, match=message),
        pytest.warns(NoComparisonWarning, match="layman - student cannot"),
    ):
        found = between_groups(one)
    assert {f.group for f in found} == {"expert - layman"}
    with pytest.raises(DesignError, match=r"2 participants or more .* got \{'expert': 1"):
        between_groups(few.groupby("group", as_index=False).head(24))


def test_participant_in_two_groups_is_an_error(aggression):
    aggression = aggression.assign(group=np.where(np.arange(7584) < 3000, "expert", "layman"))
    aggression.loc[0, "group"] = "layman"
    with pytest.raises(DesignError, match="participant 0 must be in one group; got 2"):
        between_groups(aggression)


def test_nothing_is_compared_but_two_groups(aggression):
    assert between_groups(aggression.drop(columns="group")) == []
    assert between_groups(aggression.assign(group="expert")) == []
    assert group_names(aggression) == ["expert", "layman"]


def test_separated_group_has_no_ratio(aggression):
    few = aggression[aggression["participant"] % 20 == 0]
    sure = few.assign(right=np.where(few["group"].eq("expert") & few["treated"], 1.0, few["right"]))
    with pytest.warns(SeparationWarning, match="expert, treated must be both right and wrong"):
        found = between_groups(sure)
    assert all(np.isnan(f.p) and np.isnan(f.estimate) for f in found)
