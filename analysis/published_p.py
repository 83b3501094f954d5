"""Printed p-values against the usual tests that take all answers as independent.

The counts behind a printed share are known up to its rounding: a p-value is reproduced where one of
the tests gives it for one of the counts, or pairs of counts, that the shares can stand for. Of very
many counts some are tried, and a p-value between those that a test gives there counts as given,
since those of the counts between lie close.
"""

import itertools
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from analysis.grim import decimals, possible_counts
from analysis.pooled import pooled_share_tests, pooled_tests
from analysis.published import P_VALUES, Check, printed_p
from analysis.ranking import printed_value

SHARES: Final = {
    "intruder": ("accuracy_concept_percent", "accuracy_sub_concept_percent"),
    "binary_choice": ("sub_concept_chosen_percent",),
}

MOST: Final = 15  # counts of a share that are tried

Counts = tuple[int, ...]


def check_p_values(printed: Mapping[tuple[str, str], str], group: str, n: int) -> Iterator[Check]:
    """Hold the printed p-values of a group against its shares.

    Parameters
    ----------
    printed
        Task and measure -> cell, as printed; without those that are empty.
    group
        Its name.
    n
        Answers to each printed share.

    Yields
    ------
    Check
        One for each p-value whose shares are printed too: of intruders, two shares against each
        other (`pooled.pooled_tests`), of binary choices one against one half
        (`pooled.pooled_share_tests`). ``computed`` is the first test's at the nearest counts,
        ``low`` and ``high`` are over all tests and possible counts.
    """
    for task, measures in SHARES.items():
        shares = [printed[task, name] for name in measures if (task, name) in printed]
        for measure in P_VALUES:
            cell = printed.get((task, measure))
            if cell and len(shares) == len(measures):
                text = cell if measure == "p_value" else f"< {cell}"
                yield _checked(f"{task}, {group}", text, shares, n)


def _checked(row: str, printed: str, shares: list[str], n: int) -> Check:
    nearest = tuple(round(float(share) * n / 100) for share in shares)
    first = list(_tested(nearest, n).values())
    possible = [
        possible_counts(share, n) or [count] for share, count in zip(shares, nearest, strict=True)
    ]
    tried = [_spread(counts) for counts in possible]
    found = {counts: _tested(counts, n) for counts in itertools.product(*tried)}
    values = [value for tests in found.values() for value in tests.values()]
    hits = [
        (name, counts)
        for counts, tests in found.items()
        for name, value in tests.items()
        if _is_printed(value, printed)
    ]
    between = [] if hits or tried == possible else _between(found, printed)
    verdict = "reproduced" if hits or between else "not_reproduced"
    said = f"{', '.join(between)} between counts tried" if between else _note(hits, n, found)
    note = f"{said}; all answers pooled, as if they were independent"
    return "p_value", row, printed, first[0], min(values), max(values), verdict, note


def _spread(counts: list[int]) -> list[int]:
    """Return `MOST` counts from the first to the last, or all where they are no more."""
    if len(counts) <= MOST:
        return counts
    return [counts[round(i * (len(counts) - 1) / (MOST - 1))] for i in range(MOST)]


def _between(found: Mapping[Counts, Mapping[str, float]], printed: str) -> list[str]:
    """Name the tests that give less at some counts, and more at others."""
    number = float(printed_p(printed)[0])
    values: dict[str, list[float]] = {}
    for tests in found.values():
        for name, value in tests.items():
            values.setdefault(name, []).append(value)
    return [name for name, found_p in values.items() if min(found_p) < number < max(found_p)]


def _tested(counts: Counts, n: int) -> dict[str, float]:
    """Return p by test, of those that have one."""
    is_alone = len(counts) == 1
    tests = pooled_share_tests(counts[0], n) if is_alone else pooled_tests(counts[0], counts[1], n)
    return {name: value for name, value in tests.items() if not math.isnan(value)}


def _note(
    hits: list[tuple[str, Counts]], n: int, found: Mapping[Counts, Mapping[str, float]]
) -> str:
    """Name the tests that give the number at the first counts that do, and how many counts do."""
    first = next(iter(found))
    what = "possible pairs of counts" if len(first) > 1 else "possible counts"
    if not hits:
        at = f" at {len(found)} {what}" if len(found) > 1 else ""
        return f"none of {', '.join(found[first])}{at}"
    counts = hits[0][1]
    names = ", ".join(name for name, at in hits if at == counts)
    n_hit = len({at for _, at in hits})
    said = f"{names} of {' and '.join(map(str, counts))} of {n} answers"
    return f"{said}; {n_hit} of {len(found)} {what} give it" if len(found) > 1 else said


def _is_printed(value: float, printed: str) -> bool:
    number, is_bound = printed_p(printed)
    if is_bound:
        return value < float(number)
    return printed_value(value, decimals(number)) == Decimal(number)
