"""One worker computes hostile models one after the other, and a healthy one after each of them.

`CRUNCHER_HOSTILE_MODELS=1000` has it compute so many; without it there is one of each kind.
"""

from __future__ import annotations

import itertools
import os
from typing import Any

import pytest
from tests.hostile_models import HOSTILE, PARAMETERS, PROBE
from tests.lab import Lab, wait_for

COUNT = int(os.environ.get("CRUNCHER_HOSTILE_MODELS", len(HOSTILE)))
PATIENCE_SECS = 120
# Some of them print for as long as they can.
QUIETLY = "import os; quiet = os.open(os.devnull, os.O_WRONLY); os.dup2(quiet, 1); os.dup2(quiet, 2); "


def outcome(lab: Lab, what: str, case_id: str) -> dict[str, Any]:
    def look() -> Any:
        return lab.document(f"data/b/done-{case_id}.json") or lab.document(f"data/b/error-{case_id}.json")

    found = wait_for(f"a document of {what}", look, PATIENCE_SECS)
    assert isinstance(found, dict)
    return found


def trouble_of_hostile(document: dict[str, Any], exceptions: tuple[str | None, ...]) -> list[Any]:
    if document["parameters"] != PARAMETERS:
        return [document["parameters"]]
    is_right = document.get("exception") in exceptions and ("result" in document or document["traceback"])
    return [] if is_right else [document.get("exception"), document.get("message"), document.get("traceback")]


def trouble_of_probe(document: dict[str, Any], expected: dict[str, Any]) -> list[Any]:
    if "result" not in document:
        return [document["exception"], document["message"], document["traceback"]]
    state = document["result"]["state"]
    found = [{name: (state[name], value)} for name, value in expected.items() if state[name] != value]
    return found + [one for one in [document["log"]] if one != "healthy\n"]


def test_hostile_models_neither_end_their_worker_nor_change_what_the_next_case_finds(lab: Lab) -> None:
    pytest.importorskip("resource")
    kinds = list(itertools.islice(itertools.cycle(HOSTILE), COUNT))
    fields: dict[str, Any] = {"parameters": PARAMETERS, "max_attempts": 1}
    first = lab.send(PROBE, **fields)
    cases = [(kind, lab.send(HOSTILE[kind][0], **fields), lab.send(PROBE, **fields)) for kind in kinds]
    worker = lab.attach(before=QUIETLY)
    expected = lab.done(first)["result"]["state"]
    troubles: dict[str, list[Any]] = {}
    workers, draws = set(), set()
    for kind, hostile, probe in cases:
        documents = outcome(lab, kind, hostile), outcome(lab, f"what follows {kind}", probe)
        found = trouble_of_hostile(documents[0], HOSTILE[kind][1:]) + trouble_of_probe(documents[1], expected)
        troubles.update({kind: found} if found else {})
        workers |= {one["worker"] for one in documents}
        draws.add(documents[1].get("result", {}).get("random"))
    assert troubles == {}
    assert len(workers) == 1 and len(draws) == COUNT
    lab.queue_is_empty()
    assert worker.process.poll() is None
