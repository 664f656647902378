"""The demo is nobody else's: no website in the same browser reads, writes or launches anything in its cloud."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from browser import ARGUMENTS, chromium_path
from command_line import accesses, demo, write_page
from local_cloud import Key, client, free_port
from playwright.sync_api import Browser, Page
from visit import PLAIN_HOST, Visits

# What a website could try, each against every address: told is whatever didn't fail. A form and an image show nothing
# of a status, hence the answers that the browser got are looked at, too.
ATTEMPTS = """async (addresses) => {
    const told = [];
    const attempt = async (what, action) => {
        try { if (await action()) told.push(what); } catch {}
    };
    const make = (name, properties) => {
        const element = Object.assign(document.createElement(name), properties);
        document.body.append(element);
        return element;
    };
    const loaded = (name, src) => new Promise((done, failed) => {
        make(name, { onload: () => done(true), onerror: failed, src });
    });
    for (const address of addresses) {
        for (const method of ["GET", "POST", "PUT", "DELETE"]) {
            const body = method === "GET" ? undefined : "Action=ListUsers";
            await attempt(`${method} ${address}`, async () => (await fetch(address, { method, body })).ok);
        }
        // Of these no page can read the answers.
        const mode = "no-cors";
        await attempt("", async () => { await fetch(address, { mode }); });
        await attempt("", async () => { await fetch(address, { mode, method: "POST", body: "Action=ListUsers" }); });
        await attempt("", async () => {
            const frame = make("iframe", { name: "target" });
            const answered = new Promise((done) => { frame.onload = done; });
            make("form", { method: "POST", action: address, target: "target" }).submit();
            await answered;
            frame.remove();
        });
        await attempt(`image ${address}`, () => loaded("img", address));
        await attempt(`script ${address}`, () => loaded("script", address));
        await attempt(`socket ${address}`, () => new Promise((done, failed) => {
            Object.assign(new WebSocket(address.replace("http", "ws")), { onopen: () => done(true), onerror: failed });
        }));
    }
    return told;
}"""


@dataclass
class RunningDemo:
    """A demo: its page, its cloud, and the operator's key."""

    page_url: str
    endpoint_url: str
    bucket: str
    operator: Key

    @property
    def cloud_port(self) -> int:
        """The port that its cloud listens on."""
        return int(self.endpoint_url.rpartition(":")[2])

    def paths(self) -> list[str]:
        """Worth an attempt: what is public, what isn't, and what ministack answers without a signature."""
        return [
            "/",
            f"/{self.bucket}",
            f"/{self.bucket}/public/config.json",
            f"/{self.bucket}/control.json",
            "/another-bucket",
            "/_ministack/health",
            "/_ministack/reset",
            "/_ministack/config",
            "//_ministack/reset",
            "/health",
            "/_localstack/health",
            "/_aws/execute-api/x/y",
            "/oauth2/authorize",
        ]

    def is_whole(self) -> bool:
        """Whether the study is still there."""
        s3 = client("s3", self.endpoint_url, self.operator)
        keys = {listed["Key"] for listed in s3.list_objects_v2(Bucket=self.bucket)["Contents"]}
        return {"control.json", "public/config.json", "public/access.json", "index.html"} <= keys


