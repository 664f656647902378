"""Pools on the page: figures on the Overview, lines on Attach, the choice on Design; and making and removing them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from attached import attach
from command_line import CommandLine, Launched
from design_page import button, choose, choose_file, open_design, preview, review, send_all, text
from local_cloud import REPOSITORY
from playwright.sync_api import Page, Route, expect
from studies import link, wait_for_end
from visit import Visits, check_accessible, go_to, has_no_overflow, wait_until

EXAMPLE = REPOSITORY / "examples/commands"
MODEL = "result['double'] = 2 * {{a}}\n"


@pytest.fixture
def study(cruncher: CommandLine) -> Launched:
    """A fresh study, with the built page."""
    return cruncher.launch()


def pool(study: Launched, what: str, *arguments: str) -> str:
    """Runs `cruncher pool`, and returns what it says."""
    ran = study.command_line.run("pool", what, study.study, *arguments)
    assert ran.code == 0, ran.err
    return ran.out


def send(study: Launched, folder: Path, table: str) -> None:
    """Sends the cases of a table to the batch `b`."""
    (folder / "model.py").write_text(MODEL)
    (folder / "cases.csv").write_text(table)
    options = ("--model", str(folder / "model.py"), "--batch", "b", "--yes")
    ran = study.command_line.run("enqueue", study.study, str(folder / "cases.csv"), *options)
    assert ran.code == 0, ran.err


def named(study: Launched) -> list[str]:
    """The pools that `control.json` names."""
    s3 = study.command_line.cloud.client("s3")
    control: Any = json.loads(s3.get_object(Bucket=study.bucket, Key="control.json")["Body"].read())
    return list(control.get("pools", []))


def queues(study: Launched) -> list[str]:
    """The queues of the study's pools, without what all names begin with."""
    start = f"cruncher-{study.study}-Pool-"
    urls = study.command_line.cloud.client("sqs").list_queues(QueueNamePrefix=start).get("QueueUrls", [])
    return sorted(url.rpartition("/")[2].removeprefix(start) for url in urls)


def shown_pools(page: Page) -> Any:
    """The pools of the Overview."""
    return page.get_by_role("list", name="Pools").get_by_role("listitem")


def shot(page: Page, name: str) -> None:
    """Keeps a picture, if a folder is named for them."""
    if folder := os.environ.get("CRUNCHER_SHOTS"):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for width in (1440, 390):
                page.set_viewport_size({"width": width, "height": 900})
                page.screenshot(path=str(Path(folder) / f"{name}-{scheme}-{width}.png"), full_page=True)
        page.set_viewport_size({"width": 1440, "height": 900})


def remove_pool(page: Page, name: str) -> None:
    """Removes a pool, and says yes to the question."""
    page.get_by_role("button", name=f"Remove pool {name}").click()
    question = page.get_by_role("dialog", name=f"Remove pool {name}?")
    expect(question).to_contain_text("workers that are attached to it end")
    question.get_by_role("button", name="Remove it").click()


def line_of_page(page: Page) -> str:
    """The line for a shell, for one worker."""
    line = page.get_by_role("textbox", name="the line for a shell").inner_text()
    assert "workers=4" in line
    return line.replace("workers=4", "workers=1")


