"""Choose among pictures: the one unlike the others, or the group that a picture is like.

A picture counts as three quantiles of what its patches look like, wherever they are in it. The
choice is a softmax of standardised likeness, so that it depends on the pictures alone, and is
sometimes wrong where they are alike.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from study_app.simulation.sight import Array, Sight

SHARES: Final = (0.1, 0.5, 0.9)
TEMPERATURE: Final = 0.4  # of likeness in standard deviations


def choose_odd(options: Sequence[Sight], generator: np.random.Generator) -> int:
    """Choose the picture that is least like the others.

    Parameters
    ----------
    options
        Two or more.
    generator
        The participant's.

    Returns
    -------
    int
        Index of the choice.
    """
    looks = np.stack([_look(each) for each in options])
    distances = np.linalg.norm(looks[:, None] - looks[None], axis=2)
    return _draw(distances.sum(axis=1), generator)


def choose_group(
    picture: Sight, groups: Sequence[Sequence[Sight]], generator: np.random.Generator
) -> int:
    """Choose the group whose pictures are most like one.

    Parameters
    ----------
    picture
        To be put into a group.
    groups
        Two or more, none of them empty.
    generator
        The participant's.

    Returns
    -------
    int
        Index of the choice.
    """
    look = _look(picture)
    distances = [np.mean([np.linalg.norm(look - _look(each)) for each in g]) for g in groups]
    return _draw(-np.array(distances), generator)


def _look(picture: Sight) -> Array:
    look: Array = np.quantile(picture.patches, SHARES, axis=0).ravel()
    return look


def _draw(likeness: Array, generator: np.random.Generator) -> int:
    spread = float(likeness.std()) or 1.0
    utility = (likeness - likeness.max()) / (TEMPERATURE * spread)
    share = np.exp(utility)
    return int(generator.choice(len(share), p=share / share.sum()))
