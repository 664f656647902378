"""Fixtures of the worker's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from local_cloud import LocalCloud, Study
from tests.lab import Lab


@pytest.fixture
def lab(study: Study, tmp_path: Path) -> Iterator[Lab]:
    """A fresh study."""
    made = Lab(study, tmp_path)
    yield made
    made.close()


@pytest.fixture
def hasty_lab(cloud: LocalCloud, tmp_path: Path) -> Iterator[Lab]:
    """A study whose leases last two seconds, and whose messages may be received often."""
    made = Lab(cloud.deploy(lease_secs=2, max_receives=50), tmp_path)
    yield made
    made.close()
