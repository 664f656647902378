"""`cruncher results --table`: what stands in the table, compared with the formulas that the results come from."""

from __future__ import annotations

import csv
import datetime
import itertools
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from attached import attach
from case_identity import case_id
from command_line import PATIENCE_SECS, CommandLine, Launched, Ran, wait_for, write_page
from footings import MODEL_DIGEST, RESPONSES, Footing, footings
from generate import Extent, Generated, generate_into
from local_cloud import LocalCloud
from odd_results import Ended, write_ended
from proxy import Proxy, proxy
from studies import documents, line_of, wait_for_end

EXTENT = Extent(
    cases=700, batches=2, levels=2, workers=3, queued=0.1, failed=0.1, without_response=0.2, end_time=1790000000.0
)
PLAIN = ["--plain-names", "--times", "seconds", "--exact-texts"]
FIELDS = ["batch", "case_id", "level", "replicate", "state", "worker", "start_time", "end_time", "duration_secs"]
NUMBERS = [f"cohesion_array[{component}]" for component in range(3)]
NUMBERS += ["depth", "friction", "layers", "permeability", "width"]


class Known(NamedTuple):
    """What a case should be."""

    footing: Footing
    batch: str
    is_done: bool

    @property
    def factors(self) -> dict[str, float]:
        """Those that are numbers."""
        parameters = dict(self.footing.parameters)
        cohesion: Any = parameters.pop("cohesion_array")
        parameters |= {f"cohesion_array[{component}]": value for component, value in enumerate(cohesion)}
        return {name: float(parameters[name]) for name in NUMBERS}  # type: ignore[arg-type]

    @property
    def responses(self) -> dict[str, float | None]:
        """None for what is missing."""
        lacks = self.footing.fate.without_response < EXTENT.without_response
        return {name: None if lacks and name == "settlement" else self.footing.responses[name] for name in RESPONSES}


KNOWN = {
    case_id(MODEL_DIGEST, footing.parameters, 0): Known(
        footing, f"footings/part-{2 * place // EXTENT.cases:02}", footing.fate.failed >= EXTENT.failed
    )
    for place, footing in enumerate(itertools.islice(footings(EXTENT.seed, EXTENT.cases), EXTENT.ended))
}
DONE = {case: known for case, known in KNOWN.items() if known.is_done}


