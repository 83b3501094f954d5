from decimal import Decimal

import pandas as pd
import pytest

from analysis.errors import MissingColumnError
from analysis.ranking import printed_value, utility_ranks


def _scores(scenario, values):
    return pd.DataFrame(
        {"scenario": scenario, "condition": list(values), "utility": list(values.values())}
    )


def test_second_place_is_shared_as_in_the_papers_leaves():
    scores = _scores("leaves", {"saliency": 1.1275, "smoothgrad": 1.1308, "craft": 1.1454})
    ranks = utility_ranks(scores)
    assert ranks["place"].tolist() == [2, 2, 1]
    assert ranks["is_second"].tolist() == [True, True, False]
    assert ranks["is_best"].tolist() == [False, False, True]


def test_nobody_is_best_where_none_is_above_the_baseline():
    ranks = utility_ranks(_scores("foxes", {"saliency": 1.0017, "ace": 0.784}))
    assert not ranks[["is_best", "is_second"]].any(axis=None)
    assert ranks["place"].tolist() == [1, 2]


def test_places_are_counted_anew_in_each_scenario():
    scores = pd.concat([_scores("a", {"x": 1.5, "y": 1.2}), _scores("b", {"x": 1.1, "y": 1.3})])
    assert utility_ranks(scores)["place"].tolist() == [1, 2, 2, 1]


def test_more_digits_tell_ties_apart():
    scores = _scores("leaves", {"saliency": 1.1275, "smoothgrad": 1.1308})
    assert utility_ranks(scores, digits=3)["place"].tolist() == [2, 1]


@pytest.mark.parametrize(
    ("value", "printed"), [(1.005, "1.01"), (2.675, "2.68"), (-0.125, "-0.13")]
)
def test_halves_are_rounded_away_from_zero(value, printed):
    assert printed_value(value, 2) == Decimal(printed)


def test_missing_column_is_named():
    with pytest.raises(MissingColumnError, match=r"columns \['utility'\] must be present"):
        utility_ranks(pd.DataFrame({"scenario": ["a"], "condition": ["x"]}))
