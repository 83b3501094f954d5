from dataclasses import replace

import pytest
from sqlalchemy import select

from study_app.errors import BadPayloadError, ConflictError, NotFoundError
from study_app.extensions import db
from study_app.models import Decision, Participation, Slot
from study_app.payments import payments_csv
from study_app.services.decisions import decide, decide_outstanding
from study_app.services.participations import find_participation
from study_app.services.submissions import leave_step
from study_app.steps import parse_step
from tests.study_app.services.test_submissions import KEY, begin, go_to, sent_at

pytestmark = pytest.mark.usefixtures("context")


def finish(bundle, key=KEY, **how):
    """Take part to the end, with the same answers' time and correctness in every session."""
    begin(bundle, key)
    go_to(bundle, key, "session-intro", session=1)
    participation = find_participation(key)
    while not (step := parse_step(participation.step)).is_end:
        sent = sent_at(bundle, step, participation.draw, **how)
        participation = leave_step(bundle, key, step, sent).participation
    return participation


def screen_out(bundle, key=KEY):
    participation = begin(bundle, key)
    while not (step := parse_step(participation.step)).is_end:
        sent = sent_at(bundle, step, participation.draw, right=False)
        participation = leave_step(bundle, key, step, sent).participation
    return participation


def decisions():
    return [
        (row.verdict, row.reasons, row.decided_by)
        for row in db.session.scalars(select(Decision).order_by(Decision.id))
    ]


def holders():
    return list(db.session.scalars(select(Slot.participation_id).order_by(Slot.number)))


def with_rules(bundle, **rules):
    manifest = replace(bundle.manifest, rules=replace(bundle.manifest.rules, **rules))
    return replace(bundle, manifest=manifest)


def test_good_participation_is_included_and_keeps_its_place(bundle):
    assert finish(bundle).verdict == "include"
    assert decisions() == [("include", "", "rules")]
    assert holders()[0] == 1


def test_failed_catch_trials_exclude_and_pay_in_full(bundle):
    row = finish(bundle, right=False)
    assert decisions() == [("exclude", "catch", "rules")]
    assert (row.status, holders()[0]) == ("completed", None)
    assert f"p0001,{row.completion_code},completed,full,exclude,catch" in payments_csv()


def test_fast_answers_and_time_away_are_judged_by_the_sessions(bundle):
    strict = with_rules(bundle, fast_answer_ms=300, max_fast_share=0.5, max_away_s=1)
    finish(strict, looking_ms=10.0, away_ms=(900.0,))
    assert decisions() == [("exclude", "fast_answers away", "rules")]


def test_without_scripts_the_servers_clock_judges(bundle):
    strict = with_rules(bundle, fast_answer_ms=10**8, max_fast_share=0.5)
    finish(strict)
    assert decisions() == [("exclude", "fast_answers", "rules")]


def test_screening_is_a_verdict_of_its_own_and_pays_in_part(bundle):
    row = screen_out(bundle)
    assert decisions() == [("screen_out", "practice", "rules")]
    assert f"p0001,{row.completion_code},screened_out,part,screen_out,practice" in payments_csv()


def test_rejection_is_a_researchers_alone_and_is_not_paid(bundle):
    code = finish(bundle).completion_code
    row = decide(bundle, "p0001", verdict="reject", reason="automated", note="by its times")
    assert (row.verdict, holders()[0]) == ("reject", None)
    assert decisions()[-1] == ("reject", "automated", "researcher")
    assert payments_csv().splitlines()[1:] == [f"p0001,{code},completed,none,reject,automated"]


def test_researcher_includes_after_all_and_a_place_is_taken_again(bundle):
    finish(bundle, right=False)
    assert decide(bundle, "p0001", verdict="include", reason="other").verdict == "include"
    assert [holder for holder in holders() if holder is not None] == [1]


@pytest.mark.parametrize(
    ("name", "verdict", "reason", "error", "message"),
    [
        ("p0001", "forgive", "other", BadPayloadError, "verdict must be one of .*; got 'forgive'"),
        ("p0001", "reject", "catch", BadPayloadError, "reason to reject must be .*; got 'catch'"),
        ("p0009", "reject", "automated", NotFoundError, "participant must be .*; got 'p0009'"),
        ("1", "reject", "automated", NotFoundError, "got '1'"),
        ("p" + "9" * 60, "reject", "automated", NotFoundError, "got 'p9"),
        ("p0001", "include", "other", ConflictError, "must be completed to include it"),
        ("p0002", "reject", "automated", ConflictError, "p0002 must have ended; it is in progress"),
    ],
)
def test_decision_that_cannot_be_made_is_refused(bundle, name, verdict, reason, error, message):
    screen_out(bundle)
    begin(bundle, "o" * 24)
    with pytest.raises(error, match=message):
        decide(bundle, name, verdict=verdict, reason=reason)
    assert len(decisions()) == 1


def test_note_that_is_too_long_is_refused(bundle):
    with pytest.raises(BadPayloadError, match="note must have at most 500 letters; got 501"):
        decide(bundle, "p0001", verdict="reject", reason="automated", note="x" * 501)


def test_participations_of_the_first_release_get_their_verdicts(bundle):
    row = finish(bundle)
    row.verdict = None
    db.session.query(Decision).delete()
    db.session.commit()
    assert [decide_outstanding(bundle), decide_outstanding(bundle)] == [1, 0]
    assert db.session.scalars(select(Participation.verdict)).one() == "include"


def test_payments_name_nobody_without_a_code(bundle):
    begin(bundle)
    header = "participant,completion_code,status,pay,verdict,reasons\n"
    assert payments_csv() == header
