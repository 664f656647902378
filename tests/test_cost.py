"""What a study has used and cost: `cruncher cost`, with real workers."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import time
from typing import Any

import boto3
import pytest
from attached import attach
from aws_prices import Prices
from command_line import CommandLine, Launched, Ran
from enqueue import enqueue
from proxy import proxy
from small_models import DOUBLE, RAISING
from studies import line_of, queue_of, wait_for_end


@pytest.fixture
def study(command_line: CommandLine) -> Launched:
    """A fresh study."""
    return command_line.launch()


def cost(study: Launched, *options: str) -> Any:
    """What it has cost, for programs."""
    ran = study.command_line.run("cost", study.study, "--json", *options)
    assert ran.code == 0, ran.err
    return ran.json()


def heartbeats(study: Launched) -> list[dict[str, Any]]:
    """What workers say."""
    s3 = study.command_line.cloud.client("s3")
    listed = s3.list_objects_v2(Bucket=study.bucket, Prefix="workers/").get("Contents", [])
    keys = [entry["Key"] for entry in listed if entry["Key"].endswith("/heartbeat.json")]
    return [json.loads(s3.get_object(Bucket=study.bucket, Key=key)["Body"].read()) for key in keys]


def test_hours_and_requests_are_counted_and_priced(study: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    none = cost(study)
    assert none["rows"] == [] and none["dollars"]["hosts"] == 0 and none["dollars"]["finished_case"] is None
    monkeypatch.setenv("CRUNCHER_INSTANCE_TYPE", "lab-pc")
    queue = queue_of(study)
    enqueue(queue, "b", DOUBLE, {1: [{"a": number} for number in range(6)]})
    enqueue(queue, "b", RAISING, {1: [{"a": -1}]}, max_attempts=1)
    with attach(line_of(study)), attach(line_of(study)):
        wait_for_end(study, done=6, errors=1)
    said = heartbeats(study)
    told = cost(study, "--price", "lab-pc=3600")
    (row,) = told["rows"]
    assert (row["instance_type"], row["hosts"], row["workers"]) == ("lab-pc", 1, 2)
    assert (row["attempts"], row["done"]) == (7, 6)
    assert row["computing_secs"] == pytest.approx(sum(one["busy_secs"] for one in said))
    assert row["average_secs"] == pytest.approx(row["computing_secs"] / 7)
    # A dollar a second, of a host that two workers use together.
    stays = [(one["start_time"], one["time"]) for one in said]
    first, last = min(start for start, _ in stays), max(end for _, end in stays)
    assert row["dollars"] == pytest.approx(row["host_secs"])
    assert row["host_secs"] == pytest.approx(last - first, abs=1.0)
    for kind in ("s3_get", "s3_put", "sqs"):
        of_workers = sum(one["requests"][kind] for one in said)
        assert row["requests"][kind] == of_workers > 0 and told["requests"][kind] > of_workers
    dollars = told["dollars"]
    assert dollars["until_now"] == pytest.approx(dollars["hosts"] + dollars["requests"])
    assert dollars["finished_case"] == pytest.approx(dollars["until_now"] / 7)
    assert dollars["expected"]["least"] == dollars["until_now"], "no case is open"
    assert told["without_price"] == []
    # Prices of requests are entered where they are others.
    free = cost(study, "--price", "s3-get=0", "--price", "s3-put=0", "--price", "sqs=0")
    assert free["dollars"]["requests"] == 0 and free["without_price"] == ["lab-pc"]


def test_the_table_is_a_file_and_a_text(study: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRUNCHER_INSTANCE_TYPE", "lab-pc")
    enqueue(queue_of(study), "b", DOUBLE, {1: [{"a": 1}]})
    with attach(line_of(study)):
        wait_for_end(study, done=1)
    (said,) = heartbeats(study)
    run = study.command_line.run
    for option, column, value in (
        ("type", "instance_type", "lab-pc"),
        ("host", "host", said["host"]),
        ("vcpus", "vcpus", str(said["vcpus"])),
    ):
        ran = run("cost", study.study, "--csv", "--by", option)
        (row,) = csv.DictReader(io.StringIO(ran.out))
        assert (row[column], row["done"], row["host_dollars"]) == (value, "1", "")
        assert float(row["request_dollars"]) > 0 and "Not counted, for want of a price: lab-pc" in ran.err
    text = run("cost", study.study, "--price", "0.5").out
    assert "a finished case of 1." in text and "No case waits or runs." in text and "  lab-pc " in text
    ran = run("cost", study.study, "--price", "cheap")
    assert ran.code == 2 and "`cheap` is no price" in ran.err


# ---- Prices that AWS tells. The local cloud has none: these answer as AWS documents it. ----


def put(study: Launched, key: str, document: dict[str, Any]) -> None:
    """Puts a document into the study's bucket."""
    s3 = study.command_line.cloud.client("s3")
    s3.put_object(Bucket=study.bucket, Key=key, Body=json.dumps(document).encode())


def put_worker(study: Launched, host: str, instance_type: str) -> None:
    """The heartbeat of a worker that has just ended."""
    worker, now = f"{host}_linux_1-aa", time.time()
    times = {"start_time": now - 3600, "time": now, "busy_secs": 60.0}
    about = {"host": host, "instance_type": instance_type, "vcpus": 4, "state": "stopped"}
    put(study, f"workers/{worker}/heartbeat.json", {"v": 1, "worker": worker, **about, **times})


