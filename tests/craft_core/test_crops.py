import pytest
import torch
from PIL import Image

from craft_core.crops import Crops, crop_batches, image_sizes, place_crops
from craft_core.errors import CraftError
from craft_core.transforms import Transform


def place(sizes, *, crop_size=10, per_image=7, strategy="random", seed=0):
    return place_crops(
        sizes,
        crop_size=crop_size,
        input_size=32,
        per_image=per_image,
        strategy=strategy,
        generator=torch.Generator().manual_seed(seed),
    )


def test_boxes_lie_inside_their_images():
    crops = place([(32, 32), (64, 100), (5, 9)])
    for index, (height, width) in enumerate([(32, 32), (64, 100), (5, 9)]):
        left, top, right, bottom = crops.boxes[crops.image == index].unbind(dim=1)
        assert (left >= 0).all() and (top >= 0).all()
        assert (right <= width).all() and (bottom <= height).all()


def test_box_grows_with_the_image():
    crops = place([(32, 32), (64, 100)])
    sides = crops.boxes[:, 2] - crops.boxes[:, 0]
    assert set(sides[:7].tolist()) == {10} and set(sides[7:].tolist()) == {20}


def test_random_boxes_reach_every_edge():
    boxes = place([(32, 32)], per_image=2000).boxes
    assert boxes[:, :2].amin(dim=0).tolist() == [0, 0]
    assert boxes[:, 2:].amax(dim=0).tolist() == [32, 32]


@pytest.mark.parametrize("size", [(32, 32), (33, 50), (10, 10)])
def test_grid_covers_every_pixel(size):
    crops = place([size], strategy="grid")
    covered = torch.zeros(size, dtype=torch.bool)
    for left, top, right, bottom in crops.boxes.tolist():
        covered[top:bottom, left:right] = True
    assert covered.all()


def test_crop_is_the_boxes_content(tmp_path):
    picture = torch.zeros(3, 32, 32, dtype=torch.uint8)
    picture[0, 4:14, 20:30] = 255
    Image.fromarray(picture.permute(1, 2, 0).numpy()).save(tmp_path / "a.png")
    crops = place([(32, 32)], per_image=1)
    crops.boxes[0] = torch.tensor([20, 4, 30, 14])
    transform = Transform(size_px=16, mean=(0, 0, 0), std=(1, 1, 1))
    (batch,) = crop_batches([tmp_path / "a.png"], crops, transform)
    assert batch.shape == (1, 3, 16, 16)
    assert (batch[0, 0] == 1).all() and (batch[0, 1:] == 0).all()


def test_files_and_tensors_give_the_same_crops(tmp_path):
    picture = torch.randint(256, (3, 32, 32), generator=torch.Generator().manual_seed(0)).byte()
    Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy()).save(tmp_path / "a.png")
    crops, transform = place([(32, 32)]), Transform(size_px=32)
    (from_file,) = crop_batches([tmp_path / "a.png"], crops, transform)
    (from_tensor,) = crop_batches(transform.normalise(picture)[None], crops, transform)
    torch.testing.assert_close(from_file, from_tensor, rtol=0, atol=0.02)  # rounding to bytes


def test_batches_have_the_asked_size(colour_images):
    crops = place(image_sizes(colour_images), per_image=3)
    sizes = [
        len(batch) for batch in crop_batches(colour_images, crops, Transform(size_px=8), size=32)
    ]
    assert sizes == [32, 32, 8]


def test_same_seed_same_boxes():
    assert torch.equal(place([(32, 40)], seed=4).boxes, place([(32, 40)], seed=4).boxes)


def test_size_must_be_at_least_one_pixel():
    with pytest.raises(CraftError, match=r"crop_size must be at least 1; got 0"):
        place([(32, 32)], crop_size=0)


def test_random_crops_take_each_size_in_turn():
    crops = place([(32, 32)], crop_size=[8, 16], per_image=5)
    sides = (crops.boxes[:, 2] - crops.boxes[:, 0]).tolist()
    assert sorted(sides) == [8, 8, 8, 16, 16]


def test_grid_is_laid_for_each_size():
    crops = place([(32, 32)], crop_size=[16, 32], strategy="grid")
    assert len(crops) == 5


def test_order_and_content_do_not_depend_on_the_batch(tmp_path):
    generator = torch.Generator().manual_seed(0)
    files = []
    for index, (height, width) in enumerate([(32, 40), (50, 32), (32, 32)]):
        picture = torch.randint(256, (height, width, 3), generator=generator).byte()
        files.append(tmp_path / f"{index}.png")
        Image.fromarray(picture.numpy()).save(files[-1])
    crops = place(image_sizes(files), crop_size=[8, 20], per_image=5)
    transform = Transform(size_px=16)
    whole = torch.cat(list(crop_batches(files, crops, transform, size=100)))
    parts = torch.cat(list(crop_batches(files, crops, transform, size=4)))
    torch.testing.assert_close(parts, whole, rtol=0, atol=0)
    alone = [
        next(
            crop_batches(
                [files[int(image)]], Crops(image=torch.tensor([0]), boxes=box[None]), transform
            )
        )
        for image, box in zip(crops.image, crops.boxes, strict=True)
    ]
    torch.testing.assert_close(torch.cat(alone), whole)


def test_pictures_that_are_turned_are_measured_upright(tmp_path):
    picture = Image.new("RGB", (40, 20))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif)
    assert image_sizes([tmp_path / "turned.jpg"]) == [(40, 20)]


def test_unknown_strategy_is_named():
    with pytest.raises(CraftError, match=r"strategy must be one of .*; got 'spiral'"):
        place([(32, 32)], strategy="spiral")
