"""The page runs only what was published with it, and only from `assets/`; tried in Chromium with changed objects."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from command_line import CommandLine, Launched
from local_cloud import REPOSITORY
from playwright.sync_api import Page, expect
from studies import link
from visit import PLAIN_HOST, Visits, go_to, progress

LOADING = "Opening the study"


@pytest.fixture
def launched(cruncher: CommandLine) -> Launched:
    """A fresh study."""
    return cruncher.launch()


def change(study: Launched, name: str) -> None:
    """Changes a file of the page in the bucket, as nobody with a study's key can: it does the same as before."""
    s3 = study.command_line.cloud.client("s3")
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket=study.bucket, Prefix="assets/")["Contents"]]
    (key,) = [key for key in keys if re.fullmatch(rf"assets/{name}", key)]
    stored = s3.get_object(Bucket=study.bucket, Key=key)
    body = gzip.decompress(stored["Body"].read())
    # A custom section of WebAssembly, or a comment.
    body += b"\0\2\1x" if key.endswith(".wasm") else b"\n/* more */\n"
    s3.put_object(
        Bucket=study.bucket,
        Key=key,
        Body=gzip.compress(body),
        ContentType=stored["ContentType"],
        ContentEncoding="gzip",
        CacheControl=stored["CacheControl"],
    )


@pytest.mark.parametrize("name", [r"cruncher-dashboard-\w+\.js", r"cruncher-dashboard-\w+_bg\.wasm", r"page-\w+\.css"])
def test_a_changed_page_does_not_run(launched: Launched, visits: Visits, name: str) -> None:
    visits.expected.append("")
    page = visits.open(link(launched))
    expect(page.get_by_role("heading", name="No cases yet")).to_be_visible()
    change(launched, name)
    page = visits.person().new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    with page.expect_event("console", predicate=lambda message: "integrity" in message.text):
        page.goto(link(launched))
    assert any(re.search(r"digest in the 'integrity'|integrity (metadata|attribute)|valid digest", one) for one in said)
    if name.endswith("css"):
        # It comes as a plain document.
        assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Times')
    else:
        expect(page.get_by_text(LOADING)).to_be_visible()


@pytest.mark.parametrize(
    "name", [r"start\.js", r"cruncher-designer\.js", r"cruncher-designer_bg\.wasm", r"designer\.css"]
)
def test_a_changed_program_does_not_run_also_when_it_is_tried_again(
    launched: Launched, visits: Visits, name: str
) -> None:
    visits.expected.append("")
    change(launched, name)
    page = visits.open(link(launched))
    go_to(page, "Design")
    alert = page.get_by_role("alert").filter(has_text="The design page can't be loaded.")
    expect(alert).to_be_visible()
    with page.expect_event("console", predicate=lambda message: "integrity" in message.text):
        page.get_by_role("button", name="Try again").click()
    expect(alert).to_be_visible()
    expect(page.get_by_role("heading", name="Model")).to_have_count(0)


def test_a_worker_refuses_a_changed_program(launched: Launched, visits: Visits) -> None:
    visits.expected.append("")
    page = visits.open(link(launched))
    go_to(page, "Overview")
    for name in (r"cruncher-designer\.js", r"cruncher-designer_bg\.wasm"):
        change(launched, name)
    said = page.evaluate("""() => new Promise((done) => {
        const worker = new Worker("assets/start.js?program=designer", { type: "module" });
        worker.onerror = (event) => done(event.message);
    })""")
    assert "Failed to fetch" in said


# Ways to run a script of the study's own origin; each says whether it ran.
RUNS: dict[str, str] = {
    "element": """(address) => new Promise((done) => {
        const script = document.createElement("script");
        Object.assign(script, { src: address, onload: () => done(true), onerror: () => done(false) });
        document.body.append(script);
    })""",
    "module": "(address) => import(address).then(() => true, () => false)",
    "worker": """(address) => new Promise((done) => {
        try {
            const worker = new Worker(address);
            Object.assign(worker, { onmessage: () => done(true), onerror: () => done(false) });
        } catch { done(false); }
    })""",
}