@pytest.fixture(scope="module")
def running(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo without workers."""
    write_page(page := tmp_path_factory.mktemp("page"), "one")
    ports = ("--port", str(free_port()), "--cloud-port", str(free_port()))
    with demo(binary, page, *ports, "--workers", "0") as (started, _):
        operator = started.wait_for(r"as operator +(\S+/)#access=")
        cloud = started.wait_for(r"^Cloud +(http\S+), bucket (\S+)$")
        (access,) = accesses(operator.string)
        yield RunningDemo(operator[1], cloud[1], cloud[2], Key(access["key_id"], access["secret"]))


class BlankPage(BaseHTTPRequestHandler):
    """Some website."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Elsewhere</title><body></body>")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def website() -> Iterator[int]:
    """The port of a website on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BlankPage)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def answers_to(page: Page, port: int) -> list[tuple[str, int]]:
    """What is answered from now on at a port, to whatever way of asking."""
    got: list[tuple[str, int]] = []
    page.on(
        "response",
        lambda answer: got.append((answer.url, answer.status)) if f":{port}/" in answer.url else None,
    )
    return got


def stranger(visits: Visits, url: str) -> Page:
    """A page of somebody else; what its browser complains about is not ours."""
    visits.expected.append("")
    page = visits.person().new_page()
    page.goto(url)
    return page


def attack(page: Page, running: RunningDemo, endpoint_url: str, refusals: set[int]) -> None:
    """Tries everything, and looks for what was answered."""
    got = answers_to(page, running.cloud_port)
    addresses = [f"{endpoint_url}{path}" for path in running.paths()]
    assert page.evaluate(ATTEMPTS, addresses) == []
    # Each address is asked at least by a fetch, an image, a script and a form.
    assert len(got) >= 4 * len(addresses)
    assert {status for _, status in got} == refusals, [one for one in got if one[1] not in refusals]
    assert running.is_whole()


@pytest.mark.parametrize("host", ["127.0.0.1", PLAIN_HOST])
def test_another_website_gets_nothing_from_the_demo(
    running: RunningDemo, website: int, visits: Visits, host: str
) -> None:
    # The first one differs from the demo's page by its port alone.
    attack(stranger(visits, f"http://{host}:{website}/"), running, running.endpoint_url, {403})


def test_a_name_that_was_rebound_to_this_machine_gets_nothing(running: RunningDemo, browser: Browser) -> None:
    endpoint_url = f"http://{PLAIN_HOST}:{running.cloud_port}"
    # Newer Chromium asks its user before a page from elsewhere may talk to this machine. That isn't what is tried here.
    arguments = [*ARGUMENTS, f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1"]
    trusting = browser.browser_type.launch(
        executable_path=chromium_path(), args=[*arguments, "--disable-features=LocalNetworkAccessChecks"]
    )
    try:
        page = trusting.new_page()
        # The name led elsewhere when the page was loaded: so the page is of the same origin as what it asks then.
        first = f"{endpoint_url}/first"
        page.route(first, lambda route: route.fulfill(content_type="text/html", body="<!doctype html><body></body>"))
        page.goto(first)
        page.unroute(first)
        attack(page, running, endpoint_url, {421})
        answer = page.goto(running.page_url.replace("127.0.0.1", PLAIN_HOST))
        assert answer is not None and answer.status == 421
    finally:
        trusting.close()


def test_a_frame_without_an_origin_gets_nothing(running: RunningDemo, website: int, visits: Visits) -> None:
    page = stranger(visits, f"http://127.0.0.1:{website}/")
    page.evaluate("""() => {
        const frame = document.createElement("iframe");
        frame.sandbox = "allow-scripts allow-forms";
        frame.srcdoc = "<!doctype html><body></body>";
        const loaded = new Promise((done) => { frame.onload = done; });
        document.body.append(frame);
        return loaded;
    }""")
    got = answers_to(page, running.cloud_port)
    addresses = [f"{running.endpoint_url}{path}" for path in running.paths()]
    assert page.frames[1].evaluate("origin") == "null"
    assert page.frames[1].evaluate(ATTEMPTS, addresses) == []
    assert {status for _, status in got} == {403} and running.is_whole()


def test_nothing_of_the_demo_is_embedded_or_opened_elsewhere(
    running: RunningDemo, website: int, visits: Visits
) -> None:
    page = stranger(visits, f"http://127.0.0.1:{website}/")
    embedded = """(address) => new Promise((done) => {
        const image = Object.assign(new Image(), { onload: () => done("loaded"), onerror: () => done("failed") });
        image.src = address;
    })"""
    assert page.evaluate(embedded, f"{running.page_url}assets/icon.svg") == "failed"
    address = f"{running.endpoint_url}/{running.bucket}/public/config.json"
    answer = page.goto(address)
    assert answer is not None and answer.status == 403
    # The page itself may read it, and its own pictures.
    page.goto(running.page_url)
    assert page.evaluate("async (address) => (await fetch(address)).status", address) == 200


def test_programs_of_this_computer_need_a_signature(running: RunningDemo) -> None:
    def ask(method: str, path: str, **headers: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", running.cloud_port, timeout=20)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            return connection.getresponse().status
        finally:
            connection.close()

    config = f"/{running.bucket}/public/config.json"
    assert ask("GET", config) == 200
    assert ask("GET", f"/{running.bucket}/control.json") == 403
    for host in (f"localhost:{running.cloud_port}", "127.0.0.1", f"127.0.0.1:{running.cloud_port}.", "elsewhere.test"):
        assert ask("GET", config, Host=host) == 421, host
    origin = running.page_url.rstrip("/")
    assert ask("GET", config, Origin=origin) == 200
    for other in ("null", "http://127.0.0.1:1", f"{origin}.elsewhere.test", origin.replace("http", "https"), ""):
        assert ask("GET", config, Origin=other) == 403, other
    for site in ("none", "cross-site", "same-site", "same-origin"):
        assert ask("GET", config, Sec_Fetch_Site=site) == 403, site
    for method, path in [
        ("PUT", "/a-bucket-of-mine"),
        ("POST", "/"),
        ("GET", "/"),
        ("PUT", config),
        ("GET", "/_ministack/health"),
        ("POST", "/_ministack/reset"),
        ("POST", "/%5fministack/reset"),
        ("POST", "//_ministack/reset"),
    ]:
        assert ask(method, path) == 403, (method, path)
    # A signature is no way to ministack's own paths.
    for path in ("/_ministack/reset", "/_ministack/config"):
        assert ask("POST", path, Authorization="AWS4-HMAC-SHA256 Credential=x") == 403
    assert running.is_whole()
