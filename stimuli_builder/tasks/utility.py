"""Utility trials (appendix E.1 of Fel et al. 2023): learn from some images, predict others."""

import string
import warnings
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from craft_core.provenance import file_sha256
from stimuli_builder.catches import catch_places, choose_catches
from stimuli_builder.config import PhaseConfig, StudyConfig
from stimuli_builder.errors import BalanceWarning, SelectionError, StimuliError
from stimuli_builder.manifest import Practice
from stimuli_builder.near_duplicates import without_near_duplicates
from stimuli_builder.orders import (
    Candidate,
    PhaseDesign,
    Tie,
    choose_for_list,
    draw_supersets,
    superset_of,
)
from stimuli_builder.practice import CLASSES
from stimuli_builder.procedure import session_questionnaire
from stimuli_builder.same_images import hash_images
from stimuli_builder.scenarios.registry import SCENARIOS
from stimuli_builder.sessions import Session, TrialList
from stimuli_builder.stores import ConceptStore
from stimuli_builder.trials import TrialMaker

Supersets = list[list[list[Candidate]]]
Phases = tuple[list[Candidate], list[Candidate]]  # of a session: training, test
NEAR_SHARE = 0.05  # over all lists, what a share may be off without a warning
TIE_NAMES: dict[str, Tie] = {"kept": "kept", "broken": "broken"}


def draw_images(
    config: StudyConfig,
    store: ConceptStore,
    folder: Path,
    generator: np.random.Generator,
    *,
    shown: Collection[str] = (),
    cache: Path | None = None,
) -> Supersets:
    """Draw the images of every session and phase, none twice and no two nearly the same.

    None is nearly the same as an image that crops are shown of, either: who has seen its crop in a
    panel would know it again.

    Parameters
    ----------
    config
        Of the study.
    store
        Whose predictions they are.
    folder
        Of the images.
    generator
        Draws.
    shown
        Images that concepts were found in, whose crops panels may show.
    cache
        Where perceptual hashes are kept between builds; None keeps none.

    Returns
    -------
    Supersets
        Session, phase (training, then test), image.

    Raises
    ------
    SelectionError
        If there are too few images of a kind, or errors are asked for where the tie makes them.
    StimuliError
        If an image is missing, or not the one of the store.
    """
    pool = [
        Candidate(
            file=image.file,
            prediction=image.predicted,
            label=image.label,
            tie=TIE_NAMES.get(image.tie, ""),
        )
        for image in store.images
        if image.split == "study" and image.predicted in store.banks
    ]
    for image in store.images:
        if image.tie not in ("", *TIE_NAMES):
            raise StimuliError(
                f"tie of image {image.file} must be one of {list(TIE_NAMES)} or empty; got "
                f"{image.tie!r}."
            )
    if any(candidate.tie for candidate in pool):
        _check_errors(config)
    check_images(store, folder, [candidate.file for candidate in pool])
    order = [pool[index].file for index in generator.permutation(len(pool))]
    of_crops = sorted(set(shown) - set(order))
    known = {image.file: image.sha256 for image in store.images}
    hashes = hash_images(folder, {file: known[file] for file in [*of_crops, *order]}, cache)
    alone = set(without_near_duplicates([*of_crops, *order], hashes, certain=len(of_crops)))
    return draw_supersets(
        [candidate for candidate in pool if candidate.file in alone],
        store.classes,
        [_design(config.training), _design(config.test)],
        n_sessions=config.sessions,
        generator=generator,
    )


def check_images(store: ConceptStore, folder: Path, files: Sequence[str]) -> None:
    """Refuse images that are not those the store was made from.

    Parameters
    ----------
    store
        Knows the hashes.
    folder
        Of the images.
    files
        Images to check.

    Raises
    ------
    StimuliError
        If one is missing, or another.
    """
    known = {image.file: image.sha256 for image in store.images}
    for name in files:
        file = folder / name
        if not file.is_file() or file_sha256(file) != known[name]:
            state = "another file" if file.is_file() else "no file"
            raise StimuliError(
                f"image {name} in {folder} must be the one of the concept store; got {state}."
            )


def utility_lists(
    config: StudyConfig,
    classes: Sequence[str],
    supersets: Supersets,
    trials: TrialMaker,
    generator: np.random.Generator,
) -> tuple[TrialList, ...]:
    """Make the lists that participants go through.

    Parameters
    ----------
    config
        Of the study.
    classes
        What the network predicts.
    supersets
        Of `draw_images`.
    trials
        Makes and keeps the trials, which lists share.
    generator
        Draws orders.

    Returns
    -------
    tuple[TrialList, ...]
        As many as the configuration names.

    Warns
    -----
    BalanceWarning
        If so many lists cannot balance the sets of images, or images not come near a share.
    """
    _warn_of_lists(config, len(classes))
    shown = [
        [
            _shown(config, classes, supersets, (number, session), generator)
            for session in range(config.sessions)
        ]
        for number in range(config.lists)
    ]
    _warn_of_shares(config, [session for sessions in shown for session in sessions])
    caught = choose_catches([[trained for trained, _ in sessions] for sessions in shown])
    places = catch_places(
        config.test.images,
        n_lists=config.lists,
        n_sessions=config.sessions,
        generator=generator,
    )
    return tuple(
        TrialList(
            name=list_name(number),
            sessions=tuple(
                _session(config, trials, phases, image, place)
                for phases, image, place in zip(
                    shown[number], caught[number], places[number], strict=True
                )
            ),
        )
        for number in range(config.lists)
    )


