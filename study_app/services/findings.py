"""What people wrote, and how well they did: the second only once the study is closed."""

from dataclasses import dataclass
from statistics import mean, stdev

from sqlalchemy import case, func, select, tuple_

from stimuli_builder.bundle import Bundle
from study_app.extensions import db
from study_app.models import Participation, Reply, Response


@dataclass(frozen=True, kw_only=True)
class Text:
    """What somebody wrote in their own words.

    Attributes
    ----------
    participant
        Such as ``p0001``.
    session
        After which; 0 outside the sessions.
    question
        As it was asked.
    text
        As it was written.
    """

    participant: str
    session: int
    question: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """How those of one condition did, in scored test trials, by participant.

    Attributes
    ----------
    condition
        Of the study.
    n
        Participants who are analysed.
    share
        Mean of their shares of right answers; None where there is nobody.
    sd
        Standard deviation of these; None below two.
    """

    condition: str
    n: int
    share: float | None
    sd: float | None


def count_texts(bundle: Bundle) -> int:
    """Return how many texts people wrote.

    Parameters
    ----------
    bundle
        The study.

    Returns
    -------
    int
        Answers to questions that take text.
    """
    asked = _questions(bundle)
    places = tuple_(Reply.questionnaire, Reply.question)
    query = select(func.count()).select_from(Reply).where(places.in_(list(asked)))
    return db.session.scalar(query) or 0


def read_texts(bundle: Bundle, *, first: int, n: int) -> list[Text]:
    """Return what people wrote in their own words.

    Parameters
    ----------
    bundle
        The study.
    first
        Number of the first, from 0; the newest is the first.
    n
        At most so many.

    Returns
    -------
    list[Text]
        The newest first; people and programs.
    """
    asked = _questions(bundle)
    query = (
        select(Reply, Participation)
        .join(Participation, Participation.id == Reply.participation_id)
        .where(tuple_(Reply.questionnaire, Reply.question).in_(list(asked)))
        .order_by(Reply.id.desc())
        .offset(first)
        .limit(n)
    )
    return [
        Text(
            participant=participation.name,
            session=reply.session,
            question=asked.get((reply.questionnaire, reply.question), reply.question),
            text=reply.value,
        )
        for reply, participation in db.session.execute(query)
    ]


def read_results(bundle: Bundle) -> list[Result]:
    """Return how well people did, by condition: a first look, not the analysis.

    Parameters
    ----------
    bundle
        The study.

    Returns
    -------
    list[Result]
        Of people who are analysed, in the order of the study's conditions.
    """
    unscored = {name for name, trial in bundle.answers.trials.items() if trial.is_catch} | {
        name
        for trials in bundle.manifest.lists
        for session in trials.sessions
        if session.task == "binary_choice"  # where nothing is right or wrong
        for name in session.test
    }
    right = func.avg(case((Response.is_correct, 1.0), else_=0.0))
    query = (
        select(Participation.condition, right)
        .join(Response, Response.participation_id == Participation.id)
        .where(Participation.is_simulated.is_(False), Participation.verdict == "include")
        .where(Response.session > 0, Response.phase == "test", Response.item.not_in(unscored))
        .group_by(Participation.id, Participation.condition)
    )
    shares: dict[str, list[float]] = {}
    for condition, share in db.session.execute(query):
        shares.setdefault(condition, []).append(float(share))
    return [_result(name, shares.get(name, [])) for name in bundle.manifest.conditions]


def _result(condition: str, shares: list[float]) -> Result:
    return Result(
        condition=condition,
        n=len(shares),
        share=mean(shares) if shares else None,
        sd=stdev(shares) if len(shares) > 1 else None,
    )


def _questions(bundle: Bundle) -> dict[tuple[str, str], str]:
    """Return the questions that take text: questionnaire and name -> what is asked."""
    return {
        (asked.name, question.question): question.text
        for asked in bundle.manifest.questionnaires
        for question in asked.questions
        if question.kind == "text"
    }
