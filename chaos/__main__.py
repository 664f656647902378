"""Puts studies through what can go wrong, writes `target/chaos.json` and prints the same as a table.

`python -m chaos` goes through all ordeals three times, each time with another seed. `--only poison` goes through that
one and keeps the other entries of the last time. All that is random follows from the seed. The exit code is 1 if a
figure isn't what it must be.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from random import Random
from typing import Any

from chaos import REPOSITORY, crowds, faulted, full_disk, fuzzed, hostile, killed, poison, roles, senders, uploads
from chaos.entry import Entries, Entry, add_all
from chaos.surroundings import Surroundings, surroundings

RESULT = REPOSITORY / "target/chaos.json"
COLUMNS = ("name", "figure", "unit", "must be", "met")
Ordeal = Callable[[Surroundings, Random], Entries]
ORDEALS: dict[str, Ordeal] = {
    "killed": killed.measure,
    "faulted": faulted.measure,
    "poison": poison.measure,
    "full-disk": full_disk.measure,
    "uploads": uploads.measure,
    "senders": senders.measure,
    "wrongly_allowed": roles.measure,
    "hostile_harm": hostile.measure,
    "crowds_harm": crowds.measure,
    "fuzz_crashes": fuzzed.measure,
}


def go_through(names: list[str], seed: int, entries: Entries) -> int:
    """Goes through these ordeals once, adds up the figures, and returns how many gave none."""
    failed = 0
    for name in names:
        print(f"seed {seed}: {name}", file=sys.stderr)
        start = time.monotonic()
        try:
            # A cloud and a browser of its own: nothing is left of the one before.
            with surroundings() as around:
                add_all(entries, ORDEALS[name](around, Random(f"{name} {seed}")))  # noqa: S311 - has to be repeatable
        except Exception as error:  # noqa: BLE001 - the other ordeals are still worth their figures
            print(f"seed {seed}: {name}: {type(error).__name__}: {error}", file=sys.stderr)
            failed += 1
        print(f"seed {seed}: {name}, in {time.monotonic() - start:.0f} s", file=sys.stderr)
    return failed


def write(entries: Entries, kept: dict[str, Any]) -> None:
    """Writes the figures, one entry a line: so two files are compared with diff."""
    document = kept | {name: asdict(entry) for name, entry in entries.items()}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted(document.items()))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(f"{{\n{lines}\n}}\n")


def read_last() -> dict[str, Any]:
    """The entries of the last time; empty where there was none."""
    try:
        document = json.loads(RESULT.read_text())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def report(entries: Entries) -> str:
    """The figures, the faults that were injected while each was measured, and what is to be said of it."""
    lines = [*aligned([COLUMNS, *(row(name, entry) for name, entry in entries.items())]), "", "Injected:"]
    faults = [(name, f"{count:,}", fault) for name, entry in entries.items() for fault, count in entry.faults.items()]
    lines += [f"  {line}" for line in aligned(faults)]
    notes = [f"{name}: {entry.note}" for name, entry in entries.items() if entry.note]
    return "\n".join([*lines, *(["", *notes] if notes else [])])


def row(name: str, entry: Entry) -> tuple[str, ...]:
    """An entry's line of the table."""
    figure = "not measured" if entry.figure is None else f"{entry.figure:,}"
    return name, figure, entry.unit, f"{entry.must_be:,}", {True: "yes", False: "NO", None: ""}[entry.is_met]


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows as lines. A column of numbers is aligned to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.rjust(width) if at in (1, 3) else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(one, widths, strict=True))).rstrip() for one in rows]  # fmt: skip


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1, help="the first seed (default: 1)")
    parser.add_argument("--runs", type=int, default=3, help="how many seeds, one after the other (default: 3)")
    parser.add_argument("--only", choices=[*ORDEALS], metavar="NAME", help=f"one of {', '.join(ORDEALS)}")
    return parser.parse_args()


def main() -> int:
    """Returns the exit code."""
    asked = arguments()
    for ending in (signal.SIGINT, signal.SIGTERM):
        # Also where a shell has started it in the background, without Ctrl-C.
        signal.signal(ending, signal.default_int_handler)
    names, seeds = [asked.only] if asked.only else [*ORDEALS], range(asked.seed, asked.seed + asked.runs)
    entries: Entries = {}
    try:
        failed = sum(go_through(names, seed, entries) for seed in seeds)
    except KeyboardInterrupt:
        print("interrupted: all that was started has ended", file=sys.stderr)
        return 130
    write(entries, read_last() if asked.only else {})
    print(f"seeds {', '.join(map(str, seeds))}\n\n{report(entries)}")
    print(f"written to {RESULT}", file=sys.stderr)
    return 1 if failed or any(entry.is_met is False for entry in entries.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
