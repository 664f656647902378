"""Workers that other engines start: Slurm on loopback, and the files for containers, Kubernetes and AWS Batch."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import CommandLine, Launched, environment, wait_for
from enqueue import enqueue
from local_cloud import REPOSITORY
from small_models import DOUBLE
from studies import documents, messages, queue_of, wait_for_end

WORKERS = REPOSITORY / "examples/workers"
START = WORKERS / "start.py"
PROGRAMS = "sbatch", "scancel", "squeue", "slurmctld", "slurmd", "munged"
SLURM_PLACES = "/usr/sbin:/sbin:" + os.environ.get("PATH", "")

ENDLESS = "import time\nprogress(0.5)\ntime.sleep(600)\n"


@pytest.fixture
def study(command_line: CommandLine) -> Launched:
    """A fresh study."""
    return command_line.launch()


def address(study: Launched) -> str:
    """The bucket's, as the script names it."""
    return str(study.ran.json()["page_url"]).rsplit("/", 1)[0]


def write_key(study: Launched, path: Path, *options: str) -> str:
    """What `cruncher attach-script` prints, while it writes the key."""
    passphrase = study.ran.json()["operator_passphrase"] + "\n"
    arguments = ("attach-script", study.study, "--key-file", str(path), *options)
    ran = study.command_line.run(*arguments, answer=passphrase)
    assert ran.code == 0, ran.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = study.key("worker").secret
    assert secret in path.read_text() and secret not in ran.out + ran.err
    return ran.out


