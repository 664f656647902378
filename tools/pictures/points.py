"""Pictures of points by script, and of the file that is made of all results."""

from __future__ import annotations

import re

from attached import attach
from command_line import CommandLine
from design_page import button, choose_file, open_design, preview, review, send_all
from local_cloud import REPOSITORY
from playwright.sync_api import expect
from studies import line_of, wait_for_end
from visit import Visits, go_to_all

FOLDER = REPOSITORY / "docs/pictures"
EXAMPLE = REPOSITORY / "examples/plate_hole"


def pictures_of_points_by_script(cruncher: CommandLine, visits: Visits) -> None:
    """The mesh that a worker has computed, and the table that another case has combined."""
    study = cruncher.launch()
    page = open_design(visits, study, color_scheme="light")

    def picture(name: str) -> None:
        for element in page.get_by_text(study.study, exact=True).all():
            element.evaluate("element => element.textContent = 'plate'")
        page.screenshot(path=FOLDER / f"{name}.png")

    choose_file(page, "Model file", (EXAMPLE / "plate.py").read_bytes(), "plate.py")
    button(page, "A table of cases").click()
    choose_file(page, "Table of cases", (EXAMPLE / "points.py").read_bytes(), "points.py")
    with attach(line_of(study)):
        expect(page.get_by_text("56 rows")).to_be_visible()
        preview(page, "56 cases")
        page.get_by_text("Computing how evenly").wait_for(state="hidden")
        picture("points-script")
        review(page)
        send_all(page, 56)
        wait_for_end(study, 57)
        ran = cruncher.run("combine", study.study, "plate", str(EXAMPLE / "combine.py"))
        assert ran.code == 0, ran.err
        wait_for_end(study, 58)
    go_to_all(page, "Results")
    expect(page.get_by_role("region", name="Combined").get_by_text("of all 56 cases")).to_be_visible()
    expect(page.locator("canvas[data-plot='Scatter plot']")).to_have_attribute("aria-label", re.compile("of .* cases"))
    picture("combined")
