"""A session with the operator's passphrase leaves no secret in the console, in requests, in downloads and on disk."""

from __future__ import annotations

import gzip
import json
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from attached import attach
from browser import ARGUMENTS, chromium_path
from command_line import CommandLine, Launched
from design_page import review, send_all, small_study
from enqueue import enqueue
from playwright.sync_api import Browser, BrowserContext, Download, Page, expect
from small_models import DOUBLE, RAISING
from studies import line_of, link, queue_of, wait_for_end
from traces import Search, Secret
from visit import PATIENCE_MS, go_to, go_to_all, link_field, progress, wait_until

ROLES = ("viewer", "operator", "worker")


@pytest.fixture(scope="module")
def study(cruncher: CommandLine) -> Launched:
    """A study with results and errors."""
    launched = cruncher.launch()
    queue = queue_of(launched)
    enqueue(queue, "soil", DOUBLE, {1: [{"a": number} for number in range(4)]})
    enqueue(queue, "soil", RAISING, {2: [{"a": -1}]}, max_attempts=1)
    with attach(line_of(launched)):
        wait_for_end(launched, done=4, errors=1)
    return launched


def words(study: Launched, role: str) -> str:
    """A role's passphrase."""
    return str(study.ran.json()[f"{role}_passphrase"])


def secrets_of(study: Launched) -> list[Secret]:
    """Everything that nobody else may come to know."""
    keys = [Secret(f"the {role}'s key", study.key(role).secret) for role in ROLES]
    return [*keys, *(Secret(f"the {role}'s passphrase", words(study, role)) for role in ("viewer", "operator"))]


@dataclass
class Heard:
    """What a page says to anybody else."""

    said: list[str] = field(default_factory=list)
    asked: list[bytes] = field(default_factory=list)
    downloads: list[Download] = field(default_factory=list)

    def listen(self, context: BrowserContext) -> None:
        """Notes what is said from now on."""
        context.on("console", lambda message: self.said.append(message.text))
        context.on("weberror", lambda error: self.said.append(str(error.error)))
        context.on("request", self._ask)

    def _ask(self, request: Any) -> None:
        self.asked.append(json.dumps([request.method, request.url, request.headers]).encode())
        self.asked.append(request.post_data_buffer or b"")


@contextmanager
def person(browser: Browser, profile: Path) -> Iterator[BrowserContext]:
    """Somebody whose browser keeps a profile on disk, also when it has ended."""
    context = browser.browser_type.launch_persistent_context(
        profile,
        executable_path=chromium_path(),
        args=ARGUMENTS,
        viewport={"width": 1440, "height": 900},
        accept_downloads=True,
    )
    context.set_default_timeout(PATIENCE_MS)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    try:
        yield context
    finally:
        context.close()


def save(page: Page, heard: Heard, name: str) -> None:
    """Saves by a button."""
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    heard.downloads.append(download.value)


def stored(page: Page) -> bytes:
    """All that a script of the study's origin can read of what is stored."""
    found: str = page.evaluate(
        """async () => {
            const told = [Object.entries(localStorage), Object.entries(sessionStorage), history.state, document.cookie];
            for (const { name } of await indexedDB.databases()) {
                const asked = indexedDB.open(name);
                const opened = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
                for (const store of opened.objectStoreNames) {
                    const objects = opened.transaction(store).objectStore(store);
                    for (const all of [objects.getAllKeys(), objects.getAll()]) {
                        told.push(await new Promise((done) => { all.onsuccess = () => done(all.result); }));
                    }
                }
                opened.close();
            }
            const latin = (bytes) => Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
            return JSON.stringify(told, (_, value) => {
                if (value instanceof ArrayBuffer) return latin(value);
                return ArrayBuffer.isView(value) ? latin(value.buffer) : value;
            });
        }"""
    )
    return found.encode()


