"""What an operator asks of the workers: `cruncher pause`, `resume`, `drain` and `cancel`, with workers that hear it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from attached import attach
from command_line import CommandLine, Launched, Ran, wait_for
from enqueue import Parameters, enqueue
from playwright.sync_api import expect
from small_models import DOUBLE, RAISING
from studies import documents, line_of, link, messages, queue_of, wait_for_end
from visit import Visits, figure

WAITING = "import os, time\nwhile not os.path.exists({{gate}}):\n    time.sleep(0.02)\nresult['a'] = 1\n"


@pytest.fixture
def study(command_line: CommandLine) -> Launched:
    """A fresh study."""
    return command_line.launch()


def ask(study: Launched, command: str, *arguments: str) -> Ran:
    """A command about a study."""
    return study.command_line.run(command, study.study, *arguments)


def control(study: Launched) -> Any:
    """What the workers are asked."""
    s3 = study.command_line.cloud.client("s3")
    return json.loads(s3.get_object(Bucket=study.bucket, Key="control.json")["Body"].read())


def test_a_paused_study_goes_on_when_it_is_resumed(study: Launched) -> None:
    ran = ask(study, "pause")
    assert (ran.code, ran.out) == (0, f"Study {study.study} is paused: workers finish their case and take no other.\n")
    assert f"cruncher resume {study.study}" in ran.err
    enqueue(queue_of(study), "b", DOUBLE, {1: [{"a": 1}]})
    with attach(line_of(study)) as worker:
        wait_for(lambda: "the study is paused" in worker.output)
        assert "The study is paused" in ask(study, "status").out
        assert ask(study, "resume").out == f"Study {study.study} goes on.\n"
        wait_for_end(study, done=1)


def test_a_drained_worker_finishes_its_case_and_ends(study: Launched, tmp_path: Path) -> None:
    gate = tmp_path / "open"
    enqueue(queue_of(study), "b", WAITING, {1: [{"gate": str(gate)}]})
    with attach(line_of(study)) as worker:
        wait_for(lambda: "attempt 1 of" in worker.output)
        name = worker.output.split(" as ", 1)[1].split(" ", 1)[0]
        process = name.rsplit("_", 1)[1]
        wait_for(lambda: process in ask(study, "status").out)
        ran = ask(study, "drain", "4711-000000")
        assert (ran.code, ran.out) == (1, "")
        assert (
            ran.err == f"cruncher: There is no worker `4711-000000`. Attached are {process} on {name.split('_')[0]}.\n"
        )
        assert ask(study, "drain", process).out == "1 worker finishes its case and ends.\n"
        assert ask(study, "drain", name, "--undo").out == "1 worker is drained no more.\n"
        assert control(study)["drain"] == []
        assert ask(study, "drain", "--all").out == "1 worker finishes its case and ends.\n"
        assert control(study)["drain"] == [name]
        gate.touch()
        assert worker.process.wait(30) == 0
        assert "drained" in worker.output
        wait_for_end(study, done=1)
    assert "No worker is attached." in ask(study, "drain", "--all").err


def test_the_cases_of_a_cancelled_batch_are_not_computed(study: Launched) -> None:
    assert "The study has no batch." in ask(study, "cancel", "--batch", "b").err
    enqueue(queue_of(study), "b", DOUBLE, {1: [{"a": number} for number in range(3)]})
    enqueue(queue_of(study), "c", DOUBLE, {1: [{"a": 1}]})
    ran = ask(study, "cancel", "--batch", "d")
    assert (ran.code, ran.err) == (1, "cruncher: There is no batch `d`. There are b, c.\n")
    ran = ask(study, "cancel", "--batch", "b")
    assert ran.out == "Batch b is cancelled: 3 cases cancelled, 0 cases open, 0 done.\n"
    assert ask(study, "cancel", "--batch", "b", "--undo").out.startswith("Batch b is not cancelled any more: 0 cases")
    assert ask(study, "cancel", "--batch", "b").code == 0
    with attach(line_of(study)):
        wait_for(lambda: len(results(study)) == 1)
        wait_for(lambda: messages(study.command_line.cloud.client("sqs"), study.outputs["QueueUrl"]) == (0, 0))
    assert [document["batch"] for document in results(study)] == ["c"]
    counts = ask(study, "status", "--json").json()["cases"]
    assert (counts["cancelled"], counts["done"]) == (3, 1)


def test_a_case_is_cancelled_by_its_id(study: Launched) -> None:
    enqueue(queue_of(study), "b", DOUBLE, {1: [{"a": number} for number in range(2)]})
    case = "0" * 32
    assert ask(study, "cancel", "--case", case).out == "1 case is cancelled.\n"
    assert control(study)["cancelled_cases"] == [case]
    ran = ask(study, "cancel", "--case", "0000")
    assert ran.code == 2
    assert "a case's id has 32 hexadecimal digits" in ran.err


def test_what_lies_in_the_dead_letter_queue_is_sent_again(study: Launched) -> None:
    assert ask(study, "redrive").out == "The dead-letter queue has no case.\n"
    enqueue(queue_of(study), "b", DOUBLE, {1: [{"a": number} for number in range(12)]})
    sqs, queue_url = study.command_line.cloud.client("sqs"), study.outputs["QueueUrl"]
    sqs.send_message(QueueUrl=queue_url, MessageBody="no case", MessageGroupId="g", MessageDeduplicationId="d")
    dead_url = study.outputs["DeadLetterQueueUrl"]

    def is_dead() -> bool:
        sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return messages(sqs, dead_url)[0] == 13

    wait_for(is_dead)
    told = ask(study, "status").out
    assert f"Study {study.study}: 0 of 12 cases done, 12 dead\n" in told
    assert "12 cases are in the dead-letter queue" in told
    # The look has noted them, for whoever may only count messages.
    noted = control(study)["dead_letters"]
    assert (noted["messages"], len(noted["cases"])) == (13, 12) and noted["cases"][0].startswith("b/")
    ran = ask(study, "redrive")
    said = "12 cases are in the queue again. 1 message is no case and stays in the dead-letter queue.\n"
    assert (ran.code, ran.out) == (0, said)
    assert messages(sqs, queue_url) == (12, 0)
    assert "0 of 12 cases done, 12 queued\n" in ask(study, "status").out
    with attach(line_of(study)):
        wait_for_end(study, done=12)
    assert "dead-letter queue:" in (told := ask(study, "status").out) and "are in the dead-letter queue" not in told
    assert ask(study, "redrive").code == 0


def test_a_study_halts_by_itself_and_goes_on_when_it_is_told_to(study: Launched) -> None:
    assert "halts if the first 20 attempts all fail, or 80 % of the last 50" in ask(study, "halting").out
    assert ask(study, "halting", "--first", "3", "--last", "0").out.endswith(
        "halts if the first 3 attempts all fail.\n"
    )
    enqueue(queue_of(study), "b", RAISING, {1: [{"a": -1 - number} for number in range(5)]}, max_attempts=1)
    with attach(line_of(study)) as worker:
        wait_for(lambda: [own["state"] for own in ask(study, "status", "--json").json()["workers"]] == ["halted"])
        told = ask(study, "status", "--json").json()
        assert told["cases"]["failed"] == 3, told
        assert any("the first 3 attempts all failed" in notice["text"] for notice in told["notices"])
        assert ask(study, "halting", "--never").out == f"Study {study.study} never halts by itself.\n"
        assert ask(study, "resume").out == f"Study {study.study} goes on.\n"
        wait_for_end(study, 0, errors=5)
        assert worker.process.poll() is None
    assert "halted by itself" not in ask(study, "status").out


def test_workers_that_are_gone_are_forgotten(study: Launched) -> None:
    assert ask(study, "forget").out == "No worker is gone.\n"
    enqueue(queue_of(study), "b", DOUBLE, {1: [{"a": 1}]})
    with attach(line_of(study)) as gone:
        wait_for_end(study, done=1)
        name = gone.output.split(" as ", 1)[1].split(" ", 1)[0]
    with attach(line_of(study)) as alive:
        wait_for(lambda: "waiting for cases" in alive.output)
        assert ask(study, "forget").out == "1 worker is forgotten; its rows and its log stay.\n"
        (told,) = ask(study, "status", "--json").json()["workers"]
        assert told["worker"] in alive.output
    s3 = study.command_line.cloud.client("s3")
    kept = [one["Key"] for one in s3.list_objects_v2(Bucket=study.bucket, Prefix=f"workers/{name}/")["Contents"]]
    assert kept == [f"workers/{name}/log.txt", f"workers/{name}/segment-000000.ndjson"]
    assert ask(study, "status", "--json").json()["cases"]["done"] == 1


def results(study: Launched) -> list[dict[str, Any]]:
    """The result documents."""
    return documents(study.command_line.cloud.client("s3"), study.bucket, "done-")


FAILING = """\
import os
if not os.path.exists({{gate}}):
    raise ValueError('no gate')
