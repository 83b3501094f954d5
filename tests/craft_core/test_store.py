import json

import pytest
import torch

from craft_core.backbones import load_backbone
from craft_core.concepts import fit_concepts
from craft_core.errors import StoreError
from craft_core.importance import concept_importance
from craft_core.store import (
    StoredImage,
    load_bank,
    read_images,
    replacing,
    save_bank,
    write_images,
)
from craft_core.transforms import Transform


@pytest.fixture
def backbone(colour_net):
    return load_backbone(colour_net, device="cpu", transform=Transform(size_px=32))


@pytest.fixture
def bank(backbone, colour_images, generator):
    from dataclasses import replace

    bank = fit_concepts(
        backbone, colour_images, class_id=1, n_concepts=2, crop_size=12, generator=generator
    )
    importance = concept_importance(bank, colour_images, 1, generator=generator)
    return replace(bank, importance=importance)


def test_a_bank_comes_back_as_it_was(bank, backbone, tmp_path, colour_images):
    save_bank(bank, tmp_path / "bank")
    loaded = load_bank(tmp_path / "bank", backbone)
    for name in ("W", "U"):
        torch.testing.assert_close(getattr(loaded, name), getattr(bank, name), rtol=0, atol=0)
    assert torch.equal(loaded.crops.boxes, bank.crops.boxes)
    assert loaded.files == bank.files and loaded.class_id == 1
    assert loaded.importance.method == bank.importance.method
    torch.testing.assert_close(loaded.importance.values, bank.importance.values)
    torch.testing.assert_close(loaded.encode(colour_images), bank.encode(colour_images))


@pytest.fixture
def tree(bank, generator):
    """A root with a child, its two shams, and a grandchild; names and a curation at the root."""
    from dataclasses import replace

    from craft_core.curation import curate
    from craft_core.recursion import sham_split

    root = curate(replace(bank, importance=None), names={0: "green"}, merge=[[0, 1]])
    child = root.split(0, layer="rectify:0", n_concepts=2, generator=generator)
    sham_split(child, "same_layer", generator=generator)
    sham_split(child, "random_groups", generator=generator)
    child.split(1, layer="filters", n_concepts=1, generator=generator, percentile=50)
    return root


def test_a_tree_comes_back_whole(tree, backbone, tmp_path):
    save_bank(tree, tmp_path / "bank")
    loaded = load_bank(tmp_path / "bank", backbone)
    assert [bank.origin.kind for bank in loaded.children] == [
        "split",
        "same_layer",
        "random_groups",
    ]
    assert loaded.names == ("green",) and loaded.curation == tree.curation
    child, expected = loaded.children[0], tree.children[0]
    assert child.parent is loaded and child.backbone.layer == "rectify:0"
    torch.testing.assert_close(child.W, expected.W, rtol=0, atol=0)
    torch.testing.assert_close(child.shares, expected.shares)
    assert torch.equal(child.origin.rows, expected.origin.rows)
    assert child.origin.threshold == expected.origin.threshold
    (grandchild,) = child.children
    assert grandchild.depth == 2 and grandchild.backbone.layer == "filters"


