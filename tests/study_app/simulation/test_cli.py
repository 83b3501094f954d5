import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from study_app.cli import main
from study_app.errors import SetupError
from study_app.simulation import cli
from study_app.simulation.kinds import LEARNER, LEAVER
from study_app.simulation.rehearsal import Visit, running

ROOT = Path(__file__).parents[3]
WAIT_S = 60


@pytest.fixture(autouse=True)
def no_study_environment(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("STUDY_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def children_of(pid):
    file = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in file.read_text().split()] if file.exists() else []


def is_alive(pid):
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_for(condition):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    return condition()


def test_simulates_exports_and_refuses_to_do_it_twice(study, tmp_path, capsys):
    database = tmp_path / "made" / "study.sqlite"
    words = ["simulate", study.path, "--database", database, "--participants", 3, "--seed", 2]
    assert main(list(map(str, words))) == 0
    shown = capsys.readouterr()
    assert shown.out == "learner: 3, finished: 3, screened out: 0\n"
    assert shown.err == ""
    assert main(["export", "--database", str(database), str(tmp_path / "export")]) == 0
    rows = (tmp_path / "export" / "participants.csv").read_text().splitlines()
    assert len(rows) == 4
    assert all(",true,learner,completed," in row for row in rows[1:])
    capsys.readouterr()
    assert main(list(map(str, words))) == 1
    assert "must hold no simulated participants yet; got 3." in capsys.readouterr().err
    assert database.exists()


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["simulate", "--help"])
    assert stopped.value.code == 0
    assert "example: craft-study simulate runs/demo/bundle" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--participants", "0"], "participants must be at least 1; got 0."),
        (["--seed", "-1"], "seed must be at least 0; got -1."),
    ],
)
def test_wrong_usage_says_what_is_wrong(words, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["simulate", "bundle", *words])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_unknown_kind_is_named_with_the_nearest(capsys):
    assert main(["simulate", "bundle", "--kinds", "learner", "effect-gains"]) == 1
    error = capsys.readouterr().err
    assert "kind must be one of ['learner', 'guesser', 'inattentive', 'leaver', 'double" in error
    assert "got 'effect-gains', nearest to 'effect-gain'." in error


def test_missing_bundle_leaves_nothing_behind(tmp_path, capsys):
    assert main(["simulate", str(tmp_path / "none"), "--database", "s.sqlite"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("craft-study: ") and "none" in error and error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_failure_removes_the_database_that_it_began(study, tmp_path, monkeypatch, capsys):
    def fail(*_arguments):
        raise SetupError("server must answer; got nothing.")

    monkeypatch.setattr(cli, "rehearse", fail)
    assert main(["simulate", str(study.path), "--database", "s.sqlite"]) == 1
    assert capsys.readouterr().err == "craft-study: server must answer; got nothing.\n"
    assert list(tmp_path.iterdir()) == []


def test_failure_keeps_a_database_that_was_there(study, tmp_path, monkeypatch):
    words = ["simulate", str(study.path), "--database", "s.sqlite", "--participants", "1"]
    with monkeypatch.context() as patched:
        patched.setattr(cli, "rehearse", lambda *_: [Visit(kind=LEARNER, outcome="finished")])
        assert main(words) == 0
    monkeypatch.setattr(cli, "rehearse", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(words)
    assert (tmp_path / "s.sqlite").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_ends_its_server(study, tmp_path, number):
    code = "import sys; from study_app.cli import main; sys.exit(main())"
    words = ["simulate", str(study.path), "--database", "s.sqlite", "--participants", "500"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    with subprocess.Popen(
        [sys.executable, "-c", code, *words],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            (server,) = wait_for(lambda: children_of(process.pid))
            workers = wait_for(lambda: children_of(server))
            wait_for((tmp_path / "s.sqlite-wal").exists)
            process.send_signal(number)
            _, error = process.communicate(timeout=WAIT_S)
        finally:
            process.kill()
    assert process.returncode == 1
    name = number.name
    assert error.strip() == f"craft-study: simulation must run to its end; got {name}."
    assert wait_for(lambda: not any(map(is_alive, (server, *workers))))
    assert list(tmp_path.iterdir()) == []


def test_server_that_does_not_start_says_why(study):
    server = cli.Server(
        bundle=study.path / "none",
        database_url="sqlite://",
        secret_key="a secret of the tests",
        withdrawals=str(study.path / "withdrawn"),
        host="127.0.0.1",
        port=cli.free_port("127.0.0.1"),
        n_workers=1,
    )
    with pytest.raises(SetupError, match="server must answer within 30 s; got "), running(server):
        pass


def test_summary_has_a_line_for_each_kind():
    lines = cli.summary(
        [
            Visit(kind=LEARNER, outcome="screened_out"),
            Visit(kind=LEAVER, outcome="left"),
            Visit(kind=LEARNER, outcome="finished"),
        ]
    )
    assert lines == [
        "learner: 2, finished: 1, screened out: 1",
        "leaver: 1, finished: 0, screened out: 0",
    ]


def test_progress_is_shown_on_a_terminal_alone(monkeypatch, capsys):
    with cli._progress(2) as report:
        report(1)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with cli._progress(2) as report:
        report(1)
    assert capsys.readouterr().err == "\rsimulated participants: 1 of 2\n"
