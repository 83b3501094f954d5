from dataclasses import replace

import pytest

from study_app.columns import EXCLUSIONS
from study_app.verdicts import Record, exclusions
from tests.small_bundle import RULES as ALL_RULES

RULES = replace(
    ALL_RULES,
    catch_min_correct=2,
    fast_answer_ms=300,
    max_fast_share=0.2,
    min_sessions_s=60,
    max_sessions_s=3600,
    max_away_s=30,
)
GOOD = Record(n_catch_correct=2, rts_ms=[900.0] * 8 + [200.0] * 2, sessions_s=600.0, away_s=30.0)


def test_record_at_every_limit_is_included():
    assert exclusions(RULES, GOOD) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"n_catch_correct": 1}, "catch"),
        ({"rts_ms": [900.0] * 7 + [299.9] * 3}, "fast_answers"),
        ({"sessions_s": 59.9}, "too_short"),
        ({"sessions_s": 3600.1}, "too_long"),
        ({"away_s": 30.1}, "away"),
    ],
)
def test_each_rule_is_a_reason_of_its_own(change, reason):
    assert exclusions(RULES, replace(GOOD, **change)) == [reason]
    assert reason in EXCLUSIONS


def test_rules_that_are_not_set_exclude_nobody():
    lenient = replace(ALL_RULES, catch_min_correct=0)
    worst = Record(n_catch_correct=0, rts_ms=[0.0], sessions_s=0.0, away_s=1e9)
    assert exclusions(lenient, worst) == []


def test_all_reasons_are_told_together():
    worst = Record(n_catch_correct=0, rts_ms=[1.0], sessions_s=0.0, away_s=99.0)
    assert exclusions(RULES, worst) == ["catch", "fast_answers", "too_short", "away"]
