"""The dashboard, as its users see it: in Chromium, with real keys, workers and a study that `cruncher` launched."""

from __future__ import annotations

import dataclasses
import gzip
import json
import re
import shutil
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import command_line
import pytest
from attached import attach
from command_line import CommandLine, Launched, accesses, demo
from enqueue import Queue, enqueue
from local_cloud import REPOSITORY, Key, LocalCloud, client, free_port
from playwright.sync_api import Page, expect
from small_models import DOUBLE
from studies import documents, encoded, line_of, link, messages, queue_of, wait_for_end
from visit import (
    PLAIN_HOST,
    Visits,
    check_accessible,
    figure,
    go_to,
    has_no_overflow,
    link_field,
    live,
    progress,
    requests_of,
    title_of,
    wait_until,
)

LINES = ["the line for Python", "the line for a shell"]


# ---- Fixtures ----


@pytest.fixture
def launched(cruncher: CommandLine) -> Launched:
    """A fresh study."""
    return cruncher.launch()


# ---- A study from its first visit to its last case ----


@pytest.fixture(scope="session")
def quick_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout's part that the demo needs, with fewer and coarser cases."""
    root = tmp_path_factory.mktemp("checkout")
    (root / ".venv").symlink_to(REPOSITORY / ".venv")
    example = root / "examples/layered_footing"
    shutil.copytree(REPOSITORY / "examples/layered_footing", example)
    model = (example / "footing.py").read_text()
    assert '"fineness", 1.0)' in model
    (example / "footing.py").write_text(model.replace('"fineness", 1.0)', '"fineness", 0.2)'))
    design = json.loads((example / "study.json").read_text())
    design["sampler"]["levels"] = [1, 3]
    (example / "study.json").write_text(json.dumps(design))
    return root


