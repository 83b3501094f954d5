"""A panel's study on a real server: many at once over HTTP, and a person in a browser."""

import threading
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from sqlalchemy import func, select

from study_app.app import create_app
from study_app.extensions import db
from study_app.models import OutsideId, Participation, Study
from study_app.panels.prolific_export import read_submissions
from study_app.panels.settings import read_panel
from study_app.services.outside_ids import keep_id_key, other_databases
from study_app.services.reconciliation import differences, reconcile
from study_app.services.study import prepare_database
from tests.study_app.conftest import close, study_settings
from tests.study_app.crowd import HttpClient, at_once
from tests.study_app.live_server import LiveServer
from tests.study_app.panels.conftest import Guest
from tests.study_app.panels.fake_prolific import FakeProlific
from tests.study_app.panels.panel_files import (
    CODES,
    PERSON,
    PROLIFIC_LINK,
    write_panel,
    write_usual,
)
from tests.study_app.walker import Walker

N_OF_EACH = 4
QUOTA = 8  # of each of the two conditions
SIZES = {"phone": (390, 844), "tablet": (768, 1024), "desktop": (1440, 900)}


class HttpGuest(Walker):
    """A program that takes part by a link of a panel, over HTTP."""

    def __init__(self, url, bundle, link):
        self.client, self.bundle, self.received = HttpClient(url), bundle, []
        self.see(self.client.get(link))


@pytest.fixture
def serve(short, tmp_path):
    """Start a server of the short study on Prolific."""
    servers = []

    def start(*, is_simulated, n_workers):
        live = LiveServer(short.path, tmp_path, n_workers=n_workers)
        live.server = replace(
            live.server, panel=write_usual(tmp_path, "prolific"), is_simulated=is_simulated
        )
        with live.app.app_context():
            keep_id_key(live.server.secret_key)
            db.session.scalars(select(Study)).one().quota = QUOTA
            db.session.commit()
            db.session.remove()
        live.start()
        servers.append(live)
        return live

    yield start
    for live in servers:
        live.close()


def settle(live, panel, tmp_path):
    submissions, _ = read_submissions(panel.export(tmp_path / "prolific.csv"))
    with live.app.app_context():
        found = reconcile(
            submissions,
            secret=live.server.secret_key,
            panel=read_panel(write_usual(tmp_path, "prolific")),
        )
        db.session.remove()
    return found


@pytest.mark.slow
def test_life_cycle_of_many_at_once_agrees_on_both_sides(serve, short, tmp_path):
    live = serve(is_simulated=True, n_workers=2)
    panel, lock = FakeProlific(lambda link: HttpGuest(live.url, short, link)), threading.Lock()

    def send():
        with lock:  # Prolific numbers its submissions
            return panel.send()

    def look():
        send()

    def leave(status):
        guest = send()
        guest.advance(kind="leaver")
        guest.walk_to("test", session=1)
        guest.submission["status"] = status

    def finish(*, right):
        guest = send()
        guest.advance(kind="learner" if right else "guesser")
        guest.walk_to("debriefing" if right else "screened-out", right=right)
        panel.come_back(guest)

    kinds = [
        look,
        lambda: leave("ACTIVE"),
        lambda: leave("RETURNED"),
        lambda: leave("TIMED-OUT"),
        lambda: finish(right=True),
        lambda: finish(right=False),
    ]
    at_once([kind for kind in kinds for _ in range(N_OF_EACH)])
    found = settle(live, panel, tmp_path)
    assert found.counts == {
        ("active", "not here"): N_OF_EACH,
        ("active", "in_progress"): N_OF_EACH,
        ("returned", "in_progress"): N_OF_EACH,
        ("timed_out", "in_progress"): N_OF_EACH,
        ("awaiting_review", "completed"): N_OF_EACH,
        ("screened_out", "screened_out"): N_OF_EACH,
    }
    for status, name in [("RETURNED", "returned"), ("SCREENED OUT", "screened_out")]:
        here = sum(n for (there, _), n in found.counts.items() if there == name)
        assert here == panel.count(status)
    assert found.n_freed == 2 * N_OF_EACH
    assert differences(found) == []
    pays = [each.pay for each in found.payments]
    assert {pay: pays.count(pay) for pay in set(pays)} == {
        "full": N_OF_EACH, "paid": N_OF_EACH, "none": 4 * N_OF_EACH,
    }  # fmt: skip
    (n_stored,) = live.rows(select(func.count()).select_from(OutsideId))
    assert n_stored == 5 * N_OF_EACH


