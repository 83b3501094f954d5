"""Every kind of page, at three sizes and in both languages, as the preview shows it."""

from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe

from stimuli_builder.bundle import read_bundle, texts_of
from study_app.protocol import plain_way
from study_app.steps import SCREENED_OUT
from study_app.views.previews import preview_token
from tests.study_app.live_server import LiveServer
from tests.study_app.studies import asking, write_changed

SIZES = [(390, 844), (768, 1024), (1440, 900)]
STANDARDS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]


class Previewed:
    """A served study, and the address of the first page of each kind."""

    def __init__(self, bundle, folder):
        self.live = LiveServer(bundle.path, folder)
        self.live.start()
        study = bundle.manifest
        condition, name = study.conditions[-1], study.lists[0].name
        with self.live.app.app_context():
            token = preview_token(condition, name)
        first = {}
        for number, step in enumerate([*plain_way(study), SCREENED_OUT], 1):
            first.setdefault((step.kind, step.session > 0), number)
        self.addresses = {
            f"{kind} {'in a session' if inside else ''}".strip(): (
                f"{self.live.url}preview/{token}/{number}"
            )
            for (kind, inside), number in first.items()
        }


@pytest.fixture(scope="module")
def previewed(bundle, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    manifest = asking(bundle)
    words = {text: f"Texte : {text}" for text in texts_of(manifest)}
    study = write_changed(folder / "bundle", bundle, replace(manifest, translations={"fr": words}))
    shown = Previewed(study, folder)
    yield shown
    shown.live.close()


@pytest.fixture(scope="module")
def tasks(recursivity_path, tmp_path_factory):
    shown = Previewed(read_bundle(recursivity_path), tmp_path_factory.mktemp("tasks"))
    yield shown
    shown.live.close()


def check_pages(browser, shown, size, language):
    context = browser.new_context(viewport=dict(zip(("width", "height"), size, strict=True)))
    page = context.new_page()
    found = {}
    for kind, address in shown.addresses.items():
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(f"{address}?lang={language}")
        page.wait_for_load_state("networkidle")
        assert page.locator("html").get_attribute("lang") == language
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": size[0], "height": height})  # nothing below the button
        rules = {"runOnly": STANDARDS}
        violations = Axe().run(page, options=rules).response["violations"]
        found[kind] = [(each["id"], each["nodes"][0]["target"]) for each in violations]
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > size[0]:
            found[kind].append(("wider than the window", width))
    context.close()
    assert {kind: each for kind, each in found.items() if each} == {}
    assert len(found) >= 10


def test_axe_finds_nothing_on_any_page_on_a_phone(browser, previewed):
    check_pages(browser, previewed, SIZES[0], "en")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_on_any_page_in_both_languages(browser, previewed, size, language):
    check_pages(browser, previewed, size, language)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_on_the_other_tasks(browser, tasks, size):
    check_pages(browser, tasks, size, "en")


@pytest.mark.slow
def test_pages_fit_at_four_hundred_percent(browser, previewed):
    """1280 pixels at 400 % are 320, the narrowest that WCAG 2.1 asks for (1.4.10)."""
    check_pages(browser, previewed, (320, 640), "en")


@pytest.fixture
def page(browser):
    """A phone's window, whose scripts run without an error."""
    shown, errors = browser.new_page(viewport={"width": 390, "height": 844}), []
    shown.on("pageerror", lambda error: errors.append(error))
    yield shown
    shown.close()
    assert errors == []


def test_pictures_are_enlarged(page, previewed):
    page.goto(previewed.addresses["training in a session"])
    page.wait_for_selector(".enlarge")
    picture = page.locator(".trial img").first
    picture.click()
    assert page.locator(".enlarged").is_visible()
    large = page.locator(".enlarged img").bounding_box()
    assert large["width"] > 0.9 * 390
    page.keyboard.press("Escape")
    assert page.locator(".enlarged").is_hidden()
    page.get_by_role("button", name="Enlarge the pictures").focus()
    page.keyboard.press("Enter")
    shown = page.locator(".enlarged img").get_attribute("src")
    page.keyboard.press("ArrowRight")
    assert page.locator(".enlarged img").get_attribute("src") != shown
    page.keyboard.press("ArrowLeft")
    assert page.locator(".enlarged img").get_attribute("src") == shown
    page.get_by_role("button", name="Close").click()
    assert page.locator(".enlarged").is_hidden()


def test_number_keys_choose_but_behind_a_large_picture(page, previewed):
    page.goto(previewed.addresses["test in a session"])
    page.wait_for_selector(".enlarge")
    page.locator(".trial img").first.click()
    page.keyboard.press("1")  # answers nothing behind the picture
    assert page.locator(".enlarged").is_visible()
    page.locator(".enlarged img").click()
    assert not page.locator("#choice-0").is_checked()
    page.keyboard.press("1")
    assert page.locator("#choice-0").is_checked()


def test_contact_and_time_left_are_on_every_page(page, previewed):
    for kind, address in previewed.addresses.items():
        page.goto(address)
        shown = page.locator("body").text_content()
        assert "lab@example.org" in shown, kind
        if kind not in ("consent", "debriefing in a session", "screened-out"):
            assert page.locator(".study-left").is_visible(), kind
            assert "min left" in page.locator(".study-left").text_content(), kind
