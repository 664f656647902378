"""The sections of the page Fleet: logs, cost and the sizes of fleets, as somebody at a browser meets them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from command_line import CommandLine, Launched
from playwright.sync_api import Page, expect
from studies import link
from visit import Visits, check_accessible, has_no_overflow


@pytest.fixture
def study(cruncher: CommandLine) -> Launched:
    """A fresh study with the built page."""
    return cruncher.launch()


def put(study: Launched, key: str, content: bytes) -> None:
    """Puts an object into the study's bucket."""
    study.command_line.cloud.client("s3").put_object(Bucket=study.bucket, Key=key, Body=content)


def put_worker(study: Launched, host: str, **about: Any) -> None:
    """The heartbeat of a worker that has just ended."""
    worker, now = f"{host}_linux_1-aa", time.time()
    times = {"start_time": now - 3600, "time": now, "busy_secs": 60.0}
    document = {"v": 1, "worker": worker, "host": host, "vcpus": 4, "state": "stopped", **times, **about}
    put(study, f"workers/{worker}/heartbeat.json", json.dumps(document).encode())


def open_section(visits: Visits, study: Launched, section: str, **options: Any) -> Page:
    """A section of the page."""
    page = visits.open(link(study), **options)
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Fleet").click()
    page.get_by_role("navigation", name="Sections of the fleet").get_by_role("link", name=section).click()
    return page


# ---- Logs ----


def test_logs_are_filtered_by_the_address_and_saved(study: Launched, visits: Visits) -> None:
    put(
        study,
        "workers/node1_linux_1-aa/log.txt",
        b"2026-09-21T14:13:20Z INFO attached\n2026-09-21T14:13:21Z ERROR refused\n",
    )
    put(study, "workers/node2_linux_1-bb/log.txt", b"2026-09-21T14:13:22Z WARNING Refused once\n")
    page = open_section(visits, study, "Logs")
    entries = page.get_by_role("region", name="Entries")
    expect(entries.get_by_role("row")).to_have_count(4)
    check_accessible(page, widths=(390, 1440))
    assert has_no_overflow(page)
    page.get_by_label("Text").fill("REFUSED")
    page.get_by_label("Text").press("Enter")
    expect(entries.get_by_role("row")).to_have_count(3)
    page.get_by_label("Level").select_option("error")
    expect(entries.get_by_role("row")).to_have_count(2)
    page.wait_for_url("**level=error&text=REFUSED")
    # The address says it: whoever opens it sees the same.
    page.reload()
    expect(entries).to_contain_text("node1 1-aa")
    expect(entries.get_by_role("row")).to_have_count(2)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download 1 entry as text").click()
    assert saved.value.path().read_text() == "2026-09-21T14:13:21.000Z  ERROR    node1_linux_1-aa  refused\n"
    # What comes is followed.
    put(study, "workers/node3_linux_1-cc/log.txt", b"2026-09-21T14:13:29Z ERROR refused again\n")
    expect(entries).to_contain_text("refused again", timeout=60_000)


def test_hostile_and_endless_logs_do_no_harm(study: Launched, visits: Visits) -> None:
    put(
        study,
        "workers/evil_linux_1-aa/log.txt",
        b"2026-09-21T14:13:20Z ERROR \x1b]0;own\x07\xff\x00<b>bold</b>\xe2\x80\xae\n",
    )
    put(study, "workers/large_linux_1-aa/log.txt", b"x" * (50 << 20))
    put(study, "workers/binary_linux_1-aa/log.txt", bytes(range(256)) * 100)
    lines = b"".join(b"2026-09-21T14:00:00Z INFO %d\n" % number for number in range(8_000))
    for number in (1, 2):
        put(study, f"workers/many{number}_linux_1-aa/log.txt", lines)
    page = open_section(visits, study, "Logs")
    notes = page.get_by_role("list", name="Not shown")
    expect(notes).to_contain_text("workers/large_linux_1-aa/log.txt can't be read: it has 52428800 bytes")
    # 16,001 entries, of which 500 are drawn.
    expect(notes).to_contain_text("Earlier entries: 15501.")
    entries = page.get_by_role("region", name="Entries")
    expect(entries.get_by_role("row")).to_have_count(501)
    expect(entries).to_contain_text("\\u{1b}]0;own\\u{7}\ufffd\\u{0}<b>bold</b>\\u{202e}")
    assert has_no_overflow(page)