def test_a_study_end_to_end(
    binary: Path, page_folder: Path, quick_example: Path, visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = ("--port", str(free_port()), "--cloud-port", str(free_port()))
    monkeypatch.setattr(command_line, "REPOSITORY", quick_example)
    with demo(binary, page_folder, *ports, "--workers", "0") as (running, _):
        operator = running.wait_for(r"as operator +(\S+)")
        endpoint_url, bucket = running.wait_for(r"^Cloud +(http\S+), bucket (\S+)$").groups()
        page = visits.open(operator[1])
        expect(page.get_by_role("heading", name="14 cases wait for a worker")).to_be_visible()
        expect(progress(page)).to_contain_text("0 of 14 done")

        go_to(page, "Attach")
        page.get_by_role("spinbutton", name="Workers on this computer").fill("1")
        page.get_by_role("heading", name="A shell").click()
        expect(page.get_by_role("status").filter(has_text="A worker appears here")).to_be_visible()
        with attach(page.get_by_role("textbox", name="the line for a shell").inner_text()):
            expect(page.get_by_role("region", name="Workers").get_by_role("row")).to_have_count(2)
            go_to(page, "Overview")
            expect(progress(page)).to_contain_text("14 of 14 done")
            expect(progress(page)).to_contain_text("complete")

        expect(progress(page)).to_contain_text("In the queue: 0 waiting, 0 in workers' hands")
        shown = {state: figure(page, state).inner_text() for state in ("done", "running", "queued", "failed")}
        assert shown == {"done": "14", "running": "0", "queued": "0", "failed": "0"}
        (access,) = accesses(operator[1])
        key = Key(access["key_id"], access["secret"])
        s3, sqs = client("s3", endpoint_url, key), client("sqs", endpoint_url, key)
        config = json.loads(s3.get_object(Bucket=bucket, Key="public/config.json")["Body"].read())
        assert messages(sqs, config["queue_url"]) == (0, 0)
        results = documents(s3, bucket, "done-")
        assert len(results) == 14
        assert all(result["result"]["end_load"] > 0 for result in results)
        check_order(results)
        visits.close()


def check_order(results: list[dict[str, Any]]) -> None:
    """No case of a level was started before every case of the level before."""
    levels = sorted({result["level"] for result in results})
    assert len(levels) > 1
    starts = [[result["start_time"] for result in results if result["level"] == level] for level in levels]
    for earlier, later in pairwise(starts):
        assert max(earlier) < min(later)


def test_a_worker_killed_in_the_middle_of_a_case_loses_nothing(
    cruncher: CommandLine, cloud: LocalCloud, visits: Visits, tmp_path: Path
) -> None:
    study = cloud.deploy(lease_secs=3)
    assert cruncher.run("configure", study.name).code == 0
    s3, sqs = cloud.client("s3", study.operator), cloud.client("sqs", study.operator)
    here, gate = tmp_path / "here", tmp_path / "gate"
    model = (
        f"import os, time\nopen({str(here)!r}, 'a').write('x')\n"
        f"while not os.path.exists({str(gate)!r}):\n    time.sleep(0.01)\nresult['double'] = 2 * {{{{a}}}}\n"
    )
    queue = Queue(s3, sqs, study.bucket, study.config["queue_url"])
    enqueue(queue, "b", model, {1: [{"a": 7}]})
    access = {"role": "operator", **dataclasses.asdict(study.operator), "worker": dataclasses.asdict(study.worker)}
    page = visits.open(f"{study.bucket_url}/index.html#access={encoded(access)}")
    expect(page.get_by_role("heading", name="1 case waits for a worker")).to_be_visible()
    page.get_by_role("spinbutton", name="Workers on this computer").fill("1")
    page.get_by_role("heading", name="A shell").click()
    line = page.get_by_role("textbox", name="the line for a shell").inner_text()
    with attach(line) as victim:
        expect(figure(page, "running")).to_have_text("1")
        wait_until(page, "the case has begun", here.exists)
        victim.kill()
    gate.touch()
    with attach(line):
        expect(figure(page, "done")).to_have_text("1")
        expect(progress(page)).to_contain_text("complete")
    (result,) = documents(s3, study.bucket, "done-")
    assert (result["result"], result["attempt"], here.read_text()) == ({"double": 14}, 1, "xx")
    assert messages(sqs, study.config["queue_url"]) == (0, 0)


# ---- The line ----


def test_each_line_is_copied_as_it_is_shown(finished: Launched, visits: Visits) -> None:
    page = visits.open(link(finished), permissions=["clipboard-read", "clipboard-write"])
    go_to(page, "Attach")
    for name in LINES:
        shown = page.get_by_role("textbox", name=name).inner_text()
        assert finished.key("worker").secret in shown
        page.evaluate("navigator.clipboard.writeText('')")
        page.get_by_role("button", name=f"Copy {name}").click()
        expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
        page.wait_for_function("async line => await navigator.clipboard.readText() === line", arg=shown)


def test_a_line_is_copied_on_a_page_that_came_over_plain_http(finished: Launched, visits: Visits) -> None:
    page = visits.open(link(finished).replace("127.0.0.1", PLAIN_HOST, 1))
    go_to(page, "Attach")
    assert page.evaluate("[isSecureContext, 'clipboard' in navigator]") == [False, False]
    line = page.get_by_role("textbox", name="the line for a shell").inner_text()
    page.get_by_role("button", name="Copy the line for a shell").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    # Another page, where it is pasted.
    editor = page.context.new_page()
    editor.set_content("<label>Notes <textarea></textarea></label>")
    editor.get_by_label("Notes").press("Control+V")
    expect(editor.get_by_label("Notes")).to_have_value(line)


# ---- Failures ----


def test_a_case_whose_model_raises_is_shown_with_the_model_s_own_line(finished: Launched, visits: Visits) -> None:
    page = visits.open(link(finished))
    expect(progress(page)).to_contain_text("5 of 7 done")
    expect(progress(page)).to_contain_text("nothing left to run")
    figure(page, "failed").get_by_role("link", name="2").click()
    expect(page.get_by_role("heading", name="Errors")).to_contain_text("2 cases in 1 group")
    group = error_group(page, "ValueError: negative depth")
    expect(group).to_contain_text("2 cases")
    group.click()
    trace = page.get_by_role("region", name="Traceback")
    expect(trace).to_contain_text('raise ValueError(f"negative depth {depth}")  # the line to look for')
    expect(trace).to_contain_text("line 3, in settle")
    page.get_by_text("What it printed").click()
    expect(page.get_by_text("about to settle")).to_be_visible()

    s3 = finished.command_line.cloud.client("s3")
    for document in documents(s3, finished.bucket, "error-"):
        inputs = " · ".join(f"{name} {json.dumps(value)}" for name, value in document["parameters"].items())
        # They have texts and few digits: in short they are the same.
        short = " · ".join(f"{name} {value}" for name, value in document["parameters"].items())
        chip = page.get_by_role("group", name="Cases of this group").get_by_role("button", name=short, exact=True)
        expect(chip).to_have_attribute("title", f"{inputs} · {document['case_id']} of {document['batch']}")
        chip.click()
        expect(page.get_by_role("definition").filter(has_text=inputs)).to_be_visible()
        expect(trace).to_contain_text(document["message"])
        expect(page.get_by_role("definition").filter(has_text=document["case_id"])).to_be_visible()
        expect(page.get_by_role("definition").filter(has_text="1 of 1, failed after")).to_be_visible()


def error_group(page: Page, error: str) -> Any:
    """The heading of a group of failures."""
    heading = re.compile(re.escape(error))
    shut, opened = (page.get_by_role("link", name=heading, expanded=expanded) for expanded in (False, True))
    return shut.or_(opened)


def test_what_a_model_says_is_shown_and_not_executed(launched: Launched, visits: Visits) -> None:
    attack = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    model = f"print({attack!r})\nraise ValueError({{{{text}}}} + {attack!r})\n"
    enqueue(queue_of(launched), "b", model, {1: [{"text": attack}]}, max_attempts=1)
    with attach(line_of(launched)):
        wait_for_end(launched, done=0, errors=1)
    page = visits.open(link(launched))
    expect(page.get_by_role("link").filter(has_text=attack)).to_be_visible()
    page.get_by_role("link").filter(has_text=attack).click()
    expect(page.get_by_role("region", name="Traceback")).to_contain_text(f"ValueError: {attack}{attack}")
    page.get_by_text("What it printed").click()
    expect(page.locator("pre").filter(has_text=attack)).to_have_count(2)
    assert page.get_by_role("main").locator("img, script").count() == 0


def test_objects_that_are_not_what_their_keys_say_are_named_and_disturb_nothing(
    launched: Launched, visits: Visits
) -> None:
    enqueue(queue_of(launched), "b", DOUBLE, {1: [{"a": 1}]})
    with attach(line_of(launched)):
        wait_for_end(launched, done=1)
    digits = "0" * 32
    junk = {
        "workers/node<img src=x onerror=alert(1)>/heartbeat.json": b"<!doctype html><script>alert(3)</script>",
        "workers/list/heartbeat.json": b"[" * 5_000,
        "workers/types/heartbeat.json": b'{"v": 1, "worker": 7}',
        "workers/rows/segment-000000.ndjson": b'{"batch": "b"}\nnull\n\xff\xfe\n',
        "data/b/cases-00f1e2d3c4b5a697.csv.gz": b"no,table\n1,2\n",
        f"data/b/error-{digits}.json": b'{"v": 1, "message": "<script>alert(4)</script>"',
        "control.json": b"paused",
    }
    s3 = launched.command_line.cloud.client("s3")
    for key, body in junk.items():
        s3.put_object(Bucket=launched.bucket, Key=key, Body=body)
    # A browser gives nothing of what is said to be packed and isn't, and unpacks the rest without limit.
    packed = {
        "workers/packed/heartbeat.json": gzip.compress(b" " * (64 << 20)),
        "workers/packed/segment-000000.ndjson": b"not packed\n",
        "data/b/cases-00f1e2d3c4b5a698.csv.gz": b"not packed",
        "data/b/cases-00f1e2d3c4b5a699.csv.gz": gzip.compress(b"case_id,level,replicate\n")[:20],
    }
    for key, body in packed.items():
        s3.put_object(Bucket=launched.bucket, Key=key, Body=body, ContentEncoding="gzip")
    junk |= packed
    page = visits.open(link(launched))
    expect(progress(page)).to_contain_text("1 of 1 done")
    expect(page.get_by_role("region", name="Workers").get_by_role("row").filter(has_text="Python")).to_have_count(1)
    go_to(page, "Errors")
    expect(page.get_by_role("heading", name="Objects that can't be read")).to_be_visible()
    for key in junk:
        expect(page.get_by_role("term").filter(has_text=key)).to_be_visible()
    assert page.get_by_role("main").locator("img, script").count() == 0
    s3.delete_object(Bucket=launched.bucket, Key="workers/list/heartbeat.json")
    page.get_by_role("button", name=re.compile("^live")).click()
    expect(page.get_by_role("term").filter(has_text="workers/list/heartbeat.json")).to_have_count(0)


# ---- Workers ----


def test_a_worker_on_which_everything_fails_says_why_it_takes_no_case(launched: Launched, visits: Visits) -> None:
    model = "raise ValueError('no licence on this computer')"
    enqueue(queue_of(launched), "b", model, {1: [{"a": number} for number in range(6)]}, max_attempts=1)
    page = visits.open(link(launched))
    with attach(line_of(launched)):
        why = re.compile(
            r"^Worker \S+ on \S+ takes no case at present: the last 5 cases failed here, the last one with ValueError: "
            "no licence on this computer; it tries again after"
        )
        expect(page.get_by_role("status").get_by_text(why)).to_be_visible(timeout=40_000)
        expect(page.get_by_role("row").filter(has_text="resting")).to_have_count(1)
        expect(progress(page)).to_contain_text("0 of 6 done")


def test_the_bar_at_the_top_is_as_high_whatever_its_figures_say(launched: Launched, visits: Visits) -> None:
    page = visits.open(link(launched))
    expect(live(page)).to_contain_text("live · ")
    for width in (390, 360):
        page.set_viewport_size({"width": width, "height": 800})
        heights = live(page).evaluate(
            """button => [4, 8, 12, 16].map(letters => ["now", "5 s ago", "12 s ago", "59 min ago"].map(age => {
                const header = button.closest("header");
                header.querySelector("h1").textContent = "n".repeat(letters);
                button.lastChild.data = `live · ${age}`;
                return header.offsetHeight;
            }))"""
        )
        assert [len(set(of_name)) for of_name in heights] == [1] * 4, (width, heights)


def test_computers_of_the_predecessor_may_be_silent_while_they_compute(launched: Launched, visits: Visits) -> None:
    s3 = launched.command_line.cloud.client("s3")
    cases = [f"{number:08x}-0000-4000-8000-{number:012x}" for number in range(3)]
    message = {
        case: {
            "case_id": case,
            "base_file": "public/footing.py",
            "parameter_file": f"data/demo/set1/pfile-{case}.json",
            "cube_id": 3,
        }
        for case in cases
    }
    taken = {**message[cases[0]], "computer": "node_7_nt_4711", "version": "910.14", "start_time": time.time() - 18_000}
    objects = {
        "all_runs.json": {case: {"parameters": {"c": 1.5e5}, "data": message[case]} for case in cases},
        f"data/pending-{cases[0]}.json": {**taken, "parameters": {"c": 1.5e5}},
        **{f"data/demo/set1/pfile-{case}.json": {"c": 1.5e5} for case in cases},
    }
    for key, document in objects.items():
        s3.put_object(Bucket=launched.bucket, Key=key, Body=json.dumps(document))
    page = visits.open(link(launched))
    expect(progress(page)).to_contain_text("0 of 3 done")
    expect(figure(page, "running")).to_have_text("1")
    expect(figure(page, "queued")).to_have_text("2")
    row = page.get_by_role("region", name="Workers").get_by_role("row").nth(1)
    expect(row).to_contain_text(re.compile("node_7 *910.14 *▶ running *00000000 *5 h"))
    expect(page.get_by_role("main")).not_to_contain_text(re.compile("silent|lease|for a worker"))


# ---- Links ----


def test_the_key_leaves_the_address_bar_and_the_history_and_the_tab_keeps_it(
    finished: Launched, visits: Visits
) -> None:
    page = visits.open("about:blank")
    page.goto(link(finished))
    expect(progress(page)).to_be_visible()
    secret = link(finished).split("#access=")[1]
    address = finished.ran.json()["page_url"]

    def is_clean() -> bool:
        return page.url.split("#")[0] == address and "access" not in page.url and secret not in page.content()

    assert is_clean()
    go_to(page, "Attach")
    page.go_back()
    expect(page).to_have_title(title_of("Overview"))
    assert is_clean()
    page.go_back()
    assert page.url == "about:blank"
    page.go_forward()
    expect(progress(page)).to_be_visible()
    assert is_clean()
    page.reload()
    expect(progress(page)).to_be_visible()
    assert is_clean()
    assert (
        page.evaluate("JSON.stringify([history.state, Object.entries(localStorage), document.cookie])").find(
            finished.key("operator").secret
        )
        < 0
    )

    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_role("textbox", name="Passphrase")).to_be_visible()
    page.reload()
    expect(page.get_by_role("textbox", name="Passphrase")).to_be_visible()


