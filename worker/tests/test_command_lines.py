"""Models of the kind `command_line`: executed in this process, and by workers."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attach
import pytest
from local_cloud import LocalCloud
from tests.lab import Lab, is_running, wait_for
from tests.test_models import Bench

KEY = "models/" + "0" * 64 + "/model.json"
PYTHON = shlex.quote(sys.executable)


def document(command: str, **options: Any) -> str:
    """A model document."""
    return json.dumps({"v": 1, "kind": "command_line", "command": command, **options})


def python(code: str, *arguments: str) -> str:
    """A command that runs this code."""
    return " ".join([PYTHON, "-c", shlex.quote(code), *arguments])


class CommandBench(Bench):
    """Executes command lines."""

    def run(self, command: str, parameters: dict[str, Any] | None = None, **fields: Any) -> attach.Outcome:
        """The outcome; what isn't a field of a case is an option of the document."""
        of_case = {name: fields.pop(name) for name in list(fields) if name in attach.Case._fields}
        of_case.update(kind="command_line", model_key=KEY, parameters=parameters or {})
        return self.execute(document(command, **fields), **of_case)

    def of_csv(self, content: str | bytes, **options: str) -> attach.Outcome:
        """The outcome of a command that leaves this CSV."""
        raw = content if isinstance(content, bytes) else content.encode()
        command = python("import sys; open('out.csv', 'wb').write(bytes.fromhex(sys.argv[1]))", raw.hex() or "''")
        return self.run(command, result={"file": "out.csv", **options})


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[CommandBench]:
    made = CommandBench(tmp_path)
    with made.interrupts.caught():
        yield made
    made.surroundings.close()


def failure(outcome: attach.Outcome) -> tuple[str, str]:
    """Exception and message."""
    assert outcome.failure is not None, outcome
    return outcome.failure.exception, outcome.failure.message


class TestRun:
    def test_each_value_is_an_argument_and_no_shell_reads_it(self, bench: CommandBench) -> None:
        code = "import json, sys; json.dump({'words': sys.argv[1:]}, open('result.json', 'w'))"
        parameters = {"soil": "stiff clay; echo $HOME", "x": 0.5, "n": 7, "wet": True, "c": [1.5, 2]}
        outcome = bench.run(python(code, "--soil", "{{soil}}", "--x={{x}}", "{{n}}", "{{wet}}", "{{c}}"), parameters)
        assert outcome.failure is None, outcome.failure
        assert outcome.result == {"words": ["--soil", "stiff clay; echo $HOME", "--x=0.5", "7", "true", "1.5,2"]}
        assert outcome.warnings == []

    def test_a_whole_command_is_split(self, bench: CommandBench) -> None:
        command = python("import sys; print(sys.argv[1:])", "'a b' c")
        assert bench.run("{{command}}", {"command": command}).log == "['a b', 'c']\n"

    def test_it_runs_in_the_scratch_folder_beside_its_parameters(self, bench: CommandBench) -> None:
        outcome = bench.run("sh -c 'pwd; cat parameters.json'", {"a": 1})
        assert outcome.log == f'{bench.folder}\n{{"a":1}}'
        assert outcome.warnings == []

    def test_a_parameter_that_nothing_uses_is_a_warning(self, bench: CommandBench) -> None:
        assert bench.run("true {{a}}", {"a": 1, "b": 2}).warnings == ["parameter b is used by no placeholder"]

    def test_a_shell_runs_it_if_asked(self, bench: CommandBench) -> None:
        outcome = bench.run("x={{x}}; echo $x | tr a b > out; cat out", {"x": "a'; echo a"}, shell=True)
        assert outcome.log == "b'; echo b\n"
        assert bench.run("{{line}}", {"line": "echo a | tr a b"}, shell=True).log == "b\n"

    def test_exit_codes_and_signals_are_told(self, bench: CommandBench) -> None:
        outcome = bench.run("sh -c 'echo no mesh; exit 3'")
        assert failure(outcome) == ("CommandFailed", "sh ended with exit code 3")
        assert outcome.log == "no mesh\n"
        assert failure(bench.run("sh -c 'kill -SEGV $$'"))[1] == "sh was ended by SIGSEGV"
        assert failure(bench.run("exit 4", shell=True))[1] == "the shell ended with exit code 4"

    def test_a_time_limit_ends_all_that_was_started(self, bench: CommandBench, tmp_path: Path) -> None:
        pid = tmp_path / "pid"
        script = f"sleep 600 & echo $! > {pid}; wait"
        for shell in (False, True):
            outcome = bench.run(script if shell else f"sh -c '{script}'", time_limit_secs=0.5, shell=shell)
            assert failure(outcome) == ("TimeLimitExceeded", "the time limit of 0.5 s was exceeded")
            wait_for("its end", lambda: not is_running(int(pid.read_text())))

    @pytest.mark.parametrize(
        ("command", "exception", "words"),
        [
            ("run 'a", "WrongCommand", "a quotation mark of the command is not closed"),
            ("run {{b}}", "MissingParameter", "placeholder {{b}} in line 1 has no parameter"),
            ("sh {{nul}}", "WrongCommand", "a value has a NUL character, which no command can be given"),
            ("./run.sh", "CommandFailed", "./run.sh could not be started"),
            ("no-such-command a", "CommandNotFound", "doesn't have the command `no-such-command`"),
            ("{{empty}}", "WrongCommand", "the command is empty"),
        ],
    )
    def test_what_can_not_be_run_says_why(self, bench: CommandBench, command: str, exception: str, words: str) -> None:
        told = failure(bench.run(command, {"nul": "a\0b", "empty": ""}))
        assert told[0] == exception and words in told[1], told

    def test_a_document_that_is_none_is_refused(self, bench: CommandBench) -> None:
        told = failure(bench.execute('{"kind": "command_line"}', kind="command_line", model_key=KEY))
        assert told == ("WrongModelDocument", "`command` is missing or empty: write the line that is run")
        assert "no JSON" in bench.failure("\xff", kind="command_line", model_key=KEY).message

    def test_half_a_character_is_no_argument(self, bench: CommandBench) -> None:
        told = failure(bench.run("sh -c true {{a}}", {"a": "\ud800"}))
        assert told[0] == "CommandFailed" and "could not be started" in told[1], told


