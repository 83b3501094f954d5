"""People with a browser take part in the other tasks, and in a study that asks everything."""

import json
import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from stimuli_builder.bundle import read_bundle
from study_app.models import Event, Participation, Reply, Response
from tests.study_app.live_server import LiveServer
from tests.study_app.studies import MINIMUM_MS, asking, write_changed

HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
}"""
GO_ELSEWHERE = """what => {
    document.hasFocus = () => what === 'focus' || what === 'blur within the page';
    window.dispatchEvent(new Event(what.split(' ')[0]));
}"""
GONE_ON = """left => {
    const form = document.querySelector('main form');
    const isReady = !document.querySelector('main form button:disabled');
    return (form?.getAttribute('action') ?? '') !== left && isReady;
}"""
REPLIES = {"adult": "yes", "expertise": "layman", "gender": "o"}


class Person:
    """A browser window on a study, and what a person does there."""

    def __init__(self, browser, server, bundle, *, width=1280, height=800, scripts=True):
        self.server, self.bundle = server, bundle
        size = {"width": width, "height": height}
        self.window = browser.new_context(viewport=size, java_script_enabled=scripts)
        self.window.set_default_timeout(15_000)
        self.page = self.window.new_page()
        self.page.goto(server.url)

    @property
    def step(self):
        return self.page.locator("main").get_attribute("data-step")

    @property
    def address(self):
        forms = self.page.locator("main form")
        return forms.first.get_attribute("action") if forms.count() else ""

    def fill_in(self):
        """Fill in the page, and return what is to be clicked."""
        page = self.page
        match self.step:
            case "quiz":
                for item, index in self.bundle.answers.quiz.items():
                    page.locator(f"input[name={item}][value='{index}']").check()
            case "eligibility" | "questionnaire":
                for name, value in REPLIES.items():
                    for field in page.locator(f"input[name={name}][value={value}]").all():
                        field.check()
            case "test":
                return self._answer()
        return page.locator("main form button").last

    def _answer(self):
        name = self.page.locator("main").get_attribute("data-trial")
        answer = self.bundle.answers.trials[name].answer
        options = self.bundle.manifest.test_trials[name].options
        if options:
            picture = f"img[src='/media/{options[int(answer)].pictures[0]}']"
            choice = self.page.locator(f".option:has({picture})").first
        else:
            text = re.compile(rf"^\s*{answer}\s*$")
            choice = self.page.locator(".choices .btn").filter(has_text=text)
        if not self.page.locator("[name=confidence]").count():
            return choice
        choice.click()
        self.page.locator("label[for=confidence-3]").click()
        return self.page.locator("main form button").last

    def wait_for_next(self, left):
        self.page.wait_for_function(GONE_ON, arg=left)

    def advance(self):
        left = self.address
        self.page.wait_for_selector("main form button:enabled")
        self.fill_in().click()
        self.wait_for_next(left)

    def walk_to(self, part):
        """Go on until the page's address has a part, or to the end."""
        for _ in range(120):
            if part in self.address or self.step == part:
                return
            self.advance()
        raise AssertionError(f"never reached {part}; at {self.step}")

    def rows(self, table, **only):
        key = self.page.url.rsplit("/", 1)[-1]
        (row,) = self.server.rows(select(Participation).filter_by(key=key))
        return self.server.rows(select(table).filter_by(participation_id=row.id, **only))


@pytest.fixture
def serve(tmp_path):
    servers = []

    def start(bundle):
        servers.append(LiveServer(bundle.path, tmp_path))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_intruders_and_choices_with_two_cuts_and_a_restart(browser, serve, recursivity_path):
    bundle = read_bundle(recursivity_path)
    person = Person(browser, serve(bundle), bundle)
    for part in ("test.1.1.1", "questionnaire"):
        person.walk_to(part)
        left = person.address
        person.window.set_offline(True)
        person.fill_in().click()
        person.page.wait_for_selector(".study-notice:not([hidden])")
        person.window.set_offline(False)
        person.wait_for_next(left)
        if part == "test.1.1.1":
            person.walk_to("test.3.1.2")
            left = person.address
            person.server.stop()
            person.fill_in().click()
            person.page.wait_for_selector(".study-notice:not([hidden])")
            person.server.start()
            person.wait_for_next(left)
    person.walk_to("debriefing")
    responses = person.rows(Response)
    steps = [row.step for row in responses if row.phase == "test"]
    assert len(set(steps)) == len(steps) == 4 + 3
    assert all(row.rt_ms > 0 for row in responses if row.phase == "test")
    assert all(row.is_correct for row in responses)
    assert {row.question: row.value for row in person.rows(Reply)} == REPLIES


def test_people_without_scripts_choose_among_pictures(browser, serve, recursivity_path):
    bundle = read_bundle(recursivity_path)
    person = Person(browser, serve(bundle), bundle, scripts=False)
    for _ in range(40):
        if person.step == "debriefing":
            break
        person.fill_in().click()
    assert len([row for row in person.rows(Response) if row.phase == "test"]) == 7


