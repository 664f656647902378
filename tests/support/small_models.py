"""Models of a few lines."""

from __future__ import annotations

DOUBLE = "result['double'] = 2 * {{a}}\n"


RAISING = """\
def settle(depth):
    if depth < 0:
        raise ValueError(f"negative depth {depth}")  # the line to look for
    return 2 * depth


print("about to settle")
result["settlement"] = settle({{a}})
"""
