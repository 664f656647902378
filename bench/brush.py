"""How long the plots of the results take to follow a brush, and how much memory a million cases take.

Cases of ten columns, of which one is a response, are handed to the page as the worker that reads them does. The
pointer is dragged along an axis of the parallel coordinates, in Chromium without a graphics card, in a window of 1440
x 900. Timed is each step: what the page does from the pointer's event until every plot in sight is drawn, the wait for
the next frame apart, as with the scatter. What waits until nothing changes any more is named in the note. The memory
is that of the page's programs, when all plots have been drawn. Prints one JSON object.
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
from playwright.sync_api import Browser, Page  # noqa: E402

from bench._peers import VIEWPORT  # noqa: E402
from bench._results import ROWS_AT_ONCE, empty_study, entry, in_frames, load, results_page  # noqa: E402

COLUMNS = 10
BRUSHED, HELD = 100_000, 1_000_000
STEPS = 30
# The first axis stands so far from the left edge of its plot.
FIRST_AXIS_PX = 32


def brush_steps(page: Page) -> list[dict[str, Any]]:
    """Drags along the first axis; what each step took, the first few as a warm-up apart."""
    plot = page.locator("canvas[data-plot='Parallel coordinates']")
    plot.scroll_into_view_if_needed()
    page.evaluate("bench.stillness()")
    box = plot.bounding_box()
    assert box is not None  # noqa: S101 - it is in sight
    x, top, height = box["x"] + FIRST_AXIS_PX, box["y"] + 0.3 * box["height"], 0.4 * box["height"]
    page.mouse.move(x, top)
    page.mouse.down()
    page.evaluate("bench.stillness()")
    first = page.evaluate("bench.moves.length")
    for step in range(1, STEPS + 1):
        page.mouse.move(x, top + height * step / STEPS)
        page.evaluate("bench.stillness()")
    page.mouse.up()
    steps: list[dict[str, Any]] = page.evaluate(f"bench.steps({first})")
    return [step for step in steps if step["plots"]][5:]


def memory_mib(page: Page) -> list[float]:
    """The memories of the page's programs, the largest first."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    prototype = session.send("Runtime.evaluate", {"expression": "WebAssembly.Memory.prototype"})["result"]
    memories = session.send("Runtime.queryObjects", {"prototypeObjectId": prototype["objectId"]})["objects"]
    sizes = session.send(
        "Runtime.callFunctionOn",
        {
            "objectId": memories["objectId"],
            "functionDeclaration": "function () { return this.map(memory => memory.buffer.byteLength); }",
            "returnByValue": True,
        },
    )["result"]["value"]
    return sorted((size / 1024**2 for size in sizes), reverse=True)


def brush(browser: Browser, study: Launched) -> dict[str, Any]:
    """The figure of a step."""
    with browser.new_context(viewport=VIEWPORT) as context:
        rows = f"bench.giveBell({BRUSHED}, {COLUMNS}, {ROWS_AT_ONCE})"
        steps = brush_steps(results_page(context, study, rows, BRUSHED))
    plots = sorted({name for step in steps for name in step["plots"]})
    by_plot = {name: statistics.median(step["plots"].get(name, 0) for step in steps) for name in plots}
    words = ", ".join(f"{name} {millis:.1f}" for name, millis in by_plot.items())
    work = [step["work"] for step in steps]
    middle, least, most = statistics.median(work), min(work), max(work)
    later = sorted({name for step in steps for name in step["later"]} - set(plots))
    note = (
        f"{COLUMNS} axes, median of {len(steps)} steps of {least:.0f} to {most:.0f}; drawing alone: {words}; "
        f"out of sight and later: {', '.join(later)}; {in_frames(middle)}; {load()}"
    )
    return {"brush_100k_ms": entry(middle, "ms", 16, note)}


def memory(browser: Browser, study: Launched) -> dict[str, Any]:
    """The figure of a million cases."""
    with browser.new_context(viewport=VIEWPORT) as context:
        page = results_page(context, study, f"bench.giveBell({HELD}, {COLUMNS}, {ROWS_AT_ONCE})", HELD)
        loaded, *_ = memory_mib(page)
        for canvas in page.locator("canvas[data-plot]").all():
            canvas.scroll_into_view_if_needed()
            page.evaluate("bench.stillness()")
        drawn, *others = memory_mib(page)
    values = HELD * COLUMNS * 8 / 1024**2
    note = (
        f"{HELD:,} cases of {COLUMNS} columns, whose numbers alone are {values:.0f}; before all plots were in sight "
        f"{loaded:.0f}; the other programs {', '.join(f'{other:.0f}' for other in others)}"
    )
    return {"memory_1m_mib": entry(drawn, "MiB", 200, note)}


def main() -> None:
    """Measures, and prints the figures."""
    with empty_study() as study, launch() as browser:
        figures = {**brush(browser, study), **memory(browser, study)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