@pytest.mark.slow
def test_person_comes_and_goes_by_prolific_in_a_browser(serve, short, browser, tmp_path):
    live = serve(is_simulated=False, n_workers=1)
    context = browser.new_context(viewport={"width": 390, "height": 844})
    came_back = []
    context.route(
        "https://app.prolific.com/**",
        lambda route: (came_back.append(route.request), route.fulfill(body="Thank you"))[1],
    )
    page = context.new_page()
    page.goto(live.url)
    assert "Please open the study from Prolific" in page.locator("main").text_content()
    assert_pleasant(page, tmp_path / "incomplete")
    page.goto(live.url + PROLIFIC_LINK.format(PERSON)[1:])
    page.locator("main form button").click()
    page.wait_for_url("**/p/*")
    key = page.url.rsplit("/", 1)[-1]
    guest = Guest.__new__(Guest)
    guest.client, guest.bundle, guest.app, guest.received = (
        HttpClient(live.url),
        short,
        live.app,
        [],
    )
    guest.see(guest.client.get(f"/p/{key}"))
    guest.hurry_to()
    page.reload()
    assert_pleasant(page, tmp_path / "debriefing")
    page.locator(".leave a").click()
    page.wait_for_url("https://app.prolific.com/**")
    assert came_back[0].url.endswith(f"cc={CODES['completed']}")
    assert "referer" not in came_back[0].headers
    other = browser.new_context(viewport={"width": 390, "height": 844})
    taken = other.new_page()
    taken.goto(live.url + PROLIFIC_LINK.format(PERSON)[1:])
    assert "has already taken part" in taken.locator("main").text_content()
    assert_pleasant(taken, tmp_path / "taken")
    (n_rows,) = live.rows(select(func.count()).select_from(Participation))
    assert n_rows == 1
    for opened in (context, other):
        opened.close()


def assert_pleasant(page, pictures):
    """Nothing serious for a screen reader, nothing wider than the window, at three sizes."""
    pictures.mkdir()
    for name, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=pictures / f"{name}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []


@pytest.mark.slow
def test_postgresql_knows_people_again_and_gives_places_back(postgresql, short, tmp_path):
    addresses = [postgresql("first"), postgresql("second")]
    apps = []
    for number, address in enumerate(addresses):
        setting = write_panel(
            tmp_path / f"{number}.toml", "prolific", once_across=addresses[:number], codes=CODES
        )
        settings = study_settings(short, tmp_path / "unused")
        apps.append(
            create_app(
                settings
                | {
                    "STUDY_DATABASE_URL": address,
                    "STUDY_WITHDRAWALS": str(tmp_path / "none"),
                    "STUDY_PANEL": setting,
                }
            )
        )
        with apps[-1].app_context():
            prepare_database(short, quota=1)
            others = other_databases(apps[-1].extensions["study_panel"].once_across)
            keep_id_key(apps[-1].config["SECRET_KEY"], others)
    first, second = apps
    panel = FakeProlific(lambda link: Guest(first, short, link))
    guest = panel.send().hurry_to("test", session=1)
    panel.come_back(panel.send().hurry_to())
    assert panel.send().hurry_to("test", session=1).step == "screened-out"
    guest.submission["status"] = "RETURNED"
    submissions, _ = read_submissions(panel.export(tmp_path / "prolific.csv"))
    with first.app_context():
        assert reconcile(submissions, secret=first.config["SECRET_KEY"]).n_freed == 1
        assert reconcile(submissions, secret=first.config["SECRET_KEY"]).n_freed == 0
    assert panel.send().hurry_to("test", session=1).step == "test"
    known = PROLIFIC_LINK.format(guest.submission["person"])
    assert second.test_client().get(known).status_code == 409
    assert second.test_client().get(PROLIFIC_LINK.format(PERSON)).status_code == 200
    for app in apps:
        close(app)
