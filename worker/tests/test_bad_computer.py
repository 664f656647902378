"""Computers that can't run cases, and workers on which cases fail that others finish: no case is lost to them."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.lab import Attached, Lab, wait_for

# Rests as they are, but shorter.
SOON = "attach.__globals__.update(COMPUTER_RESTS_SECS=(1.0, 2.0), FAILURES_RESTS_SECS=(4.0, 8.0)); "


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for four MiB and a hundred files."""
    folder = tmp_path / "small"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", "size=4m,nr_inodes=100"]
    mounted = subprocess.run(["mount", *options, "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no disk can be made here: {mounted.stderr.decode()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> None:
    """Leaves no room."""
    with pytest.raises(OSError, match="No space left"), (folder / "filling").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def use_up_files(folder: Path) -> None:
    """Leaves no room for another file."""
    with pytest.raises(OSError, match="No space left"):
        for number in range(1000):
            (folder / f"empty-{number}").touch()


def free(folder: Path) -> None:
    """There is room again."""
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()


def rests(lab: Lab, worker: Attached, words: str) -> None:
    """Waits until a worker says in its heartbeat that it rests, and why."""

    def look() -> bool:
        told = lab.document(f"workers/{worker.name()}/heartbeat.json") or {}
        return told.get("state") == "resting" and words in (told["message"] or "")

    try:
        wait_for(f"a worker that rests because of {words!r}", look)
    except AssertionError as error:
        raise AssertionError(f"{error}; it printed:\n{worker.output}") from None


MODEL = "with open('scratch', 'wb') as file:\n    file.write(bytes(1 << 20))\nresult['n'] = {{n}}"


@pytest.mark.parametrize("use_up", [fill, use_up_files])
def test_a_worker_whose_disk_is_full_takes_no_case_and_says_so(
    lab: Lab, small_disk: Path, use_up: Callable[[Path], None]
) -> None:
    bad = lab.attach(between=SOON, TMPDIR=str(small_disk))
    bad.says("waiting for cases")
    use_up(small_disk)
    # What a check held that was under way is free again when it is over.
    wait_for("the end of a check", lambda: not list(small_disk.glob("*/0")))
    use_up(small_disk)
    cases = [lab.send(MODEL, parameters={"n": number}, max_attempts=1) for number in range(4)]
    rests(lab, bad, "No space left on device")
    wait_for("all cases in the queue", lambda: lab.in_queue() == (4, 0))
    bad.says("No space left on device", times=2)
    bad.says(f"{small_disk} has 0 MiB of 4 MiB free" if use_up is fill else "free, and room for 0 more files")
    bad.says("make room there, or attach the worker with another folder in TMPDIR")
    assert lab.in_queue() == (4, 0)
    free(small_disk)
    assert [lab.done(case)["attempt"] for case in cases] == [1, 1, 1, 1]
    told = lab.heartbeat(bad.name(), state="waiting")
    assert (told["message"], told["counts"]["failed"]) == (None, 0)


FILLING_MODEL = """
import os
if os.environ.get("SMALL_DISK"):
    with open(os.environ["SMALL_DISK"] + "/filling", "ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))
"""


def test_sixty_cases_are_done_though_one_of_two_computers_has_a_full_disk(lab: Lab, small_disk: Path) -> None:
    bad = lab.attach(between=SOON, TMPDIR=str(small_disk), SMALL_DISK=str(small_disk))
    bad.says("waiting for cases")
    # The first case that it takes finds the disk full, and leaves it so.
    model = FILLING_MODEL + MODEL
    cases = [lab.send(model, parameters={"n": number}, max_attempts=1) for number in range(60)]
    rests(lab, bad, "No space left on device")
    good = lab.attach()
    done = [lab.done(case) for case in cases]
    assert [document["result"]["n"] for document in done] == list(range(60))
    assert {(document["attempt"], document["worker"]) for document in done} == {(1, good.name())}
    assert lab.keys("data/b/error-") == []


def test_a_case_that_uses_up_what_is_free_when_it_has_ended_has_failed(lab: Lab, small_disk: Path) -> None:
    model = "with open('all', 'wb', buffering=0) as file:\n    while True:\n        file.write(bytes(4096))"
    case = lab.send(model, max_attempts=1)
    worker = lab.attach(between=SOON, TMPDIR=str(small_disk))
    assert "No space left on device" in lab.error(case)["message"]
    assert lab.done(lab.send(MODEL, parameters={"n": 1}))["worker"] == worker.name()


def test_without_a_temporary_folder_no_case_is_taken(lab: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    worker = lab.attach(between=SOON, TMPDIR=str(folder))
    lab.done(lab.send("result['a'] = 1"))
    # A check that is under way may take a file away before it is removed here.
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
    rests(lab, worker, "No such file or directory")
    case = lab.send("result['a'] = 2", max_attempts=1)
    folder.mkdir()
    assert lab.done(case)["attempt"] == 1


def test_without_free_files_no_case_is_taken(lab: Lab) -> None:
    worker = lab.attach(between=SOON)
    worker.says("waiting for cases")
    few, many = (16, 4096), (1024, 4096)
    resource.prlimit(worker.process.pid, resource.RLIMIT_NOFILE, few)
    case = lab.send("result['a'] = 2", max_attempts=1)
    rests(lab, worker, "Too many open files")
    resource.prlimit(worker.process.pid, resource.RLIMIT_NOFILE, many)
    assert lab.done(case)["attempt"] == 1


def test_without_memory_no_case_is_taken(lab: Lab) -> None:
    worker = lab.attach(between=SOON)
    lab.done(lab.send("result['a'] = 1"))
    worker.says("waiting for cases")
    before = resource.prlimit(worker.process.pid, resource.RLIMIT_AS)
    resource.prlimit(worker.process.pid, resource.RLIMIT_AS, (1 << 20, before[1]))
    case = lab.send("result['a'] = 2", isolation="case", max_attempts=1)  # it needs a process of its own
    worker.says("this computer could not run case")
    resource.prlimit(worker.process.pid, resource.RLIMIT_AS, before)
    assert lab.done(case)["attempt"] == 1


# Nobody counts root's processes: the worker becomes a user who has no others, but may read what root may.
AS_A_USER = (
    "import os, sys; os.geteuid() or os.execvp('setpriv', ['setpriv', '--reuid=54321', '--clear-groups', "
    "'--inh-caps=+dac_override', '--ambient-caps=+dac_override', *sys.orig_argv]); "
)
# While there is such a file, a process is one too many for its user.
FEW = """
import os, resource, threading, time
def limit():
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    while True:
        resource.setrlimit(resource.RLIMIT_NPROC, (1 if os.path.exists({path!r}) else hard, hard))
        time.sleep(0.02)
threading.Thread(target=limit, daemon=True).start()
"""
NO_PROCESS = "Resource temporarily unavailable"


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """The file."""
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("nothing here makes root another user")
    return tmp_path / "few"


def attached_as_a_user(lab: Lab, few: Path) -> Attached:
    worker = lab.attach(between=SOON, before=f"{AS_A_USER}exec({FEW.format(path=str(few))!r}); ")
    worker.says("waiting for cases")
    return worker


def test_without_free_processes_no_case_is_taken(lab: Lab, few: Path) -> None:
    worker = attached_as_a_user(lab, few)
    lab.done(lab.send("result['a'] = 1"))
    few.touch()
    case = lab.send("result['a'] = 2", isolation="case", max_attempts=1)  # it needs a process of its own
    worker.says("this computer could not run case")
    rests(lab, worker, NO_PROCESS)
    rests(lab, worker, "end some, or raise the limit (`ulimit -u`, or the container's)")
    wait_for("the case in the queue", lambda: lab.in_queue() == (1, 0))
    few.unlink()
    assert lab.done(case)["attempt"] == 1


def test_a_case_that_could_start_no_process_has_lost_no_attempt(lab: Lab, few: Path) -> None:
    worker = attached_as_a_user(lab, few)
    few.touch()
    model = f"import os, resource, subprocess\nif os.path.exists({str(few)!r}):\n"
    model += "    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))\nresult['code'] = subprocess.call(['true'])"
    case = lab.send(model, max_attempts=1)
    rests(lab, worker, NO_PROCESS)
    worker.says(NO_PROCESS, times=2)  # it looks again, and takes none meanwhile
    assert sum(lab.in_queue()) == 1 and lab.keys("data/b/error-") == []
    few.unlink()
    document = lab.done(case)
    assert (document["attempt"], document["result"]) == (1, {"code": 0})
    assert worker.output.count("attempt 1 of 1") == 2


PLACE_MODEL = """
import os
if os.environ.get("PLACE") == "bad":
    raise ImportError("no licence here")
result["n"] = {{n}}
"""


def test_a_case_that_has_failed_here_is_left_to_others_once(lab: Lab) -> None:
    case = lab.send(PLACE_MODEL, parameters={"n": 1}, max_attempts=2)
    bad = lab.attach(between=SOON, PLACE="bad")
    bad.says("another worker may try it first")
    document: dict[str, Any] = lab.error(case)
    assert (document["attempt"], document["max_attempts"]) == (2, 2)


def test_a_worker_on_which_everything_fails_takes_few_cases_and_says_why(lab: Lab) -> None:
    cases = [lab.send(PLACE_MODEL, parameters={"n": number}) for number in range(30)]
    bad = lab.attach(between=SOON, PLACE="bad")
    rests(lab, bad, "the last 5 cases failed here, the last one with ImportError: no licence here")
    lab.attach()
    for case in cases:
        lab.done(case)
    rests(lab, bad, "other workers have finished")
    counts = lab.heartbeat(bad.name())["counts"]
    assert counts["failed"] == 0
    assert 5 <= counts["retried"] <= 7
    # It hears what its operator wants meanwhile.
    lab.control(drain=[bad.name()])
    assert bad.ends() == 0
    assert "drained" in bad.output
