"""How long a scatter of 100,000 and of 1,000,000 points takes to be redrawn after a filter changed.

In Chromium without a graphics card, in a window of 1440 x 900. Nine tenths of the points pass the filter, and others
each time. The page and its peers take turns of 5 after a warm-up, three times over; medians. The page's own scatter
plot is timed twice: what it works, from the change of the filter to the end of the drawing without the frame that it
waits for; and as its peers are (`_peers.py`), from the change to the start of the animation frame after the one that it
was drawn in. Prints one JSON object.
"""

from __future__ import annotations

import json
import statistics
import sys
from contextlib import ExitStack
from operator import truediv
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY / "tests/support"), str(REPOSITORY)]

from browser import launch  # noqa: E402 - found by the line above
from command_line import Launched  # noqa: E402
from playwright.sync_api import Browser  # noqa: E402

from bench._peers import PEERS, VIEWPORT, peer_page, redraws_ms  # noqa: E402
from bench._results import ROWS_AT_ONCE, empty_study, entry, in_frames, load, results_page  # noqa: E402

SIZES = {"100k": 100_000, "1m": 1_000_000}
BUDGETS_MS = {"100k": 16, "1m": 24}
ROUNDS, REPEATS = 3, 5
# As in peers.js.
CANVAS = (1400, 860)
FILTERS = [f"#/results?x=factor.x&y=response.y&select=factor.filtered:{ends}" for ends in ("0..0.9", "0.1..1")]


def measure_size(browser: Browser, study: Launched, size: str) -> dict[str, Any]:
    """The page's figures beside its peers', of so many points. They take turns, so that each sees the same machine."""
    points = SIZES[size]
    own: list[dict[str, float]] = []
    shown: list[float] = []
    peers: dict[str, list[float]] = {peer.name: [] for peer in PEERS}
    with ExitStack() as stack:
        context = stack.enter_context(browser.new_context(viewport=VIEWPORT))
        page = results_page(context, study, f"bench.givePoints({points}, {ROWS_AT_ONCE})", points)
        page.evaluate("([name, ...size]) => bench.alone(name, ...size)", ["Scatter plot", *CANVAS])
        pages = {peer.name: stack.enter_context(peer_page(browser, peer, points)) for peer in PEERS}
        for _ in range(ROUNDS):
            found = page.evaluate("([filters, repeats]) => bench.selections(filters, repeats)", [FILTERS, REPEATS])
            own += found
            shown.append(statistics.median(turn["shown"] for turn in found))
            for name, other in pages.items():
                peers[name].append(statistics.median(redraws_ms(other, REPEATS)))
    work, drawing = (statistics.median(turn[name] for turn in own) for name in ("work", "drawing"))
    place = f"{points:,} points, {CANVAS[0]} x {CANVAS[1]}"
    note = (
        f"{place}, what the page works, at least {min(turn['work'] for turn in own):.1f}; "
        f"{drawing:.1f} for the drawing; {in_frames(work)}; {load()}"
    )
    middle = statistics.median(shown)
    shares = ", ".join(
        f"{statistics.median(map(truediv, shown, others)):.2f} of {name}'s" for name, others in peers.items()
    )
    shown_note = f"{place}, until the second frame; {in_frames(middle)}; of each round {shares}; {load()}"
    medians = {name: round(statistics.median(others), 1) for name, others in peers.items()}
    return {
        f"scatter_{size}_ms": entry(work, "ms", BUDGETS_MS[size], note),
        f"scatter_{size}_shown_ms": entry(middle, "ms", None, shown_note, **medians),
    }


def measure(browser: Browser, study: Launched) -> dict[str, Any]:
    """All figures."""
    entries: dict[str, Any] = {}
    for size in SIZES:
        entries |= measure_size(browser, study, size)
    return entries


def main() -> None:
    """Measures, and prints the figures."""
    with empty_study() as study, launch() as browser:
        figures = measure(browser, study)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
