"""Workers attached to a study in the local cloud by the line of the protocol."""

from __future__ import annotations

import calendar
import json
import os
import re
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from local_cloud import Key
from tests.lab import PATIENCE_SECS, Attached, Lab, Seen, is_running, wait_for


def test_a_case_becomes_a_result_and_its_message_is_deleted(lab: Lab) -> None:
    worker = lab.attach()
    before = time.time()
    case_id = lab.send("print('hello')\nresult['double'] = 2 * {{a}}", parameters={"a": 21.0}, batch="p/level-03")
    document = lab.done(case_id, "p/level-03")
    lab.queue_is_empty()
    assert document["result"] == {"double": 42.0} and document["parameters"] == {"a": 21.0}
    assert (document["v"], document["level"], document["replicate"], document["attempt"]) == (1, 1, 0, 1)
    assert document["worker"] == worker.name() and document["worker"].startswith(document["computer"] + "-")
    assert document["version"].startswith("Python 3.") and document["max_attempts"] == 3
    assert before - 1 < document["start_time"] <= document["end_time"] < time.time() + 1
    assert document["log"] == "hello\n" and document["warnings"] == []
    assert worker.stop() == 0
    for words in ("attached to study", case_id[:8], "hello", "done in", "stopped by its user"):
        assert words in worker.output


def in_a_long_poll(lab: Lab) -> Attached:
    """A worker that has just begun to ask the queue, for as long as SQS allows."""
    proxy, asked = lab.proxy(), threading.Event()

    def note(seen: Seen) -> None:
        if seen.action == "ReceiveMessage" and json.loads(seen.body)["WaitTimeSeconds"] == 20:
            asked.set()

    proxy.fault = note
    worker = lab.attach(proxy.config_url, between="attach.__globals__['Host'].poll_secs = 20; ")
    assert asked.wait(PATIENCE_SECS)
    return worker


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_case_that_comes_to_a_worker_which_is_stopped_goes_back_at_once(lab: Lab, number: int) -> None:
    worker = in_a_long_poll(lab)
    worker.send(number)
    worker.says("stopping when the queue has answered, which it does within 20 s; Ctrl-C again stops at once")
    case = lab.send("result['a'] = 1")
    assert worker.ends() == 0
    worker.says("gave the case back to the queue")
    worker.says("stopped by its user")
    assert lab.in_queue() == (1, 0)
    assert lab.document(f"data/b/done-{case}.json") is None
    assert lab.heartbeat(worker.name())["state"] == "stopped"


def test_ctrl_c_again_doesn_t_wait_for_the_queue(lab: Lab) -> None:
    worker = in_a_long_poll(lab)
    worker.send(signal.SIGINT)
    worker.says("Ctrl-C again stops at once")
    began = time.monotonic()
    assert worker.stop() == 0 and time.monotonic() - began < 20
    worker.says("stopped by its user")


def test_who_is_stopped_while_the_network_is_broken_doesn_t_wait_for_it(lab: Lab) -> None:
    proxy = lab.proxy()
    worker = lab.attach(proxy.config_url)
    worker.says("waiting for cases")
    proxy.fault = lambda seen: "reset" if seen.action == "ReceiveMessage" else None
    worker.says("trying again in")
    assert worker.stop() == 0
    worker.says("stopped by its user")


def test_the_line_leaves_only_attach_behind(lab: Lab) -> None:
    worker = lab.attach(before="json = 'mine'; ", after="); print(sorted(set(globals())), json")
    worker.says("attached")
    worker.send(signal.SIGINT)
    worker.says("stopped by its user")
    worker.ends()
    usual = {"__annotations__", "__builtins__", "__doc__", "__loader__", "__name__", "__package__", "__spec__"}
    names, mine = worker.output.splitlines()[-1].rsplit("] ", 1)
    assert set(eval(names + "]")) - usual == {"attach", "json"} and mine == "mine"


def test_the_line_fetches_the_worker_again_if_that_fails(lab: Lab) -> None:
    proxy = lab.proxy()
    faults = iter(("reset", "503", "truncate"))
    proxy.fault = lambda seen: next(faults, None) if seen.path.endswith("/attach.py") else None
    worker = lab.attach(address=f"{proxy.url}/{lab.study.bucket}")
    assert lab.done(lab.send("result['a'] = 1"))["worker"] == worker.name()
    assert next(faults, None) is None


def test_the_line_says_why_the_worker_can_not_be_fetched(lab: Lab) -> None:
    quickly = "import time; time.sleep = lambda _: None; "
    worker = lab.attach(before=quickly, address=lab.study.bucket_url + "/nowhere")
    assert worker.ends() == 0
    assert worker.output.startswith("cruncher: the worker can not be fetched: HTTP Error 40")
    assert "Traceback" not in worker.output and lab.study.worker.secret not in worker.output


def test_the_result_is_written_before_the_message_is_deleted(lab: Lab) -> None:
    proxy = lab.proxy()
    worker = lab.attach(proxy.config_url)
    case_id = lab.send("result['a'] = 1")
    lab.done(case_id)
    lab.queue_is_empty()
    worker.stop()
    order = proxy.requests()
    put = order.index(f"PUT /{lab.study.bucket}/data/b/done-{case_id}.json")
    assert order.index("POST ReceiveMessage") < put < order.index("POST DeleteMessage")


