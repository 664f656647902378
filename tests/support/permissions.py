"""What each role may do: the actions of the protocol's table, and those of no one's, tried with each role's own key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from command_line import Launched
from local_cloud import REGION, Key, LocalCloud

VIEWER, OPERATOR, WORKER, NOBODY = ROLES = ("viewer", "operator", "worker", "nobody")
EVERYONE, PEOPLE, HOLDERS = frozenset(ROLES), frozenset({VIEWER, OPERATOR}), frozenset({VIEWER, OPERATOR, WORKER})
ONLY_OPERATOR, ONLY_WORKER, NO_ONE = frozenset({OPERATOR}), frozenset({WORKER}), frozenset[str]()
DENIED = {"AccessDenied", "AccessDeniedException", "403", "UnauthorizedAccess", "MissingAuthenticationToken"}
CLIENT = Config(retries={"max_attempts": 0})


@dataclass(frozen=True)
class Action:
    """Something that can be tried, and who may."""

    name: str
    may: frozenset[str]
    # With the clients of who tries it.
    act: Callable[[Clients], object]


@dataclass(frozen=True)
class Clients:
    """What somebody can ask for."""

    s3: Any
    sqs: Any
    iam: Any
    cloudformation: Any
    autoscaling: Any


@dataclass(frozen=True)
class Target:
    """A study, and the account's owner, who puts into place what an action needs."""

    study: Launched
    owner: Clients
    queue_url: str
    dead_letter_queue_url: str

    @property
    def bucket(self) -> str:
        """Its bucket."""
        return self.study.bucket

    def message(self, queue_url: str, random: Random) -> None:
        """Puts a message into a queue."""
        name = f"{random.getrandbits(64):016x}"
        self.owner.sqs.send_message(
            QueueUrl=queue_url, MessageBody="{}", MessageGroupId=name, MessageDeduplicationId=name
        )

    def receipt(self, queue_url: str, random: Random) -> str:
        """The receipt of a message that is out."""
        self.message(queue_url, random)
        return str(self.owner.sqs.receive_message(QueueUrl=queue_url)["Messages"][0]["ReceiptHandle"])


@dataclass
class Tried:
    """What was tried, by whom, and what came out otherwise than it should."""

    counts: Counter[str] = field(default_factory=Counter)
    wrongly_allowed: list[str] = field(default_factory=list)
    wrongly_denied: list[str] = field(default_factory=list)


def try_all(own: Launched, other: Launched, random: Random) -> Tried:
    """Each role of one study tries everything in both."""
    cloud, found = own.command_line.cloud, Tried()
    owner = clients(cloud, cloud.root)
    who = {role: clients(cloud, None if role == NOBODY else own.key(role)) for role in ROLES}
    for study, whose in ((own, "its own study"), (other, "another study")):
        urls = study.outputs
        target = Target(study, owner, urls["QueueUrl"], urls["DeadLetterQueueUrl"])
        names = [f"cruncher-{study.study}-Pool-gpu{kind}.fifo" for kind in ("", "-Dead")]
        for name in names:
            owner.sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"})
        for action, roles in actions(target, random):
            for role in roles:
                # Actions that anyone may do are allowed in any study.
                may = role in action.may and (study is own or action.may == EVERYONE)
                allowed = is_allowed(action, who[role])
                found.counts[f"{role}: what it {'may' if may else 'must not'} do"] += 1
                if allowed != may:
                    (found.wrongly_allowed if allowed else found.wrongly_denied).append(
                        f"{role}: {action.name} in {whose}"
                    )
    return found


def is_allowed(action: Action, who: Clients) -> bool:
    """Tries it. Whatever else is wrong with it: it was allowed, unless it was denied."""
    try:
        action.act(who)
    except ClientError as error:
        return error.response["Error"]["Code"] not in DENIED
    return True


def clients(cloud: LocalCloud, key: Key | None) -> Clients:
    """Clients that sign with this key, or not at all."""

    def client(service: str) -> Any:
        signing = (
            {"aws_access_key_id": key.key_id, "aws_secret_access_key": key.secret, "config": CLIENT}
            if key
            else {"config": CLIENT.merge(Config(signature_version=UNSIGNED))}
        )
        return boto3.client(service, endpoint_url=cloud.endpoint_url, region_name=REGION, **signing)

    return Clients(*(client(service) for service in ("s3", "sqs", "iam", "cloudformation", "autoscaling")))


def actions(target: Target, random: Random) -> Iterator[tuple[Action, tuple[str, ...]]]:
    """All, and who tries them: what is the account's is tried with keys alone, since no study says who needs none."""
    for action in of_study(target, random):
        yield action, ROLES
    # The local cloud asks for no signature here.
    for action in (*of_fleet(target), *of_account(target)):
        yield action, (VIEWER, OPERATOR, WORKER)


