"""Objects that are many, endless or of another time: what whoever has a worker's key can write into a study.

Each kind is what a reader may well believe: documents of the protocol, in numbers or with times that no study has.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from local_cloud import Object

# Three hundred years from now, and a time that no calendar has.
FUTURE, NEVER = 1.1e10, 1e300


@dataclass(frozen=True)
class Crowd:
    """How many of each kind."""

    batches: int = 20_000
    heartbeats: int = 10_000
    error_groups: int = 10_000
    forged_rows: int = 5_000_000
    endless_bytes: int = 100 << 20


def crowd_objects(crowd: Crowd, random: Random) -> Iterator[Object]:
    """All of them, unpacked where they are large."""
    yield from many_batches(crowd.batches, random)
    yield from many_heartbeats(crowd.heartbeats)
    yield from many_error_groups(crowd.error_groups, random)
    yield from forged_segments(crowd.forged_rows, random)
    yield from of_the_future(random)
    # A line without an end, behind one that is right.
    body = b"{}\n" + b"x" * crowd.endless_bytes
    yield Object("workers/endless/segment-000000.ndjson", body, time.time())


def digits(random: Random) -> str:
    """The digits of a case."""
    return f"{random.getrandbits(128):032x}"


def document(key: str, content: dict[str, Any]) -> Object:
    """A document, written now."""
    return Object(key, json.dumps(content).encode(), time.time())


def of_case(batch: str, case: str, number: int, at: float) -> dict[str, Any]:
    """What every document says of its case."""
    return {
        "v": 1, "batch": batch, "case_id": case, "level": 1, "replicate": 0, "submission": "0" * 16, "attempt": 1,
        "max_attempts": 1, "start_time": at - 1, "end_time": at, "parameters": {"a": number}, "worker": "crowd",
        "computer": "crowd", "host": "crowd", "version": "1",
        "model": {"key": f"models/{'0' * 64}/m.py", "kind": "python"},
    }  # fmt: skip


def many_batches(count: int, random: Random) -> Iterator[Object]:
    """Batches of a result each."""
    for number in range(count):
        batch, case = f"crowd/{number:05d}", digits(random)
        yield document(
            f"data/{batch}/done-{case}.json", of_case(batch, case, number, time.time()) | {"result": {"b": 1.0}}
        )


def many_heartbeats(count: int) -> Iterator[Object]:
    """Workers that say that they are alive."""
    for number in range(count):
        worker = f"crowd-{number:05d}-1-aaaa"
        yield document(f"workers/{worker}/heartbeat.json", heartbeat(worker, time.time()))


def heartbeat(worker: str, at: float) -> dict[str, Any]:
    """What a worker says that waits."""
    return {
        "v": 1, "worker": worker, "computer": worker, "host": worker, "os": "x", "pid": 1, "version": "1",
        "cruncher_version": "0.1.0", "software": None, "start_time": at - 10, "time": at, "state": "waiting",
        "case": None, "message": None, "traceback": None, "median_secs": 1.0,
        "counts": {"done": 1, "failed": 0, "retried": 0, "skipped": 0, "cancelled": 0},
    }  # fmt: skip


def many_error_groups(count: int, random: Random) -> Iterator[Object]:
    """Failures, each of its own kind."""
    for number in range(count):
        case = digits(random)
        failure = {
            "exception": f"Error{number}", "message": f"no {number}", "traceback": "x", "log": "", "final": True,
            "signature": f"{random.getrandbits(64):016x}",
        }  # fmt: skip
        yield document(f"data/groups/error-{case}.json", of_case("groups", case, number, time.time()) | failure)


def forged_segments(count: int, random: Random, rows_a_segment: int = 250_000) -> Iterator[Object]:
    """Rows of cases that have no result."""
    for start in range(0, count, rows_a_segment):
        now = time.time()
        rows = "".join(
            f'{{"batch":"forged","case_id":"{digits(random)}","level":1,"replicate":0,"attempt":1,"outcome":"done",'
            f'"start_time":{now - 1:.2f},"end_time":{now:.2f},"parameters":{{"a":{number}}},'
            f'"result":{{"b":{number}.5}}}}\n'
            for number in range(start, min(start + rows_a_segment, count))
        )
        yield Object(f"workers/forger-{start:08d}-1-aaaa/segment-000000.ndjson", rows.encode(), now)


def of_the_future(random: Random) -> Iterator[Object]:
    """Documents of times that haven't come."""
    for number, at in enumerate((FUTURE, NEVER, -NEVER)):
        worker, case, failed = f"future-{number}-1-aaaa", digits(random), digits(random)
        yield document(f"workers/{worker}/heartbeat.json", heartbeat(worker, at))
        row = of_case("future", case, number, at) | {"outcome": "done", "result": {"b": 1.0}}
        yield Object(f"workers/{worker}/segment-000000.ndjson", json.dumps(row).encode() + b"\n", time.time())
        yield document(f"data/future/done-{case}.json", of_case("future", case, number, at) | {"result": {"b": 1.0}})
        failure = {"exception": "E", "message": "m", "traceback": "", "log": "", "final": True, "signature": "f" * 16}
        yield document(f"data/future/error-{failed}.json", of_case("future", failed, number, at) | failure)
