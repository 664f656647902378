"""Objects in a bucket that are not what their keys say, or that would harm whoever trusts them."""

from __future__ import annotations

import gzip
import json
import re
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

HOSTILE = "hostile"
MARK = "hostile-script-ran"
# Executed, it would say the mark on the console; as markup, it would be seen in the document.
ATTACK = f"<img src=x onerror=\"console.error('{MARK}')\"><script>console.error('{MARK}')</script>"
BOMB_BYTES = 1 << 30


@dataclass(frozen=True)
class Hostile:
    """An object that does harm to whoever trusts it."""

    fault: str
    key: str
    body: bytes
    # It can't be read as what its key says: that has to be said. One that can be read is shown.
    is_named: bool = True
    headers: dict[str, str] = field(default_factory=dict)


def hostile_objects(random: Random) -> Iterator[Hostile]:
    """All of them."""
    digits = iter(f"{random.getrandbits(128):032x}" for _ in range(1000))
    for fault, body in broken_documents(random):
        name = re.sub(r"\W+", "-", fault)
        yield Hostile(fault, f"workers/{name}/heartbeat.json", body)
        yield Hostile(fault, f"data/{HOSTILE}/error-{next(digits)}.json", body)
        yield Hostile(fault, f"workers/{name}/segment-000000.ndjson", body + b"\n")
        yield Hostile(fault, f"data/{HOSTILE}/cases-{next(digits)[:16]}.csv.gz", gzip.compress(body), headers=PACKED)
        # Read only when somebody asks for them: healthy ones are beside them.
        yield Hostile(fault, f"data/{HOSTILE}/done-{next(digits)}.json", body, is_named=False)
        yield Hostile(fault, f"data/{HOSTILE}/design-{next(digits)[:16]}.json", body, is_named=False)
    yield from packed_objects(random, digits)
    yield from script_bearing(random, digits)
    # One for all: which of them differs from run to run. A field that nobody knows is ignored, however deep it is.
    fault, body = random.choice(list(broken_documents(random)))
    yield Hostile(f"control document: {fault}", "control.json", body, is_named=not fault.startswith("closed"))


PACKED = {"ContentEncoding": "gzip"}


def broken_documents(random: Random) -> Iterator[tuple[str, bytes]]:
    """Bodies that are no document of the protocol."""
    yield "no JSON", random.randbytes(200)
    yield "markup", f"<!doctype html>{ATTACK}".encode()
    yield "cut off", b'{"v": 1, "case_id": "0123456789abcdef0123456789abcdef", "batch": "hos'
    yield "nested a hundred thousand deep", b'{"v": 1, "a": ' + b"[" * 100_000
    yield "closed, nested five thousand deep", b'{"v": 1, "a": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"
    names = [
        *("v", "batch", "case_id", "worker", "computer", "host", "state", "time", "start_time", "outcome", "attempt"),
        *("paused", "drain", "exception", "message", "signature", "final", "model", "submission"),
    ]
    yield "wrong types", json.dumps({name: {"a": [None]} for name in names}).encode()
    yield "a list", b"[1, 2, 3]"
    yield "null", b"null"
    yield "another encoding", '{"v": 1}'.encode("utf-16")
    yield "half a character", b'{"v": 1, "worker": "\xff\xfe\xed\xa0\x80", "drain": ["\xff"]}'
    yield "ten million bytes", b'{"v": 1, "a": "' + b"x" * 10_000_000 + b"\x01"


def packed_objects(random: Random, digits: Iterator[str]) -> Iterator[Hostile]:
    """Objects whose packing is wrong, or much more than it looks."""
    bomb, garbage = gzip_of_blanks(BOMB_BYTES), random.randbytes(300) + b"\n"
    half = gzip.compress(random.randbytes(5_000))[:2_000]
    for fault, body in (("a GiB, packed", bomb), ("said to be packed, and isn't", garbage), ("half a pack", half)):
        name = re.sub(r"\W+", "-", fault)
        yield Hostile(fault, f"workers/{name}/heartbeat.json", body, headers=PACKED)
        yield Hostile(fault, f"workers/{name}/segment-000000.ndjson", body, headers=PACKED)
        yield Hostile(fault, f"data/{HOSTILE}/cases-{next(digits)[:16]}.csv.gz", body, headers=PACKED)
        yield Hostile(fault, f"data/{HOSTILE}/error-{next(digits)}.json", body, headers=PACKED)
        yield Hostile(fault, f"data/{HOSTILE}/done-{next(digits)}.json", body, is_named=False, headers=PACKED)
    archived = {"StorageClass": "GLACIER"}
    yield Hostile("an archived object", "workers/archived/heartbeat.json", b"{}", headers=archived)
    yield Hostile("an archived object", "workers/archived/segment-000000.ndjson", b"{}\n", headers=archived)
    yield Hostile("an archived object", f"data/{HOSTILE}/error-{next(digits)}.json", b"{}", headers=archived)
    yield Hostile("a table that isn't packed", f"data/{HOSTILE}/cases-{next(digits)[:16]}.csv.gz", b"no,table\n1,2\n")


