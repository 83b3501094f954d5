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
    trials = session_of(study, step, draw).training
    _check_position(step, len(trials))
    return trials[step.position - 1]


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
    session = session_of(study, step, draw)
    _check_position(step, len(session.test))
    return _shuffled(session.test, session, step, draw)[step.position - 1]


def trial_name(study: Manifest, step: Step, draw: Draw) -> str | None:
    """Return the name of the trial that a step shows.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        Any step.
    draw
        The participation's.

    Returns
    -------
    str | None
        None where the step shows none.

    Raises
    ------
    ConflictError
        If there is no such trial, or the list is not drawn yet.
    """
    if step.kind == "training":
        return training_of(study, step, draw).trial
    return test_of(study, step, draw).trial if step.kind == "test" else None


def _check_position(step: Step, n_trials: int) -> None:
    if not 1 <= step.position <= n_trials:
        raise ConflictError(f"position must be in [1, {n_trials}]; got {step.position}.")


def option_order(study: Manifest, step: Step, draw: Draw, trial: TestTrial) -> list[int]:
    """Return the order in which a participant is shown a trial's options.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        The trial's.
    draw
        The participation's.
    trial
        With options.

    Returns
    -------
    list[int]
        Places in the manifest, in the order of the page.
    """
    places = range(len(trial.options))
    return list(_shuffled(places, session_of(study, step, draw), step, draw, trial.trial))


def options_shown(study: Manifest, step: Step, draw: Draw, trial: TestTrial) -> list[Option]:
    """Return a trial's options as a participant is shown them.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        The trial's.
    draw
        The participation's.
    trial
        A test trial.

    Returns
    -------
    list[Option]
        In the order of the page; empty in a utility trial.
    """
    return [trial.options[place] for place in option_order(study, step, draw, trial)]


def choices_of(study: Manifest, step: Step, draw: Draw, trial: TestTrial) -> list[str]:
    """Return what can be answered at a test step, as it is stored, in the order of the page.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        The trial's.
    draw
        The participation's.
    trial
        What is asked.

    Returns
    -------
    list[str]
        Classes; or places of options in the manifest.
    """
    if trial.options:
        return [str(place) for place in option_order(study, step, draw, trial)]
    return list(classes_of(study, step))


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
        Session and trial, of all sessions up to the step's, in the order shown.

    Raises
    ------
    ConflictError
        If the list is not drawn yet, or unknown.
    """
    if step.session == 0:
        return [(0, trial) for trial in session_of(study, step, draw).training]
    seen = sessions_of_list(study, draw)[: step.session]
    return [(n, trial) for n, session in enumerate(seen, start=1) for trial in session.training]


def _shuffled(
    items: Sequence[Item], session: Session, step: Step, draw: Draw, name: str = ""
) -> list[Item]:
    """Put items in the participant's own order, where the session is shuffled."""
    mixed = list(items)
    if session.is_shuffled and draw.order_seed is not None:
        random.Random(f"{draw.order_seed}/{step.session}/{name}").shuffle(mixed)
    return mixed
