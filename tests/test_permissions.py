"""What each role may do: the template's policies, every action tried with each role's own key, and what is kept.

The local cloud knows neither `s3:authType`, `aws:TokenIssueTime`, nor the headers of storage classes and of a writer's
key: of statements that are conditioned on these, the text alone is checked.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from command_line import CommandLine, Launched, wait_for
from local_cloud import REPOSITORY, client
from permissions import try_all

ALL = "*"
BUCKET, CASES, DEAD_LETTERS = "${Bucket.Arn}", "${Cases.Arn}", "${DeadLetters.Arn}"
POOLS = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:cruncher-${Study}-Pool-*.fifo"
DEAD_LETTERS_OF_POOLS = POOLS.replace(".fifo", "-Dead.fifo")
GROUPS = "arn:${AWS::Partition}:autoscaling:${AWS::Region}:${AWS::AccountId}:autoScalingGroup:*"
FLEETS = GROUPS + ":autoScalingGroupName/cruncher-${Study}-Fleet-*"

# What a worker writes.
OUTCOMES = ("data/*/done-*", "data/*/error-*", "data/*/files/*", "workers/*")


def objects(*keys: str) -> set[str]:
    """Objects of the bucket, by their keys."""
    return {f"{BUCKET}/{key}" for key in keys}


# What each role may do, and nothing else: an action, and the objects or queues that it is for.
MAY: dict[str, dict[str, set[str]]] = {
    "Viewer": {
        "s3:ListBucket": {BUCKET},
        "s3:GetObject": {f"{BUCKET}/*"},
        "sqs:GetQueueAttributes": {CASES, DEAD_LETTERS, POOLS},
    },
    "Operator": {
        "s3:ListBucket": {BUCKET},
        "s3:GetObject": {f"{BUCKET}/*"},
        "s3:PutObject": objects("models/*", "data/*/design-*", "data/*/cases-*", "control.json"),
        "s3:DeleteObject": objects("data/*/error-*", "workers/*/heartbeat.json"),
        "sqs:GetQueueAttributes": {CASES, DEAD_LETTERS, POOLS},
        # A batch needs no permission of its own on AWS; other clouds ask for one.
        "sqs:SendMessage*": {CASES, POOLS},
        "sqs:ReceiveMessage": {DEAD_LETTERS, DEAD_LETTERS_OF_POOLS},
        "sqs:DeleteMessage": {DEAD_LETTERS, DEAD_LETTERS_OF_POOLS},
        "sqs:CreateQueue": {POOLS},
        "sqs:TagQueue": {POOLS},
        "sqs:SetQueueAttributes": {POOLS},
        "sqs:DeleteQueue": {POOLS},
        # Auto Scaling knows no narrower right to look.
        "autoscaling:DescribeAutoScalingGroups": {ALL},
        "autoscaling:SetDesiredCapacity": {FLEETS},
    },
    "Worker": {
        "s3:GetObject": objects("models/*", "control.json", "public/*", *OUTCOMES),
        "s3:PutObject": objects(*OUTCOMES),
        "s3:AbortMultipartUpload": objects("data/*/files/*"),
        "sqs:ReceiveMessage": {CASES, POOLS},
        "sqs:DeleteMessage": {CASES, POOLS},
        "sqs:ChangeMessageVisibility": {CASES, POOLS},
    },
    "anyone": {"s3:GetObject": objects("index.html", "robots.txt", "assets/*", "public/*")},
}

# What nobody may do, whatever else is allowed: the actions, where, and under which condition.
USER_LIMITS: dict[str, tuple[str, set[str], dict[str, Any]]] = {
    "NoTemporarySession": (ALL, {ALL}, {"Null": {"aws:TokenIssueTime": "false"}}),
    "NothingWithoutTls": (ALL, {ALL}, {"Bool": {"aws:SecureTransport": "false"}}),
}
# Queues of pools are named by what their names begin with: their dead letters are among them.
POOL_LIMITS: dict[str, dict[str, tuple[str, set[str], dict[str, Any]]]] = {
    "Viewer": {},
    "Operator": {"NoCaseIsBornDead": ("sqs:SendMessage*", {DEAD_LETTERS_OF_POOLS}, {})},
    "Worker": {"NoDeadLetterOfPools": ("sqs:*", {DEAD_LETTERS_OF_POOLS}, {})},
}
BUCKET_LIMITS: dict[str, tuple[str, set[str], dict[str, Any]]] = {
    "NoSignatureInAnAddress": (
        "s3:*", {BUCKET, f"{BUCKET}/*"}, {"StringEquals": {"s3:authType": "REST-QUERY-STRING"}},
    ),
    "NoStorageThatLocksReadersOut": ("s3:PutObject", {f"{BUCKET}/*"}, {
        "StringNotEquals": {"s3:x-amz-storage-class": "STANDARD"}, "Null": {"s3:x-amz-storage-class": "false"},
    }),
    "NoEncryptionThatLocksReadersOut": ("s3:PutObject", {f"{BUCKET}/*"}, {
        "StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"},
        "Null": {"s3:x-amz-server-side-encryption": "false"},
    }),
    "NoKeyOfTheWriter": (
        "s3:PutObject", {f"{BUCKET}/*"}, {"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}},
    ),
    "ModelsAreWrittenOnce": ("s3:PutObject", {f"{BUCKET}/models/*"}, {"Null": {"s3:if-none-match": "true"}}),
}  # fmt: skip


# Reads a template; what a tag refers to stands in its place as `${…}`.
TemplateLoader: Any = type("TemplateLoader", (yaml.SafeLoader,), {})


def of_tag(loader: Any, tag: str, node: Any) -> Any:
    """`!If` gives what holds on AWS."""
    if isinstance(node, yaml.SequenceNode):
        values = loader.construct_sequence(node, deep=True)
        return values[1] if tag == "If" else values
    text = str(loader.construct_scalar(node))
    return text if tag == "Sub" else f"${{{text}}}"


TemplateLoader.add_multi_constructor("!", of_tag)


@pytest.fixture(scope="module")
def template() -> Any:
    """The template."""
    return yaml.load(Path(REPOSITORY / "stack/study.yaml").read_text(), TemplateLoader)


def statements(template: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every policy, and whose it is."""
    for name, resource in template["Resources"].items():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::S3::BucketPolicy":
            yield from (("anyone", statement) for statement in properties["PolicyDocument"]["Statement"])
        policies = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        for arn in properties.get("ManagedPolicyArns", []):
            policies.append(template["Resources"][arn.strip("${}")]["Properties"]["PolicyDocument"])
        for policy in policies:
            yield from ((name, statement) for statement in policy["Statement"])


