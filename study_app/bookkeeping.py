"""Tables of what is kept about participations, beside what participants sent.

slots             one row a place in the permuted blocks, and who holds it
decisions         one row a verdict: include, exclude, screen out or reject, with its reasons
outside_ids       keyed hashes of the numbers that panels give people
withdrawals       one row a withdrawal, all that is left of it
admins            one row a researcher who may log in
actions           one row a thing that a researcher did which others should know of
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from study_app.columns import ACTIONS, DECIDERS, ROLES, VERDICTS
from study_app.database import NEVER_REUSED, Base, one_of


class Slot(Base):
    """A place in the permuted blocks: one participation whose answers can be analysed.

    Attributes
    ----------
    id
        Order of making.
    is_simulated, number
        Which sequence of blocks, and place in it, from 0; fixes condition and list.
    condition, list_name
        As `study_app.services.assignment.draw_block` draws them.
    condition_number
        Place among those of its condition, from 0: below the quota, or not to be given.
    participation_id
        Who holds it; None where it is free.
    """

    __tablename__ = "slots"
    __table_args__ = (
        UniqueConstraint("is_simulated", "number"),
        UniqueConstraint("participation_id"),
        CheckConstraint("number >= 0", name="number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    is_simulated: Mapped[bool]
    number: Mapped[int]
    condition: Mapped[str]
    list_name: Mapped[str]
    condition_number: Mapped[int]
    participation_id: Mapped[int | None] = mapped_column(ForeignKey("participations.id"))


class Decision(Base):
    """A verdict on a participation; the last one holds.

    Attributes
    ----------
    id
        Order.
    participation_id
        Whose.
    verdict
        One of `study_app.columns.VERDICTS`.
    reasons
        Names, separated by spaces; empty for an inclusion by the rules.
    note
        What the researcher wrote, or None.
    decided_by
        ``rules`` or ``researcher``.
    at
        By the server's clock.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        one_of("verdict", VERDICTS),
        one_of("decided_by", DECIDERS),
        CheckConstraint("verdict = 'include' OR reasons <> ''", name="reasons"),
        CheckConstraint("verdict <> 'reject' OR decided_by = 'researcher'", name="rejected_by"),
        Index("ix_decisions_participation_id", "participation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participations.id"))
    verdict: Mapped[str] = mapped_column(String(16))
    reasons: Mapped[str] = mapped_column(String(200))
    note: Mapped[str | None] = mapped_column(String(500))
    decided_by: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]


class OutsideId(Base):
    """The number that a panel gives a person, as a keyed hash: it can be compared, not read.

    Attributes
    ----------
    id
        Order of storing.
    id_hash
        HMAC-SHA-256 with a key that comes from ``STUDY_SECRET_KEY``.
    participation_id
        Whose.
    """

    __tablename__ = "outside_ids"
    __table_args__ = (UniqueConstraint("id_hash"), UniqueConstraint("participation_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    id_hash: Mapped[str] = mapped_column(String(64))
    participation_id: Mapped[int] = mapped_column(ForeignKey("participations.id"))


class Withdrawal(Base):
    """What is left of a participation that was withdrawn: that there was one.

    Attributes
    ----------
    id
        Order.
    code_hash
        SHA-256 of the code, so that it is applied again to a restored backup.
    is_simulated
        Whether it was a program's.
    condition
        Its arm, for the count of those who left; None before the assignment.
    withdrawn_on
        Day, UTC.
    """

    __tablename__ = "withdrawals"
    __table_args__ = (UniqueConstraint("code_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    is_simulated: Mapped[bool]
    condition: Mapped[str | None]
    withdrawn_on: Mapped[date]


class Admin(Base):
    """A researcher who may log in.

    Attributes
    ----------
    id
        Order of adding; never given twice.
    name
        To log in with.
    role
        One of `study_app.columns.ROLES`.
    password_hash
        Salted.
    added_at
        By the server's clock.
    """

    __tablename__ = "admins"
    __table_args__ = (UniqueConstraint("name"), one_of("role", ROLES), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(256))
    added_at: Mapped[datetime]


class Action(Base):
    """What a researcher did that others, and a reviewer, should know of.

    Attributes
    ----------
    id
        Order.
    admin
        Name of who did it; ``command line`` where nobody was logged in.
    name
        One of `study_app.columns.ACTIONS`.
    detail
        What it was done to, or None; nothing that participants wrote.
    at
        By the server's clock.
    """

    __tablename__ = "actions"
    __table_args__ = (one_of("name", ACTIONS),)

    id: Mapped[int] = mapped_column(primary_key=True)
    admin: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(24))
    detail: Mapped[str | None] = mapped_column(String(200))
    at: Mapped[datetime]