def test_a_new_tab_asks_for_a_link_and_opens_the_one_that_is_pasted(finished: Launched, visits: Visits) -> None:
    first = visits.open(link(finished))
    expect(progress(first)).to_be_visible()
    page = first.context.new_page()
    page.goto(finished.ran.json()["page_url"])
    field = link_field(page)
    field.fill("https://example.com/")
    page.get_by_role("button", name="Open with the link").click()
    expect(page.get_by_role("alert").filter(has_text="There is no key in this address")).to_be_visible()
    field.fill(link(finished, "viewer"))
    field.press("Enter")
    expect(progress(page)).to_contain_text("5 of 7 done")
    expect(page.get_by_text("viewer", exact=True)).to_be_visible()
    assert "access" not in page.url


def test_another_link_in_the_same_tab_takes_the_place_of_the_first(finished: Launched, visits: Visits) -> None:
    page = visits.open(link(finished))
    expect(page.get_by_text("operator", exact=True)).to_be_visible()
    page.goto(link(finished, "viewer"))
    expect(page.get_by_text("viewer", exact=True)).to_be_visible()
    assert "access" not in page.url


@pytest.mark.parametrize("lacking", [1, 2, 30, 150])
def test_a_link_that_was_cut_off_says_so(finished: Launched, visits: Visits, lacking: int) -> None:
    page = visits.open(link(finished)[:-lacking])
    expect(page.get_by_role("alert").filter(has_text="This link is incomplete.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Passphrase")).to_be_visible()
    assert "access" not in page.url


