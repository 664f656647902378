"""“Why is nothing running?”: reasons that the page names, made for real; others: test_dashboard.py, test_control.py."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from attached import attach
from command_line import CommandLine, Launched, wait_for
from enqueue import enqueue
from playwright.sync_api import expect
from small_models import DOUBLE
from studies import line_of, link, messages, queue_of, wait_for_end
from visit import PLAIN_HOST, Visits, figure, go_to, progress, wait_until

WAITING = "import os, time\nwhile not os.path.exists({{gate}}):\n    time.sleep(0.02)\nresult['a'] = 1\n"


@pytest.fixture
def study(cruncher: CommandLine) -> Launched:
    """A fresh study, with the built page."""
    return cruncher.launch()


def heartbeat(study: Launched) -> tuple[str, Any]:
    """The key and the content of the only worker's heartbeat."""
    s3 = study.command_line.cloud.client("s3")
    listed = s3.list_objects_v2(Bucket=study.bucket, Prefix="workers/").get("Contents", [])
    (key,) = [entry["Key"] for entry in listed if entry["Key"].endswith("/heartbeat.json")]
    return key, json.loads(s3.get_object(Bucket=study.bucket, Key=key)["Body"].read())


def test_every_worker_is_draining(study: Launched, visits: Visits, tmp_path: Path) -> None:
    gate = tmp_path / "open"
    enqueue(queue_of(study), "b", WAITING, {1: [{"gate": str(gate), "number": number} for number in range(3)]})
    page = visits.open(link(study))
    with attach(line_of(study)) as worker:
        wait_for(lambda: "attempt 1 of" in worker.output)
        page.get_by_role("region", name="Workers").get_by_role("button", name="Drain", exact=True).click()
        expect(page.get_by_text("2 cases wait, and every worker is draining: it ends after its case.")).to_be_visible()
        gate.touch()
        assert worker.process.wait(30) == 0


def test_the_case_of_a_killed_worker_is_held_until_its_lease_ends(
    study: Launched, visits: Visits, tmp_path: Path
) -> None:
    enqueue(queue_of(study), "b", WAITING, {1: [{"gate": str(tmp_path / "open")}]})
    with attach(line_of(study)) as worker:
        wait_for(lambda: "attempt 1 of" in worker.output)
        wait_for(lambda: heartbeat(study)[1]["state"] == "running")
        worker.process.kill()
        worker.process.wait(30)
    key, last = heartbeat(study)
    assert last["lease_secs"] > 0
    # As if it had been killed a while ago.
    said = json.dumps({**last, "time": last["time"] - 100})
    study.command_line.cloud.client("s3").put_object(Bucket=study.bucket, Key=key, Body=said)
    page = visits.open(link(study))
    notice = page.get_by_text(re.compile(r"Worker \S+ on \S+ has a case and hasn't been heard of for"))
    expect(notice).to_contain_text(
        re.compile(r"its case is held until (\w+ )?\d\d:\d\d at most, then another worker takes it")
    )


def test_cases_whose_messages_are_gone_are_lost_and_are_sent_again(study: Launched, visits: Visits) -> None:
    factors = [{"name": "a"}]
    enqueue(queue_of(study), "b", DOUBLE, {1: [{"a": number} for number in range(2)]}, factors=factors)
    delete_messages(study)
    page = visits.open(link(study))
    # The queue has to be empty for a minute, by the cloud's clock.
    expect(figure(page, "lost")).to_have_text("2", timeout=120_000)
    expect(page.get_by_text("2 cases are lost")).to_be_visible()
    # That it was empty is noted, so that a single look knows it, too.
    wait_until(page, "a single look says so", lambda: "2 lost" in ask(study, "status"))
    figure(page, "lost").get_by_role("link").click()
    page.get_by_role("button", name="Retry 2 cases").click()
    with attach(line_of(study)):
        wait_for_end(study, done=2)
    go_to(page, "Overview")
    expect(figure(page, "done")).to_have_text("2")


def ask(study: Launched, command: str) -> str:
    """What a command says of the study."""
    return study.command_line.run(command, study.study).out


def delete_messages(study: Launched) -> None:
    """Takes all messages out of the queue, as somebody does who doesn't know what they are."""
    sqs, url = study.command_line.cloud.client("sqs"), study.outputs["QueueUrl"]
    for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    wait_for(lambda: messages(sqs, url) == (0, 0))


@pytest.mark.parametrize(("part", "title"), [("queue", "queue"), ("bucket", "bucket")])
def test_a_part_of_the_study_is_gone(study: Launched, visits: Visits, part: str, title: str) -> None:
    visits.expected.append("status of 40")
    page = visits.open(link(study))
    expect(page.get_by_text("No cases yet").first).to_be_visible()
    if part == "queue":
        study.command_line.cloud.client("sqs").delete_queue(QueueUrl=study.outputs["QueueUrl"])
    else:
        s3 = study.command_line.cloud.client("s3")
        for entry in s3.list_object_versions(Bucket=study.bucket)["Versions"]:
            s3.delete_object(Bucket=study.bucket, Key=entry["Key"], VersionId=entry["VersionId"])
        s3.delete_bucket(Bucket=study.bucket)
    alert = page.get_by_role("alert").filter(has_text=f"The study's {title} isn't there any more.")
    expect(alert).to_contain_text("cruncher launch")


def test_the_cloud_does_not_let_the_page_read_its_answers(study: Launched, visits: Visits) -> None:
    visits.expected.extend(["CORS", "ERR_FAILED", "status of 403"])
    study.command_line.cloud.client("s3").delete_bucket_cors(Bucket=study.bucket)
    page = visits.open(link(study).replace("127.0.0.1", PLAIN_HOST))
    alert = page.get_by_role("alert").filter(has_text="The study's cloud doesn't let this page read its answers.")
    expect(alert).to_contain_text("cruncher configure STUDY")


def test_a_clock_that_is_wrong_is_no_reason(study: Launched, visits: Visits) -> None:
    enqueue(queue_of(study), "b", DOUBLE, {1: [{"a": 1}]})
    page = visits.person().new_page()
    page.clock.set_system_time("2026-01-01T00:00:00Z")
    page.goto(link(study))
    expect(progress(page)).to_contain_text("0 of 1 done")
    expect(page.get_by_role("alert")).to_have_count(0)
