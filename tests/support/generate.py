"""Writes a study of any size into the local cloud, as if workers had computed it.

What lies in the bucket afterwards is laid out as `docs/protocol.md` says: model, designs, tables of cases, results,
errors, segments, heartbeats and journals. Nothing is sent to the queue. `python tests/support/generate.py --cases
100000` launches such a study, prints its links, and keeps it until Ctrl-C.
"""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from built import built_page, built_program
from case_identity import case_id
from command_line import CommandLine, Launched
from footings import MODEL, MODEL_DIGEST, Footing, footings
from generated_documents import (
    ATTEMPTS,
    FAILURES,
    JSON,
    MODEL_KEY,
    SIGNATURES,
    Attempt,
    Case,
    Submission,
    Table,
    Worker,
)
from local_cloud import LocalCloud, Object
from studies import link

# From the start of a case to the start of its worker's next one: longer than any case.
SLOT_SECS = 2.6


@dataclass(frozen=True)
class Extent:
    """How large a study is, and what is not as it should be. Shares are from 0 to 1, met in each 1,000 cases."""

    cases: int = 1000
    # The cases are dealt out evenly.
    batches: int = 1
    # Of each batch; each level has about twice the cases of the one before.
    levels: int = 1
    workers: int = 10
    seed: int = 1
    # The last share of the cases is only named by a table. All other shares are of those before.
    queued: float = 0.0
    # Failed for good; each such case has a row an attempt.
    failed: float = 0.01
    # The last row never reached its segment: only the document tells how the case ended.
    without_row: float = 0.0
    # A response is missing, if the case is done: in one half of them it isn't there, in the other it is null.
    without_response: float = 0.0
    # A result has penalties in place of numbers. If any has, all have responses that are hard to plot.
    extreme: float = 0.0
    # There is no result or error document, against the protocol: 1 saves time and memory where none is read.
    without_document: float = 0.0
    # What the workers say, `stopped` or `waiting`. Nobody renews their heartbeats.
    worker_state: str = "stopped"
    # When the last case ended: now, if it is None. All else follows from the other fields.
    end_time: float | None = None

    @property
    def ended(self) -> int:
        """How many cases are done or failed."""
        return self.cases - round(self.cases * self.queued)


@dataclass
class Generated:
    """What there is now: cases of all batches by their state, rows of all segments, and everything in the bucket."""

    batches: list[str] = field(default_factory=list)
    cases: int = 0
    done: int = 0
    failed: int = 0
    queued: int = 0
    documents: int = 0
    rows: int = 0
    segments: int = 0
    objects: int = 0
    size_bytes: int = 0


def generate(cloud: LocalCloud, bucket: str, extent: Extent) -> Generated:
    """Writes a study into the bucket of one that was launched or deployed."""
    told = Generated()

    def counted() -> Iterator[Object]:
        for one in objects(extent, told):
            told.objects += 1
            told.size_bytes += len(one.body)
            yield one

    cloud.put_objects(bucket, counted())
    return told


def generate_into(study: Launched, extent: Extent) -> Generated:
    """The same, into a study that the command line launched."""
    return generate(study.command_line.cloud, study.bucket, extent)


