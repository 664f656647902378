"""`cruncher results`: what arrives in a folder, whatever happens on the way, and whatever stands in the bucket."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.client
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from command_line import PATIENCE_SECS, CommandLine, Launched, Ran, wait_for
from legacy_bucket import GOLDEN, upload
from local_cloud import REGION
from proxy import Proxy, proxy

Objects = dict[str, bytes]
TABLE = b"case_id,level,replicate,c\n" + b"9f86d081884c7d659a2feaa0c55ad015,0,0,1.5\n" * 50


@pytest.fixture
def launched(command_line: CommandLine) -> Launched:
    """A fresh study."""
    return command_line.launch()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files go; it isn't there yet."""
    return tmp_path / "new" / "folder"


@pytest.fixture
def slow(command_line: CommandLine) -> Iterator[Proxy]:
    """A proxy between the command line and its cloud, in which every answer takes a moment."""
    with proxy(command_line.cloud) as running:
        running.delay_secs = 0.02
        yield running


def case(number: int) -> str:
    """The id of a case."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:32]


def put(launched: Launched, objects: Objects) -> Objects:
    """Writes objects; tables are packed, as a browser has to find them."""
    s3 = launched.command_line.cloud.client("s3")

    def write(key: str) -> None:
        encoding = {"ContentEncoding": "gzip"} if key.endswith(".csv.gz") else {}
        s3.put_object(Bucket=launched.bucket, Key=key, Body=objects[key], **encoding)

    with ThreadPoolExecutor(8) as writers:
        list(writers.map(write, objects))
    return objects


def study_objects(batch: str = "soil/a", cases: int = 7) -> Objects:
    """A batch with a design, a table, results, an error and a case's files."""
    objects = {f"data/{batch}/done-{case(number)}.json": b'{"n": %d}' % number for number in range(cases)}
    return objects | {
        f"data/{batch}/design-00f1e2d3c4b5a697.json": b"{}",
        f"data/{batch}/cases-00f1e2d3c4b5a697.csv.gz": gzip.compress(TABLE),
        f"data/{batch}/error-{case(cases)}.json": b'{"exception": "ValueError"}',
        f"data/{batch}/files/{case(0)}/out/curve 1.csv": b"1,2\n",
        f"data/{batch}/files/{case(0)}/empty.txt": b"",
    }


def files(folder: Path) -> Objects:
    """Every file below a folder, by the key that it stands for; of whatever name."""
    found: Objects = {}
    for path in folder.rglob("*"):
        # One that was there a moment ago may have got its final name.
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            found[f"data/{path.relative_to(folder)}"] = path.read_bytes()
    return found


def command(launched: Launched, folder: Path, *arguments: str, through: Proxy | None = None) -> list[str]:
    """The whole command."""
    running = launched.command_line
    whole = running.arguments("results", launched.study, str(folder), *arguments)
    return [through.url if through and part == running.cloud.endpoint_url else part for part in whole]


def results(launched: Launched, folder: Path, *arguments: str, through: Proxy | None = None) -> Ran:
    """Runs the command to its end."""
    ended = subprocess.run(
        command(launched, folder, *arguments, through=through),
        env=launched.command_line.environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECS,
    )
    return Ran(ended.returncode, ended.stdout, ended.stderr)


# ---- what arrives ----


def test_results_and_errors_of_the_predecessor_arrive_as_well(launched: Launched, folder: Path) -> None:
    objects = upload(launched, GOLDEN)
    ran = results(launched, folder, "--only", "results,errors")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("3 results, 3 errors: 6 objects")
    assert files(folder) == {key: body for key, body in objects.items() if "/done-" in key or "/error-" in key}


def test_every_object_becomes_a_file_as_it_is_stored(launched: Launched, folder: Path) -> None:
    objects = put(launched, study_objects())
    put(launched, {"models/00/model.py": b"", "workers/w/heartbeat.json": b"{}"})
    ran = results(launched, folder)
    assert ran.code == 0, ran.err
    assert files(folder) == objects
    size = sum(map(len, objects.values()))
    expected = f"7 results, 1 error, 2 files, 2 designs and tables: 12 objects ({size} bytes)\n"
    assert (ran.out, ran.err) == (expected, "")
    table = folder / "soil/a/cases-00f1e2d3c4b5a697.csv.gz"
    assert gzip.decompress(table.read_bytes()) == TABLE


