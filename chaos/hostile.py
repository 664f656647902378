"""Objects in the bucket that are not what their keys say, or that would harm whoever trusts them.

Beside them stand healthy cases. Harm is a script that ran or became markup, anything else that no longer works, and an
object that can't be read and isn't named. Each is one.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from command_line import Launched
from enqueue import enqueue
from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, WebError, expect
from small_models import DOUBLE
from studies import link, queue_of, wait_for_end
from visit import TELL_VIOLATIONS, figure, title_of

from chaos.entry import Entries, Entry
from chaos.surroundings import Surroundings
from chaos.waiting import is_soon
from chaos.workers import attached

LEASE_SECS, CASES, MORE_CASES, LIMIT_SECS, PAGE_LIMIT_MS = 20, 12, 4, 60, 30_000
BATCH, HOSTILE = "healthy", "hostile"
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


@dataclass
class Harm:
    """What was found."""

    found: list[str] = field(default_factory=list)

    def check(self, what: str, is_well: Callable[[], bool]) -> None:
        """Notes what isn't well, also by an error."""
        try:
            if not is_well():
                self.found.append(what)
        except Exception as error:  # noqa: BLE001 - that is harm, too
            self.found.append(f"{what}: {' '.join(str(error).split())[:200]}")

    def hear_dialog(self, dialog: Dialog) -> None:
        """A script of the page asks for no dialog."""
        self.found.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def hear_error(self, error: WebError) -> None:
        """Nothing may break."""
        self.found.append(f"the page broke: {error.error}")

    def hear_console(self, said: ConsoleMessage) -> None:
        """A script that ran says so; one that the page's policy stopped was markup already."""
        if MARK in said.text or "violated:" in said.text:
            self.found.append(f"executed: {said.text}")

    def check_named(self, who: str, expected: list[str], named: Callable[[], list[str]]) -> None:
        """Notes each key that isn't named."""
        try:
            missing = {*expected} - {*named()}
        except Exception as error:  # noqa: BLE001 - nothing was named then
            self.found.append(f"{who} names nothing: {error!r}")
            return
        self.found += [f"{who} doesn't name {key}" for key in sorted(missing)]


def measure(surroundings: Surroundings, random: Random) -> Entries:
    """A study with healthy cases; then everything hostile at once; then all that people and workers do."""
    study, harm = surroundings.launch(lease_secs=LEASE_SECS), Harm()
    enqueue(queue_of(study), BATCH, DOUBLE, {1: [{"a": number} for number in range(CASES)]})
    with attached(study):
        wait_for_end(study, done=CASES)
    objects = list(hostile_objects(random))
    s3 = study.command_line.cloud.client("s3")
    for one in objects:
        s3.put_object(Bucket=study.bucket, Key=one.key, Body=one.body, **one.headers)
    named = [one.key for one in objects if one.is_named]
    check_commands(study, harm, named, surroundings.folder)
    with watched(surroundings, harm) as context:
        check_page(study, context, harm, named)
        check_work(study, context, harm)
    faults = Counter(one.fault for one in objects)
    return {"hostile_harm": Entry(len(harm.found), "harms", faults=dict(faults), note="; ".join(harm.found))}


# ---- What is put into the bucket ----


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


# ---- What people and workers do ----


def check_commands(study: Launched, harm: Harm, named: list[str], folder: Path) -> None:
    """The command line counts, fetches, and names what it can't read."""
    command_line = study.command_line
    said = command_line.run("status", study.study, "--json")
    harm.check(f"cruncher status: {said.err[-200:]}", lambda: said.code == 0)
    harm.check("cruncher status counts the healthy cases", lambda: batch_of(said.json())["done"] == CASES)
    harm.check_named("cruncher status", named, lambda: [*said.json()["unreadable"]])
    text = command_line.run("status", study.study)
    harm.check("cruncher status as a text", lambda: text.code == 0 and f"{BATCH}" in text.out)
    fetched, table = folder / "fetched", folder / "table.csv"
    command_line.run("results", study.study, str(fetched))
    harm.check("cruncher results", lambda: len([*(fetched / BATCH).glob("done-*.json")]) == CASES)
    command_line.run("results", study.study, "--table", str(table))
    harm.check("cruncher results --table", lambda: table.read_text().count(f"\n{BATCH},") == CASES)