def test_same_tree_same_bytes(tree, tmp_path):
    for name in ("one", "two"):
        save_bank(tree, tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 10
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_altered_child_is_refused(tree, backbone, tmp_path):
    save_bank(tree, tmp_path / "bank")
    file = tmp_path / "bank" / "children" / "0" / "bank.json"
    file.write_text(file.read_text().replace('"concept": 1', '"concept": 0', 1))
    with pytest.raises(
        StoreError, match=r"children/0/bank.json must have SHA-256 .*; got [0-9a-f]{64}\."
    ):
        load_bank(tmp_path / "bank", backbone)


def test_only_the_root_is_saved(tree, tmp_path):
    with pytest.raises(StoreError, match=r"at the root of its tree to be saved; got .* depth 1"):
        save_bank(tree.children[0], tmp_path / "bank")


def test_what_was_done_with_negatives_is_recorded(colour_net, colour_images, generator, tmp_path):
    backbone = load_backbone(
        colour_net,
        layer="filters",
        device="cpu",
        negatives="split",
        transform=Transform(size_px=32),
    )
    bank = fit_concepts(
        backbone, colour_images, class_id=1, n_concepts=2, crop_size=12, generator=generator
    )
    save_bank(bank, tmp_path / "bank")
    described = json.loads((tmp_path / "bank" / "bank.json").read_text())
    assert described["network"]["negatives"] == "split"
    assert (described["method"], described["selection"]) == ("craft", "predicted")
    given = load_backbone(colour_net, device="cpu", transform=Transform(size_px=32))
    loaded = load_bank(tmp_path / "bank", given)
    assert loaded.backbone.negatives == "split" and loaded.backbone.layer == "filters"
    torch.testing.assert_close(loaded.encode(colour_images), bank.encode(colour_images))


def test_network_whose_name_does_not_lead_to_it_must_be_given(bank, tmp_path):
    save_bank(bank, tmp_path / "bank")
    file = tmp_path / "bank" / "bank.json"
    file.write_text(file.read_text().replace('"name": "module"', '"name": "torchvision:vgg16"'))
    with pytest.raises(StoreError, match=r"'torchvision:vgg16' does not lead to it; got None.*vgg"):
        load_bank(tmp_path / "bank")


def test_same_bank_same_bytes(bank, tmp_path):
    for name in ("one", "two"):
        save_bank(bank, tmp_path / name)
    for file in ("bank.json", "bank.safetensors"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_own_network_must_be_given(bank, tmp_path):
    save_bank(bank, tmp_path / "bank")
    with pytest.raises(StoreError, match=r"backbone must be given .*; got None"):
        load_bank(tmp_path / "bank")


def test_altered_tensors_are_refused(bank, backbone, tmp_path):
    save_bank(bank, tmp_path / "bank")
    file = tmp_path / "bank" / "bank.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(
        StoreError, match=r"bank.safetensors must have SHA-256 [0-9a-f]{64}; got [0-9a-f]{64}\."
    ):
        load_bank(tmp_path / "bank", backbone)


def test_other_weights_are_refused(bank, backbone, tmp_path, colour_net):
    save_bank(bank, tmp_path / "bank")
    colour_net.head.bias.data[0] = 3
    other = load_backbone(colour_net, device="cpu")
    with pytest.raises(StoreError, match=r"must have weights of SHA-256 .*; got [0-9a-f]{64}"):
        load_bank(tmp_path / "bank", other)


def test_another_schema_version_is_refused(bank, backbone, tmp_path):
    save_bank(bank, tmp_path / "bank")
    file = tmp_path / "bank" / "bank.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"schema_version": 7}))
    with pytest.raises(StoreError, match=r"schema_version 2; got \['concept-bank', 7\]"):
        load_bank(tmp_path / "bank", backbone)


def test_missing_store_is_named(tmp_path, backbone):
    with pytest.raises(StoreError, match=r"must hold bank.json; got none in .*nowhere"):
        load_bank(tmp_path / "nowhere", backbone)


def test_broken_json_is_named(tmp_path, backbone):
    (tmp_path / "bank.json").write_text('{"schema": ')
    with pytest.raises(StoreError, match=r"bank.json must be JSON; got Expecting value"):
        load_bank(tmp_path, backbone)


def test_nothing_half_written_is_left(tmp_path):
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "out", "mark") as folder:
        (folder / "mark").touch(exist_ok=bool(1 // 0))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_something_else_is_kept(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with (
        pytest.raises(StoreError, match=r"must be new, empty or hold mark; got"),
        replacing(tmp_path, "mark"),
    ):
        pass
    assert (tmp_path / "thesis.tex").exists()


def test_images_come_back_as_they_were(tmp_path):
    images = [
        StoredImage(
            file="wolf/1.png",
            sha256="0" * 64,
            label="wolf",
            split="fit",
            tie="kept",
            predicted="husky",
            probability=0.75,
        )
    ]
    write_images(tmp_path / "images.csv", images)
    assert read_images(tmp_path / "images.csv") == images


def test_other_columns_are_named(tmp_path):
    (tmp_path / "images.csv").write_text("file\na\n")
    with pytest.raises(StoreError, match=r"must have the columns .*; got \['file'\]"):
        read_images(tmp_path / "images.csv")
