"""How time and memory grow with a study, from 1,000 cases to a million: `cruncher` and the page of the results.

    python bench/_growth.py 1000 10000      measures these sizes, and keeps them in target/growth.json
    python bench/_growth.py                 puts what is kept into docs/scale.md and docs/pictures/growth.svg

A million cases take half an hour, and 8 GB for the local cloud: so this is no part of `make bench`.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY / "tests/support"), str(REPOSITORY)]

from command_line import Launched  # noqa: E402 - found by the line above
from visit import chromium  # noqa: E402

from bench._results import PATIENCE_MS, prepare, wait_for  # noqa: E402
from bench.native import COMMANDS, extent, generated, median, run  # noqa: E402

KEPT = REPOSITORY / "target/growth.json"
DOCUMENT, PICTURE = REPOSITORY / "docs/scale.md", REPOSITORY / "docs/pictures/growth.svg"
BEGIN, END = "<!-- by bench/_growth.py -->\n", "<!-- end of growth -->\n"
NAMES = {"status": "status", "results": "results --table", "freeze": "freeze", "page": "Results page opens"}
# Of so many cases each command runs once.
TURNS, MANY = 3, 100_000
# Of style/tokens.css, as they are on light and on dark; dashes for those who don't see colours.
COLOURS = {
    "status": ("#0072b2", "#56b4e9", ""),
    "results": ("#00805d", "#2fb98f", "7 3"),
    "freeze": ("#c04a00", "#f08a4b", "2 3"),
    "page": ("#a34a80", "#dd8fbd", "9 3 2 3"),
}

# Of a size: of each of `NAMES` its seconds, those until its end with the time in which it waited, and megabytes.
Figures = dict[str, dict[str, float]]


def measure(cases: int) -> Figures:
    """All figures of a new study of this size."""
    with generated(cases) as study:
        return figures_of(study, cases)


def figures_of(study: Launched, cases: int) -> Figures:
    """All figures of a study that is there."""
    figures: Figures = {}
    for command in COMMANDS:
        runs = [run(study, command) for _ in range(TURNS if cases < MANY else 1)]
        middle = median(runs)
        peak_mb = statistics.median(one.peak_mb for one in runs)
        figures[command] = {"secs": middle.computed_secs, "wall_secs": middle.wall_secs, "mb": peak_mb}
    figures["page"] = opened(study, cases)
    return figures


def opened(study: Launched, cases: int) -> dict[str, float]:
    """The page of the results, until the scatter plot has drawn all cases, in a browser that was never there."""
    with chromium() as browser, browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        address, page = prepare(context, study), context.new_page()
        session = browser.new_browser_cdp_session()
        page.goto(f"{address}#/results?batch=*", wait_until="commit", timeout=PATIENCE_MS)
        # Whether it has the open ones as well, which have no results.
        of_all = f"name === 'Scatter plot' && rows >= {extent(cases).ended}"
        drawn = f"bench.drawn.find(({{ name, rows }}) => {of_all})"
        wait_for(page, drawn)
        secs = page.evaluate(f"{drawn}.end") / 1000
        page.wait_for_timeout(2000)
        told = session.send("SystemInfo.getProcessInfo")["processInfo"]
        resident = [resident_mb(process["id"]) for process in told if process["type"] == "renderer"]
    return {"secs": secs, "wall_secs": secs, "mb": max(resident)}


def resident_mb(process: int) -> float:
    """What a process has had in memory at most, as Linux says it."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    (peak,) = (int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return peak * 1024 / 1e6


def table(kept: dict[int, Figures]) -> str:
    """A row a size."""
    heads = ["cases", *(f"`{name}`" if key in COMMANDS else name for key, name in NAMES.items())]
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join(["---:"] * len(heads)) + " |"]
    for cases, figures in sorted(kept.items()):
        cells = [f"{cases:,}"]
        for key in NAMES:
            own = figures.get(key)
            if own is None:
                cells.append("–")
                continue
            whole = f" of {own['wall_secs']:.1f}" if key in COMMANDS else ""
            cells.append(f"{own['secs']:.2f}{whole} s, {own['mb']:,.0f} MB")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def ticks(low: int, high: int) -> list[int]:
    """Powers of ten."""
    return list(range(low, high + 1))


def words(power: int) -> str:
    """A number of an axis."""
    return f"{10**power:,}" if power >= 0 else f"{10.0**power:.{-power}f}"