def put_setup(study: Launched, host: str, instance_type: str) -> None:
    """What a spot instance of a fleet says."""
    about = {"group": f"cruncher-{study.study}-Fleet-main", "life_cycle": "spot", "instance_type": instance_type}
    now = time.time()
    document = {"v": 1, "host": host, **about, "start_time": now, "time": now, "state": "working"}
    put(study, f"workers/{host}/setup.json", document)


def read_prices(study: Launched, url: str, *options: str) -> Ran:
    """Asks what instances cost, at another address than that of the cloud."""
    command_line = study.command_line
    whole = command_line.arguments("cost", study.study, "--read-prices", *options)
    command = [url if part == command_line.cloud.endpoint_url else part for part in whole]
    ended = subprocess.run(command, env=command_line.environment(), capture_output=True, text=True, timeout=60)
    return Ran(ended.returncode, ended.stdout, ended.stderr)


def test_prices_are_asked_of_aws_and_kept_with_source_and_date(study: Launched) -> None:
    put_worker(study, "node1", "c7i.xlarge")
    put_worker(study, "node2", "c7a.large")
    put_setup(study, "node2", "c7a.large")
    put_worker(study, "node3", "x9.unheard")
    put_worker(study, "node4", "lab-pc")
    assert cost(study)["read_prices"] == []
    told = Prices({"c7i.xlarge": 0.2037}, {"c7a.large": {"eu-central-1a": 0.03, "eu-central-1b": 0.04}})
    with proxy(study.command_line.cloud) as between:
        between.instead = told
        ran = read_prices(study, between.url, "--json")
        assert ran.code == 0, ran.err
        assert "No price of x9.unheard: AWS has no price in dollars for it in" in ran.err
        assert "No price of lab-pc: it is no instance type of EC2" in ran.err
        prices = {one["instance_type"]: (one["dollars_per_hour"], one["source"]) for one in ran.json()["read_prices"]}
        # Of a spot instance that of the dearest zone counts.
        assert prices == {"c7i.xlarge": (0.2037, "price-list"), "c7a.large": (0.04, "spot-price-history")}
        asked = told.asked.copy()
        # The same parameters as boto3 sends: the shapes are AWS's own.
        botos = {name: boto3.client(name, endpoint_url=between.url, **CREDENTIALS) for name in ("pricing", "ec2")}
        filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in FILTERS.items()]
        told.asked.clear()
        (found,) = (
            botos["pricing"]
            .get_paginator("get_products")
            .paginate(ServiceCode="AmazonEC2", Filters=filters, FormatVersion="aws_v1")
            .build_full_result()["PriceList"]
        )
        assert json.loads(found)["product"]["attributes"]["instanceType"] == "c7i.xlarge"
        at = next(form["StartTime"] for name, form in asked if name == "DescribeSpotPriceHistory")
        history = botos["ec2"].describe_spot_price_history(
            InstanceTypes=["c7a.large"], ProductDescriptions=["Linux/UNIX"], StartTime=at, EndTime=at
        )["SpotPriceHistory"]
        assert [one["SpotPrice"] for one in history] == ["0.030000", "0.040000"]
        assert [one for one in told.asked if one not in asked] == []

    # Kept for all who look, until it is read again; an entered price outweighs it.
    text = study.command_line.run("cost", study.study).out
    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert f"c7i.xlarge costs $ 0.2037 an hour on demand with Linux, by AWS's price list, read on {today}." in text
    assert f"c7a.large costs $ 0.04 an hour spot with Linux, by EC2's history of spot prices, read on {today}." in text
    rows = {row["instance_type"]: row for row in cost(study)["rows"]}
    assert rows["c7i.xlarge"]["dollars"] == pytest.approx(0.2037 * rows["c7i.xlarge"]["host_secs"] / 3600)
    assert rows["x9.unheard"]["dollars"] is None
    entered = cost(study, "--price", "c7i.xlarge=3600")
    (row,) = (row for row in entered["rows"] if row["instance_type"] == "c7i.xlarge")
    assert row["dollars"] == pytest.approx(row["host_secs"])
    assert [one["instance_type"] for one in entered["read_prices"]] == ["c7a.large"]


def test_a_key_that_may_not_ask_is_told_of_each_type_and_what_is_kept_stays(study: Launched) -> None:
    put_worker(study, "node1", "c7i.xlarge")
    put_worker(study, "node2", "c7a.large")
    put_setup(study, "node2", "c7a.large")
    kept = {"instance_type": "c7i.xlarge", "source": "price-list", "dollars_per_hour": 0.5, "time": 1_790_000_000.0}
    put(study, "prices.json", {"v": 1, "prices": [kept]})
    with proxy(study.command_line.cloud) as between:
        between.instead = Prices(None, None)
        ran = read_prices(study, between.url)
    assert ran.code == 1 and "AWS told no price" in ran.err
    assert "No price of c7i.xlarge: the key may not call pricing:GetProducts." in ran.err
    assert "No price of c7a.large: the key may not call ec2:DescribeSpotPriceHistory." in ran.err
    assert "c7i.xlarge costs $ 0.5 an hour on demand with Linux, by AWS's price list, read on 2026-09-21." in ran.out
    for broken in (b"no JSON", b"{}", b" " * (300 << 10)):
        study.command_line.cloud.client("s3").put_object(Bucket=study.bucket, Key="prices.json", Body=broken)
        ran = study.command_line.run("cost", study.study)
        assert ran.code == 0 and "No price is taken from the bucket: prices.json" in ran.err


CREDENTIALS = {"region_name": "eu-central-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
FILTERS = {
    "instanceType": "c7i.xlarge", "regionCode": "eu-central-1", "operatingSystem": "Linux", "tenancy": "Shared",
    "preInstalledSw": "NA", "capacitystatus": "Used",
}  # fmt: skip
