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
    except (OSError, ValueError, KeyError, TypeError) as error:
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
        decides; without either it is not known, and counts as not learnt.
    allowed
        The configuration's ``allow_unbiased``.

    Returns
    -------
    dict[str, float]
        What is recorded in the bundle: ``bias_index`` of the pairs, else of ties, as far as known;
        and ``is_learnt``, 0 where it is not known.

    Raises
    ------
    StimuliError
        If it is not known to have learnt it, and that is not allowed.

    Warns
    -----
    UnbiasedWarning
        If it is not known to have learnt it, and that is allowed.
    """
    of_pairs = (learnt or {}).get("bias_index")
    bias = float(of_pairs) if isinstance(of_pairs, int | float) else bias_index(model)
    recorded = {} if bias is None else {"bias_index": bias}
    is_learnt = bool(learnt["is_learnt"]) if learnt is not None else (bias or 0.0) >= LEAST_BIAS
    if not is_learnt:
        reason = "pairs do not flip as they should" if learnt is not None else _known(bias)
        message = f"the network must have learnt the scenario's rule; {reason}."
        if not allowed:
            raise StimuliError(f"{message} Set allow_unbiased = true to build the study as it is.")
        warnings.warn(message, UnbiasedWarning, stacklevel=2)
    return recorded | {"is_learnt": float(is_learnt)}


def _known(bias: float | None) -> str:
    if bias is None:
        return "no pairs were drawn, and images.csv names no ties"
    return f"its bias index is {bias:.2f}"


def check_learnt(
    learnt: Mapping[str, object], *, scenario: str, weights_sha256: str | None
) -> None:
    """Refuse what was found of another scenario or another network.

    Parameters
    ----------
    learnt
        Of `read_learnt`; what it does not name is not compared.
    scenario
        Of the study.
    weights_sha256
        Of the study's network.

    Raises
    ------
    StimuliError
        If either differs.
    """
    for name, wanted in (("scenario", scenario), ("weights_sha256", weights_sha256)):
        if name in learnt and wanted is not None and learnt[name] != wanted:
            raise StimuliError(
                f"{name} of learnt must be that of the study, {wanted!r}; got {learnt[name]!r}."
            )