@pytest.fixture(scope="module")
def generated(binary: Path, cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """A study with failed cases, queued ones, and missing responses."""
    folder = tmp_path_factory.mktemp("page") / "page"
    write_page(folder, "one")
    running = CommandLine(binary, cloud, folder)
    study = running.launch()
    told = generate_into(study, EXTENT)
    assert (told.done, told.failed) == (len(DONE), len(KNOWN) - len(DONE))
    yield study
    running.run("clean-up", study.study, "--delete-results", "--yes")


@pytest.fixture
def launched(command_line: CommandLine) -> Launched:
    """A fresh study."""
    return command_line.launch()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder."""
    (tmp_path / "tables").mkdir()
    return tmp_path / "tables"


def table(study: Launched, file: Path, *arguments: str) -> Ran:
    """Runs the command to its end: a CSV file has plain names and seconds, as the other files have."""
    return study.command_line.run("results", study.study, "--table", str(file), *PLAIN, *arguments)


def names(place: Path) -> list[str]:
    """Of all files."""
    return [file.name for file in place.iterdir()]


def rows_of(file: Path) -> list[dict[str, str]]:
    """The lines of a CSV file."""
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def floats(texts: list[str]) -> list[float | None]:
    """None for what is missing."""
    return [float(text) if text else None for text in texts]


def arrays(file: Path) -> dict[str, Any]:
    """The arrays of an NPZ file."""
    with np.load(file, allow_pickle=False) as found:
        return dict(found)


# ---- what is in it ----


def test_a_csv_has_every_case_that_ended_with_its_exact_values(generated: Launched, place: Path) -> None:
    file = place / "all.csv"
    ran = table(generated, file)
    failed = len(KNOWN) - len(DONE)
    size = f"{file.stat().st_size / 1000:.0f} kB"
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"{len(DONE)} done and {failed} failed cases, 7 factors, 3 responses: {file} ({size})\n"
    rows = rows_of(file)
    assert list(rows[0])[: len(FIELDS)] == FIELDS
    assert set(rows[0]) == {*FIELDS, *NUMBERS, "soil", *RESPONSES}
    assert sorted(row["case_id"] for row in rows) == sorted(KNOWN)
    for row in rows:
        known = KNOWN[row["case_id"]]
        assert (row["batch"], row["state"]) == (known.batch, "done" if known.is_done else "failed")
        assert dict(zip(NUMBERS, floats([row[name] for name in NUMBERS]), strict=True)) == known.factors
        assert row["soil"] == known.footing.parameters["soil"]
        responses = known.responses if known.is_done else dict.fromkeys(RESPONSES)
        assert dict(zip(RESPONSES, floats([row[name] for name in RESPONSES]), strict=True)) == responses
    assert {row["level"] for row in rows} == {"0", "1"}
    assert max(float(row["end_time"]) for row in rows) == pytest.approx(EXTENT.end_time, abs=5)
    assert all(float(row["duration_secs"]) > 0 and row["worker"].startswith("node0") for row in rows)


def test_a_csv_has_units_and_times_of_a_calendar_unless_it_is_to_be_plain(generated: Launched, place: Path) -> None:
    table(generated, place / "plain.csv")
    ran = generated.command_line.run("results", generated.study, "--table", str(place / "all.csv"))
    assert (ran.code, ran.err) == (0, "")
    plain, rows = rows_of(place / "plain.csv"), rows_of(place / "all.csv")
    assert {"friction [°]", "soil", "end_load"} <= set(rows[0])
    for row, other in zip(rows, plain, strict=True):
        assert row["friction [°]"] == other["friction"]
        for field in ("start_time", "end_time"):
            assert row[field].endswith("Z")
            # Six digits at most, in Python 3.10.
            seconds, fraction = row[field][:-1].split(".")
            read = datetime.datetime.fromisoformat(f"{seconds}.{fraction[:6]:0<6}+00:00")
            assert read.timestamp() == pytest.approx(float(other[field]), abs=1e-5)


def test_numpy_reads_a_csv(generated: Launched, place: Path) -> None:
    file = place / "all.csv"
    table(generated, file)
    found = np.genfromtxt(file, delimiter=",", names=True, dtype=None, encoding="utf-8", deletechars="")
    assert len(found) == len(KNOWN)
    expected = {case: known.footing.responses["end_load"] for case, known in DONE.items()}
    is_done = found["state"] == "done"
    ended = zip(found["case_id"][is_done].tolist(), found["end_load"][is_done].tolist(), strict=True)
    assert dict(ended) == expected
    assert np.isnan(found["end_load"][~is_done]).all()


def test_an_npz_has_factors_and_responses_of_the_cases_that_are_done(generated: Launched, place: Path) -> None:
    ran = table(generated, place / "all.npz")
    assert (ran.code, ran.err) == (0, "Left out: soil: it has no numbers\n")
    assert ran.out.startswith(f"{len(DONE)} done cases, 6 factors, 3 responses: ")
    found = arrays(place / "all.npz")
    assert set(found) == {"X", "Y", "X_names", "Y_names", "case_ids"}
    assert sorted(found["case_ids"]) == sorted(DONE)
    cases = [DONE[case] for case in found["case_ids"].tolist()]
    assert sorted(found["X_names"]) == sorted(NUMBERS)
    factors = [[known.factors[name] for name in found["X_names"]] for known in cases]
    responses = [[known.responses[name] for name in found["Y_names"]] for known in cases]
    assert found["X"].dtype == found["Y"].dtype == np.float64
    np.testing.assert_array_equal(found["X"], factors)
    np.testing.assert_array_equal(found["Y"], np.array(responses, dtype=float))
    lacking = sum(known.responses["settlement"] is None for known in cases)
    assert np.isnan(found["Y"]).sum() == lacking > 0


def test_responses_are_chosen_in_their_order(generated: Launched, place: Path) -> None:
    ran = table(generated, place / "some.npz", "--responses", "settlement,end_load")
    assert ran.code == 0 and ", 2 responses: " in ran.out, ran
    found = arrays(place / "some.npz")
    assert found["Y_names"].tolist() == ["settlement", "end_load"]
    loads = [DONE[case].footing.responses["end_load"] for case in found["case_ids"].tolist()]
    np.testing.assert_array_equal(found["Y"][:, 1], loads)
    assert table(generated, place / "some.csv", "--responses", "settlement,end_load").code == 0
    assert list(rows_of(place / "some.csv")[0])[-2:] == ["settlement", "end_load"]


def test_a_batch_can_be_written_alone(generated: Launched, place: Path) -> None:
    for batch, expected in [
        ("footings", KNOWN),
        ("footings/part-01", {case: known for case, known in KNOWN.items() if known.batch == "footings/part-01"}),
    ]:
        ran = table(generated, place / "batch.csv", "--batch", batch)
        assert ran.code == 0, ran.err
        assert sorted(row["case_id"] for row in rows_of(place / "batch.csv")) == sorted(expected)
        ran = table(generated, place / "batch.npz", "--batch", batch)
        assert ran.code == 0, ran.err
        assert set(arrays(place / "batch.npz")["case_ids"]) == {case for case in expected if case in DONE}


def test_a_parquet_file_is_one(generated: Launched, place: Path) -> None:
    # Its content is read back in the unit tests, by the crate that wrote it.
    file = place / "all.parquet"
    ran = table(generated, file)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{len(DONE)} done and {len(KNOWN) - len(DONE)} failed cases, 7 factors, 3 responses: ")
    content = file.read_bytes()
    assert content[:4] == content[-4:] == b"PAR1"


def test_integers_of_64_bits_have_all_of_their_digits_or_their_column_is_named(launched: Launched, place: Path) -> None:
    seeds = [4611686018427387905, 4611686018427387906, 4611686018427387907, 2**64 - 1, 7]
    write_ended(launched, [Ended({"seed": seed, "n": -seed // 2}, {"load": seed, "x": 0.5}) for seed in seeds])
    ran = table(launched, place / "all.csv")
    assert (ran.code, ran.err) == (0, "")
    rows = rows_of(place / "all.csv")
    assert [int(row["seed"]) for row in rows] == [int(row["load"]) for row in rows] == seeds
    assert [int(row["n"]) for row in rows] == [-seed // 2 for seed in seeds]
    ran = table(launched, place / "all.npz")
    rounded = "it has integers beyond 2^53, which floats don't hold; a .csv or .parquet file does"
    expected = "".join(f"Rounded: {name}: {rounded}\n" for name in ("seed", "n", "load"))
    assert (ran.code, ran.err) == (0, expected)
    found = arrays(place / "all.npz")
    assert found["X"][:, found["X_names"] == "seed"].ravel().tolist() == [float(seed) for seed in seeds]


def test_seeds_and_long_texts_go_through_a_worker_as_they_are(launched: Launched, place: Path, tmp_path: Path) -> None:
    seeds = [2**62 + 1, 2**62 + 2, 2**62 + 3, 2**64 - 1, -(2**63)]
    table_file, model = tmp_path / "seeds.csv", tmp_path / "seeds.py"
    table_file.write_text("seed\n" + "".join(f"{seed}\n" for seed in seeds))
    model.write_text('result["same"] = {{seed}}\nresult["echo"] = str({{seed}}) * 300\n')
    arguments = [str(table_file), "--model", str(model), "--batch", "seeds"]
    ran = launched.command_line.run("enqueue", launched.study, *arguments)
    assert ran.code == 0, ran
    with attach(line_of(launched)):
        wait_for_end(launched, done=len(seeds))
    ran = table(launched, place / "all.csv")
    assert (ran.code, ran.err) == (0, "")
    found = {int(row["seed"]): row for row in rows_of(place / "all.csv")}
    assert sorted(found) == sorted(seeds)
    for seed, row in found.items():
        assert (int(row["same"]), row["echo"]) == (seed, str(seed) * 300)


def test_rows_that_a_worker_is_about_to_write_are_waited_for(launched: Launched, place: Path, tmp_path: Path) -> None:
    table_file, model, end = tmp_path / "numbers.csv", tmp_path / "wait.py", tmp_path / "end"
    table_file.write_text("n\n1\n2\n3\n")
    model.write_text(
        f"import os, time\nwhile {{{{n}}}} == 3 and not os.path.exists({str(end)!r}):\n    time.sleep(0.02)\n"
        "result['double'] = 2 * {{n}}\n"
    )
    arguments = [str(table_file), "--model", str(model), "--batch", "numbers"]
    ran = launched.command_line.run("enqueue", launched.study, *arguments)
    assert ran.code == 0, ran
    with attach(line_of(launched)):
        # The second row is written 5 seconds after the first, unless the worker has nothing else to do.
        s3, deadline = launched.command_line.cloud.client("s3"), time.monotonic() + 30
        while len(documents(s3, launched.bucket, "done-")) < 2:
            assert time.monotonic() < deadline
            threading.Event().wait(0.05)
        ran = table(launched, place / "all.csv")
        end.touch()
        assert (ran.code, ran.err) == (0, "")
    assert sorted(row["double"] for row in rows_of(place / "all.csv")) == ["2", "4"]


def test_long_texts_are_whole_or_counted(launched: Launched, place: Path) -> None:
    echo = ["ä" * 90_000, "b" * 1000, "c" * 1001, "d" * 5000]
    ended = [Ended({"n": number, "note": text}, {"echo": text, "load": 1}) for number, text in enumerate(echo)]
    write_ended(launched, ended)
    # One can't be read any more, since its document is too large.
    s3 = launched.command_line.cloud.client("s3")
    s3.put_object(Bucket=launched.bucket, Key=ended[3].key, Body=b" " * (9 << 20))
    ran = table(launched, place / "all.csv")
    rows = rows_of(place / "all.csv")
    cut = "d" * 999 + "…"
    assert [row["echo"] for row in rows] == [row["note"] for row in rows] == [*echo[:3], cut]
    why = "the documents of their cases are gone, are too large, or hold another attempt's"
    assert (ran.code, ran.err) == (0, f"Cut: 2 texts, at 1,000 characters, with a … at the end: {why}\n")
    ran = table(launched, place / "some.csv", "--responses", "load")
    assert ran.err.startswith("Cut: 1 text,"), ran
    left_out = "Left out: note: it has no numbers\nLeft out: echo: it has no numbers\n"
    assert table(launched, place / "all.npz").err == left_out


def test_a_response_whose_name_has_a_comma_is_chosen(launched: Launched, place: Path) -> None:
    write_ended(launched, [Ended({"c": 1}, {"load, kN": 2, "settlement": 3, 'a "b"': 4})])
    for chosen, expected in [
        (["load, kN"], ["load, kN"]),
        (['settlement,"load, kN"'], ["settlement", "load, kN"]),
        (["load, kN", "settlement"], ["load, kN", "settlement"]),
        (['"a ""b""", settlement'], ['a "b"', "settlement"]),
    ]:
        ran = table(launched, place / "all.csv", *(word for names in chosen for word in ("--responses", names)))
        assert ran.code == 0, ran
        assert list(rows_of(place / "all.csv")[0])[len(FIELDS) + 1 :] == expected
    ran = table(launched, place / "all.csv", "--responses", "load,settlement")
    assert ran.err == 'cruncher: There is no response load. Responses: "load, kN", settlement, "a ""b""".\n', ran


