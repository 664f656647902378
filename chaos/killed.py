"""Workers that are killed all the time: no case is lost, and none is done twice."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from attached import Shell
from command_line import Launched

from chaos import numbers
from chaos.count import StudyReader
from chaos.entry import Entries, Entry, add_all
from chaos.looks import looks
from chaos.surroundings import Surroundings
from chaos.waiting import is_soon
from chaos.workers import Crew

CASES, WORKERS, LIMIT_SECS = 1000, 4, 180
LEASE_SECS, MAX_RECEIVES, PAUSE_SECS = 6, 2, 2.0
# From the end of a lease until a worker has come to the case: each is busy, or starts, on a machine that is, too.
PICK_UP_SECS = 4.0
# Of those that are killed on purpose a second time, so that they come into the dead-letter queue.
SHARE_OF_HUNTED = 0.3
# Each start of a case is noted outside of the study.
MODEL = """\
import json, os, time
with open({{starts}}, "a") as starts:
    line = {"case": case["case_id"], "process": os.getppid(), "time": time.time()}
    starts.write(json.dumps(line) + "\\n")
time.sleep(0.1)
result["double"] = 2 * {{a}}
"""


@dataclass(frozen=True)
class Start:
    """A case was begun by the worker of this process id."""

    case: str
    process: int
    time: float


@dataclass(frozen=True)
class Death:
    """A worker was killed while it had a case that wasn't done."""

    case: str
    time: float


@dataclass
class Killer:
    """Kills workers, and notes which cases they had."""

    crew: Crew
    reader: StudyReader
    random: Random
    notes: Path
    deaths: list[Death] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    hunted: set[str] = field(default_factory=set)
    _next: float = 0.0

    def step(self) -> bool:
        """Kills whoever is due. Returns whether the queue is empty."""
        last = self._last_starts()
        for worker in [*self.crew.workers]:
            start = last.get(worker.process.pid)
            if start is not None and start.case in self.hunted:
                self.hunted.discard(start.case)
                self._kill(worker, start, "a worker, when it had a case of a killed one")
        if time.monotonic() > self._next and (begun := [w for w in self.crew.workers if w.process.pid in last]):
            self._next = time.monotonic() + PAUSE_SECS
            worker = self.random.choice(begun)
            if self._kill(worker, last[worker.process.pid], "a worker") and self.random.random() < SHARE_OF_HUNTED:
                self.hunted.add(self.deaths[-1].case)
        return self.reader.in_queue() == 0

    def _kill(self, worker: Shell, start: Start, what: str) -> bool:
        """Returns whether it had a case that isn't done."""
        with_its_case = self.random.random() < 0.5
        self.crew.kill(worker, with_its_case=with_its_case)
        self.kills[f"SIGKILL to {what}{' and its case' if with_its_case else ''}"] += 1
        had_one = not self.reader.has_result(numbers.BATCH, start.case)
        if had_one:
            self.deaths.append(Death(start.case, time.time()))
        return had_one

    def _last_starts(self) -> dict[int, Start]:
        return {start.process: start for start in self.starts()}

    def starts(self) -> Iterator[Start]:
        """All that were noted, in their order."""
        if self.notes.exists():
            for line in self.notes.read_text().splitlines():
                yield Start(**json.loads(line))


def measure(surroundings: Surroundings, random: Random) -> Entries:
    """A thousand cases, a worker killed every two seconds; then the dead letters are sent again."""
    study = surroundings.launch(lease_secs=LEASE_SECS, max_receives=MAX_RECEIVES)
    notes, reader = surroundings.folder / "starts.ndjson", StudyReader(study)
    sent = numbers.send(study, MODEL, CASES, starts=str(notes))
    with ExitStack() as ending:
        seen = ending.enter_context(looks(surroundings, study))
        killer = Killer(Crew(study, WORKERS, ending), reader, random, notes)
        is_soon("the queue is empty, though workers are killed", killer.step, LIMIT_SECS)
        dead, redrive_time = reader.dead_letters(), time.time()
        redrive(study, reader)
        entries = seen.disagreeing()
        killer.crew.interrupt()
    contents, rows = reader.contents(), reader.rows_done()
    table, lacking = numbers.table_of_results(study, surroundings.folder)
    lost = numbers.lost(sent, contents) + numbers.wrong(sent, contents) + abs(CASES - len(table) - lacking)
    late, longest_secs = picked_up_late(killer, dead, redrive_time)
    longest = f"picked up after {longest_secs:.1f} s at most, lease {LEASE_SECS} s"
    told = f"{len(killer.deaths)} killed workers had a case, and {lacking} cases no row in `cruncher results --table`"
    if missed := numbers.told(sent, contents):
        told += f"; {missed}"
    faults = dict(sorted(killer.kills.items())) | {"dead letters sent again": len(dead)}
    add_all(entries, {
        "cases_lost": Entry(lost, "cases", faults=faults, note=told),
        "cases_picked_up_late": Entry(late, "cases", note=longest),
        "results_duplicated": Entry(numbers.twice(rows) + numbers.twice(table), "cases"),
    })  # fmt: skip
    return entries


def redrive(study: Launched, reader: StudyReader) -> None:
    """Sends dead letters again until there are none, and waits until their cases are done."""
    ran = study.command_line.run("redrive", study.study)
    if ran.code != 0:
        raise RuntimeError(ran.err)
    is_soon("what was sent again is done", lambda: reader.in_queue() + reader.dead_letter_count() == 0, LIMIT_SECS)


def picked_up_late(killer: Killer, dead: set[str], redrive_time: float) -> tuple[int, float]:
    """How many cases nobody took in time after a death, and the longest time. Dead letters are for redrive."""
    starts, late, longest_secs = [*killer.starts()], 0, 0.0
    for death in killer.deaths:
        after = [start.time for start in starts if start.case == death.case and start.time > death.time]
        if death.case in dead and (not after or min(after) > redrive_time):
            continue
        secs = min(after) - death.time if after else float("inf")
        late, longest_secs = late + (secs > LEASE_SECS + PICK_UP_SECS), max(longest_secs, secs)
    return late, longest_secs
