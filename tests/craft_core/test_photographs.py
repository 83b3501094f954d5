"""The method's evidence on photographs of cats, two classes of ImageNet; twins use drawn pictures.

Twins: `test_fidelity_grid.py`, `test_sanity.py`, `test_feature_viz.py`, `test_report.py`.
"""

import csv

import pytest
import torch

from craft_core.backbones import load_backbone
from craft_core.coders import Coder
from craft_core.concepts import class_crops
from craft_core.feature_viz import visualise_concepts
from craft_core.fidelity_config import FidelityConfig
from craft_core.fidelity_grid import run_grid
from craft_core.nmf import fit_nmf
from craft_core.sanity import sanity_check
from tests.craft_core.photographs import CATS, FOLDER, cat_files, needs_cats

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), needs_cats]
LAYER = "_swish:1"


@pytest.fixture(scope="module")
def found():
    files = cat_files("tabby", 40)
    backbone = load_backbone("efficientnet_lite0", layer=LAYER, device="cpu")
    return class_crops(
        backbone,
        files,
        class_id=CATS["tabby"],
        class_name="tabby",
        n_concepts=8,
        crop_size=80,
        crops_per_image=4,
        predictions=torch.full((len(files),), CATS["tabby"]),
        generator=torch.Generator().manual_seed(0),
    )


def test_rankings_on_cats(tmp_path):
    """Gradient x input is the ceiling behind this head; chance is worse than Sobol's ranking."""
    config = FidelityConfig.model_validate(
        {
            "seeds": [0, 1],
            "classes": CATS,
            "network": {"layer": LAYER, "device": "cpu"},
            "crops": {"per_image": 3},
            "grid": {
                "number": 10,
                "most_images": 40,
                "banks": ["craft", "pca"],
                "rankings": ["sobol", "tcav", "gradient_input", "random", "best"],
                "vary": "start",
            },
        }
    )
    run_grid(config, FOLDER / "cats", tmp_path / "out")
    with (tmp_path / "out" / "areas.csv").open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["class_name"] == "all"]
    for bank in ("craft", "pca"):
        for kind, sign in (("deletion", 1), ("insertion", -1)):
            area = {
                row["ranking"]: sign * float(row["area"])
                for row in rows
                if (row["bank"], row["kind"]) == (bank, kind)
            }
            assert area["gradient_input"] == pytest.approx(area["best"], abs=1e-4)
            assert area["best"] <= area["sobol"] + 1e-6
            if bank == "craft":
                assert area["sobol"] < area["random"]


def test_concepts_of_a_randomised_network_differ(found):
    generator = torch.Generator().manual_seed(0)
    check = sanity_check(found, 8, generator=generator, scope="cascade", n_steps=2)
    ceiling, last = check.ceiling.similarity, check.steps[-1].similarity
    assert ceiling > 0.7 and last < 0.5 * ceiling


@pytest.mark.parametrize("method", ["fourier", "maco"])
def test_images_made_for_concepts_hold_them(found, method):
    generator = torch.Generator().manual_seed(0)
    U, W = fit_nmf(found.A, 8, generator=generator)
    bank = found.bank(Coder(W=W), U, method="craft")
    seen = visualise_concepts(bank, [0, 1], method, generator=generator, n_steps=60)
    photographs = torch.nn.functional.cosine_similarity(found.A[:, None], W[None, :2], dim=2)
    assert (seen.cosines > photographs.mean(dim=0)).all()