def test_the_page_shows_each_pool_and_attaches_to_the_one_that_is_chosen(
    study: Launched, visits: Visits, tmp_path: Path
) -> None:
    pool(study, "add", "gpu")
    send(study, tmp_path, "a,pool\n1,gpu\n2,gpu\n3,\n")
    page = visits.open(link(study))
    expect(shown_pools(page)).to_have_text(["main0 of 1 · 0 workers", "gpu0 of 2 · 0 workers"])
    check_accessible(page)

    go_to(page, "Attach")
    lines = page.get_by_role("navigation", name="Pool whose cases it takes")
    expect(lines.get_by_role("link")).to_have_text(["main", "gpu"])
    expect(lines.get_by_role("link", name="main")).to_have_attribute("aria-current", "true")
    lines.get_by_role("link", name="gpu").click()
    expect(page.get_by_role("textbox", name="the line for a shell")).to_contain_text("pool='gpu')")
    # The choice stands in the address.
    page.reload()
    expect(lines.get_by_role("link", name="gpu")).to_have_attribute("aria-current", "true")
    check_accessible(page)
    shot(page, "attach")
    # It stays chosen on the way, also for the line of the palette.
    go_to(page, "Cases")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search pages, batches, cases, workers and actions").fill("line for a shell")
    expect(page.get_by_role("option").first).to_contain_text("attaches workers to pool gpu")
    page.keyboard.press("Escape")
    go_to(page, "Attach")
    expect(lines.get_by_role("link", name="gpu")).to_have_attribute("aria-current", "true")
    # One that isn't there has no line; one that somebody else makes comes by itself.
    page.goto(page.url.split("#")[0] + "#/attach?batch=*&pool=none")
    expect(page.get_by_text("The study has no pool none.")).to_be_visible()
    expect(page.get_by_role("textbox", name="the line for a shell")).to_have_count(0)
    shot(page, "attach-gone")
    pool(study, "add", "slow")
    expect(page.get_by_role("list", name="Pools")).to_contain_text("slow", timeout=60_000)
    lines.get_by_role("link", name="gpu").click()
    expect(lines.get_by_role("link", name="gpu")).to_have_attribute("aria-current", "true")
    with attach(line_of_page(page)):
        go_to(page, "Overview")
        expect(shown_pools(page).filter(has_text="gpu")).to_contain_text("2 of 2 ✓ · 1 worker")
        expect(page.get_by_text("1 case waits in pool main, and no worker is attached to it.")).to_be_visible()
        shot(page, "overview")
        check_accessible(page)
    shown_pools(page).get_by_role("link", name="gpu").click()
    rows = page.get_by_role("grid").get_by_role("row")
    expect(page.get_by_role("columnheader", name="pool")).to_be_visible()
    expect(page.get_by_role("gridcell").filter(has_text="gpu")).to_have_count(2)
    expect(rows).to_have_count(3)
    shot(page, "cases")
    # The other one's case, which has no outcome yet.
    page.get_by_role("combobox", name="Filter").or_(page.get_by_role("searchbox", name="Filter")).fill("pool:main")
    expect(page.get_by_role("gridcell").filter(has_text="main")).to_have_count(1)
    expect(rows).to_have_count(2)


def test_an_error_tells_the_pool_that_it_is_of(study: Launched, visits: Visits, tmp_path: Path) -> None:
    pool(study, "add", "gpu")
    (tmp_path / "model.py").write_text("raise ValueError('no such device')  # {{a}}\n")
    table = {"columns": [{"name": "a"}], "rows": [[1], [2], [3]], "pools": ["gpu", "gpu", None]}
    design = {
        "batch": "b",
        "model": {"file": "model.py", "kind": "python"},
        "sampler": {"kind": "table"},
        "table": table,
    }
    (tmp_path / "design.json").write_text(json.dumps({**design, "max_attempts": 1}))
    ran = study.command_line.run("enqueue", study.study, str(tmp_path / "design.json"), "--yes")
    assert ran.code == 0, ran.err
    page = visits.open(link(study))
    go_to(page, "Attach")
    page.get_by_role("navigation", name="Pool whose cases it takes").get_by_role("link", name="gpu").click()
    expect(page.get_by_role("textbox", name="the line for a shell")).to_contain_text("pool='gpu')")
    with attach(line_of_page(page)):
        go_to(page, "Overview")
        expect(shown_pools(page).nth(1)).to_have_text(re.compile("^gpu0 of 2 · 2 failed · 1 worker"))
        expect(page.get_by_role("region", name="Workers").get_by_role("row").nth(1)).to_contain_text("· gpu")
        shot(page, "failed")
    go_to(page, "Errors")
    group = page.get_by_role("link", name=re.compile("no such device"))
    expect(group).to_contain_text("2 cases")
    expect(group).to_contain_text("pool gpu")
    shot(page, "errors")


