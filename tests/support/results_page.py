"""The Results page as somebody finds their way on it: by roles and labels."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
from command_line import Launched
from generate import Generated
from playwright.sync_api import Locator, Page, expect
from studies import link
from visit import Visits, go_to_all, wait_until


@dataclasses.dataclass(frozen=True)
class Filled:
    """A study with results."""

    launched: Launched
    made: Generated
    # The result documents.
    done: list[dict[str, Any]]

    def value(self, document: dict[str, Any], name: str) -> float:
        """A factor, component or response of a result; not a number if it isn't there."""
        vector = re.fullmatch(r"(\w+)\[(\d+)\]", name)
        found = (
            document["parameters"][vector[1]][int(vector[2])]
            if vector
            else (document["parameters"] | document["result"]).get(name)
        )
        return float("nan") if found is None else float(found)

    def column(self, name: str) -> np.ndarray:
        """That of all results."""
        return np.array([self.value(document, name) for document in self.done])


def open_results(visits: Visits, study: Launched, **options: Any) -> Page:
    """The page, once it has drawn."""
    page = visits.open(link(study), **options)
    go_to_all(page, "Results")
    expect(plot(page, "Scatter plot")).to_have_attribute("aria-label", re.compile("of .* cases"))
    return page


def plot(page: Page, name: str) -> Locator:
    """A plot, whatever it shows: what it is called is what it says."""
    return page.locator(f"canvas[data-plot='{name}']")


def draw_all(page: Page) -> None:
    """Scrolls to each plot: a plot is drawn when it is seen, and has its height only then."""
    for one in page.locator("canvas[data-plot]:visible").all():
        one.scroll_into_view_if_needed()
        expect(one).to_have_attribute("aria-label", re.compile("."))


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


def summary(page: Page, name: str) -> str:
    """What a plot tells those who can't see it."""
    return plot(page, name).get_attribute("aria-label") or ""


def wait_for_address_without(page: Page, part: str) -> None:
    """Until the fragment has no such part."""
    wait_until(page, f"no {part}", lambda: part not in fragment(page))


def save(page: Page, button: Locator) -> Path:
    """Presses a button that saves a file."""
    with page.expect_download() as download:
        button.click()
    return Path(download.value.path())
