"""How smoothly the table of the Cases page scrolls, and how soon filters and sorting answer, with 100,000 cases.

The study is generated into a fresh local cloud, with cases in each state. In Chromium without a graphics card, in a
window of 1440 x 900: the table is scrolled in each frame, by a little, by a page, and by a leap, and the time between
frames is taken; words are typed into the filter, letter by letter; the table is sorted by each column that is in sight,
and shows the cases of each state. Prints one JSON object with the figures.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY / "tests/support"), str(REPOSITORY)]

from built import built_page, built_program  # noqa: E402 - found by the line above
from command_line import CommandLine, Launched  # noqa: E402
from generate import Extent, generate_into  # noqa: E402
from local_cloud import LocalCloud  # noqa: E402
from playwright.sync_api import Browser, Page  # noqa: E402
from visit import chromium  # noqa: E402

from bench._results import entry, late_frames, late_share, load, prepare, wait_for  # noqa: E402

CASES = 100_000
GRID, FIELD = ".case-list .cases__grid", ".case-list__field"
FRAMES = 240
# Pixels in each frame: as a wheel, as Page Down held, as the scroll bar drawn from end to end.
SPEEDS = {"wheel": 40, "pages": 400, "leaps": 11_000}
WORDS = ["worker-1", "state:failed footings", "0.12", "cohesion_0 > 2e5 duration < 2"]


def cases_page(browser: Browser, study: Launched, cases: int = CASES) -> Page:
    """The page, once it has all cases and is at rest."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{prepare(context, study)}#/cases?batch=*")
    wait_for(page, f"document.querySelector('{GRID}')?.getAttribute('aria-rowcount') === '{cases + 1}'")
    page.wait_for_timeout(3000)
    return page


def scrolling(page: Page) -> dict[str, Any]:
    """Frames that came late."""
    frames: list[float] = []
    told: list[str] = []
    for name, speed in SPEEDS.items():
        page.evaluate(f"document.querySelector('{GRID}').scrollTop = 0")
        # The first frames are the warm-up.
        found = page.evaluate(f"bench.scrolling('{GRID}', {speed}, {FRAMES})")[20:]
        told.append(f"{name} {late_frames(found)}")
        frames += found
    rows = page.locator(f"{GRID} [data-row]").count()
    note = f"{CASES:,} cases, {len(frames)} frames; {'; '.join(told)}; {rows} rows in the document; {load()}"
    return {
        "table_100k_late_frames": entry(late_share(frames), "%", 5, note),
        "table_100k_longest_frame_ms": entry(max(frames), "ms", 50, note),
    }


def typing(page: Page) -> dict[str, Any]:
    """Letters that the page heard late."""
    letters: list[dict[str, float]] = []
    told: list[str] = []
    for words in WORDS:
        found = page.evaluate(f"bench.typing('{FIELD}', {json.dumps(words)})")
        told.append(f"“{words}” {max(letter['busy'] for letter in found):.0f} ms")
        letters += found
        page.evaluate(f"bench.typing('{FIELD}', ' ')")
    work = max(letter["work"] for letter in letters)
    note = f"{CASES:,} cases, {len(letters)} letters; at the letter itself {work:.0f} ms; {'; '.join(told)}; {load()}"
    return {"filter_100k_letter_ms": entry(max(letter["busy"] for letter in letters), "ms", 50, note)}


def sorting(page: Page, columns: int | None = None) -> dict[str, Any]:
    """What the page does until the table is in another order: by each column, or by so many, each way."""
    heads = f"[...document.querySelectorAll('{GRID} [aria-sort]')]"
    longest: dict[str, float] = {}
    for column, name in enumerate(page.evaluate(f"{heads}.map(head => head.textContent)")[:columns]):
        for direction in ("ascending", "descending", "none"):
            head = f"{heads}[{column}]"
            step = page.evaluate(
                f"bench.acting(() => {head}.querySelector('button').click(), () => {head}.ariaSort === '{direction}')"
            )
            longest[name] = max(longest.get(name, 0), step["busy"])
    told = ", ".join(f"{name} {busy:.0f}" for name, busy in longest.items())
    return {"sort_100k_ms": entry(max(longest.values()), "ms", 50, f"{CASES:,} cases; by {told} ms; {load()}")}


def states(page: Page) -> dict[str, Any]:
    """What the page does until the table has the cases of one state alone, and all again."""
    buttons = "[...document.querySelectorAll('[role=group][aria-label=States] button')]"
    longest: dict[str, float] = {}
    for place, name in enumerate(page.evaluate(f"{buttons}.map(button => button.textContent)")):
        for is_pressed in ("true", "false"):
            pressed = f"{buttons}[{place}].ariaPressed === '{is_pressed}'"
            step = page.evaluate(f"bench.acting(() => {buttons}[{place}].click(), () => {pressed})")
            longest[name] = max(longest.get(name, 0), step["busy"])
    told = ", ".join(f"{name} {busy:.0f}" for name, busy in longest.items())
    return {"states_100k_ms": entry(max(longest.values()), "ms", 50, f"{CASES:,} cases; {told} ms; {load()}")}


def main() -> None:
    """Measures, and prints the figures."""
    program, built = built_program(), built_page()
    cloud = LocalCloud()
    try:
        study = CommandLine(program, cloud, built).launch()
        generate_into(study, Extent(cases=CASES, queued=0.2, failed=0.1, without_document=1))
        with chromium() as browser:
            page = cases_page(browser, study)
            figures = {**scrolling(page), **typing(page), **sorting(page), **states(page)}
    finally:
        cloud.stop()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