def test_the_longer_a_case_has_waited_for_its_command_the_longer_it_is_hidden() -> None:
    pauses = [attach.lacking_pause_secs(count) for count in range(1, 20)]
    assert pauses[:5] == [3, 6, 12, 24, 48] and max(pauses) == 3600
    assert all(pause <= 3 + sum(pauses[:number]) for number, pause in enumerate(pauses))
    assert sum(pauses) > 9 * 3600, "before it fails for good"
    assert attach.lacking_pause_secs(10**9) == 3600


def test_each_missing_command_is_told_once_and_only_those_that_have_come_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there: list[str] = []
    monkeypatch.setattr(attach, "has_command", there.__contains__)
    lacking = attach.LackingCommands()
    messages = {name: attach.Message(name, "receipt", "{}", 1) for name in ("a1", "b1", "a2", "b2")}
    told = []
    for name, message in messages.items():
        if not lacking.is_told(name[0]):
            told.append(name[0])
            lacking.tell(name[0], "no command " + name[0])
        lacking.add(name[0], message, 60)
    assert told == ["a", "b"] and lacking.why() == "no command b" and not lacking.is_over()
    there.append("a")
    assert lacking.is_over()
    assert lacking.forget(attach.has_command) == [messages["a1"], messages["a2"]]
    assert not lacking.is_over() and lacking.why() == "no command b"
    assert lacking.forget() == [messages["b1"], messages["b2"]] and lacking.why() is None


def test_a_command_whose_name_can_not_be_encoded_is_lacking() -> None:
    # Pythons before 3.8 raise an error where they look for it.
    assert attach.lacking_command(document("{{a}} b").encode(), {"a": "\ud800"}) == "\ud800"


