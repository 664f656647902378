"""Boots a computer of a fleet: installs, attaches workers, gives cases back in time, and ends the computer with them.

`python3 boot.py settings.json` is run by the user data of stack/fleet.yaml. What it does is written to the bucket while
it does it: `workers/<host>/setup.json` and `workers/<host>/setup.txt` (docs/protocol.md). Python 3.6 or later, and
nothing else: requests are those of the worker's own file, which it fetches.
"""

import calendar
import contextlib
import functools
import glob
import hashlib
import importlib.util
import json
import os
import pwd
import re
import signal
import subprocess
import sys
import threading
import time
import traceback
import urllib.request
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple
from xml.etree import ElementTree

LOG_BYTES = 256 * 1024
LAST_LINES = 20
WRITE_SECS = 3.0  # between two writings of a log that grows
TELL_SECS = 60.0  # between two writings of a state that stays
LOOK_SECS = 5.0  # between two looks for a warning
GRACE_SECS = 90.0  # for workers that were asked to end: a spot instance has two minutes in all
SILENT_SECS = 600.0
CHECK_SECS = 600.0  # between two looks at the workers, and at what the fleet has cost
IDLE_LOOK_SECS = 30.0
IDLE_SECS = 600.0  # workers that all wait for so long have no use for a computer
INSTALL_SECS = 3600.0  # an install script that takes longer hangs
MAX_FAILURES = 3  # computers that fail one after another, before the fleet ends
FRESH_SECS = 180.0  # a computer that works has written no longer ago
SHORT_LIFE_SECS = 300.0  # workers that crash sooner would crash again on another computer
# What workers of a computer are that computes nothing and could take a case at once, or never more.
AT_REST = {"waiting", "stopped", "crashed", "refused", "gone"}
PROCESS = re.compile(r"_([0-9]+)-[0-9a-f]+/")  # in a worker's name
FETCH_SECS = (1, 2, 4, 8, 16, 32, 0)
MODEL_KEY = re.compile(r"models/([0-9a-f]{64})/[A-Za-z0-9._-]{1,100}")


def main(path: str) -> int:
    """Boots as the settings in this file say; returns the exit code."""
    with open(path, encoding="utf-8") as file:
        settings = json.load(file)
    folder = os.path.dirname(os.path.abspath(path))
    try:
        return Boot(settings, folder, load_worker(settings["config_url"], folder)).run()
    except Exception:  # noqa: BLE001 - whatever it is: a computer that nobody hears of must not go on
        traceback.print_exc()
        shut_down(settings)
        return 1


def shut_down(settings: Dict[str, Any]) -> None:
    """Shuts the computer down, where the settings say how."""
    command = settings.get("shutdown_command")
    if command:
        subprocess.call(command)


