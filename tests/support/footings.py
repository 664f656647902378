"""Cases of a made-up model of a footing, as many as wanted: seven factors, three responses, a curve, and some failures.

The responses follow from the factors by smooth formulas without noise, so what an analysis finds can be checked.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from case_identity import Parameter

FACTORS: list[dict[str, Any]] = [
    {"name": "cohesion_array", "count": 3, "minimum": 50000.0, "maximum": 500000.0, "unit": "Pa"},
    {"name": "depth", "minimum": 0.5, "maximum": 3.0, "unit": "m"},
    {"name": "friction", "minimum": 20.0, "maximum": 40.0, "unit": "°"},
    {"name": "layers", "minimum": 2, "maximum": 12, "integer": True},
    {"name": "permeability", "minimum": 1e-9, "maximum": 1e-5, "scale": "log", "unit": "m/s"},
    {"name": "soil", "levels": ["clay", "silt", "sand"]},
    {"name": "width", "minimum": 1.0, "maximum": 4.0, "unit": "m"},
]
STRENGTHS = {"clay": 1.0, "silt": 1.15, "sand": 1.3}
STEPS = 20
MODEL_FILE = "footing.py"
MODEL = """\
from math import exp, pi, radians, tan

cohesion = sum({{cohesion_array}}) / 3
strength = {"clay": 1.0, "silt": 1.15, "sand": 1.3}[{{soil}}]
end_load = strength * (5.14 * cohesion + 18e3 * {{depth}} * exp(pi * tan(radians({{friction}}))))
settlement = end_load * {{width}} / (4e7 * {{layers}} ** 0.5)
if not end_load > 0:
    raise ValueError("negative load {}".format(end_load))
steps = [step / 19 for step in range(20)]
stiffness = end_load / settlement
print("20 load steps")
result["end_load"] = end_load
result["settlement"] = settlement
result["drainage_days"] = {{depth}} ** 2 / (1e3 * {{permeability}}) / 86400
result["curve"] = {
    "settlement_m": [settlement * step for step in steps],
    "load_pa": [end_load * (1 - exp(-3 * step)) for step in steps],
}
"""
MODEL_DIGEST = hashlib.sha256(MODEL.encode()).hexdigest()
# Shares are met in each stretch of so many cases.
BLOCK = 1000
PLACES = [step / (STEPS - 1) for step in range(STEPS)]
REACHED = [1 - math.exp(-3 * place) for place in PLACES]


class Fate(NamedTuple):
    """What becomes of a case: places from 0 to 1, evenly spread over the cases; below a share it is so."""

    # The less friction, the sooner it fails.
    failed: float
    without_row: float
    without_response: float
    without_document: float


class Footing(NamedTuple):
    """A case."""

    parameters: dict[str, Parameter]
    # The scalars of its result.
    responses: dict[str, float]
    # How long it took.
    secs: float
    fate: Fate

    @property
    def result(self) -> dict[str, Any]:
        """All of its result."""
        settlement, end_load = self.responses["settlement"], self.responses["end_load"]
        curve = {
            "settlement_m": [settlement * place for place in PLACES],
            "load_pa": [end_load * reached for reached in REACHED],
        }
        return {**self.responses, "curve": curve}


def footings(seed: int, count: int) -> Iterator[Footing]:
    """So many cases. The same seed gives the same; a larger study begins with the cases of the smaller one."""
    for start in range(0, count, BLOCK):
        yield from block(np.random.default_rng([seed, start]), min(BLOCK, count - start))


def block(random: np.random.Generator, count: int) -> Iterator[Footing]:
    """A stretch of cases."""
    # All of a block are drawn, also where fewer are wanted.
    cohesion_array = random.uniform(5e4, 5e5, (BLOCK, 3))[:count]
    depth = random.uniform(0.5, 3.0, BLOCK)[:count]
    friction = random.uniform(20.0, 40.0, BLOCK)[:count]
    layers = random.integers(2, 12, BLOCK, endpoint=True)[:count]
    permeability = np.exp(random.uniform(math.log(1e-9), math.log(1e-5), BLOCK))[:count]
    soil = random.choice(list(STRENGTHS), BLOCK)[:count].tolist()
    width = random.uniform(1.0, 4.0, BLOCK)[:count]
    secs = random.uniform(0.5, 2.5, BLOCK)[:count].tolist()

    strength = np.array([STRENGTHS[name] for name in soil])
    bearing = 18e3 * depth * np.exp(np.pi * np.tan(np.radians(friction)))
    end_load = strength * (5.14 * cohesion_array.mean(axis=1) + bearing)
    settlement = end_load * width / (4e7 * np.sqrt(layers))
    drainage_days = depth**2 / (1e3 * permeability) / 86400

    parameters = zip(
        *(column.tolist() for column in (cohesion_array, depth, friction, layers, permeability)), strict=True
    )
    responses = zip(*(column.tolist() for column in (end_load, settlement, drainage_days)), strict=True)
    frailty = friction + random.uniform(-5.0, 5.0, BLOCK)[:count]
    fates = zip(*(places(column) for column in (frailty, *random.random((3, BLOCK))[:, :count])), strict=True)
    for case, name, wide, answer, took, fate in zip(
        parameters, soil, width.tolist(), responses, secs, fates, strict=True
    ):
        yield Footing(
            dict(zip(NAMES, (*case, name, wide), strict=True)),
            dict(zip(RESPONSES, answer, strict=True)),
            took,
            Fate(*fate),
        )


NAMES = [factor["name"] for factor in FACTORS]
RESPONSES = ("end_load", "settlement", "drainage_days")


def places(values: Any) -> list[float]:
    """Each value's place in their order, from 0 to 1."""
    places: list[float] = (values.argsort().argsort() / len(values)).tolist()
    return places
