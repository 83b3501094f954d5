"""The export's tables, column by column, with the standard library alone.

    EXPORT/
      study.json         the study: rules, conditions, versions, seed, hashes
      responses.csv      one row an answer                          -> `RESPONSES`
      participants.csv   one row a participation                    -> `PARTICIPANTS`
      events.csv         one row an event                           -> `EVENTS`
      replies.csv        one row an answer to a questionnaire       -> `REPLIES`
      decisions.csv      one row a verdict on a participation       -> `DECISIONS`
      arms.csv           one row a condition: who came, who left    -> `ARMS`

Files are UTF-8, comma-separated, with a header; an empty field means "not known" or "does not
apply"; booleans are ``true`` and ``false``; instants are ISO 8601 in UTC.
"""

from dataclasses import dataclass
from typing import Final, Literal

SCHEMA: Final = "study-export"
SCHEMA_VERSION: Final = 2

Kind = Literal["string", "integer", "number", "boolean", "instant"]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name
        As in the header.
    kind
        Type of its values.
    unit
        Unit or range, or an empty string.
    meaning
        One sentence for the codebook.
    choices
        The values it may have, where these are few; otherwise empty.
    required
        Whether every row must have a value.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    choices: tuple[str, ...] = ()
    required: bool = True


PARTICIPANT = (
    Column("participant", "string", "", "Number of the participation in order of arrival: p0001."),
    Column("simulated", "boolean", "", "Whether a program took part, not a person."),
    Column(
        "simulated_kind", "string", "", "What kind of program it was; empty for people.", (), False
    ),
)

GROUP = Column("group", "string", "", "Audience, such as expert; empty if unknown.", (), False)

PHASES: Final = (
    "consent",
    "eligibility",
    "practice",
    "quiz",
    "training",
    "test",
    "questionnaire",
    "end",
)

PLACE = (
    Column("session", "integer", "from 0", "0 before the sessions (practice and quiz), then 1 on."),
    Column("phase", "string", "", "Part of the session.", PHASES),
)

STATUSES: Final = ("in_progress", "screened_out", "completed")
SCREENINGS: Final = ("eligibility", "practice", "quiz", "quota")
VERDICTS: Final = ("include", "exclude", "screen_out", "reject")
DECIDERS: Final = ("rules", "researcher")
STATES: Final = ("open", "paused", "closed")
ROLES: Final = ("viewer", "researcher", "owner")  # each may do what those before it may
ACTIONS: Final = (
    "paused",
    "resumed",
    "closed",
    "decided",
    "exported",
    "saw_results",
    "admin_added",
    "admin_removed",
)
EXCLUSIONS: Final = (
    "catch",
    "fast_answers",
    "too_short",
    "too_long",
    "away",
    "returned",
    "other",
)
REJECTIONS: Final = ("automated", "repeated", "dishonest", "other")
TASKS: Final = ("utility", "intruder", "binary_choice")
LEVELS: Final = ("concept", "sub_concept")
SHAMS: Final = ("same_layer", "random")

PARTICIPANTS: Final = (
    *PARTICIPANT,
    Column("status", "string", "", "How far the participation came.", STATUSES),
    Column(
        "screened_out_at",
        "string",
        "",
        "The screening that ended the participation; empty where none did.",
        SCREENINGS,
        False,
    ),
    Column("condition", "string", "", "Assigned after the quiz; empty before.", (), False),
    Column("list", "string", "", "Trial list, assigned with the condition.", (), False),
    Column("practice_attempts", "integer", "rounds", "Practice rounds finished."),
    Column(
        "practice_correct",
        "integer",
        "trials",
        "Right answers in the last finished practice round.",
        (),
        False,
    ),
    Column("quiz_attempts", "integer", "rounds", "Times the quiz was sent."),
    Column("quiz_passed", "boolean", "", "Whether a quiz attempt was right in every item."),
    Column("catch_shown", "integer", "trials", "Catch trials answered."),
    Column("catch_correct", "integer", "trials", "Catch trials answered right."),
    Column("started_at", "instant", "UTC", "Consent was given, by the server's clock."),
    Column("finished_at", "instant", "UTC", "The end page was reached.", (), False),
    Column("duration_s", "number", "seconds", "From start to finish.", (), False),
    GROUP,
    Column("consent_version", "string", "", "Of the text that was consented to."),
    Column("assignment_number", "integer", "from 0", "Place in the permuted blocks.", (), False),
    Column("order_seed", "integer", "", "Of the order of shuffled trials.", (), False),
    Column("assigned_at", "instant", "UTC", "The sessions began.", (), False),
    Column("last_step", "string", "", "Page that the participation is at, or ended at."),
    Column("sessions_s", "number", "seconds", "From assignment to the end.", (), False),
    Column(
        "away_s",
        "number",
        "seconds",
        "In the sessions, with the page out of sight or another window in use.",
    ),
    Column(
        "verdict",
        "string",
        "",
        "What was decided by the rules or by a researcher; empty while in progress.",
        VERDICTS,
        False,
    ),
    Column("verdict_reasons", "string", "", "Why, as names separated by spaces.", (), False),
    Column("decided_by", "string", "", "Who decided last.", DECIDERS, False),
)

