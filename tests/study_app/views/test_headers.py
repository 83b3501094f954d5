import pytest


@pytest.mark.parametrize("path", ["/", "/admin/login", "/nothing", "/health", "/static/study.js"])
def test_every_answer_is_closed_to_other_sites_and_inline_scripts(client, path):
    with client.get(path) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_pages_are_not_kept(client):
    assert client.get("/").headers["Cache-Control"] == "no-store"


def test_cookie_lasts_and_is_closed_to_scripts(client):
    cookie = client.get("/").headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Expires="))


def test_pages_need_no_other_server(walker):
    walker.walk_to("test", session=1)
    for page in walker.received:
        assert "://" not in page.text.replace("http://www.w3.org", "")
        assert "style=" not in page.text
        assert "<script>" not in page.text