def session(page: Page, study: Launched, heard: Heard) -> None:
    """All that an operator does in a day."""
    page.goto(str(study.ran.json()["page_url"]))
    field = page.get_by_role("textbox", name="Passphrase")
    # Mistyped first.
    field.fill(words(study, "operator")[:-1])
    page.get_by_role("button", name="Open the study").click()
    expect(page.get_by_role("alert").filter(has_text="This is no passphrase of this study")).to_be_visible()
    page.get_by_role("radio", name="until this page is closed").check()
    field.fill(words(study, "operator"))
    page.get_by_role("button", name="Open the study").click()
    expect(progress(page)).to_be_visible()
    go_to(page, "Attach")
    line = page.get_by_role("textbox", name="the line for Python")
    # Shown on the screen alone: this page is for that.
    assert study.key("worker").secret in line.inner_text()
    go_to(page, "Errors")
    page.locator(".group__head").first.click()
    expect(page.get_by_role("region", name="Traceback")).to_be_visible()
    go_to(page, "Design")
    small_study(page, 3)
    save(page, heard, "Save CSV")
    review(page)
    send_all(page, 3)
    go_to(page, "Cases")
    # Of the batch that was sent there are no results yet.
    go_to_all(page, "Results")
    page.locator("summary", has_text="Download").click()
    for name in ("Table, CSV", "X: factors, NPY", "Everything, ZIP", "The whole study, one HTML file"):
        save(page, heard, name)
    go_to(page, "Overview")
    # The palette copies the viewer's link; and something goes wrong.
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name=re.compile("^Search")).fill("viewer's link")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Copied.")).to_be_visible()
    page.evaluate("setTimeout(() => { throw new Error('of the test') })")
    page.route(re.compile("list-type=2|AmazonSQS|/$"), lambda route: route.abort())
    expect(page.get_by_role("button", name=re.compile("^no answer"))).to_be_visible()
    page.unroute_all()
    expect(page.get_by_role("button", name=re.compile("^live"))).to_be_visible()


def lock(page: Page) -> None:
    """Leaves the study."""
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_text("Locked. This browser has forgotten the key")).to_be_visible()


def test_a_session_with_a_passphrase_leaves_no_secret(study: Launched, browser: Browser, tmp_path: Path) -> None:
    search, heard = Search(secrets_of(study)), Heard()
    with person(browser, tmp_path / "profile") as context:
        heard.listen(context)
        page = context.pages[0]
        session(page, study, heard)
        assert "of the test" in "".join(heard.said)
        assert search.content(stored(page)) == set()
        lock(page)
        assert search.content(stored(page)) == set()
        for number, download in enumerate(heard.downloads):
            download.save_as(tmp_path / "downloads" / f"{number}-{download.suggested_filename}")
        page.evaluate("navigator.clipboard.writeText('')")
    assert len(heard.said) > 1 and len(heard.asked) > 50 and len(heard.downloads) == 5
    assert search.content("\n".join(heard.said).encode()) == set()
    assert {name for asked in heard.asked for name in search.content(asked)} == set()
    assert search.folder(tmp_path / "downloads") == {}
    assert search.folder(tmp_path / "profile") == {}


@pytest.mark.parametrize("place", ["until this tab is closed", "on this computer"])
def test_a_key_that_was_kept_is_of_no_use_after_lock(
    study: Launched, browser: Browser, tmp_path: Path, place: str
) -> None:
    search = Search(secrets_of(study))
    with person(browser, tmp_path / "profile") as context:
        page = context.pages[0]
        page.goto(str(study.ran.json()["page_url"]))
        page.get_by_role("radio", name=place).check()
        page.get_by_role("textbox", name="Passphrase").fill(words(study, "operator"))
        page.get_by_role("button", name="Open the study").click()
        expect(progress(page)).to_be_visible()
        page.reload()
        expect(progress(page)).to_be_visible()
        # What lies in the storage is masked: the seed is in a cookie, which the browser deletes from its disk, too.
        (seed,) = [cookie["value"] for cookie in context.cookies() if cookie["name"].startswith("cruncher-seed-")]
        assert len(seed) == 32 and search.content(stored(page).replace(seed.encode(), b"")) == set()
    # Chromium writes cookies down in a form of its own.
    written = cookie_as_written(tmp_path / "profile")
    assert place != "on this computer" or written
    with person(browser, tmp_path / "profile") as context:
        page = context.pages[0]
        page.goto(str(study.ran.json()["page_url"]))
        if place == "on this computer":
            lock(page)
        else:
            expect(page.get_by_role("button", name="Open the study")).to_be_visible()
        assert search.content(stored(page)) == set()
    assert search.folder(tmp_path / "profile") == {}
    assert Search([Secret("the seed", seed)]).folder(tmp_path / "profile") == {}
    assert cookie_as_written(tmp_path / "profile") is None
    files = [file for file in (tmp_path / "profile").rglob("*") if file.is_file()]
    assert not written or [file for file in files if written in file.read_bytes()] == []


