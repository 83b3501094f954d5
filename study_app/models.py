"""Database tables.

studies           one row: which bundle the database belongs to, and its secrets
participations    one row a participation
responses         one row an answer; unique by participation, step and item
events            one row an event; unique by participation and number
"""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, ForeignKey, MetaData, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

CONSTRAINT_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, also on databases that store no time zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Drop the time zone after turning to UTC."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Put UTC back."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """What all tables share: names of constraints, and UTC instants."""

    metadata = MetaData(naming_convention=CONSTRAINT_NAMES)
    type_annotation_map = {datetime: Instant}


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
    secret_key
        Signs cookies where ``STUDY_SECRET_KEY`` gives no key.
    admin_password_hash
        None until a password was made.
    """

    __tablename__ = "studies"

    id: Mapped[int] = mapped_column(primary_key=True)
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    answers_sha256: Mapped[str] = mapped_column(String(64))
    bundle_path: Mapped[str]
    assignment_seed: Mapped[int]
    secret_key: Mapped[str] = mapped_column(String(128))
    admin_password_hash: Mapped[str | None] = mapped_column(String(256))


class Participation(Base):
    """One visit, from consent on.

    Attributes
    ----------
    id
        Order of arrival, from 1.
    key
        Secret of the participant's link.
    is_simulated, simulated_kind
        Whether a program takes part, and which kind.
    status
        One of `study_app.columns.STATUSES`.
    screened_out_at
        ``practice`` or ``quiz``.
    step
        Key of the step the participant is at; see `study_app.protocol`.
    step_at
        When the page of that step was sent first.
    condition, list_name
        Drawn after the quiz.
    assignment_number
        From 0, among people or among programs: which place of the permuted blocks was drawn.
    completion_code
        Made when the last answer is stored.
    n_events
        Number of the last event.
    consented_at, finished_at
        Start, and arrival at an end page.
    """

    __tablename__ = "participations"
    __table_args__ = (
        UniqueConstraint("key"),
        UniqueConstraint("is_simulated", "assignment_number"),
        UniqueConstraint("completion_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    is_simulated: Mapped[bool]
    simulated_kind: Mapped[str | None] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(16))
    screened_out_at: Mapped[str | None] = mapped_column(String(16))
    step: Mapped[str] = mapped_column(String(40))
    step_at: Mapped[datetime]
    condition: Mapped[str | None]
    list_name: Mapped[str | None]
    assignment_number: Mapped[int | None]
    completion_code: Mapped[str | None] = mapped_column(String(16))
    n_events: Mapped[int]
    consented_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    @property
    def name(self) -> str:
        """Return the participant's number as exports write it, such as ``p0001``."""
        return f"p{self.id:04d}"


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
        A class, or the index of a quiz item's choice.
    is_correct
        Scored when stored, by the server alone.
    rt_ms
        By the browser's clock; None where scripts are off.
    server_rt_ms
        By the server's clock.
    answered_at
        When it was stored.
    """

    __tablename__ = "responses"
    __table_args__ = (UniqueConstraint("participation_id", "step", "item"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participations.id"))
    step: Mapped[str] = mapped_column(String(40))
    item: Mapped[str]
    session: Mapped[int]
    phase: Mapped[str] = mapped_column(String(16))
    attempt: Mapped[int]
    position: Mapped[int]
    choice: Mapped[str]
    is_correct: Mapped[bool]
    rt_ms: Mapped[float | None]
    server_rt_ms: Mapped[float]
    answered_at: Mapped[datetime]


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
    session, phase, trial
        Place, as in the export.
    duration_ms
        How long something was looked at, by the browser's clock.
    at
        By the server's clock.
    """

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("participation_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participations.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(24))
    session: Mapped[int]
    phase: Mapped[str] = mapped_column(String(16))
    trial: Mapped[str | None]
    duration_ms: Mapped[float | None]
    at: Mapped[datetime]
