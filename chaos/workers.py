"""Workers that are attached, and killed."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from attached import Shell, attach
from command_line import Launched
from studies import line_of


@contextmanager
def attached(study: Launched, **environment: str) -> Iterator[Shell]:
    """One worker, whose process is the shell's. It ends with this, at once."""
    # In place of what a shell finds as python3, which may be a script that starts one.
    line = line_of(study).replace("python3", shlex.quote(sys.executable), 1)
    # Whoever is killed leaves folders behind, which go with all else.
    environment = {"TMPDIR": str(study.command_line.page.parent), **environment}
    settings = "".join(f"{name}={shlex.quote(value)} " for name, value in environment.items())
    with attach(f"exec env {settings}{line}") as shell:
        try:
            yield shell
        finally:
            shell.kill()


class Crew:
    """Some workers, each of which can be killed and replaced."""

    def __init__(self, study: Launched, count: int, ending: ExitStack) -> None:
        """Attaches them; `ending` ends whoever is left."""
        self._study, self._ending = study, ending
        self.workers = [self._attach() for _ in range(count)]

    def _attach(self) -> Shell:
        return self._ending.enter_context(attached(self._study))

    def kill(self, worker: Shell, *, with_its_case: bool) -> None:
        """SIGKILL, for the worker alone or for its case's process, too; then another one is attached in its place."""
        if with_its_case:
            worker.kill()
        else:
            os.kill(worker.process.pid, signal.SIGKILL)
            worker.process.wait()
        self.workers[self.workers.index(worker)] = self._attach()

    def interrupt(self) -> None:
        """Ctrl-C for all: they write what they still have to say."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.send_signal(signal.SIGINT)
        for worker in self.workers:
            worker.interrupt()

    def gone(self) -> int:
        """How many have ended, by whatever."""
        return sum(worker.process.poll() is not None for worker in self.workers)
