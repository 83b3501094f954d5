"""From a concept store to a utility study's bundle: ``craft-stimuli build``."""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from craft_core.attribution import concept_maps
from craft_core.bank import ConceptBank
from craft_core.errors import CraftError
from craft_core.provenance import file_sha256, git_commit, package_version
from craft_core.store import StoredImage, load_bank, read_images, read_json
from stimuli_builder.audit import audit_bundle
from stimuli_builder.bundle import (
    SCHEMA_VERSION,
    Bundle,
    Manifest,
    Practice,
    Provenance,
    QuizItem,
    Session,
    Texts,
    TrialList,
    write_bundle,
)
from stimuli_builder.config import PhaseConfig, StudyConfig
from stimuli_builder.errors import BundleError, StimuliError
from stimuli_builder.orders import (
    Candidate,
    PhaseDesign,
    Tie,
    choose_for_list,
    draw_supersets,
    place_catch,
)
from stimuli_builder.panels import PanelMaker, shown_concepts
from stimuli_builder.pictures import MediaCollector
from stimuli_builder.practice import CLASSES
from stimuli_builder.procedure import (
    make_questionnaires,
    make_rules,
    make_settings,
    make_stages,
    session_questionnaire,
)
from stimuli_builder.trials import TrialMaker


@dataclass(frozen=True, eq=False, kw_only=True)
class ConceptStore:
    """A concept store that was read.

    Attributes
    ----------
    path
        Its folder.
    described
        What ``store.json`` holds.
    images
        The rows of ``images.csv``.
    banks
        Class -> its concepts.
    """

    path: Path
    described: dict[str, Any]
    images: list[StoredImage]
    banks: dict[str, ConceptBank]

    @property
    def classes(self) -> list[str]:
        """Class names, in the network's order."""
        return list(self.banks)


def build(config: StudyConfig, store: ConceptStore, folder: Path, out: Path) -> Bundle:
    """Build a utility study (appendix E.1) and check it.

    Parameters
    ----------
    config
        Of the study.
    store
        Concepts of the classes.
    folder
        The images the store was made from.
    out
        The bundle's folder, written whole or not at all.

    Returns
    -------
    Bundle
        Which passes `stimuli_builder.audit.audit_bundle`.

    Raises
    ------
    StimuliError
        If there are too few images, or an image is missing or was altered.
    BundleError
        If the bundle does not pass the check.
    """
    draw_images, draw_orders, draw_names = np.random.default_rng(config.seed).spawn(3)
    media = MediaCollector(config.pictures.jpeg_quality)
    maker = PanelMaker(
        banks=store.banks,
        folder=folder,
        n_concepts=config.explanation.concepts,
        n_crops=config.explanation.crops,
        crop_px=config.pictures.crop_px,
        media=media,
    )
    licence = store.described["licences"]["images"]
    trials = TrialMaker(config, maker, licence=licence, generator=draw_names)
    supersets = draw_supersets(
        _candidates(store),
        store.classes,
        [_design(config.training), _design(config.test)],
        n_sessions=config.sessions,
        generator=draw_images,
    )
    _check_images(store, folder, [image for s in supersets for phase in s for image in phase])
    maps = _maps(store.banks, [image for s in supersets for image in s[0]], maker)
    lists = tuple(
        TrialList(
            name=string.ascii_lowercase[number],
            sessions=tuple(
                _session(config, store.classes, superset, trials, maps, number + turn, draw_orders)
                for turn, superset in enumerate(supersets)
            ),
        )
        for number in range(config.lists)
    )
    practice = _practice(config, trials, draw_orders)
    manifest = _manifest(config, store, lists=lists, practice=practice, trials=trials, media=media)
    items = [item.item for item in manifest.quiz]
    quiz = {item: asked.answer for item, asked in zip(items, config.quiz.items, strict=True)}
    bundle = write_bundle(
        out,
        manifest,
        trials=trials.answers,
        quiz=quiz,
        media=media.contents,
        sources=trials.sources,
    )
    problems = audit_bundle(bundle)
    if problems:
        raise BundleError(problems[0])
    return bundle


def read_store(path: Path) -> ConceptStore:
    """Read a concept store and the banks of all its classes.

    Parameters
    ----------
    path
        Its folder.

    Returns
    -------
    ConceptStore
        With its networks loaded.

    Raises
    ------
    StimuliError
        If a part of it is missing or was altered.
    """
    try:
        described = read_json(path / "store.json", "concept-store")
        for found in described["classes"]:
            if file_sha256(path / found["folder"] / "bank.json") != found["bank_sha256"]:
                raise StimuliError(
                    f"{found['folder']}/bank.json must have SHA-256 {found['bank_sha256']}, as "
                    "store.json says; it has not."
                )
        banks = {f["class_name"]: load_bank(path / f["folder"]) for f in described["classes"]}
        images = read_images(path / "images.csv")
    except (CraftError, OSError) as error:
        raise StimuliError(str(error)) from error
    return ConceptStore(path=path, described=described, images=images, banks=banks)


