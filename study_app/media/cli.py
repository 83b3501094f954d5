"""``craft-study push-media``: send a bundle's pictures to a bucket."""

import argparse
import sys
from pathlib import Path

from stimuli_builder.bundle import Bundle, check_media, read_bundle
from study_app.errors import MediaError
from study_app.media.bucket import Bucket
from study_app.media.pushing import push_media


def add_push_media(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to a command line.

    Parameters
    ----------
    commands
        Of ``craft-study``.
    """
    push = commands.add_parser(
        "push-media",
        help="send a bundle's pictures to a bucket",
        description="Send a bundle's pictures to a bucket; those that are there already stay.",
        epilog="example: craft-study push-media runs/demo/bundle s3://bucket/study",
    )
    push.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder of the bundle")
    push.add_argument("url", metavar="URL", help="as in STUDY_MEDIA, such as s3://bucket/study")
    push.add_argument(
        "--verify", action="store_true", help="read those that are there, and compare their bytes"
    )
    push.set_defaults(run=_push)


def check_pictures(bundle: Bundle, bucket: Bucket | None) -> None:
    """Refuse to begin a study without a picture; a bucket that is away only now may come back.

    Parameters
    ----------
    bundle
        The study.
    bucket
        Where its pictures are; None if they are in the bundle.

    Raises
    ------
    BundleError
        If the bundle lacks a picture, or has an altered one.
    SetupError
        If the bucket answers and lacks a picture.
    """
    if bucket is None:
        check_media(bundle)
        return
    try:
        bucket.check_holds(bundle.manifest.media)
    except MediaError as error:
        print(f"craft-study: {error} Participants wait until it does.", file=sys.stderr)


def _push(arguments: argparse.Namespace) -> None:
    pushed = push_media(
        read_bundle(arguments.bundle),
        Bucket(arguments.url),
        report=_report if sys.stderr.isatty() else _stay_silent,
        is_verified=arguments.verify,
    )
    print(
        f"pictures: {pushed.n_sent} sent ({pushed.sent_bytes / 1e6:.1f} MB), "
        f"{pushed.n_kept} there already"
    )


def _report(n_through: int, n_all: int) -> None:
    end = "\n" if n_through == n_all else ""
    print(f"\r{n_through} of {n_all} pictures", end=end, file=sys.stderr, flush=True)


def _stay_silent(n_through: int, n_all: int) -> None:
    """Keep a file that the output goes to free of what is overwritten."""