# ---- where it goes ----


def test_a_file_is_replaced_as_a_whole_and_nothing_else_is_left(generated: Launched, place: Path) -> None:
    file = place / "all.csv"
    file.write_text("old\n" * 1_000_000)
    file.chmod(0o600)
    assert table(generated, file).code == 0
    assert len(rows_of(file)) == len(KNOWN)
    assert names(place) == ["all.csv"]


def test_a_file_in_the_folder_one_is_in_needs_no_path(generated: Launched, place: Path) -> None:
    running = generated.command_line
    whole = running.arguments("results", generated.study, "--table", "all.csv")
    whole[0] = str(Path(whole[0]).absolute())
    ended = subprocess.run(whole, env=running.environment(), cwd=place, capture_output=True, timeout=PATIENCE_SECS)
    assert ended.returncode == 0, ended.stderr
    assert names(place) == ["all.csv"]


def test_a_place_that_is_none_is_told_in_a_sentence(generated: Launched, place: Path) -> None:
    ran = table(generated, place / "none" / "all.csv")
    expected = f"cruncher: There is no folder {place / 'none'}. Make it, or name a file elsewhere.\n"
    assert (ran.code, ran.out, ran.err) == (1, "", expected)
    (place / "all.csv").mkdir()
    ran = table(generated, place / "all.csv")
    assert (ran.code, ran.err) == (1, f"cruncher: {place / 'all.csv'} is a folder. Name a file.\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--table", "all.xlsx"], "ends in .csv, .npz or .parquet"),
        (["--table", "all.csv", "folder"], "cannot be used with"),
        (["--table", "all.csv", "--only", "results"], "cannot be used with"),
        (["--table", "all.csv", "--bucket", "bucket"], "cannot be used with"),
        (["folder", "--responses", "load"], "cannot be used with"),
        ([], "<DIR|--table <FILE>>"),
    ],
)
def test_what_does_not_belong_together_is_wrong_usage(
    binary: Path, place: Path, arguments: list[str], expected: str
) -> None:
    command = [str(binary.absolute()), "results", "soil", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=place)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert expected in ended.stderr


