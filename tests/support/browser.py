"""A real browser for the page: Debian's Chromium, led by Playwright, without a network."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_SWITCHES = (
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-sandbox",  # root, as in containers, has none; the pages are our own
)

_PATIENCE_S = 120.0
_POLL_MS = 30


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium; without it the test is skipped, and in CI it fails."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        problem = "chromium is not installed: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(problem)
        pytest.skip(problem)
    expect.set_options(timeout=_PATIENCE_S * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_SWITCHES))
        yield browser
        browser.close()


def until(page: Page, expression: str) -> None:
    """Wait for an expression to be true; the page's policy forbids the library's own way."""
    deadline = time.monotonic() + _PATIENCE_S
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(_POLL_MS)


class Visit:
    """A page in a window of its own, and all that it asked for, logged or complained of."""

    def __init__(self, browser: Browser, *, width: int = 1200, height: int = 800) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": height})
        self.page: Page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda line: self._note(line.type, line.text))

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def open(self, place: Path | str) -> Page:
        """Go to a file or an address."""
        self.page.goto(place.as_uri() if isinstance(place, Path) else place)
        return self.page
