"""`cruncher`, as a user runs it: the real program against the local cloud, and what it launches."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

from local_cloud import REGION, REPOSITORY, Key, LocalCloud

PATIENCE_SECS = 90


LINK = re.compile(r"\S+#access=([A-Za-z0-9_-]+)")


INLINE_SCRIPT = "console.log('a page');\n"


INDEX = (
    '<!doctype html><meta http-equiv="Content-Security-Policy" content="'
    "script-src 'self' {{script-hashes}}; connect-src 'self' {{endpoints}}\">"
    f'<script type="module">{INLINE_SCRIPT}</script><p>%s</p>\n'
)


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Its result."""
        assert self.out, (self.code, self.err)
        return json.loads(self.out)


def accesses(text: str) -> list[dict[str, Any]]:
    """What the links in `text` carry."""
    return [json.loads(base64.urlsafe_b64decode(found + "=" * (-len(found) % 4))) for found in LINK.findall(text)]


def secrets(text: str) -> list[str]:
    """The secrets in the links in `text`."""
    found = []
    for access in accesses(text):
        found.append(access["secret"])
        if "worker" in access:
            found.append(access["worker"]["secret"])
    return found


def environment(**more: str) -> dict[str, str]:
    """This process's, without what it says about AWS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CRUNCHER_"))}
    # Neither a user's configuration nor a machine's role.
    return {**kept, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, **more}


def write_page(folder: Path, version: str) -> None:
    """A stand-in for the built dashboard, whose assets have a hash in their names."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "snippets" / "part-0a1b2c3d4e5f6a7b").mkdir(parents=True)
    digest = hashlib.sha256(version.encode()).hexdigest()[:16]
    (folder / "index.html").write_text(INDEX % version)
    (folder / f"page-{digest}.js").write_text(f"// {version}\n")
    (folder / f"page-{digest}_bg.wasm").write_bytes(b"\0asm" + version.encode())
    (folder / "main-00112233445566aa.css").write_text("p { color: black }\n")
    (folder / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>\n")
    (folder / "robots.txt").write_text("User-agent: *\nDisallow: /\n")
    (folder / "snippets" / "part-0a1b2c3d4e5f6a7b" / "inline0.js").write_text("// part\n")


@dataclass
class CommandLine:
    """Runs commands against the local cloud, and notes what has to be cleaned up."""

    binary: Path
    cloud: LocalCloud
    page: Path
    studies: list[str] = field(default_factory=list)
    # How long a command may take.
    patience_secs: float = PATIENCE_SECS

    def environment(self, key: Key | None = None) -> dict[str, str]:
        """That of a user with `key`; of the account's owner without."""
        key = key or self.cloud.root
        return environment(
            AWS_ACCESS_KEY_ID=key.key_id,
            AWS_SECRET_ACCESS_KEY=key.secret,
            CRUNCHER_DASHBOARD_DIR=str(self.page),
            XDG_STATE_HOME=str(self.page.parent / "state"),
        )

    def arguments(self, *arguments: str) -> list[str]:
        """The whole command."""
        return [str(self.binary), "--region", REGION, "--endpoint-url", self.cloud.endpoint_url, *arguments]

    def run(self, *arguments: str, key: Key | None = None, answer: str = "") -> Ran:
        """Runs a command to its end. Whatever it does, no secret may stand in what it says about it."""
        ended = subprocess.run(
            self.arguments(*arguments),
            env=self.environment(key),
            input=answer,
            capture_output=True,
            text=True,
            timeout=self.patience_secs,
        )
        for secret in secrets(ended.stdout):
            assert secret not in ended.stderr
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    def new_study(self) -> str:
        """A name that no other test uses."""
        self.studies.append(f"c{uuid.uuid4().hex[:10]}")
        return self.studies[-1]

    def launch(self, *options: str) -> Launched:
        """A fresh study."""
        study = self.new_study()
        ran = self.run("launch", study, "--json", *options)
        assert ran.code == 0, ran.err
        return Launched(self, study, ran)


@dataclass(frozen=True)
class Launched:
    """A study that the command line launched."""

    command_line: CommandLine
    study: str
    ran: Ran

    @property
    def stack(self) -> dict[str, Any]:
        """As CloudFormation describes it."""
        cloudformation = self.command_line.cloud.client("cloudformation")
        stacks: list[dict[str, Any]] = cloudformation.describe_stacks(StackName=f"cruncher-{self.study}")["Stacks"]
        return stacks[0]

    @property
    def outputs(self) -> dict[str, str]:
        """What it hands out."""
        return {output["OutputKey"]: output["OutputValue"] for output in self.stack["Outputs"]}

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return str(self.ran.json()["bucket"])

    def access(self, role: str) -> dict[str, Any]:
        """What a role's link carries."""
        (access,) = accesses(self.ran.json()[f"{role}_link"])
        return access

    def key(self, role: str) -> Key:
        """A role's key, as its holder gets it."""
        access = self.access("operator")["worker"] if role == "worker" else self.access(role)
        return Key(access["key_id"], access["secret"])

    def get(self, key: str) -> tuple[int, Message[str, str], bytes]:
        """Reads an object as anyone may."""
        url = f"{self.command_line.cloud.endpoint_url}/{self.bucket}/{key}"
        return get(url)


def get(url: str, **headers: str) -> tuple[int, Message[str, str], bytes]:
    """An answer of any status."""
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers, refusal.read()


@dataclass
class Demo:
    """A demo that runs."""

    process: subprocess.Popen[str]
    lines: list[str]

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first line of its results that matches."""
        deadline = time.monotonic() + PATIENCE_SECS
        while time.monotonic() < deadline:
            for line in list(self.lines):
                if found := re.search(pattern, line):
                    return found
            if self.process.poll() is not None:
                break
            threading.Event().wait(0.05)
        raise AssertionError(f"no line matches {pattern}: {self.lines}")


def collect(stream: Any, lines: list[str]) -> threading.Thread:
    """Appends each line of `stream` to `lines`, until its end."""
    reader = threading.Thread(target=lambda: lines.extend(iter(stream.readline, "")), daemon=True)
    reader.start()
    return reader


@contextlib.contextmanager
def demo(binary: Path, page: Path, *arguments: str) -> Iterator[tuple[Demo, list[str]]]:
    """A demo, and what it says on stderr. It has ended when this has."""
    process = subprocess.Popen(
        [binary, "demo", "--no-browser", *arguments],
        env=demo_environment(page),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    running, err = Demo(process, []), list[str]()
    readers = [collect(process.stdout, running.lines), collect(process.stderr, err)]
    try:
        yield running, err
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_SECS)
        for reader in readers:
            reader.join(PATIENCE_SECS)


def demo_environment(page: Path, **more: str) -> dict[str, str]:
    """One in which the demo finds what it needs."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return environment(**{"PATH": path, "CRUNCHER_ROOT": str(REPOSITORY), "CRUNCHER_DASHBOARD_DIR": str(page), **more})


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds."""
    deadline = time.monotonic() + PATIENCE_SECS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
