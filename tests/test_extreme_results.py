"""Results that are hard to plot: penalties, values far outside, cases without a colour."""

from __future__ import annotations

import re

import numpy as np
import pytest
from command_line import CommandLine
from generate import Extent, generate_into
from playwright.sync_api import expect
from results_page import (
    Filled,
    ends,
    open_results,
    plot,
    selected,
    summary,
    wait_for_address,
    wait_for_address_without,
)
from studies import documents
from visit import Visits

FACTOR = "cohesion_array[0]"


@pytest.fixture(scope="module")
def extreme(cruncher: CommandLine) -> Filled:
    """A study whose responses are hard to plot."""
    launched = cruncher.launch()
    made = generate_into(launched, Extent(cases=400, workers=4, failed=0.02, extreme=0.03))
    return Filled(launched, made, documents(cruncher.cloud.client("s3"), launched.bucket, "done-"))


def test_a_penalty_is_counted_and_named(extreme: Filled, visits: Visits) -> None:
    page = open_results(visits, extreme.launched)
    loads, failed = extreme.column("load_or_largest"), extreme.made.failed
    penalties = int((loads == np.finfo(float).max).sum())
    named = f"load_or_largest of {penalties} cases can't be shown: 1.798×10³⁰⁸"
    counted = f"{penalties} outside of what is shown; {failed} without a value; {named}"
    assert penalties > 5
    page.get_by_label("Response", exact=True).select_option(label="load_or_largest")
    for name in ("Scatter plot", "Histogram", "Parallel coordinates", "Contour"):
        plot(page, name).scroll_into_view_if_needed()
        words = re.compile(f"^{400 - penalties - failed} of .*{re.escape(counted)}")
        expect(plot(page, name)).to_have_attribute("aria-label", words)
    expect(page.get_by_role("list", name="Extreme values")).to_contain_text(named)
    page.get_by_label("Response", exact=True).select_option(label="between_largest")
    plot(page, "Scatter plot").scroll_into_view_if_needed()
    expect(plot(page, "Scatter plot")).to_have_attribute("aria-label", re.compile("can't be shown: ±1.798×10³⁰⁸"))


def test_a_penalty_is_no_part_of_pearson_but_has_a_rank(extreme: Filled, visits: Visits) -> None:
    page = open_results(visits, extreme.launched)
    x, y = extreme.column(FACTOR), extreme.column("load_or_largest")
    there = ~np.isnan(x) & ~np.isnan(y)
    measured = there & (y < np.finfo(float).max)
    penalties = int(there.sum() - measured.sum())
    page.get_by_label("Response", exact=True).select_option(label="load_or_largest")
    note = f"Pearson without {penalties} cases of extreme values"
    expect(plot(page, "Correlations")).to_have_attribute("aria-label", re.compile(note))
    found = re.search(rf"{re.escape(FACTOR)}: Pearson (\S+), .* \({there.sum()} cases\)", summary(page, "Correlations"))
    assert found is not None
    pearson = np.corrcoef(x[measured], y[measured])[0, 1]
    assert float(found[1].replace("−", "-")) == pytest.approx(pearson, abs=0.0051)
    expect(page.get_by_text(f"{penalties} of an extreme response left out")).to_be_visible()


def test_cases_without_a_colour_are_counted(extreme: Filled, visits: Visits) -> None:
    page = open_results(visits, extreme.launched)
    penalties = int((extreme.column("load_or_largest") == np.finfo(float).max).sum())
    page.get_by_label("Response", exact=True).select_option(label="end_load")
    page.get_by_label("Colour", exact=True).select_option(label="load_or_largest")
    words = re.compile(f"; {penalties} without a colour; load_or_largest of {penalties} cases can't be shown")
    expect(plot(page, "Scatter plot")).to_have_attribute("aria-label", words)


def test_what_is_far_outside_is_left_out_when_asked(extreme: Filled, visits: Visits) -> None:
    page = open_results(visits, extreme.launched)
    page.get_by_label("Response", exact=True).select_option(label="load_or_far")
    far = int((extreme.column("load_or_far") == 1e12).sum())
    scatter = plot(page, "Scatter plot")
    expect(scatter).to_have_attribute("aria-label", re.compile(r"load_or_far from [\d,]+ to 1×10¹² against"))
    button = page.get_by_role("button", name=re.compile(rf"^without the outermost .* % \({far} cases\)$"))
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(scatter).to_have_attribute("aria-label", re.compile(f"to [\\d,]+ against .* {far} outside of what is shown"))
    wait_for_address(page, "trim=response.load_or_far")
    page.reload()
    expect(scatter).to_have_attribute("aria-label", re.compile(f"{far} outside of what is shown"))
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    wait_for_address_without(page, "trim=")
    expect(scatter).to_have_attribute("aria-label", re.compile("to 1×10¹² against"))


def test_a_bar_of_whole_numbers_selects_its_cases(extreme: Filled, visits: Visits) -> None:
    page = open_results(visits, extreme.launched)
    page.get_by_label("Response", exact=True).select_option(label="cycles")
    histogram = plot(page, "Histogram")
    expect(histogram).to_have_attribute("aria-label", re.compile(r"cycles from 0 to 10, most of them \(\d+\) at \d+; "))
    box = histogram.bounding_box()
    assert box is not None
    histogram.click(position={"x": 0.55 * box["width"], "y": 0.8 * box["height"]})
    least, most = ends(page, "cycles")
    assert least == most == round(least)
    assert selected(page) == int((extreme.column("cycles") == least).sum()) > 0
