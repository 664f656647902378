"""What cases leave in their folder `outputs/`: large files come in parts, and are there whole or not at all."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import attach
import pytest
from tests.lab import Lab, Seen, wait_for

MIB = 1024 * 1024
# 20 MiB of which no two stretches are equal.
LARGE = "import hashlib\nblock = b''.join(hashlib.sha256(b'%d' % one).digest() for one in range(655360))\n"
LEAVE_LARGE = LARGE + "open('outputs/large.bin', 'wb').write(block)\nresult['a'] = 1"
DIGEST = hashlib.sha256(b"".join(hashlib.sha256(b"%d" % one).digest() for one in range(655360))).hexdigest()


def parts(seen: Seen) -> str:
    """What a request does with an upload in parts."""
    if "?uploads=" in seen.path:
        return "begin"
    if "uploadId=" not in seen.path:
        return ""
    return {"PUT": "part", "POST": "complete", "DELETE": "abort"}[seen.method]


def unfinished(lab: Lab) -> list[Any]:
    """Uploads that were begun and neither completed nor aborted."""
    found: list[Any] = lab.root_s3.list_multipart_uploads(Bucket=lab.study.bucket).get("Uploads", [])
    return found


def is_whole(lab: Lab, case_id: str) -> bool:
    """Whether the large file of a case is what the model has written."""
    return hashlib.sha256(lab.read(f"data/b/files/{case_id}/large.bin") or b"").hexdigest() == DIGEST


def test_a_large_file_comes_in_parts_with_checksums(lab: Lab) -> None:
    proxy = lab.proxy()
    lab.attach(proxy.config_url)
    case_id = lab.send(LEAVE_LARGE)
    lab.done(case_id)
    assert [parts(seen) for seen in proxy.seen if parts(seen)] == ["begin", "part", "part", "part", "complete"]
    assert max(len(seen.body) for seen in proxy.seen) == 8 * MIB
    assert is_whole(lab, case_id) and unfinished(lab) == []
    where = {"Bucket": lab.study.bucket, "Key": f"data/b/files/{case_id}/large.bin"}
    head = lab.root_s3.head_object(**where, ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"].endswith("-3") and head["ContentDisposition"] == "attachment"


@pytest.mark.parametrize("fault", ["reset", "503", "lose", "truncate"])
@pytest.mark.parametrize("step", ["begin", "part", "complete"])
def test_a_step_that_fails_is_repeated(lab: Lab, step: str, fault: str) -> None:
    proxy = lab.proxy()
    faults = iter((fault,))
    proxy.fault = lambda seen: next(faults, None) if parts(seen) == step else None
    lab.attach(proxy.config_url)
    case_id = lab.send(LEAVE_LARGE)
    lab.done(case_id)
    assert is_whole(lab, case_id) and next(faults, None) is None


def test_a_large_file_whose_worker_dies_is_not_there_at_all(hasty_lab: Lab) -> None:
    lab = hasty_lab
    proxy = lab.proxy()
    proxy.fault = lambda seen: "503" if "partNumber=2" in seen.path else None
    worker = lab.attach(proxy.config_url)
    case_id = lab.send(LEAVE_LARGE)
    wait_for("the second part", lambda: any("partNumber=2" in seen.path for seen in proxy.seen))
    worker.kill()
    assert list(lab.keys("data/")) == [] and len(unfinished(lab)) == 1  # which the bucket's rule ends within a week
    lab.attach()
    lab.done(case_id)
    assert is_whole(lab, case_id)


def test_an_upload_is_aborted_by_a_worker_that_is_stopped(lab: Lab) -> None:
    proxy = lab.proxy()
    proxy.fault = lambda seen: "503" if "partNumber=2" in seen.path else None
    worker = lab.attach(proxy.config_url)
    lab.send(LEAVE_LARGE)
    wait_for("the second part", lambda: any("partNumber=2" in seen.path for seen in proxy.seen))
    worker.stop()
    assert [seen.status for seen in proxy.seen if parts(seen) == "abort"] == [204] and unfinished(lab) == []


def test_an_upload_that_somebody_has_aborted_begins_anew(lab: Lab) -> None:
    proxy = lab.proxy()
    aborted: list[Any] = []

    def abort(seen: Seen) -> None:
        if "partNumber=2" in seen.path and not aborted:
            aborted.extend(unfinished(lab))
            where = {"Key": aborted[0]["Key"], "UploadId": aborted[0]["UploadId"]}
            lab.root_s3.abort_multipart_upload(Bucket=lab.study.bucket, **where)

    proxy.fault = abort
    lab.attach(proxy.config_url)
    case_id = lab.send(LEAVE_LARGE)
    lab.done(case_id)
    assert is_whole(lab, case_id) and len(aborted) == 1


def test_more_than_a_case_may_leave_fails_it_and_names_file_and_sizes(lab: Lab) -> None:
    config = {**lab.study.config, "outputs_limit_bytes": 3 * MIB}
    lab.root_s3.put_object(Bucket=lab.study.bucket, Key="public/config.json", Body=json.dumps(config).encode())
    worker = lab.attach()
    model = (
        "for name, size in ('a', 1), ('b.bin', {{mib}}):\n    open('outputs/' + name, 'wb').write(bytes(size << 20))"
    )
    fits = lab.send(model, parameters={"mib": 2})
    error = lab.error(lab.send(model, parameters={"mib": 3}, max_attempts=1))
    assert error["exception"] == "OutputsTooLarge"
    assert error["message"] == (
        "the folder outputs/ holds 4 MiB, and a case of this study may leave 3 MiB; "
        "the largest of 2 files is b.bin, 3 MiB"
    )
    lab.done(fits)
    assert len(lab.keys(f"data/b/files/{fits}/")) == 2
    assert len(lab.keys("data/b/files/")) == 2  # nothing of the other
    worker.stop()
    assert [row.get("files_kib") for row in lab.rows(worker.name())] == [3 * 1024, None]


def test_a_part_is_read_without_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    body = attach.FileBody(str(path), 3, 4)
    with body.opened() as opened:
        assert b"".join(iter(lambda: opened.read(3), b"")) == b"3456"
    assert body.sha256 == hashlib.sha256(b"3456").hexdigest()
    with pytest.raises(attach.FileChanged, match="shorter"):
        attach.FileBody(str(path), 8, 4)
