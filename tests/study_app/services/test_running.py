import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from study_app.errors import ConflictError, SetupError
from study_app.extensions import db
from study_app.models import Action
from study_app.services.participations import Visitor, begin_participation
from study_app.services.running import change_state, fix_plan, state_of_study
from study_app.services.study import read_study
from study_app.services.withdrawals import withdraw


def test_study_is_open_paused_open_and_closed(context):
    assert state_of_study() == "open"
    for action, state in [("paused", "paused"), ("resumed", "open"), ("closed", "closed")]:
        assert change_state(action).is_new
        assert state_of_study() == state


def test_what_is_so_already_is_not_done_again(context):
    assert not change_state("resumed").is_new
    first = change_state("paused", by="mira")
    again = change_state("paused", by="vera")
    assert (again.is_new, again.by, again.at) == (False, "mira", first.at)


def test_closing_is_final(context):
    change_state("closed", by="mira")
    with pytest.raises(ConflictError, match="a closed study must stay closed; got one that mira"):
        change_state("resumed")


def test_of_two_who_close_at_once_one_does(app):
    def close(name):
        with app.app_context():
            try:
                return change_state("closed", by=name)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        changes = list(pool.map(close, ["a", "b", "c", "d"]))
    assert sum(change.is_new for change in changes) == 1
    closer = next(change.by for change in changes if change.is_new)
    assert {change.by for change in changes} == {closer}
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Action)) == 1


def test_plan_is_fixed_by_its_hash_before_the_first_participant(context, tmp_path, make_walker):
    plan, other = tmp_path / "plan.md", tmp_path / "other.md"
    plan.write_text("We compare."), other.write_text("We compare what differs.")
    assert fix_plan(other) == hashlib.sha256(b"We compare what differs.").hexdigest()
    fixed = fix_plan(plan)
    make_walker().walk_to("instructions")
    assert fix_plan(plan) == fixed  # as when the server starts again
    with pytest.raises(SetupError, match="before the first participant; got another one after 1"):
        fix_plan(other)
    assert (read_study().plan_file, read_study().plan_sha256) == ("plan.md", fixed)


def test_plan_stays_fixed_where_the_first_participant_withdrew(app, tmp_path, make_walker):
    plan, other = tmp_path / "plan.md", tmp_path / "other.md"
    plan.write_text("We compare.")
    other.write_text("We compare what differs.")
    person = make_walker().walk_to("instructions")
    code = person.page.select_one(".withdrawal-code").text
    with app.app_context():
        withdraw(code, tmp_path / "journal")
        with pytest.raises(SetupError, match="before the first participant"):
            fix_plan(plan)


def test_nobody_begins_once_the_study_is_closed(context, bundle):
    change_state("closed")
    with pytest.raises(ConflictError, match="study must be open to begin; got one that is closed"):
        begin_participation(bundle.manifest, "k" * 24, Visitor(is_simulated=False))


def test_plan_that_cannot_be_read_is_refused(context, tmp_path):
    with pytest.raises(SetupError, match="analysis plan must be a readable file"):
        fix_plan(tmp_path / "none.md")
