"""The worker of Cruncher: takes cases from the study's queue, computes them, and writes their results to its bucket.

It is attached by one line, in plain Python 3.6 or later, or in the IPython console of FLAC3D, 3DEC or PFC:

    exec('<fetches <address>/public/attach.py, and executes it>'); attach(
        '<address>/public/config.json', '<key id>', '<secret>')

One file, standard library only. What it promises stands in docs/protocol.md; the order of its steps is `Worker._loop`.
Inside FLAC3D, 3DEC and PFC it was not run: `ItascaHost` is built from the vendor's documentation, and tested with a
stand-in for the vendor's module only.
"""

# ruff: noqa: D105, D107, E402 - a class says what its constructor takes; the imports come after the next lines
_BEFORE = dict(globals()), dict(locals())
_THIS_FILE = __import__("sys")._getframe().f_code  # this file, compiled: exec leaves no other trace of it
if __name__ != "cruncher_worker" and globals().get("__file__") != _THIS_FILE.co_filename:
    # Executed in somebody's namespace: the worker gets one of its own, and the last lines of the file tidy up here.
    _WORKER = {"__name__": "cruncher_worker"}
    exec(_THIS_FILE, _WORKER)
    globals().update((name, value) for name, value in _WORKER.items() if name not in ("_BEFORE", "__name__"))

import _thread
import ast
import atexit
import base64
import builtins
import calendar
import codecs
import collections
import collections.abc
import contextlib
import csv
import ctypes
import datetime
import decimal
import email.utils
import enum
import errno
import faulthandler
import functools
import gc
import hashlib
import hmac
import http.client
import importlib
import importlib.machinery
import io
import itertools
import json
import linecache
import locale
import logging
import marshal
import math
import numbers
import operator
import os
import platform
import random
import re
import shlex
import shutil
import signal
import socket
import ssl
import stat
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import tokenize
import traceback
import types
import unicodedata
import urllib.parse
import urllib.request
import uuid
import warnings
import zipfile
import zlib
from typing import Any, Callable, Deque, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple, Union

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

# What runs beside a model, or after it, and before the process is as it was: a model may have put something else in the
# place of builtins, and libraries for tests stop the time.
globals()["__builtins__"] = dict(vars(builtins))
Module, is_identical = types.ModuleType, operator.is_
monotonic, nap, strftime, gmtime, strptime = time.monotonic, time.sleep, time.strftime, time.gmtime, time.strptime
own_pid, exit_at_once, new_lock = os.getpid, os._exit, _thread.allocate_lock
file_status, start_thread = os.fstat, _thread.start_new_thread


class OwnBuiltins:
    """A finder of these packages' modules, which execute them with the builtins of this file."""

    def __init__(self, packages: Set[str]) -> None:
        self._packages = packages

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Where Python finds it."""
        if name.split(".")[0] not in self._packages:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        loader: Any = spec and spec.loader
        if not isinstance(loader, importlib.machinery.SourceFileLoader):
            return spec

        def execute(module: types.ModuleType) -> None:
            vars(module)["__builtins__"] = globals()["__builtins__"]
            type(loader).exec_module(loader, module)

        vars(loader)["exec_module"] = execute
        return spec


def copies_of(*names: str) -> Dict[str, Any]:
    """These modules of Python's own, by the packages that they are in, in copies that nobody else knows.

    The lease is extended while a model runs, and that may have put something else in the place of `socket.socket`,
    `json.dumps` or `len`: it finds the usual modules and builtins, and not these.
    """
    packages = {name.split(".")[0] for name in names}
    usual = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] in packages}
    finder: Any = OwnBuiltins(packages)
    sys.meta_path.insert(0, finder)
    try:
        for name in names:
            importlib.import_module(name)
        return {name: sys.modules[name] for name in packages}
    finally:
        sys.meta_path.remove(finder)
        sys.modules.update(usual)


globals().update(
    copies_of(
        *("calendar", "email.message", "email.parser", "email.utils", "hashlib", "hmac", "http.client", "json"),
        *("socket", "ssl", "statistics", "urllib.parse", "urllib.request"),
    )
)

VERSION = "0.1.0"

LONG_POLL_SECS = 20  # the longest that SQS allows
FIRST_POLL_SECS = 1  # the first after a case: who waits longer than this is said to be waiting
SHORT_POLL_SECS = 5.0  # between receives where a long poll would freeze the host program
CONTROL_SECS = 5.0
HEARTBEAT_CHANGE_SECS = 5.0
HEARTBEAT_STATE_SECS = 1.0  # a change of state is told at once, but never more often than this
HEARTBEAT_SECS = 60.0
SEGMENT_SECS = 5.0
SEGMENT_ROWS, SEGMENT_BYTES = 1000, 4 * 1024 * 1024  # a segment is written anew as it grows, so it stays small
JOURNAL_SECS = 60.0
JOURNAL_URGENT_SECS = 5.0  # of what isn't `INFO` alone
INFO, WARNING, ERROR = "INFO", "WARNING", "ERROR"  # the levels of what the worker says of itself
JOURNAL_BYTES = 256 * 1024
OUTPUT_BYTES = 64 * 1024
# SQS holds a message for 12 hours in all; https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/
# API_ChangeMessageVisibility.html. Before that the worker lets the queue go and keeps the case by its heartbeat.
LONGEST_LEASE_SECS = 11.5 * 3600
POISON_DELAY_SECS = 30
# After a failed attempt the case becomes visible after a pause, each three times as long: what was busy is free again.
RETRY_PAUSE_SECS = 3
MAX_RETRY_PAUSE_SECS = 300
USUAL_MAX_RECEIVES = 5  # of studies from before their configuration said it
ANOTHER_WORKER_SECS = 5  # for which a worker leaves to others a case that has failed on it
# A worker rests when its computer can't run any case, and before it tries another case after so many failures in a row.
# Each rest is twice as long as the one before, from the first to the longest.
CHECK_SECS = 1.0
CHECK_FILES, CHECK_BYTES = 16, 64 * 1024  # that a computer must have room for, each of so many bytes
FAILURES_IN_ROW = 5
FINISHED_BY_OTHERS = 3  # of them, from which on the failures are the worker's
COMPUTER_RESTS_SECS = 5.0, 60.0
FAILURES_RESTS_SECS = 10.0, 60.0
UNFIT_RESTS_SECS = 300.0, 3600.0
# A case whose command is missing is hidden from all, about as long as it has waited for a computer that has it.
LACKING_PAUSES_SECS = 3, 3600
COMMAND_RESTS_SECS = 5.0, 60.0  # when there is no other case
SHOWN_AFTER_SECS = 60  # when the worker that hides them ends
HIDDEN_NOTED = 1000  # of these cases, to be shown again when the command is there or the worker ends
NONE_HAS_TOLD = "no worker has told what became of it: it seems to end the program that it is computed in"
OF_THIS_COMPUTER = "ImportError", "ModuleNotFoundError", "CommandNotFound"  # failures that another one may not have
MAX_HALT_COUNT = 1000000  # as many cases as a design may have
FAREWELL_SECS = 10.0  # how long a worker that ends tries to say so
KEY_RETIRED = "its key was replaced: attach it again with the new line of the page Attach"
TIMEOUT_SECS = 40.0  # for one answer; longer than a long poll
REFUSED_PATIENCE_SECS = 6.0  # a new key takes seconds until it is known everywhere
BACKOFF_SECS = 0.1
LONGEST_BACKOFF_SECS = 30.0
CLOCK_TOLERANCE_SECS = 15.0
MODELS_KEPT = 16
MESSAGE_CHARACTERS = 10000
TRACEBACK_CHARACTERS = 65536
SHORT_CHARACTERS = 500  # of what has to fit into a line or a small document
PROGRESS_CHARACTERS = 1000
RESULT_DEPTH = 100
RESULT_VALUES = 10000000
RESULT_INTEGER_BITS = 4096
NAME_CHARACTERS = 200
RESULT_WARNINGS = 20
ROW_TEXT_CHARACTERS = 1000  # a table of cases shows no more of a text; its document has it whole
RESULT_BYTES = 64 * 1024 * 1024
PART_BYTES = (
    8 * 1024 * 1024
)  # a larger file is uploaded in parts of so many bytes, or larger ones of a file that is huge
MAX_PARTS = 10000  # that S3 takes
MAX_BUNDLE_BYTES, MAX_UNPACKED_BYTES = 1024 * 1024 * 1024, 4 * 1024 * 1024 * 1024
MAX_BUNDLE_FILES, MAX_DIRECTORY_BYTES = 10000, 8 * 1024 * 1024
FILES_IN_DOCUMENT, EXTRACTS_KEPT, EXTRACT_LOG_CHARACTERS = 10000, 20, 4096
MAX_FILES_KIB = 2**32 - 1  # that a row can tell
BUNDLES_KEPT_BYTES = 4 * 1024 * 1024 * 1024  # on a computer, between cases
LEFT_PART_SECS = 24 * 3600.0  # after which half a bundle is one that a worker which died has left
USUAL_OUTPUTS_LIMIT_BYTES = 1024 * 1024 * 1024  # of what a case leaves in its folder outputs/
CHAINED_EXCEPTIONS = 20
LEFT_BEHIND_SECS = 1.0  # how long is waited for threads and processes that a model has left behind
LOOKED_AT_DESCRIPTORS = 1 << 20  # no more of them, however many the operating system would allow
OWN_SIGNAL_SECS = 1.0  # an interrupt that soon after the model has sent its own process a signal is the model's
GRACE_SECS = 5.0  # how long a model may take to end when it is interrupted, before its process is ended
RAISED_AGAIN_SECS = 2.0  # after which a model that goes on is interrupted again
LOOK_SECS = 0.2  # from one look whether the process of the cases is still there to the next
START_SECS = 60.0  # how long Python may take to start
MAX_FRAME_BYTES = RESULT_BYTES + 1024 * 1024
MAX_PIECE_BYTES = 1024 * 1024
MAX_COMMAND_BYTES = 4096
COMMAND_LINE_LOOKS = 10
MAX_MODEL_DOCUMENT_BYTES = 64 * 1024
MAX_LINE_BYTES = 32000  # of a command
MAX_PATH_BYTES = 200
MAX_TEMPLATES = 100
PROGRESS_SECS = 0.5  # from one look at a file of progress to the next
PROGRESS_LINE_BYTES = 4096
MAX_RESULT_COLUMNS = 10000
LEFT_PROCESSES_NAMED = 20
MIN_SECRET_CHARACTERS = 16
DOWNLOADS = 8  # of inputs of a case that combines, at the same time
PIECE_BYTES = 8 * 1024 * 1024  # of a file, that is in memory at once
INPUTS_FOLDER, OUTPUTS_FOLDER = "inputs", "outputs"  # in the scratch folder
ROLES_PATH = "iam/security-credentials/"
METADATA_SECS = 5.0
RENEWED_AHEAD_SECS = 300.0  # a role's next key is there five minutes before the last one expires
RENEWED_AGAIN_SECS = 10.0


# ---------------------------------------------------------------- attaching


def attach(config_url: str, key_id: str = "", secret: str = "", workers: int = 1, pool: Optional[str] = None) -> None:
    """Computes cases of the study at `config_url`, or of one of its pools, until it is drained, refused, or stopped.

    Without a key it signs with the keys of the computer's role, which an instance of EC2 has.
    """
    try:
        key = key_of(key_id, secret)
        del secret
        conceal(key)
        key.at(time.time())
        _attach(config_url, key, workers, pool)
    except KeyboardInterrupt:
        print("cruncher: stopped")
    except Exception as error:  # noqa: BLE001 - what gets out of here is shown with the line, and that has the key
        print("cruncher: it can't be attached: {}".format(one_line(error)))


def _attach(config_url: str, key: "Key", workers: int, pool: Optional[str]) -> None:
    if workers == 1:
        work(config_url, key, pool=pool)
    elif not isinstance(workers, int) or workers < 1:
        print("cruncher: workers must be a whole number from 1 on")
    elif vendor_module() is not None:
        print("cruncher: one FLAC3D, 3DEC or PFC holds one model, so workers must be 1; start the program once more")
    elif not sys.executable:
        print("cruncher: this Python can't start another one, so workers must be 1")
    else:
        Processes(workers, config_url, key, pool).watch()


def conceal(key: "Key") -> None:
    """Takes the attach line out of what Python has kept of it, for tracebacks and in the arguments of the program."""
    if len(key.secret) < MIN_SECRET_CHARACTERS:
        return  # it is no key, and may be a part of anything
    for name, entry in list(linecache.cache.items()):
        if any(key.secret in line for line in (entry[2] if len(entry) > 2 else ())):
            del linecache.cache[name]
    arguments: List[str] = getattr(sys, "orig_argv", [])
    arguments[:] = [one.replace(key.secret, "…") for one in arguments]


def work(config_url: str, key: "Key", label: str = "cruncher", pool: Optional[str] = None) -> str:
    """One worker, from attaching to its end; returns its last state."""
    journal = Journal(sys.stdout, label)
    clock = Clock(time.time)
    journal.now = clock.now
    try:
        host = this_host()
        study = load_study(config_url, Client(None, "", clock, journal, host.wait))
        return Worker(study.of_pool(pool), key, host, clock, journal).work()
    except KeyboardInterrupt:
        journal.say("stopped before it was attached")
        return "stopped"
    except NoStudy as error:
        journal.say(str(error))
        return "crashed"


# The key comes through standard input: what stands in the arguments can be read by everybody on the computer.
BOOTSTRAP = (
    "import marshal, sys; told = marshal.load(sys.stdin.buffer); names = {'__name__': 'cruncher_worker'};"
    " exec(told[0], names); names[told[1]](*told.pop())"  # so that no variable keeps them
)


def start_python(
    function: str, arguments: Callable[["subprocess.Popen[bytes]"], Tuple[Any, ...]], **options: Any
) -> "subprocess.Popen[bytes]":
    """Starts a Python that executes this file, and then a function of it."""
    program = sys.executable
    if os.name == "nt":
        # In a virtual environment that is a program which starts Python, and is another process than that.
        program = getattr(sys, "_base_executable", None) or program
        if os.path.normcase(program) != os.path.normcase(sys.executable):
            options["env"] = dict(os.environ, __PYVENV_LAUNCHER__=sys.executable)
    flags: List[str] = getattr(subprocess, "_args_from_interpreter_flags", list)()  # as multiprocessing does
    process = subprocess.Popen([program, *flags, "-c", BOOTSTRAP], stdin=subprocess.PIPE, **own_group(), **options)
    assert process.stdin is not None
    try:
        with contextlib.suppress(OSError), process.stdin:
            process.stdin.write(marshal.dumps([_THIS_FILE, function, arguments(process)]))
    except BaseException:
        end_group(process)
        raise
    return process


def own_group() -> Dict[str, Any]:
    """How a process is started such that Ctrl-C doesn't reach it, and it can be ended with all that it has started."""
    return {"start_new_session": True} if os.name == "posix" else {"creationflags": 0x200}


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """Ends a process at once, with all that it has started."""
    with contextlib.suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            subprocess.call(["taskkill", "/F", "/T", "/PID", str(process.pid)], stdout=subprocess.DEVNULL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECS)


def open_standard_descriptors() -> None:
    """Opens those of input, output and errors that were closed: what is opened next would take their places."""
    for number in range(3):
        if _identity(number) is None:
            with contextlib.suppress(OSError):
                os.open(os.devnull, os.O_RDWR)


def ask_to_end(process: "subprocess.Popen[bytes]") -> None:
    """As Ctrl-C would."""
    with contextlib.suppress(OSError):
        # Not SIGINT: what a shell starts in its background ignores that.
        process.send_signal(signal.SIGTERM if os.name == "posix" else vars(signal)["CTRL_BREAK_EVENT"])


class Processes:
    """Several workers, each a process of its own. One that dies is reported and not replaced."""

    def __init__(self, count: int, config_url: str, key: "Key", pool: Optional[str] = None) -> None:
        self._journal = Journal(sys.stdout, "cruncher")
        self._count, self._config_url, self._key, self._pool = count, config_url, key, pool
        self._running: Dict[int, subprocess.Popen[bytes]] = {}

    def _start(self, number: int) -> "subprocess.Popen[bytes]":
        label, key, pool = "cruncher #{}".format(number), self._key, self._pool
        return start_python("work_as_process", lambda _: (self._config_url, *key.told(), label, os.getpid(), pool))

    def watch(self) -> None:
        """Waits until all have ended; Ctrl-C is passed on to them."""
        with Interrupts().caught():
            try:
                for number in range(1, self._count + 1):
                    self._running[number] = self._start(number)
            except KeyboardInterrupt:
                self._interrupt()
            while self._running:
                try:
                    self._report_ended()
                    time.sleep(0.2)
                except KeyboardInterrupt:
                    self._interrupt()

    def _report_ended(self) -> None:
        for number, process in list(self._running.items()):
            code = process.poll()
            if code is None:
                continue
            del self._running[number]
            how = "ended" if code == 0 else "died (exit code {}); its case goes to another worker".format(code)
            words = "worker #{}, process {}, {}; {} left"
            self._journal.say(words.format(number, process.pid, how, len(self._running)), INFO if code == 0 else ERROR)

    def _interrupt(self) -> None:
        self._journal.say("stopping {} workers".format(len(self._running)))
        for process in self._running.values():
            ask_to_end(process)


def work_as_process(
    config_url: str, key_id: str, secret: str, label: str, parent: int, pool: Optional[str] = None
) -> None:
    """What each of several processes does."""
    if os.name == "posix":
        threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    sys.exit(0 if work(config_url, key_of(key_id, secret), label, pool) == "stopped" else 1)


def _end_with_parent(parent: int) -> None:
    """Ends this process as its parent would, should the parent have died without a word."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os.kill(os.getpid(), signal.SIGTERM)


# ---------------------------------------------------------------- the loop


class Ending(NamedTuple):
    """Why a worker ends, as its last heartbeat tells it."""

    state: str
    message: str
    traceback: Optional[str] = None
    key_retired: bool = False


class Worker:
    """Takes one case after the other."""

    def __init__(self, study: "Study", key: "Key", host: "Host", clock: "Clock", journal: "Journal") -> None:
        self._study, self._host, self._clock, self._journal = study, host, clock, journal
        self._identity = Identity(host)
        self._client = Client(key, study.region, clock, journal, self._wait_for_network)
        self._cloud = Cloud(study, self._client)
        self._models, self._bundles = Models(self._cloud), Bundles(self._cloud)
        self._control = Control(key.key_id)
        requests = self._client.requests
        self._report = Report(self._identity, clock, journal, study.lease_secs, key.key_id, study.pool, requests)
        self._keeper = Keeper(self._report, Cloud(study, self._client.once()), study.lease_secs, self._control, journal)
        self._interrupts = Interrupts()
        self._computer_rests, self._command_rests = Rests(COMPUTER_RESTS_SECS), Rests(COMMAND_RESTS_SECS)
        self._lacking = LackingCommands()
        self._next_check_time = -math.inf
        self._is_suspect = False  # the computer, until it has passed a whole check
        self._failures = FailuresInRow()
        self._outcomes = AttemptOutcomes()
        self._failed_here: Deque[str] = collections.deque(maxlen=1000)  # error keys of cases that are repeated
        self._home = current_folder()
        self._process: Union[ThisProcess, ModelProcess]

    def work(self) -> str:
        """Works until the end, says why it ended, and returns the last state."""
        with self._interrupts.caught(), self._host.attached(self._keeper.tick):
            self._process = process_of_cases(self._host, self._interrupts, self._report, self._journal)
            try:
                ending = self._ending()
                self._leave(ending)
            except KeyboardInterrupt:
                ending = Ending("stopped", "stopped at once")
                self._journal.say(ending.message)
            finally:
                self._keeper.stop()
                self._process.close()
        return ending.state

    def _ending(self) -> Ending:
        try:
            words = "attached to {} as {} ({}); Ctrl-C stops it"
            self._journal.say(words.format(self._study.in_words, self._identity.worker, self._identity.version))
            if self._study.pool is not None:
                self._check_pool(self._study.pool)
            threading.Thread(target=self._identity.find_instance_type, name="cruncher-metadata", daemon=True).start()
            self._keeper.start()
            return self._loop()
        except KeyboardInterrupt:
            return Ending("stopped", "stopped by its user")
        except Refused as error:
            return Ending("refused", str(error))
        except NoStudy as error:
            return Ending("stopped", str(error))
        except Exception as error:  # noqa: BLE001 - the last resort: a crash must be readable in the dashboard
            return Ending("crashed", one_line(error), last_of(traceback.format_exc(), TRACEBACK_CHARACTERS))

    def _check_pool(self, pool: str) -> None:
        """Raises `NoStudy` unless the study has this pool."""
        self._control.read(self._cloud, self._journal)
        pools = self._control.pools
        if pools is not None and pool not in pools:
            words = "study {} has no pool {}: it has {}"
            raise NoStudy(words.format(self._study.name, pool, ", ".join([MAIN_POOL, *pools])))

    def _loop(self) -> Ending:
        """The steps of docs/protocol.md, in their order."""
        while not self._interrupts.by_user:  # a model may have caught it
            self._control.read(self._cloud, self._journal)  # 1
            if self._control.key_retired:
                return Ending("stopped", KEY_RETIRED, key_retired=True)
            if self._identity.worker in self._control.drain:
                return Ending("stopped", "drained")
            if self._control.paused:
                self._idle("paused", "the study is paused")
                self._host.wait(CONTROL_SECS)
                continue
            why_halted = self._why_halted()
            if why_halted is not None:
                self._halt(why_halted)
                continue
            if self._has_rested():
                continue
            asked_time = monotonic()
            message = self._receive()  # 2
            if message is not None and self._interrupts.by_user:
                self._give_back(Lease(message), 0)
            elif message is None:
                self._wait_for_cases()
                if not self._interrupts.by_user:
                    self._host.wait(max(0.0, self._host.rest_secs - (monotonic() - asked_time)))
            else:
                self._take(message)  # 3 to 7
        return Ending("stopped", "stopped by its user")

    def _receive(self) -> "Optional[Message]":
        """One message, or None. Who is stopped meanwhile hears the answer: a case may be in it."""
        poll_secs = self._host.poll_secs if self._report.state == "waiting" else FIRST_POLL_SECS
        poll_secs = min(poll_secs, self._host.poll_secs)
        words = "stopping when the queue has answered, which it does within {} s; Ctrl-C again stops at once"
        with self._interrupts.put_off(lambda: self._journal.say(words.format(poll_secs))):
            return self._cloud.receive(self._study.lease_secs, poll_secs)

    def _wait_for_network(self, secs: float) -> None:
        with self._interrupts.at_once():
            self._host.wait(secs)

    def _why_halted(self) -> Optional[str]:
        """Why no case is to be taken until somebody says that it shall go on: by the fleet's failures, or its own."""
        if self._control.why_halted is not None:
            return self._control.why_halted
        self._outcomes.go_on(self._control.go_on_time)
        reason = self._outcomes.reason_to_halt(self._control.halt_rule)
        return None if reason is None else "{}, the last with {}".format(reason, self._failures.last)

    def _halt(self, why: str) -> None:
        if (self._report.state, self._report.message) != ("halted", why):
            words = (
                "halted, since {}; look at the error, then `cruncher resume {}`, or Go on on the page, lets it go on"
            )
            self._journal.say(words.format(why, self._study.name), WARNING)
            self._report.message = why
            self._report.touch()
        self._idle("halted")
        self._host.wait(CONTROL_SECS)

    def _has_rested(self) -> bool:
        """Whether something kept it from taking a case: it has rested then, and looks again."""
        try:
            self._check_computer()
        except ComputerTrouble as error:
            words = "this computer can't run any case at present: {}".format(error)
            self._rest(self._computer_rests.next_secs(), words)
            return True
        self._computer_rests.reset()
        secs, words = self._failures.rest(self._cloud)
        if secs > 0.0:
            self._rest(secs, words)
        return secs > 0.0

    def _check_computer(self, is_suspect: bool = False) -> None:
        """Raises `ComputerTrouble` if no case can run here. Looks now and then, or at once if that is suspected."""
        began = monotonic()
        if not is_suspect and began < self._next_check_time:
            return
        self._next_check_time = -math.inf
        self._is_suspect = self._is_suspect or is_suspect
        try:
            with scratch_folder() as folder, contextlib.ExitStack() as files:
                for number in range(CHECK_FILES):
                    file = files.enter_context(open(os.path.join(folder, str(number)), "wb"))
                    file.write(bytes(CHECK_BYTES))
            self._process.prepare(tries_another=self._is_suspect)
        except (OSError, MemoryError, ProcessEnded) as error:
            raise ComputerTrouble(trouble_in_words(error)) from error
        self._is_suspect = False
        # Where folders are slow, too, checking costs a twentieth of the time at most.
        now = monotonic()
        self._next_check_time = now + max(CHECK_SECS, 20.0 * (now - began))

    def _rest(self, secs: float, why: str, is_over: Callable[[], bool] = lambda: False) -> None:
        """Takes no case for a while, or until that isn't needed any more, and says why."""
        words = "{}; it tries again after {}".format(why, in_words(secs))
        self._journal.say(words, WARNING)
        self._report.message = last_of(words, MESSAGE_CHARACTERS)
        self._report.touch()
        self._tell("resting")
        self._report.flush()
        end = monotonic() + secs
        while monotonic() < end and not self._interrupts.by_user:
            self._control.read(self._cloud, self._journal)
            control = self._control
            ends = control.key_retired or self._identity.worker in control.drain
            if ends or control.paused or control.why_halted is not None or is_over():
                break
            self._host.wait(max(0.0, min(CONTROL_SECS, end - monotonic())))

    def _wait_for_cases(self) -> None:
        """There is none now; or none but those whose command is missing here, which is told."""
        if self._lacking.is_over():
            self._show_hidden(0, has_command)
        why = self._lacking.why()
        if why is None:
            self._command_rests.reset()
            self._idle("waiting", "waiting for cases")
            return
        # So that computers which have it take these cases first, when they can be seen again.
        self._rest(self._command_rests.next_secs(), why, self._lacking.is_over)

    def _show_hidden(self, pause_secs: int, is_meant: Callable[[str], bool] = lambda command: True) -> None:
        """Lets others, or this worker itself, have the cases of these commands that it hides, after a pause."""
        end = monotonic() + FAREWELL_SECS
        for message in self._lacking.forget(is_meant):
            if monotonic() < end:
                self._cloud.show(message, pause_secs)

    def _idle(self, state: str, words: str = "") -> None:
        if words and self._report.state != state:
            self._journal.say(words)
        self._tell(state)
        self._report.flush()
        self._control.forget_age()

    def _tell(self, state: str, attempt: "Optional[Attempt]" = None) -> None:
        self._report.change(state, attempt)
        self._keeper.wake()

    def _take(self, message: "Message") -> None:
        lease = Lease(message)
        self._keeper.hold(lease)  # 4, begun before 3: the network may be slow there, too
        try:
            case = read_case(message.body)
            if self._is_settled(case):  # 3
                self._delete(lease)
                return
            failed = 0 if message.receive_count == 1 else failed_attempt(self._cloud.get(case.error_key), case)
            # A message that comes back after its last attempt is not deleted yet: that attempt is made again.
            attempt = Attempt(case, lease, min(failed + 1, case.max_attempts), self._clock.now())
            lacking = self._lacking_command(case)
            has_ended_workers = self._has_ended_workers(attempt, message.receive_count - 1 - failed)
            if self._leaves_to_others(attempt):
                self._journal.say("case {} has failed here: another worker may try it first".format(case.short))
                self._give_back(lease, ANOTHER_WORKER_SECS)
            elif case.extract_key is not None:
                self._extract(attempt, has_ended_workers)
            elif lacking is not None and message.receive_count < self._study.max_receives:
                self._leave_lacking(lease, case, lacking)
            elif lacking is not None:
                self._fail_unseen(attempt, CommandNotFound(words_for_lacking(lacking)))
            elif has_ended_workers:
                self._fail_unseen(attempt, WorkerEnded(NONE_HAS_TOLD))
            else:
                self._command_rests.reset()
                self._compute(attempt)  # 5 to 7
        except NotACase as error:
            self._refuse(lease, str(error))
        except (ComputerTrouble, OSError, MemoryError) as error:
            self._give_back(lease, RETRY_PAUSE_SECS)
            why = str(error) if isinstance(error, ComputerTrouble) else trouble_in_words(error)
            words = "this computer could not run case {}: {}".format(case.short, why)
            self._rest(self._computer_rests.next_secs(), words)
        except BaseException as error:
            self._client.hurry(FAREWELL_SECS)
            self._give_back(lease, 0 if isinstance(error, KeyboardInterrupt) else POISON_DELAY_SECS)
            raise
        finally:
            self._keeper.let_go()

    def _has_ended_workers(self, attempt: "Attempt", unexplained: int) -> bool:
        """Whether a case was handed out so often without an outcome that it seems to end the program around it.

        A command runs in a process of its own, and is left to others where it is missing: neither ends the program.
        """
        of_program = self._process.ends_with_worker and attempt.case.kind != "command_line"
        return of_program and unexplained >= attempt.case.max_attempts

    def _lacking_command(self, case: "Case") -> Optional[str]:
        """The command that a case wants and this computer doesn't have, as far as that can be told before it runs."""
        if case.kind != "command_line":
            return None
        model = self._models.get(case.model_key)
        return None if isinstance(model, ModelNotFound) else lacking_command(model, case.parameters)

    def _leave_lacking(self, lease: "Lease", case: "Case", command: str) -> None:
        """Leaves a case to computers that have its command: hidden, so that those behind it are handed out next."""
        pause_secs = lacking_pause_secs(lease.message.receive_count)
        if not self._lacking.is_told(command):
            words = "{}, which case {} of {} runs: it leaves to others what needs it, and takes all else"
            words = words.format(words_for_lacking(command), case.short, case.batch)
            self._journal.say(words, WARNING)
            self._lacking.tell(command, words)
        self._lacking.add(command, lease.message, pause_secs)
        lease.close()
        self._cloud.show(lease.message, pause_secs)

    def _fail_unseen(self, attempt: "Attempt", error: "CaseFailure") -> None:
        """Fails a case for good without computing it: each worker would meet the same, one after the other."""
        attempt.number = attempt.case.max_attempts
        failure = describe(error, NO_SOURCE)
        self._keep_failure(attempt, Outcome(None, failure, "", []), failure)

    def _leaves_to_others(self, attempt: "Attempt") -> bool:
        """Whether another worker shall try a case that has failed here: once, if it may be handed out often enough."""
        case, receive_count = attempt.case, attempt.lease.message.receive_count
        if case.error_key not in self._failed_here or self._process.ends_with_worker:
            return False
        self._failed_here.remove(case.error_key)
        wanted = 1 if case.extract_key is not None else case.max_attempts - attempt.number + 2
        return receive_count + wanted <= self._study.max_receives

    def _refuse(self, lease: "Lease", why: str) -> None:
        """Leaves a message that is no case to the redrive policy, which moves it to the dead-letter queue."""
        words = "message {} is no case and was left to the dead-letter queue: {}"
        self._report.message = words.format(lease.message.id, why)
        self._journal.say(self._report.message, ERROR)
        self._report.touch()
        self._keeper.wake()
        lease.close()
        self._cloud.show(lease.message, POISON_DELAY_SECS)

    def _is_settled(self, case: "Case") -> bool:
        """Whether nothing is to be done, because the case was cancelled or its result is there."""
        if self._control.is_still_cancelled(case, self._cloud, self._journal):
            self._report.count("cancelled")
        elif case.extract_key is None and not case.force and self._cloud.exists(case.result_key):
            self._report.count("skipped")
        else:
            return False
        return True

    def _compute(self, attempt: "Attempt") -> None:
        """5, then 6 or 7."""
        case = attempt.case
        words = "case {} of {}: attempt {} of {}"
        self._journal.say(words.format(case.short, case.batch, attempt.number, case.max_attempts))
        self._tell("running", attempt)
        with scratch_folder() as folder:
            try:
                model = self._model_of(case, folder)
            except CaseFailure as error:
                outcome = Outcome(None, describe(error, NO_SOURCE), "", [])
            else:
                outcome = self._executed(attempt, model, folder)
            attempt.end_time = max(self._clock.now(), attempt.start_time)
            self._report.busy_secs += attempt.secs
            if attempt.was_stopped or (attempt.is_cancelled and outcome.failure is not None):
                self._drop_cancelled(attempt)
                return
            if outcome.failure is None:
                self._keep_result(attempt, outcome, folder)
                return
        # The scratch folder is removed first, so that what the case itself has used up is free again.
        self._check_computer(is_suspect=True)
        self._keep_failure(attempt, outcome, outcome.failure)

    def _extract(self, attempt: "Attempt", has_ended_workers: bool) -> None:
        """Runs a second model over the files of a case that is done. Whatever comes of it, the case stays done."""
        case = attempt.case
        self._journal.say("case {} of {}: extracting by {}".format(case.short, case.batch, case.model_name))
        self._tell("running", attempt)
        with scratch_folder() as folder:
            earlier = EarlierResult.of(self._cloud.get_if_changed(case.result_key, None))
            if earlier is None or earlier.has_extract(case):
                self._journal.say("case {}: there is nothing to be extracted from, or it was done".format(case.short))
                self._delete(attempt.lease)
                self._report.count("skipped")
                return
            try:
                if has_ended_workers:
                    raise WorkerEnded(NONE_HAS_TOLD)
                before = earlier.fetch(self._cloud, case, folder, self._study.outputs_limit_bytes)
                outcome = self._executed(attempt, self._model_of(case, folder), folder)
            except CaseFailure as error:
                before, outcome = {}, Outcome(None, describe(error, NO_SOURCE), "", [])
            attempt.end_time = max(self._clock.now(), attempt.start_time)
            if attempt.was_stopped or (attempt.is_cancelled and outcome.failure is not None):
                self._drop_cancelled(attempt)
                return
            try:
                document, files, sizes_bytes = self._extracted(attempt, earlier, outcome, before, folder)
                body = result_json(document)
                for key, path in files.items():
                    self._cloud.upload(key, path)
            except TROUBLE:
                raise
            except Exception as error:  # noqa: BLE001 - what a model has made of its result is its failure
                outcome = Outcome(None, describe(error, NO_SOURCE), outcome.log, outcome.warnings)
                document, _, sizes_bytes = self._extracted(attempt, earlier, outcome, before, folder)
                body = result_json(document)
        if outcome.failure is not None:
            self._check_computer(is_suspect=True)
            if self._may_lack_something(attempt, outcome.failure):
                words = "case {}: nothing was extracted here: {}: another worker may try it"
                self._journal.say(words.format(case.short, outcome.failure.in_short), WARNING)
                self._failures.add(case, outcome.failure)
                self._failed_here.append(case.error_key)
                self._give_back(attempt.lease, RETRY_PAUSE_SECS)
                return
        if not self._cloud.put_over(case.result_key, body, earlier.etag):
            self._journal.say("case {}: its result was replaced meanwhile, so it is extracted anew".format(case.short))
            self._give_back(attempt.lease, RETRY_PAUSE_SECS)
            return
        self._delete(attempt.lease)
        if outcome.failure is not None:
            self._failures.add(case, outcome.failure)
            words = "case {}: nothing was extracted: {}"
            self._journal.say(words.format(case.short, outcome.failure.in_short))
            return
        self._failures.clear()
        # Its row counts both: what it took to compute the case, and to extract from it.
        attempt.start_time -= earlier.secs
        self._report.add_done(attempt, outcome.result, sizes_bytes)
        self._journal.say("case {}: extracted in {}".format(case.short, in_words(attempt.secs - earlier.secs)))

    def _may_lack_something(self, attempt: "Attempt", failure: "Failure") -> bool:
        """Whether an extraction may succeed on another computer, and may be handed out again for that."""
        most = min(attempt.case.max_attempts, self._study.max_receives)
        may_be_repeated = attempt.lease.message.receive_count < most and not self._process.ends_with_worker
        return failure.exception in OF_THIS_COMPUTER and may_be_repeated

    def _extracted(
        self, attempt: "Attempt", earlier: "EarlierResult", outcome: "Outcome", before: Dict[str, Any], folder: str
    ) -> Tuple[Dict[str, Any], Dict[str, str], List[int]]:
        """The document with what was extracted, or why nothing was; new files, by their keys; the sizes of all."""
        case, failure, document = attempt.case, outcome.failure, dict(earlier.document)
        told = {
            "submission": case.submission, "model": {"key": case.model_key, "kind": case.kind},
            "worker": self._identity.worker, "start_time": attempt.start_time, "end_time": attempt.end_time,
            "log": last_of(outcome.log, EXTRACT_LOG_CHARACTERS), "warnings": outcome.warnings,
        }  # type: Dict[str, Any]  # fmt: skip
        files: Dict[str, str] = {}
        sizes_bytes: List[int] = []
        if failure is None:
            left = files_by_key(case, folder, outcome.warnings)
            files = {key: path for key, path in left.items() if before.get(path) != identity_of(path)}
            sizes_bytes = checked_sizes(left, self._study.outputs_limit_bytes)
            document.update(result=outcome.result)
            listed = files_in_document(left, case)
            if listed:
                document["files"] = listed
        else:
            told.update(exception=failure.exception, message=failure.message, traceback=failure.traceback)
        document["extracts"] = [*earlier.extracts, told][-EXTRACTS_KEPT:]
        return document, files, sizes_bytes

    def _model_of(self, case: "Case", folder: str) -> bytes:
        """The model's file; of a bundle `model.json`, with the files in the scratch folder. Or a `CaseFailure`."""
        if case.kind == "bundle":
            return self._bundles.unpack(case.model_key, folder)
        model = self._models.get(case.model_key)
        if isinstance(model, ModelNotFound):
            raise model
        return model

    def _executed(self, attempt: "Attempt", model: bytes, folder: str) -> "Outcome":
        self._keeper.watch(attempt)
        try:
            if attempt.case.kind == "combine":
                try:
                    self._fetch_inputs(attempt, folder)
                except (CaseFailure, CaseCancelled) as error:
                    attempt.was_stopped = isinstance(error, CaseCancelled)
                    return Outcome(None, describe(error, NO_SOURCE), "", [])
            return self._process.execute(attempt, model, folder)
        finally:
            self._keeper.watch(None)

    def _fetch_inputs(self, attempt: "Attempt", folder: str) -> None:
        """Downloads what a case combines: first by threads that try once, then what is left, with patience."""
        key = attempt.case.parameters.get("inputs")
        document = self._models.get(key) if isinstance(key, str) and _MODEL_KEY.fullmatch(key) else None
        if not isinstance(document, bytes):
            raise document or CaseFailure("the case doesn't name the list of its inputs")
        inputs = read_inputs(document, folder)
        with open(os.path.join(folder, INPUTS_FOLDER + ".json"), "wb") as file:
            file.write(to_json([one.path for one in inputs]))
        downloads = Downloads(Cloud(self._study, self._client.once()), inputs)
        try:
            while downloads.are_running and not attempt.is_cancelled:
                words = "reading file {:,} of {:,}".format(downloads.finished, len(inputs))
                note_progress(attempt, self._report, downloads.finished / len(inputs), words)
                self._host.wait(LOOK_SECS)
        finally:
            downloads.stop()
        for one in downloads.left():
            if attempt.is_cancelled:
                raise CaseCancelled("the case was cancelled")
            self._cloud.download(one)
        note_progress(attempt, self._report, None, None)

    def _drop_cancelled(self, attempt: "Attempt") -> None:
        """Its model was stopped since it is cancelled. Should that have been undone meanwhile, it is given back."""
        case = attempt.case
        if self._control.is_still_cancelled(case, self._cloud, self._journal):
            self._delete(attempt.lease)
            self._report.count("cancelled")
            words = "case {} was cancelled, and stopped after {}"
            self._journal.say(words.format(case.short, in_words(attempt.secs)))
        else:
            self._journal.say("case {} is not cancelled any more, but its model was stopped already".format(case.short))
            self._give_back(attempt.lease, 0)

    def _keep_result(self, attempt: "Attempt", outcome: "Outcome", folder: str) -> None:
        """6: the result is written before the message is deleted, so a crash between the two loses nothing."""
        case, body = attempt.case, b""
        try:
            files = files_by_key(case, folder, outcome.warnings)
            sizes_bytes = checked_sizes(files, self._study.outputs_limit_bytes)
            document = dict(self._document(attempt, outcome), result=outcome.result)
            if files:
                document["files"] = files_in_document(files, case)
            body = result_json(document)
            for key, path in files.items():
                self._cloud.upload(key, path)
            written = self._write_result(attempt, body)
        except (KeyboardInterrupt, *TROUBLE):
            if body:
                self._save(case, body)
            raise
        except BaseException as error:  # noqa: BLE001 - what a model has made of its result is the failure of its case
            self._keep_failure(attempt, outcome, describe(error, NO_SOURCE))
            return
        self._delete(attempt.lease)
        if not written:
            self._journal.say("case {}: another result was there already, its own was dropped".format(case.short))
            self._report.count("skipped")
            return
        self._failures.clear()
        self._outcomes.add(attempt.end_time, False, self._control.halt_rule)
        self._report.add_done(attempt, outcome.result, sizes_bytes)
        self._journal.say("case {} done in {}".format(case.short, in_words(attempt.secs)))

    def _write_result(self, attempt: "Attempt", body: bytes) -> bool:
        """Whether the document in the bucket is this one."""
        case = attempt.case
        if case.force and attempt.lease.is_held(self._cloud, self._study.lease_secs):
            self._cloud.put(case.result_key, body)
            return True
        if self._cloud.put_new(case.result_key, body):
            return True
        # The first try may have succeeded though its answer was lost; then the document there is its own.
        return self._cloud.get(case.result_key) == body

    def _keep_failure(self, attempt: "Attempt", outcome: "Outcome", failure: "Failure") -> None:
        """7: an error document, and the message back to the queue if an attempt is left."""
        case, lease = attempt.case, attempt.lease
        if lease.lost and self._cloud.exists(case.result_key):
            self._journal.say("case {} failed, but another worker has finished it".format(case.short))
            return
        lease.close()
        final = attempt.number >= case.max_attempts or not lease.is_in_queue
        self._write_failure(attempt, outcome, failure, final)
        if final:
            self._delete(lease)
        elif self._cloud.show(lease.message, retry_pause_secs(attempt.number)):
            self._failed_here.append(case.error_key)
        else:
            self._journal.note("case {}: its lease was lost, so it is with another worker".format(case.short), WARNING)
        self._failures.add(case, failure)
        self._outcomes.add(attempt.end_time, True, self._control.halt_rule)
        self._report.add_failed(attempt, failure, final)
        rest = "no attempt left" if final else "attempt {} of {}".format(attempt.number, case.max_attempts)
        words = "case {} failed after {}: {} ({})"
        self._journal.say(
            words.format(case.short, in_words(attempt.secs), failure.in_short, rest), ERROR if final else WARNING
        )

    def _write_failure(self, attempt: "Attempt", outcome: "Outcome", failure: "Failure", final: bool) -> None:
        """The error document, or a smaller one if that can't be written."""
        document = self._document(attempt, outcome)
        document.update(failure._asdict(), final=final)
        try:
            self._cloud.put(attempt.case.error_key, to_json(document))
        except (Unexpected, ValueError, TypeError, RecursionError, MemoryError) as error:
            self._journal.say("the error document can't be written as it is: {}".format(one_line(error)), WARNING)
            document.update(log="", warnings=[], traceback="", message=first_of(failure.message, SHORT_CHARACTERS))
            self._cloud.put(attempt.case.error_key, to_json(document))

    def _delete(self, lease: "Lease") -> None:
        lease.close()
        if lease.is_in_queue and not self._cloud.delete(lease.message):
            self._journal.note(
                "message {} was no longer its own, so it was not deleted".format(lease.message.id), WARNING
            )

    def _give_back(self, lease: "Lease", delay_secs: int) -> None:
        """Makes a case that it can't finish visible to other workers."""
        lease.close()
        if not lease.is_in_queue:
            self._journal.say("this case is no longer in the queue (12 hours were over): enqueue it again", ERROR)
            return
        try:
            if self._cloud.show(lease.message, delay_secs):
                self._journal.say("gave the case back to the queue")
        except TROUBLE as error:
            self._journal.say(
                "could not give the case back ({}); it returns when its lease ends".format(error), WARNING
            )

    def _save(self, case: "Case", body: bytes) -> None:
        """Keeps a finished result that can't be uploaded: it may have taken days."""
        path = os.path.join(self._home, "done-{}.json".format(case.case_id))
        try:
            with open(path, "wb") as file:
                file.write(body)
            self._journal.say("the result could not be uploaded; it is kept in {}".format(path), ERROR)
        except OSError as error:
            self._journal.say("the result could neither be uploaded nor kept in {}: {}".format(path, error), ERROR)

    def _document(self, attempt: "Attempt", outcome: "Outcome") -> Dict[str, Any]:
        case, identity = attempt.case, self._identity
        document = {
            "v": 1, "case_id": case.case_id, "batch": case.batch, "level": case.level, "replicate": case.replicate,
            "submission": case.submission, "model": {"key": case.model_key, "kind": case.kind},
            "parameters": case.parameters, "worker": identity.worker, "computer": identity.computer,
            "version": identity.version, "start_time": attempt.start_time, "end_time": attempt.end_time,
            "attempt": attempt.number, "max_attempts": case.max_attempts, "log": outcome.log,
            "warnings": outcome.warnings,
        }  # type: Dict[str, Any]  # fmt: skip
        if case.pool is not None:
            document["pool"] = case.pool
        if case.kind == "command_line":
            model = self._models.get(case.model_key)
            with contextlib.suppress(CaseFailure):
                document["command"] = [] if isinstance(model, ModelNotFound) else command_of(model, case.parameters)
        return document

    def _leave(self, ending: Ending) -> None:
        """The last heartbeat, the last rows and the journal; none of them is worth waiting for ever."""
        words = "{1}" if ending.state == "stopped" else "{0}: {1}"
        level = INFO if ending.state == "stopped" and not ending.key_retired else ERROR
        self._journal.say(words.format(ending.state, ending.message), level)
        if ending.traceback:
            self._journal.say(ending.traceback, level)
        self._keeper.stop()
        self._client.hurry(FAREWELL_SECS)
        try:
            self._report.close(ending, self._cloud)
            # Not at once: computers that lack the command, started again and again, would use up the receives.
            self._show_hidden(SHOWN_AFTER_SECS)
        except TROUBLE as error:
            self._journal.say("could not write its last heartbeat: {}".format(error), WARNING)


