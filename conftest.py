"""Fixtures for every Python test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from local_cloud import LocalCloud, Study


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
