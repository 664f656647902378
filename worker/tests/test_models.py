"""What becomes of a model: executed in this process, without a cloud."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import sys
import threading
import time
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attach
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.any_values import ANYTHING

CASE = attach.Case(
    "9f86d081884c7d659a2feaa0c55ad015", "p/level-03", 3, 7, "00f1e2d3c4b5a697",
    "models/" + "0" * 64 + "/model.py", "python", {}, False, None, 3,
)  # fmt: skip


class Bench:
    """Executes models."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.console = io.StringIO()
        self.host = attach.Host()
        self.journal = attach.Journal(self.console, "cruncher")
        clock = attach.Clock(time.time)
        self.report = attach.Report(attach.Identity(self.host), clock, self.journal, 120)
        self.interrupts = attach.Interrupts()
        self.surroundings = attach.Surroundings(self.interrupts)
        self.attempt: Any = None

    def execute(self, model: str | bytes, **fields: Any) -> attach.Outcome:
        """The outcome of a model with these fields in its case."""
        with attach.scratch_folder() as folder:
            self.folder = Path(folder)
            return self.execute_in(folder, model, **fields)

    def execute_in(self, folder: str, model: str | bytes, **fields: Any) -> attach.Outcome:
        """The same in this folder."""
        message = attach.Message("m", "r", "", 2)
        self.attempt = attach.Attempt(CASE._replace(**fields), attach.Lease(message), 2, time.time())
        content = model.encode() if isinstance(model, str) else model
        return attach.execute(self.attempt, content, folder, self.host, self.surroundings, self.report, self.journal)

    def result(self, model: str, **fields: Any) -> Any:
        """The result of a model that succeeds."""
        outcome = self.execute(model, **fields)
        assert outcome.failure is None, outcome.failure
        return outcome.result

    def failure(self, model: str | bytes, **fields: Any) -> attach.Failure:
        """The failure of one that doesn't."""
        outcome = self.execute(model, **fields)
        assert outcome.failure is not None
        return outcome.failure

    def command(self, text: str, name: str = "model.sh", **fields: Any) -> attach.Outcome:
        """The outcome of a command."""
        return self.execute(text, kind="command", model_key="models/" + "0" * 64 + "/" + name, **fields)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A bench, and a check that nothing of this process has changed."""
    before = Path.cwd(), list(sys.argv), list(sys.path), sys.stdout, sys.stderr, sys.modules["__main__"]
    made = Bench(tmp_path)
    yield made
    made.surroundings.close()
    assert before == (Path.cwd(), sys.argv, sys.path, sys.stdout, sys.stderr, sys.modules["__main__"])
    assert not made.folder.exists() or made.folder == tmp_path
    assert not [one for one in threading.enumerate() if one.name == "cruncher-time-limit" and _lives_on(one)]


def _lives_on(thread: threading.Thread) -> bool:
    thread.join(5)
    return thread.is_alive()


def test_a_model_finds_its_names(bench: Bench) -> None:
    model = "import sys\nresult.update(case, name=__name__, parameter=parameters['a'], argv=sys.argv)"
    assert bench.result(model, parameters={"a": 1.5}) == {
        "case_id": CASE.case_id, "batch": "p/level-03", "level": 3, "replicate": 7, "attempt": 2,
        "name": "__main__", "parameter": 1.5, "argv": ["model.py"],
    }  # fmt: skip


def test_a_model_works_in_a_scratch_folder_of_its_own(bench: Bench) -> None:
    model = "import os\nopen('x', 'w').close()\nresult['here'] = sorted(os.listdir('.'))\nresult['cwd'] = os.getcwd()"
    result = bench.result(model)
    assert result["here"] == ["cruncher_spawned.py", "model.py", "outputs", "x"] and not Path(result["cwd"]).exists()


def test_each_case_gets_a_fresh_namespace(bench: Bench) -> None:
    bench.result("leftover = 1\nresult['a'] = 1")
    assert bench.result("result['has'] = 'leftover' in globals()") == {"has": False}


def test_classes_of_a_model_can_be_pickled_and_its_functions_see_its_globals(bench: Bench) -> None:
    model = "import pickle\nclass C:\n    pass\ndef f():\n    return scale\nscale = 3\n"
    model += "result['a'] = type(pickle.loads(pickle.dumps(C()))) is C\nresult['b'] = f()"
    assert bench.result(model) == {"a": True, "b": 3}


def test_output_is_captured_and_still_shown(bench: Bench) -> None:
    model = "import sys\nprint('out ö')\nprint('err', file=sys.stderr)\nsys.stdout.buffer.write(b'raw\\n')"
    outcome = bench.execute(model)
    assert outcome.log == "out ö\nerr\nraw\n" and bench.console.getvalue() == "out ö\nerr\nraw\n"


def test_only_the_end_of_a_long_output_is_kept(bench: Bench) -> None:
    outcome = bench.execute("for i in range(100000):\n    print('é', i)")
    assert outcome.log.endswith("é 99999\n") and len(outcome.log.encode()) <= attach.OUTPUT_BYTES
    assert "\ufffd" not in outcome.log


def test_a_closed_console_stops_no_case(bench: Bench) -> None:
    bench.console.close()
    assert bench.execute("print('x')\nresult['a'] = 1").log == "x\n"


def test_a_parameter_that_nobody_uses_is_a_warning(bench: Bench) -> None:
    fields = {"parameters": {"a": 1, "b": 2, "c": 3}}
    model = "x = {{a}}; y = parameters['b']"
    assert bench.execute(model, **fields).warnings == ["parameter c is used by no placeholder"]
    for reading in ("dict(parameters)", "parameters.items()", "{**parameters}", "list(parameters)"):
        assert bench.execute(f"x = {reading}", **fields).warnings == [], reading


def test_a_missing_parameter_fails_the_case_and_is_named_with_its_line(bench: Bench) -> None:
    failure = bench.failure("x = 1\ny = {{depth}}")
    assert failure.exception == "MissingParameter"
    assert failure.message == "placeholder {{depth}} in line 2 has no parameter"


def test_a_negative_number_means_in_code_what_a_variable_means(bench: Bench) -> None:
    model = "y = {{x}}\nresult['same'] = {{x}}**2 == y**2 and -{{x}}**2 == -y**2 and {{x}}.is_integer() is False\n"
    model += "result['text'] = 'move {{x}}**2'  # {{x}}**2"
    assert bench.result(model, parameters={"x": -1.2}) == {"same": True, "text": "move -1.2**2"}


def test_an_element_of_a_vector_is_put_in(bench: Bench) -> None:
    parameters = {"c": [1.5, -2.5]}
    assert bench.result("result['top'] = {{c[0]}} + {{ c[1] }}**2", parameters=parameters) == {"top": 7.75}
    failure = bench.failure("x = 1\ny = {{c[2]}}", parameters=parameters)
    assert failure.exception == "WrongIndex"
    assert failure.message == "placeholder {{c[2]}} in line 2: c has 2 components, counted from 0"
    assert bench.failure("{{x[0]}}", parameters={"x": 1}).message == "placeholder {{x[0]}} in line 1: x is no vector"


def test_a_result_of_one_element_and_a_date_are_what_they_mean(bench: Bench) -> None:
    model = "import numpy as np\nresult['peak'] = np.array([2.5])\nresult['at'] = np.datetime64('2024-01-02T00:00')"
    outcome = bench.execute(model)
    assert outcome.result == {"peak": 2.5, "at": "2024-01-02T00:00:00"}
    assert outcome.warnings == ["peak is an array of one element and was written as that element"]


def test_a_traceback_shows_the_models_own_lines_and_not_the_workers(bench: Bench) -> None:
    failure = bench.failure("def f(x):\n    return 1 / x\n\nf({{a}})", parameters={"a": 0})
    assert failure.traceback == (
        "Traceback (most recent call last):\n"
        '  File "model.py", line 4, in <module>\n    f(0)\n'
        '  File "model.py", line 2, in f\n    return 1 / x\n'
        + ("           ~~^~~\n" if sys.version_info >= (3, 11) else "")
        + "ZeroDivisionError: division by zero\n"
    )
    frames = [("<module>", "f({{a}})"), ("f", "return 1 / x")]
    assert failure.signature == attach.signature("ZeroDivisionError", "division by zero", frames)


@pytest.mark.parametrize(
    "model",
    [
        "raise ValueError('at step %9.2f' % {{t}})",
        "import os\nopen(os.path.abspath('mesh.inp'))",
        "import tempfile\nopen(tempfile.mkdtemp() + '/mesh.inp')",
        "import uuid\nraise KeyError(str(uuid.uuid4()))",
        "import time\nraise ValueError(time.ctime({{t}}))",
    ],
)
def test_the_same_failure_has_the_same_signature_in_each_run(bench: Bench, model: str) -> None:
    failures = [bench.failure(model, parameters={"t": time}) for time in (0.0, 1.7e9, 1.75e9)]
    assert len({failure.message for failure in failures}) == 3
    assert len({failure.signature for failure in failures}) == 1


def test_failures_of_different_files_have_different_signatures(bench: Bench) -> None:
    failures = [bench.failure("open({{name}})", parameters={"name": name}) for name in ("mesh", "load")]
    assert len({failure.signature for failure in failures}) == 2


@pytest.mark.parametrize(
    ("model", "exception"),
    [
        ("raise MemoryError", "MemoryError"),
        ("def f():\n    f()\nf()", "RecursionError"),
        ("import sys\nsys.exit(3)", "SystemExit"),
        ("import sys\nsys.exit('no mesh')", "SystemExit"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("x = ", "SyntaxError"),
        ("x = '\\0'.no", "AttributeError"),
        ("result = [1]", "UnusableResult"),
        ("result['a'] = {1}", "UnusableResult"),
        ("import os, shutil\nshutil.rmtree(os.getcwd())\nraise ValueError", "ValueError"),
        ("class E(Exception):\n    def __str__(self):\n        raise ValueError\nraise E", "E"),
        ("import sys\nsys.stdout = None\nprint('x')\nraise KeyError('k')", "KeyError"),
        ("raise ExceptionGroup('g', [ValueError()])", "ExceptionGroup"),
    ],
)
def test_whatever_a_model_raises_is_a_failure_of_its_case(bench: Bench, model: str, exception: str) -> None:
    if exception == "ExceptionGroup" and sys.version_info < (3, 11):
        pytest.skip("newer than this Python")
    assert bench.failure(model).exception == exception


@pytest.mark.parametrize("ending", ["sys.exit()", "sys.exit(0)", "sys.exit(None)"])
def test_a_model_may_exit_without_an_error(bench: Bench, ending: str) -> None:
    assert bench.result(f"import sys\nresult['a'] = 1\n{ending}") == {"a": 1}


def test_a_fork_that_a_model_forgets_does_not_become_a_second_worker(bench: Bench, tmp_path: Path) -> None:
    model = "import os\npid = os.fork()\nresult['ended_with'] = os.waitpid(pid, 0)[1] if pid else 'not at all'"
    assert bench.result(model) == {"ended_with": 0}


def test_ctrl_c_in_a_model_is_its_users(bench: Bench) -> None:
    with pytest.raises(KeyboardInterrupt):
        bench.execute("raise KeyboardInterrupt")


def test_a_model_that_is_no_text_fails(bench: Bench) -> None:
    assert bench.failure(b"\xff\xfe").exception == "ModelNotFound"


def test_a_byte_order_mark_is_no_part_of_the_model(bench: Bench) -> None:
    assert bench.execute(b"\xef\xbb\xbfresult['a'] = 1").result == {"a": 1}


@pytest.mark.parametrize(
    "model",
    [
        "while True:\n    pass",
        "while True:\n    try:\n        while True:\n            pass\n    except Exception:\n        pass",
        "import time\ntime.sleep(60)",
        "import threading\nthreading.Event().wait(60)",
        "import subprocess\nsubprocess.call(['sleep', '60'])",
    ],
)
def test_the_time_limit_ends_a_model(bench: Bench, model: str) -> None:
    began = time.monotonic()
    failure = bench.failure(model, time_limit_secs=0.2)
    assert (failure.exception, failure.message) == ("TimeLimitExceeded", "the time limit of 0.2 s was exceeded")
    assert time.monotonic() - began < 5
    assert 'model.py", line' in failure.traceback


def test_a_model_that_catches_everything_is_ended_at_the_second_try(bench: Bench) -> None:
    model = "try:\n    while True:\n        pass\nexcept BaseException:\n    pass\nwhile True:\n    pass"
    assert bench.failure(model, time_limit_secs=0.2).exception == "TimeLimitExceeded"


def test_a_time_limit_that_was_kept_leaves_nothing_behind(bench: Bench) -> None:
    before = signal.getsignal(signal.SIGALRM)
    for _ in range(200):
        bench.execute("import time\ntime.sleep(0.001)", time_limit_secs=0.0012)
    assert signal.getsignal(signal.SIGALRM) == before
    assert bench.result("result['a'] = 1", time_limit_secs=1e9) == {"a": 1}


def test_progress_is_kept_between_0_and_1(bench: Bench) -> None:
    told_and_kept = ("0.25, 'a'", (0.25, "a")), ("7", (1.0, None)), ("-1", (0.0, None)), ("float('nan')", (None, None))
    for told, kept in told_and_kept:
        bench.execute(f"progress({told})")
        assert (bench.attempt.progress, bench.attempt.progress_text) == kept


class TestCommands:
    """The kind `command`."""

    def test_it_reads_its_parameters_and_leaves_a_result(self, bench: Bench) -> None:
        text = "echo depth {{depth}}; cat parameters.json > result.json; echo trouble >&2"
        outcome = bench.command(text, parameters={"depth": 1.5, "soil": "clay"})
        assert outcome.failure is None and outcome.result == {"depth": 1.5, "soil": "clay"}
        assert outcome.log == "depth 1.5\ntrouble\n" and outcome.warnings == []

    def test_a_python_file_is_executed_by_this_python(self, bench: Bench) -> None:
        text = "import json, sys\njson.dump({'exe': sys.executable, 'a': {{a}}}, open('result.json', 'w'))"
        assert bench.command(text, "run.py", parameters={"a": 1}).result == {"exe": sys.executable, "a": 1}

    def test_only_a_command_in_python_is_read_as_python(self, bench: Bench) -> None:
        parameters = {"x": -1.2, "c": [1, -2]}
        text = "import json\njson.dump({'a': {{x}}**2, 'b': {{c[1]}}**2}, open('result.json', 'w'))"
        assert bench.command(text, "run.py", parameters=parameters).result == {"a": 1.44, "b": 4}
        outcome = bench.command("echo '{{x}}**2 {{c[1]}}**2'", parameters=parameters)
        assert outcome.log == "-1.2**2 -2**2\n"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
    def test_its_result_may_be_in_any_encoding_of_json(self, bench: Bench, encoding: str) -> None:
        text = f"open('result.json', 'wb').write('{{\"load\": 12.5, \"soil\": \"Töpfer\"}}'.encode('{encoding}'))"
        outcome = bench.command(text, "run.py")
        assert outcome.failure is None and outcome.result == {"load": 12.5, "soil": "Töpfer"}

    @pytest.mark.parametrize(
        ("first_line", "asked"),
        [
            ("#!/bin/bash", "bash"), ("#!/usr/bin/env bash", "bash"), ("#! /usr/bin/env -S bash -u", "bash"),
            ("#!/nowhere/bin/bash", "bash"), ("#!/bin/sh", "sh"), ("# no first line of its own", "sh"),
        ],
    )  # fmt: skip
    def test_the_first_line_of_a_script_names_its_interpreter(self, bench: Bench, first_line: str, asked: str) -> None:
        text = first_line + '\ncat /proc/$$/comm; echo {{a}} "$0"'
        assert bench.command(text, parameters={"a": 1}).log == f"{asked}\n1 ./model.sh\n"

    def test_a_script_may_have_been_saved_on_windows(self, bench: Bench) -> None:
        text = "#!/bin/sh\r\nset -e\r\nmkdir -p out\r\necho '{\"load\": {{a}}}' > result.json\r\n"
        assert bench.command(text, parameters={"a": 1.5}).result == {"load": 1.5}
        mixed = "printf 'a\r\nb' | od -An -c\n"
        assert bench.command(mixed).log.split() == ["a", "\\r", "\\n", "b"]

    def test_an_interpreter_that_is_not_there_is_named(self, bench: Bench) -> None:
        outcome = bench.command("#!/usr/bin/env octopus\nswim", "run")
        assert outcome.failure is not None and outcome.failure.exception == "CommandFailed"
        words = "run asks in its first line for octopus, which this computer doesn't have"
        assert outcome.failure.message == words

    def test_without_a_result_file_the_result_is_empty(self, bench: Bench) -> None:
        outcome = bench.command("true", parameters={"a": 1})
        assert outcome.result == {} and outcome.warnings == ["parameter a is used by no placeholder"]

    @pytest.mark.parametrize(
        ("text", "name", "message"),
        [
            ("echo so far; exit 3", "run.sh", "run.sh ended with exit code 3"),
            ("kill -9 $$", "run.sh", "run.sh ended with exit code -9"),
            ("echo '{' > result.json", "run.sh", "result.json is no JSON"),
            ("echo '[1]' > result.json", "run.sh", "result is of type list; it must be a dict"),
            ("", "run.bat", "run.bat can only be executed by Windows"),
        ],
    )
    def test_a_failure_says_what_happened(self, bench: Bench, text: str, name: str, message: str) -> None:
        outcome = bench.command(text, name)
        assert outcome.failure is not None and message in outcome.failure.message
        assert "attach.py" not in outcome.failure.traceback

    def test_the_time_limit_ends_it_with_all_that_it_has_started(self, bench: Bench, tmp_path: Path) -> None:
        text = f"sleep 600 & echo $! > {tmp_path}/pid; sleep 600"
        outcome = bench.command(text, time_limit_secs=0.3)
        assert outcome.failure is not None and outcome.failure.exception == "TimeLimitExceeded"
        pid = int((tmp_path / "pid").read_text())
        deadline = time.monotonic() + 5
        while _is_running(pid):
            assert time.monotonic() < deadline

    def test_what_it_leaves_running_is_ended_as_well(self, bench: Bench, tmp_path: Path) -> None:
        outcome = bench.command(f"sleep 600 & echo $! > {tmp_path}/pid")
        assert outcome.failure is None
        deadline = time.monotonic() + 5
        while _is_running(int((tmp_path / "pid").read_text())):
            assert time.monotonic() < deadline


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class TestInputs:
    """What a model may do with `parameters`."""

    def test_they_are_a_copy_and_what_was_sent_is_recorded(self, bench: Bench) -> None:
        sent = {"steps": [0, 4], "a": 1.5}
        model = "parameters['steps'][0] = object()\nparameters['a'] = float('nan')\nresult['n'] = {{steps}}[1]"
        assert bench.result(model, parameters=sent) == {"n": 4}
        assert sent == {"steps": [0, 4], "a": 1.5}
        assert json.loads(attach.to_json(bench.attempt.row("done")))["parameters"] == sent

    def test_they_are_a_dict_to_every_encoder(self, bench: Bench) -> None:
        model = (
            "import copy, json, pickle\nresult['type'] = type(parameters) is dict\n"
            "result['copies'] = [json.loads(json.dumps(parameters)), pickle.loads(pickle.dumps(parameters)),\n"
            "                    copy.deepcopy(parameters)]"
        )
        assert bench.result(model, parameters={"a": 1.5}) == {"type": True, "copies": [{"a": 1.5}] * 3}

    def test_they_may_be_written_as_yaml_and_handed_to_other_processes(self, bench: Bench) -> None:
        model = (
            "import functools, multiprocessing\n"
            "try:\n    import yaml\n    result['yaml'] = yaml.safe_load(yaml.safe_dump(parameters)) == parameters\n"
            "except ImportError:\n    result['yaml'] = True\n"
            "def slip(settings, angle):\n    return settings['cohesion'] * angle\n"
            "with multiprocessing.get_context('fork').Pool(1) as pool:\n"
            "    result['loads'] = pool.map(functools.partial(slip, parameters), [1.0, 2.0])"
        )
        parameters = {"cohesion": 10.0, "widths": [1.5, 2.0]}
        assert bench.result(model, parameters=parameters) == {"yaml": True, "loads": [10.0, 20.0]}

    @pytest.mark.parametrize(
        ("model", "unused"),
        [
            ("x = {{a}}", ["b"]),
            ("x = {{a}} + parameters['b']", []),
            ("x = parameters.get('b', 1)", ["a"]),
            ("x = parameters.pop('b')", ["a"]),
            ("'''What the parameters mean.'''\nx = {{a}}", ["b"]),
            ("parameters = {'b': 1}\nx = {{a}}", ["b"]),
            ("name = 'b'\nx = {{a}} + parameters[name]", []),
            ("x = {{a}}, f'{parameters}'", []),
            ("def f(p):\n    return p['b']\nx = {{a}} + f(parameters)", []),
            ("for name in parameters:\n    pass", []),
            ("globals().update(parameters)", []),
            ("x = {{a}} + globals()['parameters']['b']", []),
            ("x = {{a}} + eval(\"parameters['b']\")", []),
            ("import __main__ as m\nx = {{a}} + getattr(m, 'parameters')['b']", []),
            ("import sys\nx = {{a}} + sys.modules['__main__'].parameters['b']", []),
            ("x = {{a}}\nif 'b' in parameters:\n    pass", []),
        ],
    )
    def test_only_what_is_surely_unused_is_a_warning(self, bench: Bench, model: str, unused: list[str]) -> None:
        outcome = bench.execute(model, parameters={"a": 1, "b": 2})
        assert outcome.failure is None, outcome.failure
        assert outcome.warnings == [f"parameter {name} is used by no placeholder" for name in unused]


class TestTheFileOfAModel:
    """It is executed from a real file."""

    def test_it_knows_its_file_and_its_source(self, bench: Bench) -> None:
        model = (
            "import inspect, pathlib, sys\ndef f():\n    return {{a}}\n"
            "result['beside'] = pathlib.Path(__file__).parent.samefile('.')\n"
            "result['source'] = inspect.getsource(f)\nresult['file'] = inspect.getsourcefile(f) == __file__\n"
            "result['text'] = open(__file__).read().splitlines()[2]\n"
            "result['code'] = f.__code__.co_filename == __file__"
        )
        assert bench.result(model, parameters={"a": 7}) == {
            "beside": True, "source": "def f():\n    return 7\n", "file": True, "text": "    return 7", "code": True,
        }  # fmt: skip

    def test_a_cache_of_compiled_functions_finds_its_place_beside_the_file(self, bench: Bench) -> None:
        # As numba.core.caching looks for one: the function's file must be there, and a folder beside it writable.
        model = (
            "import inspect, os, tempfile\ndef total(n):\n    return n\n"
            "file = inspect.getfile(total)\nstamp = os.stat(file)\n"
            "folder = os.path.join(os.path.dirname(file), '__pycache__')\nos.makedirs(folder, exist_ok=True)\n"
            "tempfile.TemporaryFile(dir=folder).close()\n"
            "result.update(size=stamp.st_size, line=total.__code__.co_firstlineno)"
        )
        assert bench.result(model) == {"size": len(model), "line": 2}

    @pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
    def test_its_functions_work_in_processes_of_any_kind(self, bench: Bench, method: str) -> None:
        model = (
            "import multiprocessing\ndef load(angle):\n    return parameters['cohesion'] * angle + {{b}}, __name__\n"
            "if __name__ == '__main__':\n"
            f"    with multiprocessing.get_context('{method}').Pool(1) as pool:\n"
            "        result['loads'] = pool.map(load, [1.0, 2.0])"
        )
        name = "__main__" if method == "fork" else "__mp_main__"
        found = bench.result(model, parameters={"cohesion": 10.0, "b": 1})
        assert found == {"loads": [[11.0, name], [21.0, name]]}

    def test_each_case_has_processes_of_its_own_parameters(self, bench: Bench) -> None:
        model = (
            "import multiprocessing\ndef load(_):\n    return parameters['a']\n"
            "if __name__ == '__main__':\n    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
            "        result['a'] = pool.map(load, [1])"
        )
        assert [bench.result(model, parameters={"a": value}) for value in (1, 2)] == [{"a": [1]}, {"a": [2]}]

    def test_a_form_feed_ends_no_line(self, bench: Bench) -> None:
        model = (
            "def load(width):\n    return 2 * width\n\f\ndef settle(depth):\n    return 1 / depth\n\nsettle({{depth}})"
        )
        failure = bench.failure(model, parameters={"depth": 0})
        assert 'File "model.py", line 5, in settle\n    return 1 / depth\n' in failure.traceback
        frames = [("<module>", "settle({{depth}})"), ("settle", "return 1 / depth")]
        assert failure.signature == attach.signature("ZeroDivisionError", "division by zero", frames)

    @pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
    def test_lines_end_as_python_says(self, bench: Bench, ending: str) -> None:
        failure = bench.failure(ending.join(["x = 1", "y = '\u2028'", "raise ValueError(x)"]))
        assert 'File "model.py", line 3, in <module>\n    raise ValueError(x)\n' in failure.traceback

    def test_its_encoding_is_the_one_that_it_names(self, bench: Bench) -> None:
        model = "# -*- coding: latin-1 -*-\nresult['soil'] = 'Töpfer' + {{a}}\nraise ValueError('tönern')"
        failure = bench.failure(model.encode("latin-1"), parameters={"a": "lehm"})
        assert failure.message == "tönern" and "raise ValueError('tönern')" in failure.traceback
        failure = bench.failure(model.encode("latin-1"), parameters={"a": "砂"})
        assert failure.exception == "CaseFailure" and "lacks a character of a parameter" in failure.message
        assert bench.failure(b"# coding: latin-9000\nx = 1").exception == "ModelNotFound"

    def test_its_traceback_names_no_folder_of_the_worker(self, bench: Bench) -> None:
        failure = bench.failure("with open('helper.py', 'w') as f:\n    f.write('1 / 0')\nimport helper")
        assert '  File "helper.py", line 1, in <module>' in failure.traceback
        assert "cruncher-" not in failure.traceback

    def test_a_module_beside_it_is_not_the_one_of_the_case_before(self, bench: Bench) -> None:
        model = (
            "with open('helper.py', 'w') as f:\n    f.write('value = {{a}}')\nimport helper\nresult['a'] = helper.value"
        )
        assert [bench.result(model, parameters={"a": value}) for value in (1, 2)] == [{"a": 1}, {"a": 2}]

    def test_a_module_from_a_folder_that_it_names_is_imported_anew(self, bench: Bench, tmp_path: Path) -> None:
        model = (
            f"import sys\nsys.path.append({str(tmp_path)!r})\nimport project_helper\nresult['a'] = project_helper.value"
        )
        found = []
        for value in (1, 22):
            (tmp_path / "project_helper.py").write_text(f"value = {value}")
            found.append(bench.result(model)["a"])
        assert found == [1, 22]


class TestWhatEachCaseFinds:
    """The process is for each case as it was for the first; `test_hostile_models.py` has more."""

    def test_each_case_has_its_own_log(self, bench: Bench) -> None:
        model = (
            "import logging\nlogging.basicConfig(level=logging.INFO, format='%(levelname)s %(message)s')\n"
            "log = logging.getLogger('footing')\nlog.info('width %s', {{a}})\nlog.setLevel(logging.ERROR)\n"
            "log.addHandler(logging.StreamHandler())"
        )
        logs = [bench.execute(model, parameters={"a": value}).log for value in (1, 2, 3)]
        assert logs == ["INFO width 1\n", "INFO width 2\n", "INFO width 3\n"]

    def test_a_log_file_is_whole_before_it_is_uploaded(self, bench: Bench) -> None:
        model = (
            "import logging\nlogging.basicConfig(filename='outputs/run.log', level=logging.INFO)\nlogging.info('{{a}}')"
        )
        with attach.scratch_folder() as folder:
            for value in (1, 2):
                (Path(folder) / str(value)).mkdir()
                bench.execute_in(str(Path(folder) / str(value)), model, parameters={"a": value})
                assert (Path(folder) / str(value) / "outputs" / "run.log").read_text() == f"INFO:root:{value}\n"

    def test_a_file_that_was_left_open_is_whole_before_it_is_uploaded(self, bench: Bench) -> None:
        model = "class C:\n    def __init__(self):\n        self.me, self.file = self, open('outputs/a', 'w')\n"
        model += "C().file.write('x')"
        with attach.scratch_folder() as folder:
            bench.execute_in(folder, model)
            assert (Path(folder) / "outputs" / "a").read_text() == "x"

    def test_what_a_model_wants_at_its_end_is_done_at_its_end(self, bench: Bench) -> None:
        model = "import atexit\nscale = 3\natexit.register(lambda: print('bye', scale))\natexit.register(print, 'good')"
        assert bench.execute(model).log == "good\nbye 3\n"

    @pytest.mark.filterwarnings("ignore")
    def test_strict_warnings_and_numerics_end_with_their_case(self, bench: Bench) -> None:
        numpy = pytest.importorskip("numpy")
        strict = "import warnings\nimport numpy as np\nwarnings.simplefilter('error')\nnp.seterr(all='raise')"
        following = (
            "import numpy as np\nimport warnings\nx = np.array([0.0, 2.0])\nresult['ratio'] = float((1 / x)[1])\n"
            "warnings.warn('just saying')"
        )
        before = numpy.geterr()
        bench.execute(strict)
        outcome = bench.execute(following)
        assert outcome.failure is None and outcome.result == {"ratio": 0.5} and numpy.geterr() == before

    def test_a_seed_holds_for_its_own_case(self, bench: Bench) -> None:
        model = "import random\nresult['a'] = random.random()\nrandom.seed(0)\nresult['b'] = random.random()"
        first, second = bench.result(model), bench.result(model)
        assert first["b"] == second["b"] and first["a"] != second["a"] and first["a"] != first["b"]

    def test_trouble_of_the_network_takes_no_random_number_of_the_model(self) -> None:
        random.seed(0)
        expected = random.random()
        random.seed(0)
        journal = attach.Journal(io.StringIO(), "cruncher")
        client = attach.Client(None, "", attach.Clock(time.time), journal, lambda _: None)
        client._pause("trouble", 1)
        assert random.random() == expected

    def test_nobody_answers_a_question(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        assert bench.failure("input('Press Enter ')").exception == "EOFError"
        monkeypatch.setattr("builtins.input", lambda _: "a console's own")
        bench.surroundings.close()
        bench.surroundings = attach.Surroundings(bench.interrupts)
        outcome = bench.execute("input('Press Enter ')")
        assert outcome.failure is not None and outcome.failure.exception == "EOFError"
        assert outcome.log == "Press Enter "

    def test_its_own_ctrl_c_is_told_from_the_users(self, bench: Bench) -> None:
        with bench.interrupts.caught():
            bench.surroundings.close()
            bench.surroundings = attach.Surroundings(bench.interrupts)
            assert bench.failure("raise KeyboardInterrupt").exception == "KeyboardInterrupt"
            its_own = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)"
            assert bench.failure(its_own).exception == "KeyboardInterrupt"
            assert not bench.interrupts.by_user

    def test_ctrl_c_of_the_user_is_no_failure_of_the_case(self, bench: Bench) -> None:
        with bench.interrupts.caught():
            bench.surroundings.close()
            bench.surroundings = attach.Surroundings(bench.interrupts)
            users = (
                f"import subprocess\nsubprocess.call(['kill', '-INT', '{os.getpid()}'])\nimport time\ntime.sleep(20)"
            )
            with pytest.raises(KeyboardInterrupt):
                bench.execute(users)
            assert bench.interrupts.by_user

    def test_a_result_is_kept_though_its_model_has_caught_ctrl_c(self, bench: Bench) -> None:
        with bench.interrupts.caught():
            bench.surroundings.close()
            bench.surroundings = attach.Surroundings(bench.interrupts)
            model = (
                f"import subprocess, time\ntry:\n    subprocess.call(['kill', '-INT', '{os.getpid()}'])\n"
                "    time.sleep(20)\nexcept KeyboardInterrupt:\n    result['a'] = 1"
            )
            assert bench.result(model) == {"a": 1} and bench.interrupts.by_user

    def test_a_module_of_python_that_a_case_imports_and_changes_is_itself_again(self, bench: Bench) -> None:
        model = (
            "import sys\nresult['was_there'] = [name in sys.modules for name in ('colorsys', 'tabnanny', 'xdrlib.x')]\n"
            "import colorsys, tabnanny\nresult['own'] = [callable(colorsys.rgb_to_hsv),\n"
            "    callable(tabnanny.Whitespace.equal), hasattr(colorsys, 'mine')]\n"
            "colorsys.rgb_to_hsv = tabnanny.Whitespace.equal = None\ncolorsys.mine = 1"
        )
        found = [bench.result(model) for _ in range(3)]
        assert [one["own"] for one in found] == [[True, True, False]] * 3
        assert [one["was_there"] for one in found] == [[False] * 3, [True, True, False], [True, True, False]]

    def test_modules_that_a_case_imports_are_as_python_makes_them(self, bench: Bench) -> None:
        model = (
            "import colorsys, importlib.util, inspect, runpy, types\n"
            "spec = importlib.util.find_spec('calendar')\n"
            "loaders = colorsys.__loader__, colorsys.__spec__.loader, spec.loader\n"
            "result['loaders'] = [type(one).__name__ for one in loaders]\n"
            "result['vars'] = sorted(vars(colorsys.__loader__))\n"
            "result['source'] = 'def rgb_to_hsv' in inspect.getsource(colorsys)\n"
            "result['run'] = callable(runpy.run_module('colorsys')['rgb_to_hsv'])"
        )
        for name in ("colorsys", "calendar"):
            sys.modules.pop(name, None)
        assert bench.result(model) == {
            "loaders": ["SourceFileLoader"] * 3, "vars": ["name", "path"], "source": True, "run": True,
        }  # fmt: skip

    def test_a_module_beside_the_model_may_have_the_name_of_one_of_python(self, bench: Bench) -> None:
        model = "open('colorsys.py', 'w').write('mine = {{a}}')\nimport colorsys\nresult['a'] = colorsys.mine"
        sys.modules.pop("colorsys", None)
        assert [bench.result(model, parameters={"a": value}) for value in (1, 2)] == [{"a": 1}, {"a": 2}]
        own = "import colorsys\nresult['own'] = callable(colorsys.rgb_to_hsv)\ncolorsys.rgb_to_hsv = None"
        assert [bench.result(own) for _ in range(2)] == [{"own": True}] * 2

    def test_a_module_of_python_that_a_case_imports_twice_is_itself_again(self, bench: Bench) -> None:
        model = (
            "import sys\nsys.modules.pop('colorsys', None)\nimport colorsys\nfirst = colorsys\n"
            "sys.modules.pop('colorsys')\nimport colorsys\ncolorsys.rgb_to_hsv = None"
        )
        sys.modules.pop("colorsys", None)
        bench.execute(model)
        own = "import colorsys\nresult['own'] = callable(colorsys.rgb_to_hsv)"
        assert bench.result(own) == {"own": True}

    def test_a_name_that_typing_extensions_puts_into_typing_stays(self, bench: Bench) -> None:
        typing_names = dict(vars(typing))
        bench.execute("import typing\ntyping.added = 1")
        assert vars(typing).pop("added") == 1 and vars(typing) == typing_names


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(
    value=ANYTHING,
    sent=st.dictionaries(st.text(), st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()),
)
def test_no_value_whatsoever_gets_out_of_its_case(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, value: Any, sent: dict[str, Any]
) -> None:
    monkeypatch.setattr(attach, "RESULT_VALUES", 2000)
    sys.modules["the_value"] = types.SimpleNamespace(value=value)  # type: ignore[assignment]
    model = "import the_value\nparameters.clear()\nparameters['x'] = the_value.value\nresult['a'] = the_value.value"
    try:
        outcome = bench.execute(model, parameters=sent)
    finally:
        del sys.modules["the_value"]
    document = {"parameters": bench.attempt.case.parameters, "result": outcome.result}
    if outcome.failure is None:
        assert json.loads(attach.result_json(document))["parameters"] == json.loads(attach.to_json(sent))
    else:
        assert json.loads(attach.to_json(outcome.failure._asdict()))["exception"]
