"""The kinds of simulated participants, and the order in which they arrive."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How a simulated participant behaves in the sessions; all practise and read alike.

    Attributes
    ----------
    name
        As in the export.
    strategy
        ``learn`` from what the pages show; ``guess``, but look up images seen before; ``click``
        at random and fast, with no look at the pictures; or ``inject``: answer right with a
        known probability, so that what the analysis finds can be held against it.
    leaves
        Whether it stops half-way.
    withdraws
        Whether it has its answers deleted, in the sessions.
    habit
        ``double_click`` sends every page twice; ``two_tabs`` sends it again from another tab.
    accuracy
        Of ``inject``, in [0, 1]: mean probability of a right answer without an explanation.
    effect
        Of ``inject``: what is added where training pages show an explanation.
    """

    name: str
    strategy: Literal["learn", "guess", "click", "inject"]
    leaves: bool = False
    withdraws: bool = False
    habit: Literal["", "double_click", "two_tabs"] = ""
    accuracy: float = 0.65
    effect: float = 0.0


LEARNER: Final = Kind(name="learner", strategy="learn")
GUESSER: Final = Kind(name="guesser", strategy="guess")
INATTENTIVE: Final = Kind(name="inattentive", strategy="click")
LEAVER: Final = Kind(name="leaver", strategy="learn", leaves=True)
KINDS: Final = (LEARNER, GUESSER, INATTENTIVE, LEAVER)
DOUBLE_CLICKER: Final = Kind(name="double-clicker", strategy="learn", habit="double_click")
TAB_DUPLICATOR: Final = Kind(name="tab-duplicator", strategy="learn", habit="two_tabs")
WITHDRAWER: Final = Kind(name="withdrawer", strategy="learn", withdraws=True)
TROUBLESOME: Final = (DOUBLE_CLICKER, TAB_DUPLICATOR, WITHDRAWER)  # in rehearsals of the server
EFFECTS: Final = (  # injected, to calibrate the whole chain; none of them looks at an explanation
    Kind(name="effect-null", strategy="inject"),
    Kind(name="effect-gain", strategy="inject", effect=0.15),
    Kind(name="effect-harm", strategy="inject", effect=-0.15),
)
ALL_KINDS: Final = (*KINDS, *TROUBLESOME, *EFFECTS)
ROUND: Final = (  # of ten runs: six of learners, two of guessers, one of each of the others
    LEARNER,
    GUESSER,
    LEARNER,
    INATTENTIVE,
    LEARNER,
    LEAVER,
    LEARNER,
    GUESSER,
    LEARNER,
    LEARNER,
)


def arrival_order(
    n_participants: int, run_length: int, kinds: Sequence[Kind] = ROUND
) -> list[Kind]:
    """Return the kinds in which participants arrive, one a participant who is assigned.

    A kind arrives in runs as long as a block of the assignment, in which every condition and list
    comes once. So every kind has all conditions equally often, and its comparison across
    conditions is not one of luck.

    Parameters
    ----------
    n_participants
        At least 0.
    run_length
        Conditions times lists.
    kinds
        One a run; not empty.

    Returns
    -------
    list[Kind]
        By `kinds`, again and again.

    Examples
    --------
    >>> [kind.name for kind in arrival_order(5, run_length=2)]
    ['learner', 'learner', 'guesser', 'guesser', 'learner']
    """
    return [kinds[i // run_length % len(kinds)] for i in range(n_participants)]


def kind_names(kinds: Sequence[Kind]) -> list[str]:
    """Return the names of kinds, each once, in the order of `ALL_KINDS`.

    Parameters
    ----------
    kinds
        In any order.

    Returns
    -------
    list[str]
        Those that occur.
    """
    return [kind.name for kind in ALL_KINDS if kind in kinds]
