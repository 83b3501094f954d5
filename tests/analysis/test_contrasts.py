from analysis.contrasts import planned_contrasts

TABLE_1 = ["baseline", "control", "saliency", "ace", "craft_concepts_only", "craft", "exemplars"]


def _names(contrasts, family):
    return [contrast.name for contrast in contrasts if contrast.family == family]


def test_planned_comparisons_of_a_study_with_all_conditions():
    contrasts = planned_contrasts(TABLE_1)
    assert _names(contrasts, "planned") == [
        "craft - craft_concepts_only", "craft_concepts_only - ace", "craft - exemplars"
    ]  # fmt: skip
    assert len(_names(contrasts, "against_baseline")) == 6
    assert "control - baseline" in _names(contrasts, "against_baseline")
    assert _names(contrasts, "against_control") == [f"{name} - control" for name in TABLE_1[2:]]


def test_missing_conditions_have_no_comparisons():
    contrasts = planned_contrasts(["baseline", "craft"])
    assert [contrast.name for contrast in contrasts] == ["craft - baseline"]
    assert planned_contrasts(["craft", "ace"]) == []


def test_another_baseline_may_be_named():
    assert _names(planned_contrasts(["plain", "craft"], "plain"), "against_baseline") == [
        "craft - plain"
    ]
    assert _names(planned_contrasts(["control", "craft"], "control"), "against_control") == []
