import math

import numpy as np
import pytest

from analysis.errors import SeparationWarning
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


def test_nothing_is_compared_but_two_groups(aggression):
    assert between_groups(aggression.drop(columns="group")) == []
    assert between_groups(aggression.assign(group="expert")) == []
    assert group_names(aggression) == ["expert", "layman"]


def test_separated_group_has_no_ratio(aggression):
    few = aggression[aggression["participant"] % 20 == 0]
    sure = few.assign(right=np.where(few["group"].eq("expert") & few["treated"], 1.0, few["right"]))
    with pytest.warns(SeparationWarning, match="expert, True must be both right and wrong"):
        found = between_groups(sure)
    assert all(np.isnan(f.p) and np.isnan(f.estimate) for f in found)
