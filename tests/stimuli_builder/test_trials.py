"""Names of trials."""

import numpy as np
import pytest

from stimuli_builder.trials import BLANK, TrialMaker

N = 60


def names(seed, classes, conditions):
    maker = TrialMaker(
        None, conditions=conditions, classes=classes, generator=np.random.default_rng(seed)
    )
    return [maker.choice([["a.png"], ["b.png"]], BLANK) for _ in range(N)]


def drawn(seed):
    generator = np.random.default_rng(seed)
    return ["".join(f"{digit:x}" for digit in generator.integers(0, 16, 12)) for _ in range(N)]


def test_names_are_those_drawn_where_none_tells_anything():
    assert names(0, ["husky", "wolf"], ["baseline", "craft"]) == drawn(0)


def test_names_that_tell_a_condition_by_chance_are_drawn_again():
    seed = next(seed for seed in range(300) if any("ace" in name for name in drawn(seed)))
    found = names(seed, ["husky", "wolf"], ["baseline", "ace"])
    assert not any("ace" in name for name in found) and len(set(found)) == N


@pytest.mark.parametrize("classes", [["a", "1"], list("0123456789abcdef")])
def test_classes_that_every_name_holds_do_not_stop_the_drawing(classes):
    assert len(set(names(0, classes, ["baseline"]))) == N
