import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from stimuli_builder.bundle import write_bundle
from study_app.cli import main
from study_app.config import sqlite_url
from tests.small_bundle import write_small_bundle
from tests.study_app.walker import Walker

ROOT = Path(__file__).parents[2]
START_S = 30


@pytest.fixture(autouse=True)
def no_study_environment(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("STUDY_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def database(make_app, bundle, tmp_path):
    """A database in which one person finished and one began."""
    app = make_app()
    Walker(app.test_client(), bundle).walk_to("debriefing")
    Walker(app.test_client(), bundle).advance()
    return tmp_path / "study.sqlite"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*words):
    """Run the command in a process of its own, which serves until it is ended."""
    code = "import sys; from study_app.cli import main; sys.exit(main())"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until_healthy(port):
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                return answer.status
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"no server at port {port} after {START_S} s")


def test_serve_prints_the_links_and_the_password_once(bundle, tmp_path):
    printed = []
    for _ in range(2):
        port = free_port()
        serving = run("serve", bundle.path, "--port", port, "--workers", 1)
        try:
            assert wait_until_healthy(port) == 204
        finally:
            serving.send_signal(signal.SIGTERM)
            out, _ = serving.communicate(timeout=30)
        printed.append(out)
        assert f"http://127.0.0.1:{port}/\n" in out
        assert f"http://127.0.0.1:{port}/admin" in out
    assert ["password" in out for out in printed] == [True, False]
    assert serving.returncode == 0


