"""The example with a folder as model: from the folder to files, and extracted again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attached import attach
from command_line import CommandLine, Launched, wait_for
from local_cloud import REPOSITORY
from studies import line_of

EXAMPLE = REPOSITORY / "examples" / "harbour_wave"
BATCH = "ada/harbour/shelf"


def documents(launched: Launched, is_meant: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """The results, by their cases, once all eight are as they are meant to be."""
    found: list[dict[str, Any]] = []

    def are_so() -> bool:
        found[:] = look(launched)
        return len(found) == 8 and all(map(is_meant, found))

    wait_for(are_so)
    return sorted(found, key=lambda one: str(one["case_id"]))


def look(launched: Launched) -> list[dict[str, Any]]:
    """The results as they are now."""
    s3 = launched.command_line.cloud.client("s3")
    listing = s3.list_objects_v2(Bucket=launched.bucket, Prefix=f"data/{BATCH}/done-").get("Contents", [])
    bodies = [s3.get_object(Bucket=launched.bucket, Key=one["Key"])["Body"].read() for one in listing]
    return [json.loads(body) for body in bodies]


def test_a_folder_becomes_results_and_files_and_is_extracted_from_again(
    command_line: CommandLine, tmp_path: Path
) -> None:
    launched = command_line.launch()
    study = launched.study
    ran = command_line.run("enqueue", study, str(EXAMPLE / "study.json"), "--yes")
    assert ran.code == 0, ran.err
    assert f"Batch {BATCH} of study {study}: 8 cases, for wave.zip" in ran.out and "Sent 8 cases" in ran.out
    with attach(line_of(launched)):
        done = documents(launched, lambda _: True)
        assert all(list(one["result"]) == ["harbour_level_m"] for one in done)
        assert all([file["path"] for file in one["files"]] == ["gauges.csv", "highest.svg"] for one in done)
        again = command_line.run("enqueue", study, str(EXAMPLE / "study.json"), "--yes")
        assert "8  with a result, skipped: their inputs haven't changed (--force computes them again)" in again.out
        ran = command_line.run("extract", study, BATCH, str(EXAMPLE / "arrival.py"))
        assert ran.code == 0, ran.err
        assert ran.out.splitlines() == [
            f"Batch {BATCH} of study {study}, to extract from by arrival.py",
            "          8  finished cases",
            "          8  to be sent, each as a message",
            "8 finished cases are sent to extract from by arrival.py.",
        ]
        found = documents(launched, lambda one: "extracts" in one)
        again = command_line.run("extract", study, BATCH, str(EXAMPLE / "arrival.py"))
        assert "8  extracted from by the same model already, skipped (--force sends them)\n" in again.out
        assert again.out.endswith("        0  to be sent, each as a message\n") and again.code == 0
        forced = command_line.run("extract", study, BATCH, str(EXAMPLE / "arrival.py"), "--force")
        assert "8  extracted from by the same model already, and again now\n" in forced.out
        documents(launched, lambda one: len(one["extracts"]) == 2)
        told = command_line.run("extract", study, BATCH)
        assert told.out == "arrival.py: 8 of 8 cases done\n", told.err
    for before, after in zip(done, found, strict=True):
        result = after["result"]
        assert (
            result["harbour_level_m"] == before["result"]["harbour_level_m"] and after["end_time"] == before["end_time"]
        )
        assert (
            60 < result["arrival_at_5050_m_s"] < result["arrival_at_12050_m_s"] < result["arrival_at_18550_m_s"] < 1500
        )
        assert 1.5 < result["amplification"] < 10
    table = tmp_path / "table.csv"
    ran = command_line.run("results", study, "--table", str(table))
    assert ran.code == 0, ran.err
    head, *rows = table.read_text().splitlines()
    assert "arrival_at_18550_m_s" in head and len(rows) == 8


def test_what_can_not_be_extracted_from_is_said(command_line: CommandLine, tmp_path: Path) -> None:
    launched = command_line.launch()
    ran = command_line.run("extract", launched.study, "none", str(EXAMPLE / "arrival.py"))
    assert (ran.code, ran.err) == (
        1,
        "cruncher: No case of batch none that counts has a result: there is nothing to extract from.\n",
    )
    ran = command_line.run("extract", launched.study, "none", "gone.py")
    assert ran.code == 1 and "gone.py can't be read" in ran.err
    empty = tmp_path / "empty.py"
    empty.write_text(" \n")
    ran = command_line.run("extract", launched.study, "none", str(empty))
    assert ran.code == 1 and "empty.py is empty: it would extract nothing." in ran.err
    ran = command_line.run("extract", launched.study, "none")
    assert (ran.code, ran.out) == (0, "Nothing was extracted again in batch none.\n")
    ran = command_line.run("extract", launched.study, "none", str(EXAMPLE / "arrival.py"), "--withdraw")
    assert ran.code == 1 and "Batch none has no extraction by this arrival.py" in ran.err