def _design(phase: PhaseConfig) -> PhaseDesign:
    return PhaseDesign(n_images=phase.images, tie_broken_share=phase.tie_broken_share)


def _candidates(store: ConceptStore) -> list[Candidate]:
    """List the images that fitted nothing and whose prediction is one of the classes."""
    ties: dict[str, Tie] = {"kept": "kept", "broken": "broken"}
    return [
        Candidate(
            file=image.file,
            prediction=image.predicted,
            label=image.label,
            tie=ties.get(image.tie, ""),
        )
        for image in store.images
        if image.split == "study" and image.predicted in store.banks
    ]


def _check_images(store: ConceptStore, folder: Path, images: Sequence[Candidate]) -> None:
    """Refuse images that are not those the store was made from."""
    known = {image.file: image.sha256 for image in store.images}
    for image in images:
        file = folder / image.file
        if not file.is_file() or file_sha256(file) != known[image.file]:
            state = "another file" if file.is_file() else "no file"
            raise StimuliError(
                f"image {image.file} in {folder} must be the one of the concept store; got {state}."
            )


def _maps(
    banks: Mapping[str, ConceptBank], images: Sequence[Candidate], maker: PanelMaker
) -> dict[str, Sequence[Tensor]]:
    """Compute the maps of the shown concepts of each image's predicted class."""
    maps: dict[str, Sequence[Tensor]] = {}
    for name, bank in banks.items():
        files = [image.file for image in images if image.prediction == name]
        concepts = shown_concepts(bank, maker.n_concepts)
        paths = [maker.folder / file for file in files]
        found = concept_maps(bank, paths, concepts) if paths else ()
        maps |= {file: list(heat) for file, heat in zip(files, found, strict=True)}
    return maps


def _session(  # noqa: PLR0913 - one place in the design
    config: StudyConfig,
    classes: Sequence[str],
    superset: Sequence[Sequence[Candidate]],
    trials: TrialMaker,
    maps: Mapping[str, Sequence[Tensor]],
    turn: int,
    generator: np.random.Generator,
) -> Session:
    """Make one session of one list; its catch trial repeats one of its training images."""
    n_training, n_test = config.training.images, config.test.images
    trained = choose_for_list(superset[0], classes, n_training, turn=turn, generator=generator)
    tested = choose_for_list(superset[1], classes, n_test, turn=turn + 1, generator=generator)
    caught = trained[int(generator.integers(len(trained)))]
    test = [trials.test(image) for image in tested]
    test.insert(place_catch(n_test, generator=generator), trials.test(caught, is_catch=True))
    training = tuple(trials.training(image, maps) for image in trained)
    return _utility_session(training, test, session_questionnaire(config))


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


def _practice(config: StudyConfig, trials: TrialMaker, generator: np.random.Generator) -> Practice:
    wanted = config.practice
    kinds = [
        [CLASSES[index % len(CLASSES)] for index in generator.permutation(n)]
        for n in (wanted.training, wanted.test)
    ]
    training = [trials.practice(kind, is_test=False) for kind in kinds[0]]
    test = [trials.practice(kind, is_test=True) for kind in kinds[1]]
    return Practice(
        classes=CLASSES,
        introduction=wanted.introduction,
        session=_utility_session(training, test, None),
    )


def _manifest(
    config: StudyConfig,
    store: ConceptStore,
    *,
    lists: tuple[TrialList, ...],
    practice: Practice,
    trials: TrialMaker,
    media: MediaCollector,
) -> Manifest:
    privacy, viewing, reservoir, recruitment, confidence = make_settings(config)
    return Manifest(
        schema="study-bundle",
        schema_version=SCHEMA_VERSION,
        study=config.study,
        title=config.title,
        task="utility",
        language=config.language,
        translations=config.translations,
        scenario=config.scenario,
        classes=tuple(store.classes),
        conditions=config.conditions,
        stages=make_stages(config),
        texts=Texts(**config.texts.model_dump()),
        privacy=privacy,
        questionnaires=make_questionnaires(config),
        practice=practice,
        quiz=tuple(
            QuizItem(item=f"q{number}", question=item.question, choices=item.choices)
            for number, item in enumerate(config.quiz.items, start=1)
        ),
        training_trials=trials.training_trials,
        test_trials=trials.test_trials,
        lists=lists,
        rules=make_rules(config),
        viewing=viewing,
        reservoir=reservoir,
        confidence=confidence,
        recruitment=recruitment,
        provenance=_provenance(config, store),
        media=media.files,
    )


def _provenance(config: StudyConfig, store: ConceptStore) -> Provenance:
    return Provenance(
        package_version=package_version(),
        git_commit=git_commit(),
        seed=config.seed,
        config=config.model_dump(mode="json", exclude={"texts", "quiz", "translations"}),
        concept_store_sha256=file_sha256(store.path / "store.json"),
        network=store.described["network"],
        model=store.described["model"],
        licences=store.described["licences"],
    )
