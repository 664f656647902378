"""requirements.txt is what `make requirements` makes of requirements.in: pinned, with digests."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([^\s;]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """The version of each package that the file names."""
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    return {re.sub(r"[._-]+", "-", package).lower(): version for package, version in PINNED.findall(text)}


def test_what_is_asked_for_is_what_is_installed() -> None:
    asked, installed = pins("requirements.in"), pins("requirements.txt")
    assert asked
    assert asked == {package: installed.get(package) for package in asked}


def test_everything_that_is_installed_has_a_digest() -> None:
    text = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert entries
    assert [entry for entry in entries if not PINNED.match(entry) or "--hash=sha256:" not in entry] == []
