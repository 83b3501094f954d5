"""Photographs that are no part of the project: where they are looked for.

``CRAFT_PHOTOGRAPHS`` names a folder with ``cats/tabby`` and ``cats/egyptian_cat``, photographs that
EfficientNet-Lite0 puts into ImageNet's classes 281 and 285; without it, ``shared/data`` beside the
project. Tests that need them are skipped where they are missing, and have twins on drawn pictures.
"""

import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).parents[3] / "shared" / "data"
FOLDER = Path(os.environ.get("CRAFT_PHOTOGRAPHS", BESIDE))
CATS = {"tabby": 281, "egyptian_cat": 285}

needs_cats = pytest.mark.skipif(
    not all((FOLDER / "cats" / name).is_dir() for name in CATS),
    reason="photographs of cats are not here; CRAFT_PHOTOGRAPHS must name a folder with cats/tabby",
)


def cat_files(name, n):
    """List the first n photographs of a class."""
    return sorted((FOLDER / "cats" / name).glob("*.jpg"))[:n]
