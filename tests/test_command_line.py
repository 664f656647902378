"""`cruncher`, as a user runs it: the real program against the local cloud, looked at by an independent boto3."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from command_line import (
    INLINE_SCRIPT,
    PATIENCE_SECS,
    CommandLine,
    Launched,
    Ran,
    accesses,
    demo,
    demo_environment,
    environment,
    get,
    secrets,
    write_page,
)
from local_cloud import REGION, REPOSITORY, Key, client, free_port


def is_denied(call: Any, **arguments: Any) -> bool:
    """Whether the cloud refuses a call."""
    try:
        call(**arguments)
    except ClientError as error:
        return bool(error.response["ResponseMetadata"]["HTTPStatusCode"] == 403)
    return False


# ---- launch ----


def test_a_launched_study_has_its_stack_and_a_key_a_role(command_line: CommandLine) -> None:
    launched = command_line.launch()
    assert launched.stack["StackStatus"] == "CREATE_COMPLETE"
    assert {"Key": "cruncher:study", "Value": launched.study} in launched.stack["Tags"]
    assert launched.outputs["BucketName"] == launched.bucket
    iam = command_line.cloud.client("iam")
    for role in ("viewer", "operator", "worker"):
        listed = iam.list_access_keys(UserName=launched.outputs[f"{role.capitalize()}User"])["AccessKeyMetadata"]
        assert [key["AccessKeyId"] for key in listed] == [launched.key(role).key_id]
    assert "worker" not in launched.access("viewer")
    assert [launched.access(role)["role"] for role in ("viewer", "operator")] == ["viewer", "operator"]


def test_a_launch_tells_people_what_happens_and_what_is_next(command_line: CommandLine) -> None:
    study = command_line.new_study()
    ran = command_line.run("launch", study)
    assert ran.code == 0, ran.err
    assert re.search(r"^  Bucket +being created$", ran.err, re.MULTILINE), ran.err
    assert re.search(r"^  Viewer +created$", ran.err, re.MULTILINE), ran.err
    assert f"Study {study} is launched." in ran.out
    passphrases = re.findall(r"^(Viewer|Operator)'s passphrase +((?:[a-z]+ ){5,}[a-z]+)$", ran.out, re.MULTILINE)
    assert [role for role, _ in passphrases] == ["Viewer", "Operator"] and passphrases[0][1] != passphrases[1][1]
    # A terminal keeps what it showed: a key isn't among that.
    assert accesses(ran.out) == []
    assert f"cruncher link {study} --role viewer" in ran.out and "Next: " in ran.out


def test_what_is_published_has_the_right_headers(command_line: CommandLine) -> None:
    launched = command_line.launch()
    for_ever = "public, max-age=31536000, immutable"
    digest = hashlib.sha256(b"one").hexdigest()[:16]
    expected = {
        "index.html": ("text/html; charset=utf-8", "gzip", "no-cache"),
        f"assets/page-{digest}.js": ("text/javascript; charset=utf-8", "gzip", for_ever),
        f"assets/page-{digest}_bg.wasm": ("application/wasm", "gzip", for_ever),
        "assets/main-00112233445566aa.css": ("text/css; charset=utf-8", "gzip", for_ever),
        "assets/icon.svg": ("image/svg+xml", "gzip", "no-cache"),
        "robots.txt": ("text/plain; charset=utf-8", "gzip", "no-cache"),
        "assets/snippets/part-0a1b2c3d4e5f6a7b/inline0.js": ("text/javascript; charset=utf-8", "gzip", for_ever),
        "public/attach.py": ("text/x-python; charset=utf-8", None, "no-cache"),
        "public/boot.py": ("text/x-python; charset=utf-8", None, "no-cache"),
        "public/config.json": ("application/json", None, "no-cache"),
        "public/access.json": ("application/json", None, "no-cache"),
    }
    listed = command_line.cloud.client("s3").list_objects_v2(Bucket=launched.bucket)["Contents"]
    # The first control document is there, too, but not for everybody.
    assert sorted(entry["Key"] for entry in listed) == sorted([*expected, "control.json"])
    for key, headers in expected.items():
        status, found, _ = launched.get(key)
        assert status == 200, key
        assert (found["Content-Type"], found["Content-Encoding"], found["Cache-Control"]) == headers, key


def test_the_page_is_sealed_and_the_rest_is_uploaded_as_it_is(command_line: CommandLine) -> None:
    launched = command_line.launch()
    page = gzip.decompress(launched.get("index.html")[2]).decode()
    digest = base64.b64encode(hashlib.sha256(INLINE_SCRIPT.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in page
    assert f"connect-src 'self' {command_line.cloud.endpoint_url}\"" in page
    assert launched.get("public/attach.py")[2] == (REPOSITORY / "worker/attach.py").read_bytes()
    config = json.loads(launched.get("public/config.json")[2])
    assert config | {"launch_time": 0, "cruncher_version": ""} == {
        "v": 1,
        "study": launched.study,
        "region": REGION,
        "bucket": launched.bucket,
        "endpoint_url": command_line.cloud.endpoint_url,
        "queue_url": launched.outputs["QueueUrl"],
        "dead_letter_queue_url": launched.outputs["DeadLetterQueueUrl"],
        "lease_secs": 120,
        "max_receives": 20,
        "launch_time": 0,
        "cruncher_version": "",
    }
    assert abs(config["launch_time"] - time.time()) < PATIENCE_SECS


def test_anyone_may_read_the_page_and_nothing_else(command_line: CommandLine) -> None:
    launched = command_line.launch()
    s3 = command_line.cloud.client("s3")
    for key in ("data/b/done-0.json", "control.json", "workers/w/heartbeat.json", "models/m"):
        s3.put_object(Bucket=launched.bucket, Key=key, Body=b"{}")
        assert launched.get(key)[0] == 403, key
    assert launched.get("")[0] == 403, "the listing"


def test_each_role_may_do_what_it_is_for(command_line: CommandLine) -> None:
    launched = command_line.launch()
    queue, bucket = launched.outputs["QueueUrl"], launched.bucket
    message = {"QueueUrl": queue, "MessageBody": "{}", "MessageGroupId": "g", "MessageDeduplicationId": "d"}

    def of(service: str, role: str) -> Any:
        return client(service, command_line.cloud.endpoint_url, launched.key(role))

    for role in ("viewer", "operator"):
        of("sqs", role).get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])
        of("s3", role).list_objects_v2(Bucket=bucket)
        assert is_denied(of("sqs", role).receive_message, QueueUrl=queue)
        assert is_denied(of("s3", role).put_object, Bucket=bucket, Key="index.html", Body=b"")
    for role in ("viewer", "worker"):
        assert is_denied(of("sqs", role).send_message, **message)
        assert is_denied(of("s3", role).put_object, Bucket=bucket, Key="control.json", Body=b"{}")
    of("sqs", "operator").send_message(**message)
    of("s3", "operator").put_object(Bucket=bucket, Key="control.json", Body=b"{}")
    (received,) = of("sqs", "worker").receive_message(QueueUrl=queue)["Messages"]
    of("s3", "worker").put_object(Bucket=bucket, Key="data/b/done-0.json", Body=b"{}")
    of("sqs", "worker").delete_message(QueueUrl=queue, ReceiptHandle=received["ReceiptHandle"])


def test_a_second_launch_says_that_there_is_such_a_study(command_line: CommandLine) -> None:
    launched = command_line.launch()
    ran = command_line.run("launch", launched.study)
    assert (ran.code, ran.out) == (1, "")
    assert f"Study {launched.study} exists already" in ran.err
    assert f"`cruncher configure {launched.study}`" in ran.err


def test_a_bad_name_is_wrong_usage(command_line: CommandLine) -> None:
    ran = command_line.run("launch", "Prandtl_1")
    assert ran.code == 2
    assert "`Prandtl_1` can't be the name of a study" in ran.err


def test_a_key_without_rights_is_told_in_a_sentence(command_line: CommandLine) -> None:
    launched = command_line.launch()
    ran = command_line.run("launch", "another", key=launched.key("viewer"))
    assert ran.code == 1
    assert "not authorized" in ran.err and "Use a key whose role may do this" in ran.err
    assert launched.key("viewer").secret not in ran.err


def test_missing_credentials_and_region_are_told_in_a_sentence(command_line: CommandLine) -> None:
    def run(*arguments: str) -> str:
        ended = subprocess.run(
            [command_line.binary, "status", "soil", *arguments],
            env=environment(AWS_EC2_METADATA_DISABLED="true"),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECS,
        )
        assert ended.returncode == 1
        return ended.stderr

    assert run() == (
        "cruncher: No region is set. Name one, such as --region eu-central-1, or set one for good with "
        "`aws configure set region eu-central-1`.\n"
    )
    assert run("--region", REGION).startswith("cruncher: No AWS credentials were found. Sign in with `aws configure`")


def test_a_profile_that_is_not_there_is_named_with_those_that_are(command_line: CommandLine, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\n[profile lab]\n")

    def run(*arguments: str, **more: str) -> str:
        ended = subprocess.run(
            [command_line.binary, "status", "soil", *arguments],
            env=environment(**{"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": str(config), **more}),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECS,
        )
        assert ended.returncode == 1
        return ended.stderr

    expected = f"cruncher: There is no profile nope in {config} or {os.devnull}. There are default, lab. "
    assert run("--profile", "nope").startswith(expected)
    assert run("--profile", "nope", "--region", REGION).startswith(expected)
    assert run(AWS_PROFILE="nope").startswith(expected)
    assert "There are none. " in run("--profile", "nope", AWS_CONFIG_FILE=os.devnull)
    assert run("--profile", "lab").startswith("cruncher: No region is set for profile lab. ")
    assert "for profile lab." in run("--region", REGION, "--profile", "lab")


def status_with(launched: Launched, path: Path) -> subprocess.CompletedProcess[str]:
    """The study's status, asked for with the credentials in a file."""
    command_line = launched.command_line
    return subprocess.run(
        command_line.arguments("status", launched.study),
        env=environment(AWS_SHARED_CREDENTIALS_FILE=str(path), AWS_EC2_METADATA_DISABLED="true"),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECS,
    )


