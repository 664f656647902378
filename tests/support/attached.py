"""Workers, attached as a user does it: a line in a shell."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

GOODBYE_SECS = 10
# A worker that waits ends when the queue has answered, or at once at the second Ctrl-C.
ANSWER_SECS = 3


@dataclass(frozen=True)
class Shell:
    """A shell that executes the line, and whatever it starts."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        """What was printed until now."""
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """Ends all of it at once, without a chance to say anything."""
        self._signal(signal.SIGKILL)
        self.process.wait()

    def interrupt(self) -> None:
        """Ctrl-C, and again; then the end for who doesn't hear."""
        self._signal(signal.SIGINT)
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(ANSWER_SECS)
            if self.process.poll() is None:
                self._signal(signal.SIGINT)
            self.process.wait(GOODBYE_SECS)
        finally:
            self.kill()

    def _signal(self, number: signal.Signals) -> None:
        # It leads a process group of its own, which may have ended with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


@contextlib.contextmanager
def attach(line: str) -> Iterator[Shell]:
    """Executes `line` in a shell, in an empty folder. All that it started has ended when this has."""
    with tempfile.TemporaryDirectory(prefix="cruncher-worker-") as folder:
        log = Path(folder) / "output.txt"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["sh", "-c", line],
                cwd=folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        shell = Shell(process, log)
        try:
            yield shell
        finally:
            if process.poll() is None:
                shell.interrupt()
            shell.kill()