def test_an_operator_makes_a_pool_and_removes_it(study: Launched, visits: Visits, tmp_path: Path) -> None:
    # A look may still count the queue that was deleted.
    visits.expected += ["400 (Bad Request)"]
    page = visits.open(link(study))
    go_to(page, "Attach")
    panel = page.get_by_role("region", name="Pools of the study")
    expect(panel).to_contain_text("None yet")
    name, make = panel.get_by_label("New pool"), panel.get_by_role("button", name="Make")
    expect(make).to_be_disabled()
    for wrong, said in (("main", "is called main"), ("C5.large", "c5-large?"), ("a b", "at most 20")):
        name.fill(wrong)
        expect(panel.get_by_text(said)).to_be_visible()
        expect(name).to_have_attribute("aria-invalid", "true")
        expect(make).to_be_disabled()
    shot(page, "pool-wrong")
    check_accessible(page)
    name.fill("gpu")
    name.press("Enter")
    expect(panel.get_by_text("Pool gpu is made.")).to_be_visible()
    # Its line stands there at once.
    expect(page.get_by_role("textbox", name="the line for a shell")).to_contain_text("pool='gpu')")
    lines = page.get_by_role("navigation", name="Pool whose cases it takes")
    expect(lines.get_by_role("link")).to_have_text(["main", "gpu"])
    assert (named(study), queues(study)) == (["gpu"], ["gpu-Dead.fifo", "gpu.fifo"])
    expect(panel.get_by_role("list", name="Pools")).to_contain_text("gpu")
    name.fill("gpu")
    expect(panel.get_by_text("There is a pool gpu already.")).to_be_visible()
    name.fill("")
    shot(page, "pool-made")
    check_accessible(page)
    assert has_no_overflow(page)

    # Cases are waited for; somebody else may have sent some meanwhile.
    remove = panel.get_by_role("button", name="Remove pool gpu")
    expect(remove).to_be_enabled()
    send(study, tmp_path, "a,pool\n1,gpu\n")
    remove.click()
    shot(page, "pool-question")
    check_accessible(page)
    page.keyboard.press("Escape")
    remove_pool(page, "gpu")
    expect(page.get_by_role("alert")).to_contain_text("Pool gpu has 1 case and 0 dead letters, which would be lost.")
    assert named(study) == ["gpu"]
    expect(panel.get_by_text("1 case", exact=True)).to_be_visible()
    expect(remove).to_be_disabled()
    shot(page, "pool-refused")
    study.command_line.cloud.client("sqs").purge_queue(
        QueueUrl=f"{study.outputs['QueueUrl'].rpartition('/')[0]}/cruncher-{study.study}-Pool-gpu.fifo"
    )
    go_to(page, "Overview")
    go_to(page, "Attach")
    expect(panel.get_by_text("empty", exact=True)).to_be_visible()
    remove_pool(page, "gpu")
    expect(panel.get_by_text("Pool gpu is removed.")).to_be_visible()
    assert (named(study), queues(study)) == ([], [])
    # What was sent to it is told, though the pool is gone.
    go_to(page, "Overview")
    expect(shown_pools(page).nth(1)).to_have_text("gpu0 of 1 · pool removed")


def test_a_pool_whose_program_does_not_come_is_refused_and_not_made_later(study: Launched, visits: Visits) -> None:
    visits.expected += ["ERR_FAILED", "/start.js"]
    page = visits.open(link(study))
    held: list[Route] = []
    program = re.compile(r"/start\.js\?program=designer")
    page.route(program, lambda route: held.append(route))
    # The Design page asks for the program first.
    go_to(page, "Design")
    expect(page.get_by_text("Loading the design page")).to_be_visible()
    wait_until(page, "the program is asked for", lambda: len(held) == 1)
    go_to(page, "Attach")
    panel = page.get_by_role("region", name="Pools of the study")
    panel.get_by_label("New pool").fill("slow")
    panel.get_by_role("button", name="Make").click()
    expect(panel.get_by_text("Making slow …")).to_be_visible()
    held.pop().abort()
    expect(panel.get_by_role("alert")).to_contain_text("The design page can't be loaded.")
    expect(panel.get_by_text("Making slow …")).to_have_count(0)
    page.unroute(program)
    panel.get_by_label("New pool").fill("gpu")
    panel.get_by_role("button", name="Make").click()
    expect(panel.get_by_text("Pool gpu is made.")).to_be_visible()
    assert named(study) == ["gpu"]
    go_to(page, "Design")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Design", exact=True)).to_be_visible()
    go_to(page, "Fleet")
    expect(page.get_by_role("heading", name="Fleet", exact=True)).to_be_visible()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    assert sorted(ids) == sorted(set(ids))


