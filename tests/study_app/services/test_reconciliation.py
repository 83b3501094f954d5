"""The life cycle of Prolific's submissions, with the counts agreeing on both sides."""

import csv
from collections import Counter

import pytest
from sqlalchemy import func, select

from study_app.cli import main
from study_app.errors import SetupError
from study_app.extensions import db
from study_app.models import Decision, Participation, Slot, Study
from study_app.panels.prolific_export import read_submissions
from study_app.panels.settings import read_panel
from study_app.payments import payments_csv
from study_app.services.outside_ids import keep_id_key
from study_app.services.reconciliation import differences, reconcile
from study_app.services.withdrawals import withdraw
from tests.study_app.panels.conftest import Guest
from tests.study_app.panels.fake_prolific import FakeProlific
from tests.study_app.panels.panel_files import write_usual


@pytest.fixture
def panel(prolific, short):
    with prolific.app_context():
        keep_id_key(prolific.config["SECRET_KEY"])
        db.session.scalars(select(Study)).one().quota = 2  # of each condition
        db.session.commit()
    fake = FakeProlific(lambda link: Guest(prolific, short, link))
    fake.app = prolific
    return fake


@pytest.fixture
def settle(panel, tmp_path):
    """Compare Prolific's export, as it is now, with the database."""

    def settle(**options):
        submissions, _ = read_submissions(panel.export(tmp_path / "prolific.csv"))
        with panel.app.app_context():
            found = reconcile(
                submissions,
                secret=panel.app.config["SECRET_KEY"],
                panel=read_panel(write_usual(tmp_path, "prolific")),
                **options,
            )
            db.session.remove()
        return found

    return settle


def status_of(app, query):
    with app.app_context():
        rows = list(db.session.execute(query).all())
        db.session.remove()
    return rows


def held(app):
    return status_of(app, select(func.count(Slot.participation_id)))[0][0]


def pays(found):
    return [each.pay for each in found.payments]


def test_life_cycle_is_the_same_on_both_sides(panel, settle):
    looking = panel.send()  # never agrees
    begun = panel.send().hurry_to("test", session=1)
    returned = panel.send().hurry_to("test", session=1)
    late = panel.send().hurry_to("test", session=1)
    out = panel.send().hurry_to(right=False)
    done = panel.send().hurry_to()
    panel.come_back(out)
    panel.come_back(done)
    assert (looking.step, begun.step) == ("consent", "test")
    assert held(panel.app) == 4  # every place of the quota is taken

    returned.submission["status"], late.submission["status"] = "RETURNED", "TIMED-OUT"
    found = settle()
    assert found.counts == Counter(
        {
            ("active", "not here"): 1,
            ("active", "in_progress"): 1,
            ("returned", "in_progress"): 1,
            ("timed_out", "in_progress"): 1,
            ("screened_out", "screened_out"): 1,
            ("awaiting_review", "completed"): 1,
        }
    )
    assert panel.count("ACTIVE", "RETURNED", "TIMED-OUT", "SCREENED OUT", "AWAITING REVIEW") == sum(
        found.counts.values()
    )
    assert (found.n_freed, found.n_excluded, found.n_only_here) == (2, 0, 0)
    assert pays(found) == ["none", "none", "none", "none", "paid", "full"]
    assert differences(found) == []
    assert held(panel.app) == 2

    again = settle()
    assert (again.n_freed, again.counts, pays(again)) == (0, found.counts, pays(found))
    for _ in range(2):  # the places are given to the next who come
        panel.send().hurry_to("test", session=1)
    assert held(panel.app) == 4
    full = panel.send().hurry_to("test", session=1)
    assert full.step == "screened-out"


def test_person_who_returned_and_goes_on_has_no_place_any_more(panel, settle):
    guest = panel.send().hurry_to("test", session=1)
    guest.submission["status"] = "RETURNED"
    settle()
    for _ in range(4):
        panel.send().hurry_to("test", session=1)
    guest.see(guest.client.get(f"/p/{guest.key}"))
    guest.advance()
    assert guest.step == "screened-out"


def test_completed_and_returned_is_not_analysed_and_not_paid(panel, settle):
    guest = panel.send().finish()
    panel.come_back(guest)
    guest.submission["status"] = "RETURNED"
    found = settle()
    assert (found.n_excluded, found.n_freed, pays(found)) == (1, 1, ["none"])
    rows = status_of(panel.app, select(Decision.verdict, Decision.reasons, Decision.decided_by))
    assert [tuple(row) for row in rows] == [
        ("include", "", "rules"), ("exclude", "returned", "researcher"),
    ]  # fmt: skip
    with panel.app.app_context():
        assert ",completed,none,exclude,returned" in payments_csv()
    assert settle().n_excluded == 0


