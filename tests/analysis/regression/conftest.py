"""Published data that answers from R were computed on."""

import numpy as np
import pytest

# Contagious bovine pleuropneumonia in 15 herds of zebu (Lesnoff et al. 2004; `cbpp` of lme4):
# herd, new cases, herd size, period.
CBPP = """
1 2 14 1  1 3 12 2  1 4 9 3  1 0 5 4  2 3 22 1  2 1 18 2  2 1 21 3  3 8 22 1  3 2 16 2  3 0 16 3
3 2 20 4  4 2 10 1  4 0 10 2  4 2 9 3  4 0 6 4  5 5 18 1  5 0 25 2  5 0 24 3  5 1 4 4  6 3 17 1
6 0 17 2  6 0 18 3  6 1 20 4  7 8 16 1  7 1 10 2  7 3 9 3  7 0 5 4  8 12 34 1  9 2 9 1  9 0 6 2
9 0 8 3  9 0 6 4  10 1 22 1  10 1 22 2  10 0 18 3  10 2 22 4  11 0 25 1  11 5 27 2  11 3 22 3
11 1 22 4  12 2 10 1  12 1 8 2  12 0 6 3  12 0 5 4  13 1 21 1  13 2 24 2  13 0 19 3  13 0 23 4
14 11 19 1  14 0 2 2  14 0 3 3  14 0 2 4  15 1 19 1  15 1 15 2  15 1 15 3  15 0 15 4
"""

# Wheeze of 537 children of Steubenville, Ohio, at ages 7 to 10 (Fitzmaurice & Laird 1993; `ohio`
# of geepack): the pattern of four years, children whose mother does not smoke, and who does.
OHIO = """
0000 237 118  0001 10 6  0010 15 8  0011 4 2  0100 16 11  0101 2 1  0110 7 6  0111 3 4
1000 24 7  1001 3 3  1010 3 3  1011 2 1  1100 6 4  1101 2 2  1110 5 4  1111 11 7
"""


@pytest.fixture(scope="session")
def cbpp():
    """Columns: herd (from 0), cases, size, period (from 0)."""
    table = np.array(CBPP.split(), dtype=float).reshape(-1, 4)
    return table - [1, 0, 0, 1]


@pytest.fixture(scope="session")
def ohio():
    """Wheeze (n,), age less 9 (n,), whether the mother smokes (n,), child (n,)."""
    words = OHIO.split()
    children = [
        (pattern, smokes)
        for pattern, *counts in zip(words[::3], words[1::3], words[2::3], strict=True)
        for smokes, count in enumerate(counts)
        for _ in range(int(count))
    ]
    y = np.array([float(letter) for pattern, _ in children for letter in pattern])
    smokes = np.repeat([float(smokes) for _, smokes in children], 4)
    ages = np.tile([-2.0, -1.0, 0.0, 1.0], len(children))
    return y, ages, smokes, np.repeat(np.arange(len(children)), 4)