@pytest.mark.parametrize("part", ["key_id", "secret"])
def test_a_link_with_a_key_that_is_none_says_so(finished: Launched, visits: Visits, part: str) -> None:
    visits.expected.append("status of 403")
    access = finished.access("viewer")
    access[part] = access[part][:-4] + "0000"
    page = visits.open(f"{finished.ran.json()['page_url']}#access={encoded(access)}")
    check_refused(page)


def test_a_link_whose_key_was_deleted_says_so(launched: Launched, visits: Visits) -> None:
    visits.expected.append("status of 403")
    enqueue(queue_of(launched), "b", DOUBLE, {1: [{"a": 1}]})
    page = visits.open(link(launched, "viewer"))
    expect(progress(page)).to_contain_text("0 of 1 done")
    assert launched.command_line.run("configure", launched.study, "--rotate-keys").code == 0
    live(page).click()
    check_refused(page)
    expect(progress(page)).to_contain_text("0 of 1 done")
    expect(live(page)).to_have_text(re.compile("no answer"))


def check_refused(page: Page) -> None:
    """That the page says what is wrong with its key, and what to do."""
    alert = page.get_by_role("alert").filter(has_text="This key is not accepted any more.")
    expect(alert).to_contain_text("cruncher configure STUDY --rotate-keys")
    alert.get_by_text("What was asked").click()
    expect(
        alert.get_by_text(re.compile("InvalidAccessKeyId|SignatureDoesNotMatch|InvalidClientTokenId"))
    ).to_be_visible()