def list_name(number: int) -> str:
    """Name a list by a letter, and those after the 26th by two.

    Parameters
    ----------
    number
        From 0, below 702.

    Returns
    -------
    str
        Lower case.

    Examples
    --------
    >>> list_name(0), list_name(25), list_name(26)
    ('a', 'z', 'aa')
    """
    before, last = divmod(number, len(string.ascii_lowercase))
    first = string.ascii_lowercase[before - 1] if before else ""
    return first + string.ascii_lowercase[last]


def utility_practice(
    config: StudyConfig, trials: TrialMaker, generator: np.random.Generator
) -> Practice:
    """Make the practice: pictures of day and night, and a model that is always right.

    Parameters
    ----------
    config
        Of the study.
    trials
        Makes and keeps the trials.
    generator
        Draws the order.

    Returns
    -------
    Practice
        The same for all participants, without explanations.
    """
    wanted = config.practice
    kinds = [
        [CLASSES[index % len(CLASSES)] for index in generator.permutation(n)]
        for n in (wanted.training, wanted.test)
    ]
    training = [trials.practice_prediction(kind, is_test=False) for kind in kinds[0]]
    test = [trials.practice_prediction(kind, is_test=True) for kind in kinds[1]]
    return Practice(
        classes=CLASSES,
        introduction=wanted.introduction,
        session=_utility_session(training, test, None),
    )


def _shown(
    config: StudyConfig,
    classes: Sequence[str],
    supersets: Supersets,
    place: tuple[int, int],
    generator: np.random.Generator,
) -> Phases:
    """Choose what a list shows in a session: its training and its test images, in order."""
    number, session = place
    superset, turn = superset_of(session, number, config.sessions)
    trained, tested = (
        choose_for_list(
            supersets[superset][phase],
            classes,
            wanted.images,
            turn=turn + phase,
            generator=generator,
        )
        for phase, wanted in enumerate((config.training, config.test))
    )
    return trained, tested


def _session(
    config: StudyConfig, trials: TrialMaker, phases: Phases, caught: Candidate, place: int
) -> Session:
    """Make one session of one list; its catch trial repeats one of its training images."""
    trained, tested = phases
    test = [trials.test(image) for image in tested]
    test.insert(place, trials.test(caught, is_catch=True))
    training = [trials.training(image) for image in trained]
    return _utility_session(training, test, session_questionnaire(config))


def _warn_of_lists(config: StudyConfig, n_classes: int) -> None:
    """Say where lists are too few for every set of images to come alike in every session."""
    has_extra = config.training.images % n_classes or config.test.images % n_classes
    full = config.sessions * (n_classes if has_extra else 1)
    if config.lists % full:
        turns = " times classes, one of which has an image less" if has_extra else ""
        warnings.warn(
            f"lists must be a multiple of {full} (sessions{turns}) for sets of images and classes "
            f"to be balanced over sessions; got {config.lists}. The next that is one is "
            f"{config.lists + full - config.lists % full}.",
            BalanceWarning,
            stacklevel=3,
        )


def _warn_of_shares(config: StudyConfig, shown: Sequence[Phases]) -> None:
    """Say where whole images cannot come near a share."""
    for number, name in enumerate(("training", "test")):
        images = [image for phases in shown for image in phases[number]]
        wanted: PhaseConfig = getattr(config, name)
        found = {"error_share": sum(each.prediction != each.label for each in images)}
        if all(image.tie for image in images):
            found["tie_broken_share"] = sum(each.tie == "broken" for each in images)
        for key, n in found.items():
            asked = getattr(wanted, key)
            if asked is not None and abs(n / len(images) - asked) > NEAR_SHARE:
                warnings.warn(
                    f"{key} of {name} must be one that {wanted.images} images a phase can have "
                    f"over {config.sessions} sessions and {config.lists} lists; got {asked}. "
                    f"Of the images shown it will be {n / len(images):.2f}.",
                    BalanceWarning,
                    stacklevel=3,
                )


def _check_errors(config: StudyConfig) -> None:
    """Refuse shares of errors where what decides is the tie, which then makes the errors."""
    scenario = SCENARIOS.get(config.scenario)
    shares = [config.training.error_share, config.test.error_share]
    if scenario is None or scenario.tied not in scenario.decides or shares == [None, None]:
        return
    raise SelectionError(
        f"error_share must not be given in the scenario {config.scenario!r}, where the network "
        f"decides by the tie ({scenario.tied}) and errs where it is broken; got {shares}. Give "
        "tie_broken_share alone."
    )


def _utility_session(
    training: Sequence[str], test: Sequence[str], questionnaire: str | None
) -> Session:
    return Session(
        task="utility",
        title="",
        introduction=(),
        training=tuple(training),
        test=tuple(test),
        trials_are_shuffled=False,
        options_are_shuffled=False,
        questionnaire=questionnaire,
    )


def _design(phase: PhaseConfig) -> PhaseDesign:
    return PhaseDesign(
        n_images=phase.images,
        tie_broken_share=phase.tie_broken_share,
        error_share=phase.error_share,
    )