# ---- what is lacking ----


def test_an_unknown_response_names_those_that_there_are(generated: Launched, place: Path) -> None:
    ran = table(generated, place / "all.npz", "--responses", "end_load,load")
    expected = "cruncher: There is no response load. Responses: end_load, settlement, drainage_days.\n"
    assert (ran.code, ran.out, ran.err) == (1, "", expected)
    assert names(place) == []


def test_without_results_there_is_no_table(launched: Launched, place: Path) -> None:
    file = place / "all.csv"
    file.write_text("old")
    study = launched.study
    ran = table(launched, file)
    nothing = f"cruncher: There are no results yet of study {study}: there are no cases of it. No table was written.\n"
    assert (ran.code, ran.out, ran.err) == (1, "", nothing)
    generate_into(launched, Extent(cases=30, queued=1.0))
    ran = table(launched, file)
    assert ran.code == 1 and "30 cases are known of it, and none is done" in ran.err
    ran = table(launched, file, "--batch", "other")
    assert ran.code == 1 and f"no results yet of batch other of study {study}: there are no cases" in ran.err
    assert file.read_text() == "old"
    assert names(place) == ["all.csv"]


def test_where_every_case_failed_there_are_no_arrays(launched: Launched, place: Path) -> None:
    generate_into(launched, Extent(cases=30, failed=1.1))
    ran = table(launched, place / "all.npz")
    assert ran.code == 1 and "30 cases have failed, and none is done" in ran.err
    ran = table(launched, place / "all.csv")
    assert ran.code == 0 and ran.out.startswith("30 failed cases, 7 factors, 0 responses: "), ran
    assert len(rows_of(place / "all.csv")) == 30


