"""The FLAC3D model as far as it can be tested without FLAC3D: its text, and its Python against a stand-in."""

from __future__ import annotations

import ast
import json
import math
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

HERE = Path(__file__).parent
EXAMPLES = ["layered_footing", "flac3d_footing"]
PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def study_of(example: str) -> dict[str, Any]:
    study = json.loads((HERE.parent / example / "study.json").read_text("utf-8"))
    assert isinstance(study, dict)
    return study


def model_of(example: str) -> str:
    file = str(study_of(example)["model"]["file"])
    return (HERE.parent / example / file).read_text("utf-8")


def render(text: str, parameters: dict[str, Any]) -> str:
    return PLACEHOLDER.sub(lambda match: repr(parameters[match.group(1)]), text)


@pytest.mark.parametrize("example", EXAMPLES)
def test_placeholders_are_the_factors(example: str) -> None:
    assert set(PLACEHOLDER.findall(model_of(example))) == {factor["name"] for factor in study_of(example)["factors"]}


@pytest.mark.parametrize("example", EXAMPLES)
def test_rendered_model_is_python(example: str) -> None:
    parameters = {factor["name"]: [factor["minimum"]] * factor["count"] for factor in study_of(example)["factors"]}
    text = render(model_of(example), parameters)
    assert "{{" not in text
    ast.parse(text)
    ast.parse(text, feature_version=(3, 7))  # the oldest that this check knows; FLAC3D 7.0 holds Python 3.6


def test_both_studies_differ_in_their_name_alone() -> None:
    plain, flac3d = study_of("layered_footing"), study_of("flac3d_footing")
    assert plain.pop("batch") == "layered-footing"
    assert flac3d.pop("batch") == "flac3d-footing"
    assert plain == flac3d


class StandIn(ModuleType):
    """Answers as FLAC3D would for a footing whose load approaches `capacity`; no mechanics."""

    def __init__(self, capacity: float, steps_to_fail: float) -> None:
        super().__init__("itasca")
        self.commands: list[str] = []
        self.cycles = 0
        self.capacity = capacity
        self.steps_to_fail = steps_to_fail
        self.fish = SimpleNamespace(get=self.get)

    def command(self, text: str) -> None:
        for line in text.strip().splitlines():
            self.commands.append(line.strip())
            if line.startswith("model cycle "):
                self.cycles += int(line.split()[-1])

    def get(self, name: str) -> float:
        assert name == "pressure_now"
        return self.capacity * (1.0 - math.exp(-self.cycles / self.steps_to_fail))


def execute(monkeypatch: pytest.MonkeyPatch, itasca: StandIn, cohesions: list[float]) -> dict[str, Any]:
    monkeypatch.setitem(sys.modules, "itasca", itasca)
    result: dict[str, Any] = {}
    fractions: list[float] = []
    namespace = {
        "__name__": "__main__",
        "parameters": {"cohesion_array": cohesions},
        "result": result,
        "progress": lambda fraction, text="": fractions.append(fraction),
        "case": {},
    }
    exec(render(model_of("flac3d_footing"), {"cohesion_array": cohesions}), namespace)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    return result


def test_a_load_that_levels_off(monkeypatch: pytest.MonkeyPatch) -> None:
    itasca = StandIn(capacity=514e3, steps_to_fail=8000.0)
    cohesions = [1e5, 2e5, 3e5, 4e5, 5e5]
    result = execute(monkeypatch, itasca, cohesions)
    assert result["end_load"] == pytest.approx(514e3, rel=0.005)
    assert result["end_load_per_metre"] == pytest.approx(2.0 * result["end_load"])
    assert result["warning"] is None
    assert result["curve"]["load_pa"][-1] == result["end_load"]
    assert result["curve"]["settlement_m"][-1] == pytest.approx(itasca.cycles * 1e-6)
    for layer, cohesion in enumerate(cohesions, start=1):
        assert f"zone property cohesion {cohesion} range group 'layer-{layer}'" in itasca.commands
    blocks = [line for line in itasca.commands if line.startswith("zone create brick")]
    assert len(blocks) == 10
    assert itasca.commands[:2] == ["python-reset-state false", "model new"]


def test_a_load_that_keeps_rising_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    result = execute(monkeypatch, StandIn(capacity=514e3, steps_to_fail=1e6), [1e5] * 5)
    assert "still changing" in result["warning"]


@pytest.mark.parametrize(("cohesions", "message"), [([1e5] * 4, "5 cohesions"), ([1e5] * 4 + [-1.0], "layer 5")])
def test_wrong_input_is_refused(monkeypatch: pytest.MonkeyPatch, cohesions: list[float], message: str) -> None:
    itasca = StandIn(capacity=1.0, steps_to_fail=1.0)
    with pytest.raises(ValueError, match=message):
        execute(monkeypatch, itasca, cohesions)
    assert itasca.commands == []
