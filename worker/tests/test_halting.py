"""Workers that halt by themselves, since too much fails, and workers that are halted by who watches the fleet."""

from __future__ import annotations

import math
import signal
import time
from typing import Any

import attach
import pytest
from tests.lab import Attached, Lab, wait_for

# Rests and looks as they are, but shorter.
SOON = "attach.__globals__.update(CONTROL_SECS=0.2, FAILURES_RESTS_SECS=(0.02, 0.02), UNFIT_RESTS_SECS=(0.02, 0.02)); "
FAILING = "raise ValueError('negative cohesion')"
WHY = "the first 20 attempts all failed, the last with ValueError: negative cohesion"


def attached(lab: Lab, after: str = "") -> Attached:
    return lab.attach(between=SOON, after=after)


def failing(lab: Lab, count: int) -> list[str]:
    return [lab.send(FAILING, max_attempts=1) for _ in range(count)]


def counts(lab: Lab, worker: Attached) -> Any:
    assert worker.stop() == 0
    return lab.heartbeat(worker.name(), state="stopped")["counts"]


def test_a_worker_on_which_the_first_twenty_fail_halts_until_it_is_told_to_go_on(lab: Lab) -> None:
    cases = failing(lab, 30)
    worker = attached(lab)
    told = lab.heartbeat(worker.name(), state="halted")
    assert (told["message"], told["case"], told["counts"]["failed"]) == (WHY, None, 20)
    worker.says(
        f"halted, since {WHY}; look at the error, then `cruncher resume {lab.study.name}`, or Go on on the page"
    )
    assert "the last 5 cases failed here" in worker.output  # it has rested before, as ever
    assert lab.in_queue() == (10, 0)
    assert len(lab.rows(worker.name())) == 20
    lab.control(go_on_time=time.time())
    for case in cases:
        lab.error(case)
    told = lab.heartbeat(worker.name(), state="waiting")
    assert told["message"] is None
    assert worker.output.count("halted, since") == 1
    assert counts(lab, worker)["failed"] == 30


def test_outcomes_before_it_was_told_to_go_on_do_not_count(lab: Lab) -> None:
    lab.control(halt_rule={"first": 3, "last": 0})
    failing(lab, 3)
    worker = attached(lab)
    lab.heartbeat(worker.name(), state="halted")
    lab.control(halt_rule={"first": 3, "last": 0}, go_on_time=time.time() + 30)  # a clock that is before the worker's
    failing(lab, 5)
    lab.heartbeat(worker.name(), state="waiting")
    lab.control(halt_rule={"first": 3, "last": 0}, go_on_time=time.time() - 3600)
    failing(lab, 4)  # one may be taken before it looks
    told = lab.heartbeat(worker.name(), state="halted")
    assert told["message"].startswith("the first 3 attempts all failed")


def test_a_worker_halts_when_too_many_of_the_last_failed(lab: Lab) -> None:
    lab.control(halt_rule={"first": 2, "last": 4, "share": 0.5})
    model = "if {{fails}}:\n    raise ValueError('negative cohesion')"
    for fails in (False, False, True, False, True, True):
        lab.send(model, parameters={"fails": fails}, max_attempts=1)
    worker = attached(lab)
    told = lab.heartbeat(worker.name(), state="halted")
    assert told["message"] == "2 of the last 4 attempts failed, the last with ValueError: negative cohesion"
    assert lab.in_queue() == (1, 0)


def test_attempts_that_are_repeated_count(lab: Lab) -> None:
    lab.control(halt_rule={"first": 3})
    worker = lab.attach(between=SOON + "attach.__globals__.update(RETRY_PAUSE_SECS=0, ANOTHER_WORKER_SECS=0); ")
    lab.send(FAILING, max_attempts=5)
    told = lab.heartbeat(worker.name(), state="halted")
    assert told["counts"] == {"done": 0, "failed": 0, "retried": 3, "skipped": 0, "cancelled": 0}


def test_a_study_that_never_halts_computes_what_fails(lab: Lab) -> None:
    lab.control(halt_rule={"never": True})
    cases = failing(lab, 25)
    worker = attached(lab)
    for case in cases:
        lab.error(case)
    assert counts(lab, worker)["failed"] == 25
    assert "halted" not in worker.output


def test_a_halted_worker_follows_a_rule_that_was_changed(lab: Lab) -> None:
    lab.control(halt_rule={"first": 2})
    failing(lab, 4)
    worker = attached(lab)
    lab.heartbeat(worker.name(), state="halted")
    lab.control(halt_rule={"never": True})
    lab.queue_is_empty()
    lab.heartbeat(worker.name(), state="waiting", message=None)


