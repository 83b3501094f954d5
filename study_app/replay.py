"""A participant's path, from the event log alone.

Every page that a participant comes to leaves one event with its step's key (`SHOWN`), so the path
can be read off; and what happened on the way stands between these, so that the state machine can
say whether the path is one that the study has.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stimuli_builder.bundle import Manifest
from study_app.errors import ConflictError
from study_app.protocol import Facts, following
from study_app.steps import CONSENT, SCREENED_OUT, Step, parse_step
from study_app.trials import UNDRAWN, Draw

SHOWN: Final = ("page_shown", "trial_shown")
PRACTICE: Final = {"practice_passed": True, "practice_failed": False}
QUIZ: Final = ("quiz_passed", "quiz_failed")
OF_THE_PAGE: Final = (  # what can happen on the page alone that was shown last
    "ineligible",
    *PRACTICE,
    *QUIZ,
    "assigned",
    "place_lost",
    "place_regained",
)


@dataclass(frozen=True, kw_only=True)
class Logged:
    """An event, as far as the path needs it.

    Attributes
    ----------
    name
        One of `study_app.columns.EVENT_NAMES`.
    step
        Key of the step it belongs to, or None.
    detail
        Of ``assigned``: condition, list and order seed, as a JSON array.
    """

    name: str
    step: str | None
    detail: str | None


def path_of(events: Sequence[Logged]) -> list[Step]:
    """Return the pages that a participant came to.

    Parameters
    ----------
    events
        Of one participation, in order.

    Returns
    -------
    list[Step]
        From the consent page to the last one shown.
    """
    shown = [parse_step(each.step) for each in events if each.name in SHOWN and each.step]
    return [CONSENT, *shown]


def check_path(study: Manifest, events: Sequence[Logged]) -> None:
    """Make sure that an event log tells a way through a study.

    Parameters
    ----------
    study
        The bundle's manifest.
    events
        Of one participation, in order.

    Raises
    ------
    ConflictError
        If a page was shown that does not follow from what happened before, or something happened
        on another page than the one shown last.
    """
    draw, here, is_passed = UNDRAWN, CONSENT, False
    since: list[Logged] = []  # the page before
    for event in events:
        since.append(event)
        if event.name in OF_THE_PAGE and event.step not in (None, here.key):
            raise ConflictError(
                f"{event.name} must be of the page shown last, {here.key}; "
                f"got {event.step} in the log."
            )
        if event.name == "assigned":
            draw = _drawn(event, draw)
        elif event.name in PRACTICE:
            is_passed = PRACTICE[event.name]
        elif event.name in SHOWN and event.step is not None:
            facts = _facts(study, since, draw, is_passed=is_passed)
            lost_place = draw != UNDRAWN and event.step == SCREENED_OUT.key
            expected = SCREENED_OUT if lost_place else following(study, here, facts).step
            if event.step != expected.key:
                raise ConflictError(
                    f"step after {here.key} must be {expected.key}; got {event.step} in the log."
                )
            here, since = expected, []


def _drawn(event: Logged, draw: Draw) -> Draw:
    if not event.detail:
        return draw
    condition, list_name, order_seed = json.loads(event.detail)
    return Draw(condition=condition, list_name=list_name, order_seed=order_seed)


def _facts(study: Manifest, since: Sequence[Logged], draw: Draw, *, is_passed: bool) -> Facts:
    """Read what the state machine must know off the events since the last page."""
    names = {event.name for event in since}
    n_right = study.rules.practice_min_correct if is_passed else 0
    if names.intersection(QUIZ):
        n_right = study.rules.quiz_min_correct if "quiz_passed" in names else -1
    return Facts(
        draw=draw,
        n_right=n_right,
        is_eligible="ineligible" not in names,
        has_place=since[-1].step != SCREENED_OUT.key,
    )
