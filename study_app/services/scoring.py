"""What a step asks, and what is right: the only place that reads the answer file."""

from dataclasses import dataclass

from sqlalchemy import func, select

from stimuli_builder.bundle import Bundle
from study_app.extensions import db
from study_app.models import Participation, Response
from study_app.steps import Step
from study_app.trials import Draw, choices_of, trial_of


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One thing that a step asks.

    Attributes
    ----------
    item
        Trial or quiz item.
    offered
        What can be answered, as stored, in the order of the page.
    expected
        The right one.
    """

    item: str
    offered: list[str]
    expected: str


def asked_at(bundle: Bundle, step: Step, draw: Draw) -> list[Asked]:
    """Return what a step asks.

    Parameters
    ----------
    bundle
        The study.
    step
        Any step.
    draw
        The participation's.

    Returns
    -------
    list[Asked]
        In the order of the page; empty where nothing is asked that is right or wrong.

    Raises
    ------
    ConflictError
        If it is no step of the participation's list.
    """
    study, answers = bundle.manifest, bundle.answers
    if step.kind == "quiz":
        return [
            Asked(
                item=each.item,
                offered=[str(index) for index in range(len(each.choices))],
                expected=str(answers.quiz[each.item]),
            )
            for each in study.quiz
        ]
    if step.kind != "test":
        return []
    trial, offered = trial_of(study, step, draw), choices_of(study, step, draw)
    return [Asked(item=trial, offered=offered, expected=answers.trials[trial].answer)]


def count_right(participation: Participation, step: Step) -> int:
    """Count the right answers in a step's round of the practice or of the quiz.

    Parameters
    ----------
    participation
        Whose answers.
    step
        Any step; in a session there is nothing to count.

    Returns
    -------
    int
        Stored answers that are right.
    """
    if not (step.is_practice or step.kind == "quiz"):
        return 0
    query = select(func.count()).where(
        Response.participation_id == participation.id,
        Response.phase == step.phase,
        Response.attempt == step.attempt,
        Response.is_correct,
    )
    return db.session.scalar(query) or 0
