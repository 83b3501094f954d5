import pytest

from study_app.media.bucket import Bucket
from study_app.media.pushing import push_media


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


@pytest.fixture
def stored(s3_url, bundle):
    push_media(bundle, Bucket(s3_url), report=lambda *_: None)
    return s3_url


def test_pictures_of_a_bucket_look_like_those_of_the_bundle(client, make_app, stored, bundle):
    other = make_app(STUDY_MEDIA=stored).test_client()
    address = f"/media/{picture(bundle)}"
    with client.get(address) as here, other.get(address) as there:
        assert there.data == here.data
        differ = {name for name, _ in set(here.headers) ^ set(there.headers)}
        assert differ == {"Accept-Ranges", "Content-Disposition", "Date", "Expires"}
    again = other.get(address, headers={"If-None-Match": f'"{picture(bundle)}"'})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert other.get("/media/answers.json").status_code == 404


def test_bucket_that_is_away_asks_to_wait(s3, make_app, stored, bundle, monkeypatch):
    monkeypatch.setattr("study_app.media.bucket.REST_S", 0.0)
    client, address = make_app(STUDY_MEDIA=stored).test_client(), f"/media/{picture(bundle)}"
    with s3.away():
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert answer.headers["Cache-Control"] == "no-store"
        assert client.get("/healthz").text == "media do not answer\n"
    assert client.get(address).status_code == 200
    assert client.get("/healthz").text == "ok\n"
