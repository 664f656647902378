"""Models that put their own in the place of Python's: no document of the worker says anything else for that."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from tests.lab import Lab, wait_for

STAND_IN = str(Path(__file__).parent / "stand_in")
# What lies, other than what fails (`REPLACED` and `HOSTILE`), goes unnoticed.
LYING = """
import builtins, calendar, collections, copy, datetime, email.message, email.parser, email.utils, hashlib, http.client
import io, itertools, json, math, os, platform, random, re, socket, statistics, tempfile, time, traceback, urllib.parse
import urllib.request, uuid, numbers, base64, contextlib
true_exists, true_sleep, gone = os.path.exists, time.sleep, BaseException
json.dumps = json.JSONEncoder.encode = lambda *_, **named: '{"forged": true}'
json.loads = json.JSONDecoder.decode = lambda *_, **named: {"forged": True}
time.time = time.monotonic = time.perf_counter = lambda: 0.0
time.gmtime = time.localtime = lambda *_: time.struct_time((1999, 1, 1, 0, 0, 0, 4, 1, 0))
time.strftime = lambda *_: "19990101T000000Z"
calendar.timegm = email.utils.mktime_tz = lambda *_: 915148800
email.utils.parsedate_tz = lambda *_: (1999, 1, 1, 0, 0, 0, 0, 1, -1, 0)
datetime.datetime = type("forged", (), {"now": staticmethod(lambda *_: 0)})
urllib.parse.quote = lambda *_, **named: "forged"
urllib.parse.urlsplit = lambda *_: ("http", "forged", "/", "", "")
urllib.request.getproxies = lambda: {"http": "http://127.0.0.1:1"}
urllib.request.proxy_bypass = lambda *_: False
http.client.HTTPConnection.request = lambda *_, **named: None
http.client.HTTPResponse.read = lambda *_: b"forged"
email.message.Message.items = lambda *_: [("etag", "forged")]
email.parser.Parser.parsestr = lambda *_, **named: email.message.Message()
email.parser.BytesParser.parse = email.parser.Parser.parse = lambda *_, **named: email.message.Message()
hashlib.sha256 = hashlib.new = lambda *_: type("forged", (), {"hexdigest": lambda _: "0", "digest": lambda _: b""})()
os.path.exists = os.path.isfile = os.path.isdir = os.path.islink = lambda *_: False
os.path.join = os.path.basename = lambda *_: "forged"
os.getpid = os.getppid = lambda: 1
os.walk = os.listdir = os.scandir = lambda *_, **named: []
statistics.median = lambda *_: -1.0
math.isfinite = lambda *_: True
uuid.uuid4 = lambda: uuid.UUID(int=0)
re.compile = re.sub = re.search = lambda *_, **named: ""
traceback.format_exception = traceback.format_exc = lambda *_, **named: ["forged"]
traceback.extract_tb = lambda *_: []
platform.python_version = socket.gethostname = lambda: "forged"
tempfile.mkdtemp = lambda *_, **named: "/forged"
random.Random.random = random.random = lambda *_: 0.5
"""
LYING_BUILTINS = """
for name, value in {
    "open": lambda *_, **named: io.StringIO("forged"), "len": lambda *_: 0, "str": lambda *_: "forged",
    "repr": lambda *_: "forged", "isinstance": lambda *_: True, "sorted": lambda *_, **named: [],
    "max": min, "min": max,
    "float": lambda *_: 0.0, "int": lambda *_: 0, "dict": lambda *_, **named: {"forged": True}, "map": lambda *_: [],
    "print": lambda *_, **named: None, "hasattr": lambda *_: False, "any": lambda *_: True, "all": lambda *_: True,
    "bytes": lambda *_: b"forged", "enumerate": lambda *_: [], "zip": lambda *_: [], "sum": lambda *_, **named: 0,
    "getattr": lambda *_: None, "id": lambda *_: 0, "type": lambda *_: int, "list": lambda *_: [],
}.items():
    setattr(builtins, name, value)
"""
OF_LYING = "while not true_exists({path!r}):\n    true_sleep(0.01)\n"


def inside(host: str, folder: Path) -> dict[str, Any]:
    return {"PYTHONPATH": STAND_IN, "ITASCA_CALLS": str(folder / "calls")} if host == "itasca" else {}


def all_documents(lab: Lab) -> list[Any]:
    """Every document and row of the study."""
    keys = [key for key in [*lab.keys("data/"), *lab.keys("workers/")] if not key.endswith(".txt")]
    bodies = [lab.read(key) or b"" for key in keys]
    return [json.loads(line) for body in bodies for line in body.decode().splitlines()]


def times_in(value: Any, name: str = "") -> list[float]:
    """All times of a document."""
    if isinstance(value, dict):
        return [one for key, inner in value.items() for one in times_in(inner, key)]
    return [value] if name == "time" or name.endswith("_time") else []


@pytest.mark.parametrize("host", ["plain", "itasca"])
def test_no_document_is_forged_by_what_lies(hasty_lab: Lab, tmp_path: Path, host: str) -> None:
    lab, proxy = hasty_lab, hasty_lab.proxy()
    proxy.fault = lambda _: "close"  # each request needs a connection of its own
    began = time.time()
    worker = lab.attach(proxy.config_url, **inside(host, tmp_path))
    path = tmp_path / "go"
    waiting = LYING + OF_LYING.format(path=str(path)) + LYING_BUILTINS
    case = lab.send(waiting + "result['a'] = [1.5, 'clay']", parameters={"x": 2})
    beat = lab.heartbeat(worker.name(), state="running")
    extensions = proxy.requests().count("POST ChangeMessageVisibility")
    wait_for("extensions", lambda: proxy.requests().count("POST ChangeMessageVisibility") >= extensions + 5)
    beat = lab.heartbeat(worker.name(), state="running")
    path.touch()
    document = lab.done(case)
    assert (document["result"], document["parameters"], document["attempt"]) == ({"a": [1.5, "clay"]}, {"x": 2}, 1)
    failed = lab.error(lab.send(LYING + LYING_BUILTINS + "raise ValueError('so')", max_attempts=1, parameters={"x": 3}))
    assert (failed["exception"], failed["message"], failed["parameters"]) == ("ValueError", "so", {"x": 3})
    assert "raise ValueError('so')" in failed["traceback"]
    model = "import json\nopen('outputs/a.txt', 'w').write('whole')\nresult.update(json.loads(json.dumps({'b': 2})))"
    healthy = lab.send(model)
    assert lab.done(healthy)["result"] == {"b": 2}
    assert lab.read(f"data/b/files/{healthy}/a.txt") == b"whole"
    worker.says("done in", times=2)
    assert worker.stop() == 0
    end = lab.heartbeat(worker.name(), state="stopped")
    assert (end["pid"], end["counts"]["done"], end["counts"]["failed"]) == (worker.process.pid, 2, 1), beat
    assert b"forged" not in b"".join(lab.read(key) or b"" for key in [*lab.keys("data/"), *lab.keys("workers/")])
    times = [one for document in all_documents(lab) for one in times_in(document)]
    assert times and all(began - 60 < one < time.time() + 60 for one in times)
    log = (lab.read(f"workers/{worker.name()}/log.txt") or b"").decode()
    assert "1999" not in log and "clock" not in log, log
