import pytest

from study_app import cli
from study_app.errors import SetupError
from study_app.media.bucket import Bucket
from study_app.media.cli import check_pictures


def test_pictures_are_pushed_once(s3_url, bundle, capsys):
    n_all = len(bundle.manifest.media)
    assert cli.main(["push-media", str(bundle.path), s3_url]) == 0
    assert capsys.readouterr().out.startswith(f"pictures: {n_all} sent (")
    assert cli.main(["push-media", str(bundle.path), s3_url, "--verify"]) == 0
    assert capsys.readouterr().out == f"pictures: 0 sent (0.0 MB), {n_all} there already\n"


def test_progress_is_shown_where_somebody_looks(s3_url, bundle, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    n_all = len(bundle.manifest.media)
    assert cli.main(["push-media", str(bundle.path), s3_url]) == 0
    assert capsys.readouterr().err.endswith(f"\r{n_all} of {n_all} pictures\n")


def test_bucket_that_is_away_ends_with_one_line(s3, s3_url, bundle, capsys):
    with s3.away():
        assert cli.main(["push-media", str(bundle.path), s3_url]) == 1
    assert capsys.readouterr().err == (
        "craft-study: bucket must answer; got EndpointConnectionError.\n"
    )


def test_study_does_not_begin_without_its_pictures(s3_url, bundle):
    with pytest.raises(SetupError, match="must hold every picture; got "):
        check_pictures(bundle, Bucket(s3_url))


def test_study_begins_while_the_bucket_is_away(s3, s3_url, bundle, capsys):
    with s3.away():
        check_pictures(bundle, Bucket(s3_url))
    assert "Participants wait until it does." in capsys.readouterr().err
