"""Generated studies, looked at by an independent boto3, and by the program."""

from __future__ import annotations

import collections
import csv
import gzip
import io
import itertools
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import attach
import pytest
from case_identity import Parameter, case_id, identity, number
from command_line import CommandLine, write_page
from footings import FACTORS, MODEL, MODEL_DIGEST, footings
from generate import Extent, Generated, generate, generate_into
from generated_documents import to_json
from local_cloud import REPOSITORY, LocalCloud, Object, Study

EXTENT = Extent(
    cases=2500, batches=2, levels=3, workers=2, queued=0.1, failed=0.1, without_row=0.02, without_response=0.2,
    end_time=1790000000.0,
)  # fmt: skip
GOLDEN = json.loads((REPOSITORY / "tests/golden/case_ids.json").read_text())


@pytest.fixture(scope="module")
def generated(cloud: LocalCloud) -> tuple[Generated, dict[str, bytes]]:
    """A study with everything in it, and its objects."""
    study = cloud.deploy()
    return generate(study.cloud, study.bucket, EXTENT), content(study)


def content(study: Study) -> dict[str, bytes]:
    """What the viewer may read, unpacked."""
    s3 = study.cloud.client("s3", study.viewer)
    found = {}
    for prefix in ("data/", "workers/", "models/"):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=study.bucket, Prefix=prefix):
            for entry in page.get("Contents", []):
                answer = s3.get_object(Bucket=study.bucket, Key=entry["Key"])
                body = answer["Body"].read()
                found[entry["Key"]] = gzip.decompress(body) if answer.get("ContentEncoding") == "gzip" else body
    return found


def documents(objects: dict[str, bytes], start: str) -> list[dict[str, Any]]:
    """The documents whose names begin with `start`."""
    return [json.loads(body) for key, body in objects.items() if key.rsplit("/", 1)[1].startswith(start)]


def rows(objects: dict[str, bytes]) -> list[dict[str, Any]]:
    """The rows of all segments."""
    return [json.loads(line) for key, body in objects.items() if "/segment-" in key for line in body.splitlines()]


def table_lines(objects: dict[str, bytes]) -> list[list[str]]:
    """The lines of all tables, without their first ones."""
    tables = [body.decode() for key, body in objects.items() if "/cases-" in key]
    return [line for table in tables for line in list(csv.reader(io.StringIO(table)))[1:]]


@pytest.mark.parametrize("golden", GOLDEN, ids=[golden["name"] for golden in GOLDEN])
def test_an_id_is_the_one_of_the_golden_file(golden: dict[str, Any]) -> None:
    assert identity(golden["model"], golden["parameters"], golden["replicate"]) == golden["canonical"]
    assert case_id(golden["model"], golden["parameters"], golden["replicate"]) == golden["case_id"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e16, "10000000000000000"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e21, "1e+21"),
        (0.00001, "0.00001"),
        (0.000001234, "0.000001234"),
        (1.234e-7, "1.234e-7"),
        (-0.0, "0"),
        (-2.5e-9, "-2.5e-9"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
    ],
)
def test_a_number_is_written_as_ecmascript_does(value: float, text: str) -> None:
    assert number(value) == text


def test_every_case_has_the_state_that_was_asked_for(generated: tuple[Generated, dict[str, bytes]]) -> None:
    told, objects = generated
    assert (told.cases, told.queued, told.failed + told.done) == (2500, 250, 2250)
    assert told.failed == pytest.approx(0.1 * 2250, abs=20)
    done, errors, lines = documents(objects, "done-"), documents(objects, "error-"), table_lines(objects)
    assert (len(done), len(errors), len(lines)) == (told.done, told.failed, told.cases)
    named = {line[0] for line in lines}
    assert len(named) == told.cases
    assert {document["case_id"] for document in done + errors} < named
    assert all(document["final"] for document in errors)
    lacking = [document["result"].get("settlement", "absent") for document in done]
    absent, null = lacking.count("absent"), lacking.count(None)
    assert absent + null == pytest.approx(0.2 * told.done, rel=0.1)
    assert absent == pytest.approx(null, rel=0.2)
    assert null == sum(document["warnings"] != [] for document in done)


