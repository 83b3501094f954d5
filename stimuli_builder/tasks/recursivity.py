"""The recursivity study (appendix E.2): intruders of concepts and sub-concepts, then choices."""

import string
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from craft_core.bank import ConceptBank
from stimuli_builder.answers import TrialAnswer
from stimuli_builder.clusters import Cluster, clusters_of
from stimuli_builder.conditions.concepts import shown_concepts
from stimuli_builder.conditions.condition import PanelMaker
from stimuli_builder.config import N_RECURSIVITY_LISTS, StudyConfig
from stimuli_builder.crop_draws import CropDraws
from stimuli_builder.manifest import Practice
from stimuli_builder.procedure import session_questionnaire
from stimuli_builder.same_images import first_of_same
from stimuli_builder.sessions import Session, Task, TrialList
from stimuli_builder.stores import ConceptStore
from stimuli_builder.tasks.binary_choice import SHAMS, ChoiceTrial, choice_trials
from stimuli_builder.tasks.intruder import CropColours, IntruderTrial, intruder_trials
from stimuli_builder.tasks.questions import ask_questions
from stimuli_builder.trials import BLANK, TrialMaker

N_PRACTICE_OPTIONS = 5
NAMES = string.ascii_lowercase[:N_RECURSIVITY_LISTS]


def recursivity_lists(
    config: StudyConfig,
    store: ConceptStore,
    maker: PanelMaker,
    trials: TrialMaker,
    generator: np.random.Generator,
) -> tuple[TrialList, ...]:
    """Make the four lists: which block of intruders comes first, times the sides of the choices.

    Parameters
    ----------
    config
        Of the study.
    store
        With sub-concepts.
    maker
        Cuts crops.
    trials
        Makes and keeps trials.
    generator
        Draws.

    Returns
    -------
    tuple[TrialList, ...]
        Named ``a`` to ``d``; within a block the server shuffles trials, and the intruders' places.

    Raises
    ------
    SelectionError
        If there are too few crops, images or splits for the design.
    """
    banks = list(store.banks.values())
    files = dict.fromkeys(file for bank in banks for file in bank.files)
    draws = CropDraws(generator, first_of_same(maker.folder, files))
    questions = ask_questions(banks, config=config.binary_choice, draws=draws)
    blocks = [
        [_intruder(trial, maker, trials, generator) for trial in block]
        for block in _intruder_blocks(config, banks, maker, draws)
    ]
    chosen = choice_trials(questions, config=config.binary_choice, draws=draws)
    order = [chosen[index] for index in generator.permutation(len(chosen))]
    places = balanced_sides(order)
    sides = [
        [
            _choice(trial, (place + flip) % 2, maker, trials)
            for place, trial in zip(places, order, strict=True)
        ]
        for flip in range(2)
    ]
    lists = []
    asked = session_questionnaire(config)
    for number, name in enumerate(NAMES):
        ordered = blocks if number % 2 == 0 else blocks[::-1]
        intruders = [_session("intruder", block, asked) for block in ordered if block]
        lists.append(
            TrialList(
                name=name,
                sessions=(*intruders, _session("binary_choice", sides[number // 2], asked)),
            )
        )
    return tuple(lists)


def balanced_sides(order: Sequence[ChoiceTrial]) -> list[int]:
    """Alternate the side of the sub-concept within each kind, and within each class of a kind.

    Parameters
    ----------
    order
        Of the trials.

    Returns
    -------
    list[int]
        0 or 1 for each trial; over all trials, too, at most one apart.
    """
    kinds = [(trial.kind, trial.cluster.bank.class_name) for trial in order]
    by_kind = sorted(range(len(order)), key=lambda number: kinds[number])
    places = [0] * len(order)
    for turn, number in enumerate(by_kind):
        places[number] = turn % 2
    return places


def recursivity_practice(config: StudyConfig, trials: TrialMaker) -> Practice:
    """Make the practice: a night among days, and the other way round.

    Parameters
    ----------
    config
        Of the study.
    trials
        Makes and keeps trials.

    Returns
    -------
    Practice
        Without training.
    """
    names = [trials.practice_intruder(N_PRACTICE_OPTIONS) for _ in range(config.practice.test)]
    return Practice(
        classes=(),
        introduction=config.practice.introduction,
        session=_session("intruder", names),
    )


def _intruder_blocks(
    config: StudyConfig,
    banks: Sequence[ConceptBank],
    maker: PanelMaker,
    draws: CropDraws,
) -> list[list[IntruderTrial]]:
    """Make a block of concepts and one of sub-concepts, the classes in turn in each."""
    wanted, colours = config.intruder, CropColours(maker.folder)
    concepts = [_important(bank, wanted.percentile, wanted.concepts) for bank in banks]
    split = [child for bank in banks for child in _splits(bank)]
    parts = [clusters_of(child, wanted.percentile) for child in split]
    blocks = []
    for level, clusters, n_trials in (
        ("concept", concepts, wanted.trials),
        ("sub_concept", parts, wanted.sub_trials),
    ):
        blocks.append(
            intruder_trials(
                _in_turn(clusters),
                n_trials,
                level=level,  # type: ignore[arg-type]
                config=wanted,
                colours=colours,
                draws=draws,
            )
        )
    return blocks


def _important(bank: ConceptBank, percentile: float, n: int) -> list[Cluster]:
    clusters = clusters_of(bank, percentile)
    return [clusters[concept] for concept in shown_concepts(bank, n)]


def _splits(bank: ConceptBank) -> list[ConceptBank]:
    return [child for child in bank.children if child.origin and child.origin.kind == "split"]


def _in_turn(groups: Sequence[Sequence[Cluster]]) -> list[Cluster]:
    """Take the first of each group, then the second of each, and so on."""
    longest = max(map(len, groups), default=0)
    return [group[place] for place in range(longest) for group in groups if place < len(group)]


def _intruder(
    trial: IntruderTrial, maker: PanelMaker, trials: TrialMaker, generator: np.random.Generator
) -> str:
    pictures = list(maker.crops(trial.cluster.bank, list(trial.members)))
    place = int(generator.integers(len(pictures) + 1))
    pictures.insert(place, maker.crops(trial.intruder_bank, [trial.intruder])[0])
    answer = replace(_answer(place, trial.cluster), level=trial.level, difficulty=trial.difficulty)
    return trials.choice([[picture] for picture in pictures], answer)


def _choice(trial: ChoiceTrial, place: int, maker: PanelMaker, trials: TrialMaker) -> str:
    groups = [
        maker.crops(trial.cluster.bank, list(trial.of_cluster)),
        maker.crops(trial.parent, list(trial.of_parent)),
    ]
    if place:
        groups.reverse()
    (image,) = maker.crops(trial.cluster.bank, [trial.question])
    answer = replace(
        _answer(place, trial.cluster), sham=SHAMS[trial.kind], difficulty=trial.difficulty
    )
    return trials.choice(groups, answer, image=image)


def _answer(place: int, cluster: Cluster) -> TrialAnswer:
    return replace(BLANK, answer=str(place), label=cluster.bank.class_name, concept=cluster.path)


def _session(task: Task, names: Sequence[str], questionnaire: str | None = None) -> Session:
    """Make a session; trials come in an order of each participant's own."""
    return Session(
        task=task,
        title="",
        introduction=(),
        training=(),
        test=tuple(names),
        trials_are_shuffled=True,
        options_are_shuffled=task == "intruder",
        questionnaire=questionnaire,
    )
