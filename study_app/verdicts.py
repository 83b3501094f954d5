"""Whose answers can be analysed, by the bundle's rules. Pure: no database, no clock.

Four verdicts are kept apart:

    include      completed, and the rules are met
    exclude      completed and paid, but not analysed: by a rule, or by a researcher
    screen_out   ended by a screening; paid for the time
    reject       by a researcher alone, with a reason of its own; never by a rule
"""

from collections.abc import Sequence
from dataclasses import dataclass

from stimuli_builder.bundle import Rules


@dataclass(frozen=True, kw_only=True)
class Record:
    """What the rules look at.

    Attributes
    ----------
    n_catch_correct
        Right answers to catch trials.
    rts_ms
        Milliseconds of each test answer of the sessions, by the browser's clock, or by the server's
        where scripts are off.
    sessions_s
        Seconds from the first page of the sessions to the end.
    away_s
        Seconds of these with the page out of sight or another window in use.
    """

    n_catch_correct: int
    rts_ms: Sequence[float]
    sessions_s: float
    away_s: float


def exclusions(rules: Rules, record: Record) -> list[str]:
    """Return the rules that speak against analysing a completed participation.

    Parameters
    ----------
    rules
        Of the bundle.
    record
        Of the participation.

    Returns
    -------
    list[str]
        Of `study_app.columns.EXCLUSIONS`; empty where every rule is met.
    """
    n_fast = sum(rt_ms < rules.fast_answer_ms for rt_ms in record.rts_ms)
    is_broken = {
        "catch": record.n_catch_correct < rules.catch_min_correct,
        "fast_answers": n_fast > rules.max_fast_share * len(record.rts_ms),
        "too_short": record.sessions_s < (rules.min_sessions_s or 0),
        "too_long": rules.max_sessions_s is not None and record.sessions_s > rules.max_sessions_s,
        "away": rules.max_away_s is not None and record.away_s > rules.max_away_s,
    }
    return [name for name, broken in is_broken.items() if broken]
