"""Pools: queues of a study beside its own, made and removed by the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attached import attach
from botocore.exceptions import ClientError
from command_line import CommandLine, Launched, Ran, wait_for
from studies import documents, line_of, wait_for_end


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


def is_alive(cloudformation: Any, name: str) -> bool:
    """Whether there is a stack of this name."""
    try:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError:
        return False
    return bool(stack["StackStatus"] != "DELETE_COMPLETE")


FLEET = """
Resources:
  Instances:
    Type: AWS::SQS::Queue
"""


def test_a_clean_up_leaves_nothing(command_line: CommandLine) -> None:
    study = command_line.launch()
    sqs, cloudformation = command_line.cloud.client("sqs"), command_line.cloud.client("cloudformation")
    pool(study, "add", "gpu")
    put(study, queue_url(study, "gpu"), "a")
    # One that no document names, and what belongs to a study whose name begins like this one's.
    sqs.create_queue(QueueName=f"cruncher-{study.study}-Pool-old.fifo", Attributes={"FifoQueue": "true"})
    other = f"cruncher-{study.study}-2-Pool-gpu.fifo"
    sqs.create_queue(QueueName=other, Attributes={"FifoQueue": "true"})
    for whose in (study.study, f"{study.study}-2"):
        cloudformation.create_stack(StackName=f"cruncher-{whose}-Fleet-gpu", TemplateBody=FLEET)
    ran = command_line.run("clean-up", study.study, "--delete-results", "--yes")
    assert ran.code == 0, ran.err
    assert f"the queue cruncher-{study.study}-Pool-gpu.fifo with 1 message" in ran.out
    assert f"the fleet cruncher-{study.study}-Fleet-gpu" in ran.out
    assert "no fleet, no queue of a pool, no bucket" in ran.out
    start = f"cruncher-{study.study}-"
    urls = sqs.list_queues(QueueNamePrefix=start).get("QueueUrls", [])
    assert [url.rpartition("/")[2] for url in urls if "Fleet" not in url] == [other]
    # By name: of many stacks a listing tells a page.
    names = [f"cruncher-{whose}" for whose in (study.study, f"{study.study}-Fleet-gpu", f"{study.study}-2-Fleet-gpu")]
    alive = [name for name in names if is_alive(cloudformation, name)]
    assert alive == [f"cruncher-{study.study}-2-Fleet-gpu"]
    buckets = [one["Name"] for one in command_line.cloud.client("s3").list_buckets()["Buckets"]]
    users = [one["UserName"] for one in command_line.cloud.client("iam").list_users()["Users"]]
    policies = [one["PolicyName"] for one in command_line.cloud.client("iam").list_policies(Scope="Local")["Policies"]]
    assert not [name for name in (*buckets, *users, *policies) if name.startswith(start)]
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=other)["QueueUrl"])
    cloudformation.delete_stack(StackName=alive[0])


# Where the local cloud can keep something, and how everything of it is told. Alarms and parameters of Systems Manager
# aren't among them: it refuses boto3's questions for both. A fleet has no alarm there (`Scales` is false), and no
# template makes a parameter.
LISTED: dict[str, tuple[str, Callable[[Any], list[str]]]] = {
    "buckets": ("s3", lambda s3: [one["Name"] for one in s3.list_buckets()["Buckets"]]),
    "queues": ("sqs", lambda sqs: sqs.get_paginator("list_queues").paginate().build_full_result().get("QueueUrls", [])),
    "users": ("iam", lambda iam: [one["UserName"] for one in every(iam, "list_users", "Users")]),
    "roles": ("iam", lambda iam: [one["RoleName"] for one in every(iam, "list_roles", "Roles")]),
    "policies": ("iam", lambda iam: [one["Arn"] for one in every(iam, "list_policies", "Policies", Scope="Local")]),
    "instance profiles": (
        "iam",
        lambda iam: [one["InstanceProfileName"] for one in every(iam, "list_instance_profiles", "InstanceProfiles")],
    ),
    "stacks": (
        "cloudformation",
        lambda one: [
            stack["StackName"]
            for stack in every(one, "describe_stacks", "Stacks")
            if stack["StackStatus"] != "DELETE_COMPLETE"
        ],
    ),
    "groups": (
        "autoscaling",
        lambda one: [
            group["AutoScalingGroupName"] for group in every(one, "describe_auto_scaling_groups", "AutoScalingGroups")
        ],
    ),
    "launch templates": (
        "ec2",
        lambda ec2: [one["LaunchTemplateName"] for one in ec2.describe_launch_templates()["LaunchTemplates"]],
    ),
    "security groups": (
        "ec2",
        lambda ec2: [one["GroupName"] for one in ec2.describe_security_groups()["SecurityGroups"]],
    ),
}


def every(client: Any, operation: str, what: str, **parameters: Any) -> list[dict[str, Any]]:
    """All entries of a listing, over its pages."""
    pages = client.get_paginator(operation).paginate(**parameters)
    return [entry for page in pages for entry in page.get(what, [])]


def kept_of(study: Launched) -> dict[str, list[str]]:
    """Everything in the local cloud that is called by the study, kind by kind."""
    found = {}
    for kind, (service, listed) in LISTED.items():
        names = [name for name in listed(study.command_line.cloud.client(service)) if study.study in name]
        if names:
            found[kind] = sorted(names)
    return found


def test_a_clean_up_of_all_that_a_study_can_have_leaves_nothing(command_line: CommandLine, tmp_path: Path) -> None:
    study = command_line.launch()
    cloud = command_line.cloud
    s3 = cloud.client("s3")
    install = tmp_path / "install.sh"
    install.write_text("echo\n")
    for name in ("gpu", "large"):
        pool(study, "add", name)
    for options in ((), ("--pool", "gpu")):
        ran = command_line.run("fleet", "start", study.study, "--install", str(install), *options)
        assert ran.code == 0, ran.err
    # Cases that wait in each queue, a result, a file of it, a combined one, logs and prices.
    table = "a,pool\n1,gpu\n2,\n3,large\n"
    assert send(study, tmp_path, "cases.csv", table, "--batch", "by-hand").code == 0
    with attach(line_of(study)):
        wait_for_end(study, done=1)
    done = next(key for key in keys(study) if "/done-" in key)
    case_id = done.rpartition("done-")[2].removesuffix(".json")
    for key in (f"data/by-hand/files/{case_id}/field.csv", f"data/by-hand/files/{case_id}/combined.csv"):
        s3.put_object(Bucket=study.bucket, Key=key, Body=b"1\n")
    s3.put_object(Bucket=study.bucket, Key="workers/ip-10-0-0-7/setup.txt", Body=b"installing\n")
    s3.put_object(Bucket=study.bucket, Key="prices.json", Body=b"{}")
    # Replaced: the earlier version is kept.
    s3.put_object(Bucket=study.bucket, Key="prices.json", Body=b'{"v": 1, "prices": []}')
    # Parts of a file that nobody has put together.
    s3.create_multipart_upload(Bucket=study.bucket, Key=f"data/by-hand/files/{case_id}/large.bin")
    assert any(key.endswith("/log.txt") for key in keys(study))
    before = kept_of(study)
    assert {"buckets", "queues", "users", "roles", "policies", "stacks", "groups", "launch templates"} <= set(before)
    assert len(before["groups"]) == 2 and len(before["queues"]) == 6

    ran = command_line.run("clean-up", study.study, "--delete-results", "--yes")
    assert ran.code == 0, ran.err
    assert kept_of(study) == {}


def keys(study: Launched) -> list[str]:
    """The keys of all objects of the study."""
    s3 = study.command_line.cloud.client("s3")
    return [entry["Key"] for entry in every(s3, "list_objects_v2", "Contents", Bucket=study.bucket)]


def test_pools_that_are_left_alone_are_cleaned_up(command_line: CommandLine) -> None:
    name = command_line.new_study()
    command_line.cloud.client("sqs").create_queue(
        QueueName=f"cruncher-{name}-Pool-gpu.fifo", Attributes={"FifoQueue": "true"}
    )
    ran = command_line.run("clean-up", name, "--yes")
    assert ran.code == 0, ran.err
    assert "There is no study" in command_line.run("clean-up", name, "--yes").err


DESIGN = {
    "batch": "soil",
    "model": {"file": "model.py", "kind": "python"},
    "factors": [{"name": "a", "minimum": 0, "maximum": 1}],
    "sampler": {"kind": "random", "cases": 3},
}


def send(study: Launched, folder: Path, name: str, content: str, *options: str) -> Ran:
    """Sends a design or a table."""
    (folder / "model.py").write_text("result['double'] = 2 * {{a}}\n")
    (folder / name).write_text(content)
    model = ("--model", str(folder / "model.py")) if name.endswith(".csv") else ()
    return study.command_line.run("enqueue", study.study, str(folder / name), *model, "--yes", *options)


def waiting(study: Launched) -> dict[str, int]:
    """Number of cases that wait in each pool."""
    return {one["pool"]: one["waiting"] for one in json.loads(pool(study, "list", "--json"))["pools"]}


def pool_line(study: Launched, pool: str) -> str:
    """The line that attaches a worker to a pool."""
    line = line_of(study)
    assert line.endswith(')"')
    return f"{line[:-2]}, pool='{pool}')\""


def test_cases_go_to_their_pool_and_a_worker_takes_those_of_its_own(study: Launched, tmp_path: Path) -> None:
    pool(study, "add", "gpu")
    ran = send(study, tmp_path, "cases.csv", "a,pool\n1,gpu\n2,\n3,main\n4,gpu\n", "--batch", "by-hand")
    assert ran.code == 0, ran.err
    assert "olumn `pool` is taken as the pool of each case" in ran.out
    assert waiting(study) == {"main": 2, "gpu": 2}
    assert send(study, tmp_path, "design.json", json.dumps(DESIGN), "--pool", "gpu").code == 0
    assert waiting(study) == {"main": 2, "gpu": 5}

    s3 = study.command_line.cloud.client("s3")
    with attach(pool_line(study, "gpu")) as worker:
        wait_for(lambda: waiting(study) == {"main": 2, "gpu": 0} and "waiting for cases" in worker.output)
        assert f"attached to pool gpu of study {study.study}" in worker.output
        listed = s3.list_objects_v2(Bucket=study.bucket, Prefix="workers/")["Contents"]
        (key,) = [entry["Key"] for entry in listed if entry["Key"].endswith("heartbeat.json")]
        assert json.loads(s3.get_object(Bucket=study.bucket, Key=key)["Body"].read())["pool"] == "gpu"
    assert [one["pool"] for one in documents(s3, study.bucket, "done-")] == ["gpu"] * 5
    with attach(line_of(study)):
        wait_for(lambda: waiting(study) == {"main": 0, "gpu": 0})
        wait_for_end(study, done=7)


def test_a_pool_that_is_not_there_is_named_at_once(study: Launched, tmp_path: Path) -> None:
    pool(study, "add", "gpu")
    ran = send(study, tmp_path, "cases.csv", "a,pool\n1,gpu\n2,cpu\n", "--batch", "by-hand")
    assert ran.code == 1
    assert "Row 2 of the cases names the pool `cpu`, and the study has main and gpu; nothing was sent" in ran.err
    ran = send(study, tmp_path, "design.json", json.dumps({**DESIGN, "pool": "cpu"}))
    assert ran.code == 1 and "The design names the pool `cpu`" in ran.err
    ran = send(study, tmp_path, "cases.csv", "a,pool\n1,gpu\n", "--batch", "by-hand", "--pool", "gpu")
    assert ran.code == 1 and "leave --pool out" in ran.err
    ran = send(study, tmp_path, "cases.csv", "a,pool\n1,Cpu!\n", "--batch", "by-hand")
    assert ran.code == 1 and "  row 2: column `pool`: `Cpu!` can't be the name of a pool" in ran.err, ran.err
    with attach(pool_line(study, "cpu")) as worker:
        wait_for(lambda: f"study {study.study} has no pool cpu: it has main, gpu" in worker.output)
        assert worker.process.wait(20) is not None
    with attach(pool_line(study, "Cpu!")) as worker:
        wait_for(lambda: "can't be the name of a pool" in worker.output)
    with attach(pool_line(study, "gpu")) as worker:
        wait_for(lambda: "waiting for cases" in worker.output)
        pool(study, "remove", "gpu")
        wait_for(lambda: f"the bucket or queue of pool gpu of study {study.study} is gone" in worker.output)


def test_a_pool_for_all_is_refused_where_the_table_names_its_own(study: Launched, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("result['b'] = {{a}}\n")
    table = tmp_path / "cases.csv"
    table.write_text("a,pool\n1,gpu\n2,\n")
    options = ("--model", str(tmp_path / "model.py"), "--batch", "b", "--yes")
    for pool in ("main", "gpu"):
        ran = study.command_line.run("enqueue", study.study, str(table), *options, "--pool", pool)
        assert ran.code == 1 and "by its column `pool`" in ran.err, ran


def test_figures_are_told_by_pool(study: Launched, tmp_path: Path) -> None:
    pool(study, "add", "gpu")
    assert send(study, tmp_path, "cases.csv", "a,pool\n1,gpu\n2,gpu\n3,\n", "--batch", "b").code == 0
    status = study.command_line.run("status", study.study, "--json").json()
    assert [(one["pool"], one["waiting"], one["workers"]) for one in status["pools"]] == [("main", 1, 0), ("gpu", 2, 0)]
    assert status["queue"]["waiting"] == 3
    with attach(pool_line(study, "gpu")) as worker:
        wait_for(lambda: "waiting for cases" in worker.output and waiting(study)["gpu"] == 0)
        said = study.command_line.run("status", study.study).out
        assert "1 case waits in pool main, and no worker is attached to it." in said
        assert "Pools" in said


def test_dead_letters_go_back_to_their_own_pool(study: Launched, tmp_path: Path) -> None:
    pool(study, "add", "gpu")
    assert send(study, tmp_path, "cases.csv", "a,pool\n1,gpu\n2,\n", "--batch", "b").code == 0
    sqs = study.command_line.cloud.client("sqs")
    for url, dead in (
        (queue_url(study, "gpu"), queue_url(study, "gpu-Dead")),
        (study.outputs["QueueUrl"], study.outputs["DeadLetterQueueUrl"]),
    ):
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        name = message["MessageId"]
        sqs.send_message(QueueUrl=dead, MessageBody=message["Body"], MessageGroupId=name, MessageDeduplicationId=name)
    status = study.command_line.run("status", study.study, "--json").json()
    assert (status["cases"]["dead"], status["dead_letters"]) == (2, 2)
    ran = study.command_line.run("redrive", study.study)
    assert ran.code == 0 and "2 cases" in ran.out, ran.err
    assert waiting(study) == {"main": 1, "gpu": 1}


def test_high_throughput_is_a_parameter_that_pools_get_as_well(command_line: CommandLine, tmp_path: Path) -> None:
    usual, fast = command_line.launch(), command_line.launch("--high-throughput")
    names = ("DeduplicationScope", "FifoThroughputLimit")
    for study, expected in ((usual, ["queue", "perQueue"]), (fast, ["messageGroup", "perMessageGroupId"])):
        pool(study, "add", "gpu")
        for url in (study.outputs["QueueUrl"], queue_url(study, "gpu")):
            found = settings(study, url)
            assert [found[name] for name in names] == expected
    # It stays when the stack is brought up to date, and cases are sent and taken as ever.
    assert command_line.run("configure", fast.study).code == 0
    assert settings(fast, fast.outputs["QueueUrl"])["FifoThroughputLimit"] == "perMessageGroupId"
    for _ in range(2):
        assert send(fast, tmp_path, "cases.csv", "a,level\n1,1\n2,1\n3,2\n", "--batch", "b").code == 0
    with attach(line_of(fast)):
        wait_for_end(fast, done=3)