def test_who_may_not_make_pools_is_offered_none(study: Launched, visits: Visits) -> None:
    pool(study, "add", "gpu")
    page = visits.open(link(study, "viewer"))
    go_to(page, "Attach")
    expect(page.get_by_text("only the operator's link shows it")).to_be_visible()
    expect(page.get_by_label("New pool")).to_have_count(0)
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)
    # It would count the messages of a queue that is just being removed, and be refused.
    page.close()

    # A stack of an earlier version: the operator's key lacks the right.
    iam = study.command_line.cloud.client("iam")
    (attached,) = [
        one for one in iam.list_attached_user_policies(UserName=study.outputs["OperatorUser"])["AttachedPolicies"]
        if "PoolsOfOperator" in one["PolicyName"]
    ]  # fmt: skip
    iam.detach_user_policy(UserName=study.outputs["OperatorUser"], PolicyArn=attached["PolicyArn"])
    pool(study, "remove", "gpu")
    visits.expected += ["403"]
    page = visits.open(link(study))
    go_to(page, "Attach")
    panel = page.get_by_role("region", name="Pools of the study")
    panel.get_by_label("New pool").fill("slow")
    panel.get_by_role("button", name="Make").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("This key makes and removes no pools.")
    expect(alert).to_contain_text(f"cruncher configure {study.study}")
    expect(alert).to_contain_text(f"cruncher pool add {study.study} slow")
    shot(page, "pool-denied")
    assert named(study) == []


def test_a_table_of_commands_goes_to_machines_whose_pools_are_made_where_they_lack(
    study: Launched, visits: Visits
) -> None:
    page = open_design(visits, study)
    button(page, "A command").click()
    button(page, "A table of cases").click()
    choose_file(page, "Table of cases", (EXAMPLE / "jobs.csv").read_bytes(), "jobs.csv")
    missing = page.get_by_role("group", name="Missing pools")
    expect(missing).to_contain_text("The study has no pools t2-small, c5-large: their cases can't be sent.")
    button(page, "Run the commands of the table").click()
    text(page, "Result file").fill("results.csv")
    choose(page, "Progress", "lines of its output")
    text(page, "Batch").fill("tours")
    shot(page, "design-missing")
    check_accessible(page)
    button(page, "Make these 2 pools").click()
    expect(missing).to_be_hidden()
    assert named(study) == ["c5-large", "t2-small"]
    preview(page, "5 cases")
    review(page)
    send_all(page, 5)

    go_to(page, "Attach")
    lines = page.get_by_role("navigation", name="Pool whose cases it takes")
    for name, done in (("t2-small", 3), ("c5-large", 5)):
        lines.get_by_role("link", name=name).click()
        expect(page.get_by_role("textbox", name="the line for a shell")).to_contain_text(f"pool='{name}')")
        with attach(f"export PATH={EXAMPLE / 'bin'}:$PATH; {line_of_page(page)}"):
            wait_for_end(study, done)
    go_to(page, "Overview")
    expect(shown_pools(page)).to_have_count(3)
    expect(shown_pools(page).nth(1)).to_contain_text("c5-large2 of 2 ✓")
    expect(shown_pools(page).nth(2)).to_contain_text("t2-small3 of 3 ✓")
    shot(page, "tours")