def segments(study: Launched) -> list[str]:
    """The keys of all segments."""
    s3 = study.command_line.cloud.client("s3")
    listed = s3.list_objects_v2(Bucket=study.bucket, Prefix="workers/")["Contents"]
    return [entry["Key"] for entry in listed if "/segment-" in entry["Key"]]


def test_rows_that_can_not_be_read_are_named_and_the_table_is_written(launched: Launched, place: Path) -> None:
    told: Generated = generate_into(launched, Extent(cases=300, workers=2, failed=0.0))
    s3, key = launched.command_line.cloud.client("s3"), segments(launched)[0]
    body = s3.get_object(Bucket=launched.bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=launched.bucket, Key=key, Body=b'{"no": "row"}\n' + body)
    heartbeat = f"{key.rsplit('/', 1)[0]}/heartbeat.json"
    s3.put_object(Bucket=launched.bucket, Key=heartbeat, Body=b"no heartbeat")
    file = place / "all.csv"
    ran = table(launched, file)
    assert (ran.code, len(rows_of(file))) == (1, told.done)
    assert ran.out.startswith("300 done cases, 7 factors, 3 responses: ")
    assert ran.err == (
        f"Not read: {key}: 1 of its rows are no rows of a segment\n"
        f"cruncher: {file} is not complete. The same command tries it again.\n"
    )