def test_a_viewer_sees_no_line(launched: Launched, visits: Visits) -> None:
    enqueue(queue_of(launched), "b", DOUBLE, {1: [{"a": 1}, {"a": 2}]})
    page = visits.open(link(launched, "viewer"))
    expect(page.get_by_role("heading", name="2 cases wait for a worker")).to_be_visible()
    for name in ("Overview", "Attach"):
        go_to(page, name)
        expect(page.get_by_text("only the operator's link shows it")).to_be_visible()
        expect(page.get_by_role("textbox")).to_have_count(0)
        assert launched.key("worker").secret not in page.content()
        assert launched.key("worker").key_id not in page.content()


# ---- Odd states ----


def test_a_study_without_cases_and_without_workers_says_what_comes_next(launched: Launched, visits: Visits) -> None:
    page = visits.person().new_page()
    page.clock.install()
    page.goto(link(launched))
    expect(page.get_by_role("heading", name="No cases yet")).to_be_visible()
    enqueue(queue_of(launched), "b", DOUBLE, {1: [{"a": 1}]})
    waiting = page.get_by_role("heading", name="1 case waits for a worker")
    # It looks by itself, at most every three seconds; a minute has to be enough.
    pass_time(page, 3, until=waiting.is_visible)
    assert launched.key("worker").secret in page.get_by_role("textbox", name="the line for Python").inner_text()
    go_to(page, "Errors")
    nothing = page.get_by_text("No case has failed.")
    pass_time(page, 3, until=nothing.is_visible)


