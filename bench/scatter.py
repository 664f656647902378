"""How long a scatter of 100,000 and of 1,000,000 points takes to be redrawn after a filter changed.

In Chromium without a graphics card, in a window of 1440 x 900. Nine tenths of the points pass the filter, and others
each time. Median of 7 after a warm-up. The page's own scatter plot is timed twice: what it works, from the change of
the filter to the end of the drawing without the frame that it waits for; and as its peers are (`_peers.py`), from the
change to the start of the animation frame after the one that it was drawn in. Prints one JSON object.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY / "tests/support"), str(REPOSITORY)]

from browser import launch  # noqa: E402 - found by the line above
from command_line import Launched  # noqa: E402
from playwright.sync_api import Browser  # noqa: E402

from bench._peers import PEERS, REPEATS, VIEWPORT, redraw_ms  # noqa: E402
from bench._results import ROWS_AT_ONCE, empty_study, entry, load, results_page  # noqa: E402

SIZES = {"100k": 100_000, "1m": 1_000_000}
BUDGETS_MS = {"100k": 16, "1m": 33}
# As in peers.js.
CANVAS = (1400, 860)
FILTERS = [f"#/results?x=factor.x&y=response.y&select=factor.filtered:{ends}" for ends in ("0..0.9", "0.1..1")]


def page_redraw_ms(browser: Browser, study: Launched, points: int) -> dict[str, float]:
    """The same for the page's own scatter plot: what it works, the drawing of that, and until it is shown."""
    with browser.new_context(viewport=VIEWPORT) as context:
        page = results_page(context, study, f"bench.givePoints({points}, {ROWS_AT_ONCE})", points)
        page.evaluate("([name, ...size]) => bench.alone(name, ...size)", ["Scatter plot", *CANVAS])
        found = page.evaluate("([filters, repeats]) => bench.selections(filters, repeats)", [FILTERS, REPEATS])
        medians = {name: statistics.median(turn[name] for turn in found) for name in ("work", "drawing", "shown")}
        return {**medians, "least": min(turn["work"] for turn in found)}


def measure(browser: Browser, study: Launched) -> dict[str, Any]:
    """The page's figures beside its peers'."""
    entries: dict[str, Any] = {}
    for size, points in SIZES.items():
        place = f"{points:,} points, {CANVAS[0]} x {CANVAS[1]}"
        own = page_redraw_ms(browser, study, points)
        note = (
            f"{place}, what the page works, at least {own['least']:.1f}; {own['drawing']:.1f} for the drawing; {load()}"
        )
        entries[f"scatter_{size}_ms"] = entry(own["work"], "ms", BUDGETS_MS[size], note)
        peers = {peer.name: round(redraw_ms(browser, peer, points), 1) for peer in PEERS}
        note = f"{place}, until the second frame; {load()}"
        entries[f"scatter_{size}_shown_ms"] = entry(own["shown"], "ms", None, note, **peers)
    return entries


def main() -> None:
    """Measures, and prints the figures."""
    with empty_study() as study, launch() as browser:
        figures = measure(browser, study)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
