"""The trials of a bundle's manifest: what is shown, and what can be chosen.

TrainingTrial …        with Group …, the explanation of each condition
TestTrial …            with Option …, where one is chosen by looking at it
TrialList …            one version of the study
└── Session …          one task; names the trials, which lists share
"""

from dataclasses import dataclass
from typing import Literal

Task = Literal["utility", "intruder", "binary_choice"]


@dataclass(frozen=True, kw_only=True)
class Group:
    """One labelled part of an explanation: a concept with its crops and its map, or one map.

    Attributes
    ----------
    title
        What the participant reads above it, such as ``Concept 1``; may be empty.
    color
        The map's colour as ``#rrggbb``; empty where there is none.
    importance
        In [0, 1]: share of the class's importance; None where there is none.
    crops
        Media names of example crops, best first.
    map
        Media name of the trial's image with the map drawn over it, or None.
    """

    title: str
    color: str
    importance: float | None
    crops: tuple[str, ...]
    map: str | None


@dataclass(frozen=True, kw_only=True)
class TrainingTrial:
    """An image shown with the model's prediction and, by condition, an explanation.

    Attributes
    ----------
    image
        Media name.
    prediction
        The model's answer, one of the classes in force.
    explanations
        Condition -> groups shown; a condition without an explanation has none.
    """

    image: str
    prediction: str
    explanations: dict[str, tuple[Group, ...]]


@dataclass(frozen=True, kw_only=True)
class Option:
    """One thing to choose by looking at it.

    Attributes
    ----------
    pictures
        Media names, in the order shown: one in an intruder trial, a group in a binary choice.
    """

    pictures: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TestTrial:
    """A question with one right place: a prediction to be guessed, or an option to be chosen.

    Attributes
    ----------
    image
        Media name: whose prediction is asked for, or which of two groups it belongs to. None in an
        intruder trial.
    options
        What is chosen from: five pictures or so of which one is the intruder, or the two groups of
        a binary choice. Empty in a utility trial, whose choices are the classes.
    """

    __test__ = False  # not a test case of pytest

    image: str | None
    options: tuple[Option, ...]


@dataclass(frozen=True, kw_only=True)
class Session:
    """One round of one task; in a utility study a training phase, then a test phase.

    Attributes
    ----------
    task
        What is asked in its test trials.
    title
        Heading of the page before it; empty for the usual one.
    introduction
        Paragraphs of that page; empty for the usual ones.
    training
        Names of training trials, in the order shown; empty but in a utility session.
    test
        Names of test trials, the catch trial's among them, in the order shown unless
        `trials_are_shuffled`.
    trials_are_shuffled
        Whether the test trials come in an order drawn for each participant. Never in a utility
        session, whose order is part of the design.
    options_are_shuffled
        Whether the options of each trial stand in an order drawn for each participant. Not where
        the lists balance the sides.
    questionnaire
        Name of the questionnaire that follows the session, or None.
    """

    task: Task
    title: str
    introduction: tuple[str, ...]
    training: tuple[str, ...]
    test: tuple[str, ...]
    trials_are_shuffled: bool
    options_are_shuffled: bool
    questionnaire: str | None


@dataclass(frozen=True, kw_only=True)
class TrialList:
    """One version of the study; each participant goes through one.

    Attributes
    ----------
    name
        Unique in the bundle.
    sessions
        In order.
    """

    name: str
    sessions: tuple[Session, ...]
