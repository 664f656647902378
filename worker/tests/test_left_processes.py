"""Processes that a model has started and leaves behind."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.lab import Lab, is_running, wait_for

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone tells of them")

SOON = "attach.__globals__.update(CONTROL_SECS=0.3, GRACE_SECS=1.0); "
# Each writes its number into the file `pid`.
SLEEPER = "echo $$ > {pid}; exec sleep 600"
WAITED = (
    "import os, subprocess, time\nresult['worker'] = os.getpid()\n{start}\n"
    "while not os.path.exists({pid!r}):\n    time.sleep(0.01)\n"
)
LEFT = {
    "a child": "subprocess.Popen(['sh', '-c', {sleeper!r}])",
    "a child that holds the output": "subprocess.Popen(['sh', '-c', {sleeper!r}], stdin=0, stdout=1, stderr=2)",
    "a child in a session of its own": "subprocess.Popen(['sh', '-c', {sleeper!r}], start_new_session=True)",
    "a child of a child that has ended": "subprocess.call(['sh', '-c', 'sh -c \"$0\" &', {sleeper!r}])",
    "a daemon": "subprocess.call(['setsid', '--fork', 'sh', '-c', {sleeper!r}])",
    "a child that wants no end": "subprocess.Popen(['sh', '-c', 'trap \"\" TERM HUP INT; ' + {sleeper!r}])",
}


def told_in(document: dict[str, Any]) -> list[str]:
    """What the warnings of a document say of processes, by their numbers."""
    pattern = r"process (\d+) \((.*)\) still ran when the model had ended, and was ended"
    found = [re.fullmatch(pattern, one) for one in document["warnings"]]
    assert all(found), document["warnings"]
    return [one.group(2) for one in found if one]


def has_ended(pid: Path) -> None:
    """Waits for the end of the process whose number stands there."""
    wait_for("its end", lambda: not is_running(int(pid.read_text())))


@pytest.mark.parametrize("start", LEFT.values(), ids=LEFT)
def test_what_a_model_leaves_running_is_named_and_ended(lab: Lab, tmp_path: Path, start: str) -> None:
    pid = tmp_path / "pid"
    start = start.format(sleeper=SLEEPER.format(pid=pid))
    first = lab.send(WAITED.format(start=start, pid=str(pid)))
    second = lab.send("import os\nresult['worker'] = os.getpid()")
    lab.attach()
    document = lab.done(first)
    assert told_in(document) == ["sleep 600"]
    assert f"process {pid.read_text().strip()} (" in document["warnings"][0]
    has_ended(pid)
    following = lab.done(second)
    assert following["warnings"] == [] and following["result"] == document["result"]  # in the same process


@pytest.mark.parametrize("holds", ["> /dev/null 2>&1", ""], ids=["quiet", "with its output"])
def test_what_a_command_leaves_running_is_named_and_ended(lab: Lab, tmp_path: Path, holds: str) -> None:
    pid = tmp_path / "pid"
    lab.attach()
    case = lab.send(f"nohup sleep 600 {holds} &\necho $! > {pid}\necho '{{\"a\": 1}}' > result.json", kind="command")
    document = lab.done(case)
    assert document["result"] == {"a": 1} and told_in(document) == ["sleep 600"]
    has_ended(pid)


def test_a_fork_that_goes_on_is_named(lab: Lab) -> None:
    case = lab.send("import os, time\npid = os.fork()\nif pid == 0:\n    time.sleep(600)\nresult['pid'] = pid")
    lab.attach()
    document = lab.done(case)
    assert told_in(document) == ["a fork of the model"] and not is_running(document["result"]["pid"])


def test_what_ends_within_a_moment_is_no_matter(lab: Lab, tmp_path: Path) -> None:
    written = tmp_path / "written"
    case = lab.send(f"import subprocess\nsubprocess.Popen(['sh', '-c', 'sleep 0.2; echo x > {written}'])")
    lab.attach()
    assert lab.done(case)["warnings"] == [] and written.exists()


def test_a_failed_case_names_them_as_well(lab: Lab) -> None:
    case = lab.send("import subprocess\nsubprocess.Popen(['sleep', '600'])\nraise ValueError", max_attempts=1)
    lab.attach()
    assert told_in(lab.error(case)) == ["sleep 600"]


def test_helpers_of_multiprocessing_stay(lab: Lab) -> None:
    model = (
        "import multiprocessing.resource_tracker as tracker\ntracker.ensure_running()\n"
        "result['pid'] = tracker._resource_tracker._pid"
    )
    cases = [lab.send(model) for _ in range(2)]
    lab.attach()
    first, second = map(lab.done, cases)
    assert first["warnings"] == second["warnings"] == []
    assert first["result"] == second["result"] and is_running(first["result"]["pid"])


def test_many_are_counted_and_odd_names_are_one_line(lab: Lab) -> None:
    name = "evil\\n\\x1b[31m" + "x" * 300
    model = f"import subprocess\nfor _ in range(25):\n    subprocess.Popen(['{name}', '600'], executable='/bin/sleep')"
    case = lab.send(model)
    lab.attach()
    *named, last = lab.done(case)["warnings"]
    assert last == "5 more processes, too" and len(named) == 20
    for command in told_in({"warnings": named}):
        assert command.startswith("evil [31mxxx") and len(command) == 200 and command.endswith("…")


@pytest.mark.parametrize("by", ["time limit", "cancel"])
def test_they_end_with_a_process_that_has_to_be_ended(lab: Lab, tmp_path: Path, by: str) -> None:
    pid = tmp_path / "pid"
    start = LEFT["a daemon"].format(sleeper=SLEEPER.format(pid=pid))
    stubborn = "while True:\n    try:\n        time.sleep(600)\n    except BaseException:\n        pass\n"
    model = WAITED.format(start=start, pid=str(pid)) + stubborn
    case = lab.send(model, time_limit_secs=2.0 if by == "time limit" else None, max_attempts=1)
    worker = lab.attach(between=SOON)
    wait_for("the daemon", pid.exists)
    if by == "cancel":
        lab.control(cancelled_cases=[case])
        worker.says("was cancelled, and stopped")
    else:
        assert lab.error(case)["exception"] == "TimeLimitExceeded"
    has_ended(pid)