def test_a_credentials_file_is_read_with_a_byte_order_mark_and_named_if_it_is_none(
    command_line: CommandLine, tmp_path: Path
) -> None:
    launched = command_line.launch()
    root = launched.command_line.cloud.root
    content = f"[default]\r\naws_access_key_id = {root.key_id}\r\naws_secret_access_key = {root.secret}\r\n"
    path = tmp_path / "credentials"
    for encoding in ("utf-8", "utf-8-sig"):
        path.write_bytes(content.encode(encoding))
        ended = status_with(launched, path)
        assert (ended.returncode, ended.stderr) == (0, ""), encoding
    path.write_bytes(content.encode("utf-16"))
    assert status_with(launched, path).stderr == f"cruncher: {path} is no UTF-8 text: save it as UTF-8.\n"
    path.write_text("[default\n")
    assert f"They were looked for in {path}." in status_with(launched, path).stderr


def test_a_build_without_dashboard_creates_nothing(command_line: CommandLine, tmp_path: Path) -> None:
    command_line.page = tmp_path / "empty"
    command_line.page.mkdir()
    study = command_line.new_study()
    ran = command_line.run("launch", study)
    assert ran.code == 1
    assert "The dashboard has no index.html." in ran.err
    assert is_missing(command_line, study)


def is_missing(command_line: CommandLine, study: str) -> bool:
    """Whether there is no stack of the study."""
    try:
        command_line.cloud.client("cloudformation").describe_stacks(StackName=f"cruncher-{study}")
    except ClientError as error:
        return "does not exist" in str(error)
    return False


