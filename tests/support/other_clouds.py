"""Clouds that others have written, for a second opinion on the local one: moto and s3s-fs. And where they differ.

moto, once it is told to, verifies signatures, but not their time, and lets a user do what their own policies say; it
ignores those of buckets. s3s-fs is S3 alone, keeps objects as files, verifies signatures, also their time, and has one
key, which may do everything.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.request
from dataclasses import asdict, dataclass
from typing import Any

import yaml
from local_cloud import REGION, REPOSITORY, CloudProcess, Key, LocalCloud, client, free_port

# The checks that don't pass, and the words by which the suite says what it found instead. One that comes to pass, or
# that fails in another way, is told. docs/protocol.md says what each of them means.
# `queues::*` are all checks of that module which aren't named by themselves.
NO_STACKS = "RefusedCredentials: CreateStack of stack cruncher-conformance-{}: "
DIFFERENCES: dict[str, dict[str, str]] = {
    "ministack": {},
    "moto": {
        "a_wrong_entry_fails_alone": 'sent: ["good", "wrong", "also-good"]',
        "a_bucket_is_deleted_when_it_is_empty": NO_STACKS.format("bucket"),
        "a_stack_lives_and_dies": NO_STACKS.format("life"),
        "a_failed_stack_is_explained": NO_STACKS.format("failing"),
        "an_existing_stack_is_a_conflict": "kind: RefusedCredentials instead of Conflict",
        "anyone_reads_the_configuration": "internal server error",
        "a_clock_is_corrected_before_the_first_signature": "internal server error",
        "anyone_may_not_read_results": "internal server error",
        "s3_corrects_a_wrong_clock": "requests: 1 instead of 2",
        "sqs_corrects_a_wrong_clock": "requests: 1 instead of 2",
        "an_operator_makes_pools_of_its_own_study_alone": "AccessDenied: CreateQueue",
    },
    "s3s-fs": {
        "an_unchanged_object_is_not_sent_again": "instead of NotModified",
        "a_refusal_has_a_request_id": "it has a request id",
        "many_objects_are_deleted_at_once": "Unexpected request body when creating a directory object",
        "odd_keys_are_kept_apart": "Unexpected request body when creating a directory object",
        "versions_of_any_key_are_deleted_for_good": "ListObjectVersions is not implemented",
        "a_full_bucket_is_kept": "a full bucket was not refused",
        "a_bucket_is_deleted_when_it_is_empty": "unknown service 'cloudformation'",
        "keys_come_in_order_with_sizes_and_tags": 'entity tag: ""',
        "a_delimiter_rolls_keys_up": '"rolled/b   c/"',
        "queues::*": "unknown service 'sqs'",
        "stacks::*": "unknown service 'cloudformation'",
        "an_existing_stack_is_a_conflict": "kind: Other instead of Conflict",
        "users::*": "unknown service 'iam'",
        "a_missing_user_is_not_found": "it is not found",
        "anyone_reads_the_configuration": "Signature is required",
        "a_clock_is_corrected_before_the_first_signature": "Signature is required",
        "sqs_corrects_a_wrong_clock": "unknown service 'sqs'",
        "sqs_refuses_wrong_keys": "unknown service 'sqs'",
        "a_viewer_may_only_look": "unknown service 'sqs'",
        "an_operator_may_not_touch_results": "overwriting was not refused",
        "the_queues_of_pools_are_covered_and_no_other_studys": "unknown service 'sqs'",
        "an_operator_makes_pools_of_its_own_study_alone": "unknown service 'sqs'",
    },
}


def difference(cloud: str, module: str, check: str) -> str | None:
    """What the suite finds instead, if this cloud doesn't pass this check."""
    known = DIFFERENCES[cloud]
    return known.get(check, known.get(f"{module}::*"))


@dataclass(frozen=True)
class CheckedStudy:
    """What the conformance suite needs of a study. A cloud may lack some of it."""

    bucket: str
    queue_url: str
    dead_letter_queue_url: str
    administrator: Key
    operator: Key
    viewer: Key
    viewer_user: str
    stack: str = "none"
    region: str = REGION

    def as_json(self) -> str:
        """As the suite reads it."""
        return json.dumps(asdict(self))


def study_of_ministack(cloud: LocalCloud) -> CheckedStudy:
    """A fresh study. Its administrator is a user: ministack doesn't check its root's signatures."""
    study = cloud.deploy()
    return CheckedStudy(
        bucket=study.bucket,
        queue_url=study.config["queue_url"],
        dead_letter_queue_url=study.config["dead_letter_queue_url"],
        administrator=cloud.administrator(),
        operator=study.operator,
        viewer=study.viewer,
        viewer_user=study.viewer_user,
        stack=f"cruncher-{study.name}",
    )


