"""A proxy on loopback, made of aiohttp, that does to a share of all requests what networks and clouds do."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from random import Random

from aiohttp import ClientConnectionError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web
from local_cloud import LocalCloud
from yarl import URL

MAX_BODY_BYTES = 64 * 1024 * 1024
MAX_DELAY_SECS = 1.0
ENDING_SECS = 10
# Headers of one connection, not of what is said on it.
HOP = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"server"})
# Headers that the client would add by itself: a request is passed on as it came, since they are signed.
ADDED = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")
CREDENTIAL = re.compile("Credential=([^/]+)/")
FAULTS = ("reset", "answer lost", "delayed", "500", "503 SlowDown", "truncated")


class FaultyProxy:
    """Passes on what comes, and counts what it does to it."""

    def __init__(self, target: str, random: Random) -> None:
        """Of the requests to `target` none is disturbed until there is a `share`, from 0 to 1."""
        self.share = 0.0
        # Of every request.
        self.delay_secs = 0.0
        # Whose access key it is; any other one is that of `cruncher`.
        self.senders: dict[str, str] = {}
        self.requests: Counter[str] = Counter()
        self.injected: Counter[str] = Counter()
        self.url = ""
        self._target, self._random = target, random

    @contextmanager
    def running(self) -> Iterator[FaultyProxy]:
        """Serves on a free port, from a thread of its own."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        end = asyncio.run_coroutine_threadsafe(self._start(), loop).result(ENDING_SECS)
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(end(), loop).result(ENDING_SECS)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(ENDING_SECS)
            loop.close()

    async def _start(self) -> Callable[[], Coroutine[None, None, None]]:
        """Returns what ends it."""
        timeout = ClientTimeout(total=60)
        # A connection a request: the cloud closes those that wait.
        connector = TCPConnector(force_close=True, limit=0)
        self._client = ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=DummyCookieJar(),
            skip_auto_headers=ADDED,
            timeout=timeout,
        )
        application = web.Application(client_max_size=MAX_BODY_BYTES)
        application.router.add_route("*", "/{path:.*}", self._answer)
        # A packed body stays packed, as it was signed.
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1, auto_decompress=False)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"

        async def end() -> None:
            await runner.cleanup()
            await self._client.close()

        return end

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._exchange(request)
        except (ConnectionError, ClientConnectionError):
            # The asker was killed meanwhile, or this ends.
            return reset(request)

    async def _exchange(self, request: web.Request) -> web.StreamResponse:
        self.requests[self._sender(request)] += 1
        await asyncio.sleep(self.delay_secs)
        fault = self._random.choice(FAULTS) if self._random.random() < self.share else ""
        content = await request.read()
        if fault in ("reset", "500", "503 SlowDown"):
            self._note(request, fault)
            return reset(request) if fault == "reset" else refused(request, fault)
        if fault == "delayed":
            self._note(request, fault)
            await asyncio.sleep(self._random.uniform(0, MAX_DELAY_SECS))
        return await self._pass_on(request, content, fault)

    async def _pass_on(self, request: web.Request, content: bytes, fault: str) -> web.StreamResponse:
        headers = [(name.decode(), value.decode()) for name, value in request.raw_headers if name.lower() not in HOP]
        address = URL(self._target + request.raw_path, encoded=True)
        async with self._client.request(
            request.method, address, data=content or None, headers=headers, allow_redirects=False
        ) as answer:
            body = await answer.read()
        if fault == "truncated" and len(body) < 2:
            fault = "answer lost"
        if fault == "answer lost":
            self._note(request, fault)
            return reset(request)
        told = web.StreamResponse(status=answer.status, reason=answer.reason)
        for name, value in answer.raw_headers:
            if name.lower() not in HOP:
                told.headers.add(name.decode(), value.decode())
        if request.method != "HEAD":
            told.content_length = len(body)
        if fault == "truncated":
            self._note(request, fault)
        await told.prepare(request)
        if fault == "truncated":
            await told.write(body[: len(body) // 2])
            close(request)
        else:
            await told.write(body)
            await told.write_eof()
        return told

    def _note(self, request: web.Request, fault: str) -> None:
        self.injected[f"{self._sender(request)}: {fault}"] += 1

    def _sender(self, request: web.Request) -> str:
        found = CREDENTIAL.search(request.headers.get("Authorization", ""))
        return self.senders.get(found[1], "cruncher") if found else "unsigned"


def refused(request: web.Request, fault: str) -> web.Response:
    """What S3 or SQS say when they are busy or broken."""
    status, code = (500, "InternalError") if fault == "500" else (503, "SlowDown")
    if "X-Amz-Target" in request.headers:
        return web.json_response({"__type": code, "message": "not now"}, status=status)
    text = f"<Error><Code>{code}</Code><Message>not now</Message></Error>"
    return web.Response(text=text, status=status, content_type="application/xml")


def reset(request: web.Request) -> web.Response:
    """Ends the connection as a computer does that has gone: what waits to be sent is thrown away."""
    if request.transport is not None:
        connection: socket.socket = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    # Nobody hears it.
    return web.Response()


def close(request: web.Request) -> None:
    """Ends the connection once all that was written is sent."""
    if request.transport is not None:
        request.transport.close()


@contextmanager
def faulty_proxy(cloud: LocalCloud, random: Random) -> Iterator[FaultyProxy]:
    """A proxy in front of `cloud`, as long as the context lasts."""
    # Numbers of its own: what is drawn here and there doesn't depend on who comes first.
    own = Random(random.getrandbits(64))  # noqa: S311 - has to be repeatable
    with FaultyProxy(cloud.endpoint_url, own).running() as proxy:
        yield proxy
