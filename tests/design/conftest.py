"""Studies for the tests of the Design page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from command_line import CommandLine, Launched
from design_page import (
    Gate,
    fresh_study,
)
from proxy import proxy


@pytest.fixture(scope="module")
def study(cruncher: CommandLine) -> Launched:
    """A study for tests that send nothing to it."""
    return cruncher.launch()


@pytest.fixture
def launched(study: Launched) -> Launched:
    """A fresh study."""
    return fresh_study(study, study.command_line.cloud.endpoint_url)


@pytest.fixture
def gate(study: Launched) -> Iterator[Gate]:
    """A gate before a fresh study."""
    with proxy(study.command_line.cloud) as slow:
        running = Gate(slow, fresh_study(study, slow.url))
        yield running
        running.opened.set()
