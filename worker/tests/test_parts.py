"""Parts of the worker alone."""

from __future__ import annotations

import _thread
import http.client
import io
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import types
import urllib.parse
from pathlib import Path
from typing import Any

import attach
import pytest
from hypothesis import given
from hypothesis import strategies as st

FILE = Path(attach.__file__)
SOURCE = FILE.read_text("utf-8")
CASE = {
    "v": 1, "case_id": "9f86d081884c7d659a2feaa0c55ad015", "batch": "prandtl/level-03", "level": 3,
    "submission": "00f1e2d3c4b5a697", "model": {"key": "models/" + "a" * 64 + "/footing.py", "kind": "python"},
    "parameters": {"a": 1}, "replicate": 0, "force": False, "time_limit_secs": None, "max_attempts": 3,
}  # fmt: skip


def journal() -> attach.Journal:
    return attach.Journal(io.StringIO(), "cruncher")


def attempt(number: int = 1) -> attach.Attempt:
    message = attach.Message("m", "r", json.dumps(CASE), number)
    return attach.Attempt(attach.read_case(message.body), attach.Lease(message), number, 1000.0)


class Recorded:
    """A cloud that records what is asked of it."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.is_mine = True
        self.objects: dict[str, bytes] = {}

    def put(self, key: str, body: bytes, content_type: str = "") -> None:
        """Keeps the body."""
        self.calls.append(("put", key))
        self.objects[key] = body

    def show(self, message: attach.Message, delay_secs: int) -> bool:
        """Says whether the message is held."""
        self.calls.append(("show", delay_secs))
        return self.is_mine

    def delete(self, message: attach.Message) -> bool:
        """The same."""
        self.calls.append(("delete",))
        return self.is_mine


@pytest.fixture
def monotonic(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that only moves when it is told to."""
    moved = types.SimpleNamespace(secs=0.0)
    monkeypatch.setattr(attach, "monotonic", lambda: moved.secs)
    return moved


