"""The text says the same of arms, limits, level and margin in every part."""

import dataclasses
import re

import pandas as pd
import pytest

from analysis.design import Design
from analysis.errors import AnalysisError
from analysis.plan import CustomRule, Equivalence, Exclusions, Groups, Historical, Plan, Primary
from analysis.preregistration import check_power, preregistration
from analysis.study_file import read_study


@pytest.fixture
def study(export_folder):
    found = read_study(export_folder)[0]
    return dataclasses.replace(found, conditions=("baseline", "craft", "saliency"))


@pytest.fixture
def design():
    return Design(reference=0.62, accuracy=0.75, n_arms=3)


def test_custom_rules_have_their_limits(study):
    rules = [
        {"name": "same_answers", "measure": "same_choice_share", "above": 0.95},
        {"name": "quick", "measure": "median_rt_ms", "below": 1250},
    ]
    custom = tuple(CustomRule(reason="were odd", **rule) for rule in rules)
    text = preregistration(study, Plan(exclusions=Exclusions(custom=custom)))
    assert "1. same_answers: whoever were odd (same_choice_share above 0.95)\n" in text
    assert "1. quick: whoever were odd (median_rt_ms below 1250)\n" in text


def test_historical_arms_are_not_called_randomised(study):
    text = preregistration(study, Plan(historical=Historical(arms=("saliency",))), per_arm=20)
    assert "to one of 2 conditions: Baseline, CRAFT. Each" in text
    assert "20 participants in each condition, 40 in all" in text
    assert re.findall(".*Saliency.*", text) == ["Not randomised, shown without p-values: Saliency."]


def test_zero_is_a_threshold_and_idle_rules_have_none(study):
    exclusions = Exclusions(thresholds={"catch_min_correct": 0, "fast_answer_ms": 0})
    rules = study.rules | {"max_fast_share": 1.0}
    text = preregistration(dataclasses.replace(study, rules=rules), Plan(exclusions=exclusions))
    said = re.search("Thresholds: (.*)", text)[1]
    assert "catch_min_correct = 0" in said and "fast" not in said
    exclusions = Exclusions(thresholds={"fast_answer_ms": 300, "max_fast_share": 0})
    text = preregistration(study, Plan(exclusions=exclusions))
    assert "fast_answer_ms = 300, max_fast_share = 0" in text


def test_question_that_tells_groups_apart_is_named(study):
    plan = Plan(groups=Groups(question="expertise"))
    said = "Participants are told apart by what they reply to the question `expertise`"
    assert f"{said}; no test between conditions uses it." in preregistration(study, plan)
    recursive = dataclasses.replace(study, task="recursivity")
    assert f"{said}." in preregistration(recursive, plan)
    assert "told apart by what" not in preregistration(study, Plan())


def test_margin_that_no_plan_sets_is_open(study):
    open_text = "within 0.90 to 1.11 by default; margin of the plan: [TO BE FILLED IN]. Harm"
    assert open_text in preregistration(study, Plan())
    plan = Plan(equivalence=Equivalence(margin=0.1))
    assert "within 0.90 to 1.11. Harm" in preregistration(study, plan)


def test_intervals_have_their_names(study):
    text = preregistration(study, Plan())
    assert "with 95 % Fieller-type intervals (Donner & Zou 2012, from Wilson’s limits)" in text
    assert "accuracies with Wilson’s, differences with Newcombe’s hybrid intervals" in text


def test_power_of_this_study_is_accepted(study, design):
    check_power(study, Plan(), design)
    recursive = dataclasses.replace(study, task="recursivity")
    check_power(recursive, Plan(), dataclasses.replace(design, n_arms=1, n_items=15))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"alpha": 0.01},
            r"alpha must be 0\.05 in a preregistration, the level of the report; got 0\.01\.",
        ),
        ({"margin": 0.3}, r"margin must be the plan's, 0\.15; got 0\.3\. Set it in the plan"),
        ({"n_arms": 5}, r"arms must be the 3 that study .* randomises; got 5\."),
        ({"n_items": 10}, r"items must be the 21 scored trials of study .*; got 10\."),
    ],
)
def test_power_of_another_study_is_an_error(study, design, changed, message):
    plan = Plan(equivalence=Equivalence(margin=0.15))
    other = dataclasses.replace(design, **({"margin": 0.15} | changed))
    with pytest.raises(AnalysisError, match=message):
        check_power(study, plan, other)
    with pytest.raises(AnalysisError, match=message):
        preregistration(study, plan, design=other)


def test_primary_test_of_a_recursivity_study_is_named(study):
    recursive = dataclasses.replace(study, task="recursivity")
    assert "Primary test: [TO BE FILLED IN]" in preregistration(recursive, Plan())
    named = {"test": "sub-concept against one half"}
    text = preregistration(recursive, Plan(primary=Primary(**named)))
    said = "Primary test, the only confirmatory one: sub-concept against one half"
    assert f"{said}; where groups are told apart, in each, adjusted by Holm" in text
    text = preregistration(recursive, Plan(primary=Primary(**named, group="expert")))
    assert f"{said}, of the group expert. All others are secondary, and not adjusted" in text


def test_power_of_another_test_than_the_primary_is_said(study, design):
    recursive = dataclasses.replace(study, task="recursivity")
    curve = pd.DataFrame([{
        "per_arm": 40, "analysed": 36.0, "power": 0.8, "ci_low": 0.7, "ci_high": 0.9,
    }])  # fmt: skip
    plan = Plan(primary=Primary(test="sub-concept against one half"))
    shared = {"curve": curve, "design": dataclasses.replace(design, n_arms=1)}
    said = "This is not the power of the primary test, sub-concept against one half"
    assert said in preregistration(recursive, plan, question="levels", **shared)
    assert said not in preregistration(recursive, plan, question="choice", **shared)
