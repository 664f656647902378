"""Senders that are killed and gone on with, and two at once: every case is in the queue, once."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any

from command_line import Launched, Ran
from studies import drain

from chaos.count import StudyReader
from chaos.entry import Entries, Entry, add_all
from chaos.looks import looks
from chaos.proxy import FaultyProxy, faulty_proxy
from chaos.surroundings import Surroundings
from chaos.waiting import wait_until

BATCHES = {"alone": 2000, "one": 2000, "two": 2000, "same": 500}
KILLS, LEASE_SECS, LIMIT_SECS = 4, 60, 60
# Of every request, so that there is a moment to kill in.
DELAY_SECS = 0.02
# All kills together come before a sender of `alone` has ended, most often.
MAX_REQUESTS = 60


def measure(surroundings: Surroundings, random: Random) -> Entries:
    """One sender that is killed at random and gone on with; two at once of two designs, and two at once of the same."""
    designs = {batch: write_design(surroundings.folder, batch, cases) for batch, cases in BATCHES.items()}
    with ExitStack() as ending:
        proxy = ending.enter_context(faulty_proxy(surroundings.cloud, random))
        study = surroundings.launch(lease_secs=LEASE_SECS, through=proxy.url)
        proxy.delay_secs = DELAY_SECS
        killed = killed_senders(study, proxy, random, designs["alone"])
        killed += two_at_once(study, proxy, random, [designs["one"], designs["two"]])
        same_at_once(study, designs["same"])
        proxy.delay_secs = 0
        seen = ending.enter_context(looks(surroundings, study))
        entries = seen.disagreeing()
    named, messages = StudyReader(study).contents().cases, drain(study)
    missing = abs(sum(BATCHES.values()) - len(named)) + len(named ^ {message["case_id"] for message in messages})
    twice, twice_of_same = (more_than_once(messages, {*BATCHES} - {"same"}), more_than_once(messages, {"same"}))
    faults = {"SIGKILL to a sender": killed, "two senders at once": 1}
    add_all(entries, {
        "senders_missing_or_twice": Entry(missing + twice, "messages", faults=faults),
        "same_design_sent_twice": Entry(twice_of_same, "messages", faults={"two senders of one design at once": 1}),
    })  # fmt: skip
    return entries


def more_than_once(messages: list[dict[str, Any]], batches: set[str]) -> int:
    """How many cases of these batches several messages name."""
    counts = Counter(message["case_id"] for message in messages if message["batch"] in batches)
    return sum(count > 1 for count in counts.values())


def write_design(folder: Path, batch: str, cases: int) -> Path:
    """A design of random cases, with a model of its own beside it."""
    (folder / f"{batch}.py").write_text(f"# {batch}\nresult['double'] = 2 * {{{{a}}}}\n")
    design = {
        "batch": batch, "model": {"file": f"{batch}.py", "kind": "python"}, "seed": 1,
        "factors": [{"name": "a", "minimum": 0.0, "maximum": 100.0}], "sampler": {"kind": "random", "cases": cases},
    }  # fmt: skip
    path = folder / f"{batch}.json"
    path.write_text(json.dumps(design))
    return path


@contextmanager
def sending(study: Launched, design: Path) -> Iterator[subprocess.Popen[str]]:
    """A sender. It ends with this."""
    process = subprocess.Popen(  # noqa: S603 - the program that is put to the test
        study.command_line.arguments("enqueue", study.study, str(design), "--yes"),
        env=study.command_line.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def kill_at(sender: subprocess.Popen[str], proxy: FaultyProxy, requests: int) -> bool:
    """Kills a sender after so many requests from now on; returns whether it hadn't ended before."""
    limit = proxy.requests.total() + requests
    is_due = lambda: proxy.requests.total() >= limit or sender.poll() is not None  # noqa: E731
    wait_until("the requests of a sender", is_due, LIMIT_SECS)
    was_at_work = sender.poll() is None
    sender.kill()
    sender.wait()
    return was_at_work


def killed_senders(study: Launched, proxy: FaultyProxy, random: Random, design: Path) -> int:
    """Kills and goes on, some times, then to the end; returns how many were killed at work."""
    killed = 0
    for _ in range(KILLS):
        with sending(study, design) as sender:
            killed += kill_at(sender, proxy, random.randint(1, MAX_REQUESTS))
    finish(study, design)
    return killed


def two_at_once(study: Launched, proxy: FaultyProxy, random: Random, designs: list[Path]) -> int:
    """Two send at the same time, and one is killed and gone on with; returns how many were killed at work."""
    with sending(study, designs[0]) as one, sending(study, designs[1]) as two:
        killed = kill_at(one, proxy, random.randint(1, MAX_REQUESTS))
        finish(study, designs[0])
        _, err = two.communicate(timeout=LIMIT_SECS)
        check(Ran(two.returncode, "", err))
    return killed


def same_at_once(study: Launched, design: Path) -> None:
    """Somebody starts the same command twice."""
    with sending(study, design) as one, sending(study, design) as two:
        for sender in (one, two):
            _, err = sender.communicate(timeout=LIMIT_SECS)
            check(Ran(sender.returncode, "", err))


def finish(study: Launched, design: Path) -> None:
    """Sends to the end what isn't sent."""
    check(study.command_line.run("enqueue", study.study, str(design), "--yes"))


def check(ran: Ran) -> None:
    """That a sender did its work."""
    if ran.code != 0:
        raise RuntimeError(ran.err)
