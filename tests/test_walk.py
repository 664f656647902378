"""A day with the page, told as a story: from an engineer's own model to a file that shows the study for ever.

The test is the table of contents, a line a chapter; the chapters follow below in the same order. What the page says is
compared with what the workers have left in the bucket.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attached import attach
from command_line import CommandLine, Launched
from design_page import Hands, button, check_said_at, choose, drop, preview, review, save, text, told
from frozen_file import open_file
from playwright.sync_api import Locator, Page, expect
from results_page import drag, ends, plot, selected, selection, wait_for_address
from studies import documents, link, wait_for_end
from visit import Visits, figure, go_to, link_field, progress, shown, title_of, wait_until

# ---- What the engineer brings ----

# It doesn't know sand: each case of it fails.
MODEL = """\
from math import exp

strengths = {"clay": 60.0, "silt": 85.0}  # kPa
bearing_capacity = 5.14 * strengths[{{soil}}]
modulus = 1000 * sum({{modulus}}) / 3  # kPa
settlement = {{load}} * {{width}} / modulus
steps = [step / 20 for step in range(21)]
result["settlement"] = settlement
result["safety"] = bearing_capacity / {{load}}
result["curve"] = {
    "settlement": [settlement * step for step in steps],
    "load": [{{load}} * (1 - exp(-3 * step)) for step in steps],
}
"""
MENDED_MODEL = MODEL.replace('"silt": 85.0', '"silt": 85.0, "sand": 110.0')
CASES, FIRST_CASES = 24, 5
# Of the first five cases that it gives, two are of sand.
SEED = "3"
# What the first five come to. They stay in the batch: the mended model is another one, and so are its cases.
FIRST_DONE, FIRST_FAILED = 3, 2

# What is typed wrong at first: the field, what stands there, what the page says, and what is right.
MISTAKES = [
    ("Minimum of load", "5000", "The minimum of load, 5000, isn't below its maximum, 500", "50"),
    ("Minimum of width", "0,5", "write a point for the decimals", "0.5"),
    ("Maximum of modulus", "", "A number is needed here", "50"),
]


@dataclass
class Day:
    """The engineer's browser, and the study that it shows."""

    study: Launched
    page: Page

    def left(self, start: str) -> list[dict[str, Any]]:
        """The documents that workers have left: `done-` or `error-`."""
        return documents(self.study.command_line.cloud.client("s3"), self.study.bucket, start)


# ---- The story ----


def test_an_engineer_takes_a_model_from_its_first_mistakes_to_a_frozen_file(
    cruncher: CommandLine, visits: Visits, tmp_path: Path
) -> None:
    day = a_study_is_launched_and_its_link_opened(cruncher, visits)
    the_design_page_is_reached_by_keyboard(day)
    the_own_model_offers_its_factors(day)
    each_mistake_is_said_at_its_field_and_nothing_can_be_sent_meanwhile(day)
    a_misspelt_name_is_offered_the_right_one(day)
    five_cases_are_sent_first(day)
    with a_worker_is_attached_by_the_line_that_the_page_offers(day):
        two_of_the_five_fail_and_the_page_says_which(day)
        the_overview_says_that_the_rest_is_not_sent(day)
        the_model_is_mended_and_all_cases_are_sent(day)
        progress_is_watched_until_all_are_done(day)
        axes_are_chosen_by_keyboard_and_a_range_is_brushed(day)
        a_colleague_sees_the_same_by_the_copied_link(day, visits)
        more_cases_are_added_and_no_case_runs_twice(day)
    the_frozen_file_shows_the_results_without_a_network(day, visits, tmp_path)
    every_page_can_be_used_at_three_widths(day)


# ---- Its chapters ----


def a_study_is_launched_and_its_link_opened(cruncher: CommandLine, visits: Visits) -> Day:
    study = cruncher.launch()
    page = visits.open(link(study), permissions=["clipboard-read", "clipboard-write"])
    expect(page.get_by_role("heading", name="No cases yet")).to_be_visible()
    return Day(study, page)


def the_design_page_is_reached_by_keyboard(day: Day) -> None:
    follow_by_keyboard(day.page, "Design")
    preview(day.page, "Nothing to show yet")