@contextlib.contextmanager
def started(log: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """The program that engines start."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(START)],
            env=environment(PYTHONUNBUFFERED="1", **more),
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_key_from_the_environment_attaches_and_sigterm_gives_the_case_back(study: Launched, tmp_path: Path) -> None:
    enqueue(queue_of(study), "b", ENDLESS, {1: [{}]})
    key, log = study.key("worker"), tmp_path / "log.txt"
    sqs, queue_url = study.command_line.cloud.client("sqs"), study.outputs["QueueUrl"]
    told = {"CRUNCHER_KEY_ID": key.key_id, "CRUNCHER_SECRET": key.secret}
    with started(log, CRUNCHER_ADDRESS=address(study), **told) as process:
        wait_for(lambda: "attempt 1 of" in log.read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert "gave the case back to the queue" in log.read_text() and key.secret not in log.read_text()
    assert messages(sqs, queue_url) == (1, 0)
    assert documents(study.command_line.cloud.client("s3"), study.bucket, "error-") == []


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    key, log = tmp_path / "key", tmp_path / "log.txt"
    nowhere = {"CRUNCHER_ADDRESS": "http://127.0.0.1:9", "CRUNCHER_KEY_FILE": str(key)}

    def said(**more: str) -> str:
        with started(log, **more) as process:
            assert process.wait(60) == 1
        return log.read_text()

    assert "CRUNCHER_ADDRESS is not set" in said()
    assert "CRUNCHER_WORKERS is no whole number" in said(**nowhere, CRUNCHER_WORKERS="many")


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (None, 0, "the worker's key can't be read"),
        ("CRUNCHER_KEY_ID=a\nCRUNCHER_SECRET=b\n", 0o644, "can be read by others"),
        ("nothing\n", 0o600, "has no lines CRUNCHER_KEY_ID="),
    ],
)
def test_a_key_file_that_is_none_is_refused(
    study: Launched, tmp_path: Path, content: str | None, mode: int, words: str
) -> None:
    key, log = tmp_path / "key", tmp_path / "log.txt"
    if content is not None:
        key.write_text(content)
        key.chmod(mode)
    with started(log, CRUNCHER_ADDRESS=address(study), CRUNCHER_KEY_FILE=str(key)) as process:
        assert process.wait(60) == 1
    assert words in log.read_text()


def free_port() -> int:
    """One that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def slurm(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Slurm on loopback, with a node of its own; the environment of its programs."""
    if any(shutil.which(program, path=SLURM_PLACES) is None for program in PROGRAMS):
        pytest.skip("Debian's slurm-wlm isn't installed")
    # Sockets have short names, and munged wants folders that others can't write.
    folder = tmp_path / "slurm"
    folder.mkdir(mode=0o755)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(64))
    key.chmod(0o400)
    host = socket.gethostname().split(".")[0]
    (folder / "slurm.conf").write_text(
        f"""ClusterName=cruncher
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={free_port()}
SlurmdPort={free_port()}
SlurmUser={getpass.getuser()}
SlurmdUser={getpass.getuser()}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
KillWait=30
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
SlurmdParameters=config_overrides
"""
    )
    (folder / "state").mkdir()
    (folder / "spool").mkdir()
    told = environment(SLURM_CONF=str(folder / "slurm.conf"), PATH=SLURM_PLACES)
    commands = [
        ["munged", "--foreground", "--force", f"--socket={folder}/munge.socket", f"--key-file={key}",
         f"--pid-file={folder}/munge.pid", f"--seed-file={folder}/munge.seed", f"--log-file={folder}/munge.log"],
        ["slurmctld", "-D"],
        ["slurmd", "-D"],
    ]  # fmt: skip
    with contextlib.ExitStack() as running:
        for number, command in enumerate(commands):
            output = running.enter_context((folder / f"{number}.log").open("wb"))
            process = subprocess.Popen(command, env=told, stdout=output, stderr=subprocess.STDOUT)
            running.callback(process.wait)
            running.callback(process.terminate)
            if number == 0:
                wait_for((folder / "munge.socket").exists)

        def is_up() -> bool:
            said = subprocess.run(["sinfo", "-h", "-o", "%t"], env=told, capture_output=True, text=True).stdout
            return said.strip() == "idle"

        wait_for(is_up)
        yield told
        subprocess.run(["scancel", "--user", getpass.getuser()], env=told)
        wait_for(lambda: not subprocess.run(["squeue", "-h"], env=told, capture_output=True).stdout)


def test_slurm_runs_an_array_of_workers_that_end_when_it_says_so(
    study: Launched, slurm: dict[str, str], tmp_path: Path
) -> None:
    key, script = tmp_path / "it's.key", tmp_path / "workers.sbatch"
    script.write_text(write_key(study, key, "--slurm", "--workers", "3", "--at-once", "2"))
    assert "#SBATCH --array=1-3%2\n" in script.read_text()
    queue = queue_of(study)
    enqueue(queue, "b", DOUBLE, {1: [{"a": number} for number in range(4)]})

    def run(*command: str) -> str:
        ran = subprocess.run(command, env=slurm, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    said = run("sbatch", str(script))
    array = said.split()[-1]
    wait_for_end(study, done=4)
    logs = [tmp_path / f"cruncher-{study.study}-{array}_{number}.log" for number in (1, 2)]
    wait_for(lambda: all(log.exists() and "attached to study" in log.read_text() for log in logs))
    assert not (tmp_path / f"cruncher-{study.study}-{array}_3.log").exists(), "two run at once"
    # One that computes is told to stop: its case goes to the other, or to the third.
    enqueue(queue, "b", ENDLESS, {1: [{"b": 1}]})
    wait_for(lambda: any("attempt 1 of" in log.read_text().rsplit("done in", 1)[-1] for log in logs))
    run("scancel", array)
    wait_for(lambda: not run("squeue", "-h"))
    assert any("gave the case back to the queue" in log.read_text() for log in logs)
    # It isn't lost: it waits, or was handed to the other one's last question, and waits again when that lease ends.
    sqs, queue_url = study.command_line.cloud.client("sqs"), study.outputs["QueueUrl"]
    assert sum(messages(sqs, queue_url)) == 1


def test_the_wrong_passphrase_writes_no_key(study: Launched, tmp_path: Path) -> None:
    path = tmp_path / "key"
    viewer = study.ran.json()["viewer_passphrase"] + "\n"
    for answer, words in ((viewer, "the viewer's passphrase"), ("wrong\n", "passphrase")):
        ran = study.command_line.run("attach-script", study.study, "--key-file", str(path), answer=answer)
        assert ran.code == 1 and words in ran.err and not path.exists()
    assert study.command_line.run("attach-script", study.study).code == 2


def podman(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What Podman says; its two options also hold where there is no overlay file system and control groups are old."""
    command = ["podman", "--storage-driver", "vfs", "--runtime", "runc", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """The image of workers, built of the Dockerfile."""
    if not (shutil.which("podman") and shutil.which("runc")):
        pytest.skip("Debian's podman and runc aren't installed")
    if podman("image", "exists", "docker.io/library/python:3.11-slim").returncode != 0:
        pytest.skip("there is no image python:3.11-slim: CONTRIBUTING.md says how to make one of Debian's packages")
    name = f"cruncher-worker-{os.getpid()}"
    built = podman("build", "--isolation", "chroot", "--tag", name, str(WORKERS))
    assert built.returncode == 0, built.stderr
    yield name
    podman("image", "rm", "--force", name)


WHO_RUNS = """import os
try:
    open("/opt/cruncher/start.py", "a").close()
    writes = True
except OSError:
    writes = False
result = {"user": os.getuid(), "writes": writes, "key": "CRUNCHER_SECRET" in os.environ}
"""


def test_the_image_runs_workers_without_rights_and_gives_cases_back(
    image: str, study: Launched, tmp_path: Path
) -> None:
    key_file = tmp_path / "key"
    write_key(study, key_file)
    sqs, queue_url = study.command_line.cloud.client("sqs"), study.outputs["QueueUrl"]
    s3 = study.command_line.cloud.client("s3")
    enqueue(queue_of(study), "who", WHO_RUNS, {1: [{}]})
    name = f"{image}-{study.study}"
    told = ("--env", f"CRUNCHER_ADDRESS={address(study)}", "--env-file", str(key_file))
    limits = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000")
    ran = podman("run", "--detach", "--network", "host", "--name", name, *limits, *told, image)
    assert ran.returncode == 0, ran.stderr
    try:
        wait_for(lambda: len(documents(s3, study.bucket, "done-")) == 1)
        (result,) = documents(s3, study.bucket, "done-")
        assert result["result"] == {"user": 10001, "writes": False, "key": False}
        enqueue(queue_of(study), "endless", ENDLESS, {1: [{}]})
        wait_for(lambda: messages(sqs, queue_url) == (0, 1))
        stopped = podman("stop", "--time", "30", name)
        assert stopped.returncode == 0, stopped.stderr
        log = podman("logs", name)
        assert "gave the case back to the queue" in log.stdout + log.stderr
        assert study.key("worker").secret not in log.stdout + log.stderr
        assert messages(sqs, queue_url) == (1, 0)
    finally:
        podman("rm", "--force", name)


def test_the_files_for_engines_hold_no_secret_and_end_by_sigterm() -> None:
    job: Any = yaml.safe_load((WORKERS / "kubernetes.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job") and job["spec"]["parallelism"] > 0
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["restartPolicy"] == "Never" and pod["securityContext"]["runAsNonRoot"] is True
    assert pod["terminationGracePeriodSeconds"] >= 30 and pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["envFrom"] == [{"secretRef": {"name": "cruncher-prandtl"}}]
    assert [one["name"] for one in container["env"]] == ["CRUNCHER_ADDRESS"]
    lines = (WORKERS / "Dockerfile").read_text().splitlines()
    steps = [line.split(" ", 1) for line in lines if line and not line.startswith("#")]
    assert [name for name, _ in steps] == [
        "FROM", "RUN", "COPY", "USER", "WORKDIR", "ENV", "STOPSIGNAL", "ENTRYPOINT",
    ]  # fmt: skip
    told = {name: rest for name, rest in steps}
    assert told["USER"] not in ("root", "0") and told["STOPSIGNAL"] == "SIGTERM"
    # An ENTRYPOINT of a shell would keep the signal to itself.
    assert told["ENTRYPOINT"] == '["python3", "/opt/cruncher/start.py"]' and (WORKERS / "start.py").is_file()
    check = subprocess.run(["cfn-lint", str(WORKERS / "aws-batch.yaml")], capture_output=True, text=True)
    assert check.returncode == 0, check.stdout
