"""A study that is defined by hand, sent five first, and then the rest."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from attached import attach
from command_line import Launched
from design_page import (
    FOOTING,
    Gate,
    button,
    check_each_arrived_once,
    check_said_at,
    choose,
    choose_file,
    drop,
    has_pixels,
    held_submissions,
    ids,
    in_order,
    open_design,
    preview,
    queue,
    review,
    save,
    send_all,
    small_study,
    text,
    told,
)
from playwright.sync_api import Locator, Page, expect
from small_models import DOUBLE
from studies import documents, drain, line_of, link, table_of, wait_for_end
from visit import Visits, go_to, progress, title_of, wait_until


def test_a_study_is_defined_by_hand_sent_five_first_and_then_the_rest(
    launched: Launched, visits: Visits, binary: Path, tmp_path: Path
) -> None:
    page = open_design(visits, launched)
    drop(page, "Model file", FOOTING.read_text(), "footing.py")
    button(page, "Add the factor cohesion_array").click()
    text(page, "Minimum of cohesion_array").fill("50000")
    text(page, "Maximum of cohesion_array").fill("500000")
    text(page, "Vector length of cohesion_array").fill("5")
    shown = preview(page, "64 cases")
    has_pixels(page, shown.get_by_role("img", name=re.compile(r"^64 points, each pair of cohesion_array\[0\], ")))
    expect(shown.get_by_role("definition").filter(has_text="cohesion_array[")).to_be_visible()
    expect(text(page, "Batch")).to_have_value("footing")

    assert review(page) == {
        "Cases of the design": "64", "Duplicates within": "0",
        "To be sent": "64 cases to the batch footing",
        "Requests": "10", "Expected time": "no worker is attached yet",
    }  # fmt: skip
    button(page, "Send 5 first, then decide").click()
    rest = button(page, "Send the remaining 59")
    expect(rest).to_be_visible()
    first = page.get_by_role("list", name="The first cases").get_by_role("listitem")
    expect(first.filter(has_text="waiting")).to_have_count(5)
    assert queue(launched) == (5, 0)
    with attach(line_of(launched)):
        expect(first.filter(has_text="done in")).to_have_count(5, timeout=60_000)
        wait_for_end(launched, done=5)
    results = documents(launched.command_line.cloud.client("s3"), launched.bucket, "done-")
    for result in results:
        line = first.filter(has=page.get_by_title(f"Case {result['case_id']}"))
        expect(line.get_by_title(json.dumps(result["result"]["end_load"]), exact=True).first).to_be_visible()
        components = json.dumps(result["parameters"]["cohesion_array"], separators=(",", ":"))
        expect(line.get_by_title(components, exact=True)).to_be_visible()
    expect(told(page, "5 done")).to_be_visible()
    (submitted,) = documents(launched.command_line.cloud.client("s3"), launched.bucket, "design-")
    assert held_submissions(launched) == [submitted["submission"]]

    rest.click()
    expect(told(page, "All 64 cases were sent")).to_be_visible()
    expect(told(page, "The first 5: 5 done")).to_be_visible()
    assert held_submissions(launched) == []
    design = save(page, "Save JSON")
    expected = ids(in_order(binary, tmp_path, design, FOOTING.read_bytes(), "footing.py"))
    assert {result["case_id"] for result in results} == set(expected[:5])
    check_each_arrived_once(launched, "footing", expected, taken=5)
    page.get_by_role("link", name="Watch progress").click()
    expect(page).to_have_url(re.compile("batch=footing"))
    expect(progress(page)).to_contain_text("5 of 64 done")


def test_a_first_case_that_fails_shows_its_traceback_before_the_rest_is_sent(
    launched: Launched, visits: Visits
) -> None:
    page = open_design(visits, launched)
    small_study(page, 8, "raise ValueError('too soft: %s' % {{a}})\n")
    text(page, "Attempts per case").fill("1")
    review(page)
    button(page, "Send 5 first, then decide").click()
    first = page.get_by_role("list", name="The first cases").get_by_role("listitem")
    with attach(line_of(launched)):
        expect(first.filter(has_text="ValueError: too soft")).to_have_count(5)
        wait_for_end(launched, done=0, errors=5)
    first.first.get_by_text("Traceback", exact=True).click()
    expect(first.first.get_by_text("line 1, in <module>")).to_be_visible()
    button(page, "Cancel the other 3").click()
    expect(told(page, "Cancelled: 5 cases were sent")).to_be_visible()
    assert len(table_of(launched, "model")) == 5


def is_in_window(locator: Locator) -> bool:
    """Whether all of an element is seen, with nothing in front of its corners."""
    return bool(
        locator.evaluate("""element => {
        const {left, right, top, bottom} = element.getBoundingClientRect();
        const corners = [[left + 8, top + 8], [right - 8, top + 8], [left + 8, bottom - 8], [right - 8, bottom - 8]];
        return corners.every(([x, y]) => element.contains(document.elementFromPoint(x, y)));
    }""")
    )


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_summary_is_seen_whole_when_it_opens_and_has_the_focus(
    study: Launched, visits: Visits, width: int, height: int
) -> None:
    page = open_design(visits, study, viewport={"width": width, "height": height})
    choose_file(page, "Model file", FOOTING.read_bytes(), "footing.py")
    button(page, "Add the factor cohesion_array").click()
    text(page, "Minimum of cohesion_array").fill("50000")
    text(page, "Maximum of cohesion_array").fill("500000")
    text(page, "Vector length of cohesion_array").fill("5")
    preview(page, "64 cases")
    button(page, "Review and send …").click()
    summary = page.get_by_role("group", name="Summary")
    expect(summary).to_be_focused()
    assert is_in_window(summary)
    send = button(page, "Send 5 first, then decide")
    assert is_in_window(send)
    page.keyboard.press("Tab")
    expect(send).to_be_focused()


def test_what_waits_in_the_queue_is_said_since_it_goes_first(launched: Launched, visits: Visits) -> None:
    page = open_design(visits, launched)
    small_study(page, 12)
    assert "In the queue before them" not in review(page)
    send_all(page, 12)
    button(page, "Send another design").click()
    text(page, "Seed").fill("2")
    preview(page, "12 cases")
    assert review(page)["In the queue before them"] == "12 cases"
    drain(launched)


def test_a_review_follows_the_number_of_workers(launched: Launched, visits: Visits) -> None:
    page = open_design(visits, launched)
    small_study(page, 3)
    assert review(page)["Expected time"] == "no worker is attached yet"
    with attach(line_of(launched)):
        expect(page.get_by_role("group", name="Summary")).to_contain_text("1 worker is attached")


def test_choices_that_none_of_the_first_cases_has_are_named_before_the_rest_is_sent(
    launched: Launched, visits: Visits
) -> None:
    page = open_design(visits, launched)
    choose_file(page, "Model file", "result['soil'] = {{soil}}\n")
    text(page, "Name of factor 1").fill("soil")
    choose(page, "Values of soil", "choice")
    text(page, "Choices of soil").fill("'clay', 'silt'")
    check_said_at(page, "Choices of soil", "The quotes would be a part of the text: write clay.")
    text(page, "Choices of soil").fill(", ".join(f"soil{number}" for number in range(8)))
    text(page, "Cases").fill("8")
    preview(page, "8 cases")
    review(page)
    button(page, "Send 5 first, then decide").click()
    expect(page.get_by_text(re.compile(r"^Not among them: soil (soil\d, ){2}soil\d\.$"))).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_first_cases_are_seen_with_what_can_be_done_about_them(
    launched: Launched, visits: Visits, width: int, height: int
) -> None:
    page = open_design(visits, launched, viewport={"width": width, "height": height})
    small_study(page, 12, HALF_WRONG)
    page.get_by_text("Computing how evenly").wait_for(state="hidden")
    text(page, "Attempts per case").fill("1")
    review(page)
    button(page, "Send 5 first, then decide").click()
    rest = button(page, "Send the remaining 7")
    expect(rest).to_be_visible()
    wait_until(page, "it is in the window", lambda: is_in_window(rest))
    with attach(line_of(launched)):
        fix = button(page, "Fix the model")
        expect(told(page, "waiting")).to_have_count(0)
        wait_until(page, "it is in the window", lambda: is_in_window(fix))


def test_whoever_comes_back_finds_the_page_where_they_left_it(launched: Launched, visits: Visits) -> None:
    page = open_design(visits, launched)
    small_study(page, 12)
    review(page)
    button(page, "Send 5 first, then decide").click()
    rest = button(page, "Send the remaining 7")
    wait_until(page, "it is in the window", lambda: rest.is_visible() and is_in_window(rest))
    page.get_by_role("link", name="Attach a worker").click()
    expect(page).to_have_title(title_of("Attach"))
    go_to(page, "Design")
    expect(rest).to_be_in_viewport()
    page.evaluate("scrollTo(0, 0)")
    wait_until(page, "it is scrolled", lambda: page.evaluate("scrollY") == 0)
    go_to(page, "Overview")
    go_to(page, "Design")
    expect(page.get_by_role("heading", name="Model", exact=True)).to_be_in_viewport()


def test_a_design_that_was_changed_after_it_was_sent_is_one_press_from_its_summary(
    launched: Launched, visits: Visits
) -> None:
    page = open_design(visits, launched)
    small_study(page, 3)
    review(page)
    button(page, "Send all 3").click()
    actions = page.get_by_role("region", name="Send", exact=True).get_by_role("button")
    expect(actions).to_have_text(["Send another design"])
    text(page, "Maximum of a").fill("")
    expect(actions).to_have_text(["Review and send …"])
    actions.click()
    expect(page.get_by_role("alert").filter(has_text="1 thing is wrong or missing above")).to_be_visible()
    text(page, "Maximum of a").fill("100")
    button(page, "Extend to 6 points").click()
    preview(page, "6 cases")
    assert review(page)["To be sent"] == "3 cases to the batch model"
    send_all(page, 3)
    assert len({message["case_id"] for message in drain(launched)}) == 6


HALF_WRONG = """if {{a}} > 50:
    raise ValueError('too soft: %s' % {{a}})
