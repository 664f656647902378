"""Fixtures for every Python test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_cloud import REPOSITORY, LocalCloud, Study


@pytest.fixture(scope="session")
def cloud() -> Iterator[LocalCloud]:
    """One local cloud for the whole run."""
    running = LocalCloud()
    yield running
    running.stop()


@pytest.fixture
def study(cloud: LocalCloud) -> Study:
    """A fresh study in it."""
    return cloud.deploy()


@pytest.fixture(scope="session")
def binary() -> Path:
    """The program: `CRUNCHER_BINARY`, or built here."""
    if named := os.environ.get("CRUNCHER_BINARY"):
        return Path(named)
    subprocess.run(["cargo", "build", "--quiet", "--package", "cruncher-cli"], cwd=REPOSITORY, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    return target / "debug" / "cruncher"
