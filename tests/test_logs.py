"""What workers say of themselves: `cruncher logs`, with real workers and with logs that somebody forged."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from attached import attach
from command_line import CommandLine, Launched, Ran
from enqueue import enqueue
from small_models import DOUBLE, RAISING
from studies import line_of, queue_of, wait_for_end


@pytest.fixture
def study(command_line: CommandLine) -> Launched:
    """A fresh study."""
    return command_line.launch()


def logs(study: Launched, *arguments: str) -> Ran:
    """The logs of a study."""
    return study.command_line.run("logs", study.study, *arguments)


def put_log(study: Launched, worker: str, content: bytes) -> None:
    """A log that anybody with the worker's key may write."""
    s3 = study.command_line.cloud.client("s3")
    s3.put_object(Bucket=study.bucket, Key=f"workers/{worker}/log.txt", Body=content)


def test_the_logs_of_all_workers_are_one(study: Launched) -> None:
    ran = logs(study)
    assert (ran.code, ran.out) == (0, "") and "No entry was found" in ran.err
    queue = queue_of(study)
    enqueue(queue, "b", DOUBLE, {1: [{"a": number} for number in range(4)]})
    enqueue(queue, "b", RAISING, {1: [{"a": -1}]}, max_attempts=1)
    with attach(line_of(study)), attach(line_of(study)):
        wait_for_end(study, done=4, errors=1)
    said = logs(study, "--json").json()
    assert said["study"] == study.study
    assert said["left_out"] == {"entries": 0, "logs": 0, "logs_without_beginning": 0, "unreadable": {}}
    entries = said["entries"]
    times = [entry["time"] for entry in entries]
    assert times == sorted(times) and len({entry["worker"] for entry in entries}) == 2
    assert sum(" done in " in entry["text"] for entry in entries) == 4
    (failed,) = logs(study, "--json", "--level", "error").json()["entries"]
    assert failed["level"] == "ERROR" and "failed after" in failed["text"]
    assert failed["worker"].startswith(failed["host"] + "_")
    # A worker is meant by either name.
    own = [entry for entry in entries if entry["worker"] == failed["worker"]]
    for name in (failed["worker"], failed["worker"].rsplit("_", 1)[1]):
        assert logs(study, "--json", "--worker", name).json()["entries"] == own
    assert logs(study, "--json", "--host", failed["host"]).json()["entries"] == entries
    assert logs(study, "--json", "--host", "elsewhere").json()["entries"] == []
    assert logs(study, "--json", "--since", "1h").json()["entries"] == entries
    assert logs(study, "--json", "--until", "2020-01-01").json()["entries"] == []
    lines = logs(study).out.splitlines()
    assert len(lines) == len(entries) and any(f"  ERROR    {failed['worker']}  case " in line for line in lines)


def test_logs_are_followed(study: Launched) -> None:
    put_log(study, "node1_linux_1-aa", b"2026-09-21T14:13:20.000Z INFO of yore\n")
    command = study.command_line.arguments("logs", study.study, "--follow", "--json")
    process = subprocess.Popen(command, env=study.command_line.environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        lines = (json.loads(line) for line in process.stdout)

        def until(words: str) -> Iterator[dict[str, Any]]:
            for entry in lines:
                yield entry
                if words in entry["text"]:
                    return

        (first,) = until("of yore")
        assert (first["host"], first["level"]) == ("node1", "INFO")
        more = b"2026-09-21T14:13:20.000Z INFO of yore\n2026-09-21T14:13:21.000Z WARNING of today\n"
        put_log(study, "node1_linux_1-aa", more)
        (second,) = until("of today")  # and nothing twice
        assert second["level"] == "WARNING"
    finally:
        process.terminate()
        process.wait()


def test_what_somebody_forged_does_no_harm(study: Launched) -> None:
    put_log(study, "evil_linux_1-aa", b"2026-09-21T14:13:20Z ERROR \x1b]0;owned\x07\xff\x00<script>\n\x1b[2J\nforged\n")
    put_log(study, "large_linux_1-aa", b"x" * (2 << 20))
    put_log(study, "none_linux_1-aa", bytes(range(256)) * 100)
    ran = logs(study)
    assert ran.code == 0
    assert "\\u{1b}]0;owned\\u{7}\ufffd\\u{0}<script>" in ran.out and "\x1b" not in ran.out + ran.err
    assert "workers/large_linux_1-aa/log.txt can't be read: it has 2097152 bytes" in ran.err
    assert [entry["host"] for entry in logs(study, "--json").json()["entries"]] == ["evil"]


def test_a_time_that_is_none_is_wrong_usage(study: Launched) -> None:
    ran = logs(study, "--since", "yesterday")
    assert ran.code == 2 and "counts back: 90s, 15m, 2h, 3d" in ran.err
