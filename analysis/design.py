"""What is believed of a study that is being planned."""

from dataclasses import dataclass
from typing import Final

from analysis.checks import check_share
from analysis.errors import AnalysisError

MOST: Final = {"participant_sd": 5, "item_sd": 5, "slope_sd": 5, "pay": 1e6}


@dataclass(frozen=True, kw_only=True)
class Design:
    """What is believed of a planned study.

    Attributes
    ----------
    reference
        Accuracy of the baseline, of concepts, or by guessing (``choice``), in (0, 1).
    accuracy
        Of the condition, of sub-concepts, or of the choices, in (0, 1).
    n_items
        Scored trials of a participant, in each kind for ``levels``.
    n_arms
        Conditions that are recruited; one for ``levels`` and ``choice``.
    participant_sd, item_sd, slope_sd
        Standard deviations in log odds, in [0, 5]: of participants, of items, and of how
        differently participants take the two kinds (``levels``).
    dropout, excluded
        Shares of those recruited who leave, and of those who finish who are excluded, in [0, 1).
    margin
        Of equivalence, in (0, 1).
    alpha
        Level of the test, in (0, 0.5).
    pay
        For one participant who finishes, fees included.
    """

    reference: float
    accuracy: float
    n_items: int = 21
    n_arms: int = 2
    participant_sd: float = 0.45
    item_sd: float = 0.5
    slope_sd: float = 0.3
    dropout: float = 0.1
    excluded: float = 0.1
    margin: float = 0.1
    alpha: float = 0.05
    pay: float = 0.0


def check_design(design: Design) -> None:
    """Require a design that can be simulated.

    Parameters
    ----------
    design
        Any.

    Raises
    ------
    AnalysisError
        If a share or a standard deviation is out of range.
    """
    for name in ("reference", "accuracy", "margin"):
        check_share(name, getattr(design, name))
    if not 0 < design.alpha < 0.5:
        raise AnalysisError(f"alpha must be in (0, 0.5); got {design.alpha}.")
    for name in ("dropout", "excluded"):
        if not 0 <= getattr(design, name) < 1:
            raise AnalysisError(f"{name} must be in [0, 1); got {getattr(design, name)}.")
    for name, most in MOST.items():
        if not 0 <= getattr(design, name) <= most:
            raise AnalysisError(f"{name} must be in [0, {most:g}]; got {getattr(design, name)}.")
    _check_counts(design)


def _check_counts(design: Design) -> None:
    for name, least in (("n_items", 2), ("n_arms", 1)):
        if getattr(design, name) < least:
            raise AnalysisError(f"{name} must be {least} or more; got {getattr(design, name)}.")
