"""Networks, computers and folders that fail while a worker is attached: no case is lost, no result is another one."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.lab import Attached, Lab, Proxy, is_running, wait_for


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_worker_outlives_its_start_folder(lab: Lab) -> None:
    remove = "import os, shutil; os.mkdir('start'); os.chdir('start'); here = os.getcwd(); "
    worker = lab.attach(before=remove, between="os.rmdir(here); ")
    lab.done(lab.send("import os\nos.getcwd()\nresult['a'] = 1"))
    lab.done(lab.send("cat parameters.json", kind="command"))
    assert lab.error(lab.send("raise ValueError", max_attempts=1))["exception"] == "ValueError"
    lab.done(lab.send("result['a'] = 1", isolation="case"))
    worker.says("done in", times=3)
    assert worker.stop() == 0
    assert lab.heartbeat(worker.name(), state="stopped")["counts"]["done"] == 3


ODD_NAMES = ["per%20cent", "plus+", "quote'\"", "back\\slash", "é", "~", "#?&=", " ", "-rf", "a\nb.txt", "tab\t"]


def test_files_keep_their_names_but_for_what_no_listing_can_tell(lab: Lab) -> None:
    code = (
        f"for name in [one.encode() for one in {ODD_NAMES!r}] + [b'a\\xff', b'a\\xfe']:\n"
        "    open(b'outputs/' + name, 'wb').write(name)\n    open(name, 'w').close()\nresult['a'] = 1"
    )
    case_id = lab.send(code)
    lab.attach()
    warnings = lab.done(case_id)["warnings"]
    prefix = f"data/b/files/{case_id}/"
    names = {name: name.encode() for name in ODD_NAMES[:-2]}
    odd = {"a%0Ab.txt": b"a\nb.txt", "tab%09": b"tab\t", "a%FF": b"a\xff", "a%FE": b"a\xfe"}
    assert {key[len(prefix) :]: lab.read(key) for key in lab.keys(prefix)} == {**names, **odd}
    assert len(warnings) == 4 and r"the file 'a\nb.txt' was uploaded as a%0Ab.txt" in warnings


# Names are resolved as long as a file isn't there.
WITHOUT_NAMES = (
    "_all = attach.__globals__; _all.update(LONGEST_BACKOFF_SECS=3.0); _true = _all['socket'].getaddrinfo; "
    "exec('''def _resolve(*arguments, **named):\\n    if os.path.exists(gone):\\n"
    "        raise OSError(-3, 'Temporary failure in name resolution')\\n    return _true(*arguments, **named)'''); "
    "_all['socket'].getaddrinfo = _resolve; "
)


class TestNames:
    """No name can be resolved, for longer than a lease."""

    def attached(self, lab: Lab, proxy: Proxy) -> tuple[Attached, Path]:
        proxy.fault = lambda _: "close"  # each request needs a connection of its own
        gone = lab.folder / "gone"
        return lab.attach(proxy.config_url, before=f"import os; gone = {str(gone)!r}; ", between=WITHOUT_NAMES), gone

    def test_a_worker_is_attached_as_soon_as_there_are_some(self, hasty_lab: Lab) -> None:
        gone = hasty_lab.folder / "gone"
        gone.touch()
        worker, _ = self.attached(hasty_lab, hasty_lab.proxy())
        worker.says("name resolution", times=2)
        gone.unlink()
        assert hasty_lab.done(hasty_lab.send("result['a'] = 1"))["worker"] == worker.name()

    def test_a_worker_that_waits_goes_on(self, hasty_lab: Lab) -> None:
        lab = hasty_lab
        worker, gone = self.attached(lab, lab.proxy())
        worker.says("waiting for cases")
        gone.touch()
        case = lab.send("result['a'] = 1")
        worker.says("name resolution")
        gone.unlink()
        assert lab.done(case)["worker"] == worker.name()

    def test_a_result_waits_for_them(self, hasty_lab: Lab) -> None:
        lab, gate = hasty_lab, hasty_lab.gate()
        worker, gone = self.attached(lab, lab.proxy())
        case = lab.send(gate.code + "result['a'] = 1")
        gate.arrivals(1)
        gone.touch()
        wait_for("the end of its lease", lambda: lab.in_queue() == (1, 0))
        gate.open()
        gone.unlink()
        document = lab.done(case)
        assert (document["worker"], document["attempt"]) == (worker.name(), 1)
        lab.queue_is_empty()


@pytest.mark.parametrize("force", [False, True])
def test_a_worker_that_slept_for_longer_than_its_lease_overwrites_no_result(hasty_lab: Lab, force: bool) -> None:
    lab, slow = hasty_lab, hasty_lab.gate()
    lines = slow.code.replace("\n", "\n    ")
    model = f"import os\nif os.environ.get('SLOW'):\n    {lines}\nresult['slow'] = 'SLOW' in os.environ"
    case = lab.send(model, force=force)
    first = lab.attach(SLOW="1")
    slow.arrivals(1)
    first.send(signal.SIGSTOP)
    slow.open()  # its result is there as soon as it wakes
    second = lab.attach()
    document = lab.done(case)
    lab.queue_is_empty()
    assert (document["result"], document["worker"]) == ({"slow": False}, second.name())
    first.send(signal.SIGCONT)
    first.says("another result was there already")
    assert lab.done(case)["result"] == {"slow": False}


def while_it_reads_the_study(lab: Lab, proxy: Proxy, worker: Attached) -> None:
    worker.says("trying again in")


def while_it_waits(lab: Lab, proxy: Proxy, worker: Attached) -> None:
    worker.says("waiting for cases")


def while_it_computes(lab: Lab, proxy: Proxy, worker: Attached) -> None:
    gate = lab.gate()
    lab.send(gate.code)
    gate.arrivals(1)


def while_a_command_computes(lab: Lab, proxy: Proxy, worker: Attached) -> None:
    path = lab.folder / "pid"
    lab.send(f"echo $$ > {path}.new; mv {path}.new {path}; exec sleep 600", kind="command")
    wait_for("the command", path.exists)


def while_it_fetches_the_model(lab: Lab, proxy: Proxy, worker: Attached) -> None:
    proxy.fault = lambda seen: "503" if "/models/" in seen.path else None
    lab.send("result['a'] = 1")
    worker.says("trying again in")


def while_it_uploads_a_file(lab: Lab, proxy: Proxy, worker: Attached) -> None:
    proxy.fault = lambda seen: "503" if "/files/" in seen.path else None
    lab.send("open('outputs/a', 'w').close()\nresult['a'] = 1")
    worker.says("trying again in")


def while_it_writes_a_failure(lab: Lab, proxy: Proxy, worker: Attached) -> None:
    proxy.fault = lambda seen: "503" if "/error-" in seen.path else None
    lab.send("raise ValueError")
    worker.says("trying again in")


STAGES: dict[Callable[[Lab, Proxy, Attached], None], int] = {
    while_it_reads_the_study: 0, while_it_waits: 0, while_it_computes: 1, while_a_command_computes: 1,
    while_it_fetches_the_model: 1, while_it_uploads_a_file: 1, while_it_writes_a_failure: 1,
}  # fmt: skip


@pytest.mark.parametrize("stage", STAGES)
def test_ctrl_c_ends_a_worker_at_any_stage_and_loses_no_case(
    lab: Lab, stage: Callable[[Lab, Proxy, Attached], None]
) -> None:
    proxy = lab.proxy()
    config_url = "http://127.0.0.1:9/config.json" if stage is while_it_reads_the_study else proxy.config_url
    worker = lab.attach(config_url)
    stage(lab, proxy, worker)
    processes = children(worker.process.pid)
    assert worker.stop() == 0
    assert "stopped" in worker.output and "Traceback" not in worker.output
    wait_for("the case in the queue", lambda: lab.in_queue() == (STAGES[stage], 0))
    assert not [pid for pid in processes if is_running(pid)]