def test_a_message_is_not_deleted_while_its_result_can_not_be_written(lab: Lab) -> None:
    proxy = lab.proxy()
    proxy.fault = lambda seen: "503" if seen.method == "PUT" and "/done-" in seen.path else None
    worker = lab.attach(proxy.config_url)
    case_id = lab.send("result['a'] = 1")
    worker.says("trying again in")
    assert worker.stop() == 0
    assert "POST DeleteMessage" not in proxy.requests()
    assert lab.in_queue() == (1, 0)  # given back at once, though the lease lasts two minutes
    kept = json.loads((lab.folder / f"done-{case_id}.json").read_text())  # what took days isn't thrown away
    assert kept["result"] == {"a": 1}


def test_a_failure_is_tried_again_until_no_attempt_is_left(lab: Lab) -> None:
    worker = lab.attach(between="attach.__globals__.update(RETRY_PAUSE_SECS=1, ANOTHER_WORKER_SECS=1); ")
    case_id = lab.send("x = {{a}}\nprint('so far')\nraise ValueError('negative %d' % x)", parameters={"a": -5})
    document = lab.error(case_id)
    worker.says("no attempt left")
    lab.queue_is_empty()
    assert (document["exception"], document["message"], document["attempt"]) == ("ValueError", "negative -5", 3)
    assert document["log"] == "so far\n" and "result" not in document
    assert document["traceback"].splitlines()[1:3] == [
        '  File "model.py", line 3, in <module>',
        "    raise ValueError('negative %d' % x)",
    ]
    assert "attach" not in document["traceback"] and "<string>" not in document["traceback"]
    worker.stop()
    rows = lab.rows(worker.name())
    assert [(row["attempt"], row["outcome"], row["final"]) for row in rows] == [
        (1, "failed", False), (2, "failed", False), (3, "failed", True),
    ]  # fmt: skip
    assert {row["signature"] for row in rows} == {document["signature"]}
    assert rows[0]["error"] == "ValueError: negative -5"
    counts = lab.heartbeat(worker.name(), state="stopped")["counts"]
    assert counts == {"done": 0, "failed": 1, "retried": 2, "skipped": 0, "cancelled": 0}


def test_an_error_document_that_is_not_accepted_is_written_smaller(lab: Lab) -> None:
    proxy = lab.proxy()
    proxy.fault = lambda seen: "413" if "/error-" in seen.path and len(seen.body) > 5000 else None
    worker = lab.attach(proxy.config_url)
    case_id = lab.send("print('x' * 10000)\nraise ValueError('y' * 10000)", max_attempts=1)
    document = lab.error(case_id)
    assert (document["exception"], document["message"], document["log"]) == ("ValueError", "y" * 499 + "…", "")
    worker.says("can't be written as it is")
    lab.done(lab.send("result['a'] = 1"))


def test_a_message_that_comes_back_after_the_last_attempt_is_that_attempt_again(hasty_lab: Lab) -> None:
    gate = hasty_lab.gate()
    case_id = hasty_lab.send(gate.code + "result['attempt'] = case['attempt']", max_attempts=1)
    first = hasty_lab.attach()
    gate.arrivals(1)
    second = hasty_lab.attach()
    first.kill()
    gate.arrivals(2)
    gate.open()
    document = hasty_lab.done(case_id)
    assert (document["attempt"], document["max_attempts"], document["result"]) == (1, 1, {"attempt": 1})
    second.says("attempt 1 of 1")


def test_failures_with_other_parameters_have_the_same_signature(lab: Lab) -> None:
    model = "def check(depth):\n    raise ValueError('depth %g' % depth)\n\ncheck({{depth}})"
    cases = [lab.send(model, parameters={"depth": depth}, max_attempts=1) for depth in (1.5, -2e9)]
    lab.attach()
    first, second = (lab.error(case_id) for case_id in cases)
    assert first["message"] != second["message"] and first["signature"] == second["signature"]


def test_a_case_whose_result_exists_is_skipped_unless_forced(lab: Lab) -> None:
    worker = lab.attach()
    case_id = lab.send("result['a'] = 1")
    lab.done(case_id)
    lab.send("result['a'] = 2", case_id=case_id)
    lab.queue_is_empty()
    assert lab.done(case_id)["result"] == {"a": 1}
    lab.send("result['a'] = 3", case_id=case_id, force=True)
    worker.says("done in", times=2)
    assert lab.done(case_id)["result"] == {"a": 3}
    worker.stop()
    counts = lab.heartbeat(worker.name(), state="stopped")["counts"]
    assert (counts["done"], counts["skipped"]) == (2, 1)
    assert worker.output.count("attempt 1 of 3") == 2  # skipped without having been computed