result['double'] = 2 * {{a}}
"""


def test_after_failures_the_model_is_fixed_before_the_rest_is_sent(launched: Launched, visits: Visits) -> None:
    page = open_design(visits, launched)
    small_study(page, 8, HALF_WRONG)
    text(page, "Attempts per case").fill("1")
    review(page)
    button(page, "Send 5 first, then decide").click()
    first = page.get_by_role("list", name="The first cases").get_by_role("listitem")
    sending = page.get_by_role("region", name="Send", exact=True)
    actions = sending.get_by_role("button")
    expect(actions).to_have_text(["Send the remaining 3", "Cancel the other 3"])
    with attach(line_of(launched)):
        expect(first.filter(has_text=re.compile("failed|done in"))).to_have_count(5)
    failed = first.filter(has_text="ValueError: too soft").count()
    assert 0 < failed < 5
    expect(told(page, f"{5 - failed} done, {failed} failed")).to_be_visible()
    s3 = launched.command_line.cloud.client("s3")
    for document in documents(s3, launched.bucket, "error-"):
        line = first.filter(has=page.get_by_title(f"Case {document['case_id']}"))
        expect(line.get_by_title(json.dumps(document["parameters"]["a"]), exact=True)).to_contain_text("a ")
        expect(line).not_to_contain_text(document["case_id"][:8])

    expect(actions).to_have_text(["Fix the model", "Send the remaining 3", "Cancel the other 3"])
    actions.first.click()
    expect(page.get_by_label("Model file", exact=True)).to_be_focused()
    model = page.get_by_role("region", name="Model", exact=True)
    expect(model).to_contain_text("Choose the mended file; then review and send: the first 5 run again with it.")
    choose_file(page, "Model file", DOUBLE)
    expect(model).not_to_contain_text("Choose the mended file")
    remaining = "Send the remaining 3 with model.py as it was"
    expect(actions).to_have_text(["Review and send …", remaining, "Cancel the other 3"])
    button(page, "Go on to review and send").click()
    expect(actions.first).to_be_focused()
    wait_until(page, "it is in the window", lambda: is_in_window(actions.first))
    summary = review(page)
    expect(sending).to_contain_text(
        "5 cases of an earlier model.py stay in this batch. After sending, they can be withdrawn on the Overview."
    )
    assert (summary["To be sent"], summary["Cases of the design"]) == ("8 cases to the batch model", "8")
    # The rest of the first submission isn't waited for by anybody.
    assert len(table_of(launched, "model")) == 5
    button(page, "Send all 8").click()
    expect(told(page, re.compile(r"All 8 cases were sent at \d\d:\d\d"))).to_be_visible()
    button(page, "Earlier …").click()
    designs = page.get_by_role("region", name="Designs that were submitted").get_by_role("listitem")
    expect(designs).to_contain_text(["8 cases · model.py version 2", "5 cases of a design of 8 · model.py version 1"])
    arrived = {message["case_id"] for message in drain(launched)}
    # A worker that was ended while it asked for cases may have been given one, up to the end.
    _, held = queue(launched)
    assert len(arrived) == 8 - held


def test_a_case_that_returned_nothing_is_done_but_says_so(launched: Launched, visits: Visits) -> None:
    page = open_design(visits, launched)
    small_study(page, 6, "double = 2 * {{a}}\n")
    warning = page.get_by_role("region", name="Model", exact=True).get_by_text("It seems to return nothing")
    expect(warning).to_be_visible()
    review(page)
    button(page, "Send 5 first, then decide").click()
    first = page.get_by_role("list", name="The first cases").get_by_role("listitem")
    with attach(line_of(launched)):
        expect(first.filter(has_text="but returned nothing")).to_have_count(5)
    expect(told(page, "5 done without a result")).to_be_visible()
    expect(button(page, "Fix the model")).to_be_visible()
    choose_file(page, "Model file", DOUBLE)
    expect(warning).to_have_count(0)
    button(page, "Cancel the other 1").click()
    expect(told(page, "Cancelled: 5 cases were sent")).to_be_visible()
    # The mended model is a step away.
    assert review(page)["To be sent"] == "6 cases to the batch model"


def test_the_small_model_that_the_page_offers_runs(launched: Launched, visits: Visits) -> None:
    page = open_design(visits, launched)
    model = page.get_by_role("region", name="Model", exact=True)
    expect(model).to_contain_text('What it computes it returns by result["name"] = value')
    offered = save(page, "Download a small model to try")
    choose_file(page, "Model file", offered, "settlement.py")
    expect(button(page, "Download a small model to try")).to_have_count(0)
    expect(model.get_by_text("It seems to return nothing")).to_have_count(0)
    button(page, "Add 3 factors").click()
    for name, (minimum, maximum) in {
        "pressure": ("50e3", "300e3"), "diameter": ("1", "5"), "stiffness": ("10e6", "100e6"),
    }.items():  # fmt: skip
        text(page, f"Minimum of {name}").fill(minimum)
        text(page, f"Maximum of {name}").fill(maximum)
    text(page, "Cases").fill("2")
    preview(page, "2 cases")
    review(page)
    send_all(page, 2)
    with attach(line_of(launched)):
        wait_for_end(launched, done=2)
    for result in documents(launched.command_line.cloud.client("s3"), launched.bucket, "done-"):
        given, found = result["parameters"], result["result"]
        assert found["settlement"] == pytest.approx(
            0.91 * 3.141593 / 4 * given["pressure"] * given["diameter"] / given["stiffness"]
        )


@pytest.mark.parametrize("end", ["crashes", "is closed"])
def test_a_tab_that_ends_while_it_sends_is_continued_when_the_page_is_opened_again(
    gate: Gate, visits: Visits, binary: Path, tmp_path: Path, end: str
) -> None:
    page = open_design(visits, gate.study)
    small_study(page, 900)
    expected = ids(in_order(binary, tmp_path, save(page, "Save JSON"), DOUBLE))
    gate.proxy.silent_from = 40
    assert review(page)["Requests"] == "93"
    button(page, "Send all 900").click()
    wait_until(page, "a batch has reached the queue, and nobody heard of it", gate.proxy.silenced.is_set)
    context = page.context
    if end == "crashes":
        crash(page)
    else:
        page.close()
    gate.proxy.silent_from = None
    gate.proxy.released.set()
    assert 400 <= queue(gate.study)[0] < 900

    again = context.new_page()
    again.goto(link(gate.study))
    # Nobody goes to the Design page: it goes on by itself.
    expect(progress(again)).to_be_visible()
    wait_until(again, "every case is in the queue", lambda: queue(gate.study) == (900, 0))
    go_to(again, "Design")
    expect(told(again, "All 900 cases were sent")).to_be_visible()
    check_each_arrived_once(gate.study, "model", expected)
    again.reload()
    expect(button(again, "Review and send …")).to_be_visible()
    assert queue(gate.study) == (0, 0)


def crash(page: Page) -> None:
    """Ends the page's process at once, its workers with it."""
    session = page.context.new_cdp_session(page)
    with page.expect_event("crash"):
        session.send("Page.navigate", {"url": "chrome://crash"})
