import warnings

import pytest

from analysis.errors import CounterWarning
from analysis.exclusions import decide
from analysis.responses import read_export
from analysis.verdicts import verdict_table


@pytest.fixture
def judged(made_tables, tmp_path):
    """Write the export with verdicts on two learners who finished; return it and their rows."""

    def write(*verdicts):
        tables, write = made_tables
        done = [r for r in tables["participants"] if r["simulated_kind"] == "learner"]
        done = [r for r in done if r["status"] == "completed" and r["catch_correct"] >= 2]
        tables["decisions"] = []
        for row, (verdict, reasons, decided_by) in zip(done, verdicts, strict=False):
            said = {"verdict": verdict, "decided_by": decided_by}
            row.update(said, verdict_reasons=reasons)
            tables["decisions"].append({
                **{name: row[name] for name in ("participant", "simulated", "simulated_kind")},
                **said, "reasons": reasons, "decided_at": row["started_at"],
            })  # fmt: skip
        return read_export(write(tmp_path / "judged", tables)), done

    return write


def test_verdicts_are_counted_beside_what_is_analysed(judged):
    export, rows = judged(("include", None, "rules"), ("reject", "automated", "researcher"))
    decisions = decide(export)
    out = decisions.set_index("participant").loc[rows[1]["participant"]]
    assert (out["rule"], out["detail"]) == ("researcher", "reject: automated")
    table = verdict_table(export, decisions).set_index(["verdict", "reasons"])
    assert table.loc[("reject", "automated"), "participants"] == 1
    assert table.loc[("reject", "automated"), "analysed"] == 0
    assert table.loc[("include", ""), "analysed"] == 1
    assert table["participants"].sum() == len(export.participants)


@pytest.mark.parametrize(
    ("verdict", "message"),
    [
        (("exclude", "catch", "rules"), "excluded by the server's rules must be left out here"),
        (("include", "other", "researcher"), "included by a researcher must be analysed here"),
    ],
)
def test_verdicts_that_the_analysis_does_not_follow_are_noted(judged, verdict, message):
    export, rows = judged(verdict)
    decisions = decide(export)
    if verdict[0] == "include":
        decisions.loc[decisions["participant"] == rows[0]["participant"], "rule"] = "catch"
    with pytest.warns(CounterWarning, match=rf"{message}; got 1 that are not, \['p0"):
        verdict_table(export, decisions)


def test_verdicts_that_agree_are_quiet(judged):
    export, _ = judged(("include", None, "rules"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdict_table(export, decide(export))
