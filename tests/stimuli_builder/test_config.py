import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest
from pydantic import BaseModel

from stimuli_builder.config import StudyConfig, editor_schema, read_config
from stimuli_builder.errors import ConfigError
from tests.stimuli_builder.conftest import STUDY


@pytest.mark.parametrize(
    "file",
    [*Path("configs").glob("*_study.toml"), *Path("configs").glob("*_conditions.toml")],
    ids=lambda file: file.stem,
)
def test_shipped_configurations_are_valid(file):
    config = read_config(file)
    assert (config.sessions, config.training.images, config.test.images) == (3, 5, 7)


def test_the_papers_study_has_its_arms_pay_and_criteria():
    config = read_config(Path("configs/husky_wolf_paper_arms.toml"))
    assert config.conditions == ("baseline", "ace", "craft_concepts", "craft")
    assert config.recruitment.pay == "$1.40" and config.recruitment.quota % config.lists == 0
    assert config.recruitment.criteria == ("5,000 tasks completed", "over 98 % accepted")
    assert config.texts.contact.startswith("[[") and config.languages == ()


def test_defaults_are_those_of_the_paper(study):
    config = read_config(study)
    assert config.conditions == ("baseline", "craft")
    assert (config.training.tie_broken_share, config.test.tie_broken_share) == (0.0, 0.5)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "sessions = 1",
            "sesions = 1",
            r"sesions in .* must be a known key.*nearest is 'sessions'",
        ),
        (
            "crop_px = 48",
            "crops_px = 48",
            r"pictures.crops_px in .* must be a known key.*nearest is 'crop_px'",
        ),
        ("answer = 1", "answer = 2", r"quiz.items.0 in .*answer must be below 2"),
        ("catch_min_correct = 1", "catch_min_correct = 2", r"catch_min_correct must be at most 1"),
        ('study = "small"', 'study = "My Study"', r"study in .*got 'My Study'"),
        ("title =", 'language = "English"\ntitle =', r"language must be a tag .*'English'"),
        ("title =", "translations = { en = {} }\ntitle =", r"must not hold language 'en' itself"),
        (
            "lists = 2",
            'lists = 2\ntask = "recursivity"',
            r"lists of a recursivity study must be 4",
        ),
        (
            "lists = 2",
            'lists = 4\ntask = "recursivity"',
            r"conditions of a recursivity study must be \['baseline'\].*'craft'",
        ),
        (
            "[practice]",
            "[explanation]\nconcepts = 26\n[practice]",
            r"explanation.concepts .*got 26",
        ),
        ("title =", 'conditions = ["craft"]\ntitle =', r"conditions must begin with baseline"),
        ("title =", "titel =", r"titel in .* must be a known key.*nearest is 'title'"),
        ("contact =", "contcat =", r"texts.contcat in .* must be a known.*nearest is 'contact'"),
        ("answer = 1", "answr = 1", r"quiz.items.0.answr in .*nearest is 'answer'"),
        ("title =", "languages = [3]\ntitle =", r"languages in .* must be tags .*; got 3\."),
        (
            "[practice]",
            "[intruder]\n[practice]",
            r"intruder in .* another task; got task 'utility'",
        ),
        (
            "consent = [",
            "consent = []\nethics = [",
            r"texts.consent in .*at least 1 item.*got \[\]",
        ),
    ],
)
def test_wrong_values_are_named(old, new, message, study):
    study.write_text(STUDY.replace(old, new, 1))
    with pytest.raises(ConfigError, match=message):
        read_config(study)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"must be a readable file; got .*none.toml"):
        read_config(tmp_path / "none.toml")