def test_a_paused_study_starts_no_case_and_a_drained_worker_ends(lab: Lab) -> None:
    lab.control(paused=True)
    case_id = lab.send("result['a'] = 1")
    worker = lab.attach()
    name = worker.name()
    lab.heartbeat(name, state="paused", case=None)
    assert lab.in_queue() == (1, 0)
    lab.control(paused=False, drain=["somebody-else"])
    lab.done(case_id)
    worker.stop()
    lab.control(paused=True)
    worker = lab.attach()
    name = worker.name()
    lab.heartbeat(name, state="paused")
    lab.control(drain=[name])
    assert worker.ends() == 0
    heartbeat = lab.heartbeat(name, state="stopped")
    assert heartbeat["message"] == "drained" and "drained" in worker.output


def test_cancelled_cases_and_batches_are_deleted_and_not_computed(lab: Lab) -> None:
    cancelled = lab.send("result['a'] = 1")
    of_batch = lab.send("result['a'] = 1", batch="gone/level-01")
    lab.control(cancelled_cases=[cancelled], cancelled_batches=["gone/level-01", "b/level-01"])
    worker = lab.attach()
    lab.send("result['a'] = 1")
    worker.says("done in")
    worker.stop()
    counts = lab.heartbeat(worker.name(), state="stopped")["counts"]
    assert (counts["done"], counts["cancelled"]) == (1, 2)
    assert lab.read(f"data/gone/level-01/done-{of_batch}.json") is None and lab.in_queue() == (0, 0)


def test_what_waits_of_a_withdrawn_submission_is_deleted_and_not_computed(lab: Lab) -> None:
    old, new = "00f1e2d3c4b5a697", "00f1e2d3c4b5a698"
    withdrawn = lab.send("result['a'] = 1", submission=old)
    again = lab.send("result['a'] = 2", submission=old)
    lab.control(withdrawn_submissions=[old])
    worker = lab.attach()
    lab.send("result['a'] = 2", case_id=again, submission=new)
    worker.says("done in")
    worker.stop()
    counts = lab.heartbeat(worker.name(), state="stopped")["counts"]
    assert (counts["done"], counts["cancelled"]) == (1, 2)
    assert lab.read(f"data/b/done-{withdrawn}.json") is None and lab.in_queue() == (0, 0)
    result = lab.document(f"data/b/done-{again}.json")
    assert result["submission"] == new, "the message of the other submission was computed"


def test_a_case_of_a_killed_worker_is_finished_by_another(hasty_lab: Lab) -> None:
    gate = hasty_lab.gate()
    case_id = hasty_lab.send(gate.code + "result['attempt'] = case['attempt']")
    first = hasty_lab.attach()
    gate.arrivals(1)
    hasty_lab.attach()
    first.kill()
    gate.arrivals(2)
    gate.open()
    document = hasty_lab.done(case_id)
    # It was handed out twice, but no attempt has failed.
    assert document["result"] == {"attempt": 1} and document["attempt"] == 1
    assert document["worker"] != first.name()
    hasty_lab.queue_is_empty()


def test_the_lease_is_extended_as_long_as_the_model_needs(hasty_lab: Lab) -> None:
    lab, proxy, gate = hasty_lab, hasty_lab.proxy(), hasty_lab.gate()
    case_id = lab.send(gate.code)
    lab.attach(proxy.config_url)
    gate.arrivals(1)  # the case is with the first one before there is another
    other = lab.attach()
    other.says("waiting for cases")
    wait_for("extensions over two leases", lambda: proxy.requests().count("POST ChangeMessageVisibility") >= 7)
    gate.open()
    assert lab.done(case_id)["attempt"] == 1
    lab.queue_is_empty()
    assert "attempt 2" not in other.output


# What libraries put in the place of Python's own while a model runs: other encoders, a proxy, another clock.
REPLACED = """
import builtins, contextlib, hmac, http.client, json, socket, ssl, statistics, threading, time, traceback, urllib.parse
json.dumps = json.loads = json.JSONEncoder.encode = json.JSONEncoder.iterencode = json.encoder.c_make_encoder = None
socket.socket = socket.create_connection = socket.getaddrinfo = ssl.create_default_context = hmac.new = None
http.client.HTTPConnection = http.client.HTTPResponse = urllib.parse.quote = urllib.parse.urlsplit = None
threading.Thread = threading.Lock = threading.Event.wait = threading.Event.set = threading.Condition.wait = None
time.time = time.monotonic = time.gmtime = time.strftime = statistics.median = traceback.format_exc = None
"""


def test_the_lease_is_extended_while_a_model_has_replaced_what_that_needs(hasty_lab: Lab) -> None:
    lab, proxy, gate = hasty_lab, hasty_lab.proxy(), hasty_lab.gate()
    proxy.fault = lambda _: "close"  # each request needs a connection of its own
    case_id = lab.send(REPLACED + gate.code)
    worker = lab.attach(proxy.config_url)
    gate.arrivals(1)
    extensions = proxy.requests().count("POST ChangeMessageVisibility")
    wait_for(
        "extensions over two leases",
        lambda: proxy.requests().count("POST ChangeMessageVisibility") >= extensions + 7,
    )
    lab.heartbeat(worker.name(), state="running")
    gate.open()
    assert lab.done(case_id)["attempt"] == 1
    lab.queue_is_empty()