def load_worker(config_url: str, folder: str) -> Any:
    """The worker's file, fetched from beside the configuration, as a module."""
    path = os.path.join(folder, "attach.py")
    for secs in FETCH_SECS:
        try:
            with urllib.request.urlopen(config_url.replace("config.json", "attach.py"), timeout=30) as answer:
                body = answer.read()
            break
        except OSError:
            if not secs:
                raise
            time.sleep(secs)
    with open(path, "wb") as file:
        file.write(body)
    spec = importlib.util.spec_from_file_location("attach", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Silent(Exception):
    """No worker of this host is heard of."""


class Idle(Exception):
    """Every worker of this host has waited for a case for long."""


class TooLong(Exception):
    """The install script hangs."""


class Leaving(Exception):
    """The computer is about to be taken away, or was asked to end."""


class Boot:
    """One computer, from its start to its end."""

    def __init__(self, settings: Dict[str, Any], folder: str, worker: Any) -> None:
        """Takes the settings, the folder of its files, and the worker's module."""
        self._settings, self._folder, self._worker = settings, folder, worker
        clock, journal = worker.Clock(time.time), worker.Journal(sys.stdout, "boot")
        self._clock, self._key = clock, worker.RoleKey()
        study = worker.load_study(settings["config_url"], worker.Client(None, "", clock, journal, time.sleep))
        client = worker.Client(self._key, study.region, clock, journal, time.sleep)
        self._study, self._cloud = study, worker.Cloud(study, client.once())
        self._host = worker.Identity(worker.this_host()).host
        self._log, self._lock, self._is_new = worker.Tail(LOG_BYTES), threading.Lock(), True
        self._told_time = self._written_time = self._looked_time = self._checked_time = 0.0
        self._working_time = clock.now()
        self._asked_to_end = ""
        self._idle_look_time, self._idle_since = 0.0, None  # type: float, Optional[float]
        cores = counted_cores(settings.get("cores", "physical"))
        self._document = {
            "v": 1, "host": self._host, "group": settings.get("group", ""), "pool": settings.get("pool", "main"),
            "instance": fact(worker, "instance-id"), "instance_type": fact(worker, "instance-type"),
            "zone": fact(worker, "placement/availability-zone"), "life_cycle": fact(worker, "instance-life-cycle"),
            "cores": cores, "workers": max(1, cores * int(settings.get("workers_per_core", 1))),
            "price_per_hour": float(settings.get("price_per_hour", 0)), "start_time": clock.now(),
            "time": clock.now(), "state": "installing", "message": "", "exit_code": None,
        }  # type: Dict[str, Any]  # fmt: skip

    def run(self) -> int:
        """All of it; the exit code is 0 if workers have worked."""
        signal.signal(signal.SIGTERM, self._interrupt)
        self._say("{instance} ({instance_type}, {zone}) is the host {host}".format(**self._document))
        try:
            code, last_lines = self._install()
            if code != 0:
                self._fail("the install script ended with exit code {}".format(code), code, last_lines)
                return 1
            return self._work()
        except Leaving as why:
            self._change("ended", str(why))
            self._write(insists=True)
            return 0
        except TooLong as why:
            self._fail(str(why), None, self._last_lines())
            return 1
        except Silent as why:
            self._fail(str(why), None, self._last_lines(), replace=True)
            return 1
        except Exception as error:  # noqa: BLE001 - whatever it is, the page shows it
            self._fail("{}: {}".format(type(error).__name__, error), None, "")
            return 1

    def _interrupt(self, *_: Any) -> None:
        self._asked_to_end = self._asked_to_end or "the computer shuts down"

    # ------------------------------------------------------------ installing

    def _install(self) -> Tuple[int, str]:
        key = self._settings.get("install_key") or ""
        if not key:
            self._say("there is no install script")
            return 0, ""
        found = MODEL_KEY.fullmatch(key)
        body = self._cloud.get(key) if found else None
        if found is None or body is None:
            raise ValueError("there is no install script {}".format(key))
        if hashlib.sha256(body).hexdigest() != found.group(1):
            raise ValueError("the install script {} isn't the one that was sent: its digest differs".format(key))
        path = os.path.join(self._folder, "install")
        with open(path, "wb") as file:
            file.write(body)
        os.chmod(path, 0o700)
        self._say("running {}".format(key.rsplit("/", 1)[-1]))
        process = self._start([path] if body.startswith(b"#!") else ["sh", path])
        try:
            self._watch(process, float(self._settings.get("install_secs", INSTALL_SECS)))
        except BaseException:
            end(process, 1.0)
            raise
        code = process.returncode
        self._say("the install script ended with exit code {}".format(code))
        return code, self._last_lines()

    def _start(self, command: List[str], user: "Optional[pwd.struct_passwd]" = None) -> "subprocess.Popen[bytes]":
        """Starts it, as this user if there is one: without a program in between, which would not wait for its end."""
        folder, environment, become = self._folder, dict(os.environ), None
        if user is not None:
            folder = user.pw_dir
            environment.update(HOME=user.pw_dir, USER=user.pw_name, LOGNAME=user.pw_name)
            become = functools.partial(become_user, user)
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, env=environment, preexec_fn=become,
        )  # fmt: skip
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()
        return process

    def _read(self, output: Any) -> None:
        for line in iter(output.readline, b""):
            with self._lock:
                self._log.add(line)
                self._is_new = True

    def _last_lines(self) -> str:
        time.sleep(0.2)  # what it has printed last is still being read
        with self._lock:
            text: str = self._log.text()
        lines = [line for line in text.splitlines() if not line.startswith("[boot ")]
        return "\n".join(lines[-LAST_LINES:])

    # ------------------------------------------------------------ working

    def _work(self) -> int:
        workers = self._document["workers"]
        self._change("working", "")
        self._working_time = self._clock.now()
        self._say("attaching {} workers".format(workers))
        began = time.monotonic()
        process = self._start(self._line(workers), self._user())
        try:
            self._watch(process)
        except Leaving as why:
            self._change("leaving", str(why))
            self._say("{}: the workers give their cases back".format(why))
            self._write(insists=True)
            end(process, GRACE_SECS)
            raise
        except Idle:
            self._say("no case for {:.0f} min: the computer ends".format(self._idle_secs() / 60))
            end(process, GRACE_SECS)
            self._change("ended", "there were no cases left")
            self._write(insists=True)
            self._end_instance()
            return 0
        except BaseException:
            end(process, 1.0)
            raise
        crashed = [state for state in self._states() if state in ("crashed", "refused")]
        if crashed:
            is_early = time.monotonic() - began < SHORT_LIFE_SECS
            self._fail(
                "workers have ended: {}".format(", ".join(crashed)), None, self._last_lines(), replace=not is_early
            )
            return 1
        self._change("ended", "the workers have ended, as they were asked to")
        self._write(insists=True)
        self._end_instance()
        return 0

    def _line(self, workers: int) -> List[str]:
        pool = self._settings.get("pool", "main")
        more = "" if pool == "main" else ", pool={!r}".format(pool)
        path = os.path.join(self._folder, "attach.py")
        code = "exec(open({!r}, encoding='utf-8').read()); attach({!r}, workers={}{})"
        return [sys.executable, "-c", code.format(path, self._settings["config_url"], workers, more)]

    def _user(self) -> "Optional[pwd.struct_passwd]":
        """Who runs the workers: models are other people's programs, and don't run as root."""
        user = self._settings.get("user")
        if not user or os.getuid() != 0:
            return None
        subprocess.call(["useradd", "--create-home", user], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return pwd.getpwnam(user)

    def _watch(self, process: "subprocess.Popen[bytes]", max_secs: float = float("inf")) -> None:
        """Waits for the process to end; writes what there is to write, and looks for what may come in between."""
        began = time.monotonic()
        while process.poll() is None:
            if time.monotonic() - began > max_secs:
                raise TooLong("the install script has taken more than {:g} min".format(round(max_secs / 60, 2)))
            if self._asked_to_end:
                raise Leaving(self._asked_to_end)
            now = time.monotonic()
            if now - self._looked_time >= LOOK_SECS:
                self._looked_time = now
                self._look_for_warnings()
            self._write()
            self._check(now)
            if self._document["state"] == "working":
                self._check_idle(now)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.5)

    def _look_for_warnings(self) -> None:
        action = fact(self._worker, "spot/instance-action")
        if action:
            with contextlib.suppress(ValueError, AttributeError):
                action = "{}, {}".format(json.loads(action).get("action"), json.loads(action).get("time"))
            raise Leaving("spot warning ({})".format(action))
        if fact(self._worker, "autoscaling/target-lifecycle-state") == "Terminated":
            raise Leaving("the group ends this instance")

    def _idle_secs(self) -> float:
        return float(self._settings.get("idle_secs", IDLE_SECS))

    def _check_idle(self, now: float) -> None:
        """Raises Idle if all workers have waited at every look since long ago. What can't be read isn't idle."""
        if now - self._idle_look_time < min(IDLE_LOOK_SECS, self._idle_secs()):
            return
        self._idle_look_time = now
        states = self._states()
        if len(states) < self._document["workers"] or not set(states) <= AT_REST:
            self._idle_since = None
            return
        self._idle_since = now if self._idle_since is None else self._idle_since
        if now - self._idle_since >= self._idle_secs():
            raise Idle()

    def _check(self, now: float) -> None:
        check_secs = float(self._settings.get("check_secs", CHECK_SECS))
        self._checked_time = self._checked_time or now
        if now - self._checked_time >= check_secs:
            self._checked_time = now
            self._write(insists=True)
            if self._document["state"] == "working":
                self._check_workers(max(check_secs, float(self._settings.get("silent_secs", SILENT_SECS))))
            self._check_cost()

    def _check_workers(self, max_secs: float) -> None:
        """Whether some worker of this host has written a heartbeat not long ago."""
        with contextlib.suppress(*self._trouble()):
            times = [written for _, written in self._heartbeats()]
            if self._clock.now() - max([self._working_time, *times]) > max_secs:
                raise Silent("no worker of this host has been heard of for {:.0f} min".format(max_secs / 60))

    def _check_cost(self) -> None:
        """Ends the whole fleet if what it has cost reaches the limit."""
        limit = float(self._settings.get("max_dollars", 0))
        if limit <= 0:
            return
        with contextlib.suppress(*self._trouble()):
            dollars = self.cost_so_far()
            self._say("the fleet has cost about {:.2f} of {:.2f} dollars".format(dollars, limit))
            if dollars >= limit:
                self._say("the limit is reached: the fleet ends")
                self._end_group()

    def cost_so_far(self) -> float:
        """What all instances of this group have cost, as they say themselves, in dollars."""
        group, now = self._settings.get("group", ""), self._clock.now()
        return sum(cost_of(document, group, now) for document in self._set_ups())

    def _set_ups(self) -> Iterator[Optional[bytes]]:
        for key, _ in self._listed("workers/"):
            if key.endswith("/setup.json"):
                yield self._cloud.get(key)

    def _end_vain_group(self) -> None:
        """Ends the fleet if its last computers have failed and none works: an alarm would start another for ever."""
        with contextlib.suppress(*self._trouble()):
            if is_vain(self._set_ups(), self._settings.get("group", ""), self._clock.now()):
                self._say("the last {} computers have failed, and none works: the fleet ends".format(MAX_FAILURES))
                self._write(insists=True)
                self._end_group()

    def _end_group(self) -> None:
        try:
            self._ask_group("UpdateAutoScalingGroup", MinSize="0", MaxSize="0", DesiredCapacity="0")
        except self._trouble() as error:
            self._say("UpdateAutoScalingGroup: {}".format(error))

    # ------------------------------------------------------------ ending

    def _fail(self, why: str, code: Optional[int], last_lines: str, replace: bool = False) -> None:
        self._say(why)
        self._document["exit_code"] = code
        self._change("failed", why + ("\n" + last_lines if last_lines else ""))
        self._write(insists=True)
        if replace:
            if not self._call_group("SetInstanceHealth", HealthStatus="Unhealthy", ShouldRespectGracePeriod="false"):
                shut_down(self._settings)
        else:
            self._end_vain_group()
            self._end_instance()

    def _end_instance(self) -> None:
        """Ends this instance, and has it not replaced."""
        if not self._call_group("TerminateInstanceInAutoScalingGroup", ShouldDecrementDesiredCapacity="true"):
            shut_down(self._settings)

    def _call_group(self, action: str, **fields: str) -> bool:
        """Asks the group for something about this instance; whether it was done."""
        try:
            self._ask(
                "autoscaling", dict(fields, Action=action, Version="2011-01-01", InstanceId=self._document["instance"])
            )
        except self._trouble() as error:
            self._say("{}: {}".format(action, error))
            self._write(insists=True)
            return False
        return True

    def _ask_group(self, action: str, **fields: str) -> None:
        group = self._settings.get("group", "")
        self._ask("autoscaling", dict(fields, Action=action, Version="2011-01-01", AutoScalingGroupName=group))

    # ------------------------------------------------------------ the cloud

    def _states(self) -> List[str]:
        """The last states of this host's workers; of one whose process was killed, "gone"."""
        states = []
        with contextlib.suppress(*self._trouble()):
            for key, _ in self._heartbeats():
                heartbeat = json.loads((self._cloud.get(key) or b"{}").decode("utf-8", "replace"))
                if heartbeat.get("start_time", 0) >= self._document["start_time"]:
                    state, process = str(heartbeat.get("state")), PROCESS.search(key)
                    is_gone = process and not os.path.exists("/proc/" + process.group(1)) and state not in AT_REST
                    states.append("gone" if is_gone else state)
        return states

    def _heartbeats(self) -> Iterator[Tuple[str, float]]:
        for key, written in self._listed("workers/{}_".format(self._host)):
            if key.endswith("/heartbeat.json"):
                yield key, written

    def _listed(self, prefix: str) -> Iterator[Tuple[str, float]]:
        """The keys below a prefix, and when they were written."""
        token = ""
        while True:
            more = "&continuation-token=" + self._worker.quote(token) if token else ""
            url = "{}?{}".format(self._study.object_url(""), "list-type=2&prefix=" + self._worker.quote(prefix) + more)
            root = ElementTree.fromstring(self._exchange(self._worker.Request("GET", url)))
            for entry in root.iter():
                if entry.tag.endswith("}Contents") or entry.tag == "Contents":
                    fields = {field.tag.rsplit("}", 1)[-1]: field.text or "" for field in entry}
                    yield fields["Key"], seconds(fields["LastModified"])
            found = [entry.text for entry in root.iter() if entry.tag.endswith("NextContinuationToken")]
            token = found[0] or "" if found else ""
            if not token:
                return

    def _ask(self, service: str, form: Dict[str, str]) -> bytes:
        quote = self._worker.quote
        body = "&".join("{}={}".format(quote(name), quote(value)) for name, value in sorted(form.items()))
        suffix = "amazonaws.com.cn" if self._study.region.startswith("cn-") else "amazonaws.com"
        url = "{}/".format(self._study.endpoint_url or "https://{}.{}.{}".format(service, self._study.region, suffix))
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        return self._exchange(self._worker.Request("POST", url, headers, body.encode(), service))

    def _exchange(self, request: Any) -> bytes:
        now = self._clock.now()
        headers = self._worker.sign(request, self._key.at(now), self._study.region, now)
        answer = self._worker.Http().exchange(request, headers)
        if answer.status >= 300:
            raise OSError("{} {}".format(answer.status, answer.text))
        body: bytes = answer.body
        return body

    def _trouble(self) -> Tuple[Any, ...]:
        return (*self._worker.TROUBLE, OSError, ValueError, LookupError, ElementTree.ParseError)

    # ------------------------------------------------------------ telling

    def _say(self, words: str) -> None:
        line = "[boot {}] {}\n".format(time.strftime("%H:%M:%S", time.gmtime(self._clock.now())), words)
        sys.stdout.write(line)
        sys.stdout.flush()
        with self._lock:
            self._log.add(line.encode("utf-8", "replace"))
            self._is_new = True

    def _change(self, state: str, message: str) -> None:
        self._document.update(state=state, message=message)
        self._told_time = 0.0

    def _write(self, insists: bool = False) -> None:
        """Writes what is due; what couldn't be written is due the next time."""
        now = time.monotonic()
        if not insists and now - self._written_time < WRITE_SECS:
            return
        self._written_time = now
        for again in range(5 if insists else 1):
            try:
                self._write_log()
                if insists or now - self._told_time >= TELL_SECS:
                    self._document["time"] = self._clock.now()
                    self._cloud.put(self._own("setup.json"), json.dumps(self._document).encode("utf-8"))
                    self._told_time = now
                return
            except self._trouble() as error:
                print("boot: the set-up isn't written: {}".format(error))
                if insists:
                    time.sleep(again)

    def _write_log(self) -> None:
        with self._lock:
            content = self._log.content() if self._is_new else None
            self._is_new = False
        if content is None:
            return
        try:
            self._cloud.put(self._own("setup.txt"), content, "text/plain; charset=utf-8")
        except BaseException:
            self._is_new = True
            raise

    def _own(self, name: str) -> str:
        return "workers/{}/{}".format(self._host, name)


