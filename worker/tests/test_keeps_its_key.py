"""What a worker never tells, whom it speaks to, and what a model can't look up."""

from __future__ import annotations

import collections
import http.server
import ipaddress
import json
import linecache
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attach
import pytest
from local_cloud import Key
from tests.lab import Attached, Lab, Seen, wait_for

RAISING = """
secret_parameter = {{a}}
def settle(depth):
    local = [depth, parameters, globals().keys()]
    raise ValueError("negative depth %r" % depth)
settle(-secret_parameter)
"""


def written(lab: Lab) -> str:
    """All that workers have written into the bucket, keys included."""
    keys = lab.keys("workers/") + lab.keys("data/")
    return "\n".join([*keys, *((lab.read(key) or b"").decode("utf-8", "replace") for key in keys)])


def check_tells_nothing(lab: Lab, worker: Attached, key: Key) -> None:
    """No part of the secret that says anything stands in what it has printed, written, or left in its folder."""
    folder = [path.read_text(errors="replace") for path in lab.folder.rglob("*") if path.is_file()]
    told = "\n".join([worker.output, written(lab), *folder])
    assert len(told) > 500
    for start in range(0, len(key.secret) - 11, 4):
        assert key.secret[start : start + 12] not in told


@pytest.mark.parametrize("fault", ["reset", "500", "503", "413", "truncate", "lose", "close"])
def test_the_key_is_told_nowhere_whatever_fails(hasty_lab: Lab, fault: str) -> None:
    lab, failed = hasty_lab, collections.Counter[str]()
    proxy = lab.proxy()

    def first_of_each(seen: Seen) -> str | None:
        kind = f"{seen.method} {seen.action or seen.path.rsplit('/', 1)[-1].split('-')[0]}"
        failed[kind] += 1
        return fault if failed[kind] == 1 and (fault != "413" or "error" in kind) else None

    proxy.fault = first_of_each
    worker = lab.attach(
        proxy.config_url, options=("-X", "dev"), before="import logging; logging.basicConfig(level=0); "
    )
    done = lab.send("open('outputs/a.txt', 'w').write('x')\nresult['a'] = 1")
    raising = lab.send(RAISING, parameters={"a": 1}, max_attempts=1)
    lab.done(done)
    lab.error(raising)
    assert worker.stop() == 0
    assert len(failed) > 8
    check_tells_nothing(lab, worker, lab.study.worker)


def test_the_key_is_told_nowhere_when_it_is_refused_or_the_worker_crashes(lab: Lab) -> None:
    iam = lab.study.cloud.client("iam")
    user = iam.get_access_key_last_used(AccessKeyId=lab.study.worker.key_id)["UserName"]
    made = iam.create_access_key(UserName=user)["AccessKey"]
    second = Key(made["AccessKeyId"], made["SecretAccessKey"])
    gate = lab.gate()
    lab.send(gate.code + "result['a'] = 1")
    worker = lab.attach(key=second)
    gate.arrivals(1)
    iam.delete_access_key(UserName=user, AccessKeyId=second.key_id)
    worker.says("the study does not accept this key")
    gate.open()
    assert worker.ends() == 0
    check_tells_nothing(lab, worker, second)
    proxy = lab.proxy()
    proxy.fault = lambda seen: '{"Messages": [{"MessageId": "m"}]}' if seen.action == "ReceiveMessage" else None
    worker = lab.attach(proxy.config_url)
    assert worker.ends() == 0 and "Traceback" in worker.output
    lab.heartbeat(worker.name(), state="crashed")
    check_tells_nothing(lab, worker, lab.study.worker)


@pytest.mark.parametrize(
    "line",
    [
        "attach({secret!r}, {key_id!r}, {config_url!r})",
        "attach({config_url!r}, {key_id!r}, {secret!r}, {secret!r})",
        "attach({config_url!r}, {secret!r}, None)",
        "attach({address!r}, {key_id!r}, {secret!r})",
    ],
)
def test_a_line_with_a_mistake_does_not_show_the_key(lab: Lab, line: str) -> None:
    key = lab.study.worker
    address = lab.study.config_url.replace("http://", f"http://{key.secret.replace('/', '_')}@")
    mistaken = line.format(config_url=lab.study.config_url, address=address, key_id=key.key_id, secret=key.secret)
    source = lab.study.bucket_url + "/public/attach.py"
    code = f"import urllib.request as r; exec(r.urlopen({source!r}).read().decode()); {mistaken}"
    worker = lab.execute(code)
    assert worker.ends() == 0 and worker.output.count("\n") == 1
    assert key.secret not in worker.output and key.secret.replace("/", "_") not in worker.output


# ---------------------------------------------------------------- what a model finds

