"""Writes the licences of everything that the page and the command line are made of, as one text.

    tools/licences.py FILE

Crates are those that cargo links into them on the systems of deny.toml; their texts are the files that their packages
hold. Trunk runs this with each build of the page (Trunk.toml), and puts the file beside it: so the page can show it,
and `cruncher`, which carries the page.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
# What is linked into a program that is handed out. The command line carries the page.
PROGRAMS = {
    "cruncher-cli",
    "cruncher-dashboard",
    "cruncher-designer",
    "cruncher-dialogs",
    "cruncher-explorer",
    "cruncher-fleet",
    "cruncher-sign-in",
}
LICENCE_FILE = re.compile(r"(licen[sc]e|copying|copyright|notice|unlicense)", re.IGNORECASE)
NO_TEXT = {".rs", ".py", ".json", ".toml", ".lock"}
GRANT_OF_MIT = "Permission is hereby granted, free of charge"
# As wide as a phone.
RULE = "=" * 36
LINE = 100


class Crate:
    """A package that cargo links, with its licence."""

    def __init__(self, package: dict[str, Any]) -> None:
        """Takes over what cargo says of it."""
        self.name = f"{package['name']} {package['version']}"
        self.licence = (package["license"] or "see its text").replace("/", " OR ")
        self.folder = Path(package["manifest_path"]).parent
        self.authors = [re.sub(r"\s*<.*>", "", author) for author in package["authors"]]

    def texts(self) -> list[str]:
        """Its licence, and its notices; where it offers MIT among others, that one alone."""
        files = sorted(path for path in self.folder.rglob("*") if LICENCE_FILE.match(path.name) and path.is_file())
        found = {
            path: path.read_text(encoding="utf-8", errors="replace") for path in files if path.suffix not in NO_TEXT
        }
        if "MIT" in self.licence.split(" OR "):
            chosen = [text for path, text in found.items() if GRANT_OF_MIT in text or "notice" in path.name.lower()]
            if any(GRANT_OF_MIT in text for text in chosen):
                return chosen
        return list(found.values()) or [self._standard_text()]

    def _standard_text(self) -> str:
        """What stands for a text that the package lacks, though it names its licence."""
        if "MIT" not in re.split(r" OR | AND ", self.licence):
            raise SystemExit(f"{self.name} holds no text of its licence ({self.licence}): see {self.folder}")
        holders = ", ".join(self.authors) or f"the authors of {self.name.split(' ', maxsplit=1)[0]}"
        return mit_of(holders, "(Their packages hold no text of the licence that they name, MIT. It reads:)\n\n")


def mit_of(holders: str, preface: str = "") -> str:
    """The MIT licence of these holders."""
    own = (REPOSITORY / "LICENSE-MIT").read_text(encoding="utf-8")
    return preface + re.sub(r"Copyright \(c\).*", lambda _: f"Copyright (c) {holders}", own, count=1)


def linked_crates() -> list[Crate]:
    """The crates of others that are linked into our programs, on any system that these are made for."""
    targets = re.findall(
        r'^    "([a-z0-9_]+-[a-z0-9_-]+)",$', (REPOSITORY / "deny.toml").read_text(encoding="utf-8"), re.M
    )
    command = [os.environ.get("CARGO", "cargo"), "metadata", "--format-version", "1", "--locked"]
    command += [word for target in targets for word in ("--filter-platform", target)]
    answer = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True)  # noqa: S603
    metadata = json.loads(answer.stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    left = [name for name, package in packages.items() if package["name"] in PROGRAMS]
    linked: set[str] = set()
    while left:
        name = left.pop()
        if name not in linked:
            linked.add(name)
            # Neither what only tests need, nor what only runs while it is built.
            left += [
                other["pkg"]
                for other in nodes[name]["deps"]
                if any(kind["kind"] is None for kind in other["dep_kinds"])
            ]
    # What has no source is ours, vendor/ included.
    others = [packages[name] for name in linked if packages[name]["source"]]
    return sorted((Crate(package) for package in others), key=lambda crate: crate.name)


def plain(text: str) -> str:
    """The text without what differs by accident: line ends, indentation as a whole, empty lines around it."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\t", "    ").split("\n")]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    indent = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    return "\n".join(line[indent:] for line in lines)


def document() -> str:
    """All of it."""
    crates = linked_crates()
    users: dict[str, tuple[str, list[str]]] = {}
    for crate in crates:
        for text in crate.texts():
            # The same words with other line breaks are the same licence.
            _, names = users.setdefault(re.sub(r"\s+", " ", text).strip(), (plain(text), []))
            if crate.name not in names:
                names.append(crate.name)
    own = "\n\n".join(
        plain((REPOSITORY / name).read_text(encoding="utf-8"))
        for name in ("LICENSE-MIT", "LICENSE-APACHE", "NOTICE.md")
    )
    width = max(len(crate.name) for crate in crates)
    parts = [
        "Licences of Cruncher\n\nCruncher (its page, the program cruncher and its worker attach.py) is licensed under "
        "MIT or Apache-2.0,\nat your choice. Both stand below, then what it holds of others: data and crates.",
        f"{RULE}\n{own}",
        f"{RULE}\nCrates, {len(crates)} of them, each with its licence. Their texts follow.\n\n"
        + "\n".join(f"{crate.name:{width}}  {crate.licence}" for crate in crates),
        f"{RULE}\nOf the Rust standard library (MIT OR Apache-2.0)\n\n{mit_of('The Rust Project Contributors')}",
    ]
    by_use = sorted(users.values(), key=lambda one: (-len(one[1]), one[1]))
    parts += [
        f"{RULE}\n{textwrap.fill('Of ' + ', '.join(names), LINE, break_on_hyphens=False)}\n\n{text}"
        for text, names in by_use
    ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Writes the file."""
    Path(sys.argv[1]).write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