def pass_time(page: Page, step_secs: int, until: Callable[[], bool]) -> None:
    """Lets a minute pass on a page whose clock is installed, or less."""
    for _ in range(0, 60, step_secs):
        page.clock.run_for(step_secs * 1000)
        # What the page has begun takes real time.
        page.wait_for_timeout(100)
        if until():
            return
    raise AssertionError("it didn't come about within a minute")


def test_without_network_old_figures_stay_and_the_page_recovers_by_itself(finished: Launched, visits: Visits) -> None:
    visits.expected.append("ERR_INTERNET_DISCONNECTED")
    page = visits.person().new_page()
    page.clock.install()
    page.goto(link(finished))
    expect(live(page)).to_have_text(re.compile(r"^live · "))
    page.context.set_offline(True)
    live(page).click()
    alert = page.get_by_role("alert").filter(has_text="This computer has no network.")
    pass_time(page, 2, until=alert.is_visible)
    page.clock.run_for(5_000)
    expect(live(page)).to_have_text(re.compile(r"^no answer · as of \d+ s ago$"))
    expect(progress(page)).to_contain_text("5 of 7 done")
    page.context.set_offline(False)
    pass_time(page, 2, until=lambda: not alert.is_visible())
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(live(page)).to_have_text(re.compile(r"^live · "))


def test_a_hidden_tab_rests_and_goes_on_when_it_is_shown(finished: Launched, visits: Visits) -> None:
    context = visits.person()
    page = context.new_page()
    page.clock.install()
    page.goto(link(finished))
    expect(progress(page)).to_be_visible()
    sent = requests_of(page)
    page.clock.run_for(60_000)
    wait_until(page, "it looks again by itself", lambda: len(sent) >= 4)
    show(page, hidden=True)
    # A look that had begun comes to its end.
    page.wait_for_load_state("networkidle")
    page.clock.run_for(1_000)
    page.wait_for_load_state("networkidle")
    sent.clear()
    for _ in range(10):
        page.clock.run_for(60_000)
    assert sent == []
    show(page, hidden=False)
    wait_until(page, "it looks again as soon as it is seen", lambda: len(sent) >= 4)