result['a'] = {{number}}
"""


def test_failed_cases_are_sent_again_once_and_no_success_is_computed_twice(study: Launched, tmp_path: Path) -> None:
    gate = tmp_path / "open"
    queue = queue_of(study)
    cases: list[Parameters] = [{"number": number, "gate": str(gate)} for number in range(3)]
    enqueue(
        queue,
        "b",
        FAILING,
        {1: [*cases, {"number": 9, "gate": str(tmp_path)}]},
        max_attempts=1,
        factors=[{"name": "number"}, {"name": "gate"}],
    )
    with attach(line_of(study)) as worker:
        wait_for_end(study, done=1, errors=3)
        nothing = ask(study, "retry", "--lost")
        assert (nothing.code, nothing.out) == (0, "There is no such case: nothing is sent.\n")
        gate.touch()
        ran = ask(study, "retry", "--failed", "--attempts", "2", "--time-limit", "60")
        assert (ran.code, ran.out) == (0, "3 cases are in the queue again.\n"), ran.err
        wait_for(lambda: len(documents(queue.s3, study.bucket, "done-")) == 4)
        again = ask(study, "retry", "--failed")
        assert again.out == "There is no such case: nothing is sent.\n"
        assert worker.output.count("attempt 1 of 2") == 3
        # A message that isn't deleted yet would hold up the next one of its case.
        wait_for(lambda: messages(queue.sqs, queue.queue_url) == (0, 0))
        done = documents(queue.s3, study.bucket, "done-")[0]
        settled = ask(study, "retry", "--case", done["case_id"])
        assert settled.out == "There is no such case: nothing is sent.\n"
        forced = ask(study, "retry", "--case", done["case_id"], "--force")
        assert forced.out == "1 case is in the queue again.\n"

        def was_replaced() -> bool:
            results = documents(queue.s3, study.bucket, "done-")
            return any(own["case_id"] == done["case_id"] and own["end_time"] > done["end_time"] for own in results)

        wait_for(was_replaced)
    status = ask(study, "status", "--json").json()
    assert status["cases"]["done"] == 4 and status["cases"]["failed"] == 0
    wrong = ask(study, "retry", "--case", "0" * 32)
    assert (wrong.code, wrong.err) == (1, f"cruncher: There is no case `{'0' * 32}`.\n")
    unknown = ask(study, "retry", "--signature", "00ff")
    assert unknown.err == "cruncher: No case has failed for good with the signature `00ff`.\n"


def test_a_group_of_errors_and_cancelled_cases_are_sent_again_by_name(study: Launched, tmp_path: Path) -> None:
    queue, gate = queue_of(study), tmp_path / "open"
    cases: list[Parameters] = [{"number": number, "gate": str(gate)} for number in range(2)]
    factors = [{"name": "number"}, {"name": "gate"}]
    (other,) = enqueue(queue, "b", FAILING, {1: [{"number": 3, "gate": str(tmp_path)}]}, 1, factors=factors)
    assert ask(study, "cancel", "--case", other).code == 0
    assert ask(study, "retry", "--cancelled").out == "1 case is in the queue again.\n"
    assert control(study)["cancelled_cases"] == []
    enqueue(queue, "b", FAILING, {1: cases}, max_attempts=1, factors=factors)
    with attach(line_of(study)):
        wait_for(lambda: len(documents(queue.s3, study.bucket, "error-")) == 2)
        (signature,) = {document["signature"] for document in documents(queue.s3, study.bucket, "error-")}
        gate.touch()
        assert ask(study, "retry", "--signature", signature).out == "2 cases are in the queue again.\n"
        wait_for(lambda: len(documents(queue.s3, study.bucket, "done-")) == 3)


def test_the_overview_pauses_resumes_and_drains(cruncher: CommandLine, visits: Visits, tmp_path: Path) -> None:
    study, gate = cruncher.launch(), tmp_path / "open"
    enqueue(queue_of(study), "b", WAITING, {1: [{"gate": str(gate)}]})
    page = visits.open(link(study))
    of_study = page.get_by_role("group", name="Study")
    of_study.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("The study is paused")).to_be_visible()
    with attach(line_of(study)) as worker:
        wait_for(lambda: "the study is paused" in worker.output)
        of_study.get_by_role("button", name="Resume").click()
        expect(page.get_by_text("The study is paused")).to_have_count(0)
        workers = page.get_by_role("region", name="Workers")
        expect(workers.get_by_role("row").filter(has_text="running")).to_have_count(1)
        workers.get_by_role("button", name="Drain").click()
        expect(workers.get_by_role("button", name="Draining: undo")).to_be_visible()
        gate.touch()
        assert worker.process.wait(30) == 0
        expect(workers.get_by_role("row").filter(has_text="stopped")).to_have_count(1)
    page.get_by_role("button", name="Forget 1 that is gone").click()
    expect(workers).to_have_count(0)
    assert control(study)["drain"] == []
    assert len(documents(queue_of(study).s3, study.bucket, "done-")) == 1


def test_the_overview_sends_dead_letters_again(cruncher: CommandLine, visits: Visits) -> None:
    study = cruncher.launch()
    queue = queue_of(study)
    enqueue(queue, "b", DOUBLE, {1: [{"a": 1}]})
    cloud = study.command_line.cloud.client("sqs")
    dead_url = study.outputs["DeadLetterQueueUrl"]
    (message,) = cloud.receive_message(QueueUrl=queue.queue_url, MaxNumberOfMessages=1)["Messages"]
    cloud.send_message(
        QueueUrl=dead_url, MessageBody=message["Body"], MessageGroupId="g", MessageDeduplicationId="dead"
    )
    cloud.delete_message(QueueUrl=queue.queue_url, ReceiptHandle=message["ReceiptHandle"])
    page = visits.open(link(study))
    # The operator's page looks up which case it is, and notes that for those who may only count.
    expect(page.get_by_text("1 case is in the dead-letter queue")).to_be_visible()
    expect(figure(page, "dead")).to_have_text("1")
    viewer = visits.open(link(study, "viewer"))
    expect(figure(viewer, "dead")).to_have_text("1")
    assert "1 dead" in ask(study, "status").out
    figure(viewer, "dead").get_by_role("link").click()
    expect(viewer.get_by_role("row").filter(has_text="dead")).to_have_count(1)
    page.get_by_role("button", name="Redrive 1 case").click()
    wait_for(lambda: messages(queue.sqs, queue.queue_url) == (1, 0))
    expect(page.get_by_role("button", name="Redrive 1 case")).to_have_count(0)
    expect(figure(page, "dead")).to_have_count(0)
    with attach(line_of(study)):
        wait_for_end(study, done=1)


def test_the_overview_says_why_a_study_has_halted_and_lets_it_go_on(cruncher: CommandLine, visits: Visits) -> None:
    study = cruncher.launch()
    # Each worker has too few attempts to halt by itself: the page judges those of all.
    ask(study, "halting", "--first", "4", "--last", "0")
    page = visits.open(link(study))
    expect(page.get_by_text("No cases yet").first).to_be_visible()
    enqueue(queue_of(study), "b", RAISING, {1: [{"a": -1 - number} for number in range(10)]}, max_attempts=1)
    with attach(line_of(study)), attach(line_of(study)):
        expect(page.get_by_text("The study halted by itself: the first 4 attempts all failed.")).to_be_visible()
        expect(page.get_by_role("row").filter(has_text="halted")).to_have_count(2)
        assert len(documents(queue_of(study).s3, study.bucket, "error-")) < 10
        ask(study, "halting", "--never")
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_text("The study halted by itself")).to_have_count(0)
        wait_for_end(study, 0, errors=10)


def test_a_study_halts_when_its_files_have_come_to_its_limit(
    cruncher: CommandLine, visits: Visits, tmp_path: Path
) -> None:
    study, gate = cruncher.launch(), tmp_path / "open"
    assert ask(study, "halting", "--files-limit-gib", "0").code == 2
    said = ask(study, "halting", "--files-limit-gib", "0.002").out
    assert said.endswith("It halts, too, if the files of its cases come to more than 2 MiB.\n")
    page = visits.open(link(study))
    expect(page.get_by_text("No cases yet").first).to_be_visible()
    leave = "open('outputs/large.bin', 'wb').write(bytes(1 << 20))\n"
    first: list[Parameters] = [{"gate": "/", "number": number} for number in range(3)]
    held: list[Parameters] = [{"gate": str(gate), "number": 3}]
    last: list[Parameters] = [{"gate": "/", "number": 4}]
    enqueue(queue_of(study), "b", WAITING + leave, {1: first, 2: held, 3: last})
    with attach(line_of(study)):
        reason = "the files of its cases are 3 MiB, more than its limit of 2 MiB"
        expect(page.get_by_text(f"The study halted by itself: {reason}.")).to_be_visible()
        with attach(line_of(study)):
            expect(page.get_by_role("row").filter(has_text="halted")).to_have_count(1)
            told = ask(study, "status").out
            assert "Files of cases: 3 MiB; the study halts at 2 MiB\n" in told and "3 of 5 cases done" in told
            assert ask(study, "halting", "--no-files-limit").out.count("halts if") == 1
            page.get_by_role("button", name="Go on").click()
            gate.touch()
            wait_for_end(study, done=5)
    assert "Files of cases: 5 MiB\n" in ask(study, "status").out


def test_a_command_is_started_at_new_errors_and_at_the_end(study: Launched, tmp_path: Path) -> None:
    told = tmp_path / "told"
    queue = queue_of(study)
    enqueue(queue, "b", "raise ValueError('no gate')\n", {1: [{"number": 1}, {"number": 2}]}, max_attempts=1)
    with attach(line_of(study)) as worker:
        command = f'echo "$CRUNCHER_EVENT $CRUNCHER_STUDY $CRUNCHER_MESSAGE" >> {told}'
        first = ask(study, "status", "--watch", "--exec", command)
        assert first.code == 0 and worker.output
    lines = told.read_text().splitlines()
    assert lines[-1].startswith(f"ended {study.study} "), lines
    # Errors that were there before the watch began are no news.
    assert [line for line in lines if line.startswith("error")] in ([], [f"error {study.study} ValueError: no gate"])
