"""The rows of an export's tables, read from the database in one transaction."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import select

from stimuli_builder.bundle import Bundle, items_of, sessions_of
from study_app.columns import ALL_TABLES
from study_app.export_folder import to_text
from study_app.extensions import db
from study_app.models import Decision, Event, Participation, Reply, Response
from study_app.services.counts import count_arms

Row = dict[str, object]
Known = tuple[str, str]  # a participant's number and the instant of consent, as exports write it
Owned = TypeVar("Owned", Response, Event, Reply, Decision)

READ_AT_ONCE: Final = 100  # participations
REMOVED: Final = "[removed]"
NAMING: Final = re.compile(  # e-mail addresses, web addresses, and long numbers such as of a phone
    r"[\w.+-]+@[\w-]+\.[\w.-]+|\bhttps?://\S+|\bwww\.\S+|\+?\d(?:[\s()/.-]?\d){6,}"
)


@dataclass(frozen=True, kw_only=True)
class Record:
    """Everything stored of one participation.

    Attributes
    ----------
    participation
        Its row.
    responses, events, replies, decisions
        Its rows of the other tables, in order.
    """

    participation: Participation
    responses: Sequence[Response]
    events: Sequence[Event]
    replies: Sequence[Reply]
    decisions: Sequence[Decision]


def read_tables(
    bundle: Bundle, *, now: datetime | None = None, left_out: Collection[Known] = ()
) -> dict[str, list[Row]]:
    """Read every table's rows from the database, in one transaction.

    Parameters
    ----------
    bundle
        The study's bundle, whose answers say what is right.
    now
        When it is; says whose lease is over. None takes the server's clock.
    left_out
        Participants who are in no table, as number and instant of consent; in `arms` they are not
        counted.

    Returns
    -------
    dict[str, list[Row]]
        Table -> rows with the columns of `study_app.columns.ALL_TABLES`, participations in order
        of arrival.
    """
    _begin_reading()
    tasks, without = _tasks(bundle), []
    items = items_of(bundle.manifest, bundle.answers.trials)
    tables: dict[str, list[Row]] = {name: [] for name in ALL_TABLES}
    for each in _read_records():
        if _known(each) in left_out:
            without.append(each.participation.id)
            continue
        tables["participants"].append(_participant_row(bundle, each))
        tables["responses"] += [
            _response_row(bundle, tasks, each, row) | {"item": items.get(row.item, row.item)}
            for row in each.responses
        ]
        tables["events"] += [_event_row(each, row) for row in each.events]
        tables["replies"] += [_reply_row(bundle, each, row) for row in each.replies]
        tables["decisions"] += [_decision_row(each, row) for row in each.decisions]
    arms = count_arms(bundle.manifest, now=now or datetime.now(UTC), without=without)
    tables["arms"] = [{"simulated": arm.is_simulated} | _arm_row(asdict(arm)) for arm in arms]
    return tables


def without_names(text: str) -> str:
    """Take out of free text what may lead to a person: addresses and long numbers.

    Parameters
    ----------
    text
        As a participant typed it.

    Returns
    -------
    str
        Names of people cannot be told from other words; somebody has to read the texts before they
        are published.

    Examples
    --------
    >>> without_names("It looks at snow. Ask me: a.b@example.org, 030 1234567")
    'It looks at snow. Ask me: [removed], [removed]'
    """
    return NAMING.sub(REMOVED, text)


def _begin_reading() -> None:
    """Begin a transaction that sees the database as it is now, whatever is stored meanwhile."""
    db.session.rollback()
    is_sqlite = db.engine.dialect.name == "sqlite"  # where every transaction does
    options = {} if is_sqlite else {"isolation_level": "REPEATABLE READ"}
    db.session.connection(execution_options=options)


def _read_records() -> Iterator[Record]:
    """Read everybody in order of arrival, a few at a time: rows in memory are many times larger."""
    ids = db.session.scalars(select(Participation.id).order_by(Participation.id)).all()
    for first in range(0, len(ids), READ_AT_ONCE):
        some = ids[first : first + READ_AT_ONCE]
        responses, events = _by_owner(Response, some), _by_owner(Event, some)
        replies, decisions = _by_owner(Reply, some), _by_owner(Decision, some)
        query = select(Participation).where(Participation.id.in_(some)).order_by(Participation.id)
        for each in db.session.scalars(query):
            yield Record(
                participation=each,
                responses=responses[each.id],
                events=sorted(events[each.id], key=lambda event: event.number),
                replies=replies[each.id],
                decisions=decisions[each.id],
            )


def _known(record: Record) -> Known:
    return record.participation.name, to_text(record.participation.consented_at)


def _by_owner(table: type[Owned], owners: Sequence[int]) -> dict[int, list[Owned]]:
    rows = defaultdict(list)
    query = select(table).where(table.participation_id.in_(owners)).order_by(table.id)
    for row in db.session.scalars(query):
        rows[row.participation_id].append(row)
    return rows


def _tasks(bundle: Bundle) -> dict[str, str]:
    """Return the task of each test trial."""
    return {
        trial: session.task
        for _, _, session in sessions_of(bundle.manifest)
        for trial in session.test
    }


def _who(record: Record) -> Row:
    participation = record.participation
    return {
        "participant": participation.name,
        "simulated": participation.is_simulated,
        "simulated_kind": participation.simulated_kind,
    }


def _group(bundle: Bundle, record: Record) -> str | None:
    """Return the audience that a participant belongs to."""
    audience = bundle.manifest.recruitment.audience
    values = [reply.value for reply in record.replies if reply.question == audience]
    return values[0] if values else None


def _participant_row(bundle: Bundle, record: Record) -> Row:
    participation, names = record.participation, [event.name for event in record.events]
    practice_attempts = names.count("practice_passed") + names.count("practice_failed")
    catches = [row for row in record.responses if _is_catch(bundle, row)]
    start, end = participation.consented_at, participation.finished_at
    return _who(record) | {
        "status": participation.status,
        "screened_out_at": participation.screened_out_at,
        "condition": participation.condition,
        "list": participation.list_name,
        "practice_attempts": practice_attempts,
        "practice_correct": _n_right_in_practice(record.responses, practice_attempts),
        "quiz_attempts": names.count("quiz_passed") + names.count("quiz_failed"),
        "quiz_passed": "quiz_passed" in names,
        "catch_shown": len(catches),
        "catch_correct": sum(row.is_correct for row in catches),
        "started_at": start,
        "finished_at": end,
        "duration_s": _seconds(start, end),
        "group": _group(bundle, record),
        **_assignment(record),
        **_verdict(record),
    }


def _assignment(record: Record) -> Row:
    participation = record.participation
    away = [e.duration_ms or 0 for e in record.events if e.name == "focus_lost" and e.session]
    return {
        "consent_version": participation.consent_version,
        "assignment_number": participation.assignment_number,
        "order_seed": participation.order_seed,
        "assigned_at": participation.assigned_at,
        "last_step": participation.step,
        "sessions_s": _seconds(participation.assigned_at, participation.finished_at),
        "away_s": sum(away) / 1000,
    }


def _verdict(record: Record) -> Row:
    last = record.decisions[-1] if record.decisions else None
    return {
        "verdict": record.participation.verdict,
        "verdict_reasons": None if last is None else last.reasons,
        "decided_by": None if last is None else last.decided_by,
    }


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start) / timedelta(seconds=1)


def _n_right_in_practice(responses: Sequence[Response], attempt: int) -> int | None:
    if attempt == 0:
        return None
    return sum(r.is_correct for r in responses if r.phase == "practice" and r.attempt == attempt)


def _is_catch(bundle: Bundle, response: Response) -> bool:
    return response.phase == "test" and bundle.answers.trials[response.item].is_catch


def _response_row(bundle: Bundle, tasks: dict[str, str], record: Record, response: Response) -> Row:
    is_quiz = response.phase == "quiz"
    answer = None if is_quiz else bundle.answers.trials[response.item]
    expected = str(bundle.answers.quiz[response.item]) if answer is None else answer.answer
    return _who(record) | {
        "condition": record.participation.condition,
        "list": record.participation.list_name,
        "session": response.session,
        "phase": response.phase,
        "attempt": response.attempt,
        "position": response.position,
        "trial": response.item,
        "choice": response.choice,
        "expected": expected,
        "correct": response.is_correct,
        "is_catch": answer is not None and answer.is_catch,
        "tie": None if answer is None else answer.tie,
        "rt_ms": response.rt_ms,
        "server_rt_ms": response.server_rt_ms,
        "answered_at": response.answered_at,
        "group": _group(bundle, record),
        "level": None if answer is None else answer.level,
        "is_sham": answer is not None and answer.sham is not None,
        "sham": None if answer is None else answer.sham,
        "concept": None if answer is None else answer.concept,
        "difficulty": None if answer is None else answer.difficulty,
        "place": response.place,
        "confidence": response.confidence,
        **_task(bundle, tasks, response),
    }


def _task(bundle: Bundle, tasks: dict[str, str], response: Response) -> Row:
    """Say what was asked: the task, and among how many."""
    if response.phase == "quiz":
        item = next(each for each in bundle.manifest.quiz if each.item == response.item)
        return {"task": None, "n_choices": len(item.choices), "chose_sub": None}
    task, trial = tasks[response.item], bundle.manifest.test_trials[response.item]
    practice, classes = bundle.manifest.practice, bundle.manifest.classes
    if response.session == 0 and practice is not None:
        classes = practice.classes
    is_choice = task == "binary_choice"
    return {
        "task": task,
        "n_choices": len(trial.options) or len(classes),
        "chose_sub": response.is_correct if is_choice else None,
    }


def _event_row(record: Record, event: Event) -> Row:
    return _who(record) | {
        "number": event.number,
        "event": event.name,
        "session": event.session,
        "phase": event.phase,
        "trial": event.trial,
        "duration_ms": event.duration_ms,
        "at": event.at,
        "step": event.step,
        "detail": event.detail,
    }


def _reply_row(bundle: Bundle, record: Record, reply: Reply) -> Row:
    return _who(record) | {
        "group": _group(bundle, record),
        "condition": record.participation.condition,
        "session": reply.session,
        "questionnaire": reply.questionnaire,
        "question": reply.question,
        "value": without_names(reply.value),
        "replied_at": reply.replied_at,
    }


def _decision_row(record: Record, decision: Decision) -> Row:
    return _who(record) | {
        "verdict": decision.verdict,
        "reasons": decision.reasons,
        "decided_by": decision.decided_by,
        "decided_at": decision.at,
    }


def _arm_row(arm: dict[str, object]) -> Row:
    return {name: value for name, value in arm.items() if name != "is_simulated"}