def cost_of(document: Optional[bytes], group: str, now: float) -> float:
    """What the instance has cost that this document is of, if it is of the group."""
    try:
        told = json.loads((document or b"{}").decode("utf-8"))
        secs = min(float(told["time"]), now) - float(told["start_time"])
        dollars = secs / 3600.0 * float(told["price_per_hour"])
    except (ValueError, LookupError, TypeError):
        return 0.0
    return dollars if told.get("group") == group and 0.0 <= dollars < 1e6 else 0.0


def is_vain(documents: Iterable[Optional[bytes]], group: str, now: float) -> bool:
    """Whether the computers of the group that started last have failed, and none works."""
    found = []
    for document in documents:
        with contextlib.suppress(ValueError, LookupError, TypeError):
            told = json.loads((document or b"{}").decode("utf-8"))
            if told["group"] == group:
                found.append((float(told["start_time"]), str(told["state"]), now - float(told["time"])))
    last = [state for _, state, _ in sorted(found)[-MAX_FAILURES:]]
    works = any(state in ("working", "leaving") and age < FRESH_SECS for _, state, age in found)
    return last == ["failed"] * MAX_FAILURES and not works


def become_user(user: "pwd.struct_passwd") -> None:
    """Makes this process the user's, for good."""
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def end(process: "subprocess.Popen[bytes]", grace_secs: float) -> None:
    """Ends a process, at first as Ctrl-C would, then with all that it has started."""
    with contextlib.suppress(OSError):
        process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace_secs)
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def fact(worker: Any, path: str) -> str:
    """What the metadata service says; empty if it says nothing."""
    try:
        return str(worker.metadata(path)).strip()
    except (OSError, ValueError):
        return ""


def counted_cores(kind: str) -> int:
    """How many cores the computer has: as its processor shows them, or each once though it runs two threads."""
    shown = os.cpu_count() or 1
    if kind == "virtual":
        return shown
    siblings = set()
    for path in glob.glob("/sys/devices/system/cpu/cpu[0-9]*/topology/thread_siblings_list"):
        with contextlib.suppress(OSError), open(path, encoding="ascii") as file:
            siblings.add(file.read().strip())
    return min(len(siblings) or shown, shown)


def seconds(text: str) -> float:
    """Seconds since 1970 of a time in a listing."""
    return float(calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