def test_an_id_follows_from_model_and_parameters(generated: tuple[Generated, dict[str, bytes]]) -> None:
    _, objects = generated
    for document in documents(objects, "done-") + documents(objects, "error-"):
        assert document["case_id"] == case_id(MODEL_DIGEST, document["parameters"], document["replicate"])
        assert document["model"]["key"] == f"models/{MODEL_DIGEST}/footing.py"
    assert objects[f"models/{MODEL_DIGEST}/footing.py"].decode() == MODEL


def test_a_table_says_what_the_documents_say(generated: tuple[Generated, dict[str, bytes]]) -> None:
    _, objects = generated
    lines = {line[0]: line for line in table_lines(objects)}
    for document in documents(objects, "done-"):
        flat: list[str] = []
        for value in document["parameters"].values():
            flat += map(str, value if isinstance(value, list) else [value])
        assert lines[document["case_id"]] == [document["case_id"], str(document["level"]), "0", *flat]


def test_designs_count_the_cases_of_each_level(generated: tuple[Generated, dict[str, bytes]]) -> None:
    told, objects = generated
    designs = documents(objects, "design-")
    assert [design["batch"] for design in designs] == told.batches == ["footings/part-00", "footings/part-01"]
    counted = collections.Counter(line[1] for line in table_lines(objects))
    for place, level in enumerate(["0", "1", "2"]):
        assert counted[level] == sum(design["levels"][place]["cases"] for design in designs)
    assert [level["cases"] for level in designs[0]["levels"]] == [178, 357, 715]
    assert designs[0]["factors"] == FACTORS


def test_segments_hold_a_row_an_attempt_but_for_the_missing(generated: tuple[Generated, dict[str, bytes]]) -> None:
    told, objects = generated
    found = rows(objects)
    complete = told.done + 2 * told.failed
    assert len(found) == told.rows == pytest.approx(0.98 * complete, abs=20)
    assert max(body.count(b"\n") for key, body in objects.items() if "/segment-" in key) == 1000
    outcomes = {
        document["case_id"]: document for document in documents(objects, "done-") + documents(objects, "error-")
    }
    for row in found:
        document = outcomes[row["case_id"]]
        if row["outcome"] == "done":
            assert row["result"] == dict(attach.scalars(document["result"]))
        if row["outcome"] == "done" or row["final"]:
            shared = ("batch", "level", "replicate", "attempt", "start_time", "end_time", "parameters")
            assert [row[name] for name in shared] == [document[name] for name in shared]
        else:
            assert (row["attempt"], row["signature"]) == (1, document["signature"])


def test_workers_take_one_case_after_the_other(generated: tuple[Generated, dict[str, bytes]]) -> None:
    told, objects = generated
    heartbeats = documents(objects, "heartbeat.json")
    assert sum(heartbeat["counts"]["done"] for heartbeat in heartbeats) == told.done
    for heartbeat in heartbeats:
        ended = documents(objects, "done-") + documents(objects, "error-")
        own = sorted((one for one in ended if one["worker"] == heartbeat["worker"]), key=lambda one: one["start_time"])
        assert all(one["end_time"] <= after["start_time"] for one, after in itertools.pairwise(own))
        assert heartbeat["start_time"] <= own[0]["start_time"]
        assert own[-1]["end_time"] <= heartbeat["time"] == EXTENT.end_time


def test_an_error_has_the_signature_of_what_it_says(generated: tuple[Generated, dict[str, bytes]]) -> None:
    _, objects = generated
    errors = documents(objects, "error-")
    assert len({error["signature"] for error in errors}) == 3
    for error in errors:
        line = error["traceback"].splitlines()[-2].strip()
        assert line in MODEL
        assert error["signature"] == attach.signature(error["exception"], error["message"], [("<module>", line)])


