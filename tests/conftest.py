"""Fixtures for the tests of every package."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.small_bundle import write_small_bundle
from tests.small_recursivity import write_small_recursivity

SYSTEM_CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
BROWSER_ARGUMENTS = ["--no-sandbox", "--disable-background-networking"]


@pytest.fixture(scope="session")
def bundle_path(tmp_path_factory) -> Path:
    """A small, complete bundle; not to be changed."""
    return write_small_bundle(tmp_path_factory.mktemp("small") / "bundle").path


@pytest.fixture(scope="session")
def recursivity_path(tmp_path_factory) -> Path:
    """A small bundle of intruders and binary choices; not to be changed."""
    return write_small_recursivity(tmp_path_factory.mktemp("recursivity") / "bundle").path


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """The system's Chromium, else playwright's own."""
    from playwright.sync_api import Error, sync_playwright

    system = next((path for path in SYSTEM_CHROMIUM if Path(path).exists()), None)
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(
                executable_path=system, args=BROWSER_ARGUMENTS, timeout=60_000
            )
        except Error:
            pytest.fail(
                'no browser: run "python -m playwright install --with-deps chromium" or '
                '"apt-get install chromium"',
                pytrace=False,
            )
        yield chromium
        chromium.close()