def test_file_in_another_encoding_is_named(tmp_path):
    (tmp_path / "c.toml").write_bytes("# für\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"c\.toml must be text in UTF-8; got 'utf-8' codec"):
        read_config(tmp_path / "c.toml")


def test_broken_toml_is_named(tmp_path):
    (tmp_path / "c.toml").write_text("study = ")
    with pytest.raises(ConfigError, match=r"must be TOML; got"):
        read_config(tmp_path / "c.toml")


CONFIGS = Path("configs")
SCHEMA = Path("stimuli_builder/schemas/study.schema.json")


def test_published_schema_is_the_codes():
    assert json.loads(SCHEMA.read_text()) == editor_schema()


def test_published_schema_knows_every_key_of_the_code():
    published, whole = json.loads(SCHEMA.read_text()), StudyConfig.model_json_schema()
    assert set(published["properties"]) - {"based_on"} == set(whole["properties"])
    for name, section in whole["$defs"].items():
        assert published["$defs"][name]["properties"] == section["properties"]


def test_published_schema_describes_every_key_and_knows_the_conditions():
    schema = json.loads(SCHEMA.read_text())
    for section in (schema, *schema["$defs"].values()):
        names = set(section["properties"]) - {"based_on"}
        assert {n for n in names if not section["properties"][n].get("description")} == set()
    assert {"baseline", "craft", "exemplars"} < set(
        schema["properties"]["conditions"]["items"]["enum"]
    )


def test_base_may_be_a_study_of_the_other_task():
    assert read_config(CONFIGS / "recursivity_study.toml").task == "recursivity"


def test_recursivity_study_has_no_test_of_its_own(tmp_path):
    base = CONFIGS.absolute() / "recursivity_study.toml"
    (tmp_path / "c.toml").write_text(f'based_on = "{base}"\n[test]\nimages = 9\n')
    with pytest.raises(ConfigError, match=r"test in .*c\.toml .*; got task 'recursivity'\."):
        read_config(tmp_path / "c.toml")


@pytest.mark.parametrize(
    "file",
    [file for end in ("study", "conditions", "arms") for file in CONFIGS.glob(f"*_{end}.toml")],
    ids=lambda file: file.stem,
)
def test_published_schema_takes_shipped_configurations(file):
    jsonschema.validate(tomllib.loads(file.read_text()), json.loads(SCHEMA.read_text()))


def test_published_schema_refuses_unknown_keys():
    with pytest.raises(jsonschema.ValidationError, match="'sesions' was unexpected"):
        jsonschema.validate({"sesions": 3}, json.loads(SCHEMA.read_text()))


def test_a_file_gives_what_differs_from_the_one_it_is_based_on(study):
    (study.parent / "second.toml").write_text(
        f'based_on = "{study.name}"\ntitle = "Second"\n[pictures]\ncrop_px = 32\n'
    )
    found = read_config(study.parent / "second.toml")
    assert found.title == "Second" and found.study == "small"
    assert (found.pictures.crop_px, found.pictures.image_px) == (32, 96)


def test_a_file_based_on_itself_is_named(study):
    study.write_text(f'based_on = "{study.name}"\n')
    with pytest.raises(ConfigError, match=r"based_on must not lead back to its own file; got"):
        read_config(study)


def test_languages_are_beside_the_file_that_names_them(study):
    (study.parent / "languages").mkdir()
    (study.parent / "languages" / "fr.toml").write_text('[texts]\n"Second" = "Deuxième"\n')
    study.write_text('languages = ["fr"]\n' + study.read_text())
    elsewhere = study.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "second.toml").write_text(f'based_on = "{study}"\ntitle = "Second"\n')
    assert read_config(elsewhere / "second.toml").shared_translations == {
        "fr": {"Second": "Deuxième"}
    }


def test_guide_names_every_parameter():
    named = set(re.findall(r"`([a-z_.*]+)`", Path("docs/protocol.md").read_text(encoding="utf-8")))
    missing = []
    for key, field in StudyConfig.model_fields.items():
        section = field.annotation
        is_table = isinstance(section, type) and issubclass(section, BaseModel)
        keys = [f"{key}.{name}" for name in section.model_fields] if is_table else [key]
        missing += [] if f"{key}.*" in named else [each for each in keys if each not in named]
    assert missing == ["shared_translations"]