def panel(kept: dict[int, Figures], figure: str, title: str, left: int, powers: tuple[int, int]) -> list[str]:
    """A diagram with logarithmic axes: of a figure, by the cases."""
    width, height, top, (low, high) = 300, 250, 40, powers
    first, last = math.log10(min(kept)), math.log10(max(kept))

    def x(cases: float) -> float:
        return left + (math.log10(cases) - first) / (last - first) * width

    def y(value: float) -> float:
        return top + height - (math.log10(value) - low) / (high - low) * height

    parts = [f'<text class="title" x="{left}" y="{top - 16}">{title}</text>']
    for power in ticks(low, high):
        at = y(10.0**power)
        parts.append(f'<line class="grid" x1="{left}" x2="{left + width}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text class="tick" x="{left - 8}" y="{at + 4:.1f}" text-anchor="end">{words(power)}</text>')
    for cases in sorted(kept):
        at = x(cases)
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{top + height}"/>')
        parts.append(f'<text class="tick" x="{at:.1f}" y="{top + height + 18}" text-anchor="middle">{cases:,}</text>')
    parts.append(
        f'<text class="tick" x="{left + width / 2}" y="{top + height + 38}" text-anchor="middle">number of cases</text>'
    )
    # Line of what grows as the cases do: ten times for ten times the cases, through the middle of the diagram.
    middle = 10 ** ((low + high) / 2 - (last - first) / 2)
    start = (min(kept), middle) if middle >= 10**low else (min(kept) * 10**low / middle, 10.0**low)
    end = (max(kept), middle * max(kept) / min(kept))
    if end[1] > 10**high:
        end = (end[0] * 10**high / end[1], 10.0**high)
    parts.append(
        f'<line class="slope" x1="{x(start[0]):.1f}" y1="{y(start[1]):.1f}" x2="{x(end[0]):.1f}" y2="{y(end[1]):.1f}"/>'
    )
    for key in NAMES:
        points = [(x(cases), y(figures[key][figure])) for cases, figures in sorted(kept.items()) if key in figures]
        path = " ".join(f"{across:.1f},{down:.1f}" for across, down in points)
        parts.append(f'<polyline class="{key}" points="{path}"/>')
        parts += [f'<circle class="{key}" cx="{across:.1f}" cy="{down:.1f}" r="3.5"/>' for across, down in points]
    return parts


def legend(left: int, top: int) -> list[str]:
    """What the lines are."""
    parts = []
    for key, name in NAMES.items():
        parts.append(f'<polyline class="{key}" points="{left},{top} {left + 34},{top}"/>')
        parts.append(f'<circle class="{key}" cx="{left + 17}" cy="{top}" r="3.5"/>')
        parts.append(f'<text class="tick" x="{left + 42}" y="{top + 4}">{name}</text>')
        left += 64 + 6 * len(name)
    parts.append(f'<line class="slope" x1="{left}" x2="{left + 34}" y1="{top}" y2="{top}"/>')
    parts.append(f'<text class="tick" x="{left + 42}" y="{top + 4}">grows as the cases do</text>')
    return parts


def style(shade: int) -> str:
    """Colours, on light or on dark."""
    light, dark = ("#ffffff", "#1b1d20", "#5d6168", "#dcdcd7"), ("#1b1e23", "#e6e7e9", "#a2a8b1", "#343941")
    ground, text, faint, line = (light, dark)[shade]
    rules = [f".ground {{ fill: {ground} }} .title {{ fill: {text} }} .tick {{ fill: {faint} }}"]
    rules.append(f".grid {{ stroke: {line} }} .slope {{ stroke: {faint} }}")
    for key, colours in COLOURS.items():
        rules.append(f"polyline.{key} {{ stroke: {colours[shade]} }} circle.{key} {{ fill: {colours[shade]} }}")
    return " ".join(rules)


def picture(kept: dict[int, Figures]) -> str:
    """Seconds and megabytes, side by side."""
    dashes = " ".join(f"polyline.{key} {{ stroke-dasharray: {dash} }}" for key, (*_, dash) in COLOURS.items() if dash)
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 370" width="820" height="370" role="img" '
        'aria-label="Seconds and megabytes by the number of cases">',
        "<style>",
        'text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif } .title { font-size: 15px } '
        ".tick { font-size: 12px } .slope { stroke-width: 1.5; stroke-dasharray: 2 4 } "
        "polyline { fill: none; stroke-width: 2 } " + dashes,
        style(0),
        f"@media (prefers-color-scheme: dark) {{ {style(1)} }}",
        "</style>",
        '<rect class="ground" width="820" height="370" rx="6"/>',
        *panel(kept, "secs", "Time (s): computed, or until drawn", 70, powers(kept, "secs")),
        *panel(kept, "mb", "Memory, at most (MB)", 480, powers(kept, "mb")),
        *legend(40, 350),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def powers(kept: dict[int, Figures], figure: str) -> tuple[int, int]:
    """Those of ten between which all are."""
    values = [own[figure] for figures in kept.values() for own in figures.values()]
    return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))


def main(sizes: list[int]) -> None:
    """Measures, or writes what was measured."""
    told: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.is_file() else {}
    for cases in sizes:
        told[str(cases)] = measure(cases)
        KEPT.write_text(json.dumps(told, indent=1))
        print(f"{cases:,} cases: {told[str(cases)]}", flush=True)
    if not sizes:
        kept = {int(cases): figures for cases, figures in told.items()}
        text = DOCUMENT.read_text("utf-8")
        begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
        DOCUMENT.write_text(text[:begin] + table(kept) + text[end:], "utf-8")
        PICTURE.write_text(picture(kept), "utf-8")


if __name__ == "__main__":
    main([int(cases) for cases in sys.argv[1:]])
