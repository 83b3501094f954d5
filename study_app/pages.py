"""What each page needs to be drawn: the only place that picks what a participant may see."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select

from stimuli_builder.bundle import Bundle, TrainingTrial
from study_app.codes import withdrawal_code
from study_app.extensions import db
from study_app.fragments import Example
from study_app.models import Participation, Response
from study_app.protocol import questionnaire_name
from study_app.services.scoring import count_right
from study_app.steps import Step, parse_step
from study_app.trials import (
    classes_of,
    options_shown,
    reservoir_of,
    session_of,
    sessions_of_list,
    test_of,
    training_of,
    trial_of,
)

ANSWER_KEY_BYTES: Final = 12


def page_of(
    bundle: Bundle, participation: Participation, progress: Mapping[str, float]
) -> tuple[str, dict[str, Any]]:
    """Return the template of the page that a participant is at, and what it shows.

    Parameters
    ----------
    bundle
        The study.
    participation
        At some step.
    progress
        As `study_app.protocol.progress_by_step` returns it.

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
        "answer_key": secrets.token_urlsafe(ANSWER_KEY_BYTES),
        "withdrawal_code": withdrawal_code(participation.key),
        "progress": progress.get(replace(step, attempt=1).key, 1.0),
        "n_sessions": len(study.lists[0].sessions),
    }
    match step.kind:
        case "training":
            context |= _training(bundle, participation, step)
        case "test":
            context |= _test(bundle, participation, step)
        case "quiz":
            context |= _quiz(participation, step)
        case "practice-result":
            context |= _practice_result(bundle, participation, step)
        case "practice-intro" | "session-intro":
            context |= _intro(bundle, participation, step)
        case "eligibility" | "questionnaire":
            context |= _questionnaire(bundle, participation, step)
        case "debriefing" | "screened-out":
            is_full = participation.screened_out_at == "quota"
            context |= {"completion_code": participation.completion_code, "is_full": is_full}
    name = "questionnaire" if step.is_asking else step.kind.replace("-", "_")
    return f"{name}.html", context


def _training(bundle: Bundle, participation: Participation, step: Step) -> dict[str, Any]:
    study, draw = bundle.manifest, participation.draw
    session = session_of(study, step, draw)
    trial = training_of(study, step, draw)
    return {
        "trial_id": trial_of(study, step, draw),
        "image": trial.image,
        "n_trials": len(session.training),
        "example": _example(trial, step.session, participation.condition),
        "viewing": study.viewing,
    }


def _test(bundle: Bundle, participation: Participation, step: Step) -> dict[str, Any]:
    study, draw = bundle.manifest, participation.draw
    trial, session = test_of(study, step, draw), session_of(study, step, draw)
    with_groups = study.reservoir.has_explanations
    return {
        "trial_id": trial_of(study, step, draw),
        "task": session.task,
        "image": trial.image,
        "n_trials": len(session.test),
        "classes": classes_of(study, step),
        "options": options_shown(study, step, draw),
        "confidence": study.confidence,
        "examples": [
            _example(seen, number, participation.condition if with_groups else None)
            for number, seen in reservoir_of(study, step, draw)
        ],
    }


def _example(trial: TrainingTrial, session: int, condition: str | None) -> Example:
    """Return a training trial as the participant's condition shows it."""
    return Example(
        session=session,
        image=trial.image,
        prediction=trial.prediction,
        groups=trial.explanations.get(condition or "", ()),
    )


def _intro(bundle: Bundle, participation: Participation, step: Step) -> dict[str, Any]:
    study, draw = bundle.manifest, participation.draw
    session = session_of(study, step, draw)
    earlier = sessions_of_list(study, draw)[: step.session - 1] if step.session else ()
    return {
        "session": session,
        "n_training": len(session.training),
        "n_test": len(session.test),
        "is_new_task": session.task not in {each.task for each in earlier},
    }


def _quiz(participation: Participation, step: Step) -> dict[str, Any]:
    """Return the last attempt's answers: item -> choice where it was right, None where wrong."""
    if step.attempt == 1:
        return {"earlier": {}}
    query = select(Response).filter_by(
        participation_id=participation.id, phase="quiz", attempt=step.attempt - 1
    )
    rows = db.session.scalars(query)
    return {"earlier": {row.item: int(row.choice) if row.is_correct else None for row in rows}}


def _practice_result(bundle: Bundle, participation: Participation, step: Step) -> dict[str, Any]:
    study = bundle.manifest
    n_right = count_right(participation, step)
    session = session_of(study, step, participation.draw)
    return {
        "n_right": n_right,
        "n_test": len(session.test),
        "has_training": len(session.training) > 0,
        "is_passed": n_right >= study.rules.practice_min_correct,
        "n_left": study.rules.practice_max_attempts - step.attempt,
    }


def _questionnaire(bundle: Bundle, participation: Participation, step: Step) -> dict[str, Any]:
    name = questionnaire_name(bundle.manifest, step, participation.draw)
    asked = next(each for each in bundle.manifest.questionnaires if each.name == name)
    return {"questionnaire": asked}
