"""How soon the pages answer at full size: Errors with 1,000 groups, Overview with 1,000 workers, Design with a million
cases, and 100,000 cases that are frozen in the browser.

The study is generated into a fresh local cloud. In Chromium without a graphics card, in a window of 1440 x 900, the
page is used as by somebody with a mouse; meanwhile each stretch of time is noted in which it hears nothing. Prints one
JSON object with the figures.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY / "tests/support"), str(REPOSITORY)]

from built import built_page, built_program  # noqa: E402 - found by the line above
from command_line import CommandLine, Launched  # noqa: E402
from crowds import many_error_groups, many_heartbeats  # noqa: E402
from design_page import button, choose_file, define, preview, text  # noqa: E402
from generate import Extent, generate_into  # noqa: E402
from local_cloud import LocalCloud  # noqa: E402
from playwright.sync_api import Browser, BrowserContext, Page  # noqa: E402
from small_models import DOUBLE  # noqa: E402
from visit import chromium  # noqa: E402

from bench._results import PATIENCE_MS, entry, late_frames, load, prepare, wait_for  # noqa: E402

# Longest time of a task that Chromium doesn't list as a long one; a person takes it for at once.
HEARD_MS = 50
# Of the table of workers (src/fleet.rs).
ROWS_AT_A_TIME = 200
WARM_UP = 20


@dataclass(frozen=True)
class Size:
    """Of what is opened."""

    cases: int = 100_000
    groups: int = 1_000
    workers: int = 1_000
    design: int = 1_000_000
    # Looks at the Overview, each with news of all workers.
    looks: int = 4
    # Until a page is at rest.
    rest_ms: int = 3_000
    # In which a page is scrolled.
    frames: int = 240


@dataclass
class Spell:
    """A stretch of somebody's work on the page, in milliseconds."""

    took_ms: float = 0.0
    longest_task_ms: float = 0.0
    tasks_ms: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        """For a note."""
        longest, all_long = self.longest_task_ms, sum(self.tasks_ms)
        return f"{self.took_ms:.0f} ms, longest task {longest:.0f} ms, all long ones {all_long:.0f} ms"


@contextmanager
def spell(page: Page) -> Iterator[Spell]:
    """Notes what the page does until the end of the block."""
    first, start, told = page.evaluate("bench.busy.length"), time.monotonic(), Spell()
    yield told
    told.took_ms = 1000 * (time.monotonic() - start)
    page.evaluate("bench.frame()")
    # The list comes later than the tasks.
    page.wait_for_timeout(100)
    told.tasks_ms = page.evaluate(f"bench.busy.slice({first}).map(({{ duration }}) => duration)")
    told.longest_task_ms = max(told.tasks_ms, default=0.0)


def opened(context: BrowserContext, study: Launched, fragment: str) -> Page:
    """A page of the study."""
    page = context.new_page()
    page.goto(f"{prepare(context, study)}{fragment}")
    return page


def scrolled(page: Page, size: Size) -> list[float]:
    """Milliseconds between frames while the page is scrolled; the first ones are the warm-up."""
    frames: list[float] = page.evaluate(f"bench.scrolling('html', 120, {WARM_UP + size.frames})")[WARM_UP:]
    return frames


