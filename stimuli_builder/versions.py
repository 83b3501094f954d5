"""Bring the JSON of earlier bundle versions to the newest: a study that runs cannot be rebuilt.

1   utility studies of consent, instructions, practice, quiz, sessions and debriefing
2   intruder and binary-choice trials, stages, questionnaires, time rules, viewing times, quotas
"""

from typing import Any, Final

NEWEST: Final = 2
READABLE: Final = (1, 2)

STAGES_OF_1: Final = ("consent", "instructions", "practice", "quiz", "sessions", "debriefing")
LEASE_MINUTES: Final = 120


def to_newest(parsed: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what a bundle's file would hold, had it been written in the newest version.

    Parameters
    ----------
    parsed
        A file's JSON, of a version in `READABLE`; a version-1 file must have all its fields.
    name
        ``manifest.json`` or ``answers.json``.

    Returns
    -------
    dict[str, Any]
        Of version `NEWEST`; what is new in it is switched off.
    """
    if parsed["schema_version"] == NEWEST:
        return parsed
    upgrade = _manifest if name == "manifest.json" else _answers
    return upgrade(parsed) | {"schema_version": NEWEST}


def _manifest(old: dict[str, Any]) -> dict[str, Any]:
    stages = [{"stage": name, "questionnaire": None} for name in STAGES_OF_1]
    lists = [
        each | {"sessions": [_session(session) for session in each["sessions"]]}
        for each in old["lists"]
    ]
    rules = {
        "fast_answer_ms": 0,
        "max_fast_share": 1.0,
        "min_sessions_s": None,
        "max_sessions_s": None,
        "max_away_s": None,
    }
    recruitment = {"quota": None, "lease_minutes": LEASE_MINUTES, "audience": None}
    practice = old["practice"] | {"session": _session(old["practice"]["session"])}
    return old | {
        "stages": stages,
        "privacy": {"consent_version": "1", "retention_days": None},
        "questionnaires": [],
        "practice": practice,
        "lists": lists,
        "rules": old["rules"] | rules,
        "viewing": {"minimum_ms": 0, "maximum_ms": None},
        "confidence": None,
        "recruitment": recruitment,
    }


def _session(old: dict[str, Any]) -> dict[str, Any]:
    return {
        "task": "utility",
        "title": "",
        "introduction": [],
        "training": old["training"],
        "test": [trial | {"options": []} for trial in old["test"]],
        "is_shuffled": False,
        "questionnaire": None,
    }


def _answers(old: dict[str, Any]) -> dict[str, Any]:
    new = {"level": None, "is_sham": False}
    return old | {"trials": {trial: answer | new for trial, answer in old["trials"].items()}}