class TestResult:
    def test_json(self, bench: CommandBench) -> None:
        write = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"
        assert bench.run(python(write, "out.json", "'{\"a\": 1}'"), result={"file": "out.json"}).result == {"a": 1}
        assert bench.run("true").result == {}
        assert failure(bench.run("true", result={"file": "out.json"})) == (
            "UnusableResult",
            "out.json isn't there: the command has left no such file",
        )
        assert "out.json is no JSON" in failure(bench.run("sh -c 'echo a > out.json'", result={"file": "out.json"}))[1]
        assert failure(bench.run("mkfifo result.json"))[1] == "result.json is no file"

    def test_values_of_a_csv_are_exact(self, bench: CommandBench) -> None:
        header = "seed,load,small,soil,wet,dry,name,quoted,fortran,plus"
        row = '18446744073709551615,0.1,-1e-300,stiff clay,true,FALSE,007,"a, ""b""",1.5D+03,+3'
        outcome = bench.of_csv(f"{header}\n{row}\n")
        assert outcome.failure is None, outcome.failure
        assert outcome.result == {
            "seed": 18446744073709551615, "load": 0.1, "small": -1e-300, "soil": "stiff clay", "wet": True,
            "dry": False, "name": "007", "quoted": 'a, "b"', "fortran": 1500.0, "plus": 3,
        }  # fmt: skip
        assert type(outcome.result["seed"]) is int and outcome.warnings == []

    def test_what_is_missing_in_a_csv_is_null(self, bench: CommandBench) -> None:
        outcome = bench.of_csv(",a,b,c,big\n1,, ,NaN,1e999\n")
        assert outcome.result == {"a": None, "b": None, "c": None, "big": None}
        assert outcome.warnings == [
            "a is empty in out.csv and was written as null",
            "b is empty in out.csv and was written as null",
            "c is nan and was written as null",
            "big is infinite and was written as null",
            "what stands in out.csv below no name was left out",
        ]

    def test_rows_marks_and_encodings_of_a_csv(self, bench: CommandBench) -> None:
        three = "a,b\n1,x\n\n2,y\n3,z"
        assert bench.of_csv(three).result == {"a": 3, "b": "z"}
        assert bench.of_csv(three, row="first").result == {"a": 1, "b": "x"}
        assert bench.of_csv("a;b\r\n1;2,5\r\n").result == {"a": 1, "b": "2,5"}
        assert bench.of_csv("a\tb\n1\t2\n").result == {"a": 1, "b": 2}
        assert bench.of_csv("\r\n\na;b\n1;2,5\n").result == {"a": 1, "b": "2,5"}
        assert bench.of_csv("\n a \n1\n").result == {"a": 1}
        assert bench.of_csv('"a,b";c\n1;2\n').result == {"a,b": 1, "c": 2}
        assert bench.of_csv("p(x,y);c\n1;2\n").result == {"p(x,y)": 1, "c": 2}
        assert bench.of_csv("a,b\n٣,ınf\n").result == {"a": "٣", "b": "ınf"}
        assert bench.of_csv("größe\n1\n".encode("utf-8-sig")).result == {"größe": 1}
        assert bench.of_csv("größe\n1\n".encode("utf-16")).result == {"größe": 1}

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("", "out.csv is empty"),
            ("a,b\n", "out.csv has no row below its header"),
            ("a,b,a\n1,2,3\n", "out.csv has two columns that are called a"),
            ("\na;b\n1\n", "row 1 of out.csv has 1 fields, and the header 2"),
            ("a,b\n1,2\n1\n", "row 2 of out.csv has 1 fields, and the header 2"),
            ('a\n"1', "out.csv, line 2: unexpected end of data"),
            (b"a\n\xff\n", "out.csv is no text in UTF-8"),
            (",".join(map(str, range(10001))) + "\n", "out.csv has more than 10000 columns"),
        ],
    )
    def test_a_csv_that_can_not_be_read_says_why(self, bench: CommandBench, content: Any, words: str) -> None:
        if len(content) > 10000:
            command = python("open('out.csv', 'w').write(','.join(map(str, range(10001))))")
            told = failure(bench.run(command, result={"file": "out.csv"}))
        else:
            told = failure(bench.of_csv(content))
        assert told[0] == "UnusableResult" and words in told[1], told

    def test_a_result_that_is_too_large_is_refused(self, bench: CommandBench) -> None:
        command = python("open('out.csv', 'wb').truncate((64 << 20) + 1)")
        assert failure(bench.run(command, result={"file": "out.csv"}))[1] == "out.csv is larger than 64 MiB"


