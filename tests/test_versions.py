"""A batch whose model was replaced: the page tells its versions, an older one is withdrawn, and counted again."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from attached import attach
from command_line import CommandLine, Launched
from design_page import button, open_design, preview, review, send_all, small_study, text, told
from enqueue import Parameters, enqueue
from playwright.sync_api import Locator, Page, expect
from studies import documents, line_of, link, messages, queue_of
from visit import Visits, figure, go_to, has_no_overflow, progress, wait_until

WORKER = "node1_linux_4711-3fa2c1"
# The first two cases fail.
OLD = "assert {{depth}} > 2, 'too shallow'\nresult['settlement'] = 2 * {{depth}}\nresult['draft'] = 1\n"
NEW = "result['settlement'] = 3 * {{depth}}\n"
DEPTHS: list[Parameters] = [{"depth": depth} for depth in range(1, 7)]


def shares(page: Page) -> Locator:
    """What the cases of the batch are of."""
    return page.get_by_role("list", name="What the cases are of").get_by_role("listitem")


def offer(page: Page, name: str, line: int = 1) -> Locator:
    """Opens what can be done with the cases of a line, and returns what then stands there."""
    details = shares(page).nth(line).locator("details").filter(has_text=name)
    details.locator("summary").click()
    return details


def table(page: Page) -> Locator:
    """The table of results."""
    return page.get_by_role("grid", name="Cases")


def badge(page: Page) -> str:
    """How many failed cases the navigation names."""
    entry = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Errors")
    return entry.inner_text().removeprefix("Errors").strip()


def control(study: Launched) -> Any:
    """What is asked of the workers."""
    return study.command_line.cloud.client("s3").get_object(Bucket=study.bucket, Key="control.json")["Body"].read()


def replace_model(study: Launched) -> None:
    """Six cases of an old model: two failed, two are done, two wait; and six of a new one, which wait, too."""
    queue = queue_of(study)
    cases = enqueue(queue, "soil", OLD, {1: DEPTHS[:4], 2: DEPTHS[4:]}, max_attempts=1, name="footing.py")
    write_ended(study, cases[:4])
    enqueue(queue, "soil", NEW, {1: DEPTHS}, max_attempts=1, name="footing.py")


def write_ended(study: Launched, cases: list[str]) -> None:
    """What a worker leaves of the first cases of the old model: the messages are left to the test."""
    s3, rows, end_time = study.command_line.cloud.client("s3"), [], time.time()
    for case, parameters in zip(cases, DEPTHS, strict=False):
        depth = int(parameters["depth"])
        common: dict[str, Any] = {
            "case_id": case, "batch": "soil", "level": 1, "replicate": 0, "attempt": 1, "parameters": parameters,
            "start_time": end_time - 1, "end_time": end_time,
        }  # fmt: skip
        ending: dict[str, Any]
        document = common | {"v": 1, "max_attempts": 1, "worker": WORKER}
        if depth > 2:
            kind, ending = "done", {"result": {"settlement": 2 * depth, "draft": 1}}
            rows.append(common | ending | {"outcome": "done"})
        else:
            kind, ending = "error", {"final": True, "signature": "00ff"}
            document |= {"exception": "AssertionError", "message": "too shallow"}
            rows.append(common | ending | {"outcome": "failed", "error": "AssertionError: too shallow"})
        body = json.dumps(document | ending).encode()
        s3.put_object(Bucket=study.bucket, Key=f"data/soil/{kind}-{case}.json", Body=body)
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    s3.put_object(Bucket=study.bucket, Key=f"workers/{WORKER}/segment-000000.ndjson", Body=lines)


@pytest.fixture
def study(cruncher: CommandLine) -> Launched:
    """A study whose model was replaced."""
    study = cruncher.launch()
    replace_model(study)
    return study


def test_a_version_is_explained_withdrawn_while_it_waits_and_counted_again(study: Launched, visits: Visits) -> None:
    cloud = study.command_line.cloud
    viewer = visits.open(link(study, "viewer"), viewport={"width": 390, "height": 844})
    expect(shares(viewer)).to_have_count(2)
    expect(shares(viewer).locator("details")).to_have_count(0)
    assert has_no_overflow(viewer)

    page = visits.open(link(study))
    expect(progress(page)).to_contain_text("2 of 12 done")
    expect(shares(page)).to_have_count(2)
    expect(shares(page).nth(0)).to_have_text(
        re.compile(r"^6 of the latest design, footing\.py version 2, sent \d\d:\d\d Withdraw …")
    )
    expect(shares(page).nth(1)).to_contain_text(
        re.compile(r"^6 of footing\.py version 1, sent \d\d:\d\d \(2 done, 2 queued, 2 failed\)")
    )
    assert badge(page) == "2"

    asked = offer(page, "Withdraw")
    expect(asked).to_contain_text("6 cases won't be counted")
    expect(asked).to_contain_text("What waits won't be computed: 2.")
    asked.get_by_role("button", name="Withdraw version 1").click()
    expect(progress(page)).to_contain_text("0 of 6 done")
    assert (figure(page, "queued").inner_text(), figure(page, "failed").inner_text()) == ("6", "0")
    expect(shares(page).nth(1)).to_contain_text("withdrawn and not counted (2 done, 2 queued, 2 failed)")
    assert badge(page) == ""
    expect(shares(page).locator("details[open]")).to_have_count(0)
    expect(progress(viewer)).to_contain_text("0 of 6 done")

    go_to(page, "Errors")
    expect(page.get_by_role("main")).to_contain_text("No case has failed that counts; 6 cases are withdrawn.")
    with attach(line_of(study)):
        wait_until(
            page, "the queue is empty", lambda: messages(cloud.client("sqs"), study.outputs["QueueUrl"]) == (0, 0)
        )
    done = documents(cloud.client("s3"), study.bucket, "done-")
    assert sorted(one["result"]["settlement"] for one in done) == [3, 6, 6, 8, 9, 12, 15, 18], (
        "none of what waited was run"
    )

    go_to(page, "Results")
    expect(table(page)).to_have_attribute("aria-rowcount", "7")
    expect(page.get_by_role("columnheader", name="draft")).to_have_count(0)
    expect(page.get_by_text("are mixed here")).to_have_count(0)
    expect(page.get_by_role("columnheader", name="model version")).to_have_count(0)

    go_to(page, "Overview")
    expect(progress(page)).to_contain_text("6 of 6 done")
    asked = offer(page, "Count again")
    expect(asked).to_contain_text("6 cases will be counted again")
    expect(asked).to_contain_text("is lost, until it is sent again")
    asked.get_by_role("button", name="Count version 1 again").click()
    expect(progress(page)).to_contain_text("8 of 12 done")
    assert figure(page, "failed").inner_text() == "2" and badge(page) == "2"

    go_to(page, "Results")
    expect(table(page)).to_have_attribute("aria-rowcount", "11")
    expect(page.get_by_role("columnheader", name="model version")).to_have_count(1)
    mixed = page.get_by_text("10 cases of 2 versions of footing.py are mixed here.")
    expect(mixed.get_by_role("link", name="withdraw one on the Overview")).to_be_visible()
    mixed.get_by_role("button", name="Colour by model version").click()
    expect(page.get_by_label("Colour", exact=True)).to_have_value("case.model")
    expect(mixed.get_by_role("button")).to_have_count(0)


def test_two_batches_of_one_model_that_was_changed_between_are_told_apart(
    cruncher: CommandLine, visits: Visits
) -> None:
    study = cruncher.launch()
    queue = queue_of(study)
    enqueue(queue, "soil", OLD, {1: DEPTHS[2:]}, name="footing.py")
    enqueue(queue, "clay", NEW, {1: DEPTHS[2:]}, name="footing.py")
    page = visits.open(link(study))
    with attach(line_of(study)):
        page.get_by_role("combobox", name="Batch", exact=True).select_option("*")
        expect(progress(page)).to_contain_text("8 of 8 done")
    expect(shares(page)).to_have_count(0)

    go_to(page, "Results")
    expect(table(page)).to_have_attribute("aria-rowcount", "9")
    mixed = page.get_by_text("8 cases of 2 versions of footing.py are mixed here.")
    expect(mixed).to_be_visible()
    expect(page.get_by_role("columnheader", name="model version")).to_have_count(1)
    page.get_by_role("combobox", name="Batch", exact=True).select_option("clay")
    expect(table(page)).to_have_attribute("aria-rowcount", "5")
    expect(mixed).to_have_count(0)
    expect(page.get_by_role("columnheader", name="model version")).to_have_count(0)

    versions = {
        batch["batch"]: [version["version"] for version in batch["versions"]]
        for batch in cruncher.run("status", study.study, "--json").json()["batches"]
    }
    assert versions == {"soil": [1], "clay": [2]}


def test_two_operators_who_change_what_is_asked_lose_nothing(study: Launched, visits: Visits) -> None:
    s3 = study.command_line.cloud.client("s3")
    page = visits.open(link(study))
    asked = offer(page, "Withdraw")

    others: list[str] = []

    def between(route: Any) -> None:
        """Somebody else pauses the study between what the page reads and what it writes."""
        if route.request.method == "PUT" and not others:
            others.append("paused")
            s3.put_object(Bucket=study.bucket, Key="control.json", Body=b'{"v": 1, "paused": true, "later": [1.50]}')
        route.fallback()

    page.route("**/control.json", between)
    visits.expected.append("412")
    asked.get_by_role("button", name="Withdraw version 1").click()
    expect(progress(page)).to_contain_text("0 of 6 done")
    text = control(study).decode()
    assert '"paused":true' in text and '"later":[1.50]' in text and text.count("withdrawn_submissions") == 1


def test_the_command_line_counts_alike(command_line: CommandLine, tmp_path: Path) -> None:
    study = command_line.launch()
    replace_model(study)
    s3, run = command_line.cloud.client("s3"), command_line.run
    designs = sorted(documents(s3, study.bucket, "design-"), key=lambda design: float(design["submit_time"]))
    old = [designs[0]["submission"]]
    body = json.dumps({"v": 1, "withdrawn_submissions": old}).encode()
    s3.put_object(Bucket=study.bucket, Key="control.json", Body=body)
    status = run("status", study.study, "--json").json()
    assert (status["cases"]["cases"], status["cases"]["queued"], status["cases"]["withdrawn"]) == (6, 6, 6)
    versions = status["batches"][0]["versions"]
    assert [version["withdrawn_cases"]["cases"] for version in versions] == [6, 0]
    assert versions[0]["submissions"] == old and status["error_groups"] == []

    table = run("results", study.study, "--table", str(tmp_path / "all.csv"))
    assert table.code == 1 and "none is done" in table.err and "Left out: 6 withdrawn cases" in table.err
    folder = run("results", study.study, str(tmp_path / "documents"), "--only", "results", "--only", "errors")
    assert folder.code == 0 and "There is nothing to fetch." in folder.out, folder.err
    assert "Left out: 6 withdrawn cases" in folder.err
    s3.put_object(Bucket=study.bucket, Key="control.json", Body=b'{"v": 1}')
    table = run("results", study.study, "--table", str(tmp_path / "all.csv"))
    assert table.code == 0, table.err
    lines = (tmp_path / "all.csv").read_text().splitlines()
    assert len(lines) == 5 and lines[0].startswith("batch,case_id,level,"), "those that ended are of one version"


def test_versions_of_a_batch_are_told_and_withdrawn_although_there_is_another_below_it(
    cruncher: CommandLine, visits: Visits
) -> None:
    study = cruncher.launch()
    queue = queue_of(study)
    for model in (OLD, NEW):
        enqueue(queue, "soil", model, {1: DEPTHS[:2]}, name="footing.py")
    enqueue(queue, "soil/fine", NEW, {1: DEPTHS[2:]}, name="footing.py")
    page = visits.open(link(study))
    picker = page.get_by_role("combobox", name="Batch", exact=True)
    for batch in ("*", "soil"):
        picker.select_option(batch)
        expect(progress(page)).to_contain_text("0 of 8 done")
        expect(shares(page)).to_have_count(2)
        expect(shares(page).nth(0)).to_contain_text("soil: 2 of the latest design, footing.py version 2")
    # The row of another batch leads to its own overview, that of the batch that is shown to its cases.
    parts = page.get_by_role("list", name="Parts of the study").get_by_role("listitem")
    expect(parts.get_by_role("link", name="soil/fine")).to_have_attribute("href", "#/overview?batch=soil/fine")
    offer(page, "Withdraw").get_by_role("button", name="Withdraw version 1").click()
    expect(progress(page)).to_contain_text("0 of 6 done")
    expect(progress(page)).to_contain_text("2 withdrawn cases aren't counted")


def test_an_earlier_design_of_the_same_model_is_told_before_sending_and_taken_out(
    cruncher: CommandLine, visits: Visits
) -> None:
    study = cruncher.launch()
    page = open_design(visits, study)
    small_study(page, 4)
    assert review(page)["To be sent"] == "4 cases to the batch model"
    send_all(page, 4)

    text(page, "Cases").fill("6")
    preview(page, "6 cases")
    assert review(page)["To be sent"] == "6 cases to the batch model"
    summary = page.get_by_role("group", name="Summary")
    expect(summary).to_contain_text("4 other cases of this model stay in this batch, none of them done: 10 in all.")
    send_all(page, 6)

    go_to(page, "Overview")
    expect(progress(page)).to_contain_text("0 of 10 done")
    expect(shares(page).nth(0)).to_have_text(re.compile(r"^6 of the latest design Withdraw …"))
    expect(shares(page).nth(1)).to_contain_text(re.compile(r"^4 of an earlier design, sent \d\d:\d\d \(4 queued\)"))
    asked = offer(page, "Withdraw")
    expect(asked).to_contain_text("A design that extends it loses these points.")
    asked.get_by_role("button", name=re.compile("^Withdraw the design sent")).click()
    expect(progress(page)).to_contain_text("0 of 6 done")

    go_to(page, "Design")
    text(page, "Cases").fill("7")
    preview(page, "7 cases")
    review(page)
    expect(summary).to_contain_text("6 other cases of this model stay in this batch, none of them done: 13 in all.")


def test_a_design_sent_by_mistake_is_withdrawn_while_it_is_the_latest_one(
    cruncher: CommandLine, visits: Visits
) -> None:
    study = cruncher.launch()
    page = open_design(visits, study)
    small_study(page, 4)
    review(page)
    send_all(page, 4)
    go_to(page, "Overview")
    expect(progress(page)).to_contain_text("0 of 4 done")
    expect(shares(page)).to_have_count(0)

    go_to(page, "Design")
    text(page, "Cases").fill("8")
    preview(page, "8 cases")
    review(page)
    button(page, re.compile("^Send 5 first")).click()
    expect(page.get_by_text("5 of 8 cases sent, the rest waits for you")).to_be_visible()
    go_to(page, "Overview")
    expect(progress(page)).to_contain_text("0 of 12 done")
    asked = offer(page, "Withdraw", 0)
    expect(asked).to_contain_text("8 cases won't be counted")
    expect(asked).to_contain_text("Cases that an earlier design has, too, go with it.")
    asked.get_by_role("button", name="Withdraw the latest design").click()
    expect(progress(page)).to_contain_text("0 of 4 done")
    expect(shares(page).nth(0)).to_have_text(re.compile("^4 of the latest design Withdraw …"))

    go_to(page, "Design")
    button(page, "Send the remaining 3").click()
    expect(page.get_by_role("alert").filter(has_text="This design was withdrawn meanwhile.")).to_be_visible()
    button(page, "Cancel the other 3").click()
    expect(told(page, "Cancelled: 5 cases were sent")).to_be_visible()
    go_to(page, "Overview")
    expect(progress(page)).to_contain_text("0 of 4 done")
    expect(shares(page).nth(1)).to_contain_text("5 of the design sent")
    offer(page, "Count again").get_by_role("button", name=re.compile("^Count the design sent")).click()
    expect(progress(page)).to_contain_text("0 of 9 done")


def test_the_only_design_of_a_batch_is_withdrawn_if_there_are_others(cruncher: CommandLine, visits: Visits) -> None:
    study = cruncher.launch()
    queue = queue_of(study)
    enqueue(queue, "clay", OLD, {1: DEPTHS[:2]}, name="footing.py")
    enqueue(queue, "clya", OLD, {1: DEPTHS}, name="footing.py")
    viewer = visits.open(link(study, "viewer"))
    expect(progress(viewer)).to_contain_text("0 of 6 done")
    expect(shares(viewer)).to_have_count(0)

    page = visits.open(link(study))
    expect(shares(page)).to_have_text(re.compile(r"^6 of the design sent \d\d:\d\d Withdraw …"))
    offer(page, "Withdraw", 0).get_by_role("button", name="Withdraw the design").click()
    expect(progress(page)).to_contain_text("0 of 0 done")
    expect(shares(page)).to_contain_text("withdrawn and not counted (6 queued)")
    page.get_by_role("combobox", name="Batch", exact=True).select_option("*")
    expect(progress(page)).to_contain_text("0 of 2 done")
    expect(progress(page)).to_contain_text("6 withdrawn cases aren't counted")


def name_batch(page: Page, batch: str) -> None:
    """Fills in the batch.

    On a busy machine a name that is filled in right after sending may join the old one: the cause isn't known.
    """
    field = text(page, "Batch")

    def is_named() -> bool:
        field.fill(batch)
        return field.input_value() == batch

    wait_until(page, "the batch is named", is_named)


def test_all_pages_show_the_batch_that_was_sent_last(cruncher: CommandLine, visits: Visits) -> None:
    page = open_design(visits, cruncher.launch())
    small_study(page, 4)
    for batch, cases in [("first", 4), ("second", 5)]:
        name_batch(page, batch)
        text(page, "Cases").fill(str(cases))
        preview(page, f"{cases} cases")
        review(page)
        send_all(page, cases)
    go_to(page, "Overview")
    expect(progress(page)).to_contain_text("0 of 5 done")
    expect(page.get_by_role("combobox", name="Batch")).to_have_value("second")
