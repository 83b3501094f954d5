import contextlib
import hashlib
import io
import json
import stat
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from study_app import unpacking
from study_app.errors import BadPayloadError
from study_app.unpacking import unpack_bundle


def files_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def archive_of(files, *, prefix=""):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(f"{prefix}{name}", content)
    stream.seek(0)
    return stream


@pytest.fixture
def files(bundle):
    return files_of(bundle.path)


@pytest.mark.parametrize("prefix", ["", "bundle/"])
def test_bundle_is_kept_as_it_was_sent_and_once(files, bundle, tmp_path, prefix):
    for _ in range(2):
        kept = unpack_bundle(archive_of(files, prefix=prefix), tmp_path)
    assert kept.path.name == f"small-{bundle.manifest_sha256[:12]}"
    assert files_of(kept.path) == files
    assert [path.name for path in tmp_path.iterdir()] == [kept.path.name]


def refused(archive, folder, message):
    with pytest.raises(BadPayloadError, match=message):
        unpack_bundle(archive, folder)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "../evil.json",
        "/etc/cron.d/evil",
        "media/../../evil.png",
        "media\\..\\evil.png",
        "C:/evil.png",
        "extra.txt",
        "media/short.png",
        f"media/{'a' * 64}.svg",
        f"media/{'a' * 64}.png/x",
        "MANIFEST.JSON",
    ],
)
def test_name_that_no_bundle_has_is_refused(files, tmp_path, name):
    folder = tmp_path / "uploads"
    refused(archive_of(files | {name: b"x"}), folder, "file of a bundle must be manifest.json")
    assert [path.name for path in tmp_path.iterdir()] == ["uploads"]


def test_link_is_refused(files, tmp_path):
    stream = archive_of(files)
    with zipfile.ZipFile(stream, "a") as packed:
        link = zipfile.ZipInfo(f"media/{'a' * 64}.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
    refused(stream, tmp_path, "must be no link")


def test_same_name_twice_is_refused(files, tmp_path):
    stream = archive_of(files)
    with zipfile.ZipFile(stream, "a") as packed, pytest.warns(UserWarning, match="Duplicate"):
        packed.writestr("manifest.json", files["manifest.json"])
    refused(stream, tmp_path, "must have different names")


def test_file_that_swells_up_is_stopped(files, tmp_path, monkeypatch):
    bomb = archive_of(files | {f"media/{'a' * 64}.png": bytes(11 * 2**20)})
    assert len(bomb.getvalue()) < 2**20
    refused(bomb, tmp_path, "must have at most 10485760 bytes; got more")
    monkeypatch.setattr(unpacking, "MAX_UNPACKED_BYTES", 1000)
    refused(archive_of(files), tmp_path, "must have at most")


def test_too_many_files_are_refused(files, tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "MAX_MEMBERS", 3)
    refused(archive_of(files), tmp_path, "bundle must have at most 3 files; got")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + b"x" * 50])
def test_what_is_no_archive_is_refused(tmp_path, content):
    refused(io.BytesIO(content), tmp_path, "bundle must be a ZIP file")


def test_archive_that_is_damaged_is_refused(files, tmp_path):
    content = bytearray(archive_of(files).getvalue())
    content[60:90] = bytes(30)
    refused(io.BytesIO(bytes(content)), tmp_path, "bundle must be|file of a bundle must be")


def test_name_that_is_no_text_is_refused(tmp_path):
    stream = archive_of({"manifest\u00e9.json": b"{}"})
    broken = stream.getvalue().replace("\u00e9".encode(), b"\xff\xfe")
    refused(io.BytesIO(broken), tmp_path, "bundle must be a ZIP file; got 'utf-8' codec")


def test_name_of_no_letters_is_refused(tmp_path):
    content = bytearray(archive_of({"abcd": b"{}"}).getvalue())
    entry = content.index(b"PK\x01\x02")
    content[entry + 28 : entry + 32] = b"\0\0\4\0"  # of the name's bytes none, of others four
    content[entry + 46 : entry + 50] = b"ab\0\0"
    refused(io.BytesIO(bytes(content)), tmp_path, "bundle must be a ZIP file; got string index")


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_other_ways_of_packing_are_refused(tmp_path, method):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as packed:
        packed.writestr("manifest.json", b"{}" * 5000)
    content = bytearray(stream.getvalue())
    content[48:60] = b"\xff" * 12
    message = f"must be stored or deflated; got 'manifest.json' by method {method}"
    refused(io.BytesIO(bytes(content)), tmp_path, message)


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_archive_with_any_bytes_changed_is_taken_or_refused(files, tmp_path, data):
    content = bytearray(archive_of(files).getvalue())
    ends = st.integers(len(content) - 6000, len(content) - 1)  # names, places and sizes
    places = data.draw(st.lists(st.integers(0, 4000) | ends, min_size=1, max_size=8))
    for place in places:
        content[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BadPayloadError):
        unpack_bundle(io.BytesIO(bytes(content)), tmp_path)


def changed(files, name, content):
    return archive_of(files | {name: content})


def named(files, study):
    """Pack a bundle whose two files belong together, under another study's name."""
    manifest = json.dumps(json.loads(files["manifest.json"]) | {"study": study}).encode()
    digest = hashlib.sha256(manifest).hexdigest()
    answers = json.loads(files["answers.json"]) | {"manifest_sha256": digest}
    both = {"manifest.json": manifest, "answers.json": json.dumps(answers).encode()}
    return archive_of(files | both)


@pytest.mark.parametrize("name", ["../evil", "{folder}/pwned", "a\0b", "y" * 300, "", "."])
def test_study_whose_name_leads_elsewhere_is_refused(files, tmp_path, name):
    folder = tmp_path / "uploads"
    study = name.replace("{folder}", str(tmp_path))
    refused(named(files, study), folder, "study must be small letters, digits, - and _")
    assert [path.name for path in tmp_path.iterdir()] == ["uploads"]


def test_study_that_cannot_be_run_is_refused(files, tmp_path):
    refused(changed(files, "manifest.json", b"{"), tmp_path, "manifest.json")
    deep = b"[" * 100_000
    refused(changed(files, "manifest.json", deep), tmp_path, ".")
    rules = json.loads(files["manifest.json"])["rules"] | {"max_fast_share": int("9" * 400)}
    large = json.loads(files["manifest.json"]) | {"rules": rules}
    refused(changed(files, "manifest.json", json.dumps(large)), tmp_path, "be a finite number")
    unknown = json.loads(files["manifest.json"]) | {"stages": []}
    refused(changed(files, "manifest.json", json.dumps(unknown)), tmp_path, "stages|manifest")


def test_picture_must_be_what_it_is_called(files, tmp_path):
    pictures = [name for name in files if name.startswith("media/")]
    refused(changed(files, pictures[0], b"no picture"), tmp_path, "must")
    refused(changed(files, pictures[0], files[pictures[1]]), tmp_path, "must")
    left_out = {name: content for name, content in files.items() if name != pictures[0]}
    refused(archive_of(left_out), tmp_path, "must")
    more = files | {f"media/{'a' * 64}.png": files[pictures[0]]}
    refused(archive_of(more), tmp_path, "media must be those that the manifest lists")
