"""People with the keyboard alone take part in all three tasks, as the study is deployed."""

from collections import Counter

import pytest
from sqlalchemy import select

from study_app.models import Response
from tests.study_app.deployed import has_nginx
from tests.study_app.keyboard import Typist

pytestmark = [pytest.mark.slow, has_nginx]

SIZES = {"phone": (390, 844), "desktop": (1440, 900)}
TASKS = ({"utility"}, {"intruder", "binary_choice"})  # of the two studies


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("size", SIZES)
def test_keyboard_alone_leads_to_the_code(deployed, browser, size, language):
    width, height = SIZES[size]
    window = browser.new_context(
        viewport={"width": width, "height": height}, ignore_https_errors=True
    )
    window.set_default_timeout(30_000)
    page = window.new_page()
    said = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(deployed.url)
    person = Typist(page, deployed.bundle, language=language)
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
    window.close()
