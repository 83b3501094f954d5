"""One simulated participant, from the link to the end of its visit.

It is given the server's address and nothing else of the study: what it knows is on the pages. The
times it reports are those that study.js would measure, drawn from its generator.
"""

from typing import Final, Literal

import numpy as np

from study_app.simulation.browser import Browser, Line
from study_app.simulation.comparing import choose_group, choose_odd
from study_app.simulation.errors import PageError
from study_app.simulation.kinds import Kind
from study_app.simulation.learner import Learner, draw_traits
from study_app.simulation.quiz import choose_answer, rate_choices
from study_app.simulation.reading import Page
from study_app.simulation.sight import Sight

Outcome = Literal["finished", "screened_out", "left", "withdrawn"]
Fields = list[tuple[str, str]]

ORIENT_MS: Final = 1500.0  # before the first glance on a training page
GLANCE_MS: Final = 300.0
ANSWER_MS: Final = 2800.0
LOOK_UP_MS: Final = 4500.0  # with the reservoir open
CLICK_MS: Final = 450.0  # of one who does not look
TIME_SPREAD: Final = 0.35  # standard deviation of a time's logarithm
LOOK_UP_SHARE: Final = 0.2  # of the new images that make an attentive participant look up others
LEAVES_BEFORE: Final = 0.9  # of the progress bar
MAX_PAGES: Final = 2000
MANY: Final = 100
NO_WORDS: Final = "a program has no words for it"


