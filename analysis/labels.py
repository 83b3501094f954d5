"""Names and numbers as people read them, for figures, headline and report."""

import math
from typing import Final

FIELLER_TYPE: Final = "Fieller-type interval (Donner & Zou 2012, from Wilson’s limits)"
CONDITIONS: Final = {
    "ace": "ACE",
    "craft": "CRAFT",
    "craft_concepts_only": "CRAFT, concepts only",
    "grad_cam": "Grad-CAM",
    "gradient_x_input": "Gradient × Input",
    "smoothgrad": "SmoothGrad",
}
SCENARIOS: Final = {
    "husky_wolf": "Husky vs. Wolf",
    "leaves": "Leaves",
    "foxes": "Kit Fox vs. Red Fox",
}
STAGES: Final = {
    "started": "gave consent",
    "eligibility": "did not meet the criteria",
    "quota": "came after all places were taken",
    "practice": "did not pass the practice",
    "quiz": "did not pass the quiz",
    "withdrawn": "withdrew their answers",
    "unassigned": "left before a condition was assigned",
    "assigned": "assigned",
    "unfinished": "did not finish",
    "catch": "failed the catch trials",
    "fast_answers": "answered too many trials too fast",
    "too_short": "took too little time",
    "too_long": "took too much time",
    "away": "looked away for too long",
    "researcher": "left out by a researcher",
    "analysed": "analysed",
}
DAGGER: Final = " †"  # after arms that were not randomised together with the others
MANY_DIGITS: Final = 1e6  # from which a ratio is written with a power of ten
TIES: Final = {"kept": "tie kept", "broken": "tie broken"}


def condition_label(condition: str) -> str:
    """Return a condition's name as printed.

    Parameters
    ----------
    condition
        As in the tables, or with a dagger after it.

    Returns
    -------
    str
        Spelled as in the literature where it is known.

    Examples
    --------
    >>> condition_label("craft"), condition_label("integrated_gradients")
    ('CRAFT', 'Integrated gradients')
    >>> condition_label("craft †")
    'CRAFT †'
    """
    if condition.endswith(DAGGER):
        return condition_label(condition.removesuffix(DAGGER)) + DAGGER
    return CONDITIONS.get(condition, condition.replace("_", " ").capitalize())


def scenario_label(scenario: str) -> str:
    """Return a scenario's name as printed.

    Parameters
    ----------
    scenario
        As in the tables.

    Returns
    -------
    str
        Spelled as in the literature where it is known.

    Examples
    --------
    >>> scenario_label("husky_wolf"), scenario_label("my_birds")
    ('Husky vs. Wolf', 'My birds')
    """
    return SCENARIOS.get(scenario, scenario.replace("_", " ").capitalize())


def percent(share: float, digits: int = 1) -> str:
    r"""Write a share as a percentage.

    Parameters
    ----------
    share
        At most 1, and in [0, 1] if it is of answers; may be infinite or NaN.
    digits
        After the point.

    Returns
    -------
    str
        With a no-break space before the sign; a dash for NaN.

    Examples
    --------
    >>> percent(0.4567, 0)
    '46\xa0%'
    """
    return "–" if math.isnan(share) else f"{_printed(100 * share, digits)}\u00a0%"


def bare_percent(share: float) -> str:
    """Write a share as a percentage without its sign, for the bounds of an interval.

    Parameters
    ----------
    share
        As for `percent`.

    Returns
    -------
    str
        At one decimal; a dash for NaN.

    Examples
    --------
    >>> bare_percent(0.4567), bare_percent(-math.inf)
    ('45.7', '−∞')
    """
    return "–" if math.isnan(share) else _printed(100 * share, 1)


def points(difference: float) -> str:
    """Write a difference of shares in percentage points.

    Parameters
    ----------
    difference
        In [-1, 1], or NaN.

    Returns
    -------
    str
        Signed, with a true minus; a dash for NaN.

    Examples
    --------
    >>> points(-0.081)
    '−8.1'
    """
    return "–" if math.isnan(difference) else f"{100 * difference:+.1f}".replace("-", "−")


def ratio(value: float) -> str:
    """Write a ratio at two decimals.

    Parameters
    ----------
    value
        Any number; may be infinite or NaN.

    Returns
    -------
    str
        A dash for NaN; with a power of ten, such as ``e12``, where it is large.

    Examples
    --------
    >>> ratio(1.234), ratio(math.inf), ratio(2.5e12)
    ('1.23', '∞', '2.5e12')
    """
    if math.isnan(value):
        return "–"
    is_long = MANY_DIGITS <= abs(value) < math.inf
    return f"{value:.1e}".replace("e+", "e").replace("-", "−") if is_long else _printed(value, 2)


def seconds(milliseconds: float) -> str:
    r"""Write milliseconds as seconds.

    Parameters
    ----------
    milliseconds
        At least 0, or NaN.

    Returns
    -------
    str
        At one decimal; a dash for NaN.

    Examples
    --------
    >>> seconds(1840.0)
    '1.8\xa0s'
    """
    return "–" if math.isnan(milliseconds) else f"{milliseconds / 1000:.1f}\u00a0s"


def interval(low: str, high: str) -> str:
    """Write two bounds that are text already.

    Parameters
    ----------
    low
        Lower bound, or a dash.
    high
        Upper bound, or a dash.

    Returns
    -------
    str
        In brackets; ``no interval`` for dashes.

    Examples
    --------
    >>> interval("1.10", "1.38")
    '[1.10, 1.38]'
    """
    return "no interval" if low == "–" else f"[{low}, {high}]"


def _printed(number: float, digits: int) -> str:
    """Write a number with a true minus and a sign for infinity."""
    return f"{number:.{digits}f}".replace("-", "−").replace("inf", "∞")
