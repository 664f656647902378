"""A stand-in for the vendor's module: just so much of it that one sees how it is called.

It behaves as the vendor's documentation and published scripts say: `model new` wipes the state of Python unless that
was switched off, and forgets the callbacks; a callback is looked up by its name in `__main__`; FISH symbols are read
with `fish.get`. What is called is written to the file that ITASCA_CALLS names, one JSON list a line.
"""

from __future__ import annotations

import json
import os
import re
import sys
import types
from pathlib import Path
from typing import Any

_SYMBOLS = {"code.name": "FLAC3D", "version.code.major": 700, "version.code.minor": 155}
_state: dict[str, Any] = {"reset": True, "callbacks": [], "globals": {}, "cycles": 0}


def _record(*call: Any) -> None:
    with Path(os.environ["ITASCA_CALLS"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(call) + "\n")


def command(text: str) -> None:
    """Executes a command."""
    _record("command", text)
    assignment = re.fullmatch(r"\[global (\w+) = ([\w.]+)\]", text)
    if assignment:
        _state["globals"][assignment.group(1)] = _SYMBOLS[assignment.group(2)]
    elif text == "python-reset-state false":
        _state["reset"] = False
    elif text == "model new":
        if _state["reset"]:
            raise RuntimeError("the state of Python would be wiped")
        _state["callbacks"].clear()
    elif text.startswith("model cycle "):
        for _ in range(int(text.split()[-1])):
            _cycle()
    else:
        raise ValueError(f"unknown command: {text}")


def _cycle() -> None:
    _state["cycles"] += 1
    for name, _ in sorted(_state["callbacks"], key=lambda one: float(one[1])):
        _record("called", name)
        getattr(sys.modules["__main__"], name)()


def set_callback(name: str, point: float) -> None:
    """Registers a function of `__main__`; older versions take a second registration for an error."""
    _record("set_callback", name, point)
    if (name, point) in _state["callbacks"]:
        raise ValueError(f"Function {name} is already registered")
    _state["callbacks"].append((name, point))


def remove_callback(name: str, point: float) -> None:
    """The opposite."""
    _record("remove_callback", name, point)
    if (name, point) in _state["callbacks"]:
        _state["callbacks"].remove((name, point))


def cycle() -> int:
    """The number of cycles until now."""
    return int(_state["cycles"])


fish = types.SimpleNamespace(get=lambda name: _state["globals"][name])