def test_a_stack_that_fails_is_explained_by_its_first_failed_event(command_line: CommandLine) -> None:
    # The local cloud gives a stack's resources the same names each time: a user of that name is in the way.
    launched = command_line.launch()
    viewer = launched.outputs["ViewerUser"]
    assert command_line.run("clean-up", launched.study, "--delete-results", "--yes").code == 0
    iam = command_line.cloud.client("iam")
    iam.create_user(UserName=viewer)
    try:
        ran = command_line.run("launch", launched.study)
        assert ran.code == 1
        explanation = ran.err.splitlines()[-1]
        assert f"Stack cruncher-{launched.study} failed: Viewer (AWS::IAM::User): " in explanation
        assert viewer in explanation and "already exists" in explanation
        assert f"`cruncher clean-up {launched.study}`" in explanation
        again = command_line.run("launch", launched.study)
        assert again.code == 1
        assert "left from an attempt that failed (ROLLBACK_COMPLETE): Viewer (AWS::IAM::User)" in again.err
        assert "Viewer" in command_line.run("status", launched.study).err
    finally:
        iam.delete_user(UserName=viewer)
    bucket = launched.bucket
    assert command_line.run("clean-up", launched.study, "--yes").code == 0
    command_line.run("clean-up", launched.study, "--delete-results", "--yes", "--bucket", bucket)
    assert command_line.run("launch", launched.study).code == 0


# ---- configure ----


def test_configuring_twice_changes_nothing(command_line: CommandLine) -> None:
    launched = command_line.launch()
    s3 = command_line.cloud.client("s3")
    before = {entry["Key"]: entry["LastModified"] for entry in s3.list_objects_v2(Bucket=launched.bucket)["Contents"]}
    config = launched.get("public/config.json")[2]
    ran = command_line.run("configure", launched.study)
    assert ran.code == 0, ran.err
    assert "Passphrases and links stay valid." in ran.out
    assert accesses(ran.out) == []
    after = s3.list_objects_v2(Bucket=launched.bucket)["Contents"]
    assert {entry["Key"] for entry in after} == set(before)
    for entry in after:
        if re.search(r"[0-9a-f]{16}", entry["Key"]):
            assert entry["LastModified"] == before[entry["Key"]], "an unchanged asset is not uploaded again"
    assert json.loads(launched.get("public/config.json")[2]) == json.loads(config), "launch_time is kept"
    client("sqs", command_line.cloud.endpoint_url, launched.key("viewer")).get_queue_attributes(
        QueueUrl=launched.outputs["QueueUrl"], AttributeNames=["All"]
    )


