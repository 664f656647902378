"""The command line as Windows has it, by Wine: what it does with a study is what it does here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from attached import attach
from command_line import CommandLine
from local_cloud import REPOSITORY
from studies import line_of, wait_for_end
from windows import windows_program

DESIGN = REPOSITORY / "examples" / "harbour_wave" / "study.json"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The program."""
    with windows_program(tmp_path_factory.mktemp("windows")) as made:
        yield made


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, by its path there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_study_is_computed_that_windows_has_sent(program: Path, command_line: CommandLine, tmp_path: Path) -> None:
    launched = command_line.launch()
    windows = CommandLine(program, command_line.cloud, command_line.page)
    table = command_line.run("design", str(DESIGN), "--csv", "-").out
    assert windows.run("design", str(DESIGN), "--csv", "-").out == table and len(table.splitlines()) == 9
    ran = windows.run("enqueue", launched.study, str(DESIGN), "--yes")
    assert ran.code == 0 and "Sent 8 cases" in ran.out, ran.err
    with attach(line_of(launched)):
        wait_for_end(launched, done=8)
    told = windows.run("status", launched.study, "--json").json()
    assert told["cases"]["done"] == 8
    ids = {line.split(",")[0] for line in table.splitlines()[1:]}
    for one, folder in (command_line, tmp_path / "here"), (windows, tmp_path / "there"):
        ran = one.run("results", launched.study, str(folder))
        assert ran.code == 0, ran.err
    here, there = files_of(tmp_path / "here"), files_of(tmp_path / "there")
    assert here == there and {path for path in here if "done-" in path} != set()
    assert all(any(case in path for path in there) for case in ids)
    ran = windows.run("results", launched.study, "--table", str(tmp_path / "table.csv"))
    assert ran.code == 0, ran.err
    assert len((tmp_path / "table.csv").read_text().splitlines()) == 9
    ran = windows.run("status", "no-such-study")
    assert ran.code == 1 and "no-such-study" in ran.err
