"""Check a bundle: its files are whole, its design is sound, and nothing gives an answer away."""

import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from PIL import Image, UnidentifiedImageError

from stimuli_builder.bundle import Bundle, Session, media_of, sessions_of

MEDIA_NAME = re.compile(r"[0-9a-f]{64}\.(jpg|png|webp)")
TELLING = ("catch", "kept", "broken", "test", "training", "practice")
HARMLESS_INFO = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}


def audit_bundle(bundle: Bundle) -> list[str]:
    """Find everything that is wrong with a bundle.

    Parameters
    ----------
    bundle
        As `stimuli_builder.bundle.read_bundle` reads it.

    Returns
    -------
    list[str]
        One sentence a problem; empty where there is none.
    """
    checks = (
        _media_problems,
        _reference_problems,
        _answer_problems,
        _name_problems,
        _balance_problems,
        _reuse_problems,
        _catch_problems,
        _explanation_problems,
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
            yield from _picture_problems(name, content, (listed.width_px, listed.height_px))


def _picture_problems(name: str, content: bytes, size_px: tuple[int, int]) -> Iterator[str]:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            telling = sorted({str(key) for key in picture.info} - HARMLESS_INFO)
            found = picture.size
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        yield f"media file {name} must be a picture; got {error}."
        return
    if telling:
        yield f"media file {name} must carry no metadata; got {telling}."
    if found != size_px:
        yield f"media file {name} must be of {size_px} pixels, as listed; got {found}."


def _reference_problems(bundle: Bundle) -> Iterator[str]:
    """Pictures that trials use and the manifest does not list."""
    used = {name for _, _, session in sessions_of(bundle.manifest) for name in _media_used(session)}
    for name in sorted(used - set(bundle.manifest.media)):
        yield f"picture of a trial must be listed in media; got {name}."
    for name in sorted(set(bundle.manifest.media) - used):
        yield f"media file must be used by a trial; got {name}."


def _media_used(session: Session) -> Iterator[str]:
    for trial in session.training:
        yield from media_of(trial)
    for test in session.test:
        yield test.image


def _answer_problems(bundle: Bundle) -> Iterator[str]:
    """Trials and answers that do not match one to one, answers that are no class."""
    manifest, answers = bundle.manifest, bundle.answers
    trials = [trial for _, _, session in sessions_of(manifest) for trial in _trials(session)]
    for trial, count in Counter(trials).items():
        if count > 1:
            yield f"trial {trial} must occur once; got {count} times."
    for trial in sorted(set(trials) ^ set(answers.trials)):
        yield f"trial {trial} must be in both manifest.json and answers.json; got one."
    for name, _, session in sessions_of(manifest):
        classes = manifest.practice.classes if name == "practice" else manifest.classes
        yield from _wrong_classes(bundle, session, classes)
    items = {item.item: item for item in manifest.quiz}
    for item in sorted(set(items) ^ set(answers.quiz)):
        yield f"quiz item {item} must be in both manifest.json and answers.json; got one."
    for item, index in answers.quiz.items():
        if item in items and not 0 <= index < len(items[item].choices):
            yield f"answer of {item} must be in [0, {len(items[item].choices)}); got {index}."


def _wrong_classes(bundle: Bundle, session: Session, classes: Sequence[str]) -> Iterator[str]:
    for trial in _trials(session):
        answer = bundle.answers.trials.get(trial)
        if answer is not None and answer.answer not in classes:
            yield f"answer of trial {trial} must be one of {list(classes)}; got {answer.answer!r}."
    for shown in session.training:
        answer = bundle.answers.trials.get(shown.trial)
        if answer is not None and answer.answer != shown.prediction:
            yield (
                f"prediction of trial {shown.trial} must be its answer {answer.answer!r}; got "
                f"{shown.prediction!r}."
            )


def _trials(session: Session) -> list[str]:
    return [shown.trial for shown in session.training] + [test.trial for test in session.test]


def _name_problems(bundle: Bundle) -> Iterator[str]:
    """Names of files and trials that tell something."""
    for name in bundle.manifest.media:
        if not MEDIA_NAME.fullmatch(name):
            yield f"media name must be a SHA-256 with an extension; got {name!r}."
    telling = {*TELLING, *bundle.manifest.classes, *bundle.manifest.conditions}
    for _, _, session in sessions_of(bundle.manifest):
        for trial in _trials(session):
            told = sorted(word for word in telling if word.lower() in trial.lower())
            if told:
                yield f"trial name must tell nothing; got {trial!r} with {told}."


def _balance_problems(bundle: Bundle) -> Iterator[str]:
    """Phases whose predictions are more than one apart; the practice is exempt."""
    for name, number, session in sessions_of(bundle.manifest):
        if name == "practice":
            continue
        scored = [test.trial for test in session.test if not _is_catch(bundle, test.trial)]
        phases = {"training": [shown.trial for shown in session.training], "test": scored}
        for phase, trials in phases.items():
            answers = [
                bundle.answers.trials[t].answer for t in trials if t in bundle.answers.trials
            ]
            counts = {c: answers.count(c) for c in bundle.manifest.classes}
            if max(counts.values()) - min(counts.values()) > 1:
                yield (
                    f"predictions of list {name}, session {number}, {phase} must be at most one "
                    f"apart; got {counts}."
                )


def _reuse_problems(bundle: Bundle) -> Iterator[str]:
    """Images that one list shows twice, or one phase shows and another asks about."""
    trained: set[str] = set()
    tested: set[str] = set()
    for name, _, session in sessions_of(bundle.manifest):
        trained |= {shown.image for shown in session.training}
        scored = [t.image for t in session.test if not _is_catch(bundle, t.trial)]
        tested |= set(scored)
        if name == "practice":
            continue
    for image in sorted(trained & tested):
        yield f"image must be used in training or in test, not in both; got {image}."
    for trial_list in bundle.manifest.lists:
        images = [
            image
            for session in trial_list.sessions
            for image in (
                *(shown.image for shown in session.training),
                *(t.image for t in session.test if not _is_catch(bundle, t.trial)),
            )
        ]
        for image, count in Counter(images).items():
            if count > 1:
                yield f"image must occur once in list {trial_list.name}; got {image} {count} times."


def _catch_problems(bundle: Bundle) -> Iterator[str]:
    """Sessions without exactly one catch trial that repeats a training image of theirs."""
    for name, number, session in sessions_of(bundle.manifest):
        caught = [test for test in session.test if _is_catch(bundle, test.trial)]
        wanted = 0 if name == "practice" else 1
        where = f"list {name}, session {number}"
        if len(caught) != wanted:
            yield f"{where} must have {wanted} catch trials; got {len(caught)}."
        shown = {trial.image: trial.prediction for trial in session.training}
        for test in caught:
            if shown.get(test.image) != bundle.answers.trials[test.trial].answer:
                yield (
                    f"catch trial {test.trial} of {where} must repeat a training image of that "
                    "session with its prediction; it does not."
                )


def _explanation_problems(bundle: Bundle) -> Iterator[str]:
    """Training trials that lack a condition, or have one that the study has not."""
    conditions = set(bundle.manifest.conditions)
    for name, _, session in sessions_of(bundle.manifest):
        wanted = set() if name == "practice" else conditions
        for shown in session.training:
            if set(shown.explanations) != wanted:
                yield (
                    f"explanations of trial {shown.trial} must be those of {sorted(wanted)}; got "
                    f"{sorted(shown.explanations)}."
                )


def _is_catch(bundle: Bundle, trial: str) -> bool:
    answer = bundle.answers.trials.get(trial)
    return answer is not None and answer.is_catch
