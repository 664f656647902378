"""Points by script: `get_points()` of a user's file becomes a table like one that somebody brings."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import runpy
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import PATIENCE_SECS, CommandLine, Ran
from local_cloud import REPOSITORY
from studies import drain, table_of

PROGRAM = REPOSITORY / "crates/study/src/points_script/points_table.py"


def table(folder: Path, script: str) -> Any:
    """What the program writes of a script: a table, or a failure."""
    path, into = folder / "points.py", folder / "table.json"
    path.write_text(script)
    subprocess.run([sys.executable, PROGRAM, path, into], timeout=PATIENCE_SECS, capture_output=True)
    return json.loads(into.read_text())


def design(command_line: CommandLine, *arguments: str | Path) -> Ran:
    """`cruncher design`, by this Python."""
    return command_line.run("design", *map(str, arguments), "--python", sys.executable)


# Each returns the same two points.
ALIKE = {
    "objects": "return [{'a': 0.5, 'b': 1}, {'b': 2, 'a': 0.25}]",
    "tuples with names": (
        "import collections\n    P = collections.namedtuple('P', 'a b')\n    return [P(0.5, 1), P(0.25, 2)]"
    ),
    "lists, named beside": "return [[0.5, 1], [0.25, 2]]\nnames = ['a', 'b']",
    "names as a text": "return ((0.5, 1), (0.25, 2))\nnames = 'a, b'",
    "an object of lists": "return {'a': [0.5, 0.25], 'b': range(1, 3)}",
    "a generator": "yield {'a': 0.5, 'b': 1}\n    yield {'a': 0.25, 'b': 2}",
    "NumPy's records": "import numpy\n    return numpy.array([(0.5, 1), (0.25, 2)], dtype=[('a', 'f4'), ('b', 'u8')])",
    "NumPy's scalars": "import numpy\n    return [{'a': numpy.float32(0.5), 'b': numpy.int8(1)}, dict(a=0.25, b=2)]",
    "a table of pandas": "import pandas\n    return pandas.DataFrame({'a': [0.5, 0.25], 'b': [1, 2]})",
}


@pytest.mark.parametrize("kind", ALIKE)
def test_points_are_the_same_however_they_are_returned(tmp_path: Path, kind: str) -> None:
    found = table(tmp_path, f"def get_points():\n    {ALIKE[kind]}\n")
    assert found == {"columns": ["a", "b"], "rows": [[0.5, 1], [0.25, 2]], "unnamed": False}
    assert [type(value) for value in found["rows"][0]] == [float, int]


REFUSED = {
    "def get_point():\n    return []": "there is no function get_points() in points.py",
    "def get_points():\n    [[1]]": "get_points() returned nothing: it has to end with `return`, and a list of points",
    "def get_points():\n    return []": "get_points() returned no points",
    "def get_points():\n    return 'abc'": "get_points() returned a text, and no list of points",
    "def get_points():\n    return 3": "get_points() returned an object of the kind int, and no list of points",
    "def get_points():\n    return [{'a': 1}, {'b': 1}]": "point 2 has the names `b`, and not `a`",
    "names = ['a']\ndef get_points():\n    return [[1, 2]]": "point 1 has 2 values, and there are 1 names",
    "def get_points():\n    return [{'a': float('inf')}]": "point 1: `a` is inf, and no number",
    "def get_points():\n    return [{'a': None}]": "point 1: `a` is a missing value: a number, a text",
    "def get_points():\n    return [{'a': 2**64}]": "point 1: `a` is a whole number of more than 64 bits",
    "def get_points():\n    return [{'a': 1j}]": "point 1: `a` is an object of the kind complex: a number, a text",
    "def get_points():\n    return [{'a': []}]": "point 1: `a` is an empty list",
    "def get_points():\n    return {'a': [1], 'b': [1, 2]}": "the lists of `a`, `b` aren't equally long",
    "import itertools\ndef get_points():\n    return ({'a': n} for n in itertools.count())": "more than 1,000,000",
}


@pytest.mark.parametrize("script", REFUSED)
def test_what_is_no_table_is_refused_in_words(tmp_path: Path, script: str) -> None:
    found = table(tmp_path, script)
    assert REFUSED[script] in found["reason"] and found["traceback"] is None


def test_an_exception_of_the_script_comes_with_its_own_traceback(tmp_path: Path) -> None:
    found = table(tmp_path, "def get_points():\n    return mesh()\ndef mesh():\n    raise ValueError('bad mesh')\n")
    assert found["reason"] == "ValueError: bad mesh"
    lines = re.findall(r'File "(.+)", line (\d+)', found["traceback"])
    assert lines == [(str(tmp_path / "points.py"), "2"), (str(tmp_path / "points.py"), "4")]
    assert "SyntaxError" in table(tmp_path, "def get_points(:\n")["reason"]
    assert table(tmp_path, "raise SystemExit('enough')")["reason"] == "SystemExit: enough"


def test_a_script_of_materials_cloud_compute_works_as_it_is(command_line: CommandLine, tmp_path: Path) -> None:
    # The form of its README: lists without names, computed by meshgrid and flattened.
    (tmp_path / "points.py").write_text(
        "import numpy as np\ndef get_points():\n    "
        "x, y = np.meshgrid(np.arange(0, 0.3, 0.1), np.arange(0, 0.051, 0.025))\n"
        "    return [[item for item in pair] for pair in zip(x.flatten(), y.flatten())]\n"
        "if __name__ == '__main__':\n    raise SystemExit('only imported')\n"
    )
    ran = design(command_line, "--points", tmp_path / "points.py", "--csv", "-")
    assert ran.code == 0, ran.err
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert len(rows) == 9 and rows[2]["point[0]"] == "0.2" and rows[3]["point[1]"] == "0.025"
    assert "The points have no names, so each is the vector of 2 `point`" in ran.err


def test_points_arrive_in_the_queue_exactly(command_line: CommandLine, tmp_path: Path) -> None:
    launched = command_line.launch()
    values = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.0]
    (tmp_path / "points.py").write_text(
        f"def get_points():\n    return [dict(x=x, n=2**64 - 1 - n) for n, x in enumerate({values!r})]\n"
    )
    (tmp_path / "model.py").write_text("result['y'] = {{x}} + {{n}}\n")
    arguments = ("--model", str(tmp_path / "model.py"), "--batch", "mesh", "--yes", "--python", sys.executable)
    ran = command_line.run("enqueue", launched.study, "--points", str(tmp_path / "points.py"), *arguments)
    assert ran.code == 0, ran.err
    sent = sorted((message["parameters"]["n"], repr(message["parameters"]["x"])) for message in drain(launched))
    assert sent == sorted((2**64 - 1 - n, repr(x)) for n, x in enumerate(values))
    assert len(table_of(launched, "mesh")) == 4


def test_a_script_reads_what_lies_beside_it_and_what_it_prints_is_no_table(
    command_line: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "mesh.py").write_text("SIZES = [1.5, 2.5]\n")
    (tmp_path / "points.py").write_text(
        "import mesh, sys\ndef get_points():\n    print('x' * 100000)\n    print('two sizes', file=sys.stderr)\n"
        "    return [{'size': size} for size in mesh.SIZES]\n"
    )
    ran = design(command_line, "--points", tmp_path / "points.py", "--csv", "-")
    assert ran.code == 0 and ran.out.split() == ["level,replicate,size", "0,0,1.5", "0,0,2.5"], ran.err
    assert "points.py printed:" in ran.err and "two sizes" in ran.err and len(ran.err) < 20000


def test_wrong_scripts_end_with_words(command_line: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "points.py"
    path.write_text("def get_points():\n    raise ValueError('bad mesh')\n")
    ran = design(command_line, "--points", path)
    assert ran.code == 1 and f"{path} gave no points: ValueError: bad mesh.\nTraceback" in ran.err
    path.write_text("import os\ndef get_points():\n    os._exit(3)\n")
    assert "gave no points: it ended with exit status: 3." in design(command_line, "--points", path).err
    path.write_text("import time\ndef get_points():\n    time.sleep(1000)\n")
    ran = design(command_line, "--points", path, "--points-time-limit", "1")
    assert ran.code == 1 and "get_points() went on after 1 s, and was ended" in ran.err
    assert "There is no script" in design(command_line, "--points", tmp_path / "none.py").err
    ran = command_line.run("design", "--points", str(path), "--python", "no-such-python")
    assert "no-such-python can't be started" in ran.err and "--python" in ran.err
    assert design(command_line, "--points", path, "cases.csv").code == 2


def test_ctrl_c_ends_the_script_with_all_that_it_has_started(command_line: CommandLine, tmp_path: Path) -> None:
    end, said = os.pipe()
    (tmp_path / "points.py").write_text(
        "import os, subprocess, sys\ndef get_points():\n"
        f"    os.write({said}, b'begun')\n"
        f"    subprocess.call([sys.executable, '-c', 'import time; time.sleep(1000)'], pass_fds=[{said}])\n"
    )
    # The script and its child hold the end of a pipe open: it ends with the last of them.
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    wrapper.chmod(0o755)
    arguments = ["design", "--points", str(tmp_path / "points.py"), "--python", str(wrapper)]
    command = command_line.arguments(*arguments)
    with subprocess.Popen(
        command, env=command_line.environment(), stderr=subprocess.PIPE, pass_fds=[said], text=True
    ) as running:
        os.close(said)
        assert os.read(end, 5) == b"begun"
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=PATIENCE_SECS)
        assert running.returncode == 130 and "Interrupted" in err
        assert os.read(end, 1) == b""
    os.close(end)


def test_the_program_is_also_a_module(tmp_path: Path) -> None:
    # The page has it run as a part of a model.
    names = runpy.run_path(str(PROGRAM))
    assert names["table_of"]([[1, 2]], ["a", "b"]) == {"columns": ["a", "b"], "rows": [[1, 2]], "unnamed": False}
