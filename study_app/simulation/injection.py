"""Effects of a known size: right answers by chance, as often as a kind says.

Whoever has an injected effect knows what is right, which no page tells, and answers right with the
probability of its kind; what it adds where training pages show an explanation is the effect. So
the accuracies that an export must come back with are known, and with them the Utility scores.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from stimuli_builder.bundle import Bundle
from study_app.simulation.browser import Line
from study_app.simulation.errors import PageError
from study_app.simulation.kinds import Kind
from study_app.simulation.participant import Fields, Participant
from study_app.simulation.reading import Page
from study_app.simulation.sight import Sight

SPREAD: Final = 0.08  # people differ by up to this, evenly, so that the mean is the kind's


def answer_key(bundle: Bundle) -> dict[str, str]:
    """Return what the right choice of each trial shows.

    Parameters
    ----------
    bundle
        The study, as it is written.

    Returns
    -------
    dict[str, str]
        Trial -> the class on its button, or the media name of the option's first picture.
    """
    trials = bundle.manifest.test_trials
    return {
        name: trials[name].options[int(right.answer)].pictures[0]
        if trials[name].options
        else right.answer
        for name, right in bundle.answers.trials.items()
        if name in trials
    }


class Informed(Participant):
    """A participant that knows what is right, and answers so as often as its kind says.

    Parameters
    ----------
    base_url
        The participants' link.
    kind
        With an accuracy and an effect.
    generator
        Its own.
    line
        Connections and pictures shared with others.
    key
        As `answer_key` returns it.
    """

    def __init__(
        self,
        base_url: str,
        *,
        kind: Kind,
        generator: np.random.Generator,
        line: Line,
        key: Mapping[str, str],
    ) -> None:
        super().__init__(base_url, kind=kind, generator=generator, line=line)
        self._key = key
        self._level = float(generator.uniform(-SPREAD, SPREAD))
        self._is_explained = False

    def _train(self, page: Page) -> Fields:
        self._is_explained |= page.is_session and page.is_explained
        return super()._train(page)

    def _choose(self, page: Page, picture: Sight) -> int:
        return self._inject(page) if page.is_session else super()._choose(page, picture)

    def _choose_option(self, page: Page) -> int:
        return self._inject(page) if page.is_session else super()._choose_option(page)

    def _inject(self, page: Page) -> int:
        """Answer right with the kind's probability, else by one of the wrong choices."""
        right = _right_place(page, self._key)
        wrong = [place for place in range(len(page.choices)) if place != right]
        share = share_right(self.kind, self._level, is_explained=self._is_explained)
        is_right = not wrong or self._generator.random() < share
        return right if is_right else int(self._generator.choice(wrong))


def share_right(kind: Kind, level: float, *, is_explained: bool) -> float:
    """Return the probability of a right answer.

    Parameters
    ----------
    kind
        With its accuracy and effect.
    level
        By how much the participant is better than its kind, whatever the condition.
    is_explained
        Whether training pages showed an explanation.

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    >>> from study_app.simulation.kinds import EFFECTS
    >>> [round(share_right(kind, 0.0, is_explained=True), 2) for kind in EFFECTS]
    [0.65, 0.8, 0.5]
    """
    share = kind.accuracy + level + (kind.effect if is_explained else 0.0)
    return min(max(share, 0.0), 1.0)


def _right_place(page: Page, key: Mapping[str, str]) -> int:
    right = key.get(page.trial, "")
    for place, choice in enumerate(page.choices):
        pictures = page.options[place] if page.options else ()
        if choice == right or any(each.endswith(f"/{right}") for each in pictures if right):
            return place
    raise PageError(f"page must offer the right choice of {page.trial!r}; got {page.choices}.")
