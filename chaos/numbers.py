"""A thousand cases whose results are known, and what became of them."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

from command_line import Launched
from enqueue import Parameters, enqueue
from studies import queue_of

from chaos.count import Contents

BATCH = "doubles"


def send(study: Launched, model: str, cases: int, **more: int | str) -> dict[str, int]:
    """Sends cases of a model that doubles `a`; returns each case's `a`."""
    parameters: list[Parameters] = [{"a": number, **more} for number in range(cases)]
    ids = enqueue(queue_of(study), BATCH, model, {1: parameters})
    return dict(zip(ids, range(cases), strict=True))


def lost(sent: dict[str, int], contents: Contents) -> int:
    """How many cases have no result."""
    return len(sent.keys() - contents.done.keys())


def wrong(sent: dict[str, int], contents: Contents) -> int:
    """How many results aren't those of their case, or of no case, and how many cases have failed."""
    strange = sum(
        case not in sent
        or (document["case_id"], document["parameters"]["a"], document["result"])
        != (case, sent[case], {"double": 2 * sent[case]})
        for case, document in contents.done.items()
    )
    return strange + len(contents.errors)


def told(sent: dict[str, int], contents: Contents) -> str:
    """Names the cases without a result and those with an error, and what the error says: what to look for."""
    without = sorted(sent.keys() - contents.done.keys())
    failed = sorted(contents.errors)
    lines = [f"no result and no error of {case}" for case in without if case not in contents.errors]
    for case in failed:
        error = contents.errors[case]
        end = "no result" if case in without else "a result"
        lines.append(f"{case}, {end}: attempt {error['attempt']}, {error['exception']}: {error['message']}")
    return "; ".join(lines)


def twice(rows: Counter[str]) -> int:
    """How many are there more than once."""
    return sum(count > 1 for count in rows.values())


def table_of_results(study: Launched, folder: Path) -> tuple[Counter[str], int]:
    """The cases in the table that `cruncher results` writes, and how many it says it lacks, for want of a row."""
    file = folder / f"{study.study}.csv"
    ran = study.command_line.run("results", study.study, "--table", str(file))
    lacking = re.search(r"Lacking: ([\d,]+) cases? that ended", ran.err)
    if ran.code != 0 and lacking is None:
        raise RuntimeError(ran.err)
    with file.open(newline="") as table:
        return Counter(row["case_id"] for row in csv.DictReader(table)), int(
            lacking[1].replace(",", "")
        ) if lacking else 0