def test_a_result_is_what_the_model_computes() -> None:
    for footing in footings(1, 20):
        text, unused = attach.render(MODEL, footing.parameters)
        namespace: dict[str, Any] = {"result": {}, "print": lambda *_: None}
        exec(text, namespace)
        computed = namespace["result"]
        assert unused == []
        assert computed.keys() == footing.result.keys()
        assert all(math.isclose(computed[name], footing.responses[name]) for name in footing.responses)
        for name, values in footing.result["curve"].items():
            assert values == pytest.approx(computed["curve"][name])


def test_the_same_seed_gives_the_same_cases_in_a_larger_study() -> None:
    def parameters(seed: int, cases: int) -> list[dict[str, Parameter]]:
        return [footing.parameters for footing in footings(seed, cases)]

    assert parameters(1, 2500)[:1200] == parameters(1, 1200)
    assert parameters(1, 10) != parameters(2, 10)


def test_the_same_extent_gives_the_same_bytes(study: Study, cloud: LocalCloud) -> None:
    other = cloud.deploy()
    for one in (study, other):
        generate(one.cloud, one.bucket, Extent(cases=50, end_time=1790000000.0))
    assert content(study) == content(other)


def test_a_study_without_documents_has_its_rows(study: Study) -> None:
    told = generate(study.cloud, study.bucket, Extent(cases=100, failed=0.0, without_document=1.0))
    objects = content(study)
    assert told.documents == len(documents(objects, "done-")) == 0
    assert len(rows(objects)) == 100


def test_documents_are_written_as_the_worker_writes_them() -> None:
    document = {"text": "°ü\n", "numbers": [1.0, 1e-7, 3], "nothing": None}
    assert to_json(document) == attach.to_json(document)


def test_an_object_put_in_bulk_is_one_that_was_put(study: Study) -> None:
    one = Object("data/a/done-1.json", b"{}\n", 1790000000.0, {"content-type": "application/json"})
    assert study.cloud.put_objects(study.bucket, [one, Object("workers/ü/log.txt", b"", 0.0)]) == 2
    s3 = study.cloud.client("s3", study.viewer)
    bulk = s3.get_object(Bucket=study.bucket, Key=one.key)
    study.cloud.client("s3").put_object(
        Bucket=study.bucket, Key=one.key, Body=one.body, ContentType=one.headers["content-type"]
    )
    put = s3.get_object(Bucket=study.bucket, Key=one.key)
    assert bulk["LastModified"].timestamp() == 1790000000.0
    names = ("ETag", "ContentType", "ContentLength", "ServerSideEncryption")
    assert [bulk.get(name) for name in names] == [put.get(name) for name in names]
    assert s3.get_object(Bucket=study.bucket, Key="workers/ü/log.txt")["Body"].read() == b""


def test_objects_for_a_bucket_that_is_not_there_are_refused(study: Study) -> None:
    with pytest.raises(RuntimeError, match="NoSuchBucket"):
        study.cloud.put_objects("nobody-has-this", [Object("data/x", b"", 0.0)])


@pytest.mark.parametrize("extent", [replace(EXTENT, without_row=0.0), replace(EXTENT, failed=0.0, without_row=0.2)])
def test_the_program_counts_what_was_generated(extent: Extent, binary: Path, cloud: LocalCloud, tmp_path: Path) -> None:
    write_page(tmp_path / "page", "one")
    command_line = CommandLine(binary, cloud, tmp_path / "page")
    launched = command_line.launch()
    told = generate_into(launched, extent)
    status = command_line.run("status", launched.study, "--json").json()
    assert [batch["batch"] for batch in status["batches"]] == told.batches
    # The queue has none of those that only a table names.
    counted = {name: count for name, count in status["cases"].items() if count > 0}
    expected = {"cases": told.cases, "done": told.done, "failed": told.failed, "lost": told.queued}
    assert counted == {name: count for name, count in expected.items() if count > 0}
    assert len(status["error_groups"]) == (3 if told.failed else 0)
    assert len(status["workers"]) == extent.workers
