import dataclasses

import pytest

from analysis.errors import PlanError
from analysis.exclusions import applied_rules, decide
from analysis.flow import flow_table
from analysis.plan import CustomRule, Exclusions, Plan, planned_rules, read_plan, with_thresholds
from analysis.responses import read_export

TEXT = """
[primary]
condition = "craft"

[equivalence]
margin = 0.15

[exclusions]
order = ["practice", "quiz", "unfinished", "catch", "too_short", "same_answers"]
thresholds = { catch_min_correct = 3, min_sessions_s = 100 }

[[exclusions.custom]]
name = "same_answers"
reason = "gave nearly always the same answer"
measure = "same_choice_share"
above = 0.65
"""


@pytest.fixture
def export(export_folder):
    return read_export(export_folder)


@pytest.fixture
def write(tmp_path):
    def write(text):
        file = tmp_path / "plan.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_a_plan_is_followed(write, export):
    plan = read_plan(write(TEXT))
    changed = with_thresholds(export, plan)
    rules = planned_rules(plan, changed.study)
    names = [rule.name for rule in rules]
    assert names == ["eligibility", "quota", *plan.exclusions.order, "researcher"]
    decisions = decide(changed, rules)
    left = decisions[decisions["rule"] == "same_answers"]
    assert (
        len(left)
        and left["detail"].str.match(r"same_choice_share 0\.\d+; above 0\.65 leaves").all()
    )
    assert (decisions["rule"] == "catch").sum() > (decide(export)["rule"] == "catch").sum()
    flow = flow_table(decisions, changed.study.conditions, rules)  # checks that it adds up
    assert set(flow["stage"]) >= {"same_answers", "too_short"}


def test_without_a_plan_the_study_s_own_rules_apply(export):
    assert planned_rules(Plan(), export.study) == applied_rules(export.study)
    assert [rule.name for rule in applied_rules(export.study)] == [
        "eligibility", "quota", "practice", "quiz", "unfinished", "catch", "researcher",
    ]  # fmt: skip
    assert Plan().primary is None and Plan().equivalence.margin == 0.1


def test_rules_of_time_apply_where_their_limit_is_set(export):
    rules = export.study.rules | {
        "fast_answer_ms": 1500,
        "max_fast_share": 0.4,
        "max_sessions_s": 1,
    }
    study = dataclasses.replace(export.study, rules=rules)
    changed = dataclasses.replace(export, study=study)
    assert [rule.name for rule in applied_rules(study)][6:-1] == ["fast_answers", "too_long"]
    decisions = decide(changed)
    details = decisions.set_index("rule")["detail"]
    assert (
        details["fast_answers"].str.contains("% of the answers within 1500 ms; 40% allowed").all()
    )
    assert details["too_long"].str.endswith(" s in the sessions; 1 s allowed").all()
    assert decisions["rule"].notna().all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[primary", "must be TOML; got"),
        ("[prime]\na = 1", "prime must be as described; got Extra inputs"),
        ("[equivalence]\nmargin = 2", "equivalence.margin must be as described; got Input should"),
        (TEXT.replace("above = 0.65", ""), "rule same_answers must have either below or above"),
        (TEXT.replace("same_choice_share", "mood"), r"measure must be one of \['median_rt_ms'"),
    ],
)
def test_odd_plans_are_errors(write, text, message):
    with pytest.raises(PlanError, match=message):
        read_plan(write(text))


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ('["practice", "mood", "same_answers"]', "order must name rules of"),
        ('["practice", "practice", "same_answers"]', "once each; got"),
        ('["practice", "quiz"]', r"must name the custom rules \['same_answers'\]"),
        ('["catch", "practice", "same_answers"]', "must begin with practice and quiz"),
        ('["fast_answers", "same_answers"]', r"thresholds \['fast_answer_ms'\] must be set"),
    ],
)
def test_odd_orders_are_errors(write, export, order, message):
    start, end = TEXT.index("order = ") + 8, TEXT.index("\nthresholds")
    plan = read_plan(write(TEXT[:start] + order + TEXT[end:]))
    with pytest.raises(PlanError, match=message):
        planned_rules(plan, with_thresholds(export, plan).study)


def test_missing_file_is_an_error(tmp_path):
    with pytest.raises(PlanError, match=r"must be a TOML file; got .*no.toml"):
        read_plan(tmp_path / "no.toml")


def test_whole_numbers_stay_whole(tmp_path):
    file = tmp_path / "plan.toml"
    file.write_text("[exclusions]\nthresholds = { catch_min_correct = 2, max_fast_share = 0.5 }\n")
    thresholds = read_plan(file).exclusions.thresholds
    assert str(thresholds["catch_min_correct"]) == "2" and thresholds["max_fast_share"] == 0.5


@pytest.mark.parametrize("names", [["catch"], ["mine", "mine"]])
def test_custom_rules_have_names_of_their_own(export_folder, names):
    rules = tuple(
        CustomRule(name=name, reason="x", measure="median_rt_ms", below=1.0) for name in names
    )
    plan = Plan(exclusions=Exclusions(order=("practice", *names[:1]), custom=rules))
    with pytest.raises(PlanError, match=rf"names of their own, not of .*; got \['{names[0]}'"):
        planned_rules(plan, read_export(export_folder).study)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[primary]\nreference = "ace"\n', "primary must have either condition or test"),
        (
            '[primary]\ncondition = "craft"\ntest = "recursive against sham"\n',
            "primary must have either condition or test",
        ),
        ('[primary]\ntest = "intruders"\n', r"primary\.test must be .* 'sub-concept against conc"),
        (
            '[primary]\ntest = "recursive against sham"\nreference = "ace"\n',
            "reference must stand with condition",
        ),
        ('[primary]\ncondition = "craft"\ngroup = "expert"\n', "group must stand with test"),
    ],
)
def test_primary_is_a_condition_or_a_test(write, text, message):
    with pytest.raises(PlanError, match=message):
        read_plan(write(text))


def test_primary_test_is_read(write):
    plan = read_plan(write('[primary]\ntest = "recursive against sham"\ngroup = "expert"\n'))
    assert (plan.primary.test, plan.primary.group) == ("recursive against sham", "expert")
