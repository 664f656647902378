"""Bytes from outside that are no documents: mutations of a corpus, given to every parser (`crates/fuzz`).

A crash is an input at which a parser panics or ends the process, takes more memory than a multiple of the input or too
long, or after which it reads what it has written otherwise. What was found lies in `target/fuzz`: it belongs into the
corpus, `crates/fuzz/corpus/TARGET`, with the parser's own test.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from random import Random
from typing import Any

from chaos import REPOSITORY
from chaos.entry import Entries, Entry
from chaos.surroundings import Surroundings

SECS_PER_TARGET, LIMIT_SECS = 3, 120


def measure(surroundings: Surroundings, random: Random) -> Entries:
    """All targets, one after the other; the faults are the inputs that were tried."""
    program = built()
    targets = run(program, "--list").stdout.split()
    executions: dict[str, int] = {}
    found: list[str] = []
    for target in targets:
        seed = str(random.getrandbits(32))
        trace = surroundings.folder / f"fuzz-{target}"
        told = try_target(program, target, seed, trace)
        executions[target] = told["executions"]
        found += [f"{target}: {one['problem']}, {one['input']}" for one in told["found"]]
    note = "; ".join(found)
    return {"fuzz_crashes": Entry(len(found), "inputs", faults=executions, note=note)}


def built() -> Path:
    """The program, built."""
    command = ["cargo", "build", "--quiet", "--package", "cruncher-fuzz"]
    subprocess.run(command, cwd=REPOSITORY, check=True)  # noqa: S603
    return Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target") / "debug/cruncher-fuzz"


def try_target(program: Path, target: str, seed: str, trace: Path) -> dict[str, Any]:
    """What the program tells of a target. Where it ends without a word, the input is kept that it had then."""
    options = ["--target", target, "--seed", seed, "--secs", str(SECS_PER_TARGET)]
    told, problem = ended(program, options)
    if told is None:
        # The same inputs once more, each of them written down before it is tried.
        ended(program, [*options, "--trace", str(trace)])
        kept = REPOSITORY / "target/fuzz" / f"{target}-{seed}"
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(trace, kept)
        told = {"executions": 0, "found": [{"problem": problem, "input": str(kept)}]}
    return told


def ended(program: Path, options: list[str]) -> tuple[dict[str, Any] | None, str]:
    """What the program tells; None if it crashed or hung, and how."""
    try:
        ran = run(program, *options)
    except subprocess.TimeoutExpired:
        return None, f"it hung for {LIMIT_SECS} s"
    last = ran.stdout.splitlines()[-1] if ran.stdout else ""
    if ran.returncode in (0, 1) and last.startswith("{"):
        return json.loads(last), ""
    return None, f"it ended with {ran.returncode}"


def run(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs it to its end."""
    return subprocess.run(  # noqa: S603
        [str(program), *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECS,
        check=False,
    )
