"""What a study of 10,000 workers and 10 million cases asks of S3 and SQS, and what breaks first.

    python bench/scale.py            the tables of docs/scale.md
    python bench/scale.py --check    fails if docs/scale.md has others

Each pace and limit of Cruncher is read from its code, those of AWS stand below. Requests follow from what a worker does
for a case (docs/protocol.md); how long workers wait for a queue that answers so many calls a second is played through,
event by event.
"""

from __future__ import annotations

import heapq
import math
import random
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/scale.md"
BEGIN, END = "<!-- by bench/scale.py -->\n", "<!-- end -->\n"

# Limits of AWS. A FIFO queue: calls a second and action; with high throughput, in the regions that allow least;
# messages in workers' hands. S3: requests a second to keys with a common beginning.
QUEUE_CALLS, QUEUE_CALLS_HIGH, QUEUE_HELD = 300, 2_400, 20_000
QUEUE_CALLS_OF_REGIONS = QUEUE_CALLS, QUEUE_CALLS_HIGH, 70_000
S3_PUTS, S3_GETS = 3_500, 5_500
RETENTION_DAYS = 14
BATCH = 10  # messages of a SendMessageBatch
ANSWER_SECS = 0.05  # for one request, from a computer in the region
PAGE_KEYS = 1_000  # of a listing
ROW_BYTES = 600  # of a segment: ten inputs, ten results
TABLE_ROW_BYTES = 160  # of a table of cases, unpacked


def constant(file: str, name: str) -> float:
    """A number of the code."""
    found = re.search(rf"\b{name}\b(?:: \w+)?(?: =|:) ([0-9][0-9._]*(?: << [0-9]+)?)", (ROOT / file).read_text("utf-8"))
    if found is None:
        sys.exit(f"{file} has no {name}")
    number, _, shift = found[1].replace("_", "").partition(" << ")
    return float(number) * float(1 << int(shift or 0))


WORKER = "worker/attach.py"
CONTROL_SECS, LONG_POLL_SECS = constant(WORKER, "CONTROL_SECS"), constant(WORKER, "LONG_POLL_SECS")
HEARTBEAT_SECS, CHANGE_SECS = constant(WORKER, "HEARTBEAT_SECS"), constant(WORKER, "HEARTBEAT_CHANGE_SECS")
SEGMENT_SECS, JOURNAL_SECS = constant(WORKER, "SEGMENT_SECS"), constant(WORKER, "JOURNAL_SECS")
SEGMENT_ROWS = int(constant(WORKER, "SEGMENT_ROWS, SEGMENT_BYTES"))
LEASE_SECS = float(
    re.findall(r"  LeaseSecs:\n(?:    .*\n)*?    Default: (\d+)", (ROOT / "stack/study.yaml").read_text("utf-8"))[0]
)
HEARTBEATS_A_LOOK = constant("crates/backend/src/watch/known_heartbeats.rs", "MAX_READ")
LISTINGS_AT_ONCE = constant("crates/backend/src/listing.rs", "CONCURRENT_REQUESTS")
LISTING_PAUSE = constant("crates/backend/src/watch/listing_schedule.rs", "PAUSE_FACTOR")
MAX_TABLE_BYTES = constant("crates/backend/src/reading.rs", "MAX_ROWS_BYTES")
LOOK_SECS = constant("src/poll_backoff.rs", "MIN_PAUSE_SECS")
PRICES = {name: constant("crates/study/src/cost/prices.rs", name) for name in ("s3_get", "s3_put", "sqs")}


@dataclass(frozen=True)
class Study:
    """A study that computes: so many workers, cases, and seconds a case."""

    workers: int
    cases: int
    case_secs: float

    @property
    def secs(self) -> float:
        """How long it takes if workers never wait."""
        return self.cases / self.workers * self.case_secs

    def requests_a_case(self) -> dict[str, float]:
        """What a worker asks for a case, and for its share of the time that the case takes."""
        secs = self.case_secs
        return {
            # Is there a result already? And control.json, as often as it is read.
            "s3_get": 1 + secs / CONTROL_SECS,
            # The result; its row, with those of others if they are short; the heartbeat; the log.
            "s3_put": 1
            + min(1.0, secs / SEGMENT_SECS)
            + secs / min(max(secs, CHANGE_SECS), HEARTBEAT_SECS)
            + secs / JOURNAL_SECS,
            # Received, deleted, and its lease extended at each third.
            "sqs": 2 + math.floor(secs / (LEASE_SECS / 3)),
        }

    def requests(self) -> dict[str, float]:
        """Of all workers, and of who sends: ten messages a call."""
        told = {kind: number * self.cases for kind, number in self.requests_a_case().items()}
        return {**told, "sqs": told["sqs"] + self.cases / BATCH}

    def dollars(self) -> float:
        """What these cost."""
        return sum(number * PRICES[kind] / 1e6 for kind, number in self.requests().items())


