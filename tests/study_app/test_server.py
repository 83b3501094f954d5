from dataclasses import replace

import pytest

from study_app.server import Server, secure_cookies, server_environment


@pytest.fixture
def server(tmp_path):
    return Server(
        bundle=tmp_path,
        database_url="sqlite://",
        secret_key="k",
        withdrawals="w",
        host="127.0.0.1",
        port=1,
        n_workers=1,
    )


@pytest.mark.parametrize(
    ("given", "asked", "told"),
    [("", False, ""), ("1", False, "1"), ("", True, "1"), ("0", True, "1")],
)
def test_results_are_shown_early_where_either_says_so(server, monkeypatch, given, asked, told):
    monkeypatch.setenv("STUDY_SHOW_RESULTS", given)
    environment = server_environment(replace(server, shows_results=asked))
    assert environment["STUDY_SHOW_RESULTS"] == told


@pytest.mark.parametrize(
    ("host", "proxies", "given", "told"),
    [
        ("127.0.0.1", "", "", "0"),
        ("127.0.0.1", "1", "", "1"),
        ("0.0.0.0", "", "", "1"),
        ("0.0.0.0", "", "0", "0"),
        ("127.0.0.1", "", "1", "1"),
    ],
)
def test_cookies_need_https_where_somebody_else_could_listen(
    monkeypatch, host, proxies, given, told
):
    monkeypatch.setenv("STUDY_PROXIES", proxies)
    monkeypatch.setenv("STUDY_SECURE_COOKIES", given)
    assert secure_cookies(host) == told
