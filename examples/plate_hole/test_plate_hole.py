"""The example of points by script: mesh, model and combined table."""

from __future__ import annotations

import csv
import json
import runpy
from pathlib import Path
from typing import Any

import attach
import pytest

FOLDER = Path(__file__).parent


def computed(x: float, y: float) -> dict[str, Any]:
    """What the model returns at a point."""
    text, unused = attach.render((FOLDER / "plate.py").read_text("utf-8"), {"x": x, "y": y})
    assert not unused
    result: dict[str, Any] = {}
    exec(compile(text, "plate.py", "exec"), {"__name__": "__main__", "result": result})
    return result


def test_the_rim_carries_three_times_the_pull_and_nothing_across() -> None:
    across, along = computed(0.0, 0.1), computed(0.1, 0.0)
    assert across["tangential"] == pytest.approx(300e6) and along["tangential"] == pytest.approx(-100e6)
    assert across["radial"] == pytest.approx(0.0, abs=1e-3) and along["shear"] == pytest.approx(0.0, abs=1e-3)


def test_far_from_the_hole_the_plate_is_as_without_it() -> None:
    far = computed(100.0, 0.0)
    assert far["radial"] == pytest.approx(100e6, rel=1e-5) and far["tangential"] == pytest.approx(0.0, abs=100.0)


def test_the_mesh_begins_at_the_rim() -> None:
    names = runpy.run_path(str(FOLDER / "points.py"))
    points = names["get_points"]()
    assert names["names"] == ["x", "y"] and len(points) == len(set(points)) == 56
    assert points[0] == (0.1, 0.0) and points[6] == pytest.approx((0.0, 0.1))


def test_the_table_has_a_row_a_point(tmp_path: Path) -> None:
    files = []
    for number, point in enumerate([(0.1, 0.0), (0.0, 0.1)]):
        files.append(tmp_path / f"done-{number}.json")
        document = {"parameters": {"x": point[0], "y": point[1]}, "result": computed(*point)}
        files[-1].write_text(json.dumps(document))
    script = runpy.run_path(str(FOLDER / "combine.py"))
    script["combine"]([str(file) for file in files], str(tmp_path / "combined.csv"))
    rows = list(csv.DictReader((tmp_path / "combined.csv").open()))
    assert [row["x"] for row in rows] == ["0.1", "0.0"]
    assert float(rows[1]["tangential"]) == pytest.approx(300e6)
