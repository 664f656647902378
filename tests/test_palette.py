"""Search, shortcuts and news: what is reached without a mouse, and how somebody is told who looks elsewhere."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import pytest
from attached import attach
from command_line import CommandLine, Launched
from enqueue import enqueue
from playwright.sync_api import Locator, Page, expect
from small_models import DOUBLE, RAISING
from studies import line_of, link, queue_of, wait_for_end
from visit import PLAIN_HOST, Visits, check_accessible, progress, title_of, wait_until


def palette(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search pages, batches, cases, workers and actions")


def options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Found").get_by_role("option")


def search(page: Page, words: str) -> None:
    """Opens the palette by keyboard, types, and chooses the best."""
    page.keyboard.press("Control+k")
    palette(page).fill(words)
    page.keyboard.press("Enter")


# ---- Search ----


def test_the_palette_leads_to_pages_and_gives_the_focus_back(finished: Launched, visits: Visits) -> None:
    page = visits.open(link(finished))
    expect(progress(page)).to_be_visible()
    page.get_by_role("button", name="Search").click()
    expect(palette(page)).to_be_focused()
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(palette(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Search")).to_be_focused()

    search(page, "err")
    expect(page).to_have_title(title_of("Errors"))
    # What was chosen last is first, and arrows move.
    page.keyboard.press("Control+k")
    expect(options(page).first).to_contain_text("Errors")
    page.keyboard.press("ArrowDown")
    expect(options(page).nth(1)).to_have_attribute("aria-selected", "true")
    assert palette(page).get_attribute("aria-activedescendant") == options(page).nth(1).get_attribute("id")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options(page).last).to_have_attribute("aria-selected", "true")


def test_the_palette_has_the_focus_before_the_next_key_can_come(finished: Launched, visits: Visits) -> None:
    page = visits.open(link(finished))
    expect(progress(page)).to_be_visible()
    page.keyboard.press("Control+k")
    expect(palette(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(palette(page)).to_have_count(0)
    # No other event comes between an event and its microtasks.
    press = """async () => {
        const key = {key: "k", ctrlKey: true, bubbles: true, cancelable: true};
        document.body.dispatchEvent(new KeyboardEvent("keydown", key));
        for (let turn = 0; turn < 20; turn++) await null;
        return document.activeElement.getAttribute("role");
    }"""
    assert page.evaluate(press) == "combobox"


def test_the_palette_finds_cases_by_what_is_typed(finished: Launched, visits: Visits) -> None:
    page = visits.open(link(finished, "viewer"))
    expect(progress(page)).to_be_visible()
    page.keyboard.press("Control+k")
    palette(page).fill("<img src=x>")
    expect(options(page)).to_have_count(1)
    palette(page).fill("done")
    expect(options(page).last).to_contain_text("with “done”")
    options(page).first.click()
    expect(page).to_have_url(re.compile(r"#/cases\?.*select=case\.state:done"))
    expect(page.get_by_role("combobox", name="Filter")).to_have_value("state:done")


def test_a_viewer_is_offered_nothing_that_the_role_may_not_do(finished: Launched, visits: Visits) -> None:
    page = visits.open(link(finished, "viewer"))
    expect(progress(page)).to_be_visible()
    page.keyboard.press("Control+k")
    expect(options(page).filter(has_text="Copy link")).to_have_count(1)
    for words in ("Pause", "Drain", "Redrive", "Retry", "Copy the line"):
        expect(options(page).filter(has_text=words)).to_have_count(0)


def test_a_study_is_paused_from_the_palette(cruncher: CommandLine, visits: Visits) -> None:
    study = cruncher.launch()
    enqueue(queue_of(study), "soil", DOUBLE, {1: [{"a": 1}, {"a": 2}]})
    page = visits.open(link(study))
    expect(progress(page)).to_be_visible()
    search(page, "pause")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(‖ paused\) Overview "))
    key = "control.json"
    control = cruncher.cloud.client("s3").get_object(Bucket=study.bucket, Key=key)["Body"].read()
    assert json.loads(control)["paused"] is True


# ---- Shortcuts ----


def test_the_shortcuts_that_are_listed_work_and_not_while_somebody_types(finished: Launched, visits: Visits) -> None:
    page = visits.open(link(finished))
    expect(progress(page)).to_be_visible()
    # The page has settled: it writes the batch that it has chosen into its address.
    expect(page).to_have_url(re.compile("batch="))
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Shortcuts")
    for place, name in enumerate(["Overview", "Attach", "Cases", "Errors", "Results", "Fleet", "Design"], 1):
        line = dialog.get_by_role("term").filter(has_text=re.compile(f"^{name}$"))
        expect(line.locator("xpath=following-sibling::dd")).to_have_text(str(place))
    # Nothing behind an open dialog moves.
    page.keyboard.press("4")
    expect(page).to_have_title(title_of("Overview"))
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("3")
    expect(page).to_have_title(title_of("Cases"))
    field = page.get_by_role("combobox", name="Filter")
    field.press_sequentially("4t")
    expect(field).to_have_value("4t")
    expect(page).to_have_title(title_of("Cases"))


def test_single_keys_can_be_switched_off(finished: Launched, visits: Visits) -> None:
    page = visits.open(link(finished))
    expect(progress(page)).to_be_visible()
    page.keyboard.press("?")
    page.get_by_role("switch", name="Keys without Ctrl work").uncheck()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("4")
    page.keyboard.press("Control+k")
    expect(palette(page)).to_be_focused()
    expect(page).to_have_title(title_of("Overview"))


# ---- News ----


@contextmanager
def receiver() -> Iterator[tuple[str, list[bytes]]]:
    """An address that takes everything and answers without any permission for pages, and what came there."""
    came: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def told() -> Iterator[tuple[str, list[bytes]]]:
    with receiver() as receiving:
        yield receiving


def open_news(page: Page) -> Locator:
    """The dialog that says how somebody is told."""
    page.get_by_role("button", name="Tell me").click()
    return page.get_by_role("dialog", name="Tell me")


def test_the_title_says_what_became_of_the_study(finished: Launched, visits: Visits) -> None:
    page = visits.open(link(finished, "viewer"))
    expect(page).to_have_title(f"(2 failed, over) Overview · {finished.study} · Cruncher")


def test_a_webhook_is_called_once_for_each_event(
    cruncher: CommandLine, visits: Visits, told: tuple[str, list[bytes]]
) -> None:
    study = cruncher.launch()
    url, came = told
    first = visits.open(link(study))
    news = open_news(first)
    news.get_by_role("textbox", name="Webhook").fill(url)
    news.get_by_role("button", name="Try it").click()
    expect(news.get_by_role("status").filter(has_text="Sent.")).to_be_visible()
    assert json.loads(came[0])["event"] == "test" and json.loads(came[0])["study"] == study.study
    first.keyboard.press("Escape")
    second = first.context.new_page()
    second.goto(link(study))
    # The first look has found nothing: from now on everything is news.
    for page in (first, second):
        expect(page.get_by_role("heading", name="No cases yet")).to_be_visible()
    wait_until(first, "known", lambda: "known" in first.evaluate("JSON.stringify(Object.entries(localStorage))"))

    enqueue(queue_of(study), "soil", RAISING, {1: [{"a": -1}]}, max_attempts=1)
    with attach(line_of(study)):
        wait_for_end(study, done=0, errors=1)
    wait_until(first, "the end is told", lambda: len(came) == 3)
    first.reload()
    second.reload()
    for page in (first, second):
        expect(page).to_have_title(re.compile(r"^\(1 failed, over\) "))
    calls = [json.loads(call) for call in came]
    # A tab may see the end while the other one still tells of the error.
    assert sorted(call["event"] for call in calls) == ["ended", "error", "test"]
    texts = {call["event"]: call["text"] for call in calls}
    assert texts["error"].startswith(f"{study.study}: cases fail in a new way: ")
    assert texts["ended"] == f"{study.study}: the study has ended, not complete: 0 of 1 done, 1 failed"
    assert all(call["study"] == study.study and call["time"] > 1.7e9 for call in calls)


def test_what_is_wrong_with_a_webhook_is_said_at_its_field(finished: Launched, visits: Visits) -> None:
    visits.expected.append("ERR_CONNECTION_REFUSED")
    page = visits.open(link(finished, "viewer"))
    news = open_news(page)
    field, try_it = news.get_by_role("textbox", name="Webhook"), news.get_by_role("button", name="Try it")
    expect(try_it).to_be_disabled()
    for typed, problem in [
        ("hooks.slack.com/x", "begins with https:// or http://"),
        ("https://me:pass@host/", "password"),
    ]:
        field.fill(typed)
        expect(news.get_by_role("status").filter(has_text=problem)).to_be_visible()
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(try_it).to_be_disabled()
    field.fill("http://127.0.0.1:9/")
    try_it.click()
    expect(news.get_by_role("status").filter(has_text="Not sent: ")).to_be_visible()


def test_a_notification_is_shown_to_who_asked_for_it(cruncher: CommandLine, visits: Visits) -> None:
    study = cruncher.launch()
    person = visits.person(permissions=["notifications"])
    # Notes what is shown, and shows it.
    person.add_init_script(
        "window.shown = []; window.Notification = new Proxy(Notification, { construct(to, [title, more]) {"
        " shown.push([title, more.body]); return new to(title, more); } })"
    )
    page = person.new_page()
    page.goto(link(study))
    expect(page.get_by_role("heading", name="No cases yet")).to_be_visible()
    news = open_news(page)
    news.get_by_role("switch", name="Notification of this browser").check()
    page.keyboard.press("Escape")
    wait_until(page, "known", lambda: "known" in page.evaluate("JSON.stringify(Object.entries(localStorage))"))
    enqueue(queue_of(study), "soil", DOUBLE, {1: [{"a": 1}]})
    with attach(line_of(study)):
        wait_for_end(study, done=1)
    wait_until(page, "it is shown", lambda: page.evaluate("shown.length") > 0)
    assert page.evaluate("shown") == [[f"{study.study} · Cruncher", "the study has ended, complete: 1 of 1 done"]]
    page.reload()
    expect(page).to_have_title(re.compile(r"^\(✓ done\) "))
    assert page.evaluate("shown") == []
    expect(open_news(page).get_by_role("switch", name="Notification of this browser")).to_be_checked()


def test_it_is_said_why_there_can_be_no_notification(finished: Launched, visits: Visits) -> None:
    name = "Notification of this browser"
    news = open_news(visits.open(link(finished, "viewer").replace("127.0.0.1", PLAIN_HOST, 1)))
    expect(news.get_by_role("status").filter(has_text="come by https")).to_be_visible()
    expect(news.get_by_role("switch", name=name)).to_be_disabled()
    # Chromium without a screen asks nobody, and doesn't allow it.
    news = open_news(visits.open(link(finished, "viewer")))
    news.get_by_role("switch", name=name).click()
    expect(
        news.get_by_role("status").filter(has_text=re.compile("^(Not allowed|This browser refuses)"))
    ).to_be_visible()
    expect(news.get_by_role("switch", name=name)).not_to_be_checked()


# ---- All of them ----


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_dialog(finished: Launched, visits: Visits, scheme: Literal["light", "dark"]) -> None:
    page = visits.open(link(finished), color_scheme=scheme)
    expect(progress(page)).to_be_visible()
    page.keyboard.press("Control+k")
    expect(options(page).first).to_be_visible()
    check_accessible(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Shortcuts")).to_be_visible()
    check_accessible(page)
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1440, "height": 900})
    open_news(page)
    check_accessible(page)