def retry_pause_secs(attempt: int) -> int:
    """How long a case waits after this attempt has failed."""
    return min(MAX_RETRY_PAUSE_SECS, RETRY_PAUSE_SECS * int(3 ** min(attempt - 1, 10)))


def lacking_pause_secs(receive_count: int) -> int:
    """How long a case is hidden whose command is missing here, if it was handed out so often."""
    first_secs, longest_secs = LACKING_PAUSES_SECS
    return min(longest_secs, first_secs * int(2 ** min(receive_count - 1, 20)))


class LackingCommands:
    """The cases that this worker has left to others, since its computer doesn't have their commands."""

    def __init__(self) -> None:
        self._hidden: Deque[Tuple[float, str, Message]] = collections.deque(maxlen=HIDDEN_NOTED)
        self._whys: Dict[str, str] = {}  # what was said of each command, the last one at the end
        self._until = -math.inf

    def is_told(self, command: str) -> bool:
        """Whether it was said a moment ago that this one is missing."""
        return command in self._whys and self.why() is not None

    def tell(self, command: str, why: str) -> None:
        """This command is missing now."""
        if self.why() is None or len(self._whys) >= HIDDEN_NOTED:
            self._whys.clear()
        self._whys.pop(command, None)
        self._whys[command] = why

    def add(self, command: str, message: "Message", pause_secs: float) -> None:
        """A case of this command that was hidden for so long."""
        end = monotonic() + pause_secs
        self._hidden.append((end, command, message))
        self._until = max(self._until, end)

    def why(self) -> Optional[str]:
        """What was said last to be missing, until those cases have been taken by others or should have come back."""
        is_so = self._whys and monotonic() < self._until + LONG_POLL_SECS
        return list(self._whys.values())[-1] if is_so else None

    def is_over(self) -> bool:
        """Whether the computer has got one of the commands meanwhile."""
        return any(has_command(command) for command in {command for _, command, _ in self._hidden})

    def forget(self, is_meant: Callable[[str], bool] = lambda command: True) -> "List[Message]":
        """Those of these commands that it still hides, of which it knows nothing any more."""
        now = monotonic()
        meant = {command for _, command, _ in self._hidden if is_meant(command)}
        hidden = [message for end, command, message in self._hidden if command in meant and now < end]
        kept = [one for one in self._hidden if one[1] not in meant]
        self._hidden.clear()
        self._hidden.extend(kept)
        for command in meant:
            self._whys.pop(command, None)
        self._until = max([end for end, _, _ in kept], default=-math.inf)
        return hidden


def failed_attempt(document: Optional[bytes], case: "Case") -> int:
    """The number of the attempt that an error document is of; 0 if it is of another submission, or says nothing."""
    try:
        error = json.loads(document.decode("utf-8")) if document else {}
        number = error["attempt"] if error["submission"] == case.submission else 0
    except (ValueError, TypeError, KeyError, RecursionError):
        return 0
    return max(0, int(number)) if type(number) is int else 0


class ComputerTrouble(Exception):
    """What this computer lacks to run any case: room, a folder, files, processes or memory. No case is to blame."""


def trouble_in_words(error: BaseException) -> str:
    """What a computer lacks, and what its user can do."""
    words, number = one_line(error), getattr(error, "errno", None)
    if number == errno.EAGAIN:
        return (
            words + "; no process can be started here: end some, or raise the limit (`ulimit -u`, or the container's)"
        )
    if number not in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
        return words
    with contextlib.suppress(OSError):
        folder = tempfile.gettempdir()
        room = "{} has {} of {} free".format(folder, *map(size_in_words, free_bytes(folder)))
        if hasattr(os, "statvfs"):
            room += ", and room for {} more files".format(os.statvfs(folder).f_favail)
        return "{}; {}: make room there, or attach the worker with another folder in TMPDIR".format(words, room)
    return words


def free_bytes(folder: str) -> Tuple[int, int]:
    """How much of the disk that a folder is on is free, and how large that is."""
    usage = shutil.disk_usage(folder)
    return usage.free, usage.total


def size_in_words(size_bytes: int) -> str:
    """A size for a person."""
    mib = size_bytes >> 20
    return "{:.1f} GiB".format(mib / 1024.0) if mib >= 1024 else "{} MiB".format(mib)


class Rests:
    """Lengths of rests, each twice as long as the one before."""

    def __init__(self, range_secs: Tuple[float, float]) -> None:
        self._first_secs, self._longest_secs = range_secs
        self._next_secs = self._first_secs

    def next_secs(self) -> float:
        """The length of the next rest."""
        secs, self._next_secs = self._next_secs, min(2.0 * self._next_secs, self._longest_secs)
        return secs

    def reset(self) -> None:
        """What was rested for is over."""
        self._next_secs = self._first_secs


class FailuresInRow:
    """The last cases, if all of them failed: a worker then rests before it tries another one, so as not to fail all."""

    def __init__(self) -> None:
        self._cases: Deque[Case] = collections.deque(maxlen=FAILURES_IN_ROW)
        self.last = ""  # what failed last, in a line
        self._looks_left = 0
        self._is_unfit = False
        self._rests, self._unfit_rests = Rests(FAILURES_RESTS_SECS), Rests(UNFIT_RESTS_SECS)

    def add(self, case: "Case", failure: "Failure") -> None:
        """One more case has failed."""
        self._cases.append(case)
        self.last = failure.in_short
        self._looks_left = 2  # before a rest and after it

    def clear(self) -> None:
        """A case is done."""
        self._cases.clear()
        self._is_unfit = False
        self._rests.reset()
        self._unfit_rests.reset()

    def rest(self, cloud: "Cloud") -> Tuple[float, str]:
        """How long to rest now, and why; then one case is tried, unless others have finished what failed here."""
        if len(self._cases) < FAILURES_IN_ROW or self._looks_left == 0:
            return 0.0, ""
        self._looks_left -= 1

        def may_tell(case: "Case") -> bool:  # the result of one that is extracted from was there before
            return not case.force and case.extract_key is None

        finished = sum(1 for case in self._cases if may_tell(case) and cloud.exists(case.result_key))
        was_unfit, self._is_unfit = self._is_unfit, finished >= FINISHED_BY_OTHERS
        if self._looks_left == 0 and self._is_unfit == was_unfit:
            return 0.0, ""
        words = "the last {} cases failed here, the last one with {}".format(len(self._cases), self.last)
        if not self._is_unfit:
            return self._rests.next_secs(), words
        return self._unfit_rests.next_secs(), "{}; other workers have finished {} of them".format(words, finished)


class HaltRule(NamedTuple):
    """At how many failures nobody goes on computing; 0 switches that part off."""

    first: int = 20
    last: int = 50
    share: float = 0.8


def read_halt_rule(document: Any) -> Tuple[HaltRule, List[str]]:
    """The rule in `control.json`, and the fields that are not what the protocol says: those have their usual values."""
    if document is None:
        return HaltRule(), []
    if not isinstance(document, dict):
        return HaltRule(), ["halt_rule"]
    if document.get("never") is True:
        return HaltRule(first=0, last=0), []
    fits: Dict[str, Callable[[Any], bool]]
    fits = {"first": _is_count, "last": _is_count, "share": _is_share, "never": lambda value: value is False}
    wrong = [name for name in fits if name in document and not fits[name](document[name])]
    fields = {name: document[name] for name in HaltRule._fields if name in document and name not in wrong}
    return HaltRule(**fields), ["halt_rule.{}".format(name) for name in wrong]


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MAX_HALT_COUNT