def test_a_worker_that_lost_its_lease_drops_its_result_if_another_is_there(hasty_lab: Lab) -> None:
    lab, proxy = hasty_lab, hasty_lab.proxy()
    proxy.fault = lambda seen: "500" if seen.action == "ChangeMessageVisibility" else None
    slow, quick = lab.gate(), lab.gate()
    quick.open()
    model = f"import os\nif os.environ.get('SLOW'):\n    {indented(slow.code)}\nresult['slow'] = 'SLOW' in os.environ"
    case_id = lab.send(model)
    first = lab.attach(proxy.config_url, SLOW="1")
    slow.arrivals(1)
    lab.attach()
    assert lab.done(case_id)["result"] == {"slow": False}
    slow.open()
    first.says("another result was there already")
    assert lab.done(case_id)["result"] == {"slow": False}
    first.stop()
    assert lab.rows(first.name()) == []


def indented(code: str) -> str:
    return code.replace("\n", "\n    ")


def test_a_result_whose_answer_was_lost_counts_as_written(lab: Lab) -> None:
    proxy = lab.proxy()
    lost: list[str] = []

    def fault(seen: Seen) -> str | None:
        if seen.method == "PUT" and "/done-" in seen.path and not lost:
            lost.append(seen.path)
            return "lose"
        return None

    proxy.fault = fault
    worker = lab.attach(proxy.config_url)
    lab.done(lab.send("result['a'] = 1"))
    worker.says("done in")
    worker.stop()
    assert lost and 412 in [seen.status for seen in proxy.seen]
    assert lab.heartbeat(worker.name(), state="stopped")["counts"]["done"] == 1
    assert len(lab.rows(worker.name())) == 1 and "dropped" not in worker.output


def test_a_forced_result_is_dropped_as_well_when_its_lease_was_lost(hasty_lab: Lab) -> None:
    lab, proxy, slow = hasty_lab, hasty_lab.proxy(), hasty_lab.gate()
    proxy.fault = lambda seen: "500" if seen.action == "ChangeMessageVisibility" and not released else None
    released: list[bool] = []
    model = f"import os\nif os.environ.get('SLOW'):\n    {indented(slow.code)}\nresult['slow'] = 'SLOW' in os.environ"
    case_id = lab.send(model, force=True)
    first = lab.attach(proxy.config_url, SLOW="1")
    slow.arrivals(1)
    lab.attach()
    lab.done(case_id)
    lab.queue_is_empty()
    released.append(True)  # now the next extension is told that there is no such message
    wait_for("the loss", lambda: [s for s in proxy.seen if s.action == "ChangeMessageVisibility" and s.status == 400])
    slow.open()
    first.says("another result was there already")
    assert lab.done(case_id)["result"] == {"slow": False}


def test_a_wrong_clock_is_corrected(lab: Lab) -> None:
    proxy = lab.proxy()
    proxy.date_of_config = False  # so that a signed request meets the wrong clock first
    worker = lab.attach(proxy.config_url, before="import time; _t = time.time; time.time = lambda: _t() - 7200; ")
    document = lab.done(lab.send("result['a'] = 1"))
    assert abs(document["end_time"] - time.time()) < 60
    worker.says("clock differs by 7")
    # The cloud tells whole seconds.
    assert re.search("clock differs by (7199|7200|7201) s", worker.output)
    assert proxy.seen[0].status == 403
    worker.stop()
    heartbeat = lab.heartbeat(worker.name(), state="stopped")
    assert abs(heartbeat["time"] - time.time()) < 60 and abs(heartbeat["start_time"] - time.time()) < 60
    log = (lab.read(f"workers/{worker.name()}/log.txt") or b"").decode()
    (stopped,) = (line.split(" ")[0] for line in log.splitlines() if "stopped by its user" in line)
    assert abs(calendar.timegm(time.strptime(stopped, "%Y-%m-%dT%H:%M:%S.%fZ")) - time.time()) < 60


