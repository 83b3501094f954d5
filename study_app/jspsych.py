"""Answers under the names that jsPsych gives its columns, for scripts that were written for it.

The names are those of jsPsych's data (https://www.jspsych.org/latest/overview/data/) and of its
button and multiple-choice plugins: ``response`` is the index of the button from 0, ``rt`` is in
milliseconds, ``time_elapsed`` counts from the consent. Columns of `study_app.columns` that jsPsych
has no name for keep their own.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from stimuli_builder.bundle import Bundle
from study_app.columns import RESPONSES
from study_app.rows import Row

OWN: Final = (
    "subject_id",
    "trial_type",
    "trial_index",
    "time_elapsed",
    "rt",
    "stimulus",
    "response",
    "correct",
)
TAKEN: Final = ("participant", "rt_ms", "correct", "answered_at")  # renamed
KEPT: Final = tuple(each.name for each in RESPONSES if each.name not in TAKEN)
HEADER: Final = (*OWN, *KEPT)
IMAGE: Final = "image-button-response"
HTML: Final = "html-button-response"
QUIZ: Final = "survey-multi-choice"


def jspsych_rows(bundle: Bundle, tables: Mapping[str, list[Row]]) -> list[Row]:
    """Return one row a trial as jsPsych would have written it, training pages included.

    Parameters
    ----------
    bundle
        The study's, whose media names are the stimuli.
    tables
        As `study_app.rows.read_tables` returns them.

    Returns
    -------
    list[Row]
        With the columns of `HEADER`, by participant and in order of time; ``trial_index`` counts a
        participant's rows from 0.
    """
    started = {row["participant"]: row["started_at"] for row in tables["participants"]}
    of_participant = {row["participant"]: row for row in tables["participants"]}
    trainings = [row for row in tables["events"] if row["event"] == "training_left"]
    timed = [
        *((row["answered_at"], _answer(bundle, row)) for row in tables["responses"]),
        *((row["at"], _training(bundle, row, of_participant)) for row in trainings),
    ]
    places = {participant: number for number, participant in enumerate(started)}
    timed.sort(key=lambda each: (places[each[1]["subject_id"]], each[0]))  # stable: as stored
    counts: Counter[object] = Counter()
    rows = []
    for at, row in timed:
        subject = row["subject_id"]
        elapsed = _ms_between(started[subject], at)
        rows.append(row | {"trial_index": counts[subject], "time_elapsed": elapsed})
        counts[subject] += 1
    return rows


def _answer(bundle: Bundle, row: Row) -> Row:
    place = row["place"]
    is_quiz = row["phase"] == "quiz"
    return {name: row[name] for name in KEPT} | {
        "subject_id": row["participant"],
        "trial_type": QUIZ if is_quiz else _plugin(bundle, str(row["trial"])),
        "rt": row["rt_ms"],
        "stimulus": _question(bundle, row) if is_quiz else _stimulus(bundle, str(row["trial"])),
        "response": place - 1 if isinstance(place, int) else None,
        "correct": row["correct"],
    }


def _training(bundle: Bundle, row: Row, of_participant: Mapping[object, Row]) -> Row:
    """Return a training page, which is left by its one button."""
    whose = of_participant[row["participant"]]
    shared = {name: row[name] for name in ("simulated", "simulated_kind", "session", "phase")}
    return (
        dict.fromkeys(KEPT)
        | shared
        | {
            "condition": whose["condition"],
            "list": whose["list"],
            "group": whose["group"],
            "trial": row["trial"],
            "item": row["trial"],
            "subject_id": row["participant"],
            "trial_type": IMAGE,
            "rt": row["duration_ms"],
            "stimulus": bundle.manifest.training_trials[str(row["trial"])].image,
            "response": 0,
            "correct": None,
        }
    )


def _plugin(bundle: Bundle, trial: str) -> str:
    return HTML if bundle.manifest.test_trials[trial].options else IMAGE


def _stimulus(bundle: Bundle, trial: str) -> str:
    """Return the media names that a trial shows; groups are separated by spaces."""
    shown = bundle.manifest.test_trials[trial]
    pictures = [" ".join(option.pictures) for option in shown.options]
    return " ".join([*([shown.image] if shown.image else []), *pictures])


def _question(bundle: Bundle, row: Row) -> str:
    asked = {each.item: each.question for each in bundle.manifest.quiz}
    return asked[str(row["trial"])]


def _ms_between(start: object, end: object) -> int | None:
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        return None
    return round((end - start) / timedelta(milliseconds=1))
