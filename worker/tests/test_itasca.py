"""The worker inside Itasca software, as far as a stand-in for the vendor's module can show it."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.lab import Attached, Lab, wait_for
from tests.test_combined_cases import inputs
from tests.test_extract import extract, extracted

STAND_IN = str(Path(__file__).parent / "stand_in")
# The binding of Qt that the vendor's programs bring; the worker only uses one that is loaded already.
QT = (
    "import sys, types; events = []; application = types.SimpleNamespace(processEvents=lambda: events.append(1)); "
    "sys.modules['PySide2.QtCore'] = types.SimpleNamespace("
    "QCoreApplication=types.SimpleNamespace(instance=lambda: application)); "
)


@pytest.fixture
def calls_file(tmp_path: Path) -> Path:
    """Where the stand-in writes how it was called."""
    return tmp_path / "calls.ndjson"


def attach_inside(lab: Lab, calls_file: Path, before: str = "", after: str = "") -> Attached:
    return lab.attach(before=before, after=after, PYTHONPATH=STAND_IN, ITASCA_CALLS=str(calls_file))


def calls_in(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_a_model_starts_anew_and_cycles_while_the_lease_is_kept(lab: Lab, calls_file: Path) -> None:
    case_id = lab.send(
        "import itasca as it\nit.command('model new')\nit.command('model cycle 3')\nresult['cycles'] = it.cycle()"
    )
    worker = attach_inside(lab, calls_file)
    document = lab.done(case_id)
    assert document["result"] == {"cycles": 3} and document["version"] == "FLAC3D 700.155"
    assert lab.heartbeat(worker.name())["software"] == "flac3d"
    lab.queue_is_empty()
    assert worker.stop() == 0
    calls = calls_in(calls_file)
    callback = ["cruncher_keep_lease", -1.0]
    assert calls[0] == ["command", "python-reset-state false"]
    assert ["command", "[global cruncher_answer = version.code.major]"] in calls
    new, cycling = calls.index(["command", "model new"]), calls.index(["command", "model cycle 3"])
    assert ["set_callback", *callback] in calls[:new]
    assert ["set_callback", *callback] in calls[new:cycling]  # `model new` has forgotten it
    assert calls[cycling:].count(["called", "cruncher_keep_lease"]) == 3
    assert [call for call in calls if "callback" in call[0]][-1] == ["remove_callback", *callback]


def test_a_case_that_has_ended_the_program_twice_ends_no_third_one(hasty_lab: Lab, calls_file: Path) -> None:
    lab = hasty_lab
    case = lab.send("import os\nos._exit(3)", max_attempts=2)
    for _ in range(2):
        assert attach_inside(lab, calls_file).ends() == 3
    worker = attach_inside(lab, calls_file)
    document = lab.error(case)
    assert (document["exception"], document["attempt"], document["final"]) == ("WorkerEnded", 2, True)
    assert document["message"].startswith("no worker has told what became of it")
    assert lab.done(lab.send("result['a'] = 1"))["worker"] == worker.name()


def test_a_script_that_ends_the_program_while_it_extracts_ends_no_third_one(hasty_lab: Lab, calls_file: Path) -> None:
    lab = hasty_lab
    case = lab.send("result['a'] = 1")
    first = attach_inside(lab, calls_file)
    before = lab.done(case)
    lab.queue_is_empty()
    first.kill()
    extract(lab, case, "import os\nos._exit(3)", max_attempts=2)
    for _ in range(2):
        assert attach_inside(lab, calls_file).ends() == 3
    worker = attach_inside(lab, calls_file)
    document = extracted(lab, case)
    assert document["result"] == before["result"]
    told = document["extracts"][0]
    assert told["exception"] == "WorkerEnded" and told["message"].startswith("no worker has told what became of it")
    lab.queue_is_empty()
    assert lab.done(lab.send("result['a'] = 1"))["worker"] == worker.name()


def test_a_script_that_ends_the_program_while_it_combines_ends_no_third_one(hasty_lab: Lab, calls_file: Path) -> None:
    lab = hasty_lab
    parameters = inputs(lab, {"v": 1, "batch": "b", "of": "results", "files": []})
    case = lab.send(
        "import os\nfile_extension = 'csv'\ndef combine(files, output):\n    os._exit(3)\n",
        "combine", name="combine.py", parameters=parameters, batch="b/combined", max_attempts=2,
    )  # fmt: skip
    for _ in range(2):
        assert attach_inside(lab, calls_file).ends() == 3
    attach_inside(lab, calls_file)
    assert lab.error(case, batch="b/combined")["exception"] == "WorkerEnded"


def test_a_callback_of_the_model_is_found_in_main(lab: Lab, calls_file: Path) -> None:
    model = (
        "import itasca as it\nseen = []\ndef mine(*_):\n    seen.append(it.cycle())\n"
        "it.set_callback('mine', 10.0)\nit.command('model cycle 2')\nresult['seen'] = seen"
    )
    case_id = lab.send(model)
    attach_inside(lab, calls_file)
    assert lab.done(case_id)["result"] == {"seen": [1, 2]}


def test_a_callback_of_one_model_is_not_called_in_the_next_one(lab: Lab, calls_file: Path) -> None:
    lab.send("import itasca as it\ndef mine(*_):\n    pass\nit.set_callback('mine', 10.0)\nit.command('model cycle 1')")
    case_id = lab.send("import itasca as it\nit.command('model cycle 1')\nresult['a'] = 1")
    attach_inside(lab, calls_file)
    assert lab.done(case_id)["result"] == {"a": 1}
    calls = calls_in(calls_file)
    assert calls.count(["called", "mine"]) == 1 and ["remove_callback", "mine", 10.0] in calls


def test_each_case_starts_the_same_here_as_well(lab: Lab, calls_file: Path) -> None:
    lab.send(
        "import json, os, logging, builtins\nos.chdir('/')\njson.dumps = None\nlogging.basicConfig(level=1)\nx = 1"
    )
    look = "import json, logging, os\nresult['a'] = [json.dumps(1), len(logging.root.handlers), os.listdir('.')]"
    case_id = lab.send(look + "\ntry:\n    input()\nexcept EOFError:\n    result['input'] = 'empty'")
    attach_inside(lab, calls_file)
    found = lab.done(case_id)["result"]
    assert found["a"][:2] == ["1", 0] and "model.py" in found["a"][2] and found["input"] == "empty"


def test_the_callback_is_removed_and_commands_are_plain_again_after_a_failure(lab: Lab, calls_file: Path) -> None:
    case_id = lab.send("import itasca as it\nit.command('model explode')", max_attempts=1)
    worker = attach_inside(lab, calls_file, after="); import itasca; print('plain', itasca.command.__name__")
    error = lab.error(case_id)
    assert (error["exception"], error["message"]) == ("ValueError", "unknown command: model explode")
    worker.send(signal.SIGINT)
    worker.ends()
    assert "plain command" in worker.output
    assert calls_in(calls_file)[-1][0] == "remove_callback"


def test_the_program_stays_responsive_while_the_worker_waits(lab: Lab, calls_file: Path) -> None:
    proxy = lab.proxy()
    worker = lab.attach(
        proxy.config_url, before=QT, after="); print('processed', len(events)", PYTHONPATH=STAND_IN,
        ITASCA_CALLS=str(calls_file),
    )  # fmt: skip
    worker.says("waiting for cases")
    received = [json.loads(seen.body) for seen in proxy.seen if seen.action == "ReceiveMessage"]
    assert {one["WaitTimeSeconds"] for one in received} == {0}
    lab.send("result['a'] = 1")
    worker.says("done in")
    worker.stop()
    assert int(worker.output.rsplit("processed ", 1)[1]) > 20


def test_several_workers_in_one_program_are_refused(lab: Lab, calls_file: Path) -> None:
    worker = attach_inside(lab, calls_file, after=", workers=2")
    assert worker.ends() == 0
    assert "workers must be 1" in worker.output


def test_another_package_of_the_same_name_is_no_vendor_module(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "itasca.py").write_text("class FLAC3D_Connection: pass\n")
    worker = lab.attach(PYTHONPATH=str(tmp_path))
    wait_for("a heartbeat", lambda: lab.heartbeat(worker.name())["software"] == "python")


STOPPED = {
    "while it cycles": "import itasca as it\nwhile True:\n    it.command('model cycle 100')\n",
    "in Python alone": "while True:\n    pass\n",
    "in a sleep": "import time\ntime.sleep(600)\n",
    "though it has a result then": "try:\n    while True:\n        pass\nexcept BaseException:\n    result['a'] = 1\n",
    "though it catches it once": (
        "try:\n    while True:\n        pass\nexcept BaseException:\n    pass\nwhile True:\n    progress(0.5)\n"
    ),
}


@pytest.mark.parametrize("model", STOPPED.values(), ids=STOPPED)
def test_a_case_that_is_cancelled_while_it_is_computed_stops_here_as_well(
    lab: Lab, calls_file: Path, model: str
) -> None:
    gate = lab.gate()
    gate.open()
    case = lab.send(gate.code + model, max_attempts=1)
    worker = lab.attach(
        between="attach.__globals__.update(CONTROL_SECS=0.3); ", PYTHONPATH=STAND_IN, ITASCA_CALLS=str(calls_file)
    )
    gate.arrivals(1)
    lab.control(cancelled_cases=[case])
    worker.says(f"case {case[:8]} was cancelled, and stopped after")
    lab.queue_is_empty()
    assert lab.keys("data/b/") == []
    assert lab.done(lab.send("result['a'] = 1"))["worker"] == worker.name()
    worker.says("done in")
    assert worker.stop() == 0
    counts = lab.heartbeat(worker.name(), state="stopped")["counts"]
    assert counts == {"done": 1, "failed": 0, "retried": 0, "skipped": 0, "cancelled": 1}


def test_a_cancelled_case_stops_at_a_callback_while_native_code_holds_the_interpreter(
    lab: Lab, calls_file: Path
) -> None:
    """Without a thread beside the model: all is done by the callback."""
    gate = lab.gate()
    gate.open()
    case = lab.send(gate.code + STOPPED["while it cycles"], max_attempts=1)
    worker = lab.attach(
        between="attach.__globals__.update(CONTROL_SECS=0.3); attach.__globals__['Keeper'].start = lambda _: None; ",
        PYTHONPATH=STAND_IN,
        ITASCA_CALLS=str(calls_file),
    )
    gate.arrivals(1)
    lab.control(cancelled_cases=[case])
    worker.says(f"case {case[:8]} was cancelled, and stopped after")
    assert lab.done(lab.send("result['a'] = 1"))["worker"] == worker.name()
