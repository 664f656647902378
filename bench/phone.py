"""What the overview costs on a phone: Lighthouse with its defaults, a middling phone on slow 4G.

The overview of a study of 120 cases that are done, opened by the operator's link. Prints one JSON object with the
figures; where there is no Node.js, by which Lighthouse comes and runs, an empty one.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY / "tests/support"), str(REPOSITORY)]

from attached import attach  # noqa: E402 - found by the line above
from browser import ARGUMENTS, chromium_path  # noqa: E402
from built import built_page, built_program  # noqa: E402
from command_line import CommandLine, Launched  # noqa: E402
from enqueue import enqueue  # noqa: E402
from local_cloud import LocalCloud  # noqa: E402
from small_models import DOUBLE  # noqa: E402
from studies import line_of, link, queue_of, wait_for_end  # noqa: E402

from bench._results import entry, load  # noqa: E402

LIGHTHOUSE = "lighthouse@12.2.3"
CASES = 120
RUNS = 3
# Name and unit of each figure, its budget, and what Lighthouse calls it.
FIGURES = {
    "phone_largest_paint_ms": ("ms", 2500, "largest-contentful-paint"),
    "phone_blocking_ms": ("ms", 300, "total-blocking-time"),
    "phone_layout_shift": ("", 0.02, "cumulative-layout-shift"),
}
NOTED = ("first-contentful-paint", "speed-index", "interactive")


def audits(npx: str, study: Launched) -> dict[str, float]:
    """What Lighthouse says of one visit, by its names."""
    command = [npx, "--yes", LIGHTHOUSE, link(study), "--quiet", "--output=json", "--only-categories=performance"]
    command.append(f"--chrome-flags={' '.join(ARGUMENTS)}")
    environment = {**os.environ, "CHROME_PATH": chromium_path()}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)  # noqa: S603 - its own
    if ran.returncode != 0:
        sys.exit(f"Lighthouse failed: {ran.stderr.strip()[-400:]}")
    found: dict[str, Any] = json.loads(ran.stdout)["audits"]
    return {name: float(audit["numericValue"]) for name, audit in found.items() if "numericValue" in audit}


def measure(npx: str, study: Launched) -> dict[str, Any]:
    """All figures, each the median of some runs."""
    runs = [audits(npx, study) for _ in range(RUNS)]
    middle = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    note = ", ".join(f"{name} {middle[name]:.0f}" for name in NOTED)
    figures = {}
    for name, (unit, budget, audit) in FIGURES.items():
        figures[name] = entry(middle[audit], unit, budget, f"median of {RUNS} by {LIGHTHOUSE}; {note}; {load()}")
    return figures


def main() -> None:
    """Measures, and prints the figures."""
    npx = shutil.which("npx")
    if npx is None:
        print("Lighthouse needs Node.js, which isn't installed: no figures of a phone", file=sys.stderr)
        print("{}")
        return
    program, page = built_program(), built_page()
    cloud = LocalCloud()
    try:
        study = CommandLine(program, cloud, page).launch()
        enqueue(queue_of(study), "b", DOUBLE, {1: [{"a": number} for number in range(CASES)]})
        with attach(line_of(study)):
            wait_for_end(study, CASES)
        figures = measure(npx, study)
    finally:
        cloud.stop()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
