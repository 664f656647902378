"""What a study's people see: the page, `cruncher status` and `cruncher status --watch`, beside an independent count."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from command_line import Launched, Ran, collect
from playwright.sync_api import Page
from studies import link
from visit import PATIENCE_MS, figure, progress, wait_until

from chaos.count import Count, StudyReader
from chaos.entry import Entries, Entry
from chaos.surroundings import Surroundings

LIMIT_SECS = 15
PAGE_STATES = ("done", "failed", "running", "queued")
ENDING_SECS = 10


@dataclass(frozen=True)
class Looks:
    """Those that go on all the time, and what can be asked at any moment."""

    study: Launched
    page: Page
    watched: list[str]

    def disagreeing(self) -> Entries:
        """How many still differ from the independent count when the limit is over."""
        start = time.monotonic()
        expected = StudyReader(self.study).contents().count
        differ = self._different(expected)
        while differ and time.monotonic() - start < LIMIT_SECS:
            self.page.wait_for_timeout(200)
            differ = self._different(expected)
        note = "".join(f"{name} showed {seen}, not {expected}" for name, seen in differ.items())
        return {"looks_disagree": Entry(len(differ), "looks", note=note)}

    def _different(self, expected: Count) -> dict[str, Count | None]:
        seen = {"the page": seen_on(self.page), "status": self._asked(), "status --watch": self._watched()}
        return {name: count for name, count in seen.items() if count != expected}

    def _asked(self) -> Count | None:
        ran: Ran = self.study.command_line.run("status", self.study.study, "--json")
        return counted(ran.json()) if ran.code == 0 else None

    def _watched(self) -> Count | None:
        return counted(json.loads(self.watched[-1])) if self.watched else None


def counted(status: Any) -> Count:
    """What `cruncher status` says."""
    cases = status["cases"]
    return Count(cases["cases"], cases["done"], cases["failed"], cases["queued"] + cases["running"])


def seen_on(page: Page) -> Count | None:
    """What the page shows."""
    shown = [figure(page, state).all_inner_texts() for state in PAGE_STATES]
    total = re.search(r"of ([\d,]+) done", " ".join(progress(page).all_inner_texts()))
    if total is None or any(len(texts) != 1 for texts in shown):
        return None
    done, failed, running, queued = (number(texts[0]) for texts in shown)
    return Count(number(total[1]), done, failed, running + queued)


def number(text: str) -> int:
    """A number with commas between its thousands."""
    return int(text.replace(",", ""))


@contextmanager
def looks(surroundings: Surroundings, study: Launched) -> Iterator[Looks]:
    """Opens the page of a study that has cases, and begins to watch; both end with this."""
    command_line = study.command_line
    with surroundings.browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.goto(link(study))
        wait_until(page, "the page has begun", lambda: progress(page).count() > 0, timeout_ms=3 * PATIENCE_MS)
        # With several batches it begins with one of them.
        page.evaluate("location.hash = '#/overview?batch=*'")
        wait_until(page, "the page's figures", lambda: seen_on(page) is not None, timeout_ms=3 * PATIENCE_MS)
        watching = subprocess.Popen(  # noqa: S603 - the program that is looked at
            command_line.arguments("status", study.study, "--watch", "--json"),
            env=command_line.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        watched: list[str] = []
        reader = collect(watching.stdout, watched)
        try:
            yield Looks(study, page, watched)
        finally:
            end(watching)
            reader.join(ENDING_SECS)


def end(process: subprocess.Popen[str]) -> None:
    """Ctrl-C; then the end for who doesn't hear."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(ENDING_SECS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
