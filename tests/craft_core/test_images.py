import pytest
import torch
from PIL import Image

from craft_core.backbones import load_backbone
from craft_core.errors import ImageError, SkippedImageWarning
from craft_core.images import batches, list_images, predict, read_picture, readable
from craft_core.transforms import Transform


def paint(file, size=(40, 30), color=(200, 10, 10)):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(file)


def test_folders_are_classes(tmp_path):
    for name in ("wolf/b.png", "wolf/a.jpg", "husky/c.png", "masks/d.png", "husky/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [(record.label, record.file) for record in list_images(tmp_path)]
    assert found == [("husky", "husky/c.png"), ("wolf", "wolf/a.jpg"), ("wolf", "wolf/b.png")]


def test_table_of_a_spreadsheet_is_read(tmp_path):
    """With a byte order mark, as Excel writes it."""
    table = "file,label,split\r\nw/ä.png,wolf,\r\n"
    (tmp_path / "images.csv").write_bytes(table.encode("utf-8-sig"))
    (record,) = list_images(tmp_path)
    assert (record.file, record.label, record.split) == ("w/ä.png", "wolf", "")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            "file,label,split\na.png,w,train\n",
            r"split of a.png .* \['fit', 'study', ''\]; got 'train'",
        ),
        ("file,label,tie\na.png,w,no\n", r"tie of a.png .* \['kept', 'broken', ''\]; got 'no'"),
        ("file,label\na.png\n", r"file and label in .* must be given; got 'a.png' and None"),
        ("file,label\nä.png,w\n", r"images.csv must be text in UTF-8; got 'utf-8' codec"),
    ],
)
def test_wrong_value_in_a_table_is_named(tmp_path, table, message):
    (tmp_path / "images.csv").write_bytes(table.encode("latin-1"))
    with pytest.raises(ImageError, match=message):
        list_images(tmp_path)


def test_table_names_splits_and_ties(tmp_path):
    (tmp_path / "images.csv").write_text("file,label,split,tie\nw/1.png,wolf,study,broken\n")
    (record,) = list_images(tmp_path)
    assert (record.file, record.label, record.split, record.tie) == (
        "w/1.png",
        "wolf",
        "study",
        "broken",
    )


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(ImageError, match=r"image folder must exist; got .*nowhere"):
        list_images(tmp_path / "nowhere")


def test_folder_without_images_is_named(tmp_path):
    with pytest.raises(ImageError, match=r"must hold one folder of pictures a class; got \[\]"):
        list_images(tmp_path)


def test_missing_class_is_named(tmp_path):
    paint(tmp_path / "wolf/a.png")
    with pytest.raises(ImageError, match=r"must hold \['husky', 'wolf'\]; got \['wolf'\]"):
        list_images(tmp_path, ["husky", "wolf"])


def test_table_without_its_columns_is_named(tmp_path):
    (tmp_path / "images.csv").write_text("path,label\na,b\n")
    with pytest.raises(ImageError, match=r"must have the columns .*got \['path', 'label'\]"):
        list_images(tmp_path)


def test_pictures_are_upright_rgb(tmp_path):
    picture = Image.new("L", (40, 30), 100)
    exif = picture.getexif()
    exif[274] = 6  # turned by 90 degrees
    picture.save(tmp_path / "a.jpg", exif=exif)
    assert read_picture(tmp_path / "a.jpg").shape == (3, 40, 30)


def test_unreadable_picture_is_skipped_with_a_warning(tmp_path):
    paint(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes((tmp_path / "good.png").read_bytes()[:60])
    (tmp_path / "text.jpg").write_text("no picture")
    files = [tmp_path / name for name in ("bad.png", "good.png", "text.jpg")]
    with pytest.warns(SkippedImageWarning) as warned:
        assert readable(files) == [tmp_path / "good.png"]
    assert [name in str(w.message) for name, w in zip(("bad.png", "text.jpg"), warned, strict=True)]


def test_batches_of_files_are_those_of_their_tensors(tmp_path):
    for index in range(5):
        paint(tmp_path / f"{index}.png", color=(50 * index, 0, 0))
    files = sorted(tmp_path.glob("*.png"))
    found = list(batches(files, Transform(size_px=16), size=2))
    assert [len(batch) for batch in found] == [2, 2, 1]
    assert torch.cat(found).shape == (5, 3, 16, 16)


def test_whole_image_is_the_centre_square():
    picture = torch.zeros(3, 20, 40, dtype=torch.uint8)
    picture[:, :, 10:30] = 255
    seen = Transform(size_px=20, mean=(0, 0, 0), std=(1, 1, 1)).whole(picture)
    assert (seen == 1).all()


def test_predictions_do_not_depend_on_batches(colour_net, colour_images):
    backbone = load_backbone(colour_net, device="cpu")
    torch.testing.assert_close(predict(backbone, colour_images), backbone.predict(colour_images))


def test_no_images_no_predictions(colour_net):
    assert len(predict(load_backbone(colour_net, device="cpu"), [])) == 0
