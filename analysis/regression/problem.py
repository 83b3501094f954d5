"""The data of a mixed logit, and sums over the rows of a participant, an item, or both.

Letters as in `analysis.regression.laplace`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

Values = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Rows of answers, with who gave them and to what.

    Attributes
    ----------
    y, m
        (n,). Right answers, and answers.
    X
        (n, k). Fixed effects.
    g, h
        (n,). Participant and item of each row, from 0; every number occurs.
    Z, Y
        (n, q), (n, s). What a participant's and an item's effects multiply; s is 0 without random
        items.
    """

    y: Values
    m: Values
    X: Values
    g: Codes
    h: Codes
    Z: Values
    Y: Values

    @cached_property
    def n_participants(self) -> int:
        """G."""
        return int(self.g.max()) + 1

    @cached_property
    def n_items(self) -> int:
        """J; 0 without random items."""
        return int(self.h.max()) + 1 if self.Y.shape[1] else 0

    @cached_property
    def constant(self) -> float:
        """Log of the binomial coefficients."""
        parts = special.gammaln([self.m + 1, self.y + 1, self.m - self.y + 1])
        return float((parts[0] - parts[1] - parts[2]).sum())

    def split(self, parameters: Values) -> tuple[Values, Values, Values]:
        """Return b, T and S of a vector that holds b and the columns of both triangles."""
        k, q, s = self.X.shape[1], self.Z.shape[1], self.Y.shape[1]
        n_t = q * (q + 1) // 2
        T, S = triangle(parameters[k : k + n_t], q), triangle(parameters[k + n_t :], s)
        return parameters[:k], T, S

    def sum_by_participant(self, w: Values, A: Values) -> Values:
        """Return (G, q): the sum of ``w A`` over each participant's rows."""
        return _sums(self.g, w[:, None] * A, self.n_participants)

    def sum_by_item(self, w: Values, B: Values) -> Values:
        """Return (J, s): the sum of ``w B`` over each item's rows."""
        return _sums(self.h, w[:, None] * B, self.n_items)

    def products_by_participant(self, w: Values, A: Values) -> Values:
        """Return (G, q, q): the sum of ``w A A'`` over each participant's rows."""
        return _products(self.g, w, A, self.n_participants)

    def products_by_item(self, w: Values, B: Values) -> Values:
        """Return (J, s, s): the sum of ``w B B'`` over each item's rows."""
        return _products(self.h, w, B, self.n_items)

    def products_by_pair(self, w: Values, A: Values, B: Values) -> Values:
        """Return (G, q, J s): the sum of ``w A B'`` over each participant's rows of each item."""
        q, s = A.shape[1], B.shape[1]
        n_pairs = self.n_participants * self.n_items
        sums = np.empty((self.n_participants, q, self.n_items, s))
        for k in range(q):
            for j in range(s):
                of_pairs = np.bincount(self._pair, w * A[:, k] * B[:, j], n_pairs)
                sums[:, k, :, j] = of_pairs.reshape(self.n_participants, self.n_items)
        return sums.reshape(self.n_participants, q, -1)

    @cached_property
    def _pair(self) -> Codes:
        codes: Codes = self.g * self.n_items + self.h
        return codes


def triangle(entries: Values, size: int) -> Values:
    """Return a lower triangle from its columns, each from the diagonal down.

    Parameters
    ----------
    entries
        (size (size + 1) / 2,).
    size
        Of the matrix.

    Returns
    -------
    Values
        (size, size).

    Examples
    --------
    >>> triangle(np.array([1.0, 2.0, 3.0]), 2).tolist()
    [[1.0, 0.0], [2.0, 3.0]]
    """
    matrix = np.zeros((size, size))
    columns, rows = np.triu_indices(size)
    matrix[rows, columns] = entries
    return matrix


def _sums(codes: Codes, rows: Values, n: int) -> Values:
    sums = np.empty((n, rows.shape[1]))
    for k in range(rows.shape[1]):
        sums[:, k] = np.bincount(codes, rows[:, k], n)
    return sums


def _products(codes: Codes, w: Values, A: Values, n: int) -> Values:
    q = A.shape[1]
    sums = np.empty((n, q, q))
    for k in range(q):
        weighted = w * A[:, k]
        for j in range(k + 1):
            sums[:, k, j] = sums[:, j, k] = np.bincount(codes, weighted * A[:, j], n)
    return sums