def of_new_pool(target: Target) -> Iterator[Action]:
    """Making the queues of a pool, and deleting them again; and what only looks like one."""
    account, study = target.queue_url.rpartition("/")[0], target.study.study
    pools, others = ("Pool-new", "Pool-new-Dead"), ("Cases-new", "pool-new")
    for name in (*pools, *others):
        may, queue = (ONLY_OPERATOR if name in pools else NO_ONE), f"cruncher-{study}-{name}.fifo"
        make = partial(make_queue, queue)
        yield Action(f"make {name}", may, make)
        delete = partial(delete_queue, f"{account}/{queue}")
        yield Action(f"delete {name}", may, first(partial(make, target.owner), delete))


def make_queue(name: str, who: Clients) -> object:
    """Makes a queue, or finds it made."""
    return who.sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"})


def delete_queue(url: str, who: Clients) -> object:
    """Deletes a queue."""
    return who.sqs.delete_queue(QueueUrl=url)


def of_study(target: Target, random: Random) -> Iterator[Action]:
    """What a study's template says who may do. What an action needs is put into place before it is tried."""
    for key, may_read, may_write, may_delete in objects(random):
        target.owner.s3.put_object(Bucket=target.bucket, Key=key, Body=b"{}")
        yield from of_object(target.bucket, key, may_read, may_write)
        for name, act in deletions(target.bucket, key):
            yield Action(f"{name} {key}", may_delete, first(partial(put_again, target, key), act))
    yield from of_bucket(target.bucket)
    account = target.queue_url.rpartition("/")[0]
    names = [f"{account}/cruncher-{target.study.study}-Pool-gpu{kind}.fifo" for kind in ("", "-Dead")]
    for own in (target, replace(target, queue_url=names[0], dead_letter_queue_url=names[1])):
        yield from of_queue(own, random)
        yield from of_dead_letters(own, random)
    yield from of_new_pool(target)


def objects(random: Random) -> Iterator[tuple[str, frozenset[str], frozenset[str], frozenset[str]]]:
    """Keys of every kind: who may read, write and delete them."""
    case, submission = f"{random.getrandbits(128):032x}", f"{random.getrandbits(64):016x}"
    digest, worker = f"{random.getrandbits(256):064x}", f"node{random.randrange(99)}_linux_4711-{submission[:6]}"
    batch = random.choice(["soil", "soil/level-03", "a/b/c", "Batch.1_2"])
    for key in ("index.html", "robots.txt", "assets/page.js", "public/config.json", "public/attach.py"):
        yield key, EVERYONE, NO_ONE, NO_ONE
    yield f"models/{digest}/model.py", HOLDERS, ONLY_OPERATOR, NO_ONE
    yield "control.json", HOLDERS, ONLY_OPERATOR, NO_ONE
    yield f"data/{batch}/design-{submission}.json", PEOPLE, ONLY_OPERATOR, NO_ONE
    yield f"data/{batch}/cases-{submission}.csv.gz", PEOPLE, ONLY_OPERATOR, NO_ONE
    yield f"data/{batch}/done-{case}.json", HOLDERS, ONLY_WORKER, NO_ONE
    yield f"data/{batch}/error-{case}.json", HOLDERS, ONLY_WORKER, ONLY_OPERATOR
    yield f"data/{batch}/files/{case}/curve.csv", HOLDERS, ONLY_WORKER, NO_ONE
    yield f"workers/{worker}/heartbeat.json", HOLDERS, ONLY_WORKER, ONLY_OPERATOR
    yield f"workers/{worker}/segment-000000.ndjson", HOLDERS, ONLY_WORKER, NO_ONE
    yield f"workers/{worker}/log.txt", HOLDERS, ONLY_WORKER, NO_ONE
    # Nothing of the protocol's, and what looks like it.
    for key in (f"{batch}/done-{case}.json", "control.json.old", f"data/done-{case}.json", "all_runs.json",
                "workers.json", "model.py", f"public-{submission}.json", f"x/index.html/{submission}"):  # fmt: skip
        yield key, PEOPLE, NO_ONE, NO_ONE