def test_nothing_is_lost_or_wrong_when_every_fifth_request_fails(hasty_lab: Lab) -> None:
    lab, proxy = hasty_lab, hasty_lab.proxy()
    faults = ["reset", "500", "503", "truncate", "lose"]
    numbers = iter(range(1_000_000))

    def fault(_: Seen) -> str | None:
        number = next(numbers)
        return faults[number // 5 % 5] if number % 5 == 4 else None

    proxy.fault = fault
    cases = [lab.send("result['a'] = {{a}}", parameters={"a": number}) for number in range(30)]
    workers = [lab.attach(proxy.config_url) for _ in range(2)]
    for number, case_id in enumerate(cases):
        assert lab.done(case_id)["result"] == {"a": number}
    lab.queue_is_empty()
    assert lab.in_queue(dead=True) == (0, 0) and lab.keys("data/b/error-") == []
    wait_for("every case being told", lambda: sum(worker.output.count("done in") for worker in workers) == 30)
    for worker in workers:
        assert worker.stop() == 0
    rows = [row["case_id"] for worker in workers for row in lab.rows(worker.name())]
    assert sorted(rows) == sorted(cases)


def test_nobody_answers_a_question_at_a_terminal_either(lab: Lab) -> None:
    ours, terminal = os.openpty()
    try:
        os.write(ours, b"typed ahead\n")
        lab.attach(stdin=terminal)
        for question in ("input('Press Enter to close ...')", "import sys\nsys.stdin.readline() or input()"):
            assert lab.error(lab.send(question, max_attempts=1))["exception"] == "EOFError"
        code = "import subprocess\nresult['typed'] = subprocess.check_output(['cat']).decode()"
        assert lab.done(lab.send(code))["result"] == {"typed": ""}
    finally:
        os.close(terminal)
        os.close(ours)


def test_a_key_that_is_not_accepted_is_said_plainly(lab: Lab) -> None:
    worker = lab.attach(key=Key(lab.study.worker.key_id, "wrong"))
    assert worker.ends() == 0
    assert "refused: the study does not accept this key" in worker.output and "Traceback" not in worker.output
    assert "wrong" not in worker.output


def test_a_key_that_may_not_receive_ends_in_the_state_refused(lab: Lab) -> None:
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}]}
    iam = lab.study.cloud.client("iam")
    user = iam.get_access_key_last_used(AccessKeyId=lab.study.worker.key_id)["UserName"]
    iam.put_user_policy(UserName=user, PolicyName="deny", PolicyDocument=json.dumps(deny))
    worker = lab.attach()
    assert worker.ends() == 0
    heartbeat = lab.heartbeat(worker.name(), state="refused")
    assert "receiving a case was refused" in heartbeat["message"]


def test_a_key_that_is_deleted_while_a_case_is_computed_is_said_at_once_and_its_case_is_kept(hasty_lab: Lab) -> None:
    lab, gate = hasty_lab, hasty_lab.gate()
    iam = lab.study.cloud.client("iam")
    user = iam.get_access_key_last_used(AccessKeyId=lab.study.worker.key_id)["UserName"]
    new = iam.create_access_key(UserName=user)["AccessKey"]
    case_id = lab.send(gate.code + "result['a'] = 1")
    worker = lab.attach()
    gate.arrivals(1)
    iam.delete_access_key(UserName=user, AccessKeyId=lab.study.worker.key_id)
    worker.says("the study does not accept this key")  # while the model runs on
    gate.open()
    assert worker.ends() == 0
    assert "refused: the study does not accept this key" in worker.output and "Traceback" not in worker.output
    assert worker.output.count("will be kept in a file") == 1
    kept = json.loads((lab.folder / f"done-{case_id}.json").read_text())
    assert kept["result"] == {"a": 1}
    lab.attach(key=Key(new["AccessKeyId"], new["SecretAccessKey"]))
    assert lab.done(case_id)["attempt"] == 1


def test_a_key_that_is_deleted_while_a_worker_waits_ends_it(lab: Lab) -> None:
    worker = lab.attach(between="attach.__globals__.update(LONG_POLL_SECS=1); ")
    worker.says("waiting for cases")
    iam = lab.study.cloud.client("iam")
    user = iam.get_access_key_last_used(AccessKeyId=lab.study.worker.key_id)["UserName"]
    iam.delete_access_key(UserName=user, AccessKeyId=lab.study.worker.key_id)
    assert worker.ends() == 0
    assert "refused: the study does not accept this key" in worker.output and "Traceback" not in worker.output


def retire(lab: Lab, key: Key) -> None:
    """Asks the workers with this key to end."""
    lab.control(retired_keys={key.key_id: int(time.time())})


def test_a_worker_whose_key_is_replaced_finishes_its_case_and_says_that_it_must_be_attached_again(lab: Lab) -> None:
    gate = lab.gate()
    case_id = lab.send(gate.code + "result['a'] = 1")
    lab.send("result['a'] = 2")
    worker = lab.attach()
    gate.arrivals(1)
    assert lab.heartbeat(worker.name(), state="running")["key_id"] == lab.study.worker.key_id
    retire(lab, lab.study.worker)
    worker.says("it ends after this case, since its key was replaced")
    busy = lab.heartbeat(worker.name(), state="running", key_retired=False)
    gate.open()
    assert worker.ends() == 0
    assert lab.done(case_id)["result"] == {"a": 1}
    ended = lab.heartbeat(worker.name(), state="stopped", key_retired=True)
    assert ended["message"] == "its key was replaced: attach it again with the new line of the page Attach"
    assert ended["counts"]["done"] == 1 and ended["key_id"] == busy["key_id"]
    assert worker.output.count("its key was replaced") == 2 and "Traceback" not in worker.output
    # What it hadn't taken is still there for others.
    assert lab.in_queue() == (1, 0)
    assert [row["case_id"] for row in lab.rows(worker.name())] == [case_id]


