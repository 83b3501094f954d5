from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, inspect, select

from study_app.codes import code_hash, withdrawal_code
from study_app.errors import ConflictError, NotFoundError
from study_app.extensions import db
from study_app.models import Base, Participation, Slot, Withdrawal
from study_app.services.participations import Visitor, begin_participation, find_participation
from study_app.services.submissions import Sent, leave_step
from study_app.services.transactions import writing
from study_app.services.withdrawals import (
    OWNED,
    apply_journal,
    delete_expired,
    is_withdrawn,
    read_journal,
    withdraw,
)
from study_app.steps import parse_step
from tests.study_app.services.test_submissions import go_to

KEY, OTHER = "k" * 24, "o" * 24


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "withdrawn"


@pytest.fixture
def people(context, bundle):
    """Two people, of whom one has completed everything and the other has begun."""
    for key in (KEY, OTHER):
        visitor = Visitor(is_simulated=False, outside_hash=f"hash of {key}")
        begin_participation(bundle.manifest, key, visitor)
    go_to(bundle, KEY, "debriefing", session=3)


def counts():
    db.session.rollback()
    return {
        table.__tablename__: db.session.scalar(select(func.count()).select_from(table))
        for table in (Participation, *OWNED)
    }


def test_everything_that_belongs_to_a_participation_is_known_to_be_deleted():
    owned = {
        table.name
        for table in Base.metadata.sorted_tables
        if any(key.column.table.name == "participations" for key in table.foreign_keys)
    }
    assert owned == {table.__tablename__ for table in (*OWNED, Slot)}


def test_withdrawal_deletes_everything_and_leaves_one_anonymous_count(people, journal):
    withdraw(withdrawal_code(KEY).lower(), journal)
    assert set(counts().values()) <= {0, 1, 2}
    rows = db.session.scalars(select(Participation)).all()
    assert [row.key for row in rows] == [OTHER]
    assert db.session.scalars(select(Slot.participation_id)).first() is None
    (left,) = db.session.scalars(select(Withdrawal))
    assert (left.condition is not None, left.is_simulated) == (True, False)
    assert {column.key for column in inspect(Withdrawal).columns} == {
        "id", "code_hash", "is_simulated", "condition", "withdrawn_on",
    }  # fmt: skip


def test_withdrawing_again_changes_nothing_and_other_codes_are_unknown(people, journal):
    for _ in range(2):
        withdraw(withdrawal_code(KEY), journal)
    assert db.session.scalar(select(func.count()).select_from(Withdrawal)) == 1
    with pytest.raises(NotFoundError, match="withdrawal code must be one of this study"):
        withdraw("AAAA-BBBB-CCCC", journal)
    assert read_journal(journal) == [code_hash(withdrawal_code(KEY))]


def test_withdrawn_link_is_unknown_afterwards(people, bundle, journal):
    withdraw(withdrawal_code(OTHER), journal)
    with pytest.raises(NotFoundError, match="got an unknown link"):
        leave_step(bundle, OTHER, parse_step("instructions.0.1.0"), Sent(answer_key="k" * 16))


def test_key_of_a_withdrawal_begins_nothing(people, bundle, context):
    journal = Path(context.config["STUDY_WITHDRAWALS"])
    withdraw(withdrawal_code(KEY), journal)
    assert (is_withdrawn(KEY, journal), is_withdrawn(OTHER, journal)) == (True, False)
    for _ in range(2):
        with pytest.raises(ConflictError, match="got one of answers that were withdrawn"):
            begin_participation(bundle.manifest, KEY, Visitor(is_simulated=False))
        with writing():  # a copy from before the consent: the journal alone knows
            db.session.execute(delete(Withdrawal))


def test_participation_whose_withdrawal_is_counted_already_is_deleted(people, journal):
    hashed = code_hash(withdrawal_code(OTHER))
    with writing():
        db.session.add(
            Withdrawal(code_hash=hashed, is_simulated=False, withdrawn_on=datetime.now(UTC).date())
        )
    withdraw(withdrawal_code(OTHER), journal)
    assert db.session.scalars(select(Withdrawal.code_hash)).all() == [hashed]
    assert db.session.scalars(select(Participation.key)).all() == [KEY]


def test_withdrawal_whose_journal_cannot_be_written_is_not_done(people, tmp_path):
    before = counts()
    with pytest.raises(IsADirectoryError):
        withdraw(withdrawal_code(KEY), tmp_path)
    assert counts() == before


def test_journal_is_applied_again_and_cut_lines_are_passed_over(people, journal):
    journal.write_text(f"{code_hash(withdrawal_code(KEY))}\n{'a' * 64}\nabc", encoding="ascii")
    assert [apply_journal(journal), apply_journal(journal)] == [1, 0]
    with pytest.raises(NotFoundError):
        find_participation(KEY)
    assert find_participation(OTHER).step == "instructions.0.1.0"


@pytest.mark.parametrize("before", ["", f"{'a' * 64}\n", f"{'a' * 64}", "ab", "ab\n"])
def test_line_after_one_that_was_cut_is_read(people, journal, before):
    journal.write_text(before, encoding="ascii")
    withdraw(withdrawal_code(KEY), journal)
    withdraw(withdrawal_code(OTHER), journal)
    earlier = ["a" * 64] if before.startswith("a" * 64) else []
    assert read_journal(journal) == [
        *earlier, code_hash(withdrawal_code(KEY)), code_hash(withdrawal_code(OTHER))
    ]  # fmt: skip


def test_journal_that_is_missing_is_empty(tmp_path):
    assert read_journal(tmp_path / "none") == []


def test_what_was_kept_as_long_as_promised_is_deleted(people, bundle):
    days = bundle.manifest.privacy.retention_days
    now = datetime.now(UTC)
    assert delete_expired(bundle, now=now + timedelta(days=days - 1)) == 0
    assert delete_expired(bundle, now=now + timedelta(days=days, minutes=1)) == 2
    assert set(counts().values()) == {0}
