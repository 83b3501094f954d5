"""People with a browser take part in the other tasks, and in a study that asks everything."""

import json
import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from stimuli_builder.bundle import read_bundle
from study_app.models import Event, Participation, Reply, Response, Submission
from tests.small_recursivity import write_small_recursivity
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
        self.server, self.bundle, self.scripts = server, bundle, scripts
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

    def go_on(self):
        """Fill in the page and press, with scripts or without."""
        if self.scripts:
            self.advance()
        else:
            self.fill_in().click()
            self.page.wait_for_load_state()

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
        if table is Participation:
            return [row]
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


class Trouble:
    """What comes between a person and the server, and how a person gets over it.

    With scripts, the page sends until it is through; without, the browser says that it cannot, and
    the person opens the link again.
    """

    def __init__(self, person, *, scripts):
        self.person, self.scripts = person, scripts
        self.met = []

    def cut(self):
        """Lose the network before the answer has left."""
        left = self._press(lambda: self.person.window.set_offline(True))
        self.person.window.set_offline(False)
        self._get_over(left, is_stored=False)

    def restart(self):
        """Meet a server that is not there, and comes back."""
        left = self._press(self.person.server.stop)
        self.person.server.start()
        self._get_over(left, is_stored=False)

    def lose_reply(self):
        """Lose the network once the answer has arrived, before the next page has."""
        page, lost = self.person.page, []

        def lose_first(route):
            if lost:
                route.continue_()
            else:
                lost.append(route.fetch(max_redirects=0).status)
                route.abort()

        page.route(f"**{self.person.address}", lose_first)
        left = self._press(lambda: None)
        self._get_over(left, is_stored=True)
        assert lost in ([200], [303])

    def _press(self, disturb):
        """Fill in the page, let something happen, and press; return where it was."""
        page, left, self.link = self.person.page, self.person.address, self.person.page.url
        button = self.person.fill_in()
        disturb()
        button.click()
        if self.scripts:
            page.wait_for_selector(".study-notice:not([hidden])")
        else:
            page.wait_for_url("chrome-error://**")
        return left

    def _get_over(self, left, *, is_stored):
        self.met.append(left)
        if self.scripts:
            self.person.wait_for_next(left)
            return
        self.person.page.goto(self.link)
        assert (self.person.address != left) == is_stored
        if not is_stored:
            self.person.go_on()


def test_people_without_scripts_choose_among_pictures(browser, serve, recursivity_path):
    bundle = read_bundle(recursivity_path)
    person = Person(browser, serve(bundle), bundle, scripts=False)
    for _ in range(40):
        if person.step == "debriefing":
            break
        person.fill_in().click()
    assert len([row for row in person.rows(Response) if row.phase == "test"]) == 7


@pytest.mark.slow
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("task", ["utility", "intruder", "binary_choice", "recursivity"])
def test_people_come_to_their_code_over_two_cuts_and_a_restart(
    browser, serve, bundle, tmp_path, task, scripts
):
    study = bundle if task == "utility" else write_small_recursivity(tmp_path / "b", task=task)
    person = Person(browser, serve(study), study, scripts=scripts)
    trouble = Trouble(person, scripts=scripts)
    coming = [trouble.cut, trouble.restart, trouble.lose_reply]
    assert person.step == "consent"
    for _ in range(120):
        if person.step == "debriefing":
            break
        in_sessions = person.step == "test" and "test.0." not in person.address
        (coming.pop(0) if in_sessions and coming else person.go_on)()
    assert len(set(trouble.met)) == 3
    (row,) = person.rows(Participation)
    assert row.status == "completed"
    assert person.page.locator(".completion-code").text_content() == row.completion_code
    check_answers(study, row, person.rows(Response), scripts=scripts)
    sent = [each.step for each in person.rows(Submission)]
    assert len(set(sent)) == len(sent)


def check_answers(study, participation, responses, *, scripts):
    """Every answer to every question is there once, is the right one, and has its times."""
    (mine,) = [each for each in study.manifest.lists if each.name == participation.list_name]
    asked = [name for session in mine.sessions for name in session.test]
    asked += [item.item for item in study.manifest.quiz]
    asked += study.manifest.practice.session.test
    assert sorted(each.item for each in responses) == sorted(asked)
    assert all(each.is_correct for each in responses)
    times = [each.rt_ms for each in responses if each.phase == "test"]
    assert all((ms is not None and ms > 0) == scripts for ms in times)


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
