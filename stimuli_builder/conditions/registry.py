"""Every condition by name. A new one is a file beside this one and an entry here."""

from collections.abc import Mapping

from stimuli_builder.conditions.attribution import ATTRIBUTIONS
from stimuli_builder.conditions.baseline import BASELINE
from stimuli_builder.conditions.concepts import ACE, CRAFT, CRAFT_CONCEPTS
from stimuli_builder.conditions.condition import Condition
from stimuli_builder.conditions.control import CONTROL
from stimuli_builder.conditions.exemplars import EXEMPLARS

CONDITIONS: Mapping[str, Condition] = {
    "baseline": BASELINE,
    "control": CONTROL,
    **ATTRIBUTIONS,
    "ace": ACE,
    "craft_concepts": CRAFT_CONCEPTS,
    "craft": CRAFT,
    "exemplars": EXEMPLARS,
}
