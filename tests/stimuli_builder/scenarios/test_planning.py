from collections import Counter

import numpy as np
import pytest

from stimuli_builder.scenarios.planning import plan_images
from stimuli_builder.scenarios.registry import SCENARIOS

FOXES = SCENARIOS["foxes"]


def plan(scenario=FOXES, n_fit=5, n_study=20, seed=0):
    return plan_images(
        scenario,
        n_fit_per_class=n_fit,
        n_study_per_cell=n_study,
        generator=np.random.default_rng(seed),
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("husky_wolf", {"kept": 5}),
        ("leaves", {"kept": 3, "broken": 2}),
        ("foxes", {"kept": 3, "broken": 2}),
    ],
)
def test_training_images_have_the_ties_of_their_scenario(name, expected):
    scenario = SCENARIOS[name]
    for label in scenario.classes:
        ties = [p.tie for p in plan(scenario) if p.split == "fit" and p.label == label]
        assert Counter(ties) == expected


def test_one_study_image_in_ten_is_of_each_kind_of_exception():
    for label in FOXES.classes:
        for tie in ("kept", "broken"):
            cell = [p for p in plan() if (p.split, p.label, p.tie) == ("study", label, tie)]
            for first in (0, 10):
                cues = Counter(planned.cues for planned in cell[first : first + 10])
                assert cues == {"agree": 7, "tail_disagrees": 1, "ears_disagree": 1, "weak": 1}


def test_training_images_have_no_exceptions():
    assert {planned.cues for planned in plan() if planned.split == "fit"} == {"agree"}


def test_no_nuisance_tells_one_cell_from_another():
    for split in ("fit", "study"):
        cells = {}
        for planned in plan(n_fit=6):
            if planned.split == split:
                varied = tuple(planned.factors[name] for name in FOXES.varies)
                cells.setdefault((planned.label, planned.tie), []).append((varied, planned.cues))
        first, *others = cells.values()
        assert len(cells) == 4 and all(other == first for other in others)


def test_exceptions_show_cues_of_the_other_class():
    shown = {(p.label, p.cues): (p.factors["ears"], p.factors["tail_tip"]) for p in plan()}
    assert shown["red_fox", "tail_disagrees"] == ("small", "black")
    assert shown["red_fox", "ears_disagree"] == ("large", "white")
    assert shown["red_fox", "weak"] == shown["kit_fox", "weak"] == ("middle", "none")
