"""The Results page as somebody finds their way on it: by roles and labels."""

from __future__ import annotations

import re
from typing import Any

from command_line import Launched
from playwright.sync_api import Locator, Page, expect
from studies import link
from visit import Visits, go_to_all, wait_until


def open_results(visits: Visits, study: Launched, **options: Any) -> Page:
    """The page, once it has drawn."""
    page = visits.open(link(study), **options)
    go_to_all(page, "Results")
    expect(plot(page, "Scatter plot")).to_have_attribute("aria-label", re.compile("of .* cases"))
    return page


def plot(page: Page, name: str) -> Locator:
    """A plot, whatever it shows: what it is called is what it says."""
    return page.locator(f"canvas[data-plot='{name}']")


def selection(page: Page) -> Locator:
    """What is said of the selection."""
    return page.get_by_role("group", name="Selection")


def drag(page: Page, name: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draws on a plot, from one place to the other: shares of its width and height."""
    area = plot(page, name)
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=5)
    page.mouse.up()


def ends(page: Page, name: str) -> tuple[float, float]:
    """The range of a column that is selected; infinite where it has no limit."""
    least, most = (selection(page).get_by_label(f"{end} {name}", exact=True).input_value() for end in ("Least", "Most"))
    return float(least or "-inf"), float(most or "inf")


def selected(page: Page) -> int:
    """How many cases are."""
    said = selection(page).get_by_role("status").inner_text()
    found = re.match(r"([\d,]+) of", said)
    assert found is not None, said
    return int(found[1].replace(",", ""))


def fragment(page: Page) -> str:
    """What stands behind the `#`."""
    return str(page.evaluate("location.hash"))


def wait_for_address(page: Page, part: str) -> str:
    """The fragment, once it has this part: it follows a moment later."""
    wait_until(page, part, lambda: part in fragment(page))
    return fragment(page)