class Moto(CloudProcess):
    """One moto server."""

    def __init__(self) -> None:
        """Starts it."""
        port = free_port()
        super().__init__(port, [sys.executable, "-m", "moto.server", "-p", str(port)], "/moto-api/")

    def study(self) -> CheckedStudy:
        """A study, made without CloudFormation, which lacks in moto what it needs; from then on signatures count."""
        template, s3, sqs, iam = StudyTemplate(), self.client("s3"), self.client("sqs"), self.client("iam")
        template.names = {name: f"study-{name.lower()}" for name in ("Bucket", "Viewer", "Operator")}
        account = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": "123456789012", "Study": "other"}
        s3.create_bucket(Bucket=template.names["Bucket"], CreateBucketConfiguration={"LocationConstraint": REGION})
        arns = {"Bucket": f"arn:aws:s3:::{template.names['Bucket']}"}
        for name in ("DeadLetters", "Cases"):
            attributes = {"FifoQueue": "true", "MessageRetentionPeriod": "1209600"}
            template.names[name] = url = sqs.create_queue(QueueName=f"{name}.fifo", Attributes=attributes)["QueueUrl"]
            got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            arns[name] = got["Attributes"]["QueueArn"]
        template.attributes = {f"{name}.Arn": arn for name, arn in arns.items()} | account
        resources = template.resources()
        policy = without_conditions(resources["BucketPolicy"]["Properties"]["PolicyDocument"])
        s3.put_bucket_policy(Bucket=template.names["Bucket"], Policy=json.dumps(policy))
        keys = {}
        for role in ("Viewer", "Operator"):
            user = template.names[role]
            iam.create_user(UserName=user)
            properties = resources[role]["Properties"]
            policies = {one["PolicyName"]: one["PolicyDocument"] for one in properties["Policies"]}
            policies |= {
                name: resources[name]["Properties"]["PolicyDocument"] for name in properties["ManagedPolicyArns"]
            }
            for name, policy in policies.items():
                if document := without_conditions(policy):
                    iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=json.dumps(document))
            keys[role] = self.make_key(user)
        s3.put_object(Bucket=template.names["Bucket"], Key="public/config.json", Body=b"{}")
        administrator = self.administrator()
        self._check_signatures()
        return CheckedStudy(
            stack="cruncher-other",
            bucket=template.names["Bucket"],
            queue_url=template.names["Cases"],
            dead_letter_queue_url=template.names["DeadLetters"],
            administrator=administrator,
            operator=keys["Operator"],
            viewer=keys["Viewer"],
            viewer_user=template.names["Viewer"],
        )

    def _check_signatures(self) -> None:
        """Tells it to check signatures and policies from the next request on."""
        address = f"{self.endpoint_url}/moto-api/reset-auth"
        request = urllib.request.Request(address, b"0", {"Content-Type": "text/plain"})
        urllib.request.urlopen(request, timeout=20).close()


class StudyTemplate:
    """`stack/study.yaml`, filled in as CloudFormation would do it."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        # What `!Ref` and `!GetAtt` come to.
        self.names: dict[str, str] = {}
        self.attributes: dict[str, str] = {}

    def resources(self) -> dict[str, Any]:
        """Its resources. What isn't known stays as it is named."""
        loader: Any = type("Loader", (yaml.SafeLoader,), {})
        loader.add_constructor("!Ref", lambda _, node: self._ref(node.value))
        loader.add_constructor("!GetAtt", lambda _, node: self.attributes.get(node.value, node.value))
        loader.add_constructor("!Sub", lambda _, node: re.sub(r"\$\{(.+?)\}", self._sub, node.value))
        # These clouds have no TLS: what a condition adds isn't there.
        loader.add_constructor("!Equals", lambda _, node: False)
        loader.add_constructor("!If", lambda own, node: own.construct_sequence(node, deep=True)[2])
        loaded = yaml.load((REPOSITORY / "stack/study.yaml").read_text(), loader)
        return dict(without_nothing(loaded["Resources"]))

    def _ref(self, name: str) -> str:
        return self.names.get(name, name)

    def _sub(self, match: re.Match[str]) -> str:
        return self.attributes.get(match[1], self._ref(match[1]))


def without_conditions(document: dict[str, Any]) -> dict[str, Any] | None:
    """A policy without what is under a condition, which moto takes for what is under none; None if nothing is left."""
    kept = [statement for statement in document["Statement"] if "Condition" not in statement]
    return {**document, "Statement": kept} if kept else None


def without_nothing(value: Any) -> Any:
    """A part of a template without what `AWS::NoValue` stands for."""
    if isinstance(value, list):
        return [without_nothing(one) for one in value if one != "AWS::NoValue"]
    return {key: without_nothing(one) for key, one in value.items()} if isinstance(value, dict) else value


class S3sFs(CloudProcess):
    """One s3s-fs process."""

    def __init__(self) -> None:
        """Starts it."""
        port, self._key = free_port(), Key("AKIASECONDOPINION000", "a secret/with+signs")
        program = REPOSITORY / ".tools/bin/s3s-fs"
        assert program.exists(), "missing: s3s-fs, which `make setup` installs"
        keys = ["--access-key", self._key.key_id, "--secret-key", self._key.secret]
        super().__init__(port, [program, "--host", "127.0.0.1", "--port", str(port), *keys, "."])

    def study(self) -> CheckedStudy:
        """A bucket; everybody has the one key, and queues are asked for where there are none."""
        s3, bucket = client("s3", self.endpoint_url, self._key), "study-bucket"
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket=bucket, Key="public/config.json", Body=b"{}")
        return CheckedStudy(
            bucket=bucket,
            queue_url=f"{self.endpoint_url}/000000000000/cases.fifo",
            dead_letter_queue_url=f"{self.endpoint_url}/000000000000/dead-letters.fifo",
            administrator=self._key,
            operator=self._key,
            viewer=self._key,
            viewer_user="nobody",
        )


OTHER_CLOUDS: dict[str, type[Moto] | type[S3sFs]] = {"moto": Moto, "s3s-fs": S3sFs}
