"""Somebody who takes part with the keyboard alone, in either language."""

from sqlalchemy import select

from study_app.models import Participation

REPLIES = {"adult": "yes", "expertise": "layman", "gender": "o"}
MOST_TABS = 120
READY = """left => {
    const main = document.querySelector('main');
    const form = main?.querySelector('form');
    const isNext = (form?.getAttribute('action') ?? '') !== left;
    return main !== null && isNext && !document.querySelector('main form button:disabled');
}"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LAST_BUTTON = """() => {
    const buttons = [...document.querySelectorAll('main form button')];
    return document.activeElement === buttons.at(-1);
}"""


class Typist:
    """A browser window, and somebody without a mouse in front of it.

    Presses Tab, Enter, the space bar, arrows and digits; the page is read by its elements.
    """

    def __init__(self, page, bundle, *, language):
        self.page, self.bundle, self.language = page, bundle, language
        self.keys = page.keyboard
        self.seen = []

    @property
    def step(self):
        return self.page.locator("main").get_attribute("data-step")

    @property
    def task(self):
        return self.page.locator("main").get_attribute("data-task")

    @property
    def address(self):
        forms = self.page.locator("main form")
        return forms.first.get_attribute("action") if forms.count() else ""

    def take_part(self, *, until=None):
        """Choose the language, and go on to a step, or to the last page."""
        if self.page.locator("html").get_attribute("lang") != self.language:
            self.tab_to(f".study-languages a[lang={self.language}]")
            self.keys.press("Enter")
            self.page.wait_for_selector(f"html[lang={self.language}]")
        for _ in range(120):
            self.look()
            if not self.address or self.step == until:
                return
            self.go_on()
        raise AssertionError(f"never reached the end; at {self.step}")

    def look(self):
        """Note the page; it is in the language and no wider than the window."""
        self.seen.append((self.step, self.task))
        assert self.page.locator("html").get_attribute("lang") == self.language
        assert self.page.evaluate(WIDER) == 0

    def go_on(self):
        left = self.address
        match self.step:
            case "quiz":
                for item, index in self.bundle.answers.quiz.items():
                    self.choose(item, index)
            case "eligibility" | "questionnaire":
                self.reply()
            case "test":
                self.answer()
        if self.step != "test" or self.asks_confidence:
            self.tab(lambda: self.page.evaluate(LAST_BUTTON), "the last button")
            self.keys.press("Enter")
        self.page.wait_for_function(READY, arg=left)

    @property
    def asks_confidence(self):
        return self.page.locator("[name=confidence]").count() > 0

    def reply(self):
        for name, value in REPLIES.items():
            radios = self.page.locator(f"input[name={name}]")
            values = [each.get_attribute("value") for each in radios.all()]
            if value in values:
                self.choose(name, values.index(value))

    def answer(self):
        """Press the digit of the right choice."""
        trial = self.page.locator("main").get_attribute("data-trial")
        answer = self.bundle.answers.trials[trial].answer
        options = self.bundle.manifest.test_trials[trial].options
        if options:
            shown = self.page.locator(".option")
            picture = options[int(answer)].pictures[0]
            right = [each.locator(f"img[src='/media/{picture}']").count() for each in shown.all()]
            place = right.index(1)
        else:
            wanted = answer if self.language == "en" else f"{answer} ({self.language})"
            names = [name.strip() for name in self.page.locator(".choices .btn").all_inner_texts()]
            place = names.index(wanted)
        had_confidence = self.asks_confidence
        self.keys.press(str(place + 1))
        if had_confidence:
            self.choose("confidence", 2)

    def choose(self, name, index):
        """Go to a group of radio buttons, and with the arrows to one of them."""
        self.tab_to(f"input[name={name}]")
        self.keys.press("Space")
        for _ in range(index):
            self.keys.press("ArrowDown")
        checked = "name => [...document.getElementsByName(name)].findIndex(each => each.checked)"
        assert self.page.evaluate(checked, name) == index

    def tab_to(self, selector):
        at = "selector => document.activeElement.matches(selector)"
        self.tab(lambda: self.page.evaluate(at, selector), selector)

    def tab(self, is_there, name):
        for _ in range(MOST_TABS):
            if is_there():
                return
            self.keys.press("Tab")
        raise AssertionError(f"no way by Tab to {name} of {self.step}")

    def participation(self, server):
        key = self.page.url.rsplit("/", 1)[-1]
        (row,) = server.rows(select(Participation).filter_by(key=key))
        return row