def the_own_model_offers_its_factors(day: Day) -> None:
    page = day.page
    drop(page, "Model file", MODEL, "footing.py")
    placeholders = page.get_by_role("list", name="Placeholders").get_by_role("listitem")
    expect(placeholders.filter(has_text="has no factor")).to_have_count(4)
    button(page, "Add 4 factors").click()
    expect(placeholders.filter(has_text="has a factor")).to_have_count(4)
    for number, name in enumerate(("soil", "modulus", "load", "width"), 1):
        expect(text(page, f"Name of factor {number}")).to_have_value(name)
    choose(page, "Values of soil", "choice")
    fill(page, {
        "Choices of soil": "clay, silt, sand", "Vector length of modulus": "3", "Minimum of modulus": "5",
        "Maximum of modulus": "50", "Minimum of load": "50", "Maximum of load": "500", "Minimum of width": "0.5",
        "Maximum of width": "4", "Cases": str(CASES), "Seed": SEED, "Attempts per case": "1",
    })  # fmt: skip
    preview(page, f"{CASES} cases")
    # The batch is named after the model, and the whole model of any case can be read.
    expect(text(page, "Batch")).to_have_value("footing")
    expect(page.get_by_role("region", name="Rendered model")).to_contain_text(re.compile(r"sum\(\[\d+\.\d+, "))


def each_mistake_is_said_at_its_field_and_nothing_can_be_sent_meanwhile(day: Day) -> None:
    page = day.page
    for field, wrong, words, right in MISTAKES:
        fill(page, {field: wrong})
        button(page, "Review and send …").click()
        check_said_at(page, "Maximum of load" if field == "Minimum of load" else field, words)
        expect(page.get_by_role("alert").filter(has_text="1 thing is wrong or missing above")).to_be_visible()
        expect(page.get_by_role("group", name="Summary")).to_have_count(0)
        fill(page, {field: right})
        expect(page.get_by_role("alert")).to_have_count(0)
    preview(page, f"{CASES} cases")


def a_misspelt_name_is_offered_the_right_one(day: Day) -> None:
    page = day.page
    fill(page, {"Name of factor 4": "widths"})
    expect(page.get_by_text("widths isn't in the model; width is.")).to_be_visible()
    button(page, "Review and send …").click()
    refusal = page.get_by_role("alert").filter(has_text=f"All {CASES} cases would fail.")
    expect(refusal).to_contain_text("{{width}} has no factor. Nothing was sent.")
    button(page, "Rename it to width").click()
    expect(text(page, "Name of factor 4")).to_have_value("width")
    expect(page.get_by_role("alert")).to_have_count(0)
    preview(page, f"{CASES} cases")


def five_cases_are_sent_first(day: Day) -> None:
    page = day.page
    summary = review(page)
    assert summary["To be sent"] == f"{CASES} cases to the batch footing"
    assert summary["Expected time"] == "no worker is attached yet"
    button(page, f"Send {FIRST_CASES} first, then decide").click()
    expect(told(page, f"{FIRST_CASES} waiting")).to_be_visible()
    expect(first_cases(page).filter(has_text="waiting")).to_have_count(FIRST_CASES)


@contextmanager
def a_worker_is_attached_by_the_line_that_the_page_offers(day: Day) -> Iterator[None]:
    page = day.page
    page.get_by_role("link", name="Attach a worker").click()
    workers = page.get_by_role("spinbutton", name="Workers on this computer")

    def one_is_asked_for() -> bool:
        workers.fill("1")
        return workers.input_value() == "1"

    # The page is computed anew each second: should that come between selecting and typing, somebody corrects it.
    wait_until(page, "one worker is asked for", one_is_asked_for)
    button(page, "Copy the line for a shell").click()
    expect(told(page, "Copied")).to_be_visible()
    with attach(str(page.evaluate("navigator.clipboard.readText()"))):
        expect(page.get_by_role("region", name="Workers").get_by_role("row")).to_have_count(2)
        yield


def two_of_the_five_fail_and_the_page_says_which(day: Day) -> None:
    page = day.page
    go_to(page, "Design")
    # The page is where it was left.
    expect(told(page, re.compile("waiting|done"))).to_be_in_viewport()
    # Sand fails, whoever is asked: the table of cases, the workers, or the page.
    table = list(csv.DictReader(io.StringIO(save(page, "Save CSV").decode())))
    sandy = {case["case_id"] for case in table[:FIRST_CASES] if case["soil"] == "sand"}
    assert len(sandy) == FIRST_FAILED, "these points are new: take a seed of which two of the first five are of sand"
    expect(told(page, f"{FIRST_DONE} done, {FIRST_FAILED} failed")).to_be_visible()
    failed = day.left("error-")
    assert {error["case_id"] for error in failed} == sandy
    assert len(day.left("done-")) == FIRST_DONE
    for error in failed:
        line = of_case(first_cases(page), page, error["case_id"])
        expect(line).to_contain_text("KeyError: 'sand'")
        for value in error["parameters"].values():
            expect(line.get_by_title(as_json(value), exact=True)).to_be_visible()
        expect(line).not_to_contain_text(error["case_id"][:8])
    for done in day.left("done-"):
        line = of_case(first_cases(page), page, done["case_id"])
        expect(line.get_by_title(as_json(done["result"]["settlement"]), exact=True)).to_be_visible()


