import shutil

import pytest

from stimuli_builder.bundle import BundleError, read_bundle
from study_app.errors import MediaError
from study_app.media import pushing
from study_app.media.bucket import Bucket
from study_app.media.pushing import Pushed, push_media


def nobody(n_through, n_all):
    """A report that is not read."""


def test_second_time_sends_nothing(s3_url, bundle):
    bucket, reports = Bucket(s3_url), []
    first = push_media(bundle, bucket, report=lambda *numbers: reports.append(numbers))
    n_all = len(bundle.manifest.media)
    size = sum(bundle.media_path(name).stat().st_size for name in bundle.manifest.media)
    assert first == Pushed(n_sent=n_all, n_kept=0, sent_bytes=size)
    assert reports[0] == (0, n_all) and reports[-1] == (n_all, n_all)
    assert push_media(bundle, bucket, report=nobody) == Pushed(n_sent=0, n_kept=n_all, sent_bytes=0)
    bucket.check_holds(bundle.manifest.media)


def test_sending_that_was_cut_off_goes_on(s3, s3_url, bundle, monkeypatch):
    monkeypatch.setattr(pushing, "AT_ONCE", 4)
    bucket = Bucket(s3_url)

    def cut(n_through, n_all):
        if n_through == 8:
            s3.stop()

    with pytest.raises(MediaError, match="bucket must take pictures; got "):
        push_media(bundle, bucket, report=cut)
    s3.start()
    pushed = push_media(bundle, bucket, report=nobody)
    assert (pushed.n_kept, pushed.n_sent) == (8, len(bundle.manifest.media) - 8)


def test_altered_pictures_are_found_by_reading_them(s3_url, bundle):
    bucket = Bucket(s3_url)
    push_media(bundle, bucket, report=nobody)
    name = next(iter(bundle.manifest.media))
    size = bundle.media_path(name).stat().st_size
    bucket.write({name: bytes(size)})
    assert push_media(bundle, bucket, report=nobody).n_sent == 0
    assert push_media(bundle, bucket, report=nobody, is_verified=True).n_sent == 1
    assert bucket.read(name) == bundle.media_path(name).read_bytes()


def test_picture_of_another_size_is_sent_again(s3_url, bundle):
    bucket = Bucket(s3_url)
    push_media(bundle, bucket, report=nobody)
    bucket.write({next(iter(bundle.manifest.media)): b"half a pict"})
    assert push_media(bundle, bucket, report=nobody).n_sent == 1


def test_altered_bundle_is_not_sent(s3_url, bundle, tmp_path):
    folder = shutil.copytree(bundle.path, tmp_path / "b")
    altered = read_bundle(folder)
    altered.media_path(next(iter(altered.manifest.media))).write_bytes(b"x")
    with pytest.raises(BundleError, match="must have the SHA-256 of its name"):
        push_media(altered, Bucket(s3_url), report=nobody)
