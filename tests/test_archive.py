"""*Everything, ZIP* of the Results page: what it promises is in it, and all of it is of the chosen batch."""

from __future__ import annotations

import csv
import io
import json
import re
import runpy
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attached import attach
from command_line import CommandLine, Launched
from enqueue import enqueue
from playwright.sync_api import Download, Locator, Page, Route, expect
from studies import line_of, link, queue_of, wait_for_end
from visit import Visits, go_to, progress, wait_until

SOIL = "result['settlement'] = 2 * {{depth}}\nresult['curve'] = {'mushy': [{{depth}}, 1.5, 2.5]}\n"
SOIL_FAILS = "raise ValueError('mushy, \"wet\"\\nat {{depth}}')\n"
STEEL = "result['strength'] = 10 * {{width}}\r\nresult['curve'] = {'brittle': [0.1] * 40}  # ä\r\n"
STEEL_FAILS = "raise RuntimeError('brittle at {{width}}')\n"
WORDS = {"soil": ("settlement", "depth", "mushy"), "steel": ("strength", "width", "brittle")}
FIXED = ["README.txt", "X.npy", "X_columns.txt", "Y.npy", "Y_columns.txt", "case_ids.txt", "cases.csv", "errors.csv"]


@pytest.fixture(scope="module")
def study(cruncher: CommandLine) -> Launched:
    """A study of two batches with nothing in common, each with a failed case."""
    return two_batches(cruncher)


def two_batches(cruncher: CommandLine) -> Launched:
    study = cruncher.launch()
    queue = queue_of(study)
    enqueue(queue, "soil", SOIL, {1: [{"depth": depth} for depth in (1, 2, 3)]}, name="soil.py")
    enqueue(queue, "soil", SOIL_FAILS, {1: [{"depth": 4}]}, max_attempts=1, name="soil fails.py")
    enqueue(queue, "steel", STEEL, {1: [{"width": 1}, {"width": 2}]}, name="steel.py")
    enqueue(queue, "steel", STEEL_FAILS, {1: [{"width": 5}]}, max_attempts=1, name="steel.py")
    with attach(line_of(study)):
        wait_for_end(study, done=5, errors=2)
    return study


def open_results(visits: Visits, study: Launched, query: str) -> Page:
    """The page of the results with its menu of downloads."""
    page = visits.open(link(study))
    go_to(page, "Results")
    page.evaluate("query => { location.hash = `#/results?${query}`; }", query)
    expect(page.get_by_role("combobox", name="Batch", exact=True)).to_have_value(query.split("=")[1].split("&")[0])
    page.locator("summary", has_text="Download").click()
    return page


def zip_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Everything, ZIP")


def saved(page: Page, path: Path) -> dict[str, bytes]:
    """The files of the archive."""
    with page.expect_download() as download:
        zip_button(page).click()
    download.value.save_as(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names))
        return {name: archive.read(name) for name in names}


def objects(study: Launched, prefix: str) -> dict[str, bytes]:
    """What lies in the bucket."""
    s3 = study.command_line.cloud.client("s3")
    listed = s3.list_objects_v2(Bucket=study.bucket, Prefix=prefix).get("Contents", [])
    return {one["Key"]: s3.get_object(Bucket=study.bucket, Key=one["Key"])["Body"].read() for one in listed}


def rows(content: bytes) -> list[dict[str, str]]:
    """The rows of a table."""
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def in_bucket(study: Launched, batch: str) -> dict[str, bytes]:
    """Designs, models and documents of a batch, by the names that they have in an archive."""
    expected, designs = {}, []
    for key, content in objects(study, f"data/{batch}/").items():
        name = key.rsplit("/", 1)[1]
        if name.startswith("design-"):
            designs.append(json.loads(content))
            expected[f"designs/{name.removeprefix('design-')}"] = content
        elif name.startswith(("done-", "error-")):
            expected[f"documents/{batch}/{name}"] = content
    for design in designs:
        _, digest, name = design["model"]["key"].split("/")
        content = objects(study, design["model"]["key"])[design["model"]["key"]]
        expected[f"models/{digest[:12]}-{name.replace(' ', '_')}"] = content
    return expected


@pytest.mark.parametrize(("batch", "done"), [("soil", 3), ("steel", 2)])
def test_an_archive_holds_all_of_one_batch_and_nothing_of_others(
    study: Launched, visits: Visits, tmp_path: Path, batch: str, done: int
) -> None:
    page = open_results(visits, study, f"batch={batch}")
    path = tmp_path / f"{study.study}-{batch}-all.zip"
    files = saved(page, path)
    expected = in_bucket(study, batch)
    assert sorted(files) == sorted([*FIXED, *expected])
    assert {name: files[name] for name in expected} == expected
    assert sum(name.startswith("models/") for name in files) == 2

    other = next(own for own in WORDS if own != batch)
    for name, content in files.items():
        for word in WORDS[other]:
            assert word not in name + content.decode("latin-1"), (name, word)

    factor, response, word = WORDS[batch][1], WORDS[batch][0], WORDS[batch][2]
    assert len(rows(files["cases.csv"])) == done + 1
    (failed,) = rows(files["errors.csv"])
    document = json.loads(expected[f"documents/{batch}/{failed['document'].rsplit('/', 1)[1]}"])
    for name in ("case_id", "exception", "message", "signature", "worker"):
        assert failed[name] == document[name]
    assert (failed["batch"], failed["state"], failed["attempt"], failed["level"]) == (batch, "failed", "1", "1")
    assert failed[factor] == str(document["parameters"][factor])
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", failed["end_time"])
    read_me = files["README.txt"].decode()
    assert "designs/       2 designs" in read_me
    assert f"documents/     {done} results" in read_me
    assert " 1 failure," in read_me
    assert np.load(io.BytesIO(files["X.npy"])).shape == (done, 1)

    # The lines of Python run as they stand in the archive.
    (tmp_path / "read.py").write_text(read_me.split("In Python, with NumPy and pandas:\n\n")[1])
    read = run_in(tmp_path, "read.py")
    assert list(read["inputs"][factor]) == [
        read["results"][case][response] / (2 if batch == "soil" else 10) for case in read["case_ids"]
    ]
    assert all(word in read["results"][case]["curve"] for case in read["case_ids"])


