"""Check a bundle: its files are whole, its design is sound, and nothing gives an answer away."""

import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from PIL import Image, UnidentifiedImageError

from stimuli_builder.bundle import (
    Bundle,
    Session,
    TestTrial,
    TrainingTrial,
    media_of,
    sessions_of,
)

MEDIA_NAME = re.compile(r"[0-9a-f]{64}\.(jpg|png|webp)")
TELLING = ("catch", "kept", "broken", "test", "training", "practice", "intruder", "sham", "concept")
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
        _option_problems,
        _shape_problems,
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
    for trial in _all_trials(session):
        yield from media_of(trial)


def _answer_problems(bundle: Bundle) -> Iterator[str]:
    """Trials and answers that do not match one to one, answers that are no class."""
    manifest, answers = bundle.manifest, bundle.answers
    yield from _repeated_trials(bundle)
    trials = {trial for _, _, session in sessions_of(manifest) for trial in _trials(session)}
    for trial in sorted(trials ^ set(answers.trials)):
        yield f"trial {trial} must be in both manifest.json and answers.json; got one."
    for number, session in _numbered_sessions(bundle):
        practice = manifest.practice
        classes = practice.classes if number == 0 and practice is not None else manifest.classes
        yield from _wrong_classes(bundle, session, classes)
    yield from _quiz_problems(bundle)


def _repeated_trials(bundle: Bundle) -> Iterator[str]:
    """Trials that a list asks twice; two lists may share one, if it is the same."""
    known: dict[str, object] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for name, _, session in sessions_of(bundle.manifest):
        for trial in _all_trials(session):
            counts[name, trial.trial] += 1
            if known.setdefault(trial.trial, trial) != trial:
                yield f"trial {trial.trial} must be the same in every list; got two different ones."
    for (name, repeated), count in counts.items():
        if count > 1:
            yield f"trial {repeated} must occur once in list {name}; got {count} times."


def _quiz_problems(bundle: Bundle) -> Iterator[str]:
    answers = bundle.answers
    items = {item.item: item for item in bundle.manifest.quiz}
    for item in sorted(set(items) ^ set(answers.quiz)):
        yield f"quiz item {item} must be in both manifest.json and answers.json; got one."
    for item, index in answers.quiz.items():
        if item in items and not 0 <= index < len(items[item].choices):
            yield f"answer of {item} must be in [0, {len(items[item].choices)}); got {index}."


def _wrong_classes(bundle: Bundle, session: Session, classes: Sequence[str]) -> Iterator[str]:
    for trial in _all_trials(session):
        answer = bundle.answers.trials.get(trial.trial)
        offered = _offered(trial, classes) if isinstance(trial, TestTrial) else classes
        if answer is not None and answer.answer not in offered:
            yield (
                f"answer of trial {trial.trial} must be one of {list(offered)}; got "
                f"{answer.answer!r}."
            )
    for shown in session.training:
        answer = bundle.answers.trials.get(shown.trial)
        if answer is not None and answer.answer != shown.prediction:
            yield (
                f"prediction of trial {shown.trial} must be its answer {answer.answer!r}; got "
                f"{shown.prediction!r}."
            )


def _offered(trial: TestTrial, classes: Sequence[str]) -> Sequence[str]:
    return [str(place) for place in range(len(trial.options))] if trial.options else classes


def _all_trials(session: Session) -> list[TrainingTrial | TestTrial]:
    return [*session.training, *session.test]


def _numbered_sessions(bundle: Bundle) -> Iterator[tuple[int, Session]]:
    yield from ((number, session) for _, number, session in sessions_of(bundle.manifest))


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
        if name == "practice" or session.task != "utility":
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
    for _, _, session in sessions_of(bundle.manifest):
        trained |= {shown.image for shown in session.training}
        scored = [t.image for t in session.test if not _is_catch(bundle, t.trial)]
        tested |= {image for image in scored if image is not None}
    for image in sorted(trained & tested):
        yield f"image must be used in training or in test, not in both; got {image}."
    for trial_list in bundle.manifest.lists:
        images: list[str | None] = [
            image
            for session in trial_list.sessions
            if session.task == "utility"
            for image in (
                *(shown.image for shown in session.training),
                *(t.image for t in session.test if not _is_catch(bundle, t.trial)),
            )
        ]
        for repeated, count in Counter(images).items():
            if count > 1:
                where = f"list {trial_list.name}"
                yield f"image must occur once in {where}; got {repeated} {count} times."


def _catch_problems(bundle: Bundle) -> Iterator[str]:
    """Find utility sessions without a catch trial that repeats training; others with two."""
    for name, number, session in sessions_of(bundle.manifest):
        caught = [test for test in session.test if _is_catch(bundle, test.trial)]
        wanted = 0 if name == "practice" else 1
        where = f"list {name}, session {number}"
        if session.task != "utility":
            if len(caught) > wanted:
                yield f"{where} must have {wanted} catch trials at most; got {len(caught)}."
            continue
        if len(caught) != wanted:
            yield f"{where} must have {wanted} catch trials; got {len(caught)}."
        shown = {trial.image: trial.prediction for trial in session.training}
        for test in caught:
            if shown.get(test.image or "") != bundle.answers.trials[test.trial].answer:
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


def _option_problems(bundle: Bundle) -> Iterator[str]:
    """Intruder trials of more than single pictures, or without a level; shams of other tasks."""
    for number, session in _numbered_sessions(bundle):
        for trial in session.test:
            pictures = [name for option in trial.options for name in option.pictures]
            if session.task == "intruder" and len(pictures) != len(trial.options):
                yield (
                    f"options of intruder trial {trial.trial} must have one picture each; got "
                    f"{len(pictures)} of {len(trial.options)}."
                )
            if len(set(pictures)) < len(pictures):
                yield f"options of trial {trial.trial} must be different pictures; got one twice."
            if number:
                yield from _kind_problems(bundle, session, trial)


def _kind_problems(bundle: Bundle, session: Session, trial: TestTrial) -> Iterator[str]:
    answer = bundle.answers.trials.get(trial.trial)
    if answer is None:
        return
    if (session.task == "intruder") != (answer.level is not None):
        rule = "be given" if session.task == "intruder" else "be null"
        yield f"level of {session.task} trial {trial.trial} must {rule}; got {answer.level!r}."
    if answer.is_sham and session.task != "binary_choice":
        yield f"sham trial {trial.trial} must be a binary choice; got {session.task}."


def _shape_problems(bundle: Bundle) -> Iterator[str]:
    """Find lists that ask for another number of things than the first."""
    first = _shape(bundle.manifest.lists[0].sessions)
    for trial_list in bundle.manifest.lists:
        shape = _shape(trial_list.sessions)
        if shape != first:
            yield f"list {trial_list.name} must ask as much as the first, {first}; got {shape}."


def _shape(sessions: Sequence[Session]) -> list[tuple[str, int, int]]:
    """Return the task and the numbers of trials of each session, in order of task."""
    return sorted((each.task, len(each.training), len(each.test)) for each in sessions)


def _is_catch(bundle: Bundle, trial: str) -> bool:
    answer = bundle.answers.trials.get(trial)
    return answer is not None and answer.is_catch
