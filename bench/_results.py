"""The page of the results, opened at once and looked at from inside."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tests/support"))

from built import built_page, built_program  # noqa: E402 - found by the line above
from command_line import CommandLine, Launched, accesses  # noqa: E402
from local_cloud import LocalCloud  # noqa: E402
from studies import link  # noqa: E402

SCRIPTS = Path(__file__).resolve().parent
# Rows of a segment that is full are some thousand; a page reads several at once.
ROWS_AT_ONCE = 10_000
PATIENCE_MS = 180_000
# Time of a frame at 60 a second, and how far from a whole number of them a time may be that is one.
FRAME_MS = 1000 / 60
FRAME_ROUNDING = 0.04


def prepare(context: BrowserContext, study: Launched) -> str:
    """Lets a person's pages be measured and know the access, as if a link had been opened before; gives the address.

    With a link the page begins with the overview.
    """
    address = link(study).split("#")[0]
    (access,) = accesses(link(study))
    context.set_default_timeout(PATIENCE_MS)
    # Where the page keeps it (crates/browser/src/kept_access.rs).
    context.add_init_script(f"globalThis.cruncherAccess = {json.dumps(json.dumps(access))};")
    # Both in one: each is a function's body, and one needs the other.
    context.add_init_script("\n".join((SCRIPTS / name).read_text() for name in ("peers.js", "results.js")))
    return address


def results_page(context: BrowserContext, study: Launched, rows: str, count: int) -> Page:
    """The page of the results, with rows that `rows` hands over in the page; drawn when this returns."""
    page = context.new_page()
    page.goto(f"{prepare(context, study)}#/results")
    page.get_by_text("No results yet").wait_for()
    page.evaluate(rows)
    wait_for(page, f"bench.drawn.some(drawing => drawing.rows === {count})")
    page.evaluate("bench.stillness()")
    return page


def wait_for(page: Page, condition: str) -> None:
    """Until something in the page is so."""
    page.evaluate(f"bench.until(() => {condition}, {PATIENCE_MS})")


@contextmanager
def empty_study() -> Iterator[Launched]:
    """A study without cases, in a cloud of its own."""
    program, page = built_program(), built_page()
    cloud = LocalCloud()
    try:
        yield CommandLine(program, cloud, page).launch()
    finally:
        cloud.stop()


# Time of a frame at 60 a second, and a margin for what clocks round.
FRAME_MS, ROUNDING_MS = 1000 / 60, 0.6


def late_share(frames: list[float]) -> float:
    """How many of a hundred frames came late."""
    return 100 * sum(frame > FRAME_MS + ROUNDING_MS for frame in frames) / len(frames)


def late_frames(frames: list[float]) -> str:
    """Frames that came late, for a note."""
    return f"{late_share(frames):.1f} % of {len(frames)} frames late, longest {max(frames):.0f} ms"


def load() -> str:
    """How busy the machine was during the last minute, for a note."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def in_frames(figure_ms: float) -> str:
    """Whether a time is that of frames: a whole number of them was waited for, whatever the work took."""
    frames = figure_ms / FRAME_MS
    if round(frames) > 0 and abs(frames - round(frames)) < FRAME_ROUNDING:
        return f"{round(frames)} whole frames"
    return f"{frames:.2f} frames"


def entry(figure: float, unit: str, budget: float | None, note: str, **peers: float) -> dict[str, Any]:
    """One line of the table."""
    return {"figure": round(figure, 1), "unit": unit, "budget": budget, "peers": peers, "note": note}