def _is_share(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value <= 1


class AttemptOutcomes:
    """Whether this worker's attempts failed, in the order of their ends, since the time from which on they count."""

    def __init__(self) -> None:
        self._last: Deque[Tuple[float, bool]] = collections.deque()  # end and failure; no more than the rule needs
        self._count, self._have_all_failed = 0, True
        self._since = -math.inf

    def add(self, end_time: float, failed: bool, rule: HaltRule) -> None:
        """One more attempt has ended."""
        if end_time < self._since:
            return
        self._last.append((end_time, failed))
        self._count, self._have_all_failed = self._count + 1, self._have_all_failed and failed
        while len(self._last) > max(rule.first, rule.last):
            self._last.popleft()

    def go_on(self, since: float) -> None:
        """What ended before doesn't count any more."""
        if since == self._since:
            return
        self._since = since
        # This computer's clock may be so much ahead, and the worker would stay halted.
        self._last = collections.deque(one for one in self._last if one[0] >= since + CLOCK_TOLERANCE_SECS)
        self._count, self._have_all_failed = len(self._last), all(failed for _, failed in self._last)

    def reason_to_halt(self, rule: HaltRule) -> Optional[str]:
        """Why not to go on; None if nothing speaks against it."""
        if 0 < rule.first <= self._count and self._have_all_failed:
            words = "the first attempt failed" if rule.first == 1 else "the first {} attempts all failed"
            return words.format(rule.first)
        if not 0 < rule.last <= len(self._last):
            return None
        failed = sum(failed for _, failed in list(self._last)[-rule.last :])
        # Divided, not multiplied: 7 of 100 are exactly the share that 0.07 is read as.
        if failed / float(rule.last) < rule.share:
            return None
        words = "the last attempt failed" if rule.last == 1 else "{} of the last {} attempts failed"
        return words.format(failed, rule.last)


class Control:
    """`control.json`, read at most every few seconds."""

    def __init__(self, key_id: str = "") -> None:
        self.paused = False
        self.drain: List[str] = []
        self.key_retired = False  # the key that it was attached with
        self.halt_rule = HaltRule()
        self.why_halted: Optional[str] = None  # by the failures of all workers
        self.go_on_time = -math.inf
        self.pools: Optional[List[str]] = None  # of the study; unknown as long as it can't be read
        self._batches: List[str] = []
        self._cases: List[str] = []
        self._submissions: List[str] = []
        self._key_id = key_id
        self._etag: Optional[str] = None
        self._read_time = -math.inf
        self._reading = new_lock()  # while a case is computed the keeper reads it

    def forget_age(self) -> None:
        """After a pause the next read asks the bucket."""
        self._read_time = -math.inf

    def read(self, cloud: "Cloud", journal: "Journal") -> None:
        """Asks whether it has changed, unless that was asked a moment ago."""
        with self._reading:
            if monotonic() - self._read_time >= CONTROL_SECS:
                self._ask(cloud, journal)

    def _ask(self, cloud: "Cloud", journal: "Journal") -> None:
        answer = cloud.get_if_changed("control.json", self._etag)
        self._read_time = monotonic()
        if answer is None:
            return
        self._etag, body = answer
        try:
            for name in self._apply(json.loads(body.decode("utf-8")) if body else {}):
                journal.say("{} in control.json is not what the protocol says, and is left out".format(name), WARNING)
        except (ValueError, RecursionError) as error:
            journal.say(
                "control.json can't be read and is ignored until it changes: {}".format(one_line(error)), WARNING
            )

    def _apply(self, document: Any) -> List[str]:
        """Takes over what it says; returns the names of fields that have to be left out."""
        if not isinstance(document, dict):
            raise ValueError("it is no object")
        names = ("drain", "cancelled_batches", "cancelled_cases", "withdrawn_submissions")
        lists = [document.get(name, []) for name in names]
        paused = document.get("paused", False)
        if not isinstance(paused, bool) or not all(isinstance(one, list) for one in lists):
            raise ValueError("paused, {} or {} has the wrong type".format(", ".join(names[:-1]), names[-1]))
        self.paused = paused
        self.drain, self._batches, self._cases, self._submissions = lists
        self.halt_rule, wrong = read_halt_rule(document.get("halt_rule"))
        halted: Any = document.get("halted")
        go_on_time: Any = document.get("go_on_time")
        has_reason = isinstance(halted, dict) and isinstance(halted.get("reason"), str)
        self.why_halted = first_of(" ".join(halted["reason"].split()), SHORT_CHARACTERS) if has_reason else None
        has_time = type(go_on_time) in (int, float) and abs(go_on_time) < sys.float_info.max
        self.go_on_time = float(go_on_time) if has_time else -math.inf
        retired: Any = document.get("retired_keys")
        self.key_retired = isinstance(retired, dict) and self._key_id in retired
        pools: Any = document.get("pools", [])
        self.pools = sorted(filter(is_pool, pools)) if isinstance(pools, list) else []
        wrong += ["pools"] if not isinstance(pools, (list, type(None))) else []
        wrong += ["retired_keys"] if not isinstance(retired, (dict, type(None))) else []
        wrong += ["halted"] if halted is not None and not has_reason else []
        return wrong + (["go_on_time"] if go_on_time is not None and not has_time else [])

    def is_cancelled(self, case: "Case") -> bool:
        """Whether the case, its batch or the submission that sent this message is named."""
        names = (case.case_id, self._cases), (case.batch, self._batches), (case.submission, self._submissions)
        return any(name in cancelled for name, cancelled in names)

    def is_still_cancelled(self, case: "Case", cloud: "Cloud", journal: "Journal") -> bool:
        """The same, by what the bucket says now: what was cancelled when the worker asked last may be wanted again."""
        if self.is_cancelled(case):
            self.forget_age()
            self.read(cloud, journal)
        return self.is_cancelled(case)


# ---------------------------------------------------------------- leases


class Lease:
    """The claim on one case, extended from a thread, and inside Itasca software also while it cycles."""

    def __init__(self, message: "Message") -> None:
        self.message = message
        self.lost = False
        self.is_in_queue = True
        self._is_open = True
        self._began = self._extended = self._tried = monotonic()
        self._lock = threading.Lock()

    def extend_if_due(self, cloud: "Cloud", lease_secs: int) -> bool:
        """Extends it at a third of `lease_secs`; whether the heartbeat has something new to tell."""
        now = monotonic()
        due = max(self._extended + lease_secs / 3.0, self._tried + min(1.0, lease_secs / 6.0))
        if now < due or self.lost or not self.is_in_queue:
            return False
        with self._lock:
            self._tried = now
            return self._is_open and self._extend(cloud, lease_secs, now)

    def _extend(self, cloud: "Cloud", lease_secs: int, now: float) -> bool:
        if now - self._began + lease_secs >= LONGEST_LEASE_SECS:
            self.lost = not cloud.delete(self.message)
            self.is_in_queue = False
            return True
        self.lost = not cloud.show(self.message, lease_secs)
        self._extended = now
        return self.lost

    def is_held(self, cloud: "Cloud", lease_secs: int) -> bool:
        """Whether nobody else can have the case. It is extended for that: this computer may have slept."""
        with self._lock:
            if self.is_in_queue and not self.lost:
                self._extend(cloud, lease_secs, monotonic())
        return not self.lost

    def close(self) -> None:
        """Waits for an extension under way: one that came after the message was given back would hide it again."""
        has_waited = self._lock.acquire(timeout=FAREWELL_SECS)
        self._is_open = False
        if has_waited:
            self._lock.release()


class Wakeup:
    """Wakes a thread that waits. Unlike `threading.Event` it has no part that a model could replace."""

    def __init__(self) -> None:
        self._lock = new_lock()
        self._lock.acquire()

    def send(self) -> None:
        """Ends the wait, or the next one."""
        try:
            self._lock.release()
        except RuntimeError:  # it was sent already
            pass

    def wait(self, secs: float) -> bool:
        """Whether it came within `secs`."""
        return self._lock.acquire(True, secs)


class Keeper:
    """What is done beside the model, in a thread: it holds the lease, writes heartbeats, segments and journal, and sees
    whether the case was cancelled."""

    def __init__(self, report: "Report", cloud: "Cloud", lease_secs: int, control: Control, journal: "Journal") -> None:
        self._thread: Optional[threading.Thread] = None
        self._report, self._cloud, self._lease_secs = report, cloud, lease_secs
        self._control, self._journal = control, journal
        self._lease: Optional[Lease] = None
        self._attempt: Optional[Attempt] = None
        self._tick_secs = min(0.5, lease_secs / 6.0)
        self._next_tick = 0.0
        self._ticking = threading.Lock()
        self._wakeup = Wakeup()
        self._stopped = False
        self._has_told_retired = False
        self._refused_time, self._has_told_refused = math.inf, False

    def start(self) -> None:
        """Starts the thread, unless it runs."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="cruncher-keeper", daemon=True)
            self._thread.start()

    def hold(self, lease: Lease) -> None:
        """Extends this lease from now on."""
        self._lease = lease
        self.start()  # a model may have ended it

    def let_go(self) -> None:
        """Extends no lease from now on."""
        self._lease = None

    def watch(self, attempt: "Optional[Attempt]") -> None:
        """Interrupts this attempt as soon as its case is cancelled."""
        self._attempt = attempt

    def wake(self) -> None:
        """Something changed that should be told soon."""
        self._wakeup.send()

    def stop(self) -> None:
        """Ends the thread; it may still be waiting for an answer when this returns."""
        self._stopped = True
        self._wakeup.send()
        if self._thread is not None:
            self._thread.join(FAREWELL_SECS)

    def _run(self) -> None:
        while not self._stopped:
            try:
                self._wakeup.wait(self._tick_secs)
                self._next_tick = 0.0
                self.tick()
            except BaseException:  # noqa: BLE001 - while a model has broken threading or the recursion limit, say
                nap(self._tick_secs)

    def tick(self) -> None:
        """Does what is due. Called every cycle inside Itasca software, so it is quick when nothing is."""
        if monotonic() < self._next_tick or not self._ticking.acquire(False):
            return
        try:
            self._next_tick = monotonic() + self._tick_secs
            if self._lease is not None and self._lease.extend_if_due(self._cloud, self._lease_secs):
                self._report.touch()
            self._report.write_what_is_due(self._cloud)
            if self._attempt is not None:
                self._interrupt_if_cancelled(self._attempt)
                self._tell_retired()
        except Refused as error:
            self._tell_refused(error)
        except TROUBLE:
            pass  # the next tick tries again, and the loop meets the same trouble and tells it
        except Exception:  # noqa: BLE001 - a thread that dies silently would let the lease run out
            self._report.complain(traceback.format_exc())
        finally:
            self._ticking.release()

    def _interrupt_if_cancelled(self, attempt: "Attempt") -> None:
        if not attempt.is_cancelled:
            self._control.read(self._cloud, self._journal)
            if self._control.is_still_cancelled(attempt.case, self._cloud, self._journal):
                attempt.cancelled_time = monotonic()
        if attempt.is_cancelled:
            attempt.interrupt()

    def _tell_retired(self) -> None:
        """Says once that it ends after this case, and why."""
        if self._control.key_retired and not self._has_told_retired:
            self._has_told_retired = True
            self._report.say("it ends after this case, since {}".format(KEY_RETIRED))
            self._report.touch()

    def _tell_refused(self, error: "Refused") -> None:
        """Says once that the key was deleted, should that last: the loop only meets it when the model has ended."""
        now = monotonic()
        self._refused_time = min(self._refused_time, now)
        if not self._has_told_refused and self._lease is not None and now - self._refused_time > REFUSED_PATIENCE_SECS:
            self._has_told_refused = True
            words = "{}: the model goes on, but its result can't be uploaded, and will be kept in a file"
            self._report.say(words.format(error))


# ---------------------------------------------------------------- what it tells


class Identity:
    """The names of this worker."""

    def __init__(self, host: "Host") -> None:
        self.host = re.sub(r"[^A-Za-z0-9.-]+", "-", socket.gethostname()) or "computer"
        self.os = {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")
        self.pid = os.getpid()
        self.computer = "{}_{}_{}".format(self.host, self.os, self.pid)
        self.worker = "{}-{}".format(self.computer, uuid.uuid4().hex[:6])
        self.software, self.version = host.software, host.version
        self.vcpus = usable_processors()
        self.instance_type = instance_type_told()

    def find_instance_type(self) -> None:
        """Asks the computer what it is, if it may be one of EC2 and nobody has told. It may take a second or two."""
        if self.instance_type is None and may_be_of_ec2():
            self.instance_type = instance_type_of_ec2()


def usable_processors() -> Optional[int]:
    """How many processors this process may use: a scheduler or container may give it a part of the computer's."""
    with contextlib.suppress(KeyError, OSError):  # Linux alone has it
        return len(vars(os)["sched_getaffinity"](0))
    with contextlib.suppress(NotImplementedError):
        return os.cpu_count()
    return None


_INSTANCE_TYPE = re.compile("[A-Za-z0-9][A-Za-z0-9.-]{0,39}")


def instance_type_told() -> Optional[str]:
    """What the computer is called for its price, if its user says so."""
    told = os.environ.get("CRUNCHER_INSTANCE_TYPE", "").strip()
    return told if _INSTANCE_TYPE.fullmatch(told) else None


def may_be_of_ec2() -> bool:
    """Whether there may be a metadata service. Linux says whose hardware it is; elsewhere nothing tells."""
    if os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return False
    if os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT"):
        return True
    try:
        with open("/sys/devices/virtual/dmi/id/sys_vendor") as file:
            return file.read(64).strip() in ("Amazon EC2", "Xen")
    except (OSError, ValueError):
        return not sys.platform.startswith("linux")


def instance_type_of_ec2() -> Optional[str]:
    """The type that the metadata service names; None without one. No request leaves the computer."""
    try:
        told = metadata("instance-type").strip()
    except (OSError, ValueError, http.client.HTTPException):
        return None
    return told if _INSTANCE_TYPE.fullmatch(told) else None


class RequestCounts:
    """How many requests were sent, by what they cost: each try counts, as AWS counts them."""

    def __init__(self) -> None:
        self._counts = {"s3_get": 0, "s3_put": 0, "sqs": 0}
        self._lock = new_lock()

    def add(self, service: str, method: str) -> None:
        """One more; deleting is free."""
        kind = "sqs" if service == "sqs" else {"GET": "s3_get", "HEAD": "s3_get", "DELETE": ""}.get(method, "s3_put")
        if kind:
            with self._lock:
                self._counts[kind] += 1

    def in_heartbeat(self) -> Dict[str, int]:
        """As the heartbeat tells them."""
        return dict(self._counts)


TAKES_NO_CASE = "resting", "halted"  # states of which the message says why


class Report:
    """Heartbeat, segments and journal: what is to be told, and when each was last written."""

    def __init__(
        self,
        identity: Identity,
        clock: "Clock",
        journal: "Journal",
        lease_secs: int,
        key_id: str = "",
        pool: Optional[str] = None,
        requests: Optional[RequestCounts] = None,
    ) -> None:
        self.busy_secs = 0.0  # of all attempts
        self._requests = requests or RequestCounts()
        self.state = "starting"
        self.message: Optional[str] = None
        self._key_id, self._key_retired, self._pool = key_id, False, pool
        self._identity, self._clock, self._journal, self._lease_secs = identity, clock, journal, lease_secs
        self._prefix = "workers/{}/".format(identity.worker)
        self._attempt: Optional[Attempt] = None
        self._traceback: Optional[str] = None
        self._counts = {name: 0 for name in ("done", "failed", "retried", "skipped", "cancelled")}
        self._durations: Deque[float] = collections.deque(maxlen=501)
        self._segments = Segments()
        self._heartbeat_is_new = self._state_is_new = True
        self._heartbeat_time = self._segment_time = self._journal_time = -math.inf
        self._writing = threading.Lock()

    def change(self, state: str, attempt: "Optional[Attempt]") -> None:
        """The worker does something else now. Who waits on has nothing new to tell."""
        if (state, attempt) == (self.state, self._attempt):
            return
        self._state_is_new = self._state_is_new or state != self.state
        if self.state in TAKES_NO_CASE and state not in TAKES_NO_CASE:
            self.message = None  # why
        self.state, self._attempt = state, attempt
        self._heartbeat_is_new = True

    def touch(self) -> None:
        """The heartbeat has something new to tell."""
        self._heartbeat_is_new = True

    def note_command(self, pid: int) -> None:
        """A command was started; here it ends with the worker."""

    def say(self, words: str) -> None:
        """Something that its user should know at once."""
        self.message = last_of(words, MESSAGE_CHARACTERS)
        self._journal.say(words, WARNING)

    def complain(self, words: str) -> None:
        """Something is wrong with the worker itself, though it goes on."""
        self.message = last_of(words, MESSAGE_CHARACTERS)
        self._journal.note(words, ERROR)

    def flush(self) -> None:
        """The rows are to be written now, not in five seconds."""
        self._segment_time = -math.inf

    def count(self, outcome: str) -> None:
        """One more of `done`, `failed`, `retried`, `skipped`, `cancelled`."""
        self._counts[outcome] += 1
        self._heartbeat_is_new = True

    def add_done(self, attempt: "Attempt", result: Any, sizes_bytes: List[int]) -> None:
        """A row for a result, and for the sizes of the case's files."""
        self.count("done")
        self._durations.append(attempt.secs)
        row = dict(attempt.row("done"), **scalars_in_row(result))
        if not result and not sizes_bytes:
            row["empty"] = True
        if sizes_bytes:
            row["files_kib"] = min((sum(sizes_bytes) + 1023) // 1024, MAX_FILES_KIB)
        self._segments.add(row)

    def add_failed(self, attempt: "Attempt", failure: "Failure", final: bool) -> None:
        """A row for a failed attempt."""
        self.count("failed" if final else "retried")
        row = attempt.row("failed")
        row.update(final=final, signature=failure.signature, error=failure.in_short)
        self._segments.add(row)

    def write_what_is_due(self, cloud: "Cloud") -> None:
        """Each document at its own pace."""
        with self._writing:
            now = monotonic()
            if self._heartbeat_is_due(now - self._heartbeat_time):
                self._write_heartbeat(cloud)
            if now - self._segment_time >= SEGMENT_SECS and self._segments.are_new:
                self._write_segments(cloud)
            journal_secs = JOURNAL_URGENT_SECS if self._journal.is_urgent else JOURNAL_SECS
            if now - self._journal_time >= journal_secs and self._journal.is_new:
                self._write_journal(cloud)

    def close(self, ending: Ending, cloud: "Cloud") -> None:
        """Writes everything a last time."""
        if not self._writing.acquire(timeout=FAREWELL_SECS):
            raise Unanswered("the network is stuck")
        self.change(ending.state, None)
        self.message, self._traceback, self._key_retired = ending.message, ending.traceback, ending.key_retired
        self._write_heartbeat(cloud)
        self._write_segments(cloud)
        self._write_journal(cloud)

    def _heartbeat_is_due(self, age_secs: float) -> bool:
        return (
            age_secs >= HEARTBEAT_SECS
            or (self._heartbeat_is_new and age_secs >= HEARTBEAT_CHANGE_SECS)
            or (self._state_is_new and age_secs >= HEARTBEAT_STATE_SECS)
        )

    def _write_heartbeat(self, cloud: "Cloud") -> None:
        self._heartbeat_is_new = self._state_is_new = False
        try:
            cloud.put(self._prefix + "heartbeat.json", to_json(self.heartbeat()))
        except BaseException:
            self._heartbeat_is_new = self._state_is_new = True
            raise
        self._heartbeat_time = monotonic()

    def _write_segments(self, cloud: "Cloud") -> None:
        for number, body in self._segments.unwritten():
            cloud.put("{}segment-{:06d}.ndjson".format(self._prefix, number), body, "application/x-ndjson")
            self._segments.is_written(number, body)
        self._segment_time = monotonic()

    def _write_journal(self, cloud: "Cloud") -> None:
        self._journal.is_new = self._journal.is_urgent = False
        self._journal_time = monotonic()
        cloud.put(self._prefix + "log.txt", self._journal.tail.content(), "text/plain; charset=utf-8")

    def heartbeat(self) -> Dict[str, Any]:
        """The document as it would be written now."""
        me, attempt = self._identity, self._attempt
        document = {
            "v": 1, "worker": me.worker, "computer": me.computer, "host": me.host, "os": me.os, "pid": me.pid,
            "version": me.version, "cruncher_version": VERSION, "software": me.software,
            "start_time": self._clock.start_time, "time": self._clock.now(), "state": self.state,
            "case": attempt.in_heartbeat() if attempt else None, "counts": dict(self._counts),
            "median_secs": statistics.median(list(self._durations)) if self._durations else None,
            "lease_secs": self._lease_secs, "message": self.message, "traceback": self._traceback,
            "key_id": self._key_id, "key_retired": self._key_retired,
            "vcpus": me.vcpus, "instance_type": me.instance_type, "busy_secs": round(self.busy_secs, 3),
            "requests": self._requests.in_heartbeat(),
        }  # fmt: skip
        return document if self._pool is None else dict(document, pool=self._pool)


class Segments:
    """Rows, a thousand a segment, or fewer long ones. A full segment is written once more and then never again."""

    def __init__(self) -> None:
        self._parts: List[List[bytes]] = [[]]
        self._first = 0  # the number of the first part
        self._last_bytes = 0  # the size of the last part
        self._written_rows = 0  # of the first part
        self._lock = threading.Lock()

    @property
    def are_new(self) -> bool:
        """Whether a row waits to be written."""
        return len(self._parts) > 1 or len(self._parts[0]) > self._written_rows

    def add(self, row: Dict[str, Any]) -> None:
        """One attempt."""
        line = to_json(row) + b"\n"
        with self._lock:
            if len(self._parts[-1]) == SEGMENT_ROWS or self._last_bytes >= SEGMENT_BYTES:
                self._parts.append([])
                self._last_bytes = 0
            self._parts[-1].append(line)
            self._last_bytes += len(line)

    def unwritten(self) -> Iterator[Tuple[int, bytes]]:
        """The segments to write, in their order, each with its number."""
        while self.are_new:
            with self._lock:
                number, body = self._first, b"".join(self._parts[0])
            yield number, body

    def is_written(self, number: int, body: bytes) -> None:
        """What `unwritten` gave is in the bucket."""
        with self._lock:
            self._written_rows = body.count(b"\n")
            if number == self._first and self._written_rows == len(self._parts[0]) and len(self._parts) > 1:
                del self._parts[0]
                self._first, self._written_rows = number + 1, 0


_REST_OF_CHARACTER = re.compile(rb"\A[\x80-\xbf]{1,3}")


class Tail:
    """The last bytes of a text that grows."""

    def __init__(self, size_bytes: int) -> None:
        self._size, self._bytes = size_bytes, bytearray()

    def add(self, data: bytes) -> None:
        """Appends, and forgets what is too old."""
        self._bytes += data[-self._size :]
        if len(self._bytes) > 2 * self._size:
            del self._bytes[: -self._size]

    def content(self) -> bytes:
        """The last bytes, from the start of a character on."""
        return self.text().encode("utf-8")

    def text(self) -> str:
        """The same as text."""
        kept = bytes(self._bytes[-self._size :])
        return _REST_OF_CHARACTER.sub(b"", kept).decode("utf-8", "replace")


class Journal:
    """What the worker tells its user, also kept for `log.txt`. It keeps the console even while a model prints."""

    def __init__(self, console: Any, label: str) -> None:
        self.tail = Tail(JOURNAL_BYTES)
        self.is_new = self.is_urgent = False
        self.now: Callable[[], float] = time.time
        self._console, self._label = console, label

    def say(self, text: str, level: str = INFO) -> None:
        """To the console and to the log."""
        self.note(text, level)
        self.echo("{} {}  {}\n".format(self._label, strftime("%H:%M:%S"), text))

    def note(self, text: str, level: str = INFO) -> None:
        """To the log only: time, level, text. Further lines are indented, so that none passes for an entry."""
        now = self.now()
        time_text = "{}.{:03d}Z".format(strftime("%Y-%m-%dT%H:%M:%S", gmtime(now)), int(now % 1.0 * 1000.0))
        line = "{} {} {}\n".format(time_text, level, text.rstrip("\n").replace("\n", "\n  "))
        self.tail.add(line.encode("utf-8", "replace"))
        self.is_new = True
        self.is_urgent = self.is_urgent or level != INFO

    def echo(self, text: str) -> None:
        """To the console only. A console that was closed, or that lacks a character, stops no case."""
        try:
            try:
                self._console.write(text)
            except UnicodeEncodeError:
                self._console.write(text.encode("ascii", "backslashreplace").decode("ascii"))
            self._console.flush()
        except Exception:  # noqa: BLE001 - it is somebody else's, and a model may have done anything to it
            pass

    def fileno(self) -> int:
        """The console's, for models that hand it to a process."""
        return int(self._console.fileno())


# ---------------------------------------------------------------- the case


class NotACase(Exception):
    """A message that is no case; the text says why."""


class Case(NamedTuple):
    """One case, as its message describes it."""

    case_id: str
    batch: str
    level: Optional[int]
    replicate: int
    submission: str
    model_key: str
    kind: str
    parameters: Dict[str, Any]
    force: bool
    time_limit_secs: Optional[float]
    max_attempts: int
    isolation: str = "worker"
    pool: Optional[str] = None
    extract_key: Optional[str] = None  # of a model that is run over files of the case, which was computed before

    @property
    def short(self) -> str:
        """Enough of its identity for a person."""
        return self.case_id[:8]

    @property
    def model_name(self) -> str:
        """The file name of its model."""
        return self.model_key.rsplit("/", 1)[-1]

    @property
    def result_key(self) -> str:
        """Where its result belongs."""
        return "data/{}/done-{}.json".format(self.batch, self.case_id)

    def file_key(self, path: str) -> str:
        """Where a file that it has left belongs."""
        return "data/{}/files/{}/{}".format(self.batch, self.case_id, path)

    @property
    def error_key(self) -> str:
        """Where its last failed attempt belongs."""
        return "data/{}/error-{}.json".format(self.batch, self.case_id)


_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_RESERVED = re.compile(r"files\Z|(?:design|cases|done|error)-")
_MODEL_KEY = re.compile(r"models/[0-9a-f]{64}/[^/\\\x00-\x1f\x7f]+")


def is_batch(text: Any) -> bool:
    """Whether `text` names a batch: only such a text may become part of a key."""
    if not isinstance(text, str) or len(text) > 200:
        return False
    return all(_PART.fullmatch(part) and not _RESERVED.match(part) for part in text.split("/"))


MAIN_POOL = "main"  # what the study's own queue is called
_POOL = re.compile("[a-z][a-z0-9-]{0,19}")


def is_pool(text: Any) -> bool:
    """Whether `text` is the name of a pool: only such a text may become part of a queue's name."""
    return isinstance(text, str) and bool(_POOL.fullmatch(text)) and text != MAIN_POOL


def is_parameter(value: Any) -> bool:
    """Whether `value` is a finite number, a string, a boolean or a list of those."""
    return all(map(is_scalar, value)) if isinstance(value, list) else is_scalar(value)


def is_scalar(value: Any) -> bool:
    """The same without the lists. A whole number must fit into 64 bits, as every reader of JSON can take it."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**64
    return isinstance(value, str) or (isinstance(value, float) and math.isfinite(value))


def read_case(body: str) -> Case:
    """The case in a message, or `NotACase`."""
    try:
        document = json.loads(body, parse_constant=_no_constant)
        case = _case_of(document)
    except KeyError as error:
        raise NotACase("it has no field {}".format(error)) from error
    except (TypeError, AttributeError) as error:
        raise NotACase("a field has the wrong type: {}".format(error)) from error
    except (ValueError, RecursionError) as error:
        raise NotACase("it is no JSON: {}".format(one_line(error))) from error
    for name, is_right in _checks(case):
        if not is_right:
            raise NotACase("its field {} is not what the protocol says".format(name))
    return case


def _no_constant(name: str) -> Any:
    raise ValueError("{} is no JSON".format(name))


def _case_of(document: Any) -> Case:
    if document["v"] != 1:
        raise NotACase("its version is {!r}; this worker reads version 1".format(document["v"]))
    model = document["model"]
    others = "model_key", "kind", "isolation", "pool", "extract_key"
    values = {name: document[name] for name in Case._fields if name not in others}
    isolation, extract = document.get("isolation", "worker"), document.get("extract")
    if extract is not None:  # the model that is run is this one, over what the other has left
        values["extract_key"], model = model["key"], extract
    return Case(model_key=model["key"], kind=model["kind"], isolation=isolation, pool=document.get("pool"), **values)


def _checks(case: Case) -> Iterator[Tuple[str, bool]]:
    yield "case_id", isinstance(case.case_id, str) and bool(re.fullmatch("[0-9a-f]{32}", case.case_id))
    yield "batch", is_batch(case.batch)
    yield "submission", isinstance(case.submission, str) and bool(re.fullmatch("[0-9a-f]{16}", case.submission))
    yield "level", case.level is None or type(case.level) is int
    yield "replicate", type(case.replicate) is int
    yield "model.key", isinstance(case.model_key, str) and bool(_MODEL_KEY.fullmatch(case.model_key))
    yield "model.key", case.model_name not in (".", "..")
    yield "model.kind", case.kind in ("python", "command", "command_line", "bundle", "combine")
    yield "parameters", isinstance(case.parameters, dict) and all(map(is_parameter, case.parameters.values()))
    yield "force", isinstance(case.force, bool)
    yield "max_attempts", type(case.max_attempts) is int and case.max_attempts >= 1
    yield "isolation", case.isolation in ("worker", "case")
    yield "pool", case.pool is None or is_pool(case.pool)
    yield "extract", case.extract_key is None or case.kind in ("python", "command")
    limit = case.time_limit_secs
    yield "time_limit_secs", limit is None or (type(limit) in (int, float) and 0 < limit < threading.TIMEOUT_MAX)


class EarlierResult:
    """The result of a case from which is extracted again."""

    def __init__(self, etag: str, document: Dict[str, Any]) -> None:
        self.etag, self.document = etag, document
        extracts = document.get("extracts")
        self.extracts: List[Any] = extracts if isinstance(extracts, list) else []

    @classmethod
    def of(cls, answer: Optional[Tuple[Optional[str], bytes]]) -> "Optional[EarlierResult]":
        """The document that was read; None if there is none, or it can't be read."""
        etag, body = answer or (None, b"")
        try:
            document = json.loads(body.decode("utf-8"))
        except (ValueError, RecursionError):
            return None
        return cls(etag, document) if etag and isinstance(document, dict) else None

    @property
    def secs(self) -> float:
        """How long it took to compute it."""
        start, end = self.document.get("start_time"), self.document.get("end_time")
        try:
            secs = float(end) - float(start)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            return 0.0
        return max(0.0, secs) if math.isfinite(secs) else 0.0

    def has_extract(self, case: Case) -> bool:
        """Whether the same model has extracted from it already, as when a message comes twice."""
        last = self.extracts[-1] if self.extracts else None
        own = {"key": case.model_key, "kind": case.kind}
        return isinstance(last, dict) and last.get("model") == own and "exception" not in last and not case.force

    def fetch(self, cloud: "Cloud", case: Case, folder: str, limit_bytes: int) -> Dict[str, Any]:
        """Puts its files and its result into a scratch folder; the identity of each file there."""
        found: Dict[str, Any] = {}
        left_bytes, listed = limit_bytes, self.document.get("files")
        if isinstance(listed, list) and len(listed) >= FILES_IN_DOCUMENT:
            # What the list leaves out would be missing in what is extracted, and nobody would see it.
            words = "its result names {:,} files and no more than that, so it may have others that can't be found"
            raise CaseFailure(words.format(FILES_IN_DOCUMENT))
        for one in listed if isinstance(listed, list) else []:
            path = one.get("path") if isinstance(one, dict) else None
            if not isinstance(path, str) or not _may_lie_below(path):
                raise CaseFailure("its result names a file {} that can't be put into a folder".format(ascii(path)))
            place = os.path.join(folder, "outputs", *path.split("/"))
            try:
                os.makedirs(os.path.dirname(place), exist_ok=True)
                with open(place, "xb") as file:
                    for block in cloud.blocks(case.file_key(path), left_bytes):
                        file.write(block)
                        left_bytes -= len(block)
            except (ModelNotFound, DamagedBundle) as error:
                raise CaseFailure("its file {} can't be read: {}".format(path, error)) from error
            except (OSError, UnicodeError) as error:
                if isinstance(error, OSError) and error.errno not in UNFIT_NAME:  # it is the computer's
                    raise
                words = "its result names a file {} that can't be put into a folder: {}"
                raise CaseFailure(words.format(ascii(path), one_line(error))) from error
            found[place] = identity_of(place)
        with open(os.path.join(folder, EARLIER_RESULT), "wb") as file:
            file.write(to_json(self.document.get("result")))
        return found


EARLIER_RESULT = "result.json"
UNFIT_NAME = errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL


@contextlib.contextmanager
def names_that_fit(path: str) -> Iterator[None]:
    """Fails the case if a folder can't hold such a name; any other trouble is the computer's."""
    words = "there is a file {} that can't be put into a folder: {}"
    try:
        yield
    except UnicodeError as error:
        raise CaseFailure(words.format(ascii(path), one_line(error))) from error
    except OSError as error:
        if error.errno not in UNFIT_NAME:
            raise
        raise CaseFailure(words.format(ascii(path), one_line(error))) from error


def _may_lie_below(path: str) -> bool:
    parts = path.split("/")
    unfit = "\\" in path or ":" in path if os.name == "nt" else False
    return not unfit and "\0" not in path and all(part not in ("", ".", "..") for part in parts)


def identity_of(path: str) -> Tuple[int, int]:
    """What differs when a file was written anew."""
    status = os.lstat(path)
    return status.st_size, status.st_mtime_ns


def files_in_document(files: Dict[str, str], case: Case) -> List[Dict[str, Any]]:
    """The first files as the result names them, without which nobody who may not list could find them again."""
    prefix = len(case.file_key(""))
    some = list(files.items())[:FILES_IN_DOCUMENT]
    return [{"path": key[prefix:], "size_bytes": os.lstat(path).st_size} for key, path in some if os.path.lexists(path)]


class Attempt:
    """One execution of a case."""

    def __init__(self, case: Case, lease: Lease, number: int, start_time: float) -> None:
        self.case, self.lease, self.number = case, lease, number
        self.start_time = self.end_time = start_time
        self.progress: Optional[float] = None
        self.progress_text: Optional[str] = None
        self.cancelled_time = math.inf  # by `monotonic`; from then on its model is to end
        self.was_stopped = False  # its model was asked to end, since it is cancelled: what came of it is no outcome
        self.shares_process = (
            False  # with its worker; otherwise `ModelProcess` asks the model to end, and this does nothing:
        )
        self.interrupt: Callable[[], None] = lambda: None

    @property
    def is_cancelled(self) -> bool:
        """Whether its case was cancelled while it was computed."""
        return self.cancelled_time < math.inf

    @property
    def secs(self) -> float:
        """How long it took."""
        return self.end_time - self.start_time

    def in_heartbeat(self) -> Dict[str, Any]:
        """How a heartbeat names it."""
        case = self.case
        return {
            "case_id": case.case_id, "batch": case.batch, "level": case.level, "attempt": self.number,
            "start_time": self.start_time, "progress": self.progress, "progress_text": self.progress_text,
            "lease": "queue" if self.lease.is_in_queue else "heartbeat",
        }  # fmt: skip

    def row(self, outcome: str) -> Dict[str, Any]:
        """What every row of a segment has."""
        case = self.case
        row = {
            "batch": case.batch, "case_id": case.case_id, "level": case.level, "replicate": case.replicate,
            "outcome": outcome, "attempt": self.number, "start_time": self.start_time, "end_time": self.end_time,
            "parameters": case.parameters,
        }  # fmt: skip
        return row if case.pool is None else dict(row, pool=case.pool)


# ---------------------------------------------------------------- the model


class CaseFailure(Exception):
    """A failure of the case that isn't an exception in its model; the class's name stands in the error document."""


class MissingParameter(CaseFailure):
    """A placeholder without a parameter."""

    def __init__(self, name: str, line: int) -> None:
        super().__init__("placeholder {{{{{}}}}} in line {} has no parameter".format(name, line))
        self.name, self.line = name, line


class WrongIndex(CaseFailure):
    """A placeholder for a component that its parameter hasn't."""

    def __init__(self, name: str, index: str, line: int, why: str) -> None:
        self.name, self.line = "{}[{}]".format(name, index), line
        super().__init__("placeholder {{{{{}}}}} in line {}: {} {}".format(self.name, line, name, why))


class ModelNotFound(CaseFailure):
    """The model file isn't there, or isn't the file that its address promises."""


class DamagedBundle(CaseFailure):
    """A bundle that isn't the one that its address promises, or can't be unpacked safely."""


class WorkerEnded(CaseFailure):
    """A case that ends the program that it is computed in, and so its worker."""


class WrongModelDocument(CaseFailure):
    """A model.json that isn't what the protocol says."""


class WrongCommand(CaseFailure):
    """A command line that can't be split into words, or that a value can't be put into."""


class CommandNotFound(CaseFailure):
    """The first word of a command line is no command of this computer."""


class CommandFailed(CaseFailure):
    """A command ended with an exit code other than 0."""


class UnusableResult(CaseFailure):
    """A value that can't be written as JSON."""


class OutputsTooLarge(CaseFailure):
    """The files in `outputs/` are more than a case of the study may leave."""


class NothingCombined(CaseFailure):
    """A script that combines nothing."""


class FileChanged(CaseFailure):
    """A file in `outputs/` was changed or removed while it was uploaded."""


class Interrupted(BaseException):
    """Not an Exception, so that a model that catches everything is stopped all the same."""


class TimeLimitExceeded(Interrupted):
    """The case has its time limit behind it."""


class CaseCancelled(Interrupted):
    """The case was cancelled while its model ran in the worker's own process."""


class Outcome(NamedTuple):
    """What came of an attempt."""

    result: Any
    failure: "Optional[Failure]"
    log: str
    warnings: List[str]


class Source(NamedTuple):
    """A model before and after substitution."""

    path: str  # where it is executed
    template: str
    text: str
    content: bytes  # the text in the encoding of the file
    kind: str = ""
    name: str = ""  # its path in the scratch folder
    document: "Optional[ModelDocument]" = None  # of a bundle

    @property
    def folder(self) -> str:
        """Where it lies: the scratch folder, or one within it."""
        return os.path.dirname(self.path)


NO_SOURCE = Source("", "", "", b"")


def read_source(model: bytes, case: Case, folder: str) -> Tuple[Source, List[str]]:
    """The model with its placeholders replaced, and the parameters that it doesn't use."""
    if case.kind == "bundle":
        return read_bundle(model, case, folder)
    if case.kind == "command_line":
        command = read_model_document(model).command
        used = {place.group(1) for place in PLACEHOLDER.finditer(command)}
        unused = [] if "parameters.json" in command else [name for name in case.parameters if name not in used]
        return Source(os.path.join(folder, case.model_name), "", "", model, case.kind, case.model_name), unused
    path = os.path.join(folder, case.model_name)
    if case.kind == "combine":  # it is told by its arguments: its braces are its own
        template, encoding = decode(model, "python")
        return Source(path, template, template, template.encode(encoding), case.kind, case.model_name), []
    template, text, content, unused = filled(model, language_of(case.kind, case.model_name), case.parameters)
    return Source(path, template, text, content, case.kind, case.model_name), unread(text, case.kind, unused)


def filled(model: bytes, language: str, parameters: Dict[str, Any]) -> Tuple[str, str, bytes, List[str]]:
    """A text before and after substitution, this in the encoding of the file, too; and what isn't used."""
    template, encoding = decode(model, language)
    text, unused = render(template, parameters, language)
    try:
        return template, text, text.encode(encoding), unused
    except UnicodeError as error:
        words = "the model is written in {}, which lacks a character of a parameter: {}"
        raise CaseFailure(words.format(encoding, error)) from error


def read_bundle(model: bytes, case: Case, folder: str) -> Tuple[Source, List[str]]:
    """What `model.json` says is run, with placeholders replaced in it and, in their places, in the templates."""
    try:
        document = read_model_document(model)
    except WrongModelDocument as error:
        raise WrongModelDocument("the bundle's model.json: {}".format(error)) from error
    unused = list(case.parameters)
    for path in document.templates:
        if path != document.main:
            _, _, content, left = filled_in_bundle(path, "command", case, folder)
            unused = [name for name in unused if name in left]
            with open(os.path.join(folder, *path.split("/")), "wb") as file:
                file.write(content)
    if document.kind == "command_line":
        used = {place.group(1) for place in PLACEHOLDER.finditer(document.command)}
        unused = [] if "parameters.json" in document.command else [name for name in unused if name not in used]
        return Source(
            os.path.join(folder, "model.json"), "", "", model, document.kind, case.model_name, document
        ), unused
    template, text, content, left = filled_in_bundle(document.main, document.kind, case, folder)
    unused = unread(text, document.kind, [name for name in unused if name in left])
    path = os.path.join(folder, *document.main.split("/"))
    return Source(path, template, text, content, document.kind, document.main, document), unused


def filled_in_bundle(path: str, kind: str, case: Case, folder: str) -> Tuple[str, str, bytes, List[str]]:
    """The same of a file of a bundle, which is named if it can't be filled."""
    try:
        with open(os.path.join(folder, *path.split("/")), "rb") as file:
            model = file.read()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        words = "the bundle {} has no file {}, which its model.json names"
        raise DamagedBundle(words.format(case.model_key, path)) from error
    try:
        return filled(model, language_of(kind, path), case.parameters)
    except CaseFailure as error:
        error.args = ("{}: {}".format(path, error),)
        raise


def decode(model: bytes, language: str) -> Tuple[str, str]:
    """The text of a model and its encoding: as Python reads it, by PEP 263, or else UTF-8."""
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(model).readline)[0] if language == "python" else "utf-8-sig"
        return model.decode(encoding), "utf-8" if encoding == "utf-8-sig" else encoding
    except (SyntaxError, UnicodeError, LookupError) as error:
        raise ModelNotFound("the model is no text in its encoding: {}".format(error)) from error


def lines_of(text: str) -> List[str]:
    """Lines as Python's own reader counts them: a form feed, say, ends none."""
    return io.StringIO(text, newline=None).readlines()


def unread(text: str, kind: str, unused: List[str]) -> List[str]:
    """Those of `unused` that a model doesn't read by another way either; none of them where that can't be told."""
    if kind == "command" or not unused:
        return [] if "parameters.json" in text else unused
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nodes = list(ast.walk(ast.parse(text)))
    except Exception:  # noqa: BLE001 - of any kind; it will fail again when it is executed, and that is told
        return []
    clear = {id(node): key for node, key in map(_read_key, nodes) if key is not None}
    texts_alone = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    if any(_may_read_all(node) for node in nodes if id(node) not in clear and id(node) not in texts_alone):
        return []
    return [name for name in unused if name not in clear.values()]


def _read_key(node: Any) -> Tuple[Any, Optional[str]]:
    """The name `parameters` in `parameters["key"]` or `parameters.get("key")`, and the key."""
    if isinstance(node, ast.Subscript):
        whole, key = node.value, getattr(node.slice, "value", None) if _is(node.slice, "Index") else node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop"):
        whole, key = node.func.value, node.args[0] if node.args else None
    else:
        return node, None
    text = _constant(key)
    return whole, text if isinstance(whole, ast.Name) and whole.id == "parameters" else None


def _may_read_all(node: Any) -> bool:
    if isinstance(node, ast.Name):
        reads = isinstance(node.ctx, ast.Load) and node.id == "parameters"
        return reads or node.id in ("exec", "eval", "globals", "locals", "vars")
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return "__main__" in [getattr(node, "module", None)] + [one.name for one in node.names]
    return getattr(node, "attr", None) == "parameters" or "parameters" in (_constant(node) or "")


def _constant(node: Any) -> Optional[str]:
    """The text of a literal; its class is another one before Python 3.8."""
    text = node.value if _is(node, "Constant") else node.s if _is(node, "Str") else None
    return text if isinstance(text, str) else None


def _is(node: Any, kind: str) -> bool:
    return type(node).__name__ == kind


PLACEHOLDER = re.compile(r"\{\{[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*(?:\[[ \t]*(-?[0-9]+)[ \t]*\][ \t]*)?\}\}")

# What a placeholder stands in
CODE, IN_BRACKETS, STRING, FORMATTED_STRING, COMMENT, TEXT = (
    "code", "code in brackets", "string", "formatted string", "comment", "text",
)  # fmt: skip


def render(template: str, parameters: Dict[str, Any], language: str = "python") -> Tuple[str, List[str]]:
    """The template with each placeholder replaced by a Python literal, and the parameters that none has used.

    In Python code a number keeps its value whatever stands behind it. In its strings and comments, and in any other
    language, the literal is put in as it is.
    """
    places = list(PLACEHOLDER.finditer(template))
    values = [_value_of(place, parameters) for place in places]
    is_bound = language == "python" and any(map(_is_bound, places, values))
    around = where_in_python(template, places) if is_bound else [TEXT] * len(places)
    pieces, end = [], 0
    for place, value, where in zip(places, values, around):  # noqa: B905 - Python 3.6 doesn't know strict
        is_apart = where in (CODE, IN_BRACKETS) and _is_bound(place, value, where)
        pieces += [template[end : place.start()], ("({!r})" if is_apart else "{!r}").format(value)]
        end = place.end()
    used = {place.group(1) for place in places}
    return "".join(pieces) + template[end:], [name for name in parameters if name not in used]


def language_of(kind: str, name: str) -> str:
    """What a model is written in: `python`, or anything else."""
    return "python" if kind in ("python", "combine") or name.lower().endswith(".py") else "text"


def _value_of(place: Any, parameters: Dict[str, Any]) -> Any:
    name, index = place.groups()
    if name not in parameters:
        raise MissingParameter(name if index is None else "{}[{}]".format(name, index), _line_of(place))
    value = parameters[name]
    if index is None:
        return value
    if not isinstance(value, list):
        raise WrongIndex(name, index, _line_of(place), "is no vector")
    if index.startswith("-") or len(index) > 9 or int(index) >= len(value):
        raise WrongIndex(name, index, _line_of(place), "has {} components, counted from 0".format(len(value)))
    return value[int(index)]


def _line_of(place: Any) -> int:
    return int(place.string.count("\n", 0, place.start())) + 1


_BLANK = re.compile(r"(?:[ \t\f]|\\(?:\r\n|\r|\n))*")
_BLANK_IN_BRACKETS = re.compile(r"(?:[ \t\f\r\n]|\\(?:\r\n|\r|\n)|#[^\r\n]*)*")
_POWER_OR_ATTRIBUTE = re.compile("\\*\\*|\\.[A-Za-z_\x80-\U0010ffff]")
_DECIMALS = re.compile(r"\.[0-9]")
_WORDS_BEFORE_VALUES = frozenset(
    ("and", "assert", "await", "case", "elif", "else", "if", "in", "is", "not", "or", "return", "while", "yield")
)


def _is_bound(place: Any, value: Any, where: str = IN_BRACKETS) -> bool:
    """Whether in code a number would be another one, or none, by what stands behind it: `-1.2**2`, `30.real`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    blank: Any = (_BLANK_IN_BRACKETS if where == IN_BRACKETS else _BLANK).match(place.string, place.end())
    behind = _POWER_OR_ATTRIBUTE.match(place.string, blank.end())
    if behind is None or _is_piece(place.string, *place.span()):
        return False
    return repr(value).startswith("-") or (isinstance(value, int) and behind.group() != "**")


def _is_piece(text: str, start: int, end: int) -> bool:
    """Whether it is a piece of a word or a number, as in `load_{{n}}` and `1e{{n}}`."""
    if _is_of_word(text[end : end + 1]) or text.startswith("{", end) or _DECIMALS.match(text, end):
        return True
    word = start
    while word > 0 and _is_of_word(text[word - 1]):
        word -= 1
    is_of_number = text[start - 1 : start] in ("}", ".")
    return is_of_number or (word < start and text[word:start] not in _WORDS_BEFORE_VALUES)


def _is_of_word(letter: str) -> bool:
    return _WORD_OF_CODE.match(letter) is not None


_WORD_OF_CODE = re.compile("[A-Za-z0-9_\x80-\U0010ffff]+")
_PREFIXES = frozenset(("r", "u", "b", "f", "t", "br", "rb", "fr", "rf", "tr", "rt"))
_NAMED_LETTER = re.compile(r"\\N\{[^{}'\"\r\n]*\}")


def where_in_python(template: str, places: List[Any]) -> List[str]:
    """Where in a Python file each placeholder stands. What is no Python is read as far as it can be."""
    ends = {place.start(): place.end() for place in places}
    reader, found, at = _PythonReader(template, ends), [], 0
    while at < len(template):
        if at in ends:
            found.append(reader.where())
            at = ends[at]
        else:
            at = reader.step(at)
    return found


class _Layer:
    """What a place in a Python file lies in: `code`, a `string`, a `comment`; a `field` of a formatted string, which is
    code again, and the `format` behind its colon."""

    def __init__(self, kind: str, quote: str = "", prefix: str = "") -> None:
        self.kind, self.quote, self.brackets = kind, quote, 0
        self.is_raw, self.is_formatted = "r" in prefix, "f" in prefix or "t" in prefix


class _PythonReader:
    """Follows a Python file letter by letter. `crates/study/src/template/python.rs` does the same."""

    def __init__(self, text: str, places: Dict[int, int]) -> None:
        self._text, self._places = text, places
        self._layers = [_Layer("code")]
        self._word = 0, 0

    def where(self) -> str:
        """Where the place lies that was come to."""
        layer = self._layers[-1]
        if layer.kind == "code":
            return IN_BRACKETS if layer.brackets else CODE
        if layer.kind == "string":
            return FORMATTED_STRING if layer.is_formatted else STRING
        return {"field": IN_BRACKETS, "format": FORMATTED_STRING}.get(layer.kind, COMMENT)

    def step(self, at: int) -> int:
        """Reads what begins at `at`, and gives where it ends: never behind the start of a placeholder."""
        layer, letter = self._layers[-1], self._text[at]
        if letter in "\r\n" and (layer.kind in ("comment", "format") or len(layer.quote) == 1):
            self._layers.pop()  # a string that is not ended here is a mistake, and no reason to lose track of the rest
            return at
        if layer.kind in ("code", "field"):
            return self._code(layer, letter, at)
        if layer.kind == "comment":
            return at + 1
        return self._in_string(layer, letter, at)

    def _code(self, layer: _Layer, letter: str, at: int) -> int:
        word = _WORD_OF_CODE.match(self._text, at)
        if word:
            self._word = word.span()
            return word.end()
        if letter in "\"'":
            return self._open(letter, at)
        if letter == "#":
            self._layers.append(_Layer("comment"))
        elif letter in "([{":
            layer.brackets += 1
        elif layer.kind == "field" and layer.brackets == 0 and letter in "}:":
            self._layers.pop()
            if letter == ":":
                self._layers.append(_Layer("format"))
        elif letter in ")]}":
            layer.brackets = max(0, layer.brackets - 1)
        return at + 1

    def _open(self, letter: str, at: int) -> int:
        start, end = self._word
        prefix = self._text[start:end].lower() if end == at else ""
        quote = letter * 3 if self._text.startswith(letter * 3, at) else letter
        self._layers.append(_Layer("string", quote, prefix if prefix in _PREFIXES else ""))
        return at + len(quote)

    def _in_string(self, layer: _Layer, letter: str, at: int) -> int:
        has_fields = layer.kind == "format" or layer.is_formatted
        if letter == "\\":
            return self._behind_escape(at, has_fields, layer.is_raw)
        if layer.kind == "format":
            string = next(one for one in reversed(self._layers) if one.kind == "string")
            if letter == "}" or self._text.startswith(string.quote, at):
                self._layers.pop()
                return at + (letter == "}")
        elif self._text.startswith(layer.quote, at):
            self._layers.pop()
            return at + len(layer.quote)
        if letter == "{" and has_fields:
            if layer.kind == "string" and self._text.startswith("{", at + 1) and at + 1 not in self._places:
                return at + 2
            self._layers.append(_Layer("field"))
        return at + 1

    def _behind_escape(self, at: int, has_fields: bool = False, is_raw: bool = False) -> int:
        if at + 1 in self._places or (has_fields and self._text[at + 1 : at + 2] in ("{", "}")):
            return at + 1
        named = _NAMED_LETTER.match(self._text, at) if has_fields and not is_raw else None
        if named and at + 2 not in self._places:
            return named.end()
        return min(len(self._text), at + (3 if self._text.startswith("\r\n", at + 1) else 2))


class Models:
    """Model files by their digest; the last few are kept."""

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._kept: Dict[str, bytes] = {}

    def get(self, key: str) -> Union[bytes, ModelNotFound]:
        """The file at `key`, or what is wrong with it."""
        digest = key.split("/")[1]
        for _ in range(0 if digest in self._kept else 3):  # a body may be cut short without a trace
            body = self._cloud.get(key)
            if body is None:
                return ModelNotFound("there is no model at {}".format(key))
            if hashlib.sha256(body).hexdigest() == digest:
                self._keep(digest, body)
                break
        else:
            if digest not in self._kept:
                return ModelNotFound("the file at {} is not the one that its address promises".format(key))
        return self._kept[digest]

    def _keep(self, digest: str, body: bytes) -> None:
        self._kept[digest] = body
        if len(self._kept) > MODELS_KEPT:
            del self._kept[next(iter(self._kept))]


# ---------------------------------------------------------------- bundles


class Bundles:
    """Bundles by their digest, in a folder that the workers of a computer share; a case gets copies of the files."""

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._folder: Optional[str] = None

    def unpack(self, key: str, folder: str) -> bytes:
        """Unpacks the bundle at `key` into a scratch folder; its `model.json`."""
        try:
            with self._opened(key) as file:
                unpack(file, folder)
            with open(os.path.join(folder, "model.json"), "rb") as document:
                return document.read(MAX_BUNDLE_BYTES)
        except FileNotFoundError as error:
            raise DamagedBundle("the bundle {} has no model.json".format(key)) from error
        except DamagedBundle as error:
            raise DamagedBundle("the bundle {} {}".format(key, error)) from error

    @contextlib.contextmanager
    def _opened(self, key: str) -> Iterator[Any]:
        digest = key.split("/")[1]
        path = os.path.join(self._cache(), digest + ".zip")
        file = intact(path, digest)
        if file is None:
            # Of the workers of a computer one fetches it, and the others find it.
            with locked(path + ".lock"):
                file = intact(path, digest) or self._fetched(key, digest, path)
        with file:
            yield file

    def _cache(self) -> str:
        if self._folder is None or not os.path.isdir(self._folder):
            self._folder = cache_folder()
        return self._folder

    def _fetched(self, key: str, digest: str, path: str) -> Any:
        """Fetches a bundle. It gets its name when it is whole, so that no other worker ever finds a part of it."""
        for _ in range(3):  # a body may be cut short without a trace
            number, part = tempfile.mkstemp(prefix="part-", dir=os.path.dirname(path))
            try:
                with os.fdopen(number, "wb") as file:
                    for block in self._cloud.blocks(key, MAX_BUNDLE_BYTES):
                        file.write(block)
                make_room(os.path.dirname(path), os.path.getsize(part))
                with contextlib.suppress(PermissionError):  # on Windows, while another one reads it
                    os.replace(part, path)
            finally:
                with contextlib.suppress(OSError):
                    os.unlink(part)
            found = intact(path, digest)
            if found is not None:
                return found
        raise DamagedBundle("is not the file that its address promises: its digest is another one")


def cache_folder() -> str:
    """A folder of this user's alone; if somebody else has made one of its name, another one for this worker."""
    user = "-{}".format(os.getuid()) if os.name == "posix" else ""
    path = os.path.join(os.path.realpath(tempfile.gettempdir()), "cruncher-bundles" + user)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)
    status = os.lstat(path)
    is_own = os.name != "posix" or (status.st_uid == os.getuid() and not status.st_mode & 0o077)
    if stat.S_ISDIR(status.st_mode) and is_own:
        return path
    own = tempfile.mkdtemp(prefix="cruncher-bundles-")
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    return own


