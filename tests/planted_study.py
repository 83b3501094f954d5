"""A recursivity study of planted concepts, built as ``craft-stimuli build`` does."""

from pathlib import Path

from craft_core.provenance import file_sha256
from craft_core.store import StoredImage
from stimuli_builder.build import build
from stimuli_builder.config import read_config
from stimuli_builder.stores import ConceptStore
from tests.planted_banks import planted_bank

CONFIG = Path("configs/recursivity_study.toml")
ASKING = """
[[questionnaires]]
name = "after"
title = "After this part"
place = "after_each_session"
[[questionnaires.questions]]
question = "effort"
text = "How hard was it?"
kind = "text"
high = 500
[translations.fr]
"After this part" = "Après cette partie"
"How hard was it?" = "Était-ce difficile ?"
"""


def asking_config(folder):
    """The shipped study, with a questionnaire after each session."""
    (folder / "study.toml").write_text(f'based_on = "{CONFIG.resolve()}"\n{ASKING}')
    return read_config(folder / "study.toml")


def build_planted_study(config, folder):
    """Build a study of one class, with its images, store and bundle in a folder."""
    bank = planted_bank(folder / "images")
    (folder / "store.json").write_text("{}")
    images = [
        StoredImage(
            file=file,
            sha256=file_sha256(folder / "images" / file),
            label="wolf",
            split="fit",
            tie="",
            predicted="wolf",
            probability=1.0,
        )
        for file in bank.files
    ]
    described = {
        "network": {"name": "small", "weights_sha256": "0" * 64},
        "model": {"accuracy": 1.0},
        "licences": {"weights": "none", "images": "CC0"},
    }
    store = ConceptStore(path=folder, described=described, images=images, banks={"wolf": bank})
    return build(config, [store], folder / "images", folder / "bundle")