def busy_share(study: Study, calls_a_second: float, cases: int = 60_000) -> float:
    """The share of workers' time that is spent on cases, with a queue that answers so many receives a second.

    Played through: a worker that has finished asks, and is answered when its turn comes. Durations are exponential.
    """
    draw = random.Random(1)  # noqa: S311 - durations, the same ones each time
    workers = [(draw.random() * study.case_secs, number) for number in range(study.workers)]
    began = sum(at for at, _ in workers)
    heapq.heapify(workers)
    next_answer, busy = 0.0, 0.0
    cases = max(cases, 10 * study.workers)
    for _ in range(cases):
        asks, number = heapq.heappop(workers)
        next_answer = max(next_answer + 1.0 / calls_a_second, asks)
        secs = draw.expovariate(1.0 / study.case_secs)
        busy += secs
        # Four answers: is there a result, the result, the message deleted, and this one.
        heapq.heappush(workers, (next_answer + secs + 4 * ANSWER_SECS, number))
    whole = sum(at for at, _ in workers) - began
    return min(1.0, busy / whole)


def most_behind(levels: list[int]) -> int:
    """How many cases of lower levels were still to be handed out when one of a higher level was, at most.

    `levels` are those of the cases in the order in which they were handed out.
    """
    left: dict[int, int] = {}
    most = 0
    for level in reversed(levels):
        left[level] = left.get(level, 0) + 1
        most = max(most, sum(count for lower, count in left.items() if lower < level))
    return most


def in_partitions(sizes: dict[int, int], partitions: int) -> list[int]:
    """The levels of a design's cases as a queue hands them out whose groups are spread over partitions by a hash.

    Whoever asks is answered by any partition that has something, in the order within it.
    """
    draw = random.Random(1)  # noqa: S311 - a hash and a choice, the same ones each time
    waiting: list[list[int]] = [[] for _ in range(partitions)]
    for level, cases in sizes.items():
        for _ in range(cases):
            waiting[draw.randrange(partitions)].append(level)
    waiting = [levels[::-1] for levels in waiting if levels]
    order = []
    while waiting:
        at = draw.randrange(len(waiting))
        order.append(waiting[at].pop())
        if not waiting[at]:
            waiting.pop(at)
    return order


def thousands(number: float) -> str:
    """With separators, rounded to three digits."""
    if number <= 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(number)))
    return f"{round(number, digits):,.0f}" if digits == 0 or number >= 100 else f"{number:.{digits}f}"


def duration(secs: float) -> str:
    """In the unit that fits."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if secs >= size:
            return f"{secs / size:.1f} {unit}"
    return f"{secs:.1f} s"


def table(heads: list[str], rows: list[list[str]]) -> str:
    """As Markdown."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


STUDIES = [
    Study(10, 100_000, 10),
    Study(100, 100_000, 60),
    Study(1_000, 1_000_000, 60),
    Study(10_000, 10_000_000, 10),
    Study(10_000, 10_000_000, 60),
    Study(10_000, 10_000_000, 600),
]


def of_workers() -> str:
    """Requests, dollars, and how busy workers are."""
    rows = []
    for study in STUDIES:
        told = study.requests()
        rows.append(
            [
                f"{study.workers:,} × {duration(study.case_secs)}",
                f"{study.cases:,}",
                duration(study.secs),
                *(f"{told[kind] / 1e6:.2f}" for kind in ("s3_get", "s3_put", "sqs")),
                f"{study.dollars():,.2f}",
                f"{study.workers / study.case_secs:,.1f}",
                f"{100 * busy_share(study, QUEUE_CALLS):.0f} %",
                f"{100 * busy_share(study, QUEUE_CALLS_HIGH):.0f} %",
            ]
        )
    heads = ["workers × a case", "cases", "takes", "S3 reads (M)", "S3 writes (M)", "SQS (M)", "dollars"]
    return table([*heads, "receives/s", "busy", "busy, high throughput"], rows)