def the_overview_says_that_the_rest_is_not_sent(day: Day) -> None:
    page = day.page
    go_to(page, "Overview")
    expect(progress(page)).to_contain_text("the rest isn't sent yet")
    progress(page).get_by_role("link", name="Design").click()


def the_model_is_mended_and_all_cases_are_sent(day: Day) -> None:
    page = day.page
    actions = page.get_by_role("region", name="Send", exact=True).get_by_role("button")
    rest = [f"Send the remaining {CASES - FIRST_CASES}", f"Cancel the other {CASES - FIRST_CASES}"]
    expect(actions).to_have_text(["Fix the model", *rest])
    actions.first.click()
    expect(page.get_by_label("Model file", exact=True)).to_be_focused()
    drop(page, "Model file", MENDED_MODEL, "footing.py")
    as_it_was = f"Send the remaining {CASES - FIRST_CASES} with footing.py as it was"
    expect(actions).to_have_text(["Review and send …", as_it_was, rest[1]])
    assert review(page)["To be sent"] == f"{CASES} cases to the batch footing"
    button(page, f"Send all {CASES}").click()
    expect(told(page, f"All {CASES} cases were sent")).to_be_visible()


def progress_is_watched_until_all_are_done(day: Day) -> None:
    page = day.page
    page.get_by_role("link", name="Watch progress").click()
    expect(page).to_have_url(re.compile("#/overview[?]batch=footing$"))
    check_overview_counts(day, done=FIRST_DONE + CASES)
    expect(progress(page)).to_contain_text("nothing left to run")


def axes_are_chosen_by_keyboard_and_a_range_is_brushed(day: Day) -> None:
    page = day.page
    follow_by_keyboard(page, "Results")
    check_results_are_there(page, done=FIRST_DONE + CASES)
    choose_by_keyboard(page, "Response", "settlement")
    choose_by_keyboard(page, "Factor", "width")
    expect(page.get_by_role("heading", name="settlement against width")).to_be_visible()
    drag(page, "Scatter plot", (0.3, 0.02), (0.98, 0.6))
    wait_for_address(page, "select=")
    assert 0 < selected(page) < CASES
    assert selected(page) == len(inside(day, ends(page, "width"), ends(page, "settlement")))


def a_colleague_sees_the_same_by_the_copied_link(day: Day, visits: Visits) -> None:
    page = day.page
    page.get_by_role("button", name="Copy link").click()
    expect(told(page, "Copied")).to_be_visible()
    copied = str(page.evaluate("navigator.clipboard.readText()"))
    assert copied == page.url and "access" not in copied
    # A copied address holds no key: who opens it is asked for a link of their own.
    colleague = visits.open(copied)
    link_field(colleague).fill(link(day.study, "viewer"))
    button(colleague, "Open with the link").click()
    for name, column in {"Response": "response.settlement", "Factor": "factor.width"}.items():
        expect(colleague.get_by_role("combobox", name=name, exact=True)).to_have_value(column)
    expect(selection(colleague)).to_contain_text(selection(page).get_by_role("status").inner_text())
    for column in ("width", "settlement"):
        assert ends(colleague, column) == ends(page, column)
    expect(colleague).to_have_url(copied)


def more_cases_are_added_and_no_case_runs_twice(day: Day) -> None:
    page = day.page
    go_to(page, "Design")
    button(page, f"Extend to {2 * CASES} points").click()
    preview(page, f"{2 * CASES} cases")
    summary = review(page)
    assert (summary["Done already"], summary["To be sent"]) == (str(CASES), f"{CASES} cases to the batch footing")
    button(page, f"Send all {CASES}").click()
    page.get_by_role("link", name="Watch progress").click()
    check_overview_counts(day, done=FIRST_DONE + 2 * CASES)
    attempts = Counter(row["case_id"] for row in rows_of_workers(day))
    assert len(attempts) == FIRST_CASES + 2 * CASES
    assert set(attempts.values()) == {1}, attempts


