from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from study_app.extensions import db, limiter
from study_app.models import Participation, Response, Withdrawal
from study_app.services.study import prepare_database
from study_app.services.transactions import writing


@pytest.fixture(autouse=True)
def _fresh_limits(app):
    limiter.reset()


def send(walker, code):
    walker.see(walker.client.get("/withdraw"))
    return walker.client.post("/withdraw", data={"csrf_token": walker.token, "code": code})


def test_every_page_offers_to_withdraw_and_the_code_is_filled_in(walker):
    walker.walk_to("test", session=1)
    code = walker.page.select_one(".withdrawal-code").text
    walker.see(walker.client.get("/withdraw"))
    assert walker.form.find("input", {"name": "code"})["value"] == code


def test_withdrawal_deletes_and_lets_the_browser_go(app, walker):
    walker.walk_to("test", session=1)
    address, code = f"/p/{walker.key}", walker.page.select_one(".withdrawal-code").text
    answer = send(walker, code)
    assert (answer.status_code, "Your answers are deleted" in answer.text) == (200, True)
    assert walker.client.get(address).status_code == 404
    with app.app_context():
        rows = [db.session.scalar(select(func.count(t.id))) for t in (Participation, Response)]
        assert Path(app.config["STUDY_WITHDRAWALS"]).is_file()
    assert rows == [0, 0]


def test_code_works_from_another_browser_which_keeps_its_own_place(make_walker):
    mine, other = make_walker(), make_walker()
    for each in (mine, other):
        each.advance()
    address, code = f"/p/{mine.key}", mine.page.select_one(".withdrawal-code").text
    kept = f"/p/{other.key}"
    assert send(other, code).status_code == 200
    assert mine.client.get(address).status_code == 404
    assert other.client.get("/").location == kept


def test_wrong_codes_are_refused_and_slowed(walker):
    answers = [send(walker, f"CODE-{n}") for n in range(22)]
    assert [each.status_code for each in answers] == [404] * 20 + [429] * 2
    assert "There are no answers with this code" in answers[0].text


def test_withdrawal_without_a_code_says_so(walker):
    assert send(walker, "").status_code == 404


@pytest.mark.parametrize("path", ["/withdraw", "/nothing-here", "/p/unknown"])
def test_pages_beside_the_study_say_whom_to_ask_and_what_is_stored(client, path):
    page = client.get(path).text
    assert "lab@example.org" in page
    assert "Answers are stored for ten years" in page


def withdrawn_elsewhere(make_walker):
    """Take part, and withdraw in another browser."""
    mine = make_walker().walk_to("test", session=1)
    code = mine.page.select_one(".withdrawal-code").text
    assert send(make_walker(), code).status_code == 200
    return mine, code


def test_who_withdrew_elsewhere_can_agree_again_and_withdraw_again(app, bundle, make_walker):
    walker, code = withdrawn_elsewhere(make_walker)
    walker.see(walker.client.get("/"))
    walker.walk_to("test", session=1)
    again = walker.page.select_one(".withdrawal-code").text
    assert again != code
    with app.app_context():
        prepare_database(bundle)
    walker.walk_to("debriefing")
    assert [send(walker, each).status_code for each in (again, code)] == [200, 200]
    with app.app_context():
        counts = [db.session.scalar(select(func.count(t.id))) for t in (Participation, Withdrawal)]
        prepare_database(bundle)
    assert counts == [0, 2]


def test_consent_page_from_before_a_withdrawal_leads_to_a_new_one(app, make_walker):
    walker = make_walker()
    fields = walker.fields()
    walker.walk_to("test", session=1)
    assert send(make_walker(), walker.page.select_one(".withdrawal-code").text).status_code == 200
    walker.see(walker.client.post("/consent", data=fields))
    assert walker.step == "consent"
    for _ in range(2):
        walker.client.post("/consent", data=fields)
    with app.app_context():
        assert db.session.scalar(select(func.count(Participation.id))) == 1


def test_new_answers_outlive_a_restart_on_a_database_that_knows_of_no_withdrawal(
    app, bundle, make_walker
):
    walker, _ = withdrawn_elsewhere(make_walker)
    with app.app_context(), writing():
        db.session.execute(delete(Withdrawal))  # as in a copy from before the consent
    walker.see(walker.client.get("/"))
    walker.walk_to("test", session=1)
    with app.app_context():
        prepare_database(bundle)
    assert walker.client.get(f"/p/{walker.key}").status_code == 200
