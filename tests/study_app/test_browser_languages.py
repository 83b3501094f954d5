"""Somebody takes part in French, from the consent to the code, in a real browser."""

import re
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from sqlalchemy import select

from stimuli_builder.bundle import texts_of
from study_app.models import Event, Participation, Response
from tests.study_app.live_server import LiveServer
from tests.study_app.studies import write_changed

CLASSES = {"Husky": "Husky de Sibérie", "Wolf": "Loup", "Circle": "Cercle", "Square": "Carré"}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def server(bundle, tmp_path_factory):
    words = {text: CLASSES.get(text, f"Texte : {text}") for text in texts_of(bundle.manifest)}
    manifest = replace(bundle.manifest, translations={"fr": words})
    folder = tmp_path_factory.mktemp("french")
    live = LiveServer(write_changed(folder / "bundle", bundle, manifest).path, folder)
    live.start()
    yield live
    live.close()


@pytest.mark.slow
def test_person_takes_part_in_french_from_consent_to_code(server, browser, bundle):
    context = browser.new_context(viewport=PHONE)
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(server.url)
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("link", name="Français").click()
    assert [v for v in Axe().run(page).response["violations"] if v["impact"] == "serious"] == []
    page.get_by_role("button", name="J’accepte et je souhaite participer").click()
    n_pages = 0
    while page.locator(".completion-code").count() == 0:
        assert page.locator("html").get_attribute("lang") == "fr"
        if n_pages == 3:  # a look at the other language leads back to the same page
            heading = page.locator("h1").text_content()
            page.get_by_role("link", name="English").click()
            assert page.locator("h1").text_content() != heading
            page.get_by_role("link", name="Français").click()
            assert page.locator("h1").text_content() == heading
        go_on(page, bundle)
        n_pages += 1
    assert page.locator(".code-label").text_content() == "Votre code de fin d’étude"
    (row,) = server.rows(select(Participation))
    assert page.locator(".completion-code").text_content() == row.completion_code
    responses = server.rows(select(Response).where(Response.session > 0))
    assert {each.choice for each in responses} == {"Husky", "Wolf"}
    assert all(each.is_correct for each in responses)
    consents = server.rows(select(Event).where(Event.name == "consented"))
    assert [each.detail for each in consents] == ["fr"]
    context.close()


def go_on(page, bundle):
    """Answer as the page's French says it, and wait for the next page."""
    left = page.locator("main form").get_attribute("action")
    button = page.locator("main form button").last
    if page.locator("main").get_attribute("data-step") == "quiz":
        for item, index in bundle.answers.quiz.items():
            page.locator(f"input[name={item}][value='{index}']").check()
    if page.locator("main").get_attribute("data-step") == "test":
        answer = bundle.answers.trials[page.locator("main").get_attribute("data-trial")].answer
        name = re.compile(f"^{CLASSES[answer]}$")
        button = page.locator("form.answer button").filter(has_text=name)
    button.click()
    page.wait_for_function(
        """left => (document.querySelector('main form')?.getAttribute('action') ?? '') !== left
            && !document.querySelector('main form button:disabled')""",
        arg=left,
    )
