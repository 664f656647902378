"""A script that combines what the cases of a batch came to: a case of its own, with a real worker and a real bucket."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from tests.lab import Lab, wait_for

RESULTS = """
import csv
import json

file_extension = "csv"


def combine(files, output):
    with open(output, "w", newline="") as file:
        rows = csv.writer(file)
        for name in files:
            with open(name) as document:
                rows.writerow([json.load(document)["result"]["a"]])
    print("{{not_a_placeholder}}")
"""


def listed(lab: Lab, names: list[str], batch: str = "b", **fields: Any) -> dict[str, Any]:
    """The parameters of a case that combines these objects, whose list is uploaded."""
    files = []
    for name in names:
        head = lab.root_s3.head_object(Bucket=lab.study.bucket, Key=f"data/{batch}/{name}")
        files.append([name, head["ETag"]])
    return inputs(lab, {"v": 1, "batch": batch, "of": "results", "files": files}, **fields)


def inputs(lab: Lab, document: Any, **fields: Any) -> dict[str, Any]:
    """The parameters of a case with this list of inputs."""
    text = json.dumps(document)
    key = f"models/{hashlib.sha256(text.encode()).hexdigest()}/inputs.json"
    lab.s3.put_object(Bucket=lab.study.bucket, Key=key, Body=text.encode())
    return {"batch": "b", "of": "results", "inputs": key, "missing": 0, **fields}


def combined(lab: Lab, script: str, parameters: dict[str, Any], **fields: Any) -> tuple[str, dict[str, Any]]:
    """The case of a script, and its result."""
    case = lab.send(
        script, "combine", name="combine.py", parameters=parameters, batch="b/combined", max_attempts=1, **fields
    )
    found = wait_for(
        "the case",
        lambda: lab.document(f"data/b/combined/done-{case}.json") or lab.document(f"data/b/combined/error-{case}.json"),
    )
    return case, found


def results(lab: Lab, count: int) -> list[str]:
    """The names of results of as many cases, 0, 1 and so on."""
    cases = [lab.send("result['a'] = {{a}}", parameters={"a": number}) for number in range(count)]
    for case in cases:
        lab.done(case)
    return [f"done-{case}.json" for case in cases]


def test_one_file_is_made_of_all_results_in_their_order(lab: Lab) -> None:
    lab.attach()
    names = results(lab, 12)
    case, found = combined(lab, RESULTS, listed(lab, names))
    assert found["result"] == {"file": "combined.csv", "size_bytes": len("0\r\n") * 10 + len("10\r\n") * 2, "files": 12}
    body = lab.read(f"data/b/combined/files/{case}/combined.csv")
    assert body == b"".join(b"%d\r\n" % number for number in range(12))
    assert "{{not_a_placeholder}}" in found["log"] and found["warnings"] == []


def test_a_script_of_materials_cloud_compute_combines_files_that_cases_produced(lab: Lab) -> None:
    lab.attach()
    model = (
        "import os\nos.makedirs('outputs/part')\n"
        "open('outputs/part/data.h5', 'wb').write(b'x' * (9 << 20) + b'%d' % {{a}})\n"
        "open('outputs/run.log', 'w').write('log')\nopen('outputs/empty.h5', 'w')\n"
    )
    cases = [lab.send(model, parameters={"a": number}) for number in range(2)]
    names = []
    for case in cases:
        lab.done(case)
        names += [f"files/{case}/{name}" for name in ("empty.h5", "part/data.h5", "run.log")]
    script = (
        "import os\nfile_extension = 'h5'\ndef combine_data(files, fileout):\n    with open(fileout, 'wb') as out:\n"
        "        for name in files:\n            with open(name, 'rb') as file:\n"
        "                out.write(file.read()[-1:])\n    print(len(files), os.path.getsize(files[1]))\n"
        "if __name__ == '__main__':\n    raise SystemExit('only imported')\n"
    )
    case, found = combined(lab, script, listed(lab, names, of="files"))
    assert found["result"]["file"] == "combined.h5", found
    assert lab.read(f"data/b/combined/files/{case}/combined.h5") == b"01"
    assert "4 of 6 files end with .h5 and are combined\n" in found["log"]
    # More than one piece of 8 MiB.
    assert f"4 {(9 << 20) + 1}" in found["log"]


def test_its_size_is_right_though_the_script_closes_no_file(lab: Lab) -> None:
    lab.attach()
    script = (
        "file_extension = 'csv'\nclass C:\n    def __init__(self, path):\n"
        "        self.me, self.file = self, open(path, 'w')\n"
        "def combine(files, output):\n    C(output).file.write('1,2')"
    )
    case, found = combined(lab, script, listed(lab, results(lab, 1)))
    assert found["result"] == {"file": "combined.csv", "size_bytes": 3, "files": 1}
    assert lab.read(f"data/b/combined/files/{case}/combined.csv") == b"1,2"


WRONG = {
    "def join(files, output):\n    pass\n": ("NothingCombined", "no function combine(files, output) in combine.py"),
    "file_extension = 'csv'\ndef combine(files, output):\n    pass\n": (
        "NothingCombined",
        "there is no file at `output`",
    ),
    "def combine(files, output):\n    open(output, 'w')\n": ("NothingCombined", "ending is wanted as file_extension"),
    "file_extension = '../x'\ndef combine(files, output):\n    pass\n": ("NothingCombined", "it is '/x' there"),
    "file_extension = 'csv'\ndef combine(files, output):\n    raise ValueError(len(files))\n": ("ValueError", "1"),
    "file_extension = 'csv'\ndef combine(files, output):\n    raise SystemExit(0)\n": ("SystemExit", "0"),
}


@pytest.mark.parametrize("script", WRONG)
def test_a_script_that_combines_nothing_is_an_error_in_words(lab: Lab, script: str) -> None:
    lab.attach()
    _, found = combined(lab, script, listed(lab, results(lab, 1)))
    exception, message = WRONG[script]
    assert found["exception"] == exception and message in found["message"], found
    if exception == "ValueError":
        assert 'File "combine.py", line 3, in combine' in found["traceback"]


def test_what_the_case_asks_for_outweighs_the_script(lab: Lab) -> None:
    lab.attach()
    parameters = listed(lab, results(lab, 1), file_extension="txt.gz")
    _, found = combined(lab, RESULTS, parameters)
    assert found["result"]["file"] == "combined.txt.gz"


def test_inputs_that_have_changed_or_are_gone_are_named(lab: Lab) -> None:
    lab.attach()
    (name,) = results(lab, 1)
    parameters = listed(lab, [name])
    lab.root_s3.put_object(Bucket=lab.study.bucket, Key=f"data/b/{name}", Body=b"{}")
    _, found = combined(lab, RESULTS, parameters)
    assert f"data/b/{name} was replaced since it was listed" in found["message"]
    lab.root_s3.delete_object(Bucket=lab.study.bucket, Key=f"data/b/{name}")
    _, found = combined(lab, RESULTS, parameters)
    assert f"data/b/{name} isn't there any more" in found["message"]


@pytest.mark.parametrize(
    "name",
    ["../done-x.json", "done-x.json", "files/" + "0" * 32 + "/../../x", "files/" + "0" * 32 + "//x", "error-1.json"],
)
def test_no_path_leads_out_of_the_scratch_folder(lab: Lab, name: str) -> None:
    lab.attach()
    parameters = inputs(lab, {"v": 1, "batch": "b", "of": "files", "files": [[name, '"x"']]})
    _, found = combined(lab, RESULTS, parameters)
    assert found["exception"] == "CaseFailure" and "is no file of a case that can be read here" in found["message"]


@pytest.mark.parametrize("paths", [("a", "a/b"), ("a/b", "a"), ("x" * 256,)])
def test_names_that_no_folder_can_hold_fail_the_case_alone(lab: Lab, paths: tuple[str, ...]) -> None:
    lab.attach()
    files = []
    for path in paths:
        name = f"files/{'0' * 32}/{path}"
        made = lab.root_s3.put_object(Bucket=lab.study.bucket, Key=f"data/b/{name}", Body=b"x")
        files.append([name, made["ETag"]])
    _, found = combined(lab, RESULTS, inputs(lab, {"v": 1, "batch": "b", "of": "files", "files": files}))
    assert found["exception"] == "CaseFailure" and "that can't be put into a folder" in found["message"]


@pytest.mark.parametrize(
    "document", [[], {"v": 2}, {"v": 1, "batch": "../x", "files": []}, {"v": 1, "batch": "b", "files": [1]}]
)
def test_a_list_that_is_none_is_an_error(lab: Lab, document: Any) -> None:
    lab.attach()
    _, found = combined(lab, RESULTS, inputs(lab, document))
    assert "the list of inputs can't be read" in found["message"]


def test_a_case_without_a_list_says_so(lab: Lab) -> None:
    lab.attach()
    _, found = combined(lab, RESULTS, {"inputs": "models/../x"})
    assert "doesn't name the list of its inputs" in found["message"]


def test_downloads_outlive_a_network_that_fails(lab: Lab) -> None:
    proxy = lab.proxy()
    worker = lab.attach(proxy.config_url)
    names = results(lab, 5)
    failing = {"count": 0}

    def fault(seen: Any) -> str | None:
        if seen.method == "GET" and "/done-" in seen.path and failing["count"] < 7:
            failing["count"] += 1
            return "503"
        return None

    proxy.fault = fault
    _, found = combined(lab, RESULTS, listed(lab, names))
    assert found["result"]["files"] == 5 and failing["count"] == 7
    worker.stop()


def test_a_case_that_is_cancelled_while_it_downloads_is_no_failure(lab: Lab) -> None:
    proxy = lab.proxy()
    worker = lab.attach(proxy.config_url)
    (name,) = results(lab, 1)
    proxy.fault = lambda seen: "503" if seen.method == "GET" and "/done-" in seen.path else None
    parameters = listed(lab, [name])
    case = lab.send(RESULTS, "combine", name="combine.py", parameters=parameters, batch="b/combined")
    lab.heartbeat(worker.name(), state="running")
    lab.control(cancelled_cases=[case])
    proxy.fault = lambda seen: None
    lab.queue_is_empty()
    assert lab.heartbeat(worker.name(), state="waiting")["counts"]["failed"] == 0