def intact(path: str, digest: str) -> Any:
    """A bundle of the cache, opened, if it is whole; what isn't is removed. What is read is what was looked at."""
    try:
        file = open(path, "rb")  # noqa: SIM115 - closed by who gets it
    except OSError:
        return None
    try:
        found = hashlib.sha256()
        for block in iter(lambda: file.read(1 << 20), b""):
            found.update(block)
        if found.hexdigest() == digest:
            file.seek(0)
            with contextlib.suppress(OSError):
                os.utime(path)  # it was used
            return file
    except BaseException:
        file.close()
        raise
    file.close()
    with contextlib.suppress(OSError):
        os.unlink(path)
    return None


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """Holds a lock that ends with this process. Without such locks nothing but time is lost."""
    if fcntl is None:
        yield
        return
    with open(path, "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_room(folder: str, size_bytes: int) -> None:
    """Removes what was used longest ago, until there is room for so many bytes more; and what was left half."""
    found = []
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        with contextlib.suppress(OSError):  # another worker may have removed it
            status = os.stat(path)
            if name.endswith(".zip"):
                found.append((status.st_mtime, status.st_size, path))
            elif name.startswith("part-") and time.time() - status.st_mtime > LEFT_PART_SECS:
                os.unlink(path)
    left_bytes = sum(size for _, size, _ in found) + size_bytes
    for _, size, path in sorted(found):
        if left_bytes <= BUNDLES_KEPT_BYTES:
            break
        with contextlib.suppress(OSError):
            os.unlink(path)
            left_bytes -= size


_BAD_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    LookupError,
)
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|\Z)")


def unpack(file: Any, folder: str) -> None:
    """Unpacks a ZIP into an empty folder, after all of it was looked at: names, sizes, kinds."""
    try:
        check_directory(file)
        with zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
            check_entries(entries)
            for entry in entries:
                with archive.open(entry) as content:
                    _unpack_one(content, entry, folder)
    except _BAD_ZIP as error:
        raise DamagedBundle("can't be unpacked: {}".format(one_line(error))) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # of a place that the file doesn't have
            raise
        raise DamagedBundle("can't be unpacked: {}".format(one_line(error))) from error


def check_directory(file: Any) -> None:
    """Raises `DamagedBundle` unless the file ends as a ZIP does whose list of files isn't too long to be read."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - 42))
    tail = file.read().rjust(42, b"\0")
    if tail[-22:-18] != b"PK\5\6" or tail[-2:] != b"\0\0":
        raise DamagedBundle("is no ZIP file, or has a comment at its end")
    count, directory_bytes = struct.unpack("<HL", tail[-12:-6])
    if count > MAX_BUNDLE_FILES or directory_bytes > MAX_DIRECTORY_BYTES or tail[:4] == b"PK\6\7":
        raise DamagedBundle("has more than {:,} files".format(MAX_BUNDLE_FILES))


def check_entries(entries: "List[zipfile.ZipInfo]") -> None:
    """Raises `DamagedBundle` unless each entry can be a file of its own below the folder, on any operating system."""
    if len(entries) > MAX_BUNDLE_FILES:
        raise DamagedBundle("has more than {:,} files".format(MAX_BUNDLE_FILES))
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise DamagedBundle("would be more than {} unpacked".format(size_in_words(MAX_UNPACKED_BYTES)))
    files: Set[str] = set()
    folders: Set[str] = set()
    spelled: Dict[str, str] = {}
    for entry in entries:
        why = unfit_entry(entry)
        if why is not None:
            raise DamagedBundle("has an entry {} which {}".format(ascii(entry.orig_filename), why))
        if entry.filename in files:
            raise DamagedBundle("has {} twice".format(ascii(entry.filename)))
        parts = entry.filename.split("/")
        names = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        files.add(names[-1])
        folders.update(names[:-1])
        for name in names:
            before = spelled.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
            if before != name:
                words = "has {} and {}, which are one on some computers"
                raise DamagedBundle(words.format(ascii(before), ascii(name)))
    for name in files & folders:
        raise DamagedBundle("has {} as a file and as a folder".format(ascii(name)))


def unfit_entry(entry: "zipfile.ZipInfo") -> Optional[str]:
    """Why an entry can't be unpacked safely; None if it can."""
    why = unfit_path(entry.orig_filename) or unfit_path(entry.filename)
    if why is None and entry.filename != entry.orig_filename:  # newer Pythons read one from an extra field, 0x7075
        why = "has two names"
    if why is not None:
        return why
    if any(_DEVICE.match(part) for part in entry.filename.split("/")):
        return "is the name of a device on Windows"
    if entry.filename.split("/")[0].lower() == "outputs":
        return "lies in outputs/, which is for what the case makes"
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "is no file, but a link or a device"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # the others tell of damage by any error
        return "is compressed in another way than by deflate"
    return "is encrypted" if entry.flag_bits & 1 else None


# How programs begin: a script, and what Linux and macOS execute. A ZIP of a browser can't tell what is one.
_PROGRAM = b"#!", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"


def _unpack_one(content: Any, entry: "zipfile.ZipInfo", folder: str) -> None:
    path = os.path.join(folder, *entry.filename.split("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    left_bytes, is_program = entry.file_size, None  # type: int, Optional[bool]
    with open(path, "xb") as file:
        for block in iter(lambda: content.read(1 << 20), b""):
            is_program = block.startswith(_PROGRAM) if is_program is None else is_program
            left_bytes -= len(block)
            if left_bytes < 0:
                raise DamagedBundle("has more in {} than it says".format(ascii(entry.filename)))
            file.write(block)
    if left_bytes:
        raise DamagedBundle("has less in {} than it says".format(ascii(entry.filename)))
    os.chmod(path, 0o700 if is_program else 0o600)


def execute(
    attempt: Attempt,
    model: bytes,
    folder: str,
    host: "Host",
    surroundings: "Surroundings",
    report: "Union[Report, Relay]",
    journal: "Union[Journal, Relay]",
) -> Outcome:
    """Renders the model and executes it in `folder`. Whatever it does, short of the user's Ctrl-C, is an outcome."""
    case, output, notes = attempt.case, Tail(OUTPUT_BYTES), []  # type: Case, Tail, List[str]
    source, result, failure = NO_SOURCE, None, None
    interrupts = surroundings.interrupts
    try:
        interrupts.in_case = True
        source, unused = read_source(model, case, folder)
        if case.extract_key is None:  # what extracts from files seldom needs them all
            notes += ["parameter {} is used by no placeholder".format(name) for name in unused]
        with surroundings.of_case(source, folder, output, journal) as process:
            run = {"command": run_command, "command_line": run_command_line}.get(source.kind, run_python)
            call = functools.partial(run, source, attempt, host, report, process)
            result, failure = within(attempt, lambda: _computed(call, source, process, notes))
            interrupts.in_case = False
    except BaseException as error:  # SystemExit, MemoryError, RecursionError: all are failures of the case
        interrupts.in_case = False
        surroundings.restore()
        if interrupts.are_by_user(error):
            raise
        result, failure = None, describe(error, source)
    if failure is not None and interrupts.by_user:
        raise KeyboardInterrupt  # which the model made another exception of
    return Outcome(result, failure, output.text(), notes)


def _computed(
    run: Callable[[], Any], source: Source, process: "CaseProcess", notes: List[str]
) -> Tuple[Any, "Optional[Failure]"]:
    """The result or the failure; neither holds an object of the model's any more, so that all of these can go."""
    try:
        try:
            result = run()
        finally:
            process.regain()
        return to_plain(result, notes), None
    except BaseException as error:
        if process.interrupts.are_by_user(error):
            raise
        return None, describe(error, source)
    finally:
        notes += process.finish()


def copied(parameters: Dict[str, Any]) -> Dict[str, Any]:
    """Parameters that a model may change: what is recorded is what was sent."""
    return {name: list(value) if isinstance(value, list) else value for name, value in parameters.items()}


def run_python(
    source: Source, attempt: Attempt, host: "Host", report: "Union[Report, Relay]", process: "CaseProcess"
) -> Any:
    """Executes a model of the kind `python` as main module; gives its result."""
    case, pid, module = attempt.case, own_pid(), process.module
    with open(source.path, "wb") as file:
        file.write(source.content)
    fields = ("case_id", "batch", "level", "replicate")
    names = {
        "parameters": copied(case.parameters),
        "result": {} if case.extract_key is None else earlier_result(),
        "case": dict([(name, getattr(case, name)) for name in fields], attempt=attempt.number),
    }
    write_for_spawned(source, names)
    module.__dict__.update(names, progress=_progress_of(attempt, report), __file__=source.path, __builtins__=builtins)
    module.__dict__.update(__loader__=importlib.machinery.SourceFileLoader("__main__", source.path))
    module.__spec__ = importlib.machinery.ModuleSpec(SPAWNED, None)
    lines = lines_of(source.text)
    linecache.cache[source.path] = (len(source.text), None, lines, source.path)  # also when the file is gone
    if case.kind == "combine":  # a script that is imported, and then called
        module.__dict__.update(__name__=os.path.splitext(case.model_name)[0])
        sys.modules[module.__name__] = module
    try:
        with host.case(module):
            exec(compile(source.content, source.path, "exec", dont_inherit=True), module.__dict__)
            if case.kind == "combine":
                return combined(module.__dict__, case, source.folder)
    except SystemExit as ending:
        if ending.code not in (None, 0) or case.kind == "combine":
            raise
    finally:
        if own_pid() != pid:
            exit_at_once(0)  # a fork that the model has forgotten to end must not become a second worker of this name
    return module.__dict__.get("result")


def earlier_result() -> Any:
    """What the case has returned before."""
    with open(EARLIER_RESULT, encoding="utf-8") as file:
        return json.load(file)


SPAWNED = "cruncher_spawned"
_OF_SPAWNED = """# The model in a process that multiprocessing starts anew, which imports the main module by its name.
parameters, result, case = ({parameters}, {{}}, {case})
progress = lambda fraction, text=None: None
__file__ = {path}
with open(__file__, "rb") as _file:
    exec(compile(_file.read(), __file__, "exec"))
"""


def write_for_spawned(source: Source, names: Dict[str, Any]) -> None:
    """Writes the module by which a process that isn't forked gets what the model finds in its namespace."""
    values = {name: ascii(names[name]) for name in ("parameters", "case")}
    with open(os.path.join(source.folder, SPAWNED + ".py"), "w", encoding="ascii") as file:
        file.write(_OF_SPAWNED.format(path=ascii(source.path), **values))


def _progress_of(attempt: Attempt, report: "Union[Report, Relay]") -> Callable[..., None]:
    def progress(fraction: float, text: Optional[str] = None) -> None:
        """Tells the dashboard how far the case has come: a fraction from 0 to 1, and a few words."""
        note_progress(attempt, report, float(fraction), text)

    return progress


def note_progress(attempt: Attempt, report: "Union[Report, Relay]", fraction: Any, text: Any) -> None:
    """Notes how far the case has come, as the model says."""
    try:
        value = float(fraction) if isinstance(fraction, (int, float)) else math.nan
    except OverflowError:
        value = math.nan
    attempt.progress = min(1.0, max(0.0, value)) if math.isfinite(value) else None
    attempt.progress_text = None if text is None else first_of(str(text), PROGRESS_CHARACTERS)
    report.touch()


# ---- combining


class Input(NamedTuple):
    """A file that a case combines."""

    key: str
    etag: str
    path: str  # in the scratch folder


_OF_RESULT = re.compile(r"done-[0-9a-f]{32}\.json")
_OF_FILE = re.compile(r"files/([0-9a-f]{32}/.+)")


def read_inputs(document: bytes, folder: str) -> List[Input]:
    """The files that a list of inputs names; no path leads out of the scratch folder."""
    try:
        listed = json.loads(document.decode("utf-8"))
        batch, named = listed["batch"], [(name, etag) for name, etag in listed["files"]]
        if listed["v"] != 1 or not is_batch(batch) or not all(isinstance(etag, str) for _, etag in named):
            raise ValueError("a field is not what the protocol says")
        return [_input_of(batch, name, etag, folder) for name, etag in named]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CaseFailure("the list of inputs can't be read: {}".format(one_line(error))) from error


def _input_of(batch: str, name: str, etag: str, folder: str) -> Input:
    of_file = _OF_FILE.fullmatch(name)
    place = of_file.group(1) if of_file else name
    parts = place.split("/")
    is_fit = all(part not in ("", ".", "..") and not _UNFIT_FOR_KEY.search(part) for part in parts)
    if os.name == "nt":
        is_fit = is_fit and not re.search(r'[<>:"|?*\\]', place)
    if not is_fit or not (of_file or _OF_RESULT.fullmatch(name)):
        raise CaseFailure("{} is no file of a case that can be read here".format(ascii(first_of(name, 200))))
    return Input("data/{}/{}".format(batch, name), etag, os.path.join(folder, INPUTS_FOLDER, *parts))


class Downloads:
    """Files on their way into the scratch folder, by several threads. What one can't get at once is left."""

    def __init__(self, cloud: "Cloud", inputs: List[Input]) -> None:
        self._cloud, self._lock = cloud, threading.Lock()
        self._next, self._left = iter(inputs), []  # type: Iterator[Input], List[Input]
        self._failure: Optional[BaseException] = None
        self.finished = 0
        for folder in sorted({os.path.dirname(one.path) for one in inputs}):
            with names_that_fit(folder):
                os.makedirs(folder, exist_ok=True)
        count = min(DOWNLOADS, len(inputs))
        self._threads = [threading.Thread(target=self._run, name="cruncher-input", daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:
                one = None if self._failure else next(self._next, None)
            if one is None:
                return
            try:
                self._cloud.download(one)
            except Unanswered:
                with self._lock:
                    self._left.append(one)
            except BaseException as error:  # noqa: BLE001 - raised where somebody waits
                self._failure = self._failure or error
            self.finished += 1

    @property
    def are_running(self) -> bool:
        """Whether a thread is still at work."""
        return any(map(threading.Thread.is_alive, self._threads))

    def stop(self) -> None:
        """Begins no further file."""
        with self._lock:
            self._left += self._next
        for thread in self._threads:
            thread.join()

    def left(self) -> List[Input]:
        """The files that nobody has got yet. Raises what has gone wrong with another one."""
        if self._failure is not None:
            raise self._failure
        return self._left


_EXTENSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9][A-Za-z0-9_-]*)*")


def combined(names: Dict[str, Any], case: Case, folder: str) -> Dict[str, Any]:
    """Has a script make one file of the inputs, by the conventions of materialsCloudCompute."""
    combine = names.get("combine", names.get("combine_data"))
    if not callable(combine):
        raise NothingCombined("there is no function combine(files, output) in {}".format(case.model_name))
    extension = _extension(names, case)
    with open(os.path.join(folder, INPUTS_FOLDER + ".json"), "rb") as file:
        files = _wanted(json.loads(file.read().decode("utf-8")), names, case)
    name = "combined." + extension
    output = os.path.join(folder, OUTPUTS_FOLDER, name)
    os.makedirs(os.path.dirname(output), exist_ok=True)
    combine(files, output)
    flush_files()
    if not os.path.isfile(output):
        raise NothingCombined("combine() has ended, and there is no file at `output`, {}".format(name))
    return {"file": name, "size_bytes": os.path.getsize(output), "files": len(files)}


def _extension(names: Dict[str, Any], case: Case) -> str:
    """The ending of the file that is made: as it was asked for, else as the script says."""
    found = case.parameters.get("file_extension") or names.get("file_extension")
    if found is None and isinstance(names.get("output_file"), str):
        found = os.path.splitext(names["output_file"])[1]
    found = found.lstrip(".") if isinstance(found, str) else found
    if not isinstance(found, str) or len(found) > 20 or not _EXTENSION.fullmatch(found):
        words = "the file's ending is wanted as file_extension = 'csv', say, in {}; it is {!r} there"
        raise NothingCombined(words.format(case.model_name, found))
    return found


def _wanted(files: List[str], names: Dict[str, Any], case: Case) -> List[str]:
    """Of files that cases produced those with the endings that the script names, if there are any of these."""
    endings = names.get("file_extensions", names.get("file_extension"))
    endings = [endings] if isinstance(endings, str) else endings
    if case.parameters.get("of") != "files" or not isinstance(endings, (list, tuple)):
        return files
    ends = tuple("." + str(ending).lstrip(".") for ending in endings)
    wanted = [file for file in files if file.endswith(ends)]
    if wanted and len(wanted) < len(files):
        print("{:,} of {:,} files end with {} and are combined".format(len(wanted), len(files), " or ".join(ends)))
    return wanted or files


def run_command(
    source: Source, attempt: Attempt, host: "Host", report: "Union[Report, Relay]", process: "CaseProcess"
) -> Any:
    """Executes a model of the kind `command`; gives its result."""
    name = source.name
    with open(source.path, "wb") as file:
        file.write(lines_of_unix(source.content) if is_script(name) and os.name == "posix" else source.content)
    write_parameters(attempt)
    progress = None if source.document is None else progress_of(source.document)
    command = Command(command_line(name, source.text), progress)
    _run_process(command, name, attempt, report, process, progress)
    return result_of_json(USUAL_RESULT_FILE) if source.document is None else result_left(source.document, process)


def result_left(document: "ModelDocument", process: "CaseProcess") -> Any:
    """What a command has left where its document says."""
    if document.result_row is not None:
        return result_of_csv(document.result_file, document.result_row, process.notes)
    return result_of_json(document.result_file)


def write_parameters(attempt: Attempt) -> None:
    """Writes the parameters beside a command."""
    with open("parameters.json", "wb") as file:
        file.write(to_json(attempt.case.parameters))


def run_command_line(
    source: Source, attempt: Attempt, host: "Host", report: "Union[Report, Relay]", process: "CaseProcess"
) -> Any:
    """Executes a model of the kind `command_line`; gives its result."""
    document, parameters = read_model_document(source.content), attempt.case.parameters
    lacking = lacking_command(source.content, parameters)
    if lacking is not None:
        raise CommandNotFound(words_for_lacking(lacking))
    write_parameters(attempt)
    progress = progress_of(document)
    command = start_command_line(command_of(source.content, parameters), progress)
    name = "the shell" if document.shell else command.name
    _run_process(command, name, attempt, report, process, progress)
    return result_left(document, process)


def _run_process(
    command: "Command",
    name: str,
    attempt: Attempt,
    report: "Union[Report, Relay]",
    process: "CaseProcess",
    progress: "Optional[ProgressSource]" = None,
) -> None:
    """Waits for the end of a command, beside `parameters.json`; `CommandFailed` unless that was a good one."""
    report.note_command(command.pid)

    def look(is_last: bool) -> None:
        told = progress.look(is_last) if progress is not None else None
        if told is not None:
            note_progress(attempt, report, *told)

    try:
        code = command.wait(look)
    finally:
        command.end(spares_left=process.has_adopted)
    look(True)
    if code != 0:
        raise CommandFailed("{} {}".format(name, how_command_ended(code)))


def how_command_ended(code: int) -> str:
    """An exit code in words; a negative one is a signal's number."""
    name = next((one.name for one in signal.Signals if one == -code), "signal {}".format(-code))
    return "ended with exit code {}".format(code) if code >= 0 or os.name == "nt" else "was ended by {}".format(name)


def left_file(name: str) -> Optional[bytes]:
    """What a command has left in a file; None if that isn't there."""
    try:
        if not stat.S_ISREG(os.stat(name).st_mode):  # a pipe would be waited for
            raise UnusableResult("{} is no file".format(name))
        with open(name, "rb") as file:
            content = file.read(RESULT_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnusableResult("{} can't be read: {}".format(name, one_line(error))) from error
    if len(content) > RESULT_BYTES:
        raise UnusableResult("{} is larger than {} MiB".format(name, RESULT_BYTES >> 20))
    return content


USUAL_RESULT_FILE = "result.json"


def result_of_json(name: str) -> Any:
    """What a command has left, in UTF-8, UTF-16 or UTF-32: Windows PowerShell writes UTF-16."""
    content = left_file(name)
    if content is None and name == USUAL_RESULT_FILE:
        return {}
    if content is None:
        raise UnusableResult("{} isn't there: the command has left no such file".format(name))
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnusableResult("{} is no JSON: {}".format(name, one_line(error))) from error


def result_of_csv(name: str, row: str, notes: List[str]) -> Dict[str, Any]:
    """One row of a CSV, each field by the name of its column."""
    content = left_file(name)
    if content is None:
        raise UnusableResult("{} isn't there: the command has left no such file".format(name))
    try:
        is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeError as error:
        raise UnusableResult("{} is no text in UTF-8: {}".format(name, one_line(error))) from error
    header, number, fields = _rows_of_csv(name, text, row)
    if len(fields) != len(header):
        words = "row {} of {} has {} fields, and the header {}"
        raise UnusableResult(words.format(number, name, len(fields), len(header)))
    result: Dict[str, Any] = {}
    for column, field in zip(header, fields):  # noqa: B905 - Python 3.6 doesn't know strict
        if column:
            result[column] = value_in_csv(field) if field.strip() else _Missing("is empty in {}".format(name))
    if not all(header):
        notes.append("what stands in {} below no name was left out".format(name))
    return result


def _rows_of_csv(name: str, text: str, row: str) -> Tuple[List[str], int, List[str]]:
    """The header, and the row that is wanted with its number below that."""
    limit = csv.field_size_limit(RESULT_BYTES)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator_of(text), strict=True)
    header: Optional[List[str]] = None
    number, wanted = 0, []  # type: int, List[str]
    try:
        for fields in reader:
            if not any(field.strip() for field in fields):
                continue
            if header is None:
                header = [field.strip() for field in fields]
                _check_header(name, header)
                continue
            number, wanted = number + 1, fields
            if row == "first":
                break
    except csv.Error as error:
        raise UnusableResult("{}, line {}: {}".format(name, reader.line_num, error)) from error
    finally:
        csv.field_size_limit(limit)
    if header is None or number == 0:
        raise UnusableResult("{} has no row below its header".format(name) if header else "{} is empty".format(name))
    return header, number, wanted


def _separator_of(text: str) -> str:
    """The first one that splits the header and the row below it alike; else the first one that splits the header."""
    in_header = []
    for separator in ",;\t":
        lengths: List[int] = []
        with contextlib.suppress(csv.Error):  # it is told when all of it is read
            rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
            filled = (fields for fields in rows if any(field.strip() for field in fields))
            lengths.extend(map(len, itertools.islice(filled, 2)))
        if lengths and lengths[0] > 1:
            if lengths[1:] == lengths[:1]:
                return separator
            in_header.append(separator)
    return in_header[0] if in_header else ","


def _check_header(name: str, header: List[str]) -> None:
    if len(header) > MAX_RESULT_COLUMNS:
        raise UnusableResult("{} has more than {} columns".format(name, MAX_RESULT_COLUMNS))
    twice = [column for column, count in collections.Counter(header).items() if count > 1 and column]
    if twice:
        raise UnusableResult("{} has two columns that are called {}".format(name, _shortened(twice[0])))


_WHOLE = re.compile(r"[+-]?(?:0|[1-9][0-9]*)\Z", re.ASCII)
_REAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eEdD][+-]?[0-9]+)?\Z", re.ASCII)
_NO_NUMBER = re.compile(r"[+-]?(?:nan|inf|infinity)\Z", re.IGNORECASE | re.ASCII)


def value_in_csv(field: str) -> Any:
    """A whole number, any other number, a boolean, or a text. NaN and infinities become null later, with a warning."""
    stripped = field.strip()
    if _WHOLE.match(stripped):
        # Python refuses longer ones; so does a result.
        return int(stripped) if len(stripped) < RESULT_INTEGER_BITS // 3 else field
    has_point = any(letter in stripped for letter in ".eEdD")  # without one it is 007, a name
    if has_point and _REAL.match(stripped):
        return float(stripped.replace("d", "e").replace("D", "e"))
    if _NO_NUMBER.match(stripped):
        return float(stripped)
    return {"true": True, "false": False}.get(stripped.lower(), field)


# How far a command has come: a fraction, and words behind it.
_PROGRESS = re.compile(r"([0-9.]+(?:[eE][+-]?[0-9]+)?)(?:[ \t]+(.*))?\Z", re.ASCII)


def read_progress(line: str) -> Optional[Tuple[float, Optional[str]]]:
    """The fraction and the words in a line such as `0.4 mesh refined`; None if it is no such line."""
    found = _PROGRESS.match(line.strip())
    try:
        return (float(found.group(1)), found.group(2)) if found else None
    except ValueError:
        return None


class ProgressSource:
    """Where a command tells how far it has come. It is looked at, while that runs, from time to time."""

    def __init__(self) -> None:
        self._next_look = 0.0

    def hear(self, piece: bytes) -> None:
        """The command has written this."""

    def look(self, is_last: bool) -> Optional[Tuple[float, Optional[str]]]:
        """What is new; None if nothing is."""
        if not is_last and monotonic() < self._next_look:
            return None
        self._next_look = monotonic() + PROGRESS_SECS
        return self._news()

    def _news(self) -> Optional[Tuple[float, Optional[str]]]:
        return None


class ProgressFile(ProgressSource):
    """The last line of a file."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._seen: Any = None

    def _news(self) -> Optional[Tuple[float, Optional[str]]]:
        try:
            status = os.stat(self._name)
            seen = status.st_mtime_ns, status.st_size, status.st_ino
            if seen == self._seen or not stat.S_ISREG(status.st_mode):
                return None
            with open(self._name, "rb") as file:
                file.seek(max(0, status.st_size - PROGRESS_LINE_BYTES))
                tail = file.read(PROGRESS_LINE_BYTES)
        except OSError:
            return None
        self._seen = seen
        whole, line_end, _ = tail.rstrip(b" \t\r").rpartition(b"\n")  # what stands behind may be half a line
        lines = (whole if line_end else tail).decode("utf-8", "replace").split("\n")
        return read_progress(next((line for line in reversed(lines) if line.strip()), ""))


class ProgressOutput(ProgressSource):
    """Lines of the output that begin with `progress`."""

    def __init__(self) -> None:
        super().__init__()
        self._rest, self._is_too_long = b"", False
        self._last: Optional[Tuple[float, Optional[str]]] = None
        self._told: Optional[Tuple[float, Optional[str]]] = None

    def hear(self, piece: bytes) -> None:
        """Keeps the last line of progress, and what may be the beginning of the next one."""
        lines = (self._rest + piece).split(b"\n")
        if self._is_too_long and len(lines) > 1:
            del lines[0]
            self._is_too_long = False
        self._rest = lines.pop()
        if len(self._rest) > PROGRESS_LINE_BYTES:
            self._rest, self._is_too_long = b"", True
        for line in reversed(lines):
            words = line.decode("utf-8", "replace").split(None, 1)
            told = read_progress(words[1]) if len(words) == 2 and words[0] == "progress" else None
            if told is not None:
                self._last = told
                break

    def _news(self) -> Optional[Tuple[float, Optional[str]]]:
        last = self._last
        is_new, self._told = last is not self._told, last
        return last if is_new else None


# ---------------------------------------------------------------- model documents and command lines


class ModelDocument(NamedTuple):
    """`model.json`: `crates/study/src/model_document.rs` reads it by the same rules, and with the same words."""

    kind: str
    main: str
    command: str
    shell: bool
    templates: List[str]
    result_file: str
    result_row: Optional[str]  # of a CSV: `first` or `last`
    progress_file: Optional[str]
    progress_output: bool


def read_model_document(content: bytes) -> ModelDocument:
    """The document, or `WrongModelDocument`, which names the field."""
    if len(content) > MAX_MODEL_DOCUMENT_BYTES:
        raise WrongModelDocument("it has more than {} KiB".format(MAX_MODEL_DOCUMENT_BYTES >> 10))
    try:
        fields = json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise WrongModelDocument("it is no JSON: {}".format(one_line(error))) from error
    if not isinstance(fields, dict):
        raise WrongModelDocument("it is no JSON object")
    if "v" in fields and (type(fields["v"]) is not int or fields["v"] != 1):
        raise WrongModelDocument("`v` is not 1, the only version that is known")
    kind = _text_in(fields, "kind")
    if kind is None:
        raise WrongModelDocument("`kind` is missing")
    if kind not in ("python", "command", "command_line"):
        raise WrongModelDocument("`kind` must be python, command or command_line")
    main, command, shell = "", "", False
    if kind == "command_line":
        command = _text_in(fields, "command") or ""
        why = unfit_command(command)
        if why is not None:
            raise WrongModelDocument("`command` {}".format(why))
        shell = _flag_in(fields, "shell", "shell")
    else:
        main = _path_in(fields, "main", "main")
    templates = _templates_in(fields)
    result = _object_in(fields, "result")
    result_file, row = (USUAL_RESULT_FILE, None) if result is None else _result_in(result)
    return ModelDocument(kind, main, command, shell, templates, result_file, row, *_progress_in(fields))


def _text_in(fields: Dict[str, Any], name: str) -> Optional[str]:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise WrongModelDocument("`{}` is no text".format(name))
    return value


def _flag_in(fields: Dict[str, Any], name: str, shown: str) -> bool:
    value = fields.get(name)
    if value not in (None, True, False) or isinstance(value, (int, float)) != isinstance(value, bool):
        raise WrongModelDocument("`{}` is neither true nor false".format(shown))
    return bool(value)


def _object_in(fields: Dict[str, Any], name: str) -> Optional[Dict[str, Any]]:
    value = fields.get(name)
    if value is not None and not isinstance(value, dict):
        raise WrongModelDocument("`{}` is no object".format(name))
    return value


def unfit_command(command: str) -> Optional[str]:
    """What is wrong with a text that is to be a command line; None if nothing is."""
    if not command.strip(" \t\r\n"):
        return "is missing or empty: write the line that is run"
    if len(command.encode("utf-8", "surrogatepass")) > MAX_LINE_BYTES:
        return "is longer than 32,000 bytes"
    return "has a control character" if re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", command) else None


def _path_in(fields: Dict[str, Any], name: str, shown: str) -> str:
    if fields.get(name) is None:
        raise WrongModelDocument("`{}` is missing".format(shown))
    return _checked_path(fields[name], shown)


def _checked_path(path: Any, shown: str) -> str:
    if not isinstance(path, str):
        raise WrongModelDocument("`{}` is no text".format(shown))
    why = unfit_path(path)
    if why is not None:
        raise WrongModelDocument("`{}` {}".format(shown, why))
    return path


def unfit_path(path: str) -> Optional[str]:
    """What is wrong with a path that must stay in the scratch folder, on each operating system; None if nothing is."""
    if not path:
        return "is empty"
    if len(path.encode("utf-8", "surrogatepass")) > MAX_PATH_BYTES:
        return "is longer than 200 bytes"
    if re.search(r"[\x00-\x1f\x7f\\:]", path):
        return "has a control character, a backslash or a colon"
    if any(part in ("", ".", "..") or part.endswith((".", " ")) for part in path.split("/")):
        return "must be a path below the case's own folder, like results/result.csv"
    return None


def _templates_in(fields: Dict[str, Any]) -> List[str]:
    listed = fields.get("templates")
    if listed is not None and not isinstance(listed, list):
        raise WrongModelDocument("`templates` is no list")
    if len(listed or []) > MAX_TEMPLATES:
        raise WrongModelDocument("`templates` has more than {} files".format(MAX_TEMPLATES))
    return [_checked_path(path, "templates") for path in listed or []]


def _result_in(fields: Dict[str, Any]) -> Tuple[str, Optional[str]]:
    file = _path_in(fields, "file", "result.file")
    row, is_csv = fields.get("row"), file.lower().endswith(".csv")
    if row not in (None, "first", "last"):
        raise WrongModelDocument("`result.row` must be first or last")
    if row is not None and not is_csv:
        raise WrongModelDocument("`result.row` is for a file that ends with .csv")
    return file, (row or "last") if is_csv else None


def _progress_in(fields: Dict[str, Any]) -> Tuple[Optional[str], bool]:
    progress = _object_in(fields, "progress") or {}
    is_output = _flag_in(progress, "output", "progress.output")
    if progress.get("file") is None:
        return None, is_output
    if is_output:
        raise WrongModelDocument("`progress` has both `file` and `output`: choose one")
    return _path_in(progress, "file", "progress.file"), False


def progress_of(document: ModelDocument) -> Optional[ProgressSource]:
    """Where its command tells how far it has come."""
    if document.progress_file is not None:
        return ProgressFile(document.progress_file)
    return ProgressOutput() if document.progress_output else None


def text_of(value: Any) -> str:
    """A parameter as a command gets it: a text as it is, a number in its shortest form, a list with commas."""
    if isinstance(value, list):
        return ",".join(map(text_of, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def split_command(line: str) -> List[str]:
    """The words of a line, by the rules of a POSIX shell as Python's `shlex` knows them, also on Windows."""
    try:
        return shlex.split(line)
    except ValueError as error:
        is_quote = "quotation" in str(error)
        words = "a quotation mark of the command is not closed" if is_quote else "the command ends with a backslash"
        raise WrongCommand(words) from error