def test_completed_and_timed_out_is_kept_for_a_person_to_decide(panel, settle):
    guest = panel.send().finish()
    guest.submission["status"] = "TIMED-OUT"
    found = settle()
    assert (found.n_freed, pays(found)) == (0, ["look"])
    assert differences(found) == [
        "to be decided on by a person (1): ended here, and timed out at the panel."
    ]


def test_nobody_is_paid_twice(panel, settle):
    guest = panel.send().finish()
    panel.come_back(guest)
    second = dict(guest.submission, id="9" * 24)
    panel.submissions.append(second)
    assert sorted(pays(settle())) == ["full", "none"]
    guest.submission["status"] = "APPROVED"
    assert pays(settle()) == ["paid", "none"]
    with panel.app.app_context():
        assert ",completed,paid,include," in payments_csv()


def test_other_code_than_that_of_the_end_is_looked_at(panel, settle):
    guest = panel.send().finish()
    for code in ("", "C2SCREEN", "GUESSED"):
        guest.submission.update(status="AWAITING REVIEW", code=code)
        assert pays(settle()) == ["look"]


def test_code_without_a_participation_is_looked_at(panel, settle):
    panel.send().submission.update(status="AWAITING REVIEW", code="C1DONE77")
    panel.send().hurry_to("instructions").submission.update(status="AWAITING REVIEW", code="NOCODE")
    reasons = differences(settle())
    assert [reason.split(": ")[1] for reason in reasons] == [
        "sent in at the panel, and not begun here, or withdrawn.",
        "sent in at the panel, and not finished here.",
    ]


def test_who_withdrew_is_not_here(panel, settle, tmp_path):
    guest = panel.send().finish()
    panel.come_back(guest)
    key = guest.response.request.path.split("/")[2]
    from study_app.codes import withdrawal_code

    with panel.app.app_context():
        withdraw(withdrawal_code(key), tmp_path / "withdrawn")
    assert settle().counts == {("awaiting_review", "not here"): 1}


def test_who_is_not_in_the_export_is_counted(panel, settle):
    panel.send().hurry_to("instructions")
    panel.submissions.clear()
    assert differences(settle()) == ["here and not in the panel's export: 1."]


def test_dry_run_changes_nothing(panel, settle):
    guest = panel.send().hurry_to("test", session=1)
    guest.submission["status"] = "RETURNED"
    assert settle(is_dry=True).n_freed == 1
    assert held(panel.app) == 1
    rows = status_of(panel.app, select(Participation.panel_status))
    assert [tuple(row) for row in rows] == [(None,)]


def test_other_secret_is_refused(panel, tmp_path):
    panel.send().hurry_to("instructions")
    submissions, _ = read_submissions(panel.export(tmp_path / "p.csv"))
    with panel.app.app_context(), pytest.raises(SetupError, match=r"must be the one that .* with"):
        reconcile(submissions, secret="another secret of the tests")


def test_command_prints_both_sides_and_writes_payments(
    panel, make_short_app, tmp_path, monkeypatch, capsys
):
    panel.come_back(panel.send().finish())
    panel.send().hurry_to("test", session=1).submission["status"] = "RETURNED"
    file = panel.export(tmp_path / "prolific.csv")
    monkeypatch.setenv("STUDY_SECRET_KEY", panel.app.config["SECRET_KEY"])
    monkeypatch.setenv("STUDY_PANEL", write_usual(tmp_path, "prolific"))
    words = ["reconcile", str(file), "--database", str(make_short_app.file)]
    out = tmp_path / "pay.csv"
    assert main([*words, "--out", str(out)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["awaiting", "review", "0", "0", "0", "1"] in lines
    assert ["returned", "0", "1", "0", "0"] in lines
    assert ["places", "given", "back:", "1"] in lines
    with out.open(newline="") as rows:
        payments = list(csv.DictReader(rows))
    assert [(row["pay"], row["here"]) for row in payments] == [
        ("full", "completed"), ("none", "in_progress"),
    ]  # fmt: skip
    assert out.stat().st_mode & 0o077 == 0
    assert "p0001" not in out.read_text()
    assert main([*words, "--out", str(out)]) == 1
    assert "payments must be a new file; got" in capsys.readouterr().err
    file.write_text("Status\nACTIVE\n")
    assert main(words) == 1
    assert capsys.readouterr().err.count("\n") == 1
