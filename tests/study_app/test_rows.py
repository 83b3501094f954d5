import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from study_app import rows
from study_app.app import create_app
from study_app.config import sqlite_url
from study_app.rows import REMOVED, read_tables, without_names
from study_app.services.progress import read_times
from study_app.services.study import prepare_database
from tests.study_app.conftest import close, study_settings
from tests.study_app.walker import Walker


@pytest.mark.parametrize(
    "text",
    [
        "Ask ada@example.org",
        "call +49 30 1234567",
        "call (030) 123-4567",
        "see https://example.org/ada",
    ],
)
def test_what_leads_to_a_person_is_taken_out(text):
    assert without_names(text).endswith(REMOVED)


@pytest.mark.parametrize("text", ["snow, in 9 of 10 images", "The model uses snow.", ""])
def test_other_text_stays_as_it_is(text):
    assert without_names(text) == text


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def either(request, bundle, tmp_path):
    """An application on either database."""
    file = tmp_path / "either.sqlite"
    url = sqlite_url(file)
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql")(f"rows_{time.monotonic_ns()}")
    app = create_app(study_settings(bundle, file) | {"STUDY_DATABASE_URL": url})
    with app.app_context():
        prepare_database(bundle)
    yield app
    close(app)


def test_all_tables_are_of_one_moment(either, bundle, monkeypatch):
    monkeypatch.setattr(rows, "READ_AT_ONCE", 2)
    for _ in range(3):
        Walker(either.test_client(), bundle).walk_to("debriefing")
    tasks = rows._tasks

    def arrive_meanwhile(study):  # once the transaction has begun to read
        rows.db.session.execute(rows.select(rows.Participation.id)).all()
        with ThreadPoolExecutor(1) as pool:  # whose requests have sessions of their own
            pool.submit(lambda: Walker(either.test_client(), bundle).walk_to("quiz")).result()
        return tasks(study)

    monkeypatch.setattr(rows, "_tasks", arrive_meanwhile)
    with either.app_context():
        tables = read_tables(bundle)
    assert [row["participant"] for row in tables["participants"]] == ["p0001", "p0002", "p0003"]
    assert len(tables["responses"]) == 3 * (4 + 2 + 3 * 8)
    assert sum(row["began"] for row in tables["arms"]) == 3
    monkeypatch.setattr(rows, "_tasks", tasks)
    with either.app_context():
        assert len(read_tables(bundle)["participants"]) == 4


def test_medians_are_sorted_by_either_database(either, bundle):
    for _ in range(2):
        Walker(either.test_client(), bundle).walk_to("debriefing")
    with either.app_context():
        times = read_times(bundle.manifest)
    assert [each.n for each in times] == [1, 1]
    assert all(each.answer_s >= 0 for each in times)
