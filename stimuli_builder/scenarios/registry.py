"""The scenarios there are, by name; each is a file that makes one `Scenario`."""

from stimuli_builder.scenarios.foxes import FOXES
from stimuli_builder.scenarios.husky_wolf import HUSKY_WOLF
from stimuli_builder.scenarios.leaves import LEAVES
from stimuli_builder.scenarios.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario for scenario in (HUSKY_WOLF, LEAVES, FOXES)
}
