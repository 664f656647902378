"""What it takes to enqueue 10,000 cases: requests, and time when each request takes 20 ms more than on loopback.

`cruncher enqueue` sends a design of random cases into a fresh local cloud, through a proxy that waits 20 ms before it
passes a request on. The proxy counts every request, those that find the study included. The time is that of the whole
command, from its start to its end. Prints one JSON object with both figures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tests/support"))

from command_line import CommandLine, write_page  # noqa: E402
from local_cloud import LocalCloud  # noqa: E402 - found by the line above
from proxy import proxy  # noqa: E402

CASES = 10_000
DELAY_SECS = 0.02
DESIGN = {
    "batch": "bench",
    "model": {"file": "model.py", "kind": "python"},
    "factors": [{"name": "cohesion_array", "count": 5, "minimum": 50000.0, "maximum": 500000.0, "unit": "Pa"}],
    "sampler": {"kind": "random", "cases": CASES},
    "seed": 1,
}


def binary() -> Path:
    """The program: `CRUNCHER_BINARY`, or what `make command-line` has built."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    return Path(os.environ.get("CRUNCHER_BINARY", target / "debug" / "cruncher"))


def measure(cloud: LocalCloud, folder: Path) -> tuple[int, float]:
    """Requests and seconds of one command."""
    write_page(folder / "page", "one")
    (folder / "model.py").write_text("result['load'] = sum({{cohesion_array}})\n")
    (folder / "design.json").write_text(json.dumps(DESIGN))
    command_line = CommandLine(binary(), cloud, folder / "page")
    study = command_line.launch().study
    with proxy(cloud) as slow:
        slow.delay_secs = DELAY_SECS
        command = command_line.arguments("enqueue", study, str(folder / "design.json"), "--json")
        command = [slow.url if part == cloud.endpoint_url else part for part in command]
        start = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - the program that is measured
            command, env=command_line.environment(), stdout=subprocess.PIPE, check=True, timeout=600
        )
        secs = time.perf_counter() - start
        assert json.loads(done.stdout)["sent"] == CASES  # noqa: S101 - no figure without it
        return slow.requests, secs


def main() -> None:
    """Measures, and prints the figures."""
    cloud = LocalCloud()
    try:
        with tempfile.TemporaryDirectory(prefix="cruncher-bench-") as folder:
            requests, secs = measure(cloud, Path(folder))
    finally:
        cloud.stop()
    note = f"{CASES:,} cases of five numbers; `cruncher enqueue` as a whole"
    figures = {
        "enqueue_10k_requests": entry(requests, "requests", 1010, {"CAM": 20_000}, note),
        "enqueue_10k_s": entry(secs, "s", 5, {}, f"{note}, each request delayed by {DELAY_SECS * 1000:.0f} ms"),
    }
    print(json.dumps(figures))


def entry(figure: float, unit: str, budget: float, peers: dict[str, float], note: str) -> dict[str, Any]:
    """One line of the table."""
    return {"figure": round(figure, 3), "unit": unit, "budget": budget, "peers": peers, "note": note}


if __name__ == "__main__":
    main()
