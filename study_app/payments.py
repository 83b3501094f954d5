"""Who is to be paid: completion codes and verdicts, and nothing of what was answered."""

import csv
import io
from typing import Final

from sqlalchemy import select

from study_app.extensions import db
from study_app.models import Decision, Participation
from study_app.panels.prolific_export import PAID

HEADER: Final = ("participant", "completion_code", "status", "pay", "verdict", "reasons")


def payments_csv() -> str:
    """Return one row for everybody who has a completion code.

    A screening, a catch trial or the quiz never turns pay down; a researcher's rejection does.

    Returns
    -------
    str
        CSV with `HEADER`; ``pay`` is ``full``, ``part`` (screened out), ``paid`` (by the panel, as
        its export said) or ``none`` (rejected, or returned at the panel).
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    query = select(Participation).where(Participation.completion_code.is_not(None))
    reasons = _reasons()
    for row in db.session.scalars(query.order_by(Participation.id)):
        pay = "full" if row.status == "completed" else "part"
        if row.panel_status in PAID:
            pay = "paid"
        elif row.verdict == "reject" or row.panel_status == "returned":
            pay = "none"
        why = reasons.get(row.id, "")
        writer.writerow([row.name, row.completion_code, row.status, pay, row.verdict or "", why])
    return text.getvalue()


def _reasons() -> dict[int, str]:
    """Return the last verdict's reasons of each participation."""
    rows = db.session.execute(
        select(Decision.participation_id, Decision.reasons).order_by(Decision.id)
    )
    return dict(rows.all())
