"""Does what a document says: its blocks, one after the other, against the local cloud."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from attached import attach
from command_line import PATIENCE_SECS, accesses, environment, write_page
from documents import Block, Document
from legacy_bucket import GOLDEN
from local_cloud import REGION, REPOSITORY, LocalCloud

STUDY = "prandtl"
DESIGN = "examples/layered_footing/study.json"
# Programs that documents use and a machine may lack.
PROGRAMS = ("aws", "jq")
ATTACH_LINE = next(block.text for block in Document.read("worker/README.md").blocks() if "attach(" in block.text)

# What a launch prints: the page's address, and the operator's passphrase.
LAUNCHED = re.compile(r"Dashboard +(\S+)/index\.html\n(?:.*\n){0,3}?Operator's passphrase +([a-z ]+)")


@dataclass
class DocumentRunner:
    """Runs the blocks of a document one after the other, in a folder with the examples, as its reader would."""

    binary: Path
    cloud: LocalCloud
    page: Path
    folder: Path
    # Where commands are typed.
    place: Path
    lacking: set[str] = field(default_factory=set)
    attach_line: str = ""
    buckets: dict[str, str] = field(default_factory=dict)
    workers: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __post_init__(self) -> None:
        """Makes the folder, and the account of somebody who has set up the AWS CLI."""
        shutil.copytree(REPOSITORY / "examples", self.folder / "examples")
        write_page(self.folder / "page", "one")
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / "cruncher").symlink_to(self.binary)
        (programs / "python3").symlink_to(sys.executable)
        keys = f"aws_access_key_id = {self.cloud.root.key_id}\naws_secret_access_key = {self.cloud.root.secret}\n"
        more = f"region = {REGION}\nendpoint_url = {self.cloud.endpoint_url}\n"
        config = self.folder / "aws-config"
        config.write_text(f"[default]\n{keys}{more}[profile lab]\n{keys}{more}")
        self.environment = environment(
            PATH=f"{programs}{os.pathsep}{os.environ['PATH']}",
            HOME=str(self.folder),
            XDG_STATE_HOME=str(self.folder / "state"),
        )
        self.environment |= {"AWS_CONFIG_FILE": str(config), "AWS_EC2_METADATA_DISABLED": "true"}

    def make_example_small(self) -> None:
        """24 cases of milliseconds in the place of 120 of a second."""
        for name, fine, coarse in [
            (DESIGN, '"levels": [3, 6]', '"levels": [3, 4]'),
            ("examples/layered_footing/footing.py", 'parameters.get("fineness", 1.0)', "0.05"),
        ]:
            path = self.folder / name
            text = path.read_text("utf-8")
            assert fine in text, name
            path.write_text(text.replace(fine, coarse), "utf-8")

    def run(self, block: Block) -> None:
        """Does what the block says."""
        if block.mark or block.language == "text":
            return
        if lacking := {
            program for program in PROGRAMS if re.search(rf"\b{program} ", block.text) and not shutil.which(program)
        }:
            self.lacking |= lacking
            return
        match block.language:
            case "sh":
                self.shell(self.filled_in(block.text), str(block))
            case "python" if block.text == ATTACH_LINE:
                self.attach_worker()
                self.cruncher("status", STUDY, "--watch", "--require-done")
            case "python" if "{{" in block.text:
                self.compute(block)
            case "python":
                self.execute([sys.executable, "-c", block.text], str(block))
            case language:
                raise AssertionError(
                    f"{block}: nobody knows how to run a block in {language!r}; one to be read is `text`"
                )

    def filled_in(self, text: str) -> str:
        """The text with real names in the place of those in capitals."""
        study = next((study for study in reversed(self.buckets) if re.search(rf"\b{study}(?![\w-])", text)), None)
        names = {"BUCKET": self.buckets.get(study or next(reversed(self.buckets), ""), ""), "OLD-BUCKET": ""}
        if "OLD-BUCKET" in text:
            names["OLD-BUCKET"] = self.old_bucket()
        return re.sub(r"\b(?:OLD-)?BUCKET\b", lambda found: names[found[0]], text)

    def old_bucket(self) -> str:
        """A bucket of Cruncher's predecessor."""
        name, s3 = f"old-{uuid.uuid4().hex[:10]}", self.cloud.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        for path in GOLDEN.rglob("*.json"):
            s3.put_object(Bucket=name, Key=path.relative_to(GOLDEN).as_posix(), Body=path.read_bytes())
        return name

    def shell(self, script: str, what: str) -> None:
        """Runs commands, each of which has to succeed. Whoever asks for the study's name is told it."""
        out = self.execute(["bash", "-euo", "pipefail", "-c", script], what)
        if STUDY in self.note_links(out):
            self.attach_worker()

    def cruncher(self, *arguments: str) -> None:
        """Runs a command that no document names."""
        out = self.execute([str(self.binary), *arguments], " ".join(arguments))
        self.note_links(out)

    def execute(self, command: list[str], what: str, answer: str = STUDY) -> str:
        """Runs a command in the folder. What is uploaded is a small page, since packing the built one takes long."""
        page = self.folder / "page" if re.search("launch|configure", " ".join(command)) else self.page
        ended = subprocess.run(
            command,
            cwd=self.place,
            env={**self.environment, "CRUNCHER_DASHBOARD_DIR": str(page)},
            input=f"{answer}\n",
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECS,
        )
        assert ended.returncode == 0, f"{what} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    def note_links(self, out: str) -> list[str]:
        """Notes bucket and attach line of each study that was launched, and returns their names."""
        launched = []
        for address, words in LAUNCHED.findall(out):
            bucket = address.rsplit("/", 1)[1]
            config = self.cloud.client("s3").get_object(Bucket=bucket, Key="public/config.json")["Body"].read()
            launched.append(json.loads(config)["study"])
            self.buckets[launched[-1]] = bucket
            link = self.execute([str(self.binary), "link", launched[-1], "--role", "operator"], "the link", words)
            (key,) = [access["worker"] for access in accesses(link)]
            self.attach_line = ATTACH_LINE.replace("<address>", address)
            self.attach_line = self.attach_line.replace("<key id>", key["key_id"]).replace("<secret>", key["secret"])
        return launched

    def attach_worker(self) -> None:
        """Attaches a worker to the study that was launched last."""
        self.workers.enter_context(attach(f"exec {shlex.quote(sys.executable)} -c {shlex.quote(self.attach_line)}"))

    def compute(self, block: Block) -> None:
        """Lets a worker compute the model with inputs of these names."""
        names = sorted(set(re.findall(r"\{\{(\w+)\}\}", block.text)))
        model, table = self.folder / "snippet.py", self.folder / "snippet.csv"
        model.write_text(block.text, "utf-8")
        columns = [f"{name}[{component}]" for name in names for component in range(5)]
        table.write_text(
            ",".join(columns) + "\n" + ",".join(f"{number + 1}e4" for number in range(len(columns))) + "\n"
        )
        self.cruncher("enqueue", STUDY, str(table), "--model", str(model), "--batch", "snippet")
        self.cruncher("status", STUDY, "--watch", "--require-done")
        self.cruncher("results", STUDY, "snippet", "--only", "results", "--batch", "snippet")
        (document,) = (self.place / "snippet").rglob("done-*.json")
        found = json.loads(document.read_text("utf-8"))["result"]
        assert found.keys() == set(re.findall(r'result\["(\w+)"\]', block.text)), f"{block}: {found}"

    def leave(self) -> None:
        """Ends what was started."""
        self.workers.close()
        for study in self.buckets:
            command = [str(self.binary), "clean-up", study, "--yes", "--delete-results"]
            subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, timeout=PATIENCE_SECS)
