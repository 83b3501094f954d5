"""Coming by a panel's link and going back, with the real parameters of each panel."""

import shutil
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from study_app.app import create_app
from study_app.cli import panel_path
from study_app.errors import SetupError
from study_app.extensions import db
from study_app.models import Event, OutsideId, Participation
from study_app.panels.arrivals import read_arrival
from study_app.panels.settings import SHIPPED, read_panel
from study_app.services.outside_ids import keep_id_key
from study_app.services.study import prepare_database
from tests.study_app.conftest import close, study_settings
from tests.study_app.panels.conftest import Guest
from tests.study_app.panels.panel_files import (
    CODES,
    LINKS,
    OTHER,
    PERSON,
    PROLIFIC_LINK,
    WAYS_BACK,
    write_panel,
    write_usual,
)
from tests.study_app.studies import asking, write_changed
from tests.study_app.walker import Walker

CHATS = [
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "WhatsApp/2.23.20.0",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
]


def n_rows(app):
    with app.app_context():
        tables = (Participation, OutsideId, Event)
        return [db.session.scalar(select(func.count()).select_from(table)) for table in tables]


def way_back(guest):
    button = guest.main.select_one(".leave a")
    return button and button["href"]


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "volunteers"])
def test_panel_leads_in_by_its_parameters_and_back_by_its_address(name, panel_app, short):
    app = panel_app(name)
    guest = Guest(app, short, LINKS[name]).finish()
    assert way_back(guest) == WAYS_BACK[name]
    code = guest.main.select_one(".completion-code")
    assert code.text == CODES["completed"] if name == "prolific" else len(code.text) == 10
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(OutsideId)) == 1


def test_volunteers_come_by_a_plain_link_and_say_who_they_are(short, tmp_path):
    study = write_changed(tmp_path / "asking", short, asking(short))
    app = create_app(study_settings(study, tmp_path / "v.sqlite") | {"STUDY_PANEL": "volunteers"})
    with app.app_context():
        prepare_database(study)
    guest = Guest(app, study, "/").walk_to("eligibility")
    assert guest.form.find(attrs={"name": "expertise"})
    guest.hurry_to()
    assert way_back(guest) is None
    assert guest.main.select_one(".completion-code") is None
    close(app)


def test_each_end_has_its_own_code_and_shows_no_other(prolific, short):
    done = Guest(prolific, short, PROLIFIC_LINK.format("a" * 24)).walk_to("debriefing")
    out = Guest(prolific, short, PROLIFIC_LINK.format("b" * 24)).hurry_to(right=False)
    careless = Guest(prolific, short, PROLIFIC_LINK.format("c" * 24)).hurry_to("session-intro")
    careless.hurry_to(right=False)
    guests = {"completed": done, "screened_out": out, "attention": careless}
    for end, guest in guests.items():
        address = urlsplit(way_back(guest))
        assert (address.netloc, address.path) == ("app.prolific.com", "/submissions/complete")
        assert parse_qs(address.query) == {"cc": [CODES[end]]}
        *before, last = guest.received
        assert not [code for code in CODES.values() for page in before if code in page.text]
        others = set(CODES.values()) - {CODES[end]}
        assert not [code for code in others if code in last.text]


def test_sona_code_waits_in_the_participants_browser_alone(panel_app, short, make_short_app):
    app = panel_app("sona")
    Guest(app, short, "/?survey_code=48213").finish()
    for file in make_short_app.file.parent.glob("study.sqlite*"):
        assert b"48213" not in file.read_bytes()


def test_sona_participant_in_another_browser_gets_a_code(panel_app, short):
    app = panel_app("sona")
    guest = Guest(app, short, "/?survey_code=48213").finish()
    elsewhere = app.test_client().get(f"/p/{guest.response.request.path.split('/')[2]}")
    assert elsewhere.status_code == 200
    assert "sona-systems" not in elsewhere.text
    assert "completion-code" in elsewhere.text


@pytest.mark.parametrize(
    "link",
    [
        "/",
        f"/?PROLIFIC_PID={PERSON}",
        PROLIFIC_LINK.format("{{%PROLIFIC_PID%}}"),
        PROLIFIC_LINK.format(""),
        PROLIFIC_LINK.format(PERSON) + f"&PROLIFIC_PID={OTHER}",
        PROLIFIC_LINK.format("x" * 500),
        LINKS["sona"],
    ],
)
def test_link_without_the_panels_parameters_is_told_and_records_nothing(link, prolific):
    client = prolific.test_client()
    answer = client.get(link)
    assert answer.status_code == 400
    assert "Please open the study from Prolific" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert n_rows(prolific) == [0, 0, 0]


def test_preview_of_a_task_on_mechanical_turk_records_nothing(panel_app):
    link = LINKS["mturk"].replace("3OHYZ19UG2NAXHXWT8ABCDEFGHIJKL", "ASSIGNMENT_ID_NOT_AVAILABLE")
    assert panel_app("mturk").test_client().get(link).status_code == 400


@pytest.mark.parametrize("agent", CHATS)
def test_chat_that_shows_the_link_burns_nothing(agent, prolific):
    answer = prolific.test_client().get(LINKS["prolific"], headers={"User-Agent": agent})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert 'action="/consent"' not in answer.text
    assert n_rows(prolific) == [0, 0, 0]


