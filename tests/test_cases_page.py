"""The pages Cases and Errors: every case in its state, filtered, sent again and called off by an operator."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from attached import attach
from command_line import CommandLine, Launched, wait_for
from enqueue import Parameters, enqueue
from playwright.sync_api import Locator, Page, expect
from studies import documents, line_of, link, messages, queue_of, wait_for_end
from visit import Visits, go_to

FACTORS = [{"name": "number"}, {"name": "soil"}, {"name": "gate"}]

MODEL = """\
import os, time
if {{soil}} == 'sand' and not os.path.exists({{gate}}):
    raise KeyError('sand')
if {{soil}} == 'rock' and not os.path.exists({{gate}}):
    raise ValueError('too hard')
while {{soil}} == 'slow' and not os.path.exists({{gate}}):
    time.sleep(0.02)
result['double'] = 2 * {{number}}
"""


@pytest.fixture
def study(cruncher: CommandLine) -> Launched:
    """A fresh study."""
    return cruncher.launch()


def send(study: Launched, gate: Path, soils: list[str], batch: str = "b") -> list[str]:
    """One case for each of these soils, with one attempt."""
    cases: list[Parameters] = [{"number": number, "soil": soil, "gate": str(gate)} for number, soil in enumerate(soils)]
    return enqueue(queue_of(study), batch, MODEL, {1: cases}, max_attempts=1, factors=FACTORS)


def table(page: Page) -> Locator:
    """The table of the cases."""
    return page.get_by_role("grid", name="Cases")


def rows(page: Page) -> Locator:
    """Its rows of cases."""
    return table(page).get_by_role("row").filter(has=page.get_by_role("gridcell"))


def type_filter(page: Page, text: str) -> None:
    """Types into the field of the filter."""
    page.get_by_role("combobox", name="Filter").or_(page.get_by_role("searchbox", name="Filter")).fill(text)


def test_every_case_stands_there_in_its_state_and_is_found_by_the_filter(
    study: Launched, visits: Visits, tmp_path: Path
) -> None:
    ids = send(study, tmp_path / "gate", ["clay", "sand", "slow", "clay", "sand"])
    page = visits.open(link(study))
    go_to(page, "Cases")
    expect(rows(page)).to_have_count(5)
    expect(page.get_by_role("group", name="States")).to_have_text(re.compile(r"^○ queued 5$"))
    expect(table(page)).to_contain_text("slow")
    with attach(line_of(study)) as worker:
        wait_for(lambda: worker.output.count("attempt 1 of") + worker.output.count("taken") >= 1)
        states = page.get_by_role("group", name="States")
        expect(states.get_by_role("button", name=re.compile("running 1"))).to_be_visible()
        expect(states.get_by_role("button", name=re.compile("queued 2"))).to_be_visible()
        (tmp_path / "gate").touch()
        expect(states.get_by_role("button", name=re.compile("done 4"))).to_be_visible()
    expect(states.get_by_role("button", name=re.compile("failed 1"))).to_be_visible()
    type_filter(page, "state:done number > 1")
    expect(rows(page)).to_have_count(3)
    expect(page).to_have_url(re.compile(r"select=case\.state:done"))
    type_filter(page, f"case:{ids[1][:6]}")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("KeyError: 'sand'")
    type_filter(page, "state:done soill:clay")
    expect(page.get_by_text("At “soill”: there is no column `soill`; there is `soil`.")).to_be_visible()
    expect(rows(page)).to_have_count(1)
    type_filter(page, "clay")
    expect(rows(page)).to_have_count(2)
    expect(page).to_have_url(re.compile(r"select=\*:clay"))
    page.reload()
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Show all").click()
    expect(rows(page)).to_have_count(5)
    rows(page).filter(has_text=ids[1][:8]).click()
    case = page.get_by_role("dialog")
    expect(case.get_by_role("region", name="Traceback")).to_contain_text("KeyError: 'sand'")
    expect(page).to_have_url(re.compile(f"case={ids[1]}"))


def test_a_group_of_failures_is_sent_again_and_nothing_else(study: Launched, visits: Visits, tmp_path: Path) -> None:
    send(study, tmp_path / "gate", ["clay", "sand", "rock", "sand"])
    queue = queue_of(study)
    with attach(line_of(study)) as worker:
        wait_for_end(study, done=1, errors=3)
        (tmp_path / "gate").touch()
        page = visits.open(link(study))
        go_to(page, "Errors")
        page.get_by_role("link", name=re.compile("KeyError")).click()
        page.get_by_role("button", name="Retry 2 cases").click()
        expect(page.get_by_role("status").filter(has_text="2 cases to be sent again in")).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("button", name="Retry 2 cases")).to_be_enabled()
        page.get_by_role("button", name="Retry 2 cases").click()
        page.get_by_role("button", name="Do it now").click()
        wait_for(lambda: len(documents(queue.s3, study.bucket, "done-")) == 3)
        expect(page.get_by_role("heading", name="Errors")).to_contain_text("1 case in 1 group")
        wait_for(lambda: messages(queue.sqs, queue.queue_url) == (0, 0))
        assert worker.output.count("ValueError: too hard") == 1
    go_to(page, "Cases")
    expect(page.get_by_role("group", name="States")).to_have_text(re.compile("✓ done 3.*✕ failed 1"))


def test_chosen_cases_are_called_off_and_sent_again(study: Launched, visits: Visits, tmp_path: Path) -> None:
    ids = send(study, tmp_path / "gate", ["clay"] * 5)
    page = visits.open(link(study))
    go_to(page, "Cases")
    expect(rows(page)).to_have_count(5)
    for case in ids[:2]:
        rows(page).filter(has_text=case[:8]).get_by_role("checkbox").click()
    page.get_by_role("button", name="Cancel 2 cases").click()
    page.get_by_role("button", name="Do it now").click()
    states = page.get_by_role("group", name="States")
    expect(states.get_by_role("button", name=re.compile("cancelled 2"))).to_be_visible()
    with attach(line_of(study)):
        wait_for_end(study, done=3)
        expect(states.get_by_role("button", name=re.compile("done 3"))).to_be_visible()
        page.get_by_role("button", name="Retry 2 cases").click()
        page.get_by_role("button", name="Do it now").click()
        expect(states.get_by_role("button", name=re.compile("done 5"))).to_be_visible()


def test_cases_are_chosen_by_keyboard(study: Launched, visits: Visits, tmp_path: Path) -> None:
    send(study, tmp_path / "gate", ["clay"] * 5)
    page = visits.open(link(study))
    go_to(page, "Cases")
    expect(rows(page)).to_have_count(5)
    table(page).focus()
    for key in ("Home", "Space", "Shift+ArrowDown", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(page.get_by_role("button", name="Cancel 3 cases")).to_be_visible()
    for key in ("Space", "End", "Space"):
        page.keyboard.press(key)
    expect(table(page).get_by_role("row", selected=True)).to_have_count(3)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Cancel 5 cases")).to_be_visible()


def test_a_viewer_sees_the_cases_and_can_do_nothing_about_them(study: Launched, visits: Visits, tmp_path: Path) -> None:
    send(study, tmp_path / "gate", ["clay", "sand"])
    page = visits.open(link(study, "viewer"))
    go_to(page, "Cases")
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_role("button", name=re.compile("Retry|Cancel"))).to_have_count(0)
