import numpy as np
import pytest
import torch
from PIL import Image

from craft_core.attribution import (
    METHODS,
    attribution_maps,
    concept_maps,
    maps_in_pictures,
)
from craft_core.backbones import load_backbone
from craft_core.concepts import fit_concepts
from craft_core.errors import BackboneError, ClassError, CraftError, MemoryWarning, ShapeError
from craft_core.map_quality import measure_maps
from craft_core.nnls import nnls
from craft_core.transforms import Transform
from tests.planted_network import PartsNet, draw_pictures


@pytest.fixture
def bank(colour_net, colour_images, generator):
    backbone = load_backbone(colour_net, device="cpu", transform=Transform(size_px=32))
    return fit_concepts(
        backbone, colour_images, class_id=1, n_concepts=2, crop_size=12, generator=generator
    )


def test_map_lies_on_the_concepts_colour(bank, colour_images):
    """Green left, blue right: each concept's energy is on its own half."""
    image = colour_images[7:8]  # 7 % 3 == 1, 7 // 3 % 3 == 2
    green = int(bank.W.reshape(-1, 3, 2).norm(dim=2)[:, 1].argmax())
    maps = concept_maps(bank, image)
    on_left = maps[0, green, :, :16].sum() / maps[0, green].sum()
    on_right = maps[0, 1 - green, :, 16:].sum() / maps[0, 1 - green].sum()
    assert on_left > 0.95 and on_right > 0.95


def test_map_is_grad_cams_by_automatic_differentiation(bank, colour_images):
    features = bank.backbone.encode(colour_images[:4]).detach().requires_grad_()
    U = nnls(bank.backbone.pool(features), bank.W)
    for concept in range(bank.n_concepts):
        (slope,) = torch.autograd.grad(U[:, concept].sum(), features, retain_graph=True)
        weights = slope.mean(dim=(2, 3), keepdim=True)
        expected = (weights * features.detach()).sum(dim=1).clamp_min(0)
        found = concept_maps(bank, colour_images[:4], [concept])[:, 0]
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-7)


def test_absent_concept_has_an_empty_map(bank, colour_images):
    U = bank.encode(colour_images)
    maps = concept_maps(bank, colour_images)
    assert (maps.amax(dim=(2, 3))[U == 0] == 0).all()


def test_map_sums_to_the_coefficient_by_eulers_identity(bank, colour_images):
    """Of images without red, nothing but noise is below zero and cut off."""
    images = colour_images[[4, 5, 7, 8]]
    coarse_sum = concept_maps(bank, images).sum(dim=(2, 3))
    torch.testing.assert_close(coarse_sum, bank.encode(images), rtol=0.05, atol=0.01)


def test_maps_are_in_the_pixels_of_the_images(bank):
    assert concept_maps(bank, torch.rand(2, 3, 24, 40)).shape == (2, 2, 24, 40)


def test_chosen_concepts_come_in_their_order(bank, colour_images):
    both = concept_maps(bank, colour_images[:3])
    torch.testing.assert_close(concept_maps(bank, colour_images[:3], [1]), both[:, 1:])


def test_nothing_is_left_on_the_network(bank, colour_images):
    concept_maps(bank, colour_images[:2])
    assert all(parameter.grad is None for parameter in bank.backbone.module.parameters())
    assert not bank.W.requires_grad


