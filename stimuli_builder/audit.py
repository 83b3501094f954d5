"""Check a bundle: its files are whole, its design is sound, and nothing gives an answer away.

Its files are checked here, its design in `stimuli_builder.design_audit`, the trials of a
recursivity study in `stimuli_builder.recursivity_audit`.
"""

import hashlib
import io
from collections.abc import Iterator
from typing import Final

from PIL import Image, UnidentifiedImageError

from stimuli_builder.balance import balance_problems
from stimuli_builder.bundle import Bundle, media_of, sessions_of, texts_of, trials_of
from stimuli_builder.design_audit import DESIGN_CHECKS, practice_trials
from stimuli_builder.near_duplicates import near_duplicates, perceptual_hash
from stimuli_builder.recursivity_audit import RECURSIVITY_CHECKS

JPEG_INFO: Final = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}
WEBP_INFO: Final = {"background", "duration", "loop", "timestamp"}  # of animations; Pillow's own
MAX_SHOWN: Final = 60


def audit_bundle(bundle: Bundle) -> list[str]:
    """Find everything that is wrong with a bundle.

    Parameters
    ----------
    bundle
        As `stimuli_builder.bundle.read_bundle` reads it.

    Returns
    -------
    list[str]
        One sentence a problem; empty for a good bundle.
    """
    checks = (
        _media_problems,
        _reference_problems,
        _source_problems,
        _translation_problems,
        *DESIGN_CHECKS,
        balance_problems,
        *RECURSIVITY_CHECKS,
        _size_problems,
        _bytes_problems,
        _near_duplicate_problems,
    )
    return [problem for check in checks for problem in check(bundle)]


def _media_problems(bundle: Bundle) -> Iterator[str]:
    """Missing, altered and surplus files; metadata inside pictures."""
    folder = bundle.path / "media"
    found = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
    for name in sorted(found - set(bundle.manifest.media)):
        yield f"media file must be listed in the manifest; got {name}."
    for name, listed in bundle.manifest.media.items():
        if name not in found:
            yield f"media file {name} must exist; got no such file."
            continue
        content = (folder / name).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if not name.startswith(digest):
            yield f"media file {name} must have the SHA-256 of its name; got {digest}."
        else:
            if len(content) != listed.bytes:
                size = len(content)
                yield f"media file {name} must have the {listed.bytes} bytes listed; got {size}."
            yield from _picture_problems(name, content, (listed.width_px, listed.height_px))


def _picture_problems(name: str, content: bytes, size_px: tuple[int, int]) -> Iterator[str]:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            telling = sorted({str(key) for key in picture.info} - JPEG_INFO - WEBP_INFO)
            found = picture.size
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        yield f"media file {name} must be a picture; got {error}."
        return
    if telling:
        yield f"media file {name} must carry no metadata; got {telling}."
    if found != size_px:
        yield f"media file {name} must be of {size_px} pixels, as listed; got {found}."


def _reference_problems(bundle: Bundle) -> Iterator[str]:
    """Pictures that are used and not listed, or listed and not used; the same of trials."""
    manifest = bundle.manifest
    trials = [
        each for _, _, session in sessions_of(manifest) for each in trials_of(manifest, session)
    ]
    shown = {name for _, trial in trials for name in media_of(trial)}
    listed = set(manifest.media)
    used = shown | {r for name in shown & listed for r in manifest.media[name].renditions}
    for name in sorted(used - listed):
        yield f"picture of a trial must be listed in media; got {name}."
    for name in sorted(listed - used):
        yield f"media file must be used by a trial; got {name}."
    for name in sorted({*manifest.training_trials, *manifest.test_trials} - {n for n, _ in trials}):
        yield f"trial must be in a list or in the practice; got {name}."


def _size_problems(bundle: Bundle) -> Iterator[str]:
    """Test pictures whose size differs from the others', and could tell the answer."""
    media = bundle.manifest.media
    images: dict[tuple[int, int], str] = {}
    for name, trial in bundle.manifest.test_trials.items():
        pictures = [picture for option in trial.options for picture in option.pictures]
        sizes = {(media[p].width_px, media[p].height_px) for p in pictures if p in media}
        if len(sizes) > 1:
            yield f"pictures of trial {name} must be of one size; got {sorted(sizes)}."
        if not trial.options and trial.image in media:
            images[media[trial.image].width_px, media[trial.image].height_px] = name
    if len(images) > 1:
        yield f"images of test trials must be of one size; got {sorted(images)}."


def _bytes_problems(bundle: Bundle) -> Iterator[str]:
    """Pictures of more bytes than the configuration allows."""
    pictures = bundle.manifest.provenance.config.get("pictures")
    max_kb = pictures.get("max_kb") if isinstance(pictures, dict) else None
    for name, listed in bundle.manifest.media.items():
        if isinstance(max_kb, int) and listed.bytes > 1000 * max_kb:
            yield f"media file {name} must have at most {max_kb} kB; got {listed.bytes / 1000:.0f}."


def _near_duplicate_problems(bundle: Bundle) -> Iterator[str]:
    """Find images to be learnt from and images to be predicted that are nearly the same.

    Pictures without a recorded source, of older bundles and of the practice, are left out.
    """
    practised = practice_trials(bundle)
    trained = {
        trial.image: "training"
        for name, trial in bundle.manifest.training_trials.items()
        if name not in practised
    }
    tested = {
        trial.image: "test"
        for name, trial in bundle.manifest.test_trials.items()
        if name not in practised and trial.image is not None and not trial.options
    }
    hashes = {}
    for name in (n for n in {**tested, **trained} if n in bundle.answers.sources):
        try:
            with Image.open(bundle.media_path(name)) as picture:
                hashes[name] = perceptual_hash(picture.convert("RGB"))
        except (OSError, SyntaxError):  # told by another check
            continue
    for first, second in near_duplicates(hashes):
        if (first in trained) != (second in trained):
            yield (
                f"images of training and test must differ; got {first} and {second}, nearly the "
                "same."
            )


def _source_problems(bundle: Bundle) -> Iterator[str]:
    """Find sources of pictures that there are not, and boxes that are none."""
    for name, source in bundle.answers.sources.items():
        if name not in bundle.manifest.media:
            yield f"source must be of a picture that the manifest lists; got {name}."
        if source.box is None:
            continue
        corners = len(source.box) == 4
        if not corners or not (source.box[0] < source.box[2] and source.box[1] < source.box[3]):
            yield (
                f"box of the source of {name} must be [left, top, right, bottom]; got "
                f"{list(source.box)}."
            )


def _translation_problems(bundle: Bundle) -> Iterator[str]:
    """Texts that a language lacks, and translations of texts that there are not."""
    texts = texts_of(bundle.manifest)
    for language, translations in bundle.manifest.translations.items():
        for text in sorted(texts - set(translations)):
            yield f"text must be translated to {language}; got none of {_short(text)}."
        for text in sorted(set(translations) - texts):
            yield f"translation to {language} must be of a text of the study; got {_short(text)}."


def _short(text: str) -> str:
    return repr(text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…")