def errors(context: BrowserContext, study: Launched, size: Size) -> dict[str, Any]:
    """The Errors page: opened anew when all failures are known, with all groups in it, scrolled, and some opened."""
    page = opened(context, study, "#/errors?batch=*")
    groups = (
        "Number(/in ([0-9,]+) group/.exec(document.querySelector('.results h2')?.textContent)?.[1].replace(',', ''))"
    )
    wait_for(page, f"{groups} >= {size.groups}")
    page.wait_for_timeout(size.rest_ms)
    page.evaluate("location.hash = '#/overview'")
    wait_for(page, "document.querySelector('[aria-label=Progress]')")
    with spell(page) as opening:
        page.evaluate("location.hash = '#/errors?batch=*'")
        wait_for(page, f"document.querySelectorAll('.group').length >= {min(size.groups, 100)}")
    with spell(page) as all_groups:
        while (more := page.get_by_role("button", name="Show more of")).count():
            more.click()
    count = page.locator(".group").count()
    frames = scrolled(page, size)
    steps = []
    for place in (0, 1, count // 2, count - 1):
        head = page.locator(".group__head").nth(place)
        with spell(page) as step:
            head.click()
            page.locator(".group__body").wait_for()
        steps.append(step.longest_task_ms)
    note = (
        f"{count:,} groups of {size.cases:,} cases; opened {opening}; all groups shown {all_groups}; "
        f"{late_frames(frames)}; groups opened {', '.join(f'{step:.0f}' for step in steps)} ms; {load()}"
    )
    return {
        "errors_1k_open_ms": entry(opening.took_ms, "ms", 500, note),
        "errors_1k_longest_task_ms": entry(max(opening.longest_task_ms, *steps), "ms", HEARD_MS, note),
        "errors_1k_longest_frame_ms": entry(max(frames), "ms", HEARD_MS, note),
    }


def overview(context: BrowserContext, study: Launched, size: Size) -> dict[str, Any]:
    """The Overview, while it looks, with the first portion of all workers in its table."""
    page = opened(context, study, "#/overview?host=*")
    wait_for(page, f"document.querySelectorAll('.fleet tbody tr').length >= {min(size.workers, ROWS_AT_A_TIME)}")
    page.wait_for_timeout(size.rest_ms)
    with spell(page) as looks:
        for _ in range(size.looks):
            study.command_line.cloud.put_objects(study.bucket, many_heartbeats(size.workers))
            page.wait_for_timeout(4000)
    frames = scrolled(page, size)
    note = f"{size.workers:,} workers, {size.cases:,} cases; {looks}; {late_frames(frames)}; {load()}"
    return {
        "overview_1k_longest_task_ms": entry(looks.longest_task_ms, "ms", HEARD_MS, note),
        "overview_1k_longest_frame_ms": entry(max(frames), "ms", HEARD_MS, note),
    }


def design(context: BrowserContext, study: Launched, size: Size) -> dict[str, Any]:
    """The Design page, where the number of cases is typed."""
    page = opened(context, study, "#/design")
    choose_file(page, "Model file", DOUBLE)
    define(page)
    with spell(page) as typed:
        text(page, "Cases").fill(str(size.design))
        preview(page, f"{size.design:,} cases")
    note = f"until {size.design:,} cases are previewed; {typed}; {load()}"
    return {
        "design_1m_preview_ms": entry(typed.took_ms, "ms", 3000, note),
        "design_1m_longest_task_ms": entry(typed.longest_task_ms, "ms", HEARD_MS, note),
    }


def freezing(context: BrowserContext, study: Launched, size: Size) -> dict[str, Any]:
    """The whole study, as one file."""
    page = opened(context, study, "#/results?batch=*")
    page.get_by_text("cases have a result").wait_for()
    page.wait_for_timeout(size.rest_ms)
    page.locator("summary", has_text="Download").click()
    with spell(page) as froze, page.expect_download(timeout=PATIENCE_MS) as download:
        button(page, "The whole study, one HTML file").click()
    megabytes = Path(download.value.path()).stat().st_size / 1e6
    note = f"{size.cases:,} cases, {megabytes:.0f} MB; {froze}; {load()}"
    return {
        "freeze_page_100k_s": entry(froze.took_ms / 1000, "s", 60, note),
        "freeze_page_100k_longest_task_ms": entry(froze.longest_task_ms, "ms", HEARD_MS, note),
    }


def measure(browser: Browser, study: Launched, size: Size) -> dict[str, Any]:
    """All figures."""
    figures: dict[str, Any] = {}
    for part in (design, overview, errors, freezing):
        with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
            figures |= part(context, study, size)
    return figures


def generate_study(study: Launched, size: Size) -> None:
    """Puts all that is opened into the bucket."""
    generate_into(study, Extent(cases=size.cases, queued=0.2, failed=0.02))
    cloud = study.command_line.cloud
    cloud.put_objects(study.bucket, many_error_groups(size.groups, Random(1)))  # noqa: S311 - ids
    cloud.put_objects(study.bucket, many_heartbeats(size.workers))


def main() -> None:
    """Measures, and prints the figures."""
    program, built = built_program(), built_page()
    cloud = LocalCloud()
    try:
        study = CommandLine(program, cloud, built).launch()
        generate_study(study, Size())
        with chromium() as browser:
            figures = measure(browser, study, Size())
    finally:
        cloud.stop()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
