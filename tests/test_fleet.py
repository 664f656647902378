"""`cruncher fleet` and the page Fleet, against the local cloud. That has groups, but no instances: these are played."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from command_line import CommandLine, Launched
from local_cloud import client
from playwright.sync_api import expect
from studies import link
from visit import Visits, check_accessible, has_no_overflow


@pytest.fixture
def launched(command_line: CommandLine) -> Launched:
    """A study, without the built page."""
    return command_line.launch()


def group_of(launched: Launched, pool: str = "main") -> dict[str, Any] | None:
    """The group of a pool's fleet, as boto3 sees it."""
    autoscaling = launched.command_line.cloud.client("autoscaling")
    name = f"cruncher-{launched.study}-Fleet-{pool}"
    found = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return dict(found[0]) if found else None


def size_of(launched: Launched) -> tuple[int, int]:
    group = group_of(launched)
    assert group is not None
    return int(group["DesiredCapacity"]), int(group["MaxSize"])


def write_setup(launched: Launched, host: str, log: str = "", **fields: Any) -> None:
    """What the boot script of a computer writes."""
    s3, now = launched.command_line.cloud.client("s3"), time.time()
    document = {
        "v": 1, "host": host, "group": f"cruncher-{launched.study}-Fleet-main", "pool": "main", "instance": f"i-{host}",
        "instance_type": "c7i.xlarge", "zone": "eu-central-1a", "life_cycle": "spot", "cores": 2, "workers": 2,
        "price_per_hour": 0.5, "start_time": now - 3600, "time": now, "state": "working", "message": "",
        "exit_code": None, **fields,
    }  # fmt: skip
    s3.put_object(Bucket=launched.bucket, Key=f"workers/{host}/setup.json", Body=json.dumps(document).encode())
    if log:
        s3.put_object(Bucket=launched.bucket, Key=f"workers/{host}/setup.txt", Body=log.encode())


# ---- The command ----


def test_a_fleet_is_started_sized_and_stopped(launched: Launched, tmp_path: Any) -> None:
    run, study = launched.command_line.run, launched.study
    script = tmp_path / "install it.sh"
    script.write_text("echo installing\n")
    types = ["--type", "c7i.large", "--type", "c7a.large"]
    dollars = ["--price", "0.25", "--max-dollars", "10"]
    ran = run("fleet", "start", study, *types, *dollars, "--max", "4", "--install", str(script))
    assert ran.code == 0, ran.err
    assert "begins with 1 computer of at most 4" in ran.out
    assert size_of(launched) == (1, 4)
    stack = launched.command_line.cloud.client("cloudformation").describe_stacks(
        StackName=f"cruncher-{study}-Fleet-main"
    )["Stacks"][0]
    told = {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}
    assert (told["InstanceType"], told["SecondInstanceType"], told["PricePerHour"]) == (
        "c7i.large",
        "c7a.large",
        "0.250000",
    )
    installed = launched.command_line.cloud.client("s3").get_object(Bucket=launched.bucket, Key=told["InstallKey"])
    assert installed["Body"].read() == b"echo installing\n" and told["InstallKey"].endswith("/install-it.sh")

    assert run("fleet", "grow", study, "--by", "3").code == 0 and size_of(launched) == (4, 4)
    ran = run("fleet", "grow", study)
    assert ran.code == 1 and "at most 4 instances" in ran.err and size_of(launched) == (4, 4)
    assert run("fleet", "shrink", study, "--by", "9").code == 0 and size_of(launched) == (0, 4)
    ran = run("fleet", "start", study, "--start", "3", "--max", "6")
    assert ran.code == 0 and "has 3 computers of at most 6" in ran.out and size_of(launched) == (3, 6)
    # The same script again; how many there are is left as it is.
    ran = run("fleet", "start", study, "--price", "0.5", "--install", str(script))
    assert ran.code == 0 and "3 computers of at most 6. What runs stays as it is" in ran.out, ran.err
    assert size_of(launched) == (3, 6)
    ran = run("fleet", "start", study, "--start", "7")
    assert ran.code == 1 and "at most 6 instances" in ran.err and size_of(launched) == (3, 6)
    assert run("fleet", "start", study, "--start", "2").code == 0 and size_of(launched) == (2, 6)

    write_setup(launched, "host-a", state="failed", exit_code=7, message="exit code 7\nno such package")
    ran = run("fleet", "show", study)
    assert "Pool main: 2 computers wanted" in ran.out and "failed" in ran.out and "no such package" in ran.err
    shown = json.loads(run("fleet", "show", study, "--json").out)["fleets"][0]
    assert (shown["desired"], shown["max"], shown["setups"][0]["exit_code"]) == (2, 6, 7)

    assert run("fleet", "stop", study).code == 0 and group_of(launched) is None


