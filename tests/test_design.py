"""The Design page, as its users see it: cases are defined and sent in Chromium, and boto3 says what arrived."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attached import attach
from axe_playwright_python.sync_playwright import Axe
from local_cloud import REPOSITORY
from playwright.sync_api import Browser, Locator, Page, Route, expect
from proxy import Answer, Proxy, proxy
from studies import documents, line_of, link, messages, wait_for_end
from test_command_line import CommandLine, Launched, Ran
from test_dashboard import cruncher, encoded, page_folder
from test_enqueue import drain, table_of
from visit import PLAIN_HOST, Visits, chromium, go_to, has_no_overflow, live, progress, requests_of, wait_until

__all__ = ["cruncher", "page_folder"]

DOUBLE = "result['double'] = 2 * {{a}}\n"
FOOTING = REPOSITORY / "examples/layered_footing/footing.py"


# ---- Fixtures ----


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with chromium() as running:
        yield running


@pytest.fixture
def visits(browser: Browser) -> Iterator[Visits]:
    """Visits whose pages may not complain."""
    made = Visits(browser)
    yield made
    made.close()


@pytest.fixture(scope="module")
def study(cruncher: CommandLine) -> Launched:
    """A study for tests that send nothing to it."""
    return cruncher.launch()


def fresh_study(study: Launched, endpoint_url: str) -> Launched:
    """A study with a page like that of another one, which takes less time than to launch it."""
    command_line = study.command_line
    s3, made = command_line.cloud.client("s3"), command_line.cloud.deploy()
    for entry in s3.list_objects_v2(Bucket=study.bucket)["Contents"]:
        if entry["Key"].startswith(("index.html", "assets/", "control.json")):
            s3.copy_object(
                Bucket=made.bucket, Key=entry["Key"], CopySource={"Bucket": study.bucket, "Key": entry["Key"]}
            )
    config = json.dumps(made.config | {"endpoint_url": endpoint_url})
    s3.put_object(Bucket=made.bucket, Key="public/config.json", Body=config.encode(), ContentType="application/json")
    page_url = f"{endpoint_url}/{made.bucket}/index.html"
    operator = {"role": "operator", **dataclasses.asdict(made.operator), "worker": dataclasses.asdict(made.worker)}
    said = {
        "bucket": made.bucket,
        "page_url": page_url,
        "operator_link": f"{page_url}#access={encoded(operator)}",
        "viewer_link": f"{page_url}#access={encoded({'role': 'viewer', **dataclasses.asdict(made.viewer)})}",
    }
    return Launched(command_line, made.name, Ran(0, json.dumps(said), ""))


@pytest.fixture
def launched(study: Launched) -> Launched:
    """A fresh study."""
    return fresh_study(study, study.command_line.cloud.endpoint_url)


@dataclasses.dataclass
class Gate:
    """What stands between a page and its cloud: it lets so many requests with messages through, until it is opened."""

    proxy: Proxy
    study: Launched
    reached: threading.Event = dataclasses.field(default_factory=threading.Event)
    opened: threading.Event = dataclasses.field(default_factory=threading.Event)

    def shut_after(self, batches: int) -> None:
        """From now on later batches wait at the gate."""

        def wait(number: int, body: dict[str, Any]) -> Answer | None:
            if number >= batches:
                self.reached.set()
                self.opened.wait(60)
            return None

        self.proxy.fault = wait


@pytest.fixture
def gate(study: Launched) -> Iterator[Gate]:
    """A gate before a fresh study."""
    with proxy(study.command_line.cloud) as slow:
        running = Gate(slow, fresh_study(study, slow.url))
        yield running
        running.opened.set()


# ---- What somebody finds on the page ----


def text(page: Page, name: str) -> Locator:
    """A field of this name."""
    return page.get_by_role("textbox", name=name, exact=True)


def button(page: Page, name: str | re.Pattern[str]) -> Locator:
    """A button of this name."""
    return page.get_by_role("button", name=name, exact=isinstance(name, str))


def told(page: Page, words: str | re.Pattern[str]) -> Locator:
    """What the page says is so."""
    return page.get_by_role("status").filter(has_text=words)


def choose(page: Page, name: str, option: str) -> None:
    """Takes an option of a list."""
    page.get_by_role("combobox", name=name, exact=True).select_option(label=option)


def preview(page: Page, title: str) -> Locator:
    """The panel with what the design looks like, when this is its title and it is up to date."""
    shown = page.get_by_role("region", name=title, exact=True)
    expect(shown).to_be_visible()
    expect(shown).not_to_have_attribute("aria-busy", "true")
    return shown


def open_design(visits: Visits, study: Launched, role: str = "operator", **options: Any) -> Page:
    """The empty page, opened by somebody with a fresh browser."""
    page = visits.open(link(study, role), **options)
    go_to(page, "Design")
    preview(page, "Nothing to show yet")
    return page


def file(content: str | bytes, name: str = "model.py") -> Any:
    """A file to be chosen."""
    return {"name": name, "mimeType": "", "buffer": content.encode() if isinstance(content, str) else content}


def choose_file(page: Page, name: str, content: str | bytes, file_name: str = "model.py") -> None:
    """Chooses a file where the page asks for one."""
    page.get_by_label(name, exact=True).set_input_files(file(content, file_name))


def drop(page: Page, name: str, content: str, file_name: str) -> None:
    """Drops a file where the page asks for one."""
    carried = page.evaluate_handle(
        """([content, name]) => {
            const carried = new DataTransfer();
            carried.items.add(new File([content], name));
            return carried;
        }""",
        [content, file_name],
    )
    place = page.get_by_label(name, exact=True)
    for event in ("dragenter", "dragover", "drop"):
        place.dispatch_event(event, {"dataTransfer": carried})


def define(page: Page, name: str = "a", minimum: str = "0", maximum: str = "100", number: int = 1) -> None:
    """Fills a row of the factors."""
    text(page, f"Name of factor {number}").fill(name)
    text(page, f"Minimum of {name}").fill(minimum)
    text(page, f"Maximum of {name}").fill(maximum)


def small_study(page: Page, cases: int, model: str = DOUBLE) -> None:
    """Defines a study of one factor."""
    choose_file(page, "Model file", model)
    define(page)
    text(page, "Cases").fill(str(cases))
    preview(page, f"{cases:,} cases" if cases > 1 else "1 case")


def held_submissions(study: Launched) -> list[str]:
    """Submissions whose rest isn't sent yet."""
    s3 = study.command_line.cloud.client("s3")
    control = json.loads(s3.get_object(Bucket=study.bucket, Key="control.json")["Body"].read())
    held: list[str] = control["held_submissions"]
    return held


def review(page: Page) -> dict[str, str]:
    """Asks for the summary, and says what stands in it."""
    button(page, "Review and send …").click()
    return summary_of(page)


def summary_of(page: Page) -> dict[str, str]:
    """What stands in the summary, its details included."""
    summary = page.get_by_role("group", name="Summary")
    summary.get_by_text("Details", exact=True).click()
    expect(summary.get_by_text("Requests", exact=True)).to_be_visible()
    return dict(
        zip(
            summary.get_by_role("term").all_inner_texts(),
            summary.get_by_role("definition").all_inner_texts(),
            strict=True,
        )
    )


def save(page: Page, name: str) -> bytes:
    """What a button saves."""
    with page.expect_download() as download:
        button(page, name).click()
    return Path(download.value.path()).read_bytes()


def in_order(binary: Path, folder: Path, design: bytes, model: str | bytes, name: str = "model.py") -> bytes:
    """The table that the command line makes of a design."""
    (folder / name).write_bytes(model.encode() if isinstance(model, str) else model)
    path = folder / "design.json"
    path.write_bytes(design)
    ran = subprocess.run([binary, "design", path, "--csv", "-"], capture_output=True)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


def ids(table: bytes) -> list[str]:
    """The ids in a table of cases."""
    return [row["case_id"] for row in csv.DictReader(io.StringIO(table.decode()))]


