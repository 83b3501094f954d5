"""The golden concept store: read by today's code, and written by it to the same words."""

import json
from dataclasses import replace
from pathlib import Path

import torch

from craft_core.backbones import load_backbone
from craft_core.concepts import fit_concepts
from craft_core.importance import concept_importance
from craft_core.store import load_bank, read_images, read_json, save_bank
from craft_core.transforms import Transform

GOLDEN = Path("tests/golden/concepts")


def colour_backbone(colour_net):
    return load_backbone(colour_net, device="cpu", transform=Transform(size_px=32))


def golden_bank(colour_net, colour_images):
    backbone = colour_backbone(colour_net)
    generator = torch.Generator().manual_seed(0)
    bank = fit_concepts(
        backbone,
        colour_images,
        class_id=1,
        class_name="not_red",
        n_concepts=2,
        crop_size=12,
        crops_per_image=2,
        generator=generator,
    )
    return replace(bank, importance=concept_importance(bank, colour_images, 1, generator=generator))


def test_golden_bank_is_read(colour_net):
    bank = load_bank(GOLDEN / "not_red", colour_backbone(colour_net))
    assert bank.class_name == "not_red" and bank.W.shape == (2, 6)
    assert bank.importance.method == "sobol, exact for a linear head"


def test_golden_bank_is_written_with_the_same_fields(colour_net, colour_images, tmp_path):
    save_bank(golden_bank(colour_net, colour_images), tmp_path / "bank")
    written = json.loads((tmp_path / "bank" / "bank.json").read_text())
    golden = json.loads((GOLDEN / "not_red" / "bank.json").read_text())
    assert list(written) == list(golden)
    assert written["files"] == golden["files"] and written["network"] == golden["network"]
    assert [list(concept) for concept in written["concepts"]] == [
        list(concept) for concept in golden["concepts"]
    ]


def test_golden_store_is_read():
    assert (
        read_json(GOLDEN / "store.json", "concept-store")["classes"][0]["class_name"] == "not_red"
    )
    assert read_images(GOLDEN / "images.csv")[0].predicted == "not_red"
