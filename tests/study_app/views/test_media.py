import pytest


def picture(bundle):
    return next(iter(bundle.manifest.training_trials.values())).image


def test_picture_is_kept_by_the_browser(client, bundle):
    with client.get(f"/media/{picture(bundle)}") as answer:
        assert (answer.status_code, answer.mimetype) == (200, "image/png")
        assert answer.data == bundle.media_path(picture(bundle)).read_bytes()
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_headers_of_a_picture_tell_nothing_but_its_name(client, bundle):
    with client.get(f"/media/{picture(bundle)}") as answer:
        headers = answer.headers
    assert "Last-Modified" not in headers
    assert headers["ETag"] == f'"{picture(bundle)}"'


@pytest.mark.parametrize(
    "name",
    ["answers.json", "manifest.json", "../answers.json", "..%2fanswers.json", "%2e%2e/answers.json",
     "/etc/passwd", "0" * 64 + ".png", ".", "%00"],
)  # fmt: skip
def test_nothing_else_is_sent(client, name):
    assert client.get(f"/media/{name}").status_code in (404, 308)
    assert client.get(f"/media/{name}", follow_redirects=True).status_code == 404
