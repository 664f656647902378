"""`cruncher configure --rotate-keys`: one role's key, or all of them, while the study goes on."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest
from attached import Shell, attach
from command_line import CommandLine, Launched, Ran, wait_for
from enqueue import enqueue
from local_cloud import Key, client
from playwright.sync_api import expect
from small_models import DOUBLE
from studies import line_of, link, messages, queue_of, wait_for_end
from visit import Visits, check_accessible, go_to

AT_GATE = "import os, time\nwhile not os.path.exists({{gate}}):\n    time.sleep(0.02)\nresult['a'] = 1\n"
ROLES = ("viewer", "operator", "worker")
REPLACED = "its key was replaced: attach it again with the new line of the page Attach"


@pytest.fixture
def study(command_line: CommandLine) -> Launched:
    """A fresh study."""
    return command_line.launch()


def rotate(study: Launched, *options: str, typed: str = "operator_passphrase") -> Ran:
    """A rotation; `typed` is what is typed as the passphrase, or which one it is of those at the launch."""
    answer = str(study.ran.json().get(typed, typed)) + "\n"
    return study.command_line.run("configure", study.study, "--rotate-keys", *options, answer=answer)


@contextlib.contextmanager
def rotating(study: Launched, *options: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A rotation under way, and the file in which stands what it says on stderr."""
    log = study.command_line.page.parent / "rotation.txt"
    with log.open("w") as err:
        process = subprocess.Popen(
            study.command_line.arguments("configure", study.study, "--rotate-keys", "--json", *options),
            env=study.command_line.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
        )
    assert process.stdin is not None
    process.stdin.write(study.ran.json()["operator_passphrase"] + "\n")
    process.stdin.close()
    process.stdin = None  # communicate would flush it
    try:
        yield process, log
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def after(study: Launched, out: str) -> Launched:
    """The study as a rotation has left it, by the JSON that it printed."""
    return Launched(study.command_line, study.study, Ran(0, out, ""))


def keys(study: Launched, role: str) -> list[str]:
    """The ids of a role's keys."""
    iam = study.command_line.cloud.client("iam")
    listed = iam.list_access_keys(UserName=study.outputs[f"{role.capitalize()}User"])["AccessKeyMetadata"]
    return [str(key["AccessKeyId"]) for key in listed]


def works(study: Launched, key: Key) -> bool:
    """Whether the cloud accepts a key."""
    s3 = client("s3", study.command_line.cloud.endpoint_url, key)
    try:
        s3.get_object(Bucket=study.bucket, Key="public/config.json")
    except botocore.exceptions.ClientError:
        return False
    return True


def opens(study: Launched, role: str, passphrase: str) -> bool:
    """Whether a passphrase is one of the role."""
    return study.command_line.run("link", study.study, "--role", role, answer=f"{passphrase}\n").code == 0


def control(study: Launched) -> Any:
    """What the workers are asked."""
    s3 = study.command_line.cloud.client("s3")
    return json.loads(s3.get_object(Bucket=study.bucket, Key="control.json")["Body"].read())


def status(study: Launched) -> str:
    """What `cruncher status` says."""
    return study.command_line.run("status", study.study).out


@contextlib.contextmanager
def busy(study: Launched, gate: Path, line: str = "") -> Iterator[Shell]:
    """A worker with a case that stands at a gate."""
    enqueue(queue_of(study), "busy", AT_GATE, {1: [{"gate": str(gate)}]})
    with attach(line or line_of(study)) as worker:
        wait_for(lambda: "attempt 1 of" in worker.output)
        wait_for(lambda: "running" in status(study))
        yield worker