def test_a_worker_that_waits_is_paused_or_rests_ends_when_its_key_is_replaced(lab: Lab) -> None:
    for fields in ({}, {"paused": True}, {"halted": {"time": 1.0, "reason": "the first attempt failed"}}):
        lab.control(**fields)
        worker = lab.attach(between="attach.__globals__.update(LONG_POLL_SECS=1); ")
        state = "paused" if "paused" in fields else "halted" if fields else "waiting"
        lab.heartbeat(worker.name(), state=state)
        lab.control(**fields, retired_keys={"AKIAOFNOBODY": 1, lab.study.worker.key_id: 2})
        assert worker.ends() == 0
        lab.heartbeat(worker.name(), state="stopped", key_retired=True)


def test_several_workers_and_those_that_come_too_late_end_when_their_key_is_replaced(lab: Lab) -> None:
    retire(lab, lab.study.worker)
    worker = lab.attach(after=", workers=2")
    assert worker.ends() == 0
    assert worker.output.count("its key was replaced: attach it again") == 2
    assert worker.output.count("ended;") == 2 and "died" not in worker.output


def test_a_list_of_replaced_keys_that_is_none_is_named_and_left_out(lab: Lab) -> None:
    lab.control(retired_keys=[lab.study.worker.key_id], paused=True)
    worker = lab.attach()
    worker.says("retired_keys in control.json is not what the protocol says")
    lab.heartbeat(worker.name(), state="paused")


def test_an_address_without_a_study_is_said_plainly(lab: Lab) -> None:
    worker = lab.attach(lab.study.bucket_url + "/public/nothing.json")
    assert worker.ends() == 0
    assert "there is no study at" in worker.output and "Traceback" not in worker.output


def test_messages_that_are_no_cases_are_left_to_the_dead_letter_queue(lab: Lab) -> None:
    proxy = lab.proxy()
    good = json.dumps({"v": 1, "case_id": "../../control", "batch": "b"})
    bad_batch = "x/../../workers"
    for number, text in enumerate(("no json", "[]", "{}", good, "[" * 100_000)):
        lab.send_text(text, f"group-{number}")
    lab.send("result['a'] = 1", batch=bad_batch)
    lab.send("result['a'] = 1", batch="b/done-x")
    lab.send("result['a'] = 1", parameters={"a": None})
    worker = lab.attach(proxy.config_url)
    lab.done(lab.send("result['a'] = 1"))

    # Held back for half a minute, neither deleted nor run. A worker that is stopped before it knows that the last one
    # is hidden gives that back, which is one more change of a lease.
    def hidden() -> list[Any]:
        return [json.loads(seen.body) for seen in proxy.seen if seen.action == "ChangeMessageVisibility"]

    wait_for("the last message's end", lambda: lab.in_queue() == (0, 8) and len(hidden()) >= 8)
    worker.stop()
    assert [one["VisibilityTimeout"] for one in hidden()[:8]] == [30] * 8
    assert "is no case" in worker.output
    assert not [seen for seen in proxy.seen if ".." in seen.path or "done-x" in seen.path]


def test_a_crash_outside_the_model_is_told_in_the_heartbeat(lab: Lab) -> None:
    proxy = lab.proxy()
    proxy.fault = lambda seen: '{"Messages": [{"MessageId": "m"}]}' if seen.action == "ReceiveMessage" else None
    worker = lab.attach(proxy.config_url)
    assert worker.ends() == 0
    heartbeat = lab.heartbeat(worker.name(), state="crashed")
    assert "Unexpected: receiving a case" in heartbeat["message"] and "in receive" in heartbeat["traceback"]
    assert "crashed: Unexpected" in worker.output


def test_what_answers_in_place_of_the_cloud_is_not_believed(lab: Lab) -> None:
    proxy = lab.proxy()
    answers = iter(["{}"] * 2)

    def fault(seen: Seen) -> str | None:
        return next(answers, None) if seen.method == "PUT" and "/done-" in seen.path else None

    proxy.fault = fault
    lab.attach(proxy.config_url)
    lab.done(lab.send("result['a'] = 1"))
    lab.queue_is_empty()


def test_ctrl_c_gives_the_case_back_at_once(lab: Lab) -> None:
    gate = lab.gate()
    case_id = lab.send(gate.code)
    worker = lab.attach()
    gate.arrivals(1)
    lab.heartbeat(worker.name(), state="running")
    assert worker.stop() == 0
    assert lab.in_queue() == (1, 0)
    assert "gave the case back" in worker.output and "stopped by its user" in worker.output
    assert "Traceback" not in worker.output
    assert lab.heartbeat(worker.name(), state="stopped")["case"] is None
    assert lab.read(f"data/b/error-{case_id}.json") is None


def test_python_ends_with_its_worker_though_threads_of_a_model_go_on(lab: Lab) -> None:
    model = (
        "import threading, time\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "def f(sleep=time.sleep):\n    while True:\n        sleep(0.05)\n"
        "{}\nresult['daemon'] = threading.enumerate()[-1].daemon"
    )
    worker = lab.attach(after="); print('attach has returned'")
    for start in ("threading.Thread(target=f).start()", "pool = ThreadPoolExecutor(1)\npool.submit(f)"):
        document = lab.done(lab.send(model.format(start)))
        assert document["result"] == {"daemon": False}
        assert document["warnings"] == ["a thread still ran when the model had ended; what it did from then on is lost"]
    assert worker.stop() == 0
    assert "attach has returned" in worker.output


