"""The process beside the worker in which cases are computed: whatever a case does to it, the worker goes on."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

import pytest
from tests.lab import Lab, is_running, wait_for

ENDINGS = {
    "an exit": (
        "import os\nprint('so far')\nos._exit(3)",
        "the model ended its process with exit code 3",
    ),
    "success that is none": ("import os\nprint('so far')\nos._exit(0)", "the model ended its process with exit code 0"),
    "a segmentation fault": (
        "import ctypes\nprint('so far')\ndef crash():\n    ctypes.string_at(0)\ncrash()",
        "the model's process was ended by SIGSEGV, a segmentation fault",
    ),
    "an abort": ("import os\nprint('so far')\nos.abort()", "the model's process was ended by SIGABRT"),
    "the memory killer": (
        "import os, signal\nprint('so far')\nfull = b'x' * 2**28\nos.kill(os.getpid(), signal.SIGKILL)",
        "the model's process was ended by SIGKILL, as the operating system does when memory runs out; its process had",
    ),
}


def test_a_case_that_ends_its_process_ends_nothing_else(lab: Lab) -> None:
    cases = {name: lab.send(model, max_attempts=1) for name, (model, _) in ENDINGS.items()}
    last = lab.send("result['a'] = 1")
    worker = lab.attach()
    assert lab.done(last)["result"] == {"a": 1}
    for name, case in cases.items():
        document = lab.error(case)
        assert document["exception"] == "ProcessEnded", name
        assert document["message"].startswith(ENDINGS[name][1]), document["message"]
        assert document["log"] == "so far\n"
        assert document["worker"] == worker.name()
    assert worker.process.poll() is None
    crash = lab.error(cases["a segmentation fault"])["traceback"]
    assert crash.startswith(
        'Fatal Python error: Segmentation fault\n  File "model.py", line 5, in <module>\n    crash()\n'
    )
    assert '  File "model.py", line 4, in crash\n    ctypes.string_at(0)\nProcessEnded: ' in crash


STUBBORN = """
import os, time
while True:
    try:
        time.sleep(0.05)
    except BaseException:
        pass
"""


def test_a_model_that_catches_everything_does_not_outlive_its_time_limit(lab: Lab) -> None:
    case = lab.send("print('so far')\n" + STUBBORN, time_limit_secs=0.5, max_attempts=1)
    last = lab.send("result['a'] = 1")
    worker = lab.attach()
    document = lab.error(case)
    message = "the time limit of 0.5 s was exceeded, and the model went on: its process was ended"
    assert (document["exception"], document["message"]) == ("TimeLimitExceeded", message)
    assert document["log"] == "so far\n"
    assert lab.done(last)["worker"] == worker.name()


def test_a_model_that_catches_everything_does_not_outlive_its_worker(lab: Lab) -> None:
    gate = lab.gate()
    case = lab.send(gate.code.replace("while", STUBBORN.strip() + "\nwhile") + STUBBORN)
    worker = lab.attach()
    gate.arrivals(1)
    start = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - start < 20
    assert "gave the case back to the queue" in worker.output
    assert lab.in_queue() == (1, 0)
    assert lab.document(f"data/b/error-{case}.json") is None


def test_what_a_model_does_to_itself_is_not_its_users_wish(lab: Lab) -> None:
    models = [
        "raise KeyboardInterrupt",
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(30)",
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(30)",
    ]
    cases = [lab.send(model, max_attempts=1) for model in models]
    last = lab.send("result['a'] = 1")
    worker = lab.attach()
    assert lab.done(last)["worker"] == worker.name()
    assert [lab.error(case)["exception"] for case in cases] == ["KeyboardInterrupt"] * 3
    assert worker.process.poll() is None


def test_the_process_is_kept_from_case_to_case(lab: Lab) -> None:
    model = "import os, sys\nresult.update(pid=os.getpid(), warm='colorsys' in sys.modules)\nimport colorsys"
    cases = [lab.send(model) for _ in range(3)]
    lab.attach()
    results = [lab.done(case)["result"] for case in cases]
    assert len({result["pid"] for result in results}) == 1
    assert [result["warm"] for result in results] == [False, True, True]


LINGERING = {
    "ends the process": "timer = threading.Timer(0.3, os._exit, (5,))\ntimer.daemon = True\ntimer.start()\n",
    "prints": (
        "def f(sleep=time.sleep):\n    while True:\n        print('left')\n        sleep(0.001)\n"
        "threading.Thread(target=f, daemon=True).start()\n"
    ),
}


@pytest.mark.parametrize("lingering", LINGERING.values(), ids=LINGERING)
def test_what_a_case_has_left_behind_does_not_meddle_with_the_next_case(lab: Lab, lingering: str) -> None:
    first = lab.send("import os, signal, sys, threading, time\n" + lingering + "result['pid'] = os.getpid()")
    model = "import os, time\nprint('healthy')\ntime.sleep(0.5)\nresult['pid'] = os.getpid()"
    following = [lab.send(model, max_attempts=1) for _ in range(2)]
    lab.attach()
    pid = lab.done(first)["result"]["pid"]
    documents = [lab.done(case) for case in following]
    assert [document["log"] for document in documents] == ["healthy\n"] * 2
    assert pid not in {document["result"]["pid"] for document in documents}
    assert not is_running(pid)


def test_signals_that_come_when_a_case_is_over_are_for_nobody(lab: Lab) -> None:
    """A result takes a while to be handed over: a signal may come meanwhile."""
    storm = (
        "import os, signal, threading, time\n"
        "def f(kill=os.kill, pid=os.getpid(), number=signal.SIGTERM, sleep=time.sleep):\n"
        "    sleep(0.3)\n    for _ in range(1000):\n        kill(pid, number)\n        sleep(0.001)\n"
        "threading.Thread(target=f, daemon=True).start()\nresult['a'] = ['clay' * 100] * 50000\n"
    )
    cases = [lab.send(storm, time_limit_secs=20) for _ in range(3)]
    lab.attach()
    for case in cases:
        lab.done(case)


def test_a_command_ends_with_its_worker(lab: Lab) -> None:
    path = lab.folder / "pid"
    lab.send(f"echo $$ > {path}.new; mv {path}.new {path}; exec sleep 600", kind="command")
    worker = lab.attach()
    wait_for("the command", path.exists)
    worker.kill()
    wait_for("its end", lambda: not is_running(int(path.read_text())))


def test_what_is_no_text_in_the_search_path_is_no_matter(lab: Lab) -> None:
    case = lab.send("result['a'] = 1")
    worker = lab.attach(before="import pathlib, sys; sys.path.append(pathlib.Path('/nowhere')); ")
    assert lab.done(case)["result"] == {"a": 1}
    assert "can't start another one" not in worker.output


def test_four_poison_cases_among_sixty_leave_four_workers_and_fifty_six_results(lab: Lab) -> None:
    poison = "import os, signal\nif {{n}} % 15 == 7:\n    os.kill(os.getpid(), signal.SIGSEGV)\nresult['n'] = {{n}}"
    cases = [lab.send(poison, parameters={"n": number}, max_attempts=2) for number in range(60)]
    parent = lab.attach(after=", workers=4")
    for number, case in enumerate(cases):
        if number % 15 == 7:
            assert lab.error(case)["exception"] == "ProcessEnded"
        else:
            assert lab.done(case)["result"] == {"n": number}
    assert parent.output.count("attached to study") == 4 and "died" not in parent.output
    parent.send(signal.SIGINT)
    assert parent.ends() == 0
    assert parent.output.count("stopped by its user") == 4


def test_cases_that_are_kept_apart_have_a_process_each(lab: Lab) -> None:
    model = "import os, sys\nresult.update(pid=os.getpid(), warm='colorsys' in sys.modules)\nimport colorsys"
    apart: dict[str, Any] = {"isolation": "case", "max_attempts": 1}
    kept: dict[str, Any] = {}
    cases = [lab.send(model, **fields) for fields in (kept, apart, apart, kept, kept)]
    worker = lab.attach()
    results = [lab.done(case)["result"] for case in cases]
    assert [result["warm"] for result in results] == [False, False, False, False, True]
    assert len({result["pid"] for result in results}) == 4
    lab.send(model, isolation="none")
    worker.says("its field isolation is not what the protocol says")


FORGED = {
    "progress beyond floats": '{"number": 1, "kind": "progress", "fraction": 1' + "0" * 400 + "}\n",
    "a result that is no object": '{"number": 1, "kind": "outcome"}\n[[1, 2], null, "", []]',
    "no JSON": "{\n",
}
FORGER = """
import os, struct
text = {text!r}.encode()
for name in os.listdir('/proc/self/fd'):
    path = '/proc/self/fd/' + name
    if os.path.exists(path) and os.readlink(path).startswith('socket'):
        os.write(int(name), struct.pack('>Q', len(text)) + text)
        break
