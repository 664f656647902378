"""Commands as models, from a table or the page to their results: the example in `examples/commands`."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from attached import attach
from command_line import CommandLine, Launched, wait_for
from design_page import button, choose, choose_file, define, open_design, preview, review, send_all, text
from local_cloud import REPOSITORY
from playwright.sync_api import Page, expect
from studies import documents, line_of, messages
from visit import Visits, check_accessible, go_to

EXAMPLE = REPOSITORY / "examples/commands"
JOBS = EXAMPLE / "jobs.csv"
WITH_PROGRAM = f"export PATH={EXAMPLE / 'bin'}:$PATH; "


def results(study: Launched) -> list[dict[str, Any]]:
    """The results so far."""
    return documents(study.command_line.cloud.client("s3"), study.bucket, "done-")


def heartbeats(study: Launched) -> list[dict[str, Any]]:
    """What workers say."""
    s3 = study.command_line.cloud.client("s3")
    listed = s3.list_objects_v2(Bucket=study.bucket, Prefix="workers/").get("Contents", [])
    keys = [entry["Key"] for entry in listed if entry["Key"].endswith("heartbeat.json")]
    return [json.loads(s3.get_object(Bucket=study.bucket, Key=key)["Body"].read()) for key in keys]


def line_for(study: Launched, pool: str) -> str:
    """The line that attaches a worker to a pool, in a shell that finds the program."""
    line = line_of(study)
    assert line.endswith("')\"")
    return f"{WITH_PROGRAM}{line[:-2]}, pool='{pool}')\""


def test_a_table_of_commands_runs_on_the_machines_that_it_names(command_line: CommandLine) -> None:
    study = command_line.launch()
    for pool in ("t2-small", "c5-large"):
        assert command_line.run("pool", "add", study.study, pool).code == 0
    options = ("--batch", "tours", "--result-file", "results.csv", "--progress-output", "--yes")
    sent = command_line.run("enqueue", study.study, str(JOBS), *options)
    assert sent.code == 0, sent.err
    assert "5 cases, for a command" in sent.out
    assert "`instance_type` is taken as the pool of each case" in sent.out
    assert "The first case runs:  anneal --seed 1 --steps" in sent.out
    with attach(line_for(study, "t2-small")):
        wait_for(lambda: len(results(study)) == 3)
    assert {one["pool"] for one in results(study)} == {"t2-small"}
    assert messages(command_line.cloud.client("sqs"), study.outputs["QueueUrl"]) == (0, 0)
    with attach(line_for(study, "c5-large")):
        wait_for(lambda: len(results(study)) == 5)
    for found in results(study):
        assert found["command"][0] == "anneal" and found["parameters"]["command"].split() == found["command"]
        result = found["result"]
        assert result["seed"] == int(found["command"][2]) and result["step"] == int(found["command"][4])
        assert type(result["seed"]) is int and 0 < result["tour_length"] < 20
        assert "progress 1.00 tour" in found["log"]


def test_a_computer_without_the_program_says_so_and_leaves_the_case_alone(command_line: CommandLine) -> None:
    study = command_line.launch()
    options = ("--command", "anneal --seed {{seed}} --steps 100", "--result-file", "results.csv", "--yes")
    table = command_line.page.parent / "seeds.csv"
    table.write_text("seed\n1\n2\n")
    assert command_line.run("enqueue", study.study, str(table), "--batch", "b", *options).code == 0
    with attach(line_of(study)):
        wait_for(lambda: any(one["state"] == "resting" for one in heartbeats(study)))
        (resting,) = heartbeats(study)
        assert "doesn't have the command `anneal`" in resting["message"]
        status = command_line.run("status", study.study)
        assert "doesn't have the command `anneal`" in status.out, status.out
        with attach(WITH_PROGRAM + line_of(study)):
            wait_for(lambda: len(results(study)) == 2)
    assert documents(command_line.cloud.client("s3"), study.bucket, "error-") == []


def command_page(cruncher: CommandLine, visits: Visits, **options: Any) -> tuple[Launched, Page]:
    """The Design page, with *A command* chosen."""
    study = cruncher.launch()
    page = open_design(visits, study, **options)
    button(page, "A command").click()
    return study, page


def shot(page: Page, name: str) -> None:
    """Keeps a picture, if a folder is named for them."""
    if folder := os.environ.get("CRUNCHER_SHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_a_command_is_typed_on_the_page_and_its_case_shows_what_it_ran(cruncher: CommandLine, visits: Visits) -> None:
    study, page = command_page(cruncher, visits)
    shot(page, "empty")
    line = text(page, "Command line")
    line.fill("anneal --seed {{seed}} --steps 100 '")
    expect(page.get_by_text("A quotation mark of the command is not closed.")).to_be_visible()
    expect(line).to_have_attribute("aria-invalid", "true")
    shot(page, "wrong")
    line.fill("anneal --seed {{seed}} --steps 100")
    expect(line).not_to_have_attribute("aria-invalid", "true")
    text(page, "Result file").fill("../results.csv")
    expect(page.get_by_text("must be a path below the case's own folder")).to_be_visible()
    text(page, "Result file").fill("results.csv")
    choose(page, "Row of the result", "the last")
    choose(page, "Progress", "lines of its output")
    expect(page.get_by_role("list", name="Placeholders")).to_contain_text("has no factor")
    define(page, "seed", "1", "9")
    choose(page, "Values of seed", "whole numbers")
    text(page, "Cases").fill("3")
    preview(page, "3 cases")
    shown = page.get_by_role("region", name="Command of the case")
    expect(shown).to_have_text(re.compile(r"anneal --seed [1-9] --steps 100"))
    shot(page, "filled")
    check_accessible(page)

    text(page, "Batch").fill("tours")
    assert review(page)
    send_all(page, 3)
    with attach(WITH_PROGRAM + line_of(study)):
        wait_for(lambda: len(results(study)) == 3)
    case = results(study)[0]
    page.set_viewport_size({"width": 1440, "height": 900})
    go_to(page, "Cases")
    page.get_by_role("gridcell").filter(has_text=case["case_id"][:8]).click()
    shown = page.get_by_role("dialog").get_by_role("region", name="Command", exact=True)
    expect(shown).to_have_text(" ".join(case["command"]))
    shot(page, "case")


def test_a_table_of_commands_is_its_own_model_on_the_page(cruncher: CommandLine, visits: Visits) -> None:
    _, page = command_page(cruncher, visits)
    button(page, "A table of cases").click()
    choose_file(page, "Table of cases", "command\nanneal --seed 1 > out\nanneal --seed 2\n", "jobs.csv")
    button(page, "Run the commands of the table").click()
    expect(text(page, "Command line")).to_have_value("{{command}}")
    expect(page.get_by_role("region", name="Command of the case")).to_contain_text("anneal --seed 1")
    expect(page.get_by_text("is for a shell, and none runs the command")).to_be_visible()
    page.get_by_label("Run by a shell: for pipes, variables and the like").check()
    expect(page.get_by_text("is for a shell, and none runs the command")).to_be_hidden()
    page.reload()
    expect(text(page, "Command line")).to_have_value("{{command}}")
    button(page, "A file").click()
    expect(text(page, "Command line")).to_be_hidden()
