"""Computers that die in the middle of a multipart upload: what their cases leave is whole in the end, or not there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from random import Random
from typing import Any

from command_line import Launched
from enqueue import enqueue
from studies import queue_of

from chaos.count import StudyReader
from chaos.entry import Entries, Entry, add_all
from chaos.looks import looks
from chaos.surroundings import Surroundings
from chaos.waiting import is_soon
from chaos.workers import Crew

CASES, WORKERS, DEATHS, LEASE_SECS, MAX_RECEIVES, LIMIT_SECS = 6, 2, 3, 6, 20, 120
FILE_MIB = 40  # five parts
MODEL = f"""\
import hashlib
block, whole = bytes([{{{{n}}}}, 1, 2, 3]) * (1 << 18), hashlib.sha256()
with open("outputs/field.bin", "wb") as file:
    for _ in range({FILE_MIB}):
        whole.update(block)
        file.write(block)
result["sha256"] = whole.hexdigest()
"""


class Uploads:
    """What lies in the bucket of what cases leave."""

    def __init__(self, study: Launched) -> None:
        """As the account's owner sees it."""
        self._s3, self._bucket = study.command_line.cloud.client("s3"), study.bucket

    def unfinished(self) -> set[str]:
        """The uploads that were begun, and are neither finished nor aborted."""
        listed = self._s3.list_multipart_uploads(Bucket=self._bucket).get("Uploads", [])
        return {str(upload["UploadId"]) for upload in listed}

    def digests(self) -> Iterator[tuple[str, str]]:
        """Each file, by its case, with the digest of its content."""
        for entry in self._s3.list_objects_v2(Bucket=self._bucket, Prefix="data/uploads/files/").get("Contents", []):
            body = self._s3.get_object(Bucket=self._bucket, Key=entry["Key"])["Body"].read()
            yield entry["Key"].split("/")[3], hashlib.sha256(body).hexdigest()


def measure(surroundings: Surroundings, random: Random) -> Entries:
    """A few cases with a large file each; all workers die as soon as a part of one is there, three times."""
    study = surroundings.launch(lease_secs=LEASE_SECS, max_receives=MAX_RECEIVES)
    reader, uploads = StudyReader(study), Uploads(study)
    enqueue(queue_of(study), "uploads", MODEL, {1: [{"n": number} for number in range(CASES)]}, max_attempts=1)
    left: set[str] = set()
    with ExitStack() as ending:
        seen = ending.enter_context(looks(surroundings, study))
        crew = Crew(study, WORKERS, ending)

        def is_over() -> bool:
            if len(left) < DEATHS and uploads.unfinished() - left:
                die(crew)
                left.update(uploads.unfinished())
            return reader.in_queue() == 0

        is_soon("all cases are done, though computers died", is_over, LIMIT_SECS)
        entries = seen.disagreeing()
        crew.interrupt()
    faults = {"a computer died in the middle of an upload": len(left)}
    figure = wrong(reader.contents().done, dict(uploads.digests()))
    add_all(entries, {"uploads_wrong": Entry(figure, "files", faults=faults)})
    return entries


def die(crew: Crew) -> None:
    """SIGKILL for all of them, before others come in their place."""
    workers = [*crew.workers]
    for worker in workers:
        worker.kill()
    for worker in workers:
        crew.kill(worker, with_its_case=True)


def wrong(done: dict[str, Any], digests: dict[str, str]) -> int:
    """How many files aren't there, aren't what the case wrote, or belong to no case."""
    right = sum(bool(digests.get(case) == document["result"]["sha256"]) for case, document in done.items())
    return CASES - right + len(digests.keys() - done.keys())