def test_a_busy_worker_finishes_its_case_and_ends_before_its_old_key_is_deleted(
    study: Launched, tmp_path: Path
) -> None:
    old, gate = study.key("worker"), tmp_path / "open"
    with busy(study, gate) as worker, rotating(study, "--role", "worker") as (rotation, log):
        wait_for(lambda: "1 worker has the old key, and it ends after its case:" in log.read_text())
        wait_for(lambda: f"it ends after this case, since {REPLACED}" in worker.output)
        name = worker.output.split(" as ", 1)[1].split(" ", 1)[0]
        assert f"{name.rsplit('_', 1)[1]} on {name.split('_')[0]}, with a case. Ctrl-C" in log.read_text()
        assert rotation.poll() is None and works(study, old) and old.key_id in control(study)["retired_keys"]
        must = "must be attached again with the line of the Attach page: its key was replaced."
        assert f"{must} It finishes its case first." in status(study)
        # What comes meanwhile is for others.
        enqueue(queue_of(study), "more", DOUBLE, {1: [{"a": 1}]})
        gate.touch()
        assert worker.process.wait(30) == 0
        assert REPLACED in worker.output.splitlines()[-1]
        out, code = rotation.communicate(timeout=30)[0], rotation.wait(30)
        assert code == 0, log.read_text()
    assert "Deleted the workers' old key. Attach workers with the new line" in log.read_text()
    renewed = after(study, out)
    assert keys(study, "worker") == [renewed.key("worker").key_id] != [old.key_id]
    assert not works(study, old) and works(study, renewed.key("worker"))
    assert [renewed.key("operator"), study.key("viewer")] == [study.key("operator"), Key(**key_in(renewed, "viewer"))]
    # Nobody else notices: their passphrases open what they opened.
    assert set(renewed.ran.json()) >= {"operator_link"} and "viewer_link" not in renewed.ran.json()
    for role in ("viewer", "operator"):
        assert f"{role}_passphrase" not in renewed.ran.json()
        assert opens(study, role, study.ran.json()[f"{role}_passphrase"])
    assert f"{name.rsplit('_', 1)[1]} on {name.split('_')[0]} {must}" in status(study)
    # The old line is refused, the new one finishes what there is, and nobody is asked for any more.
    with attach(line_of(study)) as worker:
        wait_for(lambda: "the study does not accept this key" in worker.output)
    with attach(line_of(renewed)):
        wait_for_end(renewed, done=2)
        wait_for(lambda: must not in status(study))


def key_in(study: Launched, role: str) -> dict[str, str]:
    """A role's key as the operator's link holds it."""
    found: dict[str, str] = study.access("operator")[role]
    return found


def test_the_viewers_key_is_rotated_alone_and_nobody_is_waited_for(study: Launched, tmp_path: Path) -> None:
    gate = tmp_path / "open"
    with busy(study, gate):
        ran = rotate(study, "--role", "viewer", "--json")
        assert ran.code == 0, ran.err
        assert "Deleted the old key of the viewer" in ran.err and "worker" not in ran.err
        renewed = after(study, ran.out)
        assert not works(study, study.key("viewer")) and works(study, renewed.key("viewer"))
        assert (renewed.key("worker"), renewed.key("operator")) == (study.key("worker"), study.key("operator"))
        assert key_in(renewed, "viewer") == key_in_link(renewed)
        assert "operator_passphrase" not in ran.json()
        assert opens(study, "operator", study.ran.json()["operator_passphrase"])
        assert opens(study, "viewer", ran.json()["viewer_passphrase"])
        assert not opens(study, "viewer", study.ran.json()["viewer_passphrase"])
        gate.touch()
        wait_for_end(study, done=1)
    assert "retired_keys" not in control(study) or not control(study)["retired_keys"]


def key_in_link(study: Launched) -> dict[str, str]:
    """The viewer's key as the viewer's link holds it."""
    access = study.access("viewer")
    return {name: str(access[name]) for name in ("key_id", "secret")}


def test_the_operators_key_is_rotated_alone(study: Launched) -> None:
    ran = rotate(study, "--role", "operator")
    assert ran.code == 0, ran.err
    found = [line for line in ran.out.splitlines() if "passphrase  " in line]
    assert found[0].endswith("stays as it was")
    words = found[1].removeprefix("Operator's passphrase  ")
    assert opens(study, "operator", words)
    assert not opens(study, "operator", study.ran.json()["operator_passphrase"])
    assert opens(study, "viewer", study.ran.json()["viewer_passphrase"])
    assert not works(study, study.key("operator"))
    assert works(study, study.key("viewer")) and works(study, study.key("worker"))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("one two three", "This is no passphrase of this study"),
        ("viewer_passphrase", "This is the viewer's passphrase, and it takes the operator's. Nothing was changed."),
    ],
)
def test_a_wrong_passphrase_changes_nothing(study: Launched, typed: str, words: str) -> None:
    before = {role: keys(study, role) for role in ROLES}
    ran = rotate(study, "--role", "worker", typed=typed)
    assert (ran.code, ran.out) == (1, "") and words in ran.err
    assert {role: keys(study, role) for role in ROLES} == before
    ran = study.command_line.run("configure", study.study, "--rotate-keys", "--role", "worker")
    assert ran.code == 1 and "There was no passphrase at the keyboard" in ran.err
    assert {role: keys(study, role) for role in ROLES} == before


