"""Cases with results as nobody expects them, as a worker leaves them: rows, documents, a heartbeat."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from command_line import Launched
from local_cloud import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "worker"))
import attach

WORKER = "node1_linux_4711-3fa2c1"
BATCH = "odd"


@dataclass(frozen=True)
class Ended:
    """A case that ended."""

    parameters: dict[str, Any]
    # Of one that is done.
    result: dict[str, Any] = field(default_factory=dict)
    # What it failed with: the exception and its message.
    error: tuple[str, str] | None = None
    # Blanks behind the document: they make it larger.
    blank_bytes: int = 0

    @property
    def case_id(self) -> str:
        """By its inputs."""
        return hashlib.sha256(to_json(self.parameters)).hexdigest()[:32]

    @property
    def key(self) -> str:
        """That of its document."""
        return f"data/{BATCH}/{'error' if self.error else 'done'}-{self.case_id}.json"


def to_json(document: Any) -> bytes:
    """As the worker writes it."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def write_ended(study: Launched, ended: Sequence[Ended]) -> None:
    """Writes what a worker leaves of these cases; the last one ended ten minutes ago."""
    s3, rows = study.command_line.cloud.client("s3"), []
    last_time = time.time() - 600
    for number, one in enumerate(ended):
        end_time = last_time - len(ended) + number + 1
        common: dict[str, Any] = {
            "case_id": one.case_id, "batch": BATCH, "level": 0, "replicate": 0, "attempt": 1,
            "start_time": end_time - 0.5, "end_time": end_time, "parameters": one.parameters,
        }  # fmt: skip
        row, document = common | {"outcome": "done"}, common | {"v": 1, "max_attempts": 1, "worker": WORKER}
        if one.error:
            failure = {"final": True, "signature": "00ff"}
            row |= failure | {"outcome": "failed", "error": ": ".join(one.error)}
            document |= failure | {"exception": one.error[0], "message": one.error[1]}
        else:
            row |= attach.scalars_in_row(one.result)
            document["result"] = one.result
        rows.append(to_json(row) + b"\n")
        s3.put_object(Bucket=study.bucket, Key=one.key, Body=to_json(document) + b" " * one.blank_bytes)
    heartbeat = {
        "v": 1, "worker": WORKER, "computer": WORKER.split("-")[0], "host": "node1", "os": "linux", "pid": 4711,
        "version": "Python 3.11.7", "cruncher_version": "0.1.0", "software": "python", "start_time": last_time - 3600,
        "time": last_time, "state": "stopped", "case": None, "median_secs": 0.5, "message": None, "traceback": None,
        "counts": {"done": len(rows), "failed": 0, "retried": 0, "skipped": 0, "cancelled": 0},
    }  # fmt: skip
    s3.put_object(Bucket=study.bucket, Key=f"workers/{WORKER}/heartbeat.json", Body=to_json(heartbeat))
    s3.put_object(Bucket=study.bucket, Key=f"workers/{WORKER}/segment-000000.ndjson", Body=b"".join(rows))