def test_what_was_skipped_or_cancelled_is_no_failure(lab: Lab) -> None:
    lab.control(halt_rule={"first": 1, "last": 1, "share": 1})
    worker = attached(lab)
    done = lab.send("result['a'] = 1")
    lab.done(done)
    gate = lab.gate()
    running = lab.send(gate.code)
    gate.arrivals(1)
    lab.control(halt_rule={"first": 1, "last": 1, "share": 1}, cancelled_cases=[running], go_on_time=time.time() - 20)
    worker.says("was cancelled, and stopped")
    lab.send("result['a'] = 1", case_id=done)
    lab.queue_is_empty()
    lab.done(lab.send("result['a'] = 2"))
    worker.says("done in", times=2)
    assert "halted" not in worker.output
    assert counts(lab, worker) == {"done": 2, "failed": 0, "retried": 0, "skipped": 1, "cancelled": 1}


def test_workers_are_halted_by_who_watches_the_fleet(lab: Lab) -> None:
    gate, reason = lab.gate(), "40 of the last 50 attempts failed"
    begun = lab.send(gate.code + "result['a'] = 1")
    worker = attached(lab)
    gate.arrivals(1)
    lab.control(halted={"time": time.time(), "reason": reason})
    gate.open()
    lab.done(begun)
    lab.heartbeat(worker.name(), state="halted", message=reason, case=None)
    waiting = lab.send("result['a'] = 2")
    worker.says(f"halted, since {reason}; ")
    other = attached(lab)  # one that is attached meanwhile
    lab.heartbeat(other.name(), state="halted", message=reason)
    assert lab.in_queue() == (1, 0)
    assert other.stop() == 0
    lab.control(go_on_time=time.time())
    lab.done(waiting)
    lab.heartbeat(worker.name(), state="waiting", message=None)


@pytest.mark.parametrize("by", ["drain", "Ctrl-C"])
def test_a_halted_worker_ends_as_any_other(lab: Lab, by: str) -> None:
    halted = {"time": time.time(), "reason": "40 of the last 50 attempts failed"}
    lab.control(halted=halted)
    worker = attached(lab)
    lab.heartbeat(worker.name(), state="halted")
    if by == "drain":
        lab.control(halted=halted, drain=[worker.name()])
    else:
        worker.send(signal.SIGINT)
    assert worker.ends() == 0
    assert lab.heartbeat(worker.name(), state="stopped")["message"] in ("drained", "stopped by its user")


def test_a_worker_that_rests_is_halted(lab: Lab) -> None:
    failing(lab, 5)
    worker = lab.attach(between="attach.__globals__.update(CONTROL_SECS=0.2, FAILURES_RESTS_SECS=(600.0, 600.0)); ")
    lab.heartbeat(worker.name(), state="resting")
    lab.control(halted={"time": time.time(), "reason": "40 of the last 50 attempts failed"})
    lab.heartbeat(worker.name(), state="halted", message="40 of the last 50 attempts failed")


def test_a_paused_study_is_paused(lab: Lab) -> None:
    lab.control(paused=True, halted={"time": time.time(), "reason": "40 of the last 50 attempts failed"})
    worker = attached(lab)
    lab.heartbeat(worker.name(), state="paused", message=None)


WRONG: dict[str, dict[str, Any]] = {
    "halt_rule": {"halt_rule": [20, 50]},
    "halt_rule.first": {"halt_rule": {"first": "3"}},
    "halt_rule.share": {"halt_rule": {"share": 0}},
    "halted": {"halted": True},
    "go_on_time": {"go_on_time": "now"},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_as_the_protocol_says_is_left_out_and_said(lab: Lab, name: str) -> None:
    lab.control(**WRONG[name])
    worker = attached(lab)
    lab.done(lab.send("result['a'] = 1"))
    worker.says(f"{name} in control.json is not what the protocol says, and is left out")


def test_a_reason_that_is_long_or_of_several_lines_is_one_line(lab: Lab) -> None:
    lab.control(halted={"time": time.time(), "reason": "first\nsecond " + "x" * 1000})
    worker = attached(lab)
    message = lab.heartbeat(worker.name(), state="halted")["message"]
    assert message.startswith("first second xxx") and len(message) == 500 and message.endswith("…")


def test_each_of_four_workers_halts_for_itself(lab: Lab) -> None:
    lab.control(halt_rule={"first": 5, "last": 0})
    failing(lab, 40)
    parent = attached(lab, after=", workers=4")
    parent.says("halted, since the first 5 attempts all failed", times=4)
    wait_for("twenty cases that nobody takes", lambda: lab.in_queue() == (20, 0))
    assert parent.process.poll() is None


def test_what_was_counted_when_it_was_told_to_go_on_is_forgotten_though_its_clock_is_ahead() -> None:
    rule, outcomes = attach.HaltRule(first=2, last=0), attach.AttemptOutcomes()
    for end_time in (1010.0, 1011.0):
        outcomes.add(end_time, True, rule)
    assert outcomes.reason_to_halt(rule)
    outcomes.go_on(1000.0)
    assert outcomes.reason_to_halt(rule) is None
    outcomes.add(1012.0, True, rule)
    outcomes.go_on(1000.0)  # it is told the same again and again
    outcomes.add(1013.0, True, rule)
    assert outcomes.reason_to_halt(rule)
    outcomes.go_on(-math.inf)  # nobody says any more when it was told to go on
    assert outcomes.reason_to_halt(rule)
