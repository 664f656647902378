"""How long a scatter of 100,000 and of 1,000,000 points takes to be redrawn after a filter changed.

In Chromium without a graphics card, in a window of 1440 x 900. Nine tenths of the points pass the filter, and others
each time. Median of 7 after a warm-up. `_peers.py` says from when to when. Prints one JSON object.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY)]

from browser import launch  # noqa: E402 - found by the line above
from playwright.sync_api import Browser  # noqa: E402

from bench._peers import PEERS, VIEWPORT, redraw_ms  # noqa: E402

SIZES = {"100k": 100_000, "1m": 1_000_000}


def page_redraw_ms(browser: Browser, points: int) -> float | None:
    """The same for the page's own scatter; None as long as it has none."""
    return None


def measure(browser: Browser) -> dict[str, Any]:
    """The page's figures beside its peers'; the peers' alone, as long as the page has none."""
    entries: dict[str, Any] = {}
    for size, points in SIZES.items():
        note = f"{points:,} points, {VIEWPORT['width']} x {VIEWPORT['height']}, until the second frame"
        peers = {peer.name: round(redraw_ms(browser, peer, points), 1) for peer in PEERS}
        own = page_redraw_ms(browser, points)
        if own is None:
            entries |= {f"scatter_{size}_{name.lower()}_ms": entry(figure, {}, note) for name, figure in peers.items()}
        else:
            entries[f"scatter_{size}_ms"] = entry(own, peers, note)
    return entries


def entry(figure: float, peers: dict[str, float], note: str) -> dict[str, Any]:
    """One line of the table."""
    return {"figure": round(figure, 1), "unit": "ms", "budget": None, "peers": peers, "note": note}


def main() -> None:
    """Measures, and prints the figures."""
    with launch() as browser:
        figures = measure(browser)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