def of_requests_a_second() -> str:
    """Of 10,000 workers, beside what AWS allows."""
    study = Study(10_000, 10_000_000, 60)
    a_case = study.requests_a_case()
    a_second = study.workers / study.case_secs
    idle, extended = study.workers / LONG_POLL_SECS, study.workers / (LEASE_SECS / 3)
    shortest = study.workers / QUEUE_CALLS
    rows = [
        ["receives while nothing is to be done", f"{idle:,.0f}", f"{QUEUE_CALLS}", verdict(idle, QUEUE_CALLS)],
        ["receives, at a minute a case", f"{a_second:,.0f}", f"{QUEUE_CALLS}", verdict(a_second, QUEUE_CALLS)],
        [f"receives, at {shortest:.0f} s a case", f"{QUEUE_CALLS}", f"{QUEUE_CALLS}", "just"],
        ["leases extended", f"{extended:,.0f}", f"{QUEUE_CALLS}", verdict(extended, QUEUE_CALLS)],
        [
            "`control.json` read",
            f"{study.workers / CONTROL_SECS:,.0f}",
            f"{S3_GETS:,}",
            verdict(study.workers / CONTROL_SECS, S3_GETS),
        ],
        [
            "writes to S3",
            f"{a_case['s3_put'] * a_second:,.0f}",
            f"{S3_PUTS:,}",
            verdict(a_case["s3_put"] * a_second, S3_PUTS),
        ],
    ]
    held = [["messages in workers' hands", f"{study.workers:,}", f"{QUEUE_HELD:,}", verdict(study.workers, QUEUE_HELD)]]
    return table(["of 10,000 workers, a second", "asked", "allowed", ""], rows + held)


def verdict(asked: float, allowed: float) -> str:
    """Whether it holds."""
    return "**too many**" if asked > allowed else "just" if asked > 0.8 * allowed else "holds"


def of_readers() -> str:
    """What an open page reads."""
    rows = []
    for workers, cases in ((10, 10_000), (100, 100_000), (1_000, 1_000_000), (10_000, 10_000_000)):
        segments = max(workers, math.ceil(cases / SEGMENT_ROWS))
        pages = math.ceil((2 * workers + segments) / PAGE_KEYS)
        data_pages = math.ceil(cases / PAGE_KEYS)
        listing_secs = data_pages * 2 * ANSWER_SECS / LISTINGS_AT_ONCE
        rows.append(
            [
                f"{workers:,} / {cases:,}",
                f"{pages}",
                f"{pages * PRICES['s3_put'] * 3_600 / (LOOK_SECS + pages * 2 * ANSWER_SECS) / 1e6:.3f}",
                duration(math.ceil(workers / HEARTBEATS_A_LOOK) * (LOOK_SECS + pages * 2 * ANSWER_SECS)),
                f"{segments:,}",
                f"{cases * ROW_BYTES / 1e6:,.0f}",
                f"{data_pages:,}",
                duration(listing_secs),
                duration(max(15.0, LISTING_PAUSE * listing_secs)),
                f"{max(1, math.ceil(cases * TABLE_ROW_BYTES / MAX_TABLE_BYTES))}",
            ]
        )
    heads = [
        "workers / cases",
        "LISTs a look",
        "dollars an hour",
        "every heartbeat is read in",
        "segments",
        "rows (MB)",
    ]
    return table([*heads, "LISTs of `data/`", "that takes", "again after", "submissions"], rows)


def of_sending() -> str:
    """How long sending takes at most that fast."""
    rows = [
        [f"{cases:,}", duration(cases / BATCH / QUEUE_CALLS), duration(cases / BATCH / QUEUE_CALLS_HIGH)]
        for cases in (100_000, 1_000_000, 10_000_000)
    ]
    return table(["cases", "sent in, at best", "high throughput"], rows)


def of_levels() -> str:
    """By how many cases levels overtake one another, with a partition for each 300 calls a second."""
    rows = []
    for first, last in ((1, 6), (3, 10), (3, 13)):
        sizes = {level: 1 << level for level in range(first, last + 1)}
        cases = sum(sizes.values())
        behind = [most_behind(in_partitions(sizes, round(calls / QUEUE_CALLS))) for calls in QUEUE_CALLS_OF_REGIONS]
        rows.append([f"{first}–{last}", f"{cases:,}", *(f"{most:,} ({100 * most / cases:.0f} %)" for most in behind)])
    heads = [f"overtaken at {calls:,} calls/s" for calls in QUEUE_CALLS_OF_REGIONS]
    return table(["levels", "cases", *heads], rows)


def tables() -> str:
    """All of them."""
    parts = [of_workers(), of_requests_a_second(), of_readers(), of_sending(), of_levels()]
    return "\n".join(parts)


def main() -> None:
    """Prints them, or compares."""
    told = tables()
    if "--check" not in sys.argv[1:]:
        print(told, end="")
        return
    document = DOCUMENT.read_text("utf-8")
    begin, end = document.index(BEGIN) + len(BEGIN), document.index(END)
    if document[begin:end].strip() != told.strip():
        sys.exit("docs/scale.md has other tables than bench/scale.py makes: put these in")


if __name__ == "__main__":
    main()