def test_a_pool_with_a_fleet_is_not_removed(launched: Launched) -> None:
    run, study = launched.command_line.run, launched.study
    assert run("pool", "add", study, "gpu").code == 0
    assert run("fleet", "start", study, "--pool", "gpu").code == 0
    ran = run("pool", "remove", study, "gpu", "--force")
    assert ran.code == 1 and f"cruncher fleet stop {study} --pool gpu" in ran.err
    assert group_of(launched, "gpu") is not None and "gpu" in run("pool", "list", study).out
    assert run("fleet", "stop", study, "--pool", "gpu").code == 0
    ran = run("pool", "remove", study, "gpu")
    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grow"], "has no fleet"),
        (["stop"], "has no fleet"),
        (["start", "--start", "3", "--max", "2"], "more than the maximum of 2"),
        (["start", "--install", "/nowhere/install.sh"], "can't be read"),
        (["start", "--price=-1"], "number of dollars"),
        (["start", "--type", "a.b", "--type", "a.c", "--type", "a.d", "--type", "a.e"], "up to three types"),
        (["start", "--max-dollars", "5"], "--price"),
    ],
)
def test_what_is_wrong_is_said(launched: Launched, arguments: list[str], words: str) -> None:
    command, *options = arguments
    ran = launched.command_line.run("fleet", command, launched.study, *options)
    assert ran.code != 0 and words in ran.err
    assert group_of(launched) is None


def test_an_operator_sizes_the_fleets_of_the_study_and_no_other(launched: Launched) -> None:
    run, cloud = launched.command_line.run, launched.command_line.cloud
    assert run("fleet", "start", launched.study).code == 0
    own = f"cruncher-{launched.study}-Fleet-main"
    group = {
        "MinSize": 0,
        "MaxSize": 3,
        "AvailabilityZones": ["eu-central-1a"],
        "LaunchTemplate": {"LaunchTemplateName": "template"},
    }
    cloud.client("autoscaling").create_auto_scaling_group(AutoScalingGroupName="another", **group)
    allowed = {}
    for role in ("operator", "viewer"):
        theirs = client("autoscaling", cloud.endpoint_url, launched.key(role))
        for name in (own, "another"):
            try:
                theirs.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=2)
                allowed[role, name] = True
            except theirs.exceptions.ClientError as refusal:
                assert "AccessDenied" in str(refusal)
                allowed[role, name] = False
    assert [pair for pair, is_allowed in allowed.items() if is_allowed] == [("operator", own)]


# ---- The page ----


