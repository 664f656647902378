"""Pools: queues of a study beside its own, made and removed by the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_line import CommandLine, Launched


@pytest.fixture
def study(command_line: CommandLine) -> Launched:
    """A fresh study."""
    return command_line.launch()


def control(study: Launched) -> Any:
    """What stands in `control.json`."""
    s3 = study.command_line.cloud.client("s3")
    return json.loads(s3.get_object(Bucket=study.bucket, Key="control.json")["Body"].read())


def queue_url(study: Launched, pool: str) -> str:
    """The address of a pool's queue."""
    return f"{study.outputs['QueueUrl'].rpartition('/')[0]}/cruncher-{study.study}-Pool-{pool}.fifo"


def settings(study: Launched, url: str) -> dict[str, str]:
    """A queue's settings."""
    sqs = study.command_line.cloud.client("sqs")
    found: dict[str, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return found


def put(study: Launched, url: str, name: str) -> None:
    """Puts a message into a queue."""
    study.command_line.cloud.client("sqs").send_message(
        QueueUrl=url, MessageBody="{}", MessageGroupId=name, MessageDeduplicationId=name
    )


def pool(study: Launched, what: str, *arguments: str, code: int = 0) -> str:
    """Runs `cruncher pool`, and returns what it says."""
    ran = study.command_line.run("pool", what, study.study, *arguments)
    assert ran.code == code, ran.err
    return ran.out + ran.err


def test_a_pool_is_made_listed_and_removed(study: Launched) -> None:
    said = pool(study, "add", "gpu")
    assert f"Study {study.study} has the pool gpu." in said and "--pool gpu" in said and "pool='gpu'" in said
    assert control(study)["pools"] == ["gpu"]
    own, made = settings(study, study.outputs["QueueUrl"]), settings(study, queue_url(study, "gpu"))
    for name in ("VisibilityTimeout", "MessageRetentionPeriod", "SqsManagedSseEnabled", "FifoQueue"):
        assert made[name] == own[name], name
    redrive = json.loads(made["RedrivePolicy"])
    assert str(redrive["maxReceiveCount"]) == "20"
    assert redrive["deadLetterTargetArn"].endswith(f":cruncher-{study.study}-Pool-gpu-Dead.fifo")
    dead = settings(study, queue_url(study, "gpu-Dead"))
    assert dead["MessageRetentionPeriod"] == "1209600" and dead["SqsManagedSseEnabled"] == "true"
    tags = study.command_line.cloud.client("sqs").list_queue_tags(QueueUrl=queue_url(study, "gpu"))["Tags"]
    assert tags == {"cruncher:study": study.study, "cruncher:pool": "gpu"}

    put(study, queue_url(study, "gpu"), "a")
    listed = json.loads(pool(study, "list", "--json"))["pools"]
    assert [(one["pool"], one["waiting"]) for one in listed] == [("main", 0), ("gpu", 1)]
    assert "main" in pool(study, "list")

    refused = pool(study, "remove", "gpu", code=1)
    assert "1 case in its queue" in refused and "--force" in refused
    assert control(study)["pools"] == ["gpu"]
    assert "1 message went with its queues" in pool(study, "remove", "gpu", "--force")
    assert control(study)["pools"] == []
    prefix = f"cruncher-{study.study}-Pool-"
    assert not study.command_line.cloud.client("sqs").list_queues(QueueNamePrefix=prefix).get("QueueUrls")
    missing = pool(study, "remove", "gpu", code=1)
    assert f"Study {study.study} has main." in missing


def test_an_interrupted_command_is_finished_by_the_same(study: Launched) -> None:
    sqs = study.command_line.cloud.client("sqs")
    # As far as it came: one queue, without its settings.
    sqs.create_queue(QueueName=f"cruncher-{study.study}-Pool-gpu-Dead.fifo", Attributes={"FifoQueue": "true"})
    said = pool(study, "list")
    assert "not finished" in said and f"cruncher pool add {study.study} gpu" in said
    pool(study, "add", "gpu")
    assert json.loads(pool(study, "list", "--json"))["pools"][1]["is_complete"]
    sqs.set_queue_attributes(QueueUrl=queue_url(study, "gpu"), Attributes={"VisibilityTimeout": "7"})
    assert "had the pool gpu already" in pool(study, "add", "gpu")
    assert settings(study, queue_url(study, "gpu"))["VisibilityTimeout"] == "120"
    # The removal came as far as the first queue.
    sqs.delete_queue(QueueUrl=queue_url(study, "gpu"))
    assert "its queue is gone" in pool(study, "list")
    pool(study, "remove", "gpu")
    assert len(json.loads(pool(study, "list", "--json"))["pools"]) == 1


def test_a_name_that_is_none_is_wrong_usage(study: Launched) -> None:
    for name in ("main", "Gpu", "gpu-Dead", "a" * 21, "../x"):
        assert "can't be the name of a pool" in pool(study, "add", name, code=2)