def test_what_a_case_may_leave_is_configured_and_stays(command_line: CommandLine) -> None:
    launched = command_line.launch()

    def limit() -> Any:
        body = (
            command_line.cloud.client("s3").get_object(Bucket=launched.bucket, Key="public/config.json")["Body"].read()
        )
        return json.loads(body).get("outputs_limit_bytes")

    assert limit() is None
    ran = command_line.run("configure", launched.study, "--outputs-limit-mib", "3")
    assert ran.code == 0, ran.err
    assert limit() == 3 << 20
    ran = command_line.run("configure", launched.study)
    assert (ran.code, limit()) == (0, 3 << 20), ran.err


def test_rules_for_other_origins_that_somebody_removed_come_back(command_line: CommandLine) -> None:
    launched = command_line.launch()
    s3 = command_line.cloud.client("s3")
    (rule,) = s3.get_bucket_cors(Bucket=launched.bucket)["CORSRules"]
    s3.delete_bucket_cors(Bucket=launched.bucket)
    assert command_line.run("configure", launched.study).code == 0
    assert s3.get_bucket_cors(Bucket=launched.bucket)["CORSRules"] == [rule]


def test_a_new_page_replaces_the_old_one(command_line: CommandLine) -> None:
    launched = command_line.launch()
    write_page(command_line.page, "two")
    assert command_line.run("configure", launched.study).code == 0
    assert b"<p>two</p>" in gzip.decompress(launched.get("index.html")[2])
    listed = command_line.cloud.client("s3").list_objects_v2(Bucket=launched.bucket, Prefix="assets/page-")["Contents"]
    digest = hashlib.sha256(b"two").hexdigest()[:16]
    assert [entry["Key"] for entry in listed] == [f"assets/page-{digest}.js", f"assets/page-{digest}_bg.wasm"]


def test_new_keys_replace_the_old_ones(command_line: CommandLine) -> None:
    launched = command_line.launch()
    iam = command_line.cloud.client("iam")
    # A user may have two keys: the new one has to find room.
    iam.create_access_key(UserName=launched.outputs["ViewerUser"])
    ran = command_line.run("configure", launched.study, "--rotate-keys", "--json")
    assert ran.code == 0, ran.err
    renewed = Launched(command_line, launched.study, ran)
    queue = launched.outputs["QueueUrl"]
    for role in ("viewer", "operator", "worker"):
        listed = iam.list_access_keys(UserName=launched.outputs[f"{role.capitalize()}User"])["AccessKeyMetadata"]
        assert [key["AccessKeyId"] for key in listed] == [renewed.key(role).key_id]
        old = client("s3", command_line.cloud.endpoint_url, launched.key(role))
        new = client("s3", command_line.cloud.endpoint_url, renewed.key(role))
        assert is_denied(old.get_object, Bucket=launched.bucket, Key="public/config.json")
        new.get_object(Bucket=launched.bucket, Key="public/config.json")
    sqs = client("sqs", command_line.cloud.endpoint_url, renewed.key("viewer"))
    sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])


def test_a_launch_that_broke_off_before_its_keys_is_finished(command_line: CommandLine) -> None:
    launched = command_line.launch()
    iam = command_line.cloud.client("iam")
    for role in ("viewer", "operator", "worker"):
        user = launched.outputs[f"{role.capitalize()}User"]
        iam.delete_access_key(UserName=user, AccessKeyId=launched.key(role).key_id)
    ran = command_line.run("configure", launched.study, "--json")
    assert ran.code == 0, ran.err
    assert [access["role"] for access in accesses(ran.out)] == ["viewer", "operator"]


def test_a_changed_template_updates_the_stack(command_line: CommandLine) -> None:
    launched = command_line.launch()
    cloudformation = command_line.cloud.client("cloudformation")
    template = (
        (REPOSITORY / "stack/study.yaml").read_text().replace("IndexDocument: index.html", "IndexDocument: old.html")
    )
    cloudformation.update_stack(
        StackName=f"cruncher-{launched.study}",
        TemplateBody=template,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[
            {"ParameterKey": "Study", "ParameterValue": launched.study},
            {"ParameterKey": "LeaseSecs", "ParameterValue": "77"},
        ],
    )
    cloudformation.get_waiter("stack_update_complete").wait(
        StackName=f"cruncher-{launched.study}", WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
    )
    ran = command_line.run("configure", launched.study)
    assert ran.code == 0, ran.err
    assert re.search(r"^  Bucket +changed$", ran.err, re.MULTILINE), ran.err
    website = command_line.cloud.client("s3").get_bucket_website(Bucket=launched.bucket)
    assert website["IndexDocument"]["Suffix"] == "index.html"
    assert json.loads(launched.get("public/config.json")[2])["lease_secs"] == 77, "the stack's own parameters stay"