def the_frozen_file_shows_the_results_without_a_network(day: Day, visits: Visits, folder: Path) -> None:
    page, path = day.page, folder / "footing.html"
    go_to(page, "Results")
    page.locator("summary", has_text="Download").click()
    with page.expect_download() as download:
        button(page, "The whole study, one HTML file").click()
    download.value.save_as(path)
    frozen, asked = open_file(visits, path)
    go_to(frozen, "Results")
    check_results_are_there(frozen, done=FIRST_DONE + 2 * CASES)
    button(frozen, "Read curves").click()
    read = re.compile(r"^(\d+) of \1 curves: .*load")
    expect(plot(frozen, "Curves")).to_have_attribute("aria-label", read)
    assert asked == [path.as_uri()]


def every_page_can_be_used_at_three_widths(day: Day) -> None:
    page = day.page
    main_actions = {
        "Overview": page.get_by_role("button", name=re.compile("^live")),
        "Design": button(page, "Send another design"),
        "Attach": button(page, "Copy the line for a shell"),
        "Errors": page.get_by_role("link", name="KeyError: 'sand'"),
        "Results": page.get_by_role("button", name="Copy link"),
    }
    for width in (1440, 768, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for name, action in main_actions.items():
            go_to(page, name)
            # Nothing is wider than the window, and nothing covers the page's middle or the navigation.
            shown(page, name)
            # A trial presses only what can be seen and nothing else covers.
            action.click(trial=True)


# ---- What the engineer does, and what is looked up ----


def fill(page: Page, fields: dict[str, str]) -> None:
    """Types into fields."""
    for name, value in fields.items():
        text(page, name).fill(value)


def follow_by_keyboard(page: Page, name: str) -> None:
    """Follows an entry of the navigation with Tab and Enter."""
    hands = Hands(page)
    hands.tab_to(page.get_by_role("navigation", name="Pages").get_by_role("link", name=name))
    hands.press("Enter")
    expect(page).to_have_title(title_of(name))


def choose_by_keyboard(page: Page, name: str, option: str) -> None:
    """Reaches a list with Tab, and types what is wanted of it."""
    hands = Hands(page)
    hands.tab_to(page.get_by_role("combobox", name=name, exact=True))
    hands.write(option)
    wait_for_address(page, option)


def first_cases(page: Page) -> Locator:
    """The lines that say what became of the first cases."""
    return page.get_by_role("list", name="The first cases").get_by_role("listitem")


def of_case(lines: Locator, page: Page, case_id: str) -> Locator:
    """The line of a case."""
    return lines.filter(has=page.get_by_title(f"Case {case_id}"))


def as_json(value: Any) -> str:
    """A value with all of its digits, as titles have it."""
    return json.dumps(value, separators=(",", ":"))


def check_overview_counts(day: Day, done: int) -> None:
    """That the Overview says how many cases are done, and the bucket holds as many documents of them."""
    expect(figure(day.page, "done")).to_have_text(str(done))
    wait_for_end(day.study, done=done, errors=FIRST_FAILED)
    expect(progress(day.page)).to_contain_text(f"{done} of {done + FIRST_FAILED} done")
    for state, count in {"running": 0, "queued": 0, "failed": FIRST_FAILED}.items():
        expect(figure(day.page, state)).to_have_text(str(count))


def check_results_are_there(page: Page, done: int) -> None:
    """That the Results page has so many results, and draws them."""
    words = f"{done} of {done + FIRST_FAILED} cases have a result · {FIRST_FAILED} failed"
    expect(page.get_by_role("main")).to_contain_text(words)
    expect(plot(page, "Scatter plot")).to_have_attribute("aria-label", re.compile(f"^{done} of {done + FIRST_FAILED} "))


def inside(day: Day, widths: tuple[float, float], settlements: tuple[float, float]) -> list[dict[str, Any]]:
    """The results of which factor and response lie in these ranges."""
    return [
        done
        for done in day.left("done-")
        if widths[0] <= done["parameters"]["width"] <= widths[1]
        and settlements[0] <= done["result"]["settlement"] <= settlements[1]
    ]


def rows_of_workers(day: Day) -> list[dict[str, Any]]:
    """A row for each attempt, as the workers wrote them."""
    s3 = day.study.command_line.cloud.client("s3")
    listed = s3.list_objects_v2(Bucket=day.study.bucket, Prefix="workers/")["Contents"]
    segments = [entry["Key"] for entry in listed if "/segment-" in entry["Key"]]
    lines = [s3.get_object(Bucket=day.study.bucket, Key=key)["Body"].read().splitlines() for key in segments]
    return [json.loads(line) for segment in lines for line in segment]
