import pytest
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression

from craft_core.activations import pooled_activations
from craft_core.backbones import load_backbone
from craft_core.errors import ClassError
from craft_core.images import batches, predict
from craft_core.probe import accuracy_by_tie, fit_probe, with_probe
from craft_core.transforms import Transform


@pytest.fixture
def files(tmp_path):
    """Eight reddish and eight bluish pictures, with noise."""
    generator = torch.Generator().manual_seed(0)
    paths = []
    for index in range(16):
        picture = torch.randint(90, (3, 32, 32), generator=generator)
        picture[0 if index < 8 else 2] += 120
        paths.append(tmp_path / f"{index:02d}.png")
        Image.fromarray(picture.byte().permute(1, 2, 0).contiguous().numpy()).save(paths[-1])
    return paths


@pytest.fixture
def backbone(colour_net):
    return load_backbone(colour_net, device="cpu", transform=Transform(size_px=32))


def test_probabilities_are_scikit_learns(files, backbone):
    labels = [0] * 8 + [1] * 8
    probed = with_probe(backbone, fit_probe(backbone, files, labels, n_classes=2))
    features = pooled_activations(backbone, batches(files, backbone.transform)).numpy()
    expected = LogisticRegression(max_iter=5000).fit(features, labels).predict_proba(features)
    found = predict(probed, files).softmax(dim=1)
    torch.testing.assert_close(found, torch.from_numpy(expected).float(), rtol=1e-4, atol=1e-5)


def test_three_classes_have_a_row_each(files, backbone):
    probe = fit_probe(backbone, files, [0] * 8 + [1] * 4 + [2] * 4, n_classes=3)
    assert probe.weight.shape == (3, 6) and probe.bias.shape == (3,)


def test_probed_network_keeps_layers_and_has_a_linear_head(files, backbone):
    probed = with_probe(backbone, fit_probe(backbone, files, [0] * 8 + [1] * 8, n_classes=2))
    assert probed.layer == "rectify:1" and probed.layers == ["rectify:1"]
    assert probed.linear_head.weight.shape == (2, 6)
    assert probed.at("rectify:0").linear_head is None


def test_probe_may_read_an_earlier_layer(files, backbone):
    earlier = backbone.at("rectify:0")
    probed = with_probe(earlier, fit_probe(earlier, files, [0] * 8 + [1] * 8, n_classes=2))
    assert "later" not in dict(probed.module.named_children())
    assert (predict(probed, files).argmax(dim=1) == torch.tensor([0] * 8 + [1] * 8)).all()


def test_the_network_itself_is_left_alone(files, backbone, colour_net):
    before = predict(backbone, files)
    with_probe(backbone, fit_probe(backbone, files, [0] * 8 + [1] * 8, n_classes=2))
    torch.testing.assert_close(predict(backbone, files), before)


def test_class_without_pictures_is_counted(files, backbone):
    with pytest.raises(ClassError, match=r"must have pictures to fit a probe; got \[16, 0\]"):
        fit_probe(backbone, files, [0] * 16, n_classes=2)


def test_accuracy_is_told_by_tie():
    found = accuracy_by_tie([0, 1, 1, 1], [0, 1, 0, 0], ["kept", "kept", "broken", "broken"])
    assert found == {"accuracy": 0.5, "accuracy_tie_kept": 1.0, "accuracy_tie_broken": 0.0}


def test_unknown_ties_are_left_out():
    assert accuracy_by_tie([0, 1], [0, 0], ["", ""]) == {"accuracy": 0.5}