# ---- Cost ----


def test_prices_that_aws_has_told_are_shown_and_entered_ones_outweigh_them(study: Launched, visits: Visits) -> None:
    page = open_section(visits, study, "Cost")
    expect(page.get_by_text("No worker was attached yet, so nothing was used.")).to_be_visible()
    put_worker(study, "node1", instance_type="c7i.xlarge")
    put_worker(study, "node2")
    figures = page.get_by_role("region", name="Cost", exact=True)
    expect(figures).to_contain_text("isn't known, c7i.xlarge. Enter one above", timeout=30_000)
    expect(figures).to_contain_text(f"cruncher cost {study.study} --read-prices")
    expect(figures).to_contain_text("at least $0.0")
    expect(figures).to_contain_text("none yet")
    price = {"instance_type": "c7i.xlarge", "source": "price-list", "dollars_per_hour": 3600, "time": 1_790_000_000.0}
    put(study, "prices.json", json.dumps({"v": 1, "prices": [price]}).encode())
    prices = page.get_by_role("list", name="Prices")
    words = "c7i.xlarge: $3600 an hour on demand with Linux, by AWS's price list, read on 2026-09-21."
    expect(prices).to_have_text(words, timeout=30_000)
    expect(figures).to_contain_text("Not counted, for want of a price: hosts whose instance type isn't known.")
    check_accessible(page, widths=(390, 1440))
    assert has_no_overflow(page)
    page.get_by_label("Dollars an hour").fill("0.5")
    page.get_by_label("Dollars an hour").press("Enter")
    expect(figures).not_to_contain_text("Not counted")
    expect(prices).to_have_count(0)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download as CSV").click()
    assert saved.value.path().read_text().startswith("instance_type,hosts,")
    put(study, "prices.json", b"no JSON")
    expect(prices).to_contain_text("No price that AWS has told is taken: prices.json can't be read", timeout=30_000)


# ---- Fleets ----


def test_a_pool_without_a_fleet_shows_the_command_that_makes_it(study: Launched, visits: Visits) -> None:
    run = study.command_line.run
    assert run("pool", "add", study.study, "gpu").code == 0
    page = open_section(visits, study, "Hosts")
    missing = page.get_by_role("region", name="Pools without a fleet")
    expect(missing.get_by_role("textbox")).to_have_count(2)
    check_accessible(page, widths=(390, 1440))
    assert has_no_overflow(page)
    assert run("fleet", "start", study.study).code == 0
    expect(missing.get_by_role("textbox")).to_have_text(
        [f"cruncher fleet start {study.study} --pool gpu"], timeout=30_000
    )


def test_a_size_that_is_none_or_refused_is_told_at_the_place_and_stays(study: Launched, visits: Visits) -> None:
    run, cloud = study.command_line.run, study.command_line.cloud
    assert run("fleet", "start", study.study, "--max", "5").code == 0
    page = open_section(visits, study, "Hosts")
    fleet = page.get_by_role("region", name="Fleet of pool main")
    size = fleet.get_by_role("textbox", name="Computers", exact=True)
    size.fill("9")
    fleet.get_by_role("button", name="Grow").click()
    words = f"At most 5 computers. cruncher fleet start {study.study} --max 9 allows more."
    expect(fleet.get_by_role("alert")).to_have_text(words)
    expect(size).to_have_value("9")
    # Somebody has taken the right away meanwhile.
    refuse = {"Effect": "Deny", "Action": "autoscaling:SetDesiredCapacity", "Resource": "*"}
    cloud.client("iam").put_user_policy(
        UserName=study.outputs["OperatorUser"],
        PolicyName="refuse",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [refuse]}),
    )
    visits.expected.append("status of 403")
    size.fill("4")
    fleet.get_by_role("button", name="Grow").click()
    expect(fleet.get_by_role("alert")).to_be_visible()
    expect(size).to_have_value("4")
