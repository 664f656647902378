"""What tests and benchmarks do with a study that `cruncher` launched, without its page."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import threading
import time
from typing import Any

from command_line import Launched
from enqueue import Queue
from local_cloud import client

# Who waits in a long poll hears of nothing else, 20 s in earnest; and a case that has failed pauses for longer.
HASTE = (
    "attach.__globals__.update(RETRY_PAUSE_SECS=1, ANOTHER_WORKER_SECS=1); "
    "setattr(attach.__globals__.get('Host', attach), 'poll_secs', 2); "
)


def queue_of(study: Launched) -> Queue:
    """A study's queue and bucket, with the operator's rights."""
    endpoint_url, key = study.command_line.cloud.endpoint_url, study.key("operator")
    s3, sqs = client("s3", endpoint_url, key), client("sqs", endpoint_url, key)
    return Queue(s3, sqs, study.bucket, study.outputs["QueueUrl"])


def line_of(study: Launched) -> str:
    """The line that attaches one worker in a shell, where no page has to be read for it."""
    bucket_url, key = f"{study.command_line.cloud.endpoint_url}/{study.bucket}", study.key("worker")
    # The configuration has to be that of its own address, which may be a proxy's.
    own_url = str(study.ran.json()["page_url"]).rsplit("/", 1)[0]
    return (
        f"python3 -c \"exec('''import time, urllib.request as r\\nfor s in 1, 2, 4, 8, 0:\\n\\t"
        f"try: a = r.urlopen('{bucket_url}/public/attach.py', None, 20).read().decode(); break\\n\\t"
        f"except Exception as e: a = 'def attach(*_, **k): print(' + "
        f"repr('cruncher: the worker can not be fetched: ' + str(e)) + ')'; time.sleep(s)\\n"
        f"exec(a, globals())''', globals(), {{}}); {HASTE}"
        f"attach('{own_url}/public/config.json', '{key.key_id}', '{key.secret}')\""
    )


def link(study: Launched, role: str = "operator") -> str:
    """A role's link."""
    return str(study.ran.json()[f"{role}_link"])


def documents(s3: Any, bucket: str, start: str) -> list[dict[str, Any]]:
    """The documents below `data/` whose names begin with `start`."""
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="data/").get("Contents", [])
    keys = [entry["Key"] for entry in listed if entry["Key"].rsplit("/", 1)[1].startswith(start)]
    return [json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]


def messages(sqs: Any, queue_url: str) -> tuple[int, int]:
    """How many wait, and how many are in workers' hands."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
    return int(found[names[0]]), int(found[names[1]])


def wait_for_end(study: Launched, done: int, errors: int = 0) -> None:
    """Until so many cases are done and so many have failed, and the workers' rows say so, too."""
    s3, sqs = study.command_line.cloud.client("s3"), study.command_line.cloud.client("sqs")
    queue_url = study.outputs["QueueUrl"]

    def rows() -> int:
        listed = s3.list_objects_v2(Bucket=study.bucket, Prefix="workers/").get("Contents", [])
        keys = [entry["Key"] for entry in listed if "/segment-" in entry["Key"]]
        return sum(s3.get_object(Bucket=study.bucket, Key=key)["Body"].read().count(b"\n") for key in keys)

    deadline = time.monotonic() + 30
    while not (messages(sqs, queue_url) == (0, 0) and rows() == done + errors):
        assert time.monotonic() < deadline, "the cases didn't come to an end"
        threading.Event().wait(0.05)
    assert (len(documents(s3, study.bucket, "done-")), len(documents(s3, study.bucket, "error-"))) == (done, errors)


def encoded(access: dict[str, Any]) -> str:
    """What stands behind `#access=`."""
    return base64.urlsafe_b64encode(json.dumps(access).encode()).decode().rstrip("=")


def drain(launched: Launched) -> list[dict[str, Any]]:
    """Takes every message out of the queue. They come in the order in which they were accepted."""
    sqs, url = launched.command_line.cloud.client("sqs"), launched.outputs["QueueUrl"]
    received: list[Any] = []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]).get("Messages"):
        received.extend(found)
        entries = [{"Id": str(number), "ReceiptHandle": one["ReceiptHandle"]} for number, one in enumerate(found)]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    received.sort(key=lambda message: int(message["Attributes"]["SequenceNumber"]))
    return [json.loads(message["Body"]) for message in received]


def table_of(launched: Launched, batch: str = "soil/a") -> list[dict[str, str]]:
    """The rows of the one table of a batch, as an independent program reads it."""
    s3 = launched.command_line.cloud.client("s3")
    (entry,) = s3.list_objects_v2(Bucket=launched.bucket, Prefix=f"data/{batch}/cases-")["Contents"]
    stored = s3.get_object(Bucket=launched.bucket, Key=entry["Key"])
    assert stored["ContentEncoding"] == "gzip"
    return list(csv.DictReader(io.StringIO(gzip.decompress(stored["Body"].read()).decode())))
