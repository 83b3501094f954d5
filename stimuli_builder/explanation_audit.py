"""Check that conditions differ in what they show of an image, and in nothing else."""

from collections.abc import Iterator

from stimuli_builder.bundle import Bundle, sessions_of


def explanation_problems(bundle: Bundle) -> Iterator[str]:
    """Find training trials without every condition's explanation, or with another's.

    Parameters
    ----------
    bundle
        Any bundle.

    Yields
    ------
    str
        One sentence a problem.
    """
    for name, _, session in sessions_of(bundle.manifest):
        wanted = set() if name == "practice" else set(bundle.manifest.conditions)
        for trial in session.training:
            found = set(bundle.manifest.training_trials[trial].explanations)
            if found != wanted:
                yield (
                    f"explanations of trial {trial} must be those of {sorted(wanted)}; got "
                    f"{sorted(found)}."
                )


def gallery_problems(bundle: Bundle) -> Iterator[str]:
    """Find trials whose panels of crops differ in size from condition to condition.

    A condition that ever shows crops shows galleries: of concepts, or of examples.

    Parameters
    ----------
    bundle
        Any bundle.

    Yields
    ------
    str
        One sentence for each prediction with such a trial.
    """
    trials = bundle.manifest.training_trials
    sizes = {
        trial: {
            condition: [len(group.crops) for group in groups]
            for condition, groups in shown.explanations.items()
        }
        for trial, shown in trials.items()
    }
    galleries = {name for each in sizes.values() for name, crops in each.items() if any(crops)}
    told: set[str] = set()
    for trial, each in sizes.items():
        found = {name: crops for name, crops in each.items() if name in galleries}
        prediction = trials[trial].prediction
        if prediction not in told and len({tuple(crops) for crops in found.values()}) > 1:
            told.add(prediction)
            yield (
                f"panels of trial {trial} ({prediction}) must have as many concepts, of as many "
                f"crops, in every condition that shows crops; got {found}. Build with fewer: "
                "[explanation] concepts, crops."
            )
