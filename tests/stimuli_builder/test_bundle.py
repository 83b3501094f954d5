import hashlib
import json
import shutil
from dataclasses import replace

import pytest

from stimuli_builder.bundle import (
    bundle_in_writing,
    check_bundle_folder,
    media_name,
    media_of,
    read_bundle,
    sessions_of,
    write_bundle,
)
from stimuli_builder.errors import BundleError, FormatError


@pytest.fixture
def copy(bundle_path, tmp_path):
    return shutil.copytree(bundle_path, tmp_path / "copy")


def rewrite(file, **changes):
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


@pytest.mark.parametrize("place", ["file", "file/bundle"])
def test_folder_in_a_file_is_refused_before_anything_is_built(tmp_path, place):
    (tmp_path / "file").touch()
    with pytest.raises(BundleError, match=r"must be in one that can be written to; got .*/file"):
        check_bundle_folder(tmp_path / place)


def test_what_is_written_is_read(bundle_path, tmp_path):
    bundle = read_bundle(bundle_path)
    media = {name: bundle.media_path(name).read_bytes() for name in bundle.manifest.media}
    again = write_bundle(
        tmp_path / "again",
        bundle.manifest,
        trials=bundle.answers.trials,
        quiz=bundle.answers.quiz,
        media=media,
        sources=bundle.answers.sources,
    )
    for name in ("manifest.json", "answers.json"):
        assert (again.path / name).read_bytes() == (bundle_path / name).read_bytes()
    assert again.manifest == bundle.manifest and again.answers == bundle.answers


def test_manifest_holds_no_answer_of_a_test(bundle_path):
    manifest = json.loads((bundle_path / "manifest.json").read_text())
    assert manifest["test_trials"]
    assert all(set(test) == {"image", "options"} for test in manifest["test_trials"].values())


def test_sessions_come_with_the_practice_first(bundle_path):
    places = [(name, number) for name, number, _ in sessions_of(read_bundle(bundle_path).manifest)]
    assert places[0] == ("practice", 0) and len(places) == 7


def test_media_of_a_trial_are_its_pictures(bundle_path):
    trial = next(iter(read_bundle(bundle_path).manifest.training_trials.values()))
    names = list(media_of(trial))
    assert names[0] == trial.image and len(names) > 1


def test_media_of_a_trial_with_options_are_its_image_and_theirs(recursivity_path):
    study = read_bundle(recursivity_path).manifest
    trial = study.test_trials[study.lists[0].sessions[-1].test[0]]
    assert list(media_of(trial))[0] == trial.image
    assert len(list(media_of(trial))) == 1 + 3 + 3


def test_name_is_the_hash():
    assert media_name(b"", "png") == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.png"
    )


def test_unlisted_media_are_not_found(bundle_path):
    with pytest.raises(
        BundleError, match=r"must be one that the manifest lists; got '../answers.json'"
    ):
        read_bundle(bundle_path).media_path("../answers.json")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(BundleError, match=r"must hold manifest.json; got no such file"):
        read_bundle(tmp_path)


@pytest.mark.parametrize(("version", "step"), [(0, "Rebuild it with"), (3, "Update this package.")])
def test_another_schema_version_is_refused(version, step, copy):
    rewrite(copy / "manifest.json", schema_version=version)
    message = rf"must have schema_version 2; got {version}. {step}"
    with pytest.raises(BundleError, match=message):
        read_bundle(copy)


def test_answers_of_another_bundle_are_refused(copy):
    rewrite(copy / "manifest.json", title="Another")
    with pytest.raises(BundleError, match=r"answers.json of bundle copy must belong to a manifest"):
        read_bundle(copy)


def test_broken_json_is_named(copy):
    (copy / "answers.json").write_text('{"schema_version": 1,')
    with pytest.raises(BundleError, match=r"answers.json of bundle copy must be JSON; got"):
        read_bundle(copy)


