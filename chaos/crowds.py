"""Very many objects beside healthy cases: what somebody with a worker's key could write in a night.

Harm is a wrong figure of the healthy cases, something that no longer works, and more memory than a computer has to
spare. Each is one.
"""

from __future__ import annotations

import os
import resource
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

from command_line import Launched
from crowds import Crowd, crowd_objects
from enqueue import enqueue
from playwright.sync_api import BrowserContext
from small_models import DOUBLE
from studies import link, queue_of, wait_for_end

from chaos.entry import Entries, Entry
from chaos.hostile import BATCH, CASES, LEASE_SECS, Harm, batch_of, is_counted, is_shown, watched
from chaos.surroundings import Surroundings
from chaos.workers import attached

MAX_MIB, MAX_TASK_MS, PAUSE_MS, PATIENCE_SECS = 1536, 200, 5_000, 900
CROWD = Crowd()
# Tasks of the page's thread that held it up, in milliseconds.
NOTE_TASKS = """
window.longTasks = [];
new PerformanceObserver(list => list.getEntries().forEach(task => longTasks.push(Math.round(task.duration))))
    .observe({type: "longtask", buffered: true});
"""


def measure(surroundings: Surroundings, random: Random) -> Entries:
    """A study with healthy cases; then the crowd; then all that people do."""
    study, harm = surroundings.launch(lease_secs=LEASE_SECS), Harm()
    enqueue(queue_of(study), BATCH, DOUBLE, {1: [{"a": number} for number in range(CASES)]})
    with attached(study):
        wait_for_end(study, done=CASES)
    study.command_line.cloud.put_objects(study.bucket, crowd_objects(CROWD, random))
    with watched(surroundings, harm) as context:
        tasks, page_mib = check_page(study, context, harm)
    check_commands(study, harm, surroundings.folder)
    command_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    harm.check(f"the page takes {page_mib} MiB", lambda: page_mib < MAX_MIB)
    harm.check(f"the command line takes {command_mib} MiB", lambda: command_mib < MAX_MIB)
    late = [task for task in tasks if task > MAX_TASK_MS]
    told = (
        f"the page took {page_mib} MiB, a command {command_mib}; tasks longer than {MAX_TASK_MS} ms: {late or 'none'}"
    )
    note = "; ".join([*harm.found, told])
    return {"crowds_harm": Entry(len(harm.found), "harms", faults=dict(vars(CROWD)), note=note)}


def check_page(study: Launched, context: BrowserContext, harm: Harm) -> tuple[list[int], int]:
    """Goes through the pages; returns the tasks that were long, and the most memory that a process of the page had."""
    page = context.new_page()
    page.add_init_script(NOTE_TASKS)
    page.goto(link(study))
    harm.check("the page counts the healthy cases", lambda: is_counted(page, CASES))
    for name in ("overview", "errors", "cases", "results"):
        for batch in ("*", BATCH):
            harm.check(f"the page {name} of {batch}", partial(is_shown, page, f"{name}?batch={batch}", ""))
            # Long tasks of what is read by and by.
            page.wait_for_timeout(PAUSE_MS)
    tasks: list[int] = page.evaluate("longTasks")
    page_mib = renderer_mib()
    page.close()
    return tasks, page_mib


def renderer_mib() -> int:
    """The most memory that a process of pages in a browser of this process has had, in MiB."""
    parents, most = {}, {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            lines = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
            command = (process / "cmdline").read_bytes()
        except OSError:  # it has ended
            continue
        parents[int(process.name)] = int(lines["PPid"])
        if b"--type=renderer" in command:
            most[int(process.name)] = int(lines.get("VmHWM", "0").split()[0]) >> 10

    def is_own(process: int) -> bool:
        return process == os.getpid() or (process in parents and is_own(parents[process]))

    return max(mib for process, mib in most.items() if is_own(process))


def check_commands(study: Launched, harm: Harm, folder: Path) -> None:
    """The command line counts, fetches, freezes and deletes."""
    run = replace(study.command_line, patience_secs=PATIENCE_SECS).run
    table, frozen = folder / "table.csv", folder / "frozen.html"
    said = run("status", study.study, "--json")
    harm.check(f"cruncher status: {said.err[-200:]}", lambda: batch_of(said.json())["done"] == CASES)
    harm.check("cruncher status as a text", lambda: f"\n  {BATCH} " in run("status", study.study).out)
    run("results", study.study, "--table", str(table), "--batch", BATCH)
    harm.check("cruncher results --table", lambda: table.read_text().count(f"\n{BATCH},") == CASES)
    run("freeze", study.study, str(frozen))
    harm.check("cruncher freeze", lambda: frozen.stat().st_size > 100_000)
    said = run("clean-up", study.study, "--yes", "--delete-results")
    buckets = study.command_line.cloud.client("s3").list_buckets()["Buckets"]
    harm.check(f"cruncher clean-up: {said.err[-200:]}", lambda: study.bucket not in [one["Name"] for one in buckets])
