"""One batch at a time: with a batch chosen, nothing on the page is of another one.

The study has three batches with nothing in common: factors, responses, texts and errors are other words in each.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pandas as pd
import pytest
from attached import attach
from command_line import CommandLine, Launched
from enqueue import Parameters, enqueue
from playwright.sync_api import Locator, Page, expect
from results_page import draw_all
from studies import line_of, link, queue_of, wait_for_end
from visit import Visits, figure, go_to, go_to_all, has_no_overflow, progress, wait_until

SOIL = "result['settlement'] = 2 * {{depth}}\nresult['layer'] = 'sandy' if {{depth}} > 1 else 'loamy'\n"
SOIL_FAILS = "raise ValueError('mushy at {{depth}}')\n"
STEEL = "result['strength'] = 10 * {{width}} + {{grade}}\n"
STEEL_FAILS = "raise RuntimeError('brittle at {{width}} and {{grade}}')\n"
CLAY = "result['plasticity'] = {{moisture}} / 2\n"


@dataclass(frozen=True)
class Expected:
    """What the page says of a batch, and the words that only this batch has."""

    batch: str
    done: int
    failed: int
    columns: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def cases(self) -> int:
        """All of them."""
        return self.done + self.failed


BATCHES = [
    Expected("soil", 3, 1, ("depth", "settlement", "layer"), ("soil", "depth", "settlement", "layer", "mushy")),
    Expected("steel", 4, 1, ("width", "grade", "strength"), ("steel", "width", "grade", "strength", "brittle")),
    Expected("clay", 2, 0, ("moisture", "plasticity"), ("clay", "moisture", "plasticity")),
]
BY_NAME = [pytest.param(expected, id=expected.batch) for expected in BATCHES]


@pytest.fixture(scope="module")
def study(cruncher: CommandLine) -> Launched:
    """A study that is over, batch after batch: soil, steel, and clay, of which no case failed."""
    study = cruncher.launch()
    queue = queue_of(study)
    enqueue(queue, "soil", SOIL, {1: [{"depth": depth} for depth in (1, 2, 3)]})
    enqueue(queue, "soil", SOIL_FAILS, {1: [{"depth": 4}]}, max_attempts=1)
    enqueue(queue, "steel", STEEL, {1: [{"width": 1, "grade": 5}, {"width": 2, "grade": 6}]})
    enqueue(queue, "steel", STEEL, {2: [{"width": 3, "grade": 8}, {"width": 4, "grade": 7}]})
    enqueue(queue, "steel", STEEL_FAILS, {2: [{"width": 5, "grade": 9}]}, max_attempts=1)
    with attach(line_of(study)):
        wait_for_end(study, done=7, errors=2)
        enqueue(queue, "clay", CLAY, {1: [{"moisture": 1}, {"moisture": 2}]})
        wait_for_end(study, done=9, errors=2)
    return study


# ---- What people find on the page ----


def picker(page: Page) -> Locator:
    """The list of batches in the frame."""
    return page.get_by_role("combobox", name="Batch", exact=True)


def choose(page: Page, expected: Expected) -> None:
    """Chooses a batch, and waits until the address says so."""
    picker(page).select_option(expected.batch)
    wait_until(page, "the address names the batch", lambda: f"batch={expected.batch}" in page.url)


def badge(page: Page) -> str:
    """What stands at Errors in the navigation."""
    entry = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Errors")
    return entry.inner_text().removeprefix("Errors").strip()


def everything(page: Page) -> str:
    """Every word in the page but those of the list of batches: also descriptions, values, and what plots say."""
    return str(
        page.evaluate("""() => {
            const words = [];
            for (const element of document.querySelectorAll("main *, nav *")) {
                if (element.closest("[hidden]")) continue;
                const said = ["aria-label", "title", "value", "href"].map(name => element.getAttribute(name) ?? "");
                words.push(...said);
                for (const child of element.childNodes) if (child.nodeType === Node.TEXT_NODE) words.push(child.data);
            }
            return words.join("\\n");
        }""")
    )


def check_nothing_of_others(page: Page, expected: Expected) -> None:
    """That no word of another batch is in the page."""
    said = everything(page)
    for other in BATCHES:
        if other is not expected:
            found = [word for word in other.words if word in said]
            assert found == [], f"{expected.batch}: {found} in\n{said}"


def draw_all_of(page: Page, expected: Expected) -> None:
    """Draws each plot, and waits until the slowest is of the batch."""
    draw_all(page)
    expect(page.locator("canvas[data-plot='Timeline']")).to_have_attribute(
        "aria-label", re.compile(rf"\b{expected.cases} (of {expected.cases} )?(cases|attempts)")
    )


# ---- Tests ----


def test_the_page_opens_on_the_batch_that_was_heard_of_last(study: Launched, visits: Visits) -> None:
    page = visits.open(link(study, "viewer"))
    expect(picker(page)).to_have_value("clay")
    expect(progress(page)).to_contain_text("2 of 2 done")
    expect(page).to_have_url(re.compile("#/overview[?]batch=clay$"))
    assert picker(page).locator("option").all_inner_texts() == ["all batches", "clay", "soil", "steel"]


@pytest.mark.parametrize("expected", BY_NAME)
def test_overview_and_errors_are_of_one_batch(study: Launched, visits: Visits, expected: Expected) -> None:
    page = visits.open(link(study))
    choose(page, expected)
    expect(progress(page)).to_contain_text(f"{expected.done} of {expected.cases} done")
    assert figure(page, "failed").inner_text() == str(expected.failed)
    assert badge(page) == ("1" if expected.failed else "")
    check_nothing_of_others(page, expected)

    go_to(page, "Errors")
    expect(picker(page)).to_have_value(expected.batch)
    if expected.failed:
        expect(page.get_by_role("heading", name="Errors")).to_contain_text("1 case in 1 group")
        page.locator(".group__head").click()
        expect(page.get_by_role("region", name="Traceback")).to_be_visible()
    else:
        expect(page.get_by_text("None in this batch; 2 in others.")).to_be_visible()
    check_nothing_of_others(page, expected)


@pytest.mark.parametrize("expected", BY_NAME)
def test_results_are_of_one_batch(study: Launched, visits: Visits, expected: Expected) -> None:
    page = visits.open(link(study))
    go_to(page, "Results")
    choose(page, expected)
    done = f"{expected.done} of {expected.cases} cases have a result · 1 failed"
    expect(page.locator(".results__top")).to_contain_text(done if expected.failed else f"{expected.done} results")
    expect(page.get_by_role("combobox", name="Response")).to_have_value(
        re.compile(rf"response\.({'|'.join(expected.columns)})")
    )
    draw_all_of(page, expected)
    expect(page.get_by_role("grid", name="Cases")).to_have_attribute("aria-rowcount", str(expected.cases + 1))
    heads = page.get_by_role("columnheader").all_inner_texts()
    assert set(heads) <= {"case", "model version", "level", "state", "duration, s", "worker", *expected.columns}
    assert set(expected.columns) <= set(heads)
    check_nothing_of_others(page, expected)

    page.locator("summary", has_text="Download").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Table, CSV").click()
    assert download.value.suggested_filename == f"{study.study}-{expected.batch}-all.csv"
    table = pd.read_csv(download.value.path(), dtype={"case_id": str})
    assert (len(table), set(table["batch"])) == (expected.cases, {expected.batch})
    assert set(table.columns[table.columns.get_loc("duration_secs") + 1 :]) == set(expected.columns)
    check_nothing_of_others(page, expected)


def test_an_error_of_another_batch_is_one_link_away(study: Launched, visits: Visits) -> None:
    page = visits.open(link(study))
    go_to(page, "Errors")
    page.get_by_role("link", name="Show all batches").click()
    expect(page.get_by_role("heading", name="Errors")).to_contain_text("2 cases in 2 groups")
    expect(picker(page)).to_have_value("*")
    assert badge(page) == "2"


def test_all_batches_are_a_choice_that_an_address_holds(study: Launched, visits: Visits) -> None:
    page = visits.open(link(study))
    go_to_all(page, "Overview")
    expect(progress(page)).to_contain_text("9 of 11 done")
    parts = page.get_by_role("list", name="Parts of the study")
    names = [part.split("\n")[0] for part in parts.get_by_role("listitem").all_inner_texts()]
    assert names == ["clay", "soil", "steel"]
    page.reload()
    expect(progress(page)).to_contain_text("9 of 11 done")
    go_to(page, "Results")
    expect(page.locator(".results__top")).to_contain_text("9 of 11 cases have a result · 2 failed")


def test_an_address_from_before_there_were_choices_shows_what_it_did(study: Launched, visits: Visits) -> None:
    page = visits.open(link(study))
    expect(picker(page)).to_have_value("clay")
    page.evaluate("location.hash = '#/results?y=response.strength&x=factor.width'")
    expect(picker(page)).to_have_value("*")
    expect(page.get_by_role("combobox", name="Response")).to_have_value("response.strength")
    expect(page).to_have_url(re.compile("batch=[*]&y=response.strength"))
    page.evaluate("location.hash = '#/overview'")
    expect(picker(page)).to_have_value("*")


def test_the_list_of_batches_names_the_one_that_is_shown_after_it_was_used(study: Launched, visits: Visits) -> None:
    page = visits.open(link(study))
    for expected in BATCHES[1:]:
        choose(page, expected)
    page.evaluate("location.hash = '#/overview?batch=*'")
    expect(picker(page)).to_have_value("*")
    page.go_back()
    expect(progress(page)).to_contain_text("2 of 2 done")
    expect(picker(page)).to_have_value("clay")


def test_what_another_batch_does_not_have_is_left_behind(study: Launched, visits: Visits) -> None:
    page = visits.open(link(study))
    expect(picker(page)).to_have_value("clay")
    asked = "batch=soil&y=response.settlement&x=factor.depth&log=factor.depth&select=factor.depth:1..2&name=shallow"
    page.evaluate(f"location.hash = '#/results?{asked}'")
    expect(page.get_by_role("group", name="Selection")).to_contain_text("2 of 4 selected")
    page.get_by_role("grid", name="Cases").get_by_role("row").nth(1).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    choose(page, BATCHES[1])
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(re.compile("#/results[?]batch=steel$"))
    draw_all_of(page, BATCHES[1])
    check_nothing_of_others(page, BATCHES[1])
    # It is there again where it belongs.
    choose(page, BATCHES[0])
    expect(page.get_by_role("group", name="Selection")).to_contain_text("2 of 4 selected")
    expect(page.get_by_label("Name of the selection")).to_have_value("shallow")


def test_a_selection_is_of_its_batch_also_where_another_one_has_its_columns(study: Launched, visits: Visits) -> None:
    page = visits.open(link(study))
    expect(picker(page)).to_have_value("clay")
    page.evaluate("location.hash = '#/results?batch=soil&select=case.state:done&name=whole'")
    selection = page.get_by_role("group", name="Selection")
    expect(selection).to_contain_text("3 of 4 selected")
    choose(page, BATCHES[1])
    expect(page.locator(".results__top")).to_contain_text("4 of 5 cases have a result")
    expect(page).to_have_url(re.compile("#/results[?]batch=steel$"))
    expect(selection).not_to_contain_text("of 5 selected")
    page.go_back()
    expect(selection).to_contain_text("3 of 4 selected")


def test_a_batch_without_results_leaves_the_view_alone(study: Launched, visits: Visits) -> None:
    page = visits.open(link(study))
    expect(picker(page)).to_have_value("clay")
    view = "y=response.settlement&x=factor.depth&log=factor.depth&select=factor.depth:1..2&name=shallow"
    page.evaluate(f"location.hash = '#/results?batch=soil&{view}'")
    expect(page.get_by_role("group", name="Selection")).to_contain_text("2 of 4 selected")
    for batch in ("nothing", "soil"):
        page.evaluate(f"location.hash = '#/results?batch={batch}'")
        if batch == "nothing":
            expect(page.get_by_text("No results in batch nothing yet")).to_be_visible()
    expect(page.get_by_role("group", name="Selection")).to_contain_text("2 of 4 selected")
    expect(page.get_by_role("combobox", name="Factor", exact=True)).to_have_value("factor.depth")


def test_a_batch_of_which_nothing_is_there_says_so(study: Launched, visits: Visits) -> None:
    page = visits.open(link(study))
    expect(picker(page)).to_have_value("clay")
    page.evaluate("location.hash = '#/overview?batch=gone'")
    expect(page.get_by_role("heading", name="No cases in batch gone")).to_be_visible()
    go_to(page, "Results")
    expect(page.get_by_role("heading", name="No results in batch gone yet")).to_be_visible()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Overview").click()
    page.get_by_role("link", name="Show all batches").click()
    expect(progress(page)).to_contain_text("9 of 11 done")


def test_units_and_scales_of_a_batch_that_came_later_are_known(cruncher: CommandLine, visits: Visits) -> None:
    study = cruncher.launch()
    queue = queue_of(study)
    enqueue(queue, "soil", SOIL, {1: [{"depth": depth} for depth in (1, 2, 3)]})
    with attach(line_of(study)):
        wait_for_end(study, done=3, errors=0)
        page = visits.open(link(study))
        go_to(page, "Results")
        expect(page.locator(".results__top")).to_contain_text("3 results")
        factors = [
            {"name": "width", "minimum": 1, "maximum": 100, "scale": "log", "unit": "mm"},
            {"name": "grade", "minimum": 1, "maximum": 9},
        ]
        model = STEEL + "result['stable'] = False\nresult['limit'] = 5\n"
        cases: list[Parameters] = [{"width": 10**grade, "grade": grade} for grade in (1, 2, 3)]
        enqueue(queue, "steel", model, {1: cases}, factors=factors)
        wait_for_end(study, done=6, errors=0)
    expect(picker(page).locator("option")).to_have_count(3)
    choose(page, BATCHES[1])
    options = page.get_by_role("combobox", name="Factor", exact=True).locator("option")
    expect(options.filter(has_text="width, mm")).to_have_count(1)
    constant = "The same in all cases that have it, and so in no list: stable = false, limit = 5."
    expect(page.get_by_text(constant)).to_be_visible()
    page.locator("summary", has_text="Download").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Table, CSV").click()
    assert "width [mm]" in pd.read_csv(download.value.path()).columns


def test_a_draft_is_of_no_batch(study: Launched, visits: Visits) -> None:
    page = visits.open(link(study))
    expect(picker(page)).to_be_visible()
    go_to(page, "Design")
    expect(picker(page)).to_have_count(0)
    go_to(page, "Attach")
    expect(picker(page)).to_have_value("clay")


def test_cases_that_are_not_sent_yet_are_told_from_those_that_wait(cruncher: CommandLine, visits: Visits) -> None:
    study = cruncher.launch()
    queue = queue_of(study)
    enqueue(queue, "soil", SOIL, {1: [{"depth": depth} for depth in range(6)]})
    # Whoever sends the first cases to look at them has written the table of all, and notes that the rest is held.
    s3, sqs = cruncher.cloud.client("s3"), cruncher.cloud.client("sqs")
    tables = s3.list_objects_v2(Bucket=study.bucket, Prefix="data/soil/cases-")["Contents"]
    (submission,) = (re.findall(r"cases-(\w+)", table["Key"])[0] for table in tables)
    control = {"v": 1, "held_submissions": {submission: 4}}
    s3.put_object(Bucket=study.bucket, Key="control.json", Body=json.dumps(control).encode())
    for message in sqs.receive_message(QueueUrl=queue.queue_url, MaxNumberOfMessages=4)["Messages"]:
        sqs.delete_message(QueueUrl=queue.queue_url, ReceiptHandle=message["ReceiptHandle"])
    page = visits.open(link(study))
    expect(figure(page, "queued")).to_have_text("2")
    expect(figure(page, "not sent yet")).to_have_text("4")
    expect(page.get_by_role("heading", name="2 cases wait for a worker")).to_be_visible()
    expect(progress(page)).to_contain_text("In the queue: 2 waiting, 0 in workers' hands")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_picker_has_room_at_every_width(study: Launched, visits: Visits, width: int) -> None:
    page = visits.open(link(study), viewport={"width": width, "height": 900})
    for name in ("Overview", "Errors", "Results", "Attach"):
        go_to(page, name)
        expect(picker(page)).to_be_visible()
        assert has_no_overflow(page), name