def test_looking_first_does_not_keep_a_person_out(prolific, short):
    client = prolific.test_client()
    assert client.head(LINKS["prolific"]).status_code == 200
    for name in ("Sec-Purpose", "Purpose", "X-Moz"):
        fetched = client.get(LINKS["prolific"], headers={name: "prefetch;prerender"})
        assert (fetched.status_code, fetched.text) == (503, "")
    for _ in range(3):
        assert "Set-Cookie" not in client.head(LINKS["prolific"]).headers
    guest = Guest(prolific, short, LINKS["prolific"])
    guest.advance()
    assert guest.step == "instructions"
    assert n_rows(prolific)[:2] == [1, 1]


def test_everybody_takes_part_once(prolific, short):
    first = Guest(prolific, short, LINKS["prolific"])
    waiting = Guest(prolific, short, LINKS["prolific"])
    first.advance()
    again = prolific.test_client().get(LINKS["prolific"])
    assert again.status_code == 409
    assert "has already taken part" in again.text
    waiting.advance()  # saw the consent page before the first one agreed
    assert waiting.response.status_code == 409
    assert n_rows(prolific)[:2] == [1, 1]
    back = first.client.get(LINKS["prolific"])
    assert back.location.startswith("/p/")


def test_consent_without_a_number_is_refused(make_short_app, tmp_path, short):
    before = Walker(make_short_app().test_client(), short)  # saw the page before there was a panel
    app = make_short_app(write_usual(tmp_path, "prolific"))
    client = app.test_client()
    client.set_cookie("study", before.client.get_cookie("study").value)
    answer = client.post("/consent", data=before.fields())
    assert answer.status_code == 400
    assert "This link is not complete" in answer.text


def test_next_person_at_a_laboratorys_computer_begins_anew(panel_app, short):
    app = panel_app("sona")
    first = Guest(app, short, "/?survey_code=48213").finish()
    client = first.client
    first.see(client.get("/?survey_code=48214"))
    assert first.step == "consent"
    first.finish()
    assert way_back(first).endswith("survey_code=48214")
    assert n_rows(app)[:2] == [2, 2]


@pytest.fixture
def two_studies(make_short_app, prepared_short, short, tmp_path):
    """Two studies on one panel, of which the second takes nobody of the first."""
    first = make_short_app(write_usual(tmp_path, "prolific"))
    other = tmp_path / "second.sqlite"
    shutil.copy(prepared_short, other)
    setting = write_panel(
        tmp_path / "second.toml",
        "prolific",
        once_across=[str(make_short_app.file)],
        codes=CODES,
    )
    settings = study_settings(short, other) | {"STUDY_PANEL": setting}
    second = create_app(settings)
    for app in (first, second):
        with app.app_context():
            keep_id_key(app.config["SECRET_KEY"])
    yield first, second
    close(second)


def test_everybody_takes_part_once_across_studies(two_studies, short):
    first, second = two_studies
    early = Guest(second, short, LINKS["prolific"])  # opens both links before agreeing to either
    Guest(first, short, LINKS["prolific"]).advance()
    assert second.test_client().get(LINKS["prolific"]).status_code == 409
    early.advance()
    assert early.response.status_code == 409
    assert "a study like this one" in early.main.text
    assert n_rows(second) == [0, 0, 0]
    Guest(second, short, PROLIFIC_LINK.format(OTHER)).advance()
    assert n_rows(second)[:2] == [1, 1]


def test_other_key_would_know_nobody_and_is_refused(two_studies, short, make_short_app):
    first, second = two_studies
    Guest(first, short, LINKS["prolific"]).advance()
    with first.app_context(), pytest.raises(SetupError, match=r"STUDY_SECRET_KEY must be the one"):
        keep_id_key("another secret of the tests")
    (address,) = second.extensions["study_others"]
    with second.app_context():
        keep_id_key(second.config["SECRET_KEY"], [address])
        with pytest.raises(SetupError, match=r"database study\.sqlite must have been served with"):
            keep_id_key("another secret of the tests", [address])


def test_other_study_must_be_there(make_short_app, tmp_path):
    setting = write_panel(tmp_path / "p.toml", "prolific", once_across=["none.sqlite"], codes=CODES)
    with pytest.raises(SetupError, match=r"once_across must name databases; got .*/none\.sqlite"):
        make_short_app(setting)


def test_other_study_that_is_away_lets_nobody_in_and_says_to_wait(two_studies, make_short_app):
    _, second = two_studies
    make_short_app.file.rename(make_short_app.file.with_suffix(".away"))
    answer = second.test_client().get(LINKS["prolific"])
    assert answer.status_code == 503
    assert str(make_short_app.file.parent) not in answer.text
    assert not make_short_app.file.exists()


def test_arrival_keeps_what_the_end_needs_and_no_more(tmp_path):
    from werkzeug.datastructures import MultiDict

    panel = read_panel(write_usual(tmp_path, "prolific"))
    query = MultiDict(parse_qs(urlsplit(LINKS["prolific"]).query))
    arrival = read_arrival(panel, query)
    assert (arrival.participant, arrival.kept) == (PERSON, {})
    changed = replace(arrival, participant=None)
    assert changed.participant is None


def test_panel_is_found_by_every_process(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STUDY_PANEL", raising=False)
    assert panel_path("panel.toml") == str(tmp_path / "panel.toml")
    assert (panel_path("volunteers"), panel_path(None)) == ("volunteers", "")
