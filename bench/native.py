"""What the command line takes for 100,000 cases: `status`, `results --table` and `freeze`, by the release build.

The study is generated into a fresh local cloud, with results and errors of all cases that are over. A figure is the
time that the program itself computes: what it waits for the cloud, a process of Python on the same machine, stands in
the note. Prints one JSON object with the figures.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
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
# Runs a command, and says its seconds from start to end, those that it computed, and its most memory. On Linux that of
# a process begins with the memory of who started it: hence an interpreter that holds next to nothing.
CHILD = """
import os, sys, time
start = time.monotonic()
silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=silent)
_, status, usage = os.wait4(process, 0)
print([time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss])
sys.exit(os.waitstatus_to_exitcode(status))
"""


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
        told = subprocess.run(  # noqa: S603 (the program that was built)
            [sys.executable, "-I", "-S", "-c", CHILD, *study.command_line.arguments(*arguments)],
            env=study.command_line.environment(),
            stdout=subprocess.PIPE,
            check=True,
        )
        wall_secs, computed_secs, peak = json.loads(told.stdout)
        # Linux says it in KiB, macOS in bytes.
        return Run(wall_secs, computed_secs, peak * (1 if sys.platform == "darwin" else 1024) / 1e6)


def extent(cases: int) -> Extent:
    """A study of so many cases, most of them done, some failed, some open."""
    return Extent(cases=cases, queued=0.05, failed=0.02)


@contextmanager
def generated(cases: int) -> Iterator[Launched]:
    """Such a study in a cloud of its own."""
    cloud = LocalCloud()
    try:
        study = CommandLine(release_program(), cloud, built_page()).launch()
        generate_into(study, extent(cases))
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
