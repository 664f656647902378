"""What the command line takes for 100,000 cases: `status`, `results --table` and `freeze`, by the release build.

The study is generated into a fresh local cloud, with results and errors of all cases that are over. A figure is the
time that the program itself computes: what it waits for the cloud, a process of Python on the same machine, stands in
the note. Prints one JSON object with the figures.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY / "tests/support"), str(REPOSITORY)]

from built import built_page, release_program  # noqa: E402 - found by the line above
from command_line import CommandLine, Launched  # noqa: E402
from generate import Extent, generate_into  # noqa: E402
from local_cloud import LocalCloud  # noqa: E402

from bench._results import entry, load  # noqa: E402

CASES = 100_000
TURNS = 3
# Seconds and megabytes that each command may take.
COMMANDS = {"status": 2.0, "results": 3.0, "freeze": 8.0}
PEAK_MB = 200


@dataclass(frozen=True)
class Run:
    """What a command took."""

    # From its start to its end, and what of that the program computed.
    wall_secs: float
    computed_secs: float
    peak_mb: float

    @property
    def waited_secs(self) -> float:
        """What it waited for, nearly all of it for the cloud."""
        return max(0.0, self.wall_secs - self.computed_secs)


def run(study: Launched, command: str) -> Run:
    """Runs a command to its end."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = {
            "status": ["status", study.study],
            "results": ["results", study.study, "--table", f"{folder}/table.csv"],
            "freeze": ["freeze", study.study, f"{folder}/study.html"],
        }[command]
        started = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 (the program that was built)
            study.command_line.arguments(*arguments), env=study.command_line.environment(), stdout=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_secs = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"`cruncher {command}` ended with exit code {process.returncode}")
        # Linux says it in KiB, macOS in bytes.
        peak_bytes = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return Run(wall_secs, usage.ru_utime + usage.ru_stime, peak_bytes / 1e6)


@contextmanager
def generated(cases: int) -> Iterator[Launched]:
    """A study of so many cases, most of them done, some failed, some open."""
    cloud = LocalCloud()
    try:
        study = CommandLine(release_program(), cloud, built_page()).launch()
        generate_into(study, Extent(cases=cases, queued=0.05, failed=0.02))
        yield study
    finally:
        cloud.stop()


def median(runs: list[Run]) -> Run:
    """The one in the middle."""
    return sorted(runs, key=lambda run: run.computed_secs)[len(runs) // 2]


def measure(study: Launched) -> dict[str, Any]:
    """All figures."""
    figures = {}
    for command, secs in COMMANDS.items():
        runs = [run(study, command) for _ in range(TURNS)]
        middle, peak_mb = median(runs), statistics.median(run.peak_mb for run in runs)
        note = (
            f"median of {TURNS}; from start to end {middle.wall_secs:.1f} s, of which it waited "
            f"{middle.waited_secs:.1f} s for the local cloud; {load()}"
        )
        figures[f"{command}_100k_s"] = entry(middle.computed_secs, "s", secs, note)
        figures[f"{command}_100k_peak_mb"] = entry(peak_mb, "MB", PEAK_MB, f"median of {TURNS}")
    return figures


def main() -> None:
    """Measures, and prints the figures."""
    with generated(CASES) as study:
        print(json.dumps(measure(study)))


if __name__ == "__main__":
    main()
