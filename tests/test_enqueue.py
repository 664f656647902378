"""`cruncher enqueue` and `cruncher design`: what arrives in a real queue, whatever happens on the way."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attached import attach
from command_line import PATIENCE_SECS, CommandLine, Launched, Ran
from local_cloud import REGION, REPOSITORY
from proxy import Answer, Proxy, proxy, throttled, without
from studies import drain, line_of, messages, table_of, wait_for_end

MODEL = "result['double'] = 2 * {{a}}\nif {{a}} > 900:\n    raise ValueError('too much')\n"


@pytest.fixture
def launched(command_line: CommandLine) -> Launched:
    """A fresh study."""
    return command_line.launch()


@pytest.fixture
def slow(command_line: CommandLine) -> Iterator[Proxy]:
    """A proxy between the command line and its cloud."""
    with proxy(command_line.cloud) as running:
        yield running


def write_design(folder: Path, sampler: dict[str, Any], name: str = "design", **more: Any) -> Path:
    """A design of one factor, with its model beside it."""
    (folder / "model.py").write_text(MODEL)
    design = {
        "batch": "soil/a", "model": {"file": "model.py", "kind": "python"}, "sampler": sampler, "seed": 1,
        "factors": [{"name": "a", "minimum": 0.0, "maximum": 100.0}], **more,
    }  # fmt: skip
    path = folder / f"{name}.json"
    path.write_text(json.dumps(design))
    return path


def enqueue(launched: Launched, *arguments: str | Path, through: Proxy | None = None) -> Ran:
    """Runs the command to its end."""
    command_line = launched.command_line
    command = command_line.arguments("enqueue", launched.study, *map(str, arguments))
    if through:
        command = [through.url if part == command_line.cloud.endpoint_url else part for part in command]
    ended = subprocess.run(
        command, env=command_line.environment(), capture_output=True, text=True, timeout=PATIENCE_SECS
    )
    return Ran(ended.returncode, ended.stdout, ended.stderr)


def check_each_arrived_once(launched: Launched, cases: int) -> list[dict[str, Any]]:
    """That the queue holds the cases of the table, and each of them once."""
    messages = drain(launched)
    counts = Counter(message["case_id"] for message in messages)
    assert set(counts.values()) <= {1}
    assert set(counts) == {row["case_id"] for row in table_of(launched)}
    assert len(messages) == cases
    return messages


def keys(launched: Launched) -> list[str]:
    """What lies in the bucket beside the page."""
    listed = launched.command_line.cloud.client("s3").list_objects_v2(Bucket=launched.bucket)["Contents"]
    return [entry["Key"] for entry in listed if entry["Key"].startswith(("data/", "models/"))]


def state(launched: Launched) -> list[Path]:
    """The journals that are kept."""
    return list((launched.command_line.page.parent / "state").rglob("*.json"))


# ---- what is sent ----


def test_a_design_is_sent_level_by_level_behind_its_documents(launched: Launched, tmp_path: Path) -> None:
    design = write_design(tmp_path, {"kind": "latin_hypercube", "levels": [2, 5]})
    ran = enqueue(launched, design)
    assert ran.code == 0, ran.err
    assert "60 cases in 4 levels, for model.py" in ran.out
    assert "60  to send, with 11 requests" in ran.out, "1 + 1 + 2 + 4 for the messages, 3 for the documents"
    assert "No worker is attached" in ran.out
    assert "Sent 60 cases with 8 requests" in ran.out
    messages = check_each_arrived_once(launched, 60)
    levels = [message["level"] for message in messages]
    assert levels == sorted(levels) and Counter(levels) == {2: 4, 3: 8, 4: 16, 5: 32}
    rows = {row["case_id"]: row for row in table_of(launched)}
    for message in messages:
        row = rows[message["case_id"]]
        assert float(row["a"]) == message["parameters"]["a"]
        assert (int(row["level"]), int(row["replicate"])) == (message["level"], message["replicate"])
    model, table, document = sorted(keys(launched), key=lambda key: ("design-" in key, "cases-" in key))
    s3 = launched.command_line.cloud.client("s3")
    stored = s3.get_object(Bucket=launched.bucket, Key=model)
    assert (stored["Body"].read().decode(), stored["ContentType"]) == (MODEL, "text/x-python; charset=utf-8")
    assert table.startswith("data/soil/a/cases-")
    written = json.loads(s3.get_object(Bucket=launched.bucket, Key=document)["Body"].read())
    assert written["submission"] == messages[0]["submission"]
    assert [level["cases"] for level in written["levels"]] == [4, 8, 16, 32]
    assert state(launched) == []


def test_enqueueing_twice_sends_nothing_twice(launched: Launched, tmp_path: Path) -> None:
    design = write_design(tmp_path, {"kind": "random", "cases": 25})
    assert enqueue(launched, design).code == 0
    again = enqueue(launched, design)
    assert again.code == 0, again.err
    assert "25  sent before, waiting or running; --again sends them again" in again.out
    assert "0  to send, with 0 requests" in again.out
    check_each_arrived_once(launched, 25)


def test_what_is_done_is_left_out_and_what_is_new_is_sent(launched: Launched, tmp_path: Path) -> None:
    small = write_design(tmp_path, {"kind": "sobol", "cases": 8}, "small")
    assert enqueue(launched, small).code == 0
    first = drain(launched)
    s3 = launched.command_line.cloud.client("s3")
    for message in first[:5]:
        s3.put_object(Bucket=launched.bucket, Key=f"data/soil/a/done-{message['case_id']}.json", Body=b"{}")
    same = write_design(tmp_path, {"kind": "sobol", "cases": 8}, "same")
    ran = enqueue(launched, same, "--again", "--json")
    assert ran.code == 0, ran.err
    found = ran.json()
    assert (found["cases"], found["to_send"], found["sent"], found["ended"]) == (8, 3, 3, "complete")
    forced = enqueue(launched, same, "--force", "--json").json()
    assert (forced["to_send"], forced["sent"]) == (8, 8)
    assert any(message["force"] for message in drain(launched))


def test_the_same_design_gives_the_same_ids(binary: Path, tmp_path: Path) -> None:
    design = write_design(tmp_path, {"kind": "halton", "cases": 50})

    def ids(*arguments: str) -> list[str]:
        ran = subprocess.run(
            [binary, "design", design, "--csv", "-", *arguments], capture_output=True, text=True, check=True
        )
        return [row["case_id"] for row in csv.DictReader(io.StringIO(ran.stdout))]

    assert ids() == ids() and len(set(ids())) == 50
    (tmp_path / "other.py").write_text("pass\n")
    assert not set(ids("--model", str(tmp_path / "other.py"))) & set(ids())


# ---- tables ----


def test_a_table_of_cases_is_sent_as_it_stands(launched: Launched, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("result['x'] = {{a}} * {{c}}[1]\n")
    table = tmp_path / "cases.csv"
    table.write_text("a,c[0],c[1],soil,level\n1,2.5,3,clay,1\n2,2.5,4,'sand',0\n1,2.5,3,clay,1\n")
    named = ("--model", tmp_path / "model.py", "--batch", "by-hand")
    assert "name one with --batch" in enqueue(launched, table, "--model", tmp_path / "model.py").err
    assert "name its file with --model" in enqueue(launched, table, "--batch", "by-hand").err
    ran = enqueue(launched, table, *named)
    assert ran.code == 0, ran.err
    assert "1  left out: the same as another one" in ran.out
    assert "No placeholder of the model uses `soil`" in ran.out
    messages = drain(launched)
    assert [message["level"] for message in messages] == [0, 1]
    assert messages[1]["parameters"] == {"a": 1, "c": [2.5, 3.0], "soil": "clay"}
    assert {row["case_id"] for row in table_of(launched, "by-hand")} == {one["case_id"] for one in messages}
    assert "0  to send" in enqueue(launched, table, *named).out


def test_wrong_rows_are_named_and_nothing_is_sent(launched: Launched, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    table = tmp_path / "cases.csv"
    table.write_text("a,b\n1,2\n3\n4,5\n6,7,8\n")
    ran = enqueue(launched, table, "--model", tmp_path / "model.py", "--batch", "by-hand")
    assert (ran.code, ran.out) == (1, "")
    assert "cases.csv: 2 rows or fields are wrong, so nothing was done with it:\n  row 3: " in ran.err
    assert "\n  row 5: " in ran.err and ran.err.count("\n") == 3
    assert keys(launched) == [] and drain(launched) == []


# ---- interruptions ----


def test_a_killed_process_is_continued_by_the_same_command(launched: Launched, slow: Proxy, tmp_path: Path) -> None:
    design = write_design(tmp_path, {"kind": "random", "cases": 2000})
    slow.silent_from = 70
    command_line = launched.command_line
    command = command_line.arguments("enqueue", launched.study, str(design))
    command = [slow.url if part == command_line.cloud.endpoint_url else part for part in command]
    process = subprocess.Popen(
        command, env=command_line.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert slow.silenced.wait(PATIENCE_SECS), "a batch has reached the queue, and nobody heard of it"
    process.kill()
    process.communicate(timeout=PATIENCE_SECS)
    slow.released.set()
    slow.silent_from = None
    assert len(state(launched)) == 1
    before = slow.sends
    ran = enqueue(launched, design, through=slow)
    assert ran.code == 0, ran.err
    assert re.search(r"Going on with the submission [0-9a-f]{16} to batch soil/a", ran.out)
    assert slow.sends - before < 200, "what was accepted isn't sent again"
    check_each_arrived_once(launched, 2000)
    assert state(launched) == []


def start(launched: Launched, through: Proxy, *arguments: str | Path) -> subprocess.Popen[str]:
    """Begins a command and doesn't wait."""
    command_line = launched.command_line
    command = command_line.arguments("enqueue", launched.study, *map(str, arguments))
    return subprocess.Popen(
        [through.url if part == command_line.cloud.endpoint_url else part for part in command],
        env=command_line.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def pause(launched: Launched, slow: Proxy, design: Path) -> str:
    """Begins to send a design, and pauses by Ctrl-C. Returns what was said."""
    at_work = slow_down_from(slow, 20)
    process = start(launched, slow, design)
    assert at_work.wait(PATIENCE_SECS)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_SECS)
    assert process.returncode == 130, err
    slow.fault = lambda number, body: None
    return err


