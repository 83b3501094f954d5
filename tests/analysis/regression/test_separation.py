import pandas as pd
import pytest

from analysis.errors import MissingColumnError, SeparationWarning
from analysis.regression.separation import separated_cells


@pytest.fixture
def answers():
    return pd.DataFrame(
        {
            "condition": ["baseline"] * 4 + ["craft"] * 3 + ["ace"] * 2,
            "correct": [True, False, True, True, True, True, True, False, False],
        }
    )


def test_arms_that_are_all_right_or_all_wrong_are_found_and_named(answers):
    with pytest.warns(SeparationWarning) as caught:
        cells = separated_cells(answers, ["condition"], right="correct")
    assert cells.to_dict("list") == {
        "condition": ["ace", "craft"], "n_answers": [2, 3], "is_right": [False, True]
    }  # fmt: skip
    assert "answers of ace must be both right and wrong" in str(caught[0].message)
    assert "got all 3 right. Its bounds are one-sided." in str(caught[1].message)


def test_sound_arms_give_an_empty_table(answers):
    sound = answers[answers["condition"] == "baseline"]
    assert len(separated_cells(sound, ["condition"], right="correct")) == 0


def test_missing_column_is_named(answers):
    with pytest.raises(MissingColumnError, match=r"columns \['group'\] must be present"):
        separated_cells(answers, ["condition", "group"], right="correct")