def listed(value: Any) -> list[str]:
    """A value that may stand alone."""
    return value if isinstance(value, list) else [value]


def complaints(template: Any) -> list[str]:
    """What the policies allow beyond the table above, deny less than it, or lack of it."""
    found: list[str] = []
    may: dict[str, dict[str, set[str]]] = {}
    denied: dict[str, dict[str, tuple[str, set[str], dict[str, Any]]]] = {}
    kinds = {resource["Type"] for resource in template["Resources"].values()}
    found += [f"a resource of type {kind}" for kind in sorted(kinds - KINDS)]
    for whose, statement in statements(template):
        unknown = statement.keys() - {"Sid", "Effect", "Action", "Resource", "Condition", "Principal"}
        found += [f"{whose}, {statement['Sid']}: {key}" for key in sorted(unknown)]
        if statement["Effect"] == "Deny":
            (action,) = listed(statement["Action"])
            limit = (action, {*listed(statement["Resource"])}, statement.get("Condition", {}))
            denied.setdefault(whose, {})[statement["Sid"]] = limit
            continue
        for action in listed(statement["Action"]):
            may.setdefault(whose, {}).setdefault(action, set()).update(listed(statement["Resource"]))
    for whose, expected in MAY.items():
        for action in sorted(expected.keys() | may.get(whose, {}).keys()):
            wanted, given = expected.get(action, set()), may.get(whose, {}).get(action, set())
            if wanted != given:
                found.append(f"{whose}, {action}: {sorted(given - wanted)} too many, {sorted(wanted - given)} lacking")
        limits = BUCKET_LIMITS if whose == "anyone" else USER_LIMITS | POOL_LIMITS[whose]
        if denied.get(whose) != limits:
            found.append(f"{whose}: what nobody may do isn't denied as it should be")
    found += [f"{whose} is nobody of the protocol" for whose in sorted(may.keys() - MAY.keys())]
    block = template["Resources"]["Bucket"]["Properties"]["PublicAccessBlockConfiguration"]
    if not (block["BlockPublicAcls"] and block["IgnorePublicAcls"]):
        found.append("access lists could open the bucket")
    return found


KINDS = {
    *("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::SQS::Queue", "AWS::IAM::User", "AWS::IAM::ManagedPolicy"),
}
# What IAM takes of the policies that a user has itself, and of a managed one, without spaces.
OWN_CHARACTERS, MANAGED_CHARACTERS = 2_048, 6_144