# The secret is handed over backwards, so that it isn't found where the model looks for it.
LOOKING = """
import gc, linecache, os, subprocess, sys
needle = parameters["backwards"][::-1]
mine = {"needle", "parameters", "found", "mine", "look"}
found = []

def look(place, thing):
    if needle in repr(thing):
        found.append(place)

look("environment", dict(os.environ))
look("environment of a child", subprocess.run(["env"], stdout=subprocess.PIPE).stdout.decode())
look("arguments", [sys.argv, getattr(sys, "orig_argv", None)])
look("main", {name: one for name, one in vars(sys.modules["__main__"]).items() if name not in mine})
frame = sys._getframe().f_back
while frame is not None:
    look("globals of " + frame.f_code.co_name, frame.f_globals)
    look("locals of " + frame.f_code.co_name, frame.f_locals)
    frame = frame.f_back
for name, module in sorted(sys.modules.items()):
    if name != "__main__":
        kinds = (str, bytes, tuple, list, dict)
        look("module " + name, {name: one for name, one in vars(module).items() if isinstance(one, kinds)})
for function in [one for one in gc.get_objects() if getattr(one, "__name__", "") in ("attach", "work", "Worker")]:
    for part in ("__globals__", "__defaults__", "__closure__"):
        look(part + " of " + function.__name__, getattr(function, part, None))
result["found"] = ", ".join(sorted(set(found)))
"""


@pytest.mark.parametrize("in_one_process", [False, True])
@pytest.mark.parametrize("after", ["", ", workers=2"])
def test_a_model_does_not_find_the_key_in_the_obvious_places(lab: Lab, in_one_process: bool, after: str) -> None:
    secret = lab.study.worker.secret
    # Python from 3.13 on keeps the line for tracebacks, wherever this test runs.
    kept = f"import linecache; linecache.cache['<string>'] = (9, None, ['attach(1, 2, {secret})'], '<string>'); "
    alone = "import sys; sys.executable = ''; " if in_one_process else ""
    if in_one_process and after:
        return  # such a program starts no other one
    worker = lab.attach(before=kept + alone, after=after)
    case_id = lab.send(LOOKING, parameters={"backwards": secret[::-1]})
    assert lab.done(case_id)["result"] == {"found": ""}
    assert ("can't start another one" in worker.output) is in_one_process
    worker.stop()


def test_a_model_would_find_the_key_where_it_lay(lab: Lab) -> None:
    secret = lab.study.worker.secret
    lab.attach(LEAKED=secret)
    case_id = lab.send(LOOKING, parameters={"backwards": secret[::-1]})
    assert "environment, environment of a child" in lab.done(case_id)["result"]["found"]


def test_the_line_is_forgotten_by_those_who_would_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    key = attach.Key("AKIA1", "0123456789abcdef0123")
    cache: dict[str, Any] = {"lazy": (lambda: "x",), "other": (1, None, ["x"], "o")}
    cache["line"] = (9, None, [f"attach('{key.secret}')\n"], "line")
    arguments = ["python", "-c", f"attach('{key.secret}')"]
    monkeypatch.setattr(linecache, "cache", cache)
    monkeypatch.setattr(sys, "orig_argv", arguments)
    attach.conceal(key)
    assert sorted(cache) == ["lazy", "other"] and arguments == ["python", "-c", "attach('…')"]
    attach.conceal(attach.Key("AKIA1", ""))
    assert arguments == ["python", "-c", "attach('…')"]
    assert key.secret not in repr(key) + repr([key]) + str({"key": key})


# ---------------------------------------------------------------- whom it speaks to


class SelfSigned:
    """A server with a certificate that nobody has signed, for this address."""

    def __init__(self, folder: Path, name: str, study_config: dict[str, Any]) -> None:
        self.certificate, key, self.paths = folder / "certificate.pem", folder / "key.pem", list[str]()
        try:
            alternative = f"IP:{ipaddress.ip_address(name)}"
        except ValueError:
            alternative = f"DNS:{name}"
        make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        make += ["-keyout", str(key), "-out", str(self.certificate), "-days", "2", "-subj", f"/CN={name}"]
        subprocess.run([*make, "-addext", f"subjectAltName={alternative}"], check=True, capture_output=True)
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                """Quiet."""

            def do_GET(self) -> None:
                server.paths.append(self.path)
                body = json.dumps({**study_config, "endpoint_url": None}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}/{study_config['bucket']}/public/config.json"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def self_signed(lab: Lab, tmp_path: Path) -> Iterator[SelfSigned]:
    """Such a server, of the address that it is at."""
    made = SelfSigned(tmp_path, "127.0.0.1", lab.study.config)
    yield made
    made.close()


