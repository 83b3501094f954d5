"""The log of what happened in a participation."""

from datetime import datetime

from study_app.models import Event, Participation
from study_app.services.transactions import insert_row
from study_app.steps import Step


def log_event(  # noqa: PLR0913 - the columns of one row
    participation: Participation,
    name: str,
    step: Step,
    *,
    at: datetime,
    trial: str | None = None,
    duration_ms: float | None = None,
    detail: str | None = None,
) -> None:
    """Add an event in the transaction that is under way.

    Parameters
    ----------
    participation
        Whose event; locked by the caller.
    name
        One of `study_app.columns.EVENT_NAMES`.
    step
        Where it happened.
    at
        By the server's clock.
    trial
        The trial it happened in.
    duration_ms
        Milliseconds something was looked at or away from, by the browser's clock.
    detail
        What else is known of it.
    """
    participation.n_events += 1
    insert_row(
        Event,
        {
            "participation_id": participation.id,
            "number": participation.n_events,
            "name": name,
            "step": step.key,
            "session": step.session,
            "phase": step.phase,
            "trial": trial,
            "duration_ms": duration_ms,
            "detail": detail,
            "at": at,
        },
    )