class TestTheFile:
    """One file for Python 3.6, executed by exec."""

    def test_it_needs_nothing_newer_than_python_3_6(self) -> None:
        vermin = Path(sys.executable).parent / "vermin"
        command = [str(vermin), "-t=3.6-", "--violations", "--no-tips", "--eval-annotations", str(FILE)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        assert done.returncode == 0, done.stdout

    def test_it_imports_the_standard_library_only(self) -> None:
        imported = set(re.findall(r"^(?:import|from) (\w+)", SOURCE, re.MULTILINE))
        assert imported <= set(sys.stdlib_module_names)

    @pytest.mark.parametrize("has_locals", [False, True])
    def test_it_leaves_its_namespace_as_it_was(self, has_locals: bool) -> None:
        names: dict[str, Any] = {"__name__": "__main__", "json": "mine", "Worker": 1}
        also: dict[str, Any] = {"time": "mine"}
        exec(SOURCE, names, *([also] if has_locals else []))
        del names["__builtins__"]
        assert also.pop("attach", names["attach"]) is names.pop("attach")
        assert names.pop("__doc__", None) is None or not has_locals
        also.pop("__doc__", None)
        assert names == {"__name__": "__main__", "json": "mine", "Worker": 1} and also == {"time": "mine"}

    def test_it_works_inside_a_function(self, capsys: pytest.CaptureFixture[str]) -> None:
        names: dict[str, Any] = {"source": SOURCE}
        exec("def f():\n    exec(source)\n    attach('no address', 'k', 's')\nf()", names)
        assert "no address of a study" in capsys.readouterr().out

    def test_a_wrong_number_of_workers_is_said_plainly(self, capsys: pytest.CaptureFixture[str]) -> None:
        for workers in (0, -1, 1.5, "2"):
            attach.attach("http://127.0.0.1:9/", "k", "s", workers=workers)  # type: ignore[arg-type]
        assert capsys.readouterr().out.count("whole number from 1 on") == 4


class TestMessages:
    """What becomes a case."""

    def test_a_case_is_read(self) -> None:
        case = attach.read_case(json.dumps({**CASE, "unknown": 1}))
        assert case.result_key == "data/prandtl/level-03/done-9f86d081884c7d659a2feaa0c55ad015.json"
        assert (case.model_name, case.kind, case.max_attempts) == ("footing.py", "python", 3)

    @pytest.mark.parametrize("name", sorted(CASE))
    def test_one_that_lacks_a_field_is_none(self, name: str) -> None:
        with pytest.raises(attach.NotACase, match=name):
            attach.read_case(json.dumps({key: value for key, value in CASE.items() if key != name}))

    @pytest.mark.parametrize(
        "fields",
        [
            {"v": 2}, {"case_id": "9F86D081884C7D659A2FEAA0C55AD015"}, {"case_id": "../" + "0" * 29}, {"case_id": 1},
            {"case_id": "9f86d081884c7d659a2feaa0c55ad015\n"}, {"batch": ""}, {"batch": "/a"}, {"batch": "a/"},
            {"batch": "a//b"}, {"batch": "../a"}, {"batch": "a/.b"}, {"batch": "a b"}, {"batch": "a\n"},
            {"batch": "files"}, {"batch": "a/files/b"}, {"batch": "done-1"}, {"batch": "a/error-"}, {"batch": "cases-"},
            {"batch": "design-x/a"}, {"batch": "a" * 201}, {"batch": ["a"]}, {"batch": None}, {"batch": "ä"},
            {"submission": "00F1E2D3C4B5A697"}, {"level": "3"}, {"level": True}, {"replicate": 0.5},
            {"replicate": None}, {"parameters": []}, {"parameters": {"a": None}}, {"parameters": {"a": {"b": 1}}},
            {"parameters": {"a": [[1]]}}, {"parameters": {"a": 2**64}}, {"force": 0}, {"max_attempts": 0},
            {"max_attempts": True}, {"time_limit_secs": 0}, {"time_limit_secs": "1"}, {"time_limit_secs": True},
            {"time_limit_secs": 1e300}, {"model": {"key": "models/x/y", "kind": "python"}},
            {"model": {"key": "models/" + "a" * 64 + "/x/y", "kind": "python"}},
            {"model": {"key": "models/" + "a" * 64 + "/..", "kind": "python"}},
            {"model": {"key": "models/" + "a" * 64 + "/m.py", "kind": "shell"}}, {"model": "m"}, {"model": {}},
        ],
    )  # fmt: skip
    def test_one_that_breaks_the_protocol_is_none(self, fields: dict[str, Any]) -> None:
        with pytest.raises(attach.NotACase):
            attach.read_case(json.dumps({**CASE, **fields}))

    @pytest.mark.parametrize("batch", ["a", "a/b/c", "prandtl/level-03", "files-1", "Done-1", "0.1_x-y", "a" * 200])
    def test_batches_of_the_protocol_are_taken(self, batch: str) -> None:
        assert attach.is_batch(batch)

    def test_numbers_that_are_no_json_are_not_taken(self) -> None:
        for word in ("NaN", "Infinity", "-Infinity", "1e999"):
            with pytest.raises(attach.NotACase):
                attach.read_case(json.dumps(CASE).replace('"a": 1', f'"a": {word}'))

    @given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
    def test_no_text_is_more_than_refused(self, text: str) -> None:
        with pytest.raises(attach.NotACase):
            attach.read_case(text)


class TestTryingAgain:
    """The decision about an answer, and how long to wait."""

    @pytest.mark.parametrize(
        ("status", "code", "verdict"),
        [
            (200, "", "final"), (304, "", "final"), (404, "NoSuchKey", "final"), (412, "PreconditionFailed", "final"),
            (403, "AccessDenied", "final"), (500, "", "again"), (503, "SlowDown", "again"), (429, "", "again"),
            (400, "ThrottlingException", "again"), (409, "ConditionalRequestConflict", "again"),
            (403, "RequestTimeTooSkewed", "again"), (403, "InvalidAccessKeyId", "refused"),
            (403, "SignatureDoesNotMatch", "refused"), (400, "InvalidClientTokenId", "refused"),
            (400, "ReceiptHandleIsInvalid", "final"), (501, "NotImplemented", "final"), (501, "", "again"),
        ],
    )  # fmt: skip
    def test_an_answer_is_judged(self, status: int, code: str, verdict: str) -> None:
        assert attach.judge(status, code) == verdict

    def test_the_wait_doubles_up_to_a_limit_with_full_jitter(self) -> None:
        assert [attach.backoff_secs(n, 1.0) for n in (1, 2, 3, 9, 5000)] == [0.2, 0.4, 0.8, 30.0, 30.0]
        assert attach.backoff_secs(9, 0.0) == 0.0 and attach.backoff_secs(9, 0.5) == 15.0

    def test_error_codes_are_read_from_xml_and_json(self) -> None:
        s3 = attach.Answer(403, {}, b"<?xml?><Error><Code>SlowDown</Code></Error>")
        sqs = attach.Answer(
            400, {"content-type": "application/x-amz-json-1.0"}, b'{"__type": "com.amazonaws.sqs#QueueDoesNotExist"}'
        )
        assert (s3.code, sqs.code) == ("SlowDown", "QueueDoesNotExist")

    def test_the_clock_learns_from_large_differences_only(self) -> None:
        clock = attach.Clock(lambda: 1000.0)
        assert not clock.learn(None, journal()) and not clock.learn("nonsense", journal())
        assert not clock.learn("Thu, 01 Jan 1970 00:16:45 GMT", journal()) and clock.now() == 1000.0
        assert clock.learn("Thu, 01 Jan 1970 02:00:00 GMT", journal()) and clock.now() == 7200.0
        assert not clock.learn("Thu, 01 Jan 1970 02:00:05 GMT", journal())

    def test_a_clock_that_jumps_between_two_requests_is_corrected(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [0.0]
        client = attach.Client(attach.Key("k", "s"), "r", attach.Clock(lambda: now[0]), journal(), lambda _: None)
        skewed = attach.Answer(403, {"date": "Thu, 01 Jan 1970 02:00:00 GMT"}, b"<Code>SignatureDoesNotMatch</Code>")
        fine = attach.Answer(200, {"etag": "e"}, b"x")
        answers, dates = iter([fine, skewed, fine]), []

        def exchange(request: attach.Request, headers: dict[str, str]) -> attach.Answer:
            dates.append(headers["X-Amz-Date"])
            return next(answers)

        monkeypatch.setattr(client._http, "exchange", exchange)
        for _ in range(2):
            assert client.send(attach.Request("GET", "http://h/b/k")).body == b"x"
        assert dates == ["19700101T000000Z", "19700101T000000Z", "19700101T020000Z"]

    def test_proxies_of_the_environment_are_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", "http://me:p%40ss@proxy.example:3128")
        monkeypatch.setenv("https_proxy", "proxy.example:3129")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        http = attach.Http()
        parts = urllib.parse.urlsplit
        plain, direct = http._connect(parts("http://h.example/a")), http._connect(parts("http://127.0.0.1:81/a"))
        assert (plain.host, plain.port) == ("proxy.example", 3128) and (direct.host, direct.port) == ("127.0.0.1", 81)
        assert plain.for_proxy == {"Proxy-Authorization": "Basic bWU6cEBzcw=="}  # type: ignore[attr-defined]
        tunnel: Any = http._connect(parts("https://h.example/a"))
        assert (tunnel.host, tunnel.port, tunnel._tunnel_host) == ("proxy.example", 3129, "h.example")


class TestLeases:
    """The claim on a case."""

    def test_it_is_extended_at_a_third(self, monotonic: Any) -> None:
        cloud: Any = Recorded()
        lease = attach.Lease(attach.Message("m", "r", "", 1))
        for second in range(121):
            monotonic.secs = float(second)
            lease.extend_if_due(cloud, 120)
        assert cloud.calls == [("show", 120)] * 3

    def test_it_is_lost_when_the_queue_says_so(self, monotonic: Any) -> None:
        cloud: Any = Recorded()
        cloud.is_mine = False
        lease = attach.Lease(attach.Message("m", "r", "", 1))
        monotonic.secs = 50.0
        assert lease.extend_if_due(cloud, 120) and lease.lost and lease.is_in_queue
        monotonic.secs = 500.0
        assert not lease.extend_if_due(cloud, 120) and len(cloud.calls) == 1

    def test_before_twelve_hours_the_message_is_deleted_and_the_heartbeat_holds_the_case(self, monotonic: Any) -> None:
        cloud: Any = Recorded()
        tried = attempt()
        monotonic.secs = 11.4 * 3600
        tried.lease.extend_if_due(cloud, 120)
        assert cloud.calls == [("show", 120)] and tried.in_heartbeat()["lease"] == "queue"
        monotonic.secs = 11.5 * 3600
        assert tried.lease.extend_if_due(cloud, 120)
        assert cloud.calls[-1] == ("delete",) and tried.in_heartbeat()["lease"] == "heartbeat"
        monotonic.secs = 20 * 3600.0
        assert not tried.lease.extend_if_due(cloud, 120) and not tried.lease.lost

    def test_none_is_extended_after_it_was_closed(self, monotonic: Any) -> None:
        cloud: Any = Recorded()
        lease = attach.Lease(attach.Message("m", "r", "", 1))
        lease.close()
        monotonic.secs = 100.0
        assert not lease.extend_if_due(cloud, 120) and cloud.calls == []


class TestReports:
    """Heartbeats, segments and the journal at their pace."""

    def report(self) -> Any:
        told = journal()
        identity = attach.Identity(attach.Host())
        return attach.Report(identity, attach.Clock(lambda: 5.0), told, 120), told

    def written(self, report: Any, cloud: Any, monotonic: Any, until: float, change: Any = None) -> list[float]:
        times = []
        while monotonic.secs < until:
            if change:
                change()
            before = len(cloud.calls)
            report.write_what_is_due(cloud)
            times += [monotonic.secs] * sum(1 for call in cloud.calls[before:] if call[1].endswith("heartbeat.json"))
            monotonic.secs += 0.5
        return times

    def test_a_heartbeat_comes_every_minute(self, monotonic: Any) -> None:
        report, _ = self.report()
        assert self.written(report, Recorded(), monotonic, 150) == [0.0, 60.0, 120.0]

    def test_it_comes_every_five_seconds_while_cases_change(self, monotonic: Any) -> None:
        report, _ = self.report()
        times = self.written(report, Recorded(), monotonic, 20, lambda: report.change("starting", attempt()))
        assert times == [0.0, 5.0, 10.0, 15.0]

    def test_it_comes_every_minute_while_no_poll_finds_a_case(self, monotonic: Any) -> None:
        report, _ = self.report()
        report.change("waiting", None)
        assert self.written(report, Recorded(), monotonic, 150, lambda: report.change("waiting", None)) == [
            0.0,
            60.0,
            120.0,
        ]

    def test_it_comes_at_once_when_the_state_changes(self, monotonic: Any) -> None:
        report, _ = self.report()
        cloud: Any = Recorded()
        self.written(report, cloud, monotonic, 2)
        report.change("waiting", None)
        assert self.written(report, cloud, monotonic, 10) == [2.0]
        (key,) = cloud.objects
        assert key.startswith("workers/") and json.loads(cloud.objects[key])["state"] == "waiting"

    def test_rows_go_into_segments_of_a_thousand(self) -> None:
        segments = attach.Segments()
        cloud: dict[int, bytes] = {}
        writes: list[int] = []

        def write() -> None:
            for number, body in segments.unwritten():
                writes.append(number)
                cloud[number] = body
                segments.is_written(number, body)

        for row in range(2500):
            segments.add({"row": row})
            if row % 400 == 0:
                write()
        write()
        rows = [json.loads(line)["row"] for number in sorted(cloud) for line in cloud[number].splitlines()]
        assert rows == list(range(2500)) and [cloud[n].count(b"\n") for n in sorted(cloud)] == [1000, 1000, 500]
        assert writes == sorted(writes)  # none is touched again once the next was begun
        count = len(writes)
        write()
        assert not segments.are_new and len(writes) == count

    def test_a_segment_ends_when_it_is_large(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each is written anew as it grows, and read up to a size."""
        monkeypatch.setattr(attach, "SEGMENT_BYTES", 1000)
        segments = attach.Segments()
        for text in ("x" * 300,) * 7 + ("x" * 2000, "y", "z"):
            segments.add({"row": text})
        cloud: dict[int, bytes] = {}
        for number, body in segments.unwritten():
            cloud[number] = body
            segments.is_written(number, body)
        rows = [json.loads(line)["row"] for number in sorted(cloud) for line in cloud[number].splitlines()]
        assert rows == ["x" * 300] * 7 + ["x" * 2000, "y", "z"]
        assert [cloud[number].count(b"\n") for number in sorted(cloud)] == [4, 4, 2]
        assert not segments.are_new

    def test_the_end_of_a_text_is_kept_from_a_character_on(self) -> None:
        tail = attach.Tail(9)
        for _ in range(100):
            tail.add("é砂".encode())
        assert tail.text() == "砂é砂" and len(tail.content()) == 8

    def test_a_console_without_the_character_gets_another(self) -> None:
        raw = io.BytesIO()
        console = io.TextIOWrapper(raw, "ascii")
        attach.Journal(console, "c").say("größe")
        assert b"gr\\xf6\\xdfe" in raw.getvalue()


class TestControl:
    """control.json."""

    def read(self, control: attach.Control, body: bytes | None, told: attach.Journal) -> None:
        cloud: Any = types.SimpleNamespace(get_if_changed=lambda *_: None if body is None else ("e", body))
        control.forget_age()
        control.read(cloud, told)

    def test_it_is_followed(self) -> None:
        control, told = attach.Control(), journal()
        self.read(control, b'{"v": 1, "paused": true, "drain": ["w"], "cancelled_batches": ["b"]}', told)
        assert control.paused and control.drain == ["w"]
        self.read(control, None, told)
        assert control.paused
        self.read(control, b"", told)  # it isn't there
        assert not control.paused and control.drain == []

    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b"\xff",
            b"[]",
            b'{"paused": "no"}',
            b'{"drain": "w"}',
            b'{"withdrawn_submissions": null}',
            b"[" * 100_000,
            b"null",
            b"NaN",
        ],
    )
    def test_one_that_can_not_be_read_is_ignored_and_told(self, body: bytes) -> None:
        control, told = attach.Control(), journal()
        self.read(control, b'{"paused": true}', told)
        self.read(control, body, told)
        assert control.paused and "can't be read" in told.tail.text()

    def test_the_bucket_is_asked_every_five_seconds_at_most(self, monotonic: Any) -> None:
        asked: list[float] = []
        cloud: Any = types.SimpleNamespace(get_if_changed=lambda *_: asked.append(monotonic.secs))
        control = attach.Control()
        for step in range(24):
            monotonic.secs = step / 2
            control.read(cloud, journal())
        assert asked == [0.0, 5.0, 10.0]


def test_names_of_workers_are_fit_for_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vars(attach)["socket"], "gethostname", lambda: "Büro PC/1")
    identity = attach.Identity(attach.Host())
    assert re.fullmatch(r"B-ro-PC-1_linux_\d+", identity.computer)
    assert re.fullmatch(re.escape(identity.computer) + "-[0-9a-f]{6}", identity.worker)


@pytest.mark.parametrize(
    ("secs", "words"),
    [
        (0.0, "0 ms"), (4.24e-5, "0.0424 ms"), (0.04, "40 ms"), (0.0996, "99.6 ms"), (0.25, "0.25 s"),
        (7.254, "7.25 s"), (75.0, "75 s"), (119.96, "120 s"), (150.0, "2.5 min"), (600.0, "10 min"),
        (90_000.0, "25 h"), (7.2e6, "2000 h"),
    ],
)  # fmt: skip
def test_a_duration_has_three_digits_however_short_it_is(secs: float, words: str) -> None:
    assert attach.in_words(secs) == words


class TestLongTexts:
    """What is cut says so."""

    def failure(self, message: str) -> attach.Failure:
        return attach.describe(ValueError(message), attach.NO_SOURCE)

    def test_a_failure_in_short_ends_with_a_mark_where_it_is_cut(self) -> None:
        assert self.failure("x" * 600).in_short == "ValueError: " + "x" * 487 + "…"
        assert self.failure("x" * 488).in_short == "ValueError: " + "x" * 488

    def test_a_message_ends_with_a_mark_where_it_is_cut(self) -> None:
        for characters in (9_999, 10_000, 10_001, 10**6):
            message = self.failure("x" * characters).message
            assert message == ("x" * characters if characters <= 10_000 else "x" * 9_999 + "…")

    def test_a_traceback_begins_with_a_mark_where_it_is_cut(self) -> None:
        words = self.failure("x" * 10**6).traceback
        assert len(words) == 65_536 and words.startswith("…xxx") and words.endswith("xxx\n")

    def test_an_error_in_one_line_ends_with_a_mark_where_it_is_cut(self) -> None:
        assert attach.one_line(ValueError("x\n" * 300)) == "ValueError: " + "x " * 249 + "x…"

    def test_a_text_of_progress_is_plain_and_ends_with_a_mark_where_it_is_cut(self) -> None:
        class Odd(str):
            def __getitem__(self, _: Any) -> Any:
                return object()

            def __str__(self) -> Any:
                return self

        tried, told = attempt(), journal()
        report = attach.Report(attach.Identity(attach.Host()), attach.Clock(lambda: 5.0), told, 120)
        for text, kept in (("x" * 1001, "x" * 999 + "…"), (Odd("circle 4"), "circle 4"), (None, None)):
            attach._progress_of(tried, report)(0.5, text)
            assert json.loads(attach.to_json(tried.in_heartbeat()))["progress_text"] == kept


def test_long_texts_are_cut_in_rows_and_named_with_their_lengths() -> None:
    result = {
        "load": 2.0,
        "echo": "x" * 90_012,
        "log": {"tail": "é🧱" * 501},
        "note": "y" * 1000,
        "curve": ["z" * 2000],
    }
    row = attach.scalars_in_row(result)
    assert row["cut"] == {"echo": 90_012, "log.tail": 1002}
    assert row["result"]["echo"] == "x" * 999 + "…"
    assert row["result"]["log.tail"] == ("é🧱" * 501)[:999] + "…"
    assert (row["result"]["note"], row["result"]["load"]) == ("y" * 1000, 2.0)
    assert "curve" not in row["result"]


def test_a_row_without_long_texts_speaks_of_none() -> None:
    assert attach.scalars_in_row({"a": 1, "s": "x"}) == {"result": {"a": 1, "s": "x"}}


class TestAttempts:
    """How an attempt is counted."""

    @pytest.mark.parametrize(
        ("document", "number"),
        [
            (None, 0),
            (b"", 0),
            (b"\xff", 0),
            (b"[]", 0),
            (b"{}", 0),
            ({"attempt": 2}, 0),
            ({"attempt": 2, "submission": "0" * 16}, 0),
            ({"attempt": 2, "submission": CASE["submission"]}, 2),
            ({"attempt": True, "submission": CASE["submission"]}, 0),
            ({"attempt": "2", "submission": CASE["submission"]}, 0),
            ({"attempt": -1, "submission": CASE["submission"]}, 0),
        ],
    )
    def test_the_last_failed_attempt_of_this_submission_counts(self, document: Any, number: int) -> None:
        body = json.dumps(document).encode() if isinstance(document, dict) else document
        assert attach.failed_attempt(body, attach.read_case(json.dumps(CASE))) == number

    def test_pauses_before_another_attempt_grow_up_to_five_minutes(self) -> None:
        assert [attach.retry_pause_secs(number) for number in (1, 2, 3, 9, 10**9)] == [3, 9, 27, 300, 300]


class Finished:
    """A cloud with these results."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.asked = 0

    def exists(self, key: str) -> bool:
        """Whether it has this result."""
        self.asked += 1
        return key in self.keys


class TestFailuresInRow:
    """When a worker rests because its cases fail."""

    def fail(self, failures: attach.FailuresInRow, cases: range, **fields: Any) -> list[Any]:
        """So many cases fail."""
        failed = [attach.read_case(json.dumps({**CASE, "case_id": f"{number:032x}", **fields})) for number in cases]
        for case in failed:
            failures.add(case, attach.Failure("ValueError", "no licence", "", "0" * 16))
        return failed

    def test_five_failures_are_a_rest_and_then_one_more_case(self) -> None:
        failures = attach.FailuresInRow()
        cloud: Any = Finished()
        self.fail(failures, range(4))
        assert failures.rest(cloud) == (0.0, "")
        assert cloud.asked == 0
        self.fail(failures, range(4, 5))
        secs, words = failures.rest(cloud)
        assert (secs, words) == (10.0, "the last 5 cases failed here, the last one with ValueError: no licence")
        assert failures.rest(cloud) == (0.0, "")
        asked = cloud.asked
        assert failures.rest(cloud) == (0.0, "")
        assert cloud.asked == asked, "who waits for cases asks no more"
        rests = []
        for number in range(5, 10):
            self.fail(failures, range(number, number + 1))
            rests.append(failures.rest(cloud)[0])
        assert rests == [20.0, 40.0, 60.0, 60.0, 60.0]
        failures.clear()
        self.fail(failures, range(4))
        assert failures.rest(cloud) == (0.0, "")

    def test_what_others_finish_is_a_long_rest(self) -> None:
        failures = attach.FailuresInRow()
        cloud: Any = Finished()
        failed = self.fail(failures, range(5))
        cloud.keys = {case.result_key for case in failed[:2]}
        assert failures.rest(cloud)[0] == 10.0
        cloud.keys = {case.result_key for case in failed[:3]}
        secs, words = failures.rest(cloud)
        assert secs == 300.0
        assert words.endswith("ValueError: no licence; other workers have finished 3 of them")
        assert failures.rest(cloud)[0] == 0.0
        self.fail(failures, range(5, 6))
        cloud.keys |= {case.result_key for case in failed}
        assert failures.rest(cloud)[0] == 600.0

    def test_a_result_from_before_says_nothing_of_a_forced_case(self) -> None:
        failures = attach.FailuresInRow()
        cloud: Any = Finished()
        cloud.keys = {case.result_key for case in self.fail(failures, range(5), force=True)}
        assert failures.rest(cloud)[0] == 10.0


class TestFiles:
    """What a case has left in `outputs/`."""

    def names(self, folder: Path) -> list[str]:
        case = attach.read_case(json.dumps(CASE))
        return [key.rsplit("/files/", 1)[1].split("/", 1)[1] for key in attach.files_by_key(case, str(folder), [])]

    def test_a_folder_that_is_a_link_leads_nowhere(self, tmp_path: Path) -> None:
        (tmp_path / "else").mkdir()
        (tmp_path / "else" / "secret").touch()
        (tmp_path / "outputs").symlink_to(tmp_path / "else")
        assert self.names(tmp_path) == []

    def test_no_folder_is_no_trouble(self, tmp_path: Path) -> None:
        assert self.names(tmp_path) == []

    @pytest.mark.parametrize(("now", "found"), [(b"abc", b"abc"), (b"abcdef", b"abc"), (b"a", None), (None, None)])
    def test_one_that_changes_while_it_is_uploaded_fails_its_case(
        self, tmp_path: Path, now: bytes | None, found: bytes | None
    ) -> None:
        path = tmp_path / "log.txt"
        path.write_bytes(b"abc")
        body = attach.FileBody(str(path))
        path.unlink() if now is None else path.write_bytes(now)
        if found is None:
            with pytest.raises(attach.FileChanged), body.opened() as opened:
                while opened.read(2):
                    pass
        else:
            with body.opened() as opened:
                assert b"".join(iter(lambda: opened.read(2), b"")) == found


class TestDocuments:
    """How large they may become, and what is left of one that can't be written."""

    def test_a_result_that_is_too_large_is_refused_before_it_is_put_together(self) -> None:
        for result in ({"a": "x" * (attach.RESULT_BYTES + 1)}, {"a": ["é" * (attach.RESULT_BYTES // 2)] * 2}):
            with pytest.raises(attach.UnusableResult, match="larger than 64 MiB"):
                attach.result_json({"result": result})
        assert attach.result_json({"result": {"a": [1, {"b": "x"}]}}) == b'{"result":{"a":[1,{"b":"x"}]}}'

    def test_the_keeper_outlives_what_a_model_breaks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told = threading.Event()
        report = attach.Report(attach.Identity(attach.Host()), attach.Clock(time.time), journal(), 1)
        keeper = attach.Keeper(report, Recorded(), 1, attach.Control(), journal())  # type: ignore[arg-type]
        calls = iter([RecursionError, SystemExit, TypeError])

        def tick() -> None:
            for error in calls:
                raise error
            told.set()

        monkeypatch.setattr(keeper, "tick", tick)
        keeper.start()
        assert told.wait(20)
        keeper.stop()

    def test_a_connection_whose_descriptor_leads_elsewhere_is_left_alone(self, tmp_path: Path) -> None:
        ours, other = socket.socketpair()
        connection = http.client.HTTPConnection("127.0.0.1")
        connection.sock = ours
        vars(connection)["identity"] = attach._identity(ours.fileno())
        assert attach.Http()._is_still_its_own(connection)
        number = ours.fileno()
        with (tmp_path / "of_a_model").open("wb") as file:
            os.dup2(file.fileno(), number)
            assert not attach.Http()._is_still_its_own(connection)
            connection.close()
            os.write(number, b"untouched")
        os.close(number)
        other.close()
        assert (tmp_path / "of_a_model").read_bytes() == b"untouched"


def test_a_process_that_may_open_any_number_of_files_is_looked_through_in_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    monkeypatch.setattr("resource.getrlimit", lambda _: (1 << 40, 1 << 40))
    monkeypatch.setattr(attach, "_lowest_free_descriptor", lambda: 1 << 40)
    monkeypatch.setattr(attach, "_identity", asked.append)
    monkeypatch.setattr(attach, "LOOKED_AT_DESCRIPTORS", 1000)
    attach.keep_descriptors()()
    assert 0 < len(asked) <= 1000


def test_a_thread_that_is_started_by_hand_has_begun() -> None:
    may_end, interval = threading.Event(), sys.getswitchinterval()
    sys.setswitchinterval(20)  # else it might begin by chance
    try:
        number = attach.start_begun(may_end.wait, (20,))
        assert number in sys._current_frames()
    finally:
        sys.setswitchinterval(interval)
        may_end.set()
    calls: list[Any] = [attach.start_begun, _thread.start_new_thread]
    for call in calls:
        with pytest.raises(TypeError):
            call("no function", ())
