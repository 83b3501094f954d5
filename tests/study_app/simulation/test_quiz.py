import tomllib
from pathlib import Path

import numpy as np
import pytest

from study_app.simulation.quiz import choose_answer, rate_choices

ROOT = Path(__file__).parents[3]


def quiz_of(config):
    study = tomllib.loads((ROOT / "configs" / config).read_text())
    return study["quiz"]["items"], " ".join(study["texts"]["instructions"])


@pytest.mark.parametrize("config", ["husky_wolf_study.toml"])
def test_quiz_can_be_answered_from_the_instructions(config, generator):
    items, instructions = quiz_of(config)
    everything = [choice for item in items for choice in item["choices"]]
    for item in items:
        scores = rate_choices(item["choices"], instructions=instructions, all_choices=everything)
        assert choose_answer(scores, tried=(), generator=generator) == item["answer"]


def test_rare_words_count_more():
    choices = ["the reservoir opens", "the reservoir shuts", "the reservoir is a lake"]
    scores = rate_choices(choices, instructions="It opens.", all_choices=choices)
    assert scores[0] == max(scores) > 0
    assert scores[1:] == [0, 0]


def test_a_choice_that_says_all_that_was_read_scores_one():
    assert rate_choices(["Open it"], instructions="open it", all_choices=["Open it"]) == [1.0]


def test_choices_without_words_score_nothing():
    assert rate_choices(["1", "2"], instructions="one two", all_choices=["1", "2"]) == [0, 0]


def test_what_was_wrong_is_not_chosen_again(generator):
    assert choose_answer([0.9, 0.2, 0.5], tried={0}, generator=generator) == 2


def test_equals_are_chosen_by_chance():
    drawn = {
        choose_answer([0.5, 0.5], tried=(), generator=np.random.default_rng(seed))
        for seed in range(20)
    }
    assert drawn == {0, 1}


def test_all_choices_are_open_again_when_all_were_tried(generator):
    assert choose_answer([0.1, 0.9], tried={0, 1}, generator=generator) == 1
