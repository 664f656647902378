"""A queue that hands out cases of different groups in another order than they were sent, as high throughput allows."""

from __future__ import annotations

import contextlib
import json
import random
import runpy
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from attached import attach
from command_line import CommandLine, Launched, wait_for
from enqueue import enqueue
from local_cloud import REPOSITORY, LocalCloud, Study
from playwright.sync_api import expect
from proxy import Shuffle, proxy
from small_models import DOUBLE
from studies import documents, line_of, link, messages, queue_of, wait_for_end
from visit import Visits

most_behind: Callable[[list[int]], int] = runpy.run_path(str(REPOSITORY / "bench/scale.py"))["most_behind"]

LEVELS: dict[int, Sequence[dict[str, int | str]]] = {
    level: [{"a": 1000 * level + number} for number in range(1 << level)] for level in range(1, 6)
}
CASES = sum(map(len, LEVELS.values()))
WINDOW = 10
WORKERS = 3
HANDED_OUT_FIRST = 28  # of the first four levels, and some of the fifth


@pytest.fixture
def shuffled(cruncher: CommandLine) -> Iterator[tuple[Launched, str, Shuffle]]:
    """A study of a queue that shuffles, the address at which it does, and that queue."""
    study = cruncher.launch()
    cloud = cruncher.cloud
    with proxy(cloud) as between:
        queue = Shuffle(cloud.client("sqs"), study.outputs["QueueUrl"], WINDOW)
        between.instead = queue.instead
        s3, key = cloud.client("s3"), "public/config.json"
        config = json.loads(s3.get_object(Bucket=study.bucket, Key=key)["Body"].read())
        config["endpoint_url"] = between.url
        s3.put_object(Bucket=study.bucket, Key=key, Body=json.dumps(config), ContentType="application/json")
        yield study, between.url, queue


def status(study: Launched) -> dict[str, Any]:
    """The one batch, as the program tells it to programs."""
    (batch,) = study.command_line.run("status", study.study, "--json").json()["batches"]
    return dict(batch)


def test_levels_that_overtake_others_lose_nothing_and_are_told_as_they_are(
    shuffled: tuple[Launched, str, Shuffle], visits: Visits
) -> None:
    study, url, queue = shuffled
    endpoint_url = study.command_line.cloud.endpoint_url
    queue.most = HANDED_OUT_FIRST
    sent = enqueue(queue_of(study), "prandtl", DOUBLE, LEVELS)
    s3 = study.command_line.cloud.client("s3")
    with contextlib.ExitStack() as attached:
        for _ in range(WORKERS):
            attached.enter_context(attach(line_of(study).replace(endpoint_url, url)))
        wait_for(lambda: len(documents(s3, study.bucket, "done-")) == HANDED_OUT_FIRST)
        # In the middle: what is said of each level is what lies in the bucket.
        done = Counter(document["level"] for document in documents(s3, study.bucket, "done-"))
        wait_for(lambda: status(study)["cases"]["done"] == HANDED_OUT_FIRST)
        told = {one["level"]: (one["cases"]["done"], one["cases"]["cases"]) for one in status(study)["levels"]}
        assert told == {level: (done[level], len(cases)) for level, cases in LEVELS.items()}
        assert 0 < done[4] < len(LEVELS[4]) and done[5] > 0, "a level was overtaken"
        text = study.command_line.run("status", study.study).out
        assert "prandtl: levels 1–3 complete, 4–5 in part" in text, text
        page = visits.open(link(study).replace(endpoint_url, url))
        parts = page.get_by_role("list", name="Parts of the study").get_by_role("listitem")
        expect(parts).to_have_count(len(LEVELS))
        for row, (level, cases) in zip(parts.all(), LEVELS.items(), strict=True):
            expect(row).to_contain_text(f"level {level}")
            expect(row).to_contain_text(f"{done[level]} of {len(cases)}" + (" ✓" if level <= 3 else ""))
        queue.most = CASES * 10
        wait_for_end(study, done=CASES)
        for row, cases in zip(parts.all(), LEVELS.values(), strict=True):
            expect(row).to_contain_text(f"{len(cases)} of {len(cases)} ✓")
    # Each was handed out once, and computed once; the results are those of their own cases.
    assert sorted(body["case_id"] for body in queue.handed_out) == sorted(sent)
    rows = [
        json.loads(line)
        for entry in s3.list_objects_v2(Bucket=study.bucket, Prefix="workers/")["Contents"]
        if "/segment-" in entry["Key"]
        for line in s3.get_object(Bucket=study.bucket, Key=entry["Key"])["Body"].read().splitlines()
    ]
    assert sorted(row["case_id"] for row in rows) == sorted(sent)
    for document in documents(s3, study.bucket, "done-"):
        assert document["result"] == {"double": 2 * document["parameters"]["a"]}
        assert document["level"] == document["parameters"]["a"] // 1000 and document["attempt"] == 1
    assert messages(study.command_line.cloud.client("sqs"), study.outputs["QueueUrl"]) == (0, 0)
    assert status(study)["complete"] and all(one["cases"]["queued"] == 0 for one in status(study)["levels"])
    # Of the next ten any one may come, so nine are left behind at most.
    assert 0 < most_behind([body["level"] for body in queue.handed_out]) < WINDOW


def test_the_queue_that_shuffles_keeps_the_order_within_a_group(study: Study, cloud: LocalCloud) -> None:
    sqs, url = cloud.client("sqs"), study.config["queue_url"]
    sent = [(group, number) for number in range(4) for group in "abcdef"]
    for group, number in sent:
        sqs.send_message(
            QueueUrl=url,
            MessageBody=json.dumps([group, number]),
            MessageGroupId=group,
            MessageDeduplicationId=uuid.uuid4().hex,
        )
    queue = Shuffle(sqs, url, window=5)
    held: list[Any] = []
    order = random.Random(3)
    while (found := json.loads(queue.answer({"VisibilityTimeout": 60}).body)) or held:
        held += found.get("Messages", [])
        groups = [json.loads(one["Body"])[0] for one in held]
        assert len(set(groups)) == len(groups), "none comes while an earlier one of its group is out"
        if not found or order.random() < 0.5:
            done = held.pop(order.randrange(len(held)))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=done["ReceiptHandle"])
    came = [(str(group), int(number)) for group, number in map(tuple, queue.handed_out)]
    assert sorted(came) == sorted(sent) and came != sent
    for group in "abcdef":
        assert [number for one, number in came if one == group] == [0, 1, 2, 3]