def test_the_template_allows_what_the_table_says_and_nothing_else(template: Any) -> None:
    assert complaints(template) == []


def widenings(statement: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ways to make a statement allow more, or deny less."""
    service = listed(statement["Action"])[0].partition(":")[0]
    if statement["Effect"] == "Deny":
        yield "a denial that allows", statement | {"Effect": "Allow"}
        yield "a denial of one action", statement | {"Action": "s3:GetObjectTorrent"}
        yield "a denial elsewhere", statement | {"Resource": f"{BUCKET}/elsewhere/*"}
        yield (
            "a denial under another condition",
            statement | {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
        )
        return
    yield "all of the service's actions", statement | {"Action": f"{service}:*"}
    yield "all actions", statement | {"Action": ALL}
    yield "one action more", statement | {"Action": [*listed(statement["Action"]), f"{service}:Delete*"]}
    if statement["Resource"] != ALL:
        yield "everything", statement | {"Resource": ALL}
    yield "one thing more", statement | {"Resource": [*listed(statement["Resource"]), f"{BUCKET}/control.json.old"]}
    without = {key: value for key, value in statement.items() if key != "Action"}
    yield "all but an action", without | {"Action": listed(statement["Action"]), "NotAction": "s3:DeleteBucket"}


def test_every_widening_of_every_statement_is_noticed(template: Any) -> None:
    count, unnoticed = len([*statements(template)]), []
    for place in range(count):
        _, statement = [*statements(template)][place]
        for what, wider in widenings(statement):
            changed = copy.deepcopy(template)
            _, own = [*statements(changed)][place]
            own.clear()
            own.update(wider)
            if not complaints(changed):
                unnoticed.append(f"{statement['Sid']}: {what}")
    assert count >= 20 and unnoticed == []


def test_a_statement_that_is_gone_or_new_is_noticed(template: Any) -> None:
    for user in ("Viewer", "Operator", "Worker"):
        changed = copy.deepcopy(template)
        changed["Resources"][user]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].pop()
        assert complaints(changed), user
        for managed in ("Limits", f"PoolsOf{user}", *(["FleetOfOperator"] if user == "Operator" else [])):
            changed = copy.deepcopy(template)
            changed["Resources"][managed]["Properties"]["PolicyDocument"]["Statement"].pop()
            assert complaints(changed), managed
            changed = copy.deepcopy(template)
            changed["Resources"][user]["Properties"]["ManagedPolicyArns"].remove(f"${{{managed}}}")
            assert complaints(changed), (user, managed)
    changed = copy.deepcopy(template)
    changed["Resources"]["Intruder"] = copy.deepcopy(changed["Resources"]["Worker"])
    assert complaints(changed) == ["Intruder is nobody of the protocol"]


def test_policies_fit_into_what_iam_takes_also_of_a_long_name(template: Any) -> None:
    study, account = "s" * 32, "ap-southeast-1:111122223333"
    arns = {
        BUCKET: f"arn:aws:s3:::cruncher-{study}-bucket-abcdefghijkl"[: len("arn:aws:s3:::") + 63],
        CASES: f"arn:aws:sqs:{account}:cruncher-{study}-Cases-abcdefghijkl.fifo",
        DEAD_LETTERS: f"arn:aws:sqs:{account}:cruncher-{study}-DeadLetters-abcdefghijkl.fifo",
        "${AWS::Region}:${AWS::AccountId}": account,
        "${AWS::Partition}": "aws",
        "${Study}": study,
    }

    def characters(policy: Any) -> int:
        text = json.dumps(policy["PolicyDocument"], separators=(",", ":"))
        for name, arn in arns.items():
            text = text.replace(name, arn)
        assert "${" not in text
        return len(text)

    for name, resource in template["Resources"].items():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::IAM::User":
            assert sum(map(characters, properties["Policies"])) <= OWN_CHARACTERS, name
        elif resource["Type"] == "AWS::IAM::ManagedPolicy":
            assert characters(properties) <= MANAGED_CHARACTERS, name


def test_each_role_may_do_what_it_may_and_nothing_else(command_line: CommandLine) -> None:
    own = command_line.launch()
    # The names of its queues begin as those of the other one.
    command_line.studies.append(name := f"{own.study}-2")
    other = Launched(command_line, name, command_line.run("launch", name, "--json"))
    found = try_all(own, other, Random("permissions"))
    assert (found.wrongly_allowed, found.wrongly_denied) == ([], [])
    assert found.counts.total() > 1_000


def change(study: Launched, **values: str) -> None:
    """Updates the study's stack with these parameters, and the template's own values for the others."""
    study.command_line.cloud.client("cloudformation").update_stack(
        StackName=f"cruncher-{study.study}",
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value} for name, value in {"Study": study.study, **values}.items()
        ],
    )
    wait_for(lambda: study.stack["StackStatus"] == "UPDATE_COMPLETE")


def test_requests_without_tls_are_refused_unless_the_cloud_has_none(command_line: CommandLine) -> None:
    study = command_line.launch()
    viewer = client("s3", command_line.cloud.endpoint_url, study.key("viewer"))
    viewer.get_object(Bucket=study.bucket, Key="control.json")
    change(study, RequireTls="true", RequireFirstWriter="false")
    with pytest.raises(ClientError, match="AccessDenied"):
        viewer.get_object(Bucket=study.bucket, Key="control.json")
    # The page's own files stay readable: its website has no TLS.
    assert study.get("public/config.json")[0] == 200
    # The program knows that this cloud has none.
    assert command_line.run("configure", study.study).code == 0
    viewer.get_object(Bucket=study.bucket, Key="control.json")


def test_nobody_replaces_a_model(command_line: CommandLine, tmp_path: Path) -> None:
    study = command_line.launch()
    change(study, RequireTls="false")
    (tmp_path / "model.py").write_text("result['a'] = {{a}}\n")
    design = {
        "batch": "soil",
        "model": {"file": "model.py", "kind": "python"},
        "factors": [{"name": "a", "minimum": 0, "maximum": 1}],
        "sampler": {"kind": "random", "cases": 2},
    }
    # Senders say that they write it only if it isn't there: also when it is.
    for seed in (1, 2):
        (tmp_path / "design.json").write_text(json.dumps({**design, "seed": seed}))
        ran = command_line.run("enqueue", study.study, str(tmp_path / "design.json"), "--yes")
        assert ran.code == 0, ran.err
    # The local cloud's owner is above all policies; on AWS nobody is.
    cloud = command_line.cloud
    keys = (study.key("operator"), cloud.administrator())
    operator, administrator = (client("s3", cloud.endpoint_url, key) for key in keys)
    (model,) = operator.list_objects_v2(Bucket=study.bucket, Prefix="models/")["Contents"]
    at = {"Bucket": study.bucket, "Key": model["Key"]}
    for who in (operator, administrator):
        with pytest.raises(ClientError, match="AccessDenied"):
            who.put_object(**at, Body=b"another")
        with pytest.raises(ClientError, match="PreconditionFailed"):
            who.put_object(**at, Body=b"another", IfNoneMatch="*")
        with pytest.raises(ClientError, match="AccessDenied"):
            who.create_multipart_upload(**at)
        with pytest.raises(ClientError, match="AccessDenied"):
            who.copy_object(**at, CopySource={"Bucket": study.bucket, "Key": "index.html"})
    assert operator.get_object(**at)["Body"].read() == b"result['a'] = {{a}}\n"


def test_what_was_replaced_or_deleted_is_kept_for_a_while(template: Any, command_line: CommandLine) -> None:
    rules = {
        (rule.get("Prefix", ""), rule["NoncurrentVersionExpiration"]["NoncurrentDays"])
        for rule in template["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
        if "NoncurrentVersionExpiration" in rule
    }
    assert rules == {("", 30), ("workers/", 1)}
    study = command_line.launch()
    worker, operator = (
        client("s3", command_line.cloud.endpoint_url, study.key(role)) for role in ("worker", "operator")
    )
    at = {"Bucket": study.bucket, "Key": f"data/soil/error-{'0' * 32}.json"}
    for body in (b"1", b"2"):
        worker.put_object(**at, Body=body)
    operator.delete_object(**at)
    # Who may delete may not delete for good, nor look at what was.
    owner = command_line.cloud.client("s3")
    versions = owner.list_object_versions(Bucket=study.bucket, Prefix="data/")
    ids = [version["VersionId"] for version in versions["Versions"]]
    assert len(ids) == 2 and len(versions["DeleteMarkers"]) == 1
    for who in (worker, operator):
        with pytest.raises(ClientError, match="AccessDenied"):
            who.delete_object(**at, VersionId=ids[0])
        with pytest.raises(ClientError, match="AccessDenied"):
            who.get_object(**at, VersionId=ids[0])
    assert {owner.get_object(**at, VersionId=one)["Body"].read() for one in ids} == {b"1", b"2"}