def test_an_archive_that_is_asked_for_at_once_has_the_name_of_its_study(study: Launched, visits: Visits) -> None:
    page = visits.open(link(study))
    expect(progress(page)).to_contain_text("done")
    held: list[Route] = []
    page.route("**/config.json", lambda route: held.append(route))
    page.evaluate("location.hash = '#/results?batch=soil'")
    wait_until(page, "the worker that reads rows has asked for the study", lambda: bool(held))
    expect(page.get_by_text("Reading the results …")).to_be_visible()
    held.pop().continue_()
    page.locator("summary", has_text="Download").click()
    zip_button(page).click()
    wait_until(page, "the study is asked for", lambda: bool(held))
    with page.expect_download() as download:
        for route in held:
            route.continue_()
    assert download.value.suggested_filename == f"{study.study}-soil-all.zip"


def run_in(folder: Path, script: str) -> dict[str, Any]:
    """The names that a script leaves, run where its files are."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        return runpy.run_path(script)


def test_an_archive_of_a_selection_has_its_documents_only(study: Launched, visits: Visits, tmp_path: Path) -> None:
    page = open_results(visits, study, "batch=*&select=factor.depth:2..4")
    expect(page.get_by_label(re.compile("^selected, 3"))).to_be_checked()
    files = saved(page, tmp_path / "selection.zip")
    cases = {row["case_id"] for row in rows(files["cases.csv"])}
    assert len(cases) == 3
    documents = {re.split(r"done-|error-", name)[1][:32] for name in files if name.startswith("documents/")}
    assert documents == cases
    assert all(b'"batch": "soil"' in files[name] for name in files if name.startswith("designs/"))
    assert sum(name.startswith("models/") for name in files) == 2


def test_an_archive_that_is_stopped_saves_nothing_and_is_made_anew(
    study: Launched, visits: Visits, tmp_path: Path
) -> None:
    page = open_results(visits, study, "batch=soil")
    held = re.compile("/data/.*/done-")
    page.route(held, lambda _: None)
    downloads: list[Download] = []
    page.on("download", lambda download: downloads.append(download))
    zip_button(page).click()
    expect(page.get_by_text(re.compile(r"^Reading 4 documents, \d+ % …"))).to_be_visible()
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_be_focused()
    stop.click()
    expect(page.get_by_text("Stopped: nothing is saved.")).to_be_visible()
    expect(zip_button(page)).to_be_focused()
    # It ends with the rows that it was begun with, too.
    zip_button(page).click()
    expect(page.get_by_text(re.compile(r"^Reading 4 documents"))).to_be_visible()
    page.get_by_role("combobox", name="Batch", exact=True).select_option("steel")
    expect(page.get_by_text("Stopped: another batch is shown.")).to_be_visible()
    page.get_by_role("combobox", name="Batch", exact=True).select_option("soil")
    assert downloads == []
    page.unroute(held)
    files = saved(page, tmp_path / "again.zip")
    assert sum("/done-" in name for name in files) == 3


def test_what_can_not_be_had_is_named_in_the_archive(cruncher: CommandLine, visits: Visits, tmp_path: Path) -> None:
    study = two_batches(cruncher)
    s3 = cruncher.cloud.client("s3")
    gone, broken, whole = sorted(key for key in objects(study, "data/soil/") if "/done-" in key)
    (failed,) = (key for key in objects(study, "data/soil/") if "/error-" in key)
    (model,) = (key for key in objects(study, "models/") if key.endswith("soil fails.py"))
    page = open_results(visits, study, "batch=soil")
    wait_until(page, "all rows are there", lambda: "4 rows" in page.locator(".menu__files").inner_text())
    s3.delete_object(Bucket=study.bucket, Key=gone)
    s3.put_object(Bucket=study.bucket, Key=broken, Body=b'{"case_id": ')
    s3.delete_object(Bucket=study.bucket, Key=failed)
    s3.put_object(Bucket=study.bucket, Key=model, Body=b"something else")
    visits.expected.append("404")
    files = saved(page, tmp_path / "lacks.zip")
    expect(page.get_by_text("Not in it, as README.txt says: 4 files that can't be had.")).to_be_visible()
    assert [name for name in files if name.startswith("documents/")] == [whole.replace("data/", "documents/")]
    lines = files["README.txt"].decode().splitlines()
    assert f"- {gone}: it isn't there" in lines
    assert any(line.startswith(f"- {broken}: it can't be read: EOF while parsing") for line in lines)
    assert f"- {failed}: it isn't there" in lines
    assert f"- {model}: its content isn't the one that its key names" in lines
    (row,) = rows(files["errors.csv"])
    # What the row of the table says.
    assert (row["exception"], row["document"]) == ("ValueError", "")
    assert row["message"].startswith("mushy")
    assert len(rows(files["cases.csv"])) == 4
