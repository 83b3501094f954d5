import pytest

from study_app.config import database_address, engine_options, flask_config, withdrawals_file
from study_app.errors import SetupError

SETTINGS = {
    "STUDY_BUNDLE": "bundle",
    "STUDY_DATABASE_URL": "sqlite://",
    "STUDY_SECRET_KEY": "a secret of the tests",
}


@pytest.mark.parametrize("name", SETTINGS)
def test_required_settings_have_no_default(name, monkeypatch):
    monkeypatch.delenv(name, raising=False)
    with pytest.raises(SetupError, match=f"{name} must be set; got nothing"):
        flask_config({**SETTINGS, name: ""})


def test_short_secret_is_refused():
    with pytest.raises(SetupError, match="must have 16 characters or more; got 5"):
        flask_config({**SETTINGS, "STUDY_SECRET_KEY": "short"})


def test_environment_is_read_and_overridden(monkeypatch):
    monkeypatch.setenv("STUDY_SIMULATED", "1")
    assert flask_config(SETTINGS)["STUDY_SIMULATED"] == "1"
    assert flask_config({**SETTINGS, "STUDY_SIMULATED": ""})["STUDY_SIMULATED"] == ""


def test_cookies_are_closed_to_scripts_and_other_sites():
    config = flask_config({**SETTINGS, "STUDY_SECURE_COOKIES": "1"})
    assert config["SESSION_COOKIE_HTTPONLY"] is True
    assert config["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert config["SESSION_COOKIE_SECURE"] is True
    assert config["WTF_CSRF_TIME_LIMIT"] is None


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ("abababababababababab", "must have 8 different characters or more; got 2"),
        ("please-change-me-soon-0", 'must be a random secret; got one with "change" in it'),
        ("My-Password-for-Study-7", 'got one with "password"'),
    ],
)
def test_secret_that_could_be_guessed_is_refused(secret, message):
    with pytest.raises(SetupError, match=message):
        flask_config({**SETTINGS, "STUDY_SECRET_KEY": secret})


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("no address", "must be SQLAlchemy's address of a database; got 'no address'"),
        ("mysql://host/study", "must be of SQLite or PostgreSQL; got mysql"),
    ],
)
def test_database_that_is_not_supported_is_refused(url, message):
    with pytest.raises(SetupError, match=message):
        database_address(url)


def test_postgresql_keeps_its_password_and_replaces_lost_connections():
    url = database_address("postgresql://me:pass@host:5433/study")
    assert url == "postgresql+psycopg://me:pass@host:5433/study"
    assert engine_options(url)["pool_pre_ping"] is True
    assert engine_options(url)["connect_args"]["connect_timeout"] == 5
    assert engine_options("sqlite:///x") == {}


@pytest.mark.parametrize(
    ("value", "is_secure"),
    [("", True), ("1", True), ("true", True), ("TRUE", True), (True, True),
     ("0", False), ("false", False), ("False", False), (False, False)],
)  # fmt: skip
def test_cookies_are_plain_for_a_plain_no_alone(value, is_secure):
    config = flask_config(SETTINGS | {"STUDY_SECURE_COOKIES": value})
    assert config["SESSION_COOKIE_SECURE"] is is_secure


@pytest.mark.parametrize("value", ["on", "yes", "True ", "no", "off", "2"])
def test_other_words_for_secure_cookies_are_refused(value):
    with pytest.raises(SetupError, match=f"STUDY_SECURE_COOKIES must be 0 or 1; got '{value}'"):
        flask_config(SETTINGS | {"STUDY_SECURE_COOKIES": value})


def test_cookies_are_secure_unless_switched_off():
    assert flask_config({**SETTINGS, "STUDY_SECURE_COOKIES": ""})["SESSION_COOKIE_SECURE"] is True
    plain = flask_config({**SETTINGS, "STUDY_SECURE_COOKIES": "0"})
    assert (plain["SESSION_COOKIE_SECURE"], plain["SESSION_COOKIE_NAME"]) == (False, "study")
    assert flask_config(SETTINGS | {"STUDY_SECURE_COOKIES": "1"})["SESSION_COOKIE_NAME"] == (
        "__Host-study"
    )


def test_withdrawals_are_kept_beside_the_database(monkeypatch, tmp_path):
    monkeypatch.delenv("STUDY_WITHDRAWALS", raising=False)
    assert withdrawals_file(f"sqlite:///{tmp_path}/a.sqlite") == f"{tmp_path}/a.sqlite.withdrawn"
    monkeypatch.chdir(tmp_path)
    assert withdrawals_file("postgresql://h/study") == f"{tmp_path}/study.withdrawn"
    monkeypatch.setenv("STUDY_WITHDRAWALS", "/srv/w")
    assert withdrawals_file("postgresql://h/study") == "/srv/w"


def test_token_that_could_be_guessed_is_refused():
    with pytest.raises(SetupError, match="METRICS_TOKEN must have 16 characters or more; got 3"):
        flask_config({**SETTINGS, "STUDY_METRICS_TOKEN": "abc"})
