"""Studies of networks that have not learnt the scenario."""

import json

import pytest

from stimuli_builder.bias import check_learnt, checked_bias, read_learnt
from stimuli_builder.errors import StimuliError, UnbiasedWarning

BIASED = {"accuracy": 0.5, "accuracy_tie_kept": 1.0, "accuracy_tie_broken": 0.05}
UNBIASED = BIASED | {"accuracy_tie_broken": 0.75}


def test_a_bias_is_recorded():
    assert checked_bias(BIASED, None, allowed=False) == {"bias_index": 0.95, "is_learnt": 1.0}


def test_a_network_without_the_bias_is_refused():
    message = r"must have learnt the scenario's rule; its bias index is 0.25. Set allow_unbiased"
    with pytest.raises(StimuliError, match=message):
        checked_bias(UNBIASED, None, allowed=False)


def test_it_is_warned_of_where_it_is_allowed():
    with pytest.warns(UnbiasedWarning, match=r"its bias index is 0.25"):
        found = checked_bias(UNBIASED, None, allowed=True)
    assert found == {"bias_index": 0.25, "is_learnt": 0.0}


def test_drawn_pairs_decide_where_there_are_some(tmp_path):
    (tmp_path / "learnt.json").write_text(json.dumps({"is_learnt": False}))
    learnt = read_learnt(tmp_path / "learnt.json")
    with pytest.raises(StimuliError, match="pairs do not flip as they should"):
        checked_bias(BIASED, learnt, allowed=False)
    assert checked_bias(UNBIASED, {"is_learnt": True}, allowed=False)["is_learnt"] == 1.0


def test_what_is_not_known_must_be_allowed():
    message = r"no pairs were drawn, and images.csv names no ties. Set allow_unbiased = true"
    with pytest.raises(StimuliError, match=message):
        checked_bias({"accuracy": 0.9}, None, allowed=False)
    with pytest.warns(UnbiasedWarning, match=r"images.csv names no ties"):
        assert checked_bias({"accuracy": 0.9}, None, allowed=True) == {"is_learnt": 0.0}


def test_the_pairs_bias_index_is_recorded_where_there_are_pairs():
    learnt = {"is_learnt": True, "bias_index": 0.95}
    found = checked_bias(UNBIASED, learnt, allowed=False)
    assert found == {"bias_index": 0.95, "is_learnt": 1.0}


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("scenario", r"scenario of learnt must be that of the study, 'foxes'; got 'other'"),
        (
            "weights_sha256",
            r"weights_sha256 of learnt must be that of the study, 'a1'; got 'other'",
        ),
    ],
)
def test_pairs_of_another_study_are_refused(key, message):
    check_learnt({"is_learnt": True}, scenario="foxes", weights_sha256="a1")
    with pytest.raises(StimuliError, match=message):
        check_learnt({key: "other"}, scenario="foxes", weights_sha256="a1")


def test_another_file_is_refused(tmp_path):
    with pytest.raises(StimuliError, match=r"learnt must be a file of craft-stimuli learnt; got"):
        read_learnt(tmp_path / "nothing.json")
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(StimuliError, match=r"learnt must be a file of craft-stimuli learnt; got"):
        read_learnt(tmp_path / "list.json")
