"""Objects in the bucket that are not what their keys say, or that would harm whoever trusts them.

Beside them stand healthy cases. Harm is a script that ran or became markup, anything else that no longer works, and an
object that can't be read and isn't named. Each is one.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from command_line import Launched
from enqueue import enqueue
from hostile_objects import HOSTILE, MARK, hostile_objects
from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, WebError, expect
from small_models import DOUBLE
from studies import link, queue_of, wait_for_end
from visit import TELL_VIOLATIONS, figure, title_of

from chaos.entry import Entries, Entry
from chaos.surroundings import Surroundings
from chaos.waiting import is_soon
from chaos.workers import attached

LEASE_SECS, CASES, MORE_CASES, LIMIT_SECS, PAGE_LIMIT_MS = 20, 12, 4, 60, 30_000
BATCH = "healthy"


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
