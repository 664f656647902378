"""Picture of a folder as the model, on the Design page."""

from __future__ import annotations

from command_line import CommandLine
from design_page import open_design, open_file, preview
from local_cloud import REPOSITORY
from visit import Visits

FOLDER = REPOSITORY / "docs/pictures"
EXAMPLE = REPOSITORY / "examples/harbour_wave"


def pictures_of_a_folder(cruncher: CommandLine, visits: Visits) -> None:
    """The example's folder, and what its input file becomes in the first case."""
    study = cruncher.launch()
    page = open_design(visits, study)
    page.emulate_media(color_scheme="light")
    open_file(page, (EXAMPLE / "study.json").read_bytes())
    page.get_by_label("Model folder", exact=True).set_input_files(EXAMPLE / "wave")
    preview(page, "8 cases")
    for element in page.get_by_text(study.study, exact=True).all():
        element.evaluate("element => element.textContent = 'harbour'")
    page.screenshot(path=FOLDER / "folder.png")
