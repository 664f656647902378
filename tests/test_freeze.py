"""`cruncher freeze`, and the same on the page: one file that shows a study for ever, without key and network."""

from __future__ import annotations

import base64
import csv
import gzip
import re
import zipfile
from pathlib import Path

import pytest
from command_line import CommandLine, Launched, accesses
from frozen_file import open_file
from generate import Extent, generate_into
from legacy_bucket import GOLDEN, upload
from odd_results import Ended, write_ended
from playwright.sync_api import Download, Page, expect
from studies import link
from visit import Visits, check_accessible, figure, go_to, go_to_all, title_of, wait_until

EXTENT = Extent(cases=300, batches=2, levels=2, workers=2, failed=0.1)


@pytest.fixture(scope="module")
def studied(cruncher: CommandLine) -> Launched:
    """A study that is over."""
    study = cruncher.launch()
    generate_into(study, EXTENT)
    return study


@pytest.fixture(scope="module")
def file(studied: Launched, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study, frozen."""
    path = tmp_path_factory.mktemp("frozen") / "study 1.html"
    ran = studied.command_line.run("freeze", studied.study, str(path))
    assert ran.code == 0, ran.err
    assert re.search(r"study 1\.html: 270 of 300 cases done, 30 failed; ", ran.out), ran.out
    return path


def check_complete(visits: Visits, file: Path) -> Page:
    """The file has figures, errors and plots, and asks nobody for them."""
    page, asked = open_file(visits, file)
    go_to_all(page, "Overview")
    expect(figure(page, "done")).to_have_text("270")
    expect(page.get_by_text(re.compile(r"^frozen \d"))).to_be_visible()
    go_to(page, "Errors")
    page.locator(".group__head").first.click()
    expect(page.get_by_role("region", name="Traceback")).to_contain_text("Traceback")
    go_to(page, "Results")
    expect(page.locator(".results__top")).to_contain_text("270 of 300 cases have a result · 30 failed")
    scatter = page.locator("canvas").first
    wait_until(page, "the plot has all cases", lambda: "of 300 cases" in (scatter.get_attribute("aria-label") or ""))
    assert asked == [file.as_uri()]
    return page


def test_a_frozen_study_is_complete_in_itself(visits: Visits, file: Path) -> None:
    check_complete(visits, file)


def test_a_study_that_the_page_froze_is_complete_in_itself(studied: Launched, visits: Visits, tmp_path: Path) -> None:
    page = visits.open(link(studied))
    go_to(page, "Results")
    page.locator("summary", has_text="Download").click()
    button = page.get_by_role("button", name="The whole study, one HTML file")
    # Beside the page, which goes on: reading and packing many cases takes a minute.
    with page.expect_worker(), page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename == f"{studied.study}.html"
    said = page.get_by_role("status").filter(has_text="The browser saves it")
    expect(said).to_have_text(re.compile(r"^The browser saves it, \d+\.\d MB\.$"))
    path = tmp_path / "page.html"
    download.value.save_as(path)
    frozen = check_complete(visits, path)
    check_documents(frozen)
    check_no_secret(studied, path)


def freeze_on_page(page: Page, path: Path) -> None:
    """Saves the study that the page shows as one file."""
    page.locator("summary", has_text="Download").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="The whole study, one HTML file").click()
    download.value.save_as(path)


def scatter(page: Page) -> str:
    """What the scatter plot shows, in words, once it has been drawn."""
    plot = page.locator("canvas[data-plot='Scatter plot']")
    expect(plot).to_have_attribute("aria-label", re.compile("selected"))
    return str(plot.get_attribute("aria-label"))


def test_a_study_that_the_page_froze_opens_on_the_view_it_was_frozen_from(
    studied: Launched, visits: Visits, tmp_path: Path
) -> None:
    page = visits.open(link(studied))
    go_to(page, "Results")
    batch = page.get_by_role("combobox", name="Batch", exact=True).locator("option").nth(2).inner_text()
    view = f"#/results?batch={batch}&y=response.settlement&x=factor.width&select=factor.depth:1..2"
    page.evaluate("view => { location.hash = view; }", view)
    shown = scatter(page)
    assert "settlement" in shown
    assert "width" in shown
    path = tmp_path / "view.html"
    freeze_on_page(page, path)
    frozen, asked = open_file(visits, path)
    expect(frozen).to_have_title(title_of("Results"))
    expect(frozen).to_have_url(path.as_uri() + view)
    assert scatter(frozen) == shown
    expect(frozen.get_by_role("combobox", name="Batch", exact=True)).to_have_value(batch)
    assert asked == [path.as_uri()]
    # An address of one's own outweighs it.
    other = visits.person(offline=True).new_page()
    other.goto(f"{path.as_uri()}#/errors?batch=*")
    expect(other).to_have_title(title_of("Errors"))


def test_a_study_that_the_command_line_froze_opens_on_the_view_that_is_asked_for(
    studied: Launched, visits: Visits, tmp_path: Path
) -> None:
    path, view = (
        tmp_path / "view.html",
        "#/results?batch=*&y=response.settlement&x=factor.width&curves=read&select=factor.depth:1..2",
    )
    freeze = ("freeze", studied.study, str(path), "--view")
    secret = studied.command_line.run(*freeze, link(studied))
    assert secret.code == 1
    assert "a link with a key is none" in secret.err
    assert link(studied).split("access=")[1] not in secret.err + secret.out
    assert not path.exists()
    ran = studied.command_line.run(*freeze, f"https://example.org/index.html{view}")
    assert ran.code == 0, ran.err
    frozen, _ = open_file(visits, path)
    expect(frozen).to_have_url(path.as_uri() + view)
    assert "settlement" in scatter(frozen)
    # Curves that were read then are read here, too: nobody has pressed anything.
    curves = frozen.locator("canvas[data-plot='Curves']")
    curves.scroll_into_view_if_needed()
    expect(curves).to_have_attribute("aria-label", re.compile(r"^\d+ of \d+ curves"))


def test_freezing_on_the_page_is_stopped(studied: Launched, visits: Visits) -> None:
    page = visits.open(link(studied))
    go_to(page, "Results")
    # The documents of cases never come.
    page.route(re.compile("/data/.*/done-"), lambda _: None)
    saved: list[Download] = []
    page.on("download", lambda download: saved.append(download))
    page.locator("summary", has_text="Download").click()
    button = page.get_by_role("button", name="The whole study, one HTML file")
    button.click()
    expect(page.get_by_text(re.compile(r"^Reading \d+ documents"))).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped: nothing is saved.")).to_be_visible()
    expect(button).to_be_focused()
    assert saved == []


def test_a_page_that_was_renewed_meanwhile_says_so_instead_of_freezing(studied: Launched, visits: Visits) -> None:
    page = visits.open(link(studied))
    go_to(page, "Results")
    page.route(re.compile(r"/assets/tokens-"), lambda route: route.fulfill(status=404))
    visits.expected.append("404")
    page.locator("summary", has_text="Download").click()
    page.get_by_role("button", name="The whole study, one HTML file").click()
    expect(page.get_by_text("This page was renewed meanwhile.")).to_be_visible()
    check_accessible(page)


def test_cases_of_a_frozen_study_open_and_their_curves_are_plotted(visits: Visits, file: Path) -> None:
    page, asked = open_file(visits, file)
    go_to_all(page, "Results")
    check_documents(page)
    assert asked == [file.as_uri()]


def check_documents(page: Page) -> None:
    """Cases that are done and cases that failed have what they left."""
    page.get_by_role("button", name="Read curves").click()
    curves = page.locator("canvas[aria-label*='curves']").first
    expect(curves).to_have_attribute("aria-label", re.compile("270"), timeout=40_000)
    grid = page.get_by_role("grid", name="Cases")
    rows = grid.get_by_role("row")
    rows.filter(has_text="done").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("20 load steps")
    page.keyboard.press("Escape")
    state = grid.get_by_role("columnheader", name=re.compile("^state")).get_by_role("button")
    state.click()
    state.click()
    rows.filter(has_text="failed").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("Traceback")
    expect(page.locator(".top")).not_to_contain_text("without")


def test_what_a_frozen_study_leaves_out_is_said_when_it_is_written_and_in_it(
    cruncher: CommandLine, visits: Visits, tmp_path: Path
) -> None:
    study = cruncher.launch()
    generate_into(study, Extent(cases=20, workers=1, failed=0.0))
    s3 = cruncher.cloud.client("s3")
    large = next(
        one for one in s3.list_objects_v2(Bucket=study.bucket, Prefix="data/")["Contents"] if "/done-" in one["Key"]
    )
    s3.put_object(Bucket=study.bucket, Key=large["Key"], Body=b" " * (9 << 20))
    path = tmp_path / "study.html"
    ran = cruncher.run("freeze", study.study, str(path))
    assert ran.code == 0, ran.err
    assert "Left out: 1 document of more than 8 MiB" in ran.err
    page, _ = open_file(visits, path)
    expect(page.get_by_text("without 1 document of more than 8 MiB")).to_be_visible()
    go_to(page, "Results")
    grid = page.get_by_role("grid", name="Cases")
    grid.get_by_role("row").filter(has_text=large["Key"].split("done-")[1][:8]).click()
    expect(page.get_by_role("dialog")).to_contain_text("This frozen study doesn't hold the document of this case.")


def test_a_frozen_study_has_all_digits_and_whole_texts(cruncher: CommandLine, visits: Visits, tmp_path: Path) -> None:
    study, seed, echo = cruncher.launch(), 2**62 + 1, "echo " * 2000
    ended = [Ended({"seed": seed + number}, {"load": number, "echo": f"{echo}{number}"}) for number in range(3)]
    write_ended(study, [*ended, Ended({"seed": 2**64 - 1}, error=("ValueError", "negative load -1.5"))])
    path = tmp_path / "study.html"
    assert cruncher.run("freeze", study.study, str(path)).code == 0
    page, _ = open_file(visits, path)
    go_to(page, "Results")
    grid = page.get_by_role("grid", name="Cases")
    for one in ended:
        expect(grid).to_contain_text(str(one.parameters["seed"]))
    expect(grid.get_by_role("row").filter(has_text=str(2**64 - 1))).to_contain_text("ValueError: negative load -1.5")
    page.locator("summary", has_text="Download").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Table, CSV").click()
    with Path(download.value.path()).open(newline="", encoding="utf-8") as lines:
        rows = {row["case_id"]: row for row in csv.DictReader(lines)}
    for one in ended:
        assert rows[one.case_id]["echo"] == one.result["echo"]
        assert rows[one.case_id]["seed"] == str(one.parameters["seed"])


def test_a_frozen_bucket_of_the_predecessor_has_its_cases(
    cruncher: CommandLine, visits: Visits, tmp_path: Path
) -> None:
    study = cruncher.launch()
    upload(study, GOLDEN)
    path = tmp_path / "study.html"
    ran = cruncher.run("freeze", study.study, str(path))
    assert ran.code == 0, ran.err
    page, _ = open_file(visits, path)
    go_to_all(page, "Errors")
    page.locator(".group__head").first.click()
    expect(page.get_by_role("region", name="Traceback")).to_contain_text("negative cohesion")
    go_to(page, "Results")
    page.get_by_role("grid", name="Cases").get_by_role("row").filter(has_text="level-4").click()
    expect(page.get_by_role("dialog")).to_contain_text("on DESKTOP-1_nt_90")


def test_an_archive_of_a_frozen_study_has_its_documents_and_says_that_it_lacks_the_model(
    visits: Visits, file: Path
) -> None:
    page, asked = open_file(visits, file)
    go_to_all(page, "Results")
    page.locator("summary", has_text="Download").click()
    expect(page.get_by_text("Not in it: files that cases produced and models.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Everything, ZIP").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        names, read_me = archive.namelist(), archive.read("README.txt").decode()
    assert [sum(part in name for name in names) for part in ("/done-", "/error-", "designs/", "models/")] == [
        270,
        30,
        2,
        0,
    ]
    assert "Shown at" not in read_me
    assert re.search(r"^- models/[0-9a-f]{64}/footing\.py: it isn't there$", read_me, re.MULTILINE)
    assert asked == [file.as_uri()]


def test_a_frozen_study_offers_nothing_that_it_can_not_do(visits: Visits, file: Path) -> None:
    page, _ = open_file(visits, file)
    go_to_all(page, "Overview")
    expect(figure(page, "done")).to_have_text("270")
    names = page.get_by_role("navigation", name="Pages").get_by_role("link").all_inner_texts()
    assert [name.split()[0] for name in names] == ["Overview", "Cases", "Errors", "Results"]
    for button in ("live", "Lock"):
        expect(page.get_by_role("button", name=button)).to_have_count(0)
    go_to(page, "Results")
    expect(page.get_by_text(re.compile(r"^Reads 270 results\.$"))).to_be_visible()
    expect(page.get_by_role("button", name="Copy link")).to_have_count(0)
    page.locator("summary", has_text="Download").click()
    expect(page.get_by_role("button", name="Everything, ZIP")).to_be_visible()
    expect(page.get_by_role("button", name="one HTML file")).to_have_count(0)
    page.evaluate("location.hash = '#/design'")
    expect(page).to_have_title(title_of("Overview"))
    check_accessible(page)


def test_a_frozen_study_tells_no_secret_and_no_address(studied: Launched, file: Path) -> None:
    check_no_secret(studied, file)


def check_no_secret(studied: Launched, file: Path) -> None:
    """The file says neither where the study is nor how to reach it."""
    text = file.read_text()
    packed = re.findall(r'id="frozen-(?:study|documents-\d+)">([^<]+)<', text)
    assert len(packed) >= 2
    held = b"".join(gzip.decompress(base64.b64decode(part)) for part in packed)
    told = [studied.bucket, studied.command_line.cloud.endpoint_url]
    for access in accesses(studied.ran.out):
        told += [access["secret"], access["key_id"]]
    assert len(told) >= 6
    for word in told:
        assert word not in text
        assert word.encode() not in held


def test_a_file_that_can_not_be_written_is_said(studied: Launched, tmp_path: Path) -> None:
    ran = studied.command_line.run("freeze", studied.study, str(tmp_path / "none" / "study.html"))
    assert ran.code == 1
    assert "There is no folder" in ran.err
