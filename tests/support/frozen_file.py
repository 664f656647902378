"""A frozen study, opened from disk."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page
from visit import Visits


def open_file(visits: Visits, file: Path) -> tuple[Page, list[str]]:
    """The file, opened where there is no network; and what was asked for all the same."""
    page = visits.person(offline=True).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    return page, asked
