"""Does the cloud do what crates/aws thinks it does? And does it sign as botocore signs?

The checks are in crates/conformance: one suite, run by a process and by a page, through the transports that ship. The
process also runs it against clouds of others (tests/support/other_clouds.py): what is true of the local cloud alone?
"""

from __future__ import annotations

import base64
import datetime
import functools
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from browser import launch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from local_cloud import REPOSITORY, LocalCloud
from other_clouds import DIFFERENCES, OTHER_CLOUDS, CheckedStudy, difference, study_of_ministack

Reports = dict[str, dict[str, Any]]

CRATE = REPOSITORY / "crates/conformance"
CHECKS = re.findall(r"^    (EVERYWHERE|NATIVE_ONLY) (\w+)::(\w+),$", (CRATE / "src/checks/mod.rs").read_text(), re.M)
NATIVE = {name: module for _, module, name in CHECKS}
BROWSER = [name for shells, _, name in CHECKS if shells == "EVERYWHERE"]


def cargo(*arguments: str) -> list[dict[str, Any]]:
    """Runs cargo, and returns what it says of the things it made."""
    result = subprocess.run(
        ["cargo", *arguments, "--quiet", "--message-format", "json-render-diagnostics"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    messages = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    return [message for message in messages if message["reason"] == "compiler-artifact"]


@pytest.fixture(scope="module")
def program() -> Path:
    """The suite as a process."""
    made = cargo("build", "-p", "cruncher-conformance", "--bin", "conformance")
    return next(Path(artifact["executable"]) for artifact in made if artifact["executable"])


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The suite as a page: the folder of its files."""
    made = cargo(
        *("rustc", "-p", "cruncher-conformance", "--lib"),
        *("--target", "wasm32-unknown-unknown", "--crate-type", "cdylib"),
    )
    files = [Path(name) for artifact in made for name in artifact["filenames"]]
    module = next(file for file in files if file.name == "cruncher_conformance.wasm")
    folder = tmp_path_factory.mktemp("page")
    own = REPOSITORY / ".tools/bin/wasm-bindgen"
    bindgen = own if own.exists() else shutil.which("wasm-bindgen")
    assert bindgen, "missing: wasm-bindgen, which `make setup` installs"
    subprocess.run([bindgen, "--target", "web", "--no-typescript", "--out-dir", folder, module], check=True)
    shutil.copy(REPOSITORY / "tests/conformance/index.html", folder)
    return folder


@pytest.fixture(scope="module")
def study(cloud: LocalCloud) -> CheckedStudy:
    """A fresh study in the local cloud."""
    return study_of_ministack(cloud)


@pytest.fixture(scope="module")
def native_reports(program: Path, cloud: LocalCloud, study: CheckedStudy) -> Iterator[Callable[[str], Reports]]:
    """What the process says of a cloud, which is asked once."""

    @functools.cache
    def reports(name: str) -> Reports:
        if name == "ministack":
            return checked(program, cloud.endpoint_url, study)
        other = OTHER_CLOUDS[name]()
        try:
            return checked(program, other.endpoint_url, other.study())
        finally:
            other.stop()

    yield reports


def checked(program: Path, endpoint_url: str, study: CheckedStudy) -> Reports:
    """Runs the suite as a process."""
    result = subprocess.run(
        [program, "run", endpoint_url],
        env={**os.environ, "CRUNCHER_CONFORMANCE_KEYS": study.as_json()},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return by_name(result.stdout)


@pytest.fixture(scope="module")
def browser_reports(page: Path, cloud: LocalCloud, study: CheckedStudy) -> Iterator[Reports]:
    """What the page says, from an origin that isn't the cloud's."""
    handler = functools.partial(QuietHandler, directory=str(page))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with launch() as browser:
            tab = browser.new_page()
            tab.set_default_timeout(120_000)
            tab.goto(f"http://127.0.0.1:{server.server_port}/")
            tab.wait_for_function("typeof window.run === 'function'")
            lines = tab.evaluate("([url, keys]) => window.run(url, keys)", [cloud.endpoint_url, study.as_json()])
            yield by_name(lines)
    finally:
        server.shutdown()
        server.server_close()


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def by_name(lines: str) -> Reports:
    reports = [json.loads(line) for line in lines.splitlines()]
    return {report["name"]: report for report in reports}


def test_both_suites_are_complete(native_reports: Callable[[str], Reports], browser_reports: Reports) -> None:
    assert len(NATIVE) > 40
    assert len(BROWSER) > 30
    assert sorted(native_reports("ministack")) == sorted(NATIVE)
    assert sorted(browser_reports) == sorted(BROWSER)


@pytest.mark.parametrize("name", NATIVE)
@pytest.mark.parametrize("cloud_name", DIFFERENCES)
def test_natively(native_reports: Callable[[str], Reports], cloud_name: str, name: str) -> None:
    report = native_reports(cloud_name)[name]
    expected = difference(cloud_name, NATIVE[name], name)
    if expected is None:
        assert report["outcome"] == "passed", report["detail"]
    else:
        assert report["outcome"] == "failed", f"{cloud_name} has come to pass this: it is no difference any more"
        assert expected in report["detail"]


@pytest.mark.parametrize(("column", "cloud_name"), [*enumerate(OTHER_CLOUDS, 1)])
def test_the_protocol_names_every_difference(column: int, cloud_name: str) -> None:
    document = (REPOSITORY / "docs/protocol.md").read_text()
    section = document.partition("## What clouds do differently\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+?) \| (.*?) ?\| (.*?) ?\|$", section, re.M)
    named = {check for row in rows if row[column] for check in re.findall(r"`([^`]+)`", row[0])}
    assert named <= {*NATIVE, *(f"{module}::*" for module in NATIVE.values())}
    for name, module in NATIVE.items():
        is_known = difference(cloud_name, module, name) is not None
        assert is_known == bool(named & {name, f"{module}::*"}), name


@pytest.mark.parametrize("name", BROWSER)
def test_in_a_browser(browser_reports: Reports, name: str) -> None:
    report = browser_reports[name]
    assert report["outcome"] == "passed", report["detail"]


# ---- Signatures ----

ODD = st.sampled_from(
    [" ", "+", "/", "%", "%20", "=", "&", "?", "#", "~", "'", "*", ":", "é", "日本", "🦀", "//", "..."]
)
TEXT = st.lists(ODD | st.text(max_size=8), max_size=8).map("".join)
# XML and JSON take any text, but a header doesn't.
HEADER = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)
KEYS = TEXT.filter(lambda key: key != "" and not {".", ".."} & set(key.split("/")))
BUCKETS = st.from_regex(r"[a-z0-9]{3,20}(\.[a-z0-9]{1,9})?", fullmatch=True)


def operation(name: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"name": st.just(name), **fields})


OPERATIONS = st.one_of(
    operation("GetObject", bucket=BUCKETS, key=KEYS, if_none_match=st.none() | HEADER),
    operation("PutObject", bucket=BUCKETS, key=KEYS, body=TEXT, content_type=st.none() | HEADER),
    operation("ListObjects", bucket=BUCKETS, prefix=TEXT, start_after=TEXT, delimiter=TEXT, token=TEXT),
    operation("SendMessageBatch", queue_url=TEXT, body=TEXT),
    operation("CreateStack", stack=TEXT, template=TEXT, parameters=st.dictionaries(TEXT, TEXT, max_size=3)),
)
ORDERS = st.fixed_dictionaries(
    {
        "region": st.sampled_from(["eu-central-1", "us-east-1", "cn-north-1", "us-gov-west-1"]),
        "endpoint_url": st.sampled_from([None, "http://127.0.0.1:4566", "http://localhost", "https://cloud.example/"]),
        "key_id": st.just("AKIDEXAMPLE"),
        "secret": HEADER,
        "session_token": st.none() | HEADER,
        "time": st.integers(0, 4_000_000_000),
        "operation": OPERATIONS,
    }
)
SIGNATURE = ["authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"]


@settings(max_examples=40, derandomize=True, suppress_health_check=list(HealthCheck))
@given(orders=st.lists(ORDERS, min_size=1, max_size=40))
def test_signatures_are_those_of_botocore(program: Path, orders: list[dict[str, Any]]) -> None:
    lines = "".join(json.dumps(order) + "\n" for order in orders)
    result = subprocess.run([program, "sign"], input=lines, stdout=subprocess.PIPE, text=True, check=True)
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(answers) == len(orders)
    for order, answer in zip(orders, answers, strict=True):
        ours = {name: answer["headers"].get(name) for name in SIGNATURE}
        assert ours == signed_by_botocore(order, answer)
        check_address(order, answer["url"])


def signed_by_botocore(order: dict[str, Any], answer: dict[str, Any]) -> dict[str, str | None]:
    headers = {name: value for name, value in answer["headers"].items() if name not in SIGNATURE}
    request = AWSRequest(answer["method"], answer["url"], headers=headers, data=base64.b64decode(answer["body"]))
    credentials = Credentials(order["key_id"], order["secret"], order["session_token"])
    signer = S3SigV4Auth if answer["service"] == "s3" else SigV4Auth
    now = datetime.datetime.fromtimestamp(order["time"], datetime.timezone.utc)
    with patch("botocore.auth.get_current_datetime", lambda: now):
        signer(credentials, answer["service"], answer["signing_region"]).add_auth(request)
    return {name: request.headers.get(name) for name in SIGNATURE}


def check_address(order: dict[str, Any], url: str) -> None:
    """The address says what was meant, by the standard library's rules."""
    wanted = order["operation"]
    address = urlsplit(url)
    if order["endpoint_url"]:
        assert url.startswith(order["endpoint_url"])
    else:
        suffix = "amazonaws.com.cn" if order["region"].startswith("cn-") else "amazonaws.com"
        assert address.scheme == "https"
        assert address.netloc.endswith(suffix)
    if "key" in wanted:
        assert address.path.endswith("/" + quote(wanted["key"], safe="/~"))
    if wanted["name"] == "ListObjects":
        pairs = dict(parse_qsl(address.query, keep_blank_values=True, strict_parsing=True))
        assert pairs == {
            "list-type": "2",
            "encoding-type": "url",
            "prefix": wanted["prefix"],
            "start-after": wanted["start_after"],
            "delimiter": wanted["delimiter"],
            "continuation-token": wanted["token"],
        }