def has_pixels(page: Page, canvas: Locator) -> None:
    """That something is drawn, in more than one colour."""
    page.wait_for_function(
        """canvas => {
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(data.buffer)).size > 3;
        }""",
        arg=canvas.element_handle(),
    )


def queue(study: Launched) -> tuple[int, int]:
    """How many cases wait in the queue, and how many are in workers' hands."""
    return messages(study.command_line.cloud.client("sqs"), study.outputs["QueueUrl"])


def check_each_arrived_once(study: Launched, batch: str, expected: list[str], taken: int = 0) -> None:
    """That the batch's table names exactly these cases, and the queue holds each once but for those taken out."""
    named = [row["case_id"] for row in table_of(study, batch)]
    assert sorted(named) == sorted(expected)
    # A worker that was ended while it asked for cases may have been given one.
    waiting, held = queue(study)
    assert waiting + held == len(expected) - taken
    arrived = [message["case_id"] for message in drain(study)]
    assert len(arrived) == len(set(arrived)) == waiting
    assert set(arrived) <= set(expected) and (held == 0 or taken > 0)


# ---- From nothing to results ----


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
    button(page, "Send all 12").click()
    expect(told(page, "All 12 cases were sent")).to_be_visible()
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
    expect(page).to_have_title(re.compile("^Attach "))
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
    button(page, "Send all 3").click()
    expect(told(page, "All 3 cases were sent")).to_be_visible()
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
    button(page, "Send all 2").click()
    expect(told(page, "All 2 cases were sent")).to_be_visible()
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


# ---- Pausing, cancelling, two tabs ----


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
    button(page, "Send all 12").click()
    expect(told(page, "All 12 cases were sent")).to_be_visible()
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


# ---- The same design ----

LATIN = {"kind": "latin_hypercube", "cases": 20}
FACTORS: dict[str, dict[str, Any]] = {
    "range": {"name": "a", "minimum": 0.1, "maximum": 0.7, "unit": "m", "note": "a note"},
    "log range": {"name": "b", "minimum": 1e-9, "maximum": 2.5e5, "scale": "log"},
    "integers": {"name": "n", "minimum": -3, "maximum": 12, "integer": True},
    "numbers": {"name": "angle", "levels": [20, 22.5, 30]},
    "choices": {"name": "soil", "levels": ["clay", "sand, wet", "true"]},
    "flags": {"name": "drained", "levels": [True, False]},
    "fixed": {"name": "width", "value": 2.0},
    "fixed text": {"name": "law", "value": "5"},
    "fixed list": {"name": "depths", "value": [0, 0.5, 1]},
    "fixed list of one": {"name": "top", "value": [0.5]},
    "mixed choices": {"name": "mesh", "levels": [1, "fine", 2.5, "[0]"]},
    "vector": {"name": "c", "count": 3, "minimum": 50000, "maximum": 500000, "unit": "Pa"},
}
RANGES = [FACTORS["range"] | {"name": "x"}, FACTORS["vector"] | {"name": "y"}]
DESIGNS: dict[str, dict[str, Any]] = {
    "random": {"sampler": {"kind": "random", "cases": 20}},
    "latin hypercube": {"sampler": LATIN},
    "optimised for discrepancy": {"sampler": {**LATIN, "optimised": "centred_discrepancy"}},
    "optimised for distance": {"sampler": {**LATIN, "optimised": "maximin"}},
    "doubled": {"sampler": {**LATIN, "doublings": 2}},
    "levels": {"sampler": {"kind": "latin_hypercube", "levels": [2, 5]}},
    "sobol": {"sampler": {"kind": "sobol", "cases": 32}},
    "sobol by levels": {"sampler": {"kind": "sobol", "levels": [0, 5]}},
    "sobol as it is": {"sampler": {"kind": "sobol", "cases": 32, "scrambled": False}},
    "halton": {"sampler": {"kind": "halton", "cases": 30}},
    "halton as it is": {"sampler": {"kind": "halton", "cases": 30, "scrambled": False}},
    "full grid": {"sampler": {"kind": "full_grid", "steps": 3}, "factors": RANGES},
    "one at a time": {"sampler": {"kind": "one_at_a_time", "steps": 5}, "factors": RANGES},
    "another seed": {"sampler": LATIN, "seed": 18446744073709551615},
    "replicates": {"sampler": LATIN, "replicates": 3},
    "constraints": {"sampler": LATIN, "constraints": ["y[0]<=y[1]", " x * 2 >= 0.3 "], "factors": RANGES},
    **{
        kind: {"sampler": {"kind": "random", "cases": 9}, "factors": [*RANGES, factor]}
        for kind, factor in FACTORS.items()
    },
}  # fmt: skip


def whole_design(design: dict[str, Any]) -> dict[str, Any]:
    """A design file, with everything that isn't the test's concern."""
    return {
        "batch": "soil/a", "model": {"file": "model.py", "kind": "python"}, "factors": list(FACTORS.values()),
        "seed": 7, "max_attempts": 2, "time_limit_secs": 90.0, **design,
    }  # fmt: skip


def open_file(page: Page, content: str | bytes, name: str = "study.json") -> None:
    """Opens a design file."""
    choose_file(page, "Open a design file", content, name)
    expect(told(page, f"{name} was opened.")).to_be_visible()


def test_a_design_file_gives_the_same_cases_on_the_page_and_on_the_command_line(
    study: Launched, visits: Visits, binary: Path, tmp_path: Path
) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", DOUBLE)
    for name, design in DESIGNS.items():
        content = json.dumps(whole_design(design)).encode()
        open_file(page, content, f"{name}.json")
        expected = in_order(binary, tmp_path, content, DOUBLE)
        assert len(ids(expected)) > 1, name
        assert save(page, "Save CSV") == expected, name
        saved = save(page, "Save JSON")
        assert in_order(binary, tmp_path, saved, DOUBLE) == expected, name
        # And next time. Chromium lets no page save more than ten files a second: hence a new one.
        page.reload()
        expect(page.get_by_role("region", name="Model", exact=True)).to_contain_text("model.py")
        open_file(page, saved, f"{name} again.json")
        assert save(page, "Save JSON") == saved, name
        assert save(page, "Save CSV") == expected, name


def test_a_saved_design_brings_back_what_was_entered(study: Launched, visits: Visits) -> None:
    """Also one that nobody could send yet."""
    page = open_design(visits, study)
    define(page)
    define_more(page)
    saved = save(page, "Save JSON")
    other = open_design(visits, study)
    open_file(other, saved)
    check_more(other)
    assert save(other, "Save JSON") == saved
    choose_file(page, "Model file", DOUBLE, "soil.py")
    text(page, "Batch").fill("soil/b")
    with_model = save(page, "Save JSON")
    open_file(other, with_model)
    choose_file(other, "Model file", DOUBLE, "soil.py")
    expect(text(other, "Batch")).to_have_value("soil/b")
    check_more(other)
    assert save(other, "Save JSON") == with_model


def test_a_saved_design_holds_its_model(study: Launched, visits: Visits, binary: Path, tmp_path: Path) -> None:
    model = "\ufeffresult['b'] = 2 * {{a}}  # \U0001f600 ä \\u0000\r\nprint('\t</script>')\r\n"
    page = open_design(visits, study)
    small_study(page, 4, model)
    saved, table = save(page, "Save JSON"), save(page, "Save CSV")
    assert json.loads(saved)["model"] == {"file": "model.py", "kind": "python", "text": model}

    # Another person, who has another model there.
    other = open_design(visits, study)
    small_study(other, 2, DOUBLE.replace("{{a}}", "{{b}}"))
    open_file(other, saved)
    expect(told(other, "Its model model.py came with it.")).to_be_visible()
    preview(other, "4 cases")
    assert save(other, "Save CSV") == table
    other.reload()
    preview(other, "4 cases")
    assert save(other, "Save JSON") == saved
    # And where there is no page.
    path = tmp_path / "alone" / "design.json"
    path.parent.mkdir()
    path.write_bytes(saved)
    ran = subprocess.run([binary, "design", path, "--csv", "-"], capture_output=True)
    assert ran.stdout == table, ran.stderr.decode()