def test_an_operator_sees_and_sizes_a_fleet_on_the_page(cruncher: CommandLine, visits: Visits) -> None:
    launched = cruncher.launch()
    assert cruncher.run("fleet", "start", launched.study, "--max", "2").code == 0
    page = visits.open(link(launched))
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Fleet").click()
    fleet = page.get_by_role("region", name="Fleet of pool main")
    expect(fleet).to_contain_text("1 computer wanted")
    size = fleet.get_by_role("textbox", name="Computers", exact=True)
    expect(fleet.get_by_role("button", name="Grow")).to_be_disabled()
    size.fill("2")
    # What was typed stays while another section is shown, and Enter is the button.
    sections = page.locator(".sections")
    sections.get_by_role("link", name="Logs").click()
    sections.get_by_role("link", name="Hosts").click()
    expect(size).to_have_value("2")
    size.press("Enter")
    expect(fleet).to_contain_text("2 computers wanted")
    expect(size).to_have_value("2")
    assert size_of(launched) == (2, 2)
    # What would end computers asks first. The focus begins where nothing happens, and comes back.
    stop = fleet.get_by_role("button", name="Stop")
    stop.focus()
    page.keyboard.press("Enter")
    question = page.get_by_role("dialog", name="Stop the fleet of pool main?")
    expect(question).to_contain_text("2 computers end; their cases go back to the queue")
    check_accessible(page, widths=(390, 1440))
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(question).to_have_count(0)
    expect(stop).to_be_focused()
    assert size_of(launched) == (2, 2)
    size.fill("1")
    fleet.get_by_role("button", name="Shrink").click()
    page.get_by_role("dialog", name="Shrink the fleet of pool main to 1?").get_by_role("button", name="Cancel").click()
    assert size_of(launched) == (2, 2)
    stop.click()
    # Its size was changed meanwhile: what was agreed to is about another one.
    assert cruncher.run("fleet", "shrink", launched.study).code == 0
    question.get_by_role("button", name="End 2 computers").click()
    words = "2 computers were wanted when this was asked, and 1 now"
    expect(fleet.get_by_role("alert")).to_contain_text("The fleet isn't changed.")
    expect(fleet.get_by_role("alert")).to_contain_text(words)
    assert size_of(launched) == (1, 2)
    expect(fleet).to_contain_text("1 computer wanted")
    stop.click()
    question.get_by_role("button", name="End 1 computer").click()
    expect(fleet).to_contain_text("0 computers wanted")
    assert size_of(launched) == (0, 2)
    size.fill("2")
    fleet.get_by_role("button", name="Start").click()
    expect(fleet).to_contain_text("2 computers wanted")


def test_a_failed_set_up_shows_its_error_and_its_log_grows(cruncher: CommandLine, visits: Visits) -> None:
    launched = cruncher.launch()
    assert cruncher.run("fleet", "start", launched.study).code == 0
    hostile = "<b>bold</b>\u202e"
    write_setup(
        launched, "ip-10-0-0-7", f"step one\n{hostile}\nno such package\n", state="failed", exit_code=7,
        message=f"the install script ended with exit code 7\n{hostile}\nno such package",
    )  # fmt: skip
    write_setup(launched, "ip-10-0-0-8", "step one\n", state="installing")
    page = visits.open(link(launched))
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Fleet").click()
    table = page.get_by_role("region", name="Computers of pool main")
    expect(table).to_contain_text("failed, exit code 7")
    expect(table).to_contain_text("no such package")
    expect(table).to_contain_text("<b>bold</b>")
    # They claim an hour each, but the study was launched a moment ago.
    fleet = page.get_by_role("region", name="Fleet of pool main")
    expect(fleet).to_contain_text(re.compile(r"about \$0\.\d\d so far"))
    check_accessible(page, widths=(1440, 390))
    assert has_no_overflow(page)
    for button in table.get_by_role("button", name="Set-up log").all():
        button.click()
    log = page.get_by_role("region", name="What the set-up of ip-10-0-0-8 has printed")
    expect(log).to_have_text("step one\n")
    write_setup(launched, "ip-10-0-0-8", "step one\nstep two\n", state="installing")
    expect(log).to_contain_text("step two", timeout=30_000)
    expect(page.get_by_role("region", name="What the set-up of ip-10-0-0-7 has printed")).to_contain_text("no such")


def test_a_viewer_sees_hosts_and_no_button(cruncher: CommandLine, visits: Visits) -> None:
    launched = cruncher.launch()
    assert cruncher.run("fleet", "start", launched.study).code == 0
    page = visits.open(link(launched, "viewer"))
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Fleet").click()
    expect(page.get_by_role("heading", name="No host yet")).to_be_visible()
    expect(page.get_by_role("button", name="Grow")).to_have_count(0)
    check_accessible(page, widths=(1440, 390))
