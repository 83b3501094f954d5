"""Which end a participation reached, as a panel tells ends apart."""

from sqlalchemy import select

from study_app.extensions import db
from study_app.models import Decision, Participation
from study_app.panels.settings import End


def end_of(participation: Participation) -> End | None:
    """Return the end that decides which code a participant gets.

    Parameters
    ----------
    participation
        Any.

    Returns
    -------
    End | None
        ``attention`` for who completed the study and failed its catch trials by the rules; None
        while the participation is in progress. A researcher's later verdict changes no code, since
        the participant may have it already.
    """
    if participation.status == "in_progress":
        return None
    if participation.status == "screened_out":
        return "screened_out"
    query = select(Decision.reasons).filter_by(
        participation_id=participation.id, decided_by="rules"
    )
    reasons = db.session.scalars(query.order_by(Decision.id)).first() or ""
    return "attention" if "catch" in reasons.split() else "completed"
