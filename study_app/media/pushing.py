"""Send a bundle's pictures to a bucket; what is there already stays, so that it can be resumed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from stimuli_builder.bundle import Bundle, check_media
from study_app.errors import MediaError
from study_app.media.bucket import Bucket

AT_ONCE: Final = 16  # pictures that are sent side by side

Report = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """What was sent.

    Attributes
    ----------
    n_sent, n_kept
        Pictures sent, and there already.
    sent_bytes
        Of those sent.
    """

    n_sent: int
    n_kept: int
    sent_bytes: int


def push_media(
    bundle: Bundle, bucket: Bucket, *, report: Report, is_verified: bool = False
) -> Pushed:
    """Send every picture that a bucket does not hold yet.

    A picture counts as there by its name, which is its SHA-256, and its size.

    Parameters
    ----------
    bundle
        With its pictures.
    bucket
        Where they are to lie.
    report
        Called with the number of pictures that are through and of all, again and again.
    is_verified
        Whether pictures that are there already are read, and sent again where their bytes differ.

    Returns
    -------
    Pushed
        What was sent.

    Raises
    ------
    BundleError
        If a picture of the bundle is missing or altered.
    MediaError
        If the bucket does not answer or take them; what was sent until then stays there.
    """
    check_media(bundle)
    sizes = {name: bundle.media_path(name).stat().st_size for name in sorted(bundle.manifest.media)}
    there = bucket.sizes()
    kept = [name for name, size in sizes.items() if there.get(name) == size]
    if is_verified:
        kept = [name for name in kept if _is_whole(bucket, name)]
    todo = sorted(set(sizes) - set(kept))
    report(len(kept), len(sizes))
    for start in range(0, len(todo), AT_ONCE):
        batch = todo[start : start + AT_ONCE]
        bucket.write({name: bundle.media_path(name).read_bytes() for name in batch})
        report(len(kept) + start + len(batch), len(sizes))
    return Pushed(n_sent=len(todo), n_kept=len(kept), sent_bytes=sum(sizes[name] for name in todo))


def _is_whole(bucket: Bucket, name: str) -> bool:
    """Return whether a picture of the bucket has the bytes of its name."""
    try:
        bucket.read(name)
    except MediaError:
        return False
    return True