def test_taken_port_is_told_in_one_line(bundle, tmp_path, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", str(bundle.path), "--port", str(port)]) == 1
    assert capsys.readouterr().err == (
        f"craft-study: port must be free on 127.0.0.1; got {port} (Address already in use). "
        "Give another --port.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_database_of_another_bundle_is_refused_in_one_line(database, tmp_path, capsys):
    other = write_small_bundle(tmp_path / "other", n_lists=1)
    words = ["serve", other.path, "--database", database, "--port", free_port()]
    assert main([str(word) for word in words]) == 1
    error = capsys.readouterr().err
    assert "database must belong to the bundle whose manifest has SHA-256" in error
    assert error.count("\n") == 1


def test_folder_without_a_bundle_is_told_in_one_line(tmp_path, capsys):
    assert main(["serve", str(tmp_path), "--port", str(free_port())]) == 1
    assert "must hold manifest.json" in capsys.readouterr().err


def test_picture_that_is_cut_short_is_not_served(bundle, tmp_path, capsys):
    copy = tmp_path / "bundle"
    shutil.copytree(bundle.path, copy)
    picture = next((copy / "media").iterdir())
    picture.write_bytes(picture.read_bytes()[:100])
    assert main(["serve", str(copy), "--port", str(free_port())]) == 1
    assert f"media file {picture.name} must have the SHA-256" in capsys.readouterr().err


def test_text_that_is_still_to_be_written_is_not_served(bundle, tmp_path, capsys):
    study = bundle.manifest
    texts = replace(study.texts, contact="[[who answers questions]]")
    draft = write_bundle(
        tmp_path / "draft",
        replace(study, texts=texts),
        trials=bundle.answers.trials,
        quiz=bundle.answers.quiz,
        media={name: bundle.media_path(name).read_bytes() for name in study.media},
        sources={},
    )
    assert main(["serve", str(draft.path), "--port", str(free_port())]) == 1
    error = capsys.readouterr().err
    assert "texts of a live study must be written; got '[[who answers questions]]'." in error
    assert not (tmp_path / "study.sqlite").exists()


def test_export_needs_only_the_database(database, tmp_path, capsys):
    assert main(["export", str(tmp_path / "out"), "--database", str(database)]) == 0
    assert capsys.readouterr().out == f"export: {tmp_path / 'out'}\n"
    assert "p0002" in (tmp_path / "out" / "participants.csv").read_text()


def test_database_may_come_from_the_environment(database, tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_DATABASE_URL", sqlite_url(database))
    assert main(["export", str(tmp_path / "out")]) == 0


def test_status_counts(database, capsys):
    assert main(["status"]) == 0
    title, *rest = capsys.readouterr().out.splitlines()
    assert title.endswith(": open")
    lines = [line.split() for line in rest[:-1]]
    assert lines[0][:3] == ["who", "condition", "began"]
    began = {" ".join(line[:-9]): (line[-9], line[-5]) for line in lines[1:]}
    assert began["people not assigned"] == ("1", "0")
    assert sorted(began[f"people {name}"] for name in ("baseline", "craft")) == [
        ("0", "0"), ("1", "1"),
    ]  # fmt: skip
    assert began["all"] == ("2", "1")
    assert rest[-1].startswith("people reached: Consented 2, ")


def test_state_is_changed_once(database, capsys):
    for wished, said in [
        ("pause", "state: paused"),
        ("pause", "state: paused already, by command line"),
        ("resume", "state: open"),
        ("close", "state: closed"),
    ]:
        assert main(["state", wished]) == 0
        assert capsys.readouterr().out.strip() == said
    assert main(["state", "resume"]) == 1
    assert "a closed study must stay closed" in capsys.readouterr().err


def test_admins_are_added_listed_and_removed(database, capsys):
    assert main(["admin", "add", "mira", "--role", "owner"]) == 0
    assert "password, printed only now: " in capsys.readouterr().out
    assert main(["admin", "add", "vera"]) == 0
    assert main(["admin", "remove", "vera"]) == 0
    capsys.readouterr()
    assert main(["admin", "list"]) == 0
    assert "mira" in (out := capsys.readouterr().out)
    assert "vera" not in out
    assert main(["admin", "remove", "vera"]) == 1
    assert "admin must be one of" in capsys.readouterr().err


def test_plan_that_cannot_be_read_leaves_no_database(bundle_path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["serve", str(bundle_path), "--plan", "none.pdf", "--only-prepare"]) == 1
    assert capsys.readouterr().err == (
        "craft-study: analysis plan must be a readable file; got none.pdf.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_pictures_are_sent_to_addresses_alone(bundle_path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["push-media", str(bundle_path), "somewhere"]) == 1
    assert (
        "must be an address such as s3://bucket/study; got 'somewhere'" in capsys.readouterr().err
    )
    assert list(tmp_path.iterdir()) == []


def test_missing_database_is_told_and_not_made(tmp_path, capsys):
    assert main(["status", "--database", "none.sqlite"]) == 1
    assert "database must be a file; got" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_database_of_something_else_is_told(tmp_path, capsys):
    (tmp_path / "study.sqlite").write_bytes(b"")
    assert main(["export", str(tmp_path / "out")]) == 1
    assert "database must hold a study; got sqlite" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_file_that_is_no_database_is_told_in_one_line(tmp_path, capsys):
    (tmp_path / "study.sqlite").write_text("not a database at all" * 100)
    assert main(["status"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "required: COMMAND"),
        (["serve"], "required: BUNDLE"),
        (["serve", "b", "--port", "0"], "port must be in [1, 65535]; got 0."),
        (["serve", "b", "--workers", "0"], "number must be at least 1; got 0."),
    ],
)
def test_wrong_usage_ends_with_2(words, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", ["serve", "export", "status", "reconcile", "backup", "restore"])
def test_help_has_an_example(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert f"example: craft-study {command}" in capsys.readouterr().out


def test_server_loads_neither_torch_nor_statistics():
    code = "import sys, study_app.cli; print({'torch', 'pandas', 'craft_core'} & set(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def test_database_is_prepared_without_being_served(bundle, tmp_path, capsys):
    words = ["serve", str(bundle.path), "--database", str(tmp_path / "s.sqlite"), "--only-prepare"]
    assert main(words) == 0
    assert "admin password, printed only now: " in capsys.readouterr().out
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "password" not in shown and "Stop with" not in shown