def slow_down_from(slow: Proxy, number: int) -> threading.Event:
    """From this request on each takes a moment, so that there is something left to pause."""
    at_work = threading.Event()

    def fault(at: int, body: dict[str, Any]) -> Answer | None:
        if at >= number:
            at_work.set()
            threading.Event().wait(0.05)
        return None

    slow.fault = fault
    return at_work


def test_ctrl_c_pauses_and_the_same_command_goes_on(launched: Launched, slow: Proxy, tmp_path: Path) -> None:
    design = write_design(tmp_path, {"kind": "random", "cases": 3000})
    err = pause(launched, slow, design)
    assert "Pausing: what is under way comes to its end." in err
    cloud = f"--region {REGION} --endpoint-url {slow.url}"
    assert f"To go on:  cruncher {cloud} enqueue {launched.study} {design}\n" in err
    assert f"{design} --cancel" in err
    ran = enqueue(launched, design, "--json")
    assert ran.code == 0, ran.err
    assert (ran.json()["ended"], ran.json()["sent"]) == ("complete", 3000)
    check_each_arrived_once(launched, 3000)


def test_what_was_not_sent_can_be_taken_back(launched: Launched, slow: Proxy, tmp_path: Path) -> None:
    design = write_design(tmp_path, {"kind": "random", "cases": 3000})
    pause(launched, slow, design)
    status = launched.command_line.run("status", launched.study, "--json").json()
    assert status["cases"]["cases"] == 3000
    ran = enqueue(launched, design, "--cancel", "--json")
    assert ran.code == 0, ran.err
    sent = ran.json()["sent"]
    assert 0 < sent < 3000
    assert launched.command_line.run("status", launched.study, "--json").json()["cases"]["cases"] == sent
    check_each_arrived_once(launched, sent)
    again = enqueue(launched, design, "--cancel")
    assert again.code == 1 and "There is no unfinished enqueueing of this design" in again.err