def test_sigterm_stops_as_ctrl_c_does(lab: Lab) -> None:
    gate = lab.gate()
    lab.send(gate.code)
    worker = lab.attach()
    gate.arrivals(1)
    worker.send(signal.SIGTERM)
    assert worker.ends() == 0
    assert lab.in_queue() == (1, 0) and lab.heartbeat(worker.name(), state="stopped")


def test_the_heartbeat_tells_what_the_worker_does(lab: Lab) -> None:
    gate = lab.gate()
    case_id = lab.send("progress(0.4, 'circle 40 of 100')\n" + gate.code, batch="p/level-02", level=2)
    worker = lab.attach()
    gate.arrivals(1)
    heartbeat = wait_for("its progress", lambda: with_progress(lab.heartbeat(worker.name(), state="running")))
    case = heartbeat["case"]
    assert (case["case_id"], case["batch"], case["level"]) == (case_id, "p/level-02", 2)
    assert (case["attempt"], case["lease"]) == (1, "queue")
    assert (case["progress"], case["progress_text"]) == (0.4, "circle 40 of 100")
    assert abs(case["start_time"] - time.time()) < 30 and heartbeat["start_time"] <= case["start_time"]
    assert heartbeat["v"] == 1 and heartbeat["worker"] == worker.name() and heartbeat["software"] == "python"
    assert heartbeat["pid"] == worker.process.pid and heartbeat["os"] == "linux" and heartbeat["host"]
    assert heartbeat["message"] is None and heartbeat["traceback"] is None and heartbeat["median_secs"] is None
    assert heartbeat["lease_secs"] == lab.study.config["lease_secs"]
    gate.open()
    lab.heartbeat(worker.name(), state="waiting", case=None)
    worker.stop()
    ended = lab.heartbeat(worker.name(), state="stopped")
    assert ended["median_secs"] > 0 and ended["busy_secs"] > 0 and ended["vcpus"] == len(os.sched_getaffinity(0))
    # A case takes a look for its result, its model, its result's PUT, and to be received and deleted, at least.
    assert ended["requests"]["s3_get"] >= 3 and ended["requests"]["s3_put"] >= 3 and ended["requests"]["sqs"] >= 2


def with_progress(heartbeat: dict[str, Any]) -> dict[str, Any] | None:
    return heartbeat if heartbeat["case"]["progress"] else None


def test_a_segment_has_a_row_an_attempt_with_the_scalars_of_its_result(lab: Lab) -> None:
    model = "result.update(load={{a}}, curve={'x': [1.0], 'peak': 2.0}, ok=True, word='w', none=None)"
    worker = lab.attach()
    case_id = lab.send(model, parameters={"a": 3.5}, replicate=7)
    worker.says("done in")
    worker.stop()
    (row,) = lab.rows(worker.name())
    assert row["result"] == {"load": 3.5, "curve.peak": 2.0, "ok": True, "word": "w", "none": None}
    assert (row["case_id"], row["outcome"], row["replicate"], row["parameters"]) == (case_id, "done", 7, {"a": 3.5})
    log = lab.read(f"workers/{worker.name()}/log.txt") or b""
    assert b"attached to study" in log and b"stopped by its user" in log


def test_rows_are_written_as_soon_as_a_worker_waits(lab: Lab) -> None:
    """A table that is read right after the end has every case, though a segment is due much later."""
    worker = lab.attach(between="attach.__globals__.update(SEGMENT_SECS=3600.0); ")
    lab.done(lab.send("result['a'] = 1"))
    wait_for("its row", lambda: len(lab.rows(worker.name())) == 1)
    gate = lab.gate()
    lab.done(lab.send("result['a'] = 1"))
    lab.send(gate.code)
    gate.arrivals(1)
    lab.control(paused=True)
    gate.open()
    lab.heartbeat(worker.name(), state="paused")
    wait_for("the rows of a worker that pauses", lambda: len(lab.rows(worker.name())) == 3)


def test_a_row_says_that_a_model_returned_nothing(lab: Lab) -> None:
    worker = lab.attach()
    models = ["pass", "result['a'] = None", "open('outputs/a.txt', 'w').close()"]
    cases = [lab.send(model) for model in models]
    worker.says("done in", times=3)
    worker.stop()
    is_empty = {row["case_id"]: row.get("empty", False) for row in lab.rows(worker.name())}
    assert [is_empty[case] for case in cases] == [True, False, False]


def test_a_model_file_is_fetched_once(lab: Lab) -> None:
    proxy = lab.proxy()
    lab.attach(proxy.config_url)
    for _ in range(3):
        lab.done(lab.send("result['a'] = 1"))
    assert len([seen for seen in proxy.seen if "/models/" in seen.path]) == 1


