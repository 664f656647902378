"""The page in other engines than Chromium's: Firefox, and WebKit, which Safari has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Launched
from enqueue import enqueue
from other_browsers import OtherBrowser, firefox, webkit
from small_models import DOUBLE
from studies import link, queue_of

PROGRESS = "//section[@aria-label='Progress']"
# A part of each page that is there once its program has read the study.
PARTS = {
    "Cases": "//*[@role='grid' or self::table]//*[contains(., 'failed')]",
    "Errors": "//*[contains(text(), 'ValueError')]",
    "Results": "//canvas",
    "Design": "//section[@aria-labelledby='step-model']",
    "Attach": "//*[contains(text(), 'exec(')]",
    "Fleet": "//*[@role='tab' or self::a][normalize-space()='Cost']",
    "Overview": PROGRESS,
}


@pytest.fixture(params=["firefox", "webkit"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OtherBrowser]:
    """A browser of another engine."""
    with firefox(tmp_path / "firefox") if request.param == "firefox" else webkit() as running:
        yield running


@pytest.fixture(scope="module")
def waiting(finished: Launched) -> Launched:
    """The finished study with a case more, which no worker takes."""
    enqueue(queue_of(finished), "soil", DOUBLE, {4: [{"a": 6}]})
    return finished


def test_every_page_is_walked_a_plot_is_drawn_and_the_study_is_steered(other: OtherBrowser, waiting: Launched) -> None:
    other.go_to(link(waiting))
    assert other.find(f"{PROGRESS}//dt[contains(., 'done')]/following-sibling::dd[1]").text == "5"
    for name, part in PARTS.items():
        other.visit(name)
        found = other.find(f"//main{part}")
        if name == "Results":
            # Axes, grid, words, and points with smooth edges.
            other.wait("a plot is drawn", lambda: other.colours(found) > 10)  # noqa: B023 - it is asked at once
    other.press("Pause")
    other.press("Resume")
    other.find("//button[normalize-space()='Pause']")