def of_object(bucket: str, key: str, may_read: frozenset[str], may_write: frozenset[str]) -> Iterator[Action]:
    """Reading and writing an object, by every way there is."""
    at = {"Bucket": bucket, "Key": key}
    yield Action(f"read {key}", may_read, lambda who: who.s3.get_object(**at))
    yield Action(f"read the head of {key}", may_read, lambda who: who.s3.head_object(**at))
    yield Action(f"write {key}", may_write, lambda who: who.s3.put_object(**at, Body=b"{}"))
    yield Action(f"write {key} in parts", may_write, lambda who: who.s3.create_multipart_upload(**at))
    may_abort = ONLY_WORKER if "/files/" in key else NO_ONE
    yield Action(f"abort parts of {key}", may_abort, lambda who: who.s3.abort_multipart_upload(**at, UploadId="x"))
    for name, ask in (
        ("copy over", lambda who: who.s3.copy_object(**at, CopySource={"Bucket": bucket, "Key": "index.html"})),
        ("open up", lambda who: who.s3.put_object_acl(**at, ACL="public-read")),
        ("tag", lambda who: who.s3.put_object_tagging(**at, Tagging={"TagSet": []})),
        ("read an earlier version of", lambda who: who.s3.get_object(**at, VersionId="null")),
        ("delete for good a version of", lambda who: who.s3.delete_object(**at, VersionId="null")),
    ):
        # Copies are allowed to who may read the one and write the other.
        yield Action(f"{name} {key}", may_write if name == "copy over" else NO_ONE, ask)


def deletions(bucket: str, key: str) -> Iterator[tuple[str, Callable[[Clients], object]]]:
    """The two ways to delete an object."""
    yield "delete", lambda who: who.s3.delete_object(Bucket=bucket, Key=key)
    yield "delete among others", lambda who: delete_many(who, bucket, key)


def delete_many(who: Clients, bucket: str, key: str) -> None:
    """Deletes by the request that takes many keys, whose answer names what was denied."""
    answer = who.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]})
    for error in answer.get("Errors", []):
        raise ClientError({"Error": {"Code": error["Code"]}}, "DeleteObjects")


def put_again(target: Target, key: str) -> None:
    """What somebody else may have deleted."""
    target.owner.s3.put_object(Bucket=target.bucket, Key=key, Body=b"{}")


def first(prepare: Callable[[], object], act: Callable[[Clients], object]) -> Callable[[Clients], object]:
    """Prepares before each try."""

    def both(who: Clients) -> object:
        prepare()
        return act(who)

    return both


