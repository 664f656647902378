"""docs/scale.md says what bench/scale.py computes, and that counts as real workers do."""

from __future__ import annotations

import json
import subprocess
import sys

from attached import attach
from command_line import CommandLine
from enqueue import enqueue
from local_cloud import REPOSITORY
from small_models import DOUBLE
from studies import line_of, queue_of, wait_for_end

CASES = 60


def test_the_tables_of_the_document_are_those_of_the_program() -> None:
    ran = subprocess.run(
        [sys.executable, str(REPOSITORY / "bench/scale.py"), "--check"], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr


def test_a_worker_asks_as_often_as_the_program_says(command_line: CommandLine) -> None:
    study = command_line.launch()
    enqueue(queue_of(study), "b", DOUBLE, {1: [{"a": number} for number in range(CASES)]})
    with attach(line_of(study)):
        wait_for_end(study, done=CASES)
    s3 = command_line.cloud.client("s3")
    (key,) = [
        entry["Key"]
        for entry in s3.list_objects_v2(Bucket=study.bucket, Prefix="workers/")["Contents"]
        if entry["Key"].endswith("heartbeat.json")
    ]
    told = json.loads(s3.get_object(Bucket=study.bucket, Key=key)["Body"].read())
    secs = (told["time"] - told["start_time"]) / CASES
    program = f"from bench.scale import Study; import json; print(json.dumps(Study(1, 1, {secs!r}).requests_a_case()))"
    said = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    for kind, a_case in json.loads(said.stdout).items():
        # Beside those of the cases: the model, the last heartbeat, row and log, and questions without an answer.
        assert a_case * CASES <= told["requests"][kind] + 5, (kind, told["requests"], said.stdout)
        assert told["requests"][kind] <= a_case * CASES + 20 + told["time"] - told["start_time"], (
            kind,
            told["requests"],
        )