def test_configuring_a_study_that_is_not_there_says_so(command_line: CommandLine) -> None:
    ran = command_line.run("configure", "nowhere")
    assert ran.code == 1
    assert f"There is no study nowhere in {REGION}." in ran.err


# ---- status ----


def submit(launched: Launched, batch: str, cases: int, done: int) -> None:
    """A batch, the way the protocol lays it down, with `done` results and a message for each of the rest."""
    s3 = launched.command_line.cloud.client("s3")
    sqs = launched.command_line.cloud.client("sqs")
    ids = [hashlib.sha256(f"{batch}-{number}".encode()).hexdigest()[:32] for number in range(cases)]
    table = io.StringIO()
    csv.writer(table).writerows([["case_id", "level", "replicate", "c"], *([case, 0, 0, 1.5] for case in ids)])
    s3.put_object(
        Bucket=launched.bucket,
        Key=f"data/{batch}/cases-00f1e2d3c4b5a697.csv.gz",
        Body=gzip.compress(table.getvalue().encode()),
        ContentEncoding="gzip",
    )
    for case in ids[:done]:
        s3.put_object(Bucket=launched.bucket, Key=f"data/{batch}/done-{case}.json", Body=b"{}")
    for case in ids[done:]:
        sqs.send_message(
            QueueUrl=launched.outputs["QueueUrl"],
            MessageBody="{}",
            MessageGroupId=case,
            MessageDeduplicationId=case,
        )


def test_the_status_has_the_numbers_that_the_cloud_has(command_line: CommandLine) -> None:
    launched = command_line.launch()
    submit(launched, "soil/a", cases=5, done=2)
    submit(launched, "soil/b", cases=2, done=2)
    command_line.cloud.client("sqs").receive_message(QueueUrl=launched.outputs["QueueUrl"])
    status = command_line.run("status", launched.study, "--json").json()
    attributes = command_line.cloud.client("sqs").get_queue_attributes(
        QueueUrl=launched.outputs["QueueUrl"], AttributeNames=["All"]
    )["Attributes"]
    assert status["queue"] == {
        "waiting": int(attributes["ApproximateNumberOfMessages"]),
        "leased": int(attributes["ApproximateNumberOfMessagesNotVisible"]),
        "delayed": 0,
    }
    listed = command_line.cloud.client("s3").list_objects_v2(Bucket=launched.bucket, Prefix="data/")["Contents"]
    assert status["cases"]["done"] == sum("/done-" in entry["Key"] for entry in listed) == 4
    assert (status["cases"]["cases"], status["cases"]["queued"]) == (7, 3)
    assert [(batch["batch"], batch["cases"]["done"]) for batch in status["batches"]] == [("soil/a", 2), ("soil/b", 2)]
    text = command_line.run("status", launched.study).out
    assert "4 of 7 cases done, 3 queued" in text
    assert "3 cases wait, and no worker is attached." in text


def test_watching_ends_when_everything_is_done(command_line: CommandLine) -> None:
    launched = command_line.launch()
    submit(launched, "soil", cases=2, done=2)
    ran = command_line.run("status", launched.study, "--watch")
    assert (ran.code, ran.out) == (0, "2 of 2 cases done\n")


def test_a_script_is_told_by_the_exit_code_that_not_every_case_is_done(command_line: CommandLine) -> None:
    launched = command_line.launch()
    status = ["status", launched.study, "--require-done"]
    assert command_line.run(*status).code == 1, "nothing was enqueued"
    submit(launched, "soil/a", cases=2, done=2)
    assert command_line.run(*status, "--watch").code == 0
    submit(launched, "soil/b", cases=2, done=1)
    ran = command_line.run(*status)
    said = f"cruncher: Study {launched.study} is not done: 3 of 4 cases done, 1 queued.\n"
    assert (ran.code, ran.err) == (1, said) and "3 of 4 cases done" in ran.out
    assert command_line.run("status", launched.study).code == 0


