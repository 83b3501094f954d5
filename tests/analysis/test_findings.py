import math

from analysis.findings import Finding, as_table, counts

FINDING = Finding(
    test="t", group="", method="m", is_default=True, quantity="share", estimate=0.5, ci_low=0.4,
    ci_high=0.6, null=0.5, p=1.0, n_participants=2, n_items=3, n_answers=6, assumes="nothing",
)  # fmt: skip


def test_a_finding_is_a_row():
    table = as_table([FINDING])
    assert table.loc[0, "estimate"] == 0.5 and math.isnan(table.loc[0, "df"])
    assert list(table)[:4] == ["test", "group", "method", "is_default"]


def test_no_findings_keep_the_columns():
    assert list(as_table([])) == list(as_table([FINDING])) and as_table([]).empty


def test_counts_are_of_different_people_and_items(aggression):
    assert counts(aggression) == {"n_participants": 316, "n_items": 24, "n_answers": 7584}
