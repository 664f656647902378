"""Two computers, one of which has a full disk, or is filled by a bundle: what it can't compute, the other one does."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

from enqueue import enqueue
from studies import queue_of

from chaos.count import StudyReader
from chaos.entry import Entries, Entry, add_all
from chaos.looks import looks
from chaos.surroundings import Surroundings
from chaos.waiting import is_soon, wait_until
from chaos.workers import attached

CASES, LEASE_SECS, LIMIT_SECS = 60, 10, 90
FULL = "No space left on device"
# The first case that the one computer takes finds room, and leaves none.
MODEL = """\
import os
if os.environ.get("SMALL_DISK"):
    with open(os.environ["SMALL_DISK"] + "/filling", "ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))
result["n"] = {{n}}
"""
# A folder that doesn't fit on the small disk, in a packed copy or in files.
BUNDLE_CASES, BALLAST_MIB = 20, 8
BUNDLED = 'import os\nresult["size"] = os.path.getsize("ballast") + {{n}}\n'


class NoDiskError(Exception):
    """A small disk can't be made here."""


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A folder with room for four MiB: a file system in memory, which only root may mount."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m,nr_inodes=200", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 - as above
    if mounted.returncode != 0:
        raise NoDiskError(mounted.stderr.strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607 - the same


def measure(surroundings: Surroundings, random: Random) -> Entries:
    """Sixty cases of one attempt each. Nothing here is left to chance."""
    try:
        with small_disk(surroundings.folder / "small") as disk:
            entries = with_disk(surroundings, disk)
        with small_disk(surroundings.folder / "small for a bundle") as disk:
            add_all(entries, with_bundle(surroundings, disk, random))
            return entries
    except NoDiskError as error:
        note = f"no small disk can be made here: {error}"
        return {name: Entry(None, "cases", note=note) for name in ("bad_host_failed", "bundle_host_failed")}


def with_disk(surroundings: Surroundings, disk: Path) -> Entries:
    """The same, with a small disk."""
    study = surroundings.launch(lease_secs=LEASE_SECS)
    reader = StudyReader(study)
    enqueue(queue_of(study), "disk", MODEL, {1: [{"n": number} for number in range(CASES)]}, max_attempts=1)
    with ExitStack() as ending:
        seen = ending.enter_context(looks(surroundings, study))
        bad = ending.enter_context(attached(study, TMPDIR=str(disk), SMALL_DISK=str(disk)))
        wait_until("a worker that has no room left", lambda: FULL in bad.output)
        ending.enter_context(attached(study))
        is_soon("the other worker has done all", lambda: reader.in_queue() == 0, LIMIT_SECS)
        entries = seen.disagreeing()
        refusals = bad.output.count(FULL)
    count = reader.contents().count
    faults = {"a disk without room": 1, "no room for the worker": refusals}
    add_all(entries, {"bad_host_failed": Entry(count.cases - count.done, "cases", faults=faults)})
    return entries


def with_bundle(surroundings: Surroundings, disk: Path, random: Random) -> Entries:
    """Twenty cases of a bundle, which is larger than the disk of one of two computers."""
    folder = surroundings.folder / "bundle"
    folder.mkdir()
    (folder / "ballast").write_bytes(random.randbytes(BALLAST_MIB << 20))
    (folder / "run.py").write_text(BUNDLED)
    (folder / "model.json").write_text('{"v": 1, "kind": "python", "main": "run.py"}')
    table = surroundings.folder / "cases.csv"
    table.write_text("n\n" + "".join(f"{number}\n" for number in range(BUNDLE_CASES)))
    study = surroundings.launch(lease_secs=LEASE_SECS)
    reader = StudyReader(study)
    options = ("--batch", "bundle", "--model", str(folder))
    sent = study.command_line.run("enqueue", study.study, str(table), *options)
    if sent.code != 0:
        raise RuntimeError(sent.err)
    with ExitStack() as ending:
        seen = ending.enter_context(looks(surroundings, study))
        bad = ending.enter_context(attached(study, TMPDIR=str(disk)))
        wait_until("a worker whose disk the bundle fills", lambda: FULL in bad.output)
        ending.enter_context(attached(study))
        is_soon("the other worker has done all", lambda: reader.in_queue() == 0, LIMIT_SECS)
        entries = seen.disagreeing()
        refusals = bad.output.count(FULL)
    contents = reader.contents()
    results = [document["result"]["size"] - (BALLAST_MIB << 20) for document in contents.done.values()]
    failed = len({*range(BUNDLE_CASES)} - {*results}) + len(contents.errors)
    add_all(entries, {"bundle_host_failed": Entry(failed, "cases", faults={"no room for a bundle": refusals})})
    return entries