def gzip_of_blanks(size_bytes: int) -> bytes:
    """So many blanks, packed."""
    pack, blanks = zlib.compressobj(9, wbits=31), b" " * (1 << 20)
    return b"".join([*(pack.compress(blanks) for _ in range(size_bytes >> 20)), pack.flush()])


def script_bearing(random: Random, digits: Iterator[str]) -> Iterator[Hostile]:
    """Documents that are right but for what they say, which is markup with a script wherever a text may stand."""
    now, fault = time.time(), "a script in a document"
    case, submission = next(digits), next(digits)[:16]
    model = {"key": f"models/{random.getrandbits(256):064x}/{ATTACK}.py", "kind": "python"}
    worker = f"scripted{ATTACK.replace('/', '')}"
    common = {
        "batch": HOSTILE, "case_id": case, "level": 1, "replicate": 0, "submission": submission, "attempt": 1,
        "max_attempts": 1, "start_time": now - 2, "end_time": now - 1, "parameters": {ATTACK: ATTACK, "a": 1},
    }  # fmt: skip
    who = {"worker": worker, "computer": ATTACK, "host": ATTACK, "version": ATTACK, "log": ATTACK}
    said = {"exception": ATTACK, "message": ATTACK, "traceback": ATTACK, "signature": submission, "final": True}
    heartbeat = who | {
        "v": 1, "os": ATTACK, "pid": 1, "cruncher_version": ATTACK, "software": ATTACK, "start_time": now, "time": now,
        "state": "crashed", "case": None, "message": ATTACK, "traceback": ATTACK, "median_secs": 1.0,
        "counts": {"done": 1, "failed": 0, "retried": 0, "skipped": 0, "cancelled": 0},
    }  # fmt: skip
    failed = common | {"case_id": next(digits)}
    rows = [
        common | {"outcome": "done", "result": {ATTACK: ATTACK, "b": 1.0}},
        failed | {"outcome": "failed", "final": True, "signature": submission, "error": f"{ATTACK}: {ATTACK}"},
    ]
    result = common | who | {"v": 1, "model": model, "result": {ATTACK: ATTACK, "b": 1.0, "curve": {"x": [1, 2]}}}
    design = {
        "v": 1, "submission": submission, "batch": HOSTILE, "submit_time": now - 10, "submitted_by": ATTACK,
        "model": model, "factors": [{"name": ATTACK, "unit": ATTACK, "note": ATTACK}], "sampler": {"kind": ATTACK},
        "seed": 1, "levels": [{"level": 1, "cases": 2}],
    }  # fmt: skip
    documents: Iterable[tuple[str, Any]] = (
        (f"workers/{worker}/heartbeat.json", heartbeat),
        (f"data/{HOSTILE}/done-{case}.json", result),
        (f"data/{HOSTILE}/error-{failed['case_id']}.json", failed | who | said | {"v": 1, "model": model}),
        (f"data/{HOSTILE}/design-{submission}.json", design),
    )
    for key, document in documents:
        yield Hostile(fault, key, json.dumps(document).encode(), is_named=False)
    segment = "".join(json.dumps(row) + "\n" for row in rows).encode()
    yield Hostile(fault, f"workers/{worker}/segment-000000.ndjson", segment, is_named=False)
    quoted = '"' + ATTACK.replace('"', '""') + '"'
    table = f"case_id,level,replicate,{quoted}\n{case},1,0,{quoted}\n{failed['case_id']},1,0,{quoted}\n"
    key = f"data/{HOSTILE}/cases-{submission}.csv.gz"
    yield Hostile(fault, key, gzip.compress(table.encode()), is_named=False, headers=PACKED)
    for path in (f"{ATTACK.replace('/', '')}.html", "page.html", "picture.svg"):
        markup = {"ContentType": "image/svg+xml" if path.endswith("svg") else "text/html"}
        key = f"data/{HOSTILE}/files/{case}/{path}"
        yield Hostile("a file with a script", key, ATTACK.encode(), is_named=False, headers=markup)
    yield Hostile("a model that is another one", model["key"], ATTACK.encode(), is_named=False)
