"""The boot script, as a process in a clean folder, against the local cloud and a metadata service of the test's own."""

from __future__ import annotations

import json
import os
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boot
import pytest
from fleets import DeployedFleet, deploy_fleet
from local_cloud import REPOSITORY
from metadata_service import MetadataService, key_of_role
from tests.lab import PATIENCE_SECS, Lab, wait_for

HOST = socket.gethostname()
SHORT = "result['x'] = 1\n"
ENDLESS = "import time\nwhile True: time.sleep(0.01)\n"
INSTANCE = "i-0123456789abcdef0"


class Machine:
    """A computer of a fleet."""

    def __init__(self, lab: Lab, fleet: DeployedFleet, folder: Path) -> None:
        """Has a metadata service, and is off."""
        self.lab, self.folder, self.fleet = lab, folder, fleet
        self.service = MetadataService(
            lambda: key_of_role(lab.study.cloud, fleet.role_arn),
            instance_id=INSTANCE,
            instance_type="c7i.xlarge",
            placement__availability_zone="eu-central-1a",
            instance_life_cycle="spot",
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.python = sys.executable

    def boot(self, install: str | None = None, **settings: Any) -> None:
        """Starts the boot script, as the user data does."""
        if install is not None:
            settings["install_key"] = self.lab.model(install, "install.sh")
        told = {"config_url": self.lab.study.config_url, "group": self.fleet.group, "cores": "virtual", **settings}
        (self.folder / "settings.json").write_text(json.dumps(told))
        self.process = subprocess.Popen(
            [self.python, REPOSITORY / "worker/boot.py", self.folder / "settings.json"],
            cwd=self.folder,
            env={**os.environ, **self.service.environment},
            start_new_session=True,
        )

    def setup(self, **expected: Any) -> dict[str, Any]:
        """Waits until its document has these fields."""

        def look() -> Any:
            document = self.lab.document(f"workers/{HOST}/setup.json") or {}
            return document if expected.items() <= document.items() else None

        found = wait_for(f"a set-up with {expected}", look)
        assert isinstance(found, dict)
        return found

    def log(self, words: str) -> str:
        """Waits until its log has these words."""

        def look() -> str | None:
            try:
                answer = self.lab.root_s3.get_object(Bucket=self.lab.study.bucket, Key=f"workers/{HOST}/setup.txt")
            except self.lab.root_s3.exceptions.NoSuchKey:
                return None
            text = str(answer["Body"].read().decode())
            return text if words in text else None

        return wait_for(f"{words!r} in the log", look)

    def workers(self) -> list[str]:
        """The names of its workers, when all have been heard of."""
        count = self.setup(state="working")["workers"]

        def look() -> list[str] | None:
            listed = self.lab.root_s3.list_objects_v2(Bucket=self.lab.study.bucket, Prefix=f"workers/{HOST}_")
            keys = [entry["Key"] for entry in listed.get("Contents", ()) if entry["Key"].endswith("/heartbeat.json")]
            return [key.split("/")[1] for key in keys] if len(keys) == count else None

        return wait_for("all workers", look)

    def ends(self) -> int:
        """Its exit code."""
        assert self.process is not None
        return self.process.wait(PATIENCE_SECS)

    def close(self) -> None:
        """Ends all of it."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE_SECS)
        self.service.close()


@pytest.fixture
def machine(lab: Lab, tmp_path: Path) -> Iterator[Machine]:
    """A computer of the study's fleet."""
    folder = tmp_path / "machine"
    folder.mkdir()
    made = Machine(lab, deploy_fleet(lab.study), folder)
    yield made
    made.close()


def test_after_the_install_script_workers_are_attached(machine: Machine) -> None:
    machine.boot("#!/bin/sh\necho installing the solver\ntouch installed\n", workers_per_core=2)
    told = machine.setup(state="working")
    assert told["instance"] == INSTANCE and told["instance_type"] == "c7i.xlarge" and told["life_cycle"] == "spot"
    assert told["workers"] == 2 * (os.cpu_count() or 1)
    assert (machine.folder / "installed").exists()
    case_id = machine.lab.send(SHORT)
    assert machine.lab.done(case_id)["result"] == {"x": 1}
    assert len(machine.workers()) == told["workers"]
    text = machine.log("attaching")
    assert "installing the solver\n" in text and "exit code 0" in text


def test_the_log_is_there_while_the_script_runs_and_a_failure_is_told(machine: Machine) -> None:
    goes_on = machine.folder / "go"
    machine.boot(f"echo step one\nuntil [ -e {goes_on} ]; do sleep 0.05; done\necho no such package >&2\nexit 7\n")
    machine.log("step one")
    assert machine.setup()["state"] == "installing"
    goes_on.touch()
    told = machine.setup(state="failed")
    assert told["exit_code"] == 7
    assert told["message"].splitlines()[0] == "the install script ended with exit code 7"
    assert told["message"].splitlines()[-2:] == ["step one", "no such package"]
    assert machine.ends() == 1
    # The local cloud has no instances, so nothing can be ended: that is told, too.
    machine.log("TerminateInstanceInAutoScalingGroup")


def test_another_script_than_the_one_that_was_sent_is_not_run(machine: Machine) -> None:
    key = machine.lab.model("echo right\n", "install.sh")
    machine.lab.root_s3.put_object(Bucket=machine.lab.study.bucket, Key=key, Body=b"echo wrong > /tmp/wrong\n")
    machine.boot(install_key=key)
    assert "its digest differs" in machine.setup(state="failed")["message"]
    assert machine.ends() == 1 and "wrong\n" not in machine.log("digest")


def test_at_a_spot_warning_cases_are_given_back(machine: Machine) -> None:
    machine.boot()
    names = machine.workers()
    # A case for each: one that still asks might be handed what another has given back, and be gone.
    cases = {machine.lab.send(ENDLESS) for _ in names}

    def begun() -> bool:
        documents = [machine.lab.document(f"workers/{name}/heartbeat.json") or {} for name in names]
        return {(one.get("case") or {}).get("case_id") for one in documents} == cases

    wait_for("workers with the cases", begun)
    machine.service.facts["spot/instance-action"] = json.dumps({"action": "terminate", "time": "2026-11-28T01:00:00Z"})
    told = machine.setup(state="ended")
    assert told["message"] == "spot warning (terminate, 2026-11-28T01:00:00Z)"
    assert machine.ends() == 0

    def waits() -> bool:
        """Long before its lease of two minutes would end."""
        attributes = machine.lab.root_sqs.get_queue_attributes(
            QueueUrl=machine.lab.study.config["queue_url"], AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        return bool(attributes["ApproximateNumberOfMessages"] == str(len(cases)))

    wait_for("the cases in the queue", waits)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become another user")
@pytest.mark.skipif(not Path("/usr/bin/python3").exists(), reason="no Python is every user's")
def test_workers_are_another_users_with_no_program_between_that_would_cut_their_time(lab: Lab) -> None:
    user = pwd.getpwnam("daemon")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # as /opt/cruncher
        machine = Machine(lab, deploy_fleet(lab.study), Path(folder))
        try:
            machine.python = "/usr/bin/python3"  # which every user can run
            machine.boot(user=user.pw_name)
            (name, *_) = machine.workers()
            worker = int(name.rsplit("_", 1)[1].split("-")[0])
            parent = int(Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split()[1])
            grandparent = int(Path(f"/proc/{parent}/stat").read_text().rsplit(")", 1)[1].split()[1])
            assert machine.process is not None and grandparent == machine.process.pid
            for process in (worker, parent):
                assert Path(f"/proc/{process}").stat().st_uid == user.pw_uid
            assert f"HOME={user.pw_dir}\0" in Path(f"/proc/{parent}/environ").read_text()
        finally:
            machine.close()


@pytest.mark.parametrize("way", ["lifecycle", "shutdown"])
def test_an_instance_that_the_group_ends_leaves_likewise(machine: Machine, way: str) -> None:
    machine.boot()
    machine.setup(state="working")
    assert machine.process is not None
    if way == "lifecycle":
        machine.service.facts["autoscaling/target-lifecycle-state"] = "Terminated"
    else:
        machine.process.send_signal(signal.SIGTERM)
    words = {"lifecycle": "the group ends this instance", "shutdown": "the computer shuts down"}[way]
    assert machine.setup(state="ended")["message"] == words
    assert machine.ends() == 0


def test_workers_that_are_drained_end_the_instance(machine: Machine) -> None:
    machine.boot()
    machine.setup(state="working")
    machine.lab.control(drain=machine.workers())
    assert "as they were asked to" in machine.setup(state="ended")["message"]
    assert machine.ends() == 0


def test_a_computer_whose_workers_wait_for_long_ends_itself(machine: Machine) -> None:
    machine.boot(idle_secs=1.0)
    assert machine.setup(state="ended")["message"] == "there were no cases left"
    assert machine.ends() == 0
    assert "no case for" in machine.log("TerminateInstanceInAutoScalingGroup")


def test_a_computer_that_computes_never_ends_itself(machine: Machine) -> None:
    case = machine.lab.send("import time\ntime.sleep(8)\nresult['x'] = 1\n")
    machine.boot(idle_secs=2.0)
    # One worker has the case, others wait for longer than that: the computer is there until it is done.
    assert machine.lab.done(case)["result"] == {"x": 1}
    assert machine.setup(state="ended")["message"] == "there were no cases left"


def test_a_worker_that_was_killed_keeps_no_computer(machine: Machine) -> None:
    machine.boot(idle_secs=1.0, workers_per_core=2)
    machine.lab.send(ENDLESS)

    def running() -> str | None:
        listed = machine.lab.root_s3.list_objects_v2(Bucket=machine.lab.study.bucket, Prefix=f"workers/{HOST}_")
        keys = [one["Key"] for one in listed.get("Contents", ()) if one["Key"].endswith("/heartbeat.json")]
        found = [key for key in keys if (machine.lab.document(key) or {}).get("state") == "running"]
        return found[0] if found else None

    key = wait_for("a worker with a case", running)
    os.kill(int(key.split("/")[1].rsplit("_", 1)[1].split("-")[0]), signal.SIGKILL)
    assert machine.setup(state="ended")["message"] == "there were no cases left"


@pytest.mark.parametrize("config_url", ["nowhere", "file://{folder}/config.json"])
def test_a_computer_that_cannot_even_begin_shuts_down(machine: Machine, config_url: str) -> None:
    # The second one gets a worker's file, which is none.
    (machine.folder / "attach.py").write_text("raise RuntimeError('broken')\n")
    off = machine.folder / "off"
    machine.boot(config_url=config_url.format(folder=machine.folder), shutdown_command=["touch", str(off)])
    assert machine.ends() == 1 and off.exists()


def size_of(machine: Machine) -> tuple[int, int]:
    """How many instances are wanted of the fleet, and how many there may be."""
    autoscaling = machine.lab.study.cloud.client("autoscaling")
    told = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[machine.fleet.group])["AutoScalingGroups"][0]
    return told["DesiredCapacity"], told["MaxSize"]


@pytest.mark.parametrize("install", ["", "sleep 1000\n"])
def test_the_fleet_ends_when_it_has_cost_its_limit(machine: Machine, install: str) -> None:
    assert size_of(machine) == (1, 2)
    machine.boot(install or None, price_per_hour=9000.0, max_dollars=0.5, check_secs=0.1)
    machine.log("the limit is reached: the fleet ends")
    wait_for("a fleet of nobody", lambda: size_of(machine) == (0, 0))


def test_an_install_script_that_hangs_is_ended(machine: Machine) -> None:
    machine.boot("echo begun\nsleep 1000\n", install_secs=1.0)
    assert "the install script has taken more than" in machine.setup(state="failed")["message"]
    assert machine.ends() == 1 and size_of(machine) == (1, 2)


def test_a_fleet_ends_whose_computers_fail_one_after_another(machine: Machine) -> None:
    group = machine.fleet.group
    for number in range(2):
        body = {"group": group, "start_time": number, "time": number, "state": "failed"}
        machine.lab.root_s3.put_object(
            Bucket=machine.lab.study.bucket, Key=f"workers/before-{number}/setup.json", Body=json.dumps(body).encode()
        )
    machine.boot("exit 1\n")
    machine.log("and none works: the fleet ends")
    wait_for("a fleet of nobody", lambda: size_of(machine) == (0, 0))


def test_a_fleet_goes_on_where_some_computer_works() -> None:
    def told(start_time: float, state: str, time: float = 1000.0, group: str = "g") -> bytes:
        return json.dumps({"group": group, "start_time": start_time, "state": state, "time": time}).encode()

    failed = [told(number, "failed") for number in (1, 2, 3)]
    assert boot.is_vain([None, b"{", b"[]", *failed], "g", 1000.0)
    assert not boot.is_vain(failed[:2], "g", 1000.0)
    assert not boot.is_vain([*failed[:2], told(3, "failed", group="another")], "g", 1000.0)
    assert not boot.is_vain([told(0, "working"), *failed], "g", 1000.0)
    assert boot.is_vain([told(0, "working", time=500.0), *failed], "g", 1000.0)
    assert not boot.is_vain([*failed, told(4, "ended")], "g", 1000.0)


def test_an_instance_costs_what_its_time_costs() -> None:
    document = {"group": "g", "start_time": 1000.0, "time": 4600.0, "price_per_hour": 0.25}
    for told, group, dollars in [
        (document, "g", 0.25),
        (document, "another", 0.0),
        ({**document, "time": 9e99}, "g", 1.25),
        ({**document, "time": 0.0}, "g", 0.0),
        ({**document, "price_per_hour": "free"}, "g", 0.0),
        ({**document, "price_per_hour": -5.0}, "g", 0.0),
        ([], "g", 0.0),
        (None, "g", 0.0),
    ]:
        body = json.dumps(told).encode() if told is not None else None
        assert boot.cost_of(body, group, 19000.0) == pytest.approx(dollars), told
    assert boot.cost_of(b"{", "g", 0.0) == 0.0