def is_whole_command(command: str) -> bool:
    """Whether a command is nothing but a placeholder, so that its value is the command line."""
    return PLACEHOLDER.fullmatch(command.strip(" \t\r\n")) is not None


def command_words(command: str, parameters: Dict[str, Any]) -> List[str]:
    """The words that are started: split first, then filled, so that a value with spaces stays in its word."""
    values = [text_of(_value_of(place, parameters)) for place in PLACEHOLDER.finditer(command)]
    if is_whole_command(command):
        words = split_command(values[0])
    else:
        places = iter(range(len(values)))
        # No command has a NUL, so that this is none of its letters.
        marked = split_command(PLACEHOLDER.sub(lambda _: "\0{}\0".format(next(places)), command))
        words = [re.sub("\0([0-9]+)\0", lambda mark: values[int(mark.group(1))], word) for word in marked]
    if not words:
        raise WrongCommand("the command is empty")
    if any("\0" in word for word in words):
        raise WrongCommand("a value has a NUL character, which no command can be given")
    return words


def shell_line(command: str, parameters: Dict[str, Any]) -> str:
    """The line that a shell gets: its values are quoted, but for a command that is nothing but one."""
    places = list(PLACEHOLDER.finditer(command))
    values = [text_of(_value_of(place, parameters)) for place in places]
    is_whole = is_whole_command(command)
    why = None if is_whole else unfit_for_shell(command, places)
    if why is not None:
        raise WrongCommand(why)
    if any("\0" in value for value in values):
        raise WrongCommand("a value has a NUL character, which no command can be given")
    if not is_whole:
        values = [quoted_for_shell(value) for value in values]
    filled = iter(values)
    return PLACEHOLDER.sub(lambda _: next(filled), command)


def quoted_for_shell(value: str) -> str:
    """One word for `sh`; for Windows' own shell there is no way to quote that always works: it gets plain values."""
    if os.name != "nt":
        return shlex.quote(value)
    if not _PLAIN_FOR_WINDOWS.match(value):
        raise WrongCommand("{!r} can't be given to the shell of Windows".format(first_of(value, NAME_CHARACTERS)))
    return value


_PLAIN_FOR_WINDOWS = re.compile(r"[A-Za-z0-9_.,:/\\+=@-]+\Z", re.ASCII)
_SHELL_CODE = "<<", "$'", "((", "$[", "${{"  # where what is quoted would be read in another way
_UNSAFE_BESIDE = "beside which a value can't be put into a command safely"


def unfit_for_shell(command: str, places: List[Any]) -> Optional[str]:
    """Why values can't be put into a line for a shell; None if they can."""
    found = next((code for code in _SHELL_CODE if places and code in command), None)
    if found is not None:
        return "it has `{}`, {}".format(found, _UNSAFE_BESIDE)
    starts = {place.start(): place for place in places}
    quote, before, at = "", "", 0
    while at < len(command):
        letter, place, begins_word = command[at], starts.get(at), before in ("", *" \t\r\n;&|()")
        before = letter
        if place is not None and quote:
            where = "a comment" if quote == "#" else "quotation marks"
            return "the placeholder {} stands in {}: values are quoted for the shell".format(place.group(), where)
        if place is not None:
            at = place.end()
            continue
        if places and quote == '"' and command.startswith(("$(", "${", "`"), at):  # there, quotation marks begin anew
            return "`$(`, `${` or a backtick stands in double quotation marks, " + _UNSAFE_BESIDE
        if letter == "\\" and quote not in ("'", "#"):
            at += 1
            if places and command.startswith("\n", at):  # the shell joins what is on both sides of it
                return "a backslash stands at the end of a line, " + _UNSAFE_BESIDE
            if at in starts:
                return "a backslash stands before the placeholder {}".format(starts[at].group())
        elif quote == "#":
            quote = "" if letter == "\n" else quote
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"`" or (letter == "#" and begins_word):
            quote = letter
        at += 1
    return None


def command_of(model: bytes, parameters: Dict[str, Any]) -> Union[str, List[str]]:
    """What is run: words, or the line for a shell."""
    document = read_model_document(model)
    return (shell_line if document.shell else command_words)(document.command, parameters)


def lacking_command(model: bytes, parameters: Dict[str, Any]) -> Optional[str]:
    """The first word of a command line, if it is no command here. What a shell would run can't be told."""
    try:
        command = command_of(model, parameters)
    except CaseFailure:
        return None  # which is told when it is run
    if isinstance(command, str) or is_in_folder(command[0]):
        return None
    return None if has_command(command[0]) else command[0]


def has_command(name: str) -> bool:
    """Whether this computer has a command."""
    try:
        return shutil.which(name) is not None
    except ValueError:  # before Python 3.8, of a name that no file can have
        return False


def is_in_folder(word: str) -> bool:
    """Whether a command is a path from the case's folder on, and so a file of the case."""
    has_separator = "/" in word or (os.name == "nt" and "\\" in word)
    return has_separator and not os.path.isabs(word)


def words_for_lacking(command: str) -> str:
    """That a command is missing, and where."""
    return "{} doesn't have the command `{}`".format(socket.gethostname(), first_of(command, NAME_CHARACTERS))


def start_command_line(command: Union[str, List[str]], progress: Optional[ProgressSource]) -> "Command":
    """Starts it in the working folder."""
    if isinstance(command, str):
        return Command(command if os.name == "nt" else ["/bin/sh", "-c", command], progress)
    if os.name == "nt":
        program = shutil.which(command[0]) or command[0]
        is_batch = program.lower().rstrip(" .").endswith((".bat", ".cmd"))  # which Windows gives to its shell
        unfit = [word for word in command[1:] if is_batch and not _PLAIN_FOR_WINDOWS.match(word)]
        if unfit:
            words = "{!r} can't be given to {}, which the shell of Windows runs"
            raise WrongCommand(words.format(first_of(unfit[0], NAME_CHARACTERS), command[0]))
        command = [program, *command[1:]]
    return Command(command, progress)


def is_script(name: str) -> bool:
    """Whether it is executed by an interpreter of Unix."""
    return not name.lower().endswith((".py", ".bat", ".cmd", ".ps1"))


def lines_of_unix(content: bytes) -> bytes:
    """A script that was saved on Windows, with lines that end as Unix wants: `sh` takes the rest for arguments."""
    return content if re.search(rb"(?<!\r)\n", content) else content.replace(b"\r\n", b"\n")


def command_line(name: str, text: str) -> List[str]:
    """How a file is executed on this computer."""
    ending = os.path.splitext(name)[1].lower()
    path = os.path.join(".", name)
    if ending == ".py":
        if not sys.executable:
            raise CommandFailed("this Python can't start another one")
        return [sys.executable, path]
    if ending in (".bat", ".cmd", ".ps1"):
        if os.name != "nt":
            raise CommandFailed("{} can only be executed by Windows".format(name))
        return ["powershell", "-ExecutionPolicy", "Bypass", "-File", path] if ending == ".ps1" else ["cmd", "/c", path]
    return [*interpreter(name, lines_of(text)[:1]), path]


def interpreter(name: str, first_line: List[str]) -> List[str]:
    """What the first line of a script asks for, `#!/usr/bin/env perl`, say; else `sh`."""
    asked = first_line[0][2:].split() if first_line and first_line[0].startswith("#!") else []
    if not asked:
        return ["sh"]
    if asked[0].replace("\\", "/").rsplit("/", 1)[-1] == "env":
        asked = [one for one in asked[1:] if one != "-S"] or asked
    # The path may be another one on this computer, and Windows knows none of these paths.
    found = shutil.which(asked[0]) or shutil.which(asked[0].rsplit("/", 1)[-1])
    if found is None:
        raise CommandFailed("{} asks in its first line for {}, which this computer doesn't have".format(name, asked[0]))
    return [found, *asked[1:]]


class Command:
    """A process of its own group, whose output goes where the model's output goes."""

    def __init__(self, arguments: Union[str, List[str]], progress: Optional[ProgressSource] = None) -> None:
        pipes: Dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        is_shell = isinstance(arguments, str)  # of Windows
        self.name = "the shell" if is_shell else os.path.basename(arguments[0])
        self._progress = progress
        try:
            self._process = subprocess.Popen(arguments, shell=is_shell, **pipes, **own_group())
        except (OSError, ValueError) as error:  # ValueError: a letter that can't be given to a process
            words = "{} could not be started: {}"
            raise CommandFailed(words.format("it" if is_shell else arguments[0], error)) from error
        self._reader = threading.Thread(target=self._read, args=(sys.stdout,), daemon=True)
        self._reader.start()

    def _read(self, output: Any) -> None:
        pipe: Any = self._process.stdout
        with contextlib.suppress(ValueError, OSError):
            for chunk in iter(lambda: pipe.read1(8192), b""):
                output.buffer.write(chunk)
                if self._progress is not None:
                    self._progress.hear(chunk)

    @property
    def pid(self) -> int:
        """Its number, which is that of its group, too."""
        return self._process.pid

    def wait(self, look: Callable[[bool], None]) -> int:
        """Waits for its end in short naps: an exception raised by another thread is only noticed between them."""
        nap_secs = 0.001
        while self._process.poll() is None:
            look(False)
            time.sleep(nap_secs)
            nap_secs = min(0.1, nap_secs * 1.5)
        self._reader.join(1.0)  # a process it left behind may hold the pipe open for ever
        return int(self._process.returncode)

    def end(self, spares_left: bool) -> None:
        """Ends it and all that it has started, if something of it is still there and holds its output.

        What is left when it has ended by itself is spared if the case names it, and ends it.
        """
        if self._process.poll() is None or (self._reader.is_alive() and not spares_left):
            end_group(self._process)


def current_folder() -> str:
    """The working folder, or one that exists if that was removed meanwhile."""
    try:
        return os.getcwd()
    except OSError:
        return tempfile.gettempdir()


@contextlib.contextmanager
def scratch_folder() -> Iterator[str]:
    """A folder for one attempt."""
    folder = os.path.realpath(tempfile.mkdtemp(prefix="cruncher-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if os.path.isdir(folder) and not os.path.islink(folder):
            _remove_with_force(folder)


def _remove_with_force(folder: str) -> None:
    """Removes what the model has forbidden itself to remove."""
    with contextlib.suppress(OSError):
        os.chmod(folder, 0o700)
        for parent, folders, _ in os.walk(folder):
            for name in folders:
                os.chmod(os.path.join(parent, name), 0o700)
    shutil.rmtree(folder, ignore_errors=True)


def within(attempt: Attempt, call: Callable[[], Any]) -> Any:
    """What `call` returns; `TimeLimitExceeded` if that takes too long, and `CaseCancelled` once the case is cancelled.

    Native code notices it when it returns.
    """
    if attempt.case.time_limit_secs is None and not attempt.shares_process:
        return call()
    limit = _Limit(attempt)
    try:
        try:
            limit.begin()
            return call()
        finally:
            limit.stop()
    finally:
        limit.stop()  # the first may have been interrupted by the very exception that it is to stop


class _Limit(threading.Thread):
    """Raises in the thread that made it, and raises again in case that the model has caught it."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(name="cruncher-time-limit", daemon=True)
        self._attempt, self._thread_id = attempt, threading.get_ident()
        self._is_over, self._end = False, Wakeup()
        self._lock, self._raised_time = new_lock(), -math.inf
        self._due: Optional[BaseException] = None
        # A signal ends a sleep of the main thread, so that the limit reaches a model that sleeps.
        is_main = threading.current_thread() is threading.main_thread()
        self._with_signal = is_main and hasattr(signal, "pthread_kill")
        self._before = signal.signal(signal.SIGALRM, self._raise_due) if self._with_signal else None

    def begin(self) -> None:
        """From now on the time counts, and the case may be cancelled."""
        self._attempt.interrupt = self._cancel
        if self._attempt.case.time_limit_secs is not None:
            self.start()

    def run(self) -> None:
        wait_secs = secs = self._attempt.case.time_limit_secs or 0.0
        while not self._end.wait(wait_secs):
            wait_secs = RAISED_AGAIN_SECS
            self._raise(TimeLimitExceeded, "the time limit of {:g} s was exceeded".format(secs))

    def _cancel(self) -> None:
        if monotonic() - self._raised_time >= RAISED_AGAIN_SECS:
            self._raise(CaseCancelled, "the case was cancelled")

    def _raise(self, kind: type, words: str) -> None:
        with self._lock:
            if self._is_over:
                return
            self._raised_time = monotonic()
            self._attempt.was_stopped = self._attempt.was_stopped or kind is CaseCancelled
            error = type(kind.__name__, (kind,), {"__str__": lambda _: words, "__module__": "__main__"})
            if hasattr(ctypes, "pythonapi"):
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread_id), ctypes.py_object(error))
            else:  # PyPy, where the signal alone can
                self._due = error()
            if self._with_signal and callable(signal.getsignal(signal.SIGALRM)):  # it would end the process otherwise
                signal.pthread_kill(self._thread_id, signal.SIGALRM)

    def _raise_due(self, *_: Any) -> None:
        due, self._due = self._due, None
        if due is not None:
            raise due

    def stop(self) -> None:
        """After this none is raised any more, not even one that is under way."""
        with self._lock:
            self._is_over = True
            self._end.send()
            self._due = None
            if hasattr(ctypes, "pythonapi"):
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread_id), None)
        if self._with_signal:
            signal.signal(signal.SIGALRM, self._before if self._before is not None else signal.SIG_DFL)


# What no listing can tell of: control characters, and what is no text.
_UNFIT_FOR_KEY = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def files_by_key(case: Case, folder: str, notes: List[str]) -> Dict[str, str]:
    """The path of each file below `outputs/`; what of its name is unfit for a key is `%` and two digits a byte."""
    files: Dict[str, str] = {}
    for path, name in files_of(folder):
        fit = _UNFIT_FOR_KEY.sub(lambda one: "".join(map("%{:02X}".format, os.fsencode(one.group()))), name)
        if fit != name:
            notes.append("the file {} was uploaded as {}".format(ascii(name), fit))
        key = case.file_key(fit)
        if key in files:
            raise CaseFailure("two files would be uploaded as {}".format(fit))
        files[key] = path
    return files


def files_of(folder: str) -> Iterator[Tuple[str, str]]:
    """Each file below `outputs/`, and its path from there. Links are left out: they may lead anywhere."""
    top = os.path.join(folder, OUTPUTS_FOLDER)
    for parent, folders, names in () if os.path.islink(top) else os.walk(top, onerror=_unreadable):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(parent, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path, os.path.relpath(path, top).replace(os.sep, "/")


def checked_sizes(files: Dict[str, str], limit_bytes: int) -> List[int]:
    """The sizes of the files in bytes; `OutputsTooLarge` if they are more than a case of the study may leave."""
    sizes = {path: os.lstat(path).st_size for path in files.values() if os.path.lexists(path)}
    total_bytes = sum(sizes.values())
    if total_bytes > limit_bytes:
        largest = max(sizes, key=lambda path: (sizes[path], path))
        words = "the folder outputs/ holds {}, and a case of this study may leave {}; the largest of {} files is {}, {}"
        size, limit, one = map(size_in_words, (total_bytes, limit_bytes, sizes[largest]))
        raise OutputsTooLarge(words.format(size, limit, len(sizes), os.path.basename(largest), one))
    return list(sizes.values())


def _unreadable(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):  # a model may remove its folder
        raise CaseFailure("a folder below outputs/ can't be read: {}".format(error)) from error


# ---------------------------------------------------------------- the process that computes


class ProcessEnded(CaseFailure):
    """The model has ended its process, or the operating system has; or it has made it useless."""


class ChannelClosed(Exception):
    """The other end of a channel is closed."""


# Shortages of a computer that may pass: of room, files, processes, memory.
SHORT_OF = errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM


def process_of_cases(
    host: "Host", interrupts: "Interrupts", report: Report, journal: Journal
) -> "Union[ThisProcess, ModelProcess]":
    """Where cases are computed: in a process beside the worker's, if this Python can start one."""
    if type(host) is Host:
        process = ModelProcess(report, journal)
        try:
            if not may_start_python():
                raise ProcessEnded("{!r} is no Python".format(sys.executable))
            process.start()
        except Exception as error:  # noqa: BLE001 - whatever it is, cases can be computed nevertheless
            if isinstance(error, OSError) and error.errno in SHORT_OF:
                return process  # it is started when there is enough again
            words = "this Python can't start another one, so a case that ends its process ends the worker: {}"
            journal.say(words.format(one_line(error)), WARNING)
        else:
            return process
    return ThisProcess(host, interrupts, report, journal)


def may_start_python() -> bool:
    """Whether `sys.executable` is a Python. In a program with a Python inside it may be that program."""
    return re.match(r"(?i)(python|pypy)[0-9.]*[dmtw]*(\.exe)?\Z", os.path.basename(sys.executable or "")) is not None


class ThisProcess:
    """Computes cases in the worker's own process, as in FLAC3D, 3DEC and PFC: a case that ends it ends the worker."""

    ends_with_worker = True

    def __init__(self, host: "Host", interrupts: "Interrupts", report: Report, journal: Journal) -> None:
        self._host, self._report, self._journal = host, report, journal
        self._surroundings = Surroundings(interrupts)

    def execute(self, attempt: Attempt, model: bytes, folder: str) -> Outcome:
        """What came of an attempt."""
        attempt.shares_process = True
        return execute(attempt, model, folder, self._host, self._surroundings, self._report, self._journal)

    def prepare(self, tries_another: bool) -> None:
        """It is there already."""

    def close(self) -> None:
        """At the worker's end."""
        self._surroundings.close()


class ModelProcess:
    """Computes cases in a process beside the worker's: a case that ends it ends nothing else.

    The process is kept from case to case, so that what models import is imported once. The worker holds the lease,
    writes all documents, and ends a process whose model goes on behind its time limit or the user's Ctrl-C.
    """

    ends_with_worker = False  # a case that ends the process doesn't end the worker

    def __init__(self, report: Report, journal: Journal) -> None:
        self._report, self._journal = report, journal
        self._process: Optional[ChildProcess] = None
        self._number = 0  # of the case
        self._is_used = False  # by a case before
        self._command: Optional[int] = None  # the group of a command that is computing the case
        self._output = Tail(OUTPUT_BYTES)

    def prepare(self, tries_another: bool = False) -> None:
        """Starts the process if there is none, so that the next case finds it. Else it tries to start one, if asked."""
        if self._process is None:
            self.start()
        elif tries_another:
            streams: Dict[str, Any]
            streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            subprocess.call([sys.executable, "-I", "-S", "-c", ""], **streams)

    def start(self) -> None:
        """Starts the process, and waits until it is ready."""
        self.close()
        self._process, self._is_used = ChildProcess(), False
        try:
            if self._process.next(START_SECS) is None:
                raise ProcessEnded("it did not answer within {:g} s".format(START_SECS))
        except BaseException:
            self.close()
            raise

    def execute(self, attempt: Attempt, model: bytes, folder: str) -> Outcome:
        """What came of an attempt."""
        self._number += 1
        self._output, self._command = Tail(OUTPUT_BYTES), None
        has_own = attempt.case.isolation == "case"
        try:
            if has_own and self._is_used:
                self.close()
            process, self._is_used = self._begin(attempt, model, folder), True
            outcome = self._outcome(process, attempt, model, folder)
            if has_own:
                self.close()
            return outcome
        except BaseException:
            self._end_gently()
            raise

    def _begin(self, attempt: Attempt, model: bytes, folder: str) -> "ChildProcess":
        """Hands the case over. A process that doesn't take it was ended by what a case before has left behind."""
        case = attempt.case._asdict()
        head = {"number": self._number, "case": case, "attempt": attempt.number, "folder": folder}
        for is_last in (False, True):
            try:
                self.prepare()
                assert self._process is not None
                self._process.send(head, model)
                end = monotonic() + START_SECS
                while monotonic() < end:
                    told = self._process.next(end - monotonic())
                    if told is not None and told[0] == {"number": self._number, "kind": "begun"}:
                        return self._process
                raise ProcessEnded("it did not take the case within {:g} s".format(START_SECS))
            except (OSError, ProcessEnded) as error:
                self._kill()
                if is_last:
                    words = "the process of the cases can't be started: {}"
                    raise ComputerTrouble(words.format(one_line(error))) from error
        raise AssertionError

    def _outcome(self, process: "ChildProcess", attempt: Attempt, model: bytes, folder: str) -> Outcome:
        limit_secs = attempt.case.time_limit_secs
        end = math.inf if limit_secs is None else monotonic() + limit_secs + GRACE_SECS
        try:
            # Frames that came by the end are read, since a console that was held up holds up this, too; not for ever.
            while monotonic() < end + GRACE_SECS:
                told = process.next(max(0.0, min(LOOK_SECS, end - monotonic())))
                # An outcome that came before counts; of what the model prints there may be no end.
                if attempt.is_cancelled and (told is None or monotonic() > attempt.cancelled_time + LOOK_SECS):
                    return self._stop(attempt)
                if told is None and monotonic() >= end:
                    break
                head, body = told or ({}, b"")
                if head.get("number") != self._number:
                    continue  # of a case before: a thread that was left behind
                if head.get("kind") == "outcome":
                    outcome = read_outcome(body)
                    if head.get("is_clean") is not True:  # a thread would meddle with the next case
                        self.close()
                    return outcome
                self._note(attempt, head, body)
        except ProcessEnded as error:
            left, how = process.left_outcome(self._number), process.how_ended() or str(error)
            crash = read_crash(process.crash(), attempt.case, model, folder)
            self._kill()
            return left or self._failed("ProcessEnded", how, *crash)
        self._kill()
        words = "the time limit of {:g} s was exceeded, and the model went on: its process was ended"
        return self._failed("TimeLimitExceeded", words.format(limit_secs))

    def _stop(self, attempt: Attempt) -> Outcome:
        """Ends a case that was cancelled. Whatever it still says is no outcome."""
        attempt.was_stopped = True
        self._end_gently()
        return self._failed("CaseCancelled", "the case was cancelled")

    def _note(self, attempt: Attempt, head: Dict[str, Any], body: bytes) -> None:
        """Notes what the process tells while it computes."""
        kind = head.get("kind")
        if kind == "output":
            self._output.add(body)
            self._journal.echo(body.decode("utf-8", "replace"))
        elif kind == "command" and type(head.get("pid")) is int:
            self._command = head["pid"]
        elif kind == "progress":
            note_progress(attempt, self._report, head.get("fraction"), head.get("text"))

    def _failed(self, name: str, message: str, where: str = "", calls: "Tuple[ModelCall, ...]" = ()) -> Outcome:
        words = "{}{}: {}\n".format(where, name, message)
        failure = Failure(name, message, words, signature(name, message, [call.in_short for call in calls]))
        return Outcome(None, failure, self._output.text(), [])

    def _end_gently(self) -> None:
        """Lets the model end as by Ctrl-C, for a while."""
        if self._process is None:
            return
        try:
            self._process.ask_to_end()
            end = monotonic() + GRACE_SECS
            while monotonic() < end:
                told = self._process.next(end - monotonic())
                if told is not None and told[0].get("kind") == "outcome":
                    break
        except ProcessEnded:
            pass
        finally:
            self._kill()

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
        if self._command is not None and os.name == "posix":
            with contextlib.suppress(OSError):
                os.killpg(self._command, signal.SIGKILL)
        self._process = None

    def close(self) -> None:
        """At the worker's end: the process ends as a Python does."""
        if self._process is not None:
            self._process.close()
        self._process = None


def peak_bytes(usage: Any) -> int:
    """The most memory that was used; macOS counts in bytes, and others in KiB."""
    return int(usage.ru_maxrss) * (1 if sys.platform == "darwin" else 1024)


def own_peak_bytes() -> int:
    """The most memory that this process has used."""
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="ascii", errors="replace") as file:
        found = re.search(r"VmHWM:\s*([0-9]+) kB", file.read())
        if found is not None:  # the figure below has what the parent had used, too
            return int(found.group(1)) * 1024
    return peak_bytes(resource.getrusage(resource.RUSAGE_SELF))


class ChildProcess:
    """A Python beside this one, and the channel to it."""

    def __init__(self) -> None:
        self._peak_bytes = 0
        open_standard_descriptors()
        self._folder = tempfile.mkdtemp(prefix="cruncher-process-")
        ours, theirs = socket.socketpair()
        self._channel = Channel(ours)
        is_posix = os.name == "posix"
        options: Dict[str, Any] = {"pass_fds": [theirs.fileno()]} if is_posix else {}

        def arguments(process: "subprocess.Popen[bytes]") -> Tuple[Any, ...]:
            share = theirs.fileno() if is_posix else theirs.share(process.pid)  # type: ignore[attr-defined]
            return share, os.getpid(), [str(one) for one in sys.path], self._folder

        try:
            with theirs:
                self._process = start_python("compute_cases", arguments, **options)
        except BaseException:
            self._tidy_up()
            raise

    def send(self, head: Dict[str, Any], body: bytes) -> None:
        """Tells it something."""
        self._channel.send(head, body)

    def next(self, secs: float) -> "Optional[Tuple[Dict[str, Any], bytes]]":
        """What it tells next; None if it tells nothing within `secs`. `ProcessEnded` once it has ended."""
        end = monotonic() + secs
        while True:
            has_ended = self._has_ended()  # what it has left behind may hold the channel open
            told = self._receive(0.0 if has_ended else min(LOOK_SECS, max(0.0, end - monotonic())))
            if told is None and has_ended:
                raise ProcessEnded("it has ended")
            if told is not None or monotonic() >= end:
                return told

    def _receive(self, secs: float) -> "Optional[Tuple[Dict[str, Any], bytes]]":
        try:
            return self._channel.receive(secs)
        except ChannelClosed:
            nap(min(secs, 0.02))  # its model has closed all descriptors: it has an outcome nevertheless
            return None

    def _has_ended(self) -> bool:
        process = self._process
        if process.returncode is None and hasattr(os, "wait4"):
            with contextlib.suppress(ChildProcessError):
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                if pid == process.pid:
                    signalled = os.WIFSIGNALED(status)
                    process.returncode = -os.WTERMSIG(status) if signalled else os.WEXITSTATUS(status)
                    # The system counts what the worker had used when it started the process, too.
                    self._peak_bytes = peak_bytes(usage) if peak_bytes(usage) > own_peak_bytes() else 0
        return process.poll() is not None

    def how_ended(self) -> str:
        """How it has ended, in words, and how much memory it had used by then; empty if it goes on."""
        code = self._process.returncode
        if code is None:
            return ""
        peak = (
            "; its process had used up to {}".format(size_in_words(self._peak_bytes)) if self._peak_bytes >> 20 else ""
        )
        if code >= 0:
            why = {0xC0000005: ", an access violation", 0xC00000FD: ", a stack overflow"}.get(code, "")  # of Windows
            return "the model ended its process with exit code {}{}{}".format(code, why, peak)
        name = next((one.name for one in signal.Signals if one == -code), "signal {}".format(-code))
        known = {"SIGKILL": ", as the operating system does when memory runs out", "SIGSEGV": ", a segmentation fault"}
        return "the model's process was ended by {}{}{}".format(name, known.get(name, ""), peak)

    def crash(self) -> str:
        """What Python has written of a fatal error."""
        with contextlib.suppress(OSError), open(crash_path(self._folder), encoding="ascii", errors="replace") as file:
            return file.read(TRACEBACK_CHARACTERS)
        return ""

    def left_outcome(self, number: int) -> Optional[Outcome]:
        """The outcome of this case that it has left in a file, since its model has closed all descriptors."""
        path = outcome_path(self._folder, number)
        with contextlib.suppress(OSError, ProcessEnded):
            if os.path.getsize(path) <= MAX_FRAME_BYTES:
                with open(path, "rb") as file:
                    return read_outcome(file.read())
        return None

    def ask_to_end(self) -> None:
        """As Ctrl-C would."""
        ask_to_end(self._process)

    def close(self) -> None:
        """Ends it; it has a while for what Python does at its end."""
        self._channel.close()
        end = monotonic() + GRACE_SECS
        while not self._has_ended() and monotonic() < end:
            nap(0.01)
        self.kill()

    def kill(self) -> None:
        """Ends it at once, with what its models have started, and what they have left behind in its group."""
        if self._process.returncode is None:
            end_left_processes(self._process.pid)
        end_group(self._process)
        self._tidy_up()

    def _tidy_up(self) -> None:
        self._channel.close()
        shutil.rmtree(self._folder, ignore_errors=True)


class Channel:
    """Frames between a worker and the process of its cases: a length, then JSON, a line end and any bytes."""

    def __init__(self, end: Any) -> None:
        self._socket, self._received = end, bytearray()
        self._identity, self.pid = _identity(end.fileno()), own_pid()

    def another(self) -> "Channel":
        """The same channel for another thread: each waits in its own way."""
        return Channel(self._socket.dup())

    @property
    def is_open(self) -> bool:
        """Whether it still leads to the other process: a model may close descriptors, or a fork may have it, too."""
        return own_pid() == self.pid and _identity(self._socket.fileno()) == self._identity

    def send(self, head: Dict[str, Any], body: bytes = b"") -> None:
        """Sends one frame."""
        content = json.dumps(head).encode("ascii") + b"\n" + body
        self._socket.settimeout(START_SECS)  # for what the other process is too busy to take
        self._socket.sendall(struct.pack(">Q", len(content)) + content)

    def receive(self, secs: float) -> Optional[Tuple[Dict[str, Any], bytes]]:
        """The next frame; None if none comes within `secs`. `ChannelClosed` if none can come any more."""
        end = monotonic() + secs
        while True:
            frame = self._frame()
            if frame is not None:
                return frame
            self._socket.settimeout(max(0.0, end - monotonic()))
            try:
                piece = self._socket.recv(MAX_PIECE_BYTES)
            except ConnectionError as error:
                raise ChannelClosed from error
            except (BlockingIOError, socket.timeout):
                return None
            if not piece:
                raise ChannelClosed
            self._received += piece

    def _frame(self) -> Optional[Tuple[Dict[str, Any], bytes]]:
        received = self._received
        if len(received) < 8:
            return None
        length = struct.unpack_from(">Q", received)[0]
        if length > MAX_FRAME_BYTES:
            raise ProcessEnded("what came through the channel makes no sense")
        if len(received) < 8 + length:
            return None
        line_end = received.find(b"\n", 8, 8 + length)
        try:
            head = json.loads(bytes(received[8:line_end]).decode("utf-8"))
            body = bytes(received[line_end + 1 : 8 + length])
        except (ValueError, RecursionError):
            head = None
        if not isinstance(head, dict) or line_end < 0:
            raise ProcessEnded("what came through the channel makes no sense")
        del received[: 8 + length]
        return head, body

    def is_over(self, secs: float) -> bool:
        """Whether the other process has ended; waits so long for that."""
        self._socket.settimeout(secs)
        try:
            is_over = not self._socket.recv(1, socket.MSG_PEEK)
        except socket.timeout:
            return False
        except ConnectionError:
            return True
        if not is_over:
            nap(secs)  # another thread takes what has come
        return is_over

    def close(self) -> None:
        """Closes this end."""
        with contextlib.suppress(OSError):
            self._socket.close()


def crash_path(folder: str) -> str:
    """Where Python notes what was fatal to it."""
    return os.path.join(folder, "crash.txt")


def outcome_path(folder: str, number: int) -> str:
    """Where a process leaves an outcome when its channel is lost."""
    return os.path.join(folder, "{}.json".format(number))


def read_outcome(body: bytes) -> Outcome:
    """The outcome that was sent by `compute_cases`. A model can forge it, which is its own affair, but not its form."""
    try:
        result, failure, log, warnings = json.loads(body.decode("utf-8"))
        if failure is not None:
            failure = Failure(*map(str, failure))
        elif not isinstance(result, dict):
            raise ValueError("a result is an object")
        return Outcome(result, failure, str(log), list(map(str, warnings)))
    except (ValueError, TypeError, RecursionError) as error:
        raise ProcessEnded("what came through the channel makes no sense") from error


class ModelCall(NamedTuple):
    """A call in a model."""

    file: str
    line: int
    function: str
    text: str

    @property
    def in_short(self) -> Tuple[str, str]:
        """How a signature names it."""
        return self.function, self.text


def read_crash(noted: str, case: Case, model: bytes, folder: str) -> Tuple[str, Tuple[ModelCall, ...]]:
    """What Python has noted of a fatal error, as the upper part of a traceback, and the calls in the model."""
    try:
        lines = lines_of(read_source(model, case, folder)[0].template)
    except Exception:  # noqa: BLE001 - the model's process has met the same, and said so
        return "", ()
    of_thread = re.search(r"(?s)^Current thread .*?(?=^\S|\Z)", noted, re.MULTILINE)
    if of_thread is None:
        return "", ()
    path = os.path.join(folder, case.model_name).encode("ascii", "backslashreplace").decode("ascii")
    pattern = r'  File "' + re.escape(path) + r'", line (\d{1,9}) in (.*)'
    found = [(int(line), function) for line, function in re.findall(pattern, of_thread.group())]
    calls = [
        ModelCall(case.model_name, line, function, lines[line - 1].strip() if line <= len(lines) else "")
        for line, function in reversed(found)
    ]
    words = ['  File "{}", line {}, in {}\n    {}\n'.format(*call) for call in calls]
    return "".join([noted.split("\n")[0] + "\n", *words]), tuple(calls)


# ---------------------------------------------------------------- beside the worker, in the process that computes


def compute_cases(share: Any, worker: int, path: List[str], folder: str) -> None:
    """Computes the cases that the worker, a process, sends, until that ends."""
    sys.path[:] = path
    is_posix = os.name == "posix"
    end: Any = (
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=share) if is_posix else socket.fromshare(share)  # type: ignore[attr-defined]
    )
    channel = Channel(end)
    relay = Relay(channel.another())
    watched = channel.another()
    threading.Thread(target=_end_with_worker, args=(watched, worker), name="cruncher-worker", daemon=True).start()
    interrupts, host = Interrupts(has_user=False), Host()
    with interrupts.caught(), open(crash_path(folder), "w", encoding="ascii") as crash:
        surroundings = Surroundings(interrupts, adopt_orphans())
        relay.send({"number": 0, "kind": "ready"})
        while True:
            try:
                told = channel.receive(LONG_POLL_SECS)
            except (ChannelClosed, ProcessEnded, OSError):
                return
            if told is not None:
                with contextlib.suppress(OSError, RuntimeError, ValueError):
                    faulthandler.enable(crash)  # a model may have led it elsewhere
                compute_case(*told, relay=relay, host=host, surroundings=surroundings, kept=folder)


