"""People with the keyboard alone take part in all three tasks, as the study is deployed."""

from collections import Counter

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from study_app.models import Response
from tests.study_app.deployed import has_nginx
from tests.study_app.keyboard import LAST_BUTTON, Typist
from tests.study_app.test_browser_bucket import SEEN, TOLD

pytestmark = [pytest.mark.slow, has_nginx]

SIZES = {"phone": (390, 844), "desktop": (1440, 900)}
TASKS = ({"utility"}, {"intruder", "binary_choice"})  # of the two studies


@pytest.fixture
def person(deployed, browser, size, language):
    width, height = SIZES[size]
    window = browser.new_context(
        viewport={"width": width, "height": height}, ignore_https_errors=True
    )
    window.set_default_timeout(30_000)
    page = window.new_page()
    page.goto(deployed.url)
    yield Typist(page, deployed.bundle, language=language)
    window.close()


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("size", SIZES)
def test_keyboard_alone_leads_to_the_code(deployed, person):
    page, said = person.page, []
    page.on("pageerror", lambda error: said.append(str(error)))
    person.take_part()
    row = person.participation(deployed)
    answers = deployed.rows(select(Response).filter_by(participation_id=row.id))
    assert row.status == "completed"
    assert page.locator(".completion-code").text_content() == row.completion_code
    assert max(Counter((each.step, each.item) for each in answers).values()) == 1
    scored = [each for each in answers if each.session]
    assert scored and all(each.is_correct and each.rt_ms > 0 for each in scored)
    shown = Counter(task for step, task in person.seen if step == "test")
    wanted = {task for task in shown if task is not None}
    assert wanted in TASKS and sum(shown.values()) >= len(scored)
    assert said == []


@pytest.mark.parametrize(
    ("deployed", "size", "language"),
    [("bundle_path", "phone", "fr"), ("bundle_path", "desktop", "en")],
    indirect=["deployed"],
)
def test_people_wait_for_a_bucket_and_a_process_that_are_away(
    deployed, person, s3_server, language
):
    person.take_part(until="practice-intro")
    for file in deployed.kept_pictures():
        file.unlink()
    with s3_server.away():
        person.keys.press("Tab")
        person.tab(lambda: person.page.evaluate(LAST_BUTTON), "the button")
        person.keys.press("Enter")
        expect(person.page.locator(".study-notice")).to_contain_text(TOLD[language])
        assert person.page.locator("main").get_attribute("data-step") == "training"
        assert person.page.evaluate(SEEN) == "hidden"
    person.page.wait_for_selector("main form button:enabled")
    assert person.page.evaluate(SEEN) == "visible"
    deployed.kill_app(0)
    person.take_part()
    assert person.participation(deployed).status == "completed"
    deployed.start_app(0)