# ---- a service that fails ----


def test_throttled_and_failed_entries_are_sent_again_and_arrive_once(
    launched: Launched, slow: Proxy, tmp_path: Path
) -> None:
    def fault(number: int, body: dict[str, Any]) -> Answer | None:
        return {
            3: throttled(),
            4: throttled(),
            8: without(body, {0, 3, 9}, "ThrottlingException"),
            9: without(body, {5}, "InternalError"),
            20: Answer(500, b"{}"),
            21: without(body, set(range(10)), "ServiceUnavailable"),
        }.get(number)

    slow.fault = fault
    design = write_design(tmp_path, {"kind": "random", "levels": [3, 8]})
    ran = enqueue(launched, design, "--json", through=slow)
    assert ran.code == 0, ran.err
    found = ran.json()
    assert (found["sent"], found["throttled"]) == (504, 3)
    assert found["requests"] == slow.sends
    messages = check_each_arrived_once(launched, 504)
    levels = [message["level"] for message in messages]
    assert levels == sorted(levels), "a level waits for what is sent again of the one before"


def test_a_case_that_the_queue_refuses_is_named(launched: Launched, slow: Proxy, tmp_path: Path) -> None:
    def fault(number: int, body: dict[str, Any]) -> Answer | None:
        if number != 5:
            return None
        answer = without(body, {2}, "InvalidMessageContents")
        return Answer(200, answer.body.replace(b"false", b"true"), answer.only)

    slow.fault = fault
    design = write_design(tmp_path, {"kind": "random", "cases": 200})
    ran = enqueue(launched, design, through=slow)
    assert ran.code == 1
    assert re.search(r"The queue refused case \d+, [0-9a-f]{32}: InvalidMessageContents: not now\.", ran.err), ran.err
    assert enqueue(launched, design).code == 0
    check_each_arrived_once(launched, 200)


