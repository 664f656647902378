"""What a study has used and cost: `cruncher cost`, with real workers."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from attached import attach
from command_line import CommandLine, Launched
from enqueue import enqueue
from small_models import DOUBLE, RAISING
from studies import line_of, queue_of, wait_for_end


@pytest.fixture
def study(command_line: CommandLine) -> Launched:
    """A fresh study."""
    return command_line.launch()


def cost(study: Launched, *options: str) -> Any:
    """What it has cost, for programs."""
    ran = study.command_line.run("cost", study.study, "--json", *options)
    assert ran.code == 0, ran.err
    return ran.json()


def heartbeats(study: Launched) -> list[dict[str, Any]]:
    """What workers say."""
    s3 = study.command_line.cloud.client("s3")
    listed = s3.list_objects_v2(Bucket=study.bucket, Prefix="workers/").get("Contents", [])
    keys = [entry["Key"] for entry in listed if entry["Key"].endswith("/heartbeat.json")]
    return [json.loads(s3.get_object(Bucket=study.bucket, Key=key)["Body"].read()) for key in keys]


def test_hours_and_requests_are_counted_and_priced(study: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    none = cost(study)
    assert none["rows"] == [] and none["dollars"]["hosts"] == 0 and none["dollars"]["finished_case"] is None
    monkeypatch.setenv("CRUNCHER_INSTANCE_TYPE", "lab-pc")
    queue = queue_of(study)
    enqueue(queue, "b", DOUBLE, {1: [{"a": number} for number in range(6)]})
    enqueue(queue, "b", RAISING, {1: [{"a": -1}]}, max_attempts=1)
    with attach(line_of(study)), attach(line_of(study)):
        wait_for_end(study, done=6, errors=1)
    said = heartbeats(study)
    told = cost(study, "--price", "lab-pc=3600")
    (row,) = told["rows"]
    assert (row["instance_type"], row["hosts"], row["workers"]) == ("lab-pc", 1, 2)
    assert (row["attempts"], row["done"]) == (7, 6)
    assert row["computing_secs"] == pytest.approx(sum(one["busy_secs"] for one in said))
    assert row["average_secs"] == pytest.approx(row["computing_secs"] / 7)
    # A dollar a second, of a host that two workers use together.
    stays = [(one["start_time"], one["time"]) for one in said]
    first, last = min(start for start, _ in stays), max(end for _, end in stays)
    assert row["dollars"] == row["host_secs"] == pytest.approx(last - first, abs=1.0)
    for kind in ("s3_get", "s3_put", "sqs"):
        of_workers = sum(one["requests"][kind] for one in said)
        assert row["requests"][kind] == of_workers > 0 and told["requests"][kind] > of_workers
    dollars = told["dollars"]
    assert dollars["until_now"] == pytest.approx(dollars["hosts"] + dollars["requests"])
    assert dollars["finished_case"] == pytest.approx(dollars["until_now"] / 7)
    assert dollars["expected"]["least"] == dollars["until_now"], "no case is open"
    assert told["without_price"] == []
    # Prices of requests are entered where they are others.
    free = cost(study, "--price", "s3-get=0", "--price", "s3-put=0", "--price", "sqs=0")
    assert free["dollars"]["requests"] == 0 and free["without_price"] == ["lab-pc"]


def test_the_table_is_a_file_and_a_text(study: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRUNCHER_INSTANCE_TYPE", "lab-pc")
    enqueue(queue_of(study), "b", DOUBLE, {1: [{"a": 1}]})
    with attach(line_of(study)):
        wait_for_end(study, done=1)
    (said,) = heartbeats(study)
    run = study.command_line.run
    for option, column, value in (
        ("type", "instance_type", "lab-pc"),
        ("host", "host", said["host"]),
        ("vcpus", "vcpus", str(said["vcpus"])),
    ):
        ran = run("cost", study.study, "--csv", "--by", option)
        (row,) = csv.DictReader(io.StringIO(ran.out))
        assert (row[column], row["done"], row["host_dollars"]) == (value, "1", "")
        assert float(row["request_dollars"]) > 0 and "Not counted, for want of a price: lab-pc" in ran.err
    text = run("cost", study.study, "--price", "0.5").out
    assert "a finished case of 1." in text and "No case waits or runs." in text and "  lab-pc " in text
    ran = run("cost", study.study, "--price", "cheap")
    assert ran.code == 2 and "`cheap` is no price" in ran.err
