"""The documents say what is so: their commands and snippets run as they stand there, and what they name exists.

A block is run unless a comment in front of it says why it can't be: `<!-- not run: needs FLAC3D -->`. The blocks of a
document run one after the other, in a folder with the examples, against the local cloud. When a command prints links, a
worker is attached by the line of the workers' own document. The example's study is a small and coarse one there, which
takes seconds.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from document_runner import ATTACH_LINE, DESIGN, STUDY, DocumentRunner
from documents import Document, documents, tracked
from local_cloud import REPOSITORY, LocalCloud

LAUNCH, ENQUEUE, ATTACH = ("launch", STUDY), ("enqueue", STUDY, DESIGN), ("attach",)
# What is there when somebody reads these.
BEGINNINGS: dict[str, list[tuple[str, ...]]] = {
    "README.md": [],
    "docs/guide.md": [LAUNCH, ENQUEUE, ATTACH],
    "docs/operations.md": [],
    "docs/security.md": [LAUNCH],
    "worker/README.md": [LAUNCH, ENQUEUE],
    "examples/layered_footing/README.md": [],
    "examples/flac3d_footing/README.md": [],
    "examples/harbour_wave/README.md": [],
    "examples/plate_hole/README.md": [],
}
OF_THE_AWS_CLI = {"--if-match", "--delete"}
OF_THE_PREDECESSOR = [
    "aws_backend.py",
    "bootstrap.py",
    "create_cases.py",
    "fix_errors.py",
    "organize_cases_by_cube.py",
    "process_results.py",
    "put_cases_in_queue.py",
]


@pytest.fixture
def runner(binary: Path, cloud: LocalCloud, page_folder: Path, tmp_path: Path) -> Iterator[DocumentRunner]:
    """A runner; what it starts ends with the test."""
    made = DocumentRunner(binary, cloud, page_folder, tmp_path, tmp_path)
    yield made
    made.leave()


@pytest.mark.parametrize("path", BEGINNINGS)
def test_a_document_runs_as_it_is_written(runner: DocumentRunner, path: str) -> None:
    if path.startswith("examples/"):
        runner.place = runner.folder / Path(path).parent
    else:
        runner.make_example_small()
    for command in BEGINNINGS[path]:
        if command == ATTACH:
            runner.attach_worker()
        else:
            runner.cruncher(*command)
    for block in Document.read(path).blocks():
        runner.run(block)
    skip_if_lacking(runner)


def skip_if_lacking(runner: DocumentRunner) -> None:
    """Says so when blocks weren't run."""
    if runner.lacking:
        pytest.skip(f"blocks with {', '.join(sorted(runner.lacking))} were not run, which this machine doesn't have")


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("```sh\ncruncher design examples/layered_footing/study.json --cvs x\n```", "made up.md, line 1 ended with 2"),
        ("```sh\ncruncher design cases.csv | cat\n```", "made up.md, line 1 ended with 1"),
        ("```python\nimport numpi\n```", "No module named 'numpi'"),
        ("a\n\n```\ncruncher status\n```", "line 3: nobody knows how to run a block in ''"),
        ("```bash\ncruncher status\n```", "a block in 'bash'"),
        ("<!-- not run: -->\n```sh\nfalse\n```", "line 2 ended with 1"),
        ("<!-- not run: it may not be -->\n\n```sh\nfalse\n```", "line 3 ended with 1"),
    ],
)
def test_a_document_that_is_wrong_is_told(runner: DocumentRunner, written: str, complaint: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(complaint)):
        for block in Document("made up.md", written).blocks():
            runner.run(block)


def test_every_document_with_commands_is_run() -> None:
    found = {
        document.path
        for document in documents()
        if any(block.language in ("sh", "python") for block in document.blocks())
    }
    assert found - {"docs/protocol.md"} == set(BEGINNINGS)
    (line,) = (block.text for block in Document.read("docs/protocol.md").blocks() if block.language == "python")
    assert line == ATTACH_LINE


def test_every_block_says_what_it_is_and_json_is_json() -> None:
    decoder = json.JSONDecoder()
    for block in (block for document in documents() for block in document.blocks()):
        assert block.language in ("sh", "python", "json", "text"), block
        rest = block.text if block.language == "json" else ""
        while rest.strip():
            _, end = decoder.raw_decode(rest.lstrip())
            rest = rest.lstrip()[end:]


