"""Extracting again: a second model over the files of a case that is done."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from tests.lab import Lab, wait_for

FIRST = """
open('outputs/curve.csv', 'w').write('1,2,{{a}}')
open('outputs/log.txt', 'w').write('long')
result['end'] = {{a}}
"""
PEAK = (
    "values = [int(one) for one in open('outputs/curve.csv').read().split(',')]\n"
    "result['peak'] = max(values) + parameters['a']\nopen('outputs/peak.txt', 'w').write(str(result['peak']))\n"
    "print('looked')"
)


def extract(lab: Lab, case_id: str, model: str, **fields: Any) -> None:
    """Enqueues a case that is done, to be extracted from."""
    done = lab.document(f"data/b/done-{case_id}.json")
    message = {
        "v": 1, "case_id": case_id, "batch": "b", "level": 1, "submission": uuid.uuid4().hex[:16],
        "model": done["model"], "extract": {"key": lab.model(model, "peak.py"), "kind": "python"},
        "parameters": done["parameters"], "replicate": 0, "force": False, "time_limit_secs": None,
        "max_attempts": 3, **fields,
    }  # fmt: skip
    lab.send_text(json.dumps(message), case_id)


def extracted(lab: Lab, case_id: str, times: int = 1) -> Any:
    """The document when so much was extracted."""

    def look() -> Any:
        document = lab.document(f"data/b/done-{case_id}.json") or {}
        return document if len(document.get("extracts", [])) >= times else None

    return wait_for("what was extracted", look)


def test_what_is_extracted_joins_the_result_and_nothing_is_simulated_again(lab: Lab) -> None:
    proxy = lab.proxy()
    worker = lab.attach(proxy.config_url)
    case_id = lab.send(FIRST, parameters={"a": 5})
    before = lab.done(case_id)
    lab.queue_is_empty()
    sizes = [(one["path"], one["size_bytes"]) for one in before["files"]]
    assert sizes == [("curve.csv", 5), ("log.txt", 4)]
    proxy.seen.clear()
    extract(lab, case_id, PEAK)
    document = extracted(lab, case_id)
    lab.queue_is_empty()
    assert document["result"] == {"end": 5, "peak": 10}
    assert [one["path"] for one in document["files"]] == ["curve.csv", "log.txt", "peak.txt"]
    (told,) = document["extracts"]
    assert len(told["submission"]) == 16 and told["submission"] != document["submission"]
    assert told["model"]["key"].endswith("/peak.py") and told["log"] == "looked\n" and "exception" not in told
    same = ("model", "parameters", "start_time", "end_time", "attempt", "log", "worker", "submission")
    assert {name: document[name] for name in same} == {name: before[name] for name in same}
    assert lab.read(f"data/b/files/{case_id}/peak.txt") == b"10"
    written = [seen.path.rsplit("/", 1)[1] for seen in proxy.seen if seen.method == "PUT" and "/files/" in seen.path]
    assert written == ["peak.txt"]  # the others are there
    worker.stop()
    rows = lab.rows(worker.name())
    assert [row["result"] for row in rows] == [{"end": 5}, {"end": 5, "peak": 10}]
    assert [row["files_kib"] for row in rows] == [1, 1]  # of 9 bytes, and of 11
    assert rows[1]["end_time"] > rows[0]["end_time"]
    assert rows[1]["end_time"] - rows[1]["start_time"] >= rows[0]["end_time"] - rows[0]["start_time"]


def test_a_failure_leaves_the_result_as_it_is_and_can_be_read(lab: Lab) -> None:
    worker = lab.attach()
    case_id = lab.send(FIRST, parameters={"a": 5})
    before = lab.done(case_id)
    extract(lab, case_id, "result['peak'] = 1\nprint('so far')\nraise ValueError('no peak')")
    document = extracted(lab, case_id)
    lab.queue_is_empty()  # it isn't tried again
    told = document.pop("extracts")[0]
    assert document == before and (told["exception"], told["message"]) == ("ValueError", "no peak")
    assert told["log"] == "so far\n" and 'File "peak.py", line 3' in told["traceback"]
    assert lab.document(f"data/b/error-{case_id}.json") is None  # the case is done
    extract(lab, case_id, PEAK)
    document = extracted(lab, case_id, times=2)
    assert document["result"] == {"end": 5, "peak": 10} and len(document["extracts"]) == 2
    worker.stop()
    assert [row["outcome"] for row in lab.rows(worker.name())] == ["done", "done"]


def test_what_a_computer_lacks_is_left_to_another_one_once(lab: Lab) -> None:
    library = lab.folder / "libraries"
    library.mkdir()
    (library / "rare.py").write_text("peak = 7\n")
    lacking = lab.attach()
    case_id = lab.send(FIRST, parameters={"a": 5})
    lab.done(case_id)
    extract(lab, case_id, "import rare\nresult['peak'] = rare.peak")
    lacking.says("nothing was extracted here: ModuleNotFoundError")
    lacking.kill()
    lab.attach(PYTHONPATH=str(library))
    document = extracted(lab, case_id)
    assert document["result"] == {"end": 5, "peak": 7} and len(document["extracts"]) == 1
    extract(lab, case_id, "import so_rare_that_nobody_has_it")
    document = extracted(lab, case_id, times=2)
    assert document["extracts"][1]["exception"] == "ModuleNotFoundError"
    lab.queue_is_empty()


def test_a_worker_on_which_extracting_fails_again_and_again_rests(lab: Lab) -> None:
    worker = lab.attach()
    cases = [lab.send(FIRST, parameters={"a": number}) for number in range(5)]
    for case_id in cases:
        lab.done(case_id)
    for case_id in cases:
        extract(lab, case_id, "import no_such_library")
    worker.says("the last 5 cases failed here, the last one with ModuleNotFoundError")
    assert "other workers have finished" not in worker.output


def test_what_comes_twice_is_extracted_once(lab: Lab) -> None:
    worker = lab.attach()
    case_id = lab.send(FIRST, parameters={"a": 5})
    lab.done(case_id)
    extract(lab, case_id, PEAK)
    extracted(lab, case_id)
    extract(lab, case_id, PEAK)
    worker.says("there is nothing to be extracted from, or it was done")
    lab.queue_is_empty()
    assert len(extracted(lab, case_id)["extracts"]) == 1
    assert lab.heartbeat(worker.name(), state="waiting")["counts"]["skipped"] == 1


def test_two_that_extract_at_the_same_time_lose_nothing(lab: Lab) -> None:
    gate = lab.gate()
    case_id = lab.send(FIRST, parameters={"a": 5})
    one = lab.attach()
    lab.done(case_id)
    extract(lab, case_id, gate.code + "result['one'] = 1")
    gate.arrivals(1)
    document = lab.document(f"data/b/done-{case_id}.json")
    document["result"]["other"] = 2
    lab.root_s3.put_object(
        Bucket=lab.study.bucket, Key=f"data/b/done-{case_id}.json", Body=json.dumps(document).encode()
    )
    gate.open()
    one.says("its result was replaced meanwhile")
    assert extracted(lab, case_id)["result"] == {"end": 5, "other": 2, "one": 1}


@pytest.mark.parametrize(
    "path", ["../../escape", "/etc/x", "a//b", "gone.txt", 5, "curve.csv", "curve.csv/b", "x" * 300, "\ud800"]
)
def test_a_document_that_names_odd_files_is_refused(lab: Lab, path: Any) -> None:
    lab.attach()
    case_id = lab.send(FIRST, parameters={"a": 5})
    document = lab.done(case_id)
    document["files"] = [{"path": "curve.csv", "size_bytes": 5}, {"path": path, "size_bytes": 1}]
    document["start_time"] = 10**400
    lab.root_s3.put_object(
        Bucket=lab.study.bucket, Key=f"data/b/done-{case_id}.json", Body=json.dumps(document).encode()
    )
    extract(lab, case_id, PEAK)
    told = extracted(lab, case_id)["extracts"][0]
    words = "can't be read" if path == "gone.txt" else "can't be put into a folder"
    assert told["exception"] == "CaseFailure" and words in told["message"]


def test_a_list_of_files_that_may_be_cut_is_not_extracted_from(lab: Lab) -> None:
    lab.attach()
    case_id = lab.send(FIRST, parameters={"a": 5})
    document = lab.done(case_id)
    document["files"] = [{"path": "curve.csv", "size_bytes": 5}] * 10_000
    lab.root_s3.put_object(
        Bucket=lab.study.bucket, Key=f"data/b/done-{case_id}.json", Body=json.dumps(document).encode()
    )
    extract(lab, case_id, PEAK)
    after = extracted(lab, case_id)
    told = after["extracts"][0]
    assert told["exception"] == "CaseFailure" and "10,000 files and no more than that" in told["message"]
    assert after["result"] == document["result"]
