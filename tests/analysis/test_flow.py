import pandas as pd
import pytest

from analysis.errors import FlowError
from analysis.exclusions import RULES, decide
from analysis.flow import check_flow, flow_table
from analysis.responses import read_export

DECISIONS = pd.DataFrame(
    [
        ("p1", "baseline", None),
        ("p2", "craft", None),
        ("p3", "craft", "catch"),
        ("p4", None, "practice"),
        ("p5", None, "unfinished"),
        ("p6", "baseline", "unfinished"),
        ("p7", "craft", "quiz"),
    ],
    columns=["participant", "condition", "rule"],
)


def _count(flow, stage, condition=""):
    rows = flow[(flow["stage"] == stage) & (flow["condition"] == condition)]
    return rows["participants"].item()


def test_counts_are_those_of_a_hand_made_study():
    flow = flow_table(DECISIONS, ["baseline", "craft"])
    assert _count(flow, "started") == 7
    assert _count(flow, "practice") == 1 and _count(flow, "quiz") == 0
    assert _count(flow, "unassigned") == 1 and _count(flow, "assigned") == 5
    assert _count(flow, "quiz", "craft") == 1  # assigned without having passed
    assert _count(flow, "assigned", "craft") == 3 and _count(flow, "catch", "craft") == 1
    assert _count(flow, "unfinished", "baseline") == 1
    assert _count(flow, "analysed", "craft") == 1 and _count(flow, "analysed") == 2


def test_flow_of_an_export_adds_up_with_any_rule_left_out(export_folder):
    export = read_export(export_folder)
    for name in (rule.name for rule in RULES):
        rules = [rule for rule in RULES if rule.name != name]
        check_flow(flow_table(decide(export, rules), export.study.conditions, rules))


def test_who_withdrew_stands_in_the_arm_and_before_it():
    flow = flow_table(DECISIONS, ["baseline", "craft"], withdrawn={"": 2, "craft": 1})
    assert _count(flow, "started") == 10 and _count(flow, "withdrawn") == 2
    assert _count(flow, "assigned") == 6 and _count(flow, "assigned", "craft") == 4
    assert _count(flow, "withdrawn", "craft") == 1 and _count(flow, "withdrawn", "baseline") == 0
    assert _count(flow, "analysed") == 2


def test_condition_emptied_by_exclusions_stays_in_the_table():
    flow = flow_table(DECISIONS, ["baseline", "craft", "ace"])
    assert _count(flow, "assigned", "ace") == _count(flow, "analysed", "ace") == 0


def test_nobody_gives_a_flow_of_zeros():
    flow = flow_table(DECISIONS.iloc[:0], ["baseline", "craft"])
    assert (flow["participants"] == 0).all()


@pytest.mark.parametrize(
    ("stage", "condition", "message"),
    [
        ("started", "", r"stage 'started' must be the sum of its parts, 7; got 8\."),
        ("quiz", "", r"stage 'started' must be the sum of its parts, 8; got 7\."),
        ("catch", "craft", r"'assigned to craft' must be the sum of its parts, 4; got 3\."),
        ("analysed", "", r"stage 'analysed' must be the sum of its parts, 2; got 3\."),
        ("analysed", "craft", r"stage 'analysed' must be the sum of its parts, 3; got 2\."),
        ("assigned", "craft", r"stage 'assigned' must be the sum of its parts, 6; got 5\."),
    ],
)
def test_flow_that_does_not_add_up_is_an_error(stage, condition, message):
    flow = flow_table(DECISIONS, ["baseline", "craft"])
    changed = (flow["stage"] == stage) & (flow["condition"] == condition)
    flow.loc[changed, "participants"] += 1
    with pytest.raises(FlowError, match=message):
        check_flow(flow)
