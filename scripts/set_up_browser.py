"""Find a browser for the tests, or install one: the system's Chromium, playwright's, a package."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = (
    ("apt-get", ["apt-get", "install", "-y", "-qq", "chromium"]),
    ("dnf", ["dnf", "install", "-y", "-q", "chromium"]),
    ("pacman", ["pacman", "-S", "--noconfirm", "chromium"]),
    ("brew", ["brew", "install", "--cask", "chromium"]),
)


def main() -> int:
    """Return 0 where there is a browser now, else 1 after one line that says what would help."""
    if found() or install_playwrights() or install_package():
        return 0
    manager = next((command for name, command in PACKAGES if shutil.which(name)), PACKAGES[0][1])
    print(
        f'tests must have a browser; got none. Install one with "{" ".join(manager)}" or '
        f'"{sys.executable} -m playwright install chromium".',
        file=sys.stderr,
    )
    return 1


def found() -> bool:
    """Say whether the system or playwright has a browser."""
    return any(map(shutil.which, NAMES)) or playwrights_browser().exists()


def playwrights_browser() -> Path:
    """Return where playwright keeps its own browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def install_playwrights() -> bool:
    """Let playwright fetch its own browser."""
    print("set-up: fetching a browser for the tests")
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    return quietly(command) and playwrights_browser().exists()


def install_package() -> bool:
    """Install the system's package, where this user may."""
    for name, command in PACKAGES:
        if shutil.which(name) and (name == "brew" or os.geteuid() == 0):
            if name == "apt-get":
                quietly(["apt-get", "update", "-qq"])
            return quietly(command) and found()
    return False


def quietly(command: list[str]) -> bool:
    """Run a command, at most ten minutes, and say whether it went well."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
