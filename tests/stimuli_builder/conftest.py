"""A small drawn scenario, its concept store, and a study of one session."""

import pytest

from craft_core.cli import main as craft_concepts
from stimuli_builder.cli import main as craft_stimuli
from tests.planted_study import asking_config, build_planted_study

EXTRACT = """
classes = { husky = 0, wolf = 1 }
[network]
device = "cpu"
[probe]
[crops]
per_image = 2
[concepts]
number = 4
"""

STUDY = """
study = "small"
title = "What will the model answer?"
scenario = "husky_wolf"
lists = 2
sessions = 1
catch_min_correct = 1
[pictures]
image_px = 96
crop_px = 48
[practice]
introduction = ["Let us practise."]
[quiz]
[[quiz.items]]
question = "What do you say?"
choices = ["What I see", "What the model will answer"]
answer = 1
[texts]
contact = "nobody@example.org"
consent = ["Do you agree?"]
instructions = ["Say what the model will answer."]
debriefing = ["Thank you."]
"""


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """64 drawn images."""
    folder = tmp_path_factory.mktemp("drawn") / "images"
    counts = ["--fit-per-class", "16", "--study-per-cell", "8"]
    assert craft_stimuli(["draw", "husky_wolf", str(folder), *counts]) == 0
    return folder


@pytest.fixture(scope="session")
def store(drawn, tmp_path_factory):
    """The concepts of the drawn images."""
    base = tmp_path_factory.mktemp("store")
    (base / "extract.toml").write_text(EXTRACT)
    arguments = ["extract", str(base / "extract.toml"), "--images", str(drawn)]
    assert craft_concepts([*arguments, "--out", str(base / "concepts")]) == 0
    return base / "concepts"


@pytest.fixture
def study(tmp_path):
    """A configuration of one session."""
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path / "study.toml"


@pytest.fixture(scope="session")
def planted_bundle(tmp_path_factory):
    """The shipped recursivity study of planted concepts of one class."""
    folder = tmp_path_factory.mktemp("planted_study")
    return build_planted_study(asking_config(folder), folder)
