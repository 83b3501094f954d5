"""Images of utility studies."""

from types import SimpleNamespace

import numpy as np
import pytest

from stimuli_builder.errors import StimuliError
from stimuli_builder.tasks.utility import draw_images


def test_misspelt_tie_is_named(tmp_path):
    image = SimpleNamespace(
        file="a.png", label="wolf", predicted="wolf", split="study", tie="Broken"
    )
    store = SimpleNamespace(images=[image], banks={"wolf": None}, classes=["wolf"])
    message = r"tie of image a.png must be one of \['kept', 'broken'\] or empty; got 'Broken'"
    with pytest.raises(StimuliError, match=message):
        draw_images(None, store, tmp_path, np.random.default_rng(0))
