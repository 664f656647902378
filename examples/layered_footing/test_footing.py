"""The slip-circle model: its known answers, its bounds, its errors."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

MODEL = Path(__file__).with_name("footing.py")

SLIP_CIRCLE = 5.52  # bearing capacity factor of the best slip circle in uniform clay
EXACT = 5.14  # 2 + pi, Prandtl's exact factor for uniform clay
COARSE = 0.15  # a fiftieth of the work

UNIFORM = [1e5] * 5
PROFILES = {
    "uniform": UNIFORM,
    "strong over weak": [5e5, 5e5, 5e5, 5e5, 5e4],
    "weak over strong": [5e4, 5e5, 5e5, 5e5, 5e5],
    "weak seam": [5e5, 5e5, 5e4, 5e5, 5e5],
    "alternating": [5e4, 5e5, 5e4, 5e5, 5e4],
    "growing": [5e4, 1.2e5, 2.2e5, 3.5e5, 5e5],
    "shrinking": [5e5, 3.5e5, 2.2e5, 1.2e5, 5e4],
}


class Footing:
    """The model, executed as a worker does it."""

    def __init__(self, cohesions: list[float], **parameters: Any) -> None:
        self.parameters: dict[str, Any] = {"cohesion_array": cohesions, **parameters}
        self.result: dict[str, Any] = {}
        self.progress: list[tuple[float, str]] = []
        namespace = {
            "__name__": "__main__",
            "parameters": self.parameters,
            "result": self.result,
            "progress": lambda fraction, text="": self.progress.append((fraction, text)),
            "case": {"case_id": "0" * 32, "batch": "test", "level": 3, "replicate": 0, "attempt": 1},
        }
        text = re.sub(
            r"\{\{\s*(\w+)\s*\}\}", lambda match: repr(self.parameters[match.group(1)]), MODEL.read_text("utf-8")
        )
        exec(compile(text, "footing.py", "exec"), namespace)


def load(cohesions: list[float], fineness: float = COARSE) -> float:
    end_load = Footing(cohesions, fineness=fineness).result["end_load"]
    assert isinstance(end_load, float)
    return end_load


def test_uniform_clay_at_the_default_fineness() -> None:
    footing = Footing(UNIFORM)
    assert footing.result["end_load"] / 1e5 == pytest.approx(SLIP_CIRCLE, rel=0.005)
    assert footing.result["end_load_per_metre"] == pytest.approx(2.0 * footing.result["end_load"])
    # The best circle has its centre above the footing's other edge, so it is twice as wide as the footing.
    assert footing.result["critical_width_m"] == pytest.approx(4.0, rel=0.05)
    assert footing.result["critical_depth_m"] == pytest.approx(1.32, rel=0.05)
    assert footing.result["warning"] is None


def test_uniform_clay_at_a_coarse_fineness() -> None:
    assert load(UNIFORM) / 1e5 == pytest.approx(SLIP_CIRCLE, rel=0.005)


def test_finer_changes_little() -> None:
    # Kinks are the hard part: the best circle just touches the strong layer below.
    profile = PROFILES["weak over strong"]
    assert load(profile, fineness=1.0) == pytest.approx(load(profile, fineness=1.5), rel=0.002)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES.keys())
def test_bounds(profile: list[float]) -> None:
    footing = Footing(profile, fineness=COARSE)
    assert EXACT * min(profile) <= footing.result["end_load"] <= SLIP_CIRCLE * 1.005 * max(profile)
    assert footing.result["warning"] is None


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES.keys())
def test_load_scales_with_the_cohesions(profile: list[float]) -> None:
    assert load([3.0 * cohesion for cohesion in profile]) == pytest.approx(3.0 * load(profile), rel=1e-12)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES.keys())
def test_no_stronger_layer_lowers_the_load(profile: list[float]) -> None:
    before = load(profile)
    for layer in range(5):
        stronger = [cohesion * (1.5 if index == layer else 1.0) for index, cohesion in enumerate(profile)]
        assert load(stronger) >= before
    assert load([1.01 * cohesion for cohesion in profile]) > before


def test_every_layer_matters_somewhere() -> None:
    """Each factor of the study can change the response: here the circle cuts all five layers."""
    profile = PROFILES["strong over weak"]
    before = load(profile)
    for layer in range(5):
        weaker = [cohesion * (0.5 if index == layer else 1.0) for index, cohesion in enumerate(profile)]
        assert load(weaker) < before


def test_strong_over_weak_lies_between_the_uniform_ones() -> None:
    strong, weak = 5e5, 5e4
    assert load([weak] * 5) < load([strong] * 4 + [weak]) < load([strong] * 5)


def test_curve() -> None:
    result = Footing(PROFILES["growing"], fineness=COARSE).result
    radii, loads = result["curve"]["radius_m"], result["curve"]["load_pa"]
    assert len(radii) == len(loads) > 40
    assert radii == sorted(radii)
    assert min(loads) == result["end_load"]
    assert radii[loads.index(min(loads))] == result["critical_radius_m"]
    # The radii are the same in every case, so curves can be stacked into one table.
    assert radii == Footing(UNIFORM, fineness=COARSE).result["curve"]["radius_m"]


def test_a_minimum_at_the_end_of_the_search_is_reported() -> None:
    footing = Footing([1e9, 1e9, 1e9, 1e9, 1.0], fineness=COARSE)
    assert "search range" in footing.result["warning"]


def test_progress() -> None:
    fractions = [fraction for fraction, _ in Footing(UNIFORM, fineness=COARSE).progress]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert len(fractions) > 5


@pytest.mark.parametrize(
    ("cohesions", "message"),
    [
        ([1e5] * 4, "5 cohesions are needed, one a layer, but 4 were given"),
        ([1e5] * 6, "5 cohesions are needed, one a layer, but 6 were given"),
        ([1e5, -5.0, 1e5, 1e5, 1e5], "layer 2 must be a number greater than 0 Pa, but it is -5.0"),
        ([1e5, 1e5, 1e5, 1e5, 0.0], "layer 5 must be a number greater than 0 Pa, but it is 0.0"),
    ],
)
def test_wrong_input_is_refused(cohesions: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        Footing(cohesions)
