"""Results as models really have them: seeds beyond floats, long texts, failures, documents that are too large."""

from __future__ import annotations

import dataclasses
import re

import pandas as pd
import pytest
from command_line import CommandLine, Launched
from odd_results import Ended, write_ended
from playwright.sync_api import expect
from results_page import open_results, plot, save, selection, wait_for_address
from visit import Visits, check_accessible, has_no_overflow

SEED = 2**62


LONG = "echo " * 2000


MESSAGES = ["negative load -1.5", "negative load -2.5", "negative load -3.5"]


@dataclasses.dataclass(frozen=True)
class Odd:
    """A study of odd results."""

    launched: Launched
    ended: list[Ended]


@pytest.fixture(scope="module")
def odd(cruncher: CommandLine) -> Odd:
    """Seeds that are no floats, a text as first response, a name with a comma, long texts, failures with messages of
    their own, a document that is too large, and a curve without numbers."""
    launched = cruncher.launch()
    ended = [
        Ended(
            {"seed": SEED + 1 + number, "depth": number},
            {
                "verdict": ["stable", "slope failed", "stable", "toe failed"][number % 4],
                "converged": number % 3 > 0,
                "load, kN": 5.0 * number,
                "echo": LONG if number < 3 else "short",
                "curve": {"x": [0, 1, 2], "y": [None] * 3 if number == 5 else [number, 2 * number, 3 * number]},
            },
            blank_bytes=(9 << 20) if number == 4 else 0,
        )
        for number in range(24)
    ]
    ended += [
        Ended({"seed": 2**64 - 1 - number, "depth": 30 + number}, error=("ValueError", message))
        for number, message in enumerate(MESSAGES)
    ]
    write_ended(launched, ended)
    return Odd(launched, ended)


def test_too_few_cases_have_no_coefficients_and_no_shares(odd: Odd, visits: Visits) -> None:
    page = open_results(visits, odd.launched)
    page.evaluate("location.hash = '#/results?select=factor.depth:0..12'")
    expect(selection(page)).to_contain_text("13 of 27 selected")
    words = re.compile(r"depth: Pearson –, Spearman – \(13 cases\).*Too few cases: 16 are needed")
    expect(plot(page, "Correlations")).to_have_attribute("aria-label", words)
    expect(page.locator(".importance").last).to_contain_text(
        "From 13 cases. Too few cases for a share: 26 are needed for a range narrower than 50 %."
    )
    expect(page.locator(".importance").last.get_by_role("listitem")).to_have_count(0)


def test_each_failed_case_has_its_own_message(odd: Odd, visits: Visits) -> None:
    page = open_results(visits, odd.launched)
    # Only rows that can be seen are in the document.
    page.evaluate("location.hash = '#/results?select=case.state:failed'")
    grid = page.get_by_role("grid", name="Cases")
    expect(grid).to_have_attribute("aria-rowcount", "4")
    for message in MESSAGES:
        expect(grid.get_by_role("row").filter(has_text=f"ValueError: {message}")).to_have_count(1)


def test_seeds_of_64_bits_have_all_of_their_digits_wherever_they_are(odd: Odd, visits: Visits) -> None:
    page = open_results(visits, odd.launched)
    grid = page.get_by_role("grid", name="Cases")
    for ended in odd.ended[:3]:
        row = grid.get_by_role("row").filter(has_text=ended.case_id[:8])
        expect(row.get_by_text(str(ended.parameters["seed"]), exact=True)).to_be_visible()
    wanted = odd.ended[1]
    page.evaluate(f"location.hash = '#/results?select=factor.seed:{SEED + 2}'")
    expect(selection(page)).to_contain_text("1 of 27 selected")
    expect(selection(page)).to_contain_text(f"seed is {SEED + 2}")
    grid.get_by_role("row").filter(has_text=wanted.case_id[:8]).click()
    case = page.get_by_role("dialog")
    expect(case.get_by_role("table", name="Factors")).to_contain_text(str(SEED + 2))
    case.get_by_text("Document as stored").click()
    expect(case.get_by_role("region", name="Document")).to_contain_text(f'"seed": {SEED + 2},')
    page.keyboard.press("Escape")
    page.evaluate(f"location.hash = '#/results?select=factor.seed:{SEED + 2}..{SEED + 3}'")
    expect(selection(page)).to_contain_text("2 of 27 selected")
    expect(selection(page).get_by_label("Least seed")).to_have_value(str(SEED + 2))
    selection(page).get_by_label("Least seed").fill(str(SEED + 3))
    selection(page).get_by_label("Least seed").press("Enter")
    expect(selection(page)).to_contain_text("1 of 27 selected")
    wait_for_address(page, f"factor.seed:{SEED + 3}..{SEED + 3}")


