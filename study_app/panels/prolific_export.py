"""Prolific's export of a study's submissions: one row a submission, with its status.

The columns are those of the file that Prolific offers for download ("Submission id",
"Participant id", "Status", …); further ones, such as the demographic ones, are passed over and
counted.
"""

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from study_app.errors import SetupError

SUBMISSION, PARTICIPANT, STATUS = "Submission id", "Participant id", "Status"
CODE: Final = "Completion code"
NEEDED: Final = (SUBMISSION, PARTICIPANT, STATUS)
KNOWN: Final = (
    *NEEDED,
    CODE,
    "Custom study tncs accepted at",
    "Started at",
    "Completed at",
    "Reviewed at",
    "Archived at",
    "Time taken",
    "Total approvals",
)
STATUSES: Final = (  # the further down, the more it says of a person with several submissions
    "returned",
    "timed_out",
    "reserved",
    "active",
    "rejected",
    "awaiting_review",
    "screened_out",
    "partially_approved",
    "approved",
)
PAID: Final = ("screened_out", "partially_approved", "approved")
LEFT: Final = ("returned", "timed_out")
_ID: Final = re.compile(r"[0-9A-Za-z]{6,64}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One row of the file.

    Attributes
    ----------
    line
        In the file, the header being line 1.
    submission, participant
        Prolific's numbers.
    status
        One of `STATUSES`.
    code
        As it was typed; empty where there is none.
    """

    line: int
    submission: str
    participant: str
    status: str
    code: str


def read_submissions(file: Path) -> tuple[list[Submission], list[str]]:
    """Read an export.

    Parameters
    ----------
    file
        As Prolific wrote it.

    Returns
    -------
    tuple[list[Submission], list[str]]
        The submissions in order, each once; and what was passed over, one sentence each.

    Raises
    ------
    SetupError
        If the file is no CSV table, a column is missing or doubled, a number or a status is not
        Prolific's, or a submission is there twice with different contents.
    """
    header, rows = _read_table(file)
    notes = _check_header(file, header)
    found: dict[str, Submission] = {}
    n_twice = 0
    for line, row in rows:
        submission = _submission(file, line, row)
        earlier = found.setdefault(submission.submission, submission)
        if earlier is not submission:
            _check_same(file, earlier, submission)
            n_twice += 1
    if n_twice:
        notes.append(f"rows that are there twice, counted once: {n_twice}.")
    persons = Counter(each.participant for each in found.values())
    n_several = sum(n > 1 for n in persons.values())
    if n_several:
        notes.append(f"people with several submissions, paid once: {n_several}.")
    return list(found.values()), notes


def strongest(submissions: Sequence[Submission]) -> Submission:
    """Return the submission that says most of a person, the later one of two alike.

    Parameters
    ----------
    submissions
        Of one person; one or more.

    Returns
    -------
    Submission
        By the order of `STATUSES`.
    """
    return max(submissions, key=lambda each: (STATUSES.index(each.status), each.line))


def normal_status(text: str) -> str:
    """Return a status as it is stored.

    Parameters
    ----------
    text
        As Prolific writes it; its programming interface writes the same words otherwise.

    Returns
    -------
    str
        In small letters, words joined by underscores.

    Examples
    --------
    >>> normal_status("AWAITING REVIEW"), normal_status("TIMED-OUT")
    ('awaiting_review', 'timed_out')
    """
    return "_".join(re.findall(r"[a-z]+", text.lower()))


def _read_table(file: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    if not file.is_file():
        raise SetupError(f"panel's export must be a file; got {file}.")
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            header = next(reader, [])
            numbered = [(reader.line_num, cells) for cells in reader if cells]
    except (UnicodeDecodeError, csv.Error) as error:
        raise SetupError(f"panel's export must be a CSV file in UTF-8; got {file}.") from error
    for line, cells in numbered:
        if len(cells) != len(header):
            raise SetupError(
                f"{file.name} line {line} must have {len(header)} fields; got {len(cells)}."
            )
    return header, [(line, dict(zip(header, cells, strict=True))) for line, cells in numbered]


def _check_header(file: Path, header: Sequence[str]) -> list[str]:
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise SetupError(
            f"{file.name} must have the columns {list(NEEDED)} of Prolific's export; got none "
            f"named {missing[0]!r}."
        )
    doubled = [name for name in KNOWN if header.count(name) > 1]
    if doubled:
        raise SetupError(f"{file.name} must have each column once; got {doubled[0]!r} twice.")
    unknown = [name for name in header if name not in KNOWN]
    if not unknown:
        return []
    return [f"unknown columns passed over, such as {unknown[0][:40]!r}: {len(unknown)}."]


def _submission(file: Path, line: int, row: Mapping[str, str]) -> Submission:
    for name in (SUBMISSION, PARTICIPANT):
        if not _ID.fullmatch(row[name].strip()):
            raise SetupError(
                f"{file.name} line {line} {name!r} must be 6 to 64 letters and digits; got "
                f"{row[name][:40]!r}."
            )
    status = normal_status(row[STATUS])
    if status not in STATUSES:
        raise SetupError(
            f"{file.name} line {line} {STATUS!r} must be one of {sorted(STATUSES)}; got "
            f"{row[STATUS][:40]!r}."
        )
    return Submission(
        line=line,
        submission=row[SUBMISSION].strip(),
        participant=row[PARTICIPANT].strip(),
        status=status,
        code=row.get(CODE, "").strip(),
    )


def _check_same(file: Path, earlier: Submission, later: Submission) -> None:
    before = (earlier.participant, earlier.status, earlier.code)
    if before != (later.participant, later.status, later.code):
        raise SetupError(
            f"{file.name} must have a submission once; got {later.submission} in line "
            f"{earlier.line} and, with other contents, in line {later.line}."
        )