def test_what_stood_in_the_form_comes_back_with_its_model(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    small_study(page, 4)
    saved, table = save(page, "Save JSON"), save(page, "Save CSV")
    design = json.loads(saved)
    design["model"] |= {"file": "other.py", "text": "result['c'] = {{a}}\n"}
    open_file(page, json.dumps(design))
    model = page.get_by_role("region", name="Model", exact=True)
    expect(model).to_contain_text("other.py")
    button(page, "Undo: bring back what stood here before").click()
    expect(model).to_contain_text("model.py")
    assert save(page, "Save CSV") == table
    for wrong, reason in (
        ("#" * (16 * 2**20 + 1), "its model has 16,777,217 bytes, more than the 16 MiB of a model"),
        (["x"], "invalid type: sequence, expected a string"),
    ):
        design["model"]["text"] = wrong
        choose_file(page, "Open a design file", json.dumps(design), "wrong.json")
        expect(told(page, f"wrong.json is no design file: {reason}")).to_be_visible()
        expect(model).to_contain_text("model.py")


def define_more(page: Page) -> None:
    """Enters something in fields of every kind."""
    button(page, "Unit and note of a").click()
    text(page, "Unit of a").fill("kPa")
    text(page, "Note of a").fill("of the clay")
    button(page, "Add a factor").click()
    text(page, "Name of factor 2").fill("law")
    choose(page, "Values of law", "choice")
    text(page, "Choices of law").fill("elastic, mohr")
    button(page, "Add a constraint").click()
    text(page, "Constraint 1").fill("a <= 90")
    choose(page, "Method", "Sobol' sequence")
    page.get_by_role("checkbox", name="Scrambled by the seed").uncheck()
    choose(page, "Size", "levels, 2^first to 2^last")
    text(page, "First level").fill("1")
    text(page, "Last level").fill("4")
    text(page, "Replicates").fill("2")
    text(page, "Attempts per case").fill("5")
    text(page, "Time limit, minutes").fill("1.5")
    page.get_by_role("checkbox", name="Compute cases again that have a result").check()


def check_more(page: Page) -> None:
    """That these fields hold what was entered."""
    fields = {
        "Name of factor 1": "a", "Minimum of a": "0", "Maximum of a": "100", "Unit of a": "kPa",
        "Note of a": "of the clay", "Choices of law": "elastic, mohr", "Constraint 1": "a <= 90", "First level": "1",
        "Last level": "4", "Replicates": "2", "Attempts per case": "5", "Time limit, minutes": "1.5",
    }  # fmt: skip
    for name, value in fields.items():
        expect(text(page, name)).to_have_value(value)
    expect(page.get_by_role("checkbox", name="Scrambled by the seed")).not_to_be_checked()
    expect(page.get_by_role("checkbox", name="Compute cases again that have a result")).to_be_checked()


# ---- Mistakes ----


def check_said_at(page: Page, name: str, words: str) -> None:
    """That a field is marked as wrong, and described by these words; and that nothing can be seen or sent of it."""
    field = text(page, name)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(re.escape(words)))
    expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()


LISTS = ("Method", "Size", "Optimised for")


def enter(page: Page, fields: dict[str, str]) -> None:
    """Fills fields, or takes options."""
    for name, value in fields.items():
        if name in LISTS or (name.startswith("Values of ") and name != "Values of a range"):
            choose(page, name, value)
        elif value == "press":
            button(page, name.removesuffix(" again")).click()
        else:
            text(page, name.removesuffix(" again")).fill(value)


A = {"Name of factor 1": "a", "Minimum of a": "0", "Maximum of a": "1"}
B = {"Add a factor": "press", "Name of factor 2": "b", "Minimum of b": "0", "Maximum of b": "1"}
LIMIT = "more than 1,000,000: lower its size, or split it into batches with different seeds"
MISTAKES: dict[str, tuple[dict[str, str], str, str]] = {
    "minimum above maximum": (
        {**A, "Minimum of a": "2"}, "Maximum of a", "The minimum of a, 2, isn't below its maximum, 1"
    ),
    "log of zero": (
        {**A, "Values of a": "logarithmic range"}, "Minimum of a",
        "a has a logarithmic scale, so its minimum must be above 0",
    ),
    "a comma for the decimals": ({**A, "Minimum of a": "0,5"}, "Minimum of a", "write a point for the decimals"),
    "no number": ({**A, "Maximum of a": "much"}, "Maximum of a", "much isn't a number"),
    "no whole number": ({**A, "Values of a": "whole numbers", "Maximum of a": "2.5"}, "Maximum of a", "a whole number"),
    "no number in a list": (
        {"Name of factor 1": "a", "Values of a": "list of numbers", "Levels of a": "1, two"}, "Levels of a",
        "two isn't a number",
    ),
    "a value twice": (
        {"Name of factor 1": "a", "Values of a": "choice", "Choices of a": "clay, clay"}, "Choices of a", "twice"
    ),
    "no vector length": ({**A, "Vector length of a": "0"}, "Vector length of a", "no vector length from 1"),
    "the same name twice": ({**A, **B, "Name of factor 2 again": "a"}, "Name of factor 2", "Two factors are named a"),
    "no name in Python": ({"Name of factor 1": "2nd layer"}, "Name of factor 1", "2nd layer is not a name in Python"),
    "a word of Python": ({"Name of factor 1": "lambda"}, "Name of factor 1", "lambda is a word of Python itself"),
    "a column of Cruncher's": ({"Name of factor 1": "level"}, "Name of factor 1", "level is the name of a column"),
    "no case": ({**A, "Cases": "0"}, "Cases", "The design has no case: ask for at least one"),
    "half a case": ({**A, "Cases": "1.5"}, "Cases", "1.5 is no whole number"),
    "too many cases": ({**A, "Cases": "1,000,001"}, "Cases", f"The design has 1,000,001 cases, {LIMIT}"),
    "too many levels": (
        {**A, "Size": "levels, 2^first to 2^last", "Last level": "20"}, "Last level",
        f"The design has 2,097,144 cases, {LIMIT}",
    ),
    "levels the wrong way round": (
        {**A, "Size": "levels, 2^first to 2^last", "First level": "7"}, "Last level",
        "The first level, 7, is above the last, 6",
    ),
    "no first level": (
        {**A, "Size": "levels, 2^first to 2^last", "First level": "x"}, "First level", "x is no whole number"
    ),
    "a grid that is too large": (
        {**A, "Vector length of a": "6", "Method": "Full grid", "Values of a range": "11"}, "Values of a range",
        f"The design has 1,771,561 cases, {LIMIT}",
    ),
    "a grid of one step": ({**A, "Method": "Full grid", "Values of a range": "1"}, "Values of a range", "at least 2"),
    "too many replicates": ({**A, "Replicates": "1000000"}, "Replicates", LIMIT),
    "no replicate": ({**A, "Replicates": "0"}, "Replicates", "at least one"),
    "too many for an optimised hypercube": (
        {**A, "Optimised for": "distance (maximin)", "Cases": "500000"}, "Cases",
        "An optimised Latin hypercube has at most",
    ),
    "no seed": ({**A, "Seed": "-1"}, "Seed", "-1 is no whole number"),
    "a constraint that is none": (
        {**A, "Add a constraint": "press", "Constraint 1": "a + 1"}, "Constraint 1", "Nothing is compared here"
    ),
    "a constraint on a factor that isn't there": (
        {**A, "Add a constraint": "press", "Constraint 1": "a > 0.1", "Add a constraint again": "press",
         "Constraint 2": " a<=b "}, "Constraint 2", "There is no factor b",
    ),
    "a batch's name": ({**A, "Batch": "soft clay"}, "Batch", "soft clay can't be a part of a batch's name"),
    "a reserved batch's name": ({**A, "Batch": "a/files"}, "Batch", "are reserved"),
    "no attempt": ({**A, "Attempts per case": "0"}, "Attempts per case", "needs at least one attempt"),
    "no time limit": ({**A, "Time limit, minutes": "-3"}, "Time limit, minutes", "no number of minutes above 0"),
}  # fmt: skip


