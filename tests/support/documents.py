"""What a Markdown document consists of, as far as it can be tried: blocks, links, anchors and words in code."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local_cloud import REPOSITORY

FENCE = re.compile(r"```(\S*)$")
MARK = re.compile(r"<!-- not run: (.+) -->$")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SPAN = re.compile(r"``(.+?)``|`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block, and the line that its first fence stands in."""

    document: str
    line: int
    language: str
    text: str
    # Why it isn't run, as a comment in front of it says.
    mark: str | None

    def __str__(self) -> str:
        """Where it stands."""
        return f"{self.document}, line {self.line}"


@dataclass(frozen=True)
class Document:
    """A Markdown file of this repository, by its path."""

    path: str
    text: str

    @classmethod
    def read(cls, path: str) -> Document:
        """As it stands."""
        return cls(path, (REPOSITORY / path).read_text("utf-8"))

    def blocks(self) -> list[Block]:
        """Its fenced blocks."""
        found, lines, number = [], self.text.splitlines(), 0
        while number < len(lines):
            if fence := FENCE.match(lines[number]):
                end = lines.index("```", number + 1)
                marked = MARK.match(lines[number - 1]) if number else None
                text = "\n".join(lines[number + 1 : end]) + "\n"
                found.append(Block(self.path, number + 1, fence[1], text, marked[1] if marked else None))
                number = end
            number += 1
        return found

    def prose(self) -> str:
        """All but its blocks."""
        return re.sub(r"^```.*?^```$", "", self.text, flags=re.MULTILINE | re.DOTALL)

    def links(self) -> list[str]:
        """The targets of its links."""
        return LINK.findall(SPAN.sub("", self.prose()))

    def anchors(self) -> set[str]:
        """The names of its headings, as GitHub makes them."""
        headings = re.findall(r"^#+ (.+)$", self.prose(), re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    def spans(self) -> list[str]:
        """What stands in backticks, on one line."""
        joined = re.sub(r"(?<=\S)\n(?=\S)", " ", self.prose())
        return [double.strip() or single for double, single in SPAN.findall(joined)]


def tracked() -> list[str]:
    """The paths of all files of this repository."""
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def documents() -> Iterator[Document]:
    """Every document of this repository, but what others wrote."""
    for path in tracked():
        if Path(path).suffix == ".md" and not path.startswith("vendor/"):
            yield Document.read(path)
