"""From concept stores to a study's bundle: ``craft-stimuli build``."""

import difflib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from craft_core.provenance import git_commit, package_version
from stimuli_builder.audit import audit_bundle
from stimuli_builder.bias import check_learnt, checked_bias
from stimuli_builder.bundle import SCHEMA_VERSION, Bundle, bundle_in_writing
from stimuli_builder.conditions.concepts import warn_of_unimportant
from stimuli_builder.conditions.condition import PanelMaker
from stimuli_builder.conditions.registry import CONDITIONS
from stimuli_builder.config import StudyConfig
from stimuli_builder.errors import BalanceWarning, BundleError, StimuliError
from stimuli_builder.heats import HeatMaker
from stimuli_builder.learnt import bias_index
from stimuli_builder.licences import image_licences
from stimuli_builder.manifest import Manifest, Practice, Provenance, QuizItem, Texts
from stimuli_builder.pictures import MediaCollector
from stimuli_builder.procedure import make_questionnaires, make_rules, make_settings, make_stages
from stimuli_builder.sessions import TrialList
from stimuli_builder.stores import ConceptStore
from stimuli_builder.tasks.recursivity import recursivity_lists, recursivity_practice
from stimuli_builder.tasks.utility import (
    check_images,
    draw_images,
    utility_lists,
    utility_practice,
)
from stimuli_builder.translation_files import with_translations
from stimuli_builder.trials import TrialMaker


def build(
    config: StudyConfig,
    stores: Sequence[ConceptStore],
    folder: Path,
    out: Path,
    *,
    cache: Path | None = None,
    learnt: Mapping[str, object] | None = None,
) -> Bundle:
    """Build a utility study (appendix E.1) or a recursivity study (E.2), and check it.

    Parameters
    ----------
    config
        Of the study.
    stores
        Concepts of the classes; the first store's images and classes are the study's, others
        hold the concepts of other methods.
    folder
        The images the stores were made from.
    out
        The bundle's folder, written whole or not at all.
    cache
        Where maps are kept between builds; None keeps none.
    learnt
        Of `stimuli_builder.bias.read_learnt`; None where no pairs were drawn.

    Returns
    -------
    Bundle
        Which passes `stimuli_builder.audit.audit_bundle`.

    Raises
    ------
    StimuliError
        If there are too few images, an image is missing or was altered, or a condition lacks its
        store or fails on an image, or the network is not known to have learnt the
        scenario's rule and ``allow_unbiased`` does not let that pass.
    BundleError
        If the bundle does not pass the check.
    """
    draw_pool, draw_orders, draw_names = np.random.default_rng(config.seed).spawn(3)
    _check_stores(config, stores)
    of_crops = _check_crops(config, stores, folder)
    warn_of_quota(config)
    stores = [_with_bias(config, stores[0], learnt), *stores[1:]]
    supersets = (
        draw_images(config, stores[0], folder, draw_pool, shown=of_crops, cache=cache)
        if config.task == "utility"
        else []
    )
    predictions = {i.file: i.prediction for session in supersets for i in session[0]}
    maker = _panel_maker(config, stores, folder, predictions, cache)
    if config.task == "utility":
        shown = {each for name in config.conditions for each in CONDITIONS[name].stores}
        banks = {each.method: each.banks for each in stores if each.method in shown}
        warn_of_unimportant(banks, config.explanation.concepts)
    trials = TrialMaker(
        maker,
        conditions=config.conditions,
        classes=stores[0].classes,
        generator=draw_names,
    )
    if config.task == "utility":
        lists = utility_lists(config, stores[0].classes, supersets, trials, draw_orders)
        practice = utility_practice(config, trials, draw_orders)
    else:
        used = {file for bank in stores[0].banks.values() for file in bank.files}
        check_images(stores[0], folder, sorted(used))
        lists = recursivity_lists(config, stores[0], maker, trials, draw_orders)
        practice = recursivity_practice(config, trials)
    manifest = _manifest(config, stores, lists=lists, practice=practice, trials=trials, maker=maker)
    manifest = with_translations(manifest, config.shared_translations)
    return _written(config, manifest, trials, maker, out)


def warn_of_quota(config: StudyConfig) -> None:
    """Say where a condition's participants cannot come equally often to every list.

    Parameters
    ----------
    config
        Of the study.

    Warns
    -----
    BalanceWarning
        If the quota is no multiple of the lists.
    """
    quota = config.recruitment.quota
    if quota is not None and quota % config.lists:
        warnings.warn(
            f"recruitment.quota must be a multiple of the {config.lists} lists, for each to come "
            f"equally often in every condition; got {quota}.",
            BalanceWarning,
            stacklevel=2,
        )


