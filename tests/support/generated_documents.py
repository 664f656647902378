"""The documents of a generated study: what the sender and the workers write, laid out as `docs/protocol.md` says."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from case_identity import Parameter
from footings import FACTORS, MODEL, MODEL_DIGEST, MODEL_FILE, Footing
from local_cloud import REPOSITORY, Object

sys.path.insert(0, str(REPOSITORY / "worker"))
import attach

# How often a case is tried.
ATTEMPTS = 2
JSON = {"content-type": "application/json"}
MODEL_KEY = f"models/{MODEL_DIGEST}/{MODEL_FILE}"
MODEL_OF_CASE = {"key": MODEL_KEY, "kind": "python"}
LOG = "20 load steps\n"
VERSION = "Python 3.11.7"


def to_json(document: Any) -> bytes:
    """As the worker writes it."""
    return ENCODER.encode(document).encode()


# The same settings as the worker's, kept: that is faster for a million documents.
ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class Case(NamedTuple):
    """A case of a study."""

    case_id: str
    level: int
    footing: Footing


class Attempt(NamedTuple):
    """One execution of a case."""

    number: int
    start_time: float
    end_time: float


class Failure(NamedTuple):
    """What is wrong with a case, but for its number."""

    exception: str
    message: str
    # A line of the model.
    line: str

    @property
    def signature(self) -> str:
        """What groups it with others."""
        return attach.signature(self.exception, self.message.format(1.5), [("<module>", self.line)])

    def of_case(self, case: Case) -> tuple[str, str]:
        """Its message and its traceback in a case."""
        message = self.message.format(round(-case.footing.secs, 3))
        place = f'  File "{MODEL_FILE}", line {MODEL[: MODEL.index(self.line)].count(chr(10)) + 1}, in <module>'
        return message, f"Traceback (most recent call last):\n{place}\n    {self.line}\n{self.exception}: {message}\n"


FAILURES = (
    Failure("ValueError", "negative load {}", 'raise ValueError("negative load {}".format(end_load))'),
    Failure("ZeroDivisionError", "float division by zero", "stiffness = end_load / settlement"),
    Failure("KeyError", "'gravel'", 'strength = {"clay": 1.0, "silt": 1.15, "sand": 1.3}[{{soil}}]'),
)
SIGNATURES = {failure: failure.signature for failure in FAILURES}


@dataclass(frozen=True)
class Submission:
    """What was enqueued at once: a batch has one."""

    batch: str
    seed: int
    submit_time: float
    # How many cases each level has, the first being level 0.
    levels: Sequence[int]

    @cached_property
    def id(self) -> str:
        """16 hex digits."""
        return hashlib.sha256(f"{self.seed} {self.batch}".encode()).hexdigest()[:16]

    def design(self) -> Object:
        """The design."""
        document = {
            "v": 1, "submission": self.id, "batch": self.batch, "submit_time": self.submit_time,
            "submitted_by": "operator", "model": MODEL_OF_CASE, "factors": FACTORS, "sampler": {"kind": "table"},
            "seed": self.seed, "replicates": 1, "force": False, "time_limit_secs": None, "max_attempts": ATTEMPTS,
            "levels": [{"level": level, "cases": cases} for level, cases in enumerate(self.levels)],
        }  # fmt: skip
        return Object(f"data/{self.batch}/design-{self.id}.json", to_json(document), self.submit_time, JSON)


class Table:
    """The table of a batch's cases; packed while it grows."""

    def __init__(self, submission: Submission) -> None:
        """An empty one."""
        self._submission = submission
        self._packed = io.BytesIO()
        stream = gzip.GzipFile(fileobj=self._packed, mode="wb", compresslevel=6, mtime=0)
        self._text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        self._csv = csv.writer(self._text)
        columns = [
            name
            for factor in FACTORS
            for name in (
                [f"{factor['name']}[{component}]" for component in range(factor["count"])]
                if "count" in factor
                else [factor["name"]]
            )
        ]
        self._csv.writerow(["case_id", "level", "replicate", *columns])

    def add(self, case: Case) -> None:
        """One line more."""
        self._csv.writerow([case.case_id, case.level, 0, *flat(list(case.footing.parameters.values()))])

    def document(self) -> Object:
        """The table."""
        self._text.close()
        headers = {"content-type": "text/csv; charset=utf-8", "content-encoding": "gzip"}
        key = f"data/{self._submission.batch}/cases-{self._submission.id}.csv.gz"
        return Object(key, self._packed.getvalue(), self._submission.submit_time, headers)