def test_a_batch_and_what_is_below_it_can_be_fetched_alone(launched: Launched, tmp_path: Path) -> None:
    wanted = put(launched, study_objects("soil") | study_objects("soil/level-03", 2))
    put(launched, study_objects("soil-2", 1) | study_objects("rock", 1))
    ran = results(launched, tmp_path / "all", "--batch", "soil")
    assert ran.code == 0, ran.err
    assert files(tmp_path / "all") == wanted
    assert results(launched, tmp_path / "none", "--batch", "so").out == "There is nothing to fetch.\n"
    assert results(launched, tmp_path / "none", "--batch", "../soil").code == 2


def test_one_kind_of_objects_can_be_fetched_alone(launched: Launched, tmp_path: Path) -> None:
    objects = put(launched, study_objects())
    for only, parts in [
        ("results", ["done-"]),
        ("errors,files", ["error-", "files/"]),
        ("designs", ["design-", "cases-"]),
    ]:
        folder = tmp_path / only
        ran = results(launched, folder, "--only", only)
        assert ran.code == 0, ran.err
        assert files(folder) == {key: body for key, body in objects.items() if any(f"/{part}" in key for part in parts)}


def test_thousands_of_results_are_all_found(launched: Launched, folder: Path) -> None:
    objects = {f"data/b/done-{case(number)}.json": b"%d" % number for number in range(1_600)}
    objects |= {f"data/b/files/{case(number)}/x": b"" for number in range(1_100)}
    objects |= study_objects("b/level-01", 5) | study_objects("b/level-02", 5)
    put(launched, objects)
    ran = results(launched, folder)
    assert ran.code == 0, ran.err
    assert files(folder) == objects
    assert ran.out.startswith("1,610 results, 2 errors, 1,104 files, 4 designs and tables: 2,720 objects")


def test_the_results_of_a_study_that_was_cleaned_up_are_fetched_by_its_bucket(
    launched: Launched, tmp_path: Path
) -> None:
    objects = put(launched, study_objects())
    ran = launched.command_line.run("clean-up", launched.study, "--yes")
    assert f"cruncher results {launched.study} {launched.study}-data --bucket {launched.bucket}" in ran.out
    missing = results(launched, tmp_path / "a")
    assert missing.code == 1 and f"There is no study {launched.study}" in missing.err
    ran = results(launched, tmp_path / "b", "--bucket", launched.bucket)
    assert ran.code == 0, ran.err
    assert files(tmp_path / "b") == objects
    launched.command_line.run("clean-up", launched.study, "--delete-results", "--yes", "--bucket", launched.bucket)


# ---- again ----


def test_what_is_there_is_not_fetched_again(launched: Launched, slow: Proxy, folder: Path) -> None:
    put(launched, study_objects())
    assert results(launched, folder, through=slow).code == 0
    first, slow.requests = slow.requests, 0
    put(launched, {f"data/soil/a/done-{case(99)}.json": b"new"})
    ran = results(launched, folder, through=slow)
    assert slow.requests == first - 12 + 1
    assert "13 objects" in ran.out and ran.out.endswith(", 12 of them were there already\n")


def test_a_file_that_was_cut_short_or_has_changed_is_fetched_again(launched: Launched, folder: Path) -> None:
    objects = put(launched, study_objects())
    results(launched, folder)
    (folder / f"soil/a/done-{case(1)}.json").write_bytes(b"{")
    error = f"data/soil/a/error-{case(7)}.json"
    changed = put(launched, {error: objects[error].replace(b"Value", b"Other")})
    # The cloud's clock has whole seconds: as if the first one had been fetched a while ago.
    os.utime(folder / error.removeprefix("data/"), (0, time.time() - 60))
    ran = results(launched, folder)
    assert ran.out.endswith(", 10 of them were there already\n")
    assert files(folder) == objects | changed
    assert results(launched, folder).out.endswith(", 12 of them were there already\n")


