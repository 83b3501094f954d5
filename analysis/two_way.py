"""A share of answers with the uncertainty of participants and of items, both a sample.

    e         (n,)  answers less their mean
    G, J      participants and items
    of_participants, of_items    squared standard errors from sums of e over each
    of_answers                   from what is left of e after both

The squared error of the mean is ``of_participants + of_items - of_answers``, as in Cameron, Gelbach
& Miller (2011), where the last is what the first two both count; at least the larger of the two.
"""

import numpy as np
import pandas as pd

from analysis.checks import check_answers
from analysis.errors import DesignError
from analysis.shares import Share


def two_way_share(answers: pd.DataFrame, value: str, *, name: str) -> Share:
    """Average answers, with participants and items as two crossed samples.

    Parameters
    ----------
    answers
        One row an answer: ``participant``, ``item`` and `value` (bool).
    value
        Column that is averaged.
    name
        For warnings.

    Returns
    -------
    Share
        With Satterthwaite's degrees of freedom over G - 1 and J - 1.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    DesignError
        If there are fewer than two participants or two items, a value is missing, or a participant
        answered an item twice.
    """
    check_answers(answers, [value])
    g, h = (pd.factorize(answers[column])[0] for column in ("participant", "item"))
    y = answers[value].to_numpy(float)
    n, n_g, n_h = len(y), len(np.unique(g)), len(np.unique(h))
    if n_g < 2 or n_h < 2:
        raise DesignError(
            f"{name} must have answers of 2 participants to 2 items or more; got {n_g} and {n_h}."
        )
    e = y - y.mean()
    of_participants = float((np.bincount(g, e) ** 2).sum()) / n**2 * n_g / (n_g - 1)
    of_items = float((np.bincount(h, e) ** 2).sum()) / n**2 * n_h / (n_h - 1)
    left = e - (np.bincount(g, e) / np.bincount(g))[g] - (np.bincount(h, e) / np.bincount(h))[h]
    of_answers = float(left @ left) / max(n - n_g - n_h + 1, 1) / n
    squared_error = max(of_participants + of_items - of_answers, of_participants, of_items)
    parts = of_participants**2 / (n_g - 1) + of_items**2 / (n_h - 1)
    degrees = squared_error**2 / parts if parts > 0 else min(n_g, n_h) - 1
    return Share(
        name=name,
        value=float(y.mean()),
        squared_error=squared_error,
        degrees=max(degrees, 1.0),
        n_participants=n_g,
        n_answers=n,
    )


def two_way_difference(
    answers: pd.DataFrame, value: str, *, kind: str
) -> tuple[float, float, float]:
    """Compare two kinds of items that the same participants answered.

    Parameters
    ----------
    answers
        One row an answer: ``participant``, ``item``, `value` (0 or 1) and `kind` (bool). An item is
        of one kind.
    value
        Column that is averaged.
    kind
        Column of the kind; the share of those that are not is subtracted.

    Returns
    -------
    tuple[float, float, float]
        The difference of the two shares, its squared standard error over participants and items,
        and Satterthwaite's degrees of freedom.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    DesignError
        If there are fewer than two participants, or two items of a kind, a value is missing, or a
        participant answered an item twice.
    """
    check_answers(answers, [value, kind])
    is_first = answers[kind].to_numpy(bool)
    n_first = np.where(is_first, is_first.sum(), (~is_first).sum())
    means = answers.groupby(kind)[value].transform("mean").to_numpy(float)
    e = (answers[value].to_numpy(float) - means) / n_first * np.where(is_first, 1, -1)
    g, h = (pd.factorize(answers[column])[0] for column in ("participant", "item"))
    n_g = len(np.unique(g))
    n_h = [len(np.unique(h[is_first == which])) for which in (True, False)]
    if n_g < 2 or min(n_h) < 2:
        raise DesignError(
            "answers must be of 2 participants to 2 items of each kind or more; "
            f"got {n_g} participants, {n_h[0]} and {n_h[1]} items."
        )
    of_participants = float((np.bincount(g, e) ** 2).sum()) * n_g / (n_g - 1)
    item_sums, item_first = np.bincount(h, e), np.bincount(h, is_first) > 0
    of_items = [
        float((item_sums[item_first == which] ** 2).sum()) * n / (n - 1)
        for which, n in zip((True, False), n_h, strict=True)
    ]
    cell = g * 2 + is_first
    left = e - (np.bincount(cell, e) / np.maximum(np.bincount(cell), 1))[cell]
    left -= (np.bincount(h, e) / np.bincount(h))[h]
    of_answers = float(left @ left) * len(e) / max(len(e) - 2 * n_g - sum(n_h) + 2, 1)
    floor = max(of_participants, *of_items)
    squared_error = max(of_participants + sum(of_items) - of_answers, floor)
    parts = of_participants**2 / (n_g - 1)
    parts += sum(part**2 / (n - 1) for part, n in zip(of_items, n_h, strict=True))
    degrees = squared_error**2 / parts if parts > 0 else float(min(n_g, *n_h) - 1)
    difference = float(means[is_first].mean() - means[~is_first].mean())
    return difference, squared_error, max(degrees, 1.0)
