"""Programs take part in studies of every task, and in one that asks everything."""

from collections import Counter

import numpy as np
import pytest

from stimuli_builder.bundle import read_bundle
from study_app.simulation.comparing import choose_group, choose_odd
from study_app.simulation.kinds import GUESSER, LEARNER, TROUBLESOME
from study_app.simulation.sight import GRID, N_FEATURES, Sight
from tests.study_app.studies import asking, write_changed


def picture(level, generator):
    patches = level + 0.05 * generator.standard_normal((GRID**2, N_FEATURES))
    return Sight(identity=str(level), patches=patches, visibility=np.ones(GRID**2))


def test_picture_unlike_the_others_is_chosen_wherever_it_is(generator):
    for place in range(5):
        options = [picture(float(place == number), generator) for number in range(5)]
        chosen = Counter(choose_odd(options, generator) for _ in range(40))
        assert chosen.most_common(1)[0][0] == place


def test_group_that_is_like_the_picture_is_chosen(generator):
    groups = [[picture(level, generator) for _ in range(3)] for level in (0.0, 1.0)]
    for level in (0, 1):
        here = picture(float(level), generator)
        chosen = Counter(choose_group(here, groups, generator) for _ in range(40))
        assert chosen[level] > 30


def test_pictures_that_are_all_the_same_are_chosen_by_chance(generator):
    same = [picture(0.5, np.random.default_rng(0)) for _ in range(5)]
    chosen = Counter(choose_odd(same, generator) for _ in range(200))
    assert len(chosen) == 5


@pytest.fixture(scope="module")
def compared(rehearsed, recursivity_path):
    kinds = [LEARNER, GUESSER, *TROUBLESOME]
    return rehearsed(kinds, study=read_bundle(recursivity_path))


def test_every_kind_ends_as_it_should(compared):
    visits, tables = compared
    outcomes = {visit.kind.name: visit.outcome for visit in visits}
    assert outcomes["withdrawer"] == "withdrawn"
    assert {outcome for name, outcome in outcomes.items() if name != "withdrawer"} <= {
        "finished", "screened_out",
    }  # fmt: skip
    assert "withdrawer" not in {row["simulated_kind"] for row in tables["participants"]}
    assert sum(arm["withdrawn"] for arm in tables["arms"]) == 1


def test_answers_sent_twice_are_there_once(compared):
    _, tables = compared
    for name in ("participants", "responses"):
        assert tables[name]
    keys = Counter((row["participant"], row["session"], row["phase"], row["attempt"], row["item"])
                   for row in tables["responses"])  # fmt: skip
    assert set(keys.values()) == {1}
    second = Counter(row["event"] for row in tables["events"])["second_answer"]
    assert second > 10  # of the tab-duplicator alone


def test_learners_see_the_odd_one_out(compared):
    _, tables = compared
    right = [
        row["correct"]
        for row in tables["responses"]
        if row["simulated_kind"] != "guesser" and row["phase"] == "test"
    ]
    assert np.mean(right) > 0.5


@pytest.mark.slow
def test_study_that_asks_everything_gets_every_answer(rehearsed, study, tmp_path):
    everything = write_changed(tmp_path / "b", study, asking(study, minimum_ms=1))
    visits, tables = rehearsed([GUESSER, GUESSER], study=everything)
    n_finished = sum(visit.outcome == "finished" for visit in visits)
    assert n_finished > 0
    assert {row["confidence"] for row in tables["responses"] if row["phase"] == "test"} <= {1, 2, 3}
    asked = Counter(row["question"] for row in tables["replies"])
    assert asked["age"] == asked["gender"] == n_finished
    assert asked["uses"] == 2 * n_finished
