"""A proxy on loopback between `cruncher` and the local cloud, which is slow, or fails, as it is told."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

# What becomes of a request that sends messages, by its number from 0. `None`: it is passed on.
Fault = Callable[[int, dict[str, Any]], "Answer | None"]


@dataclass(frozen=True)
class Answer:
    """What the proxy answers in place of the cloud, or after it."""

    status: int = 200
    body: bytes = b"{}"
    # Whether the entries in `only` are passed on, in place of all or none of them.
    only: list[dict[str, Any]] = field(default_factory=list)


def throttled() -> Answer:
    """The whole request is refused for its rate."""
    return Answer(400, b'{"__type": "com.amazonaws.sqs#ThrottlingException", "message": "Rate exceeded"}')


def without(body: dict[str, Any], numbers: set[int], code: str) -> Answer:
    """The entries of these numbers fail by no fault of the sender, the others are sent."""
    failed = [
        {"Id": entry["Id"], "Code": code, "Message": "not now", "SenderFault": False}
        for number, entry in enumerate(body["Entries"])
        if number in numbers
    ]
    only = [entry for number, entry in enumerate(body["Entries"]) if number not in numbers]
    return Answer(200, json.dumps({"Failed": failed}).encode(), only)


@dataclass
class Proxy:
    """What it does, and what it saw."""

    url: str
    fault: Fault = lambda number, body: None
    # What is answered in place of the cloud, by headers (small letters) and content. `None`: it is passed on.
    instead: Callable[[Mapping[str, str], bytes], Answer | None] = lambda headers, content: None
    delay_secs: float = 0
    requests: int = 0
    sends: int = 0
    # From this number on, requests that send messages reach the cloud, but nobody hears of it.
    silent_from: int | None = None
    silenced: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self) -> None:
        """A request came."""
        with self._lock:
            self.requests += 1

    def number(self) -> int:
        """The number of a request that sends messages."""
        with self._lock:
            self.sends += 1
            return self.sends - 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Header and body of an answer are two writes: without this the second one waits for the reader's acknowledgement.
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.cloud = http.client.HTTPConnection("127.0.0.1", self.server.cloud_port, timeout=60)

    def finish(self) -> None:
        self.cloud.close()
        super().finish()

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def _pass(self) -> None:
        proxy = self.server.proxy
        proxy.count()
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(proxy.delay_secs)
        told = proxy.instead({name.lower(): value for name, value in self.headers.items()}, content)
        if told is not None:
            self._answer(told.status, [("Content-Type", "application/x-amz-json-1.1")], told.body)
            return
        if self.headers.get("X-Amz-Target") != "AmazonSQS.SendMessageBatch":
            self._answer(*self._ask(content))
            return
        number, body = proxy.number(), json.loads(content)
        fault = proxy.fault(number, body)
        if fault is None:
            status, headers, found = self._ask(content)
            if proxy.silent_from is not None and number >= proxy.silent_from:
                proxy.silenced.set()
                proxy.released.wait(60)
                self.close_connection = True
                return
            self._answer(status, headers, found)
            return
        document = json.loads(fault.body)
        if fault.only:
            document["Successful"] = self.server.send(body["QueueUrl"], fault.only)
        self._answer(fault.status, [("Content-Type", "application/x-amz-json-1.0")], json.dumps(document).encode())

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass

    def _ask(self, content: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        # `Host` is signed: it is passed on as it came.
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        self.cloud.request(self.command, self.path, content, headers)
        answer = self.cloud.getresponse()
        found = answer.read()
        skipped = ("connection", "transfer-encoding", "content-length", "keep-alive")
        return (
            answer.status,
            [(name, value) for name, value in answer.getheaders() if name.lower() not in skipped],
            found,
        )

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, cloud_port: int, send: Callable[[str, list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cloud_port = cloud_port
        self.send = send
        self.proxy = Proxy(f"http://127.0.0.1:{self.server_address[1]}")


@contextmanager
def proxy(cloud: Any) -> Iterator[Proxy]:
    """A proxy in front of `cloud`, as long as the context lasts."""

    def send(queue_url: str, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answer = cloud.client("sqs").send_message_batch(QueueUrl=queue_url, Entries=entries)
        return cast("list[dict[str, Any]]", answer["Successful"])

    server = _Server(cloud.port, send)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.proxy
    finally:
        server.proxy.released.set()
        server.shutdown()
        server.server_close()
