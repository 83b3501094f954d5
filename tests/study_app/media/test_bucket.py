import hashlib
import socket
import time

import fsspec
import pytest

from study_app.errors import MediaError, SetupError
from study_app.media import bucket as module
from study_app.media.bucket import Bucket

CONTENT = b"a picture"
NAME = f"{hashlib.sha256(CONTENT).hexdigest()}.png"


@pytest.fixture(params=["s3", "file"])
def url(request, tmp_path):
    return request.getfixturevalue("s3_url") if request.param == "s3" else f"file://{tmp_path}/b"


def test_pictures_come_back_as_they_were_sent(url):
    bucket = Bucket(url)
    assert bucket.sizes() == {}
    bucket.write({NAME: CONTENT})
    assert bucket.read(NAME) == CONTENT
    assert bucket.sizes() == {NAME: len(CONTENT)}
    bucket.check_holds([NAME])


def test_picture_that_is_missing_is_named(url):
    bucket = Bucket(url)
    with pytest.raises(MediaError, match=rf"bucket must hold {NAME}; got no such file\."):
        bucket.read(NAME)
    with pytest.raises(SetupError, match=rf"got 1 missing, such as {NAME[:12]}…\. Send them"):
        bucket.check_holds([NAME])


def test_other_bytes_are_never_given_out(url):
    bucket = Bucket(url)
    bucket.write({NAME: b"another picture"})
    with pytest.raises(MediaError, match="must have the SHA-256 of its name; got [0-9a-f]{64}"):
        bucket.read(NAME)


def test_bucket_that_was_away_answers_again(s3, s3_url, monkeypatch):
    monkeypatch.setattr(module, "REST_S", 0.2)
    bucket = Bucket(s3_url)
    bucket.write({NAME: CONTENT})
    with s3.away():
        began = time.monotonic()
        with pytest.raises(MediaError, match="bucket must answer; got EndpointConnectionError"):
            bucket.read(NAME)
        assert time.monotonic() - began < module.LONGEST_S
        with pytest.raises(MediaError, match="got nothing a moment ago"):
            bucket.read(NAME)
        with pytest.raises(MediaError, match="bucket must answer; got "):
            bucket.sizes()
        with pytest.raises(MediaError, match="bucket must take pictures; got "):
            bucket.write({NAME: CONTENT})
    time.sleep(0.2)
    assert bucket.read(NAME) == CONTENT


def test_bucket_that_is_silent_holds_nobody_up_for_long(s3, s3_url, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        bucket = Bucket(s3_url)
        began = time.monotonic()
        with pytest.raises(MediaError, match="bucket must answer; got FSTimeoutError"):
            bucket.read(NAME)
        assert time.monotonic() - began < 3.0
    fsspec.get_filesystem_class("s3").clear_instance_cache()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense://bucket/study", "must be an address such as s3://bucket/study; got 'nonsense"),
        ("gs://bucket/study", "must be of a store whose package is installed; got gs"),
    ],
)
def test_address_that_cannot_be_used_is_refused(url, message):
    with pytest.raises(SetupError, match=message):
        Bucket(url)
