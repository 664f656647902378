"""The preview of the points."""

from __future__ import annotations

import csv
import io
import re

from command_line import Launched
from design_page import (
    button,
    choose_file,
    define,
    has_pixels,
    open_design,
    preview,
    save,
    text,
)
from playwright.sync_api import expect
from visit import Visits


def test_any_case_is_looked_at_by_its_number(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", "# " + "\n# ".join("123456789") + "\nresult['double'] = 2 * {{a}}\n")
    define(page)
    text(page, "Cases").fill("200")
    shown = preview(page, "200 cases")
    rows = list(csv.DictReader(io.StringIO(save(page, "Save CSV").decode())))
    number = page.get_by_role("spinbutton", name="Number of the case")
    rendered = page.get_by_role("region", name="Rendered model")
    for case in (1, 200, 77):
        number.fill(str(case))
        exact = rows[case - 1]["a"]
        expect(rendered).to_contain_text(f"result['double'] = 2 * {exact}")
        expect(shown.get_by_title(exact, exact=True)).to_be_visible()
    expect(rendered).not_to_contain_text("# 1")
    button(page, "Show the whole file").click()
    expect(rendered).to_contain_text("# 1")
    for no_case in ("0", "201", ""):
        number.fill(no_case)
        expect(page.get_by_text("Type a number from 1 to 200.")).to_be_visible()
        expect(rendered).to_have_count(0)


def test_of_many_dimensions_somebody_chooses_which_are_drawn(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    define(page, "c")
    text(page, "Vector length of c").fill("8")
    shown = preview(page, "64 cases")
    expect(shown).to_contain_text("6 of 8 dimensions are drawn, 6 at most")
    canvas = shown.get_by_role("img")
    expect(canvas).to_have_accessible_name(re.compile(r"c\[0\], c\[1\], c\[2\], c\[3\], c\[4\], c\[5\] drawn"))
    button(page, "c[0]").click()
    button(page, "c[2]").click()
    button(page, "c[7]").click()
    expect(canvas).to_have_accessible_name(re.compile(r"pair of c\[1\], c\[3\], c\[4\], c\[5\], c\[7\] drawn"))
    expect(button(page, "c[0]")).to_have_attribute("aria-pressed", "false")
    expect(button(page, "c[7]")).to_have_attribute("aria-pressed", "true")
    preview(page, "64 cases")
    has_pixels(page, canvas)
