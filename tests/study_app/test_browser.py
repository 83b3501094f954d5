"""People with a real browser take part: with and without scripts, with a bad network."""

import re
from collections import Counter

import pytest
from axe_playwright_python.sync_playwright import Axe
from sqlalchemy import select

from study_app.models import Event, Participation, Response
from tests.study_app.live_server import LiveServer

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
N_RESPONSES = 4 + 2 + 3 * 8
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def server(bundle_path, tmp_path_factory):
    live = LiveServer(bundle_path, tmp_path_factory.mktemp("live"))
    live.start()
    yield live
    live.close()


@pytest.fixture
def context(browser):
    """A browser window of desktop size with cookies of its own."""
    opened = browser.new_context(viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(15_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context, server):
    shown = context.new_page()
    shown.goto(server.url)
    return shown


def step_of(page):
    return page.locator("main").get_attribute("data-step")


def address(page):
    return page.evaluate("document.querySelector('main form')?.getAttribute('action') ?? ''")


def wait_for_next(page, left):
    page.wait_for_function(
        """left => {
            const form = document.querySelector('main form');
            return (form?.getAttribute('action') ?? '') !== left
                && !document.querySelector('main form button:disabled');
        }""",
        arg=left,
    )


def fill_in(page, bundle, *, right=True):
    """Fill in the page's form as a person would, and return the button to be pressed."""
    step = step_of(page)
    if step == "quiz":
        for item, index in bundle.answers.quiz.items():
            page.locator(f"input[name={item}][value='{index}']").check()
    if step == "test":
        answer = bundle.answers.trials[page.locator("main").get_attribute("data-trial")].answer
        is_answer = re.compile(f"^{answer}$")
        locator = page.locator("form.answer button")
        return locator.filter(**{"has_text" if right else "has_not_text": is_answer})
    return page.locator("main form button").last


def advance(page, bundle, **how):
    left = address(page)
    fill_in(page, bundle, **how).click()
    wait_for_next(page, left)


def walk_to(page, bundle, step, session=None):
    for _ in range(120):
        is_there = session is None or f"{step}.{session}." in address(page)
        if step_of(page) == step and is_there:
            return
        advance(page, bundle)
    raise AssertionError(f"never reached {step}; at {step_of(page)}")


def participation_of(server, page):
    key = page.url.rsplit("/", 1)[-1]
    (row,) = server.rows(select(Participation).filter_by(key=key))
    return row


def responses_of(server, page):
    row = participation_of(server, page)
    return server.rows(select(Response).filter_by(participation_id=row.id))


def assert_whole(server, page):
    """Every answer is there once, and the code shown is the stored one."""
    row, responses = participation_of(server, page), responses_of(server, page)
    assert len({(each.step, each.item) for each in responses}) == len(responses) == N_RESPONSES
    assert row.status == "completed"
    assert page.locator(".completion-code").text_content() == row.completion_code


def test_person_takes_part_with_a_bad_network_and_a_reload(server, page, context, bundle):
    walk_to(page, bundle, "test", session=1)
    trial = page.locator("main").get_attribute("data-trial")
    page.reload()
    assert page.locator("main").get_attribute("data-trial") == trial
    page.wait_for_selector("form.answer button:enabled")

    left = address(page)
    context.set_offline(True)
    fill_in(page, bundle).click()
    page.wait_for_selector(".study-notice:not([hidden])")
    assert "No connection" in page.locator(".study-notice").text_content()
    context.set_offline(False)
    wait_for_next(page, left)
    assert page.locator(".study-notice").is_hidden()

    walk_to(page, bundle, "training", session=2)
    left = address(page)
    server.stop()
    fill_in(page, bundle).click()
    page.wait_for_selector(".study-notice:not([hidden])")
    server.start()
    wait_for_next(page, left)

    walk_to(page, bundle, "debriefing")
    assert_whole(server, page)
    tests = [each for each in responses_of(server, page) if each.phase == "test"]
    assert all(each.rt_ms > 0 for each in tests)
    assert all(each.server_rt_ms >= each.rt_ms * 0.9 for each in tests)
    row = participation_of(server, page)
    looked = server.rows(
        select(Event).filter_by(participation_id=row.id, name="training_left", session=1)
    )
    assert len(looked) == 5
    assert all(event.duration_ms > 0 for event in looked)


def test_answer_of_a_closed_tab_is_sent_when_the_page_is_opened_again(
    server, page, context, bundle
):
    walk_to(page, bundle, "test", session=1)
    context.set_offline(True)
    fill_in(page, bundle).click()
    page.wait_for_selector(".study-notice:not([hidden])")
    page.close()
    context.set_offline(False)

    again = context.new_page()
    again.goto(server.url)
    again.wait_for_selector("main[data-position='2'] form.answer button:enabled")
    (answer,) = [each for each in responses_of(server, again) if each.phase == "test"]
    assert answer.rt_ms > 0


def test_reply_that_is_lost_does_not_store_twice(server, page, bundle):
    walk_to(page, bundle, "test", session=1)
    left, n_sent = address(page), []

    def lose_first_reply(route):
        n_sent.append(1)
        if len(n_sent) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route(f"**{left}", lose_first_reply)
    fill_in(page, bundle).click()
    wait_for_next(page, left)
    assert len(n_sent) == 2
    assert Counter(each.step for each in responses_of(server, page))["test.1.1.1"] == 1


def test_cookies_deleted_in_the_middle_lose_nothing(server, page, context, bundle):
    walk_to(page, bundle, "test", session=1)
    context.clear_cookies()
    advance(page, bundle)
    assert page.locator("main").get_attribute("data-position") == "2"


def test_double_clicks_and_tabs_are_harmless(server, page, context, bundle):
    walk_to(page, bundle, "test", session=1)
    other = context.new_page()
    other.goto(page.url)
    other.wait_for_selector("form.answer button:enabled")
    left = address(page)
    fill_in(page, bundle).dblclick()
    wait_for_next(page, left)
    here = page.locator("main").get_attribute("data-trial")
    fill_in(other, bundle, right=False).click()
    other.wait_for_function(
        "trial => document.querySelector('main').dataset.trial === trial", arg=here
    )
    other.close()
    walk_to(page, bundle, "debriefing")
    assert_whole(server, page)
    (first,) = [each for each in responses_of(server, page) if each.step == "test.1.1.1"]
    assert first.is_correct


def test_keyboard_alone_is_enough(server, page, bundle):
    for _ in range(60):
        step, left = step_of(page), address(page)
        if step == "test":
            break
        page.locator("main h1").focus()
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.tagName")
        assert focused == "BUTTON", (step, focused)
        page.keyboard.press("Enter")
        wait_for_next(page, left)
    page.keyboard.press("2")
    wait_for_next(page, left)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait_for_next(page, address(page) and left)
    assert [each.choice for each in responses_of(server, page)][0] == "Square"


def test_going_back_leads_to_the_same_page(server, page, bundle):
    walk_to(page, bundle, "test")
    advance(page, bundle)
    here = address(page)
    page.go_back()  # to the consent page, which leads on to where the participant is
    page.wait_for_selector("main[data-step=test]")
    assert address(page) == here
    advance(page, bundle)
    assert len(responses_of(server, page)) == 2


def test_going_back_without_scripts_leads_to_the_same_page(server, browser, bundle):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url)
    while step_of(page) != "test":
        fill_in(page, bundle).click()
    fill_in(page, bundle).click()
    action = page.locator("main form").get_attribute("action")
    for _ in range(2):
        page.go_back()
        assert page.locator("main form").get_attribute("action") == action
    fill_in(page, bundle).click()
    assert len(responses_of(server, page)) == 2
    context.close()


