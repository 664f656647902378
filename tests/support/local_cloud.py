"""The local cloud for tests: ministack with AUTH=true, and studies deployed into it from the project's own template."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

REPOSITORY = Path(__file__).resolve().parents[2]
REGION = "eu-central-1"
# The local cloud takes these two for its root; everybody else needs an IAM user's key.
ROOT_KEY_ID = "test"
ROOT_SECRET = "test"
START_SECS = 60
# How much goes into the cloud in one request.
CHUNK_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Key:
    """An access key."""

    key_id: str
    secret: str


@dataclass(frozen=True)
class Object:
    """An object of a bucket."""

    key: str
    body: bytes
    modified_time: float
    headers: dict[str, str] = field(default_factory=dict)

    def packed(self) -> bytes:
        """A line about it, then its bytes."""
        told = {"size": len(self.body), "key": self.key, "modified_time": self.modified_time, "headers": self.headers}
        return json.dumps(told).encode() + b"\n" + self.body


def client(service: str, endpoint_url: str, key: Key) -> Any:
    """A boto3 client of `service` that signs with `key`."""
    return boto3.client(
        service,
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=key.key_id,
        aws_secret_access_key=key.secret,
    )


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class CloudProcess:
    """A cloud that is a process on loopback."""

    def __init__(self, port: int, command: Sequence[str | Path], health: str = "/", **environment: str) -> None:
        """Starts it on this port, and waits until it answers at the path `health`."""
        self.endpoint_url = f"http://127.0.0.1:{port}"
        self.root = Key(ROOT_KEY_ID, ROOT_SECRET)
        self._health = health
        self._folder = Path(tempfile.mkdtemp(prefix="cruncher-cloud-"))
        self._log = (self._folder / "log.txt").open("wb")
        self._process = subprocess.Popen(
            command,
            cwd=self._folder,
            env={**os.environ, **environment},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + START_SECS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("the local cloud did not start")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint_url}{self._health}", timeout=2) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code == 403  # it wants a signature
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """Ends the process and removes what it wrote."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def client(self, service: str, key: Key | None = None) -> Any:
        """A boto3 client of this cloud; root's, unless `key` is given."""
        return client(service, self.endpoint_url, key or self.root)

    def administrator(self) -> Key:
        """The key of a new user who may do everything."""
        user, everything = f"administrator-{uuid.uuid4().hex[:8]}", {"Effect": "Allow", "Action": "*", "Resource": "*"}
        iam = self.client("iam")
        iam.create_user(UserName=user)
        policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
        iam.put_user_policy(UserName=user, PolicyName="everything", PolicyDocument=policy)
        return self.make_key(user)

    def make_key(self, user: str) -> Key:
        """A new key of this user."""
        made = self.client("iam").create_access_key(UserName=user)["AccessKey"]
        return Key(made["AccessKeyId"], made["SecretAccessKey"])


class LocalCloud(CloudProcess):
    """One ministack process."""

    def __init__(self) -> None:
        """Starts it on a free port and waits until it answers."""
        self.port = free_port()
        super().__init__(
            self.port,
            [sys.executable, REPOSITORY / "tests/support/local_cloud_process.py"],
            "/_ministack/health",
            SERVICES="s3,sqs,iam,sts,cloudformation,ec2,autoscaling",
            GATEWAY_PORT=str(self.port),
            BIND_HOST="127.0.0.1",
            IOT_MTLS_ENABLED="0",
            SFTP_ENABLED="0",
            AUTH="true",
        )

    def put_objects(self, bucket: str, objects: Iterable[Object]) -> int:
        """Puts many objects at once, without a key; returns how many. For studies too large for a PUT each."""
        count = 0
        for chunk in _chunks(objects):
            url = f"{self.endpoint_url}/_cruncher/objects/{bucket}"
            try:
                with urllib.request.urlopen(url, data=chunk, timeout=120) as answer:
                    count += int(answer.read())
            except urllib.error.HTTPError as refusal:
                with refusal:
                    raise RuntimeError(refusal.read().decode(errors="replace")) from refusal
        return count

    def deploy(self, *, lease_secs: int = 120, max_receives: int = 5) -> Study:
        """A fresh study with its keys and its `public/config.json`, without the command line."""
        study = f"t{uuid.uuid4().hex[:10]}"
        stack = f"cruncher-{study}"
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(
            StackName=stack,
            TemplateBody=(REPOSITORY / "stack/study.yaml").read_text(),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[
                {"ParameterKey": "Study", "ParameterValue": study},
                {"ParameterKey": "LeaseSecs", "ParameterValue": str(lease_secs)},
                {"ParameterKey": "MaxReceives", "ParameterValue": str(max_receives)},
                {"ParameterKey": "RequireTls", "ParameterValue": "false"},
                {"ParameterKey": "RequireFirstWriter", "ParameterValue": "false"},
            ],
        )
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=stack, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
        )
        outputs = {
            output["OutputKey"]: output["OutputValue"]
            for output in cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
        }
        keys = {role: self.make_key(outputs[f"{role}User"]) for role in ("Viewer", "Operator", "Worker")}
        config = {
            "v": 1,
            "study": study,
            "region": REGION,
            "bucket": outputs["BucketName"],
            "endpoint_url": self.endpoint_url,
            "queue_url": outputs["QueueUrl"],
            "dead_letter_queue_url": outputs["DeadLetterQueueUrl"],
            "lease_secs": lease_secs,
            "max_receives": max_receives,
            "launch_time": time.time(),
            "cruncher_version": "0.1.0",
        }
        s3 = self.client("s3")
        s3.put_object(
            Bucket=config["bucket"],
            Key="public/config.json",
            Body=json.dumps(config).encode(),
            ContentType="application/json",
        )
        s3.put_object(
            Bucket=config["bucket"],
            Key="public/attach.py",
            Body=hasty_worker(),
            ContentType="text/x-python; charset=utf-8",
        )
        return Study(self, study, config, keys["Viewer"], keys["Operator"], keys["Worker"], outputs["ViewerUser"])


def hasty_worker() -> bytes:
    """The worker, which waits for cases 2 seconds at a time: while it waits it hears of nothing else."""
    worker = (REPOSITORY / "worker/attach.py").read_bytes()
    usual, hasty = b"\nLONG_POLL_SECS = 20 ", b"\nLONG_POLL_SECS = 2 "
    assert usual in worker
    return worker.replace(usual, hasty)


def _chunks(objects: Iterable[Object]) -> Iterator[bytes]:
    chunk = bytearray()
    for one in objects:
        chunk += one.packed()
        if len(chunk) > CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)


@dataclass(frozen=True)
class Study:
    """A study in the local cloud, with a key a role."""

    cloud: LocalCloud
    name: str
    config: dict[str, Any]
    viewer: Key
    operator: Key
    worker: Key
    viewer_user: str

    @property
    def bucket(self) -> str:
        """The name of its bucket."""
        return str(self.config["bucket"])

    @property
    def bucket_url(self) -> str:
        """What a key is appended to, after a slash."""
        return f"{self.cloud.endpoint_url}/{self.bucket}"

    @property
    def config_url(self) -> str:
        """The address that a worker is attached with."""
        return f"{self.bucket_url}/public/config.json"
