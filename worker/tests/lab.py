"""A study with workers attached to it, and a proxy between them that records and disturbs."""

# ruff: noqa: D105, D107, S101, S603 - only tests use this
from __future__ import annotations

import hashlib
import http.client
import http.server
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import botocore.exceptions
from local_cloud import Key, Study

PATIENCE_SECS = 40
# The Python of the workers, if it isn't that of the tests.
WORKER_PYTHON = os.environ.get("CRUNCHER_WORKER_PYTHON", sys.executable)
T = TypeVar("T")


def wait_for(what: str, look: Callable[[], T | None], secs: float = PATIENCE_SECS) -> T:
    """The first thing that `look` finds."""
    deadline = time.monotonic() + secs
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"after {secs} s still not there: {what}")


def is_running(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


class Attached:
    """A process that executed the attach line."""

    def __init__(
        self,
        code: str,
        environment: dict[str, str],
        folder: Path,
        stdin: int | None = None,
        options: tuple[str, ...] = (),
    ) -> None:
        self._output: list[str] = []
        # A session of its own, so that what it starts can be ended with it.
        self.process = subprocess.Popen(
            [WORKER_PYTHON, *options, "-c", code],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            cwd=folder,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._output.append(line.decode("utf-8", "replace"))

    @property
    def output(self) -> str:
        """What it has printed until now."""
        return "".join(self._output)

    def says(self, words: str, times: int = 1) -> None:
        """Waits until it has printed `words`."""

        def look() -> bool:
            return self.output.count(words) >= times

        try:
            wait_for(repr(words), look)
        except AssertionError as error:
            raise AssertionError(f"{error}; it printed:\n{self.output}") from None

    def name(self) -> str:
        """The worker's name."""
        self.says(" as ")
        return self.output.split(" as ", 1)[1].split(" ", 1)[0]

    def send(self, number: int) -> None:
        """A signal."""
        self.process.send_signal(number)

    def ends(self) -> int:
        """Its exit code, and all that it has printed is there."""
        code = self.process.wait(PATIENCE_SECS)
        self._reader.join(PATIENCE_SECS)
        return code

    def stop(self) -> int:
        """Ctrl-C, and its exit code."""
        self.send(signal.SIGINT)
        return self.ends()

    def kill(self) -> None:
        """Ends it without a chance to say anything."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@dataclass
class Seen:
    """A request that the proxy has forwarded."""

    method: str
    path: str
    action: str
    body: bytes
    status: int = 0

    def __str__(self) -> str:
        return f"{self.method} {self.action or self.path}"


Fault = Callable[[Seen], "str | None"]


class Proxy:
    """Stands between worker and cloud, and serves a configuration that leads there."""

    def __init__(self, study: Study) -> None:
        self.seen: list[Seen] = []
        self.fault: Fault = lambda _: None
        self.date_of_config = True
        self._bucket = study.bucket
        proxy, target = self, ("127.0.0.1", study.cloud.port)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_: Any) -> None:
                """Quiet."""

            def answer(self) -> None:
                if self.path == f"/{study.bucket}/public/config.json":
                    self.config()
                else:
                    proxy.exchange(self, target)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

            def config(self) -> None:
                body = json.dumps({**study.config, "endpoint_url": proxy.url}).encode()
                self.send_response_only(200)
                if proxy.date_of_config:
                    self.send_header("Date", self.date_time_string())
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def config_url(self) -> str:
        """What a worker is attached with."""
        return f"{self.url}/{self._bucket}/public/config.json"

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()

    def exchange(self, handler: http.server.BaseHTTPRequestHandler, target: tuple[str, int]) -> None:
        """Forwards a request, unless a fault comes first."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        action = (handler.headers.get("X-Amz-Target") or "").split(".")[-1]
        seen = Seen(handler.command, handler.path, action, body)
        fault = self.fault(seen)
        if fault == "reset":
            return _reset(handler)
        if fault in ("413", "500", "503"):
            self.seen.append(seen)
            seen.status = int(fault)
            code = b"EntityTooLarge" if fault == "413" else b"SlowDown"
            return _reply(handler, int(fault), b"<Error><Code>%s</Code></Error>" % code, {})
        if fault is not None and fault.startswith("{"):
            headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": "1"}
            return _reply(handler, 200, fault.encode(), headers)
        status, headers, content = _forward(handler, target, body)
        seen.status = status
        self.seen.append(seen)
        if fault == "lose":
            return _reset(handler)
        _reply(handler, status, content, headers, cut=fault == "truncate")
        handler.close_connection = handler.close_connection or fault == "close"
        return None

    def requests(self) -> list[str]:
        """Those that have been seen, in short."""
        return [str(one) for one in self.seen]


def _forward(
    handler: http.server.BaseHTTPRequestHandler, target: tuple[str, int], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(*target, timeout=60)
    connection.request(handler.command, handler.path, body or None, dict(handler.headers.items()))
    answer = connection.getresponse()
    content = answer.read()
    hop = ("connection", "transfer-encoding", "content-length", "server")
    headers = {name: value for name, value in answer.getheaders() if name.lower() not in hop}
    connection.close()
    return answer.status, headers, content


def _reply(
    handler: http.server.BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str], cut: bool = False
) -> None:
    handler.send_response_only(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    # A 304 and an answer to HEAD have no body, whatever the length says.
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2] if cut else body)
    handler.close_connection = handler.close_connection or cut


def _reset(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()
    handler.rfile.close()


@dataclass
class Lab:
    """A study, what one does with it as its operator, and the workers attached to it."""

    study: Study
    folder: Path
    attached: list[Attached] = field(default_factory=list)
    proxies: list[Proxy] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.s3 = self.study.cloud.client("s3", self.study.operator)
        self.sqs = self.study.cloud.client("sqs", self.study.operator)
        self.root_s3, self.root_sqs = self.study.cloud.client("s3"), self.study.cloud.client("sqs")

    def model(self, text: str, name: str = "model.py") -> str:
        """Uploads a model; its key."""
        key = f"models/{hashlib.sha256(text.encode()).hexdigest()}/{name}"
        self.s3.put_object(Bucket=self.study.bucket, Key=key, Body=text.encode())
        return key

    def send(self, model: str, kind: str = "python", **fields: Any) -> str:
        """Enqueues a case of the model with this text; its case_id."""
        name = fields.pop("name", "model.py" if kind == "python" else "model.sh")
        message = {
            "v": 1, "case_id": uuid.uuid4().hex, "batch": "b", "level": 1, "submission": uuid.uuid4().hex[:16],
            "model": {"key": fields.pop("model_key", None) or self.model(model, name), "kind": kind}, "parameters": {},
            "replicate": 0, "force": False, "time_limit_secs": None, "max_attempts": 3, **fields,
        }  # fmt: skip
        self.send_text(json.dumps(message), message["case_id"])
        return str(message["case_id"])

    def send_text(self, body: str, group: str = "g") -> None:
        """Enqueues a message."""
        self.sqs.send_message(
            QueueUrl=self.study.config["queue_url"],
            MessageBody=body,
            MessageGroupId=group,
            MessageDeduplicationId=uuid.uuid4().hex,
        )

    def control(self, **fields: Any) -> None:
        """Writes control.json."""
        document = {"v": 1, "paused": False, "drain": [], "cancelled_batches": [], "cancelled_cases": [], **fields}
        self.s3.put_object(Bucket=self.study.bucket, Key="control.json", Body=json.dumps(document).encode())

    def proxy(self) -> Proxy:
        """A proxy to the cloud."""
        self.proxies.append(Proxy(self.study))
        return self.proxies[-1]

    def attach(
        self,
        config_url: str = "",
        key: Key | None = None,
        before: str = "",
        between: str = "",
        after: str = "",
        stdin: int | None = None,
        options: tuple[str, ...] = (),
        address: str = "",
        **environment: str,
    ) -> Attached:
        """Starts a worker with the line of the protocol: `before` and, when attach.py is there, `between` are executed.

        `address` is another one of the bucket; `after` are other arguments of `attach`, `options` those of Python.
        """
        key, address = key or self.study.worker, address or self.study.bucket_url
        line = (
            f"exec('''import time, urllib.request as r\\nfor s in 1, 2, 4, 8, 0:\\n\\t"
            f"try: a = r.urlopen('{address}/public/attach.py', None, 20).read().decode(); break\\n\\t"
            f"except Exception as e: a = 'def attach(*_, **k): print(' + "
            f"repr('cruncher: the worker can not be fetched: ' + str(e)) + ')'; time.sleep(s)\\n"
            f"exec(a, globals())''', globals(), {{}}); {between}attach('{config_url or self.study.config_url}', "
            f"'{key.key_id}', '{key.secret}'{after})"
        )
        return self.execute(before + line, stdin, options, **environment)

    def execute(
        self, code: str, stdin: int | None = None, options: tuple[str, ...] = (), **environment: str
    ) -> Attached:
        """Starts a Python with this code, and this descriptor as its standard input."""
        self.attached.append(Attached(code, environment, self.folder, stdin, options))
        return self.attached[-1]

    def read(self, key: str) -> bytes | None:
        """An object, or None."""
        try:
            return bytes(self.root_s3.get_object(Bucket=self.study.bucket, Key=key)["Body"].read())
        except botocore.exceptions.ClientError:
            return None

    def document(self, key: str) -> Any:
        """A JSON object, or None."""
        body = self.read(key)
        return None if body is None else json.loads(body)

    def done(self, case_id: str, batch: str = "b") -> dict[str, Any]:
        """Waits for a result."""
        found = wait_for("the result of a case", lambda: self.document(f"data/{batch}/done-{case_id}.json"))
        assert isinstance(found, dict)
        return found

    def error(self, case_id: str, final: bool = True, batch: str = "b") -> dict[str, Any]:
        """Waits for the error document of the last attempt, or of one before."""

        def look() -> Any:
            document = self.document(f"data/{batch}/error-{case_id}.json")
            return document if document and document["final"] == final else None

        found = wait_for("the error document of a case", look)
        assert isinstance(found, dict)
        return found

    def keys(self, prefix: str) -> list[str]:
        """The keys below `prefix`."""
        listing = self.root_s3.list_objects_v2(Bucket=self.study.bucket, Prefix=prefix)
        return [one["Key"] for one in listing.get("Contents", [])]

    def heartbeat(self, worker: str, **expected: Any) -> dict[str, Any]:
        """Waits until a heartbeat has these fields."""

        def look() -> Any:
            document = self.document(f"workers/{worker}/heartbeat.json") or {}
            fits = all(document.get(name) == value for name, value in expected.items())
            return document if document and fits else None

        found = wait_for(f"a heartbeat with {expected}", look)
        assert isinstance(found, dict)
        return found

    def rows(self, worker: str) -> list[dict[str, Any]]:
        """The rows of all segments of a worker."""
        keys = [key for key in self.keys(f"workers/{worker}/") if "segment-" in key]
        return [json.loads(line) for key in keys for line in (self.read(key) or b"").splitlines()]

    def in_queue(self, dead: bool = False) -> tuple[int, int]:
        """How many messages are visible, and how many are held."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        url = self.study.config["dead_letter_queue_url" if dead else "queue_url"]
        found = self.root_sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    def queue_is_empty(self) -> None:
        """Waits for that."""
        wait_for("an empty queue", lambda: self.in_queue() == (0, 0))

    def gate(self) -> Gate:
        """A gate for models to stand at."""
        return Gate(self.folder / uuid.uuid4().hex)

    def close(self) -> None:
        """Ends what was started."""
        for attached in self.attached:
            attached.kill()
        for proxy in self.proxies:
            proxy.close()


class Gate:
    """Two files, by which a model says that it has come so far, and is let go on."""

    def __init__(self, path: Path) -> None:
        self._here, self._open = path.with_suffix(".here"), path.with_suffix(".open")
        self.code = (
            f"import os, time\nwith open({str(self._here)!r}, 'a') as here:\n    here.write('x')\ndel here\n"
            f"while not os.path.exists({str(self._open)!r}):\n    time.sleep(0.01)\n"
        )

    def arrivals(self, count: int) -> None:
        """Waits until so many attempts stand here or have stood here."""
        wait_for("a model at the gate", lambda: self._here.exists() and len(self._here.read_text()) >= count)

    def open(self) -> None:
        """Lets all go on."""
        self._open.touch()