class Participant:
    """A simulated participant.

    Parameters
    ----------
    base_url
        The participants' link.
    kind
        How it behaves.
    generator
        Its own; everything it does by chance is drawn from it.
    line
        Connections and pictures shared with others.
    """

    def __init__(
        self, base_url: str, *, kind: Kind, generator: np.random.Generator, line: Line
    ) -> None:
        self.kind = kind
        self._browser = Browser(base_url, line)
        self._generator = generator
        self._learner = Learner(draw_traits(generator), generator)
        self._pace = float(np.exp(0.25 * generator.standard_normal()))
        self._leaving = generator.random()
        self._leaves_at: float | None = None
        self._instructions = ""
        self._tried: dict[str, set[int]] = {}
        self._sent: dict[str, int] = {}

    def take_part(self) -> Outcome:
        """Go through the study.

        Returns
        -------
        Outcome
            How the visit ended.

        Raises
        ------
        PageError
            If a page cannot be had, or is none that a participant knows.
        """
        page = self._browser.begin(self.kind.name)
        for _ in range(MAX_PAGES):
            if page.step == "debriefing":
                return "finished"
            if page.step == "screened-out":
                return "screened_out"
            if self._is_leaving(page):
                return "left"
            if self.kind.withdraws and page.step == "test" and page.is_session:
                self._browser.withdraw()
                return "withdrawn"
            page = self._send(page)
        raise PageError(f"study must end within {MAX_PAGES} pages; got to {page.step}.")

    def _send(self, page: Page) -> Page:
        """Send what the page asks for: once, twice as it is, or first from this tab of two."""
        fields = self._fields(page)
        if self.kind.habit == "two_tabs":
            self._browser.send(page, fields)
            fields = [
                ("answer_key", f"second-tab-{self._generator.integers(10**12):012d}"),
                *fields,
            ]
            return self._browser.send(page, fields)
        if self.kind.habit == "double_click":
            self._browser.send(page, fields)
        return self._browser.send(page, fields)

    def _is_leaving(self, page: Page) -> bool:
        if not (self.kind.leaves and page.is_session):
            return False
        if self._leaves_at is None:
            begin = min(page.progress, LEAVES_BEFORE)
            self._leaves_at = begin + self._leaving * (LEAVES_BEFORE - begin)
        return page.progress >= self._leaves_at

    def _fields(self, page: Page) -> Fields:
        match page.step:
            case "instructions":
                self._instructions = page.text
                return []
            case "training":
                return self._train(page)
            case "test":
                chosen = self._compare(page) if page.options else self._answer(page)
                return [*chosen, *self._confidence(page)]
            case "eligibility" | "questionnaire":
                return self._reply(page)
            case "quiz":
                return self._answer_quiz(page)
            case "practice-intro" | "practice-result" | "session-intro":
                return []
        raise PageError(f"page must be one of the study's; got {page.step!r}.")

    def _train(self, page: Page) -> Fields:
        pictures = [self._browser.look_at(address) for address in page.pictures]
        if self.kind.strategy == "click" and page.is_session:
            return [("looking_ms", self._draw_ms(CLICK_MS))]
        n_glances = self._learner.study(pictures, page.answer)
        return [("looking_ms", self._draw_ms(ORIENT_MS + GLANCE_MS * n_glances))]

    def _answer(self, page: Page) -> Fields:
        strategy = self.kind.strategy if page.is_session else "learn"
        picture = self._browser.look_at(page.image)
        if strategy == "click":
            choice = int(self._generator.integers(len(page.choices)))
            return [("choice", page.value_of(choice)), ("looking_ms", self._draw_ms(CLICK_MS))]
        is_known = self._learner.knows(picture)
        times = [float(self._draw_ms(ANSWER_MS))]
        if is_known or self._generator.random() < LOOK_UP_SHARE:
            times.append(float(self._draw_ms(LOOK_UP_MS)))
        if is_known:
            choice = page.choices.index(self._look_up(page, picture.identity))
        else:
            choice = self._choose(page, picture)
        return [
            ("choice", page.value_of(choice)),
            ("looking_ms", f"{sum(times):.1f}"),
            *(("reservoir_ms", f"{opened:.1f}") for opened in times[1:]),
        ]

    def _compare(self, page: Page) -> Fields:
        """Choose among pictures."""
        choice = self._choose_option(page)
        is_clicking = page.is_session and self.kind.strategy == "click"
        median_ms = CLICK_MS if is_clicking else ANSWER_MS
        return [("choice", page.value_of(choice)), ("looking_ms", self._draw_ms(median_ms))]

    def _choose(self, page: Page, picture: Sight) -> int:
        """Answer an image that was not seen before; kinds that do not learn do so by chance."""
        if self.kind.strategy == "learn" or not page.is_session:
            return self._learner.choose(picture, page.choices)
        return int(self._generator.integers(len(page.choices)))

    def _choose_option(self, page: Page) -> int:
        """Choose among the pictures of a page; kinds that do not look do so by chance."""
        seen = [[self._browser.look_at(each) for each in option] for option in page.options]
        if self.kind.strategy != "learn" and page.is_session:
            return int(self._generator.integers(len(seen)))
        if page.has_image:
            return choose_group(self._browser.look_at(page.image), seen, self._generator)
        return choose_odd([option[0] for option in seen], self._generator)

    def _confidence(self, page: Page) -> Fields:
        if not page.confidence:
            return []
        level = int(self._generator.integers(len(page.confidence)))
        return [("confidence", page.confidence[level])]

    def _reply(self, page: Page) -> Fields:
        """Answer every question; where one decides who takes part, with the first choice."""
        fields = []
        for field in page.fields:
            value = NO_WORDS
            if field.kind == "radio":
                drawn = int(self._generator.integers(len(field.values)))
                value = field.values[0 if page.step == "eligibility" else drawn]
            elif field.kind == "number":
                low = field.low or 0
                high = low + MANY if field.high is None else field.high
                value = str(self._generator.integers(low, high, endpoint=True))
            fields.append((field.name, value))
        return fields

    def _look_up(self, page: Page, identity: str) -> str:
        """Open the reservoir, and return the answer beside the picture with the same pixels."""
        for example in page.reservoir:
            sights = (self._browser.look_at(address) for address in example.pictures)
            if any(sight.identity == identity for sight in sights):
                return example.answer
        raise PageError("reservoir must hold every image of the training pages; got one without.")

    def _answer_quiz(self, page: Page) -> Fields:
        everything = [choice for question in page.questions for choice in question.choices]
        fields = []
        for question in page.questions:
            tried = self._tried.setdefault(question.name, set())
            if question.is_wrong:
                tried.add(self._sent[question.name])
            scores = rate_choices(
                question.choices, instructions=self._instructions, all_choices=everything
            )
            choice = question.right
            if choice is None:
                choice = choose_answer(scores, tried=tried, generator=self._generator)
            self._sent[question.name] = choice
            fields.append((question.name, question.values[choice]))
        return fields

    def _draw_ms(self, median_ms: float) -> str:
        factor = np.exp(TIME_SPREAD * self._generator.standard_normal())
        return f"{median_ms * self._pace * factor:.1f}"
