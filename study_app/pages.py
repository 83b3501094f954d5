"""What each page needs to be drawn: the only place that picks what a participant may see."""

from typing import Any

from sqlalchemy import select

from stimuli_builder.bundle import Bundle, TrainingTrial
from study_app.extensions import db
from study_app.models import Participation, Response
from study_app.protocol import (
    Step,
    classes_of,
    parse_step,
    progress_of,
    reservoir_of,
    session_of,
    trial_of,
)
from study_app.services.steps import count_right


def page_of(bundle: Bundle, participation: Participation) -> tuple[str, dict[str, Any]]:
    """Return the template of the page that a participant is at, and what it shows.

    Parameters
    ----------
    bundle
        The study.
    participation
        At some step.

    Returns
    -------
    tuple[str, dict[str, Any]]
        Name of the template, and its variables.
    """
    step = parse_step(participation.step)
    study = bundle.manifest
    context: dict[str, Any] = {
        "study": study,
        "step": step,
        "participation_key": participation.key,
        "progress": progress_of(study, step),
        "n_sessions": len(study.lists[0].sessions),
    }
    if step.is_trial:
        context |= _trial(bundle, participation, step)
    elif step.kind == "quiz":
        context |= _quiz(participation, step)
    elif step.kind == "practice-result":
        context |= _practice_result(bundle, participation, step)
    elif step.kind in ("practice-intro", "session-intro"):
        session = session_of(study, step, participation.list_name)
        context |= {"n_training": len(session.training), "n_test": len(session.test)}
    elif step.kind == "debriefing":
        context |= {"completion_code": participation.completion_code}
    return f"{step.kind.replace('-', '_')}.html", context


def _trial(bundle: Bundle, participation: Participation, step: Step) -> dict[str, Any]:
    study, list_name = bundle.manifest, participation.list_name
    trial = trial_of(study, step, list_name)
    session = session_of(study, step, list_name)
    shown: dict[str, Any] = {"trial_id": trial.trial, "image": trial.image}
    if isinstance(trial, TrainingTrial):
        example = _example(trial, step.session, participation.condition)
        return shown | {"n_trials": len(session.training), "example": example}
    examples = [
        _example(seen, number, participation.condition)
        for number, seen in reservoir_of(study, step, list_name)
    ]
    return shown | {
        "n_trials": len(session.test),
        "classes": classes_of(study, step),
        "examples": examples,
    }


def _example(trial: TrainingTrial, session: int, condition: str | None) -> dict[str, Any]:
    """Return a training trial as the participant's condition shows it."""
    return {
        "session": session,
        "image": trial.image,
        "prediction": trial.prediction,
        "groups": trial.explanations.get(condition or "", ()),
    }


def _quiz(participation: Participation, step: Step) -> dict[str, Any]:
    """Return the last attempt's answers: item -> choice where it was right, None where wrong."""
    query = select(Response).filter_by(
        participation_id=participation.id, phase="quiz", attempt=step.attempt - 1
    )
    rows = db.session.scalars(query)
    return {"earlier": {row.item: int(row.choice) if row.is_correct else None for row in rows}}


def _practice_result(bundle: Bundle, participation: Participation, step: Step) -> dict[str, Any]:
    rules = bundle.manifest.rules
    n_right = count_right(participation, step)
    return {
        "n_right": n_right,
        "n_test": len(bundle.manifest.practice.session.test),
        "is_passed": n_right >= rules.practice_min_correct,
        "n_left": rules.practice_max_attempts - step.attempt,
    }
