"""The example of points by script, from the Design page to the combined file on the Results page."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from attached import attach
from command_line import CommandLine, Launched
from design_page import button, choose_file, drop, open_design, preview, review, send_all
from local_cloud import REPOSITORY
from playwright.sync_api import Page, expect
from studies import line_of, wait_for_end
from visit import Visits, go_to_all

EXAMPLE = REPOSITORY / "examples/plate_hole"


@pytest.fixture
def study(cruncher: CommandLine) -> Launched:
    """A fresh study."""
    return cruncher.launch()


def waits_for(page: Page, script: str) -> None:
    """Until the page says that a worker is wanted for a script."""
    expect(page.get_by_role("status").filter(has_text=f"A worker calls get_points() of {script}")).to_be_visible()


def test_a_mesh_by_script_is_sent_and_combined(visits: Visits, study: Launched, tmp_path: Path) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", (EXAMPLE / "plate.py").read_bytes(), "plate.py")
    button(page, "A table of cases").click()
    drop(page, "Table of cases", (EXAMPLE / "points.py").read_text(), "points.py")
    waits_for(page, "points.py")
    expect(page.get_by_text("No worker is attached: it waits until there is one.")).to_be_visible()
    page.reload()
    waits_for(page, "points.py")
    with attach(line_of(study)):
        understood = page.get_by_role("table", name="The table as it was understood")
        expect(understood).to_be_visible()
        expect(page.get_by_text("56 rows")).to_be_visible()
        preview(page, "56 cases")
        # It is kept like any table.
        page.reload()
        expect(page.get_by_text("56 rows")).to_be_visible()
        review(page)
        send_all(page, 56)
        wait_for_end(study, 57)
        command_line = study.command_line
        ran = command_line.run("combine", study.study, "plate", str(EXAMPLE / "combine.py"))
        assert ran.code == 0, ran.err
        wait_for_end(study, 58)
        go_to_all(page, "Results")
        combined = page.get_by_role("region", name="Combined")
        expect(combined.get_by_text("of all 56 cases")).to_be_visible()
        with page.expect_download() as download:
            combined.get_by_role("button", name=re.compile(r"^Download combined\.csv of plate, ")).click()
    assert download.value.suggested_filename == "plate-combined.csv"
    download.value.save_as(tmp_path / "combined.csv")
    rows = list(csv.DictReader((tmp_path / "combined.csv").open()))
    assert len(rows) == 56 and float(rows[6]["tangential"]) == pytest.approx(300e6)


def test_a_script_that_fails_is_shown_with_its_traceback(visits: Visits, study: Launched) -> None:
    page = open_design(visits, study)
    button(page, "A table of cases").click()
    with attach(line_of(study)):
        script = "def get_points():\n    print('meshing')\n    return mesh()\n"
        script += "def mesh():\n    raise ValueError('<b>bad</b> mesh')\n"
        choose_file(page, "Table of cases", script, "mesh.py")
        problem = page.get_by_role("alert").filter(has_text="mesh.py gave no points")
        expect(problem).to_contain_text("ValueError: <b>bad</b> mesh.")
        trace = problem.get_by_role("region", name="Traceback")
        expect(trace).to_have_text(
            re.compile(
                r'^Traceback.*\n +File "\S*points\.py", line 3, in get_points\n(.*\n)*ValueError: <b>bad</b> mesh$'
            )
        )
        problem.get_by_text("What it printed").click()
        expect(problem.get_by_text("meshing", exact=True)).to_be_visible()
        choose_file(page, "Table of cases", "def get_points():\n    return [[1, 2], [3]]\n", "points.py")
        problem = page.get_by_role("alert").filter(has_text="points.py")
        expect(problem).to_be_visible()
        choose_file(page, "Table of cases", "def get():\n    return 1\n", "points.py")
        expect(page.get_by_text("There is no function get_points() in points.py.")).to_be_visible()
        choose_file(page, "Table of cases", "def get_points():\n    return [[1, 2], [3, 4]]\n", "points.py")
        expect(page.get_by_text("2 rows")).to_be_visible()
        expect(page.get_by_text(re.compile("The points have no names, so each is the vector of 2"))).to_be_visible()


def test_nobody_has_to_wait(visits: Visits, study: Launched) -> None:
    page = open_design(visits, study)
    button(page, "A table of cases").click()
    choose_file(page, "Table of cases", "def get_points():\n    return [{'a': 1}]\n", "points.py")
    waits_for(page, "points.py")
    button(page, "Don't wait").click()
    expect(page.get_by_text("A worker calls get_points()")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("heading", name="Points", exact=True)).to_be_visible()
    expect(page.get_by_text("A worker calls get_points()")).to_have_count(0)
