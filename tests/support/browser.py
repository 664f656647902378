"""Chromium for the tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from local_cloud import REPOSITORY
from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@cache
def chromium_path() -> str:
    """The program: CRUNCHER_CHROMIUM, or one of the usual names and places; else an error that says what to install."""
    found = subprocess.run([REPOSITORY / "tools/chromium"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if found.returncode != 0:
        raise RuntimeError(found.stderr.strip())
    return found.stdout.strip()


@contextmanager
def launch() -> Iterator[Browser]:
    """A browser with a profile of its own, gone when the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
