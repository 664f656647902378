"""What the benchmarks of the page rely on is still so: each goes through with a study that is small."""

from __future__ import annotations

import json
import sys

import pytest
from command_line import CommandLine, Launched
from local_cloud import REPOSITORY
from visit import Visits

sys.path.append(str(REPOSITORY))

from bench import pages, table
from bench.__main__ import parse_entries
from bench._results import results_page

SIZE = pages.Size(cases=60, groups=2, workers=3, design=100, looks=0, rest_ms=0, frames=10)


@pytest.fixture(scope="module")
def study(cruncher: CommandLine) -> Launched:
    """A study with all that is opened."""
    study = cruncher.launch()
    pages.generate_study(study, SIZE)
    return study


def test_pages_and_table_are_measured(study: Launched, visits: Visits) -> None:
    page = table.cases_page(visits.browser, study, SIZE.cases + SIZE.groups)
    figures = {**table.sorting(page, 1), **table.states(page), **pages.measure(visits.browser, study, SIZE)}
    page.context.close()
    entries = parse_entries(json.dumps(figures))
    assert len(entries) == len(figures) and all(entry.unit and entry.budget for entry in entries.values())


def test_rows_that_nobody_has_computed_are_drawn(cruncher: CommandLine, visits: Visits) -> None:
    page = results_page(visits.person(), cruncher.launch(), "bench.givePoints(500, 100)", 500)
    assert page.evaluate("bench.drawn.length") > 0