def test_every_link_leads_somewhere() -> None:
    everything = {document.path: document for document in documents()}
    files = set(tracked())
    folders = {parent.as_posix() for file in files for parent in Path(file).parents}
    for path, document in everything.items():
        for link in document.links():
            if re.match(r"https?://", link):
                continue
            target, _, anchor = link.partition("#")
            file = os.path.normpath(Path(path).parent / target) if target else path
            assert file in files | folders, f"{path}: {link}: there is no such file"
            assert not anchor or anchor in everything[file].anchors(), f"{path}: {link}: there is no such heading"


@dataclass(frozen=True)
class Options:
    """The options of `cruncher`, by command, as its help names them."""

    of: dict[str, set[str]]

    @classmethod
    def read(cls, binary: Path) -> Options:
        """Asks for the help of each command."""

        def help_of(*command: str) -> str:
            return subprocess.run([binary, *command, "--help"], capture_output=True, text=True, check=True).stdout

        listed = re.findall(r"^  ([a-z-]+)  ", help_of().partition("Commands:")[2].partition("\n\n")[0], re.MULTILINE)
        return cls(
            {
                command: set(re.findall(r"(?<![\w-])--[a-z-]+", help_of(command)))
                for command in listed
                if command != "help"
            }
        )

    def unknown(self, text: str) -> Iterator[str]:
        """What `text` types behind `cruncher` that it doesn't know."""
        for before, command, behind in re.findall(r"(?<![\w/-])cruncher ((?:--\S+ \S+ )*)([a-z-]+)([^|&#\n]*)", text):
            known = self.of.get(command)
            if known is None:
                yield f"cruncher {command}"
                continue
            for option in re.findall(r"(?<!\S)--[a-z-]+", before + behind):
                if option not in known:
                    yield f"cruncher {command} {option}"
        if text.startswith("--") and (option := re.split(r"[ =]", text)[0]) not in set().union(*self.of.values()):
            yield option


def test_every_command_and_option_is_one(binary: Path) -> None:
    options = Options.read(binary)
    assert {"launch", "enqueue", "results"} <= set(options.of)
    assert list(options.unknown("cruncher send x")) == ["cruncher send"]
    assert list(options.unknown("cruncher status x --wacth # --y")) == ["cruncher status --wacth"]
    assert list(options.unknown("--wacth")) == ["--wacth"]
    for document in documents():
        texts = document.spans() + [block.text for block in document.blocks() if block.language == "sh"]
        wrong = {unknown for text in texts for unknown in options.unknown(text)}
        assert wrong <= OF_THE_AWS_CLI, document.path


def test_every_target_of_make_and_every_variable_is_one() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE))
    source = source_text()
    for document in documents():
        for text in document.spans() + [block.text for block in document.blocks() if block.language == "sh"]:
            assert set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)) <= targets, f"{document.path}: {text}"
            unread = [name for name in re.findall(r"\bCRUNCHER_[A-Z_]+", text) if name not in source]
            assert not unread, f"{document.path}: {unread}"


def source_text() -> str:
    """All of the programs, with texts that stand on several lines made one."""
    paths = [path for path in tracked() if Path(path).suffix in (".rs", ".py") or path == "Makefile"]
    text = "\n".join((REPOSITORY / path).read_text("utf-8") for path in paths if path != "tests/test_documents.py")
    return re.sub(r"\\\n\s*", "", text)


def test_every_file_is_there_or_is_written_by_a_program() -> None:
    ends = {"/".join(parts[place:]) for parts in (path.split("/") for path in tracked()) for place in range(len(parts))}
    source = source_text()
    for document in documents():
        for name in document.spans():
            if re.fullmatch(r"[\w./-]+\.(rs|py|md|css|yaml|toml|js|json|html|sh|txt)", name):
                is_known = name.removeprefix("./") in ends or Path(name).name in source or name in OF_THE_PREDECESSOR
                assert is_known, f"{document.path}: {name}"


def test_the_messages_that_trouble_begins_with_are_those_of_the_programs() -> None:
    source, trouble = source_text(), Document.read("docs/operations.md").text.partition("## Trouble")[2]
    cells = re.findall(r"^\| (.+?) \|", trouble, re.MULTILINE)
    messages = [message for cell in cells for message in re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", cell)]
    assert len(messages) > 30
    for message in messages:
        parts = [part.strip().removeprefix("N ").rstrip(".") for part in re.split(r"…|`[^`]*`", message)]
        assert all(part in source for part in parts), message
