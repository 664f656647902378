"""Cases that are cancelled while they are computed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.lab import Attached, Gate, Lab, Seen, is_running, wait_for

# Looks and grace as they are, but shorter.
SOON = "attach.__globals__.update(CONTROL_SECS=0.3, GRACE_SECS=1.0); "

# Models that go on for ten minutes. Each comes to its gate first.
ENDLESS = {
    "one that tells its progress": "import time\nwhile True:\n    progress(0.5)\n    time.sleep(0.01)\n",
    "one that computes": "while True:\n    pass\n",
    "one that sleeps": "import time\ntime.sleep(600)\n",
    "one that fails when it is asked to end": (
        "import time\ntry:\n    time.sleep(600)\nexcept BaseException:\n    raise ValueError('on the way')\n"
    ),
    "one that has a result when it is asked to end": (
        "import time\ntry:\n    time.sleep(600)\nexcept BaseException:\n    result['a'] = 'half of it'\n"
    ),
    "one that ends its process when it is asked to end": (
        "import os, time\ntry:\n    time.sleep(600)\nexcept BaseException:\n    os._exit(3)\n"
    ),
    "one that swallows every exception": (
        "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass\n"
    ),
    "one that prints and swallows every exception": (
        "while True:\n    try:\n        while True:\n            print('x' * 99)\n"
        "    except BaseException:\n        pass\n"
    ),
    "native code that holds the interpreter and hears no signal": (
        "import ctypes, signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})\n"
        "ctypes.PyDLL(None).sleep(600)\n"
    ),
    "a process": "import subprocess\nsubprocess.call(['sleep', '600'])\n",
}


def is_dropped(lab: Lab, worker: Attached, case: str) -> None:
    """Waits until a worker has dropped a case; neither a result nor an error nor a message is left of it."""
    worker.says(f"case {case[:8]} was cancelled, and stopped after")
    lab.queue_is_empty()
    assert lab.keys("data/b/") == [] and lab.in_queue(dead=True) == (0, 0)


def goes_on(lab: Lab, worker: Attached, cancelled: int = 1) -> None:
    """Whether a worker computes the next case, and has counted those that it has dropped."""
    lab.done(lab.send("result['a'] = 1", batch="next"), "next")
    worker.says("done in")
    assert worker.stop() == 0
    counts = lab.heartbeat(worker.name(), state="stopped")["counts"]
    assert counts == {"done": 1, "failed": 0, "retried": 0, "skipped": 0, "cancelled": cancelled}
    assert [row["batch"] for row in lab.rows(worker.name())] == ["next"]


@pytest.mark.parametrize("model", ENDLESS.values(), ids=ENDLESS)
def test_a_case_that_is_cancelled_while_it_is_computed_stops(lab: Lab, model: str) -> None:
    gate = lab.gate()
    gate.open()
    case = lab.send(gate.code + model, max_attempts=1)
    worker = lab.attach(between=SOON)
    gate.arrivals(1)
    lab.control(cancelled_cases=[case])
    is_dropped(lab, worker, case)
    goes_on(lab, worker)


def test_a_command_that_is_cancelled_ends_with_what_it_has_started(lab: Lab, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    case = lab.send(f"trap '' TERM; sleep 600 & echo $$ $! > {pids}.new; mv {pids}.new {pids}; wait", kind="command")
    worker = lab.attach(between=SOON)
    wait_for("the command", pids.exists)
    lab.control(cancelled_cases=[case])
    is_dropped(lab, worker, case)
    for pid in pids.read_text().split():
        wait_for("its end", lambda pid=int(pid): not is_running(pid))  # type: ignore[misc]
    goes_on(lab, worker)


@pytest.mark.parametrize("named_by", ["cancelled_batches", "withdrawn_submissions"])
def test_a_case_stops_when_its_batch_is_cancelled_or_its_submission_withdrawn(lab: Lab, named_by: str) -> None:
    gate, submission = lab.gate(), "00f1e2d3c4b5a697"
    case = lab.send(gate.code, submission=submission)
    worker = lab.attach(between=SOON)
    gate.arrivals(1)
    lab.control(**{named_by: ["b" if named_by == "cancelled_batches" else submission]})
    is_dropped(lab, worker, case)
    goes_on(lab, worker)


def test_four_workers_go_on_when_the_batch_that_they_compute_is_cancelled(lab: Lab) -> None:
    gate = lab.gate()
    gate.open()
    names = [name for name in ENDLESS if name.endswith(("exception", "its progress", "no signal", "sleeps"))][:4]
    for name in names:
        lab.send(gate.code + ENDLESS[name])
    parent = lab.attach(between="attach.__globals__.update(CONTROL_SECS=0.3); ", after=", workers=4")
    gate.arrivals(4)
    lab.control(cancelled_batches=["b"])
    parent.says("was cancelled, and stopped after", times=4)
    lab.queue_is_empty()
    assert lab.keys("data/b/") == []
    next_gate = lab.gate()
    cases = [lab.send(next_gate.code + "result['a'] = 1", batch="next") for _ in range(4)]
    next_gate.arrivals(4)  # each worker has one of them
    next_gate.open()
    assert len({lab.done(case, "next")["worker"] for case in cases}) == 4
    assert "died" not in parent.output


class Looks:
    """Changes what is cancelled when a worker that computes a case looks at `control.json`."""

    def __init__(self, lab: Lab, case: str, cancel_at: int, undo_at: int) -> None:
        self.number = 0
        self._lab, self._case, self._cancel_at, self._undo_at = lab, case, cancel_at, undo_at

    def fault(self, seen: Seen) -> None:
        """Disturbs nothing."""
        if seen.method == "GET" and seen.path.endswith("/control.json"):
            self.number += 1
            if self.number == self._cancel_at:
                self._lab.control(cancelled_cases=[self._case])
            if self.number == self._undo_at:
                self._lab.control()


def begun(lab: Lab, gate: Gate, cancel_at: int, undo_at: int) -> tuple[str, Attached, Looks]:
    """A case that stands at a gate; what its worker reads from then on at which look."""
    case, proxy = lab.send(gate.code + "result['a'] = 1", max_attempts=1), lab.proxy()
    worker, looks = lab.attach(proxy.config_url, between=SOON), Looks(lab, case, cancel_at, undo_at)
    gate.arrivals(1)
    proxy.fault = looks.fault
    return case, worker, looks


def test_a_case_goes_on_if_its_cancelling_is_undone_before_it_is_stopped(lab: Lab) -> None:
    gate = lab.gate()
    case, worker, looks = begun(lab, gate, cancel_at=1, undo_at=2)
    wait_for("more looks", lambda: looks.number >= 5)
    gate.open()
    assert lab.done(case)["attempt"] == 1
    worker.says("done in")
    assert worker.stop() == 0
    counts = lab.heartbeat(worker.name(), state="stopped")["counts"]
    assert (counts["done"], counts["cancelled"]) == (1, 0) and worker.output.count("attempt 1 of 1") == 1


def test_a_case_is_computed_again_if_its_cancelling_is_undone_when_it_was_stopped(lab: Lab) -> None:
    gate = lab.gate()
    case, worker, _ = begun(lab, gate, cancel_at=1, undo_at=3)
    worker.says("is not cancelled any more, but its model was stopped already")
    gate.arrivals(2)
    gate.open()
    assert lab.done(case)["attempt"] == 1  # of one
    worker.says("done in")
    assert worker.stop() == 0
    counts = lab.heartbeat(worker.name(), state="stopped")["counts"]
    assert counts == {"done": 1, "failed": 0, "retried": 0, "skipped": 0, "cancelled": 0}
    assert lab.keys("data/b/error-") == []


def test_what_was_finished_before_is_written(lab: Lab) -> None:
    proxy = lab.proxy()
    case = lab.send("result['a'] = 1")

    def fault(seen: Seen) -> None:
        if seen.method == "PUT" and "/done-" in seen.path:
            lab.control(cancelled_cases=[case])

    proxy.fault = fault
    worker = lab.attach(proxy.config_url, between=SOON)
    assert lab.done(case)["result"] == {"a": 1}
    worker.says("done in")
    assert worker.stop() == 0
    counts = lab.heartbeat(worker.name(), state="stopped")["counts"]
    assert (counts["done"], counts["cancelled"]) == (1, 0)


def test_a_case_that_another_worker_has_finished_since_its_lease_was_lost_stops_as_well(hasty_lab: Lab) -> None:
    lab, proxy, slow = hasty_lab, hasty_lab.proxy(), hasty_lab.gate()
    proxy.fault = lambda seen: "500" if seen.action == "ChangeMessageVisibility" else None
    code = slow.code.replace("\n", "\n    ")
    case = lab.send(f"import os\nif os.environ.get('SLOW'):\n    {code}\nresult['slow'] = 'SLOW' in os.environ")
    first = lab.attach(proxy.config_url, between=SOON, SLOW="1")
    slow.arrivals(1)
    second = lab.attach()
    assert lab.done(case)["worker"] == second.name()
    lab.queue_is_empty()
    proxy.fault = lambda _: None  # now it is told that it has lost its lease
    lab.control(cancelled_cases=[case])
    first.says(f"case {case[:8]} was cancelled, and stopped after")
    assert lab.keys("data/b/") == [f"data/b/done-{case}.json"]
    assert lab.done(case)["worker"] == second.name()
    second.stop()
    goes_on(lab, first)


def test_ctrl_c_while_a_cancelled_case_ends_gives_it_back(lab: Lab, tmp_path: Path) -> None:
    gate, asked = lab.gate(), tmp_path / "asked"
    gate.open()
    swallow_one = f"try:\n    while True:\n        pass\nexcept BaseException:\n    open({str(asked)!r}, 'w')\n"
    swallow_one += "while True:\n    pass\n"
    case = lab.send(gate.code + swallow_one)
    worker = lab.attach(between="attach.__globals__.update(CONTROL_SECS=0.3, GRACE_SECS=600.0); ")
    gate.arrivals(1)
    lab.control(cancelled_cases=[case])
    wait_for("a model that was asked to end", asked.exists)
    assert worker.stop() == 0
    assert "gave the case back to the queue" in worker.output
    assert lab.in_queue() == (1, 0) and lab.keys("data/b/") == []
