"""Cases that end their process: they fail, and nothing else."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from random import Random
from typing import Any

from enqueue import Parameters, enqueue
from studies import queue_of

from chaos.count import Contents, StudyReader
from chaos.entry import Entries, Entry, add_all
from chaos.looks import looks
from chaos.surroundings import Surroundings
from chaos.waiting import is_soon
from chaos.workers import Crew

CASES, WORKERS, LEASE_SECS, MAX_ATTEMPTS, LIMIT_SECS = 60, 4, 10, 2, 60
ENDS = ("os._exit", "segmentation fault", "SIGKILL to itself", "abort")
MODEL = """\
import ctypes, os, signal
end = {{end}}
if end == "os._exit":
    os._exit(3)
if end == "segmentation fault":
    ctypes.string_at(0)
if end == "SIGKILL to itself":
    os.kill(os.getpid(), signal.SIGKILL)
if end == "abort":
    os.abort()
result["n"] = {{n}}
"""


def measure(surroundings: Surroundings, random: Random) -> Entries:
    """Sixty cases, four of which end their process, each in another way."""
    cases: list[Parameters] = [{"n": number, "end": "none"} for number in range(CASES)]
    for case, way in zip(random.sample(cases, len(ENDS)), ENDS, strict=True):
        case["end"] = way
    study = surroundings.launch(lease_secs=LEASE_SECS)
    enqueue(queue_of(study), "poison", MODEL, {1: cases}, max_attempts=MAX_ATTEMPTS)
    with ExitStack() as ending:
        seen = ending.enter_context(looks(surroundings, study))
        crew = Crew(study, WORKERS, ending)
        reader = StudyReader(study)
        is_soon("the poison cases have failed, the others are done", lambda: reader.in_queue() == 0, LIMIT_SECS)
        entries, gone = seen.disagreeing(), crew.gone()
        contents = reader.contents()
    faults = injected(contents)
    add_all(entries, {
        "poison_workers_lost": Entry(gone, "workers", faults=faults),
        "poison_cases_wrong": Entry(wrong(contents), "cases"),
    })  # fmt: skip
    return entries


def wrong(contents: Contents) -> int:
    """How many cases did not end as they should: the four failed, all others done with their result."""
    results = [document["result"]["n"] for document in contents.done.values() if not is_poison(document)]
    failures = [document for document in contents.errors.values() if is_poison(document) and document["final"]]
    right = len({*results}) + len(failures)
    return abs(CASES - right) + sum(map(is_poison, contents.done.values()))


def is_poison(document: dict[str, Any]) -> bool:
    """Whether a document is of a case that ends its process."""
    return bool(document["parameters"]["end"] != "none")


def injected(contents: Contents) -> dict[str, int]:
    """How often each way to end a process was gone: once an attempt."""
    ways: Counter[str] = Counter()
    for document in contents.errors.values():
        ways[f"a case's process: {document['parameters']['end']}"] += document["attempt"]
    return dict(ways)