def test_without_the_operators_passphrase_a_new_one_is_made_and_the_viewers_stays(study: Launched) -> None:
    ran = rotate(study, "--role", "operator", "--json", typed="")
    assert ran.code == 0, ran.err
    assert "viewer_passphrase" not in ran.json()
    assert opens(study, "operator", ran.json()["operator_passphrase"])
    assert opens(study, "viewer", study.ran.json()["viewer_passphrase"])
    renewed = after(study, ran.out)
    for role in ("operator", "worker"):
        assert keys(study, role) == [renewed.key(role).key_id] and not works(study, study.key(role))
    assert works(study, study.key("viewer"))


def test_a_rotation_that_is_interrupted_while_it_waits_is_finished_by_the_same_command(
    study: Launched, tmp_path: Path
) -> None:
    old, gate = study.key("worker"), tmp_path / "open"
    with busy(study, gate) as worker:
        with rotating(study) as (rotation, log):
            wait_for(lambda: "1 worker has the old key" in log.read_text())
            rotation.send_signal(signal.SIGINT)
            out = rotation.communicate(timeout=30)[0]
            assert rotation.wait(30) == 130
        assert "--rotate-keys --role worker` goes on waiting and deletes it, with --now at once." in log.read_text()
        renewed = after(study, out)
        assert works(study, old) and works(study, renewed.key("worker")) and not works(study, study.key("operator"))
        # The same command makes no third key.
        made = set(keys(study, "worker"))
        gate.touch()
        ran = study.command_line.run("configure", study.study, "--rotate-keys")
        assert ran.code == 0, ran.err
        assert "The workers got a new key by a rotation that was interrupted." in ran.err
        assert worker.process.wait(30) == 0 and REPLACED in worker.output
    assert made == {old.key_id, renewed.key("worker").key_id}
    assert keys(study, "worker") == [renewed.key("worker").key_id]
    assert keys(study, "viewer") == [renewed.key("viewer").key_id]
    assert opens(study, "operator", json.loads(out)["operator_passphrase"])


def test_with_now_workers_are_refused_at_once_and_their_case_comes_back(study: Launched, tmp_path: Path) -> None:
    gate = tmp_path / "open"
    with busy(study, gate) as worker:
        ran = rotate(study, "--role", "worker", "--now", "--json")
        assert ran.code == 0, ran.err
        assert "1 worker still had it, and is refused from now on: attach it again." in ran.err
        assert not works(study, study.key("worker"))
        wait_for(lambda: "must be attached again with the line" in status(study))
        wait_for(lambda: "the study does not accept this key" in worker.output)
        gate.touch()
        assert worker.process.wait(60) == 0
        assert "it is kept in" in worker.output
    assert messages(study.command_line.cloud.client("sqs"), study.outputs["QueueUrl"]) == (0, 1)


def test_a_second_key_that_nobody_uses_makes_room_and_two_in_use_are_refused(study: Launched, tmp_path: Path) -> None:
    iam, user = study.command_line.cloud.client("iam"), study.outputs["WorkerUser"]
    iam.create_access_key(UserName=user)
    ran = rotate(study, "--role", "worker", "--json")
    assert ran.code == 0, ran.err
    renewed = after(study, ran.out)
    assert keys(study, "worker") == [renewed.key("worker").key_id]
    # Somebody has made one by hand, and workers are attached with each.
    made = iam.create_access_key(UserName=user)["AccessKey"]
    gates = [tmp_path / "one", tmp_path / "two"]
    by_hand = line_of(renewed).replace(renewed.key("worker").key_id, made["AccessKeyId"])
    by_hand = by_hand.replace(renewed.key("worker").secret, made["SecretAccessKey"])
    with busy(renewed, gates[0]), busy(renewed, gates[1], by_hand):
        ran = rotate(study, "--role", "worker")
        assert (ran.code, ran.out) == (1, "")
        assert f"the workers' user {user} has two keys already".replace("the", "The", 1) in ran.err
        assert "`cruncher drain`" in ran.err and f"delete-access-key --user-name {user} --access-key-id AKIA" in ran.err
        assert set(keys(study, "worker")) == {renewed.key("worker").key_id, made["AccessKeyId"]}
        assert "retired_keys" not in control(study) or made["AccessKeyId"] not in control(study)["retired_keys"]
        for gate in gates:
            gate.touch()
        wait_for_end(renewed, done=2)


