"""Translations beside the configurations: read, chosen for a study, and whole as shipped."""

from dataclasses import replace
from pathlib import Path

import pytest

from stimuli_builder.audit import audit_bundle
from stimuli_builder.bundle import read_bundle, texts_of
from stimuli_builder.config import read_config
from stimuli_builder.errors import ConfigError
from stimuli_builder.translation_files import read_translations, with_translations
from stimuli_builder.translations import LANGUAGE

CONFIGS = Path(__file__).parents[2] / "configs"
SHIPPED = [file.name for file in CONFIGS.glob("*_study.toml")]


@pytest.fixture
def bundle(bundle_path):
    return read_bundle(bundle_path)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_studies_are_whole_in_every_language(name):
    config = read_config(CONFIGS / name)
    texts = config.texts
    read = {config.title, texts.contact, *texts.consent, *texts.instructions, *texts.debriefing}
    read |= {*config.practice.introduction, *texts.data_notice}
    for item in config.quiz.items:
        read |= {item.question, *item.choices}
    assert config.languages == ("fr",)
    for language, words in config.shared_translations.items():
        assert LANGUAGE.fullmatch(language)
        assert read - {""} - set(words) == set()


def test_a_study_takes_its_own_texts_and_its_own_words_go_before(bundle):
    study = replace(bundle.manifest, translations={"fr": {"Wolf": "Loup gris"}})
    shared = {text: f"{text} (fr)" for text in texts_of(study)} | {"Fox": "Renard"}
    changed = with_translations(study, {"fr": shared})
    assert set(changed.translations["fr"]) == texts_of(study)
    assert changed.translations["fr"]["Wolf"] == "Loup gris"
    assert changed.translations["fr"]["Husky"] == "Husky (fr)"
    assert audit_bundle(replace(bundle, manifest=changed)) == []


def test_check_names_what_a_language_lacks(bundle):
    shared = {text: f"{text} (fr)" for text in texts_of(bundle.manifest) - {"Wolf"}}
    changed = with_translations(bundle.manifest, {"fr": shared})
    problems = audit_bundle(replace(bundle, manifest=changed))
    assert problems == ["text must be translated to fr; got none of 'Wolf'."]


def test_unknown_language_is_named_with_the_nearest(tmp_path):
    text = (CONFIGS / "husky_wolf_study.toml").read_text().replace('["fr"]', '["fra"]')
    (tmp_path / "study.toml").write_text(text)
    (tmp_path / "languages").mkdir()
    for known in ("de", "fr"):
        (tmp_path / "languages" / f"{known}.toml").write_text("[texts]\n")
    message = r"which has \['de', 'fr'\]; got 'fra'\. The nearest is 'fr'\."
    with pytest.raises(ConfigError, match=message):
        read_config(tmp_path / "study.toml")


def test_shared_translations_are_no_key_of_a_file(tmp_path):
    text = (CONFIGS / "husky_wolf_study.toml").read_text().replace('languages = ["fr"]', "")
    (tmp_path / "study.toml").write_text(text + "\n[shared_translations.fr]\na = 'b'\n")
    with pytest.raises(ConfigError, match="shared_translations in .* must be left to languages"):
        read_config(tmp_path / "study.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[texts", r"translations .*fr\.toml must be TOML; got"),
        ("[text]\n", r"must have one table, \[texts\]; got \['text'\]"),
        ("[texts]\na = 1\n", r"translation of 'a' in .*fr\.toml must be a text"),
    ],
)
def test_file_that_is_no_translation_is_refused(tmp_path, text, message):
    (tmp_path / "languages").mkdir()
    (tmp_path / "languages" / "fr.toml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_translations(tmp_path, "fr")


def test_translations_in_another_encoding_are_refused(tmp_path):
    (tmp_path / "languages").mkdir()
    file = tmp_path / "languages" / "de.toml"
    file.write_bytes('[texts]\n"Fox" = "Füchse"\n'.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"de\.toml must be text in UTF-8; got 'utf-8' codec"):
        read_translations(tmp_path, "de")
