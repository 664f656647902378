"""What becomes of a model: executed in this process, without a cloud."""

from __future__ import annotations

import io
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attach
import pytest

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
        self.report = attach.Report(attach.Identity(self.host), clock, self.journal)
        self.interrupts = attach.Interrupts()
        self.surroundings = attach.Surroundings(self.interrupts)
        self.attempt: Any = None

    def execute(self, model: str | bytes | attach.ModelNotFound, **fields: Any) -> attach.Outcome:
        """The outcome of a model with these fields in its case."""
        case = CASE._replace(**fields)
        message = attach.Message("m", "r", "", 2)
        self.attempt = attach.Attempt(case, attach.Lease(message), time.time())
        content = model.encode() if isinstance(model, str) else model
        with attach.scratch_folder() as folder:
            self.folder = Path(folder)
            return attach.execute(
                self.attempt, content, folder, self.host, self.surroundings, self.report, self.journal
            )

    def result(self, model: str, **fields: Any) -> Any:
        """The result of a model that succeeds."""
        outcome = self.execute(model, **fields)
        assert outcome.failure is None, outcome.failure
        return outcome.result

    def failure(self, model: str | bytes | attach.ModelNotFound, **fields: Any) -> attach.Failure:
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
    assert result["here"] == ["cruncher_spawned.py", "files", "model.py", "x"] and not Path(result["cwd"]).exists()


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