def batch_of(status: Any) -> dict[str, int]:
    """The states of the healthy cases, as `cruncher status` says."""
    (counts,) = [batch["cases"] for batch in status["batches"] if batch["batch"] == BATCH]
    return dict(counts)


@contextlib.contextmanager
def watched(surroundings: Surroundings, harm: Harm) -> Iterator[BrowserContext]:
    """A person's browser; whatever a script in it says or asks, and whatever breaks, is harm."""
    with surroundings.browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        context.add_init_script(TELL_VIOLATIONS)
        context.set_default_timeout(PAGE_LIMIT_MS)
        context.on("dialog", harm.hear_dialog)
        context.on("weberror", harm.hear_error)
        context.on("console", harm.hear_console)
        yield context


def check_page(study: Launched, context: BrowserContext, harm: Harm, named: list[str]) -> None:
    """Every page shows what it shows, as texts."""
    page = context.new_page()
    page.goto(link(study))
    harm.check("the page counts the healthy cases", lambda: is_counted(page, CASES))
    for name in ("attach", "design"):
        harm.check(f"the page {name}", partial(is_shown, page, name, ""))
    for name in ("overview", "errors", "results", "cases"):
        harm.check(f"the page {name}", partial(is_shown, page, f"{name}?batch={HOSTILE}", MARK))
    harm.check("the errors of all batches", partial(is_shown, page, "errors?batch=*", "Objects that can't be read"))
    terms = page.get_by_role("term")
    # They are read by and by. What isn't named in time is told one by one.
    is_soon("the page Errors names all", lambda: {*named} <= {*terms.all_inner_texts()}, LIMIT_SECS)
    harm.check_named("the page Errors", named, lambda: terms.all_inner_texts())
    page.close()


def is_counted(page: Page, done: int) -> bool:
    """Whether the Overview comes to show so many healthy cases as done."""
    page.evaluate(f"location.hash = '#/overview?batch={BATCH}'")
    figure(page, "done").get_by_text(str(done), exact=True).first.wait_for()
    return True


def is_shown(page: Page, view: str, words: str) -> bool:
    """Whether a page shows these words, opens what it lists, and holds no markup of others."""
    page.evaluate(f"location.hash = '#/{view}'")
    main, name = page.get_by_role("main"), view.partition("?")[0]
    expect(page).to_have_title(title_of(name.capitalize()), timeout=PAGE_LIMIT_MS)
    seen = main.get_by_text(words) if words else main.get_by_role("heading")
    seen.locator("visible=true").first.wait_for()
    for shut in main.get_by_role("link", expanded=False).filter(has_text=MARK).all():
        shut.click()
        page.get_by_role("region", name="Traceback").get_by_text(MARK).first.wait_for()
    # The first row holds the names of the columns, which are scripts, too.
    rows = main.get_by_role("grid").first.get_by_role("row").filter(has_text=MARK)
    for place in range(1, rows.count()):
        rows.nth(place).click()
        page.get_by_role("dialog").get_by_text(MARK).locator("visible=true").first.wait_for()
        if not has_no_markup(page):
            return False
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="hidden")
    return has_no_markup(page)


def has_no_markup(page: Page) -> bool:
    """Whether nothing that was said became an element."""
    return page.locator("body img[src=x], body script:not([src]):not([type])").count() == 0


def check_work(study: Launched, context: BrowserContext, harm: Harm) -> None:
    """A worker that is attached now computes what is sent now, and an open page shows it."""
    page = context.new_page()
    page.goto(link(study))
    queue = queue_of(study)
    enqueue(queue, BATCH, DOUBLE, {2: [{"a": 100 + number} for number in range(MORE_CASES)]})
    s3, total = study.command_line.cloud.client("s3"), CASES + MORE_CASES

    def done() -> int:
        return int(s3.list_objects_v2(Bucket=study.bucket, Prefix=f"data/{BATCH}/done-")["KeyCount"])

    with attached(study) as shell:
        harm.check("a worker computes", lambda: is_soon("cases are computed", lambda: done() == total, LIMIT_SECS))
        harm.check("the worker goes on", lambda: shell.process.poll() is None)
        harm.check("the open page shows what is new", lambda: is_counted(page, total))
    page.close()