result['a'] = 1
"""


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_a_model_forges_is_its_own_affair(lab: Lab, forged: str) -> None:
    """It finds the socket to the worker among its descriptors."""
    lab.send(FORGER.replace("{text!r}", repr(forged)), max_attempts=1)
    worker = lab.attach()
    assert lab.done(lab.send("result['a'] = 2"))["worker"] == worker.name()


def test_a_handler_that_prints_interrupts_a_print(lab: Lab) -> None:
    model = (
        "import signal, time\nsignal.signal(signal.SIGALRM, lambda *_: print('handler'))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)\nend = time.time() + 1.5\n"
        "while time.time() < end:\n    print('model')\nresult['a'] = 1\n"
    )
    case = lab.send(model, max_attempts=1)
    lab.attach(before="import os; quiet = os.open(os.devnull, os.O_WRONLY); os.dup2(quiet, 1); ")
    assert lab.done(case)["result"] == {"a": 1}


# The processes that it starts can't raise a hard limit again, as those of a user other than root: PR_CAPBSET_DROP, 24.
AS_A_USER = "import ctypes; ctypes.CDLL(None).prctl(24, 24, 0, 0, 0); "
LIMITS = "import resource\nresult['limit'] = list(resource.getrlimit(resource.RLIMIT_NOFILE))\n"


def test_a_process_whose_hard_limits_a_model_has_lowered_is_replaced(lab: Lab) -> None:
    if os.geteuid() == 0 and not sys.platform.startswith("linux"):
        pytest.skip("root can raise a hard limit")
    lower = "resource.prlimit(0, resource.RLIMIT_NOFILE, (64, 64))"
    cases = [lab.send(LIMITS), lab.send(LIMITS + lower), lab.send(LIMITS)]
    lab.attach(before=AS_A_USER)
    found = [lab.done(case)["result"]["limit"] for case in cases]
    assert found == [found[0]] * 3 and found[0][1] > 64


def test_python_is_started_as_the_workers_was(lab: Lab) -> None:
    case = lab.send("import sys\nresult.update(optimised=sys.flags.optimize, warnings=sys.warnoptions)")
    lab.attach(options=("-O", "-W", "error::BytesWarning"))
    assert lab.done(case)["result"] == {"optimised": 1, "warnings": ["error::BytesWarning"]}