def test_reservoir_is_logged_with_its_time(server, page, bundle):
    walk_to(page, bundle, "test", session=1)
    page.locator("details.reservoir summary").click()
    page.wait_for_selector("details.reservoir figure.example >> nth=4")
    page.wait_for_timeout(120)
    advance(page, bundle)
    row = participation_of(server, page)
    (opened,) = server.rows(
        select(Event).filter_by(participation_id=row.id, name="reservoir_opened")
    )
    assert 50 < opened.duration_ms < 10_000


@pytest.mark.slow
def test_person_without_scripts_takes_part(server, browser, bundle):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url)
    while step_of(page) != "debriefing":
        fill_in(page, bundle).click()
    row = participation_of(server, page)
    responses = responses_of(server, page)
    assert (row.status, len(responses)) == ("completed", N_RESPONSES)
    assert all(each.rt_ms is None for each in responses)
    context.close()


def serious_violations(page):
    found = Axe().run(page).response["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in SERIOUS]


@pytest.mark.parametrize("size", [pytest.param("desktop", marks=pytest.mark.slow), "phone"])
def test_every_page_is_accessible_and_fits(server, browser, bundle, size):
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height})
    arms, seen = set(), set()
    while len(arms) < 2:
        context.clear_cookies()
        page = context.new_page()
        page.goto(server.url)
        for _ in range(30):
            kind = (step_of(page), page.locator("section.explanation").count())
            if kind not in seen:
                seen.add(kind)
                check_page(page, height)
            if step_of(page) == "test" and "test.1." in address(page):
                break
            if step_of(page) == "training" and "training.1." in address(page):
                arms.add(page.locator("section.explanation").count())
            advance(page, bundle)
        page.locator("details.reservoir summary").click()
        check_page(page, height)
        page.close()
    assert {"consent", "instructions", "practice-intro", "training", "test", "quiz"} <= {
        step for step, _ in seen
    }
    context.close()


def check_page(page, height):
    assert serious_violations(page) == []
    too_wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(too_wide) == 0
    if step_of(page) in ("test", "training"):
        image = page.locator(".trial-image > img.stimulus").bounding_box()
        button = page.locator("main form button").last.bounding_box()
        assert image["y"] >= 0
        assert button["y"] + button["height"] <= height


@pytest.mark.parametrize("path", ["admin/login", "admin", "admin/texts", "nothing-here"])
def test_other_pages_are_accessible(server, browser, path):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{server.url}admin/login")
    if path.startswith("admin") and path != "admin/login":
        page.fill("#name", "admin")
        page.fill("#password", server.password)
        page.locator("form button").click()
        page.wait_for_selector("#live")
    page.goto(f"{server.url}{path}")
    assert serious_violations(page) == []
    context.close()


def test_end_pages_are_accessible(server, page, bundle):
    walk_to(page, bundle, "test")
    while step_of(page) != "screened-out":
        advance(page, bundle, right=False)
    assert serious_violations(page) == []


@pytest.mark.slow
def test_console_stays_silent(server, context, bundle):
    messages = []
    page = context.new_page()
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(server.url)
    walk_to(page, bundle, "debriefing")
    assert serious_violations(page) == []
    assert messages == []