def flat(values: Sequence[Parameter]) -> Iterator[Parameter]:
    """The values, a vector's one by one."""
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value


@dataclass
class Worker:
    """One that computed cases."""

    number: int
    seed: int
    state: str
    start_time: float
    # How long it has for a case.
    slot_secs: float
    counts: dict[str, int] = field(
        default_factory=lambda: {name: 0 for name in ("done", "failed", "retried", "skipped", "cancelled")}
    )
    # Rows that are in no segment yet, those that are, and the segments.
    waiting: list[bytes] = field(default_factory=list)
    rows: int = 0
    segments: int = 0
    taken: int = 0
    # The last durations.
    durations: list[float] = field(default_factory=list)
    last_time: float = 0.0

    @cached_property
    def computer(self) -> str:
        """The name of its computer."""
        return f"node{self.number:02}_linux_{4711 + self.number}"

    @cached_property
    def name(self) -> str:
        """Its name."""
        return f"{self.computer}-{hashlib.sha256(f'{self.seed} {self.number}'.encode()).hexdigest()[:6]}"

    def attempts(self, count: int, secs: float) -> list[Attempt]:
        """Executes its next case, so often, which takes so long in all."""
        start_time = self.start_time + self.taken * self.slot_secs
        self.taken += 1
        self.last_time = start_time + secs
        self.durations = [*self.durations[-500:], secs / count] if count == 1 else self.durations
        return [
            Attempt(number + 1, start_time + secs * number / count, start_time + secs * (number + 1) / count)
            for number in range(count)
        ]

    def row(self, batch: str, case: Case, attempt: Attempt, **outcome: Any) -> bytes:
        """A row of a segment."""
        self.counts[self.counted(outcome)] += 1
        return to_json({
            "batch": batch, "case_id": case.case_id, "level": case.level, "replicate": 0,
            "outcome": outcome["outcome"], "attempt": attempt.number, "start_time": attempt.start_time,
            "end_time": attempt.end_time, "parameters": case.footing.parameters, **outcome,
        }) + b"\n"  # fmt: skip

    @staticmethod
    def counted(outcome: dict[str, Any]) -> str:
        """What an attempt counts as."""
        if outcome["outcome"] == "done":
            return "done"
        return "failed" if outcome["final"] else "retried"

    def write(self, rows: Sequence[bytes]) -> Iterator[Object]:
        """Adds rows; a segment that is full is written."""
        for row in rows:
            self.waiting.append(row)
            if len(self.waiting) == attach.SEGMENT_ROWS:
                yield self.segment()

    def segment(self) -> Object:
        """The rows that wait, as a segment."""
        key = f"workers/{self.name}/segment-{self.segments:06d}.ndjson"
        body = b"".join(self.waiting)
        self.rows += len(self.waiting)
        self.segments += 1
        self.waiting = []
        return Object(key, body, self.last_time, {"content-type": "application/x-ndjson"})

    def document(self, submission: Submission, case: Case, attempt: Attempt, **outcome: Any) -> bytes:
        """A result or an error."""
        return to_json({
            "v": 1, "case_id": case.case_id, "batch": submission.batch, "level": case.level, "replicate": 0,
            "submission": submission.id, "model": MODEL_OF_CASE, "parameters": case.footing.parameters,
            "worker": self.name, "computer": self.computer, "version": VERSION, "start_time": attempt.start_time,
            "end_time": attempt.end_time, "attempt": attempt.number, "max_attempts": ATTEMPTS, "log": LOG,
            "warnings": [], **outcome,
        })  # fmt: skip

    def farewell(self, end_time: float) -> Iterator[Object]:
        """The last segment, the heartbeat and the journal."""
        if self.waiting:
            yield self.segment()
        yield Object(f"workers/{self.name}/heartbeat.json", to_json(self.heartbeat(end_time)), end_time, JSON)
        journal = f"{self.name}: {self.state}\n".encode()
        yield Object(f"workers/{self.name}/log.txt", journal, end_time, {"content-type": "text/plain; charset=utf-8"})

    def heartbeat(self, end_time: float) -> dict[str, Any]:
        """What it says about itself."""
        return {
            "v": 1, "worker": self.name, "computer": self.computer, "host": self.computer.split("_")[0], "os": "linux",
            "pid": 4711 + self.number, "version": VERSION, "cruncher_version": attach.VERSION, "software": "python",
            "start_time": self.start_time, "time": end_time, "state": self.state, "case": None, "counts": self.counts,
            "median_secs": statistics.median(self.durations) if self.durations else None,
            "lease_secs": 120, "message": None, "traceback": None,
        }  # fmt: skip
