"""`cruncher combine`: one file of what the cases of a batch came to, and when a batch is complete."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from attached import attach
from command_line import PATIENCE_SECS, CommandLine, Launched, Ran, wait_for
from design_page import (
    KEPT_DRAFT,
    button,
    choose_file,
    open_design,
    preview,
    review,
    save,
    send_all,
    small_study,
    start_anew,
    text,
)
from playwright.sync_api import expect
from studies import drain, line_of
from visit import Visits, check_accessible, go_to_all

SCRIPT = """
import json

file_extension = "csv"


def combine(files, output):
    with open(output, "w") as file:
        for name in files:
            with open(name) as document:
                found = json.load(document)
            print(found["parameters"]["a"], found["result"]["b"], sep=",", file=file)
"""
MODEL = "if {{a}} == 3:\n    raise ValueError('three')\nresult['b'] = {{a}} ** 2\n"


@pytest.fixture
def launched(command_line: CommandLine) -> Launched:
    """A fresh study."""
    return command_line.launch()


def run(launched: Launched, *arguments: str | Path) -> Ran:
    """A command on this study."""
    return launched.command_line.run(arguments[0], launched.study, *map(str, arguments[1:]))  # type: ignore[arg-type]


def send(launched: Launched, folder: Path, values: list[int], *options: str) -> None:
    """Enqueues a batch `mesh` of points by script."""
    (folder / "points.py").write_text(f"def get_points():\n    return [{{'a': a}} for a in {values}]\n")
    (folder / "model.py").write_text(MODEL)
    (folder / "combine.py").write_text(SCRIPT)
    arguments = ("--points", folder / "points.py", "--python", sys.executable, "--batch", "mesh", "--yes")
    ran = run(launched, "enqueue", "--model", folder / "model.py", *arguments, *options)
    assert ran.code == 0, ran.err


def status(launched: Launched) -> Any:
    """What `cruncher status --json` says."""
    return run(launched, "status", "--json").json()


def object_at(launched: Launched, key: str) -> bytes:
    """An object, as an independent program reads it."""
    s3 = launched.command_line.cloud.client("s3")
    return bytes(s3.get_object(Bucket=launched.bucket, Key=key)["Body"].read())


def test_a_batch_is_combined_when_it_is_complete(launched: Launched, tmp_path: Path) -> None:
    send(launched, tmp_path, [5, 1, 4, 2])
    command_line = launched.command_line
    command = command_line.arguments("combine", launched.study, "mesh", str(tmp_path / "combine.py"), "--json")
    with subprocess.Popen(
        command, env=command_line.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as waiting:
        assert waiting.stderr is not None
        assert "Batch mesh: 0 of 4 cases done, 4 queued; it is combined when all are done" in waiting.stderr.readline()
        with attach(line_of(launched)):
            out, err = waiting.communicate(timeout=PATIENCE_SECS)
            assert waiting.returncode == 0, err
            told = json.loads(out)
            assert told["of"] == {"cases": 4, "missing": 0, "files": 4} and told["batch"] == "mesh/combined"
            wait_for(lambda: status(launched)["cases"]["done"] == 5)
    # In the order of the design.
    key = f"data/mesh/combined/files/{told['case_id']}/combined.csv"
    assert object_at(launched, key) == b"5,25\n1,1\n4,16\n2,4\n"
    done = json.loads(object_at(launched, f"data/mesh/combined/done-{told['case_id']}.json"))
    assert done["parameters"] | {"inputs": ""} == {
        "batch": "mesh",
        "of": "results",
        "cases": 4,
        "missing": 0,
        "inputs": "",
    }
    again = run(launched, "combine", "mesh", tmp_path / "combine.py")
    assert again.code == 0 and "is done already: nothing has changed since" in again.out
    assert drain(launched) == []


def test_a_batch_with_a_failed_case_is_not_complete_and_what_is_there_is_combined_on_request(
    launched: Launched, tmp_path: Path
) -> None:
    send(launched, tmp_path, [1, 2, 3])
    with attach(line_of(launched)):
        wait_for(lambda: status(launched)["cases"]["failed"] == 1)
        found = status(launched)
        assert (found["complete"], found["batches"][0]["complete"], found["cases"]["done"]) == (False, False, 2)
        text = run(launched, "status").out
        assert "Not complete: 2 of 3 done, 1 failed. Nothing waits or runs any more." in text
        assert run(launched, "status", "--require-done").code == 1
        ran = run(launched, "combine", "mesh", tmp_path / "combine.py")
        assert ran.code == 1 and "2 of 3 cases done, 1 failed. Nothing waits or runs any more" in ran.err
        ran = run(launched, "combine", "mesh", tmp_path / "combine.py", "--now")
        assert ran.code == 0 and "What combines 2 cases, without 1 that has no result, is in the queue" in ran.out
        wait_for(lambda: status(launched)["cases"]["done"] == 3)
    found = {account["batch"]: account["complete"] for account in status(launched)["batches"]}
    assert found == {"mesh": False, "mesh/combined": True}


def test_wrong_wishes_are_refused_in_words(launched: Launched, tmp_path: Path) -> None:
    send(launched, tmp_path, [1])
    script = tmp_path / "combine.py"
    ran = run(launched, "combine", "other", script)
    assert ran.code == 1 and "There is no batch other. The study has: mesh." in ran.err
    ran = run(launched, "combine", "mesh", script, "--now")
    assert ran.code == 1 and "None of the 1 cases of mesh has a result" in ran.err
    assert run(launched, "combine", "mesh", script, "--of", "rows").code == 2
    script.write_text("def join(files, output):\n    pass\n")
    assert "There is no function combine(files, output) in" in run(launched, "combine", "mesh", script).err
    script.write_text("def combine_data(files, output):\n    pass\n")
    assert 'write file_extension = "csv" into it, say' in run(launched, "combine", "mesh", script).err
    assert "can't be read" in run(launched, "combine", "mesh", tmp_path / "none.py").err


def send_with_combine(launched: Launched, folder: Path, values: list[int]) -> None:
    """Enqueues a batch `mesh` that is combined by itself."""
    (folder / "points.py").write_text(f"def get_points():\n    return [{{'a': a}} for a in {values}]\n")
    (folder / "model.py").write_text(MODEL)
    (folder / "combine.py").write_text(SCRIPT)
    arguments = ("--points", folder / "points.py", "--python", sys.executable, "--batch", "mesh", "--yes")
    script = ("--combine", folder / "combine.py")
    ran = run(launched, "enqueue", "--model", folder / "model.py", *arguments, *script)
    assert ran.code == 0, ran.err


def batch_of(launched: Launched, name: str) -> Any:
    """What is said of a batch; None if there is none."""
    return next((one for one in status(launched)["batches"] if one["batch"] == name), None)


def test_a_design_has_its_batch_combined_by_itself_and_again_with_later_cases(
    launched: Launched, tmp_path: Path
) -> None:
    send_with_combine(launched, tmp_path, [5, 1])
    text = run(launched, "status").out
    assert "mesh is combined when it is complete: waiting for 2 cases." in text
    assert batch_of(launched, "mesh")["combine"] == "waiting"
    with attach(line_of(launched)):
        # Nothing but looking sends it.
        wait_for(lambda: (batch_of(launched, "mesh/combined") or {"complete": False})["complete"])
        assert batch_of(launched, "mesh")["combine"] == "sent"
        assert "mesh was combined when it was complete: see mesh/combined." in run(launched, "status").out
        send(launched, tmp_path, [5, 1, 4])
        wait_for(lambda: (batch_of(launched, "mesh/combined") or {"cases": {"done": 0}})["cases"]["done"] == 2)
        # As many cases, whose results have changed.
        send(launched, tmp_path, [5, 1, 4], "--force")
        wait_for(lambda: (batch_of(launched, "mesh/combined") or {"cases": {"done": 0}})["cases"]["done"] == 3)
        assert "mesh was combined when it was complete: see mesh/combined." in run(launched, "status").out
    s3 = launched.command_line.cloud.client("s3")
    listed = s3.list_objects_v2(Bucket=launched.bucket, Prefix="data/mesh/combined/files/")["Contents"]
    files = {object_at(launched, found["Key"]) for found in listed}
    assert files == {b"5,25\n1,1\n", b"5,25\n1,1\n4,16\n"}
    assert drain(launched) == []


def test_a_batch_that_is_not_complete_is_not_combined_and_the_wish_can_be_taken_back(
    launched: Launched, tmp_path: Path
) -> None:
    send_with_combine(launched, tmp_path, [1, 3])
    with attach(line_of(launched)):
        wait_for(lambda: status(launched)["cases"]["failed"] == 1)
    text = run(launched, "status").out
    assert "mesh isn't complete: 1 of 2 cases done, 1 failed; cruncher combine --now combines what is there." in text
    assert batch_of(launched, "mesh/combined") is None
    ran = run(launched, "combine", "mesh", "--never")
    assert ran.code == 0 and "Batch mesh isn't combined by itself any more." in ran.out
    assert batch_of(launched, "mesh")["combine"] is None
    ran = run(launched, "combine", "mesh", "--never")
    assert ran.code == 1 and "Batch mesh isn't combined by itself." in ran.err


def test_an_open_page_has_a_batch_combined_when_it_is_complete(
    cruncher: CommandLine, visits: Visits, tmp_path: Path
) -> None:
    launched = cruncher.launch()
    send_with_combine(launched, tmp_path, [5, 1])
    # The script is in the bucket since the cases were sent: it isn't written again.
    visits.expected.append("status of 412")
    page = visits.open(launched.ran.json()["operator_link"])
    go_to_all(page, "Results")
    with attach(line_of(launched)):
        # No command looks meanwhile: the page alone sends it.
        combined = page.get_by_role("region", name="Combined")
        expect(combined.get_by_text("of all 2 cases")).to_be_visible()
        with page.expect_download() as download:
            combined.get_by_role("button", name=re.compile(r"^Download combined\.csv of mesh, ")).click()
        download.value.save_as(tmp_path / "combined.csv")
        assert (tmp_path / "combined.csv").read_text() == "5,25\n1,1\n"
        combined.get_by_role("button", name="Preview combined.csv").click()
        shown = combined.get_by_role("region", name="Preview of combined.csv")
        expect(shown.get_by_role("row")).to_have_text(["525", "11"])
        check_accessible(page)
    assert drain(launched) == []


def test_a_design_of_the_page_combines_its_batch_and_keeps_that_when_it_is_opened_again(
    cruncher: CommandLine, visits: Visits
) -> None:
    launched = cruncher.launch()
    page = open_design(visits, launched)
    small_study(page, 2, "result['b'] = {{a}} ** 2\n")
    page.get_by_text("Combine when complete").click()
    choose_file(page, "Script that combines", "def join(files, output):\n    pass\n", "combine.py")
    button(page, "Review and send …").click()
    expect(page.get_by_text("There is no function combine(files, output) in combine.py.")).to_be_visible()
    choose_file(page, "Script that combines", SCRIPT.replace('file_extension = "csv"', ""), "combine.py")
    expect(page.get_by_text("combine.py doesn't say what the file's name ends with")).to_be_visible()
    text(page, "Ending of the file").fill("txt")
    check_accessible(page)
    page.wait_for_function(KEPT_DRAFT, arg='"file_extension":"txt"')
    page.reload()
    page.get_by_text("Combine when complete").click()
    expect(text(page, "Ending of the file")).to_have_value("txt")
    preview(page, "2 cases")
    assert review(page)["When all are done"] == "combine.py makes one file of their results"
    send_all(page, 2)
    assert batch_of(launched, "model")["combine"] == "waiting"
    start_anew(page)
    expect(page.get_by_text("no script", exact=True)).to_be_attached()
    button(page, "Earlier …").click()
    page.get_by_role("region", name="Designs that were submitted").get_by_role("button", name="model").click()
    expect(page.get_by_text("The design of model stands below")).to_be_visible()
    expect(page.locator("summary").filter(has_text="Combine when complete")).to_contain_text("combine.py")
    design = json.loads(save(page, "Save JSON"))
    assert design["combine"]["text"] == SCRIPT.replace('file_extension = "csv"', "")
    assert (design["combine"]["of"], design["combine"]["file_extension"]) == ("results", "txt")


def test_a_page_says_what_a_batch_waits_for_and_combines_what_is_there(
    cruncher: CommandLine, visits: Visits, tmp_path: Path
) -> None:
    launched = cruncher.launch()
    send_with_combine(launched, tmp_path, [1, 2, 3])
    visits.expected.append("status of 412")
    page = visits.open(launched.ran.json()["operator_link"])
    with attach(line_of(launched)):
        wait_for(lambda: status(launched)["cases"]["failed"] == 1)
        go_to_all(page, "Results")
        combined = page.get_by_role("region", name="Combined")
        expect(combined.get_by_role("status")).to_have_text("mesh: it isn't complete: 1 failed.")
        check_accessible(page)
        combined.get_by_role("button", name="Combine what is there").click()
        expect(combined.get_by_text("What combines 2 cases, without 1 that has no result")).to_be_visible()
        expect(combined.get_by_text("of 2 cases, 1 missing")).to_be_visible()