def test_a_certificate_that_nobody_has_signed_is_refused_and_nothing_switches_that_off(
    lab: Lab, self_signed: SelfSigned
) -> None:
    off = (
        "import ssl; ssl._create_default_https_context = ssl._create_unverified_context; "
        "ssl.create_default_context = ssl._create_unverified_context; "
        "import http.client; http.client.HTTPSConnection.__init__.__defaults__; "
    )
    worker = lab.attach(self_signed.url, before=off, PYTHONHTTPSVERIFY="0")
    worker.says("CERTIFICATE_VERIFY_FAILED")
    worker.says("trying again in")
    worker.stop()
    assert self_signed.paths == []
    # With the certificate among those that are trusted it would have been asked: it is this that was refused.
    worker = lab.attach(self_signed.url, SSL_CERT_FILE=str(self_signed.certificate))
    worker.says("is of another study")
    assert self_signed.paths == [f"/{lab.study.bucket}/public/config.json"]


def test_a_certificate_for_another_name_is_refused(lab: Lab, tmp_path: Path) -> None:
    server = SelfSigned(tmp_path, "elsewhere.example", lab.study.config)
    worker = lab.attach(server.url, SSL_CERT_FILE=str(server.certificate))
    worker.says("CERTIFICATE_VERIFY_FAILED")
    worker.stop()
    server.close()
    assert server.paths == []


@pytest.mark.parametrize(
    "host",
    ["b.s3.eu-central-1.amazonaws.com", "s3.amazonaws.com", "B.S3.CN-north-1.AmazonAWS.com.cn", "s3.amazonaws.com."],
)
def test_an_address_of_aws_without_tls_is_refused_before_anything_is_sent(lab: Lab, host: str) -> None:
    worker = lab.attach(f"http://{host}/b/public/config.json")
    worker.says("is an address of AWS without TLS: it has to start with https://")
    assert worker.ends() == 0
    lab.root_s3.put_object(
        Bucket=lab.study.bucket,
        Key="public/config.json",
        Body=json.dumps({**lab.study.config, "endpoint_url": f"http://{host}"}).encode(),
    )
    worker = lab.attach()
    worker.says("is an address of AWS without TLS")
    assert worker.ends() == 0


def test_an_address_that_only_looks_like_one_of_aws_is_none(lab: Lab) -> None:
    for host in ("amazonaws.com.example.org", "notamazonaws.com"):
        attach.check_is_private(f"http://{host}/b")


AWS = {"study": "s", "region": "eu-central-1", "bucket": "b", "queue_url": "q", "lease_secs": 120, "endpoint_url": None}
OWN = {**AWS, "endpoint_url": "http://127.0.0.1:4566"}


@pytest.mark.parametrize(
    ("document", "address"),
    [
        (AWS, "https://b.s3.eu-central-1.amazonaws.com/public/config.json"),
        ({**AWS, "bucket": "my.b"}, "https://s3.eu-central-1.amazonaws.com/my.b/public/config.json"),
        (OWN, "http://127.0.0.1:4566/b/public/config.json"),
    ],
)
def test_the_line_pins_bucket_and_region_or_endpoint(document: dict[str, Any], address: str) -> None:
    attach.check_is_pinned(attach.read_study(document), address)
    changes: list[dict[str, Any]] = [{"bucket": "c"}, {"endpoint_url": "https://evil.example"}]
    changes += [{"region": "us-east-1"}] if document["endpoint_url"] is None else [{"endpoint_url": None}]
    for change in changes:
        with pytest.raises(attach.NoStudy, match="is of another study"):
            attach.check_is_pinned(attach.read_study({**document, **change}), address)


def test_a_configuration_that_was_swapped_for_that_of_another_study_is_refused(lab: Lab) -> None:
    other = lab.study.cloud.deploy()
    body = json.dumps(other.config).encode()
    lab.root_s3.put_object(Bucket=lab.study.bucket, Key="public/config.json", Body=body)
    case_id = lab.send("result['a'] = 1")
    worker = lab.attach()
    worker.says(f"is of another study, whose own is at {other.config_url}: copy the line from the page Attach again")
    assert worker.ends() == 0
    assert lab.in_queue() == (1, 0) and lab.keys("workers/") == []
    # As soon as it is right again the same line attaches.
    lab.root_s3.put_object(
        Bucket=lab.study.bucket, Key="public/config.json", Body=json.dumps(lab.study.config).encode()
    )
    lab.attach()
    lab.done(case_id)


def test_a_model_that_is_not_the_one_that_its_key_promises_is_not_run(lab: Lab) -> None:
    ran = lab.folder / "ran"
    key = lab.model("result['a'] = 1")
    lab.root_s3.put_object(Bucket=lab.study.bucket, Key=key, Body=f"open({str(ran)!r}, 'w')".encode())
    lab.attach()
    case_id = lab.send("", model_key=key, max_attempts=1)
    assert "is not the one that its address promises" in lab.error(case_id)["message"]
    assert not ran.exists()
    wait_for("the end of the case", lambda: lab.in_queue() == (0, 0))
