"""What a step shows and offers, in the order drawn for a participant. Pure, as the protocol."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from stimuli_builder.bundle import Manifest, Option, Session, TestTrial, TrainingTrial
from study_app.errors import ConflictError
from study_app.steps import Step

Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Draw:
    """What was drawn for a participation where its sessions began.

    Attributes
    ----------
    condition, list_name
        None before.
    order_seed
        Of the order of shuffled trials and options; None before, and where nothing is shuffled.
    """

    condition: str | None = None
    list_name: str | None = None
    order_seed: int | None = None


UNDRAWN: Final = Draw()


def sessions_of_list(study: Manifest, draw: Draw) -> tuple[Session, ...]:
    """Return the sessions of a participation's list.

    Parameters
    ----------
    study
        The bundle's manifest.
    draw
        The participation's.

    Returns
    -------
    tuple[Session, ...]
        In order.

    Raises
    ------
    ConflictError
        If the list is not drawn yet, or unknown.
    """
    for trial_list in study.lists:
        if trial_list.name == draw.list_name:
            return trial_list.sessions
    raise ConflictError(f"list must be one of the bundle; got {draw.list_name!r}.")


def session_of(study: Manifest, step: Step, draw: Draw) -> Session:
    """Return the session of a step: the practice's where it is 0.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        A step of the practice or of a session.
    draw
        The participation's.

    Returns
    -------
    Session
        With its trials as the bundle has them.

    Raises
    ------
    ConflictError
        If there is no such session, or the list is not drawn yet.
    """
    if step.session == 0:
        if study.practice is None:
            raise ConflictError(f"step must be one of a study with a practice; got {step.key}.")
        return study.practice.session
    sessions = sessions_of_list(study, draw)
    if step.session > len(sessions):
        raise ConflictError(f"session must be at most {len(sessions)}; got {step.session}.")
    return sessions[step.session - 1]


def training_of(study: Manifest, step: Step, draw: Draw) -> TrainingTrial:
    """Return the trial that a training step shows.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        A training step.
    draw
        The participation's.

    Returns
    -------
    TrainingTrial
        With every condition's explanation.

    Raises
    ------
    ConflictError
        If there is no such trial, or the list is not drawn yet.
    """
    return study.training_trials[trial_of(study, step, draw)]


def test_of(study: Manifest, step: Step, draw: Draw) -> TestTrial:
    """Return the trial that a test step shows.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        A test step.
    draw
        The participation's.

    Returns
    -------
    TestTrial
        With its options as the manifest has them.

    Raises
    ------
    ConflictError
        If there is no such trial, or the list is not drawn yet.
    """
    return study.test_trials[trial_of(study, step, draw)]


def trial_of(study: Manifest, step: Step, draw: Draw) -> str:
    """Return the name of the trial that a step shows.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        A training or test step.
    draw
        The participation's.

    Returns
    -------
    str
        Of the bundle.

    Raises
    ------
    ConflictError
        If there is no such trial, or the list is not drawn yet.
    """
    session = session_of(study, step, draw)
    trials: Sequence[str] = session.training
    if step.kind == "test":
        trials = session.test
        if session.trials_are_shuffled:
            trials = _mixed(trials, draw, f"{step.session}/")
    if not 1 <= step.position <= len(trials):
        raise ConflictError(f"position must be in [1, {len(trials)}]; got {step.position}.")
    return trials[step.position - 1]


def option_order(study: Manifest, step: Step, draw: Draw) -> list[int]:
    """Return the order in which a participant is shown the options of a test step.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        The trial's.
    draw
        The participation's.

    Returns
    -------
    list[int]
        Places in the manifest, in the order of the page; empty in a utility trial.
    """
    name = trial_of(study, step, draw)
    places = list(range(len(study.test_trials[name].options)))
    if not session_of(study, step, draw).options_are_shuffled:
        return places
    return _mixed(places, draw, f"{step.session}/{name}")


def options_shown(study: Manifest, step: Step, draw: Draw) -> list[Option]:
    """Return the options of a test step as a participant is shown them.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        The trial's.
    draw
        The participation's.

    Returns
    -------
    list[Option]
        In the order of the page; empty in a utility trial.
    """
    options = test_of(study, step, draw).options
    return [options[place] for place in option_order(study, step, draw)]


def choices_of(study: Manifest, step: Step, draw: Draw) -> list[str]:
    """Return what can be answered at a test step, as it is stored, in the order of the page.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        The trial's.
    draw
        The participation's.

    Returns
    -------
    list[str]
        Classes; or places of options in the manifest.
    """
    places = option_order(study, step, draw)
    return [str(place) for place in places] or list(classes_of(study, step))


def classes_of(study: Manifest, step: Step) -> tuple[str, ...]:
    """Return the classes in force at a step.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        A trial step.

    Returns
    -------
    tuple[str, ...]
        The practice's in the practice.
    """
    is_easy = step.is_practice and study.practice is not None
    return study.practice.classes if is_easy and study.practice else study.classes


def reservoir_of(study: Manifest, step: Step, draw: Draw) -> list[tuple[int, TrainingTrial]]:
    """Return the training trials that a test step lets participants look at again.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        A test step.
    draw
        The participation's.

    Returns
    -------
    list[tuple[int, TrainingTrial]]
        Session and trial, in the order shown; of the sessions that the bundle's `reservoir` names.

    Raises
    ------
    ConflictError
        If the list is not drawn yet, or unknown.
    """
    if study.reservoir.scope == "none":
        return []
    seen = [(step.session, session_of(study, step, draw))]
    if step.session and study.reservoir.scope == "all_sessions":
        seen = list(enumerate(sessions_of_list(study, draw)[: step.session], start=1))
    return [
        (number, study.training_trials[name]) for number, each in seen for name in each.training
    ]


def _mixed(items: Sequence[Item], draw: Draw, name: str) -> list[Item]:
    """Put items in the participant's own order, which is the bundle's before it is drawn."""
    mixed = list(items)
    if draw.order_seed is not None:
        random.Random(f"{draw.order_seed}/{name}").shuffle(mixed)
    return mixed
