import pytest

from study_app.errors import SetupError
from study_app.panels.prolific_export import read_submissions, strongest

FIRST, SECOND = "671b8e95b17f88050648883e", "671b8e95b17f88050648883f"
PERSON = "5e9088a8a4b6ed018b45ba7b"
HEADER = "Submission id,Participant id,Status,Completion code"


@pytest.fixture
def read(tmp_path):
    def read(*lines, header=HEADER):
        file = tmp_path / "prolific.csv"
        file.write_bytes("\r\n".join([header, *lines, ""]).encode("utf-8-sig"))
        return read_submissions(file)

    return read


def test_submissions_are_read_with_every_status(read):
    found, notes = read(
        f"{FIRST},{PERSON},AWAITING REVIEW,C1DONE77", f"{SECOND},{PERSON[::-1]},Timed-out,"
    )
    assert [(each.line, each.status, each.code) for each in found] == [
        (2, "awaiting_review", "C1DONE77"), (3, "timed_out", ""),
    ]  # fmt: skip
    assert notes == []


def test_unknown_columns_are_counted(read):
    _, notes = read(f"{FIRST},{PERSON},ACTIVE,,34,x", header=f"{HEADER},Age,Shoe size")
    assert notes == ["unknown columns passed over, such as 'Age': 2."]


def test_row_twice_counts_once_and_person_twice_is_noted(read):
    row = f"{FIRST},{PERSON},RETURNED,"
    found, notes = read(row, row, f"{SECOND},{PERSON},APPROVED,")
    assert len(found) == 2
    assert notes == [
        "rows that are there twice, counted once: 1.",
        "people with several submissions, paid once: 1.",
    ]
    assert strongest(found).status == "approved"


@pytest.mark.parametrize(
    ("lines", "header", "message"),
    [
        ([], "Submission id,Status", r"columns .* got none named 'Participant id'\."),
        ([], f"{HEADER},Status", r"must have each column once; got 'Status' twice\."),
        (["a,b"], HEADER, r"prolific\.csv line 2 must have 4 fields; got 2\."),
        ([f"{FIRST},{PERSON},PAUSED,"], HEADER, r"line 2 'Status' must be one of .*got 'PAUSED'\."),
        ([f"{FIRST},,ACTIVE,"], HEADER, r"line 2 'Participant id' must be 6 to 64 .*got ''\."),
        (
            [f"{FIRST},{PERSON},ACTIVE,", f"{FIRST},{PERSON},RETURNED,"],
            HEADER,
            rf"a submission once; got {FIRST} in line 2 and, with other contents, in line 3\.",
        ),
    ],
)
def test_what_cannot_be_is_told_in_one_line(read, lines, header, message):
    with pytest.raises(SetupError, match=message):
        read(*lines, header=header)


def test_file_that_is_no_table_is_told(tmp_path):
    with pytest.raises(SetupError, match=r"panel's export must be a file; got"):
        read_submissions(tmp_path / "none.csv")
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SetupError, match=r"must be a CSV file in UTF-8; got"):
        read_submissions(tmp_path / "x.csv")