def show(page: Page, hidden: bool) -> None:
    """What a browser does when another tab is chosen, or this one again."""
    page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange', {bubbles: true})) }",
        hidden,
    )


def test_a_page_without_its_study_says_so(launched: Launched, visits: Visits) -> None:
    visits.expected.append("status of 40")
    launched.command_line.cloud.client("s3").delete_object(Bucket=launched.bucket, Key="public/config.json")
    page = visits.open(link(launched))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("There is no study at this address.")
    expect(alert).to_contain_text("cruncher configure STUDY")
    alert.get_by_text("What was asked").click()
    expect(alert.get_by_text("public/config.json was answered with status")).to_be_visible()


# ---- For everybody ----


PAGES = ["Overview", "Attach", "Errors", "No link"]


def show_page(visits: Visits, study: Launched, name: str, **options: Any) -> Page:
    """A page of a study, everything that it can show standing open."""
    if name == "No link":
        page = visits.open(study.ran.json()["page_url"], **options)
        link_field(page)
        page.get_by_role("button", name="Open with the link").click()
        expect(page.get_by_role("alert").filter(has_text="There is no key")).to_be_visible()
        return page
    page = visits.open(link(study), **options)
    expect(progress(page)).to_be_visible()
    go_to(page, name)
    if name == "Errors":
        error_group(page, "ValueError").click()
        expect(page.get_by_role("region", name="Traceback")).to_be_visible()
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(finished: Launched, visits: Visits, name: str, scheme: str) -> None:
    page = show_page(visits, finished, name, color_scheme=scheme)
    check_accessible(page)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_window(finished: Launched, visits: Visits, name: str) -> None:
    page = show_page(visits, finished, name)
    for width in (1440, 390, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert has_no_overflow(page), width


def test_everything_is_done_by_keyboard(finished: Launched, visits: Visits) -> None:
    page = visits.open(link(finished))
    expect(progress(page)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    tab_to(page, figure(page, "failed").get_by_role("link"))
    page.keyboard.press("Enter")
    expect(page).to_have_title(title_of("Errors"))

    page.keyboard.press("Tab")
    tab_to(page, error_group(page, "ValueError"))
    page.keyboard.press("Enter")
    expect(error_group(page, "ValueError")).to_have_attribute("aria-expanded", "true")
    expect(error_group(page, "ValueError")).to_be_focused()
    expect(page.get_by_role("region", name="Traceback")).to_be_visible()
    page.keyboard.press("Enter")
    expect(error_group(page, "ValueError")).to_have_attribute("aria-expanded", "false")

    tab_to(page, page.get_by_role("navigation", name="Pages").get_by_role("link", name="Attach"))
    page.keyboard.press("Enter")
    expect(page).to_have_title(title_of("Attach"))
    tab_to(page, page.get_by_role("button", name="Copy the line for Python"))
    page.keyboard.press("Space")
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)


def tab_to(page: Page, target: Any) -> None:
    """Presses Tab until something is reached, once around the page at most."""
    for _ in range(40):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"not reached by keyboard: {target}")


def test_a_look_that_brings_nothing_new_leaves_the_reader_where_they_are(finished: Launched, visits: Visits) -> None:
    page = show_page(visits, finished, "Errors")
    page.get_by_text("What it printed").click()
    error_group(page, "ValueError").focus()
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.evaluate("dispatchEvent(new Event('visibilitychange'))")
    expect(live(page)).to_have_text(re.compile("^live · (now|0 s|1 s)"))
    expect(page.get_by_text("about to settle")).to_be_visible()
    expect(error_group(page, "ValueError")).to_be_focused()