def test_watching_ends_by_ctrl_c(command_line: CommandLine) -> None:
    launched = command_line.launch()
    submit(launched, "soil", cases=1, done=0)
    watching = subprocess.Popen(
        command_line.arguments("status", launched.study, "--watch"),
        env=command_line.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watching.stdout is not None
    assert watching.stdout.readline() == "0 of 1 case done, 1 queued\n"
    watching.send_signal(signal.SIGINT)
    _, err = watching.communicate(timeout=PATIENCE_SECS)
    assert (watching.returncode, err) == (130, "cruncher: Interrupted; the study goes on.\n")


# ---- clean-up ----


def keys_of(command_line: CommandLine, bucket: str) -> list[str]:
    """Every key of a bucket."""
    pages = command_line.cloud.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def is_bucket(command_line: CommandLine, bucket: str) -> bool:
    """Whether there is such a bucket."""
    buckets = command_line.cloud.client("s3").list_buckets()["Buckets"]
    return any(entry["Name"] == bucket for entry in buckets)


def test_a_clean_up_asks_first(command_line: CommandLine) -> None:
    launched = command_line.launch()
    submit(launched, "soil", cases=3, done=1)
    ran = command_line.run("clean-up", launched.study, answer="no\n")
    assert ran.code == 1
    assert "the queue with 2 cases" in ran.out
    assert f"the bucket {launched.bucket} with 1 result " in ran.out
    assert "Nothing was deleted" in ran.err
    assert launched.stack["StackStatus"] == "CREATE_COMPLETE"
    assert launched.get("index.html")[0] == 200


def test_a_clean_up_keeps_the_results_and_says_where(command_line: CommandLine) -> None:
    launched = command_line.launch()
    submit(launched, "soil", cases=3, done=3)
    outputs = launched.outputs
    ran = command_line.run("clean-up", launched.study, answer=f"{launched.study}\n")
    assert ran.code == 0, ran.err
    assert f"cruncher clean-up {launched.study} --delete-results --bucket {launched.bucket}" in ran.out
    assert is_missing(command_line, launched.study)
    kept = keys_of(command_line, launched.bucket)
    assert len(kept) == 4 and all(key.startswith("data/soil/") for key in kept)
    users = [user["UserName"] for user in command_line.cloud.client("iam").list_users()["Users"]]
    assert not {outputs["ViewerUser"], outputs["OperatorUser"], outputs["WorkerUser"]} & set(users)

    again = command_line.run("clean-up", launched.study, "--delete-results", "--yes")
    assert again.code == 1 and "--bucket NAME" in again.err
    foreign = command_line.run("clean-up", launched.study, "--delete-results", "--yes", "--bucket", "photos")
    assert foreign.code == 1 and "is not the one of study" in foreign.err
    late = command_line.run("clean-up", launched.study, "--delete-results", "--yes", "--bucket", launched.bucket)
    assert late.code == 0, late.err
    assert not is_bucket(command_line, launched.bucket)


def test_a_clean_up_deletes_any_number_of_results(command_line: CommandLine) -> None:
    launched = command_line.launch()
    s3 = command_line.cloud.client("s3")
    for number in range(1_050):
        s3.put_object(Bucket=launched.bucket, Key=f"data/b/done-{number:032x}.json", Body=b"{}")
    ran = command_line.run("clean-up", launched.study, "--delete-results", "--yes")
    assert ran.code == 0, ran.err
    assert "with 1,050 results" in ran.out
    assert is_missing(command_line, launched.study)
    assert not is_bucket(command_line, launched.bucket)


def test_a_clean_up_goes_on_where_another_one_broke_off(command_line: CommandLine) -> None:
    launched = command_line.launch()
    iam, s3 = command_line.cloud.client("iam"), command_line.cloud.client("s3")
    iam.delete_access_key(UserName=launched.outputs["ViewerUser"], AccessKeyId=launched.key("viewer").key_id)
    for key in keys_of(command_line, launched.bucket):
        s3.delete_object(Bucket=launched.bucket, Key=key)
    ran = command_line.run("clean-up", launched.study, "--delete-results", "--yes")
    assert ran.code == 0, ran.err
    assert is_missing(command_line, launched.study)
    assert not is_bucket(command_line, launched.bucket)


def test_a_clean_up_deletes_every_version_of_any_key(command_line: CommandLine) -> None:
    launched = command_line.launch()
    s3 = command_line.cloud.client("s3")
    start = "data/b/files/"
    odd = [
        "../up",
        "a/../b",
        "./here",
        "a//b",
        "end ",
        " both ",
        "plus+&=%2F#?",
        "<tag>",
        "é" * 400,
        "x" * 1000,
        "\u202e",
    ]
    for key in odd:
        for body in (b"1", b"2"):
            s3.put_object(Bucket=launched.bucket, Key=start + key, Body=body)
    s3.delete_object(Bucket=launched.bucket, Key=f"{start}<tag>")
    ran = command_line.run("clean-up", launched.study, "--delete-results", "--yes")
    assert ran.code == 0, ran.err
    assert not is_bucket(command_line, launched.bucket)


# ---- restore ----


def test_what_was_overwritten_or_deleted_is_brought_back(command_line: CommandLine) -> None:
    launched = command_line.launch()
    s3 = command_line.cloud.client("s3")
    key = f"data/soil/done-{'0' * 32}.json"
    at = {"Bucket": launched.bucket, "Key": key}
    for body in (b"first", b"second, which is longer"):
        s3.put_object(**at, Body=body, ContentType="application/json")
    # One whose key begins in the same way is another one.
    s3.put_object(Bucket=launched.bucket, Key=f"{key}.bak", Body=b"other")
    s3.delete_object(**at)

    def listed() -> list[list[str]]:
        ran = command_line.run("restore", launched.study, key)
        assert ran.code == 0, ran.err
        head, *rows, advice = ran.out.splitlines()
        assert head.split() == ["version", "written", "size"]
        assert advice == f"To bring one back:  cruncher restore {launched.study} {key} VERSION"
        return [re.split(r"  +", row.strip()) for row in rows]

    deletion, second, first = sorted(listed(), key=lambda row: ("deleted", "23 bytes", "5 bytes").index(row[2]))
    assert deletion[1].endswith(", the one that counts")
    ran = command_line.run("restore", launched.study, key, deletion[0])
    assert ran.code == 1 and f"ersion {deletion[0]} of {key} is its deletion." in ran.err
    ran = command_line.run("restore", launched.study, key, "no-such-version")
    assert ran.code == 1 and f"There is no version no-such-version of {key}." in ran.err
    for row, body in ((first, b"first"), (second, b"second, which is longer")):
        ran = command_line.run("restore", launched.study, key, row[0])
        assert ran.code == 0 and ran.out.startswith(f"{key} is again as it was written "), ran
        stored = s3.get_object(**at)
        assert (stored["Body"].read(), stored["ContentType"]) == (body, "application/json")
    assert len(listed()) == 5
    ran = command_line.run("restore", launched.study, key, listed()[0][0])
    assert ran.code == 0 and " is this version already" in ran.out
    ran = command_line.run("restore", launched.study, "data/never.json")
    assert ran.code == 1 and ran.err.startswith("cruncher: There is no data/never.json in the study's bucket")


# ---- demo ----


def processes() -> dict[int, int]:
    """The parent of every process that runs."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}


def descendants(pid: int) -> set[int]:
    """Every process that `pid` started, directly or not."""
    parents = processes()
    found: set[int] = set()
    grown = {pid}
    while grown:
        grown = {child for child, parent in parents.items() if parent in grown} - found
        found |= grown
    return found


def is_open(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_demo_runs_a_study_and_leaves_nothing_behind(binary: Path, tmp_path: Path) -> None:
    page = tmp_path / "page"
    write_page(page, "one")
    port, cloud_port = free_port(), free_port()
    with demo(binary, page, "--port", str(port), "--cloud-port", str(cloud_port)) as (running, err):
        operator = running.wait_for(r"as operator +(http://127\.0\.0\.1:\d+/)#access=")
        (access,) = accesses(operator.string)
        (viewer,) = accesses(running.wait_for(r"as viewer +http\S+").string)
        assert (access["role"], viewer["role"]) == ("operator", "viewer")
        logs = Path(running.wait_for(r"^Logs +(.+)$")[1].strip())
        cloud = running.wait_for(r"^Cloud +(http\S+), bucket (\S+)$")
        assert operator[1] == f"http://127.0.0.1:{port}/"
        assert cloud[1] == f"http://127.0.0.1:{cloud_port}"
        assert sorted(path.name for path in logs.glob("*.log")) == ["cloud.log", "workers.log"]

        check_site(operator[1], page)
        wait_for_a_result(cloud[1], cloud[2], Key(access["key_id"], access["secret"]))
        running_processes = descendants(running.process.pid)
        assert len(running_processes) >= 3, "a cloud and two workers"

        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(PATIENCE_SECS) == 130
        assert not running_processes & set(processes())
        assert not is_open(port) and not is_open(cloud_port)
        assert not logs.exists()
    said = "".join(err)
    assert "Sent 120 cases" in said
    for secret in secrets("".join(running.lines)):
        assert secret not in said


def check_site(address: str, page: Path) -> None:
    """That the bucket's website is served as S3 does it."""
    status, headers, body = get(address)
    assert (status, headers["Content-Type"], headers["Content-Encoding"]) == (200, "text/html; charset=utf-8", "gzip")
    assert headers["Cache-Control"] == "no-cache"
    assert b"<p>one</p>" in gzip.decompress(body)
    assert get(f"{address}index.html")[2] == body
    assert get(address, If_None_Match=headers["ETag"])[0] == 304
    script = next(page.glob("page-*.js"))
    status, headers, body = get(f"{address}assets/{script.name}")
    assert (status, headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
    assert gzip.decompress(body) == script.read_bytes()
    assert get(f"{address}public/config.json")[0] == 200
    for hidden in ("control.json", "data/", "models/", "../", "%2e%2e/"):
        assert get(f"{address}{hidden}")[0] in (403, 404), hidden
    posted = urllib.request.Request(address, data=b"x", method="POST")
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(posted, timeout=20)


def wait_for_a_result(endpoint_url: str, bucket: str, operator: Key) -> None:
    """Until a worker has finished a case."""
    s3 = client("s3", endpoint_url, operator)
    deadline = time.monotonic() + PATIENCE_SECS
    while time.monotonic() < deadline:
        listed = s3.list_objects_v2(Bucket=bucket, Prefix="data/layered-footing/done-").get("Contents", [])
        if listed:
            result = json.loads(s3.get_object(Bucket=bucket, Key=listed[0]["Key"])["Body"].read())
            assert result["result"]["end_load"] > 0
            return
        threading.Event().wait(0.2)
    raise AssertionError("no case was finished")


def test_a_demo_that_is_told_to_end_early_leaves_nothing_behind(binary: Path, tmp_path: Path) -> None:
    page = tmp_path / "page"
    write_page(page, "one")
    with demo(binary, page, "--port", "0", "--cloud-port", str(free_port())) as (running, err):
        deadline = time.monotonic() + PATIENCE_SECS
        while not (started := descendants(running.process.pid)) and time.monotonic() < deadline:
            threading.Event().wait(0.02)
        assert started, "".join(err)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(PATIENCE_SECS) == 143
        assert not started & set(processes())


def run_demo(binary: Path, *arguments: str, env: dict[str, str]) -> Ran:
    """A demo that ends by itself."""
    ended = subprocess.run(
        [binary, "demo", "--no-browser", *arguments], env=env, capture_output=True, text=True, timeout=PATIENCE_SECS
    )
    return Ran(ended.returncode, ended.stdout, ended.stderr)


def test_a_taken_port_is_one_plain_sentence(binary: Path, tmp_path: Path) -> None:
    write_page(tmp_path / "page", "one")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for option in ("--port", "--cloud-port"):
            ran = run_demo(binary, option, str(port), env=demo_environment(tmp_path / "page"))
            assert (ran.code, ran.out) == (1, "")
            assert ran.err.startswith(
                f"cruncher: Port {port} is taken by another program: name a free one with {option}"
            )
            assert ran.err.count("\n") == 1


def test_what_the_demo_lacks_is_one_plain_sentence(binary: Path, tmp_path: Path) -> None:
    write_page(tmp_path / "page", "one")
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    (programs := tmp_path / "programs").mkdir()
    here = {"CRUNCHER_ROOT": str(tmp_path), "PATH": str(programs)}

    def check(start: str, **more: str) -> None:
        ran = run_demo(binary, env=demo_environment(tmp_path / "page", **{**here, **more}))
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith(f"cruncher: {start}")
        assert ran.err.count("\n") == 1

    check("Python is missing")
    (programs / "python3").symlink_to(sys.executable)
    check("The local cloud is missing: there is no ministack in ")
    (programs / "ministack").write_text("#!/bin/sh\n")
    (programs / "ministack").chmod(0o755)
    check("The local cloud's Python is missing: there is none beside ")
    check("There is no examples/layered_footing/study.json in ", CRUNCHER_ROOT=str(programs))
    check("A proxy is set", http_proxy="http://127.0.0.1:1", no_proxy="", NO_PROXY="")


def test_a_cloud_that_does_not_start_is_told_with_its_last_words(binary: Path, tmp_path: Path) -> None:
    write_page(tmp_path / "page", "one")
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    (programs := tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name in ("ministack", "python"):
        (programs / name).write_text("#!/bin/sh\necho 'no memory left'\nexit 3\n")
        (programs / name).chmod(0o755)
    ran = run_demo(binary, env=demo_environment(tmp_path / "page", CRUNCHER_ROOT=str(tmp_path)))
    assert ran.code == 1
    assert re.search(r"cruncher: The local cloud did not start on port \d+: it ended\.", ran.err)
    assert ran.err.endswith("no memory left\n")


# ---- help ----


@pytest.mark.parametrize("command", ["launch", "configure", "design", "enqueue", "status", "clean-up", "demo"])
def test_the_help_of_every_command_shows_examples(binary: Path, command: str) -> None:
    ended = subprocess.run([binary, command, "--help"], capture_output=True, text=True, timeout=PATIENCE_SECS)
    assert ended.returncode == 0
    assert f"cruncher {command}" in ended.stdout.split("Examples:")[1]


def test_no_command_is_wrong_usage(binary: Path) -> None:
    ended = subprocess.run([binary], capture_output=True, text=True, timeout=PATIENCE_SECS)
    assert ended.returncode == 2
    assert "Usage: cruncher" in ended.stderr
