import re

import pytest

from study_app.database import Base
from study_app.extensions import db
from study_app.protocol import plain_way
from tests.study_app.views.test_admin import send


@pytest.fixture
def link(admin, bundle):
    """The address of a preview's first page."""
    study = bundle.manifest
    made = send(admin, "/admin/previews", condition=study.conditions[-1], list=study.lists[0].name)
    assert made.status_code == 303
    return made.location


def rows(app):
    with app.app_context():
        tables = Base.metadata.sorted_tables
        return {table.name: db.session.execute(table.select()).all() for table in tables}


def test_every_page_is_shown_to_whoever_has_the_link_and_nothing_is_stored(app, link, bundle):
    before, client = rows(app), app.test_client()
    steps, address = [], link
    while True:
        page = client.get(address).text
        steps.append(re.search(r'data-step="([a-z-]+)"', page)[1])
        action = re.search(r'<form[^>]* action="([^"]+)"', page)
        if steps[-1] == "screened-out":
            break
        if action is None:  # the debriefing
            address = re.search(r'href="([^"]+)">Forward', page)[1]
            continue
        answer = client.post(action[1].replace("&amp;", "&"), data={"choice": "0"})
        assert answer.status_code == 303
        address = answer.location
    way = [step.kind for step in plain_way(bundle.manifest)]
    assert steps == [*way, "screened-out"]
    assert rows(app) == before


def test_explanations_are_those_of_the_condition(app, admin, bundle):
    study = bundle.manifest
    pages = {}
    for name in study.conditions:
        made = send(admin, "/admin/previews", condition=name, list=study.lists[0].name).location
        number = [step.kind for step in plain_way(study)].index("session-intro") + 2
        pages[name] = app.test_client().get(f"{made.rsplit('/', 1)[0]}/{number}").text
    assert "with-explanation" not in pages[study.conditions[0]]
    assert "with-explanation" in pages[study.conditions[-1]]


@pytest.mark.parametrize("page", ["0", "9999", "x"])
def test_pages_that_are_not_there_are_not_found(client, link, page):
    assert client.get(f"{link.rsplit('/', 1)[0]}/{page}").status_code == 404


def test_forged_links_are_not_found(client, link):
    assert client.get("/preview/forged/1").status_code == 404
    assert client.post("/preview/forged/2").status_code == 404


def test_other_conditions_are_refused(admin, bundle):
    answer = send(admin, "/admin/previews", condition="other", list="list-0")
    assert answer.status_code == 400
    assert "preview must be of a condition and a list of the study" in answer.text


def test_preview_needs_a_login_to_be_made(client):
    assert client.post("/admin/previews", data={}).status_code == 302
