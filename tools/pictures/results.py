"""Pictures of the Results page."""

from __future__ import annotations

import re

from command_line import CommandLine
from generate import Extent, generate_into
from local_cloud import REPOSITORY
from playwright.sync_api import expect
from results_page import drag, open_results, plot
from visit import Visits, wait_until

FOLDER = REPOSITORY / "docs/pictures"


def pictures_of_results(cruncher: CommandLine, visits: Visits) -> None:
    """A generated study, whole and with a selection."""
    study = cruncher.launch()
    generate_into(study, Extent(cases=4_000, failed=0.005))
    page = open_results(visits, study, viewport={"width": 1440, "height": 1320})
    expect(page.get_by_role("main")).to_contain_text("have a result · 20 failed")
    wait_until(page, "all shares", lambda: page.get_by_text("Faint bars").is_visible())
    page.screenshot(path=FOLDER / "results.png")
    drag(page, "Scatter plot", (0.55, 0.1), (0.9, 0.5))
    page.get_by_label("Colour", exact=True).select_option("factor.soil")
    expect(plot(page, "Histogram")).to_have_attribute("aria-label", re.compile("selected"))
    page.screenshot(path=FOLDER / "results-selection.png")
