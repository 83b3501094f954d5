"""Database tables.

studies           one row: which bundle the database belongs to, and its secrets
participations    one row a participation
submissions       one row a step that was left; unique by participation and step, and by answer key
responses         one row an answer to a trial or quiz item; unique by participation, step and item
replies           one row an answer to a questionnaire; unique by participation, step and question
events            one row an event; unique by participation and number

What is kept about participations beside these (places, verdicts, ids from outside, withdrawals) is
in `study_app.bookkeeping`.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from study_app.bookkeeping import Action, Admin, Decision, OutsideId, Slot, Withdrawal
from study_app.columns import STATES, STATUSES, VERDICTS
from study_app.database import NEVER_REUSED, Base, one_of
from study_app.trials import Draw

__all__ = [
    "Action",
    "Admin",
    "Decision",
    "Event",
    "OutsideId",
    "Participation",
    "Reply",
    "Response",
    "Slot",
    "Study",
    "Submission",
    "Withdrawal",
]


class Study(Base):
    """The study that the database belongs to; always the one row with id 1.

    Attributes
    ----------
    id
        1.
    manifest_sha256, answers_sha256
        Of the bundle's two files.
    bundle_path
        Where the bundle was when it was last served.
    assignment_seed
        Of the permuted blocks.
    quota
        Participants a condition, in place of the bundle's; None takes the bundle's.
    secret_key
        Signs cookies where ``STUDY_SECRET_KEY`` gives no key.
    state
        One of `study_app.columns.STATES`: whether somebody new may begin.
    plan_file, plan_sha256
        Of the analysis plan that was fixed before the first participant, or None.
    id_key_check
        Tells whether numbers from outside are stored with the server's key; None before the first.
    """

    __tablename__ = "studies"
    __table_args__ = (CheckConstraint("id = 1", name="one"), one_of("state", STATES))

    id: Mapped[int] = mapped_column(primary_key=True)
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    answers_sha256: Mapped[str] = mapped_column(String(64))
    bundle_path: Mapped[str]
    assignment_seed: Mapped[int]
    quota: Mapped[int | None]
    secret_key: Mapped[str] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(8))
    plan_file: Mapped[str | None] = mapped_column(String(200))
    plan_sha256: Mapped[str | None] = mapped_column(String(64))
    id_key_check: Mapped[str | None] = mapped_column(String(64))


class Participation(Base):
    """One visit, from consent on.

    Attributes
    ----------
    id
        Order of arrival, from 1.
    key
        Secret of the participant's link.
    withdrawal_hash
        SHA-256 of the code by which the participation can be withdrawn.
    is_simulated, simulated_kind
        Whether a program takes part, and which kind.
    consent_version
        Of the text that was consented to.
    status
        One of `study_app.columns.STATUSES`.
    screened_out_at
        ``eligibility``, ``practice``, ``quiz`` or ``quota``.
    verdict
        One of `study_app.columns.VERDICTS`; None while the participation is in progress.
    step
        Key of the step the participant is at; see `study_app.steps`.
    step_at
        When the page of that step was sent first.
    condition, list_name, order_seed
        Drawn where the sessions begin.
    assignment_number
        Number of the place in the permuted blocks that it was drawn from; see `Slot`.
    assigned_at
        When the sessions began.
    completion_code
        Made at the end.
    panel_status
        What the panel's export last said, of `study_app.panels.prolific_export.STATUSES`, or None.
    n_events
        Number of the last event.
    consented_at, finished_at
        Start, and arrival at an end page.
    """

    __tablename__ = "participations"
    __table_args__ = (
        UniqueConstraint("key"),
        UniqueConstraint("withdrawal_hash"),
        UniqueConstraint("completion_code"),
        one_of("status", STATUSES),
        one_of("verdict", VERDICTS),
        CheckConstraint("(status = 'in_progress') = (finished_at IS NULL)", name="finished"),
        CheckConstraint("(condition IS NULL) = (list_name IS NULL)", name="drawn"),
        CheckConstraint("status <> 'completed' OR completion_code IS NOT NULL", name="code"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    withdrawal_hash: Mapped[str] = mapped_column(String(64))
    is_simulated: Mapped[bool]
    simulated_kind: Mapped[str | None] = mapped_column(String(40))
    consent_version: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(16))
    screened_out_at: Mapped[str | None] = mapped_column(String(16))
    verdict: Mapped[str | None] = mapped_column(String(16))
    step: Mapped[str] = mapped_column(String(40))
    step_at: Mapped[datetime]
    condition: Mapped[str | None]
    list_name: Mapped[str | None]
    order_seed: Mapped[int | None]
    assignment_number: Mapped[int | None]
    assigned_at: Mapped[datetime | None]
    completion_code: Mapped[str | None] = mapped_column(String(16))
    panel_status: Mapped[str | None] = mapped_column(String(24))
    n_events: Mapped[int]
    consented_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    @property
    def name(self) -> str:
        """Return the participant's number as exports write it, such as ``p0001``."""
        return f"p{self.id:04d}"

    @property
    def draw(self) -> Draw:
        """Return what was drawn for the participation."""
        return Draw(condition=self.condition, list_name=self.list_name, order_seed=self.order_seed)