@pytest.mark.parametrize("host", ["127.0.0.1", PLAIN_HOST])
def test_only_the_assets_are_scripts(launched: Launched, visits: Visits, host: str) -> None:
    visits.expected += ["violated: script-src", "violated: worker-src", "Content Security Policy", "status of 40"]
    s3 = launched.command_line.cloud.client("s3")
    script = {"Body": b"self.ran = true; self.postMessage?.(1);", "ContentType": "text/javascript; charset=utf-8"}
    # All of these could be read by anyone, if a policy of the bucket were wrong.
    for key in ("public/x.js", "assets/x.js", "assets.js", "index.html/x.js"):
        s3.put_object(Bucket=launched.bucket, Key=key, **script)
    page = visits.open(link(launched).replace("127.0.0.1", host, 1))
    expect(page.get_by_role("heading", name="No cases yet")).to_be_visible()
    for way, script_text in RUNS.items():
        assert runs(page, script_text, "assets/x.js"), way
        for key in ("public/x.js", "assets.js", "assets/../public/x.js", "assets/..%2fpublic/x.js"):
            assert not runs(page, script_text, key), (way, key)
    assert page.evaluate("address => fetch(address).then((answer) => answer.ok)", f"{base(page)}public/x.js")


def base(page: Page) -> str:
    """What the page's addresses begin with."""
    return str(page.evaluate("new URL('.', location).href"))


def runs(page: Page, way: str, key: str) -> Any:
    """Whether a script runs."""
    return page.evaluate(way, base(page) + key)


def test_everything_comes_from_the_page_and_its_cloud_and_once(finished: Launched, visits: Visits) -> None:
    page = visits.person().new_page()
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.goto(link(finished))
    expect(progress(page)).to_be_visible()
    # What was loaded early is what was checked.
    for name in (r"cruncher-dashboard-\w+\.js", r"cruncher-dashboard-\w+_bg\.wasm"):
        assert len([url for url in asked if re.search(name, url)]) == 1
    for name in ("Attach", "Errors", "Results", "Cases", "Design"):
        go_to(page, name)
        page.wait_for_load_state("networkidle")
    assert {url.split("/")[2] for url in asked} == {finished.command_line.cloud.endpoint_url.split("/")[2]}


# What makes markup or code of a text. Emptying an element is none of it.
SINKS = re.compile(
    r"inner_?html\b|outer_?html\b|insert_?adjacent_?html|document\s*\.\s*write|srcdoc|\beval\(|new Function|Dom_?Parser"
    r"|createContextualFragment|set_?html_?unsafe",
    re.IGNORECASE,
)
# A row of the table of cases is markup, for the speed of scrolling: of texts that `push_escaped` has escaped. The head
# of the page, as its own text, tells which files a frozen study needs.
EXPECTED = {
    "crates/explorer/src/table.rs": "inner_html=cells",
    "crates/explorer/src/freeze.rs": "head.inner_html()",
}


def test_no_text_becomes_markup() -> None:
    folders = [
        "src",
        *(f"crates/{name}/src" for name in ("browser", "canvas", "designer", "dialogs", "explorer", "fleet")),
    ]
    found = []
    for folder in [*folders, "crates/sign-in/src", "crates/plot/src", "crates/backend/src/freeze"]:
        for path in sorted((REPOSITORY / folder).rglob("*")):
            if path.suffix not in (".rs", ".js"):
                continue
            name = path.relative_to(REPOSITORY).as_posix()
            for line in path.read_text("utf-8").splitlines():
                if SINKS.search(line) and 'set_inner_html("")' not in line and EXPECTED.get(name, "\0") not in line:
                    found.append(f"{name}: {line.strip()}")
    assert found == []
