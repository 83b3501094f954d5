import pytest

from stimuli_builder.config import read_config
from stimuli_builder.procedure import (
    make_questionnaires,
    make_rules,
    make_settings,
    make_stages,
    session_questionnaire,
)
from tests.stimuli_builder.conftest import STUDY

ASKING = """
[privacy]
consent_version = "2025-06"
retention_days = 365

[viewing]
minimum_ms = 3000
maximum_ms = 3000

[recruitment]
quota = 30
audience = "expertise"
pay = "$1.40"
min_width_px = 600

[reservoir]
scope = "session"
has_explanations = false

[time_rules]
fast_answer_ms = 400
max_fast_share = 0.2

[confidence]
question = "How sure are you?"
levels = ["Guessing", "Certain"]

[[questionnaires]]
name = "uses"
title = "What did you find out?"
place = "after_each_session"
questions = [{ question = "uses", text = "What does the model use?", kind = "text", high = 500 }]

[[questionnaires]]
name = "background"
title = "Before we begin"
place = "eligibility"

[[questionnaires.questions]]
question = "expertise"
text = "Do you work in machine learning?"
kind = "choice"
is_required = true
choices = [{ value = "expert", label = "Yes" }, { value = "layman", label = "No" }]
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY + ASKING)
    return read_config(tmp_path / "study.toml")


@pytest.fixture
def plain(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    return read_config(tmp_path / "study.toml")


def test_stages_are_the_papers_where_nothing_else_is_asked(plain):
    assert [stage.stage for stage in make_stages(plain)] == [
        "consent", "instructions", "practice", "quiz", "sessions", "debriefing",
    ]  # fmt: skip
    assert session_questionnaire(plain) is None
    assert make_settings(plain)[4] is None
    assert make_rules(plain).quiz_min_correct == 1


def test_eligibility_comes_after_consent(config):
    stages = [(stage.stage, stage.questionnaire) for stage in make_stages(config)]
    assert stages[:3] == [("consent", None), ("eligibility", "background"), ("instructions", None)]


def test_questionnaires_are_those_configured(config):
    uses, background = make_questionnaires(config)
    assert (uses.questions[0].kind, uses.questions[0].high) == ("text", 500)
    assert [choice.value for choice in background.questions[0].choices] == ["expert", "layman"]
    assert session_questionnaire(config) == "uses"


def test_rules_and_settings_are_those_configured(config):
    assert (make_rules(config).fast_answer_ms, make_rules(config).max_fast_share) == (400, 0.2)
    privacy, viewing, reservoir, recruitment, confidence = make_settings(config)
    assert (reservoir.scope, reservoir.has_explanations) == ("session", False)
    assert (privacy.consent_version, privacy.retention_days) == ("2025-06", 365)
    assert (viewing.minimum_ms, viewing.maximum_ms) == (3000, 3000)
    assert (recruitment.quota, recruitment.audience) == (30, "expertise")
    assert (recruitment.pay, recruitment.min_width_px) == ("$1.40", 600)
    assert confidence.levels == ("Guessing", "Certain")
