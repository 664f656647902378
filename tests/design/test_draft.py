"""The parts of the page, and what it keeps."""

from __future__ import annotations

import re

import pytest
from command_line import Launched
from design_page import (
    KEPT_DRAFT,
    button,
    choose_file,
    define,
    ids,
    open_design,
    preview,
    review,
    save,
    send_all,
    small_study,
    start_anew,
    take_table,
    text,
)
from playwright.sync_api import Locator, Page, Route, expect
from small_models import DOUBLE
from studies import drain, link
from visit import PLAIN_HOST, Visits, check_accessible, go_to, requests_of, title_of

# Whether the browser keeps a draft with these words in it.


def is_of_the_designer(request: str) -> bool:
    """Whether a request is for a part of the page that only the designer needs."""
    return "/assets/" in request and "designer" in request


def design_heading(page: Page) -> Locator:
    """The heading of the designer's page."""
    return page.get_by_role("heading", name="Design", exact=True)


def no_cases(page: Page) -> Locator:
    """What the Overview of a study without cases says."""
    return page.get_by_role("heading", name="No cases yet")


def test_the_designer_is_loaded_when_its_page_is_shown_and_not_before(study: Launched, visits: Visits) -> None:
    page = visits.person().new_page()
    sent = requests_of(page)
    page.goto(link(study))
    expect(no_cases(page)).to_be_visible()
    for name in ("Attach", "Errors"):
        go_to(page, name)
    page.wait_for_load_state("networkidle")
    assert [request for request in sent if is_of_the_designer(request)] == []
    go_to(page, "Design")
    expect(design_heading(page)).to_be_visible()
    expect(page.get_by_text("Loading the design page")).to_have_count(0)
    expect(page.get_by_role("main")).to_have_count(1)
    assert {request.rsplit("/", 1)[1].split("?")[0] for request in sent if is_of_the_designer(request)} == {
        "start.js", "cruncher-designer.js", "cruncher-designer_bg.wasm", "designer.css",
    }  # fmt: skip


def test_a_page_that_came_over_plain_http_draws_saves_and_sends(launched: Launched, visits: Visits) -> None:
    page = visits.open(link(launched).replace("127.0.0.1", PLAIN_HOST, 1))
    go_to(page, "Design")
    assert page.evaluate("isSecureContext") is False
    small_study(page, 3)
    assert len(ids(save(page, "Save CSV"))) == 3
    review(page)
    send_all(page, 3)
    assert len(drain(launched)) == 3


def test_an_address_of_the_designer_opens_it_and_a_draft_outlives_a_look_elsewhere_and_a_reload(
    study: Launched, visits: Visits
) -> None:
    page = visits.open(link(study))
    expect(no_cases(page)).to_be_visible()
    page.goto(f"{study.ran.json()['page_url']}#/design")
    page.reload()
    expect(page).to_have_title(title_of("Design"))
    choose_file(page, "Model file", DOUBLE)
    define(page, "a", "12", "34")
    field = text(page, "Maximum of a")
    before = field.element_handle()
    go_to(page, "Overview")
    expect(no_cases(page)).to_be_visible()
    expect(field).not_to_be_visible()
    go_to(page, "Design")
    expect(field).to_have_value("34")
    assert field.evaluate("(element, before) => element === before", before)
    expect(no_cases(page)).to_have_count(0)
    take_table(page)
    choose_file(page, "Table of cases", "a\n1\n2\n", "two.csv")
    preview(page, "2 cases")
    button(page, "Factors and a sampler").click()
    page.wait_for_function(KEPT_DRAFT, arg='"source":"Sampler"')
    page.reload()
    expect(text(page, "Minimum of a")).to_have_value("12")
    preview(page, "64 cases")
    expect(page.get_by_role("region", name="Model", exact=True)).to_contain_text("model.py")
    expect(page.get_by_role("region", name="Rendered model")).to_contain_text("result['double']")
    take_table(page)
    preview(page, "2 cases")
    start_anew(page)
    button(page, "Factors and a sampler").click()
    page.reload()
    preview(page, "Nothing to show yet")
    expect(text(page, "Name of factor 1")).to_have_value("")
    expect(page.get_by_role("region", name="Model", exact=True)).not_to_contain_text("model.py")


