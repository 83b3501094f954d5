"""The map that tells nothing."""

import numpy as np

from stimuli_builder.conditions.control import scrambled


def blob():
    down, across = np.mgrid[:56, :56]
    return np.round(255 * np.exp(-((down - 12) ** 2 + (across - 40) ** 2) / 90.0))


def test_values_are_those_of_the_map():
    heat = blob()
    found = scrambled(heat, np.random.default_rng(0))
    assert np.array_equal(np.sort(found.ravel()), np.sort(heat.ravel()))


def test_places_are_independent_of_the_map():
    heat = blob()
    shares = [
        np.corrcoef(heat.ravel(), scrambled(heat, np.random.default_rng(seed)).ravel())[0, 1]
        for seed in range(200)
    ]
    assert abs(np.mean(shares)) < 3 * np.std(shares) / np.sqrt(200)


def test_grain_is_as_smooth_as_the_maps():
    heat = blob()

    def roughness(array):
        return np.abs(np.diff(array, axis=0)).mean() / array.std()

    found = np.mean([roughness(scrambled(heat, np.random.default_rng(seed))) for seed in range(20)])
    pixels = np.random.default_rng(0).permutation(heat.ravel()).reshape(heat.shape)
    assert found < 3 * roughness(heat) < roughness(pixels)
