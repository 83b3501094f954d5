"""Items: trials that ask the same of the same pictures, in whatever order these stand, are one.

Lists that balance the sides of binary choices show each choice in two trials. Whoever draws
conclusions over pictures, as over a sample, must count it once.
"""

from collections.abc import Mapping

from stimuli_builder.answers import TrialAnswer
from stimuli_builder.manifest import Manifest


def items_of(manifest: Manifest, answers: Mapping[str, TrialAnswer]) -> dict[str, str]:
    """Name the item of each trial, by the first of its trials in the manifest.

    Nothing is stored of it, so that bundles of any version have items.

    Parameters
    ----------
    manifest
        A study.
    answers
        Trial -> answer, for every trial.

    Returns
    -------
    dict[str, str]
        Trial -> item; of trials without options, and of training, the trial's own name.
    """
    found = {name: name for name in manifest.training_trials}
    first: dict[object, str] = {}
    for name, trial in manifest.test_trials.items():
        found[name] = name
        if trial.options:
            answer = answers[name]
            options = frozenset(
                (option.pictures, answer.answer == str(place))
                for place, option in enumerate(trial.options)
            )
            found[name] = first.setdefault((trial.image, options, answer.level, answer.sham), name)
    return found
