"""The bucket is away: a trial is seen whole or not at all, and people are told."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from stimuli_builder.bundle import texts_of
from study_app.media.bucket import Bucket
from study_app.media.pushing import push_media
from tests.study_app.live_server import LiveServer
from tests.study_app.studies import write_changed
from tests.study_app.test_browser import advance, responses_of, step_of, walk_to

TOLD = {
    "en": "The pictures are slow to come.",
    "fr": "Les images tardent à venir.",
}
WHOLE = """() => [...document.querySelectorAll('main .trial img')]
    .every(image => image.complete && image.naturalWidth > 0)"""
SEEN = "getComputedStyle(document.querySelector('main .trial')).visibility"


@pytest.fixture
def server(s3, s3_url, bundle, tmp_path, monkeypatch):
    french = {text: text for text in texts_of(bundle.manifest)}
    manifest = replace(bundle.manifest, translations={"fr": french})
    study = write_changed(tmp_path / "b", bundle, manifest)
    push_media(study, Bucket(s3_url), report=lambda *_: None)
    monkeypatch.setenv("STUDY_MEDIA", s3_url)
    live = LiveServer(study.path, tmp_path)
    live.start()
    yield live
    live.close()


@pytest.mark.parametrize("language", TOLD)
def test_trial_waits_for_pictures_and_people_are_told(server, s3, browser, bundle, language):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto(f"{server.url}?lang={language}")
    walk_to(page, bundle, "practice-intro")
    with s3.away():
        page.locator("main form button").last.click()
        page.wait_for_selector("main[data-step=training]")
        expect(page.locator(".study-notice")).to_contain_text(TOLD[language])
        assert page.evaluate(SEEN) == "hidden"
        assert page.locator("main form button").last.is_disabled()
        assert not page.evaluate(WHOLE)
    page.wait_for_selector("main form button:enabled")
    assert page.evaluate(SEEN) == "visible"
    assert page.evaluate(WHOLE)
    assert page.locator(".study-notice").is_hidden()
    walk_to(page, bundle, "test", session=1)
    assert step_of(page) == "test"
    advance(page, bundle)
    assert all(each.rt_ms < 30_000 for each in responses_of(server, page) if each.rt_ms)
    context.close()


def test_pictures_beside_a_trial_come_later(server, s3, browser, bundle):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto(server.url)
    walk_to(page, bundle, "test", session=1)
    page.wait_for_selector("form.answer button:enabled")
    page.route("**/media/*", lambda route: route.abort())
    page.evaluate(
        """for (const image of document.querySelectorAll('details img')) {
            image.loading = 'eager'; image.src = image.src + '?anew';
        }"""
    )
    page.locator("details.reservoir summary").click()
    expect(page.locator(".study-notice")).to_be_visible()
    assert page.locator("form.answer button").first.is_enabled()
    page.unroute("**/media/*")
    page.wait_for_function(
        """() => [...document.querySelectorAll('details img')]
            .every(image => image.naturalWidth > 0)"""
    )
    expect(page.locator(".study-notice")).to_be_hidden()
    context.close()