def of_bucket(bucket: str) -> Iterator[Action]:
    """Listing it, and changing what it is."""
    at = {"Bucket": bucket}
    yield Action("list the bucket", PEOPLE, lambda who: who.s3.list_objects_v2(**at))
    yield Action("list data/", PEOPLE, lambda who: who.s3.list_objects_v2(**at, Prefix="data/", Delimiter="/"))
    yield Action("list public/", PEOPLE, lambda who: who.s3.list_objects_v2(**at, Prefix="public/"))
    yield Action("list by the old request", PEOPLE, lambda who: who.s3.list_objects(**at))
    everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
    origin = {"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["PUT"]}]}
    for name, act in (
        ("list versions", lambda who: who.s3.list_object_versions(**at)),
        ("list uploads", lambda who: who.s3.list_multipart_uploads(**at)),
        ("read the bucket's policy", lambda who: who.s3.get_bucket_policy(**at)),
        ("write the bucket's policy", lambda who: who.s3.put_bucket_policy(**at, Policy=everything)),
        ("delete the bucket's policy", lambda who: who.s3.delete_bucket_policy(**at)),
        ("open the bucket", lambda who: who.s3.put_bucket_acl(**at, ACL="public-read-write")),
        ("change its origins", lambda who: who.s3.put_bucket_cors(**at, CORSConfiguration=origin)),
        ("delete the bucket", lambda who: who.s3.delete_bucket(**at)),
    ):
        yield Action(name, NO_ONE, act)


def of_fleet(target: Target) -> Iterator[Action]:
    """Sizing a fleet that is there or not, and changing what it is. Looking is of no study: any operator may."""
    group = {"AutoScalingGroupName": f"cruncher-{target.study.study}-Fleet-main"}
    yield Action("size a fleet", ONLY_OPERATOR, lambda who: who.autoscaling.set_desired_capacity(
        **group, DesiredCapacity=1))  # fmt: skip
    for name, act in (
        ("raise a fleet's maximum", lambda who: who.autoscaling.update_auto_scaling_group(**group, MaxSize=9)),
        ("delete a fleet", lambda who: who.autoscaling.delete_auto_scaling_group(**group)),
        ("size another group", lambda who: who.autoscaling.set_desired_capacity(
            AutoScalingGroupName=f"{target.study.study}-Fleet-main", DesiredCapacity=1)),
    ):  # fmt: skip
        yield Action(name, NO_ONE, act)


def of_queue(target: Target, random: Random) -> Iterator[Action]:
    """Sending cases, and taking them."""
    at = {"QueueUrl": target.queue_url}
    yield from of_any_queue("the cases", at, random)
    yield Action("send a case", ONLY_OPERATOR, lambda who: who.sqs.send_message(**at, **entry(random)))
    batch = [entry(random) | {"Id": "0"}]
    yield Action("send cases", ONLY_OPERATOR, lambda who: who.sqs.send_message_batch(**at, Entries=batch))
    yield Action("receive a case", ONLY_WORKER, first(
        lambda: target.message(target.queue_url, random),
        lambda who: who.sqs.receive_message(**at, VisibilityTimeout=0)))  # fmt: skip
    for name, act in (
        ("delete a case", lambda who, receipt: who.sqs.delete_message(**at, ReceiptHandle=receipt)),
        ("extend a case", lambda who, receipt: who.sqs.change_message_visibility(
            **at, ReceiptHandle=receipt, VisibilityTimeout=600)),
    ):  # fmt: skip
        yield Action(name, ONLY_WORKER, partial(with_receipt, target, random, act))
    yield Action("purge the cases", NO_ONE, lambda who: who.sqs.purge_queue(**at))


def with_receipt(target: Target, random: Random, act: Callable[[Clients, str], object], who: Clients) -> object:
    """Does something with a message that is out."""
    return act(who, target.receipt(target.queue_url, random))


def of_dead_letters(target: Target, random: Random) -> Iterator[Action]:
    """Redriving them, which is the operator's. (SQS's own task for that is unknown to the local cloud.)"""
    at, url = {"QueueUrl": target.dead_letter_queue_url}, target.dead_letter_queue_url
    yield from of_any_queue("the dead letters", at, random)
    yield Action("send a dead letter", NO_ONE, lambda who: who.sqs.send_message(**at, **entry(random)))
    yield Action("receive a dead letter", ONLY_OPERATOR, first(
        lambda: target.message(url, random),
        lambda who: who.sqs.receive_message(**at, VisibilityTimeout=0)))  # fmt: skip
    yield Action("delete a dead letter", ONLY_OPERATOR, lambda who: who.sqs.delete_message(
        **at, ReceiptHandle=target.receipt(url, random)))  # fmt: skip
    yield Action("extend a dead letter", NO_ONE, lambda who: who.sqs.change_message_visibility(
        **at, ReceiptHandle=target.receipt(url, random), VisibilityTimeout=600))  # fmt: skip
    yield Action("purge the dead letters", NO_ONE, lambda who: who.sqs.purge_queue(**at))


def of_any_queue(name: str, at: dict[str, str], random: Random) -> Iterator[Action]:
    """Counting, and changing what it is: an operator makes pools, and removes them."""
    queue = at["QueueUrl"].rpartition("/")[2]
    may_change = ONLY_OPERATOR if "-Pool-" in queue else NO_ONE
    yield Action(f"count {name}", PEOPLE, lambda who: who.sqs.get_queue_attributes(**at, AttributeNames=["All"]))
    changed = {"MessageRetentionPeriod": "86400"}
    account = f"{random.randrange(10**12):012}"
    for what, may, act in (
        ("change the queue of", may_change, lambda who: who.sqs.set_queue_attributes(**at, Attributes=changed)),
        ("make again the queue of", may_change, lambda who: who.sqs.create_queue(
            QueueName=queue, Attributes={"FifoQueue": "true"}, tags={"a": "b"})),
        ("share the queue of", NO_ONE, lambda who: who.sqs.add_permission(
            **at, Label="x", AWSAccountIds=[account], Actions=["*"])),
        ("tag the queue of", may_change, lambda who: who.sqs.tag_queue(**at, Tags={"a": "b"})),
    ):  # fmt: skip
        yield Action(f"{what} {name}", may, act)


def of_account(target: Target) -> Iterator[Action]:
    """What is the account owner's alone. What would end the study comes last."""
    stack, user = {"StackName": f"cruncher-{target.study.study}"}, {"UserName": target.study.outputs["OperatorUser"]}
    everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    for name, act in (
        ("list the buckets", lambda who: who.s3.list_buckets()),
        ("make a bucket", lambda who: who.s3.create_bucket(Bucket=f"{target.bucket}-x")),
        ("list the queues", lambda who: who.sqs.list_queues()),
        ("list the users", lambda who: who.iam.list_users()),
        ("list the operator's keys", lambda who: who.iam.list_access_keys(**user)),
        ("make a key for the operator", lambda who: who.iam.create_access_key(**user)),
        ("give the operator all rights", lambda who: who.iam.put_user_policy(
            **user, PolicyName="all", PolicyDocument=everything)),
        ("make a user", lambda who: who.iam.create_user(UserName="intruder")),
        ("read the stack", lambda who: who.cloudformation.describe_stacks(**stack)),
        ("delete the queue of the cases", lambda who: who.sqs.delete_queue(QueueUrl=target.queue_url)),
        ("delete the stack", lambda who: who.cloudformation.delete_stack(**stack)),
    ):  # fmt: skip
        yield Action(name, NO_ONE, act)


def entry(random: Random) -> dict[str, str]:
    """A message."""
    name = f"{random.getrandbits(64):016x}"
    return {"MessageBody": "{}", "MessageGroupId": name, "MessageDeduplicationId": name}