def compute_case(
    head: Dict[str, Any], model: bytes, relay: "Relay", host: "Host", surroundings: "Surroundings", kept: str
) -> None:
    """Computes one case, and sends what came of it; should the channel be lost, it is left in the folder `kept`."""
    number, folder = head["number"], head["folder"]
    attempt = Attempt(Case(**head["case"]), Lease(Message("", "", "", 1)), head["attempt"], 0.0)
    relay.begin(number, attempt)
    threads = set(sys._current_frames())
    outcome = execute(attempt, model, folder, host, surroundings, relay, relay)
    is_clean = others_have_ended(threads) and surroundings.has_its_limits() and not surroundings.has_left_processes()
    try:
        check_size(outcome.result)
        body = to_json(outcome)
        if len(body) > MAX_FRAME_BYTES - 1000:
            raise too_large()
    except BaseException as error:  # noqa: BLE001 - what a model has made of its result is the failure of its case
        outcome = Outcome(None, describe(error, NO_SOURCE), outcome.log, outcome.warnings)
        body = to_json(outcome)
    if not relay.send({"number": number, "kind": "outcome", "is_clean": is_clean}, body):
        with open(outcome_path(kept, number), "wb") as file:
            file.write(body)
        exit_at_once(0)


def others_have_ended(threads: Set[int]) -> bool:
    """Whether all threads but these have ended; waits a moment for those that are about to."""
    end = monotonic() + 0.1
    while not set(sys._current_frames()) <= threads:
        if monotonic() > end:
            return False
        nap(0.001)
    return True


def _end_with_worker(channel: Channel, worker: int) -> None:
    """Ends this process with its worker, however that has ended, and whatever the model is doing."""
    while True:
        try:
            if channel.is_open:
                is_over = channel.is_over(1.0)
            else:  # the model has closed it
                nap(1.0)
                is_over = os.name == "posix" and os.getppid() != worker
            if is_over:
                if os.name == "posix":
                    os.kill(own_pid(), signal.SIGTERM)  # the model ends as by Ctrl-C, and a command with it
                nap(GRACE_SECS)
                exit_at_once(1)
        except Exception:  # noqa: BLE001 - whatever a model has put in the place of sockets
            nap(1.0)


class Relay:
    """Stands for report and journal, which are the worker's, where the model runs.

    It sends in a thread of its own, which no time limit interrupts, nor a signal's handler.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel, self._number = channel, 0
        self._attempt: Attempt
        self._waiting: Deque[Tuple[Dict[str, Any], bytes, Wakeup]] = collections.deque()
        self._wakeup, self._is_broken = Wakeup(), False
        start_thread(self._run, ())

    def begin(self, number: int, attempt: Attempt) -> None:
        """From now on this case is told of."""
        self._number, self._attempt = number, attempt
        self.send({"number": number, "kind": "begun"})

    def touch(self) -> None:
        """The model has told its progress."""
        told = {"fraction": self._attempt.progress, "text": self._attempt.progress_text}
        self.send(dict(told, number=self._number, kind="progress"))

    def note_command(self, pid: int) -> None:
        """A command was started, which is of a group of its own."""
        self.send({"number": self._number, "kind": "command", "pid": pid})

    def echo(self, text: str) -> None:
        """The model has printed something."""
        body = text.encode("utf-8", "replace")
        if not self.send({"number": self._number, "kind": "output"}, body) and own_pid() != self._channel.pid:
            with contextlib.suppress(OSError):
                os.write(1, body)  # a fork of the model

    def fileno(self) -> int:
        """The console's, for models that hand it to a process."""
        return 1

    def send(self, head: Dict[str, Any], body: bytes = b"") -> bool:
        """Waits until this was sent; whether it was."""
        if self._is_broken or not self._channel.is_open:
            return False
        was_sent = Wakeup()
        self._waiting.append((head, body, was_sent))
        self._wakeup.send()
        return was_sent.wait(2 * START_SECS) and not self._is_broken

    def _run(self) -> None:
        while True:
            self._wakeup.wait(LONG_POLL_SECS)
            while self._waiting:
                head, body, was_sent = self._waiting[0]
                try:
                    if not self._is_broken:
                        self._channel.send(head, body)
                except BaseException:  # noqa: BLE001 - what was sent in part makes the channel useless
                    self._is_broken = True
                del self._waiting[0]
                was_sent.send()


# ---------------------------------------------------------------- the process that all cases of a worker share


class Interrupts:
    """Whether it was the user who interrupted: by Ctrl-C, SIGTERM and their like. A model may do that to itself."""

    def __init__(self, has_user: bool = True) -> None:
        self.by_user = False
        self._has_user = has_user  # not where nothing but models runs
        self.in_case = False  # without a user, a signal is for the case, or for nobody
        self._can_tell = False
        self._own_time = -math.inf
        self._tell_put_off: Optional[Callable[[], None]] = None  # while it is put off

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        """SIGTERM, and its like where they exist, stop a worker as Ctrl-C does."""
        kept = []
        try:
            if threading.current_thread() is threading.main_thread():
                for name in ("SIGTERM", "SIGHUP", "SIGBREAK", "SIGINT"):  # the last may come between any two lines
                    number: Any = getattr(signal, name, None)
                    before = signal.getsignal(number) if number is not None else None
                    if before in (signal.SIG_DFL, signal.default_int_handler):
                        kept.append((number, before))
                        signal.signal(number, self._interrupt)
                self._can_tell = signal.getsignal(signal.SIGINT) == self._interrupt
            yield
        finally:
            for number, before in kept:
                signal.signal(number, before)

    def _interrupt(self, *_: Any) -> None:
        if not self._has_user and not self.in_case:
            return
        is_first = not self.by_user
        self.by_user = self.by_user or (self._has_user and monotonic() - self._own_time > OWN_SIGNAL_SECS)
        if self._tell_put_off is None or not is_first or not self.by_user:
            raise KeyboardInterrupt
        start_thread(self._tell_put_off, ())  # not here: it may come between any two lines, of the same words, too

    @contextlib.contextmanager
    def put_off(self, tell: Callable[[], None]) -> Iterator[None]:
        """Until its end the user's first interrupt is noted, and told, and nothing else; the second one is raised."""
        self._tell_put_off = tell
        try:
            yield
        finally:
            self._tell_put_off = None

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Within that they are raised, and one that was put off is."""
        tell, self._tell_put_off = self._tell_put_off, None
        try:
            if self.by_user and tell is not None:
                raise KeyboardInterrupt
            yield
        finally:
            self._tell_put_off = tell

    def are_by_user(self, error: BaseException) -> bool:
        """Whether `error` is the user's will. Where another program has its own way of interrupting, it always is."""
        is_interrupt = issubclass(type(error), KeyboardInterrupt)
        return is_interrupt and self._has_user and (self.by_user or not self._can_tell)

    def noting(self, send: Callable[..., Any]) -> Callable[..., Any]:
        """A function that sends a signal, such that it is known who has sent it."""

        @functools.wraps(send)
        def noted(*arguments: Any, **named: Any) -> Any:
            self._own_time = monotonic()
            return send(*arguments, **named)

        return noted


Undo = Callable[[], None]


class Surroundings:
    """What a model finds around itself: for each case the same, whatever the cases before have done to the process.

    Two things stay: what a model has changed inside of modules that aren't Python's own, and threads that it has
    started, since Python can't end them.
    """

    def __init__(self, interrupts: Interrupts, has_adopted: bool = False) -> None:
        self.interrupts, self.has_adopted = interrupts, has_adopted
        tempfile.gettempdir()  # found once: it is one of the names that are put back
        self._standard, self._imports = StandardModules(), Imports()
        self._descriptors = StandardDescriptors()
        # `print` and `input` of Python before 3.14 crash when another thread frees the stream that they use.
        self._streams: Deque[Tuple[Any, ...]] = collections.deque(maxlen=100)
        # Before anything else: what undoes the rest relies on Python's own names.
        self._of_python: List[Undo] = [keep_interpreter(), self._standard.restore]
        self._of_worker: List[Undo] = [keep_signals(), keep_limits(), self._descriptors.restore, keep_environment()]
        self._of_worker += [keep_warnings(), keep_decimal(), keep_codecs()]
        self._of_case: List[Undo] = []
        self._limits = limits_of_process()

    def has_left_processes(self) -> bool:
        """Whether a process of a model's still runs that can't be ended."""
        return self.has_adopted and has_children() and any(one.command for one in left_processes(own_pid()))

    def has_its_limits(self) -> bool:
        """Whether no model has lowered a hard limit, which nobody but root can raise again."""
        return limits_of_process() == self._limits

    @contextlib.contextmanager
    def of_case(
        self, source: Source, folder: str, output: Tail, journal: "Union[Journal, Relay]"
    ) -> "Iterator[CaseProcess]":
        """Prepares the process for one case, and undoes afterwards what has changed."""
        self._standard.keep_new()
        self._of_case = [keep_descriptors(), self._imports.keep(folder), keep_logging(), keep_numpy()]
        self._of_case += [keep_asyncio(), keep_start_method()]
        captured, empty = _Captured(output, journal), open(os.devnull, encoding="utf-8")  # noqa: SIM115 - closed below
        try:
            os.makedirs(os.path.join(folder, "outputs"), exist_ok=True)
            os.chdir(folder)
            sys.argv[:] = [source.name]
            sys.path.insert(0, folder)
            if source.folder != folder:  # as if it were started from there
                sys.path.insert(0, source.folder)
            self._lay_streams(captured, empty)
            self._watch_calls()
            begin_at_random()

            def regain() -> None:
                insist([self._hold_streams, *self._of_python])
                self._lay_streams(captured, empty)

            yield CaseProcess(self.interrupts, folder, regain, self.has_adopted)
        finally:
            captured.end()
            self.restore()
            with contextlib.suppress(OSError):
                empty.close()

    def restore(self) -> None:
        """Undoes what has changed."""
        insist([self._hold_streams, *self._of_python, *self._of_worker, *self._of_case])

    def close(self) -> None:
        """At the worker's end."""
        self._descriptors.close()
        self._standard.close()

    def _hold_streams(self) -> None:
        self._streams.append((sys.stdin, sys.stdout, sys.stderr))

    def _lay_streams(self, captured: "_Captured", empty: Any) -> None:
        """Output is captured. Input is empty, for nobody sits in front of all these computers."""
        text: Any = io.TextIOWrapper(captured, "utf-8", "backslashreplace", newline="\n", write_through=True)
        sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = text  # type: ignore[misc]
        sys.stdin = sys.__stdin__ = empty  # type: ignore[misc]
        self._hold_streams()
        with contextlib.suppress(OSError):  # a program with windows may have no such descriptor
            os.fstat(0)
            os.dup2(empty.fileno(), 0)
        if not isinstance(builtins.input, types.BuiltinFunctionType):
            builtins.input = no_input

    def _watch_calls(self) -> None:
        """Stands between the model and what would end the worker, or couldn't be undone."""
        for module, name in ((os, "kill"), (os, "killpg"), (signal, "raise_signal"), (_thread, "interrupt_main")):
            if hasattr(module, name):
                setattr(module, name, self.interrupts.noting(getattr(module, name)))
        if resource is not None:
            resource.setrlimit = set_soft_limit
        if hasattr(threading, "_start_joinable_thread"):
            vars(threading)["_start_joinable_thread"] = start_unawaited
        vars(_thread)["start_new_thread"] = start_begun


def insist(steps: List[Undo]) -> None:
    """Takes each step, though the model's signal handlers, trace functions and limits may interfere at first."""
    for step in steps:
        for _ in range(3):
            try:
                step()
                break
            except BaseException:  # noqa: BLE001 - whatever it is, the next step is to be taken
                continue


class CaseProcess:
    """The main module of a case, and the end that a process of its own would have brought to what it leaves behind."""

    def __init__(
        self, interrupts: Interrupts, folder: str, regain: Callable[[], None], has_adopted: bool = False
    ) -> None:
        self.interrupts, self.module = interrupts, types.ModuleType("__main__")
        self.has_adopted = has_adopted  # all that a model has started is a child of this process, or below one
        self.regain = regain  # puts Python's own names back, which is to be done before anything else
        self.notes: List[str] = []  # what is to be said of its result
        self._folder = folder
        self._exit_calls: List[Tuple[Any, Tuple[Any, ...], Dict[str, Any]]] = []
        self._log_handlers = set(map(id, vars(logging)["_handlerList"]))
        self._threads, self._children = set(map(id, threading.enumerate())), set(map(id, child_processes()))
        sys.modules["__main__"] = self.module  # pickle, dataclasses and Itasca software look names up there
        self._registers, self._unregisters = atexit.register, atexit.unregister
        vars(atexit).update(register=self._register, unregister=self._unregister)

    def _register(self, function: Any, *arguments: Any, **named: Any) -> Any:
        """What the model wants to be called at its end; what libraries want is called at the worker's end."""
        caller = sys._getframe(1).f_globals
        if caller is self.module.__dict__ or str(caller.get("__file__")).startswith(self._folder):
            self._exit_calls.append((function, arguments, named))
            return function
        return self._registers(function, *arguments, **named)

    def _unregister(self, function: Any) -> None:
        self._exit_calls = [call for call in self._exit_calls if call[0] != function]
        self._unregisters(function)

    def finish(self) -> List[str]:
        """Ends what can be ended, in the order of a process that ends; says what can't."""
        notes = list(self.notes)
        threads = [one for one in threading.enumerate() if id(one) not in self._threads]
        working = [one for one in threads if not own(threading.Thread, "daemon", one)]
        _wait_while(working, threading.Thread.is_alive)
        if any(map(threading.Thread.is_alive, working)):
            notes.append("a thread still ran when the model had ended; what it did from then on is lost")
        self._call_exit_functions()
        if self._end_children():
            notes.append("a process still ran when the model had ended, and was ended")
        notes += self._end_left_processes()
        self._close_log_files()
        for thread in threads:
            _disown(thread)
        self._forget_names()
        return notes

    def _call_exit_functions(self) -> None:
        while self._exit_calls:
            function, arguments, named = self._exit_calls.pop()
            try:
                function(*arguments, **named)
            except (Exception, SystemExit):  # noqa: BLE001 - as in a process that ends
                with contextlib.suppress(Exception):
                    traceback.print_exc()

    def _end_children(self) -> bool:
        """Ends processes of multiprocessing as Python does at its end; whether one had to be that was waited for."""
        children = [one for one in child_processes() if id(one) not in self._children]
        if not children:
            return False
        kind: Any = vars(sys.modules["multiprocessing.process"])["BaseProcess"]
        working = [one for one in children if not own(kind, "daemon", one)]
        _wait_while(working, kind.is_alive)
        had_to_be = any(map(kind.is_alive, working))
        for one in children:
            with contextlib.suppress(Exception):
                kind.terminate(one)
                kind.join(one, LEFT_BEHIND_SECS)
                if kind.is_alive(one) and os.name == "posix":
                    os.kill(own(kind, "pid", one), signal.SIGKILL)
        return had_to_be

    def _end_left_processes(self) -> List[str]:
        """Ends what the model has started and doesn't wait for; a note for each process that didn't end by itself."""
        if not self.has_adopted or not has_children():
            return []
        end, named = monotonic() + LEFT_BEHIND_SECS, {}  # type: float, Dict[int, str]
        left = self._reaped()
        while left and monotonic() < end + LEFT_BEHIND_SECS:
            if monotonic() >= end:
                named.update((one.pid, one.in_words) for one in left)
                end_left_processes(own_pid())
            nap(0.005)
            left = self._reaped()
        words = "process {} still ran when the model had ended, and was ended"
        notes = [words.format(name) for name in list(named.values())[:LEFT_PROCESSES_NAMED]]
        return notes + ["{} more processes, too".format(len(named) - len(notes))] * (len(named) > len(notes))

    def _reaped(self) -> "List[LeftProcess]":
        """What still runs, when those that have ended were waited for: nobody else waits for an orphan."""
        left = left_processes(own_pid())
        for one in left:
            if not one.command:
                with contextlib.suppress(OSError):
                    os.waitpid(one.pid, os.WNOHANG)
        return [one for one in left if one.command]

    def _close_log_files(self) -> None:
        """A log that was written to a file is whole before it is uploaded."""
        for reference in reversed(list(vars(logging)["_handlerList"])):
            handler = None if id(reference) in self._log_handlers else reference()
            if handler is not None:
                with contextlib.suppress(Exception):
                    handler.flush()
                    handler.close()

    def _forget_names(self) -> None:
        """Frees what the model holds: memory, and open files. Threads that it has left end for want of their names."""
        names = self.module.__dict__
        for name in list(names):
            if not (type(name) is str and name.startswith("__")):
                names.pop(name, None)
        if not hasattr(sys, "getrefcount"):  # PyPy, which closes no file before it collects what isn't used any more
            gc.collect()
        with contextlib.suppress(OSError):
            if os.listdir(os.path.join(self._folder, "outputs")):
                flush_files()


def flush_files() -> None:
    """What was written to a file that is still open is in it: Python loses that when it is part of a cycle."""
    for one in gc.get_objects():
        if type(one) in (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom):
            with contextlib.suppress(Exception):
                one.flush()


def _disown(thread: threading.Thread) -> None:
    """Python waits for it no longer at its end, and says nothing when the thread ends for want of its names."""
    object.__setattr__(thread, "_invoke_excepthook", lambda *_: None)
    object.__setattr__(thread, "_daemonic", True)
    vars(threading).get("_shutdown_locks", set()).discard(vars(thread).get("_tstate_lock"))  # of Python 3.8 to 3.12
    for module in ("concurrent.futures.thread", "concurrent.futures.process"):
        for name in ("_threads_queues", "_threads_wakeups"):
            vars(sys.modules.get(module, types)).get(name, {}).pop(thread, None)


_start_joinable_thread = getattr(threading, "_start_joinable_thread", None)  # type: Any


def start_unawaited(function: Any, handle: Any = None, daemon: bool = True) -> Any:
    """How a model's threads are started from Python 3.13 on, which otherwise waits at its end for each of them.

    For those that are no daemons the worker waits itself, for a while: see `CaseProcess.finish`.
    """
    return _start_joinable_thread(function, handle=handle, daemon=True)


def start_begun(function: Any, *arguments: Any) -> int:
    """How a model's threads are started by hand: one that hasn't begun when its case ends would be taken for one of the
    next case. `threading` waits by itself."""
    if not callable(function):
        return start_thread(function, *arguments)  # raises Python's own error
    has_begun = _thread.allocate_lock()
    has_begun.acquire()

    def run(*values: Any, **named: Any) -> None:
        has_begun.release()
        function(*values, **named)

    number = start_thread(run, *arguments)
    has_begun.acquire()
    return number


PR_SET_CHILD_SUBREAPER = 36  # of Linux's prctl
# Processes that Python and joblib start once for all cases, and that end with the process that they were started by.
_HELPER = re.compile(r"from [A-Za-z_.]+\.(resource_tracker|semaphore_tracker|forkserver) import main")


class LeftProcess(NamedTuple):
    """A process that a model has started, directly or not."""

    pid: int
    command: str  # empty once it has ended

    @property
    def in_words(self) -> str:
        """Its number and what it executes."""
        return "{} ({})".format(self.pid, self.command)


def adopt_orphans() -> bool:
    """Lets processes whose parents end become children of this one, however they have detached themselves."""
    try:
        return sys.platform == "linux" and int(ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) == 0
    except (OSError, AttributeError):
        return False


def has_children() -> bool:
    """Whether this process may have any child, running or ended; a single call, which takes nothing from anybody."""
    if not hasattr(os, "waitid"):  # PyPy
        return True
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def left_processes(parent: int) -> List[LeftProcess]:
    """What was started by `parent`, and by these, without Python's own helpers; Linux alone tells."""
    found = []
    for pid in _children_of(parent):
        command = _command_of(pid)
        if not _HELPER.search(command):
            found += [LeftProcess(pid, command), *left_processes(pid)]
    return found


def _children_of(pid: int) -> List[int]:
    """By thread; a process that ends meanwhile has none."""
    folder, children = "/proc/{}/task".format(pid), []  # type: str, List[int]
    with contextlib.suppress(OSError):
        for thread in os.listdir(folder):
            with contextlib.suppress(OSError), open("{}/{}/children".format(folder, thread), encoding="ascii") as file:
                children += map(int, file.read().split())
    return children


def _command_of(pid: int) -> str:
    """Its command line on one line, or its name; empty if it has ended."""
    try:
        line = _command_line_of(pid)
        with open("/proc/{}/stat".format(pid), "rb") as file:
            name, _, rest = file.read(MAX_COMMAND_BYTES).partition(b"(")[2].rpartition(b")")
    except OSError:
        return ""
    if rest.split()[:1] in ([b"Z"], [b"X"]):
        return ""
    if line == own_command_line():
        return "a fork of the model"
    words = (line or name).replace(b"\0", b" ").decode("utf-8", "replace")
    return first_of(" ".join("".join(one if one.isprintable() else " " for one in words).split()), NAME_CHARACTERS)


def _command_line_of(pid: int) -> bytes:
    """How a process was started. While it is just starting, the system says nothing: then it is asked again."""
    for _ in range(COMMAND_LINE_LOOKS):
        with open("/proc/{}/cmdline".format(pid), "rb") as file:
            line = file.read(MAX_COMMAND_BYTES)
        if line:
            break
        nap(0.002)
    return line


def own_command_line() -> bytes:
    """How this process was started."""
    with contextlib.suppress(OSError):
        return _command_line_of(os.getpid())
    return b""


def end_left_processes(parent: int) -> None:
    """Ends what `parent` has started, one after the other, at once."""
    for one in left_processes(parent):
        with contextlib.suppress(OSError):
            os.kill(one.pid, signal.SIGKILL)


def child_processes() -> List[Any]:
    """Those that multiprocessing knows."""
    process = sys.modules.get("multiprocessing.process")
    return list(vars(process).get("_children", ())) if process is not None else []


def _wait_while(some: List[Any], are_alive: Callable[[Any], bool]) -> None:
    end = monotonic() + LEFT_BEHIND_SECS
    while any(map(are_alive, some)) and monotonic() < end:
        nap(0.002)


# ---------------------------------------------------------------- what a model finds at its beginning


class _Captured(io.RawIOBase):
    """Keeps what the threads of one case write, and shows it on the console as well."""

    def __init__(self, tail: Tail, journal: "Union[Journal, Relay]") -> None:
        self._is_over = False
        self._tail, self._journal = tail, journal
        # A thread is known by its outermost frame: its number is given to another one as soon as it has ended.
        self._strangers = {number: outermost(frame) for number, frame in sys._current_frames().items()}
        del self._strangers[threading.get_ident()]

    def end(self) -> None:
        """From now on nothing is kept, and nothing shown."""
        self._is_over, self._tail = True, Tail(0)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        content, decoder = memoryview(data).cast("B"), codecs.getincrementaldecoder("utf-8")("replace")
        for start in range(0, 0 if self._is_over else len(content), OUTPUT_BYTES):
            part = bytes(content[start : start + OUTPUT_BYTES])
            if not self._is_strangers():
                self._tail.add(part)
            self._journal.echo(decoder.decode(part))
        return len(content)

    def _is_strangers(self) -> bool:
        frame = self._strangers.get(threading.get_ident())
        return frame is not None and outermost(sys._getframe()) is frame

    def fileno(self) -> int:
        return self._journal.fileno()

    def close(self) -> None:
        """Stays open: one stream on it may go while another one is in use."""


def outermost(frame: Any) -> Any:
    """The frame that a thread began with."""
    while frame.f_back is not None:
        frame = frame.f_back
    return frame


def no_input(prompt: Any = "") -> str:
    """Python's `input`, where a console has put its own in its place."""
    print(prompt, end="")
    raise EOFError("there is no standard input")


def set_soft_limit(which: int, limits: Tuple[int, int]) -> None:
    """Python's `resource.setrlimit`, but for the hard limit: once lowered it holds for all cases to come."""
    _setrlimit(which, (limits[0], resource.getrlimit(which)[1]))


_setrlimit = getattr(resource, "setrlimit", print)  # which doesn't exist on Windows


def begin_at_random() -> None:
    """Random numbers begin as in a process of its own: differently each time, unless the model sets a seed."""
    random.seed()
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        with contextlib.suppress(Exception):
            vars(numpy_random)["seed"]()


# ---------------------------------------------------------------- what is undone after a case
# Each function remembers how something is, and gives the function that brings it back.


def keep_interpreter() -> Undo:
    """What can be asked of the interpreter. Undone first, hence by functions that no model can have replaced."""
    calls: List[Tuple[Any, Any]] = [
        (sys.settrace, (sys.gettrace(),)),
        (sys.setprofile, (sys.getprofile(),)),
        (sys.setrecursionlimit, (sys.getrecursionlimit(),)),
        (sys.setswitchinterval, (sys.getswitchinterval(),)),
        (gc.enable if gc.isenabled() else gc.disable, ()),
        (threading.stack_size, (threading.stack_size(),)),
        (socket.setdefaulttimeout, (socket.getdefaulttimeout(),)),
    ]
    for name in ("ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF"):
        if hasattr(signal, name):
            calls.append((signal.setitimer, (getattr(signal, name), 0)))
    # PyPy has no such knobs of garbage collection, and older Pythons have no limit of digits.
    for module, name in (sys, "_int_max_str_digits"), (sys, "dlopenflags"), (gc, "_threshold"), (gc, "_debug"):
        if hasattr(module, "set" + name):
            known = getattr(module, "get" + name)()
            calls.append((getattr(module, "set" + name), known if isinstance(known, tuple) else (known,)))
    callbacks = getattr(gc, "callbacks", [])
    known_callbacks = list(callbacks)

    def undo() -> None:
        for call, arguments in calls:
            call(*arguments)
        callbacks[:] = known_callbacks

    return undo


class StandardModules:
    """The names in Python's own modules and in their classes: models put something else in their place.

    It is also one of the finders that Python imports by, so that it sees a module before the model that imports it.
    """

    def __init__(self) -> None:
        self._seen: Dict[str, Any] = {}
        self._modules: List[Tuple[Dict[str, Any], Dict[str, Any]]] = []
        self._classes: List[Tuple[Any, Dict[str, Any]]] = []
        self._places = tuple(os.path.join(one, "") for one in (os.path.dirname(os.__file__), sys.base_prefix + "/DLLs"))
        self.keep_new()
        sys.meta_path.insert(0, self)

    def close(self) -> None:
        """At the worker's end."""
        sys.meta_path[:] = [one for one in sys.meta_path if one is not self]

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Where Python's own module of this name is; as soon as it is there, its names are kept."""
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or not self._is_standard(name, spec) or not hasattr(spec.loader, "exec_module"):
            return None
        loader: Any = spec.loader

        def execute(module: types.ModuleType) -> None:
            del loader.exec_module
            loader.exec_module(module)
            self._keep(name, module)

        loader.exec_module = execute
        return spec

    def keep_new(self) -> None:
        """Remembers those that were imported since it was last called."""
        for name, module in list(sys.modules.items()):
            self._keep(name, module)

    def _keep(self, name: str, module: Any) -> None:
        if self._seen.get(name, self) is module:
            return
        self._seen[name] = module
        if isinstance(module, types.ModuleType) and self._is_standard(name, module.__spec__):
            names = vars(module)
            self._modules.append((names, dict(names)))
            self._classes += [(one, dict(vars(one))) for one in names.values() if _is_class_of(name, one)]

    def _is_standard(self, name: str, spec: Any) -> bool:
        # typing_extensions puts its own into typing, once, when it is imported.
        if name.split(".")[0] in ("__main__", "itasca", "typing"):
            return False
        origin = str(getattr(spec, "origin", None))
        is_installed = "site-packages" in origin or "dist-packages" in origin
        return is_built_in(spec) or (origin.startswith(self._places) and not is_installed)

    def restore(self) -> None:
        """Puts every name back."""
        for names, kept in self._modules:
            if not are_same(names, kept):
                put_names_back(names, kept, names.__setitem__, names.__delitem__)
        for one, kept in self._classes:
            if not are_same(vars(one), kept):
                put, drop = type.__setattr__, type.__delattr__
                put_names_back(vars(one), kept, lambda *change: put(one, *change), lambda name: drop(one, name))  # noqa: B023


def is_built_in(spec: Any) -> bool:
    """Whether a module is a part of the interpreter."""
    loader = getattr(spec, "loader", None)
    return loader is importlib.machinery.BuiltinImporter or loader is importlib.machinery.FrozenImporter


def _is_class_of(name: str, one: Any) -> bool:
    is_changeable = isinstance(one, type) and bool(one.__flags__ & 1 << 9)  # Py_TPFLAGS_HEAPTYPE
    return is_changeable and vars(one).get("__module__") == name


def are_same(names: Any, kept: Dict[str, Any]) -> bool:
    """Whether the very same objects are there, in the same order. None of them is asked, and it is quick."""
    return len(names) == len(kept) and all(map(is_identical, names.values(), kept.values()))


def put_names_back(names: Any, kept: Dict[str, Any], put: Callable[..., Any], drop: Callable[..., Any]) -> None:
    """A module that was imported into a package meanwhile stays there: Python wouldn't put it there again."""
    changes: List[Tuple[Any, ...]] = [
        (drop, name) for name, value in list(names.items()) if name not in kept and type(value) is not Module
    ]
    changes += [(put, name, value) for name, value in kept.items() if names.get(name, names) is not value]
    for change, *arguments in changes:
        try:
            change(*arguments)
        except Exception:  # noqa: BLE001 - a name that Python itself guards
            continue


class Imports:
    """Modules: those from folders that Python knew before stay, all others are imported anew by the next case."""

    def __init__(self) -> None:
        with contextlib.suppress(OSError):
            os.getcwd()
            self._places = tuple(os.path.join(os.path.abspath(one), "") for one in sys.path)
            return
        # The start folder was removed, and with it what lay there.
        self._places = tuple(os.path.join(one, "") for one in sys.path if os.path.isabs(one))

    def keep(self, folder: str) -> Undo:
        """Remembers what is imported now."""
        modules, finders, hooks = dict(sys.modules), list(sys.meta_path), list(sys.path_hooks)

        def undo() -> None:
            new = {name: module for name, module in list(sys.modules.items()) if name not in modules}
            for name in self._of_case(new, folder):
                sys.modules.pop(name, None)
            sys.modules.update(modules)
            put_finders_back(sys.meta_path, finders)
            put_finders_back(sys.path_hooks, hooks)
            for cache in (sys.path_importer_cache, linecache.cache):
                for path in [one for one in cache if str(one).startswith(folder)]:
                    cache.pop(path, None)

        return undo

    def _of_case(self, new: Dict[str, Any], folder: str) -> List[str]:
        compiled = tuple(importlib.machinery.EXTENSION_SUFFIXES)  # can't be imported twice
        places = {name: _places_of(module) for name, module in new.items()}
        packages = {name.split(".")[0] for name in new if any(one.endswith(compiled) for one in places[name])}
        leaves = []
        for name, module in new.items():
            is_scratch = any(not os.path.isabs(one) or one.startswith(folder) for one in places[name])
            is_installed = all(one.startswith(self._places) for one in places[name]) or name.split(".")[0] in packages
            if is_scratch or not is_installed or not (places[name] or _is_made_by_python(name, module)):
                leaves.append(name)
        return leaves


def _places_of(module: Any) -> List[str]:
    try:
        names = object.__getattribute__(module, "__dict__")
        return [one for one in [names.get("__file__"), *(names.get("__path__") or ())] if isinstance(one, str)]
    except Exception:  # noqa: BLE001 - anything can stand in sys.modules
        return []


def _is_made_by_python(name: str, module: Any) -> bool:
    """Built in, or made by the package that it belongs to."""
    is_of_package = "." in name and bool(_places_of(sys.modules.get(name.split(".")[0])))
    return is_of_package or is_built_in(getattr(module, "__spec__", None))


def put_finders_back(now: List[Any], kept: List[Any]) -> None:
    """Those that libraries have added stay: they add them once, when they are imported."""
    added = [one for one in now if not any(one is other for other in kept) and _is_of_library(one)]
    are_all = all(any(one is other for other in now) for one in kept)
    now[:] = [one for one in now if any(one is other for other in kept + added)] if are_all else kept + added


def _is_of_library(one: Any) -> bool:
    maker = one if isinstance(one, (type, types.FunctionType)) else type(one)
    return maker.__module__ in sys.modules and maker.__module__ not in ("builtins", "__main__")


def keep_signals() -> Undo:
    """Handlers, who else is told of signals, and which are blocked. Only the main thread may change a handler."""
    handlers = {number: signal.getsignal(number) for number in range(1, signal.NSIG)}
    has_mask, is_main = hasattr(signal, "pthread_sigmask"), threading.current_thread() is threading.main_thread()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ()) if has_mask else set()
    told = signal.set_wakeup_fd(-1) if is_main else -1

    def tell() -> None:
        if is_main:
            signal.set_wakeup_fd(-1)
            with contextlib.suppress(OSError, ValueError):  # it may have been closed
                signal.set_wakeup_fd(told)

    tell()

    def undo() -> None:
        for number, handler in handlers.items():
            if is_main and handler is not None and signal.getsignal(number) is not handler:
                with contextlib.suppress(OSError, ValueError):
                    signal.signal(number, handler)
        tell()
        if has_mask:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if "faulthandler" in sys.modules:
            vars(sys.modules["faulthandler"])["cancel_dump_traceback_later"]()

    return undo


def keep_limits() -> Undo:
    """What was asked of the operating system for this process."""
    mask = os.umask(0o077)
    os.umask(mask)
    limits = limits_of_process()
    niceness = os.getpriority(os.PRIO_PROCESS, 0) if hasattr(os, "getpriority") else 0
    processors = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()

    def undo() -> None:
        os.umask(mask)
        for which, limit in limits.items():
            if resource.getrlimit(which) != limit:
                with contextlib.suppress(OSError, ValueError):
                    resource.setrlimit(which, limit)
        with contextlib.suppress(OSError):  # only root may become less nice
            if hasattr(os, "setpriority") and os.getpriority(os.PRIO_PROCESS, 0) != niceness:
                os.setpriority(os.PRIO_PROCESS, 0, niceness)
        if processors and os.sched_getaffinity(0) != processors:
            os.sched_setaffinity(0, processors)

    return undo


def limits_of_process() -> Dict[int, Tuple[int, int]]:
    """Its soft and hard limits; none on Windows."""
    limits: Dict[int, Tuple[int, int]] = {}
    for which in [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]:
        with contextlib.suppress(OSError, ValueError):
            limits[which] = resource.getrlimit(which)
    return limits


class StandardDescriptors:
    """Standard input, output and error as the operating system numbers them: 0, 1 and 2."""

    def __init__(self) -> None:
        self._copies: Dict[int, Tuple[int, Any]] = {}
        for number in (0, 1, 2):
            with contextlib.suppress(OSError):
                self._keep(number, os.dup(number))

    def _keep(self, number: int, copy: int) -> None:
        self._copies[number] = copy, _identity(copy)

    def restore(self) -> None:
        """Opens again what the model has closed or led elsewhere."""
        for number, (copy, identity) in list(self._copies.items()):
            if _identity(number) == identity:
                continue
            if _identity(copy) != identity:  # the model has closed that as well
                self._keep(number, os.open(os.devnull, os.O_RDWR))
            copy = self._copies[number][0]
            if copy != number:
                os.dup2(copy, number)

    def close(self) -> None:
        """Closes the copies."""
        for copy, identity in self._copies.values():
            if _identity(copy) == identity and copy > 2:
                os.close(copy)
        self._copies = {}


def _identity(number: int) -> Optional[Tuple[int, int, int]]:
    """What a descriptor leads to, or None."""
    try:
        found = file_status(number)
    except OSError:
        return None
    return found.st_dev, found.st_ino, stat.S_IFMT(found.st_mode)


