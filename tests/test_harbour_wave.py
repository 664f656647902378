"""The example with a folder as model: from the folder to files, and extracted again."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attached import attach
from command_line import CommandLine, Launched, wait_for
from design_page import (
    button,
    define,
    ids,
    open_design,
    open_file,
    preview,
    review,
    save,
    send_all,
)
from local_cloud import REPOSITORY
from playwright.sync_api import FilePayload, Locator, Page, Route, expect
from results_page import open_results, plot
from studies import line_of, link
from visit import Visits, check_accessible, go_to_all, wait_until

EXAMPLE = REPOSITORY / "examples" / "harbour_wave"
BATCH = "ada/harbour/shelf"


def documents(launched: Launched, is_meant: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """The results, by their cases, once all eight are as they are meant to be."""
    found: list[dict[str, Any]] = []

    def are_so() -> bool:
        found[:] = look(launched)
        return len(found) == 8 and all(map(is_meant, found))

    wait_for(are_so)
    return sorted(found, key=lambda one: str(one["case_id"]))


def look(launched: Launched) -> list[dict[str, Any]]:
    """The results as they are now."""
    s3 = launched.command_line.cloud.client("s3")
    listing = s3.list_objects_v2(Bucket=launched.bucket, Prefix=f"data/{BATCH}/done-").get("Contents", [])
    bodies = [s3.get_object(Bucket=launched.bucket, Key=one["Key"])["Body"].read() for one in listing]
    return [json.loads(body) for body in bodies]


def test_a_folder_becomes_results_and_files_and_is_extracted_from_again(
    command_line: CommandLine, tmp_path: Path
) -> None:
    launched = command_line.launch()
    study = launched.study
    ran = command_line.run("enqueue", study, str(EXAMPLE / "study.json"), "--yes")
    assert ran.code == 0, ran.err
    assert f"Batch {BATCH} of study {study}: 8 cases, for wave.zip" in ran.out and "Sent 8 cases" in ran.out
    with attach(line_of(launched)):
        done = documents(launched, lambda _: True)
        assert all(list(one["result"]) == ["harbour_level_m"] for one in done)
        assert all([file["path"] for file in one["files"]] == ["gauges.csv", "highest.svg"] for one in done)
        again = command_line.run("enqueue", study, str(EXAMPLE / "study.json"), "--yes")
        assert "8  with a result, skipped: their inputs haven't changed (--force computes them again)" in again.out
        ran = command_line.run("extract", study, BATCH, str(EXAMPLE / "arrival.py"))
        assert ran.code == 0, ran.err
        assert ran.out.splitlines() == [
            f"Batch {BATCH} of study {study}, to extract from by arrival.py",
            "          8  finished cases",
            "          8  to be sent, each as a message",
            "8 finished cases are sent to extract from by arrival.py.",
        ]
        found = documents(launched, lambda one: "extracts" in one)
        again = command_line.run("extract", study, BATCH, str(EXAMPLE / "arrival.py"))
        assert "8  extracted from by the same model already, skipped (--force sends them)\n" in again.out
        assert again.out.endswith("        0  to be sent, each as a message\n") and again.code == 0
        forced = command_line.run("extract", study, BATCH, str(EXAMPLE / "arrival.py"), "--force")
        assert "8  extracted from by the same model already, and again now\n" in forced.out
        documents(launched, lambda one: len(one["extracts"]) == 2)
        told = command_line.run("extract", study, BATCH)
        assert told.out == "arrival.py: 8 of 8 cases done\n", told.err
    for before, after in zip(done, found, strict=True):
        result = after["result"]
        assert (
            result["harbour_level_m"] == before["result"]["harbour_level_m"] and after["end_time"] == before["end_time"]
        )
        assert (
            60 < result["arrival_at_5050_m_s"] < result["arrival_at_12050_m_s"] < result["arrival_at_18550_m_s"] < 1500
        )
        assert 1.5 < result["amplification"] < 10
    table = tmp_path / "table.csv"
    ran = command_line.run("results", study, "--table", str(table))
    assert ran.code == 0, ran.err
    head, *rows = table.read_text().splitlines()
    assert "arrival_at_18550_m_s" in head and len(rows) == 8


def test_what_can_not_be_extracted_from_is_said(command_line: CommandLine, tmp_path: Path) -> None:
    launched = command_line.launch()
    ran = command_line.run("extract", launched.study, "none", str(EXAMPLE / "arrival.py"))
    assert (ran.code, ran.err) == (
        1,
        "cruncher: No case of batch none that counts has a result: there is nothing to extract from.\n",
    )
    ran = command_line.run("extract", launched.study, "none", "gone.py")
    assert ran.code == 1 and "gone.py can't be read" in ran.err
    empty = tmp_path / "empty.py"
    empty.write_text(" \n")
    ran = command_line.run("extract", launched.study, "none", str(empty))
    assert ran.code == 1 and "empty.py is empty: it would extract nothing." in ran.err
    ran = command_line.run("extract", launched.study, "none")
    assert (ran.code, ran.out) == (0, "Nothing was extracted again in batch none.\n")
    ran = command_line.run("extract", launched.study, "none", str(EXAMPLE / "arrival.py"), "--withdraw")
    assert ran.code == 1 and "Batch none has no extraction by this arrival.py" in ran.err


def choose(page: Page, name: str, content: bytes) -> None:
    """Chooses a script in the open menu."""
    file: FilePayload = {"name": name, "mimeType": "text/x-python", "buffer": content}
    page.get_by_label("Script that extracts").set_input_files(file)


def menu(page: Page) -> Locator:
    """The unfolded menu."""
    return page.get_by_role("group").filter(has=page.get_by_text("Extract…", exact=True))


def extract(page: Page, name: str, content: bytes, cases: int) -> None:
    """Extracts from so many cases."""
    choose(page, name, content)
    menu(page).get_by_role("button", name=f"Extract from {cases} cases of {BATCH}", exact=True).click()
    expect(menu(page)).to_contain_text(f"{cases} cases of {BATCH} are in the queue, to be extracted from by {name}.")


def told(page: Page, name: str) -> Locator:
    """How far the extraction by this script is."""
    return page.get_by_role("region", name="Extracted again").get_by_role("listitem").filter(has_text=name)


def test_an_operator_extracts_again_on_the_page(cruncher: CommandLine, visits: Visits) -> None:
    launched = cruncher.launch()
    ran = cruncher.run("enqueue", launched.study, str(EXAMPLE / "study.json"), "--yes")
    assert ran.code == 0, ran.err
    with attach(line_of(launched)):
        done = documents(launched, lambda _: True)
        page = open_results(visits, launched)
        page.get_by_text("Extract…", exact=True).click()
        for name, content, words in (
            ("gauges.csv", b"a,b", "gauges.csv isn't a Python file: its name doesn't end in .py."),
            ("empty.py", b" \n", "empty.py is empty: it would extract nothing."),
            ("picture.py", b"\x89PNG\r\n\x1a\n\x00", "picture.py isn't Python: it is no text in UTF-8."),
        ):
            choose(page, name, content)
            expect(page.get_by_role("alert")).to_contain_text(words)
        choose(page, "silent.py", b"print(1)")
        expect(menu(page)).to_contain_text("The script never names result: nothing of it would join the results.")
        choose(page, "arrival.py", (EXAMPLE / "arrival.py").read_bytes())
        summary = page.get_by_role("table", name="What will happen")
        expect(summary).to_have_text(re.compile("8 *finished cases *8 *to be sent, each as a message"))
        check_accessible(page)
        page.set_viewport_size({"width": 1440, "height": 900})
        menu(page).get_by_role("button", name="Extract from 8 cases").click()
        expect(told(page, "arrival.py")).to_contain_text("8 of 8 cases done")
        page.get_by_label("Response", exact=True).select_option(label="arrival_at_18550_m_s")
        expect(plot(page, "Scatter plot")).to_have_attribute(
            "aria-label", re.compile("8 of 8 cases: arrival_at_18550_m_s")
        )
        # The same script once more: it is said that there is nothing to do, unless somebody insists.
        page.get_by_role("group", name="Scripts of earlier extractions").get_by_role(
            "button", name="arrival.py"
        ).click()
        expect(summary).to_contain_text("extracted from by the same model already, skipped")
        expect(menu(page).get_by_role("button", name="Extract from")).to_have_count(0)
        menu(page).get_by_label("also where it is done or waits already").check()
        expect(menu(page).get_by_role("button", name="Extract from 8 cases")).to_be_visible()
        # A script that fails in one case: this keeps the result that it has.
        highest = max(done, key=lambda one: float(one["parameters"]["wave_height_m"]))
        limit = highest["parameters"]["wave_height_m"]
        fails = f"if parameters['wave_height_m'] >= {limit}:\n    raise ValueError('too high')"
        script = f"print('looked')\n{fails}\nresult['late'] = 1\n"
        extract(page, "late.py", script.encode(), 8)
        expect(told(page, "late.py")).to_contain_text("7 of 8 cases done · 1 failed")
    page.keyboard.press("Escape")
    told(page, "late.py").get_by_text("1 failed case keeps the result of before").click()
    told(page, "late.py").get_by_role("button", name=f"Case {highest['case_id'][:8]}", exact=True).click()
    sheet = page.get_by_role("dialog", name=f"Case {highest['case_id'][:8]}")
    expect(sheet).to_contain_text("ValueError: too high")
    expect(sheet.get_by_role("region", name="What the extraction printed")).to_have_text("looked")
    expect(sheet.get_by_role("table", name="Responses")).to_contain_text("harbour_level_m")
    expect(sheet.get_by_role("table", name="Responses")).not_to_contain_text("late")
    check_accessible(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.keyboard.press("Escape")
    # No worker is there any more: what waits can be withdrawn, and no case goes with it.
    page.get_by_text("Extract…", exact=True).click()
    # While one is being sent, no other one can be begun.
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "SendMessageBatch" in route.request.headers.get("x-amz-target", ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/*", hold)
    choose(page, "other.py", b"result['other'] = 1")
    menu(page).get_by_role("button", name=f"Extract from 8 cases of {BATCH}", exact=True).click()
    expect(menu(page)).to_contain_text("Sending …")
    expect(menu(page).get_by_label("Script that extracts")).to_be_disabled()
    earlier = menu(page).get_by_role("group", name="Scripts of earlier extractions").get_by_role("button")
    expect(earlier.first).to_be_disabled()
    wait_until(page, "the messages", lambda: bool(held))
    held[0].continue_()
    page.unroute("**/*")
    expect(menu(page)).to_contain_text(f"8 cases of {BATCH} are in the queue, to be extracted from by other.py.")
    expect(told(page, "other.py")).to_contain_text("0 of 8 cases done · 8 queued")
    page.keyboard.press("Escape")
    told(page, "other.py").get_by_role("button", name="Withdraw other.py").click()
    expect(told(page, "other.py")).to_contain_text("0 of 8 cases done · 8 withdrawn or gone")
    counted = cruncher.run("status", launched.study, "--json").json()["cases"]
    assert (counted["done"], counted["withdrawn"]) == (8, 0)
    viewer = visits.open(link(launched, "viewer"))
    go_to_all(viewer, "Results")
    expect(told(viewer, "late.py")).to_contain_text("7 of 8 cases done · 1 failed")
    expect(viewer.get_by_text("Extract…", exact=True)).to_have_count(0)


def drop_paths(page: Page, *paths: Path) -> None:
    """Drops what lies at these paths where the model is chosen, as it is dragged from the computer."""
    model = page.get_by_role("region", name="Model", exact=True)
    place = model.get_by_text(re.compile("^or drop (it|another one) here")).bounding_box()
    assert place is not None
    carried = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    browser = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.send(
            "Input.dispatchDragEvent", {"type": kind, "x": place["x"] + 5, "y": place["y"] + 5, "data": carried}
        )


def test_a_folder_of_the_page_is_computed_and_its_files_are_seen(
    cruncher: CommandLine, visits: Visits, binary: Path
) -> None:
    launched = cruncher.launch()
    page = open_design(visits, launched)
    model = page.get_by_role("region", name="Model", exact=True)
    open_file(page, (EXAMPLE / "study.json").read_bytes())
    gone = "The files of wave aren't here: choose or drop the folder again. Everything else is."
    expect(page.get_by_role("alert").filter(has_text=gone)).to_be_visible()
    page.get_by_label("Model folder", exact=True).set_input_files(EXAMPLE / "wave")
    expect(model).to_contain_text("Its model.json runs run.py, and fills placeholders in scenario.ini, too.")
    expect(model).to_contain_text("4 files")
    expect(page.get_by_role("alert")).to_have_count(0)
    chips = page.get_by_role("list", name="scenario.ini: Placeholders").get_by_role("listitem")
    expect(chips).to_have_text([re.compile("wave_height_m.*has a factor"), re.compile("wave_length_m.*has a factor")])
    preview(page, "8 cases")
    check_accessible(page)
    ran = subprocess.run(
        [binary, "design", EXAMPLE / "study.json", "--model", EXAMPLE / "wave", "--csv", "-"], capture_output=True
    )
    assert ran.returncode == 0, ran.stderr.decode()
    assert ids(save(page, "Save CSV")) == ids(ran.stdout)
    page.reload()
    expect(model).to_contain_text("4 files")
    assert review(page)["To be sent"] == f"8 cases to the batch {BATCH}"
    send_all(page, 8)
    with attach(line_of(launched)):
        done: list[dict[str, Any]] = []

        def is_done() -> bool:
            done[:] = look(launched)
            return len(done) == 8

        wait_until(page, "all results", is_done, 120_000)
    go_to_all(page, "Cases")
    page.get_by_role("row").filter(has_text=str(done[0]["case_id"])[:8]).click()
    case = page.get_by_role("dialog")
    case.locator("summary").filter(has_text="Files").click()
    case.get_by_role("button", name="Preview highest.svg").click()
    picture = case.get_by_role("img", name="Preview of highest.svg")
    wait_until(page, "the picture", lambda: bool(picture.evaluate("image => image.naturalWidth > 0")))
    with page.expect_download() as download:
        case.get_by_role("button", name=re.compile("^Download gauges.csv")).click()
    assert Path(download.value.path()).read_text().startswith("time_s")
    case.locator("summary").filter(has_text="Model with these inputs").click()
    height = done[0]["parameters"]["wave_height_m"]
    scenario = case.get_by_role("region", name="scenario.ini with these inputs")
    expect(scenario).to_contain_text(f"height_m = {height}\n")
    expect(case.get_by_role("region", name="run.py with these inputs")).to_contain_text("result[")
    expect(case).to_contain_text("wave.zip, a folder of 4 files, ")
    case.get_by_text("Files of the folder", exact=True).click()
    files = case.get_by_role("list", name="Files of the folder").get_by_role("listitem")
    expect(files).to_contain_text(["data/depths.csv", "model.json", "run.py", "scenario.ini"])
    check_accessible(page)
    with page.expect_download() as download:
        case.get_by_role("button", name="Download the folder as it was submitted").click()
    with zipfile.ZipFile(download.value.path()) as folder:
        assert folder.read("scenario.ini") == (EXAMPLE / "wave" / "scenario.ini").read_bytes()

    other = open_design(visits, launched)
    button(other, "Earlier …").click()
    other.get_by_role("region", name="Designs that were submitted").get_by_role("button", name=BATCH).click()
    said = other.get_by_role("status").filter(has_text=f"The design of {BATCH} stands below, with wave as it was sent.")
    expect(said).to_be_visible()
    expect(other.get_by_role("region", name="Model", exact=True)).to_contain_text("3 files")
    expect(other.get_by_role("combobox", name="Main file")).to_have_value("run.py")
    expect(other.get_by_role("checkbox", name="scenario.ini")).to_be_checked()
    assert review(other)["Done already"] == "8"


def test_a_folder_is_dropped_and_asks_what_is_run(
    cruncher: CommandLine, visits: Visits, binary: Path, tmp_path: Path
) -> None:
    page = open_design(visits, cruncher.launch())
    model = page.get_by_role("region", name="Model", exact=True)
    alert = model.get_by_role("alert")
    wave = tmp_path / "tide"
    shutil.copytree(EXAMPLE / "wave", wave)
    (wave / "model.json").unlink()
    (wave / "run.py").rename(wave / "solve.py")
    (wave / "other.py").write_text("pass\n")
    for made in (".git/HEAD", "outputs/old.csv", "__pycache__/a.pyc"):
        (wave / made).parent.mkdir()
        (wave / made).write_text("x")
    drop_paths(page, wave, wave / "solve.py")
    expect(alert).to_contain_text("2 things were dropped.")
    empty = tmp_path / "empty"
    empty.mkdir()
    drop_paths(page, empty)
    expect(alert).to_have_text("empty can't be a model: there is no file in it.")
    drop_paths(page, wave)
    expect(model).to_contain_text("4 files")
    expect(alert).to_have_text("Tide can't be a model yet: it isn't said which of its files is run.")
    page.get_by_role("combobox", name="Main file").select_option("solve.py")
    expect(alert).to_have_count(0)
    page.get_by_role("checkbox", name="scenario.ini").check()
    button(page, "Add 2 factors").click()
    define(page, "wave_height_m", "0.2", "2")
    define(page, "wave_length_m", "3000", "9000", number=2)
    preview(page, "64 cases")
    expect(page.get_by_role("region", name="scenario.ini: Rendered model")).to_contain_text(
        re.compile(r"height_m = \d")
    )
    design = tmp_path / "tides.json"
    design.write_bytes(save(page, "Save JSON"))
    table = save(page, "Save CSV")
    options = ("--main", "solve.py", "--template", "scenario.ini", "--csv", "-")
    ran = subprocess.run([binary, "design", design, *options], capture_output=True)
    assert ran.returncode == 0, ran.stderr.decode()
    assert ids(table) == ids(ran.stdout) and len(ids(table)) == 64
    # The same as one file, which needs no option.
    shutil.move(wave, tmp_path / "away")
    (tmp_path / "tide.zip").write_bytes(save(page, "Save ZIP"))
    ran = subprocess.run([binary, "design", design, "--csv", "-"], capture_output=True)
    assert ids(ran.stdout) == ids(table), ran.stderr.decode()
    button(page, "a command line").click()
    page.get_by_role("textbox", name="Command line").fill("python3 solve.py {{tide_m}}")
    expect(model).to_contain_text("tide_m")
    expect(button(page, "Add the factor tide_m")).to_be_visible()
    button(page, "Remove").click()
    expect(model).not_to_contain_text("4 files")
    drop_paths(page, tmp_path / "tide.zip")
    expect(model).to_contain_text("Its model.json runs solve.py, and fills placeholders in scenario.ini, too.")
    assert ids(save(page, "Save CSV")) == ids(table)
    (tmp_path / "wrong.zip").write_bytes(b"PK\x03\x04 no")
    drop_paths(page, tmp_path / "wrong.zip")
    expect(alert).to_have_text("wrong.zip can't be a model: it is no ZIP, or a part of one.")
    expect(model).to_contain_text("5 files")
