"""What a build has made."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from local_cloud import REPOSITORY

TARGET = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))


def built_page() -> Path:
    """The folder of the built page."""
    index = Path(os.environ.get("CRUNCHER_DASHBOARD_DIR", REPOSITORY / "dist")) / "index.html"
    return built(index).parent


def built_program() -> Path:
    """The built command line."""
    return built(Path(os.environ.get("CRUNCHER_BINARY", TARGET / "debug/cruncher")))


def release_program() -> Path:
    """The command line as it is handed out: what it takes is measured."""
    return built(TARGET / "release/cruncher")


def built(file: Path) -> Path:
    """The file, or an end with a word what makes it."""
    if not file.is_file():
        sys.exit(f"There is no {file}: `make bench` builds it.")
    return file