def test_a_model_that_is_missing_or_another_one_fails_the_case(lab: Lab) -> None:
    missing = lab.send("", model_key="models/" + "0" * 64 + "/m.py", max_attempts=1)
    other_key = "models/" + "1" * 64 + "/m.py"
    lab.s3.put_object(Bucket=lab.study.bucket, Key=other_key, Body=b"result['a'] = 1")
    other = lab.send("", model_key=other_key, max_attempts=1)
    lab.attach()
    assert lab.error(missing)["message"].startswith("there is no model at")
    assert lab.error(other)["message"].endswith("is not the one that its address promises")
    assert lab.error(other)["exception"] == "ModelNotFound" and "<string>" not in lab.error(other)["traceback"]


def test_files_of_a_case_are_uploaded(lab: Lab) -> None:
    model = (
        "import os\nos.mkdir('outputs/sub')\nopen('outputs/a b+ö.txt', 'w').write('one')\n"
        "open('outputs/sub/big.bin', 'wb').write(b'x' * 3000000)\nopen('outputs/empty', 'w').close()\n"
        "os.symlink('/etc/hostname', 'outputs/link')\nopen('elsewhere.txt', 'w').write('no')"
    )
    case_id = lab.send(model)
    lab.attach()
    lab.done(case_id)
    prefix = f"data/b/files/{case_id}/"
    assert sorted(lab.keys(prefix)) == [prefix + name for name in ("a b+ö.txt", "empty", "sub/big.bin")]
    assert lab.read(prefix + "a b+ö.txt") == b"one" and len(lab.read(prefix + "sub/big.bin") or b"") == 3000000
    # A browser that is led to one saves it, and shows it as a page in no case.
    head = lab.study.cloud.client("s3").head_object(Bucket=lab.study.bucket, Key=prefix + "a b+ö.txt")
    assert (head["ContentType"], head["ContentDisposition"]) == ("application/octet-stream", "attachment")


def test_the_lease_ends_in_the_heartbeat_before_the_queue_forbids_it(hasty_lab: Lab) -> None:
    lab, gate = hasty_lab, hasty_lab.gate()
    case_id = lab.send(gate.code + "raise ValueError('bad')")
    key = lab.study.worker
    # Twelve hours made short.
    worker = lab.execute(
        "import attach; attach.LONGEST_LEASE_SECS = 3; "
        f"attach.attach({lab.study.config_url!r}, {key.key_id!r}, {key.secret!r})",
        PYTHONPATH=str(Path(__file__).resolve().parents[1]),
    )
    gate.arrivals(1)

    def held_by_heartbeat() -> Any:
        case = (lab.document(f"workers/{worker.name()}/heartbeat.json") or {}).get("case") or {}
        return case.get("lease") == "heartbeat"

    wait_for("the lease in the heartbeat", held_by_heartbeat)
    lab.queue_is_empty()
    gate.open()
    # Nobody can receive it again, so this attempt was the last one.
    assert lab.error(case_id)["attempt"] == 1
    assert worker.stop() == 0


class TestSeveral:
    """`workers=2`."""

    def started(self, lab: Lab) -> Attached:
        parent = lab.attach(after=", workers=2")
        parent.says("attached to study", times=2)
        return parent

    def test_each_is_a_process_and_none_shows_the_secret(self, lab: Lab) -> None:
        parent = self.started(lab)
        cases = [lab.send("import os\nresult['pid'] = os.getpid()") for _ in range(4)]
        for case_id in cases:
            assert lab.done(case_id)["result"]["pid"] != parent.process.pid
        for pid in children(parent.process.pid):
            assert lab.study.worker.secret.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
        parent.send(signal.SIGINT)
        assert parent.ends() == 0
        assert parent.output.count("stopped by its user") == 2
        states = [json.loads(lab.read(key) or b"")["state"] for key in lab.keys("workers/") if "heartbeat" in key]
        assert states == ["stopped", "stopped"]

    def test_one_that_dies_is_reported(self, lab: Lab) -> None:
        parent = self.started(lab)
        gate = lab.gate()
        for _ in range(2):
            lab.send(gate.code)
        gate.arrivals(2)
        worker = children(parent.process.pid)[0]
        (model,) = children(worker)
        os.kill(worker, signal.SIGKILL)
        parent.says("died (exit code -9)")
        wait_for("the end of what it computed", lambda: not is_running(model))
        parent.send(signal.SIGTERM)
        assert parent.ends() == 0

    def test_they_end_with_their_parent_even_if_that_had_no_time_to_tell_them(self, lab: Lab) -> None:
        parent = self.started(lab)
        processes = children(parent.process.pid)
        parent.send(signal.SIGKILL)
        wait_for("the end of its workers", lambda: not any(is_running(pid) for pid in processes))
        parent.says("stopped by its user", times=2)

    def test_they_can_be_stopped_where_ctrl_c_is_ignored_as_in_the_background_of_a_shell(self, lab: Lab) -> None:
        parent = lab.attach(before="import signal as s; s.signal(s.SIGINT, s.SIG_IGN); ", after=", workers=2")
        parent.says("attached to study", times=2)
        parent.send(signal.SIGTERM)
        assert parent.ends() == 0
        assert parent.output.count("stopped by its user") == 2


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