def test_the_first_response_is_a_number_and_a_text_is_counted(odd: Odd, visits: Visits) -> None:
    page = open_results(visits, odd.launched)
    expect(page.get_by_label("Response", exact=True)).to_have_value("response.load%2C%20kN")
    expect(page.get_by_role("heading", name="Correlation with load, kN")).to_be_visible()
    page.get_by_label("Response", exact=True).select_option("response.verdict")
    wait_for_address(page, "y=response.verdict")
    for name in ("Correlation with", "Share of the variance", "verdict over"):
        expect(page.get_by_role("heading", name=re.compile(name))).to_have_count(0)
    counts = page.locator(".plots__counts")
    expect(counts).to_contain_text("24 cases with a text; 3 without one.")
    assert counts.get_by_role("listitem").all_inner_texts() == [
        "stable\n12 · 50 %", "slope failed\n6 · 25 %", "toe failed\n6 · 25 %"
    ]  # fmt: skip
    check_accessible(page)
    counts.get_by_role("button", name="slope failed").click()
    expect(selection(page)).to_contain_text("6 of 27 selected")
    wait_for_address(page, "select=response.verdict:slope%20failed")


def test_a_boolean_response_is_the_share_that_is_true(odd: Odd, visits: Visits) -> None:
    page = open_results(visits, odd.launched)
    page.get_by_label("Response", exact=True).select_option("response.converged")
    expect(page.get_by_role("heading", name="Correlation with converged")).to_be_visible()
    expect(page.locator(".importance").last).to_contain_text("From 24 cases")
    plot(page, "Contour").scroll_into_view_if_needed()
    expect(plot(page, "Contour")).to_have_attribute("aria-label", re.compile("converged"))


def test_long_texts_are_counted_and_downloaded_whole(odd: Odd, visits: Visits) -> None:
    page = open_results(visits, odd.launched)
    expect(page.locator(".cases__more")).to_have_text(
        "3 texts are cut at 1,000 characters: whole in the document of the case, and in the download."
    )
    page.locator("summary", has_text="Download").click()
    names = "Rounded in X, since floats don't hold their integers beyond 2^53; the table has them exactly: seed."
    expect(page.locator("details[open] > .menu__body")).to_contain_text(names)
    file = save(page, page.get_by_role("button", name="Table, CSV"))
    cases = pd.read_csv(file, dtype={"case_id": str, "seed": str}).set_index("case_id")
    for ended in odd.ended:
        case = cases.loc[ended.case_id]
        assert case["seed"] == str(ended.parameters["seed"])
        assert ended.error or case["echo"] == ended.result["echo"]
    expect(page.get_by_text("The browser saves it.", exact=True)).to_be_visible()


def test_results_that_are_too_large_or_have_no_numbers_are_counted(odd: Odd, visits: Visits) -> None:
    page = open_results(visits, odd.launched)
    page.get_by_role("button", name="Read curves").click()
    curves = page.locator(".curves")
    expect(curves).to_contain_text("1 result is too large to be read here (over 8 MiB)")
    expect(curves).to_contain_text("1 array has fewer than two numbers and is no curve")
    expect(curves).to_contain_text("1 result that was read has none")
    rows = page.get_by_role("grid", name="Cases").get_by_role("row")
    rows.filter(has_text=odd.ended[4].case_id[:8]).click()
    expect(page.get_by_role("dialog")).to_contain_text("The document of this case is too large to be shown.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_odd_results_are_no_wider_than_the_window(odd: Odd, visits: Visits, width: int, scheme: str) -> None:
    page = open_results(visits, odd.launched, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.get_by_label("Response", exact=True).select_option("response.verdict")
    expect(page.locator(".plots__counts")).to_contain_text("24 cases")
    assert has_no_overflow(page)
    page.get_by_role("grid", name="Cases").get_by_role("row").filter(has_text=odd.ended[0].case_id[:8]).click()
    expect(page.get_by_role("dialog")).to_contain_text("1 text is cut here, and whole in the document.")
    check_accessible(page)
