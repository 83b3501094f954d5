import os
import stat
import zipfile

import pytest
from sqlalchemy import create_engine, select

from study_app.app import create_app
from study_app.backup import read_about, restore_backup, write_backup
from study_app.cli import main
from study_app.config import sqlite_url
from study_app.errors import SetupError
from study_app.extensions import db
from study_app.models import Participation
from study_app.opening import Wishes, open_study
from study_app.services.study import prepare_database
from tests.study_app.conftest import close, study_settings
from tests.study_app.walker import Walker


@pytest.fixture(autouse=True)
def no_study_environment(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("STUDY_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def people(app, bundle):
    """One who finished, one who is in the sessions, one who has begun."""
    walkers = [Walker(app.test_client(), bundle) for _ in range(3)]
    walkers[0].walk_to("debriefing")
    walkers[1].walk_to("test", session=1)
    walkers[2].advance()
    return walkers


def rows_of(engine):
    with engine.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(table.select())))
            for table in db.metadata.sorted_tables
        }


def save(tmp_path):
    file = tmp_path / "backups" / "monday.zip"
    assert main(["backup", str(file)]) == 0
    return file


def test_everything_comes_back_as_it_was(app, people, tmp_path, capsys):
    file = save(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert main(["restore", str(file), "--database", "new.sqlite"]) == 0
    assert "restored: 3 participations, 0 of them withdrawn since" in capsys.readouterr().out
    with app.app_context():
        before = rows_of(db.engine)
    engine = create_engine(sqlite_url(tmp_path / "new.sqlite"))
    assert rows_of(engine) == before
    engine.dispose()
    assert [path.name for path in file.parent.iterdir()] == ["monday.zip"]


def test_participant_goes_on_in_the_restored_database(people, bundle, tmp_path):
    file = save(tmp_path)
    main(["restore", str(file), "--database", "new.sqlite"])
    restored = create_app(study_settings(bundle, tmp_path / "new.sqlite"))
    walker = Walker(restored.test_client(), bundle)
    walker.see(walker.client.get(f"/p/{people[1].key}"))
    assert walker.main["data-trial"] == people[1].main["data-trial"]
    walker.walk_to("debriefing")
    other = Walker(restored.test_client(), bundle)
    other.advance()  # its row gets a number of its own
    with restored.app_context():
        numbers = db.session.scalars(select(Participation.id).order_by(Participation.id)).all()
    assert numbers == [1, 2, 3, 4]
    close(restored)


def test_withdrawal_since_the_backup_is_applied_again(app, people, tmp_path, monkeypatch, capsys):
    file = save(tmp_path)
    walker = people[1]
    code = walker.page.select_one(".withdrawal-code").text
    walker.see(walker.client.get("/withdraw"))
    walker.client.post("/withdraw", data={"csrf_token": walker.token, "code": code})
    monkeypatch.setenv("STUDY_WITHDRAWALS", app.config["STUDY_WITHDRAWALS"])
    assert main(["restore", str(file), "--database", "new.sqlite"]) == 0
    assert "3 participations, 1 of them withdrawn since" in capsys.readouterr().out
    assert main(["export", "out", "--database", "new.sqlite"]) == 0
    numbers = [line[:5] for line in (tmp_path / "out/participants.csv").read_text().splitlines()]
    assert numbers[1:] == ["p0001", "p0003"]


def withdraw(walker):
    code = walker.page.select_one(".withdrawal-code").text
    walker.see(walker.client.get("/withdraw"))
    walker.see(walker.client.post("/withdraw", data={"csrf_token": walker.token, "code": code}))
    assert walker.response.status_code == 200


def test_backup_knows_where_withdrawals_are_written(app, people, bundle, tmp_path, capsys):
    file = save(tmp_path)
    journal = tmp_path / "study.sqlite.withdrawn"
    assert read_about(file)["withdrawals"] == str(journal)
    link = f"/p/{people[1].key}"
    withdraw(people[1])
    assert main(["restore", str(file), "--database", "new.sqlite"]) == 0
    assert "3 participations, 1 of them withdrawn since" in capsys.readouterr().out
    assert (tmp_path / "new.sqlite.withdrawn").read_text() == journal.read_text()
    restored = create_app(study_settings(bundle, tmp_path / "new.sqlite"))
    assert restored.test_client().get(link).status_code == 404
    close(restored)


def test_restoring_without_the_file_of_withdrawals_is_refused(people, tmp_path, capsys):
    file, journal = save(tmp_path), tmp_path / "study.sqlite.withdrawn"
    withdraw(people[1])
    moved = journal.rename(tmp_path / "moved")
    arguments = ["restore", str(file), "--database"]
    assert main([*arguments, "a.sqlite"]) == 1
    message = f"file of withdrawals must be there, to apply them again; got {journal} and "
    assert message in capsys.readouterr().err
    assert not (tmp_path / "a.sqlite").exists()
    assert main([*arguments, "b.sqlite", "--withdrawals", str(moved)]) == 0
    assert main([*arguments, "c.sqlite", "--without-withdrawals"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(", ")[1][:1] for line in printed] == ["1", "0"]


def test_backup_with_another_file_of_withdrawals_is_refused(people, tmp_path, monkeypatch, capsys):
    withdraw(people[1])
    monkeypatch.setenv("STUDY_WITHDRAWALS", str(tmp_path / "elsewhere"))
    assert main(["backup", "a.zip"]) == 1
    assert "must hold those of the database; got" in capsys.readouterr().err
    assert main(["backup", "a.zip", "--withdrawals", "study.sqlite.withdrawn"]) == 0
    about = read_about(tmp_path / "a.zip")
    assert about["withdrawals"] == str(tmp_path / "study.sqlite.withdrawn")


def test_server_makes_the_file_of_withdrawals_and_completes_it(app, people, tmp_path):
    journal = tmp_path / "study.sqlite.withdrawn"
    withdraw(people[1])
    line = journal.read_text()
    journal.unlink()
    for _ in range(2):
        open_study(app, Wishes(is_trial_run=True))
        assert journal.read_text() == line


def test_restoring_into_a_database_with_a_study_is_refused(people, tmp_path, capsys):
    file = save(tmp_path)
    assert main(["restore", str(file)]) == 1
    assert "database must be empty to restore into it; got tables" in capsys.readouterr().err
    assert main(["backup", str(file)]) == 1
    assert "backup must be a new file" in capsys.readouterr().err


def test_what_is_no_backup_is_refused(tmp_path):
    file = tmp_path / "x.zip"
    with pytest.raises(SetupError, match=r"backup must be a readable file; got .*x\.zip"):
        read_about(file)
    file.write_bytes(b"no archive")
    with pytest.raises(SetupError, match="must be written by craft-study backup; got .*x.zip"):
        read_about(file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("backup.json", "{}")
    with pytest.raises(SetupError, match=r"backup must be study-backup 1; got \(None, None\)"):
        read_about(file)


def test_damaged_backup_is_refused_and_nothing_is_restored(people, tmp_path, capsys):
    file = save(tmp_path)
    content = bytearray(file.read_bytes())
    content[200:220] = bytes(20)
    file.write_bytes(bytes(content))
    assert main(["restore", str(file), "--database", "new.sqlite"]) == 1
    assert "backup must be" in capsys.readouterr().err


def test_database_without_a_study_has_nothing_to_save(tmp_path):
    engine = create_engine(sqlite_url(tmp_path / "empty.sqlite"))
    with pytest.raises(SetupError, match="must hold a study to be saved; got none"):
        write_backup(engine, tmp_path / "b.zip")
    engine.dispose()
    assert not list(tmp_path.glob("*b.zip*"))


@pytest.mark.slow
def test_backup_moves_from_sqlite_to_postgresql_and_back(app, people, bundle, postgresql, tmp_path):
    file = save(tmp_path)
    with app.app_context():
        before = rows_of(db.engine)
    journal = tmp_path / "withdrawn"
    journal.touch()
    settings = study_settings(bundle, tmp_path / "x") | {
        "STUDY_DATABASE_URL": postgresql("moved"),
        "STUDY_WITHDRAWALS": str(journal),
    }
    moved = create_app(settings)
    with moved.app_context():
        restore_backup(db.engine, file)
        prepare_database(bundle)
        assert rows_of(db.engine) == before
        write_backup(db.engine, tmp_path / "back.zip", journal=journal)
    Walker(moved.test_client(), bundle).walk_to("debriefing")
    close(moved)
    assert main(["restore", "back.zip", "--database", "back.sqlite"]) == 0
    engine = create_engine(sqlite_url(tmp_path / "back.sqlite"))
    assert rows_of(engine) == before
    engine.dispose()
