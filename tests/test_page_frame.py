"""What stands around the pages: which tabs may show them, and that none of them gets into another one's way."""

from __future__ import annotations

import re
from itertools import permutations
from math import nan

import pytest
from command_line import Launched
from design_page import preview, small_study
from local_cloud import REPOSITORY
from playwright.sync_api import Page, expect
from results_page import draw_all
from studies import link
from visit import PAGES, Visits, go_to, link_field, progress, requests_of, shown, title_of, wait_until


def is_shut(page: Page) -> None:
    """That the page shows nothing of the study."""
    expect(page.get_by_role("textbox", name="Passphrase")).to_be_visible()


# ---- Which tabs show the study ----


def test_a_copied_address_is_shown_once_a_link_was_given(finished: Launched, visits: Visits) -> None:
    address = f"{finished.ran.json()['page_url']}#/results?y=response.double&x=factor.a"
    page = visits.open(address)
    link_field(page).fill(link(finished, "viewer"))
    page.get_by_role("button", name="Open with the link").click()
    expect(page.get_by_role("combobox", name="Response")).to_be_visible()
    expect(page).to_have_url(re.compile(r"#/results\?batch=\*&y=response\.double&x=factor\.a"))


def test_a_copied_address_survives_a_link_in_the_address_bar(finished: Launched, visits: Visits) -> None:
    page = visits.open(f"{finished.ran.json()['page_url']}#/errors?batch=soil")
    is_shut(page)
    page.goto(link(finished, "viewer"))
    expect(page).to_have_title(title_of("Errors"))
    expect(page).to_have_url(re.compile("#/errors[?]batch=soil$"))


def test_a_part_of_a_link_is_refused_at_the_field(finished: Launched, visits: Visits) -> None:
    page = visits.open(finished.ran.json()["page_url"])
    field = link_field(page)
    field.fill(link(finished)[:-20])
    field.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="This link is incomplete")).to_be_visible()
    assert "access" not in page.url


def test_tabs_share_their_access_if_that_is_wanted_until_one_locks_it(finished: Launched, visits: Visits) -> None:
    first = visits.open(link(finished))
    expect(progress(first)).to_be_visible()
    address = finished.ran.json()["page_url"]
    second = first.context.new_page()
    second.goto(f"{address}#/errors")
    expect(second.get_by_text("Another tab of this browser has this study open, as operator.")).to_be_visible()
    second.get_by_role("button", name="Open it in every tab").click()
    expect(second).to_have_title(title_of("Errors"))

    third = first.context.new_page()
    third.goto(f"{address}#/attach")
    expect(third).to_have_title(title_of("Attach"))
    third.reload()
    expect(third).to_have_title(title_of("Attach"))
    kept = third.evaluate("JSON.stringify(Object.entries(localStorage))")
    assert finished.key("operator").secret not in kept

    second.get_by_role("button", name="Lock").click()
    for page in (first, second, third):
        is_shut(page)
    third.goto("about:blank")
    third.goto(address)
    is_shut(third)
    expect(third.get_by_text("Another tab")).to_have_count(0)


def test_a_tab_that_nobody_asked_stays_open_when_another_one_is_locked(finished: Launched, visits: Visits) -> None:
    first = visits.open(link(finished))
    expect(progress(first)).to_be_visible()
    second = first.context.new_page()
    second.goto(link(finished, "viewer"))
    expect(progress(second)).to_be_visible()
    second.get_by_role("button", name="Lock").click()
    is_shut(second)
    expect(second.get_by_text("Another tab of this browser has this study open, as operator.")).to_be_visible()
    first.reload()
    expect(progress(first)).to_be_visible()


def test_the_page_does_not_open_inside_another_one(finished: Launched, visits: Visits) -> None:
    # A page of this computer, too: browsers keep others from framing anything on it.
    page = visits.open(finished.ran.json()["page_url"].replace("index.html", "public/config.json"))
    visits.expected.append("favicon.ico")
    asked = requests_of(page)
    page.set_content(f'<title>another</title><iframe src="{link(finished)}" width="800" height="600"></iframe>')
    inside = page.frame_locator("iframe")
    expect(inside.get_by_text("A study doesn't open inside another page")).to_be_visible()
    expect(inside.get_by_role("link", name="Open it in a tab of its own")).to_have_attribute(
        "href", finished.ran.json()["page_url"]
    )
    assert not [url for url in asked if "public/config.json" in url or "sqs" in url.lower()]


# ---- Pages beside each other ----


@pytest.mark.parametrize("width", [1440, 768, 390])
def test_every_page_can_be_used_after_every_other(finished: Launched, visits: Visits, width: int) -> None:
    page = visits.open(link(finished), viewport={"width": width, "height": 900})
    go_to(page, "Design")
    small_study(page, cases=8)
    preview(page, "8 cases")
    for before, after in permutations(PAGES, 2):
        go_to(page, before)
        go_to(page, after)
        shown(page, after)


@pytest.mark.parametrize(
    ("program", "scopes"),
    [
        ("explorer", ["#explorer"]),
        ("designer", ["#designer"]),
        ("fleet", ["#fleet, #pools", "#fleet", "#pools"]),
        ("dialogs", ["#dialogs"]),
    ],
)
def test_the_style_of_a_program_reaches_its_own_elements_alone(program: str, scopes: list[str]) -> None:
    style = re.sub(r"/\*.*?\*/", "", (REPOSITORY / f"style/{program}.css").read_text(), flags=re.DOTALL)
    depth, outermost = 0, ""
    for letter in style:
        depth -= letter == "}"
        outermost += letter if depth == 0 else ""
        depth += letter == "{"
    rules = [selector.strip() for selector in outermost.split("}") if selector.strip()]
    assert rules == [f":where({scope}) {{" for scope in scopes], "something stands outside of the scope"


def test_each_page_stays_scrolled_as_it_was_left(finished: Launched, visits: Visits) -> None:
    page = visits.open(link(finished), viewport={"width": 390, "height": 844})
    go_to(page, "Results")
    cases = page.get_by_role("grid", name="Cases")
    expect(cases).to_be_visible()

    draw_all(page)

    def scrolled_px() -> float:
        return float(page.evaluate("scrollY"))

    def top_px() -> float:
        return (cases.bounding_box() or {"y": nan})["y"]

    cases.scroll_into_view_if_needed()
    wait_until(page, "Results is scrolled", lambda: scrolled_px() > 500)
    left = top_px()
    go_to(page, "Errors")
    wait_until(page, "Errors begins at its top", lambda: scrolled_px() == 0)
    go_to(page, "Results")
    wait_until(page, "Results is where it was left", lambda: abs(top_px() - left) < 1)
