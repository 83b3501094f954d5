"""The pages in other languages: whole catalogues, the study's texts, and the choice of language."""

import re
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from stimuli_builder.bundle import texts_of
from study_app import translation
from study_app.errors import SetupError
from study_app.extensions import db
from study_app.models import Response
from study_app.translation import FOLDER, catalogue_of, read_catalogue
from study_app.views.statuses import ADVICE, OTHERWISE
from tests.study_app.studies import write_changed
from tests.study_app.walker import Walker

RESEARCHERS = {"admin.html", "admin_login.html", "upload.html"}
PLACE = re.compile(r"%\((\w+)\)s")


def words_of_pages():
    """Return what the templates translate: texts, and those that count."""
    app = Flask("study_app")
    app.jinja_env.add_extension("jinja2.ext.i18n")
    texts, plurals = {*ADVICE.values(), OTHERWISE}, set()
    for name in set(app.jinja_env.list_templates(extensions=["html"])) - RESEARCHERS:
        source = app.jinja_env.loader.get_source(app.jinja_env, name)[0]
        for _, function, message in app.jinja_env.extract_translations(source):
            text = message[0] if isinstance(message, tuple) else message
            if text is not None:  # else it is a variable, as on pages of errors
                (plurals if function == "ngettext" else texts).add(text)
    return texts, plurals


@pytest.fixture(scope="module")
def french_bundle(bundle, tmp_path_factory):
    words = {text: f"{text} (fr)" for text in texts_of(bundle.manifest)}
    manifest = replace(bundle.manifest, translations={"fr": words})
    return write_changed(tmp_path_factory.mktemp("fr") / "bundle", bundle, manifest)


def in_french(bundle):
    """Return the bundle with its answers as the pages' buttons say them."""
    trials = {
        name: replace(trial, answer=f"{trial.answer} (fr)")
        for name, trial in bundle.answers.trials.items()
    }
    return replace(bundle, answers=replace(bundle.answers, trials=trials))


@pytest.mark.parametrize("language", [f.stem for f in FOLDER.glob("*.toml") if f.stem != "en"])
def test_every_language_has_every_text_with_its_places(language):
    words, (texts, plurals) = catalogue_of(language), words_of_pages()
    assert (set(words.texts), set(words.plurals)) == (texts, plurals)
    for text, other in words.texts.items():
        assert sorted(PLACE.findall(text)) == sorted(PLACE.findall(other)), text
    n_forms = 1 + max(words.form_of(n) for n in range(200))
    for text, forms in words.plurals.items():
        assert len(forms) == n_forms, text
        places = [sorted(PLACE.findall(form)) for form in forms]
        assert all(sorted(PLACE.findall(text)) == each for each in places), text


def test_a_region_has_its_languages_words_and_others_have_none():
    assert catalogue_of("fr-CA").texts == catalogue_of("fr").texts
    assert catalogue_of("tlh") is None
    assert [catalogue_of("fr").form_of(n) for n in (0, 1, 2)] == [0, 0, 1]


@pytest.mark.parametrize("text", ["texts = 1", "name = ", 'name = "x"\nplural = "n +"'])
def test_a_file_that_is_no_language_is_named(tmp_path, text):
    (tmp_path / "xx.toml").write_text(text)
    with pytest.raises(SetupError, match=r"language .*xx\.toml must be a table with a name; got"):
        read_catalogue(tmp_path / "xx.toml")


def test_study_of_one_language_offers_no_choice(client):
    page = BeautifulSoup(client.get("/?lang=fr").text, "html.parser")
    assert page.html["lang"] == "en"
    assert page.select_one(".study-languages") is None


def test_link_chooses_the_language_and_the_cookie_keeps_it(apart, french_bundle):
    client = apart(french_bundle).test_client()
    first = BeautifulSoup(client.get("/").text, "html.parser")
    links = {each["hreflang"]: each["href"] for each in first.select(".study-languages a")}
    assert (first.html["lang"], links) == ("en", {"en": "?lang=en", "fr": "?lang=fr"})
    for address in ("/?lang=fr", "/", "/?lang=xx", "/withdraw"):
        page = BeautifulSoup(client.get(address).text, "html.parser")
        assert page.html["lang"] == "fr", address
    assert page.h1.text == "Se retirer de l’étude"
    assert BeautifulSoup(client.get("/?lang=en").text, "html.parser").html["lang"] == "en"


def test_study_is_read_in_french_and_stored_as_it_is(apart, french_bundle):
    app = apart(french_bundle)
    client = app.test_client()
    client.get("/?lang=fr")
    walker = Walker(client, in_french(french_bundle)).walk_to("debriefing")
    pages = [each for each in walker.received if each.mimetype == "text/html" and each.text]
    read = [BeautifulSoup(each.text, "html.parser") for each in pages if each.status_code == 200]
    assert {each.html["lang"] for each in read} == {"fr"}
    shown = " ".join(each.text for each in read)
    assert "Husky (fr)" in shown
    assert "Que va répondre le modèle" in shown
    assert "What will the model answer" not in shown
    with app.app_context():
        rows = db.session.scalars(select(Response).where(Response.session > 0)).all()
    assert {row.choice for row in rows} == {"Husky", "Wolf"}
    assert all(row.is_correct for row in rows)


def test_error_is_told_in_the_readers_language(apart, french_bundle):
    client = apart(french_bundle).test_client()
    client.get("/?lang=fr")
    page = BeautifulSoup(client.get("/p/none").text, "html.parser")
    assert page.select_one(".prose p").text.startswith("Il n’y a rien ici")


def test_words_are_english_outside_of_a_known_language(apart, french_bundle, monkeypatch):
    monkeypatch.setattr(translation, "catalogue_of", lambda language: None)
    with apart(french_bundle).test_request_context("/?lang=fr"):
        assert translation.gettext("Next") == "Next"
        assert translation.ngettext("%(num)s try", "%(num)s tries", 2) == "%(num)s tries"
        assert translation.offered_languages() == {"en": "en", "fr": "fr"}