def test_a_new_design_throws_the_old_one_away_only_if_somebody_says_so(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    define(page)
    preview(page, "64 cases")
    button(page, "New").click()
    question = page.get_by_role("dialog", name="Throw this draft away?")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(question).to_have_count(0)
    expect(text(page, "Maximum of a")).to_have_value("100")
    button(page, "New").click()
    expect(question).to_be_visible()
    page.go_back()
    expect(no_cases(page)).to_be_visible()
    expect(question).to_have_count(0)
    page.go_forward()
    button(page, "New").click()
    question.get_by_role("button", name="Throw it away").click()
    preview(page, "Nothing to show yet")


# Whether the program of the page has come.
IS_LOADED = "() => performance.getEntriesByType('resource').some(({name}) => name.includes('designer_bg.wasm'))"

# Keeps everybody else from reading what the browser keeps, until `letGo` is called.
KEEP_BUSY = """async () => {
    const [{name}] = await indexedDB.databases();
    indexedDB.open(name).onsuccess = ({target: {result: database}}) => {
        const values = database.transaction("values", "readwrite").objectStore("values");
        let isHeld = true;
        window.letGo = () => { isHeld = false; };
        const goOn = () => { isHeld ? values.get("draft").onsuccess = goOn : database.close(); };
        goOn();
    };
}"""


def test_a_form_takes_nothing_before_its_draft_is_there(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    define(page, "a", "12", "34")
    page.wait_for_function(KEPT_DRAFT, arg='"34"')
    go_to(page, "Overview")
    page.reload()
    expect(no_cases(page)).to_be_visible()
    page.evaluate(KEEP_BUSY)
    page.wait_for_function("() => 'letGo' in window")
    page.evaluate("location.hash = '#/design'")
    page.wait_for_function(IS_LOADED)
    expect(page.get_by_text("Loading the design page")).to_have_count(0)
    expect(design_heading(page)).to_have_count(0)
    page.evaluate("letGo()")
    expect(text(page, "Maximum of a")).to_have_value("34")


@pytest.mark.parametrize("part", ["start.js", "cruncher-designer.js", "cruncher-designer_bg.wasm"])
def test_a_worker_that_does_not_come_is_told_of(study: Launched, visits: Visits, part: str) -> None:
    visits.expected += ["ERR_FAILED", "Failed to fetch"]
    page = visits.person().new_page()
    asked: list[Route] = []

    def only_the_page(route: Route) -> None:
        asked.append(route)
        # The page asks for it first, then its workers.
        if len(asked) == 1:
            route.continue_()
        else:
            route.abort()

    page.route(re.compile(rf"/{re.escape(part)}(\?|$)"), only_the_page)
    page.goto(link(study))
    go_to(page, "Design")
    alert = page.get_by_role("alert").filter(has_text="The page's worker ended")
    expect(alert).to_contain_text("Nothing is lost")
    define(page)
    expect(page.get_by_role("alert").filter(has_text="The page's worker ended:")).to_be_visible()
    assert len(asked) >= 3
    page.unroute(re.compile(rf"/{re.escape(part)}(\?|$)"))
    text(page, "Maximum of a").fill("99")
    preview(page, "64 cases")


@pytest.mark.parametrize("part", ["start.js", "cruncher-designer.js", "cruncher-designer_bg.wasm", "designer.css"])
def test_a_designer_that_does_not_come_says_so_and_comes_when_it_is_tried_again(
    study: Launched, visits: Visits, part: str
) -> None:
    visits.expected += ["ERR_FAILED", "Failed to fetch", f"/{part}"]
    page = visits.open(link(study))
    expect(no_cases(page)).to_be_visible()
    parts = re.compile(rf"/{re.escape(part)}(\?.*)?$")
    page.route(parts, lambda route: route.abort())
    page.goto(f"{study.ran.json()['page_url']}#/design")
    alert = page.get_by_role("alert").filter(has_text="The design page can't be loaded.")
    expect(alert).to_be_visible()
    expect(page.get_by_text("Loading the design page")).not_to_be_visible()
    again = button(page, "Try again")
    with page.expect_event("requestfailed"):
        again.click()
    expect(alert).to_be_visible()
    go_to(page, "Overview")
    expect(again).to_have_count(0)
    go_to(page, "Design")
    page.unroute(parts)
    again.click()
    expect(design_heading(page)).to_be_visible()
    expect(again).to_have_count(0)
    check_accessible(page)


def test_a_study_that_could_not_be_opened_for_sending_is_opened_when_it_is_tried_again(
    study: Launched, visits: Visits
) -> None:
    visits.expected += ["ERR_", "Failed to fetch"]
    page = visits.open(link(study))
    expect(no_cases(page)).to_be_visible()
    page.route("**/public/config.json", lambda route: route.abort())
    go_to(page, "Design")
    alert = page.get_by_role("alert").filter(has_text="The study can't be reached.")
    expect(alert).to_be_visible()
    expect(button(page, re.compile("^Cancel"))).to_have_count(0)
    page.unroute("**/public/config.json")
    button(page, "Try again").click()
    expect(button(page, "Review and send …")).to_be_visible()
    expect(alert).to_have_count(0)


def test_a_viewer_designs_and_saves_but_sends_nothing(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study, role="viewer")
    choose_file(page, "Model file", DOUBLE)
    define(page)
    preview(page, "64 cases")
    assert len(ids(save(page, "Save CSV"))) == 64
    expect(page.get_by_text("Whoever has the operator's link can send this design.")).to_be_visible()
    for name in ("Review and send …", "Earlier …"):
        expect(button(page, name)).to_have_count(0)