class Submission(Base):
    """What was accepted of a participant when a step was left: once a step.

    Attributes
    ----------
    id
        Order of storing.
    participation_id, step
        Whose, and key of the step.
    answer_key
        Made with the page; the same however often a browser sends it.
    received_at
        By the server's clock.
    """

    __tablename__ = "submissions"
    __table_args__ = (
        UniqueConstraint("participation_id", "step"),
        UniqueConstraint("participation_id", "answer_key", name="uq_submissions_answer_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participations.id"))
    step: Mapped[str] = mapped_column(String(40))
    answer_key: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime]


class Response(Base):
    """One answer: to a test trial, or to an item of the quiz.

    Attributes
    ----------
    id
        Order of storing.
    participation_id
        Whose answer.
    step
        Key of the step.
    item
        Trial or quiz item of the bundle.
    session, phase, attempt, position
        Place, as in the export.
    choice
        A class, or the index of a choice or option in the bundle.
    place
        Where the choice stood on the page, from 1; None in databases of the first release.
    is_correct
        Scored when stored, by the server alone.
    confidence
        From 1; None where it was not asked for.
    rt_ms
        By the browser's clock; None where scripts are off.
    server_rt_ms
        By the server's clock.
    answered_at
        When it was stored.
    """

    __tablename__ = "responses"
    __table_args__ = (
        UniqueConstraint("participation_id", "step", "item"),
        CheckConstraint("session >= 0 AND attempt >= 1 AND position >= 1", name="numbers"),
        CheckConstraint("place >= 1", name="place"),
        CheckConstraint("confidence >= 1", name="confidence"),
        CheckConstraint("rt_ms >= 0", name="rt_ms"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participations.id"))
    step: Mapped[str] = mapped_column(String(40))
    item: Mapped[str]
    session: Mapped[int]
    phase: Mapped[str] = mapped_column(String(16))
    attempt: Mapped[int]
    position: Mapped[int]
    choice: Mapped[str]
    place: Mapped[int | None]
    is_correct: Mapped[bool]
    confidence: Mapped[int | None]
    rt_ms: Mapped[float | None]
    server_rt_ms: Mapped[float]
    answered_at: Mapped[datetime]


class Reply(Base):
    """One answer to a question of a questionnaire; a question that was left out has none.

    Attributes
    ----------
    id
        Order of storing.
    participation_id
        Whose answer.
    step
        Key of the step.
    session, questionnaire, question
        Place, as in the export.
    value
        A choice's value, an integer, or text.
    replied_at
        When it was stored.
    """

    __tablename__ = "replies"
    __table_args__ = (UniqueConstraint("participation_id", "step", "question"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participations.id"))
    step: Mapped[str] = mapped_column(String(40))
    session: Mapped[int]
    questionnaire: Mapped[str]
    question: Mapped[str]
    value: Mapped[str] = mapped_column(Text)
    replied_at: Mapped[datetime]


class Event(Base):
    """Something that happened in a participation.

    Attributes
    ----------
    id
        Order of storing.
    participation_id, number
        Whose event, and its number there, from 1.
    name
        One of `study_app.columns.EVENT_NAMES`.
    step
        Key of the step it happened at; None in databases of the first release.
    session, phase, trial
        Place, as in the export.
    duration_ms
        How long something was looked at or away from, by the browser's clock.
    detail
        What else is known; see `study_app.columns.EVENTS`.
    at
        By the server's clock.
    """

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("participation_id", "number"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("duration_ms >= 0", name="duration_ms"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participations.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(24))
    step: Mapped[str | None] = mapped_column(String(40))
    session: Mapped[int]
    phase: Mapped[str] = mapped_column(String(16))
    trial: Mapped[str | None]
    duration_ms: Mapped[float | None]
    detail: Mapped[str | None]
    at: Mapped[datetime]
