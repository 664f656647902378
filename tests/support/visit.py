"""Visits of the dashboard in Chromium, by people who find things by their role, label and text."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from browser import ARGUMENTS, chromium_path
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Locator, Page, expect, sync_playwright

PATIENCE_MS = 20_000
# A name of this machine that isn't one of its loopback addresses: for browsers, pages from there are not secure.
PLAIN_HOST = "study.test"
# A violation of the page's policy is also told to the page; this makes sure that it is heard of.
TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", violation =>
    console.error(`violated: ${violation.violatedDirective} by ${violation.blockedURI || violation.sample}`));
"""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser for which `PLAIN_HOST` is this machine; gone when the block ends."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        arguments = [*ARGUMENTS, f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visits:
    """Contexts of one browser, each a person with a browser of their own; and what their pages complained about."""

    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    # What a test causes on purpose: a complaint with one of these words in it is none.
    expected: list[str] = field(default_factory=list)

    def person(self, **options: Any) -> BrowserContext:
        """Somebody with a fresh browser."""
        context = self.browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(TELL_VIOLATIONS)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))
        context.on("dialog", self._dismiss)
        self.contexts.append(context)
        return context

    def open(self, url: str, **options: Any) -> Page:
        """A page, opened by somebody with a fresh browser."""
        page = self.person(**options).new_page()
        page.goto(url)
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location['url']})")

    def _dismiss(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def close(self) -> None:
        """Ends them. Fails if a page complained about anything that no test caused."""
        for context in self.contexts:
            context.close()
        unexpected = [said for said in self.complaints if not any(words in said for words in self.expected)]
        assert unexpected == [], unexpected


def title_of(name: str) -> re.Pattern[str]:
    """The title of a page, whatever stands before it of the study."""
    return re.compile(rf"^(\(.*\) )?{name} ")


def go_to(page: Page, name: str) -> None:
    """Follows an entry of the rail."""
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
    expect(page).to_have_title(title_of(name))


def go_to_all(page: Page, name: str) -> None:
    """The same, with the cases of all batches."""
    go_to(page, name)
    page.evaluate(f"location.hash = '#/{name.lower()}?batch=*'")


def progress(page: Page) -> Locator:
    """The panel that tells how far the study is."""
    return page.get_by_role("region", name="Progress")


def figure(page: Page, state: str) -> Locator:
    """How many cases are in a state."""
    term = progress(page).get_by_role("term").filter(has_text=re.compile(rf"^\W*{state}$"))
    return term.locator("xpath=following-sibling::dd")


def live(page: Page) -> Locator:
    """The live dot, with the age of the figures."""
    return page.get_by_role("button", name=re.compile("^(live|no answer|reading)"))


def wait_until(page: Page, what: str, is_so: Callable[[], bool], timeout_ms: int = PATIENCE_MS) -> None:
    """Until something outside of the page is so; the page's events are heard meanwhile."""
    for _ in range(timeout_ms // 50):
        if is_so():
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not within {timeout_ms} ms: {what}")


def requests_of(page: Page) -> list[str]:
    """Every request that the page sends from now on, as method and address."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    return sent


def link_field(page: Page) -> Locator:
    """Where a link is pasted in place of a passphrase."""
    field = page.get_by_role("textbox", name="Viewer's or operator's link")
    expect(page.get_by_text("With a link")).to_be_visible()
    if not field.is_visible():
        page.get_by_text("With a link").click()
    return field


def check_accessible(page: Page, widths: Sequence[int] = (1440, 390)) -> None:
    """That axe finds nothing, on a wide and on a narrow window."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        found = Axe().run(page).response["violations"]
        told = [f"{one['id']}: {one['help']}: {node['html']}" for one in found for node in one["nodes"]]
        assert told == [], width


def has_no_overflow(page: Page) -> bool:
    """Whether nothing is wider than the window."""
    return bool(page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"))


PAGES = ["Overview", "Attach", "Errors", "Results", "Fleet", "Design"]


def shown(page: Page, name: str) -> None:
    """That a page can be used: what stands in its middle, and below the navigation, is its own."""
    expect(page).to_have_title(title_of(name))
    heart = {
        "Overview": page.get_by_role("region", name="Progress"),
        "Attach": page.get_by_role("textbox", name="the line for Python"),
        "Errors": page.get_by_role("heading", name="Errors"),
        "Results": page.get_by_role("combobox", name="Response"),
        "Fleet": page.get_by_role("heading", name="Fleet"),
        "Design": page.get_by_role("heading", name="Model"),
    }[name]
    # A trial clicks only what nothing else covers.
    heart.first.click(trial=True)
    for other in PAGES:
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=other).click(trial=True)
    if name == "Design":
        for part in (page.get_by_role("spinbutton", name="Case"), page.get_by_text("Show the whole file")):
            part.click(trial=True)
    assert has_no_overflow(page), name
