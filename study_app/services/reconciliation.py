"""A panel's export against the database: whose place is free, who is paid, and who is paid already.

Numbers are compared by their keyed hashes, and none is stored. What the panel says is kept with the
participation (`panel_status`), so that later exports, and the list of payments, know of it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func, select

from study_app.errors import SetupError
from study_app.extensions import db
from study_app.models import Decision, OutsideId, Participation, Slot, Study
from study_app.outside import outside_hash
from study_app.panels.ends import end_of
from study_app.panels.prolific_export import LEFT, PAID, Submission, strongest
from study_app.panels.settings import Panel
from study_app.services.assignment import give_place_back
from study_app.services.events import log_event
from study_app.services.outside_ids import find_by_hash, key_check
from study_app.services.transactions import writing
from study_app.steps import parse_step

NOT_HERE: Final = "not here"  # never agreed, or withdrew
PAYS: Final = ("full", "part", "paid", "none", "look")


@dataclass(frozen=True, kw_only=True)
class Payment:
    """What is to be done about one submission.

    Attributes
    ----------
    submission
        The panel's number.
    status
        At the panel.
    here
        Status of the participation, or `NOT_HERE`.
    pay
        ``full``, ``part`` (screened out), ``paid`` already, ``none``, or ``look``: a person has to
        decide.
    reason
        Why.
    """

    submission: str
    status: str
    here: str
    pay: str
    reason: str


@dataclass(kw_only=True)
class Reconciliation:
    """What a comparison found and did.

    Attributes
    ----------
    counts
        Status at the panel and status here -> people.
    payments
        One a submission, in the panel's order.
    n_freed
        Places given back.
    n_excluded
        Participations excluded since they were completed here and returned at the panel.
    n_only_here
        People with a number whom the export does not have.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    payments: list[Payment] = field(default_factory=list)
    n_freed: int = 0
    n_excluded: int = 0
    n_only_here: int = 0


def reconcile(
    submissions: Sequence[Submission],
    *,
    secret: str,
    panel: Panel | None = None,
    is_dry: bool = False,
) -> Reconciliation:
    """Compare a panel's submissions with the participations, and act on who left.

    Parameters
    ----------
    submissions
        Of the panel's export.
    secret
        The server's, that numbers are stored with.
    panel
        Whose codes are compared with those that people typed; None compares none.
    is_dry
        Whether nothing is stored.

    Returns
    -------
    Reconciliation
        Doing it again with the same export frees and excludes nothing more.

    Raises
    ------
    SetupError
        If numbers are stored with another secret.
    """
    found = Reconciliation()
    persons: dict[str, list[Submission]] = defaultdict(list)
    for each in submissions:
        persons[each.participant].append(each)
    with writing():
        _check_key(secret)
        known = 0
        for number, mine in persons.items():
            participation = find_by_hash(outside_hash(number, secret=secret))
            known += participation is not None
            _take(found, mine, participation, panel)
        n_stored = db.session.scalar(select(func.count()).select_from(OutsideId)) or 0
        found.n_only_here = n_stored - known
        if is_dry:
            db.session.rollback()
    order = {each.submission: number for number, each in enumerate(submissions)}
    found.payments.sort(key=lambda payment: order[payment.submission])
    return found


def differences(found: Reconciliation) -> list[str]:
    """Return where the two sides disagree, one sentence each.

    Parameters
    ----------
    found
        As `reconcile` returns it.

    Returns
    -------
    list[str]
        Empty where they agree.
    """
    notes = [
        f"to be decided on by a person ({n}): {reason}"
        for reason, n in _counted(each.reason for each in found.payments if each.pay == "look")
    ]
    if found.n_only_here:
        notes.append(f"here and not in the panel's export: {found.n_only_here}.")
    return notes


def _counted(reasons: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(reasons).items())


def _check_key(secret: str) -> None:
    stored = db.session.scalars(select(Study.id_key_check)).one()
    if stored is not None and stored != key_check(secret):
        raise SetupError(
            "STUDY_SECRET_KEY must be the one that participants' numbers are stored with; got "
            "another."
        )


def _take(
    found: Reconciliation,
    mine: Sequence[Submission],
    participation: Participation | None,
    panel: Panel | None,
) -> None:
    """Count one person, act on who left, and say what is to be paid."""
    main = strongest(mine)
    here = NOT_HERE if participation is None else participation.status
    found.counts[main.status, here] += 1
    if participation is not None:
        participation.panel_status = main.status
        if main.status in LEFT:
            _leave(found, participation, main.status)
    for each in mine:
        pay, reason = ("none", "another submission of the person counts.")
        if each is main:
            pay, reason = _pay(each, participation, panel)
        found.payments.append(
            Payment(
                submission=each.submission, status=each.status, here=here, pay=pay, reason=reason
            )
        )


def _leave(found: Reconciliation, participation: Participation, status: str) -> None:
    """Give the place back of who left before the end, or finished and returned it all the same."""
    now = datetime.now(UTC)
    is_kept = participation.status != "in_progress" and status != "returned"
    held = select(Slot.id).filter_by(participation_id=participation.id)
    if not is_kept and db.session.scalar(held) is not None:
        step = parse_step(participation.step)
        log_event(participation, "place_lost", step, at=now, detail=status)
        give_place_back(participation)
        found.n_freed += 1
    if status == "returned" and participation.verdict == "include":
        db.session.add(
            Decision(
                participation_id=participation.id,
                verdict="exclude",
                reasons="returned",
                decided_by="researcher",
                at=now,
            )
        )
        participation.verdict = "exclude"
        found.n_excluded += 1
    db.session.flush()


def _pay(
    submission: Submission, participation: Participation | None, panel: Panel | None
) -> tuple[str, str]:
    status = submission.status
    if status in PAID:
        return "paid", "the panel has paid it."
    if status in ("returned", "rejected"):
        return "none", f"it was {status} at the panel."
    if participation is None:
        if status in ("active", "reserved", "timed_out"):
            return "none", "it was not begun here."
        return "look", "sent in at the panel, and not begun here, or withdrawn."
    if participation.status == "in_progress":
        if status == "awaiting_review":
            return "look", "sent in at the panel, and not finished here."
        return "none", "it is not finished."
    if participation.verdict == "reject":
        return "none", "a researcher rejected it."
    return _pay_ended(submission, participation, panel)


def _pay_ended(
    submission: Submission, participation: Participation, panel: Panel | None
) -> tuple[str, str]:
    """Return what somebody gets who came to an end here and is not paid yet."""
    end = end_of(participation)
    if submission.status != "awaiting_review":
        return "look", f"ended here, and {submission.status.replace('_', ' ')} at the panel."
    code = None if panel is None or end is None else panel.code_of(end)
    if code is not None and submission.code != code:
        return "look", "the code typed at the panel is not the one of the end reached here."
    if participation.status == "screened_out":
        return "part", "screened out here."
    return "full", "completed here."


def payments_of(found: Reconciliation) -> list[Mapping[str, object]]:
    """Return the payments as rows, which name nobody of this study.

    Parameters
    ----------
    found
        As `reconcile` returns it.

    Returns
    -------
    list[Mapping[str, object]]
        ``submission``, ``status``, ``here``, ``pay``, ``reason``.
    """
    return [vars(payment) for payment in found.payments]