def test_a_case_that_is_too_large_is_refused_with_nothing_written(launched: Launched, tmp_path: Path) -> None:
    levels = ["short", "x" * 300_000]
    factors = [{"name": "a", "minimum": 0, "maximum": 1}, {"name": "text", "levels": levels}]
    design = write_design(tmp_path, {"kind": "full_grid", "steps": 2}, factors=factors)
    ran = enqueue(launched, design)
    assert ran.code == 1
    assert re.search(r"Case \d is \d{6} bytes long as a message, and the queue takes 262144 at most", ran.err), ran.err
    assert keys(launched) == [] and drain(launched) == [] and state(launched) == []


def test_what_can_not_be_enqueued_is_told_in_a_sentence(launched: Launched, tmp_path: Path) -> None:
    design = write_design(tmp_path, {"kind": "random", "cases": 3})

    def check(said: str, *arguments: str | Path) -> None:
        ran = enqueue(launched, *arguments)
        assert (ran.code, ran.out) == (1, "")
        assert said in ran.err and ran.err.count("\n") == 1, ran.err

    check("there.json can't be read: No such file", tmp_path / "there.json")
    check("There is no unfinished enqueueing", design, "--cancel")
    (tmp_path / "model.py").rename(tmp_path / "elsewhere.py")
    check("There is no model", design)
    assert "name its file with --model" in enqueue(launched, design).err
    assert enqueue(launched, design, "--model", tmp_path / "elsewhere.py").code == 0
    empty = write_design(tmp_path, {"kind": "random", "cases": 0}, "empty")
    check("The design has no case: ask for at least one.", empty)
    assert enqueue(Launched(launched.command_line, "nowhere", launched.ran), empty).code == 1


def test_more_attempts_than_the_queue_gives_are_refused(launched: Launched, tmp_path: Path) -> None:
    design = write_design(tmp_path, {"kind": "random", "cases": 4}, max_attempts=21)
    ran = enqueue(launched, design)
    assert ran.code == 1
    assert "A case is handed out 20 times at most in this study, which is too few for 21 attempts" in ran.err
    assert "Give max_attempts of the design a smaller number" in ran.err
    assert drain(launched) == [] and state(launched) == []


