"""What a worker leaves of the program that it was attached in: everything as it was."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.lab import Attached, Lab

STAND_IN = str(Path(__file__).parent / "stand_in")
# Around the line: what a program may have of its own, and what is found of it.
LOOK = """
import atexit, gc, json, os, signal, socket, sys, threading, warnings
def look():
    wakeup = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    return {
        "signals": [str(signal.getsignal(one)) for one in range(1, signal.NSIG)],
        "blocked": sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, ()))), "wakeup": wakeup,
        "timer": signal.getitimer(signal.ITIMER_REAL), "limit": sys.getrecursionlimit(), "hook": str(sys.excepthook),
        "names": [str(one) for one in (os.kill, json.dumps, atexit.register, threading.Thread.start, open, input)],
        "finders": [str(one) for one in sys.meta_path], "path": sys.path, "arguments": sys.argv,
        "streams": [str(one) for one in (sys.stdin, sys.stdout, sys.stderr)], "folder": os.getcwd(),
        "main": sys.modules["__main__"] is main, "threads": sorted(one.name for one in threading.enumerate()),
        "mask": os.umask(0o022), "environment": sorted(os.environ.items()),
    }
main = sys.modules["__main__"]
"""
OF_A_PROGRAM = """
ends = socket.socketpair()
ends[1].setblocking(False)
signal.set_wakeup_fd(ends[1].fileno(), warn_on_full_buffer=False)
signal.signal(signal.SIGUSR1, lambda *_: None)
signal.signal(signal.SIGALRM, lambda *_: None)
sys.argv[:] = ["program"]
os.umask(0o022)
"""
MODEL = """
import os, signal, sys, json
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
signal.set_wakeup_fd(-1)
os.chdir('/')
json.dumps = None
result['a'] = 1
"""


def stopped(lab: Lab, worker: Attached) -> None:
    lab.done(lab.send(MODEL, time_limit_secs=60))
    worker.send(signal.SIGINT)


def stopped_while_it_computes(lab: Lab, worker: Attached) -> None:
    gate = lab.gate()
    lab.send(gate.code, time_limit_secs=60)
    gate.arrivals(1)
    worker.send(signal.SIGINT)


def drained(lab: Lab, worker: Attached) -> None:
    lab.control(drain=[worker.name()])


@pytest.mark.parametrize("end", [stopped, stopped_while_it_computes, drained])
@pytest.mark.parametrize("host", ["plain", "itasca"])
def test_all_is_as_it_was_when_attach_returns(
    lab: Lab, tmp_path: Path, host: str, end: Callable[[Lab, Attached], None]
) -> None:
    inside: dict[str, Any] = {"PYTHONPATH": STAND_IN, "ITASCA_CALLS": str(tmp_path / "calls")}
    before = LOOK + OF_A_PROGRAM + "before = look()\n"
    after = "); print(); print(json.dumps([before, look()])"
    worker = lab.attach(before=before, after=after, **(inside if host == "itasca" else {}))
    worker.says("attached to study")
    end(lab, worker)
    assert worker.ends() == 0
    was, found = json.loads(worker.output.splitlines()[-1])
    assert found == was


def test_handlers_are_back_though_ctrl_c_comes_again_while_the_worker_says_goodbye(lab: Lab) -> None:
    proxy = lab.proxy()
    worker = lab.attach(
        proxy.config_url, before=LOOK + "before = look()\n", after="); print(); print(json.dumps([before, look()])"
    )
    worker.says("waiting for cases")
    proxy.fault = lambda seen: "503" if seen.method == "PUT" else None
    worker.send(signal.SIGINT)
    worker.says("stopped by its user")
    worker.send(signal.SIGINT)
    assert worker.ends() == 0
    was, found = json.loads(worker.output.splitlines()[-1])
    assert found == was
