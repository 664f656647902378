"""`cruncher status` of buckets in which not everything is as a worker of this version leaves it."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from command_line import CommandLine, Launched
from generate import Extent, generate_into
from legacy_bucket import GOLDEN, upload


def status(launched: Launched) -> Any:
    """What the program says for programs."""
    return launched.command_line.run("status", launched.study, "--json").json()


def states(counts: dict[str, int]) -> dict[str, int]:
    """The states that occur."""
    return {name: count for name, count in counts.items() if count > 0}


@pytest.mark.parametrize("without_row", [0.05, 1.0])
def test_a_study_whose_rows_are_missing_is_counted_by_its_documents(
    command_line: CommandLine, without_row: float
) -> None:
    launched = command_line.launch()
    told = generate_into(launched, Extent(cases=2000, levels=3, failed=0.05, without_row=without_row))
    assert told.rows < told.done + 3 * told.failed
    said = status(launched)
    assert states(said["cases"]) == {"cases": 2000, "done": told.done, "failed": told.failed}
    (batch,) = said["batches"]
    assert [level["cases"]["cases"] for level in batch["levels"]] == [285, 572, 1143]
    assert sum(group["final_cases"] for group in said["error_groups"]) == told.failed
    assert len(said["error_groups"]) == 3


def test_a_bucket_of_the_predecessor_is_opened_by_a_study_of_its_own(command_line: CommandLine) -> None:
    launched = command_line.launch()
    objects = upload(launched, GOLDEN)
    said = status(launched)
    assert (said["cases"]["done"], said["cases"]["failed"], said["cases"]["running"]) == (3, 1, 0)
    # What all_runs.json names was enqueued: nothing tells that anybody computed it.
    batches = {batch["batch"]: (batch["cases"]["done"], batch["cases"]["queued"]) for batch in said["batches"]}
    assert batches.pop("level-3") == (2, 4)
    ((name, counts),) = batches.items()
    assert name.startswith("level-4--new-") and counts == (1, 0)
    assert [level["level"] for batch in said["batches"] for level in batch["levels"]] == [3, 4]
    (group,) = said["error_groups"]
    assert (group["error"], group["workers"]) == ("ValueError: negative cohesion: -1.0", ["node_7_posix_4711"])
    workers = {worker["worker"]: (worker["state"], worker["version"]) for worker in said["workers"]}
    assert workers == {
        "DESKTOP-1_nt_90": ("waiting", ""),
        "node8_posix_12": ("waiting", ""),
        "node_7_posix_4711": ("running", "910.14"),
    }
    text = launched.command_line.run("status", launched.study).out
    assert "3 of 8 cases done" in text
    assert "DESKTOP-1_nt_90" in text
    s3 = launched.command_line.cloud.client("s3")
    for key, body in objects.items():
        assert s3.get_object(Bucket=launched.bucket, Key=key)["Body"].read() == body, key


def test_a_bucket_may_hold_a_study_and_what_the_predecessor_left(command_line: CommandLine) -> None:
    launched = command_line.launch()
    told = generate_into(launched, Extent(cases=50, failed=0.0))
    upload(launched, GOLDEN)
    said = status(launched)
    assert (said["cases"]["cases"], said["cases"]["done"]) == (told.cases + 8, told.done + 3)
    assert len(said["workers"]) == 10 + 3


def test_objects_that_nobody_can_read_are_named_and_disturb_nothing(command_line: CommandLine) -> None:
    launched = command_line.launch()
    generate_into(launched, Extent(cases=40, levels=1, failed=0))
    s3 = launched.command_line.cloud.client("s3")
    # Whoever may write an object says how it is stored.
    stored: dict[str, dict[str, Any]] = {
        "workers/archived/heartbeat.json": {"StorageClass": "GLACIER", "Body": b"{}"},
        "workers/archived/segment-000000.ndjson": {"StorageClass": "DEEP_ARCHIVE", "Body": b"{}\n"},
        f"data/b/error-{'0' * 32}.json": {"StorageClass": "GLACIER", "Body": b"{}"},
        "workers/packed/heartbeat.json": {"ContentEncoding": "gzip", "Body": b"not packed"},
        "workers/packed/segment-000000.ndjson": {"ContentEncoding": "gzip", "Body": b"not packed\n"},
        "data/b/cases-00f1e2d3c4b5a697.csv.gz": {"ContentEncoding": "gzip", "Body": gzip.compress(b"c" * 99)[:20]},
        "data/b/cases-00f1e2d3c4b5a698.csv.gz": {"ContentEncoding": "gzip", "Body": gzip.compress(b" " * (257 << 20))},
    }
    for key, more in stored.items():
        s3.put_object(Bucket=launched.bucket, Key=key, **more)
    said = status(launched)
    assert states(said["cases"]) == {"cases": 40, "done": 40}
    assert {*said["unreadable"]} == {*stored}
    assert said["unreadable"]["data/b/cases-00f1e2d3c4b5a697.csv.gz"] == "it can't be unpacked"
    too_large = "unpacked it has more than the 268435456 bytes that are read"
    assert said["unreadable"]["data/b/cases-00f1e2d3c4b5a698.csv.gz"] == too_large
    text = launched.command_line.run("status", launched.study).out
    assert "Objects that can't be read" in text and all(key in text for key in stored)
