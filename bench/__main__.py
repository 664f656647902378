"""Runs every benchmark of this folder, writes `target/bench.json` and prints the same as a table.

A benchmark is a script that prints one JSON object, name -> entry, to standard output:
`{"download_kib": {"figure": 240.1, "unit": "KiB", "budget": 300, "peers": {"optuna-dashboard": 910.0}, "note": ""}}`.
A budget is the largest figure that is still within it, or null.

`python -m bench` runs all of them, `python -m bench page worker` those two and keeps the other entries of the last run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

REPOSITORY = Path(__file__).resolve().parent.parent
SCRIPTS = Path(__file__).resolve().parent
RESULT = REPOSITORY / "target/bench.json"
TIME_LIMIT_SECS = 1800
COLUMNS = ("name", "figure", "unit", "budget", "within", "peers", "note")
RIGHT_ALIGNED = frozenset({"figure", "budget"})


class BenchError(Exception):
    """A benchmark that did not give its entries, said in one line."""


@dataclass(frozen=True)
class Entry:
    """One figure."""

    figure: float
    unit: str
    budget: float | None = None
    peers: dict[str, float] = field(default_factory=dict)
    note: str = ""

    @classmethod
    def from_json(cls, name: str, document: object) -> Entry:
        """Reads one entry; a `BenchError` names what is wrong with it."""
        if not isinstance(document, dict):
            raise BenchError(f"{name} is no object")
        unknown = document.keys() - {"figure", "unit", "budget", "peers", "note"}
        if unknown:
            raise BenchError(f"{name} has unknown fields: {', '.join(sorted(unknown))}")
        figure, unit = document.get("figure"), document.get("unit")
        budget, peers, note = document.get("budget"), document.get("peers") or {}, document.get("note") or ""
        if not _is_number(figure):
            raise BenchError(f"{name}: the figure is no number")
        if not (budget is None or _is_number(budget)):
            raise BenchError(f"{name}: the budget is neither a number nor null")
        if not isinstance(unit, str) or not isinstance(note, str):
            raise BenchError(f"{name}: unit and note must be strings")
        if not isinstance(peers, dict) or not all(_is_number(peer) for peer in peers.values()):
            raise BenchError(f"{name}: the peers are no object of numbers")
        return cls(figure, unit, budget, peers, note)

    @property
    def within_budget(self) -> bool | None:
        """Whether the figure is at most the budget; None without a budget."""
        return None if self.budget is None else self.figure <= self.budget

    def row(self, name: str) -> tuple[str, ...]:
        """Its line of the table, a text a column."""
        return (
            name,
            _number(self.figure),
            self.unit,
            "" if self.budget is None else _number(self.budget),
            {True: "yes", False: "NO", None: ""}[self.within_budget],
            ", ".join(f"{peer} {_number(figure)}" for peer, figure in self.peers.items()),
            self.note,
        )


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:,.4g}"


def parse_entries(text: str) -> dict[str, Entry]:
    """The entries that a benchmark printed."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BenchError(f"what it printed is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise BenchError("what it printed is no JSON object")
    return {name: Entry.from_json(name, entry) for name, entry in document.items()}


def run(script: Path) -> dict[str, Entry]:
    """Runs one benchmark. What it writes to standard error is shown as it comes."""
    try:
        done = subprocess.run(  # noqa: S603 (a script of this folder)
            [sys.executable, str(script)],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            timeout=TIME_LIMIT_SECS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"it took longer than {TIME_LIMIT_SECS} s") from error
    if done.returncode != 0:
        raise BenchError(f"it ended with exit code {done.returncode}")
    return parse_entries(done.stdout)


def table(entries: dict[str, Entry]) -> str:
    """The entries as aligned text."""
    rows = [COLUMNS, *(entry.row(name) for name, entry in entries.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in RIGHT_ALIGNED else cell.ljust(width)
            for cell, width, column in zip(row, widths, COLUMNS, strict=True)
        ).rstrip()
        for row in rows
    )


def read_last(path: Path) -> dict[str, Any]:
    """The document of the last run; empty where there was none."""
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def chosen_scripts(names: Iterable[str]) -> list[Path]:
    """The benchmarks of these names, all of them if there are no names."""
    scripts = {path.stem: path for path in sorted(SCRIPTS.glob("*.py")) if not path.stem.startswith("_")}
    wanted = list(names) or list(scripts)
    for name in wanted:
        if name not in scripts:
            raise BenchError(f"there is no benchmark {name}, only {', '.join(scripts)}")
    return [scripts[name] for name in wanted]


def main(names: list[str]) -> int:
    """Returns the exit code: 1 if a benchmark gave no figures, whatever the figures say."""
    try:
        scripts = chosen_scripts(names)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 2
    entries: dict[str, Entry] = {}
    failed = 0
    for script in scripts:
        print(f"measuring: {script.stem}", file=sys.stderr)
        start = time.monotonic()
        try:
            measured = run(script)
        except BenchError as error:
            print(f"bench/{script.name}: {error}", file=sys.stderr)
            failed += 1
            continue
        print(f"measured: {script.stem}, in {time.monotonic() - start:.0f} s", file=sys.stderr)
        entries.update(measured)

    document = read_last(RESULT) if names else {}
    document.update({name: asdict(entry) for name, entry in entries.items()})
    # One entry a line: so two runs are compared with diff.
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted(document.items()))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(f"{{\n{lines}\n}}\n")
    print(table(entries))
    print(f"written to {RESULT}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
