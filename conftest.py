"""Fixtures for every Python test."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from attached import attach
from command_line import (
    CommandLine,
    Launched,
    write_page,
)
from enqueue import enqueue
from local_cloud import REPOSITORY, LocalCloud, Study
from playwright.sync_api import Browser
from small_models import DOUBLE, RAISING
from studies import line_of, queue_of, wait_for_end
from visit import (
    Visits,
    chromium,
)

# No test fails on a time: the machine may be busy.
hypothesis.settings.register_profile("cruncher", deadline=None)
hypothesis.settings.load_profile("cruncher")


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


@pytest.fixture
def command_line(binary: Path, cloud: LocalCloud, tmp_path: Path) -> Iterator[CommandLine]:
    """The program, and a cloud; what it launches is taken down afterwards."""
    page = tmp_path / "page"
    write_page(page, "one")
    running = CommandLine(binary, cloud, page)
    yield running
    for study in running.studies:
        running.run("clean-up", study, "--delete-results", "--yes")


@pytest.fixture(scope="session")
def page_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built page: a copy, which no build that goes on beside the tests changes between two of its files."""
    folder = Path(os.environ.get("CRUNCHER_DASHBOARD_DIR", REPOSITORY / "dist"))
    if not (folder / "index.html").is_file():
        pytest.fail(f"There is no {folder}/index.html: build the page with `make dashboard` first.", pytrace=False)
    return shutil.copytree(folder, tmp_path_factory.mktemp("dist") / "dist")


@pytest.fixture(scope="session")
def cruncher(binary: Path, cloud: LocalCloud, page_folder: Path) -> CommandLine:
    """The program, with the built page. What it launches ends with the cloud."""
    return CommandLine(binary, cloud, page_folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with chromium() as running:
        yield running


@pytest.fixture
def visits(browser: Browser) -> Iterator[Visits]:
    """Visits whose pages may not complain."""
    made = Visits(browser)
    yield made
    made.close()


@pytest.fixture(scope="module")
def finished(cruncher: CommandLine) -> Launched:
    """A study that is over, for tests that only look: five cases of two levels done, two failed in the same way."""
    study = cruncher.launch()
    queue = queue_of(study)
    enqueue(queue, "soil", DOUBLE, {1: [{"a": 1}, {"a": 2}], 2: [{"a": number} for number in (3, 4, 5)]})
    enqueue(queue, "soil", RAISING, {3: [{"a": -1}, {"a": -20}]}, max_attempts=1)
    with attach(line_of(study)):
        wait_for_end(study, done=5, errors=2)
    return study