def test_each_mistake_is_told_at_its_field(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    for name, (fields, at, words) in MISTAKES.items():
        start_anew(page)
        expect(page.get_by_role("alert"), name).to_have_count(0)
        enter(page, fields)
        check_said_at(page, at, words)
        expect(page.get_by_role("alert"), name).to_have_count(1)


def start_anew(page: Page) -> None:
    """Throws away what stands in the form."""
    page.evaluate("() => { window.confirm = () => true }")
    button(page, "New").click()
    expect(text(page, "Name of factor 1")).to_have_value("")
    expect(text(page, "Batch")).to_have_value("")
    preview(page, "Nothing to show yet")


def test_what_is_missing_is_told_when_somebody_wants_to_send_and_not_before(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    alerts = page.get_by_role("alert")
    send = button(page, "Review and send …")
    expect(alerts).to_have_count(0)
    text(page, "Name of factor 1").fill("a")
    text(page, "Minimum of a").fill("1")
    text(page, "Cases").fill("")
    expect(text(page, "Cases")).to_have_value("")
    expect(alerts).to_have_count(0)
    send.click()
    check_said_at(page, "Maximum of a", "A number is needed here")
    check_said_at(page, "Cases", "A whole number is needed here")
    check_said_at(page, "Batch", "Name the batch")
    expect(alerts.filter(has_text="Choose the model file that the cases are computed with")).to_be_visible()
    expect(alerts.filter(has_text="4 things are wrong or missing above")).to_be_visible()
    text(page, "Maximum of a").fill("2")
    text(page, "Cases").fill("3")
    text(page, "Batch").fill("b")
    expect(alerts.filter(has_text="1 thing is wrong or missing above")).to_be_visible()
    choose_file(page, "Model file", DOUBLE)
    expect(alerts).to_have_count(0)
    send.click()
    expect(page.get_by_role("group", name="Summary")).to_be_visible()
    button(page, "Back to the design").click()
    button(page, "Remove a").click()
    expect(alerts.filter(has_text="The design has no factor: add one")).to_be_visible()


def test_a_design_that_cannot_become_cases_says_why(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    enter(page, {**A, "Add a constraint": "press", "Constraint 1": "a > 2"})
    preview(page, "No design")
    expect(page.get_by_role("alert").filter(has_text="No point of the design meets its constraints")).to_be_visible()
    text(page, "Constraint 1").fill("a > 0.5")
    preview(page, "32 cases")
    thinned = page.get_by_text(
        "32 of 64 points were left out by the constraints: what is left is no Latin hypercube any more"
    )
    expect(thinned).to_be_visible()
    button(page, "Take 128 points").click()
    preview(page, "64 cases")
    button(page, "Take 256 random ones").click()
    expect(page.get_by_text("left out by the constraints")).not_to_contain_text("hypercube")
    expect(page.get_by_label("Method").locator("option:checked")).to_have_text("Random")


# ---- The model ----


def test_a_file_that_is_no_text_is_no_model(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", b"PK\x03\x04\nsecond\n\xff\xfe", "model.py")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("model.py can't be a model")
    expect(alert).to_contain_text("see line 3: save it as UTF-8")
    choose_file(page, "Model file", DOUBLE, "other.py")
    expect(alert).to_have_count(0)
    expect(page.get_by_role("region", name="Model", exact=True)).to_contain_text("other.py")


def test_placeholders_without_factor_and_factors_without_placeholder_are_named(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    model = page.get_by_role("region", name="Model", exact=True)
    choose_file(page, "Model file", "import math\nx = {{a}}\ny = {{b}} + {{a}}\nresult['x'] = x\n")
    chips = page.get_by_role("list", name="Placeholders").get_by_role("listitem")
    expect(chips).to_have_text([re.compile("a.*lines 2, 3.*has no factor"), re.compile("b.*line 3.*has no factor")])
    define(page)
    expect(chips).to_have_text([re.compile("a.*lines 2, 3.*has a factor"), re.compile("b.*line 3.*has no factor")])
    preview(page, "64 cases")
    expect(page.get_by_role("alert")).to_have_text("Line 3: {{b}} has no factor, so this case would fail.")
    button(page, "Add the factor b").click()
    define(page, "b", "3", "4", number=2)
    preview(page, "64 cases")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("region", name="Rendered model")).to_contain_text(re.compile(r"y = 3\.\d+ \+ \d"))
    button(page, "Add a factor").click()
    text(page, "Name of factor 3").fill("c")
    expect(model).to_contain_text("No placeholder for c: the model has to read it as parameters")
    choose_file(page, "Model file", "pass\n", "plain.py")
    expect(model).to_contain_text("It has no placeholder")


def test_a_design_of_which_every_case_would_fail_is_not_sent(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", DOUBLE + "depth = {{depth}}\n")
    define(page)
    text(page, "Cases").fill("16")
    preview(page, "16 cases")
    asked = requests_of(page)
    button(page, "Review and send …").click()
    refusal = page.get_by_role("alert").filter(has_text="All 16 cases would fail. Line 2: {{depth}} has no factor.")
    expect(refusal).to_contain_text("Nothing was sent.")
    assert [request for request in asked if "/data/" in request] == []
    button(page, "Go to the model").click()
    expect(page.get_by_label("Model file", exact=True)).to_be_focused()
    button(page, "Add the factor depth").click()
    expect(refusal).to_have_count(0)
    expect(text(page, "Minimum of depth")).to_be_focused()
    define(page, "depth", number=2)
    preview(page, "16 cases")
    assert review(page)["To be sent"] == "16 cases to the batch model"


def test_a_factor_that_is_a_misspelt_placeholder_is_offered_its_name(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    model = page.get_by_role("region", name="Model", exact=True)
    choose_file(page, "Model file", "result['load'] = 5 * {{cohesion}}\n")
    define(page, "cohesoin")
    button(page, "Add a constraint").click()
    text(page, "Constraint 1").fill("cohesoin <= 90")
    expect(model).to_contain_text("cohesoin isn't in the model; cohesion is.")
    expect(model).not_to_contain_text("the model has to read it as parameters")
    button(page, "Rename it to cohesion").click()
    expect(text(page, "Name of factor 1")).to_have_value("cohesion")
    expect(text(page, "Constraint 1")).to_have_value("cohesion <= 90")
    expect(page.get_by_role("list", name="Placeholders")).to_contain_text("has a factor")
    expect(model).not_to_contain_text("isn't in the model")
    take_table(page)
    choose_file(page, "Table of cases", "Cohesion\n1\n2\n", "cases.csv")
    expect(model).to_contain_text("Cohesion isn't in the model; cohesion is. Rename the column in the table.")


SURROUNDED = """# the cohesion {{c}} of the layers
top = {{c[0]}}
energy = {{a}}**2 + {{ c[2] }}
label = f"{{a}} m wide"
command("zone cohesion {{c[1]}}")
"""


def test_placeholders_in_strings_comments_and_for_elements_are_pointed_at(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    model = page.get_by_role("region", name="Model", exact=True)
    choose_file(page, "Model file", SURROUNDED)
    expect(model).to_contain_text(
        "In an f-string {{…}} is Python's own way to write a brace; here it is a placeholder: a in line 4."
    )
    expect(model).to_contain_text("In a string, put in as text: c[1] in line 5.")
    expect(model).to_contain_text("In a comment, without effect: c in line 1.")
    button(page, "Add 2 factors").click()
    expect(text(page, "Vector length of c")).to_have_value("3")
    text(page, "Minimum of c").fill("1")
    text(page, "Maximum of c").fill("2")
    text(page, "Minimum of a").fill("-2")
    text(page, "Maximum of a").fill("-1")
    preview(page, "64 cases")
    rendered = page.get_by_role("region", name="Rendered model")
    expect(rendered).to_contain_text(re.compile(r"energy = \(-1\.\d+\)\*\*2 \+ 1\.\d+"))
    expect(rendered).to_contain_text(re.compile(r'label = f"-1\.\d+ m wide"'))
    text(page, "Vector length of c").fill("2")
    expect(model).to_contain_text(
        "Line 3: {{c[2]}} isn't one of the 2 components, counted from 0, so every case would fail."
    )
    expect(page.get_by_role("alert")).to_contain_text("counted from 0, so this case would fail.")


# ---- Tables ----


def take_table(page: Page) -> None:
    """Has points come from a table."""
    button(page, "A table of cases").click()


def paste(page: Page, content: str) -> None:
    """Pastes a table."""
    page.evaluate("text => navigator.clipboard.writeText(text)", content)
    text(page, "Paste a table").press("Control+V")


def type_table(page: Page, content: str) -> None:
    """Types a table where one can be pasted."""
    text(page, "Paste a table").fill(content)
    text(page, "Paste a table").press("Tab")


def understood(page: Page) -> Locator:
    """The first rows of the table as the page understood them."""
    return page.get_by_role("table", name="The table as it was understood")


TABLE = "a,c[0],c[1],soil,level\n1,2.5,3,clay,0\n2,2.5,4,sand,1\n3,0,1,sand,1\n"
WAYS: dict[str, Callable[[Page], None]] = {
    "chosen": lambda page: choose_file(page, "Table of cases", TABLE, "cases.csv"),
    "dropped": lambda page: drop(page, "Table of cases", TABLE, "cases.csv"),
    "typed": lambda page: type_table(page, TABLE),
    "pasted from a spreadsheet": lambda page: paste(page, TABLE.replace(",", "\t")),
    "JSON": lambda page: choose_file(
        page, "Table of cases",
        json.dumps([
            {"a": 1, "c": [2.5, 3], "soil": "clay", "level": 0}, {"a": 2, "c": [2.5, 4], "soil": "sand", "level": 1},
            {"a": 3, "c": [0, 1], "soil": "sand", "level": 1},
        ]), "cases.json",
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_table_is_taken_as_it_stands(study: Launched, visits: Visits, binary: Path, tmp_path: Path, way: str) -> None:
    page = open_design(visits, study, permissions=["clipboard-read", "clipboard-write"])
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    WAYS[way](page)
    columns = understood(page).get_by_role("columnheader")
    expect(columns).to_have_text(["a whole number", "c[2] number", "soil text"])
    expect(understood(page).get_by_role("row").nth(1)).to_contain_text("[2.5,3.0]")
    shown = preview(page, "3 cases")
    expect(shown).to_contain_text("levels 0: 1 · 1: 2")
    has_pixels(page, shown.get_by_role("img"))
    rows = list(csv.DictReader(io.StringIO(save(page, "Save CSV").decode())))
    assert [(row["a"], float(row["c[0]"]), float(row["c[1]"]), row["soil"], row["level"]) for row in rows] == [
        ("1", 2.5, 3, "clay", "0"), ("2", 2.5, 4, "sand", "1"), ("3", 0, 1, "sand", "1"),
    ]  # fmt: skip
    saved = save(page, "Save JSON")
    assert ids(in_order(binary, tmp_path, saved, DOUBLE)) == [row["case_id"] for row in rows]
    summary = review(page)
    assert summary["To be sent"] == "3 cases to the batch model"
    button(page, "Back to the design").click()

    other = open_design(visits, study)
    choose_file(other, "Model file", DOUBLE)
    open_file(other, saved)
    preview(other, "3 cases")
    assert save(other, "Save JSON") == saved
    button(page, "Remove").click()
    preview(page, "Nothing to show yet")
    expect(columns).to_have_count(0)
    button(page, "Review and send …").click()
    expect(
        page.get_by_role("alert").filter(has_text="Choose a table of cases first. Nothing was sent.")
    ).to_be_visible()
    page.reload()
    expect(button(page, "A table of cases")).to_have_attribute("aria-pressed", "true")
    preview(page, "Nothing to show yet")


def test_wrong_rows_are_named_and_nothing_can_be_sent(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    expect(page.get_by_role("alert")).to_have_count(0)
    choose_file(page, "Table of cases", "a,b\n1,2\n3\n4,5\n6,7,8\n", "cases.csv")
    alert = page.get_by_role("alert").filter(has_text="cases.csv can't be used")
    expect(alert).to_contain_text("2 rows or fields are wrong.")
    expect(alert.get_by_role("listitem")).to_have_count(2)
    expect(alert.get_by_role("listitem").nth(0)).to_have_text(re.compile(r"^Row 3: .{10,}\.$"))
    expect(alert.get_by_role("listitem").nth(1)).to_have_text(re.compile(r"^Row 5: .{10,}\.$"))
    preview(page, "Nothing to show yet")
    button(page, "Review and send …").click()
    expect(page.get_by_role("alert").filter(has_text="Nothing was sent.")).to_have_count(2)
    expect(page.get_by_role("group", name="Summary")).to_have_count(0)
    choose_file(page, "Table of cases", b"PK\x03\x04 a workbook", "cases.xlsx")
    expect(page.get_by_role("alert").filter(has_text="this is a workbook")).to_be_visible()
    choose_file(page, "Table of cases", "b\n1\n2\n", "cases.csv")
    expect(
        page.get_by_role("alert").filter(has_text="The table has no column for a: every case would fail")
    ).to_be_visible()


# Two columns as they are pasted from a spreadsheet that shows thousands with a comma, or thousandths.
PASTED = "a\tb\n50,000\t1,200\n75,000\t2,590\n"


def test_a_table_that_may_be_meant_in_two_ways_is_asked_about(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study, permissions=["clipboard-read", "clipboard-write"])
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    paste(page, PASTED)
    question = page.get_by_role("alert").filter(has_text="Do decimals have a point or a comma?")
    expect(question).to_contain_text("50,000 in column a, row 2, may be two numbers")
    choice = page.get_by_role("group", name="Decimal mark")
    buttons = choice.get_by_role("button")
    expect(buttons).to_have_text(["point: 50000", "comma: 50.0"])
    expect(choice.get_by_role("button", pressed=True)).to_have_count(0)
    preview(page, "Nothing to show yet")

    buttons.nth(1).press("Enter")
    expect(question).to_have_count(0)
    first = understood(page).get_by_role("row").nth(1).get_by_role("cell")
    expect(first).to_have_text(["50.0", "1.2"])
    expect(buttons).to_have_text(["point", "comma"])
    expect(choice.get_by_role("button", pressed=True)).to_have_text(["comma"])
    expect(buttons.nth(1)).to_be_focused()
    expect(page.get_by_role("list", name="How it was read")).to_contain_text("Numbers are read with a decimal comma.")
    preview(page, "2 cases")
    assert [row["a"] for row in csv.DictReader(io.StringIO(save(page, "Save CSV").decode()))] == ["50.0", "75.0"]

    page.reload()
    expect(first).to_have_text(["50.0", "1.2"])
    buttons.nth(0).click()
    expect(first).to_have_text(["50000", "1200"])
    notes = page.get_by_role("list", name="How it was read")
    expect(notes).to_contain_text("50,000 in column a, row 2, is read as 50000")
    preview(page, "2 cases")
    assert [row["a"] for row in csv.DictReader(io.StringIO(save(page, "Save CSV").decode()))] == ["50000", "75000"]
    choose_file(page, "Model file", DOUBLE)
    review(page)
    button(page, "Back to the design").click()

    choose_file(page, "Table of cases", "a\n5%\n7.5%\n", "porosity.csv")
    expect(page.get_by_role("alert").filter(has_text="What does the per cent sign mean?")).to_be_visible()
    button(page, "5% is 0.05").click()
    expect(understood(page).get_by_role("cell")).to_have_text(["0.05", "0.075"])
    expect(choice.get_by_role("button", pressed=True)).to_have_text(["point"])


def test_whole_numbers_of_64_bits_stay_exact_on_their_way_through_the_page(
    study: Launched, visits: Visits, binary: Path, tmp_path: Path
) -> None:
    seeds = ["12157665459056928801", "4611686018427387905", "4611686018427387906", "-9223372036854775808"]
    page = open_design(visits, study)
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    choose_file(page, "Table of cases", "a\n" + "\n".join(seeds) + "\n", "seeds.csv")
    expect(understood(page).get_by_role("cell")).to_have_text(seeds)
    preview(page, "4 cases")
    rows = list(csv.DictReader(io.StringIO(save(page, "Save CSV").decode())))
    assert [row["a"] for row in rows] == seeds
    assert len({row["case_id"] for row in rows}) == 4
    saved = save(page, "Save JSON")
    assert [str(row[0]) for row in json.loads(saved)["table"]["rows"]] == seeds
    assert ids(in_order(binary, tmp_path, saved, DOUBLE)) == [row["case_id"] for row in rows]
    open_file(page, saved)
    preview(page, "4 cases")
    assert save(page, "Save JSON") == saved


def test_a_mark_that_does_not_fit_is_told_and_can_be_chosen_back(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    choose_file(page, "Table of cases", "a;b\n1.5;2.25\n", "cases.csv")
    choice = page.get_by_role("group", name="Decimal mark")
    expect(choice.get_by_role("button", pressed=True)).to_have_text(["point"])
    choice.get_by_role("button", name="comma").click()
    alert = page.get_by_role("alert").filter(has_text="cases.csv can't be used")
    expect(alert).to_contain_text("has a decimal point, and decimals of this file have a comma")
    choice.get_by_role("button", name="point").click()
    expect(understood(page).get_by_role("cell")).to_have_text(["1.5", "2.25"])
    expect(alert).to_have_count(0)


def test_a_design_is_known_in_each_encoding_wherever_it_is_dropped(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", DOUBLE)
    design = json.dumps({
        "batch": "b", "model": {"file": "model.py", "kind": "python"}, "seed": 1,
        "factors": [{"name": "a", "minimum": 1.0, "maximum": 2.0}], "sampler": {"kind": "latin_hypercube", "cases": 4},
    })  # fmt: skip
    for encoding in ("utf-8-sig", "utf-16"):
        open_file(page, design.encode(encoding))
        preview(page, "4 cases")
        button(page, "A table of cases").click()
        preview(page, "Nothing to show yet")
    choose_file(page, "Table of cases", design, "design.json")
    expect(page.get_by_role("alert").filter(has_text="This is a design and no table of cases")).to_be_visible()
    choose_file(page, "Open a design file", TABLE, "study.json")
    expect(told(page, "no design file")).to_contain_text("a table of cases belongs below")
    choose_file(page, "Table of cases", TABLE, "study.json")
    expect(told(page, "no design file")).to_have_count(0)


def test_what_is_said_of_a_file_goes_with_the_next_thing_that_is_done(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    wrong = told(page, "notes.txt is no design file")

    def go_away_and_back() -> None:
        go_to(page, "Overview")
        go_to(page, "Design")

    deeds: list[Callable[[], None]] = [
        lambda: choose_file(page, "Model file", DOUBLE),
        lambda: text(page, "Name of factor 1").fill("a"),
        lambda: button(page, "Review and send …").click(),
        go_away_and_back,
    ]
    for do in deeds:
        for _ in range(2):
            choose_file(page, "Open a design file", "some notes", "notes.txt")
            expect(wrong).to_be_visible()
        do()
        expect(wrong).to_have_count(0)


def test_a_python_file_that_is_opened_is_the_model(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    choose_file(page, "Open a design file", DOUBLE, "slope.PY")
    expect(told(page, "slope.PY is no design file, and was taken as the model.")).to_be_visible()
    expect(page.get_by_role("region", name="Model", exact=True)).to_contain_text("slope.PY")
    button(page, "Add the factor a").click()
    expect(told(page, "slope.PY is no design file")).to_have_count(0)


# How long the longest frame takes, in milliseconds, from the first call to the second.
WATCH_FRAMES = """() => {
    const seen = window.seenFrames = {longest: 0, count: 0, last: performance.now()};
    const look = now => {
        seen.longest = Math.max(seen.longest, now - seen.last);
        seen.last = now;
        seen.count += 1;
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""


def test_a_hundred_thousand_rows_do_not_freeze_the_page(study: Launched, visits: Visits, tmp_path: Path) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    rows = "".join(f"{number},{number * 0.37 % 1},{number * 0.73 % 1}\n" for number in range(100_000))
    # Content that isn't a file would be made one in the page, which takes a while.
    (tmp_path / "many.csv").write_text("a,b,c\n" + rows)
    page.evaluate(WATCH_FRAMES)
    page.get_by_label("Table of cases", exact=True).set_input_files(tmp_path / "many.csv")
    preview(page, "100,000 cases")
    page.get_by_text("Computing how evenly they lie").wait_for(state="hidden")
    seen = page.evaluate("seenFrames")
    assert seen["count"] > 10
    # A frame takes 16 ms. Beside other tests it may take longer; a reading of the table takes seconds.
    assert seen["longest"] < 200, seen


# ---- Extending ----


def test_an_earlier_design_is_extended_and_only_new_cases_are_sent(launched: Launched, visits: Visits) -> None:
    page = open_design(visits, launched)
    small_study(page, 5)
    review(page)
    button(page, "Send all 5").click()
    expect(told(page, "All 5 cases were sent")).to_be_visible()
    with attach(line_of(launched)):
        wait_for_end(launched, done=5)

    other = open_design(visits, launched)
    button(other, "Earlier …").click()
    designs = other.get_by_role("region", name="Designs that were submitted")
    expect(designs.get_by_role("listitem")).to_contain_text(["5 cases · model.py"])
    expect(told(other, "Looking for designs")).to_have_count(0)
    designs.get_by_role("button", name="model").click()
    expect(designs).to_have_count(0)
    expect(told(other, "The design of model stands below, with model.py as it was sent.")).to_be_visible()
    preview(other, "5 cases")
    summary = review(other)
    assert (summary["Done already"], summary["To be sent"]) == ("5", "0 cases to the batch model")
    expect(other.get_by_text("There is nothing to send: every case is done or was sent before.")).to_be_visible()
    button(other, "Back to the design").click()
    button(other, "Extend to 10 points").click()
    preview(other, "10 cases")
    summary = review(other)
    assert (summary["Cases of the design"], summary["Done already"]) == ("10", "5")
    assert summary["To be sent"] == "5 cases to the batch model"
    button(other, "Send all 5").click()
    expect(told(other, "All 5 cases were sent")).to_be_visible()
    done = {
        result["case_id"] for result in documents(launched.command_line.cloud.client("s3"), launched.bucket, "done-")
    }
    arrived = [message["case_id"] for message in drain(launched)]
    # A worker that was ended while it asked for cases may have been given one, up to the end.
    _, held = queue(launched)
    assert len(set(arrived)) == len(arrived) == 5 - held
    assert not done & set(arrived)


@pytest.mark.parametrize("is_gone", [True, False])
def test_an_earlier_design_whose_model_is_gone_or_another_one_says_so(
    launched: Launched, visits: Visits, is_gone: bool
) -> None:
    page = open_design(visits, launched)
    small_study(page, 5)
    review(page)
    button(page, "Send all 5").click()
    expect(told(page, "All 5 cases were sent")).to_be_visible()
    s3 = launched.command_line.cloud.client("s3")
    (model,) = s3.list_objects_v2(Bucket=launched.bucket, Prefix="models/")["Contents"]
    if is_gone:
        s3.delete_object(Bucket=launched.bucket, Key=model["Key"])
    else:
        s3.put_object(Bucket=launched.bucket, Key=model["Key"], Body=b"result['double'] = 3 * {{a}}\n")

    other = open_design(visits, launched)
    if is_gone:
        visits.expected.append("404")
    button(other, "Earlier …").click()
    other.get_by_role("region", name="Designs that were submitted").get_by_role("button", name="model").click()
    reason = "" if is_gone else "what stands in the bucket isn't what was submitted."
    expect(told(other, f"The design of model stands below, without its model: {reason}")).to_be_visible()
    expect(told(other, "Choose model.py as it was, or its cases are new ones.")).to_be_visible()
    button(other, "Review and send …").click()
    expect(other.get_by_text("choose the model file")).to_be_visible()


def test_what_was_sent_before_is_not_sent_again_unless_somebody_wants_it(launched: Launched, visits: Visits) -> None:
    page = open_design(visits, launched)
    small_study(page, 6)
    review(page)
    button(page, "Send all 6").click()
    expect(told(page, "All 6 cases were sent")).to_be_visible()
    drain(launched)
    button(page, "Send another design").click()
    assert review(page)["Sent before, not done yet"] == "6"
    button(page, "Also send the 6 cases sent before again").click()
    expect(told(page, "All 6 cases were sent")).to_be_visible()
    assert len(drain(launched)) == 6


# ---- Looking at the points ----


def test_any_case_is_looked_at_by_its_number(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    choose_file(page, "Model file", "# " + "\n# ".join("123456789") + "\nresult['double'] = 2 * {{a}}\n")
    define(page)
    text(page, "Cases").fill("200")
    shown = preview(page, "200 cases")
    rows = list(csv.DictReader(io.StringIO(save(page, "Save CSV").decode())))
    number = page.get_by_role("spinbutton", name="Number of the case")
    rendered = page.get_by_role("region", name="Rendered model")
    for case in (1, 200, 77):
        number.fill(str(case))
        exact = rows[case - 1]["a"]
        expect(rendered).to_contain_text(f"result['double'] = 2 * {exact}")
        expect(shown.get_by_title(exact, exact=True)).to_be_visible()
    expect(rendered).not_to_contain_text("# 1")
    button(page, "Show the whole file").click()
    expect(rendered).to_contain_text("# 1")
    for no_case in ("0", "201", ""):
        number.fill(no_case)
        expect(page.get_by_text("Type a number from 1 to 200.")).to_be_visible()
        expect(rendered).to_have_count(0)


def test_of_many_dimensions_somebody_chooses_which_are_drawn(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    define(page, "c")
    text(page, "Vector length of c").fill("8")
    shown = preview(page, "64 cases")
    expect(shown).to_contain_text("6 of 8 dimensions are drawn, 6 at most")
    canvas = shown.get_by_role("img")
    expect(canvas).to_have_accessible_name(re.compile(r"c\[0\], c\[1\], c\[2\], c\[3\], c\[4\], c\[5\] drawn"))
    button(page, "c[0]").click()
    button(page, "c[2]").click()
    button(page, "c[7]").click()
    expect(canvas).to_have_accessible_name(re.compile(r"pair of c\[1\], c\[3\], c\[4\], c\[5\], c\[7\] drawn"))
    expect(button(page, "c[0]")).to_have_attribute("aria-pressed", "false")
    expect(button(page, "c[7]")).to_have_attribute("aria-pressed", "true")
    preview(page, "64 cases")
    has_pixels(page, canvas)


# ---- The parts of the page, and the draft ----


# Whether the browser keeps a draft with these words in it.
KEPT_DRAFT = """async words => {
    const done = request => new Promise(resolve => request.onsuccess = () => resolve(request.result));
    const [{name}] = await indexedDB.databases();
    const database = await done(indexedDB.open(name));
    const kept = await done(database.transaction("values").objectStore("values").get("draft"));
    database.close();
    return kept?.includes(words);
}"""


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
    button(page, "Send all 3").click()
    expect(told(page, "All 3 cases were sent")).to_be_visible()
    assert len(drain(launched)) == 3


def test_an_address_of_the_designer_opens_it_and_a_draft_outlives_a_look_elsewhere_and_a_reload(
    study: Launched, visits: Visits
) -> None:
    page = visits.open(link(study))
    expect(no_cases(page)).to_be_visible()
    page.goto(f"{study.ran.json()['page_url']}#/design")
    page.reload()
    expect(page).to_have_title(re.compile("^Design "))
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
    visits.expected.append("dialog: Throw this draft away")
    page = open_design(visits, study)
    define(page)
    preview(page, "64 cases")
    button(page, "New").click()
    expect(text(page, "Maximum of a")).to_have_value("100")
    assert [said for said in visits.complaints if "Throw this draft away" in said]


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


# ---- For everybody ----


def check_accessible(page: Page) -> None:
    """That axe finds nothing, on a wide and on a narrow window."""
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        violations = Axe().run(page).response["violations"]
        told = [f"{one['id']}: {one['help']}: {node['html']}" for one in violations for node in one["nodes"]]
        assert told == [], width


def empty(page: Page) -> None:
    """Nobody has done anything."""


def filled(page: Page) -> None:
    """A design that can be sent."""
    choose_file(page, "Model file", "x = {{c}}\n" + DOUBLE)
    define(page)
    button(page, "Add a constraint").click()
    text(page, "Constraint 1").fill("a <= 100")
    button(page, "Add the factor c").click()
    define(page, "c", number=2)
    text(page, "Vector length of c").fill("7")
    preview(page, "64 cases")
    page.get_by_text("Computing how evenly").wait_for(state="hidden")


def with_errors(page: Page) -> None:
    """Mistakes wherever there can be one."""
    filled(page)
    enter(page, {"Minimum of a": "200", "Name of factor 2": "c c", "Constraint 1": "a =", "Cases": "x", "Seed": "x",
                 "Replicates": "x", "Batch": "b b", "Attempts per case": "0", "Time limit, minutes": "x"})  # fmt: skip
    button(page, "Review and send …").click()
    expect(page.get_by_role("alert").filter(has_text="things are wrong or missing above")).to_be_visible()


def with_a_wrong_table(page: Page) -> None:
    """Rows that are wrong."""
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    choose_file(page, "Table of cases", "a,b\n1,2\n3\n4,5\n6,7,8\n", "cases.csv")
    expect(page.get_by_role("alert").filter(has_text="cases.csv can't be used")).to_be_visible()


def with_a_table(page: Page) -> None:
    """A table that can be sent."""
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    choose_file(page, "Table of cases", TABLE, "cases.csv")
    preview(page, "3 cases")


def with_a_question(page: Page) -> None:
    """A table that may be meant in two ways."""
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    choose_file(page, "Table of cases", PASTED, "pasted.tsv")
    expect(page.get_by_role("alert").filter(has_text="Do decimals have a point or a comma?")).to_be_visible()


def with_notes(page: Page) -> None:
    """A table of which much has to be said."""
    choose_file(page, "Model file", DOUBLE)
    take_table(page)
    rows = "".join(f'{row};{row}.{row:03};clay;"[{row}.5, 2.0]";WAHR\n' for row in range(1, 9))
    content = 'level;a;soil;depths;drained\n0;−1.250,50;sand;"[1.5, 2.0]";FALSCH\n' + rows
    choose_file(page, "Table of cases", content, "boreholes.csv")
    preview(page, "9 cases")


def with_a_constraint(page: Page) -> None:
    """Half of the points are left out."""
    enter(page, {**A, "Add a constraint": "press", "Constraint 1": "a > 0.5"})
    expect(button(page, "Take 128 random ones")).to_be_visible()


def with_summary(page: Page) -> None:
    """What sending comes to."""
    filled(page)
    review(page)


def with_first_results(page: Page) -> None:
    """The first five are sent."""
    with_summary(page)
    button(page, "Send 5 first, then decide").click()
    expect(page.get_by_role("list", name="The first cases")).to_be_visible()


def sent(page: Page) -> None:
    """Everything is sent, and an earlier design looked for."""
    with_first_results(page)
    button(page, "Send the remaining 59").click()
    expect(told(page, "All 64 cases were sent")).to_be_visible()
    button(page, "Earlier …").click()
    expect(page.get_by_role("region", name="Designs that were submitted")).to_be_visible()


STATES = [
    empty, filled, with_errors, with_a_table, with_a_wrong_table, with_a_question, with_notes, with_a_constraint,
    with_summary, with_first_results, sent,
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    study: Launched, launched: Launched, visits: Visits, state: Callable[[Page], None], scheme: str
) -> None:
    page = open_design(visits, launched if state in (with_first_results, sent) else study, color_scheme=scheme)
    state(page)
    check_accessible(page)
    for width in (1440, 1000, 800, 390, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert has_no_overflow(page), width
        if folder := os.environ.get("CRUNCHER_SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"{state.__name__}-{scheme}-{width}.png", full_page=True)


FOUR_FACTORS = "result['load'] = {{cohesion}} * {{width}} + {{depth}} / {{stiffness}}\n"
MAX_STEPS = 40


@dataclasses.dataclass
class Hands:
    """Somebody with a keyboard and nothing else; each key, each text and each chosen file is a step."""

    page: Page
    steps: int = 0

    def press(self, key: str) -> None:
        self.steps += 1
        self.page.keyboard.press(key)

    def write(self, words: str) -> None:
        self.steps += 1
        self.page.keyboard.type(words)

    def tab_to(self, target: Locator) -> None:
        """Presses Tab until something is reached."""
        for _ in range(MAX_STEPS):
            if target.evaluate("element => element === document.activeElement"):
                return
            self.press("Tab")
        raise AssertionError(f"not reached by keyboard: {target}")

    def choose(self, content: str) -> None:
        """Chooses a file in the field that has the focus."""
        with self.page.expect_file_chooser() as chooser:
            self.press("Space")
        chooser.value.set_files(file(content))


def test_the_first_five_are_sent_by_keyboard_alone_in_a_few_steps(launched: Launched, visits: Visits) -> None:
    page = open_design(visits, launched)
    page.reload()
    preview(page, "Nothing to show yet")
    hands = Hands(page)
    hands.tab_to(page.get_by_role("link", name="Skip to content"))
    hands.press("Enter")
    hands.tab_to(button(page, "Skip to the model"))
    hands.press("Enter")
    hands.tab_to(page.get_by_label("Model file", exact=True))
    hands.choose(FOUR_FACTORS)
    hands.tab_to(button(page, "Add 4 factors"))
    hands.press("Enter")
    for name in ("cohesion", "width", "depth", "stiffness"):
        for field, value in {"Minimum": "1", "Maximum": "2"}.items():
            expect(text(page, f"{field} of {name}")).to_be_focused()
            hands.write(value)
            hands.press("Enter")
    expect(button(page, "Review and send …")).to_be_focused()
    preview(page, "64 cases")
    hands.press("Enter")
    expect(page.get_by_role("group", name="Summary")).to_be_focused()
    hands.tab_to(button(page, "Send 5 first, then decide"))
    hands.press("Enter")
    expect(page.get_by_role("list", name="The first cases").get_by_role("listitem")).to_have_count(5)
    assert len(drain(launched)) == 5
    assert hands.steps <= MAX_STEPS, hands.steps


def test_the_parts_of_the_page_are_landmarks_that_can_be_skipped_to(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    parts = {"model": "Model", "points": "Points", "preview": "Nothing to show yet", "sending": "Send"}
    for words, name in parts.items():
        part = page.get_by_role("region", name=name, exact=True)
        button(page, f"Skip to the {words}".replace("the sending", "sending")).press("Enter")
        expect(part).to_be_focused()
    expect(page.get_by_role("navigation", name="Parts of the design")).to_have_count(1)


# ---- What the page says, and what not ----


def test_unit_and_note_come_when_somebody_wants_them_or_they_are_filled(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    define(page)
    expect(text(page, "Unit of a")).to_have_count(0)
    button(page, "Unit and note of a").click()
    expect(text(page, "Unit of a")).to_be_focused()
    page.keyboard.type("kPa")
    saved = save(page, "Save JSON")
    # What is emptied again stays where it is.
    text(page, "Unit of a").press("End")
    for _ in "kPa":
        page.keyboard.press("Backspace")
    expect(text(page, "Unit of a")).to_be_focused()
    open_file(page, saved)
    expect(text(page, "Unit of a")).to_have_value("kPa")


def test_labels_of_factors_stand_once_where_there_is_room_and_at_each_field_where_there_is_not(
    study: Launched, visits: Visits
) -> None:
    page = open_design(visits, study)
    define(page)
    button(page, "Add a factor").click()
    labels = page.get_by_text("Maximum", exact=True)

    def seen() -> int:
        is_clipped = "element => getComputedStyle(element).clipPath !== 'none'"
        return sum(label.is_visible() and not label.evaluate(is_clipped) for label in labels.all())

    assert seen() == 1
    page.set_viewport_size({"width": 390, "height": 844})
    assert seen() == 2


def test_an_empty_preview_names_what_is_missing(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    shown = preview(page, "Nothing to show yet")
    expect(shown).to_contain_text("Choose a model with placeholders, or name a factor and its range.")
    text(page, "Name of factor 1").fill("a")
    expect(shown).to_contain_text("Still missing: minimum and maximum of a.")
    text(page, "Minimum of a").fill("1")
    text(page, "Cases").fill("")
    expect(shown).to_contain_text("Still missing: maximum of a, number of cases.")
    take_table(page)
    expect(shown).to_contain_text("A table of cases is missing.")


def test_figures_of_a_design_have_all_of_their_digits_in_the_title(study: Launched, visits: Visits) -> None:
    page = open_design(visits, study)
    enter(page, {**A, **B, "Cases": "20"})
    shown = preview(page, "20 cases")
    page.get_by_text("Computing how evenly").wait_for(state="hidden")
    figure = shown.get_by_role("definition").nth(0)
    expect(figure).to_contain_text(re.compile(r"^[\d.e-]+ \(random: 0\.0194\d*, optimised: about [\d.e-]+\)$"))
    # ((5/4)^2 - (13/12)^2) / 20
    random = figure.get_by_title(re.compile(r"^0\.0194444444"))
    expect(random).to_be_visible()
    exact = figure.locator("[title]").first
    digits = str(exact.get_attribute("title"))
    assert len(digits) > 12 and float(exact.inner_text()) == pytest.approx(float(digits), rel=1e-4)


# ---- Pictures ----


@pytest.mark.skipif(not os.environ.get("CRUNCHER_PICTURES"), reason="CRUNCHER_PICTURES=1 makes the pictures of docs/")
def test_the_pictures_are_made_of_the_layered_footing(gate: Gate, visits: Visits) -> None:
    folder = REPOSITORY / "docs/pictures"
    folder.mkdir(exist_ok=True)
    page = open_design(visits, gate.study, color_scheme="light")

    def picture(name: str) -> None:
        for element in page.get_by_text(gate.study.study, exact=True).all():
            element.evaluate("element => element.textContent = 'soft-clay'")
        page.screenshot(path=folder / f"{name}.png")

    take_table(page)
    choose_file(page, "Model file", FOOTING.read_bytes(), "footing.py")
    head = ",".join(f"cohesion_array[{layer}]" for layer in range(5))
    rows = ["120e3,80e3,95e3,140e3,210e3", "115e3,82e3,n/a,150e3,230e3", "130e3,78e3,99e3,160e3,205e3",
            "118e3,91e3,97e3,155e3", "125e3,85e3,102e3,148e3,inf"]  # fmt: skip
    choose_file(page, "Table of cases", "\n".join([head, *rows]) + "\n", "boreholes.csv")
    expect(page.get_by_role("alert").filter(has_text="boreholes.csv can't be used")).to_be_visible()
    picture("design-table")

    button(page, "Factors and a sampler").click()
    button(page, "Add the factor cohesion_array").click()
    define(page, "cohesion_array", "50000", "500000")
    text(page, "Vector length of cohesion_array").fill("5")
    button(page, "Unit and note of cohesion_array").click()
    text(page, "Unit of cohesion_array").fill("Pa")
    text(page, "Note of cohesion_array").fill("of each layer")
    preview(page, "64 cases")
    page.get_by_text("Computing how evenly").wait_for(state="hidden")
    text(page, "Note of cohesion_array").blur()
    picture("design")

    review(page)
    button(page, "Send 5 first, then decide").click()
    first = page.get_by_role("list", name="The first cases").get_by_role("listitem")
    with attach(line_of(gate.study)):
        expect(first.filter(has_text="done in")).to_have_count(5, timeout=60_000)
    button(page, "Send the remaining 59").scroll_into_view_if_needed()
    picture("design-first-results")
    gate.shut_after(4)
    button(page, "Send the remaining 59").click()
    wait_until(page, "batches wait at the gate", gate.reached.is_set)
    expect(button(page, "Pause")).to_be_visible()
    picture("design-sending")
    gate.opened.set()