class TestProgress:
    def test_the_last_line_of_a_file(self, bench: CommandBench) -> None:
        command = "sh -c 'printf \"0.2 a\\n0.75  mesh refined\\n0.\" > p'"
        assert bench.run(command, progress={"file": "p"}).failure is None
        assert (bench.attempt.progress, bench.attempt.progress_text) == (0.75, "mesh refined")
        bench.run("sh -c 'printf 0.5 > p'", progress={"file": "p"})
        assert (bench.attempt.progress, bench.attempt.progress_text) == (0.5, None)

    def test_lines_of_the_output(self, bench: CommandBench) -> None:
        command = "printf 'a\\nprogress 0.25 of the way\\nprogress well\\nno progress 0.5\\n'; echo progress 0.9 >&2"
        outcome = bench.run(command, shell=True, progress={"output": True})
        assert (bench.attempt.progress, bench.attempt.progress_text) == (0.9, None)
        assert "progress 0.25 of the way\n" in outcome.log
        bench.run("printf 'progress 0.25 of the way\\nprogress well\\n'", progress={"output": True}, shell=True)
        assert (bench.attempt.progress, bench.attempt.progress_text) == (0.25, "of the way")

    def test_what_is_no_progress_does_no_harm(self, bench: CommandBench) -> None:
        for text in ("", "nan", "-1", "half", "1e999 far", "0.5.5", "\\377\\376", "0.5" * 5000):
            assert bench.run(f"sh -c 'printf -- \"{text}\" > p'", progress={"file": "p"}).failure is None
            assert bench.attempt.progress in (None, 1.0), text
        assert bench.run("mkfifo p", progress={"file": "p"}).failure is None
        long = python("print('x' * 9000); print('progress 0.5' + ' ' * 9000); print('progress 0.1')")
        bench.run(long, progress={"output": True})
        assert bench.attempt.progress == 0.1