def _check_stores(config: StudyConfig, stores: Sequence[ConceptStore]) -> None:
    """Refuse unknown conditions, and those that need concepts that were not given."""
    given = [store.method for store in stores]
    for name in config.conditions:
        if name not in CONDITIONS:
            near = difflib.get_close_matches(name, CONDITIONS, n=1, cutoff=0.0)[0]
            raise StimuliError(
                f"condition must be one of {list(CONDITIONS)}; got {name!r}, nearest to {near!r}."
            )
        for method in CONDITIONS[name].stores:
            if method not in given:
                raise StimuliError(
                    f"condition {name} must have a concept store of the method {method!r}; got "
                    f"{given}. Extract one with [concepts] method = {method!r}, and give it with "
                    "--concepts too."
                )


def _check_crops(config: StudyConfig, stores: Sequence[ConceptStore], folder: Path) -> set[str]:
    """Refuse other images than those that the shown concepts' crops were cut from; return them."""
    shown = {method for name in config.conditions for method in CONDITIONS[name].stores}
    files: set[str] = set()
    for store in stores:
        if store.method in shown:
            used = {file for bank in store.banks.values() for file in bank.files}
            check_images(store, folder, sorted(used))
            files |= used
    return files


def _with_bias(
    config: StudyConfig, store: ConceptStore, learnt: Mapping[str, object] | None
) -> ConceptStore:
    """Add to what is known of the model whether it has learnt the scenario."""
    model = store.described["model"]
    if learnt is not None:
        sha256 = store.described["network"].get("weights_sha256")
        check_learnt(learnt, scenario=config.scenario, weights_sha256=sha256)
    elif config.task == "recursivity" and bias_index(model) is None:
        return store  # it asks about concepts, whatever decides
    found = checked_bias(model, learnt, allowed=config.allow_unbiased)
    return replace(store, described=store.described | {"model": model | found})


def _panel_maker(
    config: StudyConfig,
    stores: Sequence[ConceptStore],
    folder: Path,
    predictions: dict[str, str],
    cache: Path | None,
) -> PanelMaker:
    banks = stores[0].banks
    heats = HeatMaker(
        folder,
        predictions,
        backbone=next(iter(banks.values())).backbone,
        class_ids={name: bank.class_id for name, bank in banks.items()},
        seed=config.seed,
        cache=cache,
    )
    return PanelMaker(
        banks={store.method: store.banks for store in stores},
        folder=folder,
        heats=heats,
        n_concepts=config.explanation.concepts,
        n_crops=config.explanation.crops,
        image_px=config.pictures.image_px,
        crop_px=config.pictures.crop_px,
        dense=config.pictures.dense if config.task == "utility" else 1,  # an odd crop is no sharper
        media=MediaCollector(
            config.pictures.quality,
            max_bytes=1000 * config.pictures.max_kb,
            cache=cache and cache / "pictures",
        ),
        licence=stores[0].described["licences"]["images"],
        licences=image_licences(folder),
        sources={},
        seed=config.seed,
    )


def _written(
    config: StudyConfig, manifest: Manifest, trials: TrialMaker, maker: PanelMaker, out: Path
) -> Bundle:
    items = [item.item for item in manifest.quiz]
    quiz = {item: asked.answer for item, asked in zip(items, config.quiz.items, strict=True)}
    writing = bundle_in_writing(
        out,
        manifest,
        trials=trials.answers,
        quiz=quiz,
        media=maker.media.contents,
        sources=dict(sorted(maker.sources.items())),
    )
    with writing as bundle:
        problems = audit_bundle(bundle)
        if problems:
            raise BundleError(problems[0])
    return replace(bundle, path=out)


def _manifest(
    config: StudyConfig,
    stores: Sequence[ConceptStore],
    *,
    lists: tuple[TrialList, ...],
    practice: Practice,
    trials: TrialMaker,
    maker: PanelMaker,
) -> Manifest:
    privacy, viewing, reservoir, recruitment, confidence = make_settings(config)
    return Manifest(
        schema="study-bundle",
        schema_version=SCHEMA_VERSION,
        study=config.study,
        title=config.title,
        task=config.task,
        language=config.language,
        translations=config.translations,
        scenario=config.scenario,
        classes=tuple(stores[0].classes),
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
        provenance=_provenance(config, stores),
        media=maker.media.files,
    )


def _provenance(config: StudyConfig, stores: Sequence[ConceptStore]) -> Provenance:
    described: dict[str, Any] = stores[0].described
    return Provenance(
        package_version=package_version(),
        git_commit=git_commit(),
        seed=config.seed,
        config=config.model_dump(mode="json", exclude={"texts", "quiz", "translations"})
        | {"stores": {store.method: store.sha256 for store in stores}},
        concept_store_sha256=stores[0].sha256,
        network=described["network"],
        model=described["model"],
        licences=described["licences"],
    )
