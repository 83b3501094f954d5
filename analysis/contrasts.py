"""The comparisons between conditions that are planned before the data are seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Family = Literal["planned", "against_baseline", "against_control"]

PLANNED: Final = (
    ("craft", "craft_concepts_only"),  # do maps add to concepts?
    ("craft_concepts_only", "ace"),  # are these concepts better than ACE's?
    ("craft", "exemplars"),  # are concepts better than example images?
)
CONTROL: Final = "control"


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """One comparison of two conditions.

    Attributes
    ----------
    condition
        What is compared.
    reference
        With what.
    family
        What it is adjusted together with.
    """

    condition: str
    reference: str
    family: Family

    @property
    def name(self) -> str:
        """Such as ``craft - baseline``."""
        return f"{self.condition} - {self.reference}"


def planned_contrasts(conditions: Sequence[str], baseline: str = "baseline") -> list[Contrast]:
    """List the planned comparisons that a study's conditions allow.

    Parameters
    ----------
    conditions
        All conditions, in the study's order.
    baseline
        The one without explanations.

    Returns
    -------
    list[Contrast]
        CRAFT - concepts only, concepts only - ACE and CRAFT - Exemplars (one family); each other
        condition - Baseline; and each - Control, the baseline left out.

    Examples
    --------
    >>> [c.name for c in planned_contrasts(["baseline", "ace", "craft_concepts_only"])]
    ['craft_concepts_only - ace', 'ace - baseline', 'craft_concepts_only - baseline']
    """
    contrasts = [
        Contrast(condition=one, reference=other, family="planned")
        for one, other in PLANNED
        if one in conditions and other in conditions
    ]
    if baseline in conditions:
        contrasts += [
            Contrast(condition=name, reference=baseline, family="against_baseline")
            for name in conditions
            if name != baseline
        ]
    if CONTROL in conditions and baseline != CONTROL:
        contrasts += [
            Contrast(condition=name, reference=CONTROL, family="against_control")
            for name in conditions
            if name not in (CONTROL, baseline)
        ]
    return contrasts