class TestWorker:
    def send(self, lab: Lab, command: str, parameters: dict[str, Any] | None = None, **options: Any) -> str:
        """Enqueues a case."""
        of_case = {name: options.pop(name) for name in ("batch", "max_attempts") if name in options}
        model = document(command, **options)
        return lab.send(model, "command_line", name="model.json", parameters=parameters or {}, **of_case)

    def test_result_and_command_stand_in_the_document(self, lab: Lab) -> None:
        case = self.send(
            lab, "sh -c 'echo n > out.csv; echo $0 >> out.csv' {{n}}", {"n": 7}, result={"file": "out.csv"}
        )
        lab.attach()
        found = lab.done(case)
        assert found["result"] == {"n": 7}
        assert found["command"] == ["sh", "-c", "echo n > out.csv; echo $0 >> out.csv", "7"]
        assert found["model"]["kind"] == "command_line"
        lined = self.send(lab, "echo {{a}} >&2; exit 1", {"a": "x y"}, shell=True, max_attempts=1)
        assert lab.error(lined)["command"] == "echo 'x y' >&2; exit 1"

    def test_progress_is_told_while_it_runs(self, lab: Lab) -> None:
        stop = lab.folder / "stop"
        script = f"echo 0.4 mesh > p; while [ ! -e {stop} ]; do sleep 0.05; done"
        case = self.send(lab, script, shell=True, progress={"file": "p"})
        name = lab.attach().name()
        told = wait_for(
            "progress",
            lambda: (lab.heartbeat(name, state="running").get("case") or {}).get("progress") == 0.4,
        )
        assert told
        stop.touch()
        lab.done(case)

    def test_a_worker_that_is_killed_takes_its_command_with_it(self, lab: Lab) -> None:
        pid = lab.folder / "pid"
        self.send(lab, f"echo $$ > {pid}; sleep 600", shell=True)
        worker = lab.attach()
        wait_for("its command", lambda: pid.exists() and pid.read_text().strip())
        worker.send(signal.SIGKILL)
        wait_for("its end", lambda: not is_running(int(pid.read_text())))

    def test_a_missing_command_is_named_before_it_runs(self, lab: Lab) -> None:
        """The case stays as it is, for a computer that has the command; this one goes on as soon as it has it."""
        folder = lab.folder / "bin"
        folder.mkdir()
        case = self.send(lab, "anneal --seed {{seed}}", {"seed": 1})
        worker = lab.attach(PATH=f"{folder}:/usr/bin:/bin")
        found = lab.heartbeat(worker.name(), state="resting")
        assert "doesn't have the command `anneal`, which case" in found["message"]
        assert found["counts"]["failed"] == found["counts"]["retried"] == 0
        assert lab.document(f"data/b/error-{case}.json") is None
        program = folder / "anneal"
        program.write_text('#!/bin/sh\necho "{\\"seed\\": $2}" > result.json\n')
        program.chmod(0o755)
        assert lab.done(case)["result"] == {"seed": 1}

    def test_cases_of_other_models_go_on_while_those_of_a_missing_command_are_left_to_others(self, lab: Lab) -> None:
        """They stand in front of the queue, and are handed out no more often than they have to be."""
        proxy = lab.proxy()
        lacking = [self.send(lab, "anneal {{n}}", {"n": number}) for number in range(12)]
        others = [lab.send("result['a'] = {{n}}", parameters={"n": number}) for number in range(4)]
        worker = lab.attach(proxy.config_url)
        for case in others:
            assert lab.done(case)["worker"] == worker.name()
        found = lab.heartbeat(worker.name(), state="resting")
        assert "doesn't have the command `anneal`" in found["message"] and "leaves to others" in found["message"]
        assert found["counts"]["failed"] == found["counts"]["retried"] == 0
        later = lab.send("result['a'] = 1")
        assert lab.done(later)["worker"] == worker.name()
        for case in lacking:
            assert lab.document(f"data/b/error-{case}.json") is None
        hidden = [json.loads(seen.body) for seen in proxy.seen if seen.action == "ChangeMessageVisibility"]
        pauses = [one["VisibilityTimeout"] for one in hidden]
        assert pauses.count(3) == len(lacking), "each was handed out once before the first came again"
        assert set(pauses) <= {3, 6, 12, 24}, pauses

    def test_a_computer_that_has_the_command_computes_what_another_one_left(self, lab: Lab) -> None:
        cases = [self.send(lab, "anneal") for _ in range(6)]
        lacking = lab.attach()
        lab.heartbeat(lacking.name(), state="resting")
        folder = lab.folder / "bin"
        folder.mkdir()
        (folder / "anneal").symlink_to("/bin/true")
        able = lab.attach(PATH=f"{folder}:/usr/bin:/bin")
        for case in cases:
            assert lab.done(case)["worker"] == able.name()
        lab.queue_is_empty()
        assert lab.heartbeat(lacking.name())["counts"]["failed"] == 0

    def test_a_worker_that_ends_shows_the_cases_that_it_has_hidden(self, lab: Lab) -> None:
        cases = [self.send(lab, "anneal") for _ in range(3)]
        settings = "LACKING_PAUSES_SECS=(600, 3600), SHOWN_AFTER_SECS=1"
        worker = lab.attach(between=f"attach.__globals__.update({settings}); ")
        lab.heartbeat(worker.name(), state="resting")
        assert lab.in_queue() == (0, len(cases))
        assert worker.stop() == 0
        wait_for("its cases", lambda: lab.in_queue() == (len(cases), 0) or None)

    def test_a_worker_that_gets_the_command_shows_the_cases_that_it_has_hidden(self, lab: Lab) -> None:
        folder = lab.folder / "bin"
        folder.mkdir()
        cases = [self.send(lab, "anneal") for _ in range(3)]
        worker = lab.attach(
            between="attach.__globals__.update(LACKING_PAUSES_SECS=(600, 3600)); ", PATH=f"{folder}:/usr/bin:/bin"
        )
        lab.heartbeat(worker.name(), state="resting")
        (folder / "anneal").symlink_to("/bin/true")
        for case in cases:
            assert lab.done(case)["worker"] == worker.name()
        assert lab.heartbeat(worker.name(), state="waiting")["message"] is None

    def test_a_cancelled_case_isn_t_waited_for(self, lab: Lab) -> None:
        self.send(lab, "anneal", batch="wrong")
        worker = lab.attach()
        lab.heartbeat(worker.name(), state="resting")
        case = self.send(lab, "true", batch="right")
        lab.control(cancelled_batches=["wrong"])
        lab.done(case, "right")

    def test_a_command_that_no_computer_has_fails_its_case_before_it_is_a_dead_letter(
        self, cloud: LocalCloud, tmp_path: Path
    ) -> None:
        lab = Lab(cloud.deploy(max_receives=1), tmp_path)
        try:
            case = self.send(lab, "anneal")
            lab.attach()
            error = lab.error(case)
            assert error["exception"] == "CommandNotFound" and "`anneal`" in error["message"]
            lab.queue_is_empty()
            assert lab.in_queue(dead=True) == (0, 0)
        finally:
            lab.close()
