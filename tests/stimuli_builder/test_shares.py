"""How many images of each kind are chosen for large designs."""

import numpy as np
import pytest

from stimuli_builder.shares import PhaseShares, choose_quotas, is_met


def phase_of(n_images, broken, *, n_classes, n_sessions, first):
    """A phase in which every class in turn has an image more, or one less, than others."""
    counts = np.full((n_sessions, n_classes, n_classes), n_images // n_classes)
    for u, b in np.ndindex(n_sessions, n_classes):
        for extra in range(n_images % n_classes):
            counts[u, (u + b + first + extra) % n_classes, b] += 1
    return PhaseShares(
        counts=counts,
        kinds=np.array([1 - broken, broken]),
        factors=np.array([[0.0, 1.0]]),
        weights=np.ones(1),
    )


@pytest.mark.parametrize(
    ("n_classes", "n_sessions", "training", "test"),
    [
        (3, 6, (5, 0.3), (8, 0.2)),
        (3, 6, (3, 0.2), (4, 0.25)),
        (3, 5, (7, 0.25), (5, 0.25)),
        (2, 12, (11, 0.3), (13, 0.4)),
    ],
)
def test_shares_of_large_designs_are_met(n_classes, n_sessions, training, test):
    phases = [
        phase_of(*asked, n_classes=n_classes, n_sessions=n_sessions, first=number)
        for number, asked in enumerate((training, test))
    ]
    assert is_met(phases, choose_quotas(phases))
