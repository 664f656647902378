"""A proxy on loopback between programs and the local cloud, which is slow, fails, or shuffles, as it is told."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
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


class Shuffle:
    """Hands out any of a queue's next messages of different groups, as a FIFO queue with high throughput may.

    It holds the messages that could be handed out next, of each group no more than the first one: the queue gives none
    of a group of which one is out.
    """

    def __init__(self, sqs: Any, queue_url: str, window: int, seed: int = 1) -> None:
        """Of `window` messages any one may come next."""
        self.handed_out: list[dict[str, Any]] = []  # the bodies, in their order
        self.most = 1 << 30  # that are handed out
        self._sqs, self._queue_url, self._window = sqs, queue_url, window
        self._random = Random(seed)
        self._held: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def instead(self, headers: Mapping[str, str], content: bytes) -> Answer | None:
        """Answers a request for one message in place of the cloud; `None` to any other one."""
        if headers.get("x-amz-target") != "AmazonSQS.ReceiveMessage":
            return None
        return self.answer(json.loads(content))

    def answer(self, body: dict[str, Any]) -> Answer:
        """To a request for one message."""
        end = time.monotonic() + body.get("WaitTimeSeconds", 0)
        while (message := self._next(body["VisibilityTimeout"])) is None and time.monotonic() < end:
            time.sleep(0.05)
        return Answer(200, json.dumps({} if message is None else {"Messages": [message]}).encode())

    def _next(self, lease_secs: int) -> dict[str, Any] | None:
        with self._lock:
            if len(self.handed_out) >= self.most:
                return None
            while len(self._held) < self._window and (found := self._receive()):
                self._held.extend(found)
            if not self._held:
                return None
            message = self._held.pop(self._random.randrange(len(self._held)))
            self._show(message, lease_secs)
            self.handed_out.append(json.loads(message["Body"]))
            return message

    def _receive(self) -> list[dict[str, Any]]:
        """The next message. One at a time: of several that come together, more than one may be of a group."""
        names = ["ApproximateReceiveCount"]
        answer = self._sqs.receive_message(QueueUrl=self._queue_url, AttributeNames=names, VisibilityTimeout=600)
        return [
            {name: one[name] for name in ("MessageId", "ReceiptHandle", "MD5OfBody", "Body", "Attributes")}
            for one in answer.get("Messages", [])
        ]

    def _show(self, message: dict[str, Any], secs: int) -> None:
        self._sqs.change_message_visibility(
            QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=secs
        )


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
        answer = proxy.instead({name.lower(): value for name, value in self.headers.items()}, content)
        if answer is not None:
            # Workers take an answer without the number of its request for none of the cloud.
            headers = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", "1")]
            self._answer(answer.status, headers, answer.body)
            return
        if self.headers.get("X-Amz-Target") != "AmazonSQS.SendMessageBatch":
            self._answer(*self._ask(content))
            return
        number, body = proxy.number(), json.loads(content)
        fault = proxy.fault(number, body)
        if fault is None:
            status, headers, told = self._ask(content)
            if proxy.silent_from is not None and number >= proxy.silent_from:
                proxy.silenced.set()
                proxy.released.wait(60)
                self.close_connection = True
                return
            self._answer(status, headers, told)
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
