"""Picture of an extraction: what it comes to, before it is sent."""

from __future__ import annotations

import re

from attached import attach
from command_line import CommandLine
from local_cloud import REPOSITORY
from playwright.sync_api import expect
from results_page import open_results, plot
from studies import line_of, wait_for_end
from visit import Visits

FOLDER = REPOSITORY / "docs/pictures"
EXAMPLE = REPOSITORY / "examples/harbour_wave"


def pictures_of_an_extraction(cruncher: CommandLine, visits: Visits) -> None:
    """A question that came up later: the first script has answered, and a second one is about to be sent."""
    study = cruncher.launch()
    ran = cruncher.run("enqueue", study.study, str(EXAMPLE / "study.json"), "--yes")
    assert ran.code == 0, ran.err
    with attach(line_of(study)):
        wait_for_end(study, 8)
        page = open_results(visits, study, color_scheme="light")
        page.get_by_text("Extract…", exact=True).click()
        page.get_by_label("Script that extracts").set_input_files(EXAMPLE / "arrival.py")
        page.get_by_role("button", name="Extract from 8 cases").click()
        extracted = page.get_by_role("region", name="Extracted again")
        expect(extracted).to_contain_text("8 of 8 cases done")
        page.get_by_label("Response", exact=True).select_option(label="arrival_at_18550_m_s")
        name = re.compile("8 of 8 cases: arrival_at_18550_m_s")
        expect(plot(page, "Scatter plot")).to_have_attribute("aria-label", name)
        page.get_by_role("group", name="Scripts of earlier extractions").get_by_role("button").click()
        page.get_by_label("also where it is done or waits already").check()
        expect(page.get_by_role("button", name="Extract from 8 cases")).to_be_visible()
    for element in page.get_by_text(study.study, exact=True).all():
        element.evaluate("element => element.textContent = 'harbour'")
    page.screenshot(path=FOLDER / "extract.png")
