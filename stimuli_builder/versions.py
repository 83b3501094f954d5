"""Bring the JSON of earlier bundle versions to the newest: a study that runs cannot be rebuilt.

1   utility studies of consent, instructions, practice, quiz, sessions and debriefing
2   intruder and binary-choice trials, stages, questionnaires, time rules, viewing times, quotas,
    languages; trials are kept once and named by the lists
"""

from typing import Any, Final

NEWEST: Final = 2
READABLE: Final = (1, 2)

STAGES_OF_1: Final = ("consent", "instructions", "practice", "quiz", "sessions", "debriefing")
LANGUAGE_OF_1: Final = "en"
RECRUITMENT_OF_1: Final[dict[str, Any]] = {
    "quota": None,
    "lease_minutes": 120,
    "audience": None,
    "expected_minutes": None,
    "pay": "",
    "criteria": [],
    "min_width_px": None,
}


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
    sessions = [session for each in old["lists"] for session in each["sessions"]]
    sessions.append(old["practice"]["session"])
    lists = [
        each | {"sessions": [_session(session) for session in each["sessions"]]}
        for each in old["lists"]
    ]
    rules = {
        "quiz_min_correct": len(old["quiz"]),
        "fast_answer_ms": 0,
        "max_fast_share": 1.0,
        "min_sessions_s": None,
        "max_sessions_s": None,
        "max_away_s": None,
    }
    return old | {
        "language": LANGUAGE_OF_1,
        "translations": {},
        "stages": [{"stage": name, "questionnaire": None} for name in STAGES_OF_1],
        "texts": old["texts"] | {"data_notice": [], "ethics": ""},
        "privacy": {"consent_version": "1", "retention_days": None},
        "questionnaires": [],
        "practice": old["practice"] | {"session": _session(old["practice"]["session"])},
        "training_trials": _trials(sessions, "training"),
        "test_trials": {
            name: trial | {"options": []} for name, trial in _trials(sessions, "test").items()
        },
        "lists": lists,
        "rules": old["rules"] | rules,
        "viewing": {"minimum_ms": 0, "maximum_ms": None},
        "reservoir": {"scope": "all_sessions", "has_explanations": True},
        "confidence": None,
        "recruitment": RECRUITMENT_OF_1,
        "media": {name: size | {"renditions": []} for name, size in old["media"].items()},
    }


def _trials(sessions: list[dict[str, Any]], phase: str) -> dict[str, dict[str, Any]]:
    """Return the trials of a phase by their names, which they do not carry any more."""
    trials = [dict(trial) for session in sessions for trial in session[phase]]
    return {trial.pop("trial"): trial for trial in trials}


def _session(old: dict[str, Any]) -> dict[str, Any]:
    return {
        "task": "utility",
        "title": "",
        "introduction": [],
        "training": [trial["trial"] for trial in old["training"]],
        "test": [trial["trial"] for trial in old["test"]],
        "trials_are_shuffled": False,
        "options_are_shuffled": False,
        "questionnaire": None,
    }


def _answers(old: dict[str, Any]) -> dict[str, Any]:
    new = {"concept": None, "level": None, "sham": None, "difficulty": None}
    trials = {trial: answer | new for trial, answer in old["trials"].items()}
    return old | {"trials": trials, "sources": {}}
