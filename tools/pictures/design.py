"""Pictures of the Design page."""

from __future__ import annotations

from attached import attach
from command_line import CommandLine
from design_page import (
    FOOTING,
    Gate,
    button,
    choose_file,
    define,
    fresh_study,
    open_design,
    preview,
    review,
    take_table,
    text,
)
from local_cloud import REPOSITORY
from playwright.sync_api import expect
from proxy import proxy
from studies import line_of
from visit import Visits, wait_until

FOLDER = REPOSITORY / "docs/pictures"


def pictures_of_a_design(cruncher: CommandLine, visits: Visits) -> None:
    """A design of the layered footing: a wrong table, the factors, the first cases, and sending."""
    with proxy(cruncher.cloud) as slow:
        gate = Gate(slow, fresh_study(cruncher.launch(), slow.url))
        take_pictures(gate, visits)
        gate.opened.set()


def take_pictures(gate: Gate, visits: Visits) -> None:
    """Defines the design and sends it, as far as the gate lets it through."""
    page = open_design(visits, gate.study, color_scheme="light")

    def picture(name: str) -> None:
        for element in page.get_by_text(gate.study.study, exact=True).all():
            element.evaluate("element => element.textContent = 'soft-clay'")
        page.screenshot(path=FOLDER / f"{name}.png")

    take_table(page)
    choose_file(page, "Model file", FOOTING.read_bytes(), "footing.py")
    head = ",".join(f"cohesion_array[{layer}]" for layer in range(5))
    rows = ["120e3,80e3,95e3,140e3,210e3", "115e3,82e3,n/a,150e3,230e3", "130e3,78e3,99e3,160e3,205e3",
            "118e3,91e3,97e3,155e3", "125e3,85e3,102e3,148e3,inf"]  # fmt: skip
    choose_file(page, "Table of cases", "\n".join([head, *rows]) + "\n", "boreholes.csv")
    expect(page.get_by_role("alert").filter(has_text="boreholes.csv can't be used")).to_be_visible()
    picture("design-table")

    button(page, "Factors and a sampler").click()
    button(page, "Add the factor cohesion_array").click()
    define(page, "cohesion_array", "50000", "500000")
    text(page, "Vector length of cohesion_array").fill("5")
    button(page, "Unit and note of cohesion_array").click()
    text(page, "Unit of cohesion_array").fill("Pa")
    text(page, "Note of cohesion_array").fill("of each layer")
    preview(page, "64 cases")
    page.get_by_text("Computing how evenly").wait_for(state="hidden")
    text(page, "Note of cohesion_array").blur()
    picture("design")

    review(page)
    button(page, "Send 5 first, then decide").click()
    first = page.get_by_role("list", name="The first cases").get_by_role("listitem")
    with attach(line_of(gate.study)):
        expect(first.filter(has_text="done in")).to_have_count(5, timeout=60_000)
    button(page, "Send the remaining 59").scroll_into_view_if_needed()
    picture("design-first-results")
    gate.shut_after(4)
    button(page, "Send the remaining 59").click()
    wait_until(page, "batches wait at the gate", gate.reached.is_set)
    expect(button(page, "Pause")).to_be_visible()
    picture("design-sending")
