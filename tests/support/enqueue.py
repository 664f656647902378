"""Sends cases as the protocol lays it down: model, design and table first, then the messages, level by level."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Parameters = dict[str, int | str]


@dataclass(frozen=True)
class Queue:
    """Where a study's cases go: clients that sign with its operator's key, and its names."""

    s3: Any
    sqs: Any
    bucket: str
    queue_url: str


def enqueue(
    queue: Queue,
    batch: str,
    model: str,
    levels: dict[int, Sequence[Parameters]],
    max_attempts: int = 3,
    name: str = "model.py",
    factors: Sequence[dict[str, Any]] = (),
) -> list[str]:
    """Sends the cases of `levels` to `batch`. Returns their ids, in the order in which they were sent."""
    digest = hashlib.sha256(model.encode()).hexdigest()
    key = f"models/{digest}/{name}"
    cases = [(case_id(digest, case), level, case) for level, cases in levels.items() for case in cases]
    submission = {
        "v": 1, "submission": secrets.token_hex(8), "batch": batch, "model": {"key": key, "kind": "python"},
        "force": False, "time_limit_secs": None, "max_attempts": max_attempts,
    }  # fmt: skip
    put(queue, key, model.encode(), "text/x-python")
    put_design(queue, submission | {"factors": [*factors]}, {level: len(cases) for level, cases in levels.items()})
    put_table(queue, submission, cases)
    for level in levels:
        messages = [
            submission | {"case_id": case, "level": level, "parameters": parameters, "replicate": 0}
            for case, at, parameters in cases
            if at == level
        ]
        for start in range(0, len(messages), 10):
            send(queue, messages[start : start + 10])
    return [case for case, _, _ in cases]


def case_id(digest: str, parameters: Parameters) -> str:
    """The id of a case; canonical JSON is no more than this for integers and ASCII strings."""
    identity = {"model": digest, "parameters": parameters, "replicate": 0}
    canonical = json.dumps(identity, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def put(queue: Queue, key: str, body: bytes, content_type: str, **more: str) -> None:
    """Writes an object."""
    queue.s3.put_object(Bucket=queue.bucket, Key=key, Body=body, ContentType=content_type, **more)


def put_design(queue: Queue, submission: dict[str, Any], sizes: dict[int, int]) -> None:
    """Writes the design."""
    design = submission | {
        "submit_time": time.time(), "submitted_by": "operator", "seed": 1, "replicates": 1,
        "sampler": {"kind": "latin_hypercube", "levels": [min(sizes), max(sizes)]},
        "levels": [{"level": level, "cases": cases} for level, cases in sizes.items()],
    }  # fmt: skip
    key = f"data/{submission['batch']}/design-{submission['submission']}.json"
    put(queue, key, json.dumps(design).encode(), "application/json")


def put_table(queue: Queue, submission: dict[str, Any], cases: Sequence[tuple[str, int, Parameters]]) -> None:
    """Writes the table of cases."""
    names = sorted({name for _, _, parameters in cases for name in parameters})
    rows = [[case, level, 0, *(parameters.get(name, "") for name in names)] for case, level, parameters in cases]
    table = io.StringIO()
    csv.writer(table).writerows([["case_id", "level", "replicate", *names], *rows])
    key = f"data/{submission['batch']}/cases-{submission['submission']}.csv.gz"
    put(queue, key, gzip.compress(table.getvalue().encode()), "text/csv; charset=utf-8", ContentEncoding="gzip")


def send(queue: Queue, messages: Sequence[dict[str, Any]]) -> None:
    """Sends up to ten messages, and makes sure that each was accepted."""
    entries = [
        {
            "Id": str(number),
            "MessageBody": json.dumps(message),
            "MessageGroupId": message["case_id"],
            "MessageDeduplicationId": f"{message['case_id']}-{message['submission']}",
        }
        for number, message in enumerate(messages)
    ]
    answer = queue.sqs.send_message_batch(QueueUrl=queue.queue_url, Entries=entries)
    assert len(answer["Successful"]) == len(entries), answer
