"""Pausing, cancelling, and two tabs at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import Launched
from design_page import (
    Gate,
    button,
    check_each_arrived_once,
    ids,
    in_order,
    open_design,
    queue,
    review,
    save,
    send_all,
    small_study,
    text,
    told,
)
from playwright.sync_api import Page, Route, expect
from small_models import DOUBLE
from studies import documents, drain, link, table_of
from visit import Visits, go_to, live, progress, wait_until


def begin_sending(gate: Gate, page: Page, cases: int, batches: int) -> None:
    """Sends a small study, of which so many batches come through the gate."""
    gate.shut_after(batches)
    small_study(page, cases)
    review(page)
    button(page, f"Send all {cases}").click()
    expect(page.get_by_text(re.compile(rf"^Sending: \d+ of {cases} cases sent$"))).to_be_visible()
    wait_until(page, "batches wait at the gate", gate.reached.is_set)


def paused(gate: Gate, page: Page) -> int:
    """Pauses, and says how many have been sent."""
    button(page, "Pause").click()
    expect(page.get_by_text("Stopping: ")).to_be_visible()
    gate.opened.set()
    told = page.get_by_text("Paused: ")
    expect(told).to_be_visible()
    return int(re.findall(r"\d+", told.inner_text())[0])


def test_sending_pauses_and_goes_on(gate: Gate, visits: Visits, binary: Path, tmp_path: Path) -> None:
    page = open_design(visits, gate.study)
    begin_sending(gate, page, 900, 2)
    sent = paused(gate, page)
    assert 20 <= sent < 900 and queue(gate.study) == (sent, 0)
    bar = page.get_by_role("progressbar", name="Cases sent")
    expect(bar).to_have_attribute("aria-valuenow", str(sent))
    expect(bar).to_have_attribute("aria-valuemax", "900")
    expected = ids(in_order(binary, tmp_path, save(page, "Save JSON"), DOUBLE))
    assert queue(gate.study) == (sent, 0)
    button(page, "Go on").click()
    expect(told(page, "All 900 cases were sent")).to_be_visible()
    check_each_arrived_once(gate.study, "model", expected)


@pytest.mark.parametrize("moment", ["while it sends", "while it pauses"])
def test_what_is_cancelled_is_no_part_of_the_study(gate: Gate, visits: Visits, moment: str) -> None:
    page = open_design(visits, gate.study)
    begin_sending(gate, page, 900, 2)
    if moment == "while it pauses":
        paused(gate, page)
    button(page, re.compile(r"^Cancel the other \d+$")).click()
    gate.opened.set()
    cancelled = told(page, "the rest is no part of the batch any more")
    expect(cancelled).to_be_visible()
    sent = int(re.findall(r"\d+", cancelled.inner_text())[0])
    named = [row["case_id"] for row in table_of(gate.study, "model")]
    (design,) = documents(gate.study.command_line.cloud.client("s3"), gate.study.bucket, "design-")
    assert [level["cases"] for level in design["levels"]] == [len(named)]
    assert 20 <= len(named) == sent < 900
    go_to(page, "Overview")
    live(page).click()
    expect(progress(page)).to_contain_text(f"0 of {sent} done")
    check_each_arrived_once(gate.study, "model", named)
    page.reload()
    go_to(page, "Design")
    expect(button(page, "Review and send …")).to_be_visible()
    assert drain(gate.study) == []


def test_another_tab_says_that_sending_happens_elsewhere(gate: Gate, visits: Visits) -> None:
    page = open_design(visits, gate.study)
    begin_sending(gate, page, 300, 2)
    other = page.context.new_page()
    other.goto(link(gate.study))
    go_to(other, "Design")
    expect(told(other, "Another tab of this browser is sending cases to this study.")).to_be_visible()
    expect(button(other, "Review and send …")).to_have_count(0)
    # The draft is the same one.
    expect(text(other, "Maximum of a")).to_have_value("100")
    gate.opened.set()
    expect(told(page, "All 300 cases were sent")).to_be_visible()
    button(other, "Look again").click()
    expect(button(other, "Review and send …")).to_be_visible()
    assert len(drain(gate.study)) == 300


def test_a_held_rest_is_offered_again_after_a_reload_with_no_worker_there(launched: Launched, visits: Visits) -> None:
    page = open_design(visits, launched)
    small_study(page, 12)
    review(page)
    button(page, "Send 5 first, then decide").click()
    expect(button(page, "Send the remaining 7")).to_be_visible()
    page.reload()
    first = page.get_by_role("list", name="The first cases").get_by_role("listitem")
    expect(first.filter(has_text="waiting")).to_have_count(5)
    button(page, "Send the remaining 7").click()
    expect(told(page, "All 12 cases were sent")).to_be_visible()
    assert len(drain(launched)) == 12


@pytest.mark.parametrize("part", ["models/", "data/model/design-", "data/model/cases-"])
def test_sending_that_could_not_begin_says_so_and_nothing_goes_on_by_itself(
    launched: Launched, visits: Visits, part: str
) -> None:
    visits.expected.append("status of 403")
    page = open_design(visits, launched)
    small_study(page, 12)

    def refuse(route: Route) -> None:
        if route.request.method == "PUT":
            refusal = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
            route.fulfill(status=403, body=refusal, content_type="application/xml")
        else:
            route.continue_()

    parts = re.compile(re.escape(part))
    page.route(parts, refuse)
    review(page)
    button(page, "Send all 12").click()
    expect(page.get_by_role("alert").filter(has_text=re.compile("PutObject of .* Nothing was sent"))).to_be_visible()
    page.unroute(parts)
    page.reload()
    expect(text(page, "Maximum of a")).to_have_value("100")
    assert review(page)["To be sent"] == "12 cases to the batch model"
    assert queue(launched) == (0, 0)
    send_all(page, 12)
    assert len(drain(launched)) == 12


def test_a_tab_that_ends_before_the_cases_are_written_down_leaves_nothing_behind(
    launched: Launched, visits: Visits
) -> None:
    page = open_design(visits, launched)
    small_study(page, 12)
    asked: list[Route] = []
    page.route(re.compile("data/model/design-"), lambda route: asked.append(route))
    review(page)
    button(page, "Send all 12").click()
    wait_until(page, "the design is about to be written", lambda: bool(asked))
    context = page.context
    page.close()
    again = context.new_page()
    again.goto(link(launched))
    go_to(again, "Design")
    expect(text(again, "Maximum of a")).to_have_value("100")
    assert review(again)["To be sent"] == "12 cases to the batch model"
    assert queue(launched) == (0, 0)
