"""The Overview's figures: workers, cases per hour, levels, first response, finish time; and the list behind each."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from command_line import CommandLine, Launched
from enqueue import enqueue
from odd_results import BATCH, Ended, write_ended
from playwright.sync_api import Locator, Page, expect
from small_models import DOUBLE
from studies import link, queue_of
from visit import Visits, check_accessible, figure, go_to, has_no_overflow, progress


@pytest.fixture
def launched(cruncher: CommandLine) -> Launched:
    """A fresh study."""
    return cruncher.launch()


def put_heartbeat(study: Launched, worker: str, done: int = 0, failed: int = 0, **fields: Any) -> None:
    """A worker that waits, and was heard of a moment ago."""
    now = time.time()
    heartbeat = {
        "worker": worker, "host": worker.split("_")[0], "start_time": now, "time": now, "state": "waiting",
        "counts": {"done": done, "failed": failed, "retried": 0, "skipped": 0, "cancelled": 0},
    }  # fmt: skip
    study.command_line.cloud.client("s3").put_object(
        Bucket=study.bucket, Key=f"workers/{worker}/heartbeat.json", Body=json.dumps({**heartbeat, **fields})
    )


def fleet(page: Page) -> Locator:
    """The table of the workers."""
    return page.get_by_role("region", name="Workers")


def workers(page: Page) -> Locator:
    """Its rows, without the heads."""
    return fleet(page).get_by_role("row").filter(has=page.get_by_role("cell"))


def names(page: Page) -> Any:
    """What stands in the first column."""
    return [row.get_by_role("cell").first.inner_text().split("\n")[0] for row in workers(page).all()]


def cases(page: Page) -> Locator:
    """Rows of the Cases page."""
    return page.get_by_role("grid", name="Cases").get_by_role("row").filter(has=page.get_by_role("gridcell"))


# ---- Workers ----


def test_workers_on_one_host_are_told_apart_by_no_more_than_that_takes(launched: Launched, visits: Visits) -> None:
    for worker in (
        "node7_linux_4711-3fa2c1",
        "node7_linux_4712-00aa11",
        "pod_linux_1-aa",
        "pod_linux_1-bb",
        "box_linux_9-cc",
    ):
        put_heartbeat(launched, worker, median_secs=0.003)
    page = visits.open(link(launched))
    expect(workers(page)).to_have_count(5)
    for name in ("node7 *4711", "node7 *4712", "pod *1-aa", "pod *1-bb", "box"):
        cell = workers(page).get_by_role("cell").filter(has_text=re.compile(f"^{name}$"))
        expect(cell).to_have_count(1)
    expect(workers(page).nth(1).get_by_text("3 ms")).to_be_visible()


def test_a_column_s_head_sorts_by_keyboard_and_the_address_keeps_it(launched: Launched, visits: Visits) -> None:
    put_heartbeat(launched, "a_linux_1-aa", done=5, version="Python 3.9.1")
    put_heartbeat(launched, "b_linux_1-aa", done=70, version="Python 3.11.2", time=time.time() - 30)
    put_heartbeat(launched, "c_linux_1-aa", done=9, version="FLAC3D 9.10", state="stopped")
    page = visits.open(link(launched))
    expect(workers(page)).to_have_count(3)
    assert names(page) == ["a", "b", "c"], "those alive first"
    heads = fleet(page).get_by_role("columnheader")
    head = heads.filter(has_text="Done")
    head.get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(page).to_have_url(re.compile("sort=-done"))
    assert names(page) == ["b", "c", "a"]
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    page.reload()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert names(page) == ["a", "c", "b"]
    for name, first in [("Worker", "a"), ("Software", "c"), ("State", "a"), ("Heard of", "b")]:
        heads.filter(has_text=name).get_by_role("link").click()
        expect(heads.filter(has_text=name)).to_have_attribute("aria-sort", "ascending")
        if name != "Heard of":
            assert names(page)[0] == first, name
    page.go_back()
    expect(heads.filter(has_text="State")).to_have_attribute("aria-sort", "ascending")


def test_many_workers_stand_behind_their_hosts(launched: Launched, visits: Visits) -> None:
    for number in range(30):
        silent: dict[str, Any] = {"time": time.time() - 1_000} if number == 4 else {}
        put_heartbeat(launched, f"node{number % 3}_linux_{100 + number}-aa", done=10, **silent)
    page = visits.open(link(launched))
    expect(workers(page)).to_have_count(3)
    row = workers(page).filter(has_text="node1")
    expect(row).to_contain_text("9 waiting")
    expect(row).to_contain_text("1 silent")
    row.get_by_role("button", name="Drain 9").click()
    expect(row.get_by_role("button", name="Draining: undo")).to_be_visible()
    expect(page.get_by_role("button", name="Drain all 20")).to_be_visible()
    expect(row.get_by_role("link", name="100")).to_have_attribute(
        "href", re.compile(r"select=case\.worker:~node1_%2A,case\.state:done$")
    )
    row.get_by_role("link", name="node1").click()
    expect(workers(page)).to_have_count(13)
    expect(page).to_have_url(re.compile("host=node1"))
    expect(fleet(page).get_by_role("link", name="node1")).to_have_attribute("aria-expanded", "true")
    page.get_by_role("link", name="Show all 30 workers one by one").click()
    expect(workers(page)).to_have_count(30)
    page.reload()
    expect(workers(page)).to_have_count(30)


def test_a_worker_that_fails_far_more_than_the_others_is_marked(launched: Launched, visits: Visits) -> None:
    put_heartbeat(launched, "bad_linux_1-aa", done=4, failed=6, median_secs=30.0)
    for number in range(5):
        put_heartbeat(launched, f"good{number}_linux_1-aa", done=50, failed=number % 2, median_secs=10.0)
    page = visits.open(link(launched))
    row = workers(page).filter(has_text="bad")
    expect(row.get_by_text("▲ 60 %")).to_be_visible()
    expect(row.get_by_text("3.0×")).to_be_visible()
    expect(row.get_by_title(re.compile("^Far more than with the others. 6 of 10 attempts failed"))).to_be_visible()
    expect(fleet(page).get_by_text("▲")).to_have_count(1)


def test_the_last_words_of_a_worker_that_has_ended_stand_below_it(launched: Launched, visits: Visits) -> None:
    hostile = "<img src=x onerror=alert(1)>" + "x" * 5_000
    put_heartbeat(launched, "a_linux_1-aa", state="crashed", message=hostile, traceback="Traceback\n  boom <script>")
    put_heartbeat(launched, "b_linux_1-aa", state="refused", message="AccessDenied: the key was deleted")
    page = visits.open(link(launched), viewport={"width": 390, "height": 800})
    expect(fleet(page).get_by_text("AccessDenied: the key was deleted")).to_be_visible()
    expect(fleet(page).get_by_text("<img src=x")).to_be_visible()
    boom = fleet(page).get_by_text("boom <script>")
    expect(boom).to_be_hidden()
    fleet(page).get_by_text("Traceback", exact=True).click()
    expect(boom).to_be_visible()
    assert has_no_overflow(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_fleet_is_read_on_a_phone_and_by_a_screen_reader(launched: Launched, visits: Visits, scheme: str) -> None:
    running = {
        "case_id": "9f86d081884c7d659a2feaa0c55ad015",
        "batch": "b",
        "level": 1,
        "attempt": 2,
        "start_time": time.time() - 90,
        "progress": 0.4,
    }
    enqueue(queue_of(launched), "b", DOUBLE, {1: [{"a": 1}], 2: [{"a": 2}]})
    put_heartbeat(launched, f"{'long-name-of-a-host' * 5}_linux_1-aa", state="running", case=running, done=10, failed=3)
    put_heartbeat(launched, "b_linux_1-aa", version="FLAC3D 9.10, Python 3.10.13", done=1_000_000, median_secs=5e5)
    page = visits.open(link(launched), viewport={"width": 390, "height": 800}, color_scheme=scheme)
    expect(workers(page)).to_have_count(2)
    expect(workers(page).filter(has_text="running").get_by_role("link", name="9f86d081")).to_have_attribute(
        "href", "#/cases?batch=b&case=9f86d081884c7d659a2feaa0c55ad015"
    )
    for width in (390, 700, 800, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert has_no_overflow(page), width
        check_accessible(page, (width,))


def edges(page: Page, table: Locator) -> tuple[bytes, bytes]:
    """What the left and the right edge of a table look like, without its texts."""
    table.evaluate("element => { element.firstElementChild.style.visibility = 'hidden'; }")
    box = table.bounding_box()
    assert box is not None
    places = (box["x"] + 2, box["x"] + box["width"] - 6)
    left, right = (page.screenshot(clip={"x": x, "y": box["y"] + 8, "width": 4, "height": 8}) for x in places)
    return left, right


def test_a_table_that_is_cut_is_shaded_at_that_edge(launched: Launched, visits: Visits) -> None:
    put_heartbeat(launched, "node7_linux_4711-3fa2c1", version="FLAC3D 9.10, Python 3.10.13")
    page = visits.open(link(launched), viewport={"width": 720, "height": 800})
    table = fleet(page)
    table.scroll_into_view_if_needed()
    whole, cut = edges(page, table)
    assert whole != cut, "more stands to the right"
    table.evaluate("element => { element.scrollLeft = element.scrollWidth; }")
    left, right = edges(page, table)
    assert (left != whole, right) == (True, whole), "more stands to the left"


# ---- Figures ----


def test_each_figure_leads_to_its_list(finished: Launched, visits: Visits) -> None:
    page = visits.open(link(finished))
    for name, state, count in [("5", "done", 5), ("7", "*", 7)]:
        progress(page).get_by_role("link", name=name, exact=True).first.click()
        expect(cases(page)).to_have_count(count)
        expect(page).to_have_url(re.compile(re.escape(f"select=case.state:{state}")))
        go_to(page, "Overview")
    parts = page.get_by_role("list", name="Parts of the study")
    parts.get_by_role("link", name="level 2").click()
    expect(cases(page)).to_have_count(3)
    go_to(page, "Overview")
    done = workers(page).first.get_by_role("cell").nth(4)
    done.get_by_role("link", name="5").click()
    expect(cases(page)).to_have_count(5)
    expect(page).to_have_url(re.compile(r"select=case\.worker:"))
    go_to(page, "Overview")
    workers(page).first.get_by_role("cell").nth(5).get_by_role("link", name="2").click()
    expect(cases(page)).to_have_count(2)
    go_to(page, "Overview")
    page.get_by_role("link", name=re.compile("cases per hour$")).click()
    expect(cases(page)).to_have_count(5)


def test_the_first_response_is_a_histogram_that_leaves_nothing_out_silently(launched: Launched, visits: Visits) -> None:
    results: list[Any] = [{"verdict": "stable", "load": float(number), "path": 1} for number in range(100)]
    results += [{"load": "broken"}, {}, {"load": None}, {"load": 1e308}, {"load": True}]
    write_ended(launched, [Ended({"a": number}, result) for number, result in enumerate(results)])
    page = visits.open(link(launched))
    chart = page.get_by_role("figure").filter(has=page.get_by_role("link", name="load", exact=True))
    expect(chart).to_contain_text("101 cases · 4 without a number · 1 far off not drawn: 0 to 1e308")
    bars = chart.get_by_role("slider", name="Distribution of load")
    bars.focus()
    page.keyboard.press("Home")
    expect(bars).to_have_attribute("aria-valuetext", "0 to 8: 8 cases")
    expect(chart.get_by_text("0 to 8: 8 cases")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(chart.get_by_text("8 to 16: 8 cases")).to_be_visible()
    chart.get_by_role("link", name="load").click()
    expect(page).to_have_url(re.compile(r"#/results\?.*y=response\.load"))
    expect(page.get_by_role("combobox", name="Response")).to_have_value("response.load")
    # The worker that reads large studies tells the same.
    go_to(page, "Overview")
    expect(chart).to_contain_text("101 cases · 4 without a number · 1 far off not drawn: 0 to 1e308")


def test_cases_per_hour_are_said_once_there_are_a_few(launched: Launched, visits: Visits) -> None:
    write_ended(launched, [Ended({"a": number}, {"load": 1.0}) for number in range(3)])
    page = visits.open(link(launched))
    expect(page.get_by_text("Too few cases are done for a rate")).to_be_visible()
    write_ended(launched, [Ended({"a": number}, {"load": 1.0}) for number in range(61)])
    page.reload()
    expect(page.get_by_role("link", name="3,600 cases per hour")).to_be_visible()
    chart = page.get_by_role("figure").filter(has=page.get_by_role("link", name="cases per hour"))
    expect(chart).to_contain_text(re.compile("in all 1 min(?!:)"))
    bars = chart.get_by_role("slider", name=re.compile("^Cases done per "))
    bars.focus()
    page.keyboard.press("Home")
    expect(bars).to_have_attribute("aria-valuetext", re.compile(r"before the end: \d+ cases? in the "))
    chart.get_by_role("slider").hover(position={"x": 200, "y": 20})
    expect(chart.get_by_text(re.compile("before the end: "))).to_be_visible()


def test_the_finish_time_says_what_it_lacks_and_what_it_rests_on(launched: Launched, visits: Visits) -> None:
    enqueue(queue_of(launched), BATCH, DOUBLE, {1: [{"a": number} for number in range(40)]})
    page = visits.open(link(launched))
    expect(progress(page).get_by_text("no finish time: no worker takes cases")).to_be_visible()
    put_heartbeat(launched, "a_linux_1-aa")
    page.reload()
    expect(progress(page).get_by_text("no finish time: 0 of 3 cases finished that it needs")).to_be_visible()
    write_ended(launched, [Ended({"b": number}, {"load": 1.0}) for number in range(12)])
    put_heartbeat(launched, "a_linux_1-aa")
    page.reload()
    progress(page).get_by_text(re.compile("^finishes ")).click()
    expect(
        progress(page).get_by_text(re.compile("rests on the durations of 12 finished cases and on 1 worker"))
    ).to_be_visible()
    expect(figure(page, "queued")).to_have_text("40")
