"""Waiting for something to be so, with a limit."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

PAUSE_SECS = 0.05


def is_soon(what: str, is_so: Callable[[], bool], limit_secs: float) -> bool:
    """Waits until something is so. If it never is, that is said, and what is counted afterwards shows it."""
    deadline = time.monotonic() + limit_secs
    while not is_so():
        if time.monotonic() > deadline:
            print(f"not within {limit_secs:.0f} s: {what}", file=sys.stderr)
            return False
        threading.Event().wait(PAUSE_SECS)
    return True


class NotReady(Exception):
    """What has to be there before anything can be measured isn't."""


def wait_until(what: str, is_so: Callable[[], bool], limit_secs: float = 60) -> None:
    """The same, where nothing can be measured without it."""
    if not is_soon(what, is_so, limit_secs):
        raise NotReady(what)