def test_media_name_that_could_lead_elsewhere_is_refused(copy):
    media = {"../../secret.png": {"bytes": 1, "width_px": 1, "height_px": 1, "renditions": []}}
    rewrite(copy / "manifest.json", media=media)
    sha256 = hashlib.sha256((copy / "manifest.json").read_bytes()).hexdigest()
    rewrite(copy / "answers.json", manifest_sha256=sha256)
    with pytest.raises(BundleError, match=r"must be a SHA-256 with an extension; got '\.\./\.\./"):
        read_bundle(copy)


def test_unknown_field_is_named(copy):
    rewrite(copy / "manifest.json", colour="blue")
    with pytest.raises(
        FormatError, match=r"manifest.json must have the fields .* got \['colour'\]"
    ):
        read_bundle(copy)


def test_a_folder_of_something_else_is_kept(bundle_path, tmp_path):
    (tmp_path / "thesis.tex").touch()
    bundle = read_bundle(bundle_path)
    with pytest.raises(BundleError, match=r"must be new, empty or a bundle; got"):
        write_bundle(tmp_path, bundle.manifest, trials={}, quiz={}, media={}, sources={})
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]


def test_media_must_be_those_listed(bundle_path, tmp_path):
    bundle = read_bundle(bundle_path)
    with pytest.raises(BundleError, match=r"manifest.media must list the media written"):
        write_bundle(tmp_path / "new", bundle.manifest, trials={}, quiz={}, media={}, sources={})
    assert not (tmp_path / "new").exists()


def test_published_schema_is_that_of_the_classes():
    """The JSON Schemas beside the code, and what pydantic derives from the dataclasses."""
    from pathlib import Path

    from pydantic import TypeAdapter

    from stimuli_builder.bundle import Answers, Manifest

    for record, name in ((Manifest, "manifest"), (Answers, "answers")):
        published = json.loads(Path(f"stimuli_builder/schemas/{name}.schema.json").read_text())
        assert published == TypeAdapter(record).json_schema()


@pytest.mark.parametrize("which", ["bundle_path", "recursivity_path"])
def test_small_bundles_fit_the_published_schema(which, request):
    from pathlib import Path

    import jsonschema

    folder = request.getfixturevalue(which)
    for name in ("manifest", "answers"):
        schema = json.loads(Path(f"stimuli_builder/schemas/{name}.schema.json").read_text())
        jsonschema.validate(json.loads((folder / f"{name}.json").read_text()), schema)


def test_a_study_that_cannot_be_run_leaves_the_bundle_that_was_there(bundle_path, copy):
    bundle = read_bundle(bundle_path)
    with pytest.raises(BundleError, match=r"language must be a tag such as 'en'; got 'English'"):
        write_bundle(
            copy,
            replace(bundle.manifest, language="English"),
            trials=bundle.answers.trials,
            quiz=bundle.answers.quiz,
            media={n: bundle.media_path(n).read_bytes() for n in bundle.manifest.media},
            sources=bundle.answers.sources,
        )
    assert read_bundle(copy).manifest == bundle.manifest
    assert [each.name for each in copy.parent.iterdir()] == ["copy"]


def test_what_does_not_pass_a_check_is_not_put_in_its_place(bundle_path, copy):
    bundle = read_bundle(bundle_path)
    writing = bundle_in_writing(
        copy,
        replace(bundle.manifest, title="Another"),
        trials=bundle.answers.trials,
        quiz=bundle.answers.quiz,
        media={n: bundle.media_path(n).read_bytes() for n in bundle.manifest.media},
        sources=bundle.answers.sources,
    )

    def check():
        with writing as unfinished:
            assert unfinished.manifest.title == "Another" and unfinished.path != copy
            raise BundleError("as the audit found")

    with pytest.raises(BundleError, match=r"as the audit found"):
        check()
    assert read_bundle(copy).manifest == bundle.manifest