def objects(extent: Extent, told: Generated) -> Iterator[Object]:
    """Everything in the bucket, by and by; counts it. Another layout is another function like this one."""
    end_time = time.time() if extent.end_time is None else extent.end_time
    start_time = end_time - SLOT_SECS * -(-extent.ended // extent.workers)
    workers = [
        Worker(number, extent.seed, extent.worker_state, start_time, SLOT_SECS) for number in range(extent.workers)
    ]
    yield Object(MODEL_KEY, MODEL.encode(), start_time, {"content-type": "text/x-python"})
    cases = footings(extent.seed, extent.cases)
    for submission in submissions(extent, start_time):
        yield submission.design()
        told.batches.append(submission.batch)
        table = Table(submission)
        for case in cases_of(submission, cases):
            table.add(case)
            if told.cases < extent.ended:
                yield from ended(extent, told, workers[told.cases % extent.workers], submission, case)
            else:
                told.queued += 1
            told.cases += 1
        yield table.document()
    for worker in workers:
        yield from worker.farewell(end_time)
        told.rows += worker.rows
        told.segments += worker.segments


def submissions(extent: Extent, submit_time: float) -> Iterator[Submission]:
    """One a batch."""
    for number, cases in enumerate(dealt(extent.cases, [1] * extent.batches)):
        batch = "footings" if extent.batches == 1 else f"footings/part-{number:02}"
        levels = dealt(cases, [2**level for level in range(extent.levels)])
        yield Submission(batch, extent.seed, submit_time, levels)


def dealt(cases: int, weights: list[int]) -> list[int]:
    """The cases, divided by weights."""
    ends = [cases * sum(weights[: place + 1]) // sum(weights) for place in range(len(weights))]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def cases_of(submission: Submission, cases: Iterator[Footing]) -> Iterator[Case]:
    """A batch's cases, level by level."""
    for level, count in enumerate(submission.levels):
        for _ in range(count):
            footing = next(cases)
            yield Case(case_id(MODEL_DIGEST, footing.parameters, 0), level, footing)


def ended(extent: Extent, told: Generated, worker: Worker, submission: Submission, case: Case) -> Iterator[Object]:
    """What a case leaves that is done or failed."""
    fate = case.footing.fate
    if fate.failed < extent.failed:
        told.failed += 1
        name, (attempts, rows, more) = "error", failed(worker, submission, case)
    else:
        told.done += 1
        name, (attempts, rows, more) = "done", done(extent, worker, submission, case)
    if fate.without_row < extent.without_row:
        rows.pop()
    yield from worker.write(rows)
    if fate.without_document >= extent.without_document:
        told.documents += 1
        body = worker.document(submission, case, attempts[-1], **more)
        yield Object(f"data/{submission.batch}/{name}-{case.case_id}.json", body, attempts[-1].end_time, JSON)


# A case's attempts, their rows, and what the document of the last one tells.
Ended = tuple[list[Attempt], list[bytes], dict[str, Any]]


def done(extent: Extent, worker: Worker, submission: Submission, case: Case) -> Ended:
    """A case with a result."""
    (attempt,) = worker.attempts(1, case.footing.secs)
    result, warnings = answer(extent, case)
    scalars = {name: value for name, value in result.items() if not isinstance(value, dict)}
    row = worker.row(submission.batch, case, attempt, outcome="done", result=scalars)
    return [attempt], [row], {"result": result, "warnings": warnings}


def answer(extent: Extent, case: Case) -> tuple[dict[str, Any], list[str]]:
    """A result, and what the worker says about it."""
    result, place = case.footing.result, case.footing.fate.without_response
    if extent.extreme:
        result |= extremes(case.footing, case.footing.fate.without_row < extent.extreme)
    if place >= extent.without_response:
        return result, []
    if place < extent.without_response / 2:
        del result["settlement"]
        return result, []
    return {**result, "settlement": None}, ["settlement is nan and was written as null"]


def extremes(footing: Footing, is_penalised: bool) -> dict[str, Any]:
    """Responses of numbers that are no measurements, or leave no room on an axis for others."""
    end_load, layers = footing.responses["end_load"], int(str(footing.parameters["layers"]))
    largest = sys.float_info.max
    return {
        "load_or_largest": largest if is_penalised else end_load,
        "between_largest": (largest if layers % 2 else -largest) if is_penalised else end_load,
        "load_or_far": 1e12 if is_penalised else end_load,
        "counter": 1e17 + 16.0 * layers,
        "tiny": 5e-324 * layers,
        "cycles": layers - 2,
        "constant": 7.25,
        "path": {"load": [end_load, 1e17, largest if is_penalised else 2.0 * end_load, 3.0 * end_load]},
    }


def failed(worker: Worker, submission: Submission, case: Case) -> Ended:
    """A case that failed at every attempt. Most fail in the same way."""
    failure = FAILURES[int(case.footing.fate.without_response**2 * len(FAILURES))]
    message, traceback = failure.of_case(case)
    told = {"signature": SIGNATURES[failure]}
    attempts = worker.attempts(ATTEMPTS, case.footing.secs)
    rows = [
        worker.row(
            submission.batch, case, attempt, outcome="failed", final=attempt.number == ATTEMPTS, **told,
            error=f"{failure.exception}: {message}",
        )
        for attempt in attempts
    ]  # fmt: skip
    more = {"exception": failure.exception, "message": message, "traceback": traceback, **told, "final": True}
    return attempts, rows, more


def arguments() -> Extent:
    """What the command line asks for: an option a field of `Extent`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in dataclasses.fields(Extent):
        kind = float if option.default is None else type(option.default)
        words = f"default: {option.default}"
        parser.add_argument(f"--{option.name.replace('_', '-')}", type=kind, default=option.default, help=words)
    parser.add_argument("--without-documents", dest="without_document", action="store_const", const=1.0)
    return Extent(**vars(parser.parse_args()))


def main() -> None:
    """A cloud, a study in it, and its links."""
    extent, program, page = arguments(), built_program(), built_page()
    for ending in (signal.SIGINT, signal.SIGTERM):
        # Also where a shell has started it in the background, without Ctrl-C.
        signal.signal(ending, signal.default_int_handler)
    cloud = LocalCloud()
    try:
        study = CommandLine(program, cloud, page).launch()
        start = time.monotonic()
        told = generate_into(study, extent)
        print(f"{told}\nin {time.monotonic() - start:.1f} s", file=sys.stderr)
        print(f"operator: {link(study)}\nviewer:   {link(study, 'viewer')}\nCtrl-C ends it.", flush=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        print("ended", file=sys.stderr)
    finally:
        cloud.stop()


if __name__ == "__main__":
    main()