def keep_descriptors() -> Undo:
    """Files that were left open, as soon as there are so many that soon none can be opened any more."""
    before = set(_descriptors())

    def undo() -> None:
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if resource is not None and before else 0
        if most and _lowest_free_descriptor() >= most // 2:
            gc.collect()
            for number in range(min(most, LOOKED_AT_DESCRIPTORS)):
                found = None if number in before else _identity(number)
                if found is not None and found[2] != stat.S_IFSOCK:  # a connection may be the worker's
                    os.close(number)

    return undo


def _descriptors() -> List[int]:
    for folder in ("/proc/self/fd", "/dev/fd"):
        with contextlib.suppress(OSError):
            return [int(name) for name in os.listdir(folder)]
    return []


def _lowest_free_descriptor() -> int:
    try:
        number = os.open(os.devnull, os.O_RDONLY)
    except OSError:
        return 1 << 30
    os.close(number)
    return number


def keep_environment() -> Undo:
    """Environment, working folder, arguments, places of modules, and locale."""
    variables, home, place = dict(os.environ), current_folder(), locale.setlocale(locale.LC_ALL)
    lists = [(one, list(one)) for one in (sys.argv, sys.path)]

    def undo() -> None:
        os.chdir(home if os.path.isdir(home) else current_folder())
        for one, kept in lists:
            one[:] = kept
        if dict(os.environ) != variables:
            for name in set(os.environ) - set(variables):
                del os.environ[name]
            os.environ.update(variables)
            if hasattr(time, "tzset"):
                time.tzset()
        if locale.setlocale(locale.LC_ALL) != place:
            locale.setlocale(locale.LC_ALL, place)

    return undo


def keep_warnings() -> Undo:
    """Filters, and which warnings were shown already."""
    filters, kept, shown = warnings.filters, list(warnings.filters), warnings.onceregistry  # type: ignore[attr-defined]

    def undo() -> None:
        shown.clear()
        warnings.simplefilter("default")  # only by such a call Python learns that there is a change
        filters[:] = kept  # type: ignore[index]

    return undo


def keep_decimal() -> Undo:
    """The precision of decimal numbers, and how they are rounded."""
    context = decimal.getcontext().copy()
    defaults = [(one, one.copy()) for one in (decimal.DefaultContext, decimal.BasicContext, decimal.ExtendedContext)]

    def undo() -> None:
        decimal.setcontext(context.copy())
        for one, kept in defaults:
            for name in ("prec", "rounding", "Emin", "Emax", "capitals", "clamp", "flags", "traps"):
                setattr(one, name, getattr(kept, name))

    return undo


def keep_codecs() -> Undo:
    """What is done about characters that an encoding lacks."""
    names = ("strict", "ignore", "replace", "xmlcharrefreplace", "backslashreplace", "namereplace", "surrogateescape")
    kept = [(name, codecs.lookup_error(name)) for name in names]

    def undo() -> None:
        for name, answer in kept:
            codecs.register_error(name, answer)

    return undo


def keep_logging() -> Undo:
    """Loggers, as Python begins with them during the case, and as they were after it."""
    root, manager, references = logging.root, logging.root.manager, vars(logging)["_handlerList"]
    disabled, loggers, kept = manager.disable, dict(manager.loggerDict), list(references)
    names = [(vars(logging)[one], dict(vars(logging)[one])) for one in ("_levelToName", "_nameToLevel")]
    states = {one: _state_of(one) for one in [root, *loggers.values()] if isinstance(one, logging.Logger)}
    _set_state(root, (logging.WARNING, [], [], True, False))
    logging.disable(logging.NOTSET)

    def undo() -> None:
        for name in [one for one in manager.loggerDict if one not in loggers and one.split(".")[0] not in sys.modules]:
            del manager.loggerDict[name]
        for logger in [one for one in manager.loggerDict.values() if isinstance(one, logging.Logger)]:
            if logger not in states:  # a library's; without such a handler of its own it would print
                silent = [one for one in logger.handlers if type(one) is logging.NullHandler]
                _set_state(logger, (logging.NOTSET, silent, [], True, False))
        for logger, state in states.items():
            _set_state(logger, state)
        manager.loggerDict.update(loggers)
        references[:] = kept + [one for one in references if isinstance(one(), logging.NullHandler) and one not in kept]
        for of_levels, before in names:
            of_levels.clear()
            of_levels.update(before)
        logging.disable(disabled)

    return undo


def _state_of(logger: logging.Logger) -> Tuple[int, List[Any], List[Any], bool, bool]:
    return logger.level, list(logger.handlers), list(logger.filters), logger.propagate, logger.disabled


def _set_state(logger: logging.Logger, state: Tuple[int, List[Any], List[Any], bool, bool]) -> None:
    if _state_of(logger) != state:
        logger.setLevel(state[0])
        logger.handlers[:], logger.filters[:], logger.propagate, logger.disabled = state[1:]


NUMPY_ERRORS = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
# https://numpy.org/doc/stable/reference/generated/numpy.set_printoptions.html: "to put back the default options"
NUMPY_PRINTING = {
    "edgeitems": 3, "infstr": "inf", "linewidth": 75, "nanstr": "nan", "precision": 8, "suppress": False,
    "threshold": 1000, "formatter": None,
}  # fmt: skip


def keep_numpy() -> Undo:
    """What NumPy does about errors, and how it prints; it isn't imported for that."""
    numpy = sys.modules.get("numpy")
    errors = numpy.geterr() if numpy is not None else NUMPY_ERRORS
    printing = numpy.get_printoptions() if numpy is not None else NUMPY_PRINTING

    def undo() -> None:
        numpy = sys.modules.get("numpy")
        if numpy is not None:
            numpy.seterr(**errors)
            numpy.set_printoptions(**printing)

    return undo


def keep_asyncio() -> Undo:
    """The event loop: after `asyncio.run` there is none, where a process of its own gets one."""
    events = sys.modules.get("asyncio.events")
    policy = vars(events)["_event_loop_policy"] if events is not None else None

    def undo() -> None:
        events = sys.modules.get("asyncio.events")
        if events is not None and "_event_loop_policy" in vars(events):
            vars(events)["_event_loop_policy"] = policy

    return undo


def keep_start_method() -> Undo:
    """How multiprocessing starts processes, which can be set once."""

    def default() -> Any:
        context = sys.modules.get("multiprocessing.context")
        return vars(context)["_default_context"] if context is not None else types.SimpleNamespace()

    kept = getattr(default(), "_actual_context", None)

    def undo() -> None:
        default()._actual_context = kept

    return undo


# ---------------------------------------------------------------- results and failures


def to_plain(value: Any, warnings: List[str]) -> Any:
    """A result as JSON knows it, by the rules of docs/protocol.md; what was changed on the way is a warning."""
    conversion = _Conversion()
    plain = conversion.plain(value)
    if not isinstance(plain, dict):
        raise UnusableResult("result is {}; it must be a dict".format(_kind(value)))
    conversion.warn_of_equal_names(plain)
    warnings += conversion.warnings
    if conversion.more_warnings:
        warnings.append("{} more values were changed in such ways".format(conversion.more_warnings))
    return plain


class _Missing(NamedTuple):
    """What stands in an array where it has no value."""

    why: str


class _Conversion:
    """One result on its way to JSON: where in it the conversion is, how much it was so far, and what was changed.

    It asks for types and not by isinstance: an object may say that it is a float, and be none.
    """

    def __init__(self) -> None:
        self.warnings: List[str] = []
        self.more_warnings = 0
        self._path: List[Union[str, int]] = []
        self._above: Set[int] = set()  # the values that the present one stands in, by their addresses
        self._values = 0

    # What it says

    @property
    def _name(self) -> str:
        steps = ["[{}]".format(step) if isinstance(step, int) else "." + step for step in self._path]
        name = "".join(steps)
        return _shortened(name[1:] if name.startswith(".") else name) or "result"

    def _warn(self, words: str) -> None:
        if len(self.warnings) < RESULT_WARNINGS:
            self.warnings.append("{} {}".format(self._name, words))
        else:
            self.more_warnings += 1

    def _null(self, why: str) -> Optional[float]:
        self._warn(why + " and was written as null")
        return None

    def _refused(self, value: Any, advice: str) -> UnusableResult:
        return UnusableResult("{} is {}; {}".format(self._name, _kind(value), advice))

    def warn_of_equal_names(self, plain: Dict[str, Any]) -> None:
        """Two scalars that have the same name as soon as nested names are joined by points."""
        for name, count in collections.Counter(name for name, _ in scalars(plain)).items():
            if count > 1:
                words = "{} is the name of {} values; tables show the last one"
                self.warnings.append(words.format(_shortened(name), count))

    # Any value

    def plain(self, value: Any) -> Any:
        """Any value. Whatever its own methods raise becomes an `UnusableResult` that names it."""
        try:
            kind = type(value)
            if value is None or kind is bool:
                return value
            if issubclass(kind, str) and not issubclass(kind, enum.Enum):
                return self._text(str.__str__(value))
            if issubclass(kind, int):
                return self._whole(int.__int__(value))
            if issubclass(kind, float):
                return self._float(float.__float__(value))
            if kind is _Missing:
                return self._null(value.why)
            self._enter(value)
            plain = self._other(value)
            self._above.discard(id(value))
            return plain
        except (UnusableResult, KeyboardInterrupt, Interrupted):
            raise
        except BaseException as error:  # noqa: BLE001 - objects of a model and its libraries may do anything
            words = "{} is {} and can't be read: {}: {}"
            reason = type(error).__name__, _shortened(_message_of(error))
            raise UnusableResult(words.format(self._name, _kind(value), *reason)) from None

    def _enter(self, value: Any) -> None:
        if id(value) in self._above:
            raise UnusableResult("{} contains itself".format(self._name))
        if len(self._above) > RESULT_DEPTH:
            raise UnusableResult("{} is nested more than {} deep".format(self._name, RESULT_DEPTH))
        self._above.add(id(value))

    def _other(self, value: Any) -> Any:
        """What is neither None, a boolean, a text nor a number of Python itself."""
        kind = type(value)
        if issubclass(kind, enum.Enum):
            return self.plain(value.value)
        if issubclass(kind, (bytes, bytearray, memoryview)):
            raise self._refused(value, "a result holds texts, not bytes: decode them")
        if issubclass(kind, (datetime.date, datetime.time, datetime.timedelta)):
            return self._time(value)
        if issubclass(kind, _types_of("numpy", "ndarray", "generic")):
            return self._of_numpy(value, sys.modules["numpy"])
        if issubclass(kind, numbers.Number):
            return self._number(value)
        if issubclass(kind, collections.abc.Mapping):
            return self._dict(value.items())
        if issubclass(kind, collections.UserString):  # a sequence, whose elements are of its own kind
            return self._text(str.__str__(value.data))
        if issubclass(kind, (collections.abc.Sequence, *_types_of("array", "array"))):
            return self._list(value)
        if issubclass(kind, _types_of("pandas", "DataFrame", "Series")):
            return self._of_pandas(value, sys.modules["pandas"])
        return self._of_a_library(value)

    # Texts, numbers and times

    def _text(self, text: str) -> str:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            self._warn("has half of a surrogate pair, which was written as ?")
            return text.encode("utf-8", "replace").decode("utf-8")
        return text

    def _whole(self, value: int) -> Union[int, str]:
        if -(2**63) <= value < 2**64:
            return value
        bits = value.bit_length()
        if bits > RESULT_INTEGER_BITS:
            words = "{} is a whole number of {} bits; a result holds numbers of 64 bits"
            raise UnusableResult(words.format(self._name, bits))
        self._warn("is a whole number beyond 64 bits and was written as text")
        return str(value)

    def _float(self, value: float) -> Optional[float]:
        if math.isfinite(value):
            return value
        return self._null("is nan" if math.isnan(value) else "is infinite")

    def _number(self, value: Any) -> Union[int, float, str, None]:
        """A number of another kind: a whole one stays whole, any other becomes the nearest float of 64 bits."""
        kind = type(value)
        if issubclass(kind, decimal.Decimal):
            if value.is_snan():
                return self._null("is nan")
            is_whole = value.is_finite() and value.as_tuple().exponent == 0
        elif issubclass(kind, numbers.Rational):
            is_whole = value.denominator == 1
        elif issubclass(kind, numbers.Real):
            is_whole = False
        else:
            raise self._refused(value, "a result holds real numbers: write its real and its imaginary part")
        return self._whole(int(value)) if is_whole else self._nearest_float(value)

    def _nearest_float(self, value: Any) -> Optional[float]:
        try:
            nearest = float(value)
        except OverflowError:
            nearest = math.inf
        if math.isinf(nearest) and value != nearest:
            return self._null("is too large for a float of 64 bits")
        if nearest == 0 and value != 0:
            self._warn("is too small for a float of 64 bits and was written as 0")
        return self._float(nearest)

    def _time(self, value: Any) -> Union[str, float, None]:
        """ISO 8601, or seconds if it is a span. pandas' Timestamp, Timedelta and NaT are such values, too."""
        if value != value:
            return self._null("is no time (NaT)")
        if issubclass(type(value), datetime.timedelta):
            return float(value.total_seconds())
        return _iso_time(value.isoformat())

    # What holds others

    def _at(self, step: Union[str, int], value: Any) -> Any:
        self._values += 1
        if self._values > RESULT_VALUES:
            words = "result has more than {:,} values; write large fields to a file in the folder outputs/"
            raise UnusableResult(words.format(RESULT_VALUES))
        self._path.append(step)
        plain = self.plain(value)
        self._path.pop()  # not after an error, which is to name this place
        return plain

    def _list(self, values: Any) -> List[Any]:
        return [self._at(index, value) for index, value in enumerate(values)]

    def _dict(self, items: Any) -> Dict[str, Any]:
        plain: Dict[str, Any] = {}
        for key, value in items:
            text = self._key(key)
            if text in plain:
                raise UnusableResult("{} has the key {!r} twice".format(self._name, _shortened(text)))
            plain[text] = self._at(text, value)
        return plain

    def _key(self, key: Any) -> str:
        if not issubclass(type(key), str):
            words = "{} has the key {}, {}; keys must be strings"
            raise UnusableResult(words.format(self._name, _shortened(repr(key)), _kind(key)))
        text = str.__str__(key.value if issubclass(type(key), enum.Enum) else key)
        written = text.encode("utf-8", "replace").decode("utf-8")
        if written != text:
            self._warn("has a key with half of a surrogate pair, which was written as ?")
        return written

    # What comes from libraries, none of which is imported for that

    def _array(self, values: Any, dimensions: int = RESULT_DEPTH) -> Any:
        """An array as nested lists, or what it holds if that is a single value: that may be a list, too."""
        only, depth = values, 0
        while depth < dimensions and type(only) is list and len(only) == 1:
            only, depth = only[0], depth + 1
        if depth > 0 and (depth == dimensions or type(only) is not list):
            self._warn("is an array of one element and was written as that element")
            return self.plain(only)
        return self.plain(values)

    def _of_numpy(self, value: Any, numpy: Any) -> Any:
        kind, dtype = type(value), value.dtype
        if _has_unit(value):
            raise self._quantity(value)
        if dtype.names:
            return self._dict((name, value[name]) for name in dtype.names)
        if dtype.kind in "mM":
            return self._array(_numpy_times(value, numpy), value.ndim)
        if issubclass(kind, numpy.ma.MaskedArray):
            return self._array(_each(value.tolist(), lambda one: one), value.ndim)
        if issubclass(kind, numbers.Number):
            return self._number(value)
        return self._array(value.tolist(), value.ndim)

    def _of_pandas(self, value: Any, pandas: Any) -> Any:
        """A table or series: lists by the names of the columns, with the index unless that numbers the rows."""
        labels = value.index
        numbers_rows = labels.nlevels == 1 and labels.dtype.kind in "iu"
        if issubclass(type(value), pandas.DataFrame):
            columns = [(name, value.iloc[:, place].tolist()) for place, name in enumerate(value.columns)]
        elif numbers_rows:
            return self._array(value.tolist(), 1)
        elif labels.is_unique and all(issubclass(type(label), str) for label in labels):
            return self._dict(zip(labels, value.tolist()))  # noqa: B905 - Python 3.6 doesn't know strict
        else:
            columns = [("values" if value.name is None else value.name, value.tolist())]
        index = [] if numbers_rows else [("index" if labels.name is None else labels.name, labels.tolist())]
        return self._dict(index + columns)

    def _of_a_library(self, value: Any) -> Any:
        kind = type(value)
        is_of_pandas = kind.__module__.split(".")[0] == "pandas"
        if is_of_pandas and kind.__name__ == "NAType":
            return self._null("is missing (NA)")
        if _has_unit(value) and not is_of_pandas:
            raise self._quantity(value)
        for convert in ("tolist", "to_list", "item"):  # of arrays, of columns and of scalars
            if callable(getattr(kind, convert, None)):
                inside = getattr(value, convert)()
                if type(inside) is not kind:
                    return self._array(inside)
        raise self._refused(value, "a result holds numbers, strings, booleans, None, lists and dicts")

    def _quantity(self, value: Any) -> UnusableResult:
        unit = getattr(value, "units" if hasattr(value, "units") else "unit")
        words = "its unit is {}: convert it to a unit that all cases share, and write the number alone"
        return self._refused(value, words.format(_shortened(str(unit)) or "none"))


def _types_of(module: str, *names: str) -> Tuple[type, ...]:
    """Types of a module, if that was imported and is the one that it seems to be."""
    found = [getattr(sys.modules.get(module), name, None) for name in names]
    return tuple(one for one in found if isinstance(one, type))


def _has_unit(value: Any) -> bool:
    """Whether it is a quantity, such as those of pint, astropy and unyt."""
    return hasattr(value, "units") or hasattr(value, "unit")


def _numpy_times(value: Any, numpy: Any) -> Any:
    """Times as ISO texts, spans as seconds: NumPy itself gives integers or dates, as the unit may be."""
    if value.dtype.kind == "M":
        texts = value.astype(str).tolist()
        return _each(texts, lambda one: _Missing("is no time (NaT)") if one == "NaT" else _iso_time(one))
    seconds = (value / numpy.timedelta64(1, "s")).tolist()
    return _each(seconds, lambda one: _Missing("is no time (NaT)") if one != one else one)


def _each(values: Any, convert: Callable[[Any], Any]) -> Any:
    """Nested lists with each of their elements converted. None is what a masked array has where it is masked."""
    if type(values) is list:
        return [_each(one, convert) for one in values]
    return _Missing("is masked") if values is None else convert(values)


def _iso_time(text: str) -> str:
    """ISO 8601, with seconds wherever there is an hour, and without zeros at the end of their decimals."""
    for part in ("[0-9]{2}", "[0-9]{2}:[0-9]{2}"):
        text = re.sub("(T{})$".format(part), r"\1:00", text)
    return re.sub(r"\.(?![0-9])", "", re.sub(r"(\.[0-9]*?)0+(?![0-9])", r"\1", text))


def _kind(value: Any) -> str:
    kind = type(value)
    try:
        module = kind.__module__.split(".")[0]
        return "of type {}{}".format("" if module in ("builtins", "__main__") else module + ".", kind.__name__)
    except Exception:  # noqa: BLE001 - a class of a model may do anything
        return "of a type that can't be named"


def _shortened(text: str) -> str:
    return first_of(text, NAME_CHARACTERS)


def scalars(result: Any, name: str = "") -> Iterator[Tuple[str, Any]]:
    """The scalars of a result, nested names joined by a point."""
    for key, value in result.items():
        if isinstance(value, dict):
            yield from scalars(value, name + key + ".")
        elif not isinstance(value, list):
            yield name + key, value


def scalars_in_row(result: Any) -> Dict[str, Any]:
    """The scalars as a row of a segment holds them: long texts end with a mark, and `cut` says how long each is."""
    row, cut = dict(scalars(result)), {}
    for name, value in row.items():
        if isinstance(value, str) and len(value) > ROW_TEXT_CHARACTERS:
            row[name], cut[name] = first_of(value, ROW_TEXT_CHARACTERS), len(value)
    return dict({"cut": cut} if cut else {}, result=row)


class Failure(NamedTuple):
    """A failure as the error document tells it."""

    exception: str
    message: str
    traceback: str
    signature: str

    @property
    def in_short(self) -> str:
        """One line of it."""
        whole = "{}: {}".format(self.exception, self.message) if self.message else self.exception
        return first_of(whole, SHORT_CHARACTERS)


def describe(error: BaseException, source: Source) -> Failure:
    """What failed, with the model's frames only, and the lines as they stand in the model file.

    An exception of a model may do anything when it is asked for something: then less is said of it.
    """
    name, message = _name_of(error), _message_of(error)
    try:
        return _described(error, source, name, message)
    except Exception:  # noqa: BLE001 - also when the memory is full
        return Failure(name, message, "(its traceback can't be shown)\n", signature(name, message, []))


def _described(error: BaseException, source: Source, name: str, message: str) -> Failure:
    frame = own(BaseException, "__traceback__", error)
    if issubclass(type(error), MemoryError):
        traceback.clear_frames(frame)  # they hold what has filled the memory
    _cut_chain(error)
    while frame is not None and frame.tb_frame.f_code.co_filename != source.path:
        frame = frame.tb_next
    lines = lines_of(source.template)
    # The lines before substitution: the same mistake has the same signature whatever the parameters are.
    frames = [
        (one.name, lines[one.lineno - 1].strip() if one.lineno and one.lineno <= len(lines) else "")
        for one in traceback.extract_tb(frame)
        if one.filename == source.path
    ]
    words = "".join(traceback.format_exception(type(error), error, frame)) if frame else _last_line(error, message)
    words = words.replace('File "' + os.path.join(source.folder, ""), 'File "') if source.path else words
    return Failure(name, message, last_of(words, TRACEBACK_CHARACTERS), signature(name, message, frames))


def _cut_chain(error: BaseException) -> None:
    """Forgets what was raised long before: an endless chain of exceptions takes minutes to be written down."""
    last: Any = error
    for _ in range(CHAINED_EXCEPTIONS):
        last = own(BaseException, "__cause__", last) or own(BaseException, "__context__", last)
        if last is None:
            return
    for name in ("__cause__", "__context__"):
        BaseException.__dict__[name].__set__(last, None)


def _last_line(error: BaseException, message: str) -> str:
    if issubclass(type(error), CaseFailure):
        return "{}: {}\n".format(type(error).__name__, message)
    return "".join(traceback.format_exception_only(type(error), error))


def own(kind: type, name: str, value: Any) -> Any:
    """An attribute as `kind` itself defines it, whatever the class of `value` makes of it."""
    return kind.__dict__[name].__get__(value)


def _name_of(error: BaseException) -> str:
    return first_of(own(type, "__name__", type(error)), NAME_CHARACTERS)


def _message_of(error: BaseException) -> str:
    try:
        return first_of(str(error), MESSAGE_CHARACTERS)
    except Interrupted:
        raise
    except BaseException:  # noqa: BLE001 - the model's own exceptions may do anything
        return "(its message can't be shown)"


CUT = "\u2026"  # stands where the rest of a text was


def first_of(text: str, characters: int) -> str:
    """A text, or its start and a mark if it has more characters than that; it is of Python's own class."""
    if str.__len__(text) <= characters:
        return str.__str__(text)
    return str.__getitem__(text, slice(characters - 1)) + CUT


def last_of(text: str, characters: int) -> str:
    """A text, or a mark and its end if it has more characters than that."""
    return text if len(text) <= characters else CUT + text[1 - characters :]


# What differs from run to run without meaning, in words of ASCII. `crates/study/src/signature.rs` has the same rules.
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_DATE_NAME = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_MADE_UP_NAME = re.compile(
    r"(?<![A-Za-z0-9])(?:0x[0-9A-Fa-f]+"  # an address
    r"|[0-9A-Fa-f]{{8}}(?:-[0-9A-Fa-f]{{4}}){{3}}-[0-9A-Fa-f]{{12}}"  # a UUID
    r"|tmp[a-z0-9_]{{8}}(?!_)"  # of tempfile
    r"|(?:DESKTOP|LAPTOP|WIN)-[A-Z0-9]{{7,11}}"  # a computer, by Windows
    r"|{0}(?=[ ,/-]+(?:[0-9]|{0}(?![A-Za-z0-9])))|(?<=[0-9][ /-]){0}"  # a part of a date
    r")(?![A-Za-z0-9])".format(_DATE_NAME)
)
_WORD = re.compile("(?<![A-Za-z0-9])[A-Za-z0-9]+")
_BETWEEN_PATHS = re.compile(r"([ \t\n\r\f\v'\"`<>()\[\]{},;=|*?!]+)")
_TEMPORARY_NAME = re.compile("(?:cruncher-|tmp)[a-z0-9_]{8}")


def signature(exception: str, message: str, frames: List[Tuple[str, str]]) -> str:
    """Groups failures: 16 hex digits of type, message without what varies, and the model's frames (function, line).

    Each frame counts once: how deep a function has called itself says nothing about what failed.
    """
    parts = [exception, without_varying(message)]
    for function, line in collections.OrderedDict.fromkeys(frames):
        parts += [function, line]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def without_varying(message: str) -> str:
    """The message with `#` for each number and each name that is made up anew, and without temporary folders.

    Of several spaces one is left: numbers are often padded.
    """
    text = "".join(_without_folders(part) for part in _BETWEEN_PATHS.split(re.sub(" +", " ", message)))
    kept, at = [], 0
    while at < len(text):
        end = _varying_end(text, at)
        kept.append("#" if end > at else text[at])
        at = max(end, at + 1)
    return "".join(kept)


def _varying_end(text: str, at: int) -> int:
    """Where what varies ends that begins at `at`; `at` itself if nothing does."""
    end = _made_up_end(text, at)
    if end > at or (text[at] in "+-" and _made_up_end(text, at + 1) > at + 1):
        return end
    number = _NUMBER.match(text, at)
    return number.end() if number else at


def _made_up_end(text: str, at: int) -> int:
    found = _MADE_UP_NAME.match(text, at)
    if found is None:
        found = _WORD.match(text, at)
        if found is None or not _is_random(found.group()):
            return at
    return found.end()


def _is_random(word: str) -> bool:
    """Whether it is a hash, or mixes letters and digits as no name does: with 3 changes between them or more."""
    letters = set(re.sub("[0-9]", "", word))
    if not letters or len(letters) == len(set(word)):
        return False
    if len(word) >= 8 and (letters <= set("abcdef") or letters <= set("ABCDEF")):
        return True
    changes = len(re.findall("[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])", word))
    return len(word) >= 6 and changes >= 3 and len(letters) >= 3 and word == word.lower()


def _without_folders(path: str) -> str:
    """A path from its temporary folder on: where that lies, and what it is called, is another one in each run."""
    names = re.split(r"[/\\]+", path.rstrip(".:"))
    if len(names) == 1:
        return path
    temporary = [place for place, name in enumerate(names) if _TEMPORARY_NAME.fullmatch(name)]
    folders = [place for place, name in enumerate(names) if name.lower() in ("tmp", "temp")]
    folders += [place + 4 for place in range(len(names) - 4) if names[place : place + 2] == ["var", "folders"]]
    if temporary and (temporary[-1] < len(names) - 1 or names[temporary[-1]].startswith("cruncher-")):
        first = temporary[-1] + 1
    elif folders:
        first = min(folders) + (1 if len(names) - min(folders) < 3 else 2)
    else:
        return path
    return "/".join(["<temporary>", *names[first:]]) + path[len(path.rstrip(".:")) :]


def one_line(error: BaseException) -> str:
    """Type and message of an exception."""
    return "{}: {}".format(type(error).__name__, first_of(" ".join(str(error).split()), SHORT_CHARACTERS))


def in_words(secs: float) -> str:
    """A duration for a person, by three digits: `40 ms`, `7.25 s`, `2.5 min`, `25 h`."""
    units = ((0.1, 1000.0, "ms"), (120.0, 1.0, "s"), (7200.0, 1 / 60.0, "min"), (math.inf, 1 / 3600.0, "h"))
    factor, unit = next((factor, unit) for limit, factor, unit in units if secs < limit)
    number = secs * factor
    return "{} {}".format("{:.3g}".format(number) if number < 999.5 else "{:.0f}".format(number), unit)


def result_json(document: Dict[str, Any]) -> bytes:
    """A result document, unless it is too large."""
    check_size(document["result"])
    body = to_json(document)
    if len(body) > RESULT_BYTES:
        raise too_large()
    return body


def check_size(result: Any) -> None:
    """Raises an error if the texts in a result are too large to be put together."""
    if text_characters(result) > RESULT_BYTES:
        raise too_large()


def too_large() -> UnusableResult:
    """The error of a result that is too large."""
    words = "the result is larger than {} MiB: write large fields to a file in the folder outputs/"
    return UnusableResult(words.format(RESULT_BYTES >> 20))


def text_characters(value: Any) -> int:
    """How long all texts in a result are together, which is known before they are put together."""
    if isinstance(value, dict):
        return sum(map(len, value)) + sum(map(text_characters, value.values()))
    if isinstance(value, list):
        return sum(map(text_characters, value))
    return len(value) if isinstance(value, str) else 0


def to_json(document: Any) -> bytes:
    """JSON that every reader takes: no NaN, no lone surrogates."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")


# ---------------------------------------------------------------- hosts


def vendor_module() -> Any:
    """Itasca's own module, or None. A package of the same name on PyPI connects from outside; it has no `command`."""
    try:
        import itasca
    except ImportError:
        return None
    return itasca if hasattr(itasca, "command") and hasattr(itasca, "fish") else None


def this_host() -> "Host":
    """The program that the worker lives in."""
    vendor = vendor_module()
    return Host() if vendor is None else ItascaHost(vendor)


class Host:
    """Plain Python."""

    software = "python"
    poll_secs = LONG_POLL_SECS
    rest_secs = 1.0  # the shortest time from one receive to the next when there are no cases

    def __init__(self) -> None:
        self.version = "Python {}".format(platform.python_version())

    def wait(self, secs: float) -> None:
        """Sleeps."""
        time.sleep(secs)

    @contextlib.contextmanager
    def attached(self, tick: Callable[[], None]) -> Iterator[None]:
        """From attaching to the end."""
        yield

    @contextlib.contextmanager
    def case(self, module: types.ModuleType) -> Iterator[None]:
        """Around one case, whose model is executed in `module`."""
        yield


class ItascaHost(Host):
    """FLAC3D, 3DEC or PFC, through the vendor's `itasca` module. Built from its documentation, not run in it."""

    poll_secs = 0
    rest_secs = SHORT_POLL_SECS
    CALLBACK = "cruncher_keep_lease"
    CYCLE_POINT = -1.0  # before each cycle

    def __init__(self, vendor: Any) -> None:
        self._vendor = vendor
        self._tick: Optional[Callable[[], None]] = None
        # Otherwise `model new` would wipe the state of Python, and this worker with it.
        vendor.command("python-reset-state false")
        self.software = self._software()
        numbers = map(self._fish, ("version.code.major", "version.code.minor"))
        self.version = "{} {}.{}".format(self.software.upper(), *numbers)

    def _fish(self, intrinsic: str) -> Any:
        """The value of a FISH intrinsic, by way of a global symbol, since only symbols can be read from Python."""
        try:
            self._vendor.command("[global cruncher_answer = {}]".format(intrinsic))
            return self._vendor.fish.get("cruncher_answer")
        except Exception:  # noqa: BLE001 - an older program without it is no reason not to work
            return "?"

    def _software(self) -> str:
        names = "{} {}".format(self._fish("code.name"), os.path.basename(sys.executable or "")).lower()
        found = [name for name in ("flac3d", "3dec", "pfc") if name in names]
        return found[0] if found else "flac3d"

    def wait(self, secs: float) -> None:
        """Sleeps in short naps and lets the program redraw and react between them."""
        end = monotonic() + secs
        while monotonic() < end:
            self._process_events()
            time.sleep(0.01)

    def _process_events(self) -> None:
        for binding in ("PySide6.QtCore", "PySide2.QtCore"):
            core = sys.modules.get(binding)
            application = core.QCoreApplication.instance() if core else None
            if application is not None:
                application.processEvents()

    @contextlib.contextmanager
    def attached(self, tick: Callable[[], None]) -> Iterator[None]:
        """Keeps the lease also while native code holds the interpreter."""
        self._tick = tick
        try:
            yield
        finally:
            self._tick = None

    @contextlib.contextmanager
    def case(self, module: types.ModuleType) -> Iterator[None]:
        """The callback is looked up by its name in `__main__`; `model new` forgets it, so each command renews it."""
        module.__dict__[self.CALLBACK] = self._called
        command, set_callback = self._vendor.command, self._vendor.set_callback
        callbacks: List[Tuple[Any, ...]] = []

        def noting(*arguments: Any) -> Any:
            if arguments not in callbacks:
                callbacks.append(arguments)
            return set_callback(*arguments)

        def renewing(text: str) -> Any:
            try:
                return command(text)
            finally:
                self._set_callback()

        self._vendor.command, self._vendor.set_callback = renewing, noting
        try:
            command("python-reset-state false")
            self._set_callback()
            yield
        finally:
            self._vendor.command, self._vendor.set_callback = command, set_callback
            for arguments in callbacks:  # those of the model, which end with it, and the worker's own
                with contextlib.suppress(Exception):
                    self._vendor.remove_callback(*arguments)
            self._remove_callback()

    def _called(self, *_: Any) -> None:
        if self._tick is not None:
            self._tick()

    def _set_callback(self) -> None:
        self._remove_callback()  # some versions take a second registration for an error
        with contextlib.suppress(Exception):
            self._vendor.set_callback(self.CALLBACK, self.CYCLE_POINT)

    def _remove_callback(self) -> None:
        with contextlib.suppress(Exception):
            self._vendor.remove_callback(self.CALLBACK, self.CYCLE_POINT)


# ---------------------------------------------------------------- the study's bucket and queue


class NoStudy(Exception):
    """There is no study, or no longer."""


class Study(NamedTuple):
    """`public/config.json`."""

    name: str
    region: str
    bucket: str
    endpoint_url: Optional[str]
    queue_url: str
    lease_secs: int
    max_receives: int = USUAL_MAX_RECEIVES
    outputs_limit_bytes: int = USUAL_OUTPUTS_LIMIT_BYTES
    pool: Optional[str] = None

    def of_pool(self, name: Optional[str]) -> "Study":
        """The same with the queue of a pool; without a name, or for `main`, its own."""
        if name is None or name in ("", MAIN_POOL):
            return self
        if not is_pool(name):
            words = "{!r} can't be the name of a pool: it has lower-case letters, digits and hyphens, at most 20"
            raise NoStudy(words.format(name))
        queue = "cruncher-{}-Pool-{}.fifo".format(self.name, name)
        return self._replace(queue_url="/".join([*self.queue_url.split("/")[:-1], queue]), pool=name)

    @property
    def in_words(self) -> str:
        """The study, and the pool."""
        return "study {}".format(self.name) if self.pool is None else "pool {} of study {}".format(self.pool, self.name)

    @property
    def _suffix(self) -> str:
        return "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"

    def object_url(self, key: str) -> str:
        """The address of an object."""
        path = quote(key, safe="/")
        if self.endpoint_url is not None:
            return "{}/{}/{}".format(self.endpoint_url, self.bucket, path)
        if "." in self.bucket:  # the certificate covers one label before `.s3`
            return "https://s3.{}.{}/{}/{}".format(self.region, self._suffix, self.bucket, path)
        return "https://{}.s3.{}.{}/{}".format(self.bucket, self.region, self._suffix, path)

    @property
    def queue_service_url(self) -> str:
        """The address of SQS."""
        return "{}/".format(self.endpoint_url or "https://sqs.{}.{}".format(self.region, self._suffix))


