"""An independent count: what lies in a study's bucket, read by boto3 and by nothing of the project."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from command_line import Launched
from studies import messages

CASE_ID = re.compile(r"/(done|error)-([0-9a-f]{32})\.json$")


@dataclass(frozen=True)
class Count:
    """How many cases there are, and what became of them."""

    cases: int
    done: int
    failed: int
    # Waiting or running.
    open: int


@dataclass(frozen=True)
class Contents:
    """What the documents of a study say."""

    cases: frozenset[str]
    done: dict[str, Any]
    errors: dict[str, Any]

    @property
    def count(self) -> Count:
        """The figures."""
        failed = {case for case, document in self.errors.items() if document["final"]} - self.done.keys()
        done = self.done.keys() & self.cases
        return Count(len(self.cases), len(done), len(failed), len(self.cases) - len(done) - len(failed))


class StudyReader:
    """Reads a study as the account's owner may."""

    def __init__(self, study: Launched) -> None:
        """Nothing is read yet."""
        cloud, outputs = study.command_line.cloud, study.outputs
        self._s3, self._sqs, self._bucket = cloud.client("s3"), cloud.client("sqs"), study.bucket
        self._queue_url, self._dead_letter_queue_url = outputs["QueueUrl"], outputs["DeadLetterQueueUrl"]

    def contents(self) -> Contents:
        """All tables, results and errors."""
        found: dict[str, dict[str, Any]] = {"done": {}, "error": {}}
        cases: set[str] = set()
        for key in self._keys("data/"):
            if match := CASE_ID.search(key):
                found[match[1]][match[2]] = json.loads(self._read(key))
            elif "/cases-" in key:
                table = io.StringIO(gzip.decompress(self._read(key)).decode())
                cases.update(row["case_id"] for row in csv.DictReader(table))
        return Contents(frozenset(cases), found["done"], found["error"])

    def rows_done(self) -> Counter[str]:
        """How many rows of all workers' segments say of a case that it is done."""
        segments = [key for key in self._keys("workers/") if "/segment-" in key]
        rows = [json.loads(line) for key in segments for line in self._read(key).splitlines()]
        return Counter(row["case_id"] for row in rows if row["outcome"] == "done")

    def has_result(self, batch: str, case: str) -> bool:
        """Whether a case is done."""
        return any(self._keys(f"data/{batch}/done-{case}.json"))

    def in_queue(self) -> int:
        """How many messages wait or are held."""
        return sum(messages(self._sqs, self._queue_url))

    def dead_letters(self) -> set[str]:
        """The cases in the dead-letter queue. They are held for a moment, so that each is seen once.

        An open page looks at them, too, and holds them for five seconds: until then fewer come than are counted.
        """
        url = self._dead_letter_queue_url
        found: set[str] = set()
        receipts: list[str] = []
        while len(receipts) < self.dead_letter_count():
            received = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in received.get("Messages", []):
                found.add(json.loads(message["Body"])["case_id"])
                receipts.append(message["ReceiptHandle"])
        for receipt in receipts:
            self._sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=0)
        return found

    def dead_letter_count(self) -> int:
        """How many messages lie there."""
        return sum(messages(self._sqs, self._dead_letter_queue_url))

    def _keys(self, prefix: str) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
            yield from (entry["Key"] for entry in page.get("Contents", []))

    def _read(self, key: str) -> bytes:
        return bytes(self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read())
