"""Folders of pictures with bars of one colour each, for `tests.planted_network.PartsNet`."""

import numpy as np
from PIL import Image

NETWORK = {
    "name": "python:tests.planted_network:PartsNet",
    "layer": "colours",
    "device": "cpu",
    "size_px": 64,
    "mean": [0, 0, 0],
    "std": [1, 1, 1],
}


def draw_bars(folder, *, n=8):
    """Draw n pictures with red bars above all, and n with blue ones; each has some green."""
    rng = np.random.default_rng(0)
    for name, channel in (("red", 0), ("blue", 2)):
        (folder / name).mkdir(parents=True)
        for index in range(n):
            pixels = np.full((64, 64, 3), 128, dtype=np.uint8)
            bars = ((np.arange(64) // 2) % 2 * 255).astype(np.uint8)
            pixels[8:40, 8:56, channel] = bars[None, 8:56] if index % 2 else bars[8:40, None]
            pixels[44:60, 8:24, 1] = bars[None, 8:24]
            noise = rng.integers(0, 6, pixels.shape)
            picture = Image.fromarray((pixels // 2 + noise).astype(np.uint8))
            picture.save(folder / name / f"{index}.png")
    return folder