def load_study(config_url: str, client: "Client") -> Study:
    """The study at `config_url`."""
    if not re.fullmatch(r"https?://[^\s/:@]+(:[0-9]{1,5})?/[!-~]*", config_url):
        # It isn't shown: the key may stand in its place.
        raise NoStudy("this is no address of a study; it starts with http:// or https://, and names no user")
    check_is_private(config_url)
    answer = client.send(Request("GET", config_url))
    if answer.status != 200:
        raise NoStudy("there is no study at {}: the answer was {} {}".format(config_url, answer.status, answer.code))
    try:
        study = study_of(answer.body)
    except NoStudy as error:
        raise NoStudy("{} is no configuration of a study: {}".format(config_url, error)) from error
    check_is_pinned(study, config_url)
    return study


def study_of(body: bytes) -> Study:
    """The study that a configuration describes."""
    try:
        return read_study(json.loads(body.decode("utf-8")))
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NoStudy(one_line(error)) from error


CONFIG_KEY = "public/config.json"


def check_is_pinned(study: Study, config_url: str) -> None:
    """Raises `NoStudy` unless the study is the one at this address, which pins bucket, and region or endpoint."""
    check_is_private(study.endpoint_url or "")
    own = study.object_url(CONFIG_KEY)
    if own != config_url:
        words = "what stands at {} is of another study, whose own is at {}: copy the line from the page Attach again"
        raise NoStudy(words.format(config_url, own))


def check_is_private(url: str) -> None:
    """Raises `NoStudy` for an address of AWS without TLS."""
    host = urllib.parse.urlsplit(url).hostname or ""
    if url.startswith("http:") and re.search(r"(\A|\.)amazonaws\.com(\.cn)?\.?\Z", host):
        raise NoStudy("{} is an address of AWS without TLS: it has to start with https://".format(url))


def read_study(document: Dict[str, Any]) -> Study:
    """The same of a document that was read."""
    endpoint_url = document["endpoint_url"]
    names = [document[name] for name in ("study", "region", "bucket", "queue_url")]
    if not all(isinstance(one, str) for one in (*names, endpoint_url or "")):
        raise ValueError("study, region, bucket, queue_url and endpoint_url must be strings")
    if endpoint_url and not re.fullmatch(r"https?://[^\s/@]+(/[!-~]*)?", endpoint_url):
        raise ValueError("endpoint_url must be an address that names no user")
    name, region, bucket, queue_url = names
    lease_secs = max(1, int(document["lease_secs"]))
    max_receives = int(document.get("max_receives") or USUAL_MAX_RECEIVES)
    endpoint_url = endpoint_url.rstrip("/") if endpoint_url else None
    limit = document.get("outputs_limit_bytes")
    limit_bytes = limit if type(limit) is int and limit >= 0 else USUAL_OUTPUTS_LIMIT_BYTES
    return Study(name, region, bucket, endpoint_url, queue_url, lease_secs, max_receives, limit_bytes)


class Message(NamedTuple):
    """A received message."""

    id: str
    receipt: str
    body: str
    receive_count: int


_UPLOAD_ID = re.compile(rb"<UploadId>([!-;=-~]+)</UploadId>")


class Upload:
    """An object that is written in parts."""

    def __init__(self, cloud: "Cloud", key: str, upload_id: str) -> None:
        self._cloud, self._key, self._query = cloud, key, "uploadId=" + quote(upload_id)
        self._parts: List[Tuple[str, str]] = []  # entity tag and checksum

    def _url(self, query: str) -> str:
        return "{}?{}".format(self._cloud._study.object_url(self._key), query)

    def add(self, path: str, start: int, size_bytes: int) -> bool:
        """Writes the next part; whether the upload is still there."""
        url = self._url("partNumber={}&{}".format(len(self._parts) + 1, self._query))
        body = FileBody(path, start, size_bytes)
        answer = self._cloud._put_file(self._key, url, body, {})
        self._parts.append((answer.headers.get("etag", ""), body.checksum))
        return answer.status == 200

    def complete(self) -> bool:
        """Puts the parts together; whether the object is this one now."""
        part = "<Part><PartNumber>{}</PartNumber><ETag>{}</ETag><ChecksumSHA256>{}</ChecksumSHA256></Part>"
        parts = [
            part.format(number + 1, etag.replace("&", "&amp;").replace("<", "&lt;"), checksum)
            for number, (etag, checksum) in enumerate(self._parts)
        ]
        body = '<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{}</CompleteMultipartUpload>'
        request = Request("POST", self._url(self._query), {}, body.format("".join(parts)).encode("ascii"))
        answer = self._cloud._client.send(request)
        if answer.code == "NoSuchUpload":  # a first try may have succeeded though its answer was lost
            return self._cloud.checksum(self._key) == self._checksum
        return self._cloud._accepted(answer, "writing " + self._key).status == 200

    @property
    def _checksum(self) -> str:
        """That of the whole, as S3 makes it of those of the parts."""
        digest = hashlib.sha256(b"".join(base64.b64decode(checksum) for _, checksum in self._parts)).digest()
        return "{}-{}".format(base64.b64encode(digest).decode("ascii"), len(self._parts))

    def abort(self) -> None:
        """Throws the parts away, if the cloud can be asked for it now; else the bucket's rule does within a week."""
        with contextlib.suppress(*TROUBLE, KeyboardInterrupt):
            self._cloud._client.once().send(Request("DELETE", self._url(self._query)))


class Cloud:
    """The study's bucket and queue: the requests that a worker makes, and no others."""

    def __init__(self, study: Study, client: "Client") -> None:
        self._study, self._client = study, client

    def get(self, key: str) -> Optional[bytes]:
        """An object, or None."""
        answer = self._client.send(Request("GET", self._study.object_url(key)))
        return None if self._is_absent(answer) else self._accepted(answer, "reading " + key).body

    def get_if_changed(self, key: str, etag: Optional[str]) -> Optional[Tuple[Optional[str], bytes]]:
        """Its ETag and content, empty for an object that isn't there; None if it is still the one with `etag`."""
        headers = {} if etag is None else {"If-None-Match": etag}
        answer = self._client.send(Request("GET", self._study.object_url(key), headers))
        if answer.status == 304:
            return None
        if self._is_absent(answer):
            return None, b""
        return self._accepted(answer, "reading " + key).headers.get("etag"), answer.body

    def blocks(self, key: str, most_bytes: int) -> Iterator[bytes]:
        """An object piece by piece, so that it needs no memory, and a request that fails is repeated for a piece."""
        start, size_bytes = 0, None  # type: int, Optional[int]
        while size_bytes is None or start < size_bytes:
            headers = {"Range": "bytes={}-{}".format(start, start + PART_BYTES - 1)}
            answer = self._client.send(Request("GET", self._study.object_url(key), headers))
            if self._is_absent(answer):
                raise ModelNotFound("there is no model at {}".format(key))
            if answer.status == 416:  # an empty object has no range
                return
            if answer.status != 206:
                self._accepted(answer, "reading " + key)
            told = re.search(r"/([0-9]+)\Z", answer.headers.get("content-range", ""))
            size_bytes = int(told.group(1)) if told and answer.status == 206 else len(answer.body)
            if size_bytes > most_bytes:
                words = "is larger than {}, and has {}"
                raise DamagedBundle(words.format(size_in_words(most_bytes), size_in_words(size_bytes)))
            if not answer.body:
                raise Unexpected("reading {}: the answer is empty".format(key))
            start += len(answer.body)
            yield answer.body

    def exists(self, key: str) -> bool:
        """Whether there is an object."""
        answer = self._client.send(Request("HEAD", self._study.object_url(key)))
        return not self._is_absent(answer) and self._accepted(answer, "looking for " + key).status == 200

    def checksum(self, key: str) -> str:
        """That of an object which was written with one, or nothing."""
        headers = {"x-amz-checksum-mode": "ENABLED"}
        answer = self._client.send(Request("HEAD", self._study.object_url(key), headers))
        return "" if self._is_absent(answer) else answer.headers.get("x-amz-checksum-sha256", "")

    def put(self, key: str, body: bytes, content_type: str = "application/json") -> None:
        """Writes an object."""
        headers = {"Content-Type": content_type}
        self._accepted(self._client.send(Request("PUT", self._study.object_url(key), headers, body)), "writing " + key)

    def put_new(self, key: str, body: bytes) -> bool:
        """Writes an object unless there is one; whether it did."""
        headers = {"Content-Type": "application/json", "If-None-Match": "*"}
        answer = self._client.send(Request("PUT", self._study.object_url(key), headers, body))
        return answer.status != 412 and self._accepted(answer, "writing " + key).status == 200

    def download(self, one: "Input") -> None:
        """Writes an object into a file, in pieces: no more than one of them is in memory."""
        size_bytes: Optional[int] = None
        with names_that_fit(one.key):
            opened = open(one.path, "wb")  # noqa: SIM115 - closed below
        with opened as file:
            while size_bytes is None or file.tell() < size_bytes:
                begin = file.tell()
                headers = {"Range": "bytes={}-{}".format(begin, begin + PIECE_BYTES - 1), "If-Match": one.etag}
                answer = self._client.send(Request("GET", self._study.object_url(one.key), headers))
                if answer.status == 412:
                    raise CaseFailure("{} was replaced since it was listed: combine once more".format(one.key))
                if self._is_absent(answer):
                    raise CaseFailure("{} isn't there any more: combine once more".format(one.key))
                if answer.status == 416 and begin == 0:  # of no bytes there is no range
                    return
                if answer.status == 206 and answer.body:
                    size_bytes = int(answer.headers.get("content-range", "/0").rsplit("/", 1)[-1])
                else:
                    size_bytes = len(self._accepted(answer, "reading " + one.key).body)
                file.write(answer.body)

    def put_over(self, key: str, body: bytes, etag: str) -> bool:
        """Replaces an object that is still the one with `etag`; whether it did, or has done it before."""
        headers = {"Content-Type": "application/json", "If-Match": etag}
        answer = self._client.send(Request("PUT", self._study.object_url(key), headers, body))
        if answer.status in (404, 412):
            return self.get(key) == body  # the first try may have succeeded though its answer was lost
        return self._accepted(answer, "writing " + key).status == 200

    def upload(self, key: str, path: str) -> None:
        """Writes an object from a file, without reading it into memory; a large one in parts."""
        # Never a page of the study's own address, whatever a model has written.
        headers = {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}
        try:
            size_bytes = os.path.getsize(path)
            if size_bytes > PART_BYTES:
                self._upload_in_parts(key, path, size_bytes, headers)
                return
            body = FileBody(path)
        except OSError as error:
            raise CaseFailure("{} can't be read: {}".format(path, error)) from error
        self._put_file(key, self._study.object_url(key), body, headers)

    def _put_file(self, key: str, url: str, body: "FileBody", headers: Dict[str, str]) -> "Answer":
        """Writes a file or a part of one; the answer if that is what there is to do, also that its upload is gone."""
        headers = dict(headers, **{"x-amz-checksum-sha256": body.checksum})
        answer = self._client.send(Request("PUT", url, headers, body))
        if answer.status in (400, 411, 413):
            raise CaseFailure("the file {} was not accepted: {}".format(key.rsplit("/", 1)[-1], answer.code))
        return answer if answer.code == "NoSuchUpload" else self._accepted(answer, "writing " + key)

    def _upload_in_parts(self, key: str, path: str, size_bytes: int, headers: Dict[str, str]) -> None:
        """Nothing of it can be seen until the last request puts the parts together, so an object is there or not."""
        part_bytes = max(PART_BYTES, -(-size_bytes // MAX_PARTS))
        starts = range(0, size_bytes, part_bytes)
        for _ in range(3):  # what a bucket does with unfinished uploads is up to its owner
            upload = Upload(self, key, self._begin_upload(key, headers))
            try:
                sizes = (min(part_bytes, size_bytes - start) for start in starts)
                if all(map(functools.partial(upload.add, path), starts, sizes)) and upload.complete():
                    return
            except BaseException:
                upload.abort()
                raise
        raise Unexpected("writing {}: its upload was ended by somebody else, again and again".format(key))

    def _begin_upload(self, key: str, headers: Dict[str, str]) -> str:
        headers = dict(headers, **{"x-amz-checksum-algorithm": "SHA256"})
        answer = self._client.send(Request("POST", self._study.object_url(key) + "?uploads=", headers))
        found = _UPLOAD_ID.search(self._accepted(answer, "writing " + key).body)
        if found is None:
            raise Unexpected("writing {}: the answer names no upload: {}".format(key, answer.text))
        return found.group(1).decode("ascii")

    def receive(self, lease_secs: int, wait_secs: int) -> Optional[Message]:
        """One message, or None after `wait_secs`."""
        fields = {
            "MaxNumberOfMessages": 1,
            "VisibilityTimeout": lease_secs,
            "WaitTimeSeconds": wait_secs,
            "AttributeNames": ["ApproximateReceiveCount"],
            # When an answer is lost, the repeated request gets the same message and no receive is wasted.
            "ReceiveRequestAttemptId": uuid.uuid4().hex,
        }
        return message_in(self._accepted(self._ask("ReceiveMessage", fields), "receiving a case"))

    def delete(self, message: Message) -> bool:
        """Deletes a message; whether it was still this worker's."""
        answer = self._ask("DeleteMessage", {"ReceiptHandle": message.receipt})
        return not self._is_lost(answer) and self._accepted(answer, "deleting a message").status == 200

    def show(self, message: Message, delay_secs: int) -> bool:
        """Makes a message visible to others after `delay_secs`; whether it was still this worker's."""
        fields = {"ReceiptHandle": message.receipt, "VisibilityTimeout": delay_secs}
        answer = self._ask("ChangeMessageVisibility", fields)
        return not self._is_lost(answer) and self._accepted(answer, "extending a lease").status == 200

    def _ask(self, action: str, fields: Dict[str, Any]) -> "Answer":
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS." + action}
        body = to_json(dict(fields, QueueUrl=self._study.queue_url))
        return self._client.send(Request("POST", self._study.queue_service_url, headers, body, "sqs"))

    def _is_absent(self, answer: "Answer") -> bool:
        # Without the right to list, S3 answers 403 for an object that isn't there; HEAD has no code to tell more.
        if answer.status == 404 and answer.code == "NoSuchBucket":
            raise NoStudy("the bucket of study {} is gone".format(self._study.name))
        return answer.status == 404 or (answer.status == 403 and answer.code in ("", "AccessDenied"))

    def _is_lost(self, answer: "Answer") -> bool:
        return answer.status == 400 and answer.code in LOST_LEASE

    def _accepted(self, answer: "Answer", doing: str) -> "Answer":
        if answer.status in (200, 204):
            return answer
        if answer.code in ("NoSuchBucket", "QueueDoesNotExist", "NonExistentQueue"):
            raise NoStudy("the bucket or queue of {} is gone ({})".format(self._study.in_words, doing))
        if answer.status in (401, 403) or answer.code == "AccessDeniedException" or answer.code in REFUSED:
            raise Refused("{} was refused ({}): this key may not do that".format(doing, answer.code or answer.status))
        raise Unexpected("{}: unexpected answer {} {}".format(doing, answer.status, answer.text))


# ---------------------------------------------------------------- trying again


class Refused(Exception):
    """The cloud does not accept the key."""


class Unanswered(Exception):
    """No answer within the time there was."""


class Unexpected(Exception):
    """An answer that makes no sense here."""


TROUBLE = (Unanswered, Refused, NoStudy, Unexpected)

LOST_LEASE = {
    "ReceiptHandleIsInvalid", "MessageNotInflight", "InvalidParameterValue", "InvalidParameterValueException",
    "InvalidParameterCombination",
}  # fmt: skip
REFUSED = {
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidClientTokenId", "UnrecognizedClientException",
    "InvalidToken", "InvalidSignatureException", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "IncompleteSignature", "IncompleteSignatureException", "AuthFailure",
    "ExpiredToken", "InvalidSecurity", "NotSignedUp", "OptInRequired",
}  # fmt: skip
PASSING = {
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
    "SlowDown", "TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded",
    "PriorRequestNotComplete", "RequestTimeout", "RequestTimeoutException", "RequestTimeTooSkewed",
    "RequestExpired", "InternalError", "InternalFailure", "ServiceUnavailable", "ConditionalRequestConflict",
    "OperationAborted", "KMS.ThrottlingException", "KmsThrottled", "BadDigest", "IncompleteBody",
}  # fmt: skip


def judge(status: int, code: str) -> str:
    """What an answer means for the request: `final`, `again` or `refused`."""
    if code == "NotImplemented":  # with 501: it won't be the next time
        return "final"
    if status in (408, 425, 429) or status >= 500 or code in PASSING:
        return "again"
    return "refused" if code in REFUSED else "final"


def backoff_secs(failures: int, chance: float) -> float:
    """Full jitter: anything up to a limit that doubles with each failure; `chance` lies between 0 and 1."""
    return chance * min(LONGEST_BACKOFF_SECS, BACKOFF_SECS * 2.0 ** min(failures, 20))


class Client:
    """Signs requests and sends them until there is an answer that means something."""

    def __init__(
        self, key: "Optional[Key]", region: str, clock: "Clock", journal: Journal, wait: Callable[[float], None]
    ) -> None:
        self._key, self._region, self._clock, self._journal, self._wait = key, region, clock, journal, wait
        self._http = Http()
        self._random = random.Random()  # of its own: a model's random numbers must not depend on the network
        self._tries_once = False
        self.requests = RequestCounts()
        self._deadline = math.inf
        self._was_accepted = False

    def once(self) -> "Client":
        """A client like this one that doesn't try again: for the keeper, whose next tick comes soon."""
        client = Client(self._key, self._region, self._clock, self._journal, self._wait)
        client._tries_once = client._was_accepted = True
        client.requests = self.requests
        return client

    def hurry(self, secs: float) -> None:
        """From now on it gives up after `secs`."""
        self._deadline = min(self._deadline, monotonic() + secs)
        self._was_accepted = True  # no more patience with a refusal
        self._http.timeout_secs = secs

    def send(self, request: "Request") -> "Answer":
        """The answer, whatever its status. Refused credentials raise `Refused`."""
        failures, began = 0, monotonic()
        while True:
            answer, trouble, verdict = self._try(request)
            if verdict == "final" and answer is not None:
                return answer
            failures += 1
            is_new_key = not self._was_accepted and monotonic() - began < REFUSED_PATIENCE_SECS
            if verdict == "refused" and not is_new_key:
                words = "the study does not accept this key ({}); copy the line from the page Attach again"
                raise Refused(words.format(trouble))
            self._pause(trouble, min(failures, 3) if verdict == "refused" else failures)

    def _try(self, request: "Request") -> "Tuple[Optional[Answer], str, str]":
        now = self._clock.now()
        if self._key:
            self.requests.add(request.service, request.method)
        try:
            key = self._key.at(now) if self._key else None
            headers = sign(request, key, self._region, now) if key else request.headers
            answer = self._http.exchange(request, headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return None, "network: {}".format(one_line(error)), "again"
        if self._key and not answer.is_from(request.service):
            return None, "network: something else than the cloud answered with {}".format(answer.status), "again"
        # A clock that is wrong by minutes makes every signature fail, and a heartbeat with its time look stale.
        was_wrong = self._clock.learn(answer.headers.get("date"), self._journal)
        verdict = judge(answer.status, answer.code)
        if request.method == "POST" and request.service == "s3" and answer.status < 300:
            # What takes long is begun with a 200, whatever becomes of it.
            verdict = "again" if _ERROR_CODE.search(answer.body) else verdict
        if was_wrong and answer.status in (400, 401, 403):
            verdict = "again"
        if verdict == "refused" and self._key and key and self._key.is_replaced(key):
            verdict = "again"
        self._was_accepted = self._was_accepted or (self._key is not None and answer.status < 300)
        return answer, "{} {}".format(answer.status, answer.code).strip(), verdict

    def _pause(self, trouble: str, failures: int) -> None:
        secs = backoff_secs(failures, self._random.random())
        if self._tries_once or monotonic() + secs > self._deadline:
            raise Unanswered(trouble)
        words = "{}: trying again in {:.1f} s".format(trouble, secs)
        if secs >= 1.0:
            self._journal.say(words, WARNING)
        else:
            self._journal.note(words, WARNING)
        self._wait(secs)


# ---------------------------------------------------------------- HTTP


class FileBody:
    """A file, or a part of one, as the body of a request."""

    def __init__(self, path: str, start: int = 0, size_bytes: Optional[int] = None) -> None:
        self.path, self._start = path, start
        digest, self.size_bytes = hashlib.sha256(), 0
        with open(path, "rb") as file:
            file.seek(start)
            left_bytes = math.inf if size_bytes is None else size_bytes
            while left_bytes > 0:
                block = file.read(int(min(1 << 20, left_bytes)))
                if not block:
                    break
                digest.update(block)
                self.size_bytes += len(block)
                left_bytes -= len(block)
        if size_bytes is not None and self.size_bytes < size_bytes:
            raise FileChanged("{} has become shorter while it was uploaded".format(path))
        self.sha256 = digest.hexdigest()
        self.checksum = base64.b64encode(digest.digest()).decode("ascii")

    @contextlib.contextmanager
    def opened(self) -> Iterator[Any]:
        """The same bytes once more, or `FileChanged`: a model may have left something behind that writes on."""
        try:
            file = open(self.path, "rb")  # noqa: SIM115 - closed below
            file.seek(self._start)
        except OSError as error:
            raise FileChanged("{} is gone: {}".format(self.path, error)) from error
        with file:
            yield _Exactly(self.path, file, self.size_bytes)


class _Exactly:
    """A file of which so many bytes are read, neither more nor less."""

    def __init__(self, path: str, file: Any, size_bytes: int) -> None:
        self._path, self._file, self._left_bytes = path, file, size_bytes

    def read(self, size_bytes: int) -> bytes:
        """At most `size_bytes` more."""
        block: bytes = self._file.read(min(size_bytes, self._left_bytes))
        self._left_bytes -= len(block)
        if not block and self._left_bytes:
            raise FileChanged("{} has become shorter while it was uploaded".format(self._path))
        return block


class Request(NamedTuple):
    """A request before it is signed. Its address is percent-encoded already."""

    method: str
    url: str
    headers: Dict[str, str] = {}  # noqa: RUF012 - never changed
    body: Union[bytes, FileBody] = b""
    service: str = "s3"


_ERROR_CODE = re.compile(rb"<Code>([A-Za-z0-9.]+)</Code>")


class Answer:
    """A response."""

    def __init__(self, status: int, headers: Dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body
        self.json: Dict[str, Any] = {}
        if headers.get("content-type", "").startswith("application/x-amz-json"):
            try:
                self.json = json.loads(body.decode("utf-8")) if body else {}
            except RecursionError as error:
                raise ValueError("the answer is nested too deep") from error
            if not isinstance(self.json, dict):
                raise ValueError("the answer is no object")

    def is_from(self, service: str) -> bool:
        """Whether a success was told by AWS. A login page of a network must not pass for a written result."""
        telling = ("etag", "x-amz-request-id") if service == "s3" else ("x-amzn-requestid",)
        return self.status >= 300 or any(name in self.headers for name in telling)

    @property
    def code(self) -> str:
        """The error code: in XML from S3, in JSON from SQS, and a second one in a header from old times."""
        if self.status < 300:
            return ""
        if self.json:
            return str(self.json.get("__type", "")).split("#")[-1]
        found = _ERROR_CODE.search(self.body)
        return found.group(1).decode("ascii") if found else ""

    @property
    def text(self) -> str:
        """The start of the body, for messages."""
        return " ".join(self.body[:500].decode("utf-8", "replace").split())


def message_in(answer: Answer) -> Optional[Message]:
    """The message that was received, or None."""
    try:
        messages = answer.json.get("Messages") or []
        if not messages:
            return None
        one = messages[0]
        count = int(one.get("Attributes", {}).get("ApproximateReceiveCount", 1))
        texts = one["MessageId"], one["ReceiptHandle"], one["Body"]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("a message consists of texts")
    except (ValueError, OverflowError, LookupError, TypeError, AttributeError) as error:
        words = "receiving a case: unexpected answer {} {}"
        raise Unexpected(words.format(answer.status, answer.text)) from error
    return Message(*texts, receive_count=count)


class Http:
    """HTTP with a connection a thread and host, kept open."""

    def __init__(self) -> None:
        self.timeout_secs = TIMEOUT_SECS
        self._local = threading.local()
        self._proxies = urllib.request.getproxies()

    def exchange(self, request: Request, headers: Dict[str, str]) -> Answer:
        """Sends a request and reads its answer. A connection that was closed meanwhile is replaced, once."""
        url = urllib.parse.urlsplit(request.url)
        place = "{}://{}".format(url.scheme, url.netloc)
        kept = self._connections().pop(place, None)
        if kept is not None and self._is_still_its_own(kept):
            try:
                return self._exchange_over(kept, place, request, headers)
            except (ConnectionError, http.client.BadStatusLine):
                kept.close()
        connection = self._connect(url)
        try:
            return self._exchange_over(connection, place, request, headers)
        except BaseException:
            connection.close()
            raise

    def _is_still_its_own(self, connection: http.client.HTTPConnection) -> bool:
        """Whether its descriptor leads to where it did. A model may have closed it, and opened a file by its number."""
        number = connection.sock.fileno() if connection.sock is not None else -1
        is_its_own = number < 0 or _identity(number) == vars(connection)["identity"]
        if not is_its_own and connection.sock is not None:
            connection.sock.detach()
        return is_its_own

    def _connections(self) -> Dict[str, http.client.HTTPConnection]:
        if not hasattr(self._local, "connections"):
            self._local.connections = {}
        connections: Dict[str, http.client.HTTPConnection] = self._local.connections
        return connections

    def _exchange_over(
        self, connection: http.client.HTTPConnection, place: str, request: Request, headers: Dict[str, str]
    ) -> Answer:
        url = urllib.parse.urlsplit(request.url)
        target = (url.path or "/") + ("?" + url.query if url.query else "")
        for_proxy = getattr(connection, "for_proxy", None)
        if for_proxy is not None:
            target, headers = place + target, dict(headers, **for_proxy)
        if isinstance(request.body, FileBody):
            headers = dict(headers, **{"Content-Length": str(request.body.size_bytes)})
            with request.body.opened() as file:
                connection.request(request.method, target, file, headers)
        else:
            connection.request(request.method, target, request.body or None, headers)
        response = connection.getresponse()
        content = response.read()
        answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)
        if response.will_close:
            connection.close()
        else:
            vars(connection)["identity"] = _identity(connection.sock.fileno()) if connection.sock is not None else None
            self._connections()[place] = connection
        return answer

    def _connect(self, url: urllib.parse.SplitResult) -> http.client.HTTPConnection:
        host, proxy = url.hostname or "", self._proxy_of(url)
        where = (proxy.hostname or "", proxy.port or 80) if proxy else (host, url.port)
        if url.scheme == "https":
            connection = http.client.HTTPSConnection(
                where[0], where[1], timeout=self.timeout_secs, context=ssl.create_default_context()
            )  # type: http.client.HTTPConnection
            if proxy:
                connection.set_tunnel(host, url.port or 443, _proxy_headers(proxy))
        else:
            connection = http.client.HTTPConnection(where[0], where[1], timeout=self.timeout_secs)
            connection.for_proxy = _proxy_headers(proxy) if proxy else None  # type: ignore[attr-defined]
        return connection

    def _proxy_of(self, url: urllib.parse.SplitResult) -> Optional[urllib.parse.SplitResult]:
        """The proxy that the environment names for this address."""
        address = self._proxies.get(url.scheme)
        if not address or urllib.request.proxy_bypass(url.netloc):
            return None
        return urllib.parse.urlsplit(address if "://" in address else "http://" + address)


def _proxy_headers(proxy: urllib.parse.SplitResult) -> Dict[str, str]:
    if not proxy.username:
        return {}
    words = "{}:{}".format(urllib.parse.unquote(proxy.username), urllib.parse.unquote(proxy.password or ""))
    return {"Proxy-Authorization": "Basic " + base64.b64encode(words.encode("utf-8")).decode("ascii")}


# ---------------------------------------------------------------- signatures
# https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html


class Key:
    """An access key. It never prints its secret."""

    def __init__(self, key_id: str, secret: str) -> None:
        self.key_id, self.secret = key_id.strip(), secret.strip()

    token = ""  # of a temporary key

    def __repr__(self) -> str:
        return "Key({!r}, …)".format(self.key_id)

    def at(self, now: float) -> "Key":
        """The key to sign with at this time."""
        return self

    def is_replaced(self, refused: "Key") -> bool:
        """Whether there is another key by now than the one that was refused."""
        return False

    def told(self) -> Tuple[str, str]:
        """What another process makes the same key of."""
        return self.key_id, self.secret


class RoleKey(Key):
    """The temporary keys of the computer's role, which its metadata service hands out.

    They are replaced before they expire, in each process by itself. Heartbeats name none of them: they are no keys of
    the study, which could be retired.
    """

    def __init__(self) -> None:
        super().__init__("role", "")
        self._current, self._until, self._lock = None, 0.0, threading.Lock()  # type: Optional[Key], float, Any
        self._next_try = 0.0

    def at(self, now: float) -> Key:
        """The one that is valid; a new one if that expires soon."""
        with self._lock:
            is_due = now > self._until - RENEWED_AHEAD_SECS and now >= self._next_try
            if self._current is None or now > self._until or is_due:
                try:
                    self._current, self._until = role_key()
                except (OSError, http.client.HTTPException, ValueError):
                    if self._current is None or now > self._until:
                        raise
                    self._next_try = now + RENEWED_AGAIN_SECS
            return self._current

    def is_replaced(self, refused: Key) -> bool:
        """Asks for another one."""
        with self._lock:
            if self._current is not None and self._current.key_id == refused.key_id:
                with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                    self._current, self._until = role_key()
            return self._current is not None and self._current.key_id != refused.key_id

    def told(self) -> Tuple[str, str]:
        """No key: each process asks by itself."""
        return "", ""


def key_of(key_id: str, secret: str) -> Key:
    """The key that was given, or that of the computer's role if none was."""
    return Key(key_id, secret) if key_id or secret else RoleKey()


def role_key() -> Tuple[Key, float]:
    """A key of the computer's role, and when it expires.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
    """
    try:
        roles = metadata(ROLES_PATH)
        document = json.loads(metadata(ROLES_PATH + roles.split()[0]))
        key = Key(document["AccessKeyId"], document["SecretAccessKey"])
        key.token = document["Token"]
        expires = strptime(document["Expiration"], "%Y-%m-%dT%H:%M:%SZ")
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("the computer's metadata service gives no key of a role") from error
    return key, float(calendar.timegm(expires))


def metadata(path: str) -> str:
    """What the metadata service of an instance of EC2 says, by IMDSv2."""
    place = urllib.parse.urlsplit(os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or "http://169.254.169.254")
    connection = http.client.HTTPConnection(place.hostname or "", place.port or 80, timeout=METADATA_SECS)
    try:
        connection.request("PUT", "/latest/api/token", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})
        token = connection.getresponse().read().decode("ascii")
        connection.request("GET", "/latest/meta-data/" + path, headers={"X-aws-ec2-metadata-token": token})
        answer = connection.getresponse()
        text = answer.read().decode("utf-8")
    except OSError as error:
        words = "no key was given, and there is no metadata service of EC2 that hands out one ({})"
        raise OSError(words.format(one_line(error))) from error
    finally:
        connection.close()
    if answer.status != 200:
        raise ValueError("the computer's metadata service answered with {} to {}".format(answer.status, path))
    return text


class Clock:
    """This computer's clock, corrected by what the cloud says."""

    def __init__(self, source: Callable[[], float]) -> None:
        self._source = source
        self._offset_secs, self._first_offset_secs = 0.0, None  # type: float, Optional[float]
        self._began = source()

    @property
    def start_time(self) -> float:
        """When it was made, as it is known since the first answer."""
        return self._began + (self._first_offset_secs or 0.0)

    def now(self) -> float:
        """Seconds since 1970."""
        return self._source() + self._offset_secs

    def learn(self, date: Optional[str], journal: Journal) -> bool:
        """Takes over the time of a `Date` header if it differs much; whether it did."""
        parsed = email.utils.parsedate_tz(date) if date else None
        if parsed is None:
            return False
        offset = email.utils.mktime_tz(parsed) - self._source()
        is_right = abs(offset - self._offset_secs) < CLOCK_TOLERANCE_SECS
        if self._first_offset_secs is None:
            self._first_offset_secs = 0.0 if is_right else offset
        if is_right:
            return False
        self._offset_secs = offset
        words = "this computer's clock differs by {:.0f} s from the cloud's; the cloud's time is used"
        journal.say(words.format(offset), WARNING)
        return True


def quote(text: str, safe: str = "") -> str:
    """Percent-encoding as signatures want it: everything but letters, digits and `-_.~`."""
    # Python 3.6 takes `~` for unsafe.
    return urllib.parse.quote(text.encode("utf-8", "replace"), safe=safe + "~")


def sign(request: Request, key: Key, region: str, now: float) -> Dict[str, str]:
    """The headers of `request`, with its signature."""
    url = urllib.parse.urlsplit(request.url)
    date = strftime("%Y%m%dT%H%M%SZ", gmtime(now))
    body = request.body
    digest = body.sha256 if isinstance(body, FileBody) else hashlib.sha256(body).hexdigest()
    headers = dict(request.headers, **{"Host": url.netloc, "X-Amz-Date": date})
    if key.token:
        headers["X-Amz-Security-Token"] = key.token
    if request.service == "s3":
        headers["X-Amz-Content-SHA256"] = digest
    names, canonical = canonical_request(request.method, url, headers, digest)
    scope = "/".join((date[:8], region, request.service, "aws4_request"))
    to_sign = "\n".join(("AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    secret = signing_key(key.secret, scope)
    headers["Authorization"] = "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}".format(
        key.key_id, scope, names, hmac.new(secret, to_sign.encode(), hashlib.sha256).hexdigest()
    )
    return headers


def canonical_request(
    method: str, url: urllib.parse.SplitResult, headers: Dict[str, str], digest: str
) -> Tuple[str, str]:
    """The names of the signed headers, and the text that is signed. The path is encoded once, as S3 wants."""
    pairs = [(pair + "=").split("=")[:2] for pair in url.query.split("&")] if url.query else []
    query = "&".join("=".join(pair) for pair in sorted(pairs))
    lines = sorted((name.lower(), " ".join(value.split())) for name, value in headers.items())
    names = ";".join(name for name, _ in lines)
    signed = "".join("{}:{}\n".format(*line) for line in lines)
    return names, "\n".join((method, url.path or "/", query, signed, names, digest))


def signing_key(secret: str, scope: str) -> bytes:
    """The key of a day, region and service."""
    made = ("AWS4" + secret).encode("utf-8")
    for part in scope.split("/"):
        made = hmac.new(made, part.encode("utf-8"), hashlib.sha256).digest()
    return made


# ---------------------------------------------------------------- leaving no trace


def _leave_only_attach(namespaces: Any, before: Any, attach_elsewhere: Any) -> None:
    """The console belongs to its user, who may have variables called `json` or `time` there. Only `attach` stays."""
    for namespace, content in zip(namespaces, before):  # noqa: B905 - Python 3.6 doesn't know strict
        namespace.clear()
        namespace.update(content)
    for namespace in namespaces:  # a function that calls exec looks `attach` up among its globals
        namespace["attach"] = attach_elsewhere


if "_WORKER" in locals():
    _leave_only_attach((globals(), locals()), _BEFORE, _WORKER["attach"])
