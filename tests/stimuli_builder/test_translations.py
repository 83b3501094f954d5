from dataclasses import replace

import pytest

from stimuli_builder.bundle import read_bundle
from stimuli_builder.translations import in_language, placeholders_of, texts_of, translated


@pytest.fixture(scope="module")
def study(recursivity_path):
    return read_bundle(recursivity_path).manifest


def test_all_that_participants_read_is_a_text(study):
    texts = texts_of(study)
    expected = {
        study.title,
        study.texts.consent[0],
        study.texts.ethics,
        study.recruitment.pay,
        "Husky",
        "Are you 18 or older?",
        "Yes, I do",
        "Which picture do you look for?",
        "The one I like best",
        "Find the picture that does not belong to the others.",
    }
    assert expected <= texts and "" not in texts


def test_titles_of_explanations_and_practice_classes_are_texts(bundle_path):
    assert {"Concept 1", "Circle"} <= texts_of(read_bundle(bundle_path).manifest)


def test_texts_are_translated_where_there_is_a_translation(study):
    french = replace(study, translations={"fr": {"Husky": "Husky de Sibérie"}})
    assert translated(french, "Husky", "fr") == "Husky de Sibérie"
    assert translated(french, "Yes, I do", "fr") == "Yes, I do"
    assert translated(french, "Husky", "en") == "Husky"


def test_placeholders_are_found_in_every_language(study):
    assert placeholders_of(study) == []
    texts = replace(study.texts, contact="Write to [[address]] or [[name]].")
    changed = replace(study, texts=texts, translations={"fr": {"Husky": "[[à traduire]]"}})
    assert placeholders_of(changed) == ["[[address]]", "[[name]]", "[[à traduire]]"]


def test_study_in_another_language_differs_in_texts_alone(study):
    french = {text: f"{text} (fr)" for text in texts_of(study)}
    shown = in_language(replace(study, translations={"fr": french}), "fr")
    assert texts_of(shown) == set(french.values())
    assert shown.language == "fr"
    for name, trial in study.training_trials.items():
        other = shown.training_trials[name]
        assert (other.image, other.prediction) == (trial.image, f"{trial.prediction} (fr)")
    back = {translation: text for text, translation in french.items()}
    again = in_language(replace(shown, translations={"en": back}), "en")
    assert again == replace(study, translations={"en": back})


def test_study_in_its_own_language_is_itself(study):
    assert in_language(study, study.language) is study
