import pandas as pd
import pytest

from analysis.errors import ExportError
from analysis.typed_csv import read_table
from study_app.columns import Column

COLUMNS = (
    Column("name", "string", "", "", ("a", "b")),
    Column("count", "integer", "from 1", ""),
    Column("maybe", "integer", "", "", (), False),
    Column("time", "number", "ms", "", (), False),
    Column("flag", "boolean", "", ""),
    Column("at", "instant", "UTC", "", (), False),
)
HEADER = "name,count,maybe,time,flag,at"
ROW = "a,3,,1.5,true,2026-03-01T09:00:00Z"


def _read(*rows, header=HEADER):
    return read_table("\n".join([header, *rows, ""]).encode(), "t.csv", COLUMNS)


def test_values_get_the_types_of_their_columns():
    table = _read(ROW, "b,1,7,,false,")
    assert table["name"].tolist() == ["a", "b"]
    assert table["count"].dtype == "int64" and table["flag"].dtype == bool
    assert table["maybe"].isna().tolist() == [True, False]
    assert table["time"].dtype == "float64" and table["time"].isna().tolist() == [False, True]
    assert table["at"].iloc[0] == pd.Timestamp("2026-03-01T09:00:00Z")
    assert table.index.tolist() == [2, 3] and table.index.name == "line"


def test_words_that_pandas_takes_for_missing_stay_text():
    columns = (Column("name", "string", "", ""),)
    assert read_table(b"name\nNA\nnull\n", "t.csv", columns)["name"].tolist() == ["NA", "null"]


def test_windows_line_breaks_byte_order_mark_and_order_of_columns_do_not_matter():
    content = b"\xef\xbb\xbfat,flag,time,maybe,count,name\r\n,true,1,2,3,a\r\n"
    table = read_table(content, "t.csv", COLUMNS)
    assert list(table.columns) == [column.name for column in COLUMNS]
    assert table["count"].tolist() == [3]


def test_table_without_rows_keeps_its_types():
    table = _read()
    assert len(table) == 0
    assert table["count"].dtype == "int64" and str(table["at"].dtype).startswith("datetime64")


def test_line_numbers_count_line_breaks_inside_fields():
    columns = (Column("name", "string", "", ""), Column("flag", "boolean", "", ""))
    with pytest.raises(ExportError, match=r"t\.csv line 4 flag must be true or false; got 'no'"):
        read_table(b'name,flag\n"a\nb",true\nc,no\n', "t.csv", columns)


def test_file_cut_in_a_line_is_named_with_the_line():
    content = f"{HEADER}\n{ROW}\n{ROW[:12]}".encode()
    with pytest.raises(
        ExportError, match=r"t\.csv line 3 must end with a line break; got 'a,3,,1\.5,tru'.* cut"
    ):
        read_table(content, "t.csv", COLUMNS)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,1,,,true", r"line 2 must have 6 fields; got 5\."),
        ("a,1,,,true,,x", r"line 2 must have 6 fields; got 7\."),
        ("", r"line 2 must have 6 fields; got 0\."),
        ('a,1,,,true,"x', r"line 2 must be comma-separated values; got unexpected end"),
        (",1,,,true,", r"line 2 name must have a value; got ''"),
        ("c,1,,,true,", r"line 2 name must be one of \['a', 'b'\]; got 'c'"),
        ("a,x,,,true,", r"line 2 count must be an integer of at least 0; got 'x'"),
        ("a,1.0,,,true,", r"count must be an integer of at least 0; got '1\.0'"),
        ("a,0,,,true,", r"count must be at least 1; got '0'"),
        ("a,1,-2,,true,", r"maybe must be an integer of at least 0; got '-2'"),
        ("a,1,,-0.5,true,", r"time must be a number of at least 0; got '-0\.5'"),
        ("a,1,,nan,true,", r"time must be a number of at least 0; got 'nan'"),
        ("a,1,,inf,true,", r"time must be a number of at least 0; got 'inf'"),
        ("a,1,,,True,", r"flag must be true or false; got 'True'"),
        ("a,1,,,true,yesterday", r"at must be an instant in ISO 8601; got 'yesterday'"),
    ],
)
def test_wrong_line_is_named_with_column_rule_and_value(row, message):
    with pytest.raises(ExportError, match=message):
        _read(row)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("name,count,maybe,time,flag", r"t\.csv must have the columns \['at'\]; got"),
        (HEADER + ",mood", r"must have the columns .* once each; got \['mood'\] besides"),
        (HEADER + ",at", r"once each; got \['at'\] besides"),
    ],
)
def test_wrong_header_names_the_columns(header, message):
    with pytest.raises(ExportError, match=message):
        _read(header=header)


def test_file_must_be_utf8():
    with pytest.raises(ExportError, match=r"t\.csv must be UTF-8; got byte 0xff at 5\."):
        read_table(b"name\n\xff\n", "t.csv", COLUMNS)


def test_empty_file_is_an_error():
    with pytest.raises(ExportError, match=r"t\.csv line 1 must end with a line break; got ''"):
        read_table(b"", "t.csv", COLUMNS)
