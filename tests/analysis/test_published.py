import pytest

from analysis.errors import PublishedTableError
from analysis.published import printed_p, read_published

UTILITY = "scenario,condition,session_1,utility\na,baseline,50.0,\na,craft,60.0,1.20\n"


@pytest.fixture
def write(tmp_path):
    def write(text, **options):
        file = tmp_path / "table.csv"
        file.write_bytes(text.encode(**options) if isinstance(text, str) else text)
        return file

    return write


def test_numbers_stay_as_printed(write):
    table = read_published(write(UTILITY))
    assert table.layout == "utility" and table.sessions == ["session_1"]
    assert list(table.rows["utility"]) == ["", "1.20"]


def test_groups_hold_their_size(write):
    table = read_published(write("task,measure,experts_n36\nintruder,p_value,0.18\n"))
    assert table.layout == "recursivity" and table.groups == {"experts_n36": ("experts", 36)}


def test_p_value_may_be_a_bound(write):
    table = read_published(write("task,measure,experts_n36\nintruder,p_value,< .001\n"))
    assert printed_p(table.rows["experts_n36"].iloc[0]) == (".001", True)
    assert printed_p("0.18") == ("0.18", False)


@pytest.mark.parametrize(
    ("cells", "unit", "has_two_units"),
    [
        (("50.0", "60.0"), "percent", False),
        (("0.5", "1"), "share", False),
        (("0", "60"), "percent", False),
        (("50", "0.6"), "percent", True),
    ],
)
def test_unit_is_that_of_the_whole_table(write, cells, unit, has_two_units):
    text = UTILITY.replace("50.0", cells[0]).replace("60.0", cells[1])
    table = read_published(write(text))
    assert (table.unit, table.has_two_units) == (unit, has_two_units)
    rows = f"i,a_percent,{cells[0]},\ni,p_value,0.5,\ni,b_percent,,{cells[1]}\n"
    table = read_published(write("task,measure,x_n3,y_n4\n" + rows))
    assert (table.unit, table.has_two_units) == (unit, has_two_units)


def test_sizes_are_the_third_layout(write):
    assert read_published(write("scenario,condition,n\na,total,5\n")).layout == "sizes"


def test_spreadsheets_mark_of_bytes_is_skipped(write):
    assert read_published(write(UTILITY, encoding="utf-8-sig")).layout == "utility"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", r"must have the columns scenario.*got \['a', 'b'\]"),
        ("scenario,condition\n", "must have a header and rows; got 1 lines"),
        (UTILITY + "a,ace,1\n", "line 4 must have 4 fields; got 3"),
        (UTILITY.replace("60.0", "60 %"), "line 3 session_1 must be a number; got '60 %'"),
        (UTILITY.replace("60.0", ""), "line 3 session_1 must be a number; got ''"),
        (UTILITY.replace("60.0", "+-60"), "line 3 session_1 must be a number; got '\\+-60'"),
        (UTILITY.replace("60.0", "6\u00b2"), "line 3 session_1 must be a number; got '6\u00b2'"),
        (UTILITY.replace("60.0", "-60"), r"line 3 session_1 must be in \[0, 100\]; got '-60'"),
        (UTILITY.replace("60.0", "120"), r"line 3 session_1 must be in \[0, 100\]; got '120'"),
        ("scenario,condition,n\na,x,7.5\n", "line 2 n must be a whole number of 1 or .* '7.5'"),
        ("scenario,condition,n\na,x,\n", "line 2 n must be a whole number of 1 or more; got ''"),
        (
            "task,measure,experts_n36\nb,sub_concept_chosen_percent,120\n",
            r"line 2 experts_n36 must be in \[0, 100\]; got '120'",
        ),
        ("task,measure,experts_n36\nb,odds_ratio,-1\n", "experts_n36 must be 0 or more; got '-1'"),
        ("task,measure,experts_n0\nb,odds_ratio,1\n", r"must have participants; got \['experts_n0"),
        (
            UTILITY + "a,craft,70.0,1.40\n",
            "line 4 must have a scenario and a condition of its own; got a, craft again",
        ),
        (
            "task,measure,experts_n36\nb,odds_ratio,1\nb,odds_ratio,2\n",
            "line 3 must have a task and a measure of its own; got b, odds_ratio again",
        ),
        (
            "scenario,condition,n\na,x,7\na,x,8\n",
            "line 3 must have a scenario and a condition of its own; got a, x again",
        ),
        ("task,measure,experts_n36\nb,p_value,2\n", r"experts_n36 must be in \[0, 1\]; got '2'"),
        (
            "task,measure,experts_n36\nb,p_value,ns\n",
            "must be a number or, as in < .001, a bound; got 'ns'",
        ),
        ("task,measure,experts_n36\nb,p_value_below,< .001\n", "must be a number; got '< .001'"),
        (b"\xff\xfe", "must be a CSV file in UTF-8"),
    ],
)
def test_odd_tables_are_errors(write, text, message):
    with pytest.raises(PublishedTableError, match=message):
        read_published(write(text))


def test_missing_file_is_an_error(tmp_path):
    with pytest.raises(PublishedTableError, match="must be a file; got .*nothing.csv"):
        read_published(tmp_path / "nothing.csv")
