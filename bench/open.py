"""How long the page of the results takes to be there, in a study of 100,000 cases that are over.

The study is generated into a fresh local cloud. Opened is `index.html#/results` in Chromium, in a tab that has the
access already. It is there when the scatter plot has drawn every case, and the figures are those of all of them.
Prints one JSON object with the figures.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY / "tests/support"), str(REPOSITORY)]

from built import built_page, built_program  # noqa: E402 - found by the line above
from command_line import CommandLine, Launched  # noqa: E402
from generate import Extent, Generated, generate_into  # noqa: E402
from local_cloud import LocalCloud  # noqa: E402
from playwright.sync_api import Browser, BrowserContext, Page, Request  # noqa: E402
from studies import link  # noqa: E402
from visit import chromium, wait_until  # noqa: E402

from bench._results import PATIENCE_MS, entry, load, prepare, wait_for  # noqa: E402
from bench.page import looks  # noqa: E402

CASES = 100_000
COLD, WARM = 3, 5
# A look that brings nothing new takes so many requests, those to the queue included.
IDLE_LOOK = 4
IDLE_LOOKS = 2


@dataclass
class Traffic:
    """What a person's pages and their workers ask for, the page's own files apart."""

    # When each request was sent, by what kind of address it went to.
    bucket_secs: list[float] = field(default_factory=list)
    queue_secs: list[float] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Listens from now on."""
        context.on("request", self._sent)

    def _sent(self, request: Request) -> None:
        path = request.url.split("?")[0]
        if not path.startswith("http") or path.endswith("/index.html") or "/assets/" in path:
            return
        # S3 is read with these, SQS with POST.
        is_bucket = request.method in ("GET", "HEAD")
        (self.bucket_secs if is_bucket else self.queue_secs).append(time.monotonic())

    def looks(self) -> list[int]:
        """How many requests each look took."""
        return looks(self.bucket_secs + self.queue_secs)

    def is_idle(self) -> bool:
        """Whether the last looks brought nothing new, and the last of them is over."""
        found = self.looks()
        return len(found) > IDLE_LOOKS + 1 and all(look <= IDLE_LOOK for look in found[-IDLE_LOOKS - 1 : -1])

    def before_idle_looks(self) -> int:
        """The requests to the bucket until nothing was left to be read."""
        found = self.looks()
        while found and found[-1] <= IDLE_LOOK:
            found.pop()
        last = sorted(self.bucket_secs + self.queue_secs)[sum(found) - 1]
        return sum(sent <= last for sent in self.bucket_secs)


@dataclass(frozen=True)
class Opening:
    """When what was there, in milliseconds since the page was opened."""

    scatter_ms: float
    # The page says how many results there are, and how old its figures are.
    summary_ms: float
    figures_ms: float
    longest_task_ms: float
    blocked_ms: float

    @property
    def ms(self) -> float:
        """Until all is there."""
        return max(self.scatter_ms, self.summary_ms, self.figures_ms)

    def __str__(self) -> str:
        """For a note."""
        return (
            f"scatter {self.scatter_ms:.0f}, results told {self.summary_ms:.0f}, figures {self.figures_ms:.0f}; "
            f"longest task {self.longest_task_ms:.0f} ms, all long tasks {self.blocked_ms:.0f} ms"
        )


def open_results(context: BrowserContext, address: str, told: Generated) -> tuple[Page, Opening]:
    """Opens the page, and waits until it is there."""
    page = context.new_page()
    awaited = {"summary": (".results__top p", f"{told.done:,} of {told.cases:,} cases"), "figures": (".live", "live ·")}
    for name, (selector, text) in awaited.items():
        page.add_init_script(f"bench.awaits({json.dumps(name)}, {json.dumps(selector)}, {json.dumps(text)});")
    page.goto(f"{address}#/results", wait_until="commit")
    scatter = f"bench.drawnAt('Scatter plot', {told.cases})"
    wait_for(page, f"{scatter} && bench.seen.summary && bench.seen.figures")
    page.evaluate("bench.stillness()")
    seen = page.evaluate(f"({{ ...bench.seen, scatter: {scatter} }})")
    busy = [0, *page.evaluate("bench.busy.map(({ duration }) => duration)")]
    return page, Opening(seen["scatter"], seen["summary"], seen["figures"], max(busy), sum(busy))


def overview_ms(browser: Browser, study: Launched, told: Generated) -> float:
    """Until the overview knows how many cases are done, by somebody who was never there."""
    with browser.new_context() as context:
        prepare(context, study)
        page = context.new_page()
        text = f"{told.done:,} of {told.cases:,} done"
        page.add_init_script(f"bench.awaits('progress', '#main', {json.dumps(text)});")
        page.goto(link(study), wait_until="commit")
        wait_for(page, "bench.seen.progress")
        return float(page.evaluate("bench.seen.progress"))


def median(openings: list[Opening]) -> Opening:
    """The one in the middle."""
    return sorted(openings, key=lambda opening: opening.ms)[len(openings) // 2]


def measure(browser: Browser, study: Launched, told: Generated) -> dict[str, Any]:
    """All figures."""
    cold: list[Opening] = []
    warm: list[Opening] = []
    for turn in range(COLD):
        with browser.new_context() as context:
            traffic, address = Traffic(), prepare(context, study)
            traffic.watch(context)
            page, opening = open_results(context, address, told)
            cold.append(opening)
            if turn < COLD - 1:
                continue
            wait_until(page, "all is read", traffic.is_idle, timeout_ms=PATIENCE_MS)
            requests, idle = traffic.before_idle_looks(), max(traffic.looks()[-IDLE_LOOKS - 1 : -1])
            page.close()
            for _ in range(WARM):
                again, opening = open_results(context, address, told)
                warm.append(opening)
                again.close()
    overview = statistics.median(overview_ms(browser, study, told) for _ in range(COLD))
    return {
        "open_100k_ms_cold": entry(
            median(cold).ms, "ms", 3000, f"median of {COLD}; {median(cold)}; overview alone {overview:.0f}; {load()}"
        ),
        "open_100k_ms_warm": entry(median(warm).ms, "ms", 1000, f"median of {WARM}; {median(warm)}; {load()}"),
        "open_100k_requests": entry(
            requests, "requests", 350, f"to the bucket, until nothing is left to be read; a look after that: {idle}"
        ),
    }


def main() -> None:
    """Measures, and prints the figures."""
    program, page = built_program(), built_page()
    cloud = LocalCloud()
    try:
        study = CommandLine(program, cloud, page).launch()
        told = generate_into(study, Extent(cases=CASES))
        with chromium() as browser:
            figures = measure(browser, study, told)
    finally:
        cloud.stop()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
