"""Check the trials of a recursivity study: what they are about, and which crops come back.

Lists are gone through one by one, since a participant sees one. Of a binary choice, the *parent* is
the concept that was split, and the *kind* is recursive or one of the shams.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Final

import numpy as np
from PIL import Image

from stimuli_builder.answers import TrialAnswer
from stimuli_builder.bundle import Bundle, TrialList, items_of, media_of
from stimuli_builder.near_duplicates import near_duplicates, perceptual_hash

RECURSIVE: Final = "recursive"
TASKS: Final = ("intruder", "binary_choice")
FLAT: Final = 6  # standard deviation of a crop's levels, of 255, that is hardly seen
ONE_COLOUR: Final = 16  # levels of 255 that mean colours of one picture are apart at most


def kind_of(answer: TrialAnswer) -> str:
    """Name what is compared within a task: the level of an intruder trial, a choice's kind.

    Parameters
    ----------
    answer
        Of the trial.

    Returns
    -------
    str
        Such as ``same-layer``.
    """
    return (answer.sham or answer.level or RECURSIVE).replace("_", "-")


def recursivity_table(bundle: Bundle) -> list[str]:
    """Describe what choices are about, their sides, and how often pictures come back.

    Parameters
    ----------
    bundle
        Any bundle.

    Returns
    -------
    list[str]
        Nothing without binary choices; each choice is counted once, whatever its sides.
    """
    items = items_of(bundle.manifest, bundle.answers.trials)
    asked = dict.fromkeys(items[t] for each in bundle.manifest.lists for t in _choices(each))
    if not asked:
        return []
    answers = [bundle.answers.trials[item] for item in asked]
    trials = [t for each in bundle.manifest.lists for t in _trials(each, TASKS)]
    classes = sorted({bundle.answers.trials[trial].label for trial in trials})
    lines = [f"binary choices by class: {_counted(answers, kind_of, lambda a: a.label, classes)}"]
    if all(answer.concept for answer in answers):
        lines.append(f"binary choices by split concept: {_counted(answers, _parent, kind_of)}")
    for each in bundle.manifest.lists:
        shown = [bundle.answers.trials[trial] for trial in _choices(each)]
        sides = _counted(shown, kind_of, lambda answer: f"at side {answer.answer}")
        lines.append(f"sub-concepts of binary choices, list {each.name}: {sides}")
    return [*lines, *_often_shown(bundle)]


def _counted(
    answers: Sequence[TrialAnswer],
    first: Callable[[TrialAnswer], str],
    second: Callable[[TrialAnswer], str],
    names: Sequence[str] = (),
) -> str:
    """Count by two features, such as ``recursive 4 husky, 3 wolf; random 2 husky, 2 wolf``."""
    counts: dict[str, Counter[str]] = {}
    for answer in answers:
        counts.setdefault(first(answer), Counter(dict.fromkeys(names, 0)))[second(answer)] += 1
    return "; ".join(
        f"{name} {', '.join(f'{n} {what}' for what, n in sorted(of.items()))}"
        for name, of in sorted(counts.items())
    )


def _often_shown(bundle: Bundle) -> Iterator[str]:
    """Say how often an image's crops come in a participant's trials at most."""
    sources = bundle.answers.sources
    if not sources:
        return
    for what, tasks in (
        ("binary choices", TASKS[1:]),
        ("intruder trials and binary choices", TASKS),
    ):
        most: tuple[int, str, str] = (0, "", "")
        for each in bundle.manifest.lists:
            images: Counter[str] = Counter()
            for trial in _trials(each, tasks):
                shown = set(media_of(bundle.manifest.test_trials[trial]))
                images.update({sources[name].file for name in shown if name in sources})
            for image, n in images.items():
                most = max(most, (n, image, each.name), key=lambda found: found[0])
        yield f"an image comes in at most {most[0]} {what} of a participant ({most[1]})"


def _trials(each: TrialList, tasks: Sequence[str]) -> list[str]:
    return [trial for session in each.sessions if session.task in tasks for trial in session.test]


def _choices(each: TrialList) -> list[str]:
    return _trials(each, TASKS[1:])


def _parent(answer: TrialAnswer) -> str:
    return (answer.concept or "").rsplit("/", 1)[0]


def _crop(bundle: Bundle, picture: str) -> Hashable:
    """Tell crops apart by where they were cut; pictures of unknown source by their bytes."""
    source = bundle.answers.sources.get(picture)
    return picture if source is None or source.box is None else (source.file, source.box)


def _question_problems(bundle: Bundle) -> Iterator[str]:
    """Crops in question that are asked about twice, or that other trials show; once for all lists.

    A trial of another task shows a crop among its options, a choice in one of its groups.
    """
    told: set[Hashable] = set()
    for each in bundle.manifest.lists:
        asked: dict[Hashable, str] = {}
        for trial in _choices(each):
            crop = _crop(bundle, bundle.manifest.test_trials[trial].image or "")
            first = asked.setdefault(crop, trial)
            if first != trial and ("asked", crop) not in told:
                told.add(("asked", crop))
                yield (
                    f"crop in question must be asked about once in list {each.name}; got it in "
                    f"{first} and {trial}."
                )
        shown: dict[Hashable, list[str]] = {}
        for trial in _trials(each, TASKS):
            options = bundle.manifest.test_trials[trial].options
            for crop in {_crop(bundle, name) for option in options for name in option.pictures}:
                shown.setdefault(crop, []).append(trial)
        for crop in [c for c in asked if c in shown and c not in told]:
            told.add(crop)
            yield (
                f"crop in question of trial {asked[crop]} must be in no group, and no option, of "
                f"list {each.name}; got it in {len(shown[crop])} trials, {shown[crop][0]} first."
            )


def _class_problems(bundle: Bundle) -> Iterator[str]:
    """Kinds of choices that are more than one apart in the classes that choices are about."""
    for each in bundle.manifest.lists:
        answers = _answers(bundle, each)
        classes = sorted({answer.label for answer in answers})
        for kind in sorted({kind_of(answer) for answer in answers}):
            found = Counter(answer.label for answer in answers if kind_of(answer) == kind)
            often = {name: found[name] for name in classes}
            if max(often.values()) > min(often.values()) + 1:
                yield (
                    f"{kind} choices of list {each.name} must be of all classes, at most one "
                    f"apart; got {often}."
                )


def _parent_problems(bundle: Bundle) -> Iterator[str]:
    """Parents that come twice before another comes once; those of one kind that shams lack."""
    for each in bundle.manifest.lists:
        answers = [answer for answer in _answers(bundle, each) if answer.concept]
        for name in sorted({answer.label for answer in answers}):
            of_class = [answer for answer in answers if answer.label == name]
            parents = sorted({_parent(answer) for answer in of_class})
            for kind in sorted({kind_of(answer) for answer in of_class}):
                found = Counter(_parent(answer) for answer in of_class if kind_of(answer) == kind)
                often = {parent: found[parent] for parent in parents}
                if max(often.values()) > 1 and not min(often.values()):
                    yield (
                        f"{kind} choices of list {each.name} must be about each split concept of "
                        f"{name} before one comes twice; got {often}."
                    )
            recursive = {_parent(answer) for answer in of_class if answer.sham is None}
            shams = {_parent(answer) for answer in of_class if answer.sham is not None}
            if recursive - shams and shams - recursive:
                yield (
                    f"recursive choices and shams of list {each.name} must be about the same split "
                    f"concepts of {name}; got {sorted(recursive)} and {sorted(shams)}."
                )


def _answers(bundle: Bundle, each: TrialList) -> list[TrialAnswer]:
    known = bundle.answers.trials
    return [known[trial] for trial in _choices(each) if trial in known]


def _alike_problems(bundle: Bundle) -> Iterator[str]:
    """Trials with two crops, of images with a known source, that are nearly the same."""
    hashes, looks = {}, {}
    sources = bundle.answers.sources
    for name, trial in bundle.manifest.test_trials.items():
        pictures = dict.fromkeys(media_of(trial)) if trial.options else {}
        for picture in pictures:
            if picture in sources and picture not in hashes:
                try:
                    with Image.open(bundle.media_path(picture)) as opened:
                        crop = opened.convert("RGB")
                except (OSError, SyntaxError):  # told by another check
                    continue
                pixels = np.asarray(crop, dtype=float).reshape(-1, 3)
                looks[picture] = pixels.mean(axis=0)
                if pixels.std(axis=0).max() > FLAT:  # else there is nothing to compare
                    hashes[picture] = perceptual_hash(crop)
        shown = {picture: hashes[picture] for picture in pictures if picture in hashes}
        for pair in near_duplicates(shown):
            if np.abs(looks[pair[0]] - looks[pair[1]]).max() > ONE_COLOUR:
                continue  # the hash knows no colour
            first, second = (sources[picture].file for picture in pair)
            yield (
                f"crops of trial {name} must differ to a person; got one of {first} and one of "
                f"{second}, nearly the same."
            )


RECURSIVITY_CHECKS: Final[tuple[Callable[[Bundle], Iterator[str]], ...]] = (
    _question_problems,
    _class_problems,
    _parent_problems,
    _alike_problems,
)
