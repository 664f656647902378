"""Very many objects, rows of nothing, and times of the future do no harm to the healthy batch beside them.

The same at full size is tried by `make chaos`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from attached import attach
from command_line import CommandLine, Launched
from crowds import Crowd, crowd_objects
from enqueue import enqueue
from local_cloud import Object
from playwright.sync_api import expect
from small_models import DOUBLE
from studies import line_of, link, queue_of, wait_for_end
from visit import Visits, figure

CASES, BATCH = 12, "healthy"
SMALL = Crowd(batches=600, heartbeats=700, error_groups=600, forged_rows=20_000, endless_bytes=9 << 20)
# Keys that S3 allows: none of them is one of a document, and a bucket isn't empty as long as it has one.
ODD_KEYS = ["data/../x", "data/./y", "workers//heartbeat.json", "a b", "ä/€", "x" * 1024, "data/healthy/", "?&#%2F+"]


@pytest.fixture(scope="module")
def crowded(cruncher: CommandLine) -> Iterator[Launched]:
    """A study with a healthy batch that is done, in a crowd."""
    study = cruncher.launch()
    enqueue(queue_of(study), BATCH, DOUBLE, {1: [{"a": number} for number in range(CASES)]})
    with attach(line_of(study)):
        wait_for_end(study, done=CASES)
    cloud = study.command_line.cloud
    cloud.put_objects(study.bucket, crowd_objects(SMALL, Random(1)))
    cloud.put_objects(study.bucket, [Object(key, b"x", 1.7e9) for key in ODD_KEYS])
    yield study


def test_the_command_line_counts_what_is_there(crowded: Launched, tmp_path: Path) -> None:
    run = crowded.command_line.run
    said = run("status", crowded.study, "--json")
    assert said.code == 0, said.err
    status = said.json()
    (healthy,) = [batch["cases"] for batch in status["batches"] if batch["batch"] == BATCH]
    assert (healthy["cases"], healthy["done"]) == (CASES, CASES)
    # A row proves nothing: the cases of the forged ones are not there.
    assert "forged" not in {batch["batch"] for batch in status["batches"]}
    assert status["cases"]["done"] == CASES + SMALL.batches + 3
    assert len(status["error_groups"]) == SMALL.error_groups + 1
    assert len(status["workers"]) == SMALL.heartbeats + 4
    assert all(worker["time"] < status["time"] + 2 for worker in status["workers"])
    assert status["unreadable"]["workers/endless/segment-000000.ndjson"].startswith("it has a line of more than")
    forged = [reason for key, reason in status["unreadable"].items() if key.startswith("workers/forger-")]
    assert forged == ["20,000 of its rows are of cases that nobody has sent, or of results that aren't there"]
    text = run("status", crowded.study)
    assert f"\n  {BATCH} " in text.out, "what somebody has submitted is named before what a worker's key can make"
    assert f"… and {SMALL.batches + 3 - 200} more" in text.out
    table = tmp_path / "table.csv"
    run("results", crowded.study, "--table", str(table), "--batch", BATCH)
    with table.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert {(row["a"], row["double"]) for row in rows} == {(str(a), str(2 * a)) for a in range(CASES)}
    frozen = tmp_path / "frozen.html"
    assert run("freeze", crowded.study, str(frozen)).code == 0
    assert frozen.stat().st_size > 100_000


def test_the_page_shows_the_healthy_batch_and_says_what_it_leaves_out(crowded: Launched, visits: Visits) -> None:
    page = visits.open(link(crowded))
    expect(page).to_have_title(re.compile("Overview"))
    page.evaluate(f"location.hash = '#/overview?batch={BATCH}'")
    expect(figure(page, "done").get_by_text(str(CASES), exact=True)).to_be_visible()
    page.evaluate("location.hash = '#/overview?batch=*'")
    main = page.get_by_role("main")
    expect(main.get_by_role("list", name="Parts of the study").get_by_role("listitem").first).to_contain_text(BATCH)
    expect(main.get_by_text("and 403 more")).to_be_visible()
    options = page.get_by_role("combobox", name="Batch").get_by_role("option")
    expect(options.filter(has_text="… and 103 more: search for them")).to_be_attached()
    page.evaluate("location.hash = '#/errors?batch=*'")
    expect(main.get_by_role("button", name="Show more of 501 further groups")).to_be_visible()
    expect(main.get_by_role("term").get_by_text("workers/endless/segment-000000.ndjson")).to_be_visible()


def test_clean_up_leaves_nothing(crowded: Launched) -> None:
    said = crowded.command_line.run("clean-up", crowded.study, "--yes", "--delete-results")
    assert said.code == 0, said.err
    names = [bucket["Name"] for bucket in crowded.command_line.cloud.client("s3").list_buckets()["Buckets"]]
    assert crowded.bucket not in names
