"""What the page says, and what not."""

from __future__ import annotations

import re

import pytest
from command_line import Launched
from design_page import (
    A,
    B,
    button,
    define,
    enter,
    open_design,
    open_file,
    preview,
    save,
    take_table,
    text,
)
from playwright.sync_api import expect
from visit import Visits


def test_unit_and_note_come_when_somebody_wants_them_or_they_are_filled(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    define(page)
    expect(text(page, "Unit of a")).to_have_count(0)
    button(page, "Unit and note of a").click()
    expect(text(page, "Unit of a")).to_be_focused()
    page.keyboard.type("kPa")
    saved = save(page, "Save JSON")
    # A field that is emptied again stays where it is.
    text(page, "Unit of a").press("End")
    for _ in "kPa":
        page.keyboard.press("Backspace")
    expect(text(page, "Unit of a")).to_be_focused()
    button(page, "Without unit and note of a").click()
    expect(text(page, "Unit of a")).to_have_count(0)
    open_file(page, saved)
    expect(text(page, "Unit of a")).to_have_value("kPa")


def test_labels_of_factors_stand_once_where_there_is_room_and_at_each_field_where_there_is_not(
    study: Launched, visits: Visits
) -> None:
    page = open_design(visits, study)
    define(page)
    button(page, "Add a factor").click()
    labels = page.get_by_text("Maximum", exact=True)

    def seen() -> int:
        is_clipped = "element => getComputedStyle(element).clipPath !== 'none'"
        return sum(label.is_visible() and not label.evaluate(is_clipped) for label in labels.all())

    assert seen() == 1
    page.set_viewport_size({"width": 390, "height": 844})
    assert seen() == 2


def test_an_empty_preview_names_what_is_missing(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    shown = preview(page, "Nothing to show yet")
    expect(shown).to_contain_text("Choose a model with placeholders, or name a factor and its range.")
    text(page, "Name of factor 1").fill("a")
    expect(shown).to_contain_text("Still missing: minimum and maximum of a.")
    text(page, "Minimum of a").fill("1")
    text(page, "Cases").fill("")
    expect(shown).to_contain_text("Still missing: maximum of a, number of cases.")
    take_table(page)
    expect(shown).to_contain_text("A table of cases is missing.")


def test_figures_of_a_design_have_all_of_their_digits_in_the_title(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    enter(page, {**A, **B, "Cases": "20"})
    shown = preview(page, "20 cases")
    page.get_by_text("Computing how evenly").wait_for(state="hidden")
    figure = shown.get_by_role("definition").nth(0)
    expect(figure).to_contain_text(re.compile(r"^[\d.e-]+ \(random: 0\.0194\d*, optimised: about [\d.e-]+\)$"))
    # ((5/4)^2 - (13/12)^2) / 20
    random = figure.get_by_title(re.compile(r"^0\.0194444444"))
    expect(random).to_be_visible()
    exact = figure.locator("[title]").first
    digits = str(exact.get_attribute("title"))
    assert len(digits) > 12 and float(exact.inner_text()) == pytest.approx(float(digits), rel=1e-4)