def test_failed_cases_that_are_sent_again_are_open_again(launched: Launched, tmp_path: Path) -> None:
    factors = [{"name": "a", "levels": [1, 1000, 2]}]
    design = write_design(tmp_path, {"kind": "full_grid", "steps": 2}, factors=factors, max_attempts=1)
    assert enqueue(launched, design).code == 0
    with attach(line_of(launched)):
        wait_for_end(launched, done=2, errors=1)

    def told() -> tuple[int, int, int]:
        status = launched.command_line.run("status", launched.study, "--json").json()
        return status["cases"]["failed"], status["cases"]["queued"], len(status["error_groups"])

    assert told() == (1, 0, 1)
    assert enqueue(launched, design).code == 0
    assert told() == (0, 1, 0)
    watching = subprocess.Popen(
        launched.command_line.arguments("status", launched.study, "--watch"),
        env=launched.command_line.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert watching.stdout is not None
    assert watching.stdout.readline() == "2 of 3 cases done, 1 queued\n"
    assert watching.poll() is None, "it goes on"
    watching.send_signal(signal.SIGINT)
    watching.wait(30)


# ---- first cases ----


def test_the_first_results_are_shown_before_the_rest_is_sent(launched: Launched, tmp_path: Path) -> None:
    factors = [{"name": "a", "levels": [1, 1000, 2, 3, 4]}]
    design = write_design(tmp_path, {"kind": "full_grid", "steps": 2}, factors=factors, max_attempts=1)
    with attach(line_of(launched)):
        ran = enqueue(launched, design, "--first", "2")
    assert ran.code == 0, ran.err
    assert "The first results:" in ran.out
    assert '→ "double":2' in ran.out
    assert "failed, attempt 1 of 1" in ran.out and "ValueError: too much" in ran.out
    cloud = f"--region {REGION} --endpoint-url {launched.command_line.cloud.endpoint_url}"
    assert f"To send it:  cruncher {cloud} enqueue {launched.study} {design}\n" in ran.out
    assert drain(launched) == []
    shown = enqueue(launched, design, "--first", "2", "--json").json()
    assert (shown["ended"], shown["sent"], shown["to_send"]) == ("held", 2, 5)
    assert sorted(look["state"] for look in shown["first"]) == ["done", "failed"]
    assert enqueue(launched, design).code == 0
    arrived = {message["parameters"]["a"] for message in drain(launched)}
    # The worker was ended while it asked for cases: the queue may have given it one of these, and takes it back later.
    _, held = messages(launched.command_line.cloud.client("sqs"), launched.outputs["QueueUrl"])
    assert arrived <= {2, 3, 4} and len(arrived) == 3 - held
    assert state(launched) == []


def test_the_rest_follows_by_itself_if_nobody_wants_to_be_asked(launched: Launched, tmp_path: Path) -> None:
    design = write_design(tmp_path, {"kind": "random", "cases": 4})
    with attach(line_of(launched)):
        ran = enqueue(launched, design, "--first", "2", "--yes", "--json")
    assert ran.code == 0, ran.err
    assert (ran.json()["ended"], ran.json()["sent"]) == ("complete", 4)
    assert [look["state"] for look in ran.json()["first"]] == ["done", "done"]


# ---- a person at a terminal ----


def at_terminal(launched: Launched, answer: str, *arguments: str | Path) -> tuple[int, str, str]:
    """Runs the command with a terminal as keyboard and screen, and types `answer`. Returns code, results and screen."""
    command_line = launched.command_line
    keyboard, terminal = pty.openpty()
    process = subprocess.Popen(
        command_line.arguments("enqueue", launched.study, *map(str, arguments)),
        env=command_line.environment(),
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
    )
    os.close(terminal)
    os.write(keyboard, answer.encode())
    screen = b""
    with contextlib.suppress(OSError):  # Linux says so when nobody holds the terminal any more.
        while read := os.read(keyboard, 4096):
            screen += read
    out, _ = process.communicate(timeout=PATIENCE_SECS)
    os.close(keyboard)
    return process.returncode, out, screen.decode()


def test_a_person_is_asked_before_anything_is_sent(launched: Launched, tmp_path: Path) -> None:
    design = write_design(tmp_path, {"kind": "random", "cases": 12})
    code, out, screen = at_terminal(launched, "n\n", design)
    assert code == 1 and "12  to send" in out
    assert "Send? [Y/n]" in screen and "Nothing was sent." in screen
    assert keys(launched) == [] and state(launched) == []
    code, out, screen = at_terminal(launched, "y\n", design)
    assert code == 0 and "Sent 12 cases" in out, screen
    check_each_arrived_once(launched, 12)


# ---- design ----


def design_of(binary: Path, *arguments: str | Path) -> Ran:
    """What `cruncher design` says."""
    ran = subprocess.run([binary, "design", *arguments], capture_output=True, text=True, timeout=PATIENCE_SECS)
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def test_a_design_is_checked_without_any_cloud(binary: Path, tmp_path: Path) -> None:
    ran = design_of(binary, REPOSITORY / "examples/layered_footing/study.json")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("Design of 120 cases, for footing.py: 8 of level 3, 16 of level 4, 32 of level 5, 64 of")
    assert "cohesion_array[5]  50000 to 500000  Pa" in ran.out
    wrong = write_design(tmp_path, {"kind": "random", "cases": 3}, factors=[{"name": "a", "minimum": 2, "maximum": 1}])
    refused = design_of(binary, wrong)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.endswith("design.json: The minimum of `a`, 2, isn't below its maximum, 1.\n")


def test_the_table_has_ids_where_there_is_a_model(binary: Path, tmp_path: Path) -> None:
    design = write_design(tmp_path, {"kind": "random", "cases": 3})

    def columns() -> list[str]:
        assert design_of(binary, design, "--csv", tmp_path / "table.csv").code == 0
        return (tmp_path / "table.csv").read_text().splitlines()[0].split(",")

    assert columns() == ["case_id", "level", "replicate", "a"]
    (tmp_path / "model.py").unlink()
    assert columns() == ["level", "replicate", "a"]
    ran = design_of(binary, design, "--json", "-")
    assert [sorted(case) for case in ran.json()] == [["level", "parameters", "replicate"]] * 3
    assert "the cases have no ids yet" in ran.err


def test_a_table_that_may_be_meant_in_two_ways_is_refused_with_the_option_that_says_which(
    launched: Launched, tmp_path: Path
) -> None:
    (tmp_path / "model.py").write_text("result['x'] = {{a}}\n")
    table = tmp_path / "pasted.tsv"
    table.write_text("a\tb\n50,000\t1,200\n")
    arguments = ["enqueue", launched.study, str(table), "--model", str(tmp_path / "model.py"), "--batch", "b", "--yes"]
    ran = launched.command_line.run(*arguments)
    assert ran.code == 1
    assert "pasted.tsv: Row 2: `50,000` in column `a` may be 50000 or 50.0" in ran.err
    assert "Say which: --decimal-mark point, or --decimal-mark comma." in ran.err
    ran = launched.command_line.run(*arguments, "--decimal-mark", "point")
    assert ran.code == 0, ran.err
    assert "`50,000` in column `a`, row 2, is read as 50000" in ran.out
    (message,) = drain(launched)
    assert message["parameters"] == {"a": 50000, "b": 1200}
    table.write_text("a\n5%\n")
    ran = launched.command_line.run("design", str(table))
    assert ran.code == 1
    assert "Say which: --percent fraction, or --percent number." in ran.err
    ran = launched.command_line.run("design", str(table), "--percent", "number", "--json", "-")
    assert [case["parameters"] for case in ran.json()] == [{"a": 5}]


def test_constraints_that_break_a_latin_hypercube_are_told_before_it_is_sent(
    launched: Launched, tmp_path: Path
) -> None:
    design = write_design(tmp_path, {"kind": "latin_hypercube", "cases": 20}, constraints=["a < 50"])
    ran = enqueue(launched, design, "--yes")
    assert ran.code == 0, ran.err
    words = "10 of 20 points were left out by the constraints: what is left is no Latin hypercube any more"
    assert ran.out.count(words) == 1
    assert words in design_of(launched.command_line.binary, design).out
    assert "Of 40 points about 20 would be left." in ran.out


def test_a_design_written_as_json_is_read_back(binary: Path, tmp_path: Path) -> None:
    design = write_design(tmp_path, {"kind": "latin_hypercube", "levels": [1, 2]}, replicates=2)
    first, second = tmp_path / "cases.json", tmp_path / "again.json"
    ran = design_of(binary, str(design), "--json", str(first))
    assert ran.code == 0, ran.err
    ran = design_of(binary, str(first), "--model", str(tmp_path / "model.py"), "--json", str(second))
    assert ran.code == 0, ran.err
    assert "is taken as" not in ran.out
    assert len(json.loads(first.read_text())) == 12
    assert second.read_text() == first.read_text()


def test_pools_of_a_table_stay_when_it_is_written_as_json(binary: Path, tmp_path: Path) -> None:
    table, written = tmp_path / "cases.csv", tmp_path / "cases.json"
    table.write_text("a,pool\n1,gpu\n2,\n")
    assert design_of(binary, str(table), "--json", str(written)).code == 0
    assert design_of(binary, str(written), "--csv", "-").out == design_of(binary, str(table), "--csv", "-").out
    assert {row["pool"] for row in json.loads(written.read_text())} == {"gpu", "main"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_design_is_read_in_each_encoding(binary: Path, tmp_path: Path, encoding: str) -> None:
    design = write_design(tmp_path, {"kind": "latin_hypercube", "cases": 4})
    expected = design_of(binary, str(design), "--csv", "-").out
    design.write_bytes(design.read_text().encode(encoding))
    assert design_of(binary, str(design), "--csv", "-").out == expected