def test_where_no_row_can_be_read_there_is_no_table_and_it_is_said_why(launched: Launched, place: Path) -> None:
    generate_into(launched, Extent(cases=30, workers=1, failed=0.0, without_document=1.0))
    s3, (key,) = launched.command_line.cloud.client("s3"), segments(launched)
    s3.put_object(Bucket=launched.bucket, Key=key, Body=b"no row\n")
    ran = table(launched, place / "all.csv")
    assert (ran.code, ran.out) == (1, "")
    assert f"Not read: {key}: 1 of its rows are no rows of a segment\n" in ran.err
    assert f"There are no results yet of study {launched.study}: 30 cases are known of it" in ran.err
    assert names(place) == []


def test_cases_without_a_row_are_in_the_table(launched: Launched, place: Path) -> None:
    told = generate_into(launched, Extent(cases=200, without_row=0.1, end_time=time.time() - 600))
    file = place / "all.csv"
    ran = table(launched, file)
    assert (ran.code, ran.err) == (0, "")
    assert len(rows_of(file)) == told.done + told.failed


def test_a_young_result_whose_row_may_still_come_is_counted(launched: Launched, place: Path) -> None:
    told = generate_into(launched, Extent(cases=200, without_row=0.1))
    file = place / "all.csv"
    ran = table(launched, file)
    lacking = told.done + told.failed - len(rows_of(file))
    assert lacking > 0
    assert ran.code == 1
    assert f"Lacking: {lacking} cases that ended, of which no row could be read\n" in ran.err


# ---- ended from outside ----


@pytest.fixture
def slow(generated: Launched) -> Iterator[Proxy]:
    """A proxy between the command line and its cloud, in which every answer takes a while."""
    with proxy(generated.command_line.cloud) as running:
        running.delay_secs = 0.5
        yield running


def test_ctrl_c_leaves_what_was_there(generated: Launched, slow: Proxy, place: Path) -> None:
    file = place / "all.csv"
    file.write_text("old")
    running = generated.command_line
    whole = running.arguments("results", generated.study, "--table", str(file))
    reading = subprocess.Popen(
        [slow.url if part == running.cloud.endpoint_url else part for part in whole],
        env=running.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: slow.requests > 0)
    reading.send_signal(signal.SIGINT)
    out, err = reading.communicate(timeout=PATIENCE_SECS)
    assert (reading.returncode, out) == (130, "")
    assert err == f"cruncher: Interrupted: {file} was not written.\n"
    assert file.read_text() == "old"
    assert names(place) == ["all.csv"]