def test_a_public_study_stays_public_until_it_is_made_private(command_line: CommandLine) -> None:
    study = command_line.launch("--public-view")
    ran = command_line.run("configure", study.study, "--rotate-keys")
    assert ran.code == 0 and "none: anyone with the address may look" in ran.out, ran.err
    document = json.loads(study.get("public/access.json")[2])
    assert document["public_viewer"]["key_id"] == keys(study, "viewer")[0] != study.key("viewer").key_id
    ran = command_line.run("configure", study.study, "--rotate-keys", "--role", "worker", "--private-view")
    assert (ran.code, ran.out) == (1, "") and "add --role viewer, or leave --role out" in ran.err
    ran = command_line.run("configure", study.study, "--rotate-keys", "--private-view", "--json")
    assert ran.code == 0, ran.err
    assert "public_viewer" not in json.loads(study.get("public/access.json")[2])
    assert opens(study, "viewer", ran.json()["viewer_passphrase"])


def test_the_control_document_keeps_its_replaced_keys_when_others_change_it(study: Launched) -> None:
    s3 = study.command_line.cloud.client("s3")
    body = json.dumps({"v": 1, "retired_keys": {"AKIAOLD": 5}}).encode()
    s3.put_object(Bucket=study.bucket, Key="control.json", Body=body)
    assert study.command_line.run("pause", study.study).code == 0
    assert control(study)["retired_keys"] == {"AKIAOLD": 5} and control(study)["paused"] is True


def test_the_page_names_who_must_be_attached_again_and_shows_no_line_that_is_old(
    cruncher: CommandLine, visits: Visits, tmp_path: Path
) -> None:
    study, gate = cruncher.launch(), tmp_path / "open"
    must = "must be attached again with the line of the Attach page: its key was replaced."
    with busy(study, gate) as worker:
        page = visits.open(link(study))
        go_to(page, "Attach")
        line = page.get_by_role("textbox", name="the line for Python")
        expect(line).to_contain_text(study.key("worker").key_id)
        with rotating(study, "--role", "worker") as (rotation, log):
            wait_for(lambda: "1 worker has the old key" in log.read_text())
            expect(page.get_by_text("The workers' key was replaced, so the line")).to_be_visible()
            expect(line).not_to_be_visible()
            go_to(page, "Overview")
            expect(page.get_by_text(f"{must} It finishes its case first.")).to_be_visible()
            # What the page changes in the control document leaves this in it.
            page.get_by_role("button", name="Pause").click()
            expect(page.get_by_role("button", name="Resume")).to_be_visible()
            wait_for(lambda: control(study)["paused"] is True)
            assert study.key("worker").key_id in control(study)["retired_keys"]
            page.get_by_role("button", name="Resume").click()
            gate.touch()
            assert worker.process.wait(30) == 0
            out = rotation.communicate(timeout=60)[0]
        expect(page.get_by_text(f"{must} It finishes its case first.")).not_to_be_visible()
    expect(page.get_by_text(must)).to_be_visible()
    expect(page.get_by_role("region", name="Workers")).to_contain_text(REPLACED)
    check_accessible(page)
    renewed = after(study, out)
    with attach(line_of(renewed)):
        expect(page.get_by_text(must)).not_to_be_visible()
    page.get_by_role("button", name="Lock").click()
    page.get_by_role("textbox", name="Passphrase").fill(study.ran.json()["operator_passphrase"])
    page.get_by_role("button", name="Open the study").click()
    go_to(page, "Attach")
    expect(line).to_contain_text(renewed.key("worker").key_id)