@pytest.fixture
def asked(browser, serve, bundle, tmp_path):
    """A person in a study that asks everything."""
    everything = write_changed(tmp_path / "b", bundle, asking(bundle, minimum_ms=MINIMUM_MS))
    return Person(browser, serve(everything), everything, width=390, height=844)


def test_times_confidence_and_absence_are_measured(asked):
    asked.walk_to("training.0.1.1")
    asked.page.evaluate(HIDE, True)
    asked.page.wait_for_timeout(60)
    asked.page.evaluate(HIDE, False)
    asked.walk_to("test.0.1.1")
    asked.page.wait_for_selector("form.answer button:enabled")
    asked.page.keyboard.press("2")
    assert asked.page.locator("#choice-1").is_checked()
    before = asked.page.evaluate("performance.now()")
    asked.page.wait_for_timeout(400)
    asked.page.locator("label[for=confidence-3]").click()
    left = asked.address
    asked.page.locator("main form button").last.click()
    asked.wait_for_next(left)
    (row,) = asked.rows(Response)
    assert row.confidence == 3
    assert row.rt_ms <= before  # of the choice, and not of the confidence after it
    looked = [event.duration_ms for event in asked.rows(Event, name="training_left")]
    assert all(ms >= MINIMUM_MS for ms in looked)
    (away,) = asked.rows(Event, name="focus_lost")
    assert away.duration_ms > 0


def test_time_in_another_window_counts_once(asked):
    asked.walk_to("training.0.1.1")
    page = asked.page
    page.evaluate(GO_ELSEWHERE, "blur within the page")
    page.wait_for_timeout(30)
    page.evaluate(GO_ELSEWHERE, "focus")
    began = page.evaluate("performance.now()")
    page.evaluate(GO_ELSEWHERE, "blur")
    page.evaluate(HIDE, True)  # and made small there
    page.wait_for_timeout(60)
    page.evaluate(HIDE, False)  # to be seen beside the other, which has the focus still
    page.wait_for_timeout(60)
    page.evaluate(GO_ELSEWHERE, "focus")
    ended = page.evaluate("performance.now()")
    page.evaluate(GO_ELSEWHERE, "focus")
    asked.advance()
    (away,) = asked.rows(Event, name="focus_lost")
    assert 110 <= away.duration_ms <= ended - began


def test_outbox_holds_the_answers_of_several_pages(asked):
    asked.walk_to("training.0.1.1")
    key = asked.page.url.rsplit("/", 1)[-1]
    token = asked.page.locator("[name=csrf_token]").get_attribute("value")
    for at, position in ((1, 1), (2, 2)):
        answer_key = f"key-of-a-page-{position:02d}"
        fields = [["csrf_token", token], ["answer_key", answer_key], ["looking_ms", "700"]]
        entry = {"url": f"/p/{key}/training.0.1.{position}", "fields": fields, "key": answer_key}
        asked.page.evaluate(
            "([name, entry]) => localStorage.setItem(name, entry)",
            [f"study-outbox:/p/{key}:{answer_key}", json.dumps(entry | {"at": at})],
        )
    asked.page.wait_for_timeout(MINIMUM_MS)
    asked.page.reload()
    asked.page.wait_for_selector("main[data-step=test] form.answer button:enabled")
    assert len(asked.rows(Event, name="training_left")) == 2
    assert asked.page.evaluate("Object.keys(localStorage)") == []


def test_answer_given_elsewhere_first_is_said_to_count(asked):
    asked.walk_to("practice-intro")
    other = asked.window.new_page()
    other.goto(asked.page.url)
    other.wait_for_selector("main form button:enabled")
    asked.advance()
    other.locator("main form button").last.click()
    other.wait_for_selector("main[data-step=training]")
    expect(other.locator(".study-notice")).to_contain_text("first answer counts")


def test_longest_time_on_a_page_goes_on_by_itself(browser, serve, bundle, tmp_path):
    fixed = asking(bundle, minimum_ms=MINIMUM_MS, maximum_ms=MINIMUM_MS)
    study = write_changed(tmp_path / "b", bundle, fixed)
    person = Person(browser, serve(study), study)
    person.walk_to("practice-intro")
    person.fill_in().click()
    person.page.wait_for_selector("main[data-step=test] form.answer button:enabled")
    assert len(person.rows(Event, name="training_left")) == 2


def test_window_that_is_too_narrow_is_asked_to_be_wider(browser, serve, bundle, tmp_path):
    recruitment = replace(bundle.manifest.recruitment, min_width_px=800)
    manifest = replace(bundle.manifest, recruitment=recruitment)
    study = write_changed(tmp_path / "b", bundle, manifest)
    person = Person(browser, serve(study), study, width=390)
    assert person.page.locator(".too-narrow").is_visible()
    assert person.page.locator("main form").is_hidden()
    person.page.set_viewport_size({"width": 1000, "height": 800})
    person.page.wait_for_selector("main form button:visible")
    assert person.page.locator(".too-narrow").is_hidden()
