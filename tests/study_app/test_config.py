import pytest

from study_app.config import flask_config
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
