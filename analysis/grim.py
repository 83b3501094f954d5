"""Which printed percentages are possible: a share of n answers is one of n + 1 numbers.

GRIM, the test of Brown & Heathers (2017), asks whether a printed mean can be the mean of that many
whole numbers. A percentage printed at d decimals stands for every number within half a unit of its
last digit, so that it says something where n is below about 10^(2 + d).
"""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from analysis.checks import check_choice
from analysis.errors import AnalysisError

NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")


def half_unit(printed: str) -> Decimal:
    """Return how far a number may be from what is printed.

    Parameters
    ----------
    printed
        Such as ``76.1``.

    Returns
    -------
    Decimal
        Half a unit of its last digit.

    Raises
    ------
    AnalysisError
        If it is no number.

    Examples
    --------
    >>> half_unit("76.1")
    Decimal('0.05')
    """
    return Decimal(5).scaleb(-decimals(printed) - 1)


def decimals(printed: str) -> int:
    """Count the digits after the point.

    Parameters
    ----------
    printed
        Such as ``76.1``.

    Returns
    -------
    int
        At least 0.

    Raises
    ------
    AnalysisError
        If it is no number.

    Examples
    --------
    >>> decimals("76.10")
    2
    """
    if not NUMBER.fullmatch(printed.strip()):
        raise AnalysisError(f"printed value must be a number; got {printed!r}.")
    return len(printed.strip().partition(".")[2])


def possible_counts(printed: str, n: int, *, unit: str = "percent") -> list[int]:
    """Find the counts of right answers that a printed share can stand for.

    Parameters
    ----------
    printed
        As printed, with all its digits.
    n
        Answers, 1 or more.
    unit
        ``percent`` or ``share``.

    Returns
    -------
    list[int]
        In order; empty where no count among 0 to n gives it, rounded either way.

    Raises
    ------
    AnalysisError
        If `printed` is no number, `n` below 1 or `unit` unknown.

    Examples
    --------
    >>> possible_counts("76.1", 540), possible_counts("82.4", 154)
    ([411], [])
    """
    check_choice("unit", unit, ["percent", "share"])
    if n < 1:
        raise AnalysisError(f"n must be 1 or more; got {n}.")
    whole = Decimal(100 if unit == "percent" else 1)
    half = half_unit(printed)
    value = Decimal(printed)
    low, high = (value - half) * n / whole, (value + half) * n / whole
    first = max(int(low.to_integral_value("ROUND_CEILING")), 0)
    last = min(int(high.to_integral_value("ROUND_FLOOR")), n)
    return list(range(first, last + 1))


def possible_sizes(
    printed: Sequence[str], sizes: Iterable[int], *, n_each: int, unit: str = "percent"
) -> list[int]:
    """Find the numbers of participants at which all of some printed shares are possible.

    Parameters
    ----------
    printed
        Shares of the same participants, as printed.
    sizes
        Numbers of participants to try.
    n_each
        Answers of a participant to each share.
    unit
        ``percent`` or ``share``.

    Returns
    -------
    list[int]
        Those of `sizes`.

    Raises
    ------
    AnalysisError
        As `possible_counts` does.

    Examples
    --------
    >>> possible_sizes(["90.6", "97.3", "95.5"], range(5, 60), n_each=7)
    [32]
    """
    return [
        size
        for size in sizes
        if all(possible_counts(value, size * n_each, unit=unit) for value in printed)
    ]