@pytest.fixture(scope="module")
def pictures():
    return draw_pictures(60, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def planted(pictures):
    backbone = load_backbone(
        PartsNet(), layer="colours", device="cpu", transform=Transform(size_px=64)
    )
    return fit_concepts(
        backbone,
        pictures.images,
        class_id=0,
        n_concepts=3,
        crop_size=32,
        crops_per_image=8,
        generator=torch.Generator().manual_seed(0),
    )


N_SAMPLES = {"rise": 400, "hsic": 400, "lime": 200, "kernel_shap": 200}


@pytest.mark.parametrize("method", METHODS)
def test_concepts_are_found_where_they_are_planted(planted, pictures, method):
    """Every method beats a uniform map, and shuffled ones, on the planted red."""
    red = int(planted.W.reshape(3, 3, 2).norm(dim=2)[:, 0].argmax())
    holds = pictures.mask_of(0).any(dim=(1, 2)).nonzero().flatten()[:6]
    options = {}
    if method not in ("saliency", "gradient_input", "integrated_gradients", "grad_cam"):
        options["generator"] = torch.Generator().manual_seed(0)
    if method in N_SAMPLES:
        options["n_samples"] = N_SAMPLES[method]
    maps = concept_maps(planted, pictures.images[holds], [red], method, **options)[:, 0]
    found = measure_maps(
        maps,
        pictures.mask_of(0)[holds],
        grid=(16, 16),
        generator=torch.Generator().manual_seed(0),
    )
    assert found.energy > max(1.05, found.shuffled_energy)
    assert found.precision > max(found.uniform_precision, found.shuffled_precision)
    if method in ("grad_cam", "positional"):
        assert found.energy > 0.75 * found.best_energy
        assert found.precision > 0.9


@pytest.mark.parametrize("method", ["grad_cam", "saliency", "occlusion"])
def test_logits_come_from_the_colour_that_counts(planted, pictures, method):
    both = (pictures.colour == torch.tensor([0, 2])).all(dim=1).nonzero().flatten()[:4]
    images = pictures.images[both]
    maps = attribution_maps(planted.backbone, images, 0, method)
    red, blue = pictures.mask_of(0)[both], pictures.mask_of(2)[both]
    heat = maps.clamp_min(0)
    assert ((heat * red).sum((1, 2)) > 2 * (heat * blue).sum((1, 2))).all()


def test_maps_are_aligned_in_images_that_are_not_square(planted):
    pictures = draw_pictures(8, generator=torch.Generator().manual_seed(3), height=48, width=96)
    red = int(planted.W.reshape(3, 3, 2).norm(dim=2)[:, 0].argmax())
    holds = pictures.mask_of(0).any(dim=(1, 2))
    maps = concept_maps(planted, pictures.images[holds], [red])[:, 0]
    found = measure_maps(
        maps,
        pictures.mask_of(0)[holds],
        grid=(12, 24),
        generator=torch.Generator().manual_seed(0),
    )
    assert maps.shape[1:] == (48, 96)
    assert found.precision > 0.9 and found.energy > 0.75 * found.best_energy


@pytest.mark.parametrize(("height", "width"), [(64, 200), (150, 64), (64, 64)])
def test_maps_of_files_come_in_the_pixels_of_the_pictures(planted, height, width, tmp_path):
    """The picture's shorter side is the network's, so that bars stay as they were drawn."""
    top, left = (height - 24) // 2 + 9, (width - 24) // 2 - 15
    inside = (slice(top, top + 24), slice(left, left + 24))
    pixels = np.full((height, width, 3), 128, dtype=np.uint8)
    pixels[inside[0], inside[1], 0] = ((np.arange(24) // 2) % 2 * 255)[:, None]
    Image.fromarray(pixels).save(tmp_path / "bars.png")
    red = int(planted.W.reshape(3, 3, 2).norm(dim=2)[:, 0].argmax())
    files = [tmp_path / "bars.png"]
    transform = planted.backbone.transform
    (found,) = maps_in_pictures(concept_maps(planted, files, [red]), files, transform)
    assert found.shape == (1, height, width)
    assert found[0][inside].sum() > 0.7 * found.sum() > 0
    left_px, top_px, right, bottom = transform.seen_box(height, width)
    seen = found[:, top_px:bottom, left_px:right]
    torch.testing.assert_close(seen, concept_maps(planted, files, [red])[0])
    assert found.count_nonzero() == seen.count_nonzero()


def test_what_the_network_does_not_see_may_be_marked(planted, tmp_path):
    Image.new("RGB", (100, 60), "white").save(tmp_path / "a.png")
    files = [tmp_path / "a.png"]
    maps = attribution_maps(planted.backbone, files, 0)
    (found,) = maps_in_pictures(maps, files, planted.backbone.transform, outside=float("nan"))
    assert found.shape == (60, 100)
    assert found.isnan()[:, :19].all() and not found.isnan()[:, 21:79].any()


def test_maps_must_be_those_of_the_files(planted):
    message = r"maps must have shape \(n=0, \.\.\., 64, 64\); got \(1, 8"
    with pytest.raises(ShapeError, match=message):
        maps_in_pictures(torch.zeros(1, 8, 8), [], planted.backbone.transform)


@pytest.mark.parametrize(
    ("class_id", "method"), [(2, "saliency"), (2, "grad_cam"), (-1, "occlusion")]
)
def test_class_out_of_range_is_named(planted, pictures, class_id, method):
    with pytest.raises(ClassError, match=rf"class_id must be in \[0, 2\); got {class_id}"):
        attribution_maps(planted.backbone, pictures.images[:1], class_id, method)


def test_methods_that_draw_need_a_generator(planted, pictures):
    with pytest.raises(CraftError, match=r"generator must be given for the method 'rise'; got Non"):
        concept_maps(planted, pictures.images[:1], method="rise")


def test_methods_that_do_not_sample_take_no_number(planted, pictures):
    with pytest.raises(CraftError, match=r"n_samples must be None for .*'grad_cam'; got 5"):
        concept_maps(planted, pictures.images[:1], n_samples=5)


def test_logits_have_no_value_at_a_position(planted, pictures):
    with pytest.raises(CraftError, match=r"method must not be 'positional' for logits"):
        attribution_maps(planted.backbone, pictures.images[:1], 0, "positional")


@pytest.mark.parametrize("method", ["saliency", "grad_cam", "occlusion", "rise"])
def test_batch_that_does_not_fit_the_memory_is_halved(planted, pictures, method):
    """The device has room for three images' activations."""
    images, options = pictures.images[:5], {}
    if method == "rise":
        options = {"generator": torch.Generator().manual_seed(0), "n_samples": 8}
    expected = concept_maps(planted, images, [0], method, **options)
    if method == "rise":
        options["generator"].manual_seed(0)

    def refuse(_module, inputs):
        if len(inputs[0]) > 3:
            raise torch.OutOfMemoryError("tried to allocate 7 GiB.")

    handle = planted.backbone.module.register_forward_pre_hook(refuse)
    try:
        with pytest.warns(MemoryWarning, match="does not fit the device's memory"):
            found = concept_maps(planted, images, [0], method, **options)
    finally:
        handle.remove()
    torch.testing.assert_close(found, expected)


def test_no_images_have_no_maps(planted):
    assert concept_maps(planted, torch.zeros(0, 3, 64, 64)).shape == (0, 3, 64, 64)


def test_concept_out_of_range_is_named(bank, colour_images):
    with pytest.raises(CraftError, match=r"concepts must be in \[0, 2\); got \[0, 5\]"):
        concept_maps(bank, colour_images[:1], [0, 5])


def test_unknown_method_is_named(bank, colour_images):
    with pytest.raises(CraftError, match=r"method must be one of \['saliency', .*; got 'x-ray'"):
        concept_maps(bank, colour_images[:1], method="x-ray")


def test_layer_without_positions_is_refused(bank, colour_images):
    object.__setattr__(bank, "backbone", bank.backbone.at("flatten"))
    with pytest.raises(BackboneError, match=r"layer must have positions for maps; got 'flatten'"):
        concept_maps(bank, colour_images[:1])
