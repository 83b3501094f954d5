"""Whether a study's network has learnt what the scenario is about, before people are asked."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path

from stimuli_builder.errors import StimuliError, UnbiasedWarning
from stimuli_builder.learnt import bias_index

LEAST_BIAS = 0.8  # of accuracy with the tie kept minus broken: 0.9 of each flips as it should


def read_learnt(file: Path | None) -> dict[str, object] | None:
    """Read what ``craft-stimuli learnt`` wrote.

    Parameters
    ----------
    file
        Its path, or None.

    Returns
    -------
    dict[str, object] | None
        None without a file.

    Raises
    ------
    StimuliError
        If it can't be read.
    """
    if file is None:
        return None
    try:
        found: dict[str, object] = json.loads(file.read_text())
        return found | {"is_learnt": bool(found["is_learnt"])}
    except (OSError, ValueError, KeyError) as error:
        raise StimuliError(f"learnt must be a file of craft-stimuli learnt; got {file}.") from error


def checked_bias(
    model: Mapping[str, float], learnt: Mapping[str, object] | None, *, allowed: bool
) -> dict[str, float]:
    """Refuse a network that has not learnt the scenario, unless that is allowed.

    Parameters
    ----------
    model
        Accuracies of the concept store.
    learnt
        Of `read_learnt`: flips of drawn pairs. Without it, and with known ties, the bias index
        decides; without either nothing is known, and nothing is refused.
    allowed
        The configuration's ``allow_unbiased``.

    Returns
    -------
    dict[str, float]
        What is recorded in the bundle: ``bias_index`` and ``is_learnt``, as far as known.

    Raises
    ------
    StimuliError
        If it has not learnt it, and that is not allowed.

    Warns
    -----
    UnbiasedWarning
        If it has not learnt it, and that is allowed.
    """
    bias = bias_index(model)
    recorded = {} if bias is None else {"bias_index": bias}
    if learnt is None and bias is None:
        return recorded
    is_learnt = bool(learnt["is_learnt"]) if learnt is not None else (bias or 0.0) >= LEAST_BIAS
    if not is_learnt:
        found = "pairs do not flip as they should" if learnt else f"its bias index is {bias:.2f}"
        message = f"the network must have learnt the scenario's rule; {found}."
        if not allowed:
            raise StimuliError(f"{message} Set allow_unbiased = true to build the study as it is.")
        warnings.warn(message, UnbiasedWarning, stacklevel=2)
    return recorded | {"is_learnt": float(is_learnt)}
