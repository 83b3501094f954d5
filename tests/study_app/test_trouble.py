"""The disk is full, the database is away: people are asked to wait, and go on with nothing lost."""

import psycopg
import pytest
from sqlalchemy import event, func, select

from study_app.app import create_app
from study_app.extensions import db
from study_app.models import Event, Response
from study_app.services.study import prepare_database
from tests.study_app.conftest import close, study_settings
from tests.study_app.walker import Walker


def n_rows(app):
    with app.app_context():
        return [db.session.scalar(select(func.count(table.id))) for table in (Response, Event)]


def resent(walker, answer):
    """Return the fields that the page of an error sends again, for people without scripts."""
    walker.see(answer)
    inputs = walker.form.find_all("input")
    return {field["name"]: field["value"] for field in inputs}


def test_full_disk_asks_to_wait_and_the_same_answer_is_stored_later(app, walker):
    walker.walk_to("test", session=1)
    url, fields, before = walker.url, walker.fields(), n_rows(app)
    with app.app_context():
        engine = db.engine
        engine.dispose()
        event.listen(engine, "connect", limit_pages)
    answer = walker.client.post(url, data=fields)
    for _ in range(300):  # the last pages of the file take a few answers
        if answer.status_code == 503:
            break
        walker.see(walker.client.get(f"/p/{walker.key}"))
        url, fields, before = walker.url, walker.fields(), n_rows(app)
        answer = walker.client.post(url, data=fields)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Nothing was lost" in answer.text
    assert n_rows(app) == before
    again = resent(walker, answer)
    assert again == fields
    event.remove(engine, "connect", limit_pages)
    engine.dispose()
    walker.see(walker.client.post(url, data=again))
    walker.walk_to("debriefing")
    assert n_rows(app)[0] == 4 + 2 + 3 * 8


def limit_pages(connection, _record):
    """Let the file grow by nothing, as on a full disk."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages}")


@pytest.mark.slow
def test_database_that_is_away_comes_back_with_nothing_lost(postgresql, bundle, tmp_path):
    url, admin = postgresql("away"), postgresql("admin_of_away")
    settings = study_settings(bundle, tmp_path / "x") | {
        "STUDY_DATABASE_URL": url,
        "STUDY_WITHDRAWALS": str(tmp_path / "withdrawn"),
    }
    app = create_app(settings)
    with app.app_context():
        prepare_database(bundle)
    walker = Walker(app.test_client(), bundle).walk_to("test", session=1)
    url, fields = walker.url, walker.fields()
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'away'"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(end)  # as a restart does: connections are replaced unseen
        assert walker.client.get(f"/p/{walker.key}").status_code == 200
        connection.execute("ALTER DATABASE away ALLOW_CONNECTIONS false")
        connection.execute(end)
        answers = [
            walker.client.get(f"/p/{walker.key}"),
            walker.client.post(url, data=fields),
            walker.client.get("/"),
        ]
        assert [answer.status_code for answer in answers] == [503, 503, 503]
        connection.execute("ALTER DATABASE away ALLOW_CONNECTIONS true")
    walker.see(walker.client.post(url, data=fields))
    assert walker.main["data-position"] == "2"
    walker.walk_to("debriefing")
    close(app)