RESPONSES: Final = (
    *PARTICIPANT,
    Column("condition", "string", "", "The participation's; empty if never assigned.", (), False),
    Column("list", "string", "", "The participation's; empty if never assigned.", (), False),
    *PLACE,
    Column("attempt", "integer", "from 1", "Round of the practice or quiz; 1 in a test."),
    Column("position", "integer", "from 1", "Place in the phase, as shown."),
    Column("trial", "string", "", "Trial or quiz item of the bundle."),
    Column("choice", "string", "", "What the participant answered: a class, or a choice's index."),
    Column("expected", "string", "", "The model's answer, or the right choice's index."),
    Column("correct", "boolean", "", "Whether the two agree."),
    Column("is_catch", "boolean", "", "Whether it is a catch trial, which is never scored."),
    Column(
        "tie",
        "string",
        "",
        "Whether the image keeps or breaks the tie a person would guess by; empty if unknown.",
        ("kept", "broken"),
        False,
    ),
    Column(
        "rt_ms",
        "number",
        "ms",
        "From the painted image to the answer, by the browser's clock; empty without scripts.",
        (),
        False,
    ),
    Column("server_rt_ms", "number", "ms", "From the page sent to the answer, by the server's."),
    Column("answered_at", "instant", "UTC", "When the answer was stored, by the server's clock."),
    GROUP,
    Column("task", "string", "", "What was asked; empty in the quiz.", TASKS, False),
    Column(
        "item",
        "string",
        "",
        "What models of items count once: the first of the trials that show the same pictures in "
        "another order, as lists do that balance sides; mostly the trial itself.",
    ),
    Column(
        "level",
        "string",
        "",
        "Whether an intruder trial's pictures are of a concept or of a sub-concept.",
        LEVELS,
        False,
    ),
    Column("is_sham", "boolean", "", "Whether nothing tells a binary choice's groups apart."),
    Column(
        "sham",
        "string",
        "",
        "How such groups were made: by a split at the same layer, or at random.",
        SHAMS,
        False,
    ),
    Column("concept", "string", "", "What an intruder or choice is about.", (), False),
    Column("difficulty", "number", "0 to 1", "Of the trial, as the builder saw it.", (), False),
    Column("n_choices", "integer", "from 1", "Choices on offer."),
    Column(
        "chose_sub",
        "boolean",
        "",
        "Whether the sub-concept's group was chosen; empty but for binary choices.",
        (),
        False,
    ),
    Column("place", "integer", "from 1", "Where the choice stood on the page.", (), False),
    Column("confidence", "integer", "from 1", "How sure; empty if it was not asked.", (), False),
)

EVENT_NAMES: Final = (
    "consented",
    "page_shown",
    "trial_shown",
    "training_left",
    "reservoir_opened",
    "focus_lost",
    "second_answer",
    "ineligible",
    "practice_passed",
    "practice_failed",
    "quiz_passed",
    "quiz_failed",
    "assigned",
    "place_lost",
    "place_regained",
    "screened_out",
    "completed",
)

EVENTS: Final = (
    *PARTICIPANT,
    Column("number", "integer", "from 1", "Order of the participation's events."),
    Column("event", "string", "", "What happened.", EVENT_NAMES),
    *PLACE,
    Column("trial", "string", "", "The trial it happened in; empty elsewhere.", (), False),
    Column(
        "duration_ms",
        "number",
        "ms",
        "How long something was looked at, or the page was out of sight or another window in use, "
        "by the browser's clock.",
        (),
        False,
    ),
    Column("at", "instant", "UTC", "By the server's clock."),
    Column("step", "string", "", "Page it happened at: kind.session.attempt.position.", (), False),
    Column("detail", "string", "", "What else is known of it.", (), False),
)