def test_a_killed_download_goes_on_and_leaves_nothing_half_done(launched: Launched, slow: Proxy, folder: Path) -> None:
    objects = put(launched, {f"data/b/done-{case(number)}.json": b"x" * 5_000 for number in range(400)})
    fetching = subprocess.Popen(
        command(launched, folder, through=slow),
        env=launched.command_line.environment(),
        stdout=subprocess.DEVNULL,
    )
    wait_for(lambda: len(files(folder)) > 40)
    fetching.kill()
    fetching.wait(PATIENCE_SECS)
    there = files(folder)
    whole = {key: body for key, body in there.items() if not key.endswith(".partial")}
    assert 40 <= len(whole) < 400 and whole.items() <= objects.items()
    ran = results(launched, folder)
    assert ran.code == 0, ran.err
    assert ran.out.endswith(f", {len(whole)} of them were there already\n")
    assert files(folder) == objects


def test_ctrl_c_says_how_far_it_is(launched: Launched, slow: Proxy, folder: Path) -> None:
    objects = put(launched, {f"data/b/done-{case(number)}.json": b"{}" for number in range(400)})
    fetching = subprocess.Popen(
        command(launched, folder, through=slow),
        env=launched.command_line.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: len(files(folder)) > 20)
    fetching.send_signal(signal.SIGINT)
    out, err = fetching.communicate(timeout=PATIENCE_SECS)
    there = files(folder)
    assert (fetching.returncode, out) == (130, "")
    expected = f"cruncher: Interrupted: {len(there)} of 400 objects are there. The same command goes on.\n"
    assert err == expected
    assert there.items() < objects.items(), "and no partial file is left"


# ---- hostile and unlucky ----


def test_keys_can_not_lead_out_of_the_folder(launched: Launched, tmp_path: Path) -> None:
    objects = put(launched, study_objects())
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = tmp_path / "folder"
    (folder / "soil").mkdir(parents=True)
    (folder / "rock").symlink_to(outside)
    hostile = [
        "data//etc/passwd",
        "data/soil/..\\..\\x",
        "data/soil/a\x1b[2J",
        "data/soil/.x.partial",
        "data/soil/" + "x" * 250,
        "data/soil/a",
    ]
    put(launched, dict.fromkeys(hostile, b"hostile"))
    put(launched, {f"data/rock/done-{case(1)}.json": b"{}"})
    ran = results(launched, folder)
    assert ran.code == 1
    assert "Not fetched: rock/done-" in ran.err and "is a link or a file, not a folder" in ran.err
    assert ran.err.count("Left out: ") == len(hostile)
    assert "data/soil/a: a folder has the same name" in ran.err
    assert "\x1b" not in ran.err
    assert files(folder) == objects
    assert list(outside.iterdir()) == []


def test_a_key_with_dots_is_left_out(launched: Launched, folder: Path) -> None:
    s3 = launched.command_line.cloud.client("s3")
    url = s3.generate_presigned_url("put_object", {"Bucket": launched.bucket, "Key": "data/soil/../../../../x"})
    # Programs that follow the rules for addresses take the dots out.
    connection = http.client.HTTPConnection("127.0.0.1", launched.command_line.cloud.port)
    connection.request("PUT", url.removeprefix(launched.command_line.cloud.endpoint_url), b"hostile")
    assert connection.getresponse().status == 200
    connection.close()
    ran = results(launched, folder)
    assert (ran.code, ran.out) == (0, "There is nothing to fetch.\n")
    assert ran.err == "Left out: data/soil/../../../../x: its name leads out of its folder\n"
    assert files(folder) == {}


def test_a_folder_that_can_not_be_written_is_told_in_a_sentence(launched: Launched, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    ran = results(launched, file)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"cruncher: {file} is a file. Name a folder; it is made if there is none.\n"
    below = results(launched, file / "below")
    assert below.code == 1 and f"cruncher: {file / 'below'} can't be written: Not a directory" in below.err
    assert file.read_text() == "mine"
    assert (
        subprocess.run(launched.command_line.arguments("results", launched.study), capture_output=True).returncode == 2
    )


def test_a_study_that_is_not_there_is_told_in_a_sentence(command_line: CommandLine, tmp_path: Path) -> None:
    ran = command_line.run("results", "nowhere", str(tmp_path / "folder"))
    assert ran.code == 1
    assert f"There is no study nowhere in {REGION}." in ran.err