def cookie_as_written(profile: Path) -> bytes | None:
    """The value of the page's cookie in the browser's database; None if it isn't there."""
    with closing(sqlite3.connect(profile / "Default/Cookies")) as database:
        asked = "SELECT encrypted_value FROM cookies WHERE name LIKE 'cruncher-seed-%'"
        found: list[tuple[bytes]] = database.execute(asked).fetchall()
    return found[0][0] if found else None


def of_link(study: Launched) -> list[Secret]:
    """The keys, and what a link carries them in."""
    carried = link(study).split("#access=")[1].split("#")[0]
    return [*secrets_of(study)[:3], Secret("the link", carried[:80])]


def test_a_link_that_is_pasted_leaves_no_secret(study: Launched, browser: Browser, tmp_path: Path) -> None:
    search = Search(of_link(study))
    with person(browser, tmp_path / "profile") as context:
        page = context.pages[0]
        page.goto(str(study.ran.json()["page_url"]))
        page.get_by_role("radio", name="until this page is closed").check()
        link_field(page).fill(link(study))
        page.keyboard.press("Enter")
        expect(progress(page)).to_be_visible()
        assert search.content(stored(page)) == set()
        lock(page)
    assert search.folder(tmp_path / "profile") == {}


def test_a_link_that_is_opened_stays_in_the_history(study: Launched, browser: Browser, tmp_path: Path) -> None:
    search = Search(of_link(study))
    with person(browser, tmp_path / "profile") as context:
        page = context.pages[0]
        page.goto(link(study))
        expect(progress(page)).to_be_visible()
        wait_until(page, "the address is clean", lambda: "access=" not in page.url)
        lock(page)
        assert search.content(stored(page)) == set()
    # These are named in docs/security.md.
    found = {name for name, names in search.folder(tmp_path / "profile").items() if "the link" in names}
    named = ("Default/History", "Default/Favicons", "Default/Top Sites", "Default/Sessions/", "segmentation_platform/")
    assert "Default/History" in found and {name for name in found if not name.startswith(named)} == set()


PLANTS = """async ([tokens, address]) => {
    localStorage.setItem("kept", tokens[0]);
    sessionStorage.setItem("kept", tokens[1]);
    localStorage.setItem("wide", "→" + tokens[2]);
    history.pushState(null, "", `#${tokens[3]}`);
    await (await fetch(address)).text();
    const asked = indexedDB.open("planted", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("planted");
    const opened = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
    const writing = opened.transaction("planted", "readwrite");
    const repeated = "a text that packs well, ".repeat(400);
    writing.objectStore("planted").put({ repeated, token: tokens[5], more: repeated }, "large");
    writing.objectStore("planted").put(new TextEncoder().encode(btoa(`beside ${tokens[6]}`)), "bytes");
    await new Promise((done) => { writing.oncomplete = done; });
    opened.close();
}"""


def test_a_planted_secret_is_found_wherever_it_is(study: Launched, browser: Browser, tmp_path: Path) -> None:
    names = ["local storage", "session storage", "wide local storage", "address", "cached answer", "large value",
             "Base64 in bytes"]  # fmt: skip
    planted = [Secret(name, secrets.token_hex(16)) for name in names]
    owner = study.command_line.cloud.client("s3")
    owner.put_object(
        Bucket=study.bucket,
        Key="public/planted",
        Body=gzip.compress(f"before {planted[4].text} behind".encode() * 3),
        ContentEncoding="gzip",
        CacheControl="max-age=3600",
    )
    with person(browser, tmp_path / "profile") as context:
        page = context.pages[0]
        page.goto(str(study.ran.json()["page_url"]))
        expect(page.get_by_role("textbox", name="Passphrase")).to_be_visible()
        page.evaluate(PLANTS, [[one.text for one in planted], f"../{study.bucket}/public/planted"])
        wait_until(page, "the address is noted", lambda: planted[3].text in page.url)
    found = Search(planted).folder(tmp_path / "profile")
    assert set().union(*found.values()) == {*names}, found
