"""What a worker costs beside the model: requests a case, and time a case, over 1,000 short cases.

A real worker process, started with the line of the protocol, computes cases whose model takes no time against a fresh
local cloud on loopback. Prints one JSON object with both figures.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tests/support"))

from local_cloud import LocalCloud, Study  # noqa: E402 - found by the line above

CASES = 1000
MODEL = b"result['double'] = 2 * {{a}}\n"
# Around the line: counts requests below the worker, where it can't miscount, until the last message is deleted. Python
# tells of what each of its modules sends, also of the copies which the worker makes for itself.
COUNT = """
import json, os, sys, time
requests, deleted = 0, []
def count(event, details):
    global requests
    if event != "http.client.send" or b" HTTP/1.1\\r\\n" not in details[1]:
        return
    requests += 1
    if b"DeleteMessage\\r\\n" in details[1]:
        deleted.append(time.perf_counter())
        if len(deleted) == %d:
            secs = (deleted[-1] - deleted[0]) / (len(deleted) - 1)
            sys.stderr.write(json.dumps({"requests": requests, "secs": secs}))
            sys.stderr.flush()
            os._exit(0)
sys.addaudithook(count)
"""


def send_cases(study: Study) -> None:
    """A thousand cases, ten a request."""
    digest = hashlib.sha256(MODEL).hexdigest()
    key = f"models/{digest}/model.py"
    study.cloud.client("s3", study.operator).put_object(Bucket=study.bucket, Key=key, Body=MODEL)
    sqs = study.cloud.client("sqs")  # root's: the local cloud takes sending a batch for a right of its own
    for start in range(0, CASES, 10):
        entries = [entry(key, number) for number in range(start, start + 10)]
        sqs.send_message_batch(QueueUrl=study.config["queue_url"], Entries=entries)


def entry(key: str, number: int) -> dict[str, str]:
    """The message of one case."""
    case_id = uuid.uuid4().hex
    message = {
        "v": 1, "case_id": case_id, "batch": "bench", "level": 1, "submission": "0" * 16,
        "model": {"key": key, "kind": "python"}, "parameters": {"a": number}, "replicate": 0, "force": False,
        "time_limit_secs": None, "max_attempts": 3,
    }  # fmt: skip
    return {
        "Id": str(number % 10),
        "MessageBody": json.dumps(message),
        "MessageGroupId": case_id,
        "MessageDeduplicationId": f"{case_id}-{'0' * 16}",
    }


def measure(study: Study) -> dict[str, Any]:
    """What the worker process has counted."""
    line = (
        f"exec('''import time, urllib.request as r\\nfor s in 1, 2, 4, 8, 0:\\n\\t"
        f"try: a = r.urlopen('{study.bucket_url}/public/attach.py', None, 20).read().decode(); break\\n\\t"
        f"except Exception as e: a = 'def attach(*_, **k): print(' + "
        f"repr('cruncher: the worker can not be fetched: ' + str(e)) + ')'; time.sleep(s)\\n"
        f"exec(a, globals())''', globals(), {{}}); "
        f"attach('{study.config_url}', '{study.worker.key_id}', '{study.worker.secret}')"
    )
    done = subprocess.run(  # noqa: S603 - this Python, with the line above
        [sys.executable, "-c", COUNT % CASES + line], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120
    )
    found: dict[str, Any] = json.loads(done.stderr)
    return found


def main() -> None:
    """Measures, and prints the figures."""
    cloud = LocalCloud()
    try:
        study = cloud.deploy()
        send_cases(study)
        found = measure(study)
    finally:
        cloud.stop()
    note = f"{CASES} cases of a model without work, one worker, local cloud on loopback"
    figures = {
        "worker_requests_per_case": entry_of(found["requests"] / CASES, "requests", 5, note),
        "worker_overhead_ms": entry_of(found["secs"] * 1000, "ms", 15, note + ", its own time included"),
    }
    print(json.dumps(figures))


def entry_of(figure: float, unit: str, budget: float, note: str) -> dict[str, Any]:
    """One line of the table."""
    return {"figure": round(figure, 3), "unit": unit, "budget": budget, "peers": {}, "note": note}


if __name__ == "__main__":
    main()
