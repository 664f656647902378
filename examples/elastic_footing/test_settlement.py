"""The small model: it runs as it stands, and computes what its formula says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attach
import pytest

MODEL = Path(__file__).with_name("settlement.py")


def computed(**parameters: float) -> dict[str, Any]:
    """What the model returns, run as a worker renders it."""
    text, unused = attach.render(MODEL.read_text("utf-8"), parameters)
    assert not unused
    result: dict[str, Any] = {}
    exec(compile(text, MODEL.name, "exec"), {"__name__": "__main__", "parameters": parameters, "result": result})
    return result


def test_the_settlement_is_that_of_a_rigid_stamp() -> None:
    # Of a load P on a radius a: P (1 - nu^2) / (2 a E).
    found = computed(pressure=100e3, diameter=2.0, stiffness=20e6)
    assert found["load"] == pytest.approx(314_159.27)
    assert found["settlement"] == pytest.approx(found["load"] * (1 - 0.3**2) / (2 * 1.0 * 20e6))


def test_whole_numbers_do_as_well() -> None:
    assert computed(pressure=100_000, diameter=2, stiffness=20_000_000) == computed(
        pressure=100e3, diameter=2.0, stiffness=20e6
    )
