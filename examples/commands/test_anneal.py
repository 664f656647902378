"""The program of the example: what its table says runs, and its seeds repeat."""

from __future__ import annotations

import csv
import shlex
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
PROGRAM = FOLDER / "bin/anneal"


def run(folder: Path, *arguments: str) -> tuple[list[dict[str, str]], str]:
    """The rows that it writes, and what it prints."""
    ran = subprocess.run([PROGRAM, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    with (folder / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file)), ran.stdout


def test_a_tour_becomes_shorter_and_its_seed_repeats_it(tmp_path: Path) -> None:
    rows, printed = run(tmp_path, "--seed", "1", "--steps", "2000")
    assert float(rows[-1]["tour_length"]) < 0.8 * float(rows[0]["tour_length"])
    assert printed.splitlines()[-1] == f"progress 1.00 tour {float(rows[-1]['tour_length']):.3f}"
    assert run(tmp_path, "--seed", "1", "--steps", "2000")[0] == rows
    assert run(tmp_path, "--seed", "2", "--steps", "2000")[0] != rows


def test_each_command_of_the_table_is_one(tmp_path: Path) -> None:
    with (FOLDER / "jobs.csv").open(newline="") as file:
        jobs = list(csv.DictReader(file))
    assert [*jobs[0]] == ["instance_type", "command"]
    for job in jobs:
        program, *arguments = shlex.split(job["command"])
        assert program == PROGRAM.name
        assert run(tmp_path, *arguments, "--steps", "20")[0]


def test_a_tour_of_three_cities_is_refused(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run(tmp_path, "--seed", "1", "--cities", "3")
