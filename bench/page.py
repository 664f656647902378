"""What the page costs its reader: what the first view loads, and the requests of a look that brings nothing new.

The built page of `dist/`, in a study that `cruncher` launched into a fresh local cloud and whose cases are done, opened
in Chromium. Prints one JSON object with both figures.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tests/support"))

from attached import attach  # noqa: E402 - found by the line above
from built import built_page, built_program  # noqa: E402
from command_line import CommandLine, Launched  # noqa: E402
from enqueue import enqueue  # noqa: E402
from local_cloud import LocalCloud  # noqa: E402
from playwright.sync_api import Browser, Page, expect  # noqa: E402
from studies import line_of, link, queue_of, wait_for_end  # noqa: E402
from visit import PLAIN_HOST, chromium, live, progress, wait_until  # noqa: E402

CASES = 20
LOOKS = 5
# Between two requests of different looks.
PAUSE_SECS = 1.5


@dataclass
class Network:
    """What Chromium says about a page's traffic."""

    urls: dict[str, str] = field(default_factory=dict)
    received_bytes: dict[str, int] = field(default_factory=dict)
    # Of these the ones before the content.
    header_bytes: dict[str, int] = field(default_factory=dict)
    # When each request was sent, those that only ask for permission apart.
    sent_secs: list[float] = field(default_factory=list)
    preflight_secs: list[float] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Listens from now on."""
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.responseReceived", self._answered)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def _sent(self, event: dict[str, Any]) -> None:
        self.urls[event["requestId"]] = event["request"]["url"].split("#")[0]
        is_preflight = event["request"]["method"] == "OPTIONS"
        (self.preflight_secs if is_preflight else self.sent_secs).append(event["timestamp"])

    def _answered(self, event: dict[str, Any]) -> None:
        self.header_bytes[event["requestId"]] = int(event["response"]["encodedDataLength"])

    def _finished(self, event: dict[str, Any]) -> None:
        self.received_bytes[event["requestId"]] = int(event["encodedDataLength"])

    def of_the_page(self) -> dict[str, tuple[int, int]]:
        """The bytes of the page's own files by their names, headers included, and of their headers alone.

        What comes from a cache has none.
        """
        ours = ("/index.html", "/public/config.json")
        found: dict[str, tuple[int, int]] = {}
        for request, url in self.urls.items():
            if url.endswith(ours) or "/assets/" in url:
                name = url.rsplit("/", 1)[1]
                size, headers = found.get(name, (0, 0))
                received = self.received_bytes.get(request, 0)
                found[name] = size + received, headers + min(received, self.header_bytes.get(request, 0))
        return found


def looks(times: list[float]) -> list[int]:
    """How many requests there were in each burst."""
    bursts: list[int] = []
    last = float("-inf")
    for time in sorted(times):
        if time - last > PAUSE_SECS:
            bursts.append(0)
        bursts[-1] += 1
        last = time
    return bursts


def first_view(browser: Browser, study: Launched) -> tuple[float, str]:
    """The kibibytes of the first view, and of what they are, in words."""
    with browser.new_context() as context:
        page, network = context.new_page(), Network()
        network.watch(page)
        page.goto(link(study))
        expect(progress(page)).to_contain_text(f"{CASES} of {CASES} done")
        wait_until(page, "all is loaded", lambda: all(size for size, _ in network.of_the_page().values()))
        found = network.of_the_page()
    if not any(name.endswith(".svg") for name in found):
        # A headless browser doesn't say that it has loaded the icon.
        found["icon.svg"] = icon_bytes(study)
    kinds: dict[str, int] = {}
    for name, (size, _) in found.items():
        kind = name.rsplit(".", 1)[1]
        kinds[kind] = kinds.get(kind, 0) + size
    files = ", ".join(f"{kind} {size / 1024:.1f}" for kind, size in sorted(kinds.items(), key=lambda kind: -kind[1]))
    received_kib, headers_kib = (sum(sizes) / 1024 for sizes in zip(*found.values(), strict=True))
    return received_kib - headers_kib, f"the contents, packed; as received with {headers_kib:.1f} of headers: {files}"


def icon_bytes(study: Launched) -> tuple[int, int]:
    """What the icon takes, and its headers alone."""
    s3 = study.command_line.cloud.client("s3")
    listed = s3.list_objects_v2(Bucket=study.bucket, Prefix="assets/icon")["Contents"]
    url = f"{study.command_line.cloud.endpoint_url}/{study.bucket}/{listed[0]['Key']}"
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - the local cloud
        headers = len(str(answer.headers))
        return len(answer.read()) + headers, headers


def idle_looks(browser: Browser, link: str) -> tuple[list[int], list[int]]:
    """The requests of each look by itself at a study in which nothing happens, and the preflights of each."""
    with browser.new_context() as context:
        page, network = context.new_page(), Network()
        page.goto(link)
        expect(progress(page)).to_contain_text("complete")
        expect(live(page)).to_have_text("live · 2 s ago")
        network.watch(page)
        wait_until(page, "looks", lambda: len(looks(network.sent_secs)) > LOOKS, timeout_ms=120_000)
        # The last look may not be over.
        return looks(network.sent_secs)[:LOOKS], looks(network.preflight_secs)[:LOOKS]


def measure(browser: Browser, study: Launched) -> dict[str, Any]:
    """Both figures."""
    kib, files = first_view(browser, study)
    bursts, _ = idle_looks(browser, link(study))
    # As on AWS, where the queue has another address than the page.
    elsewhere, preflights = idle_looks(browser, link(study).replace("127.0.0.1", PLAIN_HOST, 1))
    note = (
        f"the most of {LOOKS} looks at {CASES} finished cases; "
        f"with a page from another address {max(elsewhere)}, and {sum(preflights)} preflights in {len(elsewhere)} looks"
    )
    return {
        "download_kib": entry_of(kib, "KiB", 300, files),
        "requests_per_poll": entry_of(max(bursts), "requests", 4, note),
    }


def entry_of(figure: float, unit: str, budget: float, note: str) -> dict[str, Any]:
    """One line of the table."""
    return {"figure": round(figure, 1), "unit": unit, "budget": budget, "peers": {}, "note": note}


def main() -> None:
    """Measures, and prints the figures."""
    program, page = built_program(), built_page()
    cloud = LocalCloud()
    try:
        study = CommandLine(program, cloud, page).launch()
        model = "result['double'] = 2 * {{a}}\n"
        enqueue(queue_of(study), "bench", model, {1: [{"a": number} for number in range(CASES)]})
        with attach(line_of(study)):
            wait_for_end(study, done=CASES)
        with chromium() as browser:
            figures = measure(browser, study)
    finally:
        cloud.stop()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