REPLIES: Final = (
    *PARTICIPANT,
    GROUP,
    Column("condition", "string", "", "The participation's; empty if never assigned.", (), False),
    Column("session", "integer", "from 0", "The session it follows; 0 outside the sessions."),
    Column("questionnaire", "string", "", "Of the bundle."),
    Column("question", "string", "", "Of the bundle."),
    Column("value", "string", "", "A choice's value, an integer, or text."),
    Column("replied_at", "instant", "UTC", "When it was stored, by the server's clock."),
)

DECISIONS: Final = (
    *PARTICIPANT,
    Column("verdict", "string", "", "What was decided.", VERDICTS),
    Column("reasons", "string", "", "Why, as names separated by spaces.", (), False),
    Column("decided_by", "string", "", "Who decided.", DECIDERS),
    Column("decided_at", "instant", "UTC", "By the server's clock."),
)

ARMS: Final = (
    Column("simulated", "boolean", "", "Whether programs are counted, not people."),
    Column("condition", "string", "", "Empty for those who never got one.", (), False),
    Column("began", "integer", "participations", "All, the withdrawn included."),
    Column("in_progress", "integer", "participations", "Not at an end yet, or left."),
    Column("lapsed", "integer", "participations", "Of these, over the lease's time."),
    Column("screened_out", "integer", "participations", "Ended by a screening."),
    Column("completed", "integer", "participations", "Came to the end."),
    Column("included", "integer", "participations", "Of these, whose answers can be analysed."),
    Column("excluded", "integer", "participations", "Of these, whose answers cannot."),
    Column("rejected", "integer", "participations", "Turned down by a researcher."),
    Column("withdrawn", "integer", "participations", "Withdrew; nothing else is left of them."),
)

TABLES: Final = {"participants": PARTICIPANTS, "responses": RESPONSES, "events": EVENTS}
FURTHER_TABLES: Final = {"replies": REPLIES, "decisions": DECISIONS, "arms": ARMS}
ALL_TABLES: Final = TABLES | FURTHER_TABLES

STUDY_FIELDS: Final = {
    "schema": "`study-export`.",
    "schema_version": "integer: 2.",
    "package_version": "string: of the server that wrote the export.",
    "git_commit": "string or null: of the server's working tree.",
    "study": "string: short name of the study.",
    "title": "string: as participants saw it.",
    "task": "string: `utility`, `intruder`, `binary_choice`, `recursivity` or `mixed`.",
    "scenario": "string: of the images.",
    "classes": "array of strings: what the model answers.",
    "conditions": "array of strings: the first is the baseline.",
    "lists": "array of strings: the trial lists.",
    "n_sessions": "integer: sessions in a list.",
    "n_training": "integer: training trials in a session.",
    "n_test": "integer: scored test trials in a session, the catch trial not counted.",
    "rules": "object: the bundle's thresholds (practice_min_correct, practice_max_attempts, "
    "quiz_min_correct, quiz_max_attempts, catch_min_correct, fast_answer_ms, max_fast_share, "
    "min_sessions_s, max_sessions_s, max_away_s).",
    "assignment_seed": "integer: of the permuted blocks that assigned conditions and lists.",
    "bundle": "object: `manifest_sha256`, `answers_sha256`, `analysis_plan_sha256` (of the plan "
    "that was fixed before the first participant, or null), the `language` of the texts, what was "
    "promised (`privacy`) and wanted (`recruitment`), and the manifest's `provenance` whole, which "
    "leads back to the concept store and the network's weights.",
    "files": "object: table name -> `rows` (integer) and `sha256` of its CSV file.",
}


def column_names(table: str) -> list[str]:
    """Return a table's header.

    Parameters
    ----------
    table
        Key of `ALL_TABLES`.

    Returns
    -------
    list[str]
        In the order of the file.

    Examples
    --------
    >>> column_names("events")[3:5]
    ['number', 'event']
    """
    return [column.name for column in ALL_TABLES[table]]
