import pandas as pd

from analysis.responses import read_export
from analysis.results import analyse
from analysis.tables import write_tables


def _bytes(folder):
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_numbers_are_written_with_six_digits_and_gaps_left_empty(tmp_path):
    table = pd.DataFrame({"condition": ["craft", None], "n": [3, 4], "accuracy": [1 / 3, None]})
    assert write_tables({"means": table}, tmp_path) == ["means.csv"]
    text = (tmp_path / "means.csv").read_bytes()
    assert text == b"condition,n,accuracy\ncraft,3,0.333333\n,4,\n"


def test_same_export_gives_the_same_bytes(exported, tmp_path):
    written = []
    for name in ("one", "two"):
        export = read_export(exported(tmp_path / name / "export", seed=4))
        (tmp_path / name / "tables").mkdir()
        write_tables(analyse(export, "simulated").tables, tmp_path / name / "tables")
        written.append(_bytes(tmp_path / name / "tables"))
    assert written[0] == written[1]


def test_server_times_and_keys_stay_out_of_the_tables(made_tables, tmp_path):
    tables, write = made_tables
    written = []
    for name in ("one", "two"):
        export = read_export(write(tmp_path / name / "export", tables))
        (tmp_path / name / "tables").mkdir()
        write_tables(analyse(export, "simulated").tables, tmp_path / name / "tables")
        written.append(_bytes(tmp_path / name / "tables"))
        _shift_server_times(tables)
    assert written[0] == written[1]


def _shift_server_times(tables):
    day = pd.Timedelta(days=1).to_pytimedelta()
    for row in tables["responses"]:
        row["answered_at"] += day
        row["server_rt_ms"] += 17
    for row in tables["participants"]:
        for instant in ("started_at", "finished_at"):
            row[instant] = None if row[instant] is None else row[instant] + day
        row["duration_s"] = None if row["duration_s"] is None else row["duration_s"] + 5
    for row in tables["events"]:
        row["at"] += day


def test_no_tables_write_nothing(tmp_path):
    assert write_tables({}, tmp_path) == []
    assert not list(tmp_path.iterdir())
